"""What a script about profiles needs of pywin32's ``pythoncom``: errors, IIDs, an initialization that does nothing.

There is no COM here. Every other name of the real module is absent, so that a script that needs one says so at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mapiwright.mapi.props.codes import hresult_name
from mapiwright.pywin32.pywintypes import IID, IIDType, com_error, error

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "COINIT_APARTMENTTHREADED",
    "COINIT_MULTITHREADED",
    "IID_NULL",
    "CoInitialize",
    "CoInitializeEx",
    "CoUninitialize",
    "CreateGuid",
    "GetScodeString",
    "IID_IUnknown",
    "MakeIID",
    "TypeIIDs",
    "com_error",
    "error",
    "ole_error",
]

TypeIIDs: Mapping[IIDType, type]
"""The types of our interfaces by their ids; made when a script asks for it, as the types need the administration."""

COINIT_MULTITHREADED = 0
COINIT_APARTMENTTHREADED = 2
IID_NULL = IID(bytes(16), True)
IID_IUnknown = IID("{00000000-0000-0000-C000-000000000046}")

MakeIID = IID
ole_error = com_error


def __getattr__(name: str) -> Any:
    """TypeIIDs."""
    if name != "TypeIIDs":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = globals()[name] = {
        kind.interface: kind for kind in (getattr(import_module(f"{_HERE}.{room}"), type_) for room, type_ in _TYPES)
    }
    return made


_HERE = "mapiwright.pywin32"
_TYPES = (
    ("unknown", "PyIUnknown"),
    ("profadmin", "PyIProfAdmin"),
    ("services", "PyIMsgServiceAdmin"),
    ("services", "PyIMsgServiceAdmin2"),
    ("provideradmin", "PyIProviderAdmin"),
    ("profsect", "PyIMAPIProp"),
    ("profsect", "PyIProfSect"),
    ("table", "PyIMAPITable"),
    ("session", "PyIMAPISession"),
    ("sink", "PyIMAPIAdviseSink"),
)


def CoInitialize() -> None:
    """Nothing: no apartment has to be entered."""


def CoInitializeEx(flags: int) -> None:
    """Nothing, whatever the flags."""


def CoUninitialize() -> None:
    """Nothing."""


def CreateGuid() -> IIDType:
    """An IID that nobody had before."""
    return IID(uuid4().bytes_le, True)


def GetScodeString(hr: int) -> str:
    """What a result is called: its MAPI name where it has one, which Windows does not know, else its digits."""
    name = hresult_name(hr)
    return name if not name.startswith("0x") else f"OLE error {name.lower()}"
