"""The rows of the four tables: profiles, services, a profile's providers, a service's ([profile-tables],
[message-service-tables], [provider-tables]).

A row has the required columns and, behind them, all other properties of its section except secure ones. Tables
are static: a snapshot. The message service table is in the order of the profile, which is that of addition: the pages
contradict each other about a default sort order, and recipes rely on the last row being the newest ([derived]).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.admin.flags import ReadFlag
from mapiwright.mapi.profile.profile import PROVIDER_LISTS
from mapiwright.mapi.props import tags
from mapiwright.mapi.tables.tables import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mapiwright.admin.table import ProfileRow
    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile, Section, Service

PROFILE_COLUMNS = (tags.PR_DISPLAY_NAME, tags.PR_DEFAULT_PROFILE)
SERVICE_COLUMNS = (
    tags.PR_DISPLAY_NAME,
    tags.PR_INSTANCE_KEY,
    tags.PR_RESOURCE_FLAGS,
    tags.PR_SERVICE_DLL_NAME,
    0x3D0B001E,  # PR_SERVICE_ENTRY_NAME: always in 8 bits
    tags.PR_SERVICE_NAME,
    tags.PR_SERVICE_SUPPORT_FILES,
    tags.PR_SERVICE_UID,
)
PROVIDER_COLUMNS = (
    tags.PR_INSTANCE_KEY,
    tags.PR_DISPLAY_NAME,
    tags.PR_PROVIDER_DISPLAY,
    tags.PR_PROVIDER_DLL_NAME,
    tags.PR_PROVIDER_ORDINAL,
    tags.PR_PROVIDER_UID,
    tags.PR_RESOURCE_FLAGS,
    tags.PR_RESOURCE_TYPE,
    tags.PR_SERVICE_NAME,
    tags.PR_SERVICE_UID,
)


STATUS_COLUMNS = (
    tags.PR_DISPLAY_NAME,
    tags.PR_RESOURCE_TYPE,
    0x3E040003,  # PR_STATUS_CODE
    0x3E020003,  # PR_RESOURCE_METHODS
    tags.PR_RESOURCE_FLAGS,
    tags.PR_INSTANCE_KEY,
    tags.PR_OBJECT_TYPE,
    0x30000003,  # PR_ROWID
)
MAPI_SUBSYSTEM, STATUS_AVAILABLE, MAPI_STATUS = 39, 1, 0xA


def status_table(profile: str, flags: int) -> Table:
    """The status table of a session without providers: MAPI's own row, named as the profile is ([status-tables])."""
    values: tuple[PropertyValue, ...] = (profile, MAPI_SUBSYSTEM, STATUS_AVAILABLE, 0, 0, bytes(4), MAPI_STATUS, 1)
    row = dict(zip(STATUS_COLUMNS, values, strict=True))
    return Table(STATUS_COLUMNS, [row], unicode=bool(flags & ReadFlag.UNICODE), names=tags)


def profile_table(profiles: Iterable[ProfileRow], flags: int) -> Table:
    """The profile table."""
    rows: list[dict[int, PropertyValue]] = [
        {tags.PR_DISPLAY_NAME: row.name, tags.PR_DEFAULT_PROFILE: row.default} for row in profiles
    ]
    return Table(PROFILE_COLUMNS, rows, unicode=bool(flags & ReadFlag.UNICODE), names=tags)


def service_table(profile: Profile, flags: int) -> Table:
    """The message service table of a profile."""
    rows = [service_row(service) for service in profile.services]
    return Table(SERVICE_COLUMNS, rows, unicode=bool(flags & ReadFlag.UNICODE), names=tags)


def provider_table(profile: Profile, gone: Collection[str], flags: int) -> Table:
    """The table of all providers of a profile but those that are ``gone``, in the order of PR_PROVIDER_ORDINAL."""
    rows = [row for uid, row in _provider_rows(profile) if uid.lower() not in gone]
    return Table(PROVIDER_COLUMNS, rows, unicode=bool(flags & ReadFlag.UNICODE), names=tags)


def service_provider_table(profile: Profile, service: Service, gone: Collection[str], flags: int) -> Table:
    """The table of one service's providers, and behind them a row for each of its extra sections.

    Only providers have PR_RESOURCE_TYPE: to list providers, keep the rows where it is not PT_ERROR. The page
    has it the other way round ([iprovideradmin-getprovidertable]).
    """
    own = {provider.uid for provider in service.providers}
    rows = [row for uid, row in _provider_rows(profile) if uid in own and uid.lower() not in gone]
    extras = [_extra_row(service, section) for section in service.extras]
    return Table(PROVIDER_COLUMNS, [*rows, *extras], unicode=bool(flags & ReadFlag.UNICODE), names=tags)


def service_row(service: Service) -> dict[int, PropertyValue]:
    """The row of a service."""
    return {
        **service.section.properties,
        tags.PR_DISPLAY_NAME: service.display,
        tags.PR_RESOURCE_FLAGS: int(service.flags),
        **_identity(service.section, tags.PR_SERVICE_UID),
    }


def _provider_rows(profile: Profile) -> Iterator[tuple[str, dict[int, PropertyValue]]]:
    """Each provider with its row: stores, address books, transports, hooks, each in the profile's order, then others.

    PR_PROVIDER_ORDINAL is the place in that order, so it gives the transport order too
    ([pidtagproviderordinal-canonical-property]).
    """
    listed = [provider for tag in PROVIDER_LISTS for provider in profile.providers(tag)]
    known = {provider.uid for provider in listed}
    others = [each for service in profile.services for each in service.providers if each.uid not in known]
    for ordinal, provider in enumerate([*listed, *others]):
        yield (
            provider.uid,
            {
                **provider.section.properties,
                tags.PR_PROVIDER_ORDINAL: ordinal,
                **_identity(provider.section, tags.PR_PROVIDER_UID),
            },
        )


def _extra_row(service: Service, section: Section) -> dict[int, PropertyValue]:
    kept = {tag: value for tag, value in section.properties.items() if tag != tags.PR_RESOURCE_TYPE}
    return {
        **kept,
        tags.PR_SERVICE_NAME: service.name,
        tags.PR_SERVICE_UID: service.uid.bytes,
        **_identity(section, tags.PR_PROVIDER_UID),
    }


def _identity(section: Section, tag: int) -> dict[int, PropertyValue]:
    """The section's uid as the property that names it, and as the row's key, which is one while the view is open."""
    uid = bytes.fromhex(section.uid)
    return {tag: uid, tags.PR_INSTANCE_KEY: uid}
