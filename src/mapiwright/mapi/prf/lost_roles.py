"""Which roles of a profile its PRF file does not give back: it names the service of the default store alone.

An apply settles the others as MAPI does when it adds the services in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.mapi.profile import addressing, roles
from mapiwright.mapi.props import tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.mapi.profile.profile import Profile, Service


def lost_roles(profile: Profile, define: Callable[[str], ServiceDefinition | None]) -> Iterator[str]:
    """A sentence for each role that somebody else has where the file is applied; ``define`` as for ``export``."""
    yield from _store(profile)
    identity = roles.primary_identity(profile)
    given = next((each for each in profile.services if _is_declared(define(each.name))), None)
    if identity != given:
        yield f"the primary identity is {identity.display or identity.name if identity is not None else 'nobody'}"
    order = profile.admin.uids(tags.PR_TRANSPORT_PROVIDERS)
    if order != _order(profile):
        names = {each.uid: each.display for each in profile.providers(tags.PR_TRANSPORT_PROVIDERS)}
        yield f"the order of the transports is {', '.join(names.get(uid) or uid for uid in order)}"
    first = addressing.default_directory(profile)
    if first is not None:
        yield f"the address list that is shown first is {first.name or first.entry_id.hex()}"
    personal = addressing.personal_address_book(profile)
    if personal is not None:
        yield f"the list of personal addresses is {personal.name or personal.entry_id.hex()}"
    search = addressing.search_order(profile)
    if search:
        yield f"names are checked in {', '.join(each.name or each.entry_id.hex() for each in search)}"


def _store(profile: Profile) -> Iterator[str]:
    chosen = roles.default_store(profile)
    able = [each for each in profile.providers(tags.PR_STORE_PROVIDERS) if roles.is_eligible(each)]
    if chosen is None:
        if able:
            yield "there is no default store, though one could be it"
    elif chosen.uid != next((each.uid for each in able if each.service_uid == chosen.service_uid), ""):
        yield f"the default store is {chosen.display or chosen.uid}, and not the first of its service"


def _is_declared(definition: ServiceDefinition | None) -> bool:
    """Whether MAPISVC.INF gives the identity to a provider of the service."""
    flags = [each.properties.get(tags.PR_RESOURCE_FLAGS, 0) for each in definition.providers] if definition else []
    return any(isinstance(each, int) and each & tags.StatusFlag.PRIMARY_IDENTITY for each in flags)


def _order(profile: Profile) -> tuple[str, ...]:
    """The order that the transports have when their services are added one after the other."""
    first: list[str] = []
    last: list[str] = []
    for service in profile.services:
        for each in _transports(service):
            (last if tags.StatusFlag.XP_PREFER_LAST in each[1] else first).append(each[0])
    return (*first, *last)


def _transports(service: Service) -> Iterator[tuple[str, tags.StatusFlag]]:
    for provider in service.providers:
        if provider.kind == tags.ResourceType.TRANSPORT_PROVIDER:
            yield provider.uid, provider.flags
