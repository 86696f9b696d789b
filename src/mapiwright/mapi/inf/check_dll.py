r"""The names of DLLs in MAPISVC.INF: how MAPI makes a file name of them, and what goes wrong on the way.

MAPI puts ``32`` before the first period of the whole string: ``foo.dll`` is the file ``foo32.dll``, and
``c:\my.path\foo.dll`` would be ``c:\my32.path\foo.dll``
([registering-services-and-service-providers-in-mapisvc-inf]). Where the name has no period, ``32`` goes to its end,
and Windows adds ``.dll`` to what it loads without an extension ([loadlibrary]).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.rules import finding
from mapiwright.mapi.inf.value import split_list
from mapiwright.mapi.props import tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Entry, InfSection
    from mapiwright.mapi.inf.catalogue import Reading

DLLS = frozenset(tags.prop_id(tag) for tag in (tags.PR_SERVICE_DLL_NAME, tags.PR_PROVIDER_DLL_NAME))
FILES = frozenset(tags.prop_id(tag) for tag in (tags.PR_SERVICE_SUPPORT_FILES, tags.PR_SERVICE_DELETE_FILES))


def file_of_dll(name: str) -> str:
    """The file that MAPI loads for the name or path of a DLL; without a period, ``32`` goes to the end [derived]."""
    stem, period, rest = name.partition(".")
    return with_extension(f"{stem}32{period}{rest}")


def with_extension(path: str) -> str:
    """The name or path of a DLL as Windows completes it: one without a period in its last name gets ``.dll``."""
    return path if "." in path.replace("/", "\\").rpartition("\\")[2] else f"{path}.dll"


def dll_faults(entry: Entry) -> Iterator[Finding]:
    """What keeps MAPI from finding the DLL that a line names."""
    tag, line = tags.tag_of(entry.key), entry.index + 1
    if tag is None or tags.prop_id(tag) not in DLLS:
        return
    path = entry.value
    base = path.replace("/", "\\").rpartition("\\")[2]
    if base.partition(".")[0].endswith("32"):
        yield finding("MW1030", f"{path} would be loaded as {file_of_dll(path)}", line=line)
    if path.count(".") > 1 or ("." in path and "." not in base):
        yield finding("MW1031", f"{path} would be loaded as {file_of_dll(path)}", line=line)
    if "." not in path:
        yield finding("MW1032", f"{path or 'the name of a DLL'} has no extension", line=line)
    full = path[1:3] == ":\\" or path.startswith("\\\\")
    if base != path and not full:
        yield finding("MW1037", f"{path} is neither a bare name nor a full path", line=line)


def path_faults(entry: Entry, code_page: str) -> Iterator[Finding]:
    """Which names of files the workstation's ANSI code page cannot hold."""
    tag = tags.tag_of(entry.key)
    if tag is None or tags.prop_id(tag) not in DLLS | FILES:
        return
    names = (entry.value,) if tags.prop_id(tag) in DLLS else split_list(entry.value)
    for name in names:
        try:
            survives = name.encode(code_page).decode(code_page) == name
        except UnicodeError:
            survives = False
        if not survives:
            yield finding("MW1033", f"{name} does not survive {code_page}", line=entry.index + 1)


def shared_files(
    services: Sequence[tuple[InfSection, Sequence[Reading]]],
) -> Iterator[tuple[InfSection, str, InfSection]]:
    """The files that one service would delete and another one uses: the one, the file, the other.

    Each service comes with the readings of its own section and of its providers.
    """
    users: dict[str, dict[int, InfSection]] = {}
    for section, readings in services:
        for name in (name for read in readings for name in _files(read)):
            users.setdefault(_on_disk(name), {})[section.header] = section
    for section, readings in services:
        for name in readings[0].texts(tags.PR_SERVICE_DELETE_FILES):
            other = next((one for one in users[_on_disk(name)].values() if one is not section), None)
            if other is not None:
                yield section, name, other


def _files(read: Reading) -> Iterator[str]:
    for tag in (tags.PR_SERVICE_DLL_NAME, tags.PR_PROVIDER_DLL_NAME):
        if name := read.text(tag):
            yield name
    yield from read.texts(tags.PR_SERVICE_SUPPORT_FILES)
    yield from read.texts(tags.PR_SERVICE_DELETE_FILES)


def _on_disk(name: str) -> str:
    """A file as it compares, whether it was written with its ``32`` or without."""
    base = upcase(with_extension(name)).replace("/", "\\").rpartition("\\")[2]
    stem, period, rest = base.partition(".")
    return f"{stem.removesuffix('32')}{period}{rest}"
