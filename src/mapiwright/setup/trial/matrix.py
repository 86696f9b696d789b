"""The matrix: a package on every kind of Outlook, installed, installed again, upgraded, removed, and all as before.

Each layout gets its own workstation. The calls of entry points are made: by the package's DLL on the layouts whose
Outlook is of the same machine type as a Python at hand that loads it, else as far as it has a stand-in.
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.entry.call import through
from mapiwright.entry.hosts.hosts import interpreter_named
from mapiwright.entry.makers import MAKERS
from mapiwright.errors import MapiwrightError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.mapisvc import read_mapisvc
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.preflight import is_for
from mapiwright.setup.install.uninstall import plan_uninstall
from mapiwright.setup.records.pending import pending_calls
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import difference
from mapiwright.workstation.files import join, same
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import SOFTWARE, SYSTEM, layout
from mapiwright.workstation.outlook.office_layout import ENGLISH, EVERY_INSTALLATION, OutlookInstallation
from mapiwright.workstation.subject import name_of
from mapiwright.workstation.workstation import Bitness, Edition, Install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mapiwright.setup.package.package import Package
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.registry import Key, KeyPath
    from mapiwright.workstation.workstation import Workstation

USER = "Zoë 山田"
"""The user of every workstation: not everybody is called Administrator."""
NO_DLL = "has no DLL for {}"
NOT_REACHED = "not reached"
NAMED = 5
"""Things that a fault names before it counts the rest."""


class MatrixStep(StrEnum):
    """What is tried on a layout, in order; the last two on a second workstation of it."""

    INSTALL = "install"
    AGAIN = "again"
    """Planning the install again gives an empty plan."""
    UNINSTALL = "uninstall"
    BYTES = "bytes"
    """Files are byte for byte, and registries value for value, as they were before the install."""
    UPGRADE = "upgrade"
    """An older version is installed, then this one over it; planning again gives an empty plan."""
    REMOVED = "removed"
    """What was upgraded is uninstalled, and everything is as before."""


class StepVerdict(StrEnum):
    """How a step went."""

    PASSED = "passed"
    PENDING = "pending"
    """It passed, and a call that is due waits, as no code of the service could run."""
    FAILED = "failed"
    SKIPPED = "skipped"


class MatrixPlace(StrEnum):
    """Where the workstations of a matrix are: in memory, or as trees with real hives on disk."""

    MEMORY = "memory"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One step on one layout; ``message`` says what went wrong, what waits, or why it was skipped."""

    step: MatrixStep
    verdict: StepVerdict
    message: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A layout: the Outlooks, Windows' mail client first, and what the Windows is made for (None: the usual)."""

    outlooks: tuple[OutlookInstallation, ...]
    windows: Bitness | None = None

    @property
    def name(self) -> str:
        """Its name for people: the mail client, and what is not as usual."""
        client, *others = self.outlooks
        unusual = [
            *(["+".join(map(str, client.languages))] if client.languages != (ENGLISH,) else []),
            *([] if client.inf else ["no INF"]),
            *([f"{self.windows} Windows"] if self.windows else []),
            *(f"beside {_title(other)}" for other in others),
        ]
        return ", ".join([f"Outlook {_title(client)}", *unusual])


def _title(outlook: OutlookInstallation) -> str:
    return f"{outlook.edition} {outlook.bitness}{' C2R' if outlook.install is Install.CLICK_TO_RUN else ''}"


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A layout with its cells, one for each step in their order; ``host`` is where the package's DLL was called."""

    case: Case
    cells: tuple[MatrixCell, ...]
    host: str = ""

    @property
    def skipped(self) -> bool:
        """Whether the package is not for it."""
        return all(cell.verdict is StepVerdict.SKIPPED for cell in self.cells)


JAPANESE, GERMAN = 1041, 1031
_OTHER_WINDOWS = {Bitness.X86: (Bitness.X86, Bitness.ARM64), Bitness.X64: (Bitness.ARM64,), Bitness.ARM64: ()}
_OLDER = OutlookInstallation.usual(Edition.OUTLOOK_2010, Bitness.X86)

