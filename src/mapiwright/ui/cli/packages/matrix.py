"""The verb ``test``: a vendor's package on every kind of Outlook, before a customer has it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mapiwright.message import Message
from mapiwright.setup.package.package import open_package
from mapiwright.setup.trial.matrix import ALL, QUICK, MatrixPlace, StepVerdict, try_all
from mapiwright.ui.cli.edge import CALLS_WAIT
from mapiwright.ui.cli.target import json_option
from mapiwright.ui.documents.documents import write_document
from mapiwright.ui.documents.matrix_report import github_lines, junit, matrix_document, table_lines
from mapiwright.ui.text.progress import progress_on
from mapiwright.ui.text.terminal import write

MATRICES = {"quick": QUICK, "all": ALL}
TEXT, JUNIT, GITHUB = "text", "junit", "github"


@click.command()
@click.argument("package", type=click.Path(path_type=Path))
@click.option(
    "--matrix",
    "size",
    type=click.Choice(list(MATRICES)),
    default="quick",
    show_default=True,
    help="Which layouts: each edition and architecture once, or all.",
)
@click.option("--from", "older", metavar="OLD", type=click.Path(path_type=Path), help="The package to upgrade from.")
@click.option(
    "--on",
    "place",
    type=click.Choice([place.value for place in MatrixPlace]),
    default=MatrixPlace.MEMORY.value,
    show_default=True,
    help="Workstations in memory, or slower ones on disk with real hives.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice([TEXT, JUNIT, GITHUB]),
    default=TEXT,
    show_default=True,
    help="A table, JUnit's XML, or the table with annotations for GitHub.",
)
@click.option(
    "--host",
    metavar="WHERE",
    default="",
    help="Call the package's own DLL there, on layouts of its machine type: here, python:PATH or wine:PREFIX.",
)
@json_option
def test(package: Path, size: str, older: Path | None, place: str, format_: str, host: str, as_json: bool) -> None:
    """Install PACKAGE on every kind of Outlook, install it again, upgrade it, remove it, and compare.

    Each layout gets new workstations, made for this and gone afterwards; no other workstation is touched. Exit code 1
    means that a step failed, or that the package is for none of these Outlooks; 5 that all passed and calls
    wait.

    The package's DLL is called by this Python where it loads it, on Windows, or by the one that --host names.
    """
    if as_json and format_ != TEXT:
        raise click.UsageError("--json and --format exclude each other.")
    newer = open_package(package)
    before = open_package(older) if older is not None else None
    if before is not None and before.id != newer.id:
        raise click.UsageError(f"{before.id} is another package than {newer.id}, and not an older version of it.")
    cases = MATRICES[size]
    rows = []
    with progress_on(sys.stderr, len(cases)) as progress:
        for row in try_all(newer, cases, older=before, place=MatrixPlace(place), host=host):
            rows.append(row)
            progress(len(rows), len(cases), Message.literal(row.case.name))
    if as_json:
        write_document(matrix_document(newer, rows))
    elif format_ == JUNIT:
        sys.stdout.write(junit(newer, rows) + "\n")
    else:
        write(table_lines(rows) if format_ == TEXT else github_lines(newer, rows), sys.stdout)
    verdicts = {cell.verdict for row in rows for cell in row.cells}
    if StepVerdict.FAILED in verdicts or not verdicts & {StepVerdict.PASSED, StepVerdict.PENDING}:
        click.get_current_context().exit(1)
    if StepVerdict.PENDING in verdicts:
        click.get_current_context().exit(CALLS_WAIT)
