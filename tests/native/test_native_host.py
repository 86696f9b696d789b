"""A compiled service is called: each ends in its documented outcome, on Linux and as a DLL under Wine."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mapiwright.entry.child.native import error_words
from mapiwright.entry.hosts.interpreter import ThisPython
from mapiwright.entry.hosts.native_host import NativeHost, OnDisk
from mapiwright.entry.service.contract import Context, EntryFlag, Flavour, Result
from mapiwright.errors import EntryPointError
from mapiwright.setup.trial.scratch import definition_from, scratch_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mapiwright.entry.hosts.interpreter import Interpreter
    from mapiwright.entry.service.contract import EntryOutcome, EntryRequest, Report
    from mapiwright.formats.props import PropertyValue

INF = b"""\
[Services]
GOOD=Good
[GOOD]
PR_DISPLAY_NAME=Good
PR_SERVICE_DLL_NAME=good.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
Providers=GOOD_Store,GOOD_Book
Sections=GOOD_Extra
[GOOD_Store]
PR_DISPLAY_NAME=Good Store
PR_PROVIDER_DISPLAY=Good Store
PR_PROVIDER_DLL_NAME=good.dll
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
[GOOD_Book]
PR_DISPLAY_NAME=Good Book
PR_PROVIDER_DISPLAY=Good Book
PR_PROVIDER_DLL_NAME=good.dll
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
[GOOD_Extra]
UID=5E2D9A40B1C84F6D8E7730A1D4F2C6B9
"""
SERVER, PORT = 0x6600001E, 0x66010003
VERDICT, ROWS, PROFILE, CONTEXT, FLAGS = 0x6683001E, 0x6684001E, 0x6685001E, 0x66800003, 0x66810003
WRITTEN, CHILD, FILE_NAME, REFUSED = 0x66A00003, 0x66A10003, 0x66A2001E, 0x66A30003
PASSWORD = 0x67F0001E
SECRET = "correct horse battery"  # noqa: S105 - what must never be seen again


def asked(context: Context, given: Mapping[int, PropertyValue] | None = None) -> EntryRequest:
    definition = definition_from(INF, "", "cp1252")
    return scratch_request(definition, context, given or {}, "cp1252", EntryFlag.UNICODE)


@dataclass
class Bench:
    """Calls services of one kind of library, and keeps what it was told of them."""

    service: Callable[..., Path]
    target: str
    interpreter: Interpreter
    reports: list[Report]

    def call(
        self,
        name: str,
        context: Context = Context.CREATE,
        given: Mapping[int, PropertyValue] | None = None,
        *,
        entry: str = "ServiceEntry",
        flavour: Flavour | None = None,
        deadline: float = 60.0,
        trace: bool = False,
    ) -> EntryOutcome:
        self.reports.clear()
        path = self.service(name, self.target)
        host = NativeHost(
            OnDisk(path), entry, self.interpreter, flavour, deadline, trace=trace, observe=self.reports.append
        )
        return host.call(asked(context, given))

    def failure(self, name: str, context: Context = Context.CREATE, **how: object) -> EntryPointError:
        with pytest.raises(EntryPointError) as caught:
            self.call(name, context, **how)  # type: ignore[arg-type]
        return caught.value

    @property
    def is_windows(self) -> bool:
        return self.target != "so"


@pytest.fixture(params=["so", "x64"])
def bench(request: pytest.FixtureRequest, service: Callable[..., Path]) -> Bench:
    on_itself = request.param == "so" or sys.platform == "win32"
    interpreter = ThisPython() if on_itself else request.getfixturevalue("wine")
    return Bench(service, request.param, interpreter, [])


@pytest.fixture
def linux(service: Callable[..., Path]) -> Bench:
    return Bench(service, "so", ThisPython(), [])


def own(outcome: EntryOutcome) -> Mapping[int, PropertyValue | None]:
    """What the service set in the section that tells its verdict."""
    return next(of for of in outcome.changed.values() if VERDICT in of or WRITTEN in of or CONTEXT in of)


# Good services


def test_a_good_service_finds_all_as_documented(bench: Bench) -> None:
    for context in (Context.CREATE, Context.CONFIGURE):
        given: dict[int, PropertyValue] = {SERVER: "mäil.example", PORT: -1} if context is Context.CONFIGURE else {}
        outcome = bench.call("good", context, given)
        assert outcome.hresult == Result.S_OK
        assert own(outcome)[VERDICT] == "all well"
        assert own(outcome)[ROWS] == "Good Store=33;Good Book=35;=0;"
        assert own(outcome)[PROFILE] == "Scratch"
        assert own(outcome)[CONTEXT] == context
        assert {tag: own(outcome).get(tag) for tag in given} == given
        assert bench.reports[-1].misuse == ()


@pytest.mark.parametrize("context", [Context.INSTALL, Context.DELETE, Context.UNINSTALL])
def test_the_other_messages_are_answered_and_change_nothing(bench: Bench, context: Context) -> None:
    outcome = bench.call("good", context)
    assert (outcome.hresult, dict(outcome.changed)) == (Result.S_OK, {})


def test_a_service_makes_a_provider_and_deletes_one(bench: Bench) -> None:
    made = bench.call("good", Context.PROVIDER_CREATE)
    ((uid, name),) = made.made.items()
    assert name == "GOOD_Store"
    assert made.changed[uid][0x3E030003] == 33
    assert len(bench.call("good", Context.PROVIDER_DELETE).gone) == 1


def test_a_service_that_needs_configuration_says_so_and_takes_it(bench: Bench) -> None:
    assert bench.call("needs_configuration").hresult == Result.MAPI_E_UNCONFIGURED
    good = bench.call("needs_configuration", Context.CONFIGURE, {SERVER: "mail.example", PORT: 25})
    assert good.hresult == Result.S_OK
    assert {SERVER: "mail.example", PORT: 25}.items() <= next(iter(good.changed.values())).items()


def test_a_service_that_wants_the_other_width_is_called_again(bench: Bench) -> None:
    bench.call("needs_configuration", Context.CONFIGURE, {SERVER: "mail.example", PORT: 25}, trace=True)
    assert len(bench.reports) == 2
    assert bench.call("refuses_both_widths").hresult == Result.MAPI_E_BAD_CHARWIDTH


def test_a_service_s_own_words_are_decoded(bench: Bench) -> None:
    bad = bench.call("needs_configuration", Context.CONFIGURE, {SERVER: "", PORT: 25})
    assert bad.hresult == Result.MAPI_E_EXTENDED_ERROR
    assert bad.error is not None
    assert (bad.error.error, bad.error.component) == ("server name missing", "TESTSVC")
    assert (bad.error.low_level, bad.error.context) == (1234, 0xACE)
    assert bench.reports[-1].misuse == ()


OLD_WORDS = {
    "eight_bit_words": ("Le serveur n'est pas réjoignable!", error_words.NOT_WIDE),
    "words_elsewhere": ("The server is away", error_words.NOT_ALLOCATED),
    "static_words": ("The server is away", error_words.NOT_CHAINED),
    "words_behind": ("The server is away", ""),
    "words_nowhere": ("", error_words.UNREADABLE),
}


@pytest.mark.parametrize("how", OLD_WORDS)
def test_the_words_of_an_old_service_are_read_however_it_made_them(bench: Bench, how: str) -> None:
    words, note = OLD_WORDS[how]
    outcome = bench.call(how)
    assert (outcome.hresult, outcome.error and outcome.error.error) == (Result.MAPI_E_EXTENDED_ERROR, words)
    assert outcome.error is not None
    assert (outcome.error.low_level, outcome.error.notes) == (7, (note,) if note else ())
    assert bench.reports[-1].misuse == outcome.error.notes


@pytest.mark.parametrize("context", [Context.UNINSTALL, Context.CREATE])
def test_a_service_may_cancel(bench: Bench, context: Context) -> None:
    assert bench.call("cancels", context).hresult == Result.MAPI_E_USER_CANCEL


def test_a_service_makes_sections_of_its_own_and_reaches_no_others(bench: Bench) -> None:
    outcome = bench.call("creates_sections")
    assert outcome.hresult == Result.S_OK
    extras = next(of[0x3D0D0102] for of in outcome.changed.values() if 0x3D0D0102 in of)
    assert isinstance(extras, bytes)
    made = {extras[at : at + 16].hex() for at in range(0, len(extras), 16)}
    assert set(outcome.changed) - {uid for uid, of in outcome.changed.items() if 0x3D0D0102 in of} <= made


def test_what_a_configuration_object_lacks_is_told(bench: Bench) -> None:
    assert bench.call("asks_for_more", Context.CONFIGURE).hresult == Result.S_OK
    wanted = bench.reports[-1].wanted
    assert {"IMAPISupport::Subscribe", "IMAPISupport::OpenEntry", "IMAPISupport::DoConfigPropsheet"} <= set(wanted)


def test_a_secret_passes_through_the_pipe_and_into_no_report(bench: Bench) -> None:
    outcome = bench.call("keeps_secrets", Context.CONFIGURE, {PASSWORD: SECRET}, trace=True)
    assert any(of.get(PASSWORD) == SECRET for of in outcome.changed.values())
    assert bench.reports[-1].trace
    assert SECRET not in repr(bench.reports)
    assert SECRET not in repr(outcome)


def test_every_call_is_traced_with_its_arguments_and_result(bench: Bench) -> None:
    bench.call("needs_configuration", Context.CONFIGURE, {SERVER: "mail.example", PORT: 25}, trace=True)
    (report,) = bench.reports[-1:]
    traced = [(call.method, call.hresult) for call in report.trace]
    assert ("OpenProfileSection", Result.S_OK) in traced
    values = next(call.given["values"] for call in report.trace if call.method == "SetProps")
    assert values == {"6600001E": "mail.example", "66010003": 25}


# Services that are linked to MAPI


def test_a_service_that_is_linked_to_mapi_allocates_and_frees_by_its_functions(bench: Bench) -> None:
    outcome = bench.call("links_to_mapi", flavour=Flavour.COM)
    assert outcome.hresult == Result.S_OK, outcome.log
    assert own(outcome)[VERDICT] == "all well"
    assert bench.reports[-1].misuse == ()
    refused = bench.call("links_to_mapi", Context.CONFIGURE, flavour=Flavour.COM)
    assert refused.error is not None
    assert refused.error.error == "The server is not reachable"
    assert bench.reports[-1].misuse == ()


def test_a_mapi_that_is_installed_keeps_its_heap_to_itself(
    linux: Bench, service: Callable[..., Path], tmp_path: Path
) -> None:
    """Above, no libmapi.so is there, and ours is in its place; here it is, and allocates otherwise."""
    guest = shutil.copy(service("links_to_mapi"), tmp_path)
    shutil.copy(service("mapi_of_its_own"), tmp_path / "libmapi.so.1")
    host = NativeHost(OnDisk(Path(guest)), "ServiceEntry", flavour=Flavour.COM, observe=linux.reports.append)
    outcome = host.call(asked(Context.CREATE))
    assert own(outcome)[VERDICT] == "all well"
    assert linux.reports[-1].misuse == ()


# The other flavour


def test_a_library_with_virtual_inheritance_is_called_in_its_own_flavour(linux: Bench) -> None:
    given = {0x6600001F: "Zoë 📬"}
    outcome = linux.call("virtual", Context.CONFIGURE, given, entry="MSGServiceEntry")
    assert outcome.hresult == Result.S_OK
    assert own(outcome)[VERDICT] == "all well"
    assert own(outcome)[0x6600001F] == "Zoë 📬"
    assert linux.reports[-1].misuse == ()


@pytest.mark.parametrize(
    ("name", "entry", "right"),
    [("looks_virtual", "MSGServiceEntry", Flavour.COM), ("looks_plain", "ServiceEntry", Flavour.ITANIUM)],
)
def test_a_lying_flavour_is_told_with_the_remedy_and_the_right_one_works(
    linux: Bench, name: str, entry: str, right: Flavour
) -> None:
    error = linux.failure(name, Context.CONFIGURE, entry=entry)
    assert "flavour" in error.what
    assert str(right) in error.remedy
    assert linux.call(name, Context.CONFIGURE, entry=entry, flavour=right).hresult == Result.S_OK


# Bad services


ENDS = {
    "crashes": ("SIGSEGV", "0xC0000005 (access violation)"),
    "divides_by_zero": ("SIGFPE", "0xC0000094 (division by zero)"),
    "aborts": ("SIGABRT", "ended in the call without a result (exit status 3)"),
    "exits_in_silence": ("without a result (exit status 0)", "without a result (exit status 0)"),
    "exits_with_3": ("without a result (exit status 3)", "without a result (exit status 3)"),
    "overflows_the_stack": ("SIGSEGV", ""),
    "raises": ("SIGUSR1", "0xE0AC3E11"),
    "crashes_at_load": ("crashed while it was loaded: SIGSEGV", "a library that cannot be loaded"),
    "exits_at_load": ("ended while it was loaded without a result", "while it was loaded"),
    "forgets_terminators": ("SIGSEGV", "0xC0000005"),
    "passes_wild_pointers": ("SIGSEGV", "0xC0000005"),
}
"""How each bad service's end is told, on Linux and on Windows."""


