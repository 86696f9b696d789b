"""IMAPIProp as far as profile sections have it, over any object that keeps properties ([imapipropiunknown]).

A property is a pair (tag, value). A string is returned in the width that its tag asks for; as a Python str it is the
same in both, except for characters that the ANSI code page lacks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from mapiwright.admin.flags import CopyFlag, ReadFlag, SaveFlag, check_flags
from mapiwright.admin.last_error import Remembering, remembered
from mapiwright.errors import CallError, UsageError
from mapiwright.formats.props import checked
from mapiwright.mapi.props.codes import hresult_name
from mapiwright.mapi.props.property_calls import (
    MAPI_E_INVALID_TYPE,
    MAPI_E_NO_SUPPORT,
    NAMED,
    PASSED_OVER,
    STORABLE,
    all_but,
    not_held,
    to_copy,
)
from mapiwright.mapi.props.tags import PropertyType, is_secure, name_of, prop_id, prop_type
from mapiwright.mapi.tables.row import cell, checked_tag, in_width

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mapiwright.formats.props import GivenProperties, Properties, PropertyValue

S_OK = 0
MAPI_W_ERRORS_RETURNED = 0x00040380
MAPI_E_COMPUTED = 0x8004011A
MAPI_E_NO_ACCESS = 0x80070005
MAPI_E_NOT_FOUND = 0x8004010F


class PropsAnswer(NamedTuple):
    """What GetProps returns: S_OK or MAPI_W_ERRORS_RETURNED, and a pair for each property that was asked for."""

    hresult: int
    values: tuple[tuple[int, PropertyValue], ...]


@dataclass(frozen=True, slots=True)
class PropertyProblem:
    """An SPropProblem: the place in the call's array, the tag, and why that one property was left out.

    ``what`` says more of a value that is not of its type. As text it names the property and the HRESULT.
    """

    index: int
    tag: int
    hresult: int
    what: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The name of the property, or its tag in hex digits."""
        return name_of(self.tag)

    def __str__(self) -> str:
        return f"{self.name}: {hresult_name(self.hresult)}" + (f" ({self.what})" if self.what else "")


def values_of(properties: GivenProperties) -> Properties:
    """Properties for a service or provider, as it gets them; of a type that no section holds, they stay as they are.

    Raises UsageError, which names the property, for a value that is not of its type.
    """
    found: dict[int, PropertyValue] = {}
    for tag, value in properties.items():
        try:
            if prop_type(checked_tag(tag)) in STORABLE or isinstance(value, datetime):
                found[tag] = checked(prop_type(tag), value)
            else:
                found[tag] = value
        except UsageError as error:
            raise UsageError(f"property {name_of(tag)}: {error.what}", remedy=error.remedy) from None
    return found


