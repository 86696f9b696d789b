"""Commands in modules of their own, each imported when it is used, so that its neighbours do not pay for it."""

from __future__ import annotations

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
    return command


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
