"""The codec ``mbcs``, which Python has on Windows alone: the ANSI code page of the workstation in use."""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING

from mapiwright.pywin32 import target

if TYPE_CHECKING:
    from typing import Any

NAME = "mbcs"


def _of_now() -> codecs.CodecInfo:
    """The code page of the workstation that a script administers at that moment."""
    return codecs.lookup(target.code_page())


def _found(name: str) -> codecs.CodecInfo | None:
    if name != NAME:
        return None

    def encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
        return _of_now().encode(text, errors)

    def decode(data: Any, errors: str = "strict") -> tuple[str, int]:
        return _of_now().decode(data, errors)

    def incremental(way: str) -> Any:
        return lambda errors="strict": getattr(_of_now(), way)(errors)

    return codecs.CodecInfo(
        encode,
        decode,
        incrementalencoder=incremental("incrementalencoder"),
        incrementaldecoder=incremental("incrementaldecoder"),
        name=NAME,
    )


def register() -> None:
    """Make ``"...".encode("mbcs")`` work off Windows; once."""
    if sys.platform != "win32" and not _REGISTERED:
        codecs.register(_found)
        _REGISTERED.append(NAME)


_REGISTERED: list[str] = []
