"""``--language``: the language of the screens and of all messages beside them, in one run."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import click

from mapiwright.ui.text.language import speaking, texts_for

if TYPE_CHECKING:
    from collections.abc import Callable


def language_option(verb: Callable[..., None]) -> Callable[..., None]:
    """``--language``, handed over as ``texts``; stands above all options that print something."""

    @click.option("--language", metavar="LANGUAGE", default="", help="en or fr; the locale's by default.")
    @functools.wraps(verb)
    def with_texts(language: str, **rest: object) -> None:
        texts = texts_for(language)
        click.get_current_context().with_resource(speaking(texts.language))
        verb(texts=texts, **rest)

    return with_texts
