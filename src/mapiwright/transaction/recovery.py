"""Recovery: the end of a transaction that was interrupted.

Where the journal says ``commit``, everything was done and only cleaning is left. Otherwise everything goes back:
legs and effects in reverse, each noted in the journal when it has gone, so that recovery may itself be killed at
any point and begun again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.errors import BusyError, FailedError, FormatError, MapiwrightError, RecoveryNeededError, RefusedError
from mapiwright.message import Message
from mapiwright.transaction.plans import compose
from mapiwright.transaction.plans.effect import Effect, EffectMaker, Status, call_back
from mapiwright.transaction.records import log
from mapiwright.transaction.records.journal import Journal, Record, title_in
from mapiwright.transaction.records.receipt import (
    BACKUPS,
    backup_name,
    loose_backups,
    prune,
    receipt_name,
    unpack_backup,
)
from mapiwright.transaction.records.stores import believed, stores
from mapiwright.transaction.records.takeover import drop_copy, drop_original, drop_records
from mapiwright.transaction.undo import remade
from mapiwright.workstation.change import Standing
from mapiwright.workstation.state import JOURNAL
from mapiwright.workstation.subject import inverse, on_files, on_registry, subject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from mapiwright.transaction.records.stores import Store
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import Workstation

LAST_RESORT = "If that cannot be done, `mapiwright recover --set-aside` names what would be left as it is, and asks."
"""What there is to do where nothing can be put right; see ``set_aside``."""

EffectOf: TypeAlias = Callable[[Record], Effect]
"""Gives the effect that a ``will`` record of the journal speaks of."""


class Ending(StrEnum):
    """What recovery did."""

    NOTHING = "nothing"
    ROLLED_BACK = "rolled back"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What recovery did, with which transaction, and what it could not call back."""

    ending: Ending
    id: str = ""
    title: Message | None = None
    notes: tuple[Message, ...] = ()

    @property
    def message(self) -> Message:
        """What it did, for people."""
        title = self.title or Message.literal("")
        match self.ending:
            case Ending.NOTHING:
                return Message.of("sentences.nothing-interrupted")
            case Ending.ROLLED_BACK:
                return Message.of("sentences.interrupted", title=title)
            case Ending.FINISHED:
                return Message.of("sentences.interrupted-at-its-end", title=title)

    @property
    def messages(self) -> tuple[Message, ...]:
        """All that people should know, a line each."""
        return (self.message, *self.notes)


def unfinished(workstation: Workstation) -> Message | None:
    """The title of the transaction that was interrupted (or is under way in another process), or None."""
    for store in stores(workstation):
        try:
            journal = Journal(store.state)
        except RecoveryNeededError:
            if store.owner:
                continue  # a user's own may hold anything
            raise
        if journal.exists:
            return journal.title
    return None


def recover(workstation: Workstation, makers: Mapping[str, EffectMaker]) -> Recovery:
    """End what a killed run left: finish it where it was committed, undo it otherwise; again and again the same.

    ``makers`` make the effects again, by their kind. Raises BusyError where that run is still alive, and
    RecoveryNeededError where somebody changed since what would have to go back; then nothing more was changed.
    """
    if all(store.state.read(JOURNAL) is None for store in stores(workstation)):
        return Recovery(Ending.NOTHING)
    try:
        with held(workstation) as mine:
            workstation.refresh()
            return recover_held(workstation, makers, mine)
    finally:
        workstation.refresh()


def recover_held(workstation: Workstation, makers: Mapping[str, EffectMaker], mine: Collection[Store]) -> Recovery:
    """As ``recover``, for who holds the locks of these stores.

    What a user's own store says and cannot be ended is in the notes, and stops nobody else's run.
    """
    first, *others = sorted(
        (_served(workstation, store, makers) for store in mine),
        key=lambda each: each.ending is Ending.NOTHING,
    )
    reported = (
        message for each in others for message in (each.notes if each.ending is Ending.NOTHING else each.messages)
    )
    return replace(first, notes=(*first.notes, *reported))


