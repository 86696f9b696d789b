"""The verbs that keep a package as it was installed: status, repair, guard."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mapiwright.errors import RecoveryNeededError
from mapiwright.setup.install.repair import plan_guard, plan_repair
from mapiwright.setup.install.status import PackageState
from mapiwright.setup.install.status import status as status_of
from mapiwright.setup.records.pending import pending_of
from mapiwright.setup.records.records import records_of
from mapiwright.ui.cli.edge import CALLS_WAIT
from mapiwright.ui.cli.target import package_id, target_options
from mapiwright.ui.cli.writing import pending_document, report_waiting, send, writing_options
from mapiwright.ui.documents.documents import write_document
from mapiwright.ui.text.terminal import Line, Style, escape, write

if TYPE_CHECKING:
    from mapiwright.setup.records.pending import Pending
    from mapiwright.ui.cli.target import Target
    from mapiwright.ui.cli.writing import Consent

_STYLES = {
    PackageState.INTACT: Style.ADDED,
    PackageState.PENDING: Style.CHANGED,
    PackageState.BROKEN: Style.REMOVED,
    PackageState.ABSENT: Style.QUIET,
    PackageState.INTERRUPTED: Style.REMOVED,
}


@click.command()
@click.argument("package")
@target_options
def status(target: Target, package: str) -> None:
    """Show in one line whether the PACKAGE of that id (or path) is installed and intact; change nothing.

    For detection rules, the exit code is 0 where it is, 5 where it is and calls of its services wait to be sent,
    1 where it is not, and 4 where an earlier run was interrupted.
    """
    found = status_of(target.workstation, package_id(target, package))
    if target.json:
        document = {"id": found.id, "state": found.state.value, "version": found.version or None}
        rest = {"receipt": found.receipt or None, "faults": list(found.faults)}
        write_document({"status": {**document, **rest, **pending_document(found.pending)}})
    else:
        write([Line(escape(found.sentence), _STYLES[found.state])], sys.stdout)
        report_waiting(target, found.pending, shown=found.pending)
    if found.state is PackageState.INTERRUPTED:
        raise click.exceptions.Exit(RecoveryNeededError.exit_code)
    if found.state is PackageState.PENDING:
        raise click.exceptions.Exit(CALLS_WAIT)
    if found.state is not PackageState.INTACT:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("package")
@target_options
@writing_options
def repair(target: Target, consent: Consent, package: str) -> None:
    """Restore what the PACKAGE of that id (or path, or a receipt's id) installed, where it is missing or changed."""
    send(target, plan_repair(target.workstation, package_id(target, package)), consent)


@click.command()
@click.argument("package")
@target_options
@writing_options
def guard(target: Target, consent: Consent, package: str) -> None:
    """Put the PACKAGE of that id (or path) back where Outlook looks for it now.

    An update, a repair, another channel or language of Office may have replaced or moved MAPISVC.INF. Where
    everything is in place, nothing is done, so it can run as a scheduled task. The exit code is 5 where calls of its
    services wait to be sent.
    """
    here = target.workstation
    id_ = package_id(target, package)
    plan = plan_guard(here, id_)

    def waiting() -> tuple[Pending, ...]:
        return pending_of(here, records_of(here).installation(id_))

    send(target, plan, consent, waiting=waiting)
    if waiting():
        raise click.exceptions.Exit(CALLS_WAIT)
