"""Runs that are killed, or whose system calls fail, at every point: the machine of the proof, run as a program.

Each run is a forked child on a fresh image workstation with real hives. An audit hook, which no Python-level call
escapes, and wrappers of ``os.write`` and ``os.fsync`` count each call that can change a disk, and strike at the
chosen one. A second child recovers; then the workstation must be what it was, or what it should become.

    killed_runs.py kills|errors|leftovers|order SEED SHARE      prints one JSON document
    killed_runs.py make|run|end FOLDER                single steps, for a tracer that kills from outside

The variable KILLED_KIND is the kind of workstation, ``image`` or ``wine``; or ``logged``, an image whose hives are
all taken to be large and have logs beside them, so that they are written in place.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mapiwright.errors import FormatError, MapiwrightError, RecoveryNeededError
from mapiwright.formats.regf.logs.log_file import DirtyPage, LogEntry, new_log
from mapiwright.formats.regf.logs.replay import FIRST, SECOND, replay
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK, is_dirty
from mapiwright.formats.wine_text import FIRST_LINE, WineText
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Outcome, Status
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.recovery import recover
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, RemoveFolder, SetValue, WriteFile
from mapiwright.workstation.disk import wine_server
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.mounts import hives
from mapiwright.workstation.mounts.hive_logs import logs_beside
from mapiwright.workstation.registry import KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mapiwright.formats.regf.read import HiveKey
    from mapiwright.workstation.workstation import Workstation

KIND = os.environ.get("KILLED_KIND", "image")
SCHEME, DRIVE = {"image": ("image", ""), "logged": ("image", ""), "wine": ("wine", "drive_c")}[KIND]
if KIND == "logged":
    hives.SMALL = 0
"""Where drive C: is below the folder of the workstation."""
STATE = f"{DRIVE}/ProgramData/Mapiwright".lstrip("/")
CALLS = ".calls"
"""Beside the tree's folders: what the effect was asked, one letter a call; it stands for the world outside."""
WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGING_EVENTS = {
    f"os.{name}"
    for name in (
        "rename",
        "remove",
        "mkdir",
        "rmdir",
        "chmod",
        "chown",
        "setxattr",
        "removexattr",
        "truncate",
        "link",
        "symlink",
        "utime",
    )
}
ERRNOS = (errno.EIO, errno.ENOSPC, errno.EACCES)


# The plan that is run: files replaced, made and deleted, folders both ways, three hives, and an effect with a leg.


