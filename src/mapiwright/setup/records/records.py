"""The records of a workstation: what its receipts say, read and worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.records.installed import Done, Installation
from mapiwright.setup.records.schema import (
    InstallRecord,
    RepairRecord,
    SendRecord,
    UninstallRecord,
    believed_record,
    record_of,
)
from mapiwright.transaction.records.receipt import damage, damaged_receipts, receipt_name, receipts
from mapiwright.workstation.files import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapiwright.mapi.inf.merge import Added
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workstation.workstation import Workstation


@dataclass(frozen=True, slots=True)
class Records:
    """What the receipts of a workstation say, as of when they were read.

    ``receipts`` are all that can be read, oldest first, ``damaged`` what is wrong with the others; ``of_packages``
    those that are about a package and were not undone, a user's as far as they are believed. ``installations`` are
    the packages, by id, that were installed and have neither been uninstalled nor undone; ``remainders`` those that
    were uninstalled, but not for every user: their receipts, the uninstall's last. ``sent`` are the pending calls
    that were sent: the receipt that deferred each, and its number there.
    """

    uri: str
    receipts: tuple[Receipt, ...]
    damaged: tuple[FormatError, ...]
    of_packages: tuple[Done, ...]
    installations: Mapping[str, Installation]
    remainders: Mapping[str, Installation]
    sent: frozenset[tuple[str, int]]

    def find(self, id_: str) -> Installation | None:
        """The installed package of that id without regard to case, or None."""
        return next((found for name, found in self.installations.items() if upcase(name) == upcase(id_)), None)

    def installation(self, id_: str) -> Installation:
        """The package of that id; raises NotFoundError that lists the others, and what may be its own."""
        found = self.find(id_)
        if found is None:
            known = ", ".join(self.installations) or "nothing"
            raise NotFoundError(
                f"no package {id_!r} is installed",
                where=self.uri,
                remedy="\n  ".join([f"Installed by Mapiwright: {known}.", *self.unknown]),
            )
        return found

    @property
    def unknown(self) -> tuple[str, ...]:
        """What keeps us from being sure that a package is not installed: the receipts that cannot be read."""
        return tuple(
            f"{error.where} may be of it, and cannot be read: {error.what}. {error.remedy}" for error in self.damaged
        )

    def others_than(self, id_: str, path: str) -> tuple[Added, ...]:
        """What the packages but that one merged into the MAPISVC.INF at ``path`` and still need there."""
        return tuple(
            record
            for found in self.installations.values()
            if found.id != id_ and same(found.inf_path, path)
            for record in found.merges
        )


def records_of(workstation: Workstation) -> Records:
    """The records of a workstation; raises RefusedError where this user may not read them."""
    return workstation.kept.once("records", lambda: _read(workstation))


def _read(workstation: Workstation) -> Records:
    there = receipts(workstation)
    damaged = list(damaged_receipts(workstation))
    of_packages: list[Done] = []
    sent: set[tuple[str, int]] = set()
    for receipt in there:
        if receipt.undone_by:
            continue
        try:
            record = believed_record(receipt) if receipt.owner else record_of(receipt)
        except FormatError as error:
            damaged.append(damage(workstation, receipt.owner, receipt_name(receipt.id), error))
            continue
        if isinstance(record, SendRecord):
            sent |= set(record.sends)
        elif record is not None:
            of_packages.append(Done(receipt, record))
    installed, left = _scan(of_packages)
    return Records(
        workstation.uri,
        there,
        tuple(damaged),
        tuple(of_packages),
        MappingProxyType(installed),
        MappingProxyType(left),
        frozenset(sent),
    )


def _scan(of_packages: Iterable[Done]) -> tuple[dict[str, Installation], dict[str, Installation]]:
    there: dict[str, list[Done]] = {}
    left: dict[str, list[Done]] = {}
    repairs: dict[str, list[Done]] = {}
    for done in of_packages:
        id_ = done.record.package.id
        match done.record:
            case InstallRecord():
                there.setdefault(id_, left.pop(id_, [])).append(done)
            case RepairRecord():
                repairs.setdefault(id_, []).append(done)
            case UninstallRecord():
                before = there.pop(id_, left.pop(id_, []))
                repairs.pop(id_, None)
                if done.receipt.terms.skipped:
                    left[id_] = [*before, done]
    return _made(there, repairs), _made(left, repairs)


def _made(found: Mapping[str, list[Done]], repairs: Mapping[str, list[Done]]) -> dict[str, Installation]:
    return {id_: Installation(id_, tuple(made), tuple(repairs.get(id_, ()))) for id_, made in found.items()}
