"""Which code of a service runs, and how: its package says of what flavour it is, and what it needs goes along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mapiwright.entry.hosts.hosts import host_for
from mapiwright.entry.hosts.native_host import DEADLINE, FromWorkstation, NativeHost
from mapiwright.entry.service.contract import Context, EntryFlag, Flavour, Result
from mapiwright.entry.service.loading import Loader
from mapiwright.setup.trial.scratch import definition_from, scratch_request
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.files import join, parent

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import Desk

GOOD = Path(__file__).parent.parent / "native" / "good.c"


def native(desk: Desk) -> NativeHost:
    found = host_for(desk.workstation, "ACME", host="here")
    assert isinstance(found, NativeHost)
    return found


@pytest.mark.parametrize("flavour", Flavour)
def test_a_library_is_called_in_the_flavour_and_the_time_of_its_package(
    desk: Desk, release: Callable[..., Path], flavour: Flavour
) -> None:
    said = {"mapiwright.toml": {"deadline = 20\n": f'deadline = 7\nflavour = "{flavour}"\n'}}
    desk.install(release("5.0", said))
    assert native(desk).flavour is flavour
    assert native(desk).deadline == 7.0
    assert DEADLINE != 7.0


def test_a_package_that_says_no_flavour_leaves_it_to_the_file(desk: Desk, acme: Path) -> None:
    desk.install(acme)
    assert native(desk).flavour is None


@pytest.fixture
def chain(tmp_path: Path, witness: Callable[[str], str]) -> dict[str, bytes]:
    """A service that needs ``libmiddle.so``, which needs ``liblast.so``; and a library that nobody asks for."""
    if sys.platform == "win32":
        pytest.skip("shared libraries of Linux: this is Windows itself")
    compiler = witness("cc")

    def build(name: str, source: Path, *needs: str) -> bytes:
        linked = [f"-L{tmp_path}", "-Wl,--no-as-needed,-rpath,$ORIGIN", *(f"-l:{need}" for need in needs)]
        made = tmp_path / name
        subprocess.run([compiler, "-shared", "-fPIC", "-o", made, source, *linked], check=True, capture_output=True)
        return made.read_bytes()

    empty = tmp_path / "empty.c"
    empty.write_text("int empty;\n", encoding="ascii")
    return {
        # Stored in another case than it is asked for in, as Windows does not mind.
        "LIBLAST.SO": build("liblast.so", empty),
        "libmiddle.so": build("libmiddle.so", empty, "liblast.so"),
        "libstranger.so": build("libstranger.so", empty),
        "acme32.dll": build("acme32.so", GOOD, "libmiddle.so"),
    }


def test_what_a_library_needs_of_its_folder_goes_along_with_what_that_needs(
    desk: Desk, acme: Path, chain: dict[str, bytes]
) -> None:
    desk.install(acme)
    files = desk.workstation.files
    folder = parent(Loader(desk.workstation, desk.workstation.outlook).library("acme.dll").path)
    for name, data in chain.items():
        files.apply([WriteFile(join(folder, name), files.read(join(folder, name)), data)])

    source = native(desk).source
    assert isinstance(source, FromWorkstation)
    assert source.name == "acme32.dll"
    assert dict(source.files) == {
        "acme32.dll": chain["acme32.dll"],
        "libmiddle.so": chain["libmiddle.so"],
        "liblast.so": chain["LIBLAST.SO"],
    }
    asked = scratch_request(definition_from(None, "ACME", "cp1252"), Context.CREATE, {}, "cp1252", EntryFlag.UNICODE)
    assert native(desk).call(asked).hresult == Result.S_OK, "it is loaded with all of them"
