r"""Who may have written our records: nothing is believed because of where it lies.

Whoever makes ``ProgramData\Mapiwright`` first would otherwise have an administrator's run call their code. So that
folder and what is in it belong to root, to the user who runs this, or to the user whose records they are; and nobody
else may write there. A mount of NTFS may show everything as root's: its driver is asked for the owner that Windows
knows, too, which is SYSTEM or Administrators.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from mapiwright.errors import UntrustedError
from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from pathlib import Path

ROOT = 0
DESCRIPTORS = ("system.ntfs_acl", "system.ntfs_security")
"""Where the drivers show a file's security descriptor: ntfs-3g, and ntfs3."""


@frozen
class OwnersOnly:
    """Whose a folder of ours, and all that is in it, must be.

    ``others`` are users who are believed besides root and who runs this, by their numbers: then the store is that of
    a user, whose word is believed of that user alone, and the owner that Windows knows is not asked for. On Windows,
    Python sees neither owner nor mode, and nothing is compared.
    """

    folder: Path
    others: frozenset[int] = frozenset()

    def __call__(self, path: Path, found: os.stat_result, place: str = "") -> None:
        """Raise UntrustedError where what is at ``path``, in our folder, may be somebody else's word."""
        if sys.platform == "win32" or not path.is_relative_to(self.folder):
            return
        if found.st_uid not in {ROOT, os.geteuid(), *self.others}:
            why = f"it belongs to user {found.st_uid}"
        elif not stat.S_ISLNK(found.st_mode) and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            why = "others than its owner may write it"
        else:
            owner = "" if self.others or stat.S_ISLNK(found.st_mode) else owner_in_windows(place)
            if not owner or _is_believed(owner):
                return
            why = f"in Windows it belongs to {owner}"
        raise UntrustedError(
            f"Mapiwright's records here are not believed: {why}",
            where=str(path),
            expected="files and folders of root or of the user who runs this, which nobody else may write",
            remedy=f"Find out who made them. Then move {self.folder} away; or, where they are yours, close them: "
            f"chown -R root, chmod -R go-w. A mount that shows every file as everybody's is made with umask=077.",
        )


def owner_in_windows(place: str) -> str:
    """The SID of the owner of a file on a mount of NTFS; "" where the system does not say."""
    if sys.platform == "linux" and place:
        for name in DESCRIPTORS:
            with suppress(OSError):
                found = os.getxattr(place, name)
                from mapiwright.formats.regf.edit.security import owner_of  # noqa: PLC0415 - few mounts are of NTFS

                return owner_of(found)
    return ""


def _is_believed(owner: str) -> bool:
    """Whether files of that owner are believed; what the drivers make is of Administrators."""
    from mapiwright.formats.regf.edit.security import ADMINISTRATORS, SYSTEM  # noqa: PLC0415 - likewise

    return owner in {SYSTEM, ADMINISTRATORS}
