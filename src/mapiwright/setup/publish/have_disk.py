"""Have Disk, without a screen: what is in a given directory, and whether it can be trusted.

Nothing of it is run, and nothing is written. What can be installed is read whole, so that what was verified is what
is installed, whatever becomes of the directory meanwhile ([supporting-message-service-installation]).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, NotFoundError, RefusedError
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import SERVICES
from mapiwright.setup.package import manifest as manifests
from mapiwright.setup.package.media import Memory, Watched, find
from mapiwright.setup.package.package import FRAGMENT, read_package
from mapiwright.setup.package.rules import finding
from mapiwright.setup.package.signatures import Signature, SignatureStanding
from mapiwright.setup.publish import sums
from mapiwright.setup.publish.foreign_program import is_program, programs_among
from mapiwright.setup.publish.publication import PROGRAM, SUMS, read_publication, refuse_unsigned
from mapiwright.setup.publish.setup_program import bundled_package
from mapiwright.setup.publish.signing import NOBODY

if TYPE_CHECKING:
    from mapiwright.errors import Finding
    from mapiwright.setup.package.package import Package
    from mapiwright.setup.publish.signing import Trust

UNSIGNED = Signature(SignatureStanding.NONE)


class MediaKind(Enum):
    """What is there; the first that fits."""

    PUBLISHED = "published"
    PACKAGE = "package"
    BARE = "bare"
    """An INF and its DLLs."""
    PROGRAM = "program"
    """A setup program that carries its package."""
    FOREIGN = "foreign"
    """A setup program of its vendor's own."""


@dataclass(frozen=True, slots=True)
class Disk:
    """What was found at ``path``.

    ``package`` is None for FOREIGN alone. ``signature`` is of a publication; ``findings`` are about
    that signature. ``programs`` are the names of foreign setup programs found there.
    """

    path: Path
    kind: MediaKind
    package: Package | None = None
    signature: Signature = UNSIGNED
    findings: tuple[Finding, ...] = ()
    programs: tuple[str, ...] = ()


def typed_path(text: str) -> Path:
    """The path that the user typed, or pasted with its quotes; ``~`` is the home folder."""
    path = Path(text.strip().strip('"').strip())
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise NotFoundError("there is no such user's home", where=str(path)) from error


def look(path: Path, *, trust: Trust = NOBODY, code_page: str = "cp1252") -> Disk:
    """What is in the directory ``path``, or next to the named file of it; ``code_page`` as `open_package`.

    Raises NotFoundError where there is nothing to install, FindingsError where a package is broken or is not what was
    published, ConflictError where it changed while it was read, RefusedError where it cannot be read or trust is
    demanded and not met.
    """
    try:
        directory, named = (path.parent, path.name) if path.is_file() else (path, "")
        media = Watched(directory)
    except PermissionError as error:
        raise RefusedError(f"it cannot be read: {error.strerror}", where=str(path)) from error
    try:
        found = _Look(path, media, named, trust, code_page).disk()
    except RefusedError:
        media.refuse_changed()  # a fault may be of that
        raise
    media.refuse_changed()
    return found


@dataclass(frozen=True, slots=True)
class _Look:
    path: Path
    media: Watched
    named: str
    trust: Trust
    code_page: str

    def disk(self) -> Disk:
        """What is there."""
        names = self.media.names("")
        if is_program(self.named):
            return self._foreign((self.named,))
        programs = programs_among(names)
        if self._is_published():
            found = read_publication(self.media, self.trust)
            package = read_package(found.media, code_page=self.code_page)
            return Disk(self.path, MediaKind.PUBLISHED, package, found.signature, found.findings, programs)
        if self.named.lower().endswith(".pyz"):
            return self._bundled(self.named, programs)
        if find(self.media, manifests.FILE_NAME) is not None:
            return self._plain(MediaKind.PACKAGE, programs)
        if (program := find(self.media, PROGRAM)) is not None:
            return self._bundled(program, programs)
        if any(self._is_fragment(name) for name in names):
            return self._plain(MediaKind.BARE, programs)
        if programs:
            return self._foreign(programs)
        raise NotFoundError(
            "there is nothing to install in it",
            where=str(self.path),
            expected=f"{manifests.FILE_NAME}, an INF with [Services] and its DLLs, or a setup program",
            remedy="Name the directory that holds one of them.",
        )

    def _is_published(self) -> bool:
        """Whether there are sums, and a setup program that was named is among what they vouch for."""
        reported = find(self.media, SUMS)
        if reported is None:
            return False
        return not self.named.lower().endswith(".pyz") or self.named.encode() in self.media.read(
            reported, sums.LARGEST
        )

    def _is_fragment(self, name: str) -> bool:
        """Whether it is an INF for MAPI, and not one for a driver."""
        if not upcase(name).endswith(".INF"):
            return False
        try:
            return inf.parse(self.media.read(name, inf.LARGEST + 1), self.code_page).section(SERVICES) is not None
        except FormatError:
            return upcase(name) == upcase(FRAGMENT)

    def _plain(self, kind: MediaKind, programs: tuple[str, ...]) -> Disk:
        package = read_package(self.media, code_page=self.code_page)
        refuse_unsigned(UNSIGNED, self.trust, str(self.path))
        return Disk(self.path, kind, package, findings=_unsigned(str(self.path)), programs=programs)

    def _bundled(self, name: str, programs: tuple[str, ...]) -> Disk:
        where = f"{self.media.name}/{name}"
        try:
            files = bundled_package(self.media.read(name))
        except FormatError as error:
            raise FormatError(error.what, where=where, remedy=error.remedy) from error
        if files is None:
            raise RefusedError(
                "it carries no package of Mapiwright's",
                where=where,
                expected="a setup program that `mapiwright publish` made",
                remedy="Ask its vendor how it is installed.",
            )
        refuse_unsigned(UNSIGNED, self.trust, str(self.path))
        package = read_package(Memory(files, where), code_page=self.code_page)
        return Disk(self.path, MediaKind.PROGRAM, package, findings=_unsigned(where), programs=programs)

    def _foreign(self, programs: tuple[str, ...]) -> Disk:
        refuse_unsigned(UNSIGNED, self.trust, str(self.path))
        return Disk(self.path, MediaKind.FOREIGN, programs=programs)


def _unsigned(where: str) -> tuple[Finding, ...]:
    return (finding("MW4305", where, f"there is no {SUMS}, and so nobody vouches for its bytes"),)
