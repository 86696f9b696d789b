"""Run a script that was written for pywin32, as it is: ``python -m mapiwright.pywin32 SCRIPT [ARGUMENTS]``.

SCRIPT is a file, a folder or zip with a ``__main__.py``, or ``-m MODULE``. What it imports as ``win32com.mapi``,
``pythoncom`` and ``pywintypes`` are the modules beside this one; where pywin32 is installed, the last two are its.
"""

from __future__ import annotations

import os
import runpy
import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

USAGE = (
    "usage: python -m mapiwright.pywin32 SCRIPT [ARGUMENTS], or -m MODULE [ARGUMENTS]\n"
    "Set MAPIWRIGHT_WORKSTATION to the URI of the workstation that it administers, such as image:DIR."
)
MAPI = ("mapi", "mapitags", "mapiutil", "emsabtags")
SHARED = ("pythoncom", "pywintypes")


def install() -> None:
    """Put our modules where a script imports pywin32's from; for the rest of this process."""
    if "win32com" not in sys.modules and find_spec("win32com") is None:
        sys.modules["win32com"] = _package("win32com")
    parent = import_module("win32com")
    package = sys.modules["win32com.mapi"] = _package("win32com.mapi")
    parent.mapi = package  # type: ignore[attr-defined] # as an import sets it
    for name in MAPI:
        module = import_module(f"mapiwright.pywin32.{name}")
        setattr(package, name, module)
        sys.modules[f"win32com.mapi.{name}"] = module
    for name in SHARED:
        if name not in sys.modules and find_spec(name) is None:
            sys.modules[name] = import_module(f"mapiwright.pywin32.{name}")


def _package(name: str) -> ModuleType:
    made = ModuleType(name)
    made.__path__ = []
    return made


def run(words: list[str]) -> None:
    """Run what the command line names; raises SystemExit with the usage where it names nothing."""
    if not words or words[0] in {"-h", "--help"} or (words[0] == "-m" and len(words) == 1):
        raise SystemExit(USAGE)
    install()
    if words[0] == "-m":
        sys.argv = words[1:]
        sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as Python itself has it for -m
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        return
    script = words[0]
    if not os.path.exists(script):  # noqa: PTH110 - a word of the command line
        raise SystemExit(f"there is no {script}\n{USAGE}")
    sys.argv = words
    if os.path.isfile(script):  # noqa: PTH113 - a word of the command line
        sys.path.insert(0, os.path.dirname(os.path.abspath(script)))  # noqa: PTH100, PTH120 - as Python has it
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    run(sys.argv[1:])
