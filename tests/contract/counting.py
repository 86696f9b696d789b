"""Counts what is read of a workstation through the Protocols, for laws about how often that happens."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.workstation.workstation import Workstation

READS = {
    "registry": ("read", "value", "subkeys", "look"),
    "files": ("read", "digest", "is_folder", "names", "room", "look"),
    "state": ("read", "names"),
}
"""The methods of each Protocol that read; one that a kind has besides is added where it is added to the Protocol."""


@contextmanager
def counted_reads(workstation: Workstation) -> Iterator[Counter[tuple[str, ...]]]:
    """Every read of a registry, files or state like the workstation's, whoever asks for it.

    So what a workstation reads to find its own users and its Outlook counts, too. A read that another read makes
    counts as that one, and what a kind reads to apply changes is not counted: how it does that is its own affair.
    """
    reads: Counter[tuple[str, ...]] = Counter()
    depth = 0

    def unseen(found: Callable[..., Any]) -> Callable[..., Any]:
        def write(self: object, *words: Any, **options: Any) -> Any:
            nonlocal depth
            depth += 1
            try:
                return found(self, *words, **options)
            finally:
                depth -= 1

        return write

    def counting(part: str, name: str, found: Callable[..., Any]) -> Callable[..., Any]:
        def read(self: object, *words: Any, **options: Any) -> Any:
            nonlocal depth
            if not depth:
                reads[(part, name, *map(str, words))] += 1
            depth += 1
            try:
                return found(self, *words, **options)
            finally:
                depth -= 1

        return read

    kinds = {part: type(getattr(workstation, part)) for part in READS}  # what it reads to have these is no read of it
    with pytest.MonkeyPatch.context() as patch:
        for part, names in READS.items():
            kind = kinds[part]
            for name in names:
                patch.setattr(kind, name, counting(part, name, getattr(kind, name)))
            if part != "state":
                patch.setattr(kind, "apply", unseen(kind.apply))
        yield reads
