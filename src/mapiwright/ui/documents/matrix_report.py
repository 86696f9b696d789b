"""What became of a package on every layout: a table for people, JSON, JUnit, and annotations for GitHub."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from mapiwright.setup.trial.matrix import MatrixStep, StepVerdict
from mapiwright.ui.text.terminal import Line, Style, escape, escape_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mapiwright.setup.package.package import Package
    from mapiwright.setup.trial.matrix import MatrixCell, MatrixRow

_SHOWN = {
    StepVerdict.PASSED: "ok",
    StepVerdict.PENDING: "waits",
    StepVerdict.FAILED: "FAILED",
    StepVerdict.SKIPPED: "-",
}


def table_lines(rows: Sequence[MatrixRow]) -> Iterator[Line]:
    """One table: layouts down, steps across; then each fault in full, and the sums."""
    width = max((len(row.case.name) for row in rows), default=0)
    yield Line("  ".join(["layout".ljust(width), *MatrixStep]), Style.HEADING)
    for row in rows:
        shown = (_SHOWN[cell.verdict].ljust(len(cell.step)) for cell in row.cells)
        reported = f"skipped: {row.cells[0].message}" if row.skipped else "  ".join(shown).rstrip()
        style = Style.QUIET if row.skipped else Style.REMOVED if _faults([row]) else Style.PLAIN
        yield Line(f"{row.case.name:<{width}}  {reported}", style)
    for row, cell in _faults(rows):
        yield Line("")
        yield Line(f"{row.case.name}, {cell.step}:", Style.REMOVED)
        yield from (Line(f"  {line}") for line in escape_lines(cell.message).split("\n"))
    for message, number in Counter(cell.message for _, cell in _waiting(rows)).items():
        yield Line("")
        yield Line(escape(f"In {_steps(number)}, {message}"), Style.CHANGED)
    called = [row for row in rows if row.host and not row.skipped]
    if called:
        yield Line("")
        yield Line(f"{_layouts(len(called))} with the package's own DLL, called by {called[0].host}")
    yield Line("")
    yield Line(summary(rows), Style.REMOVED if _faults(rows) else Style.ADDED)


def summary(rows: Sequence[MatrixRow]) -> str:
    """``12 layouts: 72 steps passed, 0 failed; 6 layouts skipped``."""
    count = Counter(cell.verdict for row in rows for cell in row.cells)
    skipped = sum(row.skipped for row in rows)
    passed, failed = count[StepVerdict.PASSED] + count[StepVerdict.PENDING], count[StepVerdict.FAILED]
    waiting = f", {count[StepVerdict.PENDING]} with calls that wait" if count[StepVerdict.PENDING] else ""
    tried = f"{_layouts(len(rows) - skipped)}: {passed} steps passed, {failed} failed{waiting}"
    return f"{tried}; {_layouts(skipped)} skipped" if skipped else tried


def _steps(number: int) -> str:
    return f"{number} step{'s' * (number != 1)}"


def _layouts(number: int) -> str:
    return f"{number} layout{'s' * (number != 1)}"


def matrix_document(package: Package, rows: Sequence[MatrixRow]) -> dict[str, Any]:
    """``{"matrix": {...}}``: the rows with their cells."""
    return {
        "matrix": {
            "package": {"id": package.id, "name": package.name, "version": package.version},
            "failed": len(_faults(rows)),
            "rows": [
                {
                    "layout": row.case.name,
                    "skipped": row.skipped,
                    "host": row.host or None,
                    "cells": [
                        {"step": cell.step.value, "verdict": cell.verdict.value, "message": cell.message}
                        for cell in row.cells
                    ],
                }
                for row in rows
            ],
        }
    }


def junit(package: Package, rows: Sequence[MatrixRow]) -> str:
    """The rows as JUnit's XML, in ASCII for every pipe: a test case for each cell."""
    cells = [(row, cell) for row in rows for cell in row.cells]
    count = Counter(cell.verdict for _, cell in cells)
    suite = ET.Element(
        "testsuite",
        name=escape(f"mapiwright test {package.id}"),
        tests=str(len(cells)),
        failures=str(count[StepVerdict.FAILED]),
        errors="0",
        skipped=str(count[StepVerdict.SKIPPED]),
    )
    for row, cell in cells:
        case = ET.SubElement(suite, "testcase", classname=row.case.name, name=cell.step.value)
        if cell.verdict is StepVerdict.FAILED:
            reported = escape_lines(cell.message)
            ET.SubElement(case, "failure", message=reported.partition("\n")[0]).text = reported
        elif cell.verdict is StepVerdict.PENDING:
            ET.SubElement(case, "system-out").text = escape_lines(cell.message)
        elif cell.verdict is StepVerdict.SKIPPED:
            ET.SubElement(case, "skipped", message=cell.message)
    ET.indent(suite)
    return str(ET.tostring(suite, encoding="us-ascii"), "ascii")


def github_lines(package: Package, rows: Sequence[MatrixRow]) -> Iterator[Line]:
    """An annotation for each fault, as GitHub's runner reads them from the output, below the table."""
    yield from table_lines(rows)
    for row, cell in _faults(rows):
        title = f"{package.id} on {row.case.name}: {cell.step}"
        yield Line(f"::error title={_property(title)}::{_data(escape_lines(cell.message))}")
    for row, cell in _waiting(rows):
        title = f"{package.id} on {row.case.name}: {cell.step}"
        yield Line(f"::warning title={_property(title)}::{_data(escape_lines(cell.message))}")


def _data(text: str) -> str:
    """Data of a workflow command, as @actions/core escapes them."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _faults(rows: Sequence[MatrixRow]) -> list[tuple[MatrixRow, MatrixCell]]:
    return [(row, cell) for row in rows for cell in row.cells if cell.verdict is StepVerdict.FAILED]


def _waiting(rows: Sequence[MatrixRow]) -> list[tuple[MatrixRow, MatrixCell]]:
    return [(row, cell) for row in rows for cell in row.cells if cell.verdict is StepVerdict.PENDING]
