"""The journal: what a transaction is about to do, line by line, each line durable before its action.

A line is the CRC-32 of its JSON as 8 hex digits, a space, the JSON, and a newline; the JSON counts its place in
``n``. A line torn by a crash is ignored, as its action was never begun; the next one starts on a line of its own.
One of another form is ignored, too, and then missing: a user's journal may hold anything.
The journal holds names and hashes, never a value; titles are messages.

    begin        id, version, verb, title, created
    leg          leg, title, digest                    the backup is written, the changes may follow
    will         effect, kind, title, description      the effect may run
    did          effect, status                        it has run; or it failed, and had reached nothing: ``skipped``
    undone       leg                                   recovery has taken the leg back
    compensated  effect                                recovery has called the effect back
    takes-over   receipts                              users' receipts may be copied into this store, to be its own
    commit                                             the receipt is written, all is done
"""

from __future__ import annotations

import re
import zlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from mapiwright.errors import FormatError, RecoveryNeededError
from mapiwright.message import Message
from mapiwright.transaction.plans.change_json import canonical, parse
from mapiwright.workstation.state import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.workstation.state import State

Record: TypeAlias = "Mapping[str, Any]"


_MEMBERS: Mapping[str, Mapping[str, type]] = MappingProxyType(
    {
        "begin": {"id": str},
        "leg": {"leg": int, "digest": str},
        "will": {"effect": int, "kind": str, "description": dict},
        "did": {"effect": int, "status": str},
        "undone": {"leg": int},
        "compensated": {"effect": int},
        "takes-over": {"receipts": list},
        "commit": {},
    }
)
"""What recovery asks of a record."""


def is_id(found: object) -> bool:
    """Whether a transaction of ours may have that id: it is part of the names of what it writes down."""
    return isinstance(found, str) and re.fullmatch(r"[0-9A-Za-z-]{1,40}", found) is not None


class Journal:
    """The journal in a state: read once when it is made, then added to."""

    def __init__(self, state: State) -> None:
        """Raises RecoveryNeededError where lines are missing between others."""
        self._state = state
        self.exists, self.records, self._torn = _read(state)

    def add(self, do: str, **fields: Any) -> None:
        """Add a record, durably."""
        record = {"n": len(self.records), "do": do, **fields}
        line = canonical(record)
        start = b"\n" if self._torn else b""
        self._state.append(JOURNAL, start + f"{zlib.crc32(line):08x} ".encode("ascii") + line + b"\n")
        self.exists, self._torn = True, False
        self.records.append(record)

    def of(self, do: str) -> list[Record]:
        """The records of that sort, oldest first."""
        return [record for record in self.records if record["do"] == do]

    def has(self, do: str, **fields: Any) -> bool:
        """Whether there is such a record."""
        return any(all(record.get(name) == value for name, value in fields.items()) for record in self.of(do))

    @property
    def id(self) -> str:
        """The id of the transaction, or "" where not even its first line was written."""
        return str(self.records[0].get("id", "")) if self.records else ""

    @property
    def title(self) -> Message:
        """What the transaction was to do; empty where not even that was written."""
        return title_in(self.records[0]) if self.records else Message.literal("")

    @property
    def committed(self) -> bool:
        """Whether all was done."""
        return self.has("commit")

    def end(self) -> None:
        """Remove it: the end mark."""
        self._state.delete(JOURNAL)
        self.exists, self.records = False, []


def title_in(record: Record) -> Message:
    """The title in a record; where it is no message, as in a damaged journal or in a user's own, it is empty."""
    try:
        return Message.from_json(record.get("title", ""))
    except ValueError:
        return Message.literal("")


def _read(state: State) -> tuple[bool, list[Record], bool]:
    data = state.read(JOURNAL)
    if data is None:
        return False, [], False
    *lines, tail = data.split(b"\n")
    records: list[Record] = []
    for line in (*lines, tail):
        record = _record(line)
        if record is None:
            continue
        if record["n"] != len(records):
            raise RecoveryNeededError(
                f"the journal is damaged: line {len(records)} is missing",
                where=JOURNAL,
                remedy="What the run was about can be read in it, and its backups are next to it. "
                "`mapiwright recover --set-aside` names what may be left, and asks.",
            )
        records.append(record)
    return True, records, tail != b""


def _record(line: bytes) -> Record | None:
    """The record of a line, or None where it was torn."""
    if line[8:9] != b" " or f"{zlib.crc32(line[9:]):08x}".encode("ascii") != line[:8]:
        return None
    try:
        record = parse(line[9:])
    except FormatError:
        return None
    return record if isinstance(record, dict) and _is_whole(record) else None


def _is_whole(record: Record) -> bool:
    do = record.get("do")
    members = _MEMBERS.get(do) if isinstance(do, str) else None
    if members is None or type(record.get("n")) is not int:
        return False
    given = {name: kind for name, kind in members.items() if name in record}
    if not all(type(record[name]) is kind for name, kind in given.items()):
        return False
    return all(map(is_id, (record.get("id", "1"), *record.get("receipts", ()))))
