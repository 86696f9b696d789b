"""The command line of a package's own setup program, ``setup.pyz``: ``install`` with the package that it carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mapiwright.ui.cli.app import SETTINGS
from mapiwright.ui.cli.installing import install_options
from mapiwright.ui.cli.packages.disk import install_from, trust_option
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import writing_options

if TYPE_CHECKING:
    from pathlib import Path

    from mapiwright.ui.cli.installing import Wanted
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent


def setup_in(archive: Path) -> click.Command:
    """The program in the file ``archive``. Where its publication is beside it, that is verified first."""

    @click.command(archive.name, context_settings=SETTINGS)
    @install_options
    @trust_option
    @target_options
    @user_options
    @writing_options
    def setup(target: Target, users: UserChoice, consent: Consent, wanted: Wanted, keys: tuple[Path, ...]) -> None:
        """Install the package beside this program, or the one inside it where there is none."""
        install_from(target, users, consent, archive, wanted, keys)

    return setup
