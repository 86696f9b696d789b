r"""How Windows and Outlook lay out a workstation: the registry and files that a new one begins with.

Data only; ``create.py`` writes it as a tree with real hives, ``MemoryWorkstation.of`` holds it in memory.
It is the same for the same arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING
from zlib import crc32

from mapiwright.errors import UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.files import fault_of_name, join
from mapiwright.workstation.mounts.redirection import X86_KEY
from mapiwright.workstation.outlook.office_layout import OfficePlace, OutlookInstallation
from mapiwright.workstation.outlook.windows import TEMPLATE_USER
from mapiwright.workstation.registry import Key, KeyPath, Value
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mapiwright.workstation.outlook.office_layout import Rows

SOFTWARE = KeyPath("HKLM", ("SOFTWARE",))
SYSTEM = KeyPath("HKLM", ("SYSTEM",))
_TAKEN_NAMES = frozenset({"ALL USERS", "DEFAULT", "DEFAULT USER", "PUBLIC"})
_MACHINE_SID = "S-1-5-21-1004336348-1177238915-682003330"
_SERVICE_ACCOUNTS = {
    "S-1-5-18": r"%systemroot%\system32\config\systemprofile",
    "S-1-5-19": r"%systemroot%\ServiceProfiles\LocalService",
    "S-1-5-20": r"%systemroot%\ServiceProfiles\NetworkService",
}


@dataclass(frozen=True, slots=True)
class Layout:
    r"""What a workstation holds: hives by where they are mounted, files and empty folders by Windows path.

    ``folders_of_users`` gives the folder of the hive for each key of ``HKU``.
    """

    hives: Mapping[KeyPath, Key]
    files: Mapping[str, bytes]
    folders: tuple[str, ...]
    folders_of_users: Mapping[KeyPath, str]


def layout(
    *,
    edition: Edition = Edition.OUTLOOK_2016,
    bitness: Bitness | None = None,
    outlooks: Sequence[OutlookInstallation] = (),
    windows: Bitness | None = None,
    users: Sequence[str] = ("anna",),
) -> Layout:
    """A Windows with those Outlooks and those users.

    The first of ``outlooks`` is Windows' mail client. Where they are left out there is one, as ``edition`` and
    ``bitness`` usually come. ``windows`` is what the Windows is made for: x64, or ARM64 where an Outlook needs it.
    Raises UsageError for what there is not in the world, and for names that Windows refuses.
    """
    sids = _sids(users)
    outlooks = outlooks or [OutlookInstallation.usual(edition, bitness)]
    machine = _machine(outlooks, windows)
    offices = [OfficePlace(outlook, machine) for outlook in outlooks]
    homes = {KeyPath("HKU", (sid,)): join(r"C:\Users", name) for name, sid in sids.items()}
    homes[KeyPath("HKU", (TEMPLATE_USER,))] = r"C:\Users\Default"
    software = [*_windows(sids, machine), *chain.from_iterable(office.rows() for office in offices)]
    hives = {
        SOFTWARE: _tree([*software, *offices[0].client_rows()]),
        SYSTEM: _tree([*_SYSTEM_ROWS, *_variables(machine)]),
        **{path: _tree(_user(home.rpartition("\\")[2])) for path, home in homes.items()},
    }
    folders = (
        r"C:\Windows\System32\config",
        *(join(programs, r"Common Files\System") for programs in _sides(machine).values()),
        *([] if machine is Bitness.X86 else [r"C:\Windows\SysWOW64"]),
        r"C:\ProgramData",
        r"C:\Users\Public",
        *chain.from_iterable(office.folders for office in offices),
        *(
            join(home, below)
            for home in homes.values()
            for below in (r"AppData\Local", r"AppData\Roaming", "Documents")
        ),
    )
    files = {path: data for office in offices for path, data in office.files.items()}
    return Layout(MappingProxyType(hives), MappingProxyType(files), folders, MappingProxyType(homes))


def _machine(outlooks: Sequence[OutlookInstallation], windows: Bitness | None) -> Bitness:
    """The machine of a Windows on which all of them run."""
    wanted = {outlook.bitness for outlook in outlooks}
    if len({outlook.edition for outlook in outlooks}) < len(outlooks):
        raise UsageError("an edition is there twice", expected="Outlooks of different editions side by side")
    if windows is None:
        return Bitness.ARM64 if Bitness.ARM64 in wanted else Bitness.X64
    fitting = {
        Bitness.X86: {Bitness.X86},
        Bitness.X64: {Bitness.X86, Bitness.X64},
        Bitness.ARM64: set(Bitness),
    }[windows]
    if wanted - fitting:
        raise UsageError(
            f"an Outlook for {', '.join(sorted(wanted - fitting))} does not run on a Windows for {windows}",
            expected=f"Outlooks for {', '.join(sorted(fitting))}",
        )
    return windows


def _sides(machine: Bitness) -> dict[str, str]:
    """The folder of programs of each side of the registry, by what its keys begin with."""
    if machine is Bitness.X86:
        return {"": r"C:\Program Files"}
    return {X86_KEY + "\\": r"C:\Program Files (x86)", "": r"C:\Program Files"}


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
    (r"ControlSet001\Services", {}),
)


def _variables(machine: Bitness) -> Rows:
    architecture = {Bitness.X86: "x86", Bitness.X64: "AMD64", Bitness.ARM64: "ARM64"}[machine]
    yield (
        r"ControlSet001\Control\Session Manager\Environment",
        {
            "PROCESSOR_ARCHITECTURE": Value.sz(architecture),
            "Path": Value.expand_sz(r"%SystemRoot%\system32;%SystemRoot%"),
            "windir": Value.expand_sz("%SystemRoot%"),
        },
    )


def _windows(sids: Mapping[str, str], machine: Bitness) -> Rows:
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
    for side, programs in _sides(machine).items():
        current = rf"{side}Microsoft\Windows\CurrentVersion"
        folders = {"ProgramFilesDir": programs, "CommonFilesDir": join(programs, "Common Files")}
        if machine is not Bitness.X86:
            folders |= {
                "ProgramFilesDir (x86)": r"C:\Program Files (x86)",
                "ProgramW6432Dir": r"C:\Program Files",
                "CommonFilesDir (x86)": r"C:\Program Files (x86)\Common Files",
                "CommonW6432Dir": r"C:\Program Files\Common Files",
            }
        yield current, {name: Value.sz(folder) for name, folder in folders.items()}
        yield rf"{current}\SharedDLLs", {}
        yield rf"{current}\Uninstall", {}


def _user(name: str) -> Rows:
    yield "Environment", {"TEMP": Value.expand_sz(r"%USERPROFILE%\AppData\Local\Temp")}
    yield r"Software\Microsoft\Windows NT\CurrentVersion", {}
    yield r"Software\Microsoft\Windows\CurrentVersion", {}
    if name != TEMPLATE_USER:  # nobody logs on as that one
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
