"""A profile as a PRF file that recreates it, as far as the format allows; the rest is reported.

What MAPISVC.INF gives a service is not repeated: the file holds what was changed since. Its [General] makes no copy
of a profile that is there, so that importing it twice is importing it once ([prf] 2.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, RefusedError, UsageError
from mapiwright.formats import inf
from mapiwright.formats.inf import header_text
from mapiwright.formats.prf import COMMENTS, PTYPES, Slot, slot_text, value_text
from mapiwright.formats.props import PropertyType
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.rules import quoted
from mapiwright.mapi.prf.labels import builtin_services, label_of_service
from mapiwright.mapi.prf.lost_roles import lost_roles
from mapiwright.mapi.prf.reading import ACCOUNT_LIST, GENERAL, SERVICE_LIST
from mapiwright.mapi.prf.rules import finding
from mapiwright.mapi.profile import accounts, roles
from mapiwright.mapi.profile.edit import is_settable
from mapiwright.mapi.profile.profile import ADMIN, INSTANCE
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.protected import is_secret_property
from mapiwright.mapi.props.tags import ServiceFlag, prop_id, prop_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Inf
    from mapiwright.formats.props import Properties, PropertyValue
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.mapi.prf.labels import Label
    from mapiwright.mapi.profile.profile import Profile, Section, Service

_KINDS = frozenset(PTYPES.values())
_STRINGS = frozenset({PropertyType.STRING8, PropertyType.UNICODE})
_VARIABLE = re.compile(r"%[^%]+%")
_RESERVED = re.compile(r"(SERVICE|ACCOUNT)(EGS)?[0-9]*\Z")
_SECTIONS: Mapping[str, tuple[Label, ...]] = MappingProxyType(
    {
        label.section: tuple(each for each in builtin_services().values() if each.section == label.section)
        for label in builtin_services().values()
        if label.section
    }
)
"""The sections of Outlook and Exchange that Microsoft's files write to without a service, with their labels."""
_OF_PROVIDERS = 0x6600
"""Ids from here on are a provider's own, up to the secure range ([property-identifier-ranges])."""
_OF_MAPI = frozenset(
    map(
        prop_id,
        (
            tags.PR_RESOURCE_FLAGS,
            tags.PR_PROVIDER_DLL_NAME,
            tags.PR_PROVIDER_DISPLAY,
            tags.PR_SERVICE_DLL_NAME,
            tags.PR_SERVICE_ENTRY_NAME,
            tags.PR_SERVICE_INSTALL_ID,
            tags.PR_SERVICE_SUPPORT_FILES,
            tags.PR_SERVICE_DELETE_FILES,
            tags.PR_SERVICE_EXTRA_UIDS,
            tags.PR_EMSMDB_SECTION_UID,
            tags.PR_EMSMDB_LEGACY,
            tags.PR_MDB_PROVIDER,
            tags.PR_ENTRYID,
            tags.PR_RECORD_KEY,
        ),
    )
)
"""What a section has from MAPISVC.INF, from MAPI or from its provider, and a file of settings should not contain."""


