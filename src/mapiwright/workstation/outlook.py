r"""The Outlook of a workstation: which edition, which bitness, where its MAPISVC.INF is, where profiles live.

Rules over registry and files, as tables: a layout that is not here yet becomes a new row.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.files import join, same
from mapiwright.workstation.registry import KeyPath, ValueType, View
from mapiwright.workstation.windows import expand
from mapiwright.workstation.workstation import Bitness, Edition, Outlook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.registry import RegistryReader

INF_NAME = "MAPISVC.INF"


@dataclass(frozen=True, slots=True)
class ProfileRoots:
    """Where an edition keeps profiles: two key paths below the user's root.

    ``profiles`` holds one subkey per profile; ``default`` holds the REG_SZ ``DefaultProfile``.
    """

    profiles: str
    default: str


# spec/profile-in-the-registry.md section 1, confirmed on five real hives.
_SUBSYSTEM = r"Software\Microsoft\Windows NT\CurrentVersion\Windows Messaging Subsystem\Profiles"
PROFILE_ROOTS: Mapping[Edition, ProfileRoots] = MappingProxyType(
    {
        Edition.OUTLOOK_2010: ProfileRoots(_SUBSYSTEM, _SUBSYSTEM),
        Edition.OUTLOOK_2013: ProfileRoots(
            r"Software\Microsoft\Office\15.0\Outlook\Profiles", r"Software\Microsoft\Office\15.0\Outlook"
        ),
        Edition.OUTLOOK_2016: ProfileRoots(
            r"Software\Microsoft\Office\16.0\Outlook\Profiles", r"Software\Microsoft\Office\16.0\Outlook"
        ),
    }
)
OFFICE_VERSIONS: Mapping[Edition, str] = MappingProxyType(
    {Edition.OUTLOOK_2016: "16.0", Edition.OUTLOOK_2013: "15.0", Edition.OUTLOOK_2010: "14.0"}
)
"""The version in the names of Office's keys, the newest edition first."""

_OFFICE = r"HKLM\SOFTWARE\Microsoft\Office"
_MAIL_CLIENTS = r"HKLM\SOFTWARE\Clients\Mail"
_MAIL_CLIENT = "Microsoft Outlook"
_UNIFIED_DLL = "olmapi32.dll"
"""Outlook's MAPI since 2007; it lies with the program, not with MAPISVC.INF."""


@dataclass(frozen=True, slots=True)
class _Process:
    """The machine as a process of that Outlook sees it."""

    registry: RegistryReader
    files: FileReader
    variables: Mapping[str, str]
    view: View
    system: str

    def client_text(self, name: str) -> str:
        """A value of the key of the mail client, with its variables expanded."""
        value = self.registry.value(KeyPath.parse(_MAIL_CLIENTS, self.view) / _MAIL_CLIENT, name)
        return expand(value.text, self.variables) if value is not None else ""

    def client_texts(self, name: str) -> tuple[str, ...]:
        """The strings of a REG_MULTI_SZ of the key of the mail client."""
        value = self.registry.value(KeyPath.parse(_MAIL_CLIENTS, self.view) / _MAIL_CLIENT, name)
        return value.texts if value is not None else ()

    @property
    def msmapi(self) -> str:
        """The folder that holds a folder for each language."""
        return join(self.variables.get("CommonProgramFiles", ""), "System", "MSMAPI")


def find_outlook(registry: RegistryReader, files: FileReader, environment: Mapping[str, str]) -> Outlook:
    """The newest Outlook of the machine, with the rule behind each fact; raises NotFoundError with the places.

    Source: [how-to-get-path-of-specific-version-of-mapi-for-default-mail-client]; spec/native.md 4.4.
    """
    two_sided = "ProgramFiles(x86)" in environment
    looked = []
    for edition, office in OFFICE_VERSIONS.items():
        for side in (View.NATIVE, View.X86) if two_sided else (View.NATIVE,):
            outlook = KeyPath.parse(_OFFICE, side) / office / "Outlook"
            root = registry.value(outlook / "InstallRoot", "Path")
            looked.append(f"{outlook / 'InstallRoot'}: Path")
            if root is not None and root.text:
                bitness, bitness_rule = _bitness(registry, outlook, two_sided=two_sided)
                process = _process(registry, files, environment, bitness, two_sided=two_sided)
                inf_path, inf_rule = _find_inf(process)
                return Outlook(
                    edition,
                    bitness,
                    inf_path,
                    process.view,
                    (
                        (f"Outlook {edition}", f"{outlook / 'InstallRoot'}: Path is there"),
                        (f"{bitness} process", bitness_rule),
                        (INF_NAME, inf_rule),
                    ),
                )
    raise NotFoundError(
        "no Outlook was found",
        expected=f"one of {', '.join(OFFICE_VERSIONS)}, installed by Windows Installer",
        remedy="\n  ".join(["Looked for these registry values:", *looked]),
    )


def _bitness(registry: RegistryReader, outlook: KeyPath, *, two_sided: bool) -> tuple[Bitness, str]:
    value = registry.value(outlook, "Bitness")
    if value is not None and value.text.lower() in set(Bitness):
        return Bitness(value.text.lower()), f"{outlook}: Bitness"
    if not two_sided:
        return Bitness.X86, "the Windows is a 32-bit one"
    if outlook.view is View.X86:
        return Bitness.X86, "its keys are in the 32-bit view"
    return Bitness.X64, "its keys are in the 64-bit view"


