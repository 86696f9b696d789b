"""A child on this system, whatever it is, answers on a channel that its guest does not have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mapiwright.entry.child import silence

CHILD = """
import ctypes, json, os, subprocess, sys
import silence

request = os.read(0, 11).decode()
channel = silence.silence()
print("by print", flush=True)
os.write(1, b"by os.write")
runtimes = ["ucrtbase", "msvcrt"] if os.name == "nt" else [None]
for name in runtimes:
    runtime = ctypes.CDLL(name)
    runtime.puts(b"by a C runtime")
    runtime.fflush(None)
subprocess.run([sys.executable, "-c", "print('by a process of its own')"], check=True)
print("for the log", file=sys.stderr, flush=True)
answer = {"request": request, "rest": os.read(0, 10).decode(), "inherited": os.get_inheritable(channel)}
os.write(channel, json.dumps(answer).encode())
os._exit(0)
"""


def test_only_the_answer_is_on_the_channel() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(Path(silence.__file__).parent)!r})\n{CHILD}",
        ],
        input=b"the request and more",
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"request": "the request", "rest": "", "inherited": False}
    assert done.stderr.split() == [b"for", b"the", b"log"]


class WindowsFaultError(OSError):
    """As ctypes raises it where Windows has a number for it."""

    winerror = 0xC000001D - (1 << 32)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (OSError("exception: access violation writing 0x0000000000000008"), 0xC0000005),
        (OSError("exception: integer divide by zero"), 0xC0000094),
        (OSError("exception: breakpoint encountered"), 0x80000003),
        (OSError("exception: single step"), 0x80000004),
        (WindowsFaultError(), 0xC000001D),
    ],
)
def test_a_structured_exception_keeps_its_status(fault: OSError, status: int) -> None:
    assert silence.ntstatus(fault) == status


def test_a_child_that_was_cut_off_in_a_foreign_call_ends_as_a_crash() -> None:
    program = f"import sys; sys.path.insert(0, {str(Path(silence.__file__).parent)!r}); import silence; "
    done = subprocess.run(
        [sys.executable, "-I", "-c", program + "silence.die_of(OSError('exception: stack overflow'))"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == (0xC00000FD if sys.platform == "win32" else -6)
