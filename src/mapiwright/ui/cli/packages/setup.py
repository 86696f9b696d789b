"""The verbs of the setup program: plan, install, uninstall, receipts, undo, recover."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.entry.makers import MAKERS
from mapiwright.entry.service.contract import EntryPolicy
from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.install.repair import plan_guard
from mapiwright.setup.install.uninstall import plan_uninstall
from mapiwright.setup.package.manifest import ProfilesOnUninstall
from mapiwright.setup.package.package import open_package
from mapiwright.setup.records.pending import left_by
from mapiwright.setup.records.records import records_of
from mapiwright.transaction.records.receipt import receipts as read_receipts
from mapiwright.transaction.undo import undo_plan
from mapiwright.ui.cli.installing import Wanted, entry_option, install_options, install_plan
from mapiwright.ui.cli.target import package_id, target_options, user_options
from mapiwright.ui.cli.writing import (
    host_option,
    hosted,
    output_option,
    send,
    show_plan,
    verbose_option,
    writing_options,
)
from mapiwright.ui.documents.documents import findings_document, receipts_document, write_document
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.language import said
from mapiwright.ui.text.render import receipts_lines
from mapiwright.ui.text.terminal import Line, write
from mapiwright.workflows.doctor.findings.installed import receipt_findings

if TYPE_CHECKING:
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent

_PACKAGE = click.argument("package", type=click.Path(path_type=Path))


@click.command()
@_PACKAGE
@install_options
@output_option("Save the plan there too, for `mapiwright apply`.")
@host_option
@verbose_option
@target_options
@user_options
def plan(
    target: Target,
    users: UserChoice,
    package: Path,
    wanted: Wanted,
    output: Path | None,
    host: str,
    verbose: bool,
) -> None:
    """Show what installing PACKAGE would change; change nothing.

    Of a package that is installed the id is enough, to show what would put back what is missing of it.
    """
    found = _plan_of(target, users, package, wanted, or_guard=True)
    show_plan(target, hosted(found, host), output, verbose=verbose)


@click.command()
@_PACKAGE
@install_options
@target_options
@user_options
@writing_options
def install(target: Target, users: UserChoice, consent: Consent, package: Path, wanted: Wanted) -> None:
    """Install PACKAGE, a directory with a manifest or with an INF fragment and the DLLs that it names.

    Its files are copied, its entries merged into MAPISVC.INF and the registry, a default profile is made where the
    user has none, and its entry point is called with MSG_SERVICE_INSTALL. Over an older version it is an upgrade.
    """
    send(target, _plan_of(target, users, package, wanted), consent)


def _plan_of(target: Target, users: UserChoice, package: Path, wanted: Wanted, *, or_guard: bool = False) -> Plan:
    if not package.exists():
        return _plan_without_media(target, str(package), or_guard=or_guard and wanted == Wanted())
    return install_plan(target, users, open_package(package, code_page=target.workstation.code_page), wanted)


def _plan_without_media(target: Target, named: str, *, or_guard: bool) -> Plan:
    """What an id comes to in the place of a package's folder, which is not kept: what was installed of it."""
    known = {upcase(id_): id_ for id_ in records_of(target.workstation).installations}
    if upcase(named) not in known:
        raise NotFoundError(
            "there is no such directory, and no package of that id is installed",
            where=named,
            expected="the package's directory, or the id of one of these: " + (", ".join(known.values()) or "none"),
            remedy="Name the directory that holds mapiwright.toml, or the INF fragment and the DLLs.",
        )
    if or_guard:
        return plan_guard(target.workstation, named)
    raise NotFoundError(
        f"{known[upcase(named)]} is installed, and its media is not at hand: what is kept of it can only be put back",
        where=named,
        expected="the package's directory",
        remedy=f"To put back what is missing: {target.command('guard', known[upcase(named)])}\n"
        "  For another version, user, profile or half, name the directory that it came from.",
    )


@click.command()
@click.argument("package")
@click.option(
    "--profiles",
    type=click.Choice([each.value for each in ProfilesOnUninstall]),
    help="What becomes of profiles that hold the service: it leaves them, they keep it, or nothing is uninstalled.  "
    "[default: as the package says]",
)
@entry_option
@target_options
@writing_options
def uninstall(target: Target, consent: Consent, package: str, profiles: str | None, policy: str) -> None:
    """Remove the PACKAGE of that id (or path): exactly what it brought, where nobody changed it since."""
    write(findings_lines(receipt_findings(target.workstation)), sys.stderr)
    removal = plan_uninstall(
        target.workstation,
        package_id(target, package),
        policy=EntryPolicy(policy),
        profiles=ProfilesOnUninstall(profiles) if profiles else None,
    )
    write(findings_lines(removal.kept), sys.stderr)
    send(target, removal.plan, consent)


@click.command()
@target_options
def receipts(target: Target) -> None:
    """List what has been done on a workstation, oldest first."""
    found, damaged = read_receipts(target.workstation), receipt_findings(target.workstation)
    if target.json:
        write_document({**receipts_document(found), **findings_document(damaged)})
        return
    waits = {(each.receipt, each.number) for each in left_by(target.workstation, found)}
    write(receipts_lines(found, waits), sys.stdout)
    write(findings_lines(damaged), sys.stderr)
    if not found and not damaged:
        write([Line(said("receipt.none"))], sys.stdout)


@click.command()
@click.argument("receipt")
@target_options
@writing_options
def undo(target: Target, consent: Consent, receipt: str) -> None:
    """Undo what RECEIPT records; refused where somebody changed it since."""
    send(target, undo_plan(target.workstation, receipt, MAKERS), consent)
