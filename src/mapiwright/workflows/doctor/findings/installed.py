"""What Mapiwright itself did on a workstation: half-done transactions, calls still to be sent, files that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.service.record import read_record, sources_of
from mapiwright.errors import (
    ConflictError,
    FormatError,
    NotFoundError,
    RecoveryNeededError,
    RefusedError,
    UntrustedError,
)
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.install.repair import plan_guard
from mapiwright.setup.records.installed import refuse_as_user
from mapiwright.setup.records.pending import pending_calls
from mapiwright.setup.records.records import records_of
from mapiwright.transaction.records.journal import Journal
from mapiwright.transaction.set_aside import remains_of
from mapiwright.workflows.doctor.findings.rules import command, finding
from mapiwright.workstation.change import SetValue, WriteFile
from mapiwright.workstation.files import same
from mapiwright.workstation.state import JOURNAL
from mapiwright.workstation.subject import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mapiwright.errors import Finding
    from mapiwright.setup.records.installed import Installation
    from mapiwright.workstation.workstation import User, Workstation

WAITS = "MW6402"
"""What says that a call waits."""
_KEPT = (SetValue, WriteFile)
"""What of a plan is a thing that somebody lost; the folders and keys above it are no news."""


def transaction_findings(workstation: Workstation) -> Iterator[Finding]:
    """A transaction that was interrupted."""
    remedy = f"End it: {command(workstation, 'recover')}"
    try:
        journal = Journal(workstation.state)
    except RefusedError:
        return  # the records are closed to this user, or not believed, which another finding says
    except RecoveryNeededError as error:
        yield finding("MW6401", error.where or workstation.state_folder, error.what, remedy=remedy)
        return
    if journal.exists:
        yield finding("MW6401", workstation.state_folder, _begun(journal), remedy=remedy)


def _begun(journal: Journal) -> str:
    return f"{str(journal.title) or 'a transaction'!r} was begun and not ended, or is under way just now"


def users_records_findings(workstation: Workstation) -> Iterator[Finding]:
    """What lies among users' own records and is none, and their transactions that were interrupted."""
    for user, state in workstation.users_states.items():
        for fault in state.faults():
            yield finding("MW6411", fault.where, f"the records of {user.name}: {fault.what}")
        try:
            journal = Journal(state)
            if journal.records:
                remedy = f"End it: {command(workstation, 'recover')}"
                yield finding("MW6401", f"the records of {user.name}", _begun(journal), remedy=remedy)
            elif journal.exists:
                yield finding("MW6411", JOURNAL, f"the records of {user.name}: no line of the journal can be read")
        except RecoveryNeededError as error:
            yield finding("MW6411", error.where, f"the records of {user.name}: {error.what}")


def service_record_findings(workstation: Workstation, services: Iterable[str]) -> Iterator[Finding]:
    """The records of services that are damaged, or that no receipt is about; none of their code is run."""
    for service in services:
        try:
            record = read_record(workstation, service)
            if record is not None:
                sources_of(workstation, record)
        except (FormatError, NotFoundError, UntrustedError, ConflictError) as error:
            yield finding("MW6412", error.where, error.what, remedy=error.remedy)
        except RefusedError:
            return  # the records are closed to this user, which another finding says


def set_aside_findings(workstation: Workstation) -> Iterator[Finding]:
    """What was left as it was when a recovery could not end."""
    try:
        there = tuple(remains_of(workstation.state))
    except RefusedError:
        return  # the records are closed to this user, which MW6409 says
    for remains in there:
        what = (
            f"{str(remains.title)!r} was set aside as {remains.id}, {'; '.join(remains.left) or 'with its journal'}"
        )
        forget = command(workstation, "recover", "--forget", remains.id)
        remedy = f"Repair or reinstall the package, or put the things back by hand; then: {forget}"
        yield finding("MW6415", workstation.state_folder, what, remedy=remedy)


