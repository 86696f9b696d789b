"""``frozen`` beside ``dataclass(frozen=True, slots=True)``: the same class in all that its users do with it."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import os
import pickle
import subprocess
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable


def written() -> type:
    class Thing:
        """A thing."""

        name: str
        size: int = 0
        parts: tuple[str, ...] = ()

        @property
        def twice(self) -> int:
            return self.size * 2

        def __str__(self) -> str:
            return self.name

    return Thing


class Alone:
    only: object


OURS: Any = frozen(written())
THEIRS: Any = dataclasses.dataclass(frozen=True, slots=True)(written())
OURS.__qualname__ = "OURS"  # where pickle finds it
THEIRS.__qualname__ = "THEIRS"
VALUES = st.tuples(st.text(max_size=3), st.integers(0, 3), st.tuples(st.text(max_size=1)))


@given(VALUES, VALUES)
def test_values_behave_alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    for cls in (OURS, THEIRS):
        a, b = cls(*one), cls(**dict(zip(("name", "size", "parts"), other, strict=True)))
        assert (a.name, a.size, a.parts) == one
        assert (a == b) is (one == other)
        assert a != one
        assert hash(a) == hash(one)
        assert dataclasses.astuple(a) == one
        assert dataclasses.replace(a, size=9) == cls(one[0], 9, one[2])
        assert a.twice == one[1] * 2
        assert str(a) == one[0]
        assert copy.deepcopy(a) == copy.copy(a) == a
        assert pickle.loads(pickle.dumps(a)) == a  # noqa: S301 - it is our own
    assert repr(OURS(*one)).partition("(")[2] == repr(THEIRS(*one)).partition("(")[2]
    assert OURS(*one) != THEIRS(*one)


def test_a_class_of_one_name_and_of_none() -> None:
    one: Any = frozen(Alone)
    none: Any = frozen(type("None_", (), {"__annotations__": {}}))
    assert one(3) == one(3)
    assert hash(one(3)) == hash((3,))
    assert none() == none()


def test_it_describes_itself_alike() -> None:
    assert inspect.signature(OURS) == inspect.signature(THEIRS).replace(return_annotation=inspect.Signature.empty), (
        "help() shows it"
    )
    described = [[(each.name, each.default) for each in dataclasses.fields(cls)] for cls in (OURS, THEIRS)]
    assert described[0] == described[1]
    assert OURS.__match_args__ == THEIRS.__match_args__
    assert OURS.__slots__ == THEIRS.__slots__
    assert OURS.__doc__ == "A thing."
    assert dataclasses.is_dataclass(OURS)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda cls: cls(),
        lambda cls: cls("a", 1, (), 4),
        lambda cls: cls("a", name="b"),
        lambda cls: cls("a", colour=1),
        lambda cls: cls(size=1),
        lambda cls: setattr(cls("a"), "name", "b"),
        lambda cls: setattr(cls("a"), "colour", "b"),
        lambda cls: delattr(cls("a"), "name"),
    ],
)
def test_what_one_refuses_the_other_refuses(wrong: Callable[[Any], object]) -> None:
    for cls in (OURS, THEIRS):
        with pytest.raises((TypeError, dataclasses.FrozenInstanceError)):
            wrong(cls)


def test_a_default_that_cannot_be_hashed_is_shared_and_a_gap_is_refused() -> None:
    empty = MappingProxyType[str, str]({})
    cls: Any = frozen(type("Holder", (), {"__annotations__": {"held": "object"}, "held": empty}))
    assert cls().held is cls().held is empty
    assert dataclasses.replace(cls(), held=1) == cls(1)
    with pytest.raises(TypeError, match="follows"):
        frozen(type("Gap", (), {"__annotations__": {"a": "int", "b": "int"}, "a": 1}))


def test_it_does_not_load_dataclasses_before_somebody_asks() -> None:
    probe = "import sys; from mapiwright.errors import *; print(Finding('', Severity.NOTE, '', ''), *sys.modules)"
    kept = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE")}
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=kept)
    assert "mapiwright.errors" in loaded.stdout.split()
    assert not {"dataclasses", "inspect"} & set(loaded.stdout.split())
