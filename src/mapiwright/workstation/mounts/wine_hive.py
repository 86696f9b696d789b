r"""The registry files of a Wine prefix as hives, lazily read, and each written once.

``system.reg`` is HKLM, ``user.reg`` the keys of the one user, ``userdef.reg`` those of ``HKU\.Default``. Wine holds
them in memory while its server runs, and writes them at its end: who writes here holds the server's lock.
"""

# ruff: noqa: PLC0415 - the writer is loaded for writing only, not to list profiles

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, FormatError, NotFoundError, RefusedError, Severity
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.wine_text import WineText
from mapiwright.frozen import frozen
from mapiwright.workstation.disk.handles import read_file, refuse_changed, seen_at
from mapiwright.workstation.mounts.hives import DAMAGED, closed_hive, naming
from mapiwright.workstation.mounts.table import filetime
from mapiwright.workstation.registry import Key, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mapiwright.formats.wine_edit import KeyEdit
    from mapiwright.workstation.disk.handles import Seen
    from mapiwright.workstation.mounts.table import Placed
    from mapiwright.workstation.registry import View

LARGEST = 256 * 1024 * 1024
"""The bytes of a registry file that is read; that of a fresh prefix has less than 2 MB."""


class WineHive:
    """One registry file of a prefix: read when it is first asked for, and again when it has changed."""

    def __init__(self, path: Path) -> None:
        """``path`` is a real one."""
        self.path = path
        self._seen: Seen | None = None
        self._text: WineText | None = None

    @property
    def text(self) -> WineText | None:
        """The file as it is now, None where there is none; raises FormatError where it cannot be read."""
        found = seen_at(self.path, LARGEST)
        if found != self._seen:
            data = read_file(self.path, LARGEST) if found is not None else None
            with naming(self.path):
                self._text = WineText(data) if data is not None else None
            self._seen = found
        return self._text

    def read(self, below: tuple[str, ...], view: View) -> Key | None:  # noqa: ARG002 - the path says the side
        """The whole subtree; a link in it is a key with the value that says where it leads."""
        text = self._holding(below)
        with naming(self.path):
            return _snapshot(text, below) if text is not None else None

    def value(self, below: tuple[str, ...], view: View, name: str) -> Value | None:  # noqa: ARG002 - likewise
        """One value."""
        text = self._holding(below)
        with naming(self.path):
            value = text.value(below, name) if text is not None else None
        return Value(value.type, value.data) if value is not None else None

    def subkeys(self, below: tuple[str, ...], view: View) -> tuple[str, ...] | None:  # noqa: ARG002 - likewise
        """The names of the subkeys."""
        text = self._holding(below)
        return text.subkeys(below) if text is not None else None

    def refuse_unwritable(self, keys: Iterable[tuple[str, ...]]) -> None:
        """Raise where the file is absent or damaged, or a key is beyond a link."""
        text = self._present()
        for below in keys:
            self._refuse_beyond_a_link(text, below)

    def unclosed(self) -> Mapping[str, bytes]:
        """None: Wine puts a whole file in the place of the other."""
        return {}

    def remove_leftovers(self) -> None:
        """Remove what a killed run left next to the file."""
        from mapiwright.workstation.disk.replace import remove_leftovers

        self._present()
        remove_leftovers(self.path)

    def staged(self, changes: Sequence[Placed]) -> _Staged:
        """The file with the changes, ready to be put in its place."""
        from mapiwright.formats.wine_edit import edited

        text = self._present()
        for placed in changes:
            self._refuse_beyond_a_link(text, placed.below)
        with naming(self.path):
            data = edited(text, _edits(changes), timestamp=filetime())
        lost = _not_read_back(data, changes)
        if lost:
            raise RefusedError(
                f"the changed file does not pass the self-check: {lost}",
                where=str(self.path),
                remedy="The file was not written. Please report this as a defect of Mapiwright.",
            )
        return _Staged(self, data)

    def put(self, data: bytes) -> None:
        """Replace the file durably; raises ConflictError where it was changed since it was read."""
        from mapiwright.workstation.disk.replace import replace_file

        refuse_changed(self.path, seen_at(self.path, LARGEST), self._seen)
        replace_file(self.path, data)

    def finding(self, what: str) -> Finding | None:
        """Why the registry of ``what`` can be neither read nor written; None where it can."""
        try:
            self._present()
        except PermissionError:
            return closed_hive(self.path, what)
        except RefusedError as error:
            said = (
                f"the registry of {what} is damaged: {error.what}" if isinstance(error, FormatError) else error.what
            )
            return Finding(
                DAMAGED,
                Severity.WARNING,
                error.where or str(self.path),
                said,
                rule="it is a file as Wine writes it",
                remedy=error.remedy or "Restore it from a backup, or correct that line.",
            )
        return None

    def _holding(self, below: tuple[str, ...]) -> WineText | None:
        """The file, where a path leads to a key in it."""
        text = self.text
        return text if text is not None and not self._is_beyond_a_link(text, below) else None

    def _refuse_beyond_a_link(self, text: WineText, below: tuple[str, ...]) -> None:
        if self._is_beyond_a_link(text, below):
            raise RefusedError(
                "a link of the prefix leads nowhere",
                where=f"{self.path}: {chr(92).join(below)}",
                expected=r"links to keys below \Registry\Machine or \Registry\User",
            )

    def _is_beyond_a_link(self, text: WineText, below: tuple[str, ...]) -> bool:
        """Whether a link is on the way: whoever could follow it has done so before."""
        with naming(self.path):
            return any(text.link(below[:depth]) is not None for depth in range(1, len(below) + 1))

    def _present(self) -> WineText:
        text = self.text
        if text is None:
            raise NotFoundError("the registry file is not there", where=str(self.path))
        return text


