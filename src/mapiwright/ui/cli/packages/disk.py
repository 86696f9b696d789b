"""The verb ``have-disk``: what is in a directory is shown, and installed by the ordinary plan and transaction."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.setup.publish.foreign_program import refuse_to_run
from mapiwright.setup.publish.have_disk import look, typed_path
from mapiwright.setup.publish.signing import keys_folder, trusted_keys
from mapiwright.ui.cli.installing import install_options, install_plan
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import send, writing_options
from mapiwright.ui.documents.disk_report import disk_document, disk_lines
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.terminal import write

if TYPE_CHECKING:
    from mapiwright.ui.cli.installing import Wanted
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent

trust_option = click.option(
    "--trust",
    "keys",
    metavar="KEYFILE",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="MAPIWRIGHT_TRUST",
    help="Install only what this public key, or another one named so, has signed.",
)


@click.command()
@click.argument("directory")
@install_options
@trust_option
@target_options
@user_options
@writing_options
def have_disk(
    target: Target, users: UserChoice, consent: Consent, directory: str, wanted: Wanted, keys: tuple[Path, ...]
) -> None:
    """Show what is in DIRECTORY, whether it is what was published and who signed it; then install it.

    A published package, a package, an INF with the DLLs that it names, or a setup.pyz.
    """
    install_from(target, users, consent, typed_path(directory), wanted, keys)


def install_from(
    target: Target, users: UserChoice, consent: Consent, path: Path, wanted: Wanted, keys: tuple[Path, ...]
) -> None:
    """Look at what is at ``path``, show it, and install it; a signature by one of ``keys`` is required."""
    workstation = target.workstation
    disk = look(path, trust=trusted_keys(keys, keys_folder()), code_page=workstation.code_page)
    write(disk_lines(disk), sys.stderr)
    write(findings_lines(disk.findings), sys.stderr)
    if disk.package is None:
        refuse_to_run(disk.programs[0], workstation)
    else:
        plan = install_plan(target, users, disk.package, wanted)
        send(target, plan, consent, about=disk_document(disk))
