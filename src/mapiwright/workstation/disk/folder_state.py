"""Our records on a workstation, kept in a real folder or in memory."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import BusyError, RefusedError
from mapiwright.workstation.disk.replace import MARK, append_to_file, make_folder, replace_file
from mapiwright.workstation.state import Lease, closed_records

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "lock"
HOLDER = "lock-holder"
"""The holder of the lock, as a sentence for people who find it held; not for programs."""
HOLDINGS = "lock-token"
"""A byte for each time that the lock was held: its size is the token, which no crash can tear or turn back."""


def is_ours(path: Path) -> bool:
    """Whether the current user owns a file or folder; an administrator may access more than that.

    Always False on Windows, where modes do not show it.
    """
    try:
        return sys.platform != "win32" and path.stat().st_uid == os.geteuid()
    except OSError:
        return False


class FolderState:
    """A state in a folder of mode 0700, its files of mode 0600; made when something is first written to it.

    A link in it is refused: we create none, and a user who controls the folder must not be able to redirect an
    administrator's run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def readable(self) -> bool:
        """Whether there is something, and this user may read and write it."""
        asked = os.R_OK | os.W_OK | os.X_OK
        # Where a program has other rights than its user, they are what counts.
        by_effect = {"effective_ids": True} if os.access in os.supports_effective_ids else {}
        return self.folder.is_dir() and os.access(self.folder, asked, **by_effect)

    @property
    def closed(self) -> bool:
        """Whether another user owns it and it cannot be read; owners can open their own folder themselves."""
        return self.folder.is_dir() and not is_ours(self.folder) and not self.readable

    def read(self, name: str) -> bytes | None:
        """The bytes under ``name``, or None."""
        try:
            return self._at(name).read_bytes()
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise closed_records(str(self.folder)) from error

    def names(self, prefix: str = "") -> tuple[str, ...]:
        """The names that begin with ``prefix``, sorted."""
        names = (path.relative_to(self.folder).as_posix() for path in self._files() if not path.name.startswith(MARK))
        return tuple(
            sorted(name for name in names if name.startswith(prefix) and name not in {LOCK, HOLDER, HOLDINGS})
        )

    def write(self, name: str, data: bytes) -> None:
        """Replace the bytes under ``name``, atomically and durably, readable by the owner alone."""
        replace_file(self._place_for(name), data, mode=0o600)

    def append(self, name: str, data: bytes) -> None:
        """Add bytes to the end of ``name``, durably."""
        append_to_file(self._place_for(name), data, mode=0o600)

    def delete(self, name: str) -> None:
        """Remove ``name``, durably, and the folders that it leaves empty."""
        path = self._at(name)
        replace_file(path, None)
        for folder in path.parents[: len(path.relative_to(self.folder).parts) - 1]:
            with suppress(OSError):  # it still holds something; an empty folder that stays is no record
                folder.rmdir()

    @contextmanager
    def lock(self) -> Iterator[Lease]:
        """Hold the workstation against every other run; raises BusyError at once where it is held."""
        import socket  # noqa: PLC0415 - costly to load, and only who writes needs a lock
        from datetime import UTC, datetime  # noqa: PLC0415

        from filelock import FileLock, Timeout  # noqa: PLC0415

        self._make_folder(self.folder)
        lock = FileLock(self._at(LOCK), timeout=0, mode=0o600)
        holder = self._at(HOLDER)
        try:
            lock.acquire()
        except Timeout:
            raise BusyError(
                "another run is changing this workstation",
                where=f"{self.folder}, {(self.read(HOLDER) or b'held').decode()}",
                remedy="Wait until it has ended, then try again.",
            ) from None
        try:
            for path in self._files():
                if path.name.startswith(MARK):
                    path.unlink()  # a killed run left it
            with suppress(FileNotFoundError):
                holder.unlink()  # it may be that of an administrator who was killed, and not ours to write
            here = f"by process {os.getpid()} on {socket.gethostname()}"
            lease = Lease(f"{here} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", self._next_token())
            holder.write_text(lease.holder, encoding="utf-8")
            self._hand_over(LOCK)
            yield lease
        finally:
            with suppress(OSError):  # the next holder does
                holder.unlink()
            lock.release()

    def _next_token(self) -> int:
        self.append(HOLDINGS, b".")
        self._hand_over(HOLDINGS)
        return self._at(HOLDINGS).stat().st_size

    def _files(self) -> Iterator[Path]:
        for folder, _, names in os.walk(self.folder, onerror=self._refuse_closed):
            yield from (Path(folder, name) for name in names)

    def _refuse_closed(self, error: OSError) -> None:
        """A folder that is closed is not an empty one; one that is absent holds nothing."""
        if isinstance(error, PermissionError):
            raise closed_records(str(self.folder)) from error
        if not isinstance(error, FileNotFoundError):
            raise error

    def _place_for(self, name: str) -> Path:
        path = self._at(name)
        self._make_folder(path.parent)
        return path

    def _hand_over(self, name: str) -> None:
        """Give a file that an administrator's run may have made to the user whose folder it is."""
        folder, path = self.folder.stat(), self._at(name)
        if sys.platform != "win32" and path.stat().st_uid != folder.st_uid:
            os.chown(path, folder.st_uid, folder.st_gid)

    def _at(self, name: str) -> Path:
        if not {"", ".", ".."}.isdisjoint(name.split("/")) or "\\" in name or ":" in name:
            raise RefusedError("this is no name of a record of ours", where=f"{self.folder}: {name}")
        path = self.folder / name
        for each in (path, *path.parents[: len(path.relative_to(self.folder).parts) - 1]):
            if each.is_symlink():
                raise RefusedError(
                    "there is a link where Mapiwright keeps its records",
                    where=str(each),
                    expected="files and folders of its own",
                    remedy="Take the link away; nothing was read from it or written to it.",
                )
        return path

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make_folder(folder.parent)
            ours = folder == self.folder or self.folder in folder.parents
            make_folder(folder, mode=0o700 if ours else 0o777)


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

    def write(self, name: str, data: bytes) -> None:
        """Replace the bytes under ``name``."""
        self._stored[name] = bytes(data)

    def append(self, name: str, data: bytes) -> None:
        """Add bytes to the end of ``name``."""
        self._stored[name] = self._stored.get(name, b"") + data

    def delete(self, name: str) -> None:
        """Remove ``name``."""
        self._stored.pop(name, None)

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
            self._lock.release()
