"""What of a registry and of MAPISVC.INF may leave a workstation: lists of what is known to hold no user data.

Nothing is shown because it looks harmless: a property that is not in the lists is shown by its type and size only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mapiwright.formats.inf import LineKind
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.uid import UID_SIZE
from mapiwright.mapi.inf.catalogue import GLOBAL, LINKS, UID, WIZARD_ENTRY
from mapiwright.mapi.profile.profile import tag_of_value
from mapiwright.mapi.profile.store import read_section
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.protected import is_secret, is_secret_line, mask_line
from mapiwright.mapi.props.tags import prop_id
from mapiwright.workstation.outlook.outlook import OFFICE_VERSIONS
from mapiwright.workstation.registry import ValueType, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.formats.inf import Inf
    from mapiwright.formats.props import PropertyValue
    from mapiwright.workstation.registry import Key, Value

MASKED = "(masked)"
SHORTEST = 2
"""Characters of a text that is looked for elsewhere; a single letter says nothing."""
SHORTEST_IN_BYTES = 5
"""The same for what may be a text in binary data, and may be chance."""

_GUID = re.compile(r"\{[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", re.IGNORECASE)

SHOWN = frozenset(
    prop_id(tag)
    for tag in (
        tags.PR_SERVICE_NAME,
        tags.PR_SERVICE_DLL_NAME,
        tags.PR_SERVICE_ENTRY_NAME,
        tags.PR_SERVICE_SUPPORT_FILES,
        tags.PR_SERVICE_DELETE_FILES,
        tags.PR_SERVICE_INSTALL_ID,
        tags.PR_SERVICE_UID,
        tags.PR_SERVICE_EXTRA_UIDS,
        tags.PR_SERVICES,
        tags.PR_STORE_PROVIDERS,
        tags.PR_AB_PROVIDERS,
        tags.PR_TRANSPORT_PROVIDERS,
        tags.PR_FILTERING_HOOKS,
        tags.PR_EMSMDB_SECTION_UID,
        tags.PR_PROVIDER_DLL_NAME,
        tags.PR_RESOURCE_TYPE,
        tags.PR_RESOURCE_FLAGS,
    )
)
"""Properties that MAPI or the service's INF wrote, and that hold nothing of the user."""
_NAMES = frozenset({prop_id(tags.PR_DISPLAY_NAME), prop_id(tags.PR_PROVIDER_DISPLAY)})
"""Names for people: the vendor's in an INF, and in a profile often the user's."""

_OUTLOOK_KEYS = (r"Outlook\InstallRoot", r"Common\InstallRoot", r"Common\LanguageResources")
MACHINE_KEYS: tuple[tuple[str, tuple[str, ...] | None], ...] = (
    (r"HKLM\SOFTWARE\Clients\Mail", None),
    (r"HKLM\SOFTWARE\Microsoft\Windows Messaging Subsystem", None),
    *((rf"HKLM\SOFTWARE\Microsoft\Office\{office}\Outlook", ("Bitness",)) for office in OFFICE_VERSIONS.values()),
    *(
        (rf"HKLM\SOFTWARE\Microsoft\Office\{office}\{below}", None)
        for office in OFFICE_VERSIONS.values()
        for below in _OUTLOOK_KEYS
    ),
    (
        # Others of its values name the user who activated Office.
        r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun\Configuration",
        ("InstallationPath", "Platform", "ProductReleaseIds", "VersionToReport", "ClientCulture"),
    ),
)
"""Keys of the machine that are shown, with the values that are (None is all of them, and all keys below)."""


# Profiles.


def profile_document(profile: Key, code_page: str) -> dict[str, Any]:
    """A profile: for each section the properties, with the values of those that may be shown."""
    return {
        "sections": {
            name if _is_uid(name) else MASKED: _section_document(name, section, code_page)
            for name, section in profile.keys.items()
        }
    }


def _is_uid(name: str) -> bool:
    return len(name) == 2 * UID_SIZE and all(digit in "0123456789abcdef" for digit in name.lower())


