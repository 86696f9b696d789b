"""``profile copy-service``: a service is copied into its own profile or another, as CopyMsgService does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mapiwright.ui.cli.editing import edit
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import writing_options

if TYPE_CHECKING:
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent


@click.command("copy-service")
@click.argument("name", metavar="PROFILE")
@click.argument("service")
@click.option("--to", "other", metavar="PROFILE", help="The profile that gets the copy; else it is the same one.")
@target_options
@user_options
@writing_options
def copy_service(
    *, target: Target, users: UserChoice, consent: Consent, name: str, service: str, other: str | None
) -> None:
    """Copy a SERVICE, by name or uid, into the same profile or another, set up exactly alike.

    Its entry point is not called. A service that may be in a profile once only is not copied beside itself.
    """
    from mapiwright.admin.operations.operations import CopyService  # noqa: PLC0415 - a verb that looks does not pay for it

    edit(target, users, consent, CopyService(name, service, other or ""))
