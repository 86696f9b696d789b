"""A TOML table that is read key by key, and gathers what is wrong with it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from mapiwright.setup.package.rules import finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.errors import Finding

T = TypeVar("T")
FaultFinder: TypeAlias = "Callable[[str], str | None]"
"""Says why a text will not do, or None."""


class TomlTable:
    """One table. A key that is absent or wrong is added to ``faults``, and reading continues with an empty value.

    ``close`` reports the keys that were never read.
    """

    def __init__(self, content: dict[str, object], document: str, place: str, faults: list[Finding]) -> None:
        self._content = content
        self._document = document
        self._place = place
        self._faults = faults
        self._asked: list[str] = []

    def check(self, key: str, fault: str | None, identifier: str = "MW4004") -> None:
        """Report a fault of ``key`` where there is one."""
        if fault is not None:
            self._report(identifier, f"{self._place}{key}: {fault}")

    def take(self, key: str) -> object:
        """The value of ``key``, or None."""
        self._asked.append(key)
        return self._content.get(key)

    def names(self) -> tuple[str, ...]:
        """The keys, where they are names that the author chose."""
        return tuple(self._content)

    def text(self, key: str, *, default: str | None = None, fault_of: FaultFinder | None = None) -> str:
        """A string, "" where it is at fault; with no ``default`` it must be there."""
        return self._checked(key, default, fault_of, "MW4005")

    def path(self, key: str, *, default: str | None = None, fault_of: FaultFinder | None = None) -> str:
        r"""The same, with ``/`` where ``\`` was written."""
        return self._checked(key, default, fault_of, "MW4006")

    def paths(self, key: str, *, default: tuple[str, ...], fault_of: FaultFinder) -> tuple[str, ...]:
        """A list of paths."""
        if key not in self._content:
            self._asked.append(key)
            return default
        found = []
        for number, entry in enumerate(self._list(key), 1):
            path = entry.replace("\\", "/") if isinstance(entry, str) else ""
            fault = fault_of(path)
            self.check(f"{key}[{number}]", fault, "MW4006")
            if fault is None:
                found.append(path)
        return tuple(found)

    def flag(self, key: str) -> bool | None:
        """True or false, None where the key is absent."""
        found = self.take(key)
        if isinstance(found, bool | None):
            return found
        self.check(key, "it is neither true nor false")
        return None

    def seconds(self, key: str, *, default: float, most: float) -> float:
        """A number above zero."""
        found = self.take(key)
        if found is None:
            return default
        if isinstance(found, int | float) and not isinstance(found, bool) and 0 < found <= most:
            return float(found)
        self.check(key, f"it is no number of seconds above 0, up to {most:g}")
        return default

    def table(self, key: str) -> TomlTable:
        """The table below ``key``, empty where there is none."""
        found = self.take(key)
        if not isinstance(found, dict | None):
            self.check(key, "it is no table")
        return self._below(key, found)

    def tables(self, key: str, *, short: str = "") -> Iterator[TomlTable]:
        """The tables of a list; a string in it is short for a table with that ``short`` key."""
        for number, entry in enumerate(self._list(key), 1):
            name = f"{key}[{number}]"
            if short and isinstance(entry, str):
                yield self._below(name, {short: entry})
            elif isinstance(entry, dict):
                yield self._below(name, entry)
            else:
                self.check(name, "it is no table")

    def close(self) -> None:
        """Report the keys that were never read."""
        for key in self._content:
            if key not in self._asked:
                close = get_close_matches(key, self._asked, 1)
                remedy = (
                    f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(sorted(set(self._asked)))}."
                )
                self._report("MW4002", f"{self._place}{key} is not known", remedy)

    def _checked(self, key: str, default: str | None, fault_of: FaultFinder | None, identifier: str) -> str:
        found = self.take(key)
        if found is None and default is not None:
            return default
        if found is None:
            self._report("MW4003", f"{self._place}{key} is missing")
        elif not isinstance(found, str):
            self.check(key, "it is no string")
        else:
            text = found.replace("\\", "/") if identifier == "MW4006" else found
            fault = "it is empty" if not text else fault_of(text) if fault_of else None
            self.check(key, fault, identifier)
            return "" if fault else text
        return ""

    def _list(self, key: str) -> list[object]:
        found = self.take(key)
        if found is None or isinstance(found, list):
            return found or []
        self.check(key, "it is no list")
        return []

    def _below(self, name: str, content: object) -> TomlTable:
        known = content if isinstance(content, dict) else {}
        return TomlTable(known, self._document, f"{self._place}{name}.", self._faults)

    def _report(self, identifier: str, what: str, remedy: str = "") -> None:
        self._faults.append(finding(identifier, self._document, what, remedy=remedy))
