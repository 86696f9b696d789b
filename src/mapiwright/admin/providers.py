"""ProviderAdmin: the providers of one service in a profile, as IProviderAdmin has them ([iprovideradminiunknown])."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.admin import at_last_logoff
from mapiwright.admin.calls import call_for
from mapiwright.admin.flags import ProviderFlag, ReadFlag, check_flags, for_service
from mapiwright.admin.last_error import Remembering, remembered
from mapiwright.admin.properties import values_of
from mapiwright.admin.rows import service_provider_table
from mapiwright.admin.sections import open_section
from mapiwright.entry.service.contract import Context
from mapiwright.errors import NotFoundError
from mapiwright.formats.uid import MapiUid
from mapiwright.mapi.profile import providers

if TYPE_CHECKING:
    from mapiwright.admin.sections import ProfileSection
    from mapiwright.admin.workspace import Workspace
    from mapiwright.formats.props import GivenProperties
    from mapiwright.mapi.profile.profile import Profile, Service
    from mapiwright.mapi.tables.tables import Table

NO_PROPERTIES: GivenProperties = MappingProxyType({})


class ProviderAdmin(Remembering):
    """Adds and removes providers of one service; ``uid`` is that of the service.

    Most services refuse both ([imsgserviceadmin-adminproviders]): their answer is raised, and nothing was changed.
    """

    def __init__(self, workspace: Workspace, profile: str, uid: MapiUid) -> None:
        self.workspace = workspace
        self.name = profile
        self.uid = uid

    def __repr__(self) -> str:
        return f"<ProviderAdmin of service {self.uid} in profile {self.name!r}>"

    @property
    def profile(self) -> Profile:
        """The profile, drafts included."""
        return self.workspace.profile(self.name)

    @property
    def service(self) -> Service:
        """The service; raises NotFoundError where it was removed meanwhile."""
        found = self.profile.service(self.uid)
        if found is None:
            raise NotFoundError(f"there is no service {self.uid}", where=f"profile {self.name}")
        return found

    @remembered
    def get_provider_table(self, flags: int = ReadFlag.UNICODE) -> Table:
        """The service's providers but those marked for deletion, and its extra sections.

        A row of an extra section has no PR_RESOURCE_TYPE ([iprovideradmin-getprovidertable]).
        """
        check_flags(flags, ReadFlag.UNICODE, "GetProviderTable")
        gone = self.workspace.usage.gone_providers(self.name)
        return service_provider_table(self.profile, self.service, gone, flags)

    @remembered
    def create_provider(
        self, name: str, properties: GivenProperties = NO_PROPERTIES, flags: int = ProviderFlag(0)
    ) -> MapiUid:
        """Copy a provider from MAPISVC.INF, set properties, call the service with MSG_SERVICE_PROVIDER_CREATE.

        ``name`` is its section there, its PR_DISPLAY_NAME or its PR_PROVIDER_DISPLAY. It is not checked: one that is
        not there makes a provider of the given properties alone ([iprovideradmin-createprovider]). Gives the uid of
        its section. A service that refuses raises EntryPointError, and there is no provider then; one that cancels
        CancelledError.
        """
        check_flags(flags, ProviderFlag.DIALOG | ProviderFlag.UNICODE, "CreateProvider")
        space, service = self.workspace, self.service
        known = space.catalogue.find(service.name)
        definition = providers.definition_of(known, name) if known is not None else None
        with space.batch(f"add provider {name} to service {service.name} of profile {self.name}"):
            before = self.profile
            after, uid = providers.add_provider(before, self.uid, definition, values_of(properties), space.uid)
            space.put(before, after)
            call = call_for(
                space, after, self.service, Context.PROVIDER_CREATE, flags=for_service(flags), provider=uid
            )
            if call is not None:
                space.call_after(call)
        return uid

    @remembered
    def delete_provider(self, uid: str | bytes) -> None:
        """Call the service with MSG_SERVICE_PROVIDER_DELETE, then remove the provider.

        [iprovideradmin-deleteprovider]: in a profile in use it is only marked: it is in no table any more, and goes,
        with that call, when the last session ends. Raises NotFoundError where the service has no such provider,
        EntryPointError where it refuses.
        """
        wanted = MapiUid(uid)
        space, service = self.workspace, self.service
        provider = next((each for each in service.providers if each.uid == wanted), None)
        if provider is None or wanted in space.usage.gone_providers(self.name):
            raise NotFoundError(f"service {service.name} has no provider {wanted}", where=f"profile {self.name}")
        if space.usage.in_use(self.name):
            with space.batch():
                space.usage.mark_provider(self.name, wanted)
        else:
            at_last_logoff.remove_provider(space, self.profile, service, provider)

    @remembered
    def open_profile_section(self, uid: str | bytes | None, flags: int = 0) -> ProfileSection:
        """Open a section of the profile as ``open_section`` does ([iprovideradmin-openprofilesection])."""
        return open_section(self.workspace, self.name, uid, flags)
