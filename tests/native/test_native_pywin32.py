"""A script for pywin32 has a compiled service called, where the script or MAPIWRIGHT_HOST says that it may run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.pywin32 import mapi, target
from mapiwright.workstation.change import file_with_parents
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

INF = b"""\
[Services]\r
GOOD=Good\r
[GOOD]\r
PR_DISPLAY_NAME=Good\r
PR_SERVICE_DLL_NAME=good.dll\r
PR_SERVICE_ENTRY_NAME=ServiceEntry\r
"""
SERVER, CONTEXT, VERDICT = 0x6600001E, 0x66800003, 0x6683001E


def test_a_script_configures_a_compiled_service(
    service: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "_MAPI", target._Mapi())
    monkeypatch.setenv(target.HOST, "here")
    workstation = MemoryWorkstation.of(layout(users=["Zoë"]))
    files = workstation.files
    library = service("good").read_bytes()
    for path, data in ((workstation.outlook.inf_path, INF), (r"C:\Windows\System32\good32.dll", library)):
        files.apply(tuple(file_with_parents(files, path, data)))
    mapi.use_workstation(workstation)
    profiles = mapi.MAPIAdminProfiles(0)
    profiles.CreateProfile("Work", None)
    services = profiles.AdminServices("Work").QueryInterface(mapi.IID_IMsgServiceAdmin2)
    uid = services.CreateMsgServiceEx("GOOD", None, 0, 0)
    services.ConfigureMsgService(uid, 0, 0, [(SERVER, b"mail.example")])
    section = services.OpenProfileSection(uid, None, 0)
    assert section.GetProps((CONTEXT, VERDICT, SERVER))[1] == (
        (CONTEXT, 3),
        (VERDICT, b"all well"),
        (SERVER, b"mail.example"),
    )
