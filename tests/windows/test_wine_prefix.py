"""A real Wine prefix, serviced from Linux: Wine reads what we wrote, and we write what Wine would have written."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from wine_prefix import with_outlook

from mapiwright.entry.hosts.wine import WinePython, python
from mapiwright.errors import BusyError
from mapiwright.formats.wine_text import WineText, order
from mapiwright.formats.wine_values import escaped, value_text
from mapiwright.ui.cli.app import run
from mapiwright.workstation.change import CreateKey, SetValue
from mapiwright.workstation.disk import wine_server
from mapiwright.workstation.kinds.wine import WineWorkstation
from mapiwright.workstation.mounts.wine_hive import WineHive
from mapiwright.workstation.mounts.wine_links import WineLinks
from mapiwright.workstation.registry import KeyPath, Value, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme-mail"
FILES = ("system.reg", "user.reg", "userdef.reg")
USER = KeyPath("HKU", ("S-1-5-21-0-0-0-1000",))

READ = r"""
import json, sys
import winreg as w

ROOTS = {"HKLM": w.HKEY_LOCAL_MACHINE, "HKCU": w.HKEY_CURRENT_USER}
SIDES = {"native": w.KEY_WOW64_64KEY, "x86": w.KEY_WOW64_32KEY}
found = []
for root, path, side in json.loads(sys.argv[1]):
    try:
        key = w.OpenKeyEx(ROOTS[root], path, 0, w.KEY_READ | SIDES[side])
    except OSError:
        found.append(None)
        continue
    keys, values, _ = w.QueryInfoKey(key)
    held = {}
    for number in range(values):
        name, data, kind = w.EnumValue(key, number)
        held[name] = [repr(data), kind]
    found.append([sorted(w.EnumKey(key, number) for number in range(keys)), held])
