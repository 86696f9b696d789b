"""What a child answered, checked: an outcome whose every value was checked, or an error that says how it ended.

A guest may write anything at all. Nothing of it is used before it is checked against the request, and
nothing is repeated in an error where the request carried a secret.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from mapiwright.entry.child import property_json
from mapiwright.entry.hosts.interpreter import ThisPython, described
from mapiwright.entry.hosts.isolation import ANSWERS, crash_of
from mapiwright.entry.service.contract import (
    NO_REPORT,
    NOT_CALLED,
    NOT_LOADED,
    EntryOutcome,
    Report,
    Result,
    Traced,
    WizardAnswer,
    is_uid,
)
from mapiwright.entry.service.form_reading import pages_from
from mapiwright.entry.service.secrecy import betrays, holds_secrets
from mapiwright.errors import EntryPointError, MapiError, RefusedError
from mapiwright.mapi.props.codes import hresult_name
from mapiwright.mapi.props.tags import PR_RESOURCE_TYPE, ResourceType, is_secure, prop_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.entry.hosts.interpreter import Interpreter
    from mapiwright.entry.hosts.isolation import Ended
    from mapiwright.entry.service.contract import EntryRequest
    from mapiwright.formats.props import PropertyValue

T = TypeVar("T")

WORDS = 2000
"""The most characters of a service's own words that are shown."""
LINES = 12
"""The most lines of what a service printed that an error shows."""
THIS_PYTHON = ThisPython()
WITHHELD = "(withheld, since the call carried a secret)"


class _NonsenseError(Exception):
    """An answer that breaks the protocol; its text repeats nothing of the answer."""


