"""What is removed is never called later, and ends what waited for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from command_verbs import commands

from mapiwright.entry.call import EntryCall
from mapiwright.entry.service.contract import Context, EntryPolicy
from mapiwright.setup.records.pending import pending_calls
from mapiwright.transaction.plans.plan import Plan
from mapiwright.ui.cli.edge import CALLS_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer, Desk

NO_STAND_IN = {
    "mapiwright.toml": {
        'entry = "acme_service:service_entry"\n': "",
        'sources = ["acme_service.py"]\n': "",
        "deadline = 20\n": "",
    }
}


@pytest.fixture
def waiting(desk: Desk, release: Callable[..., Path]) -> Desk:
    """ACME is installed for two users; none of its code can run, and its calls wait."""
    desk.install(release("4.0", NO_STAND_IN))
    return desk


def contexts(desk: Desk, user: str = "") -> list[Context]:
    """What waits, of one user or of the machine."""
    return [each.call.context for each in pending_calls(desk.workstation) if each.call.user == user]


def defer(desk: Desk, context: Context, user: str = "", uid: str = "") -> None:
    """Put off a call, with the service left where it is."""
    place: dict[str, str] = {}
    if user:
        created = next(each.call for each in pending_calls(desk.workstation) if each.call.user == user)
        place = {"user": user, "profile": created.profile, "uid": uid or created.uid}
    call = EntryCall("ACME", context, policy=EntryPolicy.DEFER, **place)  # type: ignore[arg-type]
    receipt = desk.do(Plan("call", call.title, (call,)))
    assert receipt is not None
    assert [effect.status for effect in receipt.effects] == ["pending"]


def test_what_waits_waits_for_each_user(waiting: Desk) -> None:
    assert contexts(waiting) == [Context.INSTALL]
    for user in ("Zoë", "Łukasz"):
        assert contexts(waiting, user) == [Context.CREATE, Context.CONFIGURE]


def test_a_deferred_delete_is_never_sent_and_ends_what_waited_for_that_service(waiting: Desk) -> None:
    defer(waiting, Context.DELETE, "Zoë")
    assert contexts(waiting, "Zoë") == []
    assert contexts(waiting, "Łukasz") == [Context.CREATE, Context.CONFIGURE], "his is another one"
    assert contexts(waiting) == [Context.INSTALL]


def test_a_deferred_delete_of_another_of_the_user_s_services_ends_nothing(waiting: Desk) -> None:
    defer(waiting, Context.DELETE, "Zoë", "ab" * 16)
    assert contexts(waiting, "Zoë") == [Context.CREATE, Context.CONFIGURE]


def test_a_deferred_provider_delete_is_never_sent_and_ends_nothing(waiting: Desk) -> None:
    defer(waiting, Context.PROVIDER_DELETE, "Zoë")
    assert contexts(waiting, "Zoë") == [Context.CREATE, Context.CONFIGURE]


def test_a_deferred_uninstall_is_never_sent_and_ends_all_that_waited(waiting: Desk) -> None:
    defer(waiting, Context.UNINSTALL)
    assert pending_calls(waiting.workstation) == ()


def test_what_is_deferred_after_a_delete_waits_again(waiting: Desk) -> None:
    again = next(each.call for each in pending_calls(waiting.workstation) if each.call.user == "Zoë")
    defer(waiting, Context.DELETE, "Zoë")
    waiting.do(Plan("call", again.title, (again,)))
    assert contexts(waiting, "Zoë") == [Context.CREATE]


# "Installed and intact" means that all that the receipt promises is so.

PRF = """[General]
Custom=1
ProfileName=Work
[Service List]
Service1=Acme
[Service1]
UniqueService=Yes
[Acme]
ServiceName=ACME
"""
DEFERS = {
    "install": ("install", "{package}"),
    "profile create": ("profile", "create", "Work"),
    "add-service": ("profile", "add-service", "Work", "ACME"),
    "configure-service": ("profile", "configure-service", "Work", "ACME", "--set", "6600001E=imap.acme.example"),
    "prf apply": ("prf", "apply", "{prf}"),
}
"""How a user gets a call deferred."""
BEFORE = {
    "install": (),
    "profile create": (),
    "add-service": ("profile create",),
    "configure-service": ("profile create", "add-service"),
    "prf apply": (),
}


AT_HAND = {
    **DEFERS,
    "have-disk": ("have-disk", "{package}"),
    "wizard": ("wizard", "--answers", "{answers}"),
    "second profile": ("profile", "create", "Spare"),
    "default services": ("profile", "create", "Home", "--default-services"),
    "saved": ("profile", "add-service", "Work", "ACME", "--dry-run", "-o", "{plan}"),
    "apply": ("apply", "{plan}"),
    "repair": ("repair", "acme-mail"),
    "guard": ("guard", "acme-mail"),
    "profile copy": ("profile", "copy", "Work", "Copy"),
    "profile copy-service": ("profile", "copy-service", "Work", "ACME", "--to", "Spare"),
    "profile remove-service": ("profile", "remove-service", "Work", "ACME"),
    "profile delete": ("profile", "delete", "Work"),
    "uninstall": ("uninstall", "acme-mail"),
    "undo": ("undo", "{receipt}"),
}
IN_WORK = ("install", "profile create", "add-service")
LEAVES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "install": ((), ("INSTALL", "CREATE", "CONFIGURE")),
    "have-disk": ((), ("INSTALL", "CREATE", "CONFIGURE")),
    "wizard": (("install",), ("CREATE", "CONFIGURE")),
    "profile add-service": (("install", "profile create"), ("CREATE",)),
    "profile configure-service": (IN_WORK, ("CONFIGURE",)),
    "profile create": (("install",), ("CREATE",)),
    "prf apply": (("install",), ("CREATE",)),
    "apply": (("install", "profile create", "saved"), ("CREATE",)),
    "guard": (("install",), ("INSTALL",)),
    "repair": (("install",), ()),
    "profile copy": (IN_WORK, ()),
    "profile copy-service": ((*IN_WORK, "second profile"), ()),
    "profile remove-service": (IN_WORK, ()),
    "profile delete": (IN_WORK, ()),
    "uninstall": (IN_WORK, ()),
    "undo": (IN_WORK, ()),
}
"""What a verb is run after, and the calls that wait then: those of the run, or for `guard` of the package."""
CALLS_NOTHING = {
    *(
        "hive compact",
        "hive replay",
        "inf merge",
        "inf remove",
        "profile addressing",
        "profile default",
        "profile default-store",
    ),
    *("profile identity", "profile rename", "profile section delete", "profile section set", "profile startup"),
    *("service order", "recover"),
}
ELSEWHERE = {"panel": "test_panel_services", "service call": "it must call, or with --pending names what still waits"}
TYPED = {
    "profile add-service": "add-service",
    "profile configure-service": "configure-service",
    "profile create": "default services",
}


def test_every_verb_that_writes_is_in_the_table() -> None:
    asking = {verb for verb, command in commands() if any(each.name == "yes" for each in command.params)}
    assert asking == {*LEAVES, *CALLS_NOTHING, *ELSEWHERE}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("verb", LEAVES)
def test_what_a_run_leaves_waiting_is_named_in_its_result(
    verb: str, as_json: bool, mapiwright: Callable[..., Answer], release: Callable[..., Path], tmp_path: Path
) -> None:
    before, expected = LEAVES[verb]
    usual = {"acme.inf": {"[Services]": "[Default Services]\nACME=Acme Mail\n[Services]"}}
    package = release("4.0", {**NO_STAND_IN, **(usual if verb == "profile create" else {})})
    prf, answers = tmp_path / "work.prf", tmp_path / "answers.toml"
    prf.write_text(PRF, encoding="ascii")
    answers.write_text('[service.ACME]\nserver = "a"\nport = 995\nuser = "zoe"\n', encoding="ascii")
    at = {"package": package, "prf": prf, "answers": answers, "plan": tmp_path / "plan.json", "receipt": ""}

    def do(name: str, *options: str) -> Answer:
        agree = () if name == "saved" else ("--yes",)
        answer = mapiwright(*(word.format(**at) for word in AT_HAND[name]), *agree, *options)
        assert answer.code == (CALLS_WAIT if name == "guard" else 0), answer.err
        return answer

    for each in before:
        done = do(each, *(["--no-profile"] if each == "install" else []))
        at["receipt"] = "".join(re.findall("mapiwright undo (\\S+)", done.out))
    answer = do(TYPED.get(verb, verb), *(["--json"] if as_json else []))
    hint = "To send what waits, where the services' own code can run: mapiwright service call --pending"
    assert answer.err.count(hint) == bool(expected)
    if as_json:
        found = [each["call"] for each in answer.document.get("pending", ())]
    else:
        found = re.findall("^(?:Pending|Waits): (call .*)$", answer.out + answer.err, re.MULTILINE)
        never = re.findall("^Not called, and never will be: (.*)$", answer.out, re.MULTILINE)
        assert bool(never) == (verb in {"profile remove-service", "profile delete", "uninstall"})
    assert re.findall("MSG_SERVICE_([A-Z]+)", "".join(found)) == list(expected)
    lacks = "lacks what a call that waits would do: call ACME with MSG_SERVICE_CREATE"
    assert str(answer.document if as_json else answer.out).count(lacks) == ("copy" in verb)
    if expected:
        waits = mapiwright("status", "acme-mail", "--json").document["status"]["pending"]
        assert mapiwright("receipts").out.count("pending: ") == len(waits) >= len(expected)


@pytest.mark.parametrize("verb", [each for each in DEFERS if each != "profile create"])
def test_what_a_verb_deferred_is_said_wherever_one_asks_whether_all_is_done(
    verb: str, mapiwright: Callable[..., Answer], release: Callable[..., Path], tmp_path: Path
) -> None:
    package = release("4.0", NO_STAND_IN)
    prf = tmp_path / "work.prf"
    prf.write_text(PRF, encoding="ascii")

    def do(*verbs: str) -> None:
        for each in verbs:
            words = (word.format(package=package, prf=prf) for word in DEFERS[each])
            assert mapiwright(*words, "--yes").code == 0

    if verb == "install":
        do("install")
    else:
        do_not_call = mapiwright("install", package, "--no-profile", "--entry", "skip", "--yes")
        assert do_not_call.code == 0
        assert mapiwright("status", "acme-mail").code == 0, "nothing waits"
        assert mapiwright("doctor").code == 0
        do(*BEFORE[verb])
        before = len(mapiwright("status", "acme-mail", "--json").document["status"]["pending"])
        do(verb)
        assert len(mapiwright("status", "acme-mail", "--json").document["status"]["pending"]) > before
    shown = mapiwright("status", "acme-mail", "--json")
    status = shown.document["status"]
    assert (shown.code, status["state"], status["faults"]) == (CALLS_WAIT, "pending", [])
    said = mapiwright("status", "acme-mail")
    guard = mapiwright("guard", "acme-mail", "--yes")
    diagnosis = mapiwright("doctor", "--json")
    assert {said.code, guard.code} == {CALLS_WAIT}
    worse = any(found["severity"] != "note" for found in diagnosis.document["doctor"]["findings"])
    assert diagnosis.code == (1 if worse else CALLS_WAIT)
    assert not worse or verb != "install"
    assert said.out.count("\n") == 1
    assert "intact" not in said.out
    assert "mapiwright service call --pending" in said.err
    assert mapiwright("guard", "acme-mail", "--yes", "--json").document["pending"] == status["pending"]
    told = [found["message"] for found in diagnosis.document["doctor"]["findings"] if found["id"] == "MW6402"]
    assert len(told) == len(status["pending"])
    for each, message in zip(status["pending"], told, strict=True):
        assert all(each["call"] in text for text in (said.out, guard.err, message))


def test_the_matrix_says_which_steps_passed_with_calls_that_wait(
    mapiwright: Callable[..., Answer], release: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mapiwright.setup.trial.matrix import QUICK
    from mapiwright.ui.cli.packages import matrix as verb

    monkeypatch.setitem(verb.MATRICES, "quick", QUICK[-2:-1])
    package = release("4.0", NO_STAND_IN)
    answer = mapiwright("test", package)
    assert answer.code == CALLS_WAIT, answer.out
    assert "1 layout: 6 steps passed, 0 failed, 2 with calls that wait" in answer.out
    cells = mapiwright("test", package, "--json").document["matrix"]["rows"][0]["cells"]
    assert {cell["step"]: cell["verdict"] for cell in cells if cell["verdict"] != "passed"} == {
        "install": "pending",
        "upgrade": "pending",
    }
    assert "MSG_SERVICE_INSTALL" in cells[0]["message"]
    assert "::warning title=" in mapiwright("test", package, "--format", "github").out
    assert "<system-out>" in mapiwright("test", package, "--format", "junit").out


# What waits is tied to the service, under whatever name its profile is found.


@pytest.fixture
def named(mapiwright: Callable[..., Answer], release: Callable[..., Path]) -> Callable[[], dict[str, int]]:
    """Acme waits in the profile Work; ``named()`` counts the calls that wait there and in any other profile."""
    assert mapiwright("install", release("4.0", NO_STAND_IN), "--no-profile", "--yes").code == 0
    for verb in ("profile create", "add-service", "configure-service"):
        assert mapiwright(*DEFERS[verb], "--yes").code == 0

    def count() -> dict[str, int]:
        found = mapiwright("service", "show", "ACME", "--json").document["service"]["pending"]
        places = [each["message"]["arguments"].get("profile") for each in found]
        return {place: places.count(place) for place in sorted(filter(None, places))}

    return count


def test_a_rename_takes_along_what_waits(
    mapiwright: Callable[..., Answer], named: Callable[[], dict[str, int]]
) -> None:
    assert named() == {"Work": 2}
    assert mapiwright("profile", "rename", "Work", "Home", "--yes").code == 0
    assert named() == {"Home": 2}
    assert mapiwright("profile", "rename", "Home", "Anna", "--yes").code == 0
    assert named() == {"Anna": 2}
    assert "in profile 'Anna'" in mapiwright("status", "acme-mail").out
    assert mapiwright("profile", "delete", "Anna", "--yes").code == 0
    assert named() == {}


def test_a_copy_says_what_it_lacks_and_takes_nothing_from_the_profile(
    mapiwright: Callable[..., Answer], named: Callable[[], dict[str, int]]
) -> None:
    dry = mapiwright("profile", "copy", "Work", "Spare", "--dry-run")
    assert dry.out.count("Spare lacks what a call that waits would do") == 2
    copied = mapiwright("profile", "copy", "Work", "Spare", "--yes", "--json").document["receipt"]
    assert len(copied["notes"]) == 2
    assert named() == {"Work": 2}
    assert mapiwright("profile", "rename", "Work", "Home", "--yes").code == 0
    assert named() == {"Home": 2}, "and not in the copy, which has services of the same uids"
    assert mapiwright("profile", "rename", "Spare", "Work", "--yes").code == 0
    assert named() == {"Home": 2}, "though it has the old name by now"
    assert mapiwright("profile", "delete", "Work", "--yes").code == 0
    assert named() == {"Home": 2}, "the deferred MSG_SERVICE_DELETE is about the copy"


def test_a_prf_file_is_not_applied_again_after_a_rename(
    mapiwright: Callable[..., Answer], named: Callable[[], dict[str, int]], tmp_path: Path
) -> None:
    prf = tmp_path / "home.prf"
    lines = PRF.replace("=Work", "=Home\nOverwriteProfile=Append\nBackupProfile=No")
    prf.write_text(lines.replace("UniqueService=Yes", "UniqueService=Yes\nServer=a") + "Server=PT_STRING8,0x6600\n")
    assert mapiwright("profile", "rename", "Work", "Home", "--yes").code == 0
    assert mapiwright("prf", "apply", prf, "--yes").code == 0
    before = named()
    assert mapiwright("profile", "rename", "Home", "Work", "--yes").code == 0
    assert mapiwright("profile", "rename", "Work", "Home", "--yes").code == 0
    again = mapiwright("prf", "apply", prf, "--dry-run", "--json")
    assert again.document["plan"]["steps"] == []
    assert named() == before
