"""How property values cross between the parent and the child, and which ones a profile section can hold.

Both sides use it. Standard library only: it travels to interpreters that have nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

END = b"\0"
"""Ends the answers; JSON holds no zero byte."""

READY = b'{"phase": "ready"}'
"""The first line of the answers: before it, no code of a service was touched."""

EXTRA_UIDS = 0x3D0D0102
"""PR_SERVICE_EXTRA_UIDS: the packed MAPIUIDs of a service's extra sections."""


def to_json(value: Any) -> Any:
    """A property value as JSON has it: bytes as ``{"hex": ...}``, a multi-valued property as a list."""
    if isinstance(value, bytes | bytearray):
        return {"hex": value.hex()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value


def from_json(value: Any) -> Any:
    """The property value that JSON spells; raises ValueError for anything that ``to_wire`` cannot have written."""
    if isinstance(value, dict):
        if value.keys() != {"hex"} or not isinstance(value["hex"], str):
            raise ValueError("an object that is no byte string")
        return bytes.fromhex(value["hex"])
    if isinstance(value, list):
        return tuple(from_json(item) for item in value)
    return value


def properties_to_json(properties: Mapping[int, Any]) -> dict[str, Any]:
    """Properties by tag as a JSON object; None, which removes one, is null."""
    return {f"{tag:08X}": to_json(value) for tag, value in properties.items()}


def properties_from_json(found: Mapping[str, Any]) -> dict[int, Any]:
    """The properties of a JSON object; raises ValueError for an invalid tag or value."""
    return {int(tag, 16): from_json(value) for tag, value in found.items()}


def _number(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


_LONG = _number(-(1 << 31), (1 << 32) - 1)  # flags are written without a sign, and are the same four bytes


def _text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _binary(value: Any) -> bool:
    return isinstance(value, bytes)


def _many(one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and value != () and all(map(one, value))


TYPES: Mapping[int, tuple[str, Callable[[Any], bool]]] = {
    0x0002: ("a signed 16-bit integer", _number(-(1 << 15), (1 << 15) - 1)),
    0x0003: ("a 32-bit integer", _LONG),
    0x000B: ("True or False", lambda value: isinstance(value, bool)),
    0x0014: ("a signed 64-bit integer", _number(-(1 << 63), (1 << 63) - 1)),
    0x001E: ("a str without NUL", _text),
    0x001F: ("a str without NUL", _text),
    0x0040: ("a FILETIME, an unsigned 64-bit integer", _number(0, (1 << 64) - 1)),
    0x0048: ("16 bytes", lambda value: _binary(value) and len(value) == 16),
    0x0102: ("bytes", _binary),
    0x1003: ("a non-empty tuple of 32-bit integers", _many(_LONG)),
    0x101E: ("a non-empty tuple of str without NUL", _many(_text)),
    0x101F: ("a non-empty tuple of str without NUL", _many(_text)),
    0x1102: ("a non-empty tuple of bytes", _many(_binary)),
}
"""The property types that a profile section can hold, and the Python values that are theirs."""

COMPUTED = frozenset(
    {
        0x0FF6,  # PR_INSTANCE_KEY
        0x0FFE,  # PR_OBJECT_TYPE
        0x300D,  # PR_PROVIDER_ORDINAL
        0x3D00,  # PR_STORE_PROVIDERS
        0x3D01,  # PR_AB_PROVIDERS
        0x3D02,  # PR_TRANSPORT_PROVIDERS
        0x3D04,  # PR_DEFAULT_PROFILE
        0x3D09,  # PR_SERVICE_NAME: "never changed" ([pidtagservicename-canonical-property])
        0x3D0C,  # PR_SERVICE_UID
        0x3D0E,  # PR_SERVICES
        0x3D12,  # PR_PROFILE_NAME
        0x3E03,  # PR_RESOURCE_TYPE
    }
)
"""Ids that MAPI sets and a service only reads: setting one is MAPI_E_COMPUTED ([imapiprop-setprops])."""


def fault_of(tag: int, value: Any) -> str | None:
    """Why a section cannot take ``value`` as the property ``tag``, or None; a value of None removes it."""
    if type(tag) is not int or not 0x0001_0000 <= tag <= 0xFFFF_FFFF:
        return "it is no property tag"
    if tag >> 16 >= 0x8000:
        return "a profile section holds no named properties"  # [iprofsectimapiprop]
    if tag >> 16 in COMPUTED:
        return "MAPI sets it, and a service only reads it"
    if tag & 0xFFFF not in TYPES:
        return "a profile section holds no property of its type"
    expected, fits = TYPES[tag & 0xFFFF]
    if value is not None and not fits(value):
        return f"its value must be {expected}"
    return None
