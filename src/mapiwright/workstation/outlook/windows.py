r"""What the registry says about the Windows on a workstation: version, code page, variables, users.

Everything here reads ``HKLM`` through a RegistryReader, so it serves an image, memory, and later kinds alike.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, Severity
from mapiwright.formats.regf.upcase import upcase
from mapiwright.frozen import frozen
from mapiwright.workstation.files import join
from mapiwright.workstation.registry import KeyPath
from mapiwright.workstation.workstation import Bitness, User

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.workstation.registry import RegistryReader

CURRENT_VERSION = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion")
NT_CURRENT_VERSION = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
PROFILE_LIST = NT_CURRENT_VERSION / "ProfileList"
CODE_PAGE = KeyPath.parse(r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage")
MACHINE_VARIABLES = KeyPath.parse(r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment")
TEMPLATE_USER = "Default"
STATE_FOLDER_NAME = "Mapiwright"
LOCAL_DATA = ("AppData", "Local")
"""Where a user's profile folder keeps what belongs to this machine alone. User Shell Folders, which can
move it, is ignored: users write their own registry, and must not be able to redirect an administrator's run."""
OWN_FOLDER = (*LOCAL_DATA, STATE_FOLDER_NAME)
"""Our folder for a user who may not read the machine's, below the profile folder."""
USUAL_CODE_PAGE = "cp1252"

_ARCHITECTURES = {"X86": Bitness.X86, "AMD64": Bitness.X64, "ARM64": Bitness.ARM64}
# The variable, the key, the value that holds it. A missing value means that this Windows has no such variable.
_VARIABLES = (
    ("SystemRoot", NT_CURRENT_VERSION, "SystemRoot"),
    ("windir", NT_CURRENT_VERSION, "SystemRoot"),
    ("ProgramFiles", CURRENT_VERSION, "ProgramFilesDir"),
    ("ProgramFiles(x86)", CURRENT_VERSION, "ProgramFilesDir (x86)"),
    ("ProgramW6432", CURRENT_VERSION, "ProgramW6432Dir"),
    ("CommonProgramFiles", CURRENT_VERSION, "CommonFilesDir"),
    ("CommonProgramFiles(x86)", CURRENT_VERSION, "CommonFilesDir (x86)"),
    ("CommonProgramW6432", CURRENT_VERSION, "CommonW6432Dir"),
    ("ProgramData", PROFILE_LIST, "ProgramData"),
    ("ALLUSERSPROFILE", PROFILE_LIST, "ProgramData"),
    ("PUBLIC", PROFILE_LIST, "Public"),
)


@frozen
class UserFolder:
    """A user of ProfileList, and the Windows path of the folder that holds NTUSER.DAT."""

    user: User
    path: str


def version(registry: RegistryReader) -> str:
    """The name and build of the Windows, ``Windows 10 Pro, build 19045``; "" where the registry has none."""
    name = _text(registry, NT_CURRENT_VERSION, "ProductName")
    build = _text(registry, NT_CURRENT_VERSION, "CurrentBuildNumber")
    return ", build ".join(part for part in (name, build) if part)


def architecture(registry: RegistryReader) -> Bitness | None:
    """The machine that the Windows is made for; None where the registry has none that we know."""
    return _ARCHITECTURES.get(upcase(_text(registry, MACHINE_VARIABLES, "PROCESSOR_ARCHITECTURE")))


def code_page(registry: RegistryReader) -> tuple[str, tuple[Finding, ...]]:
    """The ANSI code page as a Python codec name, and a finding where it had to be guessed."""
    number = _text(registry, CODE_PAGE, "ACP")
    codec = _codec(number)
    if codec is not None:
        return codec, ()
    reported = f"code page {number!r} is not known" if number else "the registry names no code page"
    return USUAL_CODE_PAGE, (
        Finding(
            "MW3004",
            Severity.WARNING,
            f"{CODE_PAGE}: ACP",
            f"{reported}; {USUAL_CODE_PAGE} is taken",
            rule="MAPISVC.INF is text in the ANSI code page of the machine",
            remedy="See that names beyond ASCII read well before you write.",
        ),
    )


