"""An Outlook and its MAPISVC.INF are found by rules, and the rule that found each fact is told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from mapiwright.errors import NotFoundError
from mapiwright.workstation.change import MakeFolder, SetValue, difference, key_with_parents
from mapiwright.workstation.kinds.memory import MemoryFiles, MemoryRegistry, MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS, edition_of_profiles
from mapiwright.workstation.outlook.windows import expand
from mapiwright.workstation.registry import Key, KeyPath, Value, View
from mapiwright.workstation.workstation import Bitness, Edition

SOFTWARE = KeyPath.parse(r"HKLM\SOFTWARE")
CLIENT = SOFTWARE / r"Clients\Mail\Microsoft Outlook"
VERSIONS = dict(zip(Edition, ("11.0", "12.0", "14.0", "15.0", "16.0"), strict=True))
COMMON = r"C:\Program Files\Common Files"
INF = rf"{COMMON}\System\MSMAPI\1033\MAPISVC.INF"


@dataclass
class Pc:
    """A workstation in memory whose registry and files a story bends."""

    bitness: Bitness = Bitness.X64
    files: dict[str, bytes] = field(default_factory=lambda: {INF: b""})
    folders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.registry = MemoryRegistry(layout(bitness=self.bitness).hives)

    def set(self, key: KeyPath, name: str, value: Value | None) -> Pc:
        self.registry.apply(list(key_with_parents(self.registry, key)))
        self.registry.apply([SetValue(key, name, self.registry.value(key, name), value)])
        return self

    def without(self, key: KeyPath) -> Pc:
        self.registry.apply(list(difference(key, self.registry.read(key), None)))
        return self

    @property
    def workstation(self) -> MemoryWorkstation:
        return MemoryWorkstation(self.registry, MemoryFiles(self.files, self.folders))


def found(pc: Pc) -> tuple[str, str]:
    """Where the INF is, and the rule that says so."""
    outlook = pc.workstation.outlook
    return outlook.inf_path, dict(outlook.rules)["MAPISVC.INF"]


def office(version: str, view: View = View.NATIVE) -> KeyPath:
    return KeyPath.parse(rf"HKLM\SOFTWARE\Microsoft\Office\{version}\Outlook", view)


def test_the_folder_of_the_mail_clients_dll_holds_the_inf() -> None:
    path, rule = found(Pc())
    assert path == INF
    assert "DLLPathEx" in rule


def test_the_dll_is_written_with_variables_quotes_and_short_names() -> None:
    for text in (
        r"%CommonProgramFiles%\System\MSMAPI\1033\msmapi32.dll",
        rf'"{COMMON}\SYSTEM\MSMAPI\1033\MSMAPI32.DLL"',
        r"C:\PROGRA~1\COMMON~1\System\MSMAPI\1033\MSMAPI32.DLL",
    ):
        pc = Pc(folders=(r"C:\Program Files (x86)", r"C:\ProgramData")).set(
            CLIENT, "DLLPathEx", Value.expand_sz(text)
        )
        path, rule = found(pc)
        assert path.upper() == INF.upper()
        assert "DLLPathEx" in rule


def test_short_names_count_from_one_in_order() -> None:
    inf = r"C:\Program Files (x86)\Common Files\System\MSMAPI\1033\MAPISVC.INF"
    pc = Pc(files={inf: b""}, folders=(r"C:\Program Files", r"C:\ProgramData"))
    pc.set(CLIENT, "DLLPathEx", Value.sz(r"C:\PROGRA~2\COMMON~1\System\MSMAPI\1033\MSMAPI32.DLL"))
    assert found(pc)[0] == inf


@pytest.mark.parametrize(
    "text", ["mapi32.dll", "", r"C:\a\..\b\x.dll", r"\\server\x.dll", r"C:\PROGRA~9\x.dll", "C:"]
)
def test_a_dll_that_names_no_folder_leaves_the_word_to_the_language(text: str) -> None:
    path, rule = found(Pc().set(CLIENT, "DLLPathEx", Value.sz(text)))
    assert path == INF
    assert "LCID" in rule


def test_the_language_of_the_application_comes_before_that_of_office() -> None:
    german, english = (rf"{COMMON}\System\MSMAPI\{lcid}\MAPISVC.INF" for lcid in (1031, 1033))
    pc = Pc(files={english: b"", german: b""}).set(CLIENT, "DLLPathEx", None)
    languages = SOFTWARE / r"Vendor\Languages"
    pc.set(languages, "app", Value.sz("1031")).set(languages, "office", Value.dword(1033))
    pc.set(CLIENT, "MSIApplicationLCID", Value.multi_sz([r"Vendor\Languages", "absent", "app"]))
    pc.set(CLIENT, "MSIOfficeLCID", Value.multi_sz([r"Vendor\Languages", "office"]))
    assert found(pc)[0] == german
    pc.set(languages, "app", Value.sz("none"))
    assert found(pc)[0] == english


def test_without_the_mail_clients_key_the_folders_of_languages_are_looked_into() -> None:
    german = rf"{COMMON}\System\MSMAPI\1031\MAPISVC.INF"
    pc = Pc(files={german: b""}, folders=(rf"{COMMON}\System\MSMAPI\backup",)).without(SOFTWARE / "Clients")
    path, rule = found(pc)
    assert path == german
    assert rule == "the MSMAPI folder of a language, the lowest LCID first"


def test_the_folder_of_outlooks_own_mapi_comes_late_and_the_system_folder_last() -> None:
    program = r"C:\Program Files\Microsoft Office\Office16"
    own, system = rf"{program}\MAPISVC.INF", r"C:\Windows\System32\MAPISVC.INF"
    pc = Pc(files={own: b"", system: b""}).set(CLIENT, "DLLPathEx", Value.sz(rf"{program}\OLMAPI32.DLL"))
    assert found(pc) == (own, "the folder of olmapi32.dll")
    del pc.files[own]
    assert found(pc) == (system, "the system folder")


def test_where_there_is_no_inf_it_is_where_that_outlook_would_look() -> None:
    pc = Pc(files={}, folders=(rf"{COMMON}\System\MSMAPI\1033",))
    path, rule = found(pc)
    assert path == INF
    assert rule.endswith("the file is not there")
    path, rule = found(Pc(files={}))
    assert path == INF
    assert rule.endswith("the folder is not there")


def test_a_32_bit_outlook_has_folders_and_keys_of_its_own() -> None:
    inf = r"C:\Windows\SysWOW64\MAPISVC.INF"
    pc = Pc(Bitness.X86, files={inf: b""}).without(SOFTWARE / "Clients")
    outlook = pc.workstation.outlook
    assert (outlook.bitness, outlook.view, outlook.inf_path) == (Bitness.X86, View.X86, inf)
    inf = r"C:\Program Files (x86)\Common Files\System\MSMAPI\1031\MAPISVC.INF"
    pc.files = {inf: b""}
    assert found(pc)[0] == inf


def test_the_bitness_is_told_or_follows_from_the_view() -> None:
    pc = Pc(Bitness.X86).set(office("16.0", View.X86), "Bitness", None)
    assert pc.workstation.outlook.bitness is Bitness.X86
    assert "32-bit view" in dict(pc.workstation.outlook.rules)["x86 process"]
    pc = Pc().set(office("16.0"), "Bitness", Value.sz("arm"))
    assert "64-bit view" in dict(pc.workstation.outlook.rules)["x64 process"]
    pc = Pc().set(office("16.0"), "Bitness", Value.sz("X86"))
    assert (pc.workstation.outlook.bitness, pc.workstation.outlook.view) == (Bitness.X86, View.X86)


def test_on_a_32_bit_windows_there_is_one_side() -> None:
    pc = Pc().without(SOFTWARE / "Wow6432Node").set(office("16.0"), "Bitness", None)
    current = SOFTWARE / r"Microsoft\Windows\CurrentVersion"
    pc.set(current, "ProgramFilesDir (x86)", None).set(current, "CommonFilesDir (x86)", None)
    outlook = pc.workstation.outlook
    assert (outlook.bitness, outlook.view, outlook.inf_path) == (Bitness.X86, View.NATIVE, INF)
    assert dict(outlook.rules)["x86 process"] == "the Windows is a 32-bit one"
    below = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Office", View.X86)
    assert pc.registry.read(below) == pc.registry.read(SOFTWARE / r"Microsoft\Office")


def test_the_newest_outlook_counts() -> None:
    pc = Pc().set(office("14.0", View.X86) / "InstallRoot", "Path", Value.sz("C:\\Old\\"))
    assert pc.workstation.outlook.edition is Edition.OUTLOOK_2016
    pc.without(office("16.0"))
    assert (pc.workstation.outlook.edition, pc.workstation.outlook.bitness) == (Edition.OUTLOOK_2010, Bitness.X86)


def test_no_outlook_is_told_with_every_place_that_was_looked_at() -> None:
    with pytest.raises(NotFoundError) as error:
        _ = Pc().without(SOFTWARE / r"Microsoft\Office").workstation.outlook
    for version in ("14.0", "15.0", "16.0"):
        assert str(error.value).count(rf"\{version}\Outlook\InstallRoot") == 2


@pytest.mark.parametrize("edition", Edition)
def test_the_profiles_of_a_hive_tell_its_edition(edition: Edition) -> None:
    user = KeyPath.parse(r"HKU\S-1-5-21-1")
    registry = MemoryRegistry({user: Key()})
    assert edition_of_profiles(registry, user) is None
    registry.apply(list(key_with_parents(registry, user / PROFILE_ROOTS[Edition.OUTLOOK_2016].profiles)))
    assert edition_of_profiles(registry, user) is Edition.OUTLOOK_2016
    registry.apply(list(key_with_parents(registry, user / PROFILE_ROOTS[edition].profiles / "Outlook")))
    registry.apply(list(key_with_parents(registry, user / rf"Software\Microsoft\Office\{VERSIONS[edition]}\Outlook")))
    assert edition_of_profiles(registry, user) is edition, "a root with a profile counts for more"


def test_profiles_of_which_nothing_more_is_told_are_those_of_2010() -> None:
    """It is the newest of those that share their place."""
    user = KeyPath.parse(r"HKU\S-1-5-21-1")
    registry = MemoryRegistry({user: Key()})
    registry.apply(list(key_with_parents(registry, user / PROFILE_ROOTS[Edition.OUTLOOK_2003].profiles / "Outlook")))
    assert edition_of_profiles(registry, user) is Edition.OUTLOOK_2010


def test_variables_are_expanded_as_windows_does() -> None:
    known = {"SystemDrive": "D:", "windir": r"D:\Windows"}
    assert expand(r"%systemdrive%\x", known) == r"D:\x"
    assert expand(r"100% of %WINDIR%%SystemDrive%", known) == r"100% of D:\WindowsD:"
    assert expand("%unknown%x%windir%", known) == r"%unknown%xD:\Windows"
    assert expand("%", known) == "%"
    assert expand("", known) == ""


def test_a_new_folder_beside_it_changes_nothing() -> None:
    """The first rule that finds the file wins, however many folders there are."""
    workstation = Pc().workstation
    workstation.files.apply([MakeFolder(rf"{COMMON}\System\MSMAPI\1031")])
    workstation.refresh()
    assert workstation.outlook.inf_path == INF
