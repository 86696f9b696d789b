"""Validate a hive strictly, by a reading of its own, which shares only upper case with the writer.

An ERROR is what Windows may refuse, repair away or misread. A WARNING is what hives that Windows aged do have, such
as unused cells; a hive that Mapiwright made has neither.

Sources: the regf specification of msuhanov; the checks of ReactOS' configuration manager (read for facts).
"""

# ruff: noqa: D102 - the methods are the chapters of one examination, for this room alone

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mapiwright.errors import Severity
from mapiwright.formats.regf.upcase import upcased_units

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

    from mapiwright.formats.regf.pages import Buffer

NIL = 0xFFFFFFFF
BINS = 4096  # where offsets count from
_SEGMENT = 16344
_MOST_SUBKEYS_PER_LIST = 507
_MOST_LEVELS = 512
_LARGEST_KEY_CELL = 0x45C


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: where (``offset`` counts from the file's start), the rule that is broken, and what was found.

    The same rule broken at the same place is the same fault, whatever was found.
    """

    severity: Severity
    offset: int
    rule: str
    what: str = field(compare=False)

    def __str__(self) -> str:
        return f"offset 0x{self.offset:x}: {self.severity}: {self.rule}: {self.what}"


def validate(data: Buffer) -> tuple[Fault, ...]:
    """Every fault of the hive, in the order in which they were met; never raises, and reads each cell once."""
    examination = Examination(bytes(data))
    examination.whole()
    return tuple(examination.faults)


@dataclass(frozen=True, slots=True)
class WaitingKey:
    """What is remembered of a key while its subkeys are waiting."""

    offset: int
    parent: int
    depth: int


class Examination:
    """A hive under examination: what was found of it so far."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        """Reads nothing but the base block."""
        self.data = data
        self.faults: list[Fault] = []
        self.used: dict[int, int] = {}  # cells in use: offset -> bytes of payload
        self.owned: set[int] = set()
        self.users: dict[int, int] = {}  # security records: offset -> keys that use them
        self.visited = 0  # cells that were looked at, in a bin or through an owner
        self.minor, self.size = 0, 0
        self.is_hive = len(data) >= BINS and data[:4] == b"regf"
        if not self.is_hive:
            self.error(0, "base block", "no `regf` signature over 4096 bytes")
            return
        (self.minor,) = struct.unpack_from("<I", data, 24)
        (self.size,) = struct.unpack_from("<I", data, 40)
        self.base_block()

    def whole(self) -> None:
        """Examine all of it."""
        if not self.is_hive:
            return
        self.bins()
        self.keys()
        self.security()
        for offset in self.used.keys() - self.owned:
            self.warn(BINS + offset, "every cell in use has an owner", f"{self.used[offset]} bytes belong to none")

    def error(self, position: int, rule: str, what: str) -> None:
        self.faults.append(Fault(Severity.ERROR, position, rule, what))

    def warn(self, position: int, rule: str, what: str) -> None:
        self.faults.append(Fault(Severity.WARNING, position, rule, what))

    # -- the base block and the tiles ---------------------------------------------------------------------------

    def base_block(self) -> None:
        primary, secondary = struct.unpack_from("<II", self.data, 4)
        major, minor, kind, layout = struct.unpack_from("<IIII", self.data, 20)
        if primary != secondary:
            self.error(4, "a clean hive has equal sequence numbers", f"{primary} and {secondary}")
        if (major, kind, layout) != (1, 0, 1) or minor not in {3, 4, 5, 6}:
            self.error(20, "version 1.3 to 1.6, type 0, format 1", f"{major}.{minor}, type {kind}, format {layout}")
        total = 0
        for number in struct.unpack_from("<127I", self.data):
            total ^= number
        total = 1 if total == 0 else 0xFFFFFFFE if total == NIL else total
        (stored,) = struct.unpack_from("<I", self.data, 508)
        if stored != total:
            self.error(508, "checksum", f"0x{stored:08x} is stored, 0x{total:08x} is right")
        if not self.size or self.size % 4096:
            self.error(40, "the bins take whole pages", f"{self.size} bytes")

    def bins(self) -> None:
        offset = 0
        while offset < self.size:
            position = BINS + offset
            if position + 32 > len(self.data):
                self.error(position, "the bins add up to the size in the base block", "the file ends before them")
                return
            mark, own, length = struct.unpack_from("<4sII", self.data, position)
            if mark != b"hbin" or own != offset or length % 4096 or not 0 < length <= self.size - offset:
                self.error(position, "a bin knows its place and takes whole pages", f"{mark!r}, 0x{own:x}, {length}")
                return
            if position + length > len(self.data):
                self.error(position, "a bin is inside the file", f"{length} bytes from 0x{position:x}")
                return
            self.cells(offset + 32, offset + length)
            offset += length

    def cells(self, offset: int, end: int) -> None:
        after_free = False
        while offset < end:
            self.visited += 1
            (size,) = struct.unpack_from("<i", self.data, BINS + offset)
            length = abs(size)
            if not length or length % 8 or offset + length > end:
                self.error(BINS + offset, "cells tile their bin in multiples of 8 bytes", f"size {size}")
                return
            if size < 0:
                self.used[offset] = length - 4
            elif after_free:
                self.warn(BINS + offset, "free neighbours are merged", f"{size} bytes after a free cell")
            after_free = size > 0
            offset += length

    def payload(self, offset: int) -> int:
        """The bytes of payload of the cell in use at ``offset``; 0 where there is none."""
        return self.used.get(offset, 0)

    def own(self, offset: int, least: int, what: str, position: int) -> int:
        """The payload's position of a cell that gets its one owner now; 0 where that is refused."""
        self.visited += 1
        room = self.payload(offset)
        if not room:
            self.error(position, "an offset leads to a cell in use", f"{what} at 0x{offset:x} is not in one")
        elif room < least:
            self.error(BINS + offset, "a record fits its cell", f"{what} needs {least} bytes of {room}")
        elif offset in self.owned:
            self.error(BINS + offset, "a cell has one owner", f"{what} that 0x{position:x} names has another")
        else:
            self.owned.add(offset)
            return BINS + offset + 4
        return 0

    # -- keys ---------------------------------------------------------------------------------------------------

    def keys(self) -> None:
        (root,) = struct.unpack_from("<I", self.data, 36)
        if not self.key_at(root, 36):
            return
        waiting = [WaitingKey(root, NIL, 1)]
        while waiting:
            self.key(waiting.pop(), waiting)

    def key_at(self, offset: int, position: int) -> bool:
        """Whether a key's record with its name is at ``offset``; it then belongs to ``position``."""
        at = self.own(offset, 77, "key", position)
        if not at:
            return False
        if self.data[at : at + 2] != b"nk":
            self.error(at, "a key has the signature nk", f"{self.data[at : at + 2]!r}")
            return False
        (length,) = struct.unpack_from("<H", self.data, at + 72)
        if 76 + length > self.payload(offset):
            self.error(at + 72, "a record fits its cell", f"the name has {length} bytes")
            return False
        return True

    def key(self, key: WaitingKey, waiting: list[WaitingKey]) -> None:
        at = BINS + key.offset + 4
        (
            _, flags, _, _, parent, subkeys, volatile, subkey_list, _, values, value_list, security, class_name,
            longest_subkey, longest_class, longest_value, largest_data, _, length, class_length,
        ) = struct.unpack_from("<2sHQ15I2H", self.data, at)  # fmt: skip
        self.name(at + 76, length, latin1=bool(flags & 0x20), key=True)
        if self.payload(key.offset) + 4 > _LARGEST_KEY_CELL:
            self.error(at, "a key's cell has at most 0x45C bytes", f"0x{self.payload(key.offset) + 4:x}")
        if key.depth > _MOST_LEVELS:
            self.error(at, "keys are at most 512 levels deep", f"{key.depth}")
        if bool(flags & 0x04) != (key.parent == NIL):
            self.error(at + 2, "the root key, and no other, is flagged so", f"flags 0x{flags:x}")
        if key.parent not in {NIL, parent}:
            self.error(at + 16, "a key knows its parent", f"0x{parent:x} instead of 0x{key.parent:x}")
        if volatile:
            self.warn(at + 24, "a key on disk has no volatile subkeys", f"{volatile}")
        if (
            class_length
            and (class_at := self.own(class_name, class_length, "class name", at + 48))
            and class_length % 2
        ):
            self.error(class_at, "a class name is UTF-16", f"{class_length} bytes")
        self.users[security] = self.users.get(security, 0) + 1
        if not flags & 0x40:  # else the count is a predefined handle
            self.values(at, values, value_list, (longest_value, largest_data))
        self.subkeys(key, subkeys, subkey_list, (longest_subkey & 0xFFFF, longest_class), waiting)

    def name(self, at: int, length: int, *, latin1: bool, key: bool) -> str:
        """The name that is stored at ``at``, as far as it can be read."""
        raw = self.data[at : at + length]
        if not latin1 and length % 2:
            self.error(at, "a name that is not Latin-1 is UTF-16", f"{length} bytes")
            raw = raw[:-1]
        text = raw.decode("latin-1") if latin1 else raw.decode("utf-16-le", "surrogatepass")
        if text and not latin1 and max(text) <= "\xff":
            self.warn(at, "a name of Latin-1 units is stored as Latin-1", repr(text))
        units = length if latin1 else length // 2
        if key and (units > 255 or not units or "\\" in text):
            self.error(at, "a key's name has 1 to 255 characters and no backslash", repr(text))
        if not key and units > 16383:
            self.error(at, "a value's name has at most 16383 characters", f"{units}")
        return text

    def maxima(self, at: int, rule: str, stored: tuple[int, int], found: tuple[int, int]) -> None:
        """Fields that hold the largest length among a key's subkeys or values, so that callers make room for it."""
        for index in (0, 1):
            if stored[index] != found[index]:
                self.warn(at + 4 * index, rule, f"{stored[index]}, but the largest is {found[index]}")

    # -- lists of subkeys ---------------------------------------------------------------------------------------

    def subkeys(
        self, key: WaitingKey, count: int, top: int, stored: tuple[int, int], waiting: list[WaitingKey]
    ) -> None:
        at = BINS + key.offset + 4
        if not count:
            if top != NIL:
                self.warn(at + 28, "a key without subkeys has no list of them", f"0x{top:x}")
            self.maxima(at + 52, "the longest name and class of the subkeys", stored, (0, 0))
            return
        listed = 0
        longest = longest_class = 0
        previous = b""
        for offset, tag_at, kind in self.elements(top, at + 28):
            listed += 1
            if not self.key_at(offset, tag_at):
                continue
            child = BINS + offset + 4
            flags, length, class_length = (
                struct.unpack_from("<H", self.data, child + part)[0] for part in (2, 72, 74)
            )
            raw = self.data[child + 76 : child + 76 + length]
            if flags & 0x20:
                text = raw.decode("latin-1")
                length *= 2
            else:
                text = raw[: length & ~1].decode("utf-16-le", "surrogatepass")
            units = upcased_units(text)
            if units <= previous:
                self.error(tag_at - 4, "subkeys are sorted by their upcased names", repr(text))
            previous = units
            self.tag(kind, tag_at, text, units)
            longest, longest_class = max(longest, length), max(longest_class, class_length)
            waiting.append(WaitingKey(offset, key.offset, key.depth + 1))
        if listed != count:
            self.error(at + 20, "the count of subkeys is that of the lists", f"{count}, but {listed} are listed")
        self.maxima(at + 52, "the longest name and class of the subkeys", stored, (longest, longest_class))

    def tag(self, kind: bytes, at: int, text: str, units: bytes) -> None:
        """The hash of an ``lh`` element, or the hint of an ``lf`` one."""
        if kind == b"lh":
            total = 0
            for (unit,) in struct.iter_unpack(">H", units):
                total = (total * 37 + unit) % 2**32
            (stored,) = struct.unpack_from("<I", self.data, at)
            if stored != total:
                self.error(at, "the hash is that of the upcased name", f"0x{stored:08x} for {text!r}")
        elif kind == b"lf":
            hint = self.data[at : at + 4]
            right = text[:4].encode("latin-1", "replace").ljust(4, b"\0")
            if hint != right and (hint[0] or max(text[:4], default="") <= "\xff"):
                self.error(at, "the hint is the start of the name", f"{hint!r} for {text!r}")

    def elements(self, top: int, position: int) -> Iterator[tuple[int, int, bytes]]:
        """Of each subkey that the lists hold: its offset, where its hash or hint is, and the kind of list."""
        at = self.own(top, 4, "list of subkeys", position)
        if not at:
            return
        kind, count = struct.unpack_from("<2sH", self.data, at)
        if kind != b"ri":
            yield from self.leaf(at, top)
            return
        if 4 + 4 * count > self.payload(top) or not count:
            self.error(at, "a record fits its cell", f"index root of {count} lists")
            return
        for place in range(at + 4, at + 4 + 4 * count, 4):
            (offset,) = struct.unpack_from("<I", self.data, place)
            if leaf_at := self.own(offset, 4, "list of subkeys", place):
                yield from self.leaf(leaf_at, offset)

    def leaf(self, at: int, offset: int) -> Iterator[tuple[int, int, bytes]]:
        kind, count = struct.unpack_from("<2sH", self.data, at)
        if kind not in {b"li", b"lf", b"lh"}:
            self.error(at, "a list of subkeys has the signature li, lf or lh", f"{kind!r}")
            return
        if kind != (b"lh" if self.minor >= 5 else b"lf"):
            self.warn(at, "lists are lh from version 1.5 on, and lf before", f"{kind!r}")
        stride = 4 if kind == b"li" else 8
        if 4 + stride * count > self.payload(offset):
            self.error(at, "a record fits its cell", f"list of {count} subkeys")
            return
        if not 0 < count <= _MOST_SUBKEYS_PER_LIST:
            self.warn(at, "a list holds 1 to 507 subkeys", f"{count}")
        for place in range(at + 4, at + 4 + stride * count, stride):
            yield struct.unpack_from("<I", self.data, place)[0], place + 4, kind

    # -- values -------------------------------------------------------------------------------------------------

    def values(self, key_at: int, count: int, top: int, stored: tuple[int, int]) -> None:
        longest = largest = 0
        names: set[bytes] = set()
        if count:
            at = self.own(top, 4 * count, "list of values", key_at + 40)
            for place in range(at, at + 4 * count, 4) if at else ():
                (offset,) = struct.unpack_from("<I", self.data, place)
                value_at = self.own(offset, 20, "value", place)
                if value_at and (found := self.value(value_at, offset, names)):
                    longest, largest = max(longest, found[0]), max(largest, found[1])
        elif top != NIL:
            self.warn(key_at + 40, "a key without values has no list of them", f"0x{top:x}")
        self.maxima(key_at + 60, "the longest name and the largest data of the values", stored, (longest, largest))

    def value(self, at: int, offset: int, names: set[bytes]) -> tuple[int, int] | None:
        """Examine a value; give the lengths of its name (in UTF-16 bytes) and of its data."""
        mark, length, size, place, kind, flags = struct.unpack_from("<2sHIIIH", self.data, at)
        if mark != b"vk" or 20 + length > self.payload(offset):
            self.error(at, "a value has the signature vk and fits its cell", f"{mark!r}, a name of {length} bytes")
            return None
        text = self.name(at + 20, length, latin1=bool(flags & 1), key=False)
        if not length and flags & 1:
            self.warn(at + 16, "the unnamed value has no flag", f"0x{flags:x}")
        units = upcased_units(text)
        if units in names:
            self.error(at, "no two values of a key have the same name", repr(text))
        names.add(units)
        if flags & 2 and (kind, size, place) != (0, 0, NIL):
            self.error(at, "a tombstone has no type and no data", f"type {kind}, {size} bytes")
        self.content(at, size, place, tombstone=bool(flags & 2))
        return len(units), size & 0x7FFFFFFF

    def content(self, at: int, size: int, place: int, *, tombstone: bool) -> None:
        """Examine where the ``size`` bytes of data of the value at ``at`` are."""
        if size >= 0x80000000:
            if size - 0x80000000 > 4:
                self.error(at + 4, "at most 4 bytes of data are stored in the value", f"{size - 0x80000000}")
        elif not size:
            if place != NIL:
                self.error(at + 8, "a value without data has no offset of them", f"0x{place:x}")
            elif not tombstone:
                self.warn(at + 4, "up to 4 bytes of data are stored in the value", "size 0")
        elif size <= _SEGMENT or self.minor <= 3:
            self.own(place, size, "data", at + 8)
            if size <= 4:
                self.warn(at + 4, "up to 4 bytes of data are stored in the value", f"{size} bytes in a cell")
        elif record := self.own(place, 8, "big data", at + 8):
            mark, count, listed = struct.unpack_from("<2sHI", self.data, record)
            if mark != b"db" or count != -(-size // _SEGMENT):
                self.error(record, "data above 16344 bytes are in db segments", f"{mark!r}, {count} for {size} bytes")
            elif list_at := self.own(listed, 4 * count, "list of segments", record + 4):
                for index in range(count):
                    (segment,) = struct.unpack_from("<I", self.data, list_at + 4 * index)
                    least = min(_SEGMENT, size - index * _SEGMENT)
                    self.own(segment, least, "segment of data", list_at + 4 * index)
                    if 0 < self.payload(segment) < _SEGMENT:
                        found = f"{self.payload(segment)} bytes"
                        self.warn(BINS + segment, "each segment has a whole cell", found)

    # -- security -----------------------------------------------------------------------------------------------

    def security(self) -> None:
        """One ring over all descriptors; each one counts the keys that use it."""
        walked = False
        for start in sorted(self.users):
            if start in self.owned:
                continue
            if walked:
                self.error(BINS + start, "the descriptors form one ring", f"0x{start:x} is outside of it")
            self.ring(start)
            walked = True

    def ring(self, start: int) -> None:
        here, previous = start, NIL
        while here != start or previous == NIL:
            at = self.own(here, 20, "security descriptor", BINS + previous + 8 if previous != NIL else BINS + here)
            if not at:
                return
            mark, _, following, before, users, size = struct.unpack_from("<2sHIIII", self.data, at)
            if mark != b"sk" or 20 + size > self.payload(here):
                self.error(at, "a security record has the signature sk and fits its cell", f"{mark!r}, {size} bytes")
                return
            if users != self.users.get(here, 0):
                self.warn(at + 12, "a descriptor counts its keys", f"{users}, but {self.users.get(here, 0)} use it")
            if previous not in {before, NIL}:
                self.error(at + 8, "the descriptors form one ring", f"0x{before:x} is before it, not 0x{previous:x}")
            self.descriptor(at + 20, size)
            here, previous = following, here
        (before,) = struct.unpack_from("<I", self.data, BINS + start + 12)
        if before != previous:
            self.error(BINS + start + 12, "the descriptors form one ring", f"0x{before:x} is not the last of it")

    def descriptor(self, at: int, size: int) -> None:
        """[MS-DTYP] 2.4.6: revision 1, self-relative, its parts inside of it."""
        if size < 20:
            self.error(at, "a security descriptor is self-relative", f"{size} bytes")
            return
        revision, _, control, *parts = struct.unpack_from("<BBH4I", self.data, at)
        if revision != 1 or not control & 0x8000 or any(part and not 20 <= part <= size - 8 for part in parts):
            self.error(at, "a security descriptor is self-relative", f"revision {revision}, control 0x{control:x}")
