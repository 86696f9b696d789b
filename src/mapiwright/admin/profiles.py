"""ProfileAdmin: the profiles of a user, as IProfAdmin administers them ([iprofadminiunknown])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.admin import at_last_logoff
from mapiwright.admin.calls import say_created
from mapiwright.admin.flags import NONE, ProfileFlag, ReadFlag, check_flags, for_service
from mapiwright.admin.last_error import Remembering, remembered
from mapiwright.admin.rows import profile_table
from mapiwright.admin.services import MessageServiceAdmin
from mapiwright.admin.table import profile_table as name_and_default
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.makers import MAKERS
from mapiwright.errors import CallError, ExistsError, NotFoundError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile import edit
from mapiwright.mapi.profile.app_profile import as_app_profile, is_app_profile
from mapiwright.message import Message
from mapiwright.transaction.transaction import execute

if TYPE_CHECKING:
    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.mapi.tables.tables import Table
    from mapiwright.workstation.workstation import Workstation

E_FAIL = 0x80004005
MAPI_E_LOGON_FAILED = 0x80040111
MAPI_E_NO_ACCESS = 0x80070005


def admin_profiles(workstation: Workstation, user: str = "", flags: int = NONE) -> ProfileAdmin:
    """The administration of a user's profiles, each call of it one transaction ([mapiadminprofiles]).

    Without ``user``, the only one that the workstation has. Raises NotFoundError for a name that no user has, and
    UsageError where there are several to choose from.
    """
    check_flags(flags, ProfileFlag.UNICODE, "MAPIAdminProfiles")
    people = [each for each in workstation.users if not each.template]
    found = [each for each in people if upcase(each.name) == upcase(user)] if user else people
    names = ", ".join(each.name for each in people) or "none"
    if not found:
        raise NotFoundError(f"there is no user {user!r}", where=workstation.uri, expected=names)
    if len(found) > 1:
        raise UsageError("several users have profiles here", where=workstation.uri, expected=f"one of {names}")
    return ProfileAdmin(Workspace(workstation, found[0], send=lambda plan: execute(plan, workstation, makers=MAKERS)))


class ProfileAdmin(Remembering):
    """Creates, copies, renames and deletes profiles, names the default one, and says whether Outlook asks for one.

    Names have 1 to 64 characters (see ``is_profile_name``) and are compared without regard to case; any other name
    raises UsageError, for which the pages name no code. No profile has a password, so no method takes one.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def __repr__(self) -> str:
        return f"<ProfileAdmin of user {self.workspace.user.name} on {self.workspace.workstation.uri}>"

    @remembered
    def get_profile_table(self, flags: int = ReadFlag.UNICODE) -> Table:
        """All profiles but those marked for deletion ([iprofadmin-getprofiletable]).

        The table is static and has PR_DISPLAY_NAME and PR_DEFAULT_PROFILE. Application profiles are in it with
        MAPI_APP_PROFILE only.
        """
        check_flags(flags, ProfileFlag.APP_PROFILE | ProfileFlag.UNICODE, "GetProfileTable")
        space = self.workspace
        hidden = not flags & ProfileFlag.APP_PROFILE
        names = (name for name in space.names if not space.usage.is_gone(name))
        shown = tuple(name for name in names if not (hidden and is_app_profile(space.profile(name))))
        return profile_table(name_and_default(shown, space.default), flags)

    @remembered
    def create_profile(self, name: str, flags: int = NONE) -> None:
        """Make a profile; raises ExistsError where the name is taken ([iprofadmin-createprofile]).

        It is empty, with no calls; with MAPI_DEFAULT_SERVICES, what MAPISVC.INF says of all default services
        is copied, and then each of them is called once with MSG_SERVICE_CREATE, in the order of the file, with a UI
        where MAPI_DIALOG allows it. A service whose call fails is taken out again, the profile and the others stay,
        and the first failure is raised when all is done ([derived]). With MAPI_APP_PROFILE it is hidden from lists.
        """
        check_flags(
            flags,
            ProfileFlag.APP_PROFILE | ProfileFlag.DEFAULT_SERVICES | ProfileFlag.DIALOG | ProfileFlag.UNICODE,
            "CreateProfile",
        )
        edit.check_profile_name(name)
        self._must_be_free(name)
        space = self.workspace
        with space.batch(Message.of("actions.create-profile", profile=name)):
            profile = edit.new_profile(name, space.pointer, space.uid)
            if flags & ProfileFlag.APP_PROFILE:
                profile = as_app_profile(profile)
            uids = []
            for service in space.catalogue.default_services if flags & ProfileFlag.DEFAULT_SERVICES else ():
                profile, uid = edit.add_service(profile, space.catalogue.definition(service), space.uid)
                uids.append(uid)
            space.put(None, profile)
            for uid in uids:
                say_created(space, profile, uid, for_service(flags), tolerant=True)

    @remembered
    def delete_profile(self, name: str, flags: int = NONE) -> None:
        """Call each service with MSG_SERVICE_DELETE, then remove the profile ([iprofadmin-deleteprofile]).

        One that is in use is only marked: it is in no table any more, and goes when the last session ends; its
        services are called then. Raises NotFoundError; CallError (MAPI_E_NO_ACCESS) for an application profile
        without MAPI_APP_PROFILE.
        """
        check_flags(flags, ProfileFlag.APP_PROFILE | ProfileFlag.UNICODE, "DeleteProfile")
        space = self.workspace
        profile = self._allowed(name, flags)
        if space.usage.in_use(profile.name):
            with space.batch():
                space.usage.mark_gone(profile.name)
        else:
            at_last_logoff.remove_profile(space, profile)

    def change_profile_password(self, name: str, old: str | None, new: str | None, flags: int = NONE) -> None:
        """Succeed and do nothing: there are no passwords ([iprofadmin-changeprofilepassword])."""

    @remembered
    def copy_profile(self, name: str, new_name: str, flags: int = NONE) -> None:
        """Copy a profile with all its sections; it gets its own PR_SEARCH_KEY ([iprofadmin-copyprofile]).

        Nobody is called. The copy of an application profile is one, whatever the flags say. Raises NotFoundError;
        ExistsError where the new name is taken; CallError (MAPI_E_NO_ACCESS) for an application profile without
        MAPI_APP_PROFILE. MAPI_DIALOG would ask for a password and does nothing.
        """
        check_flags(flags, ProfileFlag.APP_PROFILE | ProfileFlag.DIALOG | ProfileFlag.UNICODE, "CopyProfile")
        edit.check_profile_name(new_name)
        space = self.workspace
        profile = self._allowed(name, flags)
        self._must_be_free(new_name)
        with space.batch(Message.of("actions.copy-profile", profile=profile.name, new=new_name)):
            space.put(None, edit.copy_profile(profile, new_name, space.uid))

    @remembered
    def rename_profile(self, name: str, new_name: str, flags: int = NONE) -> None:
        """Give a profile another name; a default profile stays the default one ([iprofadmin-renameprofile]).

        One that is in use gets it when the last session ends; until then the name is taken. Raises
        NotFoundError, which the page leaves out; ExistsError where the new name is taken; CallError
        (MAPI_E_NO_ACCESS) for an application profile without MAPI_APP_PROFILE.
        """
        check_flags(flags, ProfileFlag.APP_PROFILE | ProfileFlag.DIALOG | ProfileFlag.UNICODE, "RenameProfile")
        edit.check_profile_name(new_name)
        space = self.workspace
        profile = self._allowed(name, flags)
        self._must_be_free(new_name)
        if space.usage.in_use(profile.name):
            with space.batch():
                space.usage.mark_renamed(profile.name, new_name)
        else:
            at_last_logoff.rename_profile(space, profile, new_name)

    @remembered
    def set_default_profile(self, name: str | None, flags: int = NONE) -> None:
        """Name the default profile, or none ([iprofadmin-setdefaultprofile]).

        Raises NotFoundError, and CallError (E_FAIL) for an application profile, which can never be it.
        """
        check_flags(flags, ProfileFlag.UNICODE, "SetDefaultProfile")
        space = self.workspace
        profile = self._profile(name) if name is not None else None
        if profile is not None and is_app_profile(profile):
            raise CallError(
                f"{profile.name!r} is an application profile, and cannot be the default one",
                hresult=E_FAIL,
                where=f"user {space.user.name}",
            )
        full = None if profile is None else profile.name
        title = (
            Message.of("actions.default-profile", profile=full) if full else Message.of("actions.no-default-profile")
        )
        with space.batch(title):
            space.set_default(full)

    @property
    def asks_for_profile(self) -> bool:
        """Whether Outlook asks at each start which profile to use, drafts included; else it uses the default one."""
        return self.workspace.asks_for_profile

    @remembered
    def ask_for_profile(self, ask: bool) -> None:
        """Have Outlook ask at each start which profile to use, or use the default one always.

        MAPI has no call for it; it is the choice of the mail Control Panel, kept for each user, see
        ``mapi.profile.startup``.
        """
        with self.workspace.batch(Message.of("actions.ask-for-profile" if ask else "actions.always-default")):
            self.workspace.set_asks_for_profile(ask=ask)

    @remembered
    def admin_services(self, name: str, flags: int = NONE) -> MessageServiceAdmin:
        """The services of a profile, for administration without a session ([iprofadmin-adminservices]).

        It makes no profile, loads no provider and holds none in use. Raises NotFoundError with MAPI_E_LOGON_FAILED:
        this page alone calls a missing profile so. An application profile needs no flag here.
        """
        check_flags(flags, ProfileFlag.DIALOG | ProfileFlag.UNICODE, "AdminServices")
        if not name:
            raise UsageError("AdminServices needs the name of a profile")
        try:
            return MessageServiceAdmin(self.workspace, self._profile(name).name)
        except NotFoundError as error:
            error.hresult = MAPI_E_LOGON_FAILED
            raise

    def _profile(self, name: str) -> Profile:
        """The profile of that name, unless it is only there until its sessions end."""
        if self.workspace.usage.is_gone(name):
            raise NotFoundError(f"profile {name!r} is deleted when its last session ends")
        return self.workspace.profile(name)

    def _allowed(self, name: str, flags: int) -> Profile:
        profile = self._profile(name)
        if is_app_profile(profile) and not flags & ProfileFlag.APP_PROFILE:
            raise CallError(
                f"{profile.name!r} is an application profile",
                hresult=MAPI_E_NO_ACCESS,
                where=f"user {self.workspace.user.name}",
                remedy="Say so with MAPI_APP_PROFILE.",
            )
        return profile

    def _must_be_free(self, name: str) -> None:
        if self.workspace.find(name) is not None or self.workspace.usage.is_promised(name):
            raise ExistsError(
                f"there is a profile {name!r} already",
                where=f"user {self.workspace.user.name}",
                remedy="Take another name, or delete that profile first.",
            )
