"""The ``profile`` verbs: list, show, dump, create, copy, rename, delete, default, add-service, remove-service.

The others are ELSEWHERE.
"""

# ruff: noqa: PLC0415 - `profile list` does not pay for what the others print

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mapiwright.ui.cli.edge import report
from mapiwright.ui.cli.editing import edit
from mapiwright.ui.cli.lazy_commands import Verbs
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import writing_options
from mapiwright.ui.text.terminal import write

if TYPE_CHECKING:
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent

APP_PROFILE = 0x4
"""ProfileFlag.APP_PROFILE, which `profile list` need not load: who types a name means that profile."""


ELSEWHERE = {
    "section": "profiles.section",
    "table": "profiles.table",
    "configure-service": "profiles.configure",
    "identity": "profiles.roles",
    "default-store": "profiles.roles",
    "addressing": "profiles.addressing",
    "startup": "profiles.startup",
    "copy-service": "profiles.copy_service",
}
"""The verbs that have modules of their own."""


@click.group(cls=Verbs, elsewhere=ELSEWHERE)
def profile() -> None:
    """List, show and edit the profiles of a user."""


@profile.command("list")
@target_options
@user_options
def list_profiles(target: Target, users: UserChoice) -> None:
    """List the profiles, of all users where none is named; a star marks the default one."""
    from mapiwright.ui.cli.listing import list_profiles as write_profiles

    write_profiles(target, users)


@profile.command()
@click.argument("name", required=False)
@target_options
@user_options
def show(target: Target, users: UserChoice, name: str | None) -> None:
    """Show a profile as a tree, with names for tags, types, flags and sections; the default one without NAME."""
    from mapiwright.admin.workspace import Workspace

    space = Workspace(target.workstation, users.one_of(target.workstation))
    found = space.profile(name if name is not None else space.default_or_only)
    default = space.default is not None and space.default == found.name
    if target.json:
        from mapiwright.ui.documents.documents import sections_document, service_document, write_document

        write_document(
            {
                "profile": found.name,
                "user": space.user.name,
                "default": default,
                "services": [service_document(service) for service in found.services],
                "sections": sections_document(found.sections.values()),
            }
        )
        return
    from mapiwright.ui.text.tree import profile_lines

    write(profile_lines(found, default=default), sys.stdout)


@profile.command()
@click.argument("name")
@target_options
@user_options
def dump(target: Target, users: UserChoice, name: str) -> None:
    """Print a profile's registry keys and values as JSON, exactly as they are stored.

    Passwords and secure properties are among them, encrypted or not, as they are stored; a warning says so.
    """
    from mapiwright.admin.workspace import Workspace

    space = Workspace(target.workstation, users.one_of(target.workstation))
    from mapiwright.mapi.props.protected import holds_protected_data, secret_values
    from mapiwright.ui.documents.documents import dump_document, write_document

    key = space.stored_key(name)
    secret = secret_values(key)
    if secret:
        sealed = sum(holds_protected_data(value.data) for value in secret.values())
        how = f"{sealed} encrypted for that user, {len(secret) - sealed} as they are"
        report(f"Warning: {len(secret)} value(s) are secrets, {how}; keep this output to yourself.")
    write_document(dump_document(key))


@profile.command()
@click.argument("name")
@click.option("--default", "as_default", is_flag=True, help="Make it the default profile too.")
@click.option("--default-services", is_flag=True, help="Put the default services of MAPISVC.INF into it.")
@target_options
@user_options
@writing_options
def create(
    *, target: Target, users: UserChoice, consent: Consent, name: str, as_default: bool, default_services: bool
) -> None:
    """Make a profile: an empty one, or one with the default services.

    A default service that fails when it is called is left out.
    """
    from mapiwright.admin.operations.operations import CreateProfile, ProfileSpec

    spec = ProfileSpec(name, default=as_default, default_services=default_services)
    edit(target, users, consent, CreateProfile(spec))


@profile.command()
@click.argument("name")
@click.argument("new_name")
@target_options
@user_options
@writing_options
def copy(target: Target, users: UserChoice, consent: Consent, name: str, new_name: str) -> None:
    """Copy a profile."""
    from mapiwright.admin.operations.operations import CopyProfile

    edit(target, users, consent, CopyProfile(name, new_name))


@profile.command()
@click.argument("name")
@click.argument("new_name")
@target_options
@user_options
@writing_options
def rename(target: Target, users: UserChoice, consent: Consent, name: str, new_name: str) -> None:
    """Give a profile another name."""
    from mapiwright.admin.operations.operations import RenameProfile

    edit(target, users, consent, RenameProfile(name, new_name))


@profile.command()
@click.argument("name")
@target_options
@user_options
@writing_options
def delete(target: Target, users: UserChoice, consent: Consent, name: str) -> None:
    """Remove a profile; each of its services is called before with MSG_SERVICE_DELETE."""
    from mapiwright.admin.operations.operations import DeleteProfile

    edit(target, users, consent, DeleteProfile(name))


@profile.command()
@click.argument("name", required=False)
@click.option("--none", "clear", is_flag=True, help="Have no default profile.")
@target_options
@user_options
@writing_options
def default(target: Target, users: UserChoice, consent: Consent, name: str | None, clear: bool) -> None:
    """Make NAME the default profile."""
    if (name is None) is not clear:
        raise click.UsageError("Give the name of a profile, or --none.")
    from mapiwright.admin.operations.operations import SetDefaultProfile

    edit(target, users, consent, SetDefaultProfile(name))


@profile.command("add-service")
@click.argument("name")
@click.argument("service")
@click.option("--display", help="Its name for people, where MAPISVC.INF gives none.")
@target_options
@user_options
@writing_options
def add_service(
    target: Target, users: UserChoice, consent: Consent, name: str, service: str, display: str | None
) -> None:
    """Add a SERVICE of MAPISVC.INF to the profile NAME."""
    from mapiwright.admin.operations.operations import AddServices, ServiceSpec

    edit(target, users, consent, AddServices(name, (ServiceSpec(service, display),)))


@profile.command("remove-service")
@click.argument("name")
@click.argument("service")
@target_options
@user_options
@writing_options
def remove_service(target: Target, users: UserChoice, consent: Consent, name: str, service: str) -> None:
    """Remove a SERVICE, by name or uid, from the profile NAME."""
    from mapiwright.admin.operations.operations import RemoveService

    edit(target, users, consent, RemoveService(name, service))
