"""The names in a folder as Windows compares them, listed once for as long as the folder does not change.

A path of Windows resolves without regard to case, so each name on the way needs the whole list of its folder. With
one list for each look-up, 2,000 users' folders side by side are four million names.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mapiwright.workstation.disk.handles import Folder

SETTLED = 3_000_000_000
"""Nanoseconds since the last change of a folder after which its list is kept. A change that comes later gives the
folder another time, whatever the steps of its clock are: FAT counts in two seconds."""


class NameIndex:
    """The stored names by their upcased ones, of the folders that were asked for."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[tuple[int, int, int, int], Mapping[str, tuple[str, ...]]]] = {}

    def stored(self, folder: Folder, name: str) -> tuple[str, ...]:
        """The names in an open folder that are ``name`` for Windows, sorted."""
        return self._names(folder).get(upcase(name), ())

    def _names(self, folder: Folder) -> Mapping[str, tuple[str, ...]]:
        found = folder.found
        state = found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns
        kept = self._kept.get(folder.path)
        if kept is not None and kept[0] == state:
            return kept[1]
        names: dict[str, tuple[str, ...]] = {}
        for entry in listed(folder):
            names[upcase(entry)] = (*names.get(upcase(entry), ()), entry)
        if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > SETTLED:
            self._kept[folder.path] = state, names
        return names


def listed(folder: Folder) -> list[str]:
    """The names in a folder, sorted; a seam for tests, which count the lists."""
    return folder.names()
