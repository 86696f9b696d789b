"""What a PRF file means: the profile that it describes, its services and accounts with their values ([prf] 2).

Three steps lead from a list to a property. ``Service2=Personal Folders`` names a label; the section of that label
says which service of MAPISVC.INF it is, or which profile section; the values of ``[Service2]`` go where the label
maps their keys. No key has a meaning of its own but those that steer the import.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats.prf import fits, is_slot, read_slot, read_switch, read_value
from mapiwright.formats.props import PropertyType
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.rules import quoted
from mapiwright.mapi.prf.labels import (
    ACCOUNT_TYPES,
    INTERNET_MAIL,
    Label,
    builtin_accounts,
    builtin_services,
)
from mapiwright.mapi.prf.rules import finding
from mapiwright.mapi.profile.edit import is_settable
from mapiwright.mapi.props.protected import is_secret_property, is_secret_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Entry, Inf, InfSection
    from mapiwright.formats.prf import Slot

GENERAL, SERVICE_LIST, ACCOUNT_LIST = "General", "Service List", "Internet Account List"
SERVICE, ACCOUNT = "SERVICE", "ACCOUNT"
"""How the keys of the two lists begin, as they compare."""

UNIQUE, OVERWRITE, DEFAULT_ACCOUNT = "UNIQUESERVICE", "OVERWRITEEXISTINGSERVICE", "DEFAULTACCOUNT"
STEERING = frozenset({UNIQUE, OVERWRITE, DEFAULT_ACCOUNT})
"""Keys of a section with values that steer the import; they need no mapping ([prf] 2.3, 2.4)."""
_GENERAL_KEYS = frozenset(
    {
        "CUSTOM",
        "PROFILENAME",
        "DEFAULTPROFILE",
        "OVERWRITEPROFILE",
        "MODIFYDEFAULTPROFILEIFPRESENT",
        "DEFAULTSTORE",
        "BACKUPPROFILE",
    }
)
_LABEL_KEYS = frozenset({"SERVICENAME", "SECTIONGUID", "MDBGUID", "ACCOUNTTYPE"})
_TEXTS = frozenset({PropertyType.STRING8, PropertyType.UNICODE})
_UID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE | re.ASCII)
_OLD_ACCOUNT_IDS = 0x1235
"""Ids of accounts from here on are those of Outlook 97 to 2000 ([prf] 4)."""


class Dialect(StrEnum):
    """Whose files are written so; what is read is the same."""

    EXCHANGE = "Exchange 4 and 5"
    OUTLOOK_97 = "Outlook 97 to 2000"
    OUTLOOK_2002 = "Outlook 2002 and later"


class Overwrite(Enum):
    """OverwriteProfile: what becomes of a profile of that name."""

    NO = "no"
    YES = "yes"
    APPEND = "append"


@dataclass(frozen=True, slots=True)
class General:
    """[General]; what is left out is as Outlook takes it. ``backup`` is None where nothing is said."""

    name: str = ""
    default: bool = True
    overwrite: Overwrite = Overwrite.NO
    modify_default: bool = False
    default_store: str = ""
    backup: bool | None = None
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """A value of a service or account: its key, where it goes, and what it is.

    ``slot`` is None where nothing maps the key, ``value`` None where it is empty, does not fit, or is a ``secret``:
    a password is kept nowhere but in the lines of the document.
    """

    key: str
    slot: Slot | None
    value: int | bool | str | None
    secret: bool
    line: int


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list: ``Service2``, its label with what that means, and its values.

    ``label`` is None where the file does not define it and Microsoft's files do not either. ``unique`` and
    ``overwrite`` are None where the file leaves them out. ``present`` says whether there is a section for its values.
    """

    key: str
    name: str
    line: int
    label: Label | None
    present: bool = False
    unique: bool | None = None
    overwrite: bool | None = None
    default: bool = False
    assignments: tuple[Assignment, ...] = ()

    @property
    def service(self) -> str:
        """The service that is to be made, or ""."""
        return self.label.service if self.label is not None else ""

    @property
    def properties(self) -> Mapping[int, int | bool | str]:
        """What is to be set, by tag: no secrets, and nothing that is empty or mapped nowhere."""
        found = ((each.slot, each.value) for each in self.assignments)
        return MappingProxyType({slot.tag: value for slot, value in found if slot is not None and value is not None})

    def value(self, id_: int) -> Assignment | None:
        """The assignment to the property of that id, or None."""
        return next((each for each in self.assignments if each.slot is not None and each.slot.id == id_), None)


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A PRF file, read. ``faults`` are what was wrong on the way, in no order."""

    document: Inf = field(repr=False)
    general: General
    services: tuple[Item, ...]
    accounts: tuple[Item, ...]
    faults: tuple[Finding, ...]

    @property
    def dialect(self) -> Dialect:
        """Whose files are written so."""
        if is_old_mail(self):
            return Dialect.OUTLOOK_97
        has_accounts = self.document.section(ACCOUNT_LIST) is not None
        return Dialect.OUTLOOK_2002 if self.general.custom or has_accounts else Dialect.EXCHANGE

    def service(self, key: str) -> Item | None:
        """The entry of [Service List] under a key such as Service1."""
        return next((each for each in self.services if upcase(each.key) == upcase(key)), None)


def is_old_mail(file: ProfileFile) -> bool:
    """Whether its accounts or services are of the kind that Outlook 97 to 2000 alone knows."""
    labels = (each.label for each in file.accounts if each.label is not None)
    old = any(slot.id >= _OLD_ACCOUNT_IDS for label in labels for slot in label.slots.values())
    return old or any(upcase(each.service) == INTERNET_MAIL for each in file.services)


def read(document: Inf) -> ProfileFile:
    """What the document means; never fails, all faults are in the answer."""
    faults: list[Finding] = []
    general = _general(document, faults)
    labels: dict[str, Label | None] = {}
    services = tuple(_items(document, SERVICE_LIST, SERVICE, labels, faults))
    accounts = tuple(_items(document, ACCOUNT_LIST, ACCOUNT, labels, faults))
    return ProfileFile(document, general, services, accounts, tuple(faults))


# [General].


def _general(document: Inf, faults: list[Finding]) -> General:
    section = document.section(GENERAL)
    if section is None:
        faults.append(finding("MW8011", "there is no section [General]"))
        return General()
    strange = (entry for entry in seen(section) if upcase(entry.key) not in _GENERAL_KEYS)
    faults.extend(_fault("MW8013", entry, f"Outlook does not know {entry.key}, and ignores it") for entry in strange)

    def switch(key: str, *, unsaid: bool | None) -> bool | None:
        entry = section.entry(key)
        if entry is None or not entry.value:
            return unsaid
        said = read_switch(entry.value)
        if said is None:
            faults.append(_fault("MW8014", entry, f"{entry.key} is {quoted(entry.value)}"))
        return unsaid if said is None else said

    written = section.value("OverwriteProfile") or ""
    append = upcase(written.strip()) == "APPEND"
    yes = None if append else switch("OverwriteProfile", unsaid=False)
    return General(
        name=section.value("ProfileName") or "",
        default=bool(switch("DefaultProfile", unsaid=True)),
        overwrite=Overwrite.APPEND if append else Overwrite.YES if yes else Overwrite.NO,
        modify_default=bool(switch("ModifyDefaultProfileIfPresent", unsaid=False)),
        default_store=section.value("DefaultStore") or "",
        backup=switch("BackupProfile", unsaid=None),
        custom=bool(switch("Custom", unsaid=False)),
    )


# Lists, labels and values.


def _items(
    document: Inf, list_name: str, word: str, labels: dict[str, Label | None], faults: list[Finding]
) -> Iterator[Item]:
    section = document.section(list_name)
    for entry in seen(section) if section is not None else ():
        if not upcase(entry.key).startswith(word):
            faults.append(_fault("MW8025", entry, f"{entry.key} is in [{list_name}], and is ignored"))
            continue
        if not entry.value:
            faults.append(_fault("MW8044", entry, f"{entry.key} is empty"))
            continue
        known = upcase(f"{word} {entry.value}")
        if known not in labels:
            labels[known] = _label(document, entry, word, faults)
        yield _with_values(Item(entry.key, entry.value, entry.index + 1, labels[known]), document, word, faults)


def _label(document: Inf, entry: Entry, word: str, faults: list[Finding]) -> Label | None:
    """What a label means, by the file; by Microsoft's own files where this one has no such section."""
    section = document.section(entry.value)
    if section is None:
        builtin = (builtin_services() if word == SERVICE else builtin_accounts()).get(upcase(entry.value))
        what = f"there is no section [{entry.value}] for {entry.key}"
        faults.append(_fault("MW8020" if builtin is None else "MW8021", entry, what))
        return builtin
    slots: dict[str, Slot] = {}
    keys: dict[str, str] = {}
    for each in section.entries:
        word_ = upcase(each.key)
        if word_ in _LABEL_KEYS and not is_slot(each.value):
            continue
        try:
            slot = read_slot(each.value)
        except FormatError as error:
            faults.append(_fault("MW8034", each, f"{each.key}: {error.what}"))
            continue
        if slot.declared is not None and slot.declared != slot.kind:
            faults.append(
                _fault("MW8035", each, f"{each.key} is {slot.kind:04X} and its id says {slot.declared:04X}")
            )
        if word_ not in slots:
            slots[word_], keys[word_] = slot, each.key
        elif slots[word_].id != slot.id:
            what = f"{each.key} is mapped to 0x{slot.id:04x} here, and above to 0x{slots[word_].id:04x}"
            faults.append(_fault("MW8032", each, what))
    label = Label(section.name, slots=MappingProxyType(slots), keys=MappingProxyType(keys))
    if word == ACCOUNT:
        return replace(label, account=_account_type(section, slots, faults))
    return _target(label, section, faults)


