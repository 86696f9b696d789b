"""Restrictions and sort orders as pywin32 spells them: nested tuples.

``(RES_PROPERTY, (RELOP_EQ, tag, (tag, value)))``, ``(RES_CONTENT, (level, tag, (tag, value)))``,
``(RES_AND, [...])``, ``(RES_OR, [...])``, ``(RES_NOT, (restriction,))``, ``(RES_BITMASK, (test, tag, mask))``,
``(RES_EXIST, (tag,))``. Ours, which pywin32 refuses: ``(RES_COMPAREPROPS, (relation, tag, tag))``, ``(RES_SIZE,
(relation, tag, size))``, ``(RES_COMMENT, (restriction, properties))``. A sort order is ``(((tag, direction), ...),
categories, expanded)``, of which the last two may be left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from mapiwright.mapi.tables import restriction
from mapiwright.mapi.tables.sort_order import SortOrder, SortOrderSet
from mapiwright.pywin32.values import all_from_script, bits, from_script

if TYPE_CHECKING:
    from mapiwright.mapi.tables.restriction import Restriction

Spelled: TypeAlias = Sequence[Any]


class RestrictionKind(IntEnum):
    """RES_*, as H:MAPIDefS.h numbers them."""

    AND = 0
    OR = 1
    NOT = 2
    CONTENT = 3
    PROPERTY = 4
    COMPAREPROPS = 5
    BITMASK = 6
    SIZE = 7
    EXIST = 8
    COMMENT = 10


def restriction_of(spelled: Any, code_page: str) -> Restriction:
    """The restriction that a script spells; raises TypeError for what is none, ValueError for another kind."""
    if not isinstance(spelled, Sequence) or len(spelled) != 2:
        raise TypeError("The SRestriction object must be a sequence of length 2")
    kind, body = spelled
    if not isinstance(kind, int):
        raise TypeError("SRestriction must be a sequence of (integer, object)")
    if kind not in set(RestrictionKind):
        raise ValueError(f"Unsupported restriction type {kind}")
    match kind, tuple(body):
        case RestrictionKind.AND, parts:
            return restriction.And(tuple(restriction_of(part, code_page) for part in parts))
        case RestrictionKind.OR, parts:
            return restriction.Or(tuple(restriction_of(part, code_page) for part in parts))
        case RestrictionKind.NOT, (inner, *_):
            return restriction.Not(restriction_of(inner, code_page))
        case RestrictionKind.CONTENT, (level, tag, prop):
            return restriction.Content(bits(level), bits(tag), from_script(prop, code_page))
        case RestrictionKind.PROPERTY, (relation, tag, prop):
            return restriction.Property(relation, bits(tag), from_script(prop, code_page))
        case RestrictionKind.COMPAREPROPS, (relation, tag, other):
            return restriction.CompareProps(relation, bits(tag), bits(other))
        case RestrictionKind.BITMASK, (test, tag, *mask):
            return restriction.BitMask(test, bits(tag), bits(mask[0]) if mask else 0)
        case RestrictionKind.SIZE, (relation, tag, size):
            return restriction.Size(relation, bits(tag), bits(size))
        case RestrictionKind.EXIST, (tag, *_):
            return restriction.Exist(bits(tag))
        case RestrictionKind.COMMENT, (inner, props):
            return restriction.Comment(restriction_of(inner, code_page), all_from_script(props, code_page))
    raise TypeError(f"this is no {RestrictionKind(kind).name} restriction")


def sort_order_of(spelled: Spelled) -> SortOrderSet:
    """The sort order that a script spells; raises TypeError for what is none."""
    match tuple(spelled):
        case (Sequence() as keys, *counts) if len(counts) <= 2:
            categories, expanded = (*map(bits, counts), 0, 0)[:2]
            return SortOrderSet(
                tuple(SortOrder(bits(tag), order) for tag, order in map(tuple, keys)), categories, expanded
            )
    raise TypeError("A SortOrder object must be tuple of (sequence, cCategories=0, cExpanded=0)")
