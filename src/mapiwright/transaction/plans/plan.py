"""A plan: the ordered legs and effects that take a workstation from what it is to what is wanted. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.transaction.plans.effect import Effect
from mapiwright.transaction.plans.terms import NO_TERMS, Terms
from mapiwright.workstation.change import CreateKey, MakeFolder
from mapiwright.workstation.subject import Subject, subject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapiwright.message import Message
    from mapiwright.workstation.change import Change


@dataclass(frozen=True, slots=True)
class Leg:
    """Changes that are journalled, with their inverse, before they are applied."""

    title: Message
    changes: tuple[Change, ...]


Step: TypeAlias = Leg | Effect


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, in order.

    ``verb`` names the action (``install``); ``title`` says it to people. ``terms`` go into the receipt as they are:
    what a later uninstall or repair must know among them.
    """

    verb: str
    title: Message
    steps: tuple[Step, ...]
    terms: Terms = NO_TERMS

    def __repr__(self) -> str:
        """What it is for and how much it does; no change, as their data may be secrets."""
        counts = f"{len(self.steps)} steps, {len(self.changes)} changes, {len(self.effects)} calls"
        return f"<Plan {self.verb} {str(self.title)!r}: {counts}>"

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes that are known before the effects have run."""
        return tuple(change for step in self.steps if isinstance(step, Leg) for change in step.changes)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects, in order."""
        return tuple(step for step in self.steps if not isinstance(step, Leg))

    @property
    def notes(self) -> tuple[Message, ...]:
        """What people should know of it: what is done instead of what they may expect, and who is left out."""
        return self.terms.notes

    @property
    def skipped_users(self) -> tuple[str, ...]:
        """The users for whom it does not do what it does for the others, as their hives cannot be written."""
        return tuple(user.user for user in self.terms.skipped)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do, and nothing to remember."""
        return not self.changes and not self.effects and not self.terms.waiting


def without_repeats(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps with each folder and key made once, and without legs that have nothing to do.

    Parts of a plan are made apart, and each of them makes what is missing above its own files and keys.
    """
    made: set[Subject] = set()
    kept: list[Step] = []
    for step in steps:
        if not isinstance(step, Leg):
            kept.append(step)
            continue
        changes = []
        for change in step.changes:
            if isinstance(change, MakeFolder | CreateKey):
                if subject(change) in made:
                    continue
                made.add(subject(change))
            changes.append(change)
        if changes:
            kept.append(Leg(step.title, tuple(changes)))
    return tuple(kept)
