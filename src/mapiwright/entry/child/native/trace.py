"""What a guest did: every call with its arguments and result, what it wanted and did not get, and what it did wrong.

All of it is plain data for the parent. A secure property is named, and its value is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.entry.child.native.memory import Pointer, Refusal
from mapiwright.entry.child.property_json import to_json
from mapiwright.mapi.tables.row import is_secure

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS = 2000
"""The most calls that are reported one by one."""
FINDINGS = 200
"""The most findings that are reported."""
LONGEST = 200
"""The most characters, bytes or members of a value that is reported."""
ROOM = 1 << 20
"""The most bytes of the calls together."""
SECRET = {"secret": True}


def shown(tag: int, value: Any) -> Any:
    """A property value for the trace."""
    if is_secure(tag):
        return SECRET
    if isinstance(value, Refusal):
        return {"refused": value.why}
    if isinstance(value, Pointer):
        return {"pointer": True}
    if isinstance(value, str | bytes | tuple) and len(value) > LONGEST:
        return {"length": len(value)}  # no part of it, which could not be distinguished from a part of a secret
    return to_json(value)


class Record:
    """One call: whose method, what it was given, what it gave, and its result."""

    def __init__(self, on: str, method: str) -> None:
        self.facts: dict[str, Any] = {"on": on, "method": method, "given": {}, "got": {}}
        self.is_quiet = False

    def quiet(self) -> None:
        """Leave the call out: references are counted, and reported only where they do not add up."""
        self.is_quiet = True

    def given(self, **arguments: Any) -> None:
        """Arguments by their documented names; bytes are MAPIUIDs, None is NULL."""
        self.facts["given"].update({name: to_json(value) for name, value in arguments.items()})

    def got(self, **results: Any) -> None:
        """What the call returned in addition to its result."""
        self.facts["got"].update({name: to_json(value) for name, value in results.items()})

    def why(self, reason: str) -> None:
        """Why it was refused."""
        self.facts["why"] = reason


class Trace:
    """The records of one call of an entry point; ``report`` gets each as it ends, if it is given."""

    def __init__(self, report: Callable[[dict[str, Any]], None] | None = None) -> None:
        self._report = report
        self._calls = 0
        self._room = ROOM
        self.wanted: dict[str, int] = {}
        self.misuses: list[str] = []
        self.doubts: list[str] = []
        self.refused: list[str] = []

    def begin(self, on: str, method: str) -> Record:
        """A call begins."""
        return Record(on, method)

    def end(self, record: Record, result: int, *, is_hresult: bool) -> None:
        """It has ended."""
        if record.is_quiet or self._report is None or self._calls >= CALLS:
            return
        self._calls += 1
        if is_hresult:
            record.facts["hresult"] = result & 0xFFFFFFFF
        self._room -= len(repr(record.facts))
        if self._room > 0:
            self._report(record.facts)

    def want(self, method: str) -> None:
        """The guest called a method that this kind of object does not support."""
        self.wanted[method] = self.wanted.get(method, 0) + 1

    def misuse(self, what: str) -> None:
        """The guest did what it must not."""
        if len(self.misuses) < FINDINGS and what not in self.misuses:
            self.misuses.append(what)

    def refuse(self, uid: str) -> None:
        """The guest asked for a section that is not its own."""
        if len(self.refused) < FINDINGS and uid not in self.refused:
            self.refused.append(uid)

    def doubt(self, what: str) -> None:
        """The guest behaves as one of another flavour."""
        if what not in self.doubts:
            self.doubts.append(what)
