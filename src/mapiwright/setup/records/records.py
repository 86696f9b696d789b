"""The records of a workstation: what its receipts say, read and worked out once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.records.installed import INSTALL, REPAIR, UNINSTALL, Installation, Scope
from mapiwright.transaction.plans.plan import SKIPPED, WAITING
from mapiwright.transaction.records.receipt import damaged_receipts, receipts
from mapiwright.workstation.files import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mapiwright.errors import FormatError
    from mapiwright.mapi.inf.merge import Record
    from mapiwright.transaction.plans.effect import Json
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workstation.workstation import Workstation


@dataclass(frozen=True, slots=True)
class Records:
    """What the receipts of a workstation say, as of when they were read.

    ``receipts`` are all that can be read, oldest first, ``damaged`` what is wrong with the others; ``of_packages``
    those that are about a package and were not undone, a user's as far as they are believed. ``installations`` are
    the packages, by id, that were installed and have neither been uninstalled nor undone; ``remainders`` those that
    were uninstalled, but not for every user: their receipts, the uninstall's last.
    """

    uri: str
    receipts: tuple[Receipt, ...]
    damaged: tuple[FormatError, ...]
    of_packages: tuple[Receipt, ...]
    installations: Mapping[str, Installation]
    remainders: Mapping[str, Installation]

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

    def others_than(self, id_: str, path: str) -> tuple[Record, ...]:
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
    of_packages = tuple(_of_packages(there))
    installed, left = _scan(of_packages)
    return Records(
        workstation.uri,
        there,
        damaged_receipts(workstation),
        of_packages,
        MappingProxyType(installed),
        MappingProxyType(left),
    )


def _of_packages(there: Iterable[Receipt]) -> Iterator[Receipt]:
    for receipt in there:
        if not receipt.undone_by:
            believed = _in_its_words(receipt) if receipt.owner else receipt
            if believed is not None and believed.record.get("package") is not None:
                yield believed


def _in_its_words(receipt: Receipt) -> Receipt | None:
    """A user's receipt with what his half may tell of himself; None where it is none of a half."""
    sid, record = receipt.owner, receipt.record
    match record:
        case {"package": {"id": str(), "name": str(), "version": str()} as package} if receipt.verb == INSTALL:
            return replace(
                receipt,
                record={
                    "package": package,
                    "services": [],  # which there are is the machine's half to tell
                    "scope": Scope.USER.value,
                    "profiles": _of_user(record.get("profiles"), sid, profile=str, made=bool),
                    "served": [sid],
                    WAITING: _of_user(record.get(WAITING), sid),
                },
                effects=(),
            )
    return None


def _of_user(entries: Json, sid: str, **kinds: type) -> list[Json]:
    """The entries of a record that are about that user, and hold what such an entry does."""
    kinds = {"user": str, **kinds}
    return [
        entry
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
        and entry.get("sid") == sid
        and all(isinstance(entry.get(name), kind) for name, kind in kinds.items())
    ]


def _scan(of_packages: Iterable[Receipt]) -> tuple[dict[str, Installation], dict[str, Installation]]:
    there: dict[str, list[Receipt]] = {}
    left: dict[str, list[Receipt]] = {}
    repairs: dict[str, list[Receipt]] = {}
    for receipt in of_packages:
        id_ = str(receipt.record["package"]["id"])
        if receipt.verb == INSTALL:
            there.setdefault(id_, left.pop(id_, [])).append(receipt)
        elif receipt.verb == REPAIR:
            repairs.setdefault(id_, []).append(receipt)
        elif receipt.verb == UNINSTALL:
            before = there.pop(id_, left.pop(id_, []))
            repairs.pop(id_, None)
            if receipt.record.get(SKIPPED):
                left[id_] = [*before, receipt]
    return _made(there, repairs), _made(left, repairs)


def _made(found: Mapping[str, list[Receipt]], repairs: Mapping[str, list[Receipt]]) -> dict[str, Installation]:
    return {id_: Installation(id_, tuple(made), tuple(repairs.get(id_, ()))) for id_, made in found.items()}
