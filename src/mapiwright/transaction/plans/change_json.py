"""Changes as JSON, and as the bytes of a backup.

Canonical: keys sorted, no spaces, ASCII only; bytes as base64. A name may hold what is no Unicode text (a lone
surrogate), and comes back as it was.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mapiwright.errors import FormatError
from mapiwright.workstation.change import (
    CreateKey,
    DeleteKey,
    MakeFolder,
    RemoveFolder,
    ReplaceAtRestart,
    SetValue,
    WriteFile,
)
from mapiwright.workstation.registry import KeyPath, Value, View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapiwright.workstation.change import Change

VERSION = 1


def pack(changes: Iterable[Change]) -> bytes:
    """The changes, complete with old and new, as bytes."""
    return canonical({"version": VERSION, "changes": [change_to_json(change) for change in changes]})


def unpack(data: bytes) -> tuple[Change, ...]:
    """The changes that ``pack`` gave; raises FormatError on anything else."""
    match parse(data):
        case {"version": 1, "changes": [*changes]}:
            return tuple(change_from_json(change) for change in changes)
        case _:
            raise FormatError("this is not a list of changes", expected=f"a document of version {VERSION}")


def change_to_json(change: Change) -> dict[str, Any]:
    """One change, as a JSON object."""
    match change:
        case SetValue(key, name, old, new):
            values = {"old": _value_to_json(old), "new": _value_to_json(new)}
            return {"change": "set-value", **key_to_json(key), "name": name, **values}
        case CreateKey(key):
            return {"change": "create-key", **key_to_json(key)}
        case DeleteKey(key):
            return {"change": "delete-key", **key_to_json(key)}
        case WriteFile(path, old, new):
            return {"change": "write-file", "path": path, "old": _bytes_to_json(old), "new": _bytes_to_json(new)}
        case ReplaceAtRestart(path, old, new):
            both = {"old": _bytes_to_json(old), "new": _bytes_to_json(new)}
            return {"change": "replace-at-restart", "path": path, **both}
        case MakeFolder(path):
            return {"change": "make-folder", "path": path}
        case RemoveFolder(path):
            return {"change": "remove-folder", "path": path}


def change_from_json(json_: Any) -> Change:
    """The change that ``change_to_json`` gave; raises FormatError on anything else."""
    match json_:
        case {"change": "set-value", "name": str(name), "old": old, "new": new}:
            return SetValue(key_from_json(json_), name, _value_from_json(old), _value_from_json(new))
        case {"change": "create-key"}:
            return CreateKey(key_from_json(json_))
        case {"change": "delete-key"}:
            return DeleteKey(key_from_json(json_))
        case {"change": "write-file", "path": str(path), "old": old, "new": new}:
            return WriteFile(path, _bytes_from_json(old), _bytes_from_json(new))
        case {"change": "replace-at-restart", "path": str(path), "old": old, "new": new}:
            return ReplaceAtRestart(path, _bytes_from_json(old), _bytes_from_json(new))
        case {"change": "make-folder", "path": str(path)}:
            return MakeFolder(path)
        case {"change": "remove-folder", "path": str(path)}:
            return RemoveFolder(path)
        case _:
            raise FormatError("this is not a change")


def canonical(json_: Any) -> bytes:
    """The one byte string for a JSON value."""
    return json.dumps(
        json_, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_mapping
    ).encode("ascii")


def parse(data: bytes, *, where: str = "") -> Any:
    """The JSON value of ``data``; raises FormatError."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this is not JSON: {error}", where=where) from None


def _mapping(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def key_to_json(key: KeyPath) -> dict[str, Any]:
    """Where a key is: the members ``root``, ``key`` and ``view``."""
    return {"root": key.root, "key": list(key.parts), "view": key.view.value}


def key_from_json(json_: Any) -> KeyPath:
    """The inverse of ``key_to_json``; other members are ignored. Raises FormatError for anything else."""
    match json_:
        case {"root": "HKLM" | "HKU" as root, "key": [*parts], "view": "native" | "x86" as view} if all(
            isinstance(part, str) for part in parts
        ):
            return KeyPath(root, tuple(parts), View(view))
        case _:
            raise FormatError("this is not a registry key")


def _value_to_json(value: Value | None) -> Any:
    return None if value is None else {"type": int(value.type), "data": _bytes_to_json(value.data)}


def _value_from_json(json_: Any) -> Value | None:
    match json_:
        case None:
            return None
        case {"type": int(type_), "data": str(data)} if 0 <= type_ <= 0xFFFFFFFF:
            return Value(type_, _decoded(data))
        case _:
            raise FormatError("this is not a registry value")


def _bytes_to_json(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _bytes_from_json(json_: Any) -> bytes | None:
    match json_:
        case None:
            return None
        case str(text):
            return _decoded(text)
        case _:
            raise FormatError("these are not the bytes of a file")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("this is not base64") from None
