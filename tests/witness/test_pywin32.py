"""pywin32's own modules beside ours: the same values under every shared name, and no name of administration missing.

``mapitags`` and ``mapiutil`` are Python, and run here from its wheel. ``mapi`` is a Windows library: what it exports
was listed once, under Wine, and stands in pywin32_names.json.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from datetime import datetime
from importlib.util import module_from_spec, spec_from_file_location
from inspect import isfunction
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from mapiwright.pywin32 import emsabtags, mapi, mapitags, mapiutil, pythoncom, target
from mapiwright.pywin32.constants import CONSTANTS
from mapiwright.pywin32.constants import OURS as OUR_CONSTANTS
from mapiwright.pywin32.iids import IIDS
from mapiwright.pywin32.iids import OURS as OUR_IIDS
from mapiwright.pywin32.profadmin import PyIProfAdmin
from mapiwright.pywin32.profsect import PyIMAPIProp, PyIProfSect
from mapiwright.pywin32.provideradmin import PyIProviderAdmin
from mapiwright.pywin32.services import PyIMsgServiceAdmin, PyIMsgServiceAdmin2
from mapiwright.pywin32.session import PyIMAPISession
from mapiwright.pywin32.sink import PyIMAPIAdviseSink
from mapiwright.pywin32.table import PyIMAPITable
from mapiwright.pywin32.unknown import PyIAdministered, PyIObject, PyIUnknown

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / "build" / "witnesses"
WHEEL = "pywin32-312-cp311-cp311-win_amd64.whl"
SHA256 = "d11417d84412f859b722fad0841b3614459ed0047f7542d8362e77884f6b6e8a"
LISTED = json.loads((HERE / "pywin32_names.json").read_bytes())


def download() -> Path | None:
    """The wheel, fetched once: pip installs no wheel of Windows here, but hands it out."""
    kept = CACHE / WHEEL
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            pip = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--retries",
                "1",
                "--dest",
                folder,
            ]
            built = ["--only-binary", ":all:", "--platform", "win_amd64", "--python-version", "3.11"]
            subprocess.run([*pip, *built, "pywin32==312"], check=False, capture_output=True)
            fetched = Path(folder) / WHEEL
            if not fetched.exists():
                return None
            assert hashlib.sha256(fetched.read_bytes()).hexdigest() == SHA256
            fetched.replace(kept)  # another worker may have done it meanwhile
    return kept


@pytest.fixture(scope="module")
def wheel() -> Path | None:
    return download()


@pytest.fixture
def theirs(
    wheel: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, witness_absent: Callable[[str], None]
) -> ModuleType:
    """Their package ``mapi`` with its mapitags and mapiutil; what these import of Windows are stand-ins."""
    if wheel is None:
        witness_absent(WHEEL)
    assert wheel is not None
    with ZipFile(wheel) as archive:
        for name in ("mapitags", "mapiutil", "emsabtags"):
            archive.extract(f"win32comext/mapi/{name}.py", tmp_path)
    package = ModuleType("theirs")
    package.__path__ = [str(tmp_path / "win32comext/mapi")]
    for name, stand_in in {
        "theirs": package,
        "theirs.mapi": made("mapi", PS_PUBLIC_STRINGS=IIDS["PS_PUBLIC_STRINGS"], **CONSTANTS),
        "pythoncom": made("pythoncom", GetScodeString=pythoncom.GetScodeString),
        "pywintypes": made("pywintypes", TimeType=datetime),
    }.items():
        monkeypatch.setitem(sys.modules, name, stand_in)
    for name in ("mapitags", "mapiutil", "emsabtags"):
        spec = spec_from_file_location(f"theirs.{name}", tmp_path / f"win32comext/mapi/{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, f"theirs.{name}", module)
        setattr(package, name, module)
        spec.loader.exec_module(module)
    return package


def made(name: str, **content: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(content)
    return module


def numbers(module: ModuleType) -> dict[str, int]:
    return {name: value for name, value in vars(module).items() if isinstance(value, int) and name[:2] != "__"}


def test_a_tag_has_the_value_that_pywin32_gives_its_name(theirs: ModuleType) -> None:
    known = numbers(theirs.mapitags)
    assert len(known) > 900
    ours = numbers(mapitags)
    assert {name: ours.get(name) for name in known} == known
    assert {name for name, value in vars(theirs.mapitags).items() if callable(value)} <= set(vars(mapitags))


def test_a_tag_of_the_address_book_has_the_value_that_pywin32_gives_its_name(theirs: ModuleType) -> None:
    known = numbers(theirs.emsabtags)
    assert len(known) > 800
    ours = numbers(emsabtags)
    assert {name: ours.get(name) for name in known} == known


def test_tags_are_taken_apart_and_put_together_alike(theirs: ModuleType) -> None:
    for name in ("PR_DISPLAY_NAME", "PR_SERVICE_UID", "PR_EMSMDB_SECTION_UID"):
        tag = getattr(mapitags, name)
        for scope in ("PROP_ID", "PROP_TYPE"):
            assert getattr(mapitags, scope)(tag) == getattr(theirs.mapitags, scope)(tag)
        assert theirs.mapitags.PROP_TAG(mapitags.PROP_TYPE(tag), mapitags.PROP_ID(tag)) == tag
        assert mapitags.PROP_TAG(mapitags.PROP_TYPE(tag), mapitags.PROP_ID(tag)) == tag


def test_a_tag_is_called_by_the_name_that_pywin32_calls_it_or_by_one_that_means_the_same(theirs: ModuleType) -> None:
    tags = {value for name, value in numbers(theirs.mapitags).items() if name.startswith("PR_")}
    called = {tag: (mapiutil.GetPropTagName(tag), theirs.mapiutil.GetPropTagName(tag)) for tag in tags}
    for tag, (ours, other) in called.items():
        assert ours == other or getattr(mapitags, ours) == tag, f"{tag:08X} is {ours}, and {other} in pywin32"
    assert sum(ours != other for ours, other in called.values()) < 60, "those with two names"


@pytest.mark.parametrize("tag", [0x3001000A, 0x3001, 0x3D09000A, 0x5FFE0003, -5, 0x66000003, 0x6602000A, 0, 1])
def test_other_numbers_are_called_as_pywin32_calls_them(theirs: ModuleType, tag: int) -> None:
    assert mapiutil.GetPropTagName(tag) == theirs.mapiutil.GetPropTagName(tag)


def test_types_and_results_are_called_as_pywin32_calls_them(theirs: ModuleType) -> None:
    for kind in (*numbers(theirs.mapitags).values(), 0x0102, 0x1102, 0x7777):
        if kind in range(0x2000):
            for raw in (True, False):
                assert mapiutil.GetMapiTypeName(kind, raw) == theirs.mapiutil.GetMapiTypeName(kind, raw)
    for code in (CONSTANTS["MAPI_E_NOT_FOUND"], CONSTANTS["MAPI_W_ERRORS_RETURNED"], 0, -5):
        assert mapiutil.GetScodeString(code) == theirs.mapiutil.GetScodeString(code)


def test_properties_are_asked_for_and_set_with_the_calls_that_pywin32_makes(theirs: ModuleType) -> None:
    """A recorder stands where a MAPI object would; both helpers are given the same work."""
    heard = []
    for helpers in (theirs.mapiutil, mapiutil):
        held = Recorder()
        answers = [
            helpers.GetProperties(held, mapitags.PR_DISPLAY_NAME),
            helpers.GetProperties(held, [mapitags.PR_DISPLAY_NAME, mapitags.PR_RESOURCE_FLAGS]),
            helpers.GetProperties(held, mapitags.PR_COMMENT),
            helpers.GetProperties(held, "colour"),
            helpers.GetAllProperties(held),
            helpers.GetAllProperties(held, False),
        ]
        helpers.SetPropertyValue(held, mapitags.PR_DISPLAY_NAME, "b")
        helpers.SetPropertyValue(held, mapitags.PR_DISPLAY_NAME, None)
        helpers.SetPropertyValue(held, "colour", "red")
        helpers.SetPropertyValue(held, "size", 2.5)
        helpers.SetPropertyValue(held, "open", True)
        helpers.SetProperties(held, {mapitags.PR_RESOURCE_FLAGS: 3, "colour": "blue", "size": 7})
        helpers.SetProperties(held, {mapitags.PR_RESOURCE_FLAGS: 4})
        heard.append((answers, held.heard))
    assert heard[0] == heard[1]


class Recorder:
    """A property object that remembers who asked it what; questions for the names of ids are its own affair."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.names = {"colour": 0x8001, "size": 0x8002, "open": 0x8003}
        self.values = {
            mapitags.PR_DISPLAY_NAME: "a",
            mapitags.PR_RESOURCE_FLAGS: 1,
            0x80010000: "green",
            0x8001001F: "green",
            0x8002001F: None,
        }

    def GetPropList(self, flags: int) -> list[int]:
        assert flags == 0
        return [tag for tag in self.values if tag != 0x80010000]

    def GetProps(self, tags: list[int], flags: int = 0) -> tuple[int, list[tuple[int, Any]]]:
        self.heard.append(("get", list(tags), flags))
        absent = any(tag not in self.values for tag in tags)
        return CONSTANTS["MAPI_W_ERRORS_RETURNED"] if absent else 0, [(tag, self.values.get(tag)) for tag in tags]

    def SetProps(self, values: Any) -> None:
        self.heard.append(("set", [tuple(value) for value in values]))

    def DeleteProps(self, tags: Any) -> None:
        self.heard.append(("delete", list(tags)))

    def GetIDsFromNames(self, names: Any, flags: int) -> list[int]:
        self.heard.append(("ids", [name for _, name in names], flags))
        return [self.names[name] << 16 for _, name in names]

    def GetNamesFromIDs(self, tags: Any) -> tuple[int, Any, list[tuple[Any, Any]]]:
        return 0, tags, [(None, next((name for name, at in self.names.items() if at == tags[0] >> 16), None))]


