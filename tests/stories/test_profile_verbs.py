"""The profile verbs as a support person types them, on a tree and on a bare hive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Mapiwright = Callable[..., Any]


def names(mapiwright: Mapiwright, *target: str) -> list[str]:
    answer = mapiwright("profile", "list", "--json", *target)
    assert answer.code == 0, answer.err
    return [row["name"] for row in answer.document["profiles"]]


def default(mapiwright: Mapiwright) -> str | None:
    rows = mapiwright("profile", "list", "--json").document["profiles"]
    return next((row["name"] for row in rows if row["default"]), None)


def test_a_profile_is_created_copied_renamed_and_deleted(mapiwright: Mapiwright) -> None:
    assert names(mapiwright) == []
    assert mapiwright("profile", "create", "Büro", "--default", "--yes").code == 0
    assert mapiwright("profile", "copy", "büro", "Zweites Büro", "--yes").code == 0
    assert sorted(names(mapiwright)) == ["Büro", "Zweites Büro"]
    assert mapiwright("profile", "rename", "Büro", "Home", "--yes").code == 0
    assert default(mapiwright) == "Home", "a default profile stays the default one"
    assert mapiwright("profile", "default", "Zweites Büro", "--yes").code == 0
    assert default(mapiwright) == "Zweites Büro"
    deleted = mapiwright("profile", "delete", "Zweites Büro", "--yes")
    assert deleted.code == 0
    told = (
        'Zweites Büro was the default profile; now there is none. Choose another: mapiwright profile default "Home"'
    )
    assert told in deleted.out
    assert names(mapiwright) == ["Home"]
    assert default(mapiwright) is None, "a default profile that goes leaves none"
    assert mapiwright("profile", "default", "Home", "--yes").code == 0
    assert mapiwright("profile", "default", "--none", "--yes").code == 0
    assert default(mapiwright) is None


def test_a_deleted_profile_is_no_matter_where_it_was_not_the_default_or_the_last_one(mapiwright: Mapiwright) -> None:
    mapiwright("profile", "create", "One", "--default", "--yes")
    mapiwright("profile", "create", "Two", "--yes")
    for name in ("Two", "One"):
        assert "Note:" not in mapiwright("profile", "delete", name, "--yes").out


def test_a_copy_has_its_own_search_key_and_else_the_same_sections(mapiwright: Mapiwright) -> None:
    mapiwright("profile", "create", "One", "--yes")
    mapiwright("profile", "add-service", "One", "CONTAB", "--yes")
    mapiwright("profile", "copy", "One", "Two", "--yes")
    one, two = (mapiwright("profile", "dump", name).document["keys"] for name in ("One", "Two"))
    instance = "8503020000000000c000000000000046"
    assert one.pop(instance) != two.pop(instance)
    assert one == two


def test_names_that_are_taken_or_illegal_or_missing_are_told(mapiwright: Mapiwright) -> None:
    mapiwright("profile", "create", "One", "--yes")
    mapiwright("profile", "create", "Two", "--yes")
    taken = mapiwright("profile", "create", "ONE", "--yes")
    assert taken.code == 1
    assert "already" in taken.err
    assert mapiwright("profile", "copy", "One", "two", "--yes").code == 1
    assert mapiwright("profile", "rename", "One", "tWO", "--yes").code == 1
    assert mapiwright("profile", "rename", "One", "oNE", "--yes").code == 1, "Windows takes both for one name"
    illegal = mapiwright("profile", "create", " leading", "--yes")
    assert illegal.code == 2
    missing = mapiwright("profile", "show", "Three")
    assert missing.code == 1
    assert "One, Two" in missing.err, "the error lists what there is"
    unclear = mapiwright("profile", "show")
    assert unclear.code == 1
    assert "One, Two" in unclear.err
    assert mapiwright("profile", "default").code == 2
    assert mapiwright("profile", "default", "One", "--none").code == 2
    assert sorted(names(mapiwright)) == ["One", "Two"]


def test_a_service_is_added_and_removed_and_the_profile_is_as_it_was(mapiwright: Mapiwright) -> None:
    mapiwright("profile", "create", "One", "--default", "--yes")
    before = mapiwright("profile", "dump", "One").document
    added = mapiwright("profile", "add-service", "One", "msupst ms", "--yes", "--json")
    assert added.code == 0, added.err
    assert [effect["outcome"] for effect in added.document["receipt"]["effects"]] == ["pending"]
    shown = mapiwright("profile", "show", "One")
    assert "MSUPST MS" in shown.out
    assert "MAPI_STORE_PROVIDER" in shown.out
    assert "PR_SERVICE_UID" in shown.out
    assert "DEFAULT_STORE" in shown.out
    assert "MUID_PROFILE_INSTANCE" in shown.out
    document = mapiwright("profile", "show", "--json").document
    assert [service["name"] for service in document["services"]] == ["MSUPST MS"]
    assert mapiwright("profile", "remove-service", "One", "MSUPST MS", "--yes").code == 0
    assert mapiwright("profile", "dump", "One").document == before


def test_services_that_are_unknown_single_or_ambiguous_are_told(mapiwright: Mapiwright) -> None:
    mapiwright("profile", "create", "One", "--yes")
    unknown = mapiwright("profile", "add-service", "One", "NOTHERE", "--yes")
    assert unknown.code == 1
    assert "NOTHERE" in unknown.err
    assert mapiwright("profile", "add-service", "One", "CONTAB", "--yes").code == 0
    assert mapiwright("profile", "add-service", "One", "CONTAB", "--yes").code == 1, "SERVICE_SINGLE_COPY"
    for _ in range(2):
        assert mapiwright("profile", "add-service", "One", "MSUPST MS", "--yes").code == 0
    twice = mapiwright("profile", "remove-service", "One", "MSUPST MS", "--yes")
    assert twice.code == 2
    uids = [
        service["uid"]
        for service in mapiwright("profile", "show", "One", "--json").document["services"]
        if service["name"] == "MSUPST MS"
    ]
    assert all(uid in twice.err for uid in uids)
    assert mapiwright("profile", "remove-service", "One", uids[0], "--yes").code == 0
    left = [service["uid"] for service in mapiwright("profile", "show", "One", "--json").document["services"]]
    assert uids[1] in left
    assert uids[0] not in left
    assert mapiwright("profile", "remove-service", "One", "NOTHERE", "--yes").code == 1


def test_with_several_users_the_command_lists_them_and_stops(mapiwright: Mapiwright, tmp_path: Path) -> None:
    folder = tmp_path / "several"
    create_image(folder, edition=Edition.OUTLOOK_2013, bitness=Bitness.X86, users=["Ada", "Zoë"])
    target = ("--workstation", f"image:{folder}")
    stopped = mapiwright("profile", "create", "One", "--yes", *target)
    assert stopped.code == 2
    assert "Add one of: --user Ada, --user Zoë, --all-users" in stopped.err
    for one in (("show",), ("dump", "One")):
        acts_on_one = mapiwright("profile", *one, *target)
        assert acts_on_one.code == 2
        assert "Add one of: --user Ada, --user Zoë\n" in acts_on_one.err
    made = mapiwright("profile", "create", "One", "--default", "--yes", "--all-users", *target)
    assert made.code == 0
    assert made.out.endswith(f" {' '.join(target)}\n"), "what takes it back names the workstation too"
    assert mapiwright("profile", "list", *target).out.count(": One ") == 2, "what only reads reads them all"
    rows = mapiwright("profile", "list", "--json", "--all-users", *target).document["profiles"]
    assert sorted((row["user"], row["name"]) for row in rows) == [("Ada", "One"), ("Zoë", "One")]
    assert len(mapiwright("receipts", "--json", *target).document["receipts"]) == 1, "one transaction for all"
    mapiwright("profile", "copy", "One", "Two", "--yes", "--user", "Zoë", *target)
    gone = mapiwright("profile", "delete", "One", "--dry-run", "--user", "Zoë", *target)
    assert 'Choose another: mapiwright profile default "Two" --user Zoë' in gone.out
    mapiwright("profile", "delete", "Two", "--yes", "--user", "Zoë", *target)
    assert mapiwright("profile", "delete", "One", "--yes", "--user", "Zoë", *target).code == 0
    assert names(mapiwright, "--user", "Ada", *target) == ["One"]
    assert names(mapiwright, "--user", "Zoë", *target) == []


@pytest.mark.parametrize("edition", list(Edition))
def test_a_bare_hive_is_edited_the_same_way(mapiwright: Mapiwright, tmp_path: Path, edition: Edition) -> None:
    folder = tmp_path / "pc"
    if not folder.exists():
        create_image(folder, edition=edition, bitness=Bitness.X64, users=["Ada"])
    hive = tmp_path / "NTUSER.DAT"
    hive.write_bytes(next((folder / "Users").glob("[!D]*/NTUSER.DAT")).read_bytes())
    inf = next(path for path in folder.rglob("*") if path.name.upper() == "MAPISVC.INF")
    target = ("--workstation", f"hive:{hive}", "--edition", edition.value, "--inf", str(inf))
    assert mapiwright("profile", "create", "One", "--default", "--yes", *target).code == 0
    added = mapiwright("profile", "add-service", "One", "CONTAB", "--yes", *target)
    assert added.code == 0, added.err
    assert names(mapiwright, "--workstation", f"hive:{hive}") == ["One"], "the hive tells its edition now"
    undone = mapiwright("receipts", "--json", *target).document["receipts"][-1]["id"]
    assert mapiwright("undo", undone, "--yes", *target).code == 0
    assert mapiwright("profile", "show", "--json", *target).document["services"] == []


def test_a_dump_is_what_the_registry_holds(mapiwright: Mapiwright) -> None:
    mapiwright("profile", "create", "One", "--yes")
    document = mapiwright("profile", "dump", "One").document
    assert set(document) >= {"values", "keys"}
    instance = document["keys"]["8503020000000000c000000000000046"]
    assert list(instance["values"]) == ["0102300b"]


def test_a_real_profile_dumps_exactly_and_warns_of_its_secrets(
    mapiwright: Mapiwright, tmp_path: Path, real_hive: Callable[[str], bytes], shared_data: Callable[[str], Path]
) -> None:
    hive = tmp_path / "NTUSER.DAT"
    hive.write_bytes(real_hive("o2010-x64"))
    answer = mapiwright("profile", "dump", "Outlook", "--workstation", f"hive:{hive}")
    expected = json.loads(shared_data("hives/o2010-x64.profile.json").read_text(encoding="utf-8"))["tree"]
    document = answer.document
    assert document["keys"] == expected["keys"]["Outlook"]["keys"]
    assert document["values"] == expected["keys"]["Outlook"]["values"]
    assert "secrets" in answer.err, "a POP3 password is in it"
    shown = mapiwright("profile", "show", "Outlook", "--workstation", f"hive:{hive}")
    assert "01000000d08c9ddf" not in shown.out.replace(" ", "").lower(), "show masks what dump gives"
