"""A Wine prefix is serviced as an offline Windows is, and nothing in it leads out of it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from wine_prefix import SID, make_prefix, with_link

from mapiwright.errors import ConflictError, NotFoundError, RefusedError
from mapiwright.formats.wine_edit import KeyEdit, edited
from mapiwright.formats.wine_text import WineText
from mapiwright.ui.cli.app import run
from mapiwright.workstation.change import CreateKey, MakeFolder, SetValue, WriteFile
from mapiwright.workstation.disk import wine_server
from mapiwright.workstation.kinds.wine import WineWorkstation
from mapiwright.workstation.registry import KeyPath, Value, View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

if os.name == "nt":
    pytest.skip("a Wine prefix: its drives are links, which need a privilege on Windows", allow_module_level=True)

USER = KeyPath("HKU", (SID,))
NOBODY = 65534
SOFTWARE = KeyPath.parse(r"HKLM\Software")
FILES = ("system.reg", "user.reg", "userdef.reg")


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(wine_server, "TEMPORARY", tmp_path)
    return make_prefix(tmp_path / "pfx", "Zoë")


@pytest.fixture
def typed(prefix: Path, mapiwright: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """``typed("profile", "list")`` on the prefix."""
    monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", f"wine:{prefix}")
    return mapiwright


def held(prefix: Path) -> dict[str, Any]:
    """The values of the registry by the names of keys; what has changed without being there is not seen."""
    found: dict[str, Any] = {}
    for name in FILES:
        text = WineText((prefix / name).read_bytes())
        found |= {f"{name}: {path}": text.values(path.split("\\")) for _, path in text.paths()}
    return found


def test_a_service_comes_is_looked_after_and_goes(
    typed: Callable[..., Answer], prefix: Path, acme: Path, tmp_path: Path
) -> None:
    before, plan = held(prefix), tmp_path / "approved.plan"
    assert "Outlook 2016" in typed("workstation", "show").out
    assert typed("plan", acme, "-o", plan).code == 0
    assert typed("install", acme, "--yes", "--dry-run").code == 0
    assert held(prefix) == before
    assert typed("apply", plan, "--yes").code == 0
    (row,) = typed("profile", "list", "--json").document["profiles"]
    assert (row["user"], row["name"], row["services"]) == ("Zoë", "Acme Mail", ["ACME"])
    assert typed("status", "acme-mail").code == 0
    assert typed("doctor").code == 0
    (prefix / "drive_c" / "Windows" / "System32" / "acme32.dll").unlink()
    assert typed("status", "acme-mail").code == 1
    assert typed("repair", "acme-mail", "--yes").code == 0
    assert typed("profile", "copy", "Acme Mail", "Spare", "--yes").code == 0
    assert typed("profile", "delete", "Spare", "--yes").code == 0
    receipt = typed("receipts", "--json").document["receipts"][-1]["id"]
    assert typed("undo", receipt, "--yes").code == 0
    assert [row["name"] for row in typed("profile", "list", "--json").document["profiles"]] == ["Acme Mail", "Spare"]
    assert typed("profile", "delete", "Spare", "--yes").code == 0
    assert typed("uninstall", "acme-mail", "--yes").code == 0
    assert held(prefix) == before
    assert (prefix / "drive_c" / "ProgramData" / "Mapiwright").is_dir()


def test_a_prf_file_makes_a_profile(typed: Callable[..., Answer], prefix: Path, acme: Path, tmp_path: Path) -> None:
    assert typed("install", acme, "--yes").code == 0
    prf = tmp_path / "acme.prf"
    assert typed("prf", "export", "Acme Mail", "-o", prf).code == 0
    text = prf.read_text("utf-8-sig").replace("Acme Mail", "From a file", 1)
    prf.write_text(text, "utf-8")
    before = held(prefix)
    assert typed("prf", "apply", prf, "--yes").code in {0, 5}
    names = [row["name"] for row in typed("profile", "list", "--json").document["profiles"]]
    assert "From a file" in names
    receipt = typed("receipts", "--json").document["receipts"][-1]["id"]
    assert typed("undo", receipt, "--yes").code == 0
    assert held(prefix) == before


def test_calls_are_not_made_in_the_prefix_that_is_changed(
    typed: Callable[..., Answer], prefix: Path, acme: Path
) -> None:
    """Wine would wait for its lock, and give up; so it is refused before anything is done, in a dry run too."""
    (prefix / "drive_c" / "Python311").mkdir()
    for name in ("python.exe", "python311.dll"):
        (prefix / "drive_c" / "Python311" / name).write_bytes(b"")
    before = held(prefix)
    for also in ("--dry-run", "--yes"):
        answer = typed("install", acme, "--host", f"wine:{prefix}", also)
        assert answer.code == 1
        assert "prefix that is changed meanwhile" in answer.err, answer.err
        assert "--host wine:OTHER" in answer.err
    assert held(prefix) == before
    assert not (prefix / "drive_c" / "ProgramData" / "Mapiwright" / "receipts").exists()


# What leads out, and what is damaged


def test_drives_in_the_prefix_are_served_and_no_others(prefix: Path, tmp_path: Path) -> None:
    (prefix / "drive_d").mkdir()
    (tmp_path / "outside").mkdir()
    for name, target in {"d:": "../drive_d", "e:": str(tmp_path / "outside"), "f:": "..", "g:": "../none"}.items():
        (prefix / "dosdevices" / name).symlink_to(target)
    files = WineWorkstation(prefix).files
    files.apply([MakeFolder(r"D:\Acme"), WriteFile(r"d:\ACME\a.txt", None, b"1")])
    assert (prefix / "drive_d" / "Acme" / "a.txt").read_bytes() == b"1"
    for drive in "EFGZ":
        assert files.read(rf"{drive}:\system.reg") is None
        assert not files.is_folder(rf"{drive}:\tmp")
        with pytest.raises(RefusedError, match="no place on this workstation"):
            files.apply([WriteFile(rf"{drive}:\a.txt", None, b"1")])


def test_what_wine_links_to_the_home_folder_is_refused(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "home" / "secret.txt").write_bytes(b"secret")
    files = WineWorkstation(prefix).files
    attempts: tuple[Callable[[], object], ...] = (
        lambda: files.read(r"C:\users\Zoë\Documents\secret.txt"),
        lambda: files.apply([WriteFile(r"C:\users\Zoë\Documents\new.txt", None, b"1")]),
    )
    for attempt in attempts:
        with pytest.raises(RefusedError, match="a link leads out of the workstation"):
            attempt()
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret.txt"]


@pytest.mark.parametrize("case", ["no folder", "empty", "no user.reg", "c: leads out"])
def test_what_is_no_prefix_is_refused_with_what_makes_one(prefix: Path, tmp_path: Path, case: str) -> None:
    here = prefix
    match case:
        case "no folder":
            here = tmp_path / "none"
        case "empty":
            here = tmp_path / "empty"
            here.mkdir()
        case "no user.reg":
            (prefix / "user.reg").unlink()
        case "c: leads out":
            (prefix / "dosdevices" / "c:").unlink()
            (prefix / "dosdevices" / "c:").symlink_to(tmp_path)
    with pytest.raises(NotFoundError, match="no Wine prefix") as raised:
        WineWorkstation(here)
    assert raised.value.remedy == f"Make one: WINEPREFIX={here} wineboot --init"


def test_a_damaged_file_is_a_finding_that_names_the_line_and_others_are_served(
    typed: Callable[..., Answer], prefix: Path
) -> None:
    data = (prefix / "user.reg").read_bytes()
    (prefix / "user.reg").write_bytes(data.replace(b"\n[Software\\\\Micro", b"\n[Software\\\\Micro\n[", 1))
    here = WineWorkstation(prefix)
    (finding,) = here.findings
    assert finding.id == "MW3003"
    assert finding.where.startswith(f"{prefix / 'user.reg'}: line ")
    assert here.outlook.edition == "2016"
    assert here.why_unwritable(here.users[0]) is not None
    answer = typed("workstation", "show")
    assert (answer.code, "MW3003" in answer.err) == (0, True)
    with pytest.raises(RefusedError):
        here.registry.apply([CreateKey(USER / "New")])


@pytest.mark.parametrize("name", ["system.reg", "user.reg"])
def test_a_registry_file_that_is_a_link_is_refused(prefix: Path, tmp_path: Path, name: str) -> None:
    shutil.move(prefix / name, tmp_path / name)
    (prefix / name).symlink_to(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    here = WineWorkstation(prefix)
    key = USER / "New" if name == "user.reg" else SOFTWARE / "New"
    with pytest.raises(RefusedError, match="there is a link"):
        here.registry.apply([CreateKey(key)])
    assert (tmp_path / name).read_bytes() == before


def test_a_file_that_changes_between_reading_and_writing_is_a_conflict(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = WineWorkstation(prefix)
    there = edited(WineText((prefix / "user.reg").read_bytes()), {("Theirs",): KeyEdit()}, timestamp=1 << 56)

    def late(text: WineText, edits: Any, *, timestamp: int) -> bytes:
        made = edited(text, edits, timestamp=timestamp)
        (prefix / "user.reg").write_bytes(there)
        return made

    monkeypatch.setattr("mapiwright.formats.wine_edit.edited", late)
    with pytest.raises(ConflictError, match="changed by another program"):
        here.registry.apply([CreateKey(USER / "Ours")])
    assert (prefix / "user.reg").read_bytes() == there


def test_a_file_that_would_not_read_back_is_not_written(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, before = WineWorkstation(prefix), (prefix / "user.reg").read_bytes()
    for made in (before, before + b"\n[no end"):
        monkeypatch.setattr("mapiwright.formats.wine_edit.edited", lambda *_, made=made, **__: made)
        with pytest.raises(RefusedError, match="self-check"):
            here.registry.apply([CreateKey(USER / "Ours")])
    assert (prefix / "user.reg").read_bytes() == before


def test_a_prefix_of_32_bits_has_one_side_and_a_new_one_no_default(prefix: Path) -> None:
    text = WineText((prefix / "system.reg").read_bytes())
    narrow = {
        path[:depth]: KeyEdit(goes=True)
        for path in text.below(())
        for depth in range(1, len(path) + 1)
        if "Wow6432Node" in path[:depth]
    }
    data = edited(text, narrow, timestamp=1 << 56).replace(b"#arch=win64", b"#arch=win32")
    (prefix / "system.reg").write_bytes(data)
    (prefix / "userdef.reg").unlink()
    here = WineWorkstation(prefix)
    assert here.findings == ()
    path = KeyPath.parse(r"HKLM\Software\Acme", View.X86)
    here.registry.apply([CreateKey(path)])
    assert here.registry.subkeys(SOFTWARE / "Acme") == ()
    assert here.registry.subkeys(KeyPath("HKU")) == (SID,)


AS_ANNA = """
import sys
from pathlib import Path
from mapiwright.ui.cli.app import run
from mapiwright.workstation.disk import wine_server
wine_server.TEMPORARY = Path(sys.argv.pop(1))
sys.exit(run(sys.argv[1:]))
"""


def test_who_owns_the_prefix_does_the_per_user_part_where_the_records_are_an_administrators(
    open_folder: Path, as_nobody: Callable[..., Any], acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root installs for the machine; the owner of the prefix may not read root's records, and keeps their own."""
    monkeypatch.setattr(wine_server, "TEMPORARY", open_folder)
    package = shutil.copytree(acme, open_folder / "acme")
    prefix = make_prefix(open_folder / "pfx")
    for place in (open_folder, *open_folder.rglob("*")):
        if not place.is_symlink():
            os.chown(place, NOBODY, NOBODY)
    monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", f"wine:{prefix}")
    assert run(["install", str(package), "--machine", "--yes"]) == 0
    assert (prefix / "system.reg").stat().st_uid == NOBODY
    assert {path.stat().st_uid for path in open_folder.glob(".wine-*/**/*")} == {NOBODY}
    words = (str(open_folder), "install", str(package), "--per-user", "--yes")
    done = as_nobody(*words, workstation=f"wine:{prefix}", code=AS_ANNA)
    assert done.returncode == 0, done.stderr
    own = prefix / "drive_c" / "users" / "anna" / "AppData" / "Local" / "Mapiwright"
    assert {path.stat().st_uid for path in own.rglob("*")} == {NOBODY}
    here = WineWorkstation(prefix)
    assert [user.name for user in here.users_states] == ["anna"]
    assert run(["uninstall", "acme-mail", "--yes"]) == 0
    assert b"Acme" not in (prefix / "user.reg").read_bytes()


