"""A PRF file as a plan: the profile that it describes, made or changed through the administration objects ([prf] 2).

What the file wants and the profile has already is left alone, so that a file that was applied has nothing more to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mapiwright.admin.operations import operations as op
from mapiwright.admin.operations.drafting import draft
from mapiwright.admin.operations.operations import ProfileSpec, ServiceSpec
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import joined_plan
from mapiwright.entry.makers import call_of
from mapiwright.entry.service.contract import Context
from mapiwright.errors import FindingsError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.prf.export import Waiting
from mapiwright.mapi.prf.labels import SEVERAL
from mapiwright.mapi.prf.reading import Overwrite
from mapiwright.mapi.profile import roles
from mapiwright.mapi.profile.app_profile import is_app_profile
from mapiwright.mapi.profile.edit import LONGEST_NAME
from mapiwright.mapi.props.tags import PR_STORE_PROVIDERS, prop_id
from mapiwright.message import Message
from mapiwright.setup.install.user_plan import DEFAULT_PROFILE
from mapiwright.setup.prf.target import for_user, is_single, target_findings, variables_of
from mapiwright.setup.records.pending import followed, pending_calls, with_what_copies_lack
from mapiwright.setup.records.records import records_of
from mapiwright.transaction.plans.effect import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mapiwright.admin.workspace import Workspace
    from mapiwright.entry.call import EntryCall
    from mapiwright.errors import Finding
    from mapiwright.formats.props import Properties, PropertyValue
    from mapiwright.mapi.prf.reading import Item, ProfileFile
    from mapiwright.mapi.profile.profile import Profile, Section, Service
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.workstation import Workstation

VERB = "prf"
BACKUP = "Backup Of "
"""How Outlook calls the copy of a profile that a file is about to change."""


def plan_prf(file: ProfileFile, spaces: Sequence[Workspace], *, name: str) -> Plan:
    """The plan that applies a file, called ``name`` to people, for these users; empty where all is as it says.

    The caller has refused the errors of ``check`` and of ``findings_for``. Notes say what is not done, and why.
    """
    notes: list[Message] = []
    for space in spaces:
        with space.batch():
            wanted = for_user(file, variables_of(space.workstation, space.user))
            drafted = _Import(wanted, space, ConfiguredProperties.on(space.workstation)).draft()
            notes += map(Message.literal, drafted)
    plan = with_what_copies_lack(joined_plan(spaces), spaces)
    reported = tuple(dict.fromkeys((*plan.notes, *notes)))
    title = Message.of("steps.prf", file=name)
    return replace(plan, verb=VERB, title=title, terms=replace(plan.terms, notes=reported))


def findings_for(file: ProfileFile, spaces: Sequence[Workspace]) -> tuple[Finding, ...]:
    """What stands between a file and these users of a workstation, each thing reported once."""
    found = (
        finding
        for space in spaces
        for finding in target_findings(for_user(file, variables_of(space.workstation, space.user)), space)
    )
    return tuple(dict.fromkeys(found))


def refusal(findings: Sequence[Finding], where: str) -> FindingsError:
    """The error that refuses a file with these findings."""
    return FindingsError(
        "the PRF file cannot be applied as it is meant; nothing was changed",
        [replace(each, where=each.where or where) for each in findings],
        where=where,
    )


@dataclass(slots=True)
class _Import:
    """A file on its way into one user's profiles; its variables are expanded.

    ``found`` are the services of the profile that entries of the file stand for, by key in upper case.
    """

    file: ProfileFile
    space: Workspace
    asked: ConfiguredProperties
    found: dict[str, str] = field(default_factory=dict)

    def draft(self) -> Iterator[str]:
        """Draft what the file wants, and report what is left out."""
        general, space = self.file.general, self.space
        profiles = ProfileAdmin(space)
        there = self._profile()
        name = there.name if there is not None else general.name or DEFAULT_PROFILE
        is_named = there is not None and upcase(there.name) == upcase(general.name)
        if is_named and general.overwrite is Overwrite.NO and not general.modify_default:
            yield f"Profile {name} of {space.user.name} is there; OverwriteProfile=No leaves it as it is."
            return
        as_default = general.default or (space.default is not None and upcase(space.default) == upcase(name))
        if there is not None:
            replaces = is_named and general.overwrite is Overwrite.YES and not self._has_services(there, alone=True)
            if general.backup and (replaces or not self._has_all(there)):
                draft(op.CopyProfile(name, _free(space, f"{BACKUP}{name}")), profiles)
            if replaces:
                draft(op.DeleteProfile(name), profiles)
        if space.find(name) is None:
            draft(op.CreateProfile(ProfileSpec(name)), profiles)
        self._fill(profiles, name)
        if as_default and (space.default is None or upcase(space.default) != upcase(name)):
            draft(op.SetDefaultProfile(name), profiles)
        yield from self._left_out()

    def _profile(self) -> Profile | None:
        """The profile that is there already for the file: of its name, or the default one where that may be changed.

        [prf] 2.1: ModifyDefaultProfileIfPresent changes the default profile even if its name differs.
        """
        general, space = self.file.general, self.space
        default = space.find(space.default) if general.modify_default and space.default is not None else None
        found = default or (space.find(general.name) if general.name else None)
        if found is not None and is_app_profile(found):
            raise RefusedError(
                f"{found.name!r} is the profile of an application",
                where=f"user {space.user.name}",
                remedy="Take another ProfileName.",
            )
        return found

    # What is there already.

    def _has_services(self, profile: Profile, *, alone: bool = False) -> bool:
        """Whether a profile has the file's services with their values; ``alone``: in their order, and no others."""
        probe = replace(self, found={})
        for item in self.file.services:
            there = probe._match(profile, item) if item.service else None
            if there is not None and not probe._lacks(profile, there, item):
                probe.found[upcase(item.key)] = there.uid
            elif item.service:
                return False
        return not alone or list(dict.fromkeys(probe.found.values())) == [each.uid for each in profile.services]

    def _has_all(self, profile: Profile) -> bool:
        """Whether a profile has the services of the file, and the values that go to other sections."""
        return self._has_services(profile) and all(
            _holds(profile.existing([item.label.section]), tag, value)
            for item in self.file.services
            if item.label is not None and item.label.section
            for tag, value in item.properties.items()
        )

    def _match(self, profile: Profile, item: Item) -> Service | None:
        """The service of a profile that an entry stands for.

        One that is unique is the one that is there; of one that there may be several of, it is one that no other
        entry stands for and that has all values: another run made it.
        """
        same = [each for each in profile.services if upcase(each.name) == upcase(item.service)]
        free = [each for each in same if each.uid not in self.found.values()]
        if self._is_unique(item):
            return next(iter(free or same), None)
        return next((each for each in free if not self._lacks(profile, each, item)), None)

    def _is_unique(self, item: Item) -> bool:
        definition = self.space.catalogue.find(item.service)
        if definition is not None and is_single(definition):
            return True
        return item.unique if item.unique is not None else upcase(item.service) not in SEVERAL

    def _lacks(self, profile: Profile, service: Service, item: Item) -> bool:
        """Whether a service lacks a value of an entry: no section has it, and no call has brought it or will."""
        waiting, sent = self.asked.of(self.space, profile, service)
        sections = _sections(service)
        return any(
            waiting.get(tag) != value
            and not _holds(sections, tag, value)
            # What it was sent and keeps in a way of its own is right; where a section has the id, that decides.
            and (sent.get(tag) != value or any(True for _ in _stored(sections, tag)))
            for tag, value in item.properties.items()
        )

    # What is made.

    def _fill(self, profiles: ProfileAdmin, name: str) -> None:
        for item in self.file.services:
            if item.service:
                self._serve(profiles, name, item)
        # After the services: the extra section of one that comes must not find itself taken by a value of ours.
        for item in self.file.services:
            if item.label is not None and item.label.section and item.properties:
                draft(op.SetProperties(name, item.label.section, item.properties), profiles)
        service = self.found.get(upcase(self.file.general.default_store))
        store = _first_store(self.space.profile(name), service) if service is not None else None
        if store is not None:
            draft(op.SetDefaultStore(name, store), profiles)

    def _serve(self, profiles: ProfileAdmin, name: str, item: Item) -> None:
        """Find the service of an entry in the profile, or add it, and give it its values ([prf] 2.3)."""
        services = profiles.admin_services(name)
        there = self._match(services.profile, item)
        is_older = there is not None and there.uid not in self.found.values()
        if there is not None and is_older and item.overwrite and self._lacks(services.profile, there, item):
            draft(op.RemoveService(name, there.uid), profiles)
            there = None
        (uid,) = (
            (there.uid,) if there is not None else draft(op.AddServices(name, (ServiceSpec(item.service),)), profiles)
        )
        self.found[upcase(item.key)] = uid
        service = services.find(uid)
        if not self._lacks(services.profile, service, item):
            return
        if self.space.has_entry_point(service):
            draft(op.ConfigureService(name, uid, item.properties), profiles)
            return
        # No entry point puts the values anywhere, so they go where the service keeps such properties.
        for section, properties in _by_section(service, item.properties).items():
            draft(op.SetProperties(name, section, properties), profiles)

    def _left_out(self) -> Iterator[str]:
        secrets = [
            f"{each.key} of {item.key}" for item in self.file.services for each in item.assignments if each.secret
        ]
        if secrets:
            yield f"Passwords are not applied: {', '.join(secrets)}. Outlook asks the user for them."
        if self.file.accounts:
            names = ", ".join(f"{item.key} ({item.name})" for item in self.file.accounts)
            yield f"Outlook itself makes the accounts of the file: {names}. Have it import the file too."


