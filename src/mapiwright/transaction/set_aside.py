"""The exit of a recovery that cannot end: what cannot be rolled back stays as it is, on record.

What can be rolled back is, thing by thing. The rest is named to whoever agrees to leave it, and the journal goes
under ``set-aside/`` beside its backups, which are kept. Later runs may write again.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.errors import FormatError, MapiwrightError, NotFoundError, RecoveryNeededError
from mapiwright.message import Message
from mapiwright.transaction.plans.change_json import canonical, parse, unpack
from mapiwright.transaction.plans.effect import call_back
from mapiwright.transaction.records import log
from mapiwright.transaction.records.journal import Journal, title_in
from mapiwright.transaction.records.receipt import (
    BACKUPS,
    SET_ASIDE,
    backup_name,
    loose_backups,
    receipt_name,
    unpack_backup,
)
from mapiwright.transaction.records.stores import believed
from mapiwright.transaction.recovery import Recovery, apply, ended, harmless, held
from mapiwright.transaction.undo import remade
from mapiwright.workstation.change import Standing, standing
from mapiwright.workstation.state import JOURNAL
from mapiwright.workstation.subject import inverse, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mapiwright.transaction.plans.effect import EffectMaker
    from mapiwright.transaction.records.journal import Record
    from mapiwright.transaction.records.stores import Store
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.state import State
    from mapiwright.workstation.workstation import Workstation

_LEFT = "left.json"
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
"""The ids that we give; one in a user's own journal may be anything."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left of an interrupted transaction that could not be rolled back.

    ``left`` are the names of the things that are neither as they were before nor known to be; ``notes`` say what else
    was not undone. ``created`` is when it was set aside, UTC in ISO 8601, or "" as long as it is not.
    """

    id: str
    title: Message
    left: tuple[str, ...]
    notes: tuple[Message, ...] = ()
    created: str = ""


Agreement: TypeAlias = "Callable[[Sequence[Remains]], None]"
"""Shows what will be left to a person, and raises RefusedError where they do not agree."""


def set_aside(
    workstation: Workstation, makers: Mapping[str, EffectMaker], agree: Agreement
) -> tuple[tuple[Recovery, ...], tuple[Remains, ...]]:
    """Recover what can be recovered, and after ``agree`` set the rest aside.

    Returns what was recovered after all, and what was set aside. Raises BusyError where that run is still alive, and
    what ``agree`` raises; then the journals are as before, and recovery may be tried again.
    """
    recovered: list[Recovery] = []
    stuck: list[tuple[Store, Remains]] = []
    try:
        with held(workstation) as mine:
            workstation.refresh()
            for store in mine:
                if store.state.read(JOURNAL) is None:
                    continue
                try:
                    recovered.append(ended(workstation, store, makers))
                except RecoveryNeededError:
                    stuck.append((store, _rolled_back_in_part(workstation, store, makers)))
            if stuck:
                agree([remains for _, remains in stuck])
            done = tuple(_put_aside(workstation, store.state, remains) for store, remains in stuck)
    finally:
        workstation.refresh()
    return tuple(recovered), done


def remains_of(state: State) -> Iterator[Remains]:
    """What was set aside in a state, oldest first; of a record that cannot be read, its name."""
    for name in state.names(SET_ASIDE):
        if not name.endswith(f"/{_LEFT}"):
            continue
        id_ = name.split("/")[1]
        unreadable = Remains(id_, Message.literal(""), (name,))
        try:
            match parse(state.read(name) or b"", where=name):
                case {"title": title, "left": [*left], "created": str(created)}:
                    yield Remains(id_, Message.from_json(title), tuple(map(str, left)), (), created)
                case _:
                    yield unreadable
        except (FormatError, ValueError):
            yield unreadable


def forget(workstation: Workstation, id_: str) -> None:
    """Remove what was set aside under that id, and its backups; raises NotFoundError that lists the ids."""
    with held(workstation):
        known = [remains.id for remains in remains_of(workstation.state)]
        if id_ not in known:
            raise NotFoundError(
                f"nothing is set aside under {id_!r}",
                where=workstation.uri,
                expected=", ".join(known) or "nothing is set aside at all",
            )
        for name in (*workstation.state.names(f"{BACKUPS}{id_}/"), *workstation.state.names(f"{SET_ASIDE}{id_}/")):
            workstation.state.delete(name)
        log.note(workstation.state, "forgotten", id=id_)


def _rolled_back_in_part(workstation: Workstation, store: Store, makers: Mapping[str, EffectMaker]) -> Remains:
    """Roll back what goes back, each thing by itself, and name the rest."""
    try:
        journal = Journal(store.state)
    except RecoveryNeededError:
        return _of_unreadable(workstation, store)
    if journal.committed:  # all was done; what stays is a journal, or a user's receipt in two places
        return Remains(journal.id, journal.title, ())
    left: list[str] = []
    notes: list[Message] = []
    for record in reversed(tuple(journal.records)):
        match record:
            case {"do": "leg", "leg": leg, "title": _, "digest": _} if not journal.has("undone", leg=leg):
                try:
                    changes = _changes_of(store, journal.id, record)
                except MapiwrightError as error:
                    notes.append(
                        Message.of(
                            "sentences.backup-lost", title=title_in(record), why=f"{error.where}: {error.what}"
                        )
                    )
                else:
                    left += _reverted(workstation, believed(changes, store.owner))
            case {"do": "will", "effect": number, "kind": kind, "description": description} if not harmless(
                journal, number
            ):
                why = _not_called_back(workstation, store, makers, kind, description)
                with suppress(MapiwrightError, OSError):  # then it is called back once more, should nobody agree now
                    journal.add("compensated", effect=number)
                if why:
                    notes.append(Message.of("sentences.not-called-back", title=title_in(record), why=why))
            case _:
                pass
    return Remains(journal.id, journal.title, tuple(dict.fromkeys(left)), tuple(notes))


def _of_unreadable(workstation: Workstation, store: Store) -> Remains:
    """What is not as it was before a run whose journal cannot be read; its backups are those without a receipt."""
    left: list[str] = []
    loose = loose_backups(store.state)
    for id_ in loose:
        for name in store.state.names(f"{BACKUPS}{id_}/"):
            try:
                changes = believed(inverse(unpack(store.state.read(name) or b"")), store.owner)
                left += [name_of(each) for each in changes if _stands(each, workstation) is not Standing.NEW]
            except FormatError:
                left.append(name)
    title = Message.of("sentences.unreadable-journal")
    return Remains(loose[-1] if loose else "", title, tuple(dict.fromkeys(left)))


def _changes_of(store: Store, id_: str, leg: Record) -> tuple[Change, ...]:
    name = backup_name(id_, leg["leg"])
    data = store.state.read(name)
    if data is None:
        raise NotFoundError("it is not there", where=name)
    return inverse(unpack_backup(data, leg["digest"], where=name))


def _reverted(workstation: Workstation, changes: Sequence[Change]) -> Iterator[str]:
    """Make true what can be made true of the changes; gives the names of the others."""
    for change in changes:
        if _stands(change, workstation) is Standing.OLD:
            with suppress(MapiwrightError, OSError):  # it is looked at again below
                apply(workstation, (change,))
    yield from (name_of(change) for change in changes if _stands(change, workstation) is not Standing.NEW)


def _stands(change: Change, workstation: Workstation) -> Standing:
    """How the thing is; what cannot be looked at is not as anybody expects it."""
    try:
        return standing(change, workstation.registry, workstation.files)
    except (MapiwrightError, OSError):
        return Standing.OTHER


def _not_called_back(
    workstation: Workstation,
    store: Store,
    makers: Mapping[str, EffectMaker],
    kind: str,
    description: Mapping[str, object],
) -> str | Message:
    """Why a call is not undone, or ""."""
    if store.owner:
        return Message.of("sentences.users-records")
    try:
        return call_back(remade(kind, description, makers), workstation).failure or ""
    except MapiwrightError as error:
        return error.what


def _put_aside(workstation: Workstation, state: State, remains: Remains) -> Remains:
    """Move the journal; the record of what is left is there before it goes, and the journal goes last."""
    now = datetime.now(UTC)
    id_ = remains.id if _ID.fullmatch(remains.id) else f"unknown-{now:%Y%m%dT%H%M%S}"
    done = Remains(id_, remains.title, remains.left, remains.notes, now.isoformat(timespec="seconds"))
    state.write(f"{SET_ASIDE}{id_}/journal", state.read(JOURNAL) or b"")
    record = {"title": done.title.to_json(), "left": list(done.left), "created": done.created}
    state.write(f"{SET_ASIDE}{id_}/{_LEFT}", canonical(record))
    if not _is_committed(state):
        state.delete(receipt_name(id_))
    log.note(workstation.state, "set aside", id=id_, title=done.title, left=list(done.left), notes=list(done.notes))
    state.delete(JOURNAL)
    workstation.kept.forget()
    return done


def _is_committed(state: State) -> bool:
    try:
        return Journal(state).committed
    except RecoveryNeededError:
        return True  # nobody knows; a receipt that is there is kept
