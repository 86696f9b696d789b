"""A PRF file for people and as a document: its profile, services and accounts with their values, secrets masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.formats.inf import LineKind
from mapiwright.formats.prf import slot_text
from mapiwright.mapi.props.protected import MASK, is_secret_word
from mapiwright.mapi.props.tags import name_in_section
from mapiwright.ui.text.terminal import Line, Style, escape
from mapiwright.ui.text.values import property_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.mapi.prf.reading import Assignment, Item, ProfileFile


def prf_lines(file: ProfileFile) -> Iterator[Line]:
    """The file as it is understood; lines that are none of its kinds come last, as they stand."""
    general = file.general
    yield Line(f'Profile "{escape(general.name)}"  ({file.dialect})', Style.HEADING)
    yield Line(f"  if it is there: {_IF_THERE[general.overwrite.value]}")
    if general.modify_default:
        yield Line("  where there is a default profile, that one is changed instead")
    yield Line(f"  default profile: {_yes(general.default)}")
    if general.default_store:
        yield Line(f"  default store: {escape(general.default_store)}")
    for item in (*file.services, *file.accounts):
        yield from _item_lines(item)
    strays = [
        (number, line.text) for number, line in enumerate(file.document.lines, 1) if line.kind is LineKind.STRAY
    ]
    if strays:
        yield Line("Lines that are passed over", Style.HEADING)
        for number, text in strays:
            shown = MASK if is_secret_word(text, text) else escape(text)
            yield Line(f"  {number}: {shown}", Style.QUIET)


_IF_THERE = {"no": "left as it is", "yes": "replaced", "append": "changed in what the file names"}


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _item_lines(item: Item) -> Iterator[Line]:
    yield Line(f"{escape(item.key)}: {escape(item.name)}{_target(item)}", Style.ADDED)
    for said, what in ((item.unique, "one at most"), (item.overwrite, "replaces one that is there")):
        if said is not None:
            yield Line(f"    {what}: {_yes(said)}", Style.QUIET)
    if item.default:
        yield Line("    the default account", Style.QUIET)
    for each in item.assignments:
        where = "written nowhere" if each.slot is None else slot_text(each.slot)
        name = "" if each.slot is None or not item.service else _named(each, item)
        style = Style.PLAIN if each.slot is not None else Style.REMOVED
        yield Line(f"    {escape(each.key)} = {_value(each)}  ({where}{name})", style)


def _named(each: Assignment, item: Item) -> str:
    assert each.slot is not None  # noqa: S101 - the caller has looked
    name = name_in_section(each.slot.tag, item.service)
    return "" if name == f"{each.slot.tag:08X}" else f" {name}"


def _value(each: Assignment) -> str:
    if each.secret:
        return MASK
    if each.slot is None or each.value is None:
        return "(not read)" if each.slot is None else "(nothing)"
    return property_text(each.slot.tag, each.value)


def _target(item: Item) -> str:
    label = item.label
    if label is None:
        return "  (not defined)"
    if label.service:
        return f"  -> service {escape(label.service)}"
    if label.section:
        return f"  -> section {label.section}"
    return f"  -> {label.account} account" if label.account else "  (not defined)"


def prf_document(file: ProfileFile) -> dict[str, Any]:
    """``{"prf": {...}}``: [General], services and accounts with their values by key."""
    general = file.general
    return {
        "prf": {
            "dialect": file.dialect.name.lower(),
            "profile": general.name,
            "default": general.default,
            "overwrite": general.overwrite.value,
            "modify_default": general.modify_default,
            "backup": general.backup,
            "default_store": general.default_store or None,
            "services": [_item_document(item) for item in file.services],
            "accounts": [_item_document(item) for item in file.accounts],
        }
    }


def _item_document(item: Item) -> dict[str, Any]:
    label = item.label
    return {
        "key": item.key,
        "label": item.name,
        "line": item.line,
        "service": item.service or None,
        "section": (label.section or None) if label is not None else None,
        "account": (label.account or None) if label is not None else None,
        "unique": item.unique,
        "overwrite": item.overwrite,
        "values": [_assignment_document(each) for each in item.assignments],
    }


def _assignment_document(each: Assignment) -> dict[str, Any]:
    tag = f"{each.slot.tag:08X}" if each.slot is not None else None
    document: dict[str, Any] = {"key": each.key, "line": each.line, "tag": tag}
    return document | ({"secret": True} if each.secret else {"value": each.value})
