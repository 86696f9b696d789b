"""``profile configure-service``: a service of a profile is given properties, and decides what becomes of them."""

from __future__ import annotations

import io
import os
import select
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

    Mapiwright = Callable[..., Answer]

PROFILE = "Acme Mail"
CONFIGURE = ("profile", "configure-service", PROFILE, "ACME")
SECRET = "correct horse battery"  # noqa: S105 - what must never be seen again
PASSWORD = "67FC001F"  # noqa: S105 - a tag


@pytest.fixture
def installed(mapiwright: Mapiwright, acme: Path) -> Mapiwright:
    assert mapiwright("install", acme, "--yes").code == 0
    return mapiwright


def stored(mapiwright: Mapiwright) -> Any:
    (service,) = mapiwright("profile", "show", PROFILE, "--json").document["services"]
    return service["sections"][service["uid"]]


def test_the_service_takes_the_properties_and_names_its_providers_after_them(
    installed: Mapiwright, tmp_path: Path
) -> None:
    before = stored(installed)
    (tmp_path / "user").write_text("zoe\n", encoding="utf-8")
    given = ("--set", "66010003=143", "--set-file", f"6602001F={tmp_path / 'user'}")
    answer = installed(*CONFIGURE, *given, "--yes", "--json")
    assert answer.code == 0, answer.err
    (effect,) = answer.document["receipt"]["effects"]
    assert effect["outcome"] == "done"
    assert "MSG_SERVICE_CONFIGURE" in effect["title"]
    assert stored(installed) == before | {"66010003": 143, "6602001E": "zoe"}
    assert "Acme Mailbox - zoe" in installed("profile", "show", PROFILE).out
    assert installed("undo", answer.document["receipt"]["id"], "--yes").code == 0
    assert stored(installed) == before


def test_what_the_service_refuses_is_told_in_its_words_and_nothing_is_stored(
    installed: Mapiwright, picture: Callable[[], dict[str, bytes]]
) -> None:
    before = picture()
    answer = installed(*CONFIGURE, "--set", "66010003=0", "--yes")
    assert answer.code == 3
    assert "The port 0 is not between 1 and 65535." in answer.err
    assert picture() == before
    assert installed(*CONFIGURE, "--set", "66010003=143", "--dry-run").code == 0
    assert installed(*CONFIGURE, "--yes").code == 2, "there is nothing to configure"
    assert picture() == before


@pytest.fixture
def pst_uids(mapiwright: Mapiwright) -> list[str]:
    """The uids of a service whose code cannot run here, and which the profile holds twice."""
    mapiwright("profile", "create", PROFILE, "--yes")
    for _ in range(2):
        mapiwright("profile", "add-service", PROFILE, "MSUPST MS", "--yes")
    services = mapiwright("profile", "show", PROFILE, "--json").document["services"]
    return [service["uid"] for service in services]


def test_a_service_that_occurs_twice_is_asked_for_by_uid_and_called_when_it_can_be(
    mapiwright: Mapiwright, pst_uids: list[str]
) -> None:
    words = ("--set", "6700001F=D:\\Zoë.pst", "--yes", "--json")
    unclear = mapiwright("profile", "configure-service", PROFILE, "MSUPST MS", *words)
    assert unclear.code == 2
    assert all(uid in unclear.err for uid in pst_uids)
    taken = mapiwright("profile", "configure-service", PROFILE, pst_uids[1], *words)
    assert [effect["outcome"] for effect in taken.document["receipt"]["effects"]] == ["pending"]


def test_a_secret_is_not_deferred_as_it_could_be_kept_nowhere(
    mapiwright: Mapiwright, pst_uids: list[str], monkeypatch: pytest.MonkeyPatch, workstation_folder: Path
) -> None:
    before = mapiwright("receipts").out
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    words = ("profile", "configure-service", PROFILE, pst_uids[0], "--set", f"{PASSWORD}=-", "--yes")
    answer = mapiwright(*words)
    assert answer.code == 3
    assert "MSUPST MS" in answer.err
    assert mapiwright("receipts").out == before
    assert SECRET not in answer.out + answer.err
    files = [path.read_bytes() for path in workstation_folder.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in data or SECRET.encode("utf-16-le") in data for data in files)


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal is made as POSIX makes one")
def test_a_secret_is_typed_unseen_on_a_terminal(installed: Mapiwright, workstation_folder: Path) -> None:
    import pty

    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "mapiwright", *CONFIGURE, "--set", f"{PASSWORD}=-", "--yes"]
    running = subprocess.Popen(
        [*command, "--workstation", f"image:{workstation_folder}"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    shown = b""
    try:
        while b"PR_AUTOCFG_USER_PASSWORD" not in shown:
            assert select.select([controller], [], [], 30)[0], "it does not ask"
            shown += os.read(controller, 1024)
        os.write(controller, f"{SECRET}\n".encode())
        out, _ = running.communicate(timeout=60)
        while select.select([controller], [], [], 0)[0]:
            shown += os.read(controller, 4096)
    except OSError:
        pass  # Linux says so that the other side is gone, and all of it is read
    finally:
        os.close(controller)
        running.kill()
        running.communicate()
    assert running.returncode == 3, "the example stores it, and off Windows nothing can encrypt it"
    assert PASSWORD.encode() in shown
    assert SECRET.encode() not in shown + out
    assert installed("profile", "section", "get", PROFILE, "ACME", PASSWORD).code == 1
