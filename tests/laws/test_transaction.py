"""One transaction, or none of it: legs and effects, conflicts, rollback, recovery."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import (
    BusyError,
    CancelledError,
    ConflictError,
    EntryPointError,
    FailedError,
    RecoveryNeededError,
    RefusedError,
    UsageError,
)
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Outcome, Status
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import PlanSubject, Role, Terms
from mapiwright.transaction.records.receipt import changes_of, receipts
from mapiwright.transaction.recovery import Ending, recover, unfinished
from mapiwright.transaction.transaction import execute
from mapiwright.transaction.undo import undo_plan
from mapiwright.workstation.change import (
    CreateKey,
    DeleteKey,
    MakeFolder,
    RemoveFolder,
    SetValue,
    WriteFile,
    file_with_parents,
)
from mapiwright.workstation.disk import replace
from mapiwright.workstation.disk.replace import replace_file
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.registry import Key, KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mapiwright.transaction.plans.plan import Step
    from mapiwright.workstation.change import Change, RegistryChange
    from mapiwright.workstation.workstation import Workstation

said = Message.literal

ACME = KeyPath.parse(r"HKLM\SOFTWARE\Acme")
SECRET = b"correct horse battery staple"
FILES = Leg(
    said("files"),
    (MakeFolder(r"C:\Windows\acme"), WriteFile(r"C:\Windows\acme\acme.dll", None, b"MZ")),
)
KEYS = Leg(said("registry"), (CreateKey(ACME), SetValue(ACME, "Version", None, Value.dword(1))))
SET = SetValue(ACME, "Version", Value.dword(1), Value.dword(2))


class Died(BaseException):
    """A run that is dead: nothing that it does reaches the disk any more."""


@pytest.fixture
def pc() -> MemoryWorkstation:
    return MemoryWorkstation.of(layout())


def records(workstation: Workstation) -> tuple[str, ...]:
    """The names of what our state holds, but for the log, on which nothing depends."""
    return tuple(name for name in workstation.state.names() if not name.startswith("log"))


def content(workstation: Workstation) -> tuple[Key | None, object]:
    """All of the registry that matters here, and all files."""
    files: dict[str, object] = {}

    def walk(folder: str) -> None:
        for name in workstation.files.names(folder):
            path = f"{folder}\\{name}"
            is_folder = workstation.files.is_folder(path)
            files[path] = None if is_folder else workstation.files.read(path)
            if is_folder:
                walk(path)

    walk("C:")
    return workstation.registry.read(KeyPath.parse(r"HKLM\SOFTWARE")), files


@dataclass
class Service:
    """A service of the world outside: what it was asked, in order."""

    outcome: Outcome = field(default_factory=lambda: Outcome(Status.DONE, said("called")))
    error: BaseException | None = None
    grudge: BaseException | None = None
    asked: list[str] = field(default_factory=list)

    kind = "service"
    title = said("call the service")

    def describe(self) -> Mapping[str, Any]:
        return {"service": "ACME"}

    def run(self, workstation: Workstation) -> Outcome:  # noqa: ARG002 - it lives elsewhere
        self.asked.append("run")
        if self.error is not None:
            raise self.error
        return self.outcome

    def compensate(self, workstation: Workstation) -> None:  # noqa: ARG002 - likewise
        self.asked.append("compensate")
        if self.grudge is not None:
            raise self.grudge


def plan(*steps: Step) -> Plan:
    return Plan("install", said("install Acme"), steps, Terms(subject=PlanSubject("acme", Role.BEGINS)))


def kill(workstation: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], bool]:
    """Let the deed of that number, and every later one, be one of the dead; says whether it came to that."""
    actions = [0]

    def mortal(action: Callable[..., None]) -> Callable[..., None]:
        def do(*arguments: object) -> None:
            actions[0] += 1
            if actions[0] >= at:
                raise Died
            action(*arguments)

        return do

    for owner, name in [
        (workstation.state, "write"),
        (workstation.state, "append"),
        (workstation.state, "delete"),
        (workstation.files, "apply"),
        (workstation.registry, "apply"),
    ]:
        monkeypatch.setattr(owner, name, mortal(getattr(owner, name)))
    return lambda: actions[0] >= at


# Done.


def test_a_plan_is_made_true_and_told_in_a_receipt(pc: MemoryWorkstation) -> None:
    service = Service(Outcome(Status.DONE, said("it is well"), (SET,), {"hresult": 0}))
    steps: list[tuple[int, int, Message]] = []
    made = execute(plan(FILES, KEYS, service), pc, progress=lambda *step: steps.append(step))
    assert pc.files.read(r"C:\Windows\acme\acme.dll") == b"MZ"
    assert pc.registry.value(ACME, "Version") == Value.dword(2)
    assert service.asked == ["run"]
    assert [str(title) for title, _ in made.legs] == ["files", "registry", "call the service"]
    (effect,) = made.effects
    assert (effect.kind, effect.status, effect.message, effect.after) == ("service", "done", said("it is well"), 2)
    assert effect.details == {"hresult": 0}
    assert receipts(pc) == (made,)
    assert steps == [
        (0, 3, said("files")),
        (1, 3, said("registry")),
        (2, 3, said("call the service")),
        (3, 3, said("install Acme")),
    ]
    assert unfinished(pc) is None
    assert "journal" not in pc.state.names()


def test_a_pending_call_is_recorded_as_that(pc: MemoryWorkstation) -> None:
    made = execute(plan(Service(Outcome(Status.PENDING, said("no Windows here")))), pc)
    assert made.effects[0].status == "pending"
    assert made.legs == ()


def test_an_empty_plan_is_no_deed(pc: MemoryWorkstation) -> None:
    with pytest.raises(UsageError):
        execute(plan(), pc)
    assert records(pc) == ()


def test_what_comes_to_nothing_is_no_leg(pc: MemoryWorkstation) -> None:
    made = execute(plan(Leg(said("to and fro"), (CreateKey(ACME), DeleteKey(ACME)))), pc)
    assert made.legs == ()


def test_the_folder_of_our_own_records_is_no_part_of_a_plan(tmp_path: Path) -> None:
    """A planner sees that it is missing; the journal needs it before the first leg and after the last."""
    create_image(tmp_path / "pc")
    pc = open_workstation(f"image:{tmp_path / 'pc'}")
    path = rf"{pc.state_folder}\services\ACME.json"
    changes = tuple(file_with_parents(pc.files, path, b"{}"))
    assert MakeFolder(pc.state_folder) in changes
    made = execute(plan(Leg(said("record"), changes)), pc)
    assert pc.files.read(path) == b"{}"
    assert MakeFolder(pc.state_folder) not in changes_of(pc, made)
    execute(undo_plan(pc, made.id, {}), pc)
    assert not pc.files.is_folder(rf"{pc.state_folder}\services")
    assert pc.files.is_folder(pc.state_folder)


def test_neither_journal_nor_receipt_holds_a_value(pc: MemoryWorkstation) -> None:
    journals: list[bytes] = []

    @dataclass
    class Spy(Service):
        def run(self, workstation: Workstation) -> Outcome:
            journals.append(workstation.state.read("journal") or b"")
            return super().run(workstation)

    secret = SetValue(ACME, "001f67f0", None, Value.binary(SECRET))
    made = execute(plan(KEYS, Leg(said("secret"), (secret,)), Spy()), pc)
    receipt = pc.state.read(f"receipts/{made.id}.json") or b""
    for data in (*journals, receipt):
        assert b"registry" in data
        assert SECRET not in data
        assert Value.binary(SECRET).data.hex().encode() not in data
        assert b"Y29ycmVjdCBob3JzZ" not in data, "nor as base64"


# Refused: nothing was written.


def test_a_workstation_that_moved_is_refused_with_a_list(pc: MemoryWorkstation) -> None:
    execute(plan(KEYS, FILES), pc)
    before, state = content(pc), records(pc)
    stale = Leg(
        said("stale"),
        (SetValue(ACME, "Version", None, Value.dword(3)), WriteFile(r"C:\Windows\acme\acme.dll", b"", b"x")),
    )
    with pytest.raises(ConflictError, match="2 thing") as raised:
        execute(plan(Leg(said("first"), (CreateKey(ACME / "Below"),)), stale), pc)
    assert "'Version'" in raised.value.what
    assert r"C:\Windows\acme\acme.dll" in raised.value.what
    assert (content(pc), records(pc)) == (before, state)


def test_a_folder_where_a_file_should_be_is_told_with_the_others(pc: MemoryWorkstation) -> None:
    with pytest.raises(ConflictError, match=r"2 things .*:\n    C:\\Windows\n    .*Version"):
        execute(plan(Leg(said("files"), (WriteFile(r"C:\Windows", None, b""), SET))), pc)


def test_two_legs_that_follow_each_other_are_no_conflict(pc: MemoryWorkstation) -> None:
    execute(plan(KEYS, Leg(said("again"), (SET,))), pc)
    assert pc.registry.value(ACME, "Version") == Value.dword(2)


def test_changes_that_contradict_each_other_are_refused(pc: MemoryWorkstation) -> None:
    contradiction = SetValue(ACME, "version", Value.dword(7), None)
    with pytest.raises(ConflictError, match="contradict"):
        execute(plan(Leg(said("registry"), (*KEYS.changes, contradiction))), pc)
    assert pc.registry.subkeys(ACME) is None
    assert records(pc) == ()


def test_a_leg_that_finds_something_in_the_way_is_refused_and_all_rolled_back(pc: MemoryWorkstation) -> None:
    execute(plan(KEYS, FILES, Leg(said("below"), (CreateKey(ACME / "Below"),))), pc)
    before, state = content(pc), records(pc)
    going = Leg(said("go"), (DeleteKey(ACME), RemoveFolder(r"C:\Windows\acme")))
    with pytest.raises(ConflictError, match="3 thing") as raised:
        execute(plan(going), pc)
    for name in ("Below", "'Version'", "acme.dll"):
        assert name in raised.value.what
    assert (content(pc), records(pc)) == (before, state)
    first = Leg(said("first"), (WriteFile(r"C:\Windows\x", None, b""),))
    with pytest.raises(ConflictError, match="3 thing"):
        execute(plan(first, going), pc)
    with pytest.raises(FailedError, match="3 thing"):
        execute(plan(first, Service(), going), pc)
    assert (content(pc), records(pc)) == (before, state)


def test_a_workstation_that_is_being_changed_is_busy(pc: MemoryWorkstation) -> None:
    with pc.state.lock(), pytest.raises(BusyError):
        execute(plan(KEYS), pc)


def test_a_state_that_cannot_be_written_refuses(pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch) -> None:
    def lock() -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/mnt/pc/ProgramData")

    monkeypatch.setattr(pc.state, "lock", lock)
    with pytest.raises(RefusedError, match="records cannot be written") as raised:
        execute(plan(KEYS), pc)
    assert raised.value.where == "/mnt/pc/ProgramData"


def test_an_interrupt_after_the_commit_is_too_late(pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = pc.state.lock

    @contextmanager
    def interrupted() -> Iterator[Any]:
        with lock() as lease:
            yield lease
        raise KeyboardInterrupt

    monkeypatch.setattr(pc.state, "lock", interrupted)
    made = execute(plan(KEYS), pc)
    monkeypatch.undo()
    assert [each.id for each in receipts(pc)] == [made.id]


# Failed: all was rolled back.


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (EntryPointError("it said no", hresult=0x80040401), EntryPointError),
        (CancelledError("the user said no"), CancelledError),
        (KeyboardInterrupt(), CancelledError),
        (ConflictError("somebody was here"), FailedError),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "SOFTWARE"), FailedError),
        (ZeroDivisionError("a defect of ours"), ZeroDivisionError),
        (Died(), Died),
    ],
)
def test_an_effect_that_fails_takes_all_back(
    pc: MemoryWorkstation, error: BaseException, told: type[BaseException]
) -> None:
    before = content(pc)
    first, second = Service(Outcome(Status.DONE, said("called"), (SET,))), Service(error=error)
    with pytest.raises(told) as raised:
        execute(plan(FILES, KEYS, first, second), pc)
    assert type(raised.value) is told
    assert content(pc) == before
    assert records(pc) == ()
    assert first.asked == ["run", "compensate"]
    assert second.asked == ["run", "compensate"], "it may have been done"
    if isinstance(raised.value, FailedError):
        assert "Everything was rolled back." in str(raised.value)
        assert raised.value.exit_code == 3
    if isinstance(error, EntryPointError):
        assert raised.value is error
    if isinstance(error, ConflictError | EntryPointError) and isinstance(raised.value, FailedError):
        assert raised.value.hresult == error.hresult


def test_what_was_not_sent_is_not_called_back(pc: MemoryWorkstation) -> None:
    pending, skipped = (
        Service(Outcome(Status.PENDING, said(""))),
        Service(Outcome(Status.SKIPPED, said(""))),
    )
    with pytest.raises(EntryPointError):
        execute(plan(pending, skipped, Service(error=EntryPointError("no"))), pc)
    assert pending.asked == skipped.asked == ["run"]


def test_what_failed_before_it_reached_anything_is_not_called_back(pc: MemoryWorkstation) -> None:
    first, second = Service(), Service(error=EntryPointError("not loaded", was_called=False))
    with pytest.raises(EntryPointError, match="not loaded"):
        execute(plan(first, second), pc)
    assert first.asked == ["run", "compensate"]
    assert second.asked == ["run"]


def test_nor_does_a_recovery_call_it_back(pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead at any deed: once the journal tells that nothing was reached, no later process calls it back."""
    before, asked_by_recovery = content(pc), []
    for at in range(1, 100):
        service, again = Service(error=EntryPointError("not loaded", was_called=False)), Service()
        with monkeypatch.context() as life:
            dead = kill(pc, life, at)
            with pytest.raises((EntryPointError, Died)):
                execute(plan(KEYS, service), pc)
        recover(pc, {"service": partial(lambda one, _: one, again)})
        assert content(pc) == before
        if not dead():
            break
        if service.asked == ["run"]:
            asked_by_recovery.append(again.asked)
    assert asked_by_recovery
    assert not any(asked_by_recovery)


