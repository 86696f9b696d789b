"""The main job: a vendor's package on an offline workstation, and everything as it was afterwards."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.setup.install.preflight import preflight
from mapiwright.workstation.change import CreateKey, SetValue
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.office_layout import EVERY_INSTALLATION
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.registry import Key, KeyPath, Value
from mapiwright.workstation.workstation import Bitness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.workstation.outlook.office_layout import OutlookInstallation

    Mapiwright = Callable[..., Any]
    Picture = Callable[[], dict[str, bytes]]

# The example has no DLL for the Outlook that loads ARM64 ones only.
EVERY_OUTLOOK = [made for made in EVERY_INSTALLATION if made.bitness is not Bitness.ARM64]


def registry_of(folder: Path) -> dict[str, Key | None]:
    """All that the registry says, by values: the hives' bytes also hold times."""
    workstation = open_workstation(f"image:{folder}")
    roots = [
        KeyPath.parse(r"HKLM\SOFTWARE"),
        KeyPath.parse(r"HKLM\SYSTEM"),
        *(user.root for user in workstation.users),
    ]
    return {str(root): workstation.registry.read(root) for root in roots}


def files_of(folder: Path) -> dict[str, bytes]:
    hives = {"SOFTWARE", "SYSTEM", "NTUSER.DAT"}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in hives and "Mapiwright" not in path.parts
    }


def inf_of(folder: Path) -> bytes:
    return next(path for path in folder.rglob("*") if path.name.upper() == "MAPISVC.INF").read_bytes()


