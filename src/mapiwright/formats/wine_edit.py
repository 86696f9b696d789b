"""Wine's registry as text, changed by splices: every line that is not concerned stays byte for byte.

New keys and values are put where Wine would have them, so that its next save moves nothing. A key that loses the last
one below it, and had no block as that was enough, is given one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.wine_text import order, place_of
from mapiwright.formats.wine_values import escaped, value_text
from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.formats.wine_text import KeyPlace, WineText

_TITLE = re.compile(rb"(\[(?:[^\]\\\n]++|\\[^\n])*+\])[ \t]*[0-9]*")
_TIME = re.compile(rb"\n#time=([0-9a-fA-F]*)")
_UNIX_EPOCH = 11_644_473_600
"""In seconds since 1601."""


@frozen
class KeyEdit:
    """What becomes of a key: it goes; or it is there, with these values by their names, None for one that goes."""

    values: Mapping[str, tuple[int, bytes] | None] = MappingProxyType({})
    goes: bool = False


def edited(text: WineText, edits: Mapping[tuple[str, ...], KeyEdit], *, timestamp: int) -> bytes:
    """The bytes of the file after the edits, which are by the names of keys from the root; a key occurs once.

    Of a key that goes, all that is below it goes by edits of its own. ``timestamp`` is a FILETIME.
    """
    return _Edition(text, edits, timestamp).data()


class _Edition:
    def __init__(self, text: WineText, edits: Mapping[tuple[str, ...], KeyEdit], timestamp: int) -> None:
        self._text = text
        self._timestamp = timestamp
        self._gone = {place_of(path) for path, edit in edits.items() if edit.goes}
        self._kept = {text.stored(path): edit for path, edit in edits.items() if not edit.goes}
        self._made = {place_of(path) for path, edit in self._kept.items() if _sets(edit) or not text.has(path)}
        self._made_in_order = sorted(self._made)
        self._splices: list[tuple[int, int, bytes]] = []
        self._new: dict[tuple[str, ...], KeyEdit] = {}
        for path, edit in edits.items():
            if edit.goes:
                self._remove(path)
        for parent in dict.fromkeys(text.stored(path)[:-1] for path, edit in edits.items() if edit.goes):
            self._keep(parent)
        for path, edit in self._kept.items():
            blocks = text.blocks(path)
            if blocks:
                self._change(path, blocks[-1], edit)
            elif _sets(edit) or (place_of(path) in self._made and not self._holds(path)):
                self._new[path] = edit

    def data(self) -> bytes:
        self._splices += self._blocks_to_insert()
        before, at = self._text.data, 0
        parts: list[bytes] = []
        for start, end, new in sorted(self._splices, key=lambda splice: splice[:2]):
            parts += before[at : max(at, start)], new
            at = max(at, end)
        data = b"".join((*parts, before[at:]))
        ended = data.endswith(b"\n\n") and not before.endswith(b"\n\n")
        return data[:-1] if ended else data

    def _remove(self, path: tuple[str, ...]) -> None:
        """All but the comments, which stand before the next key."""
        data = self._text.data
        for block in self._text.blocks(path):
            end = self._end_of(block)
            self._splices.append((block.start, end + 1 if data[end : end + 1] == b"\n" else end, b""))

    def _keep(self, path: tuple[str, ...]) -> None:
        """Give a key a block that had none, as something was below it that goes."""
        implied = bool(path) and not self._text.blocks(path) and place_of(path) not in self._gone | self._made
        if implied and not self._holds(path):
            self._new[path] = KeyEdit()

    def _holds(self, path: tuple[str, ...]) -> bool:
        """Whether something is below the key when all is done."""
        begin = place_of(path) + "\\"
        at = bisect_left(self._made_in_order, begin)
        if at < len(self._made_in_order) and self._made_in_order[at].startswith(begin):
            return True
        places = map(place_of, self._text.below(path))
        return any(place.startswith(begin) and place not in self._gone for place in places)

    def _change(self, path: tuple[str, ...], block: KeyPlace, edit: KeyEdit) -> None:
        """Set and remove values; what is new goes into the last block of the key."""
        known: dict[str, list[int]] = {}
        lines = self._text.lines(path)
        for number, line in enumerate(lines):
            known.setdefault(upcase(line.name), []).append(number)
        here = [line for line in lines if line.start >= block.start]
        places = [order(line.name) for line in here]
        new = []
        for name, value in edit.values.items():
            there = [lines[number] for number in known.get(upcase(name), ())]
            if value is None:
                self._splices += ((line.start, line.end, b"") for line in there)
            elif there:
                self._splices.append((there[-1].start, there[-1].end, value_text(there[-1].name, *value)))
            else:
                new.append((order(name), value_text(name, *value)))
        for wanted, text in sorted(new):
            number = bisect_right(places, wanted)
            at = here[number].start if number < len(here) else self._end_of(block)
            self._splices.append((at, at, self._on_a_line(at) + text))
        if edit.values:
            self._touch(block)

    def _touch(self, block: KeyPlace) -> None:
        data = self._text.data
        title = _TITLE.match(data, block.start)
        if title is not None:
            self._splices.append((title.end(1), title.end(), b" %d" % self._seconds))
        time = _TIME.search(data, block.body - 1, block.end)
        if time is not None:
            self._splices.append((*time.span(1), b"%x" % self._timestamp))

    def _end_of(self, block: KeyPlace) -> int:
        """Where the last line ends that is an option or a value; what follows are comments and blank lines."""
        data, end, at = self._text.data, block.body, block.body
        lines = {line.start: line.end for line in self._text.lines_of(block)}
        while at < block.end:
            after = lines.get(at) or data.find(b"\n", at, block.end) + 1 or block.end
            if at in lines or data.startswith(b"#", at):
                end = after
            at = after
        return end

    def _blocks_to_insert(self) -> Iterator[tuple[int, int, bytes]]:
        if not self._new:
            return
        paths = self._text.paths()
        places = [_sequence(path) for _, path in paths]
        for wanted, path in sorted((_sequence("\\".join(path)), path) for path in self._new):
            number = bisect_right(places, wanted)
            text = self._block_text(path, self._new[path])
            last = len(paths) - 1
            if number > last and paths and upcase(paths[last][1]) in self._gone:
                number = last  # what is before it, a blank line separates already
            if number <= last:
                at = paths[number][0]
                yield at, at, text + b"\n"
            else:
                at = len(self._text.data)
                yield at, at, self._on_a_line(at) + b"\n" + text

    def _block_text(self, path: tuple[str, ...], edit: KeyEdit) -> bytes:
        names = r"\\".join(escaped(name, "[]") for name in path)
        title = f"[{names}] {self._seconds}\n#time={self._timestamp:x}\n"
        values = sorted((order(name), value_text(name, *value)) for name, value in edit.values.items() if value)
        return title.encode("ascii") + b"".join(text for _, text in values)

    def _on_a_line(self, at: int) -> bytes:
        """The line feed that is missing before a place; the last line of a file may have none."""
        return b"" if self._text.data[at - 1 : at] == b"\n" else b"\n"

    @property
    def _seconds(self) -> int:
        return self._timestamp // 10_000_000 - _UNIX_EPOCH


def _sets(edit: KeyEdit) -> bool:
    return any(value is not None for value in edit.values.values())


def _sequence(path: str) -> bytes:
    """What to compare to have keys in Wine's order, name by name."""
    return order(path.replace("\\", "\0"))
