"""A saved plan comes back as it was, and whatever else a file holds is refused in one way."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mapiwright.entry.call import EntryCall
from mapiwright.entry.conditional_calls import ProviderRemoval, TolerantCall
from mapiwright.entry.makers import MAKERS
from mapiwright.entry.service.contract import Context, EntryFlag, EntryPolicy
from mapiwright.errors import ConflictError, FormatError, RefusedError
from mapiwright.message import Message
from mapiwright.transaction.plan_file import SavedPlan, load, save
from mapiwright.transaction.plans.change_json import canonical
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import NamedUser, PlanSubject, Role, Terms
from mapiwright.transaction.precondition import changed_since, on_subkeys, on_value
from mapiwright.transaction.transaction import execute
from mapiwright.transaction.undo import TakenBack
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, RemoveFolder, SetValue, WriteFile
from mapiwright.workstation.kinds.memory import MemoryFiles, MemoryRegistry, MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.registry import Key, KeyPath, Value, View

said = Message.literal

PC = MemoryWorkstation.of(layout(users=["Zoë", "Łukasz 山田"]))
ACME = KeyPath.parse(r"HKLM\SOFTWARE\Acme")
BLOB = bytes.fromhex("01000000d08c9ddf0115d1118c7a00c04fc297eb") + b"sealed"

TEXTS = st.text(max_size=12)
"""Names as they come: of any script, and of none."""
NAMES = st.text(
    st.characters(blacklist_characters='\0\\/:*?"<>|.', blacklist_categories=["Cc"]), min_size=1, max_size=9
)
KEYS = st.builds(
    KeyPath,
    st.sampled_from(["HKLM", "HKU"]),
    st.lists(NAMES, min_size=1, max_size=3).map(tuple),
    st.sampled_from(View),
)
VALUES = st.none() | st.builds(Value, st.integers(0, 0xFFFFFFFF), st.binary(max_size=20))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: "\\".join(("C:", *names)))
BYTES = st.none() | st.binary(max_size=40)
CHANGES = st.one_of(
    st.builds(SetValue, KEYS, TEXTS, VALUES, VALUES),
    st.builds(CreateKey, KEYS),
    st.builds(DeleteKey, KEYS),
    st.builds(WriteFile, PATHS, BYTES, BYTES),
    st.builds(MakeFolder, PATHS),
    st.builds(RemoveFolder, PATHS),
)
PROPERTIES = st.dictionaries(
    st.sampled_from([0x6600001E, 0x66010003, 0x6602000B, 0x66030102, 0x6604101E]),
    st.text(max_size=5) | st.integers(0, 9) | st.booleans() | st.binary(max_size=5) | st.tuples(TEXTS, TEXTS),
    max_size=3,
)
CALLS = st.builds(
    EntryCall,
    TEXTS,
    st.sampled_from(Context),
    TEXTS,
    TEXTS,
    TEXTS,
    PROPERTIES,
    st.sampled_from(EntryPolicy),
    st.sampled_from(EntryFlag),
)
CONDITIONAL = st.builds(TolerantCall, CALLS) | st.builds(ProviderRemoval, CALLS)
EFFECTS = st.recursive(CALLS | CONDITIONAL, lambda effects: st.builds(TakenBack, effects), max_leaves=2)
TITLES = TEXTS.map(said) | TEXTS.map(lambda name: Message.of("steps.undo", title=Message.of("steps.prf", file=name)))
STEPS = st.builds(Leg, TITLES, st.lists(CHANGES, max_size=4).map(tuple)) | EFFECTS
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)
USERS = st.lists(st.builds(NamedUser, TEXTS, TEXTS), max_size=2).map(tuple)
TERMS = st.builds(
    Terms,
    OBJECTS,
    st.none() | st.builds(PlanSubject, TEXTS, st.sampled_from(Role)),
    st.lists(TITLES, max_size=2).map(tuple),
    USERS,
    USERS,
    st.lists(OBJECTS, max_size=2).map(tuple),
    TEXTS,
    st.lists(TEXTS, max_size=2).map(tuple),
    TEXTS,
)
PLANS = st.builds(Plan, TEXTS, TITLES, st.lists(STEPS, max_size=4).map(tuple), TERMS)


def saved(plan: Plan) -> SavedPlan:
    """The plan saved; one that happens to carry a secret is no example."""
    try:
        return save(plan, PC)
    except RefusedError:
        assume(False)
        raise


def sealed(document: dict[str, Any]) -> bytes:
    """A document with the digest that it should have: an edit by somebody who knows how."""
    body = {name: member for name, member in document.items() if name != "digest"}
    return canonical({**body, "digest": sha256(canonical(body)).hexdigest()})


@given(PLANS)
def test_a_plan_comes_back_as_it_was_saved(plan: Plan) -> None:
    file = saved(plan)
    back = load(file.to_bytes(), MAKERS)
    assert back == file
    assert back.plan == plan
    assert back.to_bytes() == file.to_bytes()


@given(PLANS)
def test_the_file_is_canonical_and_tells_the_digest_of_the_rest(plan: Plan) -> None:
    data = saved(plan).to_bytes()
    document = json.loads(data)
    assert data == canonical(document) + b"\n"
    assert sealed(document) + b"\n" == data


@given(st.binary(max_size=60) | JSON.map(canonical))
def test_garbage_is_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        load(data, MAKERS)


@given(PLANS, st.data())
def test_a_changed_byte_is_found(plan: Plan, data: st.DataObject) -> None:
    file = saved(plan).to_bytes()
    at = data.draw(st.integers(0, len(file) - 2))  # the line's end is nothing
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != file[at]))
    with pytest.raises(FormatError):
        load(file[:at] + bytes([byte]) + file[at + 1 :], MAKERS)


def places(json_: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a document, the document itself left out."""
    below = json_.items() if isinstance(json_, dict) else enumerate(json_) if isinstance(json_, list) else ()
    return [place for name, member in below for place in ((*path, name), *places(member, (*path, name)))]


