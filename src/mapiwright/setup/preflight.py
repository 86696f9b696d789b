"""Whether a package fits a workstation: everything that would go wrong later, told before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError, FormatError, NotFoundError, UsageError
from mapiwright.formats import inf, pe
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi import tags
from mapiwright.mapi.check import check
from mapiwright.mapi.check_dll import file_of_dll
from mapiwright.mapi.tags import ResourceType
from mapiwright.setup.destination import MAPI, SYSTEM, folders, place
from mapiwright.setup.package import base_name, text_of
from mapiwright.setup.package_rules import finding
from mapiwright.workstation.files import join, same
from mapiwright.workstation.registry import KeyPath
from mapiwright.workstation.workstation import Bitness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.errors import Finding
    from mapiwright.mapi.definition import ServiceDefinition
    from mapiwright.setup.package import Package, PackageFile
    from mapiwright.workstation.workstation import Workstation

MESSAGING_SUBSYSTEM = r"HKLM\SOFTWARE\Microsoft\Windows Messaging Subsystem"

MACHINES = {Bitness.X86: pe.Machine.X86, Bitness.X64: pe.Machine.X64}
"""The machine of the DLLs that an Outlook loads. What counts is Outlook's bitness, not that of Windows."""

PROVIDER_ENTRIES = {
    ResourceType.STORE_PROVIDER: "MSProviderInit",
    ResourceType.AB_PROVIDER: "ABProviderInit",
    ResourceType.TRANSPORT_PROVIDER: "XPProviderInit",
    ResourceType.HOOK_PROVIDER: "HPProviderInit",
}
"""The entry point that MAPI asks a provider's DLL for ([implementing-a-service-provider-entry-point-function])."""


def preflight(package: Package, workstation: Workstation) -> tuple[Finding, ...]:
    """Every finding of ``package`` on ``workstation``; reads both, and runs nothing of the package."""
    found = list(_of_text(package, workstation))
    try:
        found += _Fit(package, workstation).findings()
    except NotFoundError as error:
        found.append(finding("MW4201", workstation.uri, str(error)))
    return tuple(dict.fromkeys(found))  # several providers may want one DLL


def _of_text(package: Package, workstation: Workstation) -> Iterator[Finding]:
    """What the INF's rules say, and which of its lines the workstation's code page cannot hold."""
    document = inf.parse(package.fragment, package.code_page)
    told = check(document, f"{package.id}: INF", code_page=workstation.code_page)
    yield from told
    for number, line in enumerate(document.lines, 1):
        if line.kind is inf.Kind.COMMENT or any(fault.line == number and fault.id == "MW1033" for fault in told):
            continue
        if line.text.encode(workstation.code_page, "replace").decode(workstation.code_page) != line.text:
            what = f"{line.text!r} does not survive {workstation.code_page}"
            yield finding("MW4207", f"{package.id}: INF", what, line=number)


class _Fit:
    """A package beside the Outlook that would load it."""

    def __init__(self, package: Package, workstation: Workstation) -> None:
        self.package = package
        self.workstation = workstation
        self.outlook = workstation.outlook
        self.folders = folders(workstation)
        self.files = package.files_for(self.outlook.bitness)
        self.images: dict[str, pe.PeFile | None] = {}
        """DLLs that were looked into, by path; None where one could not be read."""

    def findings(self) -> Iterator[Finding]:
        """What does not fit."""
        key = KeyPath.parse(MESSAGING_SUBSYSTEM, self.outlook.view)
        mapix = self.workstation.registry.value(key, "MAPIX")
        # [installing-the-mapi-subsystem]: check it before relying on MAPI.
        if mapix is None or mapix.text != "1":
            yield finding("MW4210", f"{key}", "MAPIX is not 1")
        for file in self.files:
            if upcase(file.name).endswith(".DLL"):
                yield from self.machine(file.source, file.data)
        for service in self.package.services:
            yield from self.loaded(service.dll, service.entry, service.name)
            for provider in service.providers:
                kind = provider.properties.get(tags.PR_RESOURCE_TYPE)
                entry = next((name for known, name in PROVIDER_ENTRIES.items() if known == kind), "")
                yield from self.loaded(
                    text_of(provider.properties, tags.PR_PROVIDER_DLL_NAME), entry, provider.section
                )
            yield from self.deleted(service)

    def machine(self, path: str, data: bytes) -> Iterator[Finding]:
        """Whether a DLL is one that this Outlook can load; told once for each."""
        if path in self.images:
            return
        try:
            image = self.images[path] = pe.read(data)
        except FormatError as error:
            self.images[path] = None
            yield finding("MW4203", path, str(error))
            return
        wanted = MACHINES[self.outlook.bitness]
        if image.machine != wanted or image.hybrid:
            made = image.machine.name if isinstance(image.machine, pe.Machine) else f"0x{image.machine:04X}"
            made = "ARM64 and its neighbours" if image.hybrid else made
            yield finding("MW4202", path, f"it is made for {made}, and Outlook is {wanted.name}")

    def loaded(self, name: str, entry: str, section: str) -> Iterator[Finding]:
        """Whether the DLL that a section of the INF names will be where MAPI looks, and have what MAPI asks for."""
        if not name:
            return
        path = file_of_dll(name)
        ours = self.of_package(path)
        if ours is not None:
            found, data = ours.source, ours.data
            if base_name(path) == path and ours.destination not in {
                f"{token}/{ours.name}" for token in (SYSTEM, MAPI)
            }:
                yield finding("MW4209", found, f"{path} goes to {place(ours.destination, self.folders)}")
        else:
            there = self.of_workstation(path)
            if there is None:
                what = f"{name} would be loaded as {path}, which is neither in the package nor on the workstation"
                yield finding("MW4206", f"{self.package.id}: INF", what)
                return
            found, data = there
        yield from self.machine(found, data)
        image = self.images[found]
        if image is not None and entry and not image.exported(entry):
            decorated = image.decorated(entry)
            if decorated is not None:
                yield finding("MW4205", found, f"[{section}] needs {entry}, and it exports {decorated}")
            else:
                yield finding("MW4204", found, f"[{section}] needs {entry}, which it does not export")

    def of_package(self, path: str) -> PackageFile | None:
        """The file of the package that MAPI would load for a bare name or a full path."""
        for file in self.files:
            if same(path, file.name) or same(path, place(file.destination, self.folders)):
                return file
        return None

    def of_workstation(self, path: str) -> tuple[str, bytes] | None:
        """The file of the workstation that MAPI would load for a bare name or a full path, with its path."""
        full = base_name(path) != path
        for target in [path] if full else [join(self.folders[token], path) for token in (SYSTEM, MAPI)]:
            try:
                data = self.workstation.files.read(target)
            except (ConflictError, UsageError):  # a folder of that name; no absolute path
                continue
            if data is not None:
                return target, data
        return None

    def deleted(self, service: ServiceDefinition) -> Iterator[Finding]:
        """Which files the service wants removed with it that the package does not install."""
        ours = {upcase(file.name) for file in self.files}
        for name in service.delete_files:
            if not ours & {upcase(name), upcase(file_of_dll(name))}:
                yield finding("MW4208", f"{self.package.id}: INF", f"{name} is not a file of the package")
