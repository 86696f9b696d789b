"""A real hive with a page zeroed, a letter changed or its end cut off: what can be written beforehand is written."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, TypeAlias

import pytest

from mapiwright.errors import MapiwrightError, RefusedError, Severity
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, SetValue
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK, KEY, PAGE, SECURITY
from mapiwright.workstation.mounts.hives import HiveFile
from mapiwright.workstation.registry import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.formats.regf.edit.write import Edit

    Harm: TypeAlias = Callable[[bytearray, int, int], bytearray]

PROFILE = (
    *("Software", "Microsoft", "Windows NT", "CurrentVersion"),
    *("Windows Messaging Subsystem", "Profiles", "Outlook"),
)
NEW = (*PROFILE, "0" * 32)
EDITS: dict[str, list[Edit]] = {
    "beside": [CreateKey(("Acme",)), SetValue(("Acme",), "v", 3, bytes(20_000))],
    "in the profile": [
        CreateKey(NEW),
        SetValue(NEW, "001f3001", 3, bytes(400)),
        DeleteKey((*PROFILE, "0a0d020000000000c000000000000046")),
    ],
}
NIGHTLY = bool(os.environ.get("MAPIWRIGHT_NIGHTLY"))
STEP = 1 if NIGHTLY else 19
"""Every how many pages are harmed."""
ROUNDS = 4 if NIGHTLY else 2
"""How often a letter of each of these pages is changed."""


def zeroed(data: bytearray, page: int, _round: int) -> bytearray:
    data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    return data


def cut(data: bytearray, page: int, _round: int) -> bytearray:
    return data[: page * PAGE]


def changed(data: bytearray, page: int, chosen: int) -> bytearray:
    chance = random.Random(1000 * page + chosen)
    # every other time where a bin and its first cell begin
    data[page * PAGE + chance.randrange(36 if chosen % 2 else PAGE)] ^= 1 << chance.randrange(8)
    return data


def errors(data: bytes) -> set[tuple[int, str]]:
    return {(fault.offset, fault.rule) for fault in validate(data) if fault.severity is Severity.ERROR}


def can_be_planned(file: HiveFile) -> bool:
    """Whether what a plan reads first, the way to the profile and all of it, is there."""
    try:
        for depth in range(len(PROFILE)):
            if file.subkeys(PROFILE[:depth], View.NATIVE) is None:
                return False
        return file.read(PROFILE, View.NATIVE) is not None
    except MapiwrightError:
        return False


def is_said_to_be_writable(file: HiveFile, key: tuple[str, ...]) -> bool:
    try:
        file.refuse_unwritable([key])
    except RefusedError:
        return False
    return True


@pytest.mark.parametrize(("harm", "rounds"), [(zeroed, 1), (cut, 1), (changed, ROUNDS)])
def test_a_hive_that_is_said_to_be_writable_is_written(
    harm: Harm, rounds: int, tmp_path: Path, real_hive: Callable[[str], bytes]
) -> None:
    """And one that is not is refused, and stays as it is."""
    whole, path = real_hive("o2010-x64"), tmp_path / "NTUSER.DAT"
    written = refused = 0
    wrong = []
    for page in range(0, len(whole) // PAGE, STEP):
        for chosen in range(rounds):
            broken = bytes(harm(bytearray(whole), page, chosen))
            path.write_bytes(broken)
            file = HiveFile(path)
            why = file.why_unwritable("Anna")
            planned = why is None and can_be_planned(file)
            for what, edits in EDITS.items():
                try:
                    data = file.edited(edits).whole()
                except RefusedError as error:
                    refused += 1
                    if planned or (why is None and what == "beside"):
                        wrong.append((page, chosen, what, str(error)))
                    continue
                written += 1
                validated = NIGHTLY or page % (4 * STEP) == 0  # `edited` has validated what it changed
                if why is not None or (validated and errors(data) - errors(broken)):
                    wrong.append((page, chosen, what, "it is written though it was refused, or gets worse"))
                found = Hive(data).find(("Acme",) if what == "beside" else NEW)
                assert found is not None
                assert len(list(found.values())) == 1
            assert path.read_bytes() == broken
    assert not wrong
    assert written
    assert refused


def test_what_a_key_on_the_way_says_of_itself_is_seen_beforehand(
    tmp_path: Path, real_hive: Callable[[str], bytes]
) -> None:
    """Its record, its name's length, its descriptor and that one's count: each letter of them, one at a time."""
    whole, path = real_hive("o2010-x64"), tmp_path / "NTUSER.DAT"
    hive = Hive(whole)
    records: list[tuple[int, int]] = []
    for depth in range(len(PROFILE) + 1):
        key = hive.find(PROFILE[:depth])
        assert key is not None
        records += [(key.record.offset, KEY.size), (key.record.security, SECURITY.size)]
    chance = random.Random(7)
    places = sorted({BASE_BLOCK + at + 4 + letter for at, size in records for letter in range(size)})
    met, seen, wrong = 0, 0, []
    for at in places if NIGHTLY else chance.sample(places, 250):
        broken = bytearray(whole)
        broken[at] ^= 1 << chance.randrange(8)
        path.write_bytes(broken)
        file = HiveFile(path)
        if not (can_be_planned(file) and is_said_to_be_writable(file, NEW)):
            seen += 1
            continue
        try:
            file.edited(EDITS["in the profile"][:2])
            met += 1
        except RefusedError as error:
            wrong.append((at, str(error)))
    assert not wrong
    assert met > 20
    assert seen > 20
