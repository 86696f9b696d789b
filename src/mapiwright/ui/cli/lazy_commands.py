"""Commands in modules of their own, each imported when it is used, so that its neighbours do not pay for it."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from mapiwright.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping


def command_in(module: str, name: str) -> click.Command:
    """The command of that name in a module under ``ui/cli``, such as ``profiles.roles``.

    Raises RefusedError where it is not there: a setup program carries less than all of Mapiwright.
    """
    try:
        found = import_module(f"mapiwright.ui.cli.{module}")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("mapiwright."):
            raise
        raise RefusedError(
            f"the verb {name} is not in this setup program",
            remedy="Install Mapiwright with pip, and run it from there.",
        ) from None
    command = getattr(found, name.replace("-", "_"))
    assert isinstance(command, click.Command)  # noqa: S101 - a verb that is no command is our own mistake
    take_options_once(command)
    return command


def take_options_once(command: click.Command) -> None:
    """Have a command, and those below it, refuse an option of one value that is given twice, and drop neither."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            take_options_once(each)
    if "parse_args" in vars(command):
        return  # it does already
    parse = command.parse_args

    def parse_args(ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            _refuse_repeated(command, ctx, args)
        return parse(ctx, args)

    command.parse_args = parse_args  # type: ignore[method-assign]  # the decorators of click make the objects


def _refuse_repeated(command: click.Command, ctx: click.Context, args: list[str]) -> None:
    _, _, order = command.make_parser(ctx).parse_args(args=list(args))
    for option, number in Counter(each for each in order if isinstance(each, click.Option)).items():
        if number > 1 and not (option.multiple or option.is_flag or option.count):
            names = " or ".join(option.opts)
            raise click.UsageError(f"{names} is given {number} times, and takes one value.", ctx)


class Verbs(click.Group):
    """A group that has commands ``elsewhere`` too: their names, and the modules that they are in."""

    def __init__(self, *args: Any, elsewhere: Mapping[str, str], **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, those elsewhere included."""
        return sorted([*super().list_commands(ctx), *self.elsewhere])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, where it is elsewhere."""
        module = self.elsewhere.get(cmd_name)
        return command_in(module, cmd_name) if module is not None else super().get_command(ctx, cmd_name)
