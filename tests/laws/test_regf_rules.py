"""What Windows asks of a hive's writer, rule by rule, and what is refused."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import ExistsError, FormatError, NotFoundError, RefusedError, UsageError
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit import cells, values
from mapiwright.formats.regf.edit.compact import compacted
from mapiwright.formats.regf.edit.security import security_descriptor
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, new_hive
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK, NIL, checksum
from mapiwright.formats.regf.upcase import upcased_units

if TYPE_CHECKING:
    from mapiwright.formats.regf.edit.write import Edit
    from mapiwright.formats.regf.read import HiveKey

NOW = 133_800_000_000_000_000
LATER = NOW + 10_000_000
MINORS = (3, 4, 5, 6)


def made(*edits: Edit, minor: int = 5) -> bytes:
    return edit(new_hive(name="NTUSER.DAT", minor=minor, timestamp=NOW), edits, timestamp=NOW)


def key_at(data: bytes, *path: str) -> HiveKey:
    key = Hive(data).find(path)
    assert key is not None
    return key


def patched(data: bytes, position: int, new: bytes) -> bytes:
    """The hive with other bytes at a position of the file, and a right checksum."""
    image = bytearray(data)
    image[position : position + len(new)] = new
    image[508:512] = checksum(image).to_bytes(4, "little")
    return bytes(image)


def in_key(data: bytes, path: tuple[str, ...], field: int, new: bytes) -> bytes:
    return patched(data, BASE_BLOCK + key_at(data, *path).record.offset + 4 + field, new)


def number(value: int) -> bytes:
    return value.to_bytes(4, "little")


# -- a new hive -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minor", MINORS)
def test_a_new_hive_is_an_empty_root(minor: int) -> None:
    data = new_hive(name=r"\??\C:\Users\Ann\NTUSER.DAT", minor=minor, timestamp=NOW)
    hive = Hive(data)
    assert (hive.minor, hive.dirty, hive.flags, hive.sequences, hive.timestamp) == (minor, False, 0, (1, 1), NOW)
    assert hive.name == r"\??\C:\Users\Ann\NTUSER.DAT"
    assert (hive.root.name, hive.root.flags, hive.root.timestamp) == ("ROOT", 0x2C, NOW)
    assert list(hive.root.values()) == []
    assert list(hive.root.subkeys()) == []
    assert hive.root.record.offset == 0x20  # some readers look nowhere else
    assert len(data) == 8192
    assert validate(data) == ()


def test_a_long_name_keeps_its_end() -> None:
    assert Hive(new_hive(name="x" * 40 + r"\NTUSER.DAT", timestamp=NOW)).name == "x" * 20 + r"\NTUSER.DAT"


def test_a_version_that_windows_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError):
        new_hive(minor=7, timestamp=NOW)


def test_a_new_hive_takes_the_descriptor_that_it_is_given() -> None:
    user = "S-1-5-21-1004336348-1177238915-682003330-1001"
    descriptor = security_descriptor(full=("S-1-5-18", user), read=(), owner=user)
    data = new_hive(security=descriptor, timestamp=NOW)
    assert descriptor in data
    assert struct.pack("<IIIII", 21, 1004336348, 1177238915, 682003330, 1001) in descriptor
    assert validate(data) == ()


# -- what an edit keeps ---------------------------------------------------------------------------------------------


def test_no_edits_are_the_same_bytes() -> None:
    data = made(CreateKey(("a",)))
    assert edit(data, [], timestamp=LATER) == data


def test_an_edit_moves_both_sequence_numbers_and_the_times_of_the_keys_it_touches() -> None:
    data = made(CreateKey(("a",)), CreateKey(("a", "b")), CreateKey(("c",)))
    after = edit(data, [SetValue(("a",), "x", 3, b"1"), CreateKey(("a", "b", "d"))], timestamp=LATER)
    assert Hive(after).sequences == (3, 3)
    assert Hive(after).timestamp == LATER
    assert after[BASE_BLOCK + 20 : BASE_BLOCK + 28] == LATER.to_bytes(8, "little")
    times = {path: key_at(after, *path).timestamp for path in [(), ("a",), ("a", "b"), ("a", "b", "d"), ("c",)]}
    assert times == {(): NOW, ("a",): LATER, ("a", "b"): LATER, ("a", "b", "d"): LATER, ("c",): NOW}
    gone = edit(after, [DeleteKey(("a", "b")), DeleteValue(("a",), "x")], timestamp=LATER + 1)
    assert (key_at(gone, "a").timestamp, key_at(gone).timestamp) == (LATER + 1, NOW)


def test_sequence_numbers_wrap() -> None:
    data = patched(new_hive(timestamp=NOW), 4, number(0xFFFFFFFF) * 2)
    assert Hive(edit(data, [CreateKey(("a",))], timestamp=NOW)).sequences == (0, 0)


def test_what_the_writer_does_not_understand_survives() -> None:
    data = made(CreateKey(("a",)), CreateKey(("a", "b")), SetValue(("a",), "class", 3, b"c\0l\0a\0s\0s\0"))
    ids = bytes(range(1, 33))
    data = patched(data, 112, ids + number(0x2) + ids[:16] + b"rmtm" + bytes(8))  # RmId, LogId, flags, TmId
    data = in_key(data, ("a",), 12, number(0x3))  # access bits
    data = in_key(data, ("a",), 52, struct.pack("<HH", 2, 0xABC2))  # virtualisation, user and debug flags
    # the value's data become the key's class
    value = key_at(data, "a")._hive.image.find_value(key_at(data, "a").record, "class")
    assert value is not None
    data = in_key(data, ("a",), 48, number(value.data))
    data = in_key(data, ("a",), 74, b"\x0a\0")
    data = patched(data, BASE_BLOCK + value.offset + 8, number(0x80000000) + number(0))
    data = in_key(data, (), 56, number(10))
    data = in_key(data, ("a",), 64, number(0))
    assert validate(data) == ()
    changes: list[Edit] = [CreateKey(("a", "longer")), SetValue(("a",), "x", 3, b"12345"), DeleteKey(("a", "b"))]
    after = edit(data, changes, timestamp=LATER)
    assert after[112:176] == data[112:176]
    record = key_at(after, "a").record
    assert (record.access, record.longest_subkey, record.class_length) == (0x3, 0xABC20000 | 12, 10)
    assert after[BASE_BLOCK + record.class_offset + 4 :].startswith(b"c\0l\0a\0s\0s\0")
    assert key_at(edit(after, [DeleteKey(("a", "longer"))], timestamp=NOW), "a").record.longest_subkey == 0xABC20000
    # the class goes with its key, and so does its length in the parent
    both = edit(after, [CreateKey(("longest of all",)), DeleteKey(("a",))], timestamp=LATER)
    assert key_at(both).record.longest_class == 0
    without = edit(after, [DeleteKey(("a",))], timestamp=LATER)
    assert validate(without) == ()
    assert key_at(without).record.longest_class == 0


def test_bytes_after_the_last_bin_are_kept_and_padding_is_used() -> None:
    data = new_hive(timestamp=NOW)
    big: list[Edit] = [SetValue((), "x", 3, bytes(5000))]
    grown = edit(data, big, timestamp=NOW)
    assert edit(data + b"foreign" * 9, big, timestamp=NOW) == grown + b"foreign" * 9
    assert edit(data + bytes(20000), big, timestamp=NOW) == grown + bytes(20000 - (len(grown) - len(data)))


def test_a_value_keeps_the_spelling_of_its_name() -> None:
    data = made(SetValue((), "Größe", 1, b"a\0\0\0"), SetValue((), "GRÖßE", 3, b"new"))
    assert [(v.name, v.type, v.data) for v in Hive(data).root.values()] == [("Größe", 3, b"new")]


# -- lists of subkeys -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minor", [3, 6])
@pytest.mark.parametrize("count", [507, 508, 1100])
def test_many_siblings_are_split_over_lists_of_507(minor: int, count: int) -> None:
    names = [f"Konto {i}" if i % 50 else f"Профиль {i} ü" for i in range(count)]
    random.Random(count).shuffle(names)
    data = made(CreateKey(("p",)), *(CreateKey(("p", name)) for name in names), minor=minor)
    assert validate(data) == ()
    key = key_at(data, "p")
    assert [sub.name for sub in key.subkeys()] == sorted(names, key=upcased_units)
    leaves = key._hive.image.leaves(key.record)
    assert {leaf.kind for leaf in leaves} == {b"lh" if minor >= 5 else b"lf"}
    assert max(len(leaf.keys) for leaf in leaves) <= 507
    assert (len(leaves) == 1) == (count == 507)
    random.Random(0).shuffle(names)
    scope = edit(data, [DeleteKey(("p", name)) for name in names[: count // 2]], timestamp=NOW)
    assert [sub.name for sub in key_at(scope, "p").subkeys()] == sorted(names[count // 2 :], key=upcased_units)
    assert validate(scope) == ()
    empty = edit(scope, [DeleteKey(("p", name)) for name in names[count // 2 :]], timestamp=NOW)
    assert (key_at(empty, "p").record.subkey_list, key_at(empty, "p").record.longest_subkey) == (NIL, 0)
    assert validate(empty) == ()
    again = edit(empty, [CreateKey(("p", name)) for name in names], timestamp=NOW)
    assert len(again) <= len(data) + 4096  # the space is used again


def test_siblings_come_and_go_in_little_room() -> None:
    """2,000 of them grow the hive by less than 1 MB, and their lists do not stay when they are gone."""
    names = [f"Konto {each:04}" for each in range(2000)]
    random.Random(3).shuffle(names)
    empty = made(CreateKey(("p",)))
    data = edit(empty, [CreateKey(("p", name)) for name in names], timestamp=NOW)
    assert len(data) - len(empty) < 1_000_000
    few = edit(data, [DeleteKey(("p", name)) for name in names[20:]], timestamp=NOW)
    key = key_at(few, "p")
    assert [sub.name for sub in key.subkeys()] == sorted(names[:20])
    assert len(key._hive.image.leaves(key.record)) == 1
    assert validate(few) == ()
    assert validate(edit(few, [CreateKey(("p", name)) for name in names[20:]], timestamp=NOW)) == ()


def as_li(data: bytes, leaf_offset: int) -> bytes:
    """The list as an ``li``, which Windows 2000 wrote and newer ones still hold."""
    image = Hive(data).image
    leaf = image.leaf(leaf_offset)
    elements = b"".join(number(offset) for offset in leaf.keys)
    return patched(data, BASE_BLOCK + leaf_offset + 4, b"li" + struct.pack("<H", len(leaf.keys)) + elements)


@pytest.mark.parametrize("minor", MINORS)
def test_an_old_list_is_read_and_becomes_the_hives_kind_when_it_is_written(minor: int) -> None:
    data = made(*(CreateKey((f"k{i}",)) for i in range(5)), minor=minor)
    data = as_li(data, key_at(data).record.subkey_list)
    assert [key.name for key in Hive(data).root.subkeys()] == ["k0", "k1", "k2", "k3", "k4"]
    assert key_at(data, "K3").name == "k3"
    assert {fault.rule for fault in validate(data)} == {"lists are lh from version 1.5 on, and lf before"}
    assert validate(edit(data, [CreateKey(("k2a",))], timestamp=NOW)) == ()
    assert validate(edit(data, [DeleteKey(("k2",))], timestamp=NOW)) == ()


def test_a_longer_list_that_windows_let_grow_is_split() -> None:
    data = made(*(CreateKey((f"k{i:04}",)) for i in range(1300)))
    image = Hive(data).image
    offsets = [offset for leaf in image.leaves(Hive(data).root.record) for offset in leaf.keys]
    # one list of 1300 in the place of a value's data
    payload = b"li" + struct.pack("<H", 1300) + b"".join(map(number, offsets))
    data = edit(data, [SetValue((), "x", 3, payload)], timestamp=NOW)
    value = Hive(data).image.find_value(Hive(data).root.record, "x")
    assert value is not None
    one = patched(data, BASE_BLOCK + 0x20 + 4 + 28, number(value.data))
    assert len(list(Hive(one).root.subkeys())) == 1300
    after = edit(one, [CreateKey(("k0500a",))], timestamp=NOW)
    assert [len(leaf.keys) for leaf in Hive(after).image.leaves(Hive(after).root.record)] == [434, 434, 433]
    assert [key.name for key in Hive(after).root.subkeys()][500:502] == ["k0500", "k0500a"]


def test_a_lookup_reads_only_the_keys_whose_hash_or_place_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    for minor, most in ((3, 24), (5, 2)):
        hive = Hive(made(*(CreateKey((f"{i:04}-name",)) for i in range(1000)), minor=minor))
        read: list[int] = []
        key = type(hive.image).key
        monkeypatch.setattr(
            type(hive.image), "key", lambda image, at, key=key, read=read: read.append(at) or key(image, at)
        )
        root = hive.root
        read.clear()
        found = root.subkey("0500-NAME")
        assert found is not None
        assert len(read) <= most
        monkeypatch.undo()


def test_a_name_that_another_program_hashed_wrongly_is_found() -> None:
    data = made(CreateKey(("Zürich",)))
    leaf = BASE_BLOCK + key_at(data).record.subkey_list + 4
    assert key_at(patched(data, leaf + 8, number(12345)), "zÜrich").name == "Zürich"


def test_a_hash_inside_of_an_element_is_not_one() -> None:
    # the wanted hash stands across two elements: in the upper half of an offset's neighbour
    data = made(CreateKey(("a",)), CreateKey(("b",)))
    leaf = BASE_BLOCK + key_at(data).record.subkey_list + 4
    elements = data[leaf + 4 : leaf + 20]
    assert elements[4:8] == number(ord("A"))
    moved = patched(data, leaf + 4, elements[:2] + number(ord("Z")) + elements[6:])
    assert Hive(moved).root.subkey("z") is None


# -- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minor", MINORS)
@pytest.mark.parametrize("size", [0, 1, 4, 5, 16344, 16345, 2 * 16344, 2 * 16344 + 1])
def test_data_take_the_form_that_their_size_asks_for(minor: int, size: int) -> None:
    content = random.Random(size).randbytes(size)
    data = made(SetValue((), "x", 3, content), minor=minor)
    image, root = Hive(data).image, Hive(data).root
    value = image.find_value(root.record, "x")
    assert value is not None
    if size <= 4:
        assert value.size == 0x80000000 | size
        assert value.data == int.from_bytes(content, "little")
        forms = 0
    else:
        assert value.size == size
        forms = 1 if size <= 16344 or minor == 3 else 2 + -(-size // 16344)
    found = image.data_cells(value)
    assert len(found) == forms
    assert {image.cell(cell)[1] - image.cell(cell)[0] for cell in found[2:]} <= {16348}  # whole, the last one too
    assert image.content(value) == content
    assert validate(data) == ()
    assert validate(edit(data, [DeleteValue((), "X")], timestamp=NOW)) == ()


def test_the_unnamed_value_has_no_flag() -> None:
    data = made(SetValue((), "", 1, b""), SetValue((), "a", 1, b""), SetValue((), "ж", 1, b""))
    image = Hive(data).image
    assert [image.value(at).flags for at in image.value_offsets(Hive(data).root.record)] == [0, 1, 0]


def test_the_maxima_follow_the_values() -> None:
    data = new_hive(timestamp=NOW)

    def maxima(*changes: Edit) -> tuple[int, int]:
        nonlocal data
        data = edit(data, changes, timestamp=NOW)
        record = Hive(data).root.record
        return record.longest_value, record.largest_data

    assert maxima(SetValue((), "ab", 3, bytes(100)), SetValue((), "abcd", 3, bytes(3))) == (8, 100)
    assert maxima(SetValue((), "ab", 3, bytes(10))) == (8, 10)
    assert maxima(SetValue((), "ab", 3, bytes(20))) == (8, 20)
    assert maxima(DeleteValue((), "abcd")) == (4, 20)
    assert maxima(DeleteValue((), "ab")) == (0, 0)


def test_space_is_used_again() -> None:
    data = made(CreateKey(("a",)), SetValue(("a",), "x", 3, bytes(64)))
    for i in range(50):
        data = edit(data, [SetValue(("a",), "x", 3, bytes([i]) * (64 + i)), CreateKey((f"t{i}",))], timestamp=NOW)
        data = edit(data, [DeleteKey((f"t{i}",))], timestamp=NOW)
        assert validate(data) == ()
    assert len(data) == 8192


def test_a_deleted_subtree_leaves_nothing() -> None:
    paths = [("a",), ("a", "b"), ("a", "b", "c"), ("a", "d"), ("e",)]
    data = made(*(CreateKey(path) for path in paths), *(SetValue(path, "x", 3, bytes(40000)) for path in paths))
    after = edit(data, [DeleteKey(("A",)), DeleteKey(("E",))], timestamp=NOW)
    assert validate(after) == ()
    assert list(Hive(after).root.subkeys()) == []
    assert len(edit(after, [CreateKey(path) for path in paths], timestamp=NOW)) == len(data)


# -- security -------------------------------------------------------------------------------------------------------


def test_a_new_key_shares_its_parents_descriptor_and_the_last_one_takes_it_along() -> None:
    """A second descriptor is made by hand: in the place of a value's data, and into the ring."""
    data = made(CreateKey(("a",)), CreateKey(("b",)))
    first = key_at(data).record.security
    descriptor = security_descriptor()
    blank = struct.pack("<2sHIIII", b"sk", 0, first, first, 1, len(descriptor)) + descriptor
    data = edit(data, [SetValue(("b",), "x", 3, blank)], timestamp=NOW)
    value = Hive(data).image.find_value(key_at(data, "b").record, "x")
    assert value is not None
    second = value.data
    data = patched(data, BASE_BLOCK + value.offset + 8, number(0x80000000) + number(0))
    data = in_key(data, ("b",), 64, number(0))
    data = in_key(data, ("b",), 44, number(second))
    data = patched(data, BASE_BLOCK + first + 8, number(second) * 2 + number(2))  # next, previous, keys
    assert validate(data) == ()
    ring = "the descriptors form one ring"
    back = BASE_BLOCK + second + 4 + 8
    assert [fault.rule for fault in validate(patched(data, back, number(second)))] == [ring]
    assert ring in {fault.rule for fault in validate(patched(data, BASE_BLOCK + first + 8, number(first)))}
    data = edit(data, [CreateKey(("b", "c")), CreateKey(("b", "d"))], timestamp=NOW)
    assert key_at(data, "b", "c").record.security == second
    assert validate(data) == ()
    data = edit(data, [DeleteKey(("b", "c"))], timestamp=NOW)
    assert validate(data) == ()
    data = edit(data, [DeleteKey(("b",))], timestamp=NOW)
    assert validate(data) == ()
    assert data[BASE_BLOCK + first + 8 : BASE_BLOCK + first + 16] == number(first) * 2


