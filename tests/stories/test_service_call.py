"""``service call``: one message to a service that is installed, and the calls that were deferred."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

PORT = "66010003"
NO_STAND_IN = {
    "mapiwright.toml": {
        'entry = "acme_service:service_entry"\n': "",
        'sources = ["acme_service.py"]\n': "",
        "deadline = 20\n": "",
    }
}
SECRET = "correct horse battery"  # noqa: S105 - what must never be seen again


@pytest.fixture
def installed(mapiwright: Callable[..., Answer], acme: Path) -> Callable[..., Answer]:
    assert mapiwright("install", acme, "--yes").code == 0
    return mapiwright


def port(mapiwright: Callable[..., Answer]) -> int:
    (service,) = mapiwright("profile", "show", "--json").document["services"]
    return int(service["sections"][service["uid"]][PORT])


# One message


def test_configure_stores_what_the_service_made_of_the_properties(installed: Callable[..., Answer]) -> None:
    answer = installed("service", "call", "ACME", "--context", "CONFIGURE", "--set", f"{PORT}=143", "--yes")
    assert (answer.code, port(installed)) == (0, 143)
    assert "result: S_OK (0x00000000)" in answer.out
    assert f"{PORT} = 0x8f (143)" in answer.out
    receipt = installed("receipts", "--json").document["receipts"][-1]
    assert receipt["title"] == "call ACME with MSG_SERVICE_CONFIGURE in profile 'Acme Mail' of Zoë"
    assert installed("undo", receipt["id"], "--yes").code == 0
    assert port(installed) == 993


def test_the_document_has_the_receipt_and_the_call(installed: Callable[..., Answer]) -> None:
    words = ("service", "call", "acme-mail", "--context", "configure", "--set", f"{PORT}=0x19", "--yes", "--json")
    document = installed(*words).document
    assert document["receipt"]["verb"] == "call"
    assert (document["call"]["service"], document["call"]["context"]) == ("ACME", "CONFIGURE")
    assert document["call"]["result"] == "S_OK"
    assert {PORT: 25} in document["call"]["changed"].values()


def test_a_dry_run_calls_nothing(installed: Callable[..., Answer], picture: Callable[[], dict[str, bytes]]) -> None:
    before = picture()
    words = ("service", "call", "ACME", "--context", "CONFIGURE", "--set", f"{PORT}=143", "--dry-run")
    answer = installed(*words)
    assert "call ACME with MSG_SERVICE_CONFIGURE" in answer.out
    assert "result:" not in answer.out
    assert picture() == before


def test_what_the_service_refuses_is_told_in_its_words_and_nothing_is_stored(
    installed: Callable[..., Answer], picture: Callable[[], dict[str, bytes]]
) -> None:
    before = picture()
    answer = installed("service", "call", "ACME", "--context", "CONFIGURE", "--set", f"{PORT}=0", "--yes")
    assert answer.code == 3
    assert "The port 0 is not between 1 and 65535." in answer.err
    assert "MAPI_E_EXTENDED_ERROR" in answer.out
    assert picture() == before


def test_a_refusal_is_one_document_too(installed: Callable[..., Answer]) -> None:
    answer = installed("service", "call", "ACME", "--context", "CONFIGURE", "--set", f"{PORT}=0", "--yes", "--json")
    assert answer.code == 3
    assert answer.document["error"]["hresult"] == "0x80040119"
    assert answer.document["call"]["error"]["message"] == "The port 0 is not between 1 and 65535."


def test_a_message_of_the_machine_needs_no_profile(installed: Callable[..., Answer]) -> None:
    assert installed("service", "call", "ACME", "--context", "INSTALL", "--yes").code == 0


def test_a_context_that_the_service_does_not_know_fails(installed: Callable[..., Answer]) -> None:
    answer = installed("service", "call", "ACME", "--context", "PROVIDER_CREATE", "--yes")
    assert answer.code == 3
    assert "MAPI_E_NO_SUPPORT" in answer.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ACME",), "--context"),
        ((), "--pending"),
        (("--context", "INSTALL"), "NAME"),
        (("ACME", "--context", "CREATE", "--set", f"{PORT}=1"), "CONFIGURE only"),
        (("ACME", "--context", "CREATE", "--set-file", f"{PORT}=port.txt"), "CONFIGURE only"),
        (("ACME", "--context", "CONFIGURE", "--set", "nonsense=1"), "names no property"),
        (("ACME", "--context", "CONFIGURE", "--set", f"{PORT}=nine"), "does not fit"),
        (("ACME", "--context", "CONFIGURE", "--host", "moon"), "there is no host"),
        (("--pending", "--context", "INSTALL"), "--pending goes with a NAME alone"),
    ],
)
def test_what_makes_no_sense_is_told(mapiwright: Callable[..., Answer], words: tuple[str, ...], told: str) -> None:
    answer = mapiwright("service", "call", *words, "--yes")
    assert answer.code == 2
    assert told in answer.err


def test_a_service_that_is_not_there_is_told(installed: Callable[..., Answer]) -> None:
    for context, told in (("INSTALL", "no longer installed"), ("CREATE", "no service 'NOPE'")):
        answer = installed("service", "call", "NOPE", "--context", context, "--yes")
        assert answer.code == 1
        assert told in answer.err


# Secrets


def test_a_secret_is_not_taken_from_the_command_line(installed: Callable[..., Answer]) -> None:
    answer = installed("service", "call", "ACME", "--context", "CONFIGURE", "--set", f"67FC001F={SECRET}", "--yes")
    assert answer.code == 2
    assert "others can read a command line" in answer.err
    assert SECRET not in answer.out + answer.err


def test_a_secret_from_standard_input_reaches_the_service_and_no_output(
    installed: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, workstation_folder: Path
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    answer = installed("service", "call", "ACME", "--context", "CONFIGURE", "--set", "67FC001F=-", "--yes")
    # The example stores what it is given, and off Windows nothing can encrypt a secret.
    assert answer.code == 3
    assert "67FC001F, which cannot be encrypted here" in answer.err
    assert SECRET not in answer.out + answer.err
    for path in workstation_folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert SECRET.encode() not in data, path
            assert SECRET.encode("utf-16-le") not in data, path


# What was deferred


def test_deferred_calls_are_sent_in_order_once_code_can_run(
    mapiwright: Callable[..., Answer], release: Callable[..., Path]
) -> None:
    assert mapiwright("install", release("4.0", NO_STAND_IN), "--yes").code == 0
    waiting = mapiwright("service", "show", "ACME", "--json").document["service"]["pending"]
    assert [each["call"].split(" with ")[1].split()[0] for each in waiting] == [
        "MSG_SERVICE_INSTALL",
        "MSG_SERVICE_CREATE",
        "MSG_SERVICE_CONFIGURE",
    ]
    unsent = mapiwright("service", "call", "--pending", "--yes")
    assert unsent.code == 1
    assert "no code of ACME can run here" in unsent.err

    assert mapiwright("install", release("5.0"), "--yes").code == 0
    before = len(mapiwright("receipts", "--json").document["receipts"])
    assert mapiwright("service", "call", "--pending", "--yes").code == 0
    sent = mapiwright("receipts", "--json").document["receipts"][before:]
    assert [receipt["effects"][0]["outcome"] for receipt in sent] == ["done"] * 3
    assert mapiwright("service", "show", "ACME", "--json").document["service"]["pending"] == []
    assert "No call is pending" in mapiwright("service", "call", "--pending", "--yes").err


def test_a_call_that_was_sent_and_taken_back_is_pending_again(
    mapiwright: Callable[..., Answer], release: Callable[..., Path]
) -> None:
    mapiwright("install", release("4.0", NO_STAND_IN), "--yes")
    mapiwright("install", release("5.0"), "--yes")
    mapiwright("service", "call", "acme-mail", "--pending", "--yes")
    last = mapiwright("receipts", "--json").document["receipts"][-1]["id"]
    assert mapiwright("undo", last, "--yes").code == 0
    waiting = mapiwright("service", "show", "ACME", "--json").document["service"]["pending"]
    assert ["MSG_SERVICE_CONFIGURE" in each["call"] for each in waiting] == [True]


def test_a_failed_call_holds_up_what_follows_it(
    mapiwright: Callable[..., Answer], release: Callable[..., Path]
) -> None:
    mapiwright("install", release("4.0", NO_STAND_IN), "--yes")
    broken = {
        "acme_service.py": {
            "if call.context in {INSTALL,": "if call.context == 1: return 0x80004005\n    if call.context in {"
        }
    }
    mapiwright("install", release("5.0", broken), "--yes")
    answer = mapiwright("service", "call", "--pending", "--yes")
    assert answer.code == 1
    assert answer.err.count("Still pending") == 3, "that call, and those that come after it"
    assert answer.err.count("a call of ACME that comes before it waits too") == 2
    assert len(mapiwright("service", "show", "ACME", "--json").document["service"]["pending"]) == 3


def test_nothing_is_pending_for_what_is_gone(mapiwright: Callable[..., Answer], release: Callable[..., Path]) -> None:
    mapiwright("install", release("4.0", NO_STAND_IN), "--yes")
    mapiwright("profile", "delete", "Acme Mail", "--yes")
    waiting = mapiwright("service", "show", "ACME", "--json").document["service"]["pending"]
    assert ["MSG_SERVICE_INSTALL" in each["call"] for each in waiting] == [True]
    mapiwright("uninstall", "acme-mail", "--yes")
    assert "No call is pending" in mapiwright("service", "call", "--pending", "--yes").err
