"""The rules that hold a profile together, checked ([profile-in-the-registry] 8; all hold in every real one seen).

    MW2001  every service of PR_SERVICES is a section, and says its name
    MW2002  every provider that a service lists is a section, of that service and of that kind
    MW2003  the profile's lists of providers name what the lists of its services name
    MW2004  every extra section that a service lists is there
    MW2005  the profile has a PR_SEARCH_KEY of 16 bytes
    MW2006  exactly one store is the default store, where there is one that can be it
    MW2007  what Outlook's accounts name is there
    MW2008  lists of uids are multiples of 16 bytes
    MW2009  the section of an Exchange account is there, and names its service's providers

Legal are an empty profile, one without a store, a service without an entry point, and sections that nothing names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import Finding, Severity
from mapiwright.formats.uid import UID_SIZE
from mapiwright.mapi.profile.accounts import ACCOUNTS, PREFERENCES, SERVICE, TRANSPORT, accounts
from mapiwright.mapi.profile.profile import INSTANCE, PROVIDER_LISTS
from mapiwright.mapi.profile.roles import is_eligible
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import StatusFlag, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.mapi.profile.profile import Profile, Section

_LISTS = (*PROVIDER_LISTS, tags.PR_SERVICES, tags.PR_SERVICE_UID, tags.PR_SERVICE_EXTRA_UIDS)
_GLOBAL_LISTS = (tags.PR_STORE_PROVIDERS, tags.PR_AB_PROVIDERS, tags.PR_TRANSPORT_PROVIDERS)
"""The lists that real profiles keep in both places; hooks were seen in none."""


def faults(profile: Profile) -> tuple[Finding, ...]:
    """What is wrong with a profile: nothing, for one that MAPI made."""
    found = [
        *_services(profile),
        *_global_lists(profile),
        *_instance(profile),
        *_default_store(profile),
        *_accounts(profile),
        *_list_lengths(profile),
    ]
    return tuple(found)


def _fault(rule: int, profile: Profile, uid: str, what: str, expected: str) -> Finding:
    where = f"{profile.name}\\{uid}" if uid else profile.name
    return Finding(f"MW{2000 + rule}", Severity.ERROR, where, what, expected)


def _services(profile: Profile) -> Iterator[Finding]:
    for uid in profile.admin.uids(tags.PR_SERVICES):
        section = profile.section(uid)
        if section is None:
            yield _fault(1, profile, uid, "a service has no section", "PR_SERVICES lists sections that are there")
            continue
        for tag in (tags.PR_SERVICE_NAME, tags.PR_DISPLAY_NAME):
            if section.get(tag) is None:
                yield _fault(1, profile, uid, f"a service has no {name_of(tag)}", "a service says its name")
        dll, entry = (section.text(tag) for tag in (tags.PR_SERVICE_DLL_NAME, tags.PR_SERVICE_ENTRY_NAME))
        if entry and not dll:
            # [msgserviceentry]: an entry point needs both.
            yield _fault(1, profile, uid, f"entry point {entry!r} is in no DLL", "PR_SERVICE_DLL_NAME is set, too")
        yield from _providers(profile, section)
        yield from _extras(profile, section)
        yield from _exchange(profile, section)


def _providers(profile: Profile, service: Section) -> Iterator[Finding]:
    for tag, kind in PROVIDER_LISTS.items():
        for uid in service.uids(tag):
            provider = profile.section(uid)
            if provider is None:
                yield _fault(2, profile, service.uid, f"provider {uid} has no section", "a listed provider is there")
            elif provider.uids(tags.PR_SERVICE_UID) != (service.uid.lower(),):
                yield _fault(2, profile, uid, "a provider does not name its service", f"PR_SERVICE_UID {service.uid}")
            elif provider.number(tags.PR_RESOURCE_TYPE) != kind:
                yield _fault(2, profile, uid, f"a provider in {name_of(tag)} is of another kind", kind.symbol)


def _extras(profile: Profile, service: Section) -> Iterator[Finding]:
    for uid in service.uids(tags.PR_SERVICE_EXTRA_UIDS):
        if profile.section(uid) is None:
            yield _fault(4, profile, service.uid, f"extra section {uid} is missing", "a listed section is there")


def _exchange(profile: Profile, service: Section) -> Iterator[Finding]:
    for uid in service.uids(tags.PR_EMSMDB_SECTION_UID):
        section = profile.section(uid)
        if section is None:
            yield _fault(9, profile, service.uid, f"the Exchange section {uid} is missing", "PR_EMSMDB_SECTION_UID")
            continue
        if section.uids(tags.PR_SERVICE_UID) not in {(), (service.uid.lower(),)}:
            yield _fault(
                9, profile, uid, "an Exchange section names another service", f"PR_SERVICE_UID {service.uid}"
            )
        for tag in _GLOBAL_LISTS:
            if not set(section.uids(tag)) <= set(service.uids(tag)):
                yield _fault(9, profile, uid, f"{name_of(tag)} names others' providers", "those of its service")


def _global_lists(profile: Profile) -> Iterator[Finding]:
    services = profile.existing(profile.admin.uids(tags.PR_SERVICES))
    for tag in _GLOBAL_LISTS:
        listed = set(profile.admin.uids(tag))
        owned = {uid for service in services for uid in service.uids(tag)}
        for uid in sorted(listed ^ owned):
            who = "no service has" if uid in listed else "only its service has"
            yield _fault(3, profile, uid, f"{who} this provider in {name_of(tag)}", "both lists name the same")
    for uid in profile.admin.uids(tags.PR_FILTERING_HOOKS):
        if profile.section(uid) is None:
            yield _fault(3, profile, uid, "a hook provider has no section", "PR_FILTERING_HOOKS lists what is there")


def _instance(profile: Profile) -> Iterator[Finding]:
    instance = profile.section(INSTANCE)
    key = instance.get(tags.PR_SEARCH_KEY) if instance is not None else None
    if not isinstance(key, bytes) or len(key) != UID_SIZE:
        yield _fault(5, profile, INSTANCE, "the profile has no PR_SEARCH_KEY", "16 bytes, unique among all profiles")


def _default_store(profile: Profile) -> Iterator[Finding]:
    stores = profile.providers(tags.PR_STORE_PROVIDERS)
    holders = [store for store in stores if StatusFlag.DEFAULT_STORE in store.flags]
    able = [store for store in stores if is_eligible(store)]
    if len(holders) > 1 or (able and not holders):
        names = ", ".join(repr(store.display) for store in holders) or "none"
        yield _fault(6, profile, "", f"default stores: {names}", "exactly one store with STATUS_DEFAULT_STORE")


def _accounts(profile: Profile) -> Iterator[Finding]:
    manager = profile.section(ACCOUNTS)
    if manager is None:
        return
    services = profile.admin.uids(tags.PR_SERVICES)
    transports = profile.admin.uids(tags.PR_TRANSPORT_PROVIDERS)
    # Outlook keeps a section of settings for each account since 2010.
    has_settings = any(profile.section(account.uid(PREFERENCES)) for account in accounts(manager))
    for account in accounts(manager):
        place = f"{manager.uid}\\{account.name}"
        if (uid := account.uid(SERVICE)) and uid not in services:
            yield _fault(7, profile, place, f"{SERVICE} {uid} is no service", "a member of PR_SERVICES")
        if (uid := account.uid(TRANSPORT)) and uid not in transports:
            yield _fault(
                7, profile, place, f"{TRANSPORT} {uid} is no transport", "a member of PR_TRANSPORT_PROVIDERS"
            )
        if has_settings and (uid := account.uid(PREFERENCES)) and profile.section(uid) is None:
            yield _fault(7, profile, place, f"{PREFERENCES} {uid} is missing", "a section that is there")


def _list_lengths(profile: Profile) -> Iterator[Finding]:
    for section in profile.sections.values():
        for tag in _LISTS:
            value = section.get(tag)
            if isinstance(value, bytes) and len(value) % UID_SIZE:
                what = f"{name_of(tag)} has {len(value)} bytes"
                yield _fault(8, profile, section.uid, what, "a multiple of 16")