# -- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (SetValue(("no",), "x", 3, b""), NotFoundError),
        (SetValue(("a", "no"), "x", 3, b""), NotFoundError),
        (DeleteValue(("a",), "no"), NotFoundError),
        (CreateKey(("no", "b")), NotFoundError),
        (DeleteKey(("no",)), NotFoundError),
        (CreateKey(("A",)), ExistsError),
        (CreateKey(()), ExistsError),
        (DeleteKey(()), RefusedError),
        (CreateKey(("",)), RefusedError),
        (CreateKey(("x" * 256,)), RefusedError),
        (CreateKey(("\U0001f600" * 128,)), RefusedError),
        (CreateKey(("a\\b",)), RefusedError),
        (CreateKey(("a",) * 512), RefusedError),
        (SetValue((), "x" * 16384, 3, b""), RefusedError),
        (SetValue((), "x", -1, b""), RefusedError),
        (SetValue((), "x", 1 << 32, b""), RefusedError),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(change: Edit, error: type[Exception]) -> None:
    with pytest.raises(error):
        made(CreateKey(("a",)), change)


def test_the_longest_names_and_the_deepest_key_are_taken() -> None:
    chain = [CreateKey(("d",) * depth) for depth in range(1, 512)]
    data = made(CreateKey(("x" * 255,)), CreateKey(("ж" * 255,)), SetValue((), "v" * 16383, 3, b""), *chain)
    assert validate(data) == ()
    assert key_at(data, *("d",) * 511).name == "d"


