"""The modules that a setup program carries: every one that its verbs can import, found by walking their imports."""

from __future__ import annotations

import ast
import io
import zipfile
from pathlib import Path

import pytest

import mapiwright
from mapiwright.setup.publish import setup_program
from mapiwright.ui.cli.app import VERBS
from mapiwright.ui.cli.profiles.profile import ELSEWHERE

ROOT = Path(mapiwright.__file__).parent
LEFT_OUT = {"wizard", "panel", "test"}
"""The verbs that it does not carry."""


def modules() -> dict[str, str]:
    """Every module of ours, and its path in the archive."""
    found = {}
    for path in ROOT.rglob("*.py"):
        inside = path.relative_to(ROOT.parent)
        parts = inside.with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = inside.as_posix()
    return found


MODULES = modules()


def imports_at_run_time(module: str) -> set[str]:
    """The modules of ours that it imports sooner or later; what is imported for types alone is not."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse((ROOT.parent / MODULES[module]).read_text(encoding="utf-8"))]
    while waiting:
        match waiting.pop():
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
                waiting += orelse
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=origin, names=names):
                found |= {name if (name := f"{origin}.{alias.name}") in MODULES else str(origin) for alias in names}
            case node:
                waiting += ast.iter_child_nodes(node)
    return found & MODULES.keys()


def importable() -> set[str]:
    """What is imported from the program's entry, by its verbs, and as a public name; with the packages above."""
    verbs = {verb.module for name, verb in VERBS.items() if name not in LEFT_OUT} | {*ELSEWHERE.values()}
    waiting = [
        "mapiwright.__main__",
        "mapiwright.ui.cli.packages.bundled_setup",
        *(f"mapiwright.ui.cli.{module}" for module in verbs),
        *mapiwright.PUBLIC.values(),
        # The child travels as files, into an archive of its own.
        *(name for name in MODULES if name.startswith("mapiwright.entry.child")),
    ]
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += imports_at_run_time(module)
            waiting += [module.rpartition(".")[0]] if "." in module else []
    return found


@pytest.fixture(scope="module")
def carried() -> set[str]:
    with zipfile.ZipFile(io.BytesIO(setup_program.make({"acme.inf": b""}))) as bundle:
        return set(bundle.namelist())


def test_every_module_that_it_can_import_is_in_it(carried: set[str]) -> None:
    wanted = importable()
    assert "mapiwright.setup.publish.have_disk" in wanted
    assert "mapiwright.transaction.transaction" in wanted
    assert {MODULES[module] for module in wanted} - carried == set()


def test_nothing_is_left_out_that_is_not_there(carried: set[str]) -> None:
    for left in setup_program.LEFT_OUT:
        assert (ROOT.parent / left).exists(), left
        assert not [name for name in carried if name.startswith(left)]
    assert {"mapiwright/ui/languages/en.toml", "mapiwright/ui/languages/fr.toml"} <= carried
