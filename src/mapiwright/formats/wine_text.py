r"""Wine's registry as text, ``WINE REGISTRY Version 2``: a reader that parses what it is asked for, and no more.

A file is a head, and then blocks: ``[Software\\Acme] 1796041913``, lines of options (``#time``, ``#class``,
``#link``), values, and a blank line. A key that has no values and something below it has no block. Of a key that has
two, the values merge, and the last of a name counts. Comments and unknown options are for nobody.

Names are compared by Windows' upcase table, as everywhere; Wine has a table of its own, which differs for letters
that few names have. Source: Wine's server/registry.c; a prefix of Wine 8.0.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.wine_values import data_in, end_of, name_at, unescaped
from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FIRST_LINE = b"WINE REGISTRY Version 2"
DEEPEST = 512
"""The levels of keys, as in a hive: whoever goes through them must come to an end."""
_HEADER = re.compile(rb"\n\[((?:[^\]\\\n]++|\\[^\n])*+)\]")
_BRANCH = re.compile(rb";; All keys relative to REGISTRY\\\\([^\r\n]*)")
_ARCHITECTURE = re.compile(rb"^#arch=([^\n]*)", re.MULTILINE)
_ARCHITECTURES = (b"win32", b"win64")
"""What ``#arch`` in the head may say."""
_LINK = b"\n#link"
_LINK_VALUE = "SYMBOLICLINKVALUE"
_LINK_TYPE = 6


@frozen
class WineValue:
    """A value as it is stored: name, 32-bit type, bytes."""

    name: str
    type: int
    data: bytes


@frozen
class ValuePlace:
    """Where a value stands: its name, the offset of its first line, of its data, and of what comes after it."""

    name: str
    start: int
    data: int
    end: int


@frozen
class KeyPlace:
    """Where a key stands: the offset of its first line, where what is in it begins, and where the next one begins."""

    start: int
    body: int
    end: int


