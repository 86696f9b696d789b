"""The dialogs of the Control Panel: a question, a complaint, and a plan that is looked at before it is sent."""

from __future__ import annotations

from asyncio import to_thread
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from mapiwright.errors import FindingsError, MapiwrightError
from mapiwright.transaction.records.receipt import Receipt
from mapiwright.ui.screens import outcome
from mapiwright.ui.screens.screens import Guarded, Result, line, plain
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.terminal import Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from textual.binding import BindingType
    from textual.widget import Widget

    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.ui.screens.plan_runner import Performance
    from mapiwright.ui.text.language import Texts
    from mapiwright.ui.text.terminal import Line

COLOURS = {
    Style.PLAIN: "",
    Style.HEADING: "bold",
    Style.ADDED: "$text-success",
    Style.REMOVED: "$text-error",
    Style.CHANGED: "$text-warning",
    Style.QUIET: "dim",
}


def drawn(lines: Iterable[Line]) -> Static:
    """Lines of a report, in the colours of the screen."""
    return Static(Content("\n").join(Content.styled(each.text, COLOURS[each.style]) for each in lines))


class Dialog(ModalScreen[Result], Guarded[Result]):
    """A window over a screen; Escape closes it, and nothing is done."""

    AUTO_FOCUS = "#ok, #cancel"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_paper(-1)"),
        Binding("down", "scroll_paper(1)"),
        Binding("pageup", "scroll_paper(-8)"),
        Binding("pagedown", "scroll_paper(8)"),
    ]

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.texts = texts

    def compose(self) -> Iterator[Widget]:
        """What it shows, and its buttons."""
        with Vertical(classes="dialog"):
            yield from self.content()
            yield Horizontal(*self.buttons(), classes="buttons")

    def content(self) -> Iterator[Widget]:
        """What it shows."""
        raise NotImplementedError

    def buttons(self) -> Iterator[Button]:
        """Its buttons; one called ``cancel`` gives it up."""
        yield Button(self.texts("panel.ok"), id="ok", variant="primary")
        yield Button(self.texts("panel.cancel"), id="cancel")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """OK, or not."""
        event.stop()
        if event.button.id == "ok":
            self.action_agree()
        else:
            self.action_give_up()

    def action_scroll_paper(self, by: int) -> None:
        """Show more of what is longer than the window, wherever the cursor is."""
        for paper in self.query(".paper"):
            paper.scroll_relative(y=by, animate=False)

    def action_agree(self) -> None:
        """Close it, and do what it is about."""
        raise NotImplementedError


class Question(Dialog["dict[str, str] | None"]):
    """Asks for a few lines of text, or for one of several things: ``fields`` are labels and first texts by name.

    A field whose first text is a sequence is chosen from it: pairs of shown text and value.
    """

    AUTO_FOCUS = "Input, Select"

    def __init__(
        self,
        texts: Texts,
        title: str,
        fields: Mapping[str, tuple[str, str | Sequence[tuple[str, str]]]],
        text: str = "",
    ) -> None:
        super().__init__(texts)
        self.heading = title
        self.text = text
        self.fields = fields

    def content(self) -> Iterator[Widget]:
        """The fields under their labels."""
        yield line(self.heading, "title")
        if self.text:
            yield line(self.text, "text")
        for name, (label, first) in self.fields.items():
            control: Input | Select[str]
            if isinstance(first, str):
                control = Input(first, id=f"ask-{name}", compact=True)
            else:
                options = [(plain(shown), meant) for shown, meant in first]
                control = Select(options, id=f"ask-{name}", allow_blank=False, compact=True)
            yield Vertical(line(label, "label"), control, classes="field")

    def _control(self, name: str) -> Input | Select[str]:
        found = self.query_one(f"#ask-{name}")
        assert isinstance(found, Input | Select)  # noqa: S101 - it was made so
        return found

    def on_input_submitted(self) -> None:
        """Enter in the last line is OK, in another one goes on."""
        lines = list(self.query(Input))
        if self.focused is lines[-1]:
            self.action_agree()
        else:
            self.focus_next()

    def action_agree(self) -> None:
        """Give what was entered."""
        self.dismiss({name: str(self._control(name).value) for name in self.fields})


class Confirmation(Dialog[bool]):
    """Asks whether to do something; True is yes."""

    def __init__(self, texts: Texts, title: str) -> None:
        super().__init__(texts)
        self.heading = title

    def content(self) -> Iterator[Widget]:
        """What is asked."""
        yield line(self.heading, "title")

    def action_agree(self) -> None:
        """Say yes."""
        self.dismiss(True)


