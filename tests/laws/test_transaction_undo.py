"""Receipts: what they keep, how they are undone, and when undo expires."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import (
    ConflictError,
    EntryPointError,
    FormatError,
    NotFoundError,
    RecoveryNeededError,
    RefusedError,
)
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Outcome, Status
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import NO_TERMS, NamedUser, PlanSubject, Role, Terms
from mapiwright.transaction.records.receipt import (
    UNDO_DAYS,
    EffectRecord,
    Receipt,
    changes_of,
    damaged_receipts,
    expired,
    new_id,
    prune,
    receipt,
    receipt_from_bytes,
    receipt_to_bytes,
    receipts,
)
from mapiwright.transaction.recovery import recover
from mapiwright.transaction.transaction import execute
from mapiwright.transaction.undo import undo_plan
from mapiwright.workstation.change import CreateKey, MakeFolder, SetValue, WriteFile
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.registry import KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.transaction.plans.effect import Effect
    from mapiwright.transaction.plans.plan import Step
    from mapiwright.workstation.workstation import Workstation

said = Message.literal

ACME = KeyPath.parse(r"HKLM\SOFTWARE\Acme")
NOW = datetime(2026, 11, 22, 22, 33, 1, tzinfo=UTC)
MAKE = Leg(
    said("make"),
    (
        MakeFolder(r"C:\Windows\acme"),
        WriteFile(r"C:\Windows\acme\acme.dll", None, b"MZ"),
        CreateKey(ACME),
        SetValue(ACME, "Version", None, Value.dword(1)),
    ),
)
CALLED = SetValue(ACME, "Version", Value.dword(1), Value.dword(2))


@dataclass
class Service:
    """A service that says what it was asked to whoever holds ``asked``, made again from a description or not."""

    asked: list[str] = field(default_factory=list)
    status: Status = Status.DONE
    name: str = "ACME"
    fails: str = ""

    kind = "service"

    @property
    def title(self) -> Message:
        return said(f"call {self.name}")

    def describe(self) -> Mapping[str, Any]:
        return {"name": self.name}

    def run(self, workstation: Workstation) -> Outcome:
        self.asked.append(f"run {self.name}")
        if self.fails == "run":
            raise EntryPointError("it cannot")
        is_there = workstation.registry.value(ACME, "Version") == CALLED.old
        return Outcome(self.status, said("called"), (CALLED,) if is_there else ())

    def compensate(self, workstation: Workstation) -> None:
        dll = workstation.files.read(r"C:\Windows\acme\acme.dll") is not None
        self.asked.append(f"compensate {self.name}{'' if dll else ', with its DLL gone'}")
        if self.fails == "compensate":
            raise EntryPointError("it cannot")

    def again(self, description: Mapping[str, Any]) -> Effect:
        return replace(self, name=description["name"])


@pytest.fixture
def pc() -> MemoryWorkstation:
    return MemoryWorkstation.of(layout())


def plan(*steps: Step, verb: str = "profile", terms: Terms = NO_TERMS) -> Plan:
    return Plan(verb, said("make Acme"), steps, terms)


def test_a_receipt_is_found_by_its_id(pc: MemoryWorkstation) -> None:
    made = [execute(plan(Leg(said(str(n)), (CreateKey(ACME / str(n)),))) if n else plan(MAKE), pc) for n in range(4)]
    assert receipts(pc) == tuple(made)
    assert receipt(pc, made[1].id) == made[1]
    with pytest.raises(NotFoundError, match=made[3].id):
        receipt(pc, "20000101T000000-0000")
    with pytest.raises(NotFoundError, match="none"):
        receipt(MemoryWorkstation.of(layout()), made[0].id)


def test_ids_sort_by_time_also_where_a_clock_goes_backwards(pc: MemoryWorkstation) -> None:
    ids = []
    for now in (NOW, NOW, NOW - timedelta(days=1), NOW + timedelta(days=1)):
        ids.append(new_id(pc, now))
        pc.state.write(f"receipts/{ids[-1]}.json", b"")
    assert ids == sorted(ids)
    assert len({id_[:15] for id_ in ids}) == 4
    assert ids[0].startswith("20261122T223301-")
    assert len(ids[0]) == 20


TERMS = Terms(
    {"k": {"v": 1}},
    PlanSubject("acme", Role.ENDS),
    (said("a note"), Message.of("sentences.of-user")),
    (NamedUser("Zoë", "S-1"),),
    (NamedUser("Ö", "S-2"),),
    ({"title": "t"},),
    "0-a",
    ("0-b",),
    "00ff",
)


def test_a_receipt_comes_back_as_it_was_written() -> None:
    effect = EffectRecord("service", said("call"), {"a": 1}, "pending", said("later"), {"b": [1, None]}, 1)
    title, legs = said("tïtle \ud800"), ((said("leg"), "00"),)
    made = Receipt("1-a", "install", title, "2026", "image:/x", TERMS, legs, (effect,))
    assert receipt_from_bytes(receipt_to_bytes(made), where="here") == made


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"version": 1}', b'{"version": 2, "id": 1}', b"\xff", b"[" * 9999]
)
def test_a_damaged_receipt_is_told_with_its_name(pc: MemoryWorkstation, data: bytes) -> None:
    pc.state.write("receipts/1-a.json", data)
    made = execute(plan(MAKE), pc)
    assert receipts(pc) == (made,)
    (damaged,) = damaged_receipts(pc)
    assert damaged.where == "receipts/1-a.json"
    assert pc.state_folder in damaged.remedy
    with pytest.raises(FormatError, match="damaged"):
        receipt(pc, "1-a")


def test_the_changes_of_a_receipt_are_kept_with_old_and_new(pc: MemoryWorkstation) -> None:
    made = execute(plan(MAKE, Service()), pc)
    assert changes_of(pc, made) == (*MAKE.changes, CALLED)


def test_a_damaged_backup_is_told(pc: MemoryWorkstation) -> None:
    made = execute(plan(MAKE), pc)
    pc.state.write(f"backups/{made.id}/0.json", b"{}")
    pc.refresh()
    with pytest.raises(FormatError, match="digest"):
        changes_of(pc, made)


def test_undo_takes_all_back_in_reverse(pc: MemoryWorkstation) -> None:
    service = Service()
    before = pc.registry.read(KeyPath.parse(r"HKLM\SOFTWARE"))
    made = execute(plan(MAKE, service, replace(service, name="LATER", status=Status.PENDING)), pc)
    back = undo_plan(pc, made.id, {"service": service.again})
    assert [str(step.title) for step in back.steps] == ["undo: call ACME", "undo: call ACME", "undo: make"]
    assert service.asked == ["run ACME", "run LATER"], "a plan calls nothing"
    undone = execute(back, pc)
    assert pc.registry.read(KeyPath.parse(r"HKLM\SOFTWARE")) == before
    assert not pc.files.is_folder(r"C:\Windows\acme")
    assert service.asked[2:] == ["compensate ACME"], "and what was pending was never sent"
    assert receipt(pc, made.id).undone_by == undone.id
    assert pc.state.names("backups/") == (), "nothing of it is needed any more"
    with pytest.raises(RefusedError, match="undone already"):
        undo_plan(pc, made.id, {})
    with pytest.raises(RefusedError, match="an undo cannot be undone"):
        undo_plan(pc, undone.id, {})


def test_an_undo_tells_what_could_not_be_called_back(pc: MemoryWorkstation) -> None:
    service = Service(fails="compensate")
    made = execute(plan(MAKE, service), pc)
    undone = execute(undo_plan(pc, made.id, {"service": service.again}), pc)
    (effect,) = undone.effects
    assert effect.status == "skipped"
    assert "could not be undone: it cannot" in str(effect.message)


def test_an_undo_that_fails_calls_again_what_it_had_called_back(pc: MemoryWorkstation) -> None:
    service = Service()
    made = execute(plan(MAKE, service), pc)
    back = undo_plan(pc, made.id, {"service": service.again})
    after = pc.registry.read(ACME)
    with pytest.raises(EntryPointError):
        execute(replace(back, steps=(*back.steps, replace(service, name="OTHER", fails="run"))), pc)
    assert service.asked[1:] == [
        "compensate ACME",
        "run OTHER",
        "compensate OTHER, with its DLL gone",
        "run ACME",
    ]
    assert pc.registry.read(ACME) == after
    assert receipt(pc, made.id).undone_by == ""


class PowerCutError(BaseException):
    pass


def test_an_undo_that_was_cut_short_is_recovered_in_a_fresh_process(
    pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service()
    made = execute(plan(MAKE, service), pc)
    back = undo_plan(pc, made.id, {"service": service.again})
    append = pc.state.append

    def power_cut(*_: object) -> None:
        raise PowerCutError

    def until_the_commit(name: str, data: bytes) -> None:
        if b'"commit"' in data:
            for owner, action in [
                (pc.state, "append"),
                (pc.state, "delete"),
                (pc.registry, "apply"),
                (pc.files, "apply"),
            ]:
                monkeypatch.setattr(owner, action, power_cut)
            power_cut()
        append(name, data)

    monkeypatch.setattr(pc.state, "append", until_the_commit)
    with pytest.raises(PowerCutError):
        execute(back, pc)
    monkeypatch.undo()
    assert pc.registry.read(ACME) is None
    recover(pc, {"service": service.again})
    assert pc.registry.value(ACME, "Version") == CALLED.new
    assert service.asked == ["run ACME", "compensate ACME", "run ACME"]
    assert receipts(pc) == (made,)


def test_what_somebody_changed_since_is_listed_and_nothing_undone(pc: MemoryWorkstation) -> None:
    made = execute(plan(MAKE), pc)
    pc.registry.apply([CALLED, SetValue(ACME, "Theirs", None, Value.dword(9))])
    pc.files.apply([WriteFile(r"C:\Windows\acme\notes.txt", None, b"")])
    with pytest.raises(ConflictError, match="3 thing") as raised:
        undo_plan(pc, made.id, {})
    for name in ("'Version'", "'Theirs'", "notes.txt"):
        assert name in raised.value.what


def test_an_undo_needs_to_know_what_it_calls_back(pc: MemoryWorkstation) -> None:
    made = execute(plan(MAKE, Service()), pc)
    with pytest.raises(RecoveryNeededError, match="'service'"):
        undo_plan(pc, made.id, {})


def test_undo_expires(pc: MemoryWorkstation) -> None:
    made = execute(plan(MAKE), pc)
    created = datetime.fromisoformat(made.created)
    prune(pc, created + timedelta(days=UNDO_DAYS))
    assert changes_of(pc, made)
    prune(pc, created + timedelta(days=UNDO_DAYS, seconds=1))
    with pytest.raises(NotFoundError, match="undo has expired"):
        changes_of(pc, made)
    with pytest.raises(NotFoundError, match="undo has expired"):
        undo_plan(pc, made.id, {})
    assert receipts(pc) == (made,), "the receipt itself stays"


def told(id_: str, days: int, subject: PlanSubject | None = None, undoes: str = "") -> Receipt:
    terms = Terms(subject=subject, undoes=undoes)
    return Receipt(id_, "verb", said(""), (NOW - timedelta(days=days)).isoformat(), "", terms, (), ())


def test_what_an_install_brought_is_kept_while_it_is_installed_and_30_days_more() -> None:
    comes, goes = PlanSubject("acme", Role.BEGINS), PlanSubject("acme", Role.ENDS)
    there = (
        told("1", 900, comes),
        told("2", 800, goes),
        told("3", 700, comes),
        told("4", 700, PlanSubject("other", Role.BEGINS)),
        told("5", 29, goes),
        told("6", 600, PlanSubject("", Role.BEGINS)),
        told("7", 31, PlanSubject("acme")),
        told("8", 29),
    )
    assert [one.id for one in expired(there, NOW)] == ["1", "2", "7"]
    assert [one.id for one in expired((*there, told("9", 0, undoes="5")), NOW)] == ["1", "2", "7", "9"]
    undone = tuple(replace(one, undone_by="9") if one.id == "5" else one for one in there)
    assert [one.id for one in expired(undone, NOW + timedelta(days=99))] == ["1", "2", "5", "7", "8"]
