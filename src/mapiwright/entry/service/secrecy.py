"""Secrets that a call carries, and how to see that something would give one away.

A value in the range 0x67F0 to 0x67FF reaches the service through the child's pipe, and nothing else: no log, no
error, no receipt and no plain property.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.mapi.props.tags import is_secure, prop_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.entry.service.contract import EntryRequest
    from mapiwright.formats.props import PropertyValue

IDENTITY = frozenset({0x67FD, 0x67FE})
"""PR_AUTOCFG_USER_EMAIL and _NAME: in the secure range, yet given so that the service may store them plainly."""

PIECE = 12
"""The length in bytes of the pieces of a secret that reported text is searched for."""

TELLING = 4
"""The bytes from which a secret is looked for inside other data; a shorter one must be the whole of it."""


def properties_of(request: EntryRequest) -> Iterator[tuple[int, PropertyValue]]:
    """Every property that a request carries."""
    yield from request.properties.items()
    for section in request.sections:
        yield from section.properties.items()


def holds_secrets(request: EntryRequest) -> bool:
    """Whether a request carries a secure property."""
    return any(is_secure(tag) for tag, _ in properties_of(request))


def _spellings(value: PropertyValue, code_page: str) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode("utf-8", "surrogatepass")
        yield value.encode("utf-16-le", "surrogatepass")
        yield value.encode(code_page, "replace")
    elif isinstance(value, bytes):
        yield value
        yield value.hex().encode()
    elif isinstance(value, tuple):
        for item in value:
            yield from _spellings(item, code_page)
    elif not isinstance(value, bool):  # too small to recognise
        yield str(value).encode()


def _pieces(spelling: bytes) -> Iterator[bytes]:
    """Pieces of a long secret: any text with twice as many of its bytes in a row contains a whole piece."""
    for at in range(0, len(spelling) - PIECE + 1, PIECE):
        yield spelling[at : at + PIECE]


def betrays(value: PropertyValue, request: EntryRequest, *, stored: bool = False) -> bool:
    """Whether ``value`` spells a secret that the request carries; ``stored`` says that it is to become a property.

    What is only reported, and not stored, must not hold a long piece of one either: it may have been truncated.
    """
    if stored and isinstance(value, int):
        return False  # numbers are too small to recognise
    reported = tuple(_spellings(value, request.code_page))
    for tag, secret in properties_of(request):
        if not is_secure(tag) or (stored and prop_id(tag) in IDENTITY):
            continue
        for spelling in filter(None, _spellings(secret, request.code_page)):
            if any(spelling == text or (len(spelling) >= TELLING and spelling in text) for text in reported):
                return True
            if not stored and any(piece in text for piece in _pieces(spelling) for text in reported):
                return True
    return False
