"""Laws of tables: a naive table agrees on any walk; sorting permutes and is stable; reading loses nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mapiwright.errors import CallError, MapiwrightError, NotFoundError
from mapiwright.mapi.tables import restriction as res
from mapiwright.mapi.tables import tables
from mapiwright.mapi.tables.bookmarks import BOOKMARK_BEGINNING, MAPI_E_INVALID_BOOKMARK, Success
from mapiwright.mapi.tables.row import PR_INSTANCE_KEY, PR_NULL
from mapiwright.mapi.tables.sort_order import Direction, SortOrder, SortOrderSet
from mapiwright.mapi.tables.tables import Table, TableEvent, TableType, query_all_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.mapi.tables.restriction import Restriction
    from mapiwright.mapi.tables.row import Cell, Row
    from mapiwright.mapi.tables.tables import Notification

NAME_A, NAME_W, NAME = 0x3001001E, 0x3001001F, 0x30010000
TYPE, DEFAULT, UID, FILES, MARK = 0x3E030003, 0x3D04000B, 0x3D0C0102, 0x3D0F101F, 0x66FF0003
END = -1
"""Where the naive table's cursor stands behind the last row; elsewhere it stands on a row's mark."""

PROPERTIES: dict[int, st.SearchStrategy[Any]] = {
    NAME_W: st.sampled_from(("", "Anna", "anna", "Bob", "bob", "Żaba")),
    TYPE: st.sampled_from((33, 35, 36, -1, 0xFFFFFFFF)),
    DEFAULT: st.booleans(),
    UID: st.sampled_from((b"\0", b"\xff", b"uid", b"UID")),
    FILES: st.sampled_from(((), ("a",), ("a", "b"), ("B",))),
}
ROWS = st.fixed_dictionaries({}, optional=PROPERTIES)
COLUMNS = st.lists(
    st.sampled_from((NAME_A, NAME_W, NAME, TYPE, DEFAULT, UID, FILES, FILES - 1, 0x3D0F0000, 0x66000003, PR_NULL)),
    min_size=1,
    max_size=5,
)
KEYS = st.builds(SortOrder, st.sampled_from((NAME_A, NAME_W, TYPE, DEFAULT, UID, FILES)), st.sampled_from((0, 1)))
ORDERS = st.lists(KEYS, max_size=3).map(lambda keys: SortOrderSet(tuple(keys)))
FILTERS: list[tuple[Restriction, Callable[[Row], bool]]] = [
    (res.Exist(NAME_A), lambda row: NAME_W in row),
    (res.Not(res.Exist(TYPE)), lambda row: TYPE not in row),
    (res.And(()), lambda _: True),
    (res.Or(()), lambda _: False),
    (res.Property(res.Relation.EQ, TYPE, (TYPE, 36)), lambda row: row.get(TYPE) == 36),
    (res.Property(res.Relation.GE, NAME_W, (NAME_W, "b")), lambda row: str(row.get(NAME_W, "")).lower() >= "b"),
    (res.Property(res.Relation.EQ, DEFAULT, (DEFAULT, True)), lambda row: row.get(DEFAULT) is True),
    (res.Content(res.FL_PREFIX, UID, (UID, b"u")), lambda row: str(row.get(UID)).startswith("b'u")),
    (
        res.Property(res.Relation.EQ, FILES, (FILES & ~0x1000, "b")),
        lambda row: row.get(FILES) in {("a", "b"), ("B",)},
    ),
]
RESTRICTIONS = st.sampled_from(FILTERS)


def cells(row: Row, columns: list[int], width: int) -> tuple[Cell, ...]:
    """What the pages say a row looks like; strings of no stated type in ``width``."""

    def one(tag: int) -> Cell:
        if tag == PR_NULL:
            return PR_NULL, 0
        for held, value in row.items():
            text = held & 0xEFFF in {NAME_W & 0xEFFF, NAME_A & 0xEFFF} or held == FILES
            if held == tag or (text and held == tag | 1):
                return tag, value
            if held >> 16 == tag >> 16 and tag & 0xFFFF == 0:
                return (held & ~1) | width if text else held, value
        return (tag >> 16) * 0x10000 + 0xA, 0x8004010F

    return tuple(one(tag) for tag in columns)


def goes_before(one: Row, other: Row, order: SortOrderSet) -> bool:
    for key in order.sorts:
        first, second = (row.get(NAME_W if key.tag == NAME_A else key.tag) for row in (one, other))
        if first is None or second is None:
            if (first is None) != (second is None):
                return second is None
            continue
        low, high = sorted((first, second), key=plain)
        if plain(low) != plain(high):
            return first == (high if key.order else low)
    return False


def plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return value.lower() if isinstance(value, str) else -1 if value == 0xFFFFFFFF else value


@dataclass
class Bookmark:
    at: int
    changed: bool = False


class NaiveTable:
    """The pages once more, with lists built anew at every question and positions told by rows, not by numbers."""

    def __init__(self, rows: list[Row], sort: SortOrderSet, kind: TableType) -> None:
        self.data = list(rows)
        self.kept = list(rows) if kind == TableType.SNAPSHOT else None
        self.default = self.sort = sort
        self.holds: Callable[[Row], bool] = lambda _: True
        self.bookmarks: dict[int, Bookmark] = {}
        self.cursor = Bookmark(END)
        self.stand(0)

    def arranged(self, rows: list[Row]) -> list[Row]:
        result: list[Row] = []
        for row in filter(self.holds, rows):
            later = [place for place, other in enumerate(result) if goes_before(row, other, self.sort)]
            result.insert(min(later, default=len(result)), row)
        return result

    def view(self) -> list[Row]:
        return self.arranged(self.data if self.kept is None else self.kept)

    def marks(self) -> list[int]:
        return [mark(row) for row in self.view()]

    def number(self, bookmark: Bookmark) -> int:
        return [*self.marks(), END].index(bookmark.at)

    def stand(self, number: int) -> None:
        marks = self.marks()
        self.cursor = Bookmark(marks[number] if number < len(marks) else END)

    def use(self, origin: int) -> tuple[int, bool]:
        if origin in {0, 2}:
            return len(self.view()) if origin else 0, False
        bookmark = self.cursor if origin == 1 else self.bookmarks[origin]
        return self.number(bookmark), bookmark.changed

    def change(self, data: list[Row]) -> list[tuple[TableEvent, int, int | None]]:
        """Take the data as it is now; what the sinks are to be told of it."""
        before, old = self.arranged(self.data), self.marks()
        self.data = data
        new = self.marks()
        for bookmark in (self.cursor, *self.bookmarks.values()):
            if bookmark.at == END:
                added = [m for m in new[-1:] if m not in old]
                bookmark.at = added[0] if added and len(new) > len(old) else END
                continue
            bookmark.changed |= bookmark.at not in new
            bookmark.at = next((m for m in old[old.index(bookmark.at) :] if m in new), END)
        were, are = [mark(row) for row in before], [mark(row) for row in self.arranged(data)]
        gone = [(TableEvent.ROW_DELETED, m, None) for m in were if m not in are]
        come = [(TableEvent.ROW_ADDED, m, p) for p, m in zip([None, *are], are, strict=False) if m not in were]
        return gone + come

    def modified(self, number: int) -> tuple[TableEvent, int, int | None]:
        are = [mark(row) for row in self.arranged(self.data)]
        return TableEvent.ROW_MODIFIED, number, [None, *are][are.index(number)]


def mark(row: Row) -> int:
    number = row[MARK]
    assert isinstance(number, int)
    return number


class Walk(RuleBasedStateMachine):
    """Any walk through a table, beside the naive one."""

    @initialize(
        rows=st.lists(ROWS, max_size=7),
        columns=COLUMNS,
        sort=ORDERS,
        kind=st.sampled_from(TableType),
        unicode=st.booleans(),
    )
    def open(self, rows: list[Row], columns: list[int], sort: SortOrderSet, kind: TableType, unicode: bool) -> None:
        marked: list[Row] = [{**row, MARK: number} for number, row in enumerate(rows)]
        self.width = int(unicode)
        self.table = Table([MARK, *columns], marked, unicode=unicode, sort=sort, kind=kind)
        self.naive = NaiveTable(marked, sort, kind)
        strings = {NAME_A, NAME_W, FILES, FILES - 1}
        self.columns = [MARK, *((tag & ~1) | self.width if tag in strings else tag for tag in columns)]
        assert self.table.query_columns() == tuple(self.columns)
        self.keys = [number.to_bytes(16, "big") for number in range(1, len(rows) + 1)]
        self.heard: list[Notification] = []
        self.connection = self.table.advise(self.heard.append)

    def expected(self, rows: list[Row]) -> tuple[tuple[Cell, ...], ...]:
        return tuple(cells(row, self.columns, self.width) for row in rows)

    @rule(count=st.integers(-9, 9).filter(bool), stay=st.booleans())
    def query_rows(self, count: int, stay: bool) -> None:
        here, view = self.naive.use(1)[0], self.naive.view()
        rows = [row for n, row in enumerate(view) if (here <= n < here + count) or (here + count <= n < here)]
        found = self.table.query_rows(count, tables.TBL_NOADVANCE if stay else 0)
        assert found == self.expected(rows)
        if count > 0:
            self.naive.stand(here if stay else here + len(rows))
        else:
            self.naive.stand(here - len(rows) if stay else here)

    @rule(data=st.data(), count=st.integers(-9, 9))
    def seek_row(self, data: st.DataObject, count: int) -> None:
        origin = data.draw(st.sampled_from((0, 1, 2, *self.naive.bookmarks)))
        start, changed = self.naive.use(origin)
        target = sorted((0, start + count, len(self.naive.view())))[1]
        assert self.table.seek_row(origin, count) == (target - start, Success.POSITION_CHANGED * changed)
        self.arrive(origin, target)

    @rule(numerator=st.integers(0, 12), denominator=st.integers(1, 10))
    def seek_row_approx(self, numerator: int, denominator: int) -> None:
        self.table.seek_row_approx(numerator, denominator)
        rows = len(self.naive.view())
        self.naive.stand(min(rows, int(rows * numerator / denominator + 1e-9)))

    @rule(data=st.data(), pair=RESTRICTIONS, backward=st.booleans())
    def find_row(self, data: st.DataObject, pair: tuple[Restriction, Callable[[Row], bool]], backward: bool) -> None:
        origin = data.draw(st.sampled_from((0, 1, 2, *self.naive.bookmarks)))
        start, changed = self.naive.use(origin)
        matching = [number for number, row in enumerate(self.naive.view()) if pair[1](row)]
        found = [n for n in matching if n < start][-1:] if backward else [n for n in matching if n >= start][:1]
        if found:
            flags = tables.DIR_BACKWARD if backward else 0
            assert self.table.find_row(pair[0], origin, flags) == Success.POSITION_CHANGED * changed
            self.arrive(origin, found[0])
        else:
            with pytest.raises(NotFoundError):
                self.table.find_row(pair[0], origin, int(backward))

    def arrive(self, origin: int, target: int) -> None:
        if origin in self.naive.bookmarks:
            self.naive.bookmarks[origin].changed = False
        self.naive.stand(target)

    @rule()
    def create_bookmark(self) -> None:
        bookmark = self.table.create_bookmark()
        assert bookmark not in {0, 1, 2, *self.naive.bookmarks}
        self.naive.bookmarks[bookmark] = Bookmark(self.naive.cursor.at)

    @precondition(lambda self: self.naive.bookmarks)
    @rule(data=st.data())
    def free_bookmark(self, data: st.DataObject) -> None:
        bookmark = data.draw(st.sampled_from(sorted(self.naive.bookmarks)))
        self.table.free_bookmark(bookmark)
        del self.naive.bookmarks[bookmark]
        self.is_gone(bookmark)

    def is_gone(self, bookmark: int) -> None:
        for use in (
            lambda: self.table.free_bookmark(bookmark),
            lambda: self.table.seek_row(bookmark, 0),
            lambda: self.table.find_row(res.And(()), bookmark),
        ):
            with pytest.raises(CallError) as caught:
                use()
            assert caught.value.hresult == MAPI_E_INVALID_BOOKMARK

    @rule(pair=RESTRICTIONS | st.none())
    def restrict(self, pair: tuple[Restriction, Callable[[Row], bool]] | None) -> None:
        self.table.restrict(pair[0] if pair else None, tables.TBL_BATCH)
        self.naive.holds = pair[1] if pair else lambda _: True
        self.drop_bookmarks()

    @rule(order=ORDERS)
    def sort_table(self, order: SortOrderSet) -> None:
        self.table.sort_table(order, tables.TBL_NOWAIT)
        self.naive.sort = order if order.sorts else self.naive.default
        self.drop_bookmarks()

    def drop_bookmarks(self) -> None:
        dropped = list(self.naive.bookmarks)
        self.naive.bookmarks = {}
        for bookmark in dropped:
            self.is_gone(bookmark)
        self.naive.stand(0)

    @rule(columns=COLUMNS)
    def set_columns(self, columns: list[int]) -> None:
        self.columns = columns
        self.table.set_columns(columns)
        assert self.table.query_columns() == tuple(columns)

    @rule(row=ROWS, data=st.data())
    def insert(self, row: Row, data: st.DataObject) -> None:
        after = data.draw(
            st.sampled_from([mark(old) for old in self.naive.data]) | st.none() if self.naive.data else st.none()
        )
        row = {**row, MARK: len(self.keys)}
        self.keys.append(self.table.insert(row, None if after is None else self.keys[after]))
        rows = self.naive.data
        place = len(rows) if after is None else [mark(old) for old in rows].index(after) + 1
        self.hears(self.naive.change([*rows[:place], row, *rows[place:]]))

    @precondition(lambda self: self.naive.data)
    @rule(row=ROWS, data=st.data())
    def modify(self, row: Row, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([mark(old) for old in self.naive.data]))
        row = {**row, MARK: number}
        self.table.modify(self.keys[number], row)
        told = self.naive.change([row if mark(old) == number else old for old in self.naive.data])
        shown = any(mark(each) == number for each in self.naive.arranged(self.naive.data))
        self.hears(told or ([self.naive.modified(number)] if shown else []))

    @precondition(lambda self: self.naive.data)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([mark(old) for old in self.naive.data]))
        self.table.delete(self.keys[number])
        self.hears(self.naive.change([old for old in self.naive.data if mark(old) != number]))

    def hears(self, told: list[tuple[TableEvent, int, int | None]]) -> None:
        known = {mark(row): row for row in self.naive.data}
        assert [(n.event, n.index, n.prior, n.row) for n in self.heard] == [
            (
                event,
                self.keys[number],
                None if prior is None else self.keys[prior],
                () if event == TableEvent.ROW_DELETED else cells(known[number], self.columns, self.width),
            )
            for event, number, prior in told
        ]
        self.heard.clear()

    @rule()
    def read_all(self) -> None:
        assert query_all_rows(self.table) == self.expected(self.naive.view())
        self.naive.stand(len(self.naive.view()))

    @invariant()
    def positions_agree(self) -> None:
        if hasattr(self, "table"):
            rows, here = len(self.naive.view()), self.naive.use(1)[0]
            assert self.table.row_count() == rows
            assert self.table.query_position() == (here, here, rows or 1)
            assert self.table.query_sort_order().sorts == tuple(
                SortOrder((key.tag & ~1) | self.width if key.tag & ~1 in {NAME_A, FILES - 1} else key.tag, key.order)
                if self.naive.sort is self.naive.default
                else key
                for key in self.naive.sort.sorts
            )


TestAnyWalkAgreesWithTheNaiveTable = Walk.TestCase


@given(st.lists(ROWS, max_size=12), ORDERS)
def test_sorting_permutes_and_is_stable(rows: list[Row], order: SortOrderSet) -> None:
    table = Table([MARK], [{**row, MARK: number} for number, row in enumerate(rows)])
    found = [number for row in query_all_rows(table, sort=order) for _, number in row if isinstance(number, int)]
    assert sorted(found) == list(range(len(rows)))
    for one, other in pairwise(found):
        assert not goes_before(rows[other], rows[one], order)
        assert one < other or goes_before(rows[one], rows[other], order)


@given(st.lists(ROWS, max_size=12), st.data(), ORDERS, RESTRICTIONS)
def test_reading_in_any_chunks_loses_and_doubles_nothing(
    rows: list[Row], data: st.DataObject, order: SortOrderSet, pair: tuple[Restriction, Callable[[Row], bool]]
) -> None:
    table = Table([PR_INSTANCE_KEY, NAME_W], rows)
    whole = query_all_rows(table, None, pair[0], order)
    table.seek_row(BOOKMARK_BEGINNING, 0)
    forward: list[tuple[Cell, ...]] = []
    while chunk := table.query_rows(data.draw(st.integers(1, 5))):
        forward += chunk
    backward: list[tuple[Cell, ...]] = []
    while chunk := table.query_rows(-data.draw(st.integers(1, 5)), tables.TBL_NOADVANCE):
        backward = [*chunk, *backward]
    assert tuple(forward) == tuple(backward) == whole
    table.seek_row(BOOKMARK_BEGINNING, data.draw(st.integers(0, 5)))
    cursor = table.query_position()
    assert [dict(row) for row in table] == [
        {tag: value for tag, value in row if tag & 0xFFFF != 0x000A} for row in whole
    ]
    assert table.query_position() == cursor, "who iterates moves nobody's cursor"


ODD: list[st.SearchStrategy[Any]] = [
    st.none(),
    st.integers(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=2),
    st.binary(max_size=2),
    st.lists(st.integers(-1, 1 << 33), max_size=3),
    st.dictionaries(st.integers(0, 3), st.text(max_size=1), max_size=1),
    ORDERS,
    st.builds(SortOrderSet, st.none() | st.tuples(st.builds(SortOrder, st.integers() | st.none(), st.integers()))),
    st.builds(SortOrder, st.integers(), st.just([])),
    st.sampled_from([pair[0] for pair in FILTERS]),
    COLUMNS,
]
ARGUMENTS = st.lists(st.one_of(ODD), max_size=5)
METHODS = sorted(name for name in vars(Table) if not name.startswith("_"))


@given(st.lists(ROWS, max_size=4), st.lists(st.tuples(st.sampled_from(METHODS), ARGUMENTS), max_size=12))
def test_garbage_raises_our_errors_only(rows: list[Row], calls: list[tuple[str, list[Any]]]) -> None:
    table = Table([NAME_W], rows, kind=TableType.DYNAMIC)
    for name, arguments in calls:
        takes = getattr(Table, name).__code__.co_argcount - 1
        given_ = (arguments + [0] * takes)[:takes]
        with suppress(MapiwrightError):
            getattr(table, name)(*given_)
    assert len(query_all_rows(table)) == table.row_count()


@given(ARGUMENTS)
def test_garbage_to_query_all_rows_raises_our_errors_only(arguments: list[Any]) -> None:
    with suppress(MapiwrightError):
        query_all_rows(Table([NAME_W], [{NAME_W: "a"}]), *arguments[:4])


def test_ten_thousand_rows_are_sorted_restricted_and_read_at_once() -> None:
    table = Table([NAME_W], ({NAME_W: f"service {number * 7919 % 10_007}"} for number in range(10_000)))
    began = time.monotonic()
    order = SortOrderSet((SortOrder(NAME_W, Direction.DESCEND),))
    rows = query_all_rows(table, None, res.Content(res.FL_PREFIX, NAME_W, (NAME_W, "service 9")), order)
    assert [row[0][1] for row in rows] == sorted((row[0][1] for row in rows), key=str, reverse=True)
    assert len(rows) > 1000
    assert time.monotonic() - began < 5


def test_the_engine_travels_with_the_errors_alone() -> None:
    """The child that hosts a native service has the standard library, errors and these modules, and nothing else."""
    loaded = "import mapiwright.mapi.tables.tables, sys; print(*sorted(m for m in sys.modules if 'mapiwright.' in m))"
    result = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    engine = {
        f"mapiwright.mapi.tables.{name}" for name in ("bookmarks", "restriction", "row", "sort_order", "tables")
    }
    assert set(result.stdout.split()) == engine | {
        "mapiwright.errors",
        "mapiwright.frozen",
        "mapiwright.mapi",
        "mapiwright.mapi.tables",
        "mapiwright.message",
    }
