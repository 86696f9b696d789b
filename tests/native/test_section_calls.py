"""What a service does to its sections by SetProps, DeleteProps, CopyProps and CopyTo; called through the vtables.

One that it opened to read is not written, and all calls do what they do to an object of our administration.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.admin.properties import PropertyCopy
from mapiwright.entry.child.native.com import World
from mapiwright.entry.child.native.objects import ProviderAdmin
from mapiwright.entry.child.native.shapes import INTERFACES
from mapiwright.entry.child.native.trace import Trace
from mapiwright.entry.child.property_json import EXTRA_UIDS, TYPES
from mapiwright.entry.child.sections import Sections
from mapiwright.mapi.props.property_calls import STORABLE
from mapiwright.mapi.tables.row import in_width, is_secure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODIFY, BEST_ACCESS = 0x1, 0x10
S_OK, NO_ACCESS, COMPUTED = 0, 0x80070005, 0x8004011A
MOVE = 0x1
SERVER, PORT, PR_OBJECT_TYPE = 0x6600001E, 0x66010003, 0x0FFE0003
OWN, OTHER = "a1" * 16, "b2" * 16
PAIR = ("b1" * 16, OTHER)
VALUES: dict[int, Any] = {0x0003: 7, 0x001E: "x", 0x001F: "y", 0x0102: b"z", 0x1102: (b"a", b"b"), 0x0001: 0}
IDS = (0x6600, 0x6601, 0x67F0, 0x8001)
TAGS = st.builds(lambda number, kind: number << 16 | kind, st.sampled_from(IDS), st.sampled_from(sorted(VALUES)))
PLAIN = TAGS.filter(lambda tag: not is_secure(tag))
MANY = st.lists(TAGS, min_size=1, max_size=4, unique_by=lambda tag: tag >> 16)
FLAGS = st.integers(0, 3)  # MAPI_MOVE, MAPI_NOREPLACE
CALL = st.one_of(
    st.tuples(st.just("SetProps"), MANY, st.just(0)),
    st.tuples(st.just("DeleteProps"), MANY, st.just(0)),
    st.tuples(st.just("CopyProps"), st.lists(PLAIN, min_size=1, max_size=4, unique_by=lambda tag: tag >> 16), FLAGS),
    st.tuples(st.just("CopyTo"), MANY, FLAGS),
)
Problems = list[tuple[int, int, int]]


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
    sections = [
        {"uid": OWN, "role": "service", "name": "ACME", "properties": {f"{PORT:08X}": 25}},
        {"uid": OTHER, "role": "extra", "name": OTHER, "properties": {f"{SERVER:08X}": "mail.example"}},
    ]
    return World(Sections({"sections": sections}), "Work", "cp1252", "com", Trace())


def opened(world: World, flags: int, uid: str = OWN) -> int:
    out = ctypes.c_void_p()
    admin = ProviderAdmin(world)
    at = (ctypes.c_ubyte * 16).from_buffer_copy(bytes.fromhex(uid))
    arguments = (ctypes.addressof(at), 0, flags, ctypes.addressof(out))
    assert method(admin.pointer, "IProviderAdmin", "OpenProfileSection", *arguments) == S_OK
    assert out.value is not None
    return out.value


def written(world: World, section: int, how: str) -> int:
    """Write to a section by one of the ways there are."""
    codec = world.codec
    if how == "SetProps":
        return method(section, "IProfSect", how, 1, codec.write_properties([(SERVER, "mail.example")]), 0)
    if how == "DeleteProps":
        return method(section, "IProfSect", how, codec.write_tags([PORT]), 0)
    source = opened(world, 0, OTHER)
    if how == "CopyProps":
        return method(source, "IProfSect", how, codec.write_tags([SERVER]), 0, 0, 0, section, 0, 0)
    return method(source, "IProfSect", how, 0, 0, 0, 0, 0, 0, section, 0, 0)


@pytest.mark.parametrize("how", ["SetProps", "DeleteProps", "CopyProps", "CopyTo"])
def test_a_section_opened_to_read_is_not_written(world: World, how: str) -> None:
    assert written(world, opened(world, 0), how) == NO_ACCESS
    assert world.sections.changes() == {}


@pytest.mark.parametrize("flags", [MODIFY, BEST_ACCESS])
@pytest.mark.parametrize("how", ["SetProps", "DeleteProps", "CopyProps", "CopyTo"])
def test_a_section_opened_to_modify_is_written(world: World, how: str, flags: int) -> None:
    assert written(world, opened(world, flags), how) == S_OK
    changed = {f"{PORT:08X}": None} if how == "DeleteProps" else {f"{SERVER:08X}": "mail.example"}
    assert world.sections.changes() == {OWN: changed}


def test_a_move_takes_away_what_was_copied_and_needs_a_section_that_may_be_written(world: World) -> None:
    """[imapiprop-copyprops]: MAPI_MOVE"""
    target, tags = opened(world, MODIFY), world.codec.write_tags([SERVER])
    arguments = (tags, 0, 0, 0, target, MOVE, 0)
    assert method(opened(world, 0, OTHER), "IProfSect", "CopyProps", *arguments) == NO_ACCESS
    assert world.sections.changes() == {}
    assert method(opened(world, MODIFY, OTHER), "IProfSect", "CopyProps", *arguments) == S_OK
    assert world.sections.changes() == {OWN: {f"{SERVER:08X}": "mail.example"}, OTHER: {f"{SERVER:08X}": None}}


def test_a_section_is_not_copied_to_itself(world: World) -> None:
    """[imapiprop-copyto]: MAPI_E_NO_ACCESS"""
    source, target = opened(world, 0), opened(world, MODIFY)
    assert method(source, "IProfSect", "CopyTo", 0, 0, 0, 0, 0, 0, target, 0, 0) == NO_ACCESS


def test_what_the_target_refuses_is_told_by_its_place_and_not_moved(world: World) -> None:
    """[imapiprop-copyprops]: PR_OBJECT_TYPE is computed; a service's list of sections takes no strangers"""
    world.sections.extras[OTHER].store(EXTRA_UIDS, b"\xcc" * 16)
    source, target, told = opened(world, MODIFY, OTHER), opened(world, MODIFY), ctypes.c_void_p()
    tags = world.codec.write_tags([PORT, PR_OBJECT_TYPE, EXTRA_UIDS])
    arguments = (tags, 0, 0, 0, target, MOVE, ctypes.addressof(told))
    assert method(source, "IProfSect", "CopyProps", *arguments) == S_OK
    assert problems_at(told) == [(1, PR_OBJECT_TYPE, COMPUTED), (2, EXTRA_UIDS, NO_ACCESS)]
    assert world.sections.extras[OTHER][EXTRA_UIDS] == b"\xcc" * 16
    assert OWN not in world.sections.changes()


