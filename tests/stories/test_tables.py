"""Tables as the documents use them: find a service, read rows, go back to a bookmark, hear of what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import CallError, MapiwrightError, NotFoundError, UsageError
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.codes import hresult_name
from mapiwright.mapi.props.tags import ResourceType
from mapiwright.mapi.tables import restriction as res
from mapiwright.mapi.tables import tables
from mapiwright.mapi.tables.bookmarks import (
    BOOKMARK_BEGINNING,
    BOOKMARK_CURRENT,
    BOOKMARK_END,
    MOST_BOOKMARKS,
    Success,
)
from mapiwright.mapi.tables.restriction import And, Exist, Not, Property, Relation
from mapiwright.mapi.tables.sort_order import Direction, SortOrder, SortOrderSet
from mapiwright.mapi.tables.tables import Notification, Table, TableEvent, TableType, query_all_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.mapi.tables.row import Row

NAME, NAME_A, SERVICE_A = tags.PR_DISPLAY_NAME, 0x3001001E, 0x3D09001E
SERVICE, TYPE, ORDINAL = tags.PR_SERVICE_NAME, tags.PR_RESOURCE_TYPE, tags.PR_PROVIDER_ORDINAL
DISPLAY, ENTRY, KEY = tags.PR_PROVIDER_DISPLAY, tags.PR_SERVICE_ENTRY_NAME, tags.PR_INSTANCE_KEY
MISSING = 0x8004010F


def services(**how: Any) -> Table:
    """A message service table: three services in the order in which they were added."""
    return Table(
        [NAME, SERVICE, tags.PR_SERVICE_UID],
        [
            {NAME: "Outlook Address Book", SERVICE: "CONTAB", tags.PR_SERVICE_UID: b"1" * 16, ENTRY: "ServiceEntry"},
            {NAME: "Acme Mail (anna)", SERVICE: "ACME", tags.PR_SERVICE_UID: b"2" * 16},
            {NAME: "acme archive", SERVICE: "MSPST MS", tags.PR_SERVICE_UID: b"3" * 16},
        ],
        **how,
    )


def providers() -> Table:
    """A provider table: a store, two transports, and the extra section that has no resource type."""
    rows: list[Row] = [
        {DISPLAY: "Store", TYPE: ResourceType.STORE_PROVIDER, ORDINAL: 0},
        {DISPLAY: "Slow wire", TYPE: ResourceType.TRANSPORT_PROVIDER, ORDINAL: 2},
        {tags.PR_PROVIDER_UID: b"extra section 01"},
        {DISPLAY: "Fast wire", TYPE: ResourceType.TRANSPORT_PROVIDER, ORDINAL: 1},
    ]
    return Table([DISPLAY], rows)


def column(rows: tuple[tuple[tuple[int, Any], ...], ...]) -> list[Any]:
    return [row[0][1] for row in rows]


def equal(tag: int, value: Any) -> Property:
    return Property(Relation.EQ, tag, (tag, value))


class TestTheDocumentedSearches:
    """The idioms that the pages require to work (mapi.md 7)."""

    @pytest.mark.parametrize(
        "restriction",
        [
            equal(SERVICE, "ACME"),
            equal(NAME, "Acme Mail (anna)"),
            res.Content(res.FL_FULLSTRING, SERVICE, (SERVICE, "ACME")),
            res.Content(res.FL_SUBSTRING | res.FL_IGNORECASE, NAME, (NAME, "MAIL")),
            equal(tags.PR_SERVICE_UID, b"2" * 16),
        ],
    )
    def test_a_service_is_found_and_its_uid_read(self, restriction: res.Restriction) -> None:
        table = services()
        assert table.find_row(restriction, BOOKMARK_BEGINNING) is Success.S_OK
        assert table.query_rows(1)[0][2] == (tags.PR_SERVICE_UID, b"2" * 16)

    def test_full_string_is_the_whole_string_in_its_case(self) -> None:
        for other in ("ACM", "acme", "ACME "):
            with pytest.raises(NotFoundError):
                services().find_row(res.Content(res.FL_FULLSTRING, SERVICE, (SERVICE, other)))

    def test_the_default_profile_is_found(self) -> None:
        default = tags.PR_DEFAULT_PROFILE
        table = Table([NAME, default], [{NAME: "Work", default: False}, {NAME: "Home", default: True}])
        table.restrict(equal(default, True))
        assert table.query_rows(20) == (((NAME, "Home"), (default, True)),)

    def test_transports_come_in_their_order(self) -> None:
        transports = equal(TYPE, ResourceType.TRANSPORT_PROVIDER)
        found = query_all_rows(providers(), [DISPLAY], transports, SortOrderSet((SortOrder(ORDINAL),)))
        assert column(found) == ["Fast wire", "Slow wire"]

    def test_extra_sections_are_told_by_the_type_that_they_lack(self) -> None:
        table = providers()
        table.set_columns([TYPE, tags.PR_PROVIDER_UID])
        table.restrict(Not(Exist(TYPE)))
        missing = TYPE & 0xFFFF0000 | 0x000A, MISSING
        assert table.query_rows(9) == ((missing, (tags.PR_PROVIDER_UID, b"extra section 01")),)
        table.restrict(And((Exist(TYPE), Not(equal(DISPLAY, "Store")))))
        assert table.row_count() == 2

    def test_a_row_is_found_again_by_its_instance_key(self) -> None:
        table = services()
        keys = column(query_all_rows(table, [KEY]))
        assert len(set(keys)) == 3
        assert {len(key) for key in keys} == {16}
        assert table.find_row(equal(KEY, keys[1]), BOOKMARK_BEGINNING) is Success.S_OK
        assert table.query_position()[0] == 1

    @pytest.mark.parametrize(("typed", "found"), [("a", 0), ("acme m", 1), ("O", 2)])
    def test_typing_a_prefix_jumps_in_a_sorted_list(self, typed: str, found: int) -> None:
        """[imapitable-findrow]: RELOP_GE compares as the sort does."""
        table = services()
        table.sort_table(SortOrderSet((SortOrder(NAME),)))
        table.find_row(Property(Relation.GE, NAME, (NAME, typed)), BOOKMARK_BEGINNING)
        assert table.query_position()[0] == found

    def test_a_search_goes_on_behind_what_it_found_and_back_before_it(self) -> None:
        table = providers()
        json_form = res.Content(res.FL_SUBSTRING, DISPLAY, (DISPLAY, "wire"))
        table.find_row(json_form, BOOKMARK_BEGINNING)
        table.seek_row(BOOKMARK_CURRENT, 1)
        table.find_row(json_form)
        assert column(table.query_rows(1, tables.TBL_NOADVANCE)) == ["Fast wire"]
        table.find_row(json_form, BOOKMARK_CURRENT, tables.DIR_BACKWARD)
        assert column(table.query_rows(1, tables.TBL_NOADVANCE)) == ["Slow wire"]
        with pytest.raises(NotFoundError):
            table.find_row(json_form, BOOKMARK_CURRENT, tables.DIR_BACKWARD)
        assert table.query_position()[0] == 1


class TestColumns:
    def test_the_width_of_strings_is_chosen_at_open_and_then_by_the_columns(self) -> None:
        ansi = services(unicode=False, sort=SortOrderSet((SortOrder(NAME),)))
        assert ansi.query_columns()[:2] == (NAME_A, SERVICE_A)
        assert ansi.query_sort_order().sorts == (SortOrder(NAME_A),)
        assert ansi.query_rows(1)[0][0] == (NAME_A, "acme archive")
        ansi.set_columns([NAME, NAME & 0xFFFF0000])
        ansi.sort_table(SortOrderSet((SortOrder(NAME, Direction.DESCEND),)))
        assert ansi.query_rows(1) == (((NAME, "Outlook Address Book"), (NAME_A, "Outlook Address Book")),)
        assert ansi.query_sort_order().sorts == (SortOrder(NAME, Direction.DESCEND),)

    def test_the_name_of_an_entry_point_has_one_width(self) -> None:
        assert Table([ENTRY], unicode=True).query_columns() == (0x3D0B001E,)
        assert Table([ENTRY], [{ENTRY: "ServiceEntry"}]).query_rows(1) == (((0x3D0B001E, "ServiceEntry"),),)

    def test_all_columns_are_what_the_rows_offer_besides(self) -> None:
        table = services()
        table.set_columns([SERVICE])
        assert table.query_columns() == (SERVICE,)
        assert table.query_columns(tables.TBL_ALL_COLUMNS) == (NAME, SERVICE, tags.PR_SERVICE_UID, 0x3D0B001E, KEY)
        backwards = Table([SERVICE, NAME], [{NAME: "Acme", SERVICE: "ACME"}])
        assert backwards.query_columns(tables.TBL_ALL_COLUMNS) == (SERVICE, NAME, KEY)

    def test_a_reserved_slot_comes_back_empty(self) -> None:
        table = services()
        table.set_columns([0x00000001, SERVICE])
        assert table.query_rows(1) == (((0x00000001, 0), (SERVICE, "CONTAB")),)

    def test_sorted_rows_without_the_key_come_last_both_ways(self) -> None:
        for order, first in ((Direction.ASCEND, "Store"), (Direction.DESCEND, "Slow wire")):
            names = column(query_all_rows(providers(), sort=SortOrderSet((SortOrder(DISPLAY, order),))))
            assert names[-1] == MISSING
            assert (names[0] == "Fast wire") is (order == Direction.ASCEND)
            assert first in names

    def test_no_sort_keys_ask_for_the_default_order_again(self) -> None:
        table = services(sort=SortOrderSet((SortOrder(NAME),)))
        table.sort_table(SortOrderSet((SortOrder(SERVICE, Direction.DESCEND),)))
        assert column(query_all_rows(table))[0] == "acme archive"
        table.sort_table(SortOrderSet())
        assert column(query_all_rows(table)) == ["acme archive", "Acme Mail (anna)", "Outlook Address Book"]


class TestRowsByName:
    def test_a_row_answers_to_tags_and_names_in_either_width(self) -> None:
        row = next(iter(services(names=tags)))
        for key in (NAME, NAME_A, NAME & 0xFFFF0000, "PR_DISPLAY_NAME", "pr_display_name_a", "PidTagDisplayName"):
            assert row[key] == row.get(key) == row.text(key) == "Outlook Address Book"
            assert key in row
        assert (row["PR_SERVICE_UID"], row.data("PR_SERVICE_UID")) == (b"1" * 16, b"1" * 16)
        assert list(row) == [NAME, SERVICE, tags.PR_SERVICE_UID]
        assert len(row) == 3

    @pytest.mark.parametrize("key", [ENTRY, "PR_SERVICE_ENTRY_NAME", "PR_NO_SUCH", "", TYPE])
    def test_what_is_no_column_is_missing(self, key: int | str) -> None:
        row = next(iter(services(names=tags)))
        with pytest.raises(KeyError):
            row[key]
        assert key not in row
        assert (row.get(key), row.get(key, 5), row.text(key), row.number(key), row.data(key)) == (None, 5, "", 0, b"")

    def test_what_a_row_lacks_is_missing_and_not_an_error_value(self) -> None:
        table = services(names=tags)
        table.set_columns((ENTRY, tags.PR_RESOURCE_FLAGS, 1))
        assert [dict(row) for row in table] == [{ENTRY: "ServiceEntry"}, {}, {}]
        assert [row.text(ENTRY) for row in table] == ["ServiceEntry", "", ""]

    def test_without_names_there_are_tags(self) -> None:
        table = providers()
        table.set_columns((TYPE, DISPLAY))
        rows = list(table)
        assert [row.number(TYPE) for row in rows] == [33, 36, 0, 36]
        assert "PR_PROVIDER_DISPLAY" not in rows[0]
        assert len(table) == 4
        assert services(names=tags) and Table([NAME])  # noqa: PT018 - a table without rows is a table


class TestPositions:
    def test_rows_before_the_cursor_come_in_forward_order(self) -> None:
        """[imapitable-queryrows]: the cursor ends behind the last row returned; TBL_NOADVANCE: at the first."""
        table = services()
        table.seek_row(BOOKMARK_END, 0)
        assert column(table.query_rows(-2)) == ["Acme Mail (anna)", "acme archive"]
        assert table.query_position()[0] == 3
        assert len(table.query_rows(-2, tables.TBL_NOADVANCE)) == 2
        assert column(table.query_rows(-9, tables.TBL_NOADVANCE)) == ["Outlook Address Book"]
        assert table.query_rows(-1) == ()

    def test_a_seek_stops_at_either_end_and_says_how_far_it_went(self) -> None:
        table = services()
        assert table.seek_row(BOOKMARK_CURRENT, 50) == (3, Success.S_OK)
        assert table.query_rows(1) == ()
        assert table.seek_row(BOOKMARK_END, -2) == (-2, Success.S_OK)
        assert table.seek_row(BOOKMARK_CURRENT, -9) == (-1, Success.S_OK)

    def test_a_scroll_bar_has_a_fraction_even_of_nothing(self) -> None:
        assert Table([NAME]).query_position() == (0, 0, 1)
        table = services()
        table.seek_row_approx(2, 3)
        assert table.query_position() == (2, 2, 3)
        table.seek_row_approx(7, 7)
        assert table.query_position() == (3, 3, 3)

    def test_a_bookmark_follows_its_row_and_tells_once_that_it_is_gone(self) -> None:
        """[imapitable-createbookmark]: the next row takes the place of a row that is gone."""
        table = services(kind=TableType.DYNAMIC)
        keys = column(query_all_rows(table, [KEY]))
        table.set_columns([NAME])
        table.seek_row(BOOKMARK_BEGINNING, 1)
        bookmark = table.create_bookmark()
        table.insert({NAME: "Early bird"}, after=keys[0])
        assert table.seek_row(bookmark, 0) == (0, Success.S_OK)
        assert column(table.query_rows(1)) == ["Acme Mail (anna)"]
        table.delete(keys[1])
        table.insert({NAME: "Late bird"})
        assert table.find_row(Exist(NAME), bookmark) is Success.POSITION_CHANGED
        assert hresult_name(Success.POSITION_CHANGED) == "MAPI_W_POSITION_CHANGED"
        assert column(table.query_rows(1)) == ["acme archive"]
        assert table.seek_row(bookmark, 0) == (0, Success.S_OK)

    def test_predefined_bookmarks_are_not_freed(self) -> None:
        table = services()
        for bookmark in (BOOKMARK_BEGINNING, BOOKMARK_CURRENT, BOOKMARK_END):
            table.free_bookmark(bookmark)
            table.seek_row(bookmark, 0)


class TestNotification:
    def test_a_static_view_stays_but_tells_of_the_new_row(self) -> None:
        """[types-of-tables]; [adding-a-message-service] waits for TABLE_ROW_ADDED on a static table."""
        table = services()
        heard: list[Notification] = []
        connection = table.advise(heard.append)
        key = table.insert({NAME: "New", SERVICE: "NEW"})
        last = tables.Notification(
            TableEvent.ROW_ADDED,
            key,
            (3).to_bytes(16, "big"),
            ((NAME, "New"), (SERVICE, "NEW"), (tags.PR_SERVICE_UID & 0xFFFF0000 | 0x000A, MISSING)),
        )
        assert heard == [last]
        table.delete(key)
        assert heard[1:] == [Notification(TableEvent.ROW_DELETED, key, None, ())]
        assert table.row_count() == 3
        assert table.status() == (tables.TBLSTAT_COMPLETE, TableType.SNAPSHOT)
        table.unadvise(connection)
        table.insert({NAME: "Unheard"})
        assert len(heard) == 2

    def test_of_rows_that_a_restriction_hides_nothing_is_told(self) -> None:
        table = services(kind=TableType.DYNAMIC)
        heard: list[TableEvent] = []
        table.advise(lambda notification: heard.append(notification.event))
        table.restrict(equal(SERVICE, "ACME"))
        key = table.insert({SERVICE: "OTHER"})
        assert not heard
        table.modify(key, {SERVICE: "ACME"})
        table.modify(key, {SERVICE: "ACME", NAME: "twice"})
        table.modify(key, {SERVICE: "OTHER"})
        assert heard == [TableEvent.ROW_ADDED, TableEvent.ROW_MODIFIED, TableEvent.ROW_DELETED]
        table.restrict(equal(KEY, key))
        assert table.row_count() == 1

    def test_a_sink_may_leave_while_it_is_told(self) -> None:
        table = services(kind=TableType.DYNAMIC)
        heard: list[int] = []

        def leaves(_: Notification) -> None:
            heard.append(table.row_count())
            table.unadvise(connection)

        connection = table.advise(leaves)
        table.insert({NAME: "New"})
        table.insert({NAME: "Newer"})
        assert heard == [4]


class TestQueryAllRows:
    def test_it_reads_from_the_beginning_wherever_the_cursor_is(self) -> None:
        table = services()
        table.seek_row(BOOKMARK_END, 0)
        assert len(query_all_rows(table, [NAME], most=3)) == 3
        assert query_all_rows(table, None, Not(Exist(NAME))) == ()

    def test_a_table_that_is_too_big_is_not_cut(self) -> None:
        with pytest.raises(CallError) as caught:
            query_all_rows(services(), most=2)
        assert hresult_name(caught.value.hresult) == "MAPI_E_TABLE_TOO_BIG"


SUB = res.Sub(0x0E12000D, Exist(NAME))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda t: t.query_rows(0), "MAPI_E_INVALID_PARAMETER"),
        (lambda t: t.query_rows(1, 2), "MAPI_E_UNKNOWN_FLAGS"),
        (lambda t: t.query_columns(2), "MAPI_E_UNKNOWN_FLAGS"),
        (lambda t: t.row_count(1), "MAPI_E_UNKNOWN_FLAGS"),
        (lambda t: t.set_columns([NAME], 4), "MAPI_E_UNKNOWN_FLAGS"),
        (lambda t: t.set_columns([]), "MAPI_E_INVALID_PARAMETER"),
        (lambda t: t.set_columns(None), "MAPI_E_INVALID_PARAMETER"),
        (lambda t: t.set_columns([0x3D0F301F]), "MAPI_E_TOO_COMPLEX"),
        (lambda t: t.restrict(SUB), "MAPI_E_TOO_COMPLEX"),
        (lambda t: t.restrict(None, 4), "MAPI_E_UNKNOWN_FLAGS"),
        (lambda t: t.find_row(SUB), "MAPI_E_TOO_COMPLEX"),
        (lambda t: t.find_row(None), "MAPI_E_INVALID_PARAMETER"),
        (lambda t: t.find_row(Exist(NAME), 0, 2), "MAPI_E_UNKNOWN_FLAGS"),
        (lambda t: t.find_row(Exist(0x66110003), 0), "MAPI_E_NOT_FOUND"),
        (lambda t: t.find_row(Exist(NAME), 3), "MAPI_E_INVALID_BOOKMARK"),
        (lambda t: t.seek_row(-1, 0), "MAPI_E_INVALID_BOOKMARK"),
        (lambda t: t.free_bookmark(3), "MAPI_E_INVALID_BOOKMARK"),
        (lambda t: t.seek_row_approx(1, 0), "MAPI_E_INVALID_PARAMETER"),
        (lambda t: t.seek_row_approx(-1, 2), "MAPI_E_INVALID_PARAMETER"),
        (lambda t: t.sort_table(SortOrderSet((SortOrder(NAME),), 1, 1)), "MAPI_E_TOO_COMPLEX"),
        (lambda t: t.sort_table(SortOrderSet((SortOrder(NAME, Direction.COMBINE),))), "MAPI_E_TOO_COMPLEX"),
        (lambda t: t.sort_table(SortOrderSet((SortOrder(0x3D0F301F),))), "MAPI_E_TOO_COMPLEX"),
        (lambda t: t.sort_table(SortOrderSet((SortOrder(0x3001000D),))), "MAPI_E_TOO_COMPLEX"),
        (lambda t: t.sort_table(SortOrderSet((SortOrder(NAME),) * 65)), "MAPI_E_TOO_COMPLEX"),
        (lambda t: t.sort_table(None), "MAPI_E_INVALID_PARAMETER"),
        (lambda t: t.sort_table(SortOrderSet(), 8), "MAPI_E_UNKNOWN_FLAGS"),
        (lambda t: t.advise(print, 2), "MAPI_E_INVALID_PARAMETER"),
        (lambda t: t.unadvise(1), "MAPI_E_INVALID_PARAMETER"),
        (lambda t: t.delete(b"unknown"), "MAPI_E_NOT_FOUND"),
        (lambda t: t.modify(b"unknown", {}), "MAPI_E_NOT_FOUND"),
        (lambda t: [t.create_bookmark() for _ in range(MOST_BOOKMARKS + 1)], "MAPI_E_UNABLE_TO_COMPLETE"),
    ],
)
def test_a_call_that_fails_has_its_documented_code_and_changes_nothing(
    call: Callable[[Table], object], code: str
) -> None:
    order = SortOrderSet((SortOrder(SERVICE),))
    table = services(sort=order)
    table.seek_row(BOOKMARK_BEGINNING, 1)
    with pytest.raises(MapiwrightError) as caught:
        call(table)
    assert hresult_name(caught.value.hresult) == code
    assert (table.query_position(), table.row_count(), table.query_sort_order()) == ((1, 1, 3), 3, order)
    assert len(table.query_columns()) == 3


def test_instance_keys_are_taken_from_the_rows_or_made_but_never_twice() -> None:
    given = (1).to_bytes(16, "big")
    table = Table([KEY], [{KEY: given}, {NAME: "made"}], kind=TableType.DYNAMIC)
    made = table.query_rows(2)[1][0][1]
    assert made != given
    table.delete(given)
    for row in ({KEY: given}, {KEY: 5}):
        with pytest.raises(UsageError):
            table.insert(row)
