"""What is wrong with a PRF file, reported together ([prf] 6), and what each Outlook ignores ([prf] 5)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from mapiwright.formats.inf import LineKind, utf8_lines
from mapiwright.formats.prf import is_slot
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.rules import quoted
from mapiwright.mapi.prf.labels import (
    ANSI_PST,
    EXCHANGE,
    INTERNET_MAIL,
    PATHS,
    SEVERAL,
    STORES_OF_FILES,
    UNICODE_PST,
    builtin_services,
)
from mapiwright.mapi.prf.reading import (
    ACCOUNT,
    ACCOUNT_LIST,
    GENERAL,
    SERVICE,
    SERVICE_LIST,
    Overwrite,
    is_old_mail,
    seen,
)
from mapiwright.mapi.prf.rules import finding
from mapiwright.mapi.profile.edit import is_profile_name
from mapiwright.mapi.props.protected import is_secret_word
from mapiwright.mapi.props.tags import PropertyType
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Inf, InfSection
    from mapiwright.mapi.prf.reading import Assignment, Item, ProfileFile

ENCRYPTION = 0x6702
_ENCRYPTIONS = {
    ANSI_PST: frozenset({0x80000000, 0x40000000, 0x20000000}),
    UNICODE_PST: frozenset({0x50000000, 0x10000000}),
}
"""The value in PRF files; 0x10000000 is how Outlook keeps it for a Unicode data file ([REAL], 2010 and 2016)."""
_OF_EXCHANGE = {"HomeServer": 0x6608, "MailboxName": 0x6607}
"""What NEWPROF needs of an Exchange service, or it deletes it again (Q164346)."""
_LONG_NAME, _ACCOUNT_NAME = 0x3001, 0x661F
_LONG_NAME_START = "Internet E-mail - "
_WHOLE_PATH = re.compile(r"([a-z]:|\\)\\|%", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"<[^<>]+>")
_NUMBERED = re.compile(r"(SERVICE|ACCOUNT)(EGS)?\d*\Z")
_VARIABLE = re.compile(r"%[^%\s]+%")


def check(file: ProfileFile, edition: Edition | None = None) -> tuple[Finding, ...]:
    """All that is wrong with a file, by its lines.

    ``edition`` is the Outlook that it is for; without one, what any Outlook ignores is reported, with its name.
    """
    found = [
        *file.faults,
        *_text(file.document),
        *_duplicates(file.document),
        *_general(file),
        *_lists(file),
        *_values(file),
        *_editions(file, edition),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.line, each.id)))


# The text.


def _text(document: Inf) -> Iterator[Finding]:
    if document.encoding.mark:
        yield finding("MW8003", "the file begins with a byte order mark", line=1)
    beyond = [number for number, line in enumerate(document.lines, 1) if not line.text.isascii()]
    in_utf8 = utf8_lines(document)
    if in_utf8:
        shown = quoted(document.lines[in_utf8[0] - 1].name)
        what = f"UTF-8 in {len(in_utf8)} line(s), the first of {shown}, which is read in {document.encoding.codec}"
        yield finding("MW8045", what, line=in_utf8[0])
    elif beyond and not document.encoding.mark:
        what = f"characters beyond ASCII, in {len(beyond)} line(s)"
        yield finding("MW8004", what, line=beyond[0])
    within = False
    for number, line in enumerate(document.lines, 1):
        within = within or line.kind is LineKind.SECTION
        if any("\ud800" <= letter <= "\udfff" for letter in line.text):
            yield finding("MW8005", f"bytes that are no text in {document.encoding.codec}", line=number)
        if line.kind is LineKind.STRAY:
            reported = "" if is_secret_word(line.text, line.text) else f": {quoted(line.text.strip())}"
            yield finding("MW8001", f"a line of another kind{reported}", line=number)
        elif line.kind is LineKind.COMMENT and line.text.lstrip().startswith("'"):
            yield finding("MW8002", "an apostrophe begins the line", line=number)
        elif line.kind is LineKind.ENTRY and not within:
            yield finding("MW8008", f"{line.name} is above the first section", line=number)


def _duplicates(document: Inf) -> Iterator[Finding]:
    lists = {upcase(SERVICE_LIST), upcase(ACCOUNT_LIST)}
    for section in document.sections:
        if document.section(section.name) is not section:
            yield finding("MW8006", f"a second [{section.name}], which nothing reads", line=section.header + 1)
            continue
        in_list = upcase(section.name) in lists
        for entry in section.entries:
            first = section.entry(entry.key)
            if first is None or first is entry:
                continue
            listed = in_list and upcase(entry.key).startswith((SERVICE, ACCOUNT))
            if listed:
                what = f"{entry.key} is given again: {quoted(entry.value)} is never added"
            else:
                what = f"{entry.key} is given again; line {first.index + 1} counts"
            yield finding("MW8026" if listed else "MW8007", what, line=entry.index + 1)


# [General] and the lists.


def _general(file: ProfileFile) -> Iterator[Finding]:
    general, section = file.general, file.document.section(GENERAL)
    if section is None:
        return
    lines = {upcase(entry.key): entry.index + 1 for entry in reversed(section.entries)}
    if not general.custom:
        yield finding("MW8010", "Custom=1 is missing", line=section.header + 1)
    if not general.name and not general.modify_default:
        yield finding("MW8012", "there is no ProfileName", line=lines.get("PROFILENAME", section.header + 1))
    if general.overwrite is not Overwrite.APPEND and not _VARIABLE.search(general.name):
        yield from name_findings(file)
    overwrite = lines.get("OVERWRITEPROFILE", section.header + 1)
    if general.overwrite is Overwrite.YES:
        if not general.default:
            yield finding("MW8017", "OverwriteProfile=Yes with DefaultProfile=No", line=overwrite)
        if general.modify_default:
            what = "OverwriteProfile=Yes with ModifyDefaultProfileIfPresent=TRUE"
            yield finding("MW8019", what, line=overwrite)
    if general.overwrite is Overwrite.APPEND and general.backup is not False:
        yield finding("MW8018", "OverwriteProfile=Append without BackupProfile=No", line=overwrite)
    if general.default_store:
        yield from _default_store(file, lines["DEFAULTSTORE"])


def name_findings(file: ProfileFile) -> Iterator[Finding]:
    """What is wrong with the name that a profile is to get.

    Append changes a profile that is there, and a variable is known on the workstation only: see ``target_findings``.
    """
    general, section = file.general, file.document.section(GENERAL)
    entry = section.entry("ProfileName") if section is not None else None
    if general.name and not general.modify_default and not is_profile_name(general.name):
        what = f"a profile cannot be called {quoted(general.name)}"
        yield finding("MW8012", what, line=entry.index + 1 if entry is not None else 0)


def _default_store(file: ProfileFile, line: int) -> Iterator[Finding]:
    named = file.service(file.general.default_store)
    if named is None:
        what = f"DefaultStore is {quoted(file.general.default_store)}, which is not in [Service List]"
        yield finding("MW8015", what, line=line)
    elif named.label is not None and _is_no_store(named):
        yield finding("MW8016", f"DefaultStore is {named.key} ({named.name}), which is no store", line=line)


def _is_no_store(item: Item) -> bool:
    """Whether what an item means is known to be no store; a vendor's own service may be one."""
    stores = STORES_OF_FILES | {EXCHANGE, "MSFS"}
    known = {upcase(label.service) for label in builtin_services().values()}
    return not item.service or (upcase(item.service) in known and upcase(item.service) not in stores)


