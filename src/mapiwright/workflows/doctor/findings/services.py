"""MAPISVC.INF and its services: is it sound, and could this Outlook load what it names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.entry.service.loading import is_outlooks_own, missing_export
from mapiwright.errors import SHOWN, FormatError, Severity
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import PROVIDERS, links, read_section
from mapiwright.mapi.inf.check import check
from mapiwright.mapi.inf.check_dll import file_of_dll
from mapiwright.mapi.inf.mapisvc import read_mapisvc
from mapiwright.mapi.props import tags
from mapiwright.setup.install.preflight import PROVIDER_ENTRIES
from mapiwright.setup.package.signatures import SignatureStanding, signature
from mapiwright.workflows.doctor.findings.rules import command, finding
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.entry.service.loading import FoundLibrary, Loader
    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Inf
    from mapiwright.mapi.inf.catalogue import Reading
    from mapiwright.mapi.inf.mapisvc import Mapisvc
    from mapiwright.workstation.workstation import Outlook, Workstation


@dataclass(frozen=True, slots=True)
class Registered:
    """What MAPISVC.INF registers: services, and DLLs as the file names them, in upper case.

    None in its place means unknown: no file was given, or it cannot be read.
    """

    services: frozenset[str]
    dlls: frozenset[str]


NOTHING_REGISTERED = Registered(frozenset(), frozenset())
"""What a MAPISVC.INF registers that is not there."""


def registered(there: Mapisvc) -> Registered:
    """What a MAPISVC.INF registers, faulty sections as far as they can be read."""
    services = there.catalogue.services
    wanted = [need.dll for name in services for need in _needs(there.document, name)]
    return Registered(frozenset(map(upcase, services)), frozenset(map(upcase, wanted)))


def inf_findings(workstation: Workstation, there: Mapisvc) -> Iterator[Finding]:
    """The first errors of a MAPISVC.INF one by one, and how many more findings `inf check` reports."""
    path = there.where
    reported = check(there.document, path, code_page=workstation.code_page)
    errors = [fault for fault in reported if fault.severity is Severity.ERROR]
    yield from errors[:SHOWN]
    count = Counter(fault.severity for fault in reported)
    others = [_counted(count[severity], severity.value) for severity in (Severity.WARNING, Severity.NOTE)]
    if len(errors) > SHOWN:
        others.insert(0, _counted(len(errors) - SHOWN, "more error"))
    if len(errors) > SHOWN or count[Severity.WARNING] or count[Severity.NOTE]:
        yield finding("MW6103", path, f"`mapiwright inf check` shows {' and '.join(others)}")


OUTLOOKS_OWN_SERVICES = frozenset({"CONTAB", "EMABLT", "MSEMS", "MSPST MS", "MSUPST MS"})
"""Services that come with Outlook: address book, LDAP, Exchange, the older and the newer kind of PST."""


def own_findings(path: str, known: Registered, edition: Edition, *, made_here: bool) -> Iterator[Finding]:
    """That a MAPISVC.INF lacks what Outlook itself writes to it.

    ``made_here`` says that an install by Mapiwright created the file: then nothing was lost. Outlook 2003 comes with
    the file and needs it; a later one may do without ([native] 4.4), so it is only a note.
    """
    if not OUTLOOKS_OWN_SERVICES.isdisjoint(known.services):
        return
    what = "it holds none of Outlook's own services"
    if edition is Edition.OUTLOOK_2003:
        yield finding("MW6110", path, what)
    elif not made_here:
        yield finding("MW6112", path, what)


def service_findings(
    workstation: Workstation, there: Mapisvc, loader: Loader, owners: Mapping[str, str]
) -> Iterator[Finding]:
    """What keeps this Outlook from loading the services of a MAPISVC.INF.

    ``owners`` are the ids of installed packages by the services that they brought, in upper case.
    """
    decided: set[tuple[str, str]] = set()
    tampered: dict[str, bool] = {}
    for name in there.catalogue.services:
        owner = owners.get(upcase(name))
        remedy = f"Put back what it brought: {command(workstation, 'repair', owner)}" if owner else ""
        for need in _needs(there.document, name):
            if is_outlooks_own(need.dll) and not loader.has_program:
                continue  # MW6004 says it once for all
            found = loader.library(need.dll)
            if found.path not in tampered:
                tampered[found.path] = _is_tampered(workstation, found)
            for id_, where, what in _decide(need, found, loader, tampered=tampered[found.path]):
                if (where, what) not in decided:
                    decided.add((where, what))
                    yield finding(id_, where or there.where, what, remedy=remedy, line=0 if where else need.line)


def misplaced(workstation: Workstation, outlook: Outlook, known: Registered) -> Iterator[Finding]:
    """Services that stand in another MAPISVC.INF only, which this Outlook does not read (Q252653)."""
    for path in outlook.other_inf_paths:
        try:
            other = read_mapisvc(workstation, path)
        except FormatError:
            continue  # that file is not read
        lacking = [name for name in other.catalogue.services if upcase(name) not in known.services]
        if lacking:
            yield finding("MW6108", path, f"{', '.join(lacking)}: only in this file, and Outlook reads another one")


@dataclass(frozen=True, slots=True)
class _Need:
    """A DLL that a section names, the function that MAPI asks it for ("" is none), and the line of the section."""

    service: str
    section: str
    dll: str
    entry: str
    line: int


def _needs(document: Inf, service: str) -> Iterator[_Need]:
    section = document.section(service)
    if section is None:
        return
    read = read_section(section)
    dll, entry = read.text(tags.PR_SERVICE_DLL_NAME), read.text(tags.PR_SERVICE_ENTRY_NAME)
    if dll:
        yield _Need(service, section.name, dll, entry, section.header + 1)
    for name in links(section, PROVIDERS):
        provider = document.section(name)
        if provider is None:
            continue
        below = read_section(provider)
        if dll := below.text(tags.PR_PROVIDER_DLL_NAME):
            yield _Need(service, provider.name, dll, _provider_entry(below), provider.header + 1)


def _provider_entry(read: Reading) -> str:
    kind = read.properties.get(tags.PR_RESOURCE_TYPE)
    return next((name for known, name in PROVIDER_ENTRIES.items() if known == kind), "")


def _is_tampered(workstation: Workstation, found: FoundLibrary) -> bool:
    """Whether a DLL is signed, and its bytes are not those that were."""
    data = workstation.files.read(found.path) if found.image is not None and found.image.signed else None
    return (
        found.image is not None
        and data is not None
        and signature(found.image, data).standing is SignatureStanding.TAMPERED
    )


def _decide(need: _Need, found: FoundLibrary, loader: Loader, *, tampered: bool) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a DLL: the id, the file ("" is the INF), and what."""
    if not found.known:
        yield "MW6109", "", f"{need.service}: whether {file_of_dll(need.dll)} exists is unknown here"
    elif not found.path:
        what = f"{need.service}: MAPI would load {need.dll} as {file_of_dll(need.dll)}, and there is no such file"
        yield "MW6104", "", what
    elif found.image is None:
        yield "MW6106", found.path, f"it is the DLL of {need.service}, and no program: {found.fault}"
    elif misfit := loader.misfit(found.image):
        yield "MW6105", found.path, f"{need.service}: {misfit}"
    elif need.entry and (missing := missing_export(found.image, need.entry)):
        yield "MW6107", found.path, f"[{need.section}]: {missing}"
    if tampered:
        yield "MW6111", found.path, f"it is the DLL of {need.service}, and its bytes are not those that were signed"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
