"""ProfileAdmin: the profiles of a user, as IProfAdmin administers them ([iprofadminiunknown])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.admin.services import MessageServiceAdmin, call_for
from mapiwright.admin.table import profile_table
from mapiwright.entry.contract import Context
from mapiwright.errors import ExistsError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi import edit

if TYPE_CHECKING:
    from mapiwright.admin.table import ProfileRow
    from mapiwright.admin.workspace import Workspace
    from mapiwright.mapi.profile import Profile


class ProfileAdmin:
    """Creates, copies, renames and deletes profiles, and names the default one."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def get_profile_table(self) -> tuple[ProfileRow, ...]:
        """All profiles; the table has the documented two columns ([iprofadmin-getprofiletable])."""
        return profile_table(self.workspace.names, self.workspace.default)

    def create_profile(self, name: str) -> None:
        """Make an empty profile; raises ExistsError where the name is taken ([iprofadmin-createprofile])."""
        edit.check_profile_name(name)
        self._must_be_free(name)
        space = self.workspace
        with space.batch(f"create profile {name}"):
            space.put(None, edit.new_profile(name, space.pointer, space.uid))

    def delete_profile(self, name: str) -> None:
        """Call each service with MSG_SERVICE_DELETE, then remove the profile ([iprofadmin-deleteprofile])."""
        space = self.workspace
        profile = space.profile(name)
        with space.batch(f"delete profile {profile.name}"):
            for service in profile.services:
                call = call_for(space, profile, service.uid, service.name, Context.DELETE)
                if call is not None:
                    space.call_before(call)
            space.put(profile, None)
            if self._is_default(profile):
                space.set_default(None)

    def copy_profile(self, name: str, new_name: str) -> None:
        """Copy a profile with all its sections; it gets its own PR_SEARCH_KEY ([iprofadmin-copyprofile])."""
        edit.check_profile_name(new_name)
        space = self.workspace
        profile = space.profile(name)
        self._must_be_free(new_name)
        with space.batch(f"copy profile {profile.name} to {new_name}"):
            space.put(None, edit.copy_profile(profile, new_name, space.uid))

    def rename_profile(self, name: str, new_name: str) -> None:
        """Give a profile another name; a default profile stays the default one ([iprofadmin-renameprofile])."""
        edit.check_profile_name(new_name)
        space = self.workspace
        profile = space.profile(name)
        self._must_be_free(new_name)  # Windows takes names that differ in case for one
        with space.batch(f"rename profile {profile.name} to {new_name}"):
            space.put(profile, edit.rename_profile(profile, new_name))
            if self._is_default(profile):
                space.set_default(new_name)

    def set_default_profile(self, name: str | None) -> None:
        """Name the default profile, or none ([iprofadmin-setdefaultprofile])."""
        space = self.workspace
        full = space.profile(name).name if name is not None else None
        with space.batch(f"make {full} the default profile" if full else "clear the default profile"):
            space.set_default(full)

    def admin_services(self, name: str) -> MessageServiceAdmin:
        """The services of a profile, for administration without a session ([iprofadmin-adminservices])."""
        return MessageServiceAdmin(self.workspace, self.workspace.profile(name).name)

    def _is_default(self, profile: Profile) -> bool:
        default = self.workspace.default
        return default is not None and upcase(default) == upcase(profile.name)

    def _must_be_free(self, name: str) -> None:
        if self.workspace.find(name) is not None:
            raise ExistsError(
                f"there is a profile {name!r} already",
                where=f"user {self.workspace.user.name}",
                remedy="Take another name, or delete that profile first.",
            )
