"""PyIMsgServiceAdmin and PyIMsgServiceAdmin2: the services of a profile ([imsgserviceadminiunknown])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.admin.services import MessageServiceAdmin
from mapiwright.admin.session import Session
from mapiwright.errors import CallError
from mapiwright.pywin32.iids import IIDS
from mapiwright.pywin32.profsect import as_section
from mapiwright.pywin32.provideradmin import PyIProviderAdmin
from mapiwright.pywin32.pywintypes import IID
from mapiwright.pywin32.table import PyIMAPITable, TableView
from mapiwright.pywin32.uid import bytes_of
from mapiwright.pywin32.unknown import E_NOINTERFACE, PyIAdministered, PyIUnknown
from mapiwright.pywin32.values import all_from_script, bits, text_of, text_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from mapiwright.pywin32.profsect import PyIProfSect
    from mapiwright.pywin32.pywintypes import IIDType
    from mapiwright.pywin32.uid import Uid
    from mapiwright.pywin32.values import Pair


class PyIMsgServiceAdmin(PyIAdministered[MessageServiceAdmin]):
    """Adds, configures and removes services.

    CopyMsgService, MsgServiceTransportOrder and SetPrimaryIdentity are ours.
    """

    interface = IIDS["IID_IMsgServiceAdmin"]

    def GetMsgServiceTable(self, flags: int) -> PyIMAPITable:
        """The services, in the order of addition."""
        return PyIMAPITable(TableView(self.behind.get_message_service_table(bits(flags)), self._code_page))

    def GetProviderTable(self, flags: int) -> PyIMAPITable:
        """The providers of all services."""
        return PyIMAPITable(TableView(self.behind.get_provider_table(bits(flags)), self._code_page))

    def CreateMsgService(
        self, serviceName: str | bytes, displayName: str | bytes | None, uiParam: int = 0, flags: int = 0
    ) -> None:
        """Add a service; its id is in the last row of the table, or CreateMsgServiceEx returns it."""
        self._create(serviceName, displayName, flags)

    def ConfigureMsgService(self, iid: Uid, ulUIParam: int, ulFlags: int, properties: Sequence[Pair] | None) -> None:
        """Have a service configure itself with properties."""
        given = dict(all_from_script(properties, self._code_page))
        self.behind.configure_message_service(bytes_of(iid), given, bits(ulFlags))

    def DeleteMsgService(self, uuid: Uid) -> None:
        """Remove a service."""
        self.behind.delete_message_service(bytes_of(uuid))

    def RenameMsgService(self, uuid: Uid, flags: int, newName: str | bytes) -> None:
        """MAPI_E_NO_SUPPORT, always."""
        self.behind.rename_message_service(bytes_of(uuid), text_of(newName, self._code_page))

    def CopyMsgService(
        self,
        uuid: Uid,
        displayName: str | bytes | None,
        interfaceToCopy: Uid | None,
        interfaceDst: Uid,
        objectDst: PyIUnknown[Any],
        uiParam: int = 0,
        flags: int = 0,
    ) -> IIDType:
        """Copy a service to the services of ``objectDst`` or the profile of a session; the id of the copy.

        As in C, but C returns no id. The name and the interface to copy by are deprecated, and ignored.
        """
        target = objectDst.QueryInterface(interfaceDst).behind
        if not isinstance(target, MessageServiceAdmin | Session):
            raise CallError("no service can be copied there", hresult=E_NOINTERFACE)
        return _iid(self.behind.copy_message_service(bytes_of(uuid), target, bits(flags)))

    def MsgServiceTransportOrder(self, uuids: Iterable[Uid], flags: int = 0) -> None:
        """Put all transports in the order of these ids."""
        self.behind.message_service_transport_order([bytes_of(uuid) for uuid in uuids])

    def SetPrimaryIdentity(self, uuid: Uid | None, flags: int = 0) -> None:
        """Let a service provide the identity of sessions, or none."""
        self.behind.set_primary_identity(None if uuid is None else bytes_of(uuid))

    def OpenProfileSection(self, uuid: Uid, iid: Uid | None, flags: int) -> PyIProfSect:
        """Open a section of the profile."""
        return as_section(self.behind.open_profile_section(bytes_of(uuid), bits(flags)), iid)

    def AdminProviders(self, uuid: Uid, flags: int) -> PyIProviderAdmin:
        """The providers of a service."""
        return PyIProviderAdmin(self.behind.admin_providers(bytes_of(uuid)))

    def _create(self, name: str | bytes, display: str | bytes | None, flags: int) -> IIDType:
        code_page = self._code_page
        uid = self.behind.create_message_service(
            text_of(name, code_page), text_or_none(display, code_page), bits(flags)
        )
        return _iid(uid)


class PyIMsgServiceAdmin2(PyIMsgServiceAdmin):
    """The same with CreateMsgServiceEx; QueryInterface gets it ([imsgserviceadmin2-createmsgserviceex])."""

    interface = IIDS["IID_IMsgServiceAdmin2"]

    def CreateMsgServiceEx(
        self, serviceName: str | bytes, displayName: str | bytes | None, uiParam: int = 0, flags: int = 0
    ) -> IIDType:
        """Add a service; its id."""
        return self._create(serviceName, displayName, flags)


def as_services(services: MessageServiceAdmin) -> PyIMsgServiceAdmin:
    """The services of a profile, by the interface that AdminServices gives."""
    return PyIMsgServiceAdmin(services, PyIMsgServiceAdmin2)


def _iid(uid: str) -> IIDType:
    return IID(bytes.fromhex(uid), True)
