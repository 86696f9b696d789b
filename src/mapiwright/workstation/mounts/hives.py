"""A registry in hive files: which path is in which file, lazy reading, and writing each file once."""

# ruff: noqa: PLC0415 - the writer is loaded for writing only, not to list profiles

from __future__ import annotations

from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from mapiwright.errors import ConflictError, Finding, FormatError, NotFoundError, RefusedError, Severity
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK, is_dirty
from mapiwright.frozen import frozen
from mapiwright.workstation.disk.handles import look_at, read_file, refuse_changed, refuse_no_file, seen_at
from mapiwright.workstation.mounts.table import Mount, MountedRegistry, filetime
from mapiwright.workstation.registry import Key, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mapiwright.formats.regf.check.validate import Fault
    from mapiwright.formats.regf.edit.tiling import Tiling
    from mapiwright.formats.regf.edit.write import Edit, Edited
    from mapiwright.formats.regf.pages import Bytes, Pages
    from mapiwright.formats.regf.read import HiveKey
    from mapiwright.workstation.disk.handles import Seen
    from mapiwright.workstation.mounts.hive_bytes import LogToWrite
    from mapiwright.workstation.mounts.hive_logs import WithLogs
    from mapiwright.workstation.mounts.table import Placed
    from mapiwright.workstation.registry import KeyPath, View

_T = TypeVar("_T")
LARGEST_HIVE = 1024 * 1024 * 1024
"""The bytes of a hive that is read; Windows would load 2 GB, and no user's is near that."""
SMALL = 2 * 1024 * 1024
"""Up to this size a hive is read and replaced as a whole: one read costs less than several."""
DAMAGED = "MW3003"
"""The finding that a hive cannot be read or written; nobody else's is concerned."""
CLOSED = "MW3005"
"""The finding that a hive may not be read by this user."""


def closed_hive(path: object, what: str) -> Finding:
    """The finding that the hive of ``what`` is another user's, and closed to this one."""
    return Finding(
        CLOSED,
        Severity.NOTE,
        str(path),
        f"the hive of {what} may not be read by this user",
        rule="a user's hive can be read by that user and by administrators",
        remedy="Run the command as that user, or elevated.",
    )


def damaged_hive(path: object, what: str, error: RefusedError) -> Finding:
    """The finding that the hive of ``what`` cannot be read or written as it is; others are served."""
    return Finding(
        DAMAGED,
        Severity.WARNING,
        str(path),
        f"the hive of {what} is damaged: {error.what}" if isinstance(error, FormatError) else error.what,
        rule="bins, cells and lists are whole, and no transaction waits",
        remedy=error.remedy or "Restore it from a backup; `mapiwright hive check FILE` shows all that is wrong.",
    )


def no_hive(path: Path, what: str) -> Finding | None:
    """The finding that what lies there cannot be the hive of ``what``: a folder, a FIFO, a file too large to read."""
    try:
        found = look_at(path)
        if found is not None:
            refuse_no_file(path, found, LARGEST_HIVE)
    except RefusedError as error:
        return Finding("MW3003", Severity.WARNING, str(path), f"the hive of {what} is none: {error.what}")
    return None


