"""Laws of the uids of a sheet: what is drafted anew has those that it had, whatever failed in between."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.workflows.panel.plans import Uids

Drafts: TypeAlias = "list[tuple[int, bool]]"
DRAFTS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=8)
"""How many uids each draft takes, and whether it fails then."""


def take(uids: Uids, number: int, *, fails: bool) -> list[bytes]:
    if fails:
        with pytest.raises(ZeroDivisionError), uids.on_trial():
            _ = [uids() for _ in range(number)], 1 // 0
        return []
    with uids.on_trial():
        return [uids() for _ in range(number)]


@given(DRAFTS, DRAFTS)
def test_what_is_drafted_anew_has_the_uids_that_it_had(
    first: list[tuple[int, bool]], then: list[tuple[int, bool]]
) -> None:
    uids = Uids()
    before = [take(uids, number, fails=fails) for number, fails in first]
    with uids.from_the_first():
        again = [take(uids, number, fails=False) for number, fails in first if not fails]
    assert again == [each for each, (_, fails) in zip(before, first, strict=True) if not fails]
    after = [take(uids, number, fails=fails) for number, fails in then]
    given_out = [uid for each in (*again, *after) for uid in each]
    assert len(given_out) == len(set(given_out)), "no two things have one"


@given(DRAFTS)
def test_a_second_draft_that_fails_leaves_the_first_as_it_is(drafts: Drafts) -> None:
    uids = Uids()
    before = [uid for number, fails in drafts for uid in take(uids, number, fails=fails)]
    with pytest.raises(ZeroDivisionError), uids.from_the_first():
        _ = uids(), 1 // 0
    assert uids() not in before