def _account_type(section: InfSection, slots: Mapping[str, Slot], faults: list[Finding]) -> str:
    """POP3 or IMAP; the mappings of Outlook 97 to 2000 leave it out, as all their accounts are POP3."""
    said = upcase(section.value("AccountType") or "")
    old = any(slot.id >= _OLD_ACCOUNT_IDS for slot in slots.values())
    if said not in ACCOUNT_TYPES and not (old and not said):
        what = f"[{section.name}] says AccountType={said}" if said else f"[{section.name}] says no AccountType"
        faults.append(finding("MW8027", what, line=section.header + 1))
    return said if said in ACCOUNT_TYPES else "POP3"


def _target(label: Label, section: InfSection, faults: list[Finding]) -> Label:
    """The label with the service or the profile section that its section names."""
    service, uid = section.value("ServiceName") or "", section.value("SectionGUID") or ""
    if service:
        usual = builtin_services().get(upcase(label.name))
        entry = section.entry("ServiceName")
        if entry is not None and usual is not None and usual.service and upcase(usual.service) != upcase(service):
            faults.append(_fault("MW8037", entry, f"{label.name} is {quoted(service)}, usually {usual.service}"))
        return replace(label, service=service)
    if _UID.fullmatch(uid):
        return replace(label, section=uid.lower())
    what = f"the SectionGUID {quoted(uid)}" if uid else "no ServiceName and no SectionGUID"
    faults.append(finding("MW8022", f"[{section.name}] has {what}", line=section.header + 1))
    return label


