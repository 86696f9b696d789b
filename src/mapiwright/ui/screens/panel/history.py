"""What was done on the workstation, in the Control Panel: each receipt, and Undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from mapiwright.entry.makers import MAKERS
from mapiwright.transaction.undo import undo_plan
from mapiwright.ui.screens.dialogs import Notice
from mapiwright.ui.screens.panel.frame import Panel, PanelScreen, action
from mapiwright.ui.screens.screens import frame, line
from mapiwright.ui.text.render import receipt_lines
from mapiwright.ui.text.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.binding import BindingType
    from textual.widget import Widget

    from mapiwright.transaction.records.receipt import Receipt


class HistoryScreen(PanelScreen[None]):
    """The receipts, the newest first; with what has become of each."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("delete", "undo")]

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self.there: tuple[Receipt, ...] = ()

    def compose(self) -> Iterator[Widget]:
        """The list, and Undo."""
        yield from frame(
            self.texts("history.title"), self.panel.target, Button(self.texts("panel.close"), id="give-up")
        )

    async def on_mount(self) -> None:
        """Fill the place."""
        texts = self.texts
        await self.query_one("#place", Container).mount(
            Vertical(
                line(texts("history.text"), "label"),
                OptionList(id="receipts", markup=False),
                Horizontal(
                    Button(texts("history.show"), id="show", compact=True),
                    Button(texts("history.undo"), id="undo", compact=True),
                    classes="actions",
                ),
                classes="sheet",
            )
        )
        self.query_one(".keys", Static).update(texts("history.keys"))
        self.query_one("#receipts").focus()
        self.work(self.redraw())

    async def redraw(self) -> None:
        """Read the list again."""
        texts = self.texts
        found = await self.attempt(self.panel.run.receipts)
        self.there = tuple(reversed(found or ()))
        list_ = self.query_one("#receipts", OptionList)
        at = list_.highlighted or 0
        list_.clear_options()
        for each in self.there:
            undone = texts("history.undone", receipt=each.undone_by) if each.undone_by else ""
            list_.add_option(Option(escape(f"{each.created}  {self._title(each)}{undone}")))
        if self.there:
            list_.highlighted = min(at, len(self.there) - 1)
        self._able()

    def _title(self, receipt: Receipt) -> str:
        return self.texts.message(receipt.title)

    def on_option_list_option_highlighted(self) -> None:
        """What can be done is of the chosen one."""
        self._able()

    def _able(self) -> None:
        chosen = self._chosen
        self.query_one("#show", Button).disabled = chosen is None
        self.query_one("#undo", Button).disabled = chosen is None or bool(chosen.undone_by)

    @property
    def _chosen(self) -> Receipt | None:
        at = self.query_one("#receipts", OptionList).highlighted
        return self.there[at] if at is not None and at < len(self.there) else None

    def on_option_list_option_selected(self) -> None:
        """Enter shows it."""
        self.action_show()

    @action
    async def action_show(self) -> None:
        """Show what was done, and the command line that takes it back."""
        chosen = self._chosen
        if chosen is not None:
            left = await self.attempt(lambda: self.panel.run.left_by(chosen))
            waits = {(each.receipt, each.number) for each in left or ()}
            lines = receipt_lines(chosen, self.panel.command("undo", chosen.id), waits)
            await self.app.push_screen_wait(Notice(self.texts, self._title(chosen), lines))

    @action
    async def action_undo(self) -> None:
        """Take it back."""
        chosen, station = self._chosen, self.panel.run.workstation
        if chosen is None or chosen.undone_by:
            return
        await self.carry_out(
            self.texts("history.ask", title=self._title(chosen)),
            lambda: undo_plan(station, chosen.id, MAKERS),
            [self.panel.command("undo", chosen.id)],
        )
        await self.redraw()
