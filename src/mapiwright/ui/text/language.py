"""The texts of the screens, of setup and of messages in the user's language: one file for each below ``languages``.

Another language is another file with the keys of ``en.toml`` and of ``english``, which holds the English texts of
messages. Ids, JSON and logs are English everywhere.
"""

# ruff: noqa: PLC0415 - a command that says no more than `_ALWAYS` in English reads no file, and loads nothing for it

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import UsageError
from mapiwright.frozen import frozen
from mapiwright.message import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

    from mapiwright.message import Message

ENGLISH = "en"
"""The language where none of the user's is available."""
VARIABLE = "MAPIWRIGHT_LANGUAGE"
"""The variable that names the language; without it the locale does."""
_ALWAYS: Mapping[str, str] = MappingProxyType(
    {
        "setup.target": "Target: {target}",
        "setup.target-demo": "Target: {target} ({folder}; your PC is not touched)",
        "setup.error": "Error: {error}",
    }
)
"""English texts of commands that may say nothing else; all others are in ``en.toml``."""
_CHOSEN = ContextVar("_CHOSEN", default="")
_NEUTRAL = frozenset({"c", "posix"})


@frozen
class Texts:
    """The texts of one language by their keys: ``wizard.next``."""

    language: str
    texts: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Texts(language={self.language!r})"

    def __call__(self, key: str, **names: object) -> str:
        """The text with its names filled in; a key that is not there is our own mistake."""
        return self.texts[key].strip("\n").format(**names)

    def message(self, message: Message) -> str:
        """What the engine says, in this language."""
        return render(message, self.texts, self("singular"))

    def count(self, key: str, number: int) -> str:
        """A number of things: the text of ``key`` with ``-one`` or ``-many``, as the language's ``singular`` says."""
        form = "one" if str(number) in self("singular").split() else "many"
        return self(f"{key}-{form}", number=number)


def said(key: str, **names: object) -> str:
    """One text in the user's language."""
    language = language_here()
    if language == ENGLISH and key in _ALWAYS:
        return _ALWAYS[key].format(**names)
    return texts_in(language)(key, **names)


def message_here(message: Message) -> str:
    """A message in the user's language; in English no file is read for it."""
    language = language_here()
    return str(message) if language == ENGLISH else texts_in(language).message(message)


def texts_here() -> Texts:
    """The texts in the user's language."""
    return texts_in(language_here())


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use this language for all texts, whatever the variable and the locale say."""
    before = _CHOSEN.set(language)
    try:
        yield
    finally:
        _CHOSEN.reset(before)


def language_here() -> str:
    """The user's language: the chosen one, that of the variable or of the locale, or English."""
    if chosen := _CHOSEN.get():
        return chosen
    for wanted in _of_user():
        if wanted == ENGLISH or wanted in _NEUTRAL:
            return ENGLISH
        if wanted in languages():
            return wanted
    return ENGLISH


@cache
def languages() -> tuple[str, ...]:
    """The languages that there are."""
    names = [found.name for found in _folder().iterdir()]
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def texts_in(language: str) -> Texts:
    """The texts of a language that there is."""
    import tomllib

    from mapiwright import english

    document = tomllib.loads(_folder().joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    also = {**_ALWAYS, **english.TEXTS} if language == ENGLISH else {}
    return Texts(language, MappingProxyType({**also, **dict(_flat(document))}))


def texts_for(wanted: str = "") -> Texts:
    """The texts in the language that is wanted, or "" in the user's, which is English where there are none in it.

    Raises UsageError for a language that is named and not there.
    """
    if not wanted:
        return texts_here()
    found = _code(wanted)
    if found not in languages():
        raise UsageError(f"there are no texts in {wanted!r}", where="--language", expected=", ".join(languages()))
    return texts_in(found)


def _folder() -> Traversable:
    from importlib import resources

    return resources.files("mapiwright.ui").joinpath("languages")


def _of_user() -> Iterator[str]:
    """The user's language, as the variable says it, then as POSIX says it, then as the system does."""
    if os.environ.get(VARIABLE):
        yield _code(os.environ[VARIABLE])
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            yield _code(value)
            return
    yield _code(_of_system())


def _of_system() -> str:
    """What the system says where no variable does: on Windows the language of its own windows."""
    import locale

    if sys.platform == "win32":
        import ctypes

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    return locale.getlocale()[0] or ""


def _code(name: str) -> str:
    """``fr`` of ``fr_CA.UTF-8`` and of ``fr-FR``."""
    return name.replace("-", "_").partition("_")[0].partition(".")[0].partition("@")[0].lower()


def _flat(table: Mapping[str, object], place: str = "") -> Iterator[tuple[str, str]]:
    for key, found in table.items():
        if isinstance(found, dict):
            yield from _flat(found, f"{place}{key}.")
        else:
            yield f"{place}{key}", str(found)
