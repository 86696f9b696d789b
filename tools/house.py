"""Reads the house from the imports of its source, and draws it as docs/images/house.svg.

    python tools/house.py            draws the picture
    python tools/house.py --check    says whether the picture is current

Rooms are the folders under src/mapiwright. ``tests/test_house.py`` holds the laws about them.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

TOP = Path(__file__).parent.parent
ROOT = TOP / "src" / "mapiwright"
PICTURE = TOP / "docs" / "images" / "house.svg"
ROOMS = (
    "pytest_plugin",  # for other people's tests; it stands beside the ui, and nothing may lean on it
    "ui.cli.workstations",
    "ui.cli.packages",
    "ui.cli.profiles",
    "ui.cli",
    "ui.screens.panel",
    "ui.screens.wizard",
    "ui.browser",
    "ui.screens",
    "ui.documents",
    "ui.text",
    "ui",
    "workflows.doctor",
    "workflows.doctor.findings",
    "workflows.panel",
    "workflows.wizard",
    "workflows",
    "setup.trial",
    "setup.prf",
    "setup.publish",
    "setup.install",
    "setup.records",
    "setup.package",
    "setup",
    "pywin32",
    "admin.operations",
    "admin",
    "entry",
    "entry.hosts",
    "entry.service",
    "entry.child.native",
    "entry.child",
    "transaction",
    "transaction.records",
    "transaction.plans",
    "mapi.prf",
    "mapi.profile",
    "mapi.inf",
    "mapi.props",
    "mapi.tables",
    "mapi",
    "workstation.kinds",
    "workstation.outlook",
    "workstation.mounts",
    "workstation.disk",
    "workstation",
    "formats",
    "formats.regf.check",
    "formats.regf.edit",
    "formats.regf.logs",
    "formats.regf.salvage",
    "formats.regf",
    "errors",
    "message",
    "english",
    "frozen",
)
"""The rooms from top to bottom: a room may import from those below it."""


@cache
def modules() -> dict[str, Path]:
    """The modules of the source by their names; a package by its own."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree_of(module: str) -> ast.Module:
    """The source of a module, parsed."""
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> frozenset[str]:
    """Every module that is imported, for types or at run time, as absolute names."""
    found: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} uses a relative import"  # noqa: S101 - a law of the house
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in modules() else str(node.module))
    return frozenset(found)


def own_imports_of(module: str) -> frozenset[str]:
    """The modules of ours that a module imports."""
    return frozenset(name for name in imports_of(module) if name.split(".")[0] == "mapiwright")


def floor_of(module: str) -> str:
    """The part below ``mapiwright``: ``setup``; "" for the package itself."""
    return module.split(".")[1] if "." in module else ""


def is_package(module: str) -> bool:
    """Whether it is a folder."""
    return modules()[module].stem == "__init__"


def room_of(module: str) -> str:
    """The folder of a module, ``setup.install``; a floor that is one module is a room, too."""
    inner = module.removeprefix("mapiwright.")
    return inner if is_package(module) or "." not in inner else inner.rpartition(".")[0]


WIDTH, LABEL, ROOM, GAP, COLUMNS, RAIL = 1240, 150, 292, 10, 3, 170
LINE, WRAP = 14, 48
COLOURS = (
    "#f4ecd8",
    "#e3edf7",
    "#e8f3e4",
    "#f6e6e6",
    "#ece6f5",
    "#e5f2f1",
    "#f8f0e0",
    "#e9edf2",
    "#f0f0ea",
    "#eeeeee",
)


class Box(NamedTuple):
    """A room as it is drawn: its name, and lines of its modules."""

    room: str
    lines: list[str]

    @property
    def height(self) -> int:
        """In pixels."""
        return 26 + LINE * len(self.lines) + 8


def _wrapped(words: list[str]) -> list[str]:
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) + 2 > WRAP:
            lines.append("")
        lines[-1] += (", " if lines[-1] else "") + word
    return lines if lines != [""] else []


def _boxes(floor: str) -> list[Box]:
    found = []
    for room in ROOMS:
        if room.split(".")[0] != floor:
            continue
        inside = [
            name.rpartition(".")[2]
            for name in modules()
            if name != "mapiwright" and room_of(name) == room and not is_package(name)
        ]
        if inside:
            found.append(Box(room, _wrapped(inside)))
    return found


def draw() -> str:
    """The picture, the same for the same source."""
    floors = list(dict.fromkeys(room.split(".")[0] for room in ROOMS))
    weights: Counter[tuple[str, str]] = Counter()
    for module in modules():
        for name in own_imports_of(module):
            here, there = floor_of(module), floor_of(name)
            if here in floors and there in floors and here != there:
                weights[here, there] += 1
    parts: list[str] = []
    middles: dict[str, float] = {}
    y = 10
    for index, floor in enumerate(floors):
        boxes = _boxes(floor)
        rows = [boxes[at : at + COLUMNS] for at in range(0, len(boxes), COLUMNS)]
        height = sum(max(box.height for box in row) + GAP for row in rows) + GAP
        colour = COLOURS[index % len(COLOURS)]
        right = LABEL + COLUMNS * (ROOM + GAP) + GAP
        parts.append(f'<rect x="10" y="{y}" width="{right - 10}" height="{height}" rx="6" fill="{colour}"/>')
        parts.append(f'<text x="22" y="{y + 28}" class="floor">{escape(floor)}</text>')
        middles[floor] = y + height / 2
        top = y + GAP
        for row in rows:
            for column, box in enumerate(row):
                x = LABEL + column * (ROOM + GAP)
                parts.append(
                    f'<rect x="{x}" y="{top}" width="{ROOM}" height="{box.height}" rx="4" fill="#fff" stroke="#999"/>'
                )
                parts.append(f'<text x="{x + 8}" y="{top + 18}" class="room">{escape(box.room)}</text>')
                parts += [
                    f'<text x="{x + 8}" y="{top + 34 + LINE * number}">{escape(line)}</text>'
                    for number, line in enumerate(box.lines)
                ]
            top += max(box.height for box in row) + GAP
        y += height + GAP
    right = LABEL + COLUMNS * (ROOM + GAP) + GAP
    for (here, there), weight in sorted(weights.items()):
        if there == "errors":
            continue  # the cellar is open to every floor
        reach = 18 + 16 * abs(floors.index(there) - floors.index(here))
        width = max(0.6, min(6.0, weight / 18))
        start, end = middles[here], middles[there]
        parts.append(
            f'<path d="M{right} {start:g} C{right + reach} {start:g} {right + reach} {end:g} {right + 6} {end:g}" '
            f'stroke-width="{width:.1f}" marker-end="url(#arrow)">'
            f"<title>{here} imports {there} {weight} times</title></path>"
        )
    style = (
        "text{font:11px sans-serif;fill:#333}.floor{font:bold 15px sans-serif}.room{font:bold 12px sans-serif}"
        "path{fill:none;stroke:#567;stroke-opacity:.55}"
    )
    arrow = (
        '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" '
        'markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" style="fill:#567;stroke:none"/></marker>'
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}">',
            "<title>The house: its floors, their rooms, and which floor imports which</title>",
            f"<style>{style}</style><defs>{arrow}</defs>",
            f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def main(arguments: list[str]) -> int:
    """Draw the picture, or say whether it is current."""
    picture = draw()
    if "--check" in arguments:
        current = PICTURE.is_file() and PICTURE.read_text(encoding="utf-8") == picture
        if not current:
            sys.stderr.write(f"{PICTURE.relative_to(TOP)} is not current. Draw it again: python tools/house.py\n")
        return 0 if current else 1
    PICTURE.write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
