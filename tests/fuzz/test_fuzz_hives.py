"""The inputs that a coverage-led search found are stood, and a short search finds no other that is not."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hive_targets import HEAD, TARGETS, one_input, packed, seeds, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
CORPUS = sorted((HERE / "corpus").iterdir())
SECONDS = 8


def test_the_kept_inputs_are_small_and_of_every_target() -> None:
    assert sum(path.stat().st_size for path in CORPUS) < 300_000
    assert {path.read_bytes()[0] % len(TARGETS) for path in CORPUS} == set(range(len(TARGETS)))


@pytest.mark.parametrize("target", TARGETS)
def test_every_kept_input_is_stood(target: str) -> None:
    mine = [path for path in CORPUS if list(TARGETS)[path.read_bytes()[0] % len(TARGETS)] == target]
    for path in mine:
        try:
            one_input(path.read_bytes())
        except Exception as error:
            error.add_note(f"the input is {path.name}")
            raise


def test_what_a_search_starts_from_reaches_its_target() -> None:
    """A hive comes out of its input as it was, and is sound."""
    from hive_targets import errors, hives

    for hive in hives():
        data = packed("edits", hive)
        assert unpacked(data[2:], sealed=True)[:HEAD] == hive[:HEAD]
        assert unpacked(data[2:], sealed=True)[4096:] == hive[4096:]
        assert errors(hive) == set()
    for _, data in seeds():
        one_input(data)


def test_a_short_search_finds_nothing(tmp_path: Path, witness_absent: Callable[[str], None]) -> None:
    """It is led by the coverage of the codec, from the kept inputs on."""
    if find_spec("atheris") is None:
        if sys.platform != "linux":
            pytest.skip("atheris has wheels for Linux alone")
        witness_absent("atheris")
    (tmp_path / "found").mkdir()
    options = [f"-max_total_time={SECONDS}", "-max_len=30000", f"-artifact_prefix={tmp_path}/", "-timeout=30"]
    words: list[str | Path] = [sys.executable, HERE / "fuzz_hives.py", tmp_path / "found", HERE / "corpus", *options]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS + 120, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr[-3000:]
    runs = re.search(r"Done (\d+) runs", ran.stderr)
    assert runs is not None
    assert int(runs[1]) > len(CORPUS)
    covered = [int(found) for found in re.findall(r"cov: (\d+)", ran.stderr)]
    assert covered[-1] > 500, "the codec is followed"
