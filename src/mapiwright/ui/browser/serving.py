"""A screen in a browser: a server on this computer, by textual-serve, for one browser and one window at a time.

textual-serve starts the program of the screen for each window and sends its packets to a page that draws them. This
module adds access control, headers that keep other sites out, its own page (textual-serve's loads a font from the
internet), arguments that no shell reads, and a shutdown that leaves no process behind.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp_jinja2
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp_jinja2 import render_template
from jinja2 import FileSystemLoader
from textual_serve.server import Server, to_int

from mapiwright.ui.browser.browser_auth import LOOPBACK, Door, Verdict
from mapiwright.ui.browser.served_program import MOST_TYPED, BrowserSession, is_size
from mapiwright.ui.browser.waiting_room import WaitingRoom

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mapiwright.ui.text.language import Texts

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TEMPLATES = Path(__file__).parent
NOTICE = 1.0
"""Seconds after which a program that was asked to end, and is still running, must be writing something."""
SHUTDOWN_SECONDS = 0.5
"""Seconds for a response that is in progress when the server ends; a program that writes is not hurried."""
COOKIES = 64 << 10
"""The most bytes of a header: a browser sends the cookies of every server at 127.0.0.1, whatever the port."""
LOUD = ("aiohttp", "asyncio", "textual-serve")
"""The logs of the libraries."""
CLOSE_SECONDS = 2.0
"""Seconds for a window to confirm that it is closed."""
RELOAD = 2.0
"""Seconds after which a window that is still open is not just being reloaded."""
GLANCE = 0.1
"""Seconds between two checks whether a window is still open."""
USUAL = {"width": 80, "height": 24}
"""The size of a window that does not report one."""
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = (
    # The terminal in the page makes its own style elements, which cannot have a nonce.
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:; "
    "connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Terminal:
    """The terminal where the server was started; ``report`` prints a line there for the user.

    ``defect`` reports a fault of Mapiwright by its place in the code only. ``recover`` gives the command line that
    ends an interrupted transaction on the workstation, or "" where there is none.
    """

    report: Callable[[str], None]
    defect: Callable[[Exception], object]
    recover: Callable[[], str]


class Discretion(logging.Handler):
    """Replaces the logs of the libraries, which hold what clients send, the cookie included.

    Only a fault of Mapiwright is reported, and each of them once, however often a client causes it.
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self._terminal = terminal
        self._reported: set[tuple[type[Exception], object]] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Report a fault of Mapiwright."""
        fault = record.exc_info[1] if record.exc_info else None
        if isinstance(fault, Exception) and not isinstance(fault, (HttpProcessingError, ConnectionError)):
            trace = fault.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = (type(fault), (trace.tb_frame.f_code, trace.tb_lineno) if trace is not None else None)
            if place in self._reported:
                return
            self._reported.add(place)
            with suppress(OSError):  # the terminal itself may be gone
                self._terminal.defect(fault)


class ScreenServer(Server):
    """Shows the screen of ``mapiwright WORDS`` to the one browser that is given its address.

    It listens from the start; raises OSError where ``port`` is taken. 0 is a port that is free.
    """

    def __init__(self, words: Sequence[str], port: int, title: str, texts: Texts, terminal: Terminal) -> None:
        self._socket = socket.create_server((LOOPBACK, port))
        super().__init__(
            shlex.join(("mapiwright", *words)),
            LOOPBACK,
            self._socket.getsockname()[1],
            title,
            templates_path=TEMPLATES,
        )
        self._words = words
        self._texts = texts
        self._door = Door(self.port)
        self._terminal = terminal
        self._window: web.WebSocketResponse | None = None
        self._session: BrowserSession | None = None
        self._was_interrupted = False
        self._insisting = False
        self._vacant = asyncio.Event()
        self._vacant.set()
        self._end = asyncio.Event()
        self._room: WaitingRoom | None = None

    @property
    def address(self) -> str:
        """The address for the user's browser, with the token in it."""
        return self._door.address

    def serve(self, debug: bool = False) -> None:
        """Serve until the user ends it, by Ctrl+C or a signal."""
        self.debug = debug
        with suppress(KeyboardInterrupt):  # that is how Windows ends it
            asyncio.run(self._serve())

    @property
    def left_interrupted(self) -> bool:
        """Whether a program was interrupted while it was writing, and its transaction has not been ended since."""
        return self._was_interrupted and self._terminal.recover() != ""

    async def _serve(self) -> None:
        self._hear_signals()
        for name in LOUD:
            logger = logging.getLogger(name)
            logger.propagate = False
            logger.addHandler(Discretion(self._terminal))
        # No access log: the token is in the first address. No lingering: a client must not delay the shutdown.
        runner = web.AppRunner(
            await self._make_app(),
            access_log=None,
            shutdown_timeout=SHUTDOWN_SECONDS,
            lingering_time=0,
            max_field_size=COOKIES,
        )
        await runner.setup()
        assert runner.server is not None  # noqa: S101 - setup made it
        self._room = WaitingRoom(runner.server)
        listener = await asyncio.get_running_loop().create_server(self._room, sock=self._socket)
        try:
            await self._end.wait()
        finally:
            self._end.set()
            listener.close()
            if self._window is not None and self._window.prepared:
                await self._window.close(code=WSCloseCode.GOING_AWAY)
            await self._vacant.wait()
            await runner.cleanup()

    def _hear_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None:  # pragma: no cover
                continue
            try:
                loop.add_signal_handler(number, self._asked_to_end, number)
            except NotImplementedError:  # pragma: no cover - Windows
                signal.signal(number, lambda got, _: loop.call_soon_threadsafe(self._asked_to_end, got))

    def _asked_to_end(self, number: int) -> None:
        """End; a program that is writing is killed only by a second Ctrl+C, after a warning."""
        if not self._end.is_set():
            self._end.set()
            asyncio.get_running_loop().call_later(NOTICE, self._report_insisting)
        elif number == signal.SIGINT and self._insisting and self._session is not None:
            self._session.kill()

    def _report_insisting(self) -> None:
        if self._session is not None:
            self._insisting = True
            self._report(self._texts("browser.waiting"))

    def _report(self, text: str) -> None:
        with suppress(OSError):  # the terminal itself may be gone
            self._terminal.report(text)

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._at_the_door])
        aiohttp_jinja2.setup(app, loader=FileSystemLoader(TEMPLATES))
        path = self._door.path
        app.router.add_get(path, self.handle_index)
        app.router.add_get(self._door.socket, self.handle_websocket)
        app.router.add_get(f"{path}closed", self._handle_closed)
        app.router.add_static(f"{path}static", self.statics_path)
        app.router.add_static(f"{path}screen", TEMPLATES / "static")
        app.on_response_prepare.append(self._guarded)
        return app

    # Access.

    @web.middleware
    async def _at_the_door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != "GET":
            raise web.HTTPMethodNotAllowed(request.method, ["GET"])
        headers = request.headers
        verdict = self._door.decide(
            request.host,
            request.path,
            headers.get("Origin"),
            request.query.get("token"),
            request.cookies,
        )
        if verdict in {Verdict.FIRST, Verdict.IN} and self._room is not None:
            self._room.admit(request.transport)
        answer: web.Response
        if verdict is Verdict.FIRST:
            answer = self._onward()
            answer.set_cookie(*self._door.cookie, path=self._door.path, httponly=True, samesite="Strict")
            return answer
        if verdict is not Verdict.IN:
            answer = self._reported(request, verdict.value, 403)
            answer.force_close()  # it does not wait for another request
            return answer
        if "token" in request.query:  # the first browser again, with the address that it got
            return self._onward()
        return await handler(request)

    def _onward(self) -> web.Response:
        """Redirect to the page itself, at an address without the token."""
        return web.Response(status=303, headers={"Location": self._door.path})

    async def _guarded(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)
        sockets = " ".join(f"ws://{host}" for host in self._door.hosts)
        response.headers["Content-Security-Policy"] = POLICY.format(sockets=sockets)

    def _reported(self, request: web.Request, what: str, status: int, again: str = "") -> web.Response:
        """A page that says why the screen is not shown, and what to do."""
        return render_template(
            "notice.html",
            request,
            {
                "language": self._texts.language,
                "name": self.title,
                "title": self._texts(f"browser.{what}-title"),
                "text": self._texts(f"browser.{what}"),
                "again": again,
            },
            status=status,
        )

    # The page and its content.

    async def handle_index(self, request: web.Request) -> Any:
        """The page. A window that is being reloaded still has its socket now, so the socket's request decides."""
        return render_template(
            "screen.html",
            request,
            {
                "language": self._texts.language,
                "name": self.title,
                "loading": self._texts("browser.loading"),
                "ended_title": self._texts("browser.ended-title"),
                "ended": self._texts("browser.ended"),
                "again": self._texts("browser.again"),
                "socket": f"ws://{request.host}{self._door.socket}",
            },
        )

    async def _handle_closed(self, request: web.Request) -> web.Response:
        """The page for a window that was closed before anything was drawn in it: the reason."""
        occupied = self._window is not None and not self._window.closed
        what, status = ("occupied", 409) if occupied else ("ended", 200)
        return self._reported(request, what, status, self._texts("browser.again"))

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One window from opening to closing; waits for a program that still writes for the window before."""
        while self._window is not None or self._end.is_set():
            if self._end.is_set() or await self._stays_occupied():
                raise web.HTTPConflict(text=self._texts("browser.occupied"))
            await asyncio.sleep(GLANCE)
        window = self._window = web.WebSocketResponse(
            heartbeat=15, timeout=CLOSE_SECONDS, max_msg_size=8 * MOST_TYPED
        )
        self._vacant.clear()
        try:
            await window.prepare(request)
            await self._through(window, request)
        finally:
            self._window = None
            self._vacant.set()
        return window

    async def _through(self, window: web.WebSocketResponse, request: web.Request) -> None:
        """Run the program of a window that is open."""
        session = self._session = BrowserSession(self._words, window, self)
        try:
            if self._end.is_set():  # it was asked to end meanwhile, and has closed the windows that it had
                return
            sizes = ((to_int(request.query.get(name, ""), usual), usual) for name, usual in USUAL.items())
            await session.start(*(size if is_size(size) else usual for size, usual in sizes))
            await self._hear(window, session)
        finally:
            await window.close()
            notice = asyncio.get_running_loop().call_later(NOTICE, self._report_finishing)
            try:
                await session.stop()
            finally:
                notice.cancel()
                self._session = None
                await self._report_its_end(session)

    async def _hear(self, window: web.WebSocketResponse, session: BrowserSession) -> None:
        """Read the messages of a window, until it is closed or sends what our page would not send."""
        async for message in window:
            if message.type is not WSMsgType.TEXT:
                await window.close(code=WSCloseCode.UNSUPPORTED_DATA)
            elif not await session.hear(message.data):
                await window.close(code=WSCloseCode.POLICY_VIOLATION)

    def _report_finishing(self) -> None:
        if not self._end.is_set():  # after Ctrl+C, another message is shown
            self._report(self._texts("browser.finishing"))

    async def _report_its_end(self, session: BrowserSession) -> None:
        """Report that a program was killed, and the command that ends its transaction."""
        self._was_interrupted = self._was_interrupted or session.was_interrupted
        if not session.killer:
            return
        self._report(self._texts("browser.killed", how=session.killer))
        if recover := await asyncio.to_thread(self._terminal.recover):
            self._report(self._texts("failed.recovery", command=recover))

    async def _stays_occupied(self) -> bool:
        """Whether another window has the screen and keeps it: one that is being reloaded is gone in a moment."""
        for _ in range(round(RELOAD / GLANCE)):
            if self._window is None or self._window.closed or self._end.is_set():
                return False
            await asyncio.sleep(GLANCE)
        return True
