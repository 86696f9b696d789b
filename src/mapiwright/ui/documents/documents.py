"""The JSON documents of the command line: one on stdout, with the version of its schema.

They are pure ASCII, so that a name of any script, or of none, passes through every pipe.
"""

from __future__ import annotations

import json
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from mapiwright.errors import FindingsError
from mapiwright.ui.text.values import kind_name, property_document, type_name
from mapiwright.workstation.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapiwright.errors import Finding, MapiwrightError
    from mapiwright.mapi.profile.profile import Provider, Section, Service
    from mapiwright.transaction.records.receipt import EffectRecord, Receipt
    from mapiwright.workstation.registry import Key

SCHEMA = 1


_UNFINISHED: ContextVar[str] = ContextVar("unfinished", default="")


def mark(unfinished: str) -> None:
    """Mark the document of this run: what it reads is ``running`` or ``interrupted`` just now."""
    _UNFINISHED.set(unfinished)


def write_document(content: Mapping[str, Any]) -> None:
    """Write the one document of this run to stdout; ``unfinished`` is in it where what it says may be incomplete."""
    unfinished = _UNFINISHED.get()
    marked = {"unfinished": unfinished} if unfinished else {}
    sys.stdout.write(json_text({"schema": SCHEMA, **marked, **content}) + "\n")


def json_text(document: Any) -> str:
    """A document as ``json.dumps`` writes it with an indent of 2, which cannot write keys as deep as a user's."""
    written: list[str] = []
    # What is still to be written, the next one last: a value with its depth, or a text that is ready.
    waiting: list[tuple[Any, int | None]] = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth is None:
            written.append(value)
            continue
        if isinstance(value, dict) and value:
            items = [(f"{json.dumps(name)}: ", each) for name, each in value.items()]
            begin, end = "{}"
        elif isinstance(value, list | tuple) and value:
            items = [("", each) for each in value]
            begin, end = "[]"
        else:
            written.append(json.dumps(value))
            continue
        written.append(begin)
        waiting.append((f"\n{'  ' * depth}{end}", None))
        for at, (name, each) in reversed([*enumerate(items)]):
            waiting += [(each, depth + 1), (f"{',' if at else ''}\n{'  ' * (depth + 1)}{name}", None)]
    return "".join(written)


def error_document(error: MapiwrightError) -> dict[str, Any]:
    """``{"error": {...}}``: what was found, where, what was expected, and what to do next."""
    findings = error.findings if isinstance(error, FindingsError) else ()
    return {
        "error": {
            "class": type(error).__name__,
            "message": error.what,
            "where": error.where,
            "expected": error.expected,
            "remedy": error.remedy,
            "hresult": f"0x{error.hresult:08X}",
            "exit": error.exit_code,
            **findings_document(findings),
        }
    }


def findings_document(findings: Iterable[Finding]) -> dict[str, Any]:
    """``{"findings": [...]}``; a line of 0 is no line."""
    return {
        "findings": [
            {
                "id": finding.id,
                "severity": finding.severity.value,
                "where": finding.where,
                "line": finding.line or None,
                "message": finding.what,
                "rule": finding.rule,
                "remedy": finding.remedy,
            }
            for finding in findings
        ]
    }


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    """A receipt, without what only an uninstall needs."""
    return {
        "id": receipt.id,
        "verb": receipt.verb,
        "title": str(receipt.title),
        "created": receipt.created,
        "workstation": receipt.workstation,
        "undone_by": receipt.undone_by or None,
        "partial": bool(receipt.terms.skipped),
        "skipped": [user.user for user in receipt.terms.skipped],
        "notes": [str(note) for note in receipt.notes],
        "legs": [str(title) for title, _ in receipt.legs],
        "effects": [_outcome_document(effect) for effect in receipt.effects],
    }


def _outcome_document(effect: EffectRecord) -> dict[str, Any]:
    hresult = effect.details.get("hresult")
    return {
        "title": str(effect.title),
        "effect": effect.kind,
        "outcome": effect.status,
        "message": str(effect.message),
        "hresult": f"0x{hresult:08X}" if isinstance(hresult, int) else None,
        "failed": bool(effect.details.get("failed")),
    }


def receipts_document(receipts: Iterable[Receipt]) -> dict[str, Any]:
    """``{"receipts": [...]}``, in the order given."""
    return {"receipts": [receipt_document(receipt) for receipt in receipts]}


def dump_document(key: Key) -> dict[str, Any]:
    """A key as it is stored: ``{"values": {name: [type, hex]}, "keys": {name: ...}}``, byte for byte."""
    return fold(
        key,
        lambda here, below: {
            "values": {name: [type_name(value.type), value.data.hex()] for name, value in here.values.items()},
            "keys": dict(below),
        },
    )


def section_document(section: Section, service: str = "") -> dict[str, Any]:
    """The properties of a section, decoded: ``{"6600001E": "text"}``, secrets masked."""
    return {f"{tag:08X}": property_document(tag, value, service) for tag, value in section.properties.items()}


def sections_document(sections: Iterable[Section], service: str = "") -> dict[str, Any]:
    """Sections by their uid, decoded: ``{uid: {"6600001E": "text"}}``."""
    return {section.uid: section_document(section, service) for section in sections}


def service_document(service: Service) -> dict[str, Any]:
    """A service of a profile with its providers and extra sections."""
    return {
        "uid": service.uid,
        "name": service.name,
        "display": service.display,
        "dll": service.dll,
        "entry": service.entry,
        "providers": [_provider_document(provider) for provider in service.providers],
        "sections": sections_document(
            [service.section, *(provider.section for provider in service.providers), *service.extras],
            service.name,
        ),
    }


def _provider_document(provider: Provider) -> dict[str, Any]:
    return {"uid": provider.uid, "display": provider.display, "dll": provider.dll, "kind": kind_name(provider.kind)}
