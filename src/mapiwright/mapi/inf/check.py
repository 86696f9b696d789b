"""Every finding of a MAPISVC.INF at once: the text, the links, the providers, the flags, the DLLs.

The rules and their ids are in rules.py. A value that is only wrong because its rest is on the next line is one fault,
not two: the stray line is reported, and it names both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mapiwright.formats.inf import LineKind, utf8_lines
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import (
    DEFAULT_SERVICES,
    GLOBAL,
    HELP_FILES,
    LINKS,
    PROVIDERS,
    SECTIONS,
    SERVICES,
    UID,
    WIZARD_ENTRY,
    links,
    read_section,
)
from mapiwright.mapi.inf.check_dll import dll_faults, file_of_dll, path_faults, shared_files, with_extension
from mapiwright.mapi.inf.rules import finding, quoted, shown_value
from mapiwright.mapi.inf.value import ValueFault, read_value
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ResourceType, ServiceFlag, StatusFlag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Entry, Inf, InfSection
    from mapiwright.mapi.inf.catalogue import Reading

CONTROL = re.compile(r"[\x01-\x08\x0a-\x19\x1b-\x1f\x7f]")
SURROGATE = re.compile("[\ud800-\udfff]")
"""What text has for bytes that are not a character."""

FAULTS_OF_VALUES = frozenset({"MW1040", "MW1041", "MW1042"})
"""What may be wrong with a value that ends too early."""

LONGEST_COMPONENT = 30
"""Characters of a component in [Help File Mappings] ([mapisvc-inf-help-file-mappings-section])."""

REQUIRED = (tags.PR_PROVIDER_DLL_NAME, tags.PR_PROVIDER_DISPLAY, tags.PR_RESOURCE_TYPE)
"""What a provider section must have ([mapisvc-inf-service-provider-sections])."""

PROVIDER_TYPES = frozenset(
    {
        ResourceType.STORE_PROVIDER,
        ResourceType.TRANSPORT_PROVIDER,
        ResourceType.AB_PROVIDER,
        ResourceType.HOOK_PROVIDER,
    }
)

SERVICE_EXCLUSIVE = ((ServiceFlag.PRIMARY_IDENTITY, ServiceFlag.NO_PRIMARY_IDENTITY),)
STATUS_EXCLUSIVE = (
    (StatusFlag.PRIMARY_IDENTITY, StatusFlag.NO_PRIMARY_IDENTITY),
    (StatusFlag.DEFAULT_STORE, StatusFlag.NO_DEFAULT_STORE),
)
"""Flags of which at most one is set ([pidtagresourceflags-canonical-property], [mapi-primary-identity])."""


def check(
    inf: Inf, where: str = "MAPISVC.INF", *, code_page: str = "cp1252", within: Inf | None = None
) -> tuple[Finding, ...]:
    """All findings of a document, by line.

    ``where`` names the file. ``code_page`` is the ANSI code page of the workstation, which paths must survive.
    ``within`` is the document that a fragment is meant for: the sections that the fragment links to may be there.
    """
    checker = _Checker(inf, code_page, within)
    found = [*checker.text(), *checker.globals(), *checker.services(), *checker.belongings(), *checker.values()]
    return tuple(replace(one, where=where) for one in sorted(found, key=lambda one: (one.line, one.id)))


@dataclass(frozen=True, slots=True)
class _Linked:
    """A link: the service section that holds it, its line, and the section that it leads to."""

    service: InfSection
    keyword: str
    entry: Entry
    section: InfSection


class _Checker:
    """One document being checked: its sections by the part they play."""

    def __init__(self, inf: Inf, code_page: str, within: Inf | None) -> None:
        self.inf = inf
        self.code_page = code_page
        self.within = within
        self.broken = {
            index - 1
            for index, line in enumerate(inf.lines)
            if line.kind is LineKind.STRAY
            and index
            and inf.lines[index - 1].kind is LineKind.ENTRY
            and "[" not in line.text
        }
        self.readings = {section.header: read_section(section) for section in inf.sections}
        found = [inf.section(entry.key) for entry in self._entries(SERVICES)]
        self.listed = {section.header: section for section in found if section is not None}
        self.links = {
            service.header: [
                _Linked(service, keyword, entry, section)
                for keyword in (PROVIDERS, SECTIONS)
                if (entry := service.entry(keyword)) is not None
                for name in links(service, keyword)
                if (section := inf.section(name)) is not None
            ]
            for service in self.listed.values()
        }
        every = [link for below in self.links.values() for link in below]
        self.providers = {link.section.header: link.section for link in every if link.keyword == PROVIDERS}
        self.extras = {link.section.header: link.section for link in every if link.keyword == SECTIONS}

    def _entries(self, name: str) -> tuple[Entry, ...]:
        section = self.inf.section(name)
        return section.entries if section is not None else ()

    def _is_there(self, name: str) -> bool:
        """Whether there is a section of that name, here or in the document that this is a fragment for."""
        return self.inf.section(name) is not None or (
            self.within is not None and self.within.section(name) is not None
        )

    def text(self) -> Iterator[Finding]:
        """What is wrong with the lines, whatever they mean."""
        if self.inf.encoding.mark:
            yield finding("MW1003", f"the file begins with the byte order mark of {self.inf.encoding.codec}", line=1)
        in_utf8 = utf8_lines(self.inf)
        if in_utf8:
            text, codec = self.inf.lines[in_utf8[0] - 1].text, self.inf.encoding.codec
            what = f"UTF-8 in {len(in_utf8)} line(s), which {codec} reads as {shown_value(text, text.strip())}"
            yield finding("MW1009", what, line=in_utf8[0])
        first = self.inf.sections[0].header if self.inf.sections else len(self.inf.lines)
        for index, line in enumerate(self.inf.lines):
            number, shown = index + 1, shown_value(line.text, line.text.strip())
            if line.kind is LineKind.DAMAGED:
                yield finding("MW1001", "the line holds a NUL character", line=number)
                continue
            if line.kind is LineKind.STRAY:
                above = f"; it looks like the rest of line {index}" if index - 1 in self.broken else ""
                yield finding(
                    "MW1001",
                    f"{shown} is no section, key or comment{above}",
                    line=number,
                )
            if line.kind is LineKind.ENTRY and index < first:
                yield finding("MW1002", f"{line.name} is above the first section", line=number)
            if line.kind is not LineKind.COMMENT and SURROGATE.search(line.text):
                yield finding(
                    "MW1004",
                    f"{shown} is not {self.inf.encoding.codec}",
                    line=number,
                )
            if CONTROL.search(line.text):
                yield finding("MW1005", "the line holds a control character", line=number)
            if line.kind is LineKind.SECTION and line.text.strip() != f"[{line.name.strip()}]":
                yield finding("MW1008", f"the header of [{line.name}] holds more than its name", line=number)
        for section in self.inf.sections:
            original = self.inf.section(section.name)
            if original is not None and original is not section:
                yield finding(
                    "MW1006",
                    f"[{section.name}] is on line {original.header + 1} already",
                    line=section.header + 1,
                )
            for entry in section.entries:
                before = section.entry(entry.key)
                if before is not None and before is not entry:
                    what = f"{entry.key} is on line {before.index + 1} of [{section.name}] already"
                    yield finding("MW1007", what, line=entry.index + 1)

    def globals(self) -> Iterator[Finding]:
        """What is wrong with the three sections of the first level."""
        if self.inf.section(SERVICES) is None and self.within is None:
            yield finding("MW1010", "there is no [Services] section")
        services = {upcase(entry.key) for entry in self._entries(SERVICES)}
        if self.within is not None and (target := self.within.section(SERVICES)) is not None:
            services |= {upcase(entry.key) for entry in target.entries}
        for entry in self._entries(SERVICES):
            if not self._is_there(entry.key):
                yield finding("MW1011", f"there is no section [{entry.key}]", line=entry.index + 1)
        for entry in self._entries(DEFAULT_SERVICES):
            if upcase(entry.key) not in services:
                yield finding("MW1017", f"{entry.key} is not in [Services]", line=entry.index + 1)
        for entry in self._entries(HELP_FILES):
            if len(entry.key) > LONGEST_COMPONENT:
                what = f"{quoted(entry.key)} has {len(entry.key)} characters"
                yield finding("MW1018", what, line=entry.index + 1)

    def services(self) -> Iterator[Finding]:
        """What is wrong with the sections of services, except their values."""
        for section in self.listed.values():
            read, line = self.readings[section.header], section.header + 1
            known = self.within.section(section.name) if self.within is not None else None
            if not links(section, PROVIDERS) and not (known is not None and links(known, PROVIDERS)):
                yield finding("MW1012", f"[{section.name}] names no provider", line=line)
            for keyword, id_ in ((PROVIDERS, "MW1013"), (SECTIONS, "MW1014")):
                entry = section.entry(keyword)
                for name in links(section, keyword):
                    if entry is not None and not self._is_there(name):
                        yield finding(id_, f"there is no section [{name}]", line=entry.index + 1)
            dll, name = read.text(tags.PR_SERVICE_DLL_NAME), read.text(tags.PR_SERVICE_ENTRY_NAME)
            if bool(dll) != bool(name):
                missing = "PR_SERVICE_ENTRY_NAME" if dll else "PR_SERVICE_DLL_NAME"
                yield finding("MW1034", f"[{section.name}] has no {missing}", line=line)
            elif not dll:
                yield finding("MW1035", f"[{section.name}] has no entry point", line=line)
            if WIZARD_ENTRY in read.keywords and not (dll and name):
                yield finding("MW1036", f"[{section.name}] has WIZARD_ENTRY_NAME but no entry point", line=line)
            yield from self._flags(section, "SERVICE_")
            yield from self._unlisted_dlls(section)
        for service, name, owner in shared_files([(one, self._readings_of(one)) for one in self.listed.values()]):
            entry = service.entry("PR_SERVICE_DELETE_FILES")
            line = entry.index + 1 if entry is not None else service.header + 1
            yield finding("MW1039", f"[{owner.name}] uses {name} too", line=line)

    def _readings_of(self, service: InfSection) -> list[Reading]:
        """The reading of a service's own section, and those of its providers."""
        below = [link.section for link in self.links[service.header] if link.keyword == PROVIDERS]
        return [self.readings[section.header] for section in (service, *below)]

    def _unlisted_dlls(self, service: InfSection) -> Iterator[Finding]:
        own, *others = self._readings_of(service)
        files = {upcase(name) for name in own.texts(tags.PR_SERVICE_SUPPORT_FILES)}
        if not files:
            return
        named = [own.text(tags.PR_SERVICE_DLL_NAME), *(read.text(tags.PR_PROVIDER_DLL_NAME) for read in others)]
        for name in dict.fromkeys(upcase(name) for name in named if name):
            base = name.rpartition("\\")[2]
            if not files & {name, base, upcase(with_extension(base)), upcase(file_of_dll(base))}:
                what = f"PR_SERVICE_SUPPORT_FILES of [{service.name}] does not name {name}"
                yield finding("MW1038", what, line=service.header + 1)

    def belongings(self) -> Iterator[Finding]:
        """What is wrong with provider sections and extra sections, except their values."""
        taken: dict[int, _Linked] = {}
        for link in (link for below in self.links.values() for link in below):
            first = taken.setdefault(link.section.header, link)
            if first is not link:
                what = f"[{link.section.name}] is named by [{first.service.name}] already"
                yield finding("MW1021", what, line=link.entry.index + 1)
        for section in self.providers.values():
            yield from self._provider(section)
        kinds: dict[tuple[object, str], InfSection] = {}
        for section in self.providers.values():
            read = self.readings[section.header]
            kind = (read.properties.get(tags.PR_RESOURCE_TYPE), upcase(read.text(tags.PR_PROVIDER_DLL_NAME)))
            if None not in kind and kind[1] and (twin := kinds.setdefault(kind, section)) is not section:
                what = f"[{section.name}] and [{twin.name}] are of one type in one DLL"
                yield finding("MW1054", what, line=section.header + 1)
        roles = self.providers.keys() | self.extras.keys() | self.listed.keys()
        below_service, no_extra = roles - self.listed.keys(), roles - self.extras.keys()
        named = {upcase(name) for name in GLOBAL}
        for section in self.inf.sections:
            if self.inf.section(section.name) is not section or upcase(section.name) in named:
                continue
            known = self.within is not None and self.within.section(section.name) is not None
            if section.header not in roles and not known:
                yield finding("MW1020", f"nothing links to [{section.name}]", line=section.header + 1)
            for entry in section.entries:
                if section.header in below_service and upcase(entry.key) in LINKS:
                    yield finding("MW1019", f"{entry.key} in [{section.name}]", line=entry.index + 1)
                if section.header in no_extra and upcase(entry.key) == UID:
                    yield finding("MW1049", f"UID in [{section.name}]", line=entry.index + 1)

    def _provider(self, section: InfSection) -> Iterator[Finding]:
        read, line = self.readings[section.header], section.header + 1
        given = {tags.prop_id(tag) for tag in read.properties} | self._faulty(section)
        for tag in REQUIRED:
            if tags.prop_id(tag) not in given:
                yield finding("MW1015", f"[{section.name}] has no {tags.name_of(tag)}", line=line)
        if tags.prop_id(tags.PR_DISPLAY_NAME) not in given:
            yield finding("MW1016", f"[{section.name}] has no PR_DISPLAY_NAME", line=line)
        kind = read.properties.get(tags.PR_RESOURCE_TYPE)
        if kind is not None and kind not in PROVIDER_TYPES:
            yield finding("MW1053", f"the PR_RESOURCE_TYPE of [{section.name}] is {kind!r}", line=line)
        yield from self._flags(section, "STATUS_")

    def _faulty(self, section: InfSection) -> set[int]:
        """The ids of properties that are there, but could not be read."""
        lines = {fault.line - 1 for fault in self.readings[section.header].faults}
        found = {tags.tag_of(entry.key) for entry in section.entries if entry.index in lines}
        return {tags.prop_id(tag) for tag in found if tag is not None}

    def _flags(self, section: InfSection, prefix: str) -> Iterator[Finding]:
        """Whether PR_RESOURCE_FLAGS agrees with itself and with the level of the section."""
        entry = section.entry("PR_RESOURCE_FLAGS")
        line = entry.index + 1 if entry is not None else section.header + 1
        if tags.prop_id(tags.PR_RESOURCE_FLAGS) in self._faulty(section):
            return
        flags = self.readings[section.header].properties.get(tags.PR_RESOURCE_FLAGS, 0)
        assert isinstance(flags, int)  # noqa: S101 - the tag is that of a PT_LONG
        exclusive = SERVICE_EXCLUSIVE if prefix == "SERVICE_" else STATUS_EXCLUSIVE
        for one, other in exclusive:
            if flags & one and flags & other:
                what = f"[{section.name}] has both {prefix}{one.name} and {prefix}{other.name}"
                yield finding("MW1050", what, line=line)
        identity = ServiceFlag.PRIMARY_IDENTITY | ServiceFlag.NO_PRIMARY_IDENTITY
        if prefix == "SERVICE_" and not flags & identity:
            yield finding("MW1051", f"[{section.name}] states no identity", line=line)
        ours = ("SERVICE_",) if prefix == "SERVICE_" else ("STATUS_", "HOOK_")
        for name in entry.value.split("|") if entry is not None else ():
            symbol = name.strip().upper()
            if symbol in tags.FLAG_SYMBOLS and not symbol.startswith(ours):
                yield finding("MW1052", f"{symbol} in [{section.name}]", line=line)

    def values(self) -> Iterator[Finding]:
        """What is wrong with properties and with the names of DLLs, in every section but the global ones."""
        named = {upcase(name) for name in GLOBAL}
        for section in self.inf.sections:
            if upcase(section.name) in named:
                continue
            yield from (fault for fault in self.readings[section.header].faults if not self._is_healed(fault))
            for entry in section.entries:
                yield from dll_faults(entry)
                yield from path_faults(entry, self.code_page)

    def _is_healed(self, fault: Finding) -> bool:
        """Whether the next line is what a faulty value lacks."""
        if fault.line - 1 not in self.broken or fault.id not in FAULTS_OF_VALUES:
            return False
        line, rest = self.inf.lines[fault.line - 1], self.inf.lines[fault.line]
        tag = tags.tag_of(line.name)
        return tag is not None and not isinstance(read_value(tag, line.value + rest.text.strip()), ValueFault)
