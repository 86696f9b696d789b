"""The positions of a table's cursor and bookmarks, which stay on their rows while other rows come and go."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from mapiwright.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

BOOKMARK_BEGINNING: Final = 0
BOOKMARK_CURRENT: Final = 1
BOOKMARK_END: Final = 2

MOST_BOOKMARKS: Final = 1024
"""How many bookmarks a table keeps before it answers MAPI_E_UNABLE_TO_COMPLETE."""

MAPI_E_UNABLE_TO_COMPLETE: Final = 0x80040400
MAPI_E_INVALID_BOOKMARK: Final = 0x80040405


class Success(IntEnum):
    """How a move of the cursor that did not fail ended."""

    S_OK = 0
    POSITION_CHANGED = 0x00040481
    """MAPI_W_POSITION_CHANGED: the row of the bookmark was removed, and the next one took its place."""


@dataclass(slots=True)
class Position:
    """A position in the view, counted in rows, and whether its row was removed since it was last used."""

    index: int
    changed: bool = False


class Bookmarks:
    """The cursor and the bookmarks of one view; the row count is that of the view."""

    def __init__(self) -> None:
        self._cursor = Position(0)
        self._created: dict[int, Position] = {}
        self._last = BOOKMARK_END

    @property
    def cursor(self) -> int:
        """The row that is read next; behind the last one, the row count."""
        return self._cursor.index

    def move(self, index: int) -> None:
        """Put the cursor on a row."""
        self._cursor = Position(index)

    def go(self, origin: Position, index: int) -> Success:
        """Put the cursor on a row found from ``origin``; report, once, if the row at ``origin`` had been removed."""
        changed, origin.changed = origin.changed, False
        self.move(index)
        return Success.POSITION_CHANGED if changed else Success.S_OK

    def place(self, bookmark: int, row_count: int) -> Position:
        """The place of a bookmark; raises CallError with MAPI_E_INVALID_BOOKMARK if there is none."""
        predefined = {
            BOOKMARK_BEGINNING: Position(0),
            BOOKMARK_CURRENT: self._cursor,
            BOOKMARK_END: Position(row_count),
        }
        place = predefined.get(bookmark) or self._created.get(bookmark)
        if place is None:
            raise CallError("there is no such bookmark", hresult=MAPI_E_INVALID_BOOKMARK)
        return place

    def create(self) -> int:
        """A bookmark where the cursor is, by a number that this view has not had."""
        if len(self._created) >= MOST_BOOKMARKS:
            what = f"the table has {MOST_BOOKMARKS} bookmarks"
            raise CallError(what, hresult=MAPI_E_UNABLE_TO_COMPLETE, remedy="free some of them")
        self._last += 1
        self._created[self._last] = Position(self.cursor)
        return self._last

    def free(self, bookmark: int) -> None:
        """Give a bookmark up; [imapitable-freebookmark]: the predefined ones are left in peace."""
        self.place(bookmark, 0)
        self._created.pop(bookmark, None)

    def restart(self) -> None:
        """Drop the bookmarks and put the cursor at the beginning."""
        self.move(0)
        self._created.clear()

    def follow(self, old: Sequence[bytes], new: Sequence[bytes]) -> None:
        """Stay on the rows, whose keys were ``old`` and are ``new``; at most one has come, gone or moved.

        Where a row was removed, the next one takes its place ([imapitable-createbookmark]). A place behind the last
        row stays there, but a row that is added there is the one to read next.
        """
        index_of = {key: index for index, key in enumerate(new)}
        grown = len(new) > len(old) and new[-1] not in old
        for place in (self._cursor, *self._created.values()):
            if place.index == len(old):
                place.index = len(new) - grown
                continue
            place.changed = place.changed or old[place.index] not in index_of
            place.index = next((index_of[key] for key in old[place.index :] if key in index_of), len(new))
