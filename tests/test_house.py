"""The laws of the house, read from the source: imports go down, no cycles, one place that writes, one that prints.

Each law gathers all that breaks it.
"""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

from house import PICTURE, ROOMS, draw, floor_of, imports_of, is_package, modules, own_imports_of, room_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = modules()
FLOORS = list(dict.fromkeys(room.split(".")[0] for room in ROOMS))
INNER = sorted(module for module in MODULES if floor_of(module) in FLOORS)
INTERNAL = {module: own_imports_of(module) for module in MODULES}
MOST_MODULES = 16
MIRRORS = {"pywin32"}
"""Rooms that spell somebody else's names, however many these are."""
MOST_IMPORTS = 6.15
"""The imports of our own that a module has on average, those for types included."""
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "base", "core", "manager", "misc"}
STANDARD_LIBRARY_ONLY = ("formats", "errors", "message", "english", "frozen")
LONGEST_FILE = 450
TABLES = {"tags_data", "tags_table", "upcase_table"}


def test_imports_go_down_the_page_only() -> None:
    wrong = [
        f"{module} imports {name}, which stands above it"
        for module in INNER
        for name in INTERNAL[module]
        if name != "mapiwright" and ROOMS.index(room_of(name)) < ROOMS.index(room_of(module))  # that is the version
    ]
    assert not wrong


def test_every_room_has_its_place_and_says_what_lives_there() -> None:
    assert set(ROOMS) == {room_of(module) for module in INNER}
    packages = [module for module in INNER if is_package(module)]
    assert not [module for module in packages if not ast.get_docstring(tree_of(module))]
    # What a room hands out has one home, and that is a module of it.
    assert not [module for module in packages if floor_of(module) not in MIRRORS and len(tree_of(module).body) > 1]


def test_no_room_is_crowded() -> None:
    inside = {room: [m for m in INNER if room_of(m) == room and not is_package(m)] for room in ROOMS}
    assert not {room for room, found in inside.items() if len(found) > MOST_MODULES and room not in MIRRORS}


def test_a_module_leans_on_few_others() -> None:
    average = sum(map(len, INTERNAL.values())) / len(INTERNAL)
    assert average <= MOST_IMPORTS, f"{average:.2f} imports a module"


def test_inside_nothing_is_taken_from_what_is_handed_out_to_users() -> None:
    for module in MODULES:
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.ImportFrom) and node.module == "mapiwright":
                names = {alias.name for alias in node.names if f"mapiwright.{alias.name}" not in MODULES}
                assert names <= {"__version__"}, f"{module}:{node.lineno}"


def test_there_is_no_import_cycle() -> None:
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        if module == "mapiwright" and path:
            return  # the version: what else it hands out is for users, and loaded when they ask for it
        assert module not in path, f"import cycle: {' -> '.join((*path, module))}"
        if module not in done:
            for name in sorted(INTERNAL.get(module, ())):
                walk(name, (*path, module))
            done.add(module)

    for module in MODULES:
        walk(module, ())


def test_no_file_is_long_or_namelessly_named() -> None:
    lines = {module: path.read_text(encoding="utf-8").count("\n") for module, path in MODULES.items()}
    stems = {module: path.stem for module, path in MODULES.items()}
    assert not {module for module, stem in stems.items() if stem in FORBIDDEN_NAMES}
    assert not {m: count for m, count in lines.items() if count > LONGEST_FILE and stems[m] not in TABLES}


def calls_in(module: str) -> set[tuple[str, int]]:
    """The last name of every call: ``x.registry.apply(...)`` gives ``registry.apply``."""
    found = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(value=ast.Attribute(attr=owner), attr=name):
                    found.add((f"{owner}.{name}", node.lineno))
                case ast.Attribute(value=ast.Name(id=owner), attr=name):
                    found.add((f"{owner}.{name}", node.lineno))
                case ast.Name(id=name):
                    found.add((name, node.lineno))
    return found


SAME_NAMES = {
    "CreateKey": "what a hive file is asked to do for the change of that name",
    "DeleteKey": "likewise",
    "SetValue": "likewise",
}
"""Names that two classes may have, and why."""


