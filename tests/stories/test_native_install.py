"""A service's own library in a real install: what it does is a leg of the transaction, a bad one leaves no trace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

    from mapiwright.entry.wine import WinePython

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


def test_a_library_of_windows_is_not_called_here(mapiwright: Callable[..., Answer], acme: Path) -> None:
    answer = mapiwright("install", acme, "--yes", "--host", "here")
    assert answer.code == 3
    assert "is a DLL of Windows" in answer.err
    assert "--host wine:PREFIX" in answer.err
    assert mapiwright("profile", "list", "--json").document["profiles"] == []


def test_without_a_host_no_library_is_loaded(
    mapiwright: Callable[..., Answer], acme: Path, workstation_folder: Path, service: Callable[..., Path]
) -> None:
    mapiwright("install", acme, "--yes")
    place(workstation_folder, service("crashes"))
    answer = mapiwright("service", "call", "ACME", "--context", "CONFIGURE", "--set", f"{PORT}=143", "--yes")
    assert answer.code == 0, "the stand-in was called"
