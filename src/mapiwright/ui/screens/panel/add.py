"""Add a service to a profile: one of those that are installed, or one that Have Disk installs first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, DirectoryTree, Input, OptionList, Static
from textual.widgets.option_list import Option

from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.publish.foreign_program import is_program
from mapiwright.setup.publish.have_disk import typed_path
from mapiwright.transaction.records.receipt import Receipt
from mapiwright.ui.documents.disk_report import disk_lines
from mapiwright.ui.screens.dialogs import drawn
from mapiwright.ui.screens.panel.frame import Panel, PanelScreen, action
from mapiwright.ui.screens.screens import frame, line
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rich.style import Style
    from textual.binding import BindingType
    from textual.widget import Widget
    from textual.widgets._directory_tree import DirEntry
    from textual.widgets.tree import TreeNode

    from mapiwright.setup.publish.have_disk import Disk
    from mapiwright.workstation.workstation import User


class Browser(DirectoryTree):
    """The directories of this computer, and the files that can be installed from; what is hidden stays so."""

    ICON_NODE, ICON_NODE_EXPANDED, ICON_FILE = "+ ", "- ", "  "

    def render_label(self, node: TreeNode[DirEntry], base_style: Style, style: Style) -> Text:
        """A name with its control characters written out: it is a stranger's."""
        shown = super().render_label(node, base_style, style)
        return shown if shown.plain.isprintable() else Text(escape(shown.plain), base_style)

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """Leave out what nothing could be installed from."""
        return [
            each for each in paths if not each.name.startswith(".") and (_is_folder(each) or _is_media(each.name))
        ]


def _is_media(name: str) -> bool:
    return name.lower().endswith((".pyz", ".inf")) or is_program(name)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # it cannot be read; typing its name shows the error
        return False


class AddService(PanelScreen["str | None"]):
    """The services that MAPISVC.INF has; gives the name of the one that is wanted, or None."""

    def __init__(self, panel: Panel, user: User) -> None:
        super().__init__(panel)
        self.user = user

    def compose(self) -> Iterator[Widget]:
        """The list, Have Disk, OK and Cancel."""
        texts = self.texts
        yield from frame(
            texts("add.title"),
            texts("wizard.target", target=self.panel.target, user=self.user.name),
            Button(texts("add.disk"), id="disk"),
            Button(texts("panel.ok"), id="ok", variant="primary"),
            Button(texts("panel.cancel"), id="give-up"),
        )

    async def on_mount(self) -> None:
        """Fill the list."""
        texts = self.texts
        await self.query_one("#place", Container).mount(
            Vertical(line(texts("add.text"), "label"), OptionList(id="offers", markup=False), classes="sheet")
        )
        self.query_one(".keys", Static).update(texts("add.keys"))
        self.query_one("#offers").focus()
        self.work(self._refill())

    async def _refill(self) -> None:
        """Read the list again; what was not there before is chosen."""
        there = self.query_one("#offers", OptionList)
        known = {upcase(option.id or "") for option in there.options}
        catalogue = await self.attempt(self.panel.run.catalogue)
        services = dict(catalogue.services) if catalogue is not None else {}
        there.clear_options()
        for name, display in services.items():
            row = self.texts("profile.row", display=display or name, service=name)
            there.add_option(Option(escape(row), name))
        fresh = [number for number, name in enumerate(services) if upcase(name) not in known]
        if services:
            there.highlighted = fresh[0] if known and fresh else 0
        self.query_one("#ok", Button).disabled = not services

    def on_option_list_option_selected(self) -> None:
        """Enter takes it."""
        self.action_ok()

    def action_ok(self) -> None:
        """Give the one that is chosen."""
        there = self.query_one("#offers", OptionList)
        if there.highlighted is not None:
            self.dismiss(there.get_option_at_index(there.highlighted).id)

    @action
    async def action_disk(self) -> None:
        """Install from a directory, and show what has come."""
        await self.app.push_screen_wait(HaveDisk(self.panel, self.user))
        await self._refill()


class HaveDisk(PanelScreen[Receipt | None]):
    """Have Disk: a directory is typed or found, looked at, and installed from; gives the receipt, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5", "look")]

    def __init__(self, panel: Panel, user: User) -> None:
        super().__init__(panel)
        self.user = user
        self.disk: Disk | None = None

    def compose(self) -> Iterator[Widget]:
        """The directory, its content, and Install."""
        texts = self.texts
        yield from frame(
            texts("have-disk.title"),
            texts("wizard.target", target=self.panel.target, user=self.user.name),
            Button(texts("have-disk.look"), id="look", variant="primary"),
            Button(texts("have-disk.install"), id="install", disabled=True),
            Button(texts("panel.cancel"), id="give-up"),
        )

    async def on_mount(self) -> None:
        """Fill the place."""
        texts = self.texts
        await self.query_one("#place", Container).mount(
            Vertical(
                line(texts("have-disk.text"), "label"),
                Input(id="path", compact=True),
                Horizontal(
                    Browser(self.panel.start, id="tree"),
                    VerticalScroll(id="found", classes="paper"),
                    classes="halves",
                ),
                classes="sheet",
            )
        )
        self.query_one(".keys", Static).update(texts("have-disk.keys"))
        self.query_one("#path").focus()

    def on_directory_tree_directory_selected(self, event: DirectoryTree.DirectorySelected) -> None:
        """Take the directory for the path."""
        self.query_one("#path", Input).value = str(event.path)

    def on_directory_tree_file_selected(self, event: DirectoryTree.FileSelected) -> None:
        """Take the file for the path: a setup program is named itself."""
        self.query_one("#path", Input).value = str(event.path)

    async def on_input_changed(self) -> None:
        """What was seen is of another place."""
        self.disk = None
        self.query_one("#install", Button).disabled = True
        await self.query_one("#found").remove_children()

    def on_input_submitted(self) -> None:
        """Enter looks."""
        self.action_look()

    @action
    async def action_look(self) -> None:
        """Look at what is there, and show it."""
        typed = self.query_one("#path", Input).value
        if not typed.strip():
            return
        self.disk = await self.attempt(lambda: self.panel.run.look(typed_path(typed)))
        place = self.query_one("#found")
        await place.remove_children()
        if self.disk is not None:
            await place.mount(drawn([*disk_lines(self.disk), *findings_lines(self.disk.findings)]))
            self.query_one("#install", Button).disabled = False
            self.query_one("#install").focus()

    @action
    async def action_install(self) -> None:
        """Install what was seen: those bytes, whatever has become of the directory."""
        disk, panel, user = self.disk, self.panel, self.user
        if disk is None:
            return
        # A vendor's own program is named, and refused where the workstation runs no programs.
        found = await self.attempt(lambda: panel.run.installation(disk, user))
        if found is None or disk.package is None:
            return
        plan, warnings = found
        command = panel.command("have-disk", str(disk.path), "--no-profile", "--user", user.name)
        question = self.texts("have-disk.ask", package=disk.package.name, version=disk.package.version)
        receipt = await self.carry_out(question, lambda: plan, [command], findings_lines(warnings))
        if receipt is not None:
            self.dismiss(receipt)
