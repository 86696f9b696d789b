"""Hostile workstations x verbs: a fault of one user or one file is that one's finding, and everybody else is served.

Mallory owns her profile folder and may put there what she wants; root installs for everybody.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import UntrustedError
from mapiwright.formats.regf.edit.security import security_descriptor
from mapiwright.transaction.plans.change_json import canonical
from mapiwright.ui.cli.app import run
from mapiwright.workstation.change import CreateKey, SetValue, key_with_parents
from mapiwright.workstation.disk.folder_state import FolderState
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.outlook.windows import PROFILE_LIST
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    Typed: TypeAlias = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, FIFOs and owners as Unix has them")
ACME = Path(__file__).parent.parent.parent / "examples" / "acme-mail"
MALLORY = 65534
"""Her number; who runs the tests without being root is Mallory, too."""
OWN = Path("AppData", "Local", "Mapiwright")
SPARSE = 20 * 1024**3
SECRET = b"root's own, and not to be touched"


@pytest.fixture
def pc_of(tmp_path: Path) -> Callable[..., Path]:
    """``pc_of("anna")`` is a Windows with these users."""

    def make(*users: str) -> Path:
        folder = tmp_path / "pc"
        create_image(folder, users=users)
        (folder / "Windows" / "secret").write_bytes(SECRET)
        (folder / "Windows" / "secret").chmod(0o600)
        return folder

    return make


@pytest.fixture
def type_(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """``type_("doctor")`` on that Windows: the exit code, and what was printed; it was no defect."""

    def type_it(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([*map(str, words), "--workstation", f"image:{tmp_path / 'pc'}"])
        printed = capsys.readouterr()
        assert "defect" not in printed.err, printed.err
        return code, printed.out, printed.err

    return type_it


def give(path: Path) -> None:
    """All of that is Mallory's."""
    if os.geteuid() == 0:
        for each in (path, *path.rglob("*")):
            os.chown(each, MALLORY, MALLORY, follow_symlinks=False)


def journal(*records: Any) -> bytes:
    lines = [canonical({"n": at, **record}) for at, record in enumerate(records)]
    return b"".join(f"{zlib.crc32(line):08x} ".encode() + line + b"\n" for line in lines)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(SPARSE)


def put(home: Path, name: str, data: bytes = b"{}") -> Path:
    path = home / OWN / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def bare(home: Path) -> Path:
    """The place of her records, with all above it."""
    (home / OWN).parent.mkdir(parents=True, exist_ok=True)
    return home / OWN


def no_data(home: Path) -> Path:
    """The place of AppData, which is gone."""
    shutil.rmtree(home / "AppData", ignore_errors=True)
    return home / "AppData"


def store(home: Path) -> Path:
    (home / OWN / "receipts").mkdir(parents=True)
    return home / OWN


def secret(home: Path) -> Path:
    return home.parent.parent / "Windows" / "secret"


REPORTED = {"MW6401", "MW6405", "MW6411"}
BEGIN = {"do": "begin", "id": "20260101T000000-0bad", "title": "x"}

