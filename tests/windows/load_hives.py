"""Windows itself reads the hives that we write: by ``reg load``, and by offreg.dll, its own offline registry library.

Run on Windows, as an administrator: python tests/windows/load_hives.py
"""

# ruff: noqa: T201 - a script that a person or a workflow runs
from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MOUNT = r"HKLM\mapiwright-test"
HIVES = {
    r"Windows\System32\config\SOFTWARE": r"Microsoft\Windows NT\CurrentVersion\ProfileList",
    r"Windows\System32\config\SYSTEM": "Select",
    r"Users\*\NTUSER.DAT": "Software",
}
"""Each hive of a made workstation, and a key that it must have."""
ERROR_SUCCESS = 0


def main() -> int:
    if os.name != "nt":
        print("This needs Windows.")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "workstation"
        subprocess.run([sys.executable, "-m", "mapiwright", "workstation", "create", str(tree)], check=True)
        for pattern, key in HIVES.items():
            found = list(tree.glob(pattern.replace("\\", "/")))
            if not found:
                print(f"{pattern}: not in the tree that was made")
                return 1
            for hive in found:
                load_with_reg(hive, key)
                open_with_offreg(hive, key)
    return 0


def load_with_reg(hive: Path, key: str) -> None:
    """Mount the hive in the live registry, query a key of it, and unmount it; raises where Windows refuses."""
    subprocess.run(["reg", "load", MOUNT, str(hive)], check=True)
    try:
        subprocess.run(["reg", "query", rf"{MOUNT}\{key}", "/s"], check=True, stdout=subprocess.DEVNULL)
    finally:
        subprocess.run(["reg", "unload", MOUNT], check=True)
    print(f"{hive.name}: reg load, query and unload agree")


def open_with_offreg(hive: Path, key: str) -> None:
    """Open the hive without mounting it, open a key, and save the hive again; raises where offreg.dll refuses."""
    offreg = ctypes.CDLL("offreg.dll")
    root, below = ctypes.c_void_p(), ctypes.c_void_p()
    check("OROpenHive", offreg.OROpenHive(ctypes.c_wchar_p(str(hive)), ctypes.byref(root)))
    check("OROpenKey", offreg.OROpenKey(root, ctypes.c_wchar_p(key), ctypes.byref(below)))
    check("ORCloseKey", offreg.ORCloseKey(below))
    copy = hive.with_name(f"{hive.name}.offreg")
    check("ORSaveHive", offreg.ORSaveHive(root, ctypes.c_wchar_p(str(copy)), 6, 1))
    check("ORCloseHive", offreg.ORCloseHive(root))
    print(f"{hive.name}: offreg.dll opens and saves it")


def check(call: str, result: int) -> None:
    if result != ERROR_SUCCESS:
        raise OSError(result, f"{call} failed with Windows error {result}")


if __name__ == "__main__":
    sys.exit(main())
