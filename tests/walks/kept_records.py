"""Records of services, kept as an install keeps them: in a transaction, as they are believed by its receipt only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.entry.service.record import record_changes
from mapiwright.message import Message
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import PlanSubject, Role, Terms
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import WriteFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapiwright.entry.service.record import ServiceRecord
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import Workstation


def keep_record(workstation: Workstation, record: ServiceRecord, sources: Mapping[str, bytes]) -> None:
    """Keep the record of a service, and the sources of its stand-in."""
    _keep(workstation, record.package, record_changes(workstation, record, sources))


def replace_source(workstation: Workstation, package: str, name: str, source: str) -> None:
    """Have another source behind the stand-in of a package: the one file of that name in our folder."""
    files = workstation.files
    (path,) = (path for path in below(files, workstation.state_folder) if path.endswith(f"\\{name}"))
    _keep(workstation, package, [WriteFile(path, files.read(path), source.encode())])


def below(files: Any, folder: str) -> list[str]:
    """The files below a folder of a workstation."""
    found = []
    for name in files.names(folder):
        path = f"{folder}\\{name}"
        found += below(files, path) if files.is_folder(path) else [path]
    return found


def _keep(workstation: Workstation, package: str, changes: Iterable[Change]) -> None:
    title = Message.literal("keep a record")
    terms = Terms(subject=PlanSubject(package, Role.BEGINS))
    execute(Plan("keep", title, (Leg(title, tuple(changes)),), terms), workstation)
