"""Status: whether a package is installed and intact, for detection rules; it reads and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.setup.install.programs_list import listed_version
from mapiwright.setup.install.repair import plan_guard, restoration
from mapiwright.setup.records.pending import pending_of
from mapiwright.setup.records.records import records_of
from mapiwright.transaction.recovery import unfinished
from mapiwright.workstation.change import SetValue, WriteFile
from mapiwright.workstation.subject import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.setup.records.installed import Installation
    from mapiwright.setup.records.pending import Pending
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.workstation import Workstation


class PackageState(StrEnum):
    """What a package is on a workstation."""

    INTACT = "intact"
    """All that its receipts promise is so."""
    PENDING = "pending"
    """It is installed, and a call that it is due waits: what the code of its service would do was not done."""
    BROKEN = "broken"
    """It is installed, and something that it brought is missing or changed."""
    ABSENT = "absent"
    INTERRUPTED = "interrupted"
    """An earlier run was interrupted, or is under way just now; what the package is, is not known before its end."""


@dataclass(frozen=True, slots=True)
class PackageStatus:
    """The state of a package; ``receipt`` is the newest one. ``user`` is the one whose part alone was seen, or "".

    ``faults`` name what is missing or changed; of one that is absent, the damaged receipts that may be of it; of one
    that is interrupted, the interrupted run. ``pending`` are the calls of its services that wait.
    """

    id: str
    state: PackageState
    version: str = ""
    receipt: str = ""
    user: str = ""
    faults: tuple[str, ...] = ()
    pending: tuple[Pending, ...] = ()

    @property
    def sentence(self) -> str:
        """One line for people and logs."""
        scope = f", the half of {self.user}" if self.user else ""
        match self.state:
            case PackageState.ABSENT:
                doubt = f", as far as is known: {'; '.join(self.faults)}" if self.faults else ""
                if self.user:
                    doubt = f" by {self.user}, and the machine's records are closed to this user{doubt}"
                return f"{self.id}: not installed{doubt}"
            case PackageState.INTERRUPTED:
                return f"{self.id}: unknown; {'; '.join(self.faults)}. End it: mapiwright recover"
            case PackageState.INTACT:
                return f"{self.id} {self.version}{scope}: installed and intact (receipt {self.receipt})"
            case PackageState.PENDING:
                return f"{self.id} {self.version}{scope}: installed, and {self._waiting} (receipt {self.receipt})"
            case PackageState.BROKEN:
                wrong = "; ".join((*self.faults, *((self._waiting,) if self.pending else ())))
                return f"{self.id} {self.version}{scope}: broken (receipt {self.receipt}): {wrong}"

    @property
    def _waiting(self) -> str:
        """``2 calls wait: ...; ...``."""
        number = len(self.pending)
        calls = "; ".join(str(each.call.title) for each in self.pending)
        return f"{number} call{'s wait' if number != 1 else ' waits'}: {calls}"


def status(workstation: Workstation, id_: str) -> PackageStatus:
    """What the package of that id is on the workstation; a user's part alone is not installed.

    A user to whom the machine's records are closed sees their own part.

    Raises RefusedError where our records may not be read, RecoveryNeededError where the journal is damaged.
    """
    title = unfinished(workstation)
    if title is not None:
        return PackageStatus(id_, PackageState.INTERRUPTED, faults=(f"an earlier run was interrupted: {title}",))
    records = records_of(workstation)
    found = records.find(id_)
    user = workstation.as_user.name if workstation.as_user is not None else ""
    if found is None or not (found.machine or user):
        return PackageStatus(id_, PackageState.ABSENT, user=user, faults=records.unknown)
    faults = tuple(_faults_of_scope(workstation, found) if user else _faults(workstation, found))
    pending = pending_of(workstation, found)
    state = PackageState.BROKEN if faults else PackageState.PENDING if pending else PackageState.INTACT
    return PackageStatus(found.id, state, found.version, found.installs[-1].id, user, faults, pending)


def _faults(workstation: Workstation, found: Installation) -> Iterator[str]:
    try:
        yield from _lost(plan_guard(workstation, found.id))
    except RefusedError as error:
        yield str(error).partition("\n")[0]


def _faults_of_scope(workstation: Workstation, found: Installation) -> Iterator[str]:
    """What a user can see: their own part, and of the per-machine one the version that Windows lists."""
    listed = listed_version(found.id, workstation)
    if listed != found.version:
        yield f"the per-machine part is of version {listed}" if listed else "the per-machine part is not installed"
    yield from _lost(restoration(workstation, found))


def _lost(plan: Plan) -> Iterator[str]:
    return (name_of(change) for change in plan.changes if isinstance(change, SetValue | WriteFile))
