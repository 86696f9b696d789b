"""The cells of a hive that is being edited: allocated, freed, and merged with their free neighbours.

A cell that no edit touches stays where it is, byte for byte, and is not looked at. A new cell is cut from the
smallest free cell that holds it; where there is none, a bin is added after the last one: of one page, or as large as
its one big cell needs.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.formats.regf.edit.tiling import cells_of
from mapiwright.formats.regf.records import BASE_BLOCK, BIN_HEADER, PAGE, Image, damage

if TYPE_CHECKING:
    from mapiwright.formats.regf.edit.tiling import Tiling
    from mapiwright.formats.regf.pages import Pages

LARGEST = 0x7FFFFFFF  # bytes of bins that Windows addresses in a stable hive

_BIN = struct.Struct("<4sIIQQI")
_SIZE = struct.Struct("<i")
_NUMBER = struct.Struct("<I")


class Tiles(Image):
    """The records of a hive that is being edited: an offset leads to a cell in use, or it is damage."""

    __slots__ = ("_ends", "_looked_over", "bins", "used")

    def __init__(self, pages: Pages, tiling: Tiling) -> None:
        super().__init__(pages.buffer, BASE_BLOCK + tiling.size, pages)
        self.bins = [*tiling.bins]
        self.used: set[int] = set()
        """The cells in use of the bins that were looked over."""
        self._looked_over: set[int] = set()

    def cell(self, offset: int) -> tuple[int, int]:
        """Where the payload of the cell in use at ``offset`` begins and ends in the file."""
        if offset not in self.used:
            self.look_over(offset)
            if offset not in self.used:
                raise damage(BASE_BLOCK + offset, f"offset 0x{offset:x} is no cell in use")
        return super().cell(offset)

    def look_over(self, offset: int) -> None:
        """Note the cells in use of the bin that holds ``offset``."""
        place = bisect_right(self.bins, offset) - 1
        if place < 0 or place in self._looked_over or self.pages is None:
            return
        self._looked_over.add(place)
        start = self.bins[place]
        following = self.bins[place + 1] if place + 1 < len(self.bins) else self.end - BASE_BLOCK
        self.pages.bring(BASE_BLOCK + start, BASE_BLOCK + following)
        self.used.update(at for at, size in cells_of(self.data, BASE_BLOCK + start, -BASE_BLOCK) if size < 0)


class Cells:
    """The cells of the hive in ``pages``, of version 1.``minor``, which are tiled so."""

    __slots__ = ("_by_end", "_by_size", "_free", "image", "minor", "ordered", "padding", "pages")

    def __init__(self, pages: Pages, tiling: Tiling, minor: int) -> None:
        self.pages = pages
        self.minor = minor
        self.image = Tiles(pages, tiling)
        self.padding = BASE_BLOCK + tiling.size
        """Where in the source those bytes begin that are behind the last bin, and no zeros that a bin took."""
        self.ordered: set[int] = set()
        """The lists of subkeys that were found in order, or were written so."""
        self._free = {offset: size for size, offset in tiling.free}
        self._by_end = {offset + size: offset for size, offset in tiling.free}
        self._by_size = sorted(tiling.free)

    def add(self, payload: bytes, room: int = 0) -> int:
        """Put ``payload`` into a new cell with at least ``room`` bytes of space, and give its offset."""
        size = (4 + max(len(payload), room) + 7) & ~7
        place = bisect_left(self._by_size, (size, 0))
        if place == len(self._by_size):
            self._grow(size)
            place = bisect_left(self._by_size, (size, 0))
        available, offset = self._by_size[place]
        self.image.look_over(offset)
        self._drop(offset)
        if available > size:
            self._note(offset + size, available - size)
        self.image.used.add(offset)
        self.pages.write(BASE_BLOCK + offset, _SIZE.pack(-size) + payload.ljust(size - 4, b"\0"))
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
            self.pages.write(at, payload.ljust(end - at, b"\0"))
            return offset
        self.free(offset)
        return self.add(payload, room)

    def put(self, offset: int, field: int, number: int) -> None:
        """Set the 32-bit number at ``field`` of the payload of the cell at ``offset``."""
        self.pages.write(BASE_BLOCK + offset + 4 + field, _NUMBER.pack(number))

    def number(self, offset: int, field: int) -> int:
        """The 32-bit number at ``field`` of the payload of the cell at ``offset``."""
        at, _ = self.image.cell(offset)
        number: int = _NUMBER.unpack_from(self.pages.buffer, at + field)[0]
        return number

    def _note(self, offset: int, size: int) -> None:
        self.pages.write(BASE_BLOCK + offset, _SIZE.pack(size))
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
        padding = self.pages.source.read(self.padding, length)
        if not any(padding):
            self.padding += len(padding)
        self.pages.extend(length)
        self.image.data = self.pages.buffer  # which may be another one
        self.image.end += length
        self.image.bins.append(offset)
        self.pages.write(BASE_BLOCK + offset, _BIN.pack(b"hbin", offset, length, 0, 0, 0))
        self._note(offset + BIN_HEADER, length - BIN_HEADER)
