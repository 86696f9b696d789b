"""Another Python of this computer that runs the child, such as a 32-bit one on a 64-bit Windows: ``--host
python:PATH``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.interpreter import ISOLATED, ThisPython
from mapiwright.entry.library import describe
from mapiwright.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class OtherPython(ThisPython):
    """It is given the child as one file, and needs nothing but its standard library, of 3.11 or later."""

    def __init__(self, executable: Path) -> None:
        self.executable = executable
        self.name = f"python:{executable}"

    @property
    def machine(self) -> str:
        """The machine type that its executable says it is made for."""
        return describe(self.executable.read_bytes(), where=str(self.executable)).machine

    def prepare(self) -> None:
        """See that it is there; raises UsageError where it is not."""
        if not self.executable.is_file():
            raise UsageError("there is no such Python", where=str(self.executable), expected="--host python:PATH")

    def command(self, archive: Callable[[], Path], *words: str) -> list[str]:
        """From one file."""
        return [str(self.executable), *ISOLATED, str(archive()), *words]
