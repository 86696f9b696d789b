"""What is in use of a user's profiles now: sessions, open sections, and what waits until they end.

[imapisession-adminservices], [mapilogonex]: only a logon is a session. An administration object or an open section
holds no profile in use. The pages say that a profile or provider in use is marked, and not where; as no mark was
seen in a real profile, marks live here and end with the workspace: what was only marked then stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.mapi.tables.tables import Table


@dataclass(frozen=True, slots=True)
class Marks:
    """What is to be done when the sessions end; profiles by their names in upper case.

    ``gone`` are profiles to delete, ``names`` the names that others get, ``providers`` those to delete.
    """

    gone: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    providers: frozenset[tuple[str, str]] = frozenset()

    def without(self, profile: str) -> Marks:
        """Without those of one profile."""
        key = upcase(profile)
        return Marks(
            self.gone - {key},
            MappingProxyType({old: new for old, new in self.names.items() if old != key}),
            frozenset(each for each in self.providers if each[0] != key),
        )


class Logon(Protocol):
    """A session, seen from here."""

    profile_name: str
    shared: bool


class Opener(Protocol):
    """An open section, seen from here."""

    profile_name: str
    writable: bool

    @property
    def uid(self) -> str:
        """The name of the section."""
        ...


class Usage:
    """The sessions and open sections of a workspace, and its marks."""

    def __init__(self) -> None:
        self.sessions: list[Logon] = []
        self.marks = Marks()
        self._tables: dict[str, WeakSet[Table]] = {}
        self._open: dict[tuple[str, str], WeakSet[Opener]] = {}

    def in_use(self, profile: str) -> bool:
        """Whether a session is logged on to the profile."""
        return any(upcase(session.profile_name) == upcase(profile) for session in self.sessions)

    @property
    def shared(self) -> Logon | None:
        """The shared session, where there is one ([mapilogonex])."""
        return next((session for session in self.sessions if session.shared), None)

    # Marks.

    def mark_gone(self, profile: str) -> None:
        """Delete a profile when it is free."""
        self.marks = replace(self.marks, gone=self.marks.gone | {upcase(profile)})

    def mark_renamed(self, profile: str, name: str) -> None:
        """Rename a profile when it is free."""
        self.marks = replace(self.marks, names=MappingProxyType({**self.marks.names, upcase(profile): name}))

    def mark_provider(self, profile: str, uid: str) -> None:
        """Delete a provider when its profile is free."""
        self.marks = replace(self.marks, providers=self.marks.providers | {(upcase(profile), uid.lower())})

    def unmark_provider(self, profile: str, uid: str) -> None:
        """It is deleted."""
        self.marks = replace(self.marks, providers=self.marks.providers - {(upcase(profile), uid.lower())})

    def is_gone(self, profile: str) -> bool:
        """Whether a profile is only there until its sessions end."""
        return upcase(profile) in self.marks.gone

    def is_promised(self, name: str) -> bool:
        """Whether a profile in use will be called so; the name is taken already ([derived])."""
        return upcase(name) in {upcase(each) for each in self.marks.names.values()}

    def gone_providers(self, profile: str) -> frozenset[str]:
        """The uids of a profile's providers that are only there until its sessions end."""
        return frozenset(uid for name, uid in self.marks.providers if name == upcase(profile))

    # Open service tables: static, but their sinks are notified of a new row.

    def watched(self, profile: str, table: Table) -> None:
        """A service table of the profile was opened."""
        self._tables.setdefault(upcase(profile), WeakSet()).add(table)

    def watching(self, profile: str) -> tuple[Table, ...]:
        """The service tables of the profile that are still in use."""
        return tuple(self._tables.get(upcase(profile), ()))

    # Open sections.

    def openers(self, profile: str, uid: str) -> tuple[Opener, ...]:
        """The objects that have a section open, without closed and forgotten ones."""
        return tuple(self._open.get((upcase(profile), uid.lower()), ()))

    def opened(self, section: Opener) -> None:
        """A section was opened."""
        self._open.setdefault((upcase(section.profile_name), section.uid.lower()), WeakSet()).add(section)

    def closed(self, section: Opener) -> None:
        """A section was closed."""
        self._open.get((upcase(section.profile_name), section.uid.lower()), WeakSet()).discard(section)
