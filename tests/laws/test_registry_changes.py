"""Laws of changes: they lead from any registry to any other, once, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import ConflictError
from mapiwright.formats.regf.edit.write import new_hive
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.change import Standing, difference, standing
from mapiwright.workstation.kinds.memory import MemoryFiles, MemoryRegistry
from mapiwright.workstation.mounts.hives import HiveFile, HiveRegistry
from mapiwright.workstation.registry import Key, KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mapiwright.workstation.workstation import Registry

USER = KeyPath("HKU", ("S-1-5-21-1-2-3-1000",))
TREE = USER / "Tree"
NAMES = st.sampled_from(
    [
        "a",
        "A",
        "b",
        "é",
        "É",
        "µ",
        "\N{GREEK CAPITAL LETTER MU}",
        "ß",
        "ﬀ",
        "名",
        "\N{GRINNING FACE}",
        "a b",
        "K" * 200,
    ]
)
VALUES = st.builds(Value, st.sampled_from([0, 1, 3, 4, 0xFFFFFFFF]), st.binary(max_size=9))


def unlike(entries: Mapping[str, object]) -> bool:
    return len({upcase(name) for name in entries}) == len(entries)


def keys() -> st.SearchStrategy[Key]:
    values = st.dictionaries(NAMES | st.just(""), VALUES, max_size=3).filter(unlike)
    return st.recursive(
        st.builds(Key, values),
        lambda below: st.builds(Key, values, st.dictionaries(NAMES, below, max_size=3).filter(unlike)),
        max_leaves=6,
    )


def folded(key: Key | None) -> object:
    """The snapshot as Windows compares it."""
    if key is None:
        return None
    return (
        {upcase(name): value for name, value in key.values.items()},
        {upcase(name): folded(below) for name, below in key.keys.items()},
    )


@pytest.fixture(params=["memory", "hive"], scope="module")
def fresh(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Registry]:
    """Makes a registry with nothing but the user's own key."""
    path: Path = tmp_path_factory.mktemp("laws") / "NTUSER.DAT"

    def make() -> Registry:
        if request.param == "memory":
            return MemoryRegistry({USER: Key()})
        path.write_bytes(new_hive(timestamp=1))
        return HiveRegistry({USER: HiveFile(path)})

    return make


@settings(max_examples=30)
@given(first=st.none() | keys(), second=st.none() | keys())
def test_the_difference_leads_there_once_and_its_inverse_back(
    fresh: Callable[[], Registry], first: Key | None, second: Key | None
) -> None:
    registry, files = fresh(), MemoryFiles({})
    registry.apply(list(difference(TREE, None, first)))
    assert folded(registry.read(TREE)) == folded(first)
    changes = list(difference(TREE, registry.read(TREE), second))
    assert all(standing(change, registry, files) is Standing.OLD for change in changes)
    for _ in range(2):
        registry.apply(changes)
        assert folded(registry.read(TREE)) == folded(second)
        assert all(standing(change, registry, files) is Standing.NEW for change in changes)
    assert not list(difference(TREE, registry.read(TREE), second))
    registry.apply([change.inverse for change in reversed(changes)])
    assert folded(registry.read(TREE)) == folded(first)


@settings(max_examples=30)
@given(first=keys(), second=keys(), data=st.data())
def test_whatever_somebody_else_did_nothing_is_done_by_half(
    fresh: Callable[[], Registry], first: Key, second: Key, data: st.DataObject
) -> None:
    """A third state in between either fits the whole sequence, or stops it before anything was written."""
    registry = fresh()
    changes = list(difference(TREE, first, second))
    third = data.draw(st.sampled_from([first, second]) | keys())
    registry.apply(list(difference(TREE, None, third)))
    before = folded(registry.read(TREE))
    try:
        registry.apply(changes)
    except ConflictError:
        assert folded(registry.read(TREE)) == before
    else:
        assert all(standing(change, registry, MemoryFiles({})) is Standing.NEW for change in changes)
