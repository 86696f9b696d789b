"""What the engine says in English, in the reader's language: titles of plans and of steps, and what came of them.

The engine's words stay English in plans, journals, receipts and logs. Each language file has them a second time, as
patterns: ``create profile {profile}`` in English, and what a reader of that language is shown. What fits no pattern
is shown as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from string import Formatter

from mapiwright.ui.language import ENGLISH, texts_in

_TITLES, _SENTENCES = "steps.", "sentences."
_NESTED = frozenset({"title", "call", "why"})
"""Names of what the engine says inside of what it says."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The English form of a text, and its key."""

    key: str
    form: re.Pattern[str]
    literal: int


def translated(text: str, language: str) -> str:
    """A title or a sentence of the engine in a language; of a plan for several deeds, each of its titles."""
    if language == ENGLISH:
        return text
    whole = _whole(text, language, (_TITLES, _SENTENCES))
    if whole is not None:
        return whole
    parts = [_whole(part, language, (_TITLES,)) or part for part in text.split(texts_in(ENGLISH)("plan.joint"))]
    return texts_in(language)("plan.joint").join(parts)


def translated_lines(text: str, language: str) -> str:
    """Sentences of the engine in a language, a line each, some of them further right."""
    if language == ENGLISH:
        return text
    return "\n".join(_indented(line, language) for line in text.split("\n"))


def _indented(line: str, language: str) -> str:
    said = line.lstrip(" ")
    return " " * (len(line) - len(said)) + (_whole(said, language, (_SENTENCES,)) or said)


def _whole(text: str, language: str, sections: tuple[str, ...]) -> str | None:
    for pattern in _patterns(sections):
        found = pattern.form.fullmatch(text)
        if found is not None:
            names = {
                name: translated(value, language) if name in _NESTED else value
                for name, value in found.groupdict().items()
            }
            return texts_in(language)(pattern.key, **names)
    return None


@cache
def _patterns(sections: tuple[str, ...]) -> tuple[_Pattern, ...]:
    """The forms of some sections, those first that have the most words of their own, as a name may hold any."""
    texts = texts_in(ENGLISH).texts
    found = [_pattern(key, texts[key]) for key in texts if key.startswith(sections)]
    return tuple(sorted(found, key=lambda pattern: -pattern.literal))


def _pattern(key: str, text: str) -> _Pattern:
    parts = list(Formatter().parse(text.strip("\n")))
    # A name in a title ends where the next title of a plan begins.
    anything = r".+" if key.startswith(_SENTENCES) else rf"(?:(?!{texts_in(ENGLISH)('plan.joint')}).)+"
    form = "".join(
        re.escape(literal) + ("" if name is None else rf"(?P<{name}>{'.+' if name in _NESTED else anything})")
        for literal, name, _, _ in parts
    )
    return _Pattern(key, re.compile(form, re.DOTALL), sum(len(literal) for literal, *_ in parts))
