"""What Windows takes of a key and a value: the lengths of names, the depth of keys, the type.

Source: Microsoft's "Registry element size limits".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.formats.regf.records import DEEPEST, units

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_KEY_NAME = 255
"""In UTF-16 units, as the next one."""
LONGEST_VALUE_NAME = 16383


def refuse_key(path: Sequence[str], place: str) -> None:
    """Raise RefusedError for a key that no hive can hold; ``path`` is that below its root, which counts as a level.

    ``place`` names the key in the error.
    """
    if len(path) >= DEEPEST:
        raise RefusedError(f"key would be {len(path) + 1} levels deep", where=place, expected=f"at most {DEEPEST}")
    for name in path:
        if not 1 <= units(name) <= LONGEST_KEY_NAME or "\\" in name:
            raise RefusedError(
                f"{name!r} cannot name a key", where=place, expected="1 to 255 characters without a backslash"
            )


def refuse_value(name: str, kind: int, place: str) -> None:
    """Raise RefusedError for a value that no key can hold, by its name or its type; ``place`` names its key."""
    if units(name) > LONGEST_VALUE_NAME:
        raise RefusedError(
            f"value name has {units(name)} characters", where=place, expected=f"at most {LONGEST_VALUE_NAME}"
        )
    if not 0 <= kind <= 0xFFFFFFFF:
        raise RefusedError(f"value type {kind}", where=place, expected="an unsigned 32-bit number")
