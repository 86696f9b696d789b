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
from mapiwright.formats.props import PropertyType, encode
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, new_hive
from mapiwright.formats.regf.read import Hive
from mapiwright.workstation import change
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.mounts import hives
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.registry import KeyPath, Value
from mapiwright.workstation.workstation import Edition

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
    monkeypatch.setattr(hives, "SMALL", 4096)
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


SECTION = "0a0d020000000000c000000000000046"
EIGHT_BIT = {
    "cp1252": ("Gr\u00fc\u00dfe, Ren\u00e9", "cp932"),
    "cp932": (
        "\u30e1\u30fc\u30eb\u304a\u3088\u3073\u8868",
        "cp1252",
    ),  # the last character's second byte is a backslash
    "cp1251": ("\u041f\u043e\u0447\u0442\u0430", "cp1252"),
    "cp949": ("\uba54\uc77c", "cp1252"),
    "cp1253": ("\u03b1\u03bb\u03bb\u03b7\u03bb\u03bf\u03b3\u03c1\u03b1\u03c6\u03af\u03b1", "cp1252"),
}


@pytest.mark.parametrize("code_page", EIGHT_BIT)
def test_8_bit_strings_are_shown_by_the_code_page_that_is_named(
    mapiwright: Mapiwright, tmp_path: Path, code_page: str
) -> None:
    text, other = EIGHT_BIT[code_page]
    stored = encode(PropertyType.MV_STRING8, (text, "b"), pointer=4, code_page=code_page)
    key = ("Profiles", "P", SECTION)
    edits: list[Edit] = [CreateKey(key[:depth]) for depth in (1, 2, 3)]
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(edit(new_hive(timestamp=NOW), edits, timestamp=NOW))
    new.write_bytes(edit(old.read_bytes(), [SetValue(key, "101e3d0f", 3, stored)], timestamp=NOW))
    out = tmp_path / "out.reg"
    assert mapiwright("hive", "dump", new, "--reg", out, "--code-page", code_page).code == 0
    assert f'; 101e3d0f: ["{text}", "b"]' in out.read_bytes().decode("utf-16")
    for verb in (("dump", new), ("diff", old, new), ("salvage", new)):
        shown = [mapiwright("hive", *verb, "--code-page", each).out for each in (code_page, other)]
        assert [f'101e3d0f PR_SERVICE_SUPPORT_FILES = ["{text}", "b"]' in each for each in shown] == [True, False]
        if "cp1252" in (code_page, other):
            assert mapiwright("hive", *verb).out == shown[other == "cp1252"], "what a bare hive is taken to be in"
        refused = mapiwright("hive", *verb, "--code-page", "utf-16")
        assert (refused.code, "'utf-16' is not an ANSI code page" in refused.err) == (2, True)


@pytest.mark.parametrize(("number", "code_page"), [("932", "cp932"), ("1251", "cp1251"), ("949", "cp949")])
def test_a_profile_is_shown_by_the_code_page_of_its_workstation(
    mapiwright: Mapiwright, tmp_path: Path, number: str, code_page: str
) -> None:
    folder, text = tmp_path / "other", EIGHT_BIT[code_page][0]
    create_image(folder)
    where = ("--workstation", f"image:{folder}")
    assert mapiwright("profile", "create", "P", "--yes", *where).code == 0
    here = open_workstation(f"image:{folder}")
    (user,) = (each for each in here.users if not each.template)
    section = user.root / PROFILE_ROOTS[Edition.OUTLOOK_2016].profiles / "P" / SECTION
    stored = encode(PropertyType.MV_STRING8, (text, "b"), pointer=8, code_page=code_page)
    acp = KeyPath.parse(r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage")
    here.registry.apply(
        [
            change.SetValue(acp, "ACP", Value.sz("1252"), Value.sz(number)),
            change.CreateKey(section),
            change.SetValue(section, "101e3d0f", None, Value.binary(stored)),
        ]
    )
    for verb in (("show", "P"), ("section", "get", "P", SECTION)):
        assert f'["{text}", "b"]' in mapiwright("profile", *verb, *where).out


def test_salvage_finds_what_was_deleted_and_says_where_and_how_sure(
    mapiwright: Mapiwright, hive: Path, tmp_path: Path
) -> None:
    hive.write_bytes(edit(hive.read_bytes(), [DeleteKey(("A",))], timestamp=NOW))
    answer = mapiwright("hive", "salvage", hive)
    assert answer.code == 0
    lines = answer.out.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("A\\Ж  [free, path likely, offset 0x"))
    assert "2024-12-" in lines[at]
    assert 'lines = "a\\nb"  [free, good, offset 0x' in "\n".join(lines[at + 1 : at + 3])
    assert "(the root key)  [in use, path good" in answer.out
    assert "POP3 Password = REG_BINARY (secret, not shown)  [free, good" in answer.out
    document = mapiwright("hive", "salvage", hive, "--deleted", "--json").document
    keys = {tuple(key["path"]): key for key in document["keys"]}
    assert keys.keys() == {("A",), ("A", "Ж")}
    assert (keys["A",]["space"], keys["A",]["grade"], keys["A",]["rooted"]) == ("free", "likely", True)
    values = {value["name"]: value for value in keys["A",]["values"]}
    assert (values["text"]["type"], values["text"]["hex"], values["text"]["grade"]) == ("REG_SZ", TEXT.hex(), "good")
    data = hive.read_bytes()
    assert data[values["text"]["offset"] + 4 :][:2] == b"vk"
    assert data[keys["A",]["offset"] + 4 :][:2] == b"nk"
    assert (document["groups"], document["loose"]) == ([], [])
    below = mapiwright("hive", "salvage", hive, "--below", "a\\ж", "--json").document["keys"]
    assert [key["path"] for key in below] == [["A", "Ж"]]
    assert "Nothing was found." in mapiwright("hive", "salvage", hive, "--below", "B").out
    out = tmp_path / "out.reg"
    assert mapiwright("hive", "salvage", hive, "--deleted", "--reg", out).code == 0
    text = out.read_bytes().decode("utf-16")
    for said in (
        "[HKEY_CURRENT_USER\\A\\Ж]",
        '"text"="Grüße',
        "; free, path likely, 2024-12-",
        "; POP3 Password: (secret",
    ):
        assert said in text
    assert hive.read_bytes() == data


