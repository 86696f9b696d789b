"""A newer version over an older one: one transaction, old things gone, users' settings kept; no way back unasked."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.service.contract import EntryPolicy
from mapiwright.errors import FindingsError, MapiwrightError, RefusedError
from mapiwright.mapi.props import tags
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.setup.install.repair import plan_guard
from mapiwright.setup.install.status import PackageState, status
from mapiwright.setup.package.package import open_package
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import Scope
from mapiwright.transaction.plans.plan import Leg
from mapiwright.transaction.recovery import apply
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.outlook.office_layout import OutlookInstallation
from mapiwright.workstation.registry import KeyPath, View
from mapiwright.workstation.subject import net_of_each
from mapiwright.workstation.workstation import Bitness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mapiwright.mapi.profile.profile import Profile, Service
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation

    Release = Callable[..., Path]
    Mapiwright = Callable[..., Any]

NEWER: dict[str, dict[str, str]] = {
    # The DLL has another name, the transport is gone, a hook has come, the settings have moved to other tags.
    "acme.inf": {
        "=acme.dll": "=acmemail.dll",
        "Providers=ACME_AB, ACME_Store, ACME_Transport": "Providers=ACME_AB, ACME_Store, ACME_Archive",
        "PR_PROVIDER_DISPLAY=Acme Address Book": "PR_PROVIDER_DISPLAY=Acme Contacts",
        "; A section that": (
            "[ACME_Archive]\nPR_RESOURCE_TYPE=MAPI_STORE_PROVIDER\nPR_PROVIDER_DLL_NAME=acmemail.dll\n"
            "PR_PROVIDER_DISPLAY=Acme Archive\nPR_DISPLAY_NAME=Acme Archive\n\n; A section that"
        ),
    },
    "acme_service.py": {'call.providers["ACME_Transport"]': 'call.providers["ACME_Archive"]'},
    "mapiwright.toml": {
        '"x64/acme32.dll"': '{ source = "x64/acme32.dll", destination = "{system}/acmemail32.dll" }',
        '"x86/acme32.dll"': '{ source = "x86/acme32.dll", destination = "{system}/acmemail32.dll" }',
        "{program_files}/Acme Mail/welcome.txt": "{program_files}/Acme Mail/docs/welcome.txt",
        'name = "Documents"': 'name = "Papers"',
        "[uninstall]": '[migration]\n6602001E = "6605001E"\n\n[uninstall]',
    },
}

DLL = r"C:\Windows\System32\acme32.dll"
NEW_DLL = r"C:\Windows\System32\acmemail32.dll"


@pytest.fixture
def newer(release: Release) -> Path:
    folder = release("5.0", NEWER)
    text = (folder / "acme.inf").read_text(encoding="utf-8")
    start, end = text.index("[ACME_Transport]"), text.index("[ACME_Archive]")
    (folder / "acme.inf").write_text(text[:start] + text[end:], encoding="utf-8")
    return folder


def profile_of(desk: Any, user: str = "Zoë", name: str = "Acme Mail") -> Profile:
    return Workspace(desk.workstation, desk.user(user)).profile(name)


def service_of(desk: Any, user: str = "Zoë") -> Service:
    return profile_of(desk, user).services[0]


def change_setting(desk: Any, user: str, tag: int, value: str) -> None:
    space = Workspace(desk.workstation, desk.user(user), send=desk.do)
    profile = space.profile("Acme Mail")
    with space.batch("the user's own choice"):
        section = profile.services[0].section.with_properties({tag: value})
        space.put(profile, profile.with_sections(section))


def test_files_lines_values_and_profiles_follow_and_the_users_settings_stay(
    desk: Any, acme: Path, newer: Path
) -> None:
    desk.install(acme)
    change_setting(desk, "Zoë", 0x6600001E, "mail.example.net")
    kept = {each.dll for each in service_of(desk).providers}
    assert kept == {"acme.dll"}
    receipt = desk.install(newer)
    assert receipt is not None
    assert str(receipt.title) == "upgrade Acme Mail for Outlook from 4.2.1 to 5.0"

    files = desk.workstation.files
    assert files.read(DLL) is None
    assert files.read(NEW_DLL) is not None
    assert not files.names(r"C:\Program Files\Acme Mail")[1:], "the page moved into a folder below"
    assert "ACME_Transport" not in desk.inf
    assert "[ACME_Archive]" in desk.inf
    acme_key = KeyPath.parse(r"HKLM\Software\Acme Software\Acme Mail")
    values = desk.workstation.registry.read(acme_key).values
    assert (values["Version"].text, set(values)) == ("5.0", {"Version", "Papers"})

    for user in ("Zoë", "Łukasz"):
        service = service_of(desk, user)
        assert service.dll == "acmemail.dll"
        assert service.section.get(tags.PR_SERVICE_SUPPORT_FILES) == ("acmemail.dll",)
        assert {each.dll for each in service.providers} == {"acmemail.dll"}
        shown = {each.section.text(tags.PR_PROVIDER_DISPLAY) for each in service.providers}
        assert shown == {"Acme Contacts", "Acme Mailbox", "Acme Archive"}
        profile = profile_of(desk, user)
        assert not profile.admin.uids(tags.PR_TRANSPORT_PROVIDERS)
        assert len(profile.admin.uids(tags.PR_STORE_PROVIDERS)) == 2
    mine, his = service_of(desk, "Zoë").section, service_of(desk, "Łukasz").section
    assert mine.text(0x6600001E) == "mail.example.net"
    assert his.text(0x6600001E) == "mail.acme.example"
    assert {each.section.text(tags.PR_DISPLAY_NAME) for each in service_of(desk).providers} == {
        "Acme Address Book (mail.acme.example)",
        "Acme Mailbox - guest",
        "Acme Archive",
    }, "the names that the service gave them are no vendor's names"
    assert (mine.get(0x6602001E), mine.get(0x6605001E)) == (None, "guest"), "the migration has moved it"


def test_planning_the_upgrade_again_gives_an_empty_plan(desk: Any, acme: Path, newer: Path) -> None:
    desk.install(acme)
    desk.install(newer)
    assert desk.plan(newer).empty


def test_uninstall_after_an_upgrade_gives_everything_back(desk: Any, acme: Path, newer: Path) -> None:
    before = desk.picture()
    desk.install(acme)
    desk.install(newer)
    desk.uninstall()
    assert desk.picture() == before


def test_undo_of_an_upgrade_gives_the_older_version_back(
    mapiwright: Mapiwright, acme: Path, newer: Path, picture: Callable[[], dict[str, bytes]]
) -> None:
    mapiwright("install", acme, "--yes")
    files = {path: data for path, data in picture().items() if "NTUSER" not in path and "config" not in path}
    upgraded = mapiwright("install", newer, "--yes", "--json")
    assert upgraded.code == 0, upgraded.err
    assert mapiwright("undo", upgraded.document["receipt"]["id"], "--yes").code == 0
    now = {path: data for path, data in picture().items() if "NTUSER" not in path and "config" not in path}
    assert now == files
    assert mapiwright("status", "acme-mail").out.startswith("acme-mail 4.2.1: installed and intact")


def test_going_back_is_refused_unless_it_is_forced(mapiwright: Mapiwright, acme: Path, newer: Path) -> None:
    installed = mapiwright("install", newer, "--yes")
    assert installed.code == 0, installed.err
    refused = mapiwright("install", acme, "--yes")
    assert refused.code == 1
    assert "5.0" in refused.err
    assert "--force" in refused.err
    forced = mapiwright("install", acme, "--yes", "--force")
    assert forced.code == 0, forced.err
    assert mapiwright("status", "acme-mail").out.startswith("acme-mail 4.2.1: installed and intact")
    assert "Acme Transport" in mapiwright("service", "show", "ACME").out


@pytest.mark.parametrize(("there", "comes", "goes_back"), [("4.2", "4.2.0.0", False), ("4.10", "4.9", True)])
def test_versions_compare_as_numbers(desk: Any, release: Release, there: str, comes: str, goes_back: bool) -> None:
    desk.install(release(there))
    package = release(comes)
    if goes_back:
        with pytest.raises(RefusedError):
            desk.plan(package)
    else:
        desk.plan(package)


def test_whatever_leg_fails_the_older_version_goes_on_working(
    desk: Any, acme: Path, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.install(acme)
    before = desk.picture()
    legs = net_of_each([step.changes for step in desk.plan(newer).steps if isinstance(step, Leg)])
    ends = [end for end, leg in zip(accumulate(map(len, legs)), legs, strict=True) if leg]
    assert len(ends) >= 4
    for fatal in ends:
        room = fatal  # legs that follow each other are made in one go

        def fail(workstation: Workstation, changes: Sequence[Change]) -> None:
            nonlocal room
            apply(workstation, changes[:room])
            room -= len(changes)
            if room <= 0:
                raise OSError(28, "No space left on device")

        monkeypatch.setattr("mapiwright.transaction.transaction.apply", fail)
        with pytest.raises(MapiwrightError):
            desk.install(newer)
        monkeypatch.setattr("mapiwright.transaction.transaction.apply", apply)
        assert desk.picture() == before, f"after {fatal} changes"
        assert records_of(desk.workstation).installations["acme-mail"].version == "4.2.1"
    desk.install(newer)
    assert desk.picture() != before


SECOND = """
[ACME2]
PR_DISPLAY_NAME=Acme Calendar
PR_SERVICE_DLL_NAME=acme.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=ACME2_Store

