"""What becomes of a plan, on the screen: how far it is, and where it failed, what was taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import ProgressBar, Static

from mapiwright.errors import FailedError, MapiwrightError, RecoveryNeededError
from mapiwright.ui.screens import line
from mapiwright.ui.titles import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.dom import DOMNode
    from textual.widget import Widget

    from mapiwright.transaction.plan import Plan
    from mapiwright.ui.language import Texts


def under_way(plan: Plan | None) -> Iterator[Widget]:
    """A bar for the steps of a plan; `advance` moves it."""
    steps = plan.steps if plan is not None else ()
    yield ProgressBar(total=max(len(steps), 1), show_eta=False, show_percentage=False)
    yield Static("", id="step", markup=False)


def advance(screen: DOMNode, texts: Texts, done: int, total: int, title: str) -> None:
    """Draw how far the plan is."""
    screen.query_one(ProgressBar).update(total=total, progress=done)
    text = texts("working.step", number=min(done + 1, total), total=total)
    title = translated(title, texts.language)
    screen.query_one("#step", Static).update(texts("summary.line", label=text, value=title))


def failure_of(error: MapiwrightError | OSError) -> MapiwrightError:
    """What went wrong, as an error of ours."""
    return error if isinstance(error, MapiwrightError) else FailedError(error.strerror or str(error))


def failed(
    texts: Texts, error: MapiwrightError | None, plan: Plan | None, begun: int, recover: str
) -> Iterator[Widget]:
    """What went wrong, and what has become of the steps, of which ``begun`` were begun.

    ``recover`` is the command line that ends what stands half-way.
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
            how = "undone" if number < begun else "failed" if number == begun else "open"
            title = translated(each.title, texts.language)
            told = texts("summary.line", label=texts(f"failed.step-{how}"), value=title)
            yield line(told, f"value {how}")
        if error.remedy:
            yield line(error.remedy, "last help")
    else:
        yield line(texts("failed.refused"), "text")
        if error is not None and error.remedy:
            yield line(error.remedy, "last help")
