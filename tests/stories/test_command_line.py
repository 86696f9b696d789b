"""The command line: what is told where, with which exit code, and who is asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

import mapiwright
from mapiwright import __main__, errors
from mapiwright.errors import (
    Finding,
    FindingsError,
    MapiwrightError,
    NotFoundError,
    RefusedError,
    Severity,
    UsageError,
)
from mapiwright.message import Message
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.ui.cli import app, edge
from mapiwright.ui.cli.app import VERBS, run
from mapiwright.ui.cli.target import Target, UserChoice, target_options, user_options
from mapiwright.ui.cli.writing import Consent, confirm, refuse_the_unnamed, send, writing_options
from mapiwright.workstation.change import CreateKey, SetValue
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.registry import KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

said = Message.literal

ROOT = Path(__file__).parent.parent.parent
VENDOR = KeyPath.parse(r"HKLM\SOFTWARE\Vendor")
PLAN = Plan(
    "install",
    said("Install Vendor"),
    (Leg(said("registry"), (CreateKey(VENDOR), SetValue(VENDOR, "a", None, Value.sz("b")))),),
)


def error_classes(root: type[MapiwrightError] = MapiwrightError) -> Iterator[type[MapiwrightError]]:
    yield root
    for below in root.__subclasses__():
        yield from error_classes(below)


def program_that(does: Callable[[], object]) -> click.Group:
    """A program with one verb, ``act``, that does something."""
    group = click.Group("mapiwright")

    @group.command("act")
    @click.option("--json", "as_json", is_flag=True)
    def act(as_json: bool) -> None:
        does()
        assert as_json in {True, False}

    return group


def raising(error: BaseException) -> Callable[[], object]:
    def do() -> None:
        raise error

    return do


def ending_with_one() -> None:
    click.get_current_context().exit(1)


class TestTheVersion:
    def test_is_answered_before_any_library_is_loaded(self) -> None:
        probe = (
            "import sys; sys.argv = ['mapiwright', '--version']; from mapiwright.__main__ import main; main();"
            "print(sorted(m for m in sys.modules if m.split('.')[0] in {'click', 'rich', 'json', 'dataclasses'}"
            " or m.startswith('mapiwright.')))"
        )
        kept = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE")}
        ended = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, env=kept, check=True)
        version, loaded = ended.stdout.splitlines()
        assert version == f"mapiwright {mapiwright.__version__}"
        assert loaded == "['mapiwright.__main__']"

    def test_is_the_same_wherever_the_option_stands(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert __main__.main(["--version"]) == 0
        literal = capsys.readouterr().out
        assert __main__.main(["--version", "--help"]) == 0
        assert capsys.readouterr().out == literal


class TestTheVerbs:
    @pytest.mark.parametrize("verb", VERBS)
    def test_each_one_is_where_the_table_says(self, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([verb, "--help"]) == 0
        assert f"Usage: mapiwright {verb}" in capsys.readouterr().out

    def test_help_lists_them_all_and_imports_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--help"]) == 0
        told = capsys.readouterr().out
        assert all(re.search(rf"^  {verb} +{re.escape(VERBS[verb].help)}", told, re.MULTILINE) for verb in VERBS)
        probe = (
            "import sys; from mapiwright.ui.cli.app import run; run(['--help']);"
            "print([m for m in sys.modules if m in sys.argv])"
        )
        names = [f"mapiwright.ui.cli.{verb.module}" for verb in VERBS.values()]
        ended = subprocess.run([sys.executable, "-c", probe, *names], capture_output=True, text=True, check=True)
        assert ended.stdout.splitlines()[-1] == "[]"

    def test_none_lets_click_colour_anything(self) -> None:
        """On Windows it would ask for a library that a setup program on a bare Python does not have."""
        with app.mapiwright.make_context("mapiwright", ["profile", "list"]) as context:
            verb = app.mapiwright.get_command(context, "profile")
            assert context.color is False
            assert click.Context(verb, parent=context).color is False

    def test_an_unknown_one_is_a_usage_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["instal"]) == 2
        captured = capsys.readouterr()
        assert "There is no verb 'instal'. Did you mean install?" in captured.err
        assert not captured.out
        assert run(["xyzzy"]) == 2
        assert "Did you mean" not in capsys.readouterr().err

    def test_none_at_all_shows_the_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([]) == 2
        assert "Verbs:" in capsys.readouterr().err

    def test_the_reference_page_names_each_one(self) -> None:
        page = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
        assert all(f"`{verb}" in page for verb in VERBS)


class TestExitCodes:
    def test_the_page_tells_exactly_the_errors_that_there_are(self) -> None:
        page = (ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
        told = {
            row[1]: (int(row[2]), int(row[3], 16))
            for row in re.finditer(r"^\| (\w+Error) \| (\d+) \| (0x[0-9A-F]{8}) \|", page, re.MULTILINE)
        }
        there = {
            each.__name__: (each.exit_code, each.hresult)
            for each in error_classes()
            if each.__module__ == errors.__name__
        }
        assert told == there

    def test_the_page_tells_every_code(self) -> None:
        page = (ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
        told = {int(code) for code in re.findall(r"^\| (\d+) \| [a-z ]+ \|", page, re.MULTILINE)}
        assert told == {0, edge.CALLS_WAIT, edge.DEFECT, edge.INTERRUPTED, edge.READER_GONE} | {
            each.exit_code for each in error_classes()
        }

    @pytest.mark.parametrize("kind", [each for each in error_classes() if each is not FindingsError])
    def test_an_error_ends_with_the_code_of_its_class(
        self, kind: type[MapiwrightError], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert (
            run(["act"], program_that(raising(kind("the fact", where="the place", remedy="the remedy"))))
            == kind.exit_code
        )
        captured = capsys.readouterr()
        assert captured.err == "Error: the place: the fact\n  the remedy\n"
        assert captured.out == ""

    def test_with_json_it_is_one_document_on_stdout(self, capsys: pytest.CaptureFixture[str]) -> None:
        finding = Finding("MW1204", Severity.ERROR, "MAPISVC.INF", "no such section", "the rule", "the remedy", 12)
        error = FindingsError("1 fault", [finding], where="MAPISVC.INF")
        assert run(["act", "--json"], program_that(raising(error))) == 1
        captured = capsys.readouterr()
        assert json.loads(captured.out) == {
            "schema": 1,
            "error": {
                "class": "FindingsError",
                "message": "1 fault",
                "where": "MAPISVC.INF",
                "expected": "",
                "remedy": "",
                "hresult": "0x8004011B",
                "exit": 1,
                "findings": [
                    {
                        "id": "MW1204",
                        "severity": "error",
                        "where": "MAPISVC.INF",
                        "line": 12,
                        "message": "no such section",
                        "rule": "the rule",
                        "remedy": "the remedy",
                    }
                ],
            },
        }
        assert "MW1204" in captured.err

    def test_a_usage_error_is_a_document_too(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["act", "--json", "--nonsense"], program_that(lambda: None)) == 2
        error = json.loads(capsys.readouterr().out)["error"]
        assert error["class"] == "UsageError"
        assert "--nonsense" in error["message"]
        assert error["remedy"] == "See `mapiwright act --help`."

    def test_a_verb_may_end_with_a_code_of_its_own(self) -> None:
        assert run(["act"], program_that(ending_with_one)) == 1

    @pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), click.Abort()])
    def test_an_interrupt_is_130(self, interrupt: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["act"], program_that(raising(interrupt))) == 130
        assert capsys.readouterr().err == "Interrupted.\n"

    def test_what_the_system_refuses_names_its_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["act"], program_that((tmp_path / "gone").read_bytes)) == 3
        told = capsys.readouterr().err
        assert str(tmp_path / "gone") in told
        assert "No such file" in told
        assert "defect" not in told

    def test_a_defect_tells_where_and_not_what(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(app, "run", raising_run)
        assert __main__.main(["profile", "--json"]) == 3
        captured = capsys.readouterr()
        assert "test_command_line.py" in captured.err
        assert "ValueError" in captured.err
        assert "report" in captured.err
        assert "hunter2" not in captured.err + captured.out
        assert json.loads(captured.out)["error"]["exit"] == 3

    def test_a_reader_that_goes_away_is_141(self) -> None:
        command = [sys.executable, "-m", "mapiwright", "--help"]
        reader, writer = os.pipe()
        os.close(reader)
        ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
        os.close(writer)
        assert (ended.returncode, ended.stderr) == (141, b"")

    @pytest.mark.parametrize("words", [("--user", "anna"), ("--workstation=demo:",), ("--json",), ("-y",)])
    def test_an_option_before_the_verb_is_told_where_it_goes(
        self, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
    ) -> None:
        option = words[0].partition("=")[0]
        assert run([*words, "profile", "list"]) == 2
        assert f"{option} goes after the verb: mapiwright VERB {option}" in capsys.readouterr().err
        assert run(["profile", *words, "list"]) == 2
        assert f"{option} goes after the verb: mapiwright profile VERB {option}" in capsys.readouterr().err

    def test_an_option_that_no_verb_has_is_not_sent_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--colour", "profile", "list"]) == 2
        assert "after the verb" not in capsys.readouterr().err

    def test_the_colon_of_a_uri_is_not_doubled(self) -> None:
        assert str(RefusedError("it is so", where="demo:")) == "demo: it is so"

    def test_no_control_character_of_an_error_reaches_the_terminal(self, capsys: pytest.CaptureFixture[str]) -> None:
        run(["act"], program_that(raising(NotFoundError("no profile \x1b]0;owned\x07"))))
        assert capsys.readouterr().err == "Error: no profile \\x1b]0;owned\\x07\n"


def raising_run(arguments: list[str], _program: object) -> int:
    raise ValueError(f"{arguments} and a password: hunter2")


def workstation(*users: str) -> MemoryWorkstation:
    return MemoryWorkstation.of(layout(users=users))


class TestUsers:
    def test_a_single_one_need_not_be_named_and_default_is_none(self) -> None:
        assert UserChoice().one_of(workstation("anna")).name == "anna"

    def test_several_are_listed_and_the_command_stops(self) -> None:
        with pytest.raises(UsageError) as told:
            UserChoice().all_of(workstation("anna", "Bo Ek"))
        assert str(told.value) == (
            'memory: there are 2 users\n  Add one of: --user anna, --user "Bo Ek", --all-users'
        )

    def test_all_of_them_are_all_but_default(self) -> None:
        users = UserChoice(everyone=True).all_of(workstation("anna", "bo"))
        assert [user.name for user in users] == ["anna", "bo"]

    def test_they_are_named_without_regard_to_case_or_by_sid_and_once(self) -> None:
        here = workstation("anna", "bo")
        sid = next(user.sid for user in here.users if user.name == "bo")
        assert [user.name for user in UserChoice(("ANNA", sid, "Bo")).all_of(here)] == ["anna", "bo"]

    def test_default_may_be_named(self) -> None:
        assert UserChoice(("default",)).one_of(workstation("anna")).template

    def test_an_unknown_one_is_refused_with_those_that_there_are(self) -> None:
        with pytest.raises(NotFoundError, match="anna"):
            UserChoice(("eve",)).all_of(workstation("anna"))

    def test_a_workstation_without_any_says_so(self) -> None:
        with pytest.raises(NotFoundError, match="no user"):
            UserChoice().all_of(workstation())

    @pytest.mark.parametrize("choice", [UserChoice(), UserChoice(everyone=True)])
    def test_a_verb_for_one_refuses_several_and_does_not_suggest_all(self, choice: UserChoice) -> None:
        with pytest.raises(UsageError) as told:
            choice.one_of(workstation("anna", "bo"))
        assert str(told.value) == (
            "memory: there are 2 users, and this command acts on one\n  Add one of: --user anna, --user bo"
        )

    def test_a_verb_for_one_refuses_two_that_are_named(self) -> None:
        with pytest.raises(UsageError) as told:
            UserChoice(("bo", "anna")).one_of(workstation("anna", "bo", "eve"))
        assert "2 users were named" in told.value.what
        assert told.value.remedy == "Keep one of: --user bo, --user anna"

    def test_a_verb_that_only_reads_reads_them_all(self) -> None:
        here = workstation("anna", "bo")
        assert [user.name for user in UserChoice().all_to_read(here)] == ["anna", "bo"]
        assert [user.name for user in UserChoice(("bo",)).all_to_read(here)] == ["bo"]


def asked(*arguments: str) -> tuple[Target, UserChoice, Consent, int]:
    """What a verb is handed for these arguments."""
    seen: dict[str, Any] = {}
    group = click.Group("mapiwright")

    @group.command("act")
    @target_options
    @user_options
    @writing_options
    def act(target: Target, users: UserChoice, consent: Consent) -> None:
        seen.update(target=target, users=users, consent=consent)

    code = run(["act", *arguments], group)
    return seen.get("target"), seen.get("users"), seen.get("consent"), code  # type: ignore[return-value]


class TestTheTarget:
    def test_is_named_on_stderr_before_anything_is_done(self, capsys: pytest.CaptureFixture[str]) -> None:
        target, *_ = asked("--workstation", "memory:")
        captured = capsys.readouterr()
        assert captured.err == "Target: memory:\n"
        assert captured.out == ""
        assert target.named

    def test_is_the_demo_where_none_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("MAPIWRIGHT_WORKSTATION", raising=False)
        monkeypatch.setenv("MAPIWRIGHT_DEMO", str(tmp_path / "demo"))
        target, *_ = asked()
        assert not target.named
        told = capsys.readouterr().err
        assert told == f"Target: demo: ({tmp_path / 'demo'}; your PC is not touched)\n"

    def test_comes_by_its_other_name_or_by_the_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert asked("--target", "memory:")[0].uri == "memory:"
        monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", "memory:")
        target, *_ = asked()
        assert (target.uri, target.named) == ("memory:", True)

    def test_is_named_again_in_a_hint_as_it_was_named_on_the_command_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "a pc"
        create_image(folder, users=["anna"])
        inf = next(path for path in folder.rglob("*") if path.name.upper() == "MAPISVC.INF")
        hive = f"hive:{folder / 'Users' / 'anna' / 'NTUSER.DAT'}"
        named, *_ = asked("--workstation", hive, "--inf", str(inf), "--edition", "2016")
        told = f'mapiwright undo r1 --workstation "{hive}" --inf "{inf}" --edition 2016'
        assert named.command("undo", "r1") == told
        monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", f"image:{folder}")
        assert asked()[0].command("undo", "r1") == "mapiwright undo r1", "the variable names it the next time too"

    def test_a_wrong_one_is_a_usage_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert asked("--workstation", "ftp:x")[-1] == 2
        assert "image:DIR" in capsys.readouterr().err

    def test_edition_and_bitness_go_to_the_hive_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert asked("--workstation", "memory:", "--edition", "2013", "--bitness", "x86")[-1] == 2
        assert "hive:" in capsys.readouterr().err

    def test_findings_of_the_workstation_are_told(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        here = workstation("anna")
        finding = Finding("MW2001", Severity.WARNING, "NTUSER.DAT", "it was not closed", remedy="let Windows open it")
        monkeypatch.setattr(type(here), "findings", (finding,))
        monkeypatch.setattr("mapiwright.ui.cli.target.open_workstation", lambda *_, **__: here)
        asked("--workstation", "memory:")
        told = capsys.readouterr().err
        assert "NTUSER.DAT: warning MW2001: it was not closed" in told
        assert "let Windows open it" in told

    def test_users_come_from_options_or_the_variable_and_may_hold_blanks(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        memory = ("--workstation", "memory:")
        assert asked(*memory, "--user", "Bo Ek", "--user", "anna")[1] == UserChoice(("Bo Ek", "anna"))
        monkeypatch.setenv("MAPIWRIGHT_USER", "Bo Ek;anna")
        assert asked(*memory)[1] == UserChoice(("Bo Ek", "anna"))
        assert asked(*memory, "--all-users")[1] == UserChoice((), everyone=True)
        assert asked(*memory, "--all-users", "--user", "anna")[-1] == 2

    def test_consent_is_handed_over(self) -> None:
        assert asked("--workstation", "memory:", "-y")[2] == Consent(yes=True)
        assert asked("--workstation", "memory:", "--dry-run")[2] == Consent(dry_run=True)


def target(*, as_json: bool = False, named: bool = True) -> Target:
    return Target("memory:", named, workstation("anna"), as_json)


class TestWriting:
    def test_a_dry_run_shows_the_plan_and_writes_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        here = target()
        assert send(here, PLAN, Consent(dry_run=True)) is None
        assert r"+ HKLM\SOFTWARE\Vendor" in capsys.readouterr().out
        assert here.workstation.registry.subkeys(VENDOR) is None

    def test_a_dry_run_with_json_is_the_plan_as_a_document(self, capsys: pytest.CaptureFixture[str]) -> None:
        send(target(as_json=True), PLAN, Consent(dry_run=True))
        document = json.loads(capsys.readouterr().out)
        assert document["schema"] == 1
        assert document["plan"]["steps"][0]["changes"][0] == {
            "change": "create-key",
            "key": r"HKLM\SOFTWARE\Vendor",
            "view": "native",
        }

    def test_a_pipe_without_yes_is_refused_and_nothing_is_written(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        here = target()
        with (ROOT / "pyproject.toml").open(encoding="utf-8") as stream:
            monkeypatch.setattr(sys, "stdin", stream)
            with pytest.raises(RefusedError, match="--yes"):
                send(here, PLAN, Consent())
        assert here.workstation.registry.subkeys(VENDOR) is None
        assert "Vendor" in capsys.readouterr().out

    def test_with_yes_it_is_done_and_the_receipt_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        here = target()
        receipt = send(here, PLAN, Consent(yes=True))
        assert receipt is not None
        assert here.workstation.registry.value(VENDOR, "a") == Value.sz("b")
        captured = capsys.readouterr()
        assert f"mapiwright undo {receipt.id}" in captured.out
        assert captured.err == "", "no progress in a pipe"

    def test_with_json_the_receipt_is_the_document(self, capsys: pytest.CaptureFixture[str]) -> None:
        receipt = send(target(as_json=True), PLAN, Consent(yes=True))
        assert receipt is not None
        document = json.loads(capsys.readouterr().out)
        assert document["receipt"]["id"] == receipt.id
        assert document["receipt"]["title"] == "Install Vendor"

    def test_nothing_to_do_asks_nobody(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert send(target(), Plan("install", said("Install Vendor"), ()), Consent()) is None
        assert "Nothing to do" in capsys.readouterr().out

    def test_on_windows_a_write_asks_for_the_uri(self, monkeypatch: pytest.MonkeyPatch) -> None:
        refuse_the_unnamed(target(named=False))
        monkeypatch.setattr("mapiwright.ui.cli.writing.os.name", "nt")
        refuse_the_unnamed(target(named=True))
        with pytest.raises(UsageError, match="--workstation"):
            refuse_the_unnamed(target(named=False))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
class TestATerminal:
    @pytest.mark.parametrize(
        ("typed", "done"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("\n", False), ("\x04", False)]
    )
    def test_is_asked_and_only_a_yes_is_one(self, typed: str, done: bool) -> None:
        question = (
            "from mapiwright.ui.cli.writing import *\n"
            "import sys\n"
            "try: confirm('Do it?', Consent())\n"
            "except RefusedError as no: print(no)\n"
            "else: print('DONE')\n"
        )
        told = in_a_terminal([sys.executable, "-c", question], typed)
        assert "Do it? [y/N]" in told
        assert ("DONE" in told) is done
        assert ("the answer was no" in told) is not done

    @pytest.mark.parametrize(
        ("typed", "done"),
        [
            ("o\n", True),
            ("OUI\n", True),
            ("y\n", True),
            ("yes\n", True),
            ("n\n", False),
            ("non\n", False),
            ("\n", False),
        ],
    )
    def test_is_asked_in_french_and_may_answer_so(self, typed: str, done: bool) -> None:
        question = (
            "from mapiwright.ui.cli.writing import *\n"
            "try: confirm(said('setup.ask', target='image:pc'), Consent())\n"
            "except RefusedError as no: print(no)\n"
            "else: print('DONE')\n"
        )
        told = in_a_terminal([sys.executable, "-c", question], typed, LANG="fr_FR.UTF-8", PYTHONUTF8="1")
        assert "Faire cela sur image:pc\u00a0? [o/N]" in told
        assert ("DONE" in told) is done

    def test_knows_no_french_yes_in_english(self) -> None:
        question = "from mapiwright.ui.cli.writing import *\nconfirm('Do it?', Consent())"
        assert "the answer was no" in in_a_terminal([sys.executable, "-c", question], "oui\n")

    def test_sees_colours_and_a_bar(self) -> None:
        assert "\x1b[32m" in in_a_terminal([sys.executable, "-c", WRITE_A_LINE], "")
        assert "\x1b[32m" not in in_a_terminal([sys.executable, "-c", WRITE_A_LINE], "", NO_COLOR="1")
        assert "\x1b[32m" not in in_a_terminal([sys.executable, "-c", WRITE_A_LINE], "", TERM="dumb")
        shown = in_a_terminal([sys.executable, "-c", SHOW_PROGRESS], "")
        assert shown.index("step 1 of 3") < shown.index("step 2 of 3")
        assert "files" not in shown, "a title may be wider than the terminal"
        assert "étape 2 sur 3" in in_a_terminal([sys.executable, "-c", SHOW_PROGRESS], "", LANG="fr", PYTHONUTF8="1")
        assert in_a_terminal([sys.executable, "-c", SHOW_PROGRESS], "", TERM="dumb") == ""

    def test_yes_asks_nobody(self) -> None:
        confirm("Do it?", Consent(yes=True))


WRITE_A_LINE = """
import sys
from mapiwright.ui.text.terminal import Line, Style, write
write([Line("added", Style.ADDED)], sys.stdout)
"""
SHOW_PROGRESS = """
import sys
from mapiwright.ui.text.progress import progress_on
with progress_on(sys.stderr, 3) as progress:
    progress(1, 3, "files")