def test_mapi_exports_the_numbers_of_pywin32_and_ours_beside_them() -> None:
    assert len(LISTED["constants"]) == 255
    assert {name: number for name, number in CONSTANTS.items() if name not in OUR_CONSTANTS} == LISTED["constants"]
    assert OUR_CONSTANTS.items() <= CONSTANTS.items()


def test_mapi_exports_the_ids_of_pywin32_and_ours_beside_them() -> None:
    assert {name: str(iid) for name, iid in IIDS.items() if name not in OUR_IIDS} == LISTED["iids"]
    assert OUR_IIDS.items() <= IIDS.items()


OF_MESSAGES = {
    "CloseIMsgSession",
    "OpenIMsgOnIStg",
    "OpenIMsgSession",
    "OpenStreamOnFile",
    "OpenStreamOnFileW",
    "RTFStreamToHTML",
    "RTFSync",
    "WrapCompressedRTFStream",
    "WrapCompressedRTFStreamEx",
}
"""Functions of pywin32 that ours lacks: they are about messages and streams."""
ADMINISTER: dict[str, type[PyIUnknown[Any]]] = {
    "IMAPIAdviseSink": PyIMAPIAdviseSink,
    "IMAPIProp": PyIMAPIProp,
    "IMAPISession": PyIMAPISession,
    "IMAPITable": PyIMAPITable,
    "IMsgServiceAdmin": PyIMsgServiceAdmin,
    "IMsgServiceAdmin2": PyIMsgServiceAdmin2,
    "IProfAdmin": PyIProfAdmin,
    "IProfSect": PyIProfSect,
    "IProviderAdmin": PyIProviderAdmin,
}
OUR_METHODS = {
    "IMAPIProp": {"get_one", "set_one"},
    "IMAPISession": {"SetDefaultStore"},
    "IMAPITable": {"QuerySortOrder", "query_all"},
    "IMsgServiceAdmin": {"CopyMsgService", "MsgServiceTransportOrder", "SetPrimaryIdentity"},
    "IMsgServiceAdmin2": {"CopyMsgService", "MsgServiceTransportOrder", "SetPrimaryIdentity"},
    "IProfSect": {"get_one", "set_one"},
}
OF_MAIL = {
    "IABContainer",
    "IAddrBook",
    "IAttach",
    "IConverterSession",
    "IDistList",
    "IExchangeManageStore",
    "IExchangeManageStoreEx",
    "IMAPIContainer",
    "IMAPIFolder",
    "IMAPIStatus",
    "IMailUser",
    "IMessage",
    "IMsgStore",
}
"""Interfaces of pywin32 that ours lacks."""


