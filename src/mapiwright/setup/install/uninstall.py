"""Uninstall: a package's receipts make the plan that removes exactly what it brought, and nothing else.

The order is the reverse of install: MSG_SERVICE_DELETE in each profile that holds the service, the profiles,
MSG_SERVICE_UNINSTALL (a cancel keeps everything, [msgserviceentry]), then the entry in Windows' list of programs,
registry, MAPISVC.INF and files. Users who cannot be reached are named, and served by running it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.service.contract import Context, EntryPolicy
from mapiwright.errors import NotFoundError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.mapisvc import mapisvc_of
from mapiwright.mapi.profile.profile import ADMIN, INSTANCE
from mapiwright.message import Message
from mapiwright.setup.install.machine_calls import calls_to_installed, catalogue_at
from mapiwright.setup.install.mapisvc_plan import taken_out
from mapiwright.setup.install.programs_list import entry_first
from mapiwright.setup.install.shared_files import release
from mapiwright.setup.install.writable_users import (
    WritableUsers,
    keys_within,
    preconditions,
    profiles_with,
    writable_users,
)
from mapiwright.setup.package.manifest import ProfilesOnUninstall
from mapiwright.setup.records.installed import refuse_as_user
from mapiwright.setup.records.owned_changes import belongings
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.revert import revert
from mapiwright.setup.records.schema import UNINSTALL, UninstallRecord, to_json
from mapiwright.transaction.plans.plan import Leg, Plan, without_repeats
from mapiwright.transaction.plans.terms import PlanSubject, Role, Terms
from mapiwright.workstation.change import SetValue, WriteFile
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mapiwright.errors import Finding
    from mapiwright.mapi.inf.catalogue import Catalogue
    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.setup.records.installed import Installation
    from mapiwright.transaction.plans.plan import Step
    from mapiwright.workstation.change import Change, FileChange
    from mapiwright.workstation.workstation import User, Workstation


@dataclass(frozen=True, slots=True)
class Removal:
    """A plan that uninstalls, and what it leaves because somebody changed it since."""

    plan: Plan
    kept: tuple[Finding, ...]


def plan_uninstall(
    workstation: Workstation,
    id_: str,
    *,
    policy: EntryPolicy = EntryPolicy.DEFER,
    profiles: ProfilesOnUninstall | None = None,
) -> Removal:
    """The plan that removes the package of that id, both halves of it, or what an earlier run left of it.

    ``profiles`` says what becomes of profiles that hold its services; None is what the package says. Raises
    NotFoundError where it is not installed, RefusedError where profiles hold it and that has to stop it.
    """
    refuse_as_user(workstation)
    records = records_of(workstation)
    rest = {upcase(name): found for name, found in records.remainders.items()}
    if upcase(id_) in rest and records.find(id_) is None:
        return _Uninstall(workstation, rest[upcase(id_)], EntryPolicy.SKIP, profiles).of_users()
    return _Uninstall(workstation, records.installation(id_), policy, profiles).of_all()


class _Uninstall:
    """An uninstall that is being planned."""

    def __init__(
        self,
        workstation: Workstation,
        found: Installation,
        policy: EntryPolicy,
        profiles: ProfilesOnUninstall | None,
    ) -> None:
        self.workstation = workstation
        self.found = found
        self.policy = policy
        reported = found.profiles_on_uninstall or ProfilesOnUninstall.REMOVE
        self.rule = profiles if profiles is not None else ProfilesOnUninstall(reported)
        self.notes: list[Message] = []
        self.has_outlook = _has_outlook(workstation)
        if not self.has_outlook:
            self.notes.append(Message.of("sentences.no-outlook"))

    def of_all(self) -> Removal:
        """The plan for machine and users."""
        workstation, found = self.workstation, self.found
        mine = belongings(workstation, found)
        who = writable_users(workstation, workstation.users, self._concerns(mine), keys_within(mine))
        steps = self._profiles(who)
        before = catalogue_at(workstation, found.inf_path)
        calls = calls_to_installed(workstation, found.current_services, before, Context.UNINSTALL, self.policy)
        merged, kept = taken_out(workstation, found)
        planned = [*(change for step in steps if isinstance(step, Leg) for change in step.changes), *merged]
        past = [change for change in mine if _is_within(change, who)]
        after = _catalogue_after(workstation, before, merged)
        released = release(workstation, past, leaving=found.id, before=before, after=after)
        back = revert(workstation, released.past, planned=[*planned, *released.registry, *released.files])
        entry, registry = entry_first((*released.registry, *back.registry), found.id)
        plan = self._plan(
            who,
            [
                *steps,
                *calls,
                Leg(Message.of("steps.programs"), entry),
                Leg(Message.of("steps.registry"), registry),
                Leg(Message.of("steps.inf"), merged),
                Leg(Message.of("steps.files"), (*released.files, *back.files)),
            ],
        )
        return Removal(plan, (*kept, *released.kept, *back.kept))

    def of_users(self) -> Removal:
        """The plan for the users whom an earlier run could not reach: its DLLs are gone, so nothing is called."""
        workstation = self.workstation
        skipped = {user.sid for user in self.found.receipts[-1].terms.skipped}
        try:
            past = belongings(workstation, self.found)
        except NotFoundError:
            past = ()
            self.notes.append(Message.of("sentences.not-known"))
        users = [user for user in workstation.users if user.sid in skipped]
        who = writable_users(workstation, users, self._concerns(past), keys_within(past))
        steps = self._profiles(who)
        planned = [change for step in steps if isinstance(step, Leg) for change in step.changes]
        theirs = [change for change in past if _root_of(change) == "HKU" and _is_within(change, who)]
        back = revert(workstation, theirs, planned=planned)
        return Removal(self._plan(who, [*steps, Leg(Message.of("steps.registry"), back.registry)]), back.kept)

    def _plan(self, who: WritableUsers, steps: list[Step]) -> Plan:
        package = self.found.package
        terms = Terms(
            to_json(UninstallRecord(package, self.found.services)),
            PlanSubject(package.id, Role.ENDS),
            (*who.notes, *self.notes),
            skipped=who.named,
            preconditions=tuple(preconditions(self.workstation, who.writable)) if self.has_outlook else (),
            takes_over=tuple(receipt.id for receipt in self.found.receipts if receipt.owner),
        )
        title = Message.of("steps.uninstall", package=f"{package.name} {package.version}")
        return Plan(UNINSTALL, title, without_repeats(steps), terms)

    def _concerns(self, past: Iterable[Change]) -> Callable[[User], bool]:
        """Whether there is anything to do for a user whose hive can only be read."""
        past = tuple(past)

        def concerns(user: User) -> bool:
            values = any(
                user.root.holds(change.key) and self.workstation.registry.value(change.key, change.name) == change.new
                for change in past
                if isinstance(change, SetValue)
            )
            return values or any(self._holding(user))

        return concerns

    def _holding(self, user: User) -> tuple[str, ...]:
        """The names of a user's profiles that hold the package's services; none where no Outlook is left."""
        return tuple(profiles_with(self.workstation, user, self.found.services)) if self.has_outlook else ()

    def _profiles(self, who: WritableUsers) -> list[Step]:
        """The steps that take the services out of profiles, as the rule says."""
        holding = {user: names for user in who.writable if (names := self._holding(user))}
        reported = [f"{name!r} of {user.name}" for user, names in holding.items() for name in names]
        if self.rule is ProfilesOnUninstall.FAIL and (reported or who.skipped):
            skipped = [f"those of {user.name}, who cannot be reached" for user, _ in who.skipped]
            raise RefusedError(
                f"profiles hold {', '.join(self.found.services)}: {', '.join((*reported, *skipped))}",
                where=self.workstation.uri,
                expected="no profile that holds it",
                remedy="Remove it from these profiles first, or add --profiles remove, or --profiles keep.",
            )
        if self.rule is ProfilesOnUninstall.KEEP:
            self.notes += [
                Message.of("sentences.kept", profile=name, user=user.name)
                for user, names in holding.items()
                for name in names
            ]
            return []
        served = (
            [user for user in who.writable if user in holding or self._made_for(user)] if self.has_outlook else []
        )
        return [step for user in served for step in self._without_service(user)]

    def _made_for(self, user: User) -> frozenset[str]:
        """The names of the profiles that our install made for a user, as they compare."""
        entries = (entry for entry in self.found.profiles if entry.made and entry.sid == user.sid)
        return frozenset(upcase(entry.profile) for entry in entries)

    def _without_service(self, user: User) -> tuple[Step, ...]:
        """The steps for one user; a profile that our install made goes, too, if nothing was added since."""
        space = Workspace(self.workstation, user, policy=self.policy)
        made = self._made_for(user)
        wanted = {upcase(name) for name in self.found.services}
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


def _has_outlook(workstation: Workstation) -> bool:
    try:
        return bool(workstation.outlooks)
    except NotFoundError:
        return False


def _is_bare(profile: Profile) -> bool:
    """Whether nothing is in the profile but what makes it one."""
    return set(profile.sections) <= {ADMIN, INSTANCE} and not profile.services


def _root_of(change: Change) -> str:
    key = getattr(change, "key", None)
    return key.root if isinstance(key, KeyPath) else ""


def _is_within(change: Change, who: WritableUsers) -> bool:
    """Whether a change is of the machine, or of a user who can be reached."""
    key = getattr(change, "key", None)
    return not isinstance(key, KeyPath) or key.root != "HKU" or any(user.root.holds(key) for user in who.writable)


def _catalogue_after(workstation: Workstation, before: Catalogue, merged: Sequence[FileChange]) -> Catalogue:
    """What MAPISVC.INF will mean."""
    for change in merged:
        if isinstance(change, WriteFile):
            return mapisvc_of(workstation, change.path, change.new).catalogue
    return before
