"""What is drawn on the screen needs Textual, which is an extra: whether it is there, and how to get it."""

from __future__ import annotations

from importlib.util import find_spec

from mapiwright.errors import RefusedError


def require_textual(module: str = "textual") -> None:
    """Raise RefusedError with the remedy where it is not installed."""
    if find_spec(module) is None:
        raise RefusedError(
            "the pages on the screen need the library Textual, which is not installed",
            expected="the extra ui",
            remedy='Run: python -m pip install "mapiwright[ui]". Or run it unattended, with --answers FILE.',
        )