class PropertyObject(ABC, Remembering):
    """An object with properties; what is set is set at once, as profile sections have no transactions."""

    # What an object must know.

    @abstractmethod
    def _row(self) -> Mapping[int, PropertyValue]:
        """All properties that a list of them shows."""

    def _secure(self, tag: int) -> tuple[int, PropertyValue]:
        """A property in the secure range, which is only returned if named explicitly."""
        return cell({}, tag, unicode=True)

    @abstractmethod
    def _set(self, index: int, tag: int, value: PropertyValue | None) -> PropertyProblem | None:
        """Set one property; None removes it, whatever its type."""

    def _begin(self, setting: Collection[int] = ()) -> None:
        """Raise where nothing can be changed, or where these properties cannot be set."""

    def _end(self) -> None:
        """Keep what was set."""

    def _in_code_page(self, text: str) -> str:
        return text

    # Reading.

    @remembered
    def get_props(self, wanted: Sequence[int] | None = None, flags: int = ReadFlag.UNICODE) -> PropsAnswer:
        """The properties with those tags, in that order, or all of them ([imapiprop-getprops]).

        A tag of PT_UNSPECIFIED takes whatever type there is; for it and for None, MAPI_UNICODE decides the width of
        strings. One that is not there, or not of that type, is PT_ERROR with MAPI_E_NOT_FOUND. Secure properties
        are got by tag only. Raises UsageError for no tags at all.
        """
        check_flags(flags, ReadFlag.UNICODE, "GetProps")
        if wanted is not None and not wanted:
            raise UsageError("GetProps was asked for no property", expected="tags, or None for all")
        row, unicode = self._row(), bool(flags & ReadFlag.UNICODE)
        asked = wanted if wanted is not None else self.get_prop_list(flags)
        values = tuple(
            self._reported(self._secure(tag) if is_secure(tag) else cell(row, tag, unicode=unicode)) for tag in asked
        )
        failed = any(prop_type(tag) == PropertyType.ERROR for tag, _ in values)
        return PropsAnswer(MAPI_W_ERRORS_RETURNED if failed else S_OK, values)

    @remembered
    def get_prop_list(self, flags: int = ReadFlag.UNICODE) -> tuple[int, ...]:
        """The tags of all properties but secure ones ([imapiprop-getproplist]); MAPI_UNICODE chooses widths."""
        check_flags(flags, ReadFlag.UNICODE, "GetPropList")
        tags = (in_width(tag, unicode=bool(flags & ReadFlag.UNICODE)) for tag in self._row())
        return tuple(dict.fromkeys(tags))

    def _reported(self, found: tuple[int, PropertyValue]) -> tuple[int, PropertyValue]:
        tag, value = found
        match prop_type(tag), value:
            case PropertyType.STRING8, str(text):
                return tag, self._in_code_page(text)
            case PropertyType.MV_STRING8, tuple(parts):
                return tag, tuple(self._in_code_page(part) for part in parts if isinstance(part, str))
        return found

    # Writing.

    @remembered
    def set_props(self, values: GivenProperties) -> tuple[PropertyProblem, ...]:
        """Set properties at once; gives the problems of those that were left out ([imapiprop-setprops]).

        MAPI_E_COMPUTED: it is MAPI's own; MAPI_E_NO_SUPPORT: an id of 0x8000 or above, which is a named property
        ([iprofsectimapiprop], code [derived]); MAPI_E_INVALID_TYPE: a type that no section holds, or a value that is
        not of its type, as a datetime without a time zone. PR_NULL and PT_ERROR are ignored. Setting an id in
        another type replaces it. Raises UsageError for no properties, what is no tag, PT_OBJECT, and an empty list;
        RefusedError where the object is read-only, and for a secure property, which needs Windows to encrypt it: then
        nothing was set.
        """
        if not values:
            raise UsageError("SetProps was given no property", expected="tags with values")
        self._begin([checked_tag(tag) for tag in values])
        changes: list[tuple[int, int, PropertyValue | None]] = []
        unfit: list[PropertyProblem] = []
        for index, (tag, value) in enumerate(values.items()):
            if prop_type(tag) == PropertyType.OBJECT or value == ():
                raise UsageError(f"property {name_of(tag)} cannot be set: an object, or an empty list")
            held: PropertyValue = 0
            if not not_held(tag):
                try:
                    held = checked(prop_type(tag), value)
                except UsageError as error:
                    unfit.append(PropertyProblem(index, tag, MAPI_E_INVALID_TYPE, str(error)))
                    continue
            changes.append((index, tag, held))
        problems = (*self._changed(changes), *unfit)
        return tuple(sorted(problems, key=lambda problem: problem.index))

    @remembered
    def delete_props(self, tags: Iterable[int]) -> tuple[PropertyProblem, ...]:
        """Delete properties by their ids, whatever the type ([imapiprop-deleteprops]).

        One that is not there is no problem ([derived]). Raises UsageError for no tags.
        """
        wanted = tuple(tags)
        if not wanted:
            raise UsageError("DeleteProps was given no property", expected="tags")
        self._begin()
        return self._changed([(index, tag, None) for index, tag in enumerate(wanted)])

    def _changed(self, changes: Sequence[tuple[int, int, PropertyValue | None]]) -> tuple[PropertyProblem, ...]:
        problems = []
        for index, tag, value in changes:
            if value is not None and prop_type(tag) in PASSED_OVER:
                continue
            scode = not_held(tag) if value is not None or prop_id(tag) >= NAMED else 0
            problem = PropertyProblem(index, tag, scode) if scode else self._set(index, tag, value)
            if problem is not None:
                problems.append(problem)
        self._end()
        return tuple(problems)

    def save_changes(self, flags: int = SaveFlag(0)) -> None:
        """Succeed and save nothing: all was saved when it was set ([iprofsectimapiprop])."""
        check_flags(
            flags, SaveFlag.KEEP_OPEN_READONLY | SaveFlag.KEEP_OPEN_READWRITE | SaveFlag.FORCE_SAVE, "SaveChanges"
        )

    # Copying.

    @remembered
    def copy_to(
        self, target: PropertyObject, exclude: Collection[int] | None = None, flags: int = CopyFlag(0)
    ) -> tuple[PropertyProblem, ...]:
        """Copy or move all properties but those of the excluded ids to another object ([imapiprop-copyto]).

        Secure properties, PR_SERVICE_UID and PR_SERVICE_EXTRA_UIDS are not copied: ``all_but`` says why.
        MAPI_E_COMPUTED in the answer is no failure. Raises UsageError for an empty ``exclude``, and CallError
        (MAPI_E_NO_ACCESS) where the target is this object.
        """
        if exclude is not None and not exclude:
            raise UsageError("CopyTo was given an empty list of what to exclude", expected="tags, or None")
        return self._copied(target, all_but(self._row(), exclude or ()), flags, "CopyTo")

    @remembered
    def copy_props(
        self, tags: Sequence[int], target: PropertyObject, flags: int = CopyFlag(0)
    ) -> tuple[PropertyProblem, ...]:
        """Copy or move the properties with these tags; those that are not there are left out ([imapiprop-copyprops]).

        Raises UsageError for no tags, and CallError (MAPI_E_NO_ACCESS) where the target is this object.
        """
        if not tags:
            raise UsageError("CopyProps was given no property", expected="tags")
        return self._copied(target, tags, flags, "CopyProps")

    def _copied(
        self, target: PropertyObject, wanted: Sequence[int], flags: int, call: str
    ) -> tuple[PropertyProblem, ...]:
        check_flags(flags, CopyFlag.MOVE | CopyFlag.NOREPLACE | CopyFlag.DIALOG, call)
        if self._is(target):
            raise CallError(f"{call} would copy an object to itself", hresult=MAPI_E_NO_ACCESS)
        if flags & CopyFlag.MOVE:
            self._begin()
        there = {prop_id(tag) for tag in target._row()}
        copied = to_copy(self._row(), wanted, there, noreplace=bool(flags & CopyFlag.NOREPLACE))
        target._begin()
        problems = target._changed(copied)
        if flags & CopyFlag.MOVE:
            kept = {problem.tag for problem in problems}
            self._changed([(index, tag, None) for index, tag, _ in copied if tag not in kept])
        return problems

    def _is(self, other: PropertyObject) -> bool:
        return self is other

    # What profile sections lack ([iprofsectimapiprop]).

    @remembered
    def get_names_from_ids(self) -> NoReturn:
        """Raise CallError with MAPI_E_NO_SUPPORT: there are no named properties."""
        raise CallError("a profile section has no named properties", hresult=MAPI_E_NO_SUPPORT)

    @remembered
    def get_ids_from_names(self) -> NoReturn:
        """Raise CallError with MAPI_E_NO_SUPPORT: there are no named properties."""
        raise CallError("a profile section has no named properties", hresult=MAPI_E_NO_SUPPORT)

    @remembered
    def open_property(self, tag: int) -> NoReturn:
        """Raise CallError with MAPI_E_NO_SUPPORT: no property of a section is an object or a stream ([derived])."""
        raise CallError(f"property {tag:08X} can be read by GetProps only", hresult=MAPI_E_NO_SUPPORT)


class PropertyCopy(PropertyObject):
    """Properties in memory, as CreateIProp makes them, for a property sheet ([property-sheet-implementation]).

    A dialog copies its section here, lets the user change the copy, and copies it back when the user clicks OK.
    """

    def __init__(self) -> None:
        self._properties: dict[int, PropertyValue] = {}

    def __repr__(self) -> str:
        return f"<PropertyCopy of {len(self._properties)} properties>"

    def _row(self) -> Mapping[int, PropertyValue]:
        return {tag: value for tag, value in self._properties.items() if not is_secure(tag)}

    def _secure(self, tag: int) -> tuple[int, PropertyValue]:
        return cell(self._properties, tag, unicode=True)

    def _set(self, index: int, tag: int, value: PropertyValue | None) -> None:  # noqa: ARG002 - it takes them all
        for other in [each for each in self._properties if prop_id(each) == prop_id(tag)]:
            del self._properties[other]
        if value is not None:
            self._properties[tag] = checked(prop_type(tag), value)
