r"""A Wine prefix: the Windows that Wine keeps in a folder, its registry in files of text.

Nothing in it is followed out of it: a drive is served where its folder lies in the prefix, as that of ``Z:`` does
not, and what Wine links to the user's home folder (``Documents``, ``Desktop``) is refused as any link that leads out.
"""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import BusyError, Finding, NotFoundError, RefusedError, Severity
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.disk.folder_state import FolderState, is_ours
from mapiwright.workstation.disk.handles import is_folder, look_at, names_in
from mapiwright.workstation.disk.wine_server import WineServer
from mapiwright.workstation.kinds.windows_tree import WindowsTree
from mapiwright.workstation.mounts.table import Mount, MountedRegistry
from mapiwright.workstation.mounts.wine_hive import WineHive
from mapiwright.workstation.mounts.wine_links import WineLinks
from mapiwright.workstation.outlook.facts import Facts
from mapiwright.workstation.outlook.windows import user_of
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.workstation.outlook.windows import UserFolder
    from mapiwright.workstation.registry import RegistryReader
    from mapiwright.workstation.state import Lease
    from mapiwright.workstation.workstation import User

MACHINE, USER, DEFAULT = "system.reg", "user.reg", "userdef.reg"
_USUAL_SID = "S-1-5-21-0-0-0-1000"
"""The user of every prefix; the file of the user's keys says it, too."""
_IN_MEMORY = "MW3010"


class WineState(FolderState):
    """Our records in a prefix. Who holds their lock holds that of Wine's server, too."""

    def __init__(self, folder: Path, server: WineServer) -> None:
        """``folder`` is a real path."""
        super().__init__(folder)
        self._server = server

    @contextmanager
    def lock(self) -> Iterator[Lease]:
        """Hold the workstation against every other run, and against Wine."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self._server.held())
            except BusyError as error:
                other = self.holder()
                if other:  # a run of Mapiwright, which holds both
                    raise self.busy_by(other) from error
                raise
            yield stack.enter_context(super().lock())


class WineWorkstation(WindowsTree):
    """The Windows in a Wine prefix. Raises NotFoundError where the folder is absent or none."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.uri = f"wine:{path}"
        self.description = f"the Wine prefix {path}"
        self.root = path.resolve()
        there = {name: look_at(self.root / name) for name in ("dosdevices", MACHINE, USER)}
        drives = self._drives if None not in there.values() else {}
        if "C:" not in drives:
            raise NotFoundError(
                "it is no Wine prefix",
                where=str(path),
                expected=f"a folder with {MACHINE}, {USER}, and dosdevices, whose c: leads to a folder in it",
                remedy=f"Make one: WINEPREFIX={path} wineboot --init",
            )
        self._server = WineServer(self.root)
        self._hives = {
            KeyPath("HKLM"): WineHive(self.root / MACHINE),
            KeyPath("HKU", (self._sid(),)): WineHive(self.root / USER),
        }
        if look_at(self.root / DEFAULT) is not None:  # a prefix that is new has none yet
            self._hives[KeyPath("HKU", (".DEFAULT",))] = WineHive(self.root / DEFAULT)

    def __repr__(self) -> str:
        return f"<WineWorkstation {self.uri}>"

    @cached_property
    def registry(self) -> MountedRegistry:
        """The files of the prefix, each at its place."""
        mounts = (Mount(path, hive) for path, hive in self._hives.items())
        return MountedRegistry(mounts, WineLinks(self._hives))

    def refresh(self) -> None:
        """Read the facts again; where our records are, and whose, stays as it was when the workstation was opened."""
        self.kept.forget()
        self.__dict__.pop("_facts", None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """A server that runs, files that are damaged, and a code page that had to be guessed."""
        whose = ("the machine", "the user", "HKU\\.DEFAULT")
        found = [hive.finding(what) for hive, what in zip(self._hives.values(), whose, strict=False)]
        return (*filter(None, (self._running, *found)), *self._facts.findings)

    def why_unwritable(self, user: User) -> Finding | None:
        """Why the user's keys cannot be written."""
        return self._hives[user.root].finding(f"user {user.name}")

    @cached_property
    def _drives(self) -> Mapping[str, Path]:
        devices = self.root / "dosdevices"
        found: dict[str, Path] = {}
        for name in names_in(devices):
            real = Path(os.path.realpath(devices / name))
            if re.fullmatch("[A-Za-z]:", name) and real != self.root and real.is_relative_to(self.root):
                there = look_at(real)
                if there is not None and is_folder(there):
                    found[upcase(name)] = real
        return found

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self.registry, lambda: self._tree, self._people_of)

    def _people_of(self, registry: RegistryReader, variables: Mapping[str, str]) -> Iterator[UserFolder]:
        sid = [*self._hives][1].name
        with suppress(RefusedError):  # what is damaged is one of the findings
            yield user_of(registry, variables, sid)

    def _hive_in(self, home: Path) -> Path:  # noqa: ARG002 - it lies in the prefix itself
        return self.root / USER

    def _is_ours(self, user: User) -> bool:  # noqa: ARG002 - there is one
        return is_ours(self.root / USER)

    def _state_in(self, folder: Path) -> FolderState:
        return WineState(folder, self._server)

    def _sid(self) -> str:
        """The SID of the user, which stands in the second line of the file."""
        branch: tuple[str, ...] = ()
        with suppress(RefusedError, OSError):
            text = WineHive(self.root / USER).text
            branch = text.branch if text is not None else ()
        return branch[1] if len(branch) == 2 and re.fullmatch(r"S-1(-\d{1,10}){1,15}", branch[1]) else _USUAL_SID

    @property
    def _running(self) -> Finding | None:
        process = self._server.process()
        if process is None or self.state.holder():
            return None
        return Finding(
            _IN_MEMORY,
            Severity.NOTE,
            str(self.root),
            f"Wine runs in this prefix (process {process}); what it holds in memory and has not written is not seen",
            rule="Wine's server writes the registry when it ends; until then nothing can be changed from outside",
            remedy=f"End the programs in it; or end all at once: WINEPREFIX={self.root} wineserver -k",
        )
