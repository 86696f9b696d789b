"""Properties on a command line: ``--set TAG=VALUE`` and ``--set-file TAG=FILE``, secrets from standard input."""

# ruff: noqa: PLC0415 - a verb that is given none does not pay for the names of properties

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.errors import UsageError
from mapiwright.ui.text.terminal import is_terminal, line_of_input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.formats.props import PropertyValue

FROM_INPUT = "-"
HELP = "A property, typed by its tag; repeatable. A secure one is written TAG=- and read from stdin."


@dataclass(frozen=True, slots=True)
class Assignments:
    """The assignments in the order of the command line; ``read`` makes properties of them."""

    texts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.texts or self.files)

    def read(self) -> dict[int, PropertyValue]:
        """The properties by tag, each secret read from standard input, a line each.

        Raises UsageError for what is no assignment, a value that does not fit its tag, a property that is given
        twice, a file that cannot be read, and a secret on the command line, which others can read.
        """
        from mapiwright.mapi.props.tags import name_of, prop_id

        found: dict[int, PropertyValue] = {}
        for tag, value in (*self._written(), *self._filed()):
            if prop_id(tag) in {prop_id(other) for other in found}:
                raise UsageError(f"{name_of(tag)} ({tag:08X}) is given twice")
            found[tag] = value
        return found

    def _written(self) -> Iterator[tuple[int, PropertyValue]]:
        from mapiwright.mapi.props.property_text import assignment, value_of
        from mapiwright.mapi.props.tags import is_secure

        for text in self.texts:
            tag, written = assignment(text)
            if is_secure(tag):
                if written != FROM_INPUT:
                    raise UsageError(
                        f"{tag:08X} is a secret, and others can read a command line",
                        expected=f"--set {tag:08X}=- and the value on standard input, one line each",
                    )
                written = _secret(tag)
            yield tag, value_of(tag, written)

    def _filed(self) -> Iterator[tuple[int, PropertyValue]]:
        from mapiwright.mapi.props.property_text import assignment, value_in_file
        from mapiwright.transaction.single_file import LARGEST_VALUE, read_named

        for text in self.files:
            tag, path = assignment(text)
            try:
                data = read_named(Path(path), LARGEST_VALUE, "a value")
            except OSError as error:
                raise UsageError(f"it cannot be read: {error.strerror}", where=path) from error
            yield tag, value_in_file(tag, data)


def _secret(tag: int) -> str:
    """A line of standard input; at a terminal it is not echoed."""
    from mapiwright.mapi.props.tags import name_of

    if is_terminal(sys.stdin):
        return str(click.prompt(name_of(tag), hide_input=True, err=True))
    line = line_of_input()
    if not line:
        raise UsageError(f"standard input has no value for {tag:08X}", expected="a line for each secret, in order")
    return line.removesuffix("\n")


def assignment_options(verb: Callable[..., None]) -> Callable[..., None]:
    """``--set`` and ``--set-file``, handed over as ``assignments``."""

    @click.option(
        "--set-file",
        "files",
        metavar="TAG=FILE",
        multiple=True,
        help="A property whose value is in a file: the bytes of a binary one, the UTF-8 text of others; repeatable.",
    )
    @click.option("--set", "texts", metavar="TAG=VALUE", multiple=True, help=HELP)
    @functools.wraps(verb)
    def with_assignments(texts: tuple[str, ...], files: tuple[str, ...], **rest: object) -> None:
        verb(assignments=Assignments(texts, files), **rest)

    return with_assignments
