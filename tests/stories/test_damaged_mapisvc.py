"""A MAPISVC.INF with a fault of somebody else: it stands, all others work, and who needs it gets file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from screen_walks import keys, panel_on, push, sees, walk

from mapiwright.workstation.change import WriteFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Mapiwright = Callable[..., Any]

ORPHAN = b"[Services]\r\nORPHAN=Nobody's\r\n"
OTHER = b"[OTHER]\r\nPR_DISPLAY_NAME=Other\r\nPR_SERVICE_DLL_NAME=ot\0her.dll\r\n\r\n"
NAMED = b"[Services]\r\nOTHER=\r\n"
FAULTS = {
    "ORPHAN": [(b"[Services]\r\n", ORPHAN)],
    "OTHER": [(b"[Default Services]", OTHER + b"[Default Services]"), (b"[Services]\r\n", NAMED)],
}
"""What somebody did to the file: a line in [Services] that leads nowhere, a NUL in the section of another vendor."""


def damage(inf: Path, service: str) -> str:
    """Do it."""
    data = inf.read_bytes()
    for old, new in FAULTS[service]:
        assert old in data
        data = data.replace(old, new, 1)
    inf.write_bytes(data)
    return service


def line_of(inf: Path, service: str) -> int:
    """The number of the line that is at fault."""
    data = inf.read_bytes()
    return data[: data.index(b"ORPHAN=" if service == "ORPHAN" else b"PR_SERVICE_DLL_NAME=ot\0")].count(b"\n") + 1


@pytest.mark.parametrize("which", FAULTS)
def test_a_fault_of_somebody_else_stands(
    mapiwright: Mapiwright, workstation_folder: Path, acme: Path, which: str
) -> None:
    inf = next(path for path in workstation_folder.rglob("*") if path.name.upper() == "MAPISVC.INF")
    service = damage(inf, which)
    before = inf.read_bytes()
    assert mapiwright("install", acme, "--yes").code == 0
    line = line_of(inf, service)
    assert mapiwright("install", acme, "--yes").code == 0, "nothing to do"

    listed = mapiwright("service", "list")
    assert "ACME: Acme Mail" in listed.out
    assert f"MAPISVC.INF:{line}: " in listed.out
    rows = {row["name"]: row for row in mapiwright("service", "list", "--json").document["services"]}
    assert {name for name, row in rows.items() if row["findings"]} == {service}
    assert rows[service]["findings"][0]["line"] == line
    assert mapiwright("service", "show", "ACME").code == 0
    shown = mapiwright("service", "show", service)
    assert (shown.code, f"MAPISVC.INF:{line}: error" in shown.err) == (1, True)
    added = mapiwright("profile", "add-service", "Acme Mail", service, "--yes")
    assert (added.code, f"MAPISVC.INF:{line}: error" in added.err) == (1, True)
    assert mapiwright("profile", "add-service", "Acme Mail", "CONTAB", "--yes").code == 0
    found = mapiwright("doctor", "--json").document["doctor"]["findings"]
    assert line in [each["line"] for each in found if each["where"].endswith("MAPISVC.INF")]

    removed = mapiwright("uninstall", "acme-mail", "--profiles", "remove", "--yes")
    assert removed.code == 0, removed.err
    assert inf.read_bytes() == before


def test_what_is_no_inf_is_refused_with_its_name_and_line(
    mapiwright: Mapiwright, workstation_folder: Path, acme: Path
) -> None:
    assert mapiwright("install", acme, "--yes").code == 0
    inf = next(path for path in workstation_folder.rglob("*") if path.name.upper() == "MAPISVC.INF")
    inf.write_bytes(inf.read_bytes().decode("cp1252").encode("utf-16-le"))
    before = inf.read_bytes()
    for words in (["service", "list"], ["service", "show", "ACME"], ["uninstall", "acme-mail", "--yes"]):
        refused = mapiwright(*words)
        assert refused.code == 1
        assert "MAPISVC.INF: line 1: a NUL character" in refused.err, words
    assert inf.read_bytes() == before


def test_the_panel_lists_all_services_and_says_what_is_wrong_with_one(desk: Any) -> None:
    files, path = desk.workstation.files, desk.workstation.outlook.inf_path
    data = files.read(path)
    assert b"[Services]\r\n" in data
    files.apply([WriteFile(path, data, data.replace(b"[Services]\r\n", ORPHAN, 1))])
    walk(
        panel_on(desk),
        push("#services"),
        sees("Nobody's (ORPHAN)", "Outlook Address Book (CONTAB)"),
        keys("home", "enter"),
        sees("MW1011", "there is no section [ORPHAN]", "MAPISVC.INF:"),
    )
