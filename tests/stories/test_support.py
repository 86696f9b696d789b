"""The support bundle and the log: a helpdesk learns what happened, and nothing of whom it happened to."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import ConflictError, FailedError, RecoveryNeededError
from mapiwright.formats.props import PropertyType, encode
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Outcome, Status
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.records import log
from mapiwright.transaction.records.journal import Journal
from mapiwright.transaction.recovery import recover
from mapiwright.transaction.transaction import execute
from mapiwright.workflows.doctor.doctor import diagnose
from mapiwright.workflows.doctor.masking import Masker
from mapiwright.workflows.doctor.support import make_bundle
from mapiwright.workstation.change import CreateKey, SetValue, WriteFile, key_with_parents
from mapiwright.workstation.disk.folder_state import MemoryState
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.registry import KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from mapiwright.workstation.workstation import Workstation

    Mapiwright = Callable[..., Any]

said = Message.literal

NOW = datetime(2026, 11, 22, 23, 59, 58, tzinfo=UTC)
OUTLOOK = r"Software\Microsoft\Office\16.0\Outlook"
ADMIN = "9207f3e0a3b11019908b08002b2a56c2"


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def set_value(workstation: Workstation, key: KeyPath, name: str, value: Value) -> None:
    old = workstation.registry.value(key, name)
    workstation.registry.apply([*key_with_parents(workstation.registry, key), SetValue(key, name, old, value)])


# The law: what was planted in a profile is in no member.


LETTERS = st.characters(categories=["Lu", "Ll", "Lo"], max_codepoint=0xFFFF)
# A beginning of its own keeps the planted texts apart from the bundle's own words.
PLANTED = st.text(LETTERS, min_size=3, max_size=12).map("Zq{}".format)


def spellings(text: str) -> set[bytes]:
    """What a text may look like inside a file, whatever the case of its letters."""
    forms = {text, text.upper(), text.lower(), text.casefold()}
    raw = {form.encode(encoding) for form in forms for encoding in ("utf-8", "utf-16-le")}
    raw |= {json.dumps(form)[1:-1].encode() for form in forms}
    return (
        raw | {each.hex().encode() for each in raw} | {base64.b64encode(each)[:-4] for each in raw if len(each) > 8}
    )


@settings(max_examples=40)
@given(
    names=st.lists(PLANTED, min_size=2, max_size=2, unique_by=str.casefold),
    texts=st.lists(PLANTED, min_size=10, max_size=10, unique_by=str.casefold),
)
def test_nothing_that_a_user_typed_is_in_any_member(names: list[str], texts: list[str]) -> None:
    """Names of users and profiles, addresses, servers, passwords: in every form in which a profile keeps text."""
    person, computer = names
    profile, display, server, password, mailbox, store, account, odd, path, line = texts
    email = f"{mailbox}@{server}.example.com"
    workstation = MemoryWorkstation.of(layout(users=[person]))
    user = workstation.users[0]
    root = user.root / rf"{OUTLOOK}\Profiles" / profile
    section = root / "0123456789abcdef0123456789abcdef"
    # A profile with a default store whose name the doctor tells, and with a service that is nowhere.
    set_value(workstation, root / ADMIN, "01023d0e", Value.binary(bytes.fromhex(section.name)))
    set_value(workstation, root / ADMIN, "01023d00", Value.binary(bytes.fromhex(section.name)))
    for name, value in {
        "001f3d09": Value.sz("VENDOR"),
        "001f3d0a": Value.binary("vendor.dll\0".encode("utf-16-le")),
        "01023d00": Value.binary(bytes.fromhex(section.name)),
        "01023d0c": Value.binary(bytes.fromhex(section.name)),
        "00033e03": Value.binary((33).to_bytes(4, "little")),
        "00033009": Value.binary((2).to_bytes(4, "little")),
        "001f3001": Value.binary(encode(PropertyType.UNICODE, display, pointer=8, code_page="cp1252")),
        "001e6600": Value.sz(server),
        "001f6601": Value.sz(email),
        "101f6602": Value.binary(encode(PropertyType.MV_UNICODE, (store, email), pointer=8, code_page="cp1252")),
        "01020fff": Value.binary(b"\0\0\0\0" + store.encode("utf-16-le") + b"\0\0"),
        "001f67f1": Value.sz(password),
        "S001f67f0": Value.binary(password.encode("utf-16-le")),
        odd: Value.sz(odd),
    }.items():
        set_value(workstation, section, name, value)
    manager = root / "9375CFF0413111d3B88A00104B2A6676" / "00000001"
    set_value(workstation, manager, "Account Name", Value.binary(f"{account}\0".encode("utf-16-le")))
    set_value(workstation, manager, "Email", Value.sz(email))
    set_value(workstation, manager, "POP3 Password", Value.binary(password.encode()))
    set_value(workstation, section / odd, "x", Value.sz(email))
    set_value(workstation, user.root / OUTLOOK, "DefaultProfile", Value.sz(profile))
    prf = rf"C:\Users\{person}\{path}\all.prf"
    set_value(workstation, user.root / rf"{OUTLOOK}\Setup", "ImportPRF", Value.sz(prf))
    set_value(
        workstation,
        KeyPath.parse(r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"),
        "ComputerName",
        Value.sz(computer),
    )
    # What was done with it, and what failed.
    inf = workstation.outlook.inf_path
    old = workstation.files.read(inf)
    assert old is not None
    secrets = f"[MSUPST MS]\r\n67F1001E={password}\r\n6602001E={line}\r\nMyPassword={line}\r\n; {server}\r\n"
    new = old + secrets.encode("utf-8", "replace")
    execute(
        Plan(
            "edit",
            said(f"edit {profile} of {person}"),
            (Leg(said(f"{display}"), (WriteFile(inf, old, new),)),),
        ),
        workstation,
    )
    wrong = Plan(
        "edit",
        said(f"edit {email}"),
        (Leg(said(f"{store}: {account}"), (CreateKey(root / "x"), SetValue(root, "x", None, None))),),
    )
    execute(wrong, workstation)
    log.note_error(workstation.state, "rolled back", FailedError(f"{email}: no", where=rf"\\{server}\{path}"))

    found = members(make_bundle(workstation, diagnose(workstation), NOW).data)
    assert {"findings.json", "log.json", "receipts.json", "MAPISVC.INF.txt", "registry/user-1.json"} <= set(found)
    for name, data in found.items():
        low = data.lower()
        for text in (*names, *texts):
            for spelling in spellings(text):
                assert spelling not in data, (name, text)
                assert spelling.lower() not in low or spelling.isupper(), (name, text)
        assert user.sid.encode() not in data


def test_names_that_are_short_or_stand_inside_others_are_masked_too() -> None:
    masker = Masker({"al": "user", "Alma": "user", "Alma Mater": "profile", "ALMA@MAIL": "text"})
    masked = masker.mask("al, Al: also ALMA MATER of alma, xalmay, alma@mail.example")
    assert masked == "<user-1>, <user-1>: also <profile-1> of <user-2>, x<user-2>y, <text-1>.example"
    assert masker.counts == {"user": 4, "profile": 1, "text": 1}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to a.b-c@mail.example now", "write to <address-1> now"),
        (r"C:\Users\Zo\Documents\a b.pst (gone)", "<path-1>(gone)"),
        (r"C:\Documents and Settings\Zo\x, y", "<path-1>, y"),
        ("hive /home/zo/NTUSER.DAT: damaged", "hive <path-1>"),
        ("S-1-5-21-1-2-3-1001_Classes is", "<sid-1> is"),
        ("S-1-5-18 stays", "S-1-5-18 stays"),
        (r"\\fs01\share\all.prf", "<server-1>"),
        ("mail.corp.example and acme32.dll, my.acme32.dll", "<server-1> and acme32.dll, my.acme32.dll"),
        ("10.1.2.3 but 16.0.8625.2121", "<server-1> but 16.0.8625.2121"),
        ("/o=Org/ou=First/cn=zo, then", "<dn-1>, then"),
        ("again mail.corp.example, MAIL.corp.example", "again <server-1>, <server-1>"),
    ],
)
def test_what_names_a_person_or_a_place_is_known_by_its_form(text: str, masked: str) -> None:
    assert Masker({}).mask(text) == masked


# What is in it.


def test_a_bundle_says_what_it_holds(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    mapiwright("install", acme, "--yes")
    file = tmp_path / "help.zip"
    answer = mapiwright("support-bundle", "-o", str(file))
    assert answer.code == 0, answer.err
    found = members(file.read_bytes())
    manifest = json.loads(found["manifest.json"])
    assert {member["name"]: member["sha256"] for member in manifest["members"]} == {
        name: sha256(data).hexdigest() for name, data in found.items() if name != "manifest.json"
    }
    assert manifest["masked"]["user"] > 1
    assert f"{manifest['masked']['user']} user names" in answer.out
    assert "1 SID," in answer.out
    assert "Zoë" not in answer.out
    receipts = json.loads(found["receipts.json"])
    assert receipts[0]["package"]["id"] == "acme-mail"
    assert b"[ACME]" in found["MAPISVC.INF.txt"]
    assert b"PR_SERVICE_DLL_NAME=acme.dll" in found["MAPISVC.INF.txt"]
    machine = json.loads(found["registry/machine.json"])
    assert machine[r"HKLM\SOFTWARE\Clients\Mail"]["values"][""] == "Microsoft Outlook"
    (profile,) = json.loads(found["registry/user-1.json"])["profiles"]
    shown = {
        each["property"]: each["value"]
        for section in profile["sections"].values()
        for each in section.values()
        if isinstance(each, dict) and "value" in each
    }
    assert shown["PR_SERVICE_NAME"] == "ACME"
    assert shown["PR_PROVIDER_DLL_NAME"] == "acme.dll"
    findings = json.loads(found["findings.json"])
    assert {finding["id"] for finding in findings["findings"]} >= {"MW6004"}
    assert "registry/user-2.json" in found, "Default's"


def test_a_bundle_is_not_written_over_another_file(mapiwright: Mapiwright, tmp_path: Path) -> None:
    file = tmp_path / "help.zip"
    file.write_bytes(b"mine")
    assert mapiwright("support-bundle", "-o", str(file)).code == 1
    assert file.read_bytes() == b"mine"
    other = tmp_path / "other.zip"
    document = mapiwright("support-bundle", "-o", str(other), "--json").document["support_bundle"]
    assert document["file"] == str(other)
    assert set(document["members"]) == set(members(other.read_bytes()))


def test_a_bundle_is_made_of_a_workstation_that_is_damaged_everywhere(
    mapiwright: Mapiwright, workstation_folder: Path, tmp_path: Path
) -> None:
    next(path for path in workstation_folder.rglob("*") if path.name.upper() == "MAPISVC.INF").write_bytes(b"\0\0")
    (workstation_folder / "Users" / "Zoë" / "NTUSER.DAT").write_bytes(b"no hive")
    open_workstation(f"image:{workstation_folder}").state.write("receipts/1.json", b"no receipt")
    answer = mapiwright("support-bundle", "-o", str(tmp_path / "help.zip"))
    assert answer.code == 0, answer.err
    found = members((tmp_path / "help.zip").read_bytes())
    assert "MAPISVC.INF.txt" not in found
    assert "unreadable" in json.loads(found["registry/user-1.json"])
    assert [one["where"] for one in json.loads(found["receipts.json"])] == ["receipts/1.json"]


def test_a_bundle_is_made_of_a_bare_hive(
    mapiwright: Mapiwright, real_hive: Callable[[str], bytes], tmp_path: Path
) -> None:
    hive = tmp_path / "NTUSER.DAT"
    hive.write_bytes(real_hive("o2010-x64"))
    file = tmp_path / "help.zip"
    assert mapiwright("support-bundle", "-o", str(file), "--workstation", f"hive:{hive}").code == 0
    found = members(file.read_bytes())
    for data in found.values():
        assert b"stark-research" not in data.lower()
        assert b"nfury" not in data.lower()
    assert b"mspst.dll" in found["registry/user-1.json"]


# The log.


def events(workstation: Workstation) -> list[str]:
    return [entry["event"] for entry in log.entries(workstation.state)]


class Call:
    """An effect that answers, or fails."""

    kind = "call"
    title = said("call the service")

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error

    def describe(self) -> Mapping[str, str]:
        return {}

    def run(self, workstation: Workstation) -> Outcome:  # noqa: ARG002 - it lives elsewhere
        if self.error is not None:
            raise self.error
        return Outcome(Status.PENDING, said("it cannot run here"))

    def compensate(self, workstation: Workstation) -> None:
        """Nothing was done."""


@pytest.fixture
def pc() -> MemoryWorkstation:
    return MemoryWorkstation.of(layout())


FILES = Leg(said("files"), (WriteFile(r"C:\Windows\a.dll", None, b"MZ"),))


def test_the_log_tells_what_was_done(pc: MemoryWorkstation) -> None:
    receipt = execute(Plan("install", said("install Acme"), (FILES, Call())), pc)
    begun, committed = log.entries(pc.state)
    assert (begun["event"], begun["verb"], begun["title"]) == ("begun", "install", "install Acme")
    assert begun["steps"] == ["files", "call the service"]
    assert begun["id"] == committed["id"] == receipt.id
    assert committed["event"] == "committed"
    assert committed["calls"] == [["call the service", "pending", "it cannot run here"]]
    assert datetime.fromisoformat(begun["at"]).tzinfo is not None


def test_the_log_tells_what_failed_in_which_step(pc: MemoryWorkstation) -> None:
    with pytest.raises(FailedError):
        execute(Plan("install", said("install Acme"), (FILES, Call(FailedError("no", where="there")))), pc)
    assert events(pc) == ["begun", "rolled back"]
    told = log.entries(pc.state)[-1]
    assert (told["class"], told["error"], told["where"]) == ("FailedError", "no", "there")
    assert told["step"] == "call the service"
    with pytest.raises(FailedError):
        execute(Plan("install", said("install Acme"), (FILES, Call(OSError(28, "No space", "x")))), pc)
    assert log.entries(pc.state)[-1]["error"] == "No space"
    assert log.entries(pc.state)[-1]["where"] == "x"


def test_the_text_of_a_stray_error_is_not_logged(pc: MemoryWorkstation) -> None:
    with pytest.raises(ValueError, match="hunter2"):
        execute(Plan("install", said("install Acme"), (FILES, Call(ValueError("hunter2")))), pc)
    assert log.entries(pc.state)[-1]["class"] == "ValueError"
    assert b"hunter2" not in (pc.state.read("log") or b"")


def test_the_log_tells_of_recovery(pc: MemoryWorkstation) -> None:
    Journal(pc.state).add("begin", id="1", version="1", verb="install", title="install X")
    recover(pc, {})
    assert log.entries(pc.state)[-1]["ending"] == "rolled back"
    journal = Journal(pc.state)
    journal.add("begin", id="2", version="1", verb="install", title="install Y")
    journal.add("commit")
    recover(pc, {})
    assert log.entries(pc.state)[-1]["ending"] == "finished"
    journal = Journal(pc.state)
    journal.add("begin", id="3", version="1", verb="install", title="install Z")
    journal.add("leg", leg=0, title="files", digest="0")
    with pytest.raises(RecoveryNeededError):
        recover(pc, {})
    assert events(pc)[-1] == "stuck"


def test_what_was_refused_before_it_began_is_not_logged(pc: MemoryWorkstation) -> None:
    stale = Leg(said("files"), (WriteFile(r"C:\Windows\a.dll", b"old", b"new"),))
    with pytest.raises(ConflictError):
        execute(Plan("install", said("install Acme"), (stale,)), pc)
    assert pc.state.names() == ()


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    class Full(MemoryState):
        def append(self, name: str, data: bytes) -> None:
            if name == "log":
                raise OSError(28, "No space left on device")
            super().append(name, data)

    log.note(Full(), "begun", title=said("x"))
    assert log.entries(Full()) == ()


def test_a_full_log_is_set_aside_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LARGEST", 400)
    state = MemoryState()
    for number in range(60):
        log.note(state, "begun", number=number)
        assert len(state.read("log") or b"") <= 400
    assert state.names() == ("log", "log.1", "log.2", "log.3")
    numbers = [entry["number"] for entry in log.entries(state)]
    assert numbers == list(range(60 - len(numbers), 60)), "none is lost but the oldest"
    assert len(numbers) > 10
    log.note(state, "begun", text="x" * 10_000)
    assert len(log.entries(state)[-1]["text"]) < 3000


def test_a_torn_line_and_a_log_that_was_set_aside_twice_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    state = MemoryState()
    log.note(state, "begun", number=1)
    state.append("log", b'{"at": "2026", "event": "beg')
    log.note(state, "begun", number=2)
    state.append("log", b'[1]\n"event"\n')
    assert [entry["number"] for entry in log.entries(state)] == [1, 2]
    state.write("log.1", state.read("log") or b"")
    assert len(log.entries(state)) == 2
    monkeypatch.setattr(log, "LARGEST", 10)
    log.note(state, "begun", number=3)
    assert [entry["number"] for entry in log.entries(state)] == [1, 2, 3]


def test_the_log_is_shown(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    assert "Nothing yet." in mapiwright("log").out
    mapiwright("profile", "create", "One", "--yes")
    log.note_error(
        open_workstation(f"image:{workstation_folder}").state,
        "rolled back",
        FailedError("no\x1b", where="there"),
        title=said("install X"),
        step="files",
        notes=["not called back"],
    )
    answer = mapiwright("log")
    assert "begun: " in answer.out
    assert "rolled back: install X" in answer.out
    assert "FailedError: there: no\\x1b (in step 'files')" in answer.out
    assert "not called back" in answer.out
    entries = mapiwright("log", "--json").document["log"]
    assert [entry["event"] for entry in entries] == ["begun", "committed", "rolled back"]
