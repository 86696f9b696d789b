"""The mail Control Panel on the screen: the profiles of a user, and which one Outlook starts with.

It shows what is, drafts what is wanted, and sends one plan, once it was looked at. Sheets of a profile and of a
service are screens of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Button, OptionList, RadioButton, RadioSet, Select, Static
from textual.widgets.option_list import Option

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.ui.screens.dialogs import Question
from mapiwright.ui.screens.panel import actions
from mapiwright.ui.screens.panel.frame import Panel, PanelScreen, action
from mapiwright.ui.screens.panel.history import HistoryScreen
from mapiwright.ui.screens.panel.prf import export_profile, import_profile
from mapiwright.ui.screens.panel.profile import ProfileSheet
from mapiwright.ui.screens.panel.services import ServicesScreen
from mapiwright.ui.screens.screens import Dot, ScreenApp, frame, line, plain
from mapiwright.ui.screens.wizard.wizard import WizardScreen
from mapiwright.ui.text.terminal import escape
from mapiwright.workflows.wizard.run import WizardRun
from mapiwright.workflows.wizard.state import Launch, WizardFlag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.binding import BindingType
    from textual.widget import Widget

    from mapiwright.workstation.workstation import User


class PanelApp(ScreenApp):
    """The Control Panel as a program; ``panel`` is its first screen."""

    def __init__(self, panel: ProfilesScreen) -> None:
        super().__init__()
        self.panel = panel

    def on_mount(self) -> None:
        """Show the profiles; when that screen is left, the program ends."""
        self.title = self.panel.texts("panel.title")
        self.push_screen(self.panel, lambda _: self.exit())


class ProfilesScreen(PanelScreen[None]):
    """The profiles of ``user``; another one of ``users`` can be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("insert", "add"),
        Binding("delete", "remove"),
    ]

    def __init__(self, panel: Panel, user: User, users: tuple[User, ...]) -> None:
        super().__init__(panel)
        self.user = user
        self.users = users
        self.asks = False
        self.default = ""

    def compose(self) -> Iterator[Widget]:
        """The users, their profiles, what to do with one, and what Outlook starts with."""
        texts = self.texts
        yield from frame(
            texts("panel.title"),
            self.panel.target,
            Button(texts("panel.services"), id="services"),
            Button(texts("panel.history"), id="history"),
            Button(texts("panel.close"), id="give-up"),
        )

    async def on_mount(self) -> None:
        """Fill the place."""
        texts = self.texts
        users = [(plain(user.name), user.name) for user in self.users]
        await self.query_one("#place", Container).mount(
            Vertical(
                Horizontal(
                    line(texts("profiles.user"), "label"),
                    Select(users, value=self.user.name, allow_blank=False, id="user", compact=True),
                    classes="row",
                ),
                line(texts("profiles.text"), "help"),
                OptionList(id="profiles", compact=True, markup=False),
                Horizontal(
                    *(
                        Button(texts(f"profiles.{name}"), id=name, compact=True)
                        for name in ("add", "remove", "properties", "copy", "rename", "export")
                    ),
                    classes="actions",
                ),
                line(texts("profiles.start"), "label"),
                RadioSet(
                    Dot(texts("profiles.prompt"), id="prompt"),
                    Dot(texts("profiles.always"), id="always"),
                    id="startup",
                    compact=True,
                ),
                Horizontal(
                    Select[str]([], prompt=texts("profiles.none"), id="default", compact=True),
                    Button(texts("panel.apply"), id="apply", compact=True, disabled=True),
                    classes="row",
                ),
                Static("", id="done", markup=False),
                classes="sheet",
            )
        )
        self.query_one(".keys", Static).update(texts("profiles.keys"))
        self.query_one("#profiles").focus()
        self.work(self.redraw())

    async def redraw(self) -> None:
        """Show what there is now, and keep the place in the list."""
        texts = self.texts

        def read() -> tuple[list[tuple[str, bool, str]], bool]:
            rows = [
                (row.name, row.default, ", ".join(services)) for row, services in self.panel.run.profiles(self.user)
            ]
            return rows, ProfileAdmin(self.panel.run.space(self.user)).asks_for_profile

        found = await self.attempt(read)
        rows, self.asks = found if found is not None else ([], False)
        chosen = self.chosen
        there = self.query_one("#profiles", OptionList)
        there.clear_options()
        for name, default, services in rows:
            mark = texts("profiles.default-mark") if default else ""
            shown = texts("profiles.row", profile=name, mark=mark, services=services or texts("profiles.no-services"))
            there.add_option(Option(escape(shown), name))
        names = [name for name, _, _ in rows]
        if names:
            there.highlighted = names.index(chosen) if chosen in names else 0
        self.default = next((name for name, default, _ in rows if default), "")
        select: Select[str] = self.query_one("#default", Select)
        select.set_options([(plain(name), name) for name in names])
        select.value = self.default or Select.NULL
        self.query_one("#prompt" if self.asks else "#always", RadioButton).value = True
        for name in ("remove", "properties", "copy", "rename", "export"):
            self.query_one(f"#{name}", Button).disabled = not names
        if self.panel.receipts:
            last = self.panel.receipts[-1].id
            self.query_one("#done", Static).update(escape(texts("panel.done", receipt=last)))
        self._see_changes()

    @property
    def chosen(self) -> str:
        """The profile that is chosen, or ""."""
        there = self.query_one("#profiles", OptionList)
        if there.highlighted is None:
            return ""
        return there.get_option_at_index(there.highlighted).id or ""

    # What Outlook starts with.

    @property
    def _startup(self) -> list[actions.Action]:
        """What is to be done for what the buttons say."""
        found = []
        ask = self.query_one("#prompt", RadioButton).value
        if ask is not self.asks:
            found.append(actions.ask_for_profile(ask))
        default = self.query_one("#default", Select).value
        chosen = default if isinstance(default, str) else ""
        if chosen != self.default:
            found.append(actions.set_default_profile(chosen or None))
        return found

    def _see_changes(self) -> None:
        self.query_one("#apply", Button).disabled = not self._startup

    def on_radio_set_changed(self) -> None:
        """Something may be to apply."""
        self._see_changes()

    def on_select_changed(self, event: Select.Changed) -> None:
        """Another user, or something to apply."""
        if event.select.id == "user" and event.value != self.user.name:
            self.user = next(user for user in self.users if user.name == event.value)
            self.work(self.redraw())
        else:
            self._see_changes()

    @action
    async def action_apply(self) -> None:
        """Make what the buttons say true."""
        await self.do(self.texts("profiles.ask-startup"), *self._startup)

    # What is done.

    async def do(self, question: str, *wanted: actions.Action) -> None:
        """Carry out actions on the profiles of the user, as one plan."""
        user = self.user
        commands = [self.panel.command(*each.words, "--user", user.name) for each in wanted]
        drafts = [each.draft for each in wanted]
        await self.carry_out(question, lambda: self.panel.run.edit(user, *drafts), commands)
        await self.redraw()

    @action
    async def action_add(self) -> None:
        """Add a profile: by the wizard, by hand, or from an Outlook profile file."""
        texts = self.texts
        ways = [(texts(f"profiles.by-{way}"), way) for way in ("wizard", "hand", "file")]
        asked = await self.app.push_screen_wait(
            Question(
                texts,
                texts("profiles.add-title"),
                {"name": (texts("profiles.name"), ""), "way": (texts("profiles.way"), ways)},
            )
        )
        if asked is None:
            return
        name = asked["name"].strip()
        if asked["way"] == "hand":
            await self.do(texts("profiles.ask-add", profile=name), actions.create_profile(name))
        elif asked["way"] == "file":
            await import_profile(self, self.user)
            await self.redraw()
        else:
            await self._wizard(name)

    async def _wizard(self, name: str) -> None:
        panel = self.panel
        run = WizardRun(panel.run.workstation, self.user, panel.run.policy)
        begun = await self.attempt(lambda: run.begin(Launch(WizardFlag.LAUNCHED_BY_CONFIG, name=name)))
        if begun is None:
            return
        wizard = WizardScreen(run, begun[0], self.texts, panel.target, panel.performance)
        await self.app.push_screen_wait(wizard)
        if wizard.plan is not None and panel.performance.dry_run:
            plan = wizard.plan
            question = self.texts("profiles.ask-add", profile=wizard.state.profile)
            await self.carry_out(question, lambda: plan, [panel.command("wizard", "--user", self.user.name)])
        if wizard.receipt is not None:
            panel.receipts.append(wizard.receipt)
        await self.redraw()

    @action
    async def action_remove(self) -> None:
        """Remove the profile."""
        name = self.chosen
        if name:
            await self.do(self.texts("profiles.ask-remove", profile=name), actions.delete_profile(name))

    @action
    async def action_copy(self) -> None:
        """Copy the profile."""
        name = self.chosen
        new = await self._another_name("copy", name)
        if new:
            question = self.texts("profiles.ask-copy", profile=name, new=new)
            await self.do(question, actions.copy_profile(name, new))

    @action
    async def action_rename(self) -> None:
        """Give the profile another name."""
        name = self.chosen
        new = await self._another_name("rename", name)
        if new:
            question = self.texts("profiles.ask-rename", profile=name, new=new)
            await self.do(question, actions.rename_profile(name, new))

    async def _another_name(self, way: str, name: str) -> str:
        texts = self.texts
        if not name:
            return ""
        title = texts(f"profiles.{way}-title", profile=name)
        asked = await self.app.push_screen_wait(
            Question(texts, title, {"name": (texts("profiles.name"), name if way == "rename" else "")})
        )
        return asked["name"].strip() if asked is not None else ""

    def on_option_list_option_selected(self) -> None:
        """Enter shows the properties."""
        self.action_properties()

    @action
    async def action_properties(self) -> None:
        """Show the sheet of the profile."""
        name = self.chosen
        if name:
            await self.opened(lambda: ProfileSheet(self.panel, self.user, name))
            await self.redraw()

    @action
    async def action_export(self) -> None:
        """Write the profile as an Outlook profile file."""
        if self.chosen:
            await export_profile(self, self.user, self.chosen)

    @action
    async def action_services(self) -> None:
        """Show the services of the workstation."""
        await self.opened(lambda: ServicesScreen(self.panel, self.user))
        await self.redraw()

    @action
    async def action_history(self) -> None:
        """Show what was done, to take it back."""
        await self.opened(lambda: HistoryScreen(self.panel))
        await self.redraw()
