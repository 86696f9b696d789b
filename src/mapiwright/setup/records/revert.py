"""Revert past changes: the changes that remove exactly what is still there of them.

What was changed since is kept and reported. A folder or key is only removed if it is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, Severity
from mapiwright.workstation.change import CreateKey, MakeFolder, SetValue, WriteFile
from mapiwright.workstation.overlay import Overlay
from mapiwright.workstation.subject import subject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import Workstation


@dataclass(frozen=True, slots=True)
class RevertedChanges:
    """The changes that revert what is still there, and a finding for each thing that is kept."""

    registry: tuple[RegistryChange, ...]
    files: tuple[FileChange, ...]
    kept: tuple[Finding, ...]


def revert(workstation: Workstation, past: Iterable[Change], *, planned: Iterable[Change] = ()) -> RevertedChanges:
    """Revert ``past`` changes, newest first, on a workstation where ``planned`` ones will be made before.

    Each value and file goes through the past changes that touched it: while its state is what a change made, it
    goes back to what it was before that change; a state that no change made belongs to others and stays.
    """
    future = Overlay(workstation.registry, workstation.files)
    for change in planned:
        future.note(change)
    values: dict[Subject, SetValue] = {}
    written: dict[Subject, WriteFile] = {}
    keys: dict[Subject, CreateKey] = {}
    folders: dict[Subject, MakeFolder] = {}
    kept: list[Finding] = []
    for change in past:
        match change:
            case SetValue(key=key, name=name, old=old, new=new):
                place = subject(change)
                now = future.value(key, name)
                if now == new:
                    first = values.get(place, SetValue(key, name, now, old))
                    values[place] = SetValue(key, name, first.old, old)
                    future.note(values[place])
                elif now != old:
                    kept.append(_left(f"{key}\\{name or '(default)'}"))
            case WriteFile(path=path, old=old_bytes, new=new_bytes):
                place = subject(change)
                bytes_now = future.read(path)
                if bytes_now == new_bytes:
                    earliest = written.get(place, WriteFile(path, bytes_now, old_bytes))
                    written[place] = WriteFile(path, earliest.old, old_bytes)
                    future.note(written[place])
                elif bytes_now != old_bytes:
                    kept.append(_left(path))
            case CreateKey():
                keys[subject(change)] = change
            case MakeFolder():
                folders[subject(change)] = change
            case _:  # a key or folder that was removed is not restored: its owner may not want it
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
