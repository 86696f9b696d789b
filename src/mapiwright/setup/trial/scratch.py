"""A scratch profile for trying a service's library alone, with no workstation and no file."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.entry.call import OF_THE_MACHINE
from mapiwright.entry.outcome_changes import Subject, changes_of
from mapiwright.entry.service.contract import Context, EntryFlag, EntryRequest, Result, before_the_call, succeeded
from mapiwright.entry.service.loading import Loader
from mapiwright.entry.service.visible_sections import search_key_of, visible_sections
from mapiwright.errors import EntryPointError, NotFoundError
from mapiwright.formats import inf, pe
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.definition import ServiceDefinition
from mapiwright.mapi.profile import edit
from mapiwright.mapi.props.codes import hresult_name
from mapiwright.transaction.single_file import read_named
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from pathlib import Path

    from mapiwright.entry.service.contract import EntryOutcome
    from mapiwright.formats.props import Properties
    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.workstation.workstation import Bitness, Workstation

PROFILE = "Scratch"


def definition_from(fragment: bytes | None, service: str, code_page: str) -> ServiceDefinition:
    """What an INF says of a service, of the only one where ``service`` is ""; an empty one where there is no INF."""
    if fragment is None:
        return ServiceDefinition(service or "SERVICE", service or "SERVICE", MappingProxyType({}))
    catalogue = Catalogue.of(inf.parse(fragment, code_page))
    if not service and len(catalogue.services) != 1:
        raise NotFoundError(
            f"the INF has {len(catalogue.services)} services",
            remedy=f"Name one: {', '.join(catalogue.services) or 'it has none'}.",
        )
    return catalogue.definition(service or next(iter(catalogue.services)))


def definition_at(file: Path | None, service: str, code_page: str) -> ServiceDefinition:
    """The same of a file, where one is given."""
    return definition_from(read_named(file, inf.LARGEST, "an INF file") if file else None, service, code_page)


@dataclass(frozen=True, slots=True)
class Scratch:
    """A call of one service in a new profile: the request, and that profile; None where it concerns the machine."""

    request: EntryRequest
    profile: Profile | None = None

    def refusal(self, answer: EntryOutcome, workstation: Workstation) -> EntryPointError | None:
        """Why an install on ``workstation`` would refuse what the service set, or None.

        It is the code of the install that decides, over a profile that is stored nowhere.
        """
        stored = succeeded(answer.hresult) or answer.hresult == Result.MAPI_E_UNCONFIGURED
        if self.profile is None or not stored or self.request.context is Context.DELETE:
            return None
        user = next((user for user in workstation.users if not user.template), workstation.users[0])
        subject = Subject(user, self.profile, self.profile.services[0])
        try:
            changes_of(answer, workstation, subject, where=self.request.service)
        except EntryPointError as error:
            answered = hresult_name(answer.hresult)
            error.what = f"the service answered {answered}, and an install would roll it back: {error.what}"
            error.where = (
                f"{self.request.service}, Outlook {workstation.outlook.edition} {workstation.outlook.bitness}"
            )
            return error
        return None


def refuse_what_outlook_cannot_load(data: bytes, name: str, workstation: Workstation) -> None:
    """Raise EntryPointError for a DLL of another machine type than the Outlook of the workstation."""
    if data[:2] != b"MZ":
        return  # a library of this computer's system is tried here, and installed nowhere
    misfit = Loader(workstation, workstation.outlook).misfit(pe.read(data))
    if misfit:
        with before_the_call():
            raise EntryPointError(
                f"Outlook {workstation.outlook.edition} {workstation.outlook.bitness} cannot load it: {misfit}",
                where=name,
                remedy="Name the DLL of that machine type, or another --bitness.",
            )


def workstation_like(edition: Edition | None, bitness: Bitness | None) -> Workstation:
    """A workstation in memory with that Outlook, by whose rules a service is tried."""
    return MemoryWorkstation.of(layout(edition=edition or Edition.OUTLOOK_2016, bitness=bitness, users=["User"]))


def scratch_request(
    definition: ServiceDefinition, context: Context, properties: Properties, code_page: str, flags: EntryFlag
) -> EntryRequest:
    """The request that a call in a new profile would be, which holds this one service."""
    return scratch(definition, context, properties, code_page, flags).request


def scratch(
    definition: ServiceDefinition, context: Context, properties: Properties, code_page: str, flags: EntryFlag
) -> Scratch:
    """A call in a new profile, which holds this one service."""
    if context in OF_THE_MACHINE:
        return Scratch(EntryRequest(definition.name, context, flags, code_page=code_page))
    profile, uid = edit.add_service(edit.new_profile(PROFILE, 8, _uid), definition, _uid)
    service = profile.service(uid)
    assert service is not None  # noqa: S101 - it was added above
    sections = visible_sections(service, definition)
    request = EntryRequest(
        definition.name,
        context,
        flags,
        PROFILE,
        sections,
        properties,
        code_page=code_page,
        definitions={each.section: each.properties for each in definition.providers},
        foreign=frozenset(profile.sections) - {section.uid for section in sections},
        search_key=search_key_of(profile),
    )
    return Scratch(request, profile)


def _uid() -> bytes:
    return uuid.uuid4().bytes_le
