"""The laws of the house, read from the source: imports go down, no cycles, one place that writes, one that prints."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "mapiwright"
ROOMS = [
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
    "formats.regf",
    "errors",
]
"""The rooms of the house from top to bottom: a room may import from those below it."""
FLOORS = list(dict.fromkeys(room.split(".")[0] for room in ROOMS))
MOST_MODULES = 16
MIRRORS = {"pywin32"}
"""Rooms that spell somebody else's names, however many these are."""
MOST_IMPORTS = 6.0
"""The imports of our own that a module has on average, those for types included."""
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "base", "core", "manager", "misc"}
STANDARD_LIBRARY_ONLY = ("formats", "errors")
LONGEST_FILE = 450
TABLES = {"tags_data", "tags_table", "upcase_table"}


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def floor_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def room_of(module: str) -> str:
    """The folder of a module, ``setup.install``; a floor that is one module is a room, too."""
    inner = module.removeprefix("mapiwright.")
    return inner if MODULES[module].stem == "__init__" or "." not in inner else inner.rpartition(".")[0]


def imports_of(module: str) -> set[str]:
    """Every module that is imported, for types or at run time, as absolute names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} uses a relative import"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
    return found


INTERNAL = {module: {name for name in imports_of(module) if name.split(".")[0] == "mapiwright"} for module in MODULES}
INNER = sorted(module for module in MODULES if floor_of(module) in FLOORS)


@pytest.mark.parametrize("module", INNER)
def test_imports_go_down_the_page_only(module: str) -> None:
    here = ROOMS.index(room_of(module))
    for name in INTERNAL[module]:
        if name == "mapiwright":
            continue  # the version
        assert ROOMS.index(room_of(name)) >= here, f"{module} imports {name}, which stands above it"


def test_every_room_has_its_place_and_says_what_lives_there() -> None:
    assert set(ROOMS) == {room_of(module) for module in INNER}
    for module in INNER:
        if MODULES[module].stem == "__init__":
            tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
            assert ast.get_docstring(tree), f"{module} does not say what lives there"
            assert floor_of(module) == "pywin32" or len(tree.body) == 1, f"{module} hands out what lives elsewhere"


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_is_crowded(room: str) -> None:
    inside = [module for module in INNER if room_of(module) == room and MODULES[module].stem != "__init__"]
    assert room in MIRRORS or len(inside) <= MOST_MODULES, f"{room} holds {len(inside)} modules"


def test_a_module_leans_on_few_others() -> None:
    average = sum(map(len, INTERNAL.values())) / len(INTERNAL)
    assert average <= MOST_IMPORTS, f"{average:.2f} imports a module"


def test_there_is_no_import_cycle() -> None:
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"import cycle: {' -> '.join((*path, module))}"
        if module not in done:
            for name in sorted(INTERNAL.get(module, ())):
                walk(name, (*path, module))
            done.add(module)

    for module in MODULES:
        walk(module, ())


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_file_is_long_or_namelessly_named(module: str) -> None:
    path = MODULES[module]
    assert path.stem not in FORBIDDEN_NAMES
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE or path.stem in TABLES, f"{path} has {lines} lines"


def calls_in(module: str) -> set[tuple[str, int]]:
    """The last name of every call: ``x.registry.apply(...)`` gives ``registry.apply``."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(value=ast.Attribute(attr=owner), attr=name):
                    found.add((f"{owner}.{name}", node.lineno))
                case ast.Attribute(value=ast.Name(id=owner), attr=name):
                    found.add((f"{owner}.{name}", node.lineno))
                case ast.Name(id=name):
                    found.add((name, node.lineno))
    return found


WRITES = {
    "registry.apply",
    "files.apply",
    "state.write",
    "state.append",
    "state.delete",
}


@pytest.mark.parametrize("module", INNER)
def test_nothing_writes_to_a_workstation_but_the_transaction(module: str) -> None:
    if floor_of(module) == "transaction":
        return
    writes = [(name, line) for name, line in calls_in(module) if name in WRITES]
    assert not writes, f"{module} writes: {writes}"


READERS_OF_INFS = {
    "mapi.inf.mapisvc": "the MAPISVC.INF of a workstation",
    "formats.prf": "a PRF file",
    "mapi.prf.export": "the PRF file that is made",
    "setup.prf.reading": "a PRF file",
    "setup.package.package": "the fragment of a package",
    "setup.install.install": "the fragment of a package",
    "setup.install.preflight": "the fragment of a package",
    "setup.publish.have_disk": "the fragment on a disk",
    "setup.trial.scratch": "the fragment beside a library",
    "ui.cli.packages.inf": "a file that the user names",
}


