"""A hive after edits holds what a plain model of the registry holds, and keeps every rule of a hive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import ExistsError, NotFoundError
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit.compact import compacted
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, new_hive
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK
from mapiwright.formats.regf.upcase import upcase, upcased_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.formats.regf.edit.write import Edit
    from mapiwright.formats.regf.read import HiveKey

NOW = 133_800_000_000_000_000
Tree: TypeAlias = "tuple[list[tuple[str, int, bytes]], list[tuple[str, Tree]]]"


@dataclass
class Node:
    """A key of the model: by upcased name, the stored name and what it stands for."""

    values: dict[bytes, tuple[str, int, bytes]] = field(default_factory=dict)
    keys: dict[bytes, tuple[str, Node]] = field(default_factory=dict)

    def at(self, path: tuple[str, ...]) -> Node | None:
        here: Node | None = self
        for name in path:
            here = here.keys.get(upcased_units(name), ("", None))[1] if here is not None else None
        return here

    def tree(self) -> Tree:
        return list(self.values.values()), [(name, node.tree()) for _, (name, node) in sorted(self.keys.items())]

    def paths(self) -> Iterator[tuple[str, ...]]:
        yield ()
        for name, node in self.keys.values():
            yield from ((name, *below) for below in node.paths())


def applied(root: Node, change: Edit) -> type[Exception] | None:
    """Do the change to the model; give the error where it cannot be done."""
    if isinstance(change, SetValue | DeleteValue):
        node, key = root.at(change.path), upcased_units(change.name)
        if node is None or (isinstance(change, DeleteValue) and key not in node.values):
            return NotFoundError
        if isinstance(change, DeleteValue):
            del node.values[key]
        else:
            node.values[key] = (node.values.get(key, (change.name,))[0], change.type, change.data)
        return None
    parent, key = root.at(change.path[:-1]), upcased_units(change.path[-1])
    if parent is None or (isinstance(change, DeleteKey) and key not in parent.keys):
        return NotFoundError
    if isinstance(change, DeleteKey):
        del parent.keys[key]
    elif key in parent.keys:
        return ExistsError
    else:
        parent.keys[key] = (change.path[-1], Node())
    return None


def tree(key: HiveKey) -> Tree:
    return [(v.name, v.type, v.data) for v in key.values()], [(sub.name, tree(sub)) for sub in key.subkeys()]


def pattern(size: int) -> bytes:
    return bytes(i * 7 % 251 for i in range(size))


LETTERS = "aAbBzZ0 ._-{}µßſıÿŸéÉжЖΩω€\uff41\U0001f600\U00010428\ud800\udc00"
names = st.text(LETTERS, min_size=1, max_size=3).map(
    lambda name: name.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
)
contents = st.one_of(
    st.binary(max_size=9), st.sampled_from([100, 4000, 5000, 16344, 16345, 32688, 32689, 60000]).map(pattern)
)
minors = st.sampled_from([3, 4, 5, 6])


@st.composite
def histories(draw: st.DrawFn) -> list[Edit]:
    """Edits that often meet: their names come from a few, and keys that values want are often there."""
    few = draw(st.lists(names, min_size=2, max_size=5))
    some = st.lists(st.sampled_from(few), min_size=1, max_size=3).map(tuple)
    name = st.sampled_from(["", *few])
    kinds = st.integers(0, 0xFFFFFFFF)
    step = st.one_of(
        st.builds(CreateKey, some),
        st.builds(CreateKey, some),
        st.builds(SetValue, some | st.just(()), name, kinds, contents),
        st.builds(SetValue, some | st.just(()), name, kinds, contents),
        st.builds(DeleteValue, some | st.just(()), name),
        st.builds(DeleteKey, some),
    )
    return draw(st.lists(step, max_size=40))


@given(histories(), minors, st.integers(0, 40))
def test_a_hive_follows_the_model(history: list[Edit], minor: int, pause: int) -> None:
    data, model = new_hive(minor=minor, timestamp=NOW), Node()
    waiting: list[Edit] = []
    for step, change in enumerate(history):
        error = applied(model, change)
        if error is None:
            waiting.append(change)
        else:
            with pytest.raises(error):
                edit(data, [*waiting, change], timestamp=NOW)
        if step == pause:
            data, waiting = edit(data, waiting, timestamp=NOW), []
    data = edit(data, waiting, timestamp=NOW)
    hive = Hive(data)
    assert tree(hive.root) == model.tree()
    assert validate(data) == ()
    for path in model.paths():
        key, node = hive.find(upcase(name) for name in path), model.at(path)
        assert key is not None
        assert node is not None
        for name, kind, content in node.values.values():
            value = key.value(upcase(name))
            assert value is not None
            assert (value.name, value.type, value.data) == (name, kind, content)
        assert key.value("no such") is None
        assert key.subkey("no such") is key.subkey("nö such") is None
    assert hive.find(("no such", "no more")) is None


def way(path: tuple[str, ...], old: Node, new: Node) -> Iterator[Edit]:
    """The edits that lead from one model to another."""
    for key, (name, _) in old.keys.items():
        if key not in new.keys:
            yield DeleteKey((*path, name))
    for value in old.values.keys() - new.values.keys():
        yield DeleteValue(path, old.values[value][0])
    for value, (name, kind, content) in new.values.items():
        if old.values.get(value) != (name, kind, content):
            yield SetValue(path, name, kind, content)
    for key, (name, node) in new.keys.items():
        if key not in old.keys:
            yield CreateKey((*path, name))
        yield from way((*path, name), old.keys.get(key, ("", Node()))[1], node)


def folded(node: Node) -> object:
    """What is compared after there and back: a value that was away stands last, and a name may have other case."""
    return {key: value[1:] for key, value in node.values.items()}, {
        key: folded(below) for key, (_, below) in node.keys.items()
    }


def as_model(key: HiveKey) -> Node:
    return Node(
        {upcased_units(v.name): (v.name, v.type, v.data) for v in key.values()},
        {upcased_units(sub.name): (sub.name, as_model(sub)) for sub in key.subkeys()},
    )


@given(histories(), histories(), minors)
def test_edits_and_their_inverse_give_back_the_values(first: list[Edit], second: list[Edit], minor: int) -> None:
    here, there = Node(), Node()
    for change in first:
        applied(here, change)
    for change in second:
        applied(there, change)
    data = edit(new_hive(minor=minor, timestamp=NOW), list(way((), Node(), here)), timestamp=NOW)
    gone = edit(data, list(way((), here, there)), timestamp=NOW)
    assert folded(as_model(Hive(gone).root)) == folded(there)
    back = edit(gone, list(way((), there, here)), timestamp=NOW)
    assert folded(as_model(Hive(back).root)) == folded(here)
    assert validate(gone) == validate(back) == ()


def records(key: HiveKey, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every key's record and its values' records with the offsets of their cells, and the data."""
    image = key._hive.image
    offsets = image.value_offsets(key.record)
    yield path, (key.record, [(image.value(at), image.content(image.value(at))) for at in offsets])
    for sub in key.subkeys():
        yield from records(sub, (*path, sub.name))


