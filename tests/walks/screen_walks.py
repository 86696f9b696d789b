"""A person before a screen: what he presses, what he sees, and the workstation behind it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kept_records import replace_source
from textual.screen import Screen
from textual.widgets import Button, Input, OptionList, Select, Static

from mapiwright.entry.makers import MAKERS
from mapiwright.formats.command_line import quoted
from mapiwright.setup.publish.signing import NOBODY
from mapiwright.transaction.transaction import execute
from mapiwright.ui.screens.panel.frame import Panel
from mapiwright.ui.screens.panel.panel import PanelApp, ProfilesScreen
from mapiwright.ui.screens.screens import ScreenApp
from mapiwright.ui.text.language import texts_in
from mapiwright.workflows.panel.plans import PanelRun

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from textual.pilot import Pilot

    from mapiwright.setup.publish.signing import Trust
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.transaction.transaction import Progress

    Walk = Callable[[Any, Pilot[None]], Awaitable[None]]

App = TypeVar("App", bound=ScreenApp)

SMALL, LARGE = (80, 24), (120, 36)
LOOKS = {
    "small-dark-en": (SMALL, "textual-dark", "en"),
    "large-light-fr": (LARGE, "textual-light", "fr"),
    "small-light-fr": (SMALL, "textual-light", "fr"),
    "large-dark-en": (LARGE, "textual-dark", "en"),
}
"""The terminals that pictures are drawn on; `pytest --snapshot-update` accepts new ones, once looked at."""
PATIENCE = 3000
"""How often it is looked whether a screen is at rest, a hundredth of a second apart."""


@dataclass
class Sends:
    """Sends plans to the workstation, as the verbs do."""

    desk: Any
    dry_run: bool = False
    recover: str = "mapiwright recover"
    error: Exception | None = None
    before: Callable[[], object] = bool
    """What happens before the first step."""
    sent: list[Plan] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    def prepared(self, plan: Plan) -> Plan:
        return plan

    def send(self, plan: Plan, progress: Progress) -> Receipt:
        self.sent.append(plan)
        if self.error is not None:
            raise self.error
        self.before()
        receipt = execute(plan, self.desk.workstation, makers=MAKERS, progress=progress)
        self.receipts.append(receipt)
        return receipt


def command(*words: str) -> str:
    """A command line as the panel shows it."""
    return " ".join(map(quoted, ("mapiwright", *words)))


def panel_on(
    desk: Any, language: str = "en", *, trust: Trust = NOBODY, start: Path | None = None, **sends: Any
) -> PanelApp:
    """The Control Panel over a workstation."""
    station = desk.workstation
    run = PanelRun(station, trust=trust)
    panel = Panel(run, texts_in(language), "image:pc", Sends(desk, **sends), command, start or Path("/"))
    people = tuple(user for user in station.users if not user.template)
    return PanelApp(ProfilesScreen(panel, people[0], people))


def walk(app: App, *how: Walk, size: tuple[int, int] = SMALL) -> App:
    """Show a program, and do what a person does."""

    async def show() -> None:
        async with app.run_test(size=size) as pilot:
            await settle(app, pilot)
            for each in how:
                await each(app, pilot)

    asyncio.run(show())
    return app


def keys(*pressed: str) -> Walk:
    """Press keys, one after the other, each when the screen is at rest."""

    async def press(app: ScreenApp, pilot: Pilot[None]) -> None:
        for key in pressed:
            await pilot.press(key)
            await settle(app, pilot)

    return press


def typed(text: str) -> tuple[str, ...]:
    """The keys of a text."""
    names = {" ": "space", ".": "full_stop", "/": "slash", "-": "minus", "_": "underscore", "=": "equals_sign"}
    return tuple(names.get(each, each) for each in text)


async def settle(app: ScreenApp, pilot: Pilot[None]) -> None:
    """Wait until what the screen on top has begun is over."""
    rested = 0
    for _ in range(PATIENCE):
        await pilot.pause()
        busy = any(
            each.is_running and isinstance(each.node, Screen) and each.node is app.screen for each in app.workers
        )
        rested = 0 if busy else rested + 1
        if rested == 2 or app.defect is not None:
            return
        await asyncio.sleep(0.01 if busy else 0)
    raise AssertionError("the screen never came to rest")


def shown(app: ScreenApp) -> str:
    """All that is written on the screen on top."""
    return "\n".join(_texts(app.screen))


def _texts(screen: Screen[Any]) -> Iterator[str]:
    for each in screen.query("*"):
        match each:
            case Static():
                yield str(each.render())
            case OptionList():
                yield from (str(option.prompt) for option in each.options)
            case Button():
                yield str(each.label)
            case Input() if not each.password:
                yield each.value
            case Select():
                yield from (str(each.value),) if isinstance(each.value, str) else ()


def sees(*texts: str) -> Walk:
    """Look at the screen."""

    async def look(app: ScreenApp, pilot: Pilot[None]) -> None:
        await settle(app, pilot)
        for text in texts:
            assert text in shown(app), f"{text!r} is not in:\n{shown(app)}"

    return look


def focus(selector: str) -> Walk:
    """Go to a part of the screen by Tab, as a person who has no mouse."""

    async def go(app: ScreenApp, pilot: Pilot[None]) -> None:
        wanted = app.screen.query_one(selector)
        for _ in range(60):
            if app.screen.focused is wanted:
                return
            await pilot.press("tab")
            await settle(app, pilot)
        raise AssertionError(f"Tab never comes to {selector}, is at {app.screen.focused} of:\n{shown(app)}")

    return go


def push(selector: str) -> Walk:
    """Go to a button by Tab, and press it."""

    async def press(app: ScreenApp, pilot: Pilot[None]) -> None:
        await focus(selector)(app, pilot)
        await keys("enter")(app, pilot)

    return press


def fill(selector: str, text: str) -> Walk:
    """Go to a line by Tab, and type a text in the place of what is there."""

    async def enter(app: ScreenApp, pilot: Pilot[None]) -> None:
        await focus(selector)(app, pilot)
        line = app.screen.query_one(selector, Input)
        line.value = ""
        await keys(*typed(text))(app, pilot)

    return enter


def pick(selector: str, *moves: str) -> Walk:
    """Go to a choice by Tab, open it, and choose by keys."""

    async def choose(app: ScreenApp, pilot: Pilot[None]) -> None:
        await focus(selector)(app, pilot)
        await keys("enter", *moves, "enter")(app, pilot)

    return choose


DAMAGED = """\
def service_entry(call):
    call.fail(0x80040119, "the licence has run out", component="ACME")
"""


def damage(desk: Any) -> None:
    """The stand-in of Acme Mail fails from now on; a receipt says that it is kept, else it would not be believed."""
    replace_source(desk.workstation, "acme-mail", "acme_service.py", DAMAGED)
