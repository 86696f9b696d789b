"""The ``prf`` verbs: check and show a PRF file, apply it to users' profiles, export a profile as one."""

# ruff: noqa: PLC0415 - a file that is only looked at does not pay for the administration and the transaction

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mapiwright.errors import Severity
from mapiwright.mapi.prf.check import check as findings_of
from mapiwright.setup.prf.reading import placed, read_file
from mapiwright.ui.cli.target import json_option, target_options, user_options, workstation_options
from mapiwright.ui.cli.writing import send, writing_options
from mapiwright.ui.documents.documents import findings_document, write_document
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.language import said
from mapiwright.ui.text.terminal import Line, Style, escape, write
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
USUAL_CODE_PAGE = "cp1252"


@click.group()
def prf() -> None:
    """Check, show and apply Outlook profile files, and export a profile as one."""


def code_page_option(verb: Callable[..., None]) -> Callable[..., None]:
    """``--code-page``: what the characters of the file are, where not those of the workstation."""
    option = click.option(
        "--code-page",
        metavar="NAME",
        help="The ANSI code page of the file, such as cp1251; the workstation's, or cp1252, where it is left out.",
    )
    return option(verb)


@prf.command()
@click.argument("file", type=EXISTING)
@code_page_option
@workstation_options
@user_options
@json_option
def check(
    open_target: Callable[..., Target],
    inf: Path | None,
    users: UserChoice,
    file: Path,
    code_page: str | None,
    as_json: bool,
) -> None:
    """Show everything that is wrong with FILE at once, and which lines Outlook ignores.

    With --workstation it is also checked for that workstation and its users; with --edition alone, for that
    Outlook, whatever workstation the environment names. Exit code 1 means that there are errors.
    """
    del inf
    context = click.get_current_context()
    given = context.params
    uri = given["uri"]
    if given["edition"] and context.get_parameter_source("uri") is not ParameterSource.COMMANDLINE:
        uri = uri if uri and uri.lower().startswith("hive:") else None  # which takes an edition
    target = open_target(as_json=as_json) if uri is not None else None
    edition = Edition(given["edition"]) if given["edition"] else None
    if target is not None:
        code_page = code_page or target.workstation.code_page
    found = read_file(file, code_page or USUAL_CODE_PAGE)
    if target is None:
        findings = placed(findings_of(found, edition), str(file))
    else:
        from mapiwright.admin.workspace import Workspace
        from mapiwright.setup.prf.file import decide

        spaces = [Workspace(target.workstation, user) for user in users.all_to_read(target.workstation)]
        findings = decide(found, spaces, file).findings
    count = Counter(finding.severity for finding in findings)
    if as_json:
        counts = {f"{severity}s": count[severity] for severity in Severity}
        write_document({"file": str(file), **counts, **findings_document(findings)})
    else:
        write(findings_lines(findings), sys.stdout)
        summary = ", ".join(_counted(count[severity], severity) for severity in Severity)
        write([Line(f"{escape(str(file))}: {summary}")], sys.stdout)
    if count[Severity.ERROR]:
        click.get_current_context().exit(1)


@prf.command()
@click.argument("file", type=EXISTING)
@code_page_option
@json_option
def show(file: Path, code_page: str | None, as_json: bool) -> None:
    """Show what FILE means: the profile, its services and accounts, and where each value goes."""
    from mapiwright.ui.documents.prf import prf_document, prf_lines

    found = read_file(file, code_page or USUAL_CODE_PAGE)
    if as_json:
        write_document({"file": str(file), **prf_document(found)})
    else:
        write(prf_lines(found), sys.stdout)


@prf.command()
@click.argument("file", type=EXISTING)
@code_page_option
@target_options
@user_options
@writing_options
def apply(target: Target, users: UserChoice, consent: Consent, file: Path, code_page: str | None) -> None:
    """Make the profile that FILE describes, or change it; nothing where it is as the file says."""
    from mapiwright.admin.workspace import Workspace
    from mapiwright.setup.prf.file import plan_file

    spaces = [Workspace(target.workstation, user) for user in users.all_of(target.workstation)]
    plan, warnings = plan_file(file, spaces, code_page or "")
    write(findings_lines(warnings), sys.stderr)
    send(target, plan, consent)


@prf.command()
@click.argument("profile", required=False)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write the file there."
)
@target_options
@user_options
def export(target: Target, users: UserChoice, profile: str | None, output: Path | None) -> None:
    """Write PROFILE, or the default one, as a PRF file; secrets are left out, and all else that one cannot carry."""
    from mapiwright.admin.workspace import Workspace
    from mapiwright.setup.prf.file import exported
    from mapiwright.transaction import single_file

    space = Workspace(target.workstation, users.one_of(target.workstation))
    name = space.profile(profile if profile is not None else space.default_or_only).name
    data, findings = exported(space, name)
    if output is not None:
        single_file.replace(output, single_file.now(output), data)
    if target.json:
        written = {"file": str(output)} if output is not None else {"text": data.decode(target.workstation.code_page)}
        write_document({"profile": name, "user": space.user.name, **written, **findings_document(findings)})
        return
    write(findings_lines(findings), sys.stderr)
    if output is None:
        click.echo(data, nl=False)
    else:
        write([Line(escape(said("setup.written", file=output)), Style.ADDED)], sys.stdout)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
