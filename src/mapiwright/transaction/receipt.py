"""A receipt: what a transaction changed, old and new, for uninstall to remove exactly that, and for undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.transaction.effect import Json


@dataclass(frozen=True, slots=True)
class EffectRecord:
    """An effect in a receipt: how to make it again, what became of it, and what it said."""

    kind: str
    title: str
    description: Mapping[str, Json]
    status: str
    message: str
    details: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The record of a committed transaction.

    ``id`` is unique on the workstation and sorts by time; ``created`` is UTC in ISO 8601. ``legs`` are the titles
    and digests of the change lists, whose bytes lie in the backup store until undo expires. ``undone_by`` names
    the receipt that took this one back, or is empty.
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
