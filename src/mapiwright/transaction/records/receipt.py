"""A receipt: what a transaction changed, old and new, for uninstall to remove exactly that, and for undo.

The receipt itself holds names and hashes; the changes with their bytes lie in the backup store beside it, guarded
like the hive, until undo expires.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mapiwright.errors import FormatError, NotFoundError
from mapiwright.message import Message
from mapiwright.transaction.plans.change_json import canonical, pack, parse, unpack
from mapiwright.transaction.plans.terms import Role, terms_from_json, terms_to_json, text
from mapiwright.transaction.records.journal import is_id
from mapiwright.transaction.records.stores import believed, stores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapiwright.transaction.plans.terms import Terms
    from mapiwright.transaction.records.stores import Store
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.state import State
    from mapiwright.workstation.workstation import Workstation

VERSION = 2
"""The version of the format."""

RECEIPTS = "receipts/"
BACKUPS = "backups/"
SET_ASIDE = "set-aside/"
"""How the names of what was set aside begin; the id of its transaction follows."""
UNDO_DAYS = 30
"""How long undo is possible; what an install brought is kept for as long as it is installed, and this long after."""

_STAMP = "%Y%m%dT%H%M%S"
_AHEAD = timedelta(days=1)
"""How far a user's clock may be ahead of an administrator's."""


@dataclass(frozen=True, slots=True)
class EffectRecord:
    """An effect in a receipt: how to make it again, what became of it, and what it said.

    ``after`` is how many legs came before it; the leg of the changes that it wanted, if any, is the next.
    """

    kind: str
    title: Message
    description: Mapping[str, Any]
    status: str
    message: Message
    details: Mapping[str, Any]
    after: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """The record of a committed transaction.

    ``id`` is unique on the workstation and sorts by time; ``created`` is UTC in ISO 8601. ``legs`` are the titles
    and digests of the change lists, whose bytes lie in the backup store until undo expires. ``undone_by`` names
    the receipt that took this one back, or is empty; it is read from that receipt, so one write settles both.
    ``owner`` is the SID of the user in whose own store it was written, or empty: it is
    that user's word, and for that user alone.
    """

    id: str
    verb: str
    title: Message
    created: str
    workstation: str
    terms: Terms
    legs: tuple[tuple[Message, str], ...]
    effects: tuple[EffectRecord, ...]
    undone_by: str = ""
    owner: str = ""

    def __repr__(self) -> str:
        undone = f", undone by {self.undone_by}" if self.undone_by else ""
        return f"<Receipt {self.id} {self.verb} {str(self.title)!r} on {self.workstation}{undone}>"

    @property
    def notes(self) -> tuple[Message, ...]:
        """What people were to know of the plan."""
        return self.terms.notes


def receipts(workstation: Workstation) -> tuple[Receipt, ...]:
    """The receipts of the workstation that can be read, oldest first; ``damaged_receipts`` are the others."""
    return _receipts_in(workstation).there


def damaged_receipts(workstation: Workstation) -> tuple[FormatError, ...]:
    """What is wrong with each receipt that cannot be read: ``where`` is its file, ``remedy`` sets it aside."""
    return _receipts_in(workstation).damaged


def receipt(workstation: Workstation, id_: str) -> Receipt:
    """The receipt of that id; raises NotFoundError that names the newest, FormatError where it is damaged."""
    found_in = _receipts_in(workstation)
    for error in found_in.damaged:
        if error.where == receipt_name(id_):
            raise error
    for found in found_in.there:
        if found.id == id_:
            return found
    newest = ", ".join(found.id for found in found_in.there[-3:]) or "none"
    raise NotFoundError(f"there is no receipt {id_!r}", where=workstation.uri, remedy=f"The newest ones: {newest}.")


def changes_of(workstation: Workstation, of: Receipt) -> tuple[Change, ...]:
    """What the transaction changed, in order; raises NotFoundError where undo has expired."""
    return tuple(change for leg in range(len(of.legs)) for change in changes_of_leg(workstation, of, leg))


def changes_of_leg(workstation: Workstation, of: Receipt, leg: int) -> tuple[Change, ...]:
    """What one leg changed, of a user's as far as the user is believed.

    Raises NotFoundError where undo has expired, FormatError where the backup is damaged.
    """
    return workstation.kept.once(("backup", of.id, leg), lambda: _read_leg(workstation, of, leg))


def _read_leg(workstation: Workstation, of: Receipt, leg: int) -> tuple[Change, ...]:
    store = _receipts_in(workstation).held.get(of.id)
    data = store.state.read(backup_name(of.id, leg)) if store is not None else None
    if data is None:
        raise NotFoundError(
            "undo has expired: what it changed is no longer kept",
            where=f"receipt {of.id}",
            expected=f"a receipt of the last {UNDO_DAYS} days that was not undone",
        )
    return believed(unpack_backup(data, of.legs[leg][1], where=f"receipt {of.id}"), of.owner)


def holder(workstation: Workstation, id_: str) -> Store | None:
    """The store in which the receipt of that id lies; this run's own comes first."""
    name = receipt_name(id_)
    return next((store for store in stores(workstation) if store.state.read(name) is not None), None)


