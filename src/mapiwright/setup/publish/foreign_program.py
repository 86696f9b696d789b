"""A vendor's own setup program: which files are one, where it may run, and what it has added when it ends.

The Control Panel runs the setup program on the disk, and then notifies the service that it was installed
([supporting-message-service-installation]). The program does not say which service that is: it is
found by comparing MAPISVC.INF before and after.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from mapiwright.entry.service.contract import Context, EntryPolicy
from mapiwright.errors import RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.message import Message
from mapiwright.setup.install.machine_calls import calls_to_installed, catalogue_at
from mapiwright.transaction.plans.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapiwright.mapi.inf.catalogue import Catalogue
    from mapiwright.workstation.workstation import Workstation

_RUNS = re.compile(r".+\.(?:exe|com|bat|cmd|msi)", re.IGNORECASE)
_SETUP = re.compile(r"(?:.*(?:setup|install).*\.(?:exe|com|bat|cmd)|.+\.msi)", re.IGNORECASE)
_REMOVES = re.compile(r".*uninst", re.IGNORECASE)


def programs_among(names: Iterable[str]) -> tuple[str, ...]:
    """The names of files in a directory that look like the setup programs of a vendor."""
    return tuple(name for name in names if _SETUP.fullmatch(name) and not _REMOVES.match(name))


def is_program(name: str) -> bool:
    """Whether Windows would run a file of that name as a program, whatever it does."""
    return _RUNS.fullmatch(name) is not None


def refuse_to_run(program: str, workstation: Workstation) -> NoReturn:
    """Raise RefusedError where the workstation cannot run ``program``; no kind of workstation can as yet."""
    raise RefusedError(
        f"{program} is its vendor's own setup program for Windows, and this kind of workstation runs no programs",
        where=workstation.uri,
        remedy="Nothing was changed. Run it on that Windows itself; where the vendor has the INF and the DLLs apart, "
        "name the directory that holds them.",
    )


def added_services(before: Catalogue, after: Catalogue) -> tuple[str, ...]:
    """The services that [Services] has now and had not then, in the order of the file."""
    known = {upcase(name) for name in before.services}
    return tuple(name for name in after.services if upcase(name) not in known)


def plan_calls(workstation: Workstation, before: Catalogue, *, policy: EntryPolicy = EntryPolicy.DEFER) -> Plan:
    """MSG_SERVICE_INSTALL for each service that came to MAPISVC.INF since it was ``before``; empty where none did.

    A service that was there before is not installed a second time, whatever the program did to its lines.
    """
    now = catalogue_at(workstation, workstation.outlook.inf_path)
    added = added_services(before, now)
    calls = tuple(calls_to_installed(workstation, added, now, Context.INSTALL, policy))
    return Plan("call", Message.of("steps.after-install", services=", ".join(added) or "no service"), calls)
