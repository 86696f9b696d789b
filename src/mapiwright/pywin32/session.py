"""PyIMAPISession: a logon, as far as administration goes ([imapisessioniunknown]).

No provider is loaded, so stores, address books and entries cannot be opened: MAPI_E_NO_SUPPORT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mapiwright.admin.session import Session
from mapiwright.pywin32.iids import IIDS
from mapiwright.pywin32.profsect import as_section
from mapiwright.pywin32.services import as_services
from mapiwright.pywin32.table import PyIMAPITable, TableView
from mapiwright.pywin32.uid import bytes_of
from mapiwright.pywin32.unknown import PyIObject, unsupported
from mapiwright.pywin32.values import bits

if TYPE_CHECKING:
    from mapiwright.pywin32.profsect import PyIProfSect
    from mapiwright.pywin32.services import PyIMsgServiceAdmin
    from mapiwright.pywin32.uid import Uid


class PyIMAPISession(PyIObject[Session]):
    """A session, until Logoff. SetDefaultStore is ours."""

    interface = IIDS["IID_IMAPISession"]

    def AdminServices(self, flags: int = 0) -> PyIMsgServiceAdmin:
        """The services of the profile."""
        return as_services(self.behind.admin_services())

    def OpenProfileSection(self, iidSection: Uid, iid: Uid | None, flags: int) -> PyIProfSect:
        """Open a section of the profile."""
        return as_section(self.behind.open_profile_section(bytes_of(iidSection), bits(flags)), iid)

    def Logoff(self, uiParm: int, flags: int, reserved: int) -> None:
        """End the session; what waited for the last one of its profile is done."""
        self.behind.logoff()

    def SetDefaultStore(self, flags: int, entryId: bytes | None) -> None:
        """Choose a store by its entry id or the id of its section, or none ([imapisession-setdefaultstore])."""
        self.behind.set_default_store(entryId, bits(flags))

    def GetMsgStoresTable(self, flags: int) -> NoReturn:
        """MAPI_E_NO_SUPPORT. GetProviderTable has a row for each store of the profile."""
        unsupported("GetMsgStoresTable")

    def GetStatusTable(self, flags: int) -> PyIMAPITable:
        """One row, MAPI_SUBSYSTEM's, whose PR_DISPLAY_NAME is the name of the profile."""
        code_page = self.behind.workspace.workstation.code_page
        return PyIMAPITable(TableView(self.behind.get_status_table(bits(flags)), code_page))

    def OpenMsgStore(self, uiParam: int, entryId: bytes, iid: Uid | None, flags: int) -> NoReturn:
        """MAPI_E_NO_SUPPORT."""
        unsupported("OpenMsgStore")

    def OpenAddressBook(self, uiParm: int, iid: Uid | None, flags: int) -> NoReturn:
        """MAPI_E_NO_SUPPORT."""
        unsupported("OpenAddressBook")

    def OpenEntry(self, entryId: bytes | None, iid: Uid | None, flags: int) -> NoReturn:
        """MAPI_E_NO_SUPPORT."""
        unsupported("OpenEntry")

    def CompareEntryIDs(self, entryId1: bytes, entryId2: bytes, flags: int = 0) -> NoReturn:
        """MAPI_E_NO_SUPPORT."""
        unsupported("CompareEntryIDs")

    def QueryIdentity(self) -> NoReturn:
        """MAPI_E_NO_SUPPORT."""
        unsupported("QueryIdentity")

    def Advise(self, entryId: bytes | None, mask: int, sink: Any) -> NoReturn:
        """MAPI_E_NO_SUPPORT."""
        unsupported("Advise")

    def Unadvise(self, connection: int) -> NoReturn:
        """MAPI_E_NO_SUPPORT."""
        unsupported("Unadvise")
