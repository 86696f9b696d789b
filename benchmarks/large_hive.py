"""Hives to measure with: one with ten profiles, and one as large as the SOFTWARE hive of an aged Windows."""

from __future__ import annotations

import struct
from random import Random
from typing import NamedTuple

from mapiwright.formats.regf.edit.cells import Cells
from mapiwright.formats.regf.edit.tiling import tiling_of
from mapiwright.formats.regf.edit.write import Edited, new_hive
from mapiwright.formats.regf.logs.log_file import DirtyPage, LogEntry, new_log
from mapiwright.formats.regf.logs.replay import FIRST, SECOND
from mapiwright.formats.regf.pages import InMemory, Pages
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import (
    BASE,
    BASE_BLOCK,
    INLINE,
    KEY,
    LIST_HEAD,
    NIL,
    PAGE,
    VALUE,
    checksum,
    name_hash,
    stored_number,
)
from mapiwright.formats.regf.upcase import upcased_units

BORN = 133_000_000_000_000_000
LISTED = 507


class Made(NamedTuple):
    """A key to be made: its name, its values (name, type, data) and its subkeys."""

    name: str
    values: list[tuple[str, int, bytes]]
    keys: list[Made]


def large() -> list[Made]:
    """200,000 keys: classes and interfaces by their numbers, 60,000 siblings, profiles, and branches."""
    drawn = Random(1)  # noqa: S311 - the same hive each time

    def number() -> str:
        text = f"{drawn.getrandbits(128):032X}"
        return f"{{{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}}}"

    classes = [
        Made(number(), [("", 1, sz(f"Class {each}"))], [Made("InprocServer32", [("", 2, sz(f"x{each}.dll"))], [])])
        for each in range(14_000)
    ]
    interfaces = [
        Made(number(), [("", 1, sz(f"I{each}"))], [Made("NumMethods", [("", 1, sz("7"))], []), Made("Proxy", [], [])])
        for each in range(16_000)
    ]
    components = [
        Made(f"{drawn.getrandbits(128):032X}", [("path", 1, sz(f"C:\\Program Files\\Vendor {each}\\file.dll"))], [])
        for each in range(60_000)
    ]
    leaves = [
        Made(f"Leaf {each}", [(f"v{number}", 3, bytes(60 + number)) for number in range(4)], []) for each in range(60)
    ]
    branches = [Made(f"Branch {each}", [], leaves) for each in range(1250)]
    classes_key = Made("Classes", [], [Made("CLSID", [], classes), Made("Interface", [], interfaces)])
    return [classes_key, Made("Components", [], components), Made("Other", [], branches), profiles(30)]


def profiles(count: int) -> Made:
    """So many sections of twenty values each."""
    sections = [
        Made(f"{each:032x}", [(f"001f{0x3000 + number:04x}", 3, bytes([number]) * 24) for number in range(20)], [])
        for each in range(count)
    ]
    return Made("Profiles", [], sections)


def sz(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le")


def hive_of(keys: list[Made]) -> bytes:
    """The bytes of a hive with those keys, which are written one after the other."""
    empty = new_hive(timestamp=BORN)
    source, hive = InMemory(empty), Hive(empty)
    cells = Cells(Pages(source, len(empty)), tiling_of(source, hive.bins_size), 5)
    root = cells.image.key(hive.root_offset)
    count = 1
    waiting = [(root.offset, Made("", [], keys))]
    while waiting:
        place, made = waiting.pop()
        _give_values(cells, place, made)
        children = sorted(made.keys, key=lambda each: upcased_units(each.name))
        offsets = [_key(cells, each.name, place, root.security) for each in children]
        count += len(offsets)
        if offsets:
            _list(cells, place, offsets, children)
        waiting += zip(offsets, children, strict=True)
    cells.put(root.security, 12, count)
    data = bytearray(Edited(cells.pages, cells.padding).whole())
    base = list(BASE.unpack_from(data))
    base[9] = len(data) - BASE_BLOCK
    BASE.pack_into(data, 0, *base)
    data[508:512] = stored_number(checksum(data))
    return bytes(data)


def logs_of(data: bytes) -> dict[str, bytes]:
    """The logs that lie beside it, of which nothing is due any more."""
    sequence = Hive(data).sequences[0]
    page = (DirtyPage(0, bytes(PAGE)),)
    return {
        ending: new_log(data, [LogEntry((sequence - back) & 0xFFFFFFFF, PAGE, 0, page)])
        for ending, back in ((FIRST, 3), (SECOND, 2))
    }


def _key(cells: Cells, name: str, parent: int, security: int) -> int:
    lists = (0, 0, NIL, NIL, 0, NIL, security, NIL)
    return cells.add(
        KEY.pack(b"nk", 0x20, BORN, 0, parent, *lists, 0, 0, 0, 0, 0, len(name), 0) + name.encode("latin-1")
    )


def _give_values(cells: Cells, key: int, made: Made) -> None:
    if not made.values:
        return
    records = []
    for name, kind, data in made.values:
        short = len(data) <= 4
        size, place = (INLINE | len(data), int.from_bytes(data, "little")) if short else (len(data), cells.add(data))
        record = VALUE.pack(b"vk", len(name), size, place, kind, 1 if name else 0, 0)
        records.append(cells.add(record + name.encode("latin-1")))
    cells.put(key, 36, len(records))
    cells.put(key, 40, cells.add(struct.pack(f"<{len(records)}I", *records)))
    cells.put(key, 60, max(2 * len(name) for name, _, _ in made.values))
    cells.put(key, 64, max(len(data) for _, _, data in made.values))


def _list(cells: Cells, key: int, offsets: list[int], made: list[Made]) -> None:
    elements = [
        stored_number(at) + stored_number(name_hash(each.name)) for at, each in zip(offsets, made, strict=True)
    ]
    pieces = [elements[first : first + LISTED] for first in range(0, len(elements), LISTED)]
    lists = [cells.add(LIST_HEAD.pack(b"lh", len(piece)) + b"".join(piece)) for piece in pieces]
    root = LIST_HEAD.pack(b"ri", len(lists)) + b"".join(map(stored_number, lists))
    cells.put(key, 20, len(offsets))
    cells.put(key, 28, lists[0] if len(lists) == 1 else cells.add(root))
    cells.put(key, 52, max(2 * len(each.name) for each in made))