def _process(
    registry: RegistryReader,
    files: FileReader,
    environment: Mapping[str, str],
    bitness: Bitness,
    *,
    two_sided: bool,
) -> _Process:
    """A 32-bit process on a 64-bit Windows has folders and keys of its own."""
    windows = environment.get("SystemRoot", r"C:\Windows")
    if bitness is Bitness.X64 or not two_sided:
        return _Process(registry, files, environment, View.NATIVE, join(windows, "System32"))
    own = {
        name: environment[f"{name}(x86)"]
        for name in ("ProgramFiles", "CommonProgramFiles")
        if f"{name}(x86)" in environment
    }
    return _Process(registry, files, {**environment, **own}, View.X86, join(windows, "SysWOW64"))


def _find_inf(process: _Process) -> tuple[str, str]:
    """Where MAPISVC.INF is, or where it would be looked for first, and the rule that says so."""
    candidates = [(join(folder, INF_NAME), folder, rule) for rule, find in _INF_RULES for folder in find(process)]
    for path, folder, rule in candidates:
        if any(same(name, INF_NAME) for name in process.files.names(folder)):
            return path, rule
    for path, folder, rule in candidates:
        if process.files.is_folder(folder):
            return path, f"{rule}; the file is not there"
    path, _, rule = candidates[0]
    return path, f"{rule}; the folder is not there"


def _folder_of_client_dll(process: _Process) -> Iterator[str]:
    path = _long_path(process.client_text("DLLPathEx").strip('"'), process.files)
    if path and not same(path.rpartition("\\")[2], _UNIFIED_DLL):
        yield path.rpartition("\\")[0]


def _folders_of_client_languages(process: _Process) -> Iterator[str]:
    """[fgetcomponentpath]: the language of the application, then that of Office."""
    for name in ("MSIApplicationLCID", "MSIOfficeLCID"):
        key, *values = process.client_texts(name) or ("",)
        for value in values:
            found = process.registry.value(KeyPath.parse(r"HKLM\SOFTWARE", process.view) / key, value)
            if found is not None:
                lcid = str(found.number) if found.type == ValueType.DWORD else found.text
                if lcid.isdecimal():
                    yield join(process.msmapi, lcid)


def _language_folders(process: _Process) -> Iterator[str]:
    yield from (join(process.msmapi, name) for name in process.files.names(process.msmapi) if name.isdecimal())


def _folder_of_unified_dll(process: _Process) -> Iterator[str]:
    path = _long_path(process.client_text("DLLPathEx").strip('"'), process.files)
    if same(path.rpartition("\\")[2], _UNIFIED_DLL):
        yield path.rpartition("\\")[0]


def _system_folder(process: _Process) -> Iterator[str]:
    yield process.system


_INF_RULES: tuple[tuple[str, Callable[[_Process], Iterator[str]]], ...] = (
    (f"the folder of the DLL that {_MAIL_CLIENTS}\\{_MAIL_CLIENT}: DLLPathEx names", _folder_of_client_dll),
    (f"the MSMAPI folder of the language that {_MAIL_CLIENT}'s MSI...LCID values name", _folders_of_client_languages),
    ("the MSMAPI folder of a language", _language_folders),
    (f"the folder of {_UNIFIED_DLL}", _folder_of_unified_dll),
    ("the system folder", _system_folder),
)
"""The rules for MAPISVC.INF in the order in which they count; each gives the folders that it would look into."""


def _long_path(path: str, files: FileReader) -> str:
    r"""The path with its 8.3 names (``C:\PROGRA~1``) as long ones; "" where it is not an absolute path.

    A copied tree has lost its short names, so the n-th name that would shorten so is taken, as Windows numbers them
    where nothing was deleted.
    """
    drive, *names = path.split("\\")
    if len(drive) != 2 or not drive[0].isalpha() or drive[1] != ":" or not names or {"", ".", ".."} & set(names):
        return ""
    here = drive
    for name in names:
        there = files.names(here) if "~" in name else ()
        stem, _, digit = name.partition("~")
        if digit.isdecimal() and not any(same(name, known) for known in there):
            short = [
                known for known in there if upcase(known.replace(" ", "").replace(".", "")).startswith(upcase(stem))
            ]
            name = short[int(digit) - 1] if 0 < int(digit) <= len(short) else name  # noqa: PLW2901 - it is its long form
        here = join(here, name)
    return here


def edition_of_profiles(registry: RegistryReader, user: KeyPath) -> Edition | None:
    """The edition whose profiles a user has: the newest with a profile, else the newest that left its key."""
    by_promise: tuple[Callable[[ProfileRoots], bool], ...] = (
        lambda roots: bool(registry.subkeys(user / roots.profiles)),
        lambda roots: registry.subkeys(user / roots.profiles) is not None,
        lambda roots: registry.subkeys(user / roots.default) is not None,
    )
    for keeps in by_promise:
        for edition in OFFICE_VERSIONS:
            if keeps(PROFILE_ROOTS[edition]):
                return edition
    return None