def problems_at(told: ctypes.c_void_p) -> Problems:
    """An SPropProblemArray: the place in the call, the tag and the SCODE of each problem."""
    if not told.value:
        return []
    count = ctypes.c_uint32.from_address(told.value).value
    numbers = (ctypes.c_uint32 * (3 * count)).from_address(told.value + 4)
    return [(numbers[at], numbers[at + 1], numbers[at + 2]) for at in range(0, 3 * count, 3)]


class Native:
    """Two extra sections of a service, and their methods by the vtable."""

    def __init__(self) -> None:
        extras = [{"uid": uid, "role": "extra", "name": uid, "properties": {}} for uid in PAIR]
        service = {"uid": OWN, "role": "service", "name": "ACME", "properties": {}}
        self.world = World(Sections({"sections": [service, *extras]}), "Work", "cp1252", "com", Trace())
        self.pointers = [opened(self.world, MODIFY, uid) for uid in PAIR]

    def call(self, side: int, name: str, tags: Sequence[int], flags: int) -> Problems:
        """Make a call on one of the two; the problems that it tells."""
        codec, told = self.world.codec, ctypes.c_void_p()
        out, this, other = ctypes.addressof(told), self.pointers[side], self.pointers[1 - side]
        if name == "SetProps":
            values = codec.write_properties([(tag, VALUES[tag & 0xFFFF]) for tag in tags])
            arguments: tuple[int, ...] = (len(tags), values, out)
        elif name == "DeleteProps":
            arguments = (codec.write_tags(tags), out)
        elif name == "CopyProps":
            arguments = (codec.write_tags(tags), 0, 0, 0, other, flags, out)
        else:
            arguments = (0, 0, codec.write_tags(tags), 0, 0, 0, other, flags, out)
        assert method(this, "IProfSect", name, *arguments) == 0
        return problems_at(told)

    def held(self) -> list[dict[int, Any]]:
        """What the two sections hold."""
        return [widened(self.world.sections.extras[uid]) for uid in PAIR]


class Administered:
    """Two objects of our administration."""

    def __init__(self) -> None:
        self.objects = [PropertyCopy(), PropertyCopy()]

    def call(self, side: int, name: str, tags: Sequence[int], flags: int) -> Problems:
        """Make a call on one of the two; the problems that it tells."""
        this, other = self.objects[side], self.objects[1 - side]
        if name == "SetProps":
            problems = this.set_props({tag: VALUES[tag & 0xFFFF] for tag in tags})
        elif name == "DeleteProps":
            problems = this.delete_props(tags)
        elif name == "CopyProps":
            problems = this.copy_props(tags, other, flags)
        else:
            problems = this.copy_to(other, tags, flags)
        return [(problem.index, problem.tag, problem.hresult) for problem in problems]

    def held(self) -> list[dict[int, Any]]:
        """What the two objects hold."""
        return [widened(each._properties) for each in self.objects]


def widened(properties: Mapping[int, Any]) -> dict[int, Any]:
    """Properties with strings in one width, as each side keeps the one that it was given first, or last."""
    return {in_width(tag, unicode=True): value for tag, value in properties.items()}


def own(problems: Problems) -> Problems:
    """The problems but for those of PR_OBJECT_TYPE and PR_PROFILE_NAME, which sections alone have."""
    return [problem for problem in problems if problem[1] >> 16 not in {0x0FFE, 0x3D12}]


@given(st.lists(st.tuples(st.integers(0, 1), CALL), max_size=8))
def test_both_kinds_of_objects_do_the_same(calls: list[tuple[int, tuple[str, list[int], int]]]) -> None:
    """[imapiprop-setprops], [imapiprop-deleteprops], [imapiprop-copyto], [imapiprop-copyprops]"""
    native, administered = Native(), Administered()
    filled = [(side, ("SetProps", [tag], 0)) for side, tag in ((0, 0x66000003), (0, 0x6601001F), (1, 0x66000102))]
    for side, (name, tags, flags) in [*filled, *calls]:
        assert own(native.call(side, name, tags, flags)) == administered.call(side, name, tags, flags)
        assert native.held() == administered.held()


def test_a_section_stores_what_the_child_can_check() -> None:
    assert set(TYPES) == STORABLE
