"""A plan is made by one, approved by another, and applied later: exactly it, or nothing."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from mapiwright.formats.regf.edit.write import CreateKey, Edit, SetValue, edit
from mapiwright.workstation.kinds.create import BORN, create_image
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Mapiwright = Callable[..., Any]
    Picture = Callable[[], dict[str, bytes]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "approved plans" / "acme.plan"


@pytest.fixture
def saved(mapiwright: Mapiwright, acme: Path, file: Path) -> Path:
    """The plan of an install, saved."""
    file.parent.mkdir()
    answer = mapiwright("plan", acme, "-o", file)
    assert answer.code == 0, answer.err
    return file


def test_the_plan_that_was_printed_is_what_is_applied(
    mapiwright: Mapiwright, acme: Path, saved: Path, picture: Picture
) -> None:
    before = picture()
    shown = mapiwright("apply", saved, "--dry-run", "--json").document["plan"]
    assert picture() == before
    uids = {change["key"] for step in shown["steps"] for change in step.get("changes", ()) if "key" in change}
    answer = mapiwright("apply", saved, "--yes")
    assert answer.code == 0, answer.err
    (profile,) = mapiwright("profile", "list", "--json").document["profiles"]
    there = mapiwright("profile", "dump", profile["name"]).document["keys"]
    for uid in there:
        assert any(key.endswith(f"\\{uid}") for key in uids), "made up before it was approved"
    assert mapiwright("plan", acme, "--json").document["plan"]["empty"]


def test_a_profile_with_default_services_is_approved_first(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path, workstation_folder: Path
) -> None:
    """Its calls decide what stays of a service that fails; a saved plan keeps that."""
    package = tmp_path / "fails"
    shutil.copytree(acme, package)
    (package / "acme_service.py").write_text("def service_entry(call):\n    return 0x80004005\n", encoding="utf-8")
    assert mapiwright("install", package, "--no-profile", "--entry", "skip", "--yes").code == 0
    inf = next(path for path in workstation_folder.rglob("*") if path.name.upper() == "MAPISVC.INF")
    inf.write_bytes(inf.read_bytes().replace(b"[Default Services]\r\n", b"[Others]\r\n"))
    inf.write_bytes(inf.read_bytes() + b"\r\n[Default Services]\r\nACME=\r\nCONTAB=\r\n")
    file = tmp_path / "a.plan"
    assert mapiwright("profile", "create", "Work", "--default-services", "--dry-run", "-o", file).code == 0
    assert mapiwright("profile", "list", "--json").document["profiles"] == []
    applied = mapiwright("apply", file, "--yes")
    assert applied.code == 0, applied.err
    (made,) = mapiwright("profile", "list", "--json").document["profiles"]
    assert (made["name"], made["services"]) == ("Work", ["CONTAB"]), "the service that failed is left out"
    assert "was left out" in applied.out + applied.err
    (*_, receipt) = mapiwright("receipts", "--json").document["receipts"]
    assert mapiwright("undo", receipt["id"], "--yes").code == 0
    assert mapiwright("profile", "list", "--json").document["profiles"] == []


def test_saving_changes_nothing_and_says_how_to_apply(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path, picture: Picture
) -> None:
    before, file = picture(), tmp_path / "a.plan"
    answer = mapiwright("plan", acme, "-o", file)
    assert picture() == before
    digest = json.loads(file.read_bytes())["digest"]
    assert f"digest {digest}" in answer.out
    assert f"mapiwright apply {file}" in answer.out
    assert digest in mapiwright("apply", file, "--dry-run").err, "whoever applies it can compare"


def test_with_json_the_document_tells_file_and_digest(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.plan"
    document = mapiwright("plan", acme, "-o", file, "--json").document
    assert document["saved"] == {"file": str(file), "digest": json.loads(file.read_bytes())["digest"]}
    assert document["plan"]["steps"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_the_file_is_its_owners_alone_and_is_not_written_over(
    mapiwright: Mapiwright, acme: Path, saved: Path
) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    before = saved.read_bytes()
    again = mapiwright("plan", acme, "-o", saved)
    assert again.code == 1
    assert "there already" in again.err
    assert saved.read_bytes() == before


def test_every_verb_that_writes_can_save_its_plan(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path, picture: Picture
) -> None:
    create, remove = tmp_path / "create.plan", tmp_path / "remove.plan"
    assert mapiwright("profile", "create", "Mine", "--default", "--dry-run", "-o", create).code == 0
    assert not mapiwright("profile", "list", "--json").document["profiles"]
    assert mapiwright("apply", create, "--yes").code == 0
    assert [row["name"] for row in mapiwright("profile", "list", "--json").document["profiles"]] == ["Mine"]
    before = picture()
    assert mapiwright("install", acme, "--yes").code == 0
    assert mapiwright("uninstall", "acme-mail", "--dry-run", "-o", remove).code == 0
    assert mapiwright("apply", remove, "--yes").code == 0
    assert {path for path in before if "acme" in path.casefold()} == set()
    assert mapiwright("uninstall", "acme-mail", "--yes").code == 1, "it is gone"


def test_an_undo_can_be_approved_too(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    receipt = mapiwright("install", acme, "--yes", "--json").document["receipt"]
    assert mapiwright("undo", receipt["id"], "--dry-run", "-o", tmp_path / "undo.plan").code == 0
    answer = mapiwright("apply", tmp_path / "undo.plan", "--yes")
    assert answer.code == 0, answer.err
    assert mapiwright("uninstall", "acme-mail", "--yes").code == 1, "what was undone is not installed"


def test_a_bare_hive_is_a_workstation_like_others(
    mapiwright: Mapiwright, workstation_folder: Path, tmp_path: Path
) -> None:
    """It tells of no computer and of no Outlook, so its place is what it is known by."""
    hive = shutil.copyfile(workstation_folder / "Users" / "Zoë" / "NTUSER.DAT", tmp_path / "NTUSER.DAT")
    here = ("--workstation", f"hive:{hive}")
    plan = tmp_path / "a.plan"
    assert mapiwright("profile", "create", "Mine", *here, "--dry-run", "-o", plan, "--edition", "2016").code == 0
    assert (
        mapiwright("apply", plan, "--yes", "--workstation", f"hive:{shutil.copyfile(hive, tmp_path / 'X')}").code == 1
    )
    answer = mapiwright("apply", plan, "--yes", *here, "--edition", "2016")
    assert answer.code == 0, answer.err
    assert mapiwright("profile", "list", *here, "--json").document["profiles"][0]["name"] == "Mine"


def test_without_dry_run_there_is_no_saving(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    answer = mapiwright("install", acme, "--yes", "-o", tmp_path / "a.plan")
    assert answer.code == 2
    assert "--dry-run" in answer.err
    assert not mapiwright("receipts", "--json").document["receipts"]


def test_a_plan_with_nothing_in_it_can_be_saved_and_does_nothing(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path
) -> None:
    mapiwright("install", acme, "--yes")
    assert mapiwright("plan", acme, "-o", tmp_path / "a.plan").code == 0
    answer = mapiwright("apply", tmp_path / "a.plan", "--yes")
    assert answer.code == 0
    assert "Nothing to do" in answer.out
    assert len(mapiwright("receipts", "--json").document["receipts"]) == 1


def test_what_moved_on_is_named_and_nothing_is_written(
    mapiwright: Mapiwright, saved: Path, workstation_folder: Path, picture: Picture
) -> None:
    inf = next(path for path in workstation_folder.rglob("*") if path.name == "MAPISVC.INF")
    inf.write_bytes(inf.read_bytes() + b"; an update was here\r\n")
    before = picture()
    for arguments in (["--yes"], ["--dry-run"]):
        answer = mapiwright("apply", saved, *arguments)
        assert answer.code == 1
        assert "1 thing is not as the plan expects:\n    C:\\" in answer.err
        assert "MAPISVC.INF" in answer.err
        assert "Plan again" in answer.err
    assert picture() == before


@pytest.fixture
def newer(release: Callable[..., Path]) -> Path:
    """The next version, whose providers have other names."""
    names = {"PR_PROVIDER_DISPLAY=Acme Address Book": "PR_PROVIDER_DISPLAY=Acme Contacts"}
    return release("5.0", {"acme.inf": names})


@pytest.mark.parametrize("verb", ["upgrade", "uninstall"])
def test_a_profile_that_came_to_hold_the_service_since_is_named(
    mapiwright: Mapiwright, acme: Path, newer: Path, tmp_path: Path, picture: Picture, verb: str
) -> None:
    """The plan would change nothing in it, and leave it with a service that is no more."""
    assert mapiwright("install", acme, "--profile", "Mine", "--yes").code == 0
    assert mapiwright("profile", "create", "Bare", "--yes").code == 0
    words = ("install", newer) if verb == "upgrade" else ("uninstall", "acme-mail")
    plan = tmp_path / "a.plan"
    assert mapiwright(*words, "--dry-run", "-o", plan).code == 0
    actions = {
        ("copy", "Mine", "Spare"): "profiles of Zoë: Spare is new",
        ("add-service", "Bare", "ACME"): "services of profile 'Bare' of Zoë: not as they were",
        ("delete", "Bare"): "profiles of Zoë: Bare is gone",
    }
    for action, told in actions.items():
        done = mapiwright("profile", *action, "--yes", "--json")
        assert done.code == 0, done.err
        before = picture()
        for arguments in (["--dry-run"], ["--yes"]):
            answer = mapiwright("apply", plan, *arguments)
            assert answer.code == 1
            assert told in answer.err
            assert "Plan again" in answer.err
        assert picture() == before
        assert mapiwright("undo", done.document["receipt"]["id"], "--yes").code == 0
    answer = mapiwright("apply", plan, "--yes")
    assert answer.code == 0, "all of it is as it was"


def test_what_outlook_notes_in_a_profile_is_no_reason_to_plan_again(
    mapiwright: Mapiwright, acme: Path, newer: Path, workstation_folder: Path, tmp_path: Path
) -> None:
    assert mapiwright("install", acme, "--profile", "Mine", "--yes").code == 0
    assert mapiwright("install", newer, "--dry-run", "-o", tmp_path / "a.plan").code == 0
    hive = workstation_folder / "Users" / "Zoë" / "NTUSER.DAT"
    section = (
        "Software",
        "Microsoft",
        "Office",
        "16.0",
        "Outlook",
        "Profiles",
        "Mine",
        "0a0d020000000000c000000000000046",
    )
    edits: list[Edit] = [CreateKey(section), SetValue(section, "000b0340", 3, b"\1\0")]
    hive.write_bytes(edit(hive.read_bytes(), edits, timestamp=BORN))
    answer = mapiwright("apply", tmp_path / "a.plan", "--yes")
    assert answer.code == 0, answer.err


def test_a_second_time_is_refused_with_the_receipt_of_the_first(mapiwright: Mapiwright, saved: Path) -> None:
    receipt = mapiwright("apply", saved, "--yes", "--json").document["receipt"]
    again = mapiwright("apply", saved, "--yes")
    assert again.code == 1
    assert "applied already" in again.err
    assert receipt["id"] in again.err


def test_what_was_undone_may_be_applied_again(mapiwright: Mapiwright, saved: Path) -> None:
    receipt = mapiwright("apply", saved, "--yes", "--json").document["receipt"]
    assert mapiwright("undo", receipt["id"], "--yes").code == 0
    assert mapiwright("apply", saved, "--yes").code == 0


def test_another_workstation_is_refused_and_the_right_one_is_named(
    mapiwright: Mapiwright, saved: Path, workstation_folder: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "twin"
    create_image(twin, users=["Zoë"])
    answer = mapiwright("apply", saved, "--yes", "--workstation", f"image:{twin}")
    assert answer.code == 1
    assert "another workstation" in answer.err
    assert f"--workstation image:{workstation_folder}" in answer.err
    assert not list(twin.rglob("acme32.dll"))


def test_a_windows_that_has_a_name_of_its_own_may_be_mounted_elsewhere(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path, tmp_path: Path
) -> None:
    hive = workstation_folder / "Windows" / "System32" / "config" / "SOFTWARE"
    guid = Value.sz("0b1fcb5c-5b6e-4b4e-9d0c-6d5f0d6d8c11")
    key = ("Microsoft", "Cryptography")
    edits: list[Edit] = [CreateKey(key), SetValue(key, "MachineGuid", guid.type, guid.data)]
    hive.write_bytes(edit(hive.read_bytes(), edits, timestamp=BORN))
    assert mapiwright("plan", acme, "-o", tmp_path / "a.plan").code == 0
    elsewhere = workstation_folder.rename(tmp_path / "mounted elsewhere")
    answer = mapiwright("apply", tmp_path / "a.plan", "--yes", "--workstation", f"image:{elsewhere}")
    assert answer.code == 0, answer.err


def test_an_edited_file_is_refused(mapiwright: Mapiwright, saved: Path) -> None:
    saved.write_bytes(saved.read_bytes().replace(b"4.2.1", b"4.2.2"))
    answer = mapiwright("apply", saved, "--yes", "--json")
    assert answer.code == 1
    assert answer.document["error"]["class"] == "FormatError"
    assert str(saved) in answer.document["error"]["where"]
    assert "changed after it was saved" in answer.err


def test_a_file_that_is_no_plan_is_refused(mapiwright: Mapiwright, acme: Path) -> None:
    answer = mapiwright("apply", acme / "mapiwright.toml", "--yes")
    assert answer.code == 1
    assert "JSON" in answer.err


def test_a_profile_that_holds_a_password_is_not_copied_into_a_file(
    mapiwright: Mapiwright, workstation_folder: Path, tmp_path: Path
) -> None:
    mapiwright("profile", "create", "Mine", "--default", "--yes")
    hive = workstation_folder / "Users" / "Zoë" / "NTUSER.DAT"
    profile = ("Software", "Microsoft", "Office", "16.0", "Outlook", "Profiles", "Mine")
    section = (*profile, "13dbb0c8aa05101a9bb000aa002fc45a")
    blob = bytes.fromhex("02 01000000 d08c9ddf0115d1118c7a00c04fc297eb") + b"sealed by Windows"
    hive.write_bytes(
        edit(hive.read_bytes(), [CreateKey(section), SetValue(section, "S001f67f0", 3, blob)], timestamp=BORN)
    )
    for verb in (["copy", "Mine", "Yours"], ["delete", "Mine"]):
        answer = mapiwright("profile", *verb, "--dry-run", "-o", tmp_path / "a.plan")
        assert answer.code == 1
        assert "'S001f67f0'" in answer.err
        assert "secrets" in answer.err
        assert not (tmp_path / "a.plan").exists()
        assert mapiwright("profile", *verb, "--dry-run").code == 0, "to look is allowed"
