"""A hive that must not be written is refused before anything is shown, asked or written; reading goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.makers import MAKERS
from mapiwright.errors import NotFoundError, RefusedError
from mapiwright.formats.regf.logs.log_file import DirtyPage, LogEntry, new_log
from mapiwright.formats.regf.records import BASE_BLOCK, PAGE, checksum
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.kinds.image import ImageWorkstation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Mapiwright = Callable[..., Any]


@pytest.fixture
def everything(workstation_folder: Path) -> Callable[[], dict[str, bytes | None]]:
    """All files and folders, our own state among them."""

    def take() -> dict[str, bytes | None]:
        return {str(path): path.read_bytes() if path.is_file() else None for path in workstation_folder.rglob("*")}

    return take


def hive_of_zoe(folder: Path) -> Path:
    return folder / "Users" / "Zoë" / "NTUSER.DAT"


def left_by_a_power_cut(hive: Path) -> None:
    """The primary sequence number runs ahead of the secondary one."""
    data = bytearray(hive.read_bytes())
    data[4] += 1
    hive.write_bytes(data)


def locked_by_a_transaction(hive: Path) -> None:
    """The flag at 0x90 says that a transaction waits, as `rmtm` at 0xA4 confirms; the checksum at 0x1FC is right."""
    data = bytearray(hive.read_bytes())
    data[0x90] |= 1
    data[0xA4:0xA8] = b"rmtm"
    checksum = 0
    for at in range(0, 0x1FC, 4):
        checksum ^= int.from_bytes(data[at : at + 4], "little")
    data[0x1FC:0x200] = checksum.to_bytes(4, "little")
    hive.write_bytes(data)


HARMS: dict[Callable[[Path], None], str] = {
    left_by_a_power_cut: "not closed cleanly",
    locked_by_a_transaction: "pending transaction",
}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("consent", [["--yes"], ["--dry-run"], []])
def test_a_profile_verb_is_refused_before_its_plan_is_shown(
    mapiwright: Mapiwright,
    workstation_folder: Path,
    everything: Callable[[], dict[str, bytes | None]],
    harm: Callable[[Path], None],
    consent: list[str],
) -> None:
    harm(hive_of_zoe(workstation_folder))
    before = everything()
    answer = mapiwright("profile", "create", "Q", *consent)
    assert answer.code == 1
    assert HARMS[harm] in answer.err
    assert "indows load it once" in answer.err, "which is what helps"
    assert "Q" not in answer.out, "no plan was shown"
    assert everything() == before
    assert mapiwright("profile", "list").code == 0


def test_undo_and_a_saved_plan_are_refused_and_no_entry_point_is_called(
    mapiwright: Mapiwright,
    acme: Path,
    workstation_folder: Path,
    tmp_path: Path,
    everything: Callable[[], dict[str, bytes | None]],
) -> None:
    installed = mapiwright("install", acme, "--profile", "Mine", "--yes", "--json").document["receipt"]
    plan = tmp_path / "a.plan"
    assert mapiwright("profile", "delete", "Mine", "--dry-run", "-o", plan).code == 0
    left_by_a_power_cut(hive_of_zoe(workstation_folder))
    before = everything()
    for words in (["undo", installed["id"]], ["apply", plan], ["profile", "delete", "Mine"]):
        for consent in ("--yes", "--dry-run"):
            answer = mapiwright(*words, consent)
            assert answer.code == 1, words
            assert "not closed cleanly" in answer.err
            assert everything() == before, "neither journal nor log"


def test_an_install_is_refused_where_the_machines_hive_is_not_to_be_written(
    mapiwright: Mapiwright,
    acme: Path,
    workstation_folder: Path,
    everything: Callable[[], dict[str, bytes | None]],
) -> None:
    left_by_a_power_cut(workstation_folder / "Windows" / "System32" / "config" / "SOFTWARE")
    before = everything()
    for words in (["install", acme, "--yes"], ["install", acme, "--dry-run"], ["plan", acme]):
        answer = mapiwright(*words)
        assert answer.code == 1
        assert "SOFTWARE" in answer.err
        assert "not closed cleanly" in answer.err
        assert everything() == before


def test_a_real_hive_that_windows_did_not_close_gets_nothing_beside_it(
    mapiwright: Mapiwright, real_hive: Callable[[str], bytes], tmp_path: Path
) -> None:
    hive = tmp_path / "bare" / "N.DAT"
    hive.parent.mkdir()
    hive.write_bytes(real_hive("o2016-x64"))
    here = ("--workstation", f"hive:{hive}")
    names = [row["name"] for row in mapiwright("profile", "list", *here, "--json").document["profiles"]]
    for consent in ("--yes", "--dry-run"):
        answer = mapiwright("profile", "delete", names[0], *here, consent)
        assert answer.code == 1
        assert "not closed cleanly" in answer.err
    assert list(hive.parent.iterdir()) == [hive]


def test_whoever_uses_the_library_is_refused_in_the_same_way(
    workstation_folder: Path, everything: Callable[[], dict[str, bytes | None]]
) -> None:
    workstation = ImageWorkstation(workstation_folder)
    left_by_a_power_cut(hive_of_zoe(workstation_folder))
    before = everything()
    space = Workspace(workstation, workstation.users[0], send=lambda plan: execute(plan, workstation, makers=MAKERS))
    with pytest.raises(RefusedError, match="not closed cleanly"), space.batch():
        ProfileAdmin(space).create_profile("Q")
    assert everything() == before


def test_a_service_that_only_its_entry_point_can_configure_is_not_called(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path, everything: Callable[[], dict[str, bytes | None]]
) -> None:
    """Such a plan has a call in it and no change, as what the call will write is not known."""
    assert mapiwright("install", acme, "--profile", "Mine", "--yes").code == 0
    left_by_a_power_cut(hive_of_zoe(workstation_folder))
    before = everything()
    workstation = ImageWorkstation(workstation_folder)
    space = Workspace(workstation, workstation.users[0], send=lambda plan: execute(plan, workstation, makers=MAKERS))
    with pytest.raises(RefusedError, match="not closed cleanly"):
        ProfileAdmin(space).admin_services("Mine").configure_message_service("ACME", {0x6601001E: "x"})
    assert everything() == before


def left_open(hive: Path, latest: bytes) -> None:
    """The hive as a power cut leaves it: what was written last is in its logs only."""
    old = hive.read_bytes()
    pages = [at for at in range(BASE_BLOCK, len(latest), PAGE) if latest[at : at + PAGE] != old[at : at + PAGE]]
    sequence = int.from_bytes(old[8:12], "little")
    write = LogEntry(
        sequence,
        len(latest) - BASE_BLOCK,
        0,
        tuple(DirtyPage(at - BASE_BLOCK, latest[at : at + PAGE]) for at in pages),
    )
    hive.with_name(f"{hive.name}.log1").write_bytes(new_log(old, [write]))  # names are found in any case
    hive.with_name(f"{hive.name}.LOG2").write_bytes(b"")
    changed = bytearray(old)
    changed[4:8] = (sequence + 1).to_bytes(4, "little")
    changed[508:512] = checksum(changed).to_bytes(4, "little")
    hive.write_bytes(changed)


def test_a_hive_is_read_with_its_logs_and_the_first_write_closes_it(
    mapiwright: Mapiwright, workstation_folder: Path, everything: Callable[[], dict[str, bytes | None]]
) -> None:
    hive = hive_of_zoe(workstation_folder)
    before = hive.read_bytes()
    assert mapiwright("profile", "create", "Latest", "--yes").code == 0
    latest = hive.read_bytes()
    hive.write_bytes(before)
    assert "Latest" not in mapiwright("profile", "list").out
    left_open(hive, latest)
    found = everything()
    listed = mapiwright("profile", "list")
    assert "Latest" in listed.out
    assert "MW3009" in listed.err
    assert "1 write in its logs" in listed.err
    assert everything() == found, "they are replayed in memory"
    logs = {name: data for name, data in found.items() if name.upper().endswith((".LOG1", ".LOG2"))}
    written = mapiwright("profile", "create", "Newer", "--yes", "--json").document["receipt"]
    assert {name: everything()[name] for name in logs} == logs, "a hive that is closed ignores them"
    kept = ImageWorkstation(workstation_folder).state
    names = [f"backups/{written['id']}/unclosed/0/NTUSER.DAT{ending}" for ending in ("", ".LOG1", ".LOG2")]
    there = [str(hive), *sorted(logs, key=str.upper)]
    assert [kept.read(name) for name in names] == [found[name] for name in there]
    listed = mapiwright("profile", "list")
    assert "MW3009" not in listed.err
    assert {"Latest", "Newer"} <= {
        row["name"] for row in mapiwright("profile", "list", "--json").document["profiles"]
    }
    assert mapiwright("undo", written["id"], "--yes").code == 0
    assert [row["name"] for row in mapiwright("profile", "list", "--json").document["profiles"]] == ["Latest"]


def test_half_of_the_logs_is_refused_with_what_to_do(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    hive = hive_of_zoe(workstation_folder)
    before = hive.read_bytes()
    assert mapiwright("profile", "create", "Latest", "--yes").code == 0
    latest = hive.read_bytes()
    hive.write_bytes(before)
    left_open(hive, latest)
    second = hive.with_name("NTUSER.DAT.LOG2")
    second.unlink()
    answer = mapiwright("profile", "create", "Newer", "--yes")
    assert answer.code == 1
    assert "its log .LOG2 is missing" in answer.err
    assert "Copy the file that ends in .LOG2 beside the hive." in answer.err
    second.write_bytes(b"")
    assert mapiwright("profile", "create", "Newer", "--yes").code == 0, "which was the remedy"


def test_a_hive_that_is_away_is_said_to_be(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    hive_of_zoe(workstation_folder).unlink()
    answer = mapiwright("profile", "create", "Q", "--dry-run")
    assert answer.code == 1
    assert "the hive is not there" in answer.err
    workstation = ImageWorkstation(workstation_folder)
    with pytest.raises(NotFoundError):
        workstation.registry.refuse_unwritable([workstation.users[0].root])
