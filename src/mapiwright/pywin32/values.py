"""Texts, tags and properties on their way between scripts, which have them as pywin32 does, and Mapiwright.

Here a PT_STRING8 is text. In a script it is bytes of the workstation's ANSI code page when it is read, and bytes or
str when it is set. Beside what pywin32 takes, PT_UNICODE and names may be bytes, too, and PT_CLSID 16 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from operator import index
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from mapiwright.formats.props import PropertyType
from mapiwright.mapi.props.tags import prop_type
from mapiwright.mapi.tables.row import MV_FLAG
from mapiwright.pywin32.constants import signed
from mapiwright.pywin32.pywintypes import IID, IIDType, TimeType
from mapiwright.pywin32.uid import bytes_of

if TYPE_CHECKING:
    from mapiwright.formats.props import PropertyValue

Pair: TypeAlias = tuple[int, Any]
"""A property of a script: (tag, value)."""
Tags: TypeAlias = int | Sequence[int] | None
"""Tags of a script: one, some, or None for all."""

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TICKS = 10_000
_INTEGERS = frozenset({PropertyType.I2, PropertyType.LONG, PropertyType.I8, PropertyType.ERROR})
_FLOATS = frozenset({PropertyType.R4, PropertyType.DOUBLE, PropertyType.APPTIME})


def bits(number: int) -> int:
    """A number of 32 bits without sign, which flags, tags and results have in Mapiwright."""
    return index(number) & 0xFFFFFFFF


def tags_of(tags: Tags) -> tuple[int, ...] | None:
    """The tags that a script names, where one stands for a tuple of it."""
    if tags is None:
        return None
    if isinstance(tags, int):
        return (bits(tags),)
    if not isinstance(tags, Sequence):
        raise TypeError("SPropTagArray must be a sequence of integers")
    return tuple(bits(tag) for tag in tags)


def text_of(text: str | bytes, code_page: str) -> str:
    """A text that is given in either width."""
    if isinstance(text, bytes | bytearray):
        return bytes(text).decode(code_page, "surrogateescape")
    if not isinstance(text, str):
        raise TypeError(f"Objects of type '{type(text).__name__}' can not be converted to Unicode.")
    return text


def text_or_none(text: str | bytes | None, code_page: str) -> str | None:
    """A text that may be left out."""
    return None if text is None else text_of(text, code_page)


def from_script(pair: Any, code_page: str) -> tuple[int, PropertyValue]:
    """A property that a script sets or compares with; raises TypeError for what is none."""
    if not isinstance(pair, Sequence) or len(pair) != 2 or not isinstance(pair[0], int):
        raise TypeError("An SPropValue item must be a tuple of (integer, object)")
    tag, value = bits(pair[0]), pair[1]
    kind = prop_type(tag)
    if not kind & MV_FLAG:
        return tag, _one_from(kind, value, code_page)
    if not isinstance(value, Sequence):
        raise TypeError("A multi-valued SPropValue item must be a sequence")
    return tag, cast("PropertyValue", tuple(_one_from(kind & ~MV_FLAG, part, code_page) for part in value))


def all_from_script(pairs: Iterable[Pair] | None, code_page: str) -> tuple[tuple[int, PropertyValue], ...]:
    """The properties that a script gives, or none."""
    return tuple(from_script(pair, code_page) for pair in pairs or ())


def to_script(cell: tuple[int, PropertyValue], code_page: str) -> Pair:
    """A property as pywin32 hands it out: (tag, value)."""
    tag, value = cell
    kind = prop_type(tag)
    if isinstance(value, tuple):
        return tag, tuple(_one_to(kind & ~MV_FLAG, part, code_page) for part in value)
    return tag, _one_to(kind, value, code_page)


def row_to_script(cells: Iterable[tuple[int, PropertyValue]], code_page: str) -> tuple[Pair, ...]:
    """A row, or what GetProps found."""
    return tuple(to_script(cell, code_page) for cell in cells)


def _one_from(kind: int, value: Any, code_page: str) -> Any:
    match kind:
        case PropertyType.STRING8 | PropertyType.UNICODE:
            return text_of(value, code_page)
        case PropertyType.BINARY:
            if isinstance(value, bytes | bytearray | memoryview | IIDType):
                return bytes(value)
            raise TypeError(f"expected bytes, {type(value).__name__} found")
        case PropertyType.CLSID:
            return bytes_of(value)
        case PropertyType.SYSTIME:
            return _ticks(value)
        case PropertyType.BOOLEAN:
            return bool(index(value))
        case PropertyType.NULL:
            return 0
    if kind in _INTEGERS:
        return index(value)
    if kind in _FLOATS:
        return value
    raise TypeError(f"Unsupported MAPI property type 0x{kind:X}")


def _one_to(kind: int, value: Any, code_page: str) -> Any:
    match kind:
        case PropertyType.STRING8:
            return _in_code_page(value, code_page)
        case PropertyType.CLSID:
            return IID(value, True)
        case PropertyType.SYSTIME:
            return _time(value)
        case PropertyType.LONG | PropertyType.ERROR:
            return signed(bits(value))
        case PropertyType.NULL:
            return None
    return value


def _in_code_page(text: str, code_page: str) -> bytes:
    try:
        return text.encode(code_page, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(code_page, "replace")


def _time(ticks: int) -> datetime:
    """A FILETIME as Windows shows it: to the millisecond."""
    at = _EPOCH + ticks // _TICKS * _MILLISECOND
    return TimeType(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tzinfo=UTC)


def _ticks(time: datetime) -> int:
    if not isinstance(time, datetime):
        raise TypeError(f"must be a pywintypes time object (got {type(time).__name__})")
    return (time.astimezone(UTC) - _EPOCH) // _MILLISECOND * _TICKS
