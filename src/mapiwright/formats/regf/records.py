"""Where the fields of a hive's records lie, and how to walk from one record to the next.

All numbers are little-endian; an offset counts from the first bin, which is at byte 4096 of the file. The reader and
the writer use this module; the validator does not.

Source: the regf specification of msuhanov (versions 1.3 to 1.6).
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from mapiwright.errors import FormatError
from mapiwright.formats.regf.upcase import upcased_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mapiwright.formats.regf.pages import Buffer, Pages

BASE_BLOCK = 4096
PAGE = 4096
BIN_HEADER = 32
NIL = 0xFFFFFFFF
INLINE = 0x80000000  # in a value's size: the data are in the offset field
SEGMENT = 16344  # the most that one cell holds of a value where the hive knows `db`
DEEPEST = 512  # levels of keys that Windows allows, the root counted

ROOT_KEY = 0x04
NO_DELETE = 0x08
SYMLINK = 0x10
LATIN1_KEY = 0x20
PREDEFINED_HANDLE = 0x40
LAYERS = 0x0300  # in a key's access bits: what it is to the hive that it is layered over
LATIN1_VALUE = 0x1
TOMBSTONE_VALUE = 0x2

# A base block: signature, two sequence numbers, FILETIME, major, minor, type, format, root, bytes of bins, cluster,
# name.
BASE = struct.Struct("<4sIIQIIIIIII64s")
BASE_ROOT = 36
BASE_FLAGS = 144
PENDING_TRANSACTIONS = 0x1  # in the flags
BASE_TRANSACTIONS = slice(164, 168)  # `rmtm` where the flags are what they say: Windows XP leaves noise there
BASE_CHECKSUM = 508

# A key: signature, flags, FILETIME, access and layer bits, parent, subkeys, volatile ones, two lists, values, their
# list, security, class, longest subkey name, subkey class, value name, value data, WorkVar, two lengths.
KEY = struct.Struct("<2sHQIIIIIIIIIIIIIIIHH")
KEY_TIMESTAMP = 4
KEY_PARENT = 16
KEY_SUBKEY_COUNT = 20
KEY_VOLATILE_COUNT = 24
KEY_SUBKEY_LIST = 28
KEY_VOLATILE_LIST = 32
KEY_VALUE_COUNT = 36
KEY_VALUE_LIST = 40
KEY_SECURITY = 44
KEY_CLASS = 48
KEY_LONGEST_SUBKEY = 52
KEY_LONGEST_CLASS = 56
KEY_LONGEST_VALUE = 60
KEY_LARGEST_DATA = 64

# A value: signature, length of the name, size and offset of the data, type, flags, spare.
VALUE = struct.Struct("<2sHIIIHH")
VALUE_SIZE = 4
VALUE_DATA = 8

# A security descriptor's record: signature, spare, next and previous in the ring, keys that use it, size.
SECURITY = struct.Struct("<2sHIIII")
SECURITY_NEXT = 4
SECURITY_PREVIOUS = 8
SECURITY_USERS = 12

# A whole cell of a key or a value, its size first, with the fields that a reader needs: what it walks thousands of.
_KEY_CELL = struct.Struct("<i2sHQ3I4xI4x8I4x2H")
_VALUE_CELL = struct.Struct("<i2sH3IH2x")
_FIRST = BASE_BLOCK + BIN_HEADER
_make: Callable[..., Any] = tuple.__new__  # a NamedTuple's own way goes through Python

LIST_HEAD = struct.Struct("<2sH")
BIG_DATA = struct.Struct("<2sHI")
_NUMBER = struct.Struct("<I")
_SIZE = struct.Struct("<i")


class KeyRecord(NamedTuple):
    """The fields of a key (``nk``) as stored, after the offset of its cell; ``name`` is decoded."""

    offset: int
    flags: int
    timestamp: int
    access: int
    parent: int
    subkey_count: int
    subkey_list: int
    value_count: int
    value_list: int
    security: int
    class_offset: int
    longest_subkey: int
    longest_class: int
    longest_value: int
    largest_data: int
    class_length: int
    name: str


class ValueRecord(NamedTuple):
    """The fields of a value (``vk``) as stored, after the offset of its cell; ``name`` is decoded."""

    offset: int
    size: int
    data: int
    type: int
    flags: int
    name: str


class Leaf(NamedTuple):
    """One list of subkeys: its kind (``li``, ``lf``, ``lh``) and its elements, 4 or 8 bytes each."""

    offset: int
    kind: bytes
    elements: bytes

    @property
    def keys(self) -> tuple[int, ...]:
        """The offsets of the keys, in order."""
        numbers = struct.unpack(f"<{len(self.elements) // 4}I", self.elements)
        return numbers if self.kind == b"li" else numbers[::2]

    def hashed(self, wanted: int) -> list[int]:
        """The offsets of the keys of an ``lh`` with that hash; ``bytes.find`` is faster than any loop."""
        mark, found = _NUMBER.pack(wanted), []
        at = self.elements.find(mark)
        while at >= 0:
            if at % 8 == 4:
                found.append(_NUMBER.unpack_from(self.elements, at - 4)[0])
            at = self.elements.find(mark, at + 1)
        return found


def checksum(base_block: bytes | bytearray) -> int:
    """XOR of the first 127 numbers of a base block; 0 becomes 1 and -1 becomes -2."""
    total = 0
    for (number,) in _NUMBER.iter_unpack(base_block[:BASE_CHECKSUM]):
        total ^= number
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(total, total)


def base_holds(data: Buffer) -> bool:
    """Whether the base block of a hive was written to its end, as its checksum says."""
    stored = int.from_bytes(data[BASE_CHECKSUM : BASE_CHECKSUM + 4], "little")
    return checksum(bytes(data[: BASE_CHECKSUM + 4])) == stored


def is_dirty(data: Buffer) -> bool:
    """Whether a hive was not closed cleanly, so that it may lack what its logs hold; any other bytes are not."""
    if len(data) < BASE_BLOCK or bytes(data[:4]) != b"regf":
        return False
    first, second = BASE.unpack_from(data)[1:3]
    return first != second or not base_holds(data)


def name_hash(name: str) -> int:
    """The hash that an ``lh`` list holds: H = 37 * H + unit over the upcased UTF-16 units, 32 bits."""
    total = 0
    for (unit,) in struct.iter_unpack(">H", upcased_units(name)):
        total = (37 * total + unit) & 0xFFFFFFFF
    return total


def name_hint(name: str) -> bytes:
    """The hint that an ``lf`` list holds: the first four characters, or zeros where one has no Latin-1 byte."""
    start = name[:4]
    return start.encode("latin-1").ljust(4, b"\0") if is_latin1(start) else bytes(4)


def stored_number(number: int) -> bytes:
    """A 32-bit number as it is stored."""
    return _NUMBER.pack(number)


def units(name: str) -> int:
    """How many UTF-16 units a name has."""
    return len(name) + sum(character > "\uffff" for character in name)


def is_latin1(name: str) -> bool:
    """True where every unit of the name fits a byte, which is when Windows stores it so."""
    return not name or max(name) <= "\xff"


def encode_name(name: str) -> bytes:
    """The name as it is stored: Latin-1 where that is possible, else UTF-16LE."""
    return name.encode("latin-1") if is_latin1(name) else name.encode("utf-16-le", "surrogatepass")


class Image:
    """The records of a hive by their offset, over bytes that may change underneath.

    Every method raises FormatError with the place where the bytes are not what they should be.
    """

    __slots__ = ("_here", "data", "end", "pages")

    def __init__(self, data: Buffer, end: int, pages: Pages | None = None) -> None:
        """With ``pages``, ``data`` are their buffer."""
        self.pages = pages
        self.data = data
        self.end = end
        self._here = pages is None  # so that a record can be read without asking for its cell

    def cell(self, offset: int) -> tuple[int, int]:
        """Where the payload of the cell in use at ``offset`` begins and ends in the file."""
        at = BASE_BLOCK + offset
        if offset % 8 or offset < BIN_HEADER or at + 8 > self.end:
            raise damage(at, f"offset 0x{offset:x} is no cell of this hive")
        if self.pages is not None:
            self.pages.bring(at, at + 8)
        size = -_SIZE.unpack_from(self.data, at)[0]
        if size < 8 or at + size > self.end:
            raise damage(at, f"cell has size {-size}", "a cell in use, inside its bin")
        if self.pages is not None:
            self.pages.bring(at, at + size)
        return at + 4, at + size

    def record(self, offset: int, signature: bytes, length: int) -> tuple[int, int]:
        """The payload of a cell that holds a record of this kind, at least ``length`` bytes of it."""
        at, end = self.cell(offset)
        if bytes(self.data[at : at + 2]) != signature:
            found = bytes(self.data[at : at + 2])
            raise damage(at, f"record has signature {found!r}", repr(signature))
        if end - at < length:
            raise damage(at, f"record has {end - at} bytes", f"{length} or more")
        return at, end

    def key(self, offset: int) -> KeyRecord:
        """The key whose cell is at ``offset``."""
        at = BASE_BLOCK + offset
        if self._here and not at & 7 and _FIRST <= at <= self.end - _KEY_CELL.size:
            size, mark, *fields, length, class_length = _KEY_CELL.unpack_from(self.data, at)
            start = at + 4 + KEY.size
            fits = not size & 7 and start + length <= at - size <= self.end
            if mark == b"nk" and fits and fields[0] & LATIN1_KEY:
                name = str(self.data[start : start + length], "latin-1")
                found: KeyRecord = _make(KeyRecord, (offset, *fields, class_length, name))
                return found
        return self._key(offset)

    def _key(self, offset: int) -> KeyRecord:
        """The same, which says what is wrong where something is."""
        at, end = self.record(offset, b"nk", KEY.size)
        _, _, *fields, length, class_length = _KEY_CELL.unpack_from(self.data, at - 4)
        name = self._name(at + KEY.size, length, end, latin1=bool(fields[0] & LATIN1_KEY))
        return KeyRecord._make((offset, *fields, class_length, name))

    def value(self, offset: int) -> ValueRecord:
        """The value whose cell is at ``offset``."""
        at = BASE_BLOCK + offset
        if self._here and not at & 7 and _FIRST <= at <= self.end - _VALUE_CELL.size:
            size, mark, length, *fields = _VALUE_CELL.unpack_from(self.data, at)
            start = at + 4 + VALUE.size
            fits = not size & 7 and start + length <= at - size <= self.end
            if mark == b"vk" and fits and (fields[3] & LATIN1_VALUE or not length):
                name = str(self.data[start : start + length], "latin-1")
                found: ValueRecord = _make(ValueRecord, (offset, *fields, name))
                return found
        return self._value(offset)

    def _value(self, offset: int) -> ValueRecord:
        """The same, which says what is wrong where something is."""
        at, end = self.record(offset, b"vk", VALUE.size)
        _, _, length, size, data, kind, flags = _VALUE_CELL.unpack_from(self.data, at - 4)
        name = self._name(at + VALUE.size, length, end, latin1=bool(flags & LATIN1_VALUE))
        return ValueRecord(offset, size, data, kind, flags, name)

    def _name(self, at: int, length: int, end: int, *, latin1: bool) -> str:
        if at + length > end:
            raise damage(at, f"name of {length} bytes runs out of its cell")
        raw = bytes(self.data[at : at + length])
        if latin1:
            return raw.decode("latin-1")
        if length % 2:
            raise damage(at, f"UTF-16 name of {length} bytes", "an even length")
        return raw.decode("utf-16-le", "surrogatepass")

    def leaves(self, key: KeyRecord) -> list[Leaf]:
        """The lists of a key's subkeys, in order: one, or those that its index root names."""
        if not key.subkey_count or key.subkey_list == NIL:
            return []
        at, _ = self.cell(key.subkey_list)
        if bytes(self.data[at : at + 2]) != b"ri":
            return [self.leaf(key.subkey_list)]
        offsets = self.index(key.subkey_list)
        if len(set(offsets)) != len(offsets):
            raise damage(at, "index root names a list twice")
        return [self.leaf(offset) for offset in offsets]

    def index(self, offset: int) -> tuple[int, ...]:
        """The offsets of the lists that an index root (``ri``) names."""
        at, end = self.record(offset, b"ri", LIST_HEAD.size)
        _, count = LIST_HEAD.unpack_from(self.data, at)
        if at + 4 + 4 * count > end:
            raise damage(at, f"index root of {count} lists runs out of its cell")
        return struct.unpack_from(f"<{count}I", self.data, at + 4)

    def leaf(self, offset: int) -> Leaf:
        """The list of subkeys at ``offset``."""
        at, end = self.cell(offset)
        kind, count = LIST_HEAD.unpack_from(self.data, at)
        if kind not in {b"li", b"lf", b"lh"}:
            raise damage(at, f"subkey list has signature {kind!r}", "li, lf or lh")
        stop = at + 4 + count * (4 if kind == b"li" else 8)
        if stop > end:
            raise damage(at, f"subkey list of {count} elements runs out of its cell")
        return Leaf(offset, kind, bytes(self.data[at + 4 : stop]))

    def find_subkey(self, key: KeyRecord, name: str) -> KeyRecord | None:
        """The subkey that Windows would find under ``name``, or None.

        Only keys are read whose hash fits, or that the order leads to. Another release of Windows, or hivex, may have
        hashed and sorted a name that is not ASCII differently, so before such a name is missed every subkey is read.
        """
        wanted = upcased_units(name)
        leaves = self.leaves(key)
        passes: list[Callable[[Leaf], Sequence[int]]] = [lambda leaf: self._candidates(leaf, name)]
        if not name.isascii():
            passes.append(lambda leaf: leaf.keys)
        for offsets in passes:
            for leaf in leaves:
                for offset in offsets(leaf):
                    found = self.subkey(key, offset)
                    if upcased_units(found.name) == wanted:
                        return found
        return None

    def _candidates(self, leaf: Leaf, name: str) -> Sequence[int]:
        """The keys of a list that ``name`` may be, by hash (which is faster than the order) or by order."""
        if leaf.kind == b"lh":
            return leaf.hashed(name_hash(name))
        place = bisect_left(leaf.keys, upcased_units(name), key=lambda offset: upcased_units(self.key(offset).name))
        return leaf.keys[place : place + 1]

    def subkey(self, parent: KeyRecord, offset: int) -> KeyRecord:
        """The key at ``offset``, which must be the child of ``parent``: so a walk ends and never sees a key twice."""
        found = self.key(offset)
        if found.parent != parent.offset or found.flags & ROOT_KEY:
            raise damage(
                BASE_BLOCK + offset, f"key {found.name!r} is not a subkey of {parent.name!r}, which lists it"
            )
        return found

    def value_offsets(self, key: KeyRecord) -> tuple[int, ...]:
        """The offsets of a key's values, in stored order; a predefined handle has none."""
        if not key.value_count or key.flags & PREDEFINED_HANDLE:
            return ()
        at, end = self.cell(key.value_list)
        if at + 4 * key.value_count > end:
            raise damage(at, f"list of {key.value_count} values runs out of its cell")
        return struct.unpack_from(f"<{key.value_count}I", self.data, at)

    def find_value(self, key: KeyRecord, name: str) -> ValueRecord | None:
        """The value that Windows would find under ``name``, or None; "" is the unnamed value."""
        wanted = upcased_units(name)
        for offset in self.value_offsets(key):
            value = self.value(offset)
            if upcased_units(value.name) == wanted:
                return value
        return None

    def data_cells(self, value: ValueRecord) -> list[int]:
        """The cells of a value's data: none, the one that holds them, or a ``db``, its list and the segments."""
        size = value.size
        if size & INLINE or not size:
            return []
        at, end = self.cell(value.data)
        if end - at >= size:
            # hivex stores data of any size in one cell; the cell says which it is better than the version does (#68)
            return [value.data]
        if size <= SEGMENT:
            raise damage(at, f"{size} bytes of data run out of their cell")
        at, _ = self.record(value.data, b"db", BIG_DATA.size)
        _, count, listed = BIG_DATA.unpack_from(self.data, at)
        start, end = self.cell(listed)
        if count != -(-size // SEGMENT) or start + 4 * count > end:
            raise damage(at, f"{count} segments for {size} bytes of data")
        segments = struct.unpack_from(f"<{count}I", self.data, start)
        if len(set(segments)) != count:
            raise damage(start, "a segment of data is named twice")
        return [value.data, listed, *segments]

    def content(self, value: ValueRecord) -> bytes:
        """The data of a value."""
        return self.data_of(value)[1]

    def data_of(self, value: ValueRecord) -> tuple[Sequence[int], bytes]:
        """The cells of a value's data, as ``data_cells`` has them, and the data."""
        size = value.size
        if size & INLINE:
            if size & ~INLINE > 4:
                what = f"{size & ~INLINE} bytes of data in the offset field"
                raise damage(BASE_BLOCK + value.offset, what, "4 or fewer")
            return (), _NUMBER.pack(value.data)[: size & ~INLINE]
        if not size:
            return (), b""
        at, end = self.cell(value.data)
        if end - at >= size:
            return (value.data,), bytes(self.data[at : at + size])
        cells = self.data_cells(value)
        return cells, b"".join(self._pieces(cells[2:], size))

    def _pieces(self, cells: list[int], size: int) -> Iterator[bytes]:
        for offset in cells:
            at, end = self.cell(offset)
            length = size if len(cells) == 1 else min(size, SEGMENT)
            if at + length > end:
                raise damage(at, f"{length} bytes of data run out of their cell")
            yield bytes(self.data[at : at + length])
            size -= length


def damage(position: int, what: str, expected: str = "") -> FormatError:
    """The error for bytes of a hive that are not what they should be; ``position`` counts from the file's start."""
    return FormatError(what, where=f"offset 0x{position:x}", expected=expected)
