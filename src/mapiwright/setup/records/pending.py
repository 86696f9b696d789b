"""The calls that are pending: what a receipt has deferred, and no later one has sent.

A call is moot where its service, its profile or the receipt's own change is gone: then it is never sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mapiwright.entry.makers import call_of
from mapiwright.entry.service.contract import Context
from mapiwright.errors import NotFoundError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.message import Message
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import SEND, SendRecord, to_json
from mapiwright.transaction.plans.effect import Status
from mapiwright.transaction.plans.plan import Plan
from mapiwright.transaction.plans.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mapiwright.entry.call import EntryCall
    from mapiwright.setup.records.installed import Installation
    from mapiwright.transaction.plans.effect import Json
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workstation.workstation import Workstation


@dataclass(frozen=True, slots=True)
class Pending:
    """A call that waits: the receipt that recorded it, its number among the effects there, and the call itself."""

    receipt: str
    number: int
    call: EntryCall

    def document(self) -> Mapping[str, Json]:
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
    found: list[Pending] = []
    for receipt in records.receipts:
        for number, call in _deferred(receipt):
            if wanted and upcase(call.service) not in wanted:
                continue
            found = [each for each in found if not _ends(call, each.call)]
            if (receipt.id, number) not in records.sent and not _is_moot(call, workstation):
                found.append(Pending(receipt.id, number, call))
    return tuple(found)


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
    return later.context is Context.UNINSTALL or (later.context is Context.DELETE and later.uid == earlier.uid)


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
