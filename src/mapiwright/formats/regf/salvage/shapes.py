"""Records of keys and values, found by their own shape wherever a cell may begin: every 8 bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mapiwright.formats.regf.limits import LONGEST_KEY_NAME, LONGEST_VALUE_NAME
from mapiwright.formats.regf.records import (
    BASE_BLOCK,
    INLINE,
    KEY,
    LATIN1_KEY,
    LATIN1_VALUE,
    NIL,
    PREDEFINED_HANDLE,
    ROOT_KEY,
    TOMBSTONE_VALUE,
    VALUE,
)
from mapiwright.formats.regf.salvage.found import Space

if TYPE_CHECKING:
    from mapiwright.formats.regf.salvage.cell_map import CellMap

_SIGNATURES = re.compile(rb"[nv]k")
_SOME_DAY = 1 << 60  # as a FILETIME, in the year 5254


class KeyShape(NamedTuple):
    """What salvage needs of a key's record, whose cell took ``length`` bytes; offsets count from the first bin."""

    offset: int
    length: int
    space: Space
    name: str
    timestamp: int
    top: bool
    parent: int
    value_count: int
    value_list: int


class ValueShape(NamedTuple):
    """What salvage needs of a value's record, whose cell took ``length`` bytes; ``size`` and ``data`` as stored."""

    offset: int
    length: int
    space: Space
    name: str
    type: int
    size: int
    data: int


def shapes(data: bytes, cells: CellMap) -> tuple[dict[int, KeyShape], dict[int, ValueShape]]:
    """The records by their offsets, in the order of the file; the inside of a cell in use is not looked at.

    A cell in use is believed where the reader would believe it; elsewhere a record has to be plausible. Of two that
    overlap, the first was overwritten: the second one's start is whole.
    """
    found: list[KeyShape | ValueShape] = []
    for match in _SIGNATURES.finditer(data, BASE_BLOCK + 4):
        offset = match.start() - BASE_BLOCK - 4
        if offset % 8 == 0:
            shape = _key(data, cells, offset) if match[0] == b"nk" else _value(data, cells, offset)
            if shape is not None and found and found[-1].offset + found[-1].length > offset:
                found.pop()
            found += [] if shape is None else [shape]
    keys = {shape.offset: shape for shape in found if isinstance(shape, KeyShape)}
    return keys, {shape.offset: shape for shape in found if isinstance(shape, ValueShape)}


def _key(data: bytes, cells: CellMap, offset: int) -> KeyShape | None:
    at = BASE_BLOCK + offset + 4
    if at + KEY.size > len(data):
        return None
    _, flags, timestamp, _, parent, _, _, subkey_list, *rest = KEY.unpack_from(data, at)
    _, count, value_list, security, _, _, _, _, _, _, length, _ = rest
    latin1 = bool(flags & LATIN1_KEY)
    cell = cells.holding(offset, 4 + KEY.size + length)
    if cell is None or not 1 <= length <= LONGEST_KEY_NAME * (1 if latin1 else 2):
        return None
    name = _name(data[at + KEY.size : at + KEY.size + length], latin1=latin1)
    if name is None:
        return None
    if cell.space is not Space.LIVE:
        offsets = (parent, subkey_list, value_list, security)
        led = all(place == NIL or (place % 8 == 0 and place < cells.end) for place in offsets)
        if not led or timestamp >= _SOME_DAY or 4 * count > cells.end or "\0" in name or "\\" in name:
            return None
    top = bool(flags & ROOT_KEY) and cell.space is not Space.FREE
    count = 0 if flags & PREDEFINED_HANDLE else count
    return KeyShape(offset, 4 + KEY.size + length, cell.space, name, timestamp, top, parent, count, value_list)


def _value(data: bytes, cells: CellMap, offset: int) -> ValueShape | None:
    at = BASE_BLOCK + offset + 4
    if at + VALUE.size > len(data):
        return None
    _, length, size, place, kind, flags, _ = VALUE.unpack_from(data, at)
    cell = cells.holding(offset, 4 + VALUE.size + length)
    if cell is None or length > 2 * LONGEST_VALUE_NAME:
        return None
    name = _name(data[at + VALUE.size : at + VALUE.size + length], latin1=bool(flags & LATIN1_VALUE))
    if name is None:
        return None
    if cell.space is not Space.LIVE:
        inside = size & ~INLINE <= 4 if size & INLINE else place % 8 == 0 and place + size <= cells.end
        if not inside or flags & ~(LATIN1_VALUE | TOMBSTONE_VALUE) or "\0" in name:
            return None
    return ValueShape(offset, 4 + VALUE.size + length, cell.space, name, kind, size, place)


def _name(raw: bytes, *, latin1: bool) -> str | None:
    if latin1:
        return raw.decode("latin-1")
    return None if len(raw) % 2 else raw.decode("utf-16-le", "surrogatepass")
