"""How a verb writes: it shows its plan, asks, sends the plan to the transaction, and tells the receipt."""

# ruff: noqa: PLC0415 - a verb that only looks does not pay for the transaction, the calls and the rendering

from __future__ import annotations

import functools
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from mapiwright.errors import RefusedError, UsageError
from mapiwright.ui.cli.edge import tell
from mapiwright.ui.terminal import is_terminal, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.transaction.plan import Plan
    from mapiwright.transaction.receipt import Receipt
    from mapiwright.ui.cli.target import Target


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user allows: to write without being asked, or only to look."""

    yes: bool = False
    dry_run: bool = False


def writing_options(verb: Callable[..., None]) -> Callable[..., None]:
    """``--yes`` and ``--dry-run``, handed over as ``consent``; stands below ``target_options``.

    A run that was cut short is ended before the verb plans anything, or told where nothing may be written.
    """

    @click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
    @click.option("--yes", "-y", is_flag=True, help="Do not ask.")
    @functools.wraps(verb)
    def with_consent(target: Target, yes: bool, dry_run: bool, **rest: object) -> None:
        consent = Consent(yes, dry_run)
        end_what_was_cut_short(target, consent)
        verb(target=target, consent=consent, **rest)

    return with_consent


def end_what_was_cut_short(target: Target, consent: Consent) -> None:
    """Recover an earlier run that was interrupted, so that what follows is planned on whole ground."""
    from mapiwright.entry.call import MAKERS
    from mapiwright.transaction.recovery import recover, unfinished

    title = unfinished(target.workstation)
    if title is None:
        return
    if consent.dry_run:
        tell(f"An earlier run was cut short: {title}. This is planned on what it left; end it: mapiwright recover")
    else:
        tell(recover(target.workstation, MAKERS).sentence)


def send(target: Target, plan: Plan, consent: Consent) -> Receipt | None:
    """Show the plan, ask, and make it true; returns None where nothing was to be done or only looked at.

    With ``--json`` the plan (of a dry run, or an empty one) or the receipt is the document on stdout, and the plan
    goes to stderr where somebody is asked about it. Raises RefusedError where nobody can be asked.
    """
    if consent.dry_run or plan.empty:
        show_plan(target, plan)
        return None
    from mapiwright.entry.call import MAKERS
    from mapiwright.transaction.transaction import execute
    from mapiwright.ui.documents import receipt_document, write_document
    from mapiwright.ui.progress import progress_on
    from mapiwright.ui.render import plan_lines, receipt_lines

    refuse_the_unnamed(target)
    write(plan_lines(plan, target.workstation.code_page), sys.stderr if target.json else sys.stdout)
    confirm(f"Do this on {target.uri}?", consent)
    with progress_on(sys.stderr) as progress:
        receipt = execute(plan, target.workstation, makers=MAKERS, progress=progress)
    if target.json:
        write_document({"receipt": receipt_document(receipt)})
    else:
        write(receipt_lines(receipt), sys.stdout)
    return receipt


def show_plan(target: Target, plan: Plan) -> None:
    """Print a plan that will not be applied now."""
    from mapiwright.ui.documents import write_document
    from mapiwright.ui.plan_document import plan_document
    from mapiwright.ui.render import plan_lines

    if target.json:
        write_document(plan_document(plan, target.workstation.code_page))
    else:
        write(plan_lines(plan, target.workstation.code_page), sys.stdout)


def refuse_the_unnamed(target: Target) -> None:
    """On Windows a user who names no workstation may mean his own PC, which is not yet served: he has to say."""
    if os.name == "nt" and not target.named:
        raise UsageError(
            "no workstation was named",
            expected="--workstation URI",
            remedy="Write --workstation demo: for the demo, or image:DIR for an offline Windows.",
        )


def confirm(question: str, consent: Consent) -> None:
    """Ask on the terminal; raises RefusedError at a no, and where there is nobody to ask."""
    if consent.yes:
        return
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise RefusedError(
            "nobody can be asked, as this is no terminal; nothing was changed",
            expected="--yes",
            remedy="Add --yes to do it, or --dry-run to look only.",
        )
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
        raise RefusedError("the answer was no; nothing was changed")
