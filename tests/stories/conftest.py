"""A demo workstation for a story, the command line as a user types it, and a picture of everything on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.ui.cli.app import run
from mapiwright.workstation.create import create_image
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable

ACME = Path(__file__).parent.parent.parent / "examples" / "acme-mail"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def acme() -> Path:
    return ACME


@pytest.fixture
def workstation_folder(tmp_path: Path) -> Path:
    """An offline Windows with Outlook 2016 for x64 and one user, Zoë."""
    folder = tmp_path / "pc"
    create_image(folder, edition=Edition.OUTLOOK_2016, bitness=Bitness.X64, users=["Zoë"])
    return folder


@pytest.fixture
def mapiwright(
    workstation_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """``mapiwright("profile", "list")`` as a user types it, on that workstation."""
    monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", f"image:{workstation_folder}")
    monkeypatch.delenv("MAPIWRIGHT_USER", raising=False)

    def type_(*arguments: str) -> Answer:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return type_


@pytest.fixture
def picture(workstation_folder: Path) -> Callable[[], dict[str, bytes]]:
    """Every file of the workstation with its bytes, but for our own state."""

    def take() -> dict[str, bytes]:
        return {
            str(path.relative_to(workstation_folder)): path.read_bytes()
            for path in sorted(workstation_folder.rglob("*"))
            if path.is_file() and "Mapiwright" not in path.parts
        }

    return take