@given(PLANS, JSON, st.data())
def test_an_edit_with_a_new_digest_is_another_plan_or_a_format_error(
    plan: Plan, json_: Any, data: st.DataObject
) -> None:
    """Whoever can seal a file can write any plan; what cannot be read as one is refused, never half read."""
    document = json.loads(saved(plan).to_bytes())
    *path, name = data.draw(st.sampled_from(places(document)))
    holder = document
    for step in path:
        holder = holder[step]
    holder[name] = json_
    file = sealed(document)
    try:
        back = load(file, MAKERS)
    except FormatError:
        return
    assert back.to_bytes() == file + b"\n"


@pytest.mark.parametrize("part", ["plan", "workstation"])
def test_a_file_without_one_of_its_parts_is_damaged(part: str) -> None:
    document = json.loads(save(Plan("v", said("t"), ()), PC).to_bytes())
    with pytest.raises(FormatError, match="damaged"):
        load(sealed({**document, part: {"verb": "v"}}), MAKERS)
    del document[part]
    with pytest.raises(FormatError, match="damaged"):
        load(sealed(document), MAKERS)


@given(st.integers(2, 1 << 70))
def test_a_newer_schema_is_refused_by_name_whatever_else_has_changed(schema: int) -> None:
    newer = {"format": "mapiwright plan", "schema": schema, "digest": "of another kind", "steps": "elsewhere"}
    with pytest.raises(FormatError, match=f"schema {schema}") as told:
        load(canonical(newer), MAKERS, where="a.plan")
    assert told.value.where == "a.plan"
    assert told.value.expected == "schema 1"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (SetValue(ACME, "S1e0067f0", None, Value.binary(b"x")), "'S1e0067f0'"),
        (SetValue(ACME, "001f67f1", Value.sz("hunter2"), None), "'001f67f1'"),
        (SetValue(ACME, "POP3 Password", Value.binary(b"\2" + BLOB), None), "'POP3 Password'"),
        (SetValue(ACME, "Data", None, Value.binary(b"\2" + BLOB)), "'Data'"),
        (WriteFile(r"C:\MAPISVC.INF", b"[A]\r\n67F0001E=hunter2\r\n", b""), "MAPISVC.INF"),
        (WriteFile(r"C:\a.prf", None, "Password=hunter2".encode("utf-16")), "a.prf"),
        (WriteFile(r"C:\a.dat", BLOB, None), "a.dat"),
    ],
    ids=str,
)
def test_a_plan_that_carries_a_secret_is_not_saved(change: SetValue | WriteFile, name: str) -> None:
    plan = Plan("v", said("t"), (Leg(said("registry"), (CreateKey(ACME), change)),))
    with pytest.raises(RefusedError) as told:
        save(plan, PC)
    assert name in told.value.what
    assert "hunter2" not in str(told.value)
    assert "without -o" in told.value.remedy


@pytest.mark.parametrize(
    "secret",
    [
        EntryCall("ACME", Context.CONFIGURE, properties={0x67F0001F: "hunter2"}),
        EntryCall("ACME", Context.CONFIGURE, withheld=(0x67F0001F,)),
        TakenBack(EntryCall("ACME", Context.CONFIGURE, properties={0x67F0001F: "hunter2"})),
    ],
)
def test_a_call_with_a_secure_property_is_not_saved(secret: EntryCall | TakenBack) -> None:
    with pytest.raises(RefusedError) as told:
        save(Plan("configure", said("configure ACME"), (secret,)), PC)
    assert "MSG_SERVICE_CONFIGURE" in told.value.what
    assert "hunter2" not in str(told.value)


