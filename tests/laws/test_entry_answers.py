"""Laws of an entry point's answers: whatever a guest says is judged, in bounded time, and betrays no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mapiwright.entry.child import property_json, sections
from mapiwright.entry.hosts.child_reply import WITHHELD, decide
from mapiwright.entry.hosts.isolation import Ended
from mapiwright.entry.service.contract import Context, EntryFlag, EntryOutcome, EntryRequest, VisibleSection
from mapiwright.entry.service.record import folder_name
from mapiwright.errors import EntryPointError, MapiError, UsageError
from mapiwright.formats.props import PropertyType, checked, encode
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.props.tags import is_secure, prop_type
from mapiwright.workstation.files import fault_of_name

if TYPE_CHECKING:
    from mapiwright.entry.service.contract import Report
    from mapiwright.formats.props import PropertyValue

SERVICE, STORE = "a1" * 16, "b2" * 16
OLD_EXTRAS = bytes.fromhex("d4" * 16)

TEXTS = st.text(st.characters(exclude_characters="\0"), max_size=20)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.integers(-(1 << 65), 1 << 65),
    st.booleans(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.lists(st.integers(-(1 << 33), 1 << 33), max_size=3).map(tuple),
    st.lists(st.text(max_size=5), max_size=3).map(tuple),
    st.lists(st.binary(max_size=5), max_size=3).map(tuple),
)
TAGS = st.one_of(
    st.builds(lambda number, kind: number << 16 | kind, st.integers(0, 0xFFFF), st.sampled_from(PropertyType)),
    st.integers(0, 0xFFFFFFFF),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)),
    max_leaves=12,
)


def request(properties: dict[int, PropertyValue] | None = None) -> EntryRequest:
    return EntryRequest(
        "ACME",
        Context.CONFIGURE,
        EntryFlag.UNICODE,
        "Work",
        (
            VisibleSection(SERVICE, "service", "ACME", {property_json.EXTRA_UIDS: OLD_EXTRAS}),
            VisibleSection(STORE, "provider", "ACME Store", {}),
        ),
        properties or {},
    )


def decided(answers: bytes, made: EntryRequest | None = None, *, log: str = "") -> EntryOutcome | EntryPointError:
    ended = Ended(0, timed_out=False, answers=answers, ready=True, heard=True, complete=True, log=log)
    try:
        return decide(ended, made or request(), where="standin:run of ACME", deadline=1.0)
    except EntryPointError as error:
        return error


def lines(*answers: object) -> bytes:
    return b"".join(json.dumps(answer).encode() + b"\n" for answer in answers)


def check(outcome: EntryOutcome | EntryPointError) -> None:
    """What holds of everything that gets past the judge."""
    if isinstance(outcome, EntryPointError):
        assert outcome.what
        assert outcome.where
        assert outcome.remedy
        return
    assert 0 <= outcome.hresult <= 0xFFFFFFFF
    assert outcome.error is None or isinstance(outcome.error, MapiError)
    for uid, properties in outcome.changed.items():
        assert bytes.fromhex(uid).hex() == uid
        for tag, value in properties.items():
            assert tag >> 16 not in property_json.COMPUTED
            if value is not None:
                checked(prop_type(tag), value)


@given(st.binary(max_size=200))
@example(b"[" * 200_000)
@example(b'{"phase": "done", "hresult": ' + b"9" * 10_000 + b"}\n")
@example(b"\n\n")
def test_any_bytes_are_judged(answers: bytes) -> None:
    check(decided(answers))


@given(st.lists(JSON, max_size=3))
def test_any_json_is_judged(answers: list[Any]) -> None:
    check(decided(lines(*answers)))


@given(
    st.fixed_dictionaries(
        {
            "phase": st.sampled_from(["loaded", "done", "failed", ""]),
            "hresult": st.one_of(st.integers(0, 0xFFFFFFFF), JSON),
            "error": st.one_of(
                st.none(),
                st.fixed_dictionaries(
                    {
                        "error": st.one_of(st.text(), JSON),
                        "component": st.text(),
                        "low_level": st.one_of(st.integers(0, 9), JSON),
                        "context": st.just(0),
                    }
                ),
                JSON,
            ),
            "changed": st.one_of(
                st.dictionaries(
                    st.sampled_from([SERVICE, STORE, "f6" * 16, "F6" * 16, "x"]),
                    st.one_of(
                        st.dictionaries(TAGS, st.one_of(st.none(), VALUES), max_size=3).map(
                            property_json.properties_to_json
                        ),
                        JSON,
                    ),
                    max_size=3,
                ),
                JSON,
            ),
            "during": st.sampled_from(["loading", "call"]),
            "kind": st.one_of(st.text(), JSON),
            "what": st.text(),
            "line": st.text(),
        }
    )
)
def test_any_answer_of_the_right_shape_is_judged(answer: dict[str, Any]) -> None:
    check(decided(lines({"phase": "loaded"}, answer)))


@given(
    st.sampled_from([b"", property_json.READY + b"\n", property_json.READY + b'\n{"phase": "loaded"}\n', b"x"]),
    st.sampled_from(
        [
            b"",
            b'{"phase": "failed", "during": "loading", "kind": "E", "what": "", "line": ""}\n',
            b'{"phase": "failed", "during": "call", "kind": "E", "what": "", "line": ""}\n',
        ]
    ),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
@example(b"", b"", False, False, False)
@example(property_json.READY + b"\n", b"", True, True, True)
def test_only_who_was_heard_to_his_end_says_that_nothing_was_called(
    first: bytes, last: bytes, ready: bool, heard: bool, complete: bool
) -> None:
    ended = Ended(0, timed_out=False, answers=first + last, ready=ready, heard=heard, complete=complete, log="")
    with pytest.raises(EntryPointError) as caught:
        decide(ended, request(), where="standin:run of ACME", deadline=1.0)
    never_ready = not ready and heard
    not_loaded = complete and b'"loading"' in last and b"loaded" not in first and first != b"x"
    assert caught.value.was_called is not (never_ready or not_loaded)
    assert ("was not called" in caught.value.remedy) is not caught.value.was_called


@given(st.dictionaries(TAGS, VALUES, max_size=5))
def test_values_cross_unchanged(properties: dict[int, PropertyValue]) -> None:
    crossed = property_json.properties_from_json(json.loads(json.dumps(property_json.properties_to_json(properties))))
    assert crossed == properties
    assert [type(value) for value in crossed.values()] == [type(value) for value in properties.values()]


@given(TAGS, VALUES)
def test_a_value_that_a_section_may_hold_can_be_stored(tag: int, value: PropertyValue) -> None:
    if property_json.fault_of(tag, value) is None:
        try:
            encode(prop_type(tag), value, pointer=8, code_page="utf-8")
        except UsageError:
            # a PT_STRING8 is stored as a REG_SZ, and a lone surrogate has no form in any code page
            assert prop_type(tag) in {PropertyType.STRING8, PropertyType.MV_STRING8}
            checked(prop_type(tag), value)
        except KeyError:
            pytest.fail("a type that a section may hold has no layout")


@given(st.dictionaries(TAGS, VALUES, max_size=4), st.lists(st.tuples(TAGS, VALUES), max_size=6))
def test_the_changes_of_a_section_take_what_it_was_to_what_it_is(
    before: dict[int, PropertyValue], sets: list[tuple[int, PropertyValue]]
) -> None:
    section = sections.Section(bytes(16), before)
    for tag, value in sets:
        try:
            section[tag] = value
        except ValueError:
            continue
        assert section[tag] == value
        assert len([known for known in section if known >> 16 == tag >> 16]) == 1, "a property is known by its id"
    after = dict(before)
    for tag, change in section.changes().items():
        if change is None:
            del after[tag]
        else:
            after[tag] = change
    assert after == dict(section)


MADE = "c3" * 16


def made_provider(name: object) -> EntryOutcome | EntryPointError:
    return decided(lines({"phase": "done", "hresult": 0, "changed": {MADE: {}}, "made": {MADE: name}}))


@given(JSON.filter(lambda name: not isinstance(name, str)))
def test_a_provider_s_name_that_is_no_text_is_refused(name: object) -> None:
    refused = made_provider(name)
    assert isinstance(refused, EntryPointError)
    assert "it made a provider that is not named by a new MAPIUID" in refused.what


@given(TEXTS)
def test_a_provider_s_name_may_be_any_text(name: str) -> None:
    outcome = made_provider(name)
    assert isinstance(outcome, EntryOutcome)
    assert outcome.made == {MADE: name}


# Secrets

SECRETS = st.one_of(
    st.text("§µØ☃", min_size=4, max_size=12), st.binary(min_size=8, max_size=16), st.integers(10_000_000, 99_999_999)
)
PLACES = st.sampled_from(["", "the password ", "\n"])


def spelled(secret: str | bytes | int, before: str) -> tuple[str, bytes]:
    if isinstance(secret, int):
        return before + str(secret), str(secret).encode()
    if isinstance(secret, str):
        return before + secret, before.encode() + secret.encode("utf-16-le")
    return before + secret.hex(), before.encode() + secret


@given(SECRETS, PLACES, st.integers(0, 7), st.sampled_from([0x67F0, 0x67FC, 0x67FF]))
def test_a_secret_that_passes_is_in_nothing_that_is_shown_or_stored(
    secret: str | bytes | int, before: str, place: int, number: int
) -> None:
    tag = number << 16 | {str: 0x001F, bytes: 0x0102, int: 0x0003}[type(secret)]
    made = request({tag: secret})
    text, data = spelled(secret, before)
    words = ["x"] * 5
    if place < 5:
        words[place] = text
    changed: dict[int, Any] = {0x66010003: 1}
    if place == 5:
        changed[0x6600001F] = text
    if place == 6:
        changed[0x66020102] = data
    if place == 7:
        changed[0x6603101F] = ("a", text)
    error = {"error": words[0], "component": words[1], "low_level": 0, "context": 0}
    done = {
        "phase": "done",
        "hresult": 0,
        "error": error,
        "changed": {SERVICE: property_json.properties_to_json(changed)},
    }
    failed = {"phase": "failed", "during": "call", "kind": words[2], "what": words[3], "line": words[4]}
    for answer in (done, failed):
        outcome = decided(lines(answer), made, log=f"it printed {text}")
        shown = f"{made!r} {outcome!r} {outcome} {vars(outcome) if isinstance(outcome, Exception) else ''}"
        plain = secret.hex() if isinstance(secret, bytes) else str(secret)
        assert plain not in shown
        assert repr(secret) not in shown
        if isinstance(outcome, EntryOutcome):
            assert place < 5, "a plain property with a secret in it was let through"
            assert outcome.error is not None
            assert plain not in outcome.error.error + outcome.error.component
            assert not any(is_secure(tag) for tag in outcome.changed[SERVICE])
        elif answer is done:
            assert place >= 5


@given(SECRETS.filter(lambda secret: not isinstance(secret, int)), PLACES)
def test_bytes_of_a_trace_that_spell_a_secret_are_withheld_and_others_are_shown(
    secret: str | bytes, before: str
) -> None:
    spelling = secret if isinstance(secret, bytes) else secret.encode("utf-16-le")
    told, plain = ({"hex": data.hex()} for data in (before.encode() + spelling, b"plain"))
    call = {"on": "IProfSect#1", "method": "SetProps", "hresult": 0}
    call |= {"given": {"values": {"66020102": told, "66030102": plain}}, "got": {"list": [told, plain]}}
    answers = lines({"phase": "trace", "call": call}, {"phase": "done", "hresult": 0, "changed": {}})
    made = request({0x67F00102 if isinstance(secret, bytes) else 0x67F0001F: secret})
    reports: list[Report] = []
    ended = Ended(0, timed_out=False, answers=answers, ready=True, heard=True, complete=True, log="")
    decide(ended, made, where="standin:run of ACME", deadline=1.0, observe=reports.append)
    ((traced,),) = (report.trace for report in reports)
    assert traced.given == {"values": {"66020102": WITHHELD, "66030102": plain}}
    assert traced.got == {"list": [WITHHELD, plain]}


# Names of records


@given(st.text(max_size=150))
def test_a_service_of_any_name_has_a_folder_that_windows_takes(service: str) -> None:
    name = folder_name(service)
    assert fault_of_name(name) is None
    assert upcase(name) == name


@given(st.text(max_size=120), st.text(max_size=120))
@example("CON", "%CON")
@example("", "%")
@example("a b", "a%20b")
def test_two_services_have_one_folder_only_if_they_have_one_name(one: str, other: str) -> None:
    assert (folder_name(one) == folder_name(other)) == (upcase(one) == upcase(other))
