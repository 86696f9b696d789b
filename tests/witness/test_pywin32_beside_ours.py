"""One script, run by pywin32's own mapi inside Wine, with a small MAPI of ours behind it, and by mapiwright.pywin32.

It shows that names, argument orders, return shapes and codes are alike. It shows nothing of Outlook's MAPI.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mapiwright
from mapiwright.entry.hosts.wine import python

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.entry.hosts.wine import WinePython

HERE = Path(__file__).parent
SUBSYSTEM = HERE / "subsystem.c"
HEADERS = HERE.parent / "native"
SCRIPT = (HERE / "pywin32_script.txt").read_text(encoding="utf-8")
COMPILER = "x86_64-w64-mingw32-gcc"
OPTIONS = ("-std=c11", "-Os", "-s", "-Wall", "-Wextra", "-Werror", "-shared")
INF = """\
[Services]
DEMO=Demo service
[DEMO]
PR_DISPLAY_NAME=Demo service
PR_SERVICE_DLL_NAME=demo.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
Providers=Demo store, Demo addresses
[Demo store]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_PROVIDER_DISPLAY=Demo store
[Demo addresses]
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_PROVIDER_DISPLAY=Demo addresses
"""
STAND_IN = """\
def service_entry(call):
    if call.context == 3:
        call.service.update(call.properties)
"""
CLIENT = r"Software\Clients\Mail"
OURS = f"""\
from mapiwright.entry.service.record import ServiceRecord, record_changes
from mapiwright.message import Message
from mapiwright.pywin32 import mapi, mapitags, mapiutil, pythoncom
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import PlanSubject, Role, Terms
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.kinds.open import open_workstation


class StandIn:
    entry = "demo:service_entry"
    deadline = 60.0
    sources = {{"demo.py": {STAND_IN.encode()!r}}}


here = open_workstation("memory:")
inf = here.outlook.inf_path
here.files.apply([WriteFile(inf, here.files.read(inf), {INF.encode()!r})])
record = ServiceRecord.of("DEMO", package="demo", version="1", stand_in=StandIn())
kept = Leg(Message.literal("record"), record_changes(here, record, StandIn.sources))
execute(Plan("keep", kept.title, (kept,), Terms(subject=PlanSubject("demo", Role.BEGINS))), here)
mapi.use_workstation(here)
"""
THEIRS = rf"""
import atexit
import sys

sys.path[:0] = [r"C:\pywin32", r"C:\pywin32\win32", r"C:\pywin32\win32\lib"]
import pythoncom
import winreg
from win32com.mapi import mapi, mapitags, mapiutil

with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, r"{CLIENT}") as clients:
    before = winreg.QueryValue(clients, None)
    with winreg.CreateKey(clients, "Mapiwright tests") as client:
        for name in ("DLLPathEx", "DLLPath"):
            winreg.SetValueEx(client, name, 0, winreg.REG_SZ, sys.argv[1])
    winreg.SetValueEx(clients, "", 0, winreg.REG_SZ, "Mapiwright tests")


@atexit.register
def restore():
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, r"{CLIENT}") as clients:
        winreg.SetValueEx(clients, "", 0, winreg.REG_SZ, before)
        winreg.DeleteKey(clients, "Mapiwright tests")


"""


THEIR_TYPES = r"""
import sys

sys.path[:0] = [*sys.argv[1:], r"C:\pywin32\win32", r"C:\pywin32\win32\lib"]
import pywintypes

assert "pywintypes311.dll" in pywintypes.__file__.lower()
"""


def told(command: list[str], environment: dict[str, str] | None = None) -> list[str]:
    """The lines that a script prints."""
    ended = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.splitlines()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the script prints with mapiwright.pywin32 on this system."""
    script = tmp_path_factory.mktemp("ours") / "ours.py"
    script.write_text(OURS + SCRIPT, encoding="utf-8")
    return told([sys.executable, "-X", "utf8", "-W", "error", str(script)])


@pytest.fixture
def in_wine(wine: WinePython, tmp_path: Path) -> Callable[..., list[str]]:
    """``in_wine(text, *words)`` is what a script prints in a Windows Python."""

    def run(text: str, *words: str) -> list[str]:
        script = tmp_path / "script.py"
        script.write_text(text, encoding="utf-8")
        start = [wine.environment()["WINELOADER"], wine.path(python(wine.prefix)), "-X", "utf8"]
        return told([*start, wine.path(script), *words], os.environ | wine.environment())

    return run


def test_a_script_prints_the_same_with_pywin32_and_with_ours(
    in_wine: Callable[..., list[str]],
    ours: list[str],
    wine: WinePython,
    tmp_path: Path,
    witness: Callable[[str], str],
) -> None:
    library = tmp_path / "subsystem.dll"
    subprocess.run(
        [witness(COMPILER), *OPTIONS, "-I", str(HEADERS), "-o", str(library), str(SUBSYSTEM)],
        check=True,
    )
    assert len(ours) > 100
    assert ours == in_wine(THEIRS + SCRIPT, wine.path(library))


def test_on_windows_ours_works_with_the_errors_and_the_types_of_pywin32(
    in_wine: Callable[..., list[str]], ours: list[str], wine: WinePython
) -> None:
    """Its com_error is raised, its IIDs and times are handed out and taken."""
    folders = [Path(mapiwright.__file__).parents[1], Path(sysconfig.get_path("purelib"))]
    same = "import pywintypes as theirs; assert pythoncom.com_error is theirs.com_error\n"
    assert ours == in_wine(THEIR_TYPES + OURS + same + SCRIPT, *map(wine.path, folders))
