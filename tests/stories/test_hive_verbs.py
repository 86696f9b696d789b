"""The ``hive`` verbs, typed over bare hive files: what they show is what is there, and ``replay`` loses nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.entry.hosts.wine import python
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, new_hive
from mapiwright.formats.regf.read import Hive
from mapiwright.workstation.mounts import hive_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.entry.hosts.wine import WinePython
    from mapiwright.formats.regf.edit.write import Edit

    Mapiwright = Callable[..., Any]

NOW = 133_800_000_000_000_000
TEXT = 'Gr\u00fc\u00dfe "\\\\'.encode("utf-16-le") + b"\0\0"
SECRET = bytes.fromhex("01000000d08c9ddf0115d1118c7a00c04fc297eb") + bytes(20)
EDITS: list[Edit] = [
    CreateKey(("A",)),
    CreateKey(("A", "Ж")),
    SetValue(("A",), "text", 1, TEXT),
    SetValue(("A",), "", 4, b"\x07\0\0\0"),
    SetValue(("A",), "POP3 Password", 3, SECRET),
    SetValue(("A", "Ж"), "bytes", 3, bytes(range(60))),
    SetValue(("A", "Ж"), "lines", 1, "a\nb".encode("utf-16-le") + b"\0\0"),
]


@pytest.fixture
def hive(tmp_path: Path) -> Path:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(edit(new_hive(timestamp=NOW, name="ntuser.dat"), EDITS, timestamp=NOW))
    return path


@pytest.fixture
def left_open(shared_data: Callable[[str], Path], tmp_path: Path) -> Path:
    """A real hive that was not closed cleanly, with its logs."""
    with tarfile.open(shared_data("hives/yarp-hives.tar.xz")) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "NewDirtyHive1" / "NewDirtyHive"


def test_info_says_what_a_hive_is(mapiwright: Mapiwright, hive: Path) -> None:
    answer = mapiwright("hive", "info", hive)
    assert answer.code == 0
    for said in ("version 1.5: ntuser.dat", "closed       cleanly", "root key     ROOT", "2024-12-"):
        assert said in answer.out
    document = mapiwright("hive", "info", hive, "--json").document["hive"]
    assert (document["version"], document["clean"], document["logs"]) == ("1.5", True, [])


def test_info_says_how_a_hive_is_written(
    mapiwright: Mapiwright, left_open: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = left_open.with_name("RecoveredHive_Windows10")
    for ending in (".LOG1", ".LOG2"):
        left_open.with_name(f"{left_open.name}{ending}").rename(f"{closed}{ending}")
    assert "replaces the file as a whole: it is small" in mapiwright("hive", "info", closed).out
    monkeypatch.setattr(hive_bytes, "SMALL", 4096)
    assert f"in place, through {closed.name}.LOG2" in mapiwright("hive", "info", closed).out
    assert mapiwright("hive", "info", closed, "--json").document["hive"]["in_place"] == f"{closed.name}.LOG2"


def test_info_names_the_logs_and_what_they_hold(mapiwright: Mapiwright, left_open: Path) -> None:
    answer = mapiwright("hive", "info", left_open)
    assert "MW3009" in answer.err
    assert "NewDirtyHive.LOG2: HvLE, write 3 to 5" in answer.out
    assert "read with 4 write(s) of .LOG1, .LOG2, up to sequence number 5" in answer.out
    left_open.with_name("NewDirtyHive.LOG2").unlink()
    answer = mapiwright("hive", "info", left_open)
    assert "MW3001" in answer.err
    assert "its log .LOG2 is missing" in answer.out
    document = mapiwright("hive", "info", left_open, "--json").document["hive"]
    assert ".LOG2 is missing" in document["refusal"]


def test_check_reports_the_faults_and_where_they_are(mapiwright: Mapiwright, hive: Path) -> None:
    answer = mapiwright("hive", "check", hive)
    assert (answer.code, "errors: 0, warnings: 0" in answer.out) == (0, True)
    data = bytearray(hive.read_bytes())
    at = data.index(b"hbin")
    data[at + 4] ^= 1
    hive.write_bytes(data)
    answer = mapiwright("hive", "check", hive)
    assert answer.code == 1
    assert f"offset 0x{at:x}: error: a bin knows its place" in answer.out
    document = mapiwright("hive", "check", hive, "--json").document
    assert document["errors"] == len([fault for fault in document["faults"] if fault["severity"] == "error"]) > 0


def test_dump_shows_every_value_and_no_secret(mapiwright: Mapiwright, hive: Path, tmp_path: Path) -> None:
    text = mapiwright("hive", "dump", hive).out
    for said in (
        "A\\Ж",
        'text = "Grüße',
        "(default) = REG_DWORD 0x00000007 (7)",
        "POP3 Password = REG_BINARY (secret, not shown)",
    ):
        assert said in text
    below = mapiwright("hive", "dump", hive, "a\\Ж").out
    assert "bytes" in below
    assert "text" not in below
    rows = {tuple(row["key"]): row["values"] for row in mapiwright("hive", "dump", hive, "--json").document["keys"]}
    assert rows["A",]["text"] == ["REG_SZ", TEXT.hex()]
    out = tmp_path / "out.reg"
    assert mapiwright("hive", "dump", hive, "A", "--reg", out).code == 0
    data = out.read_bytes()
    assert SECRET.hex() not in text + data.decode("utf-16").replace(",", "") + str(rows)
    missing = mapiwright("hive", "dump", hive, "A\\Z")
    assert (missing.code, "no key 'A\\\\Z'" in missing.err) == (1, True)


READ = """
import json, sys, winreg
def read(key, path=""):
    found = {}
    names, values, _ = winreg.QueryInfoKey(key)
    found[path] = {name: [kind, data.hex() if isinstance(data, bytes) else data]
                   for name, data, kind in (winreg.EnumValue(key, at) for at in range(values))}
    for name in [winreg.EnumKey(key, at) for at in range(names)]:
        with winreg.OpenKey(key, name) as below:
            found |= read(below, path + "/" + name)
    return found
