"""Whether a package fits a workstation: everything that would go wrong later, reported before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.service.loading import Loader
from mapiwright.errors import NotFoundError
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import WIZARD_ENTRY
from mapiwright.mapi.inf.check import check
from mapiwright.mapi.inf.check_dll import file_of_dll
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ResourceType
from mapiwright.setup.install.machine_plan import decisions, written_by
from mapiwright.setup.package.destination import MAPI, SYSTEM, folders, place
from mapiwright.setup.package.headers import Headers
from mapiwright.setup.package.package import base_name, text_of
from mapiwright.setup.package.rules import finding
from mapiwright.setup.package.versions import FileVerdict
from mapiwright.setup.records.records import records_of
from mapiwright.workstation.files import join, parent, same
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.errors import Finding
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.setup.package.package import Package, PackageFile
    from mapiwright.workstation.files import Room
    from mapiwright.workstation.workstation import Workstation

MESSAGING_SUBSYSTEM = r"HKLM\SOFTWARE\Microsoft\Windows Messaging Subsystem"

PROVIDER_ENTRIES = {
    ResourceType.STORE_PROVIDER: "MSProviderInit",
    ResourceType.AB_PROVIDER: "ABProviderInit",
    ResourceType.TRANSPORT_PROVIDER: "XPProviderInit",
    ResourceType.HOOK_PROVIDER: "HPProviderInit",
}
"""The entry point that MAPI asks a provider's DLL for ([implementing-a-service-provider-entry-point-function])."""

RESERVE = 16 << 20
"""Bytes that are left free on a volume: for the journal, for receipts, and for a hive that is written again."""


def preflight(package: Package, workstation: Workstation, *, force: bool = False) -> tuple[Finding, ...]:
    """Every finding of ``package`` on ``workstation``; reads both, and runs nothing of the package.

    ``force`` says that files are replaced whatever their versions are, and whoever brought them.
    """
    found = list(_of_text(package, workstation))
    try:
        found += _Fit(package, workstation, force=force).findings()
    except NotFoundError as error:
        found.append(finding("MW4201", workstation.uri, str(error)))
    return tuple(dict.fromkeys(found))  # several providers may want one DLL


def is_for(package: Package, workstation: Workstation) -> bool:
    """Whether the package has anything to load for this Outlook; true where it brings no DLL at all.

    A DLL that the manifest lists for it counts whatever it is: if it is the wrong one, that is a fault to report.
    """
    dlls = [file for file in package.files if upcase(file.name).endswith(".DLL")]
    if not dlls or any(file.architecture is workstation.outlook.bitness for file in dlls):
        return True
    of_another_machine = {found.where for found in preflight(package, workstation) if found.id == "MW4202"}
    return any(file.architecture is None and file.source not in of_another_machine for file in dlls)


def _of_text(package: Package, workstation: Workstation) -> Iterator[Finding]:
    """What the INF's rules say, and which of its lines the workstation's code page cannot hold."""
    document = inf.parse(package.fragment, package.code_page)
    reported = check(document, f"{package.id}: INF", code_page=workstation.code_page)
    yield from reported
    for number, line in enumerate(document.lines, 1):
        if line.kind is inf.LineKind.COMMENT or any(
            fault.line == number and fault.id == "MW1033" for fault in reported
        ):
            continue
        if line.text.encode(workstation.code_page, "replace").decode(workstation.code_page) != line.text:
            what = f"{line.text!r} does not survive {workstation.code_page}"
            yield finding("MW4207", f"{package.id}: INF", what, line=number)


