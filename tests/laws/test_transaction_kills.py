"""Nothing half done: whatever system call a run is killed at, or fails at, the workstation ends old or new.

The machine is ``killed_runs.py`` (``killed_user_runs.py`` for a user's own half), run as a program of its own so that
its children are forked from one thread.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = Path(__file__).parent / "killed_runs.py"
WALKS = Path(__file__).parent.parent / "walks"
SEED = 20261122
SHARE_OF_SECOND_KILLS = 0.015
SHARE_OF_ERRORS = 0.3
ENDS = {"old", "new"}


@pytest.fixture(scope="module")
def proof() -> Callable[..., dict[str, Any]]:
    """``proof("kills", seed, share)`` runs the machine and reads what it found."""
    if not hasattr(os, "fork"):
        pytest.skip("a run is killed in a forked process, and this system has no fork")

    def told(*arguments: object, program: Path = PROGRAM, kind: str = "image") -> dict[str, Any]:
        found = subprocess.run(
            [sys.executable, str(program), *map(str, arguments)],
            env=os.environ | {"KILLED_KIND": kind, "PYTHONPATH": str(WALKS)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        result: dict[str, Any] = json.loads(found.stdout)
        return result

    return told


def wrong(verdicts: dict[str, str]) -> dict[str, str]:
    return {point: verdict for point, verdict in verdicts.items() if verdict not in ENDS}


@pytest.mark.parametrize("part", ["1/4", "2/4", "3/4", "4/4"])
def test_a_run_killed_at_any_call_ends_old_or_new_and_so_does_its_recovery(
    proof: Callable[..., dict[str, Any]], part: str
) -> None:
    found = proof("kills", SEED, SHARE_OF_SECOND_KILLS, part)
    first, second = found["first"], found["second"]
    assert found["calls"] > 100
    assert len(first) > found["calls"] / 4, "every call, and every write once more in its middle"
    assert len(second) > 12
    assert not wrong(first)
    assert not wrong(second)
    assert {*first.values()} == ENDS, "killed early it is the old state, killed late the new one"


def test_what_a_killed_recovery_leaves_about_is_removed_by_the_next_run(proof: Callable[..., dict[str, Any]]) -> None:
    """In the whole workstation, our own state among it; test_the_whole_product kills at every call."""
    found = proof("leftovers", SEED, 1 / 3)
    assert found["kills"] > 50
    assert found["left"] > 3, "a kill does leave files beside their targets"
    assert found["found"] == {}


def test_a_run_that_writes_hives_in_place_killed_at_any_call_ends_old_or_new(
    proof: Callable[..., dict[str, Any]],
) -> None:
    written = [path for what, path in proof("order", kind="logged")["log"] if what == "write"]
    assert len([path for path in written if path.endswith(".LOG1")]) > 3
    found = proof("kills", SEED, SHARE_OF_SECOND_KILLS / 8, "2/7", kind="logged")
    assert found["second"]
    assert not wrong(found["first"])
    assert not wrong(found["second"])
    assert {*found["first"].values()} == ENDS
    failing = proof("errors", SEED, SHARE_OF_ERRORS / 4, "1/5", kind="logged")
    assert not wrong(failing["verdicts"])


def test_a_run_on_a_wine_prefix_killed_at_any_call_ends_old_or_new(proof: Callable[..., dict[str, Any]]) -> None:
    """The lock of Wine's server is one of the things that a killed run lets go."""
    found = proof("kills", SEED, SHARE_OF_SECOND_KILLS / 4, "1/3", kind="wine")
    assert found["calls"] > 100
    assert len(found["first"]) > found["calls"] / 3
    assert found["second"]
    assert not wrong(found["first"])
    assert not wrong(found["second"])
    assert {*found["first"].values()} == ENDS
    failing = proof("errors", SEED, SHARE_OF_ERRORS / 4, "1/2", kind="wine")
    assert len(failing["verdicts"]) > 20
    assert not wrong(failing["verdicts"])


@pytest.mark.parametrize("part", ["1/2", "2/2"])
def test_a_run_whose_calls_fail_ends_as_it_says(proof: Callable[..., dict[str, Any]], part: str) -> None:
    found = proof("errors", SEED, SHARE_OF_ERRORS, part)
    assert len(found["verdicts"]) > 50
    assert not wrong(found["verdicts"])
    assert {*found["verdicts"].values()} == ENDS


@pytest.mark.parametrize("what", ["run", "undo"])
def test_a_users_own_half_killed_at_any_call_leaves_both_stores_telling_the_same(
    proof: Callable[..., dict[str, Any]], what: str
) -> None:
    """His run, ended by himself or by root; and root's undo of it, which takes his receipt over."""
    if os.geteuid() != 0:
        pytest.skip("another user: only root can run a program as somebody else")
    found = proof(what, SEED, SHARE_OF_SECOND_KILLS / 5, program=PROGRAM.with_name("killed_user_runs.py"))
    assert len(found["verdicts"]) >= found["calls"] > 50
    assert not wrong(found["verdicts"])
    assert {*found["verdicts"].values()} == ENDS


