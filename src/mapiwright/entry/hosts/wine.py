"""A Windows Python inside a Wine prefix: what runs the child where the service's library is a PE file and this is no
Windows.

Wine's own binaries are called, not the wrappers of a distribution: Debian's start a server that ends with its last
client, so that every call would start all of Windows' services again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from mapiwright.entry.hosts.library import program_at
from mapiwright.errors import EntryPointError, RefusedError
from mapiwright.formats import pe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LOADERS = (
    "/usr/lib/wine/wine64",
    "/usr/lib/wine/wine",
    "/opt/wine-stable/bin/wine64",
    "/opt/wine-stable/bin/wine",
    "/opt/homebrew/bin/wine64",
    "/opt/homebrew/bin/wine",
    "/usr/local/bin/wine64",
    "/usr/local/bin/wine",
)
"""Where Wine's loader usually is; `WINELOADER`, Wine's own variable, goes first, and PATH last."""
SERVERS = ("wineserver64", "wineserver")
PYTHONS = (
    "Python3*",
    "Program Files/Python3*",
    "Program Files (x86)/Python3*",
    "users/*/AppData/Local/Programs/Python/Python3*",
)
"""Where Python's installers put it, below drive_c, and where a folder of it is unpacked to."""
OLDEST = 11
"""The minor version of the oldest Python 3 that can run the child."""
BOOT = 300.0
"""Seconds that a prefix may take to boot; one made by an older Wine is updated then."""
LINGER = 60
"""Seconds that Wine's server stays for the next call."""
OVERRIDES = "mscoree=;mshtml=;winemenubuilder.exe=;winedbg.exe="
"""What a prefix is not to load or start: .NET and HTML, which it would offer to fetch; menus; and the debugger, which
prints pages about a crash, or shows them in a window and waits.
"""
OPTIONS = ("-I", "-S", "-B", "-X", "utf8")
NO_NAME = re.compile(
    r'.*[\x00-\x1f"*:<>?\\|\ud800-\udfff].*|.*[ .]|(aux|con|nul|prn|com[1-9]|lpt[1-9]) *(\..*)?',
    re.IGNORECASE | re.DOTALL,
)
"""A name that Windows cannot have, or has given to a device; a lone surrogate is a byte that is no UTF-8."""
PASSED = ("PATH", "HOME")
"""Variables that the services are given; every other one may hold a secret of the user's."""

GUARD = f"""\
import os, subprocess, sys
command = [sys.executable, {", ".join(map(repr, OPTIONS))}, *sys.argv[1:]]
status = subprocess.call(command, stdin=0, stdout=1, stderr=2)
if status:
    os.write(1, b'{{"phase": "ended", "status": %d}}\\n' % status)
"""
"""The first Python: it runs the child in a second one, and says how that ended.

Wine cuts an exit status off to 8 bits, so an access violation (0xC0000005) looks like exit(5) from outside. Inside,
all 32 are known.
"""


def loader(variables: Mapping[str, str], places: Iterable[str] = LOADERS) -> Path:
    """Wine's loader on this computer; raises RefusedError where there is none."""
    named = variables.get("WINELOADER")
    if named:
        places = (named,)
    for place in places:
        if Path(place).is_file() and os.access(place, os.X_OK):
            return Path(place)
    found = next(filter(None, map(shutil.which, () if named else ("wine64", "wine"))), None)
    if found:
        return Path(found)
    raise RefusedError(
        "Wine is not on this computer",
        where=f"WINELOADER={named}" if named else "",
        remedy="Debian, Ubuntu: apt install wine64 wine. Fedora: dnf install wine-core. macOS: brew install --cask "
        "wine-stable. If it is elsewhere, name its loader in WINELOADER.",
    )


def server(variables: Mapping[str, str], beside: Path) -> Path:
    """The server of the Wine whose loader is ``beside``; raises RefusedError where there is none."""
    named = variables.get("WINESERVER")
    folder = beside.resolve().parent
    for place in (Path(named),) if named else [folder / name for name in SERVERS]:
        if place.is_file():
            return place
    found = shutil.which("wineserver")
    if found and not named:
        return Path(found)
    raise RefusedError(
        "Wine has no server",
        where=named or str(folder),
        expected=" or ".join(SERVERS),
        remedy="Install Wine again, or name the server in WINESERVER.",
    )


def python(prefix: Path) -> Path:
    """The newest Python in ``prefix`` that can run the child; raises RefusedError where there is none."""
    drive = prefix / "drive_c"
    older: list[tuple[int, Path]] = []
    fit: list[tuple[int, Path]] = []
    for executable in (place / "python.exe" for pattern in PYTHONS for place in drive.glob(pattern)):
        minor = max((_minor(library.name) for library in executable.parent.glob("python3*.dll")), default=0)
        if executable.is_file() and minor:
            (fit if minor >= OLDEST else older).append((minor, executable))
    if fit:
        return max(fit)[1]
    raise RefusedError(
        f"its newest Windows Python is 3.{max(older)[0]}" if older else "no Windows Python is in the prefix",
        where=str(prefix),
        expected=f"Python 3.{OLDEST} or later, in drive_c/Python3*, Program Files or a user's AppData",
        remedy="Unpack Python's embeddable package for Windows into drive_c/Python313, or run its installer there.",
    )


