"""The types that pywin32's modules share: ``com_error`` and the IID, its own where pywin32 is installed.

Ours behave as pywin32's do, so a script sees no difference; ``TimeType`` is datetime, of which pywin32's is a kind.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import UUID

__all__ = ["IID", "IIDType", "Time", "TimeType", "com_error", "error"]

CO_E_CLASSSTRING = 0x800401F3 - (1 << 32)


class _ComError(Exception):
    """A call that failed; ``args`` are what it was made with: (hresult, text, excepinfo, argerror)."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.hresult, self.strerror, self.excepinfo, self.argerror = (*args, None, None, None, None)[:4]


class _PyIID:
    """A GUID: ``{00020304-0000-0000-C000-000000000046}`` as text, its memory form, little-endian, as ``bytes``.

    It is equal to another IID with the same bytes alone, neither to bytes nor to text, and cannot be ordered. From
    Python 3.12 on it is a buffer, as pywin32's is in every version.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bytes__(self) -> bytes:
        return self._data

    def __buffer__(self, flags: int, /) -> memoryview:
        return memoryview(self._data)

    def __eq__(self, other: object) -> bool:
        return self._data == other._data if isinstance(other, _PyIID) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._data)

    def __str__(self) -> str:
        return f"{{{str(UUID(bytes_le=self._data)).upper()}}}"

    def __repr__(self) -> str:
        return f"IID({str(self)!r})"


_PyIID.__name__ = "PyIID"
_ComError.__name__ = _ComError.__qualname__ = "com_error"  # tracebacks name it so


def _iid(text: Any, is_bytes: int = False) -> _PyIID:
    """The IID of ``{...}`` text, or of the first 16 of some bytes, which ``is_bytes`` announces.

    Raises com_error where the text is none: the names of programs that pywin32 takes are in no workstation's reach.
    """
    if isinstance(text, _PyIID):
        return text
    if is_bytes:
        data = bytes(text)
        if len(data) < 16:
            raise ValueError(f"string too small - must be at least 16 bytes (got {len(data)})")
        return _PyIID(data[:16])
    if not isinstance(text, str):
        raise TypeError(f"Objects of type '{type(text).__name__}' can not be converted to Unicode.")
    try:
        return _PyIID(UUID(text).bytes_le)
    except ValueError:
        raise com_error(CO_E_CLASSSTRING, "Invalid class string", None, None) from None


def _time(given: Any) -> datetime:
    """The time, in UTC, of a number of seconds since 1970, or of a tuple as ``time.gmtime`` has it; a datetime stays.

    Raises TypeError for anything else.
    """
    if isinstance(given, datetime):
        return given
    if isinstance(given, (int, float)):
        return datetime.fromtimestamp(given, UTC)
    if isinstance(given, (tuple, list)) and len(given) >= 6:
        year, month, day, hour, minute, second = given[:6]
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    raise TypeError(f"Objects of type '{type(given).__name__}' can not be used as a time object")


if TYPE_CHECKING:
    Time = _time
    com_error = _ComError
    IIDType = _PyIID
    IID = _iid
    TimeType = datetime
elif find_spec("pywintypes") is not None:
    _real = import_module("pywintypes")
    com_error, IIDType, IID, TimeType = _real.com_error, _real.IIDType, _real.IID, _real.TimeType
    Time = _real.Time
else:
    com_error, IIDType, IID, TimeType, Time = _ComError, _PyIID, _iid, datetime, _time

error = com_error
