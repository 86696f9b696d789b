"""Which profile Outlook starts with: ``profile startup``, the choice at the foot of the mail Control Panel."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import NotFoundError
from mapiwright.mapi.profile import startup
from mapiwright.workstation.change import SetValue, key_with_parents
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.outlook.office_layout import OutlookInstallation
from mapiwright.workstation.registry import Value
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer, Office

    from mapiwright.workstation.registry import KeyPath
    from mapiwright.workstation.workstation import Workstation

    Mapiwright = Callable[..., Answer]
    Picture = Callable[[], dict[str, bytes]]

PLACE = r"Software\Microsoft\Exchange\Client\Options"
NAME = "PickLogonProfile"


def place(workstation: Workstation) -> KeyPath:
    return workstation.users[0].root / PLACE


def put(workstation: Workstation, value: Value | None) -> None:
    """As somebody else leaves it."""
    path, registry = place(workstation), workstation.registry
    registry.apply([*key_with_parents(registry, path), SetValue(path, NAME, registry.value(path, NAME), value)])


# What is stored.


@pytest.mark.parametrize(
    ("value", "asks"),
    [
        (None, False),
        (Value.sz("0"), False),
        (Value.sz("1"), True),
        (Value.sz(""), False),
        (Value.dword(0), False),
        (Value.dword(1), True),
        (Value.dword(0x10000), True),
    ],
)
def test_the_choice_is_read_as_text_or_number_and_written_as_text(
    office: Office, value: Value | None, *, asks: bool
) -> None:
    put(office.workstation, value)
    assert office.profiles.asks_for_profile is asks
    office.profiles.ask_for_profile(asks)
    assert office.receipts == [], "what is so already is left as it was written"
    office.profiles.ask_for_profile(not asks)
    assert office.profiles.asks_for_profile is not asks
    assert office.workstation.registry.value(place(office.workstation), NAME) == Value.sz("0" if asks else "1")


@pytest.mark.parametrize("edition", Edition)
def test_it_stands_in_one_place_for_every_edition(office_on: type[Office], edition: Edition) -> None:
    there = MemoryWorkstation.of(layout(outlooks=[OutlookInstallation(edition, Bitness.X86)], users=["Zoë"]))
    office_on(there).profiles.ask_for_profile(ask=True)
    assert there.registry.value(place(there), NAME) == Value.sz("1")


@pytest.mark.parametrize("name", ["o2010-x64", "o2016-x64"])
def test_nobody_is_asked_in_a_real_hive(
    mapiwright: Mapiwright, real_hive: Callable[[str], bytes], tmp_path: Path, name: str
) -> None:
    hive = tmp_path / "NTUSER.DAT"
    hive.write_bytes(real_hive(name))
    told = mapiwright("profile", "startup", "--json", "--workstation", f"hive:{hive}")
    assert [(row["prompt"], row["default"]) for row in told.document["startup"]] == [(False, "Outlook")]


# Drafts.


def test_the_choice_is_drafted_with_the_default_profile_and_taken_back_with_the_batch(office: Office) -> None:
    profiles = office.profiles
    profiles.create_profile("Work")
    done = len(office.receipts)
    with office.workspace.batch():
        profiles.set_default_profile("Work")
        profiles.ask_for_profile(ask=True)
        assert profiles.asks_for_profile, "drafts are seen"
        assert not startup.asks_for_profile(office.workstation.registry, office.workstation.users[0].root)
    [receipt] = office.receipts[done:]
    assert str(receipt.title) == "make Work the default profile; ask for a profile at each start"
    with suppress(NotFoundError), office.workspace.batch():
        profiles.ask_for_profile(ask=False)
        profiles.set_default_profile("Nobody's")
    assert profiles.asks_for_profile, "an error takes it back"
    with office.workspace.batch():
        profiles.ask_for_profile(ask=False)
        profiles.ask_for_profile(ask=True)
    assert len(office.receipts) == done + 1, "and back again is nothing"
    with office.workspace.batch():
        profiles.ask_for_profile(ask=False)
        with suppress(NotFoundError):
            profiles.admin_services("Work").set_search_order([b"nobody's"])
    assert not profiles.asks_for_profile, "what failed in the batch takes back itself alone"


# The command line.


def test_the_choice_is_shown_made_and_given_back(mapiwright: Mapiwright, picture: Picture) -> None:
    assert mapiwright("profile", "startup").out == "Zoë: always uses the default profile; there is none\n"
    mapiwright("profile", "create", "Büro", "--default", "--yes")
    before = picture()
    assert mapiwright("profile", "startup").out == "Zoë: always uses Büro\n"
    assert "Nothing to do" in mapiwright("profile", "startup", "--always", "--yes").out
    planned = mapiwright("profile", "startup", "--prompt", "--dry-run", "--json").document["plan"]
    [leg] = planned["steps"]
    assert [change["change"] for change in leg["changes"]] == [*["create-key"] * 3, "set-value"]
    assert leg["changes"][-1]["new"] == {"type": "REG_SZ", "hex": "31000000", "value": "1"}
    assert picture() == before
    answer = mapiwright("profile", "startup", "--prompt", "--yes", "--json")
    assert answer.code == 0, answer.err
    assert mapiwright("profile", "startup").out == "Zoë: prompts for a profile; the default one is Büro\n"
    document = mapiwright("profile", "startup", "--json").document
    assert document["startup"] == [{"user": "Zoë", "prompt": True, "default": "Büro"}]
    assert "Nothing to do" in mapiwright("profile", "startup", "--prompt", "--yes").out
    second = mapiwright("profile", "startup", "--always", "--yes", "--json")
    assert mapiwright("profile", "startup").out == "Zoë: always uses Büro\n"
    for receipt in (second.document["receipt"]["id"], answer.document["receipt"]["id"]):
        assert mapiwright("undo", receipt, "--yes").code == 0
    planned = mapiwright("profile", "startup", "--prompt", "--dry-run", "--json").document["plan"]
    assert len(planned["steps"][0]["changes"]) == 4, "the keys that it made are gone again"


def test_both_at_once_and_a_pipe_are_refused(mapiwright: Mapiwright, picture: Picture) -> None:
    before = picture()
    assert mapiwright("profile", "startup", "--prompt", "--always", "--yes").code == 2
    assert mapiwright("profile", "startup", "--prompt").code == 1, "stdin is not a terminal"
    assert picture() == before


def test_all_users_are_shown_and_chosen_for_in_one_plan(mapiwright: Mapiwright, tmp_path: Path) -> None:
    folder = tmp_path / "several"
    create_image(folder, users=["Zoë", "Łukasz"])
    there = ("--workstation", f"image:{folder}")
    assert mapiwright("profile", "startup", "--prompt", "--yes", *there).code == 2, "one of two must be named"
    done = mapiwright("profile", "startup", "--prompt", "--all-users", "--yes", "--json", *there)
    assert done.code == 0, done.err
    assert len(done.document["receipt"]["legs"]) == 2
    one = mapiwright("profile", "startup", "--always", "--user", "Zoë", "--yes", *there)
    assert one.code == 0, one.err
    told = mapiwright("profile", "startup", *there).out.splitlines()
    assert sorted(told) == ["Zoë: always uses the default profile; there is none", "Łukasz: prompts for a profile"]
