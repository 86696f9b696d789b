"""A workstation in memory: the same contracts with no disk, for tests, trials, and plans that go nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from mapiwright.errors import ConflictError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, SetValue, WriteFile
from mapiwright.workstation.disk.folder_state import MemoryState
from mapiwright.workstation.files import Room, parent, split
from mapiwright.workstation.kept import Kept
from mapiwright.workstation.look import digest_of, look_into_files
from mapiwright.workstation.mounts.table import Mount, MountedRegistry
from mapiwright.workstation.outlook import windows
from mapiwright.workstation.outlook.facts import Facts, WholeWindows
from mapiwright.workstation.outstanding import outstanding_in_files, refuse_at_restart, refuse_impossible
from mapiwright.workstation.registry import Key, KeyPath, Value, lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mapiwright.errors import Finding
    from mapiwright.workstation.change import FileChange
    from mapiwright.workstation.files import FileSnapshot, FileWants
    from mapiwright.workstation.mounts.table import Placed
    from mapiwright.workstation.outlook.layout import Layout
    from mapiwright.workstation.registry import View
    from mapiwright.workstation.state import State
    from mapiwright.workstation.workstation import User

T = TypeVar("T")


class MemoryHive:
    """A hive in memory: a snapshot that every write replaces by the next."""

    def __init__(self, root: Key) -> None:
        """``root`` is what it holds at first."""
        self.root = root

    def read(self, below: tuple[str, ...], view: View) -> Key | None:  # noqa: ARG002 - it has no views
        """The whole subtree."""
        return self.root.key(*below)

    def value(self, below: tuple[str, ...], view: View, name: str) -> Value | None:
        """One value."""
        key = self.read(below, view)
        return key.value(name) if key is not None else None

    def subkeys(self, below: tuple[str, ...], view: View) -> tuple[str, ...] | None:
        """The names of the subkeys."""
        key = self.read(below, view)
        return tuple(key.keys) if key is not None else None

    def refuse_unwritable(self, keys: Iterable[tuple[str, ...]]) -> None:
        """Refuse nothing: all of it can be written."""

    def unclosed(self) -> Mapping[str, bytes]:
        """None: it has no files."""
        return {}

    def remove_leftovers(self) -> None:
        """Nothing is left anywhere."""

    def staged(self, changes: Sequence[Placed]) -> _Staged:
        """The next snapshot."""
        root = self.root
        for placed in changes:
            change = placed.change
            if not placed.below and isinstance(change, DeleteKey):
                raise RefusedError("the root key of a hive cannot be deleted", where=str(change.key))
            if isinstance(change, SetValue):
                root = _with_value(root, placed.below, change.name, change.new)
            else:
                root = _with_key(root, placed.below, Key() if isinstance(change, CreateKey) else None)
        return _Staged(self, root)


@dataclass(frozen=True, slots=True)
class _Staged:
    hive: MemoryHive
    root: Key

    def write(self) -> None:
        self.hive.root = self.root


class MemoryRegistry(MountedRegistry):
    """A registry of hives in memory."""

    def __init__(self, hives: Mapping[KeyPath, Key]) -> None:
        """``hives`` says what stands where, the topmost first; what stands below one of Windows' is in it."""
        roots: dict[KeyPath, Key] = {}
        for path, key in hives.items():
            place = KeyPath(path.root, path.parts[:1])
            below = path.parts[1:]
            roots[place] = _with_key(roots.get(place, Key()), below, key) if below else key
        super().__init__(Mount(path, MemoryHive(key)) for path, key in roots.items())


def _with_key(above: Key, place: tuple[str, ...], key: Key | None) -> Key:
    """``above`` with ``key`` at ``place``, or with nothing there; keys between are made where they lack."""
    name, *rest = place
    if rest:
        key = _with_key(lookup(above.keys, name) or Key(), tuple(rest), key)
    return Key(above.values, _with_entry(above.keys, name, key))


def _with_value(above: Key, place: tuple[str, ...], name: str, value: Value | None) -> Key:
    if not place:
        return Key(_with_entry(above.values, name, value), above.keys)
    below = lookup(above.keys, place[0]) or Key()
    return Key(above.values, _with_entry(above.keys, place[0], _with_value(below, place[1:], name, value)))


def _with_entry(entries: Mapping[str, T], name: str, entry: T | None) -> Mapping[str, T]:
    """A mapping with one entry replaced, under its stored name, or added, or taken out."""
    stored = next((known for known in entries if upcase(known) == upcase(name)), name)
    changed = {**entries, stored: entry}
    return MappingProxyType({known: kept for known, kept in changed.items() if kept is not None})


