"""What a leg comes to, and what is written of it: net changes, their bytes, and the journal's lines."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import FormatError, RecoveryNeededError
from mapiwright.transaction.plans import compose
from mapiwright.transaction.plans.change_json import canonical, change_from_json, pack, unpack
from mapiwright.transaction.records.journal import Journal
from mapiwright.workstation.change import (
    CreateKey,
    DeleteKey,
    MakeFolder,
    RemoveFolder,
    ReplaceAtRestart,
    SetValue,
    Standing,
    WriteFile,
)
from mapiwright.workstation.disk.folder_state import MemoryState
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.overlay import Overlay
from mapiwright.workstation.registry import Key, KeyPath, Value, View
from mapiwright.workstation.state import JOURNAL
from mapiwright.workstation.subject import firsts, inverse, net, on_files, on_registry, subject

if TYPE_CHECKING:
    from mapiwright.workstation.change import Change

ROOT = KeyPath.parse(r"HKLM\SOFTWARE\Law")
FOLDER = r"C:\law"


@st.composite
def walks(draw: st.DrawFn) -> list[Change]:
    """A sequence of changes as a planner could make it: each one true of what the ones before it left."""
    values: dict[tuple[str, str], Value] = {}
    keys: set[str] = {""}
    files: dict[str, bytes] = {}
    folders: set[str] = {""}
    changes: list[Change] = []

    def one(text: str) -> str:
        return draw(st.sampled_from([text, text.upper()]))

    for _ in range(draw(st.integers(1, 25))):
        name = draw(st.sampled_from(["a", "b"]))
        above = draw(st.sampled_from(sorted(keys)))
        folder = draw(st.sampled_from(sorted(folders)))
        match draw(st.integers(0, 5)):
            case 0:
                below = f"{above}\\{name}".strip("\\")
                if below not in keys and below.count("\\") < 2:
                    keys.add(below)
                    changes.append(CreateKey(ROOT / one(below)))
            case 1:
                holds = any(key.startswith(above + "\\") for key in keys) or any(key == above for key, _ in values)
                if above and not holds:
                    keys.remove(above)
                    changes.append(DeleteKey(ROOT / above))
            case 2:
                if above:
                    new = draw(st.none() | st.builds(Value, st.integers(0, 12), st.binary(max_size=2)))
                    old = values.pop((above, name), None)
                    changes.append(SetValue(ROOT / above, one(name), old, new))
                    if new is not None:
                        values[above, name] = new
            case 3:
                below = f"{folder}\\{name}"
                if below not in folders and below.count("\\") < 3:
                    folders.add(below)
                    changes.append(MakeFolder(FOLDER + one(below)))
            case 4:
                if folder and not any(other.startswith(folder + "\\") for other in (*folders, *files)):
                    folders.remove(folder)
                    changes.append(RemoveFolder(FOLDER + folder))
            case 5:
                path = f"{folder}\\{name}.dll"
                data = draw(st.none() | st.binary(max_size=2))
                before = files.pop(path, None)
                changes.append(WriteFile(FOLDER + path, before, data))
                if data is not None:
                    files[path] = data
    return changes


def workstation() -> MemoryWorkstation:
    pc = MemoryWorkstation.of(layout())
    pc.registry.apply([CreateKey(ROOT)])
    pc.files.apply([MakeFolder(FOLDER)])
    return pc


def content(pc: MemoryWorkstation) -> object:
    def walk(folder: str) -> object:
        return {
            name.lower(): walk(path) if pc.files.is_folder(path) else pc.files.read(path)
            for name in pc.files.names(folder)
            for path in [f"{folder}\\{name}"]
        }

    def key(path: KeyPath) -> object:
        found = pc.registry.read(path)
        assert found is not None
        values = {name.lower(): value for name, value in found.values.items()}
        return values, {name.lower(): key(path / name) for name in found.keys}

    return key(ROOT), walk(FOLDER)


def apply(pc: MemoryWorkstation, changes: tuple[Change, ...]) -> None:
    pc.files.apply(on_files(changes))
    pc.registry.apply(on_registry(changes))


@given(walks())
def test_net_changes_come_to_the_same_and_their_inverse_takes_them_back(walk: list[Change]) -> None:
    step_by_step, at_once = workstation(), workstation()
    before = content(at_once)
    for change in walk:
        apply(step_by_step, (change,))
    whole = net(walk)
    assert not compose.drifted(whole, at_once, {Standing.OLD})
    assert not compose.in_the_way(whole, at_once)
    apply(at_once, whole)
    assert content(at_once) == content(step_by_step)
    assert not compose.drifted(whole, at_once, {Standing.NEW})
    apply(at_once, whole)
    assert content(at_once) == content(step_by_step), "twice is once"
    back = inverse(whole)
    assert not compose.in_the_way(back, at_once)
    apply(at_once, back)
    assert content(at_once) == before


@given(walks())
def test_net_changes_hold_each_thing_once_and_are_their_own_net(walk: list[Change]) -> None:
    whole = net(walk)
    things = [subject(change) for change in whole]
    assert len({*things}) == len(things)
    assert net(whole) == whole
    assert {subject(change) for change in whole} <= {subject(change) for change in walk}


@settings(max_examples=50)
@given(walks())
def test_an_overlay_reads_as_the_workstation_will(walk: list[Change]) -> None:
    planned, made = workstation(), workstation()
    overlay = Overlay(planned.registry, planned.files)
    for change in walk:
        overlay.note(change)
    apply(made, net(walk))
    for change in walk:
        if isinstance(change, SetValue):
            assert overlay.value(change.key, change.name) == made.registry.value(change.key, change.name)
        elif isinstance(change, WriteFile):
            assert overlay.read(change.path) == made.files.read(change.path)
    assert overlay.key_is_empty(ROOT) == (made.registry.read(ROOT) == Key())
    assert overlay.folder_is_empty(FOLDER) == (made.files.names(FOLDER) == ())


def test_a_change_that_is_told_twice_counts_once() -> None:
    made = CreateKey(ROOT)
    assert net([made, made]) == (made,)
    there_and_back = SetValue(ROOT, "a", None, None)
    assert net([there_and_back]) == firsts([there_and_back]) == ()


def test_a_file_that_is_in_use_at_one_time_is_replaced_at_the_next_start() -> None:
    path = r"C:\law\a.dll"
    for one, other in ((WriteFile, ReplaceAtRestart), (ReplaceAtRestart, WriteFile)):
        changes: list[Change] = [one(path, b"1", b"2"), other(path.upper(), b"2", b"3")]
        (whole,) = net(changes)
        assert whole == ReplaceAtRestart(path.upper(), b"1", b"3")
        assert inverse([whole]) == (ReplaceAtRestart(path.upper(), b"3", b"1"),)
        assert net([*changes, WriteFile(path, b"3", b"1")]) == ()


def test_the_views_of_a_key_are_two_things() -> None:
    native, x86 = (
        SetValue(ROOT, "a", None, Value.sz("n")),
        SetValue(KeyPath(ROOT.root, ROOT.parts, View.X86), "a", None, Value.sz("x")),
    )
    assert net([native, x86]) == (native, x86)


# Bytes.

names = st.text(st.characters(codec=None), max_size=8)
"""Lone surrogates too: Windows keeps any 16-bit units."""
paths = st.builds(
    KeyPath, st.sampled_from(["HKLM", "HKU"]), st.lists(names, max_size=3).map(tuple), st.sampled_from(View)
)
data = st.none() | st.binary(max_size=64)
registry_values = st.none() | st.builds(Value, st.integers(0, 0xFFFFFFFF), st.binary(max_size=64))
changes = st.one_of(
    st.builds(SetValue, paths, names, registry_values, registry_values),
    st.builds(CreateKey, paths),
    st.builds(DeleteKey, paths),
    st.builds(WriteFile, names, data, data),
    st.builds(ReplaceAtRestart, names, data, data),
    st.builds(MakeFolder, names),
    st.builds(RemoveFolder, names),
)


@given(st.lists(changes, max_size=5))
def test_changes_come_back_from_their_bytes(some: list[Change]) -> None:
    assert unpack(pack(some)) == tuple(some)
    assert pack(unpack(pack(some))) == pack(some)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=4)
    | st.sampled_from(["set-value", "write-file", "HKLM"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["change", "path", "key", "root", "view", "name", "old", "new", "type", "data"]), below
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_what_is_no_change_is_told_and_nothing_else(some: object) -> None:
    try:
        change_from_json(some)
    except FormatError:
        return
    assert canonical(some)


def test_a_type_that_is_no_32_bit_number_is_told() -> None:
    value = {"type": -1, "data": ""}
    key = {"root": "HKLM", "key": [], "view": "native"}
    with pytest.raises(FormatError):
        change_from_json({"change": "set-value", **key, "name": "", "old": value, "new": None})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b'{"version": 2, "changes": []}',
        b'{"version": 1, "changes": [{"change": "create-key", "root": "HKCR", "key": [], "view": "native"}]}',
        b'{"version": 1, "changes": [{"change": "create-key", "root": "HKLM", "key": [1], "view": "native"}]}',
        b'{"version": 1, "changes": [{"change": "write-file", "path": "x", "old": "=", "new": null}]}',
        b'{"version": 1, "changes": [{"change": "write-file", "path": "x", "old": "\\u00e9", "new": null}]}',
        b'{"version": 1, "changes": [{"change": "write-file", "path": "x", "old": 1, "new": null}]}',
        b'{"version": 1, "changes": [{"change": "write-file", "path": 1, "old": null, "new": null}]}',
    ],
)
def test_bytes_that_are_no_backup_are_told(data: bytes) -> None:
    with pytest.raises(FormatError):
        unpack(data)


def test_what_json_has_not_is_a_defect_of_the_caller() -> None:
    with pytest.raises(TypeError):
        canonical({"a": object()})


# The journal.


def journal_of(count: int) -> tuple[MemoryState, list[object]]:
    state = MemoryState()
    journal = Journal(state)
    journal.add("begin", id="1-a", title="tïtle \udc00")
    for leg in range(count):
        journal.add("leg", leg=leg, title="files")
    return state, list(journal.records)


@given(st.integers(0, 4), st.data())
def test_a_torn_journal_reads_as_what_came_before_and_can_be_added_to(count: int, draw: st.DataObject) -> None:
    state, records = journal_of(count)
    whole = state.read(JOURNAL)
    assert whole is not None
    torn = MemoryState()
    torn.write(JOURNAL, whole[: draw.draw(st.integers(0, len(whole)))])
    journal = Journal(torn)
    read = list(journal.records)
    assert journal.exists
    assert read == records[: len(read)]
    journal.add("undone", leg=0)
    journal.add("commit")
    again = Journal(torn)
    assert [*again.records] == [*read, *journal.records[len(read) :]]
    assert again.committed
    assert again.has("undone", leg=0)
    assert not again.has("undone", leg=1)


@given(st.data())
def test_a_journal_with_a_line_missing_between_others_is_not_believed(draw: st.DataObject) -> None:
    state, _ = journal_of(3)
    lines = (state.read(JOURNAL) or b"").split(b"\n")
    at = draw.draw(st.integers(0, 2))
    lines[at] = draw.draw(st.sampled_from([b"", b"0badc0de {}", lines[at][:-2], b"x" + lines[at]]))
    state.write(JOURNAL, b"\n".join(lines))
    with pytest.raises(RecoveryNeededError, match=f"line {at} is missing"):
        Journal(state)


def test_a_line_whose_sum_is_right_and_whose_text_is_no_json_is_passed_over() -> None:
    state = MemoryState()
    state.write(JOURNAL, f"{zlib.crc32(b'{{'):08x} ".encode() + b"{{\n")
    assert Journal(state).records == []


def test_a_journal_that_has_ended_is_gone() -> None:
    state, _ = journal_of(1)
    journal = Journal(state)
    assert (journal.id, str(journal.title)) == ("1-a", "tïtle \udc00")
    journal.end()
    assert state.names() == ()
    assert (journal.exists, journal.id, str(journal.title)) == (False, "", "")
