"""Replay the transaction logs of a hive that was not closed cleanly, as Windows does when it loads it.

The logs may be given in any order: the entries are applied by their numbers, from the one that the hive waits for, up
to the first that is missing. A hive whose base block was not written to its end gets that of its log back.

Source: the regf specification of msuhanov, "Transaction log files" and "Multiple transaction log files".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, RefusedError
from mapiwright.formats.regf.logs.log_file import SECTOR, TransactionLog, read_log
from mapiwright.formats.regf.records import (
    BASE,
    BASE_BLOCK,
    BASE_CHECKSUM,
    BASE_FLAGS,
    base_holds,
    checksum,
    is_dirty,
    stored_number,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mapiwright.formats.regf.logs.log_file import LogEntry
    from mapiwright.formats.regf.pages import Buffer

SINGLE, FIRST, SECOND = ".LOG", ".LOG1", ".LOG2"
"""How the names of logs end; Windows Vista and later write the latter two, and both are always there."""
LOGS = (SINGLE, FIRST, SECOND)
REMEDY = (
    "Let Windows load it once (start that Windows, or log that user on), shut down in full and not by hibernating or "
    "fast start-up, then try again. What its logs hold is given up by: mapiwright hive replay FILE --without-logs"
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A hive with its logs applied, closed cleanly.

    ``used`` are the endings of the logs, and ``entries`` how many of theirs were applied. ``restored`` says that the
    base block came from a log.
    """

    data: bytes
    used: tuple[str, ...]
    entries: int
    restored: bool


def replay(data: Buffer, logs: Mapping[str, bytes]) -> Replayed:
    """The hive with its logs applied; ``logs`` are their bytes by the endings of their names, one of LOGS.

    A hive that was closed cleanly ignores its logs, and comes back as it is. Raises RefusedError where the logs do
    not continue it, a half of a pair is missing, or none can be used; FormatError where it is no hive.
    """
    if len(data) < BASE_BLOCK or bytes(data[:4]) != b"regf":
        raise FormatError("not a hive", where="offset 0x0", expected="a base block `regf`, then a bin")
    if not is_dirty(data):
        return Replayed(bytes(data), (), 0, restored=False)
    found, faults = _usable(logs)
    if not found:
        raise _refused(f"none of its logs can be used: {'; '.join(faults) or 'there is none'}")
    new = {ending: log for ending, log in found.items() if not log.old}
    return _applied(data, *(_numbered(data, new, faults) if new else _of_its_time(data, found)))


def without_logs(data: Buffer) -> bytes:
    """The hive as it lies there, closed: what its logs hold, or held, is lost. Its bins are as they are."""
    work = bytearray(data)
    field = list(BASE.unpack_from(work))
    field[1] = field[2] = (max(field[1], field[2]) + 1) & 0xFFFFFFFF
    BASE.pack_into(work, 0, *field)
    work[BASE_CHECKSUM : BASE_CHECKSUM + 4] = stored_number(checksum(work))
    return bytes(work)


def _usable(logs: Mapping[str, bytes]) -> tuple[dict[str, TransactionLog], list[str]]:
    """The logs that can be applied, by their endings, and what is wrong with the others. An empty one is none."""
    pair = {FIRST, SECOND} & logs.keys()
    if len(pair) == 1:
        (missing,) = {FIRST, SECOND} - pair
        raise _refused(
            f"its log {missing} is missing", remedy=f"Copy the file that ends in {missing} beside the hive. "
        )
    endings = (FIRST, SECOND) if any(logs.get(ending) for ending in (FIRST, SECOND)) else (SINGLE,)
    found, faults = {}, []
    for ending in endings:
        if not logs.get(ending):
            continue
        try:
            found[ending] = read_log(logs[ending])
        except FormatError as error:
            faults.append(f"{ending}: {error.what}")
    return found, faults


