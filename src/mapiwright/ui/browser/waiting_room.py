"""Connections to a served screen that have not shown yet that they may come in: few of them, and not for long.

Every program on this computer can connect, and open files are limited. Of too many the oldest one goes, so whoever
holds connections open keeps the user's browser out no longer than a request takes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_WAITING = 32
"""The connections that may wait at once; a browser opens six."""
WAITING_SECONDS = 10.0
"""How long one may take for its first request, headers and all."""


class WaitingRoom:
    """A factory of protocols, each of which hands a connection on to a protocol of ``make``."""

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        *,
        most: int = MOST_WAITING,
        seconds: float = WAITING_SECONDS,
    ) -> None:
        self._make = make
        self._most = most
        self._seconds = seconds
        self._waiting: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}
        """Oldest first."""

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return _Guest(self, self._make())

    def admit(self, transport: asyncio.BaseTransport | None) -> None:
        """A request of that connection showed that it may come in, or it is gone: it waits no longer."""
        timer = self._waiting.pop(transport, None) if transport is not None else None
        if timer is not None:
            timer.cancel()

    def enter(self, transport: asyncio.Transport) -> None:
        """A new connection waits."""
        if len(self._waiting) >= self._most:
            self._drop(next(iter(self._waiting)))
        timer = asyncio.get_running_loop().call_later(self._seconds, self._drop, transport)
        self._waiting[transport] = timer

    def _drop(self, transport: asyncio.BaseTransport) -> None:
        self.admit(transport)
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class _Guest(asyncio.Protocol):
    """One connection, whose server hears everything of it."""

    def __init__(self, room: WaitingRoom, server: asyncio.Protocol) -> None:
        self._room = room
        self._server = server
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        if isinstance(transport, asyncio.Transport):
            self._room.enter(transport)
        self._server.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._room.admit(self._transport)
        self._server.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self._server.data_received(data)

    def eof_received(self) -> bool | None:
        return self._server.eof_received()

    def pause_writing(self) -> None:
        self._server.pause_writing()

    def resume_writing(self) -> None:
        self._server.resume_writing()
