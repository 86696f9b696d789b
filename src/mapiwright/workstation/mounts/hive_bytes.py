"""The bytes of a large hive's file: read block by block as they are touched, and written in place.

No handle stays open between two reads: on a running Windows a hive that is held open sends its user's logon into a
temporary profile. So each read proves that the file is still the one that was seen first.

It is written through one of the logs beside it; one without such logs is replaced as a whole.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mapiwright.errors import ConflictError
from mapiwright.workstation.disk.handles import known, look_at, names_in, open_folder, refuse_shared, seen_at
from mapiwright.workstation.disk.replace import sync_file, write_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mapiwright.formats.regf.logs.commit import LoggedWrite
    from mapiwright.workstation.disk.handles import Seen


class LogToWrite(NamedTuple):
    """The log through which a hive is written in place: how its name ends, where it is, and how many bytes it has."""

    ending: str
    path: Path
    size: int


class FileBytes:
    """The bytes of a file that is not read as a whole; raises ConflictError where it is another one by now."""

    def __init__(self, path: Path, seen: Seen) -> None:
        self.path = path
        self.size = seen[1]
        self._seen = seen

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
                refuse_other(self.path, os.fstat(handle), self._seen)  # after it was read: it may be written just now
                return b"".join(parts)
            finally:
                os.close(handle)


def logs_of(path: Path) -> dict[str, Path]:
    """The logs beside a hive by the endings of their names, which are found without regard to case."""
    from mapiwright.formats.regf.logs.replay import LOGS  # noqa: PLC0415 - few hives are read with their logs

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
    from mapiwright.formats.regf.logs.commit import log_for  # noqa: PLC0415 - for writing only

    for each in (path, *(logs := logs_of(path)).values()):
        there = look_at(each)
        if there is not None:
            refuse_shared(each, there)
    held = {ending: FileBytes(log, seen) for ending, log in logs.items() if (seen := seen_at(log)) is not None}
    ending = log_for(sequence, held)
    return LogToWrite(ending, logs[ending], held[ending].size)


def write_in_place(path: Path, seen: Seen, log: Path, steps: Iterable[Sequence[LoggedWrite]]) -> None:
    """Make each step durable before the next one; ConflictError, and nothing is written, for another hive by now."""
    with open_folder(path.parent) as folder:
        hive = folder.open(path.name, os.O_RDWR)
        try:
            refuse_other(path, os.fstat(hive), seen)
            beside = folder.open(log.name, os.O_RDWR)
            try:
                for step in steps:
                    for write in step:
                        handle = beside if write.file else hive
                        os.lseek(handle, write.at, os.SEEK_SET)
                        write_all(handle, write.data)
                    for handle in {beside if write.file else hive: None for write in step}:
                        sync_file(handle)
            finally:
                os.close(beside)
        finally:
            os.close(hive)


def refuse_other(path: Path, found: os.stat_result, seen: Seen | None) -> None:
    """Raise ConflictError where an open file is not the one that was seen, or was changed since."""
    if known(found) != seen:
        raise changed_since(path)


def changed_since(path: Path) -> ConflictError:
    """The error for a hive that another program changed while it was read."""
    return ConflictError(
        "the hive was changed by another program in the meantime",
        where=str(path),
        remedy="Run the command again; nothing was written to the hive.",
    )