IN_HER_STORE: Mapping[str, Callable[[Path], object]] = {
    "a FIFO for a receipt": lambda home: os.mkfifo(store(home) / "receipts" / "20260101T000000-0bad.json"),
    "a FIFO for the journal": lambda home: os.mkfifo(store(home) / "journal"),
    "a FIFO for the lock": lambda home: os.mkfifo(store(home) / "lock"),
    "a FIFO for the token": lambda home: os.mkfifo(store(home) / "lock-token"),
    "a folder for a receipt": lambda home: put(home, "receipts/20260101T000000-0bad.json/x"),
    "a folder for the journal": lambda home: put(home, "journal/x"),
    "a folder for the lock": lambda home: put(home, "lock/x"),
    "a file for the receipts": lambda home: put(home, "receipts"),
    "a file for the folder": lambda home: bare(home).write_bytes(b""),
    "a file of 20 GB": lambda home: sparse(store(home) / "receipts" / "20260101T000000-0bad.json"),
    "a journal of 20 GB": lambda home: sparse(store(home) / "journal"),
    "a backslash": lambda home: put(home, "receipts/..\\..\\x.json"),
    "a line break": lambda home: put(home, "receipts/a\nb.json"),
    "no UTF-8": lambda home: (store(home) / "receipts" / os.fsdecode(b"\xff.json")).write_bytes(b"{}"),
    "an odd id": lambda home: put(home, "receipts/x y.json"),
    "deep folders": lambda home: put(home, "/".join(["receipts", *"abcdefghijklmnopqrst", "x.json"])),
    "a link for a receipt": lambda home: (store(home) / "receipts" / "x.json").symlink_to("/etc/passwd"),
    "a link for the journal": lambda home: (store(home) / "journal").symlink_to("/etc/passwd"),
    "a link for the lock": lambda home: (store(home) / "lock").symlink_to("../../../../../Windows/secret"),
    "a link for the token": lambda home: (store(home) / "lock-token").symlink_to("../../../../../Windows/secret"),
    "a link for the holder": lambda home: (store(home) / "lock-holder").symlink_to("../../../../../Windows/secret"),
    "a second name for the lock": lambda home: os.link(secret(home), store(home) / "lock"),
    "a second name for the token": lambda home: os.link(secret(home), store(home) / "lock-token"),
    "a link for the folder": lambda home: bare(home).symlink_to("../../../../ProgramData"),
    "a link for AppData": lambda home: no_data(home).symlink_to("../../Windows"),
    "a link to itself": lambda home: no_data(home).symlink_to("AppData"),
    "a journal of nothing": lambda home: put(home, "journal", b"\0" * 100),
    "a journal that leads elsewhere": lambda home: put(
        home, "journal", journal({**BEGIN, "id": "../../../../../Windows"}, {"do": "leg", "leg": 0, "digest": "0"})
    ),
    "a journal whose lines are missing": lambda home: put(
        home, "journal", journal(BEGIN, {"do": "leg", "leg": "x"}, {"do": "commit"})
    ),
    "a journal whose backup is missing": lambda home: put(
        home, "journal", journal(BEGIN, {"do": "leg", "leg": 0, "title": "x", "digest": "0"})
    ),
    "a journal of other types": lambda home: put(
        home, "journal", journal({"do": ["begin"]}, {"do": "will", "effect": {}, "title": 5}, {"do": None})
    ),
    "a receipt that is deep": lambda home: put(home, "receipts/20260101T000000-0bad.json", b"[" * 100_000),
    "a file that others write": lambda home: put(home, "journal", b"").chmod(0o666),
}


MISCHIEF_OF = {f"m{number:02}": mischief for number, mischief in enumerate(IN_HER_STORE)}


def test_what_users_put_into_their_own_records_stops_nobody(pc_of: Callable[..., Path], type_: Typed) -> None:
    pc = pc_of("anna", *MISCHIEF_OF)
    for name, mischief in MISCHIEF_OF.items():
        home = pc / "Users" / name
        IN_HER_STORE[mischief](home)
        give(home)
    os.chown(secret(home), os.geteuid(), -1)
    secret(home).chmod(0o600)
    found = json.loads(type_("doctor", "--json")[1])["doctor"]["findings"]
    texts = [json.dumps(each) for each in found if each["id"] in REPORTED]
    silent = [mischief for name, mischief in MISCHIEF_OF.items() if not any(name in text for text in texts)]
    assert silent == [], "nobody hears of it"
    served(pc, type_, {"anna", *MISCHIEF_OF})


