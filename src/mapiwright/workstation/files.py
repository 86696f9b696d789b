r"""The files of a workstation: Windows paths, and the Protocol that reads them.

A path is a ``str`` as Windows writes it, absolute, with a drive: ``C:\Windows\System32\acme32.dll``.
It resolves without regard to case, also on a mount that regards it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mapiwright.errors import ConflictError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{device}{digit}" for device in ("COM", "LPT") for digit in "123456789¹²³"}
)
"""Device names that Windows takes for itself, with or without an extension ([naming-a-file])."""


def split(path: str) -> tuple[str, ...]:
    """The drive and the names of a path: ``("C:", "Windows", "acme.dll")``; raises UsageError for others."""
    parts = tuple(part for part in path.replace("/", "\\").split("\\") if part)
    if not parts or len(parts[0]) != 2 or parts[0][1] != ":" or not parts[0][0].isalpha():
        raise UsageError(f"{path!r} is not an absolute Windows path", expected=r"C:\folder\name")
    if any(part in {".", ".."} for part in parts):
        raise UsageError(f"{path!r} holds '.' or '..'", expected="a path that names its folders")
    return (parts[0].upper(), *parts[1:])


def join(*parts: str) -> str:
    """The names as one path."""
    return "\\".join(part.strip("\\") for part in parts)


def parent(path: str) -> str:
    """The folder that holds ``path``."""
    return path.rpartition("\\")[0]


def same(one: str, other: str) -> bool:
    """Whether Windows takes both for one path."""
    return upcase(one) == upcase(other)


def fault_of_name(name: str) -> str | None:
    """Why Windows would refuse ``name`` as the name of a file or folder, or None ([naming-a-file])."""
    if not name or name in {".", ".."}:
        return "it is empty or a dot"
    if any(character in '<>:"/\\|?*' or ord(character) < 32 for character in name):
        return 'it holds one of < > : " / \\ | ? * or a control character'
    if name[-1] in ". ":
        return "it ends with a dot or a space"
    if upcase(name.split(".", 1)[0].rstrip()) in RESERVED:
        return "Windows keeps it for a device"
    if len(name) > 255:
        return "it is longer than 255 characters"
    return None


def fault_of_path(path: str) -> str | None:
    """Why Windows would refuse ``path`` as the path of a file or folder to make, or None."""
    try:
        _, *names = split(path)
    except UsageError as error:
        return error.what
    faults = ((name, fault_of_name(name)) for name in names)
    return next((f"{name!r} is no name for a file or folder: {fault}" for name, fault in faults if fault), None)


@frozen
class Room:
    """What is known about the place of a file to write: its volume, and whether it is writable.

    ``volume`` is the same for all paths of one volume, ``free`` its free bytes for us (None where nothing limits
    them). ``writable`` says that a file can be made or replaced there, as far as the system reports it. A hibernated
    volume is one whose Windows will resume with its old view of the disk, and overwrite what was written since.
    """

    volume: str = ""
    free: int | None = None
    read_only: bool = False
    writable: bool = True
    hibernated: bool = False


@frozen
class FileWants:
    """What is to be read in one go, by paths: bytes of files, their digests, whether a folder is there, its names."""

    files: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class FileSnapshot:
    """What files answered at one time; KeyError says what was not asked for."""

    def __init__(
        self,
        files: Mapping[str, bytes | ConflictError | None],
        digests: Mapping[str, str | ConflictError | None],
        folders: Mapping[str, bool],
        names: Mapping[str, tuple[str, ...]],
    ) -> None:
        """The answers by what was asked, spelled as it was asked; an error is raised when it is asked for."""
        self._files, self._digests, self._folders, self._names = files, digests, folders, names

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; a folder raises ConflictError."""
        found = self._files[path]
        if isinstance(found, ConflictError):
            raise found
        return found

    def digest(self, path: str) -> str | None:
        """The digest of a file; a folder raises ConflictError."""
        found = self._digests[path]
        if isinstance(found, ConflictError):
            raise found
        return found

    def is_folder(self, path: str) -> bool:
        """Whether it is a folder."""
        return self._folders[path]

    def names(self, path: str) -> tuple[str, ...]:
        """The names in a folder."""
        return self._names[path]


class FileReader(Protocol):
    """Reads files and lists folders."""

    def read(self, path: str) -> bytes | None:
        """The bytes of the file, or None where there is none; a folder raises ConflictError."""
        ...

    def digest(self, path: str) -> str | None:
        """The SHA-256 of the file's bytes in hex, or None where there is none; a folder raises ConflictError."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at ``path``."""
        ...

    def names(self, path: str) -> tuple[str, ...]:
        """The names in a folder as stored, sorted; empty where there is no folder."""
        ...

    def room(self, path: str) -> Room | None:
        """What there is for a file at ``path``, which need not be there; None where it can have no place here."""
        ...

    def look(self, wants: FileWants) -> FileSnapshot:
        """The answers to all of the wants, read in one go; an answer that is an error is raised when it is asked."""
        ...
