"""The order of a table's rows ([ssortorderset], [imapitable-sorttable], [sorting-and-categorization])."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeVar

from mapiwright.errors import UsageError
from mapiwright.mapi.tables.row import COMPARABLE, MV_FLAG, checked_tag, comparable, in_width, too_complex, type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mapiwright.mapi.tables.row import Comparable, Row

    Line = TypeVar("Line")

MOST: Final = 64
"""How many keys a sort order may have."""


class Direction(IntEnum):
    """TABLE_SORT_*, as H:MAPIDefS.h numbers them; the last three belong to categories."""

    ASCEND = 0
    DESCEND = 1
    COMBINE = 2
    CATEG_MAX = 4
    CATEG_MIN = 8


@dataclass(frozen=True, slots=True)
class SortOrder:
    """One key: the property and its direction ([ssortorder])."""

    tag: int
    order: int = Direction.ASCEND


@dataclass(frozen=True, slots=True)
class SortOrderSet:
    """The keys, the most important first; none means the table's own order ([ssortorderset])."""

    sorts: tuple[SortOrder, ...] = ()
    categories: int = 0
    expanded: int = 0

    def in_width(self, *, unicode: bool) -> SortOrderSet:
        """The same keys, those of strings in the width that MAPI_UNICODE chooses."""
        keys = tuple(SortOrder(in_width(key.tag, unicode=unicode), key.order) for key in self.sorts)
        return SortOrderSet(keys, self.categories, self.expanded)


def checked_order(order: object) -> SortOrderSet:
    """``order`` if a table can sort by it.

    Raises CallError with MAPI_E_TOO_COMPLEX for categories, for types that have no order and for multi-valued
    instances ([imapitable-sorttable]), and UsageError where it is no sort order at all.
    """
    if not isinstance(order, SortOrderSet) or not isinstance(order.sorts, tuple):
        raise UsageError("this is no sort order", expected="a SortOrderSet with a tuple of SortOrder")
    if order.categories or order.expanded:
        raise too_complex("this table has no categories")
    if len(order.sorts) > MOST:
        raise too_complex(f"a sort order of {len(order.sorts)} keys, where {MOST} are the most")
    for key in order.sorts:
        if not isinstance(key, SortOrder):
            raise UsageError("this is no sort order", expected="a SortOrderSet with a tuple of SortOrder")
        if type_of(checked_tag(key.tag)) & ~MV_FLAG not in COMPARABLE:
            raise too_complex(f"rows cannot be sorted by {key.tag:08X}")
        if key.order not in (Direction.ASCEND, Direction.DESCEND):
            raise too_complex("this table sorts in ascending and descending order only")
    return order


def in_order(lines: Sequence[Line], order: SortOrderSet, row_of: Callable[[Line], Row]) -> list[Line]:
    """``lines`` sorted, stable; rows without the key come last in either direction ([ssortorder])."""
    result = list(lines)
    for key in reversed(order.sorts):
        having: list[tuple[Comparable, Line]] = []
        lacking: list[Line] = []
        for line in result:
            value = comparable(row_of(line), key.tag)
            if value is None:
                lacking.append(line)
            else:
                having.append((value, line))
        having.sort(key=_value, reverse=key.order == Direction.DESCEND)
        result = [line for _, line in having] + lacking
    return result


def _value(pair: tuple[Comparable, object]) -> Comparable:
    return pair[0]
