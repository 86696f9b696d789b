"""What every screen is made of: the frame with a bar, a place, buttons and keys, and texts without markup."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Container, Horizontal
from textual.screen import Screen
from textual.widgets import Button, Checkbox, RadioButton, Static
from textual.worker import Worker, WorkerState

from mapiwright.ui.screens.screen_support import is_served
from mapiwright.ui.text.terminal import escape, escape_lines, is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.binding import BindingType
    from textual.driver import Driver
    from textual.widget import Widget

Result = TypeVar("Result")


class ScreenApp(App[None]):
    """The program around the screens: light or dark, and a defect that ends it.

    ``defect`` is reported by its caller, when the screen is gone: a trace on the screen might hold data of a profile.
    """

    CSS_PATH = Path(__file__).with_name("screens.tcss")  # a bare name would be looked for beside the subclass
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "light_or_dark"),
        Binding("ctrl+c,ctrl+q", "leave", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__(driver_class=_driver())
        self.defect: BaseException | None = None

    def on_mount(self) -> None:
        """Look now and then whether anybody is left to see it."""
        if not self.is_headless and not is_served():
            self.set_interval(2, self.leave_with_the_terminal)

    def leave_with_the_terminal(self) -> None:
        """End where the terminal is gone, and no signal came, which Textual would not see."""
        if sys.__stdin__ is not None and not is_terminal(sys.__stdin__):
            self.exit()

    def action_light_or_dark(self) -> None:
        """Change between a light and a dark screen."""
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_leave(self) -> None:
        """Have the screen on top give up what it is about."""
        screen = self.screen
        if isinstance(screen, Guarded):
            screen.action_give_up()

    def _handle_exception(self, error: Exception) -> None:
        """End where a handler failed, too; Textual would print the trace with what is in its variables."""
        self.end_by(error)

    def end_by(self, defect: BaseException | None) -> None:
        """End after an unexpected error."""
        self.defect = defect
        self.exit()


def _driver() -> type[Driver] | None:
    """What draws on a terminal; None leaves it to Textual, and to a server that shows it in a browser."""
    if os.name != "posix" or is_served():
        return None
    from mapiwright.ui.screens.terminal_driver import TerminalDriver  # noqa: PLC0415 - there is none for Windows

    return TerminalDriver


class Guarded(Screen[Result]):
    """A screen that does some work beside itself; a defect in it ends the program."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up")]
    left = False

    def action_give_up(self) -> None:
        """Leave it, and nothing is done."""
        self.dismiss()

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave it, once, and while it is on top: a key pressed twice is not for the screen below."""
        if self.left or self.app.screen is not self:
            return AwaitComplete()
        self.left = True
        return super().dismiss(result)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A defect ends the program."""
        if event.state is WorkerState.ERROR and isinstance(self.app, ScreenApp):
            self.app.end_by(event.worker.error)


def frame(title: str, target: str, *buttons: Button, place: str = "place") -> Iterator[Widget]:
    """A whole screen: its name and what it acts on, a place for what it shows, its buttons, and its keys."""
    yield Horizontal(line(title, "name"), line(target, "target"), classes="bar")
    yield Container(id=place)
    yield Horizontal(*buttons, classes="buttons")
    yield Static("", classes="keys", markup=False)


_TICKED, _UNTICKED = "[x]", "[ ]"
_CHOSEN, _LEFT = "(•)", "( )"


class Tick(Checkbox):
    """A box that is ticked or not, which is seen without colours, too."""

    BUTTON_LEFT = BUTTON_RIGHT = ""

    def __init__(self, label: str, value: bool, *, id: str | None = None, disabled: bool = False) -> None:  # noqa: A002
        super().__init__(label, value, id=id, disabled=disabled)
        self.BUTTON_INNER = _TICKED if value else _UNTICKED

    def watch_value(self) -> None:
        """Show whether it is ticked."""
        self.BUTTON_INNER = _TICKED if self.value else _UNTICKED
        super().watch_value()


class Dot(RadioButton):
    """One of several things to choose from, which is seen without colours, too."""

    BUTTON_LEFT = BUTTON_RIGHT = ""
    BUTTON_INNER = _LEFT

    def watch_value(self) -> None:
        """Show whether it is chosen."""
        self.BUTTON_INNER = _CHOSEN if self.value else _LEFT
        super().watch_value()


def plain(text: str) -> str:
    """Text of others for a widget that reads markup: nothing in it is."""
    return escape(text).replace("[", r"\[")


def line(text: str, classes: str) -> Static:
    """A text on the screen, whatever is in it."""
    return Static(escape_lines(text), classes=classes, markup=False)
