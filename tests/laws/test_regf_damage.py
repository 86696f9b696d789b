"""Damaged hives: the reader and the writer say where, in bounded time; the validator names the broken rule."""

from __future__ import annotations

import random
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import FormatError, RefusedError, Severity
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit.tiling import tiling_of
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, new_hive
from mapiwright.formats.regf.pages import InMemory, Pages
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK, NIL, checksum

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.formats.regf.edit.write import Edit
    from mapiwright.formats.regf.read import HiveKey
    from mapiwright.formats.regf.records import KeyRecord, ValueRecord

NOW = 133_800_000_000_000_000
FIRST_CELL = BASE_BLOCK + 0x20


def example(minor: int) -> bytes:
    """A hive with every kind of record: lists alone and under a root, values inline, in a cell, in segments."""
    changes: list[Edit] = [CreateKey(("a",)), CreateKey(("b",)), CreateKey(("many",)), CreateKey(("b", "Ж"))]
    changes += [CreateKey(("many", f"k{i}")) for i in range(520)]
    for path in (("a",), ("b",)):
        changes += [SetValue(path, "Größe", 1, b"t\0e\0x\0t\0\0\0"), SetValue(path, "ж", 4, b"1234")]
        changes += [SetValue(path, "", 3, b""), SetValue(path, "big", 3, bytes(40000))]
    return edit(new_hive(minor=minor, timestamp=NOW), changes, timestamp=NOW)


EXAMPLE = example(5)
EXAMPLES = [EXAMPLE, example(3)]


def patched(position: int, new: bytes, data: bytes = EXAMPLE) -> bytes:
    image = bytearray(data)
    image[position : position + len(new)] = new
    image[508:512] = checksum(image).to_bytes(4, "little")
    return bytes(image)


def number(value: int) -> bytes:
    return (value & NIL).to_bytes(4, "little")


def key(*path: str) -> KeyRecord:
    found = Hive(EXAMPLE).find(path)
    assert found is not None
    return found.record


def value(path: str, name: str) -> ValueRecord:
    found = Hive(EXAMPLE).image.find_value(key(path), name)
    assert found is not None
    return found


def payload(offset: int) -> int:
    return BASE_BLOCK + offset + 4


KEY_A, KEY_B, MANY = payload(key("a").offset), payload(key("b").offset), payload(key("many").offset)
VALUE_A, BIG_A, BIG_B = (payload(value(*of).offset) for of in (("a", "Größe"), ("a", "big"), ("b", "big")))
BIG_DATA_A = payload(value("a", "big").data)
SEGMENTS_A = payload(struct.unpack_from("<I", EXAMPLE, BIG_DATA_A + 4)[0])
LIST_B, INDEX = payload(key("b").subkey_list), payload(key("many").subkey_list)
LEAF = payload(struct.unpack_from("<I", EXAMPLE, INDEX + 4)[0])
VALUES_A, VALUES_B = payload(key("a").value_list), payload(key("b").value_list)
SECURITY = payload(key().security)
WHOLE = len(EXAMPLE) - BASE_BLOCK


def walk(top: HiveKey) -> int:
    """Read everything; give the bytes of data."""
    total = sum(len(value.data) for value in top.values())
    return total + sum(walk(below) for below in top.subkeys())


def test_the_example_is_whole() -> None:
    assert [validate(data) for data in EXAMPLES] == [(), ()]
    assert walk(Hive(EXAMPLE).root) == 2 * (10 + 4 + 40000)


@pytest.mark.parametrize("data", [b"", b"regf", EXAMPLE[:4096], EXAMPLE[:8191], b"xegf" + EXAMPLE[4:], bytes(9000)])
def test_what_is_no_hive_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(FormatError, match="not a hive"):
        Hive(data)
    assert validate(data) != ()


