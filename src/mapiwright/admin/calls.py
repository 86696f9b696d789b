"""The calls of entry points that administration makes: which there are, and what their failure comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mapiwright.entry.call import EntryCall
from mapiwright.entry.contract import Context, EntryFlag
from mapiwright.errors import FailedError
from mapiwright.mapi import edit, store
from mapiwright.mapi.tags import PR_SERVICE_DLL_NAME, PR_SERVICE_ENTRY_NAME
from mapiwright.transaction.effect import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.admin.workspace import Workspace
    from mapiwright.errors import MapiwrightError
    from mapiwright.mapi.definition import Properties
    from mapiwright.mapi.profile import Profile, Provider, Service
    from mapiwright.transaction.effect import Json
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation


def call_for(
    space: Workspace,
    profile: Profile,
    service: Service,
    context: Context,
    *,
    flags: EntryFlag = EntryFlag.UNICODE,
    properties: Properties | None = None,
    provider: str = "",
) -> EntryCall | None:
    """The call of a service's entry point, or None where it has none: neither declared nor a stand-in for it.

    [pidtagserviceentryname-canonical-property]: without both properties MAPI assumes that there is no entry point.
    """
    section = service.section
    declared = section.text(PR_SERVICE_ENTRY_NAME) and section.text(PR_SERVICE_DLL_NAME)
    if not declared and not space.has_stand_in(service.name):
        return None
    return EntryCall(
        service=service.name,
        context=context,
        user=space.user.name,
        profile=profile.name,
        uid=service.uid,
        properties=properties or {},
        policy=space.policy,
        flags=flags,
        provider=provider,
    )


def say_created(
    space: Workspace, profile: Profile, uid: str, flags: EntryFlag = EntryFlag.UNICODE, *, tolerant: bool = False
) -> None:
    """Have a service that was added called with MSG_SERVICE_CREATE, once it is there."""
    service = profile.service(uid)
    call = call_for(space, profile, service, Context.CREATE, flags=flags) if service is not None else None
    if call is not None:
        space.call_after(call, tolerant=tolerant)


def say_deleted(space: Workspace, profile: Profile, service: Service) -> None:
    """Have a service that goes called with MSG_SERVICE_DELETE while its sections are there.

    One that came in the same batch was never called, and is not called now. No call has a UI ([deleting-a-profile]).
    """
    space.withdraw(profile.name, service.uid)
    stored = space.origin(profile.name)
    there = stored.service(service.uid) if stored is not None else None
    if stored is not None and there is not None:
        call = call_for(space, stored, there, Context.DELETE)
        if call is not None:
            space.call_before(call)


def say_provider_deleted(space: Workspace, profile: Profile, service: Service, provider: Provider) -> None:
    """Have a service called with MSG_SERVICE_PROVIDER_DELETE while the provider is there; it may refuse."""
    space.withdraw(profile.name, service.uid, provider.uid)
    stored = space.origin(profile.name)
    there = stored.service(service.uid) if stored is not None else None
    if stored is not None and there is not None and any(each.uid == provider.uid for each in there.providers):
        call = call_for(space, stored, there, Context.PROVIDER_DELETE, provider=provider.uid)
        if call is not None:
            space.call_before(call)


@dataclass(frozen=True, slots=True)
class TolerantCall:
    """MSG_SERVICE_CREATE for a default service of a new profile ([iprofadmin-createprofile]).

    No page says what a failure does to the others. [derived]: the service is taken out again, the profile and the
    others stay, and the first failure is raised when all is done, from ``failures``.
    """

    call: EntryCall
    failures: list[MapiwrightError] = field(default_factory=list, compare=False, repr=False)

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
