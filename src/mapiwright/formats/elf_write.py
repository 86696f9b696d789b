"""A shared library of Linux, made without a compiler: functions that jump to where a table says ([elf])."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE = 0x10000
"""The largest page of the machines below: the table begins a new one, as it is written and the code is not."""
_SYMBOL, _PROGRAM, _HEADER = 24, 56, 64
_EACH = 16
"""Bytes of code of each function."""


def _jump_x64(distance: int) -> bytes:
    return b"\xff\x25" + struct.pack("<i", distance - 6)  # jmp [rip + distance]


def _jump_arm64(distance: int) -> bytes:
    return struct.pack("<II", 0x58000010 | (distance // 4 & 0x7FFFF) << 5, 0xD61F0200)  # ldr x16, there; br x16


_MACHINES: dict[str, tuple[int, Callable[[int], bytes]]] = {"x64": (62, _jump_x64), "ARM64": (183, _jump_arm64)}

MACHINES = frozenset(_MACHINES)
"""The machines, in the words of ``formats.pe``, that such a library can be made for."""


def library_of_jumps(machine: str, names: Sequence[str], table: str, soname: str = "") -> bytes:
    """A library that exports ``names`` as functions, and ``table`` as one address of 8 bytes for each, in that order.

    The addresses are NULL until somebody writes them. ``soname`` is the name by which others may need it.
    """
    number, jump = _MACHINES[machine]
    strings = b"\0"
    places = {}
    for name in (*names, table, soname):
        places[name] = len(strings)
        strings += name.encode("ascii") + b"\0"
    count = len(names) + 2  # the first symbol is always an empty one
    at = _HEADER + 4 * _PROGRAM
    symbols_at, at = at, at + _SYMBOL * count
    hash_at, at = at, at + 4 * (3 + count)
    strings_at, at = at, at + len(strings)
    code_at = at + -at % _EACH
    end = code_at + _EACH * len(names)
    data_at = end + -end % PAGE
    dynamic = [(5, strings_at), (6, symbols_at), (4, hash_at), (10, len(strings)), (11, _SYMBOL)]
    dynamic += [(14, places[soname])] if soname else []
    dynamic += [(0, 0)]
    slots_at = data_at + 16 * len(dynamic)
    size = slots_at + 8 * len(names)

    made = bytearray(size)
    made[:_HEADER] = (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 3, number, 1, 0, _HEADER, 0, 0, _HEADER, _PROGRAM, 4, 64, 0, 0)
    )
    programs = (
        (1, 5, 0, end, PAGE),  # PT_LOAD, to read and run
        (1, 6, data_at, size - data_at, PAGE),  # PT_LOAD, to read and write
        (2, 6, data_at, 16 * len(dynamic), 8),  # PT_DYNAMIC
        (0x6474E551, 6, 0, 0, 16),  # PT_GNU_STACK: without it the stack would become executable
    )
    for index, (kind, flags, offset, length, align) in enumerate(programs):
        struct.pack_into(
            "<IIQQQQQQ", made, _HEADER + _PROGRAM * index, kind, flags, offset, offset, offset, length, length, align
        )
    for index, name in enumerate(names):
        code = code_at + _EACH * index
        _put(made, code, jump(slots_at + 8 * index - code))
        struct.pack_into("<IBBHQQ", made, symbols_at + _SYMBOL * (index + 1), places[name], 0x12, 0, 1, code, _EACH)
    last = symbols_at + _SYMBOL * (count - 1)
    struct.pack_into("<IBBHQQ", made, last, places[table], 0x11, 0, 1, slots_at, 8 * len(names))
    # One chain of all symbols: there are few, and no hash is computed.
    struct.pack_into(f"<{3 + count}I", made, hash_at, 1, count, count - 1, *_chain(count))
    _put(made, strings_at, strings)
    _put(made, data_at, b"".join(struct.pack("<QQ", *pair) for pair in dynamic))
    return bytes(made)


def _chain(count: int) -> list[int]:
    """For each symbol the next one of its chain: the one before it, and 0 behind the first."""
    return [max(0, index - 1) for index in range(count)]


def _put(into: bytearray, at: int, data: bytes) -> None:
    into[at : at + len(data)] = data
