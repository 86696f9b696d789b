"""A registry that lies in hive files: which path is in which file, lazy reading, and writing each file once."""

# ruff: noqa: PLC0415 - the writer is loaded by whoever writes, not by everybody who lists profiles

from __future__ import annotations

import stat
import time
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError, Finding, FormatError, NotFoundError, RefusedError, Severity
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.mounts.redirection import physical
from mapiwright.workstation.registry import Key, KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mapiwright.formats.regf.read import HiveKey
    from mapiwright.formats.regf.validate import Fault
    from mapiwright.formats.regf.write import Edit
    from mapiwright.workstation.change import RegistryChange

UNFINISHED_REMEDY = (
    "Let Windows load it once (start that Windows, or log that user on), shut down in full and not by hibernating or "
    "fast start-up, then try again."
)
CLOSED = "MW3005"
"""The finding that a hive may not be read by this user."""


def closed_hive(path: object, what: str) -> Finding:
    """The finding that the hive of ``what`` is another user's, and closed to this one."""
    return Finding(
        CLOSED,
        Severity.NOTE,
        str(path),
        f"the hive of {what} may not be read by this user",
        rule="a user's hive is for himself and for administrators",
        remedy="Run the command as that user, or elevated.",
    )


class HiveFile:
    """One hive on this computer's disk: read when it is first asked for, and again when the file has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._data = b""
        self._hive: Hive | None = None
        self._root: HiveKey | None = None

    @property
    def hive(self) -> Hive | None:
        """The hive as it is now, or None where there is no file; raises FormatError where it cannot be read."""
        found = self._look()
        if found != self._seen:
            self._data = self.path.read_bytes() if found is not None else b""
            with naming(self.path):
                self._hive = Hive(self._data) if found is not None else None
            self._root = self._hive.root if self._hive is not None else None  # it remembers the keys below it
            self._seen = found
        return self._hive

    def find(self, path: Iterable[str]) -> HiveKey | None:
        """The key at a path from the root; None where it, or the file, is absent."""
        return self._root.find(path) if self.hive is not None and self._root is not None else None

    def edited(self, edits: Sequence[Edit]) -> bytes:
        """The bytes of the hive after ``edits``, proved sound by a validator that shares no code with the writer."""
        from mapiwright.formats.regf.validate import validate
        from mapiwright.formats.regf.write import edit

        self.refuse_unwritable()
        with naming(self.path):
            data = edit(self._data, edits, timestamp=_filetime())
        faults = _errors(validate(data))
        # What Windows lived with before, it lives with after; what is new is a fault of ours.
        fresh = faults.keys() - _errors(validate(self._data)).keys() if faults else set()
        if fresh:
            raise RefusedError(
                f"the changed hive does not pass the self-check: {faults[min(fresh)]}",
                where=str(self.path),
                remedy="The hive was not written. Please report this as a defect of Mapiwright.",
            )
        return data

    def refuse_unwritable(self) -> None:
        """Raise RefusedError where Windows has still to do something with the hive."""
        from mapiwright.formats.regf.write import edit

        hive = self.hive
        if hive is not None and hive.dirty:
            raise RefusedError(
                "the hive was not closed cleanly, so it is not written",
                where=str(self.path),
                remedy=UNFINISHED_REMEDY,
            )
        with naming(self.path):
            edit(self._data, (), timestamp=0)  # which looks for all that keeps it from being edited

    def put(self, data: bytes) -> None:
        """Replace the file durably; raises ConflictError where somebody has changed it since it was read."""
        from mapiwright.workstation.disk.replace import replace_file

        if self._look() != self._seen:
            raise ConflictError("the hive was changed by somebody else meanwhile", where=str(self.path))
        replace_file(self.path, data)

    def remove_leftovers(self) -> None:
        """Take away what a killed run left beside the file."""
        from mapiwright.workstation.disk.replace import remove_leftovers

        remove_leftovers(self.path)

    def findings(self, what: str) -> Iterator[Finding]:
        """What is to be known of the hive of ``what``: that it is unfinished, absent, or damaged."""
        try:
            hive = self.hive
        except FormatError as error:
            yield Finding("MW3003", Severity.WARNING, str(self.path), f"the hive of {what} is damaged: {error.what}")
            return
        except PermissionError:
            yield closed_hive(self.path, what)
            return
        if hive is None:
            yield Finding(
                "MW3002",
                Severity.WARNING,
                str(self.path),
                f"the hive of {what} is not there",
                rule="the registry names it",
                remedy="The profile may lie on a disk that is not mounted, or was deleted by hand.",
            )
        elif hive.dirty:
            yield Finding(
                "MW3001",
                Severity.WARNING,
                str(self.path),
                f"the hive of {what} was not closed cleanly: its latest changes may be in its logs only",
                rule="it can be read, but is refused for writing",
                remedy=UNFINISHED_REMEDY,
            )

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError("it is not a regular file", where=str(self.path), expected="a hive")
        return found.st_ino, found.st_size, found.st_mtime_ns


class HiveRegistry:
    r"""A registry over hives, each at its place: ``HKLM\SOFTWARE``, ``HKU\<SID>``."""

    def __init__(self, hives: Mapping[KeyPath, HiveFile]) -> None:
        self.hives = MappingProxyType(dict(hives))
        self._by_place = {_place(path): hive for path, hive in hives.items()}

    def read(self, path: KeyPath) -> Key | None:
        """The whole subtree."""
        path = physical(path, self)
        found = self._located(path)
        if found is None:
            keys = {name: self.read(path / name) for name in self._hives_below(path)}
            held = {name: key for name, key in keys.items() if key is not None}
            return Key(keys=MappingProxyType(held)) if held or not path.parts else None
        hive, below = found
        with naming(hive.path):
            key = hive.find(below)
            return _snapshot(key) if key is not None else None

    def value(self, path: KeyPath, name: str) -> Value | None:
        """One value."""
        found = self._located(physical(path, self))
        if found is None:
            return None
        hive, below = found
        with naming(hive.path):
            key = hive.find(below)
            value = key.value(name) if key is not None else None
        return Value(value.type, value.data) if value is not None else None

    def subkeys(self, path: KeyPath) -> tuple[str, ...] | None:
        """The names of the subkeys."""
        path = physical(path, self)
        found = self._located(path)
        if found is None:
            return self._hives_below(path) or (None if path.parts else ())
        hive, below = found
        with naming(hive.path):
            key = hive.find(below)
            return tuple(subkey.name for subkey in key.subkeys()) if key is not None else None

    def refuse_unwritable(self, keys: Iterable[KeyPath]) -> None:
        """Write nothing; raise where a hive that holds one of the keys is not one to be written."""
        for hive in dict.fromkeys(self._hive_to_change(physical(key, self))[0] for key in keys):
            hive.refuse_unwritable()

    def apply(self, changes: Sequence[RegistryChange]) -> None:
        """Make every change true; all hives are checked and edited in memory before the first file is replaced."""
        from dataclasses import replace

        from mapiwright.workstation.outstanding import outstanding_in_registry

        followed = [replace(change, key=physical(change.key, self)) for change in changes]
        for hive in {self._hive_to_change(change.key)[0] for change in followed}:
            hive.remove_leftovers()
        edits: dict[HiveFile, list[Edit]] = {}
        for change in outstanding_in_registry(followed, self):
            hive, below = self._hive_to_change(change.key)
            edits.setdefault(hive, []).append(_edit(change, below))
        for hive, data in [(hive, hive.edited(wanted)) for hive, wanted in edits.items()]:
            hive.put(data)

    def _located(self, path: KeyPath) -> tuple[HiveFile, tuple[str, ...]] | None:
        """The hive that holds ``path``, and the names from its root."""
        place = _place(path)
        for depth in range(2, len(place) + 1):
            hive = self._by_place.get(place[:depth])
            if hive is not None:
                return hive, path.parts[depth - 1 :]
        return None

    def _hives_below(self, path: KeyPath) -> tuple[str, ...]:
        return tuple(hive.name for hive in self.hives if _place(hive.parent) == _place(path))

    def _hive_to_change(self, key: KeyPath) -> tuple[HiveFile, tuple[str, ...]]:
        found = self._located(key)
        if found is None:
            raise RefusedError(
                "no hive of this workstation holds the key",
                where=str(key),
                expected=f"a key below {', '.join(map(str, self.hives))}",
            )
        if found[0].hive is None:
            raise NotFoundError("the hive is not there", where=f"{key}: {found[0].path}")
        return found


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file in the errors of its codec."""
    try:
        yield
    except RefusedError as error:
        error.where = f"{path}: {error.where}" if error.where else str(path)
        raise


def _place(path: KeyPath) -> tuple[str, ...]:
    return tuple(map(upcase, (path.root, *path.parts)))


def _snapshot(key: HiveKey) -> Key:
    values = {value.name: Value(value.type, value.data) for value in key.values()}
    keys = {below.name: _snapshot(below) for below in key.subkeys()}
    return Key(MappingProxyType(values), MappingProxyType(keys))


def _errors(faults: Iterable[Fault]) -> dict[tuple[int, str], Fault]:
    return {(fault.offset, fault.rule): fault for fault in faults if fault.severity is Severity.ERROR}


def _edit(change: RegistryChange, path: tuple[str, ...]) -> Edit:
    from mapiwright.formats.regf import write
    from mapiwright.workstation.change import CreateKey, DeleteKey, SetValue

    match change:
        case SetValue(new=Value(type=kind, data=data)):
            return write.SetValue(path, change.name, kind, data)
        case SetValue():
            return write.DeleteValue(path, change.name)
        case CreateKey():
            return write.CreateKey(path)
        case DeleteKey():
            return write.DeleteKey(path)


def _filetime() -> int:
    """Now, in units of 100 ns since 1601 (UTC)."""
    return time.time_ns() // 100 + 116_444_736_000_000_000
