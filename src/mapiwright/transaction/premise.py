"""Premises: what a plan was derived from besides the things that it changes, kept in its record.

A plan that edits every profile which holds a service rests on there being no other profile by the time it is made
true, though it never touches that one. So the planner writes down the names of subkeys, or the digest of a value;
the transaction compares them, and knows nothing of what they mean.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.transaction.wire import key_from_json, key_to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.transaction.effect import Json
    from mapiwright.workstation.registry import KeyPath, RegistryReader

PREMISES = "premises"
"""The key of a plan's record that lists its premises."""


def on_subkeys(registry: RegistryReader, title: str, key: KeyPath) -> Json:
    """That the key has the subkeys which it has now; ``title`` says to people what they are."""
    return {"title": title, **key_to_json(key), "subkeys": list(registry.subkeys(key) or ())}


def on_value(registry: RegistryReader, title: str, key: KeyPath, name: str) -> Json:
    """That the value is the one which it is now, or still absent; only its digest is kept."""
    return {"title": title, **key_to_json(key), "name": name, "digest": _digest(registry, key, name)}


def moved_on(record: Mapping[str, Json], registry: RegistryReader) -> Iterator[str]:
    """What does not stand as the record says, by the titles; raises FormatError on a premise that nobody made."""
    for premise in record.get(PREMISES, ()):
        match premise:
            case {"title": str(title), "subkeys": [*names]}:
                before = {upcase(name): name for name in names}
                now = {upcase(name): name for name in registry.subkeys(key_from_json(premise)) or ()}
                yield from (f"{title}: {name} is new" for mark, name in now.items() if mark not in before)
                yield from (f"{title}: {name} is gone" for mark, name in before.items() if mark not in now)
            case {"title": str(title), "name": str(name), "digest": digest}:
                if _digest(registry, key_from_json(premise), name) != digest:
                    yield f"{title}: not as they were"
            case _:
                raise FormatError("this is not a premise of a plan")


def _digest(registry: RegistryReader, key: KeyPath, name: str) -> str | None:
    value = registry.value(key, name)
    return sha256(value.type.to_bytes(4, "little") + value.data).hexdigest() if value is not None else None
