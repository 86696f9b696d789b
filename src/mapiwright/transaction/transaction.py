"""The transaction: the only thing that writes to a workstation.

Each leg is backed up and journalled before it is applied, and read back after. The receipt and then ``commit`` end
it; the journal's removal is the end mark. Whatever cuts it short, this run or the next takes all of it back, or
finishes what was committed ([native] 5.2).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from mapiwright import __version__
from mapiwright.errors import (
    CancelledError,
    ConflictError,
    FailedError,
    MapiwrightError,
    UsageError,
)
from mapiwright.message import Message
from mapiwright.transaction.plans import compose
from mapiwright.transaction.plans.effect import Status
from mapiwright.transaction.plans.own_ground import refuse_own_records
from mapiwright.transaction.plans.plan import Leg
from mapiwright.transaction.precondition import changed_since
from mapiwright.transaction.records import log
from mapiwright.transaction.records.journal import Journal
from mapiwright.transaction.records.receipt import (
    BACKUPS,
    EffectRecord,
    Receipt,
    backup_name,
    new_id,
    pack_backup,
    receipt_name,
    receipt_to_bytes,
)
from mapiwright.transaction.records.stores import Store
from mapiwright.transaction.records.takeover import copy, still_theirs
from mapiwright.transaction.recovery import (
    Ending,
    apply,
    finish,
    held,
    recover_held,
    recovery_needed,
    roll_back,
)
from mapiwright.workstation.change import Standing, standings
from mapiwright.workstation.outstanding import refuse_unnameable
from mapiwright.workstation.subject import firsts, name_of, net_of_each, on_files, on_registry, states, subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapiwright.transaction.plans.effect import Effect, EffectMaker
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.journal import Record
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import Workstation

Progress: TypeAlias = Callable[[int, int, Message], None]
"""Hears of each step before it is taken: how many are done, of how many, and what comes now."""

NO_MAKERS: Mapping[str, EffectMaker] = MappingProxyType({})


def in_silence(done: int, total: int, title: Message) -> None:
    """Report to nobody."""


def execute(
    plan: Plan,
    workstation: Workstation,
    *,
    makers: Mapping[str, EffectMaker] = NO_MAKERS,
    progress: Progress = in_silence,
) -> Receipt:
    """Make the plan true, all of it or none, and return the receipt.

    First an interrupted run is recovered, with ``makers``. Raises RefusedError where a hive cannot be written,
    BusyError, or ConflictError where the workstation is not as the plan expects, and then nothing was written;
    FailedError where it failed and all was rolled back; RecoveryNeededError where that failed too, and then the next
    run tries again. An interrupt that comes when all is done changes nothing: the receipt is returned.
    """
    if plan.empty:
        raise UsageError(
            "the plan has nothing in it", where=str(plan.title), expected="a leg with changes, or an effect"
        )
    refuse_unwritable(plan, workstation)
    done: Receipt | None = None
    try:
        with held(workstation, _concerned(plan)) as mine:
            workstation.refresh()  # from here on nobody else changes what is read
            before = recover_held(workstation, makers, mine)
            if before.ending is not Ending.NOTHING:
                workstation.refresh()
                progress(0, len(plan.steps), before.message)
            refuse_changed_since(plan, workstation)
            done = _Run(plan, workstation, progress).to_the_end()
    except KeyboardInterrupt:
        if done is None:
            raise
    finally:
        workstation.refresh()
    return done


def refuse_changed_since(plan: Plan, workstation: Workstation) -> None:
    """Raise ConflictError, with their names, where things are not as they were for the plan.

    They are what it changes, and the preconditions that it was derived from.
    """
    lost = compose.drifted(_expected(plan, workstation), workstation, {Standing.OLD})
    _refuse_drifted((*lost, *changed_since(plan.terms.preconditions, workstation)), workstation)


def refuse_unwritable(plan: Plan, workstation: Workstation) -> None:
    """Raise RefusedError, or NotFoundError, where what the plan changes cannot be written here, or may not be.

    Nothing was.
    """
    refuse_own_records(plan.changes, workstation)
    files = on_files(plan.changes)
    if files:
        workstation.files.refuse_impossible((*compose.making_own_folder(workstation), *files))
    refuse_unnameable(on_registry(plan.changes))
    workstation.registry.refuse_unwritable(change.key for change in on_registry(firsts(plan.changes)))


class _Run:
    """One transaction under way, in the hands of who holds the lock."""

    def __init__(self, plan: Plan, workstation: Workstation, progress: Progress) -> None:
        self._plan = plan
        self._workstation = workstation
        self._store = Store(workstation.state)
        self._state = workstation.state
        self._progress = progress
        self._journal = Journal(workstation.state)
        self._started = datetime.now(UTC)
        self._id = new_id(workstation, self._started)
        self._legs: list[tuple[Message, str]] = []
        self._effects: list[EffectRecord] = []
        self._begun: list[Effect] = []
        self._step = Message.literal("")
        self._waiting: list[Leg] = []
        """Legs with no effect between them: each is journalled by itself, and all are written at once."""
        self._known = {subject(change): states(change)[0] for change in _expected(plan, workstation)}
        """How things stood when they were last read: before the run, or after the leg that changed them."""
        self._planned = {subject(change) for change in plan.changes}
        self._drifted: dict[int, set[Subject]] = {}
        """What somebody else changed since, and the run has not touched."""

    def to_the_end(self) -> Receipt:
        """Do it; on whatever error take it back and raise."""
        try:
            self._do()
        except BaseException as error:
            # Ctrl-C too: whatever it was, nothing stays half done. The journal is read again, as what a failed
            # write left of a line is not known.
            try:
                journal = Journal(self._state)
                done = journal.committed
                begun = bool(self._legs or self._begun or journal.of("leg"))
                notes = () if done else self._roll_back(journal)
            except (MapiwrightError, OSError, KeyboardInterrupt) as second:
                log.note_error(self._state, "stuck", second, id=self._id, title=self._plan.title)
                raise recovery_needed(second, self._plan.title) from error
            if not done:
                title = self._plan.title
                log.note_error(
                    self._state, "rolled back", error, id=self._id, title=title, step=self._step, notes=notes
                )
                reported = _reported(error, notes, begun=begun)
                if reported is error:
                    raise
                raise reported from error
        # It is committed. What cannot be cleaned up now, the next run does.
        with suppress(MapiwrightError, OSError, KeyboardInterrupt):
            calls = [[effect.title, effect.status, effect.message] for effect in self._effects]
            log.note(self._state, "committed", id=self._id, title=self._plan.title, calls=calls)
            finish(self._workstation, self._store, Journal(self._state))
        return self._receipt()

    def _do(self) -> None:
        total = len(self._plan.steps)
        steps = [step.title for step in self._plan.steps]
        log.note(
            self._state,
            "begun",
            id=self._id,
            version=__version__,
            verb=self._plan.verb,
            title=self._plan.title,
            steps=steps,
        )
        self._journal.add(
            "begin",
            id=self._id,
            version=__version__,
            verb=self._plan.verb,
            title=self._plan.title.to_json(),
            created=self._receipt().created,
        )
        for done, step in enumerate(self._plan.steps):
            if not isinstance(step, Leg):
                self._make_legs()
            self._step = step.title
            self._progress(done, total, step.title)
            if isinstance(step, Leg):
                self._waiting.append(step)
            else:
                self._effect(step)
        self._make_legs()
        self._progress(total, total, self._plan.title)
        self._take_over()
        self._state.write(receipt_name(self._id), receipt_to_bytes(self._receipt()))
        self._journal.add("commit")

    def _take_over(self) -> None:
        """Copy the users' receipts that this run ends; what finishes it drops the originals."""
        taken = still_theirs(self._workstation, self._plan.terms.takes_over)
        if taken:
            self._journal.add("takes-over", receipts=list(taken))
        for id_ in taken:
            copy(self._workstation, id_)

    def _make_legs(self) -> None:
        """Back up, journal, apply and read back the legs that wait."""
        each = net_of_each([leg.changes for leg in self._waiting])
        own = (compose.without_own_folder(changes, self._workstation) for changes in each)
        legs = [(leg.title, changes) for leg, changes in zip(self._waiting, own, strict=True) if changes]
        self._waiting = []
        changes = tuple(change for _, leg in legs for change in leg)
        if not changes:
            return
        refuse_own_records(changes, self._workstation)
        if any(subject(change) not in self._planned for change in changes):  # what an effect wants was not seen yet
            self._workstation.files.refuse_impossible(on_files(changes))
        lost = self._lost(changes)
        _refuse_drifted((*lost, *compose.in_the_way(changes, self._workstation)), self._workstation)
        for title, leg in legs:
            data, digest = pack_backup(leg)
            self._state.write(backup_name(self._id, len(self._legs)), data)
            self._journal.add("leg", leg=len(self._legs), title=title.to_json(), digest=digest)
            self._legs.append((title, digest))
        for name, data in self._workstation.registry.unclosed(each.key for each in on_registry(changes)).items():
            self._state.write(f"{BACKUPS}{self._id}/unclosed/{name}", data)
        self._apply(changes, len(self._legs) - len(legs))
        unmade = compose.drifted(changes, self._workstation, {Standing.NEW})
        if unmade:
            raise FailedError(
                f"{len(unmade)} thing(s) did not read back as they were written: {'; '.join(unmade)}",
                where=self._workstation.uri,
            )
        self._known |= {subject(change): states(change)[1] for change in changes}

    def _lost(self, changes: Iterable[Change]) -> tuple[str, ...]:
        """The names of what is not as the changes expect; what was read once in this run is not read again."""
        unknown, lost = [], []
        for change in changes:
            what, old = subject(change), states(change)[0]
            if what not in self._known:
                unknown.append(change)
            elif self._known[what] != old:
                lost.append(name_of(change))
        return (*lost, *compose.drifted(unknown, self._workstation, {Standing.OLD}))

    def _apply(self, changes: tuple[Change, ...], first_leg: int) -> None:
        """Make the changes true; where somebody was faster, note with what, as none of that is the run's to undo."""
        try:
            apply(self._workstation, changes)
        except ConflictError:
            stand = standings(changes, self._workstation.registry, self._workstation.files)
            drifted = {subject(change) for change, stands in stand if stands is Standing.OTHER}
            self._drifted = dict.fromkeys(range(first_leg, len(self._legs)), drifted)
            raise

    def _roll_back(self, journal: Journal) -> tuple[Message, ...]:
        return roll_back(self._workstation, self._store, journal, self._begun_effect, untouched=self._drifted)

    def _effect(self, effect: Effect) -> None:
        description = effect.describe()
        number = len(self._begun)
        self._begun.append(effect)
        title = effect.title.to_json()
        self._journal.add("will", effect=number, kind=effect.kind, title=title, description=description)
        try:
            outcome = effect.run(self._workstation)
        except MapiwrightError as error:
            if not error.was_called:  # it is not called back, neither now nor by who recovers this
                self._journal.add("did", effect=number, status=Status.SKIPPED.value)
            raise
        self._journal.add("did", effect=number, status=outcome.status.value)
        self._effects.append(
            EffectRecord(
                effect.kind,
                effect.title,
                description,
                outcome.status.value,
                outcome.message,
                outcome.details,
                after=len(self._legs),
            )
        )
        self._waiting.append(Leg(effect.title, outcome.changes))

    def _begun_effect(self, will: Record) -> Effect:
        return self._begun[will["effect"]]

    def _receipt(self) -> Receipt:
        return Receipt(
            self._id,
            self._plan.verb,
            self._plan.title,
            self._started.isoformat(timespec="seconds"),
            self._workstation.uri,
            self._plan.terms,
            tuple(self._legs),
            tuple(self._effects),
        )


