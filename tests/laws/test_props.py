"""Laws of property values: what is encoded decodes, in both widths; what Outlook wrote comes back byte for byte."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import FormatError, UsageError
from mapiwright.formats.props import OFFSET_TABLES, PropertyType, checked, decode, encode, pointer_of
from mapiwright.formats.uid import MapiUid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.formats.props import PropertyValue
    from mapiwright.workstation.registry import Key

T = PropertyType
TEXT = st.text(st.characters(exclude_characters="\0"), max_size=12)
ANSI = st.binary(max_size=12).map(lambda data: data.replace(b"\0", b"").decode("cp1252", "surrogateescape"))
LONG = st.integers(-(1 << 31), (1 << 31) - 1)
VALUES: dict[PropertyType, st.SearchStrategy[PropertyValue]] = {
    T.I2: st.integers(-(1 << 15), (1 << 15) - 1),
    T.LONG: LONG,
    T.I8: st.integers(-(1 << 63), (1 << 63) - 1),
    T.SYSTIME: st.integers(0, (1 << 64) - 1),
    T.BOOLEAN: st.booleans(),
    T.CLSID: st.binary(min_size=16, max_size=16),
    T.BINARY: st.binary(max_size=40),
    T.UNICODE: TEXT,
    T.MV_LONG: st.lists(LONG, max_size=5).map(tuple),
    T.MV_STRING8: st.lists(ANSI, max_size=5).map(tuple),
    T.MV_UNICODE: st.lists(TEXT, max_size=5).map(tuple),
    T.MV_BINARY: st.lists(st.binary(max_size=9), max_size=5).map(tuple),
}
TYPED = st.sampled_from(sorted(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind]))
WIDTH = st.sampled_from((4, 8))


@given(TYPED, WIDTH)
def test_what_is_encoded_decodes(typed: tuple[PropertyType, PropertyValue], pointer: int) -> None:
    kind, value = typed
    assert decode(kind, encode(kind, value, pointer=pointer)) == value


@given(TYPED, WIDTH)
def test_the_bytes_tell_the_width_that_wrote_them(typed: tuple[PropertyType, PropertyValue], pointer: int) -> None:
    kind, value = typed
    told = pointer_of(kind, encode(kind, value, pointer=pointer))
    assert told == (pointer if kind in OFFSET_TABLES and value else None)


@pytest.mark.parametrize("name", ["o2010-x64", "o2016-x64"])
def test_every_value_that_outlook_wrote_comes_back_byte_for_byte(
    real_profiles: Callable[[str], Key], name: str
) -> None:
    def properties(key: Key) -> Iterator[tuple[int, bytes]]:
        for value_name, value in key.values.items():
            if re.fullmatch(r"[0-9a-f]{8}", value_name) and value_name[:4] != "001e":
                yield int(value_name[:4], 16), value.data
        for below in key.keys.values():
            yield from properties(below)

    found = list(properties(real_profiles(name)))
    tables = [data for kind, data in found if kind in OFFSET_TABLES]
    assert len(found) > 60
    assert len(tables) >= 9
    for kind, data in found:
        assert encode(kind, decode(kind, data), pointer=8) == data
    assert {pointer_of(kind, data) for kind, data in found if kind in OFFSET_TABLES} == {8}


@pytest.mark.parametrize(
    ("pointer", "stored"),
    [(4, "01000000 08000000 636f6e7461622e646c6c00"), (8, "01000000 0c00000000000000 636f6e7461622e646c6c00")],
)
def test_the_list_of_files_of_the_contacts_service(pointer: int, stored: str) -> None:
    assert encode(T.MV_STRING8, ("contab.dll",), pointer=pointer) == bytes.fromhex(stored)
    assert decode(T.MV_STRING8, bytes.fromhex(stored)) == ("contab.dll",)


def test_blobs_are_padded_to_four_bytes_and_empty_ones_repeat_the_offset() -> None:
    x86 = "02000000 05000000 14000000 00000000 1c000000 0102030405000000"
    x64 = "02000000 0500000000000000 2400000000000000 0000000000000000 2c00000000000000 0102030405000000"
    for pointer, stored in ((4, x86), (8, x64)):
        assert encode(T.MV_BINARY, (b"\1\2\3\4\5", b""), pointer=pointer) == bytes.fromhex(stored)
        assert decode(T.MV_BINARY, bytes.fromhex(stored)) == (b"\1\2\3\4\5", b"")


def test_the_hole_in_a_64_bit_table_may_hold_anything() -> None:
    clean = encode(T.MV_BINARY, (b"abcd",), pointer=8)
    dirty = clean[:8] + b"\xde\xad\xbe\xef" + clean[12:]
    assert decode(T.MV_BINARY, dirty) == (b"abcd",)


def fault_of(kind: int, data: bytes) -> FormatError | None:
    try:
        decode(kind, data, "cp932")
    except FormatError as error:
        return error
    return None


@given(st.sampled_from(sorted(VALUES)), st.binary(max_size=64))
def test_garbage_is_a_value_or_a_fault_at_an_offset(kind: PropertyType, data: bytes) -> None:
    fault = fault_of(kind, data)
    assert fault is None or re.fullmatch(r"offset \d+", fault.where)


@given(st.sampled_from(sorted(VALUES)))
def test_a_fault_does_not_tell_what_the_data_says(kind: PropertyType) -> None:
    fault = fault_of(kind, b"\x09\0\0\0hunter2 hunter2 hunter2")
    assert "hunter" not in str(fault)
    assert b"hunter".hex() not in str(fault)


@given(TYPED, WIDTH, st.data())
def test_damaged_values_are_told_or_read_but_never_crash(
    typed: tuple[PropertyType, PropertyValue], pointer: int, data: st.DataObject
) -> None:
    kind, value = typed
    stored = bytearray(encode(kind, value, pointer=pointer))
    if stored:
        stored[data.draw(st.integers(0, len(stored) - 1))] = data.draw(st.integers(0, 255))
    fault = fault_of(kind, bytes(stored[: data.draw(st.integers(0, len(stored)))]))
    assert fault is None or fault.where.startswith("offset ")


def test_overlapping_elements_cannot_make_the_value_grow() -> None:
    count = 20_000
    table = b"".join((4 + 4 * count).to_bytes(4, "little") for _ in range(count))
    bomb = count.to_bytes(4, "little") + table + b"x" * 200_000 + b"\0"
    before = time.process_time()
    with pytest.raises(FormatError):
        decode(T.MV_STRING8, bomb)
    blobs = b"".join((200_000).to_bytes(4, "little") + (4 + 8 * count).to_bytes(4, "little") for _ in range(count))
    with pytest.raises(FormatError):
        decode(T.MV_BINARY, count.to_bytes(4, "little") + blobs + b"x" * 200_000)
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("kind", "data", "where"),
    [
        (T.LONG, "010000", "offset 3"),
        (T.LONG, "0100000000", "offset 4"),
        (T.BOOLEAN, "01000000", "offset 2"),
        (T.CLSID, "00", "offset 1"),
        (T.UNICODE, "410042", "offset 2"),
        (T.MV_LONG, "0100000002", "offset 4"),
        (T.MV_STRING8, "0100", "offset 2"),
        (T.MV_STRING8, "01000000 09000000 6100", "offset 4"),
        (T.MV_STRING8, "01000000 08000000 61", "offset 4"),
        (T.MV_UNICODE, "01000000 08000000 610000", "offset 4"),
        (T.MV_BINARY, "01000000 05000000 0c000000 61626364", "offset 4"),
        (T.MV_BINARY, "02000000 01000000 14000000", "offset 12"),
        (T.DOUBLE, "0000000000000000", "offset 0"),
        (0x7777, "", "offset 0"),
    ],
)
def test_what_is_wrong_is_told_by_its_offset(kind: int, data: str, where: str) -> None:
    with pytest.raises(FormatError) as told:
        decode(kind, bytes.fromhex(data))
    assert told.value.where == where


def test_a_wide_string_may_lack_its_terminator_and_hold_any_unit() -> None:
    assert decode(T.UNICODE, "abc".encode("utf-16-le")) == "abc"
    assert decode(T.UNICODE, b"") == ""
    assert decode(T.UNICODE, b"\x00\xd8") == "\ud800"
    assert decode(T.MV_UNICODE, encode(T.MV_UNICODE, ("\u0100\u0001", "b"), pointer=4)) == ("\u0100\u0001", "b")


def test_an_empty_list_has_no_width() -> None:
    for kind in OFFSET_TABLES:
        assert encode(kind, (), pointer=8) == bytes(4)
        assert decode(kind, bytes(4)) == ()
        assert pointer_of(kind, bytes(4)) is None


def test_ansi_strings_are_those_of_the_code_page_and_unknown_bytes_survive() -> None:
    stored = encode(T.MV_STRING8, ("Жук",), pointer=4, code_page="cp1251")
    assert stored.endswith(b"\xc6\xf3\xea\0")
    strange = encode(T.MV_STRING8, ("ab",), pointer=4).replace(b"ab", b"\x81\x8d")
    assert encode(T.MV_STRING8, decode(T.MV_STRING8, strange, "cp1252"), pointer=4) == strange
    with pytest.raises(UsageError, match=r"U\+0416 has no form in the code page cp1252"):
        encode(T.MV_STRING8, ("Жук",), pointer=4, code_page="cp1252")


ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1601, 1, 3), timezones=ZONES))  # noqa: DTZ001 - the zones come with it
def test_a_time_of_any_zone_is_stored_to_its_microsecond(time: datetime) -> None:
    ticks = checked(T.SYSTIME, time)
    assert isinstance(ticks, int)
    assert datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10) == time
    assert encode(T.SYSTIME, time, pointer=8) == ticks.to_bytes(8, "little")


def test_the_time_of_the_epoch_is_the_filetime_that_microsoft_tells() -> None:
    assert checked(T.SYSTIME, datetime(1970, 1, 1, tzinfo=UTC)) == 116_444_736_000_000_000


def test_a_time_that_says_no_zone_is_refused_with_the_remedy() -> None:
    with pytest.raises(UsageError, match=r"without a time zone[^\0]*datetime\.now\(UTC\)"):
        checked(T.SYSTIME, datetime(2026, 1, 2))  # noqa: DTZ001 - which is the fault


@given(st.binary(min_size=16, max_size=16))
def test_a_uid_is_stored_as_its_bytes(data: bytes) -> None:
    assert (checked(T.BINARY, MapiUid(data)), checked(T.CLSID, MapiUid(data))) == (data, data)
    assert checked(T.UNICODE, MapiUid(data)) == data.hex()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (T.SYSTIME, datetime(1600, 12, 31, tzinfo=UTC)),
        (T.I8, datetime(2026, 1, 1, tzinfo=UTC)),
        (T.SYSTIME, "2026-01-01"),
        (T.LONG, 1 << 32),
        (T.LONG, "1"),
        (T.I2, 1 << 15),
        (T.I8, 1 << 63),
        (T.SYSTIME, -1),
        (T.BOOLEAN, "yes"),
        (T.UNICODE, "a\0b"),
        (T.UNICODE, b"ab"),
        (T.CLSID, b"short"),
        (T.BINARY, "text"),
        (T.MV_LONG, (1, "2")),
        (T.MV_LONG, (1 << 32,)),
        (T.MV_STRING8, (b"a",)),
        (T.MV_UNICODE, ("a\0",)),
        (T.MV_BINARY, ("a",)),
        (T.MV_BINARY, b"a"),
        (T.OBJECT, b""),
        (0x7777, b""),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_and_not_repeated(kind: int, value: PropertyValue) -> None:
    with pytest.raises(UsageError) as told:
        checked(kind, value)
    assert "cannot be stored as" in str(told.value)


def test_a_long_is_the_same_four_bytes_with_or_without_sign() -> None:
    assert checked(T.LONG, 0x80000000) == -0x80000000
    assert encode(T.LONG, 0x80000000, pointer=4) == bytes.fromhex("00000080")
    assert checked(T.MV_LONG, (0xFFFFFFFF,)) == (-1,)
    assert checked(T.BOOLEAN, 1) is True
    assert checked(T.STRING8, "x") == "x"