class MemoryFiles:
    """Files and folders in memory, on any drive."""

    def __init__(self, files: Mapping[str, bytes], folders: Iterable[str] = ()) -> None:
        """``files`` maps paths to bytes; the folders above them, and ``folders``, are there too."""
        self._entries: dict[tuple[str, ...], tuple[str, bytes | None]] = {}
        """By upcased path: the name as stored, and the bytes of a file or None for a folder."""
        for folder in (*folders, *map(parent, files)):
            self.make(folder)
        for path, data in files.items():
            self._put(path, data)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file."""
        name, data = self._entries.get(_place(split(path)), ("", None))
        if name and data is None:
            raise ConflictError("it is a folder", where=path, expected="a file")
        return data

    def digest(self, path: str) -> str | None:
        """The digest of a file's bytes."""
        return digest_of(self.read(path))

    def is_folder(self, path: str) -> bool:
        """Whether it is a folder."""
        entry = self._entries.get(_place(split(path)))
        return entry is not None and entry[1] is None

    def names(self, path: str) -> tuple[str, ...]:
        """The names in a folder."""
        place = _place(split(path))
        return tuple(sorted(name for here, (name, _) in self._entries.items() if here[:-1] == place))

    def room(self, path: str) -> Room:
        """As much as one wants."""
        split(path)
        return Room()

    def look(self, wants: FileWants) -> FileSnapshot:
        """All of that in one go."""
        return look_into_files(self, wants)

    def refuse_impossible(self, changes: Iterable[FileChange]) -> None:
        """Refuse to replace a file at the next start, and what can have no place."""
        changes = tuple(changes)
        refuse_at_restart(changes, "memory")
        refuse_impossible(changes, self)

    def apply(self, changes: Sequence[FileChange]) -> None:
        """Make every change true, or raise ConflictError and make none."""
        refuse_at_restart(changes, "memory")
        for change in outstanding_in_files(changes, self):
            if (isinstance(change, WriteFile) and change.new is not None) or isinstance(change, MakeFolder):
                self._put(change.path, change.new if isinstance(change, WriteFile) else None)
            else:
                del self._entries[_place(split(change.path))]

    def make(self, folder: str) -> None:
        """Have a folder and those above it from the outset."""
        names = split(folder)
        for depth in range(1, len(names) + 1):
            self._entries.setdefault(_place(names[:depth]), (names[depth - 1], None))

    def _put(self, path: str, data: bytes | None) -> None:
        names = split(path)
        stored, _ = self._entries.get(_place(names), (names[-1], None))
        self._entries[_place(names)] = stored, data


def _place(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(upcase, names))


class MemoryWorkstation(WholeWindows):
    """A workstation in memory. Made from a layout, or from any registry and files; nothing outlives it."""

    def __init__(self, registry: MemoryRegistry, files: MemoryFiles) -> None:
        """Its users, code page, variables and Outlook are what the registry says."""
        self.registry = registry
        self.files = files
        self.state: State = MemoryState()
        self.as_user: User | None = None
        self.users_states: dict[User, State] = {}
        self.kept = Kept()
        self._views = [self]
        files.make(self.state_folder)  # as every other kind has it, once there is state

    def __repr__(self) -> str:
        return f"<MemoryWorkstation {self.uri}>"

    @classmethod
    def of(cls, layout: Layout) -> MemoryWorkstation:
        """A workstation as ``layout`` lays it out."""
        return cls(MemoryRegistry(layout.hives), MemoryFiles(layout.files, layout.folders))

    def seen_by(self, user: User) -> MemoryWorkstation:
        """The same workstation for a user to whom the machine's records are closed, with records of their own."""
        seen = MemoryWorkstation(self.registry, self.files)
        seen.as_user = user
        seen.state = self.users_states.setdefault(user, MemoryState())
        self._views.append(seen)
        seen._views = self._views
        self.files.make(seen.state_folder)
        return seen

    @property
    def uri(self) -> str:
        """``memory:``."""
        return "memory:"

    @property
    def description(self) -> str:
        """What it is."""
        return "a workstation in memory, gone when the program ends"

    @property
    def state_folder(self) -> str:
        """Our folder on it."""
        folders = {found.user: found.path for found in self._facts.user_folders}
        return windows.own_folder(folders[self.as_user]) if self.as_user else windows.state_folder(self.environment)

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self.registry, lambda: self.files)

    def refresh(self) -> None:
        """Read the facts again, for whoever sees this workstation."""
        for view in self._views:
            view.kept.forget()
            view.__dict__.pop("_facts", None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What to know beforehand."""
        return self._facts.findings

    def why_unwritable(self, user: User) -> Finding | None:  # noqa: ARG002 - all of it is at hand
        """Nobody is."""
        return None
