"""A reader never sees half of a publication: whatever call a run is killed at, or fails at, and whoever reads on.

The machine is ``killed_publications.py``, a program of its own so that its children are forked from one thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mapiwright.errors import ConflictError, NotFoundError
from mapiwright.setup.publish.have_disk import look
from mapiwright.workstation.disk.exchange import exchange

PROOF = Path(__file__).parent / "killed_publications.py"


def proof(*arguments: str) -> dict[str, Any]:
    if not hasattr(os, "fork"):
        pytest.skip("a run is killed in a forked process, and this system has no fork")
    found = subprocess.run([sys.executable, str(PROOF), *arguments], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    told: dict[str, Any] = json.loads(found.stdout)
    return told


ENDS = {"fresh": {"none", "new"}, "over": {"old", "new"}, "apart": {"old", "new", "none"}}
"""What a reader may find: where there was nothing, over an older one, and where two folders cannot change places."""


@pytest.mark.parametrize("way", ENDS)
def test_a_publication_killed_at_any_call_leaves_the_older_one_or_the_newer_one(way: str) -> None:
    found = proof(way, "kills")
    assert len(found) > 30, "every call, and every write once more in its middle"
    assert set(found.values()) == ENDS[way]
    assert list(found.values()).count("none") <= 1 or way == "fresh", "there is one moment between two renames"


@pytest.mark.parametrize("way", ENDS)
def test_a_publication_that_fails_at_any_call_leaves_the_older_one_or_the_newer_one(way: str) -> None:
    assert set(proof(way, "errors").values()) <= ENDS[way]


def test_every_file_and_folder_is_durable_before_it_is_seen() -> None:
    found = proof("fresh", "order")
    place, log = found["place"], found["log"]
    shown = next(
        number for number, (what, path) in enumerate(log) if what == "os.rename" and path.endswith(f" -> {place}")
    )
    made = log[shown][1].partition(" -> ")[0]
    synced = {path for what, path in log[:shown] if what == "fsync"}
    written = {path for what, path in log[:shown] if what == "write" and path.startswith(made)}
    folders = {path for what, path in log[:shown] if what == "os.mkdir" and path.startswith(made)}
    assert len(written) == 5
    assert written | folders <= synced
    last = {path: number for number, (what, path) in enumerate(log[:shown]) if what == "fsync"}
    renamed = [number for number, (what, path) in enumerate(log[:shown]) if what == "os.rename"]
    assert last[made] > max(renamed), "the names, too"
    assert ["fsync", str(Path(place).parent)] in log[shown:]


def test_a_reader_meets_one_version_whole_or_is_told_that_it_changed(tmp_path: Path) -> None:
    """Somebody publishes again and again, and somebody else reads: no sum is ever wrong."""
    place = tmp_path / "public"
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    if not exchange(tmp_path / "one", tmp_path / "two"):
        pytest.skip("two folders cannot change places here")
    seen: set[str] = set()
    with subprocess.Popen([sys.executable, str(PROOF), "again", str(place)]) as publisher:
        while publisher.poll() is None:
            try:
                found = look(place).package
            except ConflictError:
                seen.add("changed")
            except NotFoundError as error:
                seen.add("nothing yet" if "no such directory" in error.what else str(error))
            else:
                seen.add(found.services[0].display if found is not None else "no package")
    assert publisher.returncode == 0
    assert {"Acme 1", "Acme 2"} <= seen <= {"nothing yet", "Acme 1", "Acme 2", "changed"}
