"""Changes compared with a workstation: what drifted, what is in the way, and how that is listed for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import SHOWN
from mapiwright.workstation.change import DeleteKey, MakeFolder, RemoveFolder, SetValue, WriteFile, standings
from mapiwright.workstation.files import FileWants, join, same, split
from mapiwright.workstation.registry import RegistryWants
from mapiwright.workstation.subject import leaves_something, name_of, subject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mapiwright.workstation.change import Change, Standing
    from mapiwright.workstation.workstation import Workstation


def counted(names: Collection[str]) -> str:
    """How many things, as the beginning of a sentence about them."""
    return "1 thing is" if len(names) == 1 else f"{len(names)} things are"


def listed(names: Collection[str]) -> str:
    """The names for people, one to a line and no more than a screen holds."""
    shown = [*names][:SHOWN]
    more = [f"... and {len(names) - len(shown)} more"] if len(names) > len(shown) else []
    return "".join(f"\n    {name}" for name in (*shown, *more))


def drifted(changes: Iterable[Change], workstation: Workstation, allowed: Collection[Standing]) -> tuple[str, ...]:
    """The names of the things that something else changed, read in one batch."""
    stand = standings(changes, workstation.registry, workstation.files)
    return tuple(name_of(change) for change, stands in stand if stands not in allowed)


def in_the_way(changes: Iterable[Change], workstation: Workstation) -> tuple[str, ...]:
    """The names of what would be left in the keys and folders to remove, and so prevents their removal."""
    changes = tuple(changes)
    going = {subject(change) for change in changes if not leaves_something(change)}
    keys = tuple(change.key for change in changes if isinstance(change, DeleteKey))
    folders = tuple(change.path for change in changes if isinstance(change, RemoveFolder))
    left: list[str] = []
    if keys:
        registry = workstation.registry.look(RegistryWants(trees=keys))
        for path in keys:
            key = registry.read(path)
            if key is not None:
                inside: list[Change] = [SetValue(path, value, None, None) for value in key.values]
                inside += [DeleteKey(path / below) for below in key.keys]
                left += [name_of(one) for one in inside if subject(one) not in going]
    if folders:
        files = workstation.files.look(FileWants(names=folders))
        for folder in folders:
            for below in files.names(folder):
                here = join(folder, below)
                if not {subject(WriteFile(here, None, None)), subject(RemoveFolder(here))} & going:
                    left.append(here)
    return tuple(left)


def _own_folders(workstation: Workstation) -> tuple[str, ...]:
    """The folder of our state and those above it, topmost first."""
    parts = split(workstation.state_folder)
    return tuple(join(*parts[:count]) for count in range(1, len(parts) + 1))


def making_own_folder(workstation: Workstation) -> Iterator[MakeFolder]:
    """What the journal makes before the first change: the folder of our state, as far as it is not there."""
    return (MakeFolder(path) for path in _own_folders(workstation) if not workstation.files.is_folder(path))


def without_own_folder(changes: Iterable[Change], workstation: Workstation) -> tuple[Change, ...]:
    """The changes without those that make or remove the folder of our state, or one above it.

    The journal needs that folder before the first change and after the last one, so it is not a plan's to make.
    """
    ours = _own_folders(workstation)
    return tuple(
        change
        for change in changes
        if not (isinstance(change, MakeFolder | RemoveFolder) and any(same(change.path, path) for path in ours))
    )
