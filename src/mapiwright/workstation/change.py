"""The closed union of changes: each one absolute, old -> new, with its inverse.

A change names the state before and after it, so applying it twice is applying it once, and its inverse undoes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.errors import ConflictError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.files import FileWants, parent, split
from mapiwright.workstation.look import digest_of
from mapiwright.workstation.registry import Key, KeyPath, RegistryWants, Value, lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mapiwright.workstation.files import FileReader, FileSnapshot
    from mapiwright.workstation.registry import RegistryReader


@dataclass(frozen=True, slots=True)
class SetValue:
    """A registry value goes from ``old`` to ``new``; None is absent. ``name`` "" is the default value."""

    key: KeyPath
    name: str
    old: Value | None
    new: Value | None

    @property
    def inverse(self) -> SetValue:
        """The change that undoes this one."""
        return SetValue(self.key, self.name, self.new, self.old)


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Create an empty registry key; its parent exists."""

    key: KeyPath

    @property
    def inverse(self) -> DeleteKey:
        """The change that undoes this one."""
        return DeleteKey(self.key)


@dataclass(frozen=True, slots=True)
class DeleteKey:
    """An empty registry key goes; its values and subkeys have gone before it."""

    key: KeyPath

    @property
    def inverse(self) -> CreateKey:
        """The change that undoes this one."""
        return CreateKey(self.key)


@dataclass(frozen=True, slots=True)
class WriteFile:
    """A file's bytes go from ``old`` to ``new``; None is absent."""

    path: str
    old: bytes | None
    new: bytes | None

    @property
    def inverse(self) -> WriteFile:
        """The change that undoes this one."""
        return WriteFile(self.path, self.new, self.old)


@dataclass(frozen=True, slots=True)
class ReplaceAtRestart:
    """A file that is in use: its bytes go from ``old`` to ``new`` when the workstation starts next; None is absent.

    Until then the file is as it was, and the workstation is to be restarted. Only a Windows that runs can do it.
    """

    path: str
    old: bytes | None
    new: bytes | None

    @property
    def inverse(self) -> ReplaceAtRestart:
        """The change that undoes this one."""
        return ReplaceAtRestart(self.path, self.new, self.old)


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """Create an empty folder."""

    path: str

    @property
    def inverse(self) -> RemoveFolder:
        """The change that undoes this one."""
        return RemoveFolder(self.path)


@dataclass(frozen=True, slots=True)
class RemoveFolder:
    """An empty folder goes."""

    path: str

    @property
    def inverse(self) -> MakeFolder:
        """The change that undoes this one."""
        return MakeFolder(self.path)


RegistryChange: TypeAlias = SetValue | CreateKey | DeleteKey
FileChange: TypeAlias = WriteFile | ReplaceAtRestart | MakeFolder | RemoveFolder
Change: TypeAlias = RegistryChange | FileChange


class Standing(Enum):
    """The state of the workstation for a change: before it, after it, or something else."""

    OLD = "old"
    NEW = "new"
    OTHER = "other"


def standing(change: Change, registry: RegistryReader, files: FileReader) -> Standing:
    """Read the workstation and say whether ``change`` is still to do, done, or overtaken by another change."""
    if isinstance(change, SetValue | CreateKey | DeleteKey):
        return standing_in_registry(change, registry)
    return standing_in_files(change, files)


def standings(
    changes: Iterable[Change], registry: RegistryReader, files: FileReader
) -> tuple[tuple[Change, Standing], ...]:
    """Each change with its standing, read in one go; where a folder is in the place of a file, it is OTHER."""
    changes = tuple(changes)
    in_registry = tuple(change for change in changes if isinstance(change, SetValue | CreateKey | DeleteKey))
    in_files = tuple(change for change in changes if not isinstance(change, SetValue | CreateKey | DeleteKey))
    keys = registry.look(registry_wants(in_registry)) if in_registry else registry
    things = files.look(file_wants(in_files)) if in_files else files
    found: list[tuple[Change, Standing]] = []
    for change in changes:
        if isinstance(change, SetValue | CreateKey | DeleteKey):
            found.append((change, standing_in_registry(change, keys)))
            continue
        try:
            found.append((change, standing_in_files(change, things)))
        except ConflictError:
            found.append((change, Standing.OTHER))
    return tuple(found)


