"""Commit an edit into a hive in place, as Windows does: through one of its logs, and the base block last.

Each step is made durable before the next one begins. A crash at any byte of any step leaves a hive that was closed
cleanly and is as it was, or one whose log holds the whole of the write: Windows brings that to its new state when it
loads it, and so does ``replay``.

Source: the regf specification of msuhanov, "Transaction log files".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from mapiwright.errors import RefusedError
from mapiwright.formats.regf.logs.log_file import NEW_TYPE, SECTOR, DirtyPage, LogEntry, new_log
from mapiwright.formats.regf.logs.replay import FIRST, SECOND
from mapiwright.formats.regf.records import BASE, BASE_BLOCK, BASE_CHECKSUM, base_holds, checksum, stored_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.formats.regf.pages import Bytes, Pages

HIVE = ""
"""The hive itself among the files of a step; a log is named by the ending of its name."""
_BEHIND = 0x80000000


class LoggedWrite(NamedTuple):
    """Bytes that go into a file from ``at`` on; ``file`` is HIVE, or the ending of a log's name."""

    file: str
    at: int
    data: bytes


def log_for(sequence: int, logs: Mapping[str, Bytes]) -> str:
    """Which of its logs, by the ending of its name, takes the write of a hive that was closed with ``sequence``.

    It is the one after which nothing in the other could be replayed. Raises RefusedError, which says why, where there
    is none: a hive without both logs, or with those of Windows 8 and before.
    """
    if not {FIRST, SECOND} <= logs.keys():
        raise RefusedError("it has no pair of logs")
    if not any(logs[ending].size for ending in (FIRST, SECOND)):
        raise RefusedError("its logs are empty, so that it is not known which Windows reads them")
    if not all(_is_new(logs[ending]) for ending in (FIRST, SECOND)):
        raise RefusedError("its logs are not those of Windows 8.1 or later")
    for mine, other in ((FIRST, SECOND), (SECOND, FIRST)):
        if all(_is_past(number, sequence) for number in _numbers(logs[other])):
            return mine
    raise RefusedError("its logs run ahead of the hive")


def steps(pages: Pages, sequence: int, log: str, log_size: int) -> tuple[Sequence[LoggedWrite], ...]:
    """What has to be written, step by step, to make the hive in the source of ``pages`` what the pages are.

    ``sequence`` is the number that the hive was closed with, ``log_size`` the bytes of the log that is written over.
    """
    before, base = pages.source.read(0, SECTOR), pages.read(0, SECTOR)
    changed = tuple(DirtyPage(at - BASE_BLOCK, data) for at, data in pages.changed(BASE_BLOCK))
    logged = new_log(base, [LogEntry(sequence, pages.size - BASE_BLOCK, 0, changed)])
    # What follows in the log is older, and must not be taken for what comes next.
    logged += bytes(min(SECTOR, max(0, log_size - len(logged))))
    growth = pages.size - pages.source.size
    room = [LoggedWrite(HIVE, pages.source.size, bytes(growth))] if growth > 0 else []
    into = [LoggedWrite(HIVE, BASE_BLOCK + page.offset, page.data) for page in changed]
    return (
        [*room, LoggedWrite(log, 0, logged)],
        [LoggedWrite(HIVE, 0, _opened(before, sequence))],
        [*into, LoggedWrite(HIVE, 0, _opened(base, sequence))],
        # A number and the checksum are all that changes here: however much is written, both hold only at the end.
        [LoggedWrite(HIVE, 0, base)],
    )


def _opened(base: bytes, sequence: int) -> bytes:
    """The base block of a hive that is being written: its first number is one ahead of its second."""
    changed = bytearray(base)
    changed[4:12] = stored_number((sequence + 1) & 0xFFFFFFFF) + stored_number(sequence)
    changed[BASE_CHECKSUM:SECTOR] = stored_number(checksum(changed))
    return bytes(changed)


def _is_new(log: Bytes) -> bool:
    """Whether a log may be written over: an empty one, or one of the new format."""
    base = log.read(0, SECTOR)
    return not log.size or (
        len(base) == SECTOR and base[:4] == b"regf" and base_holds(base) and BASE.unpack_from(base)[6] == NEW_TYPE
    )


def _numbers(log: Bytes) -> Iterator[int]:
    """The numbers of a log's entries, sound or not."""
    at = SECTOR
    while len(head := log.read(at, 16)) == 16 and head[:4] == b"HvLE":
        size, _, number = struct.unpack_from("<III", head, 4)
        yield number
        at += max(SECTOR, size // SECTOR * SECTOR)


def _is_past(number: int, sequence: int) -> bool:
    """Whether an entry is past for a hive at ``sequence``, and not the one before: that could be joined to it."""
    return 2 <= (sequence - number) & 0xFFFFFFFF < _BEHIND