@pytest.mark.nightly
def test_the_whole_product_of_first_and_second_kills(proof: Callable[..., dict[str, Any]]) -> None:
    found = proof("kills", SEED, 1)
    assert len(found["second"]) > 20 * found["calls"]
    assert not wrong(found["second"])
    assert not wrong(proof("kills", SEED, 1, kind="wine")["second"])
    assert not wrong(proof("kills", SEED, 1, kind="logged")["second"])


@pytest.mark.nightly
def test_every_call_fails_with_every_error(proof: Callable[..., dict[str, Any]]) -> None:
    found = proof("errors", SEED, 1)
    assert len(found["verdicts"]) == 6 * found["calls"]
    assert not wrong(found["verdicts"])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the paths of handles are read from /proc")
def test_what_is_renamed_was_synced_before_and_its_folder_after(proof: Callable[..., dict[str, Any]]) -> None:
    """SIGKILL loses no unsynced byte, a power cut does: so the order is asserted."""
    log = proof("order")["log"]
    renames = 0
    for at, (what, path) in enumerate(log):
        if what == "os.rename":
            renames += 1
            beside, target = path.split(" -> ")
            assert last_before(log, at, beside) == "fsync", f"{beside} was renamed before it was synced"
            assert ["fsync", str(Path(target).parent)] in log[at + 1 : at + 2], (
                f"the folder of {target} was not synced"
            )
        elif what in {"os.remove", "os.rmdir", "os.mkdir"} and [what, path] not in log[:at]:
            # The lock makes its folder again, to be sure; the note of who held it is nobody's record.
            after = ["fsync", str(Path(path).parent)]
            assert path.endswith("/lock-holder") or after in log[at + 1 : at + 2], (
                f"the folder of {path} was not synced"
            )
    assert renames > 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the paths of handles are read from /proc")
def test_a_deed_follows_its_journal_line_and_its_backup(proof: Callable[..., dict[str, Any]]) -> None:
    found = proof("order")
    state = f"{found['root']}/ProgramData/Mapiwright"
    actions = [(what, path) for what, path in found["log"] if what in {"fsync", "os.rename"}]
    lines = 0
    backed_up = False
    for what, path in actions:
        if what == "fsync" and path == f"{state}/journal":
            lines += 1
        elif what == "os.rename" and f" -> {state}/backups/" in path:
            backed_up = True
        elif what == "os.rename" and f" -> {state}/" not in path:
            assert lines >= 2, f"{path} before the journal was begun"
            assert backed_up, f"{path} before its backup"
    assert actions.index(next(action for action in actions if "receipts/" in action[1])) < max(
        index for index, action in enumerate(actions) if action[1] == f"{state}/journal"
    ), "the receipt comes before the journal's last line"


def last_before(log: list[list[str]], at: int, path: str) -> str:
    return next(what for what, where in reversed(log[:at]) if where == path)


CALLS = "openat,write,fsync,rename,unlink,mkdir,rmdir,fchmod,fchown,ftruncate"
LAST = 220
"""Python itself opens and writes files before the run begins; its last calls are those of the run."""


@pytest.mark.nightly
def test_killed_from_outside_at_every_call(
    proof: Callable[..., dict[str, Any]], witness: Callable[[str], str], tmp_path: Path
) -> None:
    """The same under strace, which sees what no Python hook sees."""
    strace = witness("strace")
    program = [sys.executable, "-B", str(PROGRAM)]
    pristine, folder, log = tmp_path / "pristine", tmp_path / "run", tmp_path / "log"
    subprocess.run([*program, "make", str(pristine)], check=True)
    shutil.copytree(pristine, folder)
    subprocess.run([strace, "-f", "-o", log, "-e", f"trace={CALLS}", *program, "run", str(folder)], check=True)
    counts = Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))
    verdicts: dict[str, object] = {}
    for call, count in counts.items():
        for at in range(max(1, count - LAST), count + 1):
            shutil.rmtree(folder)
            shutil.copytree(pristine, folder)
            kill = f"inject={call}:signal=SIGKILL:when={at}"
            subprocess.run([strace, "-f", "-o", log, "-e", kill, *program, "run", str(folder)], check=False)
            assert "+++ killed by SIGKILL +++" in log.read_text()
            verdicts[f"{call} {at}"] = proof("end", folder)["verdict"]
    assert counts["rename"] > 10
    assert [verdict for verdict in verdicts.values() if verdict not in ENDS] == []
