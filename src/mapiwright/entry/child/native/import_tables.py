"""Puts our functions in the place of MAPI's in the import tables of a DLL, and of those that lie beside it.

What a table has is known by its name, and by its address: an import by ordinal has no name. A DLL
that asks by GetProcAddress, as MAPIStubLibrary and delayed imports do, gets ours, too ([pe-format]). Windows only.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    import ntpath
    from ctypes import wintypes as w
    from typing import TYPE_CHECKING

    from mapiwright.entry.child.native import abi
    from mapiwright.entry.child.native.shapes import MAPI_FUNCTIONS, bare

    if TYPE_CHECKING:
        from collections.abc import Iterator, Mapping

    MAPI_MODULES = ("mapi32.dll", "mapistub.dll", "olmapi32.dll", "msmapi32.dll")
    PAGE_READWRITE = 4
    KERNEL = ctypes.WinDLL("kernel32")
    KERNEL.GetModuleHandleW.restype = KERNEL.GetProcAddress.restype = ctypes.c_void_p
    KERNEL.GetProcAddress.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    KERNEL.GetModuleFileNameW.argtypes = (ctypes.c_void_p, w.LPWSTR, w.DWORD)
    KERNEL.VirtualProtect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, w.DWORD, ctypes.POINTER(w.DWORD))
    _FIND = ctypes.WINFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    _KEPT: list[object] = []

    def put_ours(library: int, ours: Mapping[str, int]) -> None:
        """Replace MAPI's functions by ``ours`` wherever the DLL ``library``, or one beside it, has imported them."""
        instead = _instead(ours)
        folder = ntpath.dirname(_path(library)).casefold()
        waiting, seen = [library], set()
        while waiting:
            module = waiting.pop()
            seen.add(module)
            for name, slots in _imports(module):
                needed = KERNEL.GetModuleHandleW(name)
                if needed and needed not in seen and ntpath.dirname(_path(needed)).casefold() == folder:
                    waiting.append(needed)
                by_name = ours if name.lower() in MAPI_MODULES else {}
                for slot, function in slots:
                    known = by_name.get(function) or instead.get(ctypes.c_void_p.from_address(slot).value or 0)
                    if known is not None:
                        _write(slot, known)

    def _instead(ours: Mapping[str, int]) -> dict[int, int]:
        """The addresses of MAPI's functions, and what goes in their place; GetProcAddress is among them."""
        found: dict[int, int] = {}
        for module in filter(None, map(KERNEL.GetModuleHandleW, MAPI_MODULES)):
            for name, shape in MAPI_FUNCTIONS.items():
                for spelled in (name, f"{name}@{4 * len(shape)}"):
                    address = KERNEL.GetProcAddress(module, spelled.encode())
                    if address:
                        found[address] = ours[name]

        def find(module: int | None, name: int | None) -> int | None:
            address: int | None = KERNEL.GetProcAddress(module, name)
            if address and name and name > 0xFFFF:  # below that it is an ordinal
                return ours.get(bare(ctypes.string_at(name).decode("latin-1")), address)
            return found.get(address or 0, address)

        kernel = KERNEL.GetModuleHandleW("kernel32.dll")
        thunk = _FIND(find)
        _KEPT.append(thunk)
        finder = KERNEL.GetProcAddress(kernel, b"GetProcAddress")
        return {**found, finder: ctypes.cast(thunk, ctypes.c_void_p).value or 0}

    def _path(module: int) -> str:
        text = ctypes.create_unicode_buffer(32768)
        KERNEL.GetModuleFileNameW(module, text, len(text))
        return text.value

    def _number(address: int) -> int:
        return ctypes.c_uint32.from_address(address).value

    def _imports(module: int) -> Iterator[tuple[str, list[tuple[int, str]]]]:
        """The name of each DLL that a loaded one imports; where it keeps the address of each function, and its name.

        The name is "" where the function is imported by ordinal.
        """
        optional = module + _number(module + 0x3C) + 24  # IMAGE_NT_HEADERS: a signature, IMAGE_FILE_HEADER
        table = _number(optional + (112 if abi.POINTER == 8 else 96) + 8)
        at = module + table
        while table and _number(at + 12):
            slots, slot, name = [], module + _number(at + 16), module + _number(at)
            while ctypes.c_void_p.from_address(slot).value:
                slots.append((slot, _name(module, name) if _number(at) else ""))
                slot, name = slot + abi.POINTER, name + abi.POINTER
            yield ctypes.string_at(module + _number(at + 12)).decode("latin-1"), slots
            at += 20  # IMAGE_IMPORT_DESCRIPTOR

    def _name(module: int, at: int) -> str:
        """The name that an entry of an import lookup table leads to: behind a hint of 2 bytes."""
        found = ctypes.c_void_p.from_address(at).value or 0
        by_ordinal = found >> (8 * abi.POINTER - 1)
        return "" if by_ordinal else bare(ctypes.string_at(module + found + 2).decode("latin-1"))

    def _write(slot: int, address: int) -> None:
        before = w.DWORD(0)
        KERNEL.VirtualProtect(slot, abi.POINTER, PAGE_READWRITE, ctypes.byref(before))
        ctypes.c_void_p.from_address(slot).value = address
        KERNEL.VirtualProtect(slot, abi.POINTER, before.value, ctypes.byref(before))
