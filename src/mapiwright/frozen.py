"""Frozen values without the price of ``dataclasses``, for what every command loads, however little it does.

``@frozen`` makes of a class what ``@dataclass(frozen=True, slots=True)`` makes of it, and ``dataclasses.replace``,
``fields`` and the like take it for one. But ``dataclasses`` loads ``inspect``, ``ast`` and ``dis``, which costs as
much as starting Python, and it compiles source for each class. Here that is done on first use. Where no
command has to be quick, ``dataclass`` is the better choice. tests/laws/test_frozen.py compares the two.
"""

# ruff: noqa: PLC0415 - that is the point of it

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False  # typing's own would make this module depend on it
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import Field
    from inspect import Signature
    from typing import Any, Never, TypeVar, dataclass_transform

    T = TypeVar("T")
else:

    def dataclass_transform(**_options: bool) -> Callable[[T], T]:
        """Type checkers alone see the real one."""
        return lambda decorator: decorator


@dataclass_transform(frozen_default=True)
def frozen(cls: type[T]) -> type[T]:
    """The class with slots for its annotated names, which are set when an instance is made and never again.

    A default is shared by all instances, so it has to be immutable. A method that the class has itself stays.
    """
    names = tuple(cls.__annotations__)
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    if tuple(defaults) != names[len(names) - len(defaults) :]:
        raise TypeError(f"{cls.__qualname__}: a name without a default follows one that has one")
    kept = {name: found for name, found in cls.__dict__.items() if name not in {*names, "__dict__", "__weakref__"}}
    kind: Any = type(cls)
    made: type[T] = kind(
        cls.__name__,
        cls.__bases__,
        {**_methods(names, defaults), **kept, "__slots__": names, "__qualname__": cls.__qualname__},
    )
    slots = tuple(made.__dict__[name].__set__ for name in names)
    most, least, rest = len(names), len(names) - len(defaults), tuple(defaults.values())

    def __init__(self: T, *given: object, **named: object) -> None:  # noqa: N807 - it becomes the class's own
        if named or not least <= len(given) <= most:
            given = _bound(cls.__qualname__, names, defaults, given, named)
        elif len(given) < most:
            given += rest[len(given) - least :]
        for put, value in zip(slots, given, strict=True):
            put(self, value)

    type.__setattr__(made, "__init__", __init__)
    return made


def _methods(names: tuple[str, ...], defaults: dict[str, object]) -> dict[str, object]:
    """What a frozen class has unless it has its own."""
    many = attrgetter(*names) if len(names) > 1 else None

    def values(self: object) -> tuple[Any, ...]:
        return many(self) if many is not None else tuple(getattr(self, name) for name in names)

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - as above
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    def __repr__(self: object) -> str:  # noqa: N807
        shown = ", ".join(f"{name}={value!r}" for name, value in zip(names, values(self), strict=True))
        return f"{type(self).__qualname__}({shown})"

    def __reduce__(self: object) -> tuple[type, tuple[Any, ...]]:  # noqa: N807
        return type(self), values(self)

    return {
        "__eq__": __eq__,
        "__hash__": __hash__,
        "__repr__": __repr__,
        "__reduce__": __reduce__,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__match_args__": names,
        "__dataclass_fields__": _Late(lambda cls: _fields(cls, names, defaults)),
        "__signature__": _Late(lambda cls: _signature(cls, names, defaults)),
    }


class _Late:
    """An attribute of a class that is made on first use."""

    def __init__(self, make: Callable[[type], object]) -> None:
        self.make = make

    def __get__(self, instance: object, owner: type) -> object:
        return self.make(owner)


def _bound(
    what: str,
    names: tuple[str, ...],
    defaults: dict[str, object],
    given: tuple[object, ...],
    named: dict[str, object],
) -> tuple[object, ...]:
    """One value for each name; raises TypeError as a call with the wrong arguments does."""
    values = dict(zip(names, given, strict=False))
    wrong = [name for name in named if name in values or name not in names]
    missing = [name for name in names if name not in values and name not in named and name not in defaults]
    if len(given) > len(names) or wrong or missing:
        places = f"{len(given)} values in order" if len(given) > len(names) else ""
        faults = [*([places] if places else []), *(f"{name!r} unexpected" for name in wrong)]
        raise TypeError(
            f"{what}({', '.join(names)}): " + ", ".join([*faults, *(f"{name!r} missing" for name in missing)])
        )
    values = {**defaults, **values, **named}
    return tuple(values[name] for name in names)


def _refuse_to_set(_self: object, name: str, _value: object) -> Never:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> Never:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _fields(cls: type, names: tuple[str, ...], defaults: dict[str, object]) -> dict[str, Field[Any]]:
    """The fields as ``dataclasses`` describes them."""
    from collections.abc import Hashable
    from dataclasses import field, make_dataclass

    def described(name: str) -> Any:
        if name not in defaults:
            return field()
        default = defaults[name]
        hashed = isinstance(default, Hashable)
        return field(default=default) if hashed else field(default_factory=lambda: default)

    twin: Any = make_dataclass(cls.__name__, [(name, cls.__annotations__[name], described(name)) for name in names])
    found: dict[str, Field[Any]] = twin.__dataclass_fields__
    return found


def _signature(cls: type, names: tuple[str, ...], defaults: dict[str, object]) -> Signature:
    from inspect import Parameter, Signature

    return Signature(
        [
            Parameter(
                name,
                Parameter.POSITIONAL_OR_KEYWORD,
                default=defaults.get(name, Parameter.empty),
                annotation=cls.__annotations__[name],
            )
            for name in names
        ]
    )
