r"""The files that a package shares with others: the counts of SharedDLLs, and files that other services name.

``HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\SharedDLLs`` holds a REG_DWORD for each shared file, named by its
full path, in the view of the file's own bitness ([native] 4.2). A product counts once, however often it is installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats import pe
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import PROVIDERS, links, read_section
from mapiwright.mapi.inf.check_dll import file_of_dll, with_extension
from mapiwright.mapi.props import tags
from mapiwright.setup.package import destination
from mapiwright.setup.package.package import base_name
from mapiwright.setup.package.rules import finding
from mapiwright.setup.records.history import (
    SHARED_DLLS,
    History,
    count_before,
    count_of,
    file_before,
    is_count,
    place_of_file,
)
from mapiwright.workstation.change import SetValue, WriteFile, key_with_parents
from mapiwright.workstation.files import join, parent
from mapiwright.workstation.registry import KeyPath, Value, View
from mapiwright.workstation.subject import subject_of_file, subject_of_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mapiwright.errors import Finding
    from mapiwright.mapi.inf.catalogue import Catalogue, Reading
    from mapiwright.setup.package.package import Package
    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.subject import Subject
    from mapiwright.workstation.workstation import Workstation

UNKNOWN_OWNER = 1
"""What a file that was there before its first counted install counts for ([native] 4.2, the classic rule)."""


@dataclass(frozen=True, slots=True)
class Released:
    """What lets go of a package's shared files.

    ``registry`` and ``files`` are changes to make; ``past`` is what is left for `revert`, which takes them as
    ``planned``; ``kept`` says what stays, and why.
    """

    registry: tuple[RegistryChange, ...]
    files: tuple[FileChange, ...]
    past: tuple[Change, ...]
    kept: tuple[Finding, ...]


def counted(package: Package, workstation: Workstation, ours: Mapping[Subject, Change]) -> tuple[RegistryChange, ...]:
    """The changes that count the package's shared files; a file that ``ours`` counts already is not counted again.

    Those are the files marked shared, and every file that is there already and not ours. ``ours`` is what
    `machine.written_by` gives.
    """
    folders = destination.folders(workstation)
    found: list[RegistryChange] = []
    for file in package.files_for(workstation.outlook.bitness):
        path = destination.place(file.destination, folders)
        foreign = workstation.files.read(path) is not None and subject_of_file(path) not in ours
        key = _key_of_counts(path, file.data, workstation)
        if not (file.shared or foreign) or subject_of_value(key, path) in ours:
            continue
        old = workstation.registry.value(key, path)
        count = count_of(old)
        if count is None:
            # [native] 4.2: the first count of a file that was there leaves one for its unknown owner.
            count = UNKNOWN_OWNER if foreign else 0
            if old is not None:
                continue  # not to be read: nobody's count is better than a wrong one
        found += key_with_parents(workstation.registry, key)
        found.append(SetValue(key, path, old, Value.dword(count + 1)))
    return tuple(found)


def release(
    workstation: Workstation, past: Iterable[Change], *, leaving: str, before: Catalogue, after: Catalogue
) -> Released:
    """Let go of the shared files among ``past`` changes (newest first) of the package ``leaving``.

    MAPISVC.INF is not among them: it is edited, and not reverted. ``before`` is what it means now, ``after`` what
    it will mean without the package.

    A file goes with the last product that counts it; where all counts were ours, file and count go back to what they
    were before the first of our packages came, in whatever order they leave. A count that is missing or unreadable
    keeps the file, and so does another service that names it ([pidtagservicedeletefiles-canonical-property]).
    """
    return _Release(workstation, tuple(past), leaving, after).released(before)


def _key_of_counts(path: str, data: bytes | None, workstation: Workstation) -> KeyPath:
    """The SharedDLLs key for a file: the view of its own bitness, or that of its folder where it is no PE file."""
    environment = {name.upper(): folder for name, folder in workstation.environment.items()}
    of_x86 = [environment.get(name, "") for name in ("PROGRAMFILES(X86)", "COMMONPROGRAMFILES(X86)")]
    if not of_x86[0]:
        return KeyPath.parse(SHARED_DLLS)  # a 32-bit Windows has one side
    of_x86.append(join(environment["SYSTEMROOT"], "SysWOW64"))
    try:
        narrow = pe.read(data or b"").bits == 32
    except FormatError:
        narrow = any(upcase(path).startswith(upcase(folder) + "\\") for folder in of_x86 if folder)
    return KeyPath.parse(SHARED_DLLS, View.X86 if narrow else View.NATIVE)


class _Release:
    """The shared files of a package that leaves, one by one."""

    def __init__(self, workstation: Workstation, past: tuple[Change, ...], leaving: str, after: Catalogue) -> None:
        self.workstation = workstation
        self.past = past
        self.history = History(workstation, leaving)
        self.claimed = self.history.claimed()
        self.after = after
        self.named = frozenset(_names(after))
        self.registry: list[RegistryChange] = []
        self.files: list[FileChange] = []
        self.kept: list[Finding] = []

    def released(self, before: Catalogue) -> Released:
        """Everything that lets go."""
        counts = {
            upcase(change.name): change for change in self.past if isinstance(change, SetValue) and is_count(change)
        }
        paths = {upcase(change.name): change.name for change in counts.values()}
        written = {upcase(change.path): change for change in self.past if isinstance(change, WriteFile)}
        paths |= {place: change.path for place, change in written.items()}
        settled = set()
        for place, path in paths.items():
            count, write = counts.get(place), written.get(place)
            key = count.key if count else _key_of_counts(path, write.new if write else None, self.workstation)
            if self.settle(place, path, key, counted=count is not None):
                settled.add(place)
        self.kept += self.never_ours(before, paths)
        past = tuple(change for change in self.past if place_of_file(change) not in settled)
        return Released(
            tuple(self.registry), tuple(self.files), (*past, *self.history.left_behind()), tuple(self.kept)
        )

    def settle(self, place: str, path: str, key: KeyPath, *, counted: bool) -> bool:
        """Let go of one file; False where it is nobody's but the package's, and `take_back` may have it."""
        now = self.workstation.registry.value(key, path)
        count = count_of(now)
        named = bool({place, upcase(base_name(path))} & self.named)
        if not (counted or now is not None or place in self.claimed):
            if named:
                self.keep("MW5105", path, "another service of MAPISVC.INF names it")
            return named
        if now is None or count is None:
            self.keep("MW5103", path, f"its count in {key} is {'missing' if now is None else 'no number'}")
            return True
        era = self.history.era(place)
        alone, origin = count_before(era, now)
        needed = place in self.claimed or named
        if needed or (not alone and count > 1):
            self.registry.append(SetValue(key, path, now, Value.dword(count - 1) if count > 1 else None))
            if named:
                self.keep("MW5105", path, "another service of MAPISVC.INF names it")
            else:
                self.keep("MW5104", path, f"{max(count - 1, 1)} other product(s) use it")
            return True
        self.registry.append(SetValue(key, path, now, origin if alone else None))
        data = self.workstation.files.read(path)
        untouched, was = file_before(era, data)
        left = was if alone else None
        if not untouched:
            self.keep("MW5101", path, "it was changed after it was installed, so it stays")
        elif data != left:
            self.files.append(WriteFile(path, data, left))
        return True

    def keep(self, rule: str, path: str, why: str) -> None:
        """Report a file that stays."""
        self.kept.append(finding(rule, path, why))

    def never_ours(self, before: Catalogue, paths: Mapping[str, str]) -> Iterator[Finding]:
        """The files beside ours that the package's services want deleted, and that it never installed."""
        folders = dict.fromkeys(parent(path) for path in paths.values())
        staying = {upcase(name) for name in self.after.services}
        for service in before.services:
            if upcase(service) not in staying:
                for name in _deleted(before, service):
                    for path in (join(folder, name) for folder in folders):
                        if upcase(path) not in paths and self.is_file(path):
                            yield finding("MW5106", path, f"[{service}] wants it deleted, and it came from elsewhere")

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        return not self.workstation.files.is_folder(path) and self.workstation.files.read(path) is not None


