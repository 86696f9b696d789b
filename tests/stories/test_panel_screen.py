"""The mail Control Panel on the screen, walked by a person who has a keyboard and no mouse."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from screen_walks import Sends, damage, fill, focus, keys, panel_on, pick, push, sees, settle, shown, typed, walk
from textual import events
from textual.widgets import Button, Input, OptionList

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.errors import RecoveryNeededError
from mapiwright.formats.props import encode
from mapiwright.mapi.profile import addressing, roles
from mapiwright.mapi.profile.profile import ADMIN
from mapiwright.mapi.props.tags import PR_TRANSPORT_PROVIDERS
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.ui.screens.panel import actions
from mapiwright.workstation.change import SetValue, WriteFile, difference
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.registry import Value, ValueType

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from screen_walks import Walk
    from textual.pilot import Pilot

    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.ui.screens.panel.panel import PanelApp

CANCEL, OK = push("#cancel"), push("#ok")
NO_PROFILE = ProfileRequest(ProfilePolicy.NONE)


def space(desk: Any) -> Workspace:
    return Workspace(desk.workstation, desk.workstation.users[0])


def names(desk: Any) -> tuple[str, ...]:
    return space(desk).names


def profile(desk: Any, name: str) -> Profile:
    return space(desk).profile(name)


@pytest.fixture
def ready(desk: Any, acme: Path) -> Any:
    """A workstation where Zoë has Acme Mail in a profile, and Łukasz has none."""
    desk.install(acme, "Zoë")
    return desk


def nothing_changes(desk: Any) -> tuple[Walk, Walk]:
    """Takes a picture, and compares it."""
    taken = []

    async def take(_app: PanelApp, _pilot: Pilot[None]) -> None:
        taken.append(desk.picture())

    async def compare(_app: PanelApp, _pilot: Pilot[None]) -> None:
        assert desk.picture() == taken[0]

    return take, compare


# The list of profiles.


def test_the_profiles_of_every_user_are_shown(ready: Any) -> None:
    walk(
        panel_on(ready),
        sees("Acme Mail (default)   ACME", "image:pc"),
        pick("#user", "down"),
        sees("Łukasz"),
        lambda app, _: _is_empty(app.screen.query_one("#profiles", OptionList)),
    )


async def _is_empty(list_: OptionList) -> None:
    assert list_.option_count == 0


def test_a_profile_is_added_by_hand_when_the_plan_was_agreed_to(ready: Any) -> None:
    before, same = nothing_changes(ready)
    app = walk(
        panel_on(ready),
        before,
        keys("insert", *typed("Spare")),
        pick("#ask-way", "down"),
        OK,
        sees("Add the profile Spare?", "mapiwright profile create Spare"),
        same,
        OK,
        sees("Done. Receipt"),
    )
    assert names(ready) == ("Acme Mail", "Spare")
    assert [str(receipt.title) for receipt in app.panel.panel.receipts] == ["create profile Spare"]


def test_a_profile_is_added_by_the_wizard(ready: Any) -> None:
    walk(
        panel_on(ready),
        keys("insert", *typed("Work")),
        OK,
        sees("Welcome to the Profile Wizard"),
        keys("enter", "space", "pagedown"),
        fill("#field-user", "zoe"),
        keys("pagedown"),
        sees("Name the profile"),
        keys("pagedown"),
        sees("Profile Work, new"),
        keys("enter"),
        sees("The profile is ready"),
        keys("enter"),
        sees("Work   ACME", "Done. Receipt"),
    )
    assert names(ready) == ("Acme Mail", "Work")


def test_a_wizard_that_is_cancelled_leaves_the_panel_as_it_was(ready: Any) -> None:
    before, same = nothing_changes(ready)
    app = walk(
        panel_on(ready), before, keys("insert"), OK, keys("enter", "escape"), sees("Acme Mail (default)"), same
    )
    assert app.panel.panel.receipts == []


def test_a_profile_is_added_from_a_file_and_written_as_one(ready: Any, tmp_path: Path) -> None:
    file = tmp_path / "acme.prf"
    walk(
        panel_on(ready),
        push("#export"),
        keys(*typed(str(file))),
        OK,
        sees("The profile was exported", str(file)),
        CANCEL,
        keys("delete"),
        OK,
        keys("insert"),
        pick("#ask-way", "down", "down"),
        OK,
        sees("Import an Outlook profile file"),
        keys(*typed(str(file)), "enter"),
        _past_warnings,
        sees("Apply acme.prf to the profiles of Zoë?", f"mapiwright prf apply {file}"),
        OK,
        sees("Acme Mail (default)   ACME"),
    )
    assert names(ready) == ("Acme Mail",)


async def _past_warnings(app: PanelApp, pilot: Pilot[None]) -> None:
    if "Notes on this file" in shown(app):
        await CANCEL(app, pilot)


def test_a_file_that_is_there_is_not_written_over(ready: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.prf"
    file.write_bytes(b"mine")
    walk(panel_on(ready), push("#export"), keys(*typed(str(file)), "enter"), sees("This cannot be done", "is there"))
    assert file.read_bytes() == b"mine"


def test_a_profile_is_copied_and_renamed(ready: Any) -> None:
    walk(
        panel_on(ready),
        push("#copy"),
        keys(*typed("Spare"), "enter"),
        sees("Copy the profile Acme Mail as Spare?", 'mapiwright profile copy "Acme Mail" Spare --user'),
        OK,
        focus("#profiles"),
        keys("end"),
        push("#rename"),
        keys(*typed("Other"), "enter"),
        sees("Rename the profile Spare to Other?"),
        OK,
        sees("Other   ACME"),
    )
    assert names(ready) == ("Acme Mail", "Other")


def test_a_profile_is_removed_and_its_services_are_told(ready: Any) -> None:
    app = walk(
        panel_on(ready),
        keys("delete"),
        sees("Remove the profile Acme Mail?", "MSG_SERVICE_DELETE", 'mapiwright profile delete "Acme Mail"'),
        OK,
    )
    assert names(ready) == ()
    (receipt,) = app.panel.panel.receipts
    assert "MSG_SERVICE_DELETE" in str(receipt.effects[0].title)


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
def test_who_does_not_agree_changes_nothing(ready: Any, key: str) -> None:
    before, same = nothing_changes(ready)
    app = walk(panel_on(ready), before, keys("delete", key), sees("Acme Mail (default)"), same)
    assert app.panel.panel.receipts == []


def test_a_name_that_is_taken_or_illegal_is_told_with_what_is_expected(ready: Any) -> None:
    before, same = nothing_changes(ready)
    walk(
        panel_on(ready),
        before,
        push("#copy"),
        keys(*typed("Acme Mail"), "enter"),
        sees("This cannot be done", "Acme Mail"),
        CANCEL,
        push("#rename"),
        keys("backslash", "enter"),
        sees("This cannot be done", "1 to 64"),
        CANCEL,
        same,
    )


def test_what_outlook_starts_with_is_one_plan(ready: Any) -> None:
    ready.do(ready.edit(lambda profiles: profiles.create_profile("Spare")))

    async def shut(app: PanelApp, _pilot: Pilot[None]) -> None:
        assert app.screen.query_one("#apply", Button).disabled

    app = walk(
        panel_on(ready),
        shut,
        focus("#startup"),
        keys("up", "space"),
        pick("#default", "down"),
        push("#apply"),
        sees("mapiwright profile startup --prompt", "mapiwright profile default Spare", "PickLogonProfile"),
        OK,
        sees("Spare (default)"),
        shut,
        focus("#startup"),
        keys("down", "space"),
        push("#apply"),
        sees("mapiwright profile startup --always"),
        OK,
    )
    assert len(app.panel.panel.receipts) == 2
    assert space(ready).default == "Spare"
    assert not ProfileAdmin(space(ready)).asks_for_profile


def test_outlook_may_have_no_default_profile(ready: Any) -> None:
    walk(
        panel_on(ready),
        pick("#default", "home"),
        push("#apply"),
        sees("mapiwright profile default --none"),
        OK,
    )
    assert space(ready).default is None


# How it ends.


def test_a_dry_run_shows_plans_and_agrees_to_none(ready: Any) -> None:
    before, same = nothing_changes(ready)

    async def no_ok(app: PanelApp, _pilot: Pilot[None]) -> None:
        assert not app.screen.query("#ok")

    walk(
        panel_on(ready, dry_run=True),
        before,
        keys("delete"),
        sees("This is a dry run", "MSG_SERVICE_DELETE"),
        no_ok,
        CANCEL,
        same,
    )


def test_a_dry_run_writes_no_file_either(ready: Any) -> None:
    walk(panel_on(ready, dry_run=True), push("#export"), sees("This is a dry run"), CANCEL)


def test_a_failure_says_what_was_taken_back_and_nothing_stays(ready: Any) -> None:
    damage(ready)
    before, same = nothing_changes(ready)
    walk(
        panel_on(ready),
        before,
        keys("enter"),
        push("#remove"),
        push("#add"),
        focus("#offers"),
        keys("end", "enter"),
        OK,
        OK,
        sees("It was not done", "the licence has run out", "All changes were rolled back:"),
        sees("not undone: call ACME with MSG_SERVICE_DELETE", "rolled back: profiles of Zoë"),
        CANCEL,
        sees("Acme Mail Properties"),
        same,
    )


def test_what_stands_half_way_names_the_command_that_ends_it(ready: Any) -> None:
    error = RecoveryNeededError("the disk is full")
    ends = sees("the disk is full", "interrupted", "mapiwright recover")
    walk(panel_on(ready, error=error), keys("delete"), OK, ends)


def test_a_plan_is_sent_to_its_end_where_the_screen_goes_meanwhile(ready: Any) -> None:
    app = panel_on(ready)
    performance = app.panel.panel.performance
    assert isinstance(performance, Sends)

    def goes() -> None:
        app.call_from_thread(app.exit)
        _until(lambda: not app.is_running)

    performance.before = goes

    async def agree(app: PanelApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await asyncio.to_thread(_until, lambda: not app.is_running)

    walk(app, keys("delete"), agree)
    assert names(ready) == ()
    assert [str(receipt.title) for receipt in performance.receipts] == ["delete profile Acme Mail"]
    assert app.defect is None


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_what_the_system_refuses_is_told(ready: Any) -> None:
    walk(
        panel_on(ready, error=PermissionError(13, "Permission denied")), keys("delete"), OK, sees("Permission denied")
    )


def test_a_defect_ends_the_panel_and_is_told_by_the_verb(ready: Any) -> None:
    defect = ValueError("a defect, and maybe somebody's data")
    app = walk(panel_on(ready, error=defect), keys("delete", "enter"))
    assert app.defect is defect


# The sheet of a profile.


@pytest.fixture
def at_office(office: Any) -> Any:
    """An office with a profile that has stores, transports and address books."""
    services = office.services("Work")
    for name in ("MAIL", "WIRE", "PIPE", "BOOK"):
        services.create_message_service(name)
    office.profiles.set_default_profile("Work")
    office.picture = lambda: office.workstation.registry.read(office.workstation.users[0].root)
    return office


def test_all_pages_of_a_profile_become_one_plan(at_office: Any) -> None:
    before, same = nothing_changes(at_office)
    app = walk(
        panel_on(at_office),
        before,
        keys("enter"),
        sees("Work Properties", "Mail of the office (MAIL)", "Book (BOOK)"),
        keys("pagedown"),
        pick("#identity", "end"),
        focus("#transports"),
        keys("home"),
        push("#transport-down"),
        keys("pageup"),
        push("#remove"),
        same,
        push("#ok"),
        sees(
            "Change the profile Work?",
            "mapiwright profile remove-service Work MAIL",
            "mapiwright profile identity Work --set",
            "mapiwright service order Work --set",
        ),
        same,
        OK,
        sees("Done. Receipt"),
    )
    assert len(app.panel.panel.receipts) == 1
    after = profile(at_office, "Work")
    assert [each.name for each in after.services] == ["WIRE", "PIPE", "BOOK"]
    found = roles.primary_identity(after)
    assert found is not None
    assert found.name == "PIPE"
    assert [each.display for each in after.providers(PR_TRANSPORT_PROVIDERS)] == ["Pipe", "Wire"]


def test_who_cancels_a_sheet_drops_all_that_was_drafted(at_office: Any) -> None:
    before, same = nothing_changes(at_office)
    app = walk(
        panel_on(at_office), before, keys("enter"), push("#remove"), keys("escape"), OK, sees("Work (default)"), same
    )
    assert app.panel.panel.receipts == []


def test_a_sheet_with_nothing_drafted_just_closes(at_office: Any) -> None:
    app = walk(panel_on(at_office), keys("enter"), push("#ok"), sees("Work (default)"))
    assert app.panel.panel.receipts == []


def test_a_service_that_may_be_there_once_is_not_added_again(at_office: Any) -> None:
    walk(
        panel_on(at_office),
        keys("enter"),
        push("#add"),
        sees("Add Service to Profile", "Book (BOOK)", "Archive (ARCHIVE)"),
        keys("down", "enter"),
        sees("This cannot be done", "BOOK"),
        CANCEL,
        sees("Work Properties"),
    )


def test_a_service_is_copied_into_another_profile(at_office: Any) -> None:
    at_office.services("Spare")
    walk(
        panel_on(at_office),
        keys("enter"),
        push("#copy"),
        pick("#ask-to", "end"),
        OK,
        push("#ok"),
        sees("mapiwright profile copy-service Work MAIL --to Spare"),
        OK,
    )
    assert [each.name for each in profile(at_office, "Spare").services][-1] == "MAIL"


def test_new_mail_is_delivered_elsewhere(at_office: Any) -> None:
    at_office.services("Work").create_message_service("MAIL")
    first = roles.default_store(profile(at_office, "Work"))
    walk(
        panel_on(at_office),
        keys("enter", "pagedown"),
        pick("#store", "end"),
        push("#ok"),
        sees("mapiwright profile default-store Work --set"),
        OK,
    )
    second = roles.default_store(profile(at_office, "Work"))
    assert first is not None
    assert second is not None
    assert first.uid != second.uid


def test_addressing_is_chosen_from_the_lists_that_are_known(desk: Any, real_profiles: Callable[[str], Any]) -> None:
    put_profiles(desk, real_profiles("o2016-x64"))
    (name,) = names(desk)
    before = profile(desk, name)
    known = addressing.address_lists(before)
    assert known
    walk(
        panel_on(desk),
        keys("enter", "pagedown", "pagedown"),
        sees(known[0].name),
        pick("#directory", "down"),
        pick("#personal", "down"),
        focus("#search"),
        push("#list-remove"),
        sees("none"),
        push("#list-add"),
        OK,
        push("#ok"),
        sees("mapiwright profile addressing", "--default-directory", "--personal", "--search"),
        OK,
    )
    after = profile(desk, name)
    assert addressing.default_directory(after) == known[0]
    assert addressing.personal_address_book(after) == known[0]
    assert addressing.search_order(after)


@pytest.mark.parametrize("tag", [0x3D051102, 0x3D0E0102, 0x3D000102, 0x3D020102], ids=lambda tag: f"{tag:08X}")
def test_a_damaged_profile_that_names_one_thing_twice_is_shown(ready: Any, tag: int) -> None:
    station = ready.workstation
    root = station.users[0].root / PROFILE_ROOTS[station.outlook.edition].profiles / "Acme Mail" / ADMIN
    name = f"{tag & 0xFFFF:04x}{tag >> 16:04x}"
    if tag == 0x3D051102:
        entry = bytes(4) + bytes(range(16)) + b"\1"
        twice = Value(ValueType.BINARY, encode(0x1102, (entry, entry), pointer=8, code_page="cp1252"))
    else:
        held = station.registry.value(root, name)
        twice = Value(ValueType.BINARY, held.data * 2)
    station.registry.apply([SetValue(root, name, station.registry.value(root, name), twice)])
    app = walk(panel_on(ready), keys("enter", "pagedown", "pagedown"), focus("#search"), push("#list-down"))
    assert app.defect is None


def test_a_defect_in_a_handler_ends_the_panel_without_a_trace(ready: Any, capsys: pytest.CaptureFixture[str]) -> None:
    app = panel_on(ready)

    async def breaks(app: PanelApp, pilot: Pilot[None]) -> None:
        app.panel.texts = None  # type: ignore[assignment] # nobody foresaw that
        await pilot.press("insert")
        await asyncio.to_thread(_until, lambda: app.defect is not None)

    walk(app, breaks)
    assert isinstance(app.defect, TypeError)
    assert "Traceback" not in capsys.readouterr().err


def put_profiles(desk: Any, key: Any) -> None:
    """Give the first user the profiles of a real one."""
    station = desk.workstation
    desk.do(desk.edit(lambda profiles: profiles.create_profile("First")))
    root = station.users[0].root / PROFILE_ROOTS[station.outlook.edition].profiles
    station.registry.apply(tuple(difference(root, station.registry.read(root), key)))


# The sheet of a service.


SETTINGS = (keys("enter", "enter"),)


def test_the_settings_of_a_service_go_to_it_when_the_profile_is_agreed_to(ready: Any) -> None:
    before, same = nothing_changes(ready)
    app = walk(
        panel_on(ready),
        before,
        *SETTINGS,
        sees("Acme Mail Properties", "Your Acme account", "Server", "993"),
        fill("#field-port", "995"),
        push("#ok"),
        sees("Acme Mail Properties"),
        same,
        push("#ok"),
        sees('mapiwright profile configure-service "Acme Mail" ACME --set 66010003=995', "MSG_SERVICE_CONFIGURE"),
        OK,
        sees("Done. Receipt"),
    )
    (service,) = profile(ready, "Acme Mail").services
    assert service.section.properties[0x66010003] == 995
    assert len(app.panel.panel.receipts) == 1


def test_a_setting_that_does_not_fit_is_told_and_stays_to_be_corrected(ready: Any) -> None:
    walk(
        panel_on(ready),
        *SETTINGS,
        fill("#field-port", "70000"),
        push("#ok"),
        sees("Please enter a number from 1 to 65535.", "70000"),
        fill("#field-port", "995"),
        push("#ok"),
        sees("The following message services"),
    )


def test_settings_that_did_not_change_call_nobody(ready: Any) -> None:
    app = walk(panel_on(ready), *SETTINGS, push("#ok"), push("#ok"), sees("Acme Mail (default)"))
    assert app.panel.panel.receipts == []


def test_a_service_without_entry_point_shows_and_takes_nothing(at_office: Any) -> None:
    walk(
        panel_on(at_office),
        keys("enter", "end", "enter"),
        sees("The service has no settings", "no entry point"),
        keys("escape"),
        sees("Work Properties"),
    )


def test_properties_of_sections_are_set_and_removed_on_the_copy(ready: Any) -> None:
    before, same = nothing_changes(ready)
    walk(
        panel_on(ready),
        before,
        *SETTINGS,
        keys("pagedown"),
        sees('PR_SERVICE_NAME PT_UNICODE = "ACME"   (read only)'),
        push("#new"),
        keys(*typed("6610001E"), "enter", *typed("mine"), "enter"),
        sees('6610001E PT_STRING8 = "mine"'),
        focus("#properties"),
        keys("end", "enter"),
        fill("#ask-value", "other"),
        keys("enter"),
        sees('6610001E PT_STRING8 = "other"'),
        same,
        push("#ok"),
        push("#ok"),
        sees('mapiwright profile section set "Acme Mail"', "--set 6610001E=other"),
        OK,
        *SETTINGS,
        keys("pagedown"),
        focus("#properties"),
        keys("end"),
        push("#remove"),
        push("#ok"),
        push("#ok"),
        sees('mapiwright profile section delete "Acme Mail"', "6610001E"),
        OK,
        same,
    )


@pytest.mark.parametrize(
    ("tag", "value", "told"),
    [
        ("PR_SERVICE_NAME", "OTHER", "MAPI's own"),
        ("67F0001E", "", "secure"),
        ("nonsense", "", "names no property"),
        ("66100005", "", "no profile section holds"),
        ("66010003", "many", "does not fit"),
    ],
)
def test_what_a_section_does_not_take_is_told(ready: Any, tag: str, value: str, told: str) -> None:
    walk(
        panel_on(ready),
        *SETTINGS,
        keys("pagedown"),
        push("#new"),
        keys(*typed(tag), "enter"),
        *((fill("#ask-value", value), keys("enter")) if value else ()),
        sees("This cannot be done", told),
        CANCEL,
        sees("Acme Mail Properties"),
    )


def in_haste(*pressed: str) -> Walk:
    """Press keys without looking, as a hurried person does."""

    async def press(app: PanelApp, pilot: Pilot[None]) -> None:
        for key in pressed:
            app.post_message(events.Key(key, None))
        await settle(app, pilot)
        await settle(app, pilot)

    return press


def test_keys_in_haste_lose_nothing_and_leave_nothing_below(at_office: Any) -> None:
    app = walk(
        panel_on(at_office),
        keys("enter", "pagedown"),
        focus("#transports"),
        keys("home"),
        focus("#transport-down"),
        in_haste("enter", "enter"),
        keys("pageup"),
        push("#add"),
        focus("#offers"),
        keys("end"),
        in_haste("enter", "enter", "enter"),
        sees("Work Properties"),
    )
    assert app.defect is None
    order = [each.display for each in profile(at_office, "Work").providers(PR_TRANSPORT_PROVIDERS)]
    assert order == ["Wire", "Pipe", "Sending"], "nothing is sent yet"


def test_what_happens_elsewhere_is_told_and_nothing_breaks(ready: Any) -> None:
    def elsewhere(draft: Any) -> Walk:
        async def edit(_app: PanelApp, _pilot: Pilot[None]) -> None:
            ready.do(ready.edit(draft))

        return edit

    app = walk(
        panel_on(ready),
        elsewhere(lambda profiles: profiles.rename_profile("Acme Mail", "Other")),
        keys("enter"),
        sees("This cannot be done", "there is no profile 'Acme Mail'"),
        CANCEL,
        sees("Other (default)"),
        keys("enter"),
        sees("Other Properties"),
        elsewhere(lambda profiles: profiles.delete_profile("Other")),
        push("#remove"),
        sees("This cannot be done"),
        CANCEL,
        sees("The following profiles"),
    )
    assert app.defect is None


def test_a_conflict_is_mended_by_another_ok(ready: Any) -> None:
    async def meanwhile(_app: PanelApp, _pilot: Pilot[None]) -> None:
        ready.do(ready.edit(lambda profiles: profiles.create_profile("Another")))

    app = walk(
        panel_on(ready),
        *SETTINGS,
        fill("#field-port", "995"),
        push("#ok"),
        keys("enter"),
        sees("995"),
        fill("#field-port", "996"),
        push("#ok"),
        meanwhile,
        push("#ok"),
        sees('configure-service "Acme Mail" ACME --set 66010003=996'),
        OK,
        sees("Done. Receipt"),
    )
    calls = [each.description["context"] for each in app.panel.panel.receipts[-1].effects]
    assert calls == ["CONFIGURE"], "what was drafted twice is sent once"
    (service,) = profile(ready, "Acme Mail").services
    assert service.section.properties[0x66010003] == 996


def test_what_mapi_alone_writes_is_not_asked_for(ready: Any) -> None:
    async def none_is_asked(app: PanelApp, _pilot: Pilot[None]) -> None:
        assert not app.screen.query("#ask-value")

    walk(
        panel_on(ready),
        *SETTINGS,
        keys("pagedown"),
        pick("#section", "home"),
        focus("#properties"),
        _to_a_read_only_one,
        keys("enter"),
        sees("(read only)"),
        none_is_asked,
    )


async def _to_a_read_only_one(app: PanelApp, pilot: Pilot[None]) -> None:
    there = app.screen.query_one("#properties", OptionList)
    at = next(number for number, each in enumerate(there.options) if "(read only)" in str(each.prompt))
    await keys("home", *["down"] * at)(app, pilot)


def test_a_setting_that_nobody_touched_holds_nothing_up(ready: Any) -> None:
    ready.do(ready.edit(actions.create_profile("Bare").draft, actions.add_service("Bare", "ACME").draft))
    section = profile(ready, "Bare").services[0].section
    user = [tag for tag in section.properties if tag >> 16 == 0x6602]
    if user:
        ready.do(ready.edit(actions.delete_properties("Bare", actions.Chosen(section.uid), user).draft))

    async def empty(app: PanelApp, _pilot: Pilot[None]) -> None:
        assert app.screen.query_one("#field-user", Input).value == "", "it is required, and nobody gave it yet"

    walk(
        panel_on(ready),
        focus("#profiles"),
        keys("end", "enter", "enter"),
        empty,
        keys("pagedown"),
        push("#new"),
        keys(*typed("6610001E"), "enter", *typed("mine"), "enter"),
        push("#ok"),
        sees("Bare Properties"),
    )


def test_what_failed_between_mixes_nothing_up(at_office: Any) -> None:
    add = (push("#add"), focus("#offers"))
    app = walk(
        panel_on(at_office),
        keys("enter"),
        *(*add, keys("home", "down", "enter"), sees("This cannot be done"), CANCEL),  # BOOK, which may be there once
        *(*add, keys("home", "down", "down", "down", "enter")),  # PIPE once more
        keys("pagedown"),
        pick("#identity", "end"),
        *(focus("#transports"), keys("home"), push("#transport-down"), push("#transport-down")),
        pick("#identity", "home", "down"),
        pick("#identity", "end"),
        push("#ok"),
        OK,
        sees("Done. Receipt"),
    )
    assert app.defect is None
    after = profile(at_office, "Work")
    assert [each.name for each in after.services] == ["MAIL", "WIRE", "PIPE", "BOOK", "PIPE"]
    found = roles.primary_identity(after)
    assert found is not None
    assert found.uid == after.services[-1].uid


def test_an_untouched_property_stays_what_it_is(ready: Any) -> None:
    several = ("a;b", " c")
    section = profile(ready, "Acme Mail").services[0].uid
    ready.do(ready.edit(actions.set_properties("Acme Mail", actions.Chosen(section), {0x6615101F: several}).draft))
    walk(
        panel_on(ready),
        *SETTINGS,
        keys("pagedown"),
        focus("#properties"),
        keys("end", "enter", "enter"),
        push("#ok"),
        push("#ok"),
        sees("Acme Mail (default)"),
    )
    assert profile(ready, "Acme Mail").services[0].section.properties[0x6615101F] == several


def test_a_damaged_mapisvc_inf_is_told_with_its_place(ready: Any) -> None:
    station = ready.workstation
    path = station.outlook.inf_path
    station.files.apply([WriteFile(path, station.files.read(path), b"[Serv\0ices]\r\n")])
    told = sees("This cannot be done", "MAPISVC.INF")
    app = walk(
        panel_on(ready),
        *(keys("enter"), push("#add"), told, CANCEL, keys("escape", "escape")),
        *(push("#services"), told, CANCEL, keys("escape")),
        sees("Acme Mail (default)"),
    )
    assert app.defect is None


HOSTILE = "[red]x[/red]\x1b]2;OWNED\x07\u202e"


def test_names_of_strangers_steer_no_terminal(ready: Any) -> None:
    uid = profile(ready, "Acme Mail").services[0].uid
    ready.do(ready.edit(actions.set_properties("Acme Mail", actions.Chosen(uid), {0x3001001F: HOSTILE}).draft))

    async def no_controls(app: PanelApp, _pilot: Pilot[None]) -> None:
        for strip in app.screen._compositor.render_strips():
            assert "\x1b" not in strip.text
            assert "\u202e" not in strip.text

    for page in ((keys("enter"),), SETTINGS, (*SETTINGS, keys("pagedown", "enter")), (push("#history"),)):
        walk(panel_on(ready), *page, no_controls)


ASKS = """
def wizard_entry(call):
    if call.page == 0 and call.properties.get(0x6602001E) == "nobody":
        call.fail("nobody has no mailbox here")
    return [{"title": "Who are you?", "fields": [{"name": "user", "tag": "6602001E", "label": "User"}]}]
