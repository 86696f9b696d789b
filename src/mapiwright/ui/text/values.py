"""Registry values and properties as people and JSON read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.mapi.props.protected import MASK, is_secret, is_secret_property
from mapiwright.mapi.props.tags import ResourceType
from mapiwright.ui.text.terminal import escape
from mapiwright.workstation.registry import Value, ValueType

if TYPE_CHECKING:
    from mapiwright.formats.props import PropertyValue

SHORT = 32
"""Bytes of binary data that a line shows before it falls back on size and digest."""
LARGE = 4096
"""Bytes of data that a JSON document carries before it falls back on size and digest."""


def type_name(type_: int) -> str:
    """``REG_SZ``; a type without a name is its number."""
    try:
        return f"REG_{ValueType(type_).name}"
    except ValueError:
        return f"0x{type_:08x}"


def kind_name(kind: int) -> str:
    """``MAPI_STORE_PROVIDER``, or the number of a resource type that has no name."""
    names = {member.value: member.symbol for member in ResourceType}
    return names.get(kind, f"resource type {kind}")


def digest(data: bytes) -> str:
    """The first 12 digits of the SHA-256: enough to see that two files differ."""
    return _sha256(data)[:12]


def _sha256(data: bytes) -> str:
    from hashlib import sha256  # noqa: PLC0415 - OpenSSL is dear to load, and a listing has no digests

    return sha256(data).hexdigest()


def bytes_text(data: bytes) -> str:
    """Bytes on a line: in full while they are few."""
    if len(data) <= SHORT:
        return data.hex(" ") or "(empty)"
    return f"{data[: SHORT // 2].hex(' ')} ... ({len(data):,} bytes, sha256 {digest(data)})"


def plain_text(value: Value) -> str | tuple[str, ...] | int | None:
    """What the value says, where its bytes say exactly that and nothing more; None elsewhere."""
    match value.type:
        case ValueType.SZ if value == Value.sz(value.text):
            return value.text
        case ValueType.EXPAND_SZ if value == Value.expand_sz(value.text):
            return value.text
        case ValueType.MULTI_SZ if value == Value.multi_sz(value.texts):
            return value.texts
        case ValueType.DWORD if len(value.data) == 4:
            return value.number
        case ValueType.QWORD if len(value.data) == 8:
            return value.number
    return None


def value_text(name: str, value: Value) -> str:
    """A registry value on one line."""
    if is_secret(name, value):
        return f"{type_name(value.type)} {MASK}"
    match plain_text(value):
        case str(text):
            shown = f'"{escape(text)}"'
        case tuple(texts):
            shown = ", ".join(f'"{escape(text)}"' for text in texts) or "(no strings)"
        case int(number):
            shown = f"0x{number:08x} ({number})"
        case None:
            shown = bytes_text(value.data)
    return shown if value.type == ValueType.SZ else f"{type_name(value.type)} {shown}"


def value_document(name: str, value: Value | None) -> Any:
    """A registry value in a JSON document, or None where it is absent.

    A secret is not even hashed: a password is short enough to be guessed from its digest.
    """
    if value is None:
        return None
    document: dict[str, Any] = {"type": type_name(value.type)}
    if is_secret(name, value):
        return document | {"secret": True}
    if len(value.data) > LARGE:
        return document | bytes_document(value.data)
    document["hex"] = value.data.hex()
    plain = plain_text(value)
    if plain is not None:
        document["value"] = plain
    return document


def bytes_document(data: bytes | None) -> Any:
    """The bytes of a file in a JSON document: size and SHA-256; None where there is no file."""
    return None if data is None else {"size": len(data), "sha256": _sha256(data)}


def property_text(tag: int, value: PropertyValue, service: str = "") -> str:
    """A property's value on one line; ``service`` is whose it is, as far as that is known."""
    if is_secret_property(tag, value, service):
        return MASK
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"0x{value:x} ({value})" if value >= 10 else str(value)
        case str():
            return f'"{escape(value)}"'
        case bytes():
            return bytes_text(value)
    return "[" + ", ".join(property_text(tag, part) for part in value) + "]"


def property_document(tag: int, value: PropertyValue, service: str = "") -> Any:
    """A property's value in a JSON document: numbers, booleans and strings as such, bytes as hex digits."""
    if is_secret_property(tag, value, service):
        return {"secret": True}
    match value:
        case bytes():
            return value.hex()
        case tuple():
            return [property_document(tag, part) for part in value]
    return value
