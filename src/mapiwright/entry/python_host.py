"""Calls a Python stand-in: the vendor's own code for a service's entry point, where its DLL cannot run."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mapiwright.entry.answer import judge
from mapiwright.entry.child import standin
from mapiwright.entry.isolation import converse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.entry.contract import EntryOutcome, EntryRequest

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
        message = {
            "entry": self.entry,
            "deadline": self.deadline,
            "files": {name: data.hex() for name, data in self.sources.items()},
            "context": int(request.context),
            "flags": int(request.flags),
            "profile": request.profile,
            "properties": standin.properties_to_wire(request.properties),
            "sections": [
                {
                    "uid": section.uid,
                    "role": section.role,
                    "name": section.name,
                    "properties": standin.properties_to_wire(section.properties),
                }
                for section in request.sections
            ],
        }
        command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", standin.__file__]
        ended = converse(command, json.dumps(message).encode(), self.deadline, standin.END)
        where = f"{self.entry} of {request.service}, MSG_SERVICE_{request.context.name}"
        return judge(ended, request, where=where, deadline=self.deadline)
