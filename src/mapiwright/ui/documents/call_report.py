"""What a call of an entry point came to, for the author of the service: result, words, sections, and every step on
the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.entry.service.contract import how_to_own
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.codes import hresult_name
from mapiwright.mapi.props.protected import MASK
from mapiwright.ui.text.terminal import Line, Style, escape
from mapiwright.ui.text.values import property_document, property_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.entry.service.contract import EntryOutcome, Report, Traced
    from mapiwright.formats.props import PropertyValue

GONE = "(removed)"


def call_lines(title: str, outcome: EntryOutcome | None, reports: Sequence[Report]) -> Iterator[Line]:
    """The call for people; without an outcome, what was seen until it ended in an error."""
    yield Line(escape(title), Style.HEADING)
    for number, report in enumerate(reports, 1):
        if report.trace:
            again = f" ({number} of {len(reports)}, in the other character width)" if number > 1 else ""
            yield Line(f"  calls{again}:", Style.HEADING)
            yield from (_traced(call) for call in report.trace)
    for report in reports[-1:]:
        for method, times in report.wanted.items():
            yield Line(escape(f"  not supported here: {method}, asked for {times} time(s)"), Style.CHANGED)
        for sentence in report.misuse:
            yield Line(escape(f"  misuse: {sentence}"), Style.REMOVED)
        for uid in report.refused:
            name = f" ({tags.WELL_KNOWN[uid]})" if uid in tags.WELL_KNOWN else ""
            yield Line(escape(f"  refused: section {uid}{name} is not its own. {how_to_own(uid)}"), Style.CHANGED)
    if outcome is None:
        return
    if outcome.hresult >= 0x80000000 and outcome.changed:
        yield Line("  what it had set, which is not kept, as the call failed:", Style.CHANGED)
    yield from _sections(outcome)
    if outcome.error is not None:
        error = outcome.error
        yield Line(escape(f"  MAPIERROR: {error.error}"), Style.REMOVED)
        numbers = f"low-level error {error.low_level}, context {error.context}"
        yield Line(escape(f"             component {error.component or '(none)'}, {numbers}"))
    good = outcome.hresult < 0x80000000
    name = hresult_name(outcome.hresult)
    code = "" if name.startswith("0x") else f" (0x{outcome.hresult:08X})"
    yield Line(f"  result: {name}{code}", Style.ADDED if good else Style.REMOVED)


def _sections(outcome: EntryOutcome) -> Iterator[Line]:
    for uid, properties in outcome.changed.items():
        made = outcome.made.get(uid)
        yield Line(
            escape(f"  section {uid}" + (f", the new provider {made}" if made is not None else "")), Style.HEADING
        )
        for tag, value in properties.items():
            text = GONE if value is None else property_text(tag, value)
            yield Line(f"    {_tag(f'{tag:08X}')} = {text}")
    for uid in outcome.gone:
        yield Line(escape(f"  provider {uid} {GONE}"), Style.REMOVED)


def _traced(call: Traced) -> Line:
    result = "" if call.hresult is None else f" = {hresult_name(call.hresult)}"
    why = f", {call.why}" if call.why else ""
    got = f" -> {_arguments(call.got)}" if call.got else ""
    text = f"    {call.on}::{call.method}({_arguments(call.given)}){result}{why}{got}"
    return Line(escape(text), Style.PLAIN if call.hresult is None or call.hresult < 0x80000000 else Style.CHANGED)


def _arguments(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_argument(name, value)}" for name, value in given.items())


def _argument(name: str, value: Any) -> str:
    """A JSON value of a trace: properties by their names, MAPIUIDs in hex, what is secret not at all."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case int():
            return f"0x{value:X}" if name in {"flags", "hresult"} else str(value)
        case str():
            return value if name in {"section", "table"} else _tag(value) or f'"{value}"'
        case {"hex": str(data), **rest} if not rest:
            return data
        case {"secret": True}:
            return MASK
        case {"refused": str(why)}:
            return f"(refused: {why})"
        case dict():
            return (
                "{"
                + ", ".join(f"{_tag(each) or each}: {_argument('', inner)}" for each, inner in value.items())
                + "}"
            )
        case list():
            return "[" + ", ".join(_argument(name, each) for each in value) + "]"
    return str(value)


def _tag(text: str) -> str | None:
    """The name of a property tag that is written as 8 hex digits, with them; None for another text."""
    if len(text) != 8 or not all(digit in "0123456789ABCDEF" for digit in text):
        return None
    name = tags.name_of(int(text, 16))
    return name if name == text else f"{name} ({text})"


def call_document(
    service: str, context: str, entry: str, outcome: EntryOutcome | None, reports: Sequence[Report]
) -> dict[str, Any]:
    """The call in a JSON document; ``hresult`` is null where it ended in an error."""
    last = reports[-1] if reports else None
    return {
        "call": {
            "service": service,
            "context": context,
            "entry": entry,
            "hresult": None if outcome is None else f"0x{outcome.hresult:08X}",
            "result": None if outcome is None else hresult_name(outcome.hresult),
            "error": _error(outcome),
            "changed": {} if outcome is None else {uid: _properties(of) for uid, of in outcome.changed.items()},
            "created": {} if outcome is None else dict(outcome.made),
            "deleted": [] if outcome is None else list(outcome.gone),
            "calls": [_call(each) for report in reports for each in report.trace],
            "wanted": dict(last.wanted) if last else {},
            "misuse": list(last.misuse) if last else [],
            "refused": list(last.refused) if last else [],
        }
    }


def _error(outcome: EntryOutcome | None) -> Any:
    if outcome is None or outcome.error is None:
        return None
    error = outcome.error
    return {
        "message": error.error,
        "component": error.component,
        "low_level": error.low_level,
        "context": error.context,
    }


def _properties(of: Mapping[int, PropertyValue | None]) -> dict[str, Any]:
    return {f"{tag:08X}": None if value is None else property_document(tag, value) for tag, value in of.items()}


def _call(traced: Traced) -> dict[str, Any]:
    return {
        "on": traced.on,
        "method": traced.method,
        "hresult": None if traced.hresult is None else f"0x{traced.hresult:08X}",
        "given": dict(traced.given),
        "got": dict(traced.got),
        "why": traced.why,
    }
