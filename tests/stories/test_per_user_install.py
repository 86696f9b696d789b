"""A user to whom the machine's records are closed does his half himself, and an administrator takes all of it back.

Each of the user's commands really runs as another user: the machine's records are root's, his profile folder is his.
"""

from __future__ import annotations

import json
import os
import stat
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.makers import MAKERS
from mapiwright.errors import RecoveryNeededError
from mapiwright.message import Message
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.setup.install.status import PackageState, status
from mapiwright.setup.package.package import open_package
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import Scope
from mapiwright.transaction.plans.change_json import canonical, parse
from mapiwright.transaction.plans.terms import Terms
from mapiwright.transaction.records.receipt import (
    Receipt,
    backup_name,
    damaged_receipts,
    pack_backup,
    receipt_name,
    receipt_to_bytes,
    receipts,
)
from mapiwright.transaction.recovery import held, recover
from mapiwright.transaction.transaction import execute
from mapiwright.transaction.undo import undo_plan
from mapiwright.ui.cli.app import run
from mapiwright.workstation.change import SetValue, WriteFile, key_with_parents
from mapiwright.workstation.disk.folder_state import FolderState, MemoryState
from mapiwright.workstation.disk.handles import lock
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.registry import KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from subprocess import CompletedProcess

    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.change import Change

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
def scope(admin: Admin, acme: Path) -> None:
    admin("install", acme, "--machine", "--yes")


