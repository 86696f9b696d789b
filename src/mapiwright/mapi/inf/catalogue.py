"""What MAPISVC.INF means: the message services of a workstation, their providers and extra sections.

Three levels ([file-format-of-mapisvc-inf]): ``[Services]``, ``[Default Services]`` and ``[Help File Mappings]`` are
global; a key in ``[Services]`` names the section of that service; that one names its provider sections and its extra
sections. The key is the service's name, its right side a name for people that PR_DISPLAY_NAME overrules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import FindingsError, NotFoundError, Severity
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.definition import ProviderDefinition, SectionDefinition, ServiceDefinition, declares_entry
from mapiwright.mapi.inf.rules import finding
from mapiwright.mapi.inf.value import ValueFault, is_tolerated, read_bytes, read_value, split_list
from mapiwright.mapi.props import tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Entry, Inf, InfSection
    from mapiwright.formats.props import Properties, PropertyValue

WHERE = "MAPISVC.INF"
"""The file, where none is named."""
SERVICES = "Services"
DEFAULT_SERVICES = "Default Services"
HELP_FILES = "Help File Mappings"
GLOBAL = (SERVICES, DEFAULT_SERVICES, HELP_FILES)
"""The sections of the first level."""

PROVIDERS = "Providers"
SECTIONS = "Sections"
UID = "UID"
WIZARD_ENTRY = "WIZARD_ENTRY_NAME"
LINKS = frozenset({upcase(PROVIDERS), upcase(SECTIONS)})
"""The keys that name other sections, as they compare."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a section says: its properties, its other keys, and the faults of both."""

    properties: Properties
    keywords: Mapping[str, str]
    faults: tuple[Finding, ...]

    def text(self, tag: int) -> str:
        """A string property of either width, or ""."""
        values = [value for given, value in self.properties.items() if tags.prop_id(given) == tags.prop_id(tag)]
        return next((value for value in values if isinstance(value, str)), "")

    def texts(self, tag: int) -> tuple[str, ...]:
        """A property of several strings of either width, or ()."""
        values = [value for given, value in self.properties.items() if tags.prop_id(given) == tags.prop_id(tag)]
        found = next((value for value in values if isinstance(value, tuple)), ())
        return tuple(value for value in found if isinstance(value, str))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The services of a MAPISVC.INF: names and their right sides, in the order of the file."""

    inf: Inf
    services: Mapping[str, str]
    default_services: tuple[str, ...]
    help_files: Mapping[str, str]
    where: str = WHERE
    """The file, for errors."""

    @classmethod
    def of(cls, inf: Inf, where: str = WHERE) -> Catalogue:
        """What the document means. Services are listed as they are named; ``definition`` reads one."""
        services = _global(inf, SERVICES)
        known = {upcase(name) for name in services}
        defaults = tuple(name for name in _global(inf, DEFAULT_SERVICES) if upcase(name) in known)
        return cls(inf, services, defaults, _global(inf, HELP_FILES), where)

    def find(self, service: str) -> ServiceDefinition | None:
        """The definition of a service, or None where ``[Services]`` has no such key; raises as ``definition``."""
        listed = any(upcase(name) == upcase(service) for name in self.services)
        return self.definition(service) if listed else None

    def definition(self, service: str) -> ServiceDefinition:
        """What a profile is given when the service is added to it.

        Raises NotFoundError where there is no such service, and FindingsError with all that is wrong in its sections.
        """
        name = next((name for name in self.services if upcase(name) == upcase(service)), None)
        if name is None:
            raise NotFoundError(
                f"there is no message service {service!r}",
                where=self.where,
                expected=", ".join(self.services) or "a service in [Services]",
            )
        section = self.inf.section(name)
        if section is None:
            listed = self.inf.section(SERVICES)
            entry = listed.entry(name) if listed is not None else None
            line = entry.index + 1 if entry is not None else 0
            faults = [finding("MW1011", f"there is no section [{name}]", line=line)]
        else:
            read = read_section(section)
            providers, provider_faults = _linked(self.inf, section, PROVIDERS, "MW1013")
            extras, extra_faults = _linked(self.inf, section, SECTIONS, "MW1014")
            faults = [*read.faults, *provider_faults, *extra_faults]
        errors = [fault for fault in faults if fault.severity is Severity.ERROR]
        if section is None or errors:
            raise FindingsError(
                f"the message service {name!r} cannot be used as MAPISVC.INF defines it",
                [replace(fault, where=self.where) for fault in errors],
                remedy="Correct the lines; `mapiwright inf check` shows all findings of a file.",
            )
        return ServiceDefinition(
            name=name,
            display=read.text(tags.PR_DISPLAY_NAME) or self.services[name],
            properties=read.properties,
            providers=tuple(ProviderDefinition(below.name, found.properties) for below, found in providers),
            extras=tuple(SectionDefinition(below.name, found.properties, uid_of(below)) for below, found in extras),
            dll=read.text(tags.PR_SERVICE_DLL_NAME),
            entry=read.text(tags.PR_SERVICE_ENTRY_NAME),
            support_files=read.texts(tags.PR_SERVICE_SUPPORT_FILES),
            delete_files=read.texts(tags.PR_SERVICE_DELETE_FILES),
            keywords=read.keywords,
        )


def declared_entry(catalogue: Catalogue, service: str) -> tuple[str, str] | None:
    """The DLL and the function that a service's lines name, or None; a fault elsewhere in them does not matter."""
    section = catalogue.inf.section(service)
    if section is None:
        return None
    read = read_section(section)
    dll, entry = read.text(tags.PR_SERVICE_DLL_NAME), read.text(tags.PR_SERVICE_ENTRY_NAME)
    return (dll, entry) if declares_entry(dll, entry) else None


