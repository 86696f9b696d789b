"""The transaction logs of a hive: the pages that wait in them, of both formats.

A log begins with a copy of the first 512 bytes of the base block, whose type says which format it is. The old one
(until Windows 8) holds one bitmap (``DIRT``) and the pages of 512 bytes that it marks. The new one (Windows 8.1 and
later) holds entries (``HvLE``), numbered without a gap, each with its own hashes. All numbers are little-endian; an
offset counts from the first bin.

Source: the regf specification of msuhanov.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mapiwright.errors import FormatError
from mapiwright.formats.regf.logs.marvin import marvin32
from mapiwright.formats.regf.records import BASE, BASE_CHECKSUM, PAGE, checksum, damage, stored_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECTOR = 512
OLD_TYPES = {1, 2}
"""The type in the base block of an old log; Windows 2000 and before wrote 2."""
NEW_TYPE = 6
_TRANSACTIONS = 0x1
"""The one flag of the base block that an entry carries."""

# An entry: signature, size, flags, sequence number, bytes of bins, pages; then a hash of what follows the 40 bytes of
# the head, and a hash of the 32 bytes before it.
_ENTRY = struct.Struct("<4sIIIII")
_ENTRY_HEAD = 40
_REFERENCE = struct.Struct("<II")


class DirtyPage(NamedTuple):
    """Bytes that a write was to put into the hive, by their offset from the first bin."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What one write was to change: pages, the bytes that all bins take after it, and the flags of the base block."""

    sequence: int
    bins_size: int
    flags: int
    pages: tuple[DirtyPage, ...]


@dataclass(frozen=True, slots=True)
class TransactionLog:
    """A log that can be applied: its copy of the base block, and its entries in order; an old log has one.

    ``base`` are 512 bytes, with the type and checksum of a hive; ``sequence`` is that of the first entry,
    ``timestamp`` a FILETIME.
    """

    base: bytes
    old: bool
    sequence: int
    timestamp: int
    entries: tuple[LogEntry, ...]


def read_log(data: bytes) -> TransactionLog:
    """The log of those bytes; raises FormatError where not even its beginning was written to the end.

    What follows the last sound entry of a new log is ignored: it is older, or was being written.
    """
    base = data[:SECTOR]
    if len(base) < SECTOR or base[:4] != b"regf":
        raise damage(0, "not a transaction log", "a base block `regf`")
    if checksum(base) != int.from_bytes(base[BASE_CHECKSUM:], "little"):
        raise damage(BASE_CHECKSUM, "the log's base block was not written to its end", "a right checksum")
    field = BASE.unpack_from(base)
    first, second, timestamp, kind, bins_size = field[1], field[2], field[3], field[6], field[9]
    if kind not in {*OLD_TYPES, NEW_TYPE}:
        raise damage(28, f"file has type {kind}", "type 1, 2 or 6 of a transaction log")
    if first != second:
        raise damage(4, f"the log was not written to its end: sequence numbers {first} and {second}", "equal ones")
    if kind in OLD_TYPES:
        entries: tuple[LogEntry, ...] = (LogEntry(first, bins_size, _flags(base), _marked(data, bins_size)),)
    else:
        entries = tuple(_entries(data, first))
        if not entries:
            raise damage(SECTOR, "the log's first entry was not written to its end", f"an entry with number {first}")
    return TransactionLog(as_hive(base), kind in OLD_TYPES, first, timestamp, entries)


def as_hive(base: bytes) -> bytes:
    """The copy of a base block in a log, with the type of a hive."""
    changed = bytearray(base)
    changed[28:32] = stored_number(0)
    changed[BASE_CHECKSUM:SECTOR] = stored_number(checksum(changed))
    return bytes(changed)


