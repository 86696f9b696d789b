"""Findings for people: one line each, with the rule and the remedy below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import Finding, Severity
from mapiwright.ui.text.terminal import Line, Style, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STYLES = {Severity.ERROR: Style.REMOVED, Severity.WARNING: Style.CHANGED, Severity.NOTE: Style.QUIET}


def findings_lines(findings: Iterable[Finding], *, most: int | None = None) -> Iterator[Line]:
    """``MAPISVC.INF:12: error MW1204: ...``, then what the rule is and what to do; of ``most``, and how many more."""
    found = tuple(findings)
    shown = found[:most]
    for finding in shown:
        yield Line(escape(str(finding)), STYLES[finding.severity])
        if finding.rule:
            yield Line(f"    rule: {escape(finding.rule)}", Style.QUIET)
        if finding.remedy:
            yield Line(f"    remedy: {escape(finding.remedy)}", Style.QUIET)
    if len(shown) < len(found):
        yield Line(f"... and {len(found) - len(shown)} more; --json has all of them.", Style.QUIET)
