"""The calls of entry points that administration makes, and those that it has no need of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.call import EntryCall
from mapiwright.entry.conditional_calls import ProviderRemoval, TolerantCall
from mapiwright.entry.service.contract import Context, EntryFlag, EntryPolicy
from mapiwright.entry.service.record import read_record
from mapiwright.mapi.profile.edit import instance_of

if TYPE_CHECKING:
    from mapiwright.admin.workspace import Workspace
    from mapiwright.formats.props import Properties
    from mapiwright.mapi.profile.profile import Profile, Provider, Service


def call_for(
    space: Workspace,
    profile: Profile,
    service: Service,
    context: Context,
    *,
    flags: EntryFlag = EntryFlag.UNICODE,
    properties: Properties | None = None,
    provider: str = "",
) -> EntryCall | None:
    """The call of a service's entry point, or None where it has none: neither declared nor a stand-in for it.

    Raises RefusedError where its record is damaged or not believed.
    """
    if not space.has_entry_point(service):
        return None
    if space.policy is not EntryPolicy.SKIP:
        read_record(space.workstation, service.name)  # one that is not believed is refused before the run begins
    return EntryCall(
        service=service.name,
        context=context,
        user=space.user.name,
        profile=profile.name,
        uid=service.uid,
        instance=instance_of(profile),
        properties=properties or {},
        policy=space.policy,
        flags=flags,
        provider=provider,
        host=space.host,
    )


def say_created(
    space: Workspace, profile: Profile, uid: str, flags: EntryFlag = EntryFlag.UNICODE, *, tolerant: bool = False
) -> None:
    """Have a service that was added called with MSG_SERVICE_CREATE, once it is there.

    The failure of a ``tolerant`` call takes out the service alone.
    """
    service = profile.service(uid)
    call = call_for(space, profile, service, Context.CREATE, flags=flags) if service is not None else None
    if call is not None and tolerant:
        space.call_after(call, TolerantCall)
    elif call is not None:
        space.call_after(call)


def say_deleted(space: Workspace, profile: Profile, service: Service) -> None:
    """Have a service that goes called with MSG_SERVICE_DELETE while its sections are there.

    One that came in the same batch was never called, and is not called now. No call has a UI ([deleting-a-profile]).
    """
    space.withdraw(profile.name, service.uid)
    stored = space.origin(profile.name)
    there = stored.service(service.uid) if stored is not None else None
    if stored is not None and there is not None:
        call = call_for(space, stored, there, Context.DELETE)
        if call is not None:
            space.call_before(call)


def say_provider_deleted(space: Workspace, profile: Profile, service: Service, provider: Provider) -> bool:
    """Have a service called with MSG_SERVICE_PROVIDER_DELETE, and the provider removed then, unless it refuses.

    False where no call is made: there is no entry point, or the provider came in the same batch.
    """
    space.withdraw(profile.name, service.uid, provider.uid)
    stored = space.origin(profile.name)
    there = stored.service(service.uid) if stored is not None else None
    if there is None or all(each.uid != provider.uid for each in there.providers):
        return False
    call = call_for(space, profile, service, Context.PROVIDER_DELETE, provider=provider.uid)
    if call is not None:
        space.call_after(call, ProviderRemoval)
    return call is not None
