"""The verbs ``wizard`` and ``panel`` in a real terminal: a person types, and what he sees and finds afterwards."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals: Windows has none that Python opens", allow_module_level=True)

import fcntl
import pty
import select
import struct
import termios

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Person = Callable[..., tuple[int, str]]
    Profiles = Callable[[], list[str]]
    Dialogue = list[tuple[str, str]]

ENTER, ESCAPE = "\r", "\x1b"
PATIENCE = 60.0


@pytest.fixture
def person(workstation_folder: Path) -> Iterator[Person]:
    """``person(["wizard"], [("Welcome", ENTER), ...])`` sees a text, then types; the exit code and what was shown."""
    uri = f"image:{workstation_folder}"
    started: list[int] = []

    def sit(words: Sequence[str], dialogue: Sequence[tuple[str, str]]) -> tuple[int, str]:
        pid, terminal = pty.fork()
        if pid == 0:  # pragma: no cover - it becomes the program
            os.environ.update(TERM="xterm-256color", MAPIWRIGHT_WORKSTATION=uri, LC_ALL="C.UTF-8")
            os.execv(sys.executable, [sys.executable, "-m", "mapiwright", *words])  # noqa: S606 - no shell is wanted
        started.append(pid)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        seen, begun = "", time.monotonic()
        waiting = list(dialogue)
        while time.monotonic() - begun < PATIENCE:
            readable, _, _ = select.select([terminal], [], [], 0.2)
            if readable:
                try:
                    some = os.read(terminal, 1 << 16)
                except OSError:  # Linux says so that nobody writes any more
                    break
                if not some:
                    break
                seen += some.decode("utf-8", "replace")
            elif waiting and waiting[0][0] in seen:  # it is at rest
                os.write(terminal, waiting.pop(0)[1].encode())
        os.close(terminal)
        if waiting:
            os.kill(pid, 9)
        _, status = os.waitpid(pid, 0)
        started.remove(pid)
        assert not waiting, f"it was never seen: {waiting[0][0]}"
        return os.waitstatus_to_exitcode(status), seen

    yield sit
    for pid in started:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_a_person_makes_a_profile_and_is_told_how_to_take_it_back(
    profiles: Profiles, to_the_summary: Dialogue, person: Person
) -> None:
    code, seen = person(["wizard"], [*to_the_summary, ("Ready to finish", ENTER), ("The profile is ready", ENTER)])
    assert code == 0
    assert "mapiwright undo" in seen
    assert profiles() == ["Outlook"]


def test_a_dry_run_shows_the_plan_when_the_pages_are_gone(
    profiles: Profiles, to_the_summary: Dialogue, person: Person
) -> None:
    code, seen = person(["wizard", "--dry-run"], [*to_the_summary, ("This is a dry run", ENTER)])
    assert code == 0
    assert "Together: 0 files" in seen
    assert profiles() == []


def test_who_cancels_is_told_that_nothing_was_changed(profiles: Profiles, person: Person) -> None:
    code, seen = person(["wizard", "--language", "fr"], [("Bienvenue dans", ENTER), ("Choisir les services", ESCAPE)])
    assert code == 1
    assert "nothing was changed" in seen
    assert profiles() == []


DELETE = "\x1b[3~"


@pytest.fixture
def with_profile(mapiwright: Callable[..., Any], profiles: Profiles) -> Profiles:
    """A workstation with a profile that has something to lose."""
    assert mapiwright("profile", "create", "Work", "--default", "--yes").code == 0
    return profiles


def test_a_person_removes_a_profile_in_the_panel_and_is_told_how_to_take_it_back(
    with_profile: Profiles, person: Person
) -> None:
    code, seen = person(
        ["panel"],
        [("Work (default)", DELETE), ("Remove the profile Work?", ENTER), ("Done. Receipt", ESCAPE)],
    )
    assert code == 0
    assert "mapiwright undo" in seen.rpartition("Done. Receipt")[2]
    assert with_profile() == []


def test_the_panel_ends_with_its_terminal_where_no_signal_tells(workstation_folder: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - it becomes the program
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        words = [sys.executable, "-m", "mapiwright", "panel", "--workstation", f"image:{workstation_folder}"]
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
        os.execv(sys.executable, words)  # noqa: S606 - no shell is wanted
    seen = b""
    while b"Installed services" not in seen:
        seen += os.read(terminal, 1 << 16)
    os.close(terminal)
    deadline = time.monotonic() + PATIENCE
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            pytest.fail("it runs on, and nobody sees it")
        time.sleep(0.1)


def test_a_dry_run_of_the_panel_changes_nothing(with_profile: Profiles, person: Person) -> None:
    code, _ = person(
        ["panel", "--dry-run", "--language", "fr"],
        [("Work (par défaut)", DELETE), ("C'est une simulation", ESCAPE), ("Work", ESCAPE)],
    )
    assert code == 0
    assert with_profile() == ["Work"]


@pytest.mark.parametrize("words", [("--yes",), ("--json",), ("--dry-run", "-o", "plan")])
def test_the_panel_takes_no_options_of_who_is_not_asked(
    mapiwright: Callable[..., Any], words: tuple[str, ...]
) -> None:
    assert mapiwright("panel", *words).code == 2


def test_the_panel_needs_a_screen_and_names_what_does_not(mapiwright: Callable[..., Any]) -> None:
    told = mapiwright("panel")
    assert told.code == 1
    assert "needs a terminal" in told.err
    assert "--serve" in told.err
    assert "verbs of the command line" in told.err
