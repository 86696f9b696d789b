"""What a package is read from: a directory, or anything else that has names and bytes.

Names are found as Windows finds them, without regard to case, also where the disk regards it: an INF says
``EMSMDB.DLL`` and the disk has ``emsmdb32.dll``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from mapiwright.errors import ConflictError, NotFoundError, RefusedError
from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


LARGEST_FILE = 256 << 20
"""The bytes of a file that a package may have."""
LARGEST_PACKAGE = 1 << 30
"""The bytes that all its files may have together."""


class Media(Protocol):
    """A package's files; paths are relative, with ``/``, and ``""`` is the package itself."""

    @property
    def name(self) -> str:
        """How people name it."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of files and folders in ``folder``, sorted; empty where it is no folder."""
        ...

    def read(self, path: str, most: int = LARGEST_FILE + 1) -> bytes:
        """The bytes of a file, the first ``most`` of them: one more than is allowed shows that it is too large.

        Raises RefusedError where there is none, or it does not belong to the package.
        """
        ...


class Directory:
    """A package on disk. A link that leads out of it is no part of it."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise NotFoundError(
                "there is no such directory",
                where=str(root),
                expected="a package: a directory with mapiwright.toml, or with an INF fragment and its DLLs",
            )
        self.root = root.resolve()

    @property
    def name(self) -> str:
        """The path."""
        return str(self.root)

    def names(self, folder: str) -> tuple[str, ...]:
        """The names in a folder."""
        place = self._inside(folder)
        try:
            return tuple(sorted(entry.name for entry in place.iterdir())) if place.is_dir() else ()
        except OSError as error:
            raise RefusedError(f"{folder or self.name} cannot be listed: {error.strerror}") from error

    def read(self, path: str, most: int = LARGEST_FILE + 1) -> bytes:
        """The first bytes of a file."""
        place = self._inside(path)
        if not place.is_file():
            raise RefusedError(f"{path} is no file")
        try:
            with place.open("rb") as stream:
                # A read of n bytes takes n bytes of memory, however few there are.
                return stream.read(min(most, os.fstat(stream.fileno()).st_size + 1))
        except OSError as error:
            raise RefusedError(f"{path} cannot be read: {error.strerror}") from error

    def _inside(self, path: str) -> Path:
        try:
            place = self.root.joinpath(path).resolve(strict=True)
        except (OSError, RuntimeError) as error:  # Python before 3.13 reports a loop of links by the latter
            raise RefusedError(f"{path} cannot be followed: it is no file, or a link that leads nowhere") from error
        if not place.is_relative_to(self.root):
            raise RefusedError(f"{path} is a link that leads out of the package")
        return place


class Watched:
    """A directory that others may write to meanwhile: each file is read once, and a change is reported at the end."""

    def __init__(self, root: Path) -> None:
        self._directory = Directory(root)
        self._names: dict[str, tuple[str, ...]] = {}
        self._files: dict[str, tuple[object, bytes, int]] = {}

    @property
    def name(self) -> str:
        """The path."""
        return self._directory.name

    def names(self, folder: str) -> tuple[str, ...]:
        """The names in a folder, as they were when it was first asked for."""
        if folder not in self._names:
            self._names[folder] = self._directory.names(folder)
        return self._names[folder]

    def read(self, path: str, most: int = LARGEST_FILE + 1) -> bytes:
        """The first bytes of a file, as they were when it was first read."""
        found = self._files.get(path)
        if found is None or len(found[1]) == found[2] < most:  # it was cut
            mark = self._mark(path)
            found = self._files[path] = mark, self._directory.read(path, most), most
        return found[1][:most]

    def refuse_changed(self) -> None:
        """Raise ConflictError where anything changed since it was read, or may have been incomplete then."""
        changed = [path for path, (mark, *_) in self._files.items() if self._mark(path) != mark]
        changed += [path for path, names in self._names.items() if self._now(path) != names]
        if changed:
            raise ConflictError(
                f"{min(changed) or 'the directory'} changed while it was read",
                where=self.name,
                remedy="Somebody is writing to it. Wait until that has ended, then try again.",
            )

    def _mark(self, path: str) -> object:
        """What distinguishes one state of a file from another without reading it."""
        try:
            found = self._directory.root.joinpath(path).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _now(self, folder: str) -> tuple[str, ...]:
        try:
            return self._directory.names(folder)
        except RefusedError:
            return ()


class Memory:
    """A package in memory: bytes by path."""

    def __init__(self, files: Mapping[str, bytes], name: str = "memory") -> None:
        self.files = files
        self._name = name

    @property
    def name(self) -> str:
        """How people name it."""
        return self._name

    def names(self, folder: str) -> tuple[str, ...]:
        """The names in a folder."""
        above = f"{folder}/" if folder else ""
        return tuple(sorted({path[len(above) :].split("/")[0] for path in self.files if path.startswith(above)}))

    def read(self, path: str, most: int = LARGEST_FILE + 1) -> bytes:
        """The first bytes of a file."""
        if path not in self.files:
            raise RefusedError(f"{path} is no file")
        return self.files[path][:most]


def find(media: Media, path: str) -> str | None:
    """The path as it is stored, or None; raises RefusedError where two names on the way differ only in case."""
    found = ""
    for name in path.split("/"):
        matches = [known for known in media.names(found) if upcase(known) == upcase(name)]
        if len(matches) > 1:
            raise RefusedError(f"{' and '.join(matches)} differ only in case, which Windows does not distinguish")
        if not matches:
            return None
        found = f"{found}/{matches[0]}" if found else matches[0]
    return found
