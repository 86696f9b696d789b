r"""User data in texts that leave a workstation: taken out, each by a mark of its own, so that a text stays readable.

The same name gets the same mark everywhere: ``<user-1>``. What is masked: the names and SIDs of users, the names of
their profiles, every text of a profile that is not also in MAPISVC.INF, e-mail addresses, servers, network paths,
paths in users' folders, distinguished names, and the name of the computer.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
        self._words = _Words({text: kind for text, kind in private.items() if text.strip()})
        self._marks: dict[tuple[str, str], str] = {}
        self._numbers: Counter[str] = Counter()

    def mask(self, text: str) -> str:
        """The text without user data; what it is not sure of is masked, too."""
        text = self._words.replaced(text, self._mark)
        for kind, pattern in _PATTERNS:
            text = pattern.sub(lambda match, kind=kind: self._mark(kind, match[0]), text)  # type: ignore[misc]
        return text

    def mask_all(self, document: Any) -> Any:
        """A JSON value with every text in it masked; keys are our own words and stay."""
        match document:
            case str():
                return self.mask(document)
            case dict():
                return {key: self.mask_all(value) for key, value in document.items()}
            case list() | tuple():
                return [self.mask_all(value) for value in document]
        return document

    def _mark(self, kind: str, found: str) -> str:
        self.counts[kind] += 1
        key = (kind, found.casefold())
        if key not in self._marks:
            self._numbers[kind] += 1
            self._marks[key] = f"<{kind}-{self._numbers[kind]}>"
        return self._marks[key]


class _Words:
    """Texts that are looked for in others, the longest first, without regard to case.

    A profile of 20,000 sections has as many of them, so they are looked up by their lengths in a table: an expression
    of them all would try each one at each character.
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = {text.casefold(): kind for text, kind in kinds.items()}
        lengths: dict[str, set[int]] = {}
        for text in kinds:
            lengths.setdefault(text[0].casefold(), set()).add(len(text))
        self._lengths = {first: sorted(those, reverse=True) for first, those in lengths.items()}

    def replaced(self, text: str, mark: Callable[[str, str], str]) -> str:
        """The text with ``mark(kind, found)`` in the place of each of them."""
        parts: list[str] = []
        at = done = 0
        while at < len(text):
            length = next(
                (each for each in self._lengths.get(text[at].casefold(), ()) if self._is(text, at, each)), 0
            )
            if length:
                found = text[at : at + length]
                parts += text[done:at], mark(self._kinds[found.casefold()], found)
                done = at + length
            at += length or 1
        return "".join((*parts, text[done:]))

    def _is(self, text: str, at: int, length: int) -> bool:
        end = at + length
        if end > len(text) or text[at:end].casefold() not in self._kinds:
            return False
        if length >= WHOLE_WORDS:
            return True
        return not (_is_in_word(text[at - 1 : at]) or _is_in_word(text[end : end + 1]))


def _is_in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
