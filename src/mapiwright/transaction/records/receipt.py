"""A receipt: what a transaction changed, old and new, for uninstall to remove exactly that, and for undo.

The receipt itself holds names and hashes; the changes with their bytes lie in the backup store beside it, guarded
like the hive, until undo expires.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, NotFoundError
from mapiwright.transaction.plans.change_json import canonical, pack, parse, unpack
from mapiwright.transaction.records.stores import believed, stores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapiwright.transaction.plans.effect import Json
    from mapiwright.transaction.records.stores import Store
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation

RECEIPTS = "receipts/"
BACKUPS = "backups/"
UNDO_DAYS = 30
"""How long undo is possible; what an install brought is kept for as long as it is installed, and this long after."""

UNDOES = "undoes"
"""The key of an undo's record that names the receipt which it takes back."""

_STAMP = "%Y%m%dT%H%M%S"
_AHEAD = timedelta(days=1)
"""How far a user's clock may be ahead of an administrator's."""


@dataclass(frozen=True, slots=True)
class EffectRecord:
    """An effect in a receipt: how to make it again, what became of it, and what it said.

    ``after`` is how many legs came before it; the leg of the changes that it wanted, if any, is the next.
    """

    kind: str
    title: str
    description: Mapping[str, Json]
    status: str
    message: str
    details: Mapping[str, Json]
    after: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """The record of a committed transaction.

    ``id`` is unique on the workstation and sorts by time; ``created`` is UTC in ISO 8601. ``legs`` are the titles
    and digests of the change lists, whose bytes lie in the backup store until undo expires. ``undone_by`` names
    the receipt that took this one back, or is empty; it is read from that receipt, so one write settles both.
    ``owner`` is the SID of the user in whose own store it was written, or empty: it is his word, and for him alone.
    """

    id: str
    verb: str
    title: str
    created: str
    workstation: str
    record: Mapping[str, Json]
    legs: tuple[tuple[str, str], ...]
    effects: tuple[EffectRecord, ...]
    undone_by: str = ""
    owner: str = ""

    def __repr__(self) -> str:
        undone = f", undone by {self.undone_by}" if self.undone_by else ""
        return f"<Receipt {self.id} {self.verb} {self.title!r} on {self.workstation}{undone}>"


def receipts(workstation: Workstation) -> tuple[Receipt, ...]:
    """The receipts of the workstation that can be read, oldest first; ``damaged_receipts`` are the others."""
    return _read_receipts(workstation)[0]


def damaged_receipts(workstation: Workstation) -> tuple[FormatError, ...]:
    """What is wrong with each receipt that cannot be read: ``where`` is its file, ``remedy`` sets it aside."""
    return _read_receipts(workstation)[1]


def receipt(workstation: Workstation, id_: str) -> Receipt:
    """The receipt of that id; raises NotFoundError that names the newest, FormatError where it is damaged."""
    there, damaged = _read_receipts(workstation)
    for error in damaged:
        if error.where == receipt_name(id_):
            raise error
    for found in there:
        if found.id == id_:
            return found
    newest = ", ".join(found.id for found in there[-3:]) or "none"
    raise NotFoundError(f"there is no receipt {id_!r}", where=workstation.uri, remedy=f"The newest ones: {newest}.")


def changes_of(workstation: Workstation, of: Receipt) -> tuple[Change, ...]:
    """What the transaction changed, in order; raises NotFoundError where undo has expired."""
    return tuple(change for leg in range(len(of.legs)) for change in changes_of_leg(workstation, of, leg))


