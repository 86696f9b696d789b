"""A workstation as it will be after some changes, while they are only planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.workstation.change import ReplaceAtRestart, SetValue, WriteFile
from mapiwright.workstation.files import join
from mapiwright.workstation.subject import (
    Subject,
    leaves_something,
    subject,
    subject_of_file,
    subject_of_folder,
    subject_of_key,
    subject_of_value,
)

if TYPE_CHECKING:
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.registry import KeyPath, RegistryReader, Value


class Overlay:
    """What changes will leave, and where they leave all as it is, what the workstation holds now."""

    def __init__(self, registry: RegistryReader, files: FileReader) -> None:
        """Nothing is noted yet."""
        self._registry = registry
        self._files = files
        self._noted: dict[Subject, Change] = {}

    def note(self, change: Change) -> None:
        """The change will be made, after those that were noted before."""
        self._noted[subject(change)] = change

    def value(self, key: KeyPath, name: str) -> Value | None:
        """One value."""
        noted = self._noted.get(subject_of_value(key, name))
        return noted.new if isinstance(noted, SetValue) else self._registry.value(key, name)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file."""
        noted = self._noted.get(subject_of_file(path))
        return noted.new if isinstance(noted, WriteFile | ReplaceAtRestart) else self._files.read(path)

    def key_is_empty(self, key: KeyPath) -> bool:
        """Whether a key that is there now will still be there, with nothing in it."""
        snapshot = self._registry.read(key) if self._stays(subject_of_key(key)) else None
        return (
            snapshot is not None
            and all(self.value(key, name) is None for name in snapshot.values)
            and not any(self._stays(subject_of_key(key / name)) for name in snapshot.keys)
            and not self._comes_into(subject_of_key(key))
        )

    def folder_is_empty(self, path: str) -> bool:
        """Whether a folder that is there now will still be there, with nothing in it."""
        if not self._stays(subject_of_folder(path)) or not self._files.is_folder(path):
            return False
        inside = (join(path, name) for name in self._files.names(path))
        return not any(map(self._will_be_there, inside)) and not self._comes_into(subject_of_folder(path))

    def _will_be_there(self, path: str) -> bool:
        return self._stays(subject_of_folder(path)) if self._files.is_folder(path) else self.read(path) is not None

    def _stays(self, what: Subject) -> bool:
        return what not in self._noted or leaves_something(self._noted[what])

    def _comes_into(self, what: Subject) -> bool:
        """Whether something will be somewhere below a key or in a folder that a change puts there."""
        place = what[1:]
        return any(
            len(here) > len(what) and here[1 : len(what)] == place and leaves_something(change)
            for here, change in self._noted.items()
        )