def _lists(file: ProfileFile) -> Iterator[Finding]:
    listed = {upcase(each.key) for each in (*file.services, *file.accounts)}
    for section in file.document.sections:
        key = upcase(section.name)
        if _NUMBERED.match(key) and key not in listed and _has_values(file.document, section):
            where = SERVICE_LIST if key.startswith(SERVICE) else ACCOUNT_LIST
            yield finding("MW8024", f"[{section.name}] is not in [{where}]", line=section.header + 1)
    count: Counter[str] = Counter()
    for item in file.services:
        service = upcase(item.service)
        if not service:
            continue
        count[service] += 1
        if service in SEVERAL and item.unique is None:
            yield finding("MW8029", f"{item.key} ({item.name}) says no UniqueService", line=item.line)
        if count[service] > 1 and (item.unique or (item.unique is None and service not in SEVERAL)):
            yield finding("MW8028", f"{item.key} is {item.service} once more", line=item.line)


def _has_values(document: Inf, section: InfSection) -> bool:
    """Whether a section holds values; a label may be called Service-something too, and holds mappings."""
    return document.section(section.name) is section and any(
        not is_slot(entry.value) and upcase(entry.key) != "SERVICENAME" for entry in section.entries
    )


# The values.


def _values(file: ProfileFile) -> Iterator[Finding]:
    for item in (*file.services, *file.accounts):
        section = file.document.section(item.key)
        for entry in seen(section) if section is not None else ():
            if entry.value != entry.written:
                yield finding("MW8009", f"{entry.key} of {item.key} is in quotation marks", line=entry.index + 1)
        for each in item.assignments:
            if isinstance(each.value, str):
                yield from _text_value(item, each, each.value)
        yield from _encryption(item)
    for item in file.services:
        missing = [name for name, id_ in _OF_EXCHANGE.items() if _lacks(item, id_)]
        if upcase(item.service) == EXCHANGE and missing:
            yield finding("MW8106", f"{item.key} ({item.name}) has no {' and no '.join(missing)}", line=item.line)


