"""The Python that was to run a service's code ends before it came to it: it is blamed, and the service is not."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from mapiwright.entry.hosts.native_host import NativeHost, OnDisk
from mapiwright.entry.hosts.other_python import OtherPython
from mapiwright.entry.service.contract import Context, EntryFlag, Result
from mapiwright.errors import EntryPointError, RefusedError
from mapiwright.setup.trial.scratch import definition_from, scratch_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.entry.service.contract import EntryOutcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="scripts that start a Python: this is Windows itself")

INF = b"""\
[Services]
GOOD=Good
[GOOD]
PR_DISPLAY_NAME=Good
PR_SERVICE_DLL_NAME=good.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
"""


class Python(OtherPython):
    """A script that stands for this Python, as a version manager's does, and counts how often it runs the child."""

    def __init__(self, folder: Path, instead: str) -> None:
        """``instead`` is what it does before the child, whose number is ``$n``."""
        self.starts = folder / "starts"
        script = folder / "python"
        real = shlex.quote(sys.executable)
        script.write_text(
            "#!/bin/sh\n"
            f'case "$*" in *" -c "*) exec {real} "$@";; esac\n'
            f"echo >> {shlex.quote(str(self.starts))}\n"
            f"n=$(wc -l < {shlex.quote(str(self.starts))})\n"
            f"{instead}\n"
            f'exec {real} "$@"\n',
            encoding="utf-8",
        )
        script.chmod(0o755)
        super().__init__(script)

    @property
    def count(self) -> int:
        return len(self.starts.read_bytes())


class Impatient(Python):
    start_seconds = 3.0


def call(library: Path, interpreter: OtherPython) -> EntryOutcome:
    host = NativeHost(OnDisk(library), "ServiceEntry", interpreter)
    definition = definition_from(INF, "", "cp1252")
    return host.call(scratch_request(definition, Context.CREATE, {}, "cp1252", EntryFlag.UNICODE))


def failure(library: Path, interpreter: OtherPython) -> EntryPointError:
    with pytest.raises(EntryPointError) as caught:
        call(library, interpreter)
    return caught.value


@pytest.mark.parametrize(
    ("instead", "how"),
    [
        ("exit 1", "ended before it was ready (exit status 1)"),
        ("exit 0", "ended before it was ready (exit status 0)"),
        ("kill -KILL $$", "crashed before it was ready: SIGKILL (Killed)"),
        ("echo Welcome; exit 1", "ended before it was ready (exit status 1)"),
        ("""printf '{"phase": "loaded"}\\n'; exit 1""", "ended before it was ready (exit status 1)"),
        ("""printf '{"phase": "done"}\\n\\0'; exit 1""", "ended before it was ready (exit status 1)"),
    ],
)
def test_a_python_that_ends_before_it_is_ready_is_blamed_and_the_service_is_not(
    service: Callable[..., Path], tmp_path: Path, instead: str, how: str
) -> None:
    python = Python(tmp_path, f"echo 'no memory left' >&2; {instead}")
    error = failure(service("good"), python)
    assert error.what == f"the Python of {python.name} {how}; MAPI_E_CALL_FAILED"
    assert error.where == python.name
    assert error.remedy == (
        "The entry point was not called, and nothing of the service was loaded. Run it again; where it ends so "
        "again, free memory, or try that Python by hand. It had printed:\nno memory left"
    )
    assert not error.was_called


def test_a_python_that_is_never_ready_is_ended_and_not_started_again(
    service: Callable[..., Path], tmp_path: Path
) -> None:
    python = Impatient(tmp_path, "echo Welcome; sleep 600")
    error = failure(service("good"), python)
    assert "was not ready within 3 s and was ended; MAPI_E_TIMEOUT" in error.what
    assert error.hresult == Result.MAPI_E_TIMEOUT
    assert not error.was_called
    assert python.count == 1


def test_what_ended_before_it_was_ready_is_started_once_more(service: Callable[..., Path], tmp_path: Path) -> None:
    (once := tmp_path / "once").mkdir()
    python = Python(once, "[ $n = 1 ] && exit 1")
    assert call(service("good"), python).hresult == Result.S_OK
    assert python.count == 2
    (always := tmp_path / "always").mkdir()
    python = Python(always, "exit 1")
    failure(service("good"), python)
    assert python.count == 2


