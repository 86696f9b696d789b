"""Install: a package and a workstation make the plan of the setup program's four duties, and INSTALL after them.

The order is the documents' ([supporting-message-service-installation]): files, MAPISVC.INF, registry, a default
profile where the user has none; the entry point is told between the machine's part and the profile's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.call import EntryCall
from mapiwright.entry.contract import Context, EntryPolicy
from mapiwright.errors import FindingsError, Severity
from mapiwright.setup.installed import installations
from mapiwright.setup.machine import file_changes, inf_leg, record_changes_of, registry_changes, written_by
from mapiwright.setup.preflight import preflight
from mapiwright.setup.user import ProfileWish, profile_part
from mapiwright.transaction.plan import Leg, Plan, without_repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.setup.package import Package
    from mapiwright.workstation.workstation import User, Workstation

ANY_PROFILE = ProfileWish()
"""A default profile where there is none."""


def plan_install(
    package: Package,
    workstation: Workstation,
    users: Sequence[User],
    *,
    wish: ProfileWish = ANY_PROFILE,
    policy: EntryPolicy = EntryPolicy.DEFER,
) -> Plan:
    """The plan that installs ``package``; empty where everything is there already.

    Raises FindingsError where the package does not fit the workstation, ConflictError where something stands in
    its place that is not its own. A dry run prints this plan and never runs vendor code.
    """
    faults = [finding for finding in preflight(package, workstation) if finding.severity is Severity.ERROR]
    if faults:
        raise FindingsError(f"{package.name} cannot be installed here", faults, where=workstation.uri)
    before = installations(workstation).get(package.id)
    ours = written_by(workstation, before)
    merging, catalogue, inf_record = inf_leg(package, workstation, before)
    machine = (
        Leg("files", (*file_changes(package, workstation, ours), *record_changes_of(package, workstation))),
        merging,
        Leg("registry", tuple(registry_changes(package, workstation, users, ours))),
    )
    calls = [
        EntryCall(service=service.name, context=Context.INSTALL, policy=policy)
        for service in package.services
        if any(leg.changes for leg in machine) and (service.entry or service.name in package.stand_ins)
    ]
    profiles = [
        profile_part(package, workstation, user, catalogue=catalogue, wish=wish, policy=policy) for user in users
    ]
    return Plan(
        "install",
        f"install {package.name} {package.version}",
        without_repeats([*machine, *calls, *(step for part in profiles for step in part.steps)]),
        {
            "package": {"id": package.id, "name": package.name, "version": package.version, "vendor": package.vendor},
            "services": [service.name for service in package.services],
            "inf": inf_record,
            "profiles": [part.record for part in profiles if part.record],
        },
    )
