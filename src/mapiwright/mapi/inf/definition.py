"""What a service is made from: the definitions that MAPISVC.INF holds, with their properties typed.

All values are plain data. Property tags are 32-bit integers, id in the high half and type in the low half
([property-entries-in-mapisvc-inf-message-service-sections]).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.formats.props import Properties


@dataclass(frozen=True, slots=True)
class ProviderDefinition:
    """A provider section of MAPISVC.INF ([mapisvc-inf-service-provider-sections])."""

    section: str
    properties: Properties


@dataclass(frozen=True, slots=True)
class SectionDefinition:
    """An extra section, named by ``Sections=``; ``uid`` is its fixed 16 bytes where ``UID=`` gives them."""

    section: str
    properties: Properties
    uid: bytes | None = None


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """A message service as MAPISVC.INF defines it ([mapisvc-inf-message-service-sections]).

    ``name`` is the key in ``[Services]``, which is PR_SERVICE_NAME; ``display`` is PR_DISPLAY_NAME, or the right
    side of ``[Services]`` where that is absent. ``dll`` and ``entry`` are empty where there is no entry point.
    """

    name: str
    display: str
    properties: Properties
    providers: tuple[ProviderDefinition, ...] = ()
    extras: tuple[SectionDefinition, ...] = ()
    dll: str = ""
    entry: str = ""
    support_files: tuple[str, ...] = ()
    delete_files: tuple[str, ...] = ()
    keywords: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Keys that are no properties, such as WIZARD_ENTRY_NAME."""

    @property
    def declares_entry(self) -> bool:
        """Whether it names an entry point."""
        return declares_entry(self.dll, self.entry)


def declares_entry(dll: str, entry: str) -> bool:
    """Whether an entry point is named: its DLL and its function ([pidtagserviceentryname-canonical-property])."""
    return bool(dll and entry)
