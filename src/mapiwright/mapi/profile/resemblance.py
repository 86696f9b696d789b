"""Which section of a profile was made from which section of MAPISVC.INF.

A profile does not store the names of INF sections, so each section is matched with the definition that it is most
like.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from mapiwright.mapi.inf.definition import ProviderDefinition, SectionDefinition
from mapiwright.mapi.props.tags import PR_RESOURCE_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mapiwright.mapi.profile.profile import Section

D = TypeVar("D", ProviderDefinition, SectionDefinition)


def matched(sections: Sequence[Section], definitions: Sequence[D]) -> Mapping[str, D]:
    """The definition of each section, by the section's uid; what the INF does not know is left out.

    Each definition is given to one section: an extra section with a fixed uid by that, a provider to one of its kind.
    """
    found: dict[str, D] = {}
    for definition in definitions:
        left = [section for section in sections if section.uid not in found]
        best = max(left, key=lambda section: _likeness(section, definition), default=None)
        if best is not None and _likeness(best, definition) >= 0:
            found[best.uid] = definition
    return MappingProxyType(found)


def _likeness(section: Section, definition: ProviderDefinition | SectionDefinition) -> int:
    """How many properties are as the INF has them; -1 where it cannot be the one."""
    if isinstance(definition, SectionDefinition) and definition.uid is not None:
        return len(definition.properties) if section.uid.lower() == definition.uid.hex() else -1
    given = definition.properties
    if PR_RESOURCE_TYPE in given and section.get(PR_RESOURCE_TYPE) != given[PR_RESOURCE_TYPE]:
        return -1
    return sum(section.get(tag) == value for tag, value in given.items())
