r"""Lines of Wine's registry files: names with their escapes, and values with their types and bytes.

A name or a string is in ASCII, each UTF-16 unit above 127 as ``\x`` and hex digits; a value is ``"name"=data``, or
``@=data`` for the unnamed one. A string is in quotes where that loses nothing; everything else is bytes, ``hex:`` for
REG_BINARY and ``hex(7):`` for the type 7, in lines of about 76 columns.

Source: Wine's server/registry.c and server/unicode.c; what is encoded here is byte for byte what Wine 8.0 wrote.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError

if TYPE_CHECKING:
    from re import Match

_SZ, _EXPAND_SZ, _BINARY, _DWORD, _MULTI_SZ = 1, 2, 3, 4, 7
_WIDTH = 76
_LETTERS = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 27: "e"}
_CONTROLS = {letter: number for number, letter in _LETTERS.items()}
_HEX = frozenset(b"0123456789abcdefABCDEF")
_OCTAL = frozenset(b"01234567")
_PLAIN = re.compile(r"[ !#-\[\]-\x7f]*")
"""Text that is written as it is, as a name and as a string: without quotes, backslashes and what is no ASCII."""
_ESCAPE = re.compile(
    rb"\\(?:x(?P<hex>[0-9a-fA-F]{1,4})|(?P<octal>[0-7]{1,3})|(?P<other>[^\n]))|(?P<raw>[\x80-\xff]+)|\\"
)
_QUOTED = re.compile(rb'(?:[^"\\\n]++|\\[^\n])*+')
_HEX_TYPE = re.compile(rb"hex(?:\(([0-9a-fA-F]{1,8})\))?:")
_STRING = re.compile(rb'(?:str(?:\((\d+)\))?:)?"')
_DWORD_DIGITS = re.compile(rb"dword:([0-9a-fA-F]{1,8})")
_PAIRS = re.compile(rb"[0-9a-fA-F]{1,2}(?:[, \t]++[0-9a-fA-F]{1,2}+)*[, \t]*")
_CONTINUED = re.compile(rb"\\[ \t\r]*\n[ \t]*")


def unescaped(raw: bytes) -> str:
    """The text that Wine reads there; lone surrogates stay, and bytes that are no UTF-8 are dropped."""
    if b"\\" not in raw and raw.isascii():
        return raw.decode("ascii")
    units = "".join(_pieces(raw))
    # Each half of a surrogate pair has an escape of its own.
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _pieces(raw: bytes) -> list[str]:
    found: list[str] = []
    at = 0
    for match in _ESCAPE.finditer(raw):
        found += raw[at : match.start()].decode("ascii"), _meant(match)
        at = match.end()
    found.append(raw[at:].decode("ascii"))
    return found


def _meant(match: Match[bytes]) -> str:
    digits, octal, other, plain = match.group("hex", "octal", "other", "raw")
    if digits is not None:
        return chr(int(digits, 16))
    if octal is not None:
        return chr(int(octal, 8))
    if plain is not None:
        return plain.decode("utf-8", "ignore")
    if other is None:
        return ""
    text = other.decode("utf-8", "ignore")
    return chr(_CONTROLS[text]) if text in _CONTROLS else text


def escaped(text: str, marks: str) -> str:
    r"""``text`` in ASCII as Wine writes it, the characters of ``marks`` behind a backslash: ``"`` or ``[]``."""
    if text.isascii() and not any(mark in text for mark in marks) and _PLAIN.fullmatch(text):
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return _escaped([unit for (unit,) in struct.iter_unpack("<H", data)], marks)


def _escaped(units: list[int], marks: str) -> str:
    found = []
    for unit, after in zip(units, (*units[1:], 0), strict=True):
        if unit > 127:
            found.append(f"\\x{unit:04x}" if after in _HEX else f"\\x{unit:x}")
        elif unit in _LETTERS:
            found.append("\\" + _LETTERS[unit])
        elif unit < 32:
            found.append(f"\\{unit:03o}" if after in _OCTAL else f"\\{unit:o}")
        else:
            character = chr(unit)
            found.append("\\" + character if character == "\\" or character in marks else character)
    return "".join(found)


