"""The machine's half of an install: files, service records, MAPISVC.INF and registry, each as changes to a plan.

What stands in the way and is not the package's own is a conflict; all conflicts of a kind are told at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.record import ServiceRecord, record_changes
from mapiwright.errors import ConflictError, FindingsError
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.catalogue import Catalogue
from mapiwright.mapi.merge import merge
from mapiwright.setup import destination
from mapiwright.setup.installed import installations, others_than, unmerged
from mapiwright.setup.manifest import RegistryRoot
from mapiwright.setup.takeback import place_of_value
from mapiwright.transaction.plan import Leg
from mapiwright.transaction.receipt import changes_of
from mapiwright.workstation.change import SetValue, WriteFile, file_with_parents, key_with_parents
from mapiwright.workstation.files import same
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.setup.installed import Installation
    from mapiwright.setup.package import Package
    from mapiwright.transaction.effect import Json
    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.workstation import User, Workstation


def written_by(workstation: Workstation, before: Installation | None) -> Mapping[str, Change]:
    """What an earlier install of the same package last wrote, by the place that it wrote to."""
    if before is None:
        return {}
    return {
        _place(change): change
        for receipt in before.receipts
        for change in changes_of(workstation, receipt)
        if isinstance(change, WriteFile | SetValue)
    }


def _place(change: WriteFile | SetValue) -> str:
    return upcase(change.path) if isinstance(change, WriteFile) else place_of_value(change.key, change.name)


def file_changes(package: Package, workstation: Workstation, ours: Mapping[str, Change]) -> Iterator[FileChange]:
    """The package's files for this Outlook; a file that is there and not ours is a conflict, all told at once."""
    folders = destination.folders(workstation)
    conflicts: list[str] = []
    for file in package.files_for(workstation.outlook.bitness):
        path = destination.place(file.destination, folders)
        for change in file_with_parents(workstation.files, path, file.data):
            if isinstance(change, WriteFile) and change.old is not None:
                written = ours.get(_place(change))
                if not isinstance(written, WriteFile) or written.new != change.old:
                    conflicts.append(path)
                    continue
            yield change
    if conflicts:
        raise ConflictError(
            f"{len(conflicts)} file(s) are there already with other bytes: {', '.join(conflicts)}",
            where=workstation.uri,
            expected="no file, or the one that this package brings",
            remedy="Find out whose they are; move them away, or uninstall the product that owns them.",
        )


def record_changes_of(package: Package, workstation: Workstation) -> Iterator[FileChange]:
    """What MAPISVC.INF cannot say about the services, beside our own state."""
    for service in package.services:
        stand_in = package.stand_ins.get(service.name)
        record = ServiceRecord.of(
            service.name,
            package=package.id,
            version=package.version,
            stand_in=stand_in,
        )
        yield from record_changes(workstation, record, stand_in.sources if stand_in else {})


def inf_leg(package: Package, workstation: Workstation, before: Installation | None) -> tuple[Leg, Catalogue, Json]:
    """The leg that merges the fragment, what MAPISVC.INF will mean, and what unmerging needs to know."""
    path = workstation.outlook.inf_path
    data = workstation.files.read(path)
    target = inf.parse(data if data is not None else b"", workstation.code_page)
    fragment = inf.parse(package.fragment, package.code_page)
    there = installations(workstation).values()
    known = [record for found in there for record in found.merges if same(found.inf_path, path)]
    merged = merge(target, fragment, known, absent=data is None)
    replaces = False
    if merged.conflicts and before is not None:
        # An older version of this package wrote those lines: they are ours to replace.
        others = others_than(workstation, before)
        without = unmerged(target, before, others).inf
        merged = merge(without or inf.parse(b"", workstation.code_page), fragment, others, absent=without is None)
        replaces = True
    if merged.conflicts:
        raise FindingsError(
            "MAPISVC.INF has other entries where this package's belong",
            merged.conflicts,
            where=path,
            remedy="Nothing was written. Remove the product that owns those entries first.",
        )
    new = inf.render(merged.inf)
    changes = tuple(file_with_parents(workstation.files, path, new)) if new != data else ()
    record = {"path": path, "merge": merged.record, "replaces": replaces}
    return Leg("MAPISVC.INF", changes), Catalogue.of(merged.inf), record


def registry_changes(
    package: Package, workstation: Workstation, users: Sequence[User], ours: Mapping[str, Change]
) -> Iterator[RegistryChange]:
    """The package's own registry entries, merged like INF lines: a value that is there and not ours is a conflict."""
    conflicts: list[str] = []
    for entry in package.registry:
        if entry.root is RegistryRoot.MACHINE:
            roots = [KeyPath("HKLM", (), workstation.outlook.view)]
        else:
            roots = [user.root for user in users]
        for root in roots:
            key = root / entry.key
            old = workstation.registry.value(key, entry.name)
            if old == entry.value:
                continue
            change = SetValue(key, entry.name, old, entry.value)
            written = ours.get(_place(change))
            if old is not None and not (isinstance(written, SetValue) and written.new == old):
                conflicts.append(f"{key}\\{entry.name or '(default)'}")
                continue
            yield from key_with_parents(workstation.registry, key)
            yield change
    if conflicts:
        raise ConflictError(
            f"{len(conflicts)} registry value(s) are there already with other data: {', '.join(conflicts)}",
            where=workstation.uri,
            expected="no value, or the one that this package brings",
            remedy="Find out whose they are, and remove them or uninstall the product that owns them.",
        )
