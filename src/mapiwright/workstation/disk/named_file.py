"""A file that the user names on a command line: no more of it is read than a file of its kind can have."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

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


def _too_large(path: Path, size: str, most: int, what: str) -> FormatError:
    return FormatError(
        f"it has {size} bytes, too many for {what}",
        where=str(path),
        expected=f"at most {most:,} bytes",
        remedy=f"See whether the path is that of {what}; nothing was changed.",
    )
