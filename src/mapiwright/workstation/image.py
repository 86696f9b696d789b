"""An offline Windows: the folder of a mounted image, a copied disk, or a tree made by ``workstation create``."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, NotFoundError, RefusedError, Severity
from mapiwright.workstation import windows
from mapiwright.workstation.files import join
from mapiwright.workstation.hives import HiveFile, HiveRegistry
from mapiwright.workstation.outlook import find_outlooks
from mapiwright.workstation.registry import KeyPath
from mapiwright.workstation.tree import TreeFiles, resolve

if TYPE_CHECKING:
    from mapiwright.workstation.folder_state import FolderState
    from mapiwright.workstation.windows import UserFolder
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

    @cached_property
    def registry(self) -> HiveRegistry:
        """The machine's hives, and each user's."""
        users = {user.root: HiveFile(path) for user, path in self._user_hives.items() if isinstance(path, Path)}
        return HiveRegistry({**self._machine_hives, **users})

    @cached_property
    def files(self) -> TreeFiles:
        """Its files."""
        return TreeFiles({self.environment["SystemDrive"]: self.root}, private=self.state_folder)

    @cached_property
    def state(self) -> FolderState:
        """Our journal, receipts and backups on it."""
        from mapiwright.workstation.folder_state import FolderState  # noqa: PLC0415 - not every verb asks for it

        path = self.files.path_of(self.state_folder)
        if path is None:
            raise RefusedError("ProgramData is not on the drive of Windows", where=self.state_folder)
        return FolderState(path)

    @cached_property
    def state_folder(self) -> str:
        """Our folder on it."""
        return windows.state_folder(self.environment)

    @property
    def code_page(self) -> str:
        """Its ANSI code page."""
        return windows.code_page(self._machine)[0]

    @property
    def users(self) -> tuple[User, ...]:
        """Its users."""
        return tuple(found.user for found in self._user_folders)

    @property
    def outlook(self) -> Outlook:
        """The Outlook that counts."""
        return self.outlooks[0]

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """Its Outlooks, the one that counts first."""
        return find_outlooks(self.registry, self.files, self.environment)

    @cached_property
    def environment(self) -> dict[str, str]:
        """Its variables for paths."""
        return windows.environment(self._machine)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Hives that are unfinished, absent or damaged, and a code page that had to be guessed."""
        names = {user.root: f"user {user.name}" for user in self.users}
        hives = self.registry.hives.items()
        return (
            *chain.from_iterable(hive.findings(names.get(path, str(path))) for path, hive in hives),
            *(found for found in self._user_hives.values() if isinstance(found, Finding)),
            *windows.code_page(self._machine)[1],
        )

    def out_of_reach(self, user: User) -> Finding | None:
        """Why a user's hive cannot be written."""
        found = self._user_hives[user]
        if isinstance(found, Finding):
            return found
        return next(self.registry.hives[user.root].findings(f"user {user.name}"), None)

    @cached_property
    def _machine(self) -> HiveRegistry:
        """The registry without the users, from which one learns who they are."""
        return HiveRegistry(self._machine_hives)

    @cached_property
    def _user_folders(self) -> tuple[UserFolder, ...]:
        return tuple(windows.user_folders(self._machine, self.environment))

    @cached_property
    def _user_hives(self) -> dict[User, Path | Finding]:
        """The hive of each user, or why it is out of reach."""
        return {found.user: self._hive_of(found) for found in self._user_folders}

    def _hive_of(self, folder: UserFolder) -> Path | Finding:
        path = join(folder.path, "NTUSER.DAT")
        try:
            real = self.files.path_of(path)
            what, remedy = "it is on another drive", ""
        except RefusedError as error:
            real, what, remedy = None, f"{error.where}: {error.what}", error.remedy
        if real is not None:
            return real
        told = f"the hive of user {folder.user.name} is out of reach: {what}"
        return Finding("MW3002", Severity.WARNING, path, told, remedy=remedy)
