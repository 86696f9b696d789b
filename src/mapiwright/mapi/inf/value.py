"""The right side of a property in MAPISVC.INF: text to value by the property's type, and back.

=====================  ===========================================================================================
PT_STRING8, _UNICODE   the text as it is
PT_LONG                symbols joined by ``|``, or 8 hexadecimal digits, which are 4 bytes with the lowest first:
                       ``01050000`` is 0x501
PT_I2, I8, SYSTIME     4, 16 and 16 such digits
PT_BOOLEAN             0, 1, TRUE, FALSE, or 4 or 8 such digits; [gap] no page and no real file has one
PT_BINARY              an even number of hexadecimal digits, the bytes in order
PT_CLSID               32 such digits (a GUID in memory order), or ``{GUID}``
PT_MV_...              the same, separated by commas; blanks around them do not count
=====================  ===========================================================================================

[property-entries-in-mapisvc-inf-message-service-sections]; the byte order follows from its samples, whose constants
H:EdkMdb.h has. Tolerated, and reported (MW1048), is a PT_LONG that is empty, which is read as 0, or that is a
decimal number of another length than 8 and without leading zeros.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from mapiwright.errors import UsageError
from mapiwright.formats.inf import quote
from mapiwright.formats.props import PropertyType, decode, encode
from mapiwright.mapi.inf.rules import quoted
from mapiwright.mapi.props.tags import (
    FLAG_SYMBOLS,
    PR_RESOURCE_FLAGS,
    PR_RESOURCE_TYPE,
    ResourceType,
    name_of,
    prop_type,
)

if TYPE_CHECKING:
    from mapiwright.formats.props import PropertyValue

DIGITS = {PropertyType.I2: 4, PropertyType.LONG: 8, PropertyType.I8: 16, PropertyType.SYSTIME: 16}
"""How many hexadecimal digits a number of that type has."""

TEXTS = frozenset({PropertyType.STRING8, PropertyType.UNICODE})
MANY = 0x1000
"""MV_FLAG: set in the type of a property with several values (H:MAPIDefS.h)."""
SINGLE = frozenset({*DIGITS, *TEXTS, PropertyType.BOOLEAN, PropertyType.BINARY, PropertyType.CLSID})
LISTED = frozenset({*TEXTS, PropertyType.LONG, PropertyType.BINARY})
"""The types of which a profile section holds several values in one property."""
BOOLEANS = {"0": False, "1": True, "FALSE": False, "TRUE": True}
HEX = re.compile(r"[0-9A-Fa-f]*\Z")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,9})\Z")


@dataclass(frozen=True, slots=True)
class ValueFault:
    """Why a text is no value: the id of the rule that it breaks, and what was found."""

    id: str
    what: str


def read_value(tag: int, text: str) -> PropertyValue | ValueFault:
    """The value that ``text`` spells for the property, or what is wrong with it."""
    kind = prop_type(tag)
    if kind in SINGLE:
        return _read_single(PropertyType(kind), text)
    if kind & MANY and kind - MANY in LISTED:
        read = [_read_single(PropertyType(kind - MANY), part) for part in split_list(text)]
        fault = next((value for value in read if isinstance(value, ValueFault)), None)
        return fault or tuple(value for value in read if not isinstance(value, ValueFault))  # type: ignore[return-value]
    return ValueFault("MW1047", f"{name_of(tag)} is of type 0x{kind:04X}, for which there is no syntax")


def is_tolerated(tag: int, text: str) -> bool:
    """Whether ``text`` is read although it is not how a PT_LONG is written (MW1048)."""
    return prop_type(tag) == PropertyType.LONG and len(text) != 8 and (not text or DECIMAL.match(text) is not None)


def split_list(text: str) -> tuple[str, ...]:
    """The names in a list, without the blanks around them; ``a,,b`` names two."""
    return tuple(part for item in text.split(",") if (part := item.strip(" \t")))


def symbols_of(tag: int, value: PropertyValue, prefix: str) -> str | None:
    """PR_RESOURCE_FLAGS or PR_RESOURCE_TYPE as symbols, or None for another property and for bits without a symbol.

    ``prefix`` says whose flags they are: ``SERVICE_`` or ``STATUS_``, which share bits.
    """
    if not isinstance(value, int):
        return None
    if tag == PR_RESOURCE_TYPE:
        return next((kind.symbol for kind in ResourceType if kind == value), None)
    if tag != PR_RESOURCE_FLAGS:
        return None
    ours = (prefix,) if prefix == "SERVICE_" else (prefix, "HOOK_")
    named = {name: bit for name, bit in FLAG_SYMBOLS.items() if name.startswith(ours) and value & bit}
    return "|".join(named) if named and sum(named.values()) == value else None


def write_value(tag: int, value: PropertyValue, prefix: str) -> str:
    """The right side of an entry with that value; raises UsageError where there is none.

    ``read_value`` gives the value back from what Windows hands out for the entry; ``prefix`` is as in ``symbols_of``.
    """
    symbols = symbols_of(tag, value, prefix)
    if symbols is not None:
        return symbols
    kind = prop_type(tag)
    parts = value if isinstance(value, tuple) else (value,)
    text = ",".join(_write_single(kind & ~MANY if isinstance(value, tuple) else kind, part) for part in parts)
    if read_value(tag, text) != value:
        raise UsageError(
            f"the value of {name_of(tag)} cannot be written in MAPISVC.INF",
            expected="a type with a syntax, and list items without commas or blanks at their ends",
        )
    return quote(text)


def _write_single(kind: int, value: PropertyValue) -> str:
    match value:
        case str():
            return value
        case bytes():
            return value.hex().upper()
    if kind not in DIGITS and kind != PropertyType.BOOLEAN:
        return ""  # what has no syntax is not read back either
    return encode(kind, value, pointer=8).hex().upper()


def _read_single(kind: PropertyType, text: str) -> int | bool | str | bytes | ValueFault:
    if kind in TEXTS:
        return text
    if kind in DIGITS:
        return _read_number(kind, text)
    if kind is PropertyType.BOOLEAN:
        return _read_boolean(text)
    if kind is PropertyType.CLSID and re.fullmatch(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}", text):
        return UUID(text).bytes_le
    return read_bytes(text, 16 if kind is PropertyType.CLSID else None)


def read_bytes(text: str, length: int | None = None) -> bytes | ValueFault:
    """The bytes that hexadecimal digits spell in order; ``length`` is how many there must be."""
    if not HEX.match(text):
        return ValueFault("MW1041", f"{quoted(text)} is not made of hexadecimal digits")
    if len(text) % 2:
        return ValueFault("MW1040", f"{len(text)} hexadecimal digits are not whole bytes")
    if length is not None and len(text) != 2 * length:
        return ValueFault("MW1041", f"{len(text)} hexadecimal digits instead of {2 * length}")
    return bytes.fromhex(text)


def _read_number(kind: PropertyType, text: str) -> int | ValueFault:
    if len(text) == DIGITS[kind] and HEX.match(text):
        number = decode(kind, bytes.fromhex(text))
        assert isinstance(number, int)  # noqa: S101 - the types in DIGITS are numbers
        return number
    if kind is not PropertyType.LONG:
        return ValueFault("MW1041", f"{quoted(text)} instead of {DIGITS[kind]} hexadecimal digits")
    if not text:
        return 0
    if DECIMAL.match(text):
        number = int(text)
        fits = -(1 << 31) <= number < 1 << 32
        return (
            (number + (1 << 31)) % (1 << 32) - (1 << 31) if fits else ValueFault("MW1041", f"{text} exceeds 32 bits")
        )
    if HEX.match(text):
        return ValueFault("MW1040" if len(text) % 2 else "MW1041", f"{len(text)} hexadecimal digits instead of 8")
    total = 0
    for name in text.split("|"):
        bit = FLAG_SYMBOLS.get(name.strip(" \t").upper())
        if bit is None:
            return ValueFault("MW1042", f"{quoted(name.strip())} is no symbol of MAPI")
        total |= bit
    return total


def _read_boolean(text: str) -> bool | ValueFault:
    if text.upper() in BOOLEANS:
        return BOOLEANS[text.upper()]
    if len(text) in {4, 8} and HEX.match(text):
        return any(bytes.fromhex(text))
    return ValueFault("MW1041", f"{quoted(text)} is neither 0, 1, TRUE, FALSE nor 4 or 8 hexadecimal digits")
