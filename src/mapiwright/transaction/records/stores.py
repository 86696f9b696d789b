"""The stores of our records on a workstation, and how far each is trusted.

One is this run's: it is locked, journalled and written to. The others belong to users who ran the per-user
part themselves, where this run may read them. Users can write them, so an administrator's run trusts them only for
what each user could have done anyway: changes to the user's own keys. Records written by a user never trigger code.
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
    """The changes that a user's store is trusted for; for this run's own store, all."""
    own = KeyPath("HKU", (owner,))

    def is_theirs(change: Change) -> bool:
        key = change.key if isinstance(change, SetValue | CreateKey | DeleteKey) else None
        return key is not None and own.holds(key) and not any((own / each).holds(key / "*") for each in _POLICIES)

    return tuple(change for change in changes if not owner or is_theirs(change))
