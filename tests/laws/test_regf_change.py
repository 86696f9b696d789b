"""What an edit changed is proved sound at the cost of what it changed, and no fault of a writer passes."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import MapiwrightError, RefusedError, Severity
from mapiwright.formats.regf.check.validate import Examination, validate
from mapiwright.formats.regf.check.validate_change import ChangeExamination, examine_change
from mapiwright.formats.regf.edit import write
from mapiwright.formats.regf.edit.cells import Cells
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, new_hive
from mapiwright.formats.regf.pages import InMemory, Pages
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.upcase import upcase, upcased_units
from mapiwright.workstation import change
from mapiwright.workstation.mounts.hives import HiveFile, HiveRegistry
from mapiwright.workstation.registry import KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mapiwright.formats.regf.edit.write import Edit

THEN, NOW = 133_700_000_000_000_000, 133_800_000_000_000_000
USER = KeyPath("HKU", ("S-1-5-21-1-2-3-1000",))


def aged(keys: int) -> bytes:
    """A hive as one that was lived in: keys on three levels, values of every form, and cells that were freed."""
    edits: list[Edit] = []
    for first in range(keys):
        path = (f"Vendor {first:05}",)
        edits += [
            CreateKey(path),
            SetValue(path, "text", 1, b"t\0e\0x\0t\0\0\0"),
            SetValue(path, "n", 4, b"\1\0\0\0"),
        ]
        for second in range(3):
            edits += [CreateKey((*path, f"k{second}")), SetValue((*path, f"k{second}"), "", 3, bytes(40 + second))]
    big = bytes(range(256)) * 70
    edits += [SetValue(("Vendor 00001",), "big", 3, big), CreateKey(("Classes",))]
    edits += [CreateKey(("Classes", f".ext{each}")) for each in range(keys)]
    data = edit(new_hive(timestamp=THEN), edits, timestamp=THEN)
    holes = [DeleteKey((f"Vendor {each:05}", "k1")) for each in range(0, keys, 7)]
    return edit(data, holes, timestamp=THEN + 1)


BEFORE = aged(20)
FEW = ["Vendor 00001", "Vendor 00007", "Classes", "k0", "k2", ".ext3", "Neu", "Äther"]
paths = st.lists(st.sampled_from(FEW), min_size=1, max_size=3).map(tuple)
names = st.sampled_from(["", "text", "TEXT", "n", "big", "neu"])
steps = st.one_of(
    st.builds(CreateKey, paths),
    st.builds(DeleteKey, paths),
    st.builds(DeleteValue, paths, names),
    st.builds(SetValue, paths, names, st.integers(0, 12), st.sampled_from([b"", b"x", b"y" * 50, bytes(17000)])),
)


def edited(history: Sequence[Edit]) -> bytes:
    """The hive after those of the edits that can be made."""
    made: list[Edit] = []
    data = BEFORE
    for each in history:
        with suppress(MapiwrightError):
            data = edit(BEFORE, [*made, each], timestamp=NOW)
            made.append(each)
    return data


def errors(data: bytes) -> set[tuple[int, str]]:
    return {(fault.offset, fault.rule) for fault in validate(data) if fault.severity is Severity.ERROR}


def examined(before: bytes, after: bytes) -> ChangeExamination:
    """The change from the one to the other, whoever made it."""
    pages = Pages(InMemory(before), min(len(before), len(after)))
    pages.extend(len(after) - pages.size)
    pages.write(0, after)
    return examine_change(pages)


@settings(max_examples=40)
@given(st.lists(steps, min_size=1, max_size=8))
def test_what_the_writer_makes_is_proved_without_the_whole_validation(history: list[Edit]) -> None:
    after = edited(history)
    assert validate(after) == ()
    assert examined(BEFORE, after).sound


@settings(max_examples=30)
@given(st.lists(steps, min_size=1, max_size=8), st.integers(0, 2**32))
def test_no_error_that_the_whole_validation_finds_is_passed_as_sound(history: list[Edit], seed: int) -> None:
    """Numbers of the edited hive are spoilt, most of them where it was edited, as a fault of the writer would."""
    after, chance = edited(history), Random(seed)
    touched = [at for at in range(0, len(after), 4) if after[at : at + 4] != BEFORE[at : at + 4]]
    for _ in range(20):
        spoilt = bytearray(after)
        for _ in range(chance.choice([1, 1, 2])):
            near = chance.choice(touched or [4096]) + 4 * chance.randint(-12, 12)
            at = chance.choice([near, near, near, 4 * chance.randrange(len(after) // 4)]) % (len(after) - 4)
            other = after[chance.randrange(4096, len(after) - 4) & ~3 :][:4]
            small = chance.choice([0, 1, 2, 8, 0x20, 0xFFFFFFFF]).to_bytes(4, "little")
            flipped = (int.from_bytes(after[at : at + 4], "little") ^ 1 << chance.randrange(32)).to_bytes(4, "little")
            spoilt[at : at + 4] = chance.choice([other, small, flipped])
        if errors(bytes(spoilt)):
            assert not examined(BEFORE, bytes(spoilt)).sound


def test_garbage_is_never_sound() -> None:
    for data in (b"", b"regf", BEFORE[:4096], BEFORE[:9000], bytes(len(BEFORE))):
        assert not examined(BEFORE, data).sound
        assert not examined(data, BEFORE).sound


@pytest.mark.parametrize(
    "edits",
    [
        [SetValue(("Vendor 00009",), "text", 1, b"longer than it was before, by far")],
        [CreateKey(("Vendor 00009", "new")), SetValue(("Vendor 00009", "new"), "", 3, bytes(50000))],
        [DeleteKey(("Vendor 00003",))],
    ],
)
def test_the_cost_is_that_of_what_was_changed(edits: list[Edit]) -> None:
    """Cells looked at in a hive of some keys, and in one of twenty times as many."""
    small, large = (examined(data, edit(data, edits, timestamp=NOW)) for data in (BEFORE, aged(400)))
    siblings = 400 - 20 if isinstance(edits[0], DeleteKey) else 0  # one level is listed anew, before and after
    assert small.sound
    assert large.sound
    whole = Examination(aged(400))
    whole.whole()
    assert whole.visited > 5000
    assert large.visited <= small.visited + 2 * siblings + 1500  # each new cell may lie in a bin of its own


def estranged(data: bytes, keys: tuple[tuple[str, ...], ...], chance: Random) -> bytes:
    """The hive as another program may leave it: a wrong order, and a wrong hash of a name that is not ASCII."""
    changed = bytearray(data)
    image = Hive(data).image
    for path in keys:
        found = Hive(data).find(path)
        assert found is not None
        for leaf in image.leaves(found.record):
            elements = [leaf.elements[at : at + 8] for at in range(0, len(leaf.elements), 8)]
            chance.shuffle(elements)
            offsets = [int.from_bytes(element[:4], "little") for element in elements]
            odd = next(at for at, offset in enumerate(offsets) if not image.key(offset).name.isascii())
            elements[odd] = elements[odd][:4] + chance.randbytes(4)
            at = 4096 + leaf.offset + 8
            changed[at : at + len(leaf.elements)] = b"".join(elements)
    return bytes(changed)


@pytest.mark.parametrize("seed", range(9))
def test_what_another_program_left_in_a_list_stops_no_edit_of_it(seed: int) -> None:
    """The lists of that key are written as Windows writes them; those of other keys stay as they are."""
    chance = Random(seed)
    count = (3, 40, 600)[seed % 3]
    letters = [chr(chance.randrange(0xC0, 0x500)) if not at % 10 else "z" for at in range(count)]
    names = [f"k{chance.randrange(10**6)}{letter}" for letter in letters]
    plain = edit(new_hive(timestamp=NOW), [CreateKey((top,)) for top in ("a", "b")], timestamp=NOW)
    keys: list[Edit] = [
        CreateKey((top, name)) for top in ("a", "b") for name in {upcase(name): name for name in names}.values()
    ]
    data = estranged(edit(plain, keys, timestamp=NOW), (("a",), ("b",)), chance)
    before = {fault for fault in validate(data) if fault.severity is Severity.ERROR}
    assert before
    victim = chance.choice([key.name for key in Hive(data).root.subkey("a").subkeys()])  # type: ignore[union-attr]
    for step in (CreateKey(("a", "between")), DeleteKey(("a", victim))):
        after = edit(data, [step], timestamp=NOW)
        listed = [key.name for key in Hive(after).find(("a",)).subkeys()]  # type: ignore[union-attr]
        assert listed == sorted(listed, key=upcased_units)
        made = isinstance(step, CreateKey)
        assert ("between" in listed, victim in listed) == (made, made)
        left = {fault for fault in validate(after) if fault.severity is Severity.ERROR}
        assert left < before


# In the place where a hive is written.


@pytest.fixture
def hive(tmp_path: Path) -> HiveFile:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(BEFORE)
    return HiveFile(path)


VERSION = change.SetValue(USER / "Vendor 00009", "n", Value(4, b"\1\0\0\0"), Value.binary(b"x" * 100))


def test_a_fault_of_the_writer_is_found_before_the_file_is_replaced(
    hive: HiveFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The injected fault: what the value had is given to the next one, and still named by the old list."""
    add = Cells.add

    def twice(cells: Cells, payload: bytes, room: int = 0) -> int:
        offset = add(cells, payload, room)
        cells.free(offset)
        return offset

    monkeypatch.setattr(Cells, "add", twice)
    with pytest.raises(RefusedError, match="self-check"):
        HiveRegistry({USER: hive}).apply([VERSION])
    assert hive.path.read_bytes() == BEFORE


def test_a_sound_change_is_written_without_the_whole_validation(
    hive: HiveFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mapiwright.formats.regf.check.validate.validate", None)
    HiveRegistry({USER: hive}).apply([VERSION])
    assert validate(hive.path.read_bytes()) == ()


def test_whether_a_hive_can_be_written_is_asked_without_a_copy_or_a_walk(
    hive: HiveFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = HiveRegistry({USER: hive})
    assert hive.hive is not None, "it has been read"
    monkeypatch.setattr(write, "Cells", None)
    monkeypatch.setattr(write, "edit", None)
    registry.refuse_unwritable([USER])
    tracemalloc.start()
    try:
        registry.refuse_unwritable([USER])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(BEFORE) / 4
