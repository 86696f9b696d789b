"""One folder that belongs to no workstation, put in its place as a whole: what is published for others to read.

It is made next to its place, as ``.~name-3f9c01aa``, is made durable, and then takes the place in one step. A reader
finds the older folder or the newer one. Where the system cannot let two folders change places (Windows, some network
volumes) the older one is moved aside first, and for that moment a reader finds none; a run that is killed
there is completed by the next one.

What a killed run leaves there is removed by the next one, which holds ``.~name.lock``.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import BusyError, NotFoundError, RefusedError
from mapiwright.workstation.disk.exchange import exchange
from mapiwright.workstation.disk.handles import lock, open_folder
from mapiwright.workstation.disk.replace import MARK, beside_prefix, make_folder, replace_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ASIDE = "replaced"
"""How the name of an older folder ends that was moved aside."""


def put_folder(place: Path, files: Mapping[str, bytes], *, check: Callable[[Path], None]) -> None:
    """Make the folder ``place`` hold exactly ``files``, by their paths with ``/``; durable when it returns.

    ``check`` is given the folder that would be replaced, where there is one, and raises if it may not be. A folder
    that is replaced keeps its mode and, where that is allowed, its group. Raises BusyError while another run does the
    same, NotFoundError where there is nothing to put it in; RefusedError where the place is no such folder.
    """
    place = Path(os.path.realpath(place))
    if not place.parent.is_dir():
        raise NotFoundError(
            "there is no such directory", where=str(place.parent), remedy="Make it, or name another place."
        )
    with _alone(place):
        _tidy(place)
        like: os.stat_result | None = None
        if place.exists():
            if not place.is_dir():
                raise RefusedError("it is a file", where=str(place), expected="a directory, or a name that is free")
            check(place)
            like = place.stat()
        made = place.with_name(f"{beside_prefix(place)}{os.urandom(4).hex()}")
        try:
            _fill(made, files)
            if like is not None:
                _liken(made, like)
            _take_place(made, place, replaces=like is not None)
        finally:
            shutil.rmtree(made, ignore_errors=True)  # what is left of a failure, or what was replaced


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Hold the place against every other run."""
    with open_folder(place.parent) as folder:
        handle = folder.open(f"{MARK}{place.name[:60]}.lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not lock(handle):
                raise BusyError(
                    "another run is writing to this directory",
                    where=str(place),
                    remedy="Wait until it has ended, then try again.",
                )
            yield
        finally:
            os.close(handle)


def _tidy(place: Path) -> None:
    """Fix what a killed run left: the folder that it moved aside, and the new one."""
    aside = place.with_name(f"{beside_prefix(place)}{ASIDE}")
    if aside.exists() and not place.exists():
        aside.rename(place)
        sync_folder(place.parent)
    left = re.compile(re.escape(beside_prefix(place)) + f"(?:[0-9a-f]{{8}}|{ASIDE})")
    for entry in place.parent.iterdir():
        if left.fullmatch(entry.name):
            shutil.rmtree(entry)


def _fill(made: Path, files: Mapping[str, bytes]) -> None:
    make_folder(made)
    for name, data in files.items():
        path = made / name
        for folder in reversed(path.relative_to(made).parents[:-1]):
            make_folder(made / folder)
        replace_file(path, data)


def _liken(made: Path, like: os.stat_result) -> None:
    """A folder of a group stays that group's, with the same access."""
    if os.name != "nt":
        with suppress(PermissionError):
            os.chown(made, -1, like.st_gid)
    made.chmod(like.st_mode & 0o7777)


def _take_place(made: Path, place: Path, *, replaces: bool) -> None:
    if not replaces:
        made.rename(place)
    elif not exchange(made, place):
        aside = place.with_name(f"{beside_prefix(place)}{ASIDE}")
        place.rename(aside)
        try:
            made.rename(place)
        except BaseException:
            aside.rename(place)
            raise
        aside.rename(made)
    sync_folder(place.parent)
