"""The functions of mapi32.dll and libmapi.so that allocate or free, with our heap behind them.

A service that is linked to MAPI frees by MAPI's own functions what our objects gave, and gives back what these have
allocated. All need one heap: ours are put in the place of MAPI's, in the import tables of a DLL (see
``import_tables``) and in front of libmapi.so (see ``entry.hosts.mapi_in_front``).
"""

from __future__ import annotations

import ctypes
from functools import partial
from typing import TYPE_CHECKING, Any

from mapiwright.entry.child.native import abi
from mapiwright.entry.child.native.memory import PT_ERROR, number, put_pointer
from mapiwright.entry.child.native.shapes import INTERFACES, MAPI_FUNCTIONS
from mapiwright.entry.child.silence import ours
from mapiwright.mapi.tables.row import MAPI_E_NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.entry.child.native.com import World

S_OK = 0
E_INVALID_PARAMETER = 0x80070057
E_NO_MEMORY = 0x8007000E
E_TABLE_TOO_BIG = 0x80040403
TBL_BATCH = 2


class Functions:
    """The functions of one call; ``addresses`` has them by their names, for native code to call."""

    def __init__(self, world: World) -> None:
        self._world = world
        answers: dict[str, Callable[..., int]] = {
            "MAPIAllocateBuffer": lambda size, out: self._handed(out, partial(world.heap.allocate, size)),
            "MAPIAllocateMore": lambda size, base, out: self._handed(out, partial(world.heap.more, size, base)),
            "MAPIFreeBuffer": self._free,
            "MAPIInitialize": lambda _: S_OK,  # the stub of a Windows without Outlook would show a dialog
            "MAPIUninitialize": lambda: S_OK,
            "HrGetOneProp": self._get_one,
            "HrSetOneProp": lambda this, value: self._call(this, "IProfSect", "SetProps", 1, value, 0),
            "FPropExists": self._exists,
            "HrQueryAllRows": self._query_all,
            "FreeProws": self._free_rows,
            "FreePadrlist": self._free_rows,
        }
        self._thunks = {name: self._thunk(shape, answers[name]) for name, shape in MAPI_FUNCTIONS.items()}
        self.addresses = {
            name: ctypes.cast(thunk, ctypes.c_void_p).value or 0 for name, thunk in self._thunks.items()
        }

    def _thunk(self, shape: str, answer: Callable[..., int]) -> Any:
        def guarded(*arguments: int | None) -> int:
            try:
                return answer(*(argument or 0 for argument in arguments))
            except MemoryError:
                return E_NO_MEMORY
            except BaseException as error:  # noqa: BLE001 - nothing may escape into native code
                self._world.trace.misuse(f"a function of MAPI failed inside the host: {type(error).__name__}")
                return E_INVALID_PARAMETER

        return abi.function_type(ctypes.c_uint32, *(abi.CTYPES[letter] for letter in shape))(guarded)

    # The allocators.

    @staticmethod
    def _handed(out: int, make: Callable[[], int | None]) -> int:
        with ours:
            put_pointer(out, 0)
            made = make()
            put_pointer(out, made or 0)
        return S_OK if made and out else E_INVALID_PARAMETER

    def _free(self, address: int) -> int:
        if not address:
            return S_OK  # [mapifreebuffer]: NULL is fine
        with ours:
            return S_OK if self._world.heap.free(address) else E_INVALID_PARAMETER

    # What MAPI does with an object and the allocators.

    def _call(self, this: int, interface: str, method: str, *arguments: int) -> int:
        """Call a method of an object, ours or the guest's own, through its table."""
        if not this:
            return E_INVALID_PARAMETER
        slot = next(at for at, found in enumerate(INTERFACES[interface]) if found.name == method)
        shape = INTERFACES[interface][slot].arguments
        slot += 2 * (self._world.flavour == "itanium")  # all methods behind IUnknown's
        with ours:
            table = ctypes.c_void_p.from_address(this).value or 0
            address = ctypes.c_void_p.from_address(table + slot * abi.POINTER).value or 0
        types = (ctypes.c_void_p, *(abi.CTYPES[letter] for letter in shape))
        return int(abi.function_type(ctypes.c_uint32, *types)(address)(this, *arguments))

    def _get_one(self, this: int, tag: int, out: int) -> int:
        """[hrgetoneprop]: an error code in the place of the value is the result."""
        put_pointer(out, 0)
        tags, count, got = (ctypes.c_uint32 * 2)(1, tag), ctypes.c_uint32(0), ctypes.c_void_p(0)
        places = (ctypes.addressof(tags), 0, ctypes.addressof(count), ctypes.addressof(got))
        result = self._call(this, "IProfSect", "GetProps", *places)
        if result >= 0x80000000 or not got.value:
            return result if result >= 0x80000000 else MAPI_E_NOT_FOUND
        with ours:
            found = abi.PropValue.from_address(got.value)
            if found.tag & 0xFFFF == PT_ERROR:
                result = int(found.value.ul)
                self._free(got.value)
                return result
            put_pointer(out, got.value)
        return S_OK

    def _exists(self, this: int, tag: int) -> int:
        """[fpropexists]: 1 or 0."""
        got = ctypes.c_void_p(0)
        there = self._get_one(this, tag, ctypes.addressof(got)) == S_OK
        self._free(got.value or 0)
        return int(there)

    def _query_all(self, this: int, tags: int, restriction: int, order: int, most: int, out: int) -> int:
        """[hrqueryallrows]: with the columns, the restriction and the order that are given."""
        put_pointer(out, 0)
        count = ctypes.c_uint32(0)
        steps: list[tuple[str, tuple[int, ...]]] = []
        steps += [("SetColumns", (tags, TBL_BATCH))] if tags else []
        steps += [("Restrict", (restriction, TBL_BATCH))] if restriction else []
        steps += [("SortTable", (order, TBL_BATCH))] if order else []
        steps += [("SeekRow", (0, 0, 0)), ("GetRowCount", (0, ctypes.addressof(count)))]
        for method, arguments in steps:
            result = self._call(this, "IMAPITable", method, *arguments)
            if result >= 0x80000000:
                return result
        if 0 < most < count.value:
            return E_TABLE_TOO_BIG
        return self._call(this, "IMAPITable", "QueryRows", count.value, 0, out)

    def _free_rows(self, rows: int) -> int:
        """[freeprows]: each row's properties are a buffer of their own. An ADRLIST is laid out in the same way."""
        if not rows:
            return S_OK
        with ours:
            size = ctypes.sizeof(abi.Row)
            found = (abi.Row.from_address(rows + abi.ROWS_AT + size * index) for index in range(number(rows)))
            for values in [row.values for row in found]:
                self._free(values or 0)
        return self._free(rows)
