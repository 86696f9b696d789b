"""Whether bytes on a workstation are those that a transaction of ours wrote: by digest, not by where they lie."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, NotFoundError
from mapiwright.transaction.records.journal import Journal
from mapiwright.transaction.records.receipt import backup_name, changes_of_leg, receipts, unpack_backup
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.files import same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation


def was_written(workstation: Workstation, path: str, data: bytes, *, about: str) -> bool:
    """Whether a transaction in this run's own store wrote exactly ``data`` to the file at ``path``.

    It is the one under way, or one of the receipts of the subject ``about`` (the id of a package) that were not
    undone. Each leg's bytes are believed by the digest that its receipt, or the journal, records; a user's own
    receipt is not believed.
    """
    return any(
        isinstance(change, WriteFile) and change.new == data and same(change.path, path)
        for change in _changes(workstation, about)
    )


def _changes(workstation: Workstation, about: str) -> Iterator[Change]:
    """The newest receipt's first, then those of the run under way."""
    for receipt in reversed(receipts(workstation)):
        subject = receipt.terms.subject
        if receipt.owner or receipt.undone_by or subject is None or subject.id != about:
            continue
        for leg in range(len(receipt.legs)):
            with suppress(NotFoundError, FormatError):  # what has expired, or is damaged, proves nothing
                yield from changes_of_leg(workstation, receipt, leg)
    state = workstation.state
    journal = Journal(state)
    for record in journal.of("leg"):
        data = state.read(backup_name(journal.id, record["leg"]))
        if data is not None:
            with suppress(FormatError):
                yield from unpack_backup(data, record.get("digest", ""), where=backup_name(journal.id, record["leg"]))
