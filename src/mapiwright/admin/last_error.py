"""What IMAPIProp::GetLastError and its likes need: an object that remembers why its last call failed."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from mapiwright.errors import EntryPointError, MapiError, MapiwrightError

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_COMPONENT = 30
"""[mapierror]: the most characters of a component's name."""

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Remembering")


class Remembering:
    """An object of the administration interfaces; each has its own last error ([mapi-extended-errors])."""

    _last: tuple[int, MapiError] | None = None

    def get_last_error(self, hresult: int | None = None) -> MapiError | None:
        """The MAPIERROR of the last call that failed on this object, or None ([imapiprop-getlasterror]).

        With an HRESULT, only where that call failed with it. What a service said in a MAPIERROR of its own is given
        as it said it; where it only failed, its name is the component. MAPI_E_BAD_CHARWIDTH has no occasion: a str
        has no width.
        """
        if self._last is None or (hresult is not None and hresult & 0xFFFFFFFF != self._last[0]):
            return None
        return self._last[1]

    def _remember(self, error: MapiwrightError) -> None:
        said = error.said if isinstance(error, EntryPointError) else None
        if said is None:
            who = error.where if isinstance(error, EntryPointError) and error.where else "Mapiwright"
            said = MapiError(str(error), who[:LONGEST_COMPONENT])
        self._last = error.hresult, said


def remembered(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Report a method's failures by ``get_last_error`` of its object."""

    @wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except MapiwrightError as error:
            self._remember(error)
            raise

    return call
