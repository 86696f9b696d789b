"""Build acme32.dll for both kinds of Outlook, to the bytes that BIRTH.md certifies.

    python build.py [FOLDER]           the folder that gets x64/acme32.dll and x86/acme32.dll; this one by default
    python build.py --linux FOLDER     the folder that gets acme.so, the same service for the Linux of this computer

The DLLs need mingw-w64: gcc and windres for x86_64 and i686. acme.so needs cc.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGETS = {"x64": ("x86_64-w64-mingw32", "DllMain"), "x86": ("i686-w64-mingw32", "_DllMain@12")}
COMPILE = ["-std=c11", "-Os", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-ident"]
COMPILE += ["-fno-asynchronous-unwind-tables"]
# Nothing is left open: what the linker does not find here, acme.so does not need.
LINK_FOR_LINUX = ["-shared", "-fPIC", "-nostdlib", "-s", "-Wl,-z,defs"]
LINK = ["-shared", "-nostdlib", "-s", "-Wl,--kill-at", "-Wl,--enable-stdcall-fixup"]
# No time, no random id, and no base address that is made from the name of the output file.
LINK += ["-Wl,--no-insert-timestamp", "-Wl,--build-id=none", "-Wl,--disable-auto-image-base"]


def build(architecture: str, folder: Path) -> Path:
    """Compile, link, and give the path of the DLL."""
    triplet, entry = TARGETS[architecture]
    made = folder / architecture / "acme32.dll"
    made.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        resource = Path(scratch) / "acme.res.o"
        subprocess.run([f"{triplet}-windres", "acme.rc", str(resource)], cwd=HERE / "src", check=True)
        sources = ["acme.c", str(resource), "acme.def"]
        command = [f"{triplet}-gcc", *COMPILE, *LINK, f"-Wl,-e,{entry}", "-o", str(made.resolve()), *sources]
        subprocess.run(command, cwd=HERE / "src", check=True)
    return made


def build_for_linux(folder: Path) -> Path:
    """Compile and link acme.so; its bytes are those of this computer's compiler, and nobody certifies them."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "acme.so"
    command = ["cc", *COMPILE, *LINK_FOR_LINUX, "-o", str(made.resolve()), "acme.c"]
    subprocess.run(command, cwd=HERE / "src", check=True)
    return made


if __name__ == "__main__":
    if sys.argv[1:2] == ["--linux"]:
        print(build_for_linux(Path(sys.argv[2])))
        sys.exit()
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for name in TARGETS:
        dll = build(name, target)
        print(f"{hashlib.sha256(dll.read_bytes()).hexdigest()}  {name}/{dll.name}")
