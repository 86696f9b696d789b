"""Changes that are not written yet: the new profiles, the new default, and the entry point calls around them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.entry.call import EntryCall
    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.message import Message
    from mapiwright.transaction.plans.effect import Effect


@dataclass(frozen=True, slots=True)
class Draft:
    """A profile as the registry has it under a name, and as it will be; None is absent.

    ``origin`` is the name under which the registry has what became ``after``; "" where that is new.
    """

    before: Profile | None
    after: Profile | None
    origin: str


@dataclass(frozen=True, slots=True)
class Due:
    """A call that waits for its profile; what follows from it is said by ``step``, which makes it a plan's step."""

    call: EntryCall
    step: Callable[[EntryCall], Effect]


@dataclass(frozen=True, slots=True)
class ServiceCopy:
    """A service that is copied: its uid and the profile that it is in, and the profile that gets the copy."""

    of: tuple[str, str]
    to: str


@dataclass(slots=True)
class Drafts:
    """Everything that one transaction will do, by profile names in upper case.

    ``default`` holds the name of the default profile, or None for none, and ``asks`` whether Outlook asks for a
    profile; they are empty where that stays as it is.
    """

    profiles: dict[str, Draft] = field(default_factory=dict)
    default: tuple[str | None, ...] = ()
    asks: tuple[bool, ...] = ()
    calls_before: list[EntryCall] = field(default_factory=list)
    calls_after: list[Due] = field(default_factory=list)
    copies: list[ServiceCopy] = field(default_factory=list)
    titles: list[Message] = field(default_factory=list)
    afterwards: list[Callable[[], object]] = field(default_factory=list)
    """Called after the changes are written."""

    def copy(self) -> Drafts:
        """As it is now, to go back to."""
        return Drafts(
            dict(self.profiles),
            self.default,
            self.asks,
            list(self.calls_before),
            list(self.calls_after),
            list(self.copies),
            list(self.titles),
            list(self.afterwards),
        )

    def origin(self, name: str) -> str:
        """The name under which the registry has the profile that is called ``name`` here; "" for a new one."""
        draft = self.profiles.get(upcase(name))
        return name if draft is None else draft.origin

    def put(self, name: str, after: Profile | None, origin: str, stored: Callable[[str], Profile | None]) -> None:
        """Draft the profile that a name will have."""
        key = upcase(name)
        old = self.profiles.get(key)
        self.profiles[key] = (
            Draft(stored(name), after, origin) if old is None else replace(old, after=after, origin=origin)
        )

    def rename_calls(self, profile: str, name: str | None) -> None:
        """Have the calls that wait follow a profile to its new name, or go with it."""
        waiting, self.calls_after = self.calls_after, []
        for due in waiting:
            if upcase(due.call.profile) != upcase(profile):
                self.calls_after.append(due)
            elif name is not None:
                self.calls_after.append(replace(due, call=replace(due.call, profile=name)))

    def withdraw(self, profile: str, uid: str, provider: str = "") -> None:
        """Cancel the waiting calls for a service that is removed again, or for one provider of it."""

        def goes(call: EntryCall) -> bool:
            same = upcase(call.profile) == upcase(profile) and call.uid == uid
            return same and provider in {"", call.provider}

        self.calls_after = [due for due in self.calls_after if not goes(due.call)]