def test_mapi_has_the_functions_of_pywin32_but_those_of_messages() -> None:
    ours = {name for name, value in vars(mapi).items() if isfunction(value) and name in mapi.__all__}
    assert set(LISTED["functions"]) - ours == OF_MESSAGES
    assert ours - set(LISTED["functions"]) == {"batch", "use_workstation"}
    exported = set(vars(mapi))
    assert LISTED["constants"].keys() | LISTED["iids"].keys() <= exported
    assert exported >= mapi.OURS
    assert not mapi.OURS & (LISTED["constants"].keys() | LISTED["iids"].keys() | set(LISTED["functions"]))


@pytest.mark.parametrize("name", sorted(ADMINISTER))
def test_an_interface_has_the_methods_of_pywin32_and_ours_beside_them(name: str) -> None:
    theirs, ours = LISTED["interfaces"][name], ADMINISTER[name]
    public = {method for method in dir(ours) if callable(getattr(ours, method)) and not method.startswith("_")}
    assert public - set(theirs["methods"]) == OUR_METHODS.get(name, set())
    assert set(theirs["methods"]) <= public
    assert str(ours.interface) == theirs["iid"]
    assert ours.__name__ == f"Py{name}"
    bases = {each.__name__.removeprefix("Py") for each in ours.__mro__[1:]}
    assert set(theirs["is"]) <= bases
    assert all("interface" not in vars(each) for each in (PyIObject, PyIAdministered))