def test_salvage_needs_no_hive_that_can_be_opened(mapiwright: Mapiwright, hive: Path, tmp_path: Path) -> None:
    data = bytearray(hive.read_bytes())
    data[:4096] = bytes(4096)
    hive.write_bytes(data)
    assert mapiwright("hive", "dump", hive).code == 1
    assert 'text = "Grüße' in mapiwright("hive", "salvage", hive).out
    at = data.index(b"vk", data.index(b"text") - 24)
    data[at + 4 : at + 8] = (200_000).to_bytes(4, "little")
    data[data.index(b"nk", 4096 + 40) + 16] ^= 8
    hive.write_bytes(data)
    torn = mapiwright("hive", "salvage", hive).out
    assert "...\\" in torn, "its parent is not there"
    assert "text = REG_SZ (no data)  [in use, lost" in torn
    out = tmp_path / "out.reg"
    assert mapiwright("hive", "salvage", hive, "--reg", out).code == 0
    assert "its place is not known" in out.read_bytes().decode("utf-16")
    (tmp_path / "nothing").write_bytes(b"nothing")
    assert mapiwright("hive", "salvage", tmp_path / "nothing").out == "Nothing was found.\n"


def test_registry_text_has_no_line_that_a_name_has_made(mapiwright: Mapiwright, tmp_path: Path) -> None:
    """Whoever imports the text of a stranger's hive writes below the key that was named, and nowhere else."""
    trap = "a]\r\n[HKEY_LOCAL_MACHINE]"
    path, out = tmp_path / "trap", tmp_path / "out.reg"
    edits: list[Edit] = [CreateKey((trap,)), SetValue((), trap, 1, b""), SetValue((trap,), "x", 1, b"")]
    path.write_bytes(edit(new_hive(timestamp=NOW), edits, timestamp=NOW))
    for verb in ("dump", "salvage"):
        out.unlink(missing_ok=True)
        assert mapiwright("hive", verb, path, "--reg", out).code == 0
        lines = out.read_bytes().decode("utf-16").splitlines()
        assert [line for line in lines if line.startswith("[")] == ["[HKEY_CURRENT_USER]"]
        assert sum("its name cannot be written here" in line for line in lines) == 2


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


def test_compact_leaves_out_what_was_deleted_and_nothing_else(
    mapiwright: Mapiwright, hive: Path, tmp_path: Path
) -> None:
    gone = edit(hive.read_bytes(), [DeleteValue(("A", "Ж"), "bytes")], timestamp=NOW)
    hive.write_bytes(gone)
    assert "bytes" in mapiwright("hive", "salvage", hive, "--deleted").out
    answer = mapiwright("hive", "compact", hive, "-o", tmp_path / "small.dat")
    assert (answer.code, hive.read_bytes()) == (0, gone)
    assert mapiwright("hive", "diff", hive, tmp_path / "small.dat").code == 0
    assert "Nothing was found" in mapiwright("hive", "salvage", tmp_path / "small.dat", "--deleted").out
    assert mapiwright("hive", "check", tmp_path / "small.dat").code == 0
    assert "What was deleted" not in mapiwright("hive", "compact", hive).out, "nobody agreed"
    assert hive.read_bytes() == gone
    document = mapiwright("hive", "compact", hive, "--yes", "--json").document
    assert document["written"] == str(hive)
    assert hive.with_name(f"{hive.name}.before-compact").read_bytes() == gone
    assert hive.read_bytes() == (tmp_path / "small.dat").read_bytes()
    assert mapiwright("hive", "compact", hive, "--yes").code == 1, "what is kept is not written over"


def test_a_compacted_hive_that_is_another_one_is_not_written(
    mapiwright: Mapiwright, hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = hive.read_bytes()
    monkeypatch.setattr(
        "mapiwright.ui.cli.workstations.hive.compacted",
        lambda data, timestamp: edit(data, [DeleteValue(("A",), "text")], timestamp=timestamp),
    )
    answer = mapiwright("hive", "compact", hive, "--yes")
    assert answer.code == 1
    assert "does not pass the self-check" in answer.err
    assert (hive.read_bytes(), list(hive.parent.glob("*.before-compact"))) == (data, [])
