"""The verbs of the helpdesk: doctor, log, support-bundle. They read, and change nothing on a workstation."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mapiwright.errors import ExistsError, Severity
from mapiwright.transaction.records.log import entries
from mapiwright.ui.cli.edge import CALLS_WAIT
from mapiwright.ui.cli.target import UserChoice, target_options, user_names
from mapiwright.ui.documents.documents import findings_document, write_document
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.language import said
from mapiwright.ui.text.terminal import Line, Style, escape, write
from mapiwright.workflows.doctor.doctor import diagnose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.ui.cli.target import Target
    from mapiwright.workflows.doctor.doctor import Diagnosis

TEXT, JSON, SARIF, JUNIT = "text", "json", "sarif", "junit"


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice([TEXT, JSON, SARIF, JUNIT]),
    help="text for people (or json with --json); sarif for code scanners, junit for build servers.",
)
@click.option(
    "--user",
    "names",
    metavar="NAME",
    multiple=True,
    type=user_names(),
    envvar="MAPIWRIGHT_USER",
    help="Look at this user's profiles only; repeatable.",
)
@target_options
def doctor(target: Target, names: tuple[str, ...], form: str | None) -> None:
    """Show what is wrong with Outlook's services and profiles, and how to fix it; change nothing.

    Exit code 1 means that there is something worse than a note; 5 that there is not, and calls wait to be sent.
    """
    if target.json and form not in {None, JSON}:
        raise click.UsageError("--json and --format exclude each other.")
    users = UserChoice(names).all_of(target.workstation) if names else None
    diagnosis = diagnose(target.workstation, users)
    match JSON if target.json else form or TEXT:
        case "json":
            write_document(diagnosis_document(diagnosis, target.uri))
        case "sarif":
            from mapiwright.ui.documents.reports import sarif  # noqa: PLC0415 - most people read the text

            sys.stdout.write(json.dumps(sarif(diagnosis.findings, target.uri), indent=2) + "\n")
        case "junit":
            from mapiwright.ui.documents.reports import junit  # noqa: PLC0415

            sys.stdout.write(junit(diagnosis.findings, target.uri))
        case _:
            write(diagnosis_lines(diagnosis), sys.stdout)
    if not diagnosis.sound:
        click.get_current_context().exit(1)
    if diagnosis.waits:
        click.get_current_context().exit(CALLS_WAIT)


@click.command()
@target_options
def log(target: Target) -> None:
    """Show what was done on a workstation, and what failed, oldest first."""
    found = entries(target.workstation.state)
    if target.json:
        write_document({"log": [dict(entry) for entry in found]})
        return
    write([line for entry in found for line in _entry_lines(entry)] or [Line("Nothing yet.")], sys.stdout)


def _entry_lines(entry: Mapping[str, Any]) -> Iterator[Line]:
    style = Style.REMOVED if entry["event"] in {"rolled back", "stuck"} else Style.PLAIN
    yield Line(escape(f"{entry.get('at', '')}  {entry['event']}: {entry.get('title', '')}"), style)
    if "class" in entry:
        place = f"{entry['where']}: " if entry.get("where") else ""
        step = f" (in step '{entry['step']}')" if entry.get("step") else ""
        yield Line(escape(f"    {entry['class']}: {place}{entry.get('error', '')}{step}"))
    for title, status, message in entry.get("calls", ()):
        yield Line(escape(f"    {status}: {title}: {message}"))
    for reported in entry.get("notes", ()):
        yield Line(escape(f"    {reported}"))


@click.command()
@click.option(
    "-o",
    "--output",
    metavar="FILE.zip",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to make; one that is there is not replaced.",
)
@target_options
def support_bundle(target: Target, output: Path) -> None:
    """Pack log, receipts, findings, MAPISVC.INF and the registry keys that matter, with user data masked."""
    from mapiwright.transaction import single_file  # noqa: PLC0415
    from mapiwright.workflows.doctor.support import make_bundle  # noqa: PLC0415 - only this verb packs

    if output.exists():
        raise ExistsError("the file is there already", where=str(output), remedy="Choose another name with -o.")
    bundle = make_bundle(target.workstation, diagnose(target.workstation), datetime.now(UTC))
    single_file.replace(output, None, bundle.data)
    if target.json:
        made = {"file": str(output), "members": list(bundle.members), "masked": dict(bundle.masked)}
        write_document({"support_bundle": made})
        return
    masked = ", ".join(_masked(count, kind) for kind, count in bundle.masked.items()) or "nothing"
    write(
        [
            Line(escape(said("setup.written", file=output)), Style.ADDED),
            Line(f"  it holds {', '.join(bundle.members)}"),
            Line(f"  masked: {masked}. Check it before you send it."),
        ],
        sys.stdout,
    )


_KINDS = {
    "address": ("address", "addresses"),
    "computer": ("computer name", "computer names"),
    "dn": ("distinguished name", "distinguished names"),
    "path": ("path", "paths"),
    "place": ("place of the workstation", "places of the workstation"),
    "profile": ("profile name", "profile names"),
    "server": ("server", "servers"),
    "sid": ("SID", "SIDs"),
    "text": ("text", "texts"),
    "user": ("user name", "user names"),
}
"""What was masked in a support bundle: one, and several."""


def _masked(count: int, kind: str) -> str:
    one, several = _KINDS[kind]
    return f"{count} {one if count == 1 else several}"


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[Line]:
    """One screen: what the workstation is, what is unknown, and the findings, the worst first."""
    width = max((len(fact.name) for fact in diagnosis.facts), default=0) + 2
    for fact in diagnosis.facts:
        text = fact.text if fact.known else f"unknown: {fact.text}"
        yield Line(f"{fact.name + ':':<{width}}{escape(text)}", Style.PLAIN if fact.known else Style.QUIET)
        yield from (Line(f"{'':<{width}}  {escape(rule)}", Style.QUIET) for rule in fact.rules)
    yield Line("")
    yield from findings_lines(diagnosis.findings)
    if diagnosis.sound:
        yield Line(f"OK: {_summary(diagnosis)}", Style.ADDED)
    else:
        yield Line(_summary(diagnosis).capitalize() + ".", Style.REMOVED)


def _summary(diagnosis: Diagnosis) -> str:
    count = Counter(finding.severity for finding in diagnosis.findings)
    parts = [
        f"{count[severity]} {severity}{'s' * (count[severity] != 1)}" for severity in Severity if count[severity]
    ]
    return ", ".join(parts) or "no findings"


def diagnosis_document(diagnosis: Diagnosis, uri: str) -> dict[str, Any]:
    """``{"doctor": {"workstation", "sound", "facts", "findings"}}``; an unknown fact says why."""
    return {
        "doctor": {
            "workstation": uri,
            "sound": diagnosis.sound,
            "facts": [
                {"name": fact.name, "text": fact.text, "rules": list(fact.rules), "known": fact.known}
                for fact in diagnosis.facts
            ],
            **findings_document(diagnosis.findings),
        }
    }
