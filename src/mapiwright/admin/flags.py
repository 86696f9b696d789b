"""The flags of the administration interfaces, one namespace per kind of call (mapi.md 9.3, H:MAPIX.h, H:MAPIDefS.h).

The same bit means other things in other calls: MAPI_DIALOG is MAPI_DEFERRED_ERRORS is MSG_SERVICE_UI_READ_ONLY. The
calls that are passed on to a service take ``entry.contract.EntryFlag`` itself. Parameters that the pages reserve,
window handles and passwords are left out here.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

from mapiwright.entry.service.contract import EntryFlag
from mapiwright.errors import CallError

MAPI_E_UNKNOWN_FLAGS = 0x80040106


class ProfileFlag(IntFlag):
    """``ulFlags`` of IProfAdmin's methods; the page of each one names those that it knows."""

    DEFAULT_SERVICES = 0x1
    APP_PROFILE = 0x4
    DIALOG = 0x8
    UNICODE = 0x80000000


class ProviderFlag(IntFlag):
    """``ulFlags`` of IProviderAdmin::CreateProvider."""

    DIALOG = 0x8
    UNICODE = 0x80000000


class ReadFlag(IntFlag):
    """``ulFlags`` of what only reads: tables, GetProps, GetPropList, GetLastError."""

    UNICODE = 0x80000000


class SectionFlag(IntFlag):
    """``ulFlags`` of OpenProfileSection."""

    MODIFY = 0x1
    DEFERRED_ERRORS = 0x8
    FORCE_ACCESS = 0x80000


class CopyFlag(IntFlag):
    """``ulFlags`` of CopyTo and CopyProps."""

    MOVE = 0x1
    NOREPLACE = 0x2
    DIALOG = 0x8


class SaveFlag(IntFlag):
    """``ulFlags`` of SaveChanges."""

    KEEP_OPEN_READONLY = 0x1
    KEEP_OPEN_READWRITE = 0x2
    FORCE_SAVE = 0x4


class LogonFlag(IntFlag):
    """``flFlags`` of MAPILogonEx ([mapilogonex], H:MAPIX.h, H:MAPIAux.h)."""

    LOGON_UI = 0x1
    NEW_SESSION = 0x2
    APP_PROFILE = 0x4
    ALLOW_OTHERS = 0x8
    EXPLICIT_PROFILE = 0x10
    EXTENDED = 0x20
    USE_DEFAULT = 0x40
    FORCE_DOWNLOAD = 0x1000
    SERVICE_UI_ALWAYS = 0x2000
    NO_MAIL = 0x8000
    NT_SERVICE = 0x10000
    PASSWORD_UI = 0x20000
    TIMEOUT_SHORT = 0x100000
    BG_SESSION = 0x200000
    UNICODE = 0x80000000


class StoreChoice(IntEnum):
    """What IMAPISession::SetDefaultStore makes of a store; numbers, of which a call has one."""

    DEFAULT_STORE = 1
    SIMPLE_STORE_TEMPORARY = 2
    SIMPLE_STORE_PERMANENT = 3
    PRIMARY_STORE = 4
    SECONDARY_STORE = 5


NONE = ProfileFlag(0)
NO_UI = EntryFlag(0)
UI = EntryFlag.UI_ALLOWED | EntryFlag.UI_ALWAYS


def check_flags(flags: int, known: int, call: str) -> None:
    """Refuse bits that a call's page and header do not name ([derived] from [imapisupport-openprofilesection])."""
    strange = int(flags) & ~int(known) & 0xFFFFFFFF
    if strange:
        raise CallError(
            f"{call} knows no flags 0x{strange:X}", hresult=MAPI_E_UNKNOWN_FLAGS, expected=f"bits of 0x{int(known):X}"
        )


def for_service(flags: int) -> EntryFlag:
    """The flags that go with MAPI_DIALOG, or without it, to an entry point.

    [derived]: the pages say that the caller's flags are passed on, where the same bit means MSG_SERVICE_UI_READ_ONLY.
    What is meant is that the service may show its dialog.
    """
    return EntryFlag.UNICODE | (EntryFlag.UI_ALLOWED if flags & ProfileFlag.DIALOG else NO_UI)
