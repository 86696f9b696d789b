"""The operations on the profiles of a user, a closed union of plain data, and what a profile is made from.

Profiles and services go by their names, and services also by their uids; sections and providers go by their uids, and
address lists by their entry ids. Callers with a user's text for one of these look it up first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.formats.props import Properties


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service of MAPISVC.INF that is to be added, by its name in ``[Services]``.

    ``display`` is its name for people, where MAPISVC.INF gives none. ``properties`` are what it is configured with,
    by a call of its entry point, after all services are there. ``sections`` are properties that are written into its
    sections as they are: under "" into its own, else into that of the provider or the extra section of that name.
    """

    service: str
    display: str | None = None
    properties: Properties = field(default_factory=lambda: MappingProxyType({}), repr=False)
    sections: Mapping[str, Properties] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """A profile that is to be made.

    ``default_services`` puts the default services of MAPISVC.INF before ``services``; one whose entry point fails is
    left out. ``application`` hides it from lists. ``sections`` are properties by the uid of a section, in hex digits.
    ``default_store`` and ``primary_identity`` are places in ``services``, from 0. ``default`` makes it the default
    profile.
    """

    name: str
    services: tuple[ServiceSpec, ...] = ()
    default: bool = False
    default_services: bool = False
    application: bool = False
    sections: Mapping[str, Properties] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    default_store: int | None = None
    primary_identity: int | None = None


@dataclass(frozen=True, slots=True)
class CreateProfile:
    """Make a profile."""

    spec: ProfileSpec


@dataclass(frozen=True, slots=True)
class CopyProfile:
    """Copy a profile."""

    profile: str
    new_name: str


@dataclass(frozen=True, slots=True)
class RenameProfile:
    """Give a profile another name."""

    profile: str
    new_name: str


@dataclass(frozen=True, slots=True)
class DeleteProfile:
    """Remove a profile; each of its services is called before."""

    profile: str


@dataclass(frozen=True, slots=True)
class SetDefaultProfile:
    """Make a profile the default one, or none."""

    profile: str | None


@dataclass(frozen=True, slots=True)
class AskForProfile:
    """Have Outlook ask for the profile when it starts, or always use the default one."""

    ask: bool


@dataclass(frozen=True, slots=True)
class AddServices:
    """Add services to a profile; they are configured when all are there."""

    profile: str
    services: tuple[ServiceSpec, ...]


@dataclass(frozen=True, slots=True)
class RemoveService:
    """Remove a service from a profile."""

    profile: str
    service: str


@dataclass(frozen=True, slots=True)
class CopyService:
    """Copy a service into another profile, or once more into its own, where ``to`` is ""."""

    profile: str
    service: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class ConfigureService:
    """Have a service configured with properties, by a call of its entry point."""

    profile: str
    service: str
    properties: Properties = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetDefaultStore:
    """Have mail delivered to the store of a provider, or to none."""

    profile: str
    provider: str | None


@dataclass(frozen=True, slots=True)
class SetPrimaryIdentity:
    """Let a service provide the identity of sessions, or none."""

    profile: str
    service: str | None


@dataclass(frozen=True, slots=True)
class OrderTransports:
    """Put the transport providers, all of them, in an order."""

    profile: str
    providers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetDefaultDirectory:
    """Show an address list first; None leaves it to MAPI."""

    profile: str
    entry_id: bytes | None


@dataclass(frozen=True, slots=True)
class SetPersonalAddressBook:
    """Keep personal addresses in an address list, or in none."""

    profile: str
    entry_id: bytes | None


@dataclass(frozen=True, slots=True)
class SetSearchOrder:
    """Check names in address lists, in this order; none leaves it to MAPI."""

    profile: str
    entry_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SetProperties:
    """Set properties in a section; one that is not there is made."""

    profile: str
    section: str
    properties: Properties = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeleteProperties:
    """Remove properties from a section."""

    profile: str
    section: str
    tags: tuple[int, ...]


Operation: TypeAlias = (
    CreateProfile
    | CopyProfile
    | RenameProfile
    | DeleteProfile
    | SetDefaultProfile
    | AskForProfile
    | AddServices
    | RemoveService
    | CopyService
    | ConfigureService
    | SetDefaultStore
    | SetPrimaryIdentity
    | OrderTransports
    | SetDefaultDirectory
    | SetPersonalAddressBook
    | SetSearchOrder
    | SetProperties
    | DeleteProperties
)
