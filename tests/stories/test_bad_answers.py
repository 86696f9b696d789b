"""What a guest may try, and must not get: a locked workstation, a secret that is told, a process that stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mapiwright.entry.child.native.com import World
from mapiwright.entry.child.native.trace import FINDINGS, Trace, shown
from mapiwright.entry.child.property_json import properties_to_json
from mapiwright.entry.child.sections import Sections
from mapiwright.entry.hosts.child_reply import decide
from mapiwright.entry.hosts.isolation import Ended
from mapiwright.entry.service.contract import Context, EntryFlag, EntryRequest, VisibleSection
from mapiwright.errors import EntryPointError, FailedError
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Outcome, Status
from mapiwright.transaction.plans.plan import Plan
from mapiwright.transaction.recovery import unfinished
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.stories.conftest import Answer

    from mapiwright.entry.service.contract import EntryOutcome, Report
    from mapiwright.workstation.workstation import Workstation

SERVICE = "a1" * 16
PASSWORD, COPY = 0x67F0001E, 0x66800102


def asked(secret: str) -> EntryRequest:
    section = VisibleSection(SERVICE, "service", "ACME", {})
    return EntryRequest("ACME", Context.CONFIGURE, EntryFlag.UNICODE, "Work", (section,), {PASSWORD: secret})


def decided(
    request: EntryRequest, *answers: object, observe: Callable[[Report], None] = lambda _: None
) -> EntryOutcome:
    data = b"".join(json.dumps(answer).encode() + b"\n" for answer in answers)
    ended = Ended(0, timed_out=False, answers=data, ready=True, heard=True, complete=True, log="")
    return decide(ended, request, where="ServiceEntry", deadline=1.0, observe=observe)


def done(changed: Mapping[str, object], **more: object) -> dict[str, object]:
    return {"phase": "done", "hresult": 0, "error": None, "changed": changed, **more}


# A locked workstation


@pytest.mark.parametrize("depth", [100, 900, 990])
def test_an_answer_that_is_nested_deeply_is_an_answer_that_cannot_be_used(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    data = b'{"phase": "done", "hresult": 0, "error": null, "changed": {"%s": {"66800102": %s}}}\n' % (
        SERVICE.encode(),
        nested.encode(),
    )
    ended = Ended(0, timed_out=False, answers=data, ready=True, heard=True, complete=True, log="")
    with pytest.raises(EntryPointError, match="cannot be used"):
        decide(ended, asked("x"), where="ServiceEntry", deadline=1.0)


class Faulty:
    """An effect whose own code has a mistake, also where it is called back."""

    kind = "faulty"
    title = Message.literal("faulty")

    def describe(self) -> Mapping[str, object]:
        return {}

    def run(self, workstation: Workstation) -> Outcome:
        del workstation
        return Outcome(Status.DONE, Message.literal("it was done"))

    def compensate(self, workstation: Workstation) -> None:
        del workstation
        raise RuntimeError("a mistake of ours")


class Failing(Faulty):
    def run(self, workstation: Workstation) -> Outcome:
        del workstation
        raise FailedError("the step after it failed")


def test_no_mistake_in_calling_back_keeps_a_journal_open() -> None:
    workstation = MemoryWorkstation.of(layout())
    with pytest.raises(FailedError, match="a mistake of ours"):
        execute(Plan("try", Message.literal("try it"), (Faulty(), Failing())), workstation)
    assert unfinished(workstation) is None


# A secret that is told


@pytest.mark.parametrize("secret", ["correct horse battery", "pässwörd-9", "x" * 306])
def test_no_spelling_of_a_secret_becomes_a_plain_property(secret: str) -> None:
    for copy in (
        secret.encode("cp1252"),
        secret.encode(),
        secret.encode("utf-16-le"),
        secret.encode("cp1252") + b"\0",
    ):
        with pytest.raises(EntryPointError, match="would hold a secret in plain"):
            decided(asked(secret), done({SERVICE: properties_to_json({COPY: copy})}))


def test_no_part_of_a_long_secret_is_told() -> None:
    secret = "".join(chr(33 + number % 90) for number in range(306))
    seen: list[Report] = []
    words = {"error": secret[20:80], "component": "", "low_level": 0, "context": 0}
    call = {"on": "IProfSect#4", "method": "SetProps", "hresult": 0, "given": {"values": {"66800102": secret[:200]}}}
    call |= {"got": {"values": {"66810102": {"hex": secret[:60].encode().hex()}}}}
    failed = done({}) | {"hresult": 0x80040119, "error": words}
    outcome = decided(asked(secret), {"phase": "trace", "call": call}, failed, observe=seen.append)
    told = repr(outcome) + repr(seen)
    assert all(secret[at : at + 24] not in told for at in range(len(secret) - 24))
    assert secret[:24].encode().hex() not in told


def test_a_trace_tells_the_length_of_a_long_value_and_no_part_of_it() -> None:
    assert shown(0x6680001E, "x" * 306) == {"length": 306}
    assert shown(0x66800102, b"x" * 306) == {"length": 306}


# An account of misbehaviour that is itself too much


def test_many_leaks_are_counted_and_not_listed_one_by_one() -> None:
    world = World(Sections({"sections": []}), "Work", "cp1252", "com", Trace())
    for number in range(20_000):
        world.heap.allocate(8 if number % 2 else number % 1000)
    leaks = world.leaks()
    assert len(leaks) <= FINDINGS
    assert leaks[0].startswith("10")
    assert "times: a buffer of 8 bytes" in leaks[0]


def test_a_long_trace_is_cut_and_does_not_change_the_outcome() -> None:
    told: list[object] = []
    trace = Trace(told.append)
    for _ in range(2000):
        record = trace.begin("IProfSect#4", "GetProps")
        record.got(values={f"{0x66000003 + (number << 16):08X}": "v" * 100 for number in range(20)})
        trace.end(record, 0, is_hresult=True)
    assert 100 < len(told) < 2000


def test_a_provider_goes_by_its_section_and_by_its_names_for_people() -> None:
    definitions = {"GOOD_Store": {"3001001F": "Good Store", "3006001F": "Good Mail", "3E030003": 33}}
    sections = Sections({"sections": [], "definitions": definitions})
    assert {sections.known(name) for name in ("good_store", "Good Store", "GOOD MAIL")} == {"GOOD_Store"}
    assert sections.known("Nobody") == "Nobody"


# Words on the command line


@pytest.mark.parametrize("words", [("--dry-run",), ("--dry-run", "-o", "plan"), ("--profile", "Work")])
def test_a_library_is_tried_and_not_planned(mapiwright: Callable[..., Answer], words: tuple[str, ...]) -> None:
    answer = mapiwright("service", "call", "--library", "nowhere.so", "--context", "CREATE", *words)
    assert answer.code == 2
    assert "--library" in answer.err


def test_a_service_that_fails_at_its_removal_is_no_success(
    mapiwright: Callable[..., Answer], release: Callable[..., Path]
) -> None:
    broken = {
        "acme_service.py": {
            "if call.context in {INSTALL,": "if call.context == 4: 1 / 0\n    if call.context in {INSTALL,"
        }
    }
    mapiwright("install", release("5.0", broken), "--yes")
    answer = mapiwright("service", "call", "ACME", "--context", "DELETE", "--yes", "--json")
    assert answer.code == 1
    (effect,) = answer.document["receipt"]["effects"]
    assert (effect["failed"], effect["hresult"]) == (True, "0x80004005")


def test_what_is_pending_is_told_in_one_document(mapiwright: Callable[..., Answer], acme: Path) -> None:
    mapiwright("install", acme, "--yes")
    none = mapiwright("service", "call", "--pending", "--yes", "--json")
    assert (none.code, none.document["receipts"], none.document["pending"]) == (0, [], [])


# A process that stays


HEARING = """
import runpy, signal
for name in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(name, signal.SIG_DFL)
runpy.run_module("mapiwright", run_name="__main__", alter_sys=True)
"""
"""The program, with the signals of a terminal, also where the tests were started to outlive theirs."""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends a child with its parent on Linux")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_child_does_not_outlive_its_parent(service: Callable[..., Path], how: signal.Signals) -> None:
    words = ["service", "call", "--library", str(service("sleeps")), "--context", "CREATE", "--deadline", "100"]
    parent = subprocess.Popen(
        [sys.executable, "-c", HEARING, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        child = awaited(lambda: children.read_text(encoding="ascii").split())
        time.sleep(1)  # it is in the call
        os.kill(parent.pid, how)
        code = parent.wait(20)
        assert (code < 0) == (how is signal.SIGKILL), "a signal that can be heard ends it in order"
        assert awaited(lambda: not Path(f"/proc/{child[0]}").exists() or "Z" in state_of(child[0]))
    finally:
        parent.kill()
        parent.wait()


def state_of(process: str) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def awaited(look: Callable[[], list[str] | bool]) -> list[str]:
    """What is looked for, within some seconds; an assertion where it does not come."""
    for _ in range(200):
        found = look()
        if found:
            return found if isinstance(found, list) else ["yes"]
        time.sleep(0.05)
    raise AssertionError("it never came")
