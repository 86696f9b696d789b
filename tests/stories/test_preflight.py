"""Whether a package fits a workstation: everything is told at once, before anything is written."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mapiwright.errors import ConflictError, FindingsError, RefusedError, Severity, UsageError
from mapiwright.formats.pe import ExportedFunction, Machine, PeFile
from mapiwright.setup.install.machine_plan import file_changes
from mapiwright.setup.install.preflight import MESSAGING_SUBSYSTEM, RESERVE, preflight
from mapiwright.setup.package.destination import folders, place
from mapiwright.setup.package.media import Memory
from mapiwright.setup.package.package import open_package, read_package
from mapiwright.setup.package.rules import PACKAGE_RULES
from mapiwright.setup.package.versions import FileVerdict, decide
from mapiwright.setup.records.revert import revert
from mapiwright.workstation.change import MakeFolder, SetValue, WriteFile
from mapiwright.workstation.disk.handles import Folder
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.hive_file import HiveFileWorkstation
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.registry import KeyPath, Value
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.errors import Finding
    from mapiwright.setup.package.package import Package
    from mapiwright.workstation.workstation import Workstation

    MakeDll = Callable[..., bytes]

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "acme-mail"
X64 = (EXAMPLE / "x64" / "acme32.dll").read_bytes()
X86 = (EXAMPLE / "x86" / "acme32.dll").read_bytes()
INF = b"""\
[Services]\r
ACME=Acme Mail\r
[ACME]\r
PR_DISPLAY_NAME=Acme Mail\r
PR_SERVICE_DLL_NAME=acme.dll\r
PR_SERVICE_ENTRY_NAME=ServiceEntry\r
PR_SERVICE_SUPPORT_FILES=acme.dll\r
PR_SERVICE_DELETE_FILES=acme.dll\r
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY\r
Providers=ACME_Store\r
[ACME_Store]\r
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER\r
PR_PROVIDER_DLL_NAME=acme.dll\r
PR_PROVIDER_DISPLAY=Acme Mailbox\r
PR_DISPLAY_NAME=Acme Mailbox\r
"""
MANIFEST = """\
id = "acme"
name = "Acme"
version = "1.0"
vendor = "Acme Software"
"""
SYSTEM = {
    Bitness.X86: r"C:\Windows\SysWOW64",
    Bitness.X64: r"C:\Windows\System32",
    Bitness.ARM64: r"C:\Windows\System32",
}


def bare(**changes: bytes) -> Package:
    """Bare media: the INF, the x64 DLL, and other files by name with ``_`` for the period."""
    files = {"MAPISVC.INF": INF, "acme32.dll": X64}
    return read_package(Memory(files | {name.replace("_", "."): data for name, data in changes.items()}))


def with_manifest(text: str, files: dict[str, bytes] | None = None) -> Package:
    files = {"acme32.dll": X64} if files is None else files
    return read_package(Memory({"mapiwright.toml": (MANIFEST + text).encode(), "mapisvc.inf": INF, **files}))


def workstation(bitness: Bitness = Bitness.X64, windows: Bitness | None = None) -> MemoryWorkstation:
    return MemoryWorkstation.of(layout(bitness=bitness, windows=windows))


def every(package: Package, where: Workstation, *, force: bool = False) -> list[Finding]:
    """What preflight says, in its order."""
    findings = list(preflight(package, where, force=force))
    assert all(finding.rule and finding.remedy and finding.where for finding in findings)
    assert len(set(findings)) == len(findings), "nothing is told twice"
    return findings


def found(package: Package, where: Workstation, *, force: bool = False) -> dict[str, Finding]:
    """The first of each id, but for notes."""
    findings = every(package, where, force=force)
    return {finding.id: finding for finding in reversed(findings) if finding.severity is not Severity.NOTE}


@pytest.fixture(scope="module")
def make_dll() -> MakeDll:
    """``make_dll("x64", imports=["kernel32.dll"])``: a DLL of a service, with the headers that are asked for."""
    write_pe = runpy.run_path(str(ROOT / "tests" / "laws" / "test_pe.py"))["write"]
    kinds = {
        "x86": (Machine.X86, 32, False),
        "x64": (Machine.X64, 64, False),
        "ARM": (Machine.ARM, 32, False),
        "ARM64": (Machine.ARM64, 64, False),
        "ARM64EC": (Machine.X64, 64, True),
        "ARM64X": (Machine.ARM64, 64, True),
    }

    def make(
        kind: str = "x64",
        *,
        exports: tuple[str, ...] = ("ServiceEntry", "MSProviderInit"),
        imports: tuple[str, ...] = (),
        version: tuple[int, int, int, int] | None = (1, 0, 0, 0),
        signed: bool = False,
    ) -> bytes:
        machine, bits, hybrid = kinds[kind]
        made = write_pe(
            PeFile(
                machine, bits, tuple(map(ExportedFunction, exports)), imports, version, signed=signed, hybrid=hybrid
            )
        )
        assert isinstance(made, bytes)
        return made

    return make


@pytest.mark.parametrize("bitness", [Bitness.X64, Bitness.X86])
def test_the_example_fits_every_outlook(bitness: Bitness) -> None:
    assert found(open_package(EXAMPLE), workstation(bitness)) == {}


@pytest.mark.parametrize(
    ("bitness", "system", "programs"),
    [
        (Bitness.X64, r"C:\Windows\System32", r"C:\Program Files"),
        (Bitness.X86, r"C:\Windows\SysWOW64", r"C:\Program Files (x86)"),
    ],
)
def test_a_32_bit_outlook_has_folders_of_its_own(bitness: Bitness, system: str, programs: str) -> None:
    where = workstation(bitness)
    known = folders(where)
    assert place("{system}/a.dll", known) == rf"{system}\a.dll"
    assert place(r"{program_files}\Acme\a", known) == rf"{programs}\Acme\a"
    assert place("{common_files}/a", known) == rf"{programs}\Common Files\a"
    assert place("{program_data}/a", known) == r"C:\ProgramData\a"
    assert place("{mapi}/MAPISVC.INF", known) == where.outlook.inf_path


def test_a_windows_that_does_not_know_its_folders_is_told() -> None:
    where = workstation()
    key = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList")
    old = where.registry.value(key, "ProgramData")
    where.registry.apply([SetValue(key, "ProgramData", old, None)])
    where.refresh()
    with pytest.raises(RefusedError, match="%ProgramData%"):
        folders(where)


def test_a_dll_for_the_other_machine_is_told() -> None:
    told = found(bare(acme32_dll=X86), workstation())
    assert set(told) == {"MW4202"}
    assert told["MW4202"].what == "it is made for x86, and Outlook is x64"
    assert set(found(bare(), workstation(Bitness.X86))) == {"MW4202"}
    odd = X64.replace(b"PE\0\0\x64\x86", b"PE\0\0\x00\x02")
    assert "0x0200" in found(bare(acme32_dll=odd), workstation())["MW4202"].what


def test_a_dll_that_is_none_is_told() -> None:
    assert set(found(bare(acme32_dll=b"MZ, but no more"), workstation())) == {"MW4203"}


def test_an_entry_point_that_is_not_exported_is_told() -> None:
    told = found(bare(acme32_dll=X64.replace(b"ServiceEntry\0", b"ServiceIndex\0")), workstation())
    assert set(told) == {"MW4204"}
    assert told["MW4204"].what == "[ACME] needs ServiceEntry, which it does not export"
    told = found(bare(acme32_dll=X64.replace(b"MSProviderInit\0", b"MSProviderExit\0")), workstation())
    assert told["MW4204"].what == "[ACME_Store] needs MSProviderInit, which it does not export"


@pytest.mark.parametrize("kind", ["AB", "TRANSPORT", "HOOK"])
def test_each_type_of_provider_has_its_entry_point(kind: str) -> None:
    entry = {"AB": "ABProviderInit", "TRANSPORT": "XPProviderInit", "HOOK": "HPProviderInit"}[kind]
    fragment = INF.replace(b"MAPI_STORE_PROVIDER", f"MAPI_{kind}_PROVIDER".encode())
    dll = X64.replace(f"{entry}\0".encode(), f"{entry[:-1]}X\0".encode())
    assert entry in found(bare(MAPISVC_INF=fragment, acme32_dll=dll), workstation())["MW4204"].what


@pytest.mark.parametrize("decorated", [b"Service@40\0", b"_Service@40\0"])
def test_an_entry_point_that_is_exported_only_decorated_is_told_with_the_remedy(decorated: bytes) -> None:
    fragment = INF.replace(b"ENTRY_NAME=ServiceEntry", b"ENTRY_NAME=Service")
    dll = X86.replace(b"ServiceEntry\0", decorated.ljust(13, b"\0"))
    told = found(bare(MAPISVC_INF=fragment, acme32_dll=dll), workstation(Bitness.X86))
    assert set(told) == {"MW4205"}
    assert ".def" in told["MW4205"].remedy


def write(where: MemoryWorkstation, path: str, data: bytes) -> None:
    where.files.apply([WriteFile(path, None, data)])
    where.refresh()


def test_a_dll_that_nobody_has_is_told_once_and_one_on_the_workstation_is_looked_into() -> None:
    package = bare(MAPISVC_INF=INF.replace(b"acme.dll\r\nPR_PROVIDER", b"other.dll\r\nPR_PROVIDER"))
    where = workstation()
    assert set(found(package, where)) == {"MW4206"}
    write(where, r"C:\Windows\System32\OTHER32.dll", X64)
    assert found(package, where) == {}
    other = workstation()
    write(other, r"C:\Windows\System32\other32.dll", X86)
    assert set(found(package, other)) == {"MW4202"}


def test_a_dll_on_the_workstation_that_is_none_is_told_once() -> None:
    package = bare(MAPISVC_INF=INF.replace(b"DLL_NAME=acme.dll", b"DLL_NAME=other.dll"))
    where = workstation()
    write(where, r"C:\Windows\System32\other32.dll", b"no DLL")
    told = [each for each in every(package, where) if each.id == "MW4203"]
    assert [each.where for each in told] == [r"C:\Windows\System32\other32.dll"]


def test_a_conflict_that_came_after_the_preflight_stops_the_plan() -> None:
    where = workstation()
    write(where, r"C:\Windows\System32\acme32.dll", b"somebody else's")
    with pytest.raises(ConflictError, match="acme32"):
        list(file_changes(bare(), where, {}))
    assert len(list(file_changes(bare(), where, {}, force=True))) == 1


def test_a_package_without_a_dll_for_this_outlook_is_told() -> None:
    package = with_manifest("[files]\nx64 = ['acme32.dll']")
    assert found(package, workstation()) == {}
    assert set(found(package, workstation(Bitness.X86))) == {"MW4206", "MW4208"}


def test_a_dll_by_its_full_path_is_where_the_manifest_puts_it() -> None:
    path = b"C:\\Program Files\\Acme\\acme.dll"
    fragment = INF.replace(b"DLL_NAME=acme.dll", b"DLL_NAME=" + path)
    text = "[files]\nx64 = [{ source = 'acme32.dll', destination = '{program_files}/Acme/acme32.dll' }]"
    files = {"mapiwright.toml": (MANIFEST + text).encode(), "mapisvc.inf": fragment, "acme32.dll": X64}
    assert found(read_package(Memory(files)), workstation()) == {}
    files["mapiwright.toml"] = files["mapiwright.toml"].replace(b"/Acme/", b"/Other/")
    told = found(read_package(Memory(files)), workstation())
    assert set(told) == {"MW4206"}
    assert r"C:\Program Files\Acme\acme32.dll" in told["MW4206"].what


def test_a_bare_dll_name_in_a_folder_that_mapi_does_not_search_is_told() -> None:
    text = "[files]\nx64 = [{ source = 'acme32.dll', destination = '{%s}/%s' }]"
    assert found(with_manifest(text % ("mapi", "acme32.dll")), workstation()) == {}
    told = found(with_manifest(text % ("program_files", "Acme/acme32.dll")), workstation())
    assert set(told) == {"MW4209"}
    assert r"C:\Program Files\Acme\acme32.dll" in told["MW4209"].what


def test_a_dll_without_extension_is_looked_into() -> None:
    """MAPI makes ``acme32`` of it, and Windows loads that as ``acme32.dll``."""
    fragment = INF.replace(b"acme.dll", b"acme").replace(b"FILES=acme", b"FILES=acme.dll")
    assert set(found(bare(MAPISVC_INF=fragment), workstation())) == set()
    assert set(found(bare(MAPISVC_INF=fragment, acme32_dll=X86), workstation())) == {"MW4202"}
    where = workstation()
    where.files.apply([WriteFile(r"C:\Windows\System32\acme32", None, X64)])
    alone = read_package(Memory({"mapisvc.inf": fragment.replace(b"PR_SERVICE_SUPPORT_FILES=acme.dll\r\n", b"")}))
    assert set(found(alone, where)) == {"MW4206", "MW4208"}, "no file without extension is loaded"


def test_a_folder_in_the_place_of_a_dll_is_no_dll() -> None:
    package = bare(MAPISVC_INF=INF.replace(b"PROVIDER_DLL_NAME=acme.dll", b"PROVIDER_DLL_NAME=drivers.dll"))
    where = workstation()
    where.files.apply([MakeFolder(r"C:\Windows\System32\drivers32.dll")])
    assert set(found(package, where)) == {"MW4206"}


def test_files_that_the_service_wants_deleted_but_the_package_does_not_bring_are_told() -> None:
    fragment = INF.replace(b"DELETE_FILES=acme.dll", b"DELETE_FILES=acme.dll, mapi32.dll")
    told = found(bare(MAPISVC_INF=fragment), workstation())
    assert told["MW4208"].severity is Severity.WARNING
    assert told["MW4208"].what == "mapi32.dll is not a file of the package"


def test_text_that_the_workstation_cannot_hold_is_told_by_its_line() -> None:
    fragment = INF.replace(b"PR_DISPLAY_NAME=Acme Mail", b"PR_DISPLAY_NAME=\xd0\xc1\xd0\xc1")
    package = read_package(Memory({"mapisvc.inf": b"; \xd0\r\n" + fragment, "acme32.dll": X64}), code_page="cp1251")
    told = found(package, workstation())
    assert (told["MW4207"].line, told["MW4207"].severity) == (5, Severity.ERROR)
    assert "РБРБ" in told["MW4207"].what


def test_a_file_name_that_the_workstation_cannot_hold_is_told_once() -> None:
    fragment = INF.replace(b"DELETE_FILES=acme.dll", b"DELETE_FILES=\xd0.dll")
    package = read_package(Memory({"mapisvc.inf": fragment, "acme32.dll": X64}), code_page="cp1251")
    assert {"MW1033", "MW4208"} == set(found(package, workstation()))


def test_a_workstation_without_outlook_is_told() -> None:
    where = workstation()
    key = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Office\16.0\Outlook\InstallRoot")
    where.registry.apply([SetValue(key, "Path", where.registry.value(key, "Path"), None)])
    where.refresh()
    told = found(bare(MAPISVC_INF=INF.replace(b"NO_PRIMARY", b"PRIMARY")), where)
    assert "no Outlook was found" in told["MW4201"].what


def test_a_registry_that_knows_no_mapi_is_told() -> None:
    where = workstation()
    key = KeyPath.parse(MESSAGING_SUBSYSTEM)
    where.registry.apply([SetValue(key, "MAPIX", where.registry.value(key, "MAPIX"), Value.sz("0"))])
    assert found(bare(), where)["MW4210"].severity is Severity.WARNING
    where.registry.apply([SetValue(key, "MAPIX", Value.sz("0"), None)])
    assert "MW4210" in found(bare(), where)


def test_a_relative_path_to_a_dll_leads_nowhere() -> None:
    fragment = INF.replace(b"PROVIDER_DLL_NAME=acme.dll", b"PROVIDER_DLL_NAME=bin\\acme.dll")
    assert "MW4206" in found(bare(MAPISVC_INF=fragment), workstation())


def test_a_service_without_an_entry_point_needs_no_dll_for_it() -> None:
    fragment = INF.replace(b"PR_SERVICE_DLL_NAME=acme.dll\r\nPR_SERVICE_ENTRY_NAME=ServiceEntry\r\n", b"")
    dll = X64.replace(b"ServiceEntry\0", b"ServiceIndex\0")
    assert found(bare(MAPISVC_INF=fragment, acme32_dll=dll), workstation()) == {}


# The machine that a DLL is made for.

MADE_FOR = ["x86", "x64", "ARM", "ARM64", "ARM64EC", "ARM64X"]


@pytest.mark.parametrize("kind", MADE_FOR)
@pytest.mark.parametrize(
    ("process", "windows", "loads"),
    [
        (Bitness.X86, Bitness.X64, {"x86"}),
        (Bitness.X86, Bitness.ARM64, {"x86"}),
        (Bitness.X64, Bitness.X64, {"x64"}),
        (Bitness.X64, Bitness.ARM64, {"x64", "ARM64EC", "ARM64X"}),
        (Bitness.ARM64, Bitness.ARM64, {"ARM64", "ARM64X"}),
    ],
)
def test_the_process_that_loads_a_dll_decides(
    process: Bitness, windows: Bitness, loads: set[str], kind: str, make_dll: MakeDll
) -> None:
    told = found(bare(acme32_dll=make_dll(kind)), workstation(process, windows))
    assert set(told) == (set() if kind in loads else {"MW4202"})
    if kind not in loads:
        assert told["MW4202"].what.startswith(f"it is made for {kind}, and Outlook is {process}")


@pytest.mark.parametrize("bitness", Bitness)
def test_each_outlook_gets_the_files_for_its_own_process(bitness: Bitness, make_dll: MakeDll) -> None:
    kinds = {Bitness.X86: "x86", Bitness.X64: "x64", Bitness.ARM64: "ARM64"}
    files = {f"{each.value}/acme32.dll": make_dll(kind) for each, kind in kinds.items()}
    lists = "".join(f"{each.value} = ['{each.value}/acme32.dll']\n" for each in kinds)
    package = with_manifest("[files]\n" + lists, files)
    assert [file.data for file in package.files_for(bitness)] == [files[f"{bitness.value}/acme32.dll"]]
    assert found(package, workstation(bitness)) == {}


# What a DLL imports.


def test_what_windows_has_may_be_imported(make_dll: MakeDll) -> None:
    ours = ("KERNEL32.dll", "mapi32.dll", "api-ms-win-crt-runtime-l1-1-0.dll", "ext-ms-win-x.dll", "WINSPOOL.DRV")
    assert found(bare(acme32_dll=make_dll(imports=ours)), workstation()) == {}


def test_an_import_that_nobody_has_is_told(make_dll: MakeDll) -> None:
    told = found(bare(acme32_dll=make_dll(imports=("acmecore.dll", "acmecore.dll"))), workstation())
    assert set(told) == {"MW4211"}
    assert told["MW4211"].severity is Severity.WARNING
    assert told["MW4211"].what == "it imports acmecore.dll, which is nowhere to be found"


@pytest.mark.parametrize(
    ("destination", "is_found"),
    [("{system}/AcmeCore.dll", True), ("{mapi}/acmecore.dll", True), ("{program_files}/Acme/acmecore.dll", False)],
)
def test_an_import_may_come_with_the_package(destination: str, is_found: bool, make_dll: MakeDll) -> None:
    text = f"[files]\nx64 = ['acme32.dll', {{ source = 'core.dll', destination = '{destination}' }}]"
    files = {"acme32.dll": make_dll(imports=("acmecore.dll",)), "core.dll": make_dll()}
    assert set(found(with_manifest(text, files), workstation())) == (set() if is_found else {"MW4211"})


def test_an_import_may_lie_beside_a_dll_that_is_named_by_its_path(make_dll: MakeDll) -> None:
    path = rb"C:\Program Files\Acme\acme.dll"
    text = "[files]\nx64 = [{ source = 'acme32.dll', destination = '{program_files}/Acme/' },"
    text += "{ source = 'core.dll', destination = '{program_files}/Acme/' }]"
    files = {
        "mapiwright.toml": (MANIFEST + text).encode(),
        "mapisvc.inf": INF.replace(b"DLL_NAME=acme.dll", b"DLL_NAME=" + path),
        "acme32.dll": make_dll(imports=("core.dll",)),
        "core.dll": make_dll(),
    }
    assert found(read_package(Memory(files)), workstation()) == {}


@pytest.mark.parametrize("bitness", [Bitness.X86, Bitness.X64])
def test_a_windows_that_has_its_files_tells_what_it_lacks(bitness: Bitness, make_dll: MakeDll) -> None:
    kind = bitness.value
    package = bare(acme32_dll=make_dll(kind, imports=("kernel32.dll", "esent.dll", "odd.dll", "api-ms-x.dll")))
    where = workstation(bitness)
    write(where, rf"{SYSTEM[bitness]}\kernel32.dll", b"")
    write(where, rf"{SYSTEM[bitness]}\ODD.DLL", b"")
    missing = {finding.what for finding in every(package, where) if finding.id == "MW4211"}
    assert missing == {f"it imports {name}, which is nowhere to be found" for name in ("esent.dll", "api-ms-x.dll")}


@pytest.mark.parametrize(
    ("library", "brings"),
    [
        ("VCRUNTIME140.dll", "the Visual C++ 2015-2022 Redistributable (x64)"),
        ("vcruntime140_1.dll", "the Visual C++ 2015-2022 Redistributable (x64)"),
        ("msvcp140_codecvt_ids.dll", "the Visual C++ 2015-2022 Redistributable (x64)"),
        ("MFC140U.DLL", "the Visual C++ 2015-2022 Redistributable (x64)"),
        ("msvcr120.dll", "the Visual C++ 2013 Redistributable (x64)"),
        ("msvcp110.dll", "the Visual C++ 2012 Redistributable (x64)"),
        ("mfc100.dll", "the Visual C++ 2010 Redistributable (x64)"),
        ("msvcr90.dll", "the Visual C++ 2008 Redistributable (x64)"),
        ("msvcr80.dll", "the Visual C++ 2005 Redistributable (x64)"),
        ("msvcr71.dll", "the package itself"),
        ("libgcc_s_seh-1.dll", "the package itself"),
        ("libstdc++-6.dll", "the package itself"),
        ("libwinpthread-1.dll", "the package itself"),
    ],
)
def test_a_compilers_library_is_told_with_what_brings_it(library: str, brings: str, make_dll: MakeDll) -> None:
    package = bare(acme32_dll=make_dll(imports=(library,)))
    told = found(package, workstation())
    assert set(told) == {"MW4212"}
    assert told["MW4212"].severity is Severity.WARNING
    assert told["MW4212"].what == f"it imports {library}, which comes with {brings}"
    where = workstation()
    write(where, rf"C:\Windows\System32\{library}", b"")
    assert found(package, where) == {}


@pytest.mark.parametrize(
    "library",
    ["vcruntime140d.dll", "VCRUNTIME140_1D.dll", "msvcp140d_atomic_wait.dll", "mfc140ud.dll", "ucrtbased.dll"],
)
def test_a_debug_build_is_refused(library: str, make_dll: MakeDll) -> None:
    told = found(bare(acme32_dll=make_dll(imports=(library,))), workstation())
    assert set(told) == {"MW4213"}
    assert told["MW4213"].severity is Severity.ERROR


@pytest.mark.parametrize("library", ["mfc140deu.dll", "msvcp140_atomic_wait.dll", "concrt140.dll"])
def test_a_release_build_whose_library_has_a_d_in_its_name_is_none_for_debugging(
    library: str, make_dll: MakeDll
) -> None:
    assert set(found(bare(acme32_dll=make_dll(imports=(library,))), workstation())) == {"MW4212"}


# Signatures.


@pytest.mark.parametrize(("signed", "id_"), [(True, "MW4215"), (False, "MW4214")])
def test_whether_a_dll_is_signed_is_noted_and_never_said_to_be_good(
    signed: bool, id_: str, make_dll: MakeDll
) -> None:
    notes = {each.id: each for each in every(bare(acme32_dll=make_dll(signed=signed)), workstation())}
    assert {"MW4214", "MW4215"} & set(notes) == {id_}
    assert notes[id_].severity is Severity.NOTE
    assert "valid" not in notes[id_].what


# Entry points.


@pytest.mark.parametrize(
    ("exports", "id_"),
    [(("WizardEntry",), None), ((), "MW4204"), (("_WizardEntry@20",), "MW4205"), (("WizardEntry@20",), "MW4205")],
)
def test_the_wizards_entry_point_is_looked_for(exports: tuple[str, ...], id_: str | None, make_dll: MakeDll) -> None:
    fragment = INF.replace(b"Providers=", b"WIZARD_ENTRY_NAME=WizardEntry\r\nProviders=")
    dll = make_dll("x86", exports=("ServiceEntry", "MSProviderInit", *exports))
    told = found(bare(MAPISVC_INF=fragment, acme32_dll=dll), workstation(Bitness.X86))
    assert set(told) == ({id_} if id_ else set())


@pytest.mark.parametrize(
    ("name", "id_"),
    [("acme32.dll", "MW1030"), ("acme.mail.dll", "MW1031"), (r"C:\My.Path\acme.dll", "MW1031")],
)
def test_a_name_that_mapi_would_spoil_is_refused_with_the_package(name: str, id_: str) -> None:
    fragment = INF.replace(b"SERVICE_DLL_NAME=acme.dll", b"SERVICE_DLL_NAME=" + name.encode())
    with pytest.raises(FindingsError) as refusal:
        bare(MAPISVC_INF=fragment)
    assert id_ in {finding.id for finding in refusal.value.findings}


# Versions: what is there, what comes, and what becomes of it.

OLDER, SAME, NEWER = (0, 9, 65535, 65535), (1, 0, 0, 0), (1, 0, 0, 1)


@pytest.mark.parametrize(
    ("have", "ours", "force", "verdict", "rule"),
    [
        (OLDER, False, False, FileVerdict.REPLACE, "MW4219"),
        (SAME, False, False, FileVerdict.KEEP, "MW4217"),
        (NEWER, False, False, FileVerdict.KEEP, "MW4217"),
        (None, False, False, FileVerdict.CONFLICT, "MW4216"),
        (OLDER, True, False, FileVerdict.REPLACE, ""),
        (SAME, True, False, FileVerdict.REPLACE, ""),
        (NEWER, True, False, FileVerdict.CONFLICT, "MW4218"),
        (None, True, False, FileVerdict.REPLACE, ""),
        (NEWER, False, True, FileVerdict.REPLACE, "MW4219"),
        (NEWER, True, True, FileVerdict.REPLACE, "MW4219"),
        (None, False, True, FileVerdict.REPLACE, "MW4219"),
    ],
)
def test_the_higher_version_wins_and_nothing_is_downgraded_silently(
    have: tuple[int, int, int, int] | None,
    ours: bool,
    force: bool,
    verdict: FileVerdict,
    rule: str,
    make_dll: MakeDll,
) -> None:
    old, new = make_dll(version=have, signed=True), make_dll(version=SAME)
    decision = decide(old, new, ours=ours, force=force)
    assert (decision.verdict, decision.rule) == (verdict, rule)
    if verdict is not FileVerdict.CONFLICT or have is not None:
        assert ours or "1.0.0.0" in decision.reason


@pytest.mark.parametrize("ours", [True, False])
def test_a_file_without_a_version_is_compared_with_nothing(ours: bool, make_dll: MakeDll) -> None:
    assert decide(None, b"new", ours=False, force=False).verdict is FileVerdict.REPLACE
    assert decide(b"new", b"new", ours=ours, force=False).verdict is FileVerdict.KEEP
    expected = FileVerdict.REPLACE if ours else FileVerdict.CONFLICT
    assert decide(b"old", b"new", ours=ours, force=False).verdict is expected
    assert decide(make_dll(), b"new", ours=ours, force=False).verdict is expected
    assert decide(b"MZ", make_dll(), ours=ours, force=False).verdict is expected


@pytest.mark.parametrize(
    ("there", "id_", "forced"),
    [(OLDER, "MW4219", "MW4219"), (NEWER, "MW4217", "MW4219"), (None, "MW4216", "MW4219")],
)
def test_a_file_of_somebody_else_is_told(
    there: tuple[int, int, int, int] | None, id_: str, forced: str, make_dll: MakeDll
) -> None:
    where = workstation()
    write(where, r"C:\Windows\System32\ACME32.DLL", make_dll(version=there, signed=True))
    package = bare(acme32_dll=make_dll())
    of_versions = {f"MW42{number}" for number in range(16, 20)}
    assert {each.id for each in every(package, where)} & of_versions == {id_}
    assert {each.id for each in every(package, where, force=True)} & of_versions == {forced}
    assert {each.where for each in every(package, where) if each.id == id_} == {r"C:\Windows\System32\acme32.dll"}


# Room.


@pytest.fixture
def image(tmp_path: Path) -> ImageWorkstation:
    create_image(tmp_path / "pc")
    return ImageWorkstation(tmp_path / "pc")


class Usage(NamedTuple):
    """What `shutil.disk_usage` says."""

    total: int
    used: int
    free: int


def test_a_full_volume_is_told_with_what_is_needed(image: ImageWorkstation, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = RESERVE + 2 * len(X64) + len(INF)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(needed, 1, needed - 1))
    told = found(bare(), image)
    assert set(told) == {"MW4220"}
    assert told["MW4220"].what == f"{needed - 1} bytes are free, and {needed} are needed"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(needed, 0, needed))
    assert found(bare(), image) == {}


def test_a_folder_that_may_not_be_written_is_told_by_its_path(
    image: ImageWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = Folder.is_open_to

    def is_open_to(folder: Folder, rights: int) -> bool:
        return folder.path.name != "System32" and may(folder, rights)

    monkeypatch.setattr(Folder, "is_open_to", is_open_to)
    told = found(bare(), image)
    assert set(told) == {"MW4222"}
    assert told["MW4222"].where == r"C:\Windows\System32"


@pytest.mark.parametrize("signature", [b"hibr", b"HIBR", b"RSTR"])
def test_a_hibernated_windows_is_not_written_to(image: ImageWorkstation, signature: bytes) -> None:
    (image.root / "HiberFil.sys").write_bytes(signature + bytes(4096))
    told = found(bare(), image)
    assert set(told) == {"MW4223"}
    assert "shutdown /s" in told["MW4223"].remedy


@pytest.mark.parametrize("content", [b"", bytes(4096), b"wake", b"WAKE"])
def test_a_windows_that_was_shut_down_is(image: ImageWorkstation, content: bytes) -> None:
    (image.root / "hiberfil.sys").write_bytes(content)
    assert found(bare(), image) == {}


def test_a_hibernation_file_that_cannot_be_read_is_that_of_a_running_windows(
    image: ImageWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    (image.root / "hiberfil.sys").write_bytes(b"hibr")
    reading = Folder.open

    def open_(folder: Folder, name: str, *how: Any, **options: Any) -> Any:
        if name == "hiberfil.sys":
            raise PermissionError(13, "Permission denied")
        return reading(folder, name, *how, **options)

    monkeypatch.setattr(Folder, "open", open_)
    assert found(bare(), image) == {}


def test_a_folder_in_the_place_of_the_hibernation_file_is_none(image: ImageWorkstation) -> None:
    (image.root / "hiberfil.sys").mkdir()
    assert found(bare(), image) == {}


READ_ONLY = """
import sys
from mapiwright.setup.package.package import open_package
from mapiwright.setup.install.preflight import preflight
from mapiwright.workstation.kinds.image import ImageWorkstation
from pathlib import Path
for finding in preflight(open_package(Path(sys.argv[1])), ImageWorkstation(Path(sys.argv[2]))):
    print(finding.id)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux mounts for a single process")