@pytest.mark.parametrize(
    ("position", "new", "what"),
    [
        (28, number(1), "transaction log"),
        (20, number(2), "version 2.5"),
        (24, number(2), "version 1.2"),
        (24, number(7), "version 1.7"),
        (32, number(0), "format 0"),
        (36, number(0), "no cell"),
        (36, number(0x24), "no cell"),
        (36, number(WHOLE), "no cell"),
        (36, number(NIL), "no cell"),
        (FIRST_CELL, number(88), "cell has size 88"),
        (FIRST_CELL, number(-WHOLE), "cell has size"),
        (FIRST_CELL, number(-8), "4 bytes"),
        (FIRST_CELL + 4, b"vk", "signature b'vk'"),
        (FIRST_CELL + 4 + 72, b"\xff\xff", "runs out of its cell"),
        (FIRST_CELL + 4 + 2, b"\x0c\0\0\0" + bytes(66) + b"\x03\0", "UTF-16 name of 3 bytes"),
    ],
)
def test_a_hive_that_cannot_be_opened_says_where(position: int, new: bytes, what: str) -> None:
    with pytest.raises(FormatError, match=what) as refusal:
        Hive(patched(position, new))
    assert refusal.value.where.startswith("offset 0x")
    assert validate(patched(position, new)) != ()


@pytest.mark.parametrize(
    ("position", "new", "what"),
    [
        (KEY_A + 16, number(0x20 + 8), "is not a subkey of"),
        (LIST_B + 4, number(0x20), "is not a subkey of"),
        (LIST_B, b"lx", "signature b'lx'"),
        (LIST_B + 2, b"\xff\xff", "list of 65535 elements"),
        (LEAF + 12, EXAMPLE[LEAF + 4 : LEAF + 8], "listed twice"),
        (INDEX + 2, b"\xff\xff", "index root of 65535 lists"),
        (INDEX + 8, EXAMPLE[INDEX + 4 : INDEX + 8], "names a list twice"),
        (INDEX + 4, EXAMPLE[MANY + 28 : MANY + 32], "signature b'ri'"),
        (KEY_A + 36, number(0x10000000), "values runs out of its cell"),
        (VALUES_A, EXAMPLE[VALUES_A + 4 : VALUES_A + 8], "listed twice"),
        (KEY_B + 40, EXAMPLE[KEY_A + 40 : KEY_A + 44], "two owners"),
        (BIG_B + 8, EXAMPLE[BIG_A + 8 : BIG_A + 12], "two owners"),
        (VALUE_A, b"nk", "signature b'nk'"),
        (VALUE_A + 4, number(0x80000005), "5 bytes of data in the offset field"),
        (VALUE_A + 4, number(100), "100 bytes of data run out"),
        (VALUE_A + 4, number(70000), "signature b't.*expected b'db'"),
        (BIG_A + 4, number(0x7FFFFFFF), "3 segments for 2147483647 bytes"),
        (BIG_DATA_A + 2, b"\x02\0", "2 segments for 40000 bytes"),
        (SEGMENTS_A, EXAMPLE[SEGMENTS_A + 4 : SEGMENTS_A + 8], "named twice"),
        (SEGMENTS_A, number(key("many").offset), "16344 bytes of data run out"),
    ],
)
def test_damage_below_the_root_is_met_by_who_reads_it(position: int, new: bytes, what: str) -> None:
    hive = Hive(patched(position, new))
    with pytest.raises(FormatError, match=what) as refusal:
        walk(hive.root)
    assert refusal.value.where.startswith("offset 0x")
    assert {fault.severity for fault in validate(patched(position, new))} >= {Severity.ERROR}


