"""The filter of system calls, run by hand on every call there is: what it denies is what its tables name."""

from __future__ import annotations

import struct

import pytest

from mapiwright.entry.child import forbidden_calls as forbidden
from mapiwright.entry.child.forbidden_calls import ALLOW, DENY, MACHINES, program


def decided(machine: str, number: int, *arguments: int, audited: int | None = None) -> int:
    """What the kernel would do with a call, by the rules of its filters (linux/filter.h)."""
    code = program(machine)
    lines = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    first, second = (*arguments, 0, 0)[:2]
    data = struct.pack("=iIQQQ", number, MACHINES[machine][0] if audited is None else audited, 0, first, second)
    held = at = 0
    for _ in lines:  # a filter has no loops
        kind, jump, other, value = lines[at]
        at += 1
        if kind == 0x06:
            return int(value)
        if kind == 0x20:
            held = struct.unpack_from("=I", data, value)[0]
        elif kind == 0x54:
            held &= value
        else:
            assert kind in {0x15, 0x35}
            at += jump if (held == value if kind == 0x15 else held >= value) else other
    raise AssertionError("it came to no end")


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_named_is_denied_and_nothing_else(machine: str) -> None:
    _, numbers, socket, ioctl = MACHINES[machine]
    named = {each for calls in (forbidden.EVERYWHERE, numbers) for group in calls.values() for each in group}
    assert {number for number in range(500) if decided(machine, number) == DENY} == named
    assert decided(machine, 0x40000000) == DENY
    assert decided(machine, 1, audited=0x40000003) == DENY
    raw, stream, cloexec = 3, 1, 0x80000
    for family in (forbidden.AF_INET, forbidden.AF_INET6):
        assert decided(machine, socket, family, stream | cloexec) == ALLOW
        assert decided(machine, socket, family, raw | cloexec) == DENY
    assert decided(machine, socket, 16, raw) == ALLOW, "netlink"
    assert decided(machine, socket, forbidden.AF_PACKET, 2) == DENY
    assert decided(machine, ioctl, 3, 0x40086602) == DENY
    assert decided(machine, ioctl, 3, 0x5401) == ALLOW
