"""The Profile Wizard on the screen, walked by a person who has a keyboard and no mouse, and once by mouse."""

from __future__ import annotations

import asyncio
import io
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from kept_records import replace_source
from screen_walks import LOOKS, Sends, keys, sees, settle, shown, typed, walk
from textual.widgets import Button, Input

from mapiwright.admin.workspace import Workspace
from mapiwright.errors import FailedError, RecoveryNeededError
from mapiwright.message import Message
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.ui.screens import outcome
from mapiwright.ui.screens.wizard.wizard import WizardApp, WizardScreen
from mapiwright.ui.text.language import languages, texts_for, texts_in
from mapiwright.workflows.wizard.run import WizardRun
from mapiwright.workflows.wizard.state import Launch, PageKind, Phase, WizardFlag
from mapiwright.workstation.change import WriteFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from screen_walks import Walk
    from textual.pilot import Pilot

    from mapiwright.workstation.workstation import Workstation

DAMAGED = """\
def service_entry(call):
    if call.context == 3:
        call.fail(0x80040119, "the licence has run out", component="ACME")
"""


@pytest.fixture
def ready(desk: Any, acme: Path) -> Any:
    """A workstation with Acme Mail and no profile."""
    desk.install(acme, "Zoë", request=ProfileRequest(ProfilePolicy.NONE))
    return desk


def app_on(desk: Any, launch: Launch | None = None, language: str = "en", **sends: Any) -> WizardApp:
    run = WizardRun(desk.workstation, desk.user("Zoë"))
    state, _ = run.begin(launch or Launch())
    return WizardApp(WizardScreen(run, state, texts_in(language), "image:pc", Sends(desk, **sends)))


def at(kind: PageKind, *texts: str) -> Walk:
    """Be on a page, and see texts there."""

    async def look(app: WizardApp, pilot: Pilot[None]) -> None:
        await sees(*texts)(app, pilot)
        assert app.wizard.state.stage is not None
        assert app.wizard.state.stage.kind is kind

    return look


def profile(desk: Any, name: str) -> Any:
    return Workspace(desk.workstation, desk.user("Zoë")).find(name)


def test_a_whole_walk_by_keyboard_alone(ready: Any) -> None:
    before = ready.picture()

    async def nothing_is_written(_app: WizardApp, _pilot: Pilot[None]) -> None:
        assert ready.picture() == before

    app = walk(
        app_on(ready),
        at(PageKind.WELCOME, "Welcome to the Profile Wizard"),
        keys("enter"),
        at(PageKind.SERVICES, "Choose the message services"),
        keys("pagedown"),
        sees("Please tick at least one service."),
        keys("space", "pagedown"),
        at(PageKind.SERVICE, "Your Acme account", "Where your mailbox lies"),
        keys("tab", *typed("70000"), "pagedown"),
        sees("Please enter a number from 1 to 65535.", "Please fill this in."),
        keys(*typed("995"), "enter", *typed("zoe"), "enter"),
        at(PageKind.NAME, "Name the profile"),
        keys("pageup"),
        sees("Your Acme account"),
        keys("pagedown", *typed("Work"), "enter"),
        at(PageKind.SUMMARY, "Profile Work, new, the default profile of Zoë", "Port: 995", "User: zoe"),
        nothing_is_written,
        keys("enter"),
        sees("The profile is ready", "Work was made on image:pc"),
        keys("enter"),
    )
    assert app.wizard.receipt is not None
    assert app.wizard.state.phase is Phase.DONE
    (service,) = profile(ready, "Work").services
    assert service.section.properties[0x66010003] == 995
    assert Workspace(ready.workstation, ready.user("Zoë")).default == "Work"


def test_the_same_by_mouse(ready: Any) -> None:
    async def click(app: WizardApp, pilot: Pilot[None]) -> None:
        for target in ("#next", "Tick:enabled", "#next", "#field-user"):
            await pilot.click(target)
            await settle(app, pilot)
        await pilot.press(*typed("zoe"))
        for _ in range(20):  # a click on a page that is being drawn goes nowhere, as a person's would
            if app.wizard.state.phase is Phase.DONE:
                break
            await pilot.click("#next")
            await settle(app, pilot)

    app = walk(app_on(ready), click, sees("The profile is ready"))
    assert profile(ready, "Outlook") is not None
    assert app.wizard.failure is None


@pytest.mark.parametrize("key", ["escape", "ctrl+c", "ctrl+q"])
def test_cancel_changes_nothing(ready: Any, key: str) -> None:
    before = ready.picture()
    app = walk(app_on(ready), keys("enter", "space", "pagedown", "tab", "tab", *typed("zoe"), "enter", key))
    assert (app.wizard.state.phase, app.wizard.plan, app.wizard.receipt) == (Phase.CANCELLED, None, None)
    assert ready.picture() == before


