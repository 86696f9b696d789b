"""MAPI tables: an IMAPITable's view over rows, with its cursor, bookmarks and notifications (mapi.md 7).

A table returns the rows that its restriction lets through, in its sort order, cut to its columns. All is synchronous:
TBL_NOWAIT and TBL_BATCH are accepted, but nothing is deferred. Each method says what the pages leave open.
Failures are CallError or UsageError with the HRESULT of the page; no call changes a thing when it fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import TYPE_CHECKING, Final

from mapiwright.errors import CallError, NotFoundError, UsageError
from mapiwright.mapi.tables.bookmarks import BOOKMARK_BEGINNING, BOOKMARK_CURRENT, Bookmarks
from mapiwright.mapi.tables.restriction import predicate
from mapiwright.mapi.tables.row import (
    MV_INSTANCE,
    PR_INSTANCE_KEY,
    TableRow,
    cell,
    checked_tag,
    in_width,
    too_complex,
)
from mapiwright.mapi.tables.sort_order import SortOrderSet, checked_order, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.tables.bookmarks import Position, Success
    from mapiwright.mapi.tables.restriction import Restriction
    from mapiwright.mapi.tables.row import Cell, Row, TagNames

# H:MAPIDefS.h. Each method has flags of its own.
TBL_ALL_COLUMNS: Final = 1  # query_columns
TBL_NOADVANCE: Final = 1  # query_rows
DIR_BACKWARD: Final = 1  # find_row
TBL_NOWAIT: Final = 1  # set_columns, restrict, sort_table; TBL_ASYNC on the pages
TBL_BATCH: Final = 2
FNEV_TABLE_MODIFIED: Final = 0x100  # advise

MAPI_E_UNKNOWN_FLAGS: Final = 0x80040106
MAPI_E_TABLE_TOO_BIG: Final = 0x80040403
TBLSTAT_COMPLETE: Final = 0


class TableType(IntEnum):
    """TBLTYPE_*: what reaches the view of later changes to its data ([imapitable-getstatus])."""

    SNAPSHOT = 0
    """Nothing; sinks are notified all the same ([types-of-tables])."""
    DYNAMIC = 2
    """Everything."""


class TableEvent(IntEnum):
    """The events that a table raises ([table_notification])."""

    ROW_ADDED = 3
    ROW_DELETED = 4
    ROW_MODIFIED = 5


@dataclass(frozen=True, slots=True)
class Notification:
    """What a sink is notified of ([table_notification]).

    ``index`` is the PR_INSTANCE_KEY of the row, ``prior`` that of the row before it, None for the first row and for
    a deleted one; ``row`` is empty for a deleted one.
    """

    event: TableEvent
    index: bytes
    prior: bytes | None
    row: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A row of the table's data and the key by which its view knows it."""

    key: bytes
    row: Row


