"""A package: what a vendor ships, read once and checked whole before anything is planned.

It has a manifest (`manifest`), or it is bare media: an INF fragment and the DLLs that it names. Both become the
same value. Reading gathers every fault and refuses the package once, with all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import FindingsError, FormatError, RefusedError, Severity
from mapiwright.formats import inf, pe
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import SERVICES, Catalogue
from mapiwright.mapi.inf.check import check
from mapiwright.mapi.inf.check_dll import file_of_dll, with_extension
from mapiwright.mapi.props import tags
from mapiwright.setup.package import manifest as manifests
from mapiwright.setup.package.destination import SHARED, SYSTEM
from mapiwright.setup.package.manifest import Manifest, ProfilesOnUninstall, RegistryEntry, ServiceEntry
from mapiwright.setup.package.media import LARGEST_FILE, LARGEST_PACKAGE, Directory, Media, find
from mapiwright.setup.package.rules import finding
from mapiwright.workstation.files import fault_of_name, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from mapiwright.entry.service.contract import Flavour
    from mapiwright.entry.service.form import Form
    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Inf
    from mapiwright.formats.props import Properties
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.workstation.workstation import Bitness

__all__ = [
    "Package",
    "PackageFile",
    "ProfilesOnUninstall",
    "RegistryEntry",
    "StandIn",
    "open_package",
    "read_package",
]

FRAGMENT = "mapisvc.inf"
"""The name of an INF fragment on bare media, where there are several INFs."""


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file to install.

    ``source`` is its path in the package, with ``/``; ``destination`` begins with a folder token and is turned
    into a Windows path by `destination.place`. ``architecture`` is None where it is for every Outlook. ``shared``
    says that its users are counted, so that it goes with the last of them. ``companion`` is the destination of the
    file that it follows when files are replaced, or "".
    """

    source: str
    destination: str
    data: bytes = field(repr=False)
    architecture: Bitness | None = None
    shared: bool = True
    companion: str = ""

    @property
    def name(self) -> str:
        """The name that it gets on the workstation."""
        return self.destination.rpartition("/")[2]

    def meets(self, other: PackageFile) -> bool:
        """Whether there is an Outlook that gets both."""
        return None in {self.architecture, other.architecture} or self.architecture is other.architecture


