"""A hive that was left open, made by code: what closes it keeps what it was, and refuses to lose anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories.test_unwritable import left_open

from mapiwright.formats import reg_text
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, SetValue, edit, new_hive
from mapiwright.formats.regf.read import Hive
from mapiwright.workstation import change
from mapiwright.workstation.mounts.compare import differences
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

NOW = 133_800_000_000_000_000
OLD = edit(
    new_hive(timestamp=NOW, name="ntuser.dat"),
    [CreateKey(("A",)), CreateKey(("A", "B")), CreateKey(("A", "B", "C")), SetValue(("A", "B"), "x", 4, bytes(4))],
    timestamp=NOW,
)
NEW = edit(OLD, [SetValue(("A",), "latest", 4, b"\1\0\0\0")], timestamp=NOW)


@pytest.fixture
def hive(tmp_path: Path) -> Path:
    """A hive whose last write is in its log only."""
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(OLD)
    left_open(path, NEW)
    return path


def values(path: Path) -> list[str]:
    key = Hive(path.read_bytes()).find(("A",))
    assert key is not None
    return [value.name for value in key.values()]


def test_replay_keeps_the_file_as_it_was_and_overwrites_no_earlier_one(
    mapiwright: Callable[..., Answer], hive: Path
) -> None:
    before, kept = hive.read_bytes(), hive.with_name("NTUSER.DAT.before-replay")
    assert mapiwright("hive", "replay", hive, "--yes").code == 0
    assert (values(hive), kept.read_bytes()) == (["latest"], before)
    hive.write_bytes(before)
    kept.write_bytes(b"an earlier one")
    again = mapiwright("hive", "replay", hive, "--yes")
    assert (again.code, "Move it away; nothing was written." in again.err) == (1, True)
    assert (hive.read_bytes(), kept.read_bytes()) == (before, b"an earlier one")


@pytest.mark.parametrize("whole", [True, False])
def test_without_its_logs_a_hive_is_closed_where_it_is_whole(
    mapiwright: Callable[..., Answer], hive: Path, whole: bool
) -> None:
    kept = hive.with_name("NTUSER.DAT.before-replay")
    damaged = bytearray(hive.read_bytes())
    if not whole:  # a write into its bins was begun
        damaged[damaged.index(b"hbin") + 4] ^= 1
        hive.write_bytes(damaged)
    before = hive.read_bytes()
    answer = mapiwright("hive", "replay", hive, "--without-logs", "--yes")
    if whole:
        assert (answer.code, values(hive), kept.read_bytes()) == (0, [], before)
    else:
        assert (answer.code, "without its logs it is damaged" in answer.err) == (1, True)
        assert (hive.read_bytes(), kept.exists()) == (before, False)


def test_a_key_is_gone_after_all_that_was_in_it() -> None:
    newer = edit(OLD, [DeleteKey(("A", "B", "C")), DeleteKey(("A", "B"))], timestamp=NOW)
    root, there, gone = KeyPath("HKU", ()), Hive(OLD).find(()), Hive(newer).find(())
    found = [(type(each), each.key) for each in differences(there, gone, root)]
    below = root / "A" / "B"
    assert found == [(change.SetValue, below), (change.DeleteKey, below / "C"), (change.DeleteKey, below)]
    back = [(type(each), each.key) for each in differences(gone, there, root)]
    assert back == [(change.CreateKey, below), (change.SetValue, below), (change.CreateKey, below / "C")]


SZ = 1


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("plain", "text", '"plain"="text"'),
        ('a"b', 'say "no"', '"a\\"b"="say \\"no\\""'),
        ("a\\b", "C:\\Users", '"a\\\\b"="C:\\\\Users"'),
        ('\\"', '\\"', '"\\\\\\""="\\\\\\""'),
        ("", "unnamed", '@="unnamed"'),
        ("lines", "a\r\nb", '"lines"=hex(1):61,00,0d,00,0a,00,62,00,00,00'),
        ("feed", "a\nb", '"feed"=hex(1):61,00,0a,00,62,00,00,00'),
        ("nul", "a\0b", '"nul"=hex(1):61,00,00,00,62,00,00,00'),
    ],
)
def test_registry_text_escapes_what_regedit_would_read_otherwise(name: str, text: str, line: str) -> None:
    assert list(reg_text.value_lines(name, SZ, text.encode("utf-16-le") + b"\0\0")) == [line]
