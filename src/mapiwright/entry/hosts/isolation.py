"""A child process that cannot hurt us: private pipes, a deadline, bounded answers, an end to all it started."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.entry.child.property_json import END, READY
from mapiwright.entry.service.contract import NOT_CALLED, Result
from mapiwright.errors import EntryPointError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

ANSWERS = 4 << 20
"""The most bytes that a child may answer."""
LOG = 4096
"""Bytes kept of the end of what a child printed on standard error."""
GRACE = 2.0
"""Seconds that are left for the last answer to arrive once the child has ended."""
APART = 0.5
"""The most seconds that the end of a child may come after that of its channel, for both to be one end."""
PASSED = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
"""Variables that a child is given; every other one may hold a secret of the user's."""

NOTHING: Mapping[str, str] = MappingProxyType({})

if sys.platform == "win32":  # pragma: no cover
    OF_ITS_OWN = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
else:
    OF_ITS_OWN = 0

NTSTATUS = {
    0x80000003: "breakpoint",
    0xC0000005: "access violation",
    0xC000001D: "illegal instruction",
    0xC0000094: "division by zero",
    0xC00000FD: "stack overflow",
    0xC0000135: "a DLL was not found",
    0xC000007B: "a DLL of another machine type",
    0xC0000374: "heap corruption",
    0xC0000409: "fail-fast",
    0xE06D7363: "an exception of C++ that nobody caught",
}
"""The exit statuses by which Windows says that a process crashed (ntstatus.h)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit status, what it had answered, and the tail of what it had printed.

    ``ready`` says that it had started to load a service's code. ``heard`` says that its output is complete: its
    channel was closed, and not before the child ended. ``answers`` is None where they were more than
    ``ANSWERS`` bytes; ``complete`` says that the end mark was there.
    """

    status: int
    timed_out: bool
    ready: bool
    heard: bool
    answers: bytes | None
    complete: bool
    log: str


def crash_of(status: int) -> str | None:
    """The name of the signal or NTSTATUS that ended a process, or None where it ended of itself."""
    if status < 0:
        try:
            return f"{signal.Signals(-status).name} ({signal.strsignal(-status)})"
        except ValueError:
            return f"signal {-status}"
    if status >= 0x80000000:
        return f"0x{status:08X} ({NTSTATUS.get(status, 'an exception that nobody caught')})"
    return None


class _Channel:
    """What a child says on standard output: up to the end mark, the end of the pipe, or more than is allowed.

    ``begun`` is set when it is ready, and when there is no more to hear; ``ended`` then only, with the time ``at``.
    """

    def __init__(self) -> None:
        self.said = bytearray()
        self.begun = threading.Event()
        self.ended = threading.Event()
        self.at = math.inf

    def listen(self, pipe: IO[bytes]) -> None:
        """Hear it out, in a thread of its own."""
        with pipe:
            while len(self.said) <= ANSWERS and (some := os.read(pipe.fileno(), 1 << 16)):
                self.said += some
                if not self.begun.is_set() and READY in self.said:
                    self.begun.set()
                if END in some and self.begun.is_set():  # before that it is no child of ours that speaks
                    break
        self.at = time.monotonic()
        self.begun.set()
        self.ended.set()


def _has_begun(process: subprocess.Popen[bytes], begun: threading.Event, seconds: float) -> bool:
    """Wait until it is ready, or for its end; says whether one of them came in time."""
    latest = time.monotonic() + seconds
    while not begun.wait(0.05) and process.poll() is None:
        if time.monotonic() > latest:
            return False
    return True


def _keep_tail(pipe: IO[bytes], tail: bytearray) -> None:
    with pipe:
        while some := os.read(pipe.fileno(), 1 << 16):
            tail += some
            del tail[:-LOG]


def _report(pipe: IO[bytes], request: bytes) -> None:
    with contextlib.suppress(OSError), pipe:  # a child that died is known by its exit status
        pipe.write(request)


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started in its process group."""
    if sys.platform == "win32":  # pragma: no cover
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # all have ended; macOS reports zombies so
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def converse(
    command: Sequence[str],
    request: bytes,
    deadline: float,
    *,
    start: float = 20.0,
    environment: Mapping[str, str] = NOTHING,
) -> Ended:
    """Start ``command``, give it ``request`` on standard input, and hear its answers on standard output.

    It has ``start`` seconds until it is ready, and ``deadline`` seconds from then on; after that it is ended with its
    whole process group. A process that it started and that holds the pipes open holds nothing up. ``environment`` is
    given to it in addition to those of every child. Raises EntryPointError where it cannot be started.

    One that ends before it is ready, and had no more to say, is started a second time.
    """
    ended = _conversed(command, request, deadline, start, environment)
    if not ended.ready and ended.heard and not ended.timed_out:
        # Once a child ended with status 1 before its library was loaded, under Wine on a busy computer; some three
        # hundred that were to show why did not. Nothing of the service ran, so that it is safe; and it spares a
        # rollback of all that was called before.
        ended = _conversed(command, request, deadline, start, environment)
    return ended


def _conversed(
    command: Sequence[str], request: bytes, deadline: float, start: float, environment: Mapping[str, str]
) -> Ended:
    """One conversation, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="mapiwright-guest-", ignore_cleanup_errors=True) as folder:
        process = _started(command, folder, environment)
        return _heard_out(process, request, deadline, start)


def _started(command: Sequence[str], folder: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The child, in a session and a folder of its own."""
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**{name: os.environ[name] for name in PASSED if name in os.environ}, **environment},
            start_new_session=True,
            creationflags=OF_ITS_OWN,
        )
    except OSError as error:
        raise EntryPointError(
            f"the child process could not be started: {error.strerror}",
            hresult=Result.MAPI_E_CALL_FAILED,
            where=command[0],
            remedy=f"{NOT_CALLED} Check that this Python can start itself.",
            was_called=False,
        ) from error


def _heard_out(process: subprocess.Popen[bytes], request: bytes, deadline: float, start: float) -> Ended:
    channel, tail = _Channel(), bytearray()
    printer = threading.Thread(target=_keep_tail, args=(process.stderr, tail), daemon=True)
    threading.Thread(target=_report, args=(process.stdin, request), daemon=True).start()
    threading.Thread(target=channel.listen, args=(process.stdout,), daemon=True).start()
    printer.start()
    timed_out = True
    try:
        if _has_begun(process, channel.begun, start):
            process.wait(deadline)
            timed_out = False
    except subprocess.TimeoutExpired:
        pass
    finally:
        # What is still there long after its channel is gone may run a service's code all the same, unheard.
        early = time.monotonic() - channel.at > APART
        _end_all(process)
    whole = channel.ended.wait(GRACE) and len(channel.said) <= ANSWERS and not early
    printer.join(GRACE / 10)
    answers, mark, _ = bytes(channel.said).partition(END)
    return Ended(
        status=process.returncode,
        timed_out=timed_out,
        ready=READY in channel.said,
        heard=whole,
        answers=answers if len(answers) <= ANSWERS else None,
        complete=bool(mark),
        log=bytes(tail).decode("utf-8", "replace"),
    )