def _mapping(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise _NonsenseError(f"{what} is no object")
    return found


def _hresult(found: Any) -> int:
    if type(found) is not int or not 0 <= found <= 0xFFFFFFFF:
        raise _NonsenseError("its result is no HRESULT")
    return found


def _text(found: Any, request: EntryRequest) -> str:
    if not isinstance(found, str):
        raise _NonsenseError("a text is no text")
    return WITHHELD if betrays(found, request) else _printable(found[:WORDS])


def _printable(text: str) -> str:
    """A text that cannot steer a terminal, and that every encoding takes."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)


def _number(found: Any) -> int:
    if type(found) is not int or not 0 <= found <= 0xFFFFFFFF:
        raise _NonsenseError("a number of its MAPIERROR has more than 32 bits")
    return found


def _mapi_error(found: Any, request: EntryRequest) -> MapiError | None:
    if found is None:
        return None
    error = _mapping(found, "its MAPIERROR")
    return MapiError(
        error=_text(error.get("error"), request),
        component=_text(error.get("component"), request),
        low_level=_number(error.get("low_level")),
        context=_number(error.get("context")),
        notes=_sentences(error.get("notes", []), request),
    )


def _properties(found: Any, request: EntryRequest, *, new: bool = False) -> dict[int, PropertyValue | None]:
    """What a section was set to; a ``new`` provider has its type, too, and of what is MAPI's to set nothing else."""
    properties: dict[int, PropertyValue | None] = {}
    for name, value in property_json.properties_from_json(_mapping(found, "a section")).items():
        if new and prop_id(name) in property_json.COMPUTED:
            if name == PR_RESOURCE_TYPE and value in set(ResourceType):
                properties[name] = value
            continue
        fault = property_json.fault_of(name, value)
        if fault:
            raise _NonsenseError(f"property {name:08X}: {fault}")
        if value is not None and not is_secure(name) and betrays(value, request, stored=True):
            raise _NonsenseError(f"property {name:08X} would hold a secret in plain")
        properties[name] = value
    return properties


def _changed(found: Any, request: EntryRequest, made: dict[str, str]) -> dict[str, dict[int, PropertyValue | None]]:
    changed = {
        uid: _properties(of, request, new=uid in made) for uid, of in _mapping(found, "its list of sections").items()
    }
    own = {section.uid for section in request.sections}
    created = changed.keys() - own
    if created and not own:
        raise _NonsenseError("it set a section where no profile is concerned")
    if not all(is_uid(uid) and uid == uid.lower() for uid in created):
        raise _NonsenseError("it made a section that is not named by a MAPIUID")
    for section in request.sections:
        if section.role == "service" and property_json.EXTRA_UIDS in changed.get(section.uid, {}):
            _check_extras(
                section.properties.get(property_json.EXTRA_UIDS), changed[section.uid], created - made.keys()
            )
    return changed


def _made(found: Any, request: EntryRequest) -> dict[str, str]:
    made = _mapping(found, "its list of providers")
    own = {section.uid for section in request.sections}
    for uid, name in made.items():
        if not is_uid(uid) or uid != uid.lower() or uid in own or not isinstance(name, str):
            raise _NonsenseError("it made a provider that is not named by a new MAPIUID")
    if made and not own:
        raise _NonsenseError("it made a provider where no profile is concerned")
    return made


def _gone(found: Any, request: EntryRequest) -> tuple[str, ...]:
    providers = {section.uid for section in request.sections if section.role == "provider"}
    if not isinstance(found, list) or not all(isinstance(uid, str) and uid in providers for uid in found):
        raise _NonsenseError("it deleted a provider that is not its own")
    return tuple(dict.fromkeys(found))


def _check_extras(old: object, new: dict[int, PropertyValue | None], created: set[str]) -> None:
    """A service adds the sections that it made to PR_SERVICE_EXTRA_UIDS; it takes none over, and drops none."""
    before, after = (
        {value[at : at + 16].hex() for at in range(0, len(value), 16)} if isinstance(value, bytes) else set()
        for value in (old, new[property_json.EXTRA_UIDS])
    )
    if before - after or after - before - created:
        raise _NonsenseError("PR_SERVICE_EXTRA_UIDS names a section that is not its own, or leaves one out")


def _lines(ended: Ended) -> list[dict[str, Any]]:
    """The answers; the last one may be cut off where the child ended before it had said all."""
    if ended.answers is None:
        raise _NonsenseError(f"it answered with more than {ANSWERS} bytes")
    whole = ended.answers.splitlines() if ended.complete else ended.answers.splitlines(keepends=True)
    try:
        return [_mapping(json.loads(line), "an answer") for line in whole if ended.complete or line.endswith(b"\n")]
    except (ValueError, RecursionError) as error:
        raise _NonsenseError("its answer is no JSON") from error


def _sentences(found: Any, request: EntryRequest) -> tuple[str, ...]:
    if not isinstance(found, list):
        raise _NonsenseError("a list of findings is no list")
    return tuple(_text(each, request) for each in found)


def _shown(found: Any, request: EntryRequest) -> Any:
    """A JSON value of a trace with its texts fit to be printed; one that spells a secret is withheld."""
    if isinstance(found, str):
        return _text(found, request)
    if isinstance(found, list):
        return [_shown(each, request) for each in found]
    if isinstance(found, dict):
        if found.keys() == {"hex"} and isinstance(found["hex"], str):
            return WITHHELD if betrays(bytes.fromhex(found["hex"]), request) else found
        return {_printable(name): _shown(each, request) for name, each in found.items()}
    return WITHHELD if found is not None and not isinstance(found, bool) and betrays(found, request) else found


def _traced(found: Any, request: EntryRequest) -> Traced:
    call = _mapping(found, "a call")
    hresult = call.get("hresult")
    return Traced(
        _text(call.get("on"), request),
        _text(call.get("method"), request),
        None if hresult is None else _hresult(hresult),
        _mapping(_shown(call.get("given"), request), "what a call was given"),
        _mapping(_shown(call.get("got"), request), "what a call gave"),
        _text(call.get("why", ""), request),
    )


def _report(lines: list[dict[str, Any]], request: EntryRequest) -> Report:
    """How the service behaved; what is reported last is missing where it did not come to its end."""
    reported = _mapping(lines[-1].get("report", {}) if lines else {}, "its report")
    wanted = _mapping(reported.get("wanted", {}), "what it wanted")
    return Report(
        tuple(_traced(each.get("call"), request) for each in lines if each.get("phase") == "trace"),
        {_text(name, request): _number(count) for name, count in wanted.items()},
        _sentences(reported.get("misuse", []), request),
        _sentences(reported.get("doubt", []), request),
        tuple(uid for uid in _sentences(reported.get("refused", []), request) if is_uid(uid)),
    )


def _status(ended: Ended, lines: list[dict[str, Any]]) -> int:
    """The exit status; where it was truncated on the way, the watcher of the child has reported it whole."""
    reported = next((each.get("status") for each in lines if each.get("phase") == "ended"), None)
    return reported if type(reported) is int else ended.status


def _end_of(ended: Ended, lines: list[dict[str, Any]], deadline: float) -> tuple[str, int]:
    """The sentence and the HRESULT for a child that was ready and gave no last answer."""
    status = _status(ended, lines)
    when = "in the call" if _is_loaded(lines) else "while it was loaded"
    if ended.timed_out:
        return f"did not finish within {deadline:g} s and was ended {when}", Result.MAPI_E_TIMEOUT
    crash = crash_of(status)
    if crash:
        return f"crashed {when}: {crash}", Result.MAPI_E_CALL_FAILED
    return f"ended {when} without a result (exit status {status})", Result.MAPI_E_CALL_FAILED


def _is_loaded(lines: list[dict[str, Any]]) -> bool:
    """Whether the entry point was found; it is called next."""
    return any(each.get("phase") == "loaded" for each in lines)


def _exception(last: dict[str, Any], request: EntryRequest) -> str:
    kind, line, what = (_text(last.get(name), request) for name in ("kind", "line", "what"))
    place = f" ({line})" if line else ""
    when = " while it was loaded" if last.get("during") == "loading" else ""
    words = f": {WITHHELD if holds_secrets(request) else what}" if what else ""
    if not kind:
        return what
    if kind == "SystemExit":
        return f"ended itself by sys.exit(){when}{place}, which is no result"
    return f"raised {kind}{when}{place}{words}"


def _ignored(report: Report) -> None:
    """Nobody wants to know."""


def decide(
    ended: Ended,
    request: EntryRequest,
    *,
    where: str,
    deadline: float,
    interpreter: Interpreter = THIS_PYTHON,
    observe: Callable[[Report], None] = _ignored,
) -> EntryOutcome:
    """The outcome of a call, from how its child ended; raises EntryPointError where there is none.

    ``interpreter`` is what ran the child, and is blamed where it did not come so far as to touch the service.
    ``observe`` gets how the service behaved, as far as that is known, before either.
    """
    log = _log(ended, request)

    def read(last: dict[str, Any], lines: list[dict[str, Any]]) -> EntryOutcome | None:
        report = _report(lines, request)
        if report != NO_REPORT:
            observe(report)
        if last.get("phase") != "done":
            return None
        made = _made(last.get("made", {}), request)
        return EntryOutcome(
            hresult=_hresult(last.get("hresult")),
            error=_mapi_error(last.get("error"), request),
            changed=_changed(last.get("changed"), request, made),
            made=made,
            gone=_gone(last.get("gone", []), request),
            log=log,
        )

    return _decided(ended, request, read, where=where, deadline=deadline, interpreter=interpreter)


def pages_from_reply(ended: Ended, request: EntryRequest, *, where: str, deadline: float) -> WizardAnswer:
    """What a wizard entry answered, its properties checked.

    Raises RefusedError with the service's own words where it rejects the input, EntryPointError without an answer.
    """

    def read(last: dict[str, Any], lines: list[dict[str, Any]]) -> WizardAnswer | None:
        del lines
        if last.get("phase") == "refused":
            raise RefusedError(_text(last.get("words"), request), where=where)
        if last.get("phase") != "pages":
            return None
        pages, faults = pages_from(last.get("pages")) if last.get("pages") != [] else ((), ())
        if faults:
            raise _NonsenseError(_text(faults[0], request))
        found = _properties(last.get("properties"), request)
        return WizardAnswer(pages, {tag: value for tag, value in found.items() if value is not None})

    return _decided(ended, request, read, where=where, deadline=deadline)


def _log(ended: Ended, request: EntryRequest) -> str:
    if holds_secrets(request):
        return ""
    return _printable("\n".join(ended.log.strip()[-WORDS:].splitlines()[-LINES:]))


def _decided(
    ended: Ended,
    request: EntryRequest,
    read: Callable[[dict[str, Any], list[dict[str, Any]]], T | None],
    *,
    where: str,
    deadline: float,
    interpreter: Interpreter = THIS_PYTHON,
) -> T:
    """What ``read`` returns for the last answer and all of them; if None, raises how the child ended."""
    log = _log(ended, request)
    printed = f" It had printed:\n{log}" if log else ""
    if not ended.ready and ended.heard:
        raise _not_ready(ended, interpreter, printed)
    kept = "Nothing that it set was kept."
    was_called = True
    try:
        lines = _lines(ended)
        last = lines[-1] if ended.complete and lines else {}
        found = read(last, lines)
        if found is not None:
            return found
        loaded = _is_loaded(lines)
        # A guest can lose the child's channel, so only the child's own last word says that nothing was called.
        was_called = loaded or last.get("phase") != "failed" or last.get("during") != "loading"
        if not loaded:
            kept += " Whether the entry point was called is not known."
        if last.get("phase") == "failed":
            what, hresult = _exception(last, request), int(Result.MAPI_E_CALL_FAILED)
        else:
            what, hresult = _end_of(ended, lines, deadline)
    except (_NonsenseError, ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _NonsenseError) else "a value is not one that the protocol has"
        what, hresult = f"gave an answer that cannot be used: {reason}", int(Result.MAPI_E_CORRUPT_DATA)
    raise EntryPointError(
        f"the service {what}; {hresult_name(hresult)}",
        hresult=hresult,
        where=where,
        remedy=(kept if was_called else NOT_CALLED) + f" Show this to the vendor of the service.{printed}",
        was_called=was_called,
    )


def _not_ready(ended: Ended, interpreter: Interpreter, printed: str) -> EntryPointError:
    """The error for a child that ended before it touched the service, which is no fault of the service's."""
    try:
        status = _status(ended, _lines(ended))
    except _NonsenseError:  # it was no child of ours that spoke
        status = ended.status
    crash = crash_of(status)
    hresult = Result.MAPI_E_CALL_FAILED
    if ended.timed_out:
        how, hresult = f"was not ready within {interpreter.start_seconds:g} s and was ended", Result.MAPI_E_TIMEOUT
    elif crash:
        how = f"crashed before it was ready: {crash}"
    else:
        how = f"ended before it was ready (exit status {status})"
    return EntryPointError(
        f"{described(interpreter)} {how}; {hresult_name(hresult)}",
        hresult=hresult,
        where=interpreter.name or sys.executable,
        remedy=f"{NOT_LOADED} Run it again; where it ends so again, free memory, or try that Python by hand."
        f"{printed}",
        was_called=False,
    )
