"""A word of a command line as a shell takes it back: what is shown to people can be pasted."""

from __future__ import annotations

import shlex

_PARTED = frozenset(" \t\n'&|<>();*?#[]{}\"$`!")
"""What a shell parts a word at, or expands."""
_ALIVE_IN_QUOTES = frozenset('"$`!')
"""What sh expands within double quotes too; cmd.exe expands none of these."""


def quoted(word: str) -> str:
    """A word in quotes where a shell would part it: double ones, which cmd.exe and sh both read, where they do."""
    if word and _PARTED.isdisjoint(word):
        return word
    return f'"{word}"' if _ALIVE_IN_QUOTES.isdisjoint(word) else shlex.quote(word)
