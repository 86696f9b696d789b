"""What of a sequence of changes is still to be done: the check that every ``apply`` makes before it writes.

Changes of one thing are taken together, first old to last new, so that a sequence is idempotent as a whole
and no state between is ever written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError, RefusedError
from mapiwright.formats.regf.limits import refuse_key, refuse_value
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.change import (
    CreateKey,
    DeleteKey,
    FileChange,
    MakeFolder,
    RegistryChange,
    RemoveFolder,
    ReplaceAtRestart,
    SetValue,
    Standing,
    standing_in_files,
    standing_in_registry,
)
from mapiwright.workstation.files import FileWants, fault_of_path, join, parent, split
from mapiwright.workstation.subject import Subject, leaves_something, name_of, net, subject, subject_of_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.registry import KeyPath, RegistryReader


class _Due(dict[Subject, bool]):
    """Whether there is something at each place, once what is due is done."""

    def __init__(self) -> None:
        super().__init__()
        self._below: dict[Subject, list[Subject]] = {}

    def __setitem__(self, place: Subject, something: bool) -> None:
        if place not in self:
            self._below.setdefault(place[:-1], []).append(place)
        super().__setitem__(place, something)

    def below(self, place: Subject) -> Sequence[Subject]:
        """The places right below that one."""
        return self._below.get(place, ())


def refuse_unnameable(changes: Iterable[RegistryChange]) -> None:
    """Raise RefusedError for a key or value that no hive can hold, by its name, its depth or its type."""
    for change in changes:
        if isinstance(change, CreateKey):
            refuse_key(change.key.parts[1:], str(change.key))  # the first one is a hive's root
        elif isinstance(change, SetValue) and change.new is not None:
            refuse_value(change.name, change.new.type, str(change.key))


def outstanding_in_registry(
    changes: Sequence[RegistryChange], registry: RegistryReader
) -> tuple[RegistryChange, ...]:
    """The changes that are not true yet, in order; raises ConflictError unless all of them can be made true.

    Paths are taken literally: translate views and links before.
    """
    there = _Due()
    due = []
    for change in net(changes):
        place, where = subject(change)[1:], name_of(change)
        if _is_done(standing_in_registry(change, registry), where):
            continue
        if isinstance(change, DeleteKey):
            _refuse_content(place, _content_of_key(registry, change.key, place), there, where)
        elif isinstance(change, CreateKey) or change.new is not None:
            holder = change.key.parent if isinstance(change, CreateKey) else change.key
            if not there.get(place[:-1], registry.subkeys(holder) is not None):
                raise ConflictError("the key above does not exist", where=where, expected=str(holder))
        there[place] = leaves_something(change)
        due.append(change)
    return tuple(due)


def outstanding_in_files(changes: Sequence[FileChange], files: FileReader) -> tuple[FileChange, ...]:
    """The changes that are not true yet, in order; raises ConflictError unless all of them can be made true."""
    there = _Due()
    due = []
    for change in net(changes):
        place = subject(change)[1:]
        if _is_done(standing_in_files(change, files), change.path):
            continue
        if isinstance(change, RemoveFolder):
            below = [((*place, upcase(name)), name) for name in files.names(change.path)]
            _refuse_content(place, below, there, change.path)
        elif isinstance(change, MakeFolder) or change.new is not None:
            folder = parent(change.path)
            if not there.get(place[:-1], files.is_folder(folder)):
                raise ConflictError("the folder does not exist", where=change.path, expected=folder)
            if isinstance(change, MakeFolder) and there.get(place, files.read(change.path) is not None):
                raise ConflictError("a file is in the place of the folder", where=change.path)
        there[place] = leaves_something(change)
        due.append(change)
    return tuple(due)


def refuse_impossible(changes: Sequence[FileChange], files: FileReader) -> None:
    """Raise RefusedError where a file or folder can never be made, whatever the plan was derived from.

    Windows has no such name, a file is where a folder above it would be, or its folder is neither there nor made by
    the changes before it.
    """
    made: set[Subject] = set()
    holders: dict[str, str] = {}
    for change in changes:
        if leaves_something(change):
            _refuse_name(change.path, files)
            folder = parent(change.path)
            if subject_of_folder(folder) not in made:
                holders.setdefault(folder, change.path)
        (made.add if isinstance(change, MakeFolder) else made.discard)(subject_of_folder(change.path))
    there = files.look(FileWants(folders=tuple(holders))) if holders else None
    for folder, path in holders.items():
        if there is not None and not there.is_folder(folder):
            _refuse_file_above(path, files)
            raise RefusedError("the folder does not exist", where=path, expected=folder)


def _refuse_name(path: str, files: FileReader) -> None:
    """Raise RefusedError where Windows has no such path, unless it is there all the same."""
    fault = fault_of_path(path)
    if fault is not None and not (files.is_folder(path) or files.digest(path) is not None):
        raise RefusedError(f"Windows has no such path: {fault}", where=path)


def _refuse_file_above(path: str, files: FileReader) -> None:
    """Raise RefusedError that names the file which is where a folder above ``path`` would have to be, if any is."""
    names = split(path)
    for depth in range(len(names) - 1, 1, -1):
        above = join(*names[:depth])
        if not files.is_folder(above) and files.digest(above) is not None:
            raise RefusedError(
                "a file is where a folder would have to be",
                where=above,
                expected=f"a folder for {path}",
                remedy="Move that file away if it is not needed, or change where the other is to go.",
            )


def refuse_at_restart(changes: Iterable[FileChange], where: str) -> None:
    """Raise RefusedError that names the files of ``where`` which are to be replaced at the next start, if any are."""
    paths = [change.path for change in changes if isinstance(change, ReplaceAtRestart)]
    if paths:
        raise RefusedError(
            f"nothing replaces a file at the next start here: {', '.join(paths)}",
            where=where,
            expected="a Windows that runs, and holds the file in use",
            remedy="Write the file itself: nothing holds it in use on this workstation.",
        )


def _is_done(stands: Standing, where: str) -> bool:
    if stands is Standing.OTHER:
        raise ConflictError(
            "it is not as the plan expects",
            where=where,
            expected="the state before the change, or after it",
            remedy="Plan again: it was changed since.",
        )
    return stands is Standing.NEW


def _content_of_key(registry: RegistryReader, path: KeyPath, place: Subject) -> Iterator[tuple[Subject, str]]:
    key = registry.read(path)
    if key is not None:
        yield from (((*place, "\\" + upcase(name)), name) for name in key.values)
        yield from (((*place, upcase(name)), name) for name in key.keys)


def _refuse_content(place: Subject, below: Iterable[tuple[Subject, str]], there: _Due, where: str) -> None:
    """Raise ConflictError where something would be left in a key or folder to remove."""
    names = dict(below)
    names |= {here: here[-1].lstrip("\\") for here in there.below(place) if here not in names}
    left = [name for here, name in names.items() if there.get(here, True)]
    if left:
        raise ConflictError(f"it still holds {', '.join(map(repr, left))}", where=where, expected="nothing in it")
