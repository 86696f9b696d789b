r"""Click-to-Run: the package that an Office came in, and where its own Common Files are.

An Office of this kind sees a layer over the registry and the file system. What another program installs for it goes
into the ordinary registry and into the physical files of the layer, below ``root\VFS``. Source: spec/native.md 4.4,
and the values of Office LTSC 2024.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mapiwright.frozen import frozen
from mapiwright.workstation.files import join, same
from mapiwright.workstation.outlook.long_names import is_below, long_path
from mapiwright.workstation.registry import KeyPath, View
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.registry import RegistryReader

OFFICE = r"HKLM\SOFTWARE\Microsoft\Office"
_KEYS = (
    (Edition.OUTLOOK_2016, "ClickToRun"),
    (Edition.OUTLOOK_2016, r"16.0\ClickToRun"),  # before its release
    (Edition.OUTLOOK_2013, r"15.0\ClickToRun"),
)
PLACES = tuple(rf"{OFFICE}\{name}" for _, name in _KEYS)
"""The keys that show that there is a package."""

# The key below it, and the value that holds the folder of the package; the documents name the second as one of the
# first, where it was never seen.
_FOLDERS = (("Configuration", "InstallationPath"), ("", "InstallPath"), ("Configuration", "InstallPath"))
_SIDES_OF_LAYER = (r"REGISTRY\MACHINE\Software", r"REGISTRY\MACHINE\Software\Wow6432Node")
_CULTURE_OF_OUTLOOK = "VirtualOutlook"
_FOLDER_OF_PROGRAMS = re.compile(r"(.+)\\root\\Office\d\d", re.IGNORECASE)


@frozen
class ClickToRunPackage:
    """A Click-to-Run package, and the rule that found it.

    ``folder`` holds the folder ``root``. ``bitness`` is that of its programs, or None where it does not say;
    ``culture`` is their language such as ``en-us``, or "". ``layers`` are the two sides of its layer of the registry.
    """

    edition: Edition
    folder: str
    rule: str
    bitness: Bitness | None = None
    bitness_rule: str = ""
    culture: str = ""
    layers: tuple[KeyPath, ...] = ()

    def common_files(self, bitness: Bitness) -> str:
        """The physical folder of what a program of the package sees as its Common Files."""
        return join(self.folder, "root", "VFS", f"ProgramFilesCommon{'X86' if bitness is Bitness.X86 else 'X64'}")

    def holds(self, path: str) -> bool:
        """Whether ``path`` is one of its files or folders."""
        return is_below(path, join(self.folder, "root"))


def packages(registry: RegistryReader, files: FileReader) -> Iterator[ClickToRunPackage]:
    """The packages in the registry, the newest edition first."""
    for edition, name in _KEYS:
        for view in View:
            key = KeyPath.parse(rf"{OFFICE}\{name}", view)
            configuration = key / "Configuration"
            reported = (
                (long_path(_text(registry, key / below, value), files), below, value) for below, value in _FOLDERS
            )
            folder, rule = next(
                ((path, f"{key / below}: {value}") for path, below, value in reported if path), ("", "")
            )
            if folder:
                platform = _text(registry, configuration, "Platform").lower()
                yield ClickToRunPackage(
                    edition,
                    folder,
                    rule,
                    Bitness(platform) if platform in set(Bitness) else None,
                    f"{configuration}: Platform",
                    _text(registry, configuration, "ClientCulture"),
                    tuple(key / side for side in _SIDES_OF_LAYER),
                )


def package_of(path: str, edition: Edition, known: tuple[ClickToRunPackage, ...]) -> ClickToRunPackage | None:
    r"""The package that a folder of programs belongs to; one that is recorded nowhere else has ``root\OfficeNN``."""
    for package in known:
        if package.holds(path):
            return package
    shape = _FOLDER_OF_PROGRAMS.fullmatch(path)
    return ClickToRunPackage(edition, shape[1], r"its folder is a root\OfficeNN") if shape is not None else None


def outlook_of(
    package: ClickToRunPackage, version: str, registry: RegistryReader, files: FileReader
) -> tuple[str, str] | None:
    """The folder of the Outlook in a package, and the rule that says there is one; None where there is none."""
    programs = join(package.folder, "root", f"Office{version.partition('.')[0]}")
    for key in _virtual_keys(version):
        if _text(registry, key, _CULTURE_OF_OUTLOOK):
            return programs, f"{key}: {_CULTURE_OF_OUTLOOK} is there"
    for layer in package.layers:
        key = layer / rf"Microsoft\Office\{version}\Outlook\InstallRoot"
        if registry.subkeys(key) is not None:
            return programs, f"{key} is there"
    if any(same(name, "OUTLOOK.EXE") for name in files.names(programs)):
        return programs, f"{join(programs, 'OUTLOOK.EXE')} is there"
    return None


def cultures(package: ClickToRunPackage, version: str, registry: RegistryReader) -> Iterator[str]:
    """The languages of a package, such as ``en-us``: its own, and the one that its Outlook gives to add-ins."""
    yield package.culture
    for key in _virtual_keys(version):
        yield _text(registry, key, _CULTURE_OF_OUTLOOK)


def _virtual_keys(version: str) -> Iterator[KeyPath]:
    """[verify-whether-outlook-is-a-click-to-run-application-on-a-computer]."""
    return (KeyPath.parse(rf"{OFFICE}\{version}\Common\InstallRoot\Virtual", view) for view in View)


def _text(registry: RegistryReader, key: KeyPath, name: str) -> str:
    value = registry.value(key, name)
    return value.text if value is not None else ""
