"""What is installed on a workstation, as its receipts tell it.

A package may come in two halves, each with a receipt of its own: the machine's (files, MAPISVC.INF, HKLM) and a
user's (HKCU, profiles). A repair writes a receipt, too; what it restored belongs to the install that had brought it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from mapiwright.errors import FindingsError, NotFoundError
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.merge import Unmerged, unmerge
from mapiwright.transaction.plans.effect import Status
from mapiwright.transaction.plans.plan import SKIPPED, WAITING
from mapiwright.transaction.records.receipt import changes_of, damaged_receipts, receipts
from mapiwright.workstation.files import same
from mapiwright.workstation.outlook import windows
from mapiwright.workstation.state import closed_records
from mapiwright.workstation.subject import subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Inf
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.mapi.inf.merge import Record
    from mapiwright.transaction.plans.effect import Json
    from mapiwright.transaction.records.receipt import EffectRecord, Receipt
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import User, Workstation

INSTALL, UNINSTALL, REPAIR = "install", "uninstall", "repair"
"""The verbs of the receipts that tell what is installed."""


class Scope(StrEnum):
    """Which part of an install a receipt is about."""

    BOTH = "both"
    MACHINE = "machine"
    """Files, MAPISVC.INF and HKLM; no user's hive."""
    USER = "user"
    """HKCU and the profiles of the users that it names."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A package on a workstation: its id, and the receipts that brought it and what it became, oldest first.

    Where an earlier uninstall left users out, that receipt and those before it stand first. ``repairs`` are the
    receipts of repairs, oldest first.
    """

    id: str
    receipts: tuple[Receipt, ...]
    repairs: tuple[Receipt, ...] = ()

    @property
    def installs(self) -> tuple[Receipt, ...]:
        """The receipts of installs."""
        return tuple(receipt for receipt in self.receipts if receipt.verb == INSTALL)

    @property
    def machine(self) -> tuple[Receipt, ...]:
        """The receipts of the machine's half that is there now."""
        found: list[Receipt] = []
        for receipt in self.receipts:
            if receipt.verb == UNINSTALL:
                found.clear()
            elif scope_of(receipt) is not Scope.USER:
                found.append(receipt)
        return tuple(found)

    @property
    def package(self) -> Json:
        """What the newest receipt, of the machine's half where there is one, says of the package."""
        return (self.machine or self.receipts)[-1].record["package"]

    @property
    def version(self) -> str:
        """The version that is installed."""
        return str(self.package["version"])

    @property
    def services(self) -> tuple[str, ...]:
        """The names of its services, each once, also of those that only an older version had."""
        return tuple(dict.fromkeys(str(name) for receipt in self.receipts for name in receipt.record["services"]))

    @property
    def current_services(self) -> tuple[str, ...]:
        """The names of the services of the version that is installed."""
        return tuple(str(name) for name in (self.machine or self.receipts)[-1].record["services"])

    @property
    def inf_path(self) -> str:
        """The MAPISVC.INF that was last merged into, or "" where the machine's half is absent."""
        merged = self._merged
        return str(merged[-1].record["inf"]["path"]) if merged else ""

    @property
    def inf_paths(self) -> frozenset[str]:
        """Every MAPISVC.INF that was merged into, as paths compare."""
        return frozenset(upcase(str(receipt.record["inf"]["path"])) for receipt in self._merged)

    @property
    def merges(self) -> tuple[Record, ...]:
        """What its merges into MAPISVC.INF added, oldest first, without those that a later one replaced."""
        return self.merges_until(None)

    def merges_until(self, last: Receipt | None) -> tuple[Record, ...]:
        """The merges as they stood with the receipt ``last``; with the newest where it is None."""
        found: list[Record] = []
        for receipt in self._merged:
            if last is not None and receipt.id > last.id:
                break
            if receipt.record["inf"]["replaces"]:
                found.clear()
            found.append(receipt.record["inf"]["merge"])
        return tuple(found)

    @property
    def _merged(self) -> tuple[Receipt, ...]:
        there = sorted((*self.machine, *self.repairs), key=lambda receipt: receipt.id)
        return tuple(receipt for receipt in there if receipt.record.get("inf"))

    @property
    def profiles(self) -> tuple[Json, ...]:
        """What the installs did to profiles: ``{"user", "sid", "profile", "made", "uids"}``."""
        return tuple(entry for receipt in self.installs for entry in receipt.record["profiles"])

    def waits_for(self, user: User) -> bool:
        """Whether the package waits for a profile that Outlook will make for the user."""
        waiting = False
        for receipt in self.installs:
            waiting = waiting or any(entry["sid"] == user.sid for entry in receipt.record.get(WAITING, ()))
            waiting = waiting and not any(entry["sid"] == user.sid for entry in receipt.record["profiles"])
        return waiting

    def writable(self, user: User) -> Receipt | None:
        """The newest install that brought the user's profiles up to its version, or None."""
        return next(
            (receipt for receipt in reversed(self.installs) if user.sid in receipt.record.get("served", ())), None
        )

    @property
    def pending(self) -> tuple[EffectRecord, ...]:
        """The entry-point calls that could not be made where they were due."""
        return tuple(
            effect for receipt in self.receipts for effect in receipt.effects if effect.status == Status.PENDING
        )


