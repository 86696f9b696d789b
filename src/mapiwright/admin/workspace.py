"""A workspace: one user of one workstation, read as profiles and changed by plans.

Every admin method changes drafts here. Outside a batch the drafts become one transaction at the end of the call;
under ``with workspace.batch():`` all calls become one. Nothing in this floor writes by itself.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from mapiwright.admin.drafts import Drafts, Due, ServiceCopy
from mapiwright.admin.table import edition_of
from mapiwright.admin.usage import Usage
from mapiwright.entry.conditional_calls import TolerantCall
from mapiwright.entry.service.contract import EntryPolicy
from mapiwright.entry.service.entry_points import has_entry_point
from mapiwright.errors import NotFoundError
from mapiwright.formats.command_line import quoted
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.mapisvc import read_mapisvc
from mapiwright.mapi.profile import startup, store
from mapiwright.message import Message, as_message
from mapiwright.transaction.plans.plan import Leg, Plan, without_repeats
from mapiwright.transaction.plans.terms import Terms
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mapiwright.entry.call import EntryCall
    from mapiwright.mapi.inf.catalogue import Catalogue
    from mapiwright.mapi.profile.profile import Profile, Service
    from mapiwright.transaction.plans.effect import Effect
    from mapiwright.transaction.plans.plan import Step
    from mapiwright.workstation.registry import Key
    from mapiwright.workstation.workstation import User, Workstation


def new_uid() -> bytes:
    """Make a fresh MAPIUID: the 16 bytes of a random GUID in memory order ([imapisupport-newuid])."""
    return uuid.uuid4().bytes_le


class Workspace:
    """The profiles of one user, with the changes that wait to be made.

    ``send`` makes a plan true (the transaction's ``execute``, bound to the workstation); without it a workspace
    only plans. ``report`` shows a person a sentence, of which MAPI has one, the restart warning; without it
    nothing is shown. ``catalogue`` stands in for the workstation's own MAPISVC.INF, and ``stand_ins`` adds services
    (their names in upper case) that will have one, for a plan that installs them first. ``policy`` says what happens
    to a call that cannot be made here, and ``host`` where a service's own library is called, see
    ``entry.hosts.hosts``.
    """

    def __init__(
        self,
        workstation: Workstation,
        user: User,
        *,
        send: Callable[[Plan], object] | None = None,
        report: Callable[[str], object] = lambda _: None,
        catalogue: Catalogue | None = None,
        stand_ins: frozenset[str] = frozenset(),
        policy: EntryPolicy = EntryPolicy.DEFER,
        host: str = "",
        uid: Callable[[], bytes] = new_uid,
    ) -> None:
        self.workstation = workstation
        self.user = user
        self.uid = uid
        self.policy = policy
        self.host = host
        self.edition = edition_of(workstation, user)
        self.report = report
        self.usage = Usage()
        self._send = send
        self._catalogue = catalogue
        self._stand_ins = stand_ins
        self._depth = 0
        self._drafts = Drafts()

    # What there is, drafts included.

    @property
    def catalogue(self) -> Catalogue:
        """What the workstation's MAPISVC.INF means; empty where there is no file."""
        if self._catalogue is None:
            self._catalogue = read_catalogue(self.workstation)
        return self._catalogue

    @property
    def default(self) -> str | None:
        """The name of the default profile, or None."""
        return self._drafts.default[0] if self._drafts.default else self._stored_default

    @property
    def _stored_default(self) -> str | None:
        return store.default_name(self.workstation.registry, self.user.root, self.edition)

    @property
    def asks_for_profile(self) -> bool:
        """Whether Outlook asks the user for a profile at each start, instead of using the default one."""
        if self._drafts.asks:
            return self._drafts.asks[0]
        return startup.asks_for_profile(self.workstation.registry, self.user.root)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the profiles, in stored order."""
        stored = store.profile_names(self.workstation.registry, self.user.root, self.edition)
        drafts = self._drafts.profiles
        kept = [name for name in stored if (draft := drafts.get(upcase(name))) is None or draft.after]
        known = {upcase(name) for name in stored}
        made = [d.after.name for key, d in drafts.items() if d.after and key not in known]
        return (*kept, *made)

    def find(self, name: str) -> Profile | None:
        """The profile of that name without regard to case, or None."""
        draft = self._drafts.profiles.get(upcase(name))
        return draft.after if draft else self._stored(name)

    def profile(self, name: str) -> Profile:
        """The profile of that name; raises NotFoundError that lists the others."""
        found = self.find(name)
        if found is None:
            there = ", ".join(self.names) or "none"
            raise NotFoundError(
                f"there is no profile {name!r}",
                where=f"user {self.user.name}",
                remedy=f"Profiles of this user: {there}.",
            )
        return found

    @property
    def default_or_only(self) -> str:
        """The default profile's name, or that of the only one; raises NotFoundError where neither is clear."""
        names = self.names
        name = self.default or (names[0] if len(names) == 1 else None)
        if name is None:
            raise NotFoundError(
                f"user {self.user.name} has no default profile",
                remedy=f"Name a profile. Profiles of this user: {', '.join(names) or 'none'}.",
            )
        return name

    def stored_key(self, name: str) -> Key:
        """The registry key of a profile as it is stored, drafts not included."""
        path = self.user.root / PROFILE_ROOTS[self.edition].profiles / self.profile(name).name
        key = self.workstation.registry.read(path)
        if key is None:
            raise NotFoundError(f"profile {name!r} is drafted, not stored", where=str(path))
        return key

    def _stored(self, name: str) -> Profile | None:
        return store.read_profile_of(
            self.workstation.registry,
            self.user.root,
            self.edition,
            name,
            default_pointer=self.pointer,
            code_page=self.workstation.code_page,
        )

    @cached_property
    def pointer(self) -> int:
        """The pointer size of the workstation's Outlook in bytes, for a profile that has no neighbours to show it."""
        return self.workstation.outlook.bitness.pointer

    def has_entry_point(self, service: Service) -> bool:
        """Whether a service of a profile can be called, now or when the plan has run."""
        if upcase(service.name) in self._stand_ins:
            return True
        return has_entry_point(self.workstation, service.name, declared=service.declares_entry)

    # What is wanted.

    def put(self, before: Profile | None, after: Profile | None) -> None:
        """Draft a profile: made where ``before`` is None, gone where ``after`` is None, else changed or renamed."""
        origin = self._drafts.origin(before.name) if before is not None else ""
        if before is not None and (after is None or upcase(after.name) != upcase(before.name)):
            self._drafts.put(before.name, None, "", self._stored)
            self._drafts.rename_calls(before.name, None if after is None else after.name)
        if after is not None:
            self._drafts.put(after.name, after, origin, self._stored)

    def origin(self, name: str) -> Profile | None:
        """The profile as the registry has it, under whatever name; None where this batch makes it."""
        stored = self._drafts.origin(name)
        return self._stored(stored) if stored else None

    def set_default(self, name: str | None) -> None:
        """Draft the default profile."""
        self._drafts.default = (name,)

    def set_asks_for_profile(self, *, ask: bool) -> None:
        """Draft whether Outlook asks the user for a profile."""
        self._drafts.asks = (ask,)

    def call_before(self, call: EntryCall) -> None:
        """Have an entry point called while the profiles are as they were."""
        self._drafts.calls_before.append(call)

    def call_after(self, call: EntryCall, step: Callable[[EntryCall], Effect] = lambda call: call) -> None:
        """Have an entry point called when the profiles are as drafted; ``step`` adds what follows from that."""
        self._drafts.calls_after.append(Due(call, step))

    def withdraw(self, profile: str, uid: str, provider: str = "") -> None:
        """Make none of the calls that wait for a service or provider, as it goes."""
        self._drafts.withdraw(profile, uid, provider)

    def copied(self, profile: str, uid: str, to: str) -> None:
        """Keep in mind that a service of one profile is copied into another, or into the same."""
        self._drafts.copies.append(ServiceCopy((uid, profile), to))

    def afterwards(self, report: Callable[[], object]) -> None:
        """Have it reported when what is drafted has been done."""
        self._drafts.afterwards.append(report)

    @contextmanager
    def batch(self, title: str | Message = "") -> Iterator[Workspace]:
        """Gather all calls into one transaction, sent when the outermost batch ends; a text as title stays as it is.

        An error that leaves a batch drops what was drafted in it, and so one that leaves the outermost sends
        nothing.
        """
        drafts, marks, sent = self._drafts.copy(), self.usage.marks, None
        if title:
            self._drafts.titles.append(as_message(title))
        self._depth += 1
        try:
            try:
                yield self
            finally:
                self._depth -= 1
            if not self._depth and self._send is not None:
                sent, whole = self.plan(), self._drafts
                self._drafts = Drafts()
                if not sent.empty:
                    self._send(sent)
        except BaseException:
            self.usage.marks = marks
            self._drafts = drafts
            raise
        if sent is not None:  # it is done, whatever is reported of it now
            for report in whole.afterwards:
                report()
            _raise_first_failure(sent)

    @property
    def made(self) -> tuple[Profile, ...]:
        """The profiles that are drafted and that the registry has under no name."""
        drafts = self._drafts.profiles.values()
        return tuple(draft.after for draft in drafts if draft.after is not None and not draft.origin)

    @property
    def copies(self) -> tuple[ServiceCopy, ...]:
        """The copies of services that are drafted."""
        return tuple(self._drafts.copies)

    @property
    def titles(self) -> tuple[Message, ...]:
        """What is drafted."""
        return tuple(self._drafts.titles)

    @property
    def note(self) -> Message | None:
        """That the drafts take the default profile away and leave others, and what to do; or None."""
        before, names = self._stored_default, self.names
        if before is None or self.default is not None or not names or self.find(before) is not None:
            return None
        several = sum(not user.template for user in self.workstation.users) > 1
        person = f" --user {quoted(self.user.name)}" if several else ""
        choose = f'mapiwright profile default "{names[0]}"{person}'
        return Message.of("sentences.default-gone", profile=before, command=choose)

    def plan(self) -> Plan:
        """The plan that makes the drafts true."""
        return joined_plan([self])

    def steps(self) -> Iterator[Step]:
        """The steps of the plan: calls before, one leg of registry changes, calls after."""
        drafts = self._drafts
        if drafts.calls_before or drafts.calls_after:
            # What a call will write is not known before it is made, so that it is not made in vain.
            self.workstation.registry.refuse_unwritable([self.user.root])
        yield from drafts.calls_before
        changes = store.profiles_changes(
            self.workstation.registry,
            self.user.root,
            self.edition,
            [(draft.before, draft.after) for draft in drafts.profiles.values()],
            self.workstation.code_page,
        )
        defaults = (
            store.default_changes(self.workstation.registry, self.user.root, self.edition, drafts.default[0])
            if drafts.default
            else ()
        )
        asks = (
            startup.startup_changes(self.workstation.registry, self.user.root, ask=drafts.asks[0])
            if drafts.asks
            else ()
        )
        if changes or defaults or asks:
            yield Leg(Message.of("steps.profiles", user=self.user.name), (*changes, *defaults, *asks))
        yield from (due.step(due.call) for due in drafts.calls_after)


def _raise_first_failure(plan: Plan) -> None:
    """Raise what the first service answered that was left out, now that all others are in."""
    failed = next((step for step in plan.effects if isinstance(step, TolerantCall) and step.failures), None)
    if failed is not None:
        error = failed.failures[0]
        error.remedy = f"The profile was made without {failed.call.service}. Add it when that is fixed."
        raise error


def joined_plan(spaces: Sequence[Workspace]) -> Plan:
    """One plan for the drafts of several users, with what people should know of them."""
    steps = without_repeats(step for space in spaces for step in space.steps())
    title = Message.joined(title for space in spaces for title in space.titles)
    notes = tuple(note for space in spaces if (note := space.note) is not None)
    return Plan("profile", title, steps, Terms(notes=notes))


def read_catalogue(workstation: Workstation) -> Catalogue:
    """What the workstation's MAPISVC.INF means; empty where there is no file."""
    return read_mapisvc(workstation).catalogue
