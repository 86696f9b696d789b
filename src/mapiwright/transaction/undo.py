"""Undo: a receipt as the plan that takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mapiwright.errors import ConflictError, RecoveryNeededError, RefusedError
from mapiwright.message import Message
from mapiwright.transaction.plans import compose
from mapiwright.transaction.plans.effect import Effect, EffectMaker, Outcome, Status, call_back
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import Terms
from mapiwright.transaction.records.receipt import changes_of_leg, receipt
from mapiwright.workstation.change import Standing
from mapiwright.workstation.subject import inverse, net

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.transaction.plans.plan import Step
    from mapiwright.workstation.workstation import Workstation

TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The effect that calls another effect back; to compensate it is to run that one again."""

    effect: Effect

    @property
    def kind(self) -> str:
        """The name under which recovery finds it."""
        return TAKEN_BACK

    @property
    def title(self) -> Message:
        """One line for people."""
        return Message.of("steps.undo", title=self.effect.title)

    def describe(self) -> Mapping[str, Any]:
        """The other effect, by kind and description."""
        return {"kind": self.effect.kind, "description": self.effect.describe()}

    def run(self, workstation: Workstation) -> Outcome:
        """Call it back; a failure is reported and stops nothing, as in a rollback."""
        back = call_back(self.effect, workstation)
        if back.failure:
            return Outcome(Status.SKIPPED, Message.of("sentences.not-undone", why=back.failure))
        if back.idle is not None:
            return Outcome(Status.SKIPPED, back.idle)
        return Outcome(Status.DONE, Message.of("sentences.undone"))

    def compensate(self, workstation: Workstation) -> None:
        """Run it again; the changes that it wants are put back from the backup, not by it."""
        self.effect.run(workstation)


def remade(kind: str, description: Mapping[str, Any], makers: Mapping[str, EffectMaker]) -> Effect:
    """The effect that was described; raises RecoveryNeededError where its kind is not known."""
    if kind == TAKEN_BACK:
        return TakenBack(remade(description["kind"], description["description"], makers))
    if kind not in makers:
        raise RecoveryNeededError(
            f"this version does not know how to undo a step of the kind {kind!r}",
            expected=", ".join(sorted(makers)) or "no step of any kind",
            remedy="Run the version of Mapiwright that began it.",
        )
    return makers[kind](description)


def undo_plan(workstation: Workstation, receipt_id: str, makers: Mapping[str, EffectMaker]) -> Plan:
    """The plan that undoes a receipt, last step first; of a user's own, what the user is believed of.

    Raises NotFoundError where there is no such receipt or undo has expired, RefusedError where it was undone or is
    itself an undo, and ConflictError that lists each thing which somebody changed since.
    """
    found = receipt(workstation, receipt_id)
    if found.undone_by:
        raise RefusedError(f"it was undone already, by {found.undone_by}", where=f"receipt {found.id}")
    if found.terms.undoes:
        raise RefusedError("an undo cannot be undone", where=f"receipt {found.id}", remedy="Do again what it undid.")
    steps: list[Step] = []
    for number in range(len(found.legs) + 1):
        steps += [
            TakenBack(remade(effect.kind, effect.description, makers))
            for effect in found.effects
            if effect.after == number and effect.status == Status.DONE and not found.owner
        ]
        if number < len(found.legs):
            title = Message.of("steps.undo", title=found.legs[number][0])
            steps.append(Leg(title, inverse(changes_of_leg(workstation, found, number))))
    terms = Terms(undoes=found.id)
    if found.owner:
        steps = [step for step in steps if isinstance(step, Leg) and step.changes]  # the others were not believed
        notes = (Message.of("sentences.of-user"),) if found.effects else ()
        terms = Terms(undoes=found.id, takes_over=(found.id,), notes=notes)
    plan = Plan("undo", Message.of("steps.undo", title=found.title), tuple(reversed(steps)), terms)
    whole = net(plan.changes)
    lost = (*compose.drifted(whole, workstation, {Standing.OLD}), *compose.in_the_way(whole, workstation))
    if lost:
        raise ConflictError(
            f"{compose.counted(lost)} not as that run left them:{compose.listed(lost)}",
            where=f"receipt {found.id}",
            remedy="Undo what was done after it first, or put those things back.",
        )
    return plan
