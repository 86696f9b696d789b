"""What is done at once to a profile or provider that is free, and at the last logoff to one that was in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.admin.calls import say_deleted, say_provider_deleted
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile import edit, providers
from mapiwright.mapi.props.tags import StatusFlag
from mapiwright.message import Message

if TYPE_CHECKING:
    from mapiwright.admin.workspace import Workspace
    from mapiwright.mapi.profile.profile import Profile, Provider, Service


def is_default(space: Workspace, profile: Profile) -> bool:
    """Whether it is the default profile."""
    default = space.default
    return default is not None and upcase(default) == upcase(profile.name)


def remove_profile(space: Workspace, profile: Profile) -> None:
    """Call each service with MSG_SERVICE_DELETE, in the profile's order, then remove it ([deleting-a-profile])."""
    with space.batch(Message.of("actions.delete-profile", profile=profile.name)):
        for service in profile.services:
            say_deleted(space, profile, service)
        space.put(profile, None)
        if is_default(space, profile):
            space.set_default(None)


def rename_profile(space: Workspace, profile: Profile, name: str) -> None:
    """Give a profile another name; a default profile stays the default one ([iprofadmin-renameprofile])."""
    with space.batch(Message.of("actions.rename-profile", profile=profile.name, new=name)):
        was_default = is_default(space, profile)
        space.put(profile, edit.rename_profile(profile, name))
        if was_default:
            space.set_default(name)


def remove_provider(space: Workspace, profile: Profile, service: Service, provider: Provider) -> None:
    """Call its service with MSG_SERVICE_PROVIDER_DELETE, then remove it ([iprovideradmin-deleteprovider]).

    It may remove the provider itself, so that the removal is planned when it has answered. Until then tables do
    not show it.
    """
    known_as = provider.display or provider.uid
    title = Message.of("actions.remove-provider", provider=known_as, service=service.name, profile=profile.name)
    with space.batch(title):
        if say_provider_deleted(space, profile, service, provider):
            space.usage.mark_provider(profile.name, provider.uid)
            space.afterwards(lambda: space.usage.unmark_provider(profile.name, provider.uid))
        else:
            space.put(profile, providers.remove_provider(profile, provider.uid))


def release(space: Workspace, name: str) -> None:
    """Do what waited for the last logoff from a profile.

    Sections with STATUS_TEMP_SECTION go ([imapisupport-modifyprofile]), then providers and the profile itself that
    were marked, or it gets its new name.
    """
    marks = space.usage.marks
    with space.batch(Message.of("actions.end-session", profile=name)):
        space.usage.marks = marks.without(name)
        for uid in sorted(marked for of, marked in marks.providers if of == upcase(name)):
            for service, provider in _providers(space.profile(name)):
                if provider.uid.lower() == uid:
                    remove_provider(space, space.profile(name), service, provider)
        for _, provider in _providers(space.profile(name)):
            if StatusFlag.TEMP_SECTION in provider.flags:
                before = space.profile(name)
                space.put(before, providers.remove_provider(before, provider.uid))
        if upcase(name) in marks.gone:
            remove_profile(space, space.profile(name))
        elif upcase(name) in marks.names:
            rename_profile(space, space.profile(name), marks.names[upcase(name)])


def _providers(profile: Profile) -> tuple[tuple[Service, Provider], ...]:
    return tuple((service, provider) for service in profile.services for provider in service.providers)
