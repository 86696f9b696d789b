"""The vtables of MAPI's interfaces: which method is in which slot, and the shape of its arguments ([native] 1.2).

A shape has a letter for each argument, ``this`` left out: ``u`` a 32-bit number (ULONG, HRESULT, BOOKMARK), ``i`` a
LONG, ``n`` a ULONG_PTR, ``p`` a pointer, ``o`` one to where an object is put. What follows ``->`` is what it returns;
where nothing does, an HRESULT. On x86 the called one removes its arguments from the stack, so that even a method that
is not supported needs its exact shape.
The order is that of the public headers (H:MAPIDefS.h, MAPISPI.h, MAPIX.h) and of objidl.h for IMalloc.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an interface: its documented name, the letters of its arguments, and the letter of its result."""

    name: str
    arguments: str
    result: str = "u"

    @property
    def handler(self) -> str:
        """The name of the Python method that answers it: ``get_mem_alloc_routines``."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.name).lower()


def _methods(text: str) -> tuple[Method, ...]:
    found = []
    for each in text.split():
        name, _, rest = each.partition("(")
        arguments, _, result = rest.partition(")")
        found.append(Method(name, arguments, result.removeprefix("->") or "u"))
    return tuple(found)


INTERFACES: Mapping[str, tuple[Method, ...]] = MappingProxyType(
    {
        name: _methods(f"QueryInterface(pp) AddRef() Release() {text}")
        for name, text in {
            "IProfSect": """
                GetLastError(uup) SaveChanges(u) GetProps(pupp) GetPropList(up) OpenProperty(upuuo) SetProps(upp)
                DeleteProps(pp) CopyTo(uppnpppup) CopyProps(pnpppup) GetNamesFromIDs(ppuoo) GetIDsFromNames(upuo)
            """,
            "IProviderAdmin": """
                GetLastError(uup) GetProviderTable(up) CreateProvider(pupnup) DeleteProvider(p)
                OpenProfileSection(ppup)
            """,
            "IMAPITable": """
                GetLastError(uup) Advise(upp) Unadvise(n) GetStatus(pp) SetColumns(pu) QueryColumns(up)
                GetRowCount(up) SeekRow(uip) SeekRowApprox(uu) QueryPosition(ppp) FindRow(puu) Restrict(pu)
                CreateBookmark(p) FreeBookmark(u) SortTable(pu) QuerySortOrder(p) QueryRows(iup) Abort()
                ExpandRow(upuupp) CollapseRow(upup) WaitForCompletion(uup) GetCollapseState(uuppp)
                SetCollapseState(uupp)
            """,
            "IMAPISupport": """
                GetLastError(uup) GetMemAllocRoutines(ppp) Subscribe(puupp) Unsubscribe(n) Notify(pupp)
                ModifyStatusRow(upu) OpenProfileSection(pup) RegisterPreprocessor(pppppu) NewUID(p) MakeInvalid(upuu)
                SpoolerYield(u) SpoolerNotify(up) CreateOneOff(pppupp) SetProviderUID(pu) CompareEntryIDs(upupup)
                OpenTemplateID(upuppop) OpenEntry(uppupo) GetOneOffTable(uo) Address(ppp) Details(pppuppppu)
                NewEntry(nuupuppp) DoConfigPropsheet(nupppu) CopyMessages(pppppnpu) CopyFolder(ppuppppnpu)
                DoCopyTo(ppuppnpppup) DoCopyProps(pppnpppup) DoProgressDialog(nuo) ReadReceipt(upp) PrepareSubmit(pp)
                ExpandRecips(pp) UpdatePAB(up) DoSentMail(up) OpenAddressBook(puo) Preprocess(uup) CompleteMsg(uup)
                StoreLogoffTransports(p) StatusRecips(pp) WrapStoreEntryID(uppp) ModifyProfile(u)
                IStorageFromStream(ppuo) GetSvcConfigSupportObj(up)
            """,
            "IMalloc": "Alloc(n)->p Realloc(pn)->p Free(p)->v GetSize(p)->n DidAlloc(p)->i HeapMinimize()->v",
        }.items()
    }
)
"""The methods of each interface in the order of its vtable, from slot 0."""

MAPI_FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "MAPIAllocateBuffer": "up",
        "MAPIAllocateMore": "upp",
        "MAPIFreeBuffer": "p",
        "MAPIInitialize": "p",
        "MAPIUninitialize": "",
        "HrGetOneProp": "pup",
        "HrSetOneProp": "pp",
        "FPropExists": "pu",
        "HrQueryAllRows": "ppppip",
        "FreeProws": "p",
        "FreePadrlist": "p",
    }
)
"""The functions by their names, and the letters of their arguments; MAPI32 exports some as
``HrGetOneProp@12``. Whatever else MAPI exports takes the allocators as arguments, or allocates nothing.
"""

MAPI_TABLE = "mapiwright_functions"
"""What the library in front of libmapi.so calls the table of their addresses, in that order."""


def bare(name: str) -> str:
    """A name without what x86 puts around it: ``HrGetOneProp`` for ``_HrGetOneProp@12``."""
    return name.lstrip("_").partition("@")[0]
