"""The ``service`` verbs: which message services a workstation has, and the details of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mapiwright.admin.workspace import read_catalogue
from mapiwright.ui.cli.packages.call import call
from mapiwright.ui.cli.profiles.roles import order
from mapiwright.ui.cli.target import target_options
from mapiwright.ui.documents.documents import write_document
from mapiwright.ui.documents.service_report import (
    fault_lines,
    installed_packages,
    service_lines,
    service_row,
    service_rows,
)
from mapiwright.ui.text.terminal import Line, escape, write

if TYPE_CHECKING:
    from mapiwright.ui.cli.target import Target

UNKNOWN_ORIGIN = "  (package unknown: this user has no access to Mapiwright's records)"


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
    there = installed_packages(target.workstation)
    rows = service_rows(target.workstation, there, catalogue)
    if target.json:
        write_document({"services": rows})
        return
    for row in rows:
        origin = f"  (package {row['package']} {row['version']})" if row["package"] else ""
        origin = UNKNOWN_ORIGIN if there is None else origin
        write([Line(escape(f"{row['name']}: {row['display']}{origin}")), *fault_lines(row)], sys.stdout)
    if not rows:
        path = target.workstation.place(target.workstation.outlook.inf_path)
        reported = f"No message services in {path}." if path else "A hive has no MAPISVC.INF; name one with --inf."
        write([Line(escape(reported))], sys.stdout)


@service.command()
@click.argument("name")
@target_options
def show(target: Target, name: str) -> None:
    """Show a service: its providers, its entry point, and the calls that are still to be sent to it."""
    definition = read_catalogue(target.workstation).definition(name)
    row = service_row(target.workstation, installed_packages(target.workstation), definition)
    if target.json:
        write_document({"service": row})
        return
    write(service_lines(row), sys.stdout)
