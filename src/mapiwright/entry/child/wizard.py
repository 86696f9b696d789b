"""Runs a vendor's wizard entry: the function of its stand-in that gives the service's pages of the Profile Wizard.

Standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mapiwright.entry.child.channel import Say, line, serve
from mapiwright.entry.child.property_json import properties_from_json, properties_to_json
from mapiwright.entry.child.standin import Failure, guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class WizardCall:
    """One question of the wizard: what ``wizard_entry(call)`` is given. It answers with the list of its pages.

    ``page`` is None when the wizard opens the service, from either side; when the user continues from a page, it is
    that page, counted from 0. ``properties`` are what was gathered so far, and may be changed.
    """

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.page: int | None = request["page"]
        self.properties: dict[int, Any] = properties_from_json(request["properties"])

    def fail(self, text: str) -> NoReturn:
        """Refuse what was entered: the page stays, with this text."""
        raise Failure(0x80004005, text, "", 0, 0)


def answer(request: Mapping[str, Any], say: Say) -> bytes:
    """Call the wizard entry that the request names; the last line of the answers."""

    def made(function: Callable[..., Any]) -> bytes:
        call = WizardCall(request)
        pages = function(call)
        return line("pages", pages=pages, properties=properties_to_json(call.properties))

    return guarded(request, say, made, lambda failure: line("refused", words=failure.error["error"]))


def main() -> NoReturn:
    """Serve one request."""
    serve(answer)
