"""What is to be known of a message service: its package, its providers, its entry point, and the calls that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.entry.service.entry_points import has_stand_in
from mapiwright.errors import FindingsError, RefusedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.definition import ServiceDefinition
from mapiwright.mapi.props import tags
from mapiwright.message import Message
from mapiwright.setup.records.installed import refuse_as_user
from mapiwright.setup.records.pending import pending_calls
from mapiwright.setup.records.records import records_of
from mapiwright.ui.documents.documents import findings_document
from mapiwright.ui.text.language import texts_here
from mapiwright.ui.text.terminal import Line, Style, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mapiwright.errors import Finding
    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.inf.catalogue import Catalogue
    from mapiwright.setup.records.installed import Installation
    from mapiwright.workstation.workstation import Workstation


LABELS = ("package", "entry", "provider", "section", "pending")


def installed_packages(workstation: Workstation) -> Mapping[str, Installation] | None:
    """The installed packages by id, or None where our records are closed to this user."""
    try:
        refuse_as_user(workstation)
        return records_of(workstation).installations
    except RefusedError:
        return None


def service_rows(
    workstation: Workstation, there: Mapping[str, Installation] | None, catalogue: Catalogue
) -> list[dict[str, Any]]:
    """All services as documents; one whose lines are damaged has what is wrong with them under ``findings``."""
    return [_listed_row(workstation, there, catalogue, name) for name in catalogue.services]


def _listed_row(
    workstation: Workstation, there: Mapping[str, Installation] | None, catalogue: Catalogue, name: str
) -> dict[str, Any]:
    faults: Iterable[Finding] = ()
    try:
        definition = catalogue.definition(name)
    except FindingsError as error:
        faults = error.findings
        definition = ServiceDefinition(name, catalogue.services[name] or name, {})
    return service_row(workstation, there, definition, faults)


def service_row(
    workstation: Workstation,
    there: Mapping[str, Installation] | None,
    definition: ServiceDefinition,
    faults: Iterable[Finding] = (),
) -> dict[str, Any]:
    """A service as a document; ``there`` as ``installed_packages`` gives it, ``faults`` are those of its lines."""
    owner = next(
        (
            found
            for found in (there or {}).values()
            if upcase(definition.name) in {upcase(name) for name in found.services}
        ),
        None,
    )
    return {
        "name": definition.name,
        "display": definition.display,
        "package": owner.id if owner else None,
        "known": there is not None,
        "version": owner.version if owner else None,
        "dll": definition.dll or None,
        "entry": definition.entry or None,
        "stand_in": there is not None and has_stand_in(workstation, definition.name),
        "support_files": list(definition.support_files),
        "providers": [
            {
                "section": provider.section,
                "type": _kind(provider.properties.get(tags.PR_RESOURCE_TYPE)),
                "display": provider.properties.get(tags.PR_PROVIDER_DISPLAY),
                "dll": provider.properties.get(tags.PR_PROVIDER_DLL_NAME),
            }
            for provider in definition.providers
        ],
        "sections": [extra.section for extra in definition.extras],
        **findings_document(faults),
        "pending": [
            each.document() for each in (pending_calls(workstation, [definition.name]) if there is not None else ())
        ],
    }


def fault_lines(row: dict[str, Any]) -> Iterator[Line]:
    """What is wrong with the lines of a service: the file, the line and the remedy of each fault."""
    for fault in row["findings"]:
        place = f"{fault['where']}:{fault['line']}" if fault["line"] else fault["where"]
        yield Line(escape(f"    {place}: {fault['id']}: {fault['message']}. {fault['remedy']}"), Style.REMOVED)


def _kind(number: PropertyValue | None) -> str | None:
    known = {kind.value: kind.symbol for kind in tags.ResourceType}
    return known.get(number, str(number)) if isinstance(number, int) else None


def service_lines(row: dict[str, Any]) -> Iterator[Line]:
    """The same for people, in the language of whoever runs the command."""
    texts = texts_here()
    width = 2 + max(len(texts(f"about.{label}")) for label in LABELS)

    def reported(label: str, value: str, style: Style = Style.PLAIN) -> Line:
        return Line(escape(f"{texts(f'about.{label}'):<{width}}{value}"), style).indented(2)

    yield Line(escape(f"{row['name']}: {row['display']}"), Style.HEADING)
    yield from fault_lines(row)
    if not row["known"]:
        yield reported("package", texts("about.unknown-package"))
    elif row["package"]:
        yield reported("package", f"{row['package']} {row['version']}")
    entry = texts("about.in", entry=row["entry"], dll=row["dll"]) if row["entry"] else texts("about.none")
    yield reported("entry", texts("about.stand-in", entry=entry) if row["stand_in"] else entry)
    for provider in row["providers"]:
        yield reported(
            "provider", f"{provider['section']}: {provider['type']}, {provider['display']}, {provider['dll']}"
        )
    for section in row["sections"]:
        yield reported("section", section)
    for waiting in row["pending"]:
        call = texts.message(Message.from_json(waiting["message"]))
        yield reported("pending", texts("about.waits", call=call, receipt=waiting["receipt"]), Style.CHANGED)
