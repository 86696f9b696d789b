"""The profiles of users: the default one, their services and whether MAPI would load them, and the graph's faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mapiwright.entry.service.loading import is_outlooks_own
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.check_dll import file_of_dll
from mapiwright.mapi.profile import profile_check, store
from mapiwright.mapi.props.tags import StatusFlag
from mapiwright.workflows.doctor.findings.rules import command, finding
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.entry.service.loading import FoundLibrary, Loader
    from mapiwright.errors import Finding
    from mapiwright.mapi.profile.profile import Profile, Service
    from mapiwright.workflows.doctor.findings.services import Registered
    from mapiwright.workstation.workstation import Edition, User, Workstation


@dataclass(frozen=True, slots=True)
class UserProfiles:
    """A user's profiles as they were read, and the name of the default one (None where none is named)."""

    user: User
    edition: Edition
    profiles: tuple[Profile, ...]
    default: str | None


def read_profiles(workstation: Workstation, user: User, edition: Edition, *, pointer: int) -> UserProfiles:
    """The profiles of a user; raises FormatError where the user's hive cannot be read."""
    registry = workstation.registry
    found = (
        store.read_stored_profile(
            registry, user.root, edition, name, default_pointer=pointer, code_page=workstation.code_page
        )
        for name in store.profile_names(registry, user.root, edition)
    )
    default = store.default_name(registry, user.root, edition)
    return UserProfiles(user, edition, tuple(profile for profile in found if profile is not None), default)


def default_store(profile: Profile) -> str:
    """The name of a profile's default store, or "" where it has none."""
    for service in profile.services:
        for provider in service.providers:
            if StatusFlag.DEFAULT_STORE in provider.flags:
                return provider.display or service.display
    return ""


_OF_ONE_SERVICE = {"MW2002", "MW2004"}
_NO_KEY = "MW2005"


def default_findings(workstation: Workstation, of: UserProfiles) -> Iterator[Finding]:
    """What is wrong with the choice of the default profile."""
    names = [profile.name for profile in of.profiles]
    where = f"{of.user.name}: {of.user.root / PROFILE_ROOTS[of.edition].default}: {store.DEFAULT_PROFILE}"
    choose = command(workstation, "profile", "default", names[0], user=of.user) if names else ""
    if of.default is None:
        if names:
            what = f"no profile is the default one; the user's profiles: {', '.join(names)}"
            yield finding("MW6205", where, what, remedy=f"Name it: {choose}")
    elif upcase(of.default) not in map(upcase, names):
        forget = command(workstation, "profile", "default", "--none", user=of.user)
        what = f"the default profile is {of.default!r}, and there is no such profile"
        yield finding("MW6204", where, what, remedy=f"Name one that is there: {choose}" if choose else forget)


def graph_findings(workstation: Workstation, of: UserProfiles) -> Iterator[Finding]:
    """The faults of the graphs, each with its user and what to do."""
    for profile in of.profiles:
        for fault in profile_check.faults(profile):
            remedy = _remedy(workstation, of.user, profile, fault)
            yield replace(fault, where=f"{of.user.name}: {fault.where}", remedy=remedy)


def _remedy(workstation: Workstation, user: User, profile: Profile, fault: Finding) -> str:
    if fault.id in _OF_ONE_SERVICE:
        uid = fault.where.rpartition("\\")[2]
        remove = command(workstation, "profile", "remove-service", profile.name, uid, user=user)
        return f"Add the service again, after taking it out: {remove}"
    if fault.id == _NO_KEY:
        copy = command(workstation, "profile", "copy", profile.name, f"{profile.name} 2", user=user)
        return f"A copy has a new key; use it, and delete this one: {copy}"
    look = command(workstation, "profile", "show", profile.name, user=user)
    return f"Make a new profile and add its services, if Outlook cannot repair it. To see it: {look}"


def loading_findings(
    workstation: Workstation,
    of: UserProfiles,
    known: Registered | None,
    loader: Loader,
    owners: Mapping[str, str],
) -> Iterator[Finding]:
    """The services that MAPI would not load for this user: unregistered ones, and leftovers of uninstalled ones.

    ``known`` is None where it is unknown what is registered; ``owners`` are the packages that installed services, by
    the services' names in upper case. A registered DLL is checked once, with MAPISVC.INF, and not again for every
    profile.
    """
    if known is None:
        return
    for profile in of.profiles:
        for service in profile.services:
            where = f"{of.user.name}: {profile.name}: {service.name or service.uid}"
            words = ("profile", "remove-service", profile.name, service.uid)
            remedy = f"Take it out of the profile: {command(workstation, *words, user=of.user)}"
            owner = owners.get(upcase(service.name))
            again = f"Install the vendor's package again; or take it out of the profile: {remedy.partition(': ')[2]}"
            if owner:  # what a package installed is registered again from its stored copy
                again = f"Put it back: {command(workstation, 'guard', owner)}"
            strange = [dll for dll in _dlls(service) if upcase(dll) not in known.dlls and not is_outlooks_own(dll)]
            gone = [dll for dll in strange if loader.known and _is_gone(loader.library(dll))]
            blocked = [dll for dll in strange if dll not in gone]
            if gone:
                files = ", ".join(file_of_dll(dll) for dll in gone)
                what = f"the profile holds the service, and {files} is neither on the workstation nor registered"
                yield finding("MW6202", where, what, remedy=remedy)
            if blocked:
                what = f"MAPI was unable to load the information service {', '.join(blocked)}: it is not registered"
                yield finding("MW6201", where, what, remedy=again)
            own = all(map(is_outlooks_own, _dlls(service)))
            if not strange and not own and upcase(service.name) not in known.services:
                yield finding("MW6203", where, f"there is no service {service.name!r} in MAPISVC.INF", remedy=again)


def _is_gone(found: FoundLibrary) -> bool:
    return found.known and not found.path


def _dlls(service: Service) -> tuple[str, ...]:
    """The DLLs that a service and its providers name, each once."""
    named = (service.dll, *(provider.dll for provider in service.providers))
    return tuple({upcase(dll): dll for dll in named if dll}.values())
