"""Access to a screen that is shown in a browser: only the first browser with the token gets in.

Every program on this computer can connect to a local port, and so can every page open in a browser. Hence a token
that works once, then a cookie, and a check of the Host and Origin of each request.

A browser sends a cookie to every port of a host, and so to every server there. Hence an unguessable path above
everything that is served: the browser sends the cookie only with requests below that path.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import Enum
from hmac import compare_digest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
"""The one address that is listened on."""
SCHEME_PORT = 80
"""The port that a browser leaves out of the Host header."""


class Verdict(Enum):
    """The decision on a request."""

    IN = "in"
    """It carries the cookie of the browser that came first."""
    FIRST = "first"
    """It carries the token, which is used up: its browser gets the cookie."""
    SPENT = "spent"
    """It carries the token, which was used before."""
    UNKNOWN = "unknown"
    """It carries neither, or is for a path outside of the served one."""
    WRONG_ADDRESS = "wrong-address"
    """It was sent to another name, or by the page of another site."""


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(slots=True)
class Door:
    """The door of a server on ``port``; its token opens it once."""

    port: int
    path: str = field(default_factory=lambda: f"/{_secret()}/", repr=False)
    """The path above everything that is served."""
    _token: str = field(default_factory=_secret, repr=False)
    _session: str = field(default_factory=_secret, repr=False)
    _spent: bool = False

    @property
    def address(self) -> str:
        """The address to open, with the token in it: for the user only."""
        return f"http://{LOOPBACK}:{self.port}{self.path}?token={self._token}"

    @property
    def cookie(self) -> tuple[str, str]:
        """The cookie by its name and value, for ``path``."""
        return f"mapiwright-{self.port}", self._session

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names by which this server is called."""
        with_port = tuple(f"{name}:{self.port}" for name in (LOOPBACK, "localhost"))
        return (LOOPBACK, "localhost", *with_port) if self.port == SCHEME_PORT else with_port

    @property
    def socket(self) -> str:
        """The path of the screen itself."""
        return f"{self.path}ws"

    def decide(
        self, host: str, path: str, origin: str | None, token: str | None, cookies: Mapping[str, str]
    ) -> Verdict:
        """The decision on a request with these headers; a valid token is used up by this.

        A foreign Host is how a name that was bound to this computer afterwards arrives (DNS rebinding). A foreign
        Origin is another site's page, whose WebSocket the browser would give our cookie.
        """
        host = host.lower()
        is_socket = path == self.socket
        ours = f"http://{host}"
        if (
            host not in self.hosts
            or (is_socket and origin is None)
            or (origin is not None and origin.lower() != ours)
        ):
            return Verdict.WRONG_ADDRESS
        if not _same(path[: len(self.path)], self.path):
            return Verdict.UNKNOWN
        name, session = self.cookie
        if self._spent and _same(cookies.get(name, ""), session):
            return Verdict.IN
        if token is None or is_socket or not _same(token, self._token):
            return Verdict.UNKNOWN
        if self._spent:
            return Verdict.SPENT
        self._spent = True
        return Verdict.FIRST


def _same(given: str, right: str) -> bool:
    """Whether they are the same, in a time that does not reveal how far they are."""
    return compare_digest(given.encode("utf-8", "replace"), right.encode())
