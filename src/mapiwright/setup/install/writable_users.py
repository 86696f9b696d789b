"""Which users can be served: those whose hives are there, whole and closed cleanly, and who run nothing just now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mapiwright.admin.table import edition_of, stored_profiles
from mapiwright.errors import ConflictError, Finding, NotFoundError, RefusedError, Severity
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile.profile import ADMIN, value_name
from mapiwright.mapi.profile.store import profile_names
from mapiwright.mapi.props import tags
from mapiwright.message import Message
from mapiwright.transaction.plans.terms import NamedUser
from mapiwright.transaction.precondition import on_subkeys, on_value
from mapiwright.workstation.mounts.hive_logs import UNFINISHED
from mapiwright.workstation.mounts.hives import damaged_hive
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS, keys_of_profiles
from mapiwright.workstation.registry import RegistryWants
from mapiwright.workstation.subject import on_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mapiwright.workstation.change import Change
    from mapiwright.workstation.registry import KeyPath
    from mapiwright.workstation.workstation import User, Workstation


RUNNING = "MW3007"
"""The finding that a user's own run is going on."""


@dataclass(frozen=True, slots=True)
class WritableUsers:
    """The users whose hives can be written, and the others with the reason."""

    writable: tuple[User, ...]
    skipped: tuple[tuple[User, Finding], ...]

    @property
    def named(self) -> tuple[NamedUser, ...]:
        """Who is skipped, for a receipt."""
        return tuple(NamedUser(user.name, user.sid) for user, _ in self.skipped)

    @property
    def notes(self) -> tuple[Message, ...]:
        """Who was missed and why, for people."""
        return tuple(
            Message.of("sentences.user-left-out", user=user.name, why=f"{finding.what}. {finding.remedy}".rstrip())
            for user, finding in self.skipped
        )


def writable_users(
    workstation: Workstation,
    users: Iterable[User],
    concerns: Callable[[User], bool] | None = None,
    keys: Callable[[User], Iterable[KeyPath]] = lambda _: (),
) -> WritableUsers:
    """Who can be reached. A hive that can be read is missed only where something in it ``concerns`` the caller.

    ``keys`` are those of a user that may be changed besides profiles.
    """
    writable: list[User] = []
    skipped: list[tuple[User, Finding]] = []
    for user in users:
        finding = workstation.why_unwritable(user) or _running(workstation, user)
        finding = finding or _damage(workstation, user, keys(user))
        if finding is None:
            writable.append(user)
        elif finding.id not in {UNFINISHED, RUNNING} or concerns is None or concerns(user):
            skipped.append((user, finding))
    return WritableUsers(tuple(writable), tuple(skipped))


def keys_within(changes: Iterable[Change]) -> Callable[[User], Iterator[KeyPath]]:
    """Of each user the keys that the changes are about."""
    keys = tuple(dict.fromkeys(change.key for change in on_registry(changes)))
    return lambda user: (key for key in keys if user.root.holds(key))


def _running(workstation: Workstation, user: User) -> Finding | None:
    """That the user holds their own store, so that nothing of theirs can be changed now.

    A run that takes the lock later than this is excluded by the lock, as any other.
    """
    state = workstation.users_states.get(user)
    if state is None or not state.is_held():
        return None
    return Finding(
        RUNNING,
        Severity.WARNING,
        f"the records of {user.name}",
        f"user {user.name} is running Mapiwright, or holds its lock",
        rule="two runs never change one user's keys at a time",
        remedy="Run the command again when that has ended.",
    )


def _damage(workstation: Workstation, user: User, keys: Iterable[KeyPath]) -> Finding | None:
    """What is wrong with a user's profiles, of which a plan reads all, or with the keys that it may change."""
    roots = dict.fromkeys(PROFILE_ROOTS.values())
    wants = RegistryWants(
        values=tuple((user.root / each.default, "DefaultProfile") for each in roots),
        trees=tuple(user.root / each.profiles for each in roots),
    )
    try:
        workstation.registry.look(wants)
        workstation.registry.refuse_unwritable((*_keys_of_profiles(workstation, user), *keys))
    except ConflictError:
        raise
    except RefusedError as error:
        return damaged_hive(error.where, f"user {user.name}", error)
    return None


def _keys_of_profiles(workstation: Workstation, user: User) -> tuple[KeyPath, ...]:
    """None where no Outlook is left whose profiles they would be."""
    try:
        return keys_of_profiles(user.root, edition_of(workstation, user))
    except NotFoundError:
        return ()


def profiles_with(workstation: Workstation, user: User, services: Iterable[str]) -> Iterator[str]:
    """The names of a user's profiles that hold one of the services."""
    wanted = {upcase(name) for name in services}
    for row, names in stored_profiles(workstation, user):
        if wanted & {upcase(name) for name in names}:
            yield row.name


def preconditions(workstation: Workstation, users: Iterable[User]) -> Iterator[Any]:
    """What a plan for these users rests on: which profiles there are, and which services each of them lists."""
    registry = workstation.registry
    for user in users:
        edition = edition_of(workstation, user)
        root = user.root / PROFILE_ROOTS[edition].profiles
        yield on_subkeys(registry, f"profiles of {user.name}", root)
        for name in profile_names(registry, user.root, edition):
            title = f"services of profile {name!r} of {user.name}"
            yield on_value(registry, title, root / name / ADMIN, value_name(tags.PR_SERVICES))
