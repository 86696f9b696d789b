"""The sheet of a service in a profile: what it is, its settings, its sections; on a copy, as the profile's is.

Settings go to the service by ConfigureMsgService, which needs its entry point; the properties of its sections are set
as IProfSect sets them, and those that MAPI alone writes are shown to be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, OptionList, Select, Static
from textual.widgets.option_list import Option

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.entry.wizard import WizardEntry, WizardSupport, wizard_entry
from mapiwright.errors import FindingsError, FormatError
from mapiwright.mapi.profile import edit
from mapiwright.mapi.profile.profile import secure_refused
from mapiwright.mapi.props.property_text import tag_named, text_of, value_of
from mapiwright.mapi.props.protected import is_secret_property
from mapiwright.mapi.props.tags import is_secure, name_in_section, prop_id
from mapiwright.ui.documents.service_report import installed_packages, service_lines, service_row
from mapiwright.ui.screens.dialogs import Confirmation, Notice, Question, drawn
from mapiwright.ui.screens.fields import Fields
from mapiwright.ui.screens.panel import actions
from mapiwright.ui.screens.panel.frame import Panel, Sheet, action
from mapiwright.ui.screens.screens import frame, line, plain
from mapiwright.ui.text.names import parts_of, section_name
from mapiwright.ui.text.terminal import Line, escape
from mapiwright.ui.text.tree import PROVIDER, SERVICE, described, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from textual.widget import Widget

    from mapiwright.admin.workspace import Workspace
    from mapiwright.entry.service.form import Entered, Field, Page
    from mapiwright.formats.props import Properties, PropertyValue
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.mapi.profile.profile import Profile, Section, Service


class ServiceSheet(Sheet["list[actions.Action] | None"]):
    """The properties of the service ``uid`` of a profile, called ``known_as`` on a command line.

    ``given`` are settings that it is to be configured with already. Gives the actions that were wanted, or None.
    """

    def __init__(
        self, panel: Panel, space: Workspace, profile: str, uid: str, known_as: str, given: Properties
    ) -> None:
        super().__init__(panel)
        self.space = space
        self.before = space.profile(profile)
        self.copy: Profile = self.before
        self.uid = uid
        self.known_as = known_as
        self.given = given
        self.definition = self._definition()
        self.entry = self._entry()
        self.pages: tuple[Page, ...] = ()
        self.fields: list[Fields] = []
        self.first: list[Mapping[str, Entered]] = []
        """What stood in the fields of each page before anybody touched them."""

    def _definition(self) -> ServiceDefinition | None:
        try:
            return self.space.catalogue.find(self.service.name)
        except (FindingsError, FormatError):  # its lines are damaged; the doctor reports it
            return None

    def _entry(self) -> WizardEntry:
        if self.definition is None:
            return WizardEntry(self.service.name, WizardSupport.NONE)
        return wizard_entry(self.panel.run.workstation, self.definition)

    @property
    def service(self) -> Service:
        """The service as it is on the copy."""
        found = self.copy.service(self.uid)
        assert found is not None  # noqa: S101 - the sheet was opened for it
        return found

    @property
    def _sections(self) -> tuple[Section, ...]:
        service = self.service
        return (service.section, *(each.section for each in service.providers), *service.extras)

    def compose(self) -> Iterator[Widget]:
        """Three pages, OK and Cancel."""
        texts = self.texts
        yield from frame(
            texts("sheet.title", service=self.service.display),
            texts("sheet.of", profile=self.before.name),
            Button(texts("panel.ok"), id="ok", variant="primary"),
            Button(texts("panel.cancel"), id="give-up"),
        )

    async def on_mount(self) -> None:
        """Ask for the pages of the service, and fill the sheet."""
        settings = VerticalScroll(id="settings", can_focus=False)
        pages = {"settings": [settings], "sections": self._of_sections(), "about": self._about()}
        await self.turn_over({self.texts(f"sheet.{name}"): page for name, page in pages.items()})
        self.query_one(".keys", Static).update(self.texts("sheet.keys"))
        self._show_section()
        self.work(self._ask())

    async def _ask(self) -> None:
        answer = await self.attempt(lambda: self.entry.pages(None, {}))
        self.pages = answer.pages if answer is not None else ()
        await self._show_settings()

    # Settings.

    async def _show_settings(self, faults: bool = False) -> None:
        """Draw the fields, with what is stored in them, or what was entered and what is wrong with it."""
        texts = self.texts
        place = self.query_one("#settings", VerticalScroll)
        entered = [fields.entered for fields in self.fields]
        widgets: list[Widget] = []
        able = self.definition is not None and self.space.has_entry_point(self.service)
        if not any(page.fields for page in self.pages):
            widgets.append(line(texts("sheet.no-settings"), "text"))
        elif self.entry.support is WizardSupport.NATIVE:
            widgets.append(line(texts("service.native", service=self.service.display), "text"))
        if not able:
            widgets.append(line(texts("sheet.no-entry"), "text"))
        if not faults:
            self.first = [{asked.name: self._stored(asked) for asked in page.fields} for page in self.pages]
        self.fields = []
        for number, page in enumerate(self.pages):
            given = entered[number] if faults else self.first[number]
            wrong = {
                asked.name: why
                for asked in page.fields
                if given[asked.name] != self.first[number][asked.name] and (why := asked.fault_of(given[asked.name]))
            }
            fields = Fields(texts, wrong)
            self.fields.append(fields)
            widgets.append(line(page.title.in_(texts.language), "title"))
            if text := page.text.in_(texts.language):
                widgets.append(line(text, "text"))
            for asked in page.fields:
                widgets.append(fields.of(asked, given[asked.name], disabled=not able))
                if asked.secret:
                    widgets.append(line(texts("sheet.secret"), "help"))
        await place.remove_children()
        await place.mount(*widgets)
        if not any(fields.focus_first() for fields in sorted(self.fields, key=lambda each: not each.faults)):
            self.query_one("#ok").focus()

    def _value(self, asked: Field) -> PropertyValue | None:
        """What the service is to be configured with, or what its sections have under the id of a field."""
        if asked.tag in self.given:
            return self.given[asked.tag]
        found = (
            value
            for section in self._sections
            for tag, value in section.properties.items()
            if prop_id(tag) == prop_id(asked.tag)
        )
        return next(found, None)

    def _stored(self, asked: Field) -> Entered:
        """The first content of a field: empty for a secret, and for a text that cannot be shown as it is."""
        value = self._value(asked)
        if value is None or asked.secret:
            return "" if asked.secret else asked.first
        if isinstance(value, bool):
            return value
        return str(value) if str(value).isprintable() else ""

    def _entered(self) -> dict[int, PropertyValue] | None:
        """The properties that were changed; None where something is wrong with what was entered."""
        found: dict[int, PropertyValue] = {}
        for page, fields, first in zip(self.pages, self.fields, self.first, strict=True):
            for asked in page.fields:
                entered = fields.entered[asked.name]
                if entered == first[asked.name]:
                    continue  # untouched, it stays what it is
                if asked.fault_of(entered) is not None:
                    return None
                value = asked.value_of(entered)
                if value is not None:
                    found[asked.tag] = value
        return found

    # Sections.

    def _of_sections(self) -> Iterator[Widget]:
        texts = self.texts
        parts = parts_of(ProfileAdmin(self.space).admin_services(self.before.name))
        named = {part.uid: part.path for part in parts}
        options = [(plain(named.get(each.uid, self.service.name)), each.uid) for each in self._sections]
        yield Select(options, value=self.uid, allow_blank=False, id="section", compact=True)
        yield OptionList(id="properties", markup=False)
        yield Horizontal(
            *(Button(texts(f"sheet.{name}"), id=name, compact=True) for name in ("change", "new", "remove")),
            classes="actions",
        )

    @property
    def _section(self) -> Section:
        uid = self.query_one("#section", Select).value
        return next(each for each in self._sections if each.uid == uid)

    def _show_section(self) -> None:
        texts, section, service = self.texts, self._section, self.service
        there = self.query_one("#properties", OptionList)
        at = there.highlighted or 0
        there.clear_options()
        is_provider = any(each.uid == section.uid for each in service.providers)
        role = SERVICE if section.uid == self.uid else PROVIDER if is_provider else ""
        for tag, value in section.properties.items():
            own = texts("sheet.read-only") if edit.is_mapis_own(self.copy, section, tag) else ""
            name = name_in_section(tag, service.name)
            shown = f"{name} {type_of(tag)} = {described(tag, value, role)}{own}"
            there.add_option(Option(escape(shown), f"tag-{tag:08X}"))
        if there.option_count:
            there.highlighted = min(at, there.option_count - 1)

    def on_select_changed(self, event: Select.Changed) -> None:
        """Another section."""
        if event.select.id == "section":
            self._show_section()

    @property
    def _tag(self) -> int | None:
        there = self.query_one("#properties", OptionList)
        if there.highlighted is None:
            return None
        return int((there.get_option_at_index(there.highlighted).id or "").removeprefix("tag-"), 16)

    def on_option_list_option_selected(self) -> None:
        """Enter changes a property."""
        self.action_change()

    @action
    async def action_change(self) -> None:
        """Give the property another value."""
        tag, texts, section = self._tag, self.texts, self._section
        if tag is None:
            return
        if edit.is_mapis_own(self.copy, section, tag):
            await self.app.push_screen_wait(Notice(texts, texts("sheet.read-only").strip()))
            return
        value = section.properties[tag]
        text = "" if is_secret_property(tag, value) else text_of(tag, value) or ""
        first = text if text.isprintable() else ""
        title = texts("sheet.change-title", name=name_in_section(tag, self.service.name), type=type_of(tag))
        asked = await self.app.push_screen_wait(Question(texts, title, {"value": (texts("sheet.value"), first)}))
        if asked is not None and asked["value"] != first:  # untouched, it stays what it is
            await self._set(lambda: {tag: value_of(tag, asked["value"])})

    @action
    async def action_new(self) -> None:
        """Set one property more; which one is asked first, so that no secret is typed in vain."""
        texts = self.texts
        asked = await self.app.push_screen_wait(
            Question(texts, texts("sheet.new-title"), {"tag": (texts("sheet.tag"), "")})
        )
        tag = await self.attempt(lambda: self._settable(asked["tag"])) if asked is not None else None
        if tag is None:
            return
        title = texts("sheet.change-title", name=name_in_section(tag, self.service.name), type=type_of(tag))
        reported = await self.app.push_screen_wait(Question(texts, title, {"value": (texts("sheet.value"), "")}))
        if reported is not None:
            await self._set(lambda: {tag: value_of(tag, reported["value"])})

    def _settable(self, text: str) -> int:
        """The tag that was typed; raises where no section takes it, or this one does not."""
        tag = tag_named(text)
        if is_secure(tag):
            raise secure_refused(tag, f"section {self._section.uid}")
        return tag

    @action
    async def action_remove(self) -> None:
        """Remove the property."""
        tag = self._tag
        if tag is not None:
            await self._set(lambda: {tag: None})

    async def _set(self, written: actions.Written) -> None:
        """Change the copy; shows what MAPI does not allow."""
        uid, before = self._section.uid, self.copy
        after = await self.attempt(lambda: edit.set_properties(before, uid, written()))
        if after is not None:
            self.copy = after
            self._show_section()

    # What it is, and the end.

    def _about(self) -> Iterator[Widget]:
        station, definition = self.panel.run.workstation, self.definition
        if definition is None:
            lines = [Line(escape(self.texts("sheet.not-installed", service=self.service.name)))]
        else:
            lines = list(service_lines(service_row(station, installed_packages(station), definition)))
        yield VerticalScroll(drawn(lines), classes="paper")

    @action
    async def action_ok(self) -> None:
        """Give what is wanted; a service may refuse it, and then the sheet stays."""
        properties = self._entered()
        if properties is None:
            await self._show_settings(faults=True)
            return
        if properties:
            for number in range(len(self.pages)):
                if await self.attempt(lambda page=number: self.entry.pages(page, properties)) is None:  # type: ignore[misc]
                    return
        profile = self.before.name
        chosen = actions.Chosen(self.uid, self.known_as)
        wanted = [actions.configure_service(profile, chosen, {**self.given, **properties})] if properties else []
        services = ProfileAdmin(self.space).admin_services(profile)
        sections = actions.section_actions(self.before, self.copy, lambda uid: section_name(services, uid))
        self.dismiss([*wanted, *sections])

    @action
    async def action_give_up(self) -> None:
        """Leave it; changes are discarded, after a question."""
        touched = self.copy is not self.before or self._entered() != {}
        drop = Confirmation(self.texts, self.texts("sheet.drop", service=self.service.display))
        if not touched or await self.app.push_screen_wait(drop):
            self.dismiss()
