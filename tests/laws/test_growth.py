"""Twice as many users, profiles or sections are twice as many reads, and never four times.

Times are in docs/explanation/speed.md; here what takes the time is counted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.formats.regf import records
from mapiwright.mapi.profile.profile import ADMIN
from mapiwright.ui.cli.app import run
from mapiwright.workflows.doctor import masking
from mapiwright.workflows.doctor.masking import Masker
from mapiwright.workstation.change import CreateKey, key_with_parents
from mapiwright.workstation.disk import name_index
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.workstation.disk.handles import Folder

FEW, MANY = 15, 60
"""Four times as many: what grows with the square takes sixteen times as long."""


def test_the_folder_of_the_users_is_not_listed_for_each_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = name_index.listed
    names: Counter[str] = Counter()

    def counting(folder: Folder) -> list[str]:
        found = listed(folder)
        names[folder.path.name] += len(found)
        return found

    monkeypatch.setattr(name_index, "listed", counting)
    monkeypatch.setattr(name_index, "SETTLED", -1)  # the folders of a test are new
    for verb in (("workstation", "show"), ("profile", "list")):
        counts = []
        for number in (FEW, MANY):
            folder = tmp_path / f"{verb[0]}-{number}"
            create_image(folder, users=[f"user{each}" for each in range(number)])
            names.clear()
            assert run([*verb, "--workstation", f"image:{folder}"]) == 0
            assert names["Users"] <= 3 * (number + 2), "once for each part of the program that looks"
            counts.append(names.total())
        assert counts[1] <= counts[0] * MANY / FEW


def test_the_names_of_profiles_are_not_read_for_each_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = records.Image.key
    keys: Counter[str] = Counter()

    def counting(self: records.Image, offset: int) -> records.KeyRecord:
        keys["read"] += 1
        return read(self, offset)

    counts: dict[str, list[int]] = {}
    for number in (FEW, MANY):
        folder = tmp_path / str(number)
        create_image(folder, users=["anna"])
        here = open_workstation(f"image:{folder}")
        root = here.users[0].root / PROFILE_ROOTS[Edition.OUTLOOK_2016].profiles
        profiles = [root / f"Profile {each}" for each in range(number)]
        made = [CreateKey(each) for profile in profiles for each in (profile, profile / ADMIN)]
        here.registry.apply([*key_with_parents(here.registry, root), *made])
        monkeypatch.setattr(records.Image, "key", counting)
        for verb in (("profile", "list"), ("doctor",), ("support-bundle", "-o", str(tmp_path / f"{number}.zip"))):
            keys.clear()
            run([*verb, "--workstation", f"image:{folder}"])
            counts.setdefault(verb[0], []).append(keys["read"])
        monkeypatch.undo()
    for name, (few, many) in counts.items():
        assert many <= few * MANY / FEW, name


@pytest.mark.parametrize("words", [10, 1000])
def test_a_text_is_masked_by_how_long_it_is_and_not_by_how_much_is_private(
    monkeypatch: pytest.MonkeyPatch, words: int
) -> None:
    looked: Counter[int] = Counter()
    found: Callable[..., bool] = masking._Words._is

    def counting(self: Any, text: str, at: int, length: int) -> bool:
        looked[at] += 1
        return found(self, text, at, length)

    monkeypatch.setattr(masking._Words, "_is", counting)
    masker = Masker({f"Someone {number:05}": "text" for number in range(words)})
    text = "Someone 00007 and SOMEONE 00003 are not someone 99999. " * 50
    assert masker.mask(text).count("<text-1> and <text-2> are not someone 99999.") == 50
    assert looked.total() <= len(text)
