"""Files and folders of a tree that others can write, opened by handles: never by a path that was checked before.

A folder is reached from the top of this computer's tree, each name opened below the handle of the one above and none
through a link; so the path that is given is a real one, as ``os.path.realpath`` gives it, and a link that somebody
put there since is refused. What is opened is examined by its handle: a FIFO, a socket or a device is no file, and
a file has a size that can be read.

Windows has no such handles in Python: there each name is looked at for a link before and after it is opened.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self, TypeAlias

    Seen: TypeAlias = tuple[int, int, int]
    """What a file is known again by."""

    Check: TypeAlias = Callable[[Path, os.stat_result, str], None]
    """Raises RefusedError where what was opened is not to be used, as its owner is somebody else.

    The text is a path that leads to the same file or folder whatever happens to its name; "" where there is none.
    """

LARGEST = 512 * 1024 * 1024
"""The bytes of a file that is read: more than any DLL, and less than what stops this computer."""
_CHUNK = 1024 * 1024
_HAS_HANDLES = os.open in os.supports_dir_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# To pass through a folder takes no right to list it, where the system knows that right.
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _NO_LINK
_LIST = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_LINK
# A FIFO that takes the place of a file is opened without waiting for its other end.
_FILE = _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_ABSENT = {errno.ENOENT, errno.ENAMETOOLONG}
_LINK_TAGS = (0xA000000C, 0xA0000003)
"""Windows' reparse points that lead elsewhere: symbolic links, and junctions."""


class Folder:
    """An open folder; a name is one name in it, and is never followed where it is a link."""

    def __init__(self, path: Path, handle: int | None, check: Check | None = None) -> None:
        """``path`` is for messages, and for a system without handles."""
        self.path = path
        self.handle = handle
        self._check = check

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let it go; a ``with`` block does."""
        if self.handle is not None:
            os.close(self.handle)

    @property
    def found(self) -> os.stat_result:
        """What the system says of the folder itself."""
        return os.fstat(self.handle) if self.handle is not None else self.path.stat()

    def is_open_to(self, rights: int) -> bool:
        """Whether this program has those rights to it (``os.R_OK`` and the like)."""
        # Where a program has other rights than its user, they are what counts.
        by_effect = os.access in os.supports_effective_ids
        place = "." if self.handle is not None else str(self.path)
        return os.access(place, rights, dir_fd=self.handle, effective_ids=by_effect)

    def look(self, name: str) -> os.stat_result | None:
        """What the system says of ``name``, of a link itself; None where there is nothing."""
        try:
            with self._naming(name):
                return os.stat(self._at(name), dir_fd=self.handle, follow_symlinks=False)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise

    def names(self) -> list[str]:
        """The names in it, sorted."""
        if self.handle is None:
            return sorted(entry.name for entry in self.path.iterdir())
        with self._naming("."):
            handle = os.open(".", _LIST, dir_fd=self.handle)
        try:
            return sorted(os.listdir(handle))  # noqa: PTH208 - pathlib takes no handles
        finally:
            os.close(handle)

    def below(self, name: str) -> Folder:
        """A folder in it, open; raises FileNotFoundError, NotADirectoryError, RefusedError for a link."""
        path = self.path / name
        if self.handle is None:
            _refuse_link(path, path.lstat())
            opened = Folder(path, None, self._check)
            if not stat.S_ISDIR(opened.found.st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        else:
            try:
                with self._naming(name):
                    opened = Folder(path, os.open(name, _PASS, dir_fd=self.handle), self._check)
            except OSError as error:
                if error.errno == errno.ENAMETOOLONG:  # so no such file can be there
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None
                there = self.look(name) if error.errno in {errno.ENOTDIR, errno.ELOOP} else None
                if there is not None:
                    _refuse_link(path, there)
                raise
        if self._check is not None:
            try:
                self._check(path, opened.found, by_handle(opened.handle))
            except BaseException:
                opened.close()
                raise
        return opened

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """A handle of a regular file; whoever takes it closes it.

        Raises FileNotFoundError, ConflictError for a folder, RefusedError for a link and for what is no file.
        """
        path = self.path / name
        there = self.look(name)
        if there is not None:
            refuse_no_file(path, there, sys.maxsize)  # before it is opened: a device may act on that
        try:
            with self._naming(name):
                handle = os.open(self._at(name), flags | _FILE, mode, dir_fd=self.handle)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise _link(path) from None
            raise
        try:
            found = os.fstat(handle)
            refuse_no_file(path, found, sys.maxsize)
            if self.handle is None:
                _refuse_other(path, found)
            if self._check is not None:
                self._check(path, found, by_handle(handle))
        except BaseException:
            os.close(handle)
            raise
        return handle

    def read(self, name: str, largest: int = LARGEST) -> bytes | None:
        """The bytes of a file, or None where there is none; raises as ``open`` does, and for one too large."""
        if self.look(name) is None:
            return None
        try:
            handle = self.open(name, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            size = os.fstat(handle).st_size
            if size > largest:
                raise _too_large(self.path / name, size, largest)
            parts, left = [], largest + 1
            while left and (part := os.read(handle, min(left, max(size + 1, _CHUNK)))):
                parts.append(part)
                left -= len(part)
            if not left:
                raise _too_large(self.path / name, largest + 1, largest)
            return parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            os.close(handle)

    def make(self, name: str, mode: int) -> None:
        """Make a folder in it; raises FileExistsError."""
        with self._naming(name):
            os.mkdir(self._at(name), mode, dir_fd=self.handle)

    def give(self, user: int, group: int) -> None:
        """Make the folder itself another user's, by their numbers; for an administrator, where there are owners."""
        if sys.platform != "win32" and self.handle is not None:
            os.chown(".", user, group, dir_fd=self.handle)

    def remove(self, name: str) -> None:
        """Remove a file, or a link itself; raises FileNotFoundError."""
        with self._naming(name):
            os.unlink(self._at(name), dir_fd=self.handle)

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder; raises FileNotFoundError."""
        with self._naming(name):
            os.rmdir(self._at(name), dir_fd=self.handle)

    def rename(self, name: str, new: str) -> None:
        """Let a file take the place of another one."""
        with self._naming(new):
            os.replace(self._at(name), self._at(new), src_dir_fd=self.handle, dst_dir_fd=self.handle)

    def sync(self) -> None:
        """Make durable which names it holds; raises OSError where it cannot be done."""
        if self.handle is None:
            return  # a folder cannot be opened there; NTFS journals its names itself
        with self._naming("."):
            handle = os.open(".", _LIST, dir_fd=self.handle)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _at(self, name: str) -> str:
        return name if self.handle is not None else str(self.path / name)

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Give an error the whole path, which a name below a handle does not say."""
        try:
            yield
        except OSError as error:
            error.filename, error.filename2 = str(self.path / name), None
            raise


