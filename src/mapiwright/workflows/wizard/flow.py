"""The Profile Wizard without a screen: which page comes next, from what was there and what happens.

``step`` is a total function that reads and writes nothing: an event that does not fit the state changes nothing. The
caller shows the pages, carries out the requests with `run.py`, and reports the results. Nothing is written before
Finish, and then by one request.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.entry.service.form_reading import SUPPRESSIONS
from mapiwright.entry.wizard import WizardSupport
from mapiwright.errors import CallError, NotFoundError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile.edit import check_profile_name
from mapiwright.workflows.wizard.state import (
    NAME,
    PATHS,
    Asked,
    AskPages,
    Back,
    Cancel,
    Failed,
    Next,
    Objection,
    PageKind,
    Phase,
    Problem,
    Refused,
    Reported,
    RequestedService,
    WizardFlag,
    WizardState,
    Write,
    Written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.entry.service.contract import WizardAnswer
    from mapiwright.entry.service.form import Entered, Page
    from mapiwright.formats.props import Properties, PropertyValue
    from mapiwright.workflows.wizard.state import Event, Ground, Launch, Request

MAPI_E_CALL_FAILED = 0x80004005

Stepped: TypeAlias = "tuple[WizardState, tuple[Request, ...]]"


def begin(launch: Launch, ground: Ground) -> Stepped:
    """Launch the wizard ([launchwizardentry]).

    Raises UsageError for flags that exclude each other and for services that should only be added and are not named;
    NotFoundError for a service that is not there, CallError (MAPI_E_CALL_FAILED) for one without wizard pages.
    """
    flags = launch.flags
    if flags & WizardFlag.PROVIDER_UI_ONLY and not flags & WizardFlag.ADD_SERVICE_ONLY:
        raise UsageError(
            "MAPI_PW_PROVIDER_UI_ONLY can only be set if MAPI_PW_ADD_SERVICE_ONLY is set",
            where="LaunchWizard",
            expected="both flags, or neither",
        )
    if flags & WizardFlag.ADD_SERVICE_ONLY and not launch.services:
        raise UsageError("no service was named to be added", where="LaunchWizard", expected="the name of a service")
    state = WizardState(launch, ground, tuple(_chosen(launch, ground)), launch.name or ground.free_name)
    if state.nothing_to_add:
        return replace(state, phase=Phase.DONE), ()
    return _arrive(state, 0, forward=True)


def _chosen(launch: Launch, ground: Ground) -> Iterator[str]:
    """The services that are named; where none is, the default services that support the wizard ([derived])."""
    if not launch.services:
        yield from (each.name for each in ground.offers if each.usual and each.support is not WizardSupport.NONE)
    for name in dict.fromkeys(map(upcase, launch.services)):
        offer = ground.offer(name)
        if offer is None:
            raise NotFoundError(
                f"there is no message service {next(each for each in launch.services if upcase(each) == name)!r}",
                where="MAPISVC.INF",
                expected=", ".join(each.name for each in ground.offers) or "a service in [Services]",
            )
        if offer.support is WizardSupport.NONE:
            # [creating-a-profile-by-using-the-profile-wizard]: only services that support it can be added by it.
            raise CallError(
                f"the service {offer.name} has no pages for the Profile Wizard",
                hresult=MAPI_E_CALL_FAILED,
                where="LaunchWizard",
                remedy=f"Add it to a profile by hand: mapiwright profile add-service PROFILE {offer.name}",
            )
        yield offer.name


def step(state: WizardState, event: Event) -> Stepped:
    """The state that follows, and what it wants done."""
    match state.phase, event:
        case Phase.PAGES, Cancel():
            return replace(state, phase=Phase.CANCELLED), ()
        case Phase.PAGES, Reported(answer) if state.asked is not None:
            return _reported(state, state.asked, answer)
        case Phase.PAGES, Refused(words) if state.asked is not None:
            # Before the first page there is nothing to stay on.
            phase = Phase.PAGES if state.stage is not None else Phase.FAILED
            service = state.stages[state.asked.position].service
            return replace(state, asked=None, phase=phase, objection=Objection(words=words, service=service)), ()
        case Phase.PAGES, Next(entered) if state.asked is None:
            return _next(_remember(state, entered), entered)
        case Phase.PAGES, Back(entered) if state.asked is None:
            return _back(_remember(state, entered))
        case Phase.WORKING, Written():
            return replace(state, phase=Phase.DONE), ()
        case Phase.WORKING, Failed():
            return replace(state, phase=Phase.FAILED), ()
        case Phase.FAILED, Back() if state.stage is not None:
            return replace(state, phase=Phase.PAGES), ()
    return state, ()


def _remember(state: WizardState, entered: Mapping[str, Entered]) -> WizardState:
    """The contents of the fields stay, whatever the outcome."""
    stage = state.stage
    if stage is None:
        return state
    if stage.kind is PageKind.NAME and isinstance(name := entered.get(NAME), str):
        state = replace(state, name=name.strip())
    form = state.form
    known = {asked.name for asked in form.fields} if form is not None else set()
    kept = {(stage.key, name): each for name, each in entered.items() if name in known}
    return replace(state, entered=MappingProxyType({**state.entered, **kept}))


def _next(state: WizardState, entered: Mapping[str, Entered]) -> Stepped:
    stage, form = state.stage, state.form
    match stage.kind if stage is not None else None:
        case None:
            return state, ()
        case PageKind.SERVICES:
            state = replace(state, chosen=tuple(_ticked(state, entered)))
            if not state.chosen:
                return _stay(state, Objection(problem=Problem.NO_SERVICE))
        case PageKind.NAME:
            problem = _fault_of_name(state)
            if problem is not None:
                return _stay(state, Objection(problem=problem))
        case _ if form is not None:
            faults = {asked.name: why for asked in form.fields if (why := asked.fault_of(state.entered_in(asked)))}
            if faults:
                return _stay(state, Objection(faults=MappingProxyType(faults)))
            if stage is not None and stage.kind is PageKind.SERVICE:
                properties = _with_page(state.gathered[stage.service].properties, state, form)
                asked = Asked(state.position, state.page, forward=True)
                return replace(state, asked=asked, objection=None), (AskPages(stage.service, state.page, properties),)
    return _arrive(state, state.position + 1, forward=True)


def _ticked(state: WizardState, entered: Mapping[str, Entered]) -> Iterator[str]:
    """The services on the list that are ticked now: those that were before, then the others as the list has them."""
    able = tuple(offer.name for offer in state.ground.offers if offer.support is not WizardSupport.NONE)
    for name in dict.fromkeys((*state.chosen, *able)):
        if entered.get(name, name in state.chosen) is True:
            yield name


def _back(state: WizardState) -> Stepped:
    stage = state.stage
    if stage is not None and stage.kind is PageKind.SERVICE and state.page > 0:
        return replace(state, page=state.page - 1, objection=None), ()
    return _arrive(state, state.position - 1, forward=False)


def _stay(state: WizardState, objection: Objection) -> Stepped:
    return replace(state, objection=objection), ()


def _fault_of_name(state: WizardState) -> Problem | None:
    try:
        check_profile_name(state.name)
    except UsageError:
        return Problem.NAME_ILLEGAL
    taken = {upcase(name) for name in state.ground.names}
    return Problem.NAME_TAKEN if upcase(state.name) in taken else None


def _with_page(properties: Properties, state: WizardState, form: Page) -> Properties:
    """What was gathered, with what was entered on a page; a field that is empty takes its property out."""
    found: dict[int, PropertyValue] = dict(properties)
    for asked in form.fields:
        value = asked.value_of(state.entered_in(asked))
        found.pop(asked.tag, None)
        if value is not None:
            found[asked.tag] = value
    return MappingProxyType(found)


def _arrive(state: WizardState, position: int, *, forward: bool) -> Stepped:
    """Go to a stage; a service is asked for its pages first, and behind the last stage everything is written."""
    stages = state.stages
    if position >= len(stages):
        return replace(state, phase=Phase.WORKING, asked=None, objection=None), (_write(state),)
    if position < 0:
        return replace(state, asked=None, objection=None), ()  # before the first page there is none
    stage = stages[position]
    if stage.kind is PageKind.SERVICE:
        known = state.gathered.get(stage.service)
        properties: Properties = known.properties if known is not None else MappingProxyType({})
        asked = Asked(position, None, forward)
        return replace(state, asked=asked, objection=None), (AskPages(stage.service, None, properties),)
    return replace(state, position=position, page=0, asked=None, objection=None), ()


def _reported(state: WizardState, asked: Asked, answer: WizardAnswer) -> Stepped:
    """[servicewizarddlgproc]: going on shows the first page and coming back the last, beyond them the next stage."""
    service = state.stages[asked.position].service
    state = replace(state, gathered=MappingProxyType({**state.gathered, service: answer}), asked=None)
    page = asked.page + 1 if asked.page is not None else 0 if asked.forward else len(answer.pages) - 1
    if 0 <= page < len(answer.pages):
        return replace(state, position=asked.position, page=page, objection=None), ()
    return _arrive(state, asked.position + (1 if asked.forward else -1), forward=asked.forward)


def _write(state: WizardState) -> Write:
    """What is to be written, all of it at the end ([wizardentry])."""
    new = upcase(state.profile) != upcase(state.ground.default or "")
    return Write(state.profile, new, new and state.ground.default is None, tuple(_services(state)))


def _services(state: WizardState) -> Iterator[RequestedService]:
    for name in state.chosen:
        answer = state.gathered.get(name)
        yield RequestedService(name, _stored(answer.properties if answer is not None else {}))
    for stage, fields in state.adds:
        if stage.kind in PATHS:
            values = ((asked.tag, asked.value_of(state.entered_in(asked, stage))) for asked in fields)
            properties = {tag: value for tag, value in values if value is not None}
            if properties:
                yield RequestedService(stage.service, MappingProxyType(properties))


def _stored(properties: Properties) -> Properties:
    """[pidtagwizardnopstpage-canonical-property]: what speaks to the wizard lives on its own property object only."""
    return MappingProxyType({tag: value for tag, value in properties.items() if tag not in SUPPRESSIONS.values()})
