"""MessageServiceAdmin: the services of one profile, as IMsgServiceAdmin has them ([imsgserviceadminiunknown])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.call import EntryCall
from mapiwright.entry.contract import Context
from mapiwright.errors import NotFoundError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi import edit
from mapiwright.mapi.tags import PR_SERVICE_DLL_NAME, PR_SERVICE_ENTRY_NAME

if TYPE_CHECKING:
    from mapiwright.admin.workspace import Workspace
    from mapiwright.mapi.definition import Properties
    from mapiwright.mapi.profile import Profile, Service


class MessageServiceAdmin:
    """Adds, configures and removes message services in one profile."""

    def __init__(self, workspace: Workspace, profile: str) -> None:
        self.workspace = workspace
        self.name = profile

    @property
    def profile(self) -> Profile:
        """The profile, drafts included."""
        return self.workspace.profile(self.name)

    def create_message_service(self, service: str, display: str | None = None) -> str:
        """Copy a service from MAPISVC.INF into the profile, then call it with MSG_SERVICE_CREATE.

        Returns the uid of its section ([imsgserviceadmin2-createmsgserviceex]); raises NotFoundError where
        ``[Services]`` does not name it and ExistsError where it may occur once only.
        """
        space = self.workspace
        definition = space.catalogue.definition(service)
        with space.batch(f"add service {definition.name} to profile {self.name}"):
            before = self.profile
            after, uid = edit.add_service(before, definition, space.uid, display=display)
            space.put(before, after)
            call = call_for(space, after, uid, definition.name, Context.CREATE)
            if call is not None:
                space.call_after(call)
        return uid

    def configure_message_service(self, service: str, properties: Properties) -> None:
        """Call a service with MSG_SERVICE_CONFIGURE and properties ([imsgserviceadmin-configuremsgservice])."""
        space = self.workspace
        found = self.find(service)
        with space.batch(f"configure service {found.name} of profile {self.name}"):
            call = call_for(space, self.profile, found.uid, found.name, Context.CONFIGURE, properties)
            if call is None:
                # [imsgserviceadmin-configuremsgservice]: no entry point is MAPI_E_NOT_INITIALIZED
                raise NotFoundError(f"service {found.name} has no entry point to configure it")
            space.call_after(call)

    def delete_message_service(self, service: str) -> None:
        """Send MSG_SERVICE_DELETE, then remove all sections of the service ([imsgserviceadmin-deletemsgservice])."""
        space = self.workspace
        found = self.find(service)
        with space.batch(f"remove service {found.name} from profile {self.name}"):
            before = self.profile
            call = call_for(space, before, found.uid, found.name, Context.DELETE)
            if call is not None:
                space.call_before(call)
            space.put(before, edit.remove_service(before, found.uid))

    def find(self, service: str) -> Service:
        """The service by name or uid; raises UsageError where the name occurs twice, with the uids to choose from."""
        services = self.profile.services
        wanted = upcase(service)
        by_uid = [s for s in services if upcase(s.uid) == wanted]
        found = by_uid or [s for s in services if upcase(s.name) == wanted]
        if not found:
            there = ", ".join(s.name for s in services) or "none"
            raise NotFoundError(
                f"there is no service {service!r} in profile {self.name!r}",
                remedy=f"Services of this profile: {there}.",
            )
        if len(found) > 1:
            uids = ", ".join(s.uid for s in found)
            raise UsageError(
                f"service {service!r} occurs {len(found)} times in profile {self.name!r}",
                remedy=f"Name one by its uid: {uids}.",
            )
        return found[0]


def call_for(
    space: Workspace,
    profile: Profile,
    uid: str,
    service: str,
    context: Context,
    properties: Properties | None = None,
) -> EntryCall | None:
    """The call of a service's entry point, or None where it has none: neither declared nor a stand-in for it.

    [pidtagserviceentryname-canonical-property]: without both properties MAPI assumes that there is no entry point.
    """
    section = profile.section(uid)
    declared = section is not None and section.text(PR_SERVICE_ENTRY_NAME) and section.text(PR_SERVICE_DLL_NAME)
    if not declared and not space.has_stand_in(service):
        return None
    return EntryCall(
        service=service,
        context=context,
        user=space.user.name,
        profile=profile.name,
        uid=uid,
        properties=properties or {},
        policy=space.policy,
    )
