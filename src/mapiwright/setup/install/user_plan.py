"""The per-user part of an install: registry values, what an older version left in profiles, and a default profile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from mapiwright.admin.operations.drafting import draft
from mapiwright.admin.operations.operations import CreateProfile, ProfileSpec
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.call import EntryCall
from mapiwright.entry.service.contract import Context
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile.redefine import redefine_service
from mapiwright.message import Message
from mapiwright.setup.install.machine_plan import registry_changes
from mapiwright.setup.install.profile_policy import ProfileAction, decide
from mapiwright.setup.package.manifest import RegistryRoot
from mapiwright.setup.records.installed import definitions
from mapiwright.setup.records.schema import ProfileEntry
from mapiwright.workstation.change import SetValue
from mapiwright.workstation.subject import subject_of_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mapiwright.entry.service.contract import EntryPolicy
    from mapiwright.mapi.inf.catalogue import Catalogue
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.setup.install.profile_policy import ProfileDecision, ProfileRequest
    from mapiwright.setup.package.package import Package, RegistryEntry
    from mapiwright.setup.records.installed import Installation
    from mapiwright.transaction.plans.plan import Step
    from mapiwright.workstation.change import Change, RegistryChange
    from mapiwright.workstation.registry import KeyPath
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import User, Workstation

DEFAULT_PROFILE = "Outlook"
"""The name of a default profile where neither the user nor the package gives one: Outlook's own."""


@dataclass(frozen=True, slots=True)
class UserPart:
    """What an install does to one user's profiles.

    ``uninstall_calls`` are calls of services that an older version had and this one lacks, due while their DLLs are
    still in place. ``record`` is what the receipt keeps of the profile that got the services, ``waits`` says that
    none did yet.
    """

    uninstall_calls: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    record: ProfileEntry | None = None
    waits: bool = False
    notes: tuple[Message, ...] = ()


def keys_of(package: Package) -> Callable[[User], Iterator[KeyPath]]:
    """Of each user the keys that the package has values in."""
    mine = dict.fromkeys(entry.key for entry in package.registry if entry.root is RegistryRoot.USER)
    return lambda user: (user.root / key for key in mine)


def values_of(
    package: Package, workstation: Workstation, user: User, ours: Mapping[Subject, Change]
) -> Iterator[RegistryChange]:
    """The package's values in one user's registry; one that the user changed since we wrote it is a setting."""

    def is_theirs(entry: RegistryEntry) -> bool:
        key = user.root / entry.key
        now, written = workstation.registry.value(key, entry.name), ours.get(subject_of_value(key, entry.name))
        if written is None and workstation.as_user is not None:
            return now is not None  # whether an administrator's run wrote it, this user may not read
        return now is not None and isinstance(written, SetValue) and written.new not in {None, now}

    mine = tuple(entry for entry in package.registry if entry.root is RegistryRoot.USER and not is_theirs(entry))
    yield from registry_changes(replace(package, registry=mine), workstation, [user], ours)


def user_part(
    package: Package,
    workstation: Workstation,
    user: User,
    *,
    catalogue: Catalogue,
    before: Installation | None,
    request: ProfileRequest | None,
    policy: EntryPolicy,
) -> UserPart:
    """The part for one user; ``catalogue`` is what MAPISVC.INF will mean by then.

    Profiles that hold a service of an older version follow the new one; with a ``request``, the services are put into
    a profile. [supporting-message-service-installation]: a default profile is made where none exists. An existing one
    is the user's own, and is changed only where that was asked for.
    """
    stand_ins = frozenset(upcase(name) for name in package.stand_ins)
    space = Workspace(workstation, user, catalogue=catalogue, policy=policy, stand_ins=stand_ins)
    record: ProfileEntry | None = None
    waits = False
    notes: tuple[Message, ...] = ()
    with space.batch():
        if before is not None or workstation.as_user is not None:
            _follow(package, space, before)
        if request is not None:
            decision = decide(request, space, waits=before is not None and before.waits_for(user))
            record = _served(package, space, decision)
            waits = decision.action is ProfileAction.WAIT
            notes = _notes(package, user, decision)
    steps = tuple(space.steps())
    uninstall_calls = tuple(step for step in steps if isinstance(step, EntryCall) and step.context is Context.DELETE)
    return UserPart(
        uninstall_calls, tuple(step for step in steps if step not in uninstall_calls), record, waits, notes
    )


def _follow(package: Package, space: Workspace, before: Installation | None) -> None:
    """Bring the user's profiles from the version that they hold to the one that the catalogue means.

    What that version said of its services, the machine's receipts say; who may not read them goes by the names.
    """
    since = (before.writable(space.user) or next(iter(before.machine), None)) if before is not None else None
    old = definitions(space.workstation, before.merges_until(since)) if before is not None else {}
    new: dict[str, ServiceDefinition] = {upcase(service.name): service for service in package.services}
    profiles = ProfileAdmin(space)
    for name in space.names:
        for service in space.profile(name).services:
            wanted = upcase(service.name)
            if wanted in new:
                held = space.profile(name)
                space.put(
                    held,
                    redefine_service(held, service.uid, old.get(wanted), new[wanted], space.uid, package.migrations),
                )
            elif (
                before is not None
                and any(upcase(each) == wanted for each in before.services)
                and (wanted in old or space.workstation.as_user is not None)
            ):
                profiles.admin_services(name).delete_message_service(service.uid)


def _served(package: Package, space: Workspace, decision: ProfileDecision) -> ProfileEntry | None:
    """Put the services into a profile as was decided; what the receipt says of it, or None."""
    if decision.action not in {ProfileAction.ADD, ProfileAction.CREATE}:
        return None
    profiles = ProfileAdmin(space)
    name = decision.profile or _free_name(space, package.profile or DEFAULT_PROFILE)
    existing = space.find(name)
    uids: dict[str, str] = {}
    if existing is None:
        draft(CreateProfile(ProfileSpec(name)), profiles)
    services = profiles.admin_services(name)
    held = {upcase(service.name) for service in services.profile.services}
    for definition in package.services:
        if upcase(definition.name) in held:
            continue
        uids[definition.name] = services.create_message_service(definition.name)
        configuration = package.configuration.get(definition.name)
        if configuration:
            services.configure_message_service(uids[definition.name], configuration)
    if space.default is None:
        profiles.set_default_profile(name)
    if not uids and existing is not None:
        return None
    user = space.user
    return ProfileEntry(user.name, user.sid, name, existing is None, uids)


def _notes(package: Package, user: User, decision: ProfileDecision) -> tuple[Message, ...]:
    if decision.action is not ProfileAction.WAIT or decision.why is None:
        return ()
    name = f'"{user.name}"' if " " in user.name else user.name
    later = f"mapiwright install PACKAGE --per-user --user {name} ({package.id})"
    return (Message.of("sentences.not-yet", user=user.name, why=decision.why, command=later),)


def _free_name(space: Workspace, name: str) -> str:
    """The name, or the first of ``Outlook 2``, ``Outlook 3`` ... that no profile has."""
    if space.find(name) is None:
        return name
    return next(free for number in count(2) if space.find(free := f"{name} {number}") is None)