def test_a_read_only_mount_is_told(image: ImageWorkstation) -> None:
    mount = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c "$3" "$4" "$1"'
    arguments = [str(image.root), sys.executable, READ_ONLY, str(EXAMPLE)]
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, "sh", *arguments], capture_output=True, text=True, check=False
    )
    if "unshare" in ended.stderr or "mount:" in ended.stderr:
        pytest.skip("this computer lets nobody mount")
    assert ended.returncode == 0, ended.stderr
    assert {"MW4221"} == {id_ for id_ in ended.stdout.split() if id_.startswith("MW422")}


def test_a_bare_hive_has_no_place_for_a_package(tmp_path: Path) -> None:
    create_image(tmp_path / "pc", users=["Zoë"])
    where = HiveFileWorkstation(tmp_path / "pc" / "Users" / "Zoë" / "NTUSER.DAT", None, Edition.OUTLOOK_2016)
    told = [each for each in every(bare(), where) if each.id == "MW4224"]
    assert [each.where for each in told] == [
        r"C:\Windows\System32\acme32.dll",
        r"C:\MAPISVC.INF",
        r"C:\Windows\System32\config\SOFTWARE",
    ]


# Everything at once.


def test_all_that_is_wrong_is_told_at_once(make_dll: MakeDll) -> None:
    where = workstation()
    key = KeyPath.parse(MESSAGING_SUBSYSTEM)
    where.registry.apply([SetValue(key, "MAPIX", where.registry.value(key, "MAPIX"), None)])
    write(where, r"C:\Windows\System32\acme32.dll", b"somebody else's")
    fragment = INF.replace(b"DELETE_FILES=acme.dll", b"DELETE_FILES=acme.dll,other.dll")
    fragment = fragment.replace(b"PROVIDER_DLL_NAME=acme.dll", b"PROVIDER_DLL_NAME=gone.dll")
    fragment = fragment.replace(b"DISPLAY_NAME=Acme Mail\r", b"DISPLAY_NAME=\xd0\xc1\r")
    dll = make_dll(exports=("Other",), imports=("gone.dll", "vcruntime140.dll", "ucrtbased.dll"))
    package = read_package(Memory({"mapisvc.inf": fragment, "acme32.dll": dll}), code_page="cp1251")
    told = {each.id for each in every(package, where)}
    assert {
        "MW4204",
        "MW4206",
        "MW4207",
        "MW4208",
        "MW4210",
        "MW4211",
        "MW4212",
        "MW4213",
        "MW4214",
        "MW4216",
    } <= told


