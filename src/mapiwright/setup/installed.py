"""What is installed on a workstation, as its receipts tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.merge import Unmerged, unmerge
from mapiwright.transaction.effect import Status
from mapiwright.transaction.receipt import receipts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Inf
    from mapiwright.mapi.merge import Record
    from mapiwright.transaction.receipt import EffectRecord, Receipt
    from mapiwright.workstation.workstation import Workstation


@dataclass(frozen=True, slots=True)
class Installation:
    """A package on a workstation: its id, and the receipts that brought it and what it became, oldest first."""

    id: str
    receipts: tuple[Receipt, ...]

    @property
    def version(self) -> str:
        """The version that the newest receipt installed."""
        return str(self.receipts[-1].record["package"]["version"])

    @property
    def services(self) -> tuple[str, ...]:
        """The names of its services, each once, as they were first installed."""
        return tuple(dict.fromkeys(str(name) for receipt in self.receipts for name in receipt.record["services"]))

    @property
    def inf_path(self) -> str:
        """The MAPISVC.INF that the newest receipt merged into."""
        return str(self.receipts[-1].record["inf"]["path"])

    @property
    def merges(self) -> tuple[Record, ...]:
        """What its merges into MAPISVC.INF added, oldest first, without those that an upgrade took out again."""
        found: list[Record] = []
        for receipt in self.receipts:
            if receipt.record["inf"]["replaces"]:
                found.clear()
            found.append(receipt.record["inf"]["merge"])
        return tuple(found)

    @property
    def pending(self) -> tuple[EffectRecord, ...]:
        """The entry-point calls that could not be made where they were due."""
        return tuple(
            effect for receipt in self.receipts for effect in receipt.effects if effect.status == Status.PENDING
        )


def installations(workstation: Workstation) -> Mapping[str, Installation]:
    """The packages that were installed and have neither been uninstalled nor undone, by id."""
    found: dict[str, list[Receipt]] = {}
    for receipt in receipts(workstation):
        package = receipt.record.get("package")
        if package is None or receipt.undone_by:
            continue
        if receipt.verb == "install":
            found.setdefault(str(package["id"]), []).append(receipt)
        elif receipt.verb == "uninstall":
            found.pop(str(package["id"]), None)
    return {id_: Installation(id_, tuple(made)) for id_, made in found.items()}


def installation(workstation: Workstation, id_: str) -> Installation:
    """The package of that id; raises NotFoundError that lists the others."""
    there = installations(workstation)
    for name, found in there.items():
        if upcase(name) == upcase(id_):
            return found
    raise NotFoundError(
        f"no package {id_!r} is installed",
        where=workstation.uri,
        remedy=f"Installed by Mapiwright: {', '.join(there) or 'nothing'}.",
    )


def others_than(workstation: Workstation, one: Installation) -> tuple[Record, ...]:
    """What the other packages merged into MAPISVC.INF and still need there."""
    return tuple(
        record for found in installations(workstation).values() if found.id != one.id for record in found.merges
    )


def unmerged(document: Inf, found: Installation, others: tuple[Record, ...]) -> Unmerged:
    """MAPISVC.INF without what a package merged, newest merge first."""
    kept: list[Finding] = []
    merges = list(found.merges)
    while merges:
        result = unmerge(document, merges.pop(), (*others, *merges))
        kept.extend(result.kept)
        if result.inf is None:
            return Unmerged(None, tuple(kept))
        document = result.inf
    return Unmerged(document, tuple(kept))
