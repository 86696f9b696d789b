"""Laws of what is found where: Wine on this computer, Python in a prefix, and a path as Windows sees it."""

from __future__ import annotations

import os
import struct
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.entry.hosts.wine import LOADERS, WinePython, loader, python, server
from mapiwright.errors import EntryPointError, FormatError, RefusedError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Wine: this is Windows itself")

NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='"*:<>?\\|/'), min_size=1, max_size=12
)
WINDOWS_NAMES = NAMES.filter(
    lambda name: name[-1] not in ". " and name.partition(".")[0].strip().upper() not in {"AUX", "CON", "NUL", "PRN"}
)


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"#!/bin/sh\n")
    path.chmod(0o755)
    return path


def install(prefix: Path, home: str, minor: int) -> Path:
    folder = prefix / "drive_c" / home
    folder.mkdir(parents=True)
    (folder / "python3.dll").touch()
    (folder / f"python3{minor}.dll").touch()
    (folder / "python.exe").touch()
    return folder / "python.exe"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    made = tmp_path / "prefix"
    (made / "drive_c").mkdir(parents=True)
    (made / "dosdevices").mkdir()
    (made / "dosdevices" / "c:").symlink_to("../drive_c")
    (made / "dosdevices" / "z:").symlink_to("/")
    (made / "dosdevices" / "com1").symlink_to("/dev/ttyS0")
    return made


def test_the_loader_that_is_named_goes_before_the_usual_places_and_those_before_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, usual, on_path = (program(tmp_path / name / "wine64") for name in ("named", "usual", "path"))
    monkeypatch.setenv("PATH", str(on_path.parent))
    places = (str(tmp_path / "nowhere"), str(usual))
    assert loader({"WINELOADER": str(named)}, places) == named
    assert loader({}, places) == usual
    assert loader({}, ()) == on_path
    with pytest.raises(RefusedError, match="WINELOADER=/nowhere"):
        loader({"WINELOADER": "/nowhere"}, places)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RefusedError, match="apt install wine64"):
        loader({}, ())
    assert not any("bin/wine" in place and place.startswith("/usr/bin") for place in LOADERS)  # a wrapper on Debian


def test_the_server_is_the_one_beside_the_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wine = program(tmp_path / "lib" / "wine64")
    (tmp_path / "link").symlink_to(wine)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RefusedError, match="wineserver64 or wineserver"):
        server({}, wine)
    on_path = program(tmp_path / "path" / "wineserver")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert server({}, wine) == on_path
    beside = program(wine.parent / "wineserver")  # a wrapper, where the next one is there too
    assert server({}, tmp_path / "link") == beside
    binary = program(wine.parent / "wineserver64")
    assert server({}, wine) == binary
    assert server({"WINESERVER": str(on_path)}, wine) == on_path
    with pytest.raises(RefusedError, match="/nowhere"):
        server({"WINESERVER": "/nowhere"}, wine)


def test_the_newest_python_is_taken_wherever_it_was_installed(prefix: Path) -> None:
    with pytest.raises(RefusedError, match="no Windows Python"):
        python(prefix)
    install(prefix, "Program Files/Python39", 9)
    with pytest.raises(RefusedError, match=r"newest Windows Python is 3\.9 .*expected Python 3\.11"):
        python(prefix)
    for home, minor in (
        ("Python311", 11),
        ("Program Files/Python312", 12),
        ("users/zoë/AppData/Local/Programs/Python/Python313-32", 13),
        ("Program Files (x86)/Python3", 14),
    ):
        newest = install(prefix, home, minor)
        assert python(prefix) == newest
    newest.unlink()
    assert python(prefix).parent.name == "Python313-32"


@given(st.lists(WINDOWS_NAMES, min_size=1, max_size=4))
def test_a_path_is_seen_through_the_nearest_drive(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    prefix = tmp_path_factory.mktemp("prefix")
    (prefix / "drive_c").mkdir()
    (prefix / "dosdevices").mkdir()
    (prefix / "dosdevices" / "z:").symlink_to("/")
    (prefix / "dosdevices" / "c:").symlink_to("../drive_c")
    wine = WinePython(prefix)
    assert wine.path(prefix.joinpath("drive_c", *names)) == str(PureWindowsPath("C:\\", *names))
    assert wine.path(Path("/", "nowhere", *names)) == str(PureWindowsPath("Z:\\", "nowhere", *names))
    (prefix / "dosdevices" / "z:").unlink()
    with pytest.raises(RefusedError, match="no drive"):
        wine.path(Path("/", "nowhere", *names))


@pytest.mark.parametrize(
    "name", ["a:b", "a\\b", "dot.", "space ", "AUX", "nul.txt", "a?", "tab\t", "\udcff", "line\n"]
)
def test_a_name_that_windows_has_not_is_refused(prefix: Path, name: str) -> None:
    with pytest.raises(RefusedError, match="Windows has no file named"):
        WinePython(prefix).path(Path("/nowhere") / name / "x.dll")


def test_a_link_is_followed_before_a_drive_is_chosen(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(prefix / "drive_c")
    assert WinePython(prefix).path(tmp_path / "link" / "x.dll") == "C:\\x.dll"


def test_a_prefix_is_checked_before_anything_is_started(
    prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "started"
    wine = program(tmp_path / "bin" / "wine64")
    wine.write_text(f'#!/bin/sh\necho "$@" >>{started}\nexit 3\n', encoding="utf-8")
    server = program(tmp_path / "bin" / "wineserver64")
    server.write_text(f'#!/bin/sh\necho "$@" >>{started}\nexit 2\n', encoding="utf-8")  # as where one runs already
    monkeypatch.setenv("WINELOADER", str(wine))
    with pytest.raises(RefusedError, match="no Wine prefix"):
        WinePython(tmp_path).prepare()
    with pytest.raises(RefusedError, match="no Windows Python"):
        WinePython(prefix).prepare()
    install(prefix, "Python311", 11)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(RefusedError, match="another user"):
        WinePython(prefix).prepare()
    assert not started.exists()
    monkeypatch.undo()
    monkeypatch.setenv("WINELOADER", str(wine))
    with pytest.raises(EntryPointError, match="does not start: exit status 3"):
        WinePython(prefix).prepare()
    first, second = started.read_text(encoding="utf-8").splitlines()
    assert first == "-p60"  # it stays for the next call
    assert second == "C:\\Python311\\python.exe -I -S -B -X utf8 -c "
    wine.write_text("#!/nowhere/sh\n", encoding="utf-8")
    with pytest.raises(EntryPointError, match="does not start: No such file"):
        WinePython(prefix).prepare()
    wine.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    monkeypatch.setattr("mapiwright.entry.hosts.wine.BOOT", 0.1)
    with pytest.raises(EntryPointError, match=r"does not start: not done after 0\.1 s"):
        WinePython(prefix).prepare()


def test_the_machine_is_what_the_header_of_the_python_says(prefix: Path) -> None:
    executable = install(prefix, "Python311", 11)
    with pytest.raises(FormatError):
        _ = WinePython(prefix).machine
    for machine, name in ((0x14C, "x86"), (0x8664, "x64")):
        executable.write_bytes(smallest_pe(machine))
        assert WinePython(prefix).machine == name


def smallest_pe(machine: int) -> bytes:
    """The headers of a PE file with no section."""
    wide = machine == 0x8664
    optional = struct.pack("<H", 0x20B if wide else 0x10B).ljust(112 if wide else 96, b"\0")
    header = b"PE\0\0" + struct.pack("<HHIIIHH", machine, 0, 0, 0, 0, len(optional), 0x2022)
    return b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + header + optional
