"""Every way in which an Outlook comes: found by rules, served with its own MAPISVC.INF, told where there are more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import NotFoundError, UsageError
from mapiwright.workstation.change import SetValue, WriteFile, difference, file_with_parents, key_with_parents
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.outlook.office_layout import EVERY_INSTALLATION, OutlookInstallation
from mapiwright.workstation.registry import KeyPath, Value, View
from mapiwright.workstation.workstation import Bitness, Edition, Install

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Mapiwright = Callable[..., Any]

X86, X64, ARM64 = Bitness
MSI, CLICK_TO_RUN = Install
OFFICE = r"HKLM\SOFTWARE\Microsoft\Office"
CLIENT = KeyPath.parse(r"HKLM\SOFTWARE\Clients\Mail\Microsoft Outlook")
PACKAGE = KeyPath.parse(rf"{OFFICE}\ClickToRun")
OUTLOOK = KeyPath.parse(rf"{OFFICE}\16.0\Outlook")
PROGRAMS, PROGRAMS_X86 = r"C:\Program Files", r"C:\Program Files (x86)"
OF_MSI, OF_MSI_X86 = (rf"{programs}\Common Files\System\MSMAPI" for programs in (PROGRAMS, PROGRAMS_X86))
OF_2013 = rf"{PROGRAMS}\Microsoft Office 15\root\VFS"
OF_2016 = rf"{PROGRAMS}\Microsoft Office\root\VFS\ProgramFilesCommonX64\SYSTEM\MSMAPI"
OF_2016_X86 = rf"{PROGRAMS_X86}\Microsoft Office\root\VFS\ProgramFilesCommonX86\SYSTEM\MSMAPI"

# The Outlook, the Windows, the view of its processes, the folder of OUTLOOK.EXE, and the one of its languages.
PLACES: list[tuple[str, Bitness, View, str, str]] = [
    ("2003/x86/msi", X86, View.NATIVE, rf"{PROGRAMS}\Microsoft Office\Office11", OF_MSI),
    ("2003/x86/msi", X64, View.X86, rf"{PROGRAMS_X86}\Microsoft Office\Office11", OF_MSI_X86),
    ("2007/x86/msi", X86, View.NATIVE, rf"{PROGRAMS}\Microsoft Office\Office12", OF_MSI),
    ("2007/x86/msi", X64, View.X86, rf"{PROGRAMS_X86}\Microsoft Office\Office12", OF_MSI_X86),
    ("2010/x86/msi", X86, View.NATIVE, rf"{PROGRAMS}\Microsoft Office\Office14", OF_MSI),
    ("2010/x86/msi", X64, View.X86, rf"{PROGRAMS_X86}\Microsoft Office\Office14", OF_MSI_X86),
    ("2010/x64/msi", X64, View.NATIVE, rf"{PROGRAMS}\Microsoft Office\Office14", OF_MSI),
    ("2013/x86/msi", X64, View.X86, rf"{PROGRAMS_X86}\Microsoft Office\Office15", OF_MSI_X86),
    ("2013/x64/msi", X64, View.NATIVE, rf"{PROGRAMS}\Microsoft Office\Office15", OF_MSI),
    (
        "2013/x86/click-to-run",
        X64,
        View.X86,
        rf"{PROGRAMS}\Microsoft Office 15\root\Office15",
        rf"{OF_2013}\ProgramFilesCommonX86\SYSTEM\MSMAPI",
    ),
    (
        "2013/x64/click-to-run",
        X64,
        View.NATIVE,
        rf"{PROGRAMS}\Microsoft Office 15\root\Office15",
        rf"{OF_2013}\ProgramFilesCommonX64\SYSTEM\MSMAPI",
    ),
    ("2016/x86/msi", X64, View.X86, rf"{PROGRAMS_X86}\Microsoft Office\Office16", OF_MSI_X86),
    ("2016/x86/msi", ARM64, View.X86, rf"{PROGRAMS_X86}\Microsoft Office\Office16", OF_MSI_X86),
    ("2016/x64/msi", X64, View.NATIVE, rf"{PROGRAMS}\Microsoft Office\Office16", OF_MSI),
    (
        "2016/x86/click-to-run",
        X86,
        View.NATIVE,
        rf"{PROGRAMS}\Microsoft Office\root\Office16",
        rf"{PROGRAMS}\Microsoft Office\root\VFS\ProgramFilesCommonX86\SYSTEM\MSMAPI",
    ),
    ("2016/x86/click-to-run", X64, View.X86, rf"{PROGRAMS_X86}\Microsoft Office\root\Office16", OF_2016_X86),
    ("2016/x64/click-to-run", X64, View.NATIVE, rf"{PROGRAMS}\Microsoft Office\root\Office16", OF_2016),
    ("2016/x64/click-to-run", ARM64, View.NATIVE, rf"{PROGRAMS}\Microsoft Office\root\Office16", OF_2016),
    ("2016/arm64/click-to-run", ARM64, View.NATIVE, rf"{PROGRAMS}\Microsoft Office\root\Office16", OF_2016),
]
PLACE = pytest.mark.parametrize(("name", "windows", "view", "root", "msmapi"), PLACES)


def installation(name: str, *languages: int, inf: bool = True) -> OutlookInstallation:
    edition, bitness, install = name.split("/")
    return OutlookInstallation(Edition(edition), Bitness(bitness), Install(install), languages or (1033,), inf)


def pc(*outlooks: OutlookInstallation | str, windows: Bitness | None = None) -> MemoryWorkstation:
    made = [installation(each) if isinstance(each, str) else each for each in outlooks]
    return MemoryWorkstation.of(layout(outlooks=made, windows=windows, users=["Żółć 山田"]))


def put(workstation: MemoryWorkstation, key: KeyPath, name: str, text: str | None) -> None:
    registry, value = workstation.registry, Value.sz(text) if text is not None else None
    registry.apply([*key_with_parents(registry, key), SetValue(key, name, registry.value(key, name), value)])


def drop(workstation: MemoryWorkstation, key: KeyPath) -> None:
    workstation.registry.apply(list(difference(key, workstation.registry.read(key), None)))


def write(workstation: MemoryWorkstation, path: str, data: bytes | None = b"[Services]\r\n") -> None:
    if data is None:
        workstation.files.apply([WriteFile(path, workstation.files.read(path), None)])
    else:
        workstation.files.apply(list(file_with_parents(workstation.files, path, data)))


def rules(workstation: MemoryWorkstation, number: int = 0) -> dict[str, str]:
    return dict(workstation.outlooks[number].rules)


# --- each one -------------------------------------------------------------------------------------


def test_the_places_are_told_of_every_outlook_that_there_is() -> None:
    assert {name for name, *_ in PLACES} == {str(made) for made in EVERY_INSTALLATION}


@PLACE
def test_each_is_found_with_its_own_folders_and_view(
    name: str, windows: Bitness, view: View, root: str, msmapi: str
) -> None:
    workstation = pc(name, windows=windows)
    [outlook] = workstation.outlooks
    assert f"{outlook.edition}/{outlook.bitness}/{outlook.install}" == name
    assert (outlook.view, outlook.root) == (view, root)
    assert outlook.inf_path.upper() == rf"{msmapi}\1033\MAPISVC.INF".upper()
    assert outlook.lcids == (1033,)
    assert "DLLPathEx" in rules(workstation)["MAPISVC.INF"]
    assert workstation.files.read(outlook.inf_path)


@PLACE
def test_each_is_found_where_the_mail_client_tells_nothing(
    name: str, windows: Bitness, view: View, root: str, msmapi: str
) -> None:
    workstation = pc(name, windows=windows)
    drop(workstation, KeyPath.parse(r"HKLM\SOFTWARE\Clients"))
    outlook = workstation.outlook
    assert (outlook.view, outlook.root) == (view, root)
    assert outlook.inf_path.upper() == rf"{msmapi}\1033\MAPISVC.INF".upper()
    assert rules(workstation)["MAPISVC.INF"] == "the MSMAPI folder of the language that its own keys name"


@PLACE
def test_each_is_found_where_it_ships_no_inf(name: str, windows: Bitness, view: View, root: str, msmapi: str) -> None:
    workstation = pc(installation(name, 1036, 1033, inf=False), windows=windows)
    outlook = workstation.outlook
    assert (outlook.view, outlook.root) == (view, root)
    assert outlook.inf_path.upper() == rf"{msmapi}\1036\MAPISVC.INF".upper()
    assert rules(workstation)["MAPISVC.INF"].endswith("the file is not there")
    assert (outlook.lcids, outlook.other_inf_paths) == ((1036, 1033), ())


@pytest.mark.parametrize(
    ("name", "windows", "told"),
    [
        ("2007/x64/msi", None, "x86 only"),
        ("2010/x64/click-to-run", None, "not come by Click-to-Run"),
        ("2016/arm64/msi", None, "Click-to-Run only"),
        ("2016/x64/msi", X86, "does not run on a Windows for x86"),
        ("2016/arm64/click-to-run", X64, "does not run on a Windows for x64"),
    ],
)
def test_an_outlook_that_there_is_none_of_is_not_made(name: str, windows: Bitness | None, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        pc(name, windows=windows)


def test_languages_are_lcids_and_an_edition_is_there_once() -> None:
    for languages in ((), (0,), (70000,)):
        with pytest.raises(UsageError, match="languages"):
            OutlookInstallation(languages=languages)
    with pytest.raises(UsageError, match="twice"):
        pc("2016/x64/msi", "2016/x64/click-to-run")


@pytest.mark.parametrize(
    "made",
    [
        OutlookInstallation(Edition.OUTLOOK_2016, X64, CLICK_TO_RUN, (1036, 1033)),
        OutlookInstallation(Edition.OUTLOOK_2016, X86, CLICK_TO_RUN, (1045,), inf=False),
        OutlookInstallation(Edition.OUTLOOK_2007, X86, MSI, (2052,), inf=False),
    ],
    ids=["languages", "click-to-run without", "2007 without"],
)
def test_a_package_comes_and_goes_and_everything_is_as_before(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path, made: OutlookInstallation
) -> None:
    folder = tmp_path / "Łódź 山"
    create_image(folder, outlooks=[made, OutlookInstallation.usual(Edition.OUTLOOK_2010, X86)], users=["Žofie"])
    target = ("--workstation", f"image:{folder}")

    def picture() -> dict[str, bytes | None]:
        return {
            str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")
            if "Mapiwright" not in path.parts and path.name not in {"SOFTWARE", "NTUSER.DAT"}
        }

    before, inf = picture(), ImageWorkstation(folder).outlook.inf_path
    assert mapiwright("install", acme, "--yes", *target).code == 0
    opened = ImageWorkstation(folder)
    changed = {path for path, data in picture().items() if before.get(path, b"") != data and path.endswith(".INF")}
    assert b"[ACME]" in (opened.files.read(inf) or b"")
    assert len(changed) == 1, "the one that this Outlook reads, and no other"
    assert opened.outlook.inf_path == inf
    assert mapiwright("uninstall", "acme-mail", "--yes", *target).code == 0
    assert picture() == before


def test_the_process_that_loads_a_dll_shapes_what_is_stored() -> None:
    assert [bitness.pointer for bitness in (X86, X64, ARM64)] == [4, 8, 8]


def test_a_folder_may_be_called_as_a_short_name_is() -> None:
    workstation = pc("2016/x64/msi")
    root = rf"{PROGRAMS}\MICROS~1\Office16"
    put(workstation, OUTLOOK / "InstallRoot", "Path", root)
    assert workstation.outlook.root == rf"{PROGRAMS}\Microsoft Office\Office16"
    write(workstation, rf"{root}\OUTLOOK.EXE")
    assert workstation.outlook.root == root


# --- languages ------------------------------------------------------------------------------------


def test_of_several_languages_the_one_that_outlook_runs_in_is_served_and_the_others_are_told() -> None:
    workstation = pc(installation("2016/x64/click-to-run", 1036, 1033, 2052))
    outlook = workstation.outlook
    assert outlook.inf_path == rf"{OF_2016}\1036\MAPISVC.INF"
    assert [path.upper() for path in outlook.other_inf_paths] == [
        rf"{OF_2016}\{lcid}\MAPISVC.INF".upper() for lcid in (1033, 2052)
    ]
    assert outlook.lcids == (1036, 1033, 2052)


def test_without_a_word_on_languages_the_lowest_is_served() -> None:
    workstation = pc("2016/x64/msi")
    for place in (r"HKLM\SOFTWARE\Clients", rf"{OFFICE}\16.0\Common\LanguageResources"):
        drop(workstation, KeyPath.parse(place))
    for lcid in (1025, 4100, 15_361):
        write(workstation, rf"{OF_MSI}\{lcid}\MAPISVC.INF")
    outlook = workstation.outlook
    assert outlook.inf_path == rf"{OF_MSI}\1025\MAPISVC.INF"
    assert "the lowest LCID" in rules(workstation)["MAPISVC.INF"]
    assert outlook.lcids == (1025, 1033, 4100, 15_361)


def test_click_to_run_names_its_language_by_a_tag() -> None:
    workstation = pc(installation("2013/x64/click-to-run", 1045))
    msmapi = rf"{OF_2013}\ProgramFilesCommonX64\SYSTEM\MSMAPI"
    for place in (r"HKLM\SOFTWARE\Clients", rf"{OFFICE}\15.0\Common\LanguageResources"):
        drop(workstation, KeyPath.parse(place))
    write(workstation, rf"{msmapi}\1033\MAPISVC.INF")
    configuration = KeyPath.parse(rf"{OFFICE}\15.0\ClickToRun\Configuration")
    virtual = KeyPath.parse(rf"{OFFICE}\15.0\Common\InstallRoot\Virtual")

    def served() -> str:
        return workstation.outlook.inf_path.split("\\")[-2]

    assert served() == "1045"
    put(workstation, virtual, "VirtualOutlook", None)
    assert served() == "1045", "its configuration tells"
    put(workstation, configuration, "ClientCulture", None)
    assert served() == "1033", "nothing tells"
    put(workstation, virtual, "VirtualOutlook", "pl-PL")
    assert served() == "1045", "what it tells add-ins tells"
    put(workstation, virtual, "VirtualOutlook", "tlh")
    assert served() == "1033", "no tag that is known"


# --- Click-to-Run ---------------------------------------------------------------------------------


def without_install_root(name: str = "2016/x64/click-to-run") -> MemoryWorkstation:
    workstation = pc(name)
    for version in ("15.0", "16.0"):
        for view in View:
            drop(workstation, KeyPath.parse(rf"{OFFICE}\{version}\Outlook", view))
    return workstation


def test_its_layer_of_the_registry_tells_of_an_outlook() -> None:
    for name in ("2016/x64/click-to-run", "2016/x86/click-to-run"):
        workstation = without_install_root(name)
        outlook = workstation.outlook
        assert f"{outlook.edition}/{outlook.bitness}/{outlook.install}" == name
        assert workstation.files.read(outlook.inf_path)
        assert r"REGISTRY\MACHINE\Software" in rules(workstation)["Outlook 2016"]


def test_a_package_without_an_outlook_is_none() -> None:
    workstation = without_install_root()
    drop(workstation, PACKAGE / "REGISTRY")
    with pytest.raises(NotFoundError) as error:
        _ = workstation.outlook
    assert str(PACKAGE) in str(error.value)
    write(workstation, rf"{PROGRAMS}\Microsoft Office\root\office16\outlook.exe", b"MZ")
    assert "OUTLOOK.EXE" in rules(workstation)["Outlook 2016"]


def test_what_outlook_2013_tells_add_ins_is_enough() -> None:
    workstation = without_install_root("2013/x86/click-to-run")
    drop(workstation, KeyPath.parse(rf"{OFFICE}\15.0\ClickToRun\REGISTRY"))
    assert (workstation.outlook.edition, workstation.outlook.bitness) == (Edition.OUTLOOK_2013, X86)
    assert "VirtualOutlook" in rules(workstation)["Outlook 2013"]


@pytest.mark.parametrize(
    ("key", "name"), [("", "InstallPath"), ("Configuration", "InstallPath"), ("Configuration", "InstallationPath")]
)
def test_the_folder_of_a_package_is_told_by_any_of_its_values(key: str, name: str) -> None:
    workstation = without_install_root()
    for below, value in (("", "InstallPath"), ("Configuration", "InstallationPath")):
        put(workstation, PACKAGE / below, value, None)
    with pytest.raises(NotFoundError):
        _ = workstation.outlook
    put(workstation, PACKAGE / key, name, r"C:\PROGRA~1\MICROS~1" + "\\")
    assert workstation.outlook.inf_path == rf"{OF_2016}\1033\MAPISVC.INF"
    assert rules(workstation)["Click-to-Run"] == f"{PACKAGE / key}: {name}"


def test_the_key_of_its_first_versions_is_known() -> None:
    workstation = without_install_root()
    drop(workstation, PACKAGE)
    early = KeyPath.parse(rf"{OFFICE}\16.0\ClickToRun")
    put(workstation, early, "InstallPath", rf"{PROGRAMS}\Microsoft Office")
    put(workstation, early / r"REGISTRY\MACHINE\Software\Microsoft\Office\16.0\Outlook\InstallRoot", "Path", "x")
    assert workstation.outlook.install is CLICK_TO_RUN


def test_a_package_of_which_nothing_tells_is_known_by_its_folder() -> None:
    workstation = pc("2016/x86/click-to-run")
    drop(workstation, PACKAGE)
    outlook = workstation.outlook
    assert (outlook.install, outlook.bitness) == (CLICK_TO_RUN, X86)
    assert outlook.inf_path == rf"{OF_2016_X86}\1033\MAPISVC.INF"
    assert rules(workstation)["Click-to-Run"] == r"its folder is a root\OfficeNN"


def test_the_platform_counts_for_more_than_the_key_of_outlook() -> None:
    workstation = pc("2016/x64/click-to-run")
    put(workstation, OUTLOOK, "Bitness", "x86")
    assert workstation.outlook.bitness is X64
    put(workstation, PACKAGE / "Configuration", "Platform", "neutral")
    assert (workstation.outlook.bitness, workstation.outlook.view) == (X86, View.X86)


def test_a_path_that_only_its_own_processes_see_leads_to_the_physical_file() -> None:
    workstation = pc("2016/x64/click-to-run")
    put(workstation, CLIENT, "DLLPathEx", rf"{OF_MSI}\1033\MSMAPI32.DLL")
    write(workstation, rf"{OF_MSI}\1033\MAPISVC.INF")
    assert workstation.outlook.inf_path.upper() == rf"{OF_2016}\1033\MAPISVC.INF".upper()
    assert workstation.outlook.other_inf_paths == (rf"{OF_MSI}\1033\MAPISVC.INF",)
    write(workstation, workstation.outlook.inf_path, None)
    assert workstation.outlook.inf_path == rf"{OF_MSI}\1033\MAPISVC.INF", "what its layer has not, it sees through it"


# --- several --------------------------------------------------------------------------------------


def names(workstation: MemoryWorkstation) -> list[str]:
    return [f"{outlook.edition}/{outlook.bitness}/{outlook.install}" for outlook in workstation.outlooks]


@pytest.mark.parametrize(
    "order",
    [
        ("2016/x64/click-to-run", "2010/x64/msi"),
        ("2010/x64/msi", "2016/x64/click-to-run"),
        ("2013/x86/click-to-run", "2016/x86/msi", "2003/x86/msi"),
        ("2007/x86/msi", "2016/x86/msi"),
    ],
)
def test_the_mail_client_counts_and_each_has_an_inf_of_its_own(order: tuple[str, ...]) -> None:
    workstation = pc(*order)
    first, *others = workstation.outlooks
    assert names(workstation)[0] == order[0]
    assert sorted(names(workstation)) == sorted(order)
    for outlook in (first, *others):
        assert workstation.files.read(outlook.inf_path)
        assert ("root" in outlook.inf_path) == (outlook.install is CLICK_TO_RUN)
    [told] = [fact for fact, _ in first.rules if fact.startswith("counts before")]
    assert all(f"Outlook {outlook.edition}" in told for outlook in others)
    assert not [fact for outlook in others for fact, _ in outlook.rules if fact.startswith("counts")]


def test_of_two_that_share_their_folder_the_one_that_windows_starts_counts_else_the_newest() -> None:
    workstation = pc("2010/x64/msi", "2016/x64/msi")
    assert names(workstation)[0] == "2010/x64/msi"
    assert "App Paths" in rules(workstation)["counts before Outlook 2016"]
    app_path = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\OUTLOOK.EXE")
    put(workstation, app_path, "", r'"C:\PROGRA~1\MICROS~1\Office16\OUTLOOK.EXE"')
    assert names(workstation)[0] == "2016/x64/msi"
    put(workstation, app_path, "", None)
    assert names(workstation)[0] == "2016/x64/msi"
    assert rules(workstation)["counts before Outlook 2010"] == "it is the newest"


def test_a_dll_that_only_click_to_run_sees_makes_it_count_where_nobody_has_it() -> None:
    workstation = pc("2010/x86/msi", "2016/x64/click-to-run")
    put(workstation, CLIENT, "DLLPathEx", rf"{OF_MSI}\1033\MSMAPI32.DLL")
    assert names(workstation)[0] == "2016/x64/click-to-run"
    assert "only it sees" in rules(workstation)["counts before Outlook 2010"]


def test_the_mail_clients_key_speaks_of_the_one_that_counts_only() -> None:
    """The other one has languages and a DLL of its own."""
    workstation = pc(installation("2016/x64/click-to-run", 1036), installation("2010/x64/msi", 1031))
    assert [outlook.lcids for outlook in workstation.outlooks] == [(1036,), (1031,)]
    put(workstation, CLIENT, "DLLPathEx", rf"{PROGRAMS}\Microsoft Office\root\Office16\OLMAPI32.DLL")
    put(workstation, KeyPath.parse(rf"{OFFICE}\14.0\Common\LanguageResources"), "UILanguage", "1036")
    assert workstation.outlooks[1].inf_path == rf"{OF_MSI}\1031\MAPISVC.INF"


def test_show_tells_them_all(mapiwright: Mapiwright, tmp_path: Path) -> None:
    folder = str(tmp_path / "three")
    options = ("--also", "2010", "--also", "2013/x86/click-to-run", "--language", "1036", "--language", "1033")
    made = mapiwright(
        "workstation", "create", folder, "--bitness", "x86", "--install", "click-to-run", "--json", *options
    )
    assert made.code == 0, made.err
    assert made.document["workstation"]["also"] == ["2010/x86/msi", "2013/x86/click-to-run"]
    assert (made.document["workstation"]["install"], made.document["workstation"]["languages"]) == (
        "click-to-run",
        [1036, 1033],
    )
    shown = mapiwright("workstation", "show", "--workstation", f"image:{folder}").out
    for told in (
        "Outlook:     2016 (x86), installed by Click-to-Run",
        "Also:        2013 (x86), installed by Click-to-Run",
        "Also:        2010 (x86), installed by Windows Installer",
        "Languages:   1036, 1033",
        "Not read:    C:",
        "counts before Outlook 2013 and Outlook 2010",
        "How Outlook 2010 was found:",
    ):
        assert told in shown
    document = mapiwright("workstation", "show", "--workstation", f"image:{folder}", "--json").document["workstation"]
    assert [each["edition"] for each in document["other_outlooks"]] == ["2013", "2010"]
    assert len(document["outlook"]["mapisvc"]["not_read"]) == 1


@pytest.mark.parametrize("text", ["2010/x65", "1997", "2016/x64/msi/x", ""])
def test_an_outlook_beside_it_is_told_in_known_words(mapiwright: Mapiwright, tmp_path: Path, text: str) -> None:
    answer = mapiwright("workstation", "create", str(tmp_path / "pc"), "--also", text)
    assert answer.code == 2
    assert "EDITION[/BITNESS[/INSTALL]]" in answer.err


def test_a_windows_of_every_machine_is_made_and_told(mapiwright: Mapiwright, tmp_path: Path) -> None:
    for windows, bitness in (("x86", "x86"), ("arm64", "x64")):
        folder = str(tmp_path / windows)
        options = ("--windows", windows, "--bitness", bitness, "--without-inf")
        assert mapiwright("workstation", "create", folder, *options).code == 0
        shown = mapiwright("workstation", "show", "--workstation", f"image:{folder}").out
        assert f"build 19045 ({windows})" in shown
        assert f"2016 ({bitness})" in shown
        assert "(not there)" in shown
    assert not list((tmp_path / "x86").rglob("*(x86)*"))
    assert not list((tmp_path / "x86").rglob("SysWOW64"))


# --- the Store ------------------------------------------------------------------------------------

STORE = rf"{PROGRAMS}\WindowsApps\Microsoft.Office.Desktop.Outlook_16051.11629.20196.0_x86__8wekyb3d8bbwe\Office16"


def test_an_outlook_of_the_store_is_refused_with_the_reason(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    registry = ImageWorkstation(workstation_folder).registry
    key = OUTLOOK / "InstallRoot"
    registry.apply([SetValue(key, "Path", registry.value(key, "Path"), Value.sz(STORE + "\\"))])
    with pytest.raises(NotFoundError, match="Microsoft Store") as error:
        _ = ImageWorkstation(workstation_folder).outlook
    assert error.value.where == STORE
    assert "Click-to-Run" in error.value.remedy
    assert "Microsoft Store" in mapiwright("workstation", "show").out


def test_a_package_of_the_store_is_the_reason_although_it_keeps_its_keys_to_itself() -> None:
    workstation = pc("2016/x64/msi")
    drop(workstation, OUTLOOK)
    write(workstation, rf"{PROGRAMS}\WindowsApps\Contoso_1.0_x64\a.exe")
    with pytest.raises(NotFoundError, match="no Outlook was found"):
        _ = workstation.outlook
    write(workstation, rf"{STORE}\OUTLOOK.EXE")
    with pytest.raises(NotFoundError, match="Microsoft Store"):
        _ = workstation.outlook


def test_an_outlook_of_the_store_is_passed_over_for_another() -> None:
    workstation = pc("2010/x64/msi")
    put(workstation, OUTLOOK / "InstallRoot", "Path", STORE)
    assert names(workstation) == ["2010/x64/msi"]
    assert STORE in rules(workstation)["passed over"]


# --- what Office does to its workstation ----------------------------------------------------------


def test_a_workstation_that_is_open_finds_the_inf_anew() -> None:
    """An update brings another file, a repair takes ours away, a change of language or of bitness moves it."""
    workstation = pc("2016/x64/click-to-run")
    before = workstation.outlook.inf_path
    write(workstation, before, b"; as it was shipped\r\n")
    assert workstation.outlook.inf_path == before
    write(workstation, before, None)
    assert workstation.outlook.inf_path == before
    assert "the file is not there" in rules(workstation)["MAPISVC.INF"]

    french = rf"{OF_2016}\1036\MAPISVC.INF"
    write(workstation, before)
    write(workstation, french)
    put(workstation, CLIENT, "DLLPathEx", rf"{OF_2016}\1036\MSMAPI32.DLL")
    assert (workstation.outlook.inf_path, workstation.outlook.other_inf_paths[0].upper()) == (french, before.upper())

    other = pc("2016/x86/click-to-run")
    put(workstation, PACKAGE / "Configuration", "Platform", "x86")
    put(workstation, PACKAGE / "Configuration", "InstallationPath", rf"{PROGRAMS_X86}\Microsoft Office")
    put(workstation, CLIENT, "DLLPathEx", rf"{OF_2016_X86}\1036\MSMAPI32.DLL")
    drop(workstation, OUTLOOK)
    put(workstation, KeyPath.parse(str(OUTLOOK), View.X86) / "InstallRoot", "Path", other.outlook.root + "\\")
    write(workstation, rf"{OF_2016_X86}\1036\MAPISVC.INF")
    outlook = workstation.outlook
    assert (outlook.bitness, outlook.view, outlook.lcids) == (X86, View.X86, (1036, 1033))
    assert outlook.inf_path == rf"{OF_2016_X86}\1036\MAPISVC.INF"


# --- a registry that has lost something -----------------------------------------------------------


@PLACE
def test_folders_of_programs_that_the_registry_has_lost_are_where_windows_has_them(
    name: str, windows: Bitness, view: View, root: str, msmapi: str
) -> None:
    workstation = pc(name, windows=windows)
    drop(workstation, KeyPath.parse(r"HKLM\SOFTWARE\Clients"))
    for side in (View.NATIVE, View.X86):
        current = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion", side)
        for value in workstation.registry.read(current).values if workstation.registry.read(current) else ():  # type: ignore[union-attr]
            put(workstation, current, value, None)
    outlook = workstation.outlook
    assert (outlook.view, outlook.root) == (view, root)
    assert outlook.inf_path.upper() == rf"{msmapi}\1033\MAPISVC.INF".upper()


def test_an_outlook_of_2007_needs_no_word_on_its_bitness() -> None:
    workstation = pc("2007/x86/msi")
    key = KeyPath.parse(rf"{OFFICE}\12.0\Outlook")
    drop(workstation, KeyPath.parse(str(key), View.X86))
    put(workstation, key / "InstallRoot", "Path", rf"{PROGRAMS_X86}\Microsoft Office\Office12")
    assert (workstation.outlook.bitness, workstation.outlook.view) == (X86, View.X86)
    assert rules(workstation)["x86 process"] == "there is no other of this edition"


@pytest.mark.parametrize("text", ["", "Office16", r"\\server\Office16", r"C:\a\..\Office16"])
def test_an_install_root_that_is_no_folder_is_none(text: str) -> None:
    workstation = pc("2016/x64/msi")
    put(workstation, OUTLOOK / "InstallRoot", "Path", text)
    with pytest.raises(NotFoundError):
        _ = workstation.outlook
