"""Laws of translated titles: whatever a receipt says, it is shown within a few steps; each known one is known."""

from __future__ import annotations

import inspect
import sys
from string import Formatter
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mapiwright.ui.text import titles
from mapiwright.ui.text.language import texts_in
from mapiwright.ui.text.titles import DEEPEST, LONGEST, translated, translated_lines

if TYPE_CHECKING:
    from types import FrameType

ENGLISH, FRENCH = texts_in("en"), texts_in("fr")
KNOWN = [key for key in ENGLISH.texts if key.startswith(("steps.", "actions.", "sentences."))]
PIECES = sorted({part for key in KNOWN for part, *_ in Formatter().parse(ENGLISH.texts[key].strip("\n"))} - {""})
HOSTILE = st.lists(st.one_of(st.sampled_from([*PIECES, "; ", "'", "x"]), st.text(max_size=3)), max_size=200).map(
    "".join
)
NAMES = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=8)


def steps_of(text: str) -> int:
    """How many calls a translation makes, of functions of Python and of C."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        del frame, argument
        count += event in {"call", "c_call"}

    translated(text, "fr"), translated_lines(text, "fr")  # what is made once
    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        translated(text, "fr")
        translated_lines(text, "fr")
    finally:
        sys.setprofile(before)
    return count


@given(HOSTILE)
@example("call a" + " with b in profile c of d" * 120 + "; x\n; ")
@example("call a" + " with b in profile c of d" * 38 + "; x\n; ")
@example("undo: " * 3000 + "files")
@example("undo: " * 100 + "files")
@example("undo: create profile x; " * 40)
@example("create profile x; " * 50 + "create profile x")
@example("call a, pending since " * 40 + "b")
def test_a_title_of_anybody_s_is_shown_within_a_few_steps(text: str) -> None:
    lines = text.count("\n") + 1
    assert steps_of(text) < 12 * len(KNOWN) * (DEEPEST + 2) * (text.count("; ") + lines + 1) + 500


def test_no_pattern_is_tried_by_a_regular_expression() -> None:
    """Its steps would not be counted above."""
    assert "re" not in dict(inspect.getmembers(titles, inspect.ismodule))


@pytest.mark.parametrize("key", KNOWN)
@given(st.data())
def test_each_known_title_has_its_form_in_french(key: str, data: st.DataObject) -> None:
    names = {
        name: data.draw(NAMES)
        for _, name, *_ in Formatter().parse(ENGLISH.texts[key].strip("\n"))
        if name is not None
    }
    assert translated(ENGLISH(key, **names), "fr") == FRENCH(key, **names)


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_of_several_deeds_each_has(names: list[str]) -> None:
    english = "; ".join(ENGLISH("actions.create-profile", profile=name) for name in names)
    french = FRENCH("plan.joint").join(FRENCH("actions.create-profile", profile=name) for name in names)
    assert translated(english, "fr") == french
    assert translated(f"undo: {english}", "fr") == FRENCH("steps.undo", title=french)
    assert translated(f"{english}; else", "fr") == f"{english}; else"


def test_what_is_longer_or_lies_deeper_is_shown_as_it_is() -> None:
    assert translated("install " + "x" * (LONGEST - 8), "fr").startswith("installer")
    assert translated("install " + "x" * (LONGEST - 7), "fr").startswith("install ")
    assert translated("undo: " * DEEPEST + "files", "fr").endswith("fichiers")
    assert translated("undo: " * (DEEPEST + 1) + "files", "fr").endswith("files")


@pytest.mark.parametrize("name", ["Acme; files", "Acme; create profile x", "a; b"])
def test_a_package_s_own_name_is_no_joined_title(name: str) -> None:
    assert translated(f"install {name}", "fr") == f"installer {name}"
