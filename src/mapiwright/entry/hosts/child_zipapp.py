"""The child as one file, for interpreters that have nothing of ours: a zip that a Python runs ([native] 2.4)."""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
import zipfile
from functools import cache
from importlib import resources
from pathlib import Path

_PACKAGES = ("", "entry", "entry/child", "entry/child/native", "mapi", "mapi/props", "mapi/tables")
_MODULES = (
    "english",
    "errors",
    "frozen",
    "message",
    "mapi/tables/bookmarks",
    "mapi/props/property_calls",
    "mapi/tables/restriction",
    "mapi/tables/row",
    "mapi/tables/sort_order",
    "mapi/tables/tables",
)
_CHILD = ("entry/child", "entry/child/native")
_MAIN = '''"""Runs the program that the command line names."""
import importlib
import sys

importlib.import_module(f"mapiwright.entry.child.{sys.argv[1]}").main()
'''
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack() -> bytes:
    """The bytes of the archive; the same for the same version of Mapiwright."""
    root = resources.files("mapiwright")
    names = {f"{package}/__init__.py".lstrip("/"): b"" for package in _PACKAGES}  # they would load what is not there
    for module in _MODULES:
        names[f"{module}.py"] = root.joinpath(f"{module}.py").read_bytes()
    for folder in _CHILD:
        for found in root.joinpath(folder).iterdir():
            if found.name.endswith(".py"):
                names[f"{folder}/{found.name}"] = found.read_bytes()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(zipfile.ZipInfo("__main__.py", _EPOCH), _MAIN)
        for name in sorted(names):
            bundle.writestr(zipfile.ZipInfo(f"mapiwright/{name}", _EPOCH), names[name], zipfile.ZIP_DEFLATED)
    return made.getvalue()


@cache
def archive() -> Path:
    """The archive as a file, in a folder of our own until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="mapiwright-child-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "child.pyz"
    path.write_bytes(pack())
    return path
