r"""The files of a workstation: Windows paths, and the Protocol that reads them.

A path is a ``str`` as Windows writes it, absolute, with a drive: ``C:\Windows\System32\acme32.dll``.
It resolves without regard to case, also on a mount that regards it.
"""

from __future__ import annotations

from typing import Protocol

from mapiwright.errors import UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.frozen import frozen

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


@frozen
class Room:
    """What there is for a file that shall be written: its volume, and whether we may.

    ``volume`` is the same for all paths of one volume, ``free`` its free bytes for us (None where nothing limits
    them). ``writable`` says that a file can be made or replaced there, as far as asking tells. A hibernated volume is
    one whose Windows will go on where it stood, over whatever was written meanwhile.
    """

    volume: str = ""
    free: int | None = None
    read_only: bool = False
    writable: bool = True
    hibernated: bool = False


class FileReader(Protocol):
    """Reads files and lists folders."""

    def read(self, path: str) -> bytes | None:
        """The bytes of the file, or None where there is none; a folder raises ConflictError."""
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
