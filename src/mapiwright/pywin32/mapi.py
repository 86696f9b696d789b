"""The profiles of a workstation as pywin32's ``mapi`` module administers those of the PC that it runs on.

Every function and method raises ``pythoncom.com_error``. The names in OURS are additions to pywin32: the call
that chooses the workstation where MAPIWRIGHT_WORKSTATION does not, and ``batch``, which makes one transaction of many
calls. Functions for messages, streams and RTF are absent.
"""

# ruff: noqa: PLC0415 - a script that only names numbers pays for no administration

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mapiwright.pywin32 import ansi, constants, iids, target
from mapiwright.pywin32.iids import MAPIUIDFromBinary
from mapiwright.pywin32.unknown import com_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mapiwright.pywin32.profadmin import PyIProfAdmin
    from mapiwright.pywin32.profsect import PyIMAPIProp
    from mapiwright.pywin32.session import PyIMAPISession
    from mapiwright.pywin32.sink import PyIMAPIAdviseSink
    from mapiwright.pywin32.table import PyIMAPITable
    from mapiwright.pywin32.values import Pair, Tags
    from mapiwright.workstation.workstation import Workstation

    def __getattr__(name: str) -> Any: ...


__all__ = [
    "OURS",
    "BinFromHex",
    "HexFromBin",
    "HrAllocAdviseSink",
    "HrDispatchNotifications",
    "HrGetOneProp",
    "HrQueryAllRows",
    "HrSetOneProp",
    "HrThisThreadAdviseSink",
    "MAPIAdminProfiles",
    "MAPIInitialize",
    "MAPILogonEx",
    "MAPIUIDFromBinary",
    "MAPIUninitialize",
    "batch",
    "use_workstation",
]

OURS = frozenset({"OURS", "batch", "use_workstation"} | constants.OURS.keys() | iids.OURS.keys())
"""The names of this module that pywin32's has not."""


@com_errors()
def use_workstation(workstation: Workstation | str, user: str | None = None, *, host: str | None = None) -> None:
    """Administer a workstation, which is open or given by its URI, from now on; an addition to pywin32.

    ``user`` is a name or SID; None is MAPIWRIGHT_USER's, or the only one who is not Default. ``host`` is where the
    libraries of services may run (``here``, ``python:PATH``, ``wine:PREFIX``), "" that they are not loaded; None is
    MAPIWRIGHT_HOST's. Existing objects stay with their workstation.
    """
    target.choose(workstation, user, host)


@contextmanager
def batch(title: str = "") -> Iterator[None]:
    """Make one transaction of the calls in a ``with`` block; an error that leaves it takes all of them back; ours."""
    with com_errors(), target.workspace().batch(title):
        yield


def MAPIInitialize(init: tuple[int, int] | None) -> None:
    """Begin to use MAPI; ``init`` is (MAPI_INIT_VERSION, flags) or None. Nothing is opened yet."""
    target.initialize()


@com_errors()
def MAPIUninitialize() -> None:
    """End the use of MAPI; after the last user's call, the remaining sessions end."""
    target.uninitialize()


@com_errors()
def MAPIAdminProfiles(fFlags: int) -> PyIProfAdmin:
    """The profiles of the user ([mapiadminprofiles])."""
    from mapiwright.admin.profiles import ProfileAdmin
    from mapiwright.pywin32.profadmin import PyIProfAdmin

    return PyIProfAdmin(ProfileAdmin(target.workspace()))


@com_errors()
def MAPILogonEx(
    uiParam: int, profileName: str | bytes | None, password: str | bytes | None = None, flags: int = 0
) -> PyIMAPISession:
    """Log on to a profile ([mapilogonex]); the name may be None with MAPI_USE_DEFAULT."""
    from mapiwright.admin.session import logon
    from mapiwright.pywin32.session import PyIMAPISession
    from mapiwright.pywin32.values import bits, text_or_none

    space = target.workspace()
    return PyIMAPISession(logon(space, text_or_none(profileName, space.workstation.code_page), bits(flags)))


def HrQueryAllRows(
    table: PyIMAPITable,
    properties: Tags,
    restrictions: Sequence[Any] | None,
    sortOrderSet: Sequence[Any] | None,
    rowsMax: int,
) -> tuple[tuple[Pair, ...], ...]:
    """All rows of a table, with these columns, restricted and sorted so; however many where ``rowsMax`` is 0."""
    return table.query_all(properties, restrictions, sortOrderSet, rowsMax)


def HrGetOneProp(prop: PyIMAPIProp, propTag: int) -> Pair:
    """(tag, value) of one property; com_error with its code where it cannot be had ([hrgetoneprop])."""
    return prop.get_one(propTag)


def HrSetOneProp(prop: PyIMAPIProp, propValue: Pair) -> None:
    """Set one property; com_error with its code where it cannot be set ([hrsetoneprop])."""
    prop.set_one(propValue)


def HrAllocAdviseSink(callback: Callable[[tuple[Any, ...], Any], object], context: Any = None) -> PyIMAPIAdviseSink:
    """A sink for Advise, which calls ``callback(notifications, context)``."""
    from mapiwright.pywin32.sink import Listener, PyIMAPIAdviseSink

    if not callable(callback):
        raise TypeError("OnNotify must be callable")
    return PyIMAPIAdviseSink(Listener(callback, context))


def HrThisThreadAdviseSink(adviseSink: PyIMAPIAdviseSink) -> PyIMAPIAdviseSink:
    """The sink itself: it is notified in the thread that makes the change."""
    return adviseSink


def HrDispatchNotifications(flags: int) -> None:
    """Nothing: no notification waits."""


def HexFromBin(val: bytes) -> str:
    """The hex digits of bytes, in capitals."""
    return bytes(val).hex().upper()


def BinFromHex(val: str) -> bytes:
    """The bytes of hex digits; raises ValueError for others."""
    return bytes.fromhex(val)


ansi.register()
# Scripts ask for them as attributes, and walk vars(mapi) for the name of a number.
globals().update(constants.CONSTANTS)
globals().update(iids.IIDS)
