"""A pytest plugin for vendors: the fixture ``workstation``, on which a test installs a package.

    @pytest.mark.mapiwright(edition="2016", bitness="x86", users=["Zoë"])
    def test_the_service_is_there_after_an_install(workstation):
        workstation.install("package")
        assert "ACME" in workstation.services

Every pytest run loads this module, so it imports nothing of Mapiwright before a test asks for the fixture.
"""

# ruff: noqa: PLC0415 - that is why the imports stand where they are needed

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.setup.package.package import Package
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workstation.workstation import User, Workstation

MARKER = "mapiwright"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(edition='2016', bitness='x64', install='msi', languages=[1033], inf=True, windows='x64', "
        "users=['anna']): the Outlook and the users of the fixture `workstation`.",
    )


@pytest.fixture
def workstation(request: pytest.FixtureRequest) -> TrialWorkstation:
    """A new workstation in memory, with the Outlook and the users that the marker ``mapiwright`` asks for."""
    marker = request.node.get_closest_marker(MARKER)
    try:
        return TrialWorkstation.made(*(marker.args if marker else ()), **(marker.kwargs if marker else {}))
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"@pytest.mark.{MARKER}: {error}") from error


class TrialWorkstation:
    """A workstation that a test may do anything to.

    ``workstation`` is what Mapiwright itself sees: its ``files`` and its ``registry`` can be read. What is refused
    or fails raises a ``mapiwright.MapiwrightError``, and then the workstation is as it was.
    """

    def __init__(self, workstation: Workstation) -> None:
        self.workstation = workstation

    @classmethod
    def made(
        cls,
        *,
        edition: str = "2016",
        bitness: str | None = None,
        install: str | None = None,
        languages: Sequence[int] = (1033,),
        inf: bool = True,
        windows: str | None = None,
        users: Sequence[str] = ("anna",),
    ) -> TrialWorkstation:
        """One in memory; the defaults are those of a usual install of that Outlook.

        ``languages`` are LCIDs, Outlook's own first; without ``inf`` it has no MAPISVC.INF yet; ``windows`` is what
        the Windows is made for. Raises ValueError for an unknown word, UsageError for an Outlook that does not
        exist.
        """
        from mapiwright.workstation.kinds.memory import MemoryWorkstation
        from mapiwright.workstation.outlook.layout import layout
        from mapiwright.workstation.outlook.office_layout import OutlookInstallation
        from mapiwright.workstation.workstation import Bitness, Edition, Install

        outlook = OutlookInstallation.usual(
            Edition(edition),
            Bitness(bitness) if bitness else None,
            Install(install) if install else None,
            tuple(languages),
            inf=inf,
        )
        machine = Bitness(windows) if windows else None
        return cls(MemoryWorkstation.of(layout(outlooks=[outlook], windows=machine, users=users)))

    @property
    def users(self) -> tuple[User, ...]:
        """Its users but Default."""
        return tuple(user for user in self.workstation.users if not user.template)

    @property
    def services(self) -> tuple[str, ...]:
        """The message services of its MAPISVC.INF, by their names, in order."""
        from mapiwright.admin.workspace import read_catalogue

        return tuple(read_catalogue(self.workstation).services)

    def plan(self, package: str | Path) -> Plan:
        """What installing the package in that directory would change, for all users; empty where it is installed."""
        from mapiwright.setup.install.install import plan_install

        return plan_install(self._package(package), self.workstation, self.users)

    def install(self, package: str | Path) -> Receipt | None:
        """Install the package in that directory for all users; None where nothing was to be done."""
        return self._send(self.plan(package))

    def uninstall(self, package: str) -> Receipt | None:
        """Remove the package of that id."""
        from mapiwright.setup.install.uninstall import plan_uninstall

        return self._send(plan_uninstall(self.workstation, package).plan)

    def profile(self, name: str = "", *, user: str = "") -> Profile:
        """A user's profile of that name; without them, the first user's and the default one.

        Raises NotFoundError where there is none.
        """
        from mapiwright.admin.workspace import Workspace
        from mapiwright.errors import NotFoundError

        owner = next((each for each in self.users if user in {"", each.name}), None)
        if owner is None:
            raise NotFoundError(f"there is no user {user!r}", expected=", ".join(each.name for each in self.users))
        space = Workspace(self.workstation, owner)
        return space.profile(name or space.default_or_only)

    def _package(self, path: str | Path) -> Package:
        from mapiwright.setup.package.package import open_package

        return open_package(Path(path), code_page=self.workstation.code_page)

    def _send(self, plan: Plan) -> Receipt | None:
        from mapiwright.entry.makers import MAKERS
        from mapiwright.transaction.transaction import execute

        return None if plan.empty else execute(plan, self.workstation, makers=MAKERS)
