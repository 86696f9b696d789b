"""The verbs of a profile, Profile -> Profile: make, copy, rename; add, copy and remove services; set properties.

Nothing here is stored or called: these are values, and the plan falls out of comparing before with after. Removing
what was added gives the profile back as it was. ``new_uid`` makes a fresh MAPIUID of 16 bytes
([imapisupport-newuid]). The roles that services play are settled by ``roles`` when they come and go.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import ExistsError, NotFoundError, RefusedError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.uid import UID_SIZE, MapiUid
from mapiwright.mapi.profile import accounts, addressing, roles
from mapiwright.mapi.profile.profile import ADMIN, INSTANCE, PROVIDER_LISTS, Profile, Provider, Section
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ServiceFlag, StatusFlag, prop_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mapiwright.formats.props import Properties, PropertyValue
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.mapi.profile.profile import Service

LONGEST_NAME = 64
PROFILE_NAME = f'1 to {LONGEST_NAME} characters without \\ / : * ? " < > |, with no space at either end'
"""What a profile may be called, for people."""
_NOT_IN_NAMES = frozenset('\\/:*?"<>|')
_ALSO_IN_NAMES = frozenset("\u200c\u200d\u3000\u00a0")
"""What words of Hindi and Persian are joined with, and the spaces of Japanese and French."""

_COMPUTED = frozenset(
    map(
        prop_id,
        (
            tags.PR_OBJECT_TYPE,
            tags.PR_PROFILE_NAME,
            tags.PR_PROVIDER_UID,
            tags.PR_PROVIDER_ORDINAL,
            tags.PR_INSTANCE_KEY,
            tags.PR_DEFAULT_PROFILE,
            tags.PR_DEFAULT_STORE,
        ),
    )
)
"""What MAPI makes up when it is asked; stored in no profile seen."""
_MAPIS_OWN = frozenset(
    map(
        prop_id, (*PROVIDER_LISTS, tags.PR_SERVICES, tags.PR_SERVICE_UID, tags.PR_SERVICE_NAME, tags.PR_RESOURCE_TYPE)
    )
)
"""What holds a profile together, which MAPI writes into its own section and those of services and providers."""
_NOT_COPIED = (_COMPUTED | _MAPIS_OWN | {prop_id(tags.PR_SERVICE_EXTRA_UIDS)}) - {prop_id(tags.PR_RESOURCE_TYPE)}
"""What a definition cannot give to a section."""
_UID_LISTS = frozenset({*PROVIDER_LISTS, tags.PR_SERVICE_UID, tags.PR_SERVICE_EXTRA_UIDS, tags.PR_EMSMDB_SECTION_UID})
"""The properties with which the sections of a service name each other."""
_DYNAMIC_STATUS = StatusFlag.SIMPLE_STORE | StatusFlag.TEMP_SECTION | StatusFlag.NEED_IPM_TREE
"""[pidtagresourceflags-canonical-property]: set by MAPI only, so no definition can contain them."""
_ROLES = StatusFlag.DEFAULT_STORE | StatusFlag.PRIMARY_IDENTITY | StatusFlag.NO_DEFAULT_STORE

_SECTION_NAME = re.compile(r"[0-9a-f]{32}", re.IGNORECASE | re.ASCII)


# Profiles.


def check_profile_name(name: str) -> None:
    """Raise UsageError unless a profile may be called so; see ``is_profile_name``."""
    if not is_profile_name(name):
        raise UsageError(f"a profile cannot be called {name!r}", expected=PROFILE_NAME)


def is_profile_name(name: str) -> bool:
    """Whether a profile may be called so.

    [iprofadmin-createprofile] names letters with or without accents, digits, underscores, and spaces inside. People
    call their profiles by a mail address or O'Neil, and in scripts whose vowels are marks and no letters; a registry
    key takes these. No control character, and none that turns the direction of writing, as people read the name.
    """
    return 0 < len(name) <= LONGEST_NAME and name == name.strip() and all(map(_is_in_names, name))


def _is_in_names(letter: str) -> bool:
    return letter not in _NOT_IN_NAMES and (letter.isprintable() or letter in _ALSO_IN_NAMES)


def instance_of(profile: Profile) -> str:
    """What a profile and none of its copies has, though they have its uids: the hex digits of PR_SEARCH_KEY, or "".

    A rename keeps it, and a copy gets its own ([pidtagsearchkey-canonical-property]).
    """
    section = profile.section(INSTANCE)
    key = section.get(tags.PR_SEARCH_KEY) if section is not None else None
    return key.hex() if isinstance(key, bytes) else ""


def new_profile(name: str, pointer: int, new_uid: Callable[[], bytes]) -> Profile:
    """An empty profile, as CreateProfile makes it without MAPI_DEFAULT_SERVICES; raises UsageError for the name.

    ``pointer`` is the pointer size in bytes of the Outlook that will use it.
    """
    check_profile_name(name)
    sections = (Section(ADMIN), Section(INSTANCE).with_properties({tags.PR_SEARCH_KEY: new_uid()}))
    return Profile(name, MappingProxyType({section.uid: section for section in sections}), pointer)


def copy_profile(profile: Profile, name: str, new_uid: Callable[[], bytes]) -> Profile:
    """The same profile under another name, with a PR_SEARCH_KEY of its own ([pidtagsearchkey-canonical-property]).

    Sections keep their uids, which name them within one profile only.
    """
    check_profile_name(name)
    instance = profile.section(INSTANCE) or Section(INSTANCE)
    return replace(profile, name=name).with_sections(instance.with_properties({tags.PR_SEARCH_KEY: new_uid()}))


def rename_profile(profile: Profile, name: str) -> Profile:
    """The profile under another name; it stays the same one, and keeps its PR_SEARCH_KEY ([mapi-profiles]).

    Raises RefusedError where the names differ only in case: to Windows both are the same key.
    """
    check_profile_name(name)
    if name != profile.name and upcase(name) == upcase(profile.name):
        raise RefusedError(
            f"{profile.name!r} and {name!r} are the same name to Windows",
            where=f"profile {profile.name}",
            remedy="Rename it to something else first.",
        )
    return replace(profile, name=name)


# Services.


def add_service(
    profile: Profile,
    definition: ServiceDefinition,
    new_uid: Callable[[], bytes],
    *,
    display: str | None = None,
) -> tuple[Profile, MapiUid]:
    """Copy a service from MAPISVC.INF into a profile; gives the uid of its section ([adding-a-message-service]).

    ``display`` is ignored where the definition has a PR_DISPLAY_NAME ([imsgserviceadmin-createmsgservice]). Raises
    ExistsError where a SERVICE_SINGLE_COPY service is there already, RefusedError for a secure property, and
    UsageError for a provider without PR_RESOURCE_TYPE.

    An extra section with a fixed uid may be there already. One that another service lists is shared: it is listed
    here too, and stays until the last of them goes. One that no service lists belongs to others, often Outlook
    itself: it is used, but neither changed nor listed, so that it outlives this service. In neither case does the
    definition overrule what is set.
    """
    _refuse_second(profile, definition.name, _flags(definition.properties))
    service_uid = new_uid()
    providers = []
    for each in definition.providers:
        if tags.PR_RESOURCE_TYPE not in each.properties:
            raise UsageError(
                "the provider has no PR_RESOURCE_TYPE",
                where=f"MAPISVC.INF [{each.section}]",
                expected="MAPI_STORE_PROVIDER, MAPI_AB_PROVIDER, MAPI_TRANSPORT_PROVIDER or MAPI_HOOK_PROVIDER",
            )
        own: Properties = {tags.PR_SERVICE_UID: service_uid, tags.PR_SERVICE_NAME: definition.name}
        providers.append(_section(new_uid(), each.properties, own, dynamic=_DYNAMIC_STATUS))
    extras: dict[str, Section] = {}
    shared = {uid for service in profile.services for uid in service.section.uids(tags.PR_SERVICE_EXTRA_UIDS)}
    listed = []
    for extra in definition.extras:
        uid = extra.uid or new_uid()
        there = profile.section(uid.hex()) is not None
        if there and uid.hex() not in shared:
            continue
        listed.append(uid)
        if not there:
            extras[uid.hex()] = Section(uid.hex()).with_properties(extra.properties)
    section = _section(service_uid, definition.properties, {tags.PR_SERVICE_NAME: definition.name})
    missing = {tag: value for tag, value in _named(definition, display).items() if section.get(tag) is None}
    section = section.with_properties(missing | _lists_of(providers))
    section = section.with_properties({tags.PR_SERVICE_EXTRA_UIDS: b"".join(dict.fromkeys(listed)) or None})
    return _joined(profile, section, providers, extras.values()), MapiUid(service_uid)


def copy_service(source: Profile, uid: str, target: Profile, new_uid: Callable[[], bytes]) -> tuple[Profile, MapiUid]:
    """Copy a service into a profile, the same or another, set up exactly alike ([imsgserviceadmin-copymsgservice]).

    No entry point is called. Its sections get uids of their own, and name each other by them; an extra section keeps
    its uid where the target has none of that name. Secure properties are carried along as they are encrypted. Raises
    NotFoundError, and ExistsError where the target has a SERVICE_SINGLE_COPY service already.
    """
    service = _service(source, uid)
    _refuse_second(target, service.name, service.flags)
    names: dict[str, str] = {each: new_uid().hex() for each in (service.uid, *(p.uid for p in service.providers))}
    for extra in service.extras:
        taken = target.section(extra.uid) is not None
        names[extra.uid.lower()] = new_uid().hex() if taken else extra.uid.lower()
    same_width = source.pointer == target.pointer

    def copied(section: Section) -> Section:
        links = {
            tag: _renamed(value, names)
            for tag, value in section.properties.items()
            if tag in _UID_LISTS and isinstance(value, bytes)
        }
        named = replace(section, uid=names[section.uid.lower()]).with_properties(links)
        return named if same_width else named.without_width()

    providers = [copied(provider.section) for provider in service.providers]
    joined = _joined(target, copied(service.section), providers, map(copied, service.extras))
    return joined, MapiUid(names[service.uid])


def remove_service(profile: Profile, uid: str) -> Profile:
    """Remove a service with its providers and extra sections ([imsgserviceadmin-deletemsgservice]).

    Sections that another service lists stay. What named the service goes too: entries of lists (a list that becomes
    empty goes whole, as no real profile has an empty one), places of the address book search path, and accounts of
    the account manager; their AcctSettings sections stay behind, as Outlook leaves them. Roles are handed over.
    Raises NotFoundError.
    """
    gone = _service(profile, uid)
    rest = [service.section for service in profile.services if service.uid != gone.uid]
    lists = (*PROVIDER_LISTS, tags.PR_SERVICE_EXTRA_UIDS)
    kept = {ADMIN, INSTANCE, accounts.ACCOUNTS.lower()} | {
        each for section in rest for tag in lists for each in section.uids(tag)
    }
    providers = {each.uid.lower() for each in gone.providers}
    providers |= {each for tag in PROVIDER_LISTS for each in gone.section.uids(tag)}
    providers -= kept
    leaving = {gone.uid.lower(), *providers} | {each.uid.lower() for each in gone.extras} - kept
    admin = profile.admin
    changes = addressing.without_lists_of(admin, profile.existing(sorted(providers)))
    for tag in (*PROVIDER_LISTS, tags.PR_SERVICES, tags.PR_AB_SEARCH_PATH_UPDATE):
        value = admin.get(tag)
        if isinstance(value, bytes):
            changes[tag] = _without_uids(value, leaving)
    after = profile.without_sections(leaving).with_sections(admin.with_properties(changes))
    manager = profile.section(accounts.ACCOUNTS)
    if manager is not None:
        after = after.with_sections(accounts.without_service(manager, gone.uid.lower(), providers))
    return roles.hand_over(profile, after, gone)


# Sections.


def create_section(profile: Profile, uid: str) -> Profile:
    """The profile with a section of that uid, empty where there was none ([imsgserviceadmin-openprofilesection])."""
    if _SECTION_NAME.fullmatch(uid) is None:
        raise UsageError(f"{uid!r} names no section", expected="the 16 bytes of a MAPIUID as 32 hex digits")
    return profile if profile.section(uid) is not None else profile.with_sections(Section(uid.lower()))


def set_properties(profile: Profile, uid: str, changes: Mapping[int, PropertyValue | None]) -> Profile:
    """Set properties of a section, or remove them where the value is None ([iprofsectimapiprop]).

    To set a property to what it is, is always right, so that a section may be copied back whole. Otherwise raises
    RefusedError for what is MAPI's own (MAPI_E_COMPUTED) or secure, UsageError for a named property, for a value that
    is not of its type, and for a PR_SERVICE_EXTRA_UIDS that lists what is no section; and NotFoundError. The roles in
    PR_RESOURCE_FLAGS are not changed: ``roles`` does that.
    """
    section = profile.section(uid)
    if section is None:
        raise NotFoundError(f"there is no section {uid}", where=f"profile {profile.name}")
    where = f"section {section.uid}"
    service = profile.service(uid)
    holds_graph = _holds_graph(profile, section)
    wanted = dict(changes)
    for tag, value in changes.items():
        if prop_id(tag) >= 0x8000:
            raise UsageError(f"property {tag:08X} is a named property", where=where, expected="an id below 0x8000")
        if section.get(tag) == value:
            continue
        if is_mapis_own(profile, section, tag):
            raise _computed(tag, where)
        if service is not None and value is None and prop_id(tag) == prop_id(tags.PR_DISPLAY_NAME):
            raise RefusedError("a service needs its PR_DISPLAY_NAME", where=where)
        if tag == tags.PR_SERVICE_EXTRA_UIDS and value is not None:
            _check_extra_uids(profile, value, where)
        if tag == tags.PR_RESOURCE_FLAGS and holds_graph:
            bits = int(ServiceFlag.PRIMARY_IDENTITY if service is not None else _ROLES)
            kept = section.number(tag) & bits
            wanted[tag] = value if value is None and not kept else _as_int(value) & ~bits | kept
    return profile.with_sections(section.with_properties(wanted))


def is_mapis_own(profile: Profile, section: Section, tag: int) -> bool:
    """Whether MAPI alone writes a property in a section: what it computes, and what holds a profile together."""
    if section.uid.lower() == INSTANCE and tag == tags.PR_SEARCH_KEY:
        return True
    return prop_id(tag) in _COMPUTED or (prop_id(tag) in _MAPIS_OWN and _holds_graph(profile, section))


def _holds_graph(profile: Profile, section: Section) -> bool:
    """Whether a section is MAPI's own, or that of a service or a provider."""
    linked = tags.PR_RESOURCE_TYPE in section.properties and tags.PR_SERVICE_UID in section.properties
    return profile.service(section.uid) is not None or section.uid.lower() == ADMIN or linked


