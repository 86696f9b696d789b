"""Whether there is a screen to draw on, and the libraries that it takes, which are an extra."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from mapiwright.errors import RefusedError
from mapiwright.ui.text.terminal import is_terminal

SERVED_DRIVER = "mapiwright.ui.browser.served_driver:ServedDriver"
"""What a server has Textual draw with, in the processes that it starts."""
DRIVER_VARIABLE = "TEXTUAL_DRIVER"
LIBRARIES = {"textual": "Textual", "textual_serve": "textual-serve"}


def is_served() -> bool:
    """Whether this process was started by a server, to be shown in a browser."""
    return os.environ.get(DRIVER_VARIABLE) == SERVED_DRIVER


def has_screen() -> bool:
    """Whether there is a screen and a keyboard: at a terminal, or in a browser."""
    return is_served() or (is_terminal(sys.stdin) and is_terminal(sys.stderr))


def require_textual(module: str = "textual") -> None:
    """Raise RefusedError with the remedy where Textual, or another one of LIBRARIES, is not installed."""
    if find_spec(module) is None:
        raise RefusedError(
            f"the pages on the screen need the library {LIBRARIES[module]}, which is not installed",
            expected="the extra ui",
            remedy='Run: python -m pip install "mapiwright[ui]". Or run it unattended, with --answers FILE.',
        )