class HiveFile:
    """One hive on this computer's disk: read when it is first asked for, and again when the file has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: Seen | None = None
        self._data = b""
        self._pages: Pages | None = None  # of a large hive, in the place of its data
        self._hive: Hive | None = None
        self._with_logs: WithLogs | None = None
        self._tiled_when: Seen | None = None
        self._tiling: Tiling | FormatError | None = None
        self._root: HiveKey | None = None

    @property
    def hive(self) -> Hive | None:
        """The hive as it is now, or None where there is no file; raises FormatError where it cannot be read."""
        found = seen_at(self.path, LARGEST_HIVE)
        if found != self._seen:
            self._hive, self._root, self._with_logs = None, None, None
            if found is not None:
                with naming(self.path):
                    self._read(found)
            self._seen = found
        return self._hive

    def _read(self, found: Seen) -> None:
        """Read the hive; the logs of one that was not closed cleanly are replayed in memory."""
        self._pages = self._pages_of(found) if found[1] > SMALL else None
        self._data = (read_file(self.path, LARGEST_HIVE) or b"") if self._pages is None else b""
        if is_dirty(self._pages.read(0, BASE_BLOCK) if self._pages is not None else self._data):
            from mapiwright.workstation.mounts.hive_logs import with_logs

            if self._pages is not None:
                self._data, self._pages = self._pages.read(0, self._pages.size), None
            self._with_logs = with_logs(self.path, self._data)
            replayed = self._with_logs.replayed
            self._data = replayed.data if replayed is not None else self._data
        self._hive = Hive(self._pages.buffer if self._pages is not None else self._data, self._pages)
        self._root = self._hive.root  # it remembers the keys below it

    def _pages_of(self, found: Seen) -> Pages:
        from mapiwright.formats.regf.pages import Pages
        from mapiwright.workstation.mounts.hive_bytes import FileBytes

        return Pages(FileBytes(self.path, found), found[1])

    @property
    def _bytes(self) -> Bytes:
        """What was read of the hive, for its edits."""
        from mapiwright.formats.regf.pages import InMemory

        return self._pages if self._pages is not None else InMemory(self._data)

    def read(self, below: tuple[str, ...], view: View) -> Key | None:  # noqa: ARG002 - a file has no views
        """The whole subtree."""
        return self._asked(below, _snapshot)

    def value(self, below: tuple[str, ...], view: View, name: str) -> Value | None:  # noqa: ARG002 - likewise
        """One value."""
        value = self._asked(below, lambda key: key.value(name))
        return Value(value.type, value.data) if value is not None else None

    def subkeys(self, below: tuple[str, ...], view: View) -> tuple[str, ...] | None:  # noqa: ARG002 - likewise
        """The names of the subkeys."""
        return self._asked(below, lambda key: tuple(subkey.name for subkey in key.subkeys()))

    def _asked(self, below: tuple[str, ...], what: Callable[[HiveKey], _T]) -> _T | None:
        """What a key says; where the hive is written while it is read, once more from the start."""
        with naming(self.path):
            for last in (False, True):
                try:
                    key = self._find(below)
                    return what(key) if key is not None else None
                except ConflictError:
                    self._seen = None
                    if last:
                        raise
        return None

    def _find(self, below: Iterable[str]) -> HiveKey | None:
        """The key; None where it, or the file, is absent."""
        return self._root.find(below) if self.hive is not None and self._root is not None else None

    def staged(self, changes: Sequence[Placed]) -> _Staged:
        """The file with the changes, ready to be put in its place."""
        return _Staged(self, self.edited([_edit(each) for each in changes]))

    def edited(self, edits: Sequence[Edit]) -> Edited:
        """The hive after ``edits``, proved sound by a validator that shares no code with the writer."""
        from mapiwright.formats.regf.check.validate import validate
        from mapiwright.formats.regf.check.validate_change import examine_change
        from mapiwright.formats.regf.edit.write import edited

        self.refuse_unwritable()
        with naming(self.path):
            made = edited(self._bytes, self._present(), self._tiled(), edits, timestamp=filetime())
        if examine_change(made.pages).sound:
            return made
        faults = _errors(validate(made.whole()))
        # What Windows lived with before, it lives with after; what is new is a fault of ours.
        before = _errors(validate(self._bytes.read(0, self._bytes.size))) if faults else {}
        fresh = faults.keys() - before.keys()
        if fresh:
            raise RefusedError(
                f"the changed hive does not pass the self-check: {faults[min(fresh)]}",
                where=str(self.path),
                remedy="The hive was not written. Please report this as a defect of Mapiwright.",
            )
        return made

    def refuse_unwritable(self, keys: Iterable[tuple[str, ...]] = ()) -> None:
        """Raise where Windows has still to do something with the hive, or it or one of the keys is damaged."""
        from mapiwright.formats.regf.edit.write import refuse_uneditable, refuse_unwritable

        hive = self._present()
        refusal = self._with_logs.refusal if self._with_logs is not None else None
        if refusal is not None:
            raise RefusedError(f"{refusal.what}; so it is not written", where=str(self.path), remedy=refusal.remedy)
        with naming(self.path):
            refuse_unwritable(hive)
        self._tiled()
        root = self._root or hive.root
        with naming(self.path):
            for path in keys:
                refuse_uneditable(root, path)

    def _tiled(self) -> Tiling:
        """Its bins and cells, of which a write needs all; looked at once while the file stays."""
        from mapiwright.formats.regf.edit.tiling import tiling_of

        hive = self._present()
        if self._tiling is None or self._tiled_when != self._seen:
            self._tiled_when = self._seen
            try:
                with naming(self.path):
                    self._tiling = tiling_of(self._bytes, hive.bins_size)
            except FormatError as error:
                self._tiling = error
        if isinstance(self._tiling, FormatError):
            raise self._tiling
        return self._tiling

    def unclosed(self) -> Mapping[str, bytes]:
        """The file and its logs, where they were not closed cleanly."""
        self._present()
        return self._with_logs.files if self._with_logs is not None else {}

    def put(self, edited: Edited) -> None:
        """Write the file durably, in place or as a whole; ConflictError where it was changed since it was read."""
        from mapiwright.workstation.disk.replace import replace_file
        from mapiwright.workstation.mounts.hive_bytes import write_in_place

        seen, hive = self._seen, self._hive  # as they were read: what is there by now may be another's
        if seen is None or hive is None:
            raise NotFoundError("the hive is not there", where=str(self.path))
        refuse_changed(self.path, seen_at(self.path, LARGEST_HIVE), seen)
        found = self._log_to_write(hive)
        if isinstance(found, str) or not edited.keeps_its_end:
            data = edited.whole()
            refuse_changed(self.path, seen_at(self.path, LARGEST_HIVE), seen)
            replace_file(self.path, data)
        else:
            from mapiwright.formats.regf.logs.commit import steps

            made = steps(edited.pages, hive.sequences[1], found.ending, found.seen[1])
            write_in_place(self.path, seen, found, made)

    def written_in_place(self) -> LogToWrite | str:
        """The log through which the hive is written in place, or why it is replaced as a whole."""
        return self._log_to_write(self._present())

    def _log_to_write(self, hive: Hive) -> LogToWrite | str:
        from mapiwright.workstation.mounts.hive_bytes import log_to_write

        if self._with_logs is not None:
            return "it was not closed cleanly"
        if self._bytes.size <= SMALL:
            return "it is small"
        try:
            return log_to_write(self.path, hive.sequences[1])
        except RefusedError as error:
            return error.what

    def remove_leftovers(self) -> None:
        """Remove what a killed run left next to the file."""
        from mapiwright.workstation.disk.replace import remove_leftovers

        self._present()
        remove_leftovers(self.path)

    def findings(self, what: str) -> Iterator[Finding]:
        """What is to be known of the hive of ``what``: that it is unfinished, absent, or damaged."""
        try:
            hive = self.hive
        except FormatError as error:
            yield damaged_hive(self.path, what, error)
            return
        except PermissionError:
            yield closed_hive(self.path, what)
            return
        except RefusedError as error:
            yield no_hive(self.path, what) or Finding("MW3003", Severity.WARNING, str(self.path), error.what)
            return
        if hive is None:
            yield Finding(
                "MW3002",
                Severity.WARNING,
                str(self.path),
                f"the hive of {what} is not there",
                rule="the registry names it",
                remedy="The profile may be on a disk that is not mounted, or was deleted manually.",
            )
        elif self._with_logs is not None:
            yield self._with_logs.finding(self.path, what)

    def why_unwritable(self, what: str) -> Finding | None:
        """Why the hive of ``what`` cannot be written, or None where it can."""
        from mapiwright.workstation.mounts.hive_logs import LOGS_READ

        found = next((finding for finding in self.findings(what) if finding.id != LOGS_READ), None)
        if found is not None:
            return found
        try:
            self.refuse_unwritable()
        except RefusedError as error:
            return damaged_hive(self.path, what, error)
        return None

    def _present(self) -> Hive:
        hive = self.hive
        if hive is None:
            raise NotFoundError("the hive is not there", where=str(self.path))
        return hive


class HiveRegistry(MountedRegistry):
    r"""A registry over hive files, each at its place: ``HKLM\SOFTWARE``, ``HKU\<SID>``."""

    def __init__(self, hives: Mapping[KeyPath, HiveFile]) -> None:
        """``hives`` says which path is in which file."""
        super().__init__(Mount(path, hive) for path, hive in hives.items())
        self.hives = MappingProxyType(dict(hives))


@frozen
class _Staged:
    """A hive file after its edits."""

    file: HiveFile
    edited: Edited

    def write(self) -> None:
        self.file.put(self.edited)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file in the errors of its codec."""
    try:
        yield
    except RefusedError as error:
        if not error.where.startswith(str(path)):
            error.where = f"{path}: {error.where}" if error.where else str(path)
        raise


