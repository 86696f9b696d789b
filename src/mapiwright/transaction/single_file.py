"""One file that the user names and that belongs to no workstation: a bare MAPISVC.INF, a saved plan, a key.

No more of it is read than a file of its kind can have, and it is written as a whole.

There is no journal: the file is at any moment the old one or the new one, and the verb's opposite takes it back. It
is the caller's own: where it is a symbolic link, what that points to is replaced, and the link stays.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mapiwright.errors import ConflictError, ExistsError, FormatError
from mapiwright.workstation.disk.handles import LARGEST
from mapiwright.workstation.disk.replace import replace_file

LARGEST_VALUE = 64 << 20
"""Bytes of the value of one property: more than any service keeps in a profile."""
LARGEST_ANSWERS = 1 << 20
"""Bytes of the answers to a wizard."""
LARGEST_LINE = 1 << 16
"""Bytes of one line, such as a secret or a key."""
LARGEST_PROGRAM = 256 << 20
"""Bytes of a DLL or an interpreter."""
LARGEST_PLAN = 1 << 30
"""Bytes of a saved plan, which has the contents of the files that it writes."""
_CHUNK = 1 << 20


def read_named(path: Path, most: int, what: str) -> bytes:
    """The bytes of a file, or of a pipe that stands for one; ``what`` it is to be, as "a saved plan".

    Raises FormatError where it has more than ``most`` of them, with the number found, and OSError where it cannot be
    read.
    """
    with path.open("rb") as stream:
        found = os.fstat(stream.fileno())
        size = found.st_size if stat.S_ISREG(found.st_mode) else 0
        if size > most:
            raise _too_large(path, f"{size:,}", most, what)
        data = bytearray(stream.read(size))
        # A pipe has no size, and a file may grow; a read of n bytes takes n bytes of memory, however few there are.
        while len(data) <= most and (part := stream.read(min(_CHUNK, most + 1 - len(data)))):
            data += part
    if len(data) > most:
        raise _too_large(path, f"more than {most:,}", most, what)
    return bytes(data)


def now(path: Path) -> bytes | None:
    """What the file holds; None where there is none."""
    return read_named(path, LARGEST, "a file that is replaced") if path.exists() else None


def replace(path: Path, old: bytes | None, new: bytes | None) -> None:
    """Make the file hold ``new``, durably; None is an absent file.

    Raises ConflictError where it is not ``old`` any more.
    """
    if now(path) != old:
        raise ConflictError(
            "somebody else changed the file in the meantime; it was not written",
            where=str(path),
            remedy="Run the command again: it will look at the file as it is now.",
        )
    replace_file(Path(os.path.realpath(path)), new)


def make_private(path: Path, data: bytes) -> None:
    """Make a file that its owner alone can read; raises ExistsError where there is one, which stays as it is."""
    if path.exists():
        raise ExistsError("it is there already", where=str(path), remedy="Name another file, or remove this one.")
    replace_file(Path(os.path.realpath(path)), data, mode=0o600)


def _too_large(path: Path, size: str, most: int, what: str) -> FormatError:
    return FormatError(
        f"it has {size} bytes, too many for {what}",
        where=str(path),
        expected=f"at most {most:,} bytes",
        remedy=f"See whether the path is that of {what}; nothing was changed.",
    )
