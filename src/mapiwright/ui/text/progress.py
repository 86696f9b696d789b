"""Progress of a transaction: a bar where a person watches, nothing in a pipe."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, TypeAlias

from mapiwright.ui.text.language import said
from mapiwright.ui.text.terminal import is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.message import Message

    Progress: TypeAlias = Callable[[int, int, Message], None]


@contextmanager
def progress_on(stream: TextIO, total: int) -> Iterator[Progress]:
    """A function that is told how many steps are done, of how many, and which one is under way.

    The bar names the number alone, as a title may be wider than the terminal; a dumb one cannot draw a bar. Rich is
    loaded for a bar only; it is the dearest library that we have.
    """
    if not is_terminal(stream) or os.environ.get("TERM") == "dumb":
        yield lambda _done, _total, _step: None
        return
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=stream)) as bar:
        task = bar.add_task(_label(0, total), total=total)
        yield lambda done, of, _step: bar.update(task, completed=done, total=of, description=_label(done, of))


def _label(done: int, total: int) -> str:
    return said("plan.progress", number=min(done + 1, total), total=total)