@frozen
class _Staged:
    """The new bytes of a registry file."""

    hive: WineHive
    data: bytes

    def write(self) -> None:
        self.hive.put(self.data)


def _snapshot(text: WineText, below: tuple[str, ...]) -> Key | None:
    """The key with all below it; the reader bounds how deep that is."""
    if not text.has(below):
        return None
    top = len(below)
    keys: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {(): {}}
    for names in text.below(below):
        for depth in range(top, len(names)):
            above, name = names[top:depth], names[depth]
            keys.setdefault(tuple(map(upcase, above)), {}).setdefault(upcase(name), names[top : depth + 1])
        keys.setdefault(tuple(map(upcase, names[top:])), {})
    made: dict[tuple[str, ...], Key] = {}
    for place in sorted(keys, key=len, reverse=True):
        values = {value.name: Value(value.type, value.data) for value in text.values((*below, *place))}
        found = {names[-1]: made.pop((*place, name)) for name, names in keys[place].items()}
        made[place] = Key(MappingProxyType(values), MappingProxyType(found))
    return made[()]


def _not_read_back(data: bytes, changes: Sequence[Placed]) -> str:
    """The first change that a reader of the new file does not find in it, or ""."""
    from mapiwright.workstation.change import CreateKey, SetValue
    from mapiwright.workstation.subject import name_of

    try:
        text = WineText(data)
        for placed in changes:
            change = placed.change
            if isinstance(change, SetValue):
                found = text.value(placed.below, change.name)
                same = (Value(found.type, found.data) if found is not None else None) == change.new
            else:
                same = text.has(placed.below) is isinstance(change, CreateKey)
            if not same:
                return name_of(change)
    except FormatError as error:
        return str(error)
    return ""


def _edits(changes: Sequence[Placed]) -> dict[tuple[str, ...], KeyEdit]:
    """One edit for each key that is changed, spelled as it first is."""
    from mapiwright.formats.wine_edit import KeyEdit
    from mapiwright.workstation.change import DeleteKey, SetValue

    spelled: dict[tuple[str, ...], tuple[str, ...]] = {}
    values: dict[tuple[str, ...], dict[str, tuple[int, bytes] | None]] = {}
    gone: set[tuple[str, ...]] = set()
    for placed in changes:
        place, change = tuple(map(upcase, placed.below)), placed.change
        spelled.setdefault(place, placed.below)
        if isinstance(change, SetValue):
            value = (change.new.type, change.new.data) if change.new is not None else None
            values.setdefault(place, {})[change.name] = value
        elif isinstance(change, DeleteKey):
            if not placed.below:
                raise RefusedError("the root key of a hive cannot be deleted", where=str(change.key))
            gone.add(place)
        else:
            values.setdefault(place, {})
    return {
        path: KeyEdit(goes=True) if place in gone else KeyEdit(MappingProxyType(values.get(place, {})))
        for place, path in spelled.items()
    }
