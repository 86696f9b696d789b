"""PyIMAPIAdviseSink: whom a table notifies of its rows ([imapiadvisesinkiunknown], [hrallocadvisesink])."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mapiwright.pywin32.iids import IIDS
from mapiwright.pywin32.unknown import PyIUnknown

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """A callback, which is called as ``callback(notifications, context)``."""

    callback: Callable[[tuple[Any, ...], Any], object]
    context: Any = None

    def notify(self, notifications: tuple[Any, ...]) -> None:
        """Notify it; a notification of a table is (fnevTableModified, (event, result, index, prior, row))."""
        self.callback(notifications, self.context)


class PyIMAPIAdviseSink(PyIUnknown[Listener]):
    """A sink for Advise."""

    interface = IIDS["IID_IMAPIAdviseSink"]