def _with_values(item: Item, document: Inf, word: str, faults: list[Finding]) -> Item:
    section = document.section(item.key)
    if section is None:
        faults.append(finding("MW8023", f"{item.key} ({item.name}) has no section [{item.key}]", line=item.line))
        return item
    steering: dict[str, bool] = {}
    assignments = []
    for entry in seen(section):
        word_ = upcase(entry.key)
        if word_ in STEERING and (item.label is None or word_ not in item.label.slots):
            said = read_switch(entry.value)
            if said is not None:
                steering[word_] = said
            elif entry.value:
                faults.append(_fault("MW8014", entry, f"{entry.key} is {quoted(entry.value)}"))
            continue
        assignments.append(_assignment(item, entry, word, faults))
    return replace(
        item,
        present=True,
        unique=steering.get(UNIQUE),
        overwrite=steering.get(OVERWRITE),
        default=steering.get(DEFAULT_ACCOUNT, False),
        assignments=tuple(assignments),
    )


def _assignment(item: Item, entry: Entry, word: str, faults: list[Finding]) -> Assignment:
    slot = item.label.slots.get(upcase(entry.key)) if item.label is not None else None
    secret = bool(entry.value) and _is_secret(item, entry, slot)
    value: int | bool | str | None = None
    if secret:
        faults.append(_fault("MW8043", entry, f"{entry.key} of {item.key} holds a password; it is not applied"))
    if slot is None:
        # What is empty is written nowhere anyhow, and of a password all is said.
        if item.label is not None and entry.value and not secret:  # else it is the label that is missing
            what = f"{entry.key} of {item.key} has no mapping in [{item.label.name}]: its value is written nowhere"
            faults.append(_fault("MW8030" if word == SERVICE else "MW8031", entry, what))
    elif entry.value and not secret:
        if word == SERVICE and not is_settable(slot.tag):
            what = f"{entry.key} of {item.key} goes to 0x{slot.id:04x}, which no PRF file can set"
            faults.append(_fault("MW8036", entry, what))
            return Assignment(entry.key, slot, None, secret, entry.index + 1)
        try:
            value = read_value(slot.kind, entry.value)
        except FormatError as error:
            what = f"{entry.key} of {item.key} is {quoted(entry.value)}: {error.expected} is expected"
            faults.append(_fault("MW8033", entry, what))
    return Assignment(entry.key, slot, value, secret, entry.index + 1)


def _is_secret(item: Item, entry: Entry, slot: Slot | None) -> bool:
    """Whether a value is a password: by its property, or by a key that says so, unless it is a switch or a number."""
    if is_secret_property(0 if slot is None else slot.tag, entry.value, item.service):
        return True
    if not is_secret_word(entry.key) or read_switch(entry.value) is not None:
        return False
    return slot is None or slot.kind in _TEXTS or not fits(slot.kind, entry.value)


def seen(section: InfSection) -> Iterator[Entry]:
    """The entries of a section that Windows sees: of several with one key, the first."""
    return (entry for entry in section.entries if section.entry(entry.key) is entry)


def _fault(id_: str, entry: Entry, what: str) -> Finding:
    return finding(id_, what, line=entry.index + 1)
