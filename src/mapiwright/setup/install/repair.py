"""Repair and guard: what a package brought and somebody took away or changed comes back, from its receipts.

A repair restores each thing in its place. A guard first looks again where Outlook reads MAPISVC.INF: an update, a
repair, another channel or language of Office may have replaced the file, or have moved it to another folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.errors import ConflictError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.message import Message
from mapiwright.setup.install.mapisvc_plan import InfPart, inf_part
from mapiwright.setup.install.writable_users import keys_within, writable_users
from mapiwright.setup.records.history import is_count
from mapiwright.setup.records.installed import fragment, refuse_as_user
from mapiwright.setup.records.owned_changes import belongings
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import INSTALL, REPAIR, InstallRecord, RepairRecord, Scope, to_json
from mapiwright.transaction.plans.plan import Leg, Plan, without_repeats
from mapiwright.transaction.plans.terms import PlanSubject, Role, Terms
from mapiwright.transaction.precondition import on_file, on_receipts, on_value
from mapiwright.transaction.records.receipt import changes_of, subject_of
from mapiwright.workstation.change import SetValue, WriteFile, file_with_parents, key_with_parents
from mapiwright.workstation.files import join, parent, same
from mapiwright.workstation.subject import subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mapiwright.setup.records.installed import Installation
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import User, Workstation


def plan_repair(workstation: Workstation, name: str) -> Plan:
    """The plan that restores what a package brought, or what one of its receipts names; empty where all is there.

    ``name`` is the package's id or a receipt's. Raises NotFoundError where neither is known, RefusedError where
    Outlook reads another MAPISVC.INF by now.
    """
    refuse_as_user(workstation)
    records = records_of(workstation)
    of_receipt = next((one for one in records.receipts if one.id == name), None)
    found = records.installation((subject_of(of_receipt) or name) if of_receipt is not None else name)
    if of_receipt is not None and of_receipt not in found.installs:
        raise RefusedError(
            "what this receipt records is not installed any more",
            where=f"receipt {of_receipt.id}",
            remedy=f"To repair what is installed: mapiwright repair {found.id}",
        )
    if found.inf_path and not same(found.inf_path, workstation.outlook.inf_path):
        raise RefusedError(
            "Outlook reads another MAPISVC.INF than the one that was merged into",
            where=workstation.outlook.inf_path,
            expected=found.inf_path,
            remedy=f"To put the service where Outlook looks now: mapiwright guard {found.id}",
        )
    return _Restoration(workstation, found, of_receipt).repair()


def plan_guard(workstation: Workstation, id_: str) -> Plan:
    """The plan that puts a service back where Outlook looks for it now; empty where it is there.

    Raises NotFoundError where it is not installed, RefusedError where Outlook has another bitness by now: the DLLs
    for that are in the package only.
    """
    refuse_as_user(workstation)
    found = records_of(workstation).installation(id_)
    bitness = workstation.outlook.bitness.value
    was = found.bitness or bitness
    if was != bitness:
        raise RefusedError(
            f"Outlook is an {bitness} process now, and {found.id} was installed for {was}",
            where=workstation.uri,
            expected=f"an Outlook for {was}",
            remedy=f"Its DLLs for {bitness} are in the package only: mapiwright install PACKAGE puts them in place.",
        )
    return restoration(workstation, found)


def restoration(workstation: Workstation, found: Installation) -> Plan:
    """The plan that puts back what is missing of it; of a per-user part alone, what is that user's."""
    return _Restoration(workstation, found, None).guard()


