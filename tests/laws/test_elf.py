"""Laws of the ELF reader: it agrees with binutils on every library at hand, and damage is told, never suffered."""

from __future__ import annotations

import ctypes
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.entry.hosts.interpreter import ThisPython
from mapiwright.errors import FormatError
from mapiwright.formats import elf, elf_write

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARIES = sorted(
    path
    for folder in ("/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib")
    for path in Path(folder).glob("lib*.so*")
    if path.is_file() and path.stat().st_size < 400_000 and path.read_bytes()[:4] == b"\x7fELF"
)[:40]


def written(
    machine: int = 62,
    needed: tuple[str, ...] = (),
    exported: tuple[str, ...] = (),
    *,
    wide: bool = True,
    order: str = "<",
) -> bytes:
    """An ELF file with a dynamic section, its symbols and their strings, and nothing else."""
    strings = bytearray(b"\0")
    places = {}
    for name in (*needed, *exported):
        places[name] = len(strings)
        strings += name.encode("utf-8", "surrogateescape") + b"\0"
    pair, symbol = ("QQ", "IBBHQQ") if wide else ("II", "IIIBBH")
    dynamic = b"".join(struct.pack(order + pair, 1, places[name]) for name in needed)
    dynamic += struct.pack(order + pair, 0, 0)
    rows = [(places[name], 0x12, 0, 1, 0, 0) if wide else (places[name], 0, 0, 0x12, 0, 1) for name in exported]
    symbols = b"".join(struct.pack(order + symbol, *row) for row in rows)
    head = 64 if wide else 52
    parts = [bytes(strings), dynamic, symbols]
    offsets = [head + sum(map(len, parts[:index])) for index in range(3)]
    table = head + sum(map(len, parts))
    kinds, links = (3, 6, 11), (0, 0, 0)
    sections = b""
    for kind, link, offset, part in zip(kinds, links, offsets, parts, strict=True):
        shape = "IIQQQQIIQQ" if wide else "IIIIIIIIII"
        sections += struct.pack(order + shape, 0, kind, 0, 0, offset, len(part), link, 0, 0, 0)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    if wide:
        header = struct.pack(order + "HHIQQQIHHHHHH", 3, machine, 1, 0, 0, table, 0, 64, 0, 0, 64, 3, 0)
    else:
        header = struct.pack(order + "HHIIIIIHHHHHH", 3, machine, 1, 0, 0, table, 0, 52, 0, 0, 40, 3, 0)
    return ident + header + b"".join(parts) + sections


NAMES = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12),
    max_size=5,
    unique=True,
).map(tuple)


@given(st.sampled_from([3, 40, 62, 183, 243]), NAMES, NAMES, st.booleans(), st.sampled_from("<>"))
def test_what_was_written_is_read(
    machine: int, needed: tuple[str, ...], exported: tuple[str, ...], wide: bool, order: str
) -> None:
    found = elf.read(written(machine, needed, exported, wide=wide, order=order))
    known = {3: "x86", 40: "ARM", 62: "x64", 183: "ARM64", 243: "machine 0x00F3"}
    assert (found.machine, found.bits) == (known[machine], 64 if wide else 32)
    assert found.needed == needed
    assert found.exported == set(exported)
    assert not found.undefined


@pytest.mark.skipif(not LIBRARIES, reason="the libraries of this system are no ELF files")
def test_it_agrees_with_readelf_on_the_libraries_of_this_system(witness: Callable[[str], str]) -> None:
    readelf = witness("readelf")
    for path in LIBRARIES:
        found = elf.read(path.read_bytes())
        told = subprocess.run([readelf, "-W", "-d", "--dyn-syms", path], capture_output=True, text=True, check=True)
        assert list(found.needed) == re.findall(r"\(NEEDED\)\s+Shared library: \[(.*)\]", told.stdout), path
        rows = re.findall(
            r"^\s+\d+: \S+\s+\S+\s+\S+\s+(GLOBAL|WEAK)\s+\S+\s+(?:\[.*?\]\s+)?(\S+) ([^@\s]+)",
            told.stdout,
            re.MULTILINE,
        )
        assert found.undefined == {name for _, index, name in rows if index == "UND"}, path
        assert found.exported == {name for _, index, name in rows if index != "UND"}, path


@given(st.data())
def test_damage_is_a_format_error_or_is_read_and_never_anything_else(data: st.DataObject) -> None:
    good = bytearray(written(62, ("libc.so.6", "libm.so.6"), ("ServiceEntry", "MSGServiceEntry")))
    for _ in range(data.draw(st.integers(1, 6))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(good[: data.draw(st.integers(0, len(good)))])
    try:
        elf.read(cut)
        where = ""
    except FormatError as error:
        where = error.where
    assert not where or where.startswith("offset 0x")


@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        elf.read(data if data[:4] != b"\x7fELF" else b"x" + data)


def test_many_names_that_share_one_long_string_do_not_exhaust_us() -> None:
    long = "n" * 5000
    image = bytearray(written(62, (), (long,)))
    image += b"\0" * 24 * 2000  # room for symbols that all have that one name
    symbol = struct.pack("<IBBHQQ", 1, 0x12, 0, 1, 0, 0)
    at = len(image) - 24 * 2000
    image[at:] = symbol * 2000
    table = struct.unpack_from("<Q", image, 40)[0]
    struct.pack_into("<QQ", image, table + 2 * 64 + 24, at, 24 * 2000)
    with pytest.raises(FormatError, match="a name does not end"):
        elf.read(bytes(image))


@pytest.mark.parametrize("machine", sorted(elf_write.MACHINES))
@given(st.lists(st.from_regex(r"[A-Za-z_]\w{0,30}", fullmatch=True).filter(str.isascii), max_size=20, unique=True))
def test_what_we_write_is_cut_off_nowhere(machine: str, names: list[str]) -> None:
    """It has no section headers, which loaders do not read; the loader of this computer is the witness below."""
    made = elf_write.library_of_jumps(machine, names, "the_table", "libmapi.so.1")
    assert elf.read(made).machine == machine
    assert all(name.encode() + b"\0" in made for name in (*names, "the_table", "libmapi.so.1"))


@pytest.mark.skipif(
    ThisPython().machine not in elf_write.MACHINES or sys.platform != "linux", reason="no such loader"
)
def test_the_loader_finds_every_function_and_each_jumps_to_its_own_place(tmp_path: Path) -> None:
    names = [f"function_{number}" for number in range(12)]
    path = tmp_path / "jumps.so"
    path.write_bytes(elf_write.library_of_jumps(ThisPython().machine, names, "the_table"))
    library = ctypes.CDLL(str(path))
    answers = [ctypes.CFUNCTYPE(ctypes.c_int)(lambda number=number: number) for number in range(12)]
    table = (ctypes.c_void_p * 12).in_dll(library, "the_table")
    table[:] = [ctypes.cast(answer, ctypes.c_void_p).value for answer in answers]
    assert [getattr(library, name)() for name in names] == list(range(12))
