"""How MAPI's structures lie in memory, on every platform that a service is compiled for ([native] 1.4).

All fields have the platform's byte order and alignment; what ctypes makes of them is checked when this is imported,
for the pointer size that it runs with. Texts are in the platform's ``wchar_t``, 2 bytes on Windows and 4 elsewhere.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import (
    Structure,
    Union,
    c_int16,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

WIDE = ctypes.sizeof(ctypes.c_wchar)
"""Bytes of a character in a Unicode text."""

if sys.platform == "win32":
    function_type = ctypes.WINFUNCTYPE
else:
    function_type = ctypes.CFUNCTYPE
"""Makes the type of a function: on x86 Windows stdcall, elsewhere the one convention that there is."""

UID = c_uint8 * 16


class Counted(Structure):
    """SBinary and every multi-valued property: a count (bytes of an SBinary, else values), and where they are."""

    _fields_ = (("count", c_uint32), ("at", c_void_p))


class Value(Union):
    """The union of an SPropValue, as far as a profile section holds its types."""

    _fields_ = (
        ("i", c_int16),
        ("l", c_int32),
        ("ul", c_uint32),
        ("b", c_uint16),
        ("li", c_int64),
        ("ft", c_uint64),
        ("at", c_void_p),
        ("counted", Counted),
    )


class PropValue(Structure):
    """SPropValue: a tag, a pad, and the value, which begins at offset 8."""

    _fields_ = (("tag", c_uint32), ("pad", c_uint32), ("value", Value))


class Row(Structure):
    """SRow: a pad, how many properties, and where they are."""

    _fields_ = (("pad", c_uint32), ("count", c_uint32), ("values", c_void_p))


class PropProblem(Structure):
    """SPropProblem: which property of a call was refused, its tag, and why."""

    _fields_ = (("index", c_uint32), ("tag", c_uint32), ("scode", c_uint32))


class MapiErrorBlock(Structure):
    """MAPIERROR ([mapierror])."""

    _fields_ = (
        ("version", c_uint32),
        ("error", c_void_p),
        ("component", c_void_p),
        ("low_level", c_uint32),
        ("context", c_uint32),
    )


class SortOrder(Structure):
    """SSortOrder: a column, and 0 for ascending or 1 for descending."""

    _fields_ = (("tag", c_uint32), ("order", c_uint32))


class SortOrderSet(Structure):
    """The head of an SSortOrderSet; its SSortOrders follow."""

    _fields_ = (("count", c_uint32), ("categories", c_uint32), ("expanded", c_uint32))


class _And(Structure):
    """SAndRestriction and SOrRestriction: how many, and where they are."""

    _fields_ = (("count", c_uint32), ("at", c_void_p))


class _Not(Structure):
    _fields_ = (("reserved", c_uint32), ("at", c_void_p))


class _Content(Structure):
    """SContentRestriction and SPropertyRestriction: level or relation, tag, and where the value is."""

    _fields_ = (("how", c_uint32), ("tag", c_uint32), ("value", c_void_p))


class _Three(Structure):
    """SComparePropsRestriction, SBitMaskRestriction, SSizeRestriction, SExistRestriction: three numbers."""

    _fields_ = (("first", c_uint32), ("second", c_uint32), ("third", c_uint32))


class _Sub(Structure):
    _fields_ = (("tag", c_uint32), ("at", c_void_p))


class _Comment(Structure):
    _fields_ = (("count", c_uint32), ("at", c_void_p), ("values", c_void_p))


class _AnyRestriction(Union):
    _fields_ = (
        ("both", _And),
        ("negated", _Not),
        ("content", _Content),
        ("three", _Three),
        ("sub", _Sub),
        ("comment", _Comment),
    )


class Restriction(Structure):
    """SRestriction: its kind, and what that kind needs ([srestriction])."""

    _fields_ = (("rt", c_uint32), ("res", _AnyRestriction))


POINTER = ctypes.sizeof(c_void_p)
SIZES: dict[Any, tuple[int, int]] = {
    Counted: (8, 16),
    PropValue: (16, 24),
    Row: (12, 16),
    PropProblem: (12, 12),
    MapiErrorBlock: (20, 32),
    SortOrder: (8, 8),
    SortOrderSet: (12, 12),
    Restriction: (16, 32),
    _Comment: (12, 24),
}
"""The bytes of each structure, with pointers of 4 and of 8 bytes; measured with four compilers."""
OFFSETS = {
    (PropValue, "value"): (8, 8),
    (Counted, "at"): (4, 8),
    (Row, "values"): (8, 8),
    (MapiErrorBlock, "low_level"): (12, 24),
    (Restriction, "res"): (4, 8),
}
TAGS_AT = 4
"""Where the tags of an SPropTagArray begin, and the SPropProblems of an SPropProblemArray."""
ROWS_AT = POINTER
"""Where the SRows of an SRowSet begin."""


def check() -> None:
    """Raise ImportError unless every structure is as the compilers have it; done once, when this is imported."""
    at = {4: 0, 8: 1}[POINTER]
    wrong = [
        f"{kind.__name__} has {ctypes.sizeof(kind)} bytes"
        for kind, sizes in SIZES.items()
        if ctypes.sizeof(kind) != sizes[at]
    ]
    wrong += [
        f"{kind.__name__}.{name} is at {getattr(kind, name).offset}"
        for (kind, name), offsets in OFFSETS.items()
        if getattr(kind, name).offset != offsets[at]
    ]
    if wrong:
        raise ImportError(f"this Python lays structures out as MAPI does not: {'; '.join(wrong)}")


check()

CTYPES: dict[str, Any] = {"u": c_uint32, "i": c_int32, "n": c_size_t, "p": c_void_p, "o": c_void_p, "v": None}
"""What each letter of a shape is (see shapes.py)."""

ENTRY = ("p", "p", "p", "n", "u", "u", "u", "p", "p", "p")
"""MSGSERVICEENTRY: instance, IMalloc, IMAPISupport, window, flags, context, count, properties, IProviderAdmin,
MAPIERROR.
"""
