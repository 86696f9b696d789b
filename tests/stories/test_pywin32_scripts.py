"""Scripts as they are published for pywin32 run as they are, by ``python -m mapiwright.pywin32``."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from mapiwright.pywin32 import __main__ as runner
from mapiwright.pywin32 import emsabtags, mapi, mapitags, mapiutil, pythoncom, pywintypes, target

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = '''\
"""Which profile is this session's? As scripts ask it: the row of the subsystem in the status table."""
import sys
import pythoncom, pywintypes
from win32com.mapi import mapi, mapiutil
from win32com.mapi.mapitags import PR_DISPLAY_NAME_A, PR_RESOURCE_TYPE
import win32com.mapi.emsabtags as emsabtags
import beside

MAPI_SUBSYSTEM = 39
mapi.MAPIInitialize(None)
mapi.MAPIAdminProfiles(0).CreateProfile(sys.argv[1], None)
session = mapi.MAPILogonEx(0, sys.argv[1], None, mapi.MAPI_EXTENDED | mapi.MAPI_NEW_SESSION)
assert isinstance(session, pythoncom.TypeIIDs[mapi.IID_IMAPISession])
restriction = (mapi.RES_PROPERTY, (mapi.RELOP_EQ, PR_RESOURCE_TYPE, (PR_RESOURCE_TYPE, MAPI_SUBSYSTEM)))
rows = mapi.HrQueryAllRows(session.GetStatusTable(0), (PR_DISPLAY_NAME_A,), restriction, None, 0)
print(rows[0][0][1].decode("mbcs"), mapiutil.prTable[PR_RESOURCE_TYPE], beside.HERE, __name__)
session.Logoff(0, 0, 0)
mapi.MAPIUninitialize()
'''


def ran(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mapiwright.pywin32", *map(str, words)],
        env={**os.environ, "MAPIWRIGHT_WORKSTATION": "memory:", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("form", ["file", "package"])
def test_a_published_script_runs_as_it_is(tmp_path: Path, form: str) -> None:
    place = tmp_path / ("whoami.py" if form == "file" else "whoami/__main__.py")
    place.parent.mkdir(exist_ok=True)
    place.write_text(SCRIPT, encoding="utf-8")
    (place.parent / "beside.py").write_text("HERE = 'beside'\n", encoding="ascii")
    ended = ran(place if form == "file" else place.parent, "Café")
    assert (ended.stderr, ended.stdout) == ("", "Café PR_RESOURCE_TYPE beside __main__\n")


@pytest.mark.parametrize("words", [(), ("-m",), ("/nowhere.py",)])
def test_what_cannot_be_run_is_told_with_the_usage(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match=r"usage: python -m mapiwright\.pywin32 SCRIPT"):
        runner.run(list(words))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has the codec itself")
def test_mbcs_is_the_code_page_of_the_workstation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_MAPI", target._Mapi())
    assert "Café €".encode("mbcs") == "Café €".encode("cp1252")
    mapi.use_workstation("memory:")
    monkeypatch.setattr(type(target.workspace().workstation), "code_page", "cp1251")
    assert b"\xcf\xf0\xe8\xe2\xe5\xf2".decode("mbcs") == "Привет"


def test_the_tables_of_names_are_filled() -> None:
    assert mapiutil.prTable[mapitags.PR_DISPLAY_NAME_W] == "PR_DISPLAY_NAME_W"
    assert mapiutil.ptTable[mapitags.PT_BINARY] == "PT_BINARY"
    assert mapiutil.mapiErrorTable[mapi.MAPI_E_NOT_FOUND] == "MAPI_E_NOT_FOUND"
    with pytest.raises(AttributeError):
        mapiutil.noTable  # noqa: B018 - the attribute is the test
    with pytest.raises(AttributeError):
        pythoncom.NoSuchName  # noqa: B018 - the same


def test_every_interface_has_its_type() -> None:
    assert {kind.__name__ for kind in pythoncom.TypeIIDs.values()} >= {"PyIProfAdmin", "PyIMsgServiceAdmin2"}
    assert all(kind.interface == iid for iid, kind in pythoncom.TypeIIDs.items())  # type: ignore[attr-defined]


@pytest.mark.skipif(find_spec("pywintypes") is not None, reason="pywin32's own types are tested by pywin32")
def test_a_time_is_made_of_what_scripts_have() -> None:
    wanted = datetime(2026, 11, 30, 12, 0, 5, tzinfo=UTC)
    assert pywintypes.Time(wanted.timestamp()) == wanted
    assert pywintypes.Time((2026, 11, 30, 12, 0, 5, 0, 334, 0)) == wanted
    assert pywintypes.Time(wanted) is wanted
    with pytest.raises(TypeError, match="can not be used as a time object"):
        pywintypes.Time("noon")


def test_the_tags_of_the_address_book_are_there() -> None:
    assert emsabtags.PR_EMS_AB_MANAGER_W == 0x8005001F
    assert emsabtags.PR_EMS_AB_PROXY_ADDRESSES == 0x800F101F