def read_installations(workstation: Workstation) -> tuple[Mapping[str, Installation] | None, tuple[Finding, ...]]:
    """The installed packages by id; and what is to be reported of the receipts, or of packages that went in part.

    None instead of packages where the records are closed to this user, or not to be believed.
    """
    try:
        refuse_as_user(workstation)
        records = records_of(workstation)
    except UntrustedError as error:
        return None, (finding("MW6410", error.where, error.what, remedy=error.remedy),)
    except RefusedError as error:
        return None, (finding("MW6409", error.where, error.what),)
    left = records.remainders.values()
    return records.installations, (
        *receipt_findings(workstation),
        *(_remainder(workstation, found) for found in left),
    )


def receipt_findings(workstation: Workstation) -> tuple[Finding, ...]:
    """The receipts that cannot be read, each with what to do about it."""
    return tuple(
        finding("MW6405", error.where, error.what, remedy=error.remedy) for error in records_of(workstation).damaged
    )


def _remainder(workstation: Workstation, found: Installation) -> Finding:
    """A package that was uninstalled, but not for everybody."""
    skipped = ", ".join(user.user for user in found.receipts[-1].terms.skipped)
    remedy = f"When they can be reached: {command(workstation, 'uninstall', found.id)}"
    return finding("MW6407", found.id, f"it was uninstalled, but not for {skipped}", remedy=remedy)


def owners_of_services(there: Mapping[str, Installation]) -> dict[str, str]:
    """The id of the package that brought a service, by the service's name in upper case."""
    return {upcase(name): found.id for found in there.values() for name in found.current_services}


def made_by_us(there: Mapping[str, Installation], path: str) -> bool:
    """Whether there was no MAPISVC.INF at ``path`` before a package that is installed was merged there."""
    return any(record.absent for found in there.values() if same(found.inf_path, path) for record in found.merges)


def installed_findings(workstation: Workstation, found: Installation, users: Sequence[User]) -> Iterator[Finding]:
    """Whether a package is still as it was installed, and which users it waits for."""
    for user in users:
        if found.waits_for(user):
            yield finding("MW6408", f"{user.name}: {found.id}", "it waits for the profile that Outlook will make")
    try:
        lost = [change for change in plan_guard(workstation, found.id).changes if isinstance(change, _KEPT)]
    except (FormatError, NotFoundError) as error:
        yield finding("MW6405", error.where or found.id, error.what)
    except RefusedError as error:
        yield finding("MW6406", found.id, str(error).partition("\n")[0], remedy=error.remedy)
    else:
        yield from _drifted(workstation, found, lost)


def pending_findings(workstation: Workstation, users: Sequence[User]) -> Iterator[Finding]:
    """Every call that waits, whichever verb deferred it: those of the machine, and of these users."""
    names = {"", *(upcase(user.name) for user in users)}
    for each in pending_calls(workstation):
        call = each.call
        if upcase(call.user) not in names:
            continue
        if call.withheld:
            secret = ", ".join(f"{tag:08X}" for tag in call.withheld)
            remedy = f"Set them again where its code can run; they were not kept: {secret}."
        else:
            send = command(workstation, "service", "call", call.service, "--pending")
            remedy = f"Send it where the service's code can run (see --host): {send}"
        yield finding(WAITS, call.service, f"still to be sent: {call.title} (receipt {each.receipt})", remedy=remedy)


def _drifted(
    workstation: Workstation, found: Installation, lost: Sequence[SetValue | WriteFile]
) -> Iterator[Finding]:
    """What a guard would put back: lines of MAPISVC.INF, and everything else."""
    path = workstation.outlook.inf_path
    lines = [change for change in lost if isinstance(change, WriteFile) and same(change.path, path)]
    verb = "guard" if lines else "repair"
    remedy = f"Put back what it brought: {command(workstation, verb, found.id)}"
    if lines:
        moved = "" if same(found.inf_path, path) else f"; they were merged into {found.inf_path}"
        yield finding("MW6404", path, f"lines of {found.id} are missing or changed{moved}", remedy=remedy)
    others = [name_of(change) for change in lost if change not in lines]
    if others:
        what = f"{len(others)} of what it brought is missing or changed: {'; '.join(others)}"
        yield finding("MW6403", found.id, what, remedy=remedy)
