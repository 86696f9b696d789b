"""Uninstall: in the documents' order, as far as users can be reached, and never further than what was brought."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.errors import CancelledError, RefusedError
from mapiwright.mapi.props.tags import PR_PROFILE_NAME
from mapiwright.setup.package.manifest import ProfilesOnUninstall
from mapiwright.setup.records.records import records_of
from mapiwright.workstation.change import SetValue, WriteFile, difference
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.registry import KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Mapiwright = Callable[..., Any]
    Release = Callable[..., Path]


@pytest.fixture
def two_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapiwright: Mapiwright) -> tuple[Path, Mapiwright]:
    """An offline Windows with Zoë and Łukasz, and the command line on it."""
    folder = tmp_path / "office"
    create_image(folder, users=["Zoë", "Łukasz"])
    monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", f"image:{folder}")
    return folder, mapiwright


def hive_of(folder: Path, user: str) -> Path:
    return folder / "Users" / user / "NTUSER.DAT"


def make_unfinished(hive: Path) -> None:
    """The primary sequence number runs ahead, as when power was lost while Windows wrote."""
    data = bytearray(hive.read_bytes())
    data[4] ^= 1
    hive.write_bytes(data)


finish = make_unfinished  # the same bit again


def test_the_order_is_delete_in_each_profile_then_uninstall_then_the_machine(desk: Any, acme: Path) -> None:
    desk.install(acme)
    titles = [str(step.title) for step in desk.removal().plan.steps]
    assert titles == [
        "call ACME with MSG_SERVICE_DELETE in profile 'Acme Mail' of Zoë",
        "profiles of Zoë",
        "call ACME with MSG_SERVICE_DELETE in profile 'Acme Mail' of Łukasz",
        "profiles of Łukasz",
        "call ACME with MSG_SERVICE_UNINSTALL",
        "list of installed programs",
        "registry",
        "MAPISVC.INF",
        "files",
    ]


def test_a_cancel_keeps_everything(desk: Any, release: Release) -> None:
    package = release("4.3")
    (package / "acme_service.py").write_text(
        "def service_entry(call):\n    return 0x80040113 if call.context == 5 else 0\n", encoding="utf-8"
    )
    desk.install(package)
    before = desk.picture()
    with pytest.raises(CancelledError):
        desk.uninstall()
    assert desk.picture() == before
    assert "acme-mail" in records_of(desk.workstation).installations


def test_every_profile_that_holds_the_service_loses_it_whoever_added_it(desk: Any, acme: Path) -> None:
    desk.install(acme, "Zoë")
    space = Workspace(desk.workstation, desk.user("Łukasz"), send=desk.do)
    profiles = ProfileAdmin(space)
    with space.batch("by hand"):
        profiles.create_profile("Mine")
        profiles.admin_services("Mine").create_message_service("ACME")
        profiles.admin_services("Mine").create_message_service("CONTAB")
    desk.uninstall()
    left = Workspace(desk.workstation, desk.user("Łukasz")).profile("Mine")
    assert [service.name for service in left.services] == ["CONTAB"]


def test_a_profile_that_the_install_made_stays_where_a_section_was_added_since(desk: Any, acme: Path) -> None:
    desk.install(acme)
    space = Workspace(desk.workstation, desk.user("Zoë"), send=desk.do)
    profile = space.profile("Acme Mail")
    with space.batch("somebody's own section"):
        extra = replace(profile.services[0].section, uid="22" * 16)
        space.put(profile, profile.with_sections(extra.with_properties({PR_PROFILE_NAME: None})))
    desk.uninstall()
    assert Workspace(desk.workstation, desk.user("Zoë")).names == ("Acme Mail",)
    assert Workspace(desk.workstation, desk.user("Łukasz")).names == ()


class TestProfiles:
    """--profiles remove, keep, fail; what the package says where nothing is said."""

    def test_keep_leaves_them_as_they_are_and_names_them(self, desk: Any, acme: Path) -> None:
        desk.install(acme)
        profiles = Workspace(desk.workstation, desk.user("Zoë")).stored_key("Acme Mail")
        removal = desk.removal(profiles=ProfilesOnUninstall.KEEP)
        assert any("'Acme Mail' of Zoë" in str(note) for note in removal.plan.notes)
        desk.do(removal.plan)
        assert Workspace(desk.workstation, desk.user("Zoë")).stored_key("Acme Mail") == profiles
        assert "ACME" not in desk.inf

    def test_fail_refuses_while_one_holds_it_and_says_which(self, desk: Any, acme: Path) -> None:
        desk.install(acme)
        with pytest.raises(RefusedError, match="'Acme Mail' of Łukasz"):
            desk.removal(profiles=ProfilesOnUninstall.FAIL)
        for user in ("Zoë", "Łukasz"):
            space = Workspace(desk.workstation, desk.user(user), send=desk.do)
            ProfileAdmin(space).delete_profile("Acme Mail")
        desk.uninstall(profiles=ProfilesOnUninstall.FAIL)
        assert "ACME" not in desk.inf

    @pytest.mark.parametrize(("rule", "code"), [("keep", 0), ("fail", 1), ("remove", 0)])
    def test_the_package_decides_where_the_command_does_not(
        self, mapiwright: Mapiwright, release: Release, rule: str, code: int
    ) -> None:
        package = release("4.3", {"mapiwright.toml": {'profiles = "remove"': f'profiles = "{rule}"'}})
        mapiwright("install", package, "--yes")
        assert mapiwright("uninstall", "acme-mail", "--yes").code == code
        kept = [row["name"] for row in mapiwright("profile", "list", "--json").document["profiles"]]
        assert kept == ([] if rule == "remove" else ["Acme Mail"])

    def test_the_command_overrules_the_package(self, mapiwright: Mapiwright, acme: Path) -> None:
        mapiwright("install", acme, "--yes")
        answer = mapiwright("uninstall", "acme-mail", "--yes", "--profiles", "keep")
        assert answer.code == 0
        assert "keeps the service" in answer.out
        assert mapiwright("profile", "list", "--json").document["profiles"]


class TestUsersOutOfReach:
    """A hive that is unfinished or gone: its user is named, the exit code says partial, and the rest is done."""

    def test_it_is_done_for_the_others_and_finished_when_the_hive_is_whole(
        self, two_users: tuple[Path, Mapiwright], acme: Path
    ) -> None:
        folder, mapiwright = two_users
        mapiwright("install", acme, "--yes", "--all-users")
        make_unfinished(hive_of(folder, "Łukasz"))
        answer = mapiwright("uninstall", "acme-mail", "--yes", "--json")
        assert answer.code == 1
        told = answer.document["receipt"]
        assert (told["partial"], told["skipped"]) == (True, ["Łukasz"])
        assert "Łukasz" in answer.err
        assert not list(folder.rglob("acme32.dll"))
        assert {
            row["user"] for row in mapiwright("profile", "list", "--json", "--all-users").document["profiles"]
        } == {"Łukasz"}
        again = mapiwright("uninstall", "acme-mail", "--yes")
        assert again.code == 1, "he still cannot be reached"
        finish(hive_of(folder, "Łukasz"))
        last = mapiwright("uninstall", "acme-mail", "--yes")
        assert last.code == 0, last.err
        assert mapiwright("profile", "list", "--json", "--all-users").document["profiles"] == []
        assert mapiwright("uninstall", "acme-mail", "--yes").code == 1, "nothing is left of it"

    def test_what_is_no_longer_known_stays_and_is_told(self, two_users: tuple[Path, Mapiwright], acme: Path) -> None:
        folder, mapiwright = two_users
        mapiwright("install", acme, "--yes", "--all-users")
        make_unfinished(hive_of(folder, "Łukasz"))
        mapiwright("uninstall", "acme-mail", "--yes")
        finish(hive_of(folder, "Łukasz"))
        for backup in (folder / "ProgramData" / "Mapiwright" / "backups").iterdir():  # as after 30 days
            shutil.rmtree(backup)
        last = mapiwright("uninstall", "acme-mail", "--yes")
        assert last.code == 0
        assert "no longer known" in last.out
        assert mapiwright("profile", "list", "--json", "--all-users").document["profiles"] == []

    def test_a_user_with_nothing_of_it_is_none_to_be_reached(
        self, two_users: tuple[Path, Mapiwright], acme: Path
    ) -> None:
        folder, mapiwright = two_users
        mapiwright("install", acme, "--yes", "--user", "Zoë")
        make_unfinished(hive_of(folder, "Łukasz"))
        assert mapiwright("uninstall", "acme-mail", "--yes").code == 0

    def test_a_hive_that_is_gone_may_hold_anything(self, two_users: tuple[Path, Mapiwright], acme: Path) -> None:
        folder, mapiwright = two_users
        mapiwright("install", acme, "--yes", "--user", "Zoë")
        hive_of(folder, "Łukasz").unlink()
        answer = mapiwright("uninstall", "acme-mail", "--yes")
        assert answer.code == 1
        assert "Partial: skipped, as their registry could not be changed: Łukasz." in answer.err
        refused = mapiwright("uninstall", "acme-mail", "--yes", "--profiles", "fail")
        assert refused.code == 1

    def test_an_install_over_what_is_left_takes_it_over(self, two_users: tuple[Path, Mapiwright], acme: Path) -> None:
        folder, mapiwright = two_users
        mapiwright("install", acme, "--yes", "--all-users")
        make_unfinished(hive_of(folder, "Łukasz"))
        mapiwright("uninstall", "acme-mail", "--yes")
        finish(hive_of(folder, "Łukasz"))
        assert mapiwright("install", acme, "--yes", "--user", "Zoë").code == 0
        assert mapiwright("uninstall", "acme-mail", "--yes").code == 0
        assert mapiwright("profile", "list", "--json", "--all-users").document["profiles"] == []

    def test_the_upgrade_is_partial_too_and_the_users_half_finishes_it(
        self, two_users: tuple[Path, Mapiwright], acme: Path, release: Release
    ) -> None:
        folder, mapiwright = two_users
        newer = release("5.0", {"acme.inf": {"PR_PROVIDER_DISPLAY=Acme Mailbox": "PR_PROVIDER_DISPLAY=Acme Box"}})
        mapiwright("install", acme, "--yes", "--all-users")
        make_unfinished(hive_of(folder, "Łukasz"))
        assert mapiwright("install", newer, "--yes", "--user", "Zoë").code == 1
        finish(hive_of(folder, "Łukasz"))
        assert "Acme Box" not in str(mapiwright("profile", "show", "--json", "--user", "Łukasz").document)
        assert mapiwright("install", newer, "--yes", "--per-user", "--user", "Łukasz").code == 0
        assert "Acme Box" in str(mapiwright("profile", "show", "--json", "--user", "Łukasz").document)


def test_a_value_that_somebody_changed_since_stays_with_its_key_and_is_told(desk: Any, acme: Path) -> None:
    desk.install(acme)
    key = KeyPath.parse(r"HKLM\Software\Acme Software\Acme Mail")
    registry = desk.workstation.registry
    registry.apply([SetValue(key, "Version", registry.value(key, "Version"), Value.sz("patched"))])
    removal = desk.removal()
    assert [finding.where for finding in removal.kept] == [rf"{key}\Version"]
    desk.do(removal.plan)
    assert {name: value.text for name, value in registry.read(key).values.items()} == {"Version": "patched"}


@pytest.mark.parametrize(
    ("line", "damage"),
    [
        ("PR_SERVICE_DLL_NAME=acme.dll", "PR_SERVICE_UID=0102"),
        ("[ACME_Store]", "[ACME_Store gone]"),
        ("66010003=E1030000", "66010003=E1"),
    ],
)
def test_damaged_lines_in_the_inf_do_not_stop_it(desk: Any, acme: Path, line: str, damage: str) -> None:
    desk.install(acme)
    path = desk.workstation.outlook.inf_path
    data = desk.workstation.files.read(path)
    assert line.encode() in data
    desk.workstation.files.apply([WriteFile(path, data, data.replace(line.encode(), damage.encode()))])
    desk.workstation.refresh()
    receipt = desk.uninstall()
    assert all(effect.status == "done" for effect in receipt.effects)
    assert not [each for each in desk.picture()[1] if "acme" in each.lower()]
    assert Workspace(desk.workstation, desk.user("Zoë")).names == ()


def test_it_goes_where_there_is_no_outlook_any_more(desk: Any, acme: Path) -> None:
    desk.install(acme)
    office = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Office")
    desk.workstation.registry.apply(tuple(difference(office, desk.workstation.registry.read(office), None)))
    desk.workstation.refresh()
    removal = desk.removal()
    assert "Outlook is no longer installed" in str(removal.plan.notes[0])
    desk.do(removal.plan)
    assert not [each for each in desk.picture()[1] if "acme" in each.lower()]
    assert desk.workstation.registry.read(KeyPath.parse(r"HKLM\Software\Acme Software")) is None


def test_what_was_uninstalled_in_full_leaves_no_remainder(desk: Any, acme: Path) -> None:
    desk.install(acme)
    desk.uninstall()
    assert not records_of(desk.workstation).remainders
    assert not records_of(desk.workstation).installations


def test_the_undo_of_a_removal_says_that_nothing_calls_it_back(mapiwright: Mapiwright, acme: Path) -> None:
    mapiwright("install", acme, "--yes")
    removed = mapiwright("uninstall", "acme-mail", "--yes", "--json").document["receipt"]
    assert {effect["outcome"] for effect in removed["effects"]} == {"done"}
    undone = mapiwright("undo", removed["id"], "--yes", "--json").document["receipt"]
    assert [(effect["outcome"], effect["message"]) for effect in undone["effects"]] == [
        ("skipped", "nothing calls that back")
    ] * len(removed["effects"])