def is_settable(tag: int) -> bool:
    """Whether a property can be set in any section: not MAPI's own, not secure, no named property, and of an id."""
    own = prop_id(tag) in _COMPUTED | _MAPIS_OWN
    return 0 < prop_id(tag) < 0x8000 and not own and not tags.is_secure(tag)


def _computed(tag: int, where: str) -> RefusedError:
    error = RefusedError(f"property {tags.name_of(tag)} is MAPI's own", where=where)
    error.hresult = 0x8004011A  # MAPI_E_COMPUTED ([imapiprop-setprops])
    return error


def _check_extra_uids(profile: Profile, value: PropertyValue, where: str) -> None:
    if isinstance(value, bytes):
        uids = [value[at : at + UID_SIZE].hex() for at in range(0, len(value), UID_SIZE)]
        if all(profile.section(each) is not None for each in uids):
            return
    raise UsageError("PR_SERVICE_EXTRA_UIDS lists what is no section", where=where, expected="uids of sections")


def _as_int(value: PropertyValue | None) -> int:
    return value if isinstance(value, int) else 0


# How sections are made and joined.


def _service(profile: Profile, uid: str) -> Service:
    service = profile.service(uid)
    if service is None:
        there = ", ".join(f"{each.name} ({each.uid})" for each in profile.services) or "none"
        raise NotFoundError(
            f"there is no service {uid}", where=f"profile {profile.name}", remedy=f"Services of it: {there}."
        )
    return service


