"""An offline Windows: the folder of a mounted image, a copied disk, or a tree made by ``workstation create``."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, NotFoundError, RefusedError, Severity, UsageError
from mapiwright.workstation.disk.handles import is_folder, look_at
from mapiwright.workstation.disk.tree import resolve
from mapiwright.workstation.files import join
from mapiwright.workstation.kinds.windows_tree import WindowsTree
from mapiwright.workstation.mounts.hives import CLOSED, HiveFile, HiveRegistry, closed_hive, no_hive
from mapiwright.workstation.outlook.facts import Facts
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.workstation.outlook.windows import UserFolder
    from mapiwright.workstation.workstation import User

_CONFIG = ("Windows", "System32", "config")
_MACHINE_HIVES = ("SOFTWARE", "SYSTEM")
HIVE = "NTUSER.DAT"
"""The hive in a user's profile folder."""


class ImageWorkstation(WindowsTree):
    """A Windows tree under a folder; the drive that Windows runs from is that folder.

    Raises NotFoundError where the folder is absent or holds no Windows.
    """

    def __init__(self, path: Path, *, uri: str = "") -> None:
        """``uri`` is how the user named it, where that is not ``image:`` and the path."""
        super().__init__()
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
        self._opened: dict[Path, HiveFile] = {}
        self._mounted: dict[User, Path | Finding] = {}
        self._machine_hives = {
            KeyPath("HKLM", (name,)): HiveFile(resolve(self.root, (*_CONFIG, name))) for name in _MACHINE_HIVES
        }
        for hive in self._machine_hives.values():
            found = look_at(hive.path)
            if found is None or is_folder(found):
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

    def refresh(self) -> None:
        """Read the facts again; where our records are, and whose, stays as it was when the workstation was opened."""
        self.kept.forget()
        for name in ("_facts", "_user_hives"):
            self.__dict__.pop(name, None)

    @property
    def users(self) -> tuple[User, ...]:
        """Its users."""
        return tuple(self._user_hives)

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
    def _drives(self) -> dict[str, Path]:
        return {self.environment["SystemDrive"]: self.root}

    def _hive_in(self, home: Path) -> Path:
        return home / HIVE

    def _is_ours(self, user: User) -> bool:
        from mapiwright.workstation.disk.folder_state import is_ours  # noqa: PLC0415 - few have records of their own

        hive = self._user_hives[user]
        return isinstance(hive, Path) and is_ours(hive)

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self._machine, lambda: self._tree)

    @cached_property
    def _user_hives(self) -> dict[User, Path | Finding]:
        """The hive of each user, or why it cannot be written."""
        found = {folder.user: self._hive_of(folder) for folder in self._facts.user_folders}
        for path in {each for each in found.values() if isinstance(each, Path)}:
            sharing = [user for user, each in found.items() if each == path]
            if len(sharing) > 1:
                found |= {user: _shared_hive(path, user, sharing) for user in sharing}
        if found != self._mounted:
            self.__dict__.pop("registry", None)
        return found

    def _hive_of(self, folder: UserFolder) -> Path | Finding:
        path = join(folder.path, HIVE)
        remedy = ""
        try:
            home, real = self._tree.path_of(folder.path), self._tree.path_of(path)
        except PermissionError:
            return closed_hive(path, f"user {folder.user.name}")
        except RefusedError as error:
            what, remedy = f"{error.where}: {error.what}", error.remedy
        except (UsageError, OSError) as error:
            what = f"its folder, as the registry names it, cannot be opened: {error}"
        else:
            if real is None:
                what = "it is on another drive"
            elif real.parent != home:
                what, remedy = "a link leads out of the user's profile folder", "Take the link away."
            else:
                return no_hive(real, f"user {folder.user.name}") or real
        reported = f"the hive of user {folder.user.name} is not accessible: {what}"
        return Finding("MW3002", Severity.WARNING, path, reported, remedy=remedy)


def _shared_hive(path: Path, user: User, sharing: Sequence[User]) -> Finding:
    """Two users of one hive: what is written for one is written for the other."""
    others = ", ".join(other.sid for other in sharing if other != user)
    return Finding(
        "MW3006",
        Severity.WARNING,
        str(path),
        f"the hive of user {user.name} ({user.sid}) is also that of {others}",
        rule="each SID of ProfileList has a profile folder of its own",
        remedy="Remove the SID that is no longer used from ProfileList.",
    )
