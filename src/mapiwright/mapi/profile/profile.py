"""A profile as frozen values: sections of properties, and the services and providers that they spell.

Everything that is not understood is carried along: stored values under names that are no property names, values
whose bytes do not decode, and subkeys ([profile-in-the-registry] sections 2 to 4).
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.formats.props import OFFSET_TABLES, checked
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.uid import UID_SIZE, MapiUid
from mapiwright.frozen import frozen
from mapiwright.mapi.inf.definition import declares_entry
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ServiceFlag, StatusFlag, is_secure, other_width, prop_id, prop_type
from mapiwright.workstation.registry import lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapiwright.formats.props import Properties, PropertyValue
    from mapiwright.workstation.registry import Key, Value

ADMIN = "9207f3e0a3b11019908b08002b2a56c2"
"""MAPI's own section: the lists of services and providers, and the address book search path."""
INSTANCE = "8503020000000000c000000000000046"
"""MUID_PROFILE_INSTANCE: a single PR_SEARCH_KEY, unique among all profiles ever made."""

PROVIDER_LISTS: Mapping[int, tags.ResourceType] = MappingProxyType(
    {
        tags.PR_STORE_PROVIDERS: tags.ResourceType.STORE_PROVIDER,
        tags.PR_AB_PROVIDERS: tags.ResourceType.AB_PROVIDER,
        tags.PR_TRANSPORT_PROVIDERS: tags.ResourceType.TRANSPORT_PROVIDER,
        tags.PR_FILTERING_HOOKS: tags.ResourceType.HOOK_PROVIDER,
    }
)
"""The lists of providers, of a service and of the whole profile, by the kind that each one names
([profile-in-the-registry] 7.1; the hooks of a service are by analogy)."""

_VALUE_NAME = re.compile(r"S?([0-9a-f]{4})([0-9a-f]{4})", re.IGNORECASE | re.ASCII)


def value_name(tag: int) -> str:
    """The name of the registry value that stores a property: type first, id second ([profile-in-the-registry] 3)."""
    return f"{prop_type(tag):04x}{prop_id(tag):04x}"


def tag_of_value(name: str) -> int | None:
    """The tag whose property is stored under that name, secure ones included; None where it names no property."""
    match = _VALUE_NAME.fullmatch(name)
    return None if match is None else int(match[2] + match[1], 16)


def is_protected(name: str) -> bool:
    """Whether a stored value holds a secret: named ``S...``, or of a secure id and stored in plain text."""
    tag = tag_of_value(name)
    return tag is not None and (len(name) == 9 or is_secure(tag))


def secure_refused(tag: int, where: str) -> RefusedError:
    """The refusal of a secure property: it is kept encrypted, by DPAPI ([iprofsectimapiprop])."""
    return RefusedError(
        f"property {tag:08X} is secure and cannot be made here",
        where=where,
        remedy="Enter it on Windows as that user, where DPAPI can encrypt it.",
    )


def uids_of(data: bytes) -> tuple[MapiUid, ...]:
    """The MAPIUIDs of a list; a rest of less than 16 bytes is left out."""
    return tuple(MapiUid(data[at : at + UID_SIZE]) for at in range(0, len(data) - UID_SIZE + 1, UID_SIZE))


