"""Laws of restrictions: a second, naive reading of the pages agrees; logic holds; nothing hostile gets through."""

from __future__ import annotations

import time
import unicodedata
from contextlib import suppress
from dataclasses import fields, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import CallError, MapiwrightError, UsageError
from mapiwright.mapi.props.codes import hresult_name
from mapiwright.mapi.tables import restriction as res
from mapiwright.mapi.tables.restriction import And, Not, Or, predicate

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.mapi.tables.restriction import Restriction
    from mapiwright.mapi.tables.row import Row

NAME_A, NAME_W, PATH_W = 0x3001001E, 0x3001001F, 0x3E07001F
TYPE, ORDINAL, DEFAULT, BIG = 0x3E030003, 0x300D0003, 0x3D04000B, 0x66000014
UID, KEY = 0x3D0C0102, 0x0FF60102
FILES_A, FILES_W, NUMBERS, BLOBS = 0x3D0F101E, 0x3D0F101F, 0x66011003, 0x66021102

TEXTS = st.sampled_from(("", "a", "A", "ab", "Ab", "b", "é", "e\u0301", "e", "É", "straße", "STRASSE", "Жук"))
DATA = st.sampled_from((b"", b"a", b"A", b"ab", b"\xff", b"\0"))
LONGS = st.sampled_from((0, 1, 5, 33, 0x7FFFFFFF, -0x80000000, 0x80000000, 0xFFFFFFFF, -1))
VALUES: dict[int, st.SearchStrategy[Any]] = {
    0x001E: TEXTS,
    0x001F: TEXTS,
    0x0003: LONGS,
    0x000B: st.booleans(),
    0x0014: st.sampled_from((0, -1, 1 << 40, -(1 << 63))),
    0x0102: DATA,
}


def values_of(kind: int) -> st.SearchStrategy[Any]:
    return st.lists(VALUES[kind & ~0x1000], max_size=3).map(tuple) if kind & 0x1000 else VALUES[kind]


TAGS = (NAME_A, NAME_W, PATH_W, TYPE, ORDINAL, DEFAULT, BIG, UID, KEY, FILES_A, FILES_W, NUMBERS, BLOBS)
STORED = tuple(tag for tag in TAGS if tag not in {NAME_A, FILES_W})  # a row holds a string in one width
ROWS: st.SearchStrategy[Row] = st.fixed_dictionaries({}, optional={tag: values_of(tag & 0xFFFF) for tag in STORED})
RELATIONS = st.integers(0, 5)


def against(tag: int) -> st.SearchStrategy[tuple[int, tuple[int, Any]]]:
    """A property and a constant of its type, or of one of its values; also spelt with MVI_FLAG."""
    kind = tag & 0xFFFF
    if not kind & 0x1000:
        return values_of(kind).map(lambda value: (tag, (tag, value)))
    one = values_of(kind & ~0x1000).map(lambda value: (tag & ~0x1000, value))
    whole = values_of(kind).map(lambda value: (tag, (tag, value)))
    return whole | one.map(lambda prop: (tag, prop)) | one.map(lambda prop: (tag | 0x3000, prop))


COMPARED = st.sampled_from(TAGS).flatmap(against)
SEARCHED = (
    st.sampled_from((NAME_A, NAME_W, UID, FILES_A, FILES_W, BLOBS))
    .flatmap(against)
    .filter(lambda pair: not pair[1][0] & 0x1000)
)
FUZZY = st.builds(
    lambda level, *loose: level | sum(loose),
    st.sampled_from((0, 1, 2)),
    *(st.sampled_from((0, bit)) for bit in (0x10000, 0x20000, 0x40000, 0x80000)),
)
LEAVES: st.SearchStrategy[Restriction] = st.one_of(
    st.builds(lambda relation, pair: res.Property(relation, *pair), RELATIONS, COMPARED),
    st.builds(lambda fuzzy, pair: res.Content(fuzzy, *pair), FUZZY, SEARCHED),
    st.builds(res.CompareProps, RELATIONS, st.just(NAME_A), st.sampled_from((NAME_A, 0x3E07001E))),
    st.builds(res.CompareProps, RELATIONS, st.just(TYPE), st.just(ORDINAL)),
    st.builds(res.BitMask, st.integers(0, 1), st.sampled_from((TYPE, ORDINAL)), st.sampled_from((0, 1, 0x80000000))),
    st.builds(res.Size, RELATIONS, st.sampled_from((*TAGS, 0x30010000)), st.integers(0, 12)),
    st.builds(res.Exist, st.sampled_from((*TAGS, 0x30010000, 0x3001000A, FILES_W | 0x2000))),
)
RESTRICTIONS = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.lists(below, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(below, max_size=3).map(lambda parts: Or(tuple(parts))),
        below.map(Not),
        st.builds(res.Comment, below | st.none()),
    ),
    max_leaves=8,
)


