"""The SRestriction family as values, and what they say of a row ([srestriction], [about-restrictions]).

Each class mirrors the structure of its page, field by field; ``prop`` is an SPropValue: a (tag, value). Where the
pages leave a choice, this is ours:

* What a row does not have makes every comparison with it false, also BMR_EQZ and RELOP_NE; Not of that is true.
* A restriction may name any property of the row, whether it is a column or not.
* Property and CompareProps compare strings as the sort does, without regard to case, so that RELOP_GE finds a prefix
  in a sorted table ([imapitable-findrow]). Content regards case unless FL_IGNORECASE or FL_LOOSE is given, and
  FL_FULLSTRING is the whole string: the page's "contained in" is what FL_SUBSTRING is for.
* A list compared with a list is an ordered tuple. A list compared with one value, with MV_FLAG or MVI_FLAG in the tag
  of the list, matches if any of its values does ([spropertyrestriction], [working-with-multivalued-columns]).
* Comment is what it holds, and true if it holds nothing.
* Sub and RELOP_RE are declined with MAPI_E_TOO_COMPLEX, and so is what nests or grows past all use: a guest in
  another process may send anything, cycles included.
"""

from __future__ import annotations

import operator
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mapiwright.errors import UsageError
from mapiwright.mapi.tables.row import (
    COMPARABLE,
    MV_FLAG,
    MV_INSTANCE,
    MVI_FLAG,
    PT_BINARY,
    PT_LONG,
    PT_OBJECT,
    PT_UNSPECIFIED,
    STRINGS,
    checked_tag,
    comparable,
    compared,
    size_of,
    stored,
    too_complex,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.tables.row import Cell, Row

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
    """A property compared with the constant of ``prop`` ([spropertyrestriction])."""

    relation: int
    tag: int
    prop: Cell


@dataclass(frozen=True, slots=True)
class CompareProps:
    """The first property compared with the second, of the same type ([scomparepropsrestriction])."""

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
    """The size of a value in bytes, terminators of strings included, compared with ``size`` ([ssizerestriction])."""

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


Restriction: TypeAlias = And | Or | Not | Content | Property | CompareProps | BitMask | Size | Exist | Sub | Comment
"""What IMAPITable::Restrict and FindRow take: the closed union of the family."""


def predicate(restriction: Restriction) -> Predicate:
    """What ``restriction`` says of a row.

    All that can be declined is declined here, whatever rows there are: CallError with MAPI_E_TOO_COMPLEX for what the
    pages let a table decline and for types that do not match, UsageError for what is no restriction.
    """
    _check_extent(restriction)
    return _compiled(restriction)


def _check_extent(restriction: Restriction) -> None:
    """Count without recursion, so that the deepest nest is declined rather than the interpreter's stack exhausted."""
    waiting: list[tuple[object, int]] = [(restriction, 1)]
    seen = 0
    while waiting:
        each, depth = waiting.pop()
        below: tuple[object, ...] = ()
        if isinstance(each, And | Or):
            if not isinstance(each.restrictions, tuple):
                raise UsageError("And and Or hold a tuple of restrictions")
            below = each.restrictions
        elif isinstance(each, Not) or (isinstance(each, Comment) and each.restriction is not None):
            below = (each.restriction,)
        seen += 1
        if depth > DEEPEST or seen + len(waiting) + len(below) > MOST:
            raise too_complex(f"a restriction of more than {MOST} parts or {DEEPEST} levels")
        waiting += [(part, depth + 1) for part in below]


def _compiled(restriction: Restriction) -> Predicate:
    match restriction:
        case And(restrictions):
            all_of = [_compiled(part) for part in restrictions]
            return lambda row: all(holds(row) for holds in all_of)
        case Or(restrictions):
            some_of = [_compiled(part) for part in restrictions]
            return lambda row: any(holds(row) for holds in some_of)
        case Not(part):
            denied = _compiled(part)
            return lambda row: not denied(row)
        case Content():
            return _content(restriction)
        case Property():
            return _property(restriction)
        case CompareProps():
            return _compare_props(restriction)
        case BitMask():
            return _bit_mask(restriction)
        case Size():
            return _size(restriction)
        case Exist(tag):
            return _exist(checked_tag(tag))
        case Sub():
            raise too_complex("rows of this table have no recipients and no attachments")
        case Comment(part):
            return _compiled(And(()) if part is None else part)
    raise UsageError("this is no restriction", expected="a value of the SRestriction family")


_RELATIONS: Final[dict[int, Callable[[Any, Any], bool]]] = {
    Relation.LT: operator.lt,
    Relation.LE: operator.le,
    Relation.GT: operator.gt,
    Relation.GE: operator.ge,
    Relation.EQ: operator.eq,
    Relation.NE: operator.ne,
}


def _holds(relation: object) -> Callable[[Any, Any], bool]:
    if isinstance(relation, int) and relation in _RELATIONS:
        return _RELATIONS[relation]
    raise too_complex("a relation that this table does not know")


def _constant(tag: int, prop: object) -> tuple[int, bool, int, PropertyValue]:
    """The tag to look up, whether each of its values is compared alone, and the type and value to compare with.

    [spropertyrestriction], [scontentrestriction]: the two types must match, but that a list may meet one value; of
    the constant's tag only the type counts.
    """
    if not isinstance(prop, tuple) or len(prop) != 2:
        raise UsageError("a restriction compares with a property value", expected="a tuple of its tag and value")
    kind, given = type_of(checked_tag(tag)), type_of(checked_tag(prop[0]))
    each = kind & MVI_FLAG == MVI_FLAG
    if each:
        tag, kind, given = tag & ~MV_INSTANCE, kind & ~MV_INSTANCE, given & ~MV_INSTANCE
    each = each or (bool(kind & MV_FLAG) and not given & MV_FLAG)
    if kind & ~MV_FLAG not in COMPARABLE or given != (kind & ~MV_FLAG if each else kind):
        raise too_complex("the types of a property and of what it is compared with do not match")
    return tag, each, given, prop[1]


def _property(restriction: Property) -> Predicate:
    holds = _holds(restriction.relation)
    tag, each, kind, value = _constant(restriction.tag, restriction.prop)
    constant = compared(kind, value)
    if constant is None:
        raise UsageError("the value of a restriction is not of its type")

    def matches(row: Row) -> bool:
        found = comparable(row, tag)
        if each and isinstance(found, tuple):
            return any(holds(part, constant) for part in found)
        return found is not None and holds(found, constant)

    return matches


def _content(restriction: Content) -> Predicate:
    fuzzy = checked_tag(restriction.fuzzy)
    tag, each, kind, sought = _constant(restriction.tag, restriction.prop)
    level = fuzzy & 0xFFFF
    if kind not in STRINGS | {PT_BINARY} or level not in {FL_FULLSTRING, FL_SUBSTRING, FL_PREFIX}:
        raise too_complex("content that this table cannot search")
    if not isinstance(sought, str if kind in STRINGS else bytes):
        raise UsageError("the value of a restriction is not of its type")
    constant = _loosened(sought, fuzzy)

    def met(value: object) -> bool:
        if not isinstance(value, type(constant)):
            return False
        content: Any = _loosened(value, fuzzy)
        if level == FL_FULLSTRING:
            return bool(content == constant)
        return bool(content.startswith(constant)) if level == FL_PREFIX else constant in content

    def matches(row: Row) -> bool:
        held = stored(row, tag)
        if held is None:
            return False
        value = row[held]
        return any(met(part) for part in value) if each and isinstance(value, tuple) else met(value)

    return matches


def _loosened(content: Any, fuzzy: int) -> Any:
    """Text without what the upper FL_* ignore; binaries as they are, for those flags are about text only."""
    if isinstance(content, str) and fuzzy & (FL_IGNORECASE | FL_LOOSE):
        content = content.casefold()
    if isinstance(content, str) and fuzzy & (FL_IGNORENONSPACE | FL_LOOSE):
        # Character by character: to normalize a whole text is quadratic in a run of marks.
        parts = (part for character in content for part in unicodedata.normalize("NFD", character))
        content = "".join(part for part in parts if unicodedata.category(part) != "Mn")
    return content


def _compare_props(restriction: CompareProps) -> Predicate:
    holds = _holds(restriction.relation)
    tag, other = checked_tag(restriction.tag), checked_tag(restriction.other)
    if type_of(tag) != type_of(other) or type_of(tag) & ~MV_FLAG not in COMPARABLE:
        raise too_complex("two properties of which this table cannot compare the types")

    def matches(row: Row) -> bool:
        first, second = comparable(row, tag), comparable(row, other)
        return first is not None and second is not None and holds(first, second)

    return matches


def _bit_mask(restriction: BitMask) -> Predicate:
    tag, mask = checked_tag(restriction.tag), checked_tag(restriction.mask)
    if type_of(tag) != PT_LONG or restriction.test not in tuple(BitTest):
        raise too_complex("bits that this table cannot test")

    def matches(row: Row) -> bool:
        value = row.get(tag)
        return isinstance(value, int) and bool(value & mask) == bool(restriction.test)

    return matches


def _size(restriction: Size) -> Predicate:
    holds = _holds(restriction.relation)
    tag, size = checked_tag(restriction.tag), checked_tag(restriction.size)
    if type_of(tag) & ~MV_FLAG not in COMPARABLE | {PT_UNSPECIFIED}:
        raise too_complex("a type of which this table knows no size")

    def matches(row: Row) -> bool:
        held = stored(row, tag)
        found = None if held is None else size_of(type_of(tag) or type_of(held), row[held])
        return found is not None and holds(found, size)

    return matches


def _exist(tag: int) -> Predicate:
    if type_of(tag) == PT_OBJECT:
        raise too_complex("whether an object exists is no question to a table")
    single = tag & ~MV_INSTANCE if tag & MVI_FLAG == MVI_FLAG else tag
    return lambda row: stored(row, single) is not None
