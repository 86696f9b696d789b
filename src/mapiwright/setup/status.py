"""Status: whether a package is installed and intact, for detection rules; it reads and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.installed import installations, untold
from mapiwright.setup.repair import plan_guard
from mapiwright.transaction.net import name
from mapiwright.transaction.recovery import unfinished
from mapiwright.workstation.change import SetValue, WriteFile

if TYPE_CHECKING:
    from mapiwright.workstation.workstation import Workstation


class State(StrEnum):
    """What a package is on a workstation."""

    INTACT = "intact"
    BROKEN = "broken"
    """It is installed, and something that it brought is missing or changed."""
    ABSENT = "absent"
    INTERRUPTED = "interrupted"
    """An earlier run stands half-way, or is under way just now; what the package is cannot be told before its end."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a package; ``receipt`` is the newest one.

    ``faults`` name what is missing or changed; of one that is absent, the damaged receipts that may be of it; of one
    that is interrupted, the run that was cut short.
    """

    id: str
    state: State
    version: str = ""
    receipt: str = ""
    faults: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """One line for people and logs."""
        match self.state:
            case State.ABSENT:
                doubt = f", as far as can be told: {'; '.join(self.faults)}" if self.faults else ""
                return f"{self.id}: not installed{doubt}"
            case State.INTERRUPTED:
                return f"{self.id}: cannot be told; {'; '.join(self.faults)}. End it: mapiwright recover"
            case State.INTACT:
                return f"{self.id} {self.version}: installed and intact (receipt {self.receipt})"
            case State.BROKEN:
                return f"{self.id} {self.version}: broken (receipt {self.receipt}): {'; '.join(self.faults)}"


def status(workstation: Workstation, id_: str) -> Status:
    """What the package of that id is on the workstation; one half of a user's alone is not installed.

    Raises RefusedError where our records may not be read, RecoveryNeededError where the journal is damaged.
    """
    title = unfinished(workstation)
    if title is not None:
        return Status(id_, State.INTERRUPTED, faults=(f"an earlier run was cut short: {title}",))
    there = {upcase(each): found for each, found in installations(workstation).items()}
    found = there.get(upcase(id_))
    if found is None or not found.machine:
        return Status(id_, State.ABSENT, faults=untold(workstation))
    try:
        faults = tuple(
            name(change)
            for change in plan_guard(workstation, found.id).changes
            if isinstance(change, SetValue | WriteFile)
        )
    except RefusedError as error:
        faults = (str(error).partition("\n")[0],)
    state = State.BROKEN if faults else State.INTACT
    return Status(found.id, state, found.version, found.installs[-1].id, faults)