# The naive reading: three-way comparison, list elements one by one, everything looked up anew.


def look_up(row: Row, tag: int) -> Any:
    wide = {0x1E: 0x1F, 0x101E: 0x101F}
    for held, value in row.items():
        kinds = [wide.get(each & 0xFFFF, each & 0xFFFF) for each in (held, tag)]
        if held >> 16 == tag >> 16 and (kinds[0] == kinds[1] or not kinds[1]):
            return value
    return None


def three_way(first: Any, second: Any, kind: int) -> int:
    if kind & 0x1000:
        for one, other in zip_longest(first, second):
            found = -1 if one is None else 1 if other is None else three_way(one, other, kind & ~0x1000)
            if found:
                return found
        return 0
    if kind in {0x1E, 0x1F}:
        first, second = first.casefold(), second.casefold()
    if kind == 0x0003:
        first, second = (
            int.from_bytes((n & 0xFFFFFFFF).to_bytes(4, "big"), "big", signed=True) for n in (first, second)
        )
    return int(first > second) - int(first < second)


def stands(relation: int, order: int) -> bool:
    return (order < 0, order <= 0, order > 0, order >= 0, order == 0, order != 0)[relation]


def plain(content: Any, fuzzy: int) -> Any:
    if isinstance(content, bytes):
        return content
    if fuzzy & 0x50000:
        content = content.casefold()
    if fuzzy & 0x60000:
        content = "".join(c for c in unicodedata.normalize("NFD", content) if unicodedata.category(c) != "Mn")
    return content


def size(value: Any, kind: int) -> int:
    if isinstance(value, tuple):
        return sum(size(part, kind & ~0x1000) for part in value)
    match kind:
        case 0x1E:
            return len(value.encode("utf-16-le")) // 2 + 1
        case 0x1F:
            return len((value + "\0").encode("utf-16-le"))
        case 0x102:
            return len(value)
    return {0x3: 4, 0xB: 2, 0x14: 8}[kind]


def says(restriction: Any, row: Row) -> bool:
    match restriction:
        case And(parts):
            return [says(part, row) for part in parts].count(False) == 0
        case Or(parts):
            return [says(part, row) for part in parts].count(True) > 0
        case Not(part):
            return says(part, row) is False
        case res.Comment(None):
            return True
        case res.Comment(part):
            return says(part, row)
        case res.Property(relation, tag, (kind, constant)):
            value = look_up(row, tag & ~0x2000 if tag & 0x1000 else tag)
            values = [value] if kind & 0x1000 or not tag & 0x1000 else [*(value or ())]
            return value is not None and any(stands(relation, three_way(v, constant, kind & 0xFFFF)) for v in values)
        case res.Content(fuzzy, tag, (_, constant)):
            value = look_up(row, tag & ~0x2000 if tag & 0x1000 else tag)
            values = [] if value is None else [*value] if tag & 0x1000 else [value]
            sought, found = plain(constant, fuzzy), [plain(v, fuzzy) for v in values]
            by_level = (lambda v: v == sought, lambda v: sought in v, lambda v: v[: len(sought)] == sought)
            return any(map(by_level[fuzzy & 3], found))
        case res.CompareProps(relation, tag, other):
            first, second = look_up(row, tag), look_up(row, other)
            return None not in (first, second) and stands(relation, three_way(first, second, tag & 0xFFFF))
        case res.BitMask(test, tag, mask):
            value = look_up(row, tag)
            return value is not None and (value & mask != 0) == (test == 1)
        case res.Size(relation, tag, count):
            value = look_up(row, tag)
            kind = tag & 0xFFFF or next((held & 0xFFFF for held in row if held >> 16 == tag >> 16), 0)
            return value is not None and stands(relation, size(value, kind) - count)
        case res.Exist(tag):
            return look_up(row, tag & ~0x2000 if tag & 0x1000 else tag) is not None
    raise AssertionError(restriction)


