"""Preconditions: what a plan was derived from besides the things that it changes, kept in its record.

A plan that edits every profile which holds a service rests on there being no other profile by the time it is made
true, though it never touches that one. So the planner writes down the names of subkeys, the digest of a value or a
file, or the receipts about a subject; the transaction compares them, and knows nothing of what they mean.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mapiwright.errors import FormatError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.transaction.plans.change_json import key_from_json, key_to_json
from mapiwright.transaction.records.receipt import receipts, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.registry import KeyPath, RegistryReader
    from mapiwright.workstation.workstation import Workstation


def on_subkeys(registry: RegistryReader, title: str, key: KeyPath) -> Any:
    """That the key has the subkeys which it has now; ``title`` says to people what they are."""
    return {"title": title, **key_to_json(key), "subkeys": list(registry.subkeys(key) or ())}


def on_value(registry: RegistryReader, title: str, key: KeyPath, name: str) -> Any:
    """That the value is the one which it is now, or still absent; only its digest is kept."""
    return {"title": title, **key_to_json(key), "name": name, "digest": _digest(registry, key, name)}


def on_file(files: FileReader, path: str) -> Any:
    """That the file holds the bytes which it holds now, or is still absent; only their digest is kept."""
    return {"title": path, "file": path, "digest": files.digest(path)}


def on_receipts(workstation: Workstation, title: str, subject: str) -> Any:
    """That nothing was done to the subject since: its receipts are those that there are now."""
    return {"title": title, "subject": subject, "receipts": _receipts(workstation, subject)}


def changed_since(preconditions: Iterable[Any], workstation: Workstation) -> Iterator[str]:
    """What does not stand as they say, by the titles; raises FormatError on a precondition that nobody made."""
    registry = workstation.registry
    for precondition in preconditions:
        match precondition:
            case {"title": str(title), "subkeys": [*names]}:
                before = {upcase(name): name for name in names}
                now = {upcase(name): name for name in registry.subkeys(key_from_json(precondition)) or ()}
                yield from (f"{title}: {name} is new" for mark, name in now.items() if mark not in before)
                yield from (f"{title}: {name} is gone" for mark, name in before.items() if mark not in now)
            case {"title": str(title), "name": str(name), "digest": digest}:
                if _digest(registry, key_from_json(precondition), name) != digest:
                    yield f"{title}: not as they were"
            case {"title": str(title), "file": str(path), "digest": digest}:
                if workstation.files.digest(path) != digest:
                    yield f"{title}: not as it was"
            case {"title": str(title), "subject": str(subject), "receipts": [*ids]}:
                now_there = _receipts(workstation, subject)
                yield from (f"{title}: receipt {id_} is new" for id_ in now_there if id_ not in ids)
                yield from (f"{title}: receipt {id_} no longer counts" for id_ in ids if id_ not in now_there)
            case _:
                raise FormatError("this is not a precondition of a plan")


def _receipts(workstation: Workstation, subject: str) -> list[str]:
    return [one.id for one in receipts(workstation) if not one.undone_by and subject_of(one) == subject]


def _digest(registry: RegistryReader, key: KeyPath, name: str) -> str | None:
    value = registry.value(key, name)
    return sha256(value.type.to_bytes(4, "little") + value.data).hexdigest() if value is not None else None