def _concerned(plan: Plan) -> set[str]:
    """The SIDs of the users whose keys a plan changes, or may: what an effect changes is not known yet."""
    return {change.key.parts[0] for change in on_registry(plan.changes) if change.key.root == "HKU"}


def _expected(plan: Plan, workstation: Workstation) -> tuple[Change, ...]:
    """The changes that say how the workstation must be before the plan."""
    return compose.without_own_folder(firsts(plan.changes), workstation)


def _refuse_drifted(lost: tuple[str, ...], workstation: Workstation) -> None:
    if lost:
        raise ConflictError(
            f"{compose.counted(lost)} not as the plan expects:{compose.listed(lost)}",
            where=workstation.uri,
            remedy="Somebody else changed that since the plan was made. Plan again.",
        )


def _reported(error: BaseException, notes: tuple[Message, ...], *, begun: bool) -> BaseException:
    """The error that the caller gets: it says that all was rolled back, and what could not be called back."""
    if isinstance(error, MapiwrightError) and not begun:
        return error
    match error:
        case FailedError():
            reported: MapiwrightError = error
        case MapiwrightError():
            reported = FailedError(error.what, where=error.where, expected=error.expected, remedy=error.remedy)
            reported.hresult = error.hresult
        case OSError():
            reported = FailedError(error.strerror or str(error), where=str(error.filename or ""))
        case KeyboardInterrupt():
            reported = CancelledError("interrupted")
        case _:
            return error
    reported.say_also(Message.of("sentences.rolled-back"), *notes)
    return reported
