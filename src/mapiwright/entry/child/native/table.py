"""IMAPITable for native code, over the table engine; and what a guest's SRestriction and SSortOrderSet mean."""

from __future__ import annotations

import ctypes
from typing import Any, ClassVar

from mapiwright.entry.child.native import abi
from mapiwright.entry.child.native.com import S_OK, ComObject, World, iid
from mapiwright.entry.child.native.memory import MOST, Refusal, clear, number, put_number, put_pointer
from mapiwright.entry.child.native.trace import Record, shown
from mapiwright.errors import MapiwrightError
from mapiwright.mapi.tables import restriction as r
from mapiwright.mapi.tables.sort_order import SortOrder, SortOrderSet
from mapiwright.mapi.tables.tables import TBL_ALL_COLUMNS, Table

E_INVALID_PARAMETER = 0x80070057
E_TOO_COMPLEX = 0x80040117
E_NO_SUPPORT = 0x80040102
W_POSITION_CHANGED = 0x00040481

DEEPEST = 200
"""How deep a restriction may be nested; its nodes together are bounded as all counts are."""


class _Reader:
    """Reads a restriction; its nodes are counted, so that reading one which contains itself ends."""

    def __init__(self, world: World) -> None:
        self.codec = world.codec
        self.nodes = 0

    def read(self, address: int | None, depth: int = 0) -> r.Restriction:
        if not address:
            raise Refusal(E_INVALID_PARAMETER, "an SRestriction at NULL")
        self.nodes += 1
        if depth > DEEPEST or self.nodes > MOST:
            raise Refusal(E_TOO_COMPLEX, "a restriction of too many parts")
        found = abi.Restriction.from_address(address)
        res = found.res
        match found.rt:
            case 0 | 1:
                return (r.And if found.rt == 0 else r.Or)(self._many(res.both.count, res.both.at, depth))
            case 2:
                return r.Not(self.read(res.negated.at, depth + 1))
            case 3:
                return r.Content(res.content.how, res.content.tag, self._cell(res.content.value))
            case 4:
                return r.Property(res.content.how, res.content.tag, self._cell(res.content.value))
            case 5:
                return r.CompareProps(res.three.first, res.three.second, res.three.third)
            case 6:
                return r.BitMask(res.three.first, res.three.second, res.three.third)
            case 7:
                return r.Size(res.three.first, res.three.second, res.three.third)
            case 8:
                return r.Exist(res.three.second)  # the first is reserved ([sexistrestriction])
            case 9:
                return r.Sub(res.sub.tag, self.read(res.sub.at, depth + 1))
            case 10:
                inner = self.read(res.comment.at, depth + 1) if res.comment.at else None
                return r.Comment(inner)
            case kind:
                raise Refusal(E_INVALID_PARAMETER, f"a restriction of the kind {kind}")

    def _many(self, count: int, at: int | None, depth: int) -> tuple[r.Restriction, ...]:
        if count > MOST or (count and not at):
            raise Refusal(E_INVALID_PARAMETER, f"{count} restrictions")
        size = ctypes.sizeof(abi.Restriction)
        return tuple(self.read((at or 0) + size * index, depth + 1) for index in range(count))

    def _cell(self, address: int | None) -> tuple[int, Any]:
        tag, value = self.codec.property(address or 0)
        if isinstance(value, Refusal):
            raise value
        return tag, value


