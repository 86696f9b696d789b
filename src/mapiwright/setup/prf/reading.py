"""A PRF file read from disk, only to look at it: nothing of a workstation is loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats import prf as text
from mapiwright.formats.inf import LARGEST
from mapiwright.mapi.prf.reading import read
from mapiwright.transaction.single_file import read_named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mapiwright.errors import Finding
    from mapiwright.mapi.prf.reading import ProfileFile


def read_file(file: Path, code_page: str) -> ProfileFile:
    """What a file means, its characters in ``code_page``; raises FormatError that names the file."""
    data = read_named(file, LARGEST, "a PRF file")
    try:
        return read(text.parse(data, code_page))
    except FormatError as error:
        where = f"{file}: {error.where}" if error.where else str(file)
        raise FormatError(error.what, where=where, expected=error.expected, remedy=error.remedy) from None


def placed(findings: Sequence[Finding], where: str) -> tuple[Finding, ...]:
    """The findings with the file as their place, where they have none."""
    return tuple(replace(finding, where=finding.where or where) for finding in findings)