class _Fit:
    """A package beside the Outlook that would load it."""

    def __init__(self, package: Package, workstation: Workstation, *, force: bool) -> None:
        self.package = package
        self.workstation = workstation
        self.force = force
        self.outlook = workstation.outlook
        self.folders = folders(workstation)
        self.files = package.files_for(self.outlook.bitness)
        self.loader = Loader(workstation, self.outlook)
        self.headers = Headers(workstation, self.loader, {place(f.destination, self.folders) for f in self.files})

    def findings(self) -> Iterator[Finding]:
        """What does not fit."""
        key = KeyPath.parse(MESSAGING_SUBSYSTEM, self.outlook.view)
        mapix = self.workstation.registry.value(key, "MAPIX")
        # [installing-the-mapi-subsystem]: check it before relying on MAPI.
        if mapix is None or mapix.text != "1":
            yield finding("MW4210", f"{key}", "MAPIX is not 1")
        for file in self.files:
            if upcase(file.name).endswith(".DLL"):
                target = place(file.destination, self.folders)
                yield from self.headers.of_package(file.source, target, file.data)
        for service in self.package.services:
            wizard = service.keywords.get(WIZARD_ENTRY, "")
            for entry in (service.entry, wizard):
                yield from self.loaded(service.dll, entry, service.name)
            for provider in service.providers:
                kind = provider.properties.get(tags.PR_RESOURCE_TYPE)
                entry = next((name for known, name in PROVIDER_ENTRIES.items() if known == kind), "")
                yield from self.loaded(
                    text_of(provider.properties, tags.PR_PROVIDER_DLL_NAME), entry, provider.section
                )
            yield from self.deleted(service)
        yield from self.replaced()

    def loaded(self, name: str, entry: str, section: str) -> Iterator[Finding]:
        """Whether the DLL that a section of the INF names will be where MAPI looks, and have what MAPI asks for."""
        if not name:
            return
        path = file_of_dll(name)
        ours = self.of_package(path)
        if ours is not None:
            where, target = ours.source, place(ours.destination, self.folders)
            if base_name(path) == path and ours.destination not in {
                f"{token}/{ours.name}" for token in (SYSTEM, MAPI)
            }:
                yield finding("MW4209", where, f"{path} goes to {target}")
            yield from self.headers.of_package(where, target, ours.data)
        else:
            library = self.loader.library(name)
            if not library.path:
                what = f"{name} would be loaded as {path}, which is neither in the package nor on the workstation"
                yield finding("MW4206", f"{self.package.id}: INF", what)
                return
            where = library.path
            yield from self.headers.of_workstation(library)
        if entry:
            yield from self.headers.exports(where, entry, section)

    def of_package(self, path: str) -> PackageFile | None:
        """The file of the package that MAPI would load for a bare name or a full path."""
        for file in self.files:
            if same(path, file.name) or same(path, place(file.destination, self.folders)):
                return file
        return None

    def deleted(self, service: ServiceDefinition) -> Iterator[Finding]:
        """Which files the service wants removed with it that the package does not install."""
        ours = {upcase(file.name) for file in self.files}
        for name in service.delete_files:
            if not ours & {upcase(name), upcase(file_of_dll(name))}:
                yield finding("MW4208", f"{self.package.id}: INF", f"{name} is not a file of the package")

    def replaced(self) -> Iterator[Finding]:
        """What becomes of files that are there already, and whether there is room for those that are written."""
        before = records_of(self.workstation).installations.get(self.package.id)
        ours = written_by(self.workstation, before)
        sizes: dict[str, int] = {}
        for file, path, decision in decisions(self.package, self.workstation, ours, force=self.force):
            if decision.rule:
                yield finding(decision.rule, path, decision.reason)
            if decision.verdict is FileVerdict.REPLACE:
                sizes[path] = len(file.data)
        yield from self.room(sizes)

    def room(self, sizes: dict[str, int]) -> Iterator[Finding]:
        """Whether the files, MAPISVC.INF, the machine's hives and our records can be written."""
        hives = join(self.workstation.environment.get("SystemRoot", ""), "System32", "config", "SOFTWARE")
        records = join(self.workstation.state_folder, "receipts")
        sizes |= {self.outlook.inf_path: len(self.package.fragment), hives: 0, records: sum(sizes.values())}
        volumes: dict[str, tuple[Room, int]] = {}
        for path, size in sizes.items():
            room = self.workstation.files.room(path)
            if room is None:
                yield finding("MW4224", path, "the workstation has no such place")
                continue
            volumes[room.volume] = room, volumes.get(room.volume, (room, 0))[1] + size
            if not (room.writable or room.read_only):
                yield finding("MW4222", parent(path), "writing is not permitted")
        for room, size in volumes.values():
            yield from self.volume(room, size + RESERVE)

    def volume(self, room: Room, size: int) -> Iterator[Finding]:
        """Whether one volume takes that many bytes."""
        where = self.workstation.uri
        if room.hibernated:
            yield finding("MW4223", where, "its Windows is hibernated, or was shut down by fast start-up")
        if room.read_only:
            yield finding("MW4221", where, "it is mounted read-only")
        if room.free is not None and room.free < size:
            yield finding("MW4220", where, f"{room.free} bytes are free, and {size} are needed")
