"""What all interfaces have in common: QueryInterface, GetLastError, and com_error for whatever a call fails with."""

from __future__ import annotations

from contextlib import contextmanager
from inspect import isfunction
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from mapiwright.errors import CallError, MapiwrightError
from mapiwright.pywin32.constants import signed
from mapiwright.pywin32.pythoncom import IID_IUnknown
from mapiwright.pywin32.pywintypes import com_error
from mapiwright.pywin32.uid import bytes_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from mapiwright.admin.workspace import Workspace
    from mapiwright.errors import MapiError
    from mapiwright.pywin32.pywintypes import IIDType
    from mapiwright.pywin32.uid import Uid

E_NOINTERFACE = 0x80004002
MAPI_E_NO_SUPPORT = 0x80040102
MAPI_ERROR_VERSION = 0

Behind = TypeVar("Behind")
Reporter = TypeVar("Reporter", bound="Reporting")
Administered = TypeVar("Administered", bound="OfWorkspace")


class Reporting(Protocol):
    """An object that says why its last call failed."""

    def get_last_error(self, hresult: int | None = None) -> MapiError | None:
        """The MAPIERROR of that call, or None."""
        ...


class OfWorkspace(Reporting, Protocol):
    """An object of the administration interfaces."""

    workspace: Workspace


@contextmanager
def com_errors() -> Iterator[None]:
    """Raise com_error where MapiwrightError is raised; also as a decorator.

    Its args are as in pywin32: (hresult, text, None, None). The text is the error's, which says what to do, too.
    """
    try:
        yield
    except MapiwrightError as error:
        raise com_error(signed(error.hresult), str(error), None, None) from error


def unsupported(call: str) -> NoReturn:
    """Decline what does not administer profiles."""
    raise CallError(f"{call} is not supported: no provider is loaded here", hresult=MAPI_E_NO_SUPPORT)


class PyIUnknown(Generic[Behind]):
    """An interface of an object; two are equal where they are of the same object.

    ``behind``, which is ours, is that object as Mapiwright's own interfaces have it. ``whole`` is the interface from
    which all of the object's interfaces descend.
    """

    interface: ClassVar[IIDType] = IID_IUnknown

    def __init__(self, behind: Behind, whole: type[PyIUnknown[Any]] | None = None) -> None:
        self.behind = behind
        self._whole = whole or type(self)

    def __init_subclass__(cls) -> None:
        for name, method in list(vars(cls).items()):
            if isfunction(method) and not name.startswith("_"):
                setattr(cls, name, com_errors()(method))

    def __eq__(self, other: object) -> bool:
        return self.behind is other.behind if isinstance(other, PyIUnknown) else NotImplemented

    def __hash__(self) -> int:
        return hash(id(self.behind))

    @com_errors()
    def QueryInterface(self, iid: Uid, useIID: Uid | None = None) -> Any:
        """Another interface of the same object, by its id."""
        wanted = bytes_of(iid)
        for face in self._whole.__mro__:
            if issubclass(face, PyIUnknown) and "interface" in vars(face) and bytes_of(face.interface) == wanted:
                return face(self.behind, self._whole)
        raise CallError("the object has no such interface", hresult=E_NOINTERFACE)


class PyIObject(PyIUnknown[Reporter]):
    """An object that remembers why its last call failed; pywin32 has no name for it."""

    def GetLastError(self, hr: int, flags: int = 0) -> tuple[int, str, str, int, int] | None:
        """(version, error, component, low-level error, context) of the call that failed with ``hr``, or None."""
        error = self.behind.get_last_error(hr)
        if error is None:
            return None
        return MAPI_ERROR_VERSION, error.error, error.component, error.low_level, error.context


class PyIAdministered(PyIObject[Administered]):
    """An object whose narrow strings are of its workstation's ANSI code page; pywin32 has no name for it, either."""

    @property
    def _code_page(self) -> str:
        return self.behind.workspace.workstation.code_page
