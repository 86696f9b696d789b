"""One real file or folder, changed durably: after a crash at any point it is as it was or as it will be.

The order is write, fsync, rename, fsync of the folder ([native] 5.2). The new bytes are first written to a file
next to the target, ``.~name-3f9c01aa``; ``remove_leftovers`` knows the files of a killed run by
that name, and removes them.

A symbolic link is followed: what it points to is replaced, and the link stays. A hard link is parted, as by every
installer that replaces by renaming.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform == "darwin":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = ".~"
"""How the name of a file that is not yet in its place begins."""

UNLISTED = ("system.ntfs_acl", "system.ntfs_security", "system.ntfs_attrib")
"""Windows' own ACL and attributes (hidden, system) on a mount by ntfs-3g (the first) or by the ntfs3 driver (the
second); neither driver names them when the extended attributes are listed, so they are asked for by name."""

OURS_ONLY = 0o600
_BINARY = getattr(os, "O_BINARY", 0)
_UNSUPPORTED = {errno.ENOTSUP, errno.EOPNOTSUPP}
_CANNOT_SYNC = _UNSUPPORTED | {errno.EINVAL, errno.ENOTTY}


def replace_file(path: Path, data: bytes | None, *, mode: int = 0o666) -> None:
    """Make the file at ``path`` hold ``data``, or be absent where that is None; durable when it returns.

    Owner, mode, ACL and extended attributes of a file that is replaced survive; times do not. ``mode`` is that of
    a file that was not there, less the umask. Raises OSError, and then leaves nothing of its own behind.
    """
    target = Path(os.path.realpath(path))
    if data is None:
        with suppress(FileNotFoundError):
            target.unlink()
            sync_folder(target.parent)
        return
    try:
        like: os.stat_result | None = target.stat()
    except FileNotFoundError:
        like = None
    beside = target.with_name(f"{beside_prefix(target)}{os.urandom(4).hex()}")
    # A replaced file may be protected: until its owner and ACL are copied, no other user may read the new one.
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode if like is None else OURS_ONLY)
    try:
        try:
            _write_all(handle, data)
            if like is not None:
                _copy_guards(target, like, handle, beside)
            _sync(handle)
        finally:
            os.close(handle)
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    sync_folder(target.parent)


def append_to_file(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Add ``data`` to the end of the file, which is made where it is not there; durable when it returns."""
    fresh = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _BINARY, mode)
    try:
        _write_all(handle, data)
        _sync(handle)
    finally:
        os.close(handle)
    if fresh:
        sync_folder(path.parent)


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make the folder, whose parent exists; durable when it returns. One that is there already is fine."""
    path.mkdir(mode, exist_ok=True)
    sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove the folder, which is empty; durable when it returns. One that is not there is fine."""
    with suppress(FileNotFoundError):
        path.rmdir()
        sync_folder(path.parent)


def remove_leftovers(path: Path) -> None:
    """Remove what a killed ``replace_file(path, ...)`` left next to its target; only for the holder of the lock."""
    target = Path(os.path.realpath(path))
    with suppress(FileNotFoundError, NotADirectoryError):
        for entry in target.parent.iterdir():
            if entry.name.startswith(beside_prefix(target)) and len(entry.name) == len(beside_prefix(target)) + 8:
                entry.unlink()


def beside_prefix(target: Path) -> str:
    """How the name of the new file for ``target`` begins until it replaces it."""
    # A name may have 255 bytes in all; four to a character, and some for the mark and the random digits.
    return f"{MARK}{target.name[:60]}-"


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _sync(handle: int) -> None:
    os.fsync(handle)
    if sys.platform == "darwin":
        # There, fsync leaves the bytes in the drive's own cache (fsync(2) of macOS).
        with _tolerating(_CANNOT_SYNC):
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)


def sync_folder(folder: Path) -> None:
    """Make durable which names a folder holds; durable when it returns."""
    if os.name == "nt":
        return  # a folder cannot be opened there; NTFS journals its names itself
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some mounts cannot sync a folder, and say so.
        with _tolerating(_CANNOT_SYNC):
            os.fsync(handle)
    finally:
        os.close(handle)


def _copy_guards(target: Path, like: os.stat_result, handle: int, beside: Path) -> None:
    """Give the file ``beside`` the owner, mode, ACL and extended attributes of ``target``."""
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
        _copy_attributes(target, handle)


if sys.platform == "linux":

    def _copy_attributes(target: Path, handle: int) -> None:
        names: list[str] = []
        with _tolerating(_UNSUPPORTED):
            names = os.listxattr(target)
        for name in (*names, *UNLISTED):
            value = _attribute(target, name)
            if value is None or value == _attribute(handle, name):
                continue
            # The kernel's own labels (security.*, trusted.*) are not everybody's to set.
            label = name.startswith(("security.", "trusted."))
            with _tolerating(_UNSUPPORTED | {errno.EPERM} if label else _UNSUPPORTED):
                os.setxattr(handle, name, value)

    def _attribute(file: Path | int, name: str) -> bytes | None:
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
