"""Marvin32, the hash that guards the entries of a hive's transaction logs.

Source: the regf specification of msuhanov, which prints the seed; it is a 64-bit integer, whose low half comes first.
"""

from __future__ import annotations

import struct

SEED = 0x82EF4D887A4E55C5
"""The seed of log entries."""
_MASK = 0xFFFFFFFF


def marvin32(data: bytes, seed: int = SEED) -> int:
    """The 64-bit hash of ``data``: 32-bit little-endian words, then what is left with 0x80 behind it."""
    whole = len(data) & ~3
    rest = (data[whole:] + b"\x80").ljust(4, b"\0")
    low, high = seed & _MASK, seed >> 32
    for word in (*struct.unpack(f"<{whole // 4}I", data[:whole]), int.from_bytes(rest, "little"), 0):
        low = (low + word) & _MASK
        high ^= low
        low = (((low << 20) | (low >> 12)) + high) & _MASK
        high = (((high << 9) | (high >> 23)) & _MASK) ^ low
        low = (((low << 27) | (low >> 5)) + high) & _MASK
        high = ((high << 19) | (high >> 13)) & _MASK
    return high << 32 | low
