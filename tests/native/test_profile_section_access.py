"""A section that a service opened to read is not written, whichever method it calls; called through the vtables."""

from __future__ import annotations

import ctypes

import pytest

from mapiwright.entry.child.com import World
from mapiwright.entry.child.objects import ProviderAdmin
from mapiwright.entry.child.sections import Sections
from mapiwright.entry.child.shapes import INTERFACES
from mapiwright.entry.child.trace import Trace

MODIFY, BEST_ACCESS = 0x1, 0x10
S_OK, NO_ACCESS = 0, 0x80070005
SERVER, PORT = 0x6600001E, 0x66010003


def method(pointer: int, interface: str, name: str, *arguments: int) -> int:
    """Call a method of an object by its place in the vtable, as native code does."""
    slot = [known.name for known in INTERFACES[interface]].index(name)
    table = ctypes.c_void_p.from_address(pointer).value
    assert table is not None
    address = ctypes.c_void_p.from_address(table + slot * ctypes.sizeof(ctypes.c_void_p)).value
    assert address is not None
    kind = ctypes.CFUNCTYPE(ctypes.c_uint32, *[ctypes.c_void_p] * (1 + len(arguments)))
    return int(kind(address)(pointer, *arguments))


@pytest.fixture
def world() -> World:
    sections = [{"uid": "a1" * 16, "role": "service", "name": "ACME", "properties": {f"{PORT:08X}": 25}}]
    return World(Sections({"sections": sections}), "Work", "cp1252", "com", Trace())


def opened(world: World, flags: int) -> int:
    out = ctypes.c_void_p()
    admin = ProviderAdmin(world)
    assert method(admin.pointer, "IProviderAdmin", "OpenProfileSection", 0, 0, flags, ctypes.addressof(out)) == S_OK
    assert out.value is not None
    return out.value


def written(world: World, section: int, how: str) -> int:
    """Write to a section by one of the ways there are."""
    codec = world.codec
    if how == "SetProps":
        return method(section, "IProfSect", how, 1, codec.write_properties([(SERVER, "mail.example")]), 0)
    if how == "DeleteProps":
        return method(section, "IProfSect", how, codec.write_tags([PORT]), 0)
    source = opened(world, 0)
    if how == "CopyProps":
        return method(source, "IProfSect", how, codec.write_tags([PORT]), 0, 0, 0, section, 0, 0)
    return method(source, "IProfSect", how, 0, 0, 0, 0, 0, 0, section, 0, 0)


@pytest.mark.parametrize("how", ["SetProps", "DeleteProps", "CopyProps", "CopyTo"])
def test_a_section_opened_to_read_is_not_written(world: World, how: str) -> None:
    assert written(world, opened(world, 0), how) == NO_ACCESS
    assert world.sections.changes() == {}


@pytest.mark.parametrize("flags", [MODIFY, BEST_ACCESS])
@pytest.mark.parametrize("how", ["SetProps", "DeleteProps", "CopyProps", "CopyTo"])
def test_a_section_opened_to_modify_is_written(world: World, how: str, flags: int) -> None:
    assert written(world, opened(world, flags), how) == S_OK
    changed = {"SetProps": {f"{SERVER:08X}": "mail.example"}, "DeleteProps": {f"{PORT:08X}": None}}
    assert world.sections.changes().get("a1" * 16, {}) == changed.get(how, {})
