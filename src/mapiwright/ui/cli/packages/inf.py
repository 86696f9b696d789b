"""The ``inf`` verbs: check, show, merge, remove. They act on a bare MAPISVC.INF, which needs no workstation."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mapiwright.errors import FindingsError, FormatError, Severity
from mapiwright.formats import inf as text
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.check import check as findings_of
from mapiwright.mapi.inf.merge import added_to_json, is_used_up, marked
from mapiwright.mapi.inf.merge import merge as merged_with
from mapiwright.mapi.inf.merge import remove as without
from mapiwright.transaction import single_file
from mapiwright.ui.cli.target import json_option
from mapiwright.ui.cli.writing import Consent, confirm
from mapiwright.ui.documents.catalogue import catalogue_document, catalogue_lines
from mapiwright.ui.documents.documents import findings_document, write_document
from mapiwright.ui.text.diff import changes_as_lines, text_difference
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.language import said
from mapiwright.ui.text.terminal import Line, Style, escape, write
from mapiwright.workstation.change import WriteFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Inf

MOST = 50
"""Findings that people are shown; a file that is none of ours has one for each line."""
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
ANY = click.Path(dir_okay=False, path_type=Path)


@click.group()
def inf() -> None:
    """Check, show, merge into and remove from MAPISVC.INF."""


def code_page_option(verb: Callable[..., None]) -> Callable[..., None]:
    """``--code-page``: what the characters of a file without a byte order mark are."""
    option = click.option(
        "--code-page",
        metavar="NAME",
        default="cp1252",
        show_default=True,
        help="The ANSI code page of the workstation, such as cp932.",
    )
    return option(verb)


@dataclass(frozen=True, slots=True)
class Edit:
    """How TARGET is to be edited: where the result goes if not back into it, and what the user allows."""

    output: Path | None
    code_page: str
    consent: Consent
    json: bool

    def put(self, target: Path, old: bytes | None, new: bytes | None, reported: Mapping[str, Any]) -> None:
        """Show what changes, ask unless the result goes elsewhere, and write; ``reported`` goes into the JSON."""
        change = WriteFile(str(target), old, new)
        writes = not self.consent.dry_run and (self.output is not None or new != old)
        if new != old:
            write(changes_as_lines([change], self.code_page), sys.stderr if self.json else sys.stdout)
        elif not self.json:
            write([Line(escape(said("setup.file-nothing", file=target)), Style.QUIET)], sys.stdout)
        if writes and self.output is not None:
            single_file.replace(self.output, single_file.now(self.output), new or b"")
        elif writes:
            confirm(said("setup.ask-file", file=target), self.consent)
            single_file.replace(target, old, new)
        written = str(self.output or target) if writes else None
        if self.json:
            diff = [line.text for line in text_difference(change, self.code_page)]
            write_document(
                {"target": str(target), "changed": new != old, "written": written, "diff": diff, **reported}
            )
        elif written is not None:
            write([Line(escape(said("setup.written", file=written)), Style.ADDED)], sys.stdout)


def edit_options(verb: Callable[..., None]) -> Callable[..., None]:
    """``-o``, ``--code-page``, ``--yes``, ``--dry-run`` and ``--json``, handed over as ``edit``."""

    @click.option("-o", "--output", metavar="FILE", type=ANY, help="Write there and leave TARGET alone.")
    @code_page_option
    @click.option("--dry-run", is_flag=True, help="Show what would change and change nothing.")
    @click.option("--yes", "-y", is_flag=True, help="Do not ask.")
    @json_option
    @functools.wraps(verb)
    def with_edit(
        output: Path | None, code_page: str, *, yes: bool, dry_run: bool, as_json: bool, **rest: object
    ) -> None:
        verb(edit=Edit(output, code_page, Consent(yes, dry_run), as_json), **rest)

    return with_edit


@inf.command()
@click.argument("file", type=EXISTING)
@code_page_option
@json_option
def check(file: Path, code_page: str, as_json: bool) -> None:
    """Report all that is wrong with FILE at once. Exit code 1 means that there are errors.

    Of very many findings the first are shown, and how many more there are; --json has all.
    """
    findings = findings_of(_parsed(file, _bytes(file), code_page), str(file), code_page=code_page)
    count = Counter(finding.severity for finding in findings)
    if as_json:
        counts = {f"{severity}s": count[severity] for severity in Severity}
        write_document({"file": str(file), **counts, **findings_document(findings)})
    else:
        write(findings_lines(findings, most=MOST), sys.stdout)
        summary = ", ".join(_counted(count[severity], severity) for severity in Severity)
        write([Line(f"{escape(str(file))}: {summary}")], sys.stdout)
    if count[Severity.ERROR]:
        click.get_current_context().exit(1)


@inf.command()
@click.argument("file", type=EXISTING)
@code_page_option
@json_option
def show(file: Path, code_page: str, as_json: bool) -> None:
    """Show the services of FILE with their providers and sections, values decoded."""
    catalogue = Catalogue.of(_parsed(file, _bytes(file), code_page))
    if as_json:
        write_document({"file": str(file), **catalogue_document(catalogue)})
    else:
        write(catalogue_lines(catalogue), sys.stdout)


@inf.command()
@click.argument("target", type=ANY)
@click.argument("fragment", type=EXISTING)
@edit_options
def merge(target: Path, fragment: Path, edit: Edit) -> None:
    """Add the entries of FRAGMENT to TARGET, which is made if it is not there.

    Nothing that stands in TARGET is changed: where an entry has another value there, nothing is merged.
    `inf remove` takes the services out again.
    """
    old = _bytes(target) if target.exists() else None
    before = _parsed(target, old or b"", edit.code_page)
    adding = _parsed(fragment, _bytes(fragment), edit.code_page)
    findings = findings_of(adding, str(fragment), code_page=edit.code_page, within=before)
    _refuse_errors("the fragment has faults; nothing was merged", findings, fragment)
    merged = merged_with(before, adding, absent=old is None)
    _refuse_errors("the fragment and the file contradict each other; nothing was merged", merged.conflicts, target)
    _refuse_errors("", merged.left_out, fragment)
    made = marked(merged.inf) if old is None else merged.inf
    reported = findings_document((*findings, *merged.left_out))
    edit.put(target, old, text.render(made), {"record": added_to_json(merged.record), **reported})


@inf.command()
@click.argument("target", type=EXISTING)
@click.argument("services", metavar="SERVICE...", nargs=-1, required=True)
@edit_options
def remove(target: Path, services: tuple[str, ...], edit: Edit) -> None:
    """Take each SERVICE out of TARGET, with the sections that no other service names.

    Comments and everything of other services stay as they are. A file that `inf merge` made goes with the last one.
    """
    old = _bytes(target)
    left = without(_parsed(target, old, edit.code_page), services, str(target))
    edit.put(target, old, None if is_used_up(left) else text.render(left), {"services": list(services)})


def _refuse_errors(what: str, findings: Iterable[Finding], file: Path) -> None:
    """Raise if any finding is an error; report the others."""
    reported = [replace(finding, where=str(file)) for finding in findings]
    if any(finding.severity is Severity.ERROR for finding in reported):
        raise FindingsError(what, reported, where=str(file))
    write(findings_lines(finding for finding in reported if finding.severity is Severity.WARNING), sys.stderr)


def _bytes(file: Path) -> bytes:
    return single_file.read_named(file, text.LARGEST, "an INF file")


def _parsed(file: Path, data: bytes, code_page: str) -> Inf:
    try:
        return text.parse(data, code_page)
    except FormatError as error:
        where = f"{file}: {error.where}" if error.where else str(file)
        raise FormatError(error.what, where=where, expected=error.expected, remedy=error.remedy) from None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
