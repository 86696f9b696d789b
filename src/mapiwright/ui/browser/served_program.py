"""The program of one window: the verb in its own process, with its screen sent to a browser.

Like textual-serve's, but started without a shell, and read until it ends. Nothing here stops it in the middle of a
change: it is asked to end, and finishes what it is writing, however long that takes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TypeGuard

from textual_serve.app_service import AppService

from mapiwright.entry.hosts.isolation import OF_ITS_OWN
from mapiwright.errors import RecoveryNeededError
from mapiwright.ui.screens.screen_support import DRIVER_VARIABLE, SERVED_DRIVER

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Sequence

    from aiohttp import web
    from textual_serve.server import Server

PRELUDE = b"__GANGLION__\n"
"""What Textual's driver says before its first packet."""
PIECE = 1 << 16
MOST_TYPED = 1 << 20
"""The most bytes that can be typed or pasted at once."""
MOST_PING = 64
SIDE = 1000
"""The most columns or rows of a screen."""


def is_size(side: object) -> TypeGuard[int]:
    """Whether a screen may be so wide, or so high."""
    return type(side) is int and 1 <= side <= SIDE


class BrowserSession(AppService):
    """The program of one window; what it says on standard error is shown where the server's own words are."""

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
        self._insisted = False

    async def start(self, width: int, height: int) -> None:
        """Start the program, for a window of that size."""
        # -P: do not import modules from the current folder.
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
        """Send its packets to the window until it ends; a closed window does not stop it.

        On anything unexpected, the program is asked to end, and its window is closed.
        """
        stdout = process.stdout
        assert stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            with suppress(asyncio.IncompleteReadError):  # that is its end
                await self._carry_packets(stdout)
        finally:
            self._ask_to_end()
            await self.remote_close()
            while await stdout.read(PIECE):
                pass  # a program whose output is not read would block
            await process.wait()

    async def _carry_packets(self, stdout: asyncio.StreamReader) -> None:
        await stdout.readuntil(PRELUDE)
        while True:
            kind, size = struct.unpack(">cI", await stdout.readexactly(5))
            payload = await stdout.readexactly(size)
            with suppress(ConnectionError):
                if kind == b"D":
                    await self.on_data(payload)
                elif kind == b"M":
                    await self.on_meta(payload)
                else:
                    raise ValueError("that is no packet")

    async def hear(self, said: str) -> bool:
        """Pass the window's message to the program; False where our page would not send that."""
        try:
            message = json.loads(said)
        except (ValueError, RecursionError):
            return False
        match message:
            case ["stdin", str(text)] if len(typed := text.encode("utf-8", "replace")) <= MOST_TYPED:
                await self.send_bytes(typed)
            case ["resize", {"width": width, "height": height}] if is_size(width) and is_size(height):
                await self.set_terminal_size(width, height)
            case ["ping", str(when)] if len(when) <= MOST_PING:
                await self.remote_write_str(json.dumps(["pong", when]))
            case ["focus"]:
                await self.focus()
            case ["blur"]:
                await self.blur()
            case _:
                return False
        return True

    async def stop(self) -> None:
        """Ask the program to end, and wait for it: what it is writing is finished first."""
        if self._task is None:
            return
        self._ask_to_end()
        await self._task

    def _ask_to_end(self) -> None:
        with suppress(RuntimeError):
            self.stdin.write(self.encode_packet(b"M", json.dumps({"type": "quit"}).encode()))
        self.stdin.close()

    def kill(self) -> None:
        """Kill it and its child processes, as the user insists; `recover` ends what it was writing."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._insisted = True
        with suppress(ProcessLookupError):
            if sys.platform == "win32":  # pragma: no cover
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)

    @property
    def killer(self) -> str:
        """What killed the program, or "" where it ended by itself."""
        code = self._process.returncode if self._process is not None else None
        if code is None or 0 <= code < 256:  # an exit code of the program's own
            return "kill" if sys.platform == "win32" and self._insisted else ""
        with suppress(ValueError):
            return signal.Signals(-code).name
        return hex(code)  # Windows: the status of a crash

    @property
    def was_interrupted(self) -> bool:
        """Whether it may have left an interrupted transaction: it was killed, or its exit code says so."""
        code = self._process.returncode if self._process is not None else None
        return bool(self.killer) or code == RecoveryNeededError.exit_code
