"""The contract of State, run against every kind."""

from __future__ import annotations

import os
import signal
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import BusyError, RefusedError
from mapiwright.workstation.disk.folder_state import FolderState, MemoryState

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mapiwright.workstation.state import State


@pytest.fixture(params=["folder", "memory"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> State:
    return FolderState(tmp_path / "above" / "Mapiwright") if request.param == "folder" else MemoryState()


def test_what_is_not_there_reads_as_none_and_deletes_as_nothing(state: State) -> None:
    assert state.read("receipts/1.json") is None
    assert state.names() == ()
    state.delete("receipts/1.json")
    assert state.names() == ()


def test_what_is_written_is_read_and_replaced(state: State) -> None:
    state.write("a/b/c.json", b"one")
    state.write("a/b/c.json", b"two")
    state.write("empty", b"")
    assert state.read("a/b/c.json") == b"two"
    assert state.read("empty") == b""


def test_names_are_sorted_and_chosen_by_their_beginning(state: State) -> None:
    for name in ("receipts/2", "receipts/1", "backups/1/0", "journal"):
        state.write(name, b"x")
    assert state.names() == ("backups/1/0", "journal", "receipts/1", "receipts/2")
    assert state.names("receipts/") == ("receipts/1", "receipts/2")
    assert state.names("backups/1/") == ("backups/1/0",)


def test_bytes_are_added_at_the_end(state: State) -> None:
    state.append("journal", b"one\n")
    state.append("journal", b"two\n")
    assert state.read("journal") == b"one\ntwo\n"


def test_what_is_deleted_is_gone(state: State) -> None:
    state.write("backups/1/0", b"x")
    state.write("backups/1/1", b"y")
    state.delete("backups/1/0")
    assert state.names() == ("backups/1/1",)
    state.delete("backups/1/1")
    assert state.read("backups/1/1") is None
    assert state.names() == ()


def test_the_lock_is_held_by_one_and_names_the_holder(state: State) -> None:
    with state.lock(), pytest.raises(BusyError, match="another run"), state.lock():
        pass
    with state.lock():
        assert state.names() == ()


def test_the_lock_is_a_lease_of_its_holder_whose_token_grows(state: State) -> None:
    tokens = []
    for _ in range(3):
        with state.lock() as lease:
            tokens.append(lease.token)
            assert f"process {os.getpid()}" in lease.holder
            assert lease.expires is None or lease.expires > datetime.now(UTC)
            with pytest.raises(BusyError) as raised, state.lock():
                pass
            assert lease.holder in raised.value.where
            assert state.holder() == lease.holder
            assert state.is_held()
        assert state.holder() == ""
        assert not state.is_held()
    assert tokens == sorted(set(tokens))


def test_an_error_in_the_block_frees_the_lock(state: State) -> None:
    with pytest.raises(ZeroDivisionError), state.lock():
        raise ZeroDivisionError
    with state.lock():
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_holder_that_is_killed_frees_the_lock_and_its_token_is_not_given_again(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with FolderState(tmp_path).lock() as lease:
            os.write(writer, str(lease.token).encode())
            signal.pause()
    killed = int(os.read(reader, 9))
    with pytest.raises(BusyError, match=f"by process {child} on "), FolderState(tmp_path).lock():
        pass
    assert f"by process {child} on " in FolderState(tmp_path).holder()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert FolderState(tmp_path).holder() == "", "its note is still there"
    with FolderState(tmp_path).lock() as lease:
        assert lease.token > killed


def test_another_process_finds_out_who_holds_a_folder(tmp_path: Path) -> None:
    with (
        FolderState(tmp_path).lock(),
        pytest.raises(BusyError, match=f"by process {os.getpid()} on ") as raised,
        FolderState(tmp_path).lock(),
    ):
        pass
    assert "UTC" in raised.value.where


def test_reading_a_folder_makes_nothing(tmp_path: Path) -> None:
    state = FolderState(tmp_path / "Mapiwright")
    state.read("journal")
    state.names()
    state.delete("journal")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_a_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    state = FolderState(tmp_path / "ProgramData" / "Mapiwright")
    state.write("receipts/1.json", b"{}")
    state.append("journal", b"")
    with state.lock():
        pass
    modes = {
        path.relative_to(state.folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in (state.folder, *state.folder.rglob("*"))
    }
    assert modes == {
        ".": 0o700,
        "receipts": 0o700,
        "receipts/1.json": 0o600,
        "journal": 0o600,
        "lock": 0o600,
        "lock-token": 0o600,
    }
    assert stat.S_IMODE(state.folder.parent.stat().st_mode) & 0o077, "the folder above is everybody's"


def test_a_folder_that_holds_nothing_more_goes(tmp_path: Path) -> None:
    state = FolderState(tmp_path)
    state.write("backups/1/0", b"x")
    state.delete("backups/1/0")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_in_a_folder_is_no_name_and_goes_with_the_next_lock(tmp_path: Path) -> None:
    state = FolderState(tmp_path)
    state.write("receipts/1.json", b"{}")
    (tmp_path / "receipts" / ".~2.json-0a1b2c3d").write_bytes(b"half")
    assert state.names() == ("receipts/1.json",)
    with state.lock():
        pass
    assert [path.name for path in (tmp_path / "receipts").iterdir()] == ["1.json"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
@pytest.mark.parametrize("name", ["journal", "receipts/1.json", "lock", "lock-holder", "lock-token"])
@pytest.mark.parametrize(
    "action",
    [
        lambda state, name: state.read(name),
        lambda state, name: state.write(name, b"x"),
        lambda state, name: state.append(name, b"x"),
        lambda state, name: state.delete(name),
    ],
)
def test_a_link_among_the_records_is_refused(
    tmp_path: Path, name: str, action: Callable[[FolderState, str], object]
) -> None:
    target, folder = tmp_path / "theirs", tmp_path / "Mapiwright"
    target.write_bytes(b"theirs")
    (folder / name).parent.mkdir(parents=True)
    (folder / name).symlink_to(target)
    state = FolderState(folder)
    with pytest.raises(RefusedError, match="a link"):
        action(state, name)
    if name.startswith("lock"):
        with pytest.raises(RefusedError, match="a link"), state.lock():
            pass
    assert target.read_bytes() == b"theirs"


@pytest.mark.parametrize("name", ["../x", "receipts/../../x", "/etc/x", "", "a//b", "a\\..\\b", "C:x"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    state = FolderState(tmp_path / "Mapiwright")
    state.write("journal", b"x")
    for action in (state.read, state.delete, lambda name: state.write(name, b"x")):
        with pytest.raises(RefusedError, match="no name of a record"):
            action(name)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "Mapiwright", tmp_path / "Mapiwright" / "journal"]


def test_it_tells_whether_it_is_open_to_this_user(
    open_folder: Path, closed: Callable[[Path], AbstractContextManager[None]]
) -> None:
    state = FolderState(open_folder / "Mapiwright")
    assert (state.readable, state.closed) == (False, False), "there is none"
    state.write("journal", b"x")
    assert (state.readable, state.closed) == (True, False)
    root = os.geteuid() == 0
    with closed(state.folder):
        assert (state.readable, state.closed) == (False, root), "who is shut out of his own can open it himself"


@pytest.mark.parametrize("which", [".", "receipts"])
@pytest.mark.parametrize("question", [FolderState.names, lambda state: state.read("receipts/1.json")])
def test_what_another_user_keeps_closed_is_refused_and_not_told_as_absent(
    open_folder: Path,
    closed: Callable[[Path], AbstractContextManager[None]],
    which: str,
    question: Callable[[FolderState], object],
) -> None:
    folder = open_folder / "Mapiwright"
    state = FolderState(folder)
    state.write("receipts/1.json", b"x")
    for path in (folder, folder / "receipts", folder / "receipts" / "1.json"):
        path.chmod(0o755)
    assert question(state)
    with closed(folder / which), pytest.raises(RefusedError, match="cannot be read by this user") as raised:
        question(state)
    assert raised.value.where == str(folder)
    assert raised.value.exit_code == 1
    assert "elevated" in raised.value.remedy
