"""The words of the house: current English, the field's terms, and none of the words that were retired."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).parent.parent
SOURCE = sorted((TOP / "src").rglob("*.py"))
PAGES = [*sorted((TOP / "docs").rglob("*.md")), *(TOP / name for name in ("README.md", "CONTRIBUTING.md"))]
TEXTS = [TOP / "src" / "mapiwright" / "ui" / "languages" / "en.toml"]

RETIRED = {
    r"deeds?": "action",
    r"tells?|told|telling|untold": "say, report, show",
    r"mend(?:s|ed|ing)?": "fix",
    r"take(?:s|n)? back|took back|taking back|takebacks?": "revert, roll back, undo",
    r"(?:machine's|user's|users'|their own|own|whose|two|other|one) hal(?:f|ves)": "per-machine, per-user",
    r"farewells?|goodbyes?": "uninstall call",
    r"astray": "drifted",
    r"moved on|moves on": "changed since",
    r"premises?": "precondition",
    r"cut short|half-way|halfway": "interrupted",
    r"wish(?:es|ed)?": "request",
    r"judg(?:e|es|ed|ing|ement|ements|ment)": "decide",
    r"unreached|out of reach": "not writable, skipped",
    r"he|his|him|himself": "they, the user",
    r"shall": "will, must",
    r"anew": "again, new",
    r"nobody can be asked": "stdin is not a terminal; use --yes",
    r"lest": "so that not",
}
"""What is no longer written, as whole words, and what is written instead."""
IDENTIFIERS = {
    "deed",
    "tell",
    "told",
    "mend",
    "farewell",
    "goodbye",
    "astray",
    "premise",
    "wish",
    "judge",
    "judgement",
}
IDENTIFIERS |= {"unreached", "anew", "his", "him", "takeback", "half", "wire"}
"""Words that no name in the source is made of."""
ALLOWED = {
    ("mapi/props/tags_data.py", "he"),
}
"""Terms of others, by the end of the file's path."""

_WORDS = re.compile("|".join(rf"(?:\b(?:{word})\b)" for word in RETIRED), re.IGNORECASE)


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """The comments and strings of a module, by their lines; every line of a page."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        return
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type in {tokenize.STRING, tokenize.COMMENT}:
                for offset, line in enumerate(token.string.splitlines()):
                    yield token.start[0] + offset, line


def named(path: Path) -> Iterator[tuple[int, str]]:
    """The names in a module, by their lines."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def test_no_retired_word_is_written() -> None:
    found = [
        f"{path.relative_to(TOP)}:{line}: {match[0]}: {text.strip()[:90]}"
        for path in (*SOURCE, *PAGES, *TEXTS)
        for line, text in prose_of(path)
        for match in _WORDS.finditer(text)
        if not any(str(path).endswith(file) and match[0].lower() == word for file, word in ALLOWED)
    ]
    assert not found, "\n".join(found)


def test_no_name_is_made_of_one() -> None:
    found = {
        f"{path.relative_to(TOP)}:{line}: {name}"
        for path in SOURCE
        for line, name in named(path)
        if IDENTIFIERS & {part.lower() for part in re.split(r"_|(?<=[a-z])(?=[A-Z])", name)}
    }
    assert not found, "\n".join(sorted(found))