def _snapshot(top: HiveKey) -> Key:
    """The key with all below it; the reader bounds how deep that is."""
    found: list[tuple[HiveKey, list[HiveKey]]] = []
    waiting = [top]
    while waiting:
        key = waiting.pop()
        below = list(key.subkeys())
        found.append((key, below))
        waiting += reversed(below)
    made: list[Key] = []  # from the last to the first, so that the keys below one are the last that were made
    for key, below in reversed(found):
        values = {value.name: Value(value.type, value.data) for value in key.values()}
        keys = {each.name: made.pop() for each in below}
        made.append(Key(MappingProxyType(values), MappingProxyType(keys)))
    return made[0]


def _errors(faults: Iterable[Fault]) -> dict[tuple[int, str], Fault]:
    return {(fault.offset, fault.rule): fault for fault in faults if fault.severity is Severity.ERROR}


def _edit(placed: Placed) -> Edit:
    from mapiwright.formats.regf.edit import write
    from mapiwright.workstation.change import CreateKey, DeleteKey, SetValue

    path, change = placed.below, placed.change
    match change:
        case SetValue(new=Value(type=kind, data=data)):
            return write.SetValue(path, change.name, kind, data)
        case SetValue():
            return write.DeleteValue(path, change.name)
        case CreateKey():
            return write.CreateKey(path)
        case DeleteKey():
            return write.DeleteKey(path)
