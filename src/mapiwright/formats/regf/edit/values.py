"""The values of a key, edited: the list, the records, and the data in the form that their size asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError, RefusedError
from mapiwright.formats.regf.records import (
    BIG_DATA,
    INLINE,
    KEY_LARGEST_DATA,
    KEY_LONGEST_VALUE,
    KEY_VALUE_COUNT,
    KEY_VALUE_LIST,
    LATIN1_VALUE,
    NIL,
    SEGMENT,
    TOMBSTONE_VALUE,
    VALUE,
    encode_name,
    is_latin1,
    stored_number,
    units,
)

if TYPE_CHECKING:
    from mapiwright.formats.regf.edit.cells import Cells
    from mapiwright.formats.regf.records import KeyRecord, ValueRecord

LARGEST_DATA = 0xFFFF * SEGMENT  # a `db` counts its segments in 16 bits


def set_value(cells: Cells, key: KeyRecord, name: str, kind: int, data: bytes) -> None:
    """Let the key hold the value; where it has one of that name, the record and the name's spelling stay."""
    if len(data) > LARGEST_DATA:
        raise RefusedError(f"value {name!r} has {len(data)} bytes of data", expected=f"at most {LARGEST_DATA}")
    old = cells.image.find_value(key, name)
    if old is None:
        size, place = store_data(cells, data)
        latin1 = LATIN1_VALUE if name and is_latin1(name) else 0
        stored = encode_name(name)
        record = cells.add(VALUE.pack(b"vk", len(stored), size, place, kind, latin1, 0) + stored)
        _list_values(cells, key, (*cells.image.value_offsets(key), record))
    else:
        _refuse_tombstone(old)
        _free_data(cells, old)
        size, place = store_data(cells, data)
        for field, number in ((4, size), (8, place), (12, kind)):
            cells.put(old.offset, field, number)
    if old is not None and old.size & ~INLINE == key.largest_data:
        _measure(cells, key)
    else:
        cells.put(key.offset, KEY_LONGEST_VALUE, max(key.longest_value, 2 * units(name)))
        cells.put(key.offset, KEY_LARGEST_DATA, max(key.largest_data, len(data)))


def delete_value(cells: Cells, key: KeyRecord, name: str) -> None:
    """Take the value from the key, and free its record and data."""
    old = cells.image.find_value(key, name)
    if old is None:
        raise NotFoundError(f"key {key.name!r} has no value {name!r}")
    free_value(cells, old)
    _list_values(cells, key, tuple(at for at in cells.image.value_offsets(key) if at != old.offset))
    if old.size & ~INLINE == key.largest_data or 2 * units(old.name) == key.longest_value:
        _measure(cells, key)


def free_value(cells: Cells, value: ValueRecord) -> None:
    """Free the cells of a value: its data and its record."""
    _refuse_tombstone(value)
    _free_data(cells, value)
    cells.free(value.offset)


def _refuse_tombstone(value: ValueRecord) -> None:
    if value.flags & TOMBSTONE_VALUE:
        raise RefusedError(
            f"value {value.name!r} is a tombstone of a layered key", remedy="edit the hive that it is layered over"
        )


def _free_data(cells: Cells, value: ValueRecord) -> None:
    for cell in cells.image.data_cells(value):
        cells.free(cell)


def store_data(cells: Cells, data: bytes) -> tuple[int, int]:
    """Put the data where their size wants them; give the fields for size and offset."""
    if len(data) <= 4:
        # Windows writes no data so, too: size 0x80000000, offset 0; hivex and libregf cannot read a size of 0
        return INLINE | len(data), int.from_bytes(data, "little")
    if len(data) <= SEGMENT or cells.minor <= 3:
        return len(data), cells.add(data)
    # Windows gives the last segment a whole cell, too; hivex and reglookup lose its end in a shorter one
    segments = [cells.add(data[at : at + SEGMENT], SEGMENT) for at in range(0, len(data), SEGMENT)]
    listed = cells.add(b"".join(map(stored_number, segments)))
    return len(data), cells.add(BIG_DATA.pack(b"db", len(segments), listed))


def _list_values(cells: Cells, key: KeyRecord, offsets: tuple[int, ...]) -> None:
    top = key.value_list
    payload = b"".join(map(stored_number, offsets))
    if not offsets:
        cells.free(top)
        top = NIL
    elif key.value_count:
        top = cells.rewrite(top, payload, len(payload) + len(payload) // 2)
    else:
        top = cells.add(payload)
    cells.put(key.offset, KEY_VALUE_COUNT, len(offsets))
    cells.put(key.offset, KEY_VALUE_LIST, top)


def _measure(cells: Cells, key: KeyRecord) -> None:
    """Write the maxima over the key's values again: the longest name, in UTF-16 bytes, and the largest data."""
    values = [cells.image.value(offset) for offset in cells.image.value_offsets(cells.image.key(key.offset))]
    cells.put(key.offset, KEY_LONGEST_VALUE, max((2 * units(value.name) for value in values), default=0))
    cells.put(key.offset, KEY_LARGEST_DATA, max((value.size & ~INLINE for value in values), default=0))
