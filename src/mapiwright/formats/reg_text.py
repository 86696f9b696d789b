r"""Registry text, version 5: the ``.reg`` files that regedit imports.

The text is UTF-16LE with a byte order mark and CRLF. A key is ``[HKEY_CURRENT_USER\Path]``, without escapes; a value
is ``"name"=data``, or ``@=data`` for the unnamed one. A string is in quotes where that loses nothing; everything else
is bytes: ``hex:`` for REG_BINARY, ``hex(7):`` for the type 7.

Source: what Wine's and ReactOS' regedit read and write; regedit itself was not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEADER = "Windows Registry Editor Version 5.00"
_SZ, _BINARY, _DWORD = 1, 3, 4
_WIDTH = 78


def encoded(lines: Iterable[str]) -> bytes:
    """The bytes of a file with these lines, the header not among them."""
    text = "".join(f"{line}\r\n" for line in (HEADER, "", *lines))
    return b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass")


def key_line(path: str) -> str:
    """The line that begins a key."""
    return f"[{path}]"


def comment_line(text: str) -> str:
    """A line that is not imported."""
    return f"; {text}"


def value_lines(name: str, kind: int, data: bytes) -> Iterator[str]:
    """The lines of a value: its name ("" is the unnamed one), its 32-bit type and its bytes as stored."""
    head = f'"{_escaped(name)}"=' if name else "@="
    text = _plain(data) if kind == _SZ else None
    if text is not None:
        yield f'{head}"{_escaped(text)}"'
    elif kind == _DWORD and len(data) == 4:
        yield f"{head}dword:{int.from_bytes(data, 'little'):08x}"
    else:
        yield from _bytes(f"{head}hex:" if kind == _BINARY else f"{head}hex({kind:x}):", data)


def _bytes(head: str, data: bytes) -> Iterator[str]:
    r"""Bytes as hex pairs, wrapped as regedit does: a backslash at the end, two blanks at the start."""
    line = head
    for number, byte in enumerate(data, 1):
        pair = f"{byte:02x}" + ("," if number < len(data) else "")
        if len(line) + len(pair) > _WIDTH:
            yield line + "\\"
            line = "  "
        line += pair
    yield line


def _plain(data: bytes) -> str | None:
    """The string that quotes can carry: whole units, one NUL and that at the end, no line ends."""
    if len(data) % 2 or data[-2:] != b"\0\0":
        return None
    text = data[:-2].decode("utf-16-le", "surrogatepass")
    return None if any(character in text for character in "\0\r\n") else text


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
