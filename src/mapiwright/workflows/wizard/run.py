"""Carries out what the Profile Wizard wants done, on one user of one workstation.

A service's pages are asked for through `entry`; the result is one plan through `admin`, which the caller applies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from mapiwright.admin.operations.drafting import draft_all
from mapiwright.admin.operations.operations import (
    AddServices,
    CreateProfile,
    ProfileSpec,
    ServiceSpec,
    SetDefaultProfile,
)
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.service.contract import EntryPolicy
from mapiwright.entry.wizard import WizardEntry, WizardSupport, wizard_entry
from mapiwright.errors import EntryPointError, FindingsError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.install.user_plan import DEFAULT_PROFILE
from mapiwright.workflows.wizard.flow import begin, step
from mapiwright.workflows.wizard.state import AskPages, Ground, Launch, Offer, Refused, Reported, Write

if TYPE_CHECKING:
    from mapiwright.admin.operations.operations import Operation
    from mapiwright.mapi.inf.catalogue import Catalogue
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workflows.wizard.state import Event, Request, WizardState
    from mapiwright.workstation.workstation import User, Workstation

PERSONAL_FOLDERS = ("MSUPST MS", "MSPST MS")
"""The services of data files, the Unicode one first, as Outlook 2003 and later make no other."""
ADDRESS_BOOK = ("MSPAB",)


@dataclass(slots=True)
class WizardRun:
    """The Profile Wizard for one user: a state that events move, with the workstation behind it.

    ``policy`` says what happens to a call that cannot be made here.
    """

    workstation: Workstation
    user: User
    policy: EntryPolicy = EntryPolicy.DEFER
    _entries: dict[str, WizardEntry] = field(default_factory=dict)

    def ground(self) -> Ground:
        """What there is: the services with where their pages come from, and the user's profiles."""
        space = self._space()
        catalogue = space.catalogue
        default = space.find(space.default) if space.default is not None else None
        return Ground(
            offers=tuple(self._offer(catalogue, name) for name in catalogue.services),
            default=default.name if default is not None else None,
            held=tuple(service.name for service in default.services) if default is not None else (),
            names=space.names,
            free_name=_free_name(space),
            personal_folders=_first_of(PERSONAL_FOLDERS, catalogue),
            address_book=_first_of(ADDRESS_BOOK, catalogue),
        )

    def begin(self, launch: Launch) -> tuple[WizardState, Write | None]:
        """Launch it; as ``wizard_flow.begin`` raises."""
        return self._settled(begin(launch, self.ground()))

    def step(self, state: WizardState, event: Event) -> tuple[WizardState, Write | None]:
        """The state after the services have answered, and what is to be written now."""
        return self._settled(step(state, event))

    def plan(self, write: Write) -> Plan:
        """The plan that a ``Write`` comes to; raises as the methods of administration do."""
        space = self._space()
        draft_all(operations_of(write), space)
        return space.plan()

    def _settled(self, stepped: tuple[WizardState, tuple[Request, ...]]) -> tuple[WizardState, Write | None]:
        state, requests = stepped
        while requests:
            request = requests[0]  # a step wants one thing at a time
            if isinstance(request, Write):
                return state, request
            state, requests = step(state, self._pages(request))
        return state, None

    def _pages(self, request: AskPages) -> Reported | Refused:
        try:
            return Reported(self._entries[request.service].pages(request.page, request.properties))
        except (EntryPointError, RefusedError) as error:
            return Refused(error.what)

    def _space(self) -> Workspace:
        return Workspace(self.workstation, self.user, policy=self.policy)

    def _offer(self, catalogue: Catalogue, name: str) -> Offer:
        usual = any(upcase(name) == upcase(each) for each in catalogue.default_services)
        try:
            definition = catalogue.definition(name)
        except FindingsError:  # its lines are damaged: it cannot be added, and the doctor says why
            return Offer(name, catalogue.services[name], WizardSupport.NONE)
        entry = self._entries[name] = wizard_entry(self.workstation, definition)
        return Offer(name, definition.display, entry.support, usual)


def operations_of(write: Write) -> tuple[Operation, ...]:
    """What is to be done for a ``Write``."""
    services = tuple(ServiceSpec(each.service, properties=each.properties) for each in write.services)
    if write.new:
        return (CreateProfile(ProfileSpec(write.profile, services, default=write.default)),)
    default = (SetDefaultProfile(write.profile),) if write.default else ()
    return (AddServices(write.profile, services), *default)


def _first_of(names: tuple[str, ...], catalogue: Catalogue) -> str:
    there = {upcase(name): name for name in catalogue.services}
    return next((there[upcase(name)] for name in names if upcase(name) in there), "")


def _free_name(space: Workspace) -> str:
    """A name that no profile has yet: Outlook, Outlook 2, Outlook 3 ..."""
    tried = (DEFAULT_PROFILE if number == 1 else f"{DEFAULT_PROFILE} {number}" for number in count(1))
    return next(name for name in tried if space.find(name) is None)
