"""The profile table: what profiles a user has, read and nothing else ([profile-tables]).

It is kept apart from the workspace so that listing profiles does not pay for what edits them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.frozen import frozen
from mapiwright.mapi.profile import store
from mapiwright.workstation.outlook.outlook import edition_of_profiles, older_edition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.workstation.workstation import Edition, User, Workstation


@frozen
class ProfileRow:
    """A row of the profile table: PR_DISPLAY_NAME and PR_DEFAULT_PROFILE."""

    name: str
    default: bool


def edition_of(workstation: Workstation, user: User) -> Edition:
    """The edition whose profiles the user has: the workstation's Outlook, or the one found in the user's own hive."""
    return _edition_and_pointer(workstation, user)[0]


def _edition_and_pointer(workstation: Workstation, user: User) -> tuple[Edition, int | None]:
    """That edition, and the size of a pointer of the Outlook that there is."""
    try:
        outlook = workstation.outlook
    except NotFoundError:
        found = edition_of_profiles(workstation.registry, user.root)
        if found is None:
            raise
        return found, None
    return outlook.edition, outlook.bitness.pointer


def profile_table(names: tuple[str, ...], default: str | None) -> tuple[ProfileRow, ...]:
    """All profiles, one row each; the default one may be missing, as there need not be a profile of that name."""
    return tuple(ProfileRow(name, default is not None and upcase(name) == upcase(default)) for name in names)


def profiles_to_be_taken_over(workstation: Workstation, user: User) -> tuple[Edition | None, tuple[ProfileRow, ...]]:
    """The profiles of an older Outlook that this one takes over at its first start, and of which edition they are."""
    registry = workstation.registry
    older = older_edition(registry, user.root, edition_of(workstation, user))
    if older is None:
        return None, ()
    names = store.profile_names(registry, user.root, older)
    return older, profile_table(names, store.default_name(registry, user.root, older))


def stored_profiles(workstation: Workstation, user: User) -> Iterator[tuple[ProfileRow, tuple[str, ...]]]:
    """The stored profiles of a user, each with the names of its services in their order."""
    registry = workstation.registry
    edition, pointer = _edition_and_pointer(workstation, user)
    names = store.profile_names(registry, user.root, edition)
    for row in profile_table(names, store.default_name(registry, user.root, edition)):
        found = store.read_stored_profile(
            registry,
            user.root,
            edition,
            row.name,
            default_pointer=pointer or workstation.outlook.bitness.pointer,
            code_page=workstation.code_page,
        )
        yield row, tuple(service.name for service in found.services) if found is not None else ()
