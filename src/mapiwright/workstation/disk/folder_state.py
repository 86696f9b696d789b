"""Our records on a workstation, kept in a real folder or in memory."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mapiwright.errors import BusyError, MapiwrightError, RefusedError
from mapiwright.workstation.disk import handles
from mapiwright.workstation.disk.replace import MARK, append_to_file, make_folder, replace_file
from mapiwright.workstation.disk.trust import OwnersOnly
from mapiwright.workstation.state import JOURNAL, Lease, closed_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mapiwright.workstation.disk.handles import Folder

LOCK = "lock"
HOLDER = "lock-holder"
"""The holder of the lock, as a sentence for people who find it held; not for programs."""
HOLDINGS = "lock-token"
"""A byte for each time that the lock was held: its size is the token, which no crash can tear or turn back."""


FILES = frozenset({LOCK, HOLDER, HOLDINGS, JOURNAL})
FOLDERS = frozenset({"receipts", "backups", "services", "set-aside"})
DEEPEST = 12
"""The folders of a record's name; ours have five."""
MOST = 100_000
"""The files of a store: more than thirty years of transactions."""


def is_ours(path: Path) -> bool:
    """Whether the current user owns a file or folder; an administrator may access more than that.

    Always False on Windows, where modes do not show it.
    """
    try:
        found = handles.look_at(path)
    except (OSError, RefusedError):
        return False
    return sys.platform != "win32" and found is not None and found.st_uid == os.geteuid()


