"""SHA-256 sums of files, as ``sha256sum`` writes and reads them: 64 hex digits, two blanks, a path; one line a file.

Paths have ``/`` and are UTF-8. coreutils and BSD's ``sha256sum -c`` check the same file.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.workstation.files import fault_of_name

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 1 << 20
"""The bytes of a list of sums."""
_LINE = re.compile(r"([0-9A-Fa-f]{64}) [ *](.+)")


def sum_of(data: bytes) -> str:
    """The sum of a file."""
    return sha256(data).hexdigest()


def render(files: Mapping[str, bytes]) -> bytes:
    """The sums of ``files``, sorted by path; the names are such that Windows takes them."""
    return "".join(f"{sum_of(files[path])}  {path}\n" for path in sorted(files)).encode()


def parse(data: bytes) -> dict[str, str]:
    """Path to sum; raises FormatError with the line that is invalid, there twice, or leads out of the directory."""
    if len(data) > LARGEST:
        raise FormatError(f"the list has more than {LARGEST} bytes", where=f"byte {LARGEST}")
    try:
        lines = data.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError("this is no UTF-8", where=f"byte {error.start}") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        read = _LINE.fullmatch(line)
        if read is None or any(fault_of_name(name) for name in read[2].split("/")):
            raise FormatError("this is no sum of a file", where=f"line {number}", expected="64 hex digits and a path")
        if read[2] in found:
            raise FormatError(f"{read[2]} is there twice", where=f"line {number}")
        found[read[2]] = read[1].lower()
    return found
