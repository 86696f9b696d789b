"""A registry as a table of mounts: hives of any kind side by side, each where Windows shows it.

A hive knows paths from its own root. What a path of Windows means for it (the two sides of WOW64, and
``CurrentControlSet``) is done by its mount, for a hive whose own system does not do it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeAlias

from mapiwright.errors import NotFoundError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.frozen import frozen
from mapiwright.workstation.mounts.redirection import physical
from mapiwright.workstation.registry import Key, KeyPath, RegistrySnapshot, RegistryWants, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mapiwright.workstation.change import RegistryChange
    from mapiwright.workstation.registry import RegistryReader, View

    Translation: TypeAlias = Callable[[KeyPath, RegistryReader], KeyPath]
    """Gives the native path that a path leads to; the reader answers by paths as they are stored."""


@frozen
class Placed:
    """A change, and the names from the root of its hive to its key."""

    change: RegistryChange
    below: tuple[str, ...]


class Staged(Protocol):
    """Changes of one hive that were checked and can be written."""

    def write(self) -> None:
        """Write them, durably. Each thing is in its old or its new state when it returns or raises."""
        ...


class MountedHive(Protocol):
    """One hive, by the names from its root. ``view`` is for a hive that keeps the two sides of WOW64 apart itself."""

    def read(self, below: tuple[str, ...], view: View) -> Key | None:
        """The whole subtree."""
        ...

    def value(self, below: tuple[str, ...], view: View, name: str) -> Value | None:
        """One value."""
        ...

    def subkeys(self, below: tuple[str, ...], view: View) -> tuple[str, ...] | None:
        """The names of the subkeys; None where there is no such key."""
        ...

    def refuse_unwritable(self, keys: Iterable[tuple[str, ...]]) -> None:
        """Write nothing; raise what ``staged`` would for changes of these keys. NotFoundError where it is absent."""
        ...

    def unclosed(self) -> Mapping[str, bytes]:
        """The files of a hive that was not closed cleanly, as they lie there, by their names; none of any other."""
        ...

    def remove_leftovers(self) -> None:
        """Remove what a killed run left next to it; raises NotFoundError where it is absent."""
        ...

    def staged(self, changes: Sequence[Placed]) -> Staged:
        """Changes that are outstanding, made ready to be written; raises RefusedError where they cannot be."""
        ...


@frozen
class Mount:
    r"""A hive and where Windows shows it: ``HKLM\SOFTWARE``, ``HKU\<SID>``."""

    path: KeyPath
    hive: MountedHive
    redirected: bool = True
    """Whether paths are to be translated, as they are stored; a hive that a running Windows shows does it itself."""

    def below(self, path: KeyPath) -> tuple[str, ...]:
        """The names from the root of the hive."""
        return path.parts[len(self.path.parts) :]


class MountedRegistry:
    """A registry over mounted hives."""

    def __init__(self, mounts: Iterable[Mount], translation: Translation = physical) -> None:
        """No mount is inside another one. ``translation`` is that of the system which keeps the redirected ones."""
        self.mounts = tuple(mounts)
        self._translation = translation
        self._by_place = {_place(mount.path): mount for mount in self.mounts}
        self._stored = _Stored(self)

    def read(self, path: KeyPath) -> Key | None:
        """The whole subtree."""
        return self._stored.read(self._translated(path))

    def value(self, path: KeyPath, name: str) -> Value | None:
        """One value."""
        return self._stored.value(self._translated(path), name)

    def subkeys(self, path: KeyPath) -> tuple[str, ...] | None:
        """The names of the subkeys."""
        return self._stored.subkeys(self._translated(path))

    def look(self, wants: RegistryWants) -> RegistrySnapshot:
        """All of that in one go."""
        from mapiwright.workstation.look import look_into_registry  # noqa: PLC0415 - a listing asks for one thing

        return look_into_registry(self, wants)

    def refuse_unwritable(self, keys: Iterable[KeyPath]) -> None:
        """Write nothing; raise where one of the keys, or the hive that holds it, is not to be written."""
        wanted: dict[KeyPath, tuple[Mount, dict[KeyPath, None]]] = {}
        for key in keys:
            mount = self._mount_to_change(key)
            wanted.setdefault(mount.path, (mount, {}))[1][key] = None
        for mount, those in wanted.values():
            with _naming(next(iter(those))):
                mount.hive.refuse_unwritable([mount.below(self._translated(key)) for key in those])

    def unclosed(self, keys: Iterable[KeyPath]) -> dict[str, bytes]:
        """The files that a write to the keys will close, by the number of their hive and their names."""
        touched = dict.fromkeys(self._mount_to_change(key) for key in keys)
        return {
            f"{number}/{name}": data
            for number, mount in enumerate(touched)
            for name, data in mount.hive.unclosed().items()
        }

    def apply(self, changes: Sequence[RegistryChange]) -> None:
        """Make every change true; all is checked and made ready for every hive before the first is written."""
        from dataclasses import replace  # noqa: PLC0415 - a reader does without

        from mapiwright.workstation.outstanding import outstanding_in_registry  # noqa: PLC0415 - for writing only
        from mapiwright.workstation.subject import name_of, partly_made  # noqa: PLC0415

        stored = [replace(change, key=self._translated(change.key)) for change in changes]
        mounts = {mount.path: mount for mount in (self._mount_to_change(change.key) for change in stored)}
        for path, mount in mounts.items():
            with _naming(path):
                mount.hive.remove_leftovers()
        due: dict[KeyPath, list[RegistryChange]] = {}
        for change in outstanding_in_registry(stored, self._stored):
            due.setdefault(self._mount_to_change(change.key).path, []).append(change)
        staged = [
            mounts[path].hive.staged([Placed(change, mounts[path].below(change.key)) for change in those])
            for path, those in due.items()
        ]
        names = [tuple(map(name_of, those)) for those in due.values()]
        for at, hive in enumerate(staged):
            try:
                hive.write()
            except OSError as error:
                if not at:
                    raise  # nothing was made
                raise partly_made(error, chain(*names[:at]), chain(*names[at:])) from error

    def located(self, path: KeyPath) -> Mount | None:
        """The mount that holds ``path``."""
        place = _place(path)
        for depth in range(1, len(place) + 1):
            mount = self._by_place.get(place[:depth])
            if mount is not None:
                return mount
        return None

    def mounts_below(self, path: KeyPath) -> tuple[str, ...]:
        """The names in a key above the mounts that lead to them."""
        above, depth = _place(path), len(path.parts)
        found = (mount.path.parts[depth] for mount in self.mounts if _place(mount.path)[: depth + 1] == above)
        return tuple(dict.fromkeys(found))

    def _translated(self, path: KeyPath) -> KeyPath:
        """The path as the hive that holds it stores it."""
        mount = self.located(path)
        return path if mount is not None and not mount.redirected else self._translation(path, self._stored)

    def _mount_to_change(self, key: KeyPath) -> Mount:
        mount = self.located(key)
        if mount is None:
            raise RefusedError(
                "no hive of this workstation holds the key",
                where=str(key),
                expected=f"a key below {', '.join(str(mount.path) for mount in self.mounts)}",
            )
        return mount


class _Stored:
    """The same registry by paths as they are stored."""

    def __init__(self, table: MountedRegistry) -> None:
        self._table = table

    def read(self, path: KeyPath) -> Key | None:
        mount = self._table.located(path)
        if mount is not None:
            return mount.hive.read(mount.below(path), path.view)
        keys = {name: self.read(path / name) for name in self._table.mounts_below(path)}
        held = {name: key for name, key in keys.items() if key is not None}
        return Key(keys=MappingProxyType(held)) if held or not path.parts else None

    def value(self, path: KeyPath, name: str) -> Value | None:
        mount = self._table.located(path)
        return mount.hive.value(mount.below(path), path.view, name) if mount is not None else None

    def subkeys(self, path: KeyPath) -> tuple[str, ...] | None:
        mount = self._table.located(path)
        if mount is not None:
            return mount.hive.subkeys(mount.below(path), path.view)
        return self._table.mounts_below(path) or (None if path.parts else ())

    def look(self, wants: RegistryWants) -> RegistrySnapshot:
        from mapiwright.workstation.look import look_into_registry  # noqa: PLC0415 - likewise

        return look_into_registry(self, wants)


def filetime() -> int:
    """Now, as the keys of a hive have it: units of 100 ns since 1601, UTC."""
    return time.time_ns() // 100 + 116_444_736_000_000_000


@contextmanager
def _naming(key: KeyPath) -> Iterator[None]:
    """Name the key in the error for a hive that is not there."""
    try:
        yield
    except NotFoundError as error:
        error.where = f"{key}: {error.where}"
        raise


def _place(path: KeyPath) -> tuple[str, ...]:
    return tuple(map(upcase, (path.root, *path.parts)))
