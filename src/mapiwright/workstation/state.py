r"""Where Mapiwright keeps its own records on a workstation: journal, receipts, backups, and the lock.

State is kept on the workstation, so that the next computer that services it finds it: under
``ProgramData\Mapiwright``, or in a sibling folder of a bare hive, readable by the owner alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mapiwright.errors import RefusedError
from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

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


@frozen
class Lease:
    """One holding of the lock of a state, for as long as the block lasts.

    A store that cannot see its holder die lets the lease expire; one that can has no such end. ``token`` is greater
    than that of every lease before, so that a store can refuse a write of a holder that was presumed dead.
    """

    holder: str
    """The holder, as a sentence for people who find it held."""
    token: int
    expires: datetime | None = None
    """When it ends by itself, in UTC; None where it ends with the process of its holder."""


class State(Protocol):
    """A small durable store of named byte strings; names are relative and use ``/``."""

    def read(self, name: str) -> bytes | None:
        """The bytes under ``name``, or None; raises RefusedError where this user may not read them."""
        ...

    def names(self, prefix: str = "") -> tuple[str, ...]:
        """The names that begin with ``prefix``, sorted; raises RefusedError where this user may not list them."""
        ...

    def faults(self, prefix: str = "") -> tuple[RefusedError, ...]:
        """What lies under ``prefix`` and is no record of ours, each with its place; ``names`` leaves it out."""
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

    def holder(self) -> str:
        """Who holds the lock just now, as a sentence for people, or ""; asking does not disturb the holder."""
        ...

    def is_held(self) -> bool:
        """Whether somebody holds the lock just now, also without saying so."""
        ...

    def lock(self) -> AbstractContextManager[Lease]:
        """Hold the workstation against every other run; it is free again when the block ends, or its process does.

        Raises BusyError at once where it is held; ``where`` says by whom.
        """
        ...
