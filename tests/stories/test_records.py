"""Mapiwright's own records on a workstation: closed to this user, left by a run that was cut short, or damaged."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import NotFoundError
from mapiwright.setup.install.status import PackageState, status
from mapiwright.setup.records.records import records_of
from mapiwright.transaction.records.journal import Journal
from mapiwright.ui.documents import documents
from mapiwright.ui.text import render
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Mapiwright = Callable[..., Any]

CLOSED = "Mapiwright's records on this workstation cannot be read by this user"


def records(folder: Path) -> Path:
    return next(path for path in folder.rglob("Mapiwright") if path.is_dir())


def interrupted(folder: Path) -> None:
    """What a run leaves that was killed after its first line."""
    state = open_workstation(f"image:{folder}").state
    Journal(state).add("begin", id="1", version="1", verb="install", title="install X", created="")


class TestClosedRecords:
    """An administrator installed it; the helpdesk looks as another user, without elevation."""

    @pytest.fixture
    def another(
        self,
        mapiwright: Mapiwright,
        acme: Path,
        workstation_folder: Path,
        open_folder: Path,
        closed: Callable[[Path], AbstractContextManager[None]],
    ) -> Mapiwright:
        """The command line of that other user."""
        assert mapiwright("install", acme, "--yes").code == 0
        folder = open_folder / "pc"
        shutil.copytree(workstation_folder, folder)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

        def type_(*arguments: str) -> Any:
            command = (*arguments, "--workstation", f"image:{folder}")
            assert CLOSED not in mapiwright(*command).err
            with closed(records(folder)):
                return mapiwright(*command)

        return type_

    def test_whoever_needs_them_is_refused_and_hears_who_may_read_them(self, another: Mapiwright, acme: Path) -> None:
        for verb in (
            ["status", "acme-mail"],
            ["receipts"],
            ["log"],
            ["plan", str(acme)],
            ["uninstall", "acme-mail", "--dry-run"],
            ["recover"],
        ):
            answer = another(*verb)
            assert answer.code == 1, (verb, answer.err)
            assert CLOSED in answer.err
            assert "elevated" in answer.err
            assert answer.out == ""

    def test_the_doctor_tells_the_rest(self, another: Mapiwright) -> None:
        document = json.loads(another("doctor", "--json").out)["doctor"]
        assert {found["id"]: found["severity"] for found in document["findings"]}["MW6409"] == "warning"
        facts = {fact["name"]: fact for fact in document["facts"]}
        assert not facts["Installed"]["known"]
        assert facts["Outlook"]["known"]
        assert "Installed:   unknown: " in another("doctor").out

    def test_profiles_services_and_the_workstation_are_shown(self, another: Mapiwright) -> None:
        assert "Zoë" in another("profile", "list").out
        assert "ACME" in another("profile", "show").out
        for look in (["section", "list"], ["table"], ["identity"], ["default-store"]):
            assert "ACME" in another("profile", *look, "Acme Mail").out
        assert "ACME" in another("service", "order").out
        assert "Available lists" in another("profile", "addressing", "Acme Mail").out
        assert "always uses Acme Mail" in another("profile", "startup").out
        assert another("workstation", "show").code == 0
        listed = another("service", "list")
        assert listed.code == 0
        assert "(package unknown: this user has no access to Mapiwright's records)" in listed.out
        assert "package:      (unknown" in another("service", "show", "ACME").out
        assert not json.loads(another("service", "show", "ACME", "--json").out)["service"]["known"]


class TestInterruptedRun:
    """Somebody looks while an earlier run stands half-way."""

    def test_every_verb_that_looks_says_so(self, mapiwright: Mapiwright, workstation_folder: Path) -> None:
        interrupted(workstation_folder)
        for verb in (["profile", "list"], ["receipts"], ["service", "list"], ["workstation", "show"], ["doctor"]):
            assert (
                "An earlier run was interrupted: install X. What you see may be incomplete. "
                "To end it: mapiwright recover\n" in mapiwright(*verb).err
            )
        mapiwright("recover")
        mapiwright("profile", "create", "One", "--yes")
        interrupted(workstation_folder)
        choices = [["profile", verb, "One"] for verb in ("identity", "default-store", "addressing")]
        for verb in (*choices, ["service", "order", "One"], ["profile", "startup"]):
            assert "What you see may be incomplete. To end it: mapiwright recover\n" in mapiwright(*verb).err
        assert "interrupted" not in mapiwright("recover").err
        assert "interrupted" not in mapiwright("profile", "list").err

    def test_whoever_writes_ends_it_and_is_told_once(
        self, mapiwright: Mapiwright, acme: Path, workstation_folder: Path
    ) -> None:
        interrupted(workstation_folder)
        answer = mapiwright("install", acme, "--yes")
        assert answer.code == 0
        assert answer.err.count("was interrupted") == 1
        for verb in (
            ["profile", "identity", "Acme Mail", "--clear", "--yes"],
            ["profile", "section", "set", "Acme Mail", "ACME", "--set", "66010003=1", "--yes"],
            ["profile", "configure-service", "Acme Mail", "ACME", "--set", "66010003=143", "--yes"],
            ["profile", "addressing", "Acme Mail", "--clear-search", "--yes"],
            ["profile", "startup", "--prompt", "--yes"],
        ):
            interrupted(workstation_folder)
            answer = mapiwright(*verb)
            assert (answer.code, answer.err.count("was interrupted")) == (0, 1)

    def test_a_damaged_journal_is_told(self, mapiwright: Mapiwright, workstation_folder: Path) -> None:
        state = open_workstation(f"image:{workstation_folder}").state
        for title in ("one", "two", "three"):
            Journal(state).add("begin", id="1", title=title)
        first, _, third = (state.read("journal") or b"").splitlines(keepends=True)
        state.write("journal", first + third)
        assert "interrupted: the journal is damaged: line 1 is missing" in mapiwright("profile", "list").err

    def test_a_run_that_is_going_on_is_not_called_interrupted(
        self, mapiwright: Mapiwright, workstation_folder: Path
    ) -> None:
        interrupted(workstation_folder)
        shown = mapiwright("profile", "list", "--json")
        assert shown.document["unfinished"] == "interrupted"
        with open_workstation(f"image:{workstation_folder}").state.lock():
            shown = mapiwright("profile", "list", "--json")
            assert f"Another run is changing this workstation just now, by process {os.getpid()} on " in shown.err
            assert "interrupted" not in shown.err
            assert shown.document["unfinished"] == "running"
        assert mapiwright("recover").code == 0
        assert "unfinished" not in mapiwright("profile", "list", "--json").document

    def test_a_journal_without_a_line_does_not_hide_what_was_begun(
        self, mapiwright: Mapiwright, workstation_folder: Path
    ) -> None:
        state = open_workstation(f"image:{workstation_folder}").state
        state.write("journal", b"torn")
        assert mapiwright("recover").code == 0, "a run that was killed in its first line had done nothing"
        state.write("journal", b"torn")
        state.write("backups/20260101T000000-abcd/0", b"whatever it was")
        stuck = mapiwright("recover")
        assert stuck.code == 4
        assert "something was begun: 20260101T000000-abcd has backups" in stuck.err
        assert mapiwright("profile", "create", "New", "--yes").code == 4
        assert mapiwright("recover", "--set-aside", "--yes").code == 0, "which is the remedy"
        assert mapiwright("profile", "create", "New", "--yes").code == 0
        assert state.read("backups/20260101T000000-abcd/0") == b"whatever it was"

    def test_status_has_a_state_for_it(self, mapiwright: Mapiwright, acme: Path, workstation_folder: Path) -> None:
        mapiwright("install", acme, "--yes")
        interrupted(workstation_folder)
        answer = mapiwright("status", "acme-mail")
        assert answer.code == 4
        assert (
            answer.out
            == "acme-mail: unknown; an earlier run was interrupted: install X. End it: mapiwright recover\n"
        )
        answer = mapiwright("status", "acme-mail", "--json")
        assert answer.code == 4
        assert answer.document["status"]["state"] == "interrupted"
        assert mapiwright("recover").code == 0
        assert mapiwright("status", "acme-mail").code == 0


class TestDamagedReceipts:
    """One receipt is damaged; everything that does not depend on it goes on."""

    NAME = "receipts/20200101T000000-dead.json"

    @pytest.fixture(autouse=True)
    def _damage(self, workstation_folder: Path) -> None:
        open_workstation(f"image:{workstation_folder}").state.write(self.NAME, b"{")

    def test_the_others_are_listed_and_it_is_named(self, mapiwright: Mapiwright, acme: Path) -> None:
        alone = mapiwright("receipts")
        assert alone.code == 0
        assert alone.out == ""
        assert mapiwright("install", acme, "--yes").code == 0
        answer = mapiwright("receipts")
        assert "install Acme Mail" in answer.out
        assert self.NAME in answer.err
        assert "MW6405" in answer.err
        document = mapiwright("receipts", "--json").document
        assert len(document["receipts"]) == 1
        (finding,) = document["findings"]
        assert finding["where"] == self.NAME
        assert r"C:\ProgramData\Mapiwright" in finding["remedy"]

    def test_other_packages_come_stay_and_go(
        self, mapiwright: Mapiwright, acme: Path, picture: Callable[[], dict[str, bytes]]
    ) -> None:
        before = picture()
        made = mapiwright("install", acme, "--yes", "--json").document["receipt"]["id"]
        assert mapiwright("status", "acme-mail").code == 0
        assert mapiwright("repair", made, "--yes").code == 0
        removed = mapiwright("uninstall", "acme-mail", "--yes")
        assert removed.code == 0
        assert self.NAME in removed.err
        assert picture().keys() == before.keys()

    def test_a_package_that_is_not_found_may_be_its(self, mapiwright: Mapiwright, workstation_folder: Path) -> None:
        for verb in (["uninstall", "other", "--yes"], ["guard", "other", "--yes"], ["repair", "other", "--yes"]):
            answer = mapiwright(*verb)
            assert answer.code == 1
            assert f"{self.NAME} may be of it" in answer.err
        answer = mapiwright("status", "other")
        assert answer.code == 1
        assert "not installed, as far as is known" in answer.out
        assert self.NAME in answer.out
        (records(workstation_folder) / self.NAME).unlink()
        assert mapiwright("status", "other").out == "other: not installed\n"

    def test_undo_of_it_is_refused_with_the_remedy(self, mapiwright: Mapiwright) -> None:
        answer = mapiwright("undo", "20200101T000000-dead", "--yes")
        assert answer.code == 1
        assert "the receipt is damaged" in answer.err
        assert "move it elsewhere" in answer.err

    def test_from_python(self, workstation_folder: Path) -> None:
        workstation = open_workstation(f"image:{workstation_folder}")
        with pytest.raises(NotFoundError, match=self.NAME):
            records_of(workstation).installation("other")
        assert status(workstation, "other").state is PackageState.ABSENT


# What is done is reported, whatever comes meanwhile.


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_signal_that_comes_when_all_is_done_keeps_the_receipt_from_nobody(
    mapiwright: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, name: str, as_json: bool
) -> None:
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip(f"there is no {name} on this system")
    before = signal.signal(number, signal.default_int_handler)  # who started the tests may have it ignored
    for module, writer in ((render, "receipt_lines"), (documents, "receipt_document")):
        shown = getattr(module, writer)

        def disturbed(*arguments: Any, shown: Callable[..., Any] = shown) -> Any:
            signal.raise_signal(number)
            return shown(*arguments)

        monkeypatch.setattr(module, writer, disturbed)
    try:
        answer = mapiwright("profile", "create", "Work", "--yes", *(["--json"] if as_json else []))
        assert answer.code == 0
        assert ("receipt" in answer.document) if as_json else ("mapiwright undo" in answer.out)
        assert signal.getsignal(number) is signal.default_int_handler, "from then on it counts again"
    finally:
        signal.signal(number, before)
