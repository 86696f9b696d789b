"""What salvage gives: keys and values with where each was found, and how sure it is."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING

from mapiwright.formats.regf.records import BASE_BLOCK, DEEPEST
from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator


@unique
class Space(Enum):
    """What the cells say of a place in the hive."""

    LIVE = "in use"
    FREE = "free"
    UNKNOWN = "unknown"
    """The bin or its cells are damaged there."""


@unique
class Grade(Enum):
    """How sure it is that a thing is what it was."""

    GOOD = "good"
    """Its key lists it, the cells agree, and nothing else lays claim to a byte of it."""
    LIKELY = "likely"
    """It is whole, but something was assumed: which key it belongs to, or where its cell ends."""
    TAKEN = "taken again"
    """Something else has its data's place now, or claims it; so there are no data."""
    LOST = "lost"
    """Its data, or a part of them, are not there."""


@frozen
class FoundValue:
    """A value: its name ("" is the unnamed one), its 32-bit type and its bytes; None where they are taken or lost.

    ``offset`` is that of its cell, from the file's start.
    """

    name: str
    type: int
    data: bytes | None
    offset: int
    space: Space
    grade: Grade


class FoundKey:
    """A key: its own name, when it was written (a FILETIME), and the values that it lists.

    ``offset`` is that of its cell, from the file's start. ``listed`` is how many values it says that it has, of
    which ``values`` were found. ``top`` says that it is the root of the hive, whose name is in no path;
    ``linked`` how sure it is that its parent is the one that it had.
    """

    __slots__ = ("linked", "listed", "name", "offset", "parent", "space", "timestamp", "top", "values")

    def __init__(self, offset: int, name: str, timestamp: int, space: Space, *, top: bool) -> None:
        """Its parent and its values are found later; ``offset`` counts from the first bin."""
        self.offset = BASE_BLOCK + offset
        self.name = name
        self.timestamp = timestamp
        self.space = space
        self.top = top
        self.linked = Grade.GOOD
        self.parent: FoundKey | None = None
        self.listed = 0
        self.values: tuple[FoundValue, ...] = ()

    @property
    def grade(self) -> Grade:
        """How sure its path is, which is as sure as the least sure of its steps."""
        return Grade.LIKELY if any(key.linked is not Grade.GOOD for key in self._line()) else Grade.GOOD

    @property
    def path(self) -> tuple[str, ...]:
        """The names from the root on, or from where the parents are lost."""
        return tuple(key.name for key in self._line() if not key.top)[::-1]

    @property
    def rooted(self) -> bool:
        """Whether the path begins at the root."""
        return any(key.top for key in self._line())

    def _line(self) -> Iterator[FoundKey]:
        """The key and those above it; parents that go round in a circle end at the depth that Windows allows."""
        here: FoundKey | None = self
        for _ in range(DEEPEST):
            if here is None:
                return
            yield here
            here = here.parent


@frozen
class Salvaged:
    """All that was found: keys in the order of the file, and values whose key is not known.

    The values of a group stood in one list, so they were one key's; ``loose`` ones are alone.
    """

    keys: tuple[FoundKey, ...]
    groups: tuple[tuple[FoundValue, ...], ...]
    loose: tuple[FoundValue, ...]
