"""Libraries that stand in front of libmapi.so in a child on Linux, or in its place where no MAPI is installed.

A symbol is looked for first in what was loaded first: the service finds MAPIFreeBuffer and its like in ours, and so
does libmapi.so itself. See ``entry.child.native.functions``.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.entry.child.native.shapes import MAPI_FUNCTIONS, MAPI_TABLE
from mapiwright.formats.elf_write import MACHINES, library_of_jumps

if TYPE_CHECKING:
    from mapiwright.entry.hosts.library import Library

MAPI4LINUX = "libmapi.so"


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mapiwright-mapi-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _made(machine: str, soname: str) -> Path:
    name = soname or "libmapiwright-mapi.so"
    path = _folder() / f"{machine}-{name}"
    path.write_bytes(library_of_jumps(machine, tuple(MAPI_FUNCTIONS), MAPI_TABLE, soname))
    return path


def mapi_in_front(library: Library) -> dict[str, Path]:
    """The libraries to load: under "" the one in front, under the name of a libmapi.so that for where it is absent.

    None for what is no library of Linux, or of a machine that we know no code for.
    """
    if library.kind != "elf" or library.machine not in MACHINES:
        return {}
    names = ["", *(name for name in library.needs if name.startswith(MAPI4LINUX) and "/" not in name)]
    return {name: _made(library.machine, name) for name in names}