"""


def in_a_terminal(command: list[str], typed: str, **environment: str) -> str:
    """Run a command with a pseudo-terminal for all three streams, and return what it showed."""
    import pty

    kept = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**kept, "TERM": "xterm", **environment}
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        pass  # how Linux says that the other side was closed
    os.close(ours)
    process.wait(timeout=30)
    return shown.decode()


class TestARunThatWasCutShort:
    """The next command that writes ends it, before it plans; one that only looks says that it is there."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> str:
        create_image(tmp_path / "pc", users=["anna"])
        cut = (
            "import os, sys\n"
            "from mapiwright.message import Message; from mapiwright.transaction.plans.plan import *\n"
            "from mapiwright.transaction.transaction import *\n"
            "from mapiwright.entry.call import *; from mapiwright.entry.service.contract import *\n"
            "from mapiwright.workstation.kinds.open import open_workstation\n"
            "from mapiwright.workstation.change import *; from mapiwright.workstation.registry import *\n"
            "class Crash:\n"
            "    kind, title = 'entry-point', Message.literal('the power fails')\n"
            "    def describe(self): return EntryCall('HALF', Context.INSTALL).describe()\n"
            "    def run(self, workstation): os._exit(9)\n"
            "key = KeyPath.parse(r'HKLM\\SOFTWARE\\Half')\n"
            "leg = Leg(Message.literal('registry'), (CreateKey(key),))\n"
            "execute(Plan('install', Message.literal('Install Half'), (leg, Crash())),"
            " open_workstation(sys.argv[1]))\n"
        )
        uri = f"image:{tmp_path / 'pc'}"
        ended = subprocess.run([sys.executable, "-c", cut, uri], check=False)
        assert ended.returncode == 9
        assert self.scope_is_there(uri)
        return uri

    @staticmethod
    def scope_is_there(uri: str) -> bool:
        return open_workstation(uri).registry.subkeys(KeyPath.parse(r"HKLM\SOFTWARE\Half")) is not None

    def test_is_ended_by_the_next_that_writes(self, place: str, capsys: pytest.CaptureFixture[str]) -> None:
        asked("--workstation", place, "--yes")
        assert "Install Half" in capsys.readouterr().err
        assert not self.scope_is_there(place)

    def test_is_told_by_a_dry_run_and_left_alone(self, place: str, capsys: pytest.CaptureFixture[str]) -> None:
        asked("--workstation", place, "--dry-run")
        told = capsys.readouterr().err
        assert "Install Half" in told
        assert "mapiwright recover" in told
        assert self.scope_is_there(place)
