"""Findings for other programs: SARIF 2.1.0 for code scanners, JUnit's XML for build servers.

Both are complete: every finding is in it, notes too. SARIF has a rule for each id; JUnit a test case for each
finding, failed where it is worse than a note, and one case that passed where there is nothing to fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from mapiwright import __version__
from mapiwright.errors import Severity
from mapiwright.ui.text.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mapiwright.errors import Finding

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def sarif(findings: Sequence[Finding], subject: str) -> dict[str, Any]:
    """The findings of a subject (a workstation, a file) as one run of SARIF 2.1.0.

    What is found in a registry or on another computer has no file of this one's, so it is a logical location.
    """
    rules = {finding.id: finding for finding in reversed(findings)}
    ids = sorted(rules)
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "mapiwright",
                        "version": __version__,
                        "rules": [_rule(rules[id_]) for id_ in ids],
                    }
                },
                "properties": {"subject": subject},
                "results": [_result(finding, ids.index(finding.id)) for finding in findings],
            }
        ],
    }


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": finding.id, "defaultConfiguration": {"level": _LEVELS[finding.severity]}}
    if finding.rule:
        rule["shortDescription"] = {"text": finding.rule}
    if finding.remedy:
        rule["help"] = {"text": finding.remedy}
    return rule


def _result(finding: Finding, index: int) -> dict[str, Any]:
    place: dict[str, Any] = {"fullyQualifiedName": finding.where}
    if finding.line:
        place["name"] = f"line {finding.line}"
    text = f"{finding.what}\n{finding.remedy}" if finding.remedy else finding.what
    return {
        "ruleId": finding.id,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [{"logicalLocations": [place]}],
    }


def junit(findings: Sequence[Finding], subject: str, suite: str = "mapiwright doctor") -> str:
    """The findings of a subject as the XML that build servers read of JUnit."""
    failures = [finding for finding in findings if finding.severity is not Severity.NOTE]
    cases = list(_cases(findings, subject))
    root = ET.Element("testsuites")
    counts = {"tests": str(len(cases)), "failures": str(len(failures)), "errors": "0", "skipped": "0"}
    inside = ET.SubElement(root, "testsuite", {"name": suite, **counts})
    inside.extend(cases)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _cases(findings: Iterable[Finding], subject: str) -> Iterable[ET.Element]:
    passed = True
    for finding in findings:
        case = ET.Element("testcase", {"classname": _clean(subject), "name": _clean(f"{finding.id} {finding.where}")})
        text = "\n".join(part for part in (finding.what, finding.rule, finding.remedy) if part)
        if finding.severity is Severity.NOTE:
            ET.SubElement(case, "system-out").text = _clean(text)
        else:
            passed = False
            kind = {"type": finding.severity.value, "message": _clean(f"{finding.id}: {finding.what}")}
            ET.SubElement(case, "failure", kind).text = _clean(text)
        yield case
    if passed:
        yield ET.Element("testcase", {"classname": _clean(subject), "name": "nothing worse than a note"})


def _clean(text: str) -> str:
    """The text without the characters that XML cannot hold: a stranger's name may have them."""
    return "\n".join(escape(line) for line in text.split("\n"))
