"""What the Control Panel can do the command line can do, and the other way round; both leave the same behind."""

from __future__ import annotations

import inspect
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from command_verbs import verbs

from mapiwright.admin.workspace import Workspace
from mapiwright.entry.makers import MAKERS
from mapiwright.mapi.profile import addressing, roles
from mapiwright.mapi.profile.profile import ADMIN
from mapiwright.mapi.props.tags import PR_STORE_PROVIDERS, PR_TRANSPORT_PROVIDERS, prop_type
from mapiwright.transaction.transaction import execute
from mapiwright.ui.cli.app import run
from mapiwright.ui.screens.panel import actions
from mapiwright.workflows.panel.plans import PanelRun
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.users import user_named

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.mapi.profile.profile import Profile, Service

    Mapiwright = Callable[..., Any]

DONE = {
    "profile create": "Add, by hand",
    "profile copy": "Copy",
    "profile rename": "Rename",
    "profile delete": "Remove",
    "profile default": "Always use this profile",
    "profile startup": "Prompt for a profile to be used",
    "profile add-service": "the sheet of a profile: Add",
    "profile remove-service": "the sheet of a profile: Remove",
    "profile copy-service": "the sheet of a profile: Copy",
    "profile configure-service": "the sheet of a service: Settings",
    "profile default-store": "Delivery",
    "profile identity": "Delivery",
    "service order": "Delivery",
    "profile addressing": "Addressing",
    "profile section set": "the sheet of a service: Sections",
    "profile section delete": "the sheet of a service: Sections",
}
"""The verbs that the actions of the panel are, with where they are done."""

ALSO_DONE = {
    "wizard": "Add, with the Profile Wizard",
    "prf apply": "Add, from an Outlook profile file",
    "prf export": "Export",
    "have-disk": "Have Disk",
    "install": "Have Disk, by the directory of a package",
    "uninstall": "Installed services: Remove",
    "repair": "Installed services: Repair",
    "guard": "Installed services: Guard",
    "service call": "Installed services: Send calls; other messages are for a service's author",
    "undo": "History: Undo",
    "recover": "done when the panel opens",
}
"""The verbs that other screens of the panel are."""

SHOWN = {
    "profile list": "the list of profiles",
    "profile show": "the sheets of a profile and of its services",
    "profile dump": "the sheet of a service: Sections",
    "profile table": "the lists and sheets, which are those tables",
    "profile section list": "the sheet of a service: Sections",
    "profile section get": "the sheet of a service: Sections",
    "service list": "Installed services",
    "service show": "Installed services: About",
    "receipts": "History",
    "plan": "every plan is shown before it is sent",
}
"""The verbs that only look, with where the panel shows the same."""

ELSEWHERE = {
    "workstation": "makes a workstation for trials, or says what it is: no panel without one",
    "hive": "looks into a bare file, for the helpdesk",
    "inf": "edits a bare file, for authors",
    "prf check": "checks a file, for authors; what is wrong with one is told when it is applied",
    "prf show": "shows a file, for authors",
    "apply": "applies a plan that was approved elsewhere, for fleets",
    "status": "answers a detection rule, for fleets",
    "doctor": "diagnoses, for the helpdesk",
    "log": "for the helpdesk",
    "support-bundle": "for the helpdesk",
    "publish": "for authors",
    "test": "for authors",
    "panel": "the panel",
}
"""The verbs for other people than those who sit before the panel, and why."""


def test_every_verb_is_in_the_panel_or_it_is_said_why_not() -> None:
    there = {name if name.split()[0] not in {"workstation", "hive", "inf"} else name.split()[0] for name in verbs()}
    tables = (DONE, ALSO_DONE, SHOWN, ELSEWHERE)
    known = [name for table in tables for name in table]
    assert len(known) == len(set(known))
    assert there == set(known)


def test_every_deed_of_the_panel_is_a_verb() -> None:
    makers = [
        each for _, each in inspect.getmembers(actions, inspect.isfunction) if each.__module__ == actions.__name__
    ]
    public = {each.__name__ for each in makers if not each.__name__.startswith("_")} - {"section_actions"}
    assert public == set(DEEDS)


TWO_LISTS = f"{'00' * 4}{'ab' * 16}01;{'00' * 4}{'cd' * 16}02"

JSON_FORM = b"""\
[Services]
WIRE=Wire
[WIRE]
PR_DISPLAY_NAME=Wire
Providers=WireWire
[WireWire]
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
PR_PROVIDER_DLL_NAME=wire.dll
PR_PROVIDER_DISPLAY=Wire
PR_DISPLAY_NAME=Wire
"""

