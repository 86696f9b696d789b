"""How a verb writes: it shows its plan, asks, runs the transaction, and shows the receipt."""

# ruff: noqa: PLC0415 - a verb that only looks does not pay for the transaction, the calls and the rendering

from __future__ import annotations

import functools
import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ParamSpec

import click

from mapiwright.errors import RefusedError, UsageError
from mapiwright.message import Message
from mapiwright.ui.cli.edge import report
from mapiwright.ui.text.language import ENGLISH, message_here, said, texts_here, texts_in
from mapiwright.ui.text.terminal import Line, Style, escape, is_terminal, line_of_input, write

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from mapiwright.setup.records.pending import Pending
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.ui.cli.target import Target


P = ParamSpec("P")

NOTHING: Mapping[str, Any] = MappingProxyType({})
PARTIAL = 1
"""Done, but not for every user: the same exit code as findings, and ``partial`` in the document."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user allows: to write without a question, or only to show the plan, and to save it as ``output``.

    ``host`` is where the services' own libraries may run (see ``entry.hosts.hosts``), or "". With ``verbose`` the
    plan is shown whole.
    """

    yes: bool = False
    dry_run: bool = False
    output: Path | None = None
    host: str = ""
    verbose: bool = False


def output_option(text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """``-o FILE``, handed over as ``output``: where a plan is saved that will not be applied now."""
    return click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help=text)


def host_option(verb: Callable[P, None]) -> Callable[P, None]:
    """``--host``, handed over as ``host``: where the code of services may run, "" where their DLLs are not loaded."""
    return click.option(
        "--host",
        metavar="HOST",
        default="",
        envvar="MAPIWRIGHT_HOST",
        help="Call the services' own libraries: here, in python:PATH, or in wine:PREFIX.",
    )(verb)


verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show each change of the plan, not a summary.")
"""``-v``, handed over as ``verbose``."""


def consent_options(verb: Callable[..., None]) -> Callable[..., None]:
    """``--yes``, ``--dry-run``, ``-v``, ``-o`` and ``--host``, handed over as ``consent``."""

    @host_option
    @verbose_option
    @output_option("With --dry-run: save the plan there, for `mapiwright apply`.")
    @click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
    @click.option("--yes", "-y", is_flag=True, help="Do not ask.")
    @functools.wraps(verb)
    def with_consent(yes: bool, dry_run: bool, output: Path | None, host: str, verbose: bool, **rest: object) -> None:
        if output is not None and not dry_run:
            raise click.UsageError("-o saves a plan that is not applied now; it needs --dry-run.")
        if host:
            from mapiwright.entry.hosts.hosts import interpreter_named

            interpreter_named(host)  # a wrong host is refused before anything starts
        _end_by_signals_as_by_ctrl_c()
        verb(consent=Consent(yes, dry_run, output, host, verbose), **rest)

    return with_consent


def _end_by_signals_as_by_ctrl_c() -> None:
    """A run that is ended by a signal rolls back what it began, and leaves no process of a service behind."""
    import signal

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            with suppress(ValueError):  # only the main thread can handle signals
                signal.signal(getattr(signal, name), interrupt)


def writing_options(verb: Callable[..., None]) -> Callable[..., None]:
    """The options of consent; goes below ``target_options``.

    An interrupted run is ended before the verb plans anything, or just reported where nothing may be written.
    """

    @consent_options
    @functools.wraps(verb)
    def after_recovery(target: Target, consent: Consent, **rest: object) -> None:
        end_interrupted_run(target, consent)
        verb(target=target, consent=consent, **rest)

    return after_recovery


def end_interrupted_run(target: Target, consent: Consent) -> None:
    """Recover an earlier run that was interrupted, so that plans start from a consistent state."""
    from mapiwright.entry.makers import MAKERS
    from mapiwright.transaction.recovery import recover, unfinished
    from mapiwright.ui.cli.target import report_interrupted_run

    title = unfinished(target.workstation)
    if title is None:
        return
    if consent.dry_run:
        report_interrupted_run("setup.interrupted-planned", target, title)
    else:
        report("\n".join(escape(message_here(each)) for each in recover(target.workstation, MAKERS).messages))


