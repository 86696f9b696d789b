"""The verb ``recover``: how an interrupted run is ended, and what is done with one that cannot be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mapiwright.entry.makers import MAKERS
from mapiwright.message import Message
from mapiwright.transaction.recovery import Ending, Recovery
from mapiwright.transaction.recovery import recover as end_transaction
from mapiwright.transaction.set_aside import forget, set_aside
from mapiwright.ui.cli.target import target_options
from mapiwright.ui.cli.writing import Consent, confirm
from mapiwright.ui.documents.documents import write_document
from mapiwright.ui.text.language import message_here, said
from mapiwright.ui.text.terminal import Line, Style, escape, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mapiwright.transaction.set_aside import Remains
    from mapiwright.ui.cli.target import Target


@click.command()
@click.option(
    "--set-aside",
    "aside",
    is_flag=True,
    help="Roll back what can be, and after a question leave the rest as it is, so that writing is possible again.",
)
@click.option("--forget", "forgotten", metavar="ID", help="Remove what was set aside as ID, when it is put right.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@target_options
def recover(target: Target, aside: bool, forgotten: str | None, yes: bool) -> None:
    """End a transaction that was interrupted: it is finished or undone."""
    if aside and forgotten:
        raise click.UsageError("--set-aside and --forget exclude each other.")
    if forgotten:
        confirm(said("setup.ask-forget", id=forgotten), Consent(yes))
        forget(target.workstation, forgotten)
        _report(target, Recovery(Ending.NOTHING), (Message.of("sentences.forgotten", id=forgotten),), ())
    elif aside:
        _set_aside(target, Consent(yes))
    else:
        found = end_transaction(target.workstation, makers=MAKERS)
        _report(target, found, found.messages, ())


def _set_aside(target: Target, consent: Consent) -> None:
    """Set aside what cannot be recovered, when every path of it was named and the user agrees."""

    def agree(stuck: Sequence[Remains]) -> None:
        lines = [line for remains in stuck for line in _remains_lines(remains)]
        write(lines, sys.stderr if target.json else sys.stdout)
        confirm(said("setup.ask-set-aside", target=target.uri), consent)

    recovered, left = set_aside(target.workstation, MAKERS, agree)
    first = recovered[0] if recovered else Recovery(Ending.NOTHING)
    messages = [message for each in recovered for message in each.messages]
    messages += [Message.of("sentences.set-aside", title=each.title, id=each.id) for each in left]
    _report(target, first, messages or first.messages, left)


def _remains_lines(remains: Remains) -> Iterator[Line]:
    yield Line(escape(message_here(remains.title)), Style.HEADING)
    yield Line(said("setup.left" if remains.left else "setup.left-nothing")).indented(2)
    yield from (Line(escape(name), Style.CHANGED).indented(4) for name in remains.left)
    yield from (Line(escape(message_here(note)), Style.CHANGED).indented(2) for note in remains.notes)


def _report(target: Target, found: Recovery, messages: Sequence[Message], left: Sequence[Remains]) -> None:
    if not target.json:
        write([Line(escape(message_here(message))) for message in messages], sys.stdout)
        return
    document = {
        "ending": "set aside" if left else found.ending.value,
        "id": found.id or None,
        "notes": [str(note) for note in found.notes],
    }
    aside = [{"id": each.id, "title": str(each.title), "left": list(each.left)} for each in left]
    write_document({"recovery": document | ({"set_aside": aside} if aside else {})})
