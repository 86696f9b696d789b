"""What it costs to start: CPU of `--version` and of `profile list`, against Python doing nothing, in one run.

The bounds are promises: twice Python's own start for the version, 5 times for listing the profiles of a bare hive,
and 6 times for those of a whole Windows, whose Outlook has to be found first.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import mapiwright

RUNS = 21
VERSION, OF_HIVE, OF_IMAGE = "mapiwright --version", "profile list, hive:", "profile list, image:"
BOUNDS = {VERSION: 2.0, OF_HIVE: 5.0, OF_IMAGE: 6.0}
NOTHING = "python -c pass"


def cpu_seconds(command: list[str]) -> float:
    """User and system time of one run; its output goes nowhere, and it must end well."""
    silent = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_WRONLY, 0) for descriptor in (1, 2)]
    process = os.posix_spawn(command[0], command, os.environ, file_actions=silent)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def measure(commands: dict[str, list[str]]) -> dict[str, float]:
    """The median of each; the commands take turns, so that a busy moment of the machine meets all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            seconds[name].append(cpu_seconds(command))
    return {name: median(each) for name, each in seconds.items()}


def main() -> int:
    # As pip does where it installs for good: compiling is no part of a start.
    compileall.compile_dir(str(Path(mapiwright.__file__).parent), quiet=1)
    program = str(Path(sys.executable).with_name("mapiwright"))
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "workstation"
        image = ["--workstation", f"image:{tree}"]
        for setup in (["workstation", "create", str(tree)], ["profile", "create", "Small", *image, "--yes"]):
            subprocess.run([program, *setup], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (hive,) = (path for path in tree.glob("Users/*/NTUSER.DAT") if path.parent.name != "Default")
        commands = {
            NOTHING: [sys.executable, "-c", "pass"],
            VERSION: [program, "--version"],
            OF_HIVE: [program, "profile", "list", "--workstation", f"hive:{hive}"],
            OF_IMAGE: [program, "profile", "list", *image],
        }
        seconds = measure(commands)
    over = False
    print(f"{'command':<26}{'CPU ms':>8}{'times':>8}{'bound':>8}")
    for name, spent in seconds.items():
        times = spent / seconds[NOTHING]
        bound = BOUNDS.get(name)
        over |= bound is not None and times > bound
        print(f"{name:<26}{spent * 1000:>8.1f}{times:>8.1f}{bound or '':>8}")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
