"""Compile the message services of this folder, each for the Linux of this computer and for both kinds of Windows.

    python build.py FOLDER [so] [x64] [x86]      all of them

A library lies in a folder that is named for what it was made of and with: one folder serves many, and is never stale.
"""

# ruff: noqa: T201 - a script that a person may run
from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent


class Toolchain(NamedTuple):
    """The compilers of C and of C++, how they link, and what the library is called."""

    c: str
    cpp: str
    link: tuple[str, ...]
    suffix: str


# --kill-at and the .def: what is exported has the name alone, without stdcall's count of bytes.
WINDOWS = ("-static-libgcc", "-s", "-Wl,--kill-at", "-Wl,--enable-stdcall-fixup", str(HERE / "service.def"))
TOOLCHAINS = {
    "so": Toolchain("cc", "c++", ("-fPIC",), ".so"),
    "x64": Toolchain("x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-g++", WINDOWS, ".dll"),
    "x86": Toolchain("i686-w64-mingw32-gcc", "i686-w64-mingw32-g++", WINDOWS, ".dll"),
}


def ways(source: str) -> tuple[str, ...]:
    """Every way in which a source can be compiled, as the enum at its head lists them."""
    listed = re.search(r"^enum \{(.*?)^\};", (HERE / source).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return tuple(re.findall(r"[a-z]\w*", listed[1] if listed else ""))


SERVICES: dict[str, tuple[str, ...]] = {
    **{
        name: (f"{name}.c",)
        for name in (
            "good",
            "needs_configuration",
            "cancels",
            "creates_sections",
            "keeps_secrets",
            "asks_for_more",
            "reads_its_profile",
            "scripted",
        )
    },
    **{way: (source, f"-DHOW={way}") for source in ("misbehaves.c", "old_words.c") for way in ways(source)},
    "throws": ("throws.cpp",),
    "virtual": ("virtual.cpp",),
    # Plain COM under the name that says otherwise, and the other way round.
    "looks_virtual": ("good.c", "-DServiceEntry=MSGServiceEntry"),
    "looks_plain": ("virtual.cpp", "-DMSGServiceEntry=ServiceEntry", "-fvisibility=hidden"),
    "built_by_winegcc": ("built_by_winegcc.c",),
    "mapi_of_its_own": ("mapi_of_its_own.c", "-Wl,-soname,libmapi.so.1"),
    "links_to_mapi": ("links_to_mapi.c",),
}
"""The source of each service, and what it is compiled with."""
LINKED = {"links_to_mapi"}
"""What is linked to MAPI: to mapi32.dll, or to a libmapi.so.1 that is looked for beside it."""
LINUX_ONLY = {"mapi_of_its_own", "throws", "virtual", "looks_virtual", "looks_plain", "built_by_winegcc"}


def compiler(name: str, flavour: str = "so") -> str:
    """The program that compiles a service; it may not be installed."""
    tools = TOOLCHAINS[flavour]
    return tools.cpp if SERVICES[name][0].endswith(".cpp") else tools.c


def build(name: str, flavour: str, folder: Path) -> Path:
    """Compile one service, unless that was done before; raises CalledProcessError where it does not compile."""
    source, *options = SERVICES[name]
    tools = TOOLCHAINS[flavour]
    standard = "-std=c++17" if source.endswith(".cpp") else "-std=c11"
    command = [compiler(name, flavour), standard, "-O1", "-Wall", "-Wextra", "-shared", *options]
    command += [str(HERE / source), *tools.link]
    if name in LINKED:
        mapi = build("mapi_of_its_own", flavour, folder) if flavour == "so" else "-lmapi32"
        command += ["-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed"] if flavour == "so" else []
        command.append(str(mapi))
    made_of = hashlib.sha256("\0".join(command).encode())
    for path in (HERE / source, *sorted(HERE.glob("*.h")), HERE / "service.def"):
        made_of.update(path.read_bytes())
    made = folder / made_of.hexdigest()[:16] / f"{name}{tools.suffix}"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=made.parent) as scratch:
            fresh = Path(scratch) / made.name
            subprocess.run([*command, "-o", str(fresh)], check=True, capture_output=True, text=True)
            fresh.replace(made)  # whole or not at all: others may be at it at the same time
    return made


def main(folder: Path, flavours: list[str]) -> int:
    """Compile all that this computer has compilers for."""
    wanted = [
        (name, flavour)
        for flavour in flavours or list(TOOLCHAINS)
        for name in SERVICES
        if (flavour == "so" or name not in LINUX_ONLY) and shutil.which(compiler(name, flavour))
    ]
    with ThreadPoolExecutor(os.cpu_count()) as several:
        for made in several.map(lambda each: build(each[0], each[1], folder), wanted):
            print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