def _text_value(item: Item, each: Assignment, text: str) -> Iterator[Finding]:
    assert each.slot is not None  # noqa: S101 - a value has a slot
    name = f"{each.key} of {item.key}"
    if _PLACEHOLDER.fullmatch(text.strip()):
        yield finding("MW8039", f"{name} is {quoted(text)}", line=each.line)
    elif is_path(item, each) and _WHOLE_PATH.match(text) is None:
        yield finding("MW8040", f"{name} is {quoted(text)}", line=each.line)
    if each.slot.kind is PropertyType.UNICODE and _VARIABLE.search(text):
        yield finding("MW8041", f"{name} is {quoted(text)}, and PT_UNICODE is not expanded", line=each.line)


def is_path(item: Item, each: Assignment) -> bool:
    """Whether a value is a path whose folder must be there."""
    ids = next((ids for name, ids in PATHS.items() if upcase(name) == upcase(item.service)), frozenset())
    return each.slot is not None and each.slot.id in ids


def _encryption(item: Item) -> Iterator[Finding]:
    each, right = item.value(ENCRYPTION), _ENCRYPTIONS.get(upcase(item.service))
    if each is None or right is None or not isinstance(each.value, int):
        return
    if each.value & 0xFFFFFFFF not in right:
        what = f"{each.key} of {item.key} ({item.service}) is 0x{each.value & 0xFFFFFFFF:08x}"
        yield finding("MW8038", what, line=each.line)


def _lacks(item: Item, id_: int) -> bool:
    each = item.value(id_)
    return each is None or each.value in {None, ""}


# Which Outlook.


def _editions(file: ProfileFile, edition: Edition | None) -> Iterator[Finding]:
    """What the Outlook of that edition ignores; every one that we know is 2003 or later."""
    newest = edition in {None, Edition.OUTLOOK_2016}
    for item in file.services:
        if newest and upcase(item.service) == EXCHANGE:
            yield finding("MW8101", f"{item.key} ({item.name}) is an Exchange account", line=item.line)
        if upcase(item.service) == INTERNET_MAIL:
            yield finding("MW8102", f"{item.key} ({item.name}) is the service {INTERNET_MAIL}", line=item.line)
            yield from _long_name(file, item)
    if is_old_mail(file):
        for item in file.accounts:
            yield finding("MW8102", f"{item.key} ({item.name}) is an account of the old kind", line=item.line)
        if not any(upcase(item.service) == INTERNET_MAIL for item in file.services):
            item = file.accounts[0]
            yield finding("MW8103", f"{item.key} has no service {INTERNET_MAIL} in [{SERVICE_LIST}]", line=item.line)
    if newest and file.general.default_store and file.accounts:
        section = file.document.section(GENERAL)
        entry = section.entry("DefaultStore") if section is not None else None
        what = f"DefaultStore with {file.accounts[0].key}"
        yield finding("MW8104", what, line=entry.index + 1 if entry is not None else 0)
    if edition in {None, Edition.OUTLOOK_2003}:
        yield from _dropped(file)


def _long_name(file: ProfileFile, item: Item) -> Iterator[Finding]:
    name, long = (each.value if (each := item.value(id_)) else None for id_ in (_ACCOUNT_NAME, _LONG_NAME))
    accounts = {
        assignment.value
        for account in file.accounts
        for assignment in account.assignments
        if upcase(assignment.key) == "ACCOUNTNAME"
    }
    if not name or long != f"{_LONG_NAME_START}{name}" or (accounts and name not in accounts):
        yield finding("MW8103", f"the names of {item.key} do not fit together", line=item.line)


def _dropped(file: ProfileFile) -> Iterator[Finding]:
    """The services that are lost with one at which an old Outlook stops: it asks, and then skips the rest."""
    for place, item in enumerate(file.services):
        later = ", ".join(each.key for each in file.services[place + 1 :])
        why = _stops(item)
        if later and why:
            yield finding("MW8105", f"{item.key} {why}; with it go {later}", line=item.line)


def _stops(item: Item) -> str:
    if item.label is None or not (item.label.service or item.label.section):
        return "cannot be added"
    if any(each.slot is None for each in item.assignments):
        return "has a key without a mapping"
    if upcase(item.service) == EXCHANGE and any(_lacks(item, id_) for id_ in _OF_EXCHANGE.values()):
        return "asks for its server or mailbox"
    if upcase(item.service) in STORES_OF_FILES and _lacks(item, 0x6700):
        return "asks for its file"
    return ""
