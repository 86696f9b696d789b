"""A workstation is made, opened, looked at, and written to; what is odd about it is told."""

from __future__ import annotations

import os
import pathlib
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import ConflictError, ExistsError, FormatError, NotFoundError, RefusedError, UsageError
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit import write
from mapiwright.formats.regf.read import Hive
from mapiwright.workstation.change import CreateKey, MakeFolder, SetValue, WriteFile, file_with_parents
from mapiwright.workstation.kinds import create
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.kinds.open import demo_folder, open_workstation
from mapiwright.workstation.outlook.office_layout import EVERY_INSTALLATION
from mapiwright.workstation.registry import KeyPath, Value
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from mapiwright.errors import Finding
    from mapiwright.workstation.change import RegistryChange
    from mapiwright.workstation.outlook.office_layout import OutlookInstallation

    Mapiwright = Callable[..., Any]

ACME = KeyPath.parse(r"HKLM\SOFTWARE\Acme")
PROFILE_LIST = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList")
POSIX = pytest.mark.skipif(os.name == "nt", reason="links and modes of POSIX")


@pytest.fixture
def pc(tmp_path: Path) -> Path:
    folder = tmp_path / "my pc"
    create_image(folder, users=["anna", "Jürgen Müller"])
    return folder


def pictured(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def user_hive(folder: Path, name: str = "anna") -> Path:
    return folder / "Users" / name / "NTUSER.DAT"


def make_dirty(hive: Path) -> None:
    """The primary sequence number runs ahead, as when power was lost while Windows wrote."""
    data = bytearray(hive.read_bytes())
    data[4] += 1
    hive.write_bytes(data)


def ids(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.id for finding in findings]


# --- making one -----------------------------------------------------------------------------------


@pytest.mark.parametrize("made", EVERY_INSTALLATION, ids=str)
def test_every_outlook_is_made_and_found_again(tmp_path: Path, made: OutlookInstallation) -> None:
    create_image(tmp_path / "pc", outlooks=[made], users=["Łukasz Świątek"])
    workstation = ImageWorkstation(tmp_path / "pc")
    outlook = workstation.outlook
    assert (outlook.edition, outlook.bitness, outlook.install) == (made.edition, made.bitness, made.install)
    assert workstation.outlooks == (outlook,)
    assert workstation.files.read(outlook.inf_path)
    subsystem = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows Messaging Subsystem", outlook.view)
    assert workstation.registry.value(subsystem, "MAPIX") == Value.sz("1")
    assert workstation.registry.value(subsystem, "MAPIXVER") is not None
    assert workstation.findings == ()


def test_the_hives_of_a_made_one_have_no_fault_and_are_always_the_same(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        create_image(tmp_path / folder, users=["Zoë", "名前"])
    one = pictured(tmp_path / "one")
    assert one == pictured(tmp_path / "two")
    hives = {path: data for path, data in one.items() if data[:4] == b"regf"}
    assert len(hives) == 5
    assert [validate(data) for data in hives.values()] == [()] * 5


def test_its_inf_is_a_skeleton_as_mapi_ships_it(pc: Path) -> None:
    inf = ImageWorkstation(pc).files.read(ImageWorkstation(pc).outlook.inf_path) or b""
    assert inf.count(b"\r\n") == inf.count(b"\n") > 30
    for section in (b"[Services]", b"[Default Services]", b"[Help File Mappings]", b"[CONTAB]", b"[MSUPST MS]"):
        assert section in inf


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    create_image(tmp_path / "empty")
    with pytest.raises(ExistsError):
        create_image(tmp_path / "empty")
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(ExistsError):
        create_image(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"mine"


@pytest.mark.parametrize("users", [["a", "A"], ["CON"], ["public"], ["a/b"], ["x."], [""]])
def test_users_have_names_that_windows_allows(tmp_path: Path, users: list[str]) -> None:
    with pytest.raises(UsageError, match="cannot be a user's folder"):
        create_image(tmp_path / "pc", users=users)
    assert not (tmp_path / "pc").exists()


def test_a_user_has_the_same_sid_whoever_else_is_there(pc: Path, tmp_path: Path) -> None:
    create_image(tmp_path / "other", users=["Jürgen Müller"])
    sids = {user.name: user.sid for user in ImageWorkstation(pc).users}
    assert ImageWorkstation(tmp_path / "other").users[0].sid == sids["Jürgen Müller"]
    assert len(set(sids.values())) == 3


def test_two_users_never_share_a_sid(tmp_path: Path) -> None:
    """These two names lead to the same number."""
    create_image(tmp_path / "pc", users=["user425", "user857"])
    one, two, _ = ImageWorkstation(tmp_path / "pc").users
    assert int(one.sid.rpartition("-")[2]) + 1 == int(two.sid.rpartition("-")[2])


# --- the command line -----------------------------------------------------------------------------


def test_create_and_show(mapiwright: Mapiwright, tmp_path: Path) -> None:
    folder = str(tmp_path / "new")
    made = mapiwright("workstation", "create", folder, "--edition", "2010", "--bitness", "x86", "--user", "bob")
    assert (made.code, made.out) == (0, "")
    assert f"image:{folder}" in made.err
    shown = mapiwright("workstation", "show", "--workstation", f"image:{folder}")
    assert shown.code == 0
    assert shown.err == f"Target: image:{folder}\n"
    assert folder not in shown.out, "the target is named once"
    for told in (
        "Windows 10 Pro",
        "cp1252",
        "2010 (x86)",
        r"MSMAPI\1033\MAPISVC.INF (2 services)",
        "bob",
        "DLLPathEx",
    ):
        assert told in shown.out
    again = mapiwright("workstation", "create", folder)
    assert again.code == 1
    assert "not empty" in again.err


def test_create_and_show_as_json(mapiwright: Mapiwright, tmp_path: Path) -> None:
    folder = str(tmp_path / "new")
    made = mapiwright("workstation", "create", folder, "--user", "bob", "--user", "Zoë", "--json").document
    uri = made["workstation"]["uri"]
    assert made["schema"] == 1
    shown = mapiwright("workstation", "show", "--workstation", uri, "--json").document["workstation"]
    assert (shown["uri"], shown["windows"], shown["code_page"]) == (uri, "Windows 10 Pro, build 19045", "cp1252")
    assert (shown["outlook"]["edition"], shown["outlook"]["bitness"], shown["outlook"]["view"]) == (
        "2016",
        "x64",
        "native",
    )
    assert [rule["fact"] for rule in shown["outlook"]["rules"]] == [
        "Outlook 2016",
        "Windows Installer",
        "x64 process",
        "MAPISVC.INF",
    ]
    mapisvc = shown["outlook"]["mapisvc"]
    assert (mapisvc["present"], mapisvc["services"], mapisvc["not_read"]) == (True, 2, [])
    assert (shown["architecture"], shown["outlook"]["install"], shown["outlook"]["languages"]) == (
        "x64",
        "msi",
        [1033],
    )
    assert {user["name"]: user["template"] for user in shown["users"]} == {
        "bob": False,
        "Zoë": False,
        "Default": True,
    }
    assert shown["findings"] == []


def test_show_tells_an_absent_and_a_damaged_inf(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    [inf] = workstation_folder.rglob("MAPISVC.INF")
    inf.write_bytes(b"[Services]\r\nONE=1\r\n")
    assert "(1 service)" in mapiwright("workstation", "show").out
    inf.write_bytes(b"[Services]\0")
    assert "cannot be read" in mapiwright("workstation", "show").out
    inf.unlink()
    assert "(not there)" in mapiwright("workstation", "show").out
    document = mapiwright("workstation", "show", "--json").document["workstation"]["outlook"]["mapisvc"]
    assert (document["present"], document["services"]) == (False, None)


def test_show_tells_where_it_looked_for_an_outlook(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    registry = ImageWorkstation(workstation_folder).registry
    root = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Office\16.0\Outlook\InstallRoot")
    registry.apply([SetValue(root, "Path", registry.value(root, "Path"), None)])
    shown = mapiwright("workstation", "show")
    assert shown.code == 0
    assert "no Outlook was found" in shown.out
    assert r"Office\14.0\Outlook\InstallRoot: Path" in shown.out
    document = mapiwright("workstation", "show", "--json").document["workstation"]
    assert (document["outlook"], document["other_outlooks"]) == (None, [])


def test_the_demo_makes_itself_once(mapiwright: Mapiwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAPIWRIGHT_DEMO", str(tmp_path / "data" / "demo"))
    first = mapiwright("workstation", "show", "--workstation", "demo:")
    assert "not touched" in first.err
    assert "anna" in first.out
    before = pictured(tmp_path / "data")
    assert mapiwright("workstation", "show", "--workstation", "demo:").out == first.out
    assert pictured(tmp_path / "data") == before
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["demo"]
    assert mapiwright("workstation", "create").code == 1
    assert open_workstation("demo:").uri == "demo:"


def test_create_without_a_folder_makes_the_demo(
    mapiwright: Mapiwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAPIWRIGHT_DEMO", str(tmp_path / "demo"))
    assert mapiwright("workstation", "create", "--user", "Zoë").code == 0
    assert [user.name for user in open_workstation("demo:").users] == ["Zoë", "Default"]


def test_the_demo_lies_among_the_users_own_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAPIWRIGHT_DEMO", raising=False)
    assert demo_folder().parts[-2:] == ("mapiwright", "demo")


def test_two_first_runs_of_the_demo_at_once_leave_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "demo"
    monkeypatch.setenv("MAPIWRIGHT_DEMO", str(place))
    real = create.create_image

    def while_another_run_is_faster(folder: Path) -> None:
        real(folder)
        real(place, users=["faster"])

    monkeypatch.setattr(create, "create_image", while_another_run_is_faster)
    assert open_workstation("demo:").users[0].name == "faster"
    assert list(tmp_path.iterdir()) == [place]


def test_a_demo_that_cannot_be_put_in_its_place_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "demo"
    monkeypatch.setenv("MAPIWRIGHT_DEMO", str(place))

    def refuse(_here: Path, _there: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(pathlib.Path, "rename", refuse)
    with pytest.raises(PermissionError):
        open_workstation("demo:")
    assert not list(tmp_path.iterdir())


# --- naming one -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("ftp:x", "not the URI"),
        ("/mnt/pc", "image:/mnt/pc"),
        (r"C:\pc", r"image:C:\pc"),
        ("", "not the URI"),
        ("live:", "not yet built"),
        ("wine:", "no place"),
        ("image:", "no place"),
        ("hive:", "no place"),
        ("memory:x", "takes no place"),
        ("demo:x", "takes no place"),
    ],
)
def test_a_uri_that_means_nothing_is_told_with_those_that_do(uri: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        open_workstation(uri)
    assert told in str(error.value)


def test_what_a_bare_hive_needs_is_refused_for_others(pc: Path) -> None:
    with pytest.raises(UsageError, match="hive"):
        open_workstation(f"image:{pc}", edition=Edition.OUTLOOK_2010)


def test_a_folder_that_is_absent_or_no_windows_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="workstation create"):
        open_workstation(f"image:{tmp_path / 'absent'}")
    with pytest.raises(NotFoundError, match="holds no Windows"):
        open_workstation(f"image:{tmp_path}")


# --- a tree as other systems keep it --------------------------------------------------------------


def test_names_of_any_case_are_found(pc: Path) -> None:
    for old, new in (
        ("Windows/System32/config", "Windows/System32/CONFIG"),
        ("Windows", "WINDOWS"),
        ("Users", "users"),
    ):
        (pc / old).rename(pc / new)
    workstation = ImageWorkstation(pc)
    assert [user.name for user in workstation.users] == ["anna", "Jürgen Müller", "Default"]
    assert workstation.findings == ()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="needs a mount that regards case")
def test_two_names_that_are_one_for_windows_are_refused(pc: Path) -> None:
    (pc / "programdata").mkdir()
    workstation = ImageWorkstation(pc)
    with pytest.raises(RefusedError, match="one name for Windows"):
        workstation.files.read(r"C:\ProgramData\x")
    with pytest.raises(RefusedError, match="one name for Windows"):
        workstation.files.apply([WriteFile(r"C:\ProgramData\x", None, b"")])


@POSIX
def test_a_link_is_followed_inside_the_tree_and_never_out_of_it(pc: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"not ours")
    (pc / "Documents and Settings").symlink_to(pc / "Users")
    (pc / "out").symlink_to(outside)
    (pc / "secret").symlink_to("../outside/secret")
    files = ImageWorkstation(pc).files
    assert files.read(r"C:\documents and settings\anna\ntuser.dat") == user_hive(pc).read_bytes()
    files.apply([WriteFile(r"C:\Documents and Settings\Public\new.txt", None, b"new")])
    assert (pc / "Users" / "Public" / "new.txt").read_bytes() == b"new"
    for change in (
        WriteFile(r"C:\out\secret", b"not ours", b"x"),
        WriteFile(r"C:\out\new", None, b"x"),
        WriteFile(r"C:\secret", b"not ours", None),
        MakeFolder(r"C:\out\new"),
    ):
        with pytest.raises(RefusedError, match="leads out"):
            files.apply([change])
        with pytest.raises(RefusedError, match="leads out"):
            files.read(change.path)
    assert pictured(outside) == {"secret": b"not ours"}


@POSIX
def test_what_is_neither_file_nor_folder_is_refused(pc: Path) -> None:
    os.mkfifo(pc / "pipe")
    user_hive(pc).unlink()
    os.mkfifo(user_hive(pc))
    workstation = ImageWorkstation(pc)
    with pytest.raises(RefusedError, match="neither"):
        workstation.files.read(r"C:\pipe")
    fault = workstation.why_unwritable(workstation.users[0])
    assert fault is not None
    assert (fault.id, "is none: it is neither a file nor a folder" in fault.what) == ("MW3003", True)
    assert fault in workstation.findings


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode whatever the locale")
def test_a_name_that_the_locale_cannot_write_is_told_with_the_remedy(tmp_path: Path) -> None:
    create_image(tmp_path / "pc", users=["Zoë"])
    ascii_only = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "mapiwright", "profile", "list", "--workstation", f"image:{tmp_path / 'pc'}"]
    ended = subprocess.run(command, env=ascii_only, capture_output=True, check=False)
    assert ended.returncode == 0
    assert b"cannot be written in this locale, whose encoding is ascii" in ended.stderr
    assert b"remedy: Run it with LC_ALL=C.UTF-8." in ended.stderr


def test_names_that_windows_cannot_have_are_not_made(pc: Path) -> None:
    files = ImageWorkstation(pc).files
    for path in (r"C:\ProgramData\aux.txt", r"C:\ProgramData\dot.", r"C:\ProgramData\a:b"):
        with pytest.raises(RefusedError, match="no such name"):
            files.apply([WriteFile(path, None, b"")])
    with pytest.raises(RefusedError, match="no place"):
        files.apply([WriteFile(r"D:\x", None, b"")])


@POSIX
def test_mode_and_attributes_of_what_is_replaced_survive(pc: Path) -> None:
    workstation = ImageWorkstation(pc)
    inf = workstation.files.path_of(workstation.outlook.inf_path)
    assert inf is not None
    guarded = [inf, user_hive(pc)]
    labelled = sys.platform == "linux"
    for path in guarded:
        path.chmod(0o640)
        if labelled:
            try:
                os.setxattr(path, "user.label", b"kept")
            except OSError:
                labelled = False
    data = inf.read_bytes()
    workstation.files.apply([WriteFile(workstation.outlook.inf_path, data, data + b"; more\r\n")])
    workstation.registry.apply([CreateKey(workstation.users[0].root / "Acme")])
    for path in guarded:
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        if labelled:
            assert os.getxattr(path, "user.label") == b"kept"


@POSIX
def test_our_own_folder_is_for_its_owner_alone(pc: Path) -> None:
    workstation = ImageWorkstation(pc)
    path = workstation.state_folder + r"\standin\acme.py"
    workstation.files.apply(list(file_with_parents(workstation.files, path, b"")))
    ours = pc / "ProgramData" / "Mapiwright"
    modes = [stat.S_IMODE(found.stat().st_mode) for found in (ours, ours / "standin", ours / "standin" / "acme.py")]
    assert modes == [0o700, 0o700, 0o600]


def test_what_a_killed_run_left_is_cleared_away(pc: Path) -> None:
    for place in (pc / "ProgramData" / ".~acme.dll-0123abcd", user_hive(pc).with_name(".~NTUSER.DAT-0123abcd")):
        place.write_bytes(b"half")
    workstation = ImageWorkstation(pc)
    workstation.files.apply([WriteFile(r"C:\ProgramData\acme.dll", None, b"whole")])
    workstation.registry.apply([CreateKey(workstation.users[0].root / "Acme")])
    assert not [path for path in pc.rglob("*") if path.name.startswith(".~")]


def test_windows_may_run_from_another_drive(pc: Path) -> None:
    registry = ImageWorkstation(pc).registry
    key = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
    registry.apply([SetValue(key, "SystemRoot", registry.value(key, "SystemRoot"), Value.sz(r"d:\Windows"))])
    workstation = ImageWorkstation(pc)
    assert workstation.state_folder == r"D:\ProgramData\Mapiwright"
    assert workstation.files.is_folder(r"D:\Users\anna")
    assert not workstation.files.is_folder(r"C:\Users\anna")
    assert workstation.registry.subkeys(workstation.users[0].root)


def test_a_state_folder_on_another_drive_is_out_of_reach(pc: Path) -> None:
    registry = ImageWorkstation(pc).registry
    data = registry.value(PROFILE_LIST, "ProgramData")
    registry.apply([SetValue(PROFILE_LIST, "ProgramData", data, Value.sz(r"E:\ProgramData"))])
    with pytest.raises(RefusedError, match="not on the drive"):
        _ = ImageWorkstation(pc).state
    registry.apply([SetValue(PROFILE_LIST, "ProgramData", Value.sz(r"E:\ProgramData"), None)])
    assert ImageWorkstation(pc).state_folder == r"C:\ProgramData\Mapiwright"


# --- users ----------------------------------------------------------------------------------------


def add_user(folder: Path, sid: str, path: str) -> None:
    key = PROFILE_LIST / sid
    ImageWorkstation(folder).registry.apply(
        [CreateKey(key), SetValue(key, "ProfileImagePath", None, Value.expand_sz(path))]
    )


def test_people_are_listed_and_service_accounts_are_not(pc: Path) -> None:
    add_user(pc, "S-1-12-1-1-2-3-4", r"C:\Users\Public")  # a user of Entra ID
    add_user(pc, "S-1-5-21-1-2-3-1001.bak", r"C:\Users\anna")
    add_user(pc, "S-1-5-80-1-2-3-4-5", r"C:\Users\MSSQL")
    names = [user.name for user in ImageWorkstation(pc).users]
    assert names == ["anna", "Jürgen Müller", "Public", "Default"]


def test_a_user_whose_hive_is_absent_is_listed_and_out_of_reach(pc: Path) -> None:
    user_hive(pc).unlink()
    add_user(pc, "S-1-5-21-1-2-3-1001", r"E:\Users\far")
    workstation = ImageWorkstation(pc)
    users = {user.name: user for user in workstation.users}
    assert ids(workstation.findings) == ["MW3002", "MW3002"]
    for name in ("anna", "far"):
        assert workstation.registry.read(users[name].root) is None
        with pytest.raises(RefusedError):
            workstation.registry.apply([CreateKey(users[name].root / "Acme")])
    workstation.registry.apply([CreateKey(users["Jürgen Müller"].root / "Acme")])


@POSIX
def test_a_user_whose_hive_is_linked_elsewhere_is_out_of_reach(pc: Path, tmp_path: Path) -> None:
    user_hive(pc).rename(tmp_path / "moved")
    user_hive(pc).symlink_to(tmp_path / "moved")
    workstation = ImageWorkstation(pc)
    [finding] = workstation.findings
    assert finding.id == "MW3002"
    assert "leads out" in finding.what
    assert workstation.registry.read(workstation.users[0].root) is None


# --- hives that are not as they should be ---------------------------------------------------------


def test_a_dirty_hive_is_read_with_a_warning_and_refused_for_writing(mapiwright: Mapiwright, pc: Path) -> None:
    make_dirty(user_hive(pc))
    log = user_hive(pc).with_name("ntuser.dat.LOG1")
    log.write_bytes(b"what Windows has still to do")
    before = pictured(pc)
    shown = mapiwright("workstation", "show", "--workstation", f"image:{pc}")
    assert shown.code == 0
    assert "MW3001" in shown.err
    workstation = ImageWorkstation(pc)
    anna = workstation.users[0]
    assert workstation.registry.subkeys(anna.root)
    with pytest.raises(RefusedError, match="not closed cleanly") as error:
        workstation.registry.apply([CreateKey(ACME), CreateKey(anna.root / "Acme")])
    assert "Let Windows load it" in error.value.remedy
    assert pictured(pc) == before, "the machine's hive is not written either"
    workstation.registry.apply([CreateKey(ACME)])


def test_a_damaged_hive_is_told_and_the_others_are_served(pc: Path) -> None:
    user_hive(pc).write_bytes(b"regf" + bytes(8188))
    workstation = ImageWorkstation(pc)
    assert ids(workstation.findings) == ["MW3003"]
    anna, german, _ = workstation.users
    with pytest.raises(FormatError, match=r"NTUSER\.DAT"):
        workstation.registry.read(anna.root)
    assert workstation.registry.subkeys(german.root)


def test_damage_deeper_inside_names_the_file(pc: Path) -> None:
    data = bytearray(user_hive(pc).read_bytes())
    at = data.index(b"nk", data.index(b"nk") + 2)
    data[at : at + 2] = b"??"
    user_hive(pc).write_bytes(data)
    workstation = ImageWorkstation(pc)
    with pytest.raises(FormatError, match=r"NTUSER\.DAT"):
        workstation.registry.read(workstation.users[0].root)


def test_a_hive_that_windows_lived_with_is_written_although_it_has_a_fault(pc: Path) -> None:
    data = bytearray(user_hive(pc).read_bytes())
    root = 4096 + 32 + 4
    data[root + 52 : root + 54] = b"\x02\x00"  # the longest name of a subkey is longer
    assert validate(data)
    user_hive(pc).write_bytes(data)
    workstation = ImageWorkstation(pc)
    path = workstation.users[0].root / r"Environment\Acme"
    workstation.registry.apply([CreateKey(path)])
    assert ImageWorkstation(pc).registry.subkeys(path) == ()


def test_a_result_that_does_not_pass_the_validator_is_not_written(pc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = write.edited

    def miswritten(*arguments: Any, timestamp: int) -> write.Edited:
        made = real(*arguments, timestamp=timestamp)
        made.pages.write(4104, b"\xff")
        return made

    monkeypatch.setattr(write, "edited", miswritten)
    before = pictured(pc)
    with pytest.raises(RefusedError, match="self-check"):
        ImageWorkstation(pc).registry.apply([CreateKey(ACME)])
    assert pictured(pc) == before


def test_what_somebody_else_writes_is_seen_and_never_overwritten(pc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workstation, other = ImageWorkstation(pc), ImageWorkstation(pc)
    assert workstation.registry.read(ACME) is None
    other.registry.apply([CreateKey(ACME)])
    assert workstation.registry.subkeys(ACME) == ()
    real = write.edited

    def while_another_writes(*arguments: Any, timestamp: int) -> write.Edited:
        monkeypatch.setattr(write, "edited", real)
        other.registry.apply([CreateKey(ACME / "theirs")])
        return real(*arguments, timestamp=timestamp)

    monkeypatch.setattr(write, "edited", while_another_writes)
    with pytest.raises(ConflictError, match="in the meantime"):
        workstation.registry.apply([CreateKey(ACME / "ours")])
    assert workstation.registry.subkeys(ACME) == ("theirs",)


def test_a_hive_is_written_once_for_a_sequence_and_not_at_all_for_nothing(pc: Path) -> None:
    software = pc / "Windows" / "System32" / "config" / "SOFTWARE"
    before = software.read_bytes()
    registry = ImageWorkstation(pc).registry
    changes: list[RegistryChange] = [
        CreateKey(ACME),
        *(SetValue(ACME, str(n), None, Value.dword(n)) for n in range(20)),
    ]
    registry.apply(changes)
    after = software.read_bytes()
    assert Hive(after).sequences[0] == Hive(before).sequences[0] + 1
    registry.apply(changes)
    assert software.read_bytes() == after


# --- code pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "codec", "told"),
    [("1252", "cp1252", 0), ("932", "cp932", 0), ("65001", "utf-8", 0), ("77777", "cp1252", 1), ("é", "cp1252", 1)],
)
def test_the_code_page_is_that_of_the_machine(pc: Path, number: str, codec: str, told: int) -> None:
    registry = ImageWorkstation(pc).registry
    key = KeyPath.parse(r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage")
    registry.apply([SetValue(key, "ACP", Value.sz("1252"), Value.sz(number))])
    workstation = ImageWorkstation(pc)
    assert workstation.code_page == codec
    assert ids(workstation.findings) == ["MW3004"] * told


def test_a_code_page_that_is_not_told_is_guessed_and_said_so(pc: Path) -> None:
    registry = ImageWorkstation(pc).registry
    select = KeyPath.parse(r"HKLM\SYSTEM\Select")
    registry.apply([SetValue(select, "Current", Value.dword(1), Value.dword(7))])
    workstation = ImageWorkstation(pc)
    assert workstation.code_page == "cp1252"
    assert "names no code page" in workstation.findings[0].what
