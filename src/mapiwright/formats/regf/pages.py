"""The bytes of a hive, brought into memory as they are touched: those of a file, or those that an edit works on.

A large hive costs what is read of it. An edit works on pages of its own over the bytes that are there, which stay
beside them unchanged: so what differs is found without a copy of the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

Buffer: TypeAlias = "bytes | bytearray | memoryview | mmap.mmap"

SHIFT = 16
BLOCK = 1 << SHIFT
"""How many bytes are brought at once."""
_PAGE = 4096


class Bytes(Protocol):
    """Bytes that can be read from any place on."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def read(self, at: int, length: int) -> bytes:
        """Those from ``at`` on; fewer at the end."""
        ...


class InMemory:
    """Bytes that are in memory as a whole."""

    __slots__ = ("data", "size")

    def __init__(self, data: Buffer) -> None:
        self.data = data
        self.size = len(data)

    def read(self, at: int, length: int) -> bytes:
        """Those from ``at`` on; fewer at the end."""
        return bytes(self.data[at : at + length])


class Pages:
    """The first ``size`` bytes of ``source``, in ``buffer`` where they were brought; there they may be changed.

    ``missing`` has a 1 for each block that is not in the buffer. The buffer is another one after ``extend``.
    """

    __slots__ = ("buffer", "missing", "size", "source")

    def __init__(self, source: Bytes, size: int) -> None:
        """Reads nothing."""
        self.source = source
        self.size = size
        self.buffer = _room(size)
        self.missing = bytearray(b"\1") * -(-size // BLOCK)

    def bring(self, at: int, end: int) -> None:
        """Have the bytes from ``at`` to ``end`` in the buffer."""
        for block in range(at >> SHIFT, ((end - 1) >> SHIFT) + 1):
            if self.missing[block]:
                first = block << SHIFT
                held = self.source.read(first, min(BLOCK, self.size - first))
                self.buffer[first : first + len(held)] = held
                self.missing[block] = 0

    def read(self, at: int, length: int) -> bytes:
        """A copy of the bytes from ``at`` on, fewer at the end; what is not in the buffer is not brought there."""
        return b"".join(self._parts(at, min(at + length, self.size)))

    def _parts(self, at: int, end: int) -> Iterator[bytes]:
        while at < end:
            block = at >> SHIFT
            missing = self.missing[block]
            while block << SHIFT < end and self.missing[block] == missing:
                block += 1
            stop = min(end, block << SHIFT)
            yield self.source.read(at, stop - at) if missing else self.buffer[at:stop]
            at = stop

    def write(self, at: int, data: bytes) -> None:
        """Change the bytes from ``at`` on."""
        self.bring(at, at + len(data))
        self.buffer[at : at + len(data)] = data

    def extend(self, length: int) -> None:
        """Have zeros behind the last byte."""
        size = self.size + length
        if size > len(self.buffer):
            larger = _room(size + size // 8 + BLOCK)
            for at in self.brought():
                larger[at : at + BLOCK] = self.buffer[at : at + BLOCK].ljust(BLOCK, b"\0")
            self.buffer = larger
        if self.size % BLOCK:
            self.bring(self.size - 1, self.size)  # the block that the new bytes begin in
        self.size = size
        self.missing.extend(bytes(-(-size // BLOCK) - len(self.missing)))

    def brought(self) -> Iterator[int]:
        """Where each block begins that is in the buffer."""
        block = self.missing.find(0)
        while block >= 0:
            yield block << SHIFT
            block = self.missing.find(0, block + 1)

    def changed(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Each run of pages of 4096 bytes that differ from the source, from ``start`` on: its place and its bytes."""
        first, run = 0, b""
        for block in self.brought():
            length = min(BLOCK, self.size - block)
            old, new = self.source.read(block, length), self.read(block, length)
            for at in range(max(0, start - block), length, _PAGE) if old != new else ():
                page = new[at : at + _PAGE]
                if page == old[at : at + _PAGE]:
                    continue
                if run and first + len(run) == block + at:
                    run += page
                    continue
                if run:
                    yield first, run
                first, run = block + at, page
        if run:
            yield first, run


def _room(size: int) -> mmap.mmap:
    """Zeros that take memory where they are written only, and belong to this process alone."""
    import mmap  # noqa: PLC0415 - a small hive is read without

    if hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return mmap.mmap(-1, max(size, 1))