def _readings(catalogue: Catalogue, service: str) -> Iterator[Reading]:
    """What the section of a service says, then those of its providers; what is at fault in them is left out."""
    section = catalogue.inf.section(service)
    if section is None:
        return
    yield read_section(section)
    for name in links(section, PROVIDERS):
        provider = catalogue.inf.section(name)
        if provider is not None:
            yield read_section(provider)


def _deleted(catalogue: Catalogue, service: str) -> Iterator[str]:
    """The bare names of files that a service wants deleted with it, with their 32 and as written."""
    for read in _readings(catalogue, service):
        for name in read.texts(tags.PR_SERVICE_DELETE_FILES):
            if base_name(name) == name:
                yield from dict.fromkeys((name, file_of_dll(name)))


def _names(catalogue: Catalogue) -> Iterator[str]:
    """The files that any service names, as they compare: paths and bare names, with their 32 and as written."""
    for service in catalogue.services:
        for read in _readings(catalogue, service):
            dlls = (read.text(tag) for tag in (tags.PR_SERVICE_DLL_NAME, tags.PR_PROVIDER_DLL_NAME))
            files = (*read.texts(tags.PR_SERVICE_SUPPORT_FILES), *read.texts(tags.PR_SERVICE_DELETE_FILES))
            for name in filter(None, (*dlls, *files)):
                yield upcase(name)
                yield upcase(with_extension(name))
                yield upcase(file_of_dll(name))
