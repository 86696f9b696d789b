"""Hives that were not closed cleanly: what their logs hold comes back, or the hive is refused; nothing between.

Windows' own results for two of the real ones lie beside them. The logs that the suite makes are replayed by another
program as well.
"""

from __future__ import annotations

import io
import tarfile
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import RefusedError, Severity
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit.write import CreateKey, SetValue, edit, new_hive
from mapiwright.formats.regf.logs.log_file import DirtyPage, LogEntry, new_log, read_log
from mapiwright.formats.regf.logs.marvin import marvin32
from mapiwright.formats.regf.logs.replay import FIRST, LOGS, SECOND, SINGLE, replay
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK, BASE_CHECKSUM, PAGE, checksum, is_dirty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import ModuleType

NOW = 133_800_000_000_000_000


@cache
def archive(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as opened:
        files = ((member.name.removeprefix("./"), opened.extractfile(member)) for member in opened)
        return {name: file.read() for name, file in files if file is not None}


@pytest.fixture
def real(shared_data: Callable[[str], Path]) -> Callable[[str], tuple[bytes, dict[str, bytes]]]:
    """``real("NewDirtyHive1/NewDirtyHive")`` is a hive with the logs that lie beside it."""

    def read(name: str) -> tuple[bytes, dict[str, bytes]]:
        files = archive(shared_data("hives/yarp-hives.tar.xz"))
        return files[name], {ending: files[name + ending] for ending in LOGS if name + ending in files}

    return read


LATER_TOUCHED = {*range(0x1014, 0x1019), 0x6BDC8}
"""Windows wrote these again after it had recovered the old hive: the first bin's time, and one byte."""


@pytest.mark.parametrize(
    ("dirty", "recovered", "used", "restored", "apart"),
    [
        ("NewDirtyHive1/NewDirtyHive", "NewDirtyHive1/RecoveredHive_Windows10", (FIRST, SECOND), False, set()),
        ("NewDirtyHive2/NewDirtyHive", "NewDirtyHive1/RecoveredHive_Windows10", (SECOND,), False, set()),
        ("OldDirtyHive/OldDirtyHive", "OldDirtyHive/RecoveredHive_Windows7", (FIRST,), False, LATER_TOUCHED),
        ("BadBaseBlockHive/BadBaseBlockHive", "OldDirtyHive/RecoveredHive_Windows7", (FIRST,), True, LATER_TOUCHED),
    ],
)
def test_real_logs_give_what_windows_made_of_them(
    dirty: str,
    recovered: str,
    used: tuple[str, ...],
    restored: bool,
    apart: set[int],
    real: Callable[[str], tuple[bytes, dict[str, bytes]]],
) -> None:
    data, logs = real(dirty)
    expected, _ = real(recovered)
    found = replay(data, logs)
    assert (found.used, found.restored) == (used, restored)
    end = BASE_BLOCK + Hive(found.data).bins_size
    assert {at for at in range(BASE_BLOCK, end) if found.data[at] != expected[at]} == apart
    assert not Hive(found.data).dirty
    assert not [fault for fault in validate(found.data) if fault.severity is Severity.ERROR]
    if not apart:
        assert found.data[:BASE_BLOCK] == expected[:BASE_BLOCK]
    swapped = {FIRST: logs[SECOND], SECOND: logs[FIRST]}
    assert replay(data, swapped).data == found.data, "whichever log is which"
    if len(used) == 1:
        assert replay(data, {SINGLE: logs[used[0]]}).data == found.data, "one log may be all there is"


@pytest.mark.parametrize("name", ["BadLogHive1/BadLogHive", "BadLogHive2/BadLogHive", "BadLogHive3/BadLogHive"])
def test_real_logs_that_are_bad_are_refused(name: str, real: Callable[[str], tuple[bytes, dict[str, bytes]]]) -> None:
    data, logs = real(name)
    with pytest.raises(RefusedError, match=r"not closed cleanly.*\n.*Let Windows load it once"):
        replay(data, logs)


def test_what_does_not_belong_to_the_hive_is_refused(
    real: Callable[[str], tuple[bytes, dict[str, bytes]]],
) -> None:
    old, old_logs = real("OldDirtyHive/OldDirtyHive")
    data, logs = real("NewDirtyHive1/NewDirtyHive")
    late = bytearray(old)
    late[12:20] = (int.from_bytes(old[12:20], "little") + 1).to_bytes(8, "little")
    late[BASE_CHECKSUM : BASE_CHECKSUM + 4] = checksum(late).to_bytes(4, "little")
    for hive, beside, why in (
        (data, {}, "there is none"),
        (data, {FIRST: logs[FIRST]}, "its log .LOG2 is missing"),
        (data, {FIRST: b"", SECOND: b"", SINGLE: b""}, "there is none"),
        (data, {FIRST: b"", SECOND: logs[SECOND]}, "none holds the entry with number 2"),
        (bytes(late), old_logs, "another time"),
    ):
        with pytest.raises(RefusedError, match=why):
            replay(hive, beside)


def test_a_clean_hive_ignores_its_logs(real: Callable[[str], tuple[bytes, dict[str, bytes]]]) -> None:
    clean, _ = real("NewDirtyHive1/RecoveredHive_Windows10")
    _, logs = real("NewDirtyHive1/NewDirtyHive")
    assert replay(clean, logs).data == clean


def test_the_hash_is_the_one_that_is_published() -> None:
    """Vectors with which .NET tests its own."""
    assert marvin32(b"", 0x004FB61A001BDBCC) == 0x30ED35C100CD3C7D
    assert marvin32(b"\xaf", 0x004FB61A001BDBCC) == 0x48E73FC77D75DDC1


# -- logs that the suite makes ---------------------------------------------------------------------------------------


def versions(count: int) -> list[bytes]:
    """A hive, and what it is after each of some writes; it grows on the way."""
    made = [edit(new_hive(minor=5, timestamp=NOW), [CreateKey(("a",))], timestamp=NOW)]
    for number in range(count):
        changes = [
            SetValue(("a",), f"v{number}", 3, bytes([number]) * (700 * number)),
            SetValue(("a",), "same", 4, b"1"),
        ]
        made.append(edit(made[-1], changes, timestamp=NOW + number))
    return made


def entries_of(states: Sequence[bytes], first: int) -> list[LogEntry]:
    """What each write would have logged: the pages of 4096 bytes that it changed."""
    found = []
    for number, (old, new) in enumerate(pairwise(states)):
        places = range(BASE_BLOCK, len(new), PAGE)
        pages = [
            DirtyPage(at - BASE_BLOCK, new[at : at + PAGE])
            for at in places
            if new[at : at + PAGE] != old[at : at + PAGE]
        ]
        found.append(LogEntry(first + number & 0xFFFFFFFF, len(new) - BASE_BLOCK, 0, tuple(pages)))
    return found


def numbered(data: bytes, first: int, second: int) -> bytes:
    changed = bytearray(data)
    changed[4:12] = first.to_bytes(4, "little") + second.to_bytes(4, "little")
    changed[BASE_CHECKSUM : BASE_CHECKSUM + 4] = checksum(changed).to_bytes(4, "little")
    return bytes(changed)


STATES = versions(6)


@settings(max_examples=120)
@given(
    first=st.sampled_from([1, 7, 0xFFFFFFFD]),
    split=st.integers(1, 5),
    swap=st.booleans(),
    cut=st.floats(0, 1),
    written=st.integers(0, 40),
    torn=st.booleans(),
)
def test_logs_that_were_cut_anywhere_give_the_state_after_some_write(
    first: int, split: int, swap: bool, cut: float, written: int, torn: bool
) -> None:
    """Whatever the crash had left of the hive and of the last log: the pages of a write are all there or none is."""
    entries = entries_of(STATES, first)
    logs = [new_log(STATES[0], entries[:split]), new_log(STATES[0], entries[split:])]
    logs[1] = logs[1][: int(len(logs[1]) * cut)]
    hive = bytearray(numbered(STATES[0], first + 1 & 0xFFFFFFFF, first))
    for page in entries[0].pages[:written]:  # the write into the hive had begun
        hive[BASE_BLOCK + page.offset : BASE_BLOCK + page.offset + len(page.data)] = page.data
    if torn:
        hive[8:12] = b"torn"
    beside = dict(zip((SECOND, FIRST) if swap else (FIRST, SECOND), logs, strict=True))
    found = replay(bytes(hive), beside)
    assert split <= found.entries <= len(entries)
    expected = STATES[found.entries]
    assert found.data[BASE_BLOCK : len(expected)] == expected[BASE_BLOCK:]
    assert found.restored == torn
    assert not is_dirty(found.data)
    assert not validate(found.data)
    assert replay(found.data, beside).data == found.data, "and again the same"


@given(place=st.integers(0, 2**32), mask=st.integers(1, 255), log=st.sampled_from([FIRST, SECOND]))
@settings(max_examples=150)
def test_a_changed_byte_of_a_log_is_never_taken_for_a_page(place: int, mask: int, log: str) -> None:
    entries = entries_of(STATES, 7)
    logs = {FIRST: new_log(STATES[0], entries[:3]), SECOND: new_log(STATES[0], entries[3:])}
    changed = bytearray(logs[log])
    changed[place % len(changed)] ^= mask
    hive = numbered(STATES[0], 8, 7)
    try:
        found = replay(hive, {**logs, log: bytes(changed)})
    except RefusedError:
        return
    expected = STATES[found.entries]
    assert found.data[BASE_BLOCK : len(expected)] == expected[BASE_BLOCK:]


def test_an_entry_cannot_ask_for_more_than_it_brings() -> None:
    """A log of a few bytes would fill the memory otherwise."""
    huge = LogEntry(7, 0x7FFFF000, 0, (DirtyPage(0, bytes(PAGE)),))
    with pytest.raises(RefusedError, match="that nothing holds"):
        replay(numbered(STATES[0], 8, 7), {SINGLE: new_log(STATES[0], [huge])})


@given(data=st.binary(max_size=600), head=st.sampled_from([1, 2, 6]), log=st.booleans())
def test_any_bytes_are_a_log_or_are_refused(data: bytes, head: int, log: bool) -> None:
    base = bytearray(STATES[0][:512])
    base[28:32] = head.to_bytes(4, "little")
    base[BASE_CHECKSUM:512] = checksum(base).to_bytes(4, "little")
    try:
        found = read_log(bytes(base) + data if log else data)
    except RefusedError:
        return
    assert found.entries


def test_another_program_replays_our_logs_to_the_same_hive(witness_module: Callable[[str], ModuleType]) -> None:
    """python-registry, which has to be given the logs in their order, and does not grow a hive's last number."""
    recover = witness_module("Registry.RegistryLog").RegistryLog
    entries = entries_of(STATES, 7)
    logs: Mapping[str, bytes] = {FIRST: new_log(STATES[0], entries[:4]), SECOND: new_log(STATES[0], entries[4:])}
    hive = numbered(STATES[0], 8, 7)
    target = io.BytesIO(hive)
    started = recover(target, io.BytesIO(logs[FIRST]))
    last = started.recover_hive()
    target.seek(0)
    assert recover(target, io.BytesIO(logs[SECOND])).recover_hive_continue(last + 1) == 7 + len(entries) - 1
    theirs = target.getvalue()
    assert theirs[BASE_BLOCK:] == replay(hive, logs).data[BASE_BLOCK:]
