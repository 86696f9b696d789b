"""The ``service`` verbs: what message services a workstation has, and what is to be known of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mapiwright.admin.workspace import read_catalogue
from mapiwright.entry.record import read_record
from mapiwright.errors import RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi import tags
from mapiwright.setup.installed import installations, refuse_as_user
from mapiwright.setup.pending import pending_calls
from mapiwright.ui.cli.call import call
from mapiwright.ui.cli.roles import order
from mapiwright.ui.cli.target import target_options
from mapiwright.ui.documents import write_document
from mapiwright.ui.terminal import Line, Style, escape, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.mapi.definition import PropertyValue, ServiceDefinition
    from mapiwright.setup.installed import Installation
    from mapiwright.transaction.effect import Json
    from mapiwright.ui.cli.target import Target
    from mapiwright.workstation.workstation import Workstation

UNTOLD_ORIGIN = "  (package cannot be told: Mapiwright's records are closed to this user)"


@click.group()
def service() -> None:
    """List, show, call and order the message services of a workstation."""


service.add_command(call)
service.add_command(order)


@service.command("list")
@target_options
def list_services(target: Target) -> None:
    """List the services that MAPISVC.INF has, and which package brought each."""
    catalogue = read_catalogue(target.workstation)
    there = _installed(target.workstation)
    rows = [_row(target.workstation, there, catalogue.definition(name)) for name in catalogue.services]
    if target.json:
        write_document({"services": rows})
        return
    for row in rows:
        origin = f"  (package {row['package']} {row['version']})" if row["package"] else ""
        origin = UNTOLD_ORIGIN if there is None else origin
        write([Line(escape(f"{row['name']}: {row['display']}{origin}"))], sys.stdout)
    if not rows:
        path = target.workstation.place(target.workstation.outlook.inf_path)
        told = f"No message services in {path}." if path else "A hive has no MAPISVC.INF; name one with --inf."
        write([Line(escape(told))], sys.stdout)


@service.command()
@click.argument("name")
@target_options
def show(target: Target, name: str) -> None:
    """Show a service: its providers, its entry point, and the calls that are still to be sent to it."""
    definition = read_catalogue(target.workstation).definition(name)
    row = _row(target.workstation, _installed(target.workstation), definition)
    if target.json:
        write_document({"service": row})
        return
    write(_lines(row), sys.stdout)


def _installed(workstation: Workstation) -> Mapping[str, Installation] | None:
    """The installed packages by id, or None where our records are closed to this user."""
    try:
        refuse_as_user(workstation)
        return installations(workstation)
    except RefusedError:
        return None


def _row(
    workstation: Workstation, there: Mapping[str, Installation] | None, definition: ServiceDefinition
) -> dict[str, Json]:
    record = read_record(workstation, definition.name) if there is not None else None
    owner = next(
        (
            found
            for found in (there or {}).values()
            if upcase(definition.name) in {upcase(name) for name in found.services}
        ),
        None,
    )
    return {
        "name": definition.name,
        "display": definition.display,
        "package": owner.id if owner else None,
        "told": there is not None,
        "version": owner.version if owner else None,
        "dll": definition.dll or None,
        "entry": definition.entry or None,
        "stand_in": record is not None and record.stand_in is not None,
        "support_files": list(definition.support_files),
        "providers": [
            {
                "section": provider.section,
                "type": _kind(provider.properties.get(tags.PR_RESOURCE_TYPE)),
                "display": provider.properties.get(tags.PR_PROVIDER_DISPLAY),
                "dll": provider.properties.get(tags.PR_PROVIDER_DLL_NAME),
            }
            for provider in definition.providers
        ],
        "sections": [extra.section for extra in definition.extras],
        "pending": [
            {"receipt": each.receipt, "call": each.call.title}
            for each in (pending_calls(workstation, [definition.name]) if there is not None else ())
        ],
    }


def _kind(number: PropertyValue | None) -> str | None:
    known = {kind.value: kind.symbol for kind in tags.ResourceType}
    return known.get(number, str(number)) if isinstance(number, int) else None


def _lines(row: dict[str, Json]) -> Iterator[Line]:
    yield Line(escape(f"{row['name']}: {row['display']}"), Style.HEADING)
    if not row["told"]:
        yield Line("  package:      (cannot be told: Mapiwright's records are closed to this user)")
    elif row["package"]:
        yield Line(escape(f"  package:      {row['package']} {row['version']}"))
    entry = f"{row['entry']} in {row['dll']}" if row["entry"] else "none"
    yield Line(
        escape(f"  entry point:  {entry}{'; a Python stand-in where that cannot run' if row['stand_in'] else ''}")
    )
    for provider in row["providers"]:
        yield Line(
            escape(
                f"  provider:     {provider['section']}: {provider['type']}, {provider['display']}, {provider['dll']}"
            )
        )
    for section in row["sections"]:
        yield Line(escape(f"  section:      {section}"))
    for waiting in row["pending"]:
        yield Line(escape(f"  pending:      {waiting['call']} (receipt {waiting['receipt']})"), Style.CHANGED)
