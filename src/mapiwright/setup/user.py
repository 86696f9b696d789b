"""The user's half of an install: a default profile where the user has none, with the package's services in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from mapiwright.entry.contract import EntryPolicy
    from mapiwright.mapi.catalogue import Catalogue
    from mapiwright.setup.package import Package
    from mapiwright.transaction.effect import Json
    from mapiwright.transaction.plan import Step
    from mapiwright.workstation.workstation import User, Workstation

DEFAULT_PROFILE = "Outlook"
"""The name of a default profile where neither the user nor the package gives one: Outlook's own."""


@dataclass(frozen=True, slots=True)
class ProfileWish:
    """What the caller wants of profiles: none at all, one of that name, or (both left) one where there is none."""

    name: str = ""
    none: bool = False


@dataclass(frozen=True, slots=True)
class ProfilePart:
    """What an install does to one user's profiles: its steps, and what the receipt tells of it (None is nothing)."""

    steps: tuple[Step, ...] = ()
    record: Json = None


def profile_part(
    package: Package,
    workstation: Workstation,
    user: User,
    *,
    catalogue: Catalogue,
    wish: ProfileWish,
    policy: EntryPolicy,
) -> ProfilePart:
    """The part for one user; ``catalogue`` is what MAPISVC.INF will mean by then.

    [supporting-message-service-installation]: a default profile is made where none exists. An existing profile is
    the user's own, and is changed only where its name was given. Default is no user who logs on: nothing that must
    be unique may be put where Windows copies from.
    """
    stand_ins = frozenset(upcase(name) for name in package.stand_ins)
    space = Workspace(workstation, user, catalogue=catalogue, policy=policy, stand_ins=stand_ins)
    if wish.none or user.template or (not wish.name and space.default is not None):
        return ProfilePart()
    profiles = ProfileAdmin(space)
    name = wish.name or _free_name(space, package.profile or DEFAULT_PROFILE)
    existing = space.find(name)
    uids: dict[str, str] = {}
    with space.batch():
        if existing is None:
            profiles.create_profile(name)
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
        return ProfilePart()
    record = {"user": user.name, "sid": user.sid, "profile": name, "made": existing is None, "uids": uids}
    return ProfilePart(tuple(space.steps()), record)


def _free_name(space: Workspace, name: str) -> str:
    """The name, or the first of ``Outlook 2``, ``Outlook 3`` ... that no profile has."""
    if space.find(name) is None:
        return name
    return next(free for number in count(2) if space.find(free := f"{name} {number}") is None)
