r"""Files of a workstation that lie below folders of this computer: ``C:\Windows`` under the folder of an image.

Names resolve without regard to case, also where the mount regards it. A symbolic link is followed only while it stays
below the folder, for reading and for writing: what a link of an image names is not ours. What it comes to is opened
by handles and without links, so that one that is put there later leads nowhere.
"""

# ruff: noqa: PLC0415 - the writer is loaded for writing only, not to list profiles

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.disk.handles import is_folder, is_link, look_at, names_in, open_folder, read_file
from mapiwright.workstation.disk.name_index import NameIndex
from mapiwright.workstation.disk.trust import OwnersOnly
from mapiwright.workstation.files import fault_of_name, join, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mapiwright.workstation.change import FileChange
    from mapiwright.workstation.disk.handles import Check, Folder
    from mapiwright.workstation.files import FileSnapshot, FileWants, Room

OWNER_ONLY_FILE = 0o600
OWNER_ONLY_FOLDER = 0o700
EVERYBODYS_FILE = 0o666
EVERYBODYS_FOLDER = 0o777
"""Less the umask."""
HIBERNATION_FILE = "hiberfil.sys"


def resolve(root: Path, names: Sequence[str], index: NameIndex | None = None, *, followed: int | None = None) -> Path:
    """The path of ``names`` below ``root``, by the names as stored and without links; what is absent keeps its name.

    ``index`` remembers folders from one path to the next.
    Of the names the first ``followed`` may be links; all of them where it is None. One that may not is refused, or
    stays in the path where it bears the last name, for whoever opens it to refuse. Raises RefusedError there, where
    two names differ only in case, a link leaves ``root``, or this program runs in a locale that cannot write a name.
    """
    may_lead = len(names) if followed is None else followed
    _must_be_written(root.joinpath(*names))
    if not names:
        return Path(os.path.realpath(root)) if followed is None else root
    top, index = Path(os.path.realpath(root)), index or NameIndex()
    with ExitStack() as opened:
        here = top
        for at, name in enumerate(names):
            try:
                folder = opened.enter_context(open_folder(here))
                stored = _stored(index, folder, name)
            except (FileNotFoundError, NotADirectoryError):
                return here.joinpath(*names[at:])
            here /= stored or name
            if at < may_lead and is_link(folder.look(here.name)):
                here = _followed(here, top)
            opened.pop_all().close()
    return here


def _followed(link: Path, top: Path) -> Path:
    real = Path(os.path.realpath(link))
    if not real.is_relative_to(top):
        raise RefusedError(
            f"a link leads out of the workstation, to {real}",
            where=str(link),
            remedy="Mount that folder into the workstation's own tree, or take the link away.",
        )
    return real


def _must_be_written(path: Path) -> None:
    """Raise RefusedError where the locale has no characters for the path: strict ASCII has none for a user Zoë."""
    if "\0" in str(path):
        raise RefusedError("no file has a name with a NUL in it", where=str(path).replace("\0", "\\0"))
    try:
        os.fsencode(path)
    except UnicodeEncodeError as error:
        raise RefusedError(
            f"a name of it cannot be written in this locale, whose encoding is {error.encoding}",
            where=str(path),
            remedy="Run it with LC_ALL=C.UTF-8.",
        ) from error


def _stored(index: NameIndex, folder: Folder, name: str) -> str | None:
    found = index.stored(folder, name)
    if len(found) > 1:
        raise RefusedError(
            f"{' and '.join(map(repr, found))} are one name for Windows",
            where=str(folder.path),
            expected="names that differ by more than case",
            remedy="Rename all but the one that Windows made.",
        )
    return found[0] if found else None


