"""The verbs of the setup program: plan, install, uninstall, receipts, undo, recover."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.entry.call import MAKERS
from mapiwright.entry.contract import EntryPolicy
from mapiwright.setup.install import plan_install
from mapiwright.setup.package import open_package
from mapiwright.setup.preflight import preflight
from mapiwright.setup.uninstall import plan_uninstall
from mapiwright.setup.user import ProfileWish
from mapiwright.transaction.receipt import receipts as read_receipts
from mapiwright.transaction.recovery import recover as end_transaction
from mapiwright.transaction.undo import undo_plan
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import send, show_plan, writing_options
from mapiwright.ui.documents import receipts_document, write_document
from mapiwright.ui.findings import findings_lines
from mapiwright.ui.render import receipts_lines
from mapiwright.ui.terminal import Line, escape_lines, write

if TYPE_CHECKING:
    from mapiwright.transaction.plan import Plan
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent

_PACKAGE = click.argument("package", type=click.Path(path_type=Path))
_ENTRY = click.option(
    "--entry",
    "policy",
    type=click.Choice([policy.value for policy in EntryPolicy]),
    default=EntryPolicy.DEFER.value,
    show_default=True,
    help="What to do with an entry point that cannot run here.",
)
_PROFILE = click.option("--profile", "name", metavar="NAME", default="", help="Put the services into this profile.")
_NO_PROFILE = click.option("--no-profile", is_flag=True, help="Make no profile.")


@click.command()
@_PACKAGE
@_PROFILE
@_NO_PROFILE
@_ENTRY
@target_options
@user_options
def plan(target: Target, users: UserChoice, package: Path, name: str, no_profile: bool, policy: str) -> None:
    """Show what installing PACKAGE would change; change nothing."""
    show_plan(target, _install_plan(target, users, package, name, policy, no_profile=no_profile))


@click.command()
@_PACKAGE
@_PROFILE
@_NO_PROFILE
@_ENTRY
@target_options
@user_options
@writing_options
def install(
    target: Target, users: UserChoice, consent: Consent, package: Path, name: str, no_profile: bool, policy: str
) -> None:
    """Install PACKAGE, a directory with a manifest or with an INF fragment and the DLLs that it names.

    Its files are copied, its entries merged into MAPISVC.INF and the registry, a default profile is made where the
    user has none, and its entry point is told MSG_SERVICE_INSTALL.
    """
    send(target, _install_plan(target, users, package, name, policy, no_profile=no_profile), consent)


def _install_plan(target: Target, users: UserChoice, path: Path, name: str, policy: str, *, no_profile: bool) -> Plan:
    if name and no_profile:
        raise click.UsageError("--profile and --no-profile exclude each other.")
    package = open_package(path, code_page=target.workstation.code_page)
    write(findings_lines(preflight(package, target.workstation)), sys.stderr)
    return plan_install(
        package,
        target.workstation,
        users.all_of(target.workstation),
        wish=ProfileWish(name, none=no_profile),
        policy=EntryPolicy(policy),
    )


@click.command()
@click.argument("package")
@_ENTRY
@target_options
@writing_options
def uninstall(target: Target, consent: Consent, package: str, policy: str) -> None:
    """Remove the PACKAGE of that id (or path): exactly what it brought, where nobody changed it since."""
    path, code_page = Path(package), target.workstation.code_page
    id_ = open_package(path, code_page=code_page).id if path.is_dir() else package
    removal = plan_uninstall(target.workstation, id_, policy=EntryPolicy(policy))
    write(findings_lines(removal.kept), sys.stderr)
    send(target, removal.plan, consent)


@click.command()
@target_options
def receipts(target: Target) -> None:
    """List what has been done on a workstation, oldest first."""
    found = read_receipts(target.workstation)
    if target.json:
        write_document(receipts_document(found))
        return
    write(receipts_lines(found), sys.stdout)
    if not found:
        write([Line("Nothing yet.")], sys.stdout)


@click.command()
@click.argument("receipt")
@target_options
@writing_options
def undo(target: Target, consent: Consent, receipt: str) -> None:
    """Take back what RECEIPT records; refused where somebody changed it since."""
    send(target, undo_plan(target.workstation, receipt, MAKERS), consent)


@click.command()
@target_options
def recover(target: Target) -> None:
    """End a transaction that was interrupted: it is finished or undone."""
    found = end_transaction(target.workstation, makers=MAKERS)
    if target.json:
        write_document(
            {"recovery": {"ending": found.ending.value, "id": found.id or None, "notes": list(found.notes)}}
        )
        return
    write([Line(line) for line in escape_lines(found.sentence).split("\n")], sys.stdout)
