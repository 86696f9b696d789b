"""What holds a secret, and how it is shown: the only module that decides. No secret is shown or saved unencrypted.

[imsgserviceadmin], [iprofsectimapiprop]: ids 0x67F0 to 0x67FF are secure; MAPI stores them under names that begin
with ``S``. Account passwords are DPAPI blobs under names of their own ([profile-in-the-registry] 6 and 9).

Whatever renders a thing asks here: a registry value ``is_secret``, a property ``is_secret_property``, a line
``is_secret_line``, a word with its value ``is_secret_word``, a file ``is_secret_file``.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.props.tags import is_secure, prop_id
from mapiwright.workstation.registry import walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.formats.props import Properties, PropertyValue
    from mapiwright.workstation.registry import Key, Value

MASK = "(secret, not shown)"
"""What is shown in place of a secret."""

DPAPI_PROVIDER = bytes.fromhex("d08c9ddf0115d1118c7a00c04fc297eb")
"""The provider GUID that every DPAPI blob holds near its start."""
DPAPI_START = b"\x01\x00\x00\x00" + DPAPI_PROVIDER
"""The version and the provider: how a blob begins. The GUID alone also occurs in programs that use DPAPI."""

PASSWORDS: Mapping[str, frozenset[int]] = MappingProxyType(
    {"MSPST MS": frozenset({0x6703}), "MSUPST MS": frozenset({0x6703})}
)
"""The ids below the secure range that hold a password, by service."""

_STORED_SECURE = re.compile(r"S[0-9a-f]{8}\Z|[0-9a-f]{4}67f[0-9a-f]\Z", re.IGNORECASE)
_SECRET_WORD = re.compile(r"passw(or)?d|pwd|passphrase|secret|credential|token|api[ _-]?key", re.IGNORECASE)
"""What vendors call values that hold a secret; a word too many hides a value, a word too few shows one."""
_TAG_SECURE = re.compile(r"(0x)?67f[0-9a-f]{5}\Z", re.IGNORECASE)
_BASE64_START = b"AQAAANCMnd8BFdERjHoAwE"
"""``DPAPI_START`` in base64, up to where the rest of the blob has a say."""
_TEXTS = (".INF", ".PRF", ".INI")
"""Text files that may contain a secret."""


def holds_protected_data(data: bytes) -> bool:
    """Whether there is a DPAPI blob anywhere in the bytes, also as hex text (``d0,8c,...``) or base64."""
    narrow = data.translate(None, b"\0 ,-")
    return DPAPI_PROVIDER in data or DPAPI_PROVIDER.hex().encode() in narrow.lower() or _BASE64_START in narrow


def is_secret_word(word: str, value: str = "") -> bool:
    """Whether a key, attribute or option of that name says that its value is a secret, or the value is sealed."""
    word = word.strip().strip('"')
    named = _TAG_SECURE.match(word) is not None or _SECRET_WORD.search(word) is not None
    return named or holds_protected_data(value.encode("utf-8", "replace"))


def is_secret(name: str, value: Value) -> bool:
    """Whether a registry value of that name holds a secret."""
    named = _STORED_SECURE.match(name) is not None or _SECRET_WORD.search(name) is not None
    return named or holds_protected_data(value.data)


def is_secret_property(tag: int, value: PropertyValue, service: str = "") -> bool:
    """Whether a property of a section holds a secret; ``service`` is whose section it is, as far as that is known."""
    passwords = next((ids for name, ids in PASSWORDS.items() if upcase(name) == upcase(service)), frozenset[int]())
    return is_secure(tag) or prop_id(tag) in passwords or _is_sealed(value)


def _is_sealed(value: PropertyValue) -> bool:
    match value:
        case bytes():
            return holds_protected_data(value)
        case str():
            return holds_protected_data(value.encode("utf-8", "replace"))
        case tuple():
            return any(map(_is_sealed, value))
    return False


def is_secret_line(line: str) -> bool:
    """Whether a line ``key=value`` of an INF or PRF file holds a secret: its key says so, or its data are sealed."""
    key, sign, _ = line.partition("=")
    return bool(sign) and is_secret_word(key, line)


def is_secret_file(path: str, data: bytes) -> bool:
    """Whether a file holds a secret: on one of its lines, or protected data that it begins with or contains."""
    if upcase(path).endswith(_TEXTS):
        text = data.replace(b"\0", b"").decode("latin-1")  # which is near enough for the ASCII that gives one away
        return any(is_secret_line(line) for line in text.splitlines())
    return DPAPI_START in data


def mask_line(line: str) -> str:
    """A line of an INF or PRF file; the right side goes where its key names a secret or it holds protected data.

    Of a line that is neither an entry nor a header, all of it goes.
    """
    key, sign, _ = line.partition("=")
    if sign:
        return f"{key}={MASK}" if is_secret_line(line) else line
    return MASK if is_secret_word(line, line) and not line.lstrip().startswith("[") else line


def public(properties: Properties) -> Properties:
    """The properties without the secure ones."""
    return {tag: value for tag, value in properties.items() if not is_secure(tag)}


def secrets_among(properties: Properties, service: str) -> frozenset[int]:
    """The tags of those properties of a service that no description, journal or plan may contain."""
    return frozenset(tag for tag, value in properties.items() if is_secret_property(tag, value, service))


def secret_values(key: Key) -> Mapping[str, Value]:
    r"""The values below a key that must not be shown, by their path: ``section\name``."""
    return {
        "\\".join((*path, name)): value
        for path, here in walk(key)
        for name, value in here.values.items()
        if is_secret(name, value)
    }
