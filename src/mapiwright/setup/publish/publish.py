"""Publish: a package becomes a public directory from which others install it, with a setup program of its own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import ExistsError, FormatError, RefusedError
from mapiwright.setup.package.media import Directory, Memory
from mapiwright.setup.package.package import read_package
from mapiwright.setup.publish import setup_program, signing, sums
from mapiwright.setup.publish.publication import KEY, OURS, PROGRAM, SIGNATURE, SUMS
from mapiwright.transaction.whole_folder import put_folder
from mapiwright.workstation.files import fault_of_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mapiwright.setup.package.package import Package


@dataclass(frozen=True, slots=True)
class PackageEdition:
    """What is published of the package in the directory ``source``: all files by their paths with ``/``.

    ``signer`` is the fingerprint of the key that signed it, or "".
    """

    source: Path
    package: Package
    files: Mapping[str, bytes]
    signer: str = ""


def make_edition(source: Path, *, key_file: Path | None = None, code_page: str = "cp1252") -> PackageEdition:
    """The package in the directory ``source`` as it is published, signed with the private key in ``key_file``.

    Everything in the directory is published, except names that begin with a period, ``__pycache__``, and what an
    earlier publication added. Raises FindingsError where the package is not in order, RefusedError where a file
    cannot be read, or its name is not valid on Windows.
    """
    read = dict(_files(Directory(source)))
    package = read_package(Memory(read, str(source)), code_page=code_page)
    files = {**read, PROGRAM: setup_program.make(read)}
    files[SUMS] = sums.render(files)
    signer = ""
    if key_file is not None:
        files[SIGNATURE], files[KEY], signer = signing.sign(files[SUMS], key_file)
    return PackageEdition(source, package, files, signer)


def publish(edition: PackageEdition, directory: Path) -> None:
    """Put the edition into ``directory``, in one step; an older publication there is replaced. See `check_place`."""
    check_place(edition, directory)
    put_folder(directory, edition.files, check=_refuse_foreign)


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
        _refuse_foreign(here)


def _files(package: Directory, folder: str = "") -> Iterator[tuple[str, bytes]]:
    """The files of a package by their paths."""
    for name in package.names(folder):
        path = f"{folder}/{name}" if folder else name
        if name.startswith(".") or name == "__pycache__" or path in OURS:
            continue
        fault = fault_of_name(name) or (None if _is_text(name) else "its bytes are no UTF-8")
        if fault is not None:
            raise RefusedError(
                f"{path!r} cannot be the name of a file on Windows: {fault}",
                where=package.name,
                remedy="Rename it, or keep it out of the package's directory.",
            )
        place = package.root / path
        if place.is_dir() and place.is_symlink():
            raise RefusedError(
                f"{path} is a link to a folder",
                where=package.name,
                expected="files and folders of its own",
                remedy="Put the folder in the place of the link.",
            )
        if place.is_dir():
            yield from _files(package, path)
        else:
            yield path, package.read(path)


def _is_text(name: str) -> bool:
    """Whether a name can be written down: Linux lets one be any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_foreign(directory: Path) -> None:
    """Only a publication or an empty directory is replaced: no other file is deleted."""
    names = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()}
    brought = set(OURS)
    if SUMS in names:
        with suppress(FormatError):  # then it is none
            brought |= sums.parse((directory / SUMS).read_bytes()).keys()
    if foreign := sorted(names - brought):
        several = f"{foreign[0]} and {len(foreign) - 1} more" if len(foreign) > 1 else foreign[0]
        raise ExistsError(
            f"it holds what is not part of a publication: {several}",
            where=str(directory),
            expected="a directory that is empty, or an older publication",
            remedy="Nothing was changed. Name another directory, or move these files away.",
        )