def served(pc: Path, type_: Typed, users: set[str]) -> None:
    """Everybody who asks is answered; the machine and those users get the service, and nothing else is touched."""
    for question in (("profile", "list", "--all-users"), ("workstation", "show"), ("receipts",)):
        code, _, said = type_(*question)
        assert code == 0, said
    code, _, said = type_("install", ACME, "--profile", "Work", "--all-users", "--entry", "skip", "--yes")
    assert code in {0, 1}, said  # 1 where users were left out
    assert (pc / "Windows" / "System32" / "acme32.dll").is_file()
    listed = json.loads(type_("profile", "list", "--all-users", "--json")[1])["profiles"]
    assert {row["user"] for row in listed if row["services"]} == users
    assert type_("recover")[0] in {0, 1}
    code, _, said = type_("uninstall", "acme-mail", "--yes")
    assert code in {0, 1}, said
    assert not (pc / "Windows" / "System32" / "acme32.dll").exists()
    secret = pc / "Windows" / "secret"
    assert (secret.read_bytes(), secret.stat().st_uid) == (SECRET, os.geteuid())


def hive(home: Path) -> Path:
    """The place of a hive, which is gone."""
    path = home / "NTUSER.DAT"
    path.unlink()
    return path


def deep(home: Path, root: str) -> None:
    r"""Keys 500 levels deep at ``Software`` and below, some of them in a profile."""
    pc = ImageWorkstation(home.parent.parent)
    user = next(user for user in pc.users if user.name == home.name)
    key, changes = user.root / root, [*key_with_parents(pc.registry, user.root / root)]
    for _ in range(500 - len(key.parts)):
        key /= "d"
        changes.append(CreateKey(key))
    pc.registry.apply([*changes, SetValue(key, "001E6600", None, Value.sz("deep"))])


def profile_path(home: Path, path: str) -> None:
    """The registry gives the user another folder."""
    pc = ImageWorkstation(home.parent.parent)
    sid = next(user.sid for user in pc.users if user.name == home.name)
    old = pc.registry.value(PROFILE_LIST / sid, "ProfileImagePath")
    pc.registry.apply([SetValue(PROFILE_LIST / sid, "ProfileImagePath", old, Value.expand_sz(path))])


PROFILES = r"Software\Microsoft\Office\16.0\Outlook\Profiles"
IN_THE_WAY: Mapping[str, Callable[[Path], object]] = {
    "a FIFO for a hive": lambda home: os.mkfifo(hive(home)),
    "a folder for a hive": lambda home: hive(home).mkdir(),
    "a hive of 20 GB": lambda home: sparse(hive(home)),
    "a hive of nothing": lambda home: hive(home).write_bytes(b""),
    "a device for a hive": lambda home: hive(home).symlink_to("/dev/zero"),
    "another's hive": lambda home: hive(home).symlink_to("../anna/NTUSER.DAT"),
    "a hive that leads to itself": lambda home: hive(home).symlink_to("NTUSER.DAT"),
    "two hives": lambda home: (home / "ntuser.dat").write_bytes(b""),
    "no path": lambda home: profile_path(home, "nowhere"),
    "a share": lambda home: profile_path(home, r"\\server\share\x"),
    "dots": lambda home: profile_path(home, r"C:\Users\..\..\etc"),
    "a NUL": lambda home: profile_path(home, "C:\\Users\\a\0b"),
    "a stream": lambda home: profile_path(home, r"C:\Users\m:x"),
    "a long name": lambda home: profile_path(home, "C:\\Users\\" + "x" * 400),
    "half a character": lambda home: profile_path(home, "C:\\Users\\\ud800"),
    "a drive": lambda home: profile_path(home, "C:"),
}
"""What keeps a user's hive from being read; each of them is a finding, and the others are served."""
DEEP = {"d0": "Software", "d1": rf"{PROFILES}\Deep\{'0' * 32}"}


