"""Upgrade: what an older version brought and the new one does not, and the refusal to go back unasked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.admin.workspace import read_catalogue
from mapiwright.entry.service.contract import Context
from mapiwright.entry.service.record import folder_of
from mapiwright.errors import RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.merge import remove
from mapiwright.setup.install.machine_calls import calls_to_installed, catalogue_at
from mapiwright.setup.install.programs_list import uninstall_key
from mapiwright.setup.install.shared_files import release
from mapiwright.setup.package import destination
from mapiwright.setup.package.manifest import RegistryRoot
from mapiwright.setup.records.history import is_count
from mapiwright.setup.records.owned_changes import belongings
from mapiwright.setup.records.revert import revert
from mapiwright.setup.records.schema import Scope
from mapiwright.workstation.change import SetValue, WriteFile
from mapiwright.workstation.registry import KeyPath
from mapiwright.workstation.subject import subject_of_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mapiwright.entry.call import EntryCall
    from mapiwright.entry.service.contract import EntryPolicy
    from mapiwright.errors import Finding
    from mapiwright.setup.package.package import Package
    from mapiwright.setup.records.installed import Installation
    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.workstation import User, Workstation


@dataclass(frozen=True, slots=True)
class Stale:
    """The changes that revert what only the older version had, and what stays as somebody changed it since."""

    registry: tuple[RegistryChange, ...] = ()
    files: tuple[FileChange, ...] = ()
    kept: tuple[Finding, ...] = ()


def refuse_downgrade(package: Package, before: Installation | None, workstation: Workstation, *, force: bool) -> None:
    """Raise RefusedError where a newer version is installed, unless it is forced."""
    if before is None or not before.machine or force or _number(package.version) >= _number(before.version):
        return
    raise RefusedError(
        f"version {before.version} of {package.name} is installed, which is newer than {package.version}",
        where=workstation.uri,
        expected=f"version {before.version} or a newer one",
        remedy="Add --force to go back to the older version, or uninstall the newer one first.",
    )


def _number(version: str) -> tuple[int, ...]:
    """A version that compares: ``4.2`` is ``4.2.0.0``."""
    words = [int(word) for word in version.split(".") if word.isdecimal()]
    return tuple((words + [0] * 4)[:4])


def dropped(package: Package, before: Installation) -> tuple[str, ...]:
    """The services that the installed version has and the new one lacks."""
    names = {upcase(service.name) for service in package.services}
    there = before.current_services if before.machine else ()
    return tuple(name for name in there if upcase(name) not in names)


def uninstall_calls(
    package: Package, workstation: Workstation, before: Installation | None, policy: EntryPolicy
) -> Iterator[EntryCall]:
    """UNINSTALL, for each service that the new version lacks."""
    if before is not None:
        names, catalogue = dropped(package, before), catalogue_at(workstation, before.inf_path)
        yield from calls_to_installed(workstation, names, catalogue, Context.UNINSTALL, policy)


def stale(
    package: Package,
    workstation: Workstation,
    before: Installation | None,
    *,
    scope: Scope,
    users: Sequence[User],
    after: Catalogue,
    planned: Sequence[Change],
) -> Stale:
    """Revert what the older version brought and the new one does not.

    ``users`` are those whose registry may be changed, ``after`` is what MAPISVC.INF will mean, and ``planned`` are
    the changes that will be made besides.
    """
    if before is None:
        return Stale()
    wanted = _Wanted(package, workstation, users)
    past = [
        change
        for change in belongings(workstation, before)
        if _is_of(change, scope, users) and not wanted.holds(change)
    ]
    if scope is Scope.USER:
        back = revert(workstation, past, planned=planned)
        return Stale(back.registry, back.files, back.kept)
    before_it = read_catalogue(workstation)
    released = release(workstation, past, leaving=package.id, before=before_it, after=_of_others(package, after))
    back = revert(workstation, released.past, planned=[*planned, *released.registry, *released.files])
    return Stale((*released.registry, *back.registry), (*released.files, *back.files), (*released.kept, *back.kept))


def _of_others(package: Package, after: Catalogue) -> Catalogue:
    """What MAPISVC.INF means beside the package: its own new lines must not keep its old files."""
    names = {upcase(service.name) for service in package.services}
    return Catalogue.of(remove(after.inf, [name for name in after.services if upcase(name) in names]))


def _is_of(change: Change, scope: Scope, users: Sequence[User]) -> bool:
    """Whether a change is one of that half, and in the registry of nobody but ``users``."""
    key = getattr(change, "key", None)
    if isinstance(key, KeyPath) and key.root == "HKU":
        return scope is not Scope.MACHINE and any(user.root.holds(key) for user in users)
    return scope is not Scope.USER


class _Wanted:
    """The places that the new version writes to, or finds as it wants them."""

    def __init__(self, package: Package, workstation: Workstation, users: Sequence[User]) -> None:
        outlook, folders = workstation.outlook, destination.folders(workstation)
        files = package.files_for(outlook.bitness)
        self._files = {upcase(destination.place(file.destination, folders)) for file in files}
        self._records = tuple(upcase(folder_of(workstation, service.name)) + "\\" for service in package.services)
        machine = KeyPath("HKLM", (), outlook.view)
        self._values = {
            subject_of_value(root / entry.key, entry.name)
            for entry in package.registry
            for root in ([machine] if entry.root is RegistryRoot.MACHINE else [user.root for user in users])
        }
        self._entry = subject_of_value(uninstall_key(package.id, outlook.view), "")[:-1]

    def holds(self, change: Change) -> bool:
        """Whether the change was of such a place."""
        match change:
            case WriteFile(path=path):
                return upcase(path) in self._files or upcase(path).startswith(self._records)
            case SetValue(key=key, name=name):
                place = subject_of_value(key, name)
                if is_count(change):
                    return upcase(name) in self._files
                return place in self._values or place[:-1] == self._entry
            case _:
                return False
