"""Read a hive: the keys and values of a Windows registry file (regf), versions 1.3 to 1.6.

Nothing is scanned at opening; a path is looked up through the hashes in the lists of subkeys. Every walk ends, on any
bytes: a key is accepted only under its own parent, and no cell has two owners.

Source: the regf specification of msuhanov.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mapiwright.formats.regf.records import (
    BASE,
    BASE_BLOCK,
    BASE_FLAGS,
    BASE_TRANSACTIONS,
    DEEPEST,
    PAGE,
    PENDING_TRANSACTIONS,
    Image,
    KeyRecord,
    ValueRecord,
    base_holds,
    damage,
)
from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mapiwright.formats.regf.pages import Buffer, Pages


class HiveValue(NamedTuple):
    """A value: its name ("" is the unnamed one), its 32-bit type and its bytes as stored."""

    name: str
    type: int
    data: bytes


class Hive:
    """A hive over its bytes: ``bytes``, a memoryview or an mmap, which is not copied; or over pages, brought at need.

    Raises FormatError where the base block or the root key cannot be read. ``minor`` is 3 to 6, ``name`` the end of
    the path that the file had, ``timestamp`` a FILETIME; ``flags`` and ``sequences`` are those of the base block.
    ``locked`` says that a transaction (TxR) waits, which only Windows can end.
    """

    __slots__ = (
        "bins_size",
        "checksum_holds",
        "flags",
        "image",
        "locked",
        "minor",
        "name",
        "owners",
        "root_offset",
        "sequences",
        "timestamp",
    )

    def __init__(self, data: Buffer, pages: Pages | None = None) -> None:
        """With ``pages``, ``data`` are their buffer."""
        if pages is not None:
            pages.bring(0, min(BASE_BLOCK, pages.size))
        size = pages.size if pages is not None else len(data)
        if size < BASE_BLOCK + PAGE or bytes(data[:4]) != b"regf":
            raise damage(0, "not a hive", "a base block `regf`, then a bin")
        field = BASE.unpack_from(data)
        major, minor, kind, layout, root, bins = field[4:10]
        if kind:
            raise damage(28, f"file has type {kind}: a transaction log, not a hive", "type 0")
        if major != 1 or minor not in {3, 4, 5, 6} or layout != 1:
            raise damage(20, f"hive has version {major}.{minor}, format {layout}", "version 1.3 to 1.6, format 1")
        self.checksum_holds = base_holds(data)
        self.sequences: tuple[int, int] = (field[1], field[2])
        self.timestamp: int = field[3]
        self.minor: int = minor
        self.flags = int.from_bytes(data[BASE_FLAGS : BASE_FLAGS + 4], "little")
        self.locked = bool(self.flags & PENDING_TRANSACTIONS) and bytes(data[BASE_TRANSACTIONS]) == b"rmtm"
        self.name: str = field[11].decode("utf-16-le", "replace").split("\0", 1)[0]
        self.root_offset: int = root
        self.bins_size: int = bins
        # A base block that was not written to its end may state any size.
        self.image = Image(data, min(size, BASE_BLOCK + bins) if self.checksum_holds else size, pages)
        self.owners: dict[int, int] = {}
        self.image.key(root)

    @property
    def dirty(self) -> bool:
        """True where a write was not finished, so that what the hive says may lack what its logs hold."""
        return not self.checksum_holds or self.sequences[0] != self.sequences[1]

    @property
    def root(self) -> HiveKey:
        """The topmost key."""
        return HiveKey(self, self.image.key(self.root_offset), 1)

    def find(self, path: Iterable[str]) -> HiveKey | None:
        """The key at a path from the root, without regard to case; None where there is none."""
        return self.root.find(path)

    def claim(self, cell: int, owner: int) -> None:
        """Note whose cell it is; a second owner is damage, and would let a small file expand without limit."""
        if self.owners.setdefault(cell, owner) != owner:
            raise damage(BASE_BLOCK + cell, "cell belongs to two owners")


class HiveKey:
    """A key of a hive; its values and subkeys are read when they are asked for, those asked for by name once."""

    __slots__ = ("_by_name", "_depth", "_hive", "record")

    def __init__(self, hive: Hive, record: KeyRecord, depth: int) -> None:
        if depth > DEEPEST:
            raise damage(BASE_BLOCK + record.offset, f"key is {depth} levels deep", f"at most {DEEPEST}")
        self._hive = hive
        self._depth = depth
        self._by_name: dict[str, HiveKey | None] = {}
        self.record = record

    @property
    def name(self) -> str:
        """The name as stored."""
        return self.record.name

    @property
    def image(self) -> Image:
        """The records of its hive."""
        return self._hive.image

    @property
    def timestamp(self) -> int:
        """When the key was last written: a FILETIME, 100 ns since 1601, UTC."""
        return self.record.timestamp

    @property
    def flags(self) -> int:
        """The key's flags: 0x10 is a symbolic link, 0x40 a predefined handle."""
        return self.record.flags

    def values(self) -> Iterator[HiveValue]:
        """Its values, in stored order."""
        offsets = self._hive.image.value_offsets(self.record)
        self._refuse_twice(offsets, "value")
        return map(self._read, map(self._hive.image.value, offsets))

    def value(self, name: str) -> HiveValue | None:
        """The value of that name without regard to case, or None; "" is the unnamed value."""
        found = self._hive.image.find_value(self.record, name)
        return None if found is None else self._read(found)

    def _read(self, value: ValueRecord) -> HiveValue:
        hive = self._hive
        hive.claim(value.offset, self.record.offset)
        cells, data = hive.image.data_of(value)
        for cell in cells:
            hive.claim(cell, value.offset)
        return HiveValue(value.name, value.type, data)

    def subkeys(self) -> Iterator[HiveKey]:
        """Its subkeys, in stored order, which is the order of their upcased names."""
        hive, record, depth = self._hive, self.record, self._depth + 1
        if not record.subkey_count:
            return
        leaves = hive.image.leaves(record)
        for leaf in leaves:
            hive.claim(leaf.offset, record.offset)
        offsets = [offset for leaf in leaves for offset in leaf.keys]
        self._refuse_twice(offsets, "key")
        for offset in offsets:
            yield HiveKey(hive, hive.image.subkey(record, offset), depth)

    def _refuse_twice(self, offsets: Sequence[int], what: str) -> None:
        if len(set(offsets)) != len(offsets):
            twice, _ = Counter(offsets).most_common(1)[0]
            raise damage(BASE_BLOCK + twice, f"{what} is listed twice in key {self.name!r}")

    def subkey(self, name: str) -> HiveKey | None:
        """The subkey of that name without regard to case, or None; only keys whose hash fits are read."""
        wanted = upcase(name)
        if wanted not in self._by_name:
            found = self._hive.image.find_subkey(self.record, name)
            self._by_name[wanted] = None if found is None else HiveKey(self._hive, found, self._depth + 1)
        return self._by_name[wanted]

    def find(self, path: Iterable[str]) -> HiveKey | None:
        """The key at a path from this one, without regard to case; None where there is none."""
        here: HiveKey | None = self
        for name in path:
            here = here.subkey(name) if here is not None else None
        return here
