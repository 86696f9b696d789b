"""Whether a service has an entry point: the one place that decides, for services installed and in profiles.

[pidtagserviceentryname-canonical-property]: without the names of the DLL and the function, MAPI assumes that there is
none. A package's stand-in is one where the DLL cannot run, and where there is no DLL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.service.record import read_record

if TYPE_CHECKING:
    from mapiwright.workstation.workstation import Workstation


def has_stand_in(workstation: Workstation, service: str) -> bool:
    """Whether a Python entry point stands in for the DLL of an installed service."""
    record = read_record(workstation, service)
    return record is not None and record.stand_in is not None


def has_entry_point(workstation: Workstation, service: str, *, declared: bool) -> bool:
    """Whether there is anything to call; ``declared`` says that its definition, or its section, names both."""
    return declared or has_stand_in(workstation, service)