class Complaint(Dialog[None]):
    """What could not be done: what was found, where, what was expected, and the remedy."""

    def __init__(self, texts: Texts, error: MapiwrightError) -> None:
        super().__init__(texts)
        self.error = error

    def content(self) -> Iterator[Widget]:
        """The error, with its findings."""
        error = self.error
        yield line(self.texts("panel.cannot"), "title")
        with VerticalScroll(classes="paper"):
            where = f"{error.where}: " if error.where else ""
            expected = f" ({error.expected})" if error.expected else ""
            yield line(f"{where}{error.what}{expected}", "objection page")
            if isinstance(error, FindingsError):
                yield drawn(findings_lines(error.findings))
            if error.remedy:
                yield line(error.remedy, "help")

    def buttons(self) -> Iterator[Button]:
        """Close."""
        yield Button(self.texts("panel.close"), id="cancel", variant="primary")


class Notice(Dialog[None]):
    """A message to read."""

    def __init__(self, texts: Texts, title: str, lines: Iterable[Line] = (), text: str = "") -> None:
        super().__init__(texts)
        self.heading = title
        self.lines = tuple(lines)
        self.text = text

    def content(self) -> Iterator[Widget]:
        """The message."""
        yield line(self.heading, "title")
        if self.text:
            yield line(self.text, "text")
        if self.lines:
            with VerticalScroll(classes="paper"):
                yield drawn(self.lines)

    def buttons(self) -> Iterator[Button]:
        """Close."""
        yield Button(self.texts("panel.close"), id="cancel", variant="primary")


class PlanPhase(Enum):
    """How far a plan is."""

    SHOWN = "shown"
    SENT = "sent"
    FAILED = "failed"


class Review(Dialog[Receipt | None]):
    """A plan: it is shown, agreed to, and sent; gives the receipt, or None where nothing was done.

    ``lines`` are the plan for people, ``commands`` what does the same on the command line.
    """

    def __init__(
        self,
        texts: Texts,
        question: str,
        plan: Plan,
        lines: Iterable[Line],
        commands: Sequence[str],
        performance: Performance,
    ) -> None:
        super().__init__(texts)
        self.question = question
        self.plan = plan
        self.lines = tuple(lines)
        self.commands = commands
        self.performance = performance
        self.phase = PlanPhase.SHOWN
        self.begun = 0
        self.receipt: Receipt | None = None
        self.failure: MapiwrightError | None = None

    def content(self) -> Iterator[Widget]:
        """The plan; how far it is; or how it failed."""
        texts = self.texts
        if self.phase is PlanPhase.SENT:
            yield line(texts("panel.working"), "title")
            yield from outcome.under_way(self.plan)
            return
        if self.phase is PlanPhase.FAILED:
            yield line(texts("panel.failed"), "title")
            with VerticalScroll(classes="paper"):
                yield from outcome.failed(texts, self.failure, self.plan, self.begun, self.performance.recover)
            return
        yield line(self.question, "title")
        if self.performance.dry_run:
            yield line(texts("panel.dry-run"), "text")
        with VerticalScroll(classes="paper"):
            yield drawn(self.lines)
            yield line(texts("panel.commands"), "label last")
            for command in self.commands:
                yield line(command, "help")

    def buttons(self) -> Iterator[Button]:
        """OK and Cancel; Close where there is nothing to agree to; none while it is sent."""
        if self.phase is PlanPhase.SHOWN and not self.performance.dry_run:
            yield from super().buttons()
        elif self.phase is not PlanPhase.SENT:
            yield Button(self.texts("panel.close"), id="cancel", variant="primary")

    def action_agree(self) -> None:
        """Send it."""
        if self.phase is PlanPhase.SHOWN:
            self.phase = PlanPhase.SENT
            self.run_worker(self._send(), exit_on_error=False)

    def action_give_up(self) -> None:
        """Leave it; what is being written is not interrupted."""
        if self.phase is not PlanPhase.SENT:
            self.dismiss()

    async def _send(self) -> None:
        await self.recompose()
        await to_thread(outcome.send, self, self.plan)
        if self.failure is None:
            self.dismiss(self.receipt)
        else:
            self.phase = PlanPhase.FAILED
            await self.recompose()
            self.query_one("#cancel").focus()
