r"""The Offices of a workstation that have an Outlook: rules over registry and files, as tables.

An Outlook is found by the ``InstallRoot`` of its version, in the view of the machine or of 32-bit programs, or by the
Click-to-Run package that it came in. A layout that is not here yet becomes a new row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.frozen import frozen
from mapiwright.workstation.files import join
from mapiwright.workstation.mounts.redirection import two_sided
from mapiwright.workstation.outlook import click_to_run
from mapiwright.workstation.outlook.click_to_run import OFFICE, ClickToRunPackage
from mapiwright.workstation.outlook.long_names import is_below, long_path
from mapiwright.workstation.outlook.outlook import OFFICE_VERSIONS, ONLY_X86
from mapiwright.workstation.registry import KeyPath, ValueType, View
from mapiwright.workstation.workstation import Bitness, Edition, Install

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.registry import RegistryReader

_STORE_FOLDER = "WindowsApps"
_STORE_PACKAGE = "MICROSOFT.OFFICE.DESKTOP"
_LANGUAGES = ("UILanguage", "SKULanguage", "InstallLanguage")


@frozen
class Office:
    """An Outlook, before its MAPISVC.INF is looked for.

    ``root`` is the folder of OUTLOOK.EXE; ``variables`` and ``view`` are those of its processes; ``common`` is the
    physical folder of what they see as Common Files. ``lcids`` are the languages that its own keys name.
    """

    edition: Edition
    install: Install
    bitness: Bitness
    view: View
    root: str
    common: str
    package: ClickToRunPackage | None
    variables: Mapping[str, str]
    lcids: tuple[int, ...]
    rules: tuple[tuple[str, str], ...]

    @property
    def msmapi(self) -> str:
        """The folder that holds a folder for each language."""
        return join(self.common, "System", "MSMAPI")

    @property
    def system(self) -> str:
        """The folder that its processes see as System32."""
        return join(self.variables["SystemRoot"], "SysWOW64" if self.view is View.X86 else "System32")

    def holds(self, path: str) -> bool:
        """Whether ``path`` is in one of its own folders."""
        of_package = self.package is not None and self.package.holds(path)
        return of_package or is_below(path, self.root) or is_below(path, self.msmapi)

    def physical(self, path: str) -> str:
        """Where a path that Outlook is given leads to: Click-to-Run has Common Files of its own."""
        seen = self.variables["CommonProgramFiles"]
        return join(self.common, path[len(seen) :]) if is_below(path, seen) and path != seen else path


@frozen
class Survey:
    """What Outlooks there are, the newest first; the folders of those of the Store; and the places looked at."""

    offices: tuple[Office, ...]
    of_store: tuple[str, ...]
    looked: tuple[str, ...]


@frozen
class _Trace:
    """A sign of an Outlook: its folder, the rule that led there, and the key Outlook of its version."""

    edition: Edition
    root: str
    rule: str
    key: KeyPath
    package: ClickToRunPackage | None


def survey(registry: RegistryReader, files: FileReader, environment: Mapping[str, str]) -> Survey:
    """Look for every Outlook that was installed; one of the Store is listed apart, as nothing can be added to it."""
    is_64_bit = two_sided(registry)
    offices: dict[str, Office] = {}
    of_store: dict[str, str] = {}
    for trace in _traces(registry, files, is_64_bit=is_64_bit):
        place = upcase(trace.root)
        if f"\\{upcase(_STORE_FOLDER)}\\" in place:
            of_store.setdefault(place, trace.root)
        elif place not in offices:
            offices[place] = _office(trace, registry, files, environment, is_64_bit=is_64_bit)
    if not offices and not of_store:
        of_store = _store_folders(files, environment)
    looked = [f"{key / 'InstallRoot'}: Path" for _, key in _keys_of_outlook(is_64_bit=is_64_bit)]
    looked += [f"{place}: a Click-to-Run package" for place in click_to_run.PLACES]
    return Survey(tuple(offices.values()), tuple(of_store.values()), tuple(looked))


def _keys_of_outlook(*, is_64_bit: bool) -> Iterator[tuple[Edition, KeyPath]]:
    """Where an Outlook has its key, the view of the machine first."""
    for edition, version in OFFICE_VERSIONS.items():
        for view in View if is_64_bit else (View.NATIVE,):
            yield edition, KeyPath.parse(rf"{OFFICE}\{version}\Outlook", view)


def _traces(registry: RegistryReader, files: FileReader, *, is_64_bit: bool) -> list[_Trace]:
    """The signs of Outlooks, the newest edition first; of one edition, its own key before its package."""
    packages = tuple(click_to_run.packages(registry, files))
    found = []
    for edition, key in _keys_of_outlook(is_64_bit=is_64_bit):
        value = registry.value(key / "InstallRoot", "Path")
        root = long_path(value.text, files) if value is not None else ""
        if root:
            package = click_to_run.package_of(root, edition, packages)
            found.append(_Trace(edition, root, f"{key / 'InstallRoot'}: Path is there", key, package))
    for package in packages:
        version = OFFICE_VERSIONS[package.edition]
        reported = click_to_run.outlook_of(package, version, registry, files)
        if reported is not None:
            found.append(_Trace(package.edition, *reported, KeyPath.parse(rf"{OFFICE}\{version}\Outlook"), package))
    return sorted(found, key=lambda trace: trace.edition, reverse=True)


def _office(
    trace: _Trace,
    registry: RegistryReader,
    files: FileReader,
    environment: Mapping[str, str],
    *,
    is_64_bit: bool,
) -> Office:
    edition, package = trace.edition, trace.package
    bitness, bitness_rule = _bitness(trace, registry, is_64_bit=is_64_bit)
    view = View.X86 if is_64_bit and bitness is Bitness.X86 else View.NATIVE
    variables = _variables(environment, files, view)
    install = Install.CLICK_TO_RUN if package is not None else Install.MSI
    rules = (
        (f"Outlook {edition}", trace.rule),
        (install.installer, package.rule if package is not None else "no Click-to-Run package holds its folder"),
        (f"{bitness} process", bitness_rule),
    )
    common = package.common_files(bitness) if package is not None else variables["CommonProgramFiles"]
    lcids = _languages(edition, package, registry, view)
    return Office(edition, install, bitness, view, trace.root, common, package, variables, lcids, rules)


def _bitness(trace: _Trace, registry: RegistryReader, *, is_64_bit: bool) -> tuple[Bitness, str]:
    """What kind of process it is: what it says, else what else it could be."""
    value = registry.value(trace.key, "Bitness")
    said = value.text.lower() if value is not None else ""
    if trace.package is not None and trace.package.bitness is not None:
        return trace.package.bitness, trace.package.bitness_rule
    if said in set(Bitness):
        return Bitness(said), f"{trace.key}: Bitness"
    if not is_64_bit:
        return Bitness.X86, "the Windows is a 32-bit one"
    if trace.edition in ONLY_X86:
        return Bitness.X86, "there is no other of this edition"
    if trace.key.view is View.X86:
        return Bitness.X86, "its keys are in the 32-bit view"
    return Bitness.X64, "its keys are in the 64-bit view"


def _variables(environment: Mapping[str, str], files: FileReader, view: View) -> dict[str, str]:
    """The variables of its processes; one that the registry has lost is as Windows sets it of itself."""
    drive = environment.get("SystemDrive", "C:")
    side, usual = ("(x86)", "Program Files (x86)") if view is View.X86 else ("", "Program Files")
    programs = long_path(environment.get(f"ProgramFiles{side}", ""), files) or join(drive, usual)
    common = long_path(environment.get(f"CommonProgramFiles{side}", ""), files) or join(programs, "Common Files")
    system = long_path(environment.get("SystemRoot", ""), files) or join(drive, "Windows")
    return {**environment, "SystemRoot": system, "ProgramFiles": programs, "CommonProgramFiles": common}


def _languages(
    edition: Edition, package: ClickToRunPackage | None, registry: RegistryReader, view: View
) -> tuple[int, ...]:
    """The LCIDs that the keys of an Office name, each once."""
    version = OFFICE_VERSIONS[edition]
    key = KeyPath.parse(rf"{OFFICE}\{version}\Common\LanguageResources", view)
    found = [lcid_of(registry, key, name) for name in _LANGUAGES]
    if package is not None:
        from mapiwright.workstation.outlook.languages import lcid_of_tag  # noqa: PLC0415 - a table that few need

        found += map(lcid_of_tag, click_to_run.cultures(package, version, registry))
    return tuple(dict.fromkeys(lcid for lcid in found if lcid is not None))


def lcid_of(registry: RegistryReader, key: KeyPath, name: str) -> int | None:
    """The LCID in a value, a number or decimal digits; None where it holds none."""
    value = registry.value(key, name)
    if value is None:
        return None
    text = str(value.number) if value.type == ValueType.DWORD else value.text
    return int(text) if re.fullmatch("[1-9][0-9]{0,4}", text) else None


def _store_folders(files: FileReader, environment: Mapping[str, str]) -> dict[str, str]:
    """The packages of an Office from the Store, which keeps its keys to itself."""
    folder = join(_variables(environment, files, View.NATIVE)["ProgramFiles"], _STORE_FOLDER)
    return {name: join(folder, name) for name in files.names(folder) if upcase(name).startswith(_STORE_PACKAGE)}
