"""A hive that is written in place: a crash at any byte leaves the old state or the new one, for us and for others."""

from __future__ import annotations

import errno
import io
import os
from contextlib import suppress
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import ConflictError, RefusedError
from mapiwright.formats.regf import pages
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit.tiling import tiling_of
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, SetValue, edit, edited, new_hive
from mapiwright.formats.regf.logs.commit import HIVE, log_for, steps
from mapiwright.formats.regf.logs.log_file import DirtyPage, LogEntry, log_entry, new_log
from mapiwright.formats.regf.logs.replay import FIRST, LOGS, SECOND, SINGLE, replay
from mapiwright.formats.regf.pages import InMemory
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK, BASE_CHECKSUM, PAGE, checksum
from mapiwright.workstation.disk import handles
from mapiwright.workstation.mounts import hive_bytes, hives
from mapiwright.workstation.mounts.hives import HiveFile
from mapiwright.workstation.registry import Value, View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import ModuleType

    from mapiwright.formats.regf.edit.write import Edit, Edited
    from mapiwright.formats.regf.logs.commit import LoggedWrite

NOW = 133_800_000_000_000_000
SEQUENCE = 40
EDITS: list[Edit] = [
    SetValue(("k 3",), "data", 3, b"\2" * 300),
    CreateKey(("neu",)),
    SetValue(("neu",), "big", 3, b"big " * 9000),
    DeleteKey(("k 41",)),
]


@cache
def old_hive() -> bytes:
    """A hive of some pages."""
    made: list[Edit] = []
    for number in range(60):
        made += [CreateKey((f"k {number}",)), SetValue((f"k {number}",), "data", 3, bytes(300))]
    data = bytearray(edit(new_hive(timestamp=NOW), made, timestamp=NOW))
    data[4:12] = SEQUENCE.to_bytes(4, "little") * 2
    data[BASE_CHECKSUM : BASE_CHECKSUM + 4] = checksum(data).to_bytes(4, "little")
    return bytes(data)


@cache
def old_logs() -> dict[str, bytes]:
    """Its logs as a Windows leaves them: every entry is in the hive by now, the last one in the second log."""
    return {FIRST: log_of(SEQUENCE - 5, SEQUENCE - 4), SECOND: log_of(SEQUENCE - 3, SEQUENCE - 2, SEQUENCE - 1)}


def log_of(*numbers: int) -> bytes:
    """A log whose entries have those numbers; what they hold would destroy the hive."""
    size = len(old_hive()) - BASE_BLOCK
    return new_log(old_hive(), [LogEntry(number, size, 0, (DirtyPage(0, bytes(PAGE)),)) for number in numbers])


def after(data: bytes, edits: Sequence[Edit] = EDITS) -> Edited:
    source = InMemory(data)
    hive = Hive(data)
    return edited(source, hive, tiling_of(source, hive.bins_size), edits, timestamp=NOW + 1)


def commit_of(data: bytes, logs: dict[str, bytes]) -> tuple[Sequence[LoggedWrite], ...]:
    sequence = Hive(data).sequences[1]
    log = log_for(sequence, {ending: InMemory(held) for ending, held in logs.items()})
    return steps(after(data).pages, sequence, log, len(logs[log]))


def crashed(
    files: dict[str, bytes], written: Sequence[Sequence[LoggedWrite]], kept: Sequence[int]
) -> dict[str, bytes]:
    """The files after all ``written`` steps but the last, of which each write left its first ``kept`` bytes."""
    disk = {name: bytearray(data) for name, data in files.items()}
    for place, step in enumerate(written):
        for number, write in enumerate(step):
            last = place == len(written) - 1
            part = write.data[: kept[number % len(kept)]] if last else write.data
            disk[write.file][write.at : write.at + len(part)] = part
    return {name: bytes(data) for name, data in disk.items()}


@settings(max_examples=60)
@given(st.data())
def test_a_crash_anywhere_leaves_the_old_state_or_the_new_one(data: st.DataObject) -> None:
    """Within a step nothing is ordered: each of its writes may have left any part."""
    files = {HIVE: old_hive(), **old_logs()}
    commit = commit_of(files[HIVE], old_logs())
    count = data.draw(st.integers(0, len(commit)))
    lengths = [len(write.data) for write in commit[count - 1]] if count else [0]
    kept = [data.draw(st.integers(0, length) | st.sampled_from([0, length])) for length in lengths]
    disk = crashed(files, commit[:count], kept)
    found = replay(disk[HIVE], {FIRST: disk[FIRST], SECOND: disk[SECOND]})
    states = {"old": old_hive(), "new": after(old_hive()).whole()}
    ends = [name for name, state in states.items() if bins(found.data) == bins(state)]
    assert ends
    assert ends == ["old"] or count > 1
    assert ends == ["new"] or count < 3
    assert not validate(found.data)


