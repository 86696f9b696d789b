"""What an install writes in addition to MAPISVC.INF: files, service records and registry, each as changes to a plan.

Anything in the way that is not the package's own is a conflict; all conflicts of a kind are reported together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.service.record import ServiceRecord, record_changes
from mapiwright.errors import ConflictError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.package import destination
from mapiwright.setup.package.manifest import RegistryRoot
from mapiwright.setup.package.versions import FileVerdict, decide
from mapiwright.transaction.records.receipt import changes_of
from mapiwright.workstation.change import SetValue, WriteFile, file_with_parents, key_with_parents
from mapiwright.workstation.registry import KeyPath
from mapiwright.workstation.subject import subject, subject_of_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.setup.package.package import Package, PackageFile
    from mapiwright.setup.package.versions import Decision
    from mapiwright.setup.records.installed import Installation
    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import User, Workstation


def written_by(workstation: Workstation, before: Installation | None) -> Mapping[Subject, Change]:
    """What an earlier install of the same package last wrote, by the place that it wrote to."""
    if before is None:
        return {}
    return {
        subject(change): change
        for receipt in before.receipts
        for change in changes_of(workstation, receipt)
        if isinstance(change, WriteFile | SetValue)
    }


def decisions(
    package: Package, workstation: Workstation, ours: Mapping[Subject, Change], *, force: bool = False
) -> Iterator[tuple[PackageFile, str, Decision]]:
    """Each of the package's files for this Outlook, its place, and whether it replaces what is there.

    Companions come after all others.
    """
    folders = destination.folders(workstation)
    outlook = workstation.outlook
    parents: dict[str, Decision] = {}
    """What becomes of files that were there, by their destinations as they compare."""
    for file in sorted(package.files_for(outlook.bitness), key=lambda each: bool(each.companion)):
        path = destination.place(file.destination, folders)
        old = workstation.files.read(path)
        written = ours.get(subject_of_file(path))
        decision = decide(
            old,
            file.data,
            ours=isinstance(written, WriteFile) and written.new == old,
            force=force,
            languages=outlook.lcids,
            parent=parents.get(upcase(file.companion)),
        )
        if old is not None:
            parents[upcase(file.destination)] = decision
        yield file, path, decision


def file_changes(
    package: Package, workstation: Workstation, ours: Mapping[Subject, Change], *, force: bool = False
) -> Iterator[FileChange]:
    """The package's files for this Outlook, where the rules of versions let them replace what is there.

    Raises ConflictError with all files that are there, not ours, and not to be compared; ``force`` replaces them.
    """
    conflicts: list[str] = []
    for file, path, decision in decisions(package, workstation, ours, force=force):
        if decision.verdict is FileVerdict.REPLACE:
            yield from file_with_parents(workstation.files, path, file.data)
        elif decision.verdict is FileVerdict.CONFLICT:
            conflicts.append(path)
    if conflicts:
        raise ConflictError(
            f"{len(conflicts)} file(s) are there already with other bytes: {', '.join(conflicts)}",
            where=workstation.uri,
            expected="no file, or the one of this package",
            remedy="Find out whose they are; uninstall the product that owns them, or replace them by --force.",
        )


def record_changes_of(package: Package, workstation: Workstation) -> Iterator[FileChange]:
    """What MAPISVC.INF cannot say about the services, kept next to our own state."""
    for service in package.services:
        stand_in = package.stand_ins.get(service.name)
        record = ServiceRecord.of(
            service.name,
            package=package.id,
            version=package.version,
            stand_in=stand_in,
            flavour=package.flavours.get(service.name),
            form=package.forms.get(service.name),
            wizard=package.wizards.get(service.name, ""),
        )
        yield from record_changes(workstation, record, stand_in.sources if stand_in else {})


def registry_changes(
    package: Package, workstation: Workstation, users: Sequence[User], ours: Mapping[Subject, Change]
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
            written = ours.get(subject(change))
            if old is not None and not (isinstance(written, SetValue) and written.new == old):
                conflicts.append(f"{key}\\{entry.name or '(default)'}")
                continue
            yield from key_with_parents(workstation.registry, key)
            yield change
    if conflicts:
        raise ConflictError(
            f"{len(conflicts)} registry value(s) are there already with other data: {', '.join(conflicts)}",
            where=workstation.uri,
            expected="no value, or the one of this package",
            remedy="Find out whose they are, and remove them or uninstall the product that owns them.",
        )
