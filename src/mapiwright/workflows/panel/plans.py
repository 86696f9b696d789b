"""The mail Control Panel without a screen: what it shows of a workstation, and the plan of each thing that it does.

Somebody else shows the plans and sends them ([supporting-message-service-installation], step 4 and Have Disk).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.table import stored_profiles
from mapiwright.admin.workspace import Workspace, new_uid, read_catalogue
from mapiwright.entry.hosts.hosts import host_for
from mapiwright.entry.service.contract import EntryPolicy
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.preflight import preflight
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.setup.publish.foreign_program import refuse_to_run
from mapiwright.setup.publish.have_disk import look
from mapiwright.setup.publish.signing import NOBODY
from mapiwright.setup.records.installed import refuse_as_user
from mapiwright.setup.records.pending import left_by, pending_calls, with_what_copies_lack
from mapiwright.transaction.records.receipt import receipts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mapiwright.admin.table import ProfileRow
    from mapiwright.errors import Finding
    from mapiwright.mapi.inf.catalogue import Catalogue
    from mapiwright.setup.publish.have_disk import Disk
    from mapiwright.setup.publish.signing import Trust
    from mapiwright.setup.records.pending import Pending
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workstation.workstation import User, Workstation

NO_PROFILE = ProfileRequest(ProfilePolicy.NONE)


@dataclass(slots=True)
class Uids:
    """Fresh MAPIUIDs, given a second time in the same order: what is drafted again keeps the ones that it had."""

    given: list[bytes] = field(default_factory=list)
    place: int = 0

    def __call__(self) -> bytes:
        """The next one."""
        if self.place == len(self.given):
            self.given.append(new_uid())
        self.place += 1
        return self.given[self.place - 1]

    @contextmanager
    def on_trial(self) -> Iterator[None]:
        """Return those that are given here, where it fails: nothing has them, and the next in need gets them."""
        place = self.place
        try:
            yield
        except BaseException:
            self.place = place
            raise

    @contextmanager
    def from_the_first(self) -> Iterator[None]:
        """Give them from the first one on, as long as that does not fail."""
        with self.on_trial():
            self.place = 0
            yield


@dataclass(frozen=True, slots=True)
class PanelRun:
    """The Control Panel over one workstation.

    ``policy`` says what happens to a call that cannot be made here, ``host`` where a service's own library runs
    (see ``entry.hosts.hosts``), ``trust`` whose publications are believed.
    """

    workstation: Workstation
    policy: EntryPolicy = EntryPolicy.DEFER
    host: str = ""
    trust: Trust = NOBODY

    def space(self, user: User, uids: Callable[[], bytes] = new_uid) -> Workspace:
        """The profiles of a user as they are now, to be drafted on: nothing of it is sent.

        What is made there gets ``uids``.
        """
        self.workstation.refresh()  # a panel may be open for long, and others change things meanwhile
        return Workspace(self.workstation, user, policy=self.policy, host=self.host, uid=uids)

    def profiles(self, user: User) -> tuple[tuple[ProfileRow, tuple[str, ...]], ...]:
        """The stored profiles of a user, each with the names of its services."""
        self.workstation.refresh()
        return tuple(stored_profiles(self.workstation, user))

    def edit(self, user: User, *drafts: Callable[[ProfileAdmin], object]) -> Plan:
        """One plan for all these drafts; raises as the methods of administration do."""
        space = self.space(user)
        profiles = ProfileAdmin(space)
        with space.batch():
            for draft in drafts:
                draft(profiles)
        return with_what_copies_lack(space.plan(), [space])

    def catalogue(self) -> Catalogue:
        """The services that MAPISVC.INF has now."""
        self.workstation.refresh()
        return read_catalogue(self.workstation)

    def receipts(self) -> tuple[Receipt, ...]:
        """The receipts that there are now, oldest first."""
        self.workstation.refresh()
        return receipts(self.workstation)

    # Have Disk.

    def look(self, path: Path) -> Disk:
        """What lies in a directory; raises as ``have_disk.look`` does."""
        return look(path, trust=self.trust, code_page=self.workstation.code_page)

    def installation(self, disk: Disk, user: User) -> tuple[Plan, tuple[Finding, ...]]:
        """The plan that installs what was found for a user, into no profile yet, and what is to be shown before.

        Raises RefusedError for a vendor's own setup program, which no kind of workstation can run as yet.
        """
        if disk.package is None:
            refuse_to_run(disk.programs[0], self.workstation)
        refuse_as_user(self.workstation)
        found = preflight(disk.package, self.workstation, force=False)
        plan = plan_install(
            disk.package, self.workstation, [user], request=NO_PROFILE, policy=self.policy, force=False, found=found
        )
        return plan, found

    # Calls that wait.

    def left_by(self, *made: Receipt) -> tuple[Pending, ...]:
        """What these receipts leave to be sent."""
        return left_by(self.workstation, made)

    def sendable(self, services: tuple[str, ...] = ()) -> tuple[Pending, ...]:
        """The calls that are pending and can be sent here, the first of each service, as the others follow it."""
        first: dict[str, Pending] = {}
        for each in pending_calls(self.workstation, services):
            first.setdefault(upcase(each.call.service), each)
        return tuple(
            each
            for each in first.values()
            if host_for(self.workstation, each.call.service, host=self.host) is not None
        )

    def sending(self, pending: Pending) -> Plan:
        """The plan that sends one of them."""
        return pending.plan(self.host)
