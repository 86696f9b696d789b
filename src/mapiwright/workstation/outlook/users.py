"""A user of a workstation by the name that people use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.workstation.workstation import User


def user_named(name: str, users: Sequence[User]) -> User:
    """The user of that name or SID, without regard to case; raises NotFoundError that lists the others."""
    for user in users:
        if upcase(name) in {upcase(user.name), upcase(user.sid)}:
            return user
    known = ", ".join(user.name for user in users) or "none"
    raise NotFoundError(f"there is no user {name!r}", remedy=f"Its users: {known}.")
