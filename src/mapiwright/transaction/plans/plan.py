"""A plan: the ordered legs and effects that take a workstation from what it is to what is wanted. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.formats.regf.upcase import upcase
from mapiwright.transaction.plans.effect import Effect, Json
from mapiwright.workstation.change import CreateKey, MakeFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapiwright.workstation.change import Change


@dataclass(frozen=True, slots=True)
class Leg:
    """Changes that are journalled, with their inverse, before they are applied."""

    title: str
    changes: tuple[Change, ...]


Step: TypeAlias = Leg | Effect

NOTES = "notes"
"""The key of a plan's record that holds sentences for people; saved plans and receipts keep them."""
WAITING = "waiting"
"""The key of a plan's record that lists users, ``{"user", "sid"}``, for whom something is left to a later run."""
SKIPPED = "skipped"
"""The key of a plan's record that lists users, ``{"user", "sid"}``, who could not be reached."""


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

    def __repr__(self) -> str:
        """What it is for and how much it does; no change, as their data may be secrets."""
        counts = f"{len(self.steps)} steps, {len(self.changes)} changes, {len(self.effects)} calls"
        return f"<Plan {self.verb} {self.title!r}: {counts}>"

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes that are known before the effects have run."""
        return tuple(change for step in self.steps if isinstance(step, Leg) for change in step.changes)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects, in order."""
        return tuple(step for step in self.steps if not isinstance(step, Leg))

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of it: what is done instead of what they may expect, and who is left out."""
        return tuple(self.record.get(NOTES, ()))

    @property
    def skipped_users(self) -> tuple[str, ...]:
        """The users for whom it does not do what it does for the others, as their hives cannot be written."""
        return tuple(str(user["user"]) for user in self.record.get(SKIPPED, ()))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do, and nothing to remember."""
        return not self.changes and not self.effects and not self.record.get(WAITING)


def without_repeats(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps with each folder and key made once, and without legs that have nothing to do.

    Parts of a plan are made apart, and each of them makes what is missing above its own files and keys.
    """
    made: set[tuple[type, str]] = set()
    kept: list[Step] = []
    for step in steps:
        if not isinstance(step, Leg):
            kept.append(step)
            continue
        changes = []
        for change in step.changes:
            if isinstance(change, MakeFolder | CreateKey):
                place = str(change.path if isinstance(change, MakeFolder) else change.key)
                mark = (type(change), upcase(place))
                if mark in made:
                    continue
                made.add(mark)
            changes.append(change)
        if changes:
            kept.append(Leg(step.title, tuple(changes)))
    return tuple(kept)