with winreg.OpenKey(winreg.HKEY_CURRENT_USER, "Dumped") as top:
    print(json.dumps(read(top)))
"""


def test_registry_text_is_read_back_by_wine(
    mapiwright: Mapiwright, hive: Path, tmp_path: Path, wine: WinePython
) -> None:
    out = tmp_path / "out.reg"
    assert mapiwright("hive", "dump", hive, "--reg", out, "--root", r"HKEY_CURRENT_USER\Dumped").code == 0
    environment = os.environ | wine.environment()
    program = environment["WINELOADER"]
    subprocess.run([program, "regedit", "/S", wine.path(out)], env=environment, check=True, capture_output=True)
    windows_python = wine.path(python(wine.prefix))
    try:
        read = subprocess.run([program, windows_python, "-c", READ], env=environment, check=True, capture_output=True)
    finally:
        subprocess.run(
            [program, "reg", "delete", r"HKCU\Dumped", "/f"], env=environment, check=True, capture_output=True
        )
    assert json.loads(read.stdout) == {
        "": {},
        "/A": {"text": [1, TEXT.decode("utf-16-le")[:-1]], "": [4, 7]},
        "/A/Ж": {"bytes": [3, bytes(range(60)).hex()], "lines": [1, "a\nb"]},
    }, "all but the secret"


def test_diff_shows_what_changed_and_says_so_by_its_code(mapiwright: Mapiwright, hive: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    changes: list[Edit] = [
        SetValue(("A",), "text", 1, b"x\0\0\0"),
        DeleteValue(("A",), ""),
        DeleteKey(("A", "Ж")),
        CreateKey(("B",)),
        SetValue(("A",), "POP3 Password", 3, SECRET + b"1"),
    ]
    newer.write_bytes(edit(hive.read_bytes(), changes, timestamp=NOW))
    same = mapiwright("hive", "diff", hive, hive)
    assert (same.code, same.out) == (0, "They hold the same keys and values.\n")
    answer = mapiwright("hive", "diff", hive, newer)
    assert answer.code == 1
    for said in ("- (default) = REG_DWORD 0x00000007 (7)", '-> "x"', "+ ...\\B", "- ...\\Ж", "(secret, not shown)"):
        assert said in answer.out, said
    assert SECRET.hex(" ")[:30] not in answer.out
    found = mapiwright("hive", "diff", newer, hive, "--json").document["changes"]
    assert [change["change"] for change in found].count("create-key") == 1
    assert [change["change"] for change in found].count("delete-key") == 1
    assert "- bytes" in mapiwright("hive", "diff", hive, newer, "A\\Ж").out, "the newer one has no such key"
    assert "there is no key" in mapiwright("hive", "diff", hive, newer, "Z").err


def test_replay_writes_the_hive_and_keeps_it_as_it_was(
    mapiwright: Mapiwright, left_open: Path, tmp_path: Path
) -> None:
    before = left_open.read_bytes()
    expected = left_open.with_name("RecoveredHive_Windows10").read_bytes()
    out = tmp_path / "out"
    assert mapiwright("hive", "replay", left_open, "-o", out).code == 0
    assert (out.read_bytes(), left_open.read_bytes()) == (expected, before)
    asked = mapiwright("hive", "replay", left_open)
    assert (asked.code, left_open.read_bytes()) == (1, before), "nobody could answer"
    assert mapiwright("hive", "replay", left_open, "--yes").code == 0
    assert left_open.read_bytes() == expected
    kept = left_open.with_name("NewDirtyHive.before-replay")
    assert kept.read_bytes() == before
    assert "nothing to replay" in mapiwright("hive", "replay", left_open, "--yes").out
    shutil.copy(kept, left_open)
    answer = mapiwright("hive", "replay", left_open, "--yes")
    assert answer.code == 1
    assert "Move it away; nothing was written." in answer.err
    assert left_open.read_bytes() == before
    kept.rename(tmp_path / "away")
    assert mapiwright("hive", "replay", left_open, "--yes", "--json").document["writes"] == 4


def test_replay_refuses_what_is_not_whole(mapiwright: Mapiwright, left_open: Path) -> None:
    bad = left_open.parent.parent / "BadLogHive1" / "BadLogHive"
    before = bad.read_bytes()
    answer = mapiwright("hive", "replay", bad, "--yes")
    assert answer.code == 1
    assert "none of its logs can be used" in answer.err
    assert sorted(path.name for path in bad.parent.iterdir()) == ["BadLogHive", "BadLogHive.LOG1", "BadLogHive.LOG2"]
    assert bad.read_bytes() == before


def test_without_its_logs_a_hive_is_closed_as_it_is(mapiwright: Mapiwright, left_open: Path) -> None:
    """Not where a write into it was begun, as it would be damaged."""
    bad = left_open.parent.parent / "BadLogHive1" / "BadLogHive"
    before = bad.read_bytes()
    asked = mapiwright("hive", "replay", bad, "--without-logs")
    assert (asked.code, bad.read_bytes()) == (1, before), "nobody could answer"
    closed = mapiwright("hive", "replay", bad, "--without-logs", "--yes")
    assert closed.code == 0
    assert bad.read_bytes()[4096:] == before[4096:]
    assert bad.with_name("BadLogHive.before-replay").read_bytes() == before
    assert "closed       cleanly" in mapiwright("hive", "info", bad).out
    torn = bytearray(before)
    torn[before.index(b"hbin") + 4] ^= 1
    bad.with_name("BadLogHive.before-replay").unlink()
    bad.write_bytes(torn)
    answer = mapiwright("hive", "replay", bad, "--without-logs", "--yes")
    assert (answer.code, "without its logs it is damaged" in answer.err) == (1, True)
    assert bad.read_bytes() == torn


def test_a_hive_of_512_levels_is_walked(mapiwright: Mapiwright, tmp_path: Path) -> None:
    path = tmp_path / "deep"
    deep: list[Any] = [CreateKey(("k",) * depth) for depth in range(1, 512)]
    path.write_bytes(edit(new_hive(timestamp=NOW), deep, timestamp=NOW))
    assert len(mapiwright("hive", "dump", path, "--json").document["keys"]) == 512
    (tmp_path / "flat").write_bytes(new_hive(timestamp=NOW))
    assert mapiwright("hive", "diff", tmp_path / "flat", path).out.count("+ ") == 511
    assert Hive(path.read_bytes()).find(("k",) * 511) is not None
