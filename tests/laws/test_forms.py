"""Forms: what is written comes back, what is wrong is told with its place, and an answer fits the type of its tag."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.entry.service.form import Choice, Field, FieldKind, Form, Page, Why, Words
from mapiwright.entry.service.form_reading import SUPPRESSIONS, form_document, form_from, pages_from
from mapiwright.mapi.props.tags import prop_type

TEXT, NUMBER, SMALL, FLAG, SECRET = 0x6600001F, 0x66010003, 0x66020002, 0x6603000B, 0x67F1001F
WORDS = st.dictionaries(
    st.sampled_from(["en", "fr", "de-CH"]), st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1
).map(Words)


@st.composite
def fields(draw: st.DrawFn, name: str) -> Field:
    tag = draw(st.sampled_from([TEXT, NUMBER, SMALL, FLAG, SECRET]))
    numbers = tag in {NUMBER, SMALL}
    choices = draw(st.lists(st.integers(1, 9), max_size=3, unique=True)) if numbers else []
    default: Any = None
    if tag == TEXT:
        default = draw(st.none() | st.text("abc", min_size=1))
    elif tag == FLAG:
        default = draw(st.none() | st.booleans())
    elif numbers:
        default = draw(st.none() | st.sampled_from(choices)) if choices else draw(st.none() | st.integers(0, 9))
    return Field(
        name,
        tag,
        draw(WORDS),
        draw(WORDS),
        default,
        tuple(Choice(value, draw(WORDS)) for value in choices),
        "[abc]+" if tag == TEXT else "",
        draw(WORDS),
        0 if numbers and draw(st.booleans()) else None,
        9 if numbers and draw(st.booleans()) else None,
        draw(st.booleans()),
    )


@st.composite
def forms(draw: st.DrawFn) -> Form:
    number = iter(range(100))
    pages = tuple(
        Page(
            draw(WORDS), tuple(draw(fields(f"f{next(number)}")) for _ in range(draw(st.integers(0, 4)))), draw(WORDS)
        )
        for _ in range(draw(st.integers(1, 3)))
    )
    return Form(pages, {tag: True for tag in SUPPRESSIONS.values() if draw(st.booleans())})


@given(forms())
def test_a_form_is_read_back_from_its_document(form: Form) -> None:
    document = json.loads(json.dumps(form_document(form)))
    read, faults = form_from(document)
    assert faults == ()
    assert read == form


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["title", "fields", "name", "tag", "label", "default", "min", "choices", "value", "odd"]),
            below,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_a_vendor_writes_is_read_or_told(document: Any) -> None:
    pages, faults = pages_from(document)
    assert faults or all(page.title.by_language for page in pages)
    assert all(fault.startswith("pages") for fault in faults)


@given(st.data())
def test_what_has_no_fault_becomes_a_value_of_the_tags_type(data: st.DataObject) -> None:
    asked = data.draw(fields("f"))
    entered = data.draw(st.booleans() | st.text(max_size=12) | st.integers(-(1 << 33), 1 << 33).map(str))
    if asked.fault_of(entered) is None:
        value = asked.value_of(entered)
        wanted = {FieldKind.FLAG: bool, FieldKind.NUMBER: int, FieldKind.CHOICE: int}.get(asked.kind, str)
        assert value is None or type(value) is wanted
        assert value is not None or not asked.required
        least, most = {0x0002: (-0x8000, 0x7FFF)}.get(prop_type(asked.tag), (-(1 << 31), (1 << 31) - 1))
        assert not isinstance(value, int) or least <= value <= most


@pytest.mark.parametrize(
    ("asked", "entered", "why"),
    [
        (Field("f", TEXT, Words.plain("?")), "  ", Why.MISSING),
        (Field("f", TEXT, Words.plain("?"), required=False), "", None),
        (Field("f", TEXT, Words.plain("?"), pattern="a+"), "ab", Why.PATTERN),
        (Field("f", TEXT, Words.plain("?"), pattern="a+"), " aa ", None),
        (Field("f", SECRET, Words.plain("?"), pattern="a+"), " aa ", Why.PATTERN),
        (Field("f", TEXT, Words.plain("?")), "a\x07", Why.TEXT),
        (Field("f", NUMBER, Words.plain("?")), "1e3", Why.NUMBER),
        (Field("f", NUMBER, Words.plain("?")), "\N{ARABIC-INDIC DIGIT ONE}", Why.NUMBER),
        (Field("f", NUMBER, Words.plain("?"), least=1, most=5), "6", Why.RANGE),
        (Field("f", SMALL, Words.plain("?")), "40000", Why.RANGE),
        (Field("f", NUMBER, Words.plain("?"), choices=(Choice(1, Words.plain("one")),)), "2", Why.CHOICE),
        (Field("f", FLAG, Words.plain("?")), "yes", Why.CHOICE),
    ],
)
def test_what_is_no_answer(asked: Field, entered: str, why: Why | None) -> None:
    assert asked.fault_of(entered) == why


GOOD = {"name": "server", "tag": "6600001F", "label": "Server"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": "Server"}, "name"),
        ({"name": None}, "name"),
        ({"tag": "PR_NO_SUCH"}, "tag"),
        ({"tag": "80010003"}, "tag"),
        ({"tag": "66000102"}, "tag"),
        ({"tag": "6700000B"}, "tag"),
        ({"tag": "67F10003"}, "tag"),
        ({"label": ""}, "label"),
        ({"label": {"fr": 1}}, "label"),
        ({"label": {"French language": "x"}}, "label"),
        ({"labl": "x"}, "labl: it is not known; did you mean label?"),
        ({"default": 7}, "default"),
        ({"default": "abc", "pattern": "x"}, "default"),
        ({"pattern": "("}, "pattern"),
        ({"pattern": "x", "tag": "66000003"}, "pattern"),
        ({"min": 1}, "min"),
        ({"min": 5, "max": 1, "tag": "66000003"}, "min"),
        ({"max": 1 << 40, "tag": "66000003"}, "max"),
        ({"required": "no"}, "required"),
        ({"secret": True}, "secret"),
        ({"secret": False, "tag": "67F1001F"}, "secret"),
        ({"default": "x", "tag": "67F1001F"}, "default"),
        ({"choices": []}, "choices"),
        ({"choices": [1]}, "choices[1]"),
        ({"choices": ["a", {"value": "b", "lable": "B"}]}, "choices[2].lable"),
    ],
)
def test_what_is_wrong_with_a_field_is_told_with_its_place(change: dict[str, Any], place: str) -> None:
    assert pages_from([{"title": "T", "fields": [GOOD]}])[1] == ()
    _, faults = pages_from([{"title": "T", "fields": [{**GOOD, **change}]}])
    assert any(fault.startswith(f"pages[1].fields[1].{place}") for fault in faults), faults


@pytest.mark.parametrize(
    "pages", [[], "x", [{}], [{"title": "T", "fields": "x"}], [{"title": "T", "fields": [GOOD, GOOD]}], [7]]
)
def test_what_is_wrong_with_pages_is_told(pages: Any) -> None:
    assert pages_from(pages)[1]