@dataclass(frozen=True, slots=True)
class ConfiguredProperties:
    """What services were configured with, by calls that wait and by those that were sent: properties by place.

    A place is a user's name, a profile's name in upper case, and the uid of the service.
    """

    waiting: Mapping[tuple[str, str, str], Properties]
    sent: Mapping[tuple[str, str, str], Properties]
    withheld: Mapping[tuple[str, str, str], tuple[int, ...]]
    """The tags of secrets with which calls that wait were to configure; they were not kept."""

    @classmethod
    def on(cls, workstation: Workstation) -> ConfiguredProperties:
        """What the records of a workstation say."""
        done = (
            call_of(effect.kind, effect.description)
            for receipt in records_of(workstation).receipts
            if not receipt.undone_by
            for effect in receipt.effects
            if effect.status == Status.DONE
        )
        sent = (followed(call, workstation) for call in done if call is not None)
        waiting = [each.call for each in pending_calls(workstation)]
        withheld = {_place(call): call.withheld for call in waiting if call.withheld}
        return cls(_by_place(waiting), _by_place(sent), withheld)

    def of(self, space: Workspace, profile: Profile, service: Service) -> tuple[Properties, Properties]:
        """What one service was configured with."""
        place = space.user.name, upcase(profile.name), service.uid
        return self.waiting.get(place, {}), self.sent.get(place, {})

    def waiting_in(self, space: Workspace, profile: Profile) -> Mapping[str, Waiting]:
        """What waits for the services of a profile, by their uids."""
        places = {each.uid: (space.user.name, upcase(profile.name), each.uid) for each in profile.services}
        return {
            uid: Waiting(self.waiting.get(place, {}), self.withheld.get(place, ()))
            for uid, place in places.items()
            if place in self.waiting or place in self.withheld
        }