def test_keys_deeper_than_windows_allows_are_damage() -> None:
    """A chain of 513 levels, made by hanging one chain below another."""
    changes: list[Edit] = [CreateKey(("d",) * depth) for depth in range(1, 512)]
    data = edit(new_hive(timestamp=NOW), [*changes, CreateKey(("e",))], timestamp=NOW)
    root = Hive(data).root
    upper, top = root.subkey("e"), root.subkey("d")
    assert upper is not None
    assert top is not None
    leaf = payload(root.record.subkey_list)
    one = data[leaf + 4 : leaf + 12]
    # the root lists `e` alone, and `e` lists `d`
    data = patched(leaf + 4, data[leaf + 12 : leaf + 20], data)
    data = patched(leaf + 2, b"\x01\0", data)
    data = patched(payload(root.record.offset) + 20, number(1), data)
    data = edit(data, [CreateKey(("e", "f"))], timestamp=NOW)
    upper = Hive(data).root.subkey("e")
    assert upper is not None
    data = patched(payload(upper.record.subkey_list) + 4, one, data)
    data = patched(payload(top.record.offset) + 16, number(upper.record.offset), data)
    with pytest.raises(FormatError, match="513 levels deep"):
        Hive(data).find(["e"] + ["d"] * 511)
    assert "keys are at most 512 levels deep" in {fault.rule for fault in validate(data)}


def test_keys_that_are_listed_twice_at_every_level_are_not_walked_twice() -> None:
    """Else 40 levels would be walked 2**40 times."""
    changes: list[Edit] = []
    for depth in range(40):
        changes += [CreateKey(("a",) * depth + (name,)) for name in "ab"]
    data = edit(new_hive(timestamp=NOW), changes, timestamp=NOW)
    for depth in range(1, 40):
        above = Hive(data).find("a" * depth)
        assert above is not None
        leaf = payload(above.record.subkey_list)
        data = patched(leaf + 12, data[leaf + 4 : leaf + 12], data)
    with pytest.raises(FormatError, match="listed twice"):
        walk(Hive(data).root)
    with pytest.raises(FormatError, match="listed twice"):
        edit(data, [DeleteKey(("a",))], timestamp=NOW)
    assert "a cell has one owner" in {fault.rule for fault in validate(data)}


def test_a_truncated_hive_is_read_up_to_its_end() -> None:
    data = EXAMPLE[:12288]
    hive = Hive(data)
    assert hive.root.subkey("b") is not None
    with pytest.raises(FormatError):
        walk(hive.root)
    with pytest.raises(FormatError):
        edit(data, [CreateKey(("c",))], timestamp=NOW)


def test_a_base_block_that_was_torn_gives_what_the_bins_hold() -> None:
    torn = bytearray(EXAMPLE)
    torn[40:44] = number(4096)
    assert Hive(bytes(torn)).dirty
    assert walk(Hive(bytes(torn)).root) == walk(Hive(EXAMPLE).root)


def test_a_hive_is_read_from_a_memoryview() -> None:
    assert walk(Hive(memoryview(EXAMPLE)).root) == walk(Hive(EXAMPLE).root)
    assert edit(memoryview(EXAMPLE), [], timestamp=NOW) == EXAMPLE