class WineText:
    """The keys and values of one file; raises FormatError, which names the line, for what is none."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        first = data[: data.find(b"\n") if b"\n" in data else len(data)].rstrip()
        if first != FIRST_LINE:
            raise FormatError("it is no registry file of Wine", where="line 1", expected=FIRST_LINE.decode("ascii"))
        self._starts: list[int] = []
        self._blocks: dict[str, list[int]] = {}
        self._paths: list[str] = []
        for match in _HEADER.finditer(data):
            path = _path_in(match[1])
            self._blocks.setdefault(upcase(path), []).append(len(self._starts))
            self._starts.append(match.start() + 1)
            self._paths.append(path)
        self._refuse_others()
        self._head = data[: self._starts[0] if self._starts else len(data)]
        found = _ARCHITECTURE.search(self._head)
        if found is not None and found[1].rstrip() not in _ARCHITECTURES:
            # Wine leaves the whole file alone then, and begins with an empty registry.
            raise self._fault(
                FormatError("the architecture is none of Wine's", expected="win32 or win64"), found.start()
            )
        self._sorted = sorted(self._blocks)
        self._lines: dict[str, tuple[ValuePlace, ...]] = {}
        self._values: dict[str, dict[str, ValuePlace]] = {}
        self._subkeys: dict[str, tuple[str, ...] | None] = {}
        self._links: dict[str, tuple[str, ...] | None] | None = None

    @property
    def branch(self) -> tuple[str, ...]:
        r"""Where Wine shows the keys, as the comment of line 2 has it: ``("User", "S-1-5-21-0-0-0-1000")``."""
        found = _BRANCH.search(self._head)
        return tuple(part for part in unescaped(found[1]).split("\\") if part) if found is not None else ()

    def blocks(self, path: Sequence[str]) -> tuple[KeyPlace, ...]:
        """Where a key stands, in the sequence of the file; nothing of one that is absent or implied."""
        return tuple(map(self._block, self._blocks.get(place_of(path), ())))

    def paths(self) -> tuple[tuple[int, str], ...]:
        r"""Each block by its offset, and its key as ``Software\Acme``, in the sequence of the file."""
        return tuple(zip(self._starts, self._paths, strict=True))

    def has(self, path: Sequence[str]) -> bool:
        """Whether there is such a key; the root is always there."""
        place = place_of(path)
        return not place or place in self._blocks or self._first_below(place) is not None

    def subkeys(self, path: Sequence[str]) -> tuple[str, ...] | None:
        """The names of the subkeys, in Wine's order; None where there is no such key."""
        place = place_of(path)
        if place not in self._subkeys:
            self._subkeys[place] = self._found_subkeys(path, place)
        return self._subkeys[place]

    def _found_subkeys(self, path: Sequence[str], place: str) -> tuple[str, ...] | None:
        depth = len(path)
        found: dict[str, str] = {}
        begin = f"{place}\\" if place else ""
        at = bisect_left(self._sorted, begin) if place else 0
        while at < len(self._sorted) and self._sorted[at].startswith(begin):
            here = self._sorted[at]
            if not here:  # the root has no name
                at += 1
                continue
            child = here[len(begin) :].partition("\\")[0]
            found.setdefault(child, self._spelled(here)[depth])
            # What is below a child comes together; other children may come between it and what is below it.
            is_child = len(here) == len(begin) + len(child)
            at = at + 1 if is_child else bisect_left(self._sorted, f"{begin}{child}]", at)
        if not found and not self.has(path):
            return None
        return tuple(sorted(found.values(), key=order))

    def below(self, path: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The names from the root of each key with a block that is at ``path`` or below it."""
        place = place_of(path)
        if place in self._blocks:
            yield self._spelled(place)
        begin = f"{place}\\" if place else ""
        at = bisect_left(self._sorted, begin)
        while at < len(self._sorted) and self._sorted[at].startswith(begin):
            if self._sorted[at]:
                yield self._spelled(self._sorted[at])
            at += 1

    def value(self, path: Sequence[str], name: str) -> WineValue | None:
        """One value; None where key or value is absent."""
        found = self._named(path).get(upcase(name))
        return self._valued(found) if found is not None else None

    def values(self, path: Sequence[str]) -> tuple[WineValue, ...]:
        """The values of a key, each name once."""
        return tuple(map(self._valued, self._named(path).values()))

    def _named(self, path: Sequence[str]) -> dict[str, ValuePlace]:
        """Where the values of a key stand, by upcased names; of two of a name the last."""
        place = place_of(path)
        if place not in self._values:
            self._values[place] = {upcase(line.name): line for line in self.lines(path)}
        return self._values[place]

    def lines(self, path: Sequence[str]) -> tuple[ValuePlace, ...]:
        """Where the values of a key stand; a name may occur twice."""
        place = place_of(path)
        if place not in self._lines:
            self._lines[place] = tuple(line for block in self.blocks(path) for line in self.lines_of(block))
        return self._lines[place]

    def link(self, path: Sequence[str]) -> tuple[str, ...] | None:
        r"""The names that a link leads to, ``("Registry", "Machine", ...)``; None where the key is none.

        Empty for a link that leads nowhere.
        """
        if self._links is None:
            self._links = dict(self._found_links())
        return self._links.get(place_of(path)) if self._links else None

    def _found_links(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        at = self.data.find(_LINK)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            end = at + len(_LINK)
            if number >= 0 and (end == len(self.data) or self.data[end] in b"\r\n"):
                names = _names(self._paths[number])
                value = self.value(names, _LINK_VALUE)
                text = value.data.decode("utf-16-le", "replace") if value and value.type == _LINK_TYPE else ""
                yield place_of(names), _names(text.rstrip("\0")) if text.startswith("\\") else ()
            at = self.data.find(_LINK, end)

    def _first_below(self, place: str) -> str | None:
        at = bisect_left(self._sorted, f"{place}\\")
        found = self._sorted[at] if at < len(self._sorted) else ""
        return found if found.startswith(f"{place}\\") else None

    def stored(self, path: Sequence[str]) -> tuple[str, ...]:
        """The names of a key as they are stored, as far as it is there; the others as they are given."""
        names = list(path)
        for depth in range(len(names)):
            place = place_of(names[: depth + 1])
            found = place if place in self._blocks else self._first_below(place)
            if found is None:
                break
            names[depth] = self._spelled(found)[depth]
        return tuple(names)

    def _spelled(self, place: str) -> tuple[str, ...]:
        return _names(self._paths[self._blocks[place][0]])

    def _block(self, number: int) -> KeyPlace:
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.data)
        return KeyPlace(start, self.data.find(b"\n", start, end) + 1 or end, end)

    def _refuse_others(self) -> None:
        """Raise FormatError for the first line that begins as that of a key and is none, and for keys too deep."""
        if self.data.count(b"\n[") != len(self._starts):
            known = set(self._starts)
            at = next(match.end() - 1 for match in re.finditer(rb"\n\[", self.data) if match.end() - 1 not in known)
            raise self._fault(FormatError("the name of a key has no end", expected="[name]"), at)
        for start, path in zip(self._starts, self._paths, strict=True):
            if path.count("\\") >= DEEPEST:
                raise self._fault(FormatError("a key is too deep", expected=f"at most {DEEPEST} levels"), start)

    def lines_of(self, block: KeyPlace) -> Iterator[ValuePlace]:
        """Where the values of one block stand."""
        at, data = block.body, self.data
        while at < block.end:
            if data[at] in b'"@':
                try:
                    name, begin = name_at(data, at)
                except FormatError as error:
                    raise self._fault(error, at) from None
                end = min(end_of(data, at), block.end)
                yield ValuePlace(name, at, begin, end)
            else:
                end = data.find(b"\n", at, block.end) + 1 or block.end
                if data[at:end].strip() and data[at] not in b"#;":
                    raise self._fault(FormatError("a line that Wine does not know", expected='"name"=data'), at)
            at = end

    def _valued(self, line: ValuePlace) -> WineValue:
        try:
            return WineValue(line.name, *data_in(self.data, line.data, line.end))
        except FormatError as error:
            raise self._fault(error, line.start) from None

    def _fault(self, error: FormatError, at: int) -> FormatError:
        number = self.data.count(b"\n", 0, at) + 1
        error.where = f"line {number}"
        return error


def order(name: str) -> bytes:
    """What to compare to have names in Wine's order: by lower case, unit by unit."""
    return name.lower().encode("utf-16-be", "surrogatepass")


def _path_in(raw: bytes) -> str:
    """The names of a key with one backslash between them."""
    if raw.isascii() and b"\\" not in raw.replace(b"\\\\", b""):
        path = raw.decode("ascii").replace("\\\\", "\\")
    else:
        path = unescaped(raw)
    return path if path and "\\\\" not in path and "\\" not in {path[0], path[-1]} else "\\".join(_names(path))


def _names(path: str) -> tuple[str, ...]:
    return tuple(filter(None, path.split("\\")))


def place_of(path: Sequence[str]) -> str:
    """What to compare to know a key again."""
    return upcase("\\".join(path))
