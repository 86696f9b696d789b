"""PyIProviderAdmin: the providers of a service ([iprovideradminiunknown])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.admin.providers import ProviderAdmin
from mapiwright.pywin32.iids import IIDS
from mapiwright.pywin32.profsect import as_section
from mapiwright.pywin32.pywintypes import IID
from mapiwright.pywin32.table import PyIMAPITable, TableView
from mapiwright.pywin32.uid import bytes_of
from mapiwright.pywin32.unknown import PyIAdministered
from mapiwright.pywin32.values import all_from_script, bits, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.pywin32.profsect import PyIProfSect
    from mapiwright.pywin32.pywintypes import IIDType
    from mapiwright.pywin32.uid import Uid
    from mapiwright.pywin32.values import Pair


class PyIProviderAdmin(PyIAdministered[ProviderAdmin]):
    """Adds and removes providers of one service."""

    interface = IIDS["IID_IProviderAdmin"]

    def GetProviderTable(self, flags: int) -> PyIMAPITable:
        """The service's providers and extra sections."""
        return PyIMAPITable(TableView(self.behind.get_provider_table(bits(flags)), self._code_page))

    def CreateProvider(
        self, name: str | bytes, count: int, properties: Sequence[Pair] | None, uiParam: int, flags: int
    ) -> IIDType:
        """Add a provider; the id of its section. The count is that of the properties, and is not looked at."""
        given = dict(all_from_script(properties, self._code_page))
        uid = self.behind.create_provider(text_of(name, self._code_page), given, bits(flags))
        return IID(bytes.fromhex(uid), True)

    def DeleteProvider(self, uuid: Uid) -> None:
        """Remove a provider."""
        self.behind.delete_provider(bytes_of(uuid))

    def OpenProfileSection(self, uuid: Uid, iid: Uid | None, flags: int) -> PyIProfSect:
        """Open a section of the profile."""
        return as_section(self.behind.open_profile_section(bytes_of(uuid), bits(flags)), iid)
