"""Property values as a profile section stores them: the layouts per property type ([profile-in-the-registry] 4).

All integers are little-endian. Multi-valued strings and binaries carry a table of offsets whose width is that of a
pointer in the process that wrote them: 4 or 8 bytes. ``PT_STRING8`` is not here: it is stored as a REG_SZ, which is a
matter of the registry; the layouts here are those of REG_BINARY.

``decode(encode(v)) == v`` for every value that ``checked`` lets through, and ``encode(decode(b)) == b`` for every
layout that Outlook was seen to write. Garbage raises FormatError with the offset, in time and memory linear in the
input. Errors never quote the data: it may be a secret.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.errors import FormatError, UsageError
from mapiwright.formats.uid import MapiUid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PropertyValue: TypeAlias = int | bool | str | bytes | tuple[int, ...] | tuple[str, ...] | tuple[bytes, ...]
"""PT_LONG, PT_I8 and PT_SYSTIME as int (the last in FILETIME ticks), PT_BOOLEAN as bool, strings as str, PT_BINARY
and PT_CLSID as bytes (a GUID in its little-endian memory form), multi-valued types as tuples."""

Properties: TypeAlias = "Mapping[int, PropertyValue]"
"""Values by their property tags, 32-bit integers: the id in the high half, the type in the low one."""

GivenValue: TypeAlias = "PropertyValue | datetime"
"""What a property is set to: a value, or for PT_SYSTIME a datetime with a time zone. PT_BINARY and PT_CLSID also take
a MapiUid, which is a str."""

GivenProperties: TypeAlias = "Mapping[int, GivenValue]"
"""Properties to set, by their tags; ``checked`` makes stored values of them."""


class PropertyType(IntEnum):
    """The types of properties (H:MAPIDefS.h): the low half of a property tag."""

    UNSPECIFIED = 0x0000
    NULL = 0x0001
    I2 = 0x0002
    LONG = 0x0003
    R4 = 0x0004
    DOUBLE = 0x0005
    CURRENCY = 0x0006
    APPTIME = 0x0007
    ERROR = 0x000A
    BOOLEAN = 0x000B
    OBJECT = 0x000D
    I8 = 0x0014
    STRING8 = 0x001E
    UNICODE = 0x001F
    SYSTIME = 0x0040
    CLSID = 0x0048
    BINARY = 0x0102
    MV_I2 = 0x1002
    MV_LONG = 0x1003
    MV_R4 = 0x1004
    MV_DOUBLE = 0x1005
    MV_CURRENCY = 0x1006
    MV_APPTIME = 0x1007
    MV_I8 = 0x1014
    MV_STRING8 = 0x101E
    MV_UNICODE = 0x101F
    MV_SYSTIME = 0x1040
    MV_CLSID = 0x1048
    MV_BINARY = 0x1102


OFFSET_TABLES = frozenset({PropertyType.MV_STRING8, PropertyType.MV_UNICODE, PropertyType.MV_BINARY})
"""The types whose bytes depend on the width of a pointer."""

_SCALARS = {PropertyType.I2: "<h", PropertyType.LONG: "<i", PropertyType.I8: "<q", PropertyType.SYSTIME: "<Q"}
_STRINGS = frozenset({PropertyType.STRING8, PropertyType.UNICODE})
_MV_STRINGS = frozenset({PropertyType.MV_STRING8, PropertyType.MV_UNICODE})


def decode(kind: int, data: bytes, code_page: str = "cp1252") -> PropertyValue:
    """The value that ``data`` spells for the property type ``kind``.

    Strings end at their first terminator and may lack it, as hand-made values do. ``code_page`` is the Python codec
    of PT_MV_STRING8; bytes that it does not know come out as surrogate escapes. Raises FormatError with the offset,
    and for every type whose layout is not known, so that the caller keeps the bytes as they are.
    """
    if kind in _SCALARS:
        layout = _SCALARS[PropertyType(kind)]
        number: int = struct.unpack(layout, _exactly(data, struct.calcsize(layout)))[0]
        return number
    match kind:
        case PropertyType.BOOLEAN:
            return any(_exactly(data, 2))
        case PropertyType.CLSID:
            return _exactly(data, 16)
        case PropertyType.BINARY:
            return data
        case PropertyType.UNICODE:
            return _utf16(data)
        case PropertyType.MV_LONG:
            if len(data) % 4:
                raise FormatError("a list of 32-bit numbers ends in the middle of one", where=_at(len(data) & ~3))
            return struct.unpack(f"<{len(data) // 4}i", data)
        case PropertyType.MV_STRING8:
            return tuple(part.decode(code_page, "surrogateescape") for part in _strings(data, 1))
        case PropertyType.MV_UNICODE:
            return tuple(part.decode("utf-16-le", "surrogatepass") for part in _strings(data, 2))
        case PropertyType.MV_BINARY:
            return tuple(_blobs(data))
    raise FormatError(f"the layout of property type {kind:04x} is not known", where=_at(0))


def encode(kind: int, value: GivenValue, *, pointer: int, code_page: str = "cp1252") -> bytes:
    """The bytes that a process with pointers of ``pointer`` bytes (4 or 8) stores for ``value``.

    Raises UsageError where the value is none of that type, or has no form in the code page.
    """
    value = checked(kind, value)
    match value:
        case bool():
            return value.to_bytes(2, "little")
        case int():
            return struct.pack(_SCALARS[PropertyType(kind)], value)
        case str():
            return _terminated(value)
        case bytes():
            return value
    if kind == PropertyType.MV_LONG:
        return struct.pack(f"<{len(value)}i", *value)
    if kind == PropertyType.MV_BINARY:
        return _encode_blobs([part for part in value if isinstance(part, bytes)], pointer)
    texts = [part for part in value if isinstance(part, str)]
    if kind == PropertyType.MV_UNICODE:
        return _encode_strings([_terminated(text) for text in texts], pointer)
    try:
        return _encode_strings([text.encode(code_page, "surrogateescape") + b"\0" for text in texts], pointer)
    except UnicodeEncodeError as error:
        raise UsageError(
            f"character U+{ord(error.object[error.start]):04X} has no form in the code page {code_page}",
            expected="text of the workstation's ANSI code page",
        ) from None


def pointer_of(kind: int, data: bytes) -> int | None:
    """The width of a pointer, 4 or 8, in the process that wrote ``data``; None where the bytes do not show it.

    The first offset points just behind the table, so both widths cannot hold at once ([profile-in-the-registry] 4.3).
    """
    count = int.from_bytes(data[:4], "little")
    if kind not in OFFSET_TABLES or not count:
        return None
    for pointer, entry in ((4, 4), (8, 8)) if kind != PropertyType.MV_BINARY else ((4, 8), (8, 16)):
        place = 4 + entry - pointer
        first = data[place : place + pointer]
        if len(first) == pointer and int.from_bytes(first, "little") == 4 + count * entry:
            return pointer
    return None


def checked(kind: int, value: GivenValue) -> PropertyValue:
    """``value`` as the type ``kind`` holds it; otherwise raises UsageError, which does not quote the value.

    A PT_LONG may be given with or without sign: 0x80000000 is the same four bytes as -0x80000000. A PT_SYSTIME may be
    a datetime that knows its time zone.
    """
    match kind, value:
        case PropertyType.SYSTIME, _ if (ticks := _ticks(value)) is not None:
            return ticks
        case ((PropertyType.BINARY | PropertyType.CLSID), MapiUid()):
            return value.bytes
        case PropertyType.BOOLEAN, int():
            return bool(value)
        case PropertyType.LONG, int() if -(1 << 31) <= value < 1 << 32:
            return _signed(value)
        case ((PropertyType.I2 | PropertyType.I8 | PropertyType.SYSTIME), int()) if _fits(kind, int(value)):
            return int(value)
        case ((PropertyType.STRING8 | PropertyType.UNICODE), str()) if "\0" not in value:
            return value
        case PropertyType.CLSID, bytes() if len(value) == 16:
            return value
        case PropertyType.BINARY, bytes():
            return value
        case PropertyType.MV_LONG, tuple():
            numbers = [part for part in value if isinstance(part, int) and -(1 << 31) <= part < 1 << 32]
            if len(numbers) == len(value):
                return tuple(_signed(part) for part in numbers)
        case ((PropertyType.MV_STRING8 | PropertyType.MV_UNICODE), tuple()):
            if all(isinstance(part, str) and "\0" not in part for part in value):
                return value
        case PropertyType.MV_BINARY, tuple():
            if all(isinstance(part, bytes) for part in value):
                return value
    name = f"PT_{PropertyType(kind).name}" if kind in PropertyType._value2member_map_ else f"type {kind:04x}"
    raise UsageError(f"a {type(value).__name__} of this value cannot be stored as {name}")


def _ticks(time: GivenValue) -> int | None:
    """A datetime as a FILETIME, tenths of microseconds since 1601 in UTC; None for any other value."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - who lists profiles sets no times

    if not isinstance(time, datetime):
        return None
    if time.utcoffset() is None:
        raise UsageError(
            "a datetime without a time zone cannot be stored as PT_SYSTIME",
            remedy="Say which zone it is in: datetime.now(UTC), or time.astimezone() for the local one.",
        )
    ticks = (time - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10
    if ticks < 0:
        raise UsageError("a datetime before 1601 cannot be stored as PT_SYSTIME")
    return ticks


def _fits(kind: int, number: int) -> bool:
    try:
        struct.pack(_SCALARS[PropertyType(kind)], number)
    except struct.error:
        return False
    return True


def _signed(number: int) -> int:
    return int(number) - (1 << 32) if number >= 1 << 31 else int(number)


def _at(offset: int) -> str:
    return f"offset {offset}"


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise FormatError(f"a value of {len(data)} bytes", where=_at(min(len(data), size)), expected=f"{size} bytes")
    return data


def _utf16(data: bytes) -> str:
    if len(data) % 2:
        raise FormatError("a UTF-16 string ends in the middle of a character", where=_at(len(data) - 1))
    return data.decode("utf-16-le", "surrogatepass").split("\0", 1)[0]


def _terminated(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass") + b"\0\0"


def _table(kind: int, data: bytes, entry: int) -> tuple[int, int]:
    """The count at the head of a multi-valued property and the width of its offsets, once the table fits.

    ``entry`` is the size of an element of the table where offsets have 4 bytes.
    """
    if len(data) < 4:
        raise FormatError("a multi-valued property without its count", where=_at(len(data)))
    count = int.from_bytes(data[:4], "little")
    pointer = pointer_of(kind, data)
    if count and pointer is None:
        raise FormatError("the first offset points neither behind a 32-bit nor a 64-bit table", where=_at(4))
    pointer = pointer or 4
    if 4 + count * entry * (pointer // 4) > len(data):
        raise FormatError(f"a table of {count} elements does not fit", where=_at(len(data)))
    return count, pointer


def _strings(data: bytes, unit: int) -> list[bytes]:
    """The strings behind ``u32 count; off offset[count]``, without their terminators of ``unit`` bytes."""
    kind = PropertyType.MV_STRING8 if unit == 1 else PropertyType.MV_UNICODE
    count, pointer = _table(kind, data, 4)
    offsets = [int.from_bytes(data[4 + i * pointer : 4 + (i + 1) * pointer], "little") for i in range(count)]
    parts = []
    free = 4 + count * pointer
    for index, start in enumerate(offsets):
        # Strings lie in order and do not overlap, so that decoding stays linear in the input.
        at = _at(4 + index * pointer)
        if not free <= start <= len(data):
            raise FormatError(f"string {index} overlaps what is before it, or ends behind the value", where=at)
        end = start
        while (end := data.find(b"\0" * unit, end)) % unit != start % unit and end != -1:
            end += 1
        if end == -1:
            raise FormatError(f"string {index} has no terminator", where=at)
        parts.append(data[start:end])
        free = end + unit
    return parts


def _blobs(data: bytes) -> list[bytes]:
    """The blobs behind ``u32 count; { u32 len; [u32 pad;] off offset }[count]``; the pad of x64 may be dirty."""
    count, pointer = _table(PropertyType.MV_BINARY, data, 8)
    parts = []
    free = 4 + count * 2 * pointer
    for index in range(count):
        entry = 4 + index * 2 * pointer
        size = int.from_bytes(data[entry : entry + 4], "little")
        start = int.from_bytes(data[entry + pointer : entry + 2 * pointer], "little")
        if not free <= start <= len(data) - size:
            raise FormatError(f"blob {index} overlaps what is before it, or ends behind the value", where=_at(entry))
        parts.append(data[start : start + size])
        free = start + size
    return parts


def _encode_strings(parts: list[bytes], pointer: int) -> bytes:
    table = bytearray(len(parts).to_bytes(4, "little"))
    place = 4 + len(parts) * pointer
    for part in parts:
        table += place.to_bytes(pointer, "little")
        place += len(part)
    return bytes(table) + b"".join(parts)


def _encode_blobs(parts: list[bytes], pointer: int) -> bytes:
    table = bytearray(len(parts).to_bytes(4, "little"))
    place = 4 + len(parts) * 2 * pointer
    padded = [part + bytes(-len(part) % 4) for part in parts]
    for part, whole in zip(parts, padded, strict=True):
        # The length takes the width of a pointer: on x64 its upper half is the alignment hole of SBinary.
        table += len(part).to_bytes(pointer, "little") + place.to_bytes(pointer, "little")
        place += len(whole)
    return bytes(table) + b"".join(padded)