# Links of the registry


def linked(prefix: Path, path: str, target: str) -> None:
    place = prefix / "system.reg"
    place.write_bytes(with_link(place.read_bytes(), tuple(path.split("\\")), target))


def test_a_link_is_followed_to_another_file_and_for_both_sides(prefix: Path) -> None:
    linked(prefix, r"Software\Acme", rf"\Registry\User\{SID}\Software\Acme")
    registry = WineWorkstation(prefix).registry
    registry.apply([CreateKey(SOFTWARE / "Acme"), SetValue(SOFTWARE / r"Acme", "v", None, Value.dword(1))])
    assert registry.value(USER / r"Software\Acme", "v") == Value.dword(1)
    assert registry.value(SOFTWARE / "Acme", "v") == Value.dword(1)
    assert registry.subkeys(KeyPath.parse(r"HKLM\Software\Acme", View.X86)) is None
    assert b"Acme" in (prefix / "user.reg").read_bytes()


@pytest.mark.parametrize("target", [r"\Registry\Machine\Software\Acme", r"\Elsewhere\x", r"\Registry\A\x", "", r"\\"])
def test_a_link_that_leads_nowhere_holds_nothing_and_is_not_written(prefix: Path, target: str) -> None:
    linked(prefix, r"Software\Acme", target)
    registry, key = WineWorkstation(prefix).registry, SOFTWARE / "Acme"
    assert (registry.read(key), registry.subkeys(key), registry.value(key, "SymbolicLinkValue")) == (None, None, None)
    assert registry.subkeys(key / "below") is None
    before = (prefix / "system.reg").read_bytes()
    with pytest.raises(RefusedError, match="leads nowhere"):
        registry.apply([CreateKey(key)])
    assert (prefix / "system.reg").read_bytes() == before


def test_clients_have_two_sides_and_the_prefix_says_what_is_shared(prefix: Path) -> None:
    registry = WineWorkstation(prefix).registry
    wide, narrow = (KeyPath.parse(r"HKLM\SOFTWARE\Clients\Mail\Acme", side) for side in View)
    for key in (narrow.parent.parent, narrow.parent, narrow):
        if registry.subkeys(key) is None:
            registry.apply([CreateKey(key)])
    assert registry.subkeys(wide) is None
    assert registry.subkeys(SOFTWARE / r"Wow6432Node\Clients\Mail\Acme") == ()
