"""A profile as frozen values: sections of properties, and the services and providers that they spell.

Everything that is not understood is carried along: stored values under names that are no property names, values
whose bytes do not decode, and subkeys ([profile-in-the-registry] sections 2 to 4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.mapi.definition import Properties, PropertyValue
    from mapiwright.workstation.registry import Key, Value

ADMIN = "9207f3e0a3b11019908b08002b2a56c2"
"""MAPI's own section: the lists of services and providers, and the address book search path."""
INSTANCE = "8503020000000000c000000000000046"
"""MUID_PROFILE_INSTANCE: a single PR_SEARCH_KEY, unique among all profiles ever made."""


@dataclass(frozen=True, slots=True)
class Section:
    """A profile section.

    ``uid`` is the name of its key as stored: the 16 bytes of its MAPIUID in order, as 32 lower-case hex digits
    (or another name, where it is no MAPIUID). ``properties`` are by tag. ``stored`` are the registry values as
    they were read; a property that has not changed since is written back as those bytes. ``keys`` are its subkeys.
    """

    uid: str
    properties: Properties = field(default_factory=lambda: MappingProxyType({}))
    stored: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    keys: Mapping[str, Key] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, tag: int) -> PropertyValue | None:
        """The property, asked for in either string width ([imapiprop-getprops])."""

    def text(self, tag: int) -> str:
        """A string property, or "" where it is absent."""

    def number(self, tag: int) -> int:
        """An integer property, or 0 where it is absent."""

    def uids(self, tag: int) -> tuple[str, ...]:
        """A list of MAPIUIDs, as section names, in order."""

    def with_properties(self, changes: Mapping[int, PropertyValue | None]) -> Section:
        """This section with properties set, or removed where the value is None."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of a service in a profile: its section, seen."""

    section: Section
    # uid, display, kind (tags.RESOURCE_TYPE), dll, service_uid, flags


@dataclass(frozen=True, slots=True)
class Service:
    """A message service in a profile: its section, its providers in order, and its extra sections."""

    section: Section
    providers: tuple[Provider, ...]
    extras: tuple[Section, ...]
    # uid, name, display, dll, entry, flags


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile: its name and its sections by uid, in stored order.

    ``pointer`` is 4 or 8: the width of offsets in multi-valued properties ([profile-in-the-registry] 4.3).
    ``foreign`` are registry values on the profile's key itself, where MAPI keeps none.
    """

    name: str
    sections: Mapping[str, Section]
    pointer: int
    foreign: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def section(self, uid: str) -> Section | None:
        """The section of that uid without regard to case."""

    @property
    def services(self) -> tuple[Service, ...]:
        """The services in the order of PR_SERVICES."""
