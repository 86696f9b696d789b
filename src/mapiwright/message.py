"""What the engine says to people: a key with arguments, which each language has a text for.

Titles, notes and outcomes are messages in plans, journals and receipts, and nothing reads their text back. The
English texts are in ``english``; those of other languages are files of ``ui/languages`` with the same keys.

A message in JSON is ``{"key", "arguments"}``, and a text that has no key is a plain string. A receipt in a user's
own store may hold anything, so ``from_json`` bounds what it accepts, and rendering never fails: a key that this
version does not know, or one with other arguments than its text names, is shown as it is.
"""

# ruff: noqa: PLC0415 - the English texts are loaded when the first message is shown

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LITERAL = "text"
"""The key of a text that is the same in each language: a user's own, or one that is not translated yet."""
LONGEST = 10_000
"""The characters of an argument that are kept."""
DEEPEST = 8
"""How deep a message may lie in others, in JSON."""
MOST_PARTS = 1000
"""The arguments that a message may have in JSON, those of the messages in it included."""
MOST_JOINED = 100
"""The messages that are joined into one; of more, the number is said."""
NUMBER = "number"
"""The argument that decides between the texts ``-one`` and ``-many`` of a key, where it has these."""
_CUT = "..."

Argument: TypeAlias = "str | int | Message | tuple[Message, ...]"


@frozen
class Message:
    """A key, and its arguments by their names, in the order of the names; ``of`` and ``literal`` make one.

    ``str`` is the English text.
    """

    key: str
    arguments: tuple[tuple[str, Argument], ...] = ()

    @classmethod
    def of(cls, key: str, /, **arguments: Argument) -> Message:
        """The message of a key of ``english``; an argument that is too long is cut."""
        return cls(key, tuple((name, _bounded(arguments[name])) for name in sorted(arguments)))

    @classmethod
    def literal(cls, text: str) -> Message:
        """A text that is shown as it is, in each language."""
        return cls(LITERAL, ((LITERAL, _cut(text)),))

    @classmethod
    def joined(cls, messages: Iterable[Message]) -> Message:
        """Several messages in one line, each of them once; one alone is itself, and none is an empty text."""
        several = tuple(dict.fromkeys(messages))
        if len(several) < 2:
            return several[0] if several else cls.literal("")
        if len(several) > MOST_JOINED:
            return cls.of("joint.more", titles=several[:MOST_JOINED], number=len(several) - MOST_JOINED)
        return cls.of("joint.titles", titles=several)

    def __str__(self) -> str:
        """The English text."""
        from mapiwright import english

        return render(self, english.TEXTS, english.SINGULAR)

    @property
    def as_literal(self) -> str | None:
        """The text of a literal message, None of another."""
        match self:
            case Message(key="text", arguments=(("text", str(text)),)):
                return text
        return None

    def to_json(self) -> Any:
        """The message for a plan, a journal or a receipt; ``from_json`` reads it back."""
        text = self.as_literal
        if text is not None:
            return text
        return {"key": self.key, "arguments": {name: _to_json(value) for name, value in self.arguments}}

    @classmethod
    def from_json(cls, json: object) -> Message:
        """The message that ``to_json`` gave; raises ValueError on what has another form, is too deep or too large."""
        return _Reader().message(json, 0)


def as_message(words: str | Message) -> Message:
    """The words as a message: a text is shown as it is."""
    return Message.literal(words) if isinstance(words, str) else words


def render(message: Message, texts: Mapping[str, str], singular: str) -> str:
    """The message in the language of ``texts``, whose numbers of one thing are listed in ``singular``.

    An argument is inserted unchanged; the caller escapes the text for where it is shown.
    """
    from mapiwright import english

    text = message.as_literal
    if text is not None:
        return text
    names = {name: _rendered(value, texts, singular) for name, value in message.arguments}
    key = _counted(message.key, names, singular)
    if key not in english.TEXTS or key not in texts or names.keys() != names_in(english.TEXTS[key]):
        inner = ", ".join(f"{name}={value}" for name, value in names.items())
        return f"{message.key}({inner})"
    return texts[key].strip("\n").format(**names)


@cache
def names_in(text: str) -> frozenset[str]:
    """The names between braces in a text."""
    from string import Formatter

    return frozenset(name for _, name, *_ in Formatter().parse(text) if name is not None)


def _rendered(value: Argument, texts: Mapping[str, str], singular: str) -> str:
    match value:
        case Message():
            return render(value, texts, singular)
        case tuple():
            return texts["joint.separator"].join(render(each, texts, singular) for each in value)
        case _:
            return str(value)


def _counted(key: str, names: Mapping[str, str], singular: str) -> str:
    """The key, or where it has a form for one thing and for many, the key of that form."""
    from mapiwright.english import TEXTS

    if key in TEXTS or NUMBER not in names:
        return key
    return f"{key}-one" if names[NUMBER] in singular.split() else f"{key}-many"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT


def _bounded(value: Argument) -> Argument:
    """An argument as JSON will give it back: a literal message in it is its text."""
    match value:
        case str():
            return _cut(value)
        case Message():
            text = value.as_literal
            return value if text is None else text
        case _:
            return value


def _to_json(value: Argument) -> Any:
    match value:
        case Message():
            return value.to_json()
        case tuple():
            return [each.to_json() for each in value]
        case _:
            return value


class _Reader:
    """Reads one message, and counts what it has read of it."""

    def __init__(self) -> None:
        self.parts = 0

    def message(self, json: object, depth: int) -> Message:
        if depth > DEEPEST:
            raise ValueError("messages are nested too deep")
        if isinstance(json, str):
            return Message.literal(json)
        if not isinstance(json, dict) or json.keys() != {"key", "arguments"}:
            raise ValueError("this is no message")
        key, arguments = json["key"], json["arguments"]
        if not isinstance(key, str) or len(key) > LONGEST or not isinstance(arguments, dict):
            raise ValueError("this is no message")
        return Message.of(key, **dict(self._arguments(arguments, depth)))

    def _arguments(self, arguments: dict[Any, Any], depth: int) -> Iterator[tuple[str, Argument]]:
        for name, value in arguments.items():
            if not isinstance(name, str) or len(name) > LONGEST:
                raise ValueError("an argument of a message has no name")
            yield name, self._argument(value, depth)

    def _argument(self, value: object, depth: int) -> Argument:
        self._count()
        match value:
            case bool():
                raise ValueError("an argument of a message is neither text, number nor message")
            case str() | int():
                return value
            case list():
                return tuple(self._one_of_several(each, depth) for each in value)
            case _:
                return self.message(value, depth + 1)

    def _one_of_several(self, json: object, depth: int) -> Message:
        self._count()
        return self.message(json, depth + 1)

    def _count(self) -> None:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise ValueError(f"a message has more than {MOST_PARTS} arguments")
