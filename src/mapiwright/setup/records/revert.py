"""Taking back: past changes and a workstation make the changes that remove exactly what still stands of them.

What somebody changed since stays, and is told. A folder or key goes only if nothing is left in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, Severity
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, RemoveFolder, SetValue, WriteFile
from mapiwright.workstation.files import join

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.registry import KeyPath, Value
    from mapiwright.workstation.workstation import Workstation


@dataclass(frozen=True, slots=True)
class RevertedChanges:
    """The changes that take back what still stands, and a finding for each thing that is left."""

    registry: tuple[RegistryChange, ...]
    files: tuple[FileChange, ...]
    kept: tuple[Finding, ...]


def place_of_value(key: KeyPath, name: str) -> str:
    """A registry value's place, as Windows compares names."""
    return upcase(f"{key}\\\\{name}")


def place_of(change: Change) -> str:
    """What a change is about, as Windows compares names; a key and a folder are no place of a value or file."""
    match change:
        case SetValue(key=key, name=name):
            return place_of_value(key, name)
        case WriteFile(path=path):
            return upcase(path)
        case CreateKey(key=key) | DeleteKey(key=key):
            return upcase(f"{key}\\")
        case MakeFolder(path=path) | RemoveFolder(path=path):
            return upcase(f"{path}\\")


def revert(workstation: Workstation, past: Iterable[Change], *, planned: Iterable[Change] = ()) -> RevertedChanges:
    """Take back ``past`` changes, newest first, on a workstation where ``planned`` ones will be made before.

    Each value and file goes through the past changes that touched it: while its state is what a change made, it
    goes back to what it was before that change; a state that no change made is somebody else's and stays.
    """
    future = _Future(workstation)
    for change in planned:
        future.note(change)
    values: dict[str, SetValue] = {}
    written: dict[str, WriteFile] = {}
    keys: dict[str, CreateKey] = {}
    folders: dict[str, MakeFolder] = {}
    kept: list[Finding] = []
    for change in past:
        match change:
            case SetValue(key=key, name=name, old=old, new=new):
                place = place_of_value(key, name)
                now = future.value(key, name)
                if now == new:
                    first = values.get(place, SetValue(key, name, now, old))
                    values[place] = SetValue(key, name, first.old, old)
                    future.note(values[place])
                elif now != old:
                    kept.append(_left(f"{key}\\{name or '(default)'}"))
            case WriteFile(path=path, old=old_bytes, new=new_bytes):
                place = upcase(path)
                bytes_now = future.file(path)
                if bytes_now == new_bytes:
                    earliest = written.get(place, WriteFile(path, bytes_now, old_bytes))
                    written[place] = WriteFile(path, earliest.old, old_bytes)
                    future.note(written[place])
                elif bytes_now != old_bytes:
                    kept.append(_left(path))
            case CreateKey(key=key):
                keys[upcase(str(key))] = change
            case MakeFolder(path=path):
                folders[upcase(path)] = change
            case _:  # a key or folder that was removed is not brought back: its owner may not want it
                continue
    registry: list[RegistryChange] = [change for change in values.values() if change.old != change.new]
    for made_key in sorted(keys.values(), key=lambda made: -len(made.key.parts)):
        if future.key_is_empty(made_key.key):
            registry.append(made_key.inverse)
            future.note(made_key.inverse)
    files: list[FileChange] = [change for change in written.values() if change.old != change.new]
    for made_folder in sorted(folders.values(), key=lambda made: -made.path.count("\\")):
        if future.folder_is_empty(made_folder.path):
            files.append(made_folder.inverse)
            future.note(made_folder.inverse)
    return RevertedChanges(tuple(registry), tuple(files), tuple(kept))


def _left(where: str) -> Finding:
    return Finding(
        "MW5101",
        Severity.WARNING,
        where,
        "it was changed after it was installed, so it stays",
        "only what still is as it was installed is removed",
        "Look at it, and remove it by hand if nobody needs it.",
    )


class _Future:
    """A workstation as it will be when the changes noted so far are made."""

    def __init__(self, workstation: Workstation) -> None:
        self._workstation = workstation
        self._values: dict[str, Value | None] = {}
        self._files: dict[str, bytes | None] = {}
        self._keys: dict[str, bool] = {}
        self._coming: list[KeyPath] = []
        self._folders: dict[str, bool] = {}

    def note(self, change: Change) -> None:
        match change:
            case SetValue(key=key, name=name, new=new):
                self._values[place_of_value(key, name)] = new
            case WriteFile(path=path, new=data):
                self._files[upcase(path)] = data
            case CreateKey(key=key):
                self._keys[upcase(str(key))] = True
                self._coming.append(key)
            case DeleteKey(key=key):
                self._keys[upcase(str(key))] = False
            case MakeFolder(path=path):
                self._folders[upcase(path)] = True
            case RemoveFolder(path=path):
                self._folders[upcase(path)] = False

    def value(self, key: KeyPath, name: str) -> Value | None:
        place = place_of_value(key, name)
        return self._values[place] if place in self._values else self._workstation.registry.value(key, name)

    def file(self, path: str) -> bytes | None:
        place = upcase(path)
        return self._files[place] if place in self._files else self._workstation.files.read(path)

    def key_is_empty(self, key: KeyPath) -> bool:
        """Whether the key is there and nothing will be in it."""
        if not self._keys.get(upcase(str(key)), True):
            return False
        snapshot = self._workstation.registry.read(key)
        return (
            snapshot is not None
            and all(self.value(key, name) is None for name in snapshot.values)
            and not any(self._keys.get(upcase(str(key / name)), True) for name in snapshot.keys)
            and not any(place.startswith(place_of_value(key, "")) for place, new in self._values.items() if new)
            and not any(key.holds(coming) for coming in self._coming)
        )

    def folder_is_empty(self, path: str) -> bool:
        """Whether the folder is there and nothing will be in it."""
        files = self._workstation.files
        if not files.is_folder(path) or not self._folders.get(upcase(path), True):
            return False
        inside = upcase(f"{path}\\")
        coming = {**self._folders, **{place: data is not None for place, data in self._files.items()}}
        return not any(self._is_there(join(path, name)) for name in files.names(path)) and not any(
            there and place.startswith(inside) for place, there in coming.items()
        )

    def _is_there(self, path: str) -> bool:
        if self._workstation.files.is_folder(path):
            return self._folders.get(upcase(path), True)
        return self.file(path) is not None
