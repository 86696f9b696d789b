"""Status: whether a package is installed and intact, for detection rules; it reads and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.install.repair import plan_guard, restoration
from mapiwright.setup.install.shared import listed_version
from mapiwright.setup.records.installed import installations, untold
from mapiwright.transaction.plans.compose import name
from mapiwright.transaction.recovery import unfinished
from mapiwright.workstation.change import SetValue, WriteFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.setup.records.installed import Installation
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.workstation import Workstation


class PackageState(StrEnum):
    """What a package is on a workstation."""

    INTACT = "intact"
    BROKEN = "broken"
    """It is installed, and something that it brought is missing or changed."""
    ABSENT = "absent"
    INTERRUPTED = "interrupted"
    """An earlier run stands half-way, or is under way just now; what the package is cannot be told before its end."""


@dataclass(frozen=True, slots=True)
class PackageStatus:
    """The state of a package; ``receipt`` is the newest one. ``user`` is whose half alone could be looked at, or "".

    ``faults`` name what is missing or changed; of one that is absent, the damaged receipts that may be of it; of one
    that is interrupted, the run that was cut short.
    """

    id: str
    state: PackageState
    version: str = ""
    receipt: str = ""
    user: str = ""
    faults: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """One line for people and logs."""
        scope = f", the half of {self.user}" if self.user else ""
        match self.state:
            case PackageState.ABSENT:
                doubt = f", as far as can be told: {'; '.join(self.faults)}" if self.faults else ""
                if self.user:
                    doubt = f" by {self.user}, and the machine's records are closed to this user{doubt}"
                return f"{self.id}: not installed{doubt}"
            case PackageState.INTERRUPTED:
                return f"{self.id}: cannot be told; {'; '.join(self.faults)}. End it: mapiwright recover"
            case PackageState.INTACT:
                return f"{self.id} {self.version}{scope}: installed and intact (receipt {self.receipt})"
            case PackageState.BROKEN:
                return f"{self.id} {self.version}{scope}: broken (receipt {self.receipt}): {'; '.join(self.faults)}"


def status(workstation: Workstation, id_: str) -> PackageStatus:
    """What the package of that id is on the workstation; one half of a user's alone is not installed.

    A user to whom the machine's records are closed learns of his own half.

    Raises RefusedError where our records may not be read, RecoveryNeededError where the journal is damaged.
    """
    title = unfinished(workstation)
    if title is not None:
        return PackageStatus(id_, PackageState.INTERRUPTED, faults=(f"an earlier run was cut short: {title}",))
    there = {upcase(each): found for each, found in installations(workstation).items()}
    found = there.get(upcase(id_))
    user = workstation.as_user.name if workstation.as_user is not None else ""
    if found is None or not (found.machine or user):
        return PackageStatus(id_, PackageState.ABSENT, user=user, faults=untold(workstation))
    faults = tuple(_faults_of_scope(workstation, found) if user else _faults(workstation, found))
    state = PackageState.BROKEN if faults else PackageState.INTACT
    return PackageStatus(found.id, state, found.version, found.installs[-1].id, user, faults)


def _faults(workstation: Workstation, found: Installation) -> Iterator[str]:
    try:
        yield from _lost(plan_guard(workstation, found.id))
    except RefusedError as error:
        yield str(error).partition("\n")[0]


def _faults_of_scope(workstation: Workstation, found: Installation) -> Iterator[str]:
    """What a user can see for himself: his own half, and of the machine's the version that Windows lists."""
    listed = listed_version(found.id, workstation)
    if listed != found.version:
        yield f"the machine's half is of version {listed}" if listed else "the machine's half is not installed"
    yield from _lost(restoration(workstation, found))


def _lost(plan: Plan) -> Iterator[str]:
    return (name(change) for change in plan.changes if isinstance(change, SetValue | WriteFile))
