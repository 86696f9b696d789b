"""ELF files, which the libraries of Linux are: what one says of itself in its headers.

Nothing here loads or runs anything. Offsets are into the file; both classes and both byte orders are read ([elf]).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MACHINES = {3: "x86", 40: "ARM", 62: "x64", 183: "ARM64"}
_SHT_DYNAMIC, _SHT_DYNSYM = 6, 11
_DT_NEEDED = 1
MOST_SYMBOLS = 1 << 20
"""More than any library has."""
LONGEST_NAME = 1 << 16
"""C++ makes long names; a longer one is garbage."""


@dataclass(frozen=True, slots=True)
class ElfFile:
    """What we need to know of an ELF file.

    ``machine`` is in the words of ``formats.pe``: x86, x64, ARM64, or ``machine 0x00F3``. ``needed`` are the names of
    the libraries that it needs, ``exported`` and ``undefined`` the dynamic symbols that it has and lacks; all are
    empty where a file has no section headers, which no compiler leaves out.
    """

    machine: str
    bits: int
    needed: tuple[str, ...]
    exported: frozenset[str]
    undefined: frozenset[str]


def read(data: bytes) -> ElfFile:
    """Read an ELF file; raises FormatError with the offset where it is none or is damaged."""
    return _Image(data).describe()


class _Image:
    """An ELF file, and every access checked against its end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        if data[:4] != b"\x7fELF":
            raise _fault("this is no ELF file: it does not begin with 7F 45 4C 46", 0)
        kind, order = self.some(4, 2)
        if kind not in {1, 2} or order not in {1, 2}:
            raise _fault(f"the class is {kind} and the byte order {order}", 4, "1 or 2 for both")
        self.wide = kind == 2
        self.order = "<" if order == 1 else ">"
        self.budget = 4 * len(data)

    def describe(self) -> ElfFile:
        """Everything that is reported of the file."""
        machine = self.numbers("H", 18)[0]
        needed: list[str] = []
        exported: set[str] = set()
        undefined: set[str] = set()
        for kind, offset, size, strings in self.sections():
            if kind == _SHT_DYNAMIC:
                needed += [self.name(strings, at) for tag, at in self.dynamic(offset, size) if tag == _DT_NEEDED]
            elif kind == _SHT_DYNSYM:
                for name, info, index in self.symbols(offset, size):
                    if name and info >> 4 in {1, 2}:  # global or weak
                        (exported if index else undefined).add(self.name(strings, name))
        return ElfFile(
            _MACHINES.get(machine, f"machine 0x{machine:04X}"),
            64 if self.wide else 32,
            tuple(needed),
            frozenset(exported),
            frozenset(undefined),
        )

    def some(self, offset: int, size: int) -> bytes:
        """``size`` bytes of the file."""
        if offset < 0 or size < 0 or offset + size > len(self.data):
            raise _fault(f"{size} bytes are wanted, and the file ends at 0x{len(self.data):X}", offset)
        return self.data[offset : offset + size]

    def numbers(self, shape: str, offset: int) -> tuple[int, ...]:
        """Numbers at an offset."""
        shape = self.order + shape
        return struct.unpack(shape, self.some(offset, struct.calcsize(shape)))

    def sections(self) -> Iterator[tuple[int, int, int, tuple[int, int]]]:
        """The kind, place and size of each section, and the place and size of the strings that it is linked to."""
        table = self.numbers("Q", 40)[0] if self.wide else self.numbers("I", 32)[0]
        each, count = self.numbers("HH", 58 if self.wide else 46)
        if not table or not count:
            return
        if each < (64 if self.wide else 40):
            raise _fault(f"a section header has {each} bytes", 58 if self.wide else 46, "64, or 40 in a 32-bit file")
        headers = []
        for index in range(count):
            at = table + each * index
            if self.wide:
                _, kind, _, _, offset, size, link = self.numbers("IIQQQQI", at)
            else:
                _, kind, _, _, offset, size, link = self.numbers("IIIIIII", at)
            headers.append((kind, offset, size, link))
        for kind, offset, size, link in headers:
            if kind in {_SHT_DYNAMIC, _SHT_DYNSYM}:
                if link >= len(headers):
                    raise _fault(f"a section is linked to section {link}", table, f"< {len(headers)}")
                yield kind, offset, size, headers[link][1:3]

    def dynamic(self, offset: int, size: int) -> Iterator[tuple[int, int]]:
        """The entries of the dynamic section, up to the one that ends it."""
        for pair in struct.iter_unpack(self.order + ("QQ" if self.wide else "II"), self._whole(offset, size, 16, 8)):
            if not pair[0]:
                return
            yield pair

    def symbols(self, offset: int, size: int) -> Iterator[tuple[int, int, int]]:
        """Where the name of each symbol is, its binding and type, and the section that has it."""
        data = self._whole(offset, size, 24, 16)
        if self.wide:
            for name, info, _, index, _, _ in struct.iter_unpack(f"{self.order}IBBHQQ", data):
                yield name, info, index
        else:
            for name, _, _, info, _, index in struct.iter_unpack(f"{self.order}IIIBBH", data):
                yield name, info, index

    def _whole(self, offset: int, size: int, wide: int, narrow: int) -> bytes:
        each = wide if self.wide else narrow
        if size // each > MOST_SYMBOLS:
            raise _fault(f"a table of {size // each} entries", offset, f"at most {MOST_SYMBOLS}")
        return self.some(offset, size - size % each)

    def name(self, strings: tuple[int, int], at: int) -> str:
        """A name in a string table; all names together may be few times the file, or it was made to exhaust us."""
        start, size = strings
        self.some(start, size)
        if at >= size:
            raise _fault(f"a name is at {at} of {size} bytes of strings", start)
        end = self.data.find(b"\0", start + at, start + min(size, at + LONGEST_NAME))
        self.budget -= end - start - at
        if end < 0 or self.budget < 0:
            raise _fault("a name does not end", start + at, "a zero byte")
        return self.data[start + at : end].decode("utf-8", "surrogateescape")


def _fault(what: str, offset: int, expected: str = "") -> FormatError:
    return FormatError(what, where=f"offset 0x{offset:X}", expected=expected)
