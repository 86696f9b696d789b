"""A service's pages of the Profile Wizard: from the form in its record, or from its Python wizard entry.

[wizardentry], [servicewizarddlgproc]: the wizard asks how many pages there are, and says where the user goes. A
native one needs its dialogs drawn by Windows, so that its service has one page here, of what MAPISVC.INF says of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.entry.hosts.child_reply import pages_from_reply
from mapiwright.entry.hosts.child_zipapp import archive
from mapiwright.entry.hosts.interpreter import ThisPython
from mapiwright.entry.hosts.isolation import converse
from mapiwright.entry.hosts.message import encode
from mapiwright.entry.service.contract import Context, EntryRequest, WizardAnswer
from mapiwright.entry.service.form import RANGES, TEXTS, Field, Page, Words
from mapiwright.entry.service.record import read_record, sources_of
from mapiwright.formats.props import PropertyType
from mapiwright.mapi.inf.catalogue import WIZARD_ENTRY
from mapiwright.mapi.props.tags import name_of, prop_id, prop_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.entry.service.record import ServiceRecord
    from mapiwright.formats.props import Properties
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.workstation.workstation import Workstation


class WizardSupport(StrEnum):
    """Where a service's pages come from ([creating-a-profile-by-using-the-profile-wizard])."""

    FORM = "form"
    PYTHON = "python"
    NATIVE = "native"
    """It has a WIZARD_ENTRY_NAME, whose dialogs need Windows."""
    NONE = "none"
    """It does not support the wizard, and cannot be added by it."""


@dataclass(frozen=True, slots=True)
class WizardEntry:
    """What answers for one service."""

    service: str
    support: WizardSupport
    answer: WizardAnswer = field(default_factory=lambda: WizardAnswer((), MappingProxyType({})))
    """The pages where they are always the same, and what is gathered unasked."""
    entry: str = ""
    sources: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    deadline: float = 0

    def pages(self, page: int | None, properties: Properties) -> WizardAnswer:
        """The pages when the user opens the service (None) or continues from a page with the values entered.

        Raises RefusedError with the service's own words where it rejects the input, EntryPointError where its code
        crashed, hung, or cannot be loaded.
        """
        if not self.entry:
            return WizardAnswer(self.answer.pages, MappingProxyType({**self.answer.properties, **properties}))
        request = EntryRequest(self.service, Context.CONFIGURE, properties=properties)
        files = {name: data.hex() for name, data in self.sources.items()}
        message = encode(request, self.deadline, entry=self.entry, files=files, page=page)
        ended = converse(ThisPython().command(archive, "wizard"), message, self.deadline)
        return pages_from_reply(ended, request, where=f"{self.entry} of {self.service}", deadline=self.deadline)


def wizard_entry(workstation: Workstation, definition: ServiceDefinition) -> WizardEntry:
    """What answers for a service of MAPISVC.INF."""
    record = read_record(workstation, definition.name)
    if record is not None and record.stand_in is not None and record.stand_in.wizard:
        return _of_stand_in(workstation, record)
    if record is not None and record.form is not None:
        answer = WizardAnswer(record.form.pages, record.form.properties)
        return WizardEntry(definition.name, WizardSupport.FORM, answer)
    if definition.keywords.get(WIZARD_ENTRY):
        answer = WizardAnswer((generic_page(definition),), MappingProxyType({}))
        return WizardEntry(definition.name, WizardSupport.NATIVE, answer)
    return WizardEntry(definition.name, WizardSupport.NONE)


def _of_stand_in(workstation: Workstation, record: ServiceRecord) -> WizardEntry:
    kept = record.stand_in
    assert kept is not None  # noqa: S101 - the caller has seen it
    return WizardEntry(
        record.service,
        WizardSupport.PYTHON,
        entry=kept.wizard,
        sources=sources_of(workstation, record),
        deadline=kept.deadline,
    )


def generic_page(definition: ServiceDefinition) -> Page:
    """The page of a service whose own need Windows: what MAPISVC.INF has of its configuration, to be changed.

    Its title is the service's; the caller adds that Windows has more settings. A service without an entry point
    could not be notified of a change, so it gets no fields.
    """
    configurable = definition.declares_entry
    return Page(Words.plain(definition.display), tuple(_generic_fields(definition)) if configurable else ())


def _generic_fields(definition: ServiceDefinition) -> Iterator[Field]:
    for tag, value in definition.properties.items():
        known = prop_type(tag) in TEXTS | RANGES.keys() | {PropertyType.BOOLEAN}
        if known and 0x6600 <= prop_id(tag) < 0x67F0:
            label = Words.plain(name_of(tag, definition.name))
            default = value - (1 << 32) if isinstance(value, int) and value > 0x7FFFFFFF else value
            yield Field(f"{tag:08x}", tag, label, default=default, required=False)
