"""The verbs of the setup program: plan, install, uninstall, receipts, undo, recover."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.entry.call import MAKERS, through
from mapiwright.entry.contract import EntryPolicy
from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.diagnosis.installed import receipt_findings
from mapiwright.setup.install import ANY_PROFILE, plan_install
from mapiwright.setup.installed import Half, installations, refuse_as_user
from mapiwright.setup.manifest import ProfilesOnUninstall
from mapiwright.setup.package import open_package
from mapiwright.setup.preflight import preflight
from mapiwright.setup.profile_policy import ProfilePolicy, ProfileWish
from mapiwright.setup.repair import plan_guard
from mapiwright.setup.uninstall import plan_uninstall
from mapiwright.transaction.receipt import receipts as read_receipts
from mapiwright.transaction.recovery import recover as end_transaction
from mapiwright.transaction.undo import undo_plan
from mapiwright.ui.cli.target import package_id, target_options, user_options
from mapiwright.ui.cli.writing import host_option, output_option, send, show_plan, writing_options
from mapiwright.ui.documents import findings_document, receipts_document, write_document
from mapiwright.ui.findings import findings_lines
from mapiwright.ui.render import receipts_lines
from mapiwright.ui.terminal import Line, escape_lines, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.errors import Finding
    from mapiwright.transaction.plan import Plan
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent

_ENTRY = click.option(
    "--entry",
    "policy",
    type=click.Choice([policy.value for policy in EntryPolicy]),
    default=EntryPolicy.DEFER.value,
    show_default=True,
    help="What to do with an entry point that cannot run here.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an install was asked to do."""

    package: Path
    wish: ProfileWish = ANY_PROFILE
    policy: EntryPolicy = EntryPolicy.DEFER
    half: Half = Half.BOTH
    force: bool = False


def _install_options(verb: Callable[..., None]) -> Callable[..., None]:
    """PACKAGE and what may be said of its install, handed over as ``wanted``."""

    @click.argument("package", type=click.Path(path_type=Path))
    @click.option("--machine", is_flag=True, help="Files, MAPISVC.INF and HKLM only; no user's registry is touched.")
    @click.option("--per-user", is_flag=True, help="The users' registry and profiles only, after --machine.")
    @click.option(
        "--profile-policy",
        type=click.Choice([each.value for each in ProfilePolicy]),
        help="auto: make a default profile where there is none, unless Outlook will; create: make it in any case; "
        "existing: add the services to the default profile; none.  [default: auto]",
    )
    @click.option("--profile", "name", metavar="NAME", default="", help="Put the services into this profile.")
    @click.option("--no-profile", is_flag=True, help="The same as --profile-policy none.")
    @click.option("--force", is_flag=True, help="Go back to an older version; replace files whoever brought them.")
    @_ENTRY
    @functools.wraps(verb)
    def with_wanted(
        package: Path,
        machine: bool,
        per_user: bool,
        profile_policy: str | None,
        name: str,
        no_profile: bool,
        force: bool,
        policy: str,
        **rest: object,
    ) -> None:
        if machine and per_user:
            raise click.UsageError("--machine and --per-user exclude each other; without both, both halves are done.")
        if sum([bool(name), no_profile, profile_policy is not None]) > 1:
            raise click.UsageError("--profile, --no-profile and --profile-policy exclude each other.")
        kind = ProfilePolicy.NONE if no_profile else ProfilePolicy(profile_policy or ProfilePolicy.AUTO)
        half = Half.MACHINE if machine else Half.USER if per_user else Half.BOTH
        wanted = Wanted(package, ProfileWish(kind, name), EntryPolicy(policy), half, force)
        verb(wanted=wanted, **rest)

    return with_wanted


@click.command()
@_install_options
@output_option("Save the plan there too, for `mapiwright apply`.")
@host_option
@target_options
@user_options
def plan(target: Target, users: UserChoice, wanted: Wanted, output: Path | None, host: str) -> None:
    """Show what installing PACKAGE would change; change nothing.

    Of a package that is installed the id is enough, to show what would put back what is missing of it.
    """
    found = _install_plan(target, users, wanted, or_guard=True)
    show_plan(target, through(found, host) if host else found, output)


@click.command()
@_install_options
@target_options
@user_options
@writing_options
def install(target: Target, users: UserChoice, consent: Consent, wanted: Wanted) -> None:
    """Install PACKAGE, a directory with a manifest or with an INF fragment and the DLLs that it names.

    Its files are copied, its entries merged into MAPISVC.INF and the registry, a default profile is made where the
    user has none, and its entry point is told MSG_SERVICE_INSTALL. Over an older version it is an upgrade.
    """
    send(target, _install_plan(target, users, wanted), consent)


def _install_plan(target: Target, users: UserChoice, wanted: Wanted, *, or_guard: bool = False) -> Plan:
    workstation = target.workstation
    if not wanted.package.exists():
        return _plan_without_media(
            target, str(wanted.package), or_guard=or_guard and wanted == Wanted(wanted.package)
        )
    package = open_package(wanted.package, code_page=workstation.code_page)
    found: tuple[Finding, ...] = ()
    if wanted.half is not Half.USER:
        refuse_as_user(workstation)
        found = preflight(package, workstation, force=wanted.force)
        write(findings_lines(found), sys.stderr)
    return plan_install(
        package,
        workstation,
        () if wanted.half is Half.MACHINE else users.all_of(workstation),
        wish=wanted.wish,
        policy=wanted.policy,
        half=wanted.half,
        force=wanted.force,
        found=found,
    )


def _plan_without_media(target: Target, named: str, *, or_guard: bool) -> Plan:
    """What an id comes to in the place of a package's folder, which is not kept: what was installed of it."""
    known = {upcase(id_): id_ for id_ in installations(target.workstation)}
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
@_ENTRY
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
    write(receipts_lines(found), sys.stdout)
    write(findings_lines(damaged), sys.stderr)
    if not found and not damaged:
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
