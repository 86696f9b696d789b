"""The Profile Wizard on the screen: the flow of `workflows.wizard.flow`, drawn by Textual, by keyboard and mouse.

Only the flow decides what comes next. Services are asked, and the plan is sent, beside the screen, which stays alive.
"""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Button, Input, Static

from mapiwright.errors import MapiwrightError, RecoveryNeededError
from mapiwright.ui.screens import outcome
from mapiwright.ui.screens.screens import Guarded, ScreenApp, frame
from mapiwright.ui.screens.wizard.pages import Scene, WizardPage
from mapiwright.workflows.wizard.state import Back, Cancel, Failed, Next, PageKind, Phase, Written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.binding import BindingType
    from textual.widget import Widget

    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.ui.screens.plan_runner import Performance
    from mapiwright.ui.text.language import Texts
    from mapiwright.workflows.wizard.run import WizardRun
    from mapiwright.workflows.wizard.state import Event, WizardState, Write


class WizardApp(ScreenApp):
    """The wizard as a program of its own; ``wizard`` is its screen, which knows the outcome."""

    def __init__(self, wizard: WizardScreen) -> None:
        super().__init__()
        self.wizard = wizard

    def on_mount(self) -> None:
        """Show the first page; when the wizard has ended, so has the program."""
        self.title = self.wizard.texts("wizard.title")
        self.push_screen(self.wizard, lambda _: self.exit())


class WizardScreen(Guarded[None]):
    """The wizard, from the page of ``state`` on.

    At its end ``plan`` is what was asked for, and ``receipt`` is set where it was done, ``failure`` where it failed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the widgets: a page that is longer than the screen would take them to scroll.
        Binding("pagedown", "go_on", priority=True),
        Binding("pageup", "go_back", priority=True),
    ]

    def __init__(
        self, run: WizardRun, state: WizardState, texts: Texts, target: str, performance: Performance
    ) -> None:
        super().__init__()
        self.flow = run
        self.state = state
        self.texts = texts
        self.target = target
        self.performance = performance
        self.plan: Plan | None = None
        self.receipt: Receipt | None = None
        self.failure: MapiwrightError | None = None
        self.begun = 0
        self._busy = False

    def compose(self) -> Iterator[Widget]:
        """The bar, the page, the buttons, and the keys."""
        yield from frame(
            self.texts("wizard.title"),
            self.texts("wizard.target", target=self.target, user=self.flow.user.name),
            Button(self.texts("wizard.back"), id="back"),
            Button(self.texts("wizard.next"), id="next", variant="primary"),
            Button(self.texts("wizard.cancel"), id="cancel"),
        )

    async def on_mount(self) -> None:
        """Show the first page."""
        await self.redraw()

    async def redraw(self) -> None:
        """Draw what the state says, and put the cursor where the user goes on."""
        state = self.state
        page = WizardPage(
            Scene(
                state,
                self.texts,
                self.target,
                self.flow.user.name,
                self.performance.dry_run,
                self.plan,
                self.begun,
                self.receipt,
                self.failure,
                self.performance.recover,
            )
        )
        place = self.query_one("#place", Container)
        await place.remove_children()
        await place.mount(page)
        back, next_, cancel = (self.query_one(f"#{name}", Button) for name in ("back", "next", "cancel"))
        pages, working = state.phase is Phase.PAGES, state.phase is Phase.WORKING
        correct = state.phase is Phase.FAILED and state.stage is not None and self._mended
        back.display = correct or (pages and not working)
        back.disabled = not correct and state.position == 0
        next_.display = pages
        last = state.stage is not None and state.stage.kind is PageKind.SUMMARY
        next_.label = self.texts("wizard.finish" if last else "wizard.next")
        cancel.display = not working
        cancel.label = self.texts("wizard.cancel" if pages else "wizard.close")
        keys = "wizard.keys" if pages else "wizard.keys-working" if working else "wizard.keys-end"
        self.query_one(".keys", Static).update(self.texts(keys))
        if not page.focus_first():
            (next_ if pages else cancel).focus()

    @property
    def _mended(self) -> bool:
        """Whether other input may help: not after an interrupted transaction."""
        return not isinstance(self.failure, RecoveryNeededError)

    @property
    def page(self) -> WizardPage:
        """The page that is shown."""
        return self.query_one(WizardPage)

    # What the user does.

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The three buttons."""
        {"back": self.action_go_back, "next": self.action_go_on, "cancel": self.action_give_up}[
            event.button.id or ""
        ]()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a line goes to the next one, and from the last one on to the next page."""
        lines = list(self.page.query(Input))
        if event.input is lines[-1]:
            self.action_go_on()
        else:
            lines[lines.index(event.input) + 1].focus()

    def action_go_on(self) -> None:
        """Go on, when what was typed before is in its field."""
        if self.state.phase is Phase.PAGES:
            (self.focused or self).call_later(lambda: self._happens(Next(self.page.entered)))

    def action_go_back(self) -> None:
        """Go back; from what failed, to correct it."""
        if self._mended:
            (self.focused or self).call_later(lambda: self._happens(Back(self.page.entered)))

    def action_give_up(self) -> None:
        """Give it up, or close it at its end; what is being written is not interrupted."""
        if self.state.phase is Phase.WORKING:
            return
        if self.state.phase is Phase.PAGES:
            self.state, _ = self.flow.step(self.state, Cancel())
        self.dismiss()

    # What comes of it.

    def _happens(self, event: Event) -> None:
        if not self._busy:  # a key that is held down asks once
            self._busy = True
            self.query_one(".keys", Static).update(self.texts("wizard.asking"))
            self._step(event)

    @work(exit_on_error=False)
    async def _step(self, event: Event) -> None:
        try:
            state, write = await to_thread(self.flow.step, self.state, event)
            if self.state.phase is Phase.CANCELLED:
                return
            self.state = state
            if write is not None:
                await self._write(write)
            await self.redraw()
        finally:
            self._busy = False

    async def _write(self, write: Write) -> None:
        """Make the plan and send it; what goes wrong is shown, and nothing of it stays."""
        self.begun, self.failure = 0, None
        try:
            self.plan = self.performance.prepared(self.flow.plan(write))
            if self.performance.dry_run:
                self.dismiss()
                return
            await self.redraw()
            await to_thread(outcome.send, self, self.plan)
        except (MapiwrightError, OSError) as error:
            self.failure = outcome.failure_of(error)
        self.state, _ = self.flow.step(self.state, Written() if self.failure is None else Failed())