def picture(folder: Path) -> dict[str, bytes]:
    """Every file but our own."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "Mapiwright" not in path.parts
    }


def bytes_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def own(folder: Path) -> list[str]:
    """What lies in nora's own records."""
    place = folder / OWN
    files = (path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    return sorted(name for name in files if name not in {"lock", "lock-token", "log"})


@pytest.mark.usefixtures("scope")
def test_a_logon_without_elevation_does_the_users_half_once(pc: Path, nora: Admin, admin: Admin, acme: Path) -> None:
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


@pytest.mark.usefixtures("scope")
def test_it_leaves_the_same_as_an_administrators_run_for_that_user(
    pc: Path, nora: Admin, acme: Path, tmp_path: Path
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


@pytest.mark.usefixtures("scope")
def test_undo_takes_it_back_and_the_machine_stays(pc: Path, nora: Admin, admin: Admin, acme: Path) -> None:
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
    return {root: registry.read(KeyPath(root)) for root in ("HKLM", "HKU")}


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
    assert not records_of(open_workstation(f"image:{pc}")).installations
    for path in (pc / OWN).rglob("*"):
        assert path.stat().st_uid == NOBODY, path
    admin("install", acme, "--machine", "--yes")
    nora("install", acme, "--per-user", "--yes")
    assert "intact" in nora("status", "acme-mail")


@pytest.mark.usefixtures("scope")
def test_the_administrator_undoes_her_receipt_and_takes_it_over(
    pc: Path, nora: Admin, admin: Admin, acme: Path
) -> None:
    before = values(pc)
    done = json.loads(nora("install", acme, "--per-user", "--yes", "--json"))["receipt"]
    admin("undo", done["id"], "--yes")
    assert values(pc) == before
    assert own(pc) == []
    found = {one.id: one for one in receipts(open_workstation(f"image:{pc}"))}
    assert found[done["id"]].undone_by
    assert found[done["id"]].owner.startswith("S-1-5-21-")


@pytest.mark.usefixtures("scope")
def test_what_is_the_machines_is_refused(pc: Path, nora: Admin, acme: Path) -> None:
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
    assert "not for nora to do" in nora("install", acme, "--per-user", "--user", "Zoë", "--yes", code=1)
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
    assert "the per-machine part is of version 5.0" in nora("status", "acme-mail", code=1)
    nora("install", newer, "--per-user", "--yes")
    assert "acme-mail 5.0, the half of nora: installed and intact" in nora("status", "acme-mail")
    admin("uninstall", "acme-mail", "--yes")
    assert "the per-machine part of Acme Mail" in nora("install", newer, "--per-user", "--yes", code=1)


def test_where_the_administrator_did_both_halves_hers_has_nothing_to_do(
    nora: Admin, admin: Admin, acme: Path
) -> None:
    admin("install", acme, "--user", "nora", "--yes")
    profiles = nora("profile", "list", "--json")
    nora("install", acme, "--per-user", "--yes")
    assert nora("profile", "list", "--json") == profiles
    assert json.loads(nora("install", acme, "--per-user", "--yes", "--json"))["plan"]["empty"]


def test_it_is_done_for_the_one_user_whose_hive_belongs_to_who_runs_it(
    pc: Path, closed: Callable[[Path], AbstractContextManager[None]]
) -> None:
    def who() -> str | None:
        user = open_workstation(f"image:{pc}").as_user
        return user.name if user is not None else None

    machine = FolderState(pc / "ProgramData" / "Mapiwright")
    assert who() is None, "there is nothing that could be closed"
    machine.write("log", b"")
    assert who() is None, "root may read everything"
    hives = {name: pc / "Users" / name / "NTUSER.DAT" for name in ("nora", "Zoë", "Default")}
    (pc / "Users" / "Zoë").chmod(0o755)
    for owned, told in (
        (["nora"], "nora"),
        (["nora", "Default"], "nora"),
        (["Zoë"], "Zoë"),
        (["nora", "Zoë"], None),
        ([], None),
    ):
        for name, hive in hives.items():
            os.chown(hive, NOBODY if name in owned else 0, 0)
        with closed(machine.folder):
            assert who() == told, owned


KILL = """
import os, signal, sys
count = 0
def strike(event, arguments):
    global count
    if event == "os.rename" and os.fspath(arguments[1]).endswith("NTUSER.DAT"):
        count += 1
        if count == 2:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(strike)
from mapiwright.ui.cli.app import run
run(sys.argv[1:])
"""
"""A run that is killed when it writes the hive for the second time: its values are there, the profile is not."""


@pytest.fixture
def killed(pc: Path, as_nobody: Nora, acme: Path) -> Callable[[], None]:
    def run_and_kill() -> None:
        words = ("install", acme, "--per-user", "--yes")
        assert as_nobody(*words, workstation=f"image:{pc}", code=KILL).returncode == -9
        assert "journal" in own(pc)

    return run_and_kill


@pytest.mark.usefixtures("scope")
def test_a_killed_run_of_hers_is_ended_by_her_next_one(
    pc: Path, nora: Admin, killed: Callable[[], None], acme: Path
) -> None:
    before = values(pc)
    killed()
    assert values(pc) != before
    assert "interrupted" in nora("status", "acme-mail", code=4)
    nora("recover")
    assert (values(pc), own(pc)) == (before, [])
    killed()
    nora("install", acme, "--per-user", "--yes")
    assert "intact" in nora("status", "acme-mail")


@pytest.mark.usefixtures("scope")
def test_a_killed_run_of_hers_is_ended_by_an_administrator(
    pc: Path, nora: Admin, admin: Admin, killed: Callable[[], None], acme: Path
) -> None:
    before = values(pc)
    killed()
    assert "MW6401" in admin("doctor", code=1)
    assert "rolled back" in admin("recover")
    assert (values(pc), own(pc)) == (before, [])
    killed()
    admin("uninstall", "acme-mail", "--yes")
    assert own(pc) == []
    admin("install", acme, "--machine", "--yes")
    nora("install", acme, "--per-user", "--yes")


@pytest.mark.usefixtures("scope")
def test_an_administrators_run_holds_her_store_against_her_and_she_holds_it_against_his(
    pc: Path, nora: Admin, admin: Admin, acme: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nora("install", acme, "--per-user", "--yes")
    here = open_workstation(f"image:{pc}")
    with held(here):
        assert "another run" in nora("profile", "create", "Second", "--yes", code=1)
    with next(iter(here.users_states.values())).lock():
        admin("profile", "create", "Third", "--user", "nora", "--yes", code=1)
    assert "another run" not in capsys.readouterr().err
    admin("uninstall", "acme-mail", "--yes")


@pytest.mark.usefixtures("scope")
def test_a_lock_that_she_holds_without_a_run_leaves_her_out_and_serves_the_others(
    pc: Path, nora: Admin, admin: Admin, acme: Path
) -> None:
    """Anybody may lock a file of their own, for ever."""
    nora("install", acme, "--per-user", "--yes")
    admin("install", acme, "--per-user", "--user", "Zoë", "--yes")
    with (pc / OWN / "lock").open("rb") as mine:
        assert lock(mine.fileno())
        dry = admin("uninstall", "acme-mail", "--dry-run")
        assert "user nora is running Mapiwright, or holds its lock" in dry
        ended = json.loads(admin("uninstall", "acme-mail", "--yes", "--json", code=1))
        assert (ended["receipt"]["partial"], ended["receipt"]["skipped"]) == (True, ["nora"])
        found = json.loads(admin("profile", "list", "--json", "--all-users"))["profiles"]
        assert [(each["user"], each["services"]) for each in found] == [("nora", ["ACME"])]
    admin("uninstall", "acme-mail", "--yes")
    assert own(pc) == []


@pytest.mark.usefixtures("scope")
@pytest.mark.parametrize("where", ["AppData", "AppData/Local/Mapiwright", "AppData/Local/Mapiwright/receipts"])
def test_a_link_among_her_records_leads_no_administrator_elsewhere(
    pc: Path, nora: Admin, admin: Admin, acme: Path, where: str
) -> None:
    nora("install", acme, "--per-user", "--yes")
    link = pc / "Users" / "nora" / where
    aside = link.rename(pc / "Users" / "nora" / "aside")
    machine = pc / "ProgramData" / "Mapiwright"
    link.symlink_to({"AppData": pc, "receipts": machine / "receipts"}.get(link.name, machine))
    before = bytes_below(machine), bytes_below(aside)
    assert len(json.loads(admin("receipts", "--json"))["receipts"]) == 1
    assert (bytes_below(machine), bytes_below(aside)) == before


@pytest.mark.usefixtures("scope")
def test_what_an_administrators_run_makes_in_her_store_is_hers(
    pc: Path, nora: Admin, admin: Admin, acme: Path
) -> None:
    nora("install", acme, "--per-user", "--yes")
    (pc / OWN / "lock").unlink()
    admin("guard", "acme-mail", "--yes")
    (pc / "Windows" / "System32" / "acme32.dll").unlink()
    admin("guard", "acme-mail", "--yes")
    assert {path.stat().st_uid for path in (pc / OWN).rglob("*")} == {NOBODY}
    nora("profile", "create", "Second", "--yes")


SECOND = """[ACME2]
PR_DISPLAY_NAME=Acme Calendar
PR_SERVICE_DLL_NAME=acme.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=ACME2_Store

[ACME2_Store]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_PROVIDER_DLL_NAME=acme.dll
PR_PROVIDER_DISPLAY=Acme Calendar
PR_DISPLAY_NAME=Acme Calendar

"""


class TestWithoutTheMachinesRecords:
    """What the half of a user does who does not see what an administrator's run did for him."""

    @staticmethod
    def scope(desk: Any, package: Path, **how: Any) -> Plan:
        user = desk.user("Zoë")
        seen = desk.workstation.seen_by(user)
        plan = plan_install(open_package(package), seen, [user], scope=Scope.USER, **how)
        if not plan.empty:
            execute(plan, seen, makers=MAKERS)
        assert plan_install(open_package(package), seen, [user], scope=Scope.USER, **how).empty
        return plan

    def test_a_value_that_is_there_is_taken_for_his_setting(self, desk: Any, acme: Path) -> None:
        desk.install(acme, "Zoë")
        key = desk.user("Zoë").root / r"Software\Acme Software\Acme Mail"
        registry = desk.workstation.registry
        registry.apply([SetValue(key, "ShowWelcome", Value.dword(1), Value.dword(0))])
        self.scope(desk, acme)
        assert registry.value(key, "ShowWelcome") == Value.dword(0)
        desk.uninstall()
        assert registry.value(key, "ShowWelcome") == Value.dword(0)

    def test_the_profile_that_an_administrator_made_follows_a_new_version(
        self, desk: Any, acme: Path, release: Callable[..., Path]
    ) -> None:
        before = desk.picture()
        desk.install(acme, "Zoë")
        moved = '{ source = "BITS/acme32.dll", destination = "{system}/acmemail32.dll" }'
        manifest = {f'"{bits}/acme32.dll"': moved.replace("BITS", bits) for bits in ("x64", "x86")}
        newer = release("5.0", {"acme.inf": {"=acme.dll": "=acmemail.dll"}, "mapiwright.toml": manifest})
        desk.install(newer, scope=Scope.MACHINE)
        self.scope(desk, newer)
        (service,) = Workspace(desk.workstation, desk.user("Zoë")).profile("Acme Mail").services
        assert service.dll == "acmemail.dll"
        desk.uninstall()
        assert desk.picture()[0] == before[0]

    def test_a_service_that_the_new_version_lacks_leaves_his_profile(
        self, desk: Any, release: Callable[..., Path]
    ) -> None:
        both = "ACME=Acme Mail\nACME2=Acme Calendar"
        older = release("4.9", {"acme.inf": {"ACME=Acme Mail": both, "[ACME_Store]": f"{SECOND}[ACME_Store]"}})
        desk.install(older, scope=Scope.MACHINE)
        self.scope(desk, older)
        space = Workspace(desk.workstation, desk.user("Zoë"))
        assert [service.name for service in space.profile("Acme Mail").services] == ["ACME", "ACME2"]
        newer = release("5.0")
        desk.install(newer, scope=Scope.MACHINE)
        self.scope(desk, newer)
        assert [service.name for service in space.profile("Acme Mail").services] == ["ACME"]

    def test_it_waits_for_outlooks_profile_by_itself(self, desk: Any, acme: Path) -> None:
        desk.install(acme, scope=Scope.MACHINE)
        plan = self.scope(desk, acme, request=ProfileRequest(ProfilePolicy.EXISTING))
        assert plan.terms.waiting
        seen, user = desk.workstation.seen_by(desk.user("Zoë")), desk.user("Zoë")
        assert records_of(desk.workstation).installation("acme-mail").waits_for(user), "an administrator sees it, too"
        profiles = ProfileAdmin(Workspace(seen, user, send=lambda made: execute(made, seen)))
        profiles.create_profile("Outlook")
        profiles.set_default_profile("Outlook")
        self.scope(desk, acme)
        (service,) = Workspace(seen, user).profile("Outlook").services
        assert service.name == "ACME"
        assert not records_of(desk.workstation).installation("acme-mail").waits_for(user)


MACHINES = "the id of the machine's receipt"


class TestWhatAUserIsBelieved:
    """His records are in his hands: an administrator's run believes them of his own keys and profiles only."""

    @pytest.fixture
    def report(self, desk: Any, acme: Path) -> Callable[..., Receipt]:
        """``tell(changes, verb=...)``: Zoë writes that into her own records; the machine's half is there."""
        desk.install(acme, scope=Scope.MACHINE)
        state = desk.workstation.users_states.setdefault(desk.user("Zoë"), MemoryState())

        def write(
            *changes: Change, id_: str = "20200101T000000-0bad", verb: str = "install", **record: Any
        ) -> Receipt:
            data, digest = pack_backup(changes)
            state.write(backup_name(id_, 0), data)
            package = {"id": "acme-mail", "name": "Acme Mail", "version": "4.2.1"}
            mine = {"package": package, "profiles": [], "services": [], "scope": "machine", "inf": None, **record}
            title, legs = Message.literal("t"), ((Message.literal("registry"), digest),)
            told = Receipt(id_, verb, title, "2020-01-01T00:00:00+00:00", "memory:", Terms(mine), legs, ())
            document = parse(receipt_to_bytes(told))
            document |= {name: wrong for name, wrong in record.items() if name in document}
            state.write(receipt_name(id_), canonical(document))
            desk.workstation.refresh()
            return told

        return write

    def test_of_no_key_but_his_own_and_of_no_policy(self, desk: Any, report: Callable[..., Receipt]) -> None:
        zoe, other = desk.user("Zoë").root, desk.user("Łukasz").root
        machine = KeyPath.parse(r"HKLM\SOFTWARE\Victim")
        policy = zoe / r"Software\Policies\Victim"
        keys = (machine, other / "Victim", policy, zoe / "Mine")
        registry = desk.workstation.registry
        for key in keys:
            registry.apply([*key_with_parents(registry, key), SetValue(key, "v", None, Value.sz("now"))])
        told = report(
            *(SetValue(key, "v", Value.sz("evil"), Value.sz("now")) for key in keys),
            WriteFile(r"C:\Windows\victim.dll", b"evil", b""),
        )
        desk.workstation.files.apply([WriteFile(r"C:\Windows\victim.dll", None, b"")])
        desk.do(undo_plan(desk.workstation, told.id, MAKERS))
        assert [registry.value(key, "v").text for key in keys] == ["now", "now", "now", "evil"]
        assert desk.workstation.files.read(r"C:\Windows\victim.dll") == b""

    @pytest.mark.parametrize("verb", ["install", "uninstall", "repair", "undo"])
    def test_not_of_the_machines_half(self, desk: Any, report: Callable[..., Receipt], verb: str) -> None:
        newest = receipts(desk.workstation)[-1].id
        before = (
            status(desk.workstation, "acme-mail").state,
            records_of(desk.workstation).installation("acme-mail").services,
        )
        lukasz = desk.user("Łukasz")
        entry = {"user": lukasz.name, "sid": lukasz.sid, "profile": "P", "made": True, "uids": {}}
        report(verb=verb, services=["MSEMS"], profiles=[entry], undoes=newest, skipped=[[lukasz.name, lukasz.sid]])
        now = records_of(desk.workstation).installation("acme-mail")
        assert (status(desk.workstation, "acme-mail").state, now.services) == before
        assert now.profiles == ()
        assert now.package.version == "4.2.1"

    @pytest.mark.parametrize("id_", ["20200101T000000-0bad/../x", "99991231T235959-0bad", "x"])
    def test_of_no_id_that_is_none_of_ours(self, desk: Any, report: Callable[..., Receipt], id_: str) -> None:
        report(id_=id_)
        assert [error.what for error in damaged_receipts(desk.workstation)] == [
            "the receipt is damaged: its id or its time is none of ours"
        ]
        desk.uninstall()

    @pytest.mark.parametrize("wrong", [None, 1, "x", [1], [{}], [{"sid": 1}], {"a": 1}, [{"made": []}]])
    def test_of_no_record_that_is_none_of_ours(self, desk: Any, report: Callable[..., Receipt], wrong: Any) -> None:
        report(**dict.fromkeys(("profiles", "services", "served", "scope", "inf", "bitness"), wrong))
        report(id_="20200102T000000-0bad", package=wrong)
        for day, member in enumerate(("waiting", "skipped", "undoes", "subject", "record", "takes_over"), 3):
            report(id_=f"2020010{day}T000000-0bad", **{member: wrong})
        assert status(desk.workstation, "acme-mail").state is PackageState.INTACT
        assert not records_of(desk.workstation).installation("acme-mail").waits_for(desk.user("Zoë"))
        desk.uninstall()

    @pytest.mark.parametrize(
        "records",
        [
            [{"n": 0, "do": "begin", "id": "../../x", "title": "t"}, {"n": 1, "do": "leg", "leg": 0}],
            [{"n": 0, "do": "commit"}],
            [{"n": 0, "do": "begin"}, {"n": 1, "do": "will", "effect": 0, "kind": "x", "title": "t"}],
            [{"n": 0, "do": "takes-over", "receipts": ["../../x"]}, {"n": 1, "do": "commit"}],
            [{"n": 0}, {"do": "leg"}, 7, []],
            [{"n": 0, "do": "begin", "id": "20200101T000000-0bad"}, {"n": 1, "do": "leg", "leg": 0}],
            [{"n": 0, "do": "begin", "title": "t"}, {"n": 1, "do": "takes-over", "receipts": [MACHINES]}],
        ],
    )
    def test_a_journal_that_is_none_of_ours_ends_or_is_told_and_harms_nothing(
        self, desk: Any, report: Callable[..., Receipt], records: list[Any]
    ) -> None:
        report()
        machines = receipts(desk.workstation)[-1]
        before = desk.picture(), records_of(desk.workstation).installation("acme-mail").machine
        assert before[1] == (machines,)
        lines = [canonical(record).replace(MACHINES.encode(), machines.id.encode()) for record in records]
        data = b"".join(f"{zlib.crc32(line):08x} ".encode() + line + b"\n" for line in lines)
        desk.workstation.users_states[desk.user("Zoë")].write("journal", data)
        with suppress(RecoveryNeededError):
            recover(desk.workstation, MAKERS)
        assert (desk.picture(), records_of(desk.workstation).installation("acme-mail").machine) == before

    @pytest.mark.parametrize("data", [b"", b"[]", b'{"version": 1}', b"\xff"])
    def test_what_is_none_of_ours_stops_nobody(self, desk: Any, report: Callable[..., Receipt], data: bytes) -> None:
        told = report()
        desk.workstation.users_states[desk.user("Zoë")].write(receipt_name(told.id), data)
        desk.workstation.refresh()
        assert "the records of Zoë" in damaged_receipts(desk.workstation)[0].remedy
        desk.uninstall()
