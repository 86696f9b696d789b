"""What a service may see of a profile: its own sections, under the names that MAPISVC.INF gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.contract import GuestSection, is_uid
from mapiwright.entry.secrecy import public
from mapiwright.mapi.tags import PR_RESOURCE_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.mapi.definition import Properties, ProviderDefinition, SectionDefinition, ServiceDefinition
    from mapiwright.mapi.profile import Section, Service


def guest_sections(service: Service, definition: ServiceDefinition | None) -> tuple[GuestSection, ...]:
    """The sections of a service: its own, its providers' and its extra ones.

    A profile does not store the names of INF sections, so each section is matched with the definition that it is most
    like; one that the INF does not know, or a service that is no longer in it, goes by its uid. What is encrypted at
    rest is opaque here, and is not shown.
    """
    providers = definition.providers if definition is not None else ()
    extras = definition.extras if definition is not None else ()
    return (
        GuestSection(service.uid, "service", service.name, public(service.section.properties)),
        *_named("provider", [provider.section for provider in service.providers], providers),
        *_named("extra", list(service.extras), extras),
    )


def _named(
    role: str,
    sections: list[Section],
    definitions: tuple[ProviderDefinition, ...] | tuple[SectionDefinition, ...],
) -> Iterator[GuestSection]:
    names: dict[str, str] = {}
    for definition in definitions:
        left = [section for section in sections if section.uid not in names]
        found = max(left, key=lambda section: _likeness(section, definition), default=None)
        if found is not None and _likeness(found, definition) >= 0:
            names[found.uid] = definition.section
    for section in sections:
        if not is_uid(section.uid):
            continue  # no entry point can open it: sections are opened by MAPIUID
        yield GuestSection(section.uid, role, names.get(section.uid, section.uid), public(section.properties))


def _likeness(section: Section, definition: ProviderDefinition | SectionDefinition) -> int:
    """How many properties are as the INF has them; -1 where it cannot be the one."""
    uid = getattr(definition, "uid", None)
    if uid is not None:
        return len(definition.properties) if section.uid.lower() == uid.hex() else -1
    given: Properties = definition.properties
    if PR_RESOURCE_TYPE in given and section.get(PR_RESOURCE_TYPE) != given[PR_RESOURCE_TYPE]:
        return -1
    return sum(section.get(tag) == value for tag, value in given.items())