class TableObject(ComObject):
    """A table that a guest was given."""

    interface: ClassVar[str] = "IMAPITable"
    iids: ClassVar[tuple[bytes, ...]] = (iid(0x20301),)

    def __init__(self, world: World, table: Table) -> None:
        super().__init__(world)
        self.table = table

    def get_status(self, record: Record, status: int, kind: int) -> int:
        """[imapitable-getstatus]."""
        record.quiet()
        for out, value in zip((status, kind), self.table.status(), strict=True):
            put_number(out, int(value))
        return S_OK

    def set_columns(self, record: Record, tags: int, flags: int) -> int:
        """[imapitable-setcolumns]."""
        asked = self.world.codec.tags(tags) or ()
        record.given(tags=[f"{tag:08X}" for tag in asked], flags=flags)
        with _Answered():
            self.table.set_columns(asked, flags)
        return S_OK

    def query_columns(self, record: Record, flags: int, out: int) -> int:
        """[imapitable-querycolumns]."""
        clear(out)
        record.given(flags=flags)
        with _Answered():
            tags = self.table.query_columns(flags & TBL_ALL_COLUMNS)
        put_pointer(out, self.world.codec.write_tags(tags))
        record.got(tags=[f"{tag:08X}" for tag in tags])
        return S_OK

    def get_row_count(self, record: Record, flags: int, out: int) -> int:
        """[imapitable-getrowcount]."""
        record.given(flags=flags)
        with _Answered():
            count = self.table.row_count()
        put_number(out, count)
        record.got(rows=count)
        return S_OK

    def seek_row(self, record: Record, bookmark: int, count: int, out: int) -> int:
        """[imapitable-seekrow]."""
        record.given(bookmark=bookmark, count=count)
        with _Answered():
            sought, answer = self.table.seek_row(bookmark, count)
        put_number(out, sought)
        record.got(sought=sought)
        return int(answer)

    def seek_row_approx(self, record: Record, numerator: int, denominator: int) -> int:
        """[imapitable-seekrowapprox]."""
        record.given(numerator=numerator, denominator=denominator)
        with _Answered():
            self.table.seek_row_approx(numerator, denominator)
        return S_OK

    def query_position(self, record: Record, row: int, numerator: int, denominator: int) -> int:
        """[imapitable-queryposition]."""
        record.quiet()
        for out, value in zip((row, numerator, denominator), self.table.query_position(), strict=True):
            put_number(out, value)
        return S_OK

    def find_row(self, record: Record, wanted: int, origin: int, flags: int) -> int:
        """[imapitable-findrow]."""
        record.given(origin=origin, flags=flags)
        with _Answered():
            return int(self.table.find_row(_Reader(self.world).read(wanted), origin, flags))

    def restrict(self, record: Record, wanted: int, flags: int) -> int:
        """[imapitable-restrict]."""
        record.given(restriction="NULL" if not wanted else "given", flags=flags)
        with _Answered():
            self.table.restrict(_Reader(self.world).read(wanted) if wanted else None, flags)
        return S_OK

    def create_bookmark(self, record: Record, out: int) -> int:
        """[imapitable-createbookmark]."""
        with _Answered():
            made = self.table.create_bookmark()
        put_number(out, made)
        record.got(bookmark=made)
        return S_OK

    def free_bookmark(self, record: Record, bookmark: int) -> int:
        """[imapitable-freebookmark]."""
        record.given(bookmark=bookmark)
        with _Answered():
            self.table.free_bookmark(bookmark)
        return S_OK

    def sort_table(self, record: Record, order: int, flags: int) -> int:
        """[imapitable-sorttable]."""
        count = number(order)
        if count > MOST:
            raise Refusal(E_TOO_COMPLEX, f"{count} sort keys")
        head = abi.SortOrderSet.from_address(order)
        keys = (abi.SortOrder * count).from_address(order + ctypes.sizeof(abi.SortOrderSet))
        wanted = SortOrderSet(
            tuple(SortOrder(key.tag, key.order) for key in keys), categories=head.categories, expanded=head.expanded
        )
        record.given(keys=[f"{key.tag:08X}" for key in keys], flags=flags)
        with _Answered():
            self.table.sort_table(wanted, flags)
        return S_OK

    def query_sort_order(self, record: Record, out: int) -> int:
        """[imapitable-querysortorder]."""
        record.quiet()
        clear(out)
        with _Answered():
            order = self.table.query_sort_order()
        head, each = ctypes.sizeof(abi.SortOrderSet), ctypes.sizeof(abi.SortOrder)
        at = self.world.codec.block(head + each * len(order.sorts))
        ctypes.memmove(at, bytes(abi.SortOrderSet(len(order.sorts), order.categories, order.expanded)), head)
        for index, key in enumerate(order.sorts):
            ctypes.memmove(at + head + each * index, bytes(abi.SortOrder(key.tag, int(key.order))), each)
        put_pointer(out, at)
        return S_OK

    def query_rows(self, record: Record, count: int, flags: int, out: int) -> int:
        """[imapitable-queryrows]; each row is a buffer of its own."""
        clear(out)
        record.given(count=count, flags=flags)
        with _Answered():
            rows = self.table.query_rows(count, flags)
        put_pointer(out, self.world.codec.write_rows(rows))
        record.got(rows=[{f"{tag:08X}": shown(tag, value) for tag, value in cells} for cells in rows])
        return S_OK

    def abort(self, record: Record) -> int:
        """[imapitable-abort]: nothing is under way."""
        record.quiet()
        return S_OK

    def wait_for_completion(self, record: Record, flags: int, timeout: int, status: int) -> int:
        """[imapitable-waitforcompletion]: all is complete."""
        del flags, timeout
        record.quiet()
        put_number(status, int(self.table.status()[0]))
        return S_OK


class _Answered:
    """Turns the engine's errors into what the method answers."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, MapiwrightError):
            raise Refusal(error.hresult, error.what) from error