@dataclass(frozen=True, slots=True)
class Call:
    """An effect on the world outside, with changes of its own."""

    folder: str
    changes: tuple[SetValue, ...] = field(default=())

    kind = "call"
    title = Message.literal("call the service")

    def describe(self) -> Mapping[str, str]:
        return {"folder": self.folder}

    def run(self, workstation: Workstation) -> Outcome:  # noqa: ARG002 - it is not asked about
        self._note(b"+")
        return Outcome(Status.DONE, Message.literal("called"), self.changes)

    def compensate(self, workstation: Workstation) -> None:  # noqa: ARG002 - likewise
        self._note(b"-")

    def _note(self, letter: bytes) -> None:
        handle = os_open(Path(self.folder) / CALLS, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os_write(handle, letter)
        os.close(handle)


MAKERS = {"call": lambda description: Call(description["folder"])}


def make(folder: Path) -> None:
    """A workstation with something to replace and to delete."""
    if KIND == "wine":
        from wine_prefix import make_prefix

        make_prefix(folder)
    else:
        create_image(folder)
    for hive in [*folder.rglob("*")] if KIND == "logged" else ():
        if hive.is_file() and hive.read_bytes()[:4] == b"regf":
            add_logs(hive)
    windows = folder / DRIVE / "Windows"
    (windows / "old.dll").write_bytes(b"old")
    (windows / "gone").mkdir()
    (windows / "gone" / "gone.dll").write_bytes(b"gone")


def add_logs(hive: Path) -> None:
    """The logs of a hive that Windows wrote several times, and closed."""
    data = hive.read_bytes()
    for ending, back in ((FIRST, 3), (SECOND, 2)):
        number = (Hive(data).sequences[0] - back) & 0xFFFFFFFF
        entry = LogEntry(number, len(data) - BASE_BLOCK, 0, (DirtyPage(0, bytes(4096)),))
        hive.with_name(hive.name + ending).write_bytes(new_log(data, [entry]))


def plan_for(workstation: Workstation, folder: Path) -> Plan:
    inf = workstation.outlook.inf_path
    old_inf = workstation.files.read(inf)
    assert old_inf is not None
    user = workstation.users[0].root
    machine = KeyPath.parse(r"HKLM\SOFTWARE")
    mail = machine / "Clients" / "Mail"
    was = workstation.registry.value(mail, "")
    return Plan(
        "install",
        Message.literal("install the proof"),
        (
            Leg(
                Message.literal("files"),
                (
                    MakeFolder(r"C:\Windows\acme"),
                    WriteFile(r"C:\Windows\acme\acme.dll", None, b"new" * 1000),
                    WriteFile(r"C:\Windows\old.dll", b"old", b"newer"),
                    WriteFile(r"C:\Windows\gone\gone.dll", b"gone", None),
                    RemoveFolder(r"C:\Windows\gone"),
                ),
            ),
            Leg(Message.literal("MAPISVC.INF"), (WriteFile(inf, old_inf, old_inf + b"; acme\r\n"),)),
            Leg(
                Message.literal("registry"),
                (
                    CreateKey(machine / "Acme"),
                    SetValue(machine / "Acme", "Version", None, Value.dword(1)),
                    SetValue(mail, "", was, Value.sz("Acme")),
                    CreateKey(user / "Acme"),
                    SetValue(user / "Acme", "Name", None, Value.sz("anna")),
                ),
            ),
            Call(str(folder), (SetValue(user / "Acme", "Configured", None, Value.dword(1)),)),
            Leg(
                Message.literal("registry"),
                (
                    SetValue(machine / "Acme", "Version", Value.dword(1), None),
                    DeleteKey(machine / "Acme"),
                    SetValue(user / "Acme", "Name", Value.sz("anna"), Value.sz("Anna")),
                ),
            ),
        ),
    )


def run(folder: Path) -> None:
    workstation = open_workstation(f"{SCHEME}:{folder}")
    execute(plan_for(workstation, folder), workstation, makers=MAKERS)


def run_recovery(folder: Path) -> None:
    recover(open_workstation(f"{SCHEME}:{folder}"), MAKERS)


# What a workstation is: files by their bytes, hives by their values, and our state by its names.


def snapshot(folder: Path) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.startswith((STATE, CALLS)) or name.endswith((FIRST, SECOND)):
            continue
        if path.is_symlink():
            tree[name] = str(path.readlink())
        elif path.is_dir():
            tree[name] = "folder"
        else:
            data = path.read_bytes()
            if is_dirty(data):
                data = replay(data, logs_beside(path)).data
            known = data[:4] == b"regf" or data.startswith(FIRST_LINE)
            tree[name] = values_of(data) if known else data
    return tree


@cache
def values_of(hive: bytes) -> object:
    if hive.startswith(FIRST_LINE):
        return values_of_text(hive)

    def key(of: HiveKey) -> object:
        values = tuple(sorted((value.name, value.type, value.data) for value in of.values()))
        return values, tuple(sorted((below.name, key(below)) for below in of.subkeys()))

    try:
        found = Hive(hive).find(())
    except FormatError as error:
        return f"damaged: {error}"
    assert found is not None
    return key(found)


def values_of_text(data: bytes) -> object:
    """As ``values_of``, of a registry file of Wine's."""
    try:
        text = WineText(data)
        keys = {names[:depth] for names in text.below(()) for depth in range(1, len(names) + 1)}
        return tuple(
            (names, tuple(sorted((value.name, value.type, value.data) for value in text.values(names))))
            for names in sorted(keys)
        )
    except FormatError as error:
        return f"damaged: {error}"


def state_of(folder: Path) -> tuple[int, int, list[str]]:
    """How many receipts and backups there are, and whatever else; lock, note of who held it, and log aside."""
    names = [path.relative_to(folder / STATE).as_posix() for path in (folder / STATE).rglob("*") if path.is_file()]
    receipts = [name for name in names if name.startswith("receipts/")]
    backups = [name for name in names if name.startswith("backups/")]
    return (
        len(receipts),
        len(backups),
        sorted({*names} - {*receipts, *backups, "lock", "lock-holder", "lock-token", "log"}),
    )


def beside(folder: Path) -> list[str]:
    """The files of replacements that did not come to their end, wherever they lie."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob(".~*"))


@dataclass(frozen=True, slots=True)
class Truth:
    """The two ends that are allowed."""

    old: dict[str, Any]
    new: dict[str, Any]
    new_state: tuple[int, int, list[str]]

    def verdict(self, folder: Path) -> str:
        """``old`` or ``new``, or what is wrong."""
        now, state = snapshot(folder), state_of(folder)
        calls = (folder / CALLS).read_bytes() if (folder / CALLS).exists() else b""
        if now == self.old:
            if state != (0, 0, []):
                return f"old, but its state holds {state}"
            return "old" if calls == b"" or calls.endswith(b"-") else f"old, but the service was called {calls!r}"
        if now == self.new:
            if state != self.new_state:
                return f"new, but its state holds {state}"
            return "new" if calls == b"+" else f"new, but the service was called {calls!r}"
        return f"mixed: {[name for name in {*now, *self.old} if now.get(name) != self.old.get(name)]}"


# The shim.

os_open, os_write, os_fsync = os.open, os.write, os.fsync


@dataclass(frozen=True, slots=True)
class Strike:
    """What happens at the call of that number, counted from 1; nothing at 0.

    ``how`` is ``kill``, ``torn`` (half of a write, then kill), ``log``, or an errno; with ``stays`` an errno comes
    at every later call too, as on a disk that is full.
    """

    at: int
    how: str | int
    stays: bool = False


class Shim:
    """Counts the calls that can change a disk, and strikes."""

    def __init__(self, strike: Strike) -> None:
        self.at, self.how, self.stays = strike.at, strike.how, strike.stays
        self.count = 0
        self.log: list[tuple[str, str]] = []
        os.write, os.fsync = self.write, self.fsync  # type: ignore[assignment] # called with bytes and handles only
        sys.addaudithook(self.audit)

    def strike(self, what: str, path: str, data: bytes = b"", handle: int = -1) -> None:
        self.count += 1
        if self.how == "log":
            self.log.append((what, path))
        elif self.count == self.at or (self.stays and self.count > self.at):
            if isinstance(self.how, int):
                raise OSError(self.how, os.strerror(self.how), path)
            if self.how == "torn":
                os_write(handle, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if not flags & WRITE_FLAGS or not isinstance(path, str | os.PathLike):
                return
            # The writes of Python's own files pass us by.
            assert mode is None, f"{path} is written past os.write"
            self.strike("open", os.fspath(path))
        elif event in CHANGING_EVENTS:
            names = [os.fspath(each) for each in arguments if isinstance(each, str | os.PathLike)]
            handles = [each for each in arguments if isinstance(each, int)][-len(names) :] if names else []
            self.strike(event, " -> ".join(whole(*each) for each in zip(names, handles, strict=False)))

    def write(self, handle: int, data: bytes) -> int:
        self.strike("write", path_of(handle), bytes(data), handle)
        return os_write(handle, data)

    def fsync(self, handle: int) -> None:
        self.strike("fsync", path_of(handle))
        # The bytes need not reach a disk to be counted: nobody pulls the plug here.


def whole(name: str, folder: int) -> str:
    """The path of a name below the handle of a folder."""
    return name if name.startswith("/") else str(Path(path_of(folder)) / name)


def path_of(handle: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{handle}").readlink())
    except OSError:
        return "?"


def child(action: Callable[[Path], object], folder: Path, strike: Strike | None = None) -> tuple[str, Any]:
    """Do it in a forked process: ``killed``, or the name of the error that ended it, or ``done``; and the log."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        shim = Shim(strike) if strike else None
        try:
            action(folder)
            said = "done"
        except (MapiwrightError, OSError) as error:
            said = type(error).__name__
        except BaseException as error:  # noqa: BLE001 - a child tells, whatever it was
            said = f"BROKEN {error!r}"
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps([said, shim.count, shim.log] if shim else [said, 0, []]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said_by_it = pipe.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "killed", None
    said, count, log = json.loads(said_by_it)
    return said, (count, log)


class Part(NamedTuple):
    """One of some equal parts of a proof: every n-th call, so that each part has early and late ones."""

    number: int
    parts: int

    @classmethod
    def parse(cls, text: str) -> Part:
        """``2/4`` is the second of four."""
        number, _, parts = text.partition("/")
        return cls(int(number), int(parts))

    def of(self, calls: int) -> range:
        return range(self.number, calls + 1, self.parts)


WHOLE = Part(1, 1)


class Proof:
    """A pristine workstation, the two allowed ends, and fresh copies to run on."""

    def __init__(self, work: Path, part: Part = WHOLE) -> None:
        self._work = work
        self._part = part
        self.pristine = work / "pristine"
        wine_server.TEMPORARY = work
        make(self.pristine)
        run(self.fresh())  # so that no child has to load a module
        folder = self.fresh()
        # No strike comes at 0: the run is only counted.
        said, told = child(run, folder, Strike(0, "kill"))
        assert said == "done", said
        self.calls: int = told[0]
        self.truth = Truth(snapshot(self.pristine), snapshot(folder), state_of(folder))
        assert self.truth.old != self.truth.new
        assert self.truth.new_state == (1, 5, [])

    def fresh(self) -> Path:
        folder = self._work / "run"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.pristine, folder, symlinks=True)
        return folder

    def recovered(self, folder: Path) -> str:
        said, _ = child(run_recovery, folder)
        return self.truth.verdict(folder) if said == "done" else f"recovery: {said}"

    def kills(self, seed: int, share: float) -> dict[str, Any]:
        """Kill the run at every call, and at every write after half of it; recovery at a share of its calls."""
        verdicts: dict[str, str] = {}
        for at in self._part.of(self.calls):
            for how in ("kill", "torn"):
                folder = self.fresh()
                said, told = child(run, folder, Strike(at, how))
                if how == "torn" and said != "killed":
                    continue
                verdicts[f"{how} {at}"] = self.recovered(folder) if said == "killed" else f"{said} {told}"
        return {"calls": self.calls, "first": verdicts, "second": self.second_kills(seed, share)}

    def second_kills(self, seed: int, share: float) -> dict[str, str]:
        verdicts = {}
        for at in self._part.of(self.calls):
            chance = random.Random(seed + at)
            then = 1
            while True:
                if chance.random() < share:
                    folder = self.fresh()
                    child(run, folder, Strike(at, "kill"))
                    said, _ = child(run_recovery, folder, Strike(then, "kill"))
                    if said != "killed":
                        break
                    verdicts[f"kill {at}, {then}"] = self.recovered(folder)
                elif then > self.calls:
                    break
                then += 1
        return verdicts

    def leftovers(self, _: int, share: float) -> dict[str, Any]:
        """Kill a run late, then its recovery at a share of its calls, and recover: what lies about anywhere."""
        found: dict[str, list[str]] = {}
        at, left, then, killed = self.calls * 3 // 4, 0, 1, True
        while killed:
            folder = self.fresh()
            child(run, folder, Strike(at, "kill"))
            killed = child(run_recovery, folder, Strike(then, "kill"))[0] == "killed"
            left += bool(beside(folder))
            verdict, names = self.recovered(folder), beside(folder)
            if names or verdict not in {"old", "new"}:
                found[f"kill {at}, {then}"] = [verdict, *names]
            then += int(1 / share)
        return {"kills": then, "left": left, "found": found}

    def errors(self, seed: int, share: float) -> dict[str, Any]:
        """Let every call fail, once or from there on; what the run says must be so."""
        verdicts = {}
        for at in self._part.of(self.calls):
            chance = random.Random(seed + at)
            for code in ERRNOS:
                for stays in (False, True):
                    if chance.random() >= share:
                        continue
                    folder = self.fresh()
                    said, _ = child(run, folder, Strike(at, code, stays=stays))
                    name = f"{errno.errorcode[code]}{' on' if stays else ''} at {at}"
                    verdicts[name] = self.decided(folder, said)
        return {"calls": self.calls, "verdicts": verdicts}

    def decided(self, folder: Path, said: str) -> str:
        """The verdict, where what the run said is true at once, or after the recovery that it asked for."""
        journal = (folder / STATE / "journal").exists()
        if said == "done":
            verdict = self.recovered(folder)
            return f"done, {verdict}" if verdict != "new" else "new"
        if said == RecoveryNeededError.__name__:
            return self.recovered(folder)
        if said not in {"FailedError", "RefusedError"}:
            return f"it raised {said}"
        if journal:
            return f"it said {said}, and left a journal"
        verdict = self.truth.verdict(folder)
        return verdict if verdict == "old" else f"it said {said}, and left {verdict}"


def order(proof: Proof) -> dict[str, Any]:
    folder = proof.fresh()
    _, told = child(run, folder, Strike(0, "log"))
    return {"root": str(folder), "log": told[1]}


def main(what: str, *arguments: str) -> None:
    if what in {"make", "run"}:
        {"make": make, "run": run}[what](Path(arguments[0]))
        return
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as work:
        proof = Proof(Path(work), Part.parse(arguments[2]) if len(arguments) > 2 else WHOLE)
        if what == "end":
            run_recovery(Path(arguments[0]))
            found = {"verdict": proof.truth.verdict(Path(arguments[0]))}
        elif what == "order":
            found = order(proof)
        else:
            made = {"kills": proof.kills, "errors": proof.errors, "leftovers": proof.leftovers}
            found = made[what](int(arguments[0]), float(arguments[1]))
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
