r"""Mapiwright's own records as the target of a change: only the transaction writes there, however it is spelled.

Windows takes ``C:\PROGRA~3\MAPIWR~1``, ``C:\programdata\Mapiwright.`` and ``C:\ProgramData\Mapiwright:x`` for one
folder. A plan keeps the records of services in ``services`` there, spelled as we spell it, and nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.change import MakeFolder, RemoveFolder
from mapiwright.workstation.files import fault_of_name, split
from mapiwright.workstation.outlook.windows import OWN_FOLDER
from mapiwright.workstation.subject import on_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mapiwright.workstation.change import Change, FileChange
    from mapiwright.workstation.workstation import Workstation

SERVICES = "services"
"""What is a plan's to write in our folder."""
_SHORT = re.compile(r"([^~]{1,6})~[0-9]+")
_HASHED = re.compile(r"..[0-9A-F]{4}")
"""The stem of a short name whose first ones were taken: two characters, and a checksum."""


def refuse_own_records(changes: Iterable[Change], workstation: Workstation) -> None:
    """Raise RefusedError that names the changes of files which would write Mapiwright's own records."""
    own = split(workstation.state_folder)
    files = [change for change in on_files(changes) if is_ours(change.path, own)]
    found = [change.path for change in files if not _is_allowed(change, own)]
    if found:
        raise RefusedError(
            f"Mapiwright keeps its own records there, and no plan writes them: {'; '.join(found)}",
            where=workstation.uri,
            expected="files outside of that folder",
            remedy="Correct the destinations in the package, or plan again.",
        )


def is_ours(path: str, own: Sequence[str]) -> bool:
    """Whether Windows may take ``path`` for our folder, whose names are ``own``, for a user's, or for one below."""
    names = [_plain(name) for name in split(path)]
    return _begins(names, own) or any(_begins(names[at:], OWN_FOLDER) for at in range(1, len(names)))


def _is_allowed(change: FileChange, own: Sequence[str]) -> bool:
    names = split(change.path)
    depth = len(own)
    if tuple(map(upcase, names[:depth])) != tuple(map(upcase, own)):
        return False
    if len(names) == depth:  # it is left out of the plan, as the journal needs it before and after
        return isinstance(change, MakeFolder | RemoveFolder)
    return names[depth] == SERVICES and not any(map(fault_of_name, names[depth:]))


def _begins(names: Sequence[str], own: Sequence[str]) -> bool:
    return len(names) >= len(own) and all(map(may_be, names, own))


def may_be(name: str, long: str) -> bool:
    """Whether Windows may take ``name``, plain, for the file of the name ``long``: as it is, or as its short name."""
    if name == upcase(long):
        return True
    short = _SHORT.fullmatch(name.partition(".")[0])
    stem = upcase(re.sub(r"[ .]", "", long))
    if short is None:
        return False
    return stem.startswith(short[1]) or (_HASHED.fullmatch(short[1]) is not None and stem[:2] == short[1][:2])


def _plain(name: str) -> str:
    """A name without its stream and without the dots and spaces that Windows takes off its end, in upper case."""
    drive = name[1:2] == ":" and len(name) == 2
    return upcase(name) if drive else upcase(name.partition(":")[0].rstrip(". "))
