"""Session: a logon, as far as administration has to do with it ([mapilogonex], [imapisessioniunknown]).

While a session is open, its profile is in use, and is only deleted or renamed after the last logoff. No provider is
loaded and no mail moves, as if MAPI_NO_MAIL were set always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from mapiwright.admin import at_last_logoff
from mapiwright.admin.flags import LogonFlag, ReadFlag, StoreChoice, check_flags
from mapiwright.admin.last_error import Remembering, remembered
from mapiwright.admin.rows import status_table
from mapiwright.admin.sections import open_section
from mapiwright.admin.services import MessageServiceAdmin
from mapiwright.entry.service.contract import EntryFlag
from mapiwright.errors import CallError, MapiwrightError, NotFoundError, UsageError
from mapiwright.formats.uid import MapiUid
from mapiwright.mapi.profile import roles
from mapiwright.mapi.profile.edit import LONGEST_NAME
from mapiwright.mapi.props.tags import PR_ENTRYID, PR_STORE_PROVIDERS, StatusFlag
from mapiwright.message import Message

if TYPE_CHECKING:
    from types import TracebackType

    from mapiwright.admin.sections import ProfileSection
    from mapiwright.admin.workspace import Workspace
    from mapiwright.mapi.profile.profile import Profile, Provider
    from mapiwright.mapi.tables.tables import Table

MAPI_E_LOGON_FAILED = 0x80040111
MAPI_E_INVALID_OBJECT = 0x80040108
_ALL = sum(LogonFlag)


def logon(workspace: Workspace, profile: str | None = None, flags: int = LogonFlag.EXTENDED) -> Session:
    """Log on to a profile ([mapilogonex]).

    With MAPI_USE_DEFAULT the default profile takes the place of the name. Where a session is shared
    (MAPI_ALLOW_OTHERS), its profile is used whatever the name says, unless MAPI_NEW_SESSION is set. With
    MAPI_SERVICE_UI_ALWAYS each service is configured first. Raises CallError with MAPI_E_LOGON_FAILED where no
    profile is named (there is no dialog to choose one), where it does not exist or is being deleted, and for a name
    of more than 64 characters.
    """
    check_flags(flags, _ALL, "MAPILogonEx")
    shared = workspace.usage.shared
    if shared is not None and not flags & LogonFlag.NEW_SESSION:
        name = shared.profile_name
    else:
        name = _chosen(workspace, workspace.default if flags & LogonFlag.USE_DEFAULT else profile)
    if flags & LogonFlag.SERVICE_UI_ALWAYS:
        _configure_all(MessageServiceAdmin(workspace, name))
    return Session(workspace, name, shared=bool(flags & LogonFlag.ALLOW_OTHERS))


def _chosen(workspace: Workspace, name: str | None) -> str:
    found = workspace.find(name) if name and len(name) <= LONGEST_NAME else None
    if found is None or workspace.usage.is_gone(found.name):
        raise CallError(
            f"profile {name!r} does not exist or is being deleted" if name else "there is no profile to log on to",
            hresult=MAPI_E_LOGON_FAILED,
            where=f"user {workspace.user.name}",
            remedy="Name a profile that is there, or set a default one and use MAPI_USE_DEFAULT.",
        )
    return found.name


def _configure_all(services: MessageServiceAdmin) -> None:
    with services.workspace.batch():
        for service in services.profile.services:
            if services.workspace.has_entry_point(service):
                services.configure_message_service(service.uid, flags=EntryFlag.UI_ALWAYS)


class Session(Remembering):
    """A session; it ends with ``logoff``, or with its ``with`` block.

    ``profile`` is the profile as it was at logon: what is done to its services meanwhile is for the next session
    ([imapisession-adminservices]). ``stores`` are the choices of ``set_default_store`` that hold for it, by uid.
    """

    def __init__(self, workspace: Workspace, profile: str, *, shared: bool) -> None:
        self.workspace = workspace
        self.profile_name = profile
        self.profile: Profile = workspace.profile(profile)
        self.shared = shared
        self.stores: dict[StoreChoice, MapiUid | None] = {}
        workspace.usage.sessions.append(self)

    def __repr__(self) -> str:
        return f"<Session of profile {self.profile_name!r}, {'open' if self.open else 'ended'}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.logoff()

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self in self.workspace.usage.sessions

    @remembered
    def logoff(self) -> None:
        """End the session; the last one of a profile has done what waited for it ([imapisession-logoff]).

        Where that fails, as a service may refuse to let a provider go, all is as it was and waits no more.
        """
        if not self.open:
            return
        self.workspace.usage.sessions.remove(self)
        if not self.workspace.usage.in_use(self.profile_name):
            usage = self.workspace.usage
            try:
                at_last_logoff.release(self.workspace, self.profile_name)
            except MapiwrightError:
                usage.marks = usage.marks.without(self.profile_name)
                raise

    @remembered
    def admin_services(self) -> MessageServiceAdmin:
        """The services of the profile; changes take effect in the next session ([imapisession-adminservices])."""
        self._must_be_open()
        return MessageServiceAdmin(self.workspace, self.profile_name)

    @remembered
    def get_status_table(self, flags: int = ReadFlag.UNICODE) -> Table:
        """The row of the MAPI subsystem alone, as no provider and no spooler runs ([imapisession-getstatustable])."""
        self._must_be_open()
        check_flags(flags, ReadFlag.UNICODE, "GetStatusTable")
        return status_table(self.profile_name, flags)

    @remembered
    def open_profile_section(self, uid: str | bytes | None, flags: int = 0) -> ProfileSection:
        """Open a section of the profile ([imapisession-openprofilesection])."""
        self._must_be_open()
        return open_section(self.workspace, self.profile_name, uid, flags)

    @remembered
    def set_default_store(self, store: str | bytes | None, choice: int = StoreChoice.DEFAULT_STORE) -> None:
        """Choose a store by its entry id or section uid; None for no store ([imapisession-setdefaultstore]).

        MAPI_DEFAULT_STORE and MAPI_SIMPLE_STORE_PERMANENT go into the profile, the other three hold for this session.
        What the store can do (PR_STORE_SUPPORT_MASK) is known to the store alone and is not asked for. Raises
        NotFoundError, RefusedError for a store that can never be the default one, and UsageError where ``choice`` is
        not exactly one of StoreChoice.
        """
        self._must_be_open()
        if choice not in set(StoreChoice):
            raise UsageError(f"0x{choice:X} is no choice for a store", expected="exactly one of them")
        chosen = None if store is None else self._store(store)
        uid = None if chosen is None else chosen.uid
        verb = {
            StoreChoice.DEFAULT_STORE: roles.set_default_store,
            StoreChoice.SIMPLE_STORE_PERMANENT: roles.set_simple_store,
        }.get(StoreChoice(choice))
        if verb is not None:
            with self.workspace.batch(Message.of("actions.choose-store", profile=self.profile_name)):
                before = self.workspace.profile(self.profile_name)
                self.workspace.put(before, verb(before, uid))
        self.stores[StoreChoice(choice)] = uid

    @remembered
    def modify_profile(self, store: str | bytes, *, temporary: bool = False) -> None:
        """Keep a store whose section would go at logoff, unless MDB_TEMPORARY ([imapisupport-modifyprofile])."""
        self._must_be_open()
        chosen = self._store(store)
        if not temporary:
            with self.workspace.batch(Message.of("actions.keep-store", profile=self.profile_name)):
                before = self.workspace.profile(self.profile_name)
                kept = roles.flagged(chosen.section, take=StatusFlag.TEMP_SECTION)
                self.workspace.put(before, before.with_sections(kept))

    def _store(self, store: str | bytes) -> Provider:
        profile = self.workspace.profile(self.profile_name)
        stores = profile.providers(PR_STORE_PROVIDERS)
        named = next((each for each in stores if store == each.section.get(PR_ENTRYID)), None)
        if named is None:
            uid = MapiUid(store) if isinstance(store, str) else MapiUid.read(store)
            named = next((each for each in stores if each.uid == uid), None)
        if named is None:
            raise NotFoundError("there is no such store", where=f"profile {profile.name}")
        return named

    def _must_be_open(self) -> None:
        if not self.open:
            raise CallError("the session has ended", hresult=MAPI_E_INVALID_OBJECT)
