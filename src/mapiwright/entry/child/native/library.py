"""Calls the entry point of a compiled message service, in a process of its own ([msgserviceentry]).

The service's code is loaded here and nowhere else. What it does to its sections is returned as data; nothing is
written. Standard library only, with our own modules of this folder, the table engine and the error tree.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from mapiwright.entry.child.channel import Say, line, serve
from mapiwright.entry.child.native import abi
from mapiwright.entry.child.native.com import ITANIUM, World
from mapiwright.entry.child.native.error_words import read_error
from mapiwright.entry.child.native.memory import Pointer
from mapiwright.entry.child.native.objects import Malloc, ProviderAdmin, Support
from mapiwright.entry.child.native.shapes import MAPI_FUNCTIONS, MAPI_TABLE
from mapiwright.entry.child.native.trace import Trace
from mapiwright.entry.child.property_json import properties_from_json
from mapiwright.entry.child.sections import Sections
from mapiwright.entry.child.silence import die_of, ours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.entry.child.native.functions import Functions

MAPI_UNICODE = 0x80000000
DLL_LOAD_DIR_AND_DEFAULT_DIRS = 0x1100


class _NotLoadedError(Exception):
    """The library or its symbol cannot be had."""


def load(library: str, entry: str, functions: Functions, in_front: Mapping[str, str]) -> tuple[int, int]:
    """Load the library, with our functions for MAPI's: its handle, and the address of its entry point.

    ``in_front`` are paths of the libraries that have ours on Linux (see ``entry.hosts.mapi_in_front``).
    """
    try:
        if sys.platform == "win32":
            from mapiwright.entry.child.native.import_tables import put_ours  # noqa: PLC0415 - Windows' own

            found: Any = ctypes.WinDLL(library, winmode=DLL_LOAD_DIR_AND_DEFAULT_DIRS)
            put_ours(found._handle, functions.addresses)
        else:
            found = _opened(library, functions, in_front)
    except OSError as error:
        raise _NotLoadedError(f"has a library that cannot be loaded: {error}") from error
    try:
        function = getattr(found, entry)
    except AttributeError as error:
        raise _NotLoadedError(f"has a library without a function {entry}") from error
    return found._handle, ctypes.cast(function, ctypes.c_void_p).value or 0


def _opened(library: str, functions: Functions, in_front: Mapping[str, str]) -> ctypes.CDLL:
    """The library, as mapi4linux loads its providers: at once, and for those that come after ([native] 1.1)."""
    for needed in in_front:  # "" first; each other one only where the real one cannot be found
        if needed:
            try:
                return ctypes.CDLL(library, mode=os.RTLD_NOW | os.RTLD_GLOBAL)
            except OSError as error:
                if not str(error).startswith(f"{needed}:"):
                    raise
        ours = ctypes.CDLL(in_front[needed], mode=os.RTLD_NOW | os.RTLD_GLOBAL)
        addresses = [functions.addresses[name] for name in MAPI_FUNCTIONS]
        (ctypes.c_void_p * len(addresses)).in_dll(ours, MAPI_TABLE)[:] = list(addresses)
    return ctypes.CDLL(library, mode=os.RTLD_NOW | os.RTLD_GLOBAL)


class NativeCall:
    """One call: the objects that are handed out, and what came back."""

    def __init__(self, request: Mapping[str, Any], trace: Trace) -> None:
        self.request = request
        self.trace = trace
        self.sections = Sections(request)
        self.world = World(self.sections, request["profile"], request["code_page"], request["flavour"], trace)
        self.malloc, self.support, self.admin = Malloc(self.world), Support(self.world), ProviderAdmin(self.world)

    def make(self, handle: int, address: int) -> int:
        """Call the function; the HRESULT as an unsigned number."""
        types = dict(abi.CTYPES)
        itanium = self.world.flavour == ITANIUM
        if itanium:
            types["n"] = ctypes.c_uint32
        function = abi.function_type(ctypes.c_uint32, *(types[letter] for letter in abi.ENTRY))(address)
        given = list(properties_from_json(self.request["properties"]).items())
        properties = self.world.codec.write_properties(given) if given else 0
        self.error = ctypes.c_void_p(0)
        hresult = function(
            0 if itanium else handle,  # mapi4linux passes 0 and has 32 bits for it
            self.malloc.hold(),
            self.support.hold(),
            0,
            self.request["flags"],
            self.request["context"],
            len(given),
            properties or None,
            self.admin.hold(),
            ctypes.addressof(self.error),
        )
        if properties:
            self.world.heap.free(properties)
        return int(hresult)

    def words(self) -> dict[str, Any] | None:
        """The MAPIERROR that the service gave; None where there is none."""
        at = self.error.value
        if not at:
            return None
        wide = bool(self.request["flags"] & MAPI_UNICODE)
        error = read_error(at, self.world.heap, self.request["code_page"], wide=wide)
        for note in error["notes"]:
            self.trace.misuse(note)
        return error

    def report(self) -> dict[str, Any]:
        """What is reported in addition to the outcome."""
        for section in self.sections.all:
            if any(isinstance(value, Pointer) for value in section.pointers.values()):
                self.trace.misuse("a pointer was left in a profile section; it means nothing there, and is dropped")
        return {
            "wanted": self.trace.wanted,
            "misuse": [*self.trace.misuses, *self.world.leaks()],
            "doubt": self.trace.doubts,
            "refused": self.trace.refused,
        }


def answer(request: Mapping[str, Any], say: Say) -> bytes:
    """Call the entry point that the request names; the last line of the answers."""
    trace = Trace((lambda facts: say("trace", call=facts)) if request["trace"] else None)
    call = NativeCall(request, trace)
    try:
        handle, address = load(request["library"], request["entry"], call.support.functions, request["in_front"])
    except _NotLoadedError as error:
        return line("failed", during="loading", kind="", what=str(error), line="")
    say("loaded")
    try:
        hresult = call.make(handle, address)
    except OSError as error:
        die_of(error)  # on Windows ctypes turns a structured exception into this
    with ours:
        words = call.words()
        for section in call.sections.fresh:
            call.sections.list_extra(section)  # so that it is copied and removed along with the service
        return line(
            "done",
            hresult=hresult,
            error=words,
            changed=call.sections.changes(),
            made=call.sections.made,
            gone=call.sections.gone,
            report=call.report(),
        )


def main() -> NoReturn:
    """Serve one request."""
    serve(answer)
