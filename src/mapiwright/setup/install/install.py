"""Install: a package and a workstation make the plan of the setup program's four duties, and INSTALL after them.

The order is the documents' ([supporting-message-service-installation]): files, MAPISVC.INF, registry, a default
profile where the user has none; the entry point is called between the machine's part and the profile's. Over an older
version the same plan is an upgrade. It has a per-machine and a per-user part, which may be run apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mapiwright.admin.workspace import read_catalogue
from mapiwright.entry.call import EntryCall
from mapiwright.entry.service.contract import Context, EntryPolicy
from mapiwright.errors import FindingsError, RefusedError, Severity
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.message import Message
from mapiwright.setup.install.machine_plan import file_changes, record_changes_of, registry_changes, written_by
from mapiwright.setup.install.mapisvc_plan import inf_part
from mapiwright.setup.install.preflight import preflight
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.setup.install.programs_list import listed_version, uninstall_entry
from mapiwright.setup.install.shared_files import counted
from mapiwright.setup.install.upgrade import refuse_downgrade, stale, uninstall_calls
from mapiwright.setup.install.user_plan import keys_of, user_part, values_of
from mapiwright.setup.install.writable_users import WritableUsers, preconditions, profiles_with, writable_users
from mapiwright.setup.records.installed import refuse_as_user
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import INSTALL, InstallRecord, PackageFacts, Scope, to_json
from mapiwright.transaction.plans.plan import Leg, Plan, without_repeats
from mapiwright.transaction.plans.terms import NamedUser, PlanSubject, Role, Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mapiwright.errors import Finding
    from mapiwright.mapi.inf.catalogue import Catalogue
    from mapiwright.setup.install.upgrade import Stale
    from mapiwright.setup.install.user_plan import UserPart
    from mapiwright.setup.package.package import Package
    from mapiwright.setup.records.installed import Installation
    from mapiwright.setup.records.schema import MergedInf
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import User, Workstation

ANY_PROFILE = ProfileRequest()
"""A default profile where there is none and Outlook will not make one."""


def plan_install(
    package: Package,
    workstation: Workstation,
    users: Sequence[User],
    *,
    request: ProfileRequest = ANY_PROFILE,
    policy: EntryPolicy = EntryPolicy.DEFER,
    scope: Scope = Scope.BOTH,
    force: bool = False,
    found: Sequence[Finding] | None = None,
) -> Plan:
    """The plan that installs ``package``, or one part of it; empty where everything is there already.

    ``users`` get registry values and, as ``request`` says, a profile; the per-machine part does not look at them.
    ``force`` goes back to an older version, and replaces files whoever brought them. ``found`` is what `preflight`
    gave, for a caller who has shown it already.

    Raises FindingsError where the package does not fit the workstation, ConflictError where something stands in
    its place that is not its own, RefusedError for a downgrade, or for a per-user part without the per-machine one.
    A dry run prints this plan and never runs vendor code.
    """
    if scope is not Scope.USER:
        refuse_as_user(workstation)
    _refuse_others(workstation, users)
    before = records_of(workstation).installations.get(package.id)
    if scope is Scope.USER:
        _refuse_without_machine(package, before, workstation)
    else:
        refuse_downgrade(package, before, workstation, force=force)
        _refuse_faults(package, workstation, preflight(package, workstation, force=force) if found is None else found)
    return _Install(package, workstation, users, before, request, policy, scope, force).plan()


def _refuse_others(workstation: Workstation, users: Sequence[User]) -> None:
    """A user who installs the per-user part does so for nobody else."""
    own = workstation.as_user
    others = [user.name for user in users if own is not None and user.sid != own.sid]
    if own is not None and others:
        raise RefusedError(
            f"the half of {', '.join(others)} is not for {own.name} to do",
            where=workstation.uri,
            expected=f"user {own.name}",
            remedy="Run the command as that user, or elevated. Nothing was changed.",
        )


def _refuse_without_machine(package: Package, before: Installation | None, workstation: Workstation) -> None:
    if workstation.as_user is not None:  # whose receipts are of the per-user part alone; everybody may read this list
        there = listed_version(package.id, workstation)
    else:
        there = before.version if before is not None and before.machine else None
    if there != package.version:
        raise RefusedError(
            f"the per-machine part of {package.name} {package.version} is not installed",
            where=workstation.uri,
            expected=f"version {package.version}" + (f", and {there} is there" if there else ""),
            remedy="Install it first, as an administrator: mapiwright install PACKAGE --machine",
        )


def _refuse_faults(package: Package, workstation: Workstation, found: Iterable[Finding]) -> None:
    faults = [finding for finding in found if finding.severity is Severity.ERROR]
    if faults:
        raise FindingsError(f"{package.name} cannot be installed here", faults, where=workstation.uri)


_NO_LEG = Leg(Message.literal(""), ())


@dataclass(frozen=True, slots=True)
class _Machine:
    """The per-machine part: the legs before INSTALL, what MAPISVC.INF will mean, and its record for the receipt."""

    legs: tuple[Leg, ...]
    last: Leg
    catalogue: Catalogue
    record: MergedInf | None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class _Install:
    """An install that is being planned."""

    package: Package
    workstation: Workstation
    users: Sequence[User]
    before: Installation | None
    request: ProfileRequest
    policy: EntryPolicy
    scope: Scope
    force: bool

    def plan(self) -> Plan:
        """The plan."""
        package, scope = self.package, self.scope
        who = self._writable_users()
        machine = self._machine(who)
        parts = [self._part(user, machine.catalogue) for user in who.writable]
        of_machine = (
            uninstall_calls(package, self.workstation, self.before, self.policy) if scope is not Scope.USER else ()
        )
        steps = without_repeats(
            [
                *(step for part in parts for step in part.uninstall_calls),
                *of_machine,
                *machine.legs,
                *self._calls(machine),
                *(step for part in parts for step in part.steps),
                machine.last,
            ]
        )
        notes = (*who.notes, *machine.notes, *(note for part in parts for note in part.notes), *self._notes(who))
        older = self.before.version if self.before is not None else package.version
        return Plan(
            INSTALL,
            _title(package, older, scope),
            steps,
            self._terms(machine.record, who, parts, notes),
        )

    def _writable_users(self) -> WritableUsers:
        """The users to act on: those asked for and, over an older version, everybody whose profiles hold it."""
        if self.scope is Scope.MACHINE:
            return WritableUsers((), ())
        asked = {user.sid for user in self.users}
        everybody = self.scope is Scope.BOTH and self.before is not None
        users = [user for user in self.workstation.users if everybody or user.sid in asked]
        services = self.before.services if self.before is not None else ()

        def concerns(user: User) -> bool:
            return user.sid in asked or any(profiles_with(self.workstation, user, services))

        return writable_users(self.workstation, users, concerns, keys_of(self.package))

    def _asked(self, who: WritableUsers) -> Iterator[User]:
        asked = {user.sid for user in self.users}
        return (user for user in who.writable if user.sid in asked)

    def _machine(self, who: WritableUsers) -> _Machine:
        package, workstation, before = self.package, self.workstation, self.before
        ours = written_by(workstation, before)
        values = [change for user in self._asked(who) for change in values_of(package, workstation, user, ours)]
        if self.scope is Scope.USER:
            catalogue = read_catalogue(workstation)
            # The machine's records of the services are closed to this user, who keeps what the package says of them.
            records = tuple(record_changes_of(package, workstation)) if workstation.as_user is not None else ()
            gone = self._stale(who, catalogue, [*values, *records])
            legs = (
                Leg(Message.of("steps.files"), records),
                Leg(Message.of("steps.registry"), (*values, *gone.registry)),
            )
            return _Machine(legs, _NO_LEG, catalogue, None, _reported(gone.kept))
        files = (
            *file_changes(package, workstation, ours, force=self.force),
            *record_changes_of(package, workstation),
        )
        part = inf_part(inf.parse(package.fragment, package.code_page), package.id, workstation, before)
        registry = (
            *registry_changes(package, workstation, (), ours),
            *counted(package, workstation, ours),
            *values,
        )
        entry = uninstall_entry(package, workstation, ours, today=datetime.now(UTC).date())
        gone = self._stale(who, part.catalogue, [*files, *part.changes, *registry, *entry])
        return _Machine(
            (
                Leg(Message.of("steps.files"), (*files, *gone.files)),
                Leg(Message.of("steps.inf"), part.changes),
                Leg(Message.of("steps.registry"), (*registry, *gone.registry)),
            ),
            Leg(Message.of("steps.programs"), entry),
            part.catalogue,
            part.record,
            _reported((*gone.kept, *part.kept)),
        )

    def _stale(self, who: WritableUsers, after: Catalogue, planned: Sequence[Change]) -> Stale:
        return stale(
            self.package,
            self.workstation,
            self.before,
            scope=self.scope,
            users=who.writable,
            after=after,
            planned=planned,
        )

    def _calls(self, machine: _Machine) -> Iterator[EntryCall]:
        """INSTALL, for each service that was not there: one that is there already is not installed a second time."""
        known = (
            {upcase(name) for name in self.before.current_services} if self.before and self.before.machine else set()
        )
        if self.scope is Scope.USER or not any(leg.changes for leg in (*machine.legs, machine.last)):
            return
        for service in self.package.services:
            if upcase(service.name) not in known and (
                service.declares_entry or service.name in self.package.stand_ins
            ):
                yield EntryCall(service=service.name, context=Context.INSTALL, policy=self.policy)

    def _part(self, user: User, catalogue: Catalogue) -> UserPart:
        asked = any(user.sid == each.sid for each in self.users) and not user.template
        return user_part(
            self.package,
            self.workstation,
            user,
            catalogue=catalogue,
            before=self.before,
            request=self.request if asked else None,
            policy=self.policy,
        )

    def _notes(self, who: WritableUsers) -> Iterator[Message]:
        wanted = self.request.policy is not ProfilePolicy.NONE or self.request.name
        for user in self._asked(who):
            if user.template and wanted:
                # PR_SEARCH_KEY is unique among all profiles, and Windows copies Default's hive to each new user.
                later = f"mapiwright install PACKAGE --per-user ({self.package.id})"
                yield Message.of("sentences.template", user=user.name, command=later)

    def _terms(
        self, of_inf: MergedInf | None, who: WritableUsers, parts: Sequence[UserPart], notes: tuple[Message, ...]
    ) -> Terms:
        package, before = self.package, self.before
        waits = [user for user, part in zip(who.writable, parts, strict=True) if part.waits]
        fresh = [user for user in waits if before is None or not before.waits_for(user)]
        record = InstallRecord(
            PackageFacts(package.id, package.name, package.version, package.vendor),
            tuple(service.name for service in package.services),
            self.scope,
            of_inf,
            tuple(part.record for part in parts if part.record is not None),
            tuple(user.sid for user in who.writable),
            package.profiles_on_uninstall.value,
            self.workstation.outlook.bitness.value,
        )
        return Terms(
            to_json(record),
            PlanSubject(package.id, Role.BEGINS),
            notes,
            skipped=who.named,
            waiting=tuple(NamedUser(user.name, user.sid) for user in fresh),
            preconditions=tuple(preconditions(self.workstation, who.writable)),
        )


def _title(package: Package, older: str, scope: Scope) -> Message:
    name, version = package.name, package.version
    if older == version:
        return Message.of(_INSTALLS[scope], package=f"{name} {version}")
    return Message.of(_UPGRADES[scope], package=name, older=older, version=version)


def _reported(findings: Iterable[Finding]) -> tuple[Message, ...]:
    return tuple(Message.literal(f"{finding.where}: {finding.what}") for finding in findings)


_INSTALLS = {
    Scope.BOTH: "steps.install",
    Scope.MACHINE: "steps.install-machine",
    Scope.USER: "steps.install-user",
}
_UPGRADES = {
    Scope.BOTH: "steps.upgrade",
    Scope.MACHINE: "steps.upgrade-machine",
    Scope.USER: "steps.upgrade-user",
}
