"""A package in the list of installed programs: an install writes the entry last, an uninstall removes it first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.package import destination
from mapiwright.workstation.change import SetValue, key_with_parents
from mapiwright.workstation.files import parent
from mapiwright.workstation.registry import KeyPath, Value, View
from mapiwright.workstation.subject import subject_of_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from mapiwright.setup.package.package import Package
    from mapiwright.workstation.change import Change, RegistryChange
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import Workstation

PROGRAMS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
INSTALL_DATE = "InstallDate"
VERSION = "DisplayVersion"


def uninstall_key(id_: str, view: View) -> KeyPath:
    """The key of a package's entry in Windows' list of installed programs."""
    return KeyPath.parse(PROGRAMS, view) / id_


def listed_version(id_: str, workstation: Workstation) -> str | None:
    """The version in that entry, or None; an install writes it last, and an uninstall removes it first."""
    value = workstation.registry.value(uninstall_key(id_, workstation.outlook.view), VERSION)
    return value.text if value is not None else None


def uninstall_entry(
    package: Package, workstation: Workstation, ours: Mapping[Subject, Change], *, today: date
) -> tuple[RegistryChange, ...]:
    """The changes that list the package among the installed programs: the last thing that an install writes.

    Nothing where the entry is as it should be, whatever its InstallDate. Raises ConflictError where another
    product has an entry of that name.
    """
    key = uninstall_key(package.id, workstation.outlook.view)
    wanted = dict(_entry(package, workstation))
    there = {name: workstation.registry.value(key, name) for name in (*wanted, INSTALL_DATE)}
    if there[INSTALL_DATE] is not None and all(there[name] == value for name, value in wanted.items()):
        return ()
    wanted[INSTALL_DATE] = Value.sz(f"{today:%Y%m%d}")
    changes = [SetValue(key, name, there[name], value) for name, value in wanted.items() if there[name] != value]
    foreign = [change for change in changes if change.old is not None and not _wrote(ours, change)]
    if foreign:
        raise ConflictError(
            "another product is in the list of installed programs under this package's id",
            where=str(key),
            expected="no such key, or the one that this package wrote",
            remedy="Uninstall that product, or give the package another id.",
        )
    return (*key_with_parents(workstation.registry, key), *changes)


def entry_first(
    changes: Iterable[RegistryChange], id_: str
) -> tuple[tuple[RegistryChange, ...], tuple[RegistryChange, ...]]:
    """The changes to the Uninstall entry, which an uninstall makes first, and the others."""
    changes = tuple(changes)
    entries = {upcase(str(uninstall_key(id_, view))) for view in View}
    first = tuple(change for change in changes if upcase(str(change.key)) in entries)
    return first, tuple(change for change in changes if change not in first)


def _entry(package: Package, workstation: Workstation) -> Iterator[tuple[str, Value]]:
    """What the list of installed programs says of the package ([uninstall-registry-key])."""
    files = package.files_for(workstation.outlook.bitness)
    command = f'mapiwright uninstall "{package.id}"'
    yield "DisplayName", Value.sz(package.name)
    yield VERSION, Value.sz(package.version)
    if package.vendor:
        yield "Publisher", Value.sz(package.vendor)
    own_folder = [file for file in files if file.destination.startswith(destination.PROGRAM_FILES)]
    own = next(iter((*own_folder, *files)), None)
    if own is not None:
        location = parent(destination.place(own.destination, destination.folders(workstation)))
        yield "InstallLocation", Value.sz(location)
    yield "UninstallString", Value.sz(command)
    yield "QuietUninstallString", Value.sz(f"{command} --yes")
    yield "EstimatedSize", Value.dword(-(-sum(len(file.data) for file in files) // 1024))
    yield "NoModify", Value.dword(1)
    yield "NoRepair", Value.dword(1)


def _wrote(ours: Mapping[Subject, Change], change: SetValue) -> bool:
    """Whether what ``change`` replaces is what we wrote there."""
    written = ours.get(subject_of_value(change.key, change.name))
    return isinstance(written, SetValue) and written.new == change.old