class _Restoration:
    """A package, and what of it is not there as it was written."""

    def __init__(self, workstation: Workstation, found: Installation, receipt: Receipt | None) -> None:
        self.workstation = workstation
        self.found = found
        self.receipt = receipt
        past = belongings(workstation, found)
        only = {subject(change) for change in changes_of(workstation, receipt)} if receipt is not None else None
        self.written: dict[Subject, Change] = {}
        """What was last written to each place, by the place; what was removed since is not among it."""
        for change in reversed(past):
            place = subject(change)
            if isinstance(change, WriteFile | SetValue) and (only is None or place in only):
                self.written[place] = change
        keys = keys_within(self.written.values())
        self.who = writable_users(workstation, workstation.users, self._concerns, keys)

    def repair(self) -> Plan:
        """Everything in its own place."""
        has_inf = bool(self.found.inf_path) and (self.receipt is None or self.found.merged_by(self.receipt))
        part = self._inf() if has_inf else None
        names = self.receipt.id if self.receipt is not None else self.found.installs[-1].id
        title = Message.of("steps.repair", package=self._package, receipt=names)
        return self._plan(REPAIR, title, [*self._files()], part)

    def guard(self) -> Plan:
        """Everything where Outlook looks now."""
        old, new = self.found.inf_path, self.workstation.outlook.inf_path
        moved = bool(old) and not same(parent(old), parent(new))
        files = list(self._moved(parent(old), parent(new)) if moved else self._files())
        title = Message.of("steps.guard", package=self._package)
        return self._plan(INSTALL, title, files, self._inf() if old else None)

    @property
    def _package(self) -> str:
        """Name and version of the package, for people."""
        return f"{self.found.package.name} {self.found.package.version}"

    def _plan(self, verb: str, title: Message, files: Sequence[FileChange], part: InfPart | None) -> Plan:
        package = self.found.package
        changed = part is not None and bool(part.changes)
        steps = [
            Leg(Message.of("steps.files"), tuple(files)),
            Leg(Message.of("steps.inf"), part.changes if part is not None else ()),
            Leg(Message.of("steps.registry"), tuple(self._values())),
        ]
        names = (self.receipt.id,) if self.receipt is not None else tuple(one.id for one in self.found.installs)
        merged = part.record if part is not None and changed else None
        services, guard = self.found.current_services, verb == INSTALL
        record = (
            InstallRecord(package, services, Scope.MACHINE, merged, repairs=names)
            if guard
            else RepairRecord(package, services, merged, names)
        )
        terms = Terms(
            to_json(record),
            PlanSubject(package.id, Role.BEGINS if guard else Role.ABOUT),
            (*self.who.notes, *self._notes(part)),
            skipped=self.who.named,
            preconditions=tuple(self._preconditions()),
        )
        return Plan(verb, title, without_repeats(steps), terms)

    def _preconditions(self) -> Iterator[Any]:
        """What was looked at: what is whole now, and so is left alone, must be whole when the rest comes back."""
        here, found = self.workstation, self.found
        yield on_receipts(here, f"what is installed of {found.id}", found.id)
        for path in dict.fromkeys((found.inf_path, here.outlook.inf_path) if found.inf_path else ()):
            yield on_file(here.files, path)
        for change in self.written.values():
            if isinstance(change, WriteFile):
                yield on_file(here.files, change.path)
            elif isinstance(change, SetValue) and change.key.root == "HKLM":  # a user's value is the user's to change
                yield on_value(here.registry, str(change.key), change.key, change.name)

    def _notes(self, part: InfPart | None) -> Iterator[Message]:
        if part is None:
            return
        path = part.record.path
        if part.changes and self.workstation.files.read(path) is None:
            yield Message.of("sentences.new-inf", path=path)
        yield from (Message.literal(f"{finding.where}: {finding.what}") for finding in part.kept)

    def _inf(self) -> InfPart:
        """Our lines, merged again: in the file that they were merged into, changed ones get their values back."""
        found, here = self.found, self.workstation
        lines = fragment(here.code_page, found.merges)
        in_place = same(found.inf_path, here.outlook.inf_path)
        return inf_part(lines, found.id, here, found, restore=in_place)

    def _concerns(self, user: User) -> bool:
        """Whether something is missing from a hive that can only be read."""
        values = [change for change in self.written.values() if isinstance(change, SetValue)]
        return any(user.root.holds(change.key) and self._is_missing(change) for change in values)

    def _files(self, *, but: Callable[[str], bool] = lambda _: False) -> Iterator[FileChange]:
        for change in self.written.values():
            if isinstance(change, WriteFile) and change.new is not None and not but(change.path):
                yield from file_with_parents(self.workstation.files, change.path, change.new)

    def _moved(self, old: str, new: str) -> Iterator[FileChange]:
        """The files that lay beside MAPISVC.INF follow it; the others are restored."""
        files, beside = self.workstation.files, upcase(old) + "\\"
        yield from self._files(but=lambda path: upcase(path).startswith(beside))
        for change in self.written.values():
            if not isinstance(change, WriteFile) or change.new is None or not upcase(change.path).startswith(beside):
                continue
            target = join(new, change.path[len(beside) :])
            there = files.read(target)
            if there not in {None, change.new}:
                raise ConflictError(
                    "a file with other bytes is there already",
                    where=target,
                    expected="no file, or the one that this package brought",
                    remedy="Find out whose it is; move it away, or uninstall the product that owns it.",
                )
            yield from file_with_parents(files, target, change.new)
            if files.read(change.path) == change.new:
                yield WriteFile(change.path, change.new, None)

    def _values(self) -> Iterator[RegistryChange]:
        """Registry values; one that a user changed is a setting, and a count of a shared file is others', too."""
        for change in self.written.values():
            if not isinstance(change, SetValue) or change.new is None:
                continue
            of_user = change.key.root == "HKU"
            if of_user and not any(user.root.holds(change.key) for user in self.who.writable):
                continue
            missing_only = of_user or is_count(change)
            now = self.workstation.registry.value(change.key, change.name)
            if now is None or (now != change.new and not missing_only):
                yield from key_with_parents(self.workstation.registry, change.key)
                yield SetValue(change.key, change.name, now, change.new)

    def _is_missing(self, change: SetValue) -> bool:
        return change.new is not None and self.workstation.registry.value(change.key, change.name) is None
