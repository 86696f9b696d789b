"""What calling a native service costs: a callback, a CONFIGURE, a child's round trip, each beside what it stands on.

A callback is compared with ctypes' own, a round trip with a Python that does nothing. Needs a C compiler.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from mapiwright.entry.child.native.com import World
from mapiwright.entry.child.native.library import NativeCall, load
from mapiwright.entry.child.native.objects import ProviderAdmin
from mapiwright.entry.child.native.trace import Trace
from mapiwright.entry.child.sections import Sections
from mapiwright.entry.hosts.native_host import NativeHost, OnDisk
from mapiwright.entry.service.contract import Context, EntryFlag
from mapiwright.setup.trial.scratch import definition_from, scratch_request

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
SERVICES = HERE.parent / "tests" / "native"
TIMES = 20_000
RUNS = 15
SERVER, PORT = 0x6600001E, 0x66010003


def built(source: Path, folder: Path) -> Path:
    """A shared library of one C file."""
    made = folder / f"{source.stem}.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", made, source], check=True)
    return made


def seconds(work: Callable[[], object]) -> float:
    """The median of the runs."""
    spent = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return median(spent)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loop = ctypes.CDLL(str(built(HERE / "callback_loop.c", folder)))
        loop.call_back.argtypes = loop.call_plain.argtypes = (ctypes.c_void_p, ctypes.c_uint)
        world = World(Sections({"sections": []}), "Bench", "cp1252", "com", Trace())
        admin = ProviderAdmin(world)
        plain = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_void_p)(lambda _: 0)
        address = ctypes.cast(plain, ctypes.c_void_p)
        callback = seconds(lambda: loop.call_back(admin.pointer, TIMES)) / TIMES
        bare = seconds(lambda: loop.call_plain(address, TIMES)) / TIMES

        library = built(SERVICES / "needs_configuration.c", folder)
        handle, entry = load(str(library), "ServiceEntry")
        sections = [{"uid": "a1" * 16, "role": "service", "name": "BENCH", "properties": {}}]
        request = {
            "sections": sections,
            "profile": "Bench",
            "code_page": "cp1252",
            "flavour": "com",
            "flags": 0,
            "context": int(Context.CONFIGURE),
            "properties": {f"{SERVER:08X}": "mail.example", f"{PORT:08X}": 25},
        }
        configure = seconds(lambda: NativeCall(request, Trace()).make(handle, entry))

        host = NativeHost(OnDisk(library), "ServiceEntry")
        given = {SERVER: "mail.example", PORT: 25}
        asked = scratch_request(
            definition_from(None, "BENCH", "cp1252"), Context.CONFIGURE, given, "cp1252", EntryFlag(0)
        )
        trip = seconds(lambda: host.call(asked))
        nothing = seconds(lambda: subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True))

    rows = [
        ("a callback into an object", callback, "a callback of ctypes", bare),
        ("a CONFIGURE, in this process", configure, "", 0.0),
        ("a CONFIGURE, in a child of its own", trip, "python -I -S -c pass", nothing),
    ]
    print(f"{'what':<36}{'microseconds':>14}   {'beside':<24}{'microseconds':>14}{'times':>8}")
    for what, spent, beside, other in rows:
        compared = f"{other * 1e6:>14.2f}{spent / other:>8.1f}" if other else ""
        print(f"{what:<36}{spent * 1e6:>14.2f}   {beside:<24}{compared}")


if __name__ == "__main__":
    main()
