"""Every property that the documents give a tag: the rows of tags_data, read on first use.

Most runs never do: the names that a profile needs are in tags_table. The rows are what headers and pages say, so a
string that they define in both widths is here in both, even if profiles store only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from mapiwright.formats.props import PropertyType
from mapiwright.mapi.props.tags_data import TABLE

__all__ = ["DocumentedProperty", "properties"]

# H:EdkMdb.h: the conditions and actions of rules, which no section holds.
_TYPES = {kind.name: int(kind) for kind in PropertyType} | {"SRESTRICTION": 0x00FD, "ACTIONS": 0x00FE}
_TYPES |= {"TSTRING": int(PropertyType.UNICODE), "MV_TSTRING": int(PropertyType.MV_UNICODE)}


@dataclass(frozen=True, slots=True)
class DocumentedProperty:
    """A documented property: its tag, its names, empty where it has none, and the header or ``page`` that says so.

    ``both_widths``: it is a string that is defined as PT_STRING8 and as PT_UNICODE; the tag is the latter.
    """

    tag: int
    name: str
    pid_name: str
    source: str
    both_widths: bool


@cache
def properties() -> tuple[DocumentedProperty, ...]:
    """All of them, by rising id; of several names of one id or tag the usual one comes first."""
    return tuple(_property(*line.split(" ")) for line in TABLE.splitlines())


def _property(digits: str, kind: str, name: str, pid_name: str, source: str) -> DocumentedProperty:
    tag = int(digits, 16) << 16 | _TYPES[kind]
    return DocumentedProperty(tag, _present(name), _present(pid_name), source, kind.endswith("TSTRING"))


def _present(name: str) -> str:
    return "" if name == "-" else name