@given(histories(), st.data())
def test_cells_that_no_edit_touches_stay_where_they_are(history: list[Edit], data: st.DataObject) -> None:
    model = Node()
    good = [change for change in history if applied(model, change) is None]
    before = edit(new_hive(timestamp=NOW), good, timestamp=NOW)
    target = data.draw(st.sampled_from(sorted(model.paths())))
    content = data.draw(contents)
    after = edit(before, [SetValue(target, "added", 3, content)], timestamp=NOW + 1)
    old, new = dict(records(Hive(before).root)), dict(records(Hive(after).root))
    assert old.pop(target) != new.pop(target)
    assert old == new


def kept(key: HiveKey) -> list[object]:
    """What of a key no list and no count says: name, time, flags, access, class."""
    record = key.record
    mine = (record.name, record.timestamp, record.flags, record.access, record.class_length)
    return [mine, *(kept(below) for below in key.subkeys())]


@given(histories(), minors)
def test_a_compacted_hive_is_the_same_without_what_was_deleted(history: list[Edit], minor: int) -> None:
    data, model = new_hive(minor=minor, timestamp=NOW), Node()
    for change in history:
        if applied(model, change) is None:
            data = edit(data, [change], timestamp=NOW + len(data))
    small = compacted(data, timestamp=NOW)
    assert validate(small) == ()
    assert tree(Hive(small).root) == model.tree()
    assert kept(Hive(small).root) == kept(Hive(data).root)
    again = compacted(small, timestamp=NOW)
    assert again[BASE_BLOCK:] == small[BASE_BLOCK:]
    assert validate(edit(small, [CreateKey(("next \u0416",))], timestamp=NOW)) == ()


def test_a_real_hive_is_compacted(real_hive: Callable[[str], bytes]) -> None:
    """Classes, several security descriptors, and what Windows has in flags."""
    data = real_hive("o2010-x64")
    small = compacted(data, timestamp=NOW)
    assert validate(small) == (), "its own maxima and unused cells are warnings"
    assert tree(Hive(small).root) == tree(Hive(data).root)
    assert kept(Hive(small).root) == kept(Hive(data).root)
    assert len(small) < 0.75 * len(data)


@given(st.lists(names, unique_by=upcased_units, min_size=1, max_size=40), minors)
def test_subkeys_stand_in_the_order_of_their_upcased_units(siblings: list[str], minor: int) -> None:
    data = edit(new_hive(minor=minor, timestamp=NOW), [CreateKey((name,)) for name in siblings], timestamp=NOW)
    assert [key.name for key in Hive(data).root.subkeys()] == sorted(siblings, key=upcased_units)


@pytest.mark.parametrize("what", ["hash", "order"])
@pytest.mark.parametrize("change", [CreateKey(("d",)), DeleteKey(("a",))])
def test_a_list_that_another_program_wrote_wrong_is_written_right(what: str, change: Edit) -> None:
    data = bytearray(edit(new_hive(timestamp=1), [CreateKey((name,)) for name in "abc"], timestamp=1))
    at = data.index(b"lh\x03\0") + 4
    if what == "hash":
        data[at + 8 + 4] ^= 0xFF
    else:
        data[at + 8 : at + 24] = data[at + 16 : at + 24] + data[at + 8 : at + 16]
    assert validate(bytes(data)) != ()
    assert validate(edit(bytes(data), [change], timestamp=2)) == ()
