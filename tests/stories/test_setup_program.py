"""setup.pyz on a machine that has a Python and nothing else: it installs the package that it carries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.setup.publish.publication import PROGRAM, SUMS
from mapiwright.setup.publish.publish import make_edition, publish
from mapiwright.ui.cli.app import VERBS
from mapiwright.workstation.kinds.create import create_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without a single distribution, not even pip."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    asked = subprocess.run([python, "-I", "-c", "import mapiwright"], capture_output=True, check=False)
    assert b"ModuleNotFoundError" in asked.stderr, "or it proves nothing"
    asked = subprocess.run([python, "-I", "-c", "import click"], capture_output=True, check=False)
    assert b"ModuleNotFoundError" in asked.stderr
    return python


@pytest.fixture
def run(bare_python: Path, workstation_folder: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """``run(program, "--yes")``: a setup program on the workstation, as a machine account runs it."""

    def start(program: Path, *options: object, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("MAPIWRIGHT_", "PYTHON"))}
        return subprocess.run(
            [bare_python, "-I", program, *map(str, options)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            cwd=program.parent,
            env={
                **kept,
                "MAPIWRIGHT_WORKSTATION": f"image:{workstation_folder}",
                "PYTHONIOENCODING": "utf-8",
                **environment,
            },
        )

    return start


Run = Any
Mapiwright = Any


def test_it_installs_its_package(run: Run, public: Path, mapiwright: Mapiwright, workstation_folder: Path) -> None:
    before = {path.name for path in public.rglob("*")}
    done = run(public / PROGRAM, "--yes")
    assert done.returncode == 0, done.stderr
    assert "a published package" in done.stderr
    assert "MW4305" in done.stderr, "unsigned is said so"
    assert "MSG_SERVICE_CONFIGURE" in done.stdout, "the stand-in ran, in a process of its own"
    assert mapiwright("status", "acme-mail").code == 0
    assert list(workstation_folder.rglob("acme32.dll"))
    listed = mapiwright("profile", "list", "--json").document["profiles"]
    assert [(row["user"], row["default"], row["services"]) for row in listed] == [("Zoë", True, ["ACME"])]
    assert {path.name for path in public.rglob("*")} == before, "and leaves nothing beside itself"


def test_it_installs_what_install_does(run: Run, public: Path, mapiwright: Mapiwright) -> None:
    assert run(public / PROGRAM, "--yes").returncode == 0
    assert mapiwright("plan", public, "--json").document["plan"]["empty"]


def test_it_takes_the_options_of_install(run: Run, public: Path, mapiwright: Mapiwright) -> None:
    dry = run(public / PROGRAM, "--dry-run", "--json", "--profile", "Mine")
    document = json.loads(dry.stdout)
    assert document["disk"]["package"]["id"] == "acme-mail"
    assert not document["plan"]["empty"]
    assert mapiwright("status", "acme-mail").code == 1
    told = run(public / PROGRAM, "--help").stdout
    offered = mapiwright("install", "--help").out
    options = {word for word in offered.split() if word.startswith("--")}
    assert len(options) > 15
    assert not [option for option in options if option not in told]
    assert "Usage: setup.pyz" in told


def test_nobody_is_asked_where_nobody_can_be(run: Run, public: Path) -> None:
    done = run(public / PROGRAM)
    assert done.returncode == 1
    assert "--yes" in done.stderr


def test_it_installs_alone_wherever_it_is_carried(
    run: Run, public: Path, mapiwright: Mapiwright, tmp_path: Path
) -> None:
    alone = tmp_path / "a b" / "acme.pyz"
    alone.parent.mkdir()
    shutil.copy(public / PROGRAM, alone)
    done = run(alone, "--yes")
    assert done.returncode == 0, done.stderr
    assert "nobody vouches" in done.stderr
    assert mapiwright("status", "acme-mail").code == 0


@pytest.mark.parametrize("name", ["x64/acme32.dll", "docs/Änderungen 変更.txt", SUMS])
def test_it_refuses_a_directory_that_is_not_as_it_was_published(
    run: Run, public: Path, mapiwright: Mapiwright, name: str
) -> None:
    data = bytearray((public / name).read_bytes())
    data[0] ^= 1
    (public / name).write_bytes(data)
    done = run(public / PROGRAM, "--yes")
    assert done.returncode == 1
    assert "MW430" in done.stderr
    assert "Traceback" not in done.stderr
    assert mapiwright("status", "acme-mail").code == 1


def test_it_says_that_a_signature_was_not_verified(
    run: Run, acme: Path, tmp_path: Path, keys: Callable[[str], tuple[Path, Path]], mapiwright: Mapiwright
) -> None:
    private, key = keys("vendor")
    publish(make_edition(acme, key_file=private), tmp_path / "signed")
    program = tmp_path / "signed" / PROGRAM
    refused = run(program, "--yes", "--trust", key)
    assert refused.returncode == 1
    assert "mapiwright[sign]" in refused.stderr
    assert mapiwright("status", "acme-mail").code == 1
    done = run(program, "--yes")
    assert done.returncode == 0, done.stderr
    assert "was not verified" in done.stderr


def test_it_speaks_french_where_the_locale_does(run: Run, public: Path) -> None:
    """The texts are in it; a Python that ignores its own variables still heeds the locale."""
    asked = run(public / PROGRAM, LANG="fr_FR.UTF-8")
    assert asked.returncode == 1
    assert "Erreur\u00a0: stdin n'est pas un terminal" in asked.stderr
    assert "1. fichiers\u00a0: 9 modifications\n" in asked.stdout
    done = run(public / PROGRAM, "--yes", LANG="fr_FR.UTF-8")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("Cible\u00a0: image:")
    assert "un package publié" in done.stderr
    assert "appeler ACME avec MSG_SERVICE_INSTALL" in done.stdout
    assert "Terminé\u00a0: installer Acme Mail for Outlook 4.2.1\nReçu\u00a0: " in done.stdout
    assert "Rien à faire" in run(public / PROGRAM, "--yes", MAPIWRIGHT_LANGUAGE="fr").stdout
    assert "Nothing to do" in run(public / PROGRAM, "--yes", LANG="de_DE.UTF-8").stdout


LEFT_OUT = {"wizard", "panel", "test"}
"""The verbs that it does not carry."""
RUN_EACH = """
import contextlib, io, json, sys
sys.path.insert(0, sys.argv[1])
from mapiwright.__main__ import main
ends = []
for words in json.loads(sys.argv[2]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    ends.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(ends))
"""


def run_each(
    python: Path, program: Path, commands: list[list[str]], **environment: str
) -> list[tuple[int, str, str]]:
    """Run command lines of Mapiwright from the setup program, in one process of a Python that has nothing else."""
    done = subprocess.run(
        [python, "-I", "-c", RUN_EACH, program, json.dumps(commands)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [tuple(end) for end in json.loads(done.stdout)]


def test_it_can_do_all_that_the_command_line_can(
    run: Run, public: Path, bare_python: Path, workstation_folder: Path
) -> None:
    """From the first install to the last trace of it, and there is nothing left of what it brought."""
    assert run(public / PROGRAM, "--yes").returncode == 0
    here = {"MAPIWRIGHT_WORKSTATION": f"image:{workstation_folder}"}
    seen = run_each(bare_python, public / PROGRAM, [["receipts", "--json"], ["status", "acme-mail"]], **here)
    assert [code for code, _, _ in seen] == [0, 0]
    (receipt,) = (each["id"] for each in json.loads(seen[0][1])["receipts"])
    commands = [
        ["undo", receipt, "--yes"],
        ["have-disk", str(public), "--yes"],
        ["plan", str(public), "--json"],
        ["profile", "list"],
        ["profile", "show"],
        ["service", "list"],
        ["guard", "acme-mail", "--yes"],
        ["repair", "acme-mail", "--yes"],
        ["doctor", "--json"],
        ["log"],
        ["uninstall", "acme-mail", "--yes"],
        ["install", str(public), "--yes"],
        ["uninstall", "acme-mail", "--yes"],
        ["recover"],
    ]
    ends = run_each(bare_python, public / PROGRAM, commands, **here)
    for command, (code, out, err) in zip(commands, ends, strict=True):
        assert code == 0 or command[0] == "doctor", (command, out, err)
        assert "defect" not in err, (command, err)
    assert json.loads(ends[2][1])["plan"]["empty"]
    assert "ACME" in ends[3][1]
    assert not list(workstation_folder.rglob("acme32.dll"))


def test_each_verb_is_in_it_or_says_that_it_is_not(public: Path, bare_python: Path) -> None:
    ends = run_each(bare_python, public / PROGRAM, [[verb, "--help"] for verb in VERBS])
    for verb, (code, out, err) in zip(VERBS, ends, strict=True):
        if verb in LEFT_OUT:
            assert (code, out) == (1, "")
            assert f"the verb {verb} is not in this setup program" in err
        else:
            assert code == 0, err
            assert f"Usage: mapiwright {verb}" in out


def test_it_is_no_larger_than_it_has_to_be(public: Path) -> None:
    """2,797,838 bytes, before it left out what it does not need; half of that is the most that it may ever have."""
    assert (public / PROGRAM).stat().st_size <= 1_150_000


@pytest.mark.skipif(sys.platform == "win32", reason="needs another Python on the path")
def test_an_old_python_is_told_so(public: Path, tmp_path: Path) -> None:
    """No old one is at hand: this one says that it is old."""
    code = (
        "import runpy, sys; sys.version_info = (3, 8, 10, 'final', 0)\n"
        f"runpy.run_path({str(public / PROGRAM)!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "This is Python 3.8, and this program needs 3.11 or later." in done.stderr


def test_it_serves_a_workstation_of_another_make(run: Run, public: Path, tmp_path: Path) -> None:
    create_image(tmp_path / "other", users=["anna"])
    done = run(public / PROGRAM, "--yes", "--workstation", f"image:{tmp_path / 'other'}")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "other").rglob("acme32.dll"))
