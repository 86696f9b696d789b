"""A call whose failure takes out one service, and not all that was done with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mapiwright.errors import FailedError
from mapiwright.mapi import edit, store
from mapiwright.transaction.effect import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.entry.call import EntryCall
    from mapiwright.transaction.effect import Json
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation


@dataclass(frozen=True, slots=True)
class TolerantCall:
    """MSG_SERVICE_CREATE for a default service of a new profile ([iprofadmin-createprofile]).

    No page says what a failure does to the others. [derived]: the service is taken out again, the profile and the
    others stay, and the first failure is raised when all is done, from ``failures``.
    """

    call: EntryCall
    failures: list[FailedError] = field(default_factory=list, compare=False, repr=False)

    @property
    def kind(self) -> str:
        """The kind of the call: recovery calls it back as any other."""
        return self.call.kind

    @property
    def title(self) -> str:
        """One line for people."""
        return self.call.title

    def describe(self) -> Mapping[str, Json]:
        """The call."""
        return self.call.describe()

    def run(self, workstation: Workstation) -> Outcome:
        """Call it; where it fails, the outcome's changes take the service out."""
        try:
            return self.call.run(workstation)
        except FailedError as error:
            self.failures.append(error)
            message = f"it failed, and the service was left out: {error.what}"
            details = {"hresult": error.hresult, "failed": True}
            return Outcome(Status.DONE, message, self._removal(workstation), details)

    def compensate(self, workstation: Workstation) -> None:
        """Call the counterpart."""
        self.call.compensate(workstation)

    def _removal(self, workstation: Workstation) -> tuple[Change, ...]:
        user = next(user for user in workstation.users if user.name == self.call.user)
        edition = workstation.outlook.edition
        profile = store.read_profile_of(
            workstation.registry,
            user.root,
            edition,
            self.call.profile,
            default_pointer=workstation.outlook.bitness.pointer,
            code_page=workstation.code_page,
        )
        if profile is None or profile.service(self.call.uid) is None:
            return ()
        pair = profile, edit.remove_service(profile, self.call.uid)
        return store.profiles_changes(workstation.registry, user.root, edition, [pair], workstation.code_page)
