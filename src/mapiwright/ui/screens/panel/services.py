"""The services of the workstation in the Control Panel: what brought each, what waits to be sent, its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from mapiwright.setup.install.repair import plan_guard, plan_repair
from mapiwright.setup.install.uninstall import plan_uninstall
from mapiwright.setup.package.manifest import ProfilesOnUninstall
from mapiwright.ui.documents.service_report import installed_packages, service_lines, service_rows
from mapiwright.ui.screens.dialogs import Notice, Question
from mapiwright.ui.screens.panel.add import HaveDisk
from mapiwright.ui.screens.panel.frame import Panel, PanelScreen, action
from mapiwright.ui.screens.screens import frame, line
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.binding import BindingType
    from textual.widget import Widget

    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.workstation import User


class ServicesScreen(PanelScreen[None]):
    """The services that MAPISVC.INF has."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("insert", "disk"), Binding("delete", "uninstall")]

    def __init__(self, panel: Panel, user: User) -> None:
        super().__init__(panel)
        self.user = user
        self.rows: list[dict[str, Any]] = []

    def compose(self) -> Iterator[Widget]:
        """The list, and what can be done."""
        yield from frame(
            self.texts("services-here.title"), self.panel.target, Button(self.texts("panel.close"), id="give-up")
        )

    async def on_mount(self) -> None:
        """Fill the place."""
        texts = self.texts
        actions = ("disk", "about", "send", "repair", "guard", "uninstall")
        await self.query_one("#place", Container).mount(
            Vertical(
                line(texts("services-here.text"), "label"),
                OptionList(id="services", markup=False),
                Horizontal(
                    *(Button(texts(f"services-here.{name}"), id=name, compact=True) for name in actions),
                    classes="actions",
                ),
                Static("", id="done", markup=False),
                classes="sheet",
            )
        )
        self.query_one(".keys", Static).update(texts("services-here.keys"))
        self.query_one("#services").focus()
        self.work(self.redraw())

    async def redraw(self) -> None:
        """Read the list again."""
        texts, station = self.texts, self.panel.run.workstation

        def read() -> list[dict[str, Any]]:
            return service_rows(station, installed_packages(station), self.panel.run.catalogue())

        self.rows = await self.attempt(read) or []
        there = self.query_one("#services", OptionList)
        at = there.highlighted or 0
        there.clear_options()
        for row in self.rows:
            origin = texts("services-here.package", package=row["package"], version=row["version"])
            waiting = texts.count("services-here.pending", len(row["pending"])) if row["pending"] else ""
            shown = texts("profile.row", display=row["display"], service=row["name"])
            there.add_option(Option(escape(shown + (origin if row["package"] else "") + waiting)))
        if self.panel.receipts:
            last = self.panel.receipts[-1].id
            self.query_one("#done", Static).update(escape(texts("panel.done", receipt=last)))
        if self.rows:
            there.highlighted = min(at, len(self.rows) - 1)
        self._able()

    def on_option_list_option_highlighted(self) -> None:
        """The buttons are for the chosen service."""
        self._able()

    def _able(self) -> None:
        row = self._row
        able = {
            "about": row is not None,
            "send": any(each["pending"] for each in self.rows),
            **dict.fromkeys(("repair", "guard", "uninstall"), row is not None and bool(row["package"])),
        }
        for name, is_able in able.items():
            self.query_one(f"#{name}", Button).disabled = not is_able

    @property
    def _row(self) -> dict[str, Any] | None:
        at = self.query_one("#services", OptionList).highlighted
        return self.rows[at] if at is not None and at < len(self.rows) else None

    @property
    def _package(self) -> str:
        row = self._row
        return str(row["package"]) if row is not None and row["package"] else ""

    async def _do(self, question: str, make: Callable[[], Plan], *words: str) -> None:
        await self.carry_out(question, make, [self.panel.command(*words)])
        await self.redraw()

    def on_option_list_option_selected(self) -> None:
        """Enter shows the details."""
        self.action_about()

    @action
    async def action_about(self) -> None:
        """Show the details of a service."""
        row = self._row
        if row is not None:
            title = self.texts("services-here.about-title", service=row["display"])
            await self.app.push_screen_wait(Notice(self.texts, title, service_lines(row)))

    @action
    async def action_disk(self) -> None:
        """Install from a directory."""
        await self.app.push_screen_wait(HaveDisk(self.panel, self.user))
        await self.redraw()

    @action
    async def action_uninstall(self) -> None:
        """Remove the package that brought the service."""
        texts, package, run = self.texts, self._package, self.panel.run
        if not package:
            return
        ways = [("", texts("services-here.as-package")), *((each.value, "") for each in ProfilesOnUninstall)]
        options = [(shown or texts(f"services-here.profiles-{value}"), value) for value, shown in ways]
        title = texts("services-here.uninstall-title", package=package)
        asked = await self.app.push_screen_wait(
            Question(texts, title, {"profiles": (texts("services-here.profiles"), options)})
        )
        if asked is None:
            return
        chosen = asked["profiles"]
        profiles = ProfilesOnUninstall(chosen) if chosen else None
        removal = await self.attempt(
            lambda: plan_uninstall(run.workstation, package, policy=run.policy, profiles=profiles)
        )
        if removal is None:
            return
        if removal.kept:
            await self.app.push_screen_wait(Notice(texts, texts("services-here.kept"), findings_lines(removal.kept)))
        words = ("uninstall", package, *(("--profiles", chosen) if chosen else ()))
        question = texts("services-here.ask-uninstall", package=package)
        await self._do(question, lambda: removal.plan, *words)

    @action
    async def action_repair(self) -> None:
        """Restore what the package brought."""
        package, station = self._package, self.panel.run.workstation
        if package:
            question = self.texts("services-here.ask-repair", package=package)
            await self._do(question, lambda: plan_repair(station, package), "repair", package)

    @action
    async def action_guard(self) -> None:
        """Put the package back where Outlook looks for it."""
        package, station = self._package, self.panel.run.workstation
        if package:
            question = self.texts("services-here.ask-guard", package=package)
            await self._do(question, lambda: plan_guard(station, package), "guard", package)

    @action
    async def action_send(self) -> None:
        """Send the calls that wait, one after the other, as far as code of their services can run here."""
        texts, run = self.texts, self.panel.run
        sendable = await self.attempt(run.sendable)
        if sendable is None:
            return
        if not sendable:
            title, text = texts("services-here.send-title"), texts("services-here.cannot-send")
            await self.app.push_screen_wait(Notice(texts, title, text=text))
        while sendable:
            first = sendable[0]
            question = texts("services-here.ask-send", service=first.call.service)
            command = self.panel.command("service", "call", first.call.service, "--pending")
            receipt = await self.carry_out(question, lambda each=first: run.sending(each), [command])  # type: ignore[misc]
            if receipt is None:
                break
            sendable = await self.attempt(run.sendable) or ()
        await self.redraw()
