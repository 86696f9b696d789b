"""MAPIUID: the 16 bytes that name a section of a profile, and the 32 hex digits that they are written as."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from mapiwright.errors import UsageError

if TYPE_CHECKING:
    import builtins

UID_SIZE = 16

_HEX = re.compile(r"[0-9a-f]{32}", re.IGNORECASE | re.ASCII)
_GUID = re.compile(
    r"(\{)?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})(?(1)\})", re.IGNORECASE | re.ASCII
)


class MapiUid(str):
    """A MAPIUID: a str of 32 lower-case hex digits, which equals those digits and its 16 ``bytes``.

    Made of 16 bytes, of 32 hex digits in any case, or of a GUID as Windows writes it, with or without braces; the
    bytes are in memory order, so that the first three groups of a GUID are reversed. Raises UsageError for all else.

    It hashes as its digits: as a key of a dict it is found by a uid and by lower-case digits. ``==`` alone takes
    bytes, too; they hash otherwise, so make a MapiUid of them before you look for them in a dict or a set.
    """

    __slots__ = ()

    def __new__(cls, uid: str | builtins.bytes) -> Self:
        """Read one in any of its spellings."""
        if isinstance(uid, MapiUid):
            return super().__new__(cls, uid)
        if isinstance(uid, bytes) and len(uid) == UID_SIZE:
            return super().__new__(cls, uid.hex())
        if isinstance(uid, str) and _HEX.fullmatch(uid):
            return super().__new__(cls, uid.lower())
        if isinstance(uid, str) and (guid := _GUID.fullmatch(uid)):
            first, second, third, *rest = (bytes.fromhex(group) for group in guid.groups()[1:])
            return super().__new__(cls, b"".join((first[::-1], second[::-1], third[::-1], *rest)).hex())
        shown = uid.hex() if isinstance(uid, bytes) else uid
        raise UsageError(f"{shown!r} is no MAPIUID", expected="16 bytes, or 32 hex digits")

    @classmethod
    def read(cls, text: str | builtins.bytes) -> Self | None:
        """The uid that ``text`` spells, or None, where a name may be given instead."""
        try:
            return cls(text)
        except UsageError:
            return None

    @property
    def bytes(self) -> builtins.bytes:
        """The 16 bytes, as PR_SERVICE_UID and its like hold them."""
        return bytes.fromhex(self)

    @property
    def guid(self) -> str:
        """The same as Windows writes a GUID, in braces."""
        data = self.bytes
        groups = (data[3::-1], data[5:3:-1], data[7:5:-1], data[8:10], data[10:])
        return "{" + "-".join(group.hex() for group in groups).upper() + "}"

    def __eq__(self, other: object) -> bool:
        return self.bytes == other if isinstance(other, bytes) else str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __repr__(self) -> str:
        return f"MapiUid({str(self)!r})"
