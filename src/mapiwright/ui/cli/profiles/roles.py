"""The roles in a profile: ``profile identity``, ``profile default-store``, and ``service order`` of the transports.

Each shows what is, and with ``--set`` chooses otherwise; showing needs nothing but the profile.
"""

# ruff: noqa: PLC0415 - `profile list` does not pay for what its neighbours need

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mapiwright.ui.cli.editing import choose, in_profile, looked_at, report_profile
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import consent_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.admin.operations.operations import Operation
    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent
    from mapiwright.ui.text.names import Part


@click.command()
@click.argument("name", metavar="PROFILE")
@click.option("--set", "chosen", metavar="SERVICE", help="Let this service, by name or uid, provide the identity.")
@click.option("--clear", is_flag=True, help="Let no service provide it.")
@target_options
@user_options
@consent_options
def identity(
    *, target: Target, users: UserChoice, consent: Consent, name: str, chosen: str | None, clear: bool
) -> None:
    """Show or choose the service that provides the primary identity of a PROFILE: the user of a session."""
    _check(chosen, clear=clear)
    if chosen is None and not clear:
        _show_identity(target, looked_at(target, users, name))
        return

    from mapiwright.admin.operations.operations import SetPrimaryIdentity

    choose(target, users, consent, SetPrimaryIdentity(name, chosen))


@click.command("default-store")
@click.argument("name", metavar="PROFILE")
@click.option("--set", "chosen", metavar="PROVIDER", help="Make this store, by display name or uid, the default one.")
@click.option("--clear", is_flag=True, help="Have no default store.")
@target_options
@user_options
@consent_options
def default_store(
    *, target: Target, users: UserChoice, consent: Consent, name: str, chosen: str | None, clear: bool
) -> None:
    """Show or choose the default message store of a PROFILE."""
    _check(chosen, clear=clear)
    if chosen is None and not clear:
        _show_store(target, looked_at(target, users, name))
        return

    def wanted(services: MessageServiceAdmin) -> Iterator[Operation]:
        from mapiwright.admin.operations.operations import SetDefaultStore
        from mapiwright.mapi.props.tags import PR_STORE_PROVIDERS

        uid = None
        if chosen is not None:
            uid = _provider(services, chosen, PR_STORE_PROVIDERS, "store").uid
        yield SetDefaultStore(name, uid)

    choose(target, users, consent, in_profile(name, wanted))


@click.command()
@click.argument("name", metavar="[PROFILE]", required=False)
@click.option(
    "--set",
    "chosen",
    metavar="PROVIDER",
    multiple=True,
    help="A transport, by display name or uid; repeated for all of them, the first one first.",
)
@target_options
@user_options
@consent_options
def order(target: Target, users: UserChoice, consent: Consent, name: str | None, chosen: tuple[str, ...]) -> None:
    """Show or choose the order in which the transports of a PROFILE, or the default one, are asked to send."""
    if not chosen:
        _show_order(target, looked_at(target, users, name))
        return

    def wanted(services: MessageServiceAdmin) -> Iterator[Operation]:
        from mapiwright.admin.operations.operations import OrderTransports
        from mapiwright.mapi.props.tags import PR_TRANSPORT_PROVIDERS

        uids = tuple(_provider(services, each, PR_TRANSPORT_PROVIDERS, "transport").uid for each in chosen)
        yield OrderTransports(services.name, uids)

    choose(target, users, consent, in_profile(name, wanted))


def _check(chosen: str | None, *, clear: bool) -> None:
    if chosen is not None and clear:
        raise click.UsageError("--set and --clear exclude each other.")


def _listed(services: MessageServiceAdmin, tag: int) -> tuple[Part, ...]:
    """The providers of one kind, in the profile's order."""
    from mapiwright.ui.text.names import parts_of

    known = {part.uid: part for part in parts_of(services)}
    return tuple(known[each.uid] for each in services.profile.providers(tag) if each.uid in known)


def _provider(services: MessageServiceAdmin, text: str, tag: int, kind: str) -> Part:
    from mapiwright.ui.text.names import part_named

    return part_named(text, _listed(services, tag), kind, f"profile {services.name}")


# Showing.


def _show_identity(target: Target, services: MessageServiceAdmin) -> None:
    from mapiwright.mapi.profile.roles import primary_identity

    found = primary_identity(services.profile)
    document = None if found is None else {"service": found.name, "display": found.display, "uid": found.uid}
    line = "No service provides an identity." if found is None else f"{found.name}: {found.display}  {found.uid}"
    report_profile(target, services, {"identity": document}, [line])


def _show_store(target: Target, services: MessageServiceAdmin) -> None:
    from mapiwright.mapi.profile.roles import default_store as found_in
    from mapiwright.mapi.props.tags import PR_STORE_PROVIDERS

    store = found_in(services.profile)
    part = next((each for each in _listed(services, PR_STORE_PROVIDERS) if store and each.uid == store.uid), None)
    line = "There is no default store." if part is None else f"{part.path}  {part.uid}"
    report_profile(target, services, {"default_store": None if part is None else _document(part)}, [line])


def _show_order(target: Target, services: MessageServiceAdmin) -> None:
    from mapiwright.mapi.props.tags import PR_TRANSPORT_PROVIDERS

    parts = _listed(services, PR_TRANSPORT_PROVIDERS)
    lines = [f"{number}. {part.path}  {part.uid}" for number, part in enumerate(parts, 1)]
    report_profile(target, services, {"transports": [_document(part) for part in parts]}, lines or ["No transports."])


def _document(part: Part) -> Any:
    return {"service": part.service.name, "display": part.display, "uid": part.uid}