DEEDS: dict[str, Callable[[Profile], actions.Action]] = {
    "create_profile": lambda _: actions.create_profile("New"),
    "copy_profile": lambda profile: actions.copy_profile(profile.name, "Spare"),
    "rename_profile": lambda profile: actions.rename_profile(profile.name, "Other name"),
    "delete_profile": lambda profile: actions.delete_profile(profile.name),
    "set_default_profile": lambda _: actions.set_default_profile("Second"),
    "ask_for_profile": lambda _: actions.ask_for_profile(True),
    "add_service": lambda profile: actions.add_service(profile.name, "CONTAB"),
    "remove_service": lambda profile: actions.remove_service(profile.name, "ACME"),
    "copy_service": lambda profile: actions.copy_service(profile.name, "MSUPST MS", "Second"),
    "configure_service": lambda profile: actions.configure_service(
        profile.name, actions.Chosen(_service(profile, "ACME").uid, "ACME"), {0x66010003: 995}
    ),
    "set_default_store": lambda profile: actions.set_default_store(
        profile.name, actions.Chosen(_stores(profile)[-1])
    ),
    "set_primary_identity": lambda profile: actions.set_primary_identity(profile.name, None),
    "order_transports": lambda profile: actions.order_transports(
        profile.name, [actions.Chosen(each.uid) for each in reversed(profile.providers(PR_TRANSPORT_PROVIDERS))]
    ),
    "set_default_directory": lambda profile: actions.set_default_directory(profile.name, _list(profile)),
    "set_personal_address_book": lambda profile: actions.set_personal_address_book(profile.name, _list(profile)),
    "set_search_order": lambda profile: actions.set_search_order(profile.name, [_list(profile)]),
    "set_properties": lambda profile: actions.set_properties(
        profile.name,
        actions.Chosen(_service(profile, "ACME").uid),
        {0x6610001F: "a b", 0x66110102: b"\1\2", 0x6612000B: True},
    ),
    "delete_properties": lambda profile: actions.delete_properties(
        profile.name, actions.Chosen(_service(profile, "ACME").uid), [0x66010003]
    ),
}
"""Each deed of the panel, on a profile that has something for it."""


def _stores(profile: Profile) -> list[str]:
    return [each.uid for each in profile.providers(PR_STORE_PROVIDERS)]


def _list(profile: Profile) -> actions.Chosen:
    return actions.Chosen(addressing.address_lists(profile)[-1].entry_id.hex())


def _service(profile: Profile, name: str) -> Service:
    return next(each for each in profile.services if each.name == name)


@pytest.fixture
def twins(mapiwright: Mapiwright, workstation_folder: Path, acme: Path) -> tuple[Path, Path]:
    """Two workstations that are the same: a profile with stores, transports and address lists, and a second one."""
    (inf,) = workstation_folder.rglob("MAPISVC.INF")
    fragment = workstation_folder.with_name("wire.inf")
    fragment.write_bytes(JSON_FORM)
    for words in (
        ("install", acme, "--yes"),
        ("inf", "merge", inf, fragment, "--yes"),
        ("profile", "add-service", "Acme Mail", "WIRE", "--yes"),
        ("profile", "add-service", "Acme Mail", "MSUPST MS", "--yes"),
        ("profile", "create", "Second", "--yes"),
        ("profile", "section", "set", "Acme Mail", ADMIN, "--set", f"PR_AB_SEARCH_PATH={TWO_LISTS}", "--yes"),
    ):
        answer = mapiwright(*words)
        assert answer.code == 0, answer.err
    other = workstation_folder.with_name("twin")
    shutil.copytree(workstation_folder, other, symlinks=True)
    return workstation_folder, other


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_and_its_command_line_leave_the_same(
    name: str, twins: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    panels, typed = (f"image:{folder}" for folder in twins)
    station = open_workstation(panels)
    user = user_named("Zoë", station.users)
    wanted = DEEDS[name](Workspace(station, user).profile("Acme Mail"))
    before = _what_there_is(panels)
    execute(PanelRun(station).edit(user, wanted.draft), station, makers=MAKERS)
    assert _what_there_is(panels) != before, "the deed does something"
    monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", typed)
    assert run([*wanted.words, "--user", user.name, "--yes"]) == 0
    assert _what_there_is(panels) == _what_there_is(typed)
    verb = " ".join(wanted.words[: 3 if wanted.words[1] == "section" else 2])
    assert verb in DONE


def _what_there_is(uri: str) -> Any:
    """All profiles of a user, without the uids that are made anew each time."""
    from mapiwright.admin.profiles import ProfileAdmin

    station = open_workstation(uri)
    space = Workspace(station, user_named("Zoë", station.users))
    return (
        space.default,
        ProfileAdmin(space).asks_for_profile,
        [(name, _content(space.profile(name))) for name in space.names],
    )


def _content(profile: Profile) -> Any:
    store, identity = roles.default_store(profile), roles.primary_identity(profile)
    return (
        [(each.name, [_properties(section) for section in _sections(each)]) for each in profile.services],
        store.display if store is not None else None,
        identity.name if identity is not None else None,
        [each.display for each in profile.providers(PR_TRANSPORT_PROVIDERS)],
        addressing.search_order(profile),
        addressing.default_directory(profile),
        addressing.personal_address_book(profile),
    )


def _sections(service: Service) -> list[Any]:
    return [service.section, *(each.section for each in service.providers), *service.extras]


def _properties(section: Any) -> dict[int, Any]:
    """Its properties; of the binary ones, which may hold uids, their lengths."""
    return {tag: len(value) if prop_type(tag) == 0x0102 else value for tag, value in section.properties.items()}