def registry_wants(changes: Sequence[RegistryChange]) -> RegistryWants:
    """What must be read from a registry to find the standing of the changes."""
    return RegistryWants(
        values=tuple((change.key, change.name) for change in changes if isinstance(change, SetValue)),
        keys=tuple(change.key for change in changes if isinstance(change, CreateKey | DeleteKey)),
    )


def file_wants(changes: Sequence[FileChange]) -> FileWants:
    """What must be read from files to find the standing of the changes."""
    return FileWants(
        digests=tuple(change.path for change in changes if isinstance(change, WriteFile | ReplaceAtRestart)),
        folders=tuple(change.path for change in changes if isinstance(change, MakeFolder | RemoveFolder)),
    )


def standing_in_registry(change: RegistryChange, registry: RegistryReader) -> Standing:
    """As ``standing``, where only the registry is at hand."""
    match change:
        case SetValue():
            return _standing(registry.value(change.key, change.name), change.old, change.new)
        case CreateKey():
            return _standing(registry.subkeys(change.key) is not None, old=False, new=True)
        case DeleteKey():
            return _standing(registry.subkeys(change.key) is not None, old=True, new=False)


def standing_in_files(change: FileChange, files: FileReader | FileSnapshot) -> Standing:
    """As ``standing``, where only the files are at hand."""
    match change:
        case WriteFile() | ReplaceAtRestart():
            return _standing(files.digest(change.path), digest_of(change.old), digest_of(change.new))
        case MakeFolder():
            return _standing(files.is_folder(change.path), old=False, new=True)
        case RemoveFolder():
            return _standing(files.is_folder(change.path), old=True, new=False)


def _standing(now: object, old: object, new: object) -> Standing:
    if now == new:
        return Standing.NEW
    return Standing.OLD if now == old else Standing.OTHER


def difference(path: KeyPath, old: Key | None, new: Key | None) -> Iterator[RegistryChange]:
    """The changes that take the key at ``path`` from one snapshot to another, in an order that can be applied.

    Deletions go from the leaves up and come before creations at their level; a name that differs only in case
    is the same name and keeps its stored form.
    """
    if new is None:
        if old is not None:
            yield from _deletions(path, old)
        return
    waiting: list[tuple[KeyPath, Key | None, Key]] = [(path, old, new)]
    while waiting:
        at, before, after = waiting.pop()
        if before is None:
            yield CreateKey(at)
            before = Key()
        for name, below in before.keys.items():
            if lookup(after.keys, name) is None:
                yield from _deletions(at / name, below)
        for name, value in before.values.items():
            wanted = lookup(after.values, name)
            if wanted != value:
                yield SetValue(at, name, value, wanted)
        known = {upcase(name) for name in before.values}
        for name, value in after.values.items():
            if upcase(name) not in known:
                yield SetValue(at, name, None, value)
        waiting += [(at / name, lookup(before.keys, name), below) for name, below in reversed([*after.keys.items()])]


def _deletions(path: KeyPath, old: Key) -> Iterator[RegistryChange]:
    """The changes that remove a key and all that it holds, from the leaves up."""
    waiting: list[tuple[KeyPath, Key, bool]] = [(path, old, False)]
    while waiting:
        at, key, is_empty = waiting.pop()
        if is_empty:
            yield from (SetValue(at, name, value, None) for name, value in key.values.items())
            yield DeleteKey(at)
        else:
            waiting.append((at, key, True))
            waiting += [(at / name, below, False) for name, below in reversed([*key.keys.items()])]


def key_with_parents(registry: RegistryReader, path: KeyPath) -> Iterator[CreateKey]:
    """The changes that create ``path`` and whatever is missing above it, topmost first."""
    missing: list[KeyPath] = []
    while path.parts and registry.subkeys(path) is None:
        missing.append(path)
        path = path.parent
    for key in reversed(missing):
        yield CreateKey(key)


def file_with_parents(files: FileReader, path: str, new: bytes) -> Iterator[FileChange]:
    """The changes that write ``new`` to ``path``, and make whatever folders are missing above it."""
    missing: list[str] = []
    folder = parent(path)
    while len(split(folder)) > 1 and not files.is_folder(folder):
        missing.append(folder)
        folder = parent(folder)
    for folder in reversed(missing):
        yield MakeFolder(folder)
    old = files.read(path)
    if old != new:
        yield WriteFile(path, old, new)
