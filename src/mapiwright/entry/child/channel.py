"""What the child says to its parent, and the limits that it puts on itself before a guest runs in it.

The request is one JSON document on standard input, up to its end. The answers are JSON lines on what was standard
output, which the guest never sees: ``ready``, ``loaded``, then ``done`` or ``failed``, then one zero byte. The
process ends at that byte, whatever threads or exit handlers the guest has left. Standard library only.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeAlias

from mapiwright.entry.child.property_json import END, READY
from mapiwright.entry.child.silence import silence

MEMORY = 1 << 30
"""Bytes of address space that a guest may take, where the system can hold it to that."""

ALARM = 10
"""Seconds after its deadline at which the child ends itself."""

Say: TypeAlias = Callable[..., None]
"""Says a phase and its facts."""


def serve(service_code: Callable[[Mapping[str, Any], Say], bytes]) -> NoReturn:
    """Read the request, run ``guest`` with it, send the last line that it gives, and end."""
    request = json.loads(sys.stdin.buffer.read())
    channel = silence()
    set_limits(request["deadline"])

    def say(phase: str, **facts: Any) -> None:
        send(channel, line(phase, **facts))

    send(channel, READY + b"\n")
    last = service_code(request, say)
    try:
        send(channel, last + END)
    finally:
        os._exit(0)  # no exit handler, thread or destructor of the guest runs


def line(phase: str, **facts: Any) -> bytes:
    """One line of the answers."""
    return json.dumps({"phase": phase, **facts}).encode() + b"\n"


def send(channel: int, data: bytes) -> None:
    """Write all of ``data``."""
    while data:
        data = data[os.write(channel, data) :]


def words_of(error: BaseException) -> str:
    """What an exception says, bounded; also where its ``__str__`` raises."""
    try:
        return (str(error.msg) if isinstance(error, SyntaxError) else str(error))[:1000]
    except BaseException:  # noqa: BLE001 - a guest may raise anything
        return "its own words cannot be had"


def set_limits(deadline: float) -> None:
    """Hold the guest to bounded memory and time, and let it change nothing; where the system can."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has none

    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, int(deadline) + 5),  # for what it leaves behind out of our reach
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        try:
            resource.setrlimit(kind, (allowed, allowed))
        except (ValueError, OSError):  # macOS knows RLIMIT_AS and refuses it
            continue
    signal.alarm(int(deadline) + ALARM)  # where the parent is gone, and cannot end what sleeps
    if sys.platform == "linux":
        # Linux' own.
        from mapiwright.entry.child.forbidden_calls import drop_capabilities, forbid_calls  # noqa: PLC0415
        from mapiwright.entry.child.landlock import die_with_parent, forbid_changes  # noqa: PLC0415

        drop_capabilities()
        die_with_parent()
        forbid_changes()
        forbid_calls()
