"""Names compare as Windows compares them: by its own table, unit by unit."""

from __future__ import annotations

import struct
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.formats.regf.upcase import upcase, upcased_units

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

any_text = st.text(st.characters(exclude_categories=()))


@given(any_text)
def test_upcase_keeps_the_number_of_units_and_is_done_once(text: str) -> None:
    assert len(upcased_units(text)) == len(text.encode("utf-16-le", "surrogatepass"))
    assert upcase(upcase(text)) == upcase(text)


@given(any_text, any_text)
def test_a_text_is_upcased_unit_by_unit(left: str, right: str) -> None:
    assert upcase(left + right) == upcase(left) + upcase(right)


@pytest.mark.parametrize(
    ("text", "upper"),
    [
        ("outlook.Ini", "OUTLOOK.INI"),
        ("zürich", "ZÜRICH"),
        ("Straße", "STRAßE"),  # str.upper: STRASSE
        ("µ", "µ"),  # str.upper: U+039C
        ("\u0131 \u017f", "\u0131 \u017f"),  # str.upper: I S
        ("ŉ ǰ ﬁ", "ŉ ǰ ﬁ"),  # str.upper: two letters each
        ("ÿ", "Ÿ"),
        ("жук ǆ", "ЖУК Ǆ"),
        ("\U00010428", "\U00010428"),  # a pair of surrogates; str.upper: U+10400
    ],
)
def test_the_table_is_that_of_windows(text: str, upper: str) -> None:
    assert upcase(text) == upper


def test_names_are_ordered_by_units_and_not_by_code_points() -> None:
    assert upcased_units("\U0001f600") < upcased_units("\uff21")


def test_the_table_is_the_one_that_mkntfs_puts_on_a_volume(witness: Callable[[str], str], tmp_path: Path) -> None:
    program = witness("mkntfs")
    volume = tmp_path / "volume"
    with volume.open("wb") as file:
        file.truncate(4 << 20)
    subprocess.run([program, "--fast", "--force", "--quiet", volume], check=True, capture_output=True)
    data = volume.read_bytes()
    at = data.index(struct.pack("<97H", *range(97)))
    table = struct.unpack_from("<65536H", data, at)
    assert [chr(unit) for unit in table] == [upcase(chr(unit)) for unit in range(0x10000)]