def _refuse_second(profile: Profile, name: str, flags: int) -> None:
    same = [service for service in profile.services if upcase(service.name) == upcase(name)]
    if same and any(ServiceFlag.SINGLE_COPY & each for each in (flags, *(service.flags for service in same))):
        raise ExistsError(
            f"service {name} is in the profile already, and may be there once only (SERVICE_SINGLE_COPY)",
            where=f"profile {profile.name}",
            remedy="Configure the service that is there, or remove it first.",
        )


def _flags(properties: Properties) -> int:
    value = properties.get(tags.PR_RESOURCE_FLAGS)
    return value if isinstance(value, int) else 0


def _section(uid: bytes, given: Properties, own: Properties, *, dynamic: int = ServiceFlag.DEFAULT_STORE) -> Section:
    """A section with what a definition gives it and what MAPI adds; bits that are MAPI's own to set are cleared."""
    properties = {tag: value for tag, value in given.items() if prop_id(tag) not in _NOT_COPIED}
    section = Section(uid.hex()).with_properties(properties).with_properties(own)
    return roles.flagged(section, take=dynamic)


def _named(definition: ServiceDefinition, display: str | None) -> dict[int, PropertyValue | None]:
    """The properties of a service section that a definition has under names of their own."""
    files = {
        tags.PR_SERVICE_SUPPORT_FILES: definition.support_files,
        tags.PR_SERVICE_DELETE_FILES: definition.delete_files,
    }
    entry = {tags.PR_SERVICE_DLL_NAME: definition.dll, tags.PR_SERVICE_ENTRY_NAME: definition.entry}
    return {
        tags.PR_DISPLAY_NAME: display or definition.display or definition.name,
        **{tag: value for tag, value in (entry | files).items() if value},
    }


