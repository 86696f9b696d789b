"""Whether a real folder has room for a file: free space, a read-only mount, permission, and a hibernated Windows."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.workstation.disk.handles import open_folder
from mapiwright.workstation.files import Room

if TYPE_CHECKING:
    from pathlib import Path

    from mapiwright.workstation.disk.handles import Folder

HIBERNATED = frozenset({b"HIBR", b"RSTR"})
"""How the hibernation file begins where its Windows will resume, also after a fast start-up: hibernated, or
interrupted while it resumed. Windows clears it, or writes ``WAKE``, when it has resumed."""


def room_at(path: Path, hibernation_file: Path | None) -> Room:
    """What there is for a file at ``path``; the other path is that of its drive's hiberfil.sys, there or not."""
    with _nearest(path) as folder:
        there = folder.handle if folder.handle is not None else folder.path
        return Room(
            volume=str(folder.found.st_dev),
            free=shutil.disk_usage(there).free,
            # Windows has no statvfs, and shows a read-only disk by denying the write.
            read_only=hasattr(os, "statvfs") and bool(os.statvfs(there).f_flag & os.ST_RDONLY),
            writable=folder.is_open_to(os.W_OK | os.X_OK),
            hibernated=hibernation_file is not None and _is_hibernated(hibernation_file),
        )


def _nearest(path: Path) -> Folder:
    """The folder above that is there."""
    for above in path.parents:
        with suppress(FileNotFoundError, NotADirectoryError):
            return open_folder(above)
    raise FileNotFoundError(path)


def _is_hibernated(path: Path) -> bool:
    try:
        with open_folder(path.parent) as folder:
            handle = folder.open(path.name, os.O_RDONLY)
    except (OSError, RefusedError):  # it is not there; or the Windows that runs holds it open
        return False
    try:
        return os.read(handle, 4).upper() in HIBERNATED
    finally:
        os.close(handle)
