"""Names and ids: property tags, the flags of PR_RESOURCE_FLAGS, resource types, and well-known sections.

A property tag is a 32-bit number: the id in its high half, the type in its low half. String properties have two
widths, and profiles store one of them: PT_UNICODE, but PT_MV_STRING8 for lists of files ([profile-in-the-registry]
7.2). A bare name such as PR_DISPLAY_NAME means the stored width; ``_A`` and ``_W`` ask for one.
The names that profiles need are in tags_table; all others are read from ``documented`` at the first miss.
Tags: mapi.md section 8 and H:MAPITags.h; flags: section 9, H:MAPIX.h, H:MAPIDefS.h, H:MAPIHook.h.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import IntEnum, IntFlag
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.formats.props import PropertyType
from mapiwright.mapi.props.tags_table import NAMES, PRIVATE_NAMES
from mapiwright.mapi.tables.row import is_secure

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FLAG_SYMBOLS",
    "WELL_KNOWN",
    "PropertyType",
    "ResourceType",
    "ServiceFlag",
    "StatusFlag",
    "is_secure",
    "name_in_section",
    "name_of",
    "other_width",
    "pid_name_of",
    "prop_id",
    "prop_type",
    "tag_of",
]

PR_OBJECT_TYPE = 0x0FFE0003
PR_ENTRYID = 0x0FFF0102
PR_RECORD_KEY = 0x0FF90102
PR_INSTANCE_KEY = 0x0FF60102
PR_DISPLAY_NAME = 0x3001001F
PR_PROVIDER_DISPLAY = 0x3006001F
PR_RESOURCE_FLAGS = 0x30090003
PR_PROVIDER_DLL_NAME = 0x300A001F
PR_SEARCH_KEY = 0x300B0102
PR_PROVIDER_UID = 0x300C0102
PR_PROVIDER_ORDINAL = 0x300D0003
PR_DEFAULT_STORE = 0x3400000B
PR_MDB_PROVIDER = 0x34140102
PR_STORE_PROVIDERS = 0x3D000102
PR_AB_PROVIDERS = 0x3D010102
PR_TRANSPORT_PROVIDERS = 0x3D020102
PR_DEFAULT_PROFILE = 0x3D04000B
PR_AB_SEARCH_PATH = 0x3D051102
PR_AB_DEFAULT_DIR = 0x3D060102
PR_AB_DEFAULT_PAB = 0x3D070102
PR_FILTERING_HOOKS = 0x3D080102
PR_SERVICE_NAME = 0x3D09001F
PR_SERVICE_DLL_NAME = 0x3D0A001F
PR_SERVICE_ENTRY_NAME = 0x3D0B001F
PR_SERVICE_UID = 0x3D0C0102
PR_SERVICE_EXTRA_UIDS = 0x3D0D0102
PR_SERVICES = 0x3D0E0102
PR_SERVICE_SUPPORT_FILES = 0x3D0F101E
PR_SERVICE_DELETE_FILES = 0x3D10101E
PR_AB_SEARCH_PATH_UPDATE = 0x3D110102
PR_PROFILE_NAME = 0x3D12001F
PR_SERVICE_INSTALL_ID = 0x3D13001F
PR_EMSMDB_SECTION_UID = 0x3D150102
PR_EMSMDB_LEGACY = 0x3D18000B
PR_RESOURCE_METHODS = 0x3E020003
PR_RESOURCE_TYPE = 0x3E030003
PR_STATUS_CODE = 0x3E040003


class ResourceType(IntEnum):
    """PR_RESOURCE_TYPE (H:MAPIDefS.h)."""

    STORE_PROVIDER = 33
    AB = 34
    AB_PROVIDER = 35
    TRANSPORT_PROVIDER = 36
    SPOOLER = 37
    PROFILE_PROVIDER = 38
    SUBSYSTEM = 39
    HOOK_PROVIDER = 40

    @property
    def symbol(self) -> str:
        """The name in the headers and in MAPISVC.INF."""
        return f"MAPI_{self.name}"


class ServiceFlag(IntFlag):
    """PR_RESOURCE_FLAGS of a service section (H:MAPIX.h); the same bits mean other things in a provider section."""

    DEFAULT_STORE = 0x01
    SINGLE_COPY = 0x02
    CREATE_WITH_STORE = 0x04
    PRIMARY_IDENTITY = 0x08
    NO_PRIMARY_IDENTITY = 0x20


class StatusFlag(IntFlag):
    """PR_RESOURCE_FLAGS of a provider section (H:MAPIDefS.h, H:MAPIHook.h)."""

    DEFAULT_OUTBOUND = 0x0001
    DEFAULT_STORE = 0x0002
    PRIMARY_IDENTITY = 0x0004
    SIMPLE_STORE = 0x0008
    XP_PREFER_LAST = 0x0010
    NO_PRIMARY_IDENTITY = 0x0020
    NO_DEFAULT_STORE = 0x0040
    TEMP_SECTION = 0x0080
    OWN_STORE = 0x0100
    HOOK_INBOUND = 0x0200
    HOOK_OUTBOUND = 0x0400
    NEED_IPM_TREE = 0x0800
    PRIMARY_STORE = 0x1000
    SECONDARY_STORE = 0x2000


FLAG_SYMBOLS: Mapping[str, int] = MappingProxyType(
    {f"SERVICE_{flag.name}": int(flag) for flag in ServiceFlag}
    | {
        (f"{flag.name}" if f"{flag.name}".startswith("HOOK_") else f"STATUS_{flag.name}"): int(flag)
        for flag in StatusFlag
    }
    | {kind.symbol: int(kind) for kind in ResourceType}
)
"""The symbols that a PT_LONG of MAPISVC.INF may be written with ([property-entries-in-mapisvc-inf-...])."""

WELL_KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "9207f3e0a3b11019908b08002b2a56c2": "MAPI services and providers",
        "8503020000000000c000000000000046": "MUID_PROFILE_INSTANCE",
        "0a0d020000000000c000000000000046": "Outlook Global Profile Section",
        "13dbb0c8aa05101a9bb000aa002fc45a": "Exchange Global Profile Section",
        "85ed14239df742668bf2fbd4a5212941": "NST Global Profile Section",
        "9375cff0413111d3b88a00104b2a6676": "Outlook accounts",
        "dca740c8c042101ab4b908002b2fe182": "Exchange address book (muidEMSAB)",
        "3517490d76624c419a828607e2a54604": "Outlook: name of the profile",
        "ddb0922fc50b8d42be5a821ede840761": "Outlook Social Connector",
        "c02ebc5353d9cd11975200aa004ae40e": "Outlook: send options",
        "5acf76a3665511cea39a00aa004acafa": "Dial-up networking",
    }
)
"""Sections that every profile may have, by their key's name in lower case ([profile-in-the-registry] 5)."""

