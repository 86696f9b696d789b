"""How a secret is shown: not at all. What is one, `mapi.props.protected` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.mapi.props.protected import DPAPI_PROVIDER, holds_protected_data, is_secret, is_secret_line
from mapiwright.mapi.props.tags import is_secure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.formats.props import PropertyValue
    from mapiwright.workstation.registry import Key, Value

__all__ = ["DPAPI_PROVIDER", "MASK", "is_secret", "is_secret_property", "mask_line", "secret_values"]

MASK = "(secret, not shown)"


def is_secret_property(tag: int, value: PropertyValue) -> bool:
    """Whether a property of a section must not be shown."""
    parts = value if isinstance(value, tuple) else (value,)
    return is_secure(tag) or any(isinstance(part, bytes) and holds_protected_data(part) for part in parts)


def mask_line(line: str) -> str:
    """A line of an INF or PRF file; the right side goes where its key names a secret or it holds protected data."""
    return f"{line.partition('=')[0]}={MASK}" if is_secret_line(line) else line


def secret_values(key: Key, path: str = "") -> Mapping[str, Value]:
    r"""The values below a key that must not be shown, by their path: ``section\name``."""
    found = {f"{path}{name}": value for name, value in key.values.items() if is_secret(name, value)}
    for name, below in key.keys.items():
        found |= secret_values(below, f"{path}{name}\\")
    return found
