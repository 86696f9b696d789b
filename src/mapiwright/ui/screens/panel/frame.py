"""What the screens of the Control Panel share: what they know, and how an action is planned, shown and sent."""

from __future__ import annotations

import functools
from asyncio import to_thread
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.binding import Binding
from textual.containers import Container
from textual.widgets import TabbedContent, TabPane

from mapiwright.errors import MapiwrightError
from mapiwright.ui.screens.dialogs import Complaint, Notice, Review
from mapiwright.ui.screens.outcome import failure_of
from mapiwright.ui.screens.screens import Guarded, Result
from mapiwright.ui.text.render import plan_lines

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
    from pathlib import Path

    from textual.binding import BindingType
    from textual.screen import Screen
    from textual.widget import Widget
    from textual.widgets import Button

    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.ui.screens.plan_runner import Performance
    from mapiwright.ui.text.language import Texts
    from mapiwright.ui.text.terminal import Line
    from mapiwright.workflows.panel.plans import PanelRun

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Panel:
    """What every screen of the panel knows.

    ``target`` is the workstation as its user names it, ``command`` gives the command line of some words for it, and
    below ``start`` a directory of this computer is looked for.
    """

    run: PanelRun
    texts: Texts
    target: str
    performance: Performance
    command: Callable[..., str]
    start: Path
    receipts: list[Receipt] = field(default_factory=list)
    """Of all that was done, in its order."""


class PanelScreen(Guarded[Result]):
    """A screen of the panel; its buttons are called as its actions are."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.panel = panel
        self.texts = panel.texts
        self.busy = False

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button is called after."""
        event.stop()
        getattr(self, f"action_{(event.button.id or '').replace('-', '_')}")()

    async def attempt(self, do: Callable[[], Found]) -> Found | None:
        """Do something beside the screen, and report what is wrong; None where something is."""
        try:
            return await to_thread(do)
        except (MapiwrightError, OSError) as error:
            await self.complain(error)
            return None

    async def complain(self, error: MapiwrightError | OSError) -> None:
        """Report what is wrong."""
        await self.app.push_screen_wait(Complaint(self.texts, failure_of(error)))

    def work(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something beside the screen; what waits for a dialog must not be waited for by the screen itself."""
        self.run_worker(doing, exit_on_error=False)

    def safely(self, do: Callable[[], object]) -> None:
        """Do something at once, and report what is wrong."""
        try:
            do()
        except (MapiwrightError, OSError) as error:
            self.work(self.complain(error))

    async def opened(self, make: Callable[[], Screen[Found]]) -> Found | None:
        """Make a screen, show it, and give what it gives; says why where it cannot be made."""
        try:
            screen = make()
        except (MapiwrightError, OSError) as error:
            await self.complain(error)
            return None
        return await self.app.push_screen_wait(screen)

    async def carry_out(
        self, question: str, make: Callable[[], Plan], commands: Sequence[str], before: Iterable[Line] = ()
    ) -> Receipt | None:
        """Plan something, show the plan, and send it when it is agreed to; None where nothing was done.

        ``commands`` do the same on the command line; ``before`` is shown above the plan.
        """
        panel = self.panel
        plan = await self.attempt(lambda: panel.performance.prepared(make()))
        if plan is None:
            return None
        if plan.empty:
            await self.app.push_screen_wait(Notice(self.texts, self.texts("panel.nothing")))
            return None
        station = panel.run.workstation
        lines = (*before, *plan_lines(plan, station.code_page, station.users))
        review = Review(self.texts, question, plan, lines, commands, panel.performance)
        receipt = await self.app.push_screen_wait(review)
        if receipt is not None:
            panel.receipts.append(receipt)
        return receipt


class Sheet(PanelScreen[Result]):
    """A screen of several pages, turned over by their tabs or by keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "turn(1)", priority=True),
        Binding("pageup", "turn(-1)", priority=True),
    ]

    async def turn_over(self, pages: Mapping[str, Iterable[Widget]]) -> None:
        """Fill the place with pages, by what their tabs say."""
        tabs = TabbedContent(id="tabs")
        await self.query_one("#place", Container).mount(tabs)
        for title, page in pages.items():
            await tabs.add_pane(TabPane(title, *page))

    def action_turn(self, by: int) -> None:
        """Show another page, and go to the first thing on it."""
        tabs = self.query_one("#tabs", TabbedContent)
        panes = list(tabs.query(TabPane))
        at = next(number for number, pane in enumerate(panes) if pane.id == tabs.active)
        pane = panes[(at + by) % len(panes)]
        self.set_focus(None)  # Textual would look for another thing on the page that goes, and so turn back to it
        tabs.active = pane.id or ""
        self.call_after_refresh(self._enter, pane)

    def _enter(self, pane: TabPane) -> None:
        able = (each for each in pane.query("*") if each.focusable)
        first = next(able, None)
        if first is not None:
            first.focus()


Screen_ = TypeVar("Screen_", bound=PanelScreen)  # type: ignore[type-arg] # of whatever result


def action(method: Callable[[Screen_], Awaitable[None]]) -> Callable[[Screen_], None]:
    """An action that asks, plans or sends something, beside the screen; one at a time."""

    @functools.wraps(method)
    def begin(self: Screen_) -> None:
        if not self.busy:
            self.busy = True
            self.run_worker(_to_its_end(self, method), exit_on_error=False)

    return begin


async def _to_its_end(screen: Screen_, method: Callable[[Screen_], Awaitable[None]]) -> None:
    try:
        await method(screen)
    except (MapiwrightError, OSError) as error:
        await screen.complain(error)
    finally:
        screen.busy = False
