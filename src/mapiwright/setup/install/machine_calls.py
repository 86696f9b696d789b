"""The calls of entry points that concern the machine: which services there are to tell of an install or uninstall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.call import EntryCall
from mapiwright.entry.service.record import read_record
from mapiwright.mapi.inf.catalogue import read_section
from mapiwright.mapi.inf.mapisvc import read_mapisvc
from mapiwright.mapi.props import tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.entry.service.contract import Context, EntryPolicy
    from mapiwright.mapi.inf.catalogue import Catalogue
    from mapiwright.workstation.workstation import Workstation


def catalogue_at(workstation: Workstation, path: str) -> Catalogue:
    """What the MAPISVC.INF at ``path`` means; empty where there is none."""
    return read_mapisvc(workstation, path).catalogue


def calls_to_installed(
    workstation: Workstation, services: Iterable[str], catalogue: Catalogue, context: Context, policy: EntryPolicy
) -> Iterator[EntryCall]:
    """The call of each service that has an entry point: a stand-in, or one that MAPISVC.INF declares."""
    for name in services:
        record = read_record(workstation, name)
        if (record is not None and record.stand_in is not None) or _declares_entry(catalogue, name):
            yield EntryCall(service=name, context=context, policy=policy)


def _declares_entry(catalogue: Catalogue, service: str) -> bool:
    """Whether the lines of a service name an entry point; a fault elsewhere in them does not matter."""
    section = catalogue.inf.section(service)
    if section is None:
        return False
    read = read_section(section)
    return bool(read.text(tags.PR_SERVICE_DLL_NAME) and read.text(tags.PR_SERVICE_ENTRY_NAME))
