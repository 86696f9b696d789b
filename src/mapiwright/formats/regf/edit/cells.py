"""The cells of a hive that is being edited: allocated, freed, and merged with their free neighbours.

A cell that no edit touches stays where it is, byte for byte. A new cell is cut from the smallest free cell that holds
it; where there is none, a bin is added after the last one: of one page, or as large as its one big cell needs.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.formats.regf.records import BASE_BLOCK, BIN_HEADER, PAGE, Image, damage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.formats.regf.records import Buffer

LARGEST = 0x7FFFFFFF  # bytes of bins that Windows addresses in a stable hive

_BIN = struct.Struct("<4sIIQQI")
_SIZE = struct.Struct("<i")
_NUMBER = struct.Struct("<I")


def bins(data: Buffer, size: int) -> Iterator[tuple[int, int]]:
    """Where the cells of each bin begin and end, of bins that take ``size`` bytes.

    Raises FormatError where a bin does not know its place, or is not there.
    """
    offset = 0
    while offset < size:
        at = BASE_BLOCK + offset
        if at + BIN_HEADER > len(data):
            raise damage(at, "hive ends before its bins do", f"{size} bytes of bins")
        mark, own, length, *_ = _BIN.unpack_from(data, at)
        if mark != b"hbin" or own != offset or not length or length % PAGE or offset + length > size:
            raise damage(at, f"bin is marked {mark!r}, offset 0x{own:x}, {length} bytes")
        if at + length > len(data):
            raise damage(at, "bin runs out of the file")
        yield offset + BIN_HEADER, offset + length
        offset += length


def tiles(data: Buffer, offset: int, end: int) -> Iterator[tuple[int, int]]:
    """The cells of a bin: their offsets and sizes, those in use below zero; raises FormatError where they overlap."""
    read = _SIZE.unpack_from
    while offset < end:
        size: int = read(data, BASE_BLOCK + offset)[0]
        length = abs(size)
        if length < 8 or length % 8 or offset + length > end:
            raise damage(BASE_BLOCK + offset, f"cell has size {size}", "a multiple of 8 that ends in its bin")
        yield offset, size
        offset += length


def refuse_untiled(data: Buffer, size: int) -> None:
    """Raise FormatError where a write would: bins and cells have to tile the whole hive."""
    for start, end in bins(data, size):
        for _ in tiles(data, start, end):
            pass


class Tiles(Image):
    """The records of a hive that is being edited: an offset leads to a cell in use, or it is damage."""

    __slots__ = ("used",)

    def __init__(self, data: bytearray, end: int) -> None:
        super().__init__(data, end)
        self.used: set[int] = set()

    def cell(self, offset: int) -> tuple[int, int]:
        """Where the payload of the cell in use at ``offset`` begins and ends in the file."""
        if offset not in self.used:
            raise damage(BASE_BLOCK + offset, f"offset 0x{offset:x} is no cell in use")
        return super().cell(offset)


class Cells:
    """The cells of the hive in ``data``, of version 1.``minor``, whose bins take ``size`` bytes.

    Raises FormatError where bins and cells do not tile.
    """

    __slots__ = ("_by_end", "_by_size", "_free", "data", "image", "minor", "ordered")

    def __init__(self, data: bytearray, size: int, minor: int) -> None:
        self.data = data
        self.minor = minor
        self.image = Tiles(data, BASE_BLOCK + size)
        self.ordered: set[int] = set()
        """The lists of subkeys that were found in order, or were written so."""
        self._free: dict[int, int] = {}  # offset -> size
        self._by_end: dict[int, int] = {}  # end -> offset
        self._by_size: list[tuple[int, int]] = []
        self._scan(size)

    def _scan(self, size: int) -> None:
        for start, end in bins(self.data, size):
            for offset, length in tiles(self.data, start, end):
                if length > 0:
                    self._free[offset] = length
                    self._by_end[offset + length] = offset
                    self._by_size.append((length, offset))
                else:
                    self.image.used.add(offset)
        self._by_size.sort()

    def add(self, payload: bytes, room: int = 0) -> int:
        """Put ``payload`` into a new cell with at least ``room`` bytes of space, and give its offset."""
        size = (4 + max(len(payload), room) + 7) & ~7
        place = bisect_left(self._by_size, (size, 0))
        if place == len(self._by_size):
            self._grow(size)
            place = bisect_left(self._by_size, (size, 0))
        available, offset = self._by_size[place]
        self._drop(offset)
        if available > size:
            self._note(offset + size, available - size)
        self.image.used.add(offset)
        at = BASE_BLOCK + offset
        self.data[at : at + size] = _SIZE.pack(-size) + payload.ljust(size - 4, b"\0")
        return offset

    def free(self, offset: int) -> None:
        """Free the cell at ``offset``, and merge it with the free cells next to it."""
        at, end = self.image.cell(offset)
        size = end - at + 4
        self.image.used.remove(offset)
        self.ordered.discard(offset)
        following = self._free.get(offset + size)
        if following:
            self._drop(offset + size)
            size += following
        previous = self._by_end.get(offset)
        if previous is not None:
            size += self._free[previous]
            offset = previous
            self._drop(previous)
        self._note(offset, size)

    def rewrite(self, offset: int, payload: bytes, room: int = 0) -> int:
        """Put ``payload`` into the cell at ``offset``, or into a new one where it is too small; give the offset."""
        at, end = self.image.cell(offset)
        if len(payload) <= end - at:
            self.data[at:end] = payload.ljust(end - at, b"\0")
            return offset
        self.free(offset)
        return self.add(payload, room)

    def put(self, offset: int, field: int, number: int) -> None:
        """Set the 32-bit number at ``field`` of the payload of the cell at ``offset``."""
        _NUMBER.pack_into(self.data, BASE_BLOCK + offset + 4 + field, number)

    def number(self, offset: int, field: int) -> int:
        """The 32-bit number at ``field`` of the payload of the cell at ``offset``."""
        number: int = _NUMBER.unpack_from(self.data, BASE_BLOCK + offset + 4 + field)[0]
        return number

    def _note(self, offset: int, size: int) -> None:
        _SIZE.pack_into(self.data, BASE_BLOCK + offset, size)
        self._free[offset] = size
        self._by_end[offset + size] = offset
        insort(self._by_size, (size, offset))

    def _drop(self, offset: int) -> None:
        size = self._free.pop(offset)
        del self._by_end[offset + size]
        del self._by_size[bisect_left(self._by_size, (size, offset))]

    def _grow(self, size: int) -> None:
        """Add a bin that holds a cell of ``size`` bytes.

        Zeros after the last bin are the padding of a file that Windows made longer in advance: the bin takes their
        place. Anything else there is kept, behind the bin.
        """
        offset = self.image.end - BASE_BLOCK
        length = (BIN_HEADER + size + PAGE - 1) // PAGE * PAGE
        if offset + length > LARGEST:
            raise RefusedError("the hive would grow beyond 2 GiB", remedy="store the value elsewhere")
        end = self.image.end
        padding = self.data[end : end + length]
        header = _BIN.pack(b"hbin", offset, length, 0, 0, 0)
        self.data[end : end if any(padding) else end + len(padding)] = header.ljust(length, b"\0")
        self.image.end += length
        self._note(offset + BIN_HEADER, length - BIN_HEADER)