def send(
    target: Target,
    plan: Plan,
    consent: Consent,
    *,
    about: Mapping[str, Any] = NOTHING,
    more: Callable[[], Mapping[str, Any]] = dict,
    waiting: Callable[[], Sequence[Pending]] | None = None,
    is_part: bool = False,
) -> Receipt | None:
    """Show the plan, ask, and apply it; returns None where there was nothing to do, or in a dry run.

    With ``--json`` the plan (of a dry run, or an empty one) or the receipt is the document on stdout, and the plan
    goes to stderr where it must be confirmed. ``about`` is added to either document, ``more`` to the receipt's.
    The calls that wait when all is done are named: those that the run leaves, or all of ``waiting``, then in either
    document. With ``is_part`` the caller names them, and writes one document, for several plans. Raises RefusedError
    where it is not confirmed.
    """
    plan = hosted(plan, consent.host)
    _refuse_missing_hosts(plan, target)
    if consent.dry_run or plan.empty:
        before = waiting() if waiting is not None else ()
        said_of_them = pending_document(before) if waiting is not None else NOTHING
        show_plan(target, plan, consent.output, {**about, **said_of_them}, verbose=consent.verbose)
        report_waiting(target, before)
        if not consent.dry_run:
            end_as_partial(plan)
        return None
    from mapiwright.entry.makers import MAKERS
    from mapiwright.setup.records.pending import left_by
    from mapiwright.transaction.transaction import execute, refuse_unwritable
    from mapiwright.ui.documents.documents import receipt_document, write_document
    from mapiwright.ui.text.progress import progress_on
    from mapiwright.ui.text.render import receipt_lines

    refuse_the_unnamed(target)
    refuse_unwritable(plan, target.workstation)
    shown = _lines_of(target, plan, verbose=consent.verbose)
    write(shown, sys.stderr if target.json else sys.stdout)
    whole = () if consent.yes or consent.verbose else _lines_of(target, plan, verbose=True)
    confirm(said("setup.ask", target=target.uri), consent, whole if len(whole) > len(shown) else ())
    with progress_on(sys.stderr, len(plan.steps)) as progress:
        receipt = execute(plan, target.workstation, makers=MAKERS, progress=progress)
    with _undisturbed():
        own = left_by(target.workstation, [receipt])
        left = waiting() if waiting is not None else own
        if target.json and not is_part:
            write_document({"receipt": receipt_document(receipt), **pending_document(left), **about, **more()})
        elif not target.json:
            waits = {(each.receipt, each.number) for each in own}
            write(receipt_lines(receipt, target.command("undo", receipt.id), waits), sys.stdout)
        if not is_part:
            report_waiting(target, left, shown=own)
    end_as_partial(plan)
    return receipt


def hosted(plan: Plan, host: str) -> Plan:
    """The plan with its calls made where ``host`` says; as it is for ""."""
    if not host:
        return plan
    from mapiwright.entry.call import through

    return through(plan, host)


def pending_document(pending: Iterable[Pending]) -> dict[str, Any]:
    """``{"pending": [...]}``: the calls that wait, each with the receipt that recorded it."""
    return {"pending": [each.document() for each in pending]}