@settings(max_examples=5 * settings().max_examples)
@given(LEAVES | RESTRICTIONS, st.lists(ROWS, min_size=4, max_size=9))
def test_a_naive_reading_of_the_pages_agrees(restriction: Restriction, rows: list[Row]) -> None:
    matches = predicate(restriction)
    assert [matches(row) for row in rows] == [says(restriction, row) for row in rows]


@given(st.lists(RESTRICTIONS, max_size=4).map(tuple), ROWS)
def test_de_morgan_holds(parts: tuple[Restriction, ...], row: Row) -> None:
    nots = tuple(map(Not, parts))
    assert predicate(Not(And(parts)))(row) == predicate(Or(nots))(row)
    assert predicate(Not(Or(parts)))(row) == predicate(And(nots))(row)


@given(LEAVES, ROWS)
def test_what_a_row_does_not_have_is_false_and_not_of_it_true(leaf: Restriction, row: Row) -> None:
    names = {getattr(leaf, field.name) >> 16 for field in fields(leaf) if field.name in {"tag", "other"}}
    without = {tag: value for tag, value in row.items() if tag >> 16 not in names}
    assert not predicate(leaf)(without)
    assert predicate(Not(leaf))(without)


@given(COMPARED, ROWS)
def test_six_relations_partition_what_exists(pair: tuple[int, tuple[int, Any]], row: Row) -> None:
    tag, prop = pair
    if tag & 0x1000 and not prop[0] & 0x1000:
        return  # any of several values
    less, at_most, more, at_least, same, other = (predicate(res.Property(n, tag, prop))(row) for n in range(6))
    assert [less, same, more].count(True) == predicate(res.Exist(tag))(row)
    assert (at_most, at_least, other) == (less or same, more or same, less or more)


ODD: list[st.SearchStrategy[Any]] = [st.none(), TEXTS, DATA, LONGS, st.floats(), st.just(()), st.tuples(TEXTS, DATA)]
HOSTILE_ROWS = st.dictionaries(st.sampled_from(TAGS), st.one_of(ODD))


@given(RESTRICTIONS, HOSTILE_ROWS)
def test_values_of_a_wrong_type_are_not_there(restriction: Restriction, row: Row) -> None:
    assert predicate(restriction)(row) in {True, False}


GARBAGE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=3),
    RESTRICTIONS,
    st.lists(st.integers(), max_size=2),
    st.tuples(st.integers(0, (1 << 32) - 1), TEXTS | LONGS | DATA),
)


@given(LEAVES | RESTRICTIONS | st.builds(res.Sub, st.integers(), LEAVES), st.data(), HOSTILE_ROWS)
def test_garbage_raises_our_errors_only(restriction: Restriction, data: st.DataObject, row: Row) -> None:
    broken: Any = restriction
    for field in fields(restriction):
        if data.draw(st.booleans()):
            broken = replace(broken, **{field.name: data.draw(GARBAGE)})
    with suppress(MapiwrightError):
        predicate(broken)(row)


def nested(around: Callable[[Restriction], Restriction], levels: int) -> Restriction:
    restriction: Restriction = res.Exist(NAME_W)
    for _ in range(levels):
        restriction = around(restriction)
    return restriction


