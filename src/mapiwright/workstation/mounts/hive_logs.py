"""A hive that was not closed cleanly, read with the transaction logs that lie beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mapiwright.errors import Finding, FormatError, RefusedError, Severity
from mapiwright.formats.regf.logs.log_file import read_log
from mapiwright.formats.regf.logs.replay import replay
from mapiwright.frozen import frozen
from mapiwright.workstation.disk.handles import read_file
from mapiwright.workstation.mounts.hive_bytes import logs_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mapiwright.formats.regf.logs.replay import Replayed

LOGS_READ = "MW3009"
"""The finding that the logs of a hive were read with it; such a hive can be written."""
UNFINISHED = "MW3001"
"""The finding that a hive was not closed cleanly, and its logs cannot be used: it is read, though not written."""
LARGEST_LOG = 512 * 1024 * 1024
"""The bytes of a log that is read; Windows writes the hive before its log is as large as that."""


class WithLogs(NamedTuple):
    """How a hive that was not closed cleanly is read: with its logs replayed, or as it lies there, and why.

    ``files`` are the hive and its logs as they lie there, by their names.
    """

    replayed: Replayed | None
    refusal: RefusedError | None
    files: Mapping[str, bytes]

    def finding(self, path: Path, what: str) -> Finding:
        """What is to be known of the hive of ``what``."""
        if self.replayed is not None:
            writes = "1 write" if self.replayed.entries == 1 else f"{self.replayed.entries} writes"
            return Finding(
                LOGS_READ,
                Severity.NOTE,
                str(path),
                f"the hive of {what} was not closed cleanly: it is read with the {writes} in its logs",
                rule="what Windows does when it loads it",
                remedy="Nothing has to be done. The first change that is written closes it.",
            )
        why = self.refusal
        return Finding(
            UNFINISHED,
            Severity.WARNING,
            str(path),
            f"the hive of {what} was not closed cleanly: its latest changes may be in its logs only",
            rule=f"it can be read, but is refused for writing{f'; {why.what}' if why is not None else ''}",
            remedy=why.remedy if why is not None else "",
        )


@frozen
class LogBeside:
    """A log that lies beside a hive: its name, its size, and what it holds.

    ``format`` is ``HvLE``, ``DIRT``, or "" for an empty log or one with a ``fault``; ``writes`` are the first and the
    last number of its entries.
    """

    name: str
    size: int
    format: str = ""
    writes: tuple[int, ...] = ()
    fault: str = ""

    @property
    def said(self) -> str:
        """What it holds, for people."""
        if self.fault:
            return self.fault
        if not self.format:
            return "empty"
        first, last = self.writes
        return f"{self.format}, write {first}" + (f" to {last}" if last != first else "")


def described(name: str, data: bytes) -> LogBeside:
    """What a log of that name holds."""
    if not data:
        return LogBeside(name, 0)
    try:
        log = read_log(data)
    except FormatError as error:
        return LogBeside(name, len(data), fault=error.what)
    writes = (log.sequence, log.entries[-1].sequence)
    return LogBeside(name, len(data), "DIRT" if log.old else "HvLE", writes)


def with_logs(path: Path, data: bytes) -> WithLogs:
    """Replay the logs beside the hive at ``path`` over its bytes, in memory."""
    logs: dict[str, bytes] = {}
    try:
        logs = logs_beside(path)
        found = replay(data, logs)
    except RefusedError as error:
        return WithLogs(None, error, {})
    return WithLogs(found, None, {path.name: data, **{f"{path.name}{ending}": log for ending, log in logs.items()}})


def logs_beside(path: Path) -> dict[str, bytes]:
    """The bytes of the logs beside a hive by the endings of their names, which are found without regard to case.

    Raises RefusedError where one is a link, or no file that can be read.
    """
    found: dict[str, bytes] = {}
    for ending, log in logs_of(path).items():
        data = read_file(log, LARGEST_LOG)
        if data is not None:
            found[ending] = data
    return found