def _section_document(name: str, section: Key, code_page: str) -> dict[str, Any]:
    read = read_section(name, section, code_page)
    document: dict[str, Any] = {}
    others = 0
    for stored, value in section.values.items():
        tag = tag_of_value(stored)
        if tag is None:
            others += 1
        elif is_secret(stored, value):
            document[stored] = {"secret": True}
        elif prop_id(tag) in SHOWN and tag in read.properties:
            document[stored] = {"property": tags.name_in_section(tag), "value": _shown(read.properties[tag])}
        else:
            document[stored] = {"property": tags.name_in_section(tag), **_outline(value)}
    counts = {"other values": others, "keys": len(section.keys)}
    return document | {what: count for what, count in counts.items() if count}


def _shown(value: PropertyValue) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_shown(part) for part in value] if isinstance(value, tuple) else value


def private_texts(key: Key) -> Iterator[str]:
    """Every text below a key that may not be shown, wherever it is and however it is stored."""
    for _, here in walk(key):
        for name, value in here.values.items():
            tag = tag_of_value(name)
            if tag is None or prop_id(tag) not in SHOWN:
                for text in _texts(value):
                    yield from _worth(text)


def public_texts(key: Key, code_page: str) -> set[str]:
    """The texts below a key that may be shown, as they compare."""
    found: set[str] = set()
    for path, here in walk(key):
        for tag, value in read_section(path[-1], here, code_page).properties.items() if path else ():
            if prop_id(tag) in SHOWN:
                parts = value if isinstance(value, tuple) else (value,)
                found |= {part.casefold() for part in parts if isinstance(part, str)}
    return found


def _worth(text: str) -> Iterator[str]:
    is_number = text.isdecimal() and len(text) < SHORTEST_IN_BYTES
    if len(text.strip()) >= SHORTEST and not is_number and not _GUID.fullmatch(text):
        yield text.strip()


def _texts(value: Value) -> Iterator[str]:
    if value.type in {ValueType.SZ, ValueType.EXPAND_SZ, ValueType.MULTI_SZ}:
        yield from value.texts
    elif value.type == ValueType.BINARY:
        # Accounts of Outlook to 2013 are UTF-16 in REG_BINARY, properties are either ([profile-in-the-registry] 9).
        for encoding in ("utf-16-le", "utf-8", "cp1252"):
            text = value.data.decode(encoding, "replace")
            yield from (
                part
                for part in text.split("\0")
                if len(part) >= SHORTEST_IN_BYTES and part.isprintable() and "\ufffd" not in part
            )


# The machine's keys.


def value_document(name: str, value: Value) -> Any:
    """A value of a key of the machine: numbers and texts, which are still to be masked; of others the outline."""
    if is_secret(name, value):
        return {"secret": True}
    match value.type:
        case ValueType.SZ | ValueType.EXPAND_SZ:
            return value.text
        case ValueType.MULTI_SZ:
            return list(value.texts)
        case ValueType.DWORD:
            return value.number
    return _outline(value)


def _outline(value: Value) -> dict[str, Any]:
    known = {int(kind): f"REG_{kind.name}" for kind in ValueType}
    return {"type": known.get(value.type, f"0x{value.type:X}"), "size": len(value.data)}


# MAPISVC.INF.


def inf_lines(document: Inf) -> Iterator[str]:
    """The lines of a MAPISVC.INF; the values of properties that are not known are left out."""
    section = ""
    for line in document.lines:
        if line.kind is LineKind.SECTION:
            section = line.name
        if line.kind is LineKind.ENTRY and (is_secret_line(line.text) or not _is_shown_in_inf(section, line.name)):
            yield f"{line.name}={MASKED}"
        else:
            yield mask_line(line.text)


def inf_texts(document: Inf) -> set[str]:
    """The names and values that ``inf_lines`` shows, as they compare: what everybody can read in that file."""
    found = {section.name.casefold() for section in document.sections}
    for section in document.sections:
        for entry in section.entries:
            if _is_shown_in_inf(section.name, entry.key):
                found |= {entry.key.casefold(), entry.value.casefold()}
    return found


def _is_shown_in_inf(section: str, key: str) -> bool:
    if upcase(section) in map(upcase, GLOBAL) or upcase(key) in LINKS | {UID, WIZARD_ENTRY}:
        return True
    tag = tags.tag_of(key)
    return tag is not None and prop_id(tag) in SHOWN | _NAMES
