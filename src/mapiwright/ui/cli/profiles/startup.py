"""``profile startup``: whether Outlook asks at each start which profile to use, or uses the default one always."""

# ruff: noqa: PLC0415 - looking does not pay for what writes

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from mapiwright.ui.cli.editing import choose
from mapiwright.ui.cli.target import report_interrupted_runs, target_options, user_options
from mapiwright.ui.cli.writing import consent_options
from mapiwright.ui.text.language import said
from mapiwright.ui.text.terminal import Line, escape, write

if TYPE_CHECKING:
    from mapiwright.admin.workspace import Workspace
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent


@click.command()
@click.option("--prompt", is_flag=True, help="Prompt for a profile to be used.")
@click.option("--always", is_flag=True, help="Always use the default profile.")
@target_options
@user_options
@consent_options
def startup(*, target: Target, users: UserChoice, consent: Consent, prompt: bool, always: bool) -> None:
    """Show or choose which profile Outlook uses when it starts: the default one always, or one that it asks for."""
    if prompt and always:
        raise click.UsageError("--prompt and --always exclude each other.")
    if prompt or always:
        from mapiwright.admin.operations.operations import AskForProfile

        choose(target, users, consent, AskForProfile(prompt))
        return
    report_interrupted_runs(target)
    _show(target, users)


def _show(target: Target, users: UserChoice) -> None:
    from mapiwright.admin.workspace import Workspace

    spaces = [Workspace(target.workstation, user) for user in users.all_to_read(target.workstation)]
    if target.json:
        from mapiwright.ui.documents.documents import write_document

        rows: list[dict[str, Any]] = [
            {"user": space.user.name, "prompt": space.asks_for_profile, "default": space.default} for space in spaces
        ]
        write_document({"startup": rows})
        return
    write((Line(escape(_reported(space))) for space in spaces), sys.stdout)


def _reported(space: Workspace) -> str:
    if space.asks_for_profile:
        key = "startup.asks-default" if space.default else "startup.asks"
    else:
        key = "startup.always" if space.default else "startup.always-none"
    return said(key, user=space.user.name, profile=space.default)
