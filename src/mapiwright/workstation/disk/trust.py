r"""Who may have written our records: nothing is believed because of where it lies.

Whoever makes ``ProgramData\Mapiwright`` first would otherwise have an administrator's run call their code. So that
folder and what is in it belong to root, as which a Linux mount shows SYSTEM and Administrators, to the user who runs
this, or to the user whose records they are; and nobody else may write there.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from mapiwright.errors import UntrustedError
from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from pathlib import Path

ROOT = 0


@frozen
class OwnersOnly:
    """Whose a folder of ours, and all that is in it, must be.

    ``others`` are users who are believed besides root and who runs this, by their numbers. Windows shows neither
    owner nor mode to Python, and nothing is compared there.
    """

    folder: Path
    others: frozenset[int] = frozenset()

    def __call__(self, path: Path, found: os.stat_result) -> None:
        """Raise UntrustedError where what is at ``path``, in our folder, may be somebody else's word."""
        if sys.platform == "win32" or not path.is_relative_to(self.folder):
            return
        if found.st_uid not in {ROOT, os.geteuid(), *self.others}:
            why = f"it belongs to user {found.st_uid}"
        elif not stat.S_ISLNK(found.st_mode) and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            why = "others than its owner may write it"
        else:
            return
        raise UntrustedError(
            f"Mapiwright's records here are not believed: {why}",
            where=str(path),
            expected="files and folders of root or of the user who runs this, which nobody else may write",
            remedy=f"Find out who made them. Then move {self.folder} away; or, where they are yours, close them: "
            f"chown -R root, chmod -R go-w. A mount that shows every file as everybody's is made with umask=077.",
        )
