"""The machine's half and the users': run apart, by different people, and taken away together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.workspace import Workspace
from mapiwright.errors import RefusedError
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import InstallRecord, Scope, record_of
from mapiwright.transaction.records.receipt import receipts
from mapiwright.workstation.change import SetValue
from mapiwright.workstation.registry import KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Mapiwright = Callable[..., Any]
    Release = Callable[..., Path]


def hkcu(desk: Any, user: str) -> Any:
    return desk.workstation.registry.value(desk.user(user).root / r"Software\Acme Software\Acme Mail", "ShowWelcome")


def test_the_machines_half_touches_no_users_registry(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    hives = {path: path.read_bytes() for path in workstation_folder.rglob("NTUSER.DAT")}
    answer = mapiwright("install", acme, "--machine", "--yes", "--json")
    assert answer.code == 0, answer.err
    assert {path: path.read_bytes() for path in hives} == hives
    assert [effect["title"] for effect in answer.document["receipt"]["effects"]] == [
        "call ACME with MSG_SERVICE_INSTALL"
    ]
    assert mapiwright("profile", "list", "--json").document["profiles"] == []
    assert mapiwright("status", "acme-mail").code == 0
    assert mapiwright("plan", acme, "--machine", "--json").document["plan"]["empty"]


def test_it_needs_no_user_to_be_named(acme: Path, tmp_path: Path, mapiwright: Mapiwright) -> None:
    from mapiwright.workstation.kinds.create import create_image

    create_image(tmp_path / "many", users=["Zoë", "Łukasz"])
    target = ("--workstation", f"image:{tmp_path / 'many'}")
    assert mapiwright("plan", acme, "--json", *target).code == 2
    assert mapiwright("plan", acme, "--machine", "--json", *target).code == 0


def test_a_users_half_brings_his_values_and_profile_and_is_idempotent(desk: Any, acme: Path) -> None:
    desk.install(acme, scope=Scope.MACHINE)
    machine = desk.picture()[0]["HKLM"]
    receipt = desk.install(acme, "Zoë", scope=Scope.USER)
    done = record_of(receipt)
    assert isinstance(done, InstallRecord)
    assert done.scope is Scope.USER
    assert [entry.user for entry in done.profiles] == ["Zoë"]
    assert desk.picture()[0]["HKLM"] == machine
    assert hkcu(desk, "Zoë").number == 1
    assert hkcu(desk, "Łukasz") is None
    assert Workspace(desk.workstation, desk.user("Zoë")).default == "Acme Mail"
    assert Workspace(desk.workstation, desk.user("Łukasz")).names == ()
    assert desk.plan(acme, "Zoë", scope=Scope.USER).empty
    desk.install(acme, "Łukasz", scope=Scope.USER)
    assert [one.terms.record["scope"] for one in receipts(desk.workstation)] == ["machine", "user", "user"]


def test_a_users_half_without_the_machines_is_refused(desk: Any, acme: Path, release: Release) -> None:
    with pytest.raises(RefusedError, match="per-machine part") as refused:
        desk.plan(acme, "Zoë", scope=Scope.USER)
    assert "--machine" in refused.value.remedy
    desk.install(acme, scope=Scope.MACHINE)
    with pytest.raises(RefusedError, match=r"5\.0"):
        desk.plan(release("5.0"), "Zoë", scope=Scope.USER)


def test_both_halves_run_apart_are_what_one_install_does(desk: Any, acme: Path) -> None:
    other = type(desk)()
    other.install(acme)
    desk.install(acme, scope=Scope.MACHINE)
    desk.install(acme, "Zoë", scope=Scope.USER)
    desk.install(acme, "Łukasz", scope=Scope.USER)
    assert desk.picture()[1] == other.picture()[1]
    assert desk.picture()[0]["HKLM"] == other.picture()[0]["HKLM"]
    assert desk.plan(acme).empty


def test_uninstall_takes_both(desk: Any, acme: Path) -> None:
    before = desk.picture()
    desk.install(acme, scope=Scope.MACHINE)
    desk.install(acme, "Zoë", scope=Scope.USER)
    desk.uninstall()
    assert desk.picture() == before
    assert not records_of(desk.workstation).installations


def test_a_value_that_a_user_changed_is_his_and_no_logon_brings_it_back(
    desk: Any, acme: Path, release: Release
) -> None:
    desk.install(acme)
    key = desk.user("Zoë").root / r"Software\Acme Software\Acme Mail"
    desk.workstation.registry.apply([SetValue(key, "ShowWelcome", Value.dword(1), Value.dword(0))])
    assert desk.plan(acme, "Zoë", scope=Scope.USER).empty
    newer = release("5.0", {"mapiwright.toml": {'type = "dword"\nvalue = 1': 'type = "dword"\nvalue = 2'}})
    desk.install(newer)
    assert (hkcu(desk, "Zoë").number, hkcu(desk, "Łukasz").number) == (0, 2)


def test_a_value_that_only_the_older_version_had_goes_with_the_users_half(
    desk: Any, acme: Path, release: Release
) -> None:
    newer = release("5.0", {"mapiwright.toml": {'name = "ShowWelcome"': 'name = "ShowTips"'}})
    desk.install(acme)
    desk.install(newer, scope=Scope.MACHINE)
    assert hkcu(desk, "Zoë").number == 1
    desk.install(newer, "Zoë", scope=Scope.USER)
    assert hkcu(desk, "Zoë") is None
    assert hkcu(desk, "Łukasz").number == 1


class TestDefault:
    """From whose hive Windows makes each new user: nothing may be in it that must be unique."""

    def test_it_gets_the_values_and_no_profile_and_the_plan_says_what_is_done_instead(
        self, mapiwright: Mapiwright, acme: Path
    ) -> None:
        planned = mapiwright("plan", acme, "--user", "Default", "--json").document["plan"]
        assert "PR_SEARCH_KEY" in planned["notes"][0]
        assert "--per-user" in planned["notes"][0]
        answer = mapiwright("install", acme, "--user", "Default", "--yes")
        assert answer.code == 0
        assert "--per-user" in answer.out
        assert mapiwright("profile", "list", "--json", "--user", "Default").document["profiles"] == []

    @pytest.mark.parametrize("policy", [ProfilePolicy.CREATE, ProfilePolicy.EXISTING, ProfilePolicy.AUTO])
    def test_no_policy_puts_a_profile_there(self, desk: Any, acme: Path, policy: ProfilePolicy) -> None:
        plan = desk.plan(acme, "Default", request=ProfileRequest(policy))
        desk.do(plan)
        assert hkcu(desk, "Default").number == 1
        assert Workspace(desk.workstation, desk.user("Default")).names == ()
        profiles = KeyPath("HKU", ("Default",)) / r"Software\Microsoft\Office\16.0\Outlook\Profiles"
        assert desk.workstation.registry.read(profiles) is None

    def test_who_wants_no_profile_needs_no_word_about_it(self, desk: Any, acme: Path) -> None:
        assert desk.plan(acme, "Default", request=ProfileRequest(ProfilePolicy.NONE)).notes == ()


@pytest.mark.parametrize(
    "options",
    [("--machine", "--per-user"), ("--profile", "A", "--no-profile"), ("--no-profile", "--profile-policy", "auto")],
)
def test_what_excludes_each_other_is_said_so(mapiwright: Mapiwright, acme: Path, options: tuple[str, ...]) -> None:
    answer = mapiwright("plan", acme, *options)
    assert answer.code == 2
    assert "exclude each other" in answer.err
