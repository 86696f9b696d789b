"""The outcome of a plan on the screen: its progress, and where it failed, what was rolled back."""

from __future__ import annotations

from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import ProgressBar, Static

from mapiwright.entry.call import COUNTERPART, EntryCall
from mapiwright.errors import FailedError, MapiwrightError, RecoveryNeededError
from mapiwright.ui.screens.screens import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import App
    from textual.dom import DOMNode
    from textual.widget import Widget

    from mapiwright.message import Message
    from mapiwright.transaction.plans.plan import Plan, Step
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.ui.screens.plan_runner import Performance
    from mapiwright.ui.text.language import Texts


def under_way(plan: Plan | None) -> Iterator[Widget]:
    """A bar for the steps of a plan; `advance` moves it."""
    steps = plan.steps if plan is not None else ()
    yield ProgressBar(total=max(len(steps), 1), show_eta=False, show_percentage=False)
    yield Static("", id="step", markup=False)


def advance(screen: DOMNode, texts: Texts, done: int, total: int, title: Message) -> None:
    """Draw how far the plan is."""
    screen.query_one(ProgressBar).update(total=total, progress=done)
    text = texts("working.step", number=min(done + 1, total), total=total)
    screen.query_one("#step", Static).update(texts("summary.line", label=text, value=texts.message(title)))


class Sender(Protocol):
    """A screen that sends a plan: how many steps were begun, and how it ended."""

    texts: Texts
    performance: Performance
    begun: int
    receipt: Receipt | None
    failure: MapiwrightError | None

    @property
    def app(self) -> App[object]:
        """The program around it."""
        ...


def send(screen: Sender, plan: Plan) -> None:
    """Send a plan, in a thread beside the screen, which keeps how it ended.

    It does so also where the program ends meanwhile, as when a browser is closed.
    """
    app = screen.app

    def progress(done: int, total: int, title: Message) -> None:
        screen.begun = done + 1
        with suppress(RuntimeError, NoMatches, CancelledError):  # the program is ending, and waits for this
            app.call_from_thread(_advance, screen, done, total, title)

    try:
        screen.receipt = screen.performance.send(plan, progress)
    except (MapiwrightError, OSError) as error:
        screen.failure = failure_of(error)


def _advance(screen: Sender, done: int, total: int, title: Message) -> None:
    if isinstance(screen, Screen) and screen.is_running:
        advance(screen, screen.texts, done, total, title)


def failure_of(error: MapiwrightError | OSError) -> MapiwrightError:
    """What went wrong, as a MapiwrightError."""
    if isinstance(error, MapiwrightError):
        return error
    return FailedError(error.strerror or str(error), where=str(error.filename or ""))


def _has_counterpart(step: Step) -> bool:
    """Whether a rollback takes a step back: not the call of a service that nothing calls back."""
    call = getattr(step, "call", step)
    return not isinstance(call, EntryCall) or call.context in COUNTERPART


def failed(
    texts: Texts, error: MapiwrightError | None, plan: Plan | None, begun: int, recover: str
) -> Iterator[Widget]:
    """What went wrong, and the outcome of the steps, of which ``begun`` were started.

    ``recover`` is the command line that ends an interrupted transaction.
    """
    if error is not None:
        # The engine's own words are English, as they are in its log; what follows them is said below.
        where = f"{error.where}: " if error.where else ""
        expected = f" ({error.expected})" if error.expected else ""
        yield line(f"{where}{error.what}{expected}", "objection page")
    if isinstance(error, RecoveryNeededError):
        yield line(texts("failed.recovery", command=recover), "text")
    elif isinstance(error, FailedError) and begun:
        yield line(texts("failed.rolled-back"), "text")
        for number, each in enumerate(plan.steps if plan is not None else (), 1):
            how = "failed" if number == begun else "open"
            if number < begun:
                how = "undone" if _has_counterpart(each) else "called"
            title = texts.message(each.title)
            reported = texts("summary.line", label=texts(f"failed.step-{how}"), value=title)
            yield line(reported, f"value {how}")
        if error.remedy:
            yield line(error.remedy, "last help")
    else:
        yield line(texts("failed.refused"), "text")
        if error is not None and error.remedy:
            yield line(error.remedy, "last help")
