"""How a package is to be installed: the options of every verb that installs one, and the plan that they make."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from mapiwright.entry.service.contract import EntryPolicy
from mapiwright.setup.install.install import ANY_PROFILE, plan_install
from mapiwright.setup.install.preflight import preflight
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.setup.records.installed import refuse_as_user
from mapiwright.setup.records.schema import Scope
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.terminal import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.setup.package.package import Package
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.ui.cli.target import Target, UserChoice

entry_option = click.option(
    "--entry",
    "policy",
    type=click.Choice([policy.value for policy in EntryPolicy]),
    default=EntryPolicy.DEFER.value,
    show_default=True,
    help="What to do with an entry point that cannot run here.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a package is to be installed."""

    request: ProfileRequest = ANY_PROFILE
    policy: EntryPolicy = EntryPolicy.DEFER
    scope: Scope = Scope.BOTH
    force: bool = False


def install_options(verb: Callable[..., None]) -> Callable[..., None]:
    """What may be said of an install, handed over as ``wanted``."""

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
    @entry_option
    @functools.wraps(verb)
    def with_wanted(
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
        scope = Scope.MACHINE if machine else Scope.USER if per_user else Scope.BOTH
        wanted = Wanted(ProfileRequest(kind, name), EntryPolicy(policy), scope, force)
        verb(wanted=wanted, **rest)

    return with_wanted


def install_plan(target: Target, users: UserChoice, package: Package, wanted: Wanted) -> Plan:
    """The plan that installs ``package`` as it is wanted, with the findings of its preflight reported."""
    workstation = target.workstation
    is_of_machine = wanted.scope is not Scope.USER
    if is_of_machine:
        refuse_as_user(workstation)
    found = preflight(package, workstation, force=wanted.force) if is_of_machine else ()
    write(findings_lines(found), sys.stderr)
    return plan_install(
        package,
        workstation,
        () if wanted.scope is Scope.MACHINE else users.all_of(workstation),
        request=wanted.request,
        policy=wanted.policy,
        scope=wanted.scope,
        force=wanted.force,
        found=found,
    )
