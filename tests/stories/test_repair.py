"""Repair, guard and status: what was brought stays, or comes back, whatever Office does around it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.entry.makers import MAKERS
from mapiwright.errors import ConflictError, FindingsError, NotFoundError, RefusedError
from mapiwright.setup.install.repair import plan_guard, plan_repair
from mapiwright.setup.install.status import PackageState, status
from mapiwright.setup.records.records import records_of
from mapiwright.transaction.plan_file import load, save
from mapiwright.transaction.records.receipt import receipts
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import SetValue, WriteFile, file_with_parents
from mapiwright.workstation.outlook.office_layout import OutlookInstallation
from mapiwright.workstation.registry import KeyPath, Value
from mapiwright.workstation.workstation import Bitness, Edition, Install

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.transaction.plan_file import SavedPlan

    Mapiwright = Callable[..., Any]
    Release = Callable[..., Path]

DLL = r"C:\Windows\System32\acme32.dll"
ACME_KEY = KeyPath.parse(r"HKLM\Software\Acme Software\Acme Mail")


def write(desk: Any, path: str, data: bytes | None) -> None:
    files = desk.workstation.files
    if data is None:
        files.apply([WriteFile(path, files.read(path), None)])
    else:
        files.apply(list(file_with_parents(files, path, data)))
    desk.workstation.refresh()


def change_inf(desk: Any, old: str, new: str) -> None:
    path = desk.workstation.outlook.inf_path
    assert old in desk.inf
    write(desk, path, desk.inf.replace(old, new).encode("cp1252"))


def set_value(desk: Any, key: KeyPath, name: str, value: Value | None) -> None:
    registry = desk.workstation.registry
    registry.apply([SetValue(key, name, registry.value(key, name), value)])


def damage_a_file(desk: Any) -> None:
    write(desk, DLL, b"damaged")


def lose_a_file(desk: Any) -> None:
    write(desk, DLL, None)


def lose_a_line(desk: Any) -> None:
    change_inf(desk, "34140102=A3C1E0D25B7F4E619D08C47B2E95F16A\r\n", "")


def change_a_line(desk: Any) -> None:
    change_inf(desk, "PR_SERVICE_DLL_NAME=acme.dll", "PR_SERVICE_DLL_NAME=other.dll")


def lose_a_section(desk: Any) -> None:
    start = desk.inf.index("[ACME_Store]")
    change_inf(desk, desk.inf[start : desk.inf.index("[", start + 1)], "")


def change_a_value(desk: Any) -> None:
    set_value(desk, ACME_KEY, "Version", Value.sz("0"))


def lose_a_users_value(desk: Any) -> None:
    set_value(desk, desk.user("Zoë").root / r"Software\Acme Software\Acme Mail", "ShowWelcome", None)


def lose_the_record(desk: Any) -> None:
    write(desk, desk.workstation.state_folder + r"\services\ACME\record.json", None)


DAMAGES = [
    damage_a_file,
    lose_a_file,
    lose_a_line,
    change_a_line,
    lose_a_section,
    change_a_value,
    lose_a_users_value,
    lose_the_record,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("planner", [plan_repair, plan_guard])
def test_what_is_missing_or_changed_comes_back_and_uninstall_still_gives_everything_back(
    desk: Any, acme: Path, damage: Callable[[Any], None], planner: Callable[..., Any]
) -> None:
    fresh = desk.picture()
    desk.install(acme)
    whole = desk.picture()
    assert status(desk.workstation, "acme-mail").state is PackageState.INTACT
    damage(desk)
    found = status(desk.workstation, "acme-mail")
    assert found.state is PackageState.BROKEN
    assert found.faults
    desk.do(planner(desk.workstation, "acme-mail"))
    assert status(desk.workstation, "acme-mail").state is PackageState.INTACT
    assert planner(desk.workstation, "acme-mail").empty
    now = desk.picture()
    assert now[0] == whole[0]
    inf = desk.workstation.outlook.inf_path
    assert {path: data for path, data in now[1].items() if path != inf} == {
        path: data for path, data in whole[1].items() if path != inf
    }
    assert sorted(now[1][inf].split(b"\r\n")) == sorted(whole[1][inf].split(b"\r\n"))
    removal = desk.removal()
    assert removal.kept == ()
    desk.do(removal.plan)
    assert desk.picture() == fresh


def test_an_intact_package_has_nothing_to_repair(mapiwright: Mapiwright, acme: Path) -> None:
    mapiwright("install", acme, "--yes")
    for verb in ("repair", "guard"):
        answer = mapiwright(verb, "acme-mail", "--yes")
        assert answer.code == 0
        assert "Nothing to do" in answer.out
    assert len(mapiwright("receipts", "--json").document["receipts"]) == 1


def test_it_names_the_receipt_and_takes_its_id(mapiwright: Mapiwright, acme: Path, workstation_folder: Path) -> None:
    receipt = mapiwright("install", acme, "--yes", "--json").document["receipt"]["id"]
    dll = next(workstation_folder.rglob("acme32.dll"))
    whole = dll.read_bytes()
    dll.unlink()
    answer = mapiwright("repair", receipt, "--yes")
    assert answer.code == 0, answer.err
    assert receipt in answer.out
    assert dll.read_bytes() == whole
    dll.unlink()
    assert mapiwright("repair", acme, "--yes").code == 0, "the package's path will do"
    assert dll.read_bytes() == whole


def test_a_receipt_of_what_is_gone_is_refused(desk: Any, acme: Path) -> None:
    desk.install(acme)
    old = receipts(desk.workstation)[0].id
    desk.uninstall()
    desk.install(acme)
    with pytest.raises(RefusedError, match="not installed any more"):
        plan_repair(desk.workstation, old)
    with pytest.raises(NotFoundError):
        plan_repair(desk.workstation, "nothing")


def test_a_receipt_repairs_what_it_names_and_nothing_else(desk: Any, acme: Path, release: Release) -> None:
    first = desk.install(acme)
    desk.install(release("5.0", {"mapiwright.toml": {'name = "Documents"': 'name = "Papers"'}}))
    set_value(desk, ACME_KEY, "Papers", None)
    assert not plan_repair(desk.workstation, "acme-mail").empty
    assert plan_repair(desk.workstation, first.id).empty


def test_a_users_changed_value_is_his_setting_and_no_damage(desk: Any, acme: Path) -> None:
    desk.install(acme)
    key = desk.user("Zoë").root / r"Software\Acme Software\Acme Mail"
    set_value(desk, key, "ShowWelcome", Value.dword(0))
    assert status(desk.workstation, "acme-mail").state is PackageState.INTACT


def test_repair_of_an_older_version_that_was_upgraded_restores_the_newer_one(
    desk: Any, acme: Path, release: Release
) -> None:
    desk.install(acme)
    desk.install(release("5.0"))
    set_value(desk, ACME_KEY, "Version", None)
    desk.do(plan_repair(desk.workstation, "acme-mail"))
    assert desk.workstation.registry.value(ACME_KEY, "Version").text == "5.0"


class TestWhatOfficeDoes:
    """The INF is in Office's hands; ``guard`` finds it anew, and puts the service back."""

    def is_back(self, desk: Any) -> None:
        """The service is where Outlook looks, guard has nothing left to do, and uninstall leaves what Office made."""
        assert "[ACME_Store]" in desk.inf
        assert status(desk.workstation, "acme-mail").state is PackageState.INTACT
        assert plan_guard(desk.workstation, "acme-mail").empty
        removal = desk.removal()
        assert removal.kept == ()
        desk.do(removal.plan)
        assert desk.picture()[1] == type(desk)(desk.outlook).picture()[1]
        assert not records_of(desk.workstation).installations

    def test_an_update_replaces_it_by_a_fresh_one(self, desk: Any, acme: Path) -> None:
        desk.install(acme)
        desk.office_becomes(OutlookInstallation())
        assert "ACME" not in desk.inf
        assert status(desk.workstation, "acme-mail").state is PackageState.BROKEN
        desk.do(plan_guard(desk.workstation, "acme-mail"))
        self.is_back(desk)

    def test_a_repair_deletes_it(self, desk: Any, acme: Path) -> None:
        desk.install(acme)
        desk.office_becomes(OutlookInstallation(inf=False))
        plan = plan_guard(desk.workstation, "acme-mail")
        assert "repair of Office" in str(plan.notes[0])
        desk.do(plan)
        self.is_back(desk)

    @pytest.mark.parametrize("old_folder_stays", [True, False])
    def test_another_language_moves_it_to_another_folder(self, desk: Any, acme: Path, old_folder_stays: bool) -> None:
        desk.install(acme)
        english = desk.workstation.outlook.inf_path
        left = desk.workstation.files.read(english)
        desk.office_becomes(OutlookInstallation(languages=(1031,)))
        german = desk.workstation.outlook.inf_path
        assert "1031" in german
        if old_folder_stays:
            write(desk, english, left)
        with pytest.raises(RefusedError, match="another MAPISVC") as refused:
            plan_repair(desk.workstation, "acme-mail")
        assert "guard" in refused.value.remedy
        desk.do(plan_guard(desk.workstation, "acme-mail"))
        assert b"ACME" not in (desk.workstation.files.read(english) or b"")
        assert records_of(desk.workstation).installations["acme-mail"].inf_path == german
        if old_folder_stays:
            write(desk, english, None)
        self.is_back(desk)

    def test_another_channel_moves_it_into_the_virtual_folders(self, desk: Any, acme: Path) -> None:
        desk.install(acme)
        desk.office_becomes(OutlookInstallation(install=Install.CLICK_TO_RUN))
        assert "VFS" in desk.workstation.outlook.inf_path
        desk.do(plan_guard(desk.workstation, "acme-mail"))
        self.is_back(desk)

    def test_another_bitness_needs_the_package(self, desk: Any, acme: Path) -> None:
        desk.install(acme)
        desk.office_becomes(OutlookInstallation(bitness=Bitness.X86))
        with pytest.raises(RefusedError, match="x86") as refused:
            plan_guard(desk.workstation, "acme-mail")
        assert "mapiwright install PACKAGE" in refused.value.remedy
        assert "x86" in status(desk.workstation, "acme-mail").faults[0]
        desk.install(acme)
        self.is_back(desk)

    def test_another_edition_of_the_same_bitness_is_followed(self, desk: Any, acme: Path) -> None:
        desk.install(acme)
        desk.office_becomes(OutlookInstallation(Edition.OUTLOOK_2013))
        desk.do(plan_guard(desk.workstation, "acme-mail"))
        self.is_back(desk)

    def test_files_beside_the_inf_follow_it(self, desk: Any, release: Release) -> None:
        to_mapi = {
            f'{bits} = ["{bits}/acme32.dll"]': (
                f'{bits} = [{{ source = "{bits}/acme32.dll", destination = "{{mapi}}/acme32.dll" }}]'
            )
            for bits in ("x64", "x86")
        }
        desk.install(release("4.3", {"mapiwright.toml": to_mapi}))
        english = desk.workstation.outlook.inf_path.replace("MAPISVC.INF", "acme32.dll")
        whole = desk.workstation.files.read(english)
        desk.office_becomes(OutlookInstallation(languages=(1031,)))
        german = desk.workstation.outlook.inf_path.replace("MAPISVC.INF", "acme32.dll")
        write(desk, german, b"somebody else's")
        with pytest.raises(ConflictError):
            plan_guard(desk.workstation, "acme-mail")
        write(desk, german, None)
        desk.do(plan_guard(desk.workstation, "acme-mail"))
        assert desk.workstation.files.read(german) == whole
        assert desk.workstation.files.read(english) is None
        self.is_back(desk)

    def test_foreign_lines_of_our_names_in_the_new_place_are_a_conflict(self, desk: Any, acme: Path) -> None:
        desk.install(acme)
        desk.office_becomes(OutlookInstallation(languages=(1031,)))
        path = desk.workstation.outlook.inf_path
        write(desk, path, desk.workstation.files.read(path) + b"[ACME]\r\nPR_DISPLAY_NAME=Another Acme\r\n")
        with pytest.raises(FindingsError):
            plan_guard(desk.workstation, "acme-mail")
        assert status(desk.workstation, "acme-mail").state is PackageState.BROKEN

    def test_two_packages_come_back_in_either_order(self, desk: Any, acme: Path, tmp_path: Path) -> None:
        other = contoso(tmp_path, acme)
        desk.install(acme)
        desk.install(other)
        desk.office_becomes(OutlookInstallation())
        for id_ in ("contoso", "acme-mail"):
            desk.do(plan_guard(desk.workstation, id_))
        assert "[CONTOSO]" in desk.inf
        desk.uninstall("acme-mail")
        assert status(desk.workstation, "contoso").state is PackageState.INTACT
        desk.uninstall("contoso")
        assert desk.picture()[1] == type(desk)().picture()[1]


