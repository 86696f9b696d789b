"""Operations on profiles are data: each comes back from its JSON, and gives one plan, saved and loaded or not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.admin.operations import operations as op
from mapiwright.admin.operations.drafting import draft, draft_all
from mapiwright.admin.operations.operation_json import KINDS, operation_from_json, operation_to_json
from mapiwright.admin.operations.operations import Operation, ProfileSpec, ServiceSpec
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.makers import MAKERS
from mapiwright.errors import FormatError, RefusedError
from mapiwright.mapi.profile import roles
from mapiwright.transaction.plan_file import load, save
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = st.text(max_size=6)
PROPERTIES = st.dictionaries(
    st.sampled_from([0x6600001E, 0x66010003, 0x6602000B, 0x66030102, 0x6604101E]),
    st.text(max_size=5) | st.integers(0, 9) | st.booleans() | st.binary(max_size=5) | st.tuples(NAMES, NAMES),
    max_size=2,
)
SECTIONS = st.dictionaries(NAMES, PROPERTIES, max_size=2)
SERVICES = st.lists(st.builds(ServiceSpec, NAMES, st.none() | NAMES, PROPERTIES, SECTIONS), max_size=2).map(tuple)
PLACES = st.none() | st.integers(0, 3)
SPECS = st.builds(ProfileSpec, NAMES, SERVICES, st.booleans(), st.booleans(), st.booleans(), SECTIONS, PLACES, PLACES)
MEMBERS = {
    "str": NAMES,
    "str | None": st.none() | NAMES,
    "bool": st.booleans(),
    "Properties": PROPERTIES,
    "tuple[str, ...]": st.lists(NAMES, max_size=2).map(tuple),
    "tuple[int, ...]": st.lists(st.integers(0, 0xFFFFFFFF), max_size=2).map(tuple),
    "bytes | None": st.none() | st.binary(max_size=4),
    "tuple[bytes, ...]": st.lists(st.binary(max_size=4), max_size=2).map(tuple),
    "tuple[ServiceSpec, ...]": SERVICES,
    "ProfileSpec": SPECS,
}


def operations() -> st.SearchStrategy[Any]:
    """Any operation: a kind that is added is among them."""
    kinds: list[st.SearchStrategy[Any]] = [
        st.builds(kind, **{name: MEMBERS[str(each.type)] for name, each in kind.__dataclass_fields__.items()})
        for kind in get_args(Operation)
    ]
    return st.one_of(*kinds)


@given(operations())
def test_an_operation_comes_back_from_its_json(operation: Operation) -> None:
    document = json.loads(json.dumps(operation_to_json(operation)))
    assert operation_from_json(document) == operation
    assert KINDS[document["operation"]] is type(operation)


@given(operations(), st.sampled_from([None, 7, "x", [], {}, {"hex": "zz"}, [None]]), st.data())
def test_what_describes_no_operation_is_a_format_error(operation: Operation, wrong: Any, data: st.DataObject) -> None:
    document = operation_to_json(operation)
    name = data.draw(st.sampled_from(sorted(document)))
    try:
        back = operation_from_json({**document, name: wrong})
    except FormatError:
        pass
    else:  # that is another value of the right type
        assert operation_to_json(back)[name] == wrong
    for broken in ({**document, "more": 1}, {"operation": "no-such-thing"}, wrong):
        with pytest.raises(FormatError):
            operation_from_json(broken)


@pytest.mark.parametrize(
    "operation",
    [
        op.ConfigureService("Work", "MSUPST MS", {0x67F0001F: "hunter2"}),
        op.SetProperties("Work", "ab" * 16, {0x66500102: bytes.fromhex("01000000d08c9ddf0115d1118c7a00c04fc297eb")}),
        op.AddServices("Work", (ServiceSpec("MSUPST MS", sections={"": {0x6703001E: "hunter2"}}),)),
        op.CreateProfile(ProfileSpec("Work", sections={"ab" * 16: {0x67F1001F: "hunter2"}})),
    ],
)
def test_a_secret_is_in_no_document(operation: Operation) -> None:
    with pytest.raises(RefusedError) as refused:
        operation_to_json(operation)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(operation)


SPEC = ProfileSpec(
    "Work",
    (ServiceSpec("MSUPST MS", sections={"": {0x6600001E: "x"}}), ServiceSpec("CONTAB", "Contacts")),
    default=True,
    sections={"ab" * 16: {0x66010003: 7}},
    default_store=0,
)
"""A profile with all that a service without an entry point of ours can be given."""


def pc() -> MemoryWorkstation:
    """A workstation whose MAPISVC.INF has a default service with an entry point."""
    here = MemoryWorkstation.of(layout(users=["Zoë"]))
    path = here.outlook.inf_path
    data = here.files.read(path)
    assert data is not None
    lines = b"\r\n[Default Services]\r\nMSUPST MS=\r\n"
    here.files.apply([WriteFile(path, data, data.replace(b"[Default Services]", b"[Others]") + lines)])
    return here


def everything() -> Iterator[Operation]:
    """Operations of many kinds, one after the other."""
    yield op.CreateProfile(SPEC)
    yield op.CreateProfile(ProfileSpec("Default", default_services=True))
    yield op.CopyProfile("Work", "Play")
    yield op.RenameProfile("Play", "Games")
    yield op.RemoveService("Games", "CONTAB")
    yield op.CopyService("Work", "CONTAB", "Games")
    yield op.SetDefaultStore("Work", None)
    yield op.SetProperties("Games", "cd" * 16, {0x6600001E: "x"})
    yield op.DeleteProperties("Games", "cd" * 16, (0x6600001E,))
    yield op.SetDefaultProfile("Games")
    yield op.AskForProfile(ask=True)
    yield op.DeleteProfile("Work")


def test_a_specified_profile_is_what_it_says() -> None:
    here = MemoryWorkstation.of(layout(users=["Zoë"]))
    space = Workspace(here, here.users[0], send=lambda plan: execute(plan, here, makers=MAKERS))
    uids = draft_all([op.CreateProfile(SPEC)], space)
    made = space.profile("Work")
    assert [each.name for each in made.services] == ["MSUPST MS", "CONTAB"]
    assert uids == tuple(each.uid for each in made.services)
    assert made.services[0].section.properties[0x6600001E] == "x"
    assert made.existing(["ab" * 16])[0].properties[0x66010003] == 7
    store = roles.default_store(made)
    assert store is not None
    assert store.uid == made.services[0].providers[0].uid
    assert space.default == "Work"


def test_a_plan_of_operations_is_the_same_saved_and_loaded() -> None:
    here, there = pc(), pc()
    kinds = set()
    for operation in everything():
        space = Workspace(here, here.users[0])
        with space.batch():
            draft(operation_from_json(json.loads(json.dumps(operation_to_json(operation)))), ProfileAdmin(space))
        plan = space.plan()
        assert not plan.empty, operation
        saved = load(save(plan, here).to_bytes(), MAKERS)
        assert saved.plan.steps == plan.steps
        kinds |= {effect.kind for effect in plan.effects}
        execute(plan, here, makers=MAKERS)
        execute(saved.plan_for(there), there, makers=MAKERS)
        root = here.users[0].root
        assert here.registry.read(root) == there.registry.read(root), operation
    assert kinds == {"entry-point", "tolerant-call"}
