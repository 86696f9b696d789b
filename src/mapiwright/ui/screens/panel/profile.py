"""The sheet of a profile: Services, Delivery and Addressing, on a copy; OK makes one plan of it, Cancel drops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.widgets import Button, OptionList, Select, Static
from textual.widgets.option_list import Option

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.errors import MapiwrightError
from mapiwright.mapi.profile import addressing, roles
from mapiwright.mapi.props.tags import PR_STORE_PROVIDERS, PR_TRANSPORT_PROVIDERS, ServiceFlag
from mapiwright.transaction.records.receipt import Receipt
from mapiwright.ui.screens.dialogs import Confirmation, Question
from mapiwright.ui.screens.panel import actions
from mapiwright.ui.screens.panel.add import AddService
from mapiwright.ui.screens.panel.frame import Panel, Sheet, action
from mapiwright.ui.screens.panel.service import ServiceSheet
from mapiwright.ui.screens.screens import frame, line, plain
from mapiwright.ui.text.names import list_name, part_name, parts_of, service_name, shown_name
from mapiwright.ui.text.terminal import escape
from mapiwright.workflows.panel.plans import Uids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.widget import Widget

    from mapiwright.admin.workspace import Workspace
    from mapiwright.mapi.profile.addressing import AddressList
    from mapiwright.mapi.profile.profile import Profile, Service
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.workstation import User


class ProfileSheet(Sheet[Receipt | None]):
    """The properties of a profile; gives the receipt of what was changed, or None."""

    def __init__(self, panel: Panel, user: User, profile: str) -> None:
        super().__init__(panel)
        self.user = user
        self.name_of_profile = profile
        self.uids = Uids()
        self.space = panel.run.space(user, self.uids)
        self.space.profile(profile)  # raises where it is not there
        self.actions: list[actions.Action] = []
        self.listed: dict[str, list[str]] = {}
        """What the rows of each list mean, in their order; a damaged profile may name one thing twice."""

    @property
    def profile(self) -> Profile:
        """The profile as it is drafted."""
        return self.space.profile(self.name_of_profile)

    def compose(self) -> Iterator[Widget]:
        """Three pages, OK and Cancel."""
        texts = self.texts
        title = texts("profile.title", profile=self.name_of_profile)
        yield from frame(
            title,
            texts("wizard.target", target=self.panel.target, user=self.user.name),
            Button(texts("panel.ok"), id="ok", variant="primary"),
            Button(texts("panel.cancel"), id="give-up"),
        )

    async def on_mount(self) -> None:
        """Fill the pages."""
        pages = {"services": self._services(), "delivery": self._delivery(), "addressing": self._addressing()}
        await self.turn_over({self.texts(f"profile.{name}"): page for name, page in pages.items()})
        self.query_one(".keys", Static).update(self.texts("profile.keys"))
        self.redraw()
        self.query_one("#held").focus()

    def _services(self) -> Iterator[Widget]:
        texts = self.texts
        yield line(texts("profile.services-text"), "help")
        yield OptionList(id="held", markup=False)
        yield Horizontal(
            *(
                Button(texts(f"profile.{name}"), id=name, compact=True)
                for name in ("add", "remove", "properties", "copy")
            ),
            classes="actions",
        )

    def _delivery(self) -> Iterator[Widget]:
        texts = self.texts
        yield line(texts("profile.store"), "label")
        yield Select[str]([], prompt=texts("profile.nothing"), id="store", compact=True)
        yield line(texts("profile.identity"), "label")
        yield Select[str]([], prompt=texts("profile.nobody"), id="identity", compact=True)
        yield line(texts("profile.transports"), "label")
        yield OptionList(id="transports", markup=False)
        yield self._up_and_down("transport")

    def _addressing(self) -> Iterator[Widget]:
        texts = self.texts
        for name in ("directory", "personal"):
            yield line(texts(f"profile.{name}"), "label")
            yield Select[str]([], prompt=texts("profile.nothing"), id=name, compact=True)
        yield line(texts("profile.search"), "label")
        yield OptionList(id="search", markup=False)
        yield self._up_and_down("list", "list-add", "list-remove")

    def _up_and_down(self, name: str, *more: str) -> Widget:
        texts = self.texts
        ways = (Button(texts(f"profile.{way}"), id=f"{name}-{way}", compact=True) for way in ("up", "down"))
        others = (Button(texts(f"profile.{other}"), id=other, compact=True) for other in more)
        return Horizontal(*ways, *others, classes="actions")

    # What is shown.

    def redraw(self) -> None:
        """Show the draft."""
        profile, nothing = self.profile, self.texts("profile.nothing")
        self._list("held", [(self._row(each), each.uid) for each in profile.services])
        for name in ("remove", "properties", "copy"):
            self.query_one(f"#{name}", Button).disabled = not profile.services
        shown = {part.uid: part.path for part in parts_of(ProfileAdmin(self.space).admin_services(profile.name))}
        sends = profile.providers(PR_TRANSPORT_PROVIDERS)
        self._list("transports", [(shown.get(each.uid, each.display), each.uid) for each in sends] or [(nothing, "")])
        rows = [self._shown(each) for each in addressing.search_order(profile)]
        self._list("search", rows or [(nothing, "")])
        stores = [each for each in profile.providers(PR_STORE_PROVIDERS) if roles.is_eligible(each)]
        named = [each for each in profile.services if ServiceFlag.NO_PRIMARY_IDENTITY not in each.flags]
        lists = [self._shown(each) for each in addressing.address_lists(profile)]
        self._choice("store", [(shown.get(each.uid, each.display), each.uid) for each in stores])
        self._choice("identity", [(each.display, each.uid) for each in named])
        self._choice("directory", lists)
        self._choice("personal", lists)

    def _shown(self, found: AddressList) -> tuple[str, str]:
        """An address list as it is shown, and its entry id."""
        return shown_name(found, self.texts), found.entry_id.hex()

    def _held(self, role: str) -> str | None:
        """Who has a role: the uid of a store or a service, or the entry id of an address list; None is nothing."""
        profile = self.profile
        match role:
            case "store":
                store = roles.default_store(profile)
                return None if store is None else store.uid
            case "identity":
                identity = roles.primary_identity(profile)
                return None if identity is None else identity.uid
            case "directory":
                found = addressing.default_directory(profile)
            case _:
                found = addressing.personal_address_book(profile)
        return None if found is None else found.entry_id.hex()

    def _row(self, service: Service) -> str:
        return self.texts("profile.row", display=service.display, service=service.name)

    def _list(self, name: str, rows: Sequence[tuple[str, str]]) -> None:
        there = self.query_one(f"#{name}", OptionList)
        at = there.highlighted or 0
        there.clear_options()
        there.add_options([Option(escape(shown)) for shown, _ in rows])
        self.listed[name] = [meant for _, meant in rows]
        if rows:
            there.highlighted = min(at, len(rows) - 1)

    def _choice(self, name: str, options: Sequence[tuple[str, str]]) -> None:
        select: Select[str] = self.query_one(f"#{name}", Select)
        value = self._held(name)
        with self.prevent(Select.Changed):
            select.set_options([(plain(shown), meant) for shown, meant in options])
            select.value = value if value in {meant for _, meant in options} else Select.NULL
        select.disabled = not options

    def _chosen(self, name: str) -> tuple[int, str]:
        """The place and the meaning of what is chosen in a list; the meaning is "" where there is nothing."""
        at, listed = self.query_one(f"#{name}", OptionList).highlighted, self.listed.get(name, [])
        return (0, "") if at is None or at >= len(listed) else (at, listed[at])

    # What is drafted.

    def draft(self, *wanted: actions.Action) -> None:
        """Draft actions on the copy, all at once; an error is shown, and then none of them is drafted.

        Of several with the same subject the last one counts, and the later drafts are made again.
        """
        subjects = {each.subject for each in wanted} - {""}
        kept = [each for each in self.actions if each.subject not in subjects]
        try:
            if len(kept) == len(self.actions):
                self._draft_on(self.space, wanted)
            else:
                self.space = self._drafted((*kept, *wanted))
            self.actions = [*kept, *wanted]
            self.redraw()
        except (MapiwrightError, OSError) as error:
            self.work(self.complain(error))

    def _drafted(self, wanted: Sequence[actions.Action]) -> Workspace:
        """The actions drafted on the workstation as it is now; new sections keep the uids of earlier drafts."""
        space = self.panel.run.space(self.user, self.uids)
        with self.uids.from_the_first():
            self._draft_on(space, wanted)
        return space

    def _draft_on(self, space: Workspace, wanted: Sequence[actions.Action]) -> None:
        profiles = ProfileAdmin(space)
        with self.uids.on_trial(), space.batch():
            for each in wanted:
                each.draft(profiles)

    async def complain(self, error: MapiwrightError | OSError) -> None:
        """Show the error; where the profile is gone, close its sheet."""
        await super().complain(error)
        if self.panel.run.space(self.user).find(self.name_of_profile) is None:
            self.dismiss()
        else:
            self.redraw()

    def known_as(self, service: Service) -> str:
        """How a service is named on a command line."""
        return service_name(service, self.profile.services)

    def _provider(self, uid: str, tag: int) -> actions.Chosen:
        """A provider, as a command line names it among those of its list."""
        parts = {part.uid: part for part in parts_of(ProfileAdmin(self.space).admin_services(self.name_of_profile))}
        beside = [parts[each.uid] for each in self.profile.providers(tag) if each.uid in parts]
        return actions.Chosen(uid, part_name(parts[uid], beside) if uid in parts else "")

    def _address_list(self, entry_id: str) -> actions.Chosen:
        """An address list, as a command line names it."""
        lists = addressing.address_lists(self.profile)
        found = next((each for each in lists if each.entry_id.hex() == entry_id), None)
        return actions.Chosen(entry_id, list_name(found, lists) if found is not None else "")

    @property
    def _service(self) -> Service | None:
        _, uid = self._chosen("held")
        return next((each for each in self.profile.services if each.uid == uid), None)

    @action
    async def action_add(self) -> None:
        """Add an installed service, or one from a disk."""
        added = await self.opened(lambda: AddService(self.panel, self.user))
        self.space = self._drafted(self.actions)  # a disk may have brought more
        if added:
            self.draft(actions.add_service(self.name_of_profile, added))

    @action
    async def action_remove(self) -> None:
        """Remove the service."""
        service = self._service
        if service is not None:
            self.draft(actions.remove_service(self.name_of_profile, self.known_as(service)))

    @action
    async def action_copy(self) -> None:
        """Copy the service into a profile."""
        service, texts = self._service, self.texts
        if service is None:
            return
        names = [(name, name) for name in self.space.names]
        asked = await self.app.push_screen_wait(
            Question(
                texts, texts("profile.copy-title", service=service.display), {"to": (texts("profile.copy-to"), names)}
            )
        )
        if asked is not None:
            self.draft(actions.copy_service(self.name_of_profile, self.known_as(service), asked["to"]))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter shows the properties of a service."""
        if event.option_list.id == "held":
            self.action_properties()

    @action
    async def action_properties(self) -> None:
        """Show the sheet of the service."""
        service = self._service
        if service is not None:
            place = self.name_of_profile, service.uid, self.known_as(service)
            given = next((each.properties for each in self.actions if each.subject == f"configure {service.uid}"), {})
            wanted = await self.opened(lambda: ServiceSheet(self.panel, self.space, *place, given))
            if wanted:
                self.draft(*wanted)

    def on_select_changed(self, event: Select.Changed) -> None:
        """Delivery and addressing."""
        value = event.value if isinstance(event.value, str) else None
        self.safely(lambda: self._choose(event.select.id or "", value))

    def _choose(self, role: str, value: str | None) -> None:
        """Give a role to another service or list, or to none; nothing where it has the role already."""
        if value == self._held(role):
            return
        name = self.name_of_profile
        match role:
            case "store":
                chosen = None if value is None else self._provider(value, PR_STORE_PROVIDERS)
                self.draft(actions.set_default_store(name, chosen))
            case "identity":
                service = next((each for each in self.profile.services if each.uid == value), None)
                chosen = None if service is None else actions.Chosen(service.uid, self.known_as(service))
                self.draft(actions.set_primary_identity(name, chosen))
            case _:
                listed = None if value is None else self._address_list(value)
                choose = actions.set_default_directory if role == "directory" else actions.set_personal_address_book
                self.draft(choose(name, listed))

    def action_transport_up(self) -> None:
        """Ask the transport earlier."""
        self.safely(lambda: self._move_transport(-1))

    def action_transport_down(self) -> None:
        """Ask the transport later."""
        self.safely(lambda: self._move_transport(1))

    def _move_transport(self, by: int) -> None:
        order: list[str] = [each.uid for each in self.profile.providers(PR_TRANSPORT_PROVIDERS)]
        if self._move("transports", order, by):
            transports = [self._provider(uid, PR_TRANSPORT_PROVIDERS) for uid in order]
            self.draft(actions.order_transports(self.name_of_profile, transports))

    def action_list_up(self) -> None:
        """Check names in the list earlier."""
        self.safely(lambda: self._move_list(-1))

    def action_list_down(self) -> None:
        """Check names in the list later."""
        self.safely(lambda: self._move_list(1))

    def _move_list(self, by: int) -> None:
        order = self._order()
        if self._move("search", order, by):
            self.draft(self._search_order(order))

    def _order(self) -> list[str]:
        return [each.entry_id.hex() for each in addressing.search_order(self.profile)]

    def _search_order(self, order: Sequence[str]) -> actions.Action:
        once = dict.fromkeys(order)
        return actions.set_search_order(self.name_of_profile, [self._address_list(each) for each in once])

    def _move(self, name: str, order: list[str], by: int) -> bool:
        """Change two neighbours of an order, and keep the chosen one chosen; False where there is no neighbour."""
        at, meant = self._chosen(name)
        if not meant or not 0 <= at + by < len(order):
            return False
        order[at], order[at + by] = order[at + by], order[at]
        self.query_one(f"#{name}", OptionList).highlighted = at + by
        return True

    @action
    async def action_list_add(self) -> None:
        """Check names in one list more."""
        texts, order = self.texts, self._order()
        more = [each for each in addressing.address_lists(self.profile) if each.entry_id.hex() not in order]
        if not more:
            return
        options = [self._shown(each) for each in more]
        asked = await self.app.push_screen_wait(
            Question(texts, texts("profile.list-title"), {"list": (texts("profile.list"), options)})
        )
        if asked is not None:
            self.draft(self._search_order([*order, asked["list"]]))

    def action_list_remove(self) -> None:
        """Check names in the list no more."""
        _, meant = self._chosen("search")
        if meant:
            self.safely(lambda: self.draft(self._search_order([each for each in self._order() if each != meant])))

    # Its end.

    @action
    async def action_ok(self) -> None:
        """Send all that was drafted, as one plan."""
        if not self.actions:
            self.dismiss()
            return
        commands = [self.panel.command(*each.words, "--user", self.user.name) for each in self.actions]
        question = self.texts("profile.ask", profile=self.name_of_profile)
        receipt = await self.carry_out(question, self._plan, commands)
        if receipt is not None:
            self.dismiss(receipt)

    def _plan(self) -> Plan:
        """The plan of all that was drafted, on what the workstation has now."""
        self.space = self._drafted(self.actions)
        return self.space.plan()

    @action
    async def action_give_up(self) -> None:
        """Leave it; drafts are discarded, after a question."""
        drop = Confirmation(self.texts, self.texts("profile.drop", profile=self.name_of_profile))
        if not self.actions or await self.app.push_screen_wait(drop):
            self.dismiss()
