"""The Python that runs the child: this one, or another one of another machine type.

A library can be loaded only by a process of its own kind. This Python runs the child from where it is installed; any
other is given it as one file, see ``parcel``.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

ISOLATED = ("-I", "-S", "-B", "-X", "utf8")
"""No environment variables, no user's folder, no site packages, no file written, UTF-8."""

_ROOT = str(Path(__file__).resolve().parents[3])
_START = (
    "import sys; sys.path.insert(0, {root!r}); "
    "import mapiwright.entry.child.{program} as program; "
    "del sys.path[0]; program.main()"
)

_MACHINES = {
    "amd64": "x64",
    "x86_64": "x64",
    "win32": "x86",
    "i686": "x86",
    "i386": "x86",
    "aarch64": "ARM64",
    "arm64": "ARM64",
}


class Interpreter(Protocol):
    """A Python that can run the child."""

    @property
    def name(self) -> str:
        """How ``--host`` names it; "" for this Python."""
        ...

    @property
    def kind(self) -> str:
        """The kind of libraries that its processes load: ``pe``, ``elf`` or ``macho``."""
        ...

    @property
    def machine(self) -> str:
        """The machine type of its processes, in the words of ``formats.pe``: ``x64``."""
        ...

    @property
    def start_seconds(self) -> float:
        """How long it may take until it has read its request."""
        ...

    def prepare(self) -> None:
        """See that it can be started; raises RefusedError or EntryPointError where it cannot."""
        ...

    def command(self, archive: Callable[[], Path], *words: str) -> list[str]:
        """The command line that runs the child with ``words``, the name of its program first.

        ``archive`` makes the one file that the child is to an interpreter which has nothing of ours.
        """
        ...

    def environment(self) -> dict[str, str]:
        """The variables that it needs in addition to those of every child."""
        ...

    def path(self, here: Path) -> str:
        """A path of this computer as its processes write it."""
        ...


def described(interpreter: Interpreter) -> str:
    """How sentences name it: ``this Python``, ``the Python of wine:PREFIX``."""
    return f"the Python of {interpreter.name}" if interpreter.name else "this Python"


class ThisPython:
    """The interpreter that runs Mapiwright."""

    name = ""
    kind = {"win32": "pe", "darwin": "macho"}.get(sys.platform, "elf")
    start_seconds = 20.0

    @property
    def machine(self) -> str:
        """The machine type that this Python was built for."""
        built = sysconfig.get_platform().rpartition("-")[2].lower()
        return _MACHINES.get(built, built)

    def prepare(self) -> None:
        """Nothing: it runs."""

    def command(self, archive: Callable[[], Path], *words: str) -> list[str]:
        """From where Mapiwright is installed, so that its compiled modules serve, and no archive is made."""
        del archive
        return [sys.executable, *ISOLATED, "-c", _START.format(root=_ROOT, program=words[0])]

    def environment(self) -> dict[str, str]:
        """None."""
        return {}

    def path(self, here: Path) -> str:
        """The same."""
        return str(here)