@pytest.mark.parametrize("position", [4, 508])
def test_a_dirty_hive_is_read_and_not_written(position: int) -> None:
    data = bytearray(made(CreateKey(("a",))))
    data[position] ^= 0xFF
    if position == 4:
        data[508:512] = number(checksum(data))
    assert Hive(bytes(data)).dirty
    assert key_at(bytes(data), "a").name == "a"
    with pytest.raises(RefusedError, match="dirty") as refusal:
        edit(bytes(data), [CreateKey(("b",))], timestamp=NOW)
    assert refusal.value.remedy


def test_a_hive_that_a_transaction_holds_is_not_written() -> None:
    noise = patched(new_hive(timestamp=NOW), 144, number(1))  # as Windows XP leaves it
    assert Hive(edit(noise, [CreateKey(("b",))], timestamp=NOW)).flags == 1
    data = patched(noise, 164, b"rmtm")
    with pytest.raises(RefusedError, match="TxR"):
        edit(data, [CreateKey(("b",))], timestamp=NOW)


@pytest.mark.parametrize(("field", "new"), [(2, b"\x30\0"), (2, b"\x60\0"), (12, b"\0\x01\0\0"), (12, b"\0\x03\0\0")])
def test_links_handles_and_layers_are_not_edited(field: int, new: bytes) -> None:
    data = made(CreateKey(("a",)), CreateKey(("a", "b")), CreateKey(("a", "b", "c")))
    data = in_key(data, ("a", "b"), field, new)
    assert key_at(data, "a", "b", "c").name == "c"
    changes: list[Edit] = [
        SetValue(("a", "b"), "x", 3, b""),
        CreateKey(("a", "b", "d")),
        DeleteKey(("a", "b", "c")),
        DeleteKey(("a", "b")),
        DeleteKey(("a",)),
    ]
    for change in changes:
        with pytest.raises(RefusedError, match="not edited"):
            edit(data, [change], timestamp=NOW)
    edit(data, [CreateKey(("a", "other"))], timestamp=NOW)


