"""PE files, which Windows' DLLs are: what a file says about itself in its headers.

Nothing here loads or runs anything. Offsets are into the file, RVAs into the image that Windows would make of it;
all numbers are little-endian ([pe-format]).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Machine(IntEnum):
    """The machines that Windows' DLLs are made for; any other 16-bit number may occur."""

    X86 = 0x14C
    ARM = 0x1C4
    X64 = 0x8664
    ARM64 = 0xAA64


@dataclass(frozen=True, slots=True)
class ExportedFunction:
    """A function that a DLL offers by name; ``forwarder`` is ``DLL.Name`` where it is in another DLL."""

    name: str
    forwarder: str = ""


@dataclass(frozen=True, slots=True)
class PeFile:
    """What we need to know of a PE file.

    ``machine`` is a `Machine` where it is a known one; ``bits`` is 32 or 64. ``exports`` are those that have a name,
    ``imports`` the names of DLLs as written, both in the file's order. ``version`` are the four words of
    dwFileVersionMS and dwFileVersionLS. ``signed`` says that there is a signature, not that it is a good one.
    ``hybrid`` says that the file holds code for ARM64 and x64 both: ARM64EC with the machine x64, ARM64X with ARM64.
    ``languages`` are the LCIDs that its version resource lists as translations, each once; 0 is neutral.
    """

    machine: int
    bits: int
    exports: tuple[ExportedFunction, ...]
    imports: tuple[str, ...]
    version: tuple[int, int, int, int] | None
    signed: bool
    hybrid: bool
    languages: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        """What it is made for, in the vendors' words: x86, x64, ARM64, ARM64EC, ARM64X, ARM, or the machine's number.

        ARM64EC is ARM64 code for x64 processes, and says that it is x64; ARM64X holds that and plain ARM64 code.
        """
        if self.hybrid and self.machine in _HYBRIDS:
            return _HYBRIDS[Machine(self.machine)]
        return _KINDS.get(self.machine, f"machine 0x{self.machine:04X}")

    def exported(self, name: str) -> bool:
        """Whether GetProcAddress would find ``name``, which it compares exactly."""
        return any(export.name == name for export in self.exports)

    def decorated(self, name: str) -> str | None:
        """The export that is ``name`` as an x86 compiler decorates it for stdcall, or None.

        MSVC writes ``_Name@40`` and mingw ``Name@40``. MAPI does not find either.
        """
        if self.machine != Machine.X86:
            return None
        for export in self.exports:
            bare, at, digits = export.name.partition("@")
            if at and digits.isdecimal() and bare.removeprefix("_") == name:
                return export.name
        return None


_KINDS: dict[int, str] = {Machine.X86: "x86", Machine.ARM: "ARM", Machine.X64: "x64", Machine.ARM64: "ARM64"}
_HYBRIDS = {Machine.X64: "ARM64EC", Machine.ARM64: "ARM64X"}

EXPORTS, IMPORTS, RESOURCES, CERTIFICATES, LOAD_CONFIG = 0, 1, 2, 4, 10
"""Indexes into the data directories of the optional header."""
RT_VERSION = 16
LONGEST_NAME = 4096
"""MSVC's limit for a decorated name; a longer one is garbage."""
CHPE_METADATA_POINTER = 200
"""Where IMAGE_LOAD_CONFIG_DIRECTORY64 says that the file is hybrid."""


def read(data: bytes) -> PeFile:
    """Read a PE file; raises FormatError with the offset where it is none or is damaged."""
    return _Image(data).describe()


@dataclass(frozen=True, slots=True)
class _SectionHeader:
    """Where a part of the image is in the file."""

    rva: int
    size: int
    offset: int