def report_waiting(target: Target, left: Sequence[Pending], shown: Container[Pending] = ()) -> None:
    """Say on stderr which calls wait, but for those that are ``shown`` already, and the command that sends them."""
    for each in left:
        if each not in shown and not target.json:
            report(said("setup.waits", call=escape(message_here(each.call.title)), receipt=each.receipt))
    if left:
        report(said("setup.send-pending", command=target.command("service", "call", "--pending")))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What was done is reported, whatever signal comes: the receipt is how it is undone."""
    import signal

    found = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(ValueError, AttributeError):  # only the main thread can; Windows has fewer of them
            number = getattr(signal, name)
            found[number] = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in found.items():
            signal.signal(number, handler)


def _refuse_missing_hosts(plan: Plan, target: Target) -> None:
    """Refuse a plan, such as one that was saved elsewhere, that has calls made by a Python that cannot make them."""
    hosts = {str(effect.describe().get("host", "")) for effect in plan.effects} - {""}
    if hosts:
        from mapiwright.entry.hosts.hosts import interpreter_beside

        for host in sorted(hosts):
            interpreter_beside(target.workstation, host)


def end_as_partial(plan: Plan) -> None:
    """Exit with the code that says `partial` where the plan skipped users; the rest is done and reported."""
    if plan.skipped_users:
        report(said("setup.partial", users=", ".join(plan.skipped_users)))
        raise click.exceptions.Exit(PARTIAL)


def _lines_of(target: Target, plan: Plan, *, verbose: bool) -> tuple[Line, ...]:
    """The plan as it is shown: a summary that fits a screen, or with ``verbose`` each change."""
    from mapiwright.ui.text.render import plan_lines
    from mapiwright.ui.text.summary import summary_lines

    shown = plan_lines if verbose else summary_lines
    return tuple(shown(plan, target.workstation.code_page, target.workstation.users))


def show_plan(
    target: Target,
    plan: Plan,
    output: Path | None = None,
    about: Mapping[str, Any] = NOTHING,
    *,
    verbose: bool = False,
) -> None:
    """Print a plan that will not be applied now, and save it as ``output`` where that is given.

    What is printed is a summary, unless ``verbose``; the document and the file are whole. ``about`` is added to the
    document.
    """
    from mapiwright.transaction.transaction import refuse_unwritable
    from mapiwright.ui.documents.documents import write_document
    from mapiwright.ui.documents.plan_document import plan_document

    refuse_unwritable(plan, target.workstation)
    digest = _saved(target, plan, output) if output is not None else None
    if target.json:
        reported = {"saved": {"file": str(output), "digest": digest}} if digest is not None else {}
        write_document({**plan_document(plan, target.workstation.code_page), **about, **reported})
        return
    write(_lines_of(target, plan, verbose=verbose), sys.stdout)
    if digest is not None:
        hint = said("setup.saved", file=output, digest=digest, command=target.command("apply", str(output)))
        write([Line(escape(hint), Style.ADDED)], sys.stdout)


def _saved(target: Target, plan: Plan, output: Path) -> str:
    """Save the plan, and give its digest."""
    from mapiwright.transaction import single_file
    from mapiwright.transaction.plan_file import save

    saved = save(plan, target.workstation)
    single_file.make_private(output, saved.to_bytes())
    return saved.digest


def refuse_the_unnamed(target: Target) -> None:
    """On Windows a user who names no workstation may mean the PC itself, which is not supported yet: refuse it."""
    if os.name == "nt" and not target.named:
        raise UsageError(
            "no workstation was named",
            expected="--workstation URI",
            remedy="Write --workstation demo: for the demo, or image:DIR for an offline Windows.",
        )


def confirm(question: str, consent: Consent, whole: Sequence[Line] = ()) -> None:
    """Ask on the terminal; raises RefusedError at a no, and where stdin is not a terminal.

    ``whole`` is what the answer ``v`` shows in a pager, before the question is asked again.
    """
    if consent.yes:
        return
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise RefusedError(
            Message.of("sentences.no-terminal"), expected="--yes", remedy=Message.of("sentences.no-terminal-remedy")
        )
    texts = texts_here()

    def words(key: str) -> set[str]:
        return {word for each in (texts, texts_in(ENGLISH)) for word in each(key).split()}

    while True:
        sys.stderr.write(f"{question} {texts('setup.answers-view' if whole else 'setup.answers')} ")
        sys.stderr.flush()
        answer = line_of_input().strip().casefold()
        if not (whole and answer in words("setup.view")):
            break
        click.echo_via_pager(f"{line.text}\n" for line in whole)
    if answer not in words("setup.yes"):
        raise RefusedError(Message.of("sentences.refused"))
