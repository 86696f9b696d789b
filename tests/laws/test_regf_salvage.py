"""What salvage finds is what was there: nothing of a whole hive is missed, and nothing false is called good."""

from __future__ import annotations

import os
import random
import subprocess
import time
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import MapiwrightError
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, new_hive
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import (
    BASE_BLOCK,
    INLINE,
    KEY,
    KEY_PARENT,
    LATIN1_KEY,
    NIL,
    PAGE,
    VALUE,
    VALUE_SIZE,
    stored_number,
)
from mapiwright.formats.regf.salvage.found import Grade, Space
from mapiwright.formats.regf.salvage.salvage import salvage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mapiwright.formats.regf.edit.write import Edit
    from mapiwright.formats.regf.read import HiveKey
    from mapiwright.formats.regf.salvage.found import FoundKey, Salvaged

    Values: TypeAlias = dict[tuple[tuple[str, ...], str], tuple[int, bytes]]

NOW = 133_800_000_000_000_000
PROFILES = ("Software", "Microsoft", "Windows NT", "CurrentVersion", "Windows Messaging Subsystem", "Profiles")
OUTLOOK = (*PROFILES, "Outlook")
TRIALS = 12 if os.environ.get("MAPIWRIGHT_NIGHTLY") else 4


def walk(top: HiveKey, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], HiveKey]]:
    yield path, top
    for below in top.subkeys():
        yield from walk(below, (*path, below.name))


def values_below(data: bytes, path: tuple[str, ...] = ()) -> Values:
    top = Hive(data).find(path)
    assert top is not None
    return {(here, v.name): (v.type, v.data) for here, key in walk(top, path) for v in key.values()}


