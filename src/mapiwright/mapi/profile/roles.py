"""The roles that one provider or service of a profile plays: default store, primary identity, place among transports.

MAPI chooses them by itself when services come and go ([mapi-profiles], [mapi-primary-identity]); a client may choose
otherwise. They are bits of PR_RESOURCE_FLAGS in the sections, and the order of PR_TRANSPORT_PROVIDERS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import BusyError, NotFoundError, RefusedError
from mapiwright.mapi.profile.profile import Provider
from mapiwright.mapi.props.tags import (
    PR_RESOURCE_FLAGS,
    PR_STORE_PROVIDERS,
    PR_TRANSPORT_PROVIDERS,
    ResourceType,
    ServiceFlag,
    StatusFlag,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.mapi.profile.profile import Profile, Section, Service


def is_eligible(provider: Provider) -> bool:
    """Whether it can be the default store."""
    return provider.kind == ResourceType.STORE_PROVIDER and StatusFlag.NO_DEFAULT_STORE not in provider.flags


def default_store(profile: Profile) -> Provider | None:
    """The first store in the profile's order with STATUS_DEFAULT_STORE ([mapi-profiles])."""
    stores = profile.providers(PR_STORE_PROVIDERS)
    return next((store for store in stores if StatusFlag.DEFAULT_STORE in store.flags), None)


def primary_identity(profile: Profile) -> Service | None:
    """The service that provides the session's identity, by its own flag or by a provider's."""
    return next((service for service in profile.services if _identifies(service)), None)


def set_default_store(profile: Profile, uid: str | None) -> Profile:
    """Make the store with that provider uid the default one; None removes the role ([imapisession-setdefaultstore]).

    Raises NotFoundError where the profile has no such store, and RefusedError where it is STATUS_NO_DEFAULT_STORE.
    """
    stores = profile.providers(PR_STORE_PROVIDERS)
    chosen = None if uid is None else _store(profile, uid)
    if chosen is not None and not is_eligible(chosen):
        raise RefusedError(
            f"the store {chosen.display!r} can never be the default store",
            where=f"profile {profile.name}",
            expected="a store without STATUS_NO_DEFAULT_STORE",
        )
    return _with_bit(profile, StatusFlag.DEFAULT_STORE, stores, chosen)


def set_simple_store(profile: Profile, uid: str | None) -> Profile:
    """Make the store with that provider uid Simple MAPI's; None removes the role ([imapisession-setdefaultstore])."""
    chosen = None if uid is None else _store(profile, uid)
    return _with_bit(profile, StatusFlag.SIMPLE_STORE, profile.providers(PR_STORE_PROVIDERS), chosen)


def _store(profile: Profile, uid: str) -> Provider:
    stores = profile.providers(PR_STORE_PROVIDERS)
    found = next((store for store in stores if store.uid.lower() == uid.lower()), None)
    if found is None:
        raise NotFoundError(f"there is no store {uid}", where=f"profile {profile.name}")
    return found


def set_primary_identity(profile: Profile, uid: str | None) -> Profile:
    """Let a service, named by its uid or a provider's, provide the session's identity; None is no service.

    [imsgserviceadmin-setprimaryidentity]: the service is flagged, and every provider of it that can supply an
    identity; all others lose the flag. SERVICE_NO_PRIMARY_IDENTITY is what MAPISVC.INF declares, so it is not put on
    the others: else none could be chosen a second time. Raises NotFoundError, and RefusedError where the service
    declares that it has no identity.
    """
    services = profile.services
    chosen = None
    if uid is not None:
        wanted = uid.lower()
        chosen = next((each for each in services if wanted in _uids(each)), None)
        if chosen is None:
            raise NotFoundError(f"there is no service {uid}", where=f"profile {profile.name}")
        if ServiceFlag.NO_PRIMARY_IDENTITY in chosen.flags:
            raise RefusedError(
                f"the service {chosen.name} provides no identity",
                where=f"profile {profile.name}",
                expected="a service without SERVICE_NO_PRIMARY_IDENTITY",
            )
    changed = [_without_identity(service) for service in services if service is not chosen]
    if chosen is not None:
        changed.append([flagged(chosen.section, give=ServiceFlag.PRIMARY_IDENTITY)])
        changed.append(
            [
                flagged(provider.section, give=StatusFlag.PRIMARY_IDENTITY)
                for provider in chosen.providers
                if StatusFlag.NO_PRIMARY_IDENTITY not in provider.flags
            ]
        )
    return profile.with_sections(*(section for sections in changed for section in sections))


def set_transport_order(profile: Profile, uids: Sequence[str]) -> Profile:
    """Put the transports, all of them, in this order ([imsgserviceadmin-msgservicetransportorder]).

    It overrules STATUS_XP_PREFER_LAST. Raises BusyError (MAPI_E_BUSY) where the count is not that of the
    transports, and NotFoundError where a uid is no transport.
    """
    there = profile.admin.uids(PR_TRANSPORT_PROVIDERS)
    wanted = [uid.lower() for uid in uids]
    if len(wanted) != len(there):
        raise BusyError(
            f"{len(wanted)} transports are named, and there are {len(there)}",
            where=f"profile {profile.name}",
            expected="every transport provider once",
        )
    stranger = next((uid for uid in (*wanted, *there) if uid not in there or uid not in wanted), None)
    if stranger is not None:
        raise NotFoundError(
            f"{stranger} is not a transport, or is missing from the order",
            where=f"profile {profile.name}",
            expected="every transport provider once",
        )
    data = b"".join(bytes.fromhex(uid) for uid in wanted) or None  # no empty list is ever stored
    return profile.with_sections(profile.admin.with_properties({PR_TRANSPORT_PROVIDERS: data}))


