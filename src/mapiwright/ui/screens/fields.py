"""The questions of a form as widgets, with what is wrong with their answers; and the answers read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Checkbox, Input, Select

from mapiwright.entry.service.form import FieldKind, Why
from mapiwright.ui.screens.screens import Tick, line, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.widget import Widget

    from mapiwright.entry.service.form import Entered, Field
    from mapiwright.ui.text.language import Texts


class Fields:
    """The fields of one page, each with its label, its help and its fault, by their names.

    ``faults`` say what is wrong with what was entered before.
    """

    def __init__(self, texts: Texts, faults: Mapping[str, Why]) -> None:
        self.texts = texts
        self.faults = faults
        self.controls: dict[str, Input | Checkbox | Select[str]] = {}

    def of(self, asked: Field, entered: Entered, label: str = "", *, disabled: bool = False) -> Widget:
        """A field with its content; ``label`` replaces its own label."""
        texts = self.texts
        own = not label
        label = label or asked.label.in_(texts.language)
        fault = why_text(texts, asked, self.faults[asked.name]) if asked.name in self.faults else ""
        control: Input | Checkbox | Select[str]
        if asked.kind is FieldKind.FLAG:
            control = Tick(plain(label), entered is True, id=f"field-{asked.name}")
            label = ""
        elif asked.kind is FieldKind.CHOICE:
            options = [(plain(each.label.in_(texts.language)), str(each.value)) for each in asked.choices]
            known = entered if entered in {value for _, value in options} else Select.NULL
            control = Select(options, prompt=texts("service.choose"), value=known, id=f"field-{asked.name}")
        else:
            control = Input(str(entered), password=asked.secret, id=f"field-{asked.name}", compact=True)
        control.disabled = disabled
        if label and own and not asked.required:
            label = texts("service.optional", label=label)
        return self.place(asked.name, control, label, asked.help.in_(texts.language), fault)

    def place(
        self, name: str, control: Input | Checkbox | Select[str], label: str, help_: str = "", fault: str = ""
    ) -> Widget:
        """A control under its label, above its help and its fault."""
        self.controls[name] = control
        parts: list[Widget] = [line(label, "label")] if label else []
        parts.append(control)
        if help_:
            parts.append(line(help_, "help"))
        if fault:
            parts.append(line(fault, "objection"))
        return Vertical(*parts, classes="field")

    @property
    def entered(self) -> Mapping[str, Entered]:
        """The contents of the fields by name."""
        return {name: _entered(control) for name, control in self.controls.items()}

    def focus_first(self) -> bool:
        """Put the cursor into the first field at fault, else into the first; False where there is none."""
        able = [name for name, control in self.controls.items() if not control.disabled]
        names = [name for name in able if name in self.faults] or able
        if names:
            self.controls[names[0]].focus()
        return bool(names)


def _entered(control: Input | Checkbox | Select[str]) -> Entered:
    value = control.value
    if isinstance(value, bool):
        return value
    return value if isinstance(value, str) else ""


def why_text(texts: Texts, asked: Field, why: Why) -> str:
    """What is wrong with a field, and what is expected."""
    hint = asked.hint.in_(texts.language)
    if why is Why.PATTERN and not hint:
        return texts("why.pattern-plain")
    least, most = asked.bounds
    return texts(f"why.{why}", hint=hint, least=least, most=most)