def _served(workstation: Workstation, store: Store, makers: Mapping[str, EffectMaker]) -> Recovery:
    """As ``ended``; but what cannot be ended of a user's own store is a note, and nobody else's end."""
    try:
        return ended(workstation, store, makers)
    except RecoveryNeededError as error:
        if not store.owner:
            raise
        who = next((user.name for user in workstation.users if user.sid == store.owner), store.owner)
        return Recovery(Ending.NOTHING, notes=(Message.of("sentences.user-stuck", user=who, why=error.what),))


def ended(workstation: Workstation, store: Store, makers: Mapping[str, EffectMaker]) -> Recovery:
    """End what the journal of one store records; what a user's does as far as the user is believed."""
    journal = Journal(store.state)
    if not journal.exists:
        return Recovery(Ending.NOTHING)
    id_, title = journal.id, journal.title

    def effect_of(will: Record) -> Effect:
        return remade(will["kind"], will["description"], makers)

    try:
        loose = () if journal.records else loose_backups(store.state)
        if loose:
            raise RecoveryNeededError(
                f"no line of the journal can be read, but something was begun: {', '.join(loose)} has backups",
                where=workstation.uri,
                expected="a journal as Mapiwright wrote it",
                remedy="The journal is kept. To leave what was begun as it is now: mapiwright recover --set-aside",
            )
        if journal.committed:
            finish(workstation, store, journal)
            log.note(workstation.state, "recovered", id=id_, title=title, ending=Ending.FINISHED)
            return Recovery(Ending.FINISHED, id_, title)
        notes = roll_back(workstation, store, journal, effect_of if not store.owner else None)
    except (MapiwrightError, OSError) as error:
        log.note_error(workstation.state, "stuck", error, id=id_, title=title)
        raise recovery_needed(error, title) from error
    log.note(workstation.state, "recovered", id=id_, title=title, ending=Ending.ROLLED_BACK, notes=notes)
    return Recovery(Ending.ROLLED_BACK if id_ else Ending.NOTHING, id_, title, notes)


def roll_back(
    workstation: Workstation,
    store: Store,
    journal: Journal,
    effect_of: EffectOf | None,
    *,
    untouched: Mapping[int, Collection[Subject]] = MappingProxyType({}),
) -> tuple[Message, ...]:
    """Roll back everything that the journal of a store records; returns what was not called back, for people.

    Without ``effect_of`` nothing is called. ``untouched`` is, by leg, what it was to change and did not, as somebody
    else had changed it; so it stays.
    """
    notes: list[Message] = []
    for record in reversed(tuple(journal.records)):
        match record:
            case {"do": "leg", "leg": leg, "title": _, "digest": _} if not journal.has("undone", leg=leg):
                _revert(workstation, store, journal.id, record, untouched.get(leg, ()))
                journal.add("undone", leg=leg)
            case {"do": "takes-over", "receipts": taken} if not store.owner:
                for id_ in taken:
                    drop_copy(workstation, id_)
            case {"do": "will", "effect": number, "title": _} if not harmless(journal, number):
                if effect_of is None:
                    notes.append(Message.of("sentences.not-believed", title=title_in(record)))
                else:
                    effect = effect_of(record)
                    failure = call_back(effect, workstation).failure
                    if failure:
                        notes.append(Message.of("sentences.not-called-back", title=effect.title, why=failure))
                journal.add("compensated", effect=number)
            case _:
                pass
    if journal.records:
        if store.owner:
            drop_records(store.state, journal.id)  # they are in the user's store, whose files are not believed
        store.state.delete(receipt_name(journal.id))
        for name in store.state.names(f"{BACKUPS}{journal.id}/"):
            store.state.delete(name)
    journal.end()
    workstation.kept.forget()  # there is a receipt less
    return tuple(notes)