def transports_with(profile: Profile, added: Sequence[Provider]) -> tuple[str, ...]:
    """The order of the transports when some are added: as added, those that prefer to be last behind all others."""
    order = list(profile.admin.uids(PR_TRANSPORT_PROVIDERS))
    last = {each.uid.lower() for each in profile.providers(PR_TRANSPORT_PROVIDERS) if _prefers_last(each)}
    place = len(order)
    while place and order[place - 1] in last:
        place -= 1
    first = [each.uid for each in added if not _prefers_last(each)]
    return (*order[:place], *first, *order[place:], *(each.uid for each in added if _prefers_last(each)))


def admit(before: Profile, after: Profile, service: str, providers: Sequence[str]) -> Profile:
    """Settle the roles when a service has been added, whose providers are given in the order of MAPISVC.INF.

    ``service`` is "" where they were added to one that was there.

    A provider that has a role keeps it: new providers lose its flag. Where no provider has it, the first new one with
    the flag gets it. A profile with stores needs a default store, so there it is the first one that can be it.
    """
    newcomers = [Provider(section) for section in after.existing(providers)]
    stores = [provider for provider in newcomers if provider.kind == ResourceType.STORE_PROVIDER]
    chosen = None
    if default_store(before) is None:
        eligible = [store for store in stores if is_eligible(store)]
        declared = [store for store in eligible if StatusFlag.DEFAULT_STORE in store.flags]
        chosen = next(iter(declared or eligible), None)
    after = _with_bit(after, StatusFlag.DEFAULT_STORE, stores, chosen)
    holder = None
    if primary_identity(before) is None:
        holder = next((each for each in newcomers if StatusFlag.PRIMARY_IDENTITY in each.flags), None)
    else:
        services = after.existing([service])
        after = after.with_sections(*(flagged(each, take=ServiceFlag.PRIMARY_IDENTITY) for each in services))
    losers = after.existing(each.uid for each in newcomers if each is not holder)
    return after.with_sections(*(flagged(each, take=StatusFlag.PRIMARY_IDENTITY) for each in losers))


def hand_over(before: Profile, after: Profile, gone: Service) -> Profile:
    """Settle the roles when a service has been removed, or, of one that stays, the providers that ``gone`` has.

    The default store becomes the first that can be it. The primary identity passes to the next configured provider
    that can supply one ([mapi-primary-identity]): of the same service, or of the next one; a service before is not
    taken, so that removing what was added last gives back what was there.
    """
    stores = after.providers(PR_STORE_PROVIDERS)
    if any(StatusFlag.DEFAULT_STORE in each.flags for each in gone.providers) and default_store(after) is None:
        heir = next((store for store in stores if is_eligible(store)), None)
        after = _with_bit(after, StatusFlag.DEFAULT_STORE, [] if heir is None else [heir], heir)
    held = any(StatusFlag.PRIMARY_IDENTITY in each.flags for service in after.services for each in service.providers)
    if not _identifies(gone) or held:
        return after
    order = [service.uid for service in before.services]
    for service in after.services:
        able = [each for each in service.providers if StatusFlag.NO_PRIMARY_IDENTITY not in each.flags]
        later = order.index(service.uid) >= order.index(gone.uid)
        if later and able and ServiceFlag.NO_PRIMARY_IDENTITY not in service.flags:
            after = after.with_sections(flagged(able[0].section, give=StatusFlag.PRIMARY_IDENTITY))
            if ServiceFlag.PRIMARY_IDENTITY in gone.flags:
                after = after.with_sections(flagged(service.section, give=ServiceFlag.PRIMARY_IDENTITY))
            break
        if service.uid == gone.uid and ServiceFlag.PRIMARY_IDENTITY in service.flags:
            break  # it has no such provider any more, and says itself that the identity is its own
    return after


def flagged(section: Section, *, give: int = 0, take: int = 0) -> Section:
    """The section with bits of PR_RESOURCE_FLAGS given and taken; unchanged where they are so already."""
    flags = section.number(PR_RESOURCE_FLAGS)
    wanted = flags & ~int(take) | int(give)  # as int, since an IntFlag forgets bits without a name
    return section if wanted == flags else section.with_properties({PR_RESOURCE_FLAGS: wanted})


def _uids(service: Service) -> set[str]:
    return {service.uid.lower(), *(provider.uid.lower() for provider in service.providers)}


def _identifies(service: Service) -> bool:
    flags = [StatusFlag.PRIMARY_IDENTITY in provider.flags for provider in service.providers]
    return ServiceFlag.PRIMARY_IDENTITY in service.flags or any(flags)


def _without_identity(service: Service) -> list[Section]:
    providers = [flagged(each.section, take=StatusFlag.PRIMARY_IDENTITY) for each in service.providers]
    return [flagged(service.section, take=ServiceFlag.PRIMARY_IDENTITY), *providers]


def _with_bit(profile: Profile, bit: StatusFlag, stores: Sequence[Provider], chosen: Provider | None) -> Profile:
    """``chosen`` has the flag, and no other of ``stores``."""
    uid = None if chosen is None else chosen.uid
    return profile.with_sections(
        *(
            flagged(each.section, give=bit if each.uid == uid else 0, take=0 if each.uid == uid else bit)
            for each in stores
        )
    )


def _prefers_last(provider: Provider) -> bool:
    return StatusFlag.XP_PREFER_LAST in provider.flags