TO_THE_END = keys("enter", "space", "pagedown", "tab", "tab", *typed("zoe"), "enter", "enter", "enter")


def test_a_dry_run_ends_with_the_plan_and_writes_nothing(ready: Any) -> None:
    before = ready.picture()
    app = walk(app_on(ready, dry_run=True), TO_THE_END)
    assert app.wizard.plan is not None
    assert not app.wizard.plan.empty
    assert ready.picture() == before


def refuse_to_be_configured(workstation: Workstation) -> None:
    """Another stand-in for the service, kept as an install does: with a receipt, else it would not be believed."""
    replace_source(workstation, "acme-mail", "acme_service.py", DAMAGED)


def test_a_failure_says_how_far_it_came_and_what_was_rolled_back(ready: Any) -> None:
    refuse_to_be_configured(ready.workstation)
    before = ready.picture()
    app = walk(
        app_on(ready),
        TO_THE_END,
        sees(
            "The profile was not made",
            "the licence has run out",
            "rolled back: profiles of Zoë",
            "rolled back: call ACME with MSG_SERVICE_CREATE",
            "failed: call ACME with MSG_SERVICE_CONFIGURE",
            "Everything was rolled back.",
        ),
        keys("tab", "enter"),
        at(PageKind.SUMMARY, "Ready to finish"),
        keys("enter", "enter"),
    )
    assert isinstance(app.wizard.failure, FailedError)
    assert app.wizard.receipt is None
    assert ready.picture() == before


def test_what_stands_half_way_is_not_called_rolled_back(ready: Any) -> None:
    error = RecoveryNeededError("the disk is full")

    async def looks(app: WizardApp, _pilot: Pilot[None]) -> None:
        assert "rolled back" not in shown(app)
        assert not app.wizard.query_one("#back", Button).display, "nothing that is entered would help"

    ends = sees("the disk is full", "interrupted", "mapiwright recover")
    app = walk(app_on(ready, error=error), TO_THE_END, ends, looks, keys("pageup"), ends)
    assert app.wizard.failure is error


def test_a_defect_ends_the_wizard_and_is_told_by_the_verb(ready: Any) -> None:
    defect = ValueError("a defect, and maybe somebody's data")
    app = walk(app_on(ready, error=defect), keys("enter", "space", "pagedown", "tab", "tab", *typed("zoe")), ends)
    assert app.defect is defect


async def ends(app: WizardApp, pilot: Pilot[None]) -> None:
    """To the end, where the work fails in a way that nobody foresaw."""
    for _ in range(2):
        await pilot.press("pagedown")
        await settle(app, pilot)
    await pilot.press("pagedown")
    for _ in range(500):
        if app.defect is None:
            await asyncio.sleep(0.01)


def test_a_service_whose_pages_need_windows_says_so_and_shows_what_the_inf_has(ready: Any) -> None:
    inf = ready.workstation.outlook.inf_path
    files = ready.workstation.files
    text = files.read(inf).decode("cp1252")
    lines = "[Services]\r\nBOX=Box\r\n"
    service = (
        "\r\n[BOX]\r\nPR_DISPLAY_NAME=Box\r\nPR_SERVICE_DLL_NAME=box.dll\r\nPR_SERVICE_ENTRY_NAME=Entry\r\n"
        "WIZARD_ENTRY_NAME=WizardEntry\r\nPR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY\r\n6600001E=box.example\r\n"
        "66010003=19000000\r\nProviders=BoxBook\r\n[BoxBook]\r\nPR_RESOURCE_TYPE=MAPI_AB_PROVIDER\r\n"
        "PR_PROVIDER_DLL_NAME=box.dll\r\nPR_PROVIDER_DISPLAY=Box\r\nPR_DISPLAY_NAME=Box\r\n"
    )
    changed = (
        text.replace("[Services]\r\n", lines) if "[Services]\r\n" in text else text.replace("[Services]\n", lines)
    )
    files.apply([WriteFile(inf, files.read(inf), (changed + service).encode("cp1252"))])
    ready.workstation.refresh()
    app = walk(
        app_on(ready, Launch(WizardFlag.HIDE_SERVICES_LIST, ("BOX",), "Box")),
        keys("enter"),
        sees("The pages of Box itself need Windows.", "6600001E", "66010003"),
        keys(*typed("mail.example"), "pagedown", "pagedown", "pagedown"),
        sees("Box configures the rest itself, on Windows."),
        keys("enter"),
        sees("The profile is ready", "Still to be sent", "MSG_SERVICE_CONFIGURE"),
    )
    assert app.wizard.receipt is not None
    (configure,) = [each for each in app.wizard.receipt.effects if "CONFIGURE" in str(each.title)]
    assert configure.description["properties"] == {"6600001E": "mail.example", "66010003": 25}