def backup_name(id_: str, leg: int) -> str:
    """The name of a leg's backup in the state."""
    return f"{BACKUPS}{id_}/{leg}.json"


def pack_backup(changes: Iterable[Change]) -> tuple[bytes, str]:
    """The bytes of a backup, and their digest."""
    data = pack(changes)
    return data, _digest(data)


def unpack_backup(data: bytes, digest: str, *, where: str) -> tuple[Change, ...]:
    """The changes of a backup; raises FormatError where its digest is another."""
    if _digest(data) != digest:
        raise FormatError("the backup is damaged: its digest is not the recorded one", where=where, expected=digest)
    return unpack(data)


def new_id(workstation: Workstation, now: datetime) -> str:
    """An id that sorts after every receipt there is, also where a clock went backwards."""
    newest = max(
        (
            _id_in(name)
            for store in stores(workstation)
            for name in store.state.names(RECEIPTS)
            if (_is_credible(_id_in(name), now) if store.owner else _time_in(_id_in(name)) is not None)
        ),
        default="",
    )
    stamp = now.strftime(_STAMP)
    if newest and stamp <= newest.partition("-")[0]:
        later = datetime.strptime(newest.partition("-")[0], _STAMP).replace(tzinfo=now.tzinfo) + timedelta(seconds=1)
        stamp = later.strftime(_STAMP)
    return f"{stamp}-{secrets.token_hex(2)}"


def receipt_name(id_: str) -> str:
    """The name of a receipt in the state."""
    return f"{RECEIPTS}{id_}.json"


def receipt_to_bytes(of: Receipt) -> bytes:
    """The receipt as it is stored."""
    return canonical(
        {
            "version": VERSION,
            "id": of.id,
            "verb": of.verb,
            "title": of.title.to_json(),
            "created": of.created,
            "workstation": of.workstation,
            **terms_to_json(of.terms),
            **({"owner": of.owner} if of.owner else {}),
            "legs": [[title.to_json(), digest] for title, digest in of.legs],
            "effects": [
                {
                    "kind": effect.kind,
                    "title": effect.title.to_json(),
                    "description": effect.description,
                    "status": effect.status,
                    "message": effect.message.to_json(),
                    "details": effect.details,
                    "after": effect.after,
                }
                for effect in of.effects
            ],
        }
    )


def receipt_from_bytes(data: bytes, *, where: str) -> Receipt:
    """The receipt that was stored; raises FormatError on anything else."""
    json_ = parse(data, where=where)
    try:
        if json_["version"] != VERSION:
            what = f"version {json_['version']} is not known"
            raise FormatError(what, where=where, expected=f"version {VERSION}")
        return Receipt(
            text(json_["id"]),
            text(json_["verb"]),
            Message.from_json(json_["title"]),
            text(json_["created"]),
            text(json_["workstation"]),
            terms_from_json(json_),
            tuple((Message.from_json(title), text(digest)) for title, digest in json_["legs"]),
            tuple(_effect(effect) for effect in json_["effects"]),
            owner=text(json_.get("owner", "")),
        )
    except (LookupError, TypeError, ValueError):
        raise FormatError("this is not a receipt", where=where) from None


def expired(there: Iterable[Receipt], now: datetime) -> tuple[Receipt, ...]:
    """The receipts whose backups are no longer needed.

    What was undone, and what undid it: at once. What began a subject (the install of a package): 30 days after
    another ended it, never before that. The others: after 30 days.
    """
    found = []
    there = tuple(there)
    for one in there:
        if one.undone_by or one.terms.undoes:
            found.append(one)
            continue
        since = _ended(one, there) if _begins(one) else one.created
        if since is not None and now - datetime.fromisoformat(since) > timedelta(days=UNDO_DAYS):
            found.append(one)
    return tuple(found)


def loose_backups(state: State) -> tuple[str, ...]:
    """The ids of backups that belong to no receipt and were not set aside, sorted: something was left half done."""
    ids = {name.split("/")[1] for name in state.names(BACKUPS)}
    done = {name.split("/")[1] for name in state.names(SET_ASIDE)}
    return tuple(sorted(each for each in ids - done if state.read(receipt_name(each)) is None))


def prune(workstation: Workstation, now: datetime) -> None:
    """Empty this run's own backup store of what has expired."""
    for one in expired(receipts(workstation), now):
        for name in workstation.state.names(f"{BACKUPS}{one.id}/"):
            workstation.state.delete(name)
    workstation.kept.forget()


