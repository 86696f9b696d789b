r"""Paths as a registry writes them, with short names (``C:\PROGRA~1``), as paths with long ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.files import join, same

if TYPE_CHECKING:
    from mapiwright.workstation.files import FileReader


def long_path(path: str, files: FileReader) -> str:
    r"""The path with its 8.3 names as long ones, without quotes; "" where it is not an absolute path.

    A copied tree has lost its short names, so the n-th name that would shorten so is taken, as Windows numbers them
    where nothing was deleted.
    """
    drive, *names = path.strip('"').rstrip("\\").split("\\")
    if not re.fullmatch("[A-Za-z]:", drive) or not names or {"", ".", ".."} & set(names):
        return ""
    here = drive
    for name in names:
        here = join(here, _long_name(name, files.names(here)) if "~" in name else name)
    return here


def _long_name(name: str, there: tuple[str, ...]) -> str:
    stem, _, digit = name.partition("~")
    if not (digit.isascii() and digit.isdecimal()) or any(same(name, known) for known in there):
        return name
    short = [known for known in there if upcase(known.replace(" ", "").replace(".", "")).startswith(upcase(stem))]
    return short[int(digit) - 1] if 0 < int(digit) <= len(short) else name


def is_below(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or is somewhere below it; nothing is below no folder."""
    return bool(folder) and f"{upcase(path)}\\".startswith(f"{upcase(folder)}\\")
