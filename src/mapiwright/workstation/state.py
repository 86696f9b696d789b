r"""Where Mapiwright keeps its own records on a workstation: journal, receipts, backups, and the lock.

State lives on the workstation, so that whichever computer services it next finds it: under
``ProgramData\Mapiwright``, or in a sibling folder of a bare hive, readable by the owner alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mapiwright.errors import RefusedError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

JOURNAL = "journal"
"""The name of the journal; it is there exactly while a transaction is under way or was interrupted."""


def closed_records(where: str, *, instead: str = "") -> RefusedError:
    """The error for records that are another user's to read: what is installed is then unknown, not nothing.

    ``instead`` is a sentence about what this user may do.
    """
    return RefusedError(
        "Mapiwright's records on this workstation cannot be read by this user",
        where=where,
        expected="the owner of that folder, or an administrator",
        remedy=" ".join(
            filter(None, ["Run the command again as that user, or elevated.", instead, "Nothing was changed."])
        ),
    )


class State(Protocol):
    """A small durable store of named byte strings; names are relative and use ``/``."""

    def read(self, name: str) -> bytes | None:
        """The bytes under ``name``, or None; raises RefusedError where this user may not read them."""
        ...

    def names(self, prefix: str = "") -> tuple[str, ...]:
        """The names that begin with ``prefix``, sorted; raises RefusedError where this user may not list them."""
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
