"""Our records on a workstation, kept in a real folder or in memory."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import BusyError
from mapiwright.workstation.replace import MARK, append_to_file, make_folder, replace_file
from mapiwright.workstation.state import closed_records

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "lock"
HOLDER = "lock-holder"
"""Who holds the lock, for the one who finds it held: a sentence, and of no other use."""


class FolderState:
    """A state in a folder of mode 0700, its files of mode 0600; made when something is first written to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        """The bytes under ``name``, or None."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise closed_records(str(self.folder)) from error

    def names(self, prefix: str = "") -> tuple[str, ...]:
        """The names that begin with ``prefix``, sorted."""
        names = (path.relative_to(self.folder).as_posix() for path in self._files() if not path.name.startswith(MARK))
        return tuple(sorted(name for name in names if name.startswith(prefix) and name not in {LOCK, HOLDER}))

    def write(self, name: str, data: bytes) -> None:
        """Replace the bytes under ``name``, atomically and durably, readable by the owner alone."""
        replace_file(self._place_for(name), data, mode=0o600)

    def append(self, name: str, data: bytes) -> None:
        """Add bytes to the end of ``name``, durably."""
        append_to_file(self._place_for(name), data, mode=0o600)

    def delete(self, name: str) -> None:
        """Remove ``name``, durably, and the folders that it leaves empty."""
        path = self.folder / name
        replace_file(path, None)
        for folder in path.parents[: len(path.relative_to(self.folder).parts) - 1]:
            with suppress(OSError):  # it still holds something; an empty folder that stays is no record
                folder.rmdir()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the workstation against every other run; raises BusyError at once where it is held."""
        import socket  # noqa: PLC0415 - costly to load, and only who writes needs a lock

        from filelock import FileLock, Timeout  # noqa: PLC0415

        self._make_folder(self.folder)
        lock = FileLock(self.folder / LOCK, timeout=0, mode=0o600)
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
            (self.folder / HOLDER).write_text(
                f"by process {os.getpid()} on {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
                encoding="utf-8",
            )
            yield
        finally:
            with suppress(OSError):  # the next holder writes its own over it
                (self.folder / HOLDER).unlink()
            lock.release()

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
        path = self.folder / name
        self._make_folder(path.parent)
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
        self._lock = threading.Lock()

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
    def lock(self) -> Iterator[None]:
        """Hold the workstation against every other run; raises BusyError at once where it is held."""
        if not self._lock.acquire(blocking=False):
            raise BusyError(
                "another run is changing this workstation",
                where="memory",
                remedy="Wait until it has ended, then try again.",
            )
        try:
            yield
        finally:
            self._lock.release()
