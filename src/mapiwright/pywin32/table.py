"""PyIMAPITable: a table of profiles, services or providers ([imapitableiunknown])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from mapiwright.admin.last_error import Remembering, remembered
from mapiwright.errors import UsageError
from mapiwright.mapi.tables.tables import Table, query_all_rows
from mapiwright.pywin32.constants import CONSTANTS
from mapiwright.pywin32.iids import IIDS
from mapiwright.pywin32.restrictions import restriction_of, sort_order_of
from mapiwright.pywin32.unknown import PyIObject
from mapiwright.pywin32.values import bits, row_to_script, tags_of, to_script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mapiwright.mapi.tables.restriction import Restriction
    from mapiwright.mapi.tables.sort_order import SortOrderSet
    from mapiwright.mapi.tables.tables import Notification
    from mapiwright.pywin32.restrictions import Spelled
    from mapiwright.pywin32.sink import PyIMAPIAdviseSink
    from mapiwright.pywin32.values import Pair, Tags

PR_INSTANCE_KEY = 0x0FF60102
PR_NULL = 1

P = ParamSpec("P")
R = TypeVar("R")


class TableView(Remembering):
    """A table with its last error, and the code page that its narrow strings have in scripts."""

    def __init__(self, table: Table, code_page: str) -> None:
        self.table = table
        self.code_page = code_page

    @remembered
    def do(self, action: Callable[Concatenate[Table, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask the table."""
        return action(self.table, *args, **kwargs)


class PyIMAPITable(PyIObject[TableView]):
    """Rows, as (tag, value) pairs in tuples; restrictions and sort orders as in ``restrictions``."""

    interface = IIDS["IID_IMAPITable"]

    def QueryRows(self, rowCount: int, flags: int) -> tuple[tuple[Pair, ...], ...]:
        """The next rows, or those before the cursor for a negative count."""
        return self._rows(self.behind.do(Table.query_rows, rowCount, bits(flags)))

    def GetRowCount(self, flags: int) -> int:
        """How many rows there are."""
        return self.behind.do(Table.row_count, bits(flags))

    def SetColumns(self, propTags: Tags, flags: int) -> None:
        """Choose the columns."""
        self.behind.do(Table.set_columns, tags_of(propTags) or (), bits(flags))

    def QueryColumns(self, flags: int) -> tuple[int, ...]:
        """The tags of the columns."""
        return self.behind.do(Table.query_columns, bits(flags))

    def Restrict(self, restriction: Spelled | None, flags: int) -> None:
        """Show only the rows that the restriction lets through, or all for None."""
        self.behind.do(Table.restrict, self._restriction(restriction), bits(flags))

    def FindRow(self, restriction: Spelled | None, bookmarkOrigin: int, flags: int) -> None:
        """Move the cursor to the next row that the restriction lets through."""
        wanted = self._restriction(restriction)
        if wanted is None:
            raise UsageError("FindRow was given no restriction")
        self.behind.do(Table.find_row, wanted, bookmarkOrigin, bits(flags))

    def SortTable(self, sortOrderSet: Spelled | None, flags: int) -> None:
        """Order the rows."""
        order = self._order(sortOrderSet)
        if order is None:
            raise UsageError("SortTable was given no order")
        self.behind.do(Table.sort_table, order, bits(flags))

    def QuerySortOrder(self) -> tuple[tuple[tuple[int, int], ...], int, int]:
        """The sort order, spelled as SortTable takes it; ours."""
        order = self.behind.do(Table.query_sort_order)
        return tuple((key.tag, key.order) for key in order.sorts), order.categories, order.expanded

    def SeekRow(self, bookmark: int, rowCount: int) -> int:
        """Move the cursor from a bookmark; the rows that it went."""
        sought, _ = self.behind.do(Table.seek_row, bookmark, rowCount)
        return sought

    def SeekRowApprox(self, numerator: int, denominator: int) -> None:
        """Move the cursor to a fraction of the table."""
        self.behind.do(Table.seek_row_approx, numerator, denominator)

    def QueryPosition(self) -> list[int]:
        """The row of the cursor, and it as numerator and denominator."""
        return list(self.behind.do(Table.query_position))

    def CreateBookmark(self) -> int:
        """A bookmark at the cursor."""
        return self.behind.do(Table.create_bookmark)

    def FreeBookmark(self, bookmark: int) -> None:
        """Give a bookmark up."""
        self.behind.do(Table.free_bookmark, bookmark)

    def GetStatus(self) -> list[int]:
        """The status and the type of the table."""
        return [int(number) for number in self.behind.do(Table.status)]

    def Abort(self) -> None:
        """Nothing: nothing is ever under way."""

    def Advise(self, eventMask: int, adviseSink: PyIMAPIAdviseSink) -> int:
        """Notify a sink of rows that come, change and go; returns the connection."""

        def report(notification: Notification) -> None:
            adviseSink.behind.notify(((CONSTANTS["fnevTableModified"], self._reported(notification)),))

        return self.behind.do(Table.advise, report, bits(eventMask))

    def Unadvise(self, handle: int) -> None:
        """End a connection."""
        self.behind.do(Table.unadvise, handle)

    def query_all(
        self, properties: Tags, restrictions: Spelled | None, order: Spelled | None, most: int
    ) -> tuple[tuple[Pair, ...], ...]:
        """What HrQueryAllRows does ([hrqueryallrows]); ours."""
        restriction = self._restriction(restrictions)
        return self._rows(self.behind.do(query_all_rows, tags_of(properties), restriction, self._order(order), most))

    def _restriction(self, spelled: Spelled | None) -> Restriction | None:
        return None if spelled is None else restriction_of(spelled, self.behind.code_page)

    def _order(self, spelled: Spelled | None) -> SortOrderSet | None:
        return None if spelled is None else sort_order_of(spelled)

    def _rows(self, rows: Sequence[tuple[Pair, ...]]) -> tuple[tuple[Pair, ...], ...]:
        return tuple(row_to_script(row, self.behind.code_page) for row in rows)

    def _reported(self, notification: Notification) -> tuple[int, int, Pair, Pair, tuple[Pair, ...]]:
        prior = (PR_NULL, 0) if notification.prior is None else (PR_INSTANCE_KEY, notification.prior)
        code_page = self.behind.code_page
        return (
            int(notification.event),
            0,
            (PR_INSTANCE_KEY, notification.index),
            to_script(prior, code_page),
            row_to_script(notification.row, code_page),
        )
