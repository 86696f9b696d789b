"""Nothing writes Mapiwright's own records but the transaction itself, by whatever spelling."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import RefusedError, UsageError
from mapiwright.message import Message
from mapiwright.setup.package.destination import fault_of_destination
from mapiwright.transaction.plans.own_ground import is_ours, refuse_own_records
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import MakeFolder, RemoveFolder, ReplaceAtRestart, WriteFile
from mapiwright.workstation.files import split
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout

if TYPE_CHECKING:
    from pathlib import Path

OWN = split(r"C:\ProgramData\Mapiwright")
OURS = [
    r"C:\ProgramData\Mapiwright\receipts\20260101T000000-0bad.json",
    r"C:\ProgramData\Mapiwright\journal",
    r"c:\PROGRAMDATA\mapiwright\lock",
    r"C:/ProgramData/Mapiwright/log",
    r"C:\ProgramData\Mapiwright.\journal",
    r"C:\ProgramData \Mapiwright . .\journal",
    r"C:\ProgramData\Mapiwright:hidden",
    r"C:\ProgramData\Mapiwright::$INDEX_ALLOCATION\journal",
    r"C:\ProgramData\Mapiwright\journal::$DATA",
    r"C:\PROGRA~3\Mapiwright\journal",
    r"C:\ProgramData\MAPIWR~1\journal",
    r"C:\progra~3\mapiwr~12.\journal",
    r"C:\ProgramData\MA1B2C~1\journal",
    r"C:\ProgramData\Mapiwright\services:x\ACME\record.json",
    r"C:\ProgramData\Mapiwright\SERVIC~1\ACME\record.json",
    r"C:\ProgramData\MAPIWR~1\services\ACME\record.json",
    r"C:\ProgramData\Mapiwright\services\ACME.\record.json",
    r"C:\ProgramData\Mapiwright\services\ACME\record.json:x",
    r"C:\Users\anna\AppData\Local\Mapiwright\receipts\x.json",
    r"C:\Users\anna\APPDAT~1\Local\MAPIWR~1\journal",
    r"D:\Profiles\anna\AppData\Local\Mapiwright\journal",
]
OTHERS = [
    r"C:\ProgramData\Mapiwright2\journal",
    r"C:\ProgramData\..Mapiwright\journal",
    r"C:\ProgramData\Acme\Mapiwright\journal",
    r"C:\ProgramData\ACMEMA~1\x",
    r"C:\Windows\System32\mapiwright.dll",
    r"C:\Program Files\Mapiwright\x",
    r"C:\ProgramData",
]


@pytest.mark.parametrize("path", OURS)
def test_a_plan_may_not_write_our_records(path: str) -> None:
    pc = MemoryWorkstation.of(layout(users=["anna"]))
    for change in (WriteFile(path, None, b"x"), ReplaceAtRestart(path, None, b"x"), MakeFolder(path)):
        plan = Plan("install", Message.literal("x"), (Leg(Message.literal("x"), (change,)),))
        with pytest.raises(RefusedError, match="no plan writes them"):
            execute(plan, pc)


@pytest.mark.parametrize("path", OTHERS)
def test_what_is_not_ours_is_a_plans_to_write(path: str) -> None:
    assert not is_ours(path, OWN)
    refuse_own_records([WriteFile(path, None, b"x")], MemoryWorkstation.of(layout()))


def test_the_records_of_services_are_a_plans_and_our_folder_is_made_by_it() -> None:
    pc = MemoryWorkstation.of(layout())
    folder = pc.state_folder
    refuse_own_records(
        [
            MakeFolder(folder),
            MakeFolder(rf"{folder}\services"),
            WriteFile(rf"{folder}\services\ACME\standin\..x.py", None, b""),
            RemoveFolder(rf"{folder}\services"),
        ],
        pc,
    )


@pytest.mark.parametrize("name", ["Mapiwright", "MAPIWRIGHT", "MAPIWR~1", "MA0B1C~2"])
def test_a_package_that_writes_there_is_told_so_when_it_is_checked(name: str) -> None:
    fault = fault_of_destination(f"{{program_data}}/{name}/receipts/x.json")
    assert fault == "Mapiwright keeps its own records there"
    assert fault_of_destination(f"{{program_data}}/Acme/{name}/x.json") is None


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_no_link_leads_a_plan_there(tmp_path: Path) -> None:
    create_image(tmp_path / "pc")
    (tmp_path / "pc" / "ProgramData" / "Mapiwright" / "receipts").mkdir(parents=True)
    (tmp_path / "pc" / "Windows" / "in").symlink_to("../ProgramData/Mapiwright/receipts")
    pc = ImageWorkstation(tmp_path / "pc")
    with pytest.raises(RefusedError, match="into Mapiwright's own folder"):
        pc.files.apply([WriteFile(r"C:\Windows\in\x.json", None, b"x")])
    assert not [*(tmp_path / "pc" / "ProgramData" / "Mapiwright" / "receipts").iterdir()]


@pytest.mark.parametrize("path", ["", "..", r"\\server\share", r"C:\.\x", r"C:x"])
def test_what_is_no_path_of_windows_is_no_defect(path: str) -> None:
    with pytest.raises(UsageError):
        is_ours(path, OWN)
