"""The bytes of a large hive's file: read block by block as they are touched, and written in place.

No handle stays open between two reads: on a running Windows a hive that is held open sends its user's logon into a
temporary profile. So each read proves that the file is still the one that was seen first.

It is written through one of the logs beside it; one without such logs is replaced as a whole.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from mapiwright.formats.regf.logs.commit import HIVE, log_for
from mapiwright.formats.regf.logs.replay import LOGS
from mapiwright.workstation.disk.handles import (
    known,
    look_at,
    names_in,
    open_folder,
    refuse_changed,
    refuse_shared,
    seen_at,
)
from mapiwright.workstation.disk.replace import sync_file, write_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mapiwright.formats.regf.logs.commit import LoggedWrite
    from mapiwright.workstation.disk.handles import Seen


class LogToWrite(NamedTuple):
    """The log through which a hive is written in place: how its name ends, where it is, and what it was when seen."""

    ending: str
    path: Path
    seen: Seen


class FileBytes:
    """The bytes of a file that is not read as a whole; raises ConflictError where it is another one by now."""

    def __init__(self, path: Path, seen: Seen) -> None:
        self.path = path
        self.size = seen[1]
        self.seen = seen

    def read(self, at: int, length: int) -> bytes:
        """Those from ``at`` on; fewer at the end."""
        with open_folder(self.path.parent) as folder:
            handle = folder.open(self.path.name, os.O_RDONLY)
            try:
                os.lseek(handle, at, os.SEEK_SET)
                parts: list[bytes] = []
                while length > 0 and (part := os.read(handle, length)):
                    parts.append(part)
                    length -= len(part)
                refuse_changed(self.path, known(os.fstat(handle)), self.seen)  # which may be written just now
                return b"".join(parts)
            finally:
                os.close(handle)


def logs_of(path: Path) -> dict[str, Path]:
    """The logs beside a hive by the endings of their names, which are found without regard to case."""
    wanted = {f"{path.name}{ending}".upper(): ending for ending in LOGS}
    found: dict[str, Path] = {}
    for name in names_in(path.parent):
        ending = wanted.get(name.upper())
        if ending is not None:
            found.setdefault(ending, path.with_name(name))
    return found


def log_to_write(path: Path, sequence: int) -> LogToWrite:
    """The log for a hive that was closed with ``sequence``.

    Raises RefusedError, which says why, where it has to be replaced as a whole.
    """
    logs = logs_of(path)
    for each in (path, *logs.values()):
        there = look_at(each)
        if there is not None:
            refuse_shared(each, there)
    held = {ending: FileBytes(log, seen) for ending, log in logs.items() if (seen := seen_at(log)) is not None}
    ending = log_for(sequence, held)
    return LogToWrite(ending, logs[ending], held[ending].seen)


def write_in_place(path: Path, seen: Seen, log: LogToWrite, steps: Iterable[Sequence[LoggedWrite]]) -> None:
    """Make each step durable before the next one.

    Raises ConflictError, and writes nothing, where hive or log are others by now; RefusedError where one has got a
    second name.
    """
    with ExitStack() as opened:
        folder = opened.enter_context(open_folder(path.parent))
        handles: dict[str, int] = {}
        for file, place, was in ((HIVE, path, seen), (log.ending, log.path, log.seen)):
            handles[file] = folder.open(place.name, os.O_RDWR)
            opened.callback(os.close, handles[file])
            found = os.fstat(handles[file])
            refuse_changed(place, known(found), was)
            refuse_shared(place, found)
        for step in steps:
            for write in step:
                os.lseek(handles[write.file], write.at, os.SEEK_SET)
                write_all(handles[write.file], write.data)
            for file in dict.fromkeys(write.file for write in step):
                sync_file(handles[file])