interesting = st.one_of(
    st.sampled_from([0, 1, 8, 0x20, NIL, 0x7FFFFFFF, 0x80000000, 0x80000004, WHOLE, WHOLE - 8, 0xFFFF]),
    st.integers(0, WHOLE // 8).map(lambda cell: 8 * cell),
    st.integers(0, NIL),
).map(number)
# the first 24 KB hold most of the records; the rest is data
positions = st.one_of(st.integers(0, 6000), st.integers(0, WHOLE // 4)).map(lambda place: BASE_BLOCK + 4 * place)
signatures = st.sampled_from([b"nk", b"vk", b"sk", b"li", b"lf", b"lh", b"ri", b"db", b"hbin", b"regf", b"\xff\xff"])


@given(
    st.sampled_from(EXAMPLES),
    st.lists(
        st.tuples(positions | st.integers(0, 180), interesting | signatures | st.binary(max_size=3)), max_size=6
    ),
    st.booleans(),
)
@settings(max_examples=300)
def test_any_damage_is_told_and_nothing_else(data: bytes, wounds: list[tuple[int, bytes]], sealed: bool) -> None:
    image = bytearray(data)
    for position, new in wounds:
        image[position : position + len(new)] = new
    image = image[: len(data)]
    if sealed:
        image[508:512] = number(checksum(image))
    damaged = bytes(image)
    with suppress(FormatError):
        assert walk(Hive(damaged).root) <= len(damaged)
    assert len(validate(damaged)) <= len(damaged)
    changes: list[Edit] = [
        CreateKey(("many", "k100a")),
        DeleteValue(("a",), "big"),
        SetValue(("b",), "ж", 3, bytes(20000)),
        DeleteKey(("b",)),
        DeleteKey(("many",)),
    ]
    for change in changes:
        with suppress(RefusedError):
            assert len(edit(damaged, [change], timestamp=NOW)) >= len(damaged)


def test_any_damage_to_a_real_hive_is_told_and_nothing_else(real_hive: Callable[[str], bytes]) -> None:
    whole = real_hive("o2010-x64")
    used = [offset for leaf in Hive(whole).image.leaves(Hive(whole).root.record) for offset in leaf.keys]
    for seed in range(12):
        chance, image = random.Random(seed), bytearray(whole)
        for _ in range(seed):
            start = chance.choice([BASE_BLOCK, *(payload(offset) for offset in used)])
            position = min(start + 4 * chance.randrange(5000), len(image) - 4)
            image[position : position + 4] = number(chance.choice([0, NIL, 8 * chance.randrange(len(image) // 8)]))
        damaged = bytes(image)
        with suppress(FormatError):
            assert walk(Hive(damaged).root) <= len(damaged)
        assert len(validate(damaged)) <= len(damaged)
        with suppress(RefusedError):
            assert edit(damaged, [DeleteKey(("Software", "Microsoft")), CreateKey(("Acme",))], timestamp=NOW)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    data = (noise * 100).ljust(9000, b"\0")
    for garbage in (noise, data, b"regf" + data, EXAMPLE[:BASE_BLOCK] + data):
        with pytest.raises(FormatError):
            walk(Hive(garbage).root)
        assert validate(garbage) != ()


ERROR, WARNING = Severity.ERROR, Severity.WARNING
ROOT_LIST = payload(key().subkey_list)
UNNAMED_A = payload(value("a", "").offset)
LAST = payload(key("many", "k519").offset) - 4  # the last cell in use, 88 bytes, before a free one
ROOM = 88 + int.from_bytes(EXAMPLE[LAST + 88 : LAST + 92], "little")

RULES: list[tuple[str, Severity, dict[int, bytes]]] = [
    ("a clean hive has equal sequence numbers", ERROR, {4: number(9)}),
    ("version 1.3 to 1.6, type 0, format 1", ERROR, {24: number(9)}),
    ("the bins take whole pages", ERROR, {40: number(WHOLE - 1)}),
    ("the bins add up to the size in the base block", ERROR, {40: number(WHOLE + 4096)}),
    ("a bin knows its place and takes whole pages", ERROR, {BASE_BLOCK + 4: number(32)}),
    ("a bin is inside the file", ERROR, {BASE_BLOCK + 8: number(WHOLE + 4096), 40: number(WHOLE + 4096)}),
    ("cells tile their bin in multiples of 8 bytes", ERROR, {FIRST_CELL: number(-84)}),
    ("free neighbours are merged", WARNING, {LAST: number(88)}),
    ("an offset leads to a cell in use", ERROR, {KEY_A + 44: number(0x24)}),
    ("an offset leads to a cell in use", ERROR, {BIG_DATA_A + 4: number(0x24)}),
    ("an offset leads to a cell in use", ERROR, {SECURITY + 4: number(0x24)}),
    ("a record fits its cell", ERROR, {KEY_A + 36: number(1000)}),
    ("a record fits its cell", ERROR, {KEY_A + 72: b"\xff\xff"}),
    ("a record fits its cell", ERROR, {INDEX + 2: b"\0\0"}),
    ("a record fits its cell", ERROR, {LIST_B + 2: b"\xff\xff"}),
    ("a cell has one owner", ERROR, {KEY_A + 40: EXAMPLE[KEY_B + 40 : KEY_B + 44]}),
    ("every cell in use has an owner", WARNING, {KEY_A + 36: number(3)}),
    ("a key has the signature nk", ERROR, {KEY_A: b"kn"}),
    ("a key's cell has at most 0x45C bytes", ERROR, {LAST: number(-0x460), LAST + 0x460: number(ROOM - 0x460)}),
    ("the root key, and no other, is flagged so", ERROR, {KEY_A + 2: b"\x24\0"}),
    ("the root key, and no other, is flagged so", ERROR, {FIRST_CELL + 6: b"\x20\0"}),
    ("a key knows its parent", ERROR, {KEY_A + 16: number(0x80)}),
    ("a key on disk has no volatile subkeys", WARNING, {KEY_A + 24: number(1)}),
    ("a class name is UTF-16", ERROR, {KEY_A + 74: b"\x03\0", KEY_A + 48: EXAMPLE[VALUE_A + 8 : VALUE_A + 12]}),
    (
        "a name of Latin-1 units is stored as Latin-1",
        WARNING,
        {VALUE_A + 2: b"\x04\0", VALUE_A + 16: bytes(2), VALUE_A + 20: b"a\0b\0"},
    ),
    ("a name that is not Latin-1 is UTF-16", ERROR, {VALUE_A + 16: b"\0\0"}),
    ("a key's name has 1 to 255 characters and no backslash", ERROR, {KEY_A + 76: b"\\"}),
    ("the count of subkeys is that of the lists", ERROR, {MANY + 20: number(519)}),
    ("a key without subkeys has no list of them", WARNING, {KEY_A + 28: number(0)}),
    ("a key without values has no list of them", WARNING, {MANY + 40: number(0)}),
    (
        "subkeys are sorted by their upcased names",
        ERROR,
        {ROOT_LIST + 4: EXAMPLE[ROOT_LIST + 12 : ROOT_LIST + 20] + EXAMPLE[ROOT_LIST + 4 : ROOT_LIST + 12]},
    ),
    ("the hash is that of the upcased name", ERROR, {LIST_B + 8: number(5)}),
    ("a list of subkeys has the signature li, lf or lh", ERROR, {LIST_B: b"lx"}),
    ("lists are lh from version 1.5 on, and lf before", WARNING, {LIST_B: b"lf"}),
    ("a list holds 1 to 507 subkeys", WARNING, {LIST_B + 2: b"\0\0"}),
    ("the longest name and class of the subkeys", WARNING, {MANY + 52: b"\x40\0"}),
    ("the longest name and class of the subkeys", WARNING, {MANY + 52: b"\x02\0"}),
    ("the longest name and the largest data of the values", WARNING, {KEY_A + 64: number(50000)}),
    ("the longest name and the largest data of the values", WARNING, {KEY_A + 60: number(4)}),
    ("a value has the signature vk and fits its cell", ERROR, {VALUE_A: b"kv"}),
    ("the unnamed value has no flag", WARNING, {UNNAMED_A + 16: b"\x01\0"}),
    ("no two values of a key have the same name", ERROR, {BIG_A + 2: b"\0\0", BIG_A + 16: b"\0\0"}),
    ("a tombstone has no type and no data", ERROR, {VALUE_A + 16: b"\x03\0"}),
    ("at most 4 bytes of data are stored in the value", ERROR, {VALUE_A + 4: number(0x80000005)}),
    ("a value without data has no offset of them", ERROR, {VALUE_A + 4: number(0)}),
    ("up to 4 bytes of data are stored in the value", WARNING, {VALUE_A + 4: number(2)}),
    ("up to 4 bytes of data are stored in the value", WARNING, {VALUE_A + 4: number(0) + number(NIL)}),
    ("data above 16344 bytes are in db segments", ERROR, {BIG_DATA_A: b"bd"}),
    ("each segment has a whole cell", WARNING, {SEGMENTS_A + 8: number(key("many").offset)}),
    ("a security record has the signature sk and fits its cell", ERROR, {SECURITY: b"ks"}),
    ("a descriptor counts its keys", WARNING, {SECURITY + 12: number(3)}),
    ("the descriptors form one ring", ERROR, {SECURITY + 8: number(0x20)}),
    ("a security descriptor is self-relative", ERROR, {SECURITY + 20: b"\x02"}),
    ("a security descriptor is self-relative", ERROR, {SECURITY + 16: number(8)}),
]


@pytest.mark.parametrize(("rule", "severity", "wounds"), RULES)
def test_the_validator_names_the_rule_that_is_broken(rule: str, severity: Severity, wounds: dict[int, bytes]) -> None:
    broken = EXAMPLE
    for position, new in wounds.items():
        broken = patched(position, new, broken)
    faults = validate(broken)
    assert (rule, severity) in {(fault.rule, fault.severity) for fault in faults}
    assert all(f"offset 0x{fault.offset:x}" in str(fault) for fault in faults)


def test_the_longest_name_of_a_value_is_checked() -> None:
    data = edit(new_hive(timestamp=NOW), [SetValue((), "v" * 16383, 3, b"")], timestamp=NOW)
    offset = Hive(data).image.value_offsets(Hive(data).root.record)[0]
    rules = {fault.rule for fault in validate(patched(payload(offset) + 2, b"\0\x40", data))}
    assert "a value's name has at most 16383 characters" in rules


def test_the_validator_checks_the_checksum() -> None:
    (fault,) = validate(EXAMPLE[:508] + number(1) + EXAMPLE[512:])
    assert (fault.rule, fault.severity, fault.offset) == ("checksum", ERROR, 508)


def test_the_hint_of_an_old_list_is_the_start_of_the_name() -> None:
    data = EXAMPLES[1]
    a = Hive(data).root.record.subkey_list
    (fault,) = validate(patched(payload(a) + 8, b"x\0\0\0", data))
    assert (fault.rule, fault.severity) == ("the hint is the start of the name", ERROR)


def test_the_same_fault_at_the_same_place_is_the_same() -> None:
    """So that what an edit did to a hive that had faults before can be told."""
    first, second = (validate(patched(MANY + 52, new)) for new in (b"\x40\0", b"\x50\0"))
    assert first == second
    assert str(first[0]) != str(second[0])


@pytest.mark.parametrize("size", [0, 1, 3, 4, 7, 12, 2**31 - 1, -1, -3, -4, -12, -(2**31)])
def test_a_cell_of_an_impossible_size_is_found_and_the_look_ends(size: int) -> None:
    source = InMemory(patched(BASE_BLOCK + 32, size.to_bytes(4, "little", signed=True)))
    with pytest.raises(FormatError, match=f"cell has size {size}"):
        tiling_of(source, source.size - BASE_BLOCK)


@given(st.lists(st.tuples(st.integers(0, len(EXAMPLE) // 4 - 1), st.integers(0, 2**32 - 1)), max_size=4))
def test_a_hive_is_read_by_its_pages_as_it_is_read_whole(patches: list[tuple[int, int]]) -> None:
    """Whatever its bytes are: what is brought at need, and what is at hand, say the same of it."""
    data = EXAMPLE
    for place, value in patches:
        data = patched(4 * place, number(value), data)

    def outcome(pages: Pages | None) -> object:
        try:
            return sorted(map(str, contents(Hive(pages.buffer if pages else data, pages).root)))
        except FormatError as error:
            return str(error)

    assert outcome(None) == outcome(Pages(InMemory(data), len(data)))


def contents(top: HiveKey) -> list[object]:
    mine = [(top.name, value.name, value.type, value.data) for value in top.values()]
    return [*mine, *(each for below in top.subkeys() for each in contents(below))]