def value_text(name: str, kind: int, data: bytes) -> bytes:
    """The lines of a value, with the line feed at their end: its name ("" is the unnamed one), type and bytes."""
    head = f'"{escaped(name, chr(34))}"=' if name else "@="
    if kind in {_SZ, _EXPAND_SZ, _MULTI_SZ} and data and not len(data) % 2 and data[-2:] == b"\0\0":
        begin = "" if kind == _SZ else f"str({kind:x}):"
        text = data[:-2].decode("utf-16-le", "surrogatepass")
        return f'{head}{begin}"{escaped(text, chr(34))}"\n'.encode("ascii")
    if kind == _DWORD and len(data) == 4:
        return f"{head}dword:{int.from_bytes(data, 'little'):08x}\n".encode("ascii")
    return _bytes_text(f"{head}hex:" if kind == _BINARY else f"{head}hex({kind:x}):", data).encode("ascii")


def _bytes_text(head: str, data: bytes) -> str:
    """Bytes as hex pairs; a line ends behind the comma that comes after column 76."""
    lines, line, width = [], [head], len(head)
    for pair in data[:-1].hex(" ").split():
        line.append(pair + ",")
        width += 3
        if width > _WIDTH:
            lines.append("".join(line) + "\\\n")
            line, width = ["  "], 2
    return "".join((*lines, *line, data[-1:].hex(), "\n"))


def name_at(data: bytes, start: int) -> tuple[str, int]:
    """The name of the value whose line begins at ``start``, and where its data begins; raises FormatError."""
    if data.startswith(b"@", start):
        name, end = "", start + 1
    else:
        match = _QUOTED.match(data, start + 1)
        end = match.end() if match is not None else start
        if not data.startswith(b'"', end):
            raise FormatError("the name of a value has no end", expected='"name"=')
        name, end = unescaped(data[start + 1 : end]), end + 1
    end = _past_blanks(data, end)
    if not data.startswith(b"=", end):
        raise FormatError("there is no = behind the name of a value", expected='"name"=data or @=data')
    return name, _past_blanks(data, end + 1)


def end_of(data: bytes, start: int) -> int:
    """Where the lines of a value end whose first begins at ``start``: behind the line feed, or with the file."""
    end = _line_end(data, start)
    begin = start
    # Bytes alone go on in the next line; a string may end with a backslash, but then quotes come after it.
    while data[begin:end].rstrip().endswith(b"\\") and end < len(data):
        begin, end = end, _line_end(data, end)
    return end


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return end + 1 if end >= 0 else len(data)


def data_in(data: bytes, start: int, end: int) -> tuple[int, bytes]:
    """The type and the bytes of the value whose data is there; raises FormatError."""
    string = _STRING.match(data, start, end)
    if string is not None:
        text = _QUOTED.match(data, string.end(), end)
        close = text.end() if text is not None else end
        if not data.startswith(b'"', close):
            raise FormatError("a string has no end", expected="a quote at its end")
        kind = int(string[1] or _SZ)
        if kind not in {_SZ, _EXPAND_SZ, _MULTI_SZ}:
            raise FormatError(f"a string of type {kind}", expected='"...", str(2):"..." or str(7):"..."')
        stored = unescaped(data[string.end() : close]).encode("utf-16-le", "surrogatepass")
        return kind, stored + b"\0\0"
    number = _DWORD_DIGITS.match(data, start, end)
    if number is not None:
        return _DWORD, int(number[1], 16).to_bytes(4, "little")
    found = _HEX_TYPE.match(data, start, end)
    if found is None:
        raise FormatError("the data of a value is of no form that Wine has", expected="a string, dword: or hex:")
    kind = int(found[1], 16) if found[1] is not None else _BINARY
    return kind, _pairs(_CONTINUED.sub(b"", data[found.end() : end]).strip())


def _pairs(text: bytes) -> bytes:
    if not text:
        return b""
    if _PAIRS.fullmatch(text) is None:
        raise FormatError("the bytes of a value are not hex digits in pairs", expected="0a,1b,...")
    pairs = re.split(rb"[, \t]+", text.rstrip(b", \t"))
    return bytes(int(pair, 16) for pair in pairs)


def _past_blanks(data: bytes, at: int) -> int:
    while data[at : at + 1] in {b" ", b"\t"}:
        at += 1
    return at