def log_entry(entry: LogEntry) -> bytes:
    """The bytes of an entry of the new format, with its hashes; a multiple of 512 bytes."""
    references = b"".join(_REFERENCE.pack(page.offset, len(page.data)) for page in entry.pages)
    body = references + b"".join(page.data for page in entry.pages)
    size = -(-(_ENTRY_HEAD + len(body)) // SECTOR) * SECTOR
    body = body.ljust(size - _ENTRY_HEAD, b"\0")
    head = _ENTRY.pack(b"HvLE", size, entry.flags, entry.sequence, entry.bins_size, len(entry.pages))
    head += marvin32(body).to_bytes(8, "little")
    return head + marvin32(head).to_bytes(8, "little") + body


def new_log(base: bytes, entries: Sequence[LogEntry]) -> bytes:
    """The bytes of a log of the new format for the hive whose base block begins with ``base``."""
    changed = bytearray(base[:SECTOR])
    changed[4:12] = stored_number(entries[0].sequence) * 2
    changed[28:32] = stored_number(NEW_TYPE)
    changed[BASE_CHECKSUM:SECTOR] = stored_number(checksum(changed))
    return bytes(changed) + b"".join(map(log_entry, entries))


def _flags(base: bytes) -> int:
    return int.from_bytes(base[144:148], "little") & _TRANSACTIONS


def _marked(data: bytes, bins_size: int) -> tuple[DirtyPage, ...]:
    """The pages of an old log, those side by side as one."""
    length = bins_size // PAGE
    bitmap = data[SECTOR + 4 : SECTOR + 4 + length]
    if data[SECTOR : SECTOR + 4] != b"DIRT" or len(bitmap) < length:
        raise damage(SECTOR, "the log's bitmap was not written to its end", "`DIRT`, and a bit for every 512 bytes")
    at = -(-(SECTOR + 4 + length) // SECTOR) * SECTOR
    pages: list[DirtyPage] = []
    bits = f"{int.from_bytes(bitmap, 'little'):b}"[::-1]  # the lowest bit of the first byte is the first page's
    for run in re.finditer("1+", bits):
        page = data[at : at + SECTOR * len(run[0])]
        if len(page) < SECTOR * len(run[0]):
            raise damage(len(data), "the log ends before its last page", f"{len(run[0])} pages at offset 0x{at:x}")
        pages.append(DirtyPage(SECTOR * run.start(), page))
        at += len(page)
    if not pages:
        raise damage(SECTOR + 4, "the log holds no page", "a bit for every 512 bytes that changed")
    return tuple(pages)


def _entries(data: bytes, sequence: int) -> Iterator[LogEntry]:
    """The entries of a new log, as far as they are sound and follow one another."""
    at = SECTOR
    while True:
        try:
            entry, size = _entry(data, at)
        except FormatError:
            return  # older entries, or one that was being written: Windows stops here, too
        if entry.sequence != sequence:
            return
        yield entry
        at, sequence = at + size, (sequence + 1) & 0xFFFFFFFF


def _entry(data: bytes, at: int) -> tuple[LogEntry, int]:
    """The entry at a place of a log, and its size."""
    if at + _ENTRY_HEAD > len(data):
        raise damage(at, "no entry")
    signature, size, flags, sequence, bins_size, count = _ENTRY.unpack_from(data, at)
    sound = signature == b"HvLE" and size % SECTOR == 0 and SECTOR <= size <= len(data) - at
    if not sound or bins_size % PAGE or not bins_size or not count or _ENTRY_HEAD + 8 * count > size:
        raise damage(at, "no entry")
    hashes = struct.unpack_from("<QQ", data, at + 24)
    if marvin32(data[at : at + 32]) != hashes[1] or marvin32(data[at + _ENTRY_HEAD : at + size]) != hashes[0]:
        raise damage(at, "the entry's hashes do not hold")
    pages, place = [], at + _ENTRY_HEAD + 8 * count
    for number in range(count):
        offset, length = _REFERENCE.unpack_from(data, at + _ENTRY_HEAD + 8 * number)
        if place + length > at + size or offset + length > bins_size:
            raise damage(at, "a page of the entry lies outside")
        pages.append(DirtyPage(offset, data[place : place + length]))
        place += length
    return LogEntry(sequence, bins_size, flags & _TRANSACTIONS, tuple(pages)), size