def test_a_predefined_handle_has_no_values() -> None:
    data = made(CreateKey(("a",)))
    data = in_key(data, ("a",), 2, b"\x60\0")
    data = in_key(data, ("a",), 36, number(0x80000002))
    assert list(key_at(data, "a").values()) == []
    assert validate(data) == ()


def test_a_key_that_must_not_be_deleted_is_not() -> None:
    data = made(CreateKey(("a",)), CreateKey(("a", "b")))
    data = in_key(data, ("a", "b"), 2, b"\x28\0")
    for path in (("a", "b"), ("a",)):
        with pytest.raises(RefusedError, match="not to be deleted"):
            edit(data, [DeleteKey(path)], timestamp=NOW)


def test_a_tombstone_is_not_edited() -> None:
    data = made(CreateKey(("a",)), SetValue(("a",), "x", 0, b""))
    value = Hive(data).image.find_value(key_at(data, "a").record, "x")
    assert value is not None
    data = patched(data, BASE_BLOCK + value.offset + 8, number(0) + number(NIL))
    data = patched(data, BASE_BLOCK + value.offset + 4 + 16, b"\x03\0")
    assert validate(data) == ()
    changes: list[Edit] = [SetValue(("a",), "x", 1, b""), DeleteValue(("a",), "x"), DeleteKey(("a",))]
    for change in changes:
        with pytest.raises(RefusedError, match="tombstone"):
            edit(data, [change], timestamp=NOW)


