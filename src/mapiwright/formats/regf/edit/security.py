"""Security descriptors: the ring of records that a hive's keys share, and a descriptor for a new hive.

Source: the regf specification of msuhanov; [MS-DTYP] 2.4.2, 2.4.4, 2.4.5 and 2.4.6 for the descriptor.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from mapiwright.formats.regf.records import (
    NIL,
    SECURITY,
    SECURITY_NEXT,
    SECURITY_PREVIOUS,
    SECURITY_USERS,
    damage,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.formats.regf.edit.cells import Cells
    from mapiwright.formats.regf.records import Image

FULL_ACCESS = 0xF003F  # KEY_ALL_ACCESS
READ_ACCESS = 0x20019  # KEY_READ
SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
USERS = "S-1-5-32-545"

_SELF_RELATIVE_WITH_ACL = 0x8004
_CONTAINER_INHERIT = 0x02


def security_descriptor(
    *, full: Sequence[str] = (SYSTEM, ADMINISTRATORS), read: Sequence[str] = (USERS,), owner: str = ADMINISTRATORS
) -> bytes:
    """A self-relative descriptor that lets the SIDs of ``full`` do everything and those of ``read`` read.

    Subkeys inherit it. The group is SYSTEM.
    """
    entries = b""
    for mask, names in ((FULL_ACCESS, full), (READ_ACCESS, read)):
        for name in names:
            sid = _sid(name)
            entries += struct.pack("<BBHI", 0, _CONTAINER_INHERIT, 8 + len(sid), mask) + sid
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(entries), len(full) + len(read), 0) + entries
    owner_sid, group_sid = _sid(owner), _sid(SYSTEM)
    at_owner = 20 + len(acl)
    head = struct.pack("<BBHIIII", 1, 0, _SELF_RELATIVE_WITH_ACL, at_owner, at_owner + len(owner_sid), 0, 20)
    return head + acl + owner_sid + group_sid


def owner_of(descriptor: bytes) -> str:
    """The SID of the owner that a self-relative descriptor names; "" where it names none ([MS-DTYP] 2.4.6)."""
    if len(descriptor) < 20:
        return ""
    (at,) = struct.unpack_from("<I", descriptor, 4)
    if at < 20 or at + 8 > len(descriptor) or at + 8 + 4 * descriptor[at + 1] > len(descriptor):
        return ""
    parts = struct.unpack_from(f"<{descriptor[at + 1]}I", descriptor, at + 8)
    authority = int.from_bytes(descriptor[at + 2 : at + 8], "big")
    return "-".join(["S", str(descriptor[at]), str(authority), *map(str, parts)])


def _sid(text: str) -> bytes:
    revision, authority, *parts = (int(part) for part in text.split("-")[1:])
    return bytes([revision, len(parts)]) + authority.to_bytes(6, "big") + struct.pack(f"<{len(parts)}I", *parts)


def add_security(cells: Cells, descriptor: bytes) -> int:
    """The first record of a new hive: a ring of one, not used yet."""
    offset = cells.add(SECURITY.pack(b"sk", 0, 0, 0, 0, len(descriptor)) + descriptor)
    cells.put(offset, SECURITY_NEXT, offset)
    cells.put(offset, SECURITY_PREVIOUS, offset)
    return offset


def share_security(cells: Cells, offset: int) -> None:
    """One key more uses the record."""
    cells.put(offset, SECURITY_USERS, users_of(cells.image, offset) + 1)


def users_of(image: Image, offset: int) -> int:
    """How many keys use the record; raises FormatError where one more could not."""
    at, _ = image.record(offset, b"sk", SECURITY.size)
    users = int.from_bytes(image.data[at + SECURITY_USERS : at + SECURITY_USERS + 4], "little")
    if users == NIL:
        raise damage(at, f"{users} keys are said to share a security descriptor")
    return users


def release_security(cells: Cells, offset: int) -> None:
    """One key fewer uses the record; the last one takes it out of the ring and frees it."""
    cells.image.record(offset, b"sk", SECURITY.size)
    users = cells.number(offset, SECURITY_USERS)
    if users > 1:
        cells.put(offset, SECURITY_USERS, users - 1)
        return
    following, previous = cells.number(offset, SECURITY_NEXT), cells.number(offset, SECURITY_PREVIOUS)
    for neighbour in (following, previous):
        cells.image.record(neighbour, b"sk", SECURITY.size)
    cells.put(previous, SECURITY_NEXT, following)
    cells.put(following, SECURITY_PREVIOUS, previous)
    cells.free(offset)
