"""The verbs of one provider, Profile -> Profile: add it to a service that is there, and remove it.

They are what IProviderAdmin::CreateProvider and DeleteProvider store ([iprovideradmin-createprovider]).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.uid import MapiUid
from mapiwright.mapi.profile import accounts, addressing, edit, roles
from mapiwright.mapi.profile.profile import PROVIDER_LISTS, Provider, Service
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ServiceFlag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mapiwright.formats.props import Properties, PropertyValue
    from mapiwright.mapi.inf.definition import ProviderDefinition, ServiceDefinition
    from mapiwright.mapi.profile.profile import Profile, Section


def definition_of(service: ServiceDefinition, name: str) -> ProviderDefinition | None:
    """The provider of a service that ``name`` means, or None.

    [derived]: its section in MAPISVC.INF; else, as [adding-or-deleting-providers-in-a-message-service] has it, its
    PR_DISPLAY_NAME, or its PR_PROVIDER_DISPLAY.
    """
    wanted = upcase(name)
    for spelled in (
        lambda each: each.section,
        lambda each: _text(each.properties, tags.PR_DISPLAY_NAME),
        lambda each: _text(each.properties, tags.PR_PROVIDER_DISPLAY),
    ):
        found = next((each for each in service.providers if upcase(spelled(each)) == wanted), None)
        if found is not None:
            return found
    return None


def add_provider(
    profile: Profile,
    service: str,
    definition: ProviderDefinition | None,
    properties: Properties,
    new_uid: Callable[[], bytes],
) -> tuple[Profile, MapiUid]:
    """Add a provider to the service of that uid; gives the uid of its section.

    It gets what MAPISVC.INF defines and over that ``properties``, but nothing that is MAPI's own. Without a
    definition and a PR_RESOURCE_TYPE it is in no list, and a provider of its service all the same. It takes a role
    over that nobody plays. Raises NotFoundError for the service, RefusedError for a secure property.
    """
    there = profile.service(service)
    if there is None:
        raise NotFoundError(f"there is no service {service}", where=f"profile {profile.name}")
    own: Properties = {tags.PR_SERVICE_UID: there.uid.bytes, tags.PR_SERVICE_NAME: there.name}
    given = {**(definition.properties if definition is not None else {}), **properties}
    section = edit._section(new_uid(), given, own, dynamic=edit._DYNAMIC_STATUS)
    after = with_providers(profile, there, [section])
    return roles.admit(profile, after, "", [section.uid]), MapiUid(section.uid)


def remove_provider(profile: Profile, uid: str) -> Profile:
    """Remove a provider, its section and what names it; roles are handed over. Raises NotFoundError."""
    for service in profile.services:
        for provider in service.providers:
            if provider.uid.lower() == uid.lower():
                return without_providers(profile, service, [provider.section])
    raise NotFoundError(f"there is no provider {uid}", where=f"profile {profile.name}")


def with_providers(profile: Profile, service: Service, made: Sequence[Section]) -> Profile:
    """The profile with sections of providers, in the lists of their service and of the profile."""
    admin, section = profile.admin, service.section
    listed = edit._lists_of(made)
    of_admin = {tag: (*admin.uids(tag), *(each.uid for each in made if _is_in(each, tag))) for tag in listed}
    if tags.PR_TRANSPORT_PROVIDERS in listed:
        added = [Provider(each) for each in made if _is_in(each, tags.PR_TRANSPORT_PROVIDERS)]
        of_admin[tags.PR_TRANSPORT_PROVIDERS] = roles.transports_with(profile, added)
    of_service = {tag: (*section.uids(tag), *(each.uid for each in made if _is_in(each, tag))) for tag in listed}
    return profile.with_sections(
        *made,
        section.with_properties({tag: edit._packed(uids) for tag, uids in of_service.items()}),
        admin.with_properties({tag: edit._packed(uids) for tag, uids in of_admin.items()}),
    )


def without_providers(profile: Profile, service: Service, going: Sequence[Section]) -> Profile:
    """The profile without providers of a service that stays.

    Lists, address book containers, links of the account manager and roles follow.
    """
    uids = {section.uid.lower() for section in going}
    admin = profile.admin
    changes = addressing.without_lists_of(admin, going)
    for tag in (*PROVIDER_LISTS, tags.PR_AB_SEARCH_PATH_UPDATE):
        value = admin.get(tag)
        if isinstance(value, bytes):
            changes[tag] = edit._without_uids(value, uids)
    section = service.section
    lists = {
        tag: edit._without_uids(value, uids) for tag in PROVIDER_LISTS if isinstance(value := section.get(tag), bytes)
    }
    after = profile.without_sections(uids).with_sections(
        admin.with_properties(changes), section.with_properties(lists)
    )
    manager = profile.section(accounts.ACCOUNTS)
    if manager is not None:
        after = after.with_sections(accounts.without_service(manager, None, uids))
    # What the service itself is keeps its roles; those of the providers that go are handed over.
    gone = Service(
        roles.flagged(section, take=ServiceFlag.PRIMARY_IDENTITY), tuple(Provider(each) for each in going), ()
    )
    return roles.hand_over(profile, after, gone)


def _is_in(section: Section, tag: int) -> bool:
    return section.number(tags.PR_RESOURCE_TYPE) == PROVIDER_LISTS[tag]


def _text(properties: Properties, tag: int) -> str:
    value: PropertyValue = properties.get(tag, "")
    return value if isinstance(value, str) else ""
