"""The Profile Wizard's flow: every walk ends well, Cancel changes nothing, and every combination of flags."""

from __future__ import annotations

from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.entry.service.contract import WizardAnswer
from mapiwright.entry.service.form import Field, Page, Words
from mapiwright.entry.service.form_reading import PR_WIZARD_NO_PAB_PAGE, PR_WIZARD_NO_PST_PAGE
from mapiwright.entry.wizard import WizardSupport
from mapiwright.errors import CallError, NotFoundError, UsageError
from mapiwright.workflows.wizard.flow import begin, step
from mapiwright.workflows.wizard.state import (
    AskPages,
    Back,
    Cancel,
    Failed,
    Ground,
    Launch,
    Next,
    Offer,
    PageKind,
    Phase,
    Refused,
    Reported,
    RequestedService,
    WizardFlag,
    Write,
    Written,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.formats.props import PropertyValue
    from mapiwright.workflows.wizard.state import Event, Request, WizardState

ADD, CONFIG, FIRST = WizardFlag.ADD_SERVICE_ONLY, WizardFlag.LAUNCHED_BY_CONFIG, WizardFlag.FIRST_PROFILE
UI, HIDE = WizardFlag.PROVIDER_UI_ONLY, WizardFlag.HIDE_SERVICES_LIST


class Vendor:
    """The services behind a walk: how many pages each has, and what it sets unasked."""

    def __init__(
        self, pages: Mapping[str, int], properties: Mapping[str, Mapping[int, PropertyValue]] | None = None
    ) -> None:
        self.pages = {
            name: tuple(
                Page(
                    Words.plain(f"{name} {number}"),
                    (Field(f"f{number}", 0x66000003 + (number << 16), Words.plain("?")),),
                )
                for number in range(count)
            )
            for name, count in pages.items()
        }
        self.properties = properties or {}

    def tells(self, request: AskPages) -> Reported:
        given = {**self.properties.get(request.service, {}), **request.properties}
        return Reported(WizardAnswer(self.pages[request.service], MappingProxyType(given)))

    def ground(self, **what: object) -> Ground:
        offers = tuple(Offer(name, name, WizardSupport.FORM) for name in self.pages)
        return Ground(**{"offers": (*offers, Offer("OLD", "Old", WizardSupport.NONE)), **what})  # type: ignore[arg-type]

    def settle(self, stepped: tuple[WizardState, tuple[Request, ...]]) -> tuple[WizardState, Write | None]:
        state, requests = stepped
        while requests and isinstance(requests[0], AskPages):
            state, requests = step(state, self.tells(requests[0]))
        return state, requests[0] if requests and isinstance(requests[0], Write) else None


def right(state: WizardState) -> Next:
    """What a person enters who does as the page says."""
    if state.stage is not None and state.stage.kind is PageKind.SERVICES:
        return Next({offer.name: True for offer in state.ground.offers if offer.support is not WizardSupport.NONE})
    if state.stage is not None and state.stage.kind is PageKind.NAME:
        return Next({"name": "Work"})
    form = state.form
    fields = form.fields if form is not None else ()
    return Next({each.name: state.entered_in(each) or ("" if not each.required else "7") for each in fields})


VENDORS = st.dictionaries(st.sampled_from(["A", "B", "C"]), st.integers(0, 3), min_size=1).map(Vendor)
ENTRIES = st.dictionaries(
    st.sampled_from(["A", "B", "C", "OLD", "name", "path", "f0", "f1", "f2", "odd"]),
    st.one_of(st.booleans(), st.sampled_from(["", "7", "x", "Work", "work!", " ", "99999999999"])),
)
EVENTS = st.one_of(
    st.just("right"), st.just("told"), st.just("refused"), st.builds(Next, ENTRIES), st.builds(Back, ENTRIES),
    st.sampled_from([Written(), Failed(), Refused("no"), Reported(WizardAnswer((), MappingProxyType({})))]),
)  # fmt: skip
LAUNCHES = st.sampled_from(
    [
        Launch(WizardFlag(flags), services)
        for flags in range(32)
        for services in ((), ("A",))
        if not (flags & UI and not flags & ADD)
    ]
)


def walked(
    launch: Launch, vendor: Vendor, moves: list[Event | str], ground: Ground
) -> tuple[WizardState, Request | None, list[Write]] | None:
    """Where a walk leads, what is still asked, and everything that it wanted written."""
    try:
        state, requests = begin(launch, ground)
    except (UsageError, NotFoundError):
        return None
    writes = [each for each in requests if isinstance(each, Write)]
    pending = next((each for each in requests if isinstance(each, AskPages)), None)
    for move in moves:
        before = state
        match move:
            case "right":
                event: Event = right(state)
            case "told":
                event = vendor.tells(pending) if pending is not None else Back()
            case "refused":
                event = Refused("not today")
            case Reported() if pending is not None:
                continue  # what another service would say
            case _:
                assert not isinstance(move, str)
                event = move
        state, requests = step(state, event)
        assert len(requests) <= 1
        writes += [each for each in requests if isinstance(each, Write)]
        pending = next((each for each in requests if isinstance(each, AskPages)), pending)
        if state.asked is None:
            pending = None
        assert (pending is not None) == (state.asked is not None)
        assert state.phase is not Phase.PAGES or state.stage is not None or state.asked is not None, (
            "a page, or a question"
        )
        if state.stage is not None and state.stage.kind is PageKind.SERVICE:
            assert state.form is not None, "a service's stage shows one of its pages"
        assert before.phase is not Phase.CANCELLED or state == before
    return state, pending, writes


@given(LAUNCHES, VENDORS, st.lists(EVENTS, max_size=40), st.sampled_from([None, "Home"]))
def test_every_walk_can_be_gone_to_its_end(
    launch: Launch, vendor: Vendor, moves: list[Event | str], default: str | None
) -> None:
    found = walked(launch, vendor, moves, vendor.ground(default=default, names=("Home",), personal_folders="PST"))
    if found is None:
        return
    state, pending, writes = found
    assert len(writes) <= 1 + sum(isinstance(each, Failed) for each in moves), "nothing is written twice"
    for _ in range(60):
        if state.phase is not Phase.PAGES:
            break
        event = vendor.tells(pending) if isinstance(pending, AskPages) else right(state)
        state, requests = step(state, event)
        pending = requests[0] if requests else None
    assert state.phase is not Phase.PAGES


@given(LAUNCHES, VENDORS, st.lists(EVENTS, max_size=25), st.lists(EVENTS, max_size=10))
def test_cancel_changes_nothing_and_is_the_end(
    launch: Launch, vendor: Vendor, before: list[Event | str], after: list[Event | str]
) -> None:
    found = walked(launch, vendor, before, vendor.ground())
    if found is None or found[0].phase is not Phase.PAGES:
        return
    assert found[2] == [], "nothing is written while there are pages"
    state, requests = step(found[0], Cancel())
    assert (state.phase, requests) == (Phase.CANCELLED, ())
    for event in after:
        assert step(state, Next() if isinstance(event, str) else event) == (state, ())


@given(VENDORS, st.integers(0, 12), st.integers(0, 12))
def test_back_then_next_gives_the_same_page_with_what_was_entered(vendor: Vendor, far: int, back: int) -> None:
    state, _ = vendor.settle(begin(Launch(), vendor.ground(personal_folders="PST")))
    trail = [state]
    for _ in range(far):
        state, write = vendor.settle(step(state, right(state)))
        if write is not None:
            break
        trail.append(state)
    for _ in range(min(back, len(trail) - 1)):
        here = trail.pop()
        before, _ = vendor.settle(step(here, Back(right(here).entered)))
        assert (before.position, before.page) == (trail[-1].position, trail[-1].page), "back is the page before"
        again, _ = vendor.settle(step(before, right(before)))
        assert (again.position, again.page, again.form, again.stage) == (
            here.position,
            here.page,
            here.form,
            here.stage,
        )
        fields = again.form.fields if again.form is not None else ()
        assert all(again.entered_in(each) == right(here).entered[each.name] for each in fields)


@given(st.integers(1, 3), st.integers(1, 3))
def test_a_service_that_is_entered_from_behind_shows_its_last_page(first: int, second: int) -> None:
    """[servicewizarddlgproc]: WIZ_PREV on arrival is the last page."""
    vendor = Vendor({"A": first, "B": second})
    state, _ = vendor.settle(begin(Launch(HIDE, ("A", "B")), vendor.ground()))
    shown: list[tuple[str, int]] = []
    while not shown or shown[-1][0]:
        state, _ = vendor.settle(step(state, right(state)))
        shown.append((state.stage.service if state.stage else "", state.page))
    assert shown == [*(("A", page) for page in range(first)), *(("B", page) for page in range(second)), ("", 0)]
    backwards: list[tuple[str, int]] = []
    while not backwards or backwards[-1][0]:
        state, _ = vendor.settle(step(state, Back()))
        backwards.append((state.stage.service if state.stage else "", state.page))
    assert backwards == [*shown[-2::-1], ("", 0)]


def test_a_refusal_keeps_the_page_and_says_why() -> None:
    vendor = Vendor({"A": 2})
    state, _ = vendor.settle(begin(Launch(HIDE, ("A",)), vendor.ground()))
    state, _ = vendor.settle(step(state, Next()))
    asked, (request,) = step(state, Next({"f0": "5"}))
    assert request == AskPages("A", 0, {0x66000003: 5})
    refused, requests = step(asked, Refused("no such account"))
    assert requests == ()
    assert (refused.stage, refused.page) == (state.stage, 0)
    assert refused.objection is not None
    assert refused.objection.words == "no such account"
    form = refused.form
    assert form is not None
    assert refused.entered_in(form.fields[0]) == "5"
    wrong, requests = step(refused, Next({"f0": "many"}))
    assert requests == (), "what has a fault is not shown to the service"
    assert wrong.objection is not None
    assert dict(wrong.objection.faults) == {"f0": "number"}


def test_a_service_that_refuses_before_there_is_a_page_ends_the_wizard() -> None:
    vendor = Vendor({"A": 1})
    state, requests = begin(Launch(ADD | UI, ("A",)), vendor.ground())
    assert requests == (AskPages("A", None, {}),)
    state, requests = step(state, Refused("it crashed"))
    assert (state.phase, requests) == (Phase.FAILED, ())
    assert step(state, Back()) == (state, ())


def test_what_failed_is_gone_back_from_and_finished_again() -> None:
    vendor = Vendor({"A": 1})
    state, write = vendor.settle(begin(Launch(), vendor.ground()))
    while write is None:
        state, write = vendor.settle(step(state, right(state)))
    assert step(state, Cancel()) == (state, ()), "what has begun ends by itself"
    state, _ = step(state, Failed())
    assert state.phase is Phase.FAILED
    state, _ = step(state, Back())
    assert state.stage is not None
    assert state.stage.kind is PageKind.SUMMARY
    state, again = vendor.settle(step(state, Next()))
    assert again == write
    assert step(state, Written())[0].phase is Phase.DONE


def test_the_properties_are_written_at_the_end_and_what_speaks_to_the_wizard_is_not() -> None:
    """[pidtagwizardnopstpage-canonical-property]: its tag is also PST's own, and may never reach a section."""
    vendor = Vendor({"A": 2, "B": 1}, {"A": {PR_WIZARD_NO_PST_PAGE: True, 0x6650001F: "own"}})
    ground = vendor.ground(personal_folders="PST", address_book="PAB")
    state, write = vendor.settle(begin(Launch(), ground))
    seen = []
    while write is None:
        seen.append(state.stage.kind if state.stage else None)
        entered = dict(right(state).entered)
        if state.stage is not None and state.stage.kind is PageKind.ADDRESS_BOOK:
            entered["path"] = r"C:\book.pab"
        state, write = vendor.settle(step(state, Next(entered)))
    assert PageKind.PERSONAL_FOLDERS not in seen
    assert seen.count(PageKind.ADDRESS_BOOK) == 1
    assert write == Write(
        "Work",
        new=True,
        default=True,
        services=(
            RequestedService("A", {0x66000003: 7, 0x66010003: 7, 0x6650001F: "own"}),
            RequestedService("B", {0x66000003: 7}),
            RequestedService("PAB", {0x6600001F: r"C:\book.pab"}),
        ),
    )


@pytest.mark.parametrize(
    ("unwanted", "shown"),
    [
        ({}, {PageKind.PERSONAL_FOLDERS, PageKind.ADDRESS_BOOK}),
        ({PR_WIZARD_NO_PST_PAGE: True}, {PageKind.ADDRESS_BOOK}),
        ({PR_WIZARD_NO_PAB_PAGE: True}, {PageKind.PERSONAL_FOLDERS}),
        ({PR_WIZARD_NO_PST_PAGE: True, PR_WIZARD_NO_PAB_PAGE: True}, set()),
        ({PR_WIZARD_NO_PST_PAGE: False}, {PageKind.PERSONAL_FOLDERS, PageKind.ADDRESS_BOOK}),
    ],
)
def test_the_pages_that_a_service_does_without(unwanted: Mapping[int, bool], shown: set[PageKind]) -> None:
    vendor = Vendor({"A": 1}, {"A": unwanted})
    kinds = set(kinds_of(Launch(), vendor, vendor.ground(personal_folders="PST", address_book="PAB"))[0])
    assert kinds & {PageKind.PERSONAL_FOLDERS, PageKind.ADDRESS_BOOK} == shown


def kinds_of(launch: Launch, vendor: Vendor, ground: Ground) -> tuple[list[PageKind], WizardState, Write | None]:
    """The pages of a straight walk, where it ends, and what it wants written."""
    state, write = vendor.settle(begin(launch, ground))
    kinds = []
    while write is None and state.phase is Phase.PAGES:
        assert state.stage is not None
        kinds.append(state.stage.kind)
        state, write = vendor.settle(step(state, right(state)))
    return kinds, state, write


LETTERS = {
    PageKind.WELCOME: "W", PageKind.SERVICES: "L", PageKind.SERVICE: "s",
    PageKind.PERSONAL_FOLDERS: "d", PageKind.NAME: "N", PageKind.SUMMARY: "F",
}  # fmt: skip
# [launchwizardentry], all combinations; without a default profile, then with one. W welcome, L the list of services,
# s the service's page, d the data file, N the name, F Finish; - no page at all, ! refused. MAPI_PW_FIRST_PROFILE
# changes no page.
TABLE = {
    WizardFlag(0): ("WLsdNF", "WLsdNF"),
    CONFIG: ("WLsdNF", "WLsdNF"),
    HIDE: ("WsdNF", "WsdNF"),
    HIDE | CONFIG: ("WsdNF", "WsdNF"),
    ADD: ("WsNF", "-"),
    ADD | HIDE: ("WsNF", "-"),
    ADD | CONFIG: ("sNF", "-"),
    ADD | CONFIG | HIDE: ("sNF", "-"),
    ADD | UI: ("s", "-"),
    ADD | UI | HIDE: ("s", "-"),
    ADD | UI | CONFIG: ("s", "-"),
    ADD | UI | CONFIG | HIDE: ("s", "-"),
    UI: ("!", "!"),
    UI | HIDE: ("!", "!"),
    UI | CONFIG: ("!", "!"),
    UI | CONFIG | HIDE: ("!", "!"),
}


def test_the_table_is_whole() -> None:
    several = [
        sum(each, WizardFlag(0)) for count in range(5) for each in combinations([ADD, CONFIG, UI, HIDE], count)
    ]
    assert set(several) == set(TABLE)


@pytest.mark.parametrize("first", [WizardFlag(0), FIRST], ids=["", "FIRST"])
@pytest.mark.parametrize("default", [None, "Home"])
@pytest.mark.parametrize("flags", TABLE, ids=lambda flags: f"{int(flags):02x}")
def test_every_combination_of_flags(flags: WizardFlag, default: str | None, first: WizardFlag) -> None:
    vendor = Vendor({"A": 1})
    ground = vendor.ground(default=default, names=("Home",) if default else (), personal_folders="PST")
    wanted = TABLE[flags][default is not None]
    if wanted == "!":
        with pytest.raises(UsageError, match="ADD_SERVICE_ONLY"):
            begin(Launch(flags | first, ("A",)), ground)
        return
    kinds, _, write = kinds_of(Launch(flags | first, ("a",)), vendor, ground)
    assert ("".join(LETTERS[kind] for kind in kinds) or "-") == wanted
    assert write is not None
    if flags & ADD and default:
        assert (write.profile, write.new, write.default) == ("Home", False, False), "they go into the default profile"
    else:
        assert write.new
        assert write.default is (default is None), "a profile is the default one where none is yet"
        assert write.profile == ("Work" if PageKind.NAME in kinds else "Outlook")
    assert [each.service for each in write.services] == ["A"]


@pytest.mark.parametrize(
    ("held", "services", "adds"),
    [(("A",), ("A",), None), (("a",), ("A",), None), (("B",), ("A",), ["A"]), (("A",), ("A", "B"), ["A", "B"])],
)
def test_one_service_that_the_default_profile_has_already_is_nothing_to_do(
    held: tuple[str, ...], services: tuple[str, ...], adds: list[str] | None
) -> None:
    """[launchwizardentry]: S_OK without adding anything, where only one is listed."""
    vendor = Vendor({"A": 1, "B": 1})
    ground = vendor.ground(default="Home", names=("Home",), held=held)
    state, write = vendor.settle(begin(Launch(ADD, services), ground))
    assert (write and [each.service for each in write.services]) == adds
    assert state.phase is (Phase.DONE if adds is None else Phase.WORKING)


def test_only_services_that_support_the_wizard_are_added_by_it() -> None:
    vendor = Vendor({"A": 1})
    with pytest.raises(CallError) as caught:
        begin(Launch(ADD, ("OLD",)), vendor.ground())
    assert caught.value.hresult == 0x80004005
    assert "add-service" in caught.value.remedy
    with pytest.raises(NotFoundError):
        begin(Launch(ADD, ("NONE",)), vendor.ground())
    with pytest.raises(UsageError):
        begin(Launch(ADD), vendor.ground())
    state, _ = vendor.settle(begin(Launch(), vendor.ground()))
    state, _ = vendor.settle(step(state, Next()))
    state, _ = vendor.settle(step(state, Next({"OLD": True, "A": False})))
    assert state.objection is not None
    assert state.objection.problem == "no-service"


@pytest.mark.parametrize(
    ("name", "problem"),
    [("Home", "name-taken"), ("hOME", "name-taken"), ("a/b", "name-illegal"), ("", "name-illegal")],
)
def test_a_name_that_cannot_be_is_told_on_its_page(name: str, problem: str) -> None:
    vendor = Vendor({"A": 0})
    state, _ = vendor.settle(begin(Launch(HIDE, ("A",)), vendor.ground(names=("Home",))))
    state, _ = vendor.settle(step(state, Next()))
    assert state.stage is not None
    assert state.stage.kind is PageKind.NAME, "a service without pages is passed by"
    state, _ = vendor.settle(step(state, Next({"name": name})))
    assert state.objection is not None
    assert state.objection.problem == problem
    assert state.name == name