def _codec(number: str) -> str | None:
    if not (number.isascii() and number.isdigit()):
        return None
    try:
        return codecs.lookup("utf-8" if number == "65001" else f"cp{number}").name
    except LookupError:
        return None


def environment(registry: RegistryReader) -> dict[str, str]:
    """The machine's variables for paths, expanded."""
    root = _text(registry, NT_CURRENT_VERSION, "SystemRoot")
    variables = {"SystemDrive": root[:2].upper() if re.match("[A-Za-z]:", root) else "C:"}
    for name, key, value in _VARIABLES:
        text = _text(registry, key, value)
        if text:
            variables[name] = expand(text, variables)
    return variables


def state_folder(variables: Mapping[str, str]) -> str:
    r"""Our folder on that Windows, ``C:\ProgramData\Mapiwright``."""
    return join(variables.get("ProgramData") or join(variables["SystemDrive"], "ProgramData"), STATE_FOLDER_NAME)


def own_folder(profile: str) -> str:
    r"""Our folder for a user who may not read the machine's, in the profile folder: ``AppData\Local\Mapiwright``."""
    return join(profile, *OWN_FOLDER)


def user_folders(registry: RegistryReader, variables: Mapping[str, str]) -> Iterator[UserFolder]:
    """The people of ProfileList by their names, then Default; service accounts are left out."""
    yield from sorted(_people(registry, variables), key=lambda folder: (upcase(folder.user.name), folder.user.sid))
    path = expand(_text(registry, PROFILE_LIST, "Default"), variables)
    if path:
        yield UserFolder(User(TEMPLATE_USER, TEMPLATE_USER, KeyPath("HKU", (TEMPLATE_USER,)), template=True), path)


def _people(registry: RegistryReader, variables: Mapping[str, str]) -> Iterator[UserFolder]:
    for sid in registry.subkeys(PROFILE_LIST) or ():
        # Accounts of a machine or a domain, and of Entra ID; a `.bak` is a profile that Windows set aside.
        if sid.upper().startswith(("S-1-5-21-", "S-1-12-1-")) and sid.rpartition("-")[2].isdigit():
            path = expand(_text(registry, PROFILE_LIST / sid, "ProfileImagePath"), variables)
            if path:
                yield UserFolder(User(_last(path) or sid, sid, KeyPath("HKU", (sid,))), path)


def user_of(registry: RegistryReader, variables: Mapping[str, str], sid: str) -> UserFolder:
    """The user of a SID whose keys are there, by ProfileList or what the last logon left in the user's own keys."""
    root = KeyPath("HKU", (sid,))
    path = expand(_text(registry, PROFILE_LIST / sid, "ProfileImagePath"), variables)
    path = path or _text(registry, root / "Volatile Environment", "USERPROFILE")
    path = path or join(variables["SystemDrive"], "users", sid)
    return UserFolder(User(_last(path) or sid, sid, root), path)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with its ``%variables%`` replaced; one that is not known stays, as Windows leaves it."""
    known = {upcase(name): value for name, value in variables.items()}
    parts = text.split("%")
    expanded = [parts[0]]
    at = 1
    while at < len(parts):
        closed = at + 1 < len(parts)
        if closed and upcase(parts[at]) in known:
            expanded += known[upcase(parts[at])], parts[at + 1]
            at += 2
        else:
            expanded += "%", parts[at]
            at += 1
    return "".join(expanded)


def _text(registry: RegistryReader, key: KeyPath, name: str) -> str:
    value = registry.value(key, name)
    return value.text if value is not None else ""


def _last(path: str) -> str:
    return path.rstrip("\\").rpartition("\\")[2]
