"""A user's own half, killed at every call that can change a disk, and what an administrator's run makes of it.

The user is a real one: the children that are he give up root first. A run of his that was killed is ended by
himself, or by root; and root's undo of what he did is killed as well. Then both stores must tell the same.

    killed_user_runs.py run|undo SEED SHARE      prints one JSON document
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from killed_runs import STATE, Strike, child, run_recovery, snapshot

from mapiwright.message import Message
from mapiwright.setup.records.schema import INSTALL
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import PlanSubject, Role, Terms
from mapiwright.transaction.records.receipt import receipts
from mapiwright.transaction.transaction import execute
from mapiwright.transaction.undo import undo_plan
from mapiwright.workstation.change import CreateKey, MakeFolder, SetValue, WriteFile
from mapiwright.workstation.files import join
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.workstation.workstation import Workstation

NOBODY = 65534
HOME = Path("Users", "anna")
OWN = HOME / "AppData" / "Local" / "Mapiwright"


def make(folder: Path) -> None:
    """A workstation where root has done something already, and anna nothing."""
    create_image(folder)
    here = open_workstation(f"image:{folder}")
    files = Leg(Message.literal("files"), (WriteFile(r"C:\Windows\acme.dll", None, b"acme"),))
    execute(Plan(INSTALL, Message.literal("the machine's half"), (files,)), here)
    give(folder)


def give(folder: Path) -> None:
    """Root's records are root's alone, anna's folder is anna's; a copy of the tree has lost both."""
    (folder / STATE).chmod(0o700)
    for path in (folder / HOME, *(folder / HOME).rglob("*")):
        os.chown(path, NOBODY, NOBODY)


def plan_for(workstation: Workstation) -> Plan:
    assert workstation.as_user is not None
    key = workstation.as_user.root / "Acme"
    folder = join(workstation.state_folder, "services")
    return Plan(
        INSTALL,
        Message.literal("the user's half"),
        (
            Leg(Message.literal("files"), (MakeFolder(folder), WriteFile(join(folder, "record.json"), None, b"{}"))),
            Leg(Message.literal("registry"), (CreateKey(key), SetValue(key, "Name", None, Value.sz("anna")))),
        ),
        Terms(subject=PlanSubject("acme", Role.BEGINS)),
    )


def run(folder: Path) -> None:
    workstation = open_workstation(f"image:{folder}")
    execute(plan_for(workstation), workstation)


def undo(folder: Path) -> None:
    """Root takes back what anna did."""
    workstation = open_workstation(f"image:{folder}")
    execute(undo_plan(workstation, receipts(workstation)[-1].id, {}), workstation)


def as_anna(action: Callable[[Path], object]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        action(folder)

    return do


@dataclass(frozen=True, slots=True)
class Sight:
    """What there is: all but our records, the kinds of records in both stores, and his files that are another's."""

    tree: dict[str, Any]
    machine: tuple[str, ...]
    own: tuple[str, ...]
    foreign: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Sight:
        tree = {name: what for name, what in snapshot(folder).items() if not Path(name).is_relative_to(OWN)}
        # The note of who holds the lock may be left by a run that was killed; the next one takes it away.
        files = (path for path in (folder / HOME).rglob("*") if path.name != "lock-holder")
        foreign = [str(path) for path in files if path.stat().st_uid != NOBODY]
        return cls(tree, kinds(folder / STATE), kinds(folder / OWN), tuple(foreign))


def kinds(place: Path) -> tuple[str, ...]:
    """What lies in a store, with the ids left out; the log, the lock and who held it aside."""
    names = (path.relative_to(place) for path in place.rglob("*") if path.is_file())
    return tuple(
        sorted(name.parts[0] for name in names if name.name not in {"lock", "lock-holder", "lock-token", "log"})
    )


class Proof:
    """A pristine workstation, the two ends that are allowed, and fresh copies to run on."""

    def __init__(self, work: Path, what: str) -> None:
        self._work = work
        self._pristine = work / "pristine"
        self.action = as_anna(run) if what == "run" else undo
        make(self._pristine)
        if what == "undo":
            self.done(as_anna(run), self._pristine)
        self.done(self.action, self.fresh())  # so that no child has to load a module
        folder = self.fresh()
        self.old = Sight.of(folder)
        self.calls = self.done(self.action, folder)
        self.new = Sight.of(folder)
        assert self.old != self.new
        assert not (*self.old.foreign, *self.new.foreign)

    @staticmethod
    def done(action: Callable[[Path], object], folder: Path) -> int:
        """Do it unharmed; how many calls it took."""
        said, told = child(action, folder, Strike(0, "kill"))
        assert said == "done", said
        calls: int = told[0]
        return calls

    def fresh(self) -> Path:
        folder = self._work / "run"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._pristine, folder)
        give(folder)
        return folder

    def verdict(self, folder: Path) -> str:
        now = Sight.of(folder)
        ends = [name for name, end in (("old", self.old), ("new", self.new)) if now == end]
        return ends[0] if ends else f"mixed: {now.machine}, {now.own}, {now.foreign}"

    def kills(self, enders: dict[str, Callable[[Path], object]], seed: int, share: float) -> dict[str, Any]:
        """Kill it at every call; let each ender end it, and kill that at a share of its calls, too."""
        chance = random.Random(seed)
        verdicts: dict[str, str] = {}
        for at in range(1, self.calls + 1):
            for who, ender in enders.items():
                for then in (0, *(each for each in range(1, self.calls) if chance.random() < share)):
                    folder = self.fresh()
                    said, _ = child(self.action, folder, Strike(at, "kill"))
                    assert said == "killed", said
                    if then:
                        child(ender, folder, Strike(then, "kill"))
                    ended, _ = child(ender, folder)
                    name = f"{at}, {who}{f' killed at {then}' if then else ''}"
                    verdicts[name] = self.verdict(folder) if ended == "done" else f"recovery: {ended}"
        return {"calls": self.calls, "verdicts": verdicts}


def main(what: str, seed: str, share: str) -> None:
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as work:
        Path(work).chmod(0o755)
        enders: dict[str, Callable[[Path], object]] = {"root": run_recovery}
        if what == "run":
            enders["anna"] = as_anna(run_recovery)
        sys.stdout.write(json.dumps(Proof(Path(work), what).kills(enders, int(seed), float(share))))


if __name__ == "__main__":
    main(*sys.argv[1:])
