"""The verb ``apply``: apply a saved plan, which may have been approved since."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.entry.makers import MAKERS
from mapiwright.transaction.plan_file import load_file
from mapiwright.ui.cli.edge import report
from mapiwright.ui.cli.target import target_options
from mapiwright.ui.cli.writing import send, writing_options
from mapiwright.ui.text.language import said

if TYPE_CHECKING:
    from mapiwright.ui.cli.target import Target
    from mapiwright.ui.cli.writing import Consent


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@target_options
@writing_options
def apply(target: Target, consent: Consent, file: Path) -> None:
    """Apply the plan that was saved in FILE; exactly it, or nothing.

    Refused on another workstation than it was made for, where something that it changes has changed since, and
    where it was applied before.
    """
    saved = load_file(file, MAKERS)
    report(said("setup.approved", file=file, digest=saved.digest))
    send(target, saved.plan_for(target.workstation), consent)
