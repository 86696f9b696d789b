r"""The layout of an Outlook on a workstation: its registry keys and folders, and the MAPISVC.INF that it begins with.

Data only, for ``layout.py``. Facts: spec/native.md 4.4; what Click-to-Run writes, as Office LTSC 2024 has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.errors import UsageError
from mapiwright.workstation.files import join
from mapiwright.workstation.mounts.redirection import X86_KEY
from mapiwright.workstation.outlook.languages import tag_of_lcid
from mapiwright.workstation.outlook.outlook import INF_NAME, OFFICE_VERSIONS, ONLY_X86
from mapiwright.workstation.registry import Value
from mapiwright.workstation.workstation import Bitness, Edition, Install

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Rows: TypeAlias = "Iterable[tuple[str, dict[str, Value]]]"
"""Key paths, each with its values; keys between are implied."""

ENGLISH = 1033
"""English (United States)."""

BITNESS_IS_KNOWN = frozenset({Edition.OUTLOOK_2010, Edition.OUTLOOK_2013, Edition.OUTLOOK_2016})
"""The editions whose Outlook key has a value ``Bitness``."""

# What MAPI itself contains: spec/mapi.md 3.3 and 3.5; names, flags and ids as real profiles hold them
# (spec/profile-in-the-registry.md 7.2, 7.3).
_SKELETON = """\
; MAPISVC.INF: the message services of this workstation

[Services]
CONTAB=Outlook Address Book
MSUPST MS=Outlook Data File

[Default Services]

[Help File Mappings]
MAPI=mapi.hlp

[CONTAB]
PR_DISPLAY_NAME=Outlook Address Book
Providers=CONTAB Provider
PR_SERVICE_DLL_NAME=contab.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_SERVICE_SUPPORT_FILES=contab.dll
PR_SERVICE_INSTALL_ID={6485D266-C2AC-11D1-AD3E-10A0C911C9C0}
PR_RESOURCE_FLAGS=SERVICE_SINGLE_COPY|SERVICE_NO_PRIMARY_IDENTITY

[CONTAB Provider]
PR_DISPLAY_NAME=Outlook Address Book
PR_PROVIDER_DISPLAY=Outlook Address Book
PR_PROVIDER_DLL_NAME=contab.dll
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER

[MSUPST MS]
PR_DISPLAY_NAME=Outlook Data File
Providers=MSUPST Provider
PR_SERVICE_DLL_NAME=mspst.dll
PR_SERVICE_ENTRY_NAME=PSTServiceEntry
PR_SERVICE_SUPPORT_FILES=mspst.dll
PR_SERVICE_INSTALL_ID={6485D262-C2AC-11D1-AD3E-10A0C911C9C0}
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY

