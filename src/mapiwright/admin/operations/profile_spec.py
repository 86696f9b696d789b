"""A profile that is to be made, as data: its services with their properties, its sections and its roles."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

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
