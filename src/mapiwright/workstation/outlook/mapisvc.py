"""Where the MAPISVC.INF of an Outlook is: rules over the key of the mail client, languages and folders, as a table.

Sources: [how-to-get-path-of-specific-version-of-mapi-for-default-mail-client], [fgetcomponentpath]; and
spec/native.md 4.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.frozen import frozen
from mapiwright.workstation.files import join, parent, same
from mapiwright.workstation.outlook.long_names import long_path
from mapiwright.workstation.outlook.office import lcid_of
from mapiwright.workstation.outlook.outlook import INF_NAME
from mapiwright.workstation.outlook.windows import expand
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.outlook.office import Office
    from mapiwright.workstation.registry import RegistryReader

CLIENT = r"HKLM\SOFTWARE\Clients\Mail\Microsoft Outlook"

_UNIFIED_DLL = "olmapi32.dll"
"""Outlook's MAPI since 2007; it is in the folder of the program, not of MAPISVC.INF."""


@frozen
class InfPlace:
    """Where an Outlook reads MAPISVC.INF, by which rule, and which others lie where it could have been.

    ``lcids`` are the languages of that Outlook, the one of the file first.
    """

    path: str
    rule: str
    others: tuple[str, ...]
    lcids: tuple[int, ...]


@frozen
class _Look:
    """An Outlook, and the machine that its files are looked for on.

    ``is_client`` says whether it is the one that the key of the mail client speaks of.
    """

    office: Office
    registry: RegistryReader
    files: FileReader
    is_client: bool
    dll: str
    """The DLL that the key of the mail client names for it."""

    def holds_inf(self, folder: str) -> bool:
        """Whether the file is in that folder."""
        return any(same(name, INF_NAME) for name in self.files.names(folder))


def client_dll(office: Office, registry: RegistryReader, files: FileReader) -> str:
    """The DLL that the key of the mail client names, as a process of that Outlook reads it, or ""."""
    value = registry.value(KeyPath.parse(CLIENT, office.view), "DLLPathEx")
    return long_path(expand(value.text, office.variables), files) if value is not None else ""


def find_inf(office: Office, registry: RegistryReader, files: FileReader, *, is_client: bool) -> InfPlace:
    """Where MAPISVC.INF is, or where that Outlook would look for it first.

    ``is_client`` says whether it is the Outlook that the key of the mail client speaks of.
    """
    look = _Look(office, registry, files, is_client, client_dll(office, registry, files) if is_client else "")
    found: dict[str, tuple[str, str]] = {}
    for rule, find in _RULES:
        for folder in find(look):
            found.setdefault(upcase(folder), (folder, rule))
    places = [*found.values()]
    holding = [place for place in places if look.holds_inf(place[0])]
    existing = [(folder, f"{rule}; the file is not there") for folder, rule in places if files.is_folder(folder)]
    absent = [(folder, f"{rule}; the folder is not there") for folder, rule in places]
    folder, rule = (holding or existing or absent)[0]
    in_order = [folder, *(folder for folder, _ in places)]
    of_languages = [name for name in in_order if same(parent(name), office.msmapi) and _is_lcid(name)]
    return InfPlace(
        join(folder, INF_NAME),
        rule,
        tuple(join(other, INF_NAME) for other, _ in holding[1:]),
        tuple(dict.fromkeys(int(name.rpartition("\\")[2]) for name in of_languages)),
    )


def _folders_of_client_dll(look: _Look) -> Iterator[str]:
    """Click-to-Run may name it by the path that only its own processes see."""
    if look.dll and not same(look.dll.rpartition("\\")[2], _UNIFIED_DLL):
        yield parent(look.office.physical(look.dll))
        yield parent(look.dll)


def _folders_of_client_languages(look: _Look) -> Iterator[str]:
    """[fgetcomponentpath]: the language of the application, then that of Office."""
    if not look.is_client:
        return
    client = KeyPath.parse(CLIENT, look.office.view)
    for name in ("MSIApplicationLCID", "MSIOfficeLCID"):
        value = look.registry.value(client, name)
        key, *values = (value.texts if value is not None else ()) or ("",)
        for each in values:
            lcid = lcid_of(look.registry, KeyPath.parse(r"HKLM\SOFTWARE", look.office.view) / key, each)
            if lcid is not None:
                yield join(look.office.msmapi, str(lcid))


def _folders_of_own_languages(look: _Look) -> Iterator[str]:
    yield from (join(look.office.msmapi, str(lcid)) for lcid in look.office.lcids)


def _language_folders(look: _Look) -> Iterator[str]:
    msmapi = look.office.msmapi
    yield from (join(msmapi, name) for name in sorted(filter(_is_lcid, look.files.names(msmapi)), key=int))


def _folder_of_unified_dll(look: _Look) -> Iterator[str]:
    if same(look.dll.rpartition("\\")[2], _UNIFIED_DLL):
        yield parent(look.dll)


def _system_folder(look: _Look) -> Iterator[str]:
    yield look.office.system


_RULES: tuple[tuple[str, Callable[[_Look], Iterator[str]]], ...] = (
    (f"the folder of the DLL that {CLIENT}: DLLPathEx names", _folders_of_client_dll),
    (f"the MSMAPI folder of the language that the MSI...LCID values of {CLIENT} name", _folders_of_client_languages),
    ("the MSMAPI folder of the language that its own keys name", _folders_of_own_languages),
    ("the MSMAPI folder of a language, the lowest LCID first", _language_folders),
    (f"the folder of {_UNIFIED_DLL}", _folder_of_unified_dll),
    ("the system folder", _system_folder),
)
"""The rules for MAPISVC.INF in the order in which they count; each gives the folders that it would look into."""


def _is_lcid(path: str) -> bool:
    name = path.rpartition("\\")[2]
    return name.isascii() and name.isdecimal()
