"""Objects that native code can call: vtables of both flavours, reference counts, and a record of every call.

``com`` is the layout of Windows and of a C-style library. ``itanium`` is that of C++ interfaces which inherit
virtually from IUnknown, as mapi4linux providers are built ([native] 1.3): two destructors come first, then AddRef,
Release, QueryInterface, then the methods two slots later; below the address point lie offsets, all zero as the object
is one piece, and a type_info. A wrong flavour makes a guest call other methods than it means, in silence: that is why
what is around each table answers too, and is reported as doubtful.
"""

from __future__ import annotations

import ctypes
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from mapiwright.entry.child.native import abi
from mapiwright.entry.child.native.heap import Heap
from mapiwright.entry.child.native.memory import Codec, Refusal, clear, put_pointer, uid_at
from mapiwright.entry.child.native.shapes import INTERFACES, Method
from mapiwright.entry.child.native.trace import FINDINGS
from mapiwright.entry.child.silence import ours

if TYPE_CHECKING:
    from mapiwright.entry.child.native.trace import Record, Trace
    from mapiwright.entry.child.sections import Sections

S_OK = 0
E_FAIL = 0x80004005
E_NO_INTERFACE = 0x80004002
E_NO_SUPPORT = 0x80040102

COM, ITANIUM = "com", "itanium"
BELOW = 32
"""Words below the address point of an itanium table; compilers use up to 17, as far as seen."""
BEYOND = 64
"""Slots behind a table that answer a guest which went too far."""


def iid(number: int) -> bytes:
    """The bytes of {XXXXXXXX-0000-0000-C000-000000000046} in memory."""
    return number.to_bytes(4, "little") + bytes.fromhex("00000000c000000000000046")


IUNKNOWN = iid(0)


class World:
    """All that one call of an entry point shares: its sections, allocators, objects and findings."""

    def __init__(self, sections: Sections, profile: str, code_page: str, flavour: str, trace: Trace) -> None:
        self.sections = sections
        self.profile = profile
        self.flavour = flavour
        self.trace = trace
        self.heap = Heap(trace.misuse)
        self.heaps = [self.heap]
        self.codec = Codec(self.heap, code_page)
        self.objects: list[ComObject] = []

    def object_at(self, address: int) -> ComObject | None:
        """The object of ours at an address that a guest gave, or None."""
        return _LIVE.get(address)

    def leaks(self) -> list[str]:
        """A sentence for each object and buffer that the guest did not give back; the host's own reference is
        counted.
        """
        left = [
            f"{found.name} was not released ({found.references - found.held} too few)"
            for found in self.objects
            if found.references > found.held
        ]
        counted = Counter([*left, *(sentence for heap in self.heaps for sentence in heap.leaks())])
        return [
            sentence if times == 1 else f"{times} times: {sentence}"
            for sentence, times in counted.most_common(FINDINGS)
        ]


_LIVE: dict[int, ComObject] = {}
"""Every object by its address, released ones too: memory that a guest may still call is never used again."""
_THUNKS: dict[tuple[type[ComObject], str], tuple[Any, list[Any]]] = {}
"""The tables, made once a class and flavour, with what they point to; kept for the life of the process ([native]
2.3).
"""


class ComObject:
    """An object with one reference, which belongs to the receiver.

    A subclass names its ``interface`` and ``iids``, and has a method for each slot that it supports: it is given the
    record of the call and the arguments as numbers, and returns an HRESULT or raises Refusal. The others answer
    MAPI_E_NO_SUPPORT.
    """

    interface: ClassVar[str]
    iids: ClassVar[tuple[bytes, ...]] = ()

    def __init__(self, world: World) -> None:
        self.world = world
        self.references = 1
        self.held = 0
        world.objects.append(self)
        self.name = f"{self.interface}#{len(world.objects)}"
        self._memory = (ctypes.c_void_p * 2)(_table(type(self), world.flavour), 0)
        self.pointer = ctypes.addressof(self._memory)
        _LIVE[self.pointer] = self

    def hold(self) -> int:
        """Keep the first reference for the host; gives the address to hand out."""
        self.held = 1
        return self.pointer

    def query_interface(self, record: Record, wanted: int, out: int) -> int:
        """The same object, if it is what is wanted ([iunknown-queryinterface])."""
        clear(out)
        asked = uid_at(wanted)
        record.given(iid=asked)
        if asked != IUNKNOWN and asked not in self.iids:
            return E_NO_INTERFACE
        self.references += 1
        put_pointer(out, self.pointer)
        return S_OK

    def add_ref(self, record: Record) -> int:
        """One reference more."""
        self.references += 1
        record.quiet()
        return self.references

    def release(self, record: Record) -> int:
        """One reference less."""
        record.quiet()
        self.references -= 1
        if self.references < self.held:
            self.world.trace.misuse(f"{self.name} was released once too often")
            self.references = self.held
        return self.references

    def get_last_error(self, record: Record, hresult: int, flags: int, out: int) -> int:
        """S_OK and NULL: there is nothing to add ([iprofsect-getlasterror])."""
        record.given(hresult=hresult, flags=flags)
        put_pointer(out, 0)
        return S_OK