def test_a_program_that_knows_of_sealed_data_is_no_secret() -> None:
    dll = WriteFile(r"C:\acme32.dll", None, b"MZ\0 Password=%s\n" + BLOB[4:])
    assert save(Plan("v", said("t"), (Leg(said("files"), (dll,)),)), PC).plan.changes == (dll,)


class TestTheWorkstation:
    """It is the one that the plan was made for, as it was then."""

    def pc(self, *users: str) -> MemoryWorkstation:
        return MemoryWorkstation.of(layout(users=users))

    def test_a_plan_is_for_the_users_that_it_changes_and_no_others(self) -> None:
        zoe = next(user for user in self.pc("Zoë").users if user.name == "Zoë")
        file = save(
            Plan("v", said("t"), (Leg(said("registry"), (CreateKey(zoe.root / "Acme"),)),)),
            self.pc("Zoë", "Ada"),
        )
        assert file.plan_for(self.pc("Zoë", "Ada")).changes == file.plan.changes
        assert file.plan_for(self.pc("Zoë")).changes == file.plan.changes
        with pytest.raises(ConflictError, match="users '' instead of 'Zoë"):
            file.plan_for(self.pc("Ada"))

    @pytest.mark.parametrize(
        ("key", "name", "told"),
        [
            (
                r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName",
                "ComputerName",
                "computer name 'PC2'",
            ),
            (r"HKLM\SOFTWARE\Microsoft\Cryptography", "MachineGuid", "machine 'PC2' instead of 'memory:'"),
            (r"HKLM\SOFTWARE\Microsoft\Office\16.0\Outlook", "Bitness", "Outlook"),
        ],
    )
    def test_another_one_is_told_by_what_differs(self, key: str, name: str, told: str) -> None:
        here, path = self.pc("Zoë"), KeyPath.parse(key)
        file = save(Plan("v", said("t"), (Leg(said("registry"), (CreateKey(ACME),)),)), here)
        new = Value.sz("x86" if name == "Bitness" else "PC2")
        steps = () if here.registry.subkeys(path) is not None else (CreateKey(path),)
        leg = Leg(said("registry"), (*steps, SetValue(path, name, here.registry.value(path, name), new)))
        execute(Plan("v", said("t"), (leg,)), here)
        with pytest.raises(ConflictError) as raised:
            file.plan_for(here)
        assert told in raised.value.what
        assert "--workstation memory:" in raised.value.remedy

    def test_what_moved_on_is_named(self) -> None:
        here = self.pc("Zoë")
        file = save(
            Plan(
                "v",
                said("t"),
                (Leg(said("registry"), (CreateKey(ACME), CreateKey(ACME / "Below"))),),
            ),
            here,
        )
        execute(Plan("v", said("by hand"), (Leg(said("registry"), (CreateKey(ACME),)),)), here)
        with pytest.raises(ConflictError) as told:
            file.plan_for(here)
        assert r"HKLM\SOFTWARE\Acme" in told.value.what
        assert "Below" not in told.value.what

    def test_it_is_applied_once_and_the_receipt_tells_which_file(self) -> None:
        here = self.pc("Zoë")
        file = save(Plan("v", said("t"), (Leg(said("registry"), (CreateKey(ACME),)),)), here)
        receipt = execute(file.plan_for(here), here)
        assert receipt.terms.approved == file.digest
        execute(Plan("v", said("by hand"), (Leg(said("registry"), (DeleteKey(ACME),)),)), here)
        with pytest.raises(ConflictError, match="applied already") as told:
            file.plan_for(here)
        assert receipt.id in told.value.expected


@given(
    st.sampled_from(["title", "root", "key", "view", "subkeys"]), JSON.filter(lambda each: not isinstance(each, str))
)
def test_a_premise_that_nobody_made_is_refused(member: str, wrong: Any) -> None:
    precondition = on_subkeys(PC.registry, "keys of the vendor", ACME)
    assert not list(changed_since([precondition], PC))
    assume(not isinstance(wrong, list))
    with pytest.raises(FormatError):
        list(changed_since([{**precondition, member: wrong}], PC))


@given(VALUES, VALUES)
def test_a_premise_on_a_value_tells_every_value_from_every_other(one: Value | None, other: Value | None) -> None:
    was, now = (MemoryRegistry({ACME: Key({"list": value} if value is not None else {})}) for value in (one, other))
    preconditions = [on_value(was, "the list", ACME, "list")]
    assert list(changed_since(preconditions, MemoryWorkstation(now, MemoryFiles({})))) == (
        [] if one == other else ["the list: not as they were"]
    )
