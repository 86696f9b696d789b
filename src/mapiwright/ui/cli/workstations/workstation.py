"""The ``workstation`` verbs: make a trial one, and show what one is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.errors import FormatError, NotFoundError
from mapiwright.ui.cli.edge import report
from mapiwright.ui.cli.target import json_option, target_options
from mapiwright.ui.documents.documents import findings_document, write_document
from mapiwright.ui.text.language import said
from mapiwright.ui.text.terminal import Line, Style, escape, write
from mapiwright.workstation.outlook.windows import architecture, version
from mapiwright.workstation.workstation import Bitness, Edition, Install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.ui.cli.target import Target
    from mapiwright.workstation.workstation import Outlook, Workstation

EDITIONS = tuple(edition.value for edition in Edition)
BITNESSES = tuple(bitness.value for bitness in Bitness)
INSTALLS = tuple(install.value for install in Install)


@click.group()
def workstation() -> None:
    """Make a demo workstation, or look at one."""


def _outlooks_beside(
    _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    """EDITION, EDITION/BITNESS or EDITION/BITNESS/INSTALL as words, each of which is known."""
    known = (EDITIONS, BITNESSES, INSTALLS)
    found = tuple(tuple(text.split("/")) for text in texts)
    for words in found:
        if len(words) > len(known) or any(word not in each for word, each in zip(words, known, strict=False)):
            choices = ", ".join("|".join(each) for each in known)
            raise click.BadParameter(f"{'/'.join(words)!r} is not EDITION[/BITNESS[/INSTALL]] of {choices}.")
    return found


@workstation.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--edition", type=click.Choice(EDITIONS), default="2016", show_default=True, help="Of its Outlook.")
@click.option(
    "--bitness",
    type=click.Choice(BITNESSES),
    help="Of its Outlook: the process that loads a service.  [default: x64; x86 for 2003 and 2007]",
)
@click.option(
    "--install",
    type=click.Choice(INSTALLS),
    help="What installed its Outlook.  [default: msi; click-to-run for arm64]",
)
@click.option(
    "--language",
    "languages",
    metavar="LCID",
    multiple=True,
    type=click.IntRange(1, 0xFFFF),
    default=(1033,),
    show_default=True,
    help="Of its Outlook; repeatable, its own first.",
)
@click.option("--without-inf", is_flag=True, help="Leave MAPISVC.INF out: Outlook 2007 and later may ship none.")
@click.option(
    "--also",
    metavar="OUTLOOK",
    multiple=True,
    callback=_outlooks_beside,
    help="One more Outlook beside it: 2010, 2010/x86, 2013/x64/click-to-run; repeatable.",
)
@click.option(
    "--windows",
    type=click.Choice(BITNESSES),
    help="What its Windows is made for.  [default: x64; arm64 where an Outlook needs it]",
)
@click.option("--user", "users", metavar="NAME", multiple=True, default=("anna",), help="A user; repeatable.")
@json_option
def create(
    folder: Path | None,
    edition: str,
    bitness: str | None,
    install: str | None,
    languages: tuple[int, ...],
    without_inf: bool,
    also: tuple[tuple[str, ...], ...],
    windows: str | None,
    users: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make an offline Windows with an Outlook in DIR, a new or empty folder; the demo's where it is left out."""
    from mapiwright.workstation.kinds.create import create_image  # noqa: PLC0415 - only this verb pays for the writer
    from mapiwright.workstation.kinds.open import demo_folder  # noqa: PLC0415
    from mapiwright.workstation.outlook.office_layout import OutlookInstallation  # noqa: PLC0415

    def outlook(edition: str, bitness: str | None = None, install: str | None = None) -> OutlookInstallation:
        return OutlookInstallation.usual(
            Edition(edition),
            Bitness(bitness) if bitness else None,
            Install(install) if install else None,
            languages,
            inf=not without_inf,
        )

    place = folder if folder is not None else demo_folder()
    uri = f"image:{folder}" if folder is not None else "demo:"
    client = outlook(edition, bitness, install)
    alike = [client.bitness.value] if client.bitness is Bitness.X86 else []  # Office is not installed with both
    outlooks = (client, *(outlook(words[0], *(words[1:] or alike)) for words in also))
    create_image(place, outlooks=outlooks, windows=Bitness(windows) if windows else None, users=users)
    if as_json:
        made = {
            "uri": uri,
            "folder": str(place),
            "edition": outlooks[0].edition,
            "bitness": outlooks[0].bitness,
            "install": outlooks[0].install,
            "languages": list(languages),
            "also": [str(each) for each in outlooks[1:]],
            "users": list(users),
        }
        write_document({"workstation": made})
        return
    names = said("workstation.beside").join(f"Outlook {each.edition} ({each.bitness})" for each in outlooks)
    report(said("workstation.made", outlooks=names, users=", ".join(users), folder=place))
    report(said("workstation.name-it", uri=uri) if folder is not None else said("workstation.demo"))