def test_a_secret_is_a_row_of_dots_and_is_not_in_the_summary(ready: Any, release: Callable[..., Path]) -> None:
    package = release(
        "5.0",
        {
            "mapiwright.toml": {
                'name = "user"\ntag = "6602001E"': 'name = "user"\ntag = "67F1001F"\nsecret = true',
                "pattern = '[A-Za-z0-9._-]{1,64}'\n": "",
            }
        },
    )
    ready.install(package, "Zoë", request=ProfileRequest(ProfilePolicy.NONE))

    async def hidden(app: WizardApp, pilot: Pilot[None]) -> None:
        await pilot.pause()
        assert app.wizard.query_one("#field-user", Input).password
        assert "hush" not in app.export_screenshot()

    app = walk(
        app_on(ready),
        keys("enter", "space", "pagedown", "tab", "tab", *typed("hush")),
        hidden,
        keys("enter", "enter"),
        at(PageKind.SUMMARY, "(given, not shown)"),
    )
    assert "hush" not in repr(app.wizard.state)


ASKS = """
def wizard_entry(call):
    user = call.properties.get(0x6602001E, "")
    if call.page == 0 and user == "nobody":
        call.fail("nobody has no mailbox here")
    first = {"title": "Who are you?", "fields": [{"name": "user", "tag": "6602001E", "label": "User"}]}
    second = {"title": f"Hello, {user}", "fields": []}
    return [first, second]
"""


def test_a_service_that_refuses_is_heard_and_the_page_stays(ready: Any, release: Callable[..., Path]) -> None:
    package = release("5.0")
    manifest = package / "mapiwright.toml"
    text = manifest.read_text(encoding="utf-8").partition("# What the Profile Wizard asks")[0]
    text = text.replace("no_pst_page = true\nno_pab_page = true\n", 'wizard = "acme_service:wizard_entry"\n')
    manifest.write_text(text, encoding="utf-8")
    with (package / "acme_service.py").open("a", encoding="utf-8") as source:
        source.write(ASKS)
    ready.install(package, "Zoë", request=ProfileRequest(ProfilePolicy.NONE))
    walk(
        app_on(ready),
        keys("enter", "space", "pagedown", *typed("nobody"), "enter"),
        at(PageKind.SERVICE, "Who are you?", "Acme Mail says: nobody has no mailbox here"),
        keys(*["backspace"] * 6, *typed("zoe"), "enter"),
        sees("Hello, zoe"),
        keys("pageup"),
        sees("Who are you?"),
        keys("pagedown", "pagedown"),
        at(PageKind.PERSONAL_FOLDERS),
        keys("pageup"),
        sees("Hello, zoe"),
    )


def test_a_choice_and_a_flag_are_asked_for_and_kept(ready: Any, release: Callable[..., Path]) -> None:
    fields = """
[[services.ACME.pages.fields]]
name = "keep"
tag = "6607000B"
label = "Keep mail here"
default = true

[[services.ACME.pages.fields]]
name = "safety"
tag = "66080003"
label = "Safety"
choices = [{ value = 1, label = "none" }, { value = 2, label = "TLS" }]
default = 2

[uninstall]"""
    package = release("5.0", {"mapiwright.toml": {"\n[uninstall]": fields}})
    ready.install(package, "Zoë", request=ProfileRequest(ProfilePolicy.NONE))
    walk(
        app_on(ready),
        keys("enter", "space", "pagedown", "tab", "tab", *typed("zoe"), "tab", "space", "tab"),
        keys("enter", "up", "enter", "pagedown", "enter"),
        sees("Safety: none", "Keep mail here: no"),
        keys("enter"),
        size=(100, 40),
    )
    (service,) = profile(ready, "Outlook").services
    assert service.section.properties[0x6607000B] is False
    assert service.section.properties[0x66080003] == 1


def test_every_language_has_every_text_with_the_same_names() -> None:
    import string

    assert {"en", "fr"} <= set(languages())
    english = texts_in("en").texts
    for language in languages():
        texts = texts_in(language).texts
        assert texts.keys() == english.keys(), language
        for key, text in texts.items():
            names = [
                {name for _, name, _, _ in string.Formatter().parse(each) if name} for each in (text, english[key])
            ]
            assert names[0] == names[1], (language, key)


def test_the_language_is_the_one_named_or_the_locales(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "fr_CA.UTF-8")
    assert texts_for()("wizard.next") == "Suivant >"
    monkeypatch.setenv("LC_ALL", "C")
    assert texts_for()("wizard.next") == "Next >"
    assert texts_for("fr-FR").language == "fr"


def test_a_language_that_is_not_there_is_told(mapiwright: Callable[..., Any]) -> None:
    told = mapiwright("wizard", "--language", "tlh", "--dry-run")
    assert told.code == 2
    assert "en, fr" in told.err


