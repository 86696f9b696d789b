"""A service's own pages of the Profile Wizard, as data: what a person is asked, and what it is stored as.

A form comes from the service's package and is kept in its record, or its Python wizard entry answers with one. No
vendor code draws anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.formats.props import PropertyType
from mapiwright.mapi.props.tags import is_secure, prop_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.formats.props import PropertyValue

Entered: TypeAlias = "str | bool"
"""What a person leaves in a field: the text of a line, or whether a box is ticked."""

ENGLISH = "en"
LONGEST_TEXT = 4096
"""The most characters of an answer."""

TEXTS = frozenset({PropertyType.STRING8, PropertyType.UNICODE})
RANGES: Mapping[int, tuple[int, int]] = MappingProxyType(
    {PropertyType.I2: (-0x8000, 0x7FFF), PropertyType.LONG: (-0x80000000, 0x7FFFFFFF)}
)
"""The types that a number may have, with what they can hold."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text for people in one or more languages (``en``, ``fr``), at least one."""

    by_language: Mapping[str, str]

    @classmethod
    def plain(cls, text: str) -> Words:
        """A text that its author wrote in one language."""
        return cls(MappingProxyType({ENGLISH: text}))

    def in_(self, language: str) -> str:
        """In that language, else in English, else in any that there is."""
        found = self.by_language
        return found.get(language) or found.get(ENGLISH) or next(iter(found.values()), "")

    def __str__(self) -> str:
        return self.in_(ENGLISH)


NO_WORDS = Words(MappingProxyType({}))


class FieldKind(StrEnum):
    """How a field is asked for."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"


class Why(StrEnum):
    """What is wrong with what was entered."""

    MISSING = "missing"
    NUMBER = "number"
    RANGE = "range"
    CHOICE = "choice"
    PATTERN = "pattern"
    TEXT = "text"
    """It is too long, or holds a control character."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values to choose from."""

    value: str | int
    label: Words


@dataclass(frozen=True, slots=True)
class Field:
    """One question, whose answer becomes the property ``tag``; the type of the tag is the type of the field.

    ``name`` is what answers and messages call it. ``default`` is None where nothing is filled in. ``pattern`` is a
    regular expression for the whole of a text, and ``hint`` says in words what it wants. ``least`` and ``most``
    bound a number.
    """

    name: str
    tag: int
    label: Words
    help: Words = NO_WORDS
    default: PropertyValue | None = None
    choices: tuple[Choice, ...] = ()
    pattern: str = ""
    hint: Words = NO_WORDS
    least: int | None = None
    most: int | None = None
    required: bool = True

    @property
    def kind(self) -> FieldKind:
        """How it is asked for."""
        if self.choices:
            return FieldKind.CHOICE
        if prop_type(self.tag) == PropertyType.BOOLEAN:
            return FieldKind.FLAG
        return FieldKind.NUMBER if prop_type(self.tag) in RANGES else FieldKind.TEXT

    @property
    def secret(self) -> bool:
        """Whether the answer is never shown: its property is one that is kept encrypted ([iprofsectimapiprop])."""
        return is_secure(self.tag)

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the most that a number may be."""
        least, most = RANGES.get(prop_type(self.tag), (0, 0))
        return (least if self.least is None else self.least, most if self.most is None else self.most)

    @property
    def first(self) -> Entered:
        """The initial content of the field."""
        if self.kind is FieldKind.FLAG:
            return self.default is True
        return "" if self.default is None else str(self.default)

    def fault_of(self, entered: Entered) -> Why | None:
        """Why ``entered`` is no answer, or None."""
        if self.kind is FieldKind.FLAG:
            return None if isinstance(entered, bool) else Why.CHOICE
        text = _trimmed(self, entered)
        if not text:
            return Why.MISSING if self.required else None
        if self.kind is FieldKind.CHOICE:
            return None if text in {str(choice.value) for choice in self.choices} else Why.CHOICE
        if self.kind is FieldKind.NUMBER:
            if not re.fullmatch(r"[+-]?[0-9]{1,10}", text):
                return Why.NUMBER
            least, most = self.bounds
            return None if least <= int(text) <= most else Why.RANGE
        if len(text) > LONGEST_TEXT or not text.isprintable():
            return Why.TEXT
        return None if not self.pattern or re.fullmatch(self.pattern, text) else Why.PATTERN

    def value_of(self, entered: Entered) -> PropertyValue | None:
        """The value of the property; None where nothing was entered. For what has no fault."""
        if self.kind is FieldKind.FLAG:
            return bool(entered)
        text = _trimmed(self, entered)
        if not text:
            return None
        if self.kind is FieldKind.CHOICE:
            return next(choice.value for choice in self.choices if str(choice.value) == text)
        return int(text) if self.kind is FieldKind.NUMBER else text

    @property
    def expected(self) -> str:
        """What it takes, for a message."""
        match self.kind:
            case FieldKind.FLAG:
                return "true or false"
            case FieldKind.CHOICE:
                return "one of " + ", ".join(str(choice.value) for choice in self.choices)
            case FieldKind.NUMBER:
                return "a number from {} to {}".format(*self.bounds)
        return str(self.hint) or (f"text that matches {self.pattern}" if self.pattern else "a line of text")


def _trimmed(asked: Field, entered: Entered) -> str:
    """A blank at an end was typed by mistake, except in a secret, which may have any."""
    text = entered if isinstance(entered, str) else str(entered).lower()
    return text if asked.secret else text.strip()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a service: its title, a sentence or two, and the fields in order."""

    title: Words
    fields: tuple[Field, ...]
    text: Words = NO_WORDS


@dataclass(frozen=True, slots=True)
class Form:
    """The pages of a service that its package describes.

    ``properties`` are those that it sets unasked: PR_WIZARD_NO_PST_PAGE and PR_WIZARD_NO_PAB_PAGE.
    """

    pages: tuple[Page, ...]
    properties: Mapping[int, PropertyValue] = field(default_factory=lambda: MappingProxyType({}))
