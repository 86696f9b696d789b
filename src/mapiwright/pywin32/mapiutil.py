"""Helpers around property objects, as pywin32's ``mapiutil`` offers them.

``obj`` is whatever has GetProps, SetProps, DeleteProps and GetPropList as pywin32's IMAPIProp has them. A text where
a tag could stand is a name in PS_PUBLIC_STRINGS, and needs GetIDsFromNames, which profile sections do not support
([iprofsectimapiprop]). Ours, which pywin32 lacks: nothing.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from mapiwright.mapi.props.documented import properties
from mapiwright.mapi.props.tags import other_width
from mapiwright.mapi.props.tags_table import NAMES, PRIVATE_NAMES
from mapiwright.pywin32 import mapitags, pythoncom
from mapiwright.pywin32.constants import CONSTANTS
from mapiwright.pywin32.iids import IIDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "GetAllProperties",
    "GetMapiTypeName",
    "GetPropTagName",
    "GetProperties",
    "GetScodeString",
    "SetProperties",
    "SetPropertyValue",
    "mapiErrorTable",
    "prTable",
    "ptTable",
]

mapiErrorTable: dict[int, str]
prTable: dict[int, str]
ptTable: dict[int, str]
"""The names of results, of tags and ids, and of types, by their numbers: made when a script asks for one."""

_FIRST_NAMED_ID = 0x8000
_TYPES: Mapping[type, int] = {
    bool: mapitags.PT_BOOLEAN,
    int: mapitags.PT_LONG,
    float: mapitags.PT_DOUBLE,
    str: mapitags.PT_UNICODE,
    bytes: mapitags.PT_STRING8,
    datetime: mapitags.PT_SYSTIME,
    type(None): mapitags.PT_UNSPECIFIED,
}


def __getattr__(name: str) -> Any:
    """The three tables; pywin32's are empty until a function has filled them, and these never are."""
    tables = {"mapiErrorTable": _codes, "prTable": _names, "ptTable": _type_names}
    if name not in tables:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = globals()[name] = dict(tables[name]())
    return made


def GetPropTagName(pt: int) -> str:
    """The PR name of a tag, or of an id; where the tag has none, that of its id, else the digits as ``0x66000003``.

    A string's name says its width. Ids that providers use as they like get a name that the headers give them, as in
    pywin32; ``mapiwright.mapi.props.tags.name_of`` asks whose section it is.
    """
    return _names().get(pt) or _names().get(mapitags.PROP_ID(pt)) or hex(pt).lstrip("-")


def GetScodeString(hr: int) -> str:
    """The name of a MAPI_E_ or MAPI_W_ result, else what pythoncom calls it."""
    return _codes().get(hr) or pythoncom.GetScodeString(hr)


def GetMapiTypeName(propType: int, rawType: bool = True) -> str:
    """The PT name of a type, else its digits; with ``rawType`` that of a single value of a multi-valued type."""
    kind = propType & ~mapitags.MV_FLAG if rawType else propType
    return _type_names().get(kind) or hex(kind)


def GetProperties(obj: Any, propList: Any) -> Any:
    """The values of a tuple or list of tags or names; of one tag or name, its value.

    None where GetProps reports anything, be it that one property is absent.
    """
    alone = not isinstance(propList, (tuple, list))
    wanted = [propList] if alone else propList
    tags = [
        prop if isinstance(prop, int) else mapitags.PROP_TAG(mapitags.PT_UNSPECIFIED, _ids(obj, [prop], 0)[0])
        for prop in wanted
    ]
    hr, found = obj.GetProps(tags, 0)
    if hr:
        return None
    values = [value for _, value in found]
    return values[0] if alone else values


def GetAllProperties(obj: Any, make_tag_names: bool = True) -> list[tuple[int | str, Any]]:
    """What an object holds, as (name, value), or as (tag, value) without ``make_tag_names``.

    Only ids that can have a name of their own are asked for it, so that this works on profile sections, too.
    """
    _, found = obj.GetProps(obj.GetPropList(0))
    return [(_name_in(obj, tag) if make_tag_names else tag, value) for tag, value in found]


def SetPropertyValue(obj: Any, prop: int | str, val: Any) -> None:
    """Set one property, by tag or by name; None deletes it. The type of a named one follows from the value's."""
    if not isinstance(prop, int):
        prop = mapitags.PROP_TAG(_type_of(val), _ids(obj, [prop], CONSTANTS["MAPI_CREATE"])[0])
    if val is None:
        obj.DeleteProps((prop,))
    else:
        obj.SetProps(((prop, val),))


def SetProperties(msg: Any, propDict: Mapping[int | str, Any]) -> None:
    """Set the properties of a dict, by tags or by names, with one SetProps and at most one question for ids."""
    names = [name for name in propDict if isinstance(name, str)]
    ids = dict(zip(names, _ids(msg, names, CONSTANTS["MAPI_CREATE"]), strict=True)) if names else {}
    msg.SetProps(
        [
            (mapitags.PROP_TAG(_type_of(value), ids[key]) if isinstance(key, str) else key, value)
            for key, value in propDict.items()
        ]
    )


def _ids(obj: Any, names: Iterable[Any], flags: int) -> list[int]:
    tags = obj.GetIDsFromNames([(IIDS["PS_PUBLIC_STRINGS"], name) for name in names], flags)
    return [mapitags.PROP_ID(tag) for tag in tags]


def _name_in(obj: Any, tag: int) -> str:
    if mapitags.PROP_ID(tag) >= _FIRST_NAMED_ID:
        _, _, ((_, name), *_) = obj.GetNamesFromIDs((tag,))
        if isinstance(name, str):
            return name
    return GetPropTagName(tag)


def _type_of(value: Any) -> int:
    kind = next((_TYPES[base] for base in type(value).__mro__ if base in _TYPES), None)
    if kind is None:
        raise ValueError(f"no property type holds a {type(value).__name__}")
    return kind


@cache
def _names() -> Mapping[int, str]:
    """By tags and by ids, which no tag is as small as; of several names the first, which is the usual one."""
    # In a script about profiles an id of providers is that of a profile, if the tag does not say.
    names = {
        mapitags.PROP_ID(tag): name
        for known in reversed([NAMES, *PRIVATE_NAMES.values()])
        for name, tag in known.items()
    }
    names[mapitags.PROP_ID_NULL] = "PR_NULL"
    for each in properties():
        if each.name:
            other = other_width(each.tag)
            names.setdefault(each.tag, f"{each.name}_W" if each.both_widths else each.name)
            if other is not None:
                names.setdefault(other, each.name + ("_A" if other < each.tag else "_W"))
            names.setdefault(mapitags.PROP_ID(each.tag), each.name)
    return {tag: name for name, tag in vars(mapitags).items() if name.startswith("PR_")} | names


@cache
def _codes() -> Mapping[int, str]:
    return {code: name for name, code in CONSTANTS.items() if name.startswith(("MAPI_E_", "MAPI_W_"))}


@cache
def _type_names() -> Mapping[int, str]:
    # Of synonyms pywin32 answers the younger: PT_I4, not PT_LONG. PT_TSTRING is no type of its own.
    types = {name: kind for name, kind in vars(mapitags).items() if name.startswith("PT_")}
    return {kind: name for name, kind in types.items() if not name.endswith("_TSTRING")}
