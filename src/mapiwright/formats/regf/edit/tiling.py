"""How bins and cells tile a hive: seen as a whole before an edit, in one pass that keeps no byte of it.

What is looked at is all that a write can meet of them: so a hive that passes can be written wherever the write goes.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import TYPE_CHECKING

from mapiwright.formats.regf.records import BASE_BLOCK, BIN_HEADER, PAGE, damage
from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mapiwright.formats.regf.pages import Buffer, Bytes

_HEADER = struct.Struct("<4sII")
_SIZE = struct.Struct("<i")
_AT_ONCE = 1 << 20
_MARK = int.from_bytes(b"hbin", "little")


@frozen
class Tiling:
    """The bins and the free cells of a hive: where each bin begins, and the size and offset of each free cell.

    ``size`` is how many bytes the bins take.
    """

    size: int
    bins: Sequence[int]
    free: Sequence[tuple[int, int]]


def tiling_of(source: Bytes, size: int) -> Tiling:
    """The tiling of the bins of a hive, which take ``size`` bytes; raises FormatError where they do not tile."""
    starts = array("I")
    free: list[tuple[int, int]] = []
    offset = 0
    while offset < size:
        length = _length(source.read(BASE_BLOCK + offset, _HEADER.size), offset, size)
        chunk = source.read(BASE_BLOCK + offset, max(length, min(_AT_ONCE, size - offset)))
        if len(chunk) < length:
            raise damage(BASE_BLOCK + offset, "bin runs out of the file")
        offset = _look_over(chunk, offset, size, starts, free)
    return Tiling(size, starts, free)


def _length(header: bytes, offset: int, size: int) -> int:
    """The length of the bin that begins so, at ``offset``."""
    if len(header) < _HEADER.size:
        raise damage(BASE_BLOCK + offset, "hive ends before its bins do", f"{size} bytes of bins")
    mark, own, length = _HEADER.unpack(header)
    if mark != b"hbin" or own != offset or not length or length % PAGE or offset + length > size:
        raise damage(BASE_BLOCK + offset, f"bin is marked {mark!r}, offset 0x{own:x}, {length} bytes")
    return int(length)


def _look_over(chunk: bytes, offset: int, size: int, starts: array[int], free: list[tuple[int, int]]) -> int:
    """Look over the bins that are in ``chunk`` as a whole, the first one at ``offset``; give where the next one is.

    A hive has a cell for every sixty bytes or so: this loop is what a look at a large hive costs.
    """
    words = array("i")
    words.frombytes(chunk[: len(chunk) // 4 * 4])
    if sys.byteorder == "big":
        words.byteswap()
    here, limit = 0, len(words)
    while here + 3 <= limit:
        first, at = here, offset + 4 * here
        mark, own, length = words[here : here + 3]
        if mark != _MARK or own != at or length % PAGE or not 0 < length <= size - at:
            _length(chunk[4 * here : 4 * here + _HEADER.size], at, size)  # says what is wrong
        if here + length // 4 > limit:
            break
        end = here + length // 4
        here += BIN_HEADER // 4
        bits = 0
        while here < end:
            cell = words[here]
            bits |= cell
            if cell < 0:
                here -= cell >> 2
            elif cell > 3:  # so that the walk goes on
                free.append((cell, offset + 4 * here))
                here += cell >> 2
            else:
                break
        if here != end or bits & 7:
            for _ in cells_of(chunk, 4 * first, offset):
                pass  # raises with the place
        starts.append(at)
    return offset + 4 * here


def cells_of(data: Buffer, at: int, offset: int = 0) -> Iterator[tuple[int, int]]:
    """The cells of the bin that begins at ``at`` of ``data``: their offsets and sizes, those in use below zero.

    ``offset`` is the one at which ``data`` begins. Raises FormatError where they do not tile.
    """
    end = at + _HEADER.unpack_from(data, at)[2]
    at += BIN_HEADER
    while at < end:
        size: int = _SIZE.unpack_from(data, at)[0]
        length = abs(size)
        if length < 8 or length % 8 or at + length > end:
            raise damage(BASE_BLOCK + offset + at, f"cell has size {size}", "a multiple of 8 that ends in its bin")
        yield offset + at, size
        at += length
