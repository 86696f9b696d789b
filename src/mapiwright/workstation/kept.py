"""What was read of a workstation and is asked for again and again: read once, and kept until somebody writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from mapiwright.workstation.files import FileReader

T = TypeVar("T")


class Kept:
    """Values by what they were read from. A value is frozen: everybody who asks gets the same one.

    Who writes forgets them all; the transaction does, and nobody else writes.
    """

    def __init__(self) -> None:
        self._values: dict[Hashable, Any] = {}

    def once(self, key: Hashable, read: Callable[[], T]) -> T:
        """The value under ``key``; read now where it is not kept. What ``read`` raises is not kept."""
        if key not in self._values:
            self._values[key] = read()
        found: T = self._values[key]
        return found

    def forget(self) -> None:
        """Have everything read again when it is next asked for."""
        self._values.clear()


class Keeper(Protocol):
    """What a workstation is here: its files, and what was read of them."""

    @property
    def files(self) -> FileReader:
        """Its files."""
        ...

    @property
    def kept(self) -> Kept:
        """What was read."""
        ...


def read_once(workstation: Keeper, path: str) -> bytes | None:
    """The bytes of a file that several parts of a plan need, or None where there is none."""
    return workstation.kept.once(("file", upcase(path)), lambda: workstation.files.read(path))