QUICK = tuple(Case((outlook,)) for outlook in EVERY_INSTALLATION)
"""Every Outlook that there is, in its usual layout."""

ALL = (
    *QUICK,
    *(Case((replace(outlook, inf=False),)) for outlook in EVERY_INSTALLATION),
    *(Case((replace(outlook, languages=(JAPANESE,)),)) for outlook in EVERY_INSTALLATION),
    *(Case((replace(outlook, languages=(GERMAN, ENGLISH)),)) for outlook in EVERY_INSTALLATION),
    *(Case((outlook,), windows) for outlook in EVERY_INSTALLATION for windows in _OTHER_WINDOWS[outlook.bitness]),
    *(Case((outlook, _OLDER)) for outlook in EVERY_INSTALLATION if outlook.edition is Edition.OUTLOOK_2016),
)
"""And without MAPISVC.INF, in other languages, on other Windows, and beside an older Outlook."""


def try_all(
    package: Package,
    cases: Sequence[Case] = ALL,
    *,
    older: Package | None = None,
    place: MatrixPlace = MatrixPlace.MEMORY,
    host: str = "",
) -> Iterator[MatrixRow]:
    """Try ``package`` on each case, and yield the rows in order, as they are done.

    ``older`` is the version that is upgraded from; without it, it is this one, and what is upgraded to is the same
    with a higher version. ``host`` is a Python that loads DLLs; without it, it is this one, where it does.
    """
    callers = _callers(host)
    first, second = (older, package) if older is not None else (package, _next_version(package))
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # most of the time goes by in the children that are called
        yield from pool.map(
            lambda case: _try(package, first, second, case, place, callers.get(case.outlooks[0].bitness, "")), cases
        )


def _callers(host: str) -> Mapping[Bitness, str]:
    """The Python that loads the DLLs of an Outlook, by the bitness of that."""
    found = interpreter_named(host or "here")
    if found.kind != "pe":
        if host:
            raise UsageError(
                f"the Python of --host {host} loads no DLL of Windows", expected="wine:PREFIX, or a Python on Windows"
            )
        return {}
    return {bitness: host or "here" for bitness in Bitness if bitness.value == found.machine.lower()}


def _next_version(package: Package) -> Package:
    stem = package.version.rstrip("0123456789")
    return replace(package, version=f"{stem}{int(package.version[len(stem) :] or 0) + 1}")


def _try(package: Package, first: Package, second: Package, case: Case, place: MatrixPlace, host: str) -> MatrixRow:
    cells: list[MatrixCell] = []
    with _opened(case, place) as workstation:
        trial = _Trial(workstation, host)
        bitness = workstation.outlook.bitness
        if not is_for(package, workstation):
            why = f"the package {NO_DLL.format(bitness)}"
            return MatrixRow(case, tuple(MatrixCell(step, StepVerdict.SKIPPED, why) for step in MatrixStep))
        cells += _in_order(
            trial,
            (MatrixStep.INSTALL, lambda: trial.install(package)),
            (MatrixStep.AGAIN, lambda: trial.install_again(package)),
            (MatrixStep.UNINSTALL, lambda: trial.uninstall(package)),
            (MatrixStep.BYTES, trial.compare),
        )
    with _opened(case, place) as workstation:
        again = _Trial(workstation, host)
        if not is_for(first, workstation):
            why = f"{first.version} {NO_DLL.format(bitness)}"
            left_out = (MatrixStep.UPGRADE, MatrixStep.REMOVED)
            return MatrixRow(case, (*cells, *(MatrixCell(step, StepVerdict.SKIPPED, why) for step in left_out)), host)
        cells += _in_order(
            again,
            (
                MatrixStep.UPGRADE,
                lambda: again.install(first) or again.install(second) or again.install_again(second),
            ),
            (MatrixStep.REMOVED, lambda: again.uninstall(second) or again.compare()),
        )
    return MatrixRow(case, tuple(cells), host)


