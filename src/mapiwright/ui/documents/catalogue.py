"""The services of a MAPISVC.INF for people and for JSON: what can be read is shown, and what cannot is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import GLOBAL, PROVIDERS, SECTIONS, Reading, links, read_section, uid_of
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.protected import MASK, is_secret_word
from mapiwright.ui.text.terminal import Line, Style, escape
from mapiwright.ui.text.tree import PROVIDER, SERVICE, described, type_of
from mapiwright.ui.text.values import property_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.formats.inf import InfSection
    from mapiwright.mapi.inf.catalogue import Catalogue


def catalogue_lines(catalogue: Catalogue) -> Iterator[Line]:
    """Each service with its properties, its providers and its extra sections, indented; then the rest of the file."""
    defaults = {upcase(name) for name in catalogue.default_services}
    shown = {upcase(name) for name in GLOBAL}
    for name, right in catalogue.services.items():
        default = " (default service)" if upcase(name) in defaults else ""
        yield Line(f'Service {escape(name)} "{_word(name, right)}"{default}', Style.HEADING)
        section = catalogue.inf.section(name)
        shown.add(upcase(name))
        if section is None:
            yield Line(f"    there is no section [{escape(name)}]", Style.REMOVED)
            continue
        yield from _reading_lines(read_section(section), SERVICE, 4)
        for title, keyword, role in (("Provider", PROVIDERS, PROVIDER), ("Section", SECTIONS, "")):
            for below in links(section, keyword):
                shown.add(upcase(below))
                yield from _section_lines(title, below, catalogue.inf.section(below), role)
    if not catalogue.services:
        yield Line("No services.")
    for component, file in catalogue.help_files.items():
        yield Line(f"Help file {escape(component)}: {_word(component, file)}")
    for section in catalogue.inf.sections:
        if upcase(section.name) not in shown:
            yield Line(f"[{escape(section.name)}] (no service names it)", Style.QUIET)


def _section_lines(title: str, name: str, section: InfSection | None, role: str) -> Iterator[Line]:
    uid = uid_of(section) if section is not None else None
    yield Line(f"    {title} [{escape(name)}]{f' {uid.hex()}' if uid else ''}", Style.CHANGED)
    if section is None:
        yield Line(f"        there is no section [{escape(name)}]", Style.REMOVED)
    else:
        yield from _reading_lines(read_section(section), role, 8)


def _reading_lines(read: Reading, role: str, indent: int) -> Iterator[Line]:
    margin = " " * indent
    for tag, value in read.properties.items():
        yield Line(f"{margin}{tags.name_of(tag)} {type_of(tag)} = {described(tag, value, role)}")
    for word, text in read.keywords.items():
        yield Line(f"{margin}{escape(word)} = {_word(word, text)}")
    for fault in read.faults:
        yield Line(f"{margin}line {fault.line}: {fault.severity} {fault.id}: {escape(fault.what)}", Style.REMOVED)


def _word(word: str, text: str) -> str:
    """The right side of a key that is no property."""
    return MASK if is_secret_word(word, text) else escape(text)


def _word_document(word: str, text: str) -> Any:
    return {"secret": True} if is_secret_word(word, text) else text


def catalogue_document(catalogue: Catalogue) -> dict[str, Any]:
    """``{"services": [...], "help_files": {...}}``; properties as ``{"6600001E": "text"}``, no faulty ones."""
    defaults = {upcase(name) for name in catalogue.default_services}
    services = []
    for name, right in catalogue.services.items():
        section = catalogue.inf.section(name)
        providers, extras = (
            [_section_document(catalogue, below) for below in links(section, keyword)] if section is not None else []
            for keyword in (PROVIDERS, SECTIONS)
        )
        document = {"name": name, "display": _word_document(name, right), "default": upcase(name) in defaults}
        services.append(document | _section_document(catalogue, name) | {"providers": providers, "sections": extras})
    files = {component: _word_document(component, file) for component, file in catalogue.help_files.items()}
    return {"services": services, "help_files": files}


def _section_document(catalogue: Catalogue, name: str) -> dict[str, Any]:
    section = catalogue.inf.section(name)
    if section is None:
        return {"section": None, "missing": name}
    read, uid = read_section(section), uid_of(section)
    properties = {f"{tag:08X}": property_document(tag, value) for tag, value in read.properties.items()}
    keywords = {word: _word_document(word, text) for word, text in read.keywords.items()}
    document = {"section": section.name, "properties": properties, "keywords": keywords}
    return document | ({"uid": uid.hex()} if uid is not None else {})
