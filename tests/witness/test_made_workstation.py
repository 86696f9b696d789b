"""The hives of a made workstation, read by programs that we did not write."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from mapiwright.workstation.kinds.create import create_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
def pc(tmp_path: Path) -> Path:
    create_image(tmp_path / "pc", users=["Zoë Ångström"])
    return tmp_path / "pc"


def test_hivexget_reads_what_kind_of_windows_it_is(pc: Path, witness: Callable[[str], str]) -> None:
    hive = str(pc / "Windows/System32/config/SOFTWARE")
    key = r"Microsoft\Windows NT\CurrentVersion"
    read = subprocess.run([witness("hivexget"), hive, key, "ProductName"], capture_output=True, text=True, check=True)
    assert read.stdout.strip() == "Windows 10 Pro"


def test_reglookup_reads_the_current_control_set(pc: Path, witness: Callable[[str], str]) -> None:
    hive = str(pc / "Windows/System32/config/SYSTEM")
    read = subprocess.run([witness("reglookup"), "-H", hive], capture_output=True, text=True, check=True)
    assert "/Select/Current,DWORD,0x00000001," in read.stdout
    assert "/ControlSet001/Control/Nls/CodePage/ACP,SZ,1252," in read.stdout


def test_python_registry_reads_the_user(pc: Path, witness_module: Callable[[str], ModuleType]) -> None:
    registry = witness_module("Registry.Registry")
    hive = registry.Registry(str(pc / "Users" / "Zoë Ångström" / "NTUSER.DAT"))
    explorer = hive.open(r"Software\Microsoft\Windows\CurrentVersion\Explorer")
    assert explorer.value("Logon User Name").value() == "Zoë Ångström"
