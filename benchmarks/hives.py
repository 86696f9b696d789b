"""Our hive reader beside others, on a hive that we made: look up one path, and walk the whole.

The others are witnesses: python-registry and regipy in this process, hivexget as a program of its own, whose start
is part of its time. One that is not installed is left out.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

from mapiwright.formats.regf.edit.write import CreateKey, SetValue, edit, new_hive
from mapiwright.formats.regf.read import Hive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.formats.regf.read import HiveKey

BRANCHES, LEAVES, VALUES = 40, 40, 5
RUNS = 5
BORN = 133_000_000_000_000_000
PATH = ("Software", "Branch 39", "Leaf 39")


def made_hive() -> bytes:
    """1,641 keys with 8,000 values of three types."""
    edits: list[CreateKey | SetValue] = [CreateKey(PATH[:1])]
    for branch in range(BRANCHES):
        edits.append(CreateKey((PATH[0], f"Branch {branch}")))
        for leaf in range(LEAVES):
            path = (PATH[0], f"Branch {branch}", f"Leaf {leaf}")
            edits.append(CreateKey(path))
            texts = [
                SetValue(path, f"text {each}", 1, f"value {each}\0".encode("utf-16-le")) for each in range(VALUES - 2)
            ]
            edits += [
                *texts,
                SetValue(path, "number", 4, leaf.to_bytes(4, "little")),
                SetValue(path, "data", 3, bytes(600)),
            ]
    return edit(new_hive(timestamp=BORN), edits, timestamp=BORN)


def ours(file: Path) -> tuple[Callable[[], int], Callable[[], int]]:
    def look_up() -> int:
        key = Hive(file.read_bytes()).find(PATH)
        return sum(1 for _ in key.values()) if key is not None else 0

    def walk() -> int:
        return sum(len(value.data) >= 0 for value in all_values(Hive(file.read_bytes()).root))

    return look_up, walk


def all_values(key: HiveKey) -> Iterator[Any]:
    yield from key.values()
    for below in key.subkeys():
        yield from all_values(below)


def python_registry(file: Path) -> tuple[Callable[[], int], Callable[[], int]]:
    from Registry import Registry  # noqa: PLC0415 - only where it is installed

    def below(key: Any) -> int:
        return sum(value.value() is not None for value in key.values()) + sum(map(below, key.subkeys()))

    return (
        lambda: len(Registry.Registry(str(file)).open("\\".join(PATH)).values()),
        lambda: below(Registry.Registry(str(file)).root()),
    )


def regipy(file: Path) -> tuple[Callable[[], int], Callable[[], int]]:
    from regipy.registry import RegistryHive  # noqa: PLC0415 - only where it is installed

    return (
        lambda: len(RegistryHive(str(file)).get_key("\\" + "\\".join(PATH)).get_values()),
        lambda: sum(len(key.values) for key in RegistryHive(str(file)).recurse_subkeys()),
    )


def hivexget(file: Path) -> tuple[Callable[[], int], None]:
    command = ["hivexget", str(file), "\\" + "\\".join(PATH)]
    return lambda: len(subprocess.run(command, capture_output=True, check=True).stdout.splitlines()), None


def cpu() -> float:
    """CPU seconds of this process and of the programs that it ran."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def milliseconds(work: Callable[[], int] | None, expected: int) -> str:
    if work is None:
        return "-"
    spent = []
    for _ in range(RUNS):
        began = cpu()
        found = work()
        spent.append(cpu() - began)
        if found != expected:
            raise SystemExit(f"found {found} values and not {expected}: the readers disagree")
    return f"{median(spent) * 1000:.1f}"


def main() -> int:
    readers: dict[str, Callable[[Path], tuple[Callable[[], int], Callable[[], int] | None]]] = {"mapiwright": ours}
    if find_spec("Registry"):
        readers["python-registry"] = python_registry
    if find_spec("regipy"):
        readers["regipy"] = regipy
    if shutil.which("hivexget"):
        readers["hivexget"] = hivexget
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "made.hive"
        file.write_bytes(made_hive())
        print(f"A hive of {file.stat().st_size:,} bytes; CPU milliseconds, median of {RUNS} runs")
        print(f"{'reader':<18}{'look up a path':>16}{'walk it all':>14}")
        for name, reader in readers.items():
            look_up, walk = reader(file)
            total = BRANCHES * LEAVES * VALUES
            print(f"{name:<18}{milliseconds(look_up, VALUES):>16}{milliseconds(walk, total):>14}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
