"""Validate what an edit changed of a hive, at the cost of what it changed.

The two states are compared byte by byte, and the writer is not asked: so a fault of it is seen wherever it wrote.
Every cell that differs must belong to a key that differs, before and after. Those keys, their lists, values and
descriptors are examined by the rules of the whole validation, and nothing may lead from them to another key's cell.
What cannot be shown so is not called a fault: it is left to the whole validation.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import Severity
from mapiwright.formats.regf.check.validate import BINS, NIL, Examination, WaitingKey
from mapiwright.formats.regf.pages import BLOCK, Pages

if TYPE_CHECKING:
    from collections.abc import Iterable

_PAGE = 4096
_AT_ONCE = 1 << 20  # what is read at once to find bins
_BIN_HEADER = 32
_ROOT = 36  # in the base block
_SHORTEST_KEY = 77
_FLAGS, _PARENT, _SUBKEYS, _SUBKEY_LIST, _MAXIMA, _LENGTHS = 2, 16, 20, 28, 52, 72  # in the payload of a key
_NEXT, _PREVIOUS, _USERS, _DESCRIPTOR = 4, 8, 12, 16  # in the payload of a security record; the size comes first


@dataclass(frozen=True, slots=True)
class ChangeExamination:
    """What came of it: whether the change is shown to be sound, and how many cells were looked at for that."""

    sound: bool
    visited: int


def examine_change(after: Pages) -> ChangeExamination:
    """Whether pages have no error that their source had not; if that is not sound, only ``validate`` can decide.

    The source is taken to be sound where nothing was changed, and only blocks are compared that were brought. Never
    raises.
    """
    old, new = _Side(Pages(after.source, min(after.size, after.source.size))), _Side(after)
    sound = False
    with suppress(_Unclear, struct.error):
        _examine(old, new)
        sound = True
    return ChangeExamination(sound, old.visited + new.visited)


class _Unclear(Exception):  # noqa: N818 - no error: somebody else decides
    """Only the whole validation can decide."""


def _require(condition: object) -> None:
    if not condition:
        raise _Unclear


class _Side(Examination):
    """The hive before the edit, or after it: cells are listed in the bins that changed, and looked up elsewhere."""

    def __init__(self, pages: Pages) -> None:
        pages.bring(0, min(BINS, pages.size))
        super().__init__(pages.buffer)
        self.pages = pages
        self.starts: list[int] = []
        self.lengths: list[int] = []
        self.changed_bins: set[int] = set()
        self.keys_there: set[int] = set()
        self.security_there: set[int] = set()
        self.unlisted: frozenset[int] = frozenset()
        self.children: dict[int, set[int]] = {}

    def find_bins(self, offset: int = 0) -> None:
        """Walk from bin to bin, from ``offset`` on; their cells are not looked at."""
        chunk, first = b"", offset
        while offset < self.size:
            if not chunk or offset + _BIN_HEADER > first + len(chunk):
                chunk, first = self.pages.read(BINS + offset, _AT_ONCE), offset
            mark, own, length = struct.unpack_from("<4sII", chunk, offset - first)
            _require(mark == b"hbin" and own == offset and length and length % _PAGE == 0)
            self.starts.append(offset)
            self.lengths.append(length)
            offset += length
        _require(offset == self.size and BINS + offset <= self.pages.size)

    def bring(self, at: int, length: int) -> None:
        """Have those bytes of the file where they can be looked at."""
        if at + length <= self.pages.size:
            self.pages.bring(at, at + length)

    def list_cells(self, pages: Iterable[int]) -> None:
        """List the cells of the bins that hold one of the pages, by their offsets."""
        for page in pages:
            index = bisect_right(self.starts, page) - 1
            start = self.starts[index]
            if page < self.size and start not in self.changed_bins:
                self.changed_bins.add(start)
                self.bring(BINS + start, self.lengths[index])
                self.cells(start + _BIN_HEADER, start + self.lengths[index])

    def payload(self, offset: int) -> int:
        """The bytes of payload of a cell in use; outside of the changed bins its own size is trusted."""
        if offset in self.used:
            return self.used[offset]
        index = bisect_right(self.starts, offset) - 1
        if index < 0 or offset % 8 or self.starts[index] in self.changed_bins:
            return 0
        start, end = self.starts[index], self.starts[index] + self.lengths[index]
        if not start + _BIN_HEADER <= offset <= end - 8:
            return 0
        self.bring(BINS + offset, 8)
        size = -self.number(offset, -4, "<i")
        if size < 8 or offset + size > end:
            return 0
        self.bring(BINS + offset, size)
        return size - 4

    def number(self, offset: int, field: int, form: str = "<I") -> int:
        """The number at ``field`` of the payload of a cell."""
        self.bring(BINS + offset + 4 + field, 8)
        number: int = struct.unpack_from(form, self.data, BINS + offset + 4 + field)[0]
        return number

    def bytes_of(self, offset: int) -> bytes:
        """A cell with its size."""
        return self.data[BINS + offset : BINS + offset + 4 + self.payload(offset)]

    def sort_out(self, cells: Iterable[int]) -> None:
        """Which of the cells hold keys and which security records."""
        for offset in cells:
            mark = self.data[BINS + offset + 4 : BINS + offset + 6]
            if mark == b"nk" and self.payload(offset) >= _SHORTEST_KEY:
                self.keys_there.add(offset)
            elif mark == b"sk":
                self.security_there.add(offset)

    def lists_of(self, key: int) -> tuple[int, ...]:
        """The cells that list the subkeys of a key."""
        top = self.number(key, _SUBKEY_LIST)
        if not self.number(key, _SUBKEYS) or not self.payload(top):
            return ()
        mark, count = struct.unpack_from("<2sH", self.data, BINS + top + 4)
        if mark != b"ri" or self.payload(top) < 4 + 4 * count:
            return (top,)
        return (top, *struct.unpack_from(f"<{count}I", self.data, BINS + top + 8))

    def examine_keys(self, unlisted: frozenset[int]) -> None:
        """Examine each key that changed; the subkeys of those in ``unlisted`` are as they were."""
        self.unlisted = unlisted
        (root,) = struct.unpack_from("<I", self.data, _ROOT)
        for offset in sorted(self.keys_there):
            above = NIL if offset == root else self.number(offset, _PARENT)
            waiting: list[WaitingKey] = []
            _require(76 + self.number(offset, _LENGTHS, "<H") <= self.payload(offset))
            self.key(WaitingKey(offset, above, self.depth(offset, root)), waiting)
            self.children[offset] = {child.offset for child in waiting}
            _require(all(self.number(child, _PARENT) == offset for child in self.children[offset]))
        _require(not any(fault.severity is Severity.ERROR for fault in self.faults))

    def depth(self, offset: int, root: int) -> int:
        """How deep a key is, the root counted."""
        depth = 1
        while offset != root:
            _require(depth <= 512 and self.payload(offset) >= _SHORTEST_KEY)
            offset, depth = self.number(offset, _PARENT), depth + 1
        return depth

    def subkeys(
        self, key: WaitingKey, count: int, top: int, stored: tuple[int, int], waiting: list[WaitingKey]
    ) -> None:
        """The lists of a key, and of each subkey what concerns its place in them."""
        if key.offset not in self.unlisted:
            super().subkeys(key, count, top, stored, waiting)


def _examine(old: _Side, new: _Side) -> None:
    """Raise _Unclear unless the new side is sound where it differs from the old one."""
    _require(old.is_hive and new.is_hive and old.size <= new.size and old.minor == new.minor)
    _require(old.data[_ROOT : _ROOT + 4] == new.data[_ROOT : _ROOT + 4])
    old.find_bins()
    pages = _differing_pages(old, new)
    beginnings = {*old.starts}
    for page in pages:
        _require(page not in beginnings or _page(old, page)[:12] == _page(new, page)[:12])
    new.starts, new.lengths = [*old.starts], [*old.lengths]
    new.find_bins(old.size)
    for side in (old, new):
        side.list_cells(pages)
    gone = old.used.keys() - new.used.keys()
    fresh = new.used.keys() - old.used.keys()
    changed = {each for each in old.used.keys() & new.used.keys() if old.bytes_of(each) != new.bytes_of(each)}
    old.sort_out(gone | changed)
    new.sort_out(fresh | changed)
    touched = gone | fresh | changed
    unlisted = frozenset(
        key
        for key in old.keys_there & new.keys_there
        if _lists_stand(old, new, key) and touched.isdisjoint(old.lists_of(key))
    )
    for side in (old, new):
        side.examine_keys(unlisted)
    # What changed belongs to a key that changed, and nothing that it has is another key's.
    for side, cells in ((old, gone | changed), (new, fresh | changed)):
        _require(cells <= side.owned | side.keys_there | side.security_there)
    _require(new.owned - old.owned <= fresh)
    # A key that is no longer listed was removed, and a new one is listed.
    _require(set().union(*old.children.values()) <= gone | new.owned)
    for key in new.keys_there:
        _examine_place(old, new, key)
    _examine_security(old, new)


def _differing_pages(old: _Side, new: _Side) -> list[int]:
    """The offsets of the pages of bins that differ, or that only the new side has."""
    found = []
    for at in new.pages.brought():
        start, end = max(at, BINS), min(at + BLOCK, BINS + new.size)
        if start < end and old.pages.read(start, end - start) != new.pages.read(start, end - start):
            pages = range(start - BINS, end - BINS, _PAGE)
            found += [page for page in pages if page >= old.size or _page(old, page) != _page(new, page)]
    return found


def _page(side: _Side, page: int) -> bytes:
    return side.pages.read(BINS + page, _PAGE)


def _lists_stand(old: _Side, new: _Side, key: int) -> bool:
    """Whether the key says of its subkeys what it said before."""
    return all(
        old.number(key, field, "<Q") == new.number(key, field, "<Q") for field in (_SUBKEYS, _SUBKEY_LIST, _MAXIMA)
    )


def _examine_place(old: _Side, new: _Side, key: int) -> None:
    """A key that changed is listed by the key above, or is where it was, under the same name."""
    above = new.number(key, _PARENT)
    if key in new.children.get(above, ()):
        return
    _require(key in old.keys_there and old.number(key, _PARENT) == above)
    _require(old.number(key, _FLAGS, "<H") == new.number(key, _FLAGS, "<H"))
    _require(old.bytes_of(key)[4 + _LENGTHS :] == new.bytes_of(key)[4 + _LENGTHS :])
    is_root = new.data[_ROOT : _ROOT + 4] == struct.pack("<I", key)
    _require(is_root or above not in new.keys_there or above in new.unlisted)


def _examine_security(old: _Side, new: _Side) -> None:
    """Each descriptor counts its keys as before, except for new and removed ones, and the ring is closed."""
    _require(new.security_there <= old.security_there)
    dropped = old.security_there - new.security_there
    for record in old.users.keys() | new.users.keys() | old.security_there:
        counts = [old.number(record, _USERS), 0 if record in dropped else new.number(record, _USERS)]
        _require(old.payload(record) >= 20 and old.bytes_of(record)[4:6] == b"sk")
        _require(counts[1] - counts[0] == new.users.get(record, 0) - old.users.get(record, 0))
        _require((counts[1] == 0) == (record in dropped))
        if record not in dropped:
            _require(new.bytes_of(record)[4 + _DESCRIPTOR :] == old.bytes_of(record)[4 + _DESCRIPTOR :])
    for record in old.security_there:
        after, before = (_neighbour(old, record, field, dropped) for field in (_NEXT, _PREVIOUS))
        for here in (record, after, before):
            if here not in dropped:
                _require(new.payload(here) >= 20 and new.bytes_of(here)[4:6] == b"sk")
        if record in dropped:
            _require(new.number(before, _NEXT) == after and new.number(after, _PREVIOUS) == before)
        else:
            _require((new.number(record, _NEXT), new.number(record, _PREVIOUS)) == (after, before))


def _neighbour(side: _Side, record: int, field: int, dropped: set[int]) -> int:
    """The next record of the ring, or the one before, that is still there."""
    here = side.number(record, field)
    for _ in dropped:
        if here not in dropped:
            break
        here = side.number(here, field)
    return here