class FolderState:
    """A state in a folder of mode 0700, its files of mode 0600; made when something is first written to it.

    Who controls the folder must not be able to redirect an administrator's run, nor to have it wait or read for ever:
    all is opened by handles, links are refused, and what is no record of ours is one of its ``faults``.
    """

    def __init__(self, folder: Path, others: frozenset[int] = frozenset(), largest: int = handles.LARGEST) -> None:
        """``folder`` is a real path; ``others`` are users who may have written it, by their numbers.

        A record of more than ``largest`` bytes is not read.
        """
        self.folder = folder
        self._trust = OwnersOnly(folder, others)
        self._largest = largest

    @property
    def readable(self) -> bool:
        """Whether there is something, and this user may read and write it."""
        with suppress(OSError, RefusedError), handles.open_folder(self.folder) as folder:
            return folder.is_open_to(os.R_OK | os.W_OK | os.X_OK)
        return False

    @property
    def closed(self) -> bool:
        """Whether another user owns it and it cannot be read; owners can open their own folder themselves."""
        try:
            found = handles.look_at(self.folder)
        except (OSError, RefusedError):
            return False
        return found is not None and not is_ours(self.folder) and not self.readable

    def read(self, name: str) -> bytes | None:
        """The bytes under ``name``, or None."""
        *folders, last = self._parts(name)
        try:
            with self._open(folders) as folder:
                return folder.read(last, self._largest)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise closed_records(str(self.folder)) from error

    def names(self, prefix: str = "") -> tuple[str, ...]:
        """The names that begin with ``prefix``, sorted."""
        names = (name for name, fault in self._scan() if fault is None and not _is_unfinished(name))
        return tuple(
            sorted(name for name in names if name.startswith(prefix) and name not in {LOCK, HOLDER, HOLDINGS})
        )

    def faults(self, prefix: str = "") -> tuple[RefusedError, ...]:
        """What lies there and is no record, by its place: links, FIFOs, odd names, files that are too large."""
        return tuple(fault for name, fault in self._scan() if fault is not None and name.startswith(prefix))

    def write(self, name: str, data: bytes) -> None:
        """Replace the bytes under ``name``, atomically and durably, readable by the owner alone."""
        replace_file(self._place_for(name), data, mode=0o600, check=self._trust)

    def append(self, name: str, data: bytes) -> None:
        """Add bytes to the end of ``name``, durably."""
        append_to_file(self._place_for(name), data, mode=0o600, check=self._trust)

    def delete(self, name: str) -> None:
        """Remove ``name``, durably, and the folders that it leaves empty."""
        *folders, last = self._parts(name)
        try:
            with self._open(folders) as folder:
                os.close(folder.open(last, os.O_RDONLY))  # what is no file of ours stays
        except FileNotFoundError:
            return
        replace_file(self.folder.joinpath(*folders, last), None, check=self._trust)
        while folders:
            with suppress(OSError), self._open(folders[:-1]) as above:  # one that stays is no record
                above.remove_folder(folders[-1])
            folders.pop()

    def holder(self) -> str:
        """Who holds the lock just now, or "": what the note says, unless it is of a process here that has ended."""
        import re  # noqa: PLC0415 - most stores have no such note
        import socket  # noqa: PLC0415

        note = b""
        with suppress(MapiwrightError, OSError), self._open(()) as folder:
            note = folder.read(HOLDER, 1000) or b""
        text = note.decode("utf-8", "replace")
        named = re.match(r"by process (\d{1,9}) on (\S+) since ", text)
        if named is None or named[2] != socket.gethostname() or sys.platform == "win32":
            return text
        try:
            os.kill(int(named[1]), 0)
        except ProcessLookupError:
            return ""
        except OSError:
            return text  # another user's
        return text

    def is_held(self) -> bool:
        """Whether somebody holds the lock just now, also without saying so; False where it cannot be seen."""
        with suppress(MapiwrightError, OSError), self._open(()) as folder:
            handle = folder.open(LOCK, os.O_RDONLY)
            try:
                return not handles.lock(handle)
            finally:
                os.close(handle)
        return False

    @contextmanager
    def lock(self) -> Iterator[Lease]:
        """Hold the workstation against every other run; raises BusyError at once where it is held."""
        import socket  # noqa: PLC0415 - costly to load, and only who writes needs a lock
        from datetime import UTC, datetime  # noqa: PLC0415

        self._make_folder(self.folder)
        with self._open(()) as folder:
            held = self._held(folder)
            try:
                self._clean(folder)
                here = f"by process {os.getpid()} on {socket.gethostname()}"
                lease = Lease(f"{here} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", self._next_token(folder))
                note = folder.open(HOLDER, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                os.write(note, lease.holder.encode())
                os.close(note)
                yield lease
            finally:
                with suppress(OSError):  # the next holder does
                    folder.remove(HOLDER)
                os.close(held)

    def _held(self, folder: Folder) -> int:
        """The lock, held; the handle lets it go."""
        handle = folder.open(LOCK, os.O_RDWR | os.O_CREAT)
        try:
            path = self.folder / LOCK
            handles.refuse_shared(path, os.fstat(handle))
            there = folder.look(LOCK) if handles.lock(handle) else None
            # One that was put in its place in the meantime is held by nobody.
            if there is None or not os.path.samestat(there, os.fstat(handle)):
                raise self._busy(folder)  # noqa: TRY301 - the handle is closed below, whatever it was
            self._hand_over(folder, handle)
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _busy(self, folder: Folder) -> BusyError:
        holder = b""
        with suppress(MapiwrightError, OSError):  # a note for people; who owns the folder writes what they want
            holder = folder.read(HOLDER, 1000) or b""
        return self.busy_by(holder.decode("utf-8", "replace"))

    def busy_by(self, holder: str) -> BusyError:
        """The error for a lock that another run holds."""
        return BusyError(
            "another run is changing this workstation",
            where=f"{self.folder}, {holder or 'held'}",
            remedy="Wait until it has ended, then try again.",
        )

    def _clean(self, folder: Folder) -> None:
        """Remove what a killed run left."""
        for name, fault in self._scan():
            *folders, last = name.split("/")
            if fault is None and _is_unfinished(name):
                with self._open(folders) as above:
                    above.remove(last)
        there = folder.look(HOLDER)
        if there is not None:
            os.close(folder.open(HOLDER, os.O_RDONLY))  # a link is refused
            folder.remove(HOLDER)  # it may be that of an administrator who was killed, and not ours to write

    def _next_token(self, folder: Folder) -> int:
        size = append_to_file(self._place_for(HOLDINGS), b".", mode=0o600, check=self._trust)
        handle = folder.open(HOLDINGS, os.O_RDONLY)
        try:
            self._hand_over(folder, handle)
        finally:
            os.close(handle)
        return size

    def _hand_over(self, folder: Folder, handle: int) -> None:
        """Give a file that an administrator's run may have made to the user whose folder it is."""
        if sys.platform != "win32":
            above, found = folder.found, os.fstat(handle)
            if found.st_uid != above.st_uid and found.st_nlink == 1:
                os.fchown(handle, above.st_uid, above.st_gid)

    def _scan(self) -> Iterator[tuple[str, RefusedError | None]]:
        """Every name, and why it is no record of ours where it is none; raises UntrustedError."""
        waiting: list[tuple[str, ...]] = [()]
        count = 0
        while waiting:
            parts = waiting.pop()
            try:
                with self._open(parts) as folder:
                    found = [(name, folder.look(name)) for name in folder.names()]
                    for name, there in found:
                        if there is not None:
                            place = handles.by_handle(folder.handle, name)
                            self._trust(self.folder.joinpath(*parts, name), there, place)
            except (FileNotFoundError, NotADirectoryError):
                continue  # somebody removed it
            except PermissionError as error:  # what is closed is not empty
                raise closed_records(str(self.folder)) from error
            for name, there in found:
                if there is None:
                    continue
                count += 1
                path = self.folder.joinpath(*parts, name)
                fault = self._fault(path, (*parts, name), there, count)
                if fault is None and handles.is_folder(there):
                    waiting.append((*parts, name))
                else:
                    yield "/".join((*parts, name)), fault
                if count > MOST:
                    return

    def _fault(self, path: Path, parts: tuple[str, ...], there: os.stat_result, count: int) -> RefusedError | None:
        if len(parts) > DEEPEST or count > MOST:
            return RefusedError("there is more in it than we ever write", where=str(path))
        is_folder = handles.is_folder(there)
        if len(parts) == 1 and is_folder and parts[0] in FILES:
            return RefusedError("it is a folder", where=str(path), expected="a file")
        if len(parts) == 1 and not is_folder and parts[0] in FOLDERS:
            return RefusedError("it is no folder", where=str(path))
        try:
            _refuse_name("/".join(parts), self.folder)
            if not is_folder:
                handles.refuse_no_file(path, there, self._largest)
        except RefusedError as error:
            return error
        return None

    def _open(self, folders: Sequence[str]) -> Folder:
        """A folder of ours; raises FileNotFoundError, UntrustedError, RefusedError for a link."""
        try:
            return handles.open_folder(self.folder.joinpath(*folders), self._trust)
        except NotADirectoryError as error:
            raise RefusedError("it is no folder", where=str(error.filename), expected="a folder of ours") from error

    def _place_for(self, name: str) -> Path:
        path = self.folder.joinpath(*self._parts(name))
        self._make_folder(path.parent)
        return path

    def _parts(self, name: str) -> list[str]:
        _refuse_name(name, self.folder)
        return name.split("/")

    def _make_folder(self, folder: Path) -> None:
        there = handles.look_at(folder)
        if there is None:
            self._make_folder(folder.parent)
            ours = folder.is_relative_to(self.folder)
            make_folder(folder, mode=0o700 if ours else 0o777)


def _refuse_name(name: str, folder: Path) -> None:
    if not {"", ".", ".."}.isdisjoint(name.split("/")) or "\\" in name or ":" in name or not name.isprintable():
        raise RefusedError("this is no name of a record of ours", where=f"{folder}: {name}")


def _is_unfinished(name: str) -> bool:
    return name.rpartition("/")[2].startswith(MARK)


class UserState(FolderState):
    """The records of a user, for another one's run: one that cannot be read is none, and one of the ``faults``."""

    def read(self, name: str) -> bytes | None:
        """The bytes under ``name``, or None."""
        try:
            return super().read(name)
        except (RefusedError, OSError):
            return None

    def names(self, prefix: str = "") -> tuple[str, ...]:
        """The names that begin with ``prefix``, sorted."""
        try:
            return super().names(prefix)
        except (RefusedError, OSError):
            return ()

    def _fault(self, path: Path, parts: tuple[str, ...], there: os.stat_result, count: int) -> RefusedError | None:
        try:
            # A file that is somebody else's by its other name.
            handles.refuse_shared(path, there)
        except RefusedError as error:
            return error
        return super()._fault(path, parts, there, count)

    def faults(self, prefix: str = "") -> tuple[RefusedError, ...]:
        """What lies there and is no record; or why none of it is read."""
        try:
            return super().faults(prefix)
        except RefusedError as error:
            return (error,)
        except OSError as error:
            return (RefusedError(error.strerror or str(error), where=str(error.filename or self.folder)),)


class MemoryState:
    """A state in memory."""

    def __init__(self) -> None:
        self._stored: dict[str, bytes] = {}
        from threading import Lock  # noqa: PLC0415 - what is in a folder is locked by a file

        self._lock = Lock()
        self._holder = ""
        self._token = 0

    def read(self, name: str) -> bytes | None:
        """The bytes under ``name``, or None."""
        return self._stored.get(name)

    def names(self, prefix: str = "") -> tuple[str, ...]:
        """The names that begin with ``prefix``, sorted."""
        return tuple(sorted(name for name in self._stored if name.startswith(prefix)))

    def faults(self, prefix: str = "") -> tuple[RefusedError, ...]:  # noqa: ARG002 - nobody else gets at it
        """Nothing lies there but records."""
        return ()

    def write(self, name: str, data: bytes) -> None:
        """Replace the bytes under ``name``."""
        self._stored[name] = bytes(data)

    def append(self, name: str, data: bytes) -> None:
        """Add bytes to the end of ``name``."""
        self._stored[name] = self._stored.get(name, b"") + data

    def delete(self, name: str) -> None:
        """Remove ``name``."""
        self._stored.pop(name, None)

    def holder(self) -> str:
        """Who holds the lock just now, or ""."""
        return self._holder

    def is_held(self) -> bool:
        """Whether somebody holds the lock just now."""
        return self._lock.locked()

    @contextmanager
    def lock(self) -> Iterator[Lease]:
        """Hold the workstation against every other run; raises BusyError at once where it is held."""
        if not self._lock.acquire(blocking=False):
            raise BusyError(
                "another run is changing this workstation",
                where=f"memory, {self._holder}",
                remedy="Wait until it has ended, then try again.",
            )
        try:
            from threading import current_thread  # noqa: PLC0415

            self._token += 1
            self._holder = f"by {current_thread().name} of process {os.getpid()}"
            yield Lease(self._holder, self._token)
        finally:
            self._holder = ""
            self._lock.release()
