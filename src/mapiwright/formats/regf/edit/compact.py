"""Compact a hive: the same keys and values without free cells, in the order in which a walk meets them.

What was deleted is gone with that. Times, flags, classes and security descriptors stay; counts and maxima are made
again, and lists and data have the form that the version asks for.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mapiwright.formats.regf.edit.cells import Cells
from mapiwright.formats.regf.edit.subkeys import write_lists
from mapiwright.formats.regf.edit.tiling import Tiling
from mapiwright.formats.regf.edit.values import store_data
from mapiwright.formats.regf.edit.write import Edited, refuse_unwritable, seal
from mapiwright.formats.regf.pages import InMemory, Pages
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import (
    BASE_BLOCK,
    BASE_ROOT,
    KEY,
    KEY_CLASS,
    KEY_LARGEST_DATA,
    KEY_LONGEST_CLASS,
    KEY_LONGEST_SUBKEY,
    KEY_LONGEST_VALUE,
    KEY_PARENT,
    KEY_SECURITY,
    KEY_SUBKEY_COUNT,
    KEY_SUBKEY_LIST,
    KEY_VALUE_COUNT,
    KEY_VALUE_LIST,
    KEY_VOLATILE_COUNT,
    KEY_VOLATILE_LIST,
    NIL,
    PREDEFINED_HANDLE,
    SECURITY,
    SECURITY_NEXT,
    SECURITY_PREVIOUS,
    SECURITY_USERS,
    TOMBSTONE_VALUE,
    VALUE,
    VALUE_DATA,
    VALUE_SIZE,
    stored_number,
    units,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.formats.regf.pages import Buffer
    from mapiwright.formats.regf.read import HiveKey, HiveValue
    from mapiwright.formats.regf.records import KeyRecord, ValueRecord


def compacted(data: Buffer, *, timestamp: int) -> bytes:
    """The hive without free cells; ``timestamp`` is the FILETIME that its base block gets, those of its keys stay.

    Raises RefusedError where the hive is dirty or locked by a transaction, FormatError where it is damaged.
    """
    hive = Hive(data)
    refuse_unwritable(hive)
    base = InMemory(bytes(data[:BASE_BLOCK]))
    copy = _Copy(hive, Cells(Pages(base, BASE_BLOCK), Tiling(0, (), ()), hive.minor))
    copy.cells.pages.write(BASE_ROOT, stored_number(copy.whole()))
    seal(copy.cells, timestamp)
    return Edited(copy.cells.pages, copy.cells.padding).whole()


class _Copy:
    """One hive that is written again, cell by cell."""

    def __init__(self, hive: Hive, cells: Cells) -> None:
        self.hive = hive
        self.cells = cells
        self._security: dict[int, int] = {}  # where each descriptor is now, by where it was
        self._users: dict[int, int] = {}

    def whole(self) -> int:
        """Write all; give the place of the root."""
        root = self._key(self.hive.root.record, NIL)
        waiting = [(self.hive.root, root)]
        while waiting:
            key, place = waiting.pop()
            self._values(key, place)
            children = list(key.subkeys())
            places = [self._key(child.record, place) for child in children]
            write_lists(self.cells, place, [self.cells.image.key(each) for each in places])
            self._measure(place, [child.record for child in children])
            waiting += reversed(list(zip(children, places, strict=True)))
        self._close_ring()
        return root

    def _bytes(self, offset: int, length: int) -> bytes:
        """The first bytes of the payload of a cell of the hive as it was."""
        at, _ = self.hive.image.cell(offset)
        return bytes(self.hive.image.data[at : at + length])

    def _key(self, key: KeyRecord, parent: int) -> int:
        """Write the record of a key and its class; nothing is below it yet."""
        place = self.cells.add(self._bytes(key.offset, KEY.size + _length(self._bytes(key.offset, KEY.size)[72:74])))
        held = self._bytes(key.class_offset, key.class_length) if key.class_length else b""
        fields = {
            KEY_PARENT: parent if parent != NIL else key.parent,
            KEY_SUBKEY_COUNT: 0,
            KEY_VOLATILE_COUNT: 0,
            KEY_SUBKEY_LIST: NIL,
            KEY_VOLATILE_LIST: NIL,
            KEY_CLASS: self.cells.add(held) if held else NIL,
            KEY_SECURITY: self._descriptor(key.security),
        }
        for field, number in fields.items():
            self.cells.put(place, field, number)
        return place

    def _values(self, key: HiveKey, place: int) -> None:
        record = key.record
        if record.flags & PREDEFINED_HANDLE:
            return  # its count is the handle
        offsets = self.hive.image.value_offsets(record)
        held = list(key.values())
        places = [self._value(self.hive.image.value(at), value) for at, value in zip(offsets, held, strict=True)]
        listed = self.cells.add(b"".join(map(stored_number, places))) if places else NIL
        for field, number in (
            (KEY_VALUE_COUNT, len(places)),
            (KEY_VALUE_LIST, listed),
            (KEY_LONGEST_VALUE, max((2 * units(value.name) for value in held), default=0)),
            (KEY_LARGEST_DATA, max((len(value.data) for value in held), default=0)),
        ):
            self.cells.put(place, field, number)

    def _value(self, record: ValueRecord, value: HiveValue) -> int:
        length = _length(self._bytes(record.offset, VALUE.size)[2:4])
        place = self.cells.add(self._bytes(record.offset, VALUE.size + length))
        if not record.flags & TOMBSTONE_VALUE:
            size, data = store_data(self.cells, value.data)
            self.cells.put(place, VALUE_SIZE, size)
            self.cells.put(place, VALUE_DATA, data)
        return place

    def _measure(self, place: int, children: Sequence[KeyRecord]) -> None:
        """Write the maxima over the subkeys; the upper half of the first one is something else."""
        kept = self.cells.image.key(place).longest_subkey & 0xFFFF0000
        longest = max((2 * units(child.name) for child in children), default=0)
        self.cells.put(place, KEY_LONGEST_SUBKEY, kept | longest)
        self.cells.put(place, KEY_LONGEST_CLASS, max((child.class_length for child in children), default=0))

    def _descriptor(self, offset: int) -> int:
        """The place of the descriptor that was at ``offset``, which one key more uses."""
        if offset not in self._security:
            self.hive.image.record(offset, b"sk", SECURITY.size)
            size = SECURITY.unpack(self._bytes(offset, SECURITY.size))[5]
            self._security[offset] = self.cells.add(self._bytes(offset, SECURITY.size + size))
        place = self._security[offset]
        self._users[place] = self._users.get(place, 0) + 1
        return place

    def _close_ring(self) -> None:
        ring = [*self._users]
        for before, here in pairwise([ring[-1], *ring]):
            self.cells.put(before, SECURITY_NEXT, here)
            self.cells.put(here, SECURITY_PREVIOUS, before)
            self.cells.put(here, SECURITY_USERS, self._users[here])


def _length(field: bytes) -> int:
    return int.from_bytes(field, "little")
