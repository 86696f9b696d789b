"""Hives of every kind stand side by side in one registry, and each mount translates for its own hive alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import ConflictError, RefusedError
from mapiwright.formats.regf.edit.write import new_hive
from mapiwright.workstation.change import CreateKey, SetValue
from mapiwright.workstation.kinds.memory import MemoryHive
from mapiwright.workstation.mounts.hives import HiveFile
from mapiwright.workstation.mounts.redirection import X86_KEY
from mapiwright.workstation.mounts.table import Mount, MountedRegistry
from mapiwright.workstation.registry import Key, KeyPath, Value, View

if TYPE_CHECKING:
    from pathlib import Path

    from mapiwright.workstation.change import RegistryChange

SOFTWARE = KeyPath.parse(r"HKLM\SOFTWARE")
ANNA, BORIS = (KeyPath("HKU", (sid,)) for sid in ("S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"))
CLSID = r"Software\Classes\CLSID"


class RunningHive(MemoryHive):
    """As a running Windows shows one: it is asked with the view, and keeps its own account of both sides."""

    def __init__(self, root: Key) -> None:
        super().__init__(root)
        self.asked: list[tuple[tuple[str, ...], View]] = []

    def read(self, below: tuple[str, ...], view: View) -> Key | None:
        self.asked.append((below, view))
        return super().read(below, view)


def test_mounts_of_every_kind_are_one_registry(tmp_path: Path) -> None:
    (tmp_path / "NTUSER.DAT").write_bytes(new_hive(timestamp=1))
    running = RunningHive(Key(keys={"Software": Key(keys={"Classes": Key()})}))
    registry = MountedRegistry(
        [
            Mount(SOFTWARE, MemoryHive(Key(keys={X86_KEY: Key()}))),
            Mount(ANNA, HiveFile(tmp_path / "NTUSER.DAT")),
            Mount(BORIS, running, redirected=False),
        ]
    )
    assert registry.subkeys(KeyPath("HKU")) == (ANNA.name, BORIS.name)
    changes: list[RegistryChange] = [
        *(CreateKey(KeyPath(ANNA.root, (*ANNA.parts, *CLSID.split("\\")[:depth]))) for depth in (1, 2)),
        CreateKey(SOFTWARE / "Acme"),
        SetValue(SOFTWARE / "Acme", "v", None, Value.dword(1)),
        CreateKey(BORIS / "Acme"),
    ]
    registry.apply(changes)
    again = MountedRegistry([Mount(ANNA, HiveFile(tmp_path / "NTUSER.DAT"))])
    assert again.subkeys(ANNA / "Software") == ("Classes",)
    assert registry.value(SOFTWARE / "Acme", "v") == Value.dword(1)
    assert registry.subkeys(BORIS / "Acme") == ()
    # What is stored is stored by the translated name; what a running Windows shows is asked as it was.
    narrow_anna, narrow_boris = (KeyPath(root.root, root.parts, View.X86) / CLSID for root in (ANNA, BORIS))
    registry.apply(
        [CreateKey(KeyPath(ANNA.root, (*ANNA.parts, "Software", "Classes", X86_KEY))), CreateKey(narrow_anna)]
    )
    assert registry.subkeys(ANNA / rf"Software\Classes\{X86_KEY}") == ("CLSID",)
    running.asked.clear()
    assert registry.subkeys(narrow_boris) is None
    assert running.asked == [(tuple(CLSID.split("\\")), View.X86)]


def test_a_conflict_in_one_hive_keeps_the_others_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "NTUSER.DAT").write_bytes(new_hive(timestamp=1))
    registry = MountedRegistry([Mount(SOFTWARE, MemoryHive(Key())), Mount(ANNA, HiveFile(tmp_path / "NTUSER.DAT"))])
    with pytest.raises(ConflictError):
        registry.apply([CreateKey(SOFTWARE / "Acme"), SetValue(ANNA, "v", Value.dword(1), Value.dword(2))])
    assert registry.subkeys(SOFTWARE) == ()
    with pytest.raises(RefusedError, match="no hive"):
        registry.apply([CreateKey(SOFTWARE / "Acme"), CreateKey(BORIS / "Acme")])
    assert registry.subkeys(SOFTWARE) == ()
