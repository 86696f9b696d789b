"""Property values between Python and a guest's memory: SPropValue, SPropTagArray, texts, MAPIUIDs and SRowSet.

Reading trusts nothing: counts are bounded, and a NULL pointer is refused. An invalid pointer crashes this process,
which is why it is separate.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mapiwright.entry.child.native import abi

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mapiwright.entry.child.native.heap import Heap

MOST = 4096
"""The most properties, tags, rows or values that one argument may hold."""
LONGEST = 1 << 20
"""The most bytes of one binary value."""

E_INVALID_PARAMETER = 0x80070057
E_NO_MEMORY = 0x8007000E
E_INVALID_TYPE = 0x80040302

PT_ERROR = 0x000A
PT_OBJECT = 0x000D

_SCALARS = {0x0002: "i", 0x0003: "l", 0x000A: "ul", 0x0014: "li", 0x0040: "ft"}


class Refusal(Exception):  # noqa: N818 - it ends a method with an HRESULT
    """A method answers with a failing HRESULT, and why."""

    def __init__(self, hresult: int, why: str) -> None:
        super().__init__(why)
        self.hresult = hresult
        self.why = why


@dataclass(frozen=True, slots=True)
class Pointer:
    """A PT_OBJECT value: an address that means something to the guest alone, and never leaves this process."""

    address: int


@dataclass(frozen=True, slots=True)
class Codec:
    """Reads and writes values; ``code_page`` is the ANSI code page of 8-bit texts, ``heap`` holds what is written."""

    heap: Heap
    code_page: str

    # What the guest gives.

    def tags(self, address: int) -> tuple[int, ...] | None:
        """The tags of an SPropTagArray, or None for NULL."""
        if not address:
            return None
        count = self._count(number(address), "an SPropTagArray")
        return tuple((ctypes.c_uint32 * count).from_address(address + abi.TAGS_AT))

    def properties(self, count: int, address: int) -> tuple[tuple[int, Any], ...]:
        """The tags and values of an array of SPropValue; a value that cannot be one is a Refusal as its value."""
        if self._count(count, "an array of SPropValue") and not address:
            raise Refusal(E_INVALID_PARAMETER, f"{count} properties at NULL")
        size = ctypes.sizeof(abi.PropValue)
        return tuple(self.property(address + size * index) for index in range(count))

    def property(self, address: int) -> tuple[int, Any]:
        """The tag and value of one SPropValue."""
        if not address:
            raise Refusal(E_INVALID_PARAMETER, "an SPropValue at NULL")
        found = abi.PropValue.from_address(address)
        try:
            return found.tag, self._value(found.tag & 0xFFFF, found.value)
        except Refusal as refusal:
            return found.tag, refusal

    def _value(self, kind: int, value: Any) -> Any:
        if kind in _SCALARS:
            return getattr(value, _SCALARS[kind])
        if kind == 0x000B:
            return value.b != 0
        if kind == PT_OBJECT:
            return Pointer(value.li if abi.POINTER == 8 else value.ul)
        if kind == 0x001E:
            return self.text(value.at, wide=False)
        if kind == 0x001F:
            return self.text(value.at, wide=True)
        if kind == 0x0048:
            return uid_at(value.at)
        if kind == 0x0102:
            return self._bytes(value.counted)
        if kind & 0x1000:
            return self._values(kind & 0xEFFF, value.counted)
        raise Refusal(E_INVALID_TYPE, f"a profile section holds no property of the type 0x{kind:04X}")

    def _values(self, kind: int, counted: Any) -> tuple[Any, ...]:
        count, at = self._count(counted.count, "a multi-valued property"), counted.at
        if count and not at:
            raise Refusal(E_INVALID_PARAMETER, f"{count} values at NULL")
        if kind == 0x0003:
            return tuple((ctypes.c_int32 * count).from_address(at)) if count else ()
        if kind in {0x001E, 0x001F}:
            pointers = tuple((ctypes.c_void_p * count).from_address(at)) if count else ()
            return tuple(self.text(pointer, wide=kind == 0x001F) for pointer in pointers)
        if kind == 0x0102:
            return tuple(map(self._bytes, (abi.Counted * count).from_address(at))) if count else ()
        raise Refusal(E_INVALID_TYPE, f"a profile section holds no property of the type 0x{kind | 0x1000:04X}")

    def _bytes(self, counted: Any) -> bytes:
        if counted.count > LONGEST:
            raise Refusal(E_INVALID_PARAMETER, f"a binary value of {counted.count} bytes")
        if counted.count and not counted.at:
            raise Refusal(E_INVALID_PARAMETER, f"{counted.count} bytes at NULL")
        return ctypes.string_at(counted.at, counted.count) if counted.count else b""

    def text(self, address: int | None, *, wide: bool) -> str:
        """The text at an address, up to its NUL."""
        if not address:
            raise Refusal(E_INVALID_PARAMETER, "a text at NULL")
        try:
            if wide:
                return ctypes.wstring_at(address).encode("utf-16-le", "strict").decode("utf-16-le")
            return ctypes.string_at(address).decode(self.code_page)
        except (UnicodeError, ValueError) as error:
            raise Refusal(E_INVALID_PARAMETER, "a text that is not valid in its encoding") from error

    @staticmethod
    def _count(count: int, of: str) -> int:
        if count > MOST:
            raise Refusal(E_INVALID_PARAMETER, f"{of} with {count} members; {MOST} are the most")
        return count

    # What the guest gets; it frees each block with MAPIFreeBuffer.

    def block(self, size: int) -> int:
        """A buffer that the guest has to free."""
        try:
            return self.heap.allocate(size, "the host's answers")
        except MemoryError as error:
            raise Refusal(E_NO_MEMORY, str(error)) from error

    def write_tags(self, tags: Sequence[int]) -> int:
        """An SPropTagArray."""
        at = self.block(abi.TAGS_AT + 4 * len(tags))
        ctypes.c_uint32.from_address(at).value = len(tags)
        (ctypes.c_uint32 * len(tags)).from_address(at + abi.TAGS_AT)[:] = list(tags)
        return at

    def write_properties(self, cells: Sequence[tuple[int, Any]]) -> int:
        """An array of SPropValue, whatever its values need chained to it."""
        size = ctypes.sizeof(abi.PropValue)
        root = self.block(size * len(cells))
        for index, (tag, value) in enumerate(cells):
            found = abi.PropValue.from_address(root + size * index)
            found.tag = tag
            self._put(root, tag & 0xFFFF, found.value, value)
        return root

    def write_rows(self, rows: Sequence[Sequence[tuple[int, Any]]]) -> int:
        """An SRowSet; each row's properties are a buffer of their own, as FreeProws frees them."""
        size = ctypes.sizeof(abi.Row)
        root = self.block(abi.ROWS_AT + size * len(rows))
        ctypes.c_uint32.from_address(root).value = len(rows)
        for index, cells in enumerate(rows):
            row = abi.Row.from_address(root + abi.ROWS_AT + size * index)
            row.count = len(cells)
            row.values = self.write_properties(cells)
        return root

    def write_problems(self, problems: Sequence[tuple[int, int, int]]) -> int:
        """An SPropProblemArray of (index, tag, scode)."""
        size = ctypes.sizeof(abi.PropProblem)
        root = self.block(abi.TAGS_AT + size * len(problems))
        ctypes.c_uint32.from_address(root).value = len(problems)
        for place, (index, tag, scode) in enumerate(problems):
            problem = abi.PropProblem.from_address(root + abi.TAGS_AT + size * place)
            problem.index, problem.tag, problem.scode = index, tag, scode
        return root

    def _put(self, root: int, kind: int, into: Any, value: Any) -> None:
        if isinstance(value, Pointer):
            into.li = value.address
        elif kind == 0x0003:
            into.ul = value & 0xFFFFFFFF  # a flag may be written without a sign
        elif kind in _SCALARS:
            setattr(into, _SCALARS[kind], value)
        elif kind == 0x000B:
            into.b = int(value)
        elif kind in {0x001E, 0x001F}:
            into.at = self._chained(root, self.encoded(value, wide=kind == 0x001F))
        elif kind == 0x0048:
            into.at = self._chained(root, value)
        elif kind == 0x0102:
            into.counted.count, into.counted.at = len(value), self._chained(root, value)
        elif kind & 0x1000:
            into.counted.count = len(value)
            into.counted.at = self._put_many(root, kind & 0xEFFF, value)

    def _put_many(self, root: int, kind: int, values: Iterable[Any]) -> int:
        values = tuple(values)
        if kind == 0x0003:
            return self._chained(root, b"".join((each & 0xFFFFFFFF).to_bytes(4, sys.byteorder) for each in values))
        if kind in {0x001E, 0x001F}:
            texts = [self._chained(root, self.encoded(each, wide=kind == 0x001F)) for each in values]
            return self._chained(root, bytes((ctypes.c_void_p * len(texts))(*texts)))
        counted = (abi.Counted * len(values))(*(abi.Counted(len(each), self._chained(root, each)) for each in values))
        return self._chained(root, bytes(counted))

    def encoded(self, text: str, *, wide: bool) -> bytes:
        """A text with its NUL; what the code page lacks becomes a question mark, as Windows does it."""
        if not wide:
            return text.encode(self.code_page, "replace") + b"\0"
        return text.encode("utf-16-le" if abi.WIDE == 2 else "utf-32-le", "replace") + bytes(abi.WIDE)

    def _chained(self, root: int, data: bytes) -> int:
        try:
            at = self.heap.more(len(data), root, "the host's answers")
        except MemoryError as error:
            raise Refusal(E_NO_MEMORY, str(error)) from error
        assert at is not None  # noqa: S101 - the root was made above
        ctypes.memmove(at, data, len(data))
        return at


def number(address: int) -> int:
    """The ULONG at an address; raises Refusal for NULL."""
    if not address:
        raise Refusal(E_INVALID_PARAMETER, "a number at NULL")
    return ctypes.c_uint32.from_address(address).value


def uid_at(address: int | None) -> bytes:
    """The 16 bytes of the MAPIUID or GUID at an address; raises Refusal for NULL."""
    if not address:
        raise Refusal(E_INVALID_PARAMETER, "a MAPIUID at NULL")
    return ctypes.string_at(address, 16)


def put_pointer(address: int, value: int) -> None:
    """Write a pointer to where the guest wants it; NULL is ignored."""
    if address:
        ctypes.c_void_p.from_address(address).value = value or None


def clear(address: int) -> None:
    """Make a pointer NULL that a method is about to set; raises Refusal where there is no place for it."""
    if not address:
        raise Refusal(E_INVALID_PARAMETER, "there is no place for what is asked for")
    ctypes.c_void_p.from_address(address).value = None


def put_number(address: int, value: int) -> None:
    """Write a ULONG to where the guest wants it; NULL is ignored."""
    if address:
        ctypes.c_uint32.from_address(address).value = value & 0xFFFFFFFF
