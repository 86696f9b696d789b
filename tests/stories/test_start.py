"""What a command loads before it does anything, and the command lines that are read without click."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mapiwright.__main__ import main
from mapiwright.ui.cli import app, direct
from mapiwright.ui.cli.target import USER_VARIABLE, WORKSTATION_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DEAR = {
    *("click", "dataclasses", "inspect", "ast", "json", "locale", "gettext", "platform", "uuid", "datetime"),
    *("threading", "socket", "subprocess", "tempfile", "shutil", "tomllib", "importlib.resources", "platformdirs"),
    *("filelock", "rich", "textual", "cryptography", "aiohttp", "heapq", "unicodedata"),
}
"""Modules that cost more than the whole of what a verb that only looks has to do."""


def loaded_by(code: str, *arguments: str) -> tuple[list[str], list[str]]:
    """The modules that running ``code`` loads: ours, and all others that Python has not loaded at its start."""
    probe = (
        f"import sys; before = {{*sys.modules}}; sys.argv = ['mapiwright', *sys.argv[1:]]\n{code}\n"
        "print(*sorted({*sys.modules} - before), file=sys.stderr)"
    )
    # Coverage in a process of its own loads what is looked for here.
    kept = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE")}
    words = [sys.executable, "-c", probe, *arguments]
    ended = subprocess.run(words, capture_output=True, text=True, env=kept, check=True)
    names = ended.stderr.splitlines()[-1].split()
    ours = [name for name in names if name.partition(".")[0] == "mapiwright"]
    return ours, [name for name in names if name not in ours]


class TestWhatIsLoaded:
    """Counts instead of times, which hang on the machine: `make bench` measures those."""

    RUN = "from mapiwright.__main__ import main; assert main() == 0"

    def test_for_the_version(self) -> None:
        assert loaded_by(self.RUN, "--version") == (["mapiwright", "mapiwright.__main__"], ["__future__"])

    @pytest.mark.parametrize(("kind", "most_ours", "most_others"), [("hive", 56, 42), ("image", 63, 43)])
    def test_to_list_profiles(self, kind: str, most_ours: int, most_others: int, workstation_folder: Path) -> None:
        image = ["--workstation", f"image:{workstation_folder}", "--yes"]
        assert main(["profile", "create", "Mine", *image]) == 0
        hive = next(path for path in workstation_folder.glob("Users/*/NTUSER.DAT") if path.parent.name != "Default")
        place = {"hive": hive, "image": workstation_folder}[kind]
        ours, others = loaded_by(self.RUN, "profile", "list", "--workstation", f"{kind}:{place}")
        assert "mapiwright.mapi.profile.store" in ours
        assert not DEAR & {*others}
        assert len(ours) <= most_ours, ours
        assert len(others) <= most_others, others

    def test_for_the_help_of_each_verb(self) -> None:
        """In one process, so that what one verb loads is held against it alone."""
        code = (
            "import click, contextlib, io, json\n"
            "from mapiwright.ui.cli.app import mapiwright, run\n"
            "dear = {'textual', 'cryptography', 'aiohttp', 'tomllib', 'rich', 'jinja2'}\n"
            "found, seen = {}, set()\n"
            "def walk(command, words):\n"
            "    with contextlib.redirect_stdout(io.StringIO()) as told:\n"
            "        assert run([*words, '--help']) == 0\n"
            "    assert 'Usage: ' + ' '.join(('mapiwright', *words)) in told.getvalue()\n"
            "    found[' '.join(words)] = sorted(dear & {*sys.modules} - seen)\n"
            "    seen.update(dear & {*sys.modules})\n"
            "    if isinstance(command, click.Group):\n"
            "        context = click.Context(command)\n"
            "        names = command.list_commands(context) if words else VERBS\n"
            "        for name in names:\n"
            "            walk(command.get_command(context, name), (*words, name))\n"
            "from mapiwright.ui.cli.app import VERBS\n"
            "walk(mapiwright, ())\n"
            "print(json.dumps(found))\n"
        )
        kept = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE")}
        ended = subprocess.run(
            [sys.executable, "-c", f"import sys\n{code}"], capture_output=True, text=True, env=kept, check=False
        )
        assert ended.returncode == 0, ended.stderr
        found = json.loads(ended.stdout)
        assert {*app.VERBS, "profile list", "workstation create"} <= {*found}
        assert {verb: loaded for verb, loaded in found.items() if loaded} == {}


PLAIN = st.sampled_from(
    [
        *(("--json",), ("--all-users",), ("--user", "anna"), ("--user=Zoë b",), ("--user", "a=b"), ("--user==",)),
        *(("--workstation", "memory:"), ("--target=hive:a b",), ("--workstation=a=b",), ("--target", " ")),
    ]
)
ODD = st.sampled_from(
    [
        *(
            "--workstation",
            "--workstation=",
            "--user",
            "--user=",
            "--json=1",
            "--js",
            "-h",
            "--help",
            "--",
            "-",
            "",
            "=",
        ),
        *("anna", "--user=-a", "--inf", "--edition", "2016", "--bitness=x64", "--no-such"),
    ]
).map(lambda word: (word,))
WORDS = (st.lists(PLAIN, max_size=4) | st.lists(PLAIN | ODD, max_size=4)).map(
    lambda pieces: [word for piece in pieces for word in piece]
)
VARIABLES = st.fixed_dictionaries(
    {},
    optional={
        WORKSTATION_VARIABLE: st.sampled_from(["", "image:/pc", " "]),
        USER_VARIABLE: st.sampled_from(["", "anna", "anna;Zoë b", ";", "anna;", " ;a"]),
    },
)


def as_click_reads(words: Sequence[str]) -> direct.TypedWords | None:
    """What click hands to ``profile list``; None where it calls nothing."""
    handed: list[direct.TypedWords] = []

    def open_target(uri: str | None, options: tuple[str, ...], *, as_json: bool, **more: object) -> Any:
        return SimpleNamespace(uri=uri, options=options, as_json=as_json, more=more)

    def list_profiles(target: Any, users: Any) -> None:
        if not any(target.more.values()):
            handed.append(direct.TypedWords(target.uri, target.options, users, target.as_json))

    with (
        mock.patch("mapiwright.ui.cli.target.target_at", open_target),
        mock.patch("mapiwright.ui.cli.target.report_interrupted_runs", return_value=None),
        mock.patch("mapiwright.ui.cli.listing.list_profiles", list_profiles),
    ):
        app.run(words)
    return handed[0] if handed else None


@given(WORDS, VARIABLES)
@example(["--workstation=memory:", "--user", "a", "--user=Zoë", "--json"], {})
@example(["--all-users"], {USER_VARIABLE: "anna", WORKSTATION_VARIABLE: "image:/pc"})
@example([], {USER_VARIABLE: "anna;Zoë b"})
def test_what_is_read_without_click_is_read_as_click_reads_it(words: list[str], variables: dict[str, str]) -> None:
    unset = {name: text for name, text in os.environ.items() if name not in {WORKSTATION_VARIABLE, USER_VARIABLE}}
    with mock.patch.dict(os.environ, {**unset, **variables}, clear=True):
        read = direct.read(["profile", "list", *words])
        if read is not None:
            assert read == as_click_reads(["profile", "list", *words])


@pytest.mark.parametrize(
    "words",
    [
        *(
            ["profile", "list", word]
            for word in ("--help", "-h", "--", "anna", "--workstation", "--user=", "--no-such")
        ),
        ["profile", "list", "--user", "anna", "--all-users"],
        ["profile", "list", "--workstation", "--json"],
        ["profile", "show"],
        ["profile"],
        ["--version", "profile", "list"],
        [],
    ],
)
def test_what_is_not_plain_goes_to_click(words: list[str]) -> None:
    assert direct.read(words) is None
    assert direct.run(words) is None


@pytest.mark.parametrize("more", [[], ["--json"], ["--all-users"], ["--user", "nobody"]])
def test_both_ways_end_alike(more: list[str], workstation_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["profile", "list", "--workstation", f"image:{workstation_folder}", *more]
    ended = []
    for way in (main, app.run):
        code = way(words)
        captured = capsys.readouterr()
        ended.append((code, captured.out, captured.err))
    assert direct.read(words) is not None
    assert ended[0] == ended[1]
    assert ended[0][0] == (1 if "nobody" in more else 0)
