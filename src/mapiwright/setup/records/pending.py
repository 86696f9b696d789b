"""The calls that are pending: what a receipt has deferred, and no later one has sent.

A call follows its service to the profile that it is in now: a rename takes along what waits, a copy does not. A call
is moot where its service, its profile or the receipt's own change is gone: then it is never sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mapiwright.entry.call import OF_THE_MACHINE
from mapiwright.entry.makers import call_of
from mapiwright.entry.service.contract import Context
from mapiwright.errors import NotFoundError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile import store
from mapiwright.mapi.profile.edit import instance_of
from mapiwright.message import Message
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import SEND, SendRecord, to_json
from mapiwright.transaction.plans.effect import Status
from mapiwright.transaction.plans.plan import Plan
from mapiwright.transaction.plans.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mapiwright.admin.workspace import Workspace
    from mapiwright.entry.call import EntryCall
    from mapiwright.setup.records.installed import Installation
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workstation.workstation import User, Workstation


@dataclass(frozen=True, slots=True)
class Pending:
    """A call that waits: the receipt that recorded it, its number among the effects there, and the call itself."""

    receipt: str
    number: int
    call: EntryCall

    def document(self) -> Mapping[str, Any]:
        """The receipt, and the call in English and as a message."""
        title = self.call.title
        return {"receipt": self.receipt, "call": str(title), "message": title.to_json()}

    def plan(self, host: str) -> Plan:
        """The plan that sends it, by the code that ``host`` runs, or by the service's stand-in."""
        call = replace(self.call, host=host)
        title = Message.of("steps.call-pending", call=call.title, receipt=self.receipt)
        return Plan(SEND, title, (call,), Terms(to_json(SendRecord(((self.receipt, self.number),)))))


def pending_calls(workstation: Workstation, services: Iterable[str] = ()) -> tuple[Pending, ...]:
    """The calls that are to be sent, in the order in which they were deferred; of these services, or of all.

    Raises RefusedError where our records may not be read.
    """
    wanted = {upcase(service) for service in services}
    records = records_of(workstation)
    return tuple(
        each
        for each in _waiting(workstation, records.receipts, records.sent)
        if not wanted or upcase(each.call.service) in wanted
    )


def left_by(workstation: Workstation, made: Sequence[Receipt]) -> tuple[Pending, ...]:
    """What these receipts leave to be sent, also where the others may not be read."""
    if not any(effect.status == Status.PENDING for receipt in made for effect in receipt.effects):
        return ()
    ids = {receipt.id for receipt in made}
    try:
        return tuple(each for each in pending_calls(workstation) if each.receipt in ids)
    except RefusedError:
        return tuple(_waiting(workstation, made, frozenset()))


def _waiting(
    workstation: Workstation, receipts: Iterable[Receipt], sent: frozenset[tuple[str, int]]
) -> list[Pending]:
    found: list[Pending] = []
    for receipt in receipts:
        for number, deferred in _deferred(receipt):
            call = followed(deferred, workstation)
            found = [each for each in found if not _ends(call, each.call)]
            if (receipt.id, number) not in sent and not _is_moot(call, workstation):
                found.append(Pending(receipt.id, number, call))
    return found


def followed(call: EntryCall, workstation: Workstation) -> EntryCall:
    """The call in the profile that its service is in now; as it is where that is gone or cannot be read."""
    if call.context in OF_THE_MACHINE:
        return call
    user = next((each for each in workstation.users if upcase(each.name) == upcase(call.user)), None)
    if user is None:
        return call
    try:
        homes = workstation.kept.once(("homes of services", user.sid), lambda: _homes(workstation, user))
    except RefusedError:
        return call
    there = [home for home in homes.get(call.uid, ()) if not call.instance or home[1] in {"", call.instance}]
    same = any(upcase(name) == upcase(call.profile) for name, _ in there)
    return call if same or not there else replace(call, profile=there[0][0])


def _homes(workstation: Workstation, user: User) -> dict[str, list[tuple[str, str]]]:
    """The name and the instance of each profile that has a service, by the service's uid."""
    found: dict[str, list[tuple[str, str]]] = {}
    edition = workstation.outlook.edition
    for name in store.profile_names(workstation.registry, user.root, edition):
        profile = store.read_profile_of(
            workstation.registry,
            user.root,
            edition,
            name,
            default_pointer=workstation.outlook.bitness.pointer,
            code_page=workstation.code_page,
        )
        if profile is not None:
            for service in profile.services:
                found.setdefault(service.uid, []).append((name, instance_of(profile)))
    return found


def with_what_copies_lack(plan: Plan, spaces: Sequence[Workspace]) -> Plan:
    """The plan with a note for each call that waits for a profile or a service of which it makes a copy."""
    made = [(space, profile) for space in spaces for profile in space.made if profile.services]
    copies = [(space, copy) for space in spaces for copy in space.copies]
    if not made and not copies:
        return plan
    try:
        waiting = pending_calls(spaces[0].workstation)
    except RefusedError:  # our records are closed to this user: what asks for them says so
        return plan
    notes = tuple(
        Message.of("sentences.copy-lacks", call=each.call.title, copy=profile.name)
        for space, profile in made
        for each in waiting
        if upcase(each.call.user) == upcase(space.user.name) and profile.service(each.call.uid) is not None
    ) + tuple(
        Message.of("sentences.service-copy-lacks", call=each.call.title, service=each.call.service, profile=copy.to)
        for space, copy in copies
        for each in waiting
        if upcase(each.call.user) == upcase(space.user.name) and (each.call.uid, each.call.profile) == copy.of
    )
    return replace(plan, terms=replace(plan.terms, notes=(*plan.terms.notes, *notes))) if notes else plan


def pending_of(workstation: Workstation, found: Installation) -> tuple[Pending, ...]:
    """The calls of a package's services that are to be sent, whichever verb deferred them.

    Raises RefusedError where our records may not be read.
    """
    return pending_calls(workstation, found.services) if found.services else ()


def _deferred(receipt: Receipt) -> Iterator[tuple[int, EntryCall]]:
    if receipt.undone_by:
        return
    for number, effect in enumerate(receipt.effects):
        call = call_of(effect.kind, effect.description) if effect.status == Status.PENDING else None
        if call is not None:  # None is a newer version's, which will send it
            yield number, call


def _ends(later: EntryCall, earlier: EntryCall) -> bool:
    """Whether what was deferred later makes an earlier call of the same service pointless."""
    if upcase(later.service) != upcase(earlier.service):
        return False
    return later.context is Context.UNINSTALL or (later.context is Context.DELETE and _are_of_one(later, earlier))


def _are_of_one(call: EntryCall, other: EntryCall) -> bool:
    """Whether two calls are about one service of one profile: a copy of that has the uids, too."""
    if call.uid != other.uid or upcase(call.user) != upcase(other.user):
        return False
    if call.instance and other.instance:
        return call.instance == other.instance
    return upcase(call.profile) == upcase(other.profile)


def _is_moot(call: EntryCall, workstation: Workstation) -> bool:
    """Whether there is nothing left that the call could be about: what is removed is called before, or never."""
    if call.context in {Context.UNINSTALL, Context.DELETE, Context.PROVIDER_DELETE}:
        return True
    try:
        call.check_subject(workstation)
    except NotFoundError:
        return True
    except RefusedError:  # what cannot be read, as a damaged MAPISVC.INF, may still hold it
        return False
    return False