AROUND: list[Callable[[Restriction], Restriction]] = [
    Not,
    res.Comment,
    lambda part: res.Sub(0x0E12000D, part),
    lambda part: And((part,)),
    lambda part: Or((part, part)),
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("levels", [res.DEEPEST, 100_000])
def test_a_hostile_nest_is_declined_at_once(around: Callable[[Restriction], Restriction], levels: int) -> None:
    hostile = nested(around, levels)
    began = time.monotonic()
    with pytest.raises(CallError) as caught:
        predicate(hostile)
    assert hresult_name(caught.value.hresult) == "MAPI_E_TOO_COMPLEX"
    assert time.monotonic() - began < 1


def test_the_deepest_and_the_widest_that_are_let_through_are_answered() -> None:
    assert predicate(nested(Not, res.DEEPEST - 1))({}) is True
    widest = Or((res.Exist(TYPE),) * (res.MOST - 1))
    assert predicate(widest)({TYPE: 1}) is True
    with pytest.raises(CallError):
        predicate(Not(widest))


def test_a_cycle_is_declined() -> None:
    ring = Not(res.Exist(TYPE))
    object.__setattr__(ring, "restriction", ring)
    with pytest.raises(CallError):
        predicate(ring)


def test_loose_text_of_many_marks_takes_linear_time() -> None:
    marks = "\u0301\u0323" * 200_000
    began = time.monotonic()
    loosely = res.Content(res.FL_FULLSTRING | res.FL_LOOSE, NAME_W, (NAME_W, "a"))
    assert predicate(loosely)({NAME_W: "a" + marks}) is True
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "declined",
    [
        res.Property(res.Relation.RE, NAME_W, (NAME_W, "a")),
        res.Property(100, NAME_W, (NAME_W, "a")),  # RELOP_MEMBER_OF_DL
        res.Property(res.Relation.EQ, NAME_W, (NAME_A, "a")),  # two types
        res.Property(res.Relation.EQ, NAME_W, (TYPE, 1)),
        res.Property(res.Relation.EQ, NAME_W, (FILES_W, ("a",))),
        res.Property(res.Relation.EQ, FILES_W | 0x2000, (FILES_W, ("a",))),
        res.Property(res.Relation.EQ, 0x3001000A, (0x3001000A, 0)),
        res.Content(3, NAME_W, (NAME_W, "a")),
        res.Content(0, NAME_W, (NAME_A, "a")),
        res.Content(0, TYPE, (TYPE, 1)),
        res.Content(0, FILES_W, (FILES_W, ("a",))),
        res.CompareProps(res.Relation.EQ, NAME_W, NAME_A),
        res.CompareProps(res.Relation.EQ, 0x3001000D, 0x3002000D),
        res.CompareProps(res.Relation.RE, NAME_W, PATH_W),
        res.BitMask(res.BitTest.EQZ, DEFAULT, 1),
        res.BitMask(2, TYPE, 1),
        res.Size(res.Relation.RE, NAME_W, 1),
        res.Size(res.Relation.EQ, 0x3001000D, 1),
        res.Exist(0x0E12000D),
        res.Sub(0x0E12000D, res.Exist(NAME_W)),
        Or((res.Exist(NAME_W), res.Comment(res.Sub(0x0E12000D, res.Exist(NAME_W))))),
    ],
)
def test_what_a_table_may_decline_is_declined_whatever_the_rows(declined: Restriction) -> None:
    with pytest.raises(CallError) as caught:
        predicate(declined)
    assert hresult_name(caught.value.hresult) == "MAPI_E_TOO_COMPLEX"


@pytest.mark.parametrize(
    "senseless",
    [
        None,
        "PR_DISPLAY_NAME",
        And([res.Exist(NAME_W)]),  # type: ignore[arg-type]
        Not(None),  # type: ignore[arg-type]
        res.Property(0, -1, (NAME_W, "a")),
        res.Property(0, NAME_W, (NAME_W, 5)),
        res.Property(0, NAME_W, (NAME_W,)),  # type: ignore[arg-type]
        res.Property(0, FILES_W, (FILES_W, ("a", 5))),  # type: ignore[arg-type]
        res.Content(0, NAME_W, (NAME_W, b"a")),
        res.Size(0, NAME_W, -1),
        res.BitMask(0, TYPE, 1 << 32),
        res.Exist(1 << 32),
    ],
)
def test_what_is_no_restriction_is_an_invalid_parameter(senseless: Any) -> None:
    with pytest.raises(UsageError):
        predicate(senseless)


A_FILE, EACH_FILE, ACCENTS = FILES_W & ~0x1000, FILES_W | 0x2000, "R\u00e9sum\u00e9"