def test_no_two_classes_of_one_name_mean_different_things() -> None:
    """But for those that mirror somebody else's names: MAPI's in a service's own process, and pywin32's."""
    found: dict[str, set[str]] = {}
    for module in MODULES:
        if module.startswith("mapiwright.entry.child") or floor_of(module) in MIRRORS:
            continue
        for node in tree_of(module).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, set()).add(module)
    twice = {name: sorted(modules) for name, modules in found.items() if len(modules) > 1}
    assert {name: modules for name, modules in twice.items() if name not in SAME_NAMES} == {}
    assert twice.keys() == SAME_NAMES.keys(), "a name that is not shared any more needs no exception"


WRITES = {
    "registry.apply",
    "files.apply",
    "state.write",
    "state.append",
    "state.delete",
}


def called(names: set[str], *, but: set[str]) -> list[str]:
    """Where one of the names is called outside of some rooms."""
    return [
        f"{module}:{line} calls {name}"
        for module in INNER
        if not {floor_of(module), room_of(module)} & but
        for name, line in sorted(calls_in(module))
        if name in names
    ]


def test_nothing_writes_to_a_workstation_but_the_transaction() -> None:
    assert not called(WRITES, but={"transaction"})


def test_only_the_ui_prints() -> None:
    rooms = {room for room in ROOMS if room.startswith("entry.child")}  # their only way to answer
    assert not called({"print", "click.echo"}, but={"ui", *rooms})


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


def text_of(module: str) -> str:
    return MODULES[module].read_text(encoding="utf-8")


def test_the_mapisvc_of_a_workstation_is_read_in_one_place() -> None:
    """Two readers would answer a fault in two ways."""
    others = [module for module in INNER if module.removeprefix("mapiwright.") not in READERS_OF_INFS]
    parses = {"inf.parse", "text.parse"}
    assert not [(module, line) for module in others for name, line in calls_in(module) if name in parses]
    assert not [module for module in INNER if "formats.inf import parse" in text_of(module)], "they hide it"
    tolerant = [module for module in INNER if "code_page, tolerant=" in text_of(module)]
    assert tolerant == ["mapiwright.mapi.inf.mapisvc"]


DECIDES_BY_ITSELF = re.compile(r"\bif .*service\.entry\b(?!\()|definition\.(dll|entry) and|stand_in is (not )?None")


def test_whether_a_service_has_an_entry_point_is_decided_in_one_place() -> None:
    asking = [module for module in INNER if floor_of(module) != "entry"]
    assert not [module for module in asking if DECIDES_BY_ITSELF.search(text_of(module))], "ask has_entry_point"


OPENS = {
    *("read_bytes", "read_text", "write_bytes", "write_text", "touch", "is_file", "is_dir", "exists", "is_symlink"),
    *("stat", "lstat", "iterdir", "rglob", "symlink_to", "hardlink_to", "chown", "listdir", "scandir", "rmtree"),
}
OPENS_BY_NAME = {
    "open",
    *(f"os.{name}" for name in ("open", "remove", "unlink", "mkdir", "rmdir", "replace", "rename")),
}
"""What opens, or looks at, a file by its path: methods and functions by their last name, and these by all of it."""
OF_OUR_OWN = {
    "workstation.disk.handles": "it is the one that opens",
    "workstation.disk.replace": "it opens below a folder that is open",
    "workstation.disk.folder_state": "likewise",
    "workstation.disk.free_space": "likewise",
    "workstation.kinds.create": "a new tree of whoever runs it",
    "workstation.kinds.open": "the demo, in the data of whoever runs it",
    "workstation.kinds.image": "whether the folder that the user named is there",
    "workstation.kinds.hive_file": "whether the file that the user named is there",
    "transaction.single_file": "a file that the user named",
    "transaction.whole_folder": "a folder that the user named",
}
"""Modules that may, and why; what they open lies in no tree that others can write, or is opened below a handle."""


def test_files_of_a_workstation_are_opened_by_handles() -> None:
    """A path that was checked may lead elsewhere when it is opened; ``workstation.disk.handles`` has no such gap."""
    below = [module for module in INNER if floor_of(module) in {"workstation", "transaction", "admin", "mapi"}]
    asked = [module for module in below if module.removeprefix("mapiwright.") not in OF_OUR_OWN]
    assert not {
        f"{module}:{node.lineno} opens a file by its path: {name}"
        for module in asked
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call)
        for name in (ast.unparse(node.func),)
        if name in OPENS_BY_NAME or ("." in name and name.rpartition(".")[2] in OPENS)
    }
    assert {f"mapiwright.{module}" for module in OF_OUR_OWN} <= set(below), "an exception for what is gone"


