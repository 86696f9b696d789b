"""The driver that draws a screen for a browser, in the process that the server started for it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from textual.drivers.web_driver import WebDriver
from textual.messages import ExitApp

if TYPE_CHECKING:
    from textual.app import App


class ServedDriver(WebDriver):
    """Textual's own, which ends the program when its server is gone."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        heard = self._write

        def write(data: bytes) -> int:
            with suppress(BrokenPipeError):  # the end of the input says the same
                return heard(data)
            return len(data)

        self._write = write  # type: ignore[assignment] # a function like its own

    def run_input_thread(self) -> None:
        """Read the server's input; end when it is closed."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(ExitApp())