def test_what_windows_could_not_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = new_hive(timestamp=NOW)
    monkeypatch.setattr(values, "LARGEST_DATA", 10)
    with pytest.raises(RefusedError, match="at most 10"):
        edit(data, [SetValue((), "x", 3, bytes(11))], timestamp=NOW)
    monkeypatch.undo()
    monkeypatch.setattr(cells, "LARGEST", 8192)
    with pytest.raises(RefusedError, match="2 GiB"):
        edit(data, [SetValue((), "x", 3, bytes(9000))], timestamp=NOW)


@pytest.mark.parametrize(
    ("position", "new", "what"),
    [
        (BASE_BLOCK, b"hbim", "bin is marked"),
        (BASE_BLOCK + 4, number(8), "bin is marked"),
        (BASE_BLOCK + 8, number(4095), "bin is marked"),
        (BASE_BLOCK + 8, number(8192), "bin is marked"),
        (40, number(8192), "ends before its bins"),
    ],
)
def test_a_hive_that_does_not_tile_is_not_edited(position: int, new: bytes, what: str) -> None:
    data = patched(made(CreateKey(("a",)), CreateKey(("b",))), position, new)
    with pytest.raises(FormatError, match=what):
        edit(data, [DeleteKey(("a",))], timestamp=NOW)


