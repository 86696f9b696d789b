"""Every kind of workstation, made fresh, with a way to open it again as the next run would."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from wine_prefix import make_prefix

from mapiwright.workstation.change import MakeFolder
from mapiwright.workstation.disk import replace, wine_server
from mapiwright.workstation.disk.replace import replace_file
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.hive_file import HiveFileWorkstation
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.kinds.wine import WineWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.workstation.registry import KeyPath
    from mapiwright.workstation.workstation import Workstation

USER = "Zoë Ångström"


@dataclass
class Subject:
    """A workstation under test; ``folder`` is one where it lets us write files."""

    workstation: Workstation
    again: Callable[[], Workstation]
    folder: str
    whole: bool
    """Whether it has the registry of its machine, too."""
    by_wine: bool = False
    """Whether Wine laid it out: no Default, no control sets, and ``Clients`` not shared by the two sides of WOW64."""

    @property
    def user(self) -> KeyPath:
        return self.workstation.users[0].root


def memory(tmp_path: Path) -> Subject:  # noqa: ARG001 - it needs no place
    workstation = MemoryWorkstation.of(layout(users=[USER]))
    return Subject(workstation, lambda: workstation, r"C:\ProgramData", whole=True)


def image(tmp_path: Path) -> Subject:
    create_image(tmp_path / "pc", users=[USER])

    def again() -> Workstation:
        return ImageWorkstation(tmp_path / "pc")

    return Subject(again(), again, r"C:\ProgramData", whole=True)


def hive_file(tmp_path: Path) -> Subject:
    create_image(tmp_path / "pc", users=[USER])
    hive = tmp_path / "ntuser.dat"
    (tmp_path / "pc" / "Users" / USER / "NTUSER.DAT").rename(hive)
    inf = tmp_path / "my.inf"
    inf.write_bytes(b"[Services]\r\n")

    def again() -> Workstation:
        return HiveFileWorkstation(hive, inf, Edition.OUTLOOK_2010)

    workstation = again()
    ours = workstation.state_folder
    folder = rf"{ours}\services"  # of our own folder, a plan writes there only
    workstation.files.apply([MakeFolder(ours), MakeFolder(folder)])
    return Subject(workstation, again, folder, whole=False)


def wine(tmp_path: Path) -> Subject:
    if os.name == "nt":
        pytest.skip("a Wine prefix: its drives are links, which need a privilege on Windows")
    prefix = make_prefix(tmp_path / "pfx", USER)

    def again() -> Workstation:
        return WineWorkstation(prefix)

    return Subject(again(), again, r"C:\ProgramData", whole=True, by_wine=True)


KINDS = {"memory": memory, "image": image, "hive": hive_file, "wine": wine}


@pytest.fixture(params=KINDS)
def subject(request: pytest.FixtureRequest, tmp_path: Path, locks_of_wine: Path) -> Subject:  # noqa: ARG001
    return KINDS[request.param](tmp_path)


@pytest.fixture
def locks_of_wine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where a server of Wine would have its lock, were it not that of this computer."""
    folder = tmp_path_factory.mktemp("locks")
    monkeypatch.setattr(wine_server, "TEMPORARY", folder)
    return folder


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """``failing(2)`` lets the second file that is replaced from now on fail, once."""

    def fail(at: int) -> None:
        count = 0

        def full(path: Path, data: bytes | None, **options: Any) -> None:
            nonlocal count
            count += 1
            if count == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            replace_file(path, data, **options)

        monkeypatch.setattr(replace, "replace_file", full)

    return fail


@pytest.fixture(params=["memory", "image", "wine"])
def whole(request: pytest.FixtureRequest, tmp_path: Path, locks_of_wine: Path) -> Subject:  # noqa: ARG001
    """One of those that have the registry of their machine."""
    return KINDS[request.param](tmp_path)