_BY_TAG = {tag: name for name, tag in NAMES.items()}
_PRIVATE = {
    service: {tag: name for name, tag in names.items()}
    for services, names in PRIVATE_NAMES.items()
    for service in services
}
_ALL_NAMES = {name: tag for names in PRIVATE_NAMES.values() for name, tag in names.items()} | dict(NAMES)
_WIDTHS: Mapping[int, PropertyType] = {
    PropertyType.STRING8: PropertyType.UNICODE,
    PropertyType.UNICODE: PropertyType.STRING8,
    PropertyType.MV_STRING8: PropertyType.MV_UNICODE,
    PropertyType.MV_UNICODE: PropertyType.MV_STRING8,
}
_ANSI = frozenset({PropertyType.STRING8, PropertyType.MV_STRING8})


def prop_id(tag: int) -> int:
    """The id, which is the high half of a tag."""
    return tag >> 16 & 0xFFFF


def prop_type(tag: int) -> int:
    """The type, which is the low half of a tag; it may be one that PropertyType lacks."""
    return tag & 0xFFFF


def other_width(tag: int) -> int | None:
    """The same string property in the other width, or None where it is no string."""
    kind = _WIDTHS.get(prop_type(tag))
    return None if kind is None else tag & 0xFFFF0000 | kind