def every_layout() -> Iterator[tuple[Edition, Bitness]]:
    """What there is in the world."""
    for edition in Edition:
        for bitness in Bitness:
            with suppress(UsageError):
                layout(edition=edition, bitness=bitness)
                yield edition, bitness


@pytest.mark.parametrize(("edition", "bitness"), list(every_layout()))
def test_a_whole_package_fits_every_outlook(edition: Edition, bitness: Bitness, make_dll: MakeDll) -> None:
    kinds = {Bitness.X86: "x86", Bitness.X64: "x64", Bitness.ARM64: "ARM64X"}
    files = {f"{each.value}/acme32.dll": make_dll(kind, imports=("ole32.dll",)) for each, kind in kinds.items()}
    lists = "".join(f"{each.value} = ['{each.value}/acme32.dll']\n" for each in kinds)
    where = MemoryWorkstation.of(layout(edition=edition, bitness=bitness, users=["Łukasz", "Зоя"]))
    assert found(with_manifest("[files]\n" + lists, files), where) == {}


# The page.


def test_the_page_of_findings_has_every_rule_and_its_remedy() -> None:
    page = (ROOT / "docs" / "reference" / "findings-setup.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (MW\d{4}) \| (\w+) \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    assert {row[0]: row[1:] for row in rows} == {
        id_: (rule.severity.value, rule.text, rule.remedy) for id_, rule in PACKAGE_RULES.items()
    }
    assert [row[0] for row in rows] == sorted(PACKAGE_RULES)


def test_what_an_uninstall_leaves_is_told_by_its_rule() -> None:
    where = workstation()
    write(where, r"C:\Windows\acme.txt", b"edited")
    (left,) = revert(where, [WriteFile(r"C:\Windows\acme.txt", None, b"as installed")]).kept
    rule = PACKAGE_RULES[left.id]
    assert (left.severity, left.rule, left.remedy) == (rule.severity, rule.text, rule.remedy)