def test_install_does_the_four_duties_and_tells_the_service(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    answer = mapiwright("install", acme, "--yes")
    assert answer.code == 0, answer.err
    assert b"[ACME]" in inf_of(workstation_folder)
    assert list(workstation_folder.rglob("acme32.dll"))
    listed = mapiwright("profile", "list", "--json").document["profiles"]
    assert [(row["user"], row["default"], row["services"]) for row in listed] == [("Zoë", True, ["ACME"])]
    assert "MSG_SERVICE_INSTALL" in answer.out
    assert "MSG_SERVICE_CREATE" in answer.out


def test_planning_again_after_an_install_gives_an_empty_plan(mapiwright: Mapiwright, acme: Path) -> None:
    assert not mapiwright("plan", acme, "--json").document["plan"]["empty"]
    assert mapiwright("install", acme, "--yes").code == 0
    assert mapiwright("plan", acme, "--json").document["plan"]["empty"]
    again = mapiwright("install", acme, "--yes")
    assert again.code == 0
    assert len(mapiwright("receipts", "--json").document["receipts"]) == 1


def test_a_plan_changes_nothing_and_runs_no_vendor_code(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    shutil.copytree(acme, package)
    ran = tmp_path / "ran"
    for source in package.rglob("*.py"):
        source.write_text(f"open({str(ran)!r}, 'w').close()\n" + source.read_text(encoding="utf-8"), encoding="utf-8")
    before = {path: path.read_bytes() for path in workstation_folder.rglob("*") if path.is_file()}
    assert mapiwright("plan", package).code == 0
    assert mapiwright("install", package, "--dry-run").code == 0
    assert mapiwright("install", package).code == 1, "a pipe is refused without --yes"
    assert {path: path.read_bytes() for path in workstation_folder.rglob("*") if path.is_file()} == before
    assert not ran.exists()


@pytest.mark.parametrize("made", EVERY_OUTLOOK, ids=str)
def test_uninstall_after_install_gives_everything_back(
    made: OutlookInstallation, tmp_path: Path, acme: Path, mapiwright: Mapiwright
) -> None:
    folder = tmp_path / "other"
    create_image(folder, outlooks=[made], users=["Ada", "Łukasz"])
    target = ("--workstation", f"image:{folder}")
    files, registry = files_of(folder), registry_of(folder)
    installed = mapiwright("install", acme, "--yes", "--all-users", *target)
    assert installed.code == 0, installed.err
    assert files_of(folder) != files
    assert registry_of(folder) != registry
    removed = mapiwright("uninstall", "acme-mail", "--yes", *target)
    assert removed.code == 0, removed.err
    assert files_of(folder) == files
    assert registry_of(folder) == registry


def test_undo_of_an_install_gives_everything_back(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    files, registry = files_of(workstation_folder), registry_of(workstation_folder)
    installed = mapiwright("install", acme, "--yes", "--json").document["receipt"]
    undone = mapiwright("undo", installed["id"], "--yes")
    assert undone.code == 0
    assert "To undo it" not in undone.out, "an undo cannot be undone"
    assert files_of(workstation_folder) == files
    assert registry_of(workstation_folder) == registry
    assert mapiwright("uninstall", "acme-mail", "--yes").code == 1, "what was undone is not installed"


def test_undo_of_an_uninstall_brings_the_service_back(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    mapiwright("install", acme, "--yes")
    files, registry = files_of(workstation_folder), registry_of(workstation_folder)
    removed = mapiwright("uninstall", "acme-mail", "--yes", "--json").document["receipt"]
    assert mapiwright("undo", removed["id"], "--yes").code == 0
    assert files_of(workstation_folder) == files
    assert registry_of(workstation_folder) == registry
    assert mapiwright("uninstall", "acme-mail", "--yes").code == 0, "and it can be uninstalled again"


def test_a_user_who_has_a_default_profile_keeps_it_untouched(mapiwright: Mapiwright, acme: Path) -> None:
    mapiwright("profile", "create", "Mine", "--default", "--yes")
    before = mapiwright("profile", "dump", "Mine").document
    assert mapiwright("install", acme, "--yes").code == 0
    assert mapiwright("profile", "dump", "Mine").document == before
    assert [row["name"] for row in mapiwright("profile", "list", "--json").document["profiles"]] == ["Mine"]


def test_profile_names_where_the_service_goes_and_uninstall_leaves_the_rest_of_it(
    mapiwright: Mapiwright, acme: Path
) -> None:
    mapiwright("profile", "create", "Mine", "--default", "--yes")
    before = mapiwright("profile", "dump", "Mine").document
    assert mapiwright("install", acme, "--yes", "--profile", "Mine").code == 0
    assert mapiwright("profile", "dump", "Mine").document != before
    assert mapiwright("uninstall", "acme-mail", "--yes").code == 0
    assert mapiwright("profile", "dump", "Mine").document == before


def test_a_profile_that_the_install_made_stays_where_something_was_added_since(
    mapiwright: Mapiwright, acme: Path
) -> None:
    mapiwright("install", acme, "--yes")
    name = mapiwright("profile", "list", "--json").document["profiles"][0]["name"]
    other = next(
        row["name"] for row in mapiwright("service", "list", "--json").document["services"] if row["name"] != "ACME"
    )
    assert mapiwright("profile", "add-service", name, other, "--yes").code == 0
    assert mapiwright("uninstall", "acme-mail", "--yes").code == 0
    rows = mapiwright("profile", "list", "--json").document["profiles"]
    assert [(row["name"], row["services"]) for row in rows] == [(name, [other])]


def test_no_profile_makes_none(mapiwright: Mapiwright, acme: Path) -> None:
    assert mapiwright("install", acme, "--yes", "--no-profile").code == 0
    assert mapiwright("profile", "list", "--json").document["profiles"] == []


def test_a_file_of_somebody_else_is_not_overwritten(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    mapiwright("install", acme, "--yes")
    dll = next(workstation_folder.rglob("acme32.dll"))
    mapiwright("uninstall", "acme-mail", "--yes")
    dll.write_bytes(b"somebody else's")
    files = files_of(workstation_folder)
    answer = mapiwright("install", acme, "--yes")
    assert answer.code == 1
    assert "acme32.dll" in answer.err
    assert files_of(workstation_folder) == files


def test_what_somebody_changed_since_stays_and_is_told(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    mapiwright("install", acme, "--yes")
    dll = next(workstation_folder.rglob("acme32.dll"))
    dll.write_bytes(b"patched by hand")
    answer = mapiwright("uninstall", "acme-mail", "--yes")
    assert answer.code == 0
    assert "MW5101" in answer.err
    assert dll.read_bytes() == b"patched by hand"


def test_a_foreign_line_that_came_later_survives_the_uninstall(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    before = inf_of(workstation_folder)
    mapiwright("install", acme, "--yes")
    path = next(p for p in workstation_folder.rglob("*") if p.name.upper() == "MAPISVC.INF")
    foreign = b"\r\n[Contoso]\r\nPR_DISPLAY_NAME=Contoso  ; odd   spacing\r\n"
    path.write_bytes(path.read_bytes() + foreign)
    mapiwright("uninstall", "acme-mail", "--yes")
    assert path.read_bytes() == before + foreign


def test_service_verbs_tell_what_is_there(mapiwright: Mapiwright, acme: Path) -> None:
    mapiwright("install", acme, "--yes")
    listed = mapiwright("service", "list")
    assert "ACME" in listed.out
    assert "acme-mail" in listed.out
    shown = mapiwright("service", "show", "acme")
    assert "ServiceEntry" in shown.out
    assert "MAPI_TRANSPORT_PROVIDER" in shown.out
    assert mapiwright("service", "show", "nothing").code == 1


def test_where_no_code_can_run_the_calls_are_pending_and_never_said_to_be_sent(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(acme / "x64" / "acme32.dll", bare)
    fragment = next(path for path in acme.rglob("*.inf"))
    shutil.copy(fragment, bare / "mapisvc.inf")
    answer = mapiwright("install", bare, "--yes", "--json")
    assert answer.code == 0, answer.err
    outcomes = {effect["title"]: effect["outcome"] for effect in answer.document["receipt"]["effects"]}
    assert set(outcomes.values()) == {"pending"}
    assert len(mapiwright("service", "show", "ACME", "--json").document["service"]["pending"]) == len(outcomes)
    assert mapiwright("uninstall", "ACME", "--yes").code == 0
    refused = mapiwright("install", bare, "--yes", "--entry", "require")
    assert refused.code == 3
    assert mapiwright("service", "list", "--json").document["services"] != []


def test_a_service_that_refuses_to_be_created_leaves_no_trace(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    shutil.copytree(acme, package)
    source = package / "acme_service.py"
    cancels = "def service_entry(call):\n    return 0x80040113 if call.context == 2 else 0\n"
    source.write_text(cancels, encoding="utf-8")
    files, registry = files_of(workstation_folder), registry_of(workstation_folder)
    answer = mapiwright("install", package, "--yes")
    assert answer.code == 3
    assert "cancel" in answer.err
    assert files_of(workstation_folder) == files
    assert registry_of(workstation_folder) == registry


def test_a_profile_that_the_install_made_stays_where_a_section_was_added_since(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    mapiwright("install", acme, "--yes")
    name = mapiwright("profile", "list", "--json").document["profiles"][0]["name"]
    workstation = open_workstation(f"image:{workstation_folder}")
    profiles = workstation.users[0].root / PROFILE_ROOTS[workstation.outlook.edition].profiles
    section = profiles / name / ("ab" * 16)
    workstation.registry.apply([CreateKey(section), SetValue(section, "001f3001", None, Value.binary(b"x\0\0\0"))])
    assert mapiwright("uninstall", "acme-mail", "--yes").code == 0
    kept = open_workstation(f"image:{workstation_folder}").registry
    assert kept.value(section, "001f3001") == Value.binary(b"x\0\0\0"), "Outlook's own section is not ours to remove"


def test_preflight_looks_once(mapiwright: Mapiwright, acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def counted(*arguments: Any, **options: Any) -> Any:
        looks.append(arguments)
        return preflight(*arguments, **options)

    for module in ("mapiwright.setup.install.install", "mapiwright.ui.cli.installing"):
        monkeypatch.setattr(f"{module}.preflight", counted)
    assert mapiwright("install", acme, "--yes").code == 0
    assert len(looks) == 1


class TestAnIdInPlaceOfThePath:
    def test_plan_shows_what_would_put_back_what_is_missing(
        self, mapiwright: Mapiwright, acme: Path, workstation_folder: Path, tmp_path: Path
    ) -> None:
        mapiwright("install", acme, "--yes")
        assert mapiwright("plan", "ACME-mail", "--json").document["plan"]["empty"]
        dll = next(workstation_folder.rglob("acme32.dll"))
        data = dll.read_bytes()
        dll.unlink()
        assert mapiwright("plan", "acme-mail", "-o", tmp_path / "a.plan").code == 0
        assert mapiwright("apply", tmp_path / "a.plan", "--yes").code == 0
        assert dll.read_bytes() == data

    @pytest.mark.parametrize("words", [("install",), ("plan", "--machine"), ("plan", "--profile", "Work")])
    def test_what_needs_the_media_says_so(self, mapiwright: Mapiwright, acme: Path, words: tuple[str, ...]) -> None:
        mapiwright("install", acme, "--yes")
        verb, *options = words
        answer = mapiwright(verb, "acme-mail", *options)
        assert answer.code == 1
        assert "its media is not at hand" in answer.err
        assert "mapiwright guard acme-mail" in answer.err

    def test_one_that_is_not_installed_names_those_that_are(self, mapiwright: Mapiwright, acme: Path) -> None:
        mapiwright("install", acme, "--yes")
        answer = mapiwright("plan", "other")
        assert answer.code == 1
        assert "no package of that id is installed" in answer.err
        assert "acme-mail" in answer.err
