"""Laws of property values in MAPISVC.INF: what is written is read back; any text is a value or a fault."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import UsageError
from mapiwright.formats import inf
from mapiwright.mapi.inf.rules import INF_RULES
from mapiwright.mapi.inf.value import ValueFault, is_tolerated, read_value, write_value
from mapiwright.mapi.props import tags

if TYPE_CHECKING:
    from mapiwright.formats.props import PropertyValue

WORDS = st.text(st.sampled_from("ab c.\"'é"), min_size=1, max_size=6).filter(lambda word: word == word.strip())
LONGS = st.integers(-(1 << 31), (1 << 31) - 1)
PROPERTIES: st.SearchStrategy[tuple[int, PropertyValue]] = st.one_of(
    st.tuples(st.just(0x66000002), st.integers(-(1 << 15), (1 << 15) - 1)),
    st.tuples(st.sampled_from([0x66000003, tags.PR_RESOURCE_FLAGS, tags.PR_RESOURCE_TYPE]), LONGS),
    st.tuples(st.sampled_from([tags.PR_RESOURCE_FLAGS, tags.PR_RESOURCE_TYPE]), st.integers(0, 0x3FFF)),
    st.tuples(st.just(0x6600000B), st.booleans()),
    st.tuples(st.just(0x66000014), st.integers(-(1 << 63), (1 << 63) - 1)),
    st.tuples(st.just(0x66000040), st.integers(0, (1 << 64) - 1)),
    st.tuples(st.just(0x66000048), st.binary(min_size=16, max_size=16)),
    st.tuples(st.just(0x66000102), st.binary(max_size=20)),
    st.tuples(st.sampled_from([0x6600001E, 0x6600001F]), st.text(st.sampled_from("ab c.\"';=é"), max_size=6)),
    st.tuples(st.sampled_from([0x6600101E, 0x6600101F]), st.lists(WORDS, max_size=3).map(tuple)),
    st.tuples(st.just(0x66001003), st.lists(LONGS, max_size=3).map(tuple)),
    st.tuples(st.just(0x66001102), st.lists(st.binary(min_size=1, max_size=4), max_size=3).map(tuple)),
)


@given(PROPERTIES, st.sampled_from(["SERVICE_", "STATUS_"]))
def test_what_is_written_is_read_back(given_property: tuple[int, PropertyValue], prefix: str) -> None:
    tag, value = given_property
    line = inf.entry_text(f"{tag:08X}", write_value(tag, value, prefix))
    entry = inf.parse(codecs.BOM_UTF8 + f"[s]\r\n{line}\r\n".encode()).sections[0].entries[0]
    assert read_value(tag, entry.value) == value
    assert not is_tolerated(tag, entry.value)


@given(st.integers(0, 0xFFFFFFFF), st.text(max_size=12) | st.text(st.sampled_from("0123fF|,{}-"), max_size=40))
def test_any_text_is_a_value_or_a_fault_with_a_rule(tag: int, text: str) -> None:
    read = read_value(tag, text)
    if isinstance(read, ValueFault):
        assert read.id in INF_RULES
        assert read.what


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [
        # [property-entries-in-mapisvc-inf-message-service-sections] and the constants of EdkMdb.h
        (0x66000003, "01050000", 0x501),
        (0x66000003, "00040000", 0x400),
        (0x660A0003, "03000000", 3),
        (0x66090003, "0C000000", 0x0C),
        (0x66090003, "00000080", -0x80000000),
        (0x34140102, "5494A1c0", bytes.fromhex("5494a1c0")),
        (tags.PR_RESOURCE_FLAGS, "SERVICE_SINGLE_COPY | SERVICE_NO_PRIMARY_IDENTITY", 0x22),
        (tags.PR_RESOURCE_FLAGS, "status_primary_identity|STATUS_DEFAULT_STORE", 6),
        (tags.PR_RESOURCE_FLAGS, "HOOK_INBOUND\t|HOOK_OUTBOUND", 0x600),
        (tags.PR_RESOURCE_TYPE, "MAPI_HOOK_PROVIDER", 40),
        (tags.PR_SERVICE_SUPPORT_FILES, "AB.DLL,  MYXXX.DLL ,", ("AB.DLL", "MYXXX.DLL")),
        (0x6600001E, "C:\\a, b;c=d", "C:\\a, b;c=d"),
        (0x6600000B, "1", True),
        (0x6600000B, "false", False),
        (0x6600000B, "0100", True),
        (0x6600000B, "00000000", False),
        (0x66000048, "{00020385-0000-0000-C000-000000000046}", bytes.fromhex("8503020000000000C000000000000046")),
        (0x66000003, "7", 7),
        (0x66000003, "-1", -1),
        (0x66000003, "4294967295", -1),
        (0x66000003, "", 0),
    ],
)
def test_the_syntaxes_of_the_documents_and_of_real_files(tag: int, text: str, value: PropertyValue) -> None:
    assert read_value(tag, text) == value


@pytest.mark.parametrize(
    ("tag", "text", "rule"),
    [
        (0x66000003, "0600000", "MW1040"),
        (0x66000003, "0A", "MW1041"),
        (0x66000003, "9999999999", "MW1041"),
        (0x66000003, "SERVICE_PRIMARY", "MW1042"),
        (0x66000003, "SERVICE_SINGLE_COPY,SERVICE_PRIMARY_IDENTITY", "MW1042"),
        (0x66000014, "06000000", "MW1041"),
        (0x66000102, "abc", "MW1040"),
        (0x66000102, "wxyz", "MW1041"),
        (0x66000048, "00", "MW1041"),
        (0x6600000B, "YES", "MW1041"),
        (0x66001102, "00,0", "MW1040"),
        (0x66000005, "00", "MW1047"),
        (0x66001048, "00", "MW1047"),
    ],
)
def test_what_is_no_value_breaks_a_rule(tag: int, text: str, rule: str) -> None:
    read = read_value(tag, text)
    assert isinstance(read, ValueFault)
    assert read.id == rule


@pytest.mark.parametrize(("tag", "value"), [(0x6600101F, ("a,b",)), (0x6600101F, (" a",)), (0x66000005, 1)])
def test_a_value_that_no_text_spells_is_refused(tag: int, value: PropertyValue) -> None:
    with pytest.raises(UsageError):
        write_value(tag, value, "STATUS_")


def test_flags_are_written_as_the_symbols_of_their_level() -> None:
    assert write_value(tags.PR_RESOURCE_FLAGS, 0x22, "SERVICE_") == "SERVICE_SINGLE_COPY|SERVICE_NO_PRIMARY_IDENTITY"
    assert write_value(tags.PR_RESOURCE_FLAGS, 0x22, "STATUS_") == "STATUS_DEFAULT_STORE|STATUS_NO_PRIMARY_IDENTITY"
    assert write_value(tags.PR_RESOURCE_FLAGS, 0x10000, "STATUS_") == "00000100"
    assert write_value(tags.PR_RESOURCE_TYPE, 33, "STATUS_") == "MAPI_STORE_PROVIDER"