def tag_of(name: str) -> int | None:
    """The tag that ``name`` means: PR_DISPLAY_NAME, PidTagDisplayName, PR_DISPLAY_NAME_W, _A, or up to 8 hex digits.

    The first two mean the stored width. Leading zeros may be missing, as the samples print tags with ``%lx``; case
    does not matter. None where it is none of them, and for the id 0, which no property has.
    """
    key = name.upper()
    if re.fullmatch(r"[0-9A-F]{5,8}", key):
        number = int(key, 16)
        return number if prop_id(number) else None
    tag = _tag_named(key, _ALL_NAMES)
    return _tag_named(key, _documented_tags()) if tag is None and key.startswith(("PR_", "PIDTAG")) else tag


def name_of(tag: int, service: str = "") -> str:
    """The name of a tag, or its 8 hex digits in upper case; ``tag_of`` reads both back.

    Ids from 0x6600 to 0x67FF mean what each provider wants, so their names need the PR_SERVICE_NAME of the section;
    from 0x8000 on they are given out at run time, and have none here ([property-identifier-ranges]). A name that has
    no PR form is given in its PidTag form.
    """
    return _name_in(tag, _stored_names(service)) or _name_in(tag, _documented_names()) or f"{tag:08X}"


def name_in_section(tag: int, service: str = "") -> str:
    """As ``name_of`` for a property of a profile section, where the ids of messages and recipients mean other things.

    Outlook's sections use them freely: 0x00320040 is PR_REPORT_TIME in a message alone.
    """
    # [property-identifier-ranges]: 3000 is for what is no message; PR_ENTRYID and its like are in 0E00.
    is_common = 0x0E00 <= prop_id(tag) <= 0x0FFF or 0x3000 <= prop_id(tag) <= 0x3FFF
    return name_of(tag, service) if is_common else _name_in(tag, _stored_names(service)) or f"{tag:08X}"


def pid_name_of(tag: int, service: str = "") -> str | None:
    """The name that the newer documents give a tag: PidTagDisplayName for both widths; None where it has none.

    ``service`` is that of ``name_of``.
    """
    name = name_of(tag, service).upper()
    return _pid_names().get(name) or _pid_names().get(name[:-2])


def _tag_named(key: str, names: Mapping[str, int]) -> int | None:
    if key in names:
        return names[key]
    tag = names.get(key[:-2]) if key.endswith(("_A", "_W")) else None
    if tag is None or (other := other_width(tag)) is None:
        return None
    return tag if (prop_type(tag) in _ANSI) == key.endswith("_A") else other


def _name_in(tag: int, names: Mapping[int, str]) -> str | None:
    if tag in names:
        return names[tag]
    other = other_width(tag)
    if other is not None and other in names:
        return names[other] + ("_A" if prop_type(tag) in _ANSI else "_W")
    return None


def _stored_names(service: str) -> Mapping[int, str]:
    return _PRIVATE.get(service.upper(), {}) | _BY_TAG


@cache
def _documented_tags() -> Mapping[str, int]:
    """By PR and PidTag names in upper case; names that profiles need mean the width that they store."""
    from mapiwright.mapi.props.documented import properties  # noqa: PLC0415 - most runs need none of its names

    tags: dict[str, int] = {}
    for each in properties():
        tag = _ALL_NAMES.get(each.name, each.tag)
        tags |= {name.upper(): tag for name in (each.name, each.pid_name) if name}
    return tags


@cache
def _documented_names() -> Mapping[int, str]:
    """By tag; without the ids that are a provider's own or run-time's, and without those that have several owners."""
    from mapiwright.mapi.props.documented import properties  # noqa: PLC0415 - as above

    names: dict[int, str] = {}
    owners: Counter[int] = Counter()
    for each in properties():
        owners[each.tag] += 1
        if each.name not in _ALL_NAMES:
            names.setdefault(each.tag, each.name or each.pid_name)
    return {
        tag: name
        for tag, name in names.items()
        if prop_id(tag) < 0x6600 or (0x6800 <= prop_id(tag) < 0x8000 and owners[tag] == 1)
    }


@cache
def _pid_names() -> Mapping[str, str]:
    from mapiwright.mapi.props.documented import properties  # noqa: PLC0415 - as above

    return {(each.name or each.pid_name).upper(): each.pid_name for each in properties()}
