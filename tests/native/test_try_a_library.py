"""``service call --library``: an author tries his own library, and reads what it did."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mapiwright.ui.cli.app import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVER, PORT, PASSWORD = "6600001E", "66010003", "67F0001E"
SECRET = "correct horse battery"  # noqa: S105 - what must never be seen again
NOT_KEPT = "what it had set, which is not kept, as the call failed:"

GOOD = """\
[GOOD]
PR_DISPLAY_NAME=Good
PR_SERVICE_DLL_NAME=good.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
Providers=GOOD_Store
[GOOD_Store]
PR_DISPLAY_NAME=Good Store
PR_PROVIDER_DISPLAY=Good Store
PR_PROVIDER_DLL_NAME=good.dll
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
"""
ONE = f"[Services]\nGOOD=Good\n{GOOD}"
TWO = f"[Services]\nGOOD=Good\nPLAIN=Plain\n{GOOD}[PLAIN]\nPR_DISPLAY_NAME=Plain\n"


class Told(NamedTuple):
    """What an author sees."""

    code: int
    out: str
    err: str

    @property
    def call(self) -> dict[str, Any]:
        """The call of the JSON document."""
        return dict(json.loads(self.out)["call"])


@pytest.fixture
def tried(service: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """``tried("good", "CREATE", ...)``: the words that the author types after the library and the context."""

    def attempt(name: str, context: str, *words: object) -> Told:
        typed = ["service", "call", "--library", service(name), "--context", context, *words]
        code = run([str(word) for word in typed])
        return Told(code, *capsys.readouterr())

    return attempt


@pytest.fixture
def fragment(tmp_path: Path) -> Callable[[str], Path]:
    """``fragment(ONE)`` is a file of lines for MAPISVC.INF."""

    def write(text: str) -> Path:
        path = tmp_path / "good.inf"
        path.write_text(text, encoding="ascii")
        return path

    return write


# How it ends


def test_a_success_is_told_with_the_sections_that_changed(tried: Callable[..., Told]) -> None:
    told = tried("good", "CREATE")
    assert told.code == 0, told.err
    assert told.out.startswith("ServiceEntry of good.so, MSG_SERVICE_CREATE, in a scratch profile\n")
    assert '    6683001E = "all well"\n' in told.out
    assert '    6685001E = "Scratch"\n' in told.out
    assert "    66900003 = 7\n" in told.out, "the section that it made"
    assert told.out.endswith("  result: S_OK (0x00000000)\n")
    assert NOT_KEPT not in told.out
    assert "  calls" not in told.out, "nobody asked for a trace"


def test_a_failure_is_told_by_name_and_number(tried: Callable[..., Told]) -> None:
    told = tried("needs_configuration", "CREATE")
    assert told.code == 1
    assert "  result: MAPI_E_UNCONFIGURED (0x8004011C)\n" in told.out
    assert "MAPIERROR" not in told.out
    assert NOT_KEPT not in told.out, "it had set nothing"


def test_the_service_s_own_words_are_shown_and_what_it_had_set_is_not_kept(tried: Callable[..., Told]) -> None:
    told = tried("needs_configuration", "CONFIGURE", "--set", f"{SERVER}=", "--set", f"{PORT}=25")
    assert told.code == 1
    assert "  MAPIERROR: server name missing\n" in told.out
    assert "component TESTSVC, low-level error 1234, context 2766\n" in told.out
    assert "  result: MAPI_E_EXTENDED_ERROR (0x80040119)\n" in told.out
    assert told.out.index(NOT_KEPT) < told.out.index(f"{PORT} = 0x19 (25)")


def test_a_crash_is_told_and_is_no_result(tried: Callable[..., Told]) -> None:
    told = tried("crashes", "CREATE")
    assert told.code == 3
    assert "SIGSEGV" in told.err
    assert "crashes.so" in told.err
    assert "result:" not in told.out


def test_a_library_that_hangs_is_ended_at_the_deadline_that_was_asked_for(tried: Callable[..., Told]) -> None:
    told = tried("sleeps", "CREATE", "--deadline", "0.5")
    assert told.code == 3
    assert "did not finish within 0.5 s" in told.err


# How it behaved


def test_what_is_not_supported_is_told_once_each(tried: Callable[..., Told]) -> None:
    told = tried("asks_for_more", "CONFIGURE")
    assert told.code == 0
    assert told.out.count("not supported here: IMAPISupport::Subscribe, asked for 1 time(s)\n") == 1
    assert "not supported here: IMAPISupport::DoConfigPropsheet" in told.out


def test_what_was_not_given_back_is_told(tried: Callable[..., Told]) -> None:
    told = tried("leaks", "CREATE")
    assert told.code == 0, "a misuse is the author's to judge"
    lines = [line for line in told.out.splitlines() if line.startswith("  misuse: ")]
    assert len(lines) == 3
    assert any("was not released (1 too few)" in line for line in lines)
    assert "a buffer of 77 bytes of the service was not freed" in told.out


def test_the_calls_are_told_only_where_they_are_asked_for(tried: Callable[..., Told]) -> None:
    given = ("--set", f"{SERVER}=mail.example", "--set", f"{PORT}=25")
    assert "SetProps" not in tried("needs_configuration", "CONFIGURE", *given).out
    told = tried("needs_configuration", "CONFIGURE", *given, "--trace").out
    assert '::SetProps(values={6600001E: "mail.example", 66010003: 25}) = S_OK\n' in told
    assert "::OpenProfileSection(uid=NULL, iid=NULL, flags=0x1) = S_OK -> section=IProfSect#" in told


def test_a_second_attempt_in_the_other_width_is_told_as_one(tried: Callable[..., Told]) -> None:
    note = "  calls (2 of 2, in the other character width):\n"
    given = ("--set", f"{SERVER}=mail.example", "--set", f"{PORT}=25", "--trace")
    assert note in tried("needs_configuration", "CONFIGURE", *given).out
    assert "other character width" not in tried("keeps_secrets", "CONFIGURE", "--trace").out


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_secret_is_typed_where_nobody_looks_and_shown_nowhere(
    tried: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))
    told = tried("keeps_secrets", "CONFIGURE", "--set", f"{PASSWORD}=-", "--trace", *form)
    assert told.code == 3, "it reached the service, and no install could keep it"
    assert ("cannot be encrypted here" in told.err) is not bool(form)
    assert SECRET not in told.out + told.err
    assert SECRET.encode().hex() not in told.out + told.err
    if form:
        assert {"secret": True} in [properties.get(PASSWORD) for properties in told.call["changed"].values()]
        given = next(each["given"] for each in told.call["calls"] if each["method"] == "SetProps")
        assert given == {"values": {PASSWORD: {"secret": True}}}
        assert {"6680000B": True}.items() <= next(iter(told.call["changed"].values())).items()
    else:
        assert f"::SetProps(values={{{PASSWORD}: (secret, not shown)}}) = S_OK" in told.out
        assert f"    {PASSWORD} = (secret, not shown)\n" in told.out
        assert "6680000B = true" in told.out, "it reached the service"


def test_a_secret_is_not_taken_from_the_command_line(tried: Callable[..., Told]) -> None:
    told = tried("keeps_secrets", "CONFIGURE", "--set", f"{PASSWORD}={SECRET}")
    assert told.code == 2
    assert SECRET not in told.out + told.err
    assert f"--set {PASSWORD}=-" in told.err


# What MAPISVC.INF would say


def test_a_provider_is_made_from_its_section_of_the_inf(
    tried: Callable[..., Told], fragment: Callable[[str], Path]
) -> None:
    told = tried("good", "PROVIDER_CREATE", "--inf", fragment(ONE))
    assert told.code == 0, told.err
    assert ", the new provider GOOD_Store\n" in told.out
    assert 'PR_PROVIDER_DLL_NAME (300A001F) = "good.dll"' in told.out


def test_a_provider_that_is_deleted_is_told_as_gone(
    tried: Callable[..., Told], fragment: Callable[[str], Path]
) -> None:
    told = tried("good", "PROVIDER_DELETE", "--inf", fragment(ONE))
    assert told.code == 0, told.err
    (line,) = [line.split() for line in told.out.splitlines() if line.startswith("  provider ")]
    assert (len(line[1]), line[2]) == (32, "(removed)")


def test_made_and_deleted_providers_are_in_the_document(
    tried: Callable[..., Told], fragment: Callable[[str], Path]
) -> None:
    made = tried("good", "PROVIDER_CREATE", "--inf", fragment(ONE), "--json").call
    assert list(made["created"].values()) == ["GOOD_Store"]
    assert made["changed"].keys() == made["created"].keys()
    assert made["deleted"] == []
    gone = tried("good", "PROVIDER_DELETE", "--inf", fragment(ONE), "--json").call
    assert (gone["created"], len(gone["deleted"])) == ({}, 1)


def test_of_several_services_one_is_asked_for_by_name(
    tried: Callable[..., Told], fragment: Callable[[str], Path]
) -> None:
    unnamed = tried("good", "CREATE", "--inf", fragment(TWO))
    assert unnamed.code == 1
    assert "Name one: GOOD, PLAIN." in unnamed.err
    assert '6684001E = "Good Store=33;' in tried("good", "CREATE", "GOOD", "--inf", fragment(TWO)).out
    plain = tried("good", "CREATE", "PLAIN", "--inf", fragment(TWO), "--json").call
    assert plain["service"] == "PLAIN"
    assert '"6684001E": ""' in json.dumps(plain["changed"]), "it has no providers"


def test_a_section_of_others_is_named_with_what_makes_it_the_services_own(
    tried: Callable[..., Told], fragment: Callable[[str], Path]
) -> None:
    told = tried("reads_its_profile", "CREATE", "--inf", fragment(ONE))
    assert told.code == 0, told.out
    assert (
        "refused: section 13dbb0c8aa05101a9bb000aa002fc45a (Exchange Global Profile Section) is not its own"
        in told.out
    )
    remedy = "Sections=NAME, and [NAME] needs UID=13DBB0C8AA05101A9BB000AA002FC45A"
    assert remedy in told.out
    own = ONE.replace("Providers=", "Sections=NAME\nProviders=") + f"[NAME]\n{remedy.rpartition(' ')[2]}\n"
    assert "refused:" not in tried("reads_its_profile", "CREATE", "--inf", fragment(own)).out


# What an install would refuse


def test_what_an_install_would_roll_back_is_no_success(
    tried: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))
    told = tried("keeps_secrets", "CONFIGURE", "--set", f"{PASSWORD}=-", "--edition", "2010", "--bitness", "x86")
    assert told.code == 3
    assert "Outlook 2010 x86: the service answered S_OK, and an install would roll it back" in told.err
    assert f"the secure property {PASSWORD}, which cannot be encrypted here" in told.err
    assert "result: MAPI_E_CORRUPT_DATA" in told.out
    assert NOT_KEPT in told.out


def test_the_rules_are_those_of_the_workstation_that_is_named(tried: Callable[..., Told], tmp_path: Path) -> None:
    place = tmp_path / "windows"
    assert run(["workstation", "create", str(place)]) == 0
    assert tried("good", "CREATE", "--workstation", f"image:{place}").code == 0
    assert tried("good", "CREATE", "--workstation", "image:/nowhere").code != 0


def test_a_dll_that_outlook_there_cannot_load_is_not_called(
    service: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    library = str(service("good", "x64"))
    code = run(["service", "call", "--library", library, "--context", "CREATE", "--bitness", "x86"])
    assert code == 3
    answer = capsys.readouterr().err
    assert "Outlook 2016 x86 cannot load it" in answer
    assert "The entry point was not called." in answer


# How its interfaces lie


def test_a_wrong_flavour_is_told_with_the_right_one(tried: Callable[..., Told]) -> None:
    words = ("looks_virtual", "CREATE", "--entry", "MSGServiceEntry", "--flavour")
    wrong = tried(*words, "itanium")
    assert wrong.code == 3
    assert "not of the flavour itanium" in wrong.err
    assert "Call it with the flavour com." in wrong.err
    assert tried(*words, "com").code == 0


def test_a_flavour_that_there_is_not_is_a_slip_of_the_author(tried: Callable[..., Told]) -> None:
    told = tried("good", "CREATE", "--flavour", "klingon")
    assert told.code == 2
    assert "'com', 'itanium'" in told.err


def test_another_entry_point_is_asked_for_by_name(tried: Callable[..., Told]) -> None:
    told = tried("good", "CREATE", "--entry", "Nothing")
    assert told.code == 3
    assert "exports no Nothing" in told.err


# The document


def test_the_document_has_the_result_and_the_sections(tried: Callable[..., Told]) -> None:
    told = tried("good", "create", "--json")
    assert told.code == 0
    assert told.call["context"] == "CREATE"
    assert (told.call["hresult"], told.call["result"]) == ("0x00000000", "S_OK")
    assert any(properties.get("6683001E") == "all well" for properties in told.call["changed"].values())
    assert {"66900003": 7} in told.call["changed"].values()
    assert told.call["wanted"]["IProfSect::OpenProperty"] == 1
    assert (told.call["calls"], told.call["misuse"], told.call["error"]) == ([], [], None)


def test_a_failure_s_document_has_the_service_s_own_words(tried: Callable[..., Told]) -> None:
    told = tried("needs_configuration", "CONFIGURE", "--set", f"{SERVER}=", "--set", f"{PORT}=25", "--json")
    assert told.code == 1
    assert (told.call["hresult"], told.call["result"]) == ("0x80040119", "MAPI_E_EXTENDED_ERROR")
    words = {"message": "server name missing", "component": "TESTSVC", "low_level": 1234, "context": 2766}
    assert told.call["error"] == words


def test_a_crash_s_document_has_the_error_and_no_result(tried: Callable[..., Told]) -> None:
    told = tried("crashes", "CREATE", "--json")
    assert told.code == 3
    assert (told.call["hresult"], told.call["result"]) == (None, None)
    error = json.loads(told.out)["error"]
    assert (error["class"], error["hresult"], error["exit"]) == ("EntryPointError", "0x80004005", 3)


def test_misuse_is_in_the_document(tried: Callable[..., Told]) -> None:
    misuse = tried("leaks", "CREATE", "--json").call["misuse"]
    assert len(misuse) == 3
    assert "a buffer of 78 bytes of IMalloc was not freed" in misuse