def _of_its_time(data: Buffer, logs: Mapping[str, TransactionLog]) -> tuple[tuple[str, ...], list[LogEntry], bytes]:
    """The old log of the hive's own time; of two, the one that was written last."""
    times = {int.from_bytes(data[12:20], "little")}
    if not base_holds(data):
        times.add(int.from_bytes(data[BASE_BLOCK + 20 : BASE_BLOCK + 28], "little"))  # the first bin has a copy
    mine = {ending: log for ending, log in logs.items() if log.timestamp in times}
    if not mine:
        raise _refused("its logs were written at another time than the hive, so they belong to another state of it")
    ending, log = max(mine.items(), key=lambda each: (_ahead(each[1].sequence, 0), each[0] == FIRST))
    return (ending,), list(log.entries), log.base


def _numbered(
    data: Buffer, logs: Mapping[str, TransactionLog], faults: Collection[str]
) -> tuple[tuple[str, ...], list[LogEntry], bytes]:
    """The entries of new logs in their order, from the one that the hive waits for."""
    ordered = sorted(logs.items(), key=lambda each: _ahead(each[1].sequence, _origin(logs)))
    earliest, latest = ordered[0][1], ordered[-1][1]
    if base_holds(data):
        start: int = BASE.unpack_from(data)[2]
    else:
        # Windows uses the later one. Where they join, the earlier pages are in the hive or still due: both are right.
        joined = _ahead(latest.sequence, earliest.entries[-1].sequence) == 1
        start = earliest.sequence if joined else latest.sequence
    entries: list[LogEntry] = []
    used = []
    for ending, log in ordered:
        wanted = (start + len(entries)) & 0xFFFFFFFF
        due = [entry for entry in log.entries if _ahead(entry.sequence, wanted) < len(log.entries)]
        if due and due[0].sequence == wanted:
            entries += due
            used.append(ending)
    if not entries:
        others = f" ({'; '.join(faults)})" if faults else ""
        raise _refused(f"its logs do not continue it: none holds the entry with number {start}{others}")
    return tuple(used), entries, latest.base


def _applied(data: Buffer, used: tuple[str, ...], entries: list[LogEntry], base: bytes) -> Replayed:
    """The hive after the entries, with a base block that says that it was closed cleanly."""
    restored = not base_holds(data)
    work = bytearray(data)
    if restored:
        work[:SECTOR] = base
    for entry in entries:
        reach = max(page.offset + len(page.data) for page in entry.pages)
        if entry.bins_size > max(reach, len(work) - BASE_BLOCK):
            raise _refused(f"entry {entry.sequence} of its logs speaks of {entry.bins_size} bytes that nothing holds")
        work.extend(bytes(max(0, BASE_BLOCK + entry.bins_size - len(work))))
        for page in entry.pages:
            work[BASE_BLOCK + page.offset : BASE_BLOCK + page.offset + len(page.data)] = page.data
    last = entries[-1]
    field = list(BASE.unpack_from(work))
    # Windows goes on from the last entry, and from the hive's own number where that is further.
    further = field[1] if not restored and _ahead(field[1], last.sequence) < _BEHIND else last.sequence
    field[1] = field[2] = (further + 1) & 0xFFFFFFFF
    field[9] = last.bins_size
    BASE.pack_into(work, 0, *field)
    flags = int.from_bytes(work[BASE_FLAGS : BASE_FLAGS + 4], "little")
    work[BASE_FLAGS : BASE_FLAGS + 4] = stored_number(flags & ~1 | last.flags)
    work[BASE_CHECKSUM : BASE_CHECKSUM + 4] = stored_number(checksum(work))
    return Replayed(bytes(work), used, len(entries), restored)


_BEHIND = 0x80000000
"""A number that is so far ahead of another is behind it, as they begin again."""


def _ahead(number: int, of: int) -> int:
    """How far a sequence number is ahead of another; they begin again at 0 after 32 bits."""
    return (number - of) & 0xFFFFFFFF


def _origin(logs: Mapping[str, TransactionLog]) -> int:
    """The lowest first number of the logs: the one that all others are less than half a round ahead of."""
    numbers = [log.sequence for log in logs.values()]
    return next(each for each in numbers if all(_ahead(other, each) < _BEHIND for other in numbers))


def _refused(what: str, *, remedy: str = "") -> RefusedError:
    return RefusedError(f"the hive was not closed cleanly, and {what}", remedy=remedy + REMEDY)
