"""Operations as JSON: ``{"operation": "copy-profile", "profile": "Work", "new_name": "Play"}``.

Properties are ``{"6600001E": value}``, bytes ``{"hex": digits}``. Members that have a default may be left out.
A secret is in no such document.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_args

from mapiwright.admin.operations.operations import (
    AddServices,
    ConfigureService,
    CreateProfile,
    Operation,
    ProfileSpec,
    ServiceSpec,
)
from mapiwright.entry.child.property_json import from_json, properties_from_json, properties_to_json, to_json
from mapiwright.errors import FormatError, RefusedError
from mapiwright.mapi.props.protected import secrets_among

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


Record: TypeAlias = "Operation | ProfileSpec | ServiceSpec"
_Record = TypeVar("_Record", bound="Record")

KINDS: dict[str, type[Operation]] = {
    re.sub("(?<!^)(?=[A-Z])", "-", kind.__name__).lower(): kind for kind in get_args(Operation)
}
"""The operations by their names in JSON."""


def operation_to_json(operation: Operation) -> dict[str, Any]:
    """The operation as a document; raises RefusedError where it carries a secret."""
    secrets = sorted({tag for service, properties in _given(operation) for tag in secrets_among(properties, service)})
    if secrets:
        raise RefusedError(
            f"the operation carries secrets, which no document holds: {', '.join(f'{tag:08X}' for tag in secrets)}",
            remedy="Carry it out at once, or leave them out.",
        )
    name = next(name for name, kind in KINDS.items() if kind is type(operation))
    return {"operation": name, **_members(operation)}


def operation_from_json(document: Any) -> Operation:
    """The operation that a document describes; raises FormatError where it describes none."""
    name = document.get("operation") if isinstance(document, dict) else None
    if not isinstance(name, str) or name not in KINDS:
        raise FormatError("this is no operation on profiles", expected=f"one of {', '.join(KINDS)}")
    return _made(KINDS[name], {key: member for key, member in document.items() if key != "operation"})


def _given(operation: Operation) -> Iterator[tuple[str, Mapping[int, Any]]]:
    """All properties that an operation carries, with the service that they are for, as far as that is known."""
    if isinstance(operation, CreateProfile | AddServices):
        services = operation.spec.services if isinstance(operation, CreateProfile) else operation.services
        for each in services:
            yield each.service, each.properties
            yield from ((each.service, properties) for properties in each.sections.values())
    if isinstance(operation, CreateProfile):
        yield from (("", properties) for properties in operation.spec.sections.values())
    elif isinstance(operation, ConfigureService):
        yield operation.service, operation.properties
    else:
        yield "", getattr(operation, "properties", {})


def _members(record: Record) -> dict[str, Any]:
    return {each.name: _CODECS[str(each.type)][0](getattr(record, each.name)) for each in fields(record)}


def _made(kind: type[_Record], document: Any) -> _Record:
    if not isinstance(document, dict):
        raise FormatError(f"a {kind.__name__} is an object with members")
    known = {each.name: each for each in fields(kind)}
    strange = sorted(document.keys() - known.keys())
    missing = [
        name
        for name, each in known.items()
        if name not in document and each.default is MISSING and each.default_factory is MISSING
    ]
    if strange or missing:
        raise FormatError(
            f"{kind.__name__} has no member {', '.join(strange)}"
            if strange
            else f"{kind.__name__} lacks {', '.join(missing)}",
            expected=f"the members {', '.join(known)}",
        )
    try:
        return kind(**{name: _CODECS[str(known[name].type)][1](member) for name, member in document.items()})
    except (TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"a member of {kind.__name__} is of another type: {error}") from None


def _of(*kinds: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError(f"{value!r} is no {' or '.join(kind.__name__ for kind in kinds)}")
        return value

    return read


def _tuple_of(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda value: tuple(map(read, _of(list)(value)))


def _bytes(value: Any) -> bytes:
    found = from_json(value)
    if not isinstance(found, bytes):
        raise TypeError(f"{value!r} are no bytes")
    return found


def _sections(value: Any) -> dict[str, dict[int, Any]]:
    return {_of(str)(name): properties_from_json(each) for name, each in _of(dict)(value).items()}


def _same(value: Any) -> Any:
    return value


_CODECS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "str": (_same, _of(str)),
    "str | None": (_same, _of(str, type(None))),
    "int | None": (_same, _of(int, type(None))),
    "bool": (_same, _of(bool)),
    "tuple[str, ...]": (list, _tuple_of(_of(str))),
    "tuple[int, ...]": (list, _tuple_of(_of(int))),
    "bytes | None": (to_json, lambda value: None if value is None else _bytes(value)),
    "tuple[bytes, ...]": (to_json, _tuple_of(_bytes)),
    "Properties": (properties_to_json, properties_from_json),
    "Mapping[str, Properties]": (
        lambda sections: {name: properties_to_json(each) for name, each in sections.items()},
        _sections,
    ),
    "ProfileSpec": (_members, lambda value: _made(ProfileSpec, value)),
    "tuple[ServiceSpec, ...]": (
        lambda specs: [_members(each) for each in specs],
        _tuple_of(lambda value: _made(ServiceSpec, value)),
    ),
}
"""How a member is written and read, by its annotation."""
