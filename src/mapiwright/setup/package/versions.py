"""Replace or keep: which of two files of one name stays, by the rules of Windows Installer.

The rules hold where both files have a version ([file-versioning-rules], [native] 4.1): the higher one wins; of equal
ones the one with the right languages, and else the one that is there. A file without a version cannot be compared:
what an install of ours wrote is replaced, and anything else belongs to others; but a companion follows its parent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats import pe
from mapiwright.workstation.outlook.languages import tag_of_lcid

if TYPE_CHECKING:
    from collections.abc import Collection


class FileVerdict(Enum):
    """What becomes of the file that is there."""

    KEEP = "keep"
    REPLACE = "replace"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the file that is there, and why; ``rule`` is the id of its finding, or ""."""

    verdict: FileVerdict
    reason: str = ""
    rule: str = ""


SAME = Decision(FileVerdict.KEEP)
"""The file is there, byte for byte."""


def decide(
    old: bytes | None,
    new: bytes,
    *,
    ours: bool,
    force: bool,
    languages: Collection[int] = (),
    parent: Decision | None = None,
) -> Decision:
    """Whether ``new`` replaces ``old`` (None is absent).

    ``ours`` says that an earlier install of the same package wrote ``old``; ``force`` replaces whatever is there.
    A newer file of ours is a conflict, because a downgrade must be requested; a newer one of others is kept.
    ``languages`` are the LCIDs that the product speaks. ``parent`` is what becomes of the file that this one is the
    companion of, where that one was there, too: without it the file that is there belongs to others.
    """
    if old is None:
        return Decision(FileVerdict.REPLACE)
    if old == new:
        return SAME
    have, bring = _Stamp.of(old), _Stamp.of(new)
    reported = f"version {have} is there, and the package has {bring}"
    if force:
        return Decision(FileVerdict.REPLACE, f"forced: {reported}", "MW4219")
    if parent is not None and (followed := _follow(parent, ours=ours)) is not None:
        return followed
    if ours:
        goes_back = have.version is not None and bring.version is not None and have.version > bring.version
        return Decision(FileVerdict.CONFLICT, reported, "MW4218") if goes_back else Decision(FileVerdict.REPLACE)
    if have.version is None or bring.version is None:
        return Decision(FileVerdict.CONFLICT, "it has other bytes and came from elsewhere", "MW4216")
    if have.version == bring.version:
        if have.languages != bring.languages:
            reported = f"{reported}; its languages are {have.described}, and the package's {bring.described}"
        newer = _speaks_better(bring.languages, have.languages, frozenset(languages))
    else:
        newer = have.version < bring.version
    return (
        Decision(FileVerdict.REPLACE, reported, "MW4219") if newer else Decision(FileVerdict.KEEP, reported, "MW4217")
    )


def _follow(parent: Decision, *, ours: bool) -> Decision | None:
    """What becomes of a companion that is there, or None where its parent says nothing of it ([companion-files])."""
    if parent.verdict is FileVerdict.REPLACE:
        return Decision(FileVerdict.REPLACE, "the file that it accompanies is replaced", "" if ours else "MW4219")
    # A parent that is the very same does not hold back a newer companion of what we wrote ourselves.
    if parent.verdict is FileVerdict.KEEP and not (ours and parent == SAME):
        return Decision(FileVerdict.KEEP, "the file that it accompanies stays", "MW4217")
    return None


def _speaks_better(new: frozenset[int], old: frozenset[int], wanted: frozenset[int]) -> bool:
    """Whether of two files of one version the new one has the right languages ([both-files-have-a-version]).

    One that has every language of the other, and more, wins; so does any over one without a language. Else the
    languages in common are left out, and of the rest those count that the product speaks.
    """
    if old >= new:
        return False
    return new > old or len((new - old) & wanted) > len((old - new) & wanted)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What a file's version resource says: its version (None where it has none), and its languages."""

    version: tuple[int, int, int, int] | None
    languages: frozenset[int]

    @classmethod
    def of(cls, data: bytes) -> _Stamp:
        try:
            image = pe.read(data)
        except FormatError:
            return cls(None, frozenset())
        return cls(image.version, frozenset(image.languages))

    @property
    def described(self) -> str:
        """The languages for people."""
        return ", ".join(tag_of_lcid(each) or str(each) for each in sorted(self.languages)) or "none"

    def __str__(self) -> str:
        return ".".join(map(str, self.version)) if self.version else "none"