def test_cells_that_do_not_tile_are_not_edited() -> None:
    data = made(CreateKey(("a",)), CreateKey(("b",)))
    broken = patched(data, BASE_BLOCK + key_at(data, "b").record.offset, number(-13 & NIL))
    with pytest.raises(FormatError, match="cell has size -13"):
        edit(broken, [DeleteKey(("a",))], timestamp=NOW)
    broken = in_key(data, ("a",), 44, number(key_at(data).record.security + 8))
    with pytest.raises(FormatError, match="no cell in use"):
        edit(broken, [DeleteKey(("a",))], timestamp=NOW)


def test_a_bin_that_runs_out_of_the_file_is_not_edited() -> None:
    data = patched(new_hive(timestamp=NOW) + bytes(4096), 40, number(12288))
    data = patched(data, BASE_BLOCK + 8, number(12288))
    with pytest.raises(FormatError, match="runs out of the file"):
        edit(data, [CreateKey(("a",))], timestamp=NOW)


def test_an_empty_list_among_others_is_damage() -> None:
    data = made(CreateKey(("a",)))
    data = patched(data, BASE_BLOCK + key_at(data).record.subkey_list + 4 + 2, b"\0\0")
    with pytest.raises(FormatError, match="is empty"):
        edit(data, [CreateKey(("b",))], timestamp=NOW)


