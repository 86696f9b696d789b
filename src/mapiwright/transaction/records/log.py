"""The log for the helpdesk: what was done on a workstation and what failed, on the workstation itself.

A line is a JSON object: ``at`` (UTC, ISO 8601), ``event``, and what the event says. Messages are in English, and the
key of the title is its ``key``. It holds titles, names and the
texts of errors, which hold no secret, and never a value. ``begun`` is written before anything is done, so that a run
that was killed is seen by its missing end; ``committed``, ``rolled back``, ``stuck`` and ``recovered`` are ends.

The log is for people, and nothing depends on it: where it cannot be written, the transaction continues. A full one is
set aside, and the oldest of those is deleted.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mapiwright.errors import FormatError, MapiwrightError
from mapiwright.message import LITERAL, Message
from mapiwright.transaction.plans.change_json import canonical, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.workstation.state import State

LOG = "log"
"""How the names of the log begin in the state: ``log`` is written to, ``log.1`` is the newest that was set aside."""
LARGEST = 256 * 1024
"""The bytes of a log that is full."""
SET_ASIDE = 3
"""How many full ones are kept."""
LONGEST_TEXT = 2000
"""The characters of a text that are kept; the text of an error may list hundreds of files."""


def note(state: State, event: str, **fields: Any | Message) -> None:
    """Add a line; only for the holder of the lock. Messages among the fields are written in English."""
    title = fields.get("title")
    key = {"key": title.key} if isinstance(title, Message) and title.key != LITERAL else {}
    said = {"event": event, **_short(fields), **key}
    line = canonical({"at": datetime.now(UTC).isoformat(timespec="seconds"), **said})
    with suppress(MapiwrightError, OSError):  # the log is for people; recovery reads the journal
        full = state.read(LOG) or b""
        # A line that a crash tore must not swallow the next one.
        start = b"\n" if full and not full.endswith(b"\n") else b""
        if full and len(full) + len(line) >= LARGEST:
            _set_aside(state, full)
            start = b""
        state.append(LOG, start + line + b"\n")


def note_error(state: State, event: str, error: BaseException, **fields: Any | Message) -> None:
    """Add a line about an error: its class, and what it says where it is one of ours.

    The text of a stray exception may hold data of a profile, so only its class is noted.
    """
    said = {"error": error.what, "where": error.where} if isinstance(error, MapiwrightError) else {}
    if isinstance(error, OSError):
        said = {"error": error.strerror or "", "where": str(error.filename or "")}
    note(state, event, **{"class": type(error).__name__}, **said, **fields)


def entries(state: State) -> tuple[Mapping[str, Any], ...]:
    """The lines, oldest first; one torn by a crash is ignored."""
    return tuple(entry for part in _parts(state) for line in part.splitlines() if (entry := _entry(line)))


def _parts(state: State) -> Iterator[bytes]:
    last = b""
    for name in (*(f"{LOG}.{number}" for number in range(SET_ASIDE, 0, -1)), LOG):
        part = state.read(name) or b""
        if part != last:  # a crash while one was set aside left it twice
            yield part
        last = part


def _set_aside(state: State, full: bytes) -> None:
    for number in range(SET_ASIDE, 1, -1):
        older = state.read(f"{LOG}.{number - 1}")
        if older is not None:
            state.write(f"{LOG}.{number}", older)
    state.write(f"{LOG}.1", full)
    state.delete(LOG)


def _short(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _short_value(value) for name, value in fields.items()}


def _short_value(value: Any) -> Any:
    match value:
        case Message():
            return _short_value(str(value))
        case list() | tuple():
            return [_short_value(each) for each in value]
        case str() if len(value) > LONGEST_TEXT:
            return f"{value[:LONGEST_TEXT]}..."
        case _:
            return value


def _entry(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = parse(line)
    except FormatError:
        return None
    return found if isinstance(found, dict) and "event" in found else None