def _minor(library: str) -> int:
    """13 for ``python313.dll``, 0 for ``python3.dll``."""
    found = re.fullmatch(r"python3(\d+)\.dll", library, re.IGNORECASE)
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class WinePython:
    """Runs the child by the Windows Python in ``prefix``, a folder that Wine made."""

    prefix: Path

    @property
    def name(self) -> str:
        """As it is named on the command line."""
        return f"wine:{self.prefix}"

    @property
    def kind(self) -> str:
        """The file format of the libraries that it can load."""
        return "pe"

    @property
    def machine(self) -> str:
        """What its libraries are made for, ``x64`` or ``x86``: its own kind."""
        return pe.read(program_at(python(self.prefix))).kind

    @property
    def start_seconds(self) -> float:
        """How long its start may take, which is no part of a call's deadline."""
        return 30.0

    def look(self) -> None:
        """See that it is a prefix with a Python, and start nothing; raises RefusedError where it is none."""
        if not (self.prefix / "dosdevices").is_dir() or not (self.prefix / "drive_c").is_dir():
            raise RefusedError(
                "it is no Wine prefix",
                where=str(self.prefix),
                expected="a folder with dosdevices and drive_c",
                remedy=f"Make one: WINEPREFIX={self.prefix} wineboot --init",
            )
        python(self.prefix)

    def prepare(self) -> None:
        """Boot the prefix, so that a call finds its services running, and see whether its Python starts.

        The first client of a server starts the services, and they inherit its standard handles: a pipe of a call
        would stay open for as long as they run. Raises RefusedError where something is missing, EntryPointError where
        it does not start.
        """
        self.look()
        if os.name == "posix" and self.prefix.stat().st_uid != os.geteuid():
            raise RefusedError(
                "the Wine prefix belongs to another user",
                where=str(self.prefix),
                remedy="Wine opens a prefix for its owner only. Work as that user, or make a prefix of your own.",
            )
        windows_python = self.path(python(self.prefix))
        environment = self.environment()
        self._run(environment["WINESERVER"], f"-p{LINGER}")  # fails where one runs already, which is as good
        fault = self._run(environment["WINELOADER"], windows_python, *OPTIONS, "-c", "")
        if fault:
            raise EntryPointError(
                f"its Windows Python does not start: {fault}",
                where=self.name,
                remedy=f"Try it by hand: WINEPREFIX={self.prefix} wine '{windows_python}' -V",
            )

    def _run(self, *command: str) -> str:
        """Run a program that hears and says nothing; the answer is empty, or why it failed."""
        try:
            status = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in PASSED if name in os.environ} | self.environment(),
                timeout=BOOT,
                check=False,
            ).returncode
        except OSError as error:
            return error.strerror or str(error)
        except subprocess.TimeoutExpired:
            return f"not done after {BOOT:g} s"
        return f"exit status {status}" if status else ""

    def command(self, archive: Callable[[], Path], *words: str) -> list[str]:
        """The command that runs what ``archive`` makes, a zipapp, with ``words``.

        Its child's exit status, where it is not 0, is the last line on standard output:
        ``{"phase": "ended", "status": 3221225477}``.
        """
        windows_python = self.path(python(self.prefix))
        return [str(loader(os.environ)), windows_python, *OPTIONS, "-c", GUARD, self.path(archive()), *words]

    def environment(self) -> dict[str, str]:
        """The variables that Wine needs, in addition to those of every child."""
        wine = loader(os.environ)
        return {
            "WINEPREFIX": str(self.prefix.absolute()),
            "WINELOADER": str(wine),
            "WINESERVER": str(server(os.environ, wine)),
            "WINEDLLOVERRIDES": OVERRIDES,
            "WINEDEBUG": "-all,err+virtual",  # it names a stack overflow, which has no exit status of its own
            "LC_ALL": "C.UTF-8",  # how Wine reads the names of files
        }

    def path(self, here: Path) -> str:
        r"""A path of this computer as the child sees it: ``Z:\tmp\x``; raises RefusedError where no drive has it."""
        there = here.resolve()
        drives = [
            (len(root.parts), drive.name.upper(), there.relative_to(root))
            for drive in (self.prefix / "dosdevices").glob("[a-z]:")
            if there.is_relative_to(root := drive.resolve())
        ]
        if not drives:
            raise RefusedError(
                f"no drive of {self.name} leads there",
                where=str(here),
                remedy=f"Copy it into {self.prefix}/drive_c, or make a drive: ln -s / {self.prefix}/dosdevices/z:",
            )
        _, drive, below = max(drives)
        odd = next(filter(NO_NAME.fullmatch, below.parts), None)
        if odd is not None:
            raise RefusedError(
                f"Windows has no file named {odd!a}",
                remedy='Copy it to where no name has one of " * : < > ? \\ |, ends with a dot or a space, or is a '
                "device's, such as aux.",
            )
        return str(PureWindowsPath(f"{drive}\\", *below.parts))
