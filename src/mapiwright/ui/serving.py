"""A screen in a browser: a server on this computer, by textual-serve, for one browser and one window at a time.

textual-serve starts the program of the screen for each window and carries its packets; its page draws them. What is
added here is a door, headers that let nothing in from elsewhere, an own page (textual-serve's loads a font from the
internet), words that no shell reads, and an end that leaves no process behind.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, web
from aiohttp_jinja2 import render_template
from textual_serve.app_service import AppService
from textual_serve.server import Server, to_int

from mapiwright.entry.isolation import OF_ITS_OWN
from mapiwright.ui.door import LOOPBACK, Door, Verdict
from mapiwright.ui.screen import DRIVER_VARIABLE, SERVED_DRIVER

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Awaitable, Callable, Sequence

    from mapiwright.ui.language import Texts

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TEMPLATES = Path(__file__).parent / "browser"
PRELUDE = b"__GANGLION__\n"
"""What Textual's driver says before its first packet."""
LEAVE = 30.0
"""Seconds for a program to finish what it is writing, and end, once it is told to."""
RELOAD = 2.0
"""Seconds after which a window that is still there was not just loaded anew."""
GLANCE = 0.1
"""Seconds between two looks at whether a window is still there."""
USUAL = {"width": 80, "height": 24}
"""The size of a window that does not say its own."""
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = (
    # The terminal in the page makes style elements of its own, which no nonce reaches.
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:; "
    "connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Session(AppService):
    """The program of one window: textual-serve's, but started without a shell, and heard until its end.

    What it says on standard error is shown where the server's own words are.
    """

    def __init__(self, words: Sequence[str], window: web.WebSocketResponse, server: Server) -> None:
        async def close() -> None:
            await window.close()

        super().__init__(
            server.command,
            write_bytes=window.send_bytes,
            write_str=window.send_str,
            close=close,
            download_manager=server.download_manager,
        )
        self._words = words

    async def start(self, width: int, height: int) -> None:
        """Start the program, for a window of that size."""
        # -P: what lies in the folder where the user happens to be is not imported.
        command = (sys.executable, "-P", "-m", "mapiwright", *self._words)
        self._process = process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._build_environment(width, height) | {DRIVER_VARIABLE: SERVED_DRIVER},
            start_new_session=True,  # Ctrl+C is for the server, which lets it finish what it is writing
            creationflags=OF_ITS_OWN,
        )
        self._stdin = process.stdin
        self._task = asyncio.create_task(self._carry(process))

    async def _carry(self, process: Process) -> None:
        """Carry its packets to the window until it ends; a window that is gone does not stop it."""
        stdout = process.stdout
        assert stdout is not None  # noqa: S101 - a pipe was asked for
        with suppress(asyncio.IncompleteReadError):  # that is its end
            await stdout.readuntil(PRELUDE)
            while True:
                kind, size = struct.unpack(">cI", await stdout.readexactly(5))
                payload = await stdout.readexactly(size)
                with suppress(ConnectionError):
                    await (self.on_data(payload) if kind == b"D" else self.on_meta(payload))
        await self.remote_close()
        await process.wait()

    async def stop(self) -> None:
        """Have the program end, when it has finished what it is writing; one that does not is killed."""
        task, process = self._task, self._process
        self._task = self._process = None
        if task is None or process is None:
            return
        await self.send_meta({"type": "quit"})
        self.stdin.close()
        try:
            await asyncio.wait_for(task, LEAVE)
        except TimeoutError:
            _kill(process)
            await process.wait()


def _kill(process: Process) -> None:
    """Kill it with what it started; what it was writing is ended by the next run."""
    with suppress(ProcessLookupError):
        if sys.platform == "win32":  # pragma: no cover
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