@dataclass(frozen=True, slots=True)
class _Receipts:
    """What lies in the stores of a workstation: the receipts, oldest first; what is damaged; and what lies where."""

    there: tuple[Receipt, ...]
    damaged: tuple[FormatError, ...]
    held: Mapping[str, Store]


def _receipts_in(workstation: Workstation) -> _Receipts:
    return workstation.kept.once("receipts", lambda: _read(workstation))


def _read(workstation: Workstation) -> _Receipts:
    found: dict[str, Receipt] = {}
    held: dict[str, Store] = {}
    damaged: list[FormatError] = []
    for store in stores(workstation):
        for fault in store.state.faults(RECEIPTS):
            error = FormatError(fault.what, expected=fault.expected)
            damaged.append(damage(workstation, store.owner, fault.where, error))
        for name in store.state.names(RECEIPTS):
            data = store.state.read(name)
            try:
                if data is not None:
                    _refuse_odd_name(name)
                    one = receipt_from_bytes(data, where=name)
                    _refuse_other(one, name)
                    if store.owner:
                        _refuse_incredible(one, name)
                    held.setdefault(one.id, store)
                    found.setdefault(one.id, replace(one, owner=store.owner or one.owner))
            except FormatError as error:
                damaged.append(damage(workstation, store.owner, name, error))
    there = sorted(found.values(), key=lambda one: one.id)
    undone = {(one.terms.undoes, one.owner): one.id for one in there if one.terms.undoes}
    return _Receipts(
        # A user's undo reverts what is the user's own; an administrator's reverts anybody's.
        tuple(replace(one, undone_by=undone.get((one.id, ""), undone.get((one.id, one.owner), ""))) for one in there),
        tuple(damaged),
        held,
    )


def damage(workstation: Workstation, owner: str, name: str, error: FormatError) -> FormatError:
    """What to say of a receipt of that name that cannot be read; ``owner`` is the SID of its store's user, or ""."""
    names = {user.sid: user.name for user in workstation.users}
    place = f"the records of {names.get(owner, owner)}" if owner else workstation.state_folder
    return FormatError(
        f"the receipt is damaged: {error.what}",
        where=name,
        remedy=f"Restore that file in {place} from a backup, or move it elsewhere: "
        "then what it records can neither be shown nor undone.",
    )


def _begins(one: Receipt) -> bool:
    return one.terms.subject is not None and one.terms.subject.role is Role.BEGINS


def _ended(begun: Receipt, there: Iterable[Receipt]) -> str | None:
    """When what this receipt began was ended, or None where it is still there."""
    for later in there:
        subject = later.terms.subject
        ends = subject is not None and subject.role is Role.ENDS and not (later.undone_by or later.owner)
        if ends and later.id > begun.id and subject_of(later) == subject_of(begun):
            return later.created
    return None


def subject_of(of: Receipt) -> str | None:
    """The id of what it is about, or None."""
    return of.terms.subject.id if of.terms.subject is not None else None


def _id_in(name: str) -> str:
    return name.removeprefix(RECEIPTS).removesuffix(".json")


def _is_credible(id_: str, now: datetime) -> bool:
    """Whether a user's receipt may have that id: others would spoil the order, and so the ids to come."""
    made = _time_in(id_)
    return made is not None and made < now + _AHEAD


def _time_in(id_: str) -> datetime | None:
    """When the transaction of that id began; None where it is no id that we gave."""
    stamp, _, rest = id_.partition("-")
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) if len(rest) == 4 else None
    except ValueError:
        return None


def _refuse_odd_name(name: str) -> None:
    if not is_id(_id_in(name)) or name != receipt_name(_id_in(name)):
        raise FormatError("its id or its time is none of ours", where=name)


def _refuse_other(one: Receipt, name: str) -> None:
    """Raise FormatError where a receipt has another id than its name, or a time that is none."""
    try:
        aware = datetime.fromisoformat(one.created).utcoffset() is not None
    except ValueError:
        aware = False
    if not (aware and one.id == _id_in(name)):
        raise FormatError("its id or its time is none of ours", where=name)


def _refuse_incredible(one: Receipt, name: str) -> None:
    """Raise FormatError where a user's receipt has an id that we did not give."""
    if not _is_credible(one.id, datetime.now(UTC)):
        raise FormatError("its id or its time is none of ours", where=name)


def _effect(json_: Mapping[str, Any]) -> EffectRecord:
    for name in ("kind", "status"):
        text(json_[name])
    if not (isinstance(json_["description"], dict) and isinstance(json_["details"], dict)):
        raise TypeError("no object")
    if type(json_["after"]) is not int:
        raise TypeError("no number")
    messages = {name: Message.from_json(json_[name]) for name in ("title", "message")}
    return EffectRecord(**{**json_, **messages})


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
