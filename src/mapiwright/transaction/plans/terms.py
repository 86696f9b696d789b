"""What a plan says besides its steps, and its receipt keeps: for people, for later plans, for the transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mapiwright.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What a transaction does to its subject; how long its receipt can be undone depends on it."""

    ABOUT = "about"
    BEGINS = "begins"
    """Its changes are kept for as long as the subject is there, and for the days of undo after that."""
    ENDS = "ends"


class PlanSubject(NamedTuple):
    """What a transaction is about, by an id that the planner chose (that of a package), and what it does to it."""

    id: str
    role: Role = Role.ABOUT


class NamedUser(NamedTuple):
    """A user in a receipt: the name, for people, and the SID."""

    user: str
    sid: str


@dataclass(frozen=True, slots=True)
class Terms:
    """All that is known of a plan without its steps.

    ``record`` is the planner's own, as JSON; the transaction keeps it and does not look into it. ``notes`` are
    messages for people. ``skipped`` are the users who could not be written to, ``waiting`` those for whom something
    is left to a later run. ``preconditions`` are what the plan rests on. ``undoes`` names the receipt that is
    reverted, ``takes_over`` the users' receipts that this run ends, ``approved`` the digest of the saved plan.
    """

    record: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    subject: PlanSubject | None = None
    notes: tuple[Message, ...] = ()
    skipped: tuple[NamedUser, ...] = ()
    waiting: tuple[NamedUser, ...] = ()
    preconditions: tuple[Any, ...] = ()
    undoes: str = ""
    takes_over: tuple[str, ...] = ()
    approved: str = ""


NO_TERMS = Terms()


def terms_to_json(terms: Terms) -> dict[str, Any]:
    """The terms as members of a document."""
    return {
        "record": dict(terms.record),
        "subject": terms.subject and list(terms.subject),
        "notes": [note.to_json() for note in terms.notes],
        "skipped": [list(user) for user in terms.skipped],
        "waiting": [list(user) for user in terms.waiting],
        "preconditions": list(terms.preconditions),
        "undoes": terms.undoes,
        "takes_over": list(terms.takes_over),
        "approved": terms.approved,
    }


def terms_from_json(json_: Mapping[str, Any]) -> Terms:
    """The terms in a document; raises LookupError, TypeError or ValueError on one that nobody wrote."""
    subject = json_["subject"]
    return Terms(
        record=_object(json_["record"]),
        subject=PlanSubject(text(subject[0]), Role(text(subject[1]))) if subject is not None else None,
        notes=tuple(map(Message.from_json, items(json_["notes"]))),
        skipped=_users(json_["skipped"]),
        waiting=_users(json_["waiting"]),
        preconditions=tuple(_object(each) for each in items(json_["preconditions"])),
        undoes=text(json_["undoes"]),
        takes_over=texts(json_["takes_over"]),
        approved=text(json_["approved"]),
    )


def text(found: object) -> str:
    """``found``, which must be a text."""
    if not isinstance(found, str):
        raise TypeError("no text")
    return found


def items(found: object) -> tuple[Any, ...]:
    """The items of ``found``, which must be a list."""
    if not isinstance(found, list):
        raise TypeError("no list")
    return tuple(found)


def texts(found: object) -> tuple[str, ...]:
    """The texts of ``found``, which must be a list of them."""
    return tuple(map(text, items(found)))


def _users(found: object) -> tuple[NamedUser, ...]:
    return tuple(NamedUser(*texts(each)) for each in items(found))


def _object(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise TypeError("no object")
    return found