"""


def test_a_service_may_refuse_its_settings_and_the_sheet_stays(ready: Any, release: Callable[..., Path]) -> None:
    package = release("5.0")
    manifest = package / "mapiwright.toml"
    text = manifest.read_text(encoding="utf-8").partition("# What the Profile Wizard asks")[0]
    text = text.replace("no_pst_page = true\nno_pab_page = true\n", 'wizard = "acme_service:wizard_entry"\n')
    manifest.write_text(text, encoding="utf-8")
    with (package / "acme_service.py").open("a", encoding="utf-8") as source:
        source.write(ASKS)
    ready.install(package, "Zoë")
    walk(
        panel_on(ready),
        *SETTINGS,
        sees("Who are you?"),
        fill("#field-user", "nobody"),
        push("#ok"),
        sees("nobody has no mailbox here"),
        CANCEL,
        sees("Who are you?", "nobody"),
    )


def test_a_secret_is_never_shown_and_stays_where_nothing_is_typed(ready: Any, release: Callable[..., Path]) -> None:
    secret = {'name = "user"\ntag = "6602001E"': 'name = "user"\ntag = "67F1001F"\nsecret = true'}
    package = release("5.0", {"mapiwright.toml": {**secret, "pattern = '[A-Za-z0-9._-]{1,64}'\n": ""}})
    ready.install(package, "Zoë")

    async def hidden(app: PanelApp, _pilot: Pilot[None]) -> None:
        field = app.screen.query_one("#field-user", Input)
        assert field.password
        assert "hush" not in app.export_screenshot()

    app = walk(
        panel_on(ready),
        *SETTINGS,
        sees("Leave it empty to keep the stored value."),
        push("#ok"),
        sees("The following message services"),
        keys("enter"),
        fill("#field-user", "hush"),
        hidden,
        push("#ok"),
        push("#ok"),
        sees("--set 67F1001F=-"),
        lambda app, _: _is_secret(app),
    )
    assert "hush" not in repr(app.panel.panel.receipts)


async def _is_secret(app: PanelApp) -> None:
    assert "hush" not in shown(app)
    assert "hush" not in app.export_screenshot()
