"""Uninstall: a package's receipts make the plan that removes exactly what it brought, and nothing else.

The order is the reverse of install: MSG_SERVICE_DELETE in each profile that holds the service, the profiles,
MSG_SERVICE_UNINSTALL (a cancel keeps everything, [msgserviceentry]), then registry, MAPISVC.INF and files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace, read_catalogue
from mapiwright.entry.call import EntryCall
from mapiwright.entry.contract import Context, EntryPolicy
from mapiwright.entry.record import read_record
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi import store
from mapiwright.mapi.profile import ADMIN, INSTANCE
from mapiwright.setup.installed import installation, others_than, unmerged
from mapiwright.setup.takeback import take_back
from mapiwright.transaction.plan import Leg, Plan, without_repeats
from mapiwright.transaction.receipt import changes_of
from mapiwright.workstation.change import CreateKey, DeleteKey, SetValue, WriteFile
from mapiwright.workstation.outlook import PROFILE_ROOTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.errors import Finding
    from mapiwright.mapi.profile import Profile
    from mapiwright.setup.installed import Installation
    from mapiwright.transaction.plan import Step
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import User, Workstation


@dataclass(frozen=True, slots=True)
class Removal:
    """A plan that uninstalls, and what it leaves because somebody changed it since."""

    plan: Plan
    kept: tuple[Finding, ...]


def plan_uninstall(workstation: Workstation, id_: str, *, policy: EntryPolicy = EntryPolicy.DEFER) -> Removal:
    """The plan that removes the package of that id; raises NotFoundError where it is not installed."""
    found = installation(workstation, id_)
    kept: list[Finding] = []
    newest = found.receipts[-1].record
    profiles = [step for user in workstation.users for step in _profiles(workstation, user, found, policy)]
    calls = [
        EntryCall(service=name, context=Context.UNINSTALL, policy=policy)
        for name in found.services
        if _has_entry(workstation, name)
    ]
    planned = [change for step in profiles if isinstance(step, Leg) for change in step.changes]
    inf_leg = Leg("MAPISVC.INF", tuple(_unmerge(workstation, found, kept)))
    back = take_back(workstation, _machine_changes(workstation, found), planned=[*planned, *inf_leg.changes])
    kept.extend(back.kept)
    plan = Plan(
        "uninstall",
        f"uninstall {newest['package']['name']} {newest['package']['version']}",
        without_repeats(
            [
                *profiles,
                *calls,
                Leg("registry", back.registry),
                inf_leg,
                Leg("files", back.files),
            ]
        ),
        {"package": newest["package"], "services": list(found.services)},
    )
    return Removal(plan, tuple(kept))


def _has_entry(workstation: Workstation, service: str) -> bool:
    """Whether there is anything to call: a stand-in, or an entry point that MAPISVC.INF declares."""
    record = read_record(workstation, service)
    if record is not None and record.stand_in is not None:
        return True
    definition = read_catalogue(workstation).find(service)
    return definition is not None and bool(definition.entry and definition.dll)


def _machine_changes(workstation: Workstation, found: Installation) -> Iterator[Change]:
    """What the receipts changed, newest first, but for what is edited and not restored: MAPISVC.INF and profiles."""
    inf_paths = {upcase(str(receipt.record["inf"]["path"])) for receipt in found.receipts}
    roots = [user.root / places.profiles for user in workstation.users for places in PROFILE_ROOTS.values()]
    for receipt in reversed(found.receipts):
        for change in reversed(changes_of(workstation, receipt)):
            match change:
                case WriteFile(path=path) if upcase(path) in inf_paths:
                    continue
                case SetValue(name=store.DEFAULT_PROFILE):
                    continue
                case SetValue(key=key) | CreateKey(key=key) | DeleteKey(key=key) if any(
                    profiles.holds(key) for profiles in roots
                ):
                    continue
            yield change


def _profiles(workstation: Workstation, user: User, found: Installation, policy: EntryPolicy) -> tuple[Step, ...]:
    """The steps that take the services out of one user's profiles.

    A profile that our install made goes with them, but only if nothing else was added to it since.
    """
    space = Workspace(workstation, user, policy=policy)
    made = {
        upcase(str(entry["profile"]))
        for receipt in found.receipts
        for entry in receipt.record["profiles"]
        if entry["made"] and entry["sid"] == user.sid
    }
    wanted = {upcase(name) for name in found.services}
    profiles = ProfileAdmin(space)
    with space.batch():
        for name in space.names:
            services = profiles.admin_services(name)
            for service in services.profile.services:
                if upcase(service.name) in wanted:
                    services.delete_message_service(service.uid)
            if upcase(name) in made and _is_bare(services.profile):
                profiles.delete_profile(name)
    return tuple(space.steps())


def _is_bare(profile: Profile) -> bool:
    """Whether nothing is in the profile but what makes it one."""
    return set(profile.sections) <= {ADMIN, INSTANCE} and not profile.services


def _unmerge(workstation: Workstation, found: Installation, kept: list[Finding]) -> Iterator[Change]:
    """The change that takes our lines out of MAPISVC.INF; lines that somebody changed stay, and are told."""
    path = found.inf_path
    data = workstation.files.read(path)
    if data is None:
        return
    result = unmerged(inf.parse(data, workstation.code_page), found, others_than(workstation, found))
    kept.extend(result.kept)
    new = inf.render(result.inf) if result.inf is not None else None
    if new != data:
        yield WriteFile(path, data, new)
