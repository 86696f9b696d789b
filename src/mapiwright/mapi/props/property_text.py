"""Properties as people write them on a command line: ``TAG=VALUE``, typed by the tag.

The tag is eight hex digits or a name. A value is text for a string type, a number (decimal, or hex with ``0x``; a
PT_LONG also in the symbols of MAPISVC.INF, with ``|`` between), ``true`` or ``false``, hex digits for PT_BINARY and
PT_CLSID, and for a multi-valued type several of them with ``;`` between.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from mapiwright.errors import UsageError
from mapiwright.formats.props import PropertyType, checked
from mapiwright.mapi.props import tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.formats.props import PropertyValue

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MULTI = 0x1000

_EXPECTED: dict[int, str] = {
    PropertyType.I2: "a number from -32768 to 32767",
    PropertyType.LONG: "a number of 32 bits, or symbols such as STATUS_DEFAULT_STORE",
    PropertyType.I8: "a number of 64 bits",
    PropertyType.SYSTIME: "a FILETIME, a number of 64 bits without sign",
    PropertyType.BOOLEAN: "true or false",
    PropertyType.BINARY: "an even number of hex digits",
    PropertyType.CLSID: "32 hex digits",
    PropertyType.STRING8: "text without NUL",
    PropertyType.UNICODE: "text without NUL",
}


def any_tag_named(name: str) -> int:
    """The tag that ``name`` means, of whatever type; raises UsageError for what names no property."""
    tag = tags.tag_of(name.strip())
    if tag is None:
        raise UsageError(
            f"{name!r} names no property", expected="eight hex digits, or a name such as PR_DISPLAY_NAME"
        )
    return tag


def tag_named(name: str) -> int:
    """The tag that ``name`` means; raises UsageError for what names no property of a profile section."""
    tag = any_tag_named(name)
    if tags.prop_id(tag) >= 0x8000:
        raise UsageError(f"{name} is a named property, and a profile section holds none")  # [iprofsectimapiprop]
    if tags.prop_type(tag) & ~_MULTI not in _EXPECTED:
        raise UsageError(f"{name} has the type {tags.prop_type(tag):04X}, which no profile section holds")
    return tag


def assignment(text: str) -> tuple[int, str]:
    """The tag and the written value of ``TAG=VALUE``; the value may hold further equals signs."""
    name, equals, written = text.partition("=")
    if not equals:
        raise UsageError(f"{name!r} is no assignment", expected="TAG=VALUE")
    return tag_named(name), written


def value_of(tag: int, written: str) -> PropertyValue:
    """The value that ``written`` spells; raises UsageError, which does not repeat it, as it may be a secret."""
    several = tags.prop_type(tag) & _MULTI
    return _value(tag, [part.strip() for part in written.split(";")] if several else [written])


def text_of(tag: int, value: PropertyValue) -> str | None:
    """A text that ``value_of`` reads as ``value``; None where none does, as of a text with ``;`` among several."""
    parts = value if tags.prop_type(tag) & _MULTI and isinstance(value, tuple) else (value,)
    text = ";".join(_spelled(part) for part in parts)
    try:
        return text if value_of(tag, text) == value else None
    except UsageError:
        return None


def _spelled(value: PropertyValue) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case bytes():
            return value.hex()
    return str(value)


def value_in_file(tag: int, data: bytes) -> PropertyValue:
    """The value that a file holds: of PT_BINARY and PT_CLSID the bytes, of others text in UTF-8.

    The text is as on the command line, but for a last line end, which does not count; each line is a value of a
    multi-valued type. Raises UsageError as ``value_of``.
    """
    kind = tags.prop_type(tag)
    if kind in {PropertyType.BINARY, PropertyType.CLSID}:
        return _fitting(tag, data)
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise _unfit(tag) from error
    return _value(tag, text.split("\n") if kind & _MULTI else [text])


def _value(tag: int, parts: Sequence[str]) -> PropertyValue:
    kind = tags.prop_type(tag)
    values = [_single(kind & ~_MULTI, part) for part in parts]
    if None in values:
        raise _unfit(tag)
    return _fitting(tag, tuple(values) if kind & _MULTI else values[0])


def _fitting(tag: int, value: Any) -> PropertyValue:
    try:
        return checked(tags.prop_type(tag), value)
    except UsageError as error:
        raise _unfit(tag) from error


def _single(kind: int, written: str) -> int | bool | str | bytes | None:
    """One value, or None where it is not of that type."""
    try:
        match kind:
            case PropertyType.STRING8 | PropertyType.UNICODE:
                return written
            case PropertyType.BOOLEAN:
                return _TRUTH.get(written.strip().lower())
            case PropertyType.BINARY | PropertyType.CLSID:
                return bytes.fromhex(written)
            case PropertyType.LONG:
                return _bits(written)
        return int(written, 0)
    except ValueError:
        return None


def _bits(written: str) -> int:
    """A number, or symbols such as STATUS_DEFAULT_STORE and numbers, joined."""
    parts = [part.strip() for part in written.split("|")]
    numbers = [tags.FLAG_SYMBOLS.get(part.upper()) for part in parts]
    return reduce(
        or_, (int(part, 0) if symbol is None else symbol for part, symbol in zip(parts, numbers, strict=True))
    )


def _unfit(tag: int) -> UsageError:
    kind = tags.prop_type(tag)
    several = ", or several of them with ; between" if kind & _MULTI else ""
    return UsageError(
        f"the value does not fit {tags.name_of(tag)} ({tag:08X})", expected=_EXPECTED[kind & ~_MULTI] + several
    )
