"""What is removed is never called later, and ends what waited for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mapiwright.entry.call import EntryCall
from mapiwright.entry.service.contract import Context, EntryPolicy
from mapiwright.setup.records.pending import pending_calls
from mapiwright.transaction.plans.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Desk

NO_STAND_IN = {
    "mapiwright.toml": {
        'entry = "acme_service:service_entry"\n': "",
        'sources = ["acme_service.py"]\n': "",
        "deadline = 20\n": "",
    }
}


@pytest.fixture
def waiting(desk: Desk, release: Callable[..., Path]) -> Desk:
    """ACME is installed for two users; none of its code can run, and its calls wait."""
    desk.install(release("4.0", NO_STAND_IN))
    return desk


def contexts(desk: Desk, user: str = "") -> list[Context]:
    """What waits, of one user or of the machine."""
    return [each.call.context for each in pending_calls(desk.workstation) if each.call.user == user]


def defer(desk: Desk, context: Context, user: str = "", uid: str = "") -> None:
    """Put off a call, with the service left where it is."""
    place: dict[str, str] = {}
    if user:
        created = next(each.call for each in pending_calls(desk.workstation) if each.call.user == user)
        place = {"user": user, "profile": created.profile, "uid": uid or created.uid}
    call = EntryCall("ACME", context, policy=EntryPolicy.DEFER, **place)  # type: ignore[arg-type]
    receipt = desk.do(Plan("call", call.title, (call,)))
    assert receipt is not None
    assert [effect.status for effect in receipt.effects] == ["pending"]


def test_what_waits_waits_for_each_user(waiting: Desk) -> None:
    assert contexts(waiting) == [Context.INSTALL]
    for user in ("Zoë", "Łukasz"):
        assert contexts(waiting, user) == [Context.CREATE, Context.CONFIGURE]


def test_a_deferred_delete_is_never_sent_and_ends_what_waited_for_that_service(waiting: Desk) -> None:
    defer(waiting, Context.DELETE, "Zoë")
    assert contexts(waiting, "Zoë") == []
    assert contexts(waiting, "Łukasz") == [Context.CREATE, Context.CONFIGURE], "his is another one"
    assert contexts(waiting) == [Context.INSTALL]


def test_a_deferred_delete_of_another_of_the_user_s_services_ends_nothing(waiting: Desk) -> None:
    defer(waiting, Context.DELETE, "Zoë", "ab" * 16)
    assert contexts(waiting, "Zoë") == [Context.CREATE, Context.CONFIGURE]


def test_a_deferred_provider_delete_is_never_sent_and_ends_nothing(waiting: Desk) -> None:
    defer(waiting, Context.PROVIDER_DELETE, "Zoë")
    assert contexts(waiting, "Zoë") == [Context.CREATE, Context.CONFIGURE]


def test_a_deferred_uninstall_is_never_sent_and_ends_all_that_waited(waiting: Desk) -> None:
    defer(waiting, Context.UNINSTALL)
    assert pending_calls(waiting.workstation) == ()


def test_what_is_deferred_after_a_delete_waits_again(waiting: Desk) -> None:
    again = next(each.call for each in pending_calls(waiting.workstation) if each.call.user == "Zoë")
    defer(waiting, Context.DELETE, "Zoë")
    waiting.do(Plan("call", again.title, (again,)))
    assert contexts(waiting, "Zoë") == [Context.CREATE]
