"""A scratch profile for trying a service's library alone, with no workstation and no file."""

from __future__ import annotations

import uuid
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.entry.call import OF_THE_MACHINE
from mapiwright.entry.service.contract import EntryFlag, EntryRequest
from mapiwright.entry.service.visible_sections import search_key_of, visible_sections
from mapiwright.errors import NotFoundError
from mapiwright.formats import inf
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.definition import ServiceDefinition
from mapiwright.mapi.profile import edit

if TYPE_CHECKING:
    from mapiwright.entry.service.contract import Context
    from mapiwright.formats.props import Properties

PROFILE = "Scratch"


def definition_from(fragment: bytes | None, service: str, code_page: str) -> ServiceDefinition:
    """What an INF says of a service, of the only one where ``service`` is ""; an empty one where there is no INF."""
    if fragment is None:
        return ServiceDefinition(service or "SERVICE", service or "SERVICE", MappingProxyType({}))
    catalogue = Catalogue.of(inf.parse(fragment, code_page))
    if not service and len(catalogue.services) != 1:
        raise NotFoundError(
            f"the INF has {len(catalogue.services)} services",
            remedy=f"Name one: {', '.join(catalogue.services) or 'it has none'}.",
        )
    return catalogue.definition(service or next(iter(catalogue.services)))


def scratch_request(
    definition: ServiceDefinition, context: Context, properties: Properties, code_page: str, flags: EntryFlag
) -> EntryRequest:
    """The request that a call in a new profile would be, which holds this one service."""
    if context in OF_THE_MACHINE:
        return EntryRequest(definition.name, context, flags, code_page=code_page)
    profile, uid = edit.add_service(edit.new_profile(PROFILE, 8, _uid), definition, _uid)
    service = profile.service(uid)
    assert service is not None  # noqa: S101 - it was added above
    sections = visible_sections(service, definition)
    return EntryRequest(
        definition.name,
        context,
        flags,
        PROFILE,
        sections,
        properties,
        code_page=code_page,
        definitions={each.section: each.properties for each in definition.providers},
        foreign=frozenset(profile.sections) - {section.uid for section in sections},
        search_key=search_key_of(profile),
    )


def _uid() -> bytes:
    return uuid.uuid4().bytes_le
