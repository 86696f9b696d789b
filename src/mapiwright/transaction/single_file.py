"""One file that belongs to no workstation, written as a whole: a bare MAPISVC.INF, or a saved plan.

There is no journal: the file is at any moment the old one or the new one, and the verb's opposite takes it back. It
is the caller's own: where it is a symbolic link, what that points to is replaced, and the link stays.
"""

from __future__ import annotations

import os
from pathlib import Path

from mapiwright.errors import ConflictError, ExistsError
from mapiwright.workstation.disk.handles import LARGEST
from mapiwright.workstation.disk.named_file import read_named
from mapiwright.workstation.disk.replace import replace_file


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
