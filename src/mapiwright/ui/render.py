"""Plans and receipts for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.transaction.effect import Status
from mapiwright.transaction.plan import Leg
from mapiwright.transaction.receipt import UNDOES
from mapiwright.ui.diff import changes_as_lines
from mapiwright.ui.terminal import Line, Style, escape
from mapiwright.workstation.change import SetValue, WriteFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.transaction.plan import Plan
    from mapiwright.transaction.receipt import Receipt
    from mapiwright.workstation.workstation import User


def plan_lines(plan: Plan, code_page: str, users: Iterable[User] = ()) -> Iterator[Line]:
    """A plan as a diff: its legs and their changes in order, its effects as steps whose outcome is open."""
    yield Line(escape(plan.title), Style.HEADING)
    yield from (Line(f"  Note: {escape(note)}", Style.CHANGED) for note in plan.notes)
    if plan.empty:
        yield Line("  Nothing to do: the workstation is as it should be.", Style.QUIET)
        return
    for number, step in enumerate(plan.steps, 1):
        if isinstance(step, Leg):
            yield Line(f"{number:>2}. {escape(step.title)}", Style.HEADING)
            yield from (line.indented(4) for line in changes_as_lines(step.changes, code_page, users))
        else:
            yield Line(f"{number:>2}. {escape(step.title)} (outcome not known yet)", Style.CHANGED)
    yield Line(summary(plan), Style.QUIET)


def plan_outline(plan: Plan) -> Iterator[Line]:
    """A plan by its steps, for who has agreed to it already; the dry run shows what is in them."""
    yield Line(escape(plan.title), Style.HEADING)
    yield from (Line(f"  Note: {escape(note)}", Style.CHANGED) for note in plan.notes)
    for number, step in enumerate(plan.steps, 1):
        changes = f": {_count(len(step.changes), 'change')}" if isinstance(step, Leg) else ""
        yield Line(f"{number:>2}. {escape(step.title)}{changes}")
    yield Line(summary(plan), Style.QUIET)


def summary(plan: Plan) -> str:
    """What a plan comes to, in one line."""
    files = sum(isinstance(change, WriteFile) for change in plan.changes)
    values = sum(isinstance(change, SetValue) for change in plan.changes)
    parts = (_count(files, "file"), _count(values, "registry value"), _count(len(plan.effects), "call"))
    return f"Together: {', '.join(parts)}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def receipt_lines(receipt: Receipt, undo: str) -> Iterator[Line]:
    """What was done, what is still to be sent, and the command line ``undo`` that takes it back, if anything does."""
    for effect in receipt.effects:
        style = Style.PLAIN if effect.status == Status.DONE else Style.CHANGED
        yield Line(f"{effect.status.capitalize()}: {escape(effect.title)}: {escape(effect.message)}", style)
    yield Line(f"Done: {escape(receipt.title)}", Style.ADDED)
    back = "" if UNDOES in receipt.record else f". To take it back: {escape(undo)}"
    yield Line(f"Receipt: {escape(receipt.id)}{back}")


def receipts_lines(receipts: Iterable[Receipt]) -> Iterator[Line]:
    """A line for each receipt; those that were taken back name the receipt that did it."""
    for receipt in receipts:
        line = escape(f"{receipt.id}  {receipt.created}  {receipt.title}")
        if receipt.undone_by:
            yield Line(f"{line}  (undone by {escape(receipt.undone_by)})", Style.QUIET)
        else:
            yield Line(line)
        for effect in receipt.effects:
            if effect.status == Status.PENDING:
                yield Line(f"    pending: {escape(effect.title)}", Style.CHANGED)