[MSUPST Provider]
PR_DISPLAY_NAME=Outlook Data File
PR_PROVIDER_DISPLAY=Outlook Data File
PR_PROVIDER_DLL_NAME=mspst.dll
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_RESOURCE_FLAGS=STATUS_DEFAULT_STORE
34140102=4e495441f9bfb80100aa0037d96e0000
"""


@dataclass(frozen=True, slots=True)
class OutlookInstallation:
    """An Outlook to lay out, as Microsoft ships it.

    ``languages`` are LCIDs, its own first; without ``inf`` it has the folders of MAPISVC.INF and no such file, as
    Outlook 2007 and later may come. Raises UsageError for an Outlook that does not exist.
    """

    edition: Edition = Edition.OUTLOOK_2016
    bitness: Bitness = Bitness.X64
    install: Install = Install.MSI
    languages: tuple[int, ...] = (ENGLISH,)
    inf: bool = True

    def __post_init__(self) -> None:
        fault = _fault(self.edition, self.bitness, self.install)
        if fault:
            raise UsageError(f"there is no such Outlook: {fault}", where=str(self))
        if not self.languages or not all(0 < lcid <= 0xFFFF for lcid in self.languages):
            raise UsageError(f"the languages are {self.languages}", where=str(self), expected="LCIDs such as 1033")

    @classmethod
    def usual(
        cls,
        edition: Edition,
        bitness: Bitness | None = None,
        install: Install | None = None,
        languages: tuple[int, ...] = (ENGLISH,),
        *,
        inf: bool = True,
    ) -> OutlookInstallation:
        """That Outlook; what is left out is as it usually comes: for x64 if there is one, by Windows Installer."""
        if bitness is None:
            bitness = Bitness.X86 if edition in ONLY_X86 else Bitness.X64
        if install is None:
            install = Install.CLICK_TO_RUN if bitness is Bitness.ARM64 else Install.MSI
        return cls(edition, bitness, install, languages, inf)

    def __str__(self) -> str:
        return f"{self.edition}/{self.bitness}/{self.install}"


def _fault(edition: Edition, bitness: Bitness, install: Install) -> str:
    """Why Microsoft has never shipped such an Outlook, or ""."""
    if edition in ONLY_X86 and bitness is not Bitness.X86:
        return f"Outlook {edition} is for x86 only"
    if install is Install.CLICK_TO_RUN and edition not in {Edition.OUTLOOK_2013, Edition.OUTLOOK_2016}:
        return f"Outlook {edition} does not come by Click-to-Run"
    if bitness is Bitness.ARM64 and (edition, install) != (Edition.OUTLOOK_2016, Install.CLICK_TO_RUN):
        return "for ARM64 it is Outlook 2016 by Click-to-Run only"
    return ""


EVERY_INSTALLATION = tuple(
    OutlookInstallation(*kind) for kind in product(Edition, Bitness, Install) if not _fault(*kind)
)
"""Every kind of Outlook that can be laid out, in English and with its MAPISVC.INF."""


@dataclass(frozen=True, slots=True)
class OfficePlace:
    """Where an Outlook is on a Windows for ``windows`` machines."""

    outlook: OutlookInstallation
    windows: Bitness

    @property
    def _is_beside(self) -> bool:
        """Whether it is a 32-bit program on a 64-bit Windows."""
        return self.outlook.bitness is Bitness.X86 and self.windows is not Bitness.X86

    @property
    def _side(self) -> str:
        return X86_KEY + "\\" if self._is_beside else ""

    @property
    def _version(self) -> str:
        return OFFICE_VERSIONS[self.outlook.edition]

    @property
    def _is_package(self) -> bool:
        return self.outlook.install is Install.CLICK_TO_RUN

    @property
    def _programs(self) -> str:
        return r"C:\Program Files (x86)" if self._is_beside else r"C:\Program Files"

    @property
    def _package(self) -> str:
        if self.outlook.edition is Edition.OUTLOOK_2013:
            return r"C:\Program Files\Microsoft Office 15"
        return join(self._programs, "Microsoft Office")

    @property
    def root(self) -> str:
        """The folder of OUTLOOK.EXE."""
        above = join(self._package, "root") if self._is_package else join(self._programs, "Microsoft Office")
        return join(above, f"Office{self._version.partition('.')[0]}")

    @property
    def _msmapi(self) -> str:
        common = join(self._programs, "Common Files")
        if self._is_package:
            kind = "X86" if self.outlook.bitness is Bitness.X86 else "X64"
            common = join(self._package, "root", "VFS", f"ProgramFilesCommon{kind}")
        return join(common, "SYSTEM" if self._is_package else "System", "MSMAPI")

    @property
    def folders(self) -> tuple[str, ...]:
        """Its folders, also the empty ones."""
        return self.root, *(join(self._msmapi, str(lcid)) for lcid in self.outlook.languages)

    @property
    def files(self) -> Mapping[str, bytes]:
        """Its MAPISVC.INF, one for each language."""
        inf = _SKELETON.replace("\n", "\r\n").encode("ascii")
        languages = self.outlook.languages if self.outlook.inf else ()
        return {join(self._msmapi, str(lcid), INF_NAME): inf for lcid in languages}

    def rows(self) -> Rows:
        r"""What it writes below HKLM\SOFTWARE."""
        key = rf"{self._side}Microsoft\Office\{self._version}"
        reported = {"Bitness": Value.sz(self.outlook.bitness)} if self.outlook.edition in BITNESS_IS_KNOWN else {}
        language = Value.dword(self.outlook.languages[0])
        yield rf"{key}\Outlook", reported
        yield rf"{key}\Outlook\InstallRoot", {"Path": Value.sz(self.root + "\\")}
        yield rf"{key}\Common\InstallRoot", {"Path": Value.sz(self.root + "\\")}
        yield rf"{key}\Common\LanguageResources", {"SKULanguage": language, "UILanguage": language}
        yield (
            rf"{self._side}Microsoft\Windows Messaging Subsystem",
            {
                "MAPI": Value.sz("1"),
                "MAPIX": Value.sz("1"),
                "MAPIXVER": Value.sz("1.0.0.1"),
                "CMC": Value.sz("1"),
                "CMCDLLNAME": Value.sz("mapi.dll"),
                "CMCDLLNAME32": Value.sz("mapi32.dll"),
                "OLEMessaging": Value.sz("1"),
            },
        )
        if self._is_package:
            yield from self._package_rows(key)

    def _package_rows(self, key: str) -> Rows:
        is_2013 = self.outlook.edition is Edition.OUTLOOK_2013
        package = r"Microsoft\Office\15.0\ClickToRun" if is_2013 else r"Microsoft\Office\ClickToRun"
        culture = tag_of_lcid(self.outlook.languages[0])
        yield package, {"InstallPath": Value.sz(self._package), "PackageFolder": Value.sz(self._package)}
        yield (
            rf"{package}\Configuration",
            {
                "InstallationPath": Value.sz(self._package),
                "Platform": Value.sz(self.outlook.bitness),
                "ClientCulture": Value.sz(culture),
            },
        )
        yield rf"{package}\REGISTRY\MACHINE\Software\{key}\Outlook\InstallRoot", {"Path": Value.sz(self.root + "\\")}
        if is_2013:
            yield rf"{key}\Common\InstallRoot\Virtual", {"VirtualOutlook": Value.sz(culture)}

    def client_rows(self) -> Rows:
        """What the Outlook writes that is Windows' mail client."""
        key = rf"Microsoft\Office\{self._version}\Common\LanguageResources"
        dll = join(self._msmapi, str(self.outlook.languages[0]), "MSMAPI32.DLL")
        yield r"Clients\Mail", {"": Value.sz("Microsoft Outlook")}
        yield (
            r"Clients\Mail\Microsoft Outlook",
            {
                "": Value.sz("Microsoft Outlook"),
                "DLLPath": Value.sz("mapi32.dll"),
                "DLLPathEx": Value.expand_sz(dll),
                "MSIComponentID": Value.sz(_COMPONENTS[self.outlook.install]),
                "MSIApplicationLCID": Value.multi_sz([key, "UILanguage"]),
                "MSIOfficeLCID": Value.multi_sz([key, "UILanguage", "SKULanguage"]),
            },
        )
        yield (
            r"Microsoft\Windows\CurrentVersion\App Paths\OUTLOOK.EXE",
            {"": Value.sz(join(self.root, "OUTLOOK.EXE")), "Path": Value.sz(self.root + "\\")},
        )


_COMPONENTS = {
    Install.MSI: "{FF1D0740-D227-11D1-A4B0-006008AF820E}",
    Install.CLICK_TO_RUN: "{6DB1921F-8B40-4406-A18B-E906DBEEF0C9}",
}
