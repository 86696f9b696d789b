"""The SRestriction family as values, and what they say of a row ([srestriction], [about-restrictions]).

Each class mirrors the structure of its page, field by field; ``prop`` is an SPropValue: a (tag, value). Where the pages
leave a choice, this is ours:

* What a row does not have makes every comparison with it false, also BMR_EQZ and RELOP_NE; Not of that is true.
* A restriction may name any property of the row, whether it is a column or not.
* Property and CompareProps compare strings as the sort does, without regard to case, so that RELOP_GE finds a prefix
  in a sorted table ([imapitable-findrow]). Content regards case unless FL_IGNORECASE or FL_LOOSE is given.
* A list compared with a list is an ordered tuple. A list compared with one value, with MV_FLAG or MVI_FLAG in the tag
  of the list, matches if any of its values does ([spropertyrestriction], [working-with-multivalued-columns]).
* Comment is what it holds, and true if it holds nothing.
* Sub and RELOP_RE are declined with MAPI_E_TOO_COMPLEX, and so is what nests or grows past all use: a guest in another
  process may send anything, cycles included.
"""

from __future__ import annotations

import operator
import unicodedata
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from mapiwright.errors import UsageError
from mapiwright.mapi import row as _row
from mapiwright.mapi.row import MV_FLAG, MV_INSTANCE, checked_tag, comparable, compared, stored, too_complex, type_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.mapi.row import Cell, Row

    Predicate: TypeAlias = Callable[[Row], bool]

DEEPEST: Final = 100
"""How deep restrictions may nest."""
MOST: Final = 10_000
"""How many restrictions a restriction may consist of, one that occurs twice counted twice."""

FL_FULLSTRING: Final = 0x0
FL_SUBSTRING: Final = 0x1
FL_PREFIX: Final = 0x2
FL_IGNORECASE: Final = 0x1_0000
FL_IGNORENONSPACE: Final = 0x2_0000
FL_LOOSE: Final = 0x4_0000


class Relation(IntEnum):
    """RELOP_*: (property) relation (constant), as H:MAPIDefS.h numbers them."""

    LT = 0
    LE = 1
    GT = 2
    GE = 3
    EQ = 4
    NE = 5
    RE = 6


class BitTest(IntEnum):
    """BMR_*: whether the masked bits are all zero."""

    EQZ = 0
    NEZ = 1


@dataclass(frozen=True, slots=True)
class And:
    """All of ``restrictions`` hold; true if there is none ([sandrestriction])."""

    restrictions: tuple[Restriction, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of ``restrictions`` holds at least; false if there is none ([sorrestriction])."""

    restrictions: tuple[Restriction, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``restriction`` does not hold ([snotrestriction])."""

    restriction: Restriction


@dataclass(frozen=True, slots=True)
class Content:
    """A string or binary is, contains or begins with that of ``prop``, as FL_* say ([scontentrestriction])."""

    fuzzy: int
    tag: int
    prop: Cell


@dataclass(frozen=True, slots=True)
class Property:
    """A property stands in a relation to the constant of ``prop`` ([spropertyrestriction])."""

    relation: int
    tag: int
    prop: Cell


@dataclass(frozen=True, slots=True)
class CompareProps:
    """The first property stands in a relation to the second, of the same type ([scomparepropsrestriction])."""

    relation: int
    tag: int
    other: int


@dataclass(frozen=True, slots=True)
class BitMask:
    """The bits of ``mask`` in a PT_LONG are zero, or not all zero ([sbitmaskrestriction])."""

    test: int
    tag: int
    mask: int


@dataclass(frozen=True, slots=True)
class Size:
    """The bytes of a value, terminators of strings included, stand in a relation to ``size`` ([ssizerestriction])."""

    relation: int
    tag: int
    size: int


@dataclass(frozen=True, slots=True)
class Exist:
    """The row has the property ([sexistrestriction])."""

    tag: int


@dataclass(frozen=True, slots=True)
class Sub:
    """``restriction`` holds for a recipient or attachment; no table of profiles has any ([ssubrestriction])."""

    sub_object: int
    restriction: Restriction


@dataclass(frozen=True, slots=True)
class Comment:
    """``restriction`` with ``props`` as a remark that changes nothing ([scommentrestriction])."""

    restriction: Restriction | None
    props: tuple[Cell, ...] = ()


Restriction: TypeAlias = (
    And | Or | Not | Content | Property | CompareProps | BitMask | Size | Exist | Sub | Comment
)
"""What IMAPITable::Restrict and FindRow take: the closed union of the family."""
