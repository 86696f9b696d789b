"""A plan: the ordered legs and effects that take a workstation from what it is to what is wanted. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.transaction.effect import Effect, Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.workstation.change import Change


@dataclass(frozen=True, slots=True)
class Leg:
    """Changes that are journalled, with their inverse, before they are applied."""

    title: str
    changes: tuple[Change, ...]


Step: TypeAlias = Leg | Effect


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, in order.

    ``verb`` names the deed (``install``); ``title`` says it to people. ``record`` goes into the receipt as it is:
    what a later uninstall or repair must know.
    """

    verb: str
    title: str
    steps: tuple[Step, ...]
    record: Mapping[str, Json] = field(default_factory=dict)

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes that are known before the effects have run."""
        return tuple(change for step in self.steps if isinstance(step, Leg) for change in step.changes)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects, in order."""
        return tuple(step for step in self.steps if not isinstance(step, Leg))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes and not self.effects
