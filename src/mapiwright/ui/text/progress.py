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
    """A function to report progress to: how many steps are done, of how many, and which one is running.

    The bar shows the number only, as a title may be wider than the terminal; a dumb terminal cannot draw a bar.
    """
    if not is_terminal(stream) or os.environ.get("TERM") == "dumb":
        yield lambda _done, _total, _step: None
        return
    import click  # noqa: PLC0415 - most runs draw none

    with click.progressbar(length=total, label=_label(0, total), show_eta=False, file=stream) as bar:

        def show(done: int, of: int, _step: Message) -> None:
            bar.label = _label(done, of)
            bar.update(done - bar.pos)

        yield show


def _label(done: int, total: int) -> str:
    return said("plan.progress", number=min(done + 1, total), total=total)
