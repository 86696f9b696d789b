"""MessageServiceAdmin: the services of one profile, as IMsgServiceAdmin has them ([imsgserviceadminiunknown])."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn, Protocol

from mapiwright.admin.calls import call_for, say_created, say_deleted
from mapiwright.admin.flags import NO_UI, UI, ReadFlag, check_flags
from mapiwright.admin.last_error import Remembering, remembered
from mapiwright.admin.properties import values_of
from mapiwright.admin.providers import ProviderAdmin
from mapiwright.admin.rows import provider_table, service_row, service_table
from mapiwright.admin.sections import open_section
from mapiwright.entry.service.contract import Context, EntryFlag
from mapiwright.errors import CallError, NotFoundError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.uid import MapiUid
from mapiwright.mapi.profile import addressing, edit, roles
from mapiwright.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.admin.sections import ProfileSection
    from mapiwright.admin.workspace import Workspace
    from mapiwright.formats.props import GivenProperties
    from mapiwright.mapi.profile.profile import Profile, Service
    from mapiwright.mapi.tables.tables import Table

MAPI_E_NO_SUPPORT = 0x80040102
MAPI_E_NOT_INITIALIZED = 0x80040605
NO_PROPERTIES: GivenProperties = MappingProxyType({})


class ServiceHolder(Protocol):
    """Another target to copy services to: a session."""

    def admin_services(self) -> MessageServiceAdmin:
        """The services of its profile."""
        ...


class MessageServiceAdmin(Remembering):
    """Adds, copies, configures, orders and removes message services in one profile.

    A service is named by the uid of its section, 16 bytes or hex; a name that occurs once will do, too. An open
    session keeps the services that it began with ([imapisession-adminservices]).
    """

    def __init__(self, workspace: Workspace, profile: str) -> None:
        self.workspace = workspace
        self.name = profile

    def __repr__(self) -> str:
        return f"<MessageServiceAdmin of profile {self.name!r} of user {self.workspace.user.name}>"

    @property
    def profile(self) -> Profile:
        """The profile, drafts included."""
        return self.workspace.profile(self.name)

    # Tables.

    @remembered
    def get_message_service_table(self, flags: int = ReadFlag.UNICODE) -> Table:
        """The services of the profile in the order of addition ([imsgserviceadmin-getmsgservicetable])."""
        check_flags(flags, ReadFlag.UNICODE, "GetMsgServiceTable")
        table = service_table(self.profile, flags)
        self.workspace.usage.watched(self.name, table)
        return table

    @remembered
    def get_provider_table(self, flags: int = ReadFlag.UNICODE) -> Table:
        """All providers of the profile but those marked for deletion ([imsgserviceadmin-getprovidertable])."""
        check_flags(flags, ReadFlag.UNICODE, "GetProviderTable")
        return provider_table(self.profile, self.workspace.usage.gone_providers(self.name), flags)

    # Services.

    @remembered
    def create_message_service(self, service: str, display: str | None = None, flags: int = NO_UI) -> MapiUid:
        """Copy a service from MAPISVC.INF into the profile, then call it with MSG_SERVICE_CREATE.

        This is CreateMsgServiceEx, which returns the uid of the section; ignore that for
        CreateMsgService ([imsgserviceadmin2-createmsgserviceex], [imsgserviceadmin-createmsgservice]). ``display`` is
        ignored where MAPISVC.INF has a PR_DISPLAY_NAME. A UI is allowed with SERVICE_UI_ALLOWED or SERVICE_UI_ALWAYS
        only. Raises NotFoundError where ``[Services]`` does not name it, and ExistsError where it may be there once
        only. A service that fails or cancels is not there afterwards; one that answers MAPI_E_UNCONFIGURED is, and
        asks to be configured ([derived]).
        """
        check_flags(flags, UI | EntryFlag.NO_RESTART_WARNING | EntryFlag.UNICODE, "CreateMsgServiceEx")
        space = self.workspace
        definition = space.catalogue.definition(service)
        with space.batch(Message.of("actions.add-service", service=definition.name, profile=self.name)):
            before = self.profile
            after, uid = edit.add_service(before, definition, space.uid, display=display)
            space.put(before, after)
            say_created(space, after, uid, _forwarded(flags))
            space.afterwards(lambda: self._announce(uid))
            # [imsgserviceadmin-createmsgservice]: where somebody may be asked, is not spared, and is logged on
            if flags & UI and not flags & EntryFlag.NO_RESTART_WARNING and space.usage.in_use(self.name):
                warning = f"Service {definition.name} will be there when you log on to profile {self.name} again."
                space.afterwards(lambda: space.report(warning))
        return uid

    @remembered
    def delete_message_service(self, service: str | bytes) -> None:
        """Send MSG_SERVICE_DELETE, then remove all sections of the service ([imsgserviceadmin-deletemsgservice]).

        What the service answers holds nothing up. Nothing guards a profile in use against losing its services
        ([administering-profiles-and-message-services]). Raises NotFoundError.
        """
        space = self.workspace
        found = self.find(service)
        with space.batch(Message.of("actions.remove-service", service=found.name, profile=self.name)):
            before = self.profile
            say_deleted(space, before, found)
            space.put(before, edit.remove_service(before, found.uid))

    @remembered
    def copy_message_service(
        self, service: str | bytes, target: MessageServiceAdmin | ServiceHolder | None = None, flags: int = NO_UI
    ) -> MapiUid:
        """Copy a service, set up exactly alike, into this profile or that of ``target``.

        The documents name the target by an interface id and an object, which is one thing here; the display name that
        they deprecate has no place ([imsgserviceadmin-copymsgservice]). Its sections get uids of their own, extra
        sections are copied with them, and no entry point is called. Gives the uid of the copy. Raises NotFoundError,
        and ExistsError where the target has it and may have it once only.
        """
        check_flags(flags, UI | EntryFlag.UNICODE, "CopyMsgService")
        there = (
            self if target is None else target if isinstance(target, MessageServiceAdmin) else target.admin_services()
        )
        space = there.workspace
        found = self.find(service)
        title = Message.of("actions.copy-service", service=found.name, profile=self.name, new=there.name)
        with space.batch(title):
            before = there.profile
            after, uid = edit.copy_service(self.profile, found.uid, before, space.uid)
            space.put(before, after)
            space.copied(self.name, found.uid, there.name)
        return uid

    @remembered
    def rename_message_service(self, service: str | bytes, display: str) -> NoReturn:
        """Raise CallError with MAPI_E_NO_SUPPORT, always ([imsgserviceadmin-renamemsgservice])."""
        raise CallError(
            f"service {str(service)!r} cannot be called {display!r}: RenameMsgService is not supported",
            hresult=MAPI_E_NO_SUPPORT,
            remedy="Set PR_DISPLAY_NAME in the section of the service.",
        )

    @remembered
    def configure_message_service(
        self, service: str | bytes, properties: GivenProperties = NO_PROPERTIES, flags: int = NO_UI
    ) -> None:
        """Call a service with MSG_SERVICE_CONFIGURE and properties ([imsgserviceadmin-configuremsgservice]).

        Without a UI flag there is no dialog, so without properties the service is not changed. Raises UsageError
        for a value that is not of its type; NotFoundError; CallError (MAPI_E_NOT_INITIALIZED) where it has no entry
        point; EntryPointError with the service's own HRESULT, whose words ``get_last_error`` gives; CancelledError.
        """
        check_flags(flags, UI | EntryFlag.UI_READ_ONLY | EntryFlag.UNICODE, "ConfigureMsgService")
        space = self.workspace
        found = self.find(service)
        with space.batch(Message.of("actions.configure-service", service=found.name, profile=self.name)):
            call = call_for(
                space,
                self.profile,
                found,
                Context.CONFIGURE,
                properties=values_of(properties),
                flags=EntryFlag(flags) | EntryFlag.UNICODE,
            )
            if call is None:
                raise CallError(
                    f"service {found.name} has no entry point to configure it",
                    hresult=MAPI_E_NOT_INITIALIZED,
                    where=f"profile {self.name}",
                )
            space.call_after(call)

    # Sections and providers.

    @remembered
    def open_profile_section(self, uid: str | bytes | None, flags: int = 0) -> ProfileSection:
        """Open a section of the profile as ``open_section`` does ([imsgserviceadmin-openprofilesection])."""
        return open_section(self.workspace, self.name, uid, flags)

    @remembered
    def admin_providers(self, service: str | bytes) -> ProviderAdmin:
        """The providers of a service ([imsgserviceadmin-adminproviders]); raises NotFoundError."""
        return ProviderAdmin(self.workspace, self.name, self.find(service).uid)

    # Roles.

    @remembered
    def message_service_transport_order(self, uids: Sequence[str | bytes]) -> None:
        """Put the transports, all of them, in this order ([imsgserviceadmin-msgservicetransportorder]).

        They are named by PR_PROVIDER_UID. The order overrides STATUS_XP_PREFER_LAST. Raises BusyError if their
        count is not that of the transports, NotFoundError for a uid of no transport.
        """
        with self.workspace.batch(Message.of("actions.order", profile=self.name)):
            before = self.profile
            self.workspace.put(before, roles.set_transport_order(before, [MapiUid(uid) for uid in uids]))

    @remembered
    def set_primary_identity(self, uid: str | bytes | None) -> None:
        """Let a service provide the identity of sessions; None is no service ([imsgserviceadmin-setprimaryidentity]).

        Its own page takes the uid of the service, [mapi-primary-identity] that of a provider; both do. Raises
        NotFoundError, and RefusedError where MAPISVC.INF declares SERVICE_NO_PRIMARY_IDENTITY. That flag is not put
        on the others, although the page says so: it is static, and none of them could be chosen any more.
        """
        with self.workspace.batch(Message.of("actions.identity", profile=self.name)):
            before = self.profile
            self.workspace.put(before, roles.set_primary_identity(before, None if uid is None else MapiUid(uid)))

    @remembered
    def set_default_store(self, uid: str | bytes | None) -> None:
        """Make a store, named by PR_PROVIDER_UID, the default one; None removes the role.

        [imapisession-setdefaultstore], without a session: one that ends takes its temporary stores with it. Raises
        NotFoundError, and RefusedError for a store that can never be the default one.
        """
        with self.workspace.batch(Message.of("actions.default-store", profile=self.name)):
            before = self.profile
            self.workspace.put(before, roles.set_default_store(before, None if uid is None else MapiUid(uid)))

    @remembered
    def set_default_directory(self, entry_id: bytes | None) -> None:
        """Have the address book show this list first; None leaves it to MAPI ([iaddrbook-setdefaultdir]).

        ``mapi.profile.addressing`` says which lists can be named without their provider. Raises NotFoundError.
        """
        with self.workspace.batch(Message.of("actions.first-list", profile=self.name)):
            now, before = self.profile, self.workspace.origin(self.name)
            self.workspace.put(now, addressing.set_default_directory(now, entry_id, before=before))

    @remembered
    def set_personal_address_book(self, entry_id: bytes | None) -> None:
        """Keep personal addresses in this list; None names none ([iaddrbook-setpab]). Raises NotFoundError."""
        with self.workspace.batch(Message.of("actions.personal-list", profile=self.name)):
            now, before = self.profile, self.workspace.origin(self.name)
            self.workspace.put(now, addressing.set_personal_address_book(now, entry_id, before=before))

    @remembered
    def set_search_order(self, entry_ids: Sequence[bytes]) -> None:
        """Check names in these lists, in this order; none leaves it to MAPI ([iaddrbook-setsearchpath]).

        Raises NotFoundError, and UsageError where a list is named twice.
        """
        with self.workspace.batch(Message.of("actions.search-order", profile=self.name)):
            now, before = self.profile, self.workspace.origin(self.name)
            self.workspace.put(now, addressing.set_search_order(now, entry_ids, before=before))

    def _announce(self, uid: MapiUid) -> None:
        """Notify the sinks of the profile's service tables that a row was added ([adding-a-message-service])."""
        profile = self.workspace.find(self.name)
        service = profile.service(uid) if profile is not None else None
        if service is not None:
            for table in self.workspace.usage.watching(self.name):
                table.insert(service_row(service))

    def find(self, service: str | bytes) -> Service:
        """The service by uid or name; raises UsageError where the name occurs twice, with the uids to choose from."""
        services = self.profile.services
        uid = MapiUid.read(service)
        asked = str(uid or service)
        found = [s for s in services if s.uid == uid] or [s for s in services if upcase(s.name) == upcase(asked)]
        if not found:
            there = ", ".join(s.name for s in services) or "none"
            raise NotFoundError(
                f"there is no service {asked!r} in profile {self.name!r}",
                remedy=f"Services of this profile: {there}.",
            )
        if len(found) > 1:
            uids = ", ".join(s.uid for s in found)
            raise UsageError(
                f"service {asked!r} occurs {len(found)} times in profile {self.name!r}",
                remedy=f"Name one by its uid: {uids}.",
            )
        return found[0]


def _forwarded(flags: int) -> EntryFlag:
    """What of CreateMsgService's flags goes to the service: the UI, where it may have one."""
    return EntryFlag.UNICODE | EntryFlag(int(flags) & UI)
