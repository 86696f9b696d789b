"""What must never be shown: secure properties, DPAPI data, passwords.

[imsgserviceadmin], [iprofsectimapiprop]: ids 0x67F0 to 0x67FF are secure; MAPI stores them under names that begin
with ``S``. Account passwords are DPAPI blobs under names of their own ([profile-in-the-registry] 6 and 9).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mapiwright.mapi.tags import is_secure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.mapi.definition import PropertyValue
    from mapiwright.workstation.registry import Key, Value

MASK = "(secret, not shown)"
DPAPI_PROVIDER = bytes.fromhex("d08c9ddf0115d1118c7a00c04fc297eb")
"""The provider GUID that every DPAPI blob holds near its start."""

_STORED_SECURE = re.compile(r"S[0-9a-f]{8}\Z|[0-9a-f]{4}67f[0-9a-f]\Z", re.IGNORECASE)
_TAG_SECURE = re.compile(r"(0x)?67f[0-9a-f]{5}\Z", re.IGNORECASE)


def holds_protected_data(data: bytes) -> bool:
    """Whether there is a DPAPI blob anywhere in the bytes, also as hex text (``d0,8c,...``) of either width."""
    return DPAPI_PROVIDER in data or DPAPI_PROVIDER.hex().encode() in data.translate(None, b"\0 ,-").lower()


def is_secret(name: str, value: Value) -> bool:
    """Whether a registry value must not be shown."""
    return _STORED_SECURE.match(name) is not None or "password" in name.casefold() or holds_protected_data(value.data)


def is_secret_property(tag: int, value: PropertyValue) -> bool:
    """Whether a property of a section must not be shown."""
    parts = value if isinstance(value, tuple) else (value,)
    return is_secure(tag) or any(isinstance(part, bytes) and holds_protected_data(part) for part in parts)


def mask_line(line: str) -> str:
    """A line of an INF or PRF file; the right side goes where its key names a secret or it holds protected data."""
    key, sign, _ = line.partition("=")
    word = key.strip().strip('"')
    secret = _TAG_SECURE.match(word) is not None or "password" in word.casefold()
    if sign and (secret or holds_protected_data(line.encode("utf-8", "replace"))):
        return f"{key}={MASK}"
    return line


def secret_values(key: Key, path: str = "") -> Mapping[str, Value]:
    r"""The values below a key that must not be shown, by their path: ``section\name``."""
    found = {f"{path}{name}": value for name, value in key.values.items() if is_secret(name, value)}
    for name, below in key.keys.items():
        found |= secret_values(below, f"{path}{name}\\")
    return found
