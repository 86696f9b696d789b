"""The MAPI allocators: buffers with children, freed as one; every fault of the guest is reported and does no harm.

Memory that was freed is poisoned and kept, so that a second free, or a write after one, is a finding and no crash.
Behind each buffer is a mark that shows whether the guest wrote past its end.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 64 << 20
"""The most bytes of one buffer; more is MAPI_E_NOT_ENOUGH_MEMORY."""
MARK = b"\xab\xcd\xef\xfd" * 4
POISON = 0xDD


class _Block:
    """One buffer: its memory, and what is chained to it."""

    __slots__ = ("address", "children", "freed", "memory", "owner", "size")

    def __init__(self, size: int, owner: str) -> None:
        self.size = size
        self.owner = owner
        self.memory: Any = (ctypes.c_char * (size + len(MARK)))()
        self.address: int = ctypes.addressof(self.memory)
        ctypes.memmove(self.address + size, MARK, len(MARK))
        self.children: list[_Block] = []
        self.freed = False

    @property
    def overrun(self) -> bool:
        return ctypes.string_at(self.address + self.size, len(MARK)) != MARK


class Heap:
    """MAPIAllocateBuffer, MAPIAllocateMore and MAPIFreeBuffer ([mapiallocatebuffer]).

    ``report`` gets each misuse as a sentence. ``owner`` says which side frees a buffer: one that the host
    made and the guest must free is the guest's leak, too.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._roots: dict[int, _Block] = {}
        self._known: dict[int, _Block] = {}

    def allocate(self, size: int, owner: str = "the service") -> int:
        """A buffer of its own; gives its address. Raises MemoryError for more than is allowed."""
        block = self._made(size, owner)
        self._roots[block.address] = block
        return block.address

    def more(self, size: int, base: int, owner: str = "the service") -> int | None:
        """A buffer that is freed with the one at ``base``; None where ``base`` is no buffer."""
        root = self._roots.get(base)
        if root is None:
            self._report(f"MAPIAllocateMore with a base that {self._kind(base)}")
            return None
        block = self._made(size, owner)
        root.children.append(block)
        return block.address

    def free(self, address: int) -> bool:
        """Free a buffer and what is chained to it; says whether it was one."""
        root = self._roots.pop(address, None)
        if root is None:
            self._report(f"MAPIFreeBuffer of memory that {self._kind(address)}")
            return False
        for block in (root, *root.children):
            self._check(block)
            block.freed = True
            ctypes.memset(block.address, POISON, block.size)
        return True

    def size(self, address: int) -> int | None:
        """The bytes of a buffer that is in use, or None."""
        root = self._roots.get(address)
        return root.size if root else None

    def holds(self, base: int, address: int) -> bool:
        """Whether an address lies in the buffer at ``base``, or in one that is chained to it."""
        root = self._roots[base]
        return any(block.address <= address < block.address + block.size for block in (root, *root.children))

    def leaks(self) -> list[str]:
        """A sentence for each buffer that is left, and for each that was written past its end."""
        for root in self._roots.values():
            for block in (root, *root.children):
                self._check(block)
        return [f"a buffer of {root.size} bytes of {root.owner} was not freed" for root in self._roots.values()]

    def _made(self, size: int, owner: str) -> _Block:
        if not 0 <= size <= LARGEST:
            raise MemoryError(f"a buffer of {size} bytes")
        block = _Block(size, owner)
        self._known[block.address] = block
        return block

    def _kind(self, address: int) -> str:
        block = self._known.get(address)
        if block is None:
            return "is no MAPI buffer"
        return "was freed before" if block.freed else "is chained to another buffer"

    def _check(self, block: _Block) -> None:
        if block.overrun:
            self._report(f"something was written past the end of a buffer of {block.size} bytes of {block.owner}")
            ctypes.memmove(block.address + block.size, MARK, len(MARK))
