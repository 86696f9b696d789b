"""What a sequence of changes comes to: each thing once, from its first old state to its last new one.

A leg is journalled net, so that every thing in it stands in one of two states at any time, and a leg that was
applied in part can be finished or undone by looking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from mapiwright.errors import SHOWN, ConflictError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.change import (
    CreateKey,
    DeleteKey,
    MakeFolder,
    RemoveFolder,
    SetValue,
    Standing,
    WriteFile,
    standing,
)
from mapiwright.workstation.files import join, same, split

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.registry import KeyPath
    from mapiwright.workstation.workstation import Workstation

Subject: TypeAlias = tuple[str, ...]
"""What a change is about, as Windows compares names; the first word says of which sort it is."""


def subject(change: Change) -> Subject:
    """What the change is about."""
    match change:
        case SetValue():
            return ("value", *_key(change.key), upcase(change.name))
        case CreateKey() | DeleteKey():
            return ("key", *_key(change.key))
        case WriteFile():
            return ("file", *map(upcase, split(change.path)))
        case MakeFolder() | RemoveFolder():
            return ("folder", *map(upcase, split(change.path)))


def name(change: Change) -> str:
    """What the change is about, for people; never what is in it."""
    match change:
        case SetValue():
            return f"{change.key}, {f'value {change.name!r}' if change.name else 'the default value'}"
        case CreateKey() | DeleteKey():
            return str(change.key)
        case WriteFile() | MakeFolder() | RemoveFolder():
            return change.path


def counted(names: Collection[str]) -> str:
    """How many things, as the beginning of a sentence about them."""
    return "1 thing is" if len(names) == 1 else f"{len(names)} things are"


def listed(names: Collection[str]) -> str:
    """The names for people, one to a line and no more than a screen holds."""
    shown = [*names][:SHOWN]
    more = [f"... and {len(names) - len(shown)} more"] if len(names) > len(shown) else []
    return "".join(f"\n    {name}" for name in (*shown, *more))


def net(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes with each thing once, in an order that can be applied, without those that come to nothing.

    What is made is made where it first was, and what is set or goes is set or goes where it last was: so
    a parent is there before its children and goes after them. Raises ConflictError where a change does not begin
    where the one before it ended.
    """
    firsts: dict[Subject, tuple[int, Change]] = {}
    lasts: dict[Subject, tuple[int, Change]] = {}
    for index, change in enumerate(changes):
        what = subject(change)
        if what in lasts:
            before = lasts[what][1]
            if change == before:
                continue
            if _states(before)[1] != _states(change)[0]:
                raise ConflictError("two changes of it contradict each other", where=name(change))
        firsts.setdefault(what, (index, change))
        lasts[what] = index, change
    placed: list[tuple[int, Change]] = []
    for what, (first_at, first) in firsts.items():
        last_at, last = lasts[what]
        whole = _whole(first, last)
        if whole is not None:
            placed.append((first_at if isinstance(whole, CreateKey | MakeFolder) else last_at, whole))
    return tuple(change for _, change in sorted(placed, key=lambda each: each[0]))


def firsts(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The first change of each thing that is one."""
    found: dict[Subject, Change] = {}
    for change in changes:
        old, new = _states(change)
        if old != new:
            found.setdefault(subject(change), change)
    return tuple(found.values())


def inverse(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that undo these, last first."""
    return tuple(change.inverse for change in reversed(tuple(changes)))


def on_registry(changes: Iterable[Change]) -> tuple[RegistryChange, ...]:
    """Those that concern the registry."""
    return tuple(change for change in changes if isinstance(change, SetValue | CreateKey | DeleteKey))


def on_files(changes: Iterable[Change]) -> tuple[FileChange, ...]:
    """Those that concern files."""
    return tuple(change for change in changes if isinstance(change, WriteFile | MakeFolder | RemoveFolder))


def drifted(changes: Iterable[Change], workstation: Workstation, allowed: Collection[Standing]) -> tuple[str, ...]:
    """The names of the things that stand where they should not: somebody else changed them."""
    found = []
    for change in changes:
        try:
            stands = standing(change, workstation.registry, workstation.files)
        except ConflictError:  # a folder where a file should be
            stands = Standing.OTHER
        if stands not in allowed:
            found.append(name(change))
    return tuple(found)


def in_the_way(changes: Iterable[Change], workstation: Workstation) -> tuple[str, ...]:
    """The names of what would be left in the keys and folders that shall go, and so keeps them from going."""
    changes = tuple(changes)
    going = {
        subject(change)
        for change in changes
        if isinstance(change, DeleteKey | RemoveFolder)
        or (isinstance(change, SetValue | WriteFile) and change.new is None)
    }
    left: list[str] = []
    for change in changes:
        match change:
            case DeleteKey():
                key = workstation.registry.read(change.key)
                if key is None:
                    continue
                inside: list[Change] = [SetValue(change.key, value, None, None) for value in key.values]
                inside += [DeleteKey(change.key / below) for below in key.keys]
                left += [name(one) for one in inside if subject(one) not in going]
            case RemoveFolder():
                for below in workstation.files.names(change.path):
                    path = join(change.path, below)
                    if not {subject(WriteFile(path, None, None)), subject(RemoveFolder(path))} & going:
                        left.append(path)
            case _:
                pass
    return tuple(left)


def without_own_folder(changes: Iterable[Change], workstation: Workstation) -> tuple[Change, ...]:
    """The changes without those that make or remove the folder of our state, or one above it.

    The journal needs that folder before the first change and after the last one, so it is not a plan's to make.
    """
    parts = split(workstation.state_folder)
    ours = [join(*parts[:count]) for count in range(1, len(parts) + 1)]
    return tuple(
        change
        for change in changes
        if not (isinstance(change, MakeFolder | RemoveFolder) and any(same(change.path, path) for path in ours))
    )


def _key(path: KeyPath) -> Subject:
    return (path.view.value, path.root, *map(upcase, path.parts))


def _states(change: Change) -> tuple[object, object]:
    """The state before the change, and after it."""
    match change:
        case SetValue() | WriteFile():
            return change.old, change.new
        case CreateKey() | MakeFolder():
            return False, True
        case DeleteKey() | RemoveFolder():
            return True, False


def _whole(first: Change, last: Change) -> Change | None:
    """The change from before ``first`` to after ``last``, or None where that is no change."""
    if _states(first)[0] == _states(last)[1]:
        return None
    match first, last:
        case SetValue(), SetValue():
            return SetValue(last.key, last.name, first.old, last.new)
        case WriteFile(), WriteFile():
            return WriteFile(last.path, first.old, last.new)
        case _:
            return last
