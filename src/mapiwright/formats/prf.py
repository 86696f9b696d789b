"""The Outlook profile file (``.PRF``): the lines of an INF, and the values on them ([prf] 1).

The text is Windows profile text as ``inf`` reads it, lossless, except for comments: ``;`` begins one, and so does
``'``, which Microsoft's own sample has by mistake; ``#`` does not. A value is one line. Its meaning is in a mapping
elsewhere in the file, ``PT_STRING8,0x6700``: the type, and the id of a property.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats import inf
from mapiwright.formats.props import PropertyType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.formats.inf import Inf

COMMENTS = ";'"

PTYPES: Mapping[str, PropertyType] = MappingProxyType(
    {
        "PT_STRING8": PropertyType.STRING8,
        "PT_UNICODE": PropertyType.UNICODE,
        "PT_LONG": PropertyType.LONG,
        "PT_DWORD": PropertyType.LONG,
        "PT_BOOLEAN": PropertyType.BOOLEAN,
    }
)
"""The types that a mapping may name; there is none for bytes, so that no PRF file can carry a binary property."""

EXPECTED: Mapping[PropertyType, str] = MappingProxyType(
    {
        PropertyType.STRING8: "text",
        PropertyType.UNICODE: "text",
        PropertyType.LONG: "a number of 32 bits, decimal or with 0x",
        PropertyType.BOOLEAN: "TRUE or FALSE",
    }
)

_SPELLED = {PTYPES[name]: name for name in reversed(tuple(PTYPES))}
_NUMBER = re.compile(r"-?[0-9]{1,10}|0x[0-9a-f]{1,8}", re.IGNORECASE | re.ASCII)
_ID = re.compile(r"0x([0-9a-f]{4}|[0-9a-f]{8})", re.IGNORECASE | re.ASCII)
_TRUTH = {"TRUE": True, "1": True, "FALSE": False, "0": False}
_SWITCHES = _TRUTH | {"YES": True, "NO": False}


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes: the type of the property, and its id of 16 bits.

    ``declared`` is the type in an id of 8 digits, or None where it has 4.
    """

    kind: PropertyType
    id: int
    declared: int | None = None

    @property
    def tag(self) -> int:
        """The property tag: the id in its high half, the type in its low half."""
        return self.id << 16 | self.kind


def parse(data: bytes, code_page: str = "cp1252") -> Inf:
    """Read the text; raises FormatError with a line, and UsageError for what is no ANSI code page."""
    return inf.parse(data, code_page, comments=COMMENTS)


def render(document: Inf) -> bytes:
    """The bytes of a document, those that were parsed where no line was edited."""
    return inf.render(document)


def is_slot(text: str) -> bool:
    """Whether a value means to be a mapping: it begins as one does."""
    return text.lstrip().upper().startswith("PT_")


def read_slot(text: str) -> Slot:
    """The mapping that a value spells; raises FormatError.

    An id of 8 digits holds the type too. The only ones seen, of the Personal Address Book, put it first as the
    registry does (``0x001e3001``); a property tag has it last, and is understood as well.
    """
    name, comma, number = (part.strip() for part in text.partition(","))
    kind = PTYPES.get(name.upper())
    if kind is None:
        raise FormatError(f"{_shown(name)} is no type of a PRF file", expected=", ".join(PTYPES))
    match = _ID.fullmatch(number) if comma else None
    if match is None:
        raise FormatError(f"{_shown(number)} is no property id", expected="0x and 4 or 8 hexadecimal digits")
    high, low = int(match[1][-8:-4] or "0", 16), int(match[1][-4:], 16)
    if len(match[1]) == 4:
        return Slot(kind, low)
    types = {int(each) for each in PropertyType}
    return Slot(kind, low, high) if high in types or low not in types else Slot(kind, high, low)


def slot_text(slot: Slot) -> str:
    """The mapping as it is written: ``PT_STRING8,0x6700``."""
    return f"{_SPELLED[slot.kind]},0x{slot.id:04x}"


def read_value(kind: PropertyType, text: str) -> int | bool | str:
    """The value that ``text`` spells; raises FormatError that does not repeat it, as it may be a secret.

    A number in hex is written in the order of numbers, not of bytes ([prf] 1.2); it is given with its sign.
    """
    match kind:
        case PropertyType.STRING8 | PropertyType.UNICODE:
            return text
        case PropertyType.BOOLEAN if text.upper() in _TRUTH:
            return _TRUTH[text.upper()]
        case PropertyType.LONG if _NUMBER.fullmatch(text):
            number = int(text, 16) if text[:2].lower() == "0x" else int(text)
            if -(1 << 31) <= number < 1 << 32:
                return number - (1 << 32) if number >= 1 << 31 else number
    raise FormatError(f"the value does not fit {_SPELLED[kind]}", expected=EXPECTED[kind])


def fits(kind: PropertyType, text: str) -> bool:
    """Whether ``text`` spells a value of that type."""
    try:
        read_value(kind, text)
    except FormatError:
        return False
    return True


def value_text(kind: PropertyType, value: int | bool | str) -> str:
    """The value as a line spells it; raises FormatError for text that would be read as another."""
    match kind, value:
        case PropertyType.BOOLEAN, int():
            return "TRUE" if value else "FALSE"
        case PropertyType.LONG, int() if -(1 << 31) <= value < 1 << 32:
            number = value & 0xFFFFFFFF
            return str(number) if number < 1 << 16 else f"0x{number:08x}"
        case ((PropertyType.STRING8 | PropertyType.UNICODE), str(text)) if text and _is_line(text):
            return text
    raise FormatError("the value cannot be written on one line", expected=EXPECTED[kind])


def read_switch(text: str) -> bool | None:
    """Yes or No, TRUE or FALSE, 1 or 0, which [General] has in any mixture; None where it is none of them."""
    return _SWITCHES.get(text.strip().upper())


def _is_line(text: str) -> bool:
    """Whether text can be the right side of a line and is read back unchanged."""
    whole = text == text.strip(inf.BLANKS) and not re.search(r"[\r\n\0]", text)
    return whole and not (len(text) > 1 and text[0] == text[-1] and text[0] in "\"'")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}...")