def _answer(kind: type[ComObject], method: Method, this: int | None, *arguments: int | None) -> int:
    """What every slot runs: find the object, record the call, and let nothing escape into native code."""
    failed = 0 if method.result in "pv" or method.name in {"AddRef", "Release"} else E_FAIL
    found = _LIVE.get(this or 0)
    if found is None or not isinstance(found, kind):
        # No trace is at hand without an object; any world's will do, as a process serves one call.
        for other in _LIVE.values():
            other.world.trace.misuse(f"{kind.interface}::{method.name} was called on what is no such object")
            break
        return failed
    trace = found.world.trace
    if found.references <= 0:
        trace.misuse(f"{found.name} was used after its last Release, by {method.name}")
        return failed
    record = trace.begin(found.name, method.name)
    answer = failed
    try:
        with ours:
            handler = getattr(found, method.handler, None)
            if handler is None:
                trace.want(f"{kind.interface}::{method.name}")
                for letter, argument in zip(method.arguments, arguments, strict=True):
                    if letter == "o":
                        put_pointer(argument or 0, 0)  # callers read it, whatever the result
                answer = E_NO_SUPPORT if method.result == "u" else failed
            else:
                answer = handler(record, *(argument or 0 for argument in arguments))
    except Refusal as refusal:
        record.why(refusal.why)
        answer = refusal.hresult
    except BaseException as error:  # noqa: BLE001 - ctypes would answer S_OK for it
        trace.misuse(f"{found.name}::{method.name} failed inside the host: {type(error).__name__}: {error}")
    trace.end(record, answer, is_hresult=method.result == "u" and method.name not in {"AddRef", "Release"})
    return answer


def _doubt(kind: type[ComObject], slot: str, this: int | None) -> int:
    """A slot outside the table was called, which no caller of that interface does."""
    found = _LIVE.get(this or 0)
    if found is not None:
        found.world.trace.doubt(f"{kind.interface} was called at {slot}")
    return E_FAIL


def _table(kind: type[ComObject], flavour: str) -> int:
    """The address point of the vtable of a class."""
    if (kind, flavour) not in _THUNKS:
        _THUNKS[kind, flavour] = _made(kind, flavour)
    table = _THUNKS[kind, flavour][0]
    return ctypes.addressof(table) + (BELOW * abi.POINTER if flavour == ITANIUM else 0)


def _made(kind: type[ComObject], flavour: str) -> tuple[Any, list[Any]]:
    methods = INTERFACES[kind.interface]
    thunks = [_thunk(kind, method, flavour) for method in methods]
    beyond = _guard(kind, "a slot behind its last method")
    if flavour == COM:
        slots = [*thunks, *[beyond] * BEYOND]
        below: list[int] = []
    else:
        query, add, release, *rest = thunks
        slots = [*[_guard(kind, "its destructor")] * 2, add, release, query, *rest, *[beyond] * BEYOND]
        below = [0] * (BELOW - 1) + [_type_info(kind.interface)]
    addresses = [ctypes.cast(thunk, ctypes.c_void_p).value or 0 for thunk in slots]
    return (ctypes.c_void_p * (len(below) + len(addresses)))(*below, *addresses), slots


def _thunk(kind: type[ComObject], method: Method, flavour: str) -> Any:
    types = dict(abi.CTYPES)
    if flavour == ITANIUM:
        types["n"] = ctypes.c_uint32  # [native] 1.3: mapi4linux has 32-bit ULONGs there
    shape = abi.function_type(types[method.result], ctypes.c_void_p, *(types[letter] for letter in method.arguments))
    return shape(partial(_answer, kind, method))


def _guard(kind: type[ComObject], slot: str) -> Any:
    return abi.function_type(ctypes.c_uint32, ctypes.c_void_p)(partial(_doubt, kind, slot))


_TYPE_INFOS: list[Any] = []


def _type_info(interface: str) -> int:
    """A std::type_info, so that dynamic_cast gives NULL and does not crash; 0 where there is no C++ library."""
    if sys.platform == "win32":
        return 0
    try:
        library = ctypes.CDLL("libstdc++.so.6" if sys.platform != "darwin" else "libc++abi.dylib")
        table = ctypes.addressof(ctypes.c_void_p.in_dll(library, "_ZTVN10__cxxabiv117__class_type_infoE"))
    except (OSError, ValueError):
        return 0
    name = ctypes.create_string_buffer(f"{len(interface)}{interface}".encode())
    info = (ctypes.c_void_p * 2)(table + 2 * abi.POINTER, ctypes.addressof(name))
    _TYPE_INFOS.extend((name, info))
    return ctypes.addressof(info)
