"""What is installed on a workstation, as its receipts say.

A package may come in two parts, each with a receipt of its own: the per-machine one (files, MAPISVC.INF, HKLM) and a
user's (HKCU, profiles). A repair writes a receipt, too; what it restored belongs to the install that had brought it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import FindingsError
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.merge import Unmerged, unmerge
from mapiwright.setup.records.schema import InstallRecord, RepairRecord, Scope, UninstallRecord
from mapiwright.transaction.records.receipt import changes_of
from mapiwright.workstation.outlook import windows
from mapiwright.workstation.state import closed_records
from mapiwright.workstation.subject import subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Inf
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.mapi.inf.merge import Added
    from mapiwright.setup.records.schema import MergedInf, PackageFacts, PackageRecord, ProfileEntry
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import User, Workstation


@dataclass(frozen=True, slots=True)
class Done:
    """A receipt that is about a package, and what it records."""

    receipt: Receipt
    record: PackageRecord


@dataclass(frozen=True, slots=True)
class Installation:
    """A package on a workstation: its id, and the receipts that brought it and what it became, oldest first.

    Where an earlier uninstall left users out, that receipt and those before it stand first. ``repaired`` are the
    repairs, oldest first.
    """

    id: str
    done: tuple[Done, ...]
    repaired: tuple[Done, ...] = ()

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """The receipts, oldest first."""
        return tuple(each.receipt for each in self.done)

    @property
    def installs(self) -> tuple[Receipt, ...]:
        """The receipts of installs."""
        return tuple(receipt for receipt, _ in self._installs)

    @property
    def _installs(self) -> tuple[tuple[Receipt, InstallRecord], ...]:
        return tuple((each.receipt, each.record) for each in self.done if isinstance(each.record, InstallRecord))

    @property
    def machine(self) -> tuple[Receipt, ...]:
        """The receipts of the per-machine part that is there now."""
        return tuple(receipt for receipt, _ in self._machine)

    @property
    def _machine(self) -> tuple[tuple[Receipt, InstallRecord], ...]:
        found: list[tuple[Receipt, InstallRecord]] = []
        for each in self.done:
            if isinstance(each.record, UninstallRecord):
                found.clear()
            elif isinstance(each.record, InstallRecord) and each.record.scope is not Scope.USER:
                found.append((each.receipt, each.record))
        return tuple(found)

    @property
    def newest(self) -> PackageRecord:
        """What the newest receipt records, of the per-machine part where there is one."""
        return self._machine[-1][1] if self._machine else self.done[-1].record

    @property
    def package(self) -> PackageFacts:
        """What the newest receipt, of the per-machine part where there is one, says of the package."""
        return self.newest.package

    @property
    def version(self) -> str:
        """The version that is installed."""
        return self.package.version

    @property
    def bitness(self) -> str:
        """The bitness of the Outlook that it was installed for, or "" where no receipt says."""
        return next((record.bitness for _, record in reversed(self._machine) if record.bitness), "")

    @property
    def profiles_on_uninstall(self) -> str:
        """What becomes of profiles at its uninstall, as its newest install said, or ""."""
        return self._installs[-1][1].profiles_on_uninstall

    @property
    def services(self) -> tuple[str, ...]:
        """The names of its services, each once, also of those that only an older version had."""
        return tuple(dict.fromkeys(name for each in self.done for name in each.record.services))

    @property
    def current_services(self) -> tuple[str, ...]:
        """The names of the services of the version that is installed."""
        return self.newest.services

    @property
    def inf_path(self) -> str:
        """The MAPISVC.INF that was last merged into, or "" where the per-machine part is absent."""
        merged = self._merged
        return merged[-1][1].path if merged else ""

    @property
    def inf_paths(self) -> frozenset[str]:
        """Every MAPISVC.INF that was merged into, as paths compare."""
        return frozenset(upcase(merged.path) for _, merged in self._merged)

    @property
    def merges(self) -> tuple[Added, ...]:
        """What its merges into MAPISVC.INF added, oldest first, without those that a later one replaced."""
        return self.merges_until(None)

    def merges_until(self, last: Receipt | None) -> tuple[Added, ...]:
        """The merges as they stood with the receipt ``last``; with the newest where it is None."""
        found: list[Added] = []
        for receipt, merged in self._merged:
            if last is not None and receipt.id > last.id:
                break
            if merged.replaces:
                found.clear()
            found.append(merged.added)
        return tuple(found)

    def merged_by(self, receipt: Receipt) -> bool:
        """Whether that receipt merged into MAPISVC.INF."""
        return any(each.id == receipt.id for each, _ in self._merged)

    @property
    def _merged(self) -> tuple[tuple[Receipt, MergedInf], ...]:
        there: list[tuple[Receipt, InstallRecord | RepairRecord]] = [*self._machine]
        there += [(each.receipt, each.record) for each in self.repaired if isinstance(each.record, RepairRecord)]
        there.sort(key=lambda each: each[0].id)
        return tuple((receipt, record.inf) for receipt, record in there if record.inf is not None)

    @property
    def profiles(self) -> tuple[ProfileEntry, ...]:
        """What the installs did to profiles."""
        return tuple(entry for _, record in self._installs for entry in record.profiles)

    def waits_for(self, user: User) -> bool:
        """Whether the package waits for a profile that Outlook will make for the user."""
        waiting = False
        for receipt, record in self._installs:
            waiting = waiting or any(each.sid == user.sid for each in receipt.terms.waiting)
            waiting = waiting and not any(entry.sid == user.sid for entry in record.profiles)
        return waiting

    def writable(self, user: User) -> Receipt | None:
        """The newest install that brought the user's profiles up to its version, or None."""
        return next((receipt for receipt, record in reversed(self._installs) if user.sid in record.served), None)


def refuse_as_user(workstation: Workstation) -> None:
    """Raise RefusedError where this run sees a user's own records only, and may not touch the per-machine part."""
    if workstation.as_user is not None:
        raise closed_records(
            windows.state_folder(workstation.environment),
            instead="A user may do the per-user part: mapiwright install PACKAGE --per-user; and undo it.",
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


def fragment(code_page: str, merges: Sequence[Added]) -> Inf:
    """The lines that merges added to MAPISVC.INF, as an INF of their own."""
    document = inf.empty(code_page)
    for record in merges:
        for share in record.shares:
            for key, written in share.lines:
                document = inf.set_value(document, share.name, key, written)
    return document


def definitions(workstation: Workstation, merges: Sequence[Added]) -> dict[str, ServiceDefinition]:
    """What merges into MAPISVC.INF said of services, by their names as they compare; faulty ones are left out."""
    catalogue = Catalogue.of(fragment(workstation.code_page, merges))
    found = {}
    for name in catalogue.services:
        try:
            found[upcase(name)] = catalogue.definition(name)
        except FindingsError:
            continue
    return found


def unmerged(document: Inf, found: Installation, others: tuple[Added, ...]) -> Unmerged:
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
