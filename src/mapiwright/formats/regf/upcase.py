"""Upper case as Windows has it, which is not as Unicode or Python have it.

The registry compares, sorts and hashes names by upcased UTF-16 units. The table is Windows' own and is embedded,
since Python's moves with every release: `str.upper` differs from it at 244 units (it turns U+00B5 into U+039C and
U+00DF into two letters; Windows leaves both).
"""

from __future__ import annotations

from mapiwright.formats.regf.upcase_table import RUNS

_UPPER = {unit: unit + shift for first, last, step, shift in RUNS for unit in range(first, last + 1, step)}


def upcase(text: str) -> str:
    """The name as Windows compares it: each UTF-16 unit by the table, so the length stays.

    Characters beyond U+FFFF are two units (surrogates), which the table leaves alone.
    """
    return text.upper() if text.isascii() else text.translate(_UPPER)


def upcased_units(text: str) -> bytes:
    """The upcased name as UTF-16BE, so that comparing the bytes orders names as the registry sorts its lists."""
    return upcase(text).encode("utf-16-be", "surrogatepass")
