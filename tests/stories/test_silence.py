"""A child on this system, whatever it is, answers on a channel that its guest does not have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from mapiwright.entry.child import silence

CHILD = """
import ctypes, json, os, subprocess, sys
import silence

request = sys.stdin.read()
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
        input=b"the request",
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"request": "the request", "rest": "", "inherited": False}
    assert done.stderr.split() == [b"for", b"the", b"log"]