def _by_place(calls: Iterable[EntryCall]) -> dict[tuple[str, str, str], Properties]:
    found: dict[tuple[str, str, str], Properties] = {}
    for call in calls:
        if call.context is Context.CONFIGURE:
            place = _place(call)
            found[place] = {**found.get(place, {}), **call.properties}
    return found


def _place(call: EntryCall) -> tuple[str, str, str]:
    return call.user, upcase(call.profile), call.uid


def _holds(sections: Iterable[Section], tag: int, value: PropertyValue) -> bool:
    return any(each == value for each in _stored(sections, tag))


def _stored(sections: Iterable[Section], tag: int) -> Iterator[PropertyValue]:
    """The values under an id in some sections, whatever their type."""
    for section in sections:
        yield from (value for each, value in section.properties.items() if prop_id(each) == prop_id(tag))


def _sections(service: Service) -> tuple[Section, ...]:
    return (service.section, *(each.section for each in service.providers), *service.extras)


def _by_section(service: Service, properties: Properties) -> dict[str, dict[int, PropertyValue]]:
    """The properties by the section that has the id; what none has goes to the service's own."""
    found: dict[str, dict[int, PropertyValue]] = {}
    for tag, value in properties.items():
        holder = next(
            (each.uid for each in _sections(service) if prop_id(tag) in {prop_id(own) for own in each.properties}),
            service.uid,
        )
        found.setdefault(holder, {})[tag] = value
    return found


def _first_store(profile: Profile, service: str) -> str | None:
    """The first store of a service that can be the default one."""
    found = profile.service(service)
    stores = {each.uid for each in found.providers if roles.is_eligible(each)} if found is not None else set()
    return next((each.uid for each in profile.providers(PR_STORE_PROVIDERS) if each.uid in stores), None)


def _free(space: Workspace, name: str) -> str:
    """The name, cut to what a profile may have, or the first with a number behind it that no profile has."""
    number = 1
    candidate = name[:LONGEST_NAME].rstrip()
    while space.find(candidate) is not None:
        number += 1
        candidate = f"{name[: LONGEST_NAME - len(str(number)) - 1].rstrip()} {number}"
    return candidate