@frozen
class Section:
    """A profile section.

    ``uid`` is the name of its key as stored: the 16 bytes of its MAPIUID in order, as 32 lower-case hex digits
    (or another name, where it is no MAPIUID). ``properties`` are by tag. ``stored`` are the registry values as
    they were read; a property that has not changed since is written back as those bytes, which is why properties are
    changed through ``with_properties`` only. ``keys`` are its subkeys.
    """

    uid: str
    properties: Properties = MappingProxyType({})
    stored: Mapping[str, Value] = MappingProxyType({})
    keys: Mapping[str, Key] = MappingProxyType({})

    def __repr__(self) -> str:
        """What it is and how much it holds; no value, as any of them may be a secret."""
        known = f" ({name})" if (name := tags.WELL_KNOWN.get(self.uid.lower())) else ""
        secure = f", {len(self.protected)} secure" if self.protected else ""
        return f"<Section {self.uid}{known}: {len(self.properties)} properties{secure}>"

    def get(self, tag: int) -> PropertyValue | None:
        """The property, asked for in either string width ([imapiprop-getprops])."""
        if tag in self.properties:
            return self.properties[tag]
        other = other_width(tag)
        return None if other is None else self.properties.get(other)

    def text(self, tag: int) -> str:
        """A string property, or "" where it is absent."""
        value = self.get(tag)
        return value if isinstance(value, str) else ""

    def number(self, tag: int) -> int:
        """An integer property, or 0 where it is absent."""
        value = self.get(tag)
        return value if isinstance(value, int) else 0

    def uids(self, tag: int) -> tuple[MapiUid, ...]:
        """A list of MAPIUIDs, in order."""
        value = self.get(tag)
        return uids_of(value) if isinstance(value, bytes) else ()

    @property
    def protected(self) -> tuple[int, ...]:
        """The tags of the secure properties that are stored here, encrypted ([iprofsectimapiprop])."""
        return tuple(tag for name in self.stored if is_protected(name) and (tag := tag_of_value(name)) is not None)

    def with_properties(self, changes: Mapping[int, PropertyValue | None]) -> Section:
        """This section with properties set, or removed where the value is None.

        A string that is there in the other width keeps its width; an equal value leaves the stored bytes alone.
        Raises RefusedError for a value in the secure range, and UsageError where value and type do not fit.
        """
        properties = dict(self.properties)
        touched: set[str] = set()
        for tag, value in changes.items():
            other = other_width(tag)
            widths = (tag,) if other is None else (tag, other)
            if value is None:
                for each in widths:
                    properties.pop(each, None)
                    touched |= {upcase(value_name(each)), upcase(f"S{value_name(each)}")}
                continue
            if is_secure(tag):
                raise secure_refused(tag, f"section {self.uid}")
            wanted = checked(prop_type(tag), value)
            for each in [each for each in widths if each in properties] or [tag]:
                if properties.get(each) != wanted:
                    properties[each] = wanted
                    touched.add(upcase(value_name(each)))
        stored = {name: value for name, value in self.stored.items() if upcase(name) not in touched}
        return Section(self.uid, MappingProxyType(properties), MappingProxyType(stored), self.keys)

    def without_width(self) -> Section:
        """This section for a profile of the other bitness: its offset tables are written again, in the new width."""
        stale = {value_name(tag) for tag in self.properties if prop_type(tag) in OFFSET_TABLES}
        kept = {name: value for name, value in self.stored.items() if name.lower() not in stale}
        return Section(self.uid, self.properties, MappingProxyType(kept), self.keys)


@frozen
class Provider:
    """A provider of a service in a profile: its section, seen."""

    section: Section

    def __repr__(self) -> str:
        return f"<Provider {self.display!r} of {self.dll or 'no DLL'}: {self.section.uid}>"

    @property
    def uid(self) -> MapiUid:
        """The uid of its section, which tables show as PR_PROVIDER_UID."""
        return MapiUid(self.section.uid)

    @property
    def display(self) -> str:
        """PR_DISPLAY_NAME, or the vendor's PR_PROVIDER_DISPLAY where that is absent."""
        return self.section.text(tags.PR_DISPLAY_NAME) or self.section.text(tags.PR_PROVIDER_DISPLAY)

    @property
    def kind(self) -> int:
        """PR_RESOURCE_TYPE: a ``tags.ResourceType``, or a number that has no name."""
        return self.section.number(tags.PR_RESOURCE_TYPE)

    @property
    def dll(self) -> str:
        """PR_PROVIDER_DLL_NAME: the base name, without 32."""
        return self.section.text(tags.PR_PROVIDER_DLL_NAME)

    @property
    def service_uid(self) -> MapiUid | None:
        """The uid of the service that it belongs to, or None where it belongs to none."""
        return next(iter(self.section.uids(tags.PR_SERVICE_UID)), None)

    @property
    def flags(self) -> StatusFlag:
        """PR_RESOURCE_FLAGS as a provider means them."""
        return StatusFlag(self.section.number(tags.PR_RESOURCE_FLAGS) & 0xFFFFFFFF)


