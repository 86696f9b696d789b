r"""Where Mapiwright keeps its own records on a workstation: journal, receipts, backups, and the lock.

State lives on the workstation, so that whichever computer services it next finds it: under
``ProgramData\Mapiwright``, or in a sibling folder of a bare hive, readable by the owner alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class State(Protocol):
    """A small durable store of named byte strings; names are relative and use ``/``."""

    def read(self, name: str) -> bytes | None:
        """The bytes under ``name``, or None."""
        ...

    def names(self, prefix: str = "") -> tuple[str, ...]:
        """The names that begin with ``prefix``, sorted."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Replace the bytes under ``name``, atomically and durably, readable by the owner alone."""
        ...

    def append(self, name: str, data: bytes) -> None:
        """Add bytes to the end of ``name``, durably; a torn tail after a crash is the reader's to see."""
        ...

    def delete(self, name: str) -> None:
        """Remove ``name``, durably; absent is fine."""
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Hold the workstation against every other run; raises BusyError at once where it is held."""
        ...
