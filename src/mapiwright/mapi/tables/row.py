"""A row of a MAPI table: which value answers a property tag, and how values compare.

A row maps property tags to values as ``formats.props`` spells them; a cell is one (tag, value) of a row as a table
hands it out, and a TableRow holds all of them, to be read by tag or by name. The table engine (row, restriction,
sort_order, tables) runs also inside the child process that hosts a native service, so it needs the standard library
and ``mapiwright.errors`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from mapiwright.errors import CallError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.formats.props import PropertyValue

Row: TypeAlias = "Mapping[int, PropertyValue]"
Cell: TypeAlias = "tuple[int, PropertyValue]"
Comparable: TypeAlias = "int | str | bytes | tuple[int | str | bytes, ...]"

# [working-with-multivalued-columns]: MVI_FLAG is both; a type without them is that of one value.
MV_FLAG: Final = 0x1000
MV_INSTANCE: Final = 0x2000
MVI_FLAG: Final = MV_FLAG | MV_INSTANCE

PT_UNSPECIFIED: Final = 0x0000
PT_LONG: Final = 0x0003
PT_ERROR: Final = 0x000A
PT_OBJECT: Final = 0x000D
PT_STRING8: Final = 0x001E
PT_UNICODE: Final = 0x001F
PT_BINARY: Final = 0x0102

PR_NULL: Final = 0x00000001
PR_INSTANCE_KEY: Final = 0x0FF60102
PR_SERVICE_ENTRY_NAME: Final = 0x3D0B001E

MAPI_E_NOT_FOUND: Final = 0x8004010F
MAPI_E_TOO_COMPLEX: Final = 0x80040117

STRINGS: Final = frozenset({PT_STRING8, PT_UNICODE})
_NUMBERS: Final = {0x0002: 16, PT_LONG: 32, 0x0006: 64, 0x0014: 64}  # PT_I2, PT_LONG, PT_CURRENCY, PT_I8: bits
_PT_BOOLEAN: Final = 0x000B
_PT_SYSTIME: Final = 0x0040
_BYTES: Final = frozenset({PT_BINARY, 0x0048})  # and PT_CLSID
COMPARABLE: Final = frozenset(_NUMBERS) | STRINGS | _BYTES | {_PT_BOOLEAN, _PT_SYSTIME}
"""The types of one value that can be compared; with MV_FLAG, of a list of them."""


def type_of(tag: int) -> int:
    """The type in the low half of a tag."""
    return tag & 0xFFFF


def is_secure(tag: int) -> bool:
    """Whether the id is in the range that is kept encrypted: PROP_ID_SECURE_MIN to MAX ([iprofsectimapiprop])."""
    return 0x67F0 <= tag >> 16 & 0xFFFF <= 0x67FF


def checked_tag(tag: object) -> int:
    """``tag`` if it is a 32-bit number without sign; raises UsageError otherwise."""
    if isinstance(tag, int) and not isinstance(tag, bool) and 0 <= tag < 1 << 32:
        return int(tag)
    raise UsageError("this is no property tag", expected="a number of 32 bits without sign")


def in_width(tag: int, *, unicode: bool) -> int:
    """A tag of strings in the width that MAPI_UNICODE chooses; other tags as they are.

    PR_SERVICE_ENTRY_NAME exists in 8 bits only ([pidtagserviceentryname-canonical-property]).
    """
    if type_of(tag) & ~MV_FLAG not in STRINGS:
        return tag
    return PR_SERVICE_ENTRY_NAME if tag | 1 == PR_SERVICE_ENTRY_NAME | 1 else tag & ~1 | unicode


def stored(row: Row, tag: int) -> int | None:
    """The tag under which ``row`` holds what ``tag`` asks for; None where it does not.

    Strings answer to both widths, and PT_UNSPECIFIED to every type.
    """
    if tag in row:
        return tag
    kind = type_of(tag)
    if kind & ~MV_FLAG in STRINGS:
        return tag ^ 1 if tag ^ 1 in row else None
    if kind == PT_UNSPECIFIED:
        return next((held for held in row if held >> 16 == tag >> 16 and type_of(held) != PT_ERROR), None)
    return None


def cell(row: Row, tag: int, *, unicode: bool) -> Cell:
    """What a table returns for the column ``tag``: the value under the type that was asked for.

    A missing property is PT_ERROR with MAPI_E_NOT_FOUND, and PR_NULL an empty slot ([imapitable-queryrows]);
    ``unicode`` is the width of strings for PT_UNSPECIFIED.
    """
    if tag == PR_NULL:
        return PR_NULL, 0
    held = stored(row, tag)
    if held is None:
        return tag & 0xFFFF0000 | PT_ERROR, MAPI_E_NOT_FOUND
    return in_width(held, unicode=unicode) if type_of(tag) == PT_UNSPECIFIED else tag, row[held]


def comparable(row: Row, tag: int) -> Comparable | None:
    """The value of ``tag`` in a form that compares; None where the row has none of that type."""
    held = stored(row, tag)
    return None if held is None else compared(type_of(tag), row[held])


def compared(kind: int, value: object) -> Comparable | None:
    """``value`` in a form that compares among those of its type; None where it is not of the type.

    Numbers compare with sign, strings without regard to case, binaries by their bytes. Lists are ordered tuples:
    the first element that differs decides, and a list that ends is less ([imapitable-restrict]).
    """
    if kind & MV_FLAG:
        parts = tuple(_one(kind & ~MV_FLAG, part) for part in value) if isinstance(value, tuple) else (None,)
        whole = tuple(part for part in parts if part is not None)
        return whole if len(whole) == len(parts) else None
    return _one(kind, value)


def _one(kind: int, value: object) -> int | str | bytes | None:
    if isinstance(value, int):
        if kind in _NUMBERS:
            scope = 1 << _NUMBERS[kind] - 1
            return (value + scope) % (2 * scope) - scope
        if kind == _PT_BOOLEAN:
            return bool(value)
        return int(value) if kind == _PT_SYSTIME else None
    if isinstance(value, str):
        return value.casefold() if kind in STRINGS else None
    return value if isinstance(value, bytes) and kind in _BYTES else None


def size_of(kind: int, value: object) -> int | None:
    """The bytes of a value as UlPropSize counts them, each string with its terminator; None if it is of another type.

    A character of PT_STRING8 counts as one byte, which is true of all code pages but the East Asian ones.
    """
    if compared(kind, value) is None:
        return None
    parts = value if isinstance(value, tuple) else (value,)
    return sum(_size_of_one(kind & ~MV_FLAG, part) for part in parts)


def _size_of_one(kind: int, value: object) -> int:
    if isinstance(value, str):
        return len(value) + 1 if kind == PT_STRING8 else len(value.encode("utf-16-le", "surrogatepass")) + 2
    return len(value) if isinstance(value, bytes) else _NUMBERS.get(kind, 16 if kind == _PT_BOOLEAN else 64) // 8


def too_complex(what: str) -> CallError:
    """MAPI_E_TOO_COMPLEX: the documents' answer to what a table may decline."""
    return CallError(what, hresult=MAPI_E_TOO_COMPLEX)