@pytest.mark.parametrize("how", ENDS)
def test_a_service_that_dies_is_told_by_how_it_died(bench: Bench, how: str) -> None:
    error = bench.failure(how)
    assert ENDS[how][bench.is_windows] in error.what, str(error)
    assert error.hresult == Result.MAPI_E_CALL_FAILED
    assert ("Nothing that it set was kept" in error.remedy) is error.was_called
    assert error.was_called is ("cannot be loaded" not in error.what), (
        "only the child itself knows that it did not call"
    )


@pytest.mark.parametrize("how", ["loops", "sleeps", "hangs_at_load"])
def test_a_service_that_hangs_is_ended_at_its_deadline(bench: Bench, how: str) -> None:
    begun = time.monotonic()
    error = bench.failure(how, deadline=2.0)
    assert "did not finish within 2 s" in error.what
    assert ("while it was loaded" in error.what) == (how == "hangs_at_load")
    assert error.hresult == Result.MAPI_E_TIMEOUT
    assert time.monotonic() - begun < 30


MISUSES = {
    "leaks": [
        "was not released (1 too few)",
        "a buffer of 77 bytes of the service",
        "a buffer of 78 bytes of IMalloc",
    ],
    "frees_twice": ["was freed before"],
    "frees_what_is_not_its": ["is no MAPI buffer"],
    "writes_past_the_end": ["past the end of a buffer of 16 bytes"],
    "uses_after_release": ["was used after its last Release, by SetProps"],
    "releases_too_often": ["IMAPISupport#2 was released once too often"],
    "calls_on_strangers": ["on what is no such object"],
    "gives_a_wild_error": ["the MAPIERROR was not made by MAPIAllocateBuffer"],
}


