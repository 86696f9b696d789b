"""The lock of Wine's server: who holds it, who may, and where it is; without any Wine."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from wine_prefix import make_prefix

from mapiwright.errors import BusyError, RefusedError
from mapiwright.workstation.disk import wine_server
from mapiwright.workstation.disk.wine_server import WineServer
from mapiwright.workstation.kinds.wine import WineWorkstation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    pytest.skip("a lock of fcntl(2), which Windows has not", allow_module_level=True)

HOLD = """
import fcntl, os, sys
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
try:
    fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
except OSError:
    print("busy", flush=True)
else:
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(wine_server, "TEMPORARY", folder)
    monkeypatch.delenv("TMPDIR", raising=False)
    return folder


@pytest.fixture
def prefix(tmp_path: Path, temporary: Path) -> Path:  # noqa: ARG001 - where its locks are
    return make_prefix(tmp_path / "pfx")


def upstream(prefix: Path, temporary: Path) -> Path:
    """The folder of the lock, as Wine itself names it."""
    found = prefix.stat()
    return temporary / f".wine-{found.st_uid}" / f"server-{found.st_dev:x}-{found.st_ino:x}"


@contextmanager
def another(lock: Path) -> Iterator[tuple[str, int]]:
    """Another process that tries to hold the lock: whether it does, and its number."""
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock.parent.parent.chmod(0o700)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip(), process.pid
        process.stdin.close()


def test_a_server_is_found_by_its_lock_and_refuses_who_would_write(prefix: Path, temporary: Path) -> None:
    server = WineServer(prefix)
    assert server.process() is None
    with another(upstream(prefix, temporary) / "lock") as (said, process):
        assert said == "held"
        assert server.process() == process
        with pytest.raises(BusyError, match="Wine runs in this prefix") as raised, server.held():
            pass
        assert raised.value.where == f"{prefix}, process {process}"
        assert f"WINEPREFIX={prefix} wineserver -k" in raised.value.remedy
    assert server.process() is None
    with server.held():
        pass


def test_the_lock_is_held_for_a_whole_run_whatever_is_asked_meanwhile(prefix: Path, temporary: Path) -> None:
    """A lock of fcntl(2) goes with any handle of its file that the process closes."""
    here, lock = WineWorkstation(prefix), upstream(prefix, temporary) / "lock"
    with here.state.lock():
        assert here.findings == ()
        with WineServer(prefix).held():
            assert WineServer(prefix).process() is None
        with another(lock) as (said, _):
            assert said == "busy"
    with another(lock) as (said, _):
        assert said == "held"


def test_what_is_made_for_the_lock_is_the_owners_alone(prefix: Path, temporary: Path) -> None:
    with WineServer(prefix).held():
        pass
    folder = upstream(prefix, temporary)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, folder / "lock")}
    assert modes == {folder.parent.name: 0o700, folder.name: 0o700, "lock": 0o600}
    if os.geteuid() == 0:
        os.chown(prefix, 1234, 1234)
        with WineServer(prefix).held():
            pass
        theirs = upstream(prefix, temporary)
        assert {path.stat().st_uid for path in (theirs.parent, theirs, theirs / "lock")} == {1234}


@pytest.mark.parametrize("case", ["open to others", "a link", "another user's"])
def test_a_folder_in_other_hands_is_refused(prefix: Path, temporary: Path, tmp_path: Path, case: str) -> None:
    folder = upstream(prefix, temporary)
    if case == "a link":
        (tmp_path / "theirs").mkdir(mode=0o700)
        folder.parent.symlink_to(tmp_path / "theirs")
    else:
        folder.parent.mkdir(mode=0o700)
        folder.parent.chmod(0o755 if case == "open to others" else 0o700)
        if case == "another user's":
            if os.geteuid() != 0:
                pytest.skip("another user: only root can give a folder away")
            os.chown(folder.parent, 65534, 65534)
    with pytest.raises(RefusedError, match=r"the prefix owner's alone|there is a link"), WineServer(prefix).held():
        pass
    assert not folder.exists()
    assert not [*(tmp_path / "theirs").glob("*")]


@pytest.mark.parametrize("of", ["TMPDIR", "temporary"])
def test_the_folder_that_debian_names_in_the_prefix_is_looked_at_too(
    prefix: Path, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    (prefix / "wineserver").write_bytes(b"wine-Ab12Cd\0")
    above = temporary
    if of == "TMPDIR":
        above = tmp_path / "other"
        above.mkdir()
        monkeypatch.setenv("TMPDIR", str(above))
    own = above / "wine-Ab12Cd" / upstream(prefix, temporary).name
    with WineServer(prefix).held():
        for place in (own, upstream(prefix, temporary)):
            with another(place / "lock") as (said, _):
                assert said == "busy"
    with another(own / "lock") as (_, process):
        assert WineServer(prefix).process() == process


@pytest.mark.parametrize("name", [b"../../elsewhere", b"..", b"", b"a/b", b"\xff\x01", b"x" * 300])
def test_a_name_that_leads_elsewhere_is_none(prefix: Path, temporary: Path, name: bytes) -> None:
    (prefix / "wineserver").write_bytes(name)
    with WineServer(prefix).held():
        pass
    assert {path.name for path in temporary.iterdir()} <= {upstream(prefix, temporary).parent.name}
