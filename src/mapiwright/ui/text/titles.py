"""What the engine says in English, in the reader's language: titles of plans and of steps, and what came of them.

The engine's words stay English in plans, journals, receipts and logs. Each language file has them a second time, as
patterns: ``create profile {profile}`` in English, and what a reader of that language is shown. What fits no pattern
is shown as it is. A title may come from a receipt in a user's own hands, so its length and depth have a bound, and a
pattern is found without a second try.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from string import Formatter

from mapiwright.ui.text.language import ENGLISH, texts_in

LONGEST = 1000
"""The most characters of a text that is translated."""
DEEPEST = 3
"""How deep a title may lie in others: a call in a pending one, in what is taken back, in a note."""
_ACTIONS, _TITLES, _SENTENCES = "actions.", "steps.", "sentences."
_NESTED = frozenset({"title", "call", "why"})
"""Names of what the engine says inside of what it says."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The English form of a text: its key, its words, and the names between them, one fewer."""

    key: str
    words: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def literal(self) -> int:
        """How many characters are its own."""
        return sum(map(len, self.words))

    def values(self, text: str) -> dict[str, str] | None:
        """The names of a text that has this form, none of them empty.

        The words are looked for from the last to the first, each as late as it may be. So none has to be looked for
        twice: where that fails, no other place for them is left.
        """
        first, last = self.words[0], self.words[-1]
        if not self.names:
            return {} if text == first else None
        if not text.startswith(first) or not text.endswith(last):
            return None
        values: dict[str, str] = {}
        end = len(text) - len(last)
        for name, word in zip(reversed(self.names[1:]), reversed(self.words[1:-1]), strict=True):
            at = text.rfind(word, len(first) + 1, max(end - 1, 0))
            if at < 0:
                return None
            values[name] = text[at + len(word) : end]
            end = at
        if end <= len(first):
            return None
        return {**values, self.names[0]: text[len(first) : end]}


def translated(text: str, language: str) -> str:
    """A title or a sentence of the engine in a language; of a plan for several actions, each of its titles."""
    return _translated(text, language, 0)


def translated_lines(text: str, language: str) -> str:
    """Sentences of the engine in a language, a line each, some of them further right."""
    if language == ENGLISH:
        return text
    return "\n".join(_indented(line, language) for line in text.split("\n"))


def _indented(line: str, language: str) -> str:
    said = line.lstrip(" ")
    return " " * (len(line) - len(said)) + (_whole(said, language, (_SENTENCES,), 0) or said)


def _translated(text: str, language: str, depth: int) -> str:
    if language == ENGLISH or len(text) > LONGEST or depth > DEEPEST:
        return text
    whole = _whole(text, language, (_ACTIONS, _TITLES, _SENTENCES), depth)
    return text if whole is None else whole


def _whole(text: str, language: str, sections: tuple[str, ...], depth: int) -> str | None:
    """A text in a language, where it is known; several actions are where each of them is."""
    if len(text) > LONGEST:
        return None
    joint = texts_in(ENGLISH)("plan.joint")
    if _ACTIONS in sections and joint in text:
        actions = [_one(part, language, (_ACTIONS,), depth) for part in text.split(joint)]
        known = [action for action in actions if action is not None]
        if len(known) == len(actions):
            return texts_in(language)("plan.joint").join(known)
        sections = tuple(section for section in sections if section != _ACTIONS)  # no name in them has a joint
    return _one(text, language, sections, depth)


def _one(text: str, language: str, sections: tuple[str, ...], depth: int) -> str | None:
    for pattern in _patterns(sections):
        found = pattern.values(text)
        if found is not None:
            names = {
                name: _translated(value, language, depth + 1) if name in _NESTED else value
                for name, value in found.items()
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
    words = [literal for literal, *_ in parts]
    names = [name for _, name, *_ in parts if name is not None]
    return _Pattern(key, (*words, "") if len(words) == len(names) else tuple(words), tuple(names))
