"""What is asked of the codec of hives for any input: reading, replay, salvage, and edits whose result is validated.

An input is a byte that chooses the target, one that says whether checksums and hashes are put right before the bytes
are read, the first 512 bytes of a base block, and the rest of the file: so it is small, and a changed letter gets
past the checksum. For the replay the hive is as long as its base block says, and the rest are its two logs.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, RefusedError, Severity
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.check.validate_change import examine_change
from mapiwright.formats.regf.edit.tiling import tiling_of
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, edited, new_hive
from mapiwright.formats.regf.logs.log_file import DirtyPage, LogEntry, new_log
from mapiwright.formats.regf.logs.marvin import marvin32
from mapiwright.formats.regf.logs.replay import FIRST, SECOND, SINGLE, replay
from mapiwright.formats.regf.pages import InMemory
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK, BASE_CHECKSUM, PAGE, checksum, is_dirty, stored_number
from mapiwright.formats.regf.salvage.found import Grade
from mapiwright.formats.regf.salvage.salvage import salvage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mapiwright.formats.regf.edit.write import Edit
    from mapiwright.formats.regf.read import HiveKey

HEAD = 512
"""Bytes of a base block that an input carries."""
NOW = 133_800_000_000_000_000


def one_input(data: bytes) -> None:
    """Hand the input to the target that it chooses; a broken promise is an AssertionError or any other error."""
    if len(data) >= 2:
        tuple(TARGETS.values())[data[0] % len(TARGETS)](data[2:], sealed=bool(data[1] & 1))


def packed(target: str, hive: bytes, *, sealed: bool = True) -> bytes:
    """The input that has a target read this file."""
    return bytes([list(TARGETS).index(target), sealed]) + hive[:HEAD] + hive[BASE_BLOCK:]


def unpacked(data: bytes, *, sealed: bool) -> bytes:
    """The file of an input: whole pages, the checksum right if it is to be."""
    image = bytearray(data[:HEAD].ljust(BASE_BLOCK, b"\0") + data[HEAD:])
    image += bytes(-len(image) % PAGE)
    if sealed:
        image[BASE_CHECKSUM : BASE_CHECKSUM + 4] = stored_number(checksum(image))
    return bytes(image)


def keys_of(top: HiveKey) -> Iterator[tuple[tuple[str, ...], HiveKey]]:
    waiting: list[tuple[tuple[str, ...], HiveKey]] = [((), top)]
    while waiting:
        path, key = waiting.pop()
        yield path, key
        waiting += [((*path, below.name), below) for below in key.subkeys()]


def errors(data: bytes) -> set[tuple[int, str]]:
    return {(fault.offset, fault.rule) for fault in validate(data) if fault.severity is Severity.ERROR}


def reads(data: bytes, *, sealed: bool) -> None:
    """Any bytes are a hive or a FormatError; what is read is not more than there is, and is found by its name."""
    image = unpacked(data, sealed=sealed)
    validate(image)
    with suppress(FormatError):
        total = 0
        for _, key in keys_of(Hive(image).root):
            for value in key.values():
                total += len(value.data)
                assert key.value(value.name) is not None
            for below in key.subkeys():
                key.subkey(below.name)
        assert total <= len(image)


def replays(data: bytes, *, sealed: bool) -> None:
    """Logs are applied, and the hive is closed then, or they are refused."""
    image = unpacked(data, sealed=False)
    end = BASE_BLOCK + min(int.from_bytes(image[40:44], "little"), len(image))
    hive, rest = image[:end], image[end:]
    half = len(rest) // 2 // HEAD * HEAD
    logs = [rest[:half], rest[half:]]
    if sealed:
        logs = [rehashed(log) for log in logs]
    for given in ({FIRST: logs[0], SECOND: logs[1]}, {SINGLE: rest}):
        with suppress(RefusedError):
            found = replay(hive, given)
            assert not is_dirty(found.data)
            assert replay(found.data, given).data == found.data


def rehashed(log: bytes) -> bytes:
    """A log with the checksum and the hashes that its bytes should have."""
    work = bytearray(log)
    if len(work) < HEAD:
        return log
    work[BASE_CHECKSUM:HEAD] = stored_number(checksum(work))
    at = HEAD
    while work[at : at + 4] == b"HvLE":
        size = int.from_bytes(work[at + 4 : at + 8], "little")
        if not 40 <= size <= len(work) - at:
            break
        work[at + 24 : at + 32] = marvin32(bytes(work[at + 40 : at + size])).to_bytes(8, "little")
        work[at + 32 : at + 40] = marvin32(bytes(work[at : at + 32])).to_bytes(8, "little")
        at += size
    return bytes(work)


def edits(data: bytes, *, sealed: bool) -> None:
    """An edit is refused, or a sound hive stays sound. What a damaged one leads to may be in the way of any edit."""
    image = unpacked(data, sealed=sealed)
    before = errors(image)
    paths: list[tuple[str, ...]] = []
    names = ["v"]
    with suppress(FormatError):
        for path, key in keys_of(Hive(image).root):
            paths.append(path)
            names += [value.name for value in key.values()][:2]
            if len(paths) == 6:
                break
    path, name, last = (paths or [()])[-1], names[-1], (paths or [()])[0]
    changes: list[Sequence[Edit]] = [
        [CreateKey((*path, "new")), CreateKey((*last, "Жnew")), SetValue((*path, "new"), name, 3, bytes(20))],
        [SetValue(each, name, 1, bytes(17000)) for each in (path, last)],
        [DeleteValue(path, name), SetValue(path, "w", 4, b"1234")],
        [DeleteKey(each) for each in paths[1:2]],
        [DeleteKey(each) for each in reversed(paths[1:])],
    ]
    for change in changes:
        with suppress(RefusedError):
            hive, source = Hive(image), InMemory(image)
            made = edited(source, hive, tiling_of(source, hive.bins_size), change, timestamp=NOW)
            examine_change(made.pages)
            after = made.whole()
            assert before or not errors(after), f"a sound hive was damaged: {errors(after)}"


def salvages(data: bytes, *, sealed: bool) -> None:
    """Any bytes have an answer; no byte is given twice, and what the reader reads is found."""
    image = unpacked(data, sealed=sealed)
    found = salvage(image)
    values = [value for key in found.keys for value in key.values]
    values += chain.from_iterable((*found.groups, found.loose))
    assert sum(len(value.data or b"") for value in values) <= len(image)
    assert len({value.offset for value in values}) == len(values)
    assert all((value.data is None) == (value.grade in {Grade.TAKEN, Grade.LOST}) for value in values)
    assert all(len(key.path) <= 512 for key in found.keys)
    if errors(image):
        return
    there = {key.offset: key for key in found.keys}
    for path, key in keys_of(Hive(image).root):
        mine = there[BASE_BLOCK + key.record.offset]
        assert mine.path == path
        assert [(v.name, v.type, v.data) for v in mine.values] == [(v.name, v.type, v.data) for v in key.values()]


TARGETS: dict[str, Callable[..., None]] = {"reads": reads, "replays": replays, "edits": edits, "salvages": salvages}


def hives() -> Iterator[bytes]:
    """Small hives with every kind of record."""
    some: list[Edit] = [CreateKey(("a",)), CreateKey(("a", "Ж")), CreateKey(("b",)), SetValue((), "", 1, b"t\0\0\0")]
    some += [SetValue(("a",), "v", 4, b"1234"), SetValue(("a",), "Größe", 3, bytes(range(40)))]
    many: list[Edit] = [CreateKey((f"k{number}",)) for number in range(12)]
    many += [DeleteKey((f"k{number}",)) for number in range(0, 12, 3)]
    for minor in (3, 5, 6):
        small = edit(new_hive(minor=minor, timestamp=NOW), some, timestamp=NOW)
        yield small
        yield edit(small, [*many, DeleteKey(("a", "Ж")), DeleteValue(("a",), "v")], timestamp=NOW)
    yield edit(small, [SetValue(("b",), "big", 3, bytes(16345))], timestamp=NOW)
    yield edit(new_hive(timestamp=NOW), [CreateKey((f"{n}",)) for n in range(510)], timestamp=NOW)


def left_open() -> Iterator[bytes]:
    """Hives that were not closed cleanly, with the two logs that follow them."""
    hive = edit(new_hive(timestamp=NOW), [CreateKey(("a",))], timestamp=NOW)
    dirty = bytearray(hive)
    dirty[4:8] = stored_number(9)
    dirty[8:12] = stored_number(7)
    dirty[BASE_CHECKSUM:HEAD] = stored_number(checksum(dirty))
    size = len(hive) - BASE_BLOCK
    entries = [LogEntry(number, size, 0, (DirtyPage(0, hive[BASE_BLOCK:][:512]),)) for number in (7, 8, 9)]
    first, second = new_log(hive, entries[:2]), new_log(hive, entries[2:])
    longest = max(len(first), len(second))
    yield bytes(dirty) + first.ljust(longest, b"\0") + second.ljust(longest, b"\0")
    old = bytearray(hive[:HEAD])
    old[28:32] = stored_number(1)
    old[BASE_CHECKSUM:HEAD] = stored_number(checksum(old))
    yield (
        bytes(dirty)
        + bytes(old)
        + (b"DIRT\1" + bytes(size // PAGE - 1)).ljust(HEAD, b"\0")
        + hive[BASE_BLOCK:][:HEAD]
    )


def seeds() -> Iterator[tuple[str, bytes]]:
    """The inputs that a search starts from, with names."""
    for number, hive in enumerate(hives()):
        for target in ("reads", "edits", "salvages") if len(hive) < 5 * PAGE else ("salvages",):
            yield f"{target}-{number}", packed(target, hive)
    for number, hive in enumerate(left_open()):
        yield f"replays-{number}", packed("replays", hive)