def test_a_full_count_of_keys_is_damage() -> None:
    data = new_hive(timestamp=NOW)
    data = patched(data, BASE_BLOCK + key_at(data).record.security + 4 + 12, number(NIL))
    with pytest.raises(FormatError, match="share a security descriptor"):
        edit(data, [CreateKey(("b",))], timestamp=NOW)


# -- a compacted hive ------------------------------------------------------------------------------------------------


def test_compacting_counts_again_and_keeps_what_is_no_count() -> None:
    """A wrong count of a descriptor; the count of a predefined handle, which is none; a tombstone without data."""
    data = made(CreateKey(("h",)), CreateKey(("t",)), SetValue(("t",), "v", 4, b"1234"))
    handle, value = key_at(data, "h").record, key_at(data, "t")
    (tombstone,) = value.image.value_offsets(value.record)
    payload = BASE_BLOCK + 4
    spoilt = patched(data, payload + handle.security + 12, number(77))
    spoilt = patched(spoilt, payload + handle.offset + 2, struct.pack("<H", handle.flags | 0x40))
    spoilt = patched(spoilt, payload + handle.offset + 36, number(0x80000003) + number(NIL))
    spoilt = patched(spoilt, payload + tombstone + 4, number(0) + number(NIL) + number(0) + b"\3\0")
    small = compacted(spoilt, timestamp=NOW)
    assert [fault for fault in validate(spoilt) if "counts its keys" in fault.rule]
    assert [fault for fault in validate(small) if fault.rule != "a key without values has no list of them"] == []
    kept, deleted = key_at(small, "h").record, key_at(small, "t")
    assert (kept.flags & 0x40, kept.value_count) == (0x40, 0x80000003)
    (record,) = [deleted.image.value(at) for at in deleted.image.value_offsets(deleted.record)]
    assert (record.size, record.data, record.type, record.flags) == (0, NIL, 0, 3)


@pytest.mark.parametrize("minor", MINORS)
@pytest.mark.parametrize("size", [0, 4, 5, 16344, 16345, 50000])
def test_compacting_gives_data_the_form_that_the_version_asks_for(minor: int, size: int) -> None:
    data = made(CreateKey(("k",)), SetValue(("k",), "v", 3, bytes(size)), minor=minor)
    small = compacted(data, timestamp=NOW)
    assert validate(small) == ()
    (value,) = key_at(small, "k").values()
    assert value.data == bytes(size)
