"""The ``prf`` verbs: check and show a PRF file, apply it to users' profiles, export a profile as one."""

# ruff: noqa: PLC0415 - a file that is only looked at does not pay for the administration and the transaction

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.errors import FormatError, Severity
from mapiwright.formats import prf as text
from mapiwright.formats.inf import LARGEST
from mapiwright.mapi.prf import read
from mapiwright.mapi.prf_check import check as findings_of
from mapiwright.ui.cli.target import json_option, target_options, user_options, workstation_options
from mapiwright.ui.cli.writing import send, writing_options
from mapiwright.ui.documents import findings_document, write_document
from mapiwright.ui.findings import findings_lines
from mapiwright.ui.terminal import Line, Style, escape, write
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.errors import Finding
    from mapiwright.mapi.prf import ProfileFile
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
    """Tell all that is wrong with FILE at once, and which lines Outlook passes over.

    With --workstation it is held against that workstation and its users, too; with --edition alone, against that
    Outlook. Exit code 1 means that there are errors.
    """
    del inf
    given = click.get_current_context().params
    target = open_target(as_json=as_json) if given["uri"] is not None else None
    edition = Edition(given["edition"]) if given["edition"] else None
    if target is not None:
        code_page = code_page or target.workstation.code_page
    found = _read(file, code_page)
    told = findings_of(found, edition) if target is None else _held_against(found, target, users)
    findings = _placed(told, file)
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
    from mapiwright.ui.prf import prf_document, prf_lines

    found = _read(file, code_page)
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
    from mapiwright.setup.prf import findings_for, plan_prf, refuse_errors

    found = _read(file, code_page or target.workstation.code_page)
    spaces = [Workspace(target.workstation, user) for user in users.all_of(target.workstation)]
    findings = _placed((*findings_of(found, spaces[0].edition), *findings_for(found, spaces)), file)
    refuse_errors(findings, str(file))
    write(findings_lines(each for each in findings if each.severity is Severity.WARNING), sys.stderr)
    send(target, plan_prf(found, spaces, name=file.name), consent)


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
    from mapiwright.formats.regf.upcase import upcase
    from mapiwright.mapi.prf_export import export as exported
    from mapiwright.transaction import single_file

    space = Workspace(target.workstation, users.one_of(target.workstation))
    found = space.profile(profile if profile is not None else space.default_or_only)
    default = space.default is not None and upcase(space.default) == upcase(found.name)
    code_page = target.workstation.code_page
    result = exported(found, space.catalogue.find, default=default, code_page=code_page)
    data = text.render(result.document)
    findings = [replace(finding, where=f"profile {found.name}") for finding in result.findings]
    if output is not None:
        single_file.replace(output, output.read_bytes() if output.exists() else None, data)
    if target.json:
        written = {"file": str(output)} if output is not None else {"text": data.decode(code_page)}
        write_document({"profile": found.name, "user": space.user.name, **written, **findings_document(findings)})
        return
    write(findings_lines(findings), sys.stderr)
    if output is None:
        click.echo(data, nl=False)
    else:
        write([Line(f"Written: {escape(str(output))}", Style.ADDED)], sys.stdout)


def _held_against(file: ProfileFile, target: Target, users: UserChoice) -> tuple[Finding, ...]:
    """All findings, those about the workstation and its users included."""
    from mapiwright.admin.workspace import Workspace
    from mapiwright.setup.prf import findings_for

    spaces = [Workspace(target.workstation, user) for user in users.all_to_read(target.workstation)]
    found = (*findings_of(file, spaces[0].edition), *findings_for(file, spaces))
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.line, each.id)))


def _placed(findings: tuple[Finding, ...], file: Path) -> tuple[Finding, ...]:
    return tuple(replace(finding, where=finding.where or str(file)) for finding in findings)


def _read(file: Path, code_page: str | None) -> ProfileFile:
    with file.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    try:
        return read(text.parse(data, code_page or USUAL_CODE_PAGE))
    except FormatError as error:
        where = f"{file}: {error.where}" if error.where else str(file)
        raise FormatError(error.what, where=where, expected=error.expected, remedy=error.remedy) from None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
