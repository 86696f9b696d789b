"""Laws of properties as people write them: what is written is what is meant, and a misfit is told without it."""

from __future__ import annotations

from functools import reduce
from operator import or_

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import UsageError
from mapiwright.formats.props import PropertyType, checked
from mapiwright.mapi.props.property_text import any_tag_named, assignment, tag_named, value_in_file, value_of
from mapiwright.mapi.props.tags import FLAG_SYMBOLS

TEXTS = st.text(st.characters(exclude_characters="\0;", exclude_categories=["Cs"]), min_size=1).map(str.strip)


@given(st.sampled_from([0x6600001E, 0x6600001F]), st.text(st.characters(exclude_characters="\0")))
def test_text_is_taken_as_it_is_with_its_equals_signs_and_blanks(tag: int, text: str) -> None:
    assert assignment(f"{tag:08X}={text}") == (tag, text)
    assert value_of(tag, text) == text


@given(st.integers(-(1 << 31), (1 << 32) - 1), st.sampled_from(["{}", "0x{:x}"]))
def test_numbers_are_decimal_or_hex(number: int, form: str) -> None:
    written = form.format(number) if number >= 0 else str(number)
    assert value_of(0x66010003, written) == checked(PropertyType.LONG, number)


@given(st.binary())
def test_bytes_are_hex_digits_with_or_without_blanks(data: bytes) -> None:
    assert value_of(0x66020102, data.hex()) == value_of(0x66020102, data.hex(" ")) == data


@given(st.lists(TEXTS, min_size=1))
def test_several_values_stand_between_semicolons(texts: list[str]) -> None:
    assert value_of(0x6603101F, "; ".join(texts)) == tuple(texts)


@given(st.lists(st.sampled_from(sorted(FLAG_SYMBOLS)), min_size=1), st.integers(0, 0xFFFFFFFF))
def test_numbers_are_written_in_symbols_too(symbols: list[str], rest: int) -> None:
    written = " | ".join([*map(str.swapcase, symbols), hex(rest)])
    expected = reduce(or_, (FLAG_SYMBOLS[symbol] for symbol in symbols), rest)
    assert value_of(0x30090003, written) == checked(PropertyType.LONG, expected)


@given(st.binary())
def test_a_file_holds_the_bytes_of_a_binary(data: bytes) -> None:
    assert value_in_file(0x66020102, data) == data


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), st.sampled_from(["", "\n", "\r\n"]))
def test_a_file_holds_text_with_or_without_its_last_line_end(text: str, end: str) -> None:
    data = (text + end).encode()
    expected = text if end else text.removesuffix("\n")
    assert value_in_file(0x6600001F, data) == expected.removeprefix("\ufeff")


@given(st.lists(TEXTS.filter(lambda text: len(text.splitlines()) == 1), min_size=1))
def test_a_file_holds_a_value_of_several_in_each_line(texts: list[str]) -> None:
    assert value_in_file(0x6603101F, ("\n".join(texts) + "\n").encode("utf-8-sig")) == tuple(texts)


def test_a_file_that_holds_no_such_value_is_told_and_not_repeated() -> None:
    for tag, data in ((0x66010003, b"hunter2"), (0x6600001F, b"hunter2\xff"), (0x66060048, b"hunter2")):
        with pytest.raises(UsageError) as caught:
            value_in_file(tag, data)
        assert f"{tag:08X}" in str(caught.value)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("written", "value"), [("true", True), ("NO", False), ("1", True), (" 0 ", False)])
def test_truth_is_written_in_words_or_as_a_bit(written: str, value: bool) -> None:
    assert value_of(0x6604000B, written) is value


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        (0x66010003, "nine"),
        (0x66010003, str(1 << 32)),
        (0x66050002, "40000"),
        (0x6604000B, "perhaps"),
        (0x66020102, "abc"),
        (0x66060048, "00" * 15),
        (0x66071003, "1;two"),
        (0x6600001F, "hunter2\0"),
    ],
)
def test_what_does_not_fit_is_told_and_not_repeated(tag: int, written: str) -> None:
    with pytest.raises(UsageError) as caught:
        value_of(tag, written)
    assert f"{tag:08X}" in str(caught.value)
    assert written not in str(caught.value)


def test_a_name_or_digits_name_a_tag() -> None:
    assert tag_named("PR_DISPLAY_NAME_W") == tag_named("3001001f") == 0x3001001F
    assert any_tag_named(" 66000000") == 0x66000000, "where any type will do"


@pytest.mark.parametrize("name", ["PR_NO_SUCH_THING", "", "80010003", "66000005", "6600000D"])
def test_what_no_section_holds_has_no_tag_here(name: str) -> None:
    with pytest.raises(UsageError):
        tag_named(name)


def test_an_assignment_needs_its_equals_sign() -> None:
    with pytest.raises(UsageError, match="TAG=VALUE"):
        assignment("6600001E")


@given(st.integers(0, 0xFFFFFFFF), st.text(max_size=20))
def test_nothing_but_a_usage_error_comes_of_what_people_write(number: int, written: str) -> None:
    try:
        tag = tag_named(f"{number:08X}")
        value_of(tag, written)
        value_in_file(tag, written.encode())
    except UsageError:
        pass
