"""What our packages did to the files that they share, as far as the receipts still say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import UninstallRecord
from mapiwright.transaction.records.receipt import changes_of
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, RemoveFolder, SetValue, WriteFile
from mapiwright.workstation.registry import KeyPath, Value, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation

SHARED_DLLS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\SharedDLLs"
"""The counts, one REG_DWORD for each file, named by its full path."""


def count_of(value: Value | None) -> int | None:
    """The count that a value holds, or None where it holds none."""
    if value is None or value.type != ValueType.DWORD or len(value.data) != 4 or value.number == (1 << 32) - 1:
        return None
    return value.number


def is_count(change: SetValue) -> bool:
    """Whether a change is to a count, on either side of WOW64."""
    return upcase(str(KeyPath(change.key.root, change.key.parts))) == upcase(SHARED_DLLS)


def place_of_file(change: Change) -> str:
    """The place of the file that a change writes or counts, or ""."""
    match change:
        case WriteFile(path=path):
            return upcase(path)
        case SetValue(name=name) if is_count(change):
            return upcase(name)
        case _:
            return ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What one receipt of ours changed for a package, and whether the package left with it."""

    package: str
    leaves: bool
    changes: tuple[Change, ...]


class History:
    """What all our installs and uninstalls did to this workstation, as far as it is still kept, oldest first."""

    def __init__(self, workstation: Workstation, leaving: str) -> None:
        self._gone = frozenset({leaving})
        records = records_of(workstation)
        self._installed = frozenset(records.installations) - self._gone
        self._actions: list[HistoryEntry] = []
        for done in records.of_packages:
            try:
                made = changes_of(workstation, done.receipt)
            except NotFoundError:  # it has expired, long after its package went
                made = ()
            self._actions.append(HistoryEntry(done.record.package.id, isinstance(done.record, UninstallRecord), made))

    def claimed(self) -> frozenset[str]:
        """The files that other packages wrote or counted and still hold, by their places."""
        held: dict[str, set[str]] = {}
        for action in self._actions:
            places = held.setdefault(action.package, set())
            for change in action.changes:
                place = place_of_file(change)
                (places.add if _takes(change) else places.discard)(place)
            if action.leaves:
                places.clear()
        return frozenset(place for package in self._installed for place in held.get(package, ()))

    def era(self, place: str) -> tuple[Change, ...]:
        """What we changed of a file and its count since the first of the packages came that hold it now."""
        holders: set[str] = set()
        era: list[Change] = []
        for action in self._actions:
            if not holders:
                era.clear()
            touched = [change for change in action.changes if place_of_file(change) == place]
            era += touched
            if action.leaves:
                holders.discard(action.package)
            elif touched:
                holders.add(action.package)
        return tuple(era)

    def left_behind(self) -> Iterator[Change]:
        """The keys and folders of packages that are gone, which held things of others when those packages went."""
        made: dict[str, tuple[str, Change]] = {}
        for action in self._actions:
            for change in action.changes:
                match change:
                    case (
                        CreateKey(key=place)
                        | DeleteKey(key=place)
                        | MakeFolder(path=place)
                        | RemoveFolder(path=place)
                    ):
                        made.pop(upcase(str(place)), None)
                        if isinstance(change, CreateKey | MakeFolder):
                            made[upcase(str(place))] = action.package, change
        yield from (change for package, change in made.values() if package not in self._installed | self._gone)


def _takes(change: Change) -> bool:
    """Whether a change writes or counts a file, and does not let go of it."""
    match change:
        case WriteFile(new=data):
            return data is not None
        case SetValue(old=old, new=new) if is_count(change):
            return (count_of(new) or 0) > (count_of(old) or 0)
        case _:
            return False


def count_before(era: Iterable[Change], now: Value) -> tuple[bool, Value | None]:
    """Whether only we changed the count in that era, and what it was before."""
    value: Value | None = now
    ours = False
    for change in reversed(tuple(era)):
        if isinstance(change, SetValue):
            if change.new != value:
                return False, None
            value, ours = change.old, True
    return ours, value


def file_before(era: Iterable[Change], now: bytes | None) -> tuple[bool, bytes | None]:
    """Whether the file is as we left or found it, and what it was before, as far as change follows from change."""
    data = now
    written = [change for change in era if isinstance(change, WriteFile)]
    ours = not written
    for number, change in enumerate(reversed(written)):
        mends = any(earlier.new == change.new for earlier in written[: len(written) - 1 - number])
        if change.new == data:
            # What a repair found was damage, which nobody wants back: the bytes go back to whoever wrote them first.
            data = data if mends else change.old
        elif change.old != data:
            break
        ours = True
    return ours, data