def scope_of(receipt: Receipt) -> Scope:
    """Which half a receipt of an install is about."""
    return Scope(receipt.record.get("scope", Scope.BOTH))


def installations(workstation: Workstation) -> Mapping[str, Installation]:
    """The packages that were installed and have neither been uninstalled nor undone, by id."""
    return _scan(workstation)[0]


def remainders(workstation: Workstation) -> Mapping[str, Installation]:
    """The packages that were uninstalled, but not for every user: their receipts, the uninstall's last, by id."""
    return _scan(workstation)[1]


def package_receipts(workstation: Workstation) -> Iterator[Receipt]:
    """The receipts that are about a package and were not undone, oldest first; a user's as far as he is believed."""
    for receipt in receipts(workstation):
        if not receipt.undone_by:
            reported = _in_its_words(receipt) if receipt.owner else receipt
            if reported is not None and reported.record.get("package") is not None:
                yield reported


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


def _scan(workstation: Workstation) -> tuple[dict[str, Installation], dict[str, Installation]]:
    there: dict[str, list[Receipt]] = {}
    left: dict[str, list[Receipt]] = {}
    repairs: dict[str, list[Receipt]] = {}
    for receipt in package_receipts(workstation):
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


def refuse_as_user(workstation: Workstation) -> None:
    """Raise RefusedError where this run sees a user's own records only: the machine's half is not his to touch."""
    if workstation.as_user is not None:
        raise closed_records(
            windows.state_folder(workstation.environment),
            instead="A user may do his own half: mapiwright install PACKAGE --per-user; and undo it.",
        )


def installation(workstation: Workstation, id_: str) -> Installation:
    """The package of that id; raises NotFoundError that lists the others, and the receipts that may be its own."""
    there = installations(workstation)
    for name, found in there.items():
        if upcase(name) == upcase(id_):
            return found
    raise NotFoundError(
        f"no package {id_!r} is installed",
        where=workstation.uri,
        remedy="\n  ".join([f"Installed by Mapiwright: {', '.join(there) or 'nothing'}.", *untold(workstation)]),
    )


def untold(workstation: Workstation) -> tuple[str, ...]:
    """What keeps us from being sure that a package is not installed: the receipts that cannot be read."""
    return tuple(
        f"{error.where} may be of it, and cannot be read: {error.what}. {error.remedy}"
        for error in damaged_receipts(workstation)
    )


def past_changes(workstation: Workstation, found: Installation) -> tuple[Change, ...]:
    """What the installs changed, newest first; raises NotFoundError where undo has expired.

    A change that gave back what an earlier install had written (a guard that put a file back) is left out: what it
    found there was damage, and nobody wants that back.
    """
    kept: list[Change] = []
    written: dict[Subject, object] = {}
    for receipt in found.installs:
        for change in changes_of(workstation, receipt):
            place, new = subject(change), getattr(change, "new", None)
            if new is not None and written.get(place) == new:
                continue
            written[place] = new
            kept.append(change)
    return tuple(reversed(kept))


def fragment(code_page: str, merges: Sequence[Record]) -> Inf:
    """The lines that merges added to MAPISVC.INF, as an INF of their own."""
    document = inf.empty(code_page)
    for record in merges:
        for section in record["sections"]:
            for key, written in section["lines"]:
                document = inf.set_value(document, section["name"], key, written)
    return document


def definitions(workstation: Workstation, merges: Sequence[Record]) -> dict[str, ServiceDefinition]:
    """What merges into MAPISVC.INF said of services, by their names as they compare; faulty ones are left out."""
    catalogue = Catalogue.of(fragment(workstation.code_page, merges))
    found = {}
    for name in catalogue.services:
        try:
            found[upcase(name)] = catalogue.definition(name)
        except FindingsError:
            continue
    return found


def others_than(workstation: Workstation, id_: str, path: str) -> tuple[Record, ...]:
    """What the packages but that one merged into the MAPISVC.INF at ``path`` and still need there."""
    return tuple(
        record
        for found in installations(workstation).values()
        if found.id != id_ and same(found.inf_path, path)
        for record in found.merges
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
