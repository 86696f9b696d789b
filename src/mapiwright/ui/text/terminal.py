"""Text for a terminal: what may reach it raw, and in which colour.

Names out of a hive are a stranger's bytes: a control sequence in a profile's name must not steer the terminal.
"""

from __future__ import annotations

import os
import sys
from enum import Enum
from typing import TYPE_CHECKING, TextIO

from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_LINE = 1 << 16


class Style(Enum):
    """What a line is, by the colour that it has on a terminal; None is the terminal's own."""

    PLAIN = None
    HEADING = "cyan"
    ADDED = "green"
    REMOVED = "red"
    CHANGED = "yellow"
    QUIET = "bright_black"


@frozen
class Line:
    """A line of a rendering; its text is escaped already."""

    text: str
    style: Style = Style.PLAIN

    def indented(self, by: int) -> Line:
        """The same line, further right."""
        return Line(" " * by + self.text, self.style)


def escape(text: str) -> str:
    r"""The text with every control, format and unpaired surrogate character written out: ``\x1b``, ``\u202e``."""
    if text.isprintable():
        return text
    import unicodedata  # noqa: PLC0415 - most names are printable

    return "".join(
        character
        if character.isprintable() or unicodedata.category(character) == "Zs"
        else character.encode("unicode-escape").decode("ascii")
        for character in text
    )


def escape_lines(text: str) -> str:
    """The same for text of several lines, whose line ends are its own."""
    return "\n".join(escape(line) for line in text.split("\n"))


def line_of_input() -> str:
    """The next line of standard input, with its end; "" where there is none, and for what is too long to be one."""
    line = sys.stdin.readline(LONGEST_LINE + 1)
    return line if len(line) <= LONGEST_LINE else ""


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads (or types) at the other end."""
    return not stream.closed and stream.isatty()


def coloured(stream: TextIO) -> bool:
    """Whether colours may be used: on a terminal, unless NO_COLOR says otherwise (no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


_PLAIN_GUIDES = str.maketrans("├└│─", "|`|-")


def encodable(text: str, encoding: str) -> str:
    """The text as a stream of that encoding can carry it: a tree's guides in ASCII, other characters as escapes."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN_GUIDES).encode(encoding, "backslashreplace").decode(encoding)
    return text


def write(lines: Iterable[Line], stream: TextIO) -> None:
    """Write lines to a stream, in colour where a person reads."""
    colour = coloured(stream)
    if not colour:
        text = "".join(f"{encodable(line.text, stream.encoding or 'utf-8')}\n" for line in lines)
        if text:
            stream.write(text)
            stream.flush()
        return
    import click  # noqa: PLC0415 - what goes into a file or a pipe needs no colours

    for line in lines:
        text = encodable(line.text, stream.encoding or "utf-8")
        styled = click.style(text, fg=line.style.value) if line.style.value else text
        click.echo(styled, file=stream, color=True)
