"""PyIProfAdmin: the profiles of a user ([iprofadminiunknown])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.pywin32.iids import IIDS
from mapiwright.pywin32.services import as_services
from mapiwright.pywin32.table import PyIMAPITable, TableView
from mapiwright.pywin32.unknown import PyIAdministered
from mapiwright.pywin32.values import bits, text_of, text_or_none

if TYPE_CHECKING:
    from mapiwright.pywin32.services import PyIMsgServiceAdmin

    Text = str | bytes


class PyIProfAdmin(PyIAdministered[ProfileAdmin]):
    """Creates, copies, renames and deletes profiles. Passwords are not looked at: there are none."""

    interface = IIDS["IID_IProfAdmin"]

    def _name(self, name: Text) -> str:
        return text_of(name, self._code_page)

    def GetProfileTable(self, flags: int) -> PyIMAPITable:
        """All profiles: PR_DISPLAY_NAME and PR_DEFAULT_PROFILE."""
        return PyIMAPITable(TableView(self.behind.get_profile_table(bits(flags)), self._code_page))

    def CreateProfile(self, profileName: Text, password: Text | None, uiParam: int = 0, flags: int = 0) -> None:
        """Make a profile."""
        self.behind.create_profile(self._name(profileName), bits(flags))

    def DeleteProfile(self, profileName: Text, flags: int = 0) -> None:
        """Delete a profile; one that is in use goes when its last session ends."""
        self.behind.delete_profile(self._name(profileName), bits(flags))

    def ChangeProfilePassword(
        self, profileName: Text, oldPassword: Text | None, newPassword: Text | None, flags: int
    ) -> None:
        """Nothing: there are no passwords."""
        self.behind.change_profile_password(self._name(profileName), None, None, bits(flags))

    def CopyProfile(
        self,
        oldProfileName: Text,
        password: Text | None,
        newProfileName: Text,
        uiParam: int = 0,
        flags: int = 0,
    ) -> None:
        """Copy a profile."""
        self.behind.copy_profile(self._name(oldProfileName), self._name(newProfileName), bits(flags))

    def RenameProfile(
        self,
        oldProfileName: Text,
        password: Text | None,
        newProfileName: Text,
        uiParam: int = 0,
        flags: int = 0,
    ) -> None:
        """Rename a profile; one that is in use gets its name when its last session ends."""
        self.behind.rename_profile(self._name(oldProfileName), self._name(newProfileName), bits(flags))

    def SetDefaultProfile(self, profileName: Text | None, flags: int = 0) -> None:
        """Name the default profile, or none."""
        self.behind.set_default_profile(text_or_none(profileName, self._code_page), bits(flags))

    def AdminServices(
        self, profileName: Text, password: Text | None = None, uiParam: int = 0, flags: int = 0
    ) -> PyIMsgServiceAdmin:
        """The services of a profile."""
        return as_services(self.behind.admin_services(self._name(profileName), bits(flags)))
