"""One real file or folder, changed durably: after a crash at any point it is as it was or as it will be.

The order is write, fsync, rename, fsync of the folder ([native] 5.2). The new bytes are first written to a file
next to the target, ``.~name-3f9c01aa``; ``remove_leftovers`` knows the files of a killed run by
that name, and removes them.

Paths are real ones: a symbolic link is refused (``handles``), and who wants what it points to resolves it first. A
hard link is parted, as by every installer that replaces by renaming.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError
from mapiwright.workstation.disk.handles import open_folder, refuse_shared

if sys.platform == "darwin":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mapiwright.workstation.disk.handles import Check, Folder

MARK = ".~"
"""How the name of a file that is not yet in its place begins."""

UNLISTED = ("system.ntfs_acl", "system.ntfs_security", "system.ntfs_attrib")
"""Windows' own ACL and attributes (hidden, system) on a mount by ntfs-3g (the first) or by the ntfs3 driver (the
second); neither driver names them when the extended attributes are listed, so they are asked for by name."""

OURS_ONLY = 0o600
_UNSUPPORTED = {errno.ENOTSUP, errno.EOPNOTSUPP}
_CANNOT_SYNC = _UNSUPPORTED | {errno.EINVAL, errno.ENOTTY}


def replace_file(path: Path, data: bytes | None, *, mode: int = 0o666, check: Check | None = None) -> None:
    """Make the file at ``path`` hold ``data``, or be absent where that is None; durable when it returns.

    Owner, mode, ACL and extended attributes of a file that is replaced survive; times do not. ``mode`` is that of
    a file that was not there, less the umask. Raises OSError, and then leaves nothing of its own behind; RefusedError
    where there is a link, or what ``check`` refuses.
    """
    name = path.name
    if data is None:
        with suppress(FileNotFoundError), open_folder(path.parent, check) as folder:
            folder.remove(name)
            sync(folder)
        return
    with open_folder(path.parent, check) as folder:
        old = _opened(folder, name)
        try:
            like = os.fstat(old) if old is not None else None
            beside = f"{beside_prefix(path)}{os.urandom(4).hex()}"
            # A replaced file may be protected: until its owner and ACL are copied, nobody else may read the new one.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            handle = folder.open(beside, flags, mode if like is None else OURS_ONLY)
            try:
                try:
                    write_all(handle, data)
                    if old is not None and like is not None:
                        _copy_guards(path, old, like, handle, folder.path / beside)
                    sync_file(handle)
                finally:
                    os.close(handle)
                if os.name == "nt" and old is not None:
                    os.close(old)  # what is open cannot be replaced there
                    old = None
                folder.rename(beside, name)
            except BaseException:
                with suppress(OSError):
                    folder.remove(beside)
                raise
        finally:
            if old is not None:
                os.close(old)
        sync(folder)


def _opened(folder: Folder, name: str) -> int | None:
    """The file that is to be replaced, or None where there is none; raises IsADirectoryError for a folder."""
    try:
        return folder.open(name, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except ConflictError:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder.path / name)) from None


def append_to_file(path: Path, data: bytes, *, mode: int = 0o666, check: Check | None = None) -> int:
    """Add bytes to the end of a file; durable when it returns, with the size that the file then has.

    Raises RefusedError where the file has a second name.
    """
    with open_folder(path.parent, check) as folder:
        fresh = folder.look(path.name) is None
        handle = folder.open(path.name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)
        try:
            refuse_shared(path, os.fstat(handle))
            write_all(handle, data)
            sync_file(handle)
            size = os.fstat(handle).st_size
        finally:
            os.close(handle)
        if fresh:
            sync(folder)
        return size


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make the folder, whose parent exists; durable when it returns. One that is there already is fine."""
    with open_folder(path.parent) as folder:
        try:
            folder.make(path.name, mode)
        except FileExistsError:
            there = folder.look(path.name)
            if there is None or not stat.S_ISDIR(there.st_mode):
                raise
        sync(folder)


def remove_folder(path: Path) -> None:
    """Remove the folder, which is empty; durable when it returns. One that is not there is fine."""
    with suppress(FileNotFoundError), open_folder(path.parent) as folder:
        folder.remove_folder(path.name)
        sync(folder)


def remove_leftovers(path: Path) -> None:
    """Remove what a killed ``replace_file(path, ...)`` left next to its target; only for the holder of the lock."""
    with suppress(FileNotFoundError, NotADirectoryError), open_folder(path.parent) as folder:
        for name in folder.names():
            if name.startswith(beside_prefix(path)) and len(name) == len(beside_prefix(path)) + 8:
                folder.remove(name)


def beside_prefix(target: Path) -> str:
    """How the name of the new file for ``target`` begins until it replaces it."""
    # A name may have 255 bytes in all; four to a character, and some for the mark and the random digits.
    return f"{MARK}{target.name[:60]}-"


def write_all(handle: int, data: bytes) -> None:
    """Write all of the bytes to an open file, where it stands."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def sync_file(handle: int) -> None:
    """Make durable what was written to an open file."""
    os.fsync(handle)
    if sys.platform == "darwin":
        # There, fsync leaves the bytes in the drive's own cache (fsync(2) of macOS).
        with _tolerating(_CANNOT_SYNC):
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)


def sync_folder(path: Path) -> None:
    """Make durable which names a folder holds; durable when it returns."""
    with open_folder(path) as folder:
        sync(folder)


def sync(folder: Folder) -> None:
    """The same, for a folder that is open."""
    # Some mounts cannot sync a folder, and say so.
    with _tolerating(_CANNOT_SYNC):
        folder.sync()


def _copy_guards(target: Path, old: int, like: os.stat_result, handle: int, beside: Path) -> None:
    """Give the file ``beside`` the owner, mode, ACL and extended attributes of ``target``; both are open."""
    if os.name == "nt":
        beside.chmod(stat.S_IMODE(like.st_mode))
        return
    here = os.fstat(handle)
    if (here.st_uid, here.st_gid) != (like.st_uid, like.st_gid):
        # Not tolerated: a hive that changes hands is one that its user can no longer open.
        try:
            os.fchown(handle, like.st_uid, like.st_gid)
        except OSError as error:
            error.filename = str(target)  # which a handle does not say
            raise
    os.fchmod(handle, stat.S_IMODE(like.st_mode))
    if sys.platform == "linux":
        _copy_attributes(old, handle)


if sys.platform == "linux":

    def _copy_attributes(old: int, handle: int) -> None:
        names: list[str] = []
        with _tolerating(_UNSUPPORTED):
            names = os.listxattr(old)
        for name in (*names, *UNLISTED):
            value = _attribute(old, name)
            if value is None or value == _attribute(handle, name):
                continue
            # The kernel's own labels (security.*, trusted.*) are not everybody's to set.
            label = name.startswith(("security.", "trusted."))
            with _tolerating(_UNSUPPORTED | {errno.EPERM} if label else _UNSUPPORTED):
                os.setxattr(handle, name, value)

    def _attribute(file: int, name: str) -> bytes | None:
        try:
            return os.getxattr(file, name)
        except OSError as error:
            if error.errno not in _UNSUPPORTED | {errno.ENODATA}:
                raise
            return None


@contextmanager
def _tolerating(codes: set[int]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in codes:
            raise
