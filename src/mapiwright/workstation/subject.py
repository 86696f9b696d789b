"""What a change is about, and the net effect of several changes: each thing once, from its first state to its last.

This is the one place that says when two changes are about the same thing, and when one contradicts the other.
"""

from __future__ import annotations

from itertools import accumulate, chain
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from mapiwright.errors import ConflictError, FailedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.change import (
    CreateKey,
    DeleteKey,
    MakeFolder,
    RemoveFolder,
    ReplaceAtRestart,
    SetValue,
    WriteFile,
)
from mapiwright.workstation.files import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.registry import KeyPath

C = TypeVar("C", "Change", "RegistryChange", "FileChange")

Subject: TypeAlias = tuple[str, ...]
"""What a change is about, as Windows compares names: its sort, and then its place.

The place of a value ends with its name after a backslash, which the name of a key cannot have. A file and a folder
have the same place, and so does the content of a folder: the place of the folder, and its name.
"""


def subject(change: Change) -> Subject:
    """What the change is about."""
    match change:
        case SetValue():
            return subject_of_value(change.key, change.name)
        case CreateKey() | DeleteKey():
            return subject_of_key(change.key)
        case WriteFile() | ReplaceAtRestart():
            return subject_of_file(change.path)
        case MakeFolder() | RemoveFolder():
            return subject_of_folder(change.path)


def subject_of_value(key: KeyPath, name: str) -> Subject:
    """A registry value; ``name`` "" is the default value."""
    return ("value", *subject_of_key(key)[1:], "\\" + upcase(name))


def subject_of_key(key: KeyPath) -> Subject:
    """A registry key. The two views of it are two things."""
    return ("key", key.view.value, key.root, *map(upcase, key.parts))


def subject_of_file(path: str) -> Subject:
    """A file."""
    return ("file", *map(upcase, split(path)))


def subject_of_folder(path: str) -> Subject:
    """A folder."""
    return ("folder", *map(upcase, split(path)))


def name_of(change: Change) -> str:
    """What the change is about, for people; never what is in it."""
    match change:
        case SetValue():
            return f"{change.key}, {f'value {change.name!r}' if change.name else 'the default value'}"
        case CreateKey() | DeleteKey():
            return str(change.key)
        case WriteFile() | ReplaceAtRestart() | MakeFolder() | RemoveFolder():
            return change.path


def states(change: Change) -> tuple[object, object]:
    """The state of the thing before the change and after it: a value, bytes, or whether it is there."""
    match change:
        case SetValue() | WriteFile() | ReplaceAtRestart():
            return change.old, change.new
        case CreateKey() | MakeFolder():
            return False, True
        case DeleteKey() | RemoveFolder():
            return True, False


def leaves_something(change: Change) -> bool:
    """Whether there is something in the place when the change has been made."""
    return states(change)[1] not in (None, False)


def net(changes: Iterable[C]) -> tuple[C, ...]:
    """The changes with each thing once, in an order that can be applied, without those that come to nothing.

    What is made is made where it first was, and what is set or goes is set or goes where it last was: so
    a parent is there before its children and goes after them. A change that is repeated counts once; raises
    ConflictError where another one does not begin where the one before it ended.
    """
    return tuple(change for _, change in _placed(changes))


def net_of_each(sequences: Sequence[Sequence[C]]) -> tuple[tuple[C, ...], ...]:
    """What several sequences come to when they are made as one: the net changes, in the sequence of their place."""
    ends = tuple(accumulate(map(len, sequences)))
    placed = _placed(chain.from_iterable(sequences))
    return tuple(
        tuple(change for index, change in placed if end - len(changes) <= index < end)
        for changes, end in zip(sequences, ends, strict=True)
    )


def _placed(changes: Iterable[C]) -> list[tuple[int, C]]:
    """The net changes, each with the index of its place, in that order."""
    first: dict[Subject, tuple[int, C]] = {}
    last: dict[Subject, tuple[int, C]] = {}
    for index, change in enumerate(changes):
        what = subject(change)
        if what in last:
            before = states(last[what][1])
            if states(change) == before:
                continue
            if before[1] != states(change)[0]:
                raise ConflictError("two changes of it contradict each other", where=name_of(change))
        first.setdefault(what, (index, change))
        last[what] = index, change
    placed: list[tuple[int, C]] = []
    for what, (first_at, begin) in first.items():
        last_at, end = last[what]
        if states(begin)[0] != states(end)[1]:
            made = isinstance(end, CreateKey | MakeFolder)
            placed.append((first_at if made else last_at, _whole(begin, end)))
    return sorted(placed, key=lambda each: each[0])


def firsts(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The first change of each thing that is one."""
    found: dict[Subject, Change] = {}
    for change in changes:
        old, new = states(change)
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
    return tuple(change for change in changes if not isinstance(change, SetValue | CreateKey | DeleteKey))


def partly_made(error: OSError, made: Iterable[str], unmade: Iterable[str]) -> FailedError:
    """The error for a sequence of changes that ended in the middle: each thing is in its new state, or in its old."""
    failed = FailedError(error.strerror or str(error), where=str(error.filename or ""))
    failed.made, failed.unmade = tuple(made), tuple(unmade)
    return failed


def _whole(first: C, last: C) -> C:
    """The change from before ``first`` to after ``last``."""
    if isinstance(first, SetValue) and isinstance(last, SetValue):
        return SetValue(last.key, last.name, first.old, last.new)
    if isinstance(first, WriteFile) and isinstance(last, WriteFile):
        return WriteFile(last.path, first.old, last.new)
    if isinstance(first, WriteFile | ReplaceAtRestart) and isinstance(last, WriteFile | ReplaceAtRestart):
        return ReplaceAtRestart(last.path, first.old, last.new)  # what is in use at one time is for the next start
    return last
