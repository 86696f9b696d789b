"""The verb ``wizard``: the Profile Wizard, on the screen or by a file of answers."""

# ruff: noqa: PLC0415 - an unattended run does not pay for the screen

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.entry.service.contract import EntryPolicy
from mapiwright.errors import RefusedError, UsageError
from mapiwright.message import Message
from mapiwright.transaction.plans.plan import Plan
from mapiwright.transaction.single_file import LARGEST_ANSWERS, LARGEST_LINE, read_named
from mapiwright.ui.cli.installing import entry_option
from mapiwright.ui.cli.language_option import language_option
from mapiwright.ui.cli.plan_runner import Performing
from mapiwright.ui.cli.serve_option import serve_options
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import (
    end_as_partial,
    pending_document,
    refuse_the_unnamed,
    report_waiting,
    send,
    show_plan,
    writing_options,
)
from mapiwright.ui.screens.screen_support import has_screen, require_textual
from mapiwright.ui.text.terminal import line_of_input
from mapiwright.workflows.wizard.answers import FLAGS, Unattended, read_answers
from mapiwright.workflows.wizard.run import WizardRun
from mapiwright.workflows.wizard.state import Launch, Phase, WizardFlag

if TYPE_CHECKING:
    from mapiwright.ui.cli.serve_option import Serving
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent
    from mapiwright.ui.screens.wizard.wizard import WizardScreen
    from mapiwright.ui.text.language import Texts
    from mapiwright.workflows.wizard.answers import SecretSource
    from mapiwright.workflows.wizard.state import Write

NOTHING = Plan("profile", Message.of("steps.there-already"), ())
"""[launchwizardentry]: that is S_OK, and nothing is done."""


@click.command()
@language_option
@click.option(
    "--answers",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Run it unattended: a TOML file with the answers.",
)
@click.option(
    "--prf",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Run it unattended: an Outlook profile file.",
)
@click.option("--service", "services", metavar="NAME", multiple=True, help="A service to add; repeatable.")
@click.option("--profile", "name", metavar="NAME", default="", help="The name to propose for the profile.")
@click.option(
    "--flag", "flags", multiple=True, type=click.Choice(list(FLAGS)), help="A flag of LaunchWizard; repeatable."
)
@entry_option
@serve_options
@target_options
@user_options
@writing_options
def wizard(
    target: Target,
    users: UserChoice,
    consent: Consent,
    file: Path | None,
    prf: Path | None,
    services: tuple[str, ...],
    name: str,
    flags: tuple[str, ...],
    texts: Texts,
    policy: str,
    serving: Serving | None,
) -> None:
    """Make a profile with message services in it, page by page.

    Nothing is written before Finish, and Cancel changes nothing. With --answers or --prf it runs unattended.
    """
    if prf is not None:
        if file is not None or services or name or flags:
            raise click.UsageError("--prf says all itself: it excludes --answers, --service, --profile and --flag.")
        _by_profile_file(target, users, consent, prf, EntryPolicy(policy))
        return
    run = WizardRun(target.workstation, users.one_of(target.workstation), EntryPolicy(policy))
    launch = Launch(_together(flags), services, name)
    if file is not None:
        write = _unattended(run, file, launch)
        send(target, run.plan(write) if write is not None else NOTHING, consent)
        return
    if not consent.dry_run:
        refuse_the_unnamed(target)
    state, write = run.begin(launch)
    if write is not None or state.phase is Phase.DONE:  # [launchwizardentry]: there are no pages to show
        send(target, run.plan(write) if write is not None else NOTHING, consent)
        return
    if state.objection is not None:
        raise RefusedError(state.objection.words, where=state.objection.service)
    if serving is not None:
        serving.show(texts, texts("wizard.title"), target)
        return
    if not has_screen():
        raise RefusedError(
            "the wizard needs a terminal to show its pages",
            expected="--answers FILE, --prf FILE, or --serve",
            remedy="Write the answers into a file, and run it unattended; or show it in a browser.",
        )
    require_textual()
    from mapiwright.ui.screens.wizard.wizard import WizardApp, WizardScreen

    app = WizardApp(WizardScreen(run, state, texts, target.uri, Performing(target, consent)))
    app.run()
    if app.defect is not None:
        raise app.defect
    _report_end(target, consent, app.wizard)


def _report_end(target: Target, consent: Consent, wizard: WizardScreen) -> None:
    """Print the result to the terminal; raises what went wrong."""
    if wizard.failure is not None:
        raise wizard.failure
    if wizard.plan is not None and consent.dry_run:
        show_plan(target, wizard.plan, consent.output, verbose=consent.verbose)
    elif wizard.plan is not None and wizard.receipt is not None:
        from mapiwright.setup.records.pending import left_by
        from mapiwright.ui.documents.documents import receipt_document, write_document
        from mapiwright.ui.text.render import way_back
        from mapiwright.ui.text.terminal import write

        left = left_by(target.workstation, [wizard.receipt])
        if target.json:
            write_document({"receipt": receipt_document(wizard.receipt), **pending_document(left)})
        else:
            write([way_back(wizard.receipt, target.command("undo", wizard.receipt.id))], sys.stderr)
        report_waiting(target, left)
        end_as_partial(wizard.plan)
    else:
        raise RefusedError(Message.of("sentences.cancelled"))


def _together(flags: tuple[str, ...]) -> WizardFlag:
    found = WizardFlag(0)
    for flag in flags:
        found |= FLAGS[flag]
    return found


def _unattended(run: WizardRun, file: Path, launch: Launch) -> Write | None:
    answers = read_answers(read_named(file, LARGEST_ANSWERS, "answers"), str(file))
    given = answers.launch
    both = Launch(given.flags | launch.flags, launch.services or given.services, launch.name or given.name)
    return Unattended(run, replace(answers, launch=both), str(file), _read_secret).to_the_end()


def _by_profile_file(target: Target, users: UserChoice, consent: Consent, file: Path, policy: EntryPolicy) -> None:
    """Make or change the profile that a PRF file describes; nothing where it is so ([mapi-profile-overview])."""
    from mapiwright.admin.workspace import Workspace
    from mapiwright.setup.prf.file import plan_file
    from mapiwright.ui.text.findings import findings_lines
    from mapiwright.ui.text.terminal import write

    space = Workspace(target.workstation, users.one_of(target.workstation), policy=policy)
    plan, warnings = plan_file(file, [space])
    write(findings_lines(warnings), sys.stderr)
    send(target, plan, consent)


def _read_secret(source: SecretSource) -> str:
    """One line; nothing of it is shown, ever."""
    try:
        if source.file:
            text = read_named(Path(source.file), LARGEST_LINE, "a secret").decode("utf-8-sig")
        else:
            text = line_of_input()
    except UnicodeDecodeError:
        text = ""
    found = text.partition("\n")[0].rstrip("\r")
    if not found:
        raise UsageError("there is no secret", where=source.file or "standard input", expected="a line of UTF-8")
    return found
