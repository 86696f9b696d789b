r"""Where an Outlook's process finds a DLL, and whether it could load it: all from names and headers, none is loaded.

MAPI puts ``32`` into the name ([registering-services-and-service-providers-in-mapisvc-inf]); Windows then looks into
the folder of OUTLOOK.EXE, the system folder, the Windows folder and those of PATH, and MAPI in that of MAPISVC.INF.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError, FormatError, UsageError
from mapiwright.formats import pe
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.check_dll import file_of_dll
from mapiwright.workstation.files import join, parent, same
from mapiwright.workstation.outlook.windows import architecture, expand
from mapiwright.workstation.registry import KeyPath, View
from mapiwright.workstation.workstation import Bitness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.workstation.workstation import Outlook, User, Workstation

PROGRAM = "OUTLOOK.EXE"

OUTLOOKS_OWN = frozenset(
    {"CONTAB.DLL", "MSPST.DLL", "EMSMDB.DLL", "EMSABP.DLL", "EMABLT.DLL", "OMSXP.DLL", "OMSMAIN.DLL"}
)
"""DLLs of services that come with Outlook, as profiles name them ([profile-in-the-registry] 7.2): a MAPISVC.INF may
lack them, and Outlook loads them all the same."""

LOADS: Mapping[Bitness, frozenset[str]] = MappingProxyType(
    {
        Bitness.X86: frozenset({"x86"}),
        Bitness.X64: frozenset({"x64"}),
        Bitness.ARM64: frozenset({"ARM64", "ARM64X"}),
    }
)
"""The kinds of DLL that a process loads ([native] 3). The process counts, not what Windows runs on."""
LOADS_ON_ARM64 = frozenset({"x64", "ARM64EC", "ARM64X"})
"""And an x64 process on an ARM64 Windows, which is emulated or ARM64EC."""

_ENVIRONMENT = KeyPath.parse(r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment")
_APP_PATH = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths"


def is_outlooks_own(dll: str) -> bool:
    """Whether a DLL, as an INF or a profile names it, comes with Outlook."""
    return upcase(dll.replace("/", "\\").rpartition("\\")[2]) in OUTLOOKS_OWN


@dataclass(frozen=True, slots=True)
class FoundLibrary:
    """A DLL that was looked for: where it is ("" where it is nowhere), and its headers or what is wrong with them.

    ``known`` is False where that cannot be checked: on a network, or on a drive that this workstation does not have.
    """

    path: str
    image: pe.PeFile | None = None
    fault: str = ""
    known: bool = True


class Loader:
    """What the process of an Outlook finds; each file is read once.

    ``known`` says whether the workstation has files at all: a bare hive has none, so nothing can be found.
    ``has_program`` says whether OUTLOOK.EXE is there; where it is not, Outlook's own DLLs are not either.
    """

    def __init__(self, workstation: Workstation, outlook: Outlook, users: Sequence[User] = ()) -> None:
        """``users`` are those whose PATH counts, too."""
        self._workstation = workstation
        self._users = users
        self._outlook = outlook
        self._libraries: dict[str, FoundLibrary] = {}
        self._windows = workstation.environment.get("SystemRoot", r"C:\Windows")
        self.known = workstation.files.is_folder(join(self._windows, "System32"))
        self.folders = tuple(dict.fromkeys(self._as_seen(folder) for folder in self._folders()))
        """The folders that are looked into for a bare name, in order."""
        self.has_program = any(self._there(join(folder, PROGRAM)) for folder in self._program_folders())

    def library(self, name: str) -> FoundLibrary:
        """The DLL of that name or path, as an INF or a profile writes it."""
        file = file_of_dll(name).replace("/", "\\")
        place = upcase(file)
        if place not in self._libraries:
            self._libraries[place] = self._look(file)
        return self._libraries[place]

    def misfit(self, image: pe.PeFile) -> str:
        """Why the process does not load a DLL, for the machine that it is made for, or ""."""
        bitness = self._outlook.bitness
        on_arm64 = bitness is Bitness.X64 and architecture(self._workstation.registry) is Bitness.ARM64
        if image.kind in (LOADS_ON_ARM64 if on_arm64 else LOADS[bitness]):
            return ""
        on = " on an ARM64 Windows" if on_arm64 else ""
        return f"it is made for {image.kind}, and Outlook is {bitness}{on}"

    def _look(self, file: str) -> FoundLibrary:
        bare = "\\" not in file
        if file.startswith("\\\\") or (file[1:3] == ":\\" and not self._workstation.files.is_folder(file[:2])):
            return FoundLibrary("", known=False)
        for path in [join(folder, file) for folder in self.folders] if bare else [self._as_seen(file)]:
            try:
                data = self._workstation.files.read(path) if self._there(path) else None
            except (ConflictError, UsageError):  # a folder of that name; no absolute path
                continue
            if data is not None:
                try:
                    return FoundLibrary(path, pe.read(data))
                except FormatError as error:
                    return FoundLibrary(path, fault=str(error))
        return FoundLibrary("")

    def _there(self, path: str) -> bool:
        """Whether its folder has that name; a large file is not read for that."""
        name = path.rpartition("\\")[2]
        try:
            return any(same(name, there) for there in self._workstation.files.names(parent(path)))
        except UsageError:
            return False

    def _as_seen(self, path: str) -> str:
        """The path that a 32-bit process on a 64-bit Windows really opens: its System32 is SysWOW64."""
        system = join(self._windows, "System32")
        if self._outlook.view is View.X86 and upcase(f"{path}\\").startswith(upcase(f"{system}\\")):
            return join(self._windows, "SysWOW64", path[len(system) :]).rstrip("\\")
        return path.rstrip("\\")

    def _folders(self) -> Iterator[str]:
        yield from self._program_folders()
        yield join(self._windows, "System32")
        yield parent(self._outlook.inf_path)
        yield self._windows
        yield from self._search_path()

    def _program_folders(self) -> Iterator[str]:
        if self._outlook.root:
            yield self._outlook.root.rstrip("\\")
        for view in View:
            value = self._workstation.registry.value(KeyPath.parse(_APP_PATH, view) / PROGRAM, "Path")
            if value is not None and value.text:
                yield expand(value.text.strip('"'), self._workstation.environment).rstrip("\\")

    def _search_path(self) -> Iterator[str]:
        """The folders of PATH: the machine's, and each user's."""
        paths = [self._workstation.registry.value(_ENVIRONMENT, "Path")]
        for user in self._users:
            with suppress(FormatError):  # a damaged hive is a finding of its user, and keeps nothing from the others
                paths.append(self._workstation.registry.value(user.root / "Environment", "Path"))
        for value in paths:
            for part in value.text.split(";") if value is not None else ():
                folder = expand(part.strip().strip('"'), self._workstation.environment)
                if folder[1:3] == ":\\":
                    yield folder


def missing_export(image: pe.PeFile, name: str) -> str:
    """Why MAPI would not find an entry point, or ""."""
    if image.exported(name):
        return ""
    decorated = image.decorated(name)
    return f"it exports {decorated}, and MAPI asks for {name}" if decorated else f"it does not export {name}"
