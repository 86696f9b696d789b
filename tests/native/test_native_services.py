"""The native services themselves: each compiles everywhere without a warning, and exports its entry point bare."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mapiwright.entry.child.native.shapes import INTERFACES
from mapiwright.formats import elf, pe

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
SOURCES = sorted(path.name for path in HERE.iterdir() if path.suffix in {".c", ".cpp"})
LINUX_ONLY = {"throws.cpp", "virtual.cpp", "built_by_winegcc.c"}
"""The ones that have no Windows build."""
HOW = {"old_words.c": "-DHOW=static_words"}
"""One of the ways of a source that has several; the others are those of misbehaves.c."""
TARGETS = {"so": ("cc", "c++"), "x64": ("x86_64-w64-mingw32-gcc", ""), "x86": ("i686-w64-mingw32-gcc", "")}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_a_service_compiles_without_a_warning(source: str, target: str, witness: Callable[[str], str]) -> None:
    c, cpp = TARGETS[target]
    if target != "so" and source in LINUX_ONLY:
        return
    compiler = [witness(cpp), "-std=c++17"] if source.endswith(".cpp") else [witness(c), "-std=c11"]
    checked = [
        *compiler,
        "-O1",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fsyntax-only",
        HOW.get(source, "-DHOW=crashes"),
        source,
    ]
    ended = subprocess.run(checked, cwd=HERE, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(("flavour", "machine"), [("x64", pe.Machine.X64), ("x86", pe.Machine.X86)])
def test_a_dll_exports_the_entry_point_by_its_bare_name(
    flavour: str, machine: pe.Machine, service: Callable[..., Path]
) -> None:
    image = pe.read(service("cancels", flavour).read_bytes())
    assert image.machine == machine
    assert [export.name for export in image.exports] == ["ServiceEntry"]


def test_the_other_flavour_has_its_own_entry_point(service: Callable[..., Path]) -> None:
    assert "MSGServiceEntry" in elf.read(service("virtual").read_bytes()).exported
    assert "ServiceEntry" in elf.read(service("good").read_bytes()).exported


def letter(argument: str) -> str:
    """The shape of a declared argument, as the child's tables spell it."""
    if "*" in argument or argument.startswith(("ALLOCATE", "FREE")):
        return "p"
    kind = argument.split(maxsplit=1)[0]
    return {"ULONG": "u", "HRESULT": "u", "BOOKMARK": "u", "LONG": "i", "ULONG_PTR": "n", "size_t": "n"}[kind]


def test_our_header_has_the_methods_that_the_child_has() -> None:
    """Two hands wrote the vtables down, in C and in Python, from the same table of the documents."""
    header = (HERE / "mapi_abi.h").read_text(encoding="utf-8")
    declared = dict(re.findall(r"^INTERFACE\((\w+)\)\n\{(.*?)^\};", header, re.MULTILINE | re.DOTALL))
    method = re.compile(r"(?:METHOD\((\w+),|MAPI_CALL \*(\w+)\)\(void \*self,?)([^;]*)\);")
    for interface, methods in INTERFACES.items():
        found = [
            (macro or plain, "".join(letter(each.strip()) for each in arguments.split(",") if each.strip()))
            for macro, plain, arguments in method.findall(declared[interface])
        ]
        assert found == [(known.name, known.arguments.replace("o", "p")) for known in methods[3:]], interface