def links(section: InfSection, keyword: str) -> tuple[str, ...]:
    """The section names that ``Providers`` or ``Sections`` lists."""
    return split_list(section.value(keyword) or "")


def uid_of(section: InfSection) -> bytes | None:
    """The 16 bytes of ``UID=``, in plain order; None where it is absent or faulty."""
    uid = section.value(UID)
    read = read_bytes(uid, 16) if uid is not None else None
    return read if isinstance(read, bytes) else None


def read_section(section: InfSection) -> Reading:
    """The properties of a service, provider or extra section; a faulty one is left out and reported."""
    properties: dict[int, PropertyValue] = {}
    keywords: dict[str, str] = {}
    faults = [finding("MW1001", "the line holds a NUL character", line=index + 1) for index in section.damaged]
    for entry in section.entries:
        if section.entry(entry.key) is not entry:
            continue  # Windows does not see it
        word = upcase(entry.key)
        if word in LINKS or word == UID:
            faults.extend(_uid_faults(entry))
            continue
        if word == WIZARD_ENTRY:
            keywords[WIZARD_ENTRY] = entry.value
            continue
        tag = tags.tag_of(entry.key)
        if tag is None:
            keywords[entry.key] = entry.value
            unknown = "MW1043" if word.startswith("PR_") else "MW1022"
            faults.append(_fault(entry, unknown, f"{entry.key} is not known"))
            continue
        value = _forbidden(entry, tag) or read_value(tag, entry.value)
        if isinstance(value, ValueFault):
            faults.append(_fault(entry, value.id, value.what))
        elif tag in properties:
            faults.append(_fault(entry, "MW1007", f"{entry.key} is {tags.name_of(tag)}, which is there already"))
        else:
            properties[tag] = value
            if is_tolerated(tag, entry.value):
                faults.append(_fault(entry, "MW1048", f"{entry.key}={entry.value} was read as {value!r}"))
    return Reading(MappingProxyType(properties), MappingProxyType(keywords), tuple(faults))


def _forbidden(entry: Entry, tag: int) -> ValueFault | None:
    """Why the property may not be in the file at all; its value is not looked at, for it may be a secret."""
    if tags.is_secure(tag):
        return ValueFault("MW1045", f"{entry.key} is a secure property")
    if tags.prop_id(tag) >= 0x8000:
        return ValueFault("MW1046", f"{entry.key} is a named property")
    if tags.prop_id(tag) == tags.prop_id(tags.PR_SERVICE_UID):
        return ValueFault("MW1044", f"{entry.key} is in the file")
    return None


def _uid_faults(entry: Entry) -> Iterator[Finding]:
    if upcase(entry.key) == UID:
        read = read_bytes(entry.value, 16)
        if isinstance(read, ValueFault):
            yield _fault(entry, "MW1040" if read.id == "MW1040" else "MW1049", f"UID: {read.what}")


def _fault(entry: Entry, id_: str, what: str) -> Finding:
    return finding(id_, what, line=entry.index + 1)


def _global(inf: Inf, name: str) -> Mapping[str, str]:
    """The keys of a global section and their values; of two with the same name, the first."""
    section = inf.section(name)
    seen = [entry for entry in section.entries if section.entry(entry.key) is entry] if section is not None else []
    return MappingProxyType({entry.key: entry.value for entry in seen})


def _linked(
    inf: Inf, service: InfSection, keyword: str, missing: str
) -> tuple[list[tuple[InfSection, Reading]], list[Finding]]:
    """The sections that a service names, read, and their faults."""
    found: list[tuple[InfSection, Reading]] = []
    faults: list[Finding] = []
    for name in links(service, keyword):
        section = inf.section(name)
        if section is None:
            entry = service.entry(keyword)
            faults.append(finding(missing, f"there is no section [{name}]", line=entry.index + 1 if entry else 0))
        else:
            read = read_section(section)
            found.append((section, read))
            faults.extend(read.faults)
    return found, faults
