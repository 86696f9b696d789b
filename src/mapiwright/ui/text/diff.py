"""Changes as a diff: INF lines, files with size and digest, registry values by their key."""

from __future__ import annotations

from difflib import unified_diff
from itertools import groupby
from typing import TYPE_CHECKING

from mapiwright.mapi.profile.profile import tag_of_value
from mapiwright.mapi.props.protected import mask_line
from mapiwright.mapi.props.tags import PR_PROVIDER_DISPLAY, PR_SERVICE_NAME, WELL_KNOWN
from mapiwright.ui.text.section_values import is_section, name_text, section_value_text
from mapiwright.ui.text.terminal import Line, Style, escape
from mapiwright.ui.text.values import digest
from mapiwright.workstation.change import (
    CreateKey,
    DeleteKey,
    MakeFolder,
    RemoveFolder,
    ReplaceAtRestart,
    SetValue,
    WriteFile,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mapiwright.workstation.change import Change
    from mapiwright.workstation.registry import KeyPath
    from mapiwright.workstation.workstation import User

LONGEST_TEXT = 1 << 20
"""Bytes of a text whose lines are still compared one by one."""
CONTEXT = 2
"""Unchanged lines that are shown around a change."""


def changes_as_lines(changes: Iterable[Change], code_page: str, users: Iterable[User] = ()) -> Iterator[Line]:
    """The changes in their order; neighbours on one key are grouped under its name.

    ``code_page`` is the workstation's, a Python codec name: an INF without a byte order mark is in it. A key of one
    of ``users`` is shown as that user sees it: ``HKCU of Zoë``. A key below or beside one that was shown has only
    its own name, after three dots.
    """
    owners = {user.root.parts[:1]: user.name for user in users}
    reported: set[KeyPath] = set()
    for key, group in groupby(changes, _key_of):
        if key is None:
            for change in group:
                yield from _file_lines(change, code_page)
        else:
            found = list(group)
            name = f"...\\{escape(key.name)}" if key.parent in reported else shown_key(key, owners)
            reported |= {key, key.parent}
            yield from _key_lines(name + _section_name(key, found), found, code_page)


def _key_of(change: Change) -> KeyPath | None:
    return change.key if isinstance(change, SetValue | CreateKey | DeleteKey) else None


def shown_key(key: KeyPath, owners: Mapping[tuple[str, ...], str]) -> str:
    """A key as its user sees it; ``owners`` are the names by the first name below HKU."""
    owner = owners.get(key.parts[:1]) if key.root == "HKU" else None
    return escape(str(key) if owner is None else "\\".join((f"HKCU of {owner}", *key.parts[1:])))


def _section_name(key: KeyPath, changes: Sequence[Change]) -> str:
    """What a profile section is, in brackets: a well-known one, or the service or provider that its values name."""
    if not is_section(key.name):
        return ""
    if key.name.lower() in WELL_KNOWN:
        return f" ({WELL_KNOWN[key.name.lower()]})"
    texts = {}
    for change in changes:
        value = (change.new or change.old) if isinstance(change, SetValue) else None
        tag = tag_of_value(change.name) if isinstance(change, SetValue) else None
        if tag is not None and value is not None and tag in {PR_SERVICE_NAME, PR_PROVIDER_DISPLAY}:
            texts[tag] = escape(value.text)
    if PR_PROVIDER_DISPLAY in texts:
        return f" (provider {texts[PR_PROVIDER_DISPLAY]})"
    return f" (service {texts[PR_SERVICE_NAME]})" if PR_SERVICE_NAME in texts else ""


def _key_lines(name: str, changes: Sequence[Change], code_page: str) -> Iterator[Line]:
    if any(isinstance(change, CreateKey) for change in changes):
        yield Line(f"+ {name}", Style.ADDED)
    elif any(isinstance(change, DeleteKey) for change in changes):
        yield Line(f"- {name}", Style.REMOVED)
    else:
        yield Line(f"~ {name}", Style.CHANGED)
    for change in changes:
        if isinstance(change, SetValue):
            yield _value_line(change, code_page).indented(4)


def _value_line(change: SetValue, code_page: str) -> Line:
    name = name_text(change.key.name, change.name)
    old, new = (
        "" if value is None else section_value_text(change.key.name, change.name, value, code_page)
        for value in (change.old, change.new)
    )
    if change.old is None:
        return Line(f"+ {name} = {new}", Style.ADDED)
    if change.new is None:
        return Line(f"- {name} = {old}", Style.REMOVED)
    return Line(f"~ {name} = {old} -> {new}", Style.CHANGED)


def _file_lines(change: Change, code_page: str) -> Iterator[Line]:
    match change:
        case MakeFolder(path):
            yield Line(f"+ {escape(path)}\\", Style.ADDED)
        case RemoveFolder(path):
            yield Line(f"- {escape(path)}\\", Style.REMOVED)
        case WriteFile(path, old, new) | ReplaceAtRestart(path, old, new):
            at_restart = " (at the next start)" if isinstance(change, ReplaceAtRestart) else ""
            name = escape(path) + at_restart
            if old is None:
                yield Line(f"+ {name}  {size_text(new)}", Style.ADDED)
            elif new is None:
                yield Line(f"- {name}  {size_text(old)}", Style.REMOVED)
            else:
                yield Line(f"~ {name}  {size_text(old)} -> {size_text(new)}", Style.CHANGED)
            for line in text_difference(change, code_page):
                yield line.indented(4)


def size_text(data: bytes | None) -> str:
    """How long a file is, and the beginning of its SHA-256."""
    return "" if data is None else f"{len(data):,} bytes, sha256 {digest(data)}"


def text_difference(change: WriteFile | ReplaceAtRestart, code_page: str) -> tuple[Line, ...]:
    """The lines of a text that differ, secrets masked; empty where the file is no text that one would read."""
    if not change.path.lower().endswith((".inf", ".prf", ".ini")):
        return ()
    old, new = (_text_lines(data, code_page) for data in (change.old, change.new))
    if old is None or new is None:
        return ()
    found = list(unified_diff(old, new, n=CONTEXT, lineterm=""))[2:]
    return tuple(_difference_line(line) for line in found)


def _difference_line(line: str) -> Line:
    style = {"+": Style.ADDED, "-": Style.REMOVED, "@": Style.HEADING}.get(line[0], Style.QUIET)
    return Line(line[0] + escape(mask_line(line[1:])), style)


def _text_lines(data: bytes | None, code_page: str) -> list[str] | None:
    """The lines of a text; a line end other than CRLF stays on its line, where it is seen as an escape."""
    if data is None:
        return []
    if len(data) > LONGEST_TEXT:
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif data.startswith(b"\xef\xbb\xbf"):
        text = data.decode("utf-8-sig", "replace")
    else:
        text = data.decode(code_page, "replace")
    lines = text.split("\r\n") if "\r\n" in text else text.split("\n")
    return lines if lines[-1] else lines[:-1]
