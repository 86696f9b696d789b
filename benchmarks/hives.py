"""Our hive engine beside others in one run: a path looked up, the whole walked, twenty values set and committed.

Each measurement is a process of its own, so that its memory is its own, too. CPU seconds are those of the work,
imports left out; for programs of their own (hivexsh, hivexml) those of the whole program. A peer that is not
installed is left out: `pip install python-registry regipy libregf-python` and Debian's `libhivex-bin` bring them all.
"""

# ruff: noqa: PLC0415 - each peer is imported where it is measured

from __future__ import annotations

import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 5
PATIENCE = 100  # seconds
SECTION = f"{9:032x}"
PATH = ("Profiles", SECTION)


# What each does, by the name of the peer and of the work; it gives what was found, to compare.


def ours_look_up(file: Path) -> int:
    from mapiwright.workstation.mounts.hives import HiveFile
    from mapiwright.workstation.registry import View

    key = HiveFile(file).read(PATH, View.NATIVE)
    return len(key.values) if key is not None else 0


def ours_walk(file: Path) -> int:
    from mapiwright.formats.regf.read import Hive

    count, waiting = 0, [Hive(file.read_bytes()).root]
    while waiting:
        key = waiting.pop()
        count += sum(1 for _ in key.values())
        waiting += key.subkeys()
    return count


def ours_set(file: Path) -> int:
    from mapiwright.formats.regf.edit.write import SetValue
    from mapiwright.workstation.mounts.hives import HiveFile

    hive = HiveFile(file)
    edits = [SetValue(PATH, f"001f{0x3000 + each:04x}", 3, bytes([99, each]) * 12) for each in range(20)]
    hive.put(hive.edited(edits))
    return 20


def python_registry_look_up(file: Path) -> int:
    from Registry import Registry

    return len([value.raw_data() for value in Registry.Registry(str(file)).open("\\".join(PATH)).values()])


def python_registry_walk(file: Path) -> int:
    from Registry import Registry

    def below(key: Any) -> int:
        return len([value.raw_data() for value in key.values()]) + sum(map(below, key.subkeys()))

    return below(Registry.Registry(str(file)).root())


def regipy_look_up(file: Path) -> int:
    from regipy.registry import RegistryHive

    return len(RegistryHive(str(file)).get_key("\\" + "\\".join(PATH)).get_values())


def regipy_walk(file: Path) -> int:
    from regipy.registry import RegistryHive

    return sum(len(key.values) for key in RegistryHive(str(file)).recurse_subkeys())


def libregf_look_up(file: Path) -> int:
    import pyregf

    opened = pyregf.open(str(file))
    key = opened.get_key_by_path("\\".join(PATH))
    return len([value.data for value in key.values])


def libregf_walk(file: Path) -> int:
    import pyregf

    count, waiting = 0, [pyregf.open(str(file)).get_root_key()]
    while waiting:
        key = waiting.pop()
        count += len([value.data for value in key.values])
        waiting += list(key.sub_keys)
    return count


def hivex_look_up(file: Path) -> int:
    found = subprocess.run(["hivexget", str(file), "\\".join(PATH)], capture_output=True, check=True)
    return len(found.stdout.splitlines())


def hivex_walk(file: Path) -> int:
    return subprocess.run(["hivexml", str(file)], capture_output=True, check=True).stdout.count(b"<value ")


def hivex_set(file: Path) -> int:
    script = ["\\".join(("cd ", *PATH)), "setval 20"]
    for each in range(20):
        script += [f"001f{0x3000 + each:04x}", "hex:3:" + ",".join(f"{byte:02x}" for byte in bytes([99, each]) * 12)]
    words = "\n".join([*script, "commit", "quit", ""])
    subprocess.run(["hivexsh", "-w", str(file)], input=words.encode(), capture_output=True, check=True)
    return 20