@pytest.mark.parametrize("how", MISUSES)
def test_a_misuse_is_told_and_hurts_nobody(bench: Bench, how: str) -> None:
    bench.call(how)
    for words in MISUSES[how]:
        assert any(words in sentence for sentence in bench.reports[-1].misuse), (words, bench.reports[-1].misuse)


def test_counts_that_cannot_be_are_refused(bench: Bench) -> None:
    outcome = bench.call("gives_huge_counts")
    refused = own(outcome)[REFUSED]
    assert isinstance(refused, int)
    assert refused >= 8


def test_null_is_refused_where_something_is_needed(bench: Bench) -> None:
    refused = own(bench.call("passes_null"))[REFUSED]
    assert isinstance(refused, int)
    assert refused >= 14


def test_what_a_service_prints_is_no_answer(bench: Bench) -> None:
    assert own(bench.call("prints_much"))[WRITTEN] == 1


def test_an_answer_that_is_no_error_code_is_a_success_of_a_sort(bench: Bench) -> None:
    assert bench.call("answers_garbage").hresult == 0x12345678


@pytest.mark.parametrize("how", ["leaves_a_child", "leaves_a_daemon"])
def test_what_a_service_starts_holds_nothing_up(bench: Bench, how: str) -> None:
    begun = time.monotonic()
    outcome = bench.call(how)
    assert outcome.hresult == Result.S_OK
    assert time.monotonic() - begun < 30
    child = own(outcome).get(CHILD)
    if not bench.is_windows and isinstance(child, int):
        if how == "leaves_a_child":
            assert ended(child)
        else:  # it has left the group, which nothing that needs no privilege can follow
            os.kill(child, signal.SIGKILL)


