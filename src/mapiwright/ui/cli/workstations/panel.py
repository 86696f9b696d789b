"""The verb ``panel``: the mail Control Panel on the screen."""

# ruff: noqa: PLC0415 - what draws is loaded when it is known that there is a screen

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.entry.service.contract import EntryPolicy
from mapiwright.errors import RecoveryNeededError, RefusedError
from mapiwright.setup.publish.signing import keys_folder, trusted_keys
from mapiwright.ui.cli.edge import report
from mapiwright.ui.cli.installing import entry_option
from mapiwright.ui.cli.language_option import language_option
from mapiwright.ui.cli.packages.disk import trust_option
from mapiwright.ui.cli.plan_runner import Performing
from mapiwright.ui.cli.serve_option import serve_options
from mapiwright.ui.cli.target import report_interrupted_runs, target_options, user_options
from mapiwright.ui.cli.writing import consent_options, end_interrupted_run, refuse_the_unnamed, report_waiting
from mapiwright.ui.screens.screen_support import has_screen, require_textual
from mapiwright.ui.text.terminal import write
from mapiwright.workflows.panel.plans import PanelRun

if TYPE_CHECKING:
    from mapiwright.ui.cli.serve_option import Serving
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent
    from mapiwright.ui.text.language import Texts


@click.command()
@language_option
@entry_option
@trust_option
@serve_options
@target_options
@user_options
@consent_options
def panel(
    target: Target,
    users: UserChoice,
    consent: Consent,
    texts: Texts,
    policy: str,
    keys: tuple[Path, ...],
    serving: Serving | None,
) -> None:
    """Show the profiles of the users and their services, to manage them page by page.

    Every change is shown as a plan, with the command line that does the same, before it is made.
    """
    if consent.yes or consent.output is not None or target.json:
        raise click.UsageError("The panel shows each plan and asks: --yes, -o and --json have no place in it.")
    people = users.all_to_read(target.workstation)
    if not consent.dry_run:
        refuse_the_unnamed(target)
    if serving is not None:
        serving.show(texts, texts("panel.title"), target)
        return
    if not has_screen():
        raise RefusedError(
            "the Control Panel needs a terminal to show its pages",
            expected="a terminal, or --serve",
            remedy="Show it in a browser, or use the verbs of the command line, which can do the same.",
        )
    require_textual()
    if consent.dry_run:
        report_interrupted_runs(target)
    else:
        end_interrupted_run(target, consent)
    from mapiwright.ui.screens.panel.frame import Panel
    from mapiwright.ui.screens.panel.panel import PanelApp, ProfilesScreen
    from mapiwright.ui.text.render import way_back

    performing = Performing(target, consent)
    run = PanelRun(target.workstation, EntryPolicy(policy), consent.host, trusted_keys(keys, keys_folder()))
    shown = Panel(run, texts, target.uri, performing, target.command, Path(Path.home().anchor))
    app = PanelApp(ProfilesScreen(shown, people[0], people))
    app.run()
    for receipt in performing.receipts:
        write([way_back(receipt, target.command("undo", receipt.id))], sys.stderr)
    report_waiting(target, run.left_by(*performing.receipts))
    for failure in performing.failures:
        if isinstance(failure, RecoveryNeededError):
            raise failure
        report(f"{texts('panel.failed')}: {failure}")
    if app.defect is not None:
        raise app.defect