class Table:
    """A view of rows: columns, restriction, sort order, cursor, bookmarks ([imapitableiunknown]).

    ``columns`` is the default column set; with ``unicode`` (MAPI_UNICODE at open) its strings, and those of ``sort``,
    are PT_UNICODE, else PT_STRING8, until set_columns and sort_table. ``sort`` is the default order; rows that
    compare equal, or all without it, stay in the order given. A row without PR_INSTANCE_KEY gets one of 16
    bytes, which no other row of this view ever has. ``names`` lets rows be read by the names of properties.

    Iterating gives a TableRow for each row of the view as it is then, and moves no cursor; ``len`` is the row count.

    The owner of the data reports later changes with insert, modify and delete. A dynamic view shows them; a snapshot
    keeps showing what it had. Sinks are notified in both cases.
    """

    def __init__(
        self,
        columns: Sequence[int],
        rows: Iterable[Row] = (),
        *,
        unicode: bool = True,
        sort: SortOrderSet | None = None,
        kind: TableType = TableType.SNAPSHOT,
        names: TagNames | None = None,
    ) -> None:
        self._unicode = unicode
        self._defaults = tuple(in_width(tag, unicode=unicode) for tag in _checked_columns(columns))
        self._columns = self._defaults
        self._default_sort = checked_order(sort or SortOrderSet()).in_width(unicode=unicode)
        self._sort = self._default_sort
        self._kind = kind
        self._names = names
        self._matches: Callable[[Row], bool] | None = None
        self._keys: set[bytes] = set()
        self._made = 0
        self._data = [self._line(row) for row in rows]
        self._shown = self._data
        self._bookmarks = Bookmarks()
        self._sinks: dict[int, Callable[[Notification], None]] = {}
        self._last_connection = 0
        self._view = self._arranged(self._shown)

    def __iter__(self) -> Iterator[TableRow]:
        return iter([TableRow(self._cells(line), self._names) for line in self._view])

    def __len__(self) -> int:
        return len(self._view)

    def __bool__(self) -> bool:
        """A table is a table, whatever it holds."""
        return True

    def __repr__(self) -> str:
        name = self._names.name_of if self._names is not None else "{:08X}".format
        return f"<Table of {len(self)} rows: {', '.join(map(name, self._columns))}>"

    def status(self) -> tuple[int, TableType]:
        """The status, always TBLSTAT_COMPLETE, and the type of the table ([imapitable-getstatus])."""
        return TBLSTAT_COMPLETE, self._kind

    # Columns

    def set_columns(self, tags: Sequence[int], flags: int = 0) -> None:
        """Choose the columns and their order ([imapitable-setcolumns]).

        Any property may be a column; a cell says when its row does not have one. PR_NULL keeps a slot free.
        Raises UsageError for an empty set and CallError (MAPI_E_TOO_COMPLEX) for MVI_FLAG, which would multiply rows
        ([working-with-multivalued-columns]).
        """
        _check_flags(flags, TBL_NOWAIT | TBL_BATCH)
        self._columns = _checked_columns(tags)

    def query_columns(self, flags: int = 0) -> tuple[int, ...]:
        """The columns; with TBL_ALL_COLUMNS all that there are ([imapitable-querycolumns]).

        These are the default ones, and all others that the rows have.
        """
        _check_flags(flags, TBL_ALL_COLUMNS)
        if not flags:
            return self._columns
        held = (in_width(tag, unicode=self._unicode) for line in self._shown for tag in line.row)
        return tuple(dict.fromkeys((*self._defaults, *held)))

    # Rows

    def row_count(self, flags: int = 0) -> int:
        """How many rows the restriction lets through ([imapitable-getrowcount])."""
        _check_flags(flags, 0)
        return len(self._view)

    def query_rows(self, count: int, flags: int = 0) -> tuple[tuple[Cell, ...], ...]:
        """At most ``count`` rows from the cursor on; for a negative count, those before it ([imapitable-queryrows]).

        Rows come in forward order either way. The cursor ends behind the last row returned, which after a negative
        count is where it was; with TBL_NOADVANCE it ends at the first one, so that is how to page backwards.
        Raises UsageError for a count of zero.
        """
        _check_flags(flags, TBL_NOADVANCE)
        if not _checked_number(count):
            raise UsageError("no rows were asked for", expected="a count that is not zero")
        here = self._bookmarks.cursor
        start = max(0, here + count) if count < 0 else here
        found = self._view[start : here if count < 0 else here + count]
        self._bookmarks.move(start if flags else start + len(found))
        return tuple(self._cells(line) for line in found)

    # The cursor

    def query_position(self) -> tuple[int, int, int]:
        """The zero-based row at the cursor, and it as numerator and denominator ([imapitable-queryposition]).

        Behind the last row all three are the row count; the denominator of an empty table is 1.
        """
        return self._bookmarks.cursor, self._bookmarks.cursor, max(1, len(self._view))

    def seek_row(self, origin: int, count: int) -> tuple[int, Success]:
        """Move the cursor ``count`` rows from a bookmark; the rows moved, with sign ([imapitable-seekrow])."""
        _checked_number(count)
        place = self._place(origin)
        start = place.index
        target = min(max(0, start + count), len(self._view))
        return target - start, self._bookmarks.go(place, target)

    def seek_row_approx(self, numerator: int, denominator: int) -> None:
        """Move the cursor to a fraction of the table, rounded down to a row ([imapitable-seekrowapprox])."""
        if min(_checked_number(numerator), _checked_number(denominator)) < 0 or not denominator:
            raise UsageError("this is no fraction of a table", expected="a denominator that is not zero")
        self._bookmarks.move(len(self._view) * min(numerator, denominator) // denominator)

    def find_row(self, restriction: Restriction, origin: int = BOOKMARK_CURRENT, flags: int = 0) -> Success:
        """Move the cursor to the next row that ``restriction`` lets through ([imapitable-findrow]).

        The row at ``origin`` is the first one tried; with DIR_BACKWARD it is the row before it. Raises NotFoundError,
        with the cursor where it was, if there is none.
        """
        _check_flags(flags, DIR_BACKWARD)
        matches = predicate(restriction)
        place = self._place(origin)
        for index in range(place.index - 1, -1, -1) if flags else range(place.index, len(self._view)):
            if matches(self._view[index].row):
                return self._bookmarks.go(place, index)
        raise NotFoundError("no row of the table is like that")

    def create_bookmark(self) -> int:
        """A bookmark for the row at the cursor, which it follows, or for the end ([imapitable-createbookmark])."""
        return self._bookmarks.create()

    def free_bookmark(self, bookmark: int) -> None:
        """Give a bookmark up; the three predefined ones are left in peace ([imapitable-freebookmark])."""
        self._bookmarks.free(_checked_number(bookmark))

    # The view

    def restrict(self, restriction: Restriction | None, flags: int = 0) -> None:
        """Let only rows through that ``restriction`` matches, or all for None ([imapitable-restrict]).

        All bookmarks are dropped, and the cursor goes to the beginning.
        """
        _check_flags(flags, TBL_NOWAIT | TBL_BATCH)
        self._matches = None if restriction is None else predicate(restriction)
        self._restart()

    def sort_table(self, order: SortOrderSet, flags: int = 0) -> None:
        """Order the rows; no keys ask for the default order again ([imapitable-sorttable]).

        All bookmarks are dropped, and the cursor goes to the beginning.
        """
        _check_flags(flags, TBL_NOWAIT | TBL_BATCH)
        order = checked_order(order)
        self._sort = order if order.sorts else self._default_sort
        self._restart()

    def query_sort_order(self) -> SortOrderSet:
        """The sort order in effect, without keys where rows stay as they were given ([imapitable-querysortorder])."""
        return self._sort

    # Notification

    def advise(self, sink: Callable[[Notification], None], events: int = FNEV_TABLE_MODIFIED) -> int:
        """Have ``sink`` called for rows of this view that come, change and go; the connection ([imapitable-advise]).

        It is called while the row is inserted, modified or deleted, when that is done.
        """
        if events != FNEV_TABLE_MODIFIED or not callable(sink):
            raise UsageError("this is no subscription to a table", expected="a callable and fnevTableModified")
        self._last_connection += 1
        self._sinks[self._last_connection] = sink
        return self._last_connection

    def unadvise(self, connection: int) -> None:
        """Cancel what ``advise`` began ([imapitable-unadvise])."""
        if _checked_number(connection) not in self._sinks:
            raise UsageError("there is no such connection to the table")
        del self._sinks[connection]

    # The data's side

    def insert(self, row: Row, after: bytes | None = None) -> bytes:
        """The data has a new row behind that with the PR_INSTANCE_KEY ``after``, or else at the end; its own key."""
        line = self._line(row)
        index = next((place + 1 for place, old in enumerate(self._data) if old.key == after), len(self._data))
        self._change(line.key, [*self._data[:index], line, *self._data[index:]])
        return line.key

    def modify(self, key: bytes, row: Row) -> None:
        """The row with the PR_INSTANCE_KEY ``key`` has other values, for which a restriction may show or hide it."""
        self._check_known(key)
        line = _Line(key, {**_checked_row(row), PR_INSTANCE_KEY: key})
        self._change(key, [line if old.key == key else old for old in self._data])

    def delete(self, key: bytes) -> None:
        """The row with the PR_INSTANCE_KEY ``key`` was removed from the data."""
        self._check_known(key)
        self._change(key, [old for old in self._data if old.key != key])

    # How it is done

    def _line(self, row: Row) -> _Line:
        row = _checked_row(row)
        if PR_INSTANCE_KEY not in row:
            self._made = next(made for made in count(self._made + 1) if _instance_key(made) not in self._keys)
            row[PR_INSTANCE_KEY] = _instance_key(self._made)
        key = row[PR_INSTANCE_KEY]
        if not isinstance(key, bytes) or key in self._keys:
            raise UsageError("a PR_INSTANCE_KEY that another row of the table has", expected="one of its own")
        self._keys.add(key)
        return _Line(key, row)

    def _check_known(self, key: bytes) -> None:
        if not any(line.key == key for line in self._data):
            raise NotFoundError("no row of the table has that PR_INSTANCE_KEY")

    def _arranged(self, lines: Sequence[_Line]) -> list[_Line]:
        matches = self._matches
        chosen = [line for line in lines if matches(line.row)] if matches else lines
        return in_order(chosen, self._sort, lambda line: line.row)

    def _restart(self) -> None:
        self._view = self._arranged(self._shown)
        self._bookmarks.restart()

    def _change(self, key: bytes, data: list[_Line]) -> None:
        """The data is ``data`` now, in which at most the row ``key`` differs from what it was."""
        before, after = self._arranged(self._data), self._arranged(data)
        self._data = data
        if self._kind is TableType.DYNAMIC:
            self._bookmarks.follow([line.key for line in self._view], [line.key for line in after])
            self._shown, self._view = data, after
        was = any(line.key == key for line in before)
        index = next((place for place, line in enumerate(after) if line.key == key), None)
        # [about-table-notifications]: of rows that the restriction hides, nothing is said.
        if index is not None:
            prior = after[index - 1].key if index else None
            event = TableEvent.ROW_MODIFIED if was else TableEvent.ROW_ADDED
            self._report(Notification(event, key, prior, self._cells(after[index])))
        elif was:
            self._report(Notification(TableEvent.ROW_DELETED, key, None, ()))

    def _report(self, notification: Notification) -> None:
        for sink in tuple(self._sinks.values()):
            sink(notification)

    def _cells(self, line: _Line) -> tuple[Cell, ...]:
        return tuple(cell(line.row, tag, unicode=self._unicode) for tag in self._columns)

    def _place(self, bookmark: int) -> Position:
        return self._bookmarks.place(_checked_number(bookmark), len(self._view))


def query_all_rows(
    table: Table,
    columns: Sequence[int] | None = None,
    restriction: Restriction | None = None,
    sort: SortOrderSet | None = None,
    most: int = 0,
) -> tuple[tuple[Cell, ...], ...]:
    """All rows of ``table`` as the columns, restriction and sort order show them; None leaves the table's own.

    What is given stays set in the table, as with HrQueryAllRows ([hrqueryallrows]). Raises CallError with
    MAPI_E_TABLE_TOO_BIG if there are more than ``most`` rows, where zero is no limit. The page's PT_NULL for what a
    row does not have is the PT_ERROR of [imapitable-queryrows] here, which is what callers test for.
    """
    if _checked_number(most) < 0:
        raise UsageError("fewer than no rows were asked for", expected="zero or the most rows to return")
    if columns is not None:
        table.set_columns(columns, TBL_BATCH)
    if restriction is not None:
        table.restrict(restriction, TBL_BATCH)
    if sort is not None:
        table.sort_table(sort, TBL_BATCH)
    rows = table.row_count()
    if most and rows > most:
        raise CallError(f"the table has {rows} rows", hresult=MAPI_E_TABLE_TOO_BIG, expected=f"at most {most}")
    table.seek_row(BOOKMARK_BEGINNING, 0)
    return table.query_rows(rows) if rows else ()


def _instance_key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def _checked_row(row: object) -> dict[int, PropertyValue]:
    if not isinstance(row, Mapping):
        raise UsageError("this is no row", expected="a mapping of property tags to values")
    return {checked_tag(tag): value for tag, value in row.items()}


def _checked_columns(tags: object) -> tuple[int, ...]:
    if not isinstance(tags, Sequence) or not tags:
        raise UsageError("every table has at least one column", expected="a sequence of property tags")
    columns = tuple(checked_tag(tag) for tag in tags)
    if any(tag & MV_INSTANCE for tag in columns):
        raise too_complex("this table keeps the values of a list in one row")
    return columns


def _checked_number(number: object) -> int:
    if isinstance(number, int) and -(1 << 31) <= number < 1 << 32:
        return number
    raise UsageError("a number that no table takes", expected="a number of 32 bits")


def _check_flags(flags: object, known: int) -> None:
    if _checked_number(flags) & ~known:
        raise CallError("flags that this call does not know", hresult=MAPI_E_UNKNOWN_FLAGS)