def keys_below(data: bytes, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    top = Hive(data).find(path)
    assert top is not None
    return [here for here, _ in walk(top, path)]


def made() -> bytes:
    """A hive with a profile of all kinds of values, and another one before and behind it."""
    edits: list[Edit] = [CreateKey(PROFILES[:depth]) for depth in range(1, len(PROFILES) + 1)]
    for name in ("First", "Outlook", "Zuletzt"):
        edits.append(CreateKey((*PROFILES, name)))
        for number in range(12):
            section = (*PROFILES, name, f"{name} {number:02}")
            edits += [
                CreateKey(section),
                SetValue(section, "", 1, bytes(number)),
                SetValue(section, "Größe", 4, b"1234"),
            ]
            edits += [SetValue(section, f"{each:08x}", 3, bytes([number, each]) * each * 9) for each in range(number)]
        edits.append(SetValue((*PROFILES, name), "big", 3, bytes(range(251)) * 200))
    return edit(new_hive(timestamp=NOW), edits, timestamp=NOW)


@pytest.fixture(params=["made", "o2010-x64"])
def hive(request: pytest.FixtureRequest) -> bytes:
    if request.param == "made":
        return made()
    real: Callable[[str], bytes] = request.getfixturevalue("real_hive")
    return real(request.param)


def found_below(found: Salvaged, path: tuple[str, ...]) -> list[FoundKey]:
    return [key for key in found.keys if key.path[: len(path)] == path]


def live(found: Salvaged) -> list[FoundKey]:
    return [key for key in found.keys if key.space is Space.LIVE]


def values_of(keys: Iterable[FoundKey], *grades: Grade) -> Values:
    return {
        (key.path, value.name): (value.type, value.data)
        for key in keys
        for value in key.values
        if value.grade in grades and value.data is not None
    }


# -- whole hives ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["made", "o2010-x64", "o2016-x64"])
def test_of_a_whole_hive_salvage_finds_what_the_reader_reads(name: str, request: pytest.FixtureRequest) -> None:
    data = made() if name == "made" else request.getfixturevalue("real_hive")(name)
    found = live(salvage(data))
    wanted = {path: [(v.name, v.type, v.data) for v in key.values()] for path, key in walk(Hive(data).root)}
    assert {key.path: [(v.name, v.type, v.data) for v in key.values] for key in found} == wanted
    assert len(found) == len(wanted), "each once"
    assert {value.grade for key in found for value in key.values} == {Grade.GOOD}
    assert all(key.rooted and key.grade is Grade.GOOD and key.listed == len(key.values) for key in found)
    records = {path: key.record for path, key in walk(Hive(data).root)}
    assert {key.path: key.offset - BASE_BLOCK for key in found} == {path: rec.offset for path, rec in records.items()}


def test_a_hive_of_a_megabyte_is_searched_in_a_moment(real_hive: Callable[[str], bytes]) -> None:
    data = real_hive("o2010-x64")
    began = time.process_time()
    salvage(data)
    assert time.process_time() - began < 2


# -- what was deleted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["at once", "key by key"])
def test_a_deleted_profile_comes_back_whole_under_its_keys(hive: bytes, how: str) -> None:
    wanted, keys = values_below(hive, OUTLOOK), keys_below(hive, OUTLOOK)
    doomed = [OUTLOOK] if how == "at once" else sorted(keys, key=len, reverse=True)
    gone = edit(hive, [DeleteKey(path) for path in doomed], timestamp=NOW + 1)
    back = found_below(salvage(gone), OUTLOOK)
    assert {key.space for key in back} == {Space.FREE}
    assert sorted(key.path for key in back) == sorted(keys)
    assert all(key.rooted and key.grade is Grade.LIKELY for key in back), (
        "a key in use may have taken the parent's cell"
    )
    assert values_of(back, Grade.GOOD) == wanted


def test_values_that_hivex_takes_from_their_keys_come_back_by_section(
    hive: bytes, tmp_path: Path, witness: Callable[[str], str]
) -> None:
    """It takes count and list out of the key; the list itself stays. The segments of big data it does not free."""
    sections: dict[tuple[str, ...], set[tuple[str, int, bytes]]] = {}
    for (path, name), value in values_below(hive, OUTLOOK).items():
        sections.setdefault(path, set()).add((name, *value))
    (tmp_path / "hive").write_bytes(hive)
    (tmp_path / "script").write_text("cd \\" + "\\".join(OUTLOOK) + "\ndel\ncommit\n", encoding="utf-8")
    subprocess.run([witness("hivexsh"), "-w", "-f", tmp_path / "script", tmp_path / "hive"], check=True)
    found = salvage((tmp_path / "hive").read_bytes())
    assert sorted(key.path for key in found_below(found, OUTLOOK)) == sorted(keys_below(hive, OUTLOOK))
    groups = [{(v.name, v.type, v.data) for v in group} for group in found.groups]
    assert {value.grade for group in found.groups for value in group} == {Grade.LIKELY}
    lists = [values for values in sections.values() if len(values) > 1]
    assert len(lists) > 10
    assert [values for values in lists if values not in groups] == []
    alone = {(v.name, v.type, v.data) for v in found.loose}
    single = [value for values in sections.values() if len(values) == 1 for value in values if value[0] != "big"]
    assert set(single) <= alone
    assert {v.grade for v in found.loose if v.name == "big"} <= {Grade.TAKEN}


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("gone_again", [False, True])
def test_what_another_profile_was_written_over_is_not_called_good(
    hive: bytes, share: float, gone_again: bool
) -> None:
    wanted = values_below(hive, OUTLOOK)
    data = edit(hive, [DeleteKey(OUTLOOK)], timestamp=NOW + 1)
    other = {
        ((*PROFILES, "Other", *path[7:]), name): (kind, bytes(byte ^ 0x55 for byte in content))
        for (path, name), (kind, content) in list(wanted.items())[: int(share * len(wanted))]
    }
    edits: list[Edit] = [CreateKey((*PROFILES, "Other", *path[7:])) for path in keys_below(hive, OUTLOOK)]
    edits += [SetValue(path, name, *value) for (path, name), value in other.items()]
    data = edit(data, edits, timestamp=NOW + 2)
    if gone_again:
        data = edit(data, [DeleteKey((*PROFILES, "Other"))], timestamp=NOW + 3)
    once = {((path[-1], name), value) for values in (wanted, other) for (path, name), value in values.items()}
    found = salvage(data)
    deleted = [key for key in found_below(found, PROFILES) if key.space is Space.FREE]
    good = {item for key in deleted for item in values_of([key], Grade.GOOD).items()}
    assert not {((path[-1], name), value) for (path, name), value in good} - once
    assert all(key.grade is Grade.LIKELY for key in deleted)
    if gone_again:
        assert other.items() <= good


names = st.sampled_from("abcde")
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
steps = st.one_of(
    st.builds(CreateKey, paths),
    st.builds(SetValue, paths, names, st.integers(0, 4), st.binary(max_size=12) | st.integers(0, 99).map(bytes)),
    st.builds(
        lambda path, name, seed, size: SetValue(path, name, 3, random.Random(seed).randbytes(size)),
        paths,
        names,
        st.integers(),
        st.sampled_from([5, 20, 60, 100, 300, 5000, 17000]),
    ),
    st.builds(DeleteValue, paths, names),
    st.builds(DeleteKey, paths),
)


@given(st.lists(steps, min_size=10, max_size=60))
@settings(max_examples=120)
def test_a_value_that_is_called_good_was_once_the_value_of_that_key(history: list[Edit]) -> None:
    """Cells are freed, given to others and freed again; what stands half overwritten in free space is not good."""
    start: list[Edit] = [CreateKey(("a",)), CreateKey(("b",)), CreateKey(("a", "b")), CreateKey(("a", "b", "c"))]
    data = edit(new_hive(timestamp=NOW), start, timestamp=NOW)
    once = set()
    for tick, change in enumerate(history):
        try:
            data = edit(data, [change], timestamp=NOW + tick)
        except MapiwrightError:
            continue
        if isinstance(change, SetValue):
            once.add((change.path[-1], change.name, change.type, change.data))
    found = salvage(data)
    good = {
        (key.name, value.name, value.type, value.data)
        for key in found.keys
        for value in key.values
        if value.grade is Grade.GOOD
    }
    assert good <= once
    assert values_of(live(found), Grade.GOOD) == values_below(data)


# -- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("zeroed", "at_least"), [(1, 144), (4, 120), (16, 120), (64, 75)])
def test_of_a_damaged_hive_most_of_the_profile_is_left(
    zeroed: int, at_least: int, real_hive: Callable[[str], bytes]
) -> None:
    """The mean of a few trials, of 148 values: by the name of their key, as its parents may be gone."""
    whole = real_hive("o2010-x64")
    wanted = {(path[-1], name): value for (path, name), value in values_below(whole, OUTLOOK).items()}
    total = 0
    for trial in range(TRIALS):
        data = bytearray(whole)
        for page in random.Random(1000 * trial + zeroed).sample(range(1, len(whole) // PAGE), zeroed):
            data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
        values = {(key.name, v.name): (v.type, v.data) for key in salvage(bytes(data)).keys for v in key.values}
        total += sum(values.get(place) == value for place, value in wanted.items())
    assert total / TRIALS >= at_least


def test_neither_the_base_block_nor_the_root_is_needed(hive: bytes) -> None:
    wanted = values_below(hive)
    headless = bytes(PAGE) + hive[PAGE:]
    assert values_of(live(salvage(headless)), Grade.GOOD) == wanted
    at = BASE_BLOCK + Hive(hive).root_offset
    rootless = headless[: at + 4] + b"xx" + headless[at + 6 :]
    found = values_of(live(salvage(rootless)), Grade.GOOD)
    missing = {place: value for place, value in wanted.items() if place[0]}
    assert {place: found.get(place) for place in missing} == missing
    assert not any(key.rooted for key in salvage(rootless).keys)


def test_neither_the_headers_of_bins_nor_the_sizes_of_cells_are_needed() -> None:
    """Without them nothing is called good, as it cannot be known what was in use."""
    hive = made()
    at = hive.index(b"hbin")
    data = bytearray(hive)
    while at >= 0:
        data[at : at + 4] = b"xxxx"
        at = data.find(b"hbin", at)
    found = salvage(bytes(data))
    assert {key.space for key in found.keys} == {Space.UNKNOWN}
    assert values_of(found.keys, Grade.LIKELY) == values_below(hive)
    assert values_of(found.keys, Grade.GOOD) == {}


def test_data_that_are_cut_off_are_lost_and_none_are_given() -> None:
    hive = made()
    section = (*PROFILES, "Outlook", "Outlook 11")
    missing = {
        value.offset: (key.path, value.name)
        for key in salvage(hive[: len(hive) // 2]).keys
        for value in key.values
        if value.grade is Grade.LOST and value.data is None
    }
    assert missing
    found = Hive(hive).find(section)
    assert found is not None
    record = Hive(hive).image.find_value(found.record, "00000005")
    assert record is not None
    at = BASE_BLOCK + record.offset + 4 + VALUE_SIZE
    data = hive[:at] + (10**6).to_bytes(4, "little") + hive[at + 4 :]
    (key,) = (key for key in salvage(data).keys if key.path == section)
    assert [(v.name, v.grade, v.data) for v in key.values if v.data is None] == [("00000005", Grade.LOST, None)]


def test_parents_that_go_round_in_a_circle_or_too_deep_have_an_end() -> None:
    deep: list[Edit] = [CreateKey(("d",) * depth) for depth in range(1, 512)]
    data = edit(new_hive(timestamp=NOW), deep, timestamp=NOW)
    assert max(len(key.path) for key in salvage(data).keys) == 511
    first = Hive(data).find(("d",))
    last = Hive(data).find(("d",) * 511)
    assert first is not None
    assert last is not None
    at = BASE_BLOCK + first.record.offset + 4 + KEY_PARENT
    circle = data[:at] + last.record.offset.to_bytes(4, "little") + data[at + 4 :]
    found = salvage(circle)
    assert max(len(key.path) for key in found.keys) == 512
    assert sum(key.rooted for key in found.keys) == 1


def test_data_that_many_values_point_to_are_given_once() -> None:
    edits: list[Edit] = [CreateKey(("a",)), SetValue(("a",), "v0000", 3, bytes(300_000))]
    edits += [SetValue(("a",), f"v{number:04}", 3, bytes(5)) for number in range(1, 400)]
    data = bytearray(edit(new_hive(timestamp=NOW), edits, timestamp=NOW))
    key = Hive(data).find(("a",))
    assert key is not None
    image = Hive(data).image
    first, *others = image.value_offsets(key.record)
    fields = slice(VALUE_SIZE + 4, VALUE_SIZE + 12)
    for offset in others:
        at = BASE_BLOCK + offset
        data[at + fields.start : at + fields.stop] = data[BASE_BLOCK + first + fields.start :][:8]
    (found,) = (key for key in salvage(bytes(data)).keys if key.path == ("a",))
    assert [value.grade for value in found.values] == [Grade.GOOD] + [Grade.TAKEN] * 399


class Scraps:
    """A file of records alone, without bins: what is left after the worst."""

    def __init__(self) -> None:
        self.data = bytearray(BASE_BLOCK)

    def add(self, payload: bytes) -> int:
        offset = len(self.data) - BASE_BLOCK
        size = (len(payload) + 4 + 7) & ~7
        self.data += (-size).to_bytes(4, "little", signed=True) + payload.ljust(size - 4, b"\0")
        return offset

    def value(self, name: str, content: bytes) -> int:
        size, place = INLINE | len(content), int.from_bytes(content, "little")
        if len(content) > 4:
            size, place = len(content), self.add(content)
        return self.add(VALUE.pack(b"vk", len(name), size, place, 3, 1, 0) + name.encode())

    def listing(self, *offsets: int) -> int:
        return self.add(b"".join(map(stored_number, offsets)))

    def key(self, name: str, timestamp: int, count: int, listed: int) -> int:
        fields = (0, NIL, 0, 0, NIL, NIL, count, listed, NIL, NIL, 0, 0, 0, 0, 0, len(name), 0)
        return self.add(KEY.pack(b"nk", LATIN1_KEY, timestamp, *fields) + name.encode())

    @property
    def found(self) -> Salvaged:
        return salvage(bytes(self.data))


def test_of_two_keys_that_claim_one_list_the_one_written_later_has_it() -> None:
    for first, second in ((NOW, NOW + 1), (NOW + 1, NOW)):
        scraps = Scraps()
        listed = scraps.listing(scraps.value("a", b"1"), scraps.value("b", b"two and more"))
        scraps.key("k1", first, 2, listed)
        scraps.key("k2", second, 2, listed)
        found = {key.timestamp: (key.listed, [value.name for value in key.values]) for key in scraps.found.keys}
        assert found == {NOW: (2, []), NOW + 1: (2, ["a", "b"])}


def test_the_longest_list_has_the_values_that_no_key_has() -> None:
    scraps = Scraps()
    a, b, c, d = (scraps.value(name, name.encode() * 9) for name in "abcd")
    scraps.listing(a, b)
    scraps.listing(a, b, c, d)
    scraps.listing(c, d)
    scraps.value("alone", b"")
    found = scraps.found
    assert [[value.name for value in group] for group in found.groups] == [["a", "b", "c", "d"]]
    assert [value.name for value in found.loose] == ["alone"]
    assert {value.grade for value in (*found.groups[0], *found.loose)} == {Grade.LIKELY}


def test_of_two_records_that_overlap_the_first_was_overwritten() -> None:
    scraps = Scraps()
    first = BASE_BLOCK + scraps.value("n" * 60, b"1")
    other = Scraps()
    other.value("inside", b"2")
    scraps.data[first + 80 : first + 80 + 32] = other.data[BASE_BLOCK:][:32]
    assert [(value.name, value.offset) for value in scraps.found.loose] == [("inside", first + 80)]


def test_data_that_a_record_stands_in_were_overwritten_by_it() -> None:
    scraps = Scraps()
    scraps.value("v", bytes(200))
    other = Scraps()
    other.value("w", b"2")
    scraps.data[BASE_BLOCK + 80 : BASE_BLOCK + 80 + 32] = other.data[BASE_BLOCK:][:32]
    assert {value.name: value.grade for value in scraps.found.loose} == {"v": Grade.TAKEN, "w": Grade.LIKELY}


EXAMPLE = made()
interesting = st.one_of(
    st.sampled_from([0, 8, 0x20, NIL, 0x7FFFFFFF, 0x80000000, 0x80000004]),
    st.integers(0, len(EXAMPLE) // 8).map(lambda cell: 8 * cell),
    st.integers(0, NIL),
).map(lambda number: number.to_bytes(4, "little"))
signatures = st.sampled_from([b"nk", b"vk", b"db", b"hbin", b"\xff\xff"])


@given(
    st.lists(st.tuples(st.integers(0, len(EXAMPLE) // 4), interesting | signatures), max_size=20),
    st.integers(0, len(EXAMPLE)) | st.none(),
    st.binary(max_size=50),
)
@settings(max_examples=150)
def test_any_bytes_have_an_answer_and_no_byte_is_given_twice(
    wounds: list[tuple[int, bytes]], end: int | None, noise: bytes
) -> None:
    image = bytearray(EXAMPLE)
    for place, new in wounds:
        image[4 * place : 4 * place + len(new)] = new
    for data in (bytes(image[:end]), noise, noise * 200, EXAMPLE[:BASE_BLOCK] + noise * 200):
        found = salvage(data)
        values = [value for key in found.keys for value in key.values]
        values += [value for group in (*found.groups, found.loose) for value in group]
        # what stands in a record itself has 4 bytes at most, and no record is shorter than those
        assert sum(len(value.data or b"") for value in values) <= len(data)
        assert len({value.offset for value in values}) == len(values)
        assert all(len(key.path) <= 512 for key in found.keys)
        assert all((value.data is None) == (value.grade in {Grade.TAKEN, Grade.LOST}) for value in values)
