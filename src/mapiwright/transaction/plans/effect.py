"""Effects: what a transaction does between its legs that is not a change, such as calling an entry point.

The Protocol is the transaction's; ``entry/`` implements it. The description goes into the journal, so that
recovery in a fresh process can make the effect again and compensate it. It holds no secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from mapiwright.errors import MapiwrightError

if TYPE_CHECKING:
    from mapiwright.message import Message
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation


class Status(StrEnum):
    """What became of an effect."""

    DONE = "done"
    PENDING = "pending"
    """It could not run here; it is recorded, and sent later. Never reported as sent."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an effect came to: its status, a message for people, and the changes that it wants made.

    The transaction journals and applies the changes as a leg of their own. ``details`` are data for the receipt.
    """

    status: Status
    message: Message
    changes: tuple[Change, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


class Effect(Protocol):
    """One step that is not a change."""

    @property
    def kind(self) -> str:
        """The name under which recovery finds the maker of this effect: ``entry-point``."""
        ...

    @property
    def title(self) -> Message:
        """One line for people: ``call ServiceEntry of ACME with MSG_SERVICE_INSTALL``."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """All that is needed to make this effect again; written to the journal and to the receipt.

        What may not be written is left out and named under ``withheld``; a plan with such an effect is not saved.
        """
        ...

    def run(self, workstation: Workstation) -> Outcome:
        """Do it. Writes nothing to the workstation; raises a MapiwrightError to have all rolled back.

        One that is not ``reached`` says that nothing was done which would have to be called back.
        """
        ...

    def compensate(self, workstation: Workstation) -> Message | None:
        """Call back what was done or may have been done; a failure here is tolerated and reported.

        Where nothing is called, the answer is why, for people.
        """
        ...


DEFECTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a mistake in an effect's own code raises. It must not keep a journal open."""


class CalledBack(NamedTuple):
    """What became of an effect that was to be called back: why that failed, or why nothing was called."""

    failure: str = ""
    idle: Message | None = None


def call_back(effect: Effect, workstation: Workstation) -> CalledBack:
    """Call an effect back. What it raises is reported, and stops nothing ([native] 5.2)."""
    try:
        idle = effect.compensate(workstation)
    except (MapiwrightError, OSError, *DEFECTS) as error:
        return CalledBack(failure=str(error) or type(error).__name__)
    return CalledBack(idle=idle)


EffectMaker: TypeAlias = Callable[[Mapping[str, Any]], Effect]
"""Makes an effect from its description."""