def test_what_was_not_heard_to_its_end_may_have_called_and_is_not_started_again(
    service: Callable[..., Path], tmp_path: Path
) -> None:
    python = Python(tmp_path, "setsid sleep 8 & exit 1")  # it holds the pipe open
    error = failure(service("good"), python)
    assert error.where != python.name
    assert error.was_called
    assert python.count == 1


def test_a_child_that_goes_on_without_its_channel_may_have_called_and_is_not_started_again(
    service: Callable[..., Path], tmp_path: Path
) -> None:
    python = Python(tmp_path, "exec >/dev/null; sleep 1")
    error = failure(service("good"), python)
    assert error.was_called
    assert "was not called" not in error.remedy
    assert python.count == 1


def test_a_zero_byte_before_it_is_ready_ends_nothing(service: Callable[..., Path], tmp_path: Path) -> None:
    python = Python(tmp_path, "printf '\\0'")
    error = failure(service("good"), python)
    assert error.was_called, "it went on, and called"
    assert python.count == 1


@pytest.mark.parametrize(
    ("how", "told"),
    [("exits_at_load", False), ("crashes_at_load", False), ("mutes_at_load", False), ("exits_with_3", True)],
)
def test_a_service_that_ends_it_is_blamed_and_not_loaded_again(
    service: Callable[..., Path], tmp_path: Path, how: str, *, told: bool
) -> None:
    python = Python(tmp_path, "")
    error = failure(service(how), python)
    assert error.what.startswith("the service ")
    assert "Show this to the vendor of the service." in error.remedy
    assert error.was_called, "what a library did before its child could say `loaded` is not known"
    assert error.remedy.startswith("Nothing that it set was kept.")
    assert ("Whether the entry point was called is not known." in error.remedy) is not told
    assert python.count == 1


def test_a_second_call_that_does_not_come_about_follows_a_first_that_did(
    service: Callable[..., Path], tmp_path: Path
) -> None:
    error = failure(service("refuses_both_widths"), Python(tmp_path, "[ $n -gt 1 ] && exit 1"))
    assert error.what.startswith("in the second call, with the other character width, the Python of ")
    assert error.was_called
    assert error.remedy.startswith("The entry point was called once, and nothing that it set was kept. Run it again;")


class Forgetful(Python):
    """It cannot say, after some questions, how the child is to be run."""

    def __init__(self, folder: Path, asks: str, answers: int) -> None:
        super().__init__(folder, "")
        self.asks, self.answers = asks, answers

    def _asked(self, what: str) -> None:
        if what == self.asks:
            self.answers -= 1
            if self.answers < 0:
                raise RefusedError("no drive leads there", remedy="Make one.")

    def path(self, here: Path) -> str:
        self._asked("path")
        return super().path(here)

    def environment(self) -> dict[str, str]:
        self._asked("environment")
        return super().environment()

    def command(self, archive: Callable[[], Path], *words: str) -> list[str]:
        self._asked("command")
        return super().command(archive, *words)


@pytest.mark.parametrize("asks", ["path", "environment", "command"])
def test_what_no_child_was_started_for_was_not_called_unless_a_first_call_was_made(
    service: Callable[..., Path], tmp_path: Path, asks: str
) -> None:
    library = service("refuses_both_widths")
    (never := tmp_path / "never").mkdir()
    with pytest.raises(RefusedError) as caught:
        call(library, Forgetful(never, asks, 0))
    assert not caught.value.was_called
    assert caught.value.remedy == "The entry point was not called. Make one."
    (once := tmp_path / "once").mkdir()
    with pytest.raises(RefusedError) as caught:
        call(library, Forgetful(once, asks, 2 if asks == "path" else 1))  # of the library, and of what is in front
    assert caught.value.was_called
    assert caught.value.what == "in the second call, with the other character width, no drive leads there"
    assert caught.value.remedy == "The entry point was called once, and nothing that it set was kept. Make one."
