"""setup.pyz, published on this system, under a Windows Python inside Wine that has none of our libraries."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.entry.hosts.wine import loader, python
from mapiwright.setup.publish.publish import make_edition, publish
from mapiwright.setup.records.records import records_of
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from mapiwright.entry.hosts.wine import WinePython

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "acme-mail"


def test_it_verifies_its_directory_and_installs(wine: WinePython, tmp_path: Path) -> None:
    public, pc = tmp_path / "öffentlich", tmp_path / "pc"
    publish(make_edition(EXAMPLE), public)
    create_image(pc)

    def run(*options: str) -> subprocess.CompletedProcess[bytes]:
        program = wine.path(public / "setup.pyz")
        return subprocess.run(
            [loader(os.environ), wine.path(python(wine.prefix)), "-I", "-S", "-X", "utf8", program, *options],
            env=os.environ | wine.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
            check=False,
        )

    target = ("--workstation", f"image:{wine.path(pc)}")
    asked = run(*target)
    assert asked.returncode == 1, asked.stderr.decode()
    assert b"stdin is not a terminal" in asked.stderr
    done = run("--yes", *target)
    assert done.returncode == 0, done.stderr.decode()
    assert b"MSG_SERVICE_CONFIGURE" in done.stdout
    assert "acme-mail" in records_of(open_workstation(f"image:{pc}")).installations
    (public / "README.md").write_bytes(b"forged")
    again = run("--yes", *target)
    assert again.returncode == 1
    assert b"MW4301" in again.stderr


def test_it_speaks_the_language_of_windows(wine: WinePython, tmp_path: Path) -> None:
    """Windows has no variable for it; a Wine takes its own language from those of this system."""
    publish(make_edition(EXAMPLE), tmp_path / "public")
    code = (
        "import os, sys; [os.environ.pop(name, None) for name in ('LC_ALL', 'LC_MESSAGES', 'LANG')];"
        "sys.path.insert(0, sys.argv[1]); from mapiwright.ui.text.language import said; print(said('receipt.none'))"
    )

    def said_in(locale: str) -> str:
        program = wine.path(tmp_path / "public" / "setup.pyz")
        done = subprocess.run(
            [loader(os.environ), wine.path(python(wine.prefix)), "-I", "-S", "-X", "utf8", "-c", code, program],
            env=os.environ | wine.environment() | {"LC_ALL": locale},
            capture_output=True,
            timeout=300,
            check=True,
        )
        return done.stdout.decode().strip()

    assert said_in("fr_FR.UTF-8") == "Rien encore."
    assert said_in("C.UTF-8") == "Nothing yet."
