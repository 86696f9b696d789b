"""``profile table``: MAPI's own tables of profiles, services and providers (mapi.md 7)."""

# ruff: noqa: PLC0415 - `profile list` does not pay for what its neighbours need

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from mapiwright.errors import UsageError
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.text.terminal import Line, Style, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mapiwright.admin.profiles import ProfileAdmin
    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.tables.restriction import Property
    from mapiwright.mapi.tables.row import Cell
    from mapiwright.mapi.tables.sort_order import SortOrder
    from mapiwright.mapi.tables.tables import Table
    from mapiwright.ui.cli.target import Target, UserChoice

SERVICES, PROVIDERS = "services", "providers"
PROFILES = "profiles"


@click.command()
@click.argument("name", metavar="[PROFILE]", required=False)
@click.argument("kind", required=False, type=click.Choice([SERVICES, PROVIDERS]))
@click.option("--service", metavar="SERVICE", help="With providers: those of one service, and its extra sections.")
@click.option("--columns", metavar="TAG,...", help="Which columns, in which order; MAPI's own where left out.")
@click.option(
    "--where", metavar="TAG=VALUE", multiple=True, help="Only rows with that value; repeatable, all must hold."
)
@click.option("--sort", metavar="TAG[:desc]", multiple=True, help="The order of the rows; repeatable.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="The first N rows only.")
@target_options
@user_options
def table(
    *,
    target: Target,
    users: UserChoice,
    name: str | None,
    kind: str | None,
    service: str | None,
    columns: str | None,
    where: tuple[str, ...],
    sort: tuple[str, ...],
    limit: int | None,
) -> None:
    """Show MAPI's table of all profiles, or of a PROFILE that of its services or providers.

    A column may be any property that the rows have. Strings compare without regard to case, and a list has a value
    where one of its own is that.
    """
    from mapiwright.admin.profiles import ProfileAdmin
    from mapiwright.admin.workspace import Workspace
    from mapiwright.mapi.props.property_text import any_tag_named
    from mapiwright.mapi.tables.restriction import And
    from mapiwright.mapi.tables.sort_order import SortOrderSet
    from mapiwright.mapi.tables.tables import query_all_rows

    if service is not None and kind != PROVIDERS:
        raise click.UsageError("--service goes with the table of providers.")
    chosen = [any_tag_named(each) for each in columns.split(",")] if columns is not None else None
    restriction = And(tuple(map(_equal, where))) if where else None
    order = SortOrderSet(tuple(map(_key, sort))) if sort else None
    space = Workspace(target.workstation, users.one_of(target.workstation))
    shown = kind or (PROFILES if name is None else SERVICES)
    found = _opened(ProfileAdmin(space), name, shown, service)
    rows = query_all_rows(found, chosen, restriction, order)[:limit]
    tags = found.query_columns()
    if target.json:
        from mapiwright.ui.documents.documents import write_document

        documents: list[Any] = [_document(tags, row) for row in rows]
        of_profile = {} if name is None else {"profile": space.profile(name).name}
        kinds = {"kind": shown, "columns": [f"{tag:08X}" for tag in tags], "rows": documents}
        write_document({"user": space.user.name, **of_profile, "table": kinds})
        return
    write(_lines(shown, tags, rows), sys.stdout)


def _opened(profiles: ProfileAdmin, name: str | None, kind: str, service: str | None) -> Table:
    if name is None:
        return profiles.get_profile_table()
    services = profiles.admin_services(name)
    if service is not None:
        return services.admin_providers(service).get_provider_table()
    return services.get_provider_table() if kind == PROVIDERS else services.get_message_service_table()


def _equal(text: str) -> Property:
    """RES_PROPERTY with RELOP_EQ; of a list, one value is compared with each of its own."""
    from mapiwright.mapi.props.property_text import assignment, value_of
    from mapiwright.mapi.props.tags import is_secure
    from mapiwright.mapi.tables.restriction import Property, Relation
    from mapiwright.mapi.tables.row import MV_FLAG

    tag, written = assignment(text)
    if is_secure(tag):
        raise UsageError(f"{tag:08X} is secure, and no table shows it")
    value = value_of(tag, written)
    constant = (tag & ~MV_FLAG, value[0]) if isinstance(value, tuple) and len(value) == 1 else (tag, value)
    return Property(Relation.EQ, tag, constant)


def _key(text: str) -> SortOrder:
    from mapiwright.mapi.props.property_text import any_tag_named
    from mapiwright.mapi.tables.sort_order import Direction, SortOrder

    name, colon, direction = text.partition(":")
    known = {"asc": Direction.ASCEND, "desc": Direction.DESCEND}
    if colon and direction not in known:
        raise UsageError(f"{direction!r} is no direction", expected="TAG, TAG:asc or TAG:desc")
    return SortOrder(any_tag_named(name), known.get(direction, Direction.ASCEND))


def _value(found: Cell) -> PropertyValue | None:
    """The value of a cell, or None where the row has none (PT_ERROR, [imapitable-queryrows])."""
    from mapiwright.mapi.tables.row import PT_ERROR, type_of

    return None if type_of(found[0]) == PT_ERROR else found[1]


def _document(tags: Sequence[int], row: Sequence[Cell]) -> Any:
    from mapiwright.ui.text.values import property_document

    values = ((tag, _value(found)) for tag, found in zip(tags, row, strict=True))
    return {f"{tag:08X}": None if value is None else property_document(tag, value) for tag, value in values}


def _lines(kind: str, tags: Sequence[int], rows: Sequence[Sequence[Cell]]) -> Iterator[Line]:
    """A block for each row; its private properties by the names that its service gives them."""
    from mapiwright.mapi.props.tags import PR_SERVICE_NAME, name_in_section

    for number, row in enumerate(rows, 1):
        cells = {tag: _value(found) for tag, found in zip(tags, row, strict=True)}
        yield Line(f"Row {number}", Style.HEADING)
        for tag, value in cells.items():
            name = name_in_section(tag, str(cells.get(PR_SERVICE_NAME) or ""))
            yield Line(f"  {name} = {_text(tag, value, kind)}")
    yield Line(f"{len(rows)} row{'' if len(rows) == 1 else 's'}.", Style.QUIET)


def _text(tag: int, value: PropertyValue | None, kind: str) -> str:
    """A value; a uid as the other commands take it."""
    from mapiwright.ui.text.tree import PROVIDER, SERVICE, described

    if value is None:
        return "(not there)"
    if isinstance(value, bytes) and len(value) == 16:
        return value.hex()
    return described(tag, value, {SERVICES: SERVICE, PROVIDERS: PROVIDER}.get(kind, ""))