def finish(workstation: Workstation, store: Store, journal: Journal) -> None:
    """Clean up after a committed transaction."""
    if not store.owner:
        for record in journal.of("takes-over"):
            for id_ in record["receipts"]:
                drop_original(workstation, id_)
        workstation.kept.forget()  # there is a receipt more
        prune(workstation, datetime.now(UTC))
    journal.end()


def apply(workstation: Workstation, changes: Sequence[Change]) -> None:
    """Make the changes true, files first."""
    files, registry = on_files(changes), on_registry(changes)
    try:
        if files:
            workstation.files.apply(files)
        if registry:
            workstation.registry.apply(registry)
    finally:
        workstation.kept.forget()


@contextmanager
def held(workstation: Workstation, concerned: Collection[str] = ()) -> Iterator[tuple[Store, ...]]:
    """Hold the locks of the stores; a user's that cannot be locked is left out, and stops nobody else's run.

    Raises BusyError where this run's own is held, or that of one of the users ``concerned``, by their SIDs;
    RefusedError where it cannot be written.
    """
    with ExitStack() as stack:
        mine: list[Store] = []
        for store in stores(workstation):
            try:
                stack.enter_context(store.state.lock())
            except BusyError:
                if not store.owner or store.owner in concerned:
                    raise
            except RefusedError:
                if not store.owner:
                    raise
            except OSError as error:
                if not store.owner:
                    raise RefusedError(
                        f"the workstation's own records cannot be written: {error.strerror or error}",
                        where=str(error.filename or workstation.uri),
                        expected="a folder where journal and receipts can be kept",
                        remedy="Nothing was changed.",
                    ) from error
            else:
                mine.append(store)
        yield tuple(mine)


def recovery_needed(error: BaseException, title: Message) -> RecoveryNeededError:
    """The error for a transaction that could not be ended, because of another one."""
    match error:
        case RecoveryNeededError():
            return error
        case MapiwrightError():
            what, where = error.what, error.where
        case OSError():
            what, where = error.strerror or str(error), str(error.filename or "")
        case _:
            what, where = "interrupted", ""
    return RecoveryNeededError(
        f"'{title}' was interrupted and could not be rolled back: {what}",
        where=where,
        remedy=f"The journal is kept. Put right what is said here, then run `mapiwright recover`.\n  {LAST_RESORT}",
    )


def _revert(workstation: Workstation, store: Store, id_: str, leg: Record, untouched: Collection[Subject]) -> None:
    """Undo a leg and read it back; raises RecoveryNeededError where somebody changed the same things since."""
    name = backup_name(id_, leg["leg"])
    data = store.state.read(name)
    if data is None:
        raise FormatError("the backup that undoes it is missing", where=name)
    changes = inverse(believed(unpack_backup(data, leg["digest"], where=name), store.owner))
    changes = tuple(change for change in changes if subject(change) not in untouched)
    lost = compose.drifted(changes, workstation, {Standing.OLD, Standing.NEW})
    if lost:
        raise RecoveryNeededError(
            f"somebody changed since what '{title_in(leg)}' had changed: {'; '.join(lost)}",
            where=workstation.uri,
            expected="the state before the change, or after it",
            remedy=f"The journal is kept. Put those things back, then run `mapiwright recover`.\n  {LAST_RESORT}",
        )
    apply(workstation, changes)
    unmade = compose.drifted(changes, workstation, {Standing.NEW})
    if unmade:
        raise FailedError(f"these do not read back as they were: {'; '.join(unmade)}", where=workstation.uri)


def harmless(journal: Journal, effect: int) -> bool:
    """Whether nothing is to be called back: it was called back, or it did not run."""
    return journal.has("compensated", effect=effect) or any(
        journal.has("did", effect=effect, status=status.value) for status in (Status.PENDING, Status.SKIPPED)
    )
