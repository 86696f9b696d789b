"""What a service may see of a profile: its own sections, under the names that MAPISVC.INF gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.service.contract import VisibleSection, is_uid
from mapiwright.mapi.profile.profile import INSTANCE
from mapiwright.mapi.profile.resemblance import matched
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.protected import public

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.mapi.profile.profile import Profile, Section, Service


def visible_sections(service: Service, definition: ServiceDefinition | None) -> tuple[VisibleSection, ...]:
    """The sections of a service: its own, its providers' and its extra ones.

    A section that the INF does not know, or whose service is no longer in it, goes by its uid. What is encrypted at
    rest is opaque here, and is not shown.
    """
    providers = definition.providers if definition is not None else ()
    extras = definition.extras if definition is not None else ()
    of_providers = [provider.section for provider in service.providers]
    return (
        VisibleSection(service.uid, "service", service.name, public(service.section.properties)),
        *_named(
            "provider", of_providers, {uid: made.section for uid, made in matched(of_providers, providers).items()}
        ),
        *_named(
            "extra", service.extras, {uid: made.section for uid, made in matched(service.extras, extras).items()}
        ),
    )


def search_key_of(profile: Profile) -> bytes:
    """What identifies a profile among all that were ever made: PR_SEARCH_KEY; empty where it has none."""
    instance = profile.section(INSTANCE)
    key = instance.get(tags.PR_SEARCH_KEY) if instance is not None else None
    return key if isinstance(key, bytes) else b""


def _named(role: str, sections: Sequence[Section], names: Mapping[str, str]) -> Iterator[VisibleSection]:
    for section in sections:
        if not is_uid(section.uid):
            continue  # no entry point can open it: sections are opened by MAPIUID
        yield VisibleSection(section.uid, role, names.get(section.uid, section.uid), public(section.properties))
