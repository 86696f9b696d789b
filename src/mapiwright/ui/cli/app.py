"""The frame of the command line: which verb is where, and the edge that turns errors into exit codes.

A verb's module is imported when that verb is used, so that ``profile list`` does not pay for ``install``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from mapiwright import __version__
from mapiwright.ui.cli.edge import end_of, report_interrupt, report_usage
from mapiwright.ui.cli.lazy_commands import command_in, take_options_once

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: the module under ``ui/cli`` that has a command of its name, and its line of help."""

    module: str
    help: str


VERBS = {
    "workstation": Verb("workstations.workstation", "Make a demo workstation, or look at one."),
    "hive": Verb("workstations.hive", "Look into a registry hive, check it, and replay its logs."),
    "inf": Verb("packages.inf", "Check, show, merge into and remove from MAPISVC.INF."),
    "profile": Verb("profiles.profile", "List, show and edit the profiles of a user."),
    "prf": Verb("profiles.prf", "Check, show, apply and export Outlook profile files."),
    "wizard": Verb("workstations.wizard", "Make a profile with message services in it, page by page."),
    "panel": Verb("workstations.panel", "Manage profiles and services, page by page."),
    "service": Verb("packages.service", "List, show and call the message services of a workstation."),
    "plan": Verb("packages.setup", "Show what an install would change; change nothing."),
    "install": Verb("packages.setup", "Install a package."),
    "apply": Verb("packages.apply", "Apply a saved plan, unless something changed since."),
    "uninstall": Verb("packages.setup", "Uninstall a package, and exactly what it installed."),
    "status": Verb("packages.maintenance", "Show whether a package is installed and intact."),
    "repair": Verb("packages.maintenance", "Restore what a package installed."),
    "guard": Verb("packages.maintenance", "Put a package back where Outlook looks for it now."),
    "receipts": Verb("packages.setup", "List the changes made to a workstation."),
    "undo": Verb("packages.setup", "Undo what a receipt records."),
    "recover": Verb("packages.recovering", "End a transaction that was interrupted."),
    "doctor": Verb("workstations.doctor", "Show what is wrong and how to fix it; change nothing."),
    "log": Verb("workstations.doctor", "Show what was done and what failed on a workstation."),
    "support-bundle": Verb("workstations.doctor", "Pack what a helpdesk needs into a file, user data masked."),
    "publish": Verb("packages.publishing", "Put a package and its setup into a public directory."),
    "have-disk": Verb("packages.disk", "Show what is in a public directory, and install it."),
    "test": Verb("packages.matrix", "Try a package on every kind of Outlook, in memory."),
}
"""The verbs, in the order in which a new user needs them."""


class Program(click.Group):
    """The group of verbs; each one is imported when it is asked for, and ``--help`` imports none."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Import the verb; raises click's UsageError where there is none, with the most similar one."""
        if cmd_name not in VERBS:
            from difflib import get_close_matches  # noqa: PLC0415 - for typing errors only

            near = get_close_matches(cmd_name, VERBS, 1)
            ctx.fail(f"There is no verb {cmd_name!r}." + "".join(f" Did you mean {verb}?" for verb in near))
        return command_in(VERBS[cmd_name].module, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """One line for each verb, from the table."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])


SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "color": False,  # or click asks for colorama on Windows, which a setup program on a bare Python does not have
}
"""Context settings of all our programs."""


@click.command(cls=Program, context_settings=SETTINGS)
@click.version_option(__version__, message="mapiwright %(version)s")
def mapiwright() -> None:
    """Install MAPI message services on Windows workstations, and manage their profiles.

    Every verb acts on the workstation of --workstation URI (or MAPIWRIGHT_WORKSTATION): image:DIR,
    wine:PREFIX, hive:FILE, memory:, or demo:, which is created on first use.
    """


def run(arguments: Sequence[str], program: click.Command = mapiwright) -> int:
    """Run a command line; reports what went wrong, and returns the exit code."""
    as_json = "--json" in arguments

    def act() -> int:
        take_options_once(program)
        try:
            # The words as they were typed are the context's object: a screen in a browser is the verb once more.
            with program.make_context(program.name, list(arguments), obj=tuple(arguments)) as context:
                program.invoke(context)
        except click.exceptions.Exit as end:
            return end.exit_code
        except click.UsageError as error:
            return report_usage(error, as_json=as_json)
        except click.Abort:
            return report_interrupt()
        return 0

    return end_of(act, as_json=as_json)
