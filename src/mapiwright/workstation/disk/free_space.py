"""Whether a real folder has room for a file: free space, a read-only mount, permission, and a hibernated Windows."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from mapiwright.workstation.files import Room

if TYPE_CHECKING:
    from pathlib import Path

HIBERNATED = frozenset({b"HIBR", b"RSTR"})
"""How the hibernation file begins where its Windows will resume, also after a fast start-up: hibernated, or
interrupted while it resumed. Windows clears it, or writes ``WAKE``, when it has resumed."""


def room_at(path: Path, hibernation_file: Path | None) -> Room:
    """What there is for a file at ``path``; the other path is that of its drive's hiberfil.sys, there or not."""
    folder = next(above for above in path.parents if above.is_dir())
    return Room(
        volume=str(folder.stat().st_dev),
        free=shutil.disk_usage(folder).free,
        read_only=_is_read_only(folder),
        writable=os.access(folder, os.W_OK | os.X_OK),
        hibernated=hibernation_file is not None and _is_hibernated(hibernation_file),
    )


def _is_read_only(folder: Path) -> bool:
    # Windows has no statvfs, and shows a read-only disk by denying the write.
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _is_hibernated(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(4).upper() in HIBERNATED
    except OSError:  # the Windows that runs holds it open
        return False