PEERS: dict[str, tuple[str, tuple[Callable[[Path], int] | None, ...]]] = {
    "mapiwright": ("mapiwright", (ours_look_up, ours_walk, ours_set)),
    "python-registry": ("Registry", (python_registry_look_up, python_registry_walk, None)),
    "regipy": ("regipy", (regipy_look_up, regipy_walk, None)),
    "libregf": ("pyregf", (libregf_look_up, libregf_walk, None)),
    "hivex (programs)": ("hivexsh", (hivex_look_up, hivex_walk, hivex_set)),
}
WORK = ("look up", "walk", "set 20")


def measured(peer: str, work: int, file: Path) -> dict[str, Any] | None:
    """What one run of it took, in a process of its own; None where it does not end."""
    command = [sys.executable, __file__, "--one", peer, str(work), str(file)]
    try:
        found = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return None
    if found.returncode:
        raise SystemExit(f"{peer}, {WORK[work]}: {found.stderr.decode(errors='replace')[-400:]}")
    result: dict[str, Any] = json.loads(found.stdout)
    return result


def one(peer: str, work: int, file: Path) -> None:
    """Do it, and print what it took: CPU seconds, the peak of memory in MB, bytes written."""
    written = 0
    os_write = os.write

    def counted(handle: int, data: Any) -> int:
        nonlocal written
        length = os_write(handle, data)
        written += length
        return length

    os.write = counted
    run = PEERS[peer][1][work]
    if run is None:
        raise SystemExit(f"{peer} cannot do that")
    if peer == "mapiwright":  # its modules are imported where they are used
        for module in ("formats.regf.edit.write", "formats.regf.check.validate_change", "formats.regf.logs.commit"):
            __import__(f"mapiwright.{module}")
        __import__("mapiwright.workstation.mounts.hives")
    elif find_spec(PEERS[peer][0]):
        __import__({"Registry": "Registry.Registry", "regipy": "regipy.registry"}.get(PEERS[peer][0], PEERS[peer][0]))
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = process_time() + children.ru_utime + children.ru_stime
    found = run(file)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = process_time() + children.ru_utime + children.ru_stime - began
    # ru_maxrss of this process would have what the one before it had when it was forked
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = max(int(re.search(r"VmHWM:\s+(\d+)", status)[1]), children.ru_maxrss) // 1024  # type: ignore[index]
    print(json.dumps({"cpu": spent, "peak": peak, "written": written, "found": found}))


def row(peer: str, work: int, data: bytes, logs: dict[str, bytes], folder: Path) -> str:
    """One line of the table."""
    taken = []
    for _ in range(RUNS):
        file = folder / "NTUSER.DAT"
        file.write_bytes(data)
        for ending, held in logs.items():
            (folder / f"NTUSER.DAT{ending}").write_bytes(held)
        found = measured(peer, work, file)
        if found is None:
            return f"{peer:<18}{WORK[work]:<10}{'not finished':>12}"
        taken.append(found)
        if found["cpu"] > PATIENCE / 4:
            break  # a run that takes that long shows what it shows
    cpu, peak = median(each["cpu"] for each in taken), median(each["peak"] for each in taken)
    least, runs = min(each["cpu"] for each in taken), len(taken)
    written = f"{taken[0]['written']:>14,}" if work == 2 and peer == "mapiwright" else " " * 14
    return f"{peer:<18}{WORK[work]:<10}{cpu * 1000:>12.1f}{least * 1000:>12.1f}{peak:>8.0f}{written}{runs:>6}"


def main() -> int:
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
        return 0
    import large_hive

    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.platform()}, Python {platform.python_version()}, load {load}")
    there = [peer for peer, (name, _) in PEERS.items() if find_spec(name) or shutil.which(name)]
    hives = {"ten profiles of thirty sections": [large_hive.profiles(300)], "200,000 keys": large_hive.large()}
    with tempfile.TemporaryDirectory() as folder:
        for title, keys in hives.items():
            data = large_hive.hive_of(keys)
            print(f"\n{title}: {len(data):,} bytes")
            print(f"{'':<28}{'median ms':>12}{'least ms':>12}{'MB':>8}{'bytes written':>14}{'runs':>6}")
            for work in range(len(WORK)):
                for peer in there:
                    if PEERS[peer][1][work] is not None:
                        print(row(peer, work, data, large_hive.logs_of(data), Path(folder)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
