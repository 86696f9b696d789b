"""The PE reader reads back whatever was written, agrees with pefile, and refuses garbage in order."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import FormatError
from mapiwright.formats import pe
from mapiwright.formats.pe import ExportedFunction, Machine, PeFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "acme-mail"
EXAMPLE_DLLS = [EXAMPLE / "x64" / "acme32.dll", EXAMPLE / "x86" / "acme32.dll"]
FOREIGN_DLLS = sorted(
    path
    for folder in ("/usr/lib/gcc", "/usr/x86_64-w64-mingw32/lib", "/usr/i686-w64-mingw32/lib")
    for path in Path(folder).glob("**/*.dll")
    if path.stat().st_size < 700_000
)

RVA, OFFSET = 0x1000, 0x400
"""Where the one section of a written file lies in the image and in the file."""


class Writer:
    """The bytes of a section, and where each piece went."""

    def __init__(self) -> None:
        self.data = bytearray()

    def put(self, piece: bytes) -> int:
        self.data += bytes(-len(self.data) % 8)
        self.data += piece
        return RVA + len(self.data) - len(piece)

    def text(self, text: str) -> int:
        return self.put(text.encode("latin-1") + b"\0")


def write(file: PeFile) -> bytes:
    """A PE file that is as ``file`` says: headers, one section, a certificate table behind it."""
    section = Writer()
    directories = [(0, 0)] * 16
    if file.exports:
        directories[0] = exports(section, file.exports)
    if file.imports:
        by_ordinal = struct.pack("<QQ", 1 << 63 | 1, 0) if file.bits == 64 else struct.pack("<II", 1 << 31 | 1, 0)
        thunks = section.put(by_ordinal)
        found = [struct.pack("<IIIII", thunks, 0, 0, section.text(name), thunks) for name in file.imports]
        directories[1] = (section.put(b"".join(found) + bytes(20)), 20 * len(found) + 20)
    if file.version is not None:
        directories[2] = resources(section, file.version, file.languages)
    if file.hybrid:
        config = bytearray(208)
        config[:4] = struct.pack("<I", 208)
        config[200:] = struct.pack("<Q", 0x180001000)
        directories[10] = (section.put(bytes(config)), 208)
    section.put(b"")
    raw = bytes(section.data) + bytes(-len(section.data) % 0x200)
    if file.signed:
        directories[4] = (OFFSET + len(raw), 8)
    return headers(file, directories, len(raw)) + raw + (struct.pack("<IHH", 8, 0x200, 2) if file.signed else b"")


def exports(section: Writer, names: tuple[ExportedFunction, ...]) -> tuple[int, int]:
    """An export directory; a forwarder is an address inside it."""
    start = section.put(bytes(40))
    targets = [section.text(each.forwarder) if each.forwarder else RVA + 0x100000 for each in names]
    name_rvas = [section.text(each.name) for each in names]
    functions = section.put(struct.pack(f"<{len(names)}I", *targets))
    name_table = section.put(struct.pack(f"<{len(names)}I", *name_rvas))
    ordinals = section.put(struct.pack(f"<{len(names)}H", *range(len(names))))
    count = len(names)
    fields = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, name_rvas[0], 1, count, count, functions, name_table, ordinals)
    section.data[start - RVA : start - RVA + 40] = fields
    return start, RVA + len(section.data) - start


def resources(section: Writer, version: tuple[int, int, int, int], languages: tuple[int, ...]) -> tuple[int, int]:
    """Three levels of directories with one VS_VERSIONINFO at their end."""
    words = (version[0] << 16 | version[1], version[2] << 16 | version[3])
    fixed = struct.pack("<IIII", 0xFEEF04BD, 0x10000, *words) + bytes(36)
    described = b"".join(struct.pack("<HH", each, 1200) for each in languages)
    strings = block("StringFileInfo", b"", block("040904B0", b"", block("FileVersion", "1 β".encode("utf-16-le"))))
    variables = block("VarFileInfo", b"", block("Translation", described)) if languages else b""
    info = block("VS_VERSION_INFO", fixed, strings + variables)
    data = section.put(info)
    start = section.put(bytes(88))

    def level(identifier: int, leads_to: int) -> bytes:
        return struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, identifier, leads_to)

    tree = (
        level(16, 0x80000018) + level(1, 0x80000030) + level(1033, 72) + struct.pack("<IIII", data, len(info), 0, 0)
    )
    section.data[start - RVA : start - RVA + 88] = tree
    return start, 88


def block(key: str, value: bytes, below: bytes = b"") -> bytes:
    """A part of a VS_VERSIONINFO; it ends at a multiple of four, and so does its value."""
    head = struct.pack("<HHH", 0, len(value), 0) + key.encode("utf-16-le") + bytes(2)
    head += bytes(-len(head) % 4) + value
    whole = head + (bytes(-len(head) % 4) + below if below else b"")
    return struct.pack("<H", len(whole)) + whole[2:] + bytes(-len(whole) % 4)


def headers(file: PeFile, directories: list[tuple[int, int]], raw_size: int) -> bytes:
    """Everything before the section."""
    wide = file.bits == 64
    optional = bytearray(240 if wide else 224)
    optional[:2] = struct.pack("<H", 0x20B if wide else 0x10B)
    optional[32:40] = struct.pack("<II", 0x1000, 0x200)
    optional[56:64] = struct.pack("<II", 0x200000, OFFSET)
    first = 112 if wide else 96
    optional[first - 4 : first] = struct.pack("<I", 16)
    optional[first:] = b"".join(struct.pack("<II", *each) for each in directories)
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", file.machine, 1, 0, 0, 0, len(optional), 0x2022)
    section = b".rdata\0\0" + struct.pack("<IIII", raw_size, RVA, raw_size, OFFSET) + bytes(16)
    return (dos + coff + bytes(optional) + section).ljust(OFFSET, b"\0")


words = st.integers(0, 0xFFFF)
names = st.text(st.characters(codec="latin-1", exclude_characters="\0"), min_size=1, max_size=30)


@st.composite
def files(draw: st.DrawFn) -> PeFile:
    bits = draw(st.sampled_from([32, 64]))
    version = draw(st.none() | st.tuples(words, words, words, words))
    return PeFile(
        machine=draw(st.sampled_from([*Machine, 0x200, 0x5064])),
        bits=bits,
        exports=tuple(draw(st.lists(st.builds(ExportedFunction, names, st.just("") | names), max_size=5))),
        imports=tuple(draw(st.lists(names, max_size=4))),
        version=version,
        signed=draw(st.booleans()),
        hybrid=bits == 64 and draw(st.booleans()),
        languages=tuple(draw(st.lists(words, max_size=4, unique=True))) if version else (),
    )


@given(files())
def test_what_was_written_is_read(file: PeFile) -> None:
    assert pe.read(write(file)) == file


@given(files(), st.data())
def test_a_damaged_file_is_read_or_refused_with_its_place(file: PeFile, data: st.DataObject) -> None:
    damaged = bytearray(write(file))
    for offset in data.draw(st.lists(st.integers(0, len(damaged) - 1), max_size=6)):
        damaged[offset] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(damaged)))
    for victim in (bytes(damaged), bytes(damaged[:end])):
        try:
            pe.read(victim)
        except FormatError as error:
            assert error.where.startswith("offset 0x")  # noqa: PT017 - most damage does no harm


@given(st.binary(max_size=300))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        pe.read(data)
    with pytest.raises(FormatError):
        pe.read(b"MZ" + data)


def test_names_that_share_their_bytes_cannot_exhaust_us() -> None:
    # 65536 names of 4000 characters each would be 256 MB out of a file of 400 KB.
    long = "x" * 4000
    file = bytearray(
        write(PeFile(Machine.X64, 64, (ExportedFunction(long),) * 3, (), None, signed=False, hybrid=False))
    )
    many = Writer()
    start = many.put(bytes(40))
    name = many.text(long)
    table = many.put(struct.pack("<I", name) * 65536)
    fields = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, name, 1, 65536, 65536, table, table, table)
    many.data[start - RVA : start - RVA + 40] = fields
    file[0x40 + 24 + 112 : 0x40 + 24 + 120] = struct.pack("<II", RVA, 40)
    file[0x40 + 24 + 240 + 8 : 0x40 + 24 + 240 + 20] = struct.pack("<III", len(many.data), RVA, len(many.data))
    with pytest.raises(FormatError, match="a name does not end"):
        pe.read(bytes(file[:OFFSET]) + bytes(many.data))


PLAIN = PeFile(Machine.X64, 64, (ExportedFunction("A"),), ("b.dll",), (1, 2, 3, 4), signed=False, hybrid=True)
DIRECTORIES = 0x40 + 24 + 112


@pytest.mark.parametrize(
    ("at", "bytes_", "told"),
    [
        (0, b"ZM", "begin with MZ"),
        (0x3C, struct.pack("<I", 0x80), "no PE header"),
        (0x40 + 24, b"\x07\x01", "magic 0x107"),
        (DIRECTORIES, struct.pack("<I", 0x50000000), "RVA 0x50000000 is in no section"),
        (OFFSET + 24, struct.pack("<I", 0x10001), "65537 exported names"),
        (OFFSET + 20, struct.pack("<I", 0), "has the index 0"),
        (OFFSET + 28, struct.pack("<I", 0x1FFFFF), "is in no section"),
        (0x3C, struct.pack("<I", 0x7FFFFFFF), "the file ends at"),
    ],
)
def test_damage_is_told_by_what_and_where(at: int, bytes_: bytes, told: str) -> None:
    file = bytearray(write(PLAIN))
    file[at : at + len(bytes_)] = bytes_
    with pytest.raises(FormatError, match=told) as refusal:
        pe.read(bytes(file))
    assert refusal.value.where.startswith("offset 0x")


def test_what_a_file_does_not_have_is_empty() -> None:
    file = write(PLAIN)
    no_names = file[: OFFSET + 24] + bytes(4) + file[OFFSET + 28 :]
    assert pe.read(no_names).exports == ()
    version_at = file.index(struct.pack("<I", 0xFEEF04BD))
    assert pe.read(file[:version_at] + b"?" + file[version_at + 1 :]).version is None
    tree = file.index(struct.pack("<HHII", 0, 1, 16, 0x80000018))
    assert pe.read(file[: tree + 4] + b"\x05" + file[tree + 5 :]).version is None  # another type of resource
    for level in (24, 48):
        empty = file[: tree + level + 2] + bytes(2) + file[tree + level + 4 :]
        assert pe.read(empty).version is None
    config = file.index(struct.pack("<I", 208) + bytes(196))
    assert not pe.read(file[:config] + b"\xcf" + file[config + 1 :]).hybrid
    assert pe.read(file).hybrid


GERMAN_AND_FRENCH = PeFile(Machine.X64, 64, (), (), (1, 2, 3, 4), signed=False, hybrid=False, languages=(1031, 1036))


def test_a_file_without_a_translation_has_no_language() -> None:
    assert pe.read(write(GERMAN_AND_FRENCH)).languages == (1031, 1036)
    assert pe.read(write(replace(GERMAN_AND_FRENCH, languages=()))).languages == ()
    assert pe.read(write(replace(GERMAN_AND_FRENCH, languages=(1031, 0, 1031)))).languages == (1031, 0)
    other = write(GERMAN_AND_FRENCH).replace("Translation".encode("utf-16-le"), "Transformed".encode("utf-16-le"))
    assert pe.read(other).languages == ()


@given(st.data())
def test_damage_behind_the_fixed_version_spoils_no_more_than_the_languages(data: st.DataObject) -> None:
    good = write(GERMAN_AND_FRENCH)
    start = good.index(struct.pack("<I", 0xFEEF04BD)) + 52
    tree = good.index(struct.pack("<HHII", 0, 1, 16, 0x80000018)) - 12
    damaged = bytearray(good)
    garbage = data.draw(st.binary(min_size=1, max_size=tree - start))
    damaged[start : start + len(garbage)] = garbage
    damaged[tree + 76 : tree + 80] = struct.pack("<I", data.draw(st.sampled_from([0, 200, 0xFFFFFFFF])))
    assert replace(pe.read(bytes(damaged)), languages=()) == replace(GERMAN_AND_FRENCH, languages=())


def test_a_part_of_the_headers_is_at_its_place_in_the_image() -> None:
    file = bytearray(write(PLAIN))
    file[DIRECTORIES + 8 : DIRECTORIES + 16] = struct.pack("<II", 0x300, 20)  # the import directory, all zeros
    assert pe.read(bytes(file)).imports == ()


@pytest.mark.parametrize("length", [1, 4095])
def test_a_name_may_be_as_long_as_msvc_makes_them(length: int) -> None:
    file = PeFile(Machine.X64, 64, (ExportedFunction("n" * length),), (), None, signed=False, hybrid=False)
    assert pe.read(write(file)) == file


def test_a_signature_that_was_cut_off_is_none() -> None:
    file = PeFile(Machine.X64, 64, (), (), None, signed=True, hybrid=False)
    assert pe.read(write(file)).signed
    assert not pe.read(write(file)[:-1]).signed


def test_a_name_is_found_exactly_and_a_decorated_one_is_told_apart() -> None:
    def exporting(*found: str, machine: int = Machine.X86) -> PeFile:
        return PeFile(machine, 32, tuple(map(ExportedFunction, found)), (), None, signed=False, hybrid=False)

    assert exporting("Other", "ServiceEntry").exported("ServiceEntry")
    assert not exporting("serviceentry", "ServiceEntry2", "_ServiceEntry@40").exported("ServiceEntry")
    assert exporting("X@4", "_ServiceEntry@40").decorated("ServiceEntry") == "_ServiceEntry@40"
    assert exporting("ServiceEntry@40").decorated("ServiceEntry") == "ServiceEntry@40"
    assert exporting("ServiceEntry").decorated("ServiceEntry") is None
    assert exporting("ServiceEntry@", "ServiceEntry@x", "XServiceEntry@40").decorated("ServiceEntry") is None
    assert exporting("ServiceEntry@40", machine=Machine.X64).decorated("ServiceEntry") is None


# pefile is a program that we did not write.


def witnessed(pefile: ModuleType, data: bytes) -> PeFile:
    """What pefile makes of the same bytes."""
    image: Any = pefile.PE(data=data, fast_load=True)
    image.parse_data_directories(directories=[0, 1, 2, 10])
    symbols = image.DIRECTORY_ENTRY_EXPORT.symbols if hasattr(image, "DIRECTORY_ENTRY_EXPORT") else []
    found = [
        ExportedFunction(one.name.decode("latin-1"), (one.forwarder or b"").decode("latin-1"))
        for one in symbols
        if one.name
    ]
    fixed = image.VS_FIXEDFILEINFO[0] if hasattr(image, "VS_FIXEDFILEINFO") else None
    version = None
    if fixed is not None:
        most, least = fixed.FileVersionMS, fixed.FileVersionLS
        version = (most >> 16, most & 0xFFFF, least >> 16, least & 0xFFFF)
    told = [each for one in getattr(image, "FileInfo", []) for each in one if hasattr(each, "Var")]
    described = [int(var.entry[b"Translation"][:6], 16) for each in told for var in each.Var]
    directory = image.OPTIONAL_HEADER.DATA_DIRECTORY
    config = directory[10].VirtualAddress
    pointer = image.get_qword_at_rva(config + 200) if config and image.get_dword_at_rva(config) >= 208 else 0
    return PeFile(
        machine=image.FILE_HEADER.Machine,
        bits=32 if image.OPTIONAL_HEADER.Magic == 0x10B else 64,
        exports=tuple(sorted(found, key=lambda one: one.name)),
        imports=tuple(one.dll.decode("latin-1") for one in getattr(image, "DIRECTORY_ENTRY_IMPORT", [])),
        version=version,
        signed=directory[4].Size > 0,
        hybrid=bool(pointer),
        languages=tuple(described),
    )


def by_name(file: PeFile) -> PeFile:
    """pefile lists exports by ordinal, the file by name; of the languages it tells the last."""
    found = tuple(sorted(file.exports, key=lambda one: one.name))
    return replace(file, exports=found, languages=file.languages[-1:])


@pytest.mark.parametrize("path", [*EXAMPLE_DLLS, *FOREIGN_DLLS], ids=lambda path: f"{path.parent.name}-{path.name}")
def test_pefile_agrees_on_real_files(path: Path, witness_module: Callable[[str], ModuleType]) -> None:
    data = path.read_bytes()
    assert by_name(pe.read(data)) == witnessed(witness_module("pefile"), data)


def test_pefile_agrees_on_written_files(witness_module: Callable[[str], ModuleType]) -> None:
    plain = (ExportedFunction("MSProviderInit"), ExportedFunction("ServiceEntry", "other.ServiceEntry"))
    for file in (
        PeFile(
            Machine.X64,
            64,
            plain,
            ("KERNEL32.dll", "mapi32.dll"),
            (4, 2, 1, 77),
            signed=True,
            hybrid=True,
            languages=(0, 1031),
        ),
        PeFile(Machine.X86, 32, plain, (), (65535, 0, 0, 1), signed=False, hybrid=False, languages=(2057,)),
        PeFile(Machine.ARM64, 64, (), ("ntdll.dll",), None, signed=True, hybrid=False),
    ):
        assert by_name(file) == witnessed(witness_module("pefile"), write(file))