print(json.dumps(found))
"""
"""Prints the names of subkeys and the values of keys, as a program for Windows sees them."""


class Prefix:
    """A copy of the suite's prefix, with an Outlook, which no server holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wine = WinePython(folder)
        self.uri = f"wine:{folder}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Meanwhile its server runs; when it ends it writes the registry."""
        environment = os.environ | self.wine.environment()
        subprocess.run([environment["WINESERVER"], "-p"], env=environment, check=False)
        try:
            self.wine.prepare()
            yield
        finally:
            subprocess.run([environment["WINESERVER"], "-k"], env=environment, check=False)
            subprocess.run([environment["WINESERVER"], "-w"], env=environment, check=False)

    def call(self, *words: str) -> str:
        """What a program of Windows prints."""
        environment = os.environ | self.wine.environment()
        done = subprocess.run(
            [environment["WINELOADER"], *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.decode("utf-8", "replace")

    def seen(self, *keys: tuple[str, str, str]) -> list[Any]:
        """What winreg sees of keys: the names of subkeys, and the values; None where there is none."""
        windows_python = self.wine.path(python(self.folder))
        found: list[Any] = json.loads(
            self.call(windows_python, "-I", "-S", "-X", "utf8", "-c", READ, json.dumps(keys))
        )
        return found


@pytest.fixture(scope="module")
def pristine(wine: WinePython, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy that others are made of; what is large is not copied, but has a second name."""
    folder = tmp_path_factory.mktemp("prefix") / "pfx"
    copied(wine.prefix, folder)
    with_outlook(folder)
    return folder


@pytest.fixture
def prefix(pristine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prefix:
    folder = tmp_path / "pfx"
    copied(pristine, folder)
    if (folder / "wineserver").is_file():  # so this Wine has its lock elsewhere, and no other one is to be locked out
        monkeypatch.setenv("TMPDIR", os.environ.get("TMPDIR") or str(wine_server.TEMPORARY))
        monkeypatch.setattr(wine_server, "TEMPORARY", tmp_path)
    return Prefix(folder)


def copied(source: Path, target: Path) -> None:
    def place(one: str, other: str) -> None:
        if Path(one).parent == source:
            shutil.copy2(one, other)
            return
        try:
            os.link(one, other)
        except OSError:
            shutil.copy2(one, other)

    shutil.copytree(source, target, symlinks=True, copy_function=place)


@pytest.fixture
def typed(prefix: Prefix, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """``typed("profile", "list")`` on that prefix, as a user types it: the exit code, and what was said."""

    def type_(*words: object) -> tuple[int, str]:
        capsys.readouterr()
        code = run([*map(str, words), "--workstation", prefix.uri])
        said = capsys.readouterr()
        return code, said.out + said.err

    return type_


@pytest.mark.parametrize("name", FILES)
def test_every_line_of_a_real_prefix_is_written_as_wine_wrote_it(wine: WinePython, name: str) -> None:
    data = (wine.prefix / name).read_bytes()
    text = WineText(data)
    places: list[list[bytes]] = []
    values = 0
    for start, path in text.paths():
        names = path.split("\\")
        title = "[" + r"\\".join(escaped(each, "[]") for each in names) + "] "
        assert data.startswith(title.encode(), start)
        places.append([order(each) for each in names])
        lines = text.lines(names)
        for line, value in zip(lines, text.values(names), strict=True):
            assert value_text(value.name, value.type, value.data) == data[line.start : line.end]
            values += 1
        assert [order(line.name) for line in lines] == sorted(order(line.name) for line in lines)
    assert places == sorted(places)
    assert values > {"system.reg": 10_000}.get(name, 10)


def test_an_install_made_from_outside_is_there_for_wine_and_goes_without_a_trace(
    prefix: Prefix, typed: Callable[..., tuple[int, str]]
) -> None:
    before = [WineText((prefix.folder / name).read_bytes()) for name in FILES]
    code, said = typed("install", EXAMPLE, "--yes")
    assert code == 0, said
    profiles = r"Software\Microsoft\Office\16.0\Outlook\Profiles"
    here = WineWorkstation(prefix.folder)
    profile = here.registry.read(USER / profiles / "Acme Mail")
    assert profile is not None
    with prefix.running():
        assert "Acme Mail" in prefix.call("reg", "query", f"HKCU\\{profiles}")
        prefix.call("reg", "export", f"HKCU\\{profiles}", r"C:\profiles.reg", "/y")
        exported = (prefix.folder / "drive_c" / "profiles.reg").read_text("utf-16")
        assert all(f"\\Acme Mail\\{section}]" in exported for section in profile.keys)
        found = prefix.seen(*(("HKCU", rf"{profiles}\Acme Mail\{section}", "native") for section in profile.keys))
        for (keys, values), section in zip(found, profile.keys.values(), strict=True):
            assert keys == []
            assert values.keys() == section.values.keys()
            for name, value in section.values.items():
                data, kind = values[name]
                assert kind == value.type
                assert kind != 3 or data == repr(value.data)
        (listed,) = prefix.seen(("HKLM", r"Software\Microsoft\Windows\CurrentVersion\Uninstall\acme-mail", "native"))
        assert listed[1]["DisplayName"][0] == repr("Acme Mail for Outlook")
    code, said = typed("status", "acme-mail")
    assert code == 0, f"after Wine wrote its files: {said}"
    assert typed("uninstall", "acme-mail", "--yes")[0] == 0
    after = [WineText((prefix.folder / name).read_bytes()) for name in FILES]
    for old, new, name in zip(before, after, FILES, strict=True):
        ours = {path: new.values(path.split("\\")) for _, path in new.paths() if "acme" in path.lower()}
        assert not ours, name
        if name != "user.reg":  # what the session of a Windows leaves, Wine itself writes
            assert new.paths()[-1][1] == old.paths()[-1][1]
    assert after[1].subkeys(tuple(profiles.split("\\"))) in {None, ()}


ODD = {
    "": Value.sz("the default value"),
    "text": Value.sz('Grüße, 世界 \N{GRINNING FACE} "\\" \x01' + "7\x7f\t"),
    "expand": Value.expand_sz(r"%SystemRoot%\x"),
    "many": Value.multi_sz(["one", "two"]),
    "number": Value.dword(0x80000001),
    "big": Value.binary(bytes(range(256)) * 200),
    "none": Value(0, b""),
    "strange": Value(0x7FFF0012, b"\1\2\3"),
    "\ud83dx": Value.binary(b"lone"),
    "[ÄÖÜ] ß µ 名前 \x02" + "1": Value.dword(1),
}


def test_wine_reads_every_sort_of_value_as_we_wrote_it_and_writes_it_again_alike(prefix: Prefix) -> None:
    here = WineWorkstation(prefix.folder)
    key = USER / "Software" / "Acme [x] 名前"
    here.registry.apply([CreateKey(key), *(SetValue(key, name, None, value) for name, value in ODD.items())])
    written = (prefix.folder / "user.reg").read_bytes()
    path = tuple(key.parts[1:])
    with prefix.running():
        (found,) = prefix.seen(("HKCU", "\\".join(path), "native"))
        assert found[1].keys() == ODD.keys()
        assert found[1]["text"] == [repr(ODD["text"].text), 1]
        assert found[1]["many"] == [repr(["one", "two"]), 7]
        assert found[1]["big"] == [repr(ODD["big"].data), 3]
        assert found[1]["strange"][1] == 0x7FFF0012
        prefix.call("reg", "add", r"HKCU\Software\Touched", "/f")  # so that the file is written
    again = (prefix.folder / "user.reg").read_bytes()
    assert b"[Software\\\\Touched]" in again
    assert lines_of(again, path) == lines_of(written, path)


def lines_of(data: bytes, path: tuple[str, ...]) -> bytes:
    (block,) = WineText(data).blocks(path)
    return data[block.start : block.end]


PLACES = (
    r"Software",
    r"Software\Acme",
    r"Software\Classes",
    r"Software\Classes\CLSID",
    r"Software\Classes\Interface",
    r"Software\Classes\Wow6432Node",
    r"Software\Classes\Wow6432Node\CLSID",
    r"Software\Clients",
    r"Software\Microsoft",
    r"Software\Microsoft\Clients",
    r"Software\Microsoft\Windows NT\CurrentVersion\ProfileList",
    r"Software\Microsoft\Windows NT\CurrentVersion\Time Zones",
    r"Software\Microsoft\Windows\CurrentVersion",
    r"Software\Policies",
    r"Software\Wow6432Node",
    r"Software\Wow6432Node\Microsoft",
    r"System\CurrentControlSet\Control\Nls",
    r"System\Select",
)


def test_both_sides_of_wow64_and_links_lead_where_wine_goes(prefix: Prefix) -> None:
    asked = [("HKLM", path, side.value) for path in PLACES for side in View]
    with prefix.running():
        seen = prefix.seen(*asked)
    here = WineWorkstation(prefix.folder)
    for (_, path, side), found in zip(asked, seen, strict=True):
        names = here.registry.subkeys(KeyPath.parse(rf"HKLM\{path}", View(side)))
        assert (sorted(names) if names is not None else None) == (found[0] if found else None), (path, side)
    links = WineLinks({KeyPath("HKLM"): WineHive(prefix.folder / "system.reg")})
    classes = links(KeyPath.parse(r"HKLM\Software\Classes\CLSID", View.X86))
    assert str(classes) == r"HKLM\Software\Classes\Wow6432Node\CLSID"


def test_a_server_that_runs_is_noted_for_readers_and_stops_a_writer_until_the_remedy_is_typed(
    prefix: Prefix, typed: Callable[..., tuple[int, str]]
) -> None:
    with prefix.running():
        code, said = typed("workstation", "show")
        assert code == 0
        assert "MW3010" in said
        before = [(prefix.folder / name).read_bytes() for name in FILES]
        code, said = typed("install", EXAMPLE, "--yes")
        assert code == 1
        assert "Wine runs in this prefix" in said
        assert f"{prefix.folder}, process " in said
        assert [(prefix.folder / name).read_bytes() for name in FILES] == before
        remedy = said.partition("end all at once: ")[2].splitlines()[0]
        variable, *command = shlex.split(remedy)
        name, _, value = variable.partition("=")
        environment = os.environ | prefix.wine.environment() | {name: value}
        command[0] = environment["WINESERVER"]
        assert subprocess.run(command, env=environment, check=False).returncode == 0
        for _ in range(100):
            code, said = typed("install", EXAMPLE, "--yes")
            if "Wine runs in this prefix" not in said:
                break
        assert code == 0, said


def test_no_server_starts_while_a_run_writes(prefix: Prefix) -> None:
    here = WineWorkstation(prefix.folder)
    environment = os.environ | prefix.wine.environment()
    with here.state.lock():
        started = subprocess.run(
            [environment["WINESERVER"], "-p"], env=environment, check=False, capture_output=True, timeout=60
        )
        assert started.returncode != 0
        other = subprocess.run(
            [sys.executable, "-c", HOLD, str(prefix.folder)], capture_output=True, text=True, check=False
        )
        assert other.stdout.strip() == f"{BusyError.__name__}: another run is changing this workstation"
    with prefix.running():
        assert "Select" in prefix.call("reg", "query", r"HKLM\System")


HOLD = """
import sys
from pathlib import Path
from mapiwright.errors import BusyError
from mapiwright.workstation.kinds.wine import WineWorkstation
try:
    with WineWorkstation(Path(sys.argv[1])).state.lock():
        print("held")
except BusyError as error:
    print(f"{type(error).__name__}: {error.what}")
"""
