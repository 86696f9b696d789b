"""One user's hive is damaged somewhere: it is that user's finding beforehand, and stops nobody else."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import FormatError
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import BASE_BLOCK
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Mapiwright = Callable[..., Any]
    Harm = Callable[[bytearray, int], bytearray]

PAGE = 4096
OF_OUTLOOK = ("Software", "Microsoft", "Office", "16.0", "Outlook")


def zeroed(data: bytearray, page: int) -> bytearray:
    data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    return data


def cut(data: bytearray, page: int) -> bytearray:
    return data[: page * PAGE]


def changed(data: bytearray, page: int) -> bytearray:
    data[page * PAGE + random.Random(page).randrange(PAGE)] ^= 0x41
    return data


def undescribed(data: bytearray, _page: int) -> bytearray:
    """The security descriptors that new keys would share are none; everything can be read."""
    hive = Hive(bytes(data))
    for depth in range(len(OF_OUTLOOK) + 1):
        key = hive.find(OF_OUTLOOK[:depth])
        if key is not None:
            data[BASE_BLOCK + key.record.security + 4 : BASE_BLOCK + key.record.security + 6] = b"xx"
    return data


@pytest.fixture
def pc(mapiwright: Mapiwright, tmp_path: Path, real_hive: Callable[[str], bytes]) -> Path:
    """Two users, one of them with a real profile."""
    folder = tmp_path / "whole"
    create_image(folder, users=["Anna", "Bo"])
    (folder / "Users" / "Anna" / "NTUSER.DAT").write_bytes(real_hive("o2010-x64"))
    assert mapiwright("profile", "create", "P", "--user", "Bo", "--yes", "--workstation", f"image:{folder}").code == 0
    return folder


@pytest.mark.parametrize(
    ("harm", "pages"),
    [
        *((harm, (1, 15)) for harm in (zeroed, cut, changed)),
        *((harm, (130, 258)) for harm in (zeroed, cut, changed)),
        (undescribed, (0,)),
        *(pytest.param(harm, tuple(range(320)), marks=pytest.mark.nightly) for harm in (zeroed, cut, changed)),
    ],
)
def test_a_damaged_hive_is_that_users_finding_and_stops_nobody_else(
    mapiwright: Mapiwright, pc: Path, acme: Path, tmp_path: Path, harm: Harm, pages: tuple[int, ...]
) -> None:
    hive = pc / "Users" / "Anna" / "NTUSER.DAT"
    whole = hive.read_bytes()
    for page in pages:
        here = tmp_path / f"pc{page}"
        shutil.copytree(pc, here)
        hive = here / "Users" / "Anna" / "NTUSER.DAT"
        hive.write_bytes(harm(bytearray(whole), page))
        broken = hive.read_bytes()
        where = ("--workstation", f"image:{here}")
        edit = ("profile", "create", "New", "--user", "Anna", *where)
        planned, done = mapiwright(*edit, "--dry-run"), mapiwright(*edit, "--yes")
        assert planned.code == done.code, "what is planned without a word is done"
        installed = mapiwright("install", acme, "--all-users", "--yes", *where)
        assert "ACME" in mapiwright("profile", "show", "--user", "Bo", *where).out
        if done.code:
            assert (installed.code, "skipped" in installed.err, "Anna" in installed.err) == (1, True, True)
            assert hive.read_bytes() == broken
            checked = mapiwright("hive", "check", hive)
            assert (checked.code, "error" in checked.out + checked.err) == (1, True)
            assert "MW3003" in mapiwright("doctor", *where).out + mapiwright("workstation", "show", *where).err
        else:
            assert installed.code == 0


def bin_of_another_size(hive: Path) -> None:
    """The header of a bin says another size: what is read is still there, and nothing can be written."""
    data = bytearray(hive.read_bytes())
    data[data.index(b"hbin") + 9] ^= 0x10
    hive.write_bytes(data)


@pytest.mark.parametrize("place", ["Users/Zoë/NTUSER.DAT", "Windows/System32/config/SOFTWARE"])
def test_the_doctor_finds_a_hive_that_can_be_read_and_not_be_written(
    mapiwright: Mapiwright, workstation_folder: Path, place: str
) -> None:
    assert mapiwright("profile", "create", "P", "--yes").code == 0

    def found() -> list[Any]:
        there = mapiwright("doctor", "--json").document["doctor"]["findings"]
        return [each for each in there if each["id"] == "MW3003"]

    assert found() == []
    hive = workstation_folder / place
    whole = hive.read_bytes()
    bin_of_another_size(hive)
    (one,) = found()
    assert ("Zoë" if "Users" in place else "this workstation") in one["message"]
    assert one["where"] == str(hive) or hive.name in one["where"]
    if "Users" in place:
        assert mapiwright("profile", "create", "Q", "--yes").code == 1
    hive.write_bytes(whole)
    assert found() == [], "a hive that is put back is looked at again"


def test_a_list_of_keys_that_is_damaged_is_that_users_finding_whichever_it_is(
    mapiwright: Mapiwright, workstation_folder: Path
) -> None:
    assert mapiwright("profile", "create", "P", "--yes").code == 0
    hive = workstation_folder / "Users" / "Zoë" / "NTUSER.DAT"
    whole = hive.read_bytes()
    found = 0
    for at in (place for place in range(len(whole)) if whole[place : place + 2] == b"lh"):
        hive.write_bytes(whole[:at] + b"xx" + whole[at + 2 :])
        there = mapiwright("doctor", "--json").document["doctor"]["findings"]
        damaged = [each for each in there if each["id"] == "MW3003"]
        assert all("Zoë" in each["message"] for each in damaged)
        found += bool(damaged)
    assert found > 3, "some are of keys that nobody asks for"


def test_one_workstation_looks_again_when_the_file_was_changed(workstation_folder: Path) -> None:
    hive = workstation_folder / "Users" / "Zoë" / "NTUSER.DAT"
    whole = hive.read_bytes()
    pc = open_workstation(f"image:{workstation_folder}")
    keys = [pc.users[0].root]
    pc.registry.refuse_unwritable(keys)
    bin_of_another_size(hive)
    pc.refresh()
    with pytest.raises(FormatError):
        pc.registry.refuse_unwritable(keys)
    hive.write_bytes(whole)
    pc.refresh()
    pc.registry.refuse_unwritable(keys)
