"""A service's own library in a real install: what it does is a leg of the transaction, a bad one leaves no trace."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

    from mapiwright.entry.hosts.wine import WinePython

PORT = "66010003"
WRITTEN = "66A00003"


def sections(mapiwright: Callable[..., Answer]) -> dict[str, object]:
    """The sections of the one service, without the uids that are drawn anew."""
    (service,) = mapiwright("profile", "show", "--json").document["services"]
    names = {provider["uid"]: provider["display"] for provider in service["providers"]}
    found = {
        names.get(uid, "service" if uid == service["uid"] else uid): of for uid, of in service["sections"].items()
    }
    text = json.dumps(found)
    for number, uid in enumerate((service["uid"], *names)):
        text = text.replace(uid, f"<{number}>").replace(uid.upper(), f"<{number}>")
    return dict(json.loads(text))


def place(workstation_folder: Path, library: Path) -> None:
    """Put a library of this computer where the installed one lies; the next call runs it."""
    (there,) = (path for path in workstation_folder.rglob("*") if path.name.lower() == "acme32.dll")
    there.write_bytes(library.read_bytes())


# A DLL of Windows, from Linux


def test_an_install_calls_the_dll_itself_and_leaves_what_its_stand_in_would(
    mapiwright: Callable[..., Answer], acme: Path, wine: WinePython
) -> None:
    assert mapiwright("install", acme, "--yes").code == 0
    by_stand_in = sections(mapiwright)
    assert mapiwright("uninstall", "acme-mail", "--yes").code == 0

    answer = mapiwright("install", acme, "--yes", "--host", wine.name)
    assert answer.code == 0, answer.err
    assert answer.out.count("Done: call ACME with") == 3
    assert sections(mapiwright) == by_stand_in
    assert mapiwright("uninstall", "acme-mail", "--yes", "--host", wine.name).code == 0


def test_what_was_deferred_is_sent_to_the_dll(
    mapiwright: Callable[..., Answer], release: Callable[..., Path], wine: WinePython
) -> None:
    no_stand_in = {
        'entry = "acme_service:service_entry"\n': "",
        'sources = ["acme_service.py"]\n': "",
        "deadline = 20\n": "",
    }
    mapiwright("install", release("4.0", {"mapiwright.toml": no_stand_in}), "--yes")
    assert len(mapiwright("service", "show", "ACME", "--json").document["service"]["pending"]) == 3
    assert mapiwright("service", "call", "--pending", "--yes", "--host", wine.name).code == 0
    assert mapiwright("service", "show", "ACME", "--json").document["service"]["pending"] == []
    settings = sections(mapiwright)["5e2d9a40b1c84f6d8e7730a1d4f2c6b9"]
    assert "acme://guest@mail.acme.example:993/" in json.dumps(settings)


def test_a_saved_plan_remembers_where_the_library_runs(
    mapiwright: Callable[..., Answer], acme: Path, wine: WinePython, tmp_path: Path
) -> None:
    saved = tmp_path / "approved.plan"
    assert mapiwright("plan", acme, "--host", wine.name, "-o", saved).code == 0
    assert mapiwright("apply", saved, "--yes").code == 0
    effects = mapiwright("receipts", "--json").document["receipts"][-1]["effects"]
    assert [effect["outcome"] for effect in effects] == ["done"] * 3


# A library of this computer


def test_a_good_library_s_changes_are_a_leg_that_undo_takes_back(
    mapiwright: Callable[..., Answer],
    acme: Path,
    workstation_folder: Path,
    service: Callable[..., Path],
) -> None:
    mapiwright("install", acme, "--yes")
    place(workstation_folder, service("good"))
    before = mapiwright("profile", "dump", "Acme Mail").document
    words = ("service", "call", "ACME", "--context", "CONFIGURE", "--set", f"{PORT}=143", "--host", "here")
    answer = mapiwright(*words, "--yes")
    assert answer.code == 0, answer.err
    assert '6683001E = "all well"' in answer.out
    changed = sections(mapiwright)["service"]
    assert isinstance(changed, dict)
    assert changed[PORT] == 143
    receipt = mapiwright("receipts", "--json").document["receipts"][-1]["id"]
    assert mapiwright("undo", receipt, "--yes").code == 0
    assert mapiwright("profile", "dump", "Acme Mail").document == before


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("crashes", "SIGSEGV"),
        ("aborts", "SIGABRT"),
        ("exits_in_silence", "without a result"),
        ("exits_at_load", "while it was loaded"),
        ("forgets_terminators", "SIGSEGV"),
        ("uses_after_release", "MAPI_E_CALL_FAILED"),
        ("refuses_both_widths", "MAPI_E_BAD_CHARWIDTH"),
    ],
)
def test_a_bad_library_leaves_profile_and_disk_as_they_were(
    mapiwright: Callable[..., Answer],
    acme: Path,
    workstation_folder: Path,
    service: Callable[..., Path],
    picture: Callable[[], dict[str, bytes]],
    how: str,
    told: str,
) -> None:
    mapiwright("install", acme, "--yes")
    place(workstation_folder, service(how))
    before = picture()
    answer = mapiwright("service", "call", "ACME", "--context", "CONFIGURE", "--host", "here", "--yes")
    assert answer.code == 3
    assert told in answer.err
    assert "Everything was rolled back" in answer.err
    assert picture() == before
    assert mapiwright("recover").code == 0


def test_a_cancelled_uninstall_keeps_everything(
    mapiwright: Callable[..., Answer],
    acme: Path,
    workstation_folder: Path,
    service: Callable[..., Path],
    picture: Callable[[], dict[str, bytes]],
) -> None:
    mapiwright("install", acme, "--yes", "--no-profile")
    place(workstation_folder, service("cancels"))
    before = picture()
    answer = mapiwright("uninstall", "acme-mail", "--yes", "--host", "here")
    assert answer.code == 3
    assert "cancelled" in answer.err
    assert picture() == before
    assert mapiwright("status", "acme-mail").code in {0, 1}


@pytest.fixture
def state(workstation_folder: Path, picture: Callable[[], dict[str, bytes]]) -> Callable[[], object]:
    """Every file of the workstation by its bytes, and the registry by its values, as a rollback restores them."""

    def take() -> object:
        workstation = open_workstation(f"image:{workstation_folder}")
        roots = [KeyPath.parse(rf"HKLM\{name}") for name in ("SOFTWARE", "SYSTEM")]
        roots += [user.root for user in workstation.users]
        hives = ("NTUSER.DAT", "SOFTWARE", "SYSTEM", "DEFAULT")
        files = {place: data for place, data in picture().items() if not place.endswith(hives)}
        return files, [workstation.registry.read(root) for root in roots]

    return take


def words(answer: Answer) -> str:
    """What an error told, without what was said before it."""
    return answer.err[answer.err.index("Error: ") :]


def test_a_library_of_windows_is_not_called_here_and_nothing_is_called_back(
    mapiwright: Callable[..., Answer], acme: Path, state: Callable[[], object]
) -> None:
    before = state()
    answer = mapiwright("install", acme, "--yes", "--host", "here")
    assert answer.code == 3
    assert words(answer) == (
        "Error: acme32.dll: the library is a DLL of Windows; this Python loads a shared library of Linux\n"
        "  The entry point was not called. Use `--host wine:PREFIX` for a DLL of Windows on Linux.\n"
        "  Everything was rolled back.\n"
    )
    assert state() == before
    assert mapiwright("recover").out == "No transaction was interrupted.\n"


def test_where_there_is_no_prefix_nothing_is_begun(
    mapiwright: Callable[..., Answer], acme: Path, state: Callable[[], object]
) -> None:
    before = state()
    answer = mapiwright("install", acme, "--yes", "--host", "wine:/nowhere")
    assert answer.code == 1
    assert "Error: /nowhere: it is no Wine prefix" in words(answer)
    assert "Make one" in words(answer)
    assert state() == before


@pytest.mark.parametrize(
    ("script", "how"),
    [
        ('case "$*" in *" -c "*) exit 0;; esac; exit 1', "ended before it was ready (exit status 1)"),
    ],
)
def test_where_there_is_no_python_or_none_that_starts_nothing_is_called_back(
    mapiwright: Callable[..., Answer],
    acme: Path,
    workstation_folder: Path,
    service: Callable[..., Path],
    state: Callable[[], object],
    tmp_path: Path,
    script: str,
    how: str,
) -> None:
    mapiwright("install", acme, "--yes", "--no-profile")
    mapiwright("profile", "create", "Work", "--yes")
    place(workstation_folder, service("good"))
    python = tmp_path / "python"
    if script:
        python.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        python.chmod(0o755)
    before = state()
    answer = mapiwright("profile", "add-service", "Work", "ACME", "--host", f"python:{python}", "--yes")
    assert answer.code == 3
    assert how in words(answer)
    assert "The entry point was not called" in words(answer)
    assert words(answer).endswith("Everything was rolled back.\n"), "what could not be taken back would follow"
    assert state() == before


@pytest.fixture
def needs_more(tmp_path: Path, witness: Callable[[str], str]) -> Path:
    """A library with the entry point, which lacks a function that nobody has."""
    source, made = tmp_path / "needs_more.c", tmp_path / "needs_more.so"
    source.write_text("int not_there(void);\nint ServiceEntry(void) { return not_there(); }\n", encoding="ascii")
    subprocess.run([witness("cc"), "-shared", "-fPIC", "-o", made, source], check=True, capture_output=True)
    return made


def test_a_library_that_cannot_be_loaded_is_not_called_back(
    mapiwright: Callable[..., Answer],
    acme: Path,
    workstation_folder: Path,
    state: Callable[[], object],
    needs_more: Path,
) -> None:
    mapiwright("install", acme, "--yes", "--no-profile")
    mapiwright("profile", "create", "Work", "--yes")
    place(workstation_folder, needs_more)
    before = state()
    answer = mapiwright("profile", "add-service", "Work", "ACME", "--host", "here", "--yes")
    assert answer.code == 3
    first, *rest = words(answer).splitlines()
    assert first.startswith(
        "Error: ServiceEntry in acme32.dll, MSG_SERVICE_CREATE: the service has a library that cannot be loaded: "
    )
    assert first.endswith("undefined symbol: not_there; MAPI_E_CALL_FAILED")
    assert rest == [
        "  The entry point was not called. Show this to the vendor of the service.",
        "  Everything was rolled back.",
    ]
    assert state() == before


def test_a_library_that_was_called_is_called_back(
    mapiwright: Callable[..., Answer],
    acme: Path,
    workstation_folder: Path,
    service: Callable[..., Path],
    state: Callable[[], object],
) -> None:
    mapiwright("install", acme, "--yes", "--no-profile")
    mapiwright("profile", "create", "Work", "--yes")
    place(workstation_folder, service("crashes"))
    before = state()
    answer = mapiwright("profile", "add-service", "Work", "ACME", "--host", "here", "--yes")
    assert answer.code == 3
    assert "Could not undo 'call ACME with MSG_SERVICE_CREATE in profile 'Work' of Zoë'" in words(answer)
    assert state() == before


def test_without_a_host_no_library_is_loaded(
    mapiwright: Callable[..., Answer], acme: Path, workstation_folder: Path, service: Callable[..., Path]
) -> None:
    mapiwright("install", acme, "--yes")
    place(workstation_folder, service("crashes"))
    answer = mapiwright("service", "call", "ACME", "--context", "CONFIGURE", "--set", f"{PORT}=143", "--yes")
    assert answer.code == 0, "the stand-in was called"
