"""Another Python of this computer that runs the child, such as a 32-bit one on a 64-bit Windows: ``--host
python:PATH``.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from mapiwright.entry.hosts.interpreter import ISOLATED, ThisPython
from mapiwright.entry.hosts.library import describe, program_at
from mapiwright.errors import EntryPointError, FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


EXPECTED = "the path of a Python 3.11 or later, as --host python:PATH"


class OtherPython(ThisPython):
    """It is given the child as one file, and needs nothing but its standard library, of 3.11 or later."""

    def __init__(self, executable: Path) -> None:
        self.executable = executable
        self.name = f"python:{executable}"

    @property
    def machine(self) -> str:
        """The machine type that its executable says it is made for."""
        try:
            return describe(program_at(self.executable), where=str(self.executable)).machine
        except (OSError, FormatError, EntryPointError):  # a script that starts one, such as a version manager's
            return super().machine

    def look(self) -> None:
        """See that it is there, and start nothing; raises UsageError where it is not."""
        if not self.executable.is_file():
            raise UsageError("there is no such Python", where=str(self.executable), expected=EXPECTED)

    def prepare(self) -> None:
        """See that it is there and can run the child; raises UsageError where it is not or cannot."""
        self.look()
        command = [str(self.executable), *ISOLATED, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            fits = (
                subprocess.run(command, capture_output=True, timeout=self.start_seconds, check=False).returncode == 0
            )
        except (OSError, subprocess.TimeoutExpired):
            fits = False
        if not fits:
            raise UsageError("it cannot run the child", where=str(self.executable), expected=EXPECTED)

    def command(self, archive: Callable[[], Path], *words: str) -> list[str]:
        """From one file."""
        return [str(self.executable), *ISOLATED, str(archive()), *words]