@workstation.command()
@target_options
def show(target: Target) -> None:
    """Show what the workstation is: its Windows, its Outlook with the rule for each fact, its users."""
    here = target.workstation
    try:
        outlooks, missing = here.outlooks, ""
    except NotFoundError as error:
        outlooks, missing = (), str(error)
    if target.json:
        documents = [_outlook_document(here, outlook) for outlook in outlooks]
        made_for = architecture(here.registry)
        write_document(
            {
                "workstation": {
                    "uri": target.uri,
                    "description": here.description,
                    "windows": version(here.registry) or None,
                    "architecture": made_for.value if made_for is not None else None,
                    "code_page": here.code_page,
                    "outlook": documents[0] if documents else None,
                    "other_outlooks": documents[1:],
                    "users": [{"name": user.name, "sid": user.sid, "template": user.template} for user in here.users],
                    **findings_document(here.findings),
                }
            }
        )
        return
    write(_lines(here, outlooks, missing), sys.stdout)


def _outlook_document(workstation: Workstation, outlook: Outlook) -> dict[str, object]:
    services, _ = _services(workstation, outlook)
    return {
        "edition": outlook.edition.value,
        "bitness": outlook.bitness.value,
        "install": outlook.install.value if outlook.install is not None else None,
        "root": outlook.root or None,
        "view": outlook.view.value,
        "languages": list(outlook.lcids),
        "mapisvc": {
            "path": workstation.place(outlook.inf_path) or None,
            "present": services is not None,
            "services": services,
            "not_read": list(outlook.other_inf_paths),
        },
        "rules": [{"fact": fact, "rule": rule} for fact, rule in outlook.rules],
    }


def _services(workstation: Workstation, outlook: Outlook) -> tuple[int | None, str]:
    """How many services MAPISVC.INF lists, and that in words; None where there is no such file."""
    from mapiwright.mapi.inf.mapisvc import read_mapisvc  # noqa: PLC0415 - only this verb needs the INF here

    try:
        there = read_mapisvc(workstation, outlook.inf_path)
    except FormatError as error:
        return 0, f"cannot be read: {error}"
    if there.data is None:
        return None, "not there"
    count = len(there.catalogue.services)
    return count, "1 service" if count == 1 else f"{count} services"


def _lines(workstation: Workstation, outlooks: tuple[Outlook, ...], missing: str) -> Iterator[Line]:
    yield _fact("Windows", _windows(workstation))
    yield _fact("Code page", workstation.code_page)
    first, *more = missing.split("\n")
    if missing:
        yield _fact("Outlook", first)
        yield from (Line(escape(line), Style.QUIET) for line in more)
    for outlook in outlooks:
        yield from _outlook_lines(workstation, outlook, "Outlook" if outlook is outlooks[0] else "Also")
    yield _fact("Our records", workstation.place(workstation.state_folder))
    yield _fact("Users", ", ".join(f"{user.name} ({user.sid})" for user in workstation.users if not user.template))
    for outlook in outlooks:
        which = f"Outlook {outlook.edition}" if len(outlooks) > 1 else "this"
        yield Line(f"How {which} was found:", Style.HEADING)
        for fact, rule in outlook.rules:
            yield Line(f"  {escape(fact)}: {escape(rule)}", Style.QUIET)


def _windows(workstation: Workstation) -> str:
    name, made_for = version(workstation.registry), architecture(workstation.registry)
    return f"{name} ({made_for})" if name and made_for is not None else name or "not in its registry"


def _outlook_lines(workstation: Workstation, outlook: Outlook, label: str) -> Iterator[Line]:
    made_by = f", installed by {outlook.install.installer}" if outlook.install is not None else ""
    yield _fact(label, f"{outlook.edition} ({outlook.bitness}){made_by}")
    if outlook.lcids:
        yield _fact("Languages", ", ".join(map(str, outlook.lcids)))
    path = workstation.place(outlook.inf_path)
    reported = f"{path} ({_services(workstation, outlook)[1]})" if path else "a hive has none; name one with --inf"
    yield _fact("MAPISVC.INF", reported)
    for path in outlook.other_inf_paths:
        yield _fact("Not read", path)


def _fact(name: str, text: str) -> Line:
    return Line(f"{name + ':':<13}{escape(text)}")
