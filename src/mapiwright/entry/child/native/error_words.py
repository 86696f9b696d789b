"""What a service says of its failure: a MAPIERROR, however it was made ([mapierror]).

Old services allocate it by LocalAlloc, point to static texts, or write 8-bit texts where MAPI_UNICODE was asked for.
Their words reach the user all the same, and so does what was wrong. Nothing is read that cannot be read.
"""

from __future__ import annotations

import ctypes
import os
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

from mapiwright.entry.child.native import abi

if TYPE_CHECKING:
    from mapiwright.entry.child.native.heap import Heap

LONGEST = 4096
"""The most bytes of a text that are read."""
PAGE = 4096
LATIN_SHARE = 0.6
"""From this share of Latin letters on, 8-bit text is taken for that; chance gives Chinese in UTF-16 a third."""
_EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH", "HANGUL", "BOPOMOFO"}

NOT_ALLOCATED = "the MAPIERROR was not made by MAPIAllocateBuffer"
NOT_CHAINED = "a text of the MAPIERROR was not made by MAPIAllocateMore on it"
UNREADABLE = "a text of the MAPIERROR is where nothing can be read"
NOT_WIDE = "a text of the MAPIERROR is 8-bit, although MAPI_UNICODE was asked for"
NOT_NARROW = "a text of the MAPIERROR is in Unicode, although MAPI_UNICODE was not asked for"
INVALID = "a text of the MAPIERROR is not valid in its encoding"


def read_error(at: int, heap: Heap, code_page: str, *, wide: bool) -> dict[str, Any]:
    """The MAPIERROR at an address, as data, with ``notes`` of what is wrong with it; a block of ours is freed."""
    notes: list[str] = [] if heap.size(at) is not None else [NOT_ALLOCATED]
    block = readable(at, ctypes.sizeof(abi.MapiErrorBlock))
    if len(block) < ctypes.sizeof(abi.MapiErrorBlock):
        return {"error": "", "component": "", "low_level": 0, "context": 0, "notes": notes}
    found = abi.MapiErrorBlock.from_buffer_copy(block)
    texts = [_text(address, heap, at, code_page, notes, wide=wide) for address in (found.error, found.component)]
    if not notes or notes[0] != NOT_ALLOCATED:
        heap.free(at)
    return {
        "error": texts[0],
        "component": texts[1],
        "low_level": found.low_level,
        "context": found.context,
        "notes": list(dict.fromkeys(notes)),
    }


def _text(at: int | None, heap: Heap, root: int, code_page: str, notes: list[str], *, wide: bool) -> str:
    if not at:
        return ""
    data = readable(at, LONGEST)
    if not data:
        notes.append(UNREADABLE)
        return ""
    if heap.size(root) is not None and not heap.holds(root, at):
        notes.append(NOT_CHAINED)
    text, is_wide = guess(data, code_page, wide=wide)
    if text is None:
        notes.append(INVALID)
        return ""
    if text and is_wide != wide:
        notes.append(NOT_WIDE if wide else NOT_NARROW)
    return text


def guess(data: bytes, code_page: str, *, wide: bool, unit: int = abi.WIDE) -> tuple[str | None, bool]:
    """The text that memory begins with, and whether it is Unicode; None where it is no text in either width.

    ``wide`` is the width that was asked for; the other one is believed only where that one makes no sense.
    """
    eight = data.partition(b"\0")[0]
    ends = (at for at in range(0, len(data) - unit + 1, unit) if not any(data[at : at + unit]))
    sixteen = data[: next(ends, len(data) // unit * unit)]
    narrow = _decoded(eight, code_page)
    broad = _decoded(sixteen, "utf-16-le" if unit == 2 else "utf-32-le")
    if not data[0] and (unit == 1 or not any(data[:unit])):
        return "", wide
    if narrow is None or broad is None:
        return (broad, True) if narrow is None else (narrow, False)
    if not wide:
        return (broad, True) if len(eight) < unit and len(broad) > 1 else (narrow, False)
    if len(eight) < unit:  # a wide text of a Western language has zeros in its characters
        return broad, True
    latin = sum(each == " " or (each.isascii() and each.isalpha()) for each in narrow) / len(narrow)
    looks_wide = latin < LATIN_SHARE and {_script(each) for each in broad} <= {"", *_EAST_ASIAN}
    return (broad, True) if looks_wide else (narrow, False)


def _decoded(data: bytes, encoding: str) -> str | None:
    """The text, or None where it is not valid, or has characters that no message has."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    odd = any(unicodedata.category(each) in {"Cc", "Cn", "Co", "Cs"} and each not in "\t\r\n" for each in text)
    return None if odd else text


def _script(character: str) -> str:
    """The script of a letter, as Unicode names it; "" for what is no letter."""
    return unicodedata.name(character, "?").split()[0].partition("-")[0] if character.isalpha() else ""


def readable(address: int, most: int) -> bytes:
    """The bytes at an address, as far as they can be read, ``most`` at the most; never a crash."""
    found = b""
    while len(found) < most:
        at = address + len(found)
        some = _page(at, min(most - len(found), PAGE - at % PAGE))
        if not some:
            break
        found += some
    return found


if sys.platform == "win32":
    from mapiwright.entry.child.silence import KERNEL

    KERNEL.ReadProcessMemory.argtypes = (
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_void_p,
    )

    def _page(address: int, size: int) -> bytes:
        into = ctypes.create_string_buffer(size)
        done = KERNEL.ReadProcessMemory(KERNEL.GetCurrentProcess(), address, into, size, None)
        return into.raw if done else b""

else:

    def _page(address: int, size: int) -> bytes:
        """By way of a pipe: the kernel copies, and refuses what cannot be read."""
        out, into = os.pipe()
        try:
            write = ctypes.CDLL(None).write
            write.argtypes, write.restype = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t), ctypes.c_ssize_t
            written = write(into, address, size)
            return os.read(out, written) if written > 0 else b""
        finally:
            os.close(out)
            os.close(into)
