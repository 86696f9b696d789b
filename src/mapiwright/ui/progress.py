"""Progress of a transaction: a bar where a person watches, nothing in a pipe."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, TypeAlias

from mapiwright.ui.terminal import escape, is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress: TypeAlias = Callable[[int, int, str], None]


@contextmanager
def progress_on(stream: TextIO) -> Iterator[Progress]:
    """A function that is told how many steps are done, of how many, and which one is under way.

    Rich is loaded on a terminal only; it is the dearest library that we have.
    """
    if not is_terminal(stream):
        yield lambda _done, _total, _step: None
        return
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=stream)) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, step: bar.update(task, completed=done, total=total, description=escape(step))
