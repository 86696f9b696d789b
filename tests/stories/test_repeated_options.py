"""An option of one value that is given twice is refused, for every verb; a --host that is not there, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command_verbs import options_of_one_value

from mapiwright.ui.cli.app import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer


def test_every_verb_refuses_an_option_of_one_value_that_is_given_twice(capsys: pytest.CaptureFixture[str]) -> None:
    seen = 0
    for verb, option in options_of_one_value():
        twice = [word for name in (option.opts[0], option.opts[-1]) for word in (name, *["x"] * option.nargs)]
        assert run([*verb.split(), *twice]) == 2, (verb, option)
        said = capsys.readouterr()
        assert "is given 2 times" in said.err, (verb, option, said.err)
        assert not said.out
        seen += 1
    assert seen > 100


def test_the_quick_way_to_list_profiles_refuses_it_too(
    mapiwright: Callable[..., Answer], workstation_folder: Path
) -> None:
    uri = f"image:{workstation_folder}"
    assert mapiwright("profile", "list", "--workstation", uri).code == 0
    assert mapiwright("profile", "list", "--workstation", uri, "--target", uri).code == 2
    assert mapiwright("profile", "list", "--user", "Zoë", "--user", "Zoë").code == 0, "which takes several"


HOSTS = {"python:": "there is no such Python", "wine:": "it is no Wine prefix"}


@pytest.mark.parametrize("kind", HOSTS)
@pytest.mark.parametrize("dry", [["--dry-run"], ["--yes"]])
def test_a_host_that_is_not_there_is_refused_before_the_first_step_and_while_planning(
    kind: str,
    dry: list[str],
    mapiwright: Callable[..., Answer],
    picture: Callable[[], dict[str, bytes]],
    acme: Path,
    tmp_path: Path,
) -> None:
    before = picture()
    refused = mapiwright("install", acme, "--host", f"{kind}{tmp_path / 'nowhere'}", *dry)
    assert refused.code in {1, 2}
    assert HOSTS[kind] in refused.err
    assert not refused.out, "no plan is shown"
    assert picture() == before


def test_a_saved_plan_is_refused_where_its_host_is_gone(
    mapiwright: Callable[..., Answer], picture: Callable[[], dict[str, bytes]], acme: Path, tmp_path: Path
) -> None:
    python, saved = tmp_path / "python3", tmp_path / "saved.plan"
    python.write_bytes(b"#!/bin/sh\n")
    planned = mapiwright("install", acme, "--host", f"python:{python}", "--dry-run", "-o", saved)
    assert planned.code == 0, planned.err
    python.unlink()
    before = picture()
    refused = mapiwright("apply", saved, "--yes")
    assert refused.code == 2
    assert "there is no such Python" in refused.err
    assert picture() == before