def test_a_call_that_cannot_be_taken_back_is_told_and_stops_nothing(pc: MemoryWorkstation) -> None:
    before = content(pc)
    service = Service(error=EntryPointError("no"), grudge=EntryPointError("never"))
    with pytest.raises(EntryPointError, match=r"(?s)no.*Everything was rolled back.*undo 'call the service': never"):
        execute(plan(KEYS, service), pc)
    assert content(pc) == before


def test_what_does_not_read_back_as_written_is_a_failure(
    pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(pc)
    apply = pc.registry.apply

    def forgetful(changes: Sequence[RegistryChange]) -> None:
        monkeypatch.undo()
        apply(changes[:1])

    monkeypatch.setattr(pc.registry, "apply", forgetful)
    with pytest.raises(FailedError, match=r"1 thing.*did not read back.*'Version'"):
        execute(plan(FILES, KEYS), pc)
    assert content(pc) == before


def test_a_rollback_that_does_not_read_back_keeps_the_journal(
    pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = pc.registry.apply
    monkeypatch.setattr(pc.registry, "apply", lambda changes: apply(changes[:1]))
    with pytest.raises(RecoveryNeededError, match="do not read back"):
        execute(plan(FILES, Leg(said("two"), (*KEYS.changes, CreateKey(ACME / "Below")))), pc)
    assert unfinished(pc) == said("install Acme")


def test_a_rollback_that_fails_keeps_the_journal_and_the_next_run_ends_it(
    pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(pc)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "SOFTWARE")

    @dataclass
    class Flood(Service):
        def run(self, workstation: Workstation) -> Outcome:
            monkeypatch.setattr(pc.registry, "apply", full)
            return super().run(workstation)

    with pytest.raises(RecoveryNeededError, match="No space left on device") as raised:
        execute(plan(FILES, KEYS, Flood(error=EntryPointError("no"))), pc)
    assert "recover" in raised.value.remedy
    assert raised.value.exit_code == 4
    assert unfinished(pc) == said("install Acme")
    with pytest.raises(RecoveryNeededError, match="No space left on device"):
        recover(pc, {"service": lambda _: Service()})
    monkeypatch.undo()
    ended = recover(pc, {"service": lambda _: Service()})
    assert ended.ending is Ending.ROLLED_BACK
    assert content(pc) == before
    assert records(pc) == ()


def test_ctrl_c_in_the_rollback_keeps_the_journal(pc: MemoryWorkstation) -> None:
    service = Service(error=KeyboardInterrupt(), grudge=KeyboardInterrupt())
    with pytest.raises(RecoveryNeededError, match="interrupted"):
        execute(plan(KEYS, service), pc)
    assert unfinished(pc) == said("install Acme")


def test_an_error_after_the_commit_changes_nothing_any_more(
    pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line may be on the disk although its sync failed: then it is done, and said so."""
    append = pc.state.append

    def unsure(name: str, data: bytes) -> None:
        append(name, data)
        if b"commit" in data:
            raise OSError(errno.EIO, os.strerror(errno.EIO), name)

    monkeypatch.setattr(pc.state, "append", unsure)
    made = execute(plan(KEYS), pc)
    assert receipts(pc) == (made,)
    assert unfinished(pc) is None


def test_a_journal_that_cannot_be_removed_is_removed_by_the_next_run(
    pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(name: str) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), name)

    monkeypatch.setattr(pc.state, "delete", stuck)
    made = execute(plan(KEYS), pc)
    assert unfinished(pc) == said("install Acme")
    monkeypatch.undo()
    ended = recover(pc, {})
    assert (ended.ending, ended.id, ended.title) == (Ending.FINISHED, made.id, said("install Acme"))
    assert "it is done" in str(ended.message)
    assert receipts(pc) == (made,)


# Cut short: the next run ends it.


def everything(service: Service) -> Plan:
    last: tuple[Change, ...] = (SetValue(ACME, "Version", Value.dword(2), None), DeleteKey(ACME))
    return plan(FILES, KEYS, service, Leg(said("last"), last))


def test_dead_at_any_deed_and_recovery_dead_at_any_deed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The coarse form of the proof in test_transaction_kills: every deed, and every deed of its recovery."""
    ends = set()
    old = content(MemoryWorkstation.of(layout()))
    new = content(
        (
            pc := MemoryWorkstation.of(layout()),
            execute(everything(Service(Outcome(Status.DONE, said(""), (SET,)))), pc),
        )[0]
    )
    died, first = True, 0
    while died:
        first += 1
        second, died_again = 0, True
        while died_again:
            second += 1
            pc, service = MemoryWorkstation.of(layout()), Service(Outcome(Status.DONE, said(""), (SET,)))
            with monkeypatch.context() as life:
                dead = kill(pc, life, first)
                with suppress(Died):
                    execute(everything(service), pc)
                died = dead()
            makers = {"service": lambda _, service=service: service}
            with monkeypatch.context() as life:
                dead = kill(pc, life, second)
                with suppress(Died):
                    recover(pc, makers)
                died_again = dead()
            recover(pc, makers)
            assert recover(pc, makers).ending is Ending.NOTHING, "recovered once is recovered"
            now = content(pc)
            assert now in (old, new)
            assert (now == new) == bool(receipts(pc))
            assert now == new or records(pc) == ()
            assert now == new or "run" not in service.asked or service.asked[-1] == "compensate"
            ends.add(now == new)
    assert ends == {True, False}
    assert first > 15


def dead_in_the_middle(pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch, *, at: int = 8) -> None:
    with monkeypatch.context() as life:
        kill(pc, life, at)
        with pytest.raises(Died):
            execute(everything(Service(Outcome(Status.DONE, said(""), (SET,)))), pc)


def test_the_next_run_recovers_first_and_says_so(pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch) -> None:
    dead_in_the_middle(pc, monkeypatch)
    reported: list[str] = []
    execute(plan(KEYS), pc, progress=lambda _done, _total, title: reported.append(str(title)))
    assert "'install Acme' was interrupted; all of it was rolled back." in reported
    assert pc.registry.value(ACME, "Version") == Value.dword(1)
    assert not pc.files.is_folder(r"C:\Windows\acme")


def test_what_somebody_changed_since_is_named_and_nothing_more_is_undone(
    pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead_in_the_middle(pc, monkeypatch, at=9)
    pc.registry.apply([SetValue(ACME, "Version", Value.dword(1), Value.dword(9))])
    before = content(pc)
    with pytest.raises(RecoveryNeededError, match="'Version'"):
        recover(pc, {"service": lambda _: Service()})
    assert content(pc) == before
    pc.registry.apply([SetValue(ACME, "Version", Value.dword(9), Value.dword(1))])
    assert recover(pc, {"service": lambda _: Service()}).ending is Ending.ROLLED_BACK


def test_an_effect_of_an_unknown_kind_is_not_passed_over(
    pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead_in_the_middle(pc, monkeypatch, at=10)
    with pytest.raises(RecoveryNeededError, match="'service'"):
        recover(pc, {})
    assert unfinished(pc) == said("install Acme")


def test_recovery_tells_what_it_could_not_call_back(pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch) -> None:
    dead_in_the_middle(pc, monkeypatch, at=10)
    ended = recover(pc, {"service": lambda _: Service(grudge=OSError(errno.EIO, "gone"))})
    assert "Could not undo 'call the service'" in str(ended.notes[0])
    assert records(pc) == ()


@pytest.mark.parametrize("damage", [None, b"[]"])
def test_a_backup_that_is_missing_or_damaged_is_told(
    pc: MemoryWorkstation, monkeypatch: pytest.MonkeyPatch, damage: bytes | None
) -> None:
    dead_in_the_middle(pc, monkeypatch, at=7)
    (backup, *_) = pc.state.names("backups/")
    pc.state.delete(backup)
    if damage is not None:
        pc.state.write(backup, damage)
    with pytest.raises(RecoveryNeededError, match="backup"):
        recover(pc, {})


def test_a_run_that_died_in_its_first_line_left_nothing_to_undo(pc: MemoryWorkstation) -> None:
    pc.state.append("journal", b"0badc0de {")
    assert recover(pc, {}).ending is Ending.NOTHING
    assert str(recover(pc, {}).message) == "No transaction was interrupted."
    assert records(pc) == ()


def test_what_somebody_changed_while_the_run_went_on_stays_and_the_rest_is_rolled_back(pc: MemoryWorkstation) -> None:
    theirs, path = SetValue(ACME, "Version", Value.dword(1), Value.dword(9)), r"C:\Windows\acme\acme.dll"

    @dataclass
    class Meanwhile(Service):
        def run(self, workstation: Workstation) -> Outcome:
            pc.registry.apply([theirs])
            return super().run(workstation)

    execute(plan(KEYS), pc)
    before = records(pc)
    with pytest.raises(FailedError, match="not as the plan expects"):
        execute(
            plan(FILES, Meanwhile(), Leg(said("last"), (WriteFile(path, b"MZ", b"PE"), CreateKey(ACME / "x"), SET))),
            pc,
        )
    assert pc.registry.read(ACME) == Key(values={"Version": Value.dword(9)})
    assert not pc.files.is_folder(r"C:\Windows\acme")
    assert records(pc) == before


def test_neighbouring_legs_are_written_at_once_and_legs_apart_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SOFTWARE once for three legs in a row, and once more for the one after a call; the undo likewise."""
    create_image(tmp_path / "pc")
    pc = open_workstation(f"image:{tmp_path / 'pc'}")
    before, _ = content(pc)
    written: list[str] = []

    def counted(path: Path, data: bytes | None, **options: Any) -> None:
        written.append(path.name)
        replace_file(path, data, **options)

    monkeypatch.setattr(replace, "replace_file", counted)
    there = Leg(said("more"), (CreateKey(ACME / "Below"), SET))
    gone = Leg(said("less"), (SetValue(ACME, "Version", Value.dword(2), None), DeleteKey(ACME / "Below")))
    last = Leg(said("last"), (SetValue(ACME, "Name", None, Value.sz("Acme")),))
    made = execute(plan(KEYS, there, FILES, gone, Service(), last), pc)
    assert written.count("SOFTWARE") == 2
    assert [str(title) for title, _ in made.legs] == ["registry", "files", "last"], "what comes to nothing is in none"
    assert pc.registry.read(ACME) == Key(values={"Name": Value.sz("Acme")})
    written.clear()
    execute(undo_plan(pc, made.id, {"service": lambda _: Service()}), pc)
    assert written.count("SOFTWARE") == 2
    assert content(pc)[0] == before
