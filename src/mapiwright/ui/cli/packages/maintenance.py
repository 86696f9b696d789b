"""The verbs that keep a package as it was installed: status, repair, guard."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mapiwright.errors import RecoveryNeededError
from mapiwright.setup.install.repair import plan_guard, plan_repair
from mapiwright.setup.install.status import PackageState
from mapiwright.setup.install.status import status as status_of
from mapiwright.ui.cli.target import package_id, target_options
from mapiwright.ui.cli.writing import send, writing_options
from mapiwright.ui.documents.documents import write_document
from mapiwright.ui.text.terminal import Line, Style, escape, write

if TYPE_CHECKING:
    from mapiwright.ui.cli.target import Target
    from mapiwright.ui.cli.writing import Consent

_STYLES = {
    PackageState.INTACT: Style.ADDED,
    PackageState.BROKEN: Style.REMOVED,
    PackageState.ABSENT: Style.QUIET,
    PackageState.INTERRUPTED: Style.REMOVED,
}


@click.command()
@click.argument("package")
@target_options
def status(target: Target, package: str) -> None:
    """Show in one line whether the PACKAGE of that id (or path) is installed and intact; change nothing.

    The exit code is 0 where it is, 1 where it is not, and 4 where an earlier run was interrupted: for detection
    rules.
    """
    found = status_of(target.workstation, package_id(target, package))
    if target.json:
        document = {"id": found.id, "state": found.state.value, "version": found.version or None}
        write_document({"status": {**document, "receipt": found.receipt or None, "faults": list(found.faults)}})
    else:
        write([Line(escape(found.sentence), _STYLES[found.state])], sys.stdout)
    if found.state is PackageState.INTERRUPTED:
        raise click.exceptions.Exit(RecoveryNeededError.exit_code)
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
    everything is in place, nothing is done, so it can run as a scheduled task.
    """
    send(target, plan_guard(target.workstation, package_id(target, package)), consent)
