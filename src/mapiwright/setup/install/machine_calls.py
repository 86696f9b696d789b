"""The calls of entry points that concern the machine: which services are called at an install or uninstall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.call import EntryCall
from mapiwright.entry.service.entry_points import has_entry_point
from mapiwright.mapi.inf.catalogue import declared_entry
from mapiwright.mapi.inf.mapisvc import read_mapisvc

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
        if has_entry_point(workstation, name, declared=declared_entry(catalogue, name) is not None):
            yield EntryCall(service=name, context=context, policy=policy)
