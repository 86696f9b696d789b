"""A MAPIUID or interface id as scripts give it: an IID, its text in braces, or (ours) 16 bytes or a MapiUid."""

from __future__ import annotations

from typing import TypeAlias

from mapiwright.errors import CallError
from mapiwright.formats.uid import MapiUid
from mapiwright.pywin32.pywintypes import CO_E_CLASSSTRING, IID, IIDType

Uid: TypeAlias = IIDType | bytes | str


def bytes_of(uid: Uid) -> bytes:
    """The 16 bytes, in the order that profiles have; raises TypeError for what is no id at all.

    Text without braces is no GUID to Windows, and hex digits would be in another order.
    """
    if isinstance(uid, MapiUid):
        return uid.bytes
    if isinstance(uid, str) and not uid.startswith("{"):
        raise CallError(
            "an id without braces",
            hresult=CO_E_CLASSSTRING & 0xFFFFFFFF,
            expected="{00020304-0000-0000-C000-000000000046}, an IID, or 16 bytes",
        )
    if isinstance(uid, bytes | bytearray | memoryview):
        if len(uid) != 16:
            raise CallError("an id of another size", hresult=CO_E_CLASSSTRING & 0xFFFFFFFF, expected="16 bytes")
        return bytes(uid)
    if not isinstance(uid, str | IIDType):
        raise TypeError("Only strings and iids can be converted to a CLSID.")
    return bytes(IID(uid))
