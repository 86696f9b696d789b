"""Replace or keep: which of two files of one name stays, by the rules of Windows Installer.

The rules hold where both files have a version ([file-versioning-rules], [native] 4.1): the higher one wins, and of
equal ones the one that is there. A file without a version cannot be compared: what an install of ours wrote is
replaced, and anything else is somebody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mapiwright.errors import FormatError
from mapiwright.formats import pe


class Verdict(Enum):
    """What becomes of the file that is there."""

    KEEP = "keep"
    REPLACE = "replace"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the file that is there, and why; ``rule`` is the id under which it is told, or ""."""

    verdict: Verdict
    reason: str = ""
    rule: str = ""


SAME = Decision(Verdict.KEEP)
"""The file is there, byte for byte."""


def decide(old: bytes | None, new: bytes, *, ours: bool, force: bool) -> Decision:
    """Whether ``new`` replaces ``old`` (None is absent).

    ``ours`` says that an earlier install of the same package wrote ``old``; ``force`` replaces whatever is there.
    A newer file of ours is a conflict, because going back shall be said; a newer one of somebody else is kept.
    """
    if old is None:
        return Decision(Verdict.REPLACE)
    if old == new:
        return SAME
    have, bring = version_of(old), version_of(new)
    told = f"version {_dotted(have)} is there, and the package has {_dotted(bring)}"
    if force:
        return Decision(Verdict.REPLACE, f"forced: {told}", "MW4219")
    if ours:
        goes_back = have is not None and bring is not None and have > bring
        return Decision(Verdict.CONFLICT, told, "MW4218") if goes_back else Decision(Verdict.REPLACE)
    if have is None or bring is None:
        return Decision(Verdict.CONFLICT, "it has other bytes and came from elsewhere", "MW4216")
    if have < bring:
        return Decision(Verdict.REPLACE, told, "MW4219")
    return Decision(Verdict.KEEP, told, "MW4217")


def version_of(data: bytes) -> tuple[int, int, int, int] | None:
    """The four words of a file's fixed version, or None where it has none."""
    try:
        return pe.read(data).version
    except FormatError:
        return None


def _dotted(version: tuple[int, int, int, int] | None) -> str:
    return ".".join(map(str, version)) if version else "none"
