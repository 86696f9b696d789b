"""The law of finding an Outlook: whatever a registry says, it is found where one can be, or told as absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import NotFoundError
from mapiwright.workstation.files import same, split
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.kinds.memory import MemoryRegistry
from mapiwright.workstation.outlook.detection import find_outlooks
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.outlook.office_layout import EVERY_INSTALLATION, OutlookInstallation
from mapiwright.workstation.outlook.windows import environment
from mapiwright.workstation.registry import Key, KeyPath, Value
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from mapiwright.workstation.files import FileReader

SOFTWARE = KeyPath.parse(r"HKLM\SOFTWARE")
CHANGED = ("Office", "Clients", "CurrentVersion", "App Paths", "Wow6432Node")

WORDS = r"""C: D: \ % " : .. . ~1 PROGRA~1 root Office16 VFS x86 1033 WindowsApps MSMAPI32.DLL olmapi32.dll é"""
words = st.sampled_from([*WORDS.split(), "Program Files", "Microsoft Office", "%CommonProgramFiles%", "\0", "\ud800"])
texts = st.lists(words, max_size=6).map("".join) | st.text(max_size=6)
values = st.one_of(
    texts.map(Value.sz),
    st.lists(texts, max_size=3).map(Value.multi_sz),
    st.integers(0, 2**32 - 1).map(Value.dword),
    st.binary(max_size=9).map(Value.binary),
    st.none(),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> FileReader:
    folder = tmp_path_factory.mktemp("pc") / "Łódź"
    create_image(
        folder,
        outlooks=[OutlookInstallation.usual(Edition.OUTLOOK_2016), OutlookInstallation.usual(Edition.OUTLOOK_2010)],
    )
    return ImageWorkstation(folder).files


def bent(key: Key, path: tuple[str, ...], draw: st.DrawFn) -> Key:
    """The key with some of its values, and those of the keys below it, replaced or taken away."""
    kept = {}
    for name, value in key.values.items():
        changed = any(part in path for part in CHANGED) and draw(st.booleans())
        new = draw(values) if changed else value
        if new is not None:
            kept[name] = new
    return Key(kept, {name: bent(below, (*path, name), draw) for name, below in key.keys.items()})


@st.composite
def registries(draw: st.DrawFn) -> MemoryRegistry:
    hives = dict(layout(outlooks=[draw(st.sampled_from(EVERY_INSTALLATION))]).hives)
    hives[SOFTWARE] = bent(hives[SOFTWARE], (), draw)
    return MemoryRegistry(hives)


@given(registries())
def test_an_outlook_is_found_where_one_can_be_or_told_as_absent(files: FileReader, registry: MemoryRegistry) -> None:
    try:
        outlooks = find_outlooks(registry, files, environment(registry))
    except NotFoundError:
        return
    for outlook in outlooks:
        for path in (outlook.inf_path, *outlook.other_inf_paths):
            assert same(split(path)[-1], "MAPISVC.INF")
        assert (files.read(outlook.inf_path) is None) == ("is not there" in dict(outlook.rules)["MAPISVC.INF"])
        assert all(files.read(path) is not None for path in outlook.other_inf_paths)
        assert all(0 < lcid < 100_000 for lcid in outlook.lcids)