def _lists_of(providers: Iterable[Section]) -> dict[int, PropertyValue | None]:
    """The lists of a service that names these providers; those without a member are left out."""
    lists: dict[int, PropertyValue | None] = {}
    for tag, kind in PROVIDER_LISTS.items():
        of_kind = [each.uid for each in providers if each.number(tags.PR_RESOURCE_TYPE) == kind]
        if of_kind:
            lists[tag] = _packed(of_kind)
    return lists


def _joined(profile: Profile, service: Section, providers: Sequence[Section], extras: Iterable[Section]) -> Profile:
    """The profile with the sections of a service, listed in MAPI's own section, and the roles settled."""
    after = profile.with_sections(service, *providers, *extras)
    admin = profile.admin
    added = [Provider(each) for each in providers if each.uid in service.uids(tags.PR_TRANSPORT_PROVIDERS)]
    lists: dict[int, tuple[str, ...]] = {tag: (*admin.uids(tag), *service.uids(tag)) for tag in PROVIDER_LISTS}
    lists[tags.PR_TRANSPORT_PROVIDERS] = roles.transports_with(profile, added)
    lists[tags.PR_SERVICES] = (*admin.uids(tags.PR_SERVICES), service.uid)
    changes = {tag: _packed(uids) for tag, uids in lists.items() if uids}
    after = after.with_sections(admin.with_properties(changes))
    return roles.admit(profile, after, service.uid, [each.uid for each in providers])


def _packed(uids: Iterable[str]) -> bytes:
    return b"".join(bytes.fromhex(uid) for uid in uids)


def _renamed(value: bytes, names: Mapping[str, str]) -> bytes:
    parts = [value[at : at + UID_SIZE] for at in range(0, len(value), UID_SIZE)]
    return b"".join(bytes.fromhex(names.get(part.hex(), part.hex())) for part in parts)


def _without_uids(value: bytes, uids: Collection[str]) -> bytes | None:
    """A list without these uids; None where nothing is left of it."""
    parts = [value[at : at + UID_SIZE] for at in range(0, len(value), UID_SIZE)]
    return b"".join(part for part in parts if part.hex() not in uids) or None
