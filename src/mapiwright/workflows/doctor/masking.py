r"""User data in texts that leave a workstation: taken out, each by a mark of its own, so that a text stays readable.

The same name gets the same mark everywhere: ``<user-1>``. What is masked: the names and SIDs of users, the names of
their profiles, every text of a profile that is not also in MAPISVC.INF, e-mail addresses, servers, network paths,
paths in users' folders, distinguished names, and the name of the computer.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.transaction.plans.effect import Json

WHOLE_WORDS = 4
"""A text of fewer characters is masked only as a whole word: ``Al`` is not looked for inside ``Also``."""

_PATTERNS = (
    # A path of a user, Windows' or this computer's, up to what ends a path in a sentence.
    (
        "path",
        re.compile(
            r"(?:[A-Z]:)?[\\/](?:Users|Documents and Settings|home)[\\/][^\"'*?|\r\n,;()]+",
            re.IGNORECASE,
        ),
    ),
    ("sid", re.compile(r"S-1-(?:5-21|12-1)(?:-\d+)+(?:_Classes)?", re.IGNORECASE)),
    ("dn", re.compile(r"/o=[^\"'\r\n,;]+", re.IGNORECASE)),
    ("address", re.compile(r"[^\s\"'(),;:\\\[\]]{1,200}@[^\s\"'(),;:\\\[\]/]+")),
    ("server", re.compile(r"\\\\(?!\?)[^\\\s\"']+(?:\\[^\"'*?|\r\n,;()<>]+)?")),
    # At least three labels that do not end like the name of a file.
    (
        "server",
        re.compile(
            r"\b(?:[A-Z0-9_](?:[A-Z0-9-]{0,61}[A-Z0-9])?\.){2,}"
            r"(?!(?:dll|exe|inf|dat|prf|pst|ost|json|toml|py|txt|log)\b)[A-Z]{2,}\b",
            re.IGNORECASE,
        ),
    ),
    ("server", re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b(?!\.\d)")),
)


class Masker:
    """Masks texts, and counts what it masked by kind."""

    def __init__(self, private: Mapping[str, str]) -> None:
        """``private`` are texts with their kind: ``{"anna": "user"}``."""
        self.counts: Counter[str] = Counter()
        self._kinds = {text.casefold(): kind for text, kind in private.items() if text.strip()}
        self._marks: dict[tuple[str, str], str] = {}
        self._numbers: Counter[str] = Counter()
        words = sorted((text for text in private if text.strip()), key=len, reverse=True)
        self._words = re.compile("|".join(map(_expression, words)), re.IGNORECASE) if words else None

    def mask(self, text: str) -> str:
        """The text without user data; what it is not sure of is masked, too."""
        if self._words is not None:
            text = self._words.sub(lambda match: self._mark(self._kind(match[0]), match[0]), text)
        for kind, pattern in _PATTERNS:
            text = pattern.sub(lambda match, kind=kind: self._mark(kind, match[0]), text)  # type: ignore[misc]
        return text

    def mask_all(self, document: Json) -> Json:
        """A JSON value with every text in it masked; keys are our own words and stay."""
        match document:
            case str():
                return self.mask(document)
            case dict():
                return {key: self.mask_all(value) for key, value in document.items()}
            case list() | tuple():
                return [self.mask_all(value) for value in document]
        return document

    def _kind(self, found: str) -> str:
        return self._kinds.get(found.casefold(), "text")

    def _mark(self, kind: str, found: str) -> str:
        self.counts[kind] += 1
        key = (kind, found.casefold())
        if key not in self._marks:
            self._numbers[kind] += 1
            self._marks[key] = f"<{kind}-{self._numbers[kind]}>"
        return self._marks[key]


def _expression(text: str) -> str:
    escaped = re.escape(text)
    return rf"(?<!\w){escaped}(?!\w)" if len(text) < WHOLE_WORDS else escaped
