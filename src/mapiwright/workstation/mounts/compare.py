"""What differs between two hives, as the changes that lead from the first to the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.change import CreateKey, DeleteKey, SetValue
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.formats.regf.read import HiveKey
    from mapiwright.workstation.change import RegistryChange
    from mapiwright.workstation.registry import KeyPath


def differences(old: HiveKey | None, new: HiveKey | None, at: KeyPath) -> Iterator[RegistryChange]:
    """The changes below ``at``: a key that is gone after all that was in it, a new one before what is in it.

    Names that differ in case alone are the same. Raises FormatError where a hive is damaged.
    """
    waiting: list[tuple[HiveKey | None, HiveKey | None, KeyPath] | DeleteKey] = [(old, new, at)]
    while waiting:
        step = waiting.pop()
        if isinstance(step, DeleteKey):
            yield step
            continue
        before, after, path = step
        if before is None and after is not None:
            yield CreateKey(path)
        yield from _values(before, after, path)
        mine, theirs = _subkeys(before), _subkeys(after)
        below = [
            (mine.get(name), theirs.get(name), path / (theirs.get(name) or mine[name]).name)
            for name in sorted(mine.keys() | theirs.keys(), reverse=True)
        ]
        if after is None:
            waiting.append(DeleteKey(path))
        waiting += below


def _values(before: HiveKey | None, after: HiveKey | None, path: KeyPath) -> Iterator[SetValue]:
    mine, theirs = _by_name(before), _by_name(after)
    for name in sorted(mine.keys() | theirs.keys()):
        spelled, old = mine.get(name, (None, None))
        now, new = theirs.get(name, (None, None))
        if old != new:
            yield SetValue(path, now if now is not None else spelled or "", old, new)


def _by_name(key: HiveKey | None) -> dict[str, tuple[str, Value]]:
    values = key.values() if key is not None else ()
    return {upcase(value.name): (value.name, Value(value.type, value.data)) for value in values}


def _subkeys(key: HiveKey | None) -> dict[str, HiveKey]:
    return {upcase(below.name): below for below in key.subkeys()} if key is not None else {}
