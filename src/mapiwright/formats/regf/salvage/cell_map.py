"""Which bytes of a hive are cells in use, free, or neither, as far as its bins can still be walked."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from typing import NamedTuple

from mapiwright.formats.regf.records import BASE_BLOCK, BIN_HEADER, PAGE
from mapiwright.formats.regf.salvage.found import Space

_BIN = struct.Struct("<4sII")
_SIZE = struct.Struct("<i")
_KINDS = (Space.UNKNOWN, Space.FREE, Space.LIVE)
_UNKNOWN, _FREE, _LIVE, _HEADER = range(4)
_UNIT = 8
_BLOCK = 512  # units that are looked at as one


class Cell(NamedTuple):
    """A cell, or a place whose cells are not known; ``end`` counts from the first bin, as ``start``."""

    start: int
    end: int
    space: Space


class CellMap:
    """The cells of a hive: where the walk of a bin meets damage, the rest is unknown up to the next bin.

    Offsets count from the first bin. Any bytes have a map.
    """

    __slots__ = ("_kinds", "_starts", "end")

    def __init__(self, data: bytes) -> None:
        """Walks every bin that knows its place, whatever the base block says."""
        self.end = max(len(data) - BASE_BLOCK, 0) & -_UNIT
        self._starts = array("Q", [0])
        self._kinds = bytearray([_UNKNOWN])
        offset = 0
        while offset < self.end:
            length = _bin_length(data, offset, self.end)
            if not length:
                self._add(offset, _UNKNOWN)
                offset = min(offset + PAGE, self.end)
                continue
            self._add(offset, _HEADER)
            reached = self._walk(data, offset + BIN_HEADER, min(offset + length, self.end))
            if reached < offset + length:
                self._add(reached, _UNKNOWN)
            offset = -(-reached // PAGE) * PAGE

    def _walk(self, data: bytes, offset: int, end: int) -> int:
        """Note the cells of a bin; give where their walk ends, which is before ``end`` where they are damaged."""
        while offset < end:
            (size,) = _SIZE.unpack_from(data, BASE_BLOCK + offset)
            length = abs(size)
            if length < _UNIT or length % _UNIT or offset + length > end:
                break
            self._add(offset, _LIVE if size < 0 else _FREE)
            offset += length
        return offset

    def _add(self, offset: int, kind: int) -> None:
        if kind == _UNKNOWN and self._kinds[-1] == _UNKNOWN:
            return
        if self._starts[-1] == offset:
            self._kinds[-1] = kind
        else:
            self._starts.append(offset)
            self._kinds.append(kind)

    def at(self, offset: int) -> Cell | None:
        """The cell that ``offset`` is in; None outside, and in the header of a bin."""
        if not 0 <= offset < self.end:
            return None
        place = bisect_right(self._starts, offset) - 1
        if self._kinds[place] == _HEADER:
            return None
        end = self._starts[place + 1] if place + 1 < len(self._starts) else self.end
        return Cell(self._starts[place], end, _KINDS[self._kinds[place]])

    def holding(self, offset: int, size: int) -> Cell | None:
        """The one cell that ``size`` bytes from ``offset`` on can have been a cell in: in use only from its start."""
        found = self.at(offset)
        if found is None or offset % _UNIT or offset + size > found.end:
            return None
        return None if found.space is Space.LIVE and found.start != offset else found


class Claims:
    """Which bytes were given away already, so that nothing is used twice; a claim costs what it claims."""

    __slots__ = ("_blocks", "_units")

    def __init__(self, end: int) -> None:
        """Nothing below ``end`` is claimed yet."""
        self._units = bytearray(end // _UNIT)
        self._blocks = bytearray(end // _UNIT // _BLOCK + 1)

    def claim(self, offset: int, size: int) -> bool:
        """Claim the bytes; False, and nothing is claimed, where some of them were before."""
        first, stop = offset // _UNIT, -(-(offset + size) // _UNIT)
        if self._is_claimed(first, stop):
            return False
        self._units[first:stop] = b"\1" * (stop - first)
        self._blocks[first // _BLOCK : (stop - 1) // _BLOCK + 1] = b"\1" * (
            (stop - 1) // _BLOCK - first // _BLOCK + 1
        )
        return True

    def is_claimed(self, offset: int) -> bool:
        """Whether the 8 bytes there are."""
        return bool(self._units[offset // _UNIT])

    def _is_claimed(self, first: int, stop: int) -> bool:
        """Only blocks that hold a claim are looked into."""
        block = self._blocks.find(1, first // _BLOCK, (stop - 1) // _BLOCK + 1)
        while block >= 0:
            if self._units.find(1, max(first, block * _BLOCK), min(stop, (block + 1) * _BLOCK)) >= 0:
                return True
            block = self._blocks.find(1, block + 1, (stop - 1) // _BLOCK + 1)
        return False


def _bin_length(data: bytes, offset: int, end: int) -> int:
    """The length of the bin that begins there, 0 where none does."""
    if offset + BIN_HEADER > end:
        return 0
    mark, own, length = _BIN.unpack_from(data, BASE_BLOCK + offset)
    return length if mark == b"hbin" and own == offset and length and length % PAGE == 0 else 0
