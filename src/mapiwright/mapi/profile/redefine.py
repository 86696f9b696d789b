"""What a newer version of a service does to a profile that holds an older one.

MAPISVC.INF is copied into a profile when a service is added, so later lines do not reach it by themselves
([imsgserviceadmin-createmsgservice]). The names of DLLs and entry points follow here, and providers and extra
sections come and go; whatever else the sections hold is the user's and stays.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.uid import MapiUid
from mapiwright.mapi.profile import edit, roles
from mapiwright.mapi.profile.profile import Profile, Provider, Section, Service
from mapiwright.mapi.profile.providers import with_providers, without_providers
from mapiwright.mapi.profile.resemblance import matched
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import StatusFlag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mapiwright.formats.props import Properties
    from mapiwright.mapi.inf.definition import ProviderDefinition, SectionDefinition, ServiceDefinition

NO_MIGRATIONS: Mapping[int, int] = MappingProxyType({})

_NAMES_OF_PROVIDER = (tags.PR_PROVIDER_DLL_NAME, tags.PR_PROVIDER_DISPLAY)
"""What a provider's section holds of its vendor's names; PR_DISPLAY_NAME may be the user's."""
_LOST_ROLES = StatusFlag.DEFAULT_STORE | StatusFlag.PRIMARY_IDENTITY


def redefine_service(
    profile: Profile,
    uid: str,
    old: ServiceDefinition | None,
    new: ServiceDefinition,
    new_uid: Callable[[], bytes],
    migrations: Mapping[int, int] = NO_MIGRATIONS,
) -> Profile:
    """The profile with its service ``uid``, made from ``old``, changed to one made from ``new``.

    ``old`` is None where it cannot be read any more: then names are updated, and no provider comes or goes.
    ``migrations`` maps old tags to new ones: a property of the service's sections moves where the new one is not
    there yet. Applying it again changes nothing.
    """
    service = profile.service(uid)
    if service is None:
        return profile
    every = (service.section, *(provider.section for provider in service.providers), *service.extras)
    profile = profile.with_sections(*(_migrated(section, migrations) for section in every))
    service = _again(profile, uid)
    profile = profile.with_sections(service.section.with_properties(_names_of_service(new)))
    profile = _with_providers(profile, _again(profile, uid), old, new, new_uid)
    return profile if old is None else _with_extras(profile, _again(profile, uid), old, new, new_uid)


def _again(profile: Profile, uid: str) -> Service:
    service = profile.service(uid)
    assert service is not None  # noqa: S101 - nothing here removes it
    return service


def _migrated(section: Section, migrations: Mapping[int, int]) -> Section:
    """The section with the values of old tags under new ones; a new tag that is there already is kept."""
    for source, target in migrations.items():
        value = section.get(source)
        if value is not None and section.get(target) is None:
            section = section.with_properties({source: None}).with_properties({target: value})
    return section


def _names_of_service(new: ServiceDefinition) -> dict[int, str | tuple[str, ...] | None]:
    return {
        tags.PR_SERVICE_DLL_NAME: new.dll or None,
        tags.PR_SERVICE_ENTRY_NAME: new.entry or None,
        tags.PR_SERVICE_SUPPORT_FILES: new.support_files or None,
        tags.PR_SERVICE_DELETE_FILES: new.delete_files or None,
    }


def _with_providers(
    profile: Profile,
    service: Service,
    old: ServiceDefinition | None,
    new: ServiceDefinition,
    new_uid: Callable[[], bytes],
) -> Profile:
    sections = [provider.section for provider in service.providers]
    made_from = matched(sections, old.providers if old is not None else new.providers)
    coming = {upcase(each.section): each for each in new.providers}
    going: list[Section] = []
    for section in sections:
        origin = made_from.get(section.uid)
        if origin is None:
            continue  # the service's code has made it
        heir = coming.get(upcase(origin.section))
        if heir is None or _kind(heir) != section.get(tags.PR_RESOURCE_TYPE):
            going.append(section)
        else:
            names = {tag: _text(heir, tag) for tag in _NAMES_OF_PROVIDER}
            profile = profile.with_sections(section.with_properties(names))
    if old is None:
        return profile
    before = {(upcase(each.section), _kind(each)) for each in old.providers}
    fresh = [each for each in new.providers if (upcase(each.section), _kind(each)) not in before]
    if going:
        profile = without_providers(profile, _again(profile, service.uid), going)
    return _with_fresh(profile, _again(profile, service.uid), fresh, new_uid)


def _kind(definition: ProviderDefinition) -> object:
    return definition.properties.get(tags.PR_RESOURCE_TYPE)


def _text(definition: ProviderDefinition, tag: int) -> str | None:
    """A string of a definition, of either width."""
    other = tags.other_width(tag)
    value = definition.properties.get(tag) or (definition.properties.get(other) if other is not None else None)
    return value if isinstance(value, str) else None


def _with_fresh(
    profile: Profile, service: Service, fresh: Sequence[ProviderDefinition], new_uid: Callable[[], bytes]
) -> Profile:
    """The profile with the providers of the new version; the only role they can get is a vacant default store."""
    if not fresh:
        return profile
    own: Properties = {tags.PR_SERVICE_UID: service.uid.bytes, tags.PR_SERVICE_NAME: service.name}
    made = [
        roles.flagged(edit._section(new_uid(), each.properties, own, dynamic=edit._DYNAMIC_STATUS), take=_LOST_ROLES)
        for each in fresh
    ]
    if roles.default_store(profile) is None:
        heir = next((each for each in made if roles.is_eligible(Provider(each))), None)
        made = [roles.flagged(each, give=StatusFlag.DEFAULT_STORE) if each is heir else each for each in made]
    return with_providers(profile, service, made)


def _with_extras(
    profile: Profile,
    service: Service,
    old: ServiceDefinition,
    new: ServiceDefinition,
    new_uid: Callable[[], bytes],
) -> Profile:
    """The extra sections: one that the new version no longer names goes, unless another service lists it, too."""
    there, wanted = ({upcase(each.section) for each in definition.extras} for definition in (old, new))
    made_from: Mapping[str, SectionDefinition] = matched(service.extras, old.extras)
    others = {
        each
        for one in profile.services
        if one.uid != service.uid
        for each in one.section.uids(tags.PR_SERVICE_EXTRA_UIDS)
    }
    going = {uid.lower() for uid, origin in made_from.items() if upcase(origin.section) not in wanted}
    listed = [uid for uid in service.section.uids(tags.PR_SERVICE_EXTRA_UIDS) if uid not in going]
    for extra in new.extras:
        if upcase(extra.section) in there:
            continue
        uid = MapiUid(extra.uid or new_uid())
        if profile.section(uid) is None:
            profile = profile.with_sections(Section(uid).with_properties(extra.properties))
        elif uid not in others:
            continue  # it belongs to another one, as when a service is added
        listed.append(uid)
    packed = b"".join(uid.bytes for uid in dict.fromkeys(listed)) or None
    profile = profile.with_sections(
        profile.existing([service.uid])[0].with_properties({tags.PR_SERVICE_EXTRA_UIDS: packed})
    )
    return profile.without_sections(going - others)
