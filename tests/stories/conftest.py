"""A demo workstation for a story, the command line as a user types it, and a picture of everything on disk."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.entry.call import MAKERS
from mapiwright.setup.install import plan_install
from mapiwright.setup.package import open_package
from mapiwright.setup.uninstall import plan_uninstall
from mapiwright.transaction.transaction import execute
from mapiwright.ui.cli.app import run
from mapiwright.workstation.change import WriteFile, difference, file_with_parents
from mapiwright.workstation.create import create_image
from mapiwright.workstation.layout import layout
from mapiwright.workstation.memory import MemoryWorkstation
from mapiwright.workstation.office_layout import Installation
from mapiwright.workstation.registry import KeyPath
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mapiwright.setup.uninstall import Removal
    from mapiwright.transaction.plan import Plan
    from mapiwright.transaction.receipt import Receipt
    from mapiwright.workstation.layout import Layout
    from mapiwright.workstation.registry import Key
    from mapiwright.workstation.workstation import User

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


class Desk:
    """A workstation in memory with two users and Default, and what a setup program does on it."""

    def __init__(self, outlook: Installation | None = None) -> None:
        self.outlook = outlook or Installation()
        self.workstation = MemoryWorkstation.of(self._layout())

    def _layout(self) -> Layout:
        return layout(outlooks=[self.outlook], users=["Zoë", "Łukasz"])

    def office_becomes(self, outlook: Installation) -> None:
        """Office is repaired, updated or exchanged: its keys and files are those of a fresh one, all else stays."""
        before = self._layout()
        self.outlook = outlook
        after = self._layout()
        registry, files = self.workstation.registry, self.workstation.files
        for path, key in after.hives.items():
            registry.apply(tuple(difference(path, before.hives[path], key)))
        for gone in before.files.keys() - after.files.keys():
            files.apply([WriteFile(gone, files.read(gone), None)])
        for folder in after.folders:
            files.make(folder)
        for place, data in after.files.items():
            files.apply(tuple(file_with_parents(files, place, data)))

    def user(self, name: str) -> User:
        return next(user for user in self.workstation.users if user.name == name)

    def plan(self, package: Path, *users: str, **how: Any) -> Plan:
        found = [self.user(name) for name in users or ("Zoë", "Łukasz")]
        return plan_install(open_package(package), self.workstation, found, **how)

    def install(self, package: Path, *users: str, **how: Any) -> Receipt | None:
        return self.do(self.plan(package, *users, **how))

    def removal(self, id_: str = "acme-mail", **how: Any) -> Removal:
        return plan_uninstall(self.workstation, id_, **how)

    def uninstall(self, id_: str = "acme-mail", **how: Any) -> Receipt | None:
        return self.do(self.removal(id_, **how).plan)

    def do(self, plan: Plan) -> Receipt | None:
        return None if plan.empty else execute(plan, self.workstation, makers=MAKERS)

    def picture(self) -> tuple[dict[str, Key | None], dict[str, bytes]]:
        """All values of the registry, and all files but our own state."""
        registry = {root: self.workstation.registry.read(KeyPath(root)) for root in ("HKLM", "HKU")}
        return registry, dict(self._files("C:"))

    def _files(self, folder: str) -> dict[str, bytes]:
        files = self.workstation.files
        found: dict[str, bytes] = {}
        for name in files.names(folder):
            path = f"{folder}\\{name}"
            if files.is_folder(path):
                if path != self.workstation.state_folder:
                    found |= self._files(path)
            else:
                found[path] = files.read(path) or b""
        return found

    @property
    def inf(self) -> str:
        return (self.workstation.files.read(self.workstation.outlook.inf_path) or b"").decode("cp1252")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def release(acme: Path, tmp_path: Path) -> Callable[..., Path]:
    """``release("5.0", {"acme.inf": {"old text": "new text"}})``: another version of the example."""

    def ship(version: str, edits: Mapping[str, Mapping[str, str]] | None = None) -> Path:
        folder = tmp_path / f"acme-{version}"
        shutil.copytree(acme, folder)
        changes: dict[str, Mapping[str, str]] = {**(edits or {})}
        changes["mapiwright.toml"] = {
            'version = "4.2.1"': f'version = "{version}"',
            'value = "4.2.1"': f'value = "{version}"',
            **changes.get("mapiwright.toml", {}),
        }
        for name, texts in changes.items():
            text = (folder / name).read_text(encoding="utf-8")
            for old, new in texts.items():
                assert old in text, f"{name} has no {old!r}"
                text = text.replace(old, new)
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return ship
