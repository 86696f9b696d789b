"""What holds a secret: secure properties, DPAPI data, passwords. None of it is shown, or saved unencrypted.

[imsgserviceadmin], [iprofsectimapiprop]: ids 0x67F0 to 0x67FF are secure; MAPI stores them under names that begin
with ``S``. Account passwords are DPAPI blobs under names of their own ([profile-in-the-registry] 6 and 9).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mapiwright.workstation.registry import Value

DPAPI_PROVIDER = bytes.fromhex("d08c9ddf0115d1118c7a00c04fc297eb")
"""The provider GUID that every DPAPI blob holds near its start."""
DPAPI_START = b"\x01\x00\x00\x00" + DPAPI_PROVIDER
"""The version and the provider: how a blob begins. The GUID alone also stands in programs that know of DPAPI."""

_STORED_SECURE = re.compile(r"S[0-9a-f]{8}\Z|[0-9a-f]{4}67f[0-9a-f]\Z", re.IGNORECASE)
_SECRET_WORD = re.compile(r"passw(or)?d|pwd|passphrase|secret|credential|token|api[ _-]?key", re.IGNORECASE)
"""What vendors call values that hold a secret; a word too many hides a value, a word too few shows one."""
_TAG_SECURE = re.compile(r"(0x)?67f[0-9a-f]{5}\Z", re.IGNORECASE)


def holds_protected_data(data: bytes) -> bool:
    """Whether there is a DPAPI blob anywhere in the bytes, also as hex text (``d0,8c,...``) of either width."""
    return DPAPI_PROVIDER in data or DPAPI_PROVIDER.hex().encode() in data.translate(None, b"\0 ,-").lower()


def is_secret(name: str, value: Value) -> bool:
    """Whether a registry value of that name holds a secret."""
    named = _STORED_SECURE.match(name) is not None or _SECRET_WORD.search(name) is not None
    return named or holds_protected_data(value.data)


def is_secret_line(line: str) -> bool:
    """Whether a line ``key=value`` of an INF or PRF file holds a secret: its key says so, or its data are sealed."""
    key, sign, _ = line.partition("=")
    word = key.strip().strip('"')
    secret = _TAG_SECURE.match(word) is not None or _SECRET_WORD.search(word) is not None
    return bool(sign) and (secret or holds_protected_data(line.encode("utf-8", "replace")))