class ScreenServer(Server):
    """Shows the screen of ``mapiwright WORDS`` to the one browser that is given its address.

    It listens from the start; raises OSError where ``port`` is taken. 0 is a port that is free.
    """

    def __init__(self, words: Sequence[str], port: int, title: str, texts: Texts) -> None:
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
        self._window: web.WebSocketResponse | None = None
        self._end = asyncio.Event()

    @property
    def address(self) -> str:
        """What the user opens in a browser: the token is in it."""
        return self._door.address

    def serve(self, debug: bool = False) -> None:
        """Serve until the user ends it, by Ctrl+C or a signal."""
        self.debug = debug
        with suppress(KeyboardInterrupt):  # Windows tells it so
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            with suppress(NotImplementedError, AttributeError):
                loop.add_signal_handler(getattr(signal, name), self._end.set)
        # No access log: the token is in the first address.
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=LEAVE + RELOAD)
        await runner.setup()
        try:
            await web.SockSite(runner, self._socket).start()
            await self._end.wait()
        finally:
            self._end.set()
            if self._window is not None and self._window.prepared:
                await self._window.close(code=WSCloseCode.GOING_AWAY)
            await runner.cleanup()

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.router.add_get("/closed", self._handle_closed)
        app.router.add_static("/screen", TEMPLATES / "static")
        app.middlewares.append(self._at_the_door)
        app.on_response_prepare.append(self._guarded)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: whoever opened the server tells the user of it."""

    # Who may come in.

    @web.middleware
    async def _at_the_door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != "GET":
            raise web.HTTPMethodNotAllowed(request.method, ["GET"])
        headers = request.headers
        verdict = self._door.judge(
            request.host,
            headers.get("Origin"),
            request.query.get("token"),
            request.cookies,
            is_socket=request.path == "/ws",
        )
        if verdict is Verdict.FIRST:
            answer = _onward()
            answer.set_cookie(*self._door.cookie, path="/", httponly=True, samesite="Strict")
            return answer
        if verdict is not Verdict.IN:
            return self._told(request, verdict.value, 403)
        if "token" in request.query:  # the browser that came first, once more by the address that it was given
            return _onward()
        return await handler(request)

    async def _guarded(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)
        sockets = " ".join(f"ws://{host}" for host in self._door.hosts)
        response.headers["Content-Security-Policy"] = POLICY.format(sockets=sockets)

    def _told(self, request: web.Request, what: str, status: int, again: str = "") -> web.Response:
        """A page that says what there is instead of the screen, and what to do."""
        return render_template(
            "told.html",
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

    # The page, and what it shows.

    async def handle_index(self, request: web.Request) -> Any:
        """The page. A window that is loaded anew still has its socket now, so that it is its own that decides."""
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
                "socket": f"ws://{request.host}/ws",
            },
        )

    async def _handle_closed(self, request: web.Request) -> web.Response:
        """Where a window goes that was closed before anything was drawn in it: why that was."""
        occupied = self._window is not None and not self._window.closed
        what, status = ("occupied", 409) if occupied else ("ended", 200)
        return self._told(request, what, status, self._texts("browser.again"))

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One window from its opening to its end; a program that still writes for the one before is waited for."""
        while self._window is not None:
            if await self._stays_occupied() or self._end.is_set():
                raise web.HTTPConflict(text=self._texts("browser.occupied"))
            await asyncio.sleep(GLANCE)
        window = self._window = web.WebSocketResponse(heartbeat=15)
        try:
            await window.prepare(request)
            await self._through(window, request)
        finally:
            self._window = None
        return window

    async def _through(self, window: web.WebSocketResponse, request: web.Request) -> None:
        """Run the program of a window that is open."""
        session = Session(self._words, window, self)
        try:
            width, height = (to_int(request.query.get(name, ""), usual) for name, usual in USUAL.items())
            await session.start(width, height)
            await self._process_messages(window, session)
        finally:
            await window.close()
            await session.stop()

    async def _stays_occupied(self) -> bool:
        """Whether another window has the screen, and keeps it: one that is loaded anew is gone in a moment."""
        for _ in range(round(RELOAD / GLANCE)):
            if self._window is None or self._window.closed:
                return False
            await asyncio.sleep(GLANCE)
        return True


def _onward() -> web.Response:
    """To the page itself, by an address that has no token."""
    return web.Response(status=303, headers={"Location": "/"})