OWN_SECRETS = re.compile(r"DPAPI_(?:PROVIDER|START)|d08c9ddf|passw\(|\(secret, not shown\)")


def test_what_is_a_secret_is_decided_in_one_place() -> None:
    """Others ask ``mapi.props.protected``: word lists and DPAPI headers of their own would soon differ from it."""
    deciding = [module for module in INNER if OWN_SECRETS.search(text_of(module))]
    assert deciding == ["mapiwright.mapi.props.protected"]


EDITS = {
    *("create_profile", "copy_profile", "rename_profile", "set_default_profile", "ask_for_profile"),
    *("create_message_service", "copy_message_service", "configure_message_service"),
    *("message_service_transport_order", "set_props", "delete_props"),
}
"""Methods of administration that change profiles; those whose names others have too are left out."""
ADDS_BY_ITSELF = "mapiwright.setup.install.user_plan"
"""It adds the services of a package to a profile that may be there already."""


def test_profiles_are_changed_by_operations() -> None:
    """Command line, panel, wizard and PRF files say what they want as data, and one module drafts it."""
    asking = [module for module in INNER if floor_of(module) in {"ui", "workflows", "setup"}]
    found = {
        (module, name)
        for module in asking
        for name, _ in calls_in(module)
        if not name.startswith("actions.") and name.rpartition(".")[2] in EDITS
    }
    assert {module for module, _ in found} <= {ADDS_BY_ITSELF}
    assert not [name for _, name in found if name.endswith("create_profile")]


def test_the_lowest_floors_know_the_standard_library_only() -> None:
    known = {"mapiwright", *sys.stdlib_module_names}
    lowest = [module for module in INNER if floor_of(module) in STANDARD_LIBRARY_ONLY]
    assert not {(m, name) for m in lowest for name in imports_of(m) if name.split(".")[0] not in known}


def test_codecs_and_verbs_do_no_input_or_output() -> None:
    doors = {"os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "urllib"}
    pure = [module for module in INNER if floor_of(module) in {"formats", "mapi"}]
    assert not {(m, name) for m in pure for name in imports_of(m) if name.split(".")[0] in doors}
    assert not {(m, line) for m in pure for name, line in calls_in(m) if name == "open"}


def swallowed(module: str) -> Iterator[str]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ExceptHandler):
            names = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"BaseException"}
            raises = node.type is not None and any(isinstance(n, ast.Raise) for n in ast.walk(node))
            if names & {"Exception", "BaseException"} and not raises:
                yield f"{module}:{node.lineno} swallows every exception"


def test_nothing_swallows_every_exception() -> None:
    asked = [module for module in MODULES if module != "mapiwright.__main__" and ".child" not in module]
    assert not [fault for module in asked for fault in swallowed(module)]


RECORD_FORMATS = {"mapiwright.transaction.plans.terms", "mapiwright.setup.records.schema"}
"""The modules that read what a receipt records; everybody else gets it in a type."""


def looks_into_a_record(node: ast.AST) -> bool:
    match node:
        case (
            ast.Subscript(value=ast.Attribute(attr="record"))
            | ast.Attribute(value=ast.Attribute(attr="record"), attr="get")
            | ast.Attribute(value=ast.Attribute(attr="terms"), attr="record")
        ):
            return True
    return False


def test_nobody_looks_into_a_record_but_its_schema() -> None:
    asked = [module for module in INNER if module not in RECORD_FORMATS]
    assert not {
        f"{module}:{getattr(node, 'lineno', 0)} reads a record by its keys"
        for module in asked
        for node in ast.walk(tree_of(module))
        if looks_into_a_record(node)
    }


def test_the_transaction_knows_no_verb_of_those_above_it() -> None:
    verbs = {"install", "uninstall", "repair", "call", "package"}
    assert not {
        f"{module} knows {node.value!r}"
        for module in INNER
        if floor_of(module) == "transaction"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in verbs
    }


def test_the_picture_of_the_house_is_current() -> None:
    assert PICTURE.read_text(encoding="utf-8") == draw(), "draw it again: python tools/house.py"
