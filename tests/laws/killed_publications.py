"""Publications that are killed, or whose system calls fail, at every point.

Each run is a forked child that publishes a second version over a first one, or where nothing is. Whatever becomes of
it, a reader finds the older version or the newer one, whole; and the next run publishes, and leaves nothing beside.

    killed_publications.py fresh|over|apart kills|errors|order      prints one JSON document
    killed_publications.py again FOLDER                             publishes there, two versions by turns

``apart`` is the way of a system on which two folders cannot change places.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from killed_runs import Strike, child

from mapiwright.errors import ConflictError, MapiwrightError
from mapiwright.setup.package.media import Memory
from mapiwright.setup.package.package import read_package
from mapiwright.setup.publish.have_disk import look
from mapiwright.setup.publish.publication import PROGRAM, SUMS
from mapiwright.setup.publish.publish import PackageEdition, publish
from mapiwright.setup.publish.sums import render
from mapiwright.transaction import whole_folder

INF = """[Services]
ACME=Acme
[ACME]
PR_DISPLAY_NAME=Acme {version}
Providers=BOOK
[BOOK]
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_PROVIDER_DLL_NAME=acme.dll
PR_PROVIDER_DISPLAY=Acme Book
PR_DISPLAY_NAME=Acme
"""
LOCK = ".~public.lock"


def edition(version: str) -> PackageEdition:
    """Small, and with a folder; what the setup program holds is of no account here."""
    package = {
        "acme.inf": INF.format(version=version).encode(),
        "acme32.dll": version.encode() * 99,
        "docs/lies mich.txt": version.encode(),
    }
    files = {**package, PROGRAM: b"setup " + version.encode()}
    return PackageEdition(Path("/nowhere"), read_package(Memory(package)), {**files, SUMS: render(files)})


OLD, NEW = edition("1"), edition("2")


def published(place: Path) -> str:
    """``old``, ``new`` or ``none``, or what a reader finds in their place."""
    if not place.exists():
        return "none"
    files = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    try:
        look(place)
    except MapiwrightError as error:
        return f"a reader is refused: {error}"
    return "old" if files == OLD.files else "new" if files == NEW.files else f"mixed: {sorted(files)}"


def beside(place: Path) -> list[str]:
    return sorted(path.name for path in place.parent.iterdir() if path.name not in {place.name, LOCK})


class Proof:
    """A place as it is before the run, and fresh copies of it."""

    def __init__(self, work: Path, way: str) -> None:
        self.work = work
        self.begins = "none" if way == "fresh" else "old"
        if way == "apart":
            vars(whole_folder)["exchange"] = lambda _one, _other: False
        self.allowed = {self.begins, "new"} | ({"none"} if way == "apart" else set())
        self.run(self.fresh())  # so that no child has to load a module

    def fresh(self) -> Path:
        shutil.rmtree(self.work / "run", ignore_errors=True)
        (self.work / "run").mkdir()
        place = self.work / "run" / "public"
        if self.begins == "old":
            publish(OLD, place)
        return place

    def run(self, place: Path) -> None:
        publish(NEW, place)

    def kills(self) -> dict[str, str]:
        """Kill at every call, and at every write after half of it."""
        verdicts: dict[str, str] = {}
        at, how_many = 1, self.calls()
        for at in range(1, how_many + 1):
            for how in ("kill", "torn"):
                place = self.fresh()
                said, _ = child(self.run, place, Strike(at, how))
                if said == "killed":
                    verdicts[f"{how} {at}"] = self.decided(place)
                elif how == "kill":
                    verdicts[f"{how} {at}"] = f"it was not killed: {said}"
        return verdicts

    def calls(self) -> int:
        said, told = child(self.run, self.fresh(), Strike(0, "kill"))
        assert said == "done", said
        count: int = told[0]
        return count

    def decided(self, place: Path) -> str:
        """What a reader finds, where it is allowed, and the next run of either kind ends well."""
        found = published(place)
        if found not in self.allowed:
            return found
        if found == "none" and self.begins == "old":
            with suppress(ConflictError):
                whole_folder.put_folder(place, {}, check=refuse)  # which writes nothing, and puts right what was left
            if published(place) != "old":
                return f"the next run made {published(place)} of none"
        self.run(place)
        if published(place) != "new" or beside(place):
            return f"{found}, and then {published(place)} with {beside(place)} beside it"
        return found

    def errors(self) -> dict[str, str]:
        """Let every call fail, once or from there on."""
        verdicts: dict[str, str] = {}
        for at in range(1, self.calls() + 1):
            for stays in (False, True):
                place = self.fresh()
                said, _ = child(self.run, place, Strike(at, errno.ENOSPC, stays=stays))
                found = published(place)
                if said not in {"done", "OSError"} or (said == "done" and found != "new"):
                    found = f"it said {said}, and left {found}"
                verdicts[f"{'on' if stays else 'once'} at {at}"] = (
                    found if found not in self.allowed else self.decided(place)
                )
        return verdicts

    def order(self) -> dict[str, Any]:
        _, told = child(self.run, self.fresh(), Strike(0, "log"))
        return {"place": str(self.work / "run" / "public"), "log": told[1]}


def refuse(_place: Path) -> None:
    raise ConflictError("it is only looked at")


def main(way: str, what: str) -> None:
    if way == "again":
        for number in range(60):
            publish((OLD, NEW)[number % 2], Path(what))
        return
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as work:
        proof = Proof(Path(work), way)
        sys.stdout.write(json.dumps({"kills": proof.kills, "errors": proof.errors, "order": proof.order}[what]()))


if __name__ == "__main__":
    main(*sys.argv[1:])