def ended(process: int) -> bool:
    """Whether a process has ended, within a second; one that nobody has waited for is a zombie."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_a_service_leaves_no_file_behind(linux: Bench, tmp_path: Path) -> None:
    place = tmp_path / "written"
    linux.call("writes_a_file", Context.CONFIGURE, {FILE_NAME: str(place)})
    assert not place.exists() or place.read_bytes() == b""  # nothing at all where the kernel has Landlock


def test_an_exception_does_not_cross_the_border(linux: Bench) -> None:
    assert "SIGABRT" in linux.failure("throws").what


# What is told before anything is loaded


def test_a_library_of_another_machine_type_is_told(bench: Bench, service: Callable[..., Path]) -> None:
    host = NativeHost(OnDisk(service("good", "x86")), "ServiceEntry", bench.interpreter)
    with pytest.raises(EntryPointError) as caught:
        host.call(asked(Context.CREATE))
    assert ("is a DLL of Windows" if not bench.is_windows else "is made for x86") in caught.value.what


def test_what_winegcc_built_is_told(linux: Bench) -> None:
    assert "built by winegcc" in linux.failure("built_by_winegcc").what


def test_a_missing_function_is_told_with_the_one_that_may_be_meant(bench: Bench) -> None:
    assert "exports no Nothing" in bench.failure("good", entry="Nothing").what
    assert "exports no _ServiceEntry@40, only ServiceEntry" in bench.failure("good", entry="_ServiceEntry@40").what


def test_a_missing_library_is_told(tmp_path: Path) -> None:
    with pytest.raises(EntryPointError, match="cannot be read: No such file"):
        NativeHost(OnDisk(tmp_path / "nowhere.so"), "ServiceEntry").call(asked(Context.CREATE))


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"MZ", b"\x7fELF", b"MZ" + bytes(100)])
def test_what_is_no_library_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "acme.so"
    path.write_bytes(data)
    with pytest.raises(EntryPointError, match=r"is no library|is damaged"):
        NativeHost(OnDisk(path), "ServiceEntry").call(asked(Context.CREATE))
