"""A user to whom the machine's records are closed does his half himself, and an administrator takes all of it back.

Each of the user's commands really runs as another user: the machine's records are root's, his profile folder is his.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.setup.installed import installations
from mapiwright.transaction.receipt import receipts
from mapiwright.ui.cli.app import run
from mapiwright.workstation.create import create_image
from mapiwright.workstation.open import open_workstation

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    Nora = Callable[..., CompletedProcess[str]]
    Admin = Callable[..., Any]

NOBODY = 65534
OWN = Path("Users", "nora", "AppData", "Local", "Mapiwright")


@pytest.fixture
def pc(open_folder: Path, as_nobody: object, acme: Path) -> Path:  # noqa: ARG001 - it skips where nobody can be nora
    """A Windows where root has done the machine's half; nora's profile folder is nora's, Zoë's is root's."""
    folder = open_folder / "pc"
    create_image(folder, users=["nora", "Zoë"])
    for user in ("nora", "Zoë"):
        (folder / "Users" / user).chmod(0o700)
    home = folder / "Users" / "nora"
    for path in (home, *home.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return folder


@pytest.fixture
def admin(pc: Path, capsys: pytest.CaptureFixture[str]) -> Admin:
    """``admin("install", acme, "--machine")`` as root; what it printed on stdout, and it went well."""

    def type_(*words: object, code: int = 0) -> str:
        capsys.readouterr()
        ended = run([*map(str, words), "--workstation", f"image:{pc}"])
        printed = capsys.readouterr()
        assert ended == code, printed
        return printed.out

    return type_


@pytest.fixture
def nora(pc: Path, as_nobody: Nora) -> Admin:
    """``nora("receipts")`` as nora, who is nobody else."""

    def type_(*words: object, code: int = 0) -> str:
        ended = as_nobody(*words, workstation=f"image:{pc}")
        assert ended.returncode == code, (ended.stdout, ended.stderr)
        return ended.stdout if not code else ended.stdout + ended.stderr

    return type_


@pytest.fixture
def half(admin: Admin, acme: Path) -> None:
    admin("install", acme, "--machine", "--yes")


def picture(folder: Path) -> dict[str, bytes]:
    """Every file but our own."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "Mapiwright" not in path.parts
    }


def own(folder: Path) -> list[str]:
    """What lies in nora's own records."""
    place = folder / OWN
    files = (path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    return sorted(name for name in files if name not in {"lock", "log"})


def test_a_logon_without_elevation_does_the_users_half_once(
    pc: Path, nora: Admin, admin: Admin, half: None, acme: Path
) -> None:
    others = {name: data for name, data in picture(pc).items() if not name.startswith("Users/nora")}
    planned = json.loads(nora("plan", acme, "--per-user", "--json"))["plan"]
    assert not planned["empty"]
    done = json.loads(nora("install", acme, "--per-user", "--yes", "--json"))["receipt"]
    assert {effect["outcome"] for effect in done["effects"]} == {"done"}, "the stand-in is that of the given package"
    assert {name: data for name, data in picture(pc).items() if not name.startswith("Users/nora")} == others
    again = picture(pc)
    assert json.loads(nora("install", acme, "--per-user", "--yes", "--json"))["plan"]["empty"]
    assert picture(pc) == again

    assert done["id"] in nora("receipts")
    told = nora("status", "acme-mail")
    assert "the half of nora: installed and intact" in told
    assert done["id"] in told
    assert json.loads(nora("profile", "list", "--json"))["profiles"][0]["name"] == "Acme Mail"
    for path in ((pc / OWN), *(pc / OWN).rglob("*")):
        assert path.stat().st_uid == NOBODY
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path

    both = json.loads(admin("receipts", "--json"))["receipts"]
    assert [one["verb"] for one in both] == ["install", "install"]
    assert both[1]["id"] == done["id"]


def test_it_leaves_the_same_as_an_administrators_run_for_that_user(
    pc: Path, nora: Admin, half: None, acme: Path, tmp_path: Path
) -> None:
    nora("install", acme, "--per-user", "--yes")
    other = tmp_path / "other"
    create_image(other, users=["nora", "Zoë"])
    assert run(["install", str(acme), "--user", "nora", "--yes", "--workstation", f"image:{other}"]) == 0

    def sections(folder: Path) -> Any:
        workstation = open_workstation(f"image:{folder}")
        user = next(user for user in workstation.users if user.name == "nora")
        key = workstation.registry.read(user.root / r"Software\Microsoft\Office\16.0\Outlook\Profiles\Acme Mail")
        assert key is not None
        return sorted(sorted(below.values) for below in key.keys.values())

    assert sections(pc) == sections(other)


def test_undo_takes_it_back_and_the_machine_stays(
    pc: Path, nora: Admin, admin: Admin, half: None, acme: Path
) -> None:
    before = values(pc)
    done = json.loads(nora("install", acme, "--per-user", "--yes", "--json"))["receipt"]
    nora("undo", done["id"], "--yes")
    assert values(pc) == before
    assert not [name for name in own(pc) if name.startswith("services/")]
    assert "not installed by nora" in nora("status", "acme-mail", code=1)
    assert admin("status", "acme-mail")
    nora("install", acme, "--per-user", "--yes")


def values(folder: Path) -> Any:
    """What the hives hold."""
    registry = open_workstation(f"image:{folder}").registry
    return {str(path): registry.read(path) for path in registry.hives}


def test_the_administrators_uninstall_gives_back_everything(pc: Path, nora: Admin, admin: Admin, acme: Path) -> None:
    untouched, before = values(pc), picture(pc)
    admin("install", acme, "--machine", "--yes")
    nora("install", acme, "--per-user", "--yes")
    admin("uninstall", "acme-mail", "--yes")
    assert values(pc) == untouched
    assert {name: data for name, data in picture(pc).items() if data[:4] != b"regf"} == {
        name: data for name, data in before.items() if data[:4] != b"regf"
    }
    assert own(pc) == [], "no store goes on telling of what is gone"
    assert "Nothing yet" in nora("receipts")
    assert not installations(open_workstation(f"image:{pc}"))
    for path in (pc / OWN).rglob("*"):
        assert path.stat().st_uid == NOBODY, path
    admin("install", acme, "--machine", "--yes")
    nora("install", acme, "--per-user", "--yes")
    assert "intact" in nora("status", "acme-mail")


def test_the_administrator_undoes_her_receipt_and_takes_it_over(
    pc: Path, nora: Admin, admin: Admin, half: None, acme: Path
) -> None:
    before = values(pc)
    done = json.loads(nora("install", acme, "--per-user", "--yes", "--json"))["receipt"]
    admin("undo", done["id"], "--yes")
    assert values(pc) == before
    assert own(pc) == []
    found = {one.id: one for one in receipts(open_workstation(f"image:{pc}"))}
    assert found[done["id"]].undone_by
    assert found[done["id"]].owner.startswith("S-1-5-21-")


def test_what_is_the_machines_is_refused(pc: Path, nora: Admin, half: None, acme: Path) -> None:
    for words in (
        ("install", acme, "--yes"),
        ("install", acme, "--machine", "--yes"),
        ("plan", acme),
        ("uninstall", "acme-mail", "--yes"),
        ("guard", "acme-mail", "--yes"),
        ("repair", "acme-mail", "--yes"),
    ):
        told = nora(*words, code=1)
        assert "cannot be read by this user" in told
        assert "elevated" in told
    assert "MW6409" in nora("doctor", code=1)
    assert own(pc) == []


def test_without_the_machines_half_or_with_another_version_of_it_hers_is_refused(
    nora: Admin, admin: Admin, acme: Path, release: Callable[..., Path], open_folder: Path
) -> None:
    admin("install", acme, "--machine", "--yes")
    newer = release("5.0").rename(open_folder / "newer")
    assert "and 4.2.1 is there" in nora("install", newer, "--per-user", "--yes", code=1)
    nora("install", acme, "--per-user", "--yes")
    admin("install", newer, "--machine", "--yes")
    assert "the machine's half is of version 5.0" in nora("status", "acme-mail", code=1)
    nora("install", newer, "--per-user", "--yes")
    assert "acme-mail 5.0, the half of nora: installed and intact" in nora("status", "acme-mail")
    admin("uninstall", "acme-mail", "--yes")
    assert "the machine's half of Acme Mail" in nora("install", newer, "--per-user", "--yes", code=1)


def test_where_the_administrator_did_both_halves_hers_has_nothing_to_do(
    pc: Path, nora: Admin, admin: Admin, acme: Path
) -> None:
    admin("install", acme, "--user", "nora", "--yes")
    profiles = nora("profile", "list", "--json")
    nora("install", acme, "--per-user", "--yes")
    assert nora("profile", "list", "--json") == profiles
    assert json.loads(nora("install", acme, "--per-user", "--yes", "--json"))["plan"]["empty"]
