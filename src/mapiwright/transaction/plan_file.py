"""A plan as a file: saved, approved by somebody, and applied later to the workstation that it was made for.

The file is canonical JSON and holds every byte that the plan would write, so that applying it makes exactly the
changes that were printed. Its digest finds a damaged or edited file; it is no signature, for whoever can write the
file can write a digest. A plan that carries a secret is not saved.

    digest       SHA-256 of the document without this member, in its canonical form, as hex digits
    format       "mapiwright plan"
    schema       1
    plan         verb, title, record, and the steps: {leg, changes} or {effect, description}
    workstation  uri, and the facts by which it is known again
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mapiwright.errors import ConflictError, FormatError, MapiwrightError, NotFoundError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.props.protected import is_secret, is_secret_file
from mapiwright.message import Message
from mapiwright.transaction.plans.change_json import canonical, change_from_json, change_to_json, parse
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import terms_from_json, terms_to_json
from mapiwright.transaction.records.receipt import receipts
from mapiwright.transaction.single_file import LARGEST_PLAN, read_named
from mapiwright.transaction.transaction import refuse_changed_since
from mapiwright.transaction.undo import remade
from mapiwright.workstation.change import ReplaceAtRestart, SetValue, WriteFile
from mapiwright.workstation.registry import KeyPath
from mapiwright.workstation.subject import name_of, on_registry, subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mapiwright.transaction.plans.effect import EffectMaker
    from mapiwright.transaction.plans.plan import Step
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation

FORMAT = "mapiwright plan"
SCHEMA = 1
_NAME = KeyPath.parse(r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName")
_MACHINE = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Cryptography")


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan with the workstation that it was made for: its URI, and the facts by which it is known again."""

    plan: Plan
    uri: str
    facts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The SHA-256 that the file states, as hex digits."""
        return sha256(canonical(self._document())).hexdigest()

    def to_bytes(self) -> bytes:
        """The file; raises RefusedError where it would be larger than one that can be applied."""
        data = canonical({"digest": self.digest, **self._document()}) + b"\n"
        if len(data) > LARGEST_PLAN:
            raise RefusedError(
                f"the plan has {len(data):,} bytes, with the files that it writes",
                where=str(self.plan.title),
                expected=f"at most {LARGEST_PLAN:,} bytes",
                remedy="It was not saved. Make the change at once, without -o.",
            )
        return data

    def plan_for(self, workstation: Workstation) -> Plan:
        """The plan, whose record now states the digest; for this workstation as it stands.

        Raises ConflictError where it is another workstation, where the plan was applied, and where something that it
        changes was changed since, with the names of all that was.
        """
        here = _facts(self.plan, workstation)
        other = [
            f"{name} {here[name]!r} instead of {fact!r}" for name, fact in self.facts.items() if here[name] != fact
        ]
        if other:
            raise ConflictError(
                f"the plan was made for another workstation, or for another state of it: {'; '.join(other)}",
                where=workstation.uri,
                expected=self.uri,
                remedy=f"Name the workstation of the plan (--workstation {self.uri}), or plan again for this one.",
            )
        for receipt in receipts(workstation):
            if receipt.terms.approved == self.digest and not (receipt.undone_by or receipt.owner):
                raise ConflictError(
                    "the plan was applied already",
                    where=workstation.uri,
                    expected=f"a workstation without its receipt, {receipt.id}",
                    remedy="A plan is applied once. Plan again to see whether there is anything left to do.",
                )
        refuse_changed_since(self.plan, workstation)
        return replace(self.plan, terms=replace(self.plan.terms, approved=self.digest))

    def _document(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "schema": SCHEMA,
            "plan": {
                "verb": self.plan.verb,
                "title": self.plan.title.to_json(),
                **terms_to_json(self.plan.terms),
                "steps": [_step_to_json(step) for step in self.plan.steps],
            },
            "workstation": {"uri": self.uri, "facts": self.facts},
        }


def save(plan: Plan, workstation: Workstation) -> SavedPlan:
    """The plan with its workstation, ready for ``to_bytes``; raises RefusedError where it carries a secret."""
    secrets = tuple(dict.fromkeys(_secrets(plan)))
    if secrets:
        raise RefusedError(
            f"the plan carries secrets, which do not belong in a file: {'; '.join(secrets)}",
            where=str(plan.title),
            expected="a plan without secure properties and without data that Windows has sealed",
            remedy="It was not saved. Make the change at once, without -o; or leave out what is named here.",
        )
    return SavedPlan(plan, workstation.uri, _facts(plan, workstation))


def load_file(file: Path, makers: Mapping[str, EffectMaker]) -> SavedPlan:
    """The plan that was saved there; raises as ``load`` does, also for a file that is too large."""
    return load(read_named(file, LARGEST_PLAN, "a saved plan"), makers, where=str(file))


def load(data: bytes, makers: Mapping[str, EffectMaker], *, where: str = "") -> SavedPlan:
    """The plan that was saved; ``makers`` make its effects again, by their kind, and ``where`` names the file.

    Raises FormatError on anything that ``to_bytes`` did not give, also where the plan says more than can be read.
    """
    document = parse(data, where=where)
    match document:
        case {"format": str(format_), "schema": int(schema), "digest": str(digest)} if format_ == FORMAT:
            pass
        case _:
            raise FormatError("this is not a saved plan", where=where, expected="a file of `mapiwright plan -o FILE`")
    if schema != SCHEMA:
        raise FormatError(
            f"the plan is of schema {schema}, which this version does not know",
            where=where,
            expected=f"schema {SCHEMA}",
            remedy="Apply it with the version of Mapiwright that saved it, or plan again with this one.",
        )
    try:
        body = {name: member for name, member in document.items() if name != "digest"}
        intact = sha256(canonical(body)).hexdigest() == digest
        saved = _saved(document, makers) if intact else None
    except (MapiwrightError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # What an effect's maker says of a description that it never gave is its own affair.
        what = error.what if isinstance(error, MapiwrightError) else "it cannot be read"
        raise FormatError(f"the plan is damaged: {what}", where=where, remedy="Plan again.") from None
    if saved is None:
        raise FormatError(
            "the plan was changed after it was saved: its digest is not that of its content",
            where=where,
            expected=digest,
            remedy="Plan again, and have that approved.",
        )
    if canonical(saved._document()) != canonical(body):
        raise FormatError("the plan says more than this version can read", where=where, remedy="Plan again.")
    return saved


def _saved(document: Any, makers: Mapping[str, EffectMaker]) -> SavedPlan:
    """The content of a document; raises all that may come of one that nobody saved."""
    plan, workstation = document["plan"], document["workstation"]
    match plan, workstation:
        case (
            {"verb": str(verb), "title": title, "steps": [*steps]},
            {"uri": str(uri), "facts": dict(facts)},
        ) if facts.keys() == set(_FACTS) and all(isinstance(fact, str) for fact in facts.values()):
            legs_and_effects = tuple(_step_from_json(step, makers) for step in steps)
            return SavedPlan(
                Plan(verb, Message.from_json(title), legs_and_effects, terms_from_json(plan)), uri, facts
            )
    raise FormatError("a part of it is missing")


def _step_to_json(step: Step) -> Any:
    if isinstance(step, Leg):
        return {"leg": step.title.to_json(), "changes": [change_to_json(change) for change in step.changes]}
    return {"effect": step.kind, "description": step.describe()}


def _step_from_json(json_: Any, makers: Mapping[str, EffectMaker]) -> Step:
    match json_:
        case {"leg": title, "changes": [*changes]}:
            leg = Leg(Message.from_json(title), tuple(change_from_json(change) for change in changes))
            for change in leg.changes:
                subject(change)  # which a path that is none of Windows' has not
            return leg
        case {"effect": str(kind), "description": dict(description)}:
            return remade(kind, description, makers)
    raise FormatError("a step is neither a leg nor an effect")


def _facts(plan: Plan, workstation: Workstation) -> dict[str, str]:
    """What distinguishes this workstation from others, as far as the plan rests on it."""
    return {name: report(plan, workstation) for name, report in _FACTS.items()}


def _computer(_: Plan, workstation: Workstation) -> str:
    value = workstation.registry.value(_NAME, "ComputerName")
    return value.text if value is not None else ""


def _machine(_: Plan, workstation: Workstation) -> str:
    """What Windows made up for itself when it was set up; where there is none, a place is all that one can go by."""
    value = workstation.registry.value(_MACHINE, "MachineGuid")
    return value.text if value is not None else workstation.uri


def _outlook(_: Plan, workstation: Workstation) -> str:
    try:
        found = workstation.outlook
    except NotFoundError:
        return ""
    return f"{found.edition} {found.bitness}, {found.inf_path}"


def _users(plan: Plan, workstation: Workstation) -> str:
    """Those whose keys the plan changes: others may come and go."""
    changed = {
        upcase(name)
        for change in on_registry(plan.changes)
        if change.key.root == "HKU"
        for name in change.key.parts[:1]
    }
    return ", ".join(
        f"{user.name} ({user.sid})" for user in workstation.users if upcase(user.root.parts[0]) in changed
    )


_FACTS = {"computer name": _computer, "machine": _machine, "Outlook": _outlook, "users": _users}


def _secrets(plan: Plan) -> Iterator[str]:
    """The names of what carries a secret."""
    for change in plan.changes:
        if _is_secret(change):
            yield name_of(change)
    for effect in plan.effects:
        if _withholds(effect.describe()):
            yield str(effect.title)


def _is_secret(change: Change) -> bool:
    match change:
        case SetValue(name=name, old=old, new=new):
            return any(is_secret(name, value) for value in (old, new) if value is not None)
        case WriteFile(path=path, old=old, new=new) | ReplaceAtRestart(path=path, old=old, new=new):
            return any(is_secret_file(path, data) for data in (old, new) if data is not None)
        case _:
            return False


def _withholds(description: Mapping[str, Any]) -> bool:
    """Whether the description, or that of the effect which it undoes, leaves out a secret."""
    within = description.get("description")
    return bool(description.get("withheld")) or (isinstance(within, dict) and _withholds(within))