def bins(data: bytes) -> bytes:
    return data[BASE_BLOCK : BASE_BLOCK + Hive(data).bins_size]


def test_what_stands_behind_the_entry_in_its_log_is_not_replayed() -> None:
    """A hive that was put back from a backup has logs whose numbers run ahead of it."""
    written = commit_of(old_hive(), old_logs())[0][-1].data
    logged = 512 + int.from_bytes(written[516:520], "little")  # where the entry ends
    ahead = log_entry(LogEntry(SEQUENCE + 1, len(old_hive()) - BASE_BLOCK, 0, (DirtyPage(0, bytes(PAGE)),)))
    logs = {FIRST: log_of(20), SECOND: log_of(38).ljust(logged, b"\0")[:logged] + ahead}
    commit = commit_of(old_hive(), {FIRST: logs[FIRST], SECOND: logs[SECOND]})
    assert commit[0][-1].file == FIRST, "the one that is behind by more"
    commit = steps(after(old_hive()).pages, SEQUENCE, SECOND, len(logs[SECOND]))
    disk = crashed({HIVE: old_hive(), **logs}, commit[:2], [1 << 20])
    found = replay(disk[HIVE], {FIRST: disk[FIRST], SECOND: disk[SECOND]})
    assert found.entries == 1
    assert bins(found.data) == bins(after(old_hive()).whole())


@pytest.mark.parametrize("written", [0, 1, 2])
def test_another_program_recovers_the_same(written: int, witness_module: Callable[[str], ModuleType]) -> None:
    """Whatever of its pages the hive has by then, python-registry replays our log to the new state."""
    recover = witness_module("Registry.RegistryLog").RegistryLog
    commit = commit_of(old_hive(), old_logs())
    disk = crashed({HIVE: old_hive(), **old_logs()}, commit[:3], [1 << 20] * written + [0] * 9)
    target = io.BytesIO(disk[HIVE])
    recover(target, io.BytesIO(disk[SECOND])).recover_hive()
    assert bins(target.getvalue()) == bins(after(old_hive()).whole())


@pytest.mark.parametrize(
    ("logs", "taken"),
    [
        (old_logs(), SECOND),
        ({FIRST: log_of(38, 39), SECOND: log_of(30, 31)}, FIRST),
        ({FIRST: log_of(30, 39), SECOND: b""}, FIRST),
        ({FIRST: b"", SECOND: log_of(39)}, SECOND),
        ({FIRST: log_of(20), SECOND: log_of(30)}, FIRST),
        ({FIRST: log_of(39), SECOND: log_of(39)}, "run ahead"),
        ({FIRST: log_of(45), SECOND: log_of(41)}, "run ahead"),
        ({FIRST: b"", SECOND: b""}, "are empty"),
        ({FIRST: old_logs()[FIRST]}, "no pair"),
        ({SINGLE: old_logs()[FIRST]}, "no pair"),
        ({FIRST: old_logs()[FIRST], SECOND: b"no log" * 100}, "not those of Windows 8.1"),
        ({FIRST: old_logs()[FIRST], SECOND: old_hive()[:512] + b"DIRT"}, "not those of Windows 8.1"),
    ],
)
def test_a_log_is_taken_after_which_nothing_else_is_replayed(logs: dict[str, bytes], taken: str) -> None:
    held = {ending: InMemory(data) for ending, data in logs.items()}
    if taken in LOGS:
        assert log_for(SEQUENCE, held) == taken
    else:
        with pytest.raises(RefusedError, match=taken):
            log_for(SEQUENCE, held)


# -- on a disk -------------------------------------------------------------------------------------------------------


class KilledError(BaseException):
    """The run ends here."""


