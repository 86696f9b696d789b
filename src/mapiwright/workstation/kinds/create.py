"""Make an offline workstation: a tree as Windows lays it out, with real hives, for trials, demonstrations and tests.

A new tree is not a workstation yet, so it is written without a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import ExistsError
from mapiwright.formats.regf.edit import security
from mapiwright.formats.regf.edit.write import CreateKey, SetValue, edit, new_hive
from mapiwright.workstation.files import join, split
from mapiwright.workstation.outlook.layout import SOFTWARE, SYSTEM, layout
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mapiwright.formats.regf.edit.write import Edit
    from mapiwright.workstation.outlook.office_layout import OutlookInstallation
    from mapiwright.workstation.registry import Key, KeyPath
    from mapiwright.workstation.workstation import Bitness

BORN = 133_000_000_000_000_000
"""The FILETIME of everything in a new tree, in June 2022, so that the same arguments give the same bytes."""

_MACHINE_HIVES = {SOFTWARE: r"C:\Windows\System32\config\SOFTWARE", SYSTEM: r"C:\Windows\System32\config\SYSTEM"}


def create_image(
    folder: Path,
    *,
    edition: Edition = Edition.OUTLOOK_2016,
    bitness: Bitness | None = None,
    outlooks: Sequence[OutlookInstallation] = (),
    windows: Bitness | None = None,
    users: Sequence[str] = ("anna",),
) -> None:
    """Make the drive C: of a Windows as ``layout`` lays it out; ``image:FOLDER`` opens it.

    Raises ExistsError where the folder holds anything, UsageError for what ``layout`` refuses.
    """
    plan = layout(edition=edition, bitness=bitness, outlooks=outlooks, windows=windows, users=users)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExistsError(
            "it is there already and not empty", where=str(folder), remedy="Name a new folder, or an empty one."
        )
    hives = {path: join(home, "NTUSER.DAT") for path, home in plan.folders_of_users.items()} | _MACHINE_HIVES
    files = {**plan.files, **{place: _hive(plan.hives[path], path, place) for path, place in hives.items()}}
    for path in plan.folders:
        folder.joinpath(*split(path)[1:]).mkdir(parents=True, exist_ok=True)
    for path, data in files.items():
        target = folder.joinpath(*split(path)[1:])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _hive(root: Key, path: KeyPath, place: str) -> bytes:
    """The hive with the keys at ``path``; a user's is for that user, the system and administrators only."""
    person = path.name if path.name.startswith("S-") else None
    full = (security.SYSTEM, security.ADMINISTRATORS)
    guard = security.security_descriptor(full=(*full, person), read=()) if person else None
    empty = new_hive(name=place, security=guard, timestamp=BORN)
    return edit(empty, list(_edits(root, ())), timestamp=BORN)


def _edits(key: Key, path: tuple[str, ...]) -> Iterator[Edit]:
    yield from (SetValue(path, name, value.type, value.data) for name, value in key.values.items())
    for name, below in key.keys.items():
        yield CreateKey((*path, name))
        yield from _edits(below, (*path, name))
