"""The pages of the Profile Wizard as widgets: made from a state of the flow, and read back as what was entered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.widgets import Input

from mapiwright.entry.wizard import WizardSupport
from mapiwright.transaction.plans.effect import Status
from mapiwright.ui.screens.fields import Fields
from mapiwright.ui.screens.outcome import failed, under_way
from mapiwright.ui.screens.screens import Tick, line, plain
from mapiwright.ui.text.terminal import escape
from mapiwright.workflows.wizard.state import NAME, PageKind, Phase, Problem, WizardFlag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from textual.widget import Widget

    from mapiwright.entry.service.form import Entered, Field, Page
    from mapiwright.errors import MapiwrightError
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.ui.text.language import Texts
    from mapiwright.workflows.wizard.state import Objection, Stage, WizardState


@dataclass(frozen=True, slots=True)
class Scene:
    """What a page is made from: the state, and what is around it.

    ``target`` and ``user`` say what is written to; ``begun`` counts the steps of the plan that were begun.
    """

    state: WizardState
    texts: Texts
    target: str
    user: str
    dry_run: bool = False
    plan: Plan | None = None
    begun: int = 0
    receipt: Receipt | None = None
    failure: MapiwrightError | None = None
    recover: str = ""

    @property
    def stage(self) -> Stage | None:
        """The stage that is shown."""
        return self.state.stage

    def display(self, service: str) -> str:
        """The name of a service for people."""
        offer = self.state.ground.offer(service)
        return escape(offer.display if offer is not None else service)


class WizardPage(VerticalScroll):
    """One page; ``entered`` is the content of its fields."""

    can_focus = False

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        objection = scene.state.objection
        self._fields = Fields(scene.texts, objection.faults if objection is not None else {})

    def compose(self) -> Iterator[Widget]:
        """The widgets of the page that the state shows."""
        scene, state = self.scene, self.scene.state
        match state.phase, state.stage:
            case Phase.WORKING, _:
                yield from _working(scene)
            case Phase.DONE, _:
                yield from _done(scene)
            case Phase.FAILED, _:
                yield from _failed(scene)
            case _, None:
                return
            case _, stage:
                yield from self._of_stage(stage)

    def _of_stage(self, stage: Stage) -> Iterator[Widget]:
        scene, state, texts = self.scene, self.scene.state, self.scene.texts
        form = state.form
        if stage.kind is PageKind.SERVICE and form is not None:
            yield line(form.title.in_(texts.language), "title")
        else:
            yield line(texts(f"{stage.kind}.title"), "title")
        if state.objection is not None:
            yield from _objection(scene, state.objection)
        match stage.kind:
            case PageKind.WELCOME:
                yield line(texts("welcome.text"), "text")
                if state.launch.flags & WizardFlag.FIRST_PROFILE:
                    yield line(texts("welcome.first"), "text")
                if state.ground.default is not None:
                    yield line(texts("welcome.default", profile=state.ground.default), "text")
            case PageKind.SERVICES:
                yield from self._services()
            case PageKind.NAME:
                yield line(texts("name.text"), "text")
                yield self._fields.place(NAME, Input(state.name, id="field-name", compact=True), texts("name.label"))
            case PageKind.SUMMARY:
                yield from _summary(scene)
            case _ if form is not None:
                yield from self._form(stage, form)

    def _services(self) -> Iterator[Widget]:
        state, texts = self.scene.state, self.scene.texts
        able = [offer for offer in state.ground.offers if offer.support is not WizardSupport.NONE]
        yield line(texts("services.text" if able else "services.none"), "text")
        for offer in state.ground.offers:
            unable = offer.support is WizardSupport.NONE
            label = texts("services.unable", service=offer.display) if unable else offer.display
            box = Tick(plain(label), offer.name in state.chosen, disabled=unable)
            if not unable:
                self._fields.controls[offer.name] = box
            yield box

    def _form(self, stage: Stage, form: Page) -> Iterator[Widget]:
        scene, texts = self.scene, self.scene.texts
        if stage.kind is PageKind.SERVICE:
            offer = scene.state.ground.offer(stage.service)
            if offer is not None and offer.support is WizardSupport.NATIVE:
                yield line(texts("service.native", service=scene.display(stage.service)), "text")
            text = form.text.in_(texts.language)
        else:
            text = texts(f"{stage.kind}.text")
        if text:
            yield line(text, "text")
        for asked in form.fields:
            yield self._field(stage, asked)

    def _field(self, stage: Stage, asked: Field) -> Widget:
        label = "" if stage.kind is PageKind.SERVICE else self.scene.texts(f"{stage.kind}.label")
        return self._fields.of(asked, self.scene.state.entered_in(asked), label)

    @property
    def entered(self) -> Mapping[str, Entered]:
        """The contents of the fields by name."""
        return self._fields.entered

    def focus_first(self) -> bool:
        """Put the cursor where the user goes on; False where there is no field."""
        return self._fields.focus_first()


def _objection(scene: Scene, objection: Objection) -> Iterator[Widget]:
    if isinstance(objection.problem, Problem):
        yield line(scene.texts(f"problem.{objection.problem}"), "objection page")
    if objection.words:
        service = scene.display(objection.service)
        yield line(scene.texts("problem.service", service=service, words=objection.words), "objection page")


def _summary(scene: Scene) -> Iterator[Widget]:
    state, texts = scene.state, scene.texts
    yield line(texts("summary.text", target=scene.target), "text")
    new = "summary.new-default" if state.ground.default is None else "summary.new"
    yield line(texts(new, profile=state.profile, user=scene.user), "label")
    for stage, fields in state.adds:
        yield line(scene.display(stage.service), "service")
        for asked in fields:
            label = asked.label.in_(texts.language) or texts(f"{stage.kind}.label")
            value = _shown(texts, asked, asked.value_of(state.entered_in(asked, stage)))
            yield line(texts("summary.line", label=label, value=value), "value")
        offer = state.ground.offer(stage.service)
        if offer is not None and offer.support is WizardSupport.NATIVE:
            yield line(texts("summary.native", service=scene.display(stage.service)), "value")
    if scene.dry_run:
        yield line(texts("summary.dry-run"), "last")


def _shown(texts: Texts, asked: Field, value: object) -> str:
    if value is None:
        return texts("summary.empty")
    if asked.secret:
        return texts("summary.secret")
    if isinstance(value, bool):
        return texts("summary.yes" if value else "summary.no")
    chosen = next((each.label.in_(texts.language) for each in asked.choices if each.value == value), None)
    return chosen if chosen is not None else escape(str(value))


def _working(scene: Scene) -> Iterator[Widget]:
    yield line(scene.texts("working.title"), "title")
    yield from under_way(scene.plan)


def _done(scene: Scene) -> Iterator[Widget]:
    texts = scene.texts
    yield line(texts("done.title"), "title")
    yield line(texts("done.text", profile=scene.state.profile, target=scene.target), "text")
    for effect in scene.receipt.effects if scene.receipt is not None else ():
        if effect.status == Status.PENDING:
            yield line(texts("done.pending", call=texts.message(effect.title)), "text")


def _failed(scene: Scene) -> Iterator[Widget]:
    texts = scene.texts
    yield line(texts("failed.title"), "title")
    yield from failed(texts, scene.failure, scene.plan, scene.begun, scene.recover)
    if scene.stage is not None:
        yield line(texts("failed.back"), "last")