class TagNames(Protocol):
    """Where names of properties are looked up: ``mapi.props.tags``, which a service's own process lacks."""

    def tag_of(self, name: str) -> int | None:
        """The tag that a name means, or None."""
        ...

    def name_of(self, tag: int) -> str:
        """The name of a tag, or its hex digits."""
        ...


class TableRow(Mapping["int | str", "PropertyValue"]):
    """A row as its table shows it: the columns that it has, by tag (``row[0x3001001F]``) or by name.

    ``row["PR_DISPLAY_NAME"]`` answers in either width of a string, and so does ``row["PidTagDisplayName"]``. What the
    row lacks, or what is no column, raises KeyError; ``get`` gives None for it. It iterates over tags.
    """

    __slots__ = ("_names", "_values")

    def __init__(self, cells: Iterable[Cell], names: TagNames | None = None) -> None:
        self._values = {tag: value for tag, value in cells if type_of(tag) != PT_ERROR and tag != PR_NULL}
        self._names = names

    def __getitem__(self, key: int | str) -> PropertyValue:
        named = self._names.tag_of(key) if isinstance(key, str) and self._names is not None else None
        tag = key if isinstance(key, int) else named
        held = None if tag is None else stored(self._values, tag)
        if held is None:
            raise KeyError(key)
        return self._values[held]

    def __iter__(self) -> Iterator[int]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, key: int | str) -> str:
        """The value of a column as text, or "" where it is none."""
        value = self.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: int | str) -> int:
        """The value of a column as a number, or 0 where it is none."""
        value = self.get(key)
        return value if isinstance(value, int) else 0

    def data(self, key: int | str) -> bytes:
        """The value of a column as bytes, such as those of a uid, or b"" where it is none."""
        value = self.get(key)
        return value if isinstance(value, bytes) else b""

    def __repr__(self) -> str:
        """The columns; values of MAPI's own properties alone, as those of providers may be secrets."""
        shown = ", ".join(f"{self._name(tag)}={_shown(tag, value)}" for tag, value in self._values.items())
        return f"<TableRow {shown}>"

    def _name(self, tag: int) -> str:
        return f"{tag:08X}" if self._names is None else self._names.name_of(tag)


def _shown(tag: int, value: PropertyValue) -> str:
    """A value in a repr: ids from 0x4000 on mean what a provider wants ([property-identifier-ranges])."""
    if tag >> 16 >= 0x4000:
        return "..."
    if isinstance(value, bytes):
        return value.hex() if len(value) <= 16 else f"<{len(value)} bytes>"
    return repr(value)
