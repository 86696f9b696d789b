"""``profile addressing``: the address list shown first, the one of personal addresses, and where names are checked.

It shows what is, and the lists that can be named; with an option it chooses otherwise.
"""

# ruff: noqa: PLC0415 - `profile list` does not pay for what its neighbours need

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mapiwright.ui.cli.editing import choose, in_profile, looked_at, report_profile
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import consent_options
from mapiwright.ui.text.language import said, texts_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.admin.operations.operations import Operation
    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.mapi.profile.addressing import AddressList
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent


@click.command()
@click.argument("name", metavar="PROFILE")
@click.option("--default-directory", "directory", metavar="LIST", help="Show this list first: a name or an entry id.")
@click.option("--clear-default-directory", "no_directory", is_flag=True, help="Leave the first one to MAPI.")
@click.option("--personal", metavar="LIST", help="Keep personal addresses in this list.")
@click.option("--clear-personal", "no_personal", is_flag=True, help="Name no list for personal addresses.")
@click.option(
    "--search",
    metavar="LIST",
    multiple=True,
    help="Check names in this list; repeated for all of them, the first one first.",
)
@click.option("--clear-search", "no_search", is_flag=True, help="Leave it to MAPI where names are checked.")
@target_options
@user_options
@consent_options
def addressing(
    *,
    target: Target,
    users: UserChoice,
    consent: Consent,
    name: str,
    directory: str | None,
    no_directory: bool,
    personal: str | None,
    no_personal: bool,
    search: tuple[str, ...],
    no_search: bool,
) -> None:
    """Show or choose the address lists of a PROFILE.

    A LIST is a name or an entry id in hex digits, as this command shows them without a choice.
    """
    choices = {"default-directory": (directory, no_directory), "personal": (personal, no_personal)}
    for option, (chosen, clear) in {**choices, "search": (search or None, no_search)}.items():
        if chosen is not None and clear:
            raise click.UsageError(f"--{option} and --clear-{option} exclude each other.")
    if directory is None and personal is None and not (search or no_directory or no_personal or no_search):
        _show(target, looked_at(target, users, name))
        return

    def wanted(services: MessageServiceAdmin) -> Iterator[Operation]:
        from mapiwright.admin.operations import operations as op

        first, own = _entry_id(services, directory), _entry_id(services, personal)
        order = [each for text in search if (each := _entry_id(services, text)) is not None]
        if first is not None or no_directory:
            yield op.SetDefaultDirectory(name, first)
        if own is not None or no_personal:
            yield op.SetPersonalAddressBook(name, own)
        if order or no_search:
            yield op.SetSearchOrder(name, tuple(order))

    choose(target, users, consent, in_profile(name, wanted))


def _entry_id(services: MessageServiceAdmin, text: str | None) -> bytes | None:
    if text is None:
        return None
    from mapiwright.mapi.profile.addressing import address_lists
    from mapiwright.ui.text.names import list_named

    return list_named(text, address_lists(services.profile), f"profile {services.name}").entry_id


def _show(target: Target, services: MessageServiceAdmin) -> None:
    from mapiwright.mapi.profile import addressing as lists_of

    profile = services.profile
    directory, personal = lists_of.default_directory(profile), lists_of.personal_address_book(profile)
    search, there = lists_of.search_order(profile), lists_of.address_lists(profile)
    document: dict[str, Any] = {
        "default_directory": None if directory is None else _document(directory),
        "personal": None if personal is None else _document(personal),
        "search": [_document(each) for each in search],
        "lists": [_document(each) for each in there],
    }
    lines = [
        said("addressing.first", list=said("addressing.mapi") if directory is None else _line(directory)),
        said("addressing.personal", list=said("addressing.none-named") if personal is None else _line(personal)),
        said("addressing.search" if search else "addressing.search-mapi"),
        *(f"  {number}. {_line(each)}" for number, each in enumerate(search, 1)),
        said("addressing.there" if there else "addressing.there-none"),
        *(f"  {_line(each)}" for each in there),
    ]
    report_profile(target, services, document, lines)


def _line(each: AddressList) -> str:
    from mapiwright.ui.text.names import shown_name

    return f"{shown_name(each, texts_here())}  {each.entry_id.hex()}"


def _document(each: AddressList) -> Any:
    return {"name": each.name, "entry_id": each.entry_id.hex(), "provider": each.provider or None}