class TreeFiles:
    """Files below folders of this computer, and single files, each at its Windows path."""

    def __init__(self, places: Mapping[str, Path], *, private: str = "") -> None:
        r"""``places`` maps ``C:`` or ``C:\MAPISVC.INF`` to what is there.

        What is made in or below ``private`` is for its owner alone, and what is read there must be that of somebody
        whose word it may be (``trust``).
        """
        self._places = {_place(path): Path(real) for path, real in places.items()}
        self._spelled = {place: split(path) for place, path in zip(self._places, places, strict=True)}
        self._own = private
        self._private = _place(private) if private else None
        self._index = NameIndex()

    def path_of(self, path: str, *, follow: bool = True) -> Path | None:
        """Where the file or folder is, or would be, on this computer; None where it cannot exist here.

        Without ``follow`` a link that bears the last name is not followed.
        """
        place = _place(path)
        for depth in range(len(place), 0, -1):
            root = self._places.get(place[:depth])
            if root is not None:
                names = split(path)[depth:]
                return resolve(root, names, self._index, followed=None if follow else max(len(names) - 1, 0))
        return None

    def read(self, path: str) -> bytes | None:
        """The bytes of a file."""
        real = self.path_of(path)
        if real is None:
            return None
        try:
            return read_file(real, check=self._check(path, real))
        except ConflictError as error:
            error.where = path
            raise

    def digest(self, path: str) -> str | None:
        """The digest of a file's bytes."""
        from mapiwright.workstation.look import digest_of

        return digest_of(self.read(path))

    def is_folder(self, path: str) -> bool:
        """Whether it is a folder; what leads to a place of ours is one."""
        real = self.path_of(path)
        if real is None:
            return bool(self._leading_below(path))
        found = look_at(real)
        return found is not None and is_folder(found)

    def names(self, path: str) -> tuple[str, ...]:
        """The names in a folder."""
        real = self.path_of(path)
        if real is None:
            return self._leading_below(path)
        return names_in(real)

    def room(self, path: str) -> Room | None:
        """What there is for a file."""
        from mapiwright.workstation.disk.free_space import room_at

        real = self.path_of(path)
        if real is None:
            return None
        return room_at(real, self.path_of(join(split(path)[0], HIBERNATION_FILE)))

    def look(self, wants: FileWants) -> FileSnapshot:
        """All of that in one go."""
        from mapiwright.workstation.look import look_into_files

        return look_into_files(self, wants)

    def refuse_impossible(self, changes: Iterable[FileChange]) -> None:
        """Refuse to replace a file at the next start, as no Windows runs here, and what can have no place."""
        from mapiwright.workstation.outstanding import refuse_impossible
        from mapiwright.workstation.subject import leaves_something

        changes = tuple(changes)
        self._refuse_at_restart(changes)
        for change in changes:
            if leaves_something(change):
                self._path_to_change(change)
        refuse_impossible(changes, self)

    def apply(self, changes: Sequence[FileChange]) -> None:
        """Make every change true, each one durable; all are checked before the first is made."""
        from mapiwright.workstation.change import WriteFile
        from mapiwright.workstation.disk.replace import remove_leftovers
        from mapiwright.workstation.outstanding import outstanding_in_files
        from mapiwright.workstation.subject import leaves_something, partly_made

        self._refuse_at_restart(changes)
        for change in changes:  # beside what is as it should be, too, and before it is seen what a folder still holds
            real = self._path_to_change(change) if leaves_something(change) else self.path_of(change.path)
            if isinstance(change, WriteFile) and real is not None:
                remove_leftovers(real)
        due = outstanding_in_files(changes, self)
        for at, change in enumerate(due):
            try:
                self._make(change)
            except OSError as error:
                if not at:
                    raise  # nothing was made
                names = tuple(each.path for each in due)
                raise partly_made(error, names[:at], names[at:]) from error

    def _refuse_at_restart(self, changes: Iterable[FileChange]) -> None:
        from mapiwright.workstation.outstanding import refuse_at_restart

        refuse_at_restart(changes, "a Windows that does not run")

    def _make(self, change: FileChange) -> None:
        from mapiwright.workstation.change import MakeFolder, RemoveFolder, WriteFile
        from mapiwright.workstation.disk.replace import make_folder, remove_folder, replace_file

        real = self._path_to_change(change)
        private = self._is_private(change.path)
        match change:
            case WriteFile():
                mode = OWNER_ONLY_FILE if private else EVERYBODYS_FILE
                replace_file(real, change.new, mode=mode, check=self._check(change.path, real))
            case MakeFolder():
                make_folder(real, mode=OWNER_ONLY_FOLDER if private else EVERYBODYS_FOLDER)
            case RemoveFolder():
                remove_folder(real)

    def _path_to_change(self, change: FileChange) -> Path:
        real = self.path_of(change.path)
        if real is None:
            raise RefusedError(
                "it has no place on this workstation",
                where=change.path,
                expected="a path in " + " or ".join("\\".join(names) for names in self._spelled.values()),
            )
        if self._own and not self._is_private(change.path):
            own = self.path_of(self._own)
            if own is not None and real.is_relative_to(own):
                raise RefusedError("a link leads into Mapiwright's own folder", where=f"{change.path}: {real}")
        fault = fault_of_name(split(change.path)[-1])
        if fault is not None and look_at(real) is None:
            raise RefusedError(f"Windows has no such name: {fault}", where=change.path)
        return real

    def _leading_below(self, path: str) -> tuple[str, ...]:
        """The next names on the way to our places that are there."""
        place = _place(path)
        return tuple(
            sorted(
                {
                    self._spelled[ours][len(place)]
                    for ours, real in self._places.items()
                    if ours[: len(place)] == place and len(ours) > len(place)
                }
            )
        )

    def _check(self, path: str, real: Path) -> Check | None:
        """Who must own what is read at a path; raises RefusedError where a link leads out of our folder."""
        if not self._is_private(path):
            return None
        own = self.path_of(self._own, follow=False)
        if own is None or not real.is_relative_to(own):
            raise RefusedError("a link leads out of Mapiwright's own folder", where=path)
        return OwnersOnly(own)

    def _is_private(self, path: str) -> bool:
        return self._private is not None and _place(path)[: len(self._private)] == self._private


def _place(path: str) -> tuple[str, ...]:
    return tuple(map(upcase, split(path)))
