"""The texts of the screens in the user's language: one file for each below ``languages``.

Another language is another file with the keys of ``en.toml``. Ids, JSON and logs are English everywhere.
"""

from __future__ import annotations

import locale
import os
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from mapiwright.entry.form import ENGLISH
from mapiwright.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FOLDER = resources.files("mapiwright.ui").joinpath("languages")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language by their keys: ``wizard.next``."""

    language: str
    texts: Mapping[str, str] = field(repr=False)

    def __call__(self, key: str, **names: object) -> str:
        """The text with its names filled in; a key that is not there is our own mistake."""
        return self.texts[key].strip("\n").format(**names)


def languages() -> tuple[str, ...]:
    """The languages that there are."""
    return tuple(
        sorted(found.name.removesuffix(".toml") for found in _FOLDER.iterdir() if found.name.endswith(".toml"))
    )


def texts_in(language: str) -> Texts:
    """The texts of a language that there is."""
    document = tomllib.loads(_FOLDER.joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    return Texts(language, dict(_flat(document)))


def texts_for(wanted: str = "") -> Texts:
    """The texts in the language that is wanted, or "" in the user's, which is English where there are none in it.

    Raises UsageError for a language that is named and not there.
    """
    there = languages()
    if wanted:
        found = wanted.replace("_", "-").partition("-")[0].lower()
        if found not in there:
            raise UsageError(f"there are no texts in {wanted!r}", where="--language", expected=", ".join(there))
        return texts_in(found)
    return texts_in(next((each for each in _of_user() if each in there), ENGLISH))


def _of_user() -> Iterator[str]:
    """The user's language, as POSIX says it, then as the system does."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            yield value.partition("_")[0].partition(".")[0].lower()
            return
    yield (locale.getlocale()[0] or "").partition("_")[0].lower()


def _flat(table: Mapping[str, object], place: str = "") -> Iterator[tuple[str, str]]:
    for key, found in table.items():
        if isinstance(found, dict):
            yield from _flat(found, f"{place}{key}.")
        else:
            yield f"{place}{key}", str(found)
