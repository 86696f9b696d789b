"""Which users can be served: those whose hives are there, whole, and closed cleanly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.admin.table import edition_of, stored_profiles
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi import tags
from mapiwright.mapi.profile import ADMIN, value_name
from mapiwright.mapi.store import profile_names
from mapiwright.transaction.premise import on_subkeys, on_value
from mapiwright.workstation.outlook import PROFILE_ROOTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mapiwright.errors import Finding
    from mapiwright.transaction.effect import Json
    from mapiwright.workstation.workstation import User, Workstation

UNFINISHED = "MW3001"
"""The one finding that lets a hive be read, though not written."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The users whose hives can be written, and the others with the reason."""

    reached: tuple[User, ...]
    missed: tuple[tuple[User, Finding], ...]

    @property
    def record(self) -> Json:
        """Who was missed, for a receipt."""
        return [{"user": user.name, "sid": user.sid} for user, _ in self.missed]

    @property
    def notes(self) -> tuple[str, ...]:
        """Who was missed and why, for people."""
        return tuple(
            f"User {user.name} is left out: {finding.what}." + (f" {finding.remedy}" if finding.remedy else "")
            for user, finding in self.missed
        )


def reach(workstation: Workstation, users: Iterable[User], concerns: Callable[[User], bool] | None = None) -> Reach:
    """Who can be reached. A hive that can be read is missed only where something in it ``concerns`` the caller."""
    reached: list[User] = []
    missed: list[tuple[User, Finding]] = []
    for user in users:
        finding = workstation.out_of_reach(user)
        if finding is None:
            reached.append(user)
        elif finding.id != UNFINISHED or concerns is None or concerns(user):
            missed.append((user, finding))
    return Reach(tuple(reached), tuple(missed))


def profiles_with(workstation: Workstation, user: User, services: Iterable[str]) -> Iterator[str]:
    """The names of a user's profiles that hold one of the services."""
    wanted = {upcase(name) for name in services}
    for row, names in stored_profiles(workstation, user):
        if wanted & {upcase(name) for name in names}:
            yield row.name


def premises(workstation: Workstation, users: Iterable[User]) -> Iterator[Json]:
    """What a plan for these users rests on: which profiles there are, and which services each of them lists."""
    registry = workstation.registry
    for user in users:
        edition = edition_of(workstation, user)
        root = user.root / PROFILE_ROOTS[edition].profiles
        yield on_subkeys(registry, f"profiles of {user.name}", root)
        for name in profile_names(registry, user.root, edition):
            title = f"services of profile {name!r} of {user.name}"
            yield on_value(registry, title, root / name / ADMIN, value_name(tags.PR_SERVICES))