@dataclass(frozen=True, slots=True)
class StandIn:
    """The Python entry point that stands in for a service's DLL where that cannot run.

    ``entry`` is ``module:function``; ``sources`` are Python files by their paths in the package, with ``/``.
    ``deadline`` is in seconds.
    """

    entry: str
    sources: Mapping[str, bytes] = field(repr=False)
    deadline: float = manifests.DEADLINE


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is in order.

    ``fragment`` are the bytes of its INF, in ``code_page`` (a Python codec name); ``services`` is what they mean, in
    the order of [Services]. ``profile`` is the name for a default profile, or "". ``stand_ins``, ``flavours`` (of the
    interfaces of their libraries, where the manifest says it) and ``configuration`` (what CONFIGURE is called with)
    are by service name, as are ``forms`` (the service's pages of the Profile Wizard) and ``wizards`` (the function of
    its stand-in that answers with them). ``migrations`` says under which tag the services keep what an older version
    kept under another one. ``parts`` are the paths of all that it was read from, and of its documents.
    """

    id: str
    name: str
    version: str
    vendor: str
    fragment: bytes = field(repr=False)
    code_page: str
    services: tuple[ServiceDefinition, ...]
    files: tuple[PackageFile, ...] = ()
    registry: tuple[RegistryEntry, ...] = ()
    stand_ins: Mapping[str, StandIn] = field(default_factory=lambda: MappingProxyType({}))
    flavours: Mapping[str, Flavour] = field(default_factory=lambda: MappingProxyType({}))
    configuration: Mapping[str, Properties] = field(default_factory=lambda: MappingProxyType({}))
    profile: str = ""
    profiles_on_uninstall: ProfilesOnUninstall = ProfilesOnUninstall.REMOVE
    migrations: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    forms: Mapping[str, Form] = field(default_factory=lambda: MappingProxyType({}))
    wizards: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    parts: tuple[str, ...] = ()

    def files_for(self, bitness: Bitness) -> tuple[PackageFile, ...]:
        """The files that an Outlook of this bitness gets: the process that loads a DLL decides."""
        return tuple(file for file in self.files if file.architecture in {None, bitness})


def open_package(path: Path, *, code_page: str = "cp1252") -> Package:
    """The package in the directory ``path`` ([package-format]); ``code_page`` is that of an INF on bare media.

    Raises NotFoundError where there is no directory, FindingsError with every fault where it is not in order.
    """
    return read_package(Directory(path), code_page=code_page)


def read_package(media: Media, *, code_page: str = "cp1252") -> Package:
    """The package on ``media``; raises FindingsError with every fault where it is not in order."""
    return _Reading(media, code_page).package()


def loaded_dlls(service: ServiceDefinition) -> tuple[str, ...]:
    """The DLLs that MAPI loads for a service, as the INF writes them, each once."""
    of_providers = [text_of(provider.properties, tags.PR_PROVIDER_DLL_NAME) for provider in service.providers]
    return _distinct(name for name in (service.dll, *of_providers) if name)


def text_of(properties: Properties, tag: int) -> str:
    """A string property of either width, or ""."""
    value = properties.get(tag, properties.get(tags.other_width(tag) or tag))
    return value if isinstance(value, str) else ""


def base_name(path: str) -> str:
    r"""The last name of a path that is written with ``/`` or ``\``."""
    return path.replace("\\", "/").rpartition("/")[2]


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names in order, each once without regard to case."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(upcase(name), name)
    return tuple(found.values())


class _Reading:
    """A package while it is being read, and the faults that were found so far."""

    def __init__(self, media: Media, code_page: str) -> None:
        self.media = media
        self.code_page = code_page
        self.faults: list[Finding] = []
        self.parts: dict[str, int] = {}

    def package(self) -> Package:
        """The package, or FindingsError."""
        found = self.file(manifests.FILE_NAME, most=manifests.LARGEST)
        if found is not None:
            manifest, faults = manifests.read(found[1])
            self.faults += faults
            document = self.document(manifest.fragment, manifest.code_page or self.code_page)
        else:
            fragment = self.bare_fragment()
            document = self.document(fragment, self.code_page)
            manifest = self.bare_manifest(fragment, document)
        services = self.services(manifest, document)
        files = (*self.listed_files(manifest, services), *self.named_files(manifest, services))
        self.check_places(files)
        self.check_companions(files)
        entries = self.entries(manifest, services)
        stand_ins = {
            name: StandIn(entry.entry, MappingProxyType(self.sources(entry.sources)), entry.deadline)
            for name, entry in entries.items()
            if entry.entry
        }
        for path in manifest.documents:
            self.file(path, missing="MW4102")
        if self.faults:
            raise FindingsError(
                f"the package has {len(self.faults)} fault(s)",
                self.faults,
                where=self.media.name,
            )
        return Package(
            id=manifest.id,
            name=manifest.name,
            version=manifest.version or _version_of(files),
            vendor=manifest.vendor,
            fragment=inf.render(document),
            code_page=manifest.code_page,
            services=services,
            files=files,
            registry=manifest.registry,
            stand_ins=MappingProxyType(stand_ins),
            flavours=MappingProxyType({name: entry.flavour for name, entry in entries.items() if entry.flavour}),
            configuration=MappingProxyType({name: entry.properties for name, entry in entries.items()}),
            profile=manifest.profile,
            profiles_on_uninstall=manifest.profiles_on_uninstall,
            migrations=manifest.migrations,
            forms=MappingProxyType({name: entry.form for name, entry in entries.items() if entry.form}),
            wizards=MappingProxyType({name: entry.wizard for name, entry in entries.items() if entry.wizard}),
            parts=tuple(self.parts),
        )

    def fault(self, id_: str, where: str, what: str) -> None:
        """Gather a fault."""
        self.faults.append(finding(id_, where, what))

    def file(self, path: str, *, missing: str = "", most: int = LARGEST_FILE) -> tuple[str, bytes] | None:
        """A file by its stored path, and its bytes; ``missing`` is the id of the fault where there is none.

        One that has more than ``most`` bytes is cut where it shows that; who reads it knows its own limit, and
        LARGEST_FILE is that of the others.
        """
        try:
            stored = find(self.media, path)
            if stored is not None:
                data = self.media.read(stored, most + 1)
                self.parts[stored] = len(data)
                if len(data) <= LARGEST_FILE and sum(self.parts.values()) <= LARGEST_PACKAGE:
                    return stored, data
                self.fault("MW4109", stored, "the package is too large with it")
                return None
        except RefusedError as refusal:
            self.fault("MW4103", path, refusal.what)
            return None
        if missing:
            self.fault(missing, path, "there is no such file in the package")
        return None

    def bare_fragment(self) -> str:
        """The name of the INF fragment of bare media, or ""."""
        try:
            names = [name for name in self.media.names("") if upcase(name).endswith(".INF")]
        except RefusedError as refusal:
            self.fault("MW4103", self.media.name, refusal.what)
            return ""
        chosen = [name for name in names if upcase(name) == upcase(FRAGMENT)]
        if not chosen:
            chosen = [name for name in names if self.has_services(name)]
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            what = f"there are {len(chosen)} INF fragments ({', '.join(chosen)}); name one in {manifests.FILE_NAME}"
        else:
            what = f"this is no package: there is neither {manifests.FILE_NAME} nor an .inf file with [{SERVICES}]"
        self.fault("MW4101", self.media.name, what)
        return ""

    def has_services(self, name: str) -> bool:
        """Whether an INF on bare media is a fragment of MAPISVC.INF, and not one for a driver or a setup."""
        try:
            return inf.parse(self.media.read(name, inf.LARGEST + 1), self.code_page).section(SERVICES) is not None
        except RefusedError:
            return False

    def bare_manifest(self, fragment: str, document: Inf) -> Manifest:
        """What a manifest would say, taken from the INF of bare media."""
        services = Catalogue.of(document).services
        # [design] 6: the ID of bare media is the first key of its [Services].
        first = next(iter(services), "")
        fault = manifests.fault_of_id(first) if first else None
        if fault is not None:
            self.fault("MW4005", fragment, f"the service {first!r} cannot give the package its ID: {fault}")
        return Manifest(
            id=first,
            name=services.get(first, "") or first,
            version="",
            vendor="",
            fragment=fragment,
            code_page=self.code_page,
            files=(),
            registry=(),
            services=MappingProxyType({}),
            profile="",
            profiles_on_uninstall=ProfilesOnUninstall.REMOVE,
            migrations=MappingProxyType({}),
        )

    def document(self, fragment: str, code_page: str) -> Inf:
        """The INF fragment; an empty one where it cannot be read."""
        found = self.file(fragment, missing="MW4102", most=inf.LARGEST) if fragment else None
        try:
            return inf.parse(found[1] if found is not None else b"", code_page)
        except FormatError as error:
            self.fault("MW4107", fragment, str(error))
            return inf.empty(code_page)

    def services(self, manifest: Manifest, document: Inf) -> tuple[ServiceDefinition, ...]:
        """The services that the fragment defines."""
        catalogue = Catalogue.of(document)
        if document.lines and not catalogue.services:
            self.fault("MW4105", manifest.fragment, "[Services] is missing or empty")
        found = check(document, manifest.fragment, code_page=manifest.code_page or self.code_page)
        errors = [fault for fault in found if fault.severity is Severity.ERROR]
        self.faults += errors
        defined = []
        for name in catalogue.services:
            try:
                defined.append(catalogue.definition(name))
            except FindingsError:
                if not errors:
                    raise
        return tuple(defined)

    def listed_files(self, manifest: Manifest, services: tuple[ServiceDefinition, ...]) -> Iterator[PackageFile]:
        """The files that the manifest lists."""
        loaded = {upcase(with_extension(base_name(name))) for service in services for name in loaded_dlls(service)}
        for entry in manifest.files:
            found = self.file(entry.source, missing="MW4102")
            if found is not None:
                # A DLL that MAPI will load bears its 32 on the workstation, whatever it is called on the media.
                name = base_name(found[0])
                target = entry.destination or f"{SYSTEM}/{file_of_dll(name) if upcase(name) in loaded else name}"
                shared = target.partition("/")[0] in SHARED if entry.shared is None else entry.shared
                yield PackageFile(found[0], target, found[1], entry.architecture, shared, entry.companion)

    def named_files(self, manifest: Manifest, services: tuple[ServiceDefinition, ...]) -> Iterator[PackageFile]:
        """The files next to the INF that it names and the manifest does not list."""
        folder, slash, _ = manifest.fragment.rpartition("/")
        have = {upcase(base_name(entry.destination or entry.source)) for entry in manifest.files}
        for name in _distinct(name for service in services for name in loaded_dlls(service)):
            # A full path says where the DLL is and not what to copy there; a manifest lists such a file.
            if fault_of_name(name) is not None:
                continue
            names = tuple(dict.fromkeys((file_of_dll(name), with_extension(name), name)))
            if have & {*map(upcase, names)}:
                continue
            tried = (self.file(folder + slash + each) for each in names)
            found = next((each for each in tried if each is not None), None)
            if found is not None:
                have |= {upcase(base_name(found[0])), upcase(file_of_dll(name))}
                target = found[0] if same(base_name(found[0]), file_of_dll(name)) else file_of_dll(name)
                yield PackageFile(found[0], f"{SYSTEM}/{base_name(target)}", found[1])
        for name in _distinct(name for service in services for name in service.support_files):
            if upcase(base_name(name)) in have:
                continue
            # As written, then with 32: the disk has foo32.dll while the INF says foo.dll.
            wanted = (name, file_of_dll(name)) if fault_of_name(name) is None else ()
            tried = (self.file(folder + slash + each) for each in wanted if upcase(each) not in have)
            found = next((each for each in tried if each is not None), None)
            if found is not None:
                have.add(upcase(base_name(found[0])))
                yield PackageFile(found[0], f"{SYSTEM}/{base_name(found[0])}", found[1])
            elif upcase(file_of_dll(base_name(name))) not in have:
                self.fault("MW4104", manifest.fragment, f"{name} is not in the package, nor {file_of_dll(name)}")

    def check_places(self, files: tuple[PackageFile, ...]) -> None:
        """No two files that one Outlook gets go to one place."""
        for index, file in enumerate(files):
            for other in files[:index]:
                if file.meets(other) and same(file.destination, other.destination):
                    what = f"{other.source} and {file.source} both go to {file.destination}"
                    self.fault("MW4012", manifests.FILE_NAME, what)

    def check_companions(self, files: tuple[PackageFile, ...]) -> None:
        """A companion follows a file of the package that follows no other itself."""
        for file in files:
            parents = [other for other in files if file.meets(other) and same(file.companion, other.destination)]
            if file.companion and not parents:
                what = f"{file.source} follows {file.companion}, and no file of the package goes there with it"
                self.fault("MW4014", manifests.FILE_NAME, what)
            if any(parent.companion for parent in parents):
                what = f"{file.source} follows {file.companion}, which is itself or another companion"
                self.fault("MW4014", manifests.FILE_NAME, what)

    def entries(self, manifest: Manifest, services: tuple[ServiceDefinition, ...]) -> dict[str, ServiceEntry]:
        """What the manifest says of the services, by their names in the INF."""
        names = {upcase(service.name): service.name for service in services}
        for name in manifest.services:
            if upcase(name) not in names and services:
                self.fault("MW4106", manifests.FILE_NAME, f"the INF does not define the service {name}")
        return {names.get(upcase(name), name): entry for name, entry in manifest.services.items()}

    def sources(self, paths: tuple[str, ...]) -> dict[str, bytes]:
        """The files of a stand-in, by the paths that its imports follow."""
        read = {path: self.file(path, missing="MW4102") for path in paths}
        return {path: found[1] for path, found in read.items() if found is not None}


def _version_of(files: tuple[PackageFile, ...]) -> str:
    """The version of bare media: that of its first DLL that has one, or 0."""
    for file in files:
        try:
            version = pe.read(file.data).version
        except FormatError:
            continue
        if version is not None:
            return ".".join(map(str, version))
    return "0"
