"""Publish: a package becomes a public directory from which others install it, with a setup program of its own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import ExistsError, FormatError, RefusedError
from mapiwright.setup.package.media import Watched
from mapiwright.setup.package.package import read_package
from mapiwright.setup.publish import setup_program, signing, sums
from mapiwright.setup.publish.contents import contents, left_out, refuse_faulty
from mapiwright.setup.publish.publication import KEY, OURS, PROGRAM, SIGNATURE, SUMS
from mapiwright.transaction.whole_folder import put_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mapiwright.setup.package.package import Package


@dataclass(frozen=True, slots=True)
class PackageEdition:
    """What is published of the package in the directory ``source``: all files by their paths with ``/``.

    ``signer`` is the fingerprint of the key that signed it, or "". ``left_out`` is what else is in the directory.
    """

    source: Path
    package: Package
    files: Mapping[str, bytes]
    signer: str = ""
    left_out: tuple[str, ...] = ()


def make_edition(source: Path, *, key_file: Path | None = None, code_page: str = "cp1252") -> PackageEdition:
    """The package in the directory ``source`` as it is published, signed with the private key in ``key_file``.

    What its manifest and INF name is published, and nothing else. Raises FindingsError where the package is not in
    order on an Outlook that it is for, or where anything of it is private; RefusedError where a file cannot be read.
    """
    media = Watched(source)
    package = read_package(media, code_page=code_page)
    refuse_faulty(package)
    read = contents(media, package, source, key_file)
    media.refuse_changed()
    files = {**read, PROGRAM: setup_program.make(read)}
    files[SUMS] = sums.render(files)
    signer = ""
    if key_file is not None:
        files[SIGNATURE], files[KEY], signer = signing.sign(files[SUMS], key_file)
    return PackageEdition(source, package, files, signer, left_out(source, package))


def publish(edition: PackageEdition, directory: Path) -> None:
    """Put the edition into ``directory``, in one step; an older publication there is replaced. See `check_place`."""
    check_place(edition, directory)
    put_folder(directory, edition.files, check=lambda there: _refuse_foreign(there, edition))


def check_place(edition: PackageEdition, directory: Path) -> None:
    """Raise RefusedError where ``directory`` and the package are inside each other, ExistsError where it holds
    anything that is not part of a publication.
    """
    here, there = directory.resolve(), edition.source.resolve()
    if here != there and (here.is_relative_to(there) or there.is_relative_to(here)):
        raise RefusedError(
            "the package and the public directory lie in each other",
            where=str(directory),
            expected="a directory outside the package",
            remedy="Nothing was changed. Name another directory.",
        )
    if here.is_dir():
        _refuse_foreign(here, edition)


def _sums_in(directory: Path) -> bytes:
    with (directory / SUMS).open("rb") as stream:
        return stream.read(sums.LARGEST + 1)


def _refuse_foreign(directory: Path, edition: PackageEdition) -> None:
    """Only a publication or an empty directory is replaced: no other file is deleted.

    Where the package itself is there, nothing that its manifest does not name is deleted either.
    """
    names = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()}
    brought = {*OURS}
    if SUMS in names:
        with suppress(FormatError):  # then it is none
            brought |= sums.parse(_sums_in(directory)).keys()
    if directory.resolve() == edition.source.resolve():
        brought &= edition.files.keys() | OURS
    if foreign := sorted(names - brought):
        several = f"{foreign[0]} and {len(foreign) - 1} more" if len(foreign) > 1 else foreign[0]
        raise ExistsError(
            f"it holds what is not part of a publication: {several}",
            where=str(directory),
            expected="a directory that is empty, or an older publication",
            remedy="Nothing was changed. Name another directory, or move these files away.",
        )
