"""The pages of the Profile Wizard as widgets: made from a state of the flow, and read back as what was entered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.containers import Vertical, VerticalScroll
from textual.widgets import Checkbox, Input, ProgressBar, Select, Static

from mapiwright.entry.form import Kind as FieldKind
from mapiwright.entry.form import Why
from mapiwright.entry.wizard import Support
from mapiwright.errors import FailedError, RecoveryNeededError
from mapiwright.setup.wizard_state import NAME, Kind, Phase, Problem, WizardFlag
from mapiwright.transaction.effect import Status
from mapiwright.ui.terminal import escape, escape_lines
from mapiwright.ui.titles import translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from textual.widget import Widget

    from mapiwright.entry.form import Entered, Field, Page
    from mapiwright.errors import MapiwrightError
    from mapiwright.setup.wizard_state import Objection, Stage, State
    from mapiwright.transaction.plan import Plan
    from mapiwright.transaction.receipt import Receipt
    from mapiwright.ui.language import Texts


@dataclass(frozen=True, slots=True)
class Scene:
    """What a page is made from: the state, and what is around it.

    ``target`` and ``user`` say what is written to; ``begun`` counts the steps of the plan that were begun.
    """

    state: State
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


_TICKED, _UNTICKED = "[x]", "[ ]"


class Tick(Checkbox):
    """A box that is ticked or not, which is seen without colours, too."""

    BUTTON_LEFT = BUTTON_RIGHT = ""

    def __init__(self, label: str, value: bool, *, id: str | None = None, disabled: bool = False) -> None:  # noqa: A002
        super().__init__(label, value, id=id, disabled=disabled)
        self.BUTTON_INNER = _TICKED if value else _UNTICKED

    def watch_value(self) -> None:
        """Show whether it is ticked."""
        self.BUTTON_INNER = _TICKED if self.value else _UNTICKED
        super().watch_value()


class WizardPage(VerticalScroll):
    """One page; what stands in its fields is ``entered``."""

    can_focus = False

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        self._controls: dict[str, Input | Checkbox | Select[str]] = {}

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
        if stage.kind is Kind.SERVICE and form is not None:
            yield _line(form.title.in_(texts.language), "title")
        else:
            yield _line(texts(f"{stage.kind}.title"), "title")
        if state.objection is not None:
            yield from _objection(scene, state.objection)
        match stage.kind:
            case Kind.WELCOME:
                yield _line(texts("welcome.text"), "text")
                if state.launch.flags & WizardFlag.FIRST_PROFILE:
                    yield _line(texts("welcome.first"), "text")
                if state.ground.default is not None:
                    yield _line(texts("welcome.default", profile=state.ground.default), "text")
            case Kind.SERVICES:
                yield from self._services()
            case Kind.NAME:
                yield _line(texts("name.text"), "text")
                yield self._control(NAME, Input(state.name, id="field-name", compact=True), texts("name.label"))
            case Kind.SUMMARY:
                yield from _summary(scene)
            case _ if form is not None:
                yield from self._form(stage, form)

    def _services(self) -> Iterator[Widget]:
        state, texts = self.scene.state, self.scene.texts
        able = [offer for offer in state.ground.offers if offer.support is not Support.NONE]
        yield _line(texts("services.text" if able else "services.none"), "text")
        for offer in state.ground.offers:
            unable = offer.support is Support.NONE
            label = texts("services.unable", service=offer.display) if unable else offer.display
            box = Tick(_plain(label), offer.name in state.chosen, disabled=unable)
            if not unable:
                self._controls[offer.name] = box
            yield box

    def _form(self, stage: Stage, form: Page) -> Iterator[Widget]:
        scene, texts = self.scene, self.scene.texts
        if stage.kind is Kind.SERVICE:
            offer = scene.state.ground.offer(stage.service)
            if offer is not None and offer.support is Support.NATIVE:
                yield _line(texts("service.native", service=scene.display(stage.service)), "text")
            text = form.text.in_(texts.language)
        else:
            text = texts(f"{stage.kind}.text")
        if text:
            yield _line(text, "text")
        for asked in form.fields:
            yield self._field(stage, asked)

    def _field(self, stage: Stage, asked: Field) -> Widget:
        state, texts = self.scene.state, self.scene.texts
        label = asked.label.in_(texts.language) if stage.kind is Kind.SERVICE else texts(f"{stage.kind}.label")
        entered = state.entered_in(asked)
        why = state.objection.faults.get(asked.name) if state.objection is not None else None
        fault = why_text(texts, asked, why) if why is not None else ""
        control: Input | Checkbox | Select[str]
        if asked.kind is FieldKind.FLAG:
            control = Tick(_plain(label), entered is True, id=f"field-{asked.name}")
            label = ""
        elif asked.kind is FieldKind.CHOICE:
            options = [(_plain(each.label.in_(texts.language)), str(each.value)) for each in asked.choices]
            known = entered if entered in {value for _, value in options} else Select.NULL
            control = Select(
                options,
                prompt=texts("service.choose"),
                value=known,
                id=f"field-{asked.name}",
            )
        else:
            control = Input(str(entered), password=asked.secret, id=f"field-{asked.name}", compact=True)
        if label and not asked.required:
            label = texts("service.optional", label=label) if stage.kind is Kind.SERVICE else label
        return self._control(asked.name, control, label, asked.help.in_(texts.language), fault)

    def _control(
        self, name: str, control: Input | Checkbox | Select[str], label: str, help_: str = "", fault: str = ""
    ) -> Widget:
        self._controls[name] = control
        parts: list[Widget] = [_line(label, "label")] if label else []
        parts.append(control)
        if help_:
            parts.append(_line(help_, "help"))
        if fault:
            parts.append(_line(fault, "objection"))
        return Vertical(*parts, classes="field")

    @property
    def entered(self) -> Mapping[str, Entered]:
        """What stands in the fields, by their names."""
        return {name: _entered(control) for name, control in self._controls.items()}

    def focus_first(self) -> bool:
        """Put the cursor into the first field at fault, else into the first; False where there is none."""
        faults = self.scene.state.objection.faults if self.scene.state.objection is not None else {}
        names = [name for name in self._controls if name in faults] or list(self._controls)
        if names:
            self._controls[names[0]].focus()
        return bool(names)


def _entered(control: Input | Checkbox | Select[str]) -> Entered:
    value = control.value
    if isinstance(value, bool):
        return value
    return value if isinstance(value, str) else ""


def _plain(text: str) -> str:
    """Text of others for a widget that reads markup: nothing in it is."""
    return escape(text).replace("[", r"\[")


def _line(text: str, classes: str) -> Static:
    return Static(escape_lines(text), classes=classes, markup=False)


def why_text(texts: Texts, asked: Field, why: Why) -> str:
    """What is wrong with a field, and what is expected."""
    hint = asked.hint.in_(texts.language)
    if why is Why.PATTERN and not hint:
        return texts("why.pattern-plain")
    least, most = asked.bounds
    return texts(f"why.{why}", hint=hint, least=least, most=most)


def _objection(scene: Scene, objection: Objection) -> Iterator[Widget]:
    if isinstance(objection.problem, Problem):
        yield _line(scene.texts(f"problem.{objection.problem}"), "objection page")
    if objection.words:
        service = scene.display(objection.service)
        yield _line(scene.texts("problem.service", service=service, words=objection.words), "objection page")


def _summary(scene: Scene) -> Iterator[Widget]:
    state, texts = scene.state, scene.texts
    yield _line(texts("summary.text", target=scene.target), "text")
    new = "summary.new-default" if state.ground.default is None else "summary.new"
    yield _line(texts(new, profile=state.profile, user=scene.user), "label")
    for stage, fields in state.adds:
        yield _line(scene.display(stage.service), "service")
        for asked in fields:
            label = asked.label.in_(texts.language) or texts(f"{stage.kind}.label")
            value = _shown(texts, asked, asked.value_of(state.entered_in(asked, stage)))
            yield _line(texts("summary.line", label=label, value=value), "value")
        offer = state.ground.offer(stage.service)
        if offer is not None and offer.support is Support.NATIVE:
            yield _line(texts("summary.native", service=scene.display(stage.service)), "value")
    if scene.dry_run:
        yield _line(texts("summary.dry-run"), "last")


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
    texts = scene.texts
    steps = scene.plan.steps if scene.plan is not None else ()
    yield _line(texts("working.title"), "title")
    yield ProgressBar(total=max(len(steps), 1), show_eta=False, show_percentage=False)
    yield Static("", id="step", markup=False)


def _done(scene: Scene) -> Iterator[Widget]:
    texts = scene.texts
    yield _line(texts("done.title"), "title")
    yield _line(texts("done.text", profile=scene.state.profile, target=scene.target), "text")
    for effect in scene.receipt.effects if scene.receipt is not None else ():
        if effect.status == Status.PENDING:
            yield _line(texts("done.pending", call=translated(effect.title, texts.language)), "text")


def _failed(scene: Scene) -> Iterator[Widget]:
    texts, error = scene.texts, scene.failure
    yield _line(texts("failed.title"), "title")
    if error is not None:
        # The engine's own words are English, as they are in its log; what follows them is said below.
        where = f"{error.where}: " if error.where else ""
        expected = f" ({error.expected})" if error.expected else ""
        yield _line(f"{where}{error.what}{expected}", "objection page")
    if isinstance(error, RecoveryNeededError):
        yield _line(texts("failed.recovery", command=scene.recover), "text")
    elif isinstance(error, FailedError) and scene.begun:
        yield _line(texts("failed.rolled-back"), "text")
        steps = scene.plan.steps if scene.plan is not None else ()
        for number, each in enumerate(steps, 1):
            how = "undone" if number < scene.begun else "failed" if number == scene.begun else "open"
            title = translated(each.title, texts.language)
            line = texts("summary.line", label=texts(f"failed.step-{how}"), value=title)
            yield _line(line, f"value {how}")
        if error.remedy:
            yield _line(error.remedy, "last help")
    else:
        yield _line(texts("failed.refused"), "text")
        if error is not None and error.remedy:
            yield _line(error.remedy, "last help")
    if scene.stage is not None:
        yield _line(texts("failed.back"), "last")