def test_where_textual_is_missing_the_remedy_is_told(
    mapiwright: Callable[..., Any], acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mapiwright.ui.screens import screen_support

    mapiwright("install", acme, "--no-profile", "--yes")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(screen_support, "is_terminal", lambda _: True)
    for words, missing in (((), "textual"), (("--serve",), "textual_serve")):
        monkeypatch.setattr(
            screen_support, "find_spec", lambda module, missing=missing: None if module == missing else True
        )
        told = mapiwright("wizard", *words)
        assert told.code == 1
        assert f"the library {screen_support.LIBRARIES[missing]}, which is not installed" in told.err
        assert 'pip install "mapiwright[ui]"' in told.err
        assert "--answers FILE" in told.err


def test_textual_is_loaded_for_the_screen_alone() -> None:
    import subprocess

    code = "import sys, mapiwright.ui.cli.workstations.wizard; print({'textual', 'aiohttp'} & {*sys.modules})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"


def test_back_is_shut_on_the_first_page_only(ready: Any) -> None:
    async def look(app: WizardApp, pilot: Pilot[None]) -> None:
        await pilot.pause()
        first = app.wizard.query_one("#back", Button).disabled
        await pilot.press("pagedown")
        await settle(app, pilot)
        assert (first, app.wizard.query_one("#back", Button).disabled) == (True, False)

    walk(app_on(ready), look)


# Pictures.

TO_THE_FORM = keys("enter", "space", "pagedown")
TO_THE_NAME = keys("tab", "tab", *typed("zoe"), "enter")


async def at_work(app: WizardApp, pilot: Pilot[None]) -> None:
    """The second of three steps, as it is drawn while the plan is sent."""
    app.wizard.state = replace(app.wizard.state, phase=Phase.WORKING)
    await app.wizard.redraw()
    names = {"service": "ACME", "message": "MSG_SERVICE_CREATE", "profile": "Outlook", "user": "Zoë"}
    outcome.advance(app.wizard, app.wizard.texts, 1, 3, Message.of("steps.call-in-profile", **names))
    await pilot.pause()


async def fails(app: WizardApp, pilot: Pilot[None]) -> None:
    """The service refuses to be configured when all else is done."""
    refuse_to_be_configured(app.wizard.flow.workstation)
    await keys("enter")(app, pilot)


SCREENS: dict[str, tuple[Walk, ...]] = {
    "welcome": (),
    "services": (keys("enter"),),
    "no-service": (keys("enter", "pagedown"),),
    "form": (TO_THE_FORM,),
    "faults": (TO_THE_FORM, keys("tab", *typed("70000"), "pagedown")),
    "name": (TO_THE_FORM, TO_THE_NAME),
    "summary": (TO_THE_FORM, TO_THE_NAME, keys("enter")),
    "working": (TO_THE_FORM, TO_THE_NAME, keys("enter"), at_work),
    "done": (TO_THE_FORM, TO_THE_NAME, keys("enter", "enter")),
    "failed": (TO_THE_FORM, TO_THE_NAME, keys("enter"), fails),
}
"""The screens, and how a person comes to each."""

PICTURES = [
    *((screen, look) for screen in SCREENS for look in ("small-dark-en", "large-light-fr")),
    *(("faults", look) for look in ("small-light-fr", "large-dark-en")),
]


@pytest.mark.parametrize(("screen", "look"), PICTURES, ids=lambda each: each)
def test_the_picture_of(ready: Any, snap_compare: Callable[..., bool], screen: str, look: str) -> None:
    size, theme, language = LOOKS[look]
    app = app_on(ready, language=language)

    async def draw(pilot: Pilot[None]) -> None:
        app.theme = theme
        for each in SCREENS[screen]:
            await each(app, pilot)
        await settle(app, pilot)

    assert snap_compare(app, terminal_size=size, run_before=draw)


@pytest.mark.parametrize("look", ["small-dark-en", "large-light-fr"])
def test_the_picture_of_a_page_for_a_data_file(
    ready: Any, release: Callable[..., Path], snap_compare: Callable[..., bool], look: str
) -> None:
    size, theme, language = LOOKS[look]
    ready.install(release("5.0", {"mapiwright.toml": {"no_pst_page = true\n": ""}}), "Zoë")
    app = app_on(ready, language=language)

    async def draw(pilot: Pilot[None]) -> None:
        app.theme = theme
        for each in (TO_THE_FORM, TO_THE_NAME):
            await each(app, pilot)
        assert app.wizard.state.stage is not None
        assert app.wizard.state.stage.kind is PageKind.PERSONAL_FOLDERS

    assert snap_compare(app, terminal_size=size, run_before=draw)