class _Image:
    """A PE file with its headers read, and every access checked against the end of the file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.budget = len(data)
        if data[:2] != b"MZ":
            raise _fault("this is no PE file: it does not begin with MZ", 0)
        header = self.u32(0x3C)
        if self.bytes(header, 4) != b"PE\0\0":
            raise _fault("there is no PE header where offset 0x3C points to", header)
        self.machine = self.u16(header + 4)
        section_count = self.u16(header + 6)
        optional_size = self.u16(header + 20)
        optional = header + 24
        magic = self.u16(optional)
        if magic not in {0x10B, 0x20B}:
            raise _fault(f"the optional header has the magic 0x{magic:X}", optional, "0x10B or 0x20B")
        self.bits = 32 if magic == 0x10B else 64
        self.headers_size = self.u32(optional + 60)
        first_directory = 96 if magic == 0x10B else 112
        # The count may claim more than the header has room for; Windows looks at 16 at most.
        count = min(self.u32(optional + first_directory - 4), 16, max(optional_size - first_directory, 0) // 8)
        self.directories = [
            struct.unpack("<II", self.bytes(optional + first_directory + 8 * index, 8)) for index in range(count)
        ]
        self.sections = [self.section(optional + optional_size + 40 * index) for index in range(section_count)]

    def describe(self) -> PeFile:
        """Everything that is reported of the file."""
        version, languages = self.version()
        return PeFile(
            machine=Machine(self.machine) if self.machine in list(Machine) else self.machine,
            bits=self.bits,
            exports=self.exports(),
            imports=self.imports(),
            version=version,
            signed=self.signed(),
            hybrid=self.hybrid(),
            languages=languages,
        )

    def bytes(self, offset: int, size: int) -> bytes:
        """``size`` bytes of the file."""
        if offset < 0 or offset + size > len(self.data):
            raise _fault(f"{size} bytes are wanted, and the file ends at 0x{len(self.data):X}", offset)
        return self.data[offset : offset + size]

    def u16(self, offset: int) -> int:
        return int.from_bytes(self.bytes(offset, 2), "little")

    def u32(self, offset: int) -> int:
        return int.from_bytes(self.bytes(offset, 4), "little")

    def section(self, offset: int) -> _SectionHeader:
        virtual_size, rva, raw_size, raw = struct.unpack("<IIII", self.bytes(offset + 8, 16))
        # The loader rounds the place down to a sector, and maps no more than the memory that is asked for.
        return _SectionHeader(rva, min(raw_size, virtual_size or raw_size), raw & ~0x1FF)

    def offset(self, rva: int) -> int:
        """Where the file holds what the image has at ``rva``."""
        for section in self.sections:
            if section.rva <= rva < section.rva + section.size:
                return section.offset + rva - section.rva
        if rva < self.headers_size:
            return rva
        raise _fault(f"RVA 0x{rva:X} is in no section of the file", len(self.data))

    def name(self, rva: int) -> str:
        """A zero-terminated name. All names together are no longer than the file, or it was made to exhaust us."""
        start = self.offset(rva)
        end = self.data.find(b"\0", start, start + LONGEST_NAME)
        self.budget -= end - start
        if end < 0 or self.budget < 0:
            raise _fault("a name does not end", start, "a zero byte")
        return self.data[start:end].decode("latin-1")

    def directory(self, index: int) -> tuple[int, int]:
        """The RVA and size of a data directory; zeros where there is none."""
        rva, size = self.directories[index] if index < len(self.directories) else (0, 0)
        return (rva, size) if rva else (0, 0)

    def exports(self) -> tuple[ExportedFunction, ...]:
        rva, size = self.directory(EXPORTS)
        if not rva:
            return ()
        function_count, name_count, functions, names, ordinals = struct.unpack(
            "<IIIII", self.bytes(self.offset(rva) + 20, 20)
        )
        if not name_count:
            return ()
        if name_count > 0x10000:
            raise _fault(f"{name_count} exported names", self.offset(rva), "at most 65536")
        name_rvas = struct.unpack(f"<{name_count}I", self.bytes(self.offset(names), 4 * name_count))
        indexes = struct.unpack(f"<{name_count}H", self.bytes(self.offset(ordinals), 2 * name_count))
        found = []
        for name_rva, index in zip(name_rvas, indexes, strict=True):
            if index >= function_count:
                raise _fault(f"an exported name has the index {index}", self.offset(ordinals), f"< {function_count}")
            target = self.u32(self.offset(functions) + 4 * index)
            forwarder = self.name(target) if rva <= target < rva + size else ""
            found.append(ExportedFunction(self.name(name_rva), forwarder))
        return tuple(found)

    def imports(self) -> tuple[str, ...]:
        rva, _ = self.directory(IMPORTS)
        found: list[str] = []
        while rva:
            descriptor = self.bytes(self.offset(rva + 20 * len(found)), 20)
            name_rva, first_thunk = struct.unpack("<II", descriptor[12:])
            if not name_rva or not first_thunk:
                break
            found.append(self.name(name_rva))
        return tuple(found)

    def version(self) -> tuple[tuple[int, int, int, int] | None, tuple[int, ...]]:
        """The fixed file version and the languages: VS_VERSIONINFO of the first RT_VERSION resource."""
        rva, _ = self.directory(RESOURCES)
        if not rva:
            return None, ()
        root = self.offset(rva)
        entry = next((at for identifier, at in self.resources(root, root) if identifier == RT_VERSION), None)
        for _level in ("name", "language"):
            if entry is None:
                return None, ()
            entry = next((at for _, at in self.resources(root, entry)), None)
        if entry is None:
            return None, ()
        place, size = struct.unpack("<II", self.bytes(entry, 8))
        info = self.offset(place)
        # VS_VERSIONINFO: three words, "VS_VERSION_INFO" in UTF-16, up to the next multiple of four.
        signature, _, most, least = struct.unpack("<IIII", self.bytes(info + 40, 16))
        if signature != 0xFEEF04BD:
            return None, ()
        # The size may be that of a damaged file; what it claims beyond the end is not there.
        languages = _translations(self.data[info : info + min(size, 0xFFFF)])
        return (most >> 16, most & 0xFFFF, least >> 16, least & 0xFFFF), languages

    def resources(self, root: int, offset: int) -> list[tuple[int, int]]:
        """The entries of a resource directory: number or name, and the offset of what it leads to."""
        named, numbered = struct.unpack("<HH", self.bytes(offset + 12, 4))
        pairs = struct.iter_unpack("<II", self.bytes(offset + 16, 8 * (named + numbered)))
        return [(identifier, root + (target & 0x7FFFFFFF)) for identifier, target in pairs]

    def signed(self) -> bool:
        # The one directory that gives an offset into the file and no RVA.
        offset, size = self.directory(CERTIFICATES)
        return 0 < size <= len(self.data) - offset

    def hybrid(self) -> bool:
        rva, _ = self.directory(LOAD_CONFIG)
        if not rva or self.bits == 32:
            return False
        config = self.offset(rva)
        # The size is the structure's own; the directory's has been a constant in old linkers.
        if self.u32(config) < CHPE_METADATA_POINTER + 8:
            return False
        return any(self.bytes(config + CHPE_METADATA_POINTER, 8))


def _translations(info: bytes) -> tuple[int, ...]:
    r"""The languages of ``\VarFileInfo\Translation`` in a VS_VERSIONINFO, each once ([varfileinfo])."""
    found: list[int] = []
    for _, _, children, end in _blocks(info, 0, len(info)):
        for kind, _, below, stop in _blocks(info, children, end):
            for key, value, _, _ in _blocks(info, below, stop) if kind == "VarFileInfo" else ():
                if key == "Translation":
                    found += [language for language, _ in struct.iter_unpack("<HH", value[: len(value) & ~3])]
    return tuple(dict.fromkeys(found))


def _blocks(info: bytes, at: int, end: int) -> Iterator[tuple[str, bytes, int, int]]:
    """The blocks side by side in a VS_VERSIONINFO: key, value, and the range of its own blocks.

    Content beyond ``end`` is ignored; each block begins behind the one before, so damage cannot cause a loop.
    """
    while at + 6 <= end:
        length, value_length, is_text = struct.unpack_from("<HHH", info, at)
        if length < 6:
            return
        stop = min(at + length, end)
        key = info[at + 6 : stop].decode("utf-16-le", "replace").partition("\0")[0]
        value = _aligned(at + 6 + 2 * len(key) + 2)
        children = value + (2 * value_length if is_text else value_length)
        yield key, info[value : min(children, stop)], _aligned(children), stop
        at = _aligned(at + length)


def _aligned(offset: int) -> int:
    """The next multiple of four, at which each part of a VS_VERSIONINFO begins, counted from its start."""
    return (offset + 3) & ~3


def _fault(what: str, offset: int, expected: str = "") -> FormatError:
    return FormatError(what, where=f"offset 0x{offset:X}", expected=expected)