@pytest.mark.parametrize("module", INNER)
def test_the_mapisvc_of_a_workstation_is_read_in_one_place(module: str) -> None:
    """Two readers would answer a fault in two ways."""
    text = MODULES[module].read_text(encoding="utf-8")
    parses = [line for name, line in calls_in(module) if name in {"inf.parse", "text.parse"}]
    assert not parses or module.removeprefix("mapiwright.") in READERS_OF_INFS, f"{module} parses an INF at {parses}"
    assert "formats.inf import parse" not in text, f"{module} hides that it parses an INF"
    assert "code_page, tolerant=" not in text or module.endswith(("formats.inf", "mapi.inf.mapisvc"))


@pytest.mark.parametrize("module", INNER)
def test_whether_a_service_has_an_entry_point_is_decided_in_one_place(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    assert not re.search(r"\bif .*service\.entry\b(?!\()|definition\.(dll|entry) and|stand_in is (not )?None", text) or (
        floor_of(module) == "entry"
    ), f"{module} decides by itself; ask has_entry_point"


EDITS = {
    *("create_profile", "copy_profile", "rename_profile", "set_default_profile", "ask_for_profile"),
    *("create_message_service", "copy_message_service", "configure_message_service"),
    *("message_service_transport_order", "set_props", "delete_props"),
}
"""Methods of administration that change profiles; those whose names others have too are left out."""


@pytest.mark.parametrize("module", INNER)
def test_profiles_are_changed_by_operations(module: str) -> None:
    """Command line, panel, wizard and PRF files say what they want as data, and one module drafts it."""
    if floor_of(module) not in {"ui", "workflows", "setup"}:
        return
    calls = {name.rpartition(".")[2] for name, _ in calls_in(module) if not name.startswith("actions.")}
    known = {
        "setup.install.user_plan": {"create_message_service", "configure_message_service", "set_default_profile"}
    }
    assert not calls & (EDITS - known.get(module.removeprefix("mapiwright."), set())), f"{module} edits by itself"


@pytest.mark.parametrize("module", INNER)
def test_what_is_a_secret_is_decided_in_one_place(module: str) -> None:
    """Others ask ``mapi.props.protected``: word lists and DPAPI headers of their own would soon differ from it."""
    text = MODULES[module].read_text(encoding="utf-8")
    own = re.findall(r"DPAPI_(?:PROVIDER|START)|d08c9ddf|passw\(|\(secret, not shown\)", text)
    assert not own or module.endswith("mapi.props.protected"), f"{module} decides by itself: {own}"


@pytest.mark.parametrize("module", INNER)
def test_only_the_ui_prints(module: str) -> None:
    if floor_of(module) == "ui" or ".child" in module:
        return
    printed = [line for name, line in calls_in(module) if name in {"print", "click.echo"}]
    assert not printed, f"{module} prints at {printed}"


@pytest.mark.parametrize("module", [m for m in INNER if floor_of(m) in STANDARD_LIBRARY_ONLY])
def test_the_lowest_floors_know_the_standard_library_only(module: str) -> None:
    import sys

    for name in imports_of(module):
        top = name.split(".")[0]
        assert top == "mapiwright" or top in sys.stdlib_module_names, f"{module} imports {name}"


@pytest.mark.parametrize("module", [m for m in INNER if floor_of(m) in {"formats", "mapi"}])
def test_codecs_and_verbs_do_no_input_or_output(module: str) -> None:
    doors = {"os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "urllib"}
    found = {name for name in imports_of(module) if name.split(".")[0] in doors}
    assert not found, f"{module} opens a door: {found}"
    assert not [line for name, line in calls_in(module) if name == "open"], f"{module} opens a file"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nothing_swallows_every_exception(module: str) -> None:
    if module == "mapiwright.__main__" or ".child" in module:
        return
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{module}:{node.lineno} has a bare except"
            names = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
            swallows = names & {"Exception", "BaseException"}
            raises = any(isinstance(n, ast.Raise) for n in ast.walk(node))
            assert not swallows or raises, f"{module}:{node.lineno} swallows every exception"
