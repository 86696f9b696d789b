"""Whether an install makes a profile for a user, adds to the one that is there, or waits for Outlook to make one.

A profile with nothing but a connector in it keeps Outlook from making the one of the user's mailbox by itself. The
settings that cause this are listed in docs/explanation/default-profile.md, with their sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from mapiwright.mapi.profile import store
from mapiwright.message import Message
from mapiwright.setup.install.policies import Policy, settings
from mapiwright.workstation.outlook.outlook import older_edition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.admin.workspace import Workspace
    from mapiwright.setup.install.policies import Setting


class ProfilePolicy(StrEnum):
    """What the caller wants of profiles."""

    AUTO = "auto"
    """A default profile where there is none, unless Outlook will make it; then wait for that."""
    CREATE = "create"
    """A default profile where there is none, whatever Outlook would do."""
    EXISTING = "existing"
    """The user's default profile gets the services; where there is none, wait for it."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """A policy or, where ``name`` is given, the profile that gets the services."""

    policy: ProfilePolicy = ProfilePolicy.AUTO
    name: str = ""


class ProfileAction(Enum):
    """What is done about a user's profile."""

    NOTHING = "nothing"
    CREATE = "create"
    ADD = "add"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class ProfileDecision:
    """What is done, to which profile ("" is one with a free name), and why, where that needs an explanation."""

    action: ProfileAction
    profile: str = ""
    why: Message | None = None


NOTHING = ProfileDecision(ProfileAction.NOTHING)


def decide(request: ProfileRequest, space: Workspace, *, waits: bool) -> ProfileDecision:
    """What a request means for one user.

    ``waits`` says that an earlier run waits for the user's profile, and no later one has found it.
    """
    if request.name:
        return ProfileDecision(ProfileAction.ADD, request.name)
    if request.policy is ProfilePolicy.NONE:
        return NOTHING
    default = space.find(space.default) if space.default is not None else None
    if default is not None and (request.policy is ProfilePolicy.EXISTING or waits):
        return ProfileDecision(ProfileAction.ADD, default.name)
    if request.policy is ProfilePolicy.EXISTING:
        return ProfileDecision(ProfileAction.WAIT, why=Message.of("sentences.no-default-yet"))
    if space.default is not None:
        return NOTHING
    makers = tuple(_makers(space)) if request.policy is ProfilePolicy.AUTO else ()
    if makers:
        return ProfileDecision(ProfileAction.WAIT, why=Message.of("sentences.outlook-makes", settings=makers))
    return ProfileDecision(ProfileAction.CREATE)


def _makers(space: Workspace) -> Iterator[Message]:
    """The settings by which Outlook will make a profile by itself, and profiles that it will take over."""
    found = {each.policy: each for each in settings(space.workstation, space.user, space.edition) if each.on}
    if Policy.ZERO_CONFIG in found:
        yield _reported(found[Policy.ZERO_CONFIG])
    if Policy.ZERO_CONFIG_ONCE in found and not space.names:
        yield _reported(found[Policy.ZERO_CONFIG_ONCE])
    # [prf] 5: a PRF file is imported at the first run only.
    if Policy.IMPORT_PRF in found and Policy.FIRST_RUN_DONE not in found:
        yield _reported(found[Policy.IMPORT_PRF])
    older = older_edition(space.workstation.registry, space.user.root, space.edition)
    if older is not None:
        names = store.profile_names(space.workstation.registry, space.user.root, older)
        yield Message.of("sentences.takes-over", names=", ".join(names), edition=str(older))


def _reported(setting: Setting) -> Message:
    return Message.of(
        "sentences.policy" if setting.enforced else "sentences.setting", name=setting.name, value=setting.text
    )
