"""A word in a hint comes back from the shell as it was."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.formats.command_line import quoted


@given(st.text(st.characters(exclude_characters="\\\r\0", exclude_categories=["Cs"])))
def test_sh_takes_every_word_back(word: str) -> None:
    assert shlex.split(quoted(word)) == [word]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("image:C:\\pc", "image:C:\\pc"),
        ("Bo Ek", '"Bo Ek"'),
        ("image:C:\\Acme & Co", '"image:C:\\Acme & Co"'),
        ("", '""'),
        ("a$HOME", "'a$HOME'"),
    ],
)
def test_double_quotes_are_taken_where_cmd_and_sh_read_them_alike(word: str, told: str) -> None:
    assert quoted(word) == told
