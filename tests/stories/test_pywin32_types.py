"""The types of pywin32: a script meets the errors, the ids and the names of numbers that it knows from there."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from mapiwright.pywin32 import mapitags, mapiutil, pythoncom, pywintypes
from mapiwright.pywin32.constants import CONSTANTS, signed
from mapiwright.pywin32.iids import IIDS, MAPIUIDFromBinary

if TYPE_CHECKING:
    from pathlib import Path

PROFSECT = "{00020304-0000-0000-C000-000000000046}"
BYTES = bytes.fromhex("0403020000000000c000000000000046")
OURS = pytest.mark.skipif(find_spec("pywintypes") is not None, reason="pywin32's own types are tested by pywin32")


def test_an_error_is_caught_and_taken_apart() -> None:
    with pytest.raises(pythoncom.com_error) as caught:
        raise pythoncom.com_error(CONSTANTS["MAPI_E_NOT_FOUND"], "no such profile", None, None)
    hresult, text, excepinfo, argerror = caught.value.args
    assert (hresult, text, excepinfo, argerror) == (-2147221233, "no such profile", None, None)
    assert caught.value.hresult == -2147221233
    assert caught.value.strerror == "no such profile"
    assert caught.value.excepinfo is caught.value.argerror is None
    assert str(caught.value) == "(-2147221233, 'no such profile', None, None)"
    assert repr(caught.value).startswith("com_error(")
    assert pywintypes.com_error is pywintypes.error is pythoncom.com_error is pythoncom.error is pythoncom.ole_error


def test_an_error_without_details_has_none() -> None:
    error = pywintypes.com_error(1)
    assert (error.args, error.hresult, error.strerror, error.excepinfo, error.argerror) == ((1,), 1, None, None, None)
    assert pywintypes.com_error().args == ()


def test_an_id_is_text_and_bytes() -> None:
    iid = pywintypes.IID(PROFSECT)
    assert str(iid) == PROFSECT
    assert repr(iid) == f"IID('{PROFSECT}')"
    assert bytes(iid) == BYTES
    assert isinstance(iid, pywintypes.IIDType)
    assert type(iid).__name__ == "PyIID"
    assert pywintypes.IID(iid) == iid
    assert pywintypes.IID(PROFSECT.lower().strip("{}")) == iid
    assert pywintypes.IID(BYTES + b"more", True) == iid
    if sys.version_info >= (3, 12):
        assert memoryview(iid) == BYTES


def test_ids_are_equal_by_their_bytes_and_to_nothing_else() -> None:
    iid, same, other = pywintypes.IID(PROFSECT), MAPIUIDFromBinary(BYTES), pywintypes.IID(bytes(16), True)
    assert iid == same == IIDS["IID_IProfSect"]
    assert len({iid, same, other}) == 2
    assert iid not in {other, PROFSECT, BYTES}
    with pytest.raises(TypeError):
        sorted([iid, other])  # type: ignore[type-var]


@OURS
def test_what_is_no_id_is_refused_as_pywin32_does() -> None:
    with pytest.raises(pythoncom.com_error, match="Invalid class string") as caught:
        pywintypes.IID("Outlook.Application")
    assert caught.value.hresult == signed(0x800401F3)
    with pytest.raises(ValueError, match=r"at least 16 bytes \(got 1\)"):
        pywintypes.IID(b"x", True)
    with pytest.raises(TypeError, match="can not be converted to Unicode"):
        pywintypes.IID(BYTES)


@pytest.mark.parametrize("data", [b"", BYTES[:15], BYTES + b"\0"])
def test_a_mapiuid_has_16_bytes(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a valid MAPIUID"):
        MAPIUIDFromBinary(data)


def test_the_section_of_the_profile_itself_is_opened_by_its_id() -> None:
    assert bytes(IIDS["MUID_PROFILE_INSTANCE"]).hex() == "8503020000000000c000000000000046"
    assert bytes(IIDS["pbGlobalProfileSectionGuid"]).hex() == "13dbb0c8aa05101a9bb000aa002fc45a"


def test_com_itself_is_entered_and_left_without_a_deed() -> None:
    pythoncom.CoInitialize()
    pythoncom.CoInitializeEx(pythoncom.COINIT_MULTITHREADED)
    assert pythoncom.CreateGuid() != pythoncom.CreateGuid()
    assert bytes(pythoncom.IID_NULL) == bytes(16)
    assert str(pythoncom.IID_IUnknown) == "{00000000-0000-0000-C000-000000000046}"
    assert pythoncom.MakeIID(PROFSECT) == IIDS["IID_IProfSect"]
    pythoncom.CoUninitialize()


def test_results_have_names() -> None:
    assert mapiutil.GetScodeString(CONSTANTS["MAPI_W_NO_SERVICE"]) == "MAPI_W_NO_SERVICE"
    assert mapiutil.GetScodeString(CONSTANTS["MAPI_E_PROFILE_DELETED"]) == "MAPI_E_PROFILE_DELETED"
    assert pythoncom.GetScodeString(signed(0x8004010F)) == "MAPI_E_NOT_FOUND"
    assert pythoncom.GetScodeString(signed(0x8004DEAD)) == "OLE error 0x8004dead"


def test_flags_are_c_longs() -> None:
    assert CONSTANTS["MAPI_UNICODE"] == -0x80000000
    assert CONSTANTS["SERVICE_SINGLE_COPY"] == 2
    assert CONSTANTS["STATUS_XP_PREFER_LAST"] == 0x10
    assert CONSTANTS["MAPI_TRANSPORT_PROVIDER"] == 36


def test_tags_and_what_is_made_of_them() -> None:
    assert mapitags.PR_DISPLAY_NAME == mapitags.PR_DISPLAY_NAME_W == 0x3001001F
    assert mapitags.PR_DISPLAY_NAME_A == 0x3001001E
    assert mapitags.PR_PST_PATH == mapitags.PR_PST_PATH_A == 0x6700001E
    assert mapitags.PR_EMSMDB_LEGACY == 0x3D18000B
    assert mapitags.CHANGE_PROP_TYPE(mapitags.PR_DISPLAY_NAME, mapitags.PT_ERROR) == 0x3001000A
    assert mapitags.MVI_PROP(mapitags.PR_AB_SEARCH_PATH) == 0x3D053102
    assert mapitags.PT_TSTRING == mapitags.PT_UNICODE == 0x1F
    assert mapitags.PT_MV_TSTRING == 0x101F
    with pytest.raises(AttributeError):
        assert mapitags.PR_NONSENSE


def test_a_value_without_a_type_is_refused() -> None:
    with pytest.raises(ValueError, match="no property type holds a list"):
        mapiutil.SetPropertyValue(Named(), "colour", [])


class Named:
    def GetIDsFromNames(self, names: list[object], flags: int) -> list[int]:
        assert len(names) == flags - 1 == 1
        return [0x80010000]


def test_the_types_of_an_installed_pywin32_are_used(tmp_path: Path) -> None:
    (tmp_path / "pywintypes.py").write_text(
        "class com_error(Exception): pass\nclass IIDType: pass\nclass TimeType: pass\n"
        "def IID(text, is_bytes=False): return text\ndef Time(given): return given\n"
    )
    asked = (
        "import pywintypes\n"
        "from mapiwright.pywin32 import pythoncom\n"
        "assert pythoncom.com_error is pywintypes.com_error\n"
        "assert pythoncom.MakeIID is pywintypes.IID\n"
    )
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run([sys.executable, "-c", asked], check=True, env=os.environ | {"PYTHONPATH": paths})