def open_folder(path: Path, check: Check | None = None) -> Folder:
    """The folder at a real path, open; ``check`` is asked of it and of each folder above it.

    Raises FileNotFoundError, NotADirectoryError, PermissionError; RefusedError where there is a link on the way.
    """
    if not _HAS_HANDLES:
        for above in reversed(path.parents):
            _refuse_link(above, above.lstat())
        return Folder(path.parent, None, check).below(path.name) if path.name else Folder(path, None, check)
    folder = Folder(type(path)(path.anchor), os.open(path.anchor, _PASS), check)
    for name in path.parts[1:]:
        with folder:
            folder = folder.below(name)
    return folder


def by_handle(handle: int | None, *names: str) -> str:
    """A path that leads to what is open, or to a name in it; "" where the system has none."""
    return "/".join([f"/proc/self/fd/{handle}", *names]) if sys.platform == "linux" and handle is not None else ""


def read_file(path: Path, largest: int = LARGEST, check: Check | None = None) -> bytes | None:
    """The bytes of the file at a real path, or None where there is none; raises as ``Folder.read`` does."""
    try:
        with open_folder(path.parent, check) as folder:
            return folder.read(path.name, largest)
    except (FileNotFoundError, NotADirectoryError):
        return None


def look_at(path: Path) -> os.stat_result | None:
    """What the system says of a real path, of a link itself; None where there is nothing."""
    try:
        with open_folder(path.parent) as folder:
            return folder.look(path.name) if path.name else folder.found
    except (FileNotFoundError, NotADirectoryError):
        return None


def seen_at(path: Path, largest: int = LARGEST) -> Seen | None:
    """What a file is known again by, None where there is none; raises as ``refuse_no_file`` does."""
    found = look_at(path)
    if found is None:
        return None
    refuse_no_file(path, found, largest)
    return known(found)


def known(found: os.stat_result) -> Seen:
    """The same of what the system says of it."""
    return found.st_ino, found.st_size, found.st_mtime_ns


def refuse_changed(path: Path, now: Seen | None, seen: Seen | None) -> None:
    """Raise ConflictError where a file is not what it was when it was seen."""
    if now != seen:
        raise ConflictError(
            "it was changed by another program in the meantime",
            where=str(path),
            remedy="Run the command again; nothing was written to it.",
        )


def names_in(path: Path) -> tuple[str, ...]:
    """The names in the folder at a real path, sorted; empty where there is no folder."""
    try:
        with open_folder(path) as folder:
            return tuple(folder.names())
    except (FileNotFoundError, NotADirectoryError):
        return ()


def lock(handle: int) -> bool:
    """Hold an open file against every other process, until it is closed; False where another one does."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - there only

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - likewise

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
            return False
        raise
    return True


def refuse_shared(path: Path, found: os.stat_result) -> None:
    """Raise RefusedError where a file has a second name: what is added to it would be added there, too."""
    if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        raise RefusedError(
            "the file has a second name elsewhere (a hard link)",
            where=str(path),
            remedy="Take it away; nothing was read from it or written to it.",
        )


def is_folder(found: os.stat_result) -> bool:
    """Whether it is a folder, and no link to one."""
    return stat.S_ISDIR(found.st_mode) and not is_link(found)


def is_link(found: os.stat_result | None) -> bool:
    """Whether it is a symbolic link, or on Windows a junction."""
    return found is not None and (stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) in _LINK_TAGS)


def refuse_no_file(path: Path, found: os.stat_result, largest: int = LARGEST) -> None:
    """Raise ConflictError for a folder; RefusedError for a link, for what is no file, and for one too large."""
    _refuse_link(path, found)
    if stat.S_ISDIR(found.st_mode):
        raise ConflictError("it is a folder", where=str(path), expected="a file")
    if not stat.S_ISREG(found.st_mode):
        raise RefusedError("it is neither a file nor a folder", where=str(path))
    if found.st_size > largest:
        raise _too_large(path, found.st_size, largest)


def _refuse_link(path: Path, found: os.stat_result) -> None:
    if is_link(found):
        raise _link(path)


def _refuse_other(path: Path, found: os.stat_result) -> None:
    """Where the system cannot refuse a link when it opens: raise where something else is there now."""
    if not os.path.samestat(found, path.lstat()):
        raise _link(path)


def _link(path: Path) -> RefusedError:
    return RefusedError(
        "there is a link where a file or a folder is expected",
        where=str(path),
        remedy="Take the link away; nothing was read from it or written to it.",
    )


def _too_large(path: Path, size: int, largest: int) -> RefusedError:
    return RefusedError(f"it has {size:,} bytes or more", where=str(path), expected=f"{largest:,} bytes at most")