def test_a_user_who_cannot_be_served_stops_nobody(pc_of: Callable[..., Path], type_: Typed) -> None:
    names = {f"u{number:02}": mischief for number, mischief in enumerate(IN_THE_WAY)}
    pc = pc_of("anna", "bert", "zoe", *names, *DEEP)
    for name, root in DEEP.items():
        deep(pc / "Users" / name, root)
    for name, mischief in names.items():
        IN_THE_WAY[mischief](pc / "Users" / name)
    profile_path(pc / "Users" / "zoe", r"C:\USERS\bert")
    found = json.loads(type_("doctor", "--json")[1])["doctor"]["findings"]
    away = [each for each in found if each["id"] in {"MW3002", "MW3003"}]
    assert len(away) == len(names), [each["where"] for each in away]
    assert [each["id"] for each in found].count("MW3006") == 2, "bert and zoe have one folder"
    code, dump, _ = type_("profile", "dump", "Deep", "--user", "d1", "--json")
    assert (code, dump.count('"001E6600"'), dump.count('"d"') > 450) == (0, 1, True)
    for words in (("copy", "Deep", "Two"), ("rename", "Two", "Three"), ("delete", "Three")):
        assert type_("profile", *words, "--user", "d1", "--yes")[0] == 0
    served(pc, type_, {"anna", *DEEP})


RECEIPT = {
    "version": 2,
    "id": "20260101T000000-0bad",
    "verb": "install",
    "title": "x",
    "created": "2026-01-01T00:00:00+00:00",
    "workstation": "image:x",
    "record": {},
    "subject": None,
    "notes": [],
    "skipped": [],
    "waiting": [],
    "preconditions": [],
    "undoes": "",
    "takes_over": [],
    "approved": "",
    "legs": [],
    "effects": [],
}
EFFECT = {"kind": "call", "title": "x", "description": {}, "status": "done", "message": "", "details": {}, "after": 0}
ODD_RECEIPTS: Mapping[str, Mapping[str, Any]] = {
    **{f"without {member}": {key: RECEIPT[key] for key in RECEIPT if key != member} for member in RECEIPT},
    **{f"{member} is a number": {**RECEIPT, member: 5} for member in RECEIPT if member != "version"},
    **{
        f"an effect without {member}": {**RECEIPT, "effects": [{key: EFFECT[key] for key in EFFECT if key != member}]}
        for member in EFFECT
    },
    "an effect whose description is a list": {**RECEIPT, "effects": [{**EFFECT, "description": [1]}]},
    "no time": {**RECEIPT, "created": "yesterday"},
    "a time without a zone": {**RECEIPT, "created": "2026-01-01T00:00:00"},
    "another id": {**RECEIPT, "id": "20260101T000000-beef"},
}


def test_odd_records_of_our_own_are_findings_and_stop_nothing(pc_of: Callable[..., Path], type_: Typed) -> None:
    folder = pc_of("anna") / "ProgramData" / "Mapiwright" / "receipts"
    folder.mkdir(parents=True)
    names = []
    for number, odd in enumerate(ODD_RECEIPTS.values()):
        names.append(f"20260101T000000-{number:04x}.json")
        own_id = {} if odd.get("id") != RECEIPT["id"] else {"id": names[-1].removesuffix(".json")}
        (folder / names[-1]).write_bytes(canonical({**odd, **own_id}))
    for name in ("x y.json", "..x.json", "a:b.json", "line\nbreak.json", "20260101T000000-0bad"):
        names.append(name)
        (folder / name).write_bytes(canonical(RECEIPT))
    (folder / "folder.json").mkdir()
    (folder / "folder.json" / "x").write_bytes(b"")
    os.mkfifo(folder / "fifo.json")
    (folder / "link.json").symlink_to("/etc/passwd")
    for each in (folder.parent, *folder.parent.rglob("*")):
        if not each.is_symlink():
            each.chmod(0o700 if each.is_dir() else 0o600)

    found = json.loads(type_("doctor", "--json")[1])["doctor"]["findings"]
    texts = [each["where"] + each["message"] for each in found if each["id"] == "MW6405"]
    wanted = [*names, "folder.json", "fifo.json", "link.json"]
    assert [name for name in wanted if not any(name in text for text in texts)] == []
    assert type_("receipts")[0] in {0, 1}
    assert type_("install", ACME, "--profile", "Work", "--entry", "skip", "--yes")[0] == 0
    assert type_("profile", "list")[0] == 0


