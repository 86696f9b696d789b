"""Command lines of verbs that only read, parsed without click, whose import takes longer than the verb itself.

Anything but such a verb with options of the table goes to click: help, mistakes, any other option or verb. So all
messages have one source, and tests/stories/test_start.py checks that both parse a command line alike.
"""

# ruff: noqa: PLC0415 - a verb is loaded when its words are known to be right

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mapiwright.frozen import frozen
from mapiwright.ui.cli.edge import end_of
from mapiwright.ui.cli.target import (
    BETWEEN_USERS,
    USER,
    USER_VARIABLE,
    WORKSTATION,
    WORKSTATION_VARIABLE,
    UserChoice,
    report_interrupted_runs,
    target_at,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

LIST = ("profile", "list")
JSON, EVERYONE = "--json", "--all-users"


@frozen
class TypedWords:
    """The options of a command line, as ``target_options`` and ``user_options`` hand them over."""

    uri: str | None
    options: tuple[str, ...]
    """The words that name the workstation: none where a variable does."""
    users: UserChoice
    as_json: bool


def read(arguments: Sequence[str]) -> TypedWords | None:
    """The words of a verb that is read here; None where click has to read them."""
    if tuple(arguments[:2]) != LIST:
        return None
    written, users, as_json, everyone = None, [], False, False
    rest = iter(arguments[2:])
    for word in rest:
        name, equals, value = word.partition("=")
        if word == JSON:
            as_json = True
        elif word == EVERYONE:
            everyone = True
        elif name in {*WORKSTATION, USER}:
            value = value if equals else next(rest, "")
            if not value or value.startswith("-"):
                return None
            if name == USER:
                users.append(value)
            elif written is not None:
                return None  # given twice
            else:
                written = value
        else:
            return None
    if users and everyone:
        return None
    variable = os.environ.get(USER_VARIABLE)
    named = tuple(users) or (tuple(variable.split(BETWEEN_USERS)) if variable else ())
    return TypedWords(
        written or os.environ.get(WORKSTATION_VARIABLE) or None,
        (WORKSTATION[0], written) if written else (),
        UserChoice(() if everyone else named, everyone),
        as_json,
    )


def run(arguments: Sequence[str]) -> int | None:
    """Run the verb and return its exit code; None where click has to."""
    words = read(arguments)
    if words is None:
        return None

    def act() -> int:
        from mapiwright.ui.cli.listing import list_profiles

        target = target_at(words.uri, words.options, as_json=words.as_json)
        report_interrupted_runs(target)
        list_profiles(target, words.users)
        return 0

    return end_of(act, as_json=words.as_json)