@dataclass(frozen=True, slots=True)
class Export:
    """A PRF file, and what it does not carry."""

    document: Inf
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What calls that wait will configure a service with; ``withheld`` are the tags of secrets that were not kept."""

    properties: Properties
    withheld: tuple[int, ...] = ()


NOTHING_WAITS = Waiting(MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A service or section on its way into the file: its label, the mapping of that, and its values."""

    label: str
    target: str
    slots: Mapping[str, Slot]
    steering: tuple[str, ...]
    values: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Pen:
    """What is written so far: entries in order, and what was left out."""

    code_page: str
    entries: list[_Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def text(self, slot: Slot, value: PropertyValue, what: str) -> str | None:
        """A value as its line has it; None, and a finding, where no line can hold it."""
        try:
            return self.line(slot.kind, value)
        except FormatError:
            self.findings.append(finding("MW8202", f"{what} cannot be written on one line"))
            return None

    def line(self, kind: PropertyType, value: PropertyValue) -> str:
        """The text of a value; raises FormatError where it would not be read back as it is."""
        text = value_text(kind, value) if isinstance(value, int | bool | str) else ""
        inf.empty(self.code_page).encoding.encode(text)
        if not text or (kind is PropertyType.STRING8 and _VARIABLE.search(text)):
            raise FormatError("no line can hold the value", expected="one line, without a %variable%")
        return text


def export(
    profile: Profile,
    define: Callable[[str], ServiceDefinition | None],
    *,
    default: bool,
    code_page: str,
    waiting: Mapping[str, Waiting] = MappingProxyType({}),
) -> Export:
    """The file that makes the profile again.

    ``define`` gives what MAPISVC.INF says of a service, or None; ``waiting`` what services will be configured with,
    by their uids: they are exported as if they had been. Secure properties and passwords are in no export.
    """
    pen = _Pen(code_page)
    try:
        name = pen.line(PropertyType.STRING8, profile.name)  # variables are expanded in it, too
    except FormatError as error:
        raise RefusedError(
            f"the name {quoted(profile.name)} cannot be written on a line in {code_page}",
            where=f"profile {profile.name}",
            remedy="Copy the profile under a name that can: mapiwright profile copy PROFILE NEW",
        ) from error
    store = ""
    default_store = roles.default_store(profile)
    for service in profile.services:
        entry = _service(pen, service, define(service.name), waiting.get(service.uid, NOTHING_WAITS))
        if entry is None:
            continue
        pen.entries.append(entry)
        if default_store is not None and default_store.uid in {each.uid for each in service.providers}:
            store = f"Service{len(pen.entries)}"
    for uid, labels in _SECTIONS.items():
        for section in profile.existing([uid]):
            entry = _labelled(pen, section, labels, _given_to(profile, uid, define))
            if entry is not None:
                pen.entries.append(entry)
    _left_out(pen, profile)
    pen.findings.extend(finding("MW8206", each) for each in lost_roles(profile, define))
    lines = [*_general(name, default=default, store=store), *_lists(pen), *_mappings(pen)]
    document = inf.splice(inf.parse(b"", code_page, comments=COMMENTS), {0: lines})
    return Export(document, tuple(dict.fromkeys(pen.findings)))


# The lines.


def _general(name: str, *, default: bool, store: str) -> Iterator[str]:
    yield "; Section 1: the profile"
    yield header_text(GENERAL)
    yield "Custom=1"
    yield f"ProfileName={name}"
    yield f"DefaultProfile={'Yes' if default else 'No'}"
    # [prf] 2.1: No with Yes "can produce unexpected results"; Append changes what the file names.
    yield f"OverwriteProfile={'Yes' if default else 'Append'}"
    yield "ModifyDefaultProfileIfPresent=FALSE"
    yield "BackupProfile=No"
    if store:
        yield f"DefaultStore={store}"


def _lists(pen: _Pen) -> Iterator[str]:
    yield from ("", "; Section 2: its services", header_text(SERVICE_LIST))
    for number, entry in enumerate(pen.entries, 1):
        yield f"Service{number}={entry.label}"
    yield from ("", "; Section 3: its accounts", header_text(ACCOUNT_LIST))
    yield from ("", "; Section 4: the values of its services")
    for number, entry in enumerate(pen.entries, 1):
        yield header_text(f"Service{number}")
        yield from entry.steering
        yield from (inf.entry_text(key, text) for key, text in entry.values)
        yield ""


def _mappings(pen: _Pen) -> Iterator[str]:
    yield "; Section 6: where the values go"
    targets = {entry.label: entry.target for entry in pen.entries}
    slots: dict[str, dict[str, Slot]] = {}
    for entry in pen.entries:
        slots.setdefault(entry.label, {}).update(entry.slots)
    for label, target in targets.items():
        yield header_text(label)
        yield target
        yield from (f"{key}={slot_text(slot)}" for key, slot in slots[label].items())
        yield ""


# The services.


def _service(pen: _Pen, service: Service, definition: ServiceDefinition | None, waiting: Waiting) -> _Entry | None:
    builtin = label_of_service(service.name)
    label = builtin.name if builtin is not None else _label(service.name)
    try:
        target = inf.entry_text("ServiceName", pen.line(PropertyType.UNICODE, service.name))
        header_text(pen.line(PropertyType.UNICODE, label))
    except (UsageError, FormatError):
        pen.findings.append(finding("MW8202", f"service name {quoted(service.name)} cannot be written on one line"))
        return None
    keys: dict[str, Slot] = {}
    values: list[tuple[str, str]] = []
    for tag, value in _settings(pen, service, definition, waiting):
        known = builtin.key_of(prop_id(tag)) if builtin is not None else None
        named = "Name" if tag == tags.PR_DISPLAY_NAME else f"P{tag:08X}"
        key, slot = known if known is not None and _suits(known[1], tag, service) else (named, _slot(tag))
        text = pen.text(slot, value, f"{tags.name_of(tag, service.name)} of {service.name}")
        if text is not None:
            keys[key] = slot
            values.append((key, text))
    single = ServiceFlag.SINGLE_COPY in service.flags
    steering = (f"UniqueService={'Yes' if single else 'No'}", "OverwriteExistingService=No")
    return _Entry(label, target, keys, steering, tuple(values))


def _label(service: str) -> str:
    """A label for a service of another vendor: its name, unless that is a section of its own in every file."""
    word = upcase(service)
    taken = {upcase(name) for name in (GENERAL, SERVICE_LIST, ACCOUNT_LIST)} | set(builtin_services())
    return f"{service} service" if word in taken or _RESERVED.match(word) else service


def _settings(
    pen: _Pen, service: Service, definition: ServiceDefinition | None, waiting: Waiting
) -> Iterator[tuple[int, PropertyValue]]:
    """What waits for a service, and what its sections have beyond MAPISVC.INF, as far as a file can restore it.

    An apply puts a value where the service keeps it: in the first section to which MAPISVC.INF gives the id, else in
    the service's own. A service with an entry point puts it where it wants to; Microsoft's keep theirs in a provider.
    """
    given = _given(service, definition)
    builtin = label_of_service(service.name)
    done: set[int] = set()
    for tag, value in waiting.properties.items():
        if prop_type(tag) in _KINDS:
            yield tag, value
        else:
            pen.findings.append(finding("MW8202", f"{service.name}, waiting: {tags.name_of(tag, service.name)}"))
        done.add(prop_id(tag))
    if waiting.withheld:
        secrets = ", ".join(tags.name_of(tag, service.name) for tag in waiting.withheld)
        pen.findings.append(finding("MW8201", f"{service.name}, waiting: {secrets}"))
    for section, own in given:
        if section.uid.lower() in _SECTIONS:
            continue  # it has an entry of its own
        lost: dict[str, list[str]] = {}
        for tag, value in section.properties.items():
            id_ = prop_id(tag)
            if not is_settable(tag) or id_ in _OF_MAPI or _is_given(own, tag, value):
                continue
            if id_ in map(prop_id, waiting.properties):
                continue  # the call that waits sets it
            home = next((each for each, theirs in given if id_ in map(prop_id, theirs)), service.section)
            known = builtin.key_of(id_) is not None if builtin is not None else id_ >= _OF_PROVIDERS
            if is_secret_property(tag, value, service.name):
                lost.setdefault("MW8201", []).append(tags.name_of(tag, service.name))
            elif prop_type(tag) not in _KINDS:
                lost.setdefault("MW8202", []).append(tags.name_of(tag, service.name))
            elif id_ not in done and (
                section is home or (known and service.declares_entry and home is service.section)
            ):
                done.add(id_)
                yield tag, value
            else:
                lost.setdefault("MW8203", []).append(tags.name_of(tag, service.name))
        lost.setdefault("MW8201", []).extend(tags.name_of(tag, service.name) for tag in section.protected)
        for rule, names in lost.items():
            if names:
                pen.findings.append(finding(rule, f"{service.name}, section {section.uid}: {', '.join(names)}"))


def _given(service: Service, definition: ServiceDefinition | None) -> list[tuple[Section, Properties]]:
    """The sections of a service, each with what MAPISVC.INF gives it; providers by their type, in order."""
    own: dict[int, PropertyValue] = dict(definition.properties) if definition is not None else {}
    own.setdefault(tags.PR_DISPLAY_NAME, definition.display if definition is not None else service.name)
    given: list[tuple[Section, Properties]] = [(service.section, own)]
    providers = [each.properties for each in definition.providers] if definition is not None else []
    for provider in service.providers:
        of_kind = (each for each in providers if each.get(tags.PR_RESOURCE_TYPE) == provider.kind)
        declared = _taken(providers, next(of_kind, None))
        # Where the original name is unknown, assume that it was never changed.
        still = {tags.PR_DISPLAY_NAME: provider.section.text(tags.PR_DISPLAY_NAME)}
        given.append((provider.section, declared or still))
    extras = list(definition.extras) if definition is not None else []
    fixed = {each.uid.hex(): each.properties for each in extras if each.uid is not None}
    loose = [each.properties for each in extras if each.uid is None]
    for section in service.extras:
        known = fixed.get(section.uid.lower())
        given.append((section, known if known is not None else _taken(loose, next(iter(loose), None))))
    return given


def _taken(those: list[Properties], one: Properties | None) -> Properties:
    """``one``, removed from ``those`` so that it is used once; empty where it is None."""
    if one is None:
        return {}
    those.remove(one)
    return one


def _is_given(own: Properties, tag: int, value: PropertyValue) -> bool:
    other = tags.other_width(tag)
    return any(own.get(each) == value for each in (tag, other) if each is not None)


def _suits(slot: Slot, tag: int, service: Service) -> bool:
    """Whether a property goes by Microsoft's mapping: of its type, or text whose width the service's code settles."""
    return slot.kind == prop_type(tag) or (service.declares_entry and {slot.kind, prop_type(tag)} == _STRINGS)


def _slot(tag: int) -> Slot:
    return Slot(PropertyType(prop_type(tag)), prop_id(tag))


# What else there is in a profile.


def _labelled(pen: _Pen, section: Section, labels: Sequence[Label], given: Properties) -> _Entry | None:
    """A section that Microsoft's labels name: all its values, by their keys where they have one; None without any."""
    keys: dict[str, Slot] = {}
    values: list[tuple[str, str]] = []
    lost: dict[str, list[str]] = {"MW8201": [tags.name_of(tag) for tag in section.protected], "MW8202": []}
    for tag, value in section.properties.items():
        if not is_settable(tag) or _is_given(given, tag, value):
            continue
        if is_secret_property(tag, value):
            lost["MW8201"].append(tags.name_of(tag))
            continue
        if prop_type(tag) not in _KINDS:
            lost["MW8202"].append(tags.name_of(tag))
            continue
        known = next((found for label in labels if (found := label.key_of(prop_id(tag))) is not None), None)
        key, slot = known if known is not None and known[1].tag == tag else (f"P{tag:08X}", _slot(tag))
        text = pen.text(slot, value, f"{tags.name_of(tag)} of {labels[0].name}")
        if text is not None:
            keys[key] = slot
            values.append((key, text))
    for rule, names in lost.items():
        if names:
            pen.findings.append(finding(rule, f"{labels[0].name}, section {section.uid}: {', '.join(names)}"))
    return _Entry(labels[0].name, f"SectionGUID={section.uid.lower()}", keys, (), tuple(values)) if values else None


def _given_to(profile: Profile, uid: str, define: Callable[[str], ServiceDefinition | None]) -> Properties:
    """What MAPISVC.INF gives to the section of that uid, where it is an extra one of a service."""
    for service in profile.services:
        if any(each.uid.lower() == uid for each in service.extras):
            return next(own for section, own in _given(service, define(service.name)) if section.uid.lower() == uid)
    return {}


def _left_out(pen: _Pen, profile: Profile) -> None:
    owned = {ADMIN, INSTANCE, accounts.ACCOUNTS, *_SECTIONS}
    for service in profile.services:
        owned |= {service.uid, *(each.uid for each in service.providers), *(each.uid for each in service.extras)}
    others = [
        uid
        for uid, section in profile.sections.items()
        if uid.lower() not in {each.lower() for each in owned}
        and (section.protected or any(is_settable(tag) for tag in section.properties))
    ]
    if others:
        pen.findings.append(finding("MW8205", f"{len(others)} section(s) of no service: {', '.join(sorted(others))}"))
    manager = profile.section(accounts.ACCOUNTS)
    if manager is not None:
        there = [each.name for each in accounts.accounts(manager) if not each.uid(accounts.SERVICE)]
        if there:
            pen.findings.append(finding("MW8204", f"{len(there)} account(s) without a service: {', '.join(there)}"))
