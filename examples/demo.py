"""Install and remove a message service on a demo workstation, step by step. `make demo` runs this.

Everything happens in a folder that is thrown away; nothing of the computer that runs it is touched.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

PACKAGE = Path(__file__).parent / "acme-mail"


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else f"\n{text}")


def mapiwright(*arguments: str) -> None:
    """Run the program as its user would, and stop the demo where it fails."""
    print(f"$ mapiwright {shlex.join(arguments)}", flush=True)
    ended = subprocess.run([sys.executable, "-m", "mapiwright", *arguments], check=False)
    if ended.returncode:
        sys.exit(f"The demo stopped: exit code {ended.returncode}.")


def inf_of(workstation: Path) -> Path:
    """The MAPISVC.INF of the workstation."""
    (found,) = (path for path in workstation.rglob("*") if path.name.upper() == "MAPISVC.INF")
    return found


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def native_call(folder: Path) -> None:
    """Show what the compiled service does, where this computer can compile it."""
    if sys.platform != "linux" or shutil.which("cc") is None:
        return
    say(
        "4b. The same service, compiled: its C source is built for this computer and called in a scratch profile."
        "\nThese are its calls of MAPI's interfaces, and what it leaves. --host wine:PREFIX calls the DLL itself."
    )
    build = [sys.executable, str(PACKAGE / "build.py"), "--linux", str(folder)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    settings = ["--set", "6600001E=mail.acme.example", "--set", "66010003=993", "--set", "6602001E=guest"]
    inf = ["--inf", str(PACKAGE / "acme.inf")]
    library = ["--library", str(folder / "acme.so")]
    mapiwright("service", "call", "--context", "CONFIGURE", *library, *inf, *settings, "--trace")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mapiwright-demo-") as folder:
        workstation = Path(folder) / "pc"
        os.environ["MAPIWRIGHT_WORKSTATION"] = f"image:{workstation}"

        say("1. A workstation. This folder stands for drive C: of a PC with Outlook. Your computer is not touched.")
        mapiwright("workstation", "create", str(workstation))
        mapiwright("workstation", "show")
        before = digest(inf_of(workstation))

        say(
            "2. The plan. ACME Mail is a message service: it lets Outlook use ACME's mail server. This is all that"
            "\ninstalling it would change: files, lines of MAPISVC.INF (Outlook's list of services), registry values."
            "\nA step whose outcome is not known yet runs ACME's own code: here its Python stand-in, as a Windows DLL"
            "\ncannot run on this computer. That the DLL of the example bears no signature is a note, no fault."
        )
        mapiwright("plan", str(PACKAGE), "-v")

        say(
            "3. The install. The same changes, made in one piece or not at all. (The ids of a new profile are random;"
            "\n'plan -o FILE' and 'apply FILE' would keep those above.)"
        )
        mapiwright("install", str(PACKAGE), "--yes")

        say("4. The profile. A profile is what Outlook opens: the services of a user and their settings.")
        mapiwright("profile", "list")
        mapiwright("profile", "show")

        native_call(Path(folder))

        say("5. The uninstall. It takes away exactly what the install brought, and keeps our receipts of both.")
        mapiwright("uninstall", "acme-mail", "--yes")
        mapiwright("profile", "list")

        after = digest(inf_of(workstation))
        say("6. The proof. The SHA-256 of MAPISVC.INF before the install and after the uninstall:")
        print(f"  before  {before}\n  after   {after}", flush=True)
        if before != after:
            sys.exit("They differ. This is a defect; please report it.")
        print("The original bytes are back.")


if __name__ == "__main__":
    main()
