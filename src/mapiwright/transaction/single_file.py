"""One file that belongs to no workstation, replaced as a whole: what `mapiwright inf` does to a bare MAPISVC.INF.

There is no journal: the file is at any moment the old one or the new one, and the verb's opposite takes it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError
from mapiwright.workstation.replace import replace_file

if TYPE_CHECKING:
    from pathlib import Path


def replace(path: Path, old: bytes | None, new: bytes) -> None:
    """Make the file hold ``new``, durably; raises ConflictError where it is not ``old`` (None: absent) any more."""
    now = path.read_bytes() if path.exists() else None
    if now != old:
        raise ConflictError(
            "somebody else changed the file meanwhile; it was not written",
            where=str(path),
            remedy="Run the command again: it will look at the file as it is now.",
        )
    replace_file(path, new)
