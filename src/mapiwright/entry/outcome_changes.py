"""What a call's outcome stores in the profile: the sections that the service set, as changes of the registry.

A service has its own sections and no others, and nothing secret is stored that cannot be encrypted here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mapiwright.entry.service.contract import Result, how_to_own
from mapiwright.errors import EntryPointError, UsageError
from mapiwright.mapi.inf.definition import ProviderDefinition
from mapiwright.mapi.profile import providers, store
from mapiwright.mapi.profile.profile import Section
from mapiwright.mapi.props import tags

if TYPE_CHECKING:
    from mapiwright.entry.service.contract import EntryOutcome
    from mapiwright.mapi.profile.profile import Profile, Service
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import User, Workstation


@dataclass(frozen=True, slots=True)
class Subject:
    """The profile that a call concerns, as it is now."""

    user: User
    profile: Profile
    service: Service


def changes_of(answer: EntryOutcome, workstation: Workstation, subject: Subject, *, where: str) -> tuple[Change, ...]:
    """The registry changes that store what the service set; raises EntryPointError for what it may not set."""
    if not answer.changed and not answer.gone:
        return ()
    _check(answer, subject, where)
    try:
        return store.profiles_changes(
            workstation.registry,
            subject.user.root,
            workstation.outlook.edition,
            [(subject.profile, _profile_after(answer, subject))],
            workstation.code_page,
        )
    except UsageError as error:
        raise _unstorable(f"it set a property that cannot be stored: {error.what}", where) from error


def _profile_after(answer: EntryOutcome, subject: Subject) -> Profile:
    """The profile with the providers that the service made and without those that it deleted, and what it set."""
    profile = subject.profile
    for uid in answer.gone:
        profile = providers.remove_provider(profile, uid)
    for uid, name in answer.made.items():
        given = {tag: value for tag, value in answer.changed.get(uid, {}).items() if value is not None}
        made = ProviderDefinition(name, given)
        profile, _ = providers.add_provider(profile, subject.service.uid, made, {}, partial(bytes.fromhex, uid))
    changed = [
        (profile.section(uid) or Section(uid)).with_properties(properties)
        for uid, properties in answer.changed.items()
        if uid not in answer.made
    ]
    return profile.with_sections(*changed)


def _check(answer: EntryOutcome, subject: Subject, where: str) -> None:
    """Refuse what the service may not set, and what cannot be kept secret here."""
    service = subject.service
    own = {service.uid, *(each.uid for each in service.providers), *(each.uid for each in service.extras)}
    for uid, properties in answer.changed.items():
        if uid not in own and (subject.profile.section(uid) is not None or uid in tags.WELL_KNOWN):
            name = f" ({tags.WELL_KNOWN[uid]})" if uid in tags.WELL_KNOWN else ""
            raise _unstorable(f"it set section {uid}{name}, which is not its own", where, how_to_own(uid))
        secure = [f"{tag:08X}" for tag in properties if tags.is_secure(tag)]
        if secure:
            raise _unstorable(
                f"it set the secure property {', '.join(secure)}, which cannot be encrypted here",
                where,
                "Configure the service on Windows as that user, or let the user enter the secret there.",
            )


def _unstorable(what: str, where: str, remedy: str = "Show this to the vendor of the service.") -> EntryPointError:
    return EntryPointError(what, hresult=Result.MAPI_E_CORRUPT_DATA, where=where, remedy=remedy)
