r"""How Windows and Outlook lay out a workstation: the registry and files that a new one begins with.

Data only; ``create.py`` writes it as a tree with real hives, ``MemoryWorkstation.of`` holds it in memory.
It is the same for the same arguments. The layouts are those of Outlook installed by Windows Installer.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias
from zlib import crc32

from mapiwright.errors import UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.files import fault_of_name, join
from mapiwright.workstation.outlook import OFFICE_VERSIONS
from mapiwright.workstation.redirection import X86_KEY
from mapiwright.workstation.registry import Key, KeyPath, Value
from mapiwright.workstation.windows import TEMPLATE_USER
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Rows: TypeAlias = "Iterable[tuple[str, dict[str, Value]]]"
"""Key paths, each with its values; keys between are implied."""

SOFTWARE = KeyPath("HKLM", ("SOFTWARE",))
SYSTEM = KeyPath("HKLM", ("SYSTEM",))
LCID = 1033
"""English (United States), the language of the Outlook that is laid out."""

_TAKEN_NAMES = frozenset({"ALL USERS", "DEFAULT", "DEFAULT USER", "PUBLIC"})
_MACHINE_SID = "S-1-5-21-1004336348-1177238915-682003330"
_SERVICE_ACCOUNTS = {
    "S-1-5-18": r"%systemroot%\system32\config\systemprofile",
    "S-1-5-19": r"%systemroot%\ServiceProfiles\LocalService",
    "S-1-5-20": r"%systemroot%\ServiceProfiles\NetworkService",
}
# What MAPI itself brings: spec/mapi.md 3.3 and 3.5; names, flags and ids as real profiles hold them
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
class Layout:
    r"""What a workstation holds: hives by where they stand, files and empty folders by Windows path.

    ``folders_of_users`` says in which folder the hive of each key of ``HKU`` lies.
    """

    hives: Mapping[KeyPath, Key]
    files: Mapping[str, bytes]
    folders: tuple[str, ...]
    folders_of_users: Mapping[KeyPath, str]


def layout(
    *,
    edition: Edition = Edition.OUTLOOK_2016,
    bitness: Bitness = Bitness.X64,
    users: Sequence[str] = ("anna",),
) -> Layout:
    """A 64-bit Windows with that Outlook and those users; raises UsageError for names that Windows refuses."""
    sids = _sids(users)
    common = rf"C:\Program Files{_X86[bitness]}\Common Files"
    msmapi = join(common, "System", "MSMAPI", str(LCID))
    office = rf"C:\Program Files{_X86[bitness]}\Microsoft Office\Office{OFFICE_VERSIONS[edition].partition('.')[0]}"
    homes = {KeyPath("HKU", (sid,)): join(r"C:\Users", name) for name, sid in sids.items()}
    homes[KeyPath("HKU", (TEMPLATE_USER,))] = r"C:\Users\Default"
    hives = {
        SOFTWARE: _tree([*_windows(sids), *_outlook(edition, bitness, msmapi, office)]),
        SYSTEM: _tree(_SYSTEM_ROWS),
        **{path: _tree(_user(home.rpartition("\\")[2])) for path, home in homes.items()},
    }
    folders = (
        r"C:\Windows\System32\config",
        r"C:\Windows\SysWOW64",
        r"C:\Program Files\Common Files\System",
        r"C:\Program Files (x86)\Common Files\System",
        r"C:\ProgramData",
        r"C:\Users\Public",
        office,
        *(
            join(home, below)
            for home in homes.values()
            for below in (r"AppData\Local", r"AppData\Roaming", "Documents")
        ),
    )
    inf = _SKELETON.replace("\n", "\r\n").encode("ascii")
    return Layout(
        MappingProxyType(hives),
        MappingProxyType({join(msmapi, "MAPISVC.INF"): inf}),
        folders,
        MappingProxyType(homes),
    )


_X86 = {Bitness.X86: " (x86)", Bitness.X64: ""}
_SIDE = {Bitness.X86: X86_KEY + "\\", Bitness.X64: ""}
_SYSTEM_ROWS: Rows = (
    (
        "Select",
        {
            name: Value.dword(number)
            for name, number in (("Current", 1), ("Default", 1), ("Failed", 0), ("LastKnownGood", 1))
        },
    ),
    (
        r"ControlSet001\Control\Nls\CodePage",
        {"ACP": Value.sz("1252"), "OEMCP": Value.sz("437"), "MACCP": Value.sz("10000")},
    ),
    (r"ControlSet001\Control\ComputerName\ComputerName", {"ComputerName": Value.sz("DEMO")}),
    (
        r"ControlSet001\Control\Session Manager\Environment",
        {
            "PROCESSOR_ARCHITECTURE": Value.sz("AMD64"),
            "Path": Value.expand_sz(r"%SystemRoot%\system32;%SystemRoot%"),
            "windir": Value.expand_sz("%SystemRoot%"),
        },
    ),
    (r"ControlSet001\Services", {}),
)


def _windows(sids: Mapping[str, str]) -> Rows:
    nt = r"Microsoft\Windows NT\CurrentVersion"
    yield (
        nt,
        {
            "ProductName": Value.sz("Windows 10 Pro"),
            "CurrentVersion": Value.sz("6.3"),
            "CurrentBuild": Value.sz("19045"),
            "CurrentBuildNumber": Value.sz("19045"),
            "SystemRoot": Value.sz(r"C:\Windows"),
        },
    )
    yield (
        rf"{nt}\ProfileList",
        {
            "Default": Value.expand_sz(r"%SystemDrive%\Users\Default"),
            "ProfilesDirectory": Value.expand_sz(r"%SystemDrive%\Users"),
            "ProgramData": Value.expand_sz(r"%SystemDrive%\ProgramData"),
            "Public": Value.expand_sz(r"%SystemDrive%\Users\Public"),
        },
    )
    for sid, folder in _SERVICE_ACCOUNTS.items():
        yield rf"{nt}\ProfileList\{sid}", {"ProfileImagePath": Value.expand_sz(folder)}
    for name, sid in sids.items():
        yield rf"{nt}\ProfileList\{sid}", {"ProfileImagePath": Value.expand_sz(rf"%SystemDrive%\Users\{name}")}
    for bitness in Bitness:
        current, x86 = rf"{_SIDE[bitness]}Microsoft\Windows\CurrentVersion", _X86[bitness]
        yield (
            current,
            {
                "ProgramFilesDir": Value.sz(rf"C:\Program Files{x86}"),
                "ProgramFilesDir (x86)": Value.sz(r"C:\Program Files (x86)"),
                "ProgramW6432Dir": Value.sz(r"C:\Program Files"),
                "CommonFilesDir": Value.sz(rf"C:\Program Files{x86}\Common Files"),
                "CommonFilesDir (x86)": Value.sz(r"C:\Program Files (x86)\Common Files"),
                "CommonW6432Dir": Value.sz(r"C:\Program Files\Common Files"),
            },
        )
        yield rf"{current}\SharedDLLs", {}
        yield rf"{current}\Uninstall", {}


def _outlook(edition: Edition, bitness: Bitness, msmapi: str, office: str) -> Rows:
    side, key = _SIDE[bitness], rf"Microsoft\Office\{OFFICE_VERSIONS[edition]}"
    yield rf"{side}{key}\Outlook", {"Bitness": Value.sz(bitness)}
    yield rf"{side}{key}\Outlook\InstallRoot", {"Path": Value.sz(office + "\\")}
    yield rf"{side}{key}\Common\InstallRoot", {"Path": Value.sz(office + "\\")}
    yield (
        rf"{side}{key}\Common\LanguageResources",
        {"SKULanguage": Value.dword(LCID), "UILanguage": Value.dword(LCID)},
    )
    yield (
        rf"{side}Microsoft\Windows Messaging Subsystem",
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
    yield r"Clients\Mail", {"": Value.sz("Microsoft Outlook")}
    yield (
        r"Clients\Mail\Microsoft Outlook",
        {
            "": Value.sz("Microsoft Outlook"),
            "DLLPath": Value.sz("mapi32.dll"),
            "DLLPathEx": Value.expand_sz(join(msmapi, "MSMAPI32.DLL")),
            "MSIComponentID": Value.sz("{FF1D0740-D227-11D1-A4B0-006008AF820E}"),
            "MSIApplicationLCID": Value.multi_sz([rf"{key}\Common\LanguageResources", "UILanguage"]),
            "MSIOfficeLCID": Value.multi_sz([rf"{key}\Common\LanguageResources", "UILanguage", "SKULanguage"]),
        },
    )


def _user(name: str) -> Rows:
    yield "Environment", {"TEMP": Value.expand_sz(r"%USERPROFILE%\AppData\Local\Temp")}
    yield r"Software\Microsoft\Windows NT\CurrentVersion", {}
    yield r"Software\Microsoft\Windows\CurrentVersion", {}
    if name != TEMPLATE_USER:  # from whom nobody logs on
        yield r"Software\Microsoft\Windows\CurrentVersion\Explorer", {"Logon User Name": Value.sz(name)}


def _sids(users: Iterable[str]) -> dict[str, str]:
    """A SID for each name, the same whenever and wherever it is asked for."""
    sids: dict[str, str] = {}
    seen = set(_TAKEN_NAMES)
    for name in users:
        fault = fault_of_name(name)
        if upcase(name) in seen:
            fault = "the name is taken"
        if fault:
            raise UsageError(
                f"{name!r} cannot be a user's folder: {fault}", expected="names that differ, as Windows allows them"
            )
        seen.add(upcase(name))
        number = 1001 + crc32(upcase(name).encode("utf-16-le", "surrogatepass")) % 1_000_000
        while (sid := f"{_MACHINE_SID}-{number}") in sids.values():
            number += 1
        sids[name] = sid
    return sids


def _tree(rows: Rows) -> Key:
    """The keys of ``rows`` as one snapshot."""
    values: dict[str, Value] = {}
    below: dict[str, list[tuple[str, dict[str, Value]]]] = {}
    for path, held in rows:
        name, _, rest = path.partition("\\")
        if name:
            below.setdefault(name, []).append((rest, held))
        else:
            values.update(held)
    return Key(MappingProxyType(values), MappingProxyType({name: _tree(under) for name, under in below.items()}))
