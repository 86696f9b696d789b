"""A plan is asked about on one screen: a summary by step and user, and each change for who asks for it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import click
import pytest

from mapiwright.message import Message
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import Terms
from mapiwright.ui.cli import writing
from mapiwright.ui.text.render import plan_lines
from mapiwright.ui.text.summary import SCREEN, summary_lines
from mapiwright.workstation.change import CreateKey, DeleteKey, RemoveFolder, SetValue, WriteFile
from mapiwright.workstation.registry import KeyPath, Value
from mapiwright.workstation.workstation import User

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.transaction.plans.plan import Step

said = Message.literal
LIMIT = SCREEN + 1
"""The lines of a summary: those of a screen, and how the rest is seen."""


def of_user(number: int, *, values: int = 40) -> tuple[User, Leg]:
    """A user, and a leg that makes a profile of so many values."""
    user = User(f"user{number}", f"S-1-{number}", KeyPath.parse(rf"HKU\S-1-{number}"))
    key = user.root / r"Software\Profiles"
    inside = (SetValue(key / "Mine", str(each), None, Value.dword(1)) for each in range(values))
    return user, Leg(Message.of("steps.profiles", user=user.name), (CreateKey(key), *inside))


def lines_of(steps: tuple[Step, ...], users: tuple[User, ...] = (), **terms: Any) -> list[str]:
    return [line.text for line in summary_lines(Plan("x", said("X"), steps, Terms(**terms)), "cp1252", users)]


def test_a_plan_that_fits_is_shown_whole() -> None:
    plan = Plan("x", said("X"), (of_user(1, values=3)[1],))
    assert [*summary_lines(plan, "cp1252")] == [*plan_lines(plan, "cp1252")]


@pytest.mark.parametrize("number", [1, 2, 30, 400])
def test_what_is_alike_for_several_users_is_shown_once(number: int) -> None:
    users, legs = zip(*map(of_user, range(number)), strict=True)
    shown = lines_of(legs, users)
    assert len(shown) <= LIMIT
    assert shown[-1] == "This is a summary; -v shows each change."
    assert shown[-2] == f"Together: 0 files, {40 * number} registry values, 0 calls."
    if number > 6:
        assert shown[1] == f" 1. profiles of {number} users: 41 changes each"
        assert shown[2] == f"    user0, user1, user2, user3, user4, user5 and {number - 6} more"


def test_a_user_for_whom_something_else_is_done_stands_apart() -> None:
    users, legs = zip(*(of_user(each, values=12 if each == 2 else 40) for each in range(5)), strict=True)
    shown = lines_of(legs, users)
    assert [line for line in shown if ". " in line] == [
        " 1. profiles of 4 users: 41 changes each",
        " 3. profiles of user2: 13 changes",
    ]
    assert "    user0, user1, user3, user4" in shown


@pytest.mark.parametrize("number", [20, 60])
def test_steps_notes_and_places_are_counted_where_they_do_not_fit(number: int) -> None:
    """Nothing disappears: what is not shown is a number."""
    steps = tuple(
        Leg(said(f"step {step}"), tuple(WriteFile(rf"C:\{step}\{file}", None, b"") for file in range(9)))
        for step in range(number)
    )
    shown = lines_of(steps, notes=tuple(said(f"note {each}") for each in range(7)))
    assert len(shown) <= LIMIT
    assert "  and 3 more notes" in shown
    assert " 1. step 0: 9 changes" in shown
    left = number - sum(". step" in line for line in shown)
    assert (f"    and {left} more steps" in shown) == bool(left)


def test_the_topmost_places_are_named_whatever_the_order_is() -> None:
    """A key goes after what is in it, and one line says so."""
    top = KeyPath.parse(r"HKLM\SOFTWARE\Vendor")
    gone = [SetValue(top / "A", str(each), Value.dword(1), None) for each in range(40)]
    folder = [WriteFile(rf"C:\Acme\{each}.dll", b"old", None) for each in range(3)]
    steps = (Leg(said("registry"), (*gone, DeleteKey(top / "A"), DeleteKey(top), *folder, RemoveFolder(r"C:\Acme"))),)
    assert lines_of(steps)[1:4] == [
        " 1. registry: 46 changes",
        r"    - HKLM\SOFTWARE\Vendor (41 changes in it)",
        "    - C:\\Acme\\ (3 changes in it)",
    ]


def test_the_example_is_refused_below_a_summary(mapiwright: Callable[..., Any], acme: Path) -> None:
    refused = mapiwright("install", acme)
    assert (refused.code, len(refused.out.splitlines()) <= LIMIT) == (1, True)
    assert "This is a summary" in refused.out
    assert "5. profiles of Zoë: 54 changes" in refused.out
    for words in (("plan", acme), ("install", acme, "--dry-run")):
        assert mapiwright(*words).out.splitlines()[1:4] == refused.out.splitlines()[1:4]
        whole = mapiwright(*words, "-v").out
        assert "PR_SERVICE_ENTRY_NAME=ServiceEntry" in whole
        assert "This is a summary" not in whole
    document = mapiwright("plan", acme, "--json").document["plan"]
    assert sum(len(step.get("changes", ())) for step in document["steps"]) == 85


def test_a_person_sees_each_change_before_they_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    paged: list[str] = []
    monkeypatch.setattr(writing, "is_terminal", lambda _: True)
    monkeypatch.setattr(click, "echo_via_pager", lambda lines: paged.append("".join(lines)))
    monkeypatch.setattr("sys.stdin", io.StringIO("v\ny\n"))
    asked = io.StringIO()
    monkeypatch.setattr("sys.stderr", asked)
    whole = tuple(plan_lines(Plan("x", said("X"), (of_user(1)[1],)), "cp1252"))
    writing.confirm("Do this?", writing.Consent(), whole)
    assert paged == ["".join(f"{line.text}\n" for line in whole)]
    assert asked.getvalue() == "Do this? [y/N, v shows each change] " * 2
