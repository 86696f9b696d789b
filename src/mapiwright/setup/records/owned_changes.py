"""What a package has on a workstation by now: what its installs changed, less what they reverted themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile import store
from mapiwright.setup.records.history import count_of, is_count
from mapiwright.setup.records.installed import past_changes
from mapiwright.setup.records.revert import place_of
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, RemoveFolder, SetValue, WriteFile
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.setup.records.installed import Installation
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation


def belongings(workstation: Workstation, found: Installation) -> tuple[Change, ...]:
    """The changes that put it there, newest first; raises NotFoundError where undo has expired.

    MAPISVC.INF and profiles are left out: they are edited and not restored.
    """
    roots = [user.root / places.profiles for user in workstation.users for places in PROFILE_ROOTS.values()]

    def is_edited(change: Change) -> bool:
        match change:
            case WriteFile(path=path):
                return upcase(path) in found.inf_paths
            case SetValue(name=store.DEFAULT_PROFILE):
                return True
            case SetValue(key=key) | CreateKey(key=key) | DeleteKey(key=key):
                return any(profiles.holds(key) for profiles in roots)
            case _:
                return False

    by_place: dict[str, list[Change]] = {}
    past = [change for change in past_changes(workstation, found) if not is_edited(change)]
    for change in past:
        by_place.setdefault(place_of(change), []).append(change)
    settled = {place for place, changes in by_place.items() if _is_settled(changes)}
    return tuple(change for change in past if place_of(change) not in settled)


def _is_settled(changes: Sequence[Change]) -> bool:
    """Whether the changes of one place, newest first, end where they began: an upgrade reverted what was done."""
    match changes[0], changes[-1]:
        case SetValue() as last, SetValue() as first:
            if is_count(last):  # others count, too; what matters is what we added
                counts = [each for each in changes if isinstance(each, SetValue)]
                return not sum((count_of(each.new) or 0) - (count_of(each.old) or 0) for each in counts)
            return last.new == first.old
        case WriteFile() as last, WriteFile() as first:
            return last.new == first.old
        case ((DeleteKey() | RemoveFolder()), (CreateKey() | MakeFolder())):
            return True
        case _:
            return False
