"""Calls a Python stand-in: the vendor's own code for a service's entry point, where its DLL cannot run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mapiwright.entry.hosts.child_reply import decide
from mapiwright.entry.hosts.child_zipapp import archive
from mapiwright.entry.hosts.interpreter import ThisPython
from mapiwright.entry.hosts.isolation import converse
from mapiwright.entry.hosts.message import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.entry.service.contract import EntryOutcome, EntryRequest

DEADLINE = 30.0
"""Seconds that a call may take, where the package does not say."""


@dataclass(frozen=True, slots=True)
class PythonHost:
    """Runs ``entry`` (``module:function``) of the modules in ``sources``, by their paths with ``/``.

    One call is one child process, with this Python and its standard library alone. The sources travel through the
    pipe: nothing is written to this computer. ``deadline`` is in seconds.
    """

    sources: Mapping[str, bytes] = field(repr=False)
    entry: str
    deadline: float = DEADLINE

    @property
    def form(self) -> str:
        """What it runs."""
        return "python"

    def call(self, request: EntryRequest) -> EntryOutcome:
        """Call; raises EntryPointError where the stand-in crashed, hung, or could not be loaded."""
        files = {name: data.hex() for name, data in self.sources.items()}
        message = encode(request, self.deadline, entry=self.entry, files=files)
        ended = converse(ThisPython().command(archive, "standin"), message, self.deadline)
        where = f"{self.entry} of {request.service}, MSG_SERVICE_{request.context.name}"
        return decide(ended, request, where=where, deadline=self.deadline)
