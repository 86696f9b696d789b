"""Salvage: read what is left of a hive without its root, its bins' headers or its lists of subkeys.

Keys and values are found by the shape of their records; a key's parent by its offset, and its values by the list
that the key names. Values that no key names are grouped by lists of their offsets that still lie somewhere: hivex
takes the count and the list out of a key that it deletes. What is in use comes first, then what is unknown, then what
was deleted, the last written first: whoever comes later gets nothing that was claimed before.

Sources: the regf specification of msuhanov; yarp, reglookup-recover and Registry (read for their methods).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from mapiwright.formats.regf.records import BASE_BLOCK, BIG_DATA, INLINE, NIL, SEGMENT
from mapiwright.formats.regf.salvage.cell_map import CellMap, Claims
from mapiwright.formats.regf.salvage.found import FoundKey, FoundValue, Grade, Salvaged, Space
from mapiwright.formats.regf.salvage.shapes import shapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.formats.regf.salvage.shapes import KeyShape, ValueShape

_ORDER = (Space.LIVE, Space.UNKNOWN, Space.FREE)
_NUMBER = struct.Struct("<I")
_SIZE = struct.Struct("<i")


def salvage(data: bytes) -> Salvaged:
    """All keys and values that are in the bytes of a hive, in use or deleted; any bytes have an answer."""
    return _Salvage(data).whole()


class _Salvage:
    """One hive that is being searched."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.cells = CellMap(data)
        self.claims = Claims(self.cells.end)
        self.keys, self.values = shapes(data, self.cells)
        for shapes_found in (self.keys, self.values):
            for shape in shapes_found.values():
                self.claims.claim(shape.offset, shape.length)

    def whole(self) -> Salvaged:
        found = {
            offset: FoundKey(offset, key.name, key.timestamp, key.space, top=key.top)
            for offset, key in self.keys.items()
        }
        order = sorted(self.keys.values(), key=lambda key: (_ORDER.index(key.space), -key.timestamp, key.offset))
        for key in order:
            self._hang(key, found)
            self._list_values(key, found[key.offset])
        groups = [self._loose(group) for group in self._groups()]
        loose = self._loose(value for value in self.values.values() if self._is_plausible(value))
        return Salvaged(tuple(found.values()), tuple(map(tuple, groups)), tuple(loose))

    def _hang(self, key: KeyShape, found: dict[int, FoundKey]) -> None:
        """Hang the key below the one that it names as its parent; nothing in use is below what was deleted."""
        above, here = found.get(key.parent), found[key.offset]
        if key.top or above is None or (key.space is Space.LIVE and above.space is Space.FREE):
            return
        here.parent = above
        if key.space is not above.space or key.space is Space.UNKNOWN:
            here.linked = Grade.LIKELY  # the parent's cell may be another key's by now

    # -- values that a key lists -------------------------------------------------------------------------------

    def _list_values(self, key: KeyShape, found: FoundKey) -> None:
        """Give the key the values of its list that nobody else has, and take them out of those that are left."""
        if not key.value_count or key.value_list == NIL:
            return
        found.listed = key.value_count
        size = 4 + 4 * key.value_count
        listed = self._reached(key.space, key.value_list, size)
        if listed is None or not self.claims.claim(key.value_list, size):
            return
        offsets = struct.unpack_from(f"<{key.value_count}I", self.data, BASE_BLOCK + key.value_list + 4)
        grade = Grade.GOOD if key.space is listed is not Space.UNKNOWN else Grade.LIKELY
        values = []
        for offset in offsets:
            value = self.values.get(offset)
            if value is not None and _leads(key.space, value.space):
                del self.values[offset]
                values.append(self._found(value, grade if value.space is key.space else Grade.LIKELY))
        found.values = tuple(values)

    def _reached(self, space: Space, offset: int, size: int) -> Space | None:
        """The space of a cell that a record of ``space`` may lead to, and that can hold ``size`` bytes."""
        cell = self.cells.holding(offset, size)
        if cell is None or not _leads(space, cell.space):
            return None
        return cell.space

    # -- values that no key lists ------------------------------------------------------------------------------

    def _groups(self) -> Iterator[list[ValueShape]]:
        """The values that are left, as far as two or more of them stand in a list, longest first."""
        if len(self.values) < 2:
            return
        for run in sorted(self._runs(), key=len, reverse=True):
            group = [self.values[offset] for offset in dict.fromkeys(run) if offset in self.values]
            if len(group) > 1:
                for value in group:
                    del self.values[value.offset]
                yield group

    def _runs(self) -> Iterator[list[int]]:
        """Offsets of values side by side, from where the payload of a cell can begin and nobody has a claim."""
        wanted = {offset for offset, value in self.values.items() if self._is_plausible(value)}
        run: list[int] = []
        words = memoryview(self.data)[BASE_BLOCK : BASE_BLOCK + self.cells.end]
        for place, (word,) in enumerate(_NUMBER.iter_unpack(words)):
            if word in wanted and (run or place % 2) and not self.claims.is_claimed(4 * place):
                run.append(word)
            elif run:
                yield run
                run = []
        if run:
            yield run

    def _is_plausible(self, value: ValueShape) -> bool:
        """Whether what is in use, and no key lists, is more than data that look like a record."""
        if value.size & INLINE:
            return value.size & ~INLINE <= 4
        return value.data % 8 == 0 and value.data + value.size <= self.cells.end

    def _loose(self, values: Iterable[ValueShape]) -> list[FoundValue]:
        return [self._found(value, Grade.LIKELY) for value in values]

    # -- data --------------------------------------------------------------------------------------------------

    def _found(self, value: ValueShape, grade: Grade) -> FoundValue:
        """The value with its data, whose grade is no better than that of how it was found."""
        data, sure = self._data(value)
        if data is None or sure is not Grade.GOOD:
            grade = sure
        return FoundValue(value.name, value.type, data, BASE_BLOCK + value.offset, value.space, grade)

    def _data(self, value: ValueShape) -> tuple[bytes | None, Grade]:
        size = value.size & ~INLINE
        if value.size & INLINE:
            return (_NUMBER.pack(value.data)[:size], Grade.GOOD) if size <= 4 else (None, Grade.LOST)
        if not size:
            return b"", Grade.GOOD
        if size > SEGMENT and self._is_big(value.data, size):
            return self._big(value, size)
        return self._piece(value.space, value.data, size)

    def _piece(self, space: Space, offset: int, size: int) -> tuple[bytes | None, Grade]:
        """Data in a cell of their own, which has to be one that a record of ``space`` may lead to."""
        if not 0 <= offset <= self.cells.end - size - 4:
            return None, Grade.LOST
        cell = self.cells.at(offset)
        if cell is None or offset % 8 or not self._may_hold(offset, size + 4):
            return None, Grade.LOST if space is Space.LIVE else Grade.TAKEN
        if offset + 4 + size > cell.end:
            return None, Grade.LOST if cell.space is Space.LIVE else Grade.TAKEN
        if self._reached(space, offset, size + 4) is None or not self.claims.claim(offset, size + 4):
            return None, Grade.TAKEN
        at = BASE_BLOCK + offset + 4
        sure = Grade.GOOD if space is cell.space is not Space.UNKNOWN else Grade.LIKELY
        return self.data[at : at + size], sure

    def _may_hold(self, offset: int, size: int) -> bool:
        """Whether what stands before the data can be the size of their cell, or was before neighbours were merged."""
        length: int = abs(_SIZE.unpack_from(self.data, BASE_BLOCK + offset)[0])
        return length >= size and length % 8 == 0

    def _is_big(self, offset: int, size: int) -> bool:
        """Whether data of that size are in segments; hivex puts any size into one cell."""
        at = BASE_BLOCK + offset
        return self.data[at + 4 : at + 6] == b"db" and not self._may_hold(offset, size + 4)

    def _big(self, value: ValueShape, size: int) -> tuple[bytes | None, Grade]:
        """Data in segments, of which none may be missing."""
        head, sure = self._piece(value.space, value.data, BIG_DATA.size)
        if head is None:
            return None, sure
        _, count, place = BIG_DATA.unpack(head)
        if count != -(-size // SEGMENT):
            return None, Grade.LOST
        listed, grade = self._piece(value.space, place, 4 * count)
        if listed is None:
            return None, grade
        pieces: list[bytes] = []
        grades = {sure, grade}
        for (offset,) in _NUMBER.iter_unpack(listed):
            piece, grade = self._piece(value.space, offset, min(size, SEGMENT))
            if piece is None:
                return None, grade
            grades.add(grade)
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces), Grade.LIKELY if Grade.LIKELY in grades else Grade.GOOD


def _leads(space: Space, to: Space) -> bool:
    """Whether a record in the one space can lead to a cell in the other: what was deleted never to one in use."""
    return space is not Space.FREE or to is not Space.LIVE