def contoso(tmp_path: Path, acme: Path) -> Path:
    """Another vendor's package, with a DLL of its own."""
    folder = tmp_path / "contoso"
    folder.mkdir()
    shutil.copy(acme / "x64" / "acme32.dll", folder / "contoso32.dll")
    (folder / "mapiwright.toml").write_text(
        'id = "contoso"\nname = "Contoso"\nversion = "1.0"\nvendor = "Contoso"\n', encoding="utf-8"
    )
    (folder / "mapisvc.inf").write_text(
        "[Services]\nCONTOSO=Contoso\n\n[CONTOSO]\nPR_DISPLAY_NAME=Contoso\nProviders=CONTOSO_AB\n"
        "PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY\n\n[CONTOSO_AB]\nPR_RESOURCE_TYPE=MAPI_AB_PROVIDER\n"
        "PR_PROVIDER_DLL_NAME=contoso.dll\nPR_PROVIDER_DISPLAY=Contoso\nPR_DISPLAY_NAME=Contoso\n",
        encoding="utf-8",
    )
    return folder


class TestStatus:
    """For detection rules: one line, and the exit code."""

    def test_it_tells_each_state(self, mapiwright: Mapiwright, acme: Path, workstation_folder: Path) -> None:
        absent = mapiwright("status", "acme-mail")
        assert (absent.code, absent.out) == (1, "acme-mail: not installed\n")
        mapiwright("install", acme, "--yes")
        intact = mapiwright("status", acme)
        assert intact.code == 0
        assert intact.out.startswith("acme-mail 4.2.1: installed and intact (receipt ")
        next(workstation_folder.rglob("acme32.dll")).unlink()
        broken = mapiwright("status", "ACME-MAIL")
        assert broken.code == 1
        assert broken.out.count("\n") == 1
        assert r"C:\Windows\System32\acme32.dll" in broken.out

    def test_as_a_document(self, mapiwright: Mapiwright, acme: Path) -> None:
        absent = mapiwright("status", "acme-mail", "--json").document["status"]
        empty: dict[str, object] = {"version": None, "receipt": None, "faults": [], "pending": []}
        assert absent == {"id": "acme-mail", "state": "absent", **empty}
        receipt = mapiwright("install", acme, "--yes", "--json").document["receipt"]["id"]
        intact = mapiwright("status", "acme-mail", "--json").document["status"]
        assert intact == {
            "id": "acme-mail",
            "state": "intact",
            "version": "4.2.1",
            "receipt": receipt,
            "faults": [],
            "pending": [],
        }

    def test_it_changes_nothing(self, mapiwright: Mapiwright, acme: Path, workstation_folder: Path) -> None:
        mapiwright("install", acme, "--yes")
        next(workstation_folder.rglob("acme32.dll")).unlink()
        before = {path: path.read_bytes() for path in workstation_folder.rglob("*") if path.is_file()}
        mapiwright("status", "acme-mail")
        assert {path: path.read_bytes() for path in workstation_folder.rglob("*") if path.is_file()} == before

    def test_the_users_half_alone_is_not_installed(self, mapiwright: Mapiwright, acme: Path) -> None:
        machine = mapiwright("install", acme, "--machine", "--yes", "--json").document["receipt"]["id"]
        mapiwright("install", acme, "--per-user", "--yes")
        assert mapiwright("undo", machine, "--yes").code == 0
        assert mapiwright("status", "acme-mail").code == 1
        assert mapiwright("uninstall", "acme-mail", "--yes").code == 0
        assert mapiwright("profile", "list", "--json").document["profiles"] == []


