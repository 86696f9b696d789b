"""A vendor's package is opened, or refused with everything that is wrong with it; and it is seen whether it fits."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import FindingsError, NotFoundError, Severity
from mapiwright.setup.install.preflight import preflight
from mapiwright.setup.package.destination import TOKENS
from mapiwright.setup.package.manifest import ProfilesOnUninstall, RegistryRoot
from mapiwright.setup.package.media import Memory
from mapiwright.setup.package.package import open_package, read_package
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.registry import Value
from mapiwright.workstation.workstation import Bitness

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.errors import Finding
    from mapiwright.setup.package.package import Package

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "acme-mail"
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


def bare(**changes: bytes) -> Package:
    """Bare media: the INF, the x64 DLL, and other files by name with ``_`` for the period."""
    files = {"MAPISVC.INF": INF, "acme32.dll": X64}
    return read_package(Memory(files | {name.replace("_", "."): data for name, data in changes.items()}))


def with_manifest(text: str, files: dict[str, bytes] | None = None) -> Package:
    files = {"acme32.dll": X64} if files is None else files
    return read_package(Memory({"mapiwright.toml": (MANIFEST + text).encode(), "mapisvc.inf": INF, **files}))


def faults(action: Callable[[], Package]) -> dict[str, str]:
    """What the package is refused for: findings by id."""
    with pytest.raises(FindingsError) as refusal:
        action()
    assert all(finding.rule and finding.remedy and finding.where for finding in refusal.value.findings)
    return {finding.id: finding.what for finding in refusal.value.findings}


def workstation(bitness: Bitness = Bitness.X64) -> MemoryWorkstation:
    return MemoryWorkstation.of(layout(bitness=bitness))


def found(package: Package, where: MemoryWorkstation) -> dict[str, Finding]:
    """What preflight says, but for notes on style."""
    findings = [each for each in preflight(package, where) if each.severity is not Severity.NOTE]
    assert all(finding.rule and finding.remedy and finding.where for finding in findings)
    return {finding.id: finding for finding in reversed(findings)}


# Bare media.


def test_bare_media_is_an_inf_and_the_dll_that_it_names() -> None:
    package = bare()
    assert (package.id, package.name, package.version, package.vendor) == ("ACME", "Acme Mail", "4.2.1.0", "")
    assert package.fragment == INF
    assert [service.name for service in package.services] == ["ACME"]
    assert [(file.source, file.destination, file.data) for file in package.files] == [
        ("acme32.dll", "{system}/acme32.dll", X64)
    ]


def test_a_dll_without_its_32_on_the_media_gets_it_on_the_workstation() -> None:
    package = read_package(Memory({"mapisvc.inf": INF, "ACME.DLL": X64}))
    assert [file.destination for file in package.files] == ["{system}/acme32.dll"]


@pytest.mark.parametrize("stored", ["acme32.dll", "ACME.DLL"])
@pytest.mark.parametrize("manifest", [False, True])
def test_a_dll_without_extension_in_the_inf_is_found_as_mapi_finds_it(stored: str, manifest: bool) -> None:
    fragment = INF.replace(b"DLL_NAME=acme.dll", b"DLL_NAME=acme")
    files = {"mapisvc.inf": fragment, stored: X64}
    if manifest:
        files["mapiwright.toml"] = (MANIFEST + f"[files]\nx64 = ['{stored}']\n").encode()
    package = read_package(Memory(files))
    assert [(file.source, file.destination.lower()) for file in package.files] == [(stored, "{system}/acme32.dll")]
    assert found(package, workstation()) == {}


def test_a_support_file_is_looked_for_as_written_and_then_with_32() -> None:
    wanting = INF.replace(b"SUPPORT_FILES=acme.dll", b"SUPPORT_FILES=acme.dll, acme.hlp,extra.dll")
    package = read_package(
        Memory({"mapisvc.inf": wanting, "acme.dll": b"old", "acme32.dll": X64, "acme.hlp": b"?", "Extra32.dll": X64})
    )
    assert {file.name: file.data for file in package.files} == {
        "acme32.dll": X64,
        "acme.dll": b"old",
        "acme.hlp": b"?",
        "Extra32.dll": X64,
    }


def test_an_inf_of_another_name_is_the_fragment_when_it_is_the_only_one_with_services() -> None:
    driver = b"[Version]\r\nSignature=$CHICAGO$\r\n"
    package = read_package(Memory({"acme.inf": INF, "oem.inf": driver, "torn.inf": b"\0", "acme32.dll": X64}))
    assert package.id == "ACME"
    several = faults(lambda: read_package(Memory({"a.inf": INF, "b.inf": INF, "acme32.dll": X64})))
    assert several == {"MW4101": "there are 2 INF fragments (a.inf, b.inf); name one in mapiwright.toml"}
    for media in ({"oem.inf": driver}, {}):
        none = faults(lambda media=media: read_package(Memory(media)))  # type: ignore[misc]
        assert none == {
            "MW4101": "this is no package: there is neither mapiwright.toml nor an .inf file with [Services]"
        }


def test_a_dll_that_the_inf_names_but_not_as_support_file_may_be_on_the_workstation() -> None:
    package = bare(MAPISVC_INF=INF.replace(b"PR_PROVIDER_DLL_NAME=acme.dll", b"PR_PROVIDER_DLL_NAME=mspst.dll"))
    assert [file.name for file in package.files] == ["acme32.dll"]


def test_an_id_that_can_name_no_folder_is_refused() -> None:
    assert "MW4005" in faults(lambda: bare(MAPISVC_INF=INF.replace(b"ACME", b"AC?ME")))


def test_a_version_is_zero_where_no_dll_tells_one() -> None:
    assert bare(acme32_dll=b"not a DLL").version == "0"


def test_everything_that_is_wrong_with_media_is_told_at_once() -> None:
    wrong = INF.replace(b"SUPPORT_FILES=acme.dll", b"SUPPORT_FILES=acme.dll,a.txt,C:\\b.txt,..\\c.txt")
    wrong = wrong.replace(b"SERVICE_NO_PRIMARY_IDENTITY", b"SERVICE_NO_SUCH_FLAG") + b"stray line\r\n"
    wrong = wrong.replace(b"ACME=Acme Mail", b"ACME=Acme Mail\r\nB=B")
    second = b"[B]\r\nPR_SERVICE_SUPPORT_FILES=missing.dll\r\nProviders=P\r\n[P]\r\nPR_PROVIDER_DLL_NAME=b.dll\r\n"
    second += b"PR_RESOURCE_TYPE=MAPI_AB_PROVIDER\r\nPR_PROVIDER_DISPLAY=B\r\n"
    told = faults(lambda: bare(MAPISVC_INF=wrong + second))
    assert {"MW1042", "MW1001", "MW4104"} <= set(told)
    assert "missing" in told["MW4104"]


@pytest.mark.parametrize("name", [r"C:\b.dll", r"..\c.dll", "nul", "no:such"])
def test_a_support_file_that_is_no_bare_name_is_not_looked_for(name: str) -> None:
    wanting = INF.replace(b"SUPPORT_FILES=acme.dll", b"SUPPORT_FILES=" + name.encode())
    assert name in faults(lambda: bare(MAPISVC_INF=wanting))["MW4104"]


# The manifest.


def test_a_manifest_says_all_that_the_format_knows() -> None:
    package = open_package(EXAMPLE)
    assert (package.id, package.version, package.profile) == ("acme-mail", "4.2.1", "Acme Mail")
    assert [file.source for file in package.files_for(Bitness.X64)] == ["docs/welcome.txt", "x64/acme32.dll"]
    assert [file.source for file in package.files_for(Bitness.X86)] == ["docs/welcome.txt", "x86/acme32.dll"]
    entries = {(entry.root, entry.name): entry.value for entry in package.registry}
    assert entries[RegistryRoot.MACHINE, "Version"] == Value.sz("4.2.1")
    assert entries[RegistryRoot.MACHINE, "Documents"] == Value.expand_sz(r"%ProgramFiles%\Acme Mail")
    assert entries[RegistryRoot.MACHINE, "Known"] == Value.multi_sz(["mail.acme.example", "mail2.acme.example"])
    assert entries[RegistryRoot.USER, "ShowWelcome"] == Value.dword(1)
    assert package.configuration["ACME"] == {
        0x6600001E: "mail.acme.example",
        0x66010003: 993,
        0x6602001E: "guest",
    }
    stand_in = package.stand_ins["ACME"]
    assert (stand_in.entry, stand_in.deadline) == ("acme_service:service_entry", 20)
    assert stand_in.sources == {"acme_service.py": (EXAMPLE / "acme_service.py").read_bytes()}
    assert package.profiles_on_uninstall is ProfilesOnUninstall.REMOVE


def test_a_manifest_needs_little() -> None:
    package = with_manifest("")
    assert (package.id, package.files[0].destination) == ("acme", "{system}/acme32.dll")
    assert (package.profile, package.registry, package.stand_ins, package.configuration) == ("", (), {}, {})


def test_services_are_named_in_any_case_and_keep_the_name_of_the_inf() -> None:
    package = with_manifest(
        '[services.acme]\nentry = "s:f"\n[services.acme.properties]\nPR_DISPLAY_NAME = "x"\n',
        {"acme32.dll": X64, "s.py": b"pass"},
    )
    assert set(package.stand_ins) == set(package.configuration) == {"ACME"}
    assert package.configuration["ACME"] == {0x3001001F: "x"}


def test_a_destination_may_be_a_folder_and_a_default_bears_the_32() -> None:
    package = with_manifest(
        """
        [files]
        x64 = ['bin\\acme.dll']
        any = [
          { source = "a.txt", destination = '{mapi}\\' },
          { source = "b.txt", destination = "{program_data}/x/y" },
        ]
        """,
        {"bin/acme.dll": X64, "a.txt": b"a", "b.txt": b"b"},
    )
    assert {file.source: file.destination for file in package.files} == {
        "bin/acme.dll": "{system}/acme32.dll",
        "a.txt": "{mapi}/a.txt",
        "b.txt": "{program_data}/x/y",
    }


@pytest.mark.parametrize("bitness", Bitness)
def test_files_are_chosen_by_the_process_that_loads_them(bitness: Bitness) -> None:
    lists = "\n".join(f"{each.value} = ['{each.value}.txt']" for each in Bitness)
    here = {"acme32.dll": X64, "all.txt": b"", **{f"{each.value}.txt": b"" for each in Bitness}}
    package = with_manifest(f"[files]\nany = ['all.txt', 'acme32.dll']\n{lists}", here)
    assert {file.source for file in package.files_for(bitness)} == {"all.txt", "acme32.dll", f"{bitness.value}.txt"}


@pytest.mark.parametrize(("marked", "shared"), [("", None), (", shared = true", True), (", shared = false", False)])
@pytest.mark.parametrize("token", TOKENS)
def test_what_goes_to_folders_that_products_share_is_shared(token: str, marked: str, shared: bool | None) -> None:
    package = with_manifest(f"[files]\nany = [{{ source = 'acme32.dll', destination = '{token}/a.dll'{marked} }}]")
    usual = token in {"{system}", "{common_files}", "{mapi}"}
    assert [file.shared for file in package.files if file.name == "a.dll"] == [usual if shared is None else shared]


def test_the_inf_may_stand_in_a_folder_with_its_files_beside_it() -> None:
    files = {"inf/x.inf": INF, "inf/acme32.dll": X64}
    package = read_package(Memory({"mapiwright.toml": (MANIFEST + '[inf]\nfile = "inf/X.INF"').encode(), **files}))
    assert [file.source for file in package.files] == ["inf/acme32.dll"]


@pytest.mark.parametrize(
    ("text", "id_", "told"),
    [
        ("x = =", "MW4001", "line 5"),
        ("x = " + "[" * 5000, "MW4001", "nested too deep"),
        ("#" * (1 << 20), "MW4001", "are allowed"),
        ('vednor = "x"', "MW4002", "vednor"),
        ('[[registry]]\nvalue = "x"', "MW4003", "registry[1].key is missing"),
        ("inf = 3", "MW4004", "inf: it is no table"),
        ("files = { x64 = 3 }", "MW4004", "files.x64: it is no list"),
        ("files = { x64 = [3] }", "MW4004", "files.x64[1]: it is no table"),
        ("files = { x64 = [{ source = 'a', shared = 1 }] }", "MW4004", "shared: it is neither true nor false"),
        ("files = { arm = ['a'] }", "MW4002", "files.arm is not known"),
        ("[profile]\nname = 3", "MW4004", "profile.name: it is no string"),
        ('[profile]\nname = ""', "MW4005", "profile.name: it is empty"),
        ('[profile]\nname = " x"', "MW4005", "no space at either end"),
        ('[inf]\ncode_page = "utf-16"', "MW4005", "no ANSI code page"),
        ('[inf]\nfile = "../mapisvc.inf"', "MW4006", "'..' is no name"),
        ("[files]\nany = ['..\\..\\x']", "MW4006", "'..' is no name"),
        ("[files]\nany = ['/etc/passwd']", "MW4006", "'' is no name"),
        ("[files]\nany = ['C:\\x']", "MW4006", "'C:' is no name"),
        ("[files]\nany = ['aux.txt']", "MW4006", "keeps it for a device"),
        ("[files]\nany = ['x. ']", "MW4006", "dot or a space"),
        ("[files]\nany = [{ source = 'a', destination = 'C:/x' }]", "MW4007", "one of {system}"),
        ("[files]\nany = [{ source = 'a', destination = '{system}/../x' }]", "MW4007", "'..' is no name"),
        ("[files]\nany = [{ source = 'a', destination = '{system}' }]", "MW4007", "a file is expected"),
        ("[[registry]]\nkey = 'HKCR\\Software\\x'\nvalue = 'x'", "MW4008", "neither HKLM nor HKCU"),
        ("[[registry]]\nkey = 'HKLM\\SYSTEM\\x'\nvalue = 'x'", "MW4008", "not below Software"),
        ("[[registry]]\nkey = 'HKLM\\Software'\nvalue = 'x'", "MW4008", "not below Software"),
        ("[[registry]]\nkey = 'HKLM\\Software\\Wow6432Node\\x'\nvalue = 'x'", "MW4008", "Wow6432Node"),
        ("[[registry]]\nkey = 'HKLM\\Software\\x\\\\y'\nvalue = 'x'", "MW4008", "not below Software"),
        (f"[[registry]]\nkey = 'HKLM\\Software\\{'x' * 256}'\nvalue = 'x'", "MW4008", "255 characters"),
        ("[[registry]]\nkey = 'HKCU\\Software\\Microsoft\\Office\\16.0\\Outlook\\Profiles\\a'", "MW4008", "profiles"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\nname = \"\\u0000\"\nvalue = 'x'", "MW4004", "NUL"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\ntype = 'qword'\nvalue = 1", "MW4004", "'qword' is not one of sz"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'", "MW4004", "cannot be stored as sz"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\nvalue = true", "MW4004", "cannot be stored as sz"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\ntype = 'dword'\nvalue = -1", "MW4004", "stored as dword"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\ntype = 'dword'\nvalue = true", "MW4004", "stored as dword"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\ntype = 'binary'\nvalue = 'abc'", "MW4004", "stored as binary"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\ntype = 'binary'\nvalue = 1", "MW4004", "stored as binary"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\ntype = 'multi_sz'\nvalue = ['']", "MW4004", "stored as multi_sz"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\ntype = 'multi_sz'\nvalue = 'x'", "MW4004", "stored as multi_sz"),
        ("[[registry]]\nkey = 'HKCU\\Software\\x'\ntype = 'expand_sz'\nvalue = 1", "MW4004", "stored as expand_sz"),
        ("[services.ACME.properties]\nPR_NO_SUCH = 1", "MW4009", "PR_NO_SUCH"),
        ("[services.ACME.properties]\n6600001E = 1", "MW4009", "does not fit its type"),
        ("[services.ACME.properties]\n66000003 = true", "MW4009", "does not fit its type"),
        ("[services.ACME.properties]\n6600000B = 1", "MW4009", "does not fit its type"),
        ("[services.ACME.properties]\n66000102 = 'xyz'", "MW4009", "does not fit its type"),
        ("[services.ACME.properties]\n8001001E = 'x'", "MW4009", "no named properties"),
        ("[services.ACME.properties]\n67F0001E = 'hunter2'", "MW4010", "secure range"),
        ("[services.ACME]\nentry = 'acme_service'", "MW4011", "module:function"),
        ("[services.ACME]\nentry = 'a b:c'", "MW4011", "module:function"),
        ("[services.ACME]\nentry = 'a:b'\nsources = ['c.py']", "MW4011", "is not among them"),
        ("[services.ACME]\nentry = 'a:b'\nsources = ['../a.py']", "MW4006", "sources[1]"),
        ("[services.ACME]\nentry = 'a:b'\nsources = [3]", "MW4006", "sources[1]"),
        ("[services.ACME]\nentry = 'a:b'\ndeadline = 0", "MW4004", "seconds above 0"),
        ("[services.ACME]\nentry = 'a:b'\ndeadline = true", "MW4004", "seconds above 0"),
        ("[uninstall]\nprofiles = 'delete'", "MW4004", "'delete' is not one of remove, keep, fail"),
        ("[services.ACME]\n[services.acme]", "MW4012", "service acme is given twice"),
        (
            """
            registry = [
              { key = 'HKCU\\Software\\x', name = 'A', value = '' },
              { key = 'hkey_current_user\\SOFTWARE\\X', name = 'a', value = '' },
            ]
            """,
            "MW4012",
            "given twice",
        ),
        ("[files]\nany = ['no.txt']", "MW4102", "no such file"),
        ("[inf]\nfile = 'no.inf'", "MW4102", "no such file"),
        ("[services.ACME]\nentry = 'a:b'", "MW4102", "no such file"),
        ("[services.OTHER]", "MW4106", "does not define the service OTHER"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_named(text: str, id_: str, told: str) -> None:
    found = faults(lambda: with_manifest(text))
    assert told in found[id_]
    assert "hunter2" not in str(found)


def test_an_unknown_key_gets_a_suggestion() -> None:
    with pytest.raises(FindingsError) as refusal:
        with_manifest("[services.ACME]\nentry = 'a:b'\ndedline = 3")
    assert "Did you mean deadline?" in [finding.remedy for finding in refusal.value.findings]


def test_all_faults_of_a_manifest_and_its_package_are_told_at_once() -> None:
    told = faults(
        lambda: with_manifest(
            "colour = 1\nfiles = { any = ['no.txt', '../x'] }\nprofile = { name = 3 }\n[services.OTHER]\n", {}
        )
    )
    assert set(told) == {"MW4002", "MW4004", "MW4006", "MW4102", "MW4104", "MW4106"}


@pytest.mark.parametrize("version", ["", "1.x", "1.2.3.4.5", "1.70000", "v1", "1..2", "\u0661"])
def test_a_version_is_numbers(version: str) -> None:
    text = MANIFEST.replace('"1.0"', f'"{version}"')
    assert "MW4005" in faults(lambda: read_package(Memory({"mapiwright.toml": text.encode(), "mapisvc.inf": INF})))


def test_two_files_for_one_place_are_refused_unless_no_outlook_gets_both() -> None:
    here = {"acme32.dll": X64, "86/acme32.dll": X86, "b/ACME32.dll": X64}
    apart = with_manifest("[files]\nx64 = ['acme32.dll']\nx86 = ['86/acme32.dll']", here)
    assert len(apart.files) == 2
    together = faults(lambda: with_manifest("[files]\nx64 = ['acme32.dll']\nany = ['b/ACME32.dll']", here))
    assert "both go to {system}" in together["MW4012"]


def test_names_that_differ_only_in_case_are_refused() -> None:
    told = faults(lambda: bare(Acme32_dll=X64))
    assert "differ only in case" in told["MW4103"]


def test_an_inf_that_cannot_be_read_or_defines_nothing_is_refused() -> None:
    assert set(faults(lambda: bare(MAPISVC_INF=b"[Services]\r\n\0"))) == {"MW4107"}
    assert set(faults(lambda: bare(MAPISVC_INF=b"[Services]\r\n"))) == {"MW4105"}


def test_the_lotus_file_is_refused_with_both_broken_lines(shared_data: Callable[[str], Path]) -> None:
    fragment = shared_data("inf/Q190146-lotus-notes.inf").read_bytes()
    with pytest.raises(FindingsError) as refusal:
        read_package(Memory({"notes.inf": fragment, "nwnsp32.dll": X86}))
    assert [finding.line for finding in refusal.value.findings] == [12, 25]
    mended = re.sub(rb"\r?\n *_", b"_", fragment)
    assert read_package(Memory({"notes.inf": mended, "nwnsp32.dll": X86})).id == "NOTES"


@pytest.mark.parametrize("name", ["Q294470-msems.inf", "sabp-MAPISVC.INF"])
def test_real_fragments_are_packages_with_their_dlls(name: str, shared_data: Callable[[str], Path]) -> None:
    fragment = shared_data(f"inf/{name}").read_bytes().replace(b"\n", b"\r\n")
    dlls = {f"{dll}32.dll": X64 for dll in ("emsui", "emsabp", "emsmdb", "sabp")}
    package = read_package(Memory({name: fragment, **dlls}))
    assert package.fragment == fragment
    assert {file.name for file in package.files} <= set(dlls)
    told = found(package, workstation())
    assert {"MW4204"} >= {id_ for id_ in told if id_.startswith("MW42")}


# On disk.


def test_a_directory_is_a_package(tmp_path: Path) -> None:
    (tmp_path / "MAPISVC.INF").write_bytes(INF)
    (tmp_path / "acme32.dll").write_bytes(X64)
    assert open_package(tmp_path) == bare()
    with pytest.raises(NotFoundError, match="no such directory"):
        open_package(tmp_path / "MAPISVC.INF")


@pytest.fixture
def linking(tmp_path: Path) -> Callable[[str, str], Path]:
    """``linking("inside/acme32.dll", "../x")``: a package in which that path is a link."""
    if sys.platform == "win32":
        pytest.skip("links need a privilege on Windows")

    def make(link: str, target: str) -> Path:
        package = tmp_path / "package"
        shutil.copytree(EXAMPLE, package)
        place = package / link
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()
        place.symlink_to(target)
        return package

    return make


def test_a_link_inside_the_package_is_followed(linking: Callable[[str, str], Path]) -> None:
    package = linking("x86/acme32.dll", "../x64/acme32.dll")
    assert {file.data for file in open_package(package).files if file.name == "acme32.dll"} == {X64}


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("x64/acme32.dll", "../../outside"),
        ("x64", "../outside"),
        ("acme.inf", "/etc/passwd"),
        ("mapiwright.toml", "mapiwright.toml"),
        ("x64/acme32.dll", "nowhere"),
        ("x64/acme32.dll", "."),
        ("docs/welcome.txt", "/dev/zero"),
    ],
)
def test_a_link_out_of_the_package_is_refused(link: str, target: str, linking: Callable[[str, str], Path]) -> None:
    package = linking(link, target)
    (package.parent / "outside").mkdir()
    (package.parent / "outside" / "acme32.dll").write_bytes(X64)
    assert "MW4103" in faults(lambda: open_package(package))


def test_what_may_not_be_read_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "package")

    def deny(path: Path, *_: object) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", deny)
    assert "Permission denied" in faults(lambda: open_package(tmp_path / "package"))["MW4103"]
    monkeypatch.setattr(Path, "iterdir", deny)
    assert "Permission denied" in faults(lambda: open_package(tmp_path / "package"))["MW4103"]


# The page.


def test_the_format_page_tells_every_token_and_every_list_of_files() -> None:
    page = (EXAMPLE.parent.parent / "docs" / "reference" / "package-format.md").read_text(encoding="utf-8")
    for token, folder in TOKENS.items():
        assert f"| `{token}` | {folder} |" in page
    assert all(f"`{bitness}`" in page for bitness in Bitness)
    assert "`shared = true`" in page


def test_the_manifest_on_the_tutorial_page_is_a_package() -> None:
    page = (EXAMPLE.parent.parent / "docs" / "tutorials" / "your-first-package.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```(toml|ini|python)\n(.*?)```", page, re.DOTALL))
    package = read_package(
        Memory(
            {
                "mapiwright.toml": blocks["toml"].encode(),
                "demo.inf": blocks["ini"].encode(),
                "demo_service.py": blocks["python"].encode(),
                "x64/demo32.dll": X64,
                "x86/demo32.dll": X86,
            }
        )
    )
    assert found(package, workstation()) == found(package, workstation(Bitness.X86)) == {}
    compile(blocks["python"], "demo_service.py", "exec")


def test_a_fault_tells_its_remedy_in_itself(tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(EXAMPLE, package)
    manifest = package / "mapiwright.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(
        "sttrange = 1\nother = 2\n" + text.replace('version = "4.2.1"', "version = 4"), encoding="utf-8"
    )
    with pytest.raises(FindingsError) as refused:
        open_package(package)
    told = str(refused.value)
    assert {finding.id for finding in refused.value.findings} >= {"MW4002", "MW4004"}
    for finding in refused.value.findings:
        assert f"    {finding.remedy}" in told
    assert told.count("Known here:") == 1, "said once of faults that share it"
    assert "docs/" not in told
