"""Plans and receipts for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.transaction.plans.effect import Status
from mapiwright.transaction.plans.plan import Leg
from mapiwright.ui.text.diff import changes_as_lines
from mapiwright.ui.text.language import texts_here
from mapiwright.ui.text.terminal import Line, Style, escape
from mapiwright.workstation.change import ReplaceAtRestart, SetValue, WriteFile

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from mapiwright.message import Message
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.ui.text.language import Texts
    from mapiwright.workstation.workstation import User


class _Every:
    """What nobody has looked up is shown as the receipt has it."""

    def __contains__(self, _: object) -> bool:
        return True


EVERY: Container[tuple[str, int]] = _Every()


def plan_lines(plan: Plan, code_page: str, users: Iterable[User] = ()) -> Iterator[Line]:
    """A plan as a diff: its legs and their changes in order, its effects as steps whose outcome is open."""
    texts = texts_here()
    yield from _heading(plan, texts)
    if plan.empty:
        yield Line(texts("plan.nothing"), Style.QUIET).indented(2)
        return
    for number, step in enumerate(plan.steps, 1):
        title = reported(step.title, texts)
        if isinstance(step, Leg):
            yield Line(f"{number:>2}. {title}", Style.HEADING)
            yield from (line.indented(4) for line in changes_as_lines(step.changes, code_page, users))
        else:
            yield Line(f"{number:>2}. {texts('plan.open', title=title)}", Style.CHANGED)
    yield Line(plan_total(plan, texts), Style.QUIET)


def plan_title(plan: Plan, texts: Texts) -> str:
    """The title of a plan, for its first line."""
    return reported(plan.title, texts)


def _heading(plan: Plan, texts: Texts) -> Iterator[Line]:
    yield Line(plan_title(plan, texts), Style.HEADING)
    for note in plan.notes:
        yield Line(texts("plan.note", note=reported(note, texts)), Style.CHANGED).indented(2)


def reported(message: Message, texts: Texts) -> str:
    """What the engine says, as people may be shown it."""
    return escape(texts.message(message))


def plan_total(plan: Plan, texts: Texts) -> str:
    """What a plan comes to, in one line."""
    files = sum(isinstance(change, WriteFile | ReplaceAtRestart) for change in plan.changes)
    values = sum(isinstance(change, SetValue) for change in plan.changes)
    counts = {"files": files, "values": values, "calls": len(plan.effects)}
    return texts("plan.together", **{noun: texts.count(f"plan.{noun}", number) for noun, number in counts.items()})


def receipt_lines(receipt: Receipt, undo: str, waits: Container[tuple[str, int]] = EVERY) -> Iterator[Line]:
    """What was done, what is still to be sent, and the command line ``undo`` that takes it back, if anything does.

    ``waits`` has the deferred effects that will be sent, each by receipt and number: what is removed never is.
    """
    texts = texts_here()
    for number, effect in enumerate(receipt.effects):
        style = Style.PLAIN if effect.status == Status.DONE else Style.CHANGED
        call, message = reported(effect.title, texts), reported(effect.message, texts)
        is_moot = effect.status == Status.PENDING and (receipt.id, number) not in waits
        yield Line(texts(f"receipt.call-{'never' if is_moot else effect.status}", call=call, message=message), style)
    yield Line(texts("receipt.done", title=reported(receipt.title, texts)), Style.ADDED)
    if receipt.terms.undoes:
        yield Line(texts("receipt.receipt", id=escape(receipt.id)))
    else:
        yield way_back(receipt, undo)


def way_back(receipt: Receipt, undo: str) -> Line:
    """The id of a receipt, and the command line ``undo`` that takes it back."""
    return Line(texts_here()("receipt.receipt-and-undo", id=escape(receipt.id), command=escape(undo)))


def receipts_lines(receipts: Iterable[Receipt], waits: Container[tuple[str, int]] = EVERY) -> Iterator[Line]:
    """A line for each receipt, with its effects that wait; those that were undone name the receipt that did it."""
    texts = texts_here()
    for receipt in receipts:
        line = f"{escape(receipt.id)}  {escape(receipt.created)}  {reported(receipt.title, texts)}"
        if receipt.undone_by:
            yield Line(texts("receipt.undone", line=line, id=escape(receipt.undone_by)), Style.QUIET)
        else:
            yield Line(line)
        for number, effect in enumerate(receipt.effects):
            if effect.status == Status.PENDING and (receipt.id, number) in waits:
                yield Line(texts("receipt.pending", call=reported(effect.title, texts)), Style.CHANGED).indented(4)