def test_the_interfaces_that_ours_lacks_are_those_of_mail() -> None:
    assert LISTED["interfaces"].keys() - ADMINISTER.keys() == OF_MAIL


def test_the_helpers_of_pywin32_work_on_our_sections(theirs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their mapiutil with our mapi behind it: what it sets and gets is what ours sets and gets."""
    monkeypatch.setattr(target, "_MAPI", target._Mapi())
    mapi.use_workstation("memory:")
    profiles = mapi.MAPIAdminProfiles(0)
    profiles.CreateProfile("Work", None)
    services = profiles.AdminServices("Work")
    tag = mapitags.PROP_TAG(mapitags.PT_UNICODE, 0x6600)
    found = []
    for helpers in (theirs.mapiutil, mapiutil):
        section = services.OpenProfileSection(pythoncom.CreateGuid(), None, mapi.MAPI_MODIFY)
        helpers.SetPropertyValue(section, tag, "text")
        helpers.SetProperties(section, {0x66010003: 5, 0x66020102: b"bytes"})
        helpers.SetPropertyValue(section, 0x66010003, None)
        found.append(
            [
                helpers.GetProperties(section, tag),
                helpers.GetProperties(section, (0x66020102, mapitags.PR_OBJECT_TYPE)),
                helpers.GetProperties(section, 0x66010003),
            ]
        )
    assert found[0] == found[1] == ["text", [b"bytes", mapi.MAPI_PROFSECT], None]
