r"""What every Windows has that lies in folders of this computer: files, our records on it, and the facts it states.

Its kinds differ in where the registry is; ``image.py`` and ``wine.py`` know.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError, UsageError
from mapiwright.workstation.disk.handles import look_at, open_folder
from mapiwright.workstation.disk.tree import TreeFiles, resolve
from mapiwright.workstation.kept import Kept
from mapiwright.workstation.outlook import windows
from mapiwright.workstation.outlook.facts import WholeWindows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mapiwright.workstation.disk.folder_state import FolderState, UserState
    from mapiwright.workstation.outlook.windows import UserFolder
    from mapiwright.workstation.workstation import User

LARGEST_OF_A_USER = 64 * 1024 * 1024
"""The bytes of a record in a user's own store; it holds changes to the user's keys."""


class WindowsTree(WholeWindows):
    """A Windows whose drives are folders of this computer."""

    def __init__(self) -> None:
        self.kept = Kept()

    @property
    @abstractmethod
    def _drives(self) -> Mapping[str, Path]:
        """The folders that are its drives, by their letters."""

    @abstractmethod
    def _hive_in(self, home: Path) -> Path:
        """The file of the user's keys, where that user's profile folder is ``home``."""

    @abstractmethod
    def _is_ours(self, user: User) -> bool:
        """Whether the user who runs this owns that user's keys."""

    def _state_in(self, folder: Path) -> FolderState:
        """Our records in a folder, as this run may write them."""
        from mapiwright.workstation.disk.folder_state import FolderState  # noqa: PLC0415 - not every verb asks for it

        return FolderState(folder)

    @cached_property
    def files(self) -> TreeFiles:
        """Its files."""
        return TreeFiles(self._drives, private=self.state_folder)

    @cached_property
    def state(self) -> FolderState:
        """Our journal, receipts and backups on it."""
        if self._own is not None:
            return self._state_in(resolve(self._home_of(self._own), windows.OWN_FOLDER, followed=0))
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
    def users_states(self) -> Mapping[User, UserState]:
        """The records of users who did, also where something is wrong with them; without those that are closed."""
        folders = self._people if self._own is None else ()
        states = {folder.user: self._state_of(folder) for folder in folders}
        return MappingProxyType({user: state for user, state in states.items() if state is not None})

    @cached_property
    def _tree(self) -> TreeFiles:
        """Its files, for who asks where something lies before it is known whose our folder is."""
        return TreeFiles(self._drives)

    @cached_property
    def _machine_state(self) -> FolderState | None:
        """The machine's records; None where they can have no place."""
        path = self._tree.path_of(windows.state_folder(self.environment), follow=False)
        return self._state_in(path) if path is not None else None

    @cached_property
    def _own(self) -> UserFolder | None:
        """The profile folder of the one user whose hive is ours, where the machine's records are not."""
        if self._machine_state is None or not self._machine_state.closed:
            return None
        mine = [folder for folder in self._people if self._is_ours(folder.user)]
        return mine[0] if len(mine) == 1 else None

    def _state_of(self, folder: UserFolder) -> UserState | None:
        """A user's own records, for another's run; None where there are none, or they are closed to it."""
        from mapiwright.workstation.disk.folder_state import UserState  # noqa: PLC0415

        try:
            home = self._tree.path_of(folder.path)
        except (RefusedError, UsageError, OSError):
            return None  # the finding on the hive says so
        if home is None:
            return None
        owners = frozenset(
            found.st_uid for found in (look_at(home), look_at(self._hive_in(home))) if found is not None
        )
        try:
            real = resolve(home, windows.OWN_FOLDER, followed=0)
            open_folder(real).close()
        except (FileNotFoundError, PermissionError):
            return None
        except (RefusedError, OSError):
            real = home.joinpath(*windows.OWN_FOLDER)  # what is wrong with it, its faults say
        return UserState(real, owners, LARGEST_OF_A_USER)

    @property
    def _people(self) -> tuple[UserFolder, ...]:
        """Without Default, who runs nothing and whose records every new user would be given."""
        return tuple(folder for folder in self._facts.user_folders if not folder.user.template)

    def _home_of(self, folder: UserFolder) -> Path:
        home = self._tree.path_of(folder.path)
        if home is None:
            raise RefusedError("the profile folder is on another drive", where=folder.path)
        return home
