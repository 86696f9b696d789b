"""An offline Windows: the folder of a mounted image, a copied disk, or a tree made by ``workstation create``."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, NotFoundError, RefusedError, Severity
from mapiwright.workstation.disk.tree import TreeFiles, resolve
from mapiwright.workstation.files import join
from mapiwright.workstation.kept import Kept
from mapiwright.workstation.mounts.hives import CLOSED, HiveFile, HiveRegistry, closed_hive
from mapiwright.workstation.outlook import windows
from mapiwright.workstation.outlook.facts import Facts
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.workstation.disk.folder_state import FolderState
    from mapiwright.workstation.outlook.windows import UserFolder
    from mapiwright.workstation.workstation import Outlook, User

_CONFIG = ("Windows", "System32", "config")
_MACHINE_HIVES = ("SOFTWARE", "SYSTEM")


class ImageWorkstation:
    """A Windows tree under a folder; the drive that Windows runs from is that folder.

    Raises NotFoundError where the folder is absent or holds no Windows.
    """

    def __init__(self, path: Path, *, uri: str = "") -> None:
        """``uri`` is how the user named it, where that is not ``image:`` and the path."""
        self.uri = uri or f"image:{path}"
        self.description = f"the Windows in {path}"
        if not path.is_dir():
            raise NotFoundError(
                "there is no such folder",
                where=str(path),
                expected="the folder that stands for drive C: of a Windows",
                remedy=f"Mount the image there, or make a trial one: mapiwright workstation create {path}",
            )
        self.root = path.resolve()
        self.kept = Kept()
        self._opened: dict[Path, HiveFile] = {}
        self._mounted: dict[User, Path | Finding] = {}
        self._machine_hives = {
            KeyPath("HKLM", (name,)): HiveFile(resolve(self.root, (*_CONFIG, name))) for name in _MACHINE_HIVES
        }
        for hive in self._machine_hives.values():
            if not hive.path.is_file():
                raise NotFoundError(
                    "the folder holds no Windows",
                    where=str(path),
                    expected=str(hive.path),
                    remedy="Name the folder that holds the folder Windows; an encrypted disk must be unlocked first.",
                )

    def __repr__(self) -> str:
        return f"<ImageWorkstation {self.uri}>"

    @cached_property
    def registry(self) -> HiveRegistry:
        """The machine's hives, and each user's."""
        self._mounted = self._user_hives
        users = {user.root: path for user, path in self._mounted.items() if isinstance(path, Path)}
        opened = {root: self._opened.setdefault(path, HiveFile(path)) for root, path in users.items()}
        return HiveRegistry({**self._machine_hives, **opened})

    @cached_property
    def files(self) -> TreeFiles:
        """Its files."""
        return TreeFiles(self._drive, private=self.state_folder)

    @cached_property
    def state(self) -> FolderState:
        """Our journal, receipts and backups on it."""
        if self._own is not None:
            return self._state_of(self._own)
        if self._machine_state is None:
            raise RefusedError("ProgramData is not on the drive of Windows", where=self.state_folder)
        return self._machine_state

    @cached_property
    def state_folder(self) -> str:
        """Our folder on it."""
        return windows.own_folder(self._own.path) if self._own else windows.state_folder(self.environment)

    @property
    def as_user(self) -> User | None:
        """The user who does the per-user part."""
        return self._own.user if self._own else None

    @cached_property
    def users_states(self) -> Mapping[User, FolderState]:
        """The records of users who did; what is closed, or lies elsewhere by a link, is not believed to be theirs."""
        found: dict[User, FolderState] = {}
        for folder in self._people if self._own is None else ():
            with suppress(RefusedError, PermissionError):
                state = self._state_of(folder)
                if state.readable:
                    found[folder.user] = state
        return MappingProxyType(found)

    def refresh(self) -> None:
        """Read the facts again; where our records are, and whose, stays as it was when the workstation was opened."""
        self.kept.forget()
        for name in ("_facts", "_user_hives"):
            self.__dict__.pop(name, None)

    def place(self, path: str) -> str:
        """As Windows names it."""
        return path

    @property
    def code_page(self) -> str:
        """Its ANSI code page."""
        return self._facts.code_page

    @property
    def users(self) -> tuple[User, ...]:
        """Its users."""
        return tuple(self._user_hives)

    @property
    def outlook(self) -> Outlook:
        """The Outlook that counts."""
        return self.outlooks[0]

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """Its Outlooks, the one that counts first."""
        return self._facts.outlooks

    @property
    def environment(self) -> dict[str, str]:
        """Its variables for paths."""
        return self._facts.environment

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Hives that are unfinished, absent or damaged, and a code page that had to be guessed."""
        names = {user.root: f"user {user.name}" for user in self.users}
        hives = self.registry.hives.items()
        found = (
            *chain.from_iterable(hive.findings(names.get(path, str(path))) for path, hive in hives),
            *(found for found in self._user_hives.values() if isinstance(found, Finding)),
        )
        return (
            # That others' hives are closed to a user who does the per-user part is as it should be.
            *(each for each in found if self._own is None or each.id != CLOSED),
            *self._facts.findings,
        )

    def why_unwritable(self, user: User) -> Finding | None:
        """Why a user's hive cannot be written."""
        found = self._user_hives[user]
        if isinstance(found, Finding):
            return found
        return self.registry.hives[user.root].why_unwritable(f"user {user.name}")

    @cached_property
    def _machine(self) -> HiveRegistry:
        """The registry without the users, from which one learns who they are."""
        return HiveRegistry(self._machine_hives)

    @property
    def _drive(self) -> dict[str, Path]:
        return {self.environment["SystemDrive"]: self.root}

    @cached_property
    def _tree(self) -> TreeFiles:
        """Its files, for who asks where something lies before it is known whose our folder is."""
        return TreeFiles(self._drive)

    @cached_property
    def _machine_state(self) -> FolderState | None:
        """The machine's records; None where they can have no place."""
        from mapiwright.workstation.disk.folder_state import FolderState  # noqa: PLC0415 - not every verb asks for it

        path = self._tree.path_of(windows.state_folder(self.environment))
        return FolderState(path) if path is not None else None

    @cached_property
    def _own(self) -> UserFolder | None:
        """The profile folder of the one user whose hive is ours, where the machine's records are not."""
        if self._machine_state is None or not self._machine_state.closed:
            return None
        mine = [folder for folder in self._people if self._is_ours(folder.user)]
        return mine[0] if len(mine) == 1 else None

    def _is_ours(self, user: User) -> bool:
        from mapiwright.workstation.disk.folder_state import is_ours  # noqa: PLC0415

        hive = self._user_hives[user]
        return isinstance(hive, Path) and is_ours(hive)

    def _state_of(self, folder: UserFolder) -> FolderState:
        """A user's own records; raises RefusedError where a link leads out of the profile folder."""
        from mapiwright.workstation.disk.folder_state import FolderState  # noqa: PLC0415

        path = windows.own_folder(folder.path)
        real, profile = self._tree.path_of(path), self._tree.path_of(folder.path)
        if real is None or real.parents[len(windows.LOCAL_DATA)] != profile:
            raise RefusedError("a link leads out of the user's profile folder", where=path)
        return FolderState(real)

    @property
    def _people(self) -> tuple[UserFolder, ...]:
        """Without Default, who runs nothing and whose records every new user would be given."""
        return tuple(folder for folder in self._facts.user_folders if not folder.user.template)

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self._machine, lambda: self._tree)

    @cached_property
    def _user_hives(self) -> dict[User, Path | Finding]:
        """The hive of each user, or why it cannot be written."""
        found = {folder.user: self._hive_of(folder) for folder in self._facts.user_folders}
        if found != self._mounted:
            self.__dict__.pop("registry", None)
        return found

    def _hive_of(self, folder: UserFolder) -> Path | Finding:
        path = join(folder.path, "NTUSER.DAT")
        try:
            real = self._tree.path_of(path)
            what, remedy = "it is on another drive", ""
        except PermissionError:
            return closed_hive(path, f"user {folder.user.name}")
        except RefusedError as error:
            real, what, remedy = None, f"{error.where}: {error.what}", error.remedy
        if real is not None:
            return real
        reported = f"the hive of user {folder.user.name} is not accessible: {what}"
        return Finding("MW3002", Severity.WARNING, path, reported, remedy=remedy)
