r"""Where a package's files go: folder tokens, and what they come to on one workstation.

A destination is ``{token}/folders/name``, with ``/`` or ``\``. It begins with a token, so that a package cannot
reach a folder that the page does not list, and it means the folder that the Outlook's own process sees: a 32-bit
Outlook on a 64-bit Windows has its own System32, Program Files and Common Files ([native] 4.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError
from mapiwright.transaction.plans.own_ground import is_ours
from mapiwright.workstation.files import fault_of_name, fault_of_path, join, parent, split
from mapiwright.workstation.outlook.windows import STATE_FOLDER_NAME
from mapiwright.workstation.registry import View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.workstation.workstation import Workstation

SYSTEM = "{system}"
"""The folder where MAPI finds a DLL by its bare name."""

MAPI = "{mapi}"
"""The folder of MAPISVC.INF."""

PROGRAM_FILES = "{program_files}"
COMMON_FILES = "{common_files}"
PROGRAM_DATA = "{program_data}"
_ANY = "C:"
"""Some drive, for names below it."""

TOKENS = {
    SYSTEM: "System32, or SysWOW64 for a 32-bit Outlook on a 64-bit Windows",
    PROGRAM_FILES: "Program Files, or Program Files (x86) likewise",
    COMMON_FILES: "Common Files below Program Files, or below Program Files (x86) likewise",
    PROGRAM_DATA: "ProgramData",
    MAPI: "the folder of MAPISVC.INF",
}
"""The folders that a package may write below, and what each one is."""

SHARED = frozenset({SYSTEM, COMMON_FILES, MAPI})
"""The folders whose files several products use, and which Windows Installer counts by itself or is asked to."""


def fault_of_destination(destination: str) -> str | None:
    """Why a package may not write to ``destination``, or None."""
    token, *names = destination.replace("\\", "/").split("/")
    if token not in TOKENS:
        return f"it does not begin with one of {', '.join(TOKENS)}"
    if not names:
        return "it names a folder where a file is expected"
    for name in names:
        fault = fault_of_name(name)
        if fault is not None:
            return f"{name!r} is no name for a file or folder: {fault}"
    if token == PROGRAM_DATA and is_ours(rf"{_ANY}\{names[0]}", split(rf"{_ANY}\{STATE_FOLDER_NAME}")):
        return "Mapiwright keeps its own records there"
    return None


def folders(workstation: Workstation) -> Mapping[str, str]:
    """What each token is on this workstation; raises NotFoundError where it has no Outlook."""
    outlook = workstation.outlook
    of_x86 = outlook.view is View.X86
    environment = {name.upper(): path for name, path in workstation.environment.items()}

    def variable(name: str) -> str:
        path = environment.get(name.upper())
        if path is None:
            raise RefusedError(
                f"the workstation does not say where %{name}% is",
                where=workstation.uri,
                expected="a variable of the machine",
                remedy="Run `mapiwright workstation show` to see what was found.",
            )
        return path

    bits = "(x86)" if of_x86 else ""
    return {
        SYSTEM: join(variable("SystemRoot"), "SysWOW64" if of_x86 else "System32"),
        PROGRAM_FILES: variable(f"ProgramFiles{bits}"),
        COMMON_FILES: variable(f"CommonProgramFiles{bits}"),
        PROGRAM_DATA: variable("ProgramData"),
        MAPI: parent(outlook.inf_path),
    }


def place(destination: str, known: Mapping[str, str]) -> str:
    """The Windows path of a sound destination, with its token looked up in ``known``.

    Raises RefusedError where that is no path: the registry of a workstation may call any text a folder.
    """
    token, *names = destination.replace("\\", "/").split("/")
    path = join(known[token], *names)
    fault = fault_of_path(path)
    if fault is not None:
        raise RefusedError(
            f"the folder {token} is {known[token]!r} there, which Windows cannot have: {fault}",
            where=destination,
            remedy="Put right what the workstation's registry says of that folder; "
            "`mapiwright workstation show` shows it.",
        )
    return path