def _in_order(trial: _Trial, *steps: tuple[MatrixStep, Callable[[], str]]) -> Iterator[MatrixCell]:
    """The cells of steps that depend on each other: after one that failed, the rest are not run."""
    failed = False
    for step, do in steps:
        if failed:
            yield MatrixCell(step, StepVerdict.SKIPPED, NOT_REACHED)
            continue
        try:
            fault = do()
        except MapiwrightError as error:
            fault = str(error)
        failed = bool(fault)
        waits = trial.waiting() if step in _INSTALLS and not failed else ""
        verdict = StepVerdict.FAILED if failed else StepVerdict.PENDING if waits else StepVerdict.PASSED
        yield MatrixCell(step, verdict, fault or waits)


_INSTALLS = (MatrixStep.INSTALL, MatrixStep.UPGRADE)


@contextmanager
def _opened(case: Case, place: MatrixPlace) -> Iterator[Workstation]:
    """A new workstation of that layout, gone afterwards."""
    if place is MatrixPlace.MEMORY:
        yield MemoryWorkstation.of(layout(outlooks=case.outlooks, windows=case.windows, users=[USER]))
        return
    with tempfile.TemporaryDirectory(prefix="mapiwright-") as folder:
        create_image(Path(folder), outlooks=case.outlooks, windows=case.windows, users=[USER])
        yield ImageWorkstation(Path(folder))


class _Trial:
    """A workstation on which a package is tried; each step returns what is wrong with its result, or ""."""

    def __init__(self, workstation: Workstation, host: str) -> None:
        self.workstation = workstation
        self.host = host
        self.users = [user for user in workstation.users if not user.template]
        self.before = self.content()

    def install(self, package: Package) -> str:
        """Install it; its services are in MAPISVC.INF afterwards."""
        self.send(plan_install(package, self.workstation, self.users))
        there = read_mapisvc(self.workstation).catalogue
        missing = [service.name for service in package.services if there.find(service.name) is None]
        return f"MAPISVC.INF has no service {', '.join(missing)}" if missing else ""

    def install_again(self, package: Package) -> str:
        """Plan what is there already."""
        plan = plan_install(package, self.workstation, self.users)
        names = (*map(name_of, plan.changes), *(str(effect.title) for effect in plan.effects))
        return "" if plan.empty else f"planned again, it would change {_listed(names)}"

    def uninstall(self, package: Package) -> str:
        """Remove it; nothing may be kept as changed since, because nothing was."""
        removal = plan_uninstall(self.workstation, package.id)
        self.send(removal.plan)
        return f"it left {_listed(str(finding) for finding in removal.kept)}" if removal.kept else ""

    def waiting(self) -> str:
        """Name the calls that wait, as no code of the service could run here."""
        calls = [str(each.call.title) for each in pending_calls(self.workstation)]
        return f"still to be sent: {_listed(calls)}" if calls else ""

    def compare(self) -> str:
        """Look whether all is as before."""
        files, keys = self.before
        files_now, keys_now = self.content()
        other = [path for path in {**files, **files_now} if files.get(path, ...) != files_now.get(path, ...)]
        for root, key in keys.items():
            other += map(name_of, difference(root, key, keys_now[root]))
        return f"not as before: {_listed(other)}" if other else ""

    def send(self, plan: Plan) -> None:
        """Make a plan true, if there is anything in it."""
        if not plan.empty:
            execute(through(plan, self.host) if self.host else plan, self.workstation, makers=MAKERS)

    def content(self) -> tuple[Mapping[str, bytes | None], Mapping[KeyPath, Key | None]]:
        """All files (a folder is None) and keys, except our own state and the hives as files."""
        roots = (SOFTWARE, SYSTEM, *(user.root for user in self.workstation.users))
        return dict(self._below("C:")), {root: self.workstation.registry.read(root) for root in roots}

    def _below(self, folder: str) -> Iterator[tuple[str, bytes | None]]:
        files = self.workstation.files
        for name in files.names(folder):
            path = join(folder, name)
            if same(path, self.workstation.state_folder) or upcase(name) in _HIVES:
                continue
            if files.is_folder(path):
                yield path, None
                yield from self._below(path)
            else:
                yield path, files.read(path)


_HIVES = {"NTUSER.DAT", "SOFTWARE", "SYSTEM"}


def _listed(names: Sequence[str] | Iterator[str]) -> str:
    names = tuple(dict.fromkeys(names))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return "; ".join(names[:NAMED]) + more