def changes_of_leg(workstation: Workstation, of: Receipt, leg: int) -> tuple[Change, ...]:
    """What one leg changed, of a user's as far as he is believed.

    Raises NotFoundError where undo has expired, FormatError where the backup is damaged.
    """
    store = holder(workstation, of.id)
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
            if not store.owner or _is_credible(_id_in(name), now)
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
            "version": 1,
            "id": of.id,
            "verb": of.verb,
            "title": of.title,
            "created": of.created,
            "workstation": of.workstation,
            "record": of.record,
            **({"owner": of.owner} if of.owner else {}),
            "legs": of.legs,
            "effects": [
                {
                    "kind": effect.kind,
                    "title": effect.title,
                    "description": effect.description,
                    "status": effect.status,
                    "message": effect.message,
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
        if json_["version"] != 1:
            raise FormatError(f"version {json_['version']} is not known", where=where, expected="version 1")
        return Receipt(
            _text(json_["id"]),
            _text(json_["verb"]),
            _text(json_["title"]),
            _text(json_["created"]),
            _text(json_["workstation"]),
            dict(json_["record"]),
            tuple((_text(title), _text(digest)) for title, digest in json_["legs"]),
            tuple(_effect(effect) for effect in json_["effects"]),
            owner=_text(json_.get("owner", "")),
        )
    except (KeyError, TypeError, ValueError):
        raise FormatError("this is not a receipt", where=where) from None


def expired(there: Iterable[Receipt], now: datetime) -> tuple[Receipt, ...]:
    """The receipts whose backups are no longer needed.

    What was undone, and what undid it: at once. An install: 30 days after its package was uninstalled, never
    before that. The others: after 30 days.
    """
    found = []
    there = tuple(there)
    for one in there:
        if one.undone_by or UNDOES in one.record:
            found.append(one)
            continue
        since = _uninstalled(one, there) if one.verb == "install" else one.created
        if since is not None and now - datetime.fromisoformat(since) > timedelta(days=UNDO_DAYS):
            found.append(one)
    return tuple(found)


def prune(workstation: Workstation, now: datetime) -> None:
    """Empty this run's own backup store of what has expired."""
    for one in expired(receipts(workstation), now):
        for name in workstation.state.names(f"{BACKUPS}{one.id}/"):
            workstation.state.delete(name)


def _read_receipts(workstation: Workstation) -> tuple[tuple[Receipt, ...], tuple[FormatError, ...]]:
    found: dict[str, Receipt] = {}
    damaged: list[FormatError] = []
    for store in stores(workstation):
        for name in store.state.names(RECEIPTS):
            data = store.state.read(name)
            try:
                if data is not None:
                    one = receipt_from_bytes(data, where=name)
                    if store.owner:
                        _refuse_incredible(one, name)
                    found.setdefault(one.id, replace(one, owner=store.owner or one.owner))
            except FormatError as error:
                damaged.append(_damage(workstation, store, name, error))
    there = sorted(found.values(), key=lambda one: one.id)
    undone = {(str(one.record[UNDOES]), one.owner): one.id for one in there if UNDOES in one.record}
    return (
        # A user's undo takes back what is his own; an administrator's takes back anybody's.
        tuple(replace(one, undone_by=undone.get((one.id, ""), undone.get((one.id, one.owner), ""))) for one in there),
        tuple(damaged),
    )


def _damage(workstation: Workstation, store: Store, name: str, error: FormatError) -> FormatError:
    names = {user.sid: user.name for user in workstation.users}
    place = f"the records of {names.get(store.owner, store.owner)}" if store.owner else workstation.state_folder
    return FormatError(
        f"the receipt is damaged: {error.what}",
        where=name,
        remedy=f"Restore that file in {place} from a backup, or move it elsewhere: "
        "then what it records can neither be told nor taken back.",
    )


def _uninstalled(install: Receipt, there: Iterable[Receipt]) -> str | None:
    """When the package of this install was uninstalled, or None where it is still there."""
    for later in there:
        ends = later.verb == "uninstall" and not (later.undone_by or later.owner) and later.id > install.id
        if ends and package_of(later) == package_of(install):
            return later.created
    return None


def package_of(of: Receipt) -> Json:
    """The id of the package that it is about, or None."""
    package = of.record.get("package")
    return package.get("id") if isinstance(package, dict) else None


def _id_in(name: str) -> str:
    return name.removeprefix(RECEIPTS).removesuffix(".json")


def _is_credible(id_: str, now: datetime) -> bool:
    """Whether a user's receipt may have that id: others would spoil the order, and so the ids to come."""
    stamp, _, rest = id_.partition("-")
    try:
        return len(rest) == 4 and datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) < now + _AHEAD
    except ValueError:
        return False


def _refuse_incredible(one: Receipt, name: str) -> None:
    """Raise FormatError where a user's receipt has another id or time than we gave it."""
    try:
        aware = datetime.fromisoformat(one.created).utcoffset() is not None
    except ValueError:
        aware = False
    if not (aware and one.id == _id_in(name) and _is_credible(one.id, datetime.now(UTC))):
        raise FormatError("its id or its time is none of ours", where=name)


def _effect(json_: Mapping[str, Json]) -> EffectRecord:
    for name in ("kind", "title", "status", "message"):
        _text(json_[name])
    return EffectRecord(**json_)


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError("no text")
    return found


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
