"""Every verb of the command line, for tables that must name them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mapiwright.ui.cli.app import VERBS
from mapiwright.ui.cli.lazy_commands import command_in

if TYPE_CHECKING:
    from collections.abc import Iterator


def verbs() -> Iterator[str]:
    """Every verb that there is."""
    for name, verb in VERBS.items():
        yield from _below(name, command_in(verb.module, name))


def _below(name: str, command: click.Command) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield name
        return
    with click.Context(command) as context:
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from _below(f"{name} {each}", found)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every verb, and what click knows of it."""
    for verb in verbs():
        first, *rest = verb.split()
        command = command_in(VERBS[first].module, first)
        for each in rest:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), each)
            assert found is not None
            command = found
        yield verb, command


def options_of_one_value() -> Iterator[tuple[str, click.Option]]:
    """Every option of every verb that takes one value."""
    for verb, command in commands():
        for option in command.params:
            if isinstance(option, click.Option) and not (option.is_flag or option.multiple or option.count):
                yield verb, option