@pytest.fixture
def hive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hive with its logs, which is taken to be large."""
    monkeypatch.setattr(hives, "SMALL", 1024)
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(old_hive())
    (tmp_path / "ntuser.dat.LOG1").write_bytes(old_logs()[FIRST])
    (tmp_path / "NTUSER.DAT.log2").write_bytes(old_logs()[SECOND])
    return path


def test_a_large_hive_is_written_in_place(hive: Path) -> None:
    """The file stays the file: its inode, its other names' absence, and its first log."""
    before, first = hive.stat().st_ino, (hive.parent / "ntuser.dat.LOG1").read_bytes()
    file = HiveFile(hive)
    file.put(file.edited(EDITS))
    assert hive.stat().st_ino == before
    assert (hive.parent / "ntuser.dat.LOG1").read_bytes() == first
    assert {path.name for path in hive.parent.iterdir()} == {hive.name, "ntuser.dat.LOG1", "NTUSER.DAT.log2"}
    assert state_of(hive.read_bytes()) == state_of(after(old_hive()).whole())
    assert not validate(hive.read_bytes())
    assert HiveFile(hive).value(("neu",), View.NATIVE, "big") == Value(3, b"big " * 9000)


def test_each_step_is_durable_before_the_next(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = HiveFile(hive)
    made = file.edited(EDITS)
    names = {hive.stat().st_ino: "hive", (hive.parent / "NTUSER.DAT.log2").stat().st_ino: "log"}
    calls: list[str] = []
    for name in ("write", "fsync"):
        real = getattr(os, name)

        def noted(handle: int, *data: bytes, name: str = name, real: Callable[..., Any] = real) -> Any:
            calls.append(f"{name} {names[os.fstat(handle).st_ino]}")
            return real(handle, *data)

        monkeypatch.setattr(os, name, noted)
    file.put(made)
    assert [call for call, _ in groupby(calls)] == [
        *("write hive", "write log", "fsync hive", "fsync log"),
        *("write hive", "fsync hive") * 3,
    ]


def test_what_is_opened_to_be_written_is_what_was_read(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program writes after the last look at the name."""
    file = HiveFile(hive)
    made, seen = file.edited(EDITS), handles.seen_at(hive)
    theirs = after(old_hive(), [CreateKey(("theirs",))]).whole()
    hive.write_bytes(theirs)
    monkeypatch.setattr(hives, "seen_at", lambda *_: seen)
    with pytest.raises(ConflictError, match="in the meantime"):
        file.put(made)
    assert hive.read_bytes() == theirs


@pytest.mark.parametrize(
    ("spoil", "error", "why"),
    [
        (lambda log: log.write_bytes(log_of(20)), ConflictError, "in the meantime"),
        (lambda log: (log.parent / "other").hardlink_to(log), RefusedError, "second name"),
        (lambda log: (log.unlink(), log.symlink_to("elsewhere")), RefusedError, "a link"),
    ],
)
def test_the_log_that_is_opened_is_the_one_that_was_looked_at(
    spoil: Callable[[Path], object], error: type[Exception], why: str, hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = HiveFile(hive)
    made, log = file.edited(EDITS), file.written_in_place()
    monkeypatch.setattr(HiveFile, "_log_to_write", lambda *_: log)
    spoil(hive.parent / "NTUSER.DAT.log2")
    with pytest.raises(error, match=why):
        file.put(made)
    assert hive.read_bytes() == old_hive()
    assert not (hive.parent / "elsewhere").exists()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: (path.parent / "ntuser.dat.LOG1").unlink(), "it has no pair of logs"),
        (lambda path: (path.parent / "other").hardlink_to(path), "second name"),
        (lambda path: (path.parent / "other").hardlink_to(path.parent / "ntuser.dat.LOG1"), "second name"),
    ],
)
def test_any_other_is_replaced_as_a_whole(spoil: Callable[[Path], object], why: str, hive: Path) -> None:
    spoil(hive)
    before = hive.stat().st_ino
    file = HiveFile(hive)
    assert why in str(file.written_in_place())
    file.put(file.edited(EDITS))
    assert hive.stat().st_ino != before
    assert not validate(hive.read_bytes())


def test_a_write_costs_what_it_touches(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty values in a hive of 8 MB: bytes read, besides the one look at all cells, and bytes written."""
    large = edit(old_hive(), [SetValue((), f"pad {each}", 3, bytes(16000)) for each in range(500)], timestamp=NOW)
    hive.write_bytes(large)
    written, read = 0, 0
    os_write, os_read = os.write, os.read

    def write(handle: int, data: bytes) -> int:
        nonlocal written
        written += len(data)
        return os_write(handle, data)

    def counted(handle: int, length: int) -> bytes:
        nonlocal read
        found = os_read(handle, length)
        read += len(found)
        return found

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "read", counted)
    file = HiveFile(hive)
    assert file.value(("k 3",), View.NATIVE, "data") == Value(3, bytes(300))
    assert read < 512 * 1024, "a look-up brings a few blocks"
    file.refuse_unwritable()
    looked = read
    assert looked < len(large) + 512 * 1024, "the cells are looked at once"
    file.put(file.edited([SetValue(("k 3",), f"new {each}", 3, bytes(300)) for each in range(20)]))
    assert written < 256 * 1024
    assert read - looked < len(large) + 2 * 1024 * 1024, "and the validator finds the bins by itself"
    assert HiveFile(hive).value(("k 3",), View.NATIVE, "new 19") == Value(3, bytes(300))
    assert not validate(hive.read_bytes())


def test_a_hive_that_is_written_while_it_is_read_is_read_again(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of two states are never mixed; one that changes at each look is refused."""
    monkeypatch.setattr(pages, "BLOCK", 4096)
    monkeypatch.setattr(pages, "SHIFT", 12)
    reader, writer = HiveFile(hive), HiveFile(hive)
    assert reader.value(("k 3",), View.NATIVE, "data") == Value(3, bytes(300))
    writer.put(writer.edited([SetValue((f"k {each}",), "data", 3, b"\1" * 300) for each in range(60)]))
    held = reader.hive
    monkeypatch.setattr(hives, "seen_at", lambda path, most: reader._seen or handles.seen_at(path, most))
    os.utime(hive, ns=(1, 1))
    assert held is reader.hive, "it does not look at its file while it reads"
    assert reader.value(("k 50",), View.NATIVE, "data") == Value(3, b"\1" * 300)
    times = iter(range(1000))
    monkeypatch.setattr(hive_bytes, "known", lambda found: (found.st_ino, found.st_size, next(times)))
    with pytest.raises(ConflictError, match="in the meantime"):
        HiveFile(hive).value(("k 40",), View.NATIVE, "data")


@pytest.mark.parametrize("strike", ["killed", "full disk"])
def test_a_write_that_ends_at_any_call_is_old_or_new(
    strike: str, hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what comes next can write it, and close it."""
    files = {path: path.read_bytes() for path in hive.parent.iterdir()}
    real: dict[str, Callable[..., Any]] = {"write": os.write, "fsync": os.fsync}
    calls, at, cut = 0, 0, 0.0

    def struck(name: str) -> Callable[..., Any]:
        def call(handle: int, *data: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == at:
                if data:
                    real[name](handle, bytes(data[0])[: int(cut * len(data[0]))])
                raise KilledError if strike == "killed" else OSError(errno.ENOSPC, "no space left")
            return real[name](handle, *data)

        return call

    ends = []
    while True:
        at += 1
        for share in (0.0, 0.5, 1.0):
            cut = share
            for path, data in files.items():
                path.write_bytes(data)
            file = HiveFile(hive)
            made = file.edited(EDITS)
            calls = 0
            with monkeypatch.context() as patch, suppress(KilledError, OSError):
                patch.setattr(os, "write", struck("write"))
                patch.setattr(os, "fsync", struck("fsync"))
                file.put(made)
            again = HiveFile(hive)
            state = (again.subkeys((), View.NATIVE), again.value(("k 3",), View.NATIVE, "data"))
            assert state in (state_of(old_hive()), state_of(made.whole()))
            ends.append(state == state_of(made.whole()))
            again.put(again.edited([SetValue((), "next", 4, bytes(4))]))
            assert not validate(hive.read_bytes())
            assert (HiveFile(hive).subkeys((), View.NATIVE), HiveFile(hive).value((), View.NATIVE, "next")) == (
                state[0],
                Value(4, bytes(4)),
            )
        if calls < at:
            break
    assert at > 10
    assert ends == sorted(ends), "old up to a call, and new from there on"
    assert not ends[0]
    assert ends[-1]


def state_of(data: bytes) -> tuple[tuple[str, ...], Value]:
    root = Hive(data).root
    key = root.find(("k 3",))
    assert key is not None
    value = key.value("data")
    assert value is not None
    return tuple(each.name for each in root.subkeys()), Value(value.type, value.data)