@frozen
class Service:
    """A message service in a profile: its section, its providers in order, and its extra sections.

    The order is that of its lists: stores, address books, transports, hooks; then those in no list that name it as
    their service: providers of other kinds, and what CreateProvider made of a name that MAPISVC.INF does not have.
    """

    section: Section
    providers: tuple[Provider, ...]
    extras: tuple[Section, ...]

    def __repr__(self) -> str:
        return f"<Service {self.name} {self.display!r} with {len(self.providers)} providers: {self.section.uid}>"

    @property
    def uid(self) -> MapiUid:
        """The uid of its section, which is PR_SERVICE_UID."""
        return MapiUid(self.section.uid)

    @property
    def name(self) -> str:
        """PR_SERVICE_NAME: the key in ``[Services]``, never changed, never localised."""
        return self.section.text(tags.PR_SERVICE_NAME)

    @property
    def display(self) -> str:
        """PR_DISPLAY_NAME, or the name where that is absent."""
        return self.section.text(tags.PR_DISPLAY_NAME) or self.name

    @property
    def dll(self) -> str:
        """PR_SERVICE_DLL_NAME: the base name of the DLL with the entry point, without 32."""
        return self.section.text(tags.PR_SERVICE_DLL_NAME)

    @property
    def entry(self) -> str:
        """PR_SERVICE_ENTRY_NAME: the exported function, or "" where none is named."""
        return self.section.text(tags.PR_SERVICE_ENTRY_NAME)

    @property
    def declares_entry(self) -> bool:
        """Whether its section names an entry point."""
        return declares_entry(self.dll, self.entry)

    @property
    def flags(self) -> ServiceFlag:
        """PR_RESOURCE_FLAGS as a service means them.

        SERVICE_DEFAULT_STORE is dynamic: it is not stored but follows from the providers ([REAL]).
        """
        stored = self.section.number(tags.PR_RESOURCE_FLAGS) & 0xFFFFFFFF & ~int(ServiceFlag.DEFAULT_STORE)
        holds = any(StatusFlag.DEFAULT_STORE in provider.flags for provider in self.providers)
        return ServiceFlag(stored | ServiceFlag.DEFAULT_STORE if holds else stored)


@frozen
class Profile:
    """A profile: its name and its sections by uid, in stored order.

    ``pointer`` is 4 or 8: the width of offsets in multi-valued properties ([profile-in-the-registry] 4.3).
    ``foreign`` are registry values on the profile's key itself, where MAPI keeps none.
    """

    name: str
    sections: Mapping[str, Section]
    pointer: int
    foreign: Mapping[str, Value] = MappingProxyType({})

    def __repr__(self) -> str:
        services = ", ".join(service.name for service in self.services) or "none"
        return f"<Profile {self.name!r} of {len(self.sections)} sections; services: {services}>"

    def section(self, uid: str) -> Section | None:
        """The section of that uid without regard to case."""
        return lookup(self.sections, uid)

    @property
    def admin(self) -> Section:
        """MAPI's own section, empty where there is none yet."""
        return self.section(ADMIN) or Section(ADMIN)

    @property
    def services(self) -> tuple[Service, ...]:
        """The services in the order of PR_SERVICES."""
        found = (self.service(uid) for uid in self.admin.uids(tags.PR_SERVICES))
        return tuple(service for service in found if service is not None)

    def service(self, uid: str) -> Service | None:
        """The service of that uid, or None where PR_SERVICES does not list it or its section is missing."""
        section = self.section(uid)
        if section is None or section.uid.lower() not in self.admin.uids(tags.PR_SERVICES):
            return None
        extras = self.existing(section.uids(tags.PR_SERVICE_EXTRA_UIDS))
        listed = self.existing(uid for tag in PROVIDER_LISTS for uid in section.uids(tag))
        known = {each.uid for each in (*extras, *listed)}
        others = [
            each
            for each in self.sections.values()
            if each.uid not in known
            and each.uids(tags.PR_SERVICE_UID) == (section.uid.lower(),)
            and MapiUid.read(each.uid) is not None  # what has no uid is no provider
        ]
        return Service(section, tuple(Provider(each) for each in (*listed, *others)), extras)

    def providers(self, tag: int) -> tuple[Provider, ...]:
        """The providers of one of PROVIDER_LISTS in the order of the whole profile."""
        return tuple(Provider(section) for section in self.existing(self.admin.uids(tag)))

    def existing(self, uids: Iterable[str]) -> tuple[Section, ...]:
        """The sections of those uids, as far as they are there."""
        return tuple(section for uid in uids if (section := self.section(uid)) is not None)

    def with_sections(self, *sections: Section) -> Profile:
        """This profile with sections added, or replaced where there is one of that uid."""
        merged = dict(self.sections)
        for section in sections:
            merged[section.uid] = section
        return Profile(self.name, MappingProxyType(merged), self.pointer, self.foreign)

    def without_sections(self, uids: Iterable[str]) -> Profile:
        """This profile without those sections."""
        gone = {uid.lower() for uid in uids}
        kept = {uid: section for uid, section in self.sections.items() if uid.lower() not in gone}
        return Profile(self.name, MappingProxyType(kept), self.pointer, self.foreign)