class TestSaved:
    """A plan of guard or repair that is approved now and applied later."""

    @pytest.fixture(params=[plan_guard, plan_repair])
    def saved(self, desk: Any, acme: Path, request: pytest.FixtureRequest) -> SavedPlan:
        desk.install(acme)
        lose_a_file(desk)
        plan = save(request.param(desk.workstation, "acme-mail"), desk.workstation)
        return load(plan.to_bytes(), MAKERS)

    def test_it_is_applied_where_nothing_moved_on(self, desk: Any, saved: SavedPlan) -> None:
        set_value(desk, desk.user("Zoë").root / r"Software\Acme Software\Acme Mail", "ShowWelcome", Value.dword(0))
        desk.do(saved.plan_for(desk.workstation))
        assert status(desk.workstation, "acme-mail").state is PackageState.INTACT

    @pytest.mark.parametrize(
        ("damage", "named"),
        [(change_a_value, "Acme Mail"), (change_a_line, "MAPISVC.INF"), (lose_the_record, "record.json")],
    )
    def test_what_was_whole_and_is_not_any_more_is_named(
        self, desk: Any, saved: SavedPlan, damage: Callable[[Any], None], named: str
    ) -> None:
        damage(desk)
        with pytest.raises(ConflictError, match="not as the plan expects") as refused:
            saved.plan_for(desk.workstation)
        assert named in refused.value.what

    def test_it_brings_back_nothing_of_what_was_uninstalled_or_upgraded(
        self, desk: Any, saved: SavedPlan, release: Release
    ) -> None:
        desk.install(release("5.0"), force=True)
        with pytest.raises(ConflictError, match=r"what is installed of acme-mail: receipt \S+ is new"):
            saved.plan_for(desk.workstation)
        desk.uninstall()
        with pytest.raises(ConflictError, match="what is installed of acme-mail"):
            execute(saved.plan, desk.workstation)
