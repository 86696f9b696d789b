"""The stores of our records on a workstation, and how far each is believed.

One is this run's: it is locked, journalled and written to. The others are those of users who did their half
themselves, where this run may read them. They are in the users' hands, so an administrator's run believes them of
what each user could have done without it: of changes to his own keys. It calls no code on their word either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.workstation.change import CreateKey, DeleteKey, SetValue
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapiwright.workstation.change import Change
    from mapiwright.workstation.state import State
    from mapiwright.workstation.workstation import Workstation

_POLICIES = (r"Software\Policies", r"Software\Microsoft\Windows\CurrentVersion\Policies")
"""What is in a user's hive and yet not the user's to write."""


@dataclass(frozen=True, slots=True)
class Store:
    """A store, and the SID of the user who keeps it; "" for this run's own."""

    state: State
    owner: str = ""


def stores(workstation: Workstation) -> tuple[Store, ...]:
    """This run's own store, then those of users."""
    return (
        Store(workstation.state),
        *(Store(state, user.sid) for user, state in workstation.users_states.items()),
    )


def believed(changes: Iterable[Change], owner: str) -> tuple[Change, ...]:
    """The changes that a user's store is believed of; of this run's own, all."""
    his = KeyPath("HKU", (owner,))

    def is_theirs(change: Change) -> bool:
        key = change.key if isinstance(change, SetValue | CreateKey | DeleteKey) else None
        return key is not None and his.holds(key) and not any((his / each).holds(key / "*") for each in _POLICIES)

    return tuple(change for change in changes if not owner or is_theirs(change))
