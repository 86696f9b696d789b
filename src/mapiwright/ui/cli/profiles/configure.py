"""``profile configure-service``: a service is given properties, as ConfigureMsgService does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mapiwright.mapi.props.tags import is_secure
from mapiwright.ui.cli.assignments import assignment_options
from mapiwright.ui.cli.editing import edit
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import writing_options

if TYPE_CHECKING:
    from mapiwright.ui.cli.assignments import Assignments
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent


@click.command("configure-service")
@click.argument("name", metavar="PROFILE")
@click.argument("service")
@assignment_options
@target_options
@user_options
@writing_options
def configure_service(
    *, target: Target, users: UserChoice, consent: Consent, name: str, service: str, assignments: Assignments
) -> None:
    """Have a SERVICE, by name or uid, configured: its entry point is called with the properties.

    Where it cannot be called here, the call waits for `service call --pending`, unless a property is secret.
    """
    if not assignments:
        raise click.UsageError("Give a property, --set TAG=VALUE or --set-file TAG=FILE.")
    given = assignments.read()
    from mapiwright.admin.operations.operations import ConfigureService  # noqa: PLC0415 - a verb that looks does not pay for it

    edit(
        target,
        users,
        consent,
        ConfigureService(name, service, given),
        must_call=any(map(is_secure, given)),  # secrets are kept nowhere, so that no later call could have them
    )