STAND_IN = b"""
from pathlib import Path
def service_entry(call):
    Path(%r).write_text("run as root")
"""


def plant(pc: Path) -> Path:
    """A record of a service with a stand-in, where an install would keep it; returns what its code would make."""
    code = STAND_IN % str(pc / "ran")
    folder = pc / "ProgramData" / "Mapiwright" / "services" / "CONTAB"
    (folder / "standin").mkdir(parents=True)
    (folder / "standin" / "own.py").write_bytes(code)
    stand_in = {"entry": "own:service_entry", "deadline": 20, "files": ["own.py"]}
    record = {"schema": 1, "service": "CONTAB", "package": "contab", "version": "1", "stand_in": stand_in}
    (folder / "record.json").write_text(json.dumps(record))
    ours = pc / "ProgramData" / "Mapiwright"
    for each in (ours, *ours.rglob("*")):
        each.chmod(0o700 if each.is_dir() else 0o600)
    return pc / "ran"


def given_away(pc: Path) -> None:
    give(pc / "ProgramData" / "Mapiwright")


def one_file_given_away(pc: Path) -> None:
    give(pc / "ProgramData" / "Mapiwright" / "services" / "CONTAB" / "record.json")


def opened_to_all(pc: Path) -> None:
    (pc / "ProgramData" / "Mapiwright").chmod(0o777)


def linked(pc: Path) -> None:
    ours = pc / "ProgramData" / "Mapiwright"
    ours.rename(pc / "Users" / "Public" / "own")
    ours.symlink_to("../Users/Public/own")


def ours_without_a_receipt(_pc: Path) -> None:
    """Root's own, and closed; no receipt of ours is about it."""


root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")


@pytest.mark.parametrize(
    ("made", "finding"),
    [
        pytest.param(given_away, "MW6410", marks=root),
        pytest.param(one_file_given_away, "MW6410", marks=root),
        (opened_to_all, "MW6410"),
        (linked, "MW6409"),
        (ours_without_a_receipt, "MW6412"),
    ],
)
def test_a_record_that_somebody_else_made_runs_no_code(
    pc_of: Callable[..., Path], type_: Typed, made: Callable[[Path], None], finding: str
) -> None:
    pc = pc_of("anna")
    assert type_("profile", "create", "Work", "--yes")[0] == 0
    shutil.rmtree(pc / "ProgramData" / "Mapiwright")
    ran = plant(pc)
    made(pc)
    code, _, said = type_("profile", "add-service", "Work", "CONTAB", "--yes")
    assert code == 1
    assert "link" in said or "believed" in said
    assert not ran.exists()
    assert finding in type_("doctor")[1]
    assert type_("profile", "list")[0] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the drivers of Linux")
@pytest.mark.parametrize(
    ("sid", "believed"),
    [("S-1-5-32-544", True), ("S-1-5-18", True), ("S-1-5-21-1-2-3-1001", False), ("S-1-5-32-545", False), ("", True)],
)
def test_on_a_mount_of_ntfs_the_owner_that_windows_knows_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sid: str, *, believed: bool
) -> None:
    """Such a mount shows everything as root's. No test machine mounts NTFS, so the call stands in for its driver."""
    state = FolderState(tmp_path / "Mapiwright")
    state.write("receipts/1.json", b"{}")
    theirs = (tmp_path / "Mapiwright" / "receipts" / "1.json").stat().st_ino

    def get(place: str, name: str) -> bytes:
        if not sid or name != "system.ntfs_acl" or os.stat(place).st_ino != theirs:  # noqa: PTH116 - by a handle
            raise OSError(errno.ENODATA, os.strerror(errno.ENODATA))
        return security_descriptor(owner=sid)

    monkeypatch.setattr(os, "getxattr", get)
    for ask in (state.names, lambda: state.read("receipts/1.json")):
        if believed:
            assert ask()
        else:
            with pytest.raises(UntrustedError, match=sid):
                ask()
