"""What salvage found in a hive, as text, as JSON and as registry text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.formats import reg_text
from mapiwright.formats.regf.salvage.found import Grade, Salvaged, Space
from mapiwright.formats.regf.upcase import upcase
from mapiwright.ui.documents.hive_report import can_be_typed, reg_value, shown_data, time_text
from mapiwright.ui.text.section_values import name_text, section_value_text
from mapiwright.ui.text.terminal import Line, Style, escape
from mapiwright.ui.text.values import type_name
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from mapiwright.formats.regf.salvage.found import FoundKey, FoundValue

_AGE = (Space.FREE, Space.UNKNOWN, Space.LIVE)
"""What comes later in registry text wins: what is in use."""
_STYLES = {Grade.GOOD: Style.PLAIN, Grade.LIKELY: Style.CHANGED, Grade.TAKEN: Style.QUIET, Grade.LOST: Style.QUIET}


def chosen(found: Salvaged, below: Sequence[str], *, deleted: bool) -> Salvaged:
    """What is not in use, if ``deleted``; and, where ``below`` names a key, it and what leads to it from the root.

    A value whose key is not known is below no key.
    """
    top = tuple(map(upcase, below))
    keys = tuple(
        key
        for key in found.keys
        if not (deleted and key.space is Space.LIVE)
        and (not top or (key.rooted and tuple(map(upcase, key.path))[: len(top)] == top))
    )
    if top:
        return Salvaged(keys, (), ())
    groups = tuple(group for group in found.groups if not (deleted and _in_use(group)))
    return Salvaged(keys, groups, tuple(value for value in found.loose if not (deleted and _in_use((value,)))))


def _in_use(values: Sequence[FoundValue]) -> bool:
    return all(value.space is Space.LIVE for value in values)


def salvage_lines(found: Salvaged, code_page: str) -> Iterator[Line]:
    """Every key with its values, then the values without a key, each with its place and its grade; secrets masked."""
    for key in found.keys:
        counted = f", {len(key.values)} of {key.listed} values" if len(key.values) < key.listed else ""
        about = f"{key.space.value}, path {key.grade.value}, offset 0x{key.offset:x}, {_written(key)}{counted}"
        yield Line(f"{_path_text(key)}  [{about}]", Style.HEADING)
        yield from _value_lines(key.name, key.values, code_page)
    for group in found.groups:
        yield Line(f"(a key that is not known: {len(group)} values that stood in one list)", Style.HEADING)
        yield from _value_lines("", group, code_page)
    if found.loose:
        yield Line("(values whose key is not known)", Style.HEADING)
        yield from _value_lines("", found.loose, code_page)


def _path_text(key: FoundKey) -> str:
    if not key.rooted:
        return escape("\\".join(("...", *key.path)))
    return escape("\\".join(key.path)) or "(the root key)"


def _written(key: FoundKey) -> str:
    return time_text(key.timestamp) or "no time is kept"


def _value_lines(key: str, values: Sequence[FoundValue], code_page: str) -> Iterator[Line]:
    for value in values:
        about = f"[{value.space.value}, {value.grade.value}, offset 0x{value.offset:x}]"
        if value.data is None:
            shown = f"{type_name(value.type)} (no data)"
        else:
            shown = section_value_text(key, value.name, Value(value.type, value.data), code_page)
        yield Line(f"    {name_text(key, value.name)} = {shown}  {about}", _STYLES[value.grade])


def salvage_document(found: Salvaged) -> dict[str, Any]:
    """``{"keys", "groups", "loose"}``; of each thing its offset, space and grade; secrets are masked."""
    return {
        "keys": [
            {
                "path": list(key.path),
                "rooted": key.rooted,
                "offset": key.offset,
                "space": key.space.value,
                "grade": key.grade.value,
                "written": time_text(key.timestamp),
                "listed": key.listed,
                "values": list(map(_value_document, key.values)),
            }
            for key in found.keys
        ],
        "groups": [list(map(_value_document, group)) for group in found.groups],
        "loose": list(map(_value_document, found.loose)),
    }


def _value_document(value: FoundValue) -> dict[str, Any]:
    return {
        "name": value.name,
        "type": type_name(value.type),
        "hex": None if value.data is None else shown_data(value.name, Value(value.type, value.data)),
        "offset": value.offset,
        "space": value.space.value,
        "grade": value.grade.value,
    }


def salvage_reg_lines(found: Salvaged, root: str, code_page: str) -> Iterator[str]:
    """The lines of a ``.reg`` file for the keys whose path is known; of several versions the latest comes last.

    Values without data, secrets, and what has no known place are left out, and comments say so.
    """
    for key in sorted(found.keys, key=lambda key: (_AGE.index(key.space), key.timestamp)):
        if not key.rooted or not can_be_typed(*key.path):
            why = "its name cannot be written here" if key.rooted else "its place is not known"
            yield reg_text.comment_line(f"{_path_text(key)}: {why}")
            continue
        yield reg_text.comment_line(f"{key.space.value}, path {key.grade.value}, {_written(key)}")
        yield reg_text.key_line("\\".join((root, *key.path)))
        for value in key.values:
            if value.grade is not Grade.GOOD:
                yield reg_text.comment_line(f"{escape(value.name)}: {value.grade.value}")
            if value.data is not None:
                yield from reg_value(key.name, value.name, Value(value.type, value.data), code_page)
        yield ""
    others = sum(map(len, found.groups)) + len(found.loose)
    if others:
        yield reg_text.comment_line(f"{others} values whose key is not known are left out")
