"""Whether an install makes a profile: not where Outlook will make the one of the mailbox by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.setup.records.schema import Scope
from mapiwright.workstation.change import SetValue, key_with_parents
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Mapiwright = Callable[..., Any]

OLDER = r"Software\Microsoft\Windows NT\CurrentVersion\Windows Messaging Subsystem\Profiles"
OUTLOOK = r"Software\Microsoft\Office\16.0\Outlook"
POLICIES = r"Software\Policies\Microsoft\Office\16.0\Outlook"
MAKERS = {
    "the user's ZeroConfigExchange": (rf"{OUTLOOK}\AutoDiscover", "ZeroConfigExchange", Value.dword(1)),
    "the policy ZeroConfigExchange": (rf"{POLICIES}\AutoDiscover", "ZeroConfigExchange", Value.dword(1)),
    "the policy ZeroConfigExchangeOnce": (rf"{POLICIES}\AutoDiscover", "ZeroConfigExchangeOnce", Value.dword(1)),
    "a PRF file": (rf"{OUTLOOK}\Setup", "ImportPRF", Value.sz(r"\\server\prf\mail.prf")),
}


def put(desk: Any, user: str, key: str, name: str, value: Value | None) -> None:
    path, registry = desk.user(user).root / key, desk.workstation.registry
    registry.apply([*key_with_parents(registry, path), SetValue(path, name, registry.value(path, name), value)])


def names(desk: Any, user: str = "Zoë") -> tuple[str, ...]:
    return Workspace(desk.workstation, desk.user(user)).names


def services(desk: Any, profile: str, user: str = "Zoë") -> list[str]:
    return [each.name for each in Workspace(desk.workstation, desk.user(user)).profile(profile).services]


def outlook_makes(desk: Any, name: str = "Outlook", user: str = "Zoë") -> None:
    """What Outlook does at its first start: a default profile, here with its address book for a mailbox."""
    space = Workspace(desk.workstation, desk.user(user), send=desk.do)
    profiles = ProfileAdmin(space)
    with space.batch("Outlook starts"):
        profiles.create_profile(name)
        profiles.admin_services(name).create_message_service("CONTAB")
        profiles.set_default_profile(name)


def test_an_install_waits_for_what_outlook_takes_over_of_an_older_one(desk: Any, acme: Path) -> None:
    put(desk, "Zoë", rf"{OLDER}\Old mail", "x", Value.sz(""))
    plan = desk.plan(acme)
    receipt = desk.do(plan)
    assert (names(desk, "Zoë"), names(desk, "Łukasz")) == ((), ("Acme Mail",))
    (said,) = [str(note) for note in plan.notes if "Zoë" in str(note)]
    assert "takes over the profiles of Outlook 2010 at its first start: Old mail" in said
    assert [each.user for each in receipt.terms.waiting] == ["Zoë"]
    outlook_makes(desk, "Old mail")
    desk.install(acme, "Zoë", scope=Scope.USER)
    assert services(desk, "Old mail") == ["CONTAB", "ACME"]


def test_after_its_first_start_outlook_takes_nothing_over(desk: Any, acme: Path) -> None:
    put(desk, "Zoë", rf"{OLDER}\Old mail", "x", Value.sz(""))
    put(desk, "Zoë", rf"{OUTLOOK}\Setup", "First-Run", Value.binary(b"\1"))
    desk.install(acme)
    assert names(desk, "Zoë") == ("Acme Mail",)


def test_profile_list_shows_what_will_be_taken_over(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    here = ImageWorkstation(workstation_folder)
    path = here.users[0].root / OLDER / "Old mail"
    here.registry.apply([*key_with_parents(here.registry, path), SetValue(path, "x", None, Value.sz(""))])
    shown = mapiwright("profile", "list").out
    assert shown == "  Zoë: Old mail  (of Outlook 2010; Outlook takes it over at its first start)\n"
    assert mapiwright("profile", "list", "--json").document["older"] == [
        {"user": "Zoë", "name": "Old mail", "default": False, "edition": "2010"}
    ]
    assert mapiwright("profile", "create", "New", "--yes").code == 0
    assert mapiwright("profile", "list", "--json").document["older"] == [], "it has profiles of its own now"


@pytest.mark.parametrize("maker", MAKERS)
def test_where_outlook_will_make_the_profile_the_install_waits_and_says_so(desk: Any, acme: Path, maker: str) -> None:
    put(desk, "Zoë", *MAKERS[maker])
    plan = desk.plan(acme)
    receipt = desk.do(plan)
    assert names(desk, "Zoë") == ()
    assert names(desk, "Łukasz") == ("Acme Mail",), "who has no such setting"
    told = [str(note) for note in plan.notes if "Zoë" in str(note)]
    assert MAKERS[maker][1] in told[0]
    assert "--per-user" in told[0]
    assert [each.user for each in receipt.terms.waiting] == ["Zoë"]
    assert receipt.terms.notes == plan.notes


@pytest.mark.parametrize("maker", MAKERS)
def test_the_users_half_adds_the_service_when_outlook_has_made_it(desk: Any, acme: Path, maker: str) -> None:
    put(desk, "Zoë", *MAKERS[maker])
    desk.install(acme)
    assert desk.plan(acme, "Zoë", scope=Scope.USER).empty, "it still waits"
    outlook_makes(desk)
    put(desk, "Zoë", MAKERS[maker][0], MAKERS[maker][1], None)  # as Outlook removes ImportPRF
    desk.install(acme, "Zoë", scope=Scope.USER)
    assert services(desk, "Outlook") == ["CONTAB", "ACME"]
    assert desk.plan(acme, "Zoë", scope=Scope.USER).empty


def test_who_takes_the_service_out_again_keeps_it_out(desk: Any, acme: Path) -> None:
    put(desk, "Zoë", *MAKERS["the policy ZeroConfigExchange"])
    desk.install(acme)
    outlook_makes(desk)
    desk.install(acme, "Zoë", scope=Scope.USER)
    space = Workspace(desk.workstation, desk.user("Zoë"), send=desk.do)
    ProfileAdmin(space).admin_services("Outlook").delete_message_service("ACME")
    assert desk.plan(acme, "Zoë", scope=Scope.USER).empty


def test_a_users_half_that_has_nothing_but_waiting_to_do_is_remembered(
    desk: Any, release: Callable[..., Path]
) -> None:
    start, end = "[[registry]]\nkey = 'HKCU", "value = 1\n"
    package = release("4.3")
    manifest = (package / "mapiwright.toml").read_text(encoding="utf-8")
    before, after = manifest.index(start), manifest.index(end) + len(end)
    (package / "mapiwright.toml").write_text(manifest[:before] + manifest[after:], encoding="utf-8")
    desk.install(package, scope=Scope.MACHINE)
    put(desk, "Zoë", *MAKERS["a PRF file"])
    assert desk.install(package, "Zoë", scope=Scope.USER) is not None
    assert desk.plan(package, "Zoë", scope=Scope.USER).empty
    outlook_makes(desk, "From the PRF")
    put(desk, "Zoë", rf"{OUTLOOK}\Setup", "ImportPRF", None)
    put(desk, "Zoë", rf"{OUTLOOK}\Setup", "First-Run", Value.binary(b"\1"))
    desk.install(package, "Zoë", scope=Scope.USER)
    assert services(desk, "From the PRF") == ["CONTAB", "ACME"]


def test_a_prf_file_is_imported_at_the_first_run_only(desk: Any, acme: Path) -> None:
    put(desk, "Zoë", *MAKERS["a PRF file"])
    put(desk, "Zoë", rf"{OUTLOOK}\Setup", "First-Run", Value.binary(b"\1"))
    desk.install(acme)
    assert names(desk) == ("Acme Mail",)


def test_once_is_over_where_the_user_has_a_profile(desk: Any, acme: Path) -> None:
    put(desk, "Zoë", *MAKERS["the policy ZeroConfigExchangeOnce"])
    space = Workspace(desk.workstation, desk.user("Zoë"), send=desk.do)
    ProfileAdmin(space).create_profile("Old")
    desk.install(acme)
    assert names(desk) == ("Old", "Acme Mail")


def test_a_setting_that_says_no_keeps_nobody_waiting_and_a_policy_goes_first(desk: Any, acme: Path) -> None:
    put(desk, "Zoë", rf"{OUTLOOK}\AutoDiscover", "ZeroConfigExchange", Value.dword(1))
    put(desk, "Zoë", rf"{POLICIES}\AutoDiscover", "ZeroConfigExchange", Value.dword(0))
    desk.install(acme)
    assert names(desk) == ("Acme Mail",)


class TestWhatWasAskedFor:
    """--profile-policy, and what it means for a user with a default profile, and without."""

    @pytest.mark.parametrize(
        ("policy", "there", "profiles", "in_outlook"),
        [
            (ProfilePolicy.AUTO, True, ("Outlook",), ["CONTAB"]),
            (ProfilePolicy.CREATE, True, ("Outlook",), ["CONTAB"]),
            (ProfilePolicy.EXISTING, True, ("Outlook",), ["CONTAB", "ACME"]),
            (ProfilePolicy.NONE, True, ("Outlook",), ["CONTAB"]),
            (ProfilePolicy.AUTO, False, (), []),
            (ProfilePolicy.CREATE, False, ("Acme Mail",), []),
            (ProfilePolicy.EXISTING, False, (), []),
            (ProfilePolicy.NONE, False, (), []),
        ],
    )
    def test_with_a_setting_by_which_outlook_makes_one(
        self,
        desk: Any,
        acme: Path,
        policy: ProfilePolicy,
        there: bool,
        profiles: tuple[str, ...],
        in_outlook: list[str],
    ) -> None:
        put(desk, "Zoë", *MAKERS["the policy ZeroConfigExchange"])
        if there:
            outlook_makes(desk)
        desk.install(acme, "Zoë", request=ProfileRequest(policy))
        assert names(desk) == profiles
        assert (services(desk, "Outlook") if there else []) == in_outlook

    def test_existing_waits_for_a_profile_that_is_not_there(self, desk: Any, acme: Path) -> None:
        plan = desk.plan(acme, "Zoë", request=ProfileRequest(ProfilePolicy.EXISTING))
        assert "no default profile yet" in str(plan.notes[0])
        desk.do(plan)
        outlook_makes(desk)
        desk.install(acme, "Zoë", scope=Scope.USER)
        assert services(desk, "Outlook") == ["CONTAB", "ACME"]

    def test_a_name_is_taken_at_its_word(self, desk: Any, acme: Path) -> None:
        put(desk, "Zoë", *MAKERS["the policy ZeroConfigExchange"])
        desk.install(acme, "Zoë", request=ProfileRequest(name="Mine"))
        assert names(desk) == ("Mine",)

    def test_a_default_that_names_no_profile_is_left_alone(self, desk: Any, acme: Path) -> None:
        put(desk, "Zoë", OUTLOOK, "DefaultProfile", Value.sz("Gone"))
        for policy in ProfilePolicy:
            desk.install(acme, "Zoë", request=ProfileRequest(policy))
        assert names(desk) == ()

    def test_on_the_command_line(self, mapiwright: Mapiwright, acme: Path) -> None:
        assert mapiwright("install", acme, "--yes", "--profile-policy", "none").code == 0
        assert mapiwright("profile", "list", "--json").document["profiles"] == []
        waits = mapiwright("install", acme, "--yes", "--profile-policy", "existing", "--json")
        assert waits.code == 0
        assert "no default profile yet" in waits.document["receipt"]["notes"][0]
        made = mapiwright("install", acme, "--yes", "--profile-policy", "create")
        assert made.code == 0
        rows = mapiwright("profile", "list", "--json").document["profiles"]
        assert [(row["name"], row["default"]) for row in rows] == [("Acme Mail", True)]
