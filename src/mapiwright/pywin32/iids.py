"""The interfaces' ids, property sets and provider UIDs that pywin32's ``mapi`` module exports, as IIDs.

H:MAPIGuid.h, H:EdkGuid.h, H:MSPST.h, [commonly-used-property-sets]. Ours, which pywin32 lacks: MUID_PROFILE_INSTANCE
and the Exchange global section, both of which OpenProfileSection takes ([iprofadmin-adminservices], H:EdkMdb.h).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.pywin32.pywintypes import IID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.pywin32.pywintypes import IIDType

__all__ = ["IIDS", "OURS", "MAPIUIDFromBinary"]

_OLE = "{{{:08X}-0000-0000-C000-000000000046}}"
_TEXTS = {
    name: _OLE.format(number)
    for name, number in {
        "IID_IMAPISession": 0x20300,
        "IID_IMAPITable": 0x20301,
        "IID_IMAPIAdviseSink": 0x20302,
        "IID_IMAPIProp": 0x20303,
        "IID_IProfSect": 0x20304,
        "IID_IMAPIStatus": 0x20305,
        "IID_IMsgStore": 0x20306,
        "IID_IMessage": 0x20307,
        "IID_IAttachment": 0x20308,
        "IID_IAddrBook": 0x20309,
        "IID_IMailUser": 0x2030A,
        "IID_IMAPIContainer": 0x2030B,
        "IID_IMAPIFolder": 0x2030C,
        "IID_IABContainer": 0x2030D,
        "IID_IDistList": 0x2030E,
        "IID_IProfAdmin": 0x2031C,
        "IID_IMsgServiceAdmin": 0x2031D,
        "IID_IProviderAdmin": 0x20325,
        "PS_MAPI": 0x20328,
        "PS_PUBLIC_STRINGS": 0x20329,
        "PS_ROUTING_EMAIL_ADDRESSES": 0x20380,
        "PS_ROUTING_ADDRTYPE": 0x20381,
        "PS_ROUTING_DISPLAY_NAME": 0x20382,
        "PS_ROUTING_ENTRYID": 0x20383,
        "PS_ROUTING_SEARCH_KEY": 0x20384,
        "PS_INTERNET_HEADERS": 0x20386,
        "IID_IMsgServiceAdmin2": 0x20387,
        "CLSID_MailMessage": 0x20D0B,
        "PSETID_Appointment": 0x62002,
        "PSETID_Task": 0x62003,
        "PSETID_Address": 0x62004,
        "PSETID_Common": 0x62008,
        "PSETID_Log": 0x6200A,
        "PSETID_Note": 0x6200E,
        "PSETID_Report": 0x62013,
        "PSETID_Remote": 0x62014,
        "PSETID_Sharing": 0x62040,
        "PSETID_PostRss": 0x62041,
    }.items()
} | {
    "CLSID_IConverterSession": "{4E3A7680-B77A-11D0-9DA5-00C04FD65685}",
    "IID_IConverterSession": "{4B401570-B77B-11D0-9DA5-00C04FD65685}",
    "MSPST_UID_PROVIDER": "{4154494E-BFF9-01B8-00AA-0037D96E0000}",
    "PSETID_AirSync": "{71035549-0739-4DCB-9163-00F0580DBBDF}",
    "PSETID_Meeting": "{6ED8DA90-450B-101B-98DA-00AA003F1305}",
    "PSETID_Messaging": "{41F28F13-83F4-4114-A584-EEDB5A6B0BFF}",
    "PSETID_UnifiedMessaging": "{4442858E-A9E3-4E80-B900-317A210CC15B}",
}

OURS: Mapping[str, IIDType] = MappingProxyType(
    {
        "MUID_PROFILE_INSTANCE": IID(_OLE.format(0x20385)),
        "pbGlobalProfileSectionGuid": IID(bytes.fromhex("13dbb0c8aa05101a9bb000aa002fc45a"), True),
    }
)
"""What administration needs and pywin32 lacks."""

IIDS: Mapping[str, IIDType] = MappingProxyType({name: IID(text) for name, text in _TEXTS.items()} | dict(OURS))
"""All of them, by name."""


def MAPIUIDFromBinary(data: bytes) -> IIDType:
    """The IID of the 16 bytes of a MAPIUID, as tables hand them out; raises ValueError where they are not 16."""
    if len(data) != 16:
        raise ValueError("The string is not a valid MAPIUID (bad size)")
    return IID(data, True)
