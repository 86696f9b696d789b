"""Calls whose answer decides what else is done: what stays of a service that fails, and when a provider goes.

Each one is an effect around the call of an entry point, with a kind of its own: its description is that of the call,
and a saved plan, recovery and undo make it again as what it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from mapiwright.errors import FailedError
from mapiwright.mapi.profile import edit, providers, store
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Outcome, Status
from mapiwright.workstation.change import DeleteKey, SetValue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from mapiwright.entry.call import EntryCall
    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.registry import KeyPath
    from mapiwright.workstation.workstation import User, Workstation


@dataclass(frozen=True, slots=True)
class ConditionalCall:
    """A call of an entry point, and what follows from its outcome."""

    call: EntryCall
    KIND: ClassVar[str]

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> Self:
        """The call that a description names; raises FormatError for any other description."""
        from mapiwright.entry.call import maker  # noqa: PLC0415 - who only looks at profiles makes no call

        return cls(maker(description))

    @property
    def kind(self) -> str:
        """The name under which its maker is found."""
        return self.KIND

    def at(self, host: str) -> Self:
        """The same, made where ``host`` says."""
        return replace(self, call=self.call.at(host))

    @property
    def title(self) -> Message:
        """One line for people."""
        return self.call.title

    def describe(self) -> Mapping[str, Any]:
        """The call."""
        return self.call.describe()

    def run(self, workstation: Workstation) -> Outcome:
        """Call it."""
        return self.call.run(workstation)

    def compensate(self, workstation: Workstation) -> Message | None:
        """Call the counterpart."""
        return self.call.compensate(workstation)


@dataclass(frozen=True, slots=True)
class TolerantCall(ConditionalCall):
    """MSG_SERVICE_CREATE for a default service of a new profile ([iprofadmin-createprofile]).

    No page says what a failure does to the others. [derived]: the service is taken out again, the profile and the
    others stay, and the first failure is raised when all is done, from ``failures``.
    """

    KIND: ClassVar[str] = "tolerant-call"
    failures: list[FailedError] = field(default_factory=list, compare=False, repr=False)

    def run(self, workstation: Workstation) -> Outcome:
        """Call it; where it fails, the outcome's changes take the service out."""
        try:
            return self.call.run(workstation)
        except FailedError as error:
            self.failures.append(error)
            message = Message.of("sentences.left-out", why=error.what)
            status = Status.DONE if error.was_called else Status.SKIPPED  # which nothing calls back
            details = {"hresult": error.hresult, "failed": True}
            user, profile = self.call.find_profile(workstation)
            if user is None or profile is None or profile.service(self.call.uid) is None:
                return Outcome(status, message, details=details)
            after = edit.remove_service(profile, self.call.uid)
            return Outcome(status, message, _changes(workstation, user, profile, after), details)


@dataclass(frozen=True, slots=True)
class ProviderRemoval(ConditionalCall):
    """MSG_SERVICE_PROVIDER_DELETE, and then the provider goes ([iprovideradmin-deleteprovider]).

    [msgserviceentry] has the service call DeleteProvider itself; where it does not, we remove the provider.
    """

    KIND: ClassVar[str] = "provider-removal"

    @property
    def title(self) -> Message:
        """One line for people."""
        return Message.of("steps.call-and-remove", call=self.call.title)

    def run(self, workstation: Workstation) -> Outcome:
        """Call it; the outcome's changes hold what the service set, and the removal."""
        outcome = self.call.run(workstation)
        user, profile = self.call.find_profile(workstation)
        if user is None or profile is None or profile.section(self.call.provider) is None:
            return outcome
        section = store.profile_key(user.root, workstation.outlook.edition, profile.name) / self.call.provider
        if any(isinstance(change, DeleteKey) and change.key == section for change in outcome.changes):
            return outcome
        kept = tuple(change for change in outcome.changes if _key_of(change) != section)
        after = providers.remove_provider(profile, self.call.provider)
        return replace(outcome, changes=(*kept, *_changes(workstation, user, profile, after)))


def _key_of(change: Change) -> KeyPath | None:
    return change.key if isinstance(change, SetValue) else None


def _changes(workstation: Workstation, user: User, before: Profile, after: Profile) -> tuple[Change, ...]:
    return store.profiles_changes(
        workstation.registry, user.root, workstation.outlook.edition, [(before, after)], workstation.code_page
    )
