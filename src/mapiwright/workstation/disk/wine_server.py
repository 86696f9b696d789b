"""The server of a Wine prefix: whether it runs, and its lock, which whoever writes to the prefix holds.

The server has the registry in memory, and writes its files now and then and at its end, over whatever was written
there meanwhile. It holds a lock of fcntl(2) on a file in a folder of its own, named by the numbers of the prefix: in
``/tmp/.wine-UID``; or as Debian builds Wine, in a folder of TMPDIR whose name is in the file ``wineserver``.
A Wine that starts while somebody else holds it waits some seconds, and then ends.

Source: Wine's server/request.c; Debian's patch to it; tried with Wine 8.0.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import BusyError, MapiwrightError, RefusedError
from mapiwright.workstation.disk.handles import look_at, open_folder, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.workstation.disk.handles import Folder

TEMPORARY = Path("/tmp")  # noqa: S108 - it is Wine's own name; the folder in it must be the owner's alone
LOCK = "lock"
_NAME_FILE = "wineserver"
_LONGEST_NAME = 255
_HELD: dict[tuple[int, int], tuple[int, int]] = {}
"""By the numbers of a lock file: its handle here, and how often it is held. A lock of fcntl(2) is a process's, and
goes when any handle of that file is closed: so there is one, and nobody opens the file again meanwhile."""
_FLOCK = "hhqqi4x" if sys.platform == "linux" else "qqihh"


class WineServer:
    """The server of one prefix; nothing of Wine is started to ask."""

    def __init__(self, prefix: Path) -> None:
        """``prefix`` is a real path, of a folder that is there."""
        self.prefix = prefix
        with open_folder(prefix) as folder:
            self._found = folder.found

    def process(self) -> int | None:
        """The process that holds the lock, of the server or of another writer; None where there is none."""
        if sys.platform == "win32":
            return None
        for place in self._places():
            with suppress(OSError, MapiwrightError), open_folder(place) as folder:
                found = folder.look(LOCK)
                if found is None or (found.st_dev, found.st_ino) in _HELD:
                    continue
                handle = folder.open(LOCK, os.O_RDONLY)
                try:
                    process = _holder(handle)
                finally:
                    os.close(handle)
                if process is not None:
                    return process
        return None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock, so that no server starts meanwhile; raises BusyError at once where one runs.

        RefusedError where the folder of the lock is in the hands of another user.
        """
        with ExitStack() as stack:
            for place in self._places() if sys.platform != "win32" else ():
                stack.enter_context(self._held_at(place))
            yield

    def _places(self) -> Iterator[Path]:
        """Where a server of this prefix has its lock, whichever Wine it is of."""
        name = f"server-{self._found.st_dev:x}-{self._found.st_ino:x}"
        temporary = Path(os.path.realpath(TEMPORARY))
        own = self._own_name()
        if own:
            above = dict.fromkeys((Path(os.path.realpath(os.environ.get("TMPDIR") or temporary)), temporary))
            there = [each for each in above if look_at(each / own) is not None]
            yield from (each / own / name for each in there or [*above][:1])
        yield temporary / f".wine-{self._found.st_uid}" / name

    def _own_name(self) -> str:
        """The folder that Debian's Wine made for the servers of the prefix; "" where there is none."""
        try:
            data = read_file(self.prefix / _NAME_FILE, _LONGEST_NAME) or b""
        except (RefusedError, PermissionError):
            return ""  # no Wine would start by that
        text = data.decode("ascii", "replace").strip("\0\n ")
        return text if text.isprintable() and "/" not in text and text not in {"", ".", ".."} else ""

    @contextmanager
    def _held_at(self, place: Path) -> Iterator[None]:
        with self._opened(place) as folder:
            there = folder.look(LOCK)
            numbers = (there.st_dev, there.st_ino) if there is not None else None
            if numbers is None or numbers not in _HELD:
                numbers = self._take(folder)
        handle, count = _HELD[numbers]
        _HELD[numbers] = handle, count + 1
        try:
            yield
        finally:
            handle, count = _HELD.pop(numbers)
            if count > 1:
                _HELD[numbers] = handle, count - 1
            else:
                os.close(handle)

    def _take(self, folder: Folder) -> tuple[int, int]:
        import fcntl  # noqa: PLC0415 - Windows has none

        handle = folder.open(LOCK, os.O_RDWR | os.O_CREAT)
        try:
            if self._is_anothers(os.fstat(handle)):
                os.fchown(handle, self._found.st_uid, self._found.st_gid)
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
            found, there = os.fstat(handle), folder.look(LOCK)
            if there is None or not os.path.samestat(found, there):
                raise self._busy(None)  # noqa: TRY301 - the handle is closed below, whatever it was
        except OSError as error:
            busy = self._busy(_holder(handle)) if error.errno in {errno.EACCES, errno.EAGAIN} else None
            os.close(handle)
            if busy is None:
                raise
            raise busy from None
        except BaseException:
            os.close(handle)
            raise
        numbers = found.st_dev, found.st_ino
        _HELD[numbers] = handle, 0
        return numbers

    def _busy(self, process: int | None) -> BusyError:
        by = f"process {process}" if process else "a process that is not seen here"
        return BusyError(
            "Wine runs in this prefix, and would write its registry over what is changed",
            where=f"{self.prefix}, {by}",
            remedy=f"End the programs in it, and wait until the server has ended, too; "
            f"or end all at once: WINEPREFIX={self.prefix} wineserver -k",
        )

    @contextmanager
    def _opened(self, place: Path) -> Iterator[Folder]:
        """The folder of the lock, made where it is absent; both it and the one above are the owner's alone."""
        temporary = place.parent.parent
        with (
            open_folder(temporary) as above,
            self._below(above, place.parent.name) as base,
            self._below(base, place.name) as folder,
        ):
            yield folder

    def _below(self, above: Folder, name: str) -> Folder:
        try:
            above.make(name, 0o700)
        except FileExistsError:
            return self._trusted(above.below(name))
        made = above.below(name)
        if self._is_anothers(made.found):
            made.give(self._found.st_uid, self._found.st_gid)
        return self._trusted(made)

    def _trusted(self, folder: Folder) -> Folder:
        found, owner = folder.found, self._found.st_uid
        if found.st_uid != owner or found.st_mode & 0o077:
            folder.close()
            raise RefusedError(
                "the folder of Wine's server is not the prefix owner's alone",
                where=str(folder.path),
                expected=f"a folder of user {owner}, mode 0700",
                remedy="Find out who made it; Wine itself does not start with it. Then take it away.",
            )
        return folder

    def _is_anothers(self, found: os.stat_result) -> bool:
        """Whether what an administrator's run made is to be given to the owner of the prefix."""
        return sys.platform != "win32" and found.st_uid != self._found.st_uid and os.geteuid() == 0


def _holder(handle: int) -> int | None:
    """The process that holds the lock of an open file; 0 where it is not seen here, None where there is none."""
    import fcntl  # noqa: PLC0415 - Windows has none

    if sys.platform == "linux":
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
        kind, _, _, _, process = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, asked))
    else:
        asked = struct.pack(_FLOCK, 0, 1, 0, fcntl.F_WRLCK, os.SEEK_SET)
        _, _, process, kind, _ = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, asked))
    return None if kind == fcntl.F_UNLCK else max(process, 0)