[ACME2_Store]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_PROVIDER_DLL_NAME=acme.dll
PR_PROVIDER_DISPLAY=Acme Calendar
PR_DISPLAY_NAME=Acme Calendar
"""


def with_calendar(folder: Path, source: str) -> Path:
    """The package with a second service, whose stand-in is ``source``."""
    text = (folder / "acme.inf").read_text(encoding="utf-8")
    text = text.replace("ACME=Acme Mail", "ACME=Acme Mail\nACME2=Acme Calendar") + SECOND
    (folder / "acme.inf").write_text(text, encoding="utf-8")
    (folder / "calendar_service.py").write_text(source, encoding="utf-8")
    manifest = folder / "mapiwright.toml"
    manifest.write_text(
        manifest.read_text(encoding="utf-8")
        + '\n[services.ACME2]\nentry = "calendar_service:entry"\nsources = ["calendar_service.py"]\n',
        encoding="utf-8",
    )
    return folder


@pytest.mark.parametrize("context", [1, 2], ids=["INSTALL", "CREATE"])
def test_whatever_the_new_service_refuses_the_older_version_goes_on_working(
    desk: Any, acme: Path, release: Release, context: int
) -> None:
    refuses = f"def entry(call):\n    return 0x80004005 if call.context == {context} else 0\n"
    newer = with_calendar(release("5.0"), refuses)
    desk.install(acme)
    before = desk.picture()
    with pytest.raises(MapiwrightError):
        desk.install(newer, request=ProfileRequest(ProfilePolicy.EXISTING))
    assert desk.picture() == before


def test_a_service_that_the_new_version_lacks_is_told_and_leaves_every_profile(desk: Any, release: Release) -> None:
    older = with_calendar(release("4.9"), "def entry(call):\n    return 0\n")
    desk.install(older)
    assert [service.name for service in profile_of(desk, "Łukasz").services] == ["ACME", "ACME2"]
    receipt = desk.install(release("5.0"), "Zoë")
    told = [str(effect.title) for effect in receipt.effects]
    assert [title for title in told if "MSG_SERVICE_DELETE" in title and "ACME2" in title][1:], "in both profiles"
    assert told[-1].startswith("call ACME2 with MSG_SERVICE_UNINSTALL")
    assert all(effect.status == "done" for effect in receipt.effects)
    for user in ("Zoë", "Łukasz"):
        assert [service.name for service in profile_of(desk, user).services] == ["ACME"]
    assert "ACME2" not in desk.inf
    assert desk.plan(release("5.1"), "Zoë").effects == (), "it is told once"


def test_a_service_that_is_there_is_not_told_a_second_time_that_it_is_installed(
    desk: Any, acme: Path, release: Release
) -> None:
    desk.install(acme)
    newer = with_calendar(release("5.0"), "def entry(call):\n    return 0\n")
    titles = [str(effect.title) for effect in desk.plan(newer).effects]
    assert [title for title in titles if "INSTALL" in title] == ["call ACME2 with MSG_SERVICE_INSTALL"]


def test_a_line_that_the_vendor_changed_is_replaced_where_it_stands_in_the_file(
    desk: Any, acme: Path, release: Release
) -> None:
    foreign = b"; Contoso's own\r\n[Contoso]\r\nPR_DISPLAY_NAME = odd   spacing\r\n"
    path = desk.workstation.outlook.inf_path
    desk.install(acme)
    data = desk.workstation.files.read(path)
    desk.workstation.files.apply([WriteFile(path, data, data + foreign)])
    desk.workstation.refresh()
    desk.install(release("5.0", {"acme.inf": {"PR_DISPLAY_NAME=Acme Mail\n": "PR_DISPLAY_NAME=Acme Mail Plus\n"}}))
    assert "Acme Mail Plus" in desk.inf
    assert foreign in desk.workstation.files.read(path)
    desk.uninstall()
    assert foreign in desk.workstation.files.read(path)
    assert "Acme" not in desk.inf


def test_a_provider_that_the_service_made_by_itself_is_left_alone(desk: Any, acme: Path, newer: Path) -> None:
    desk.install(acme)
    space = Workspace(desk.workstation, desk.user("Zoë"), send=desk.do)
    profile = space.profile("Acme Mail")
    service = profile.services[0]
    store = next(each for each in service.providers if each.kind == tags.ResourceType.STORE_PROVIDER)
    twin = replace(store.section, uid="11" * 16)
    lists = {tags.PR_STORE_PROVIDERS: bytes.fromhex(store.uid + twin.uid)}
    with space.batch("a second mailbox"):
        own = service.section.with_properties(lists)
        admin = profile.admin.with_properties(lists)
        space.put(profile, profile.with_sections(twin, own, admin))
    desk.install(newer)
    after = service_of(desk)
    assert "11" * 16 in {each.uid for each in after.providers}
    assert len([each for each in after.providers if each.kind == tags.ResourceType.STORE_PROVIDER]) == 3


def test_an_upgrade_of_the_machine_alone_leaves_profiles_to_the_users_half(
    desk: Any, acme: Path, newer: Path
) -> None:
    desk.install(acme)
    hives = desk.picture()[0]["HKU"]
    desk.install(newer, scope=Scope.MACHINE)
    assert desk.picture()[0]["HKU"] == hives
    desk.install(newer, "Zoë", scope=Scope.USER)
    assert service_of(desk, "Zoë").dll == "acmemail.dll"
    assert len(service_of(desk, "Zoë").providers) == 3
    assert profile_of(desk, "Zoë").admin.uids(tags.PR_TRANSPORT_PROVIDERS) == ()
    assert service_of(desk, "Łukasz").dll == "acme.dll", "whose turn comes at his own logon"
    assert desk.plan(newer, "Zoë", scope=Scope.USER).empty


def test_an_upgrade_to_another_bitness_of_outlook_takes_the_other_side_of_everything(desk: Any, acme: Path) -> None:
    desk.install(acme)
    desk.office_becomes(OutlookInstallation(bitness=Bitness.X86))
    with pytest.raises(RefusedError, match="x86"):
        plan_guard(desk.workstation, "acme-mail")
    assert status(desk.workstation, "acme-mail").state is PackageState.BROKEN
    desk.install(acme)
    files = desk.workstation.files
    assert files.read(DLL) is None
    assert files.read(r"C:\Windows\SysWOW64\acme32.dll") is not None
    assert desk.workstation.registry.read(KeyPath.parse(r"HKLM\Software\Acme Software")) is None
    assert desk.workstation.registry.read(KeyPath.parse(r"HKLM\Software\Acme Software", View.X86)) is not None
    assert "[ACME]" in desk.inf
    assert status(desk.workstation, "acme-mail").state is PackageState.INTACT
    assert desk.plan(acme).empty
    desk.uninstall()
    assert not [path for path in desk.picture()[1] if "acme" in path.lower()]
    assert desk.workstation.registry.read(KeyPath.parse(r"HKLM\Software\Acme Software", View.X86)) is None


def test_profiles_follow_where_no_code_can_run(desk: Any, acme: Path, newer: Path) -> None:
    desk.install(acme)
    assert ProfileAdmin(Workspace(desk.workstation, desk.user("Zoë"))).get_profile_table().row_count()
    desk.install(newer, policy=EntryPolicy.SKIP)
    assert service_of(desk).dll == "acmemail.dll"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('66020003 = "nothing"', "does not map one property to another"),
        ('nothing = "66020003"', "does not map one property to another"),
        ('66020003 = "6605001F"', "different types"),
        ('67F0001E = "6605001E"', "its own properties"),
        ('PR_DISPLAY_NAME = "6605001F"', "its own properties"),
        ('8001001E = "6605001E"', "its own properties"),
    ],
)
def test_a_migration_is_of_the_services_own_properties_and_of_one_type(
    release: Release, line: str, what: str
) -> None:
    package = release("5.0", {"mapiwright.toml": {"[uninstall]": f"[migration]\n{line}\n\n[uninstall]"}})
    with pytest.raises(FindingsError) as faults:
        open_package(package)
    assert [(fault.id, what in fault.what) for fault in faults.value.findings] == [("MW4013", True)]


def test_a_migration_may_change_the_width_of_a_string(release: Release) -> None:
    package = release(
        "5.0", {"mapiwright.toml": {"[uninstall]": '[migration]\n6602001E = "6605001F"\n\n[uninstall]'}}
    )
    assert open_package(package).migrations == {0x6602001E: 0x6605001F}