@pytest.mark.parametrize(
    ("restriction", "value", "truth"),
    [
        # [spropertyrestriction]: a list meets one value where any of its values does, under either tag of the list.
        (res.Property(res.Relation.EQ, FILES_W, (A_FILE, "B.DLL")), ("a.dll", "b.dll"), True),
        (res.Property(res.Relation.EQ, EACH_FILE, (A_FILE, "b.dll")), ("a.dll", "b.dll"), True),
        (res.Property(res.Relation.EQ, EACH_FILE, (A_FILE | 0x2000, "b.dll")), ("a.dll", "b.dll"), True),
        (res.Property(res.Relation.NE, FILES_W, (A_FILE, "b.dll")), ("b.dll",), False),
        (res.Property(res.Relation.GT, FILES_W, (A_FILE, "a.dll")), (), False),
        # [imapitable-restrict]: a list meets a list as an ordered tuple.
        (res.Property(res.Relation.EQ, FILES_W, (FILES_W, ("A", "b"))), ("a", "b"), True),
        (res.Property(res.Relation.EQ, FILES_W, (FILES_W, ("b", "a"))), ("a", "b"), False),
        (res.Property(res.Relation.LT, FILES_W, (FILES_W, ("a", "b"))), ("a",), True),
        (res.Content(res.FL_PREFIX, FILES_W, (A_FILE, "b")), ("a.dll", "b.dll"), True),
        # [scontentrestriction]: the three levels, and what each loose flag ignores.
        (res.Content(res.FL_FULLSTRING, NAME_W, (NAME_W, "sum")), "sums", False),
        (res.Content(res.FL_SUBSTRING, NAME_W, (NAME_W, "sum")), ACCENTS, True),
        (res.Content(res.FL_PREFIX, NAME_W, (NAME_W, "sum")), ACCENTS, False),
        (res.Content(res.FL_PREFIX, NAME_W, (NAME_W, "R")), ACCENTS, True),
        (res.Content(res.FL_PREFIX, NAME_W, (NAME_W, "r")), ACCENTS, False),
        (res.Content(res.FL_PREFIX | res.FL_IGNORECASE, NAME_W, (NAME_W, "r\u00c9")), ACCENTS, True),
        (res.Content(res.FL_IGNORECASE, NAME_W, (NAME_W, "resume")), ACCENTS, False),
        (res.Content(res.FL_IGNORENONSPACE, NAME_W, (NAME_W, "Resume")), ACCENTS, True),
        (res.Content(res.FL_IGNORENONSPACE, NAME_W, (NAME_W, "resume")), ACCENTS, False),
        (res.Content(res.FL_LOOSE, NAME_W, (NAME_W, "resume")), ACCENTS, True),
        (res.Content(res.FL_SUBSTRING | res.FL_LOOSE, UID, (UID, b"a")), b"A", False),
        (res.Content(res.FL_SUBSTRING, UID, (UID, b"\xfe")), b"\xff\xfe\xfd", True),
        # Of a property, strings compare as they sort; binaries by their bytes.
        (res.Property(res.Relation.EQ, NAME_A, (NAME_A, "ACME")), "acme", True),
        (res.Property(res.Relation.LT, UID, (UID, b"a")), b"B", True),
    ],
)
def test_the_meanings_that_the_pages_fix(restriction: res.Property | res.Content, value: Any, truth: bool) -> None:
    held = {NAME_A: NAME_W, EACH_FILE: FILES_W}.get(restriction.tag, restriction.tag)
    assert predicate(restriction)({held: value}) is truth


@pytest.mark.parametrize(
    ("tag", "value", "size"),
    [
        (NAME_A, "ab", 3),
        (NAME_W, "ab", 6),
        (0x3001_0000, "ab", 6),
        (DEFAULT, True, 2),
        (TYPE, 1, 4),
        (BIG, 1, 8),
        (UID, b"ab", 2),
        (FILES_A, ("ab", ""), 4),
        (FILES_W, ("ab", ""), 8),
        (NUMBERS, (1, 2), 8),
        (BLOBS, (b"a", b"bc"), 3),
    ],
)
def test_sizes_are_those_of_ulpropsize(tag: int, value: Any, size: int) -> None:
    row = {NAME_W if tag == 0x3001_0000 else tag: value}
    assert predicate(res.Size(res.Relation.EQ, tag, size))(row)
    assert not predicate(res.Size(res.Relation.NE, tag, size))(row)


def test_a_number_is_the_same_with_and_without_its_sign() -> None:
    assert predicate(res.Property(res.Relation.EQ, TYPE, (TYPE, 0x80000000)))({TYPE: -0x80000000})
    assert predicate(res.Property(res.Relation.LT, TYPE, (TYPE, 0)))({TYPE: 0xFFFFFFFF})
    assert predicate(res.BitMask(res.BitTest.NEZ, TYPE, 0x80000000))({TYPE: -1})


def test_a_list_exists_also_as_instances() -> None:
    assert predicate(res.Exist(EACH_FILE))({FILES_W: ("a",)})
    assert not predicate(res.Exist(EACH_FILE))({NAME_W: "a"})


def test_an_error_in_place_of_a_value_is_no_value() -> None:
    assert not predicate(res.Exist(TYPE & 0xFFFF0000))({TYPE & 0xFFFF0000 | 0x000A: 0x8004010F})
