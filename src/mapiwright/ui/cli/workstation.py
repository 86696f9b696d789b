"""The ``workstation`` verbs: make a trial one, and tell what one is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.errors import FormatError, NotFoundError
from mapiwright.ui.cli.edge import tell
from mapiwright.ui.cli.target import json_option, target_options
from mapiwright.ui.documents import findings_document, write_document
from mapiwright.ui.terminal import Line, Style, escape, write
from mapiwright.workstation.windows import version
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.ui.cli.target import Target
    from mapiwright.workstation.workstation import Outlook, Workstation


@click.group()
def workstation() -> None:
    """Make a demo workstation, or look at one."""


@workstation.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--edition",
    type=click.Choice([edition.value for edition in Edition]),
    default=Edition.OUTLOOK_2016.value,
    show_default=True,
    help="Of its Outlook.",
)
@click.option(
    "--bitness",
    type=click.Choice([bitness.value for bitness in Bitness]),
    default=Bitness.X64.value,
    show_default=True,
    help="Of its Outlook; the Windows is a 64-bit one.",
)
@click.option("--user", "users", metavar="NAME", multiple=True, default=("anna",), help="A user; repeatable.")
@json_option
def create(folder: Path | None, edition: str, bitness: str, users: tuple[str, ...], as_json: bool) -> None:
    """Make an offline Windows with an Outlook in DIR, a new or empty folder; the demo's where it is left out."""
    from mapiwright.workstation.create import create_image  # noqa: PLC0415 - only this verb pays for the writer
    from mapiwright.workstation.open import demo_folder  # noqa: PLC0415

    place = folder if folder is not None else demo_folder()
    uri = f"image:{folder}" if folder is not None else "demo:"
    create_image(place, edition=Edition(edition), bitness=Bitness(bitness), users=users)
    if as_json:
        made = {"uri": uri, "folder": str(place), "edition": edition, "bitness": bitness, "users": list(users)}
        write_document({"workstation": made})
        return
    tell(f"Made a Windows with Outlook {edition} ({bitness}) for {', '.join(users)} in {place}")
    tell(f"Name it: --workstation {uri}" if folder is not None else "It is the target of whoever names none: demo:")


@workstation.command()
@target_options
def show(target: Target) -> None:
    """Tell what the workstation is: its Windows, its Outlook with the rule for each fact, its users."""
    here = target.workstation
    try:
        outlook: Outlook | None = here.outlook
        missing = ""
    except NotFoundError as error:
        outlook, missing = None, str(error)
    if target.json:
        write_document(
            {
                "workstation": {
                    "uri": target.uri,
                    "description": here.description,
                    "windows": version(here.registry) or None,
                    "code_page": here.code_page,
                    "outlook": _outlook_document(outlook),
                    "mapisvc": _mapisvc_document(here, outlook),
                    "users": [{"name": user.name, "sid": user.sid, "template": user.template} for user in here.users],
                    **findings_document(here.findings),
                }
            }
        )
        return
    write(_lines(here, outlook, missing), sys.stdout)


def _outlook_document(outlook: Outlook | None) -> dict[str, object] | None:
    if outlook is None:
        return None
    return {
        "edition": outlook.edition.value,
        "bitness": outlook.bitness.value,
        "view": outlook.view.value,
        "rules": [{"fact": fact, "rule": rule} for fact, rule in outlook.rules],
    }


def _mapisvc_document(workstation: Workstation, outlook: Outlook | None) -> dict[str, object] | None:
    if outlook is None:
        return None
    services, _ = _services(workstation, outlook)
    return {"path": outlook.inf_path, "present": services is not None, "services": services}


def _services(workstation: Workstation, outlook: Outlook) -> tuple[int | None, str]:
    """How many services MAPISVC.INF lists, and that in words; None where there is no such file."""
    from mapiwright.formats.inf import parse  # noqa: PLC0415 - only this verb needs the INF here
    from mapiwright.mapi.catalogue import Catalogue  # noqa: PLC0415

    data = workstation.files.read(outlook.inf_path)
    if data is None:
        return None, "not there"
    try:
        count = len(Catalogue.of(parse(data, workstation.code_page)).services)
    except FormatError as error:
        return 0, f"cannot be read: {error}"
    return count, "1 service" if count == 1 else f"{count} services"


def _lines(workstation: Workstation, outlook: Outlook | None, missing: str) -> Iterator[Line]:
    yield Line(escape(workstation.description), Style.HEADING)
    yield _fact("Windows", version(workstation.registry) or "not told by its registry")
    yield _fact("Code page", workstation.code_page)
    if outlook is None:
        first, *more = missing.split("\n")
        yield _fact("Outlook", first)
        yield from (Line(escape(line), Style.QUIET) for line in more)
    else:
        yield _fact("Outlook", f"{outlook.edition} ({outlook.bitness})")
        yield _fact("MAPISVC.INF", f"{outlook.inf_path} ({_services(workstation, outlook)[1]})")
    yield _fact("Our records", workstation.state_folder)
    yield _fact("Users", ", ".join(f"{user.name} ({user.sid})" for user in workstation.users if not user.template))
    if outlook is not None:
        yield Line("How this was found:", Style.HEADING)
        for fact, rule in outlook.rules:
            yield Line(f"  {escape(fact)}: {escape(rule)}", Style.QUIET)


def _fact(name: str, text: str) -> Line:
    return Line(f"{name + ':':<13}{escape(text)}")
