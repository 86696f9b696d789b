"""A service's entry point is called: through its Python stand-in, in a child process that cannot hurt us."""

from __future__ import annotations

import ctypes
import json
import os
import re
import socket
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest
from kept_records import keep_record

from mapiwright.entry.call import EntryCall, maker
from mapiwright.entry.hosts.isolation import ANSWERS, converse, crash_of
from mapiwright.entry.hosts.python_host import PythonHost
from mapiwright.entry.makers import MAKERS
from mapiwright.entry.service.contract import (
    Context,
    EntryFlag,
    EntryPolicy,
    EntryRequest,
    Result,
    VisibleSection,
    succeeded,
)
from mapiwright.entry.service.record import ServiceRecord, read_record, record_changes, sources_of
from mapiwright.entry.service.visible_sections import visible_sections
from mapiwright.errors import (
    CancelledError,
    EntryPointError,
    FormatError,
    NotFoundError,
    RefusedError,
)
from mapiwright.mapi.inf.definition import ProviderDefinition, SectionDefinition, ServiceDefinition
from mapiwright.mapi.profile import store
from mapiwright.mapi.profile.profile import ADMIN, INSTANCE, Profile, Provider, Section, Service
from mapiwright.mapi.props import tags
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Status
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, SetValue, WriteFile
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.registry import Value
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.entry.service.contract import EntryOutcome
    from mapiwright.formats.props import PropertyValue
    from mapiwright.transaction.plans.effect import Outcome
    from mapiwright.workstation.change import Change

SERVICE, STORE, BOOK, EXTRA, FOREIGN = ("a1" * 16, "b2" * 16, "c3" * 16, "d4" * 16, "e5" * 16)
SERVER = 0x6600001F
PORT = 0x66010003
PASSWORD = 0x67FC001F
EMAIL = 0x67FD001F
SECRET = "correct horse battery"  # noqa: S105 - what must never be seen again


def landlock_is_there() -> bool:
    """Whether this kernel has Landlock; asked without forbidding anything."""
    if sys.platform != "linux":
        return False
    return int(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)) > 0


def reads(expression: str, key: bytes = bytes(16)) -> object:
    """What a stand-in finds."""
    source = f"def service_entry(call):\n    call.service[{SERVER}] = repr({expression})\n"
    return call(source, replace(request(), search_key=key)).changed[SERVICE][SERVER]


posix = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are told apart on POSIX")


def request(context: Context = Context.CREATE, properties: Mapping[int, PropertyValue] | None = None) -> EntryRequest:
    if context in {Context.INSTALL, Context.UNINSTALL}:
        return EntryRequest("ACME", context)
    sections = (
        VisibleSection(SERVICE, "service", "ACME", {tags.PR_DISPLAY_NAME: "Acme", SERVER: "old.example"}),
        VisibleSection(STORE, "provider", "ACME Store", {tags.PR_DISPLAY_NAME: "Acme Store"}),
        VisibleSection(EXTRA, "extra", "ACME Extra", {}),
    )
    return EntryRequest(
        "ACME",
        context,
        EntryFlag.UNICODE,
        profile="Work",
        sections=sections,
        properties=properties or {},
    )


def call(source: str, made: EntryRequest | None = None, *, deadline: float = 20.0) -> EntryOutcome:
    """Call ``service_entry`` of one module."""
    host = PythonHost({"standin.py": source.encode()}, "standin:service_entry", deadline)
    return host.call(made or request())


def failure_of(source: str, made: EntryRequest | None = None, *, deadline: float = 20.0) -> EntryPointError:
    with pytest.raises(EntryPointError) as caught:
        call(source, made, deadline=deadline)
    return caught.value


def test_a_stand_in_reads_whose_section_and_which_profile_it_has() -> None:
    assert reads(f"call.service[{tags.PR_SERVICE_UID}]") == repr(bytes.fromhex(SERVICE))
    assert reads("call.search_key", b"0123456789abcdef") == repr(b"0123456789abcdef")


def test_a_section_that_no_service_makes_is_refused_with_the_remedy() -> None:
    source = "def service_entry(call):\n    call.new_section(bytes.fromhex('13dbb0c8aa05101a9bb000aa002fc45a'))\n"
    assert "Sections= in MAPISVC.INF" in failure_of(source).what


# A good stand-in


def test_a_stand_in_sees_its_sections_and_returns_what_it_changed_of_them() -> None:
    outcome = call(
        """
        def service_entry(call):
            assert (call.context, call.flags, call.profile) == (2, 0x80000000, "Work")
            assert call.properties == {}
            assert call.service[0x6600001F] == "old.example"
            assert call.service.uid == bytes.fromhex("a1" * 16)
            assert list(call.extras) == ["ACME Extra"]
            call.service[0x66010003] = 25
            del call.service[0x6600001F]
            store = call.providers["ACME Store"]
            store[0x66020102] = b"\\x00\\xff"
            store[0x6603101F] = ["ein", "zwei"]
            store[0x6604000B] = True
        """.replace("\n        ", "\n")
    )
    assert outcome.hresult == Result.S_OK
    assert outcome.error is None
    assert outcome.changed == {
        SERVICE: {PORT: 25, SERVER: None},
        STORE: {0x66020102: b"\0\xff", 0x6603101F: ("ein", "zwei"), 0x6604000B: True},
    }


def test_a_string_keeps_the_width_that_it_has_whichever_is_asked_for() -> None:
    outcome = call(
        "def service_entry(call):\n"
        "  assert call.service[0x6600001E] == 'old.example'\n"
        "  call.service[0x6600001E] = 'new.example'\n"
        "  call.service[0x6605001E] = 'of its own'\n"
    )
    assert outcome.changed[SERVICE] == {SERVER: "new.example", 0x6605001E: "of its own"}


def test_a_section_that_the_service_makes_is_listed_among_its_extra_ones() -> None:
    outcome = call(
        "def service_entry(call):\n  made = call.new_section(bytes.fromhex('f6' * 16))\n  made[0x6606001F] = 'x'\n"
    )
    assert outcome.changed["f6" * 16] == {0x6606001F: "x"}
    assert outcome.changed[SERVICE] == {tags.PR_SERVICE_EXTRA_UIDS: bytes.fromhex("f6" * 16)}


def test_configuration_properties_reach_the_service_with_their_types() -> None:
    given: dict[int, PropertyValue] = {
        SERVER: "mail.example",
        PORT: 143,
        0x66020102: b"\1\2",
        0x6603101F: ("a", "b"),
        0x6604000B: False,
        PASSWORD: SECRET,
    }
    outcome = call(
        f"def service_entry(call):\n  return 0 if call.properties == {given!r} else 0x80004005\n",
        request(Context.CONFIGURE, given),
    )
    assert outcome.hresult == 0


@pytest.mark.parametrize("context", [Context.INSTALL, Context.UNINSTALL])
def test_a_call_that_concerns_the_machine_has_no_sections(context: Context) -> None:
    outcome = call(
        "def service_entry(call):\n"
        "  assert (call.service, call.providers, call.extras, call.profile) == (None, {}, {}, '')\n"
        "  return None\n",
        request(context),
    )
    assert (outcome.hresult, outcome.changed) == (0, {})


def test_a_stand_in_may_be_a_package_of_several_modules_with_data() -> None:
    sources = {
        "acme/__init__.py": b"from acme import words\n",
        "acme/words.py": b"import pkgutil\nserver = pkgutil.get_data('acme', 'server.txt').decode()\n",
        "acme/server.txt": b"mail.example",
        "entry.py": b"import acme\ndef run(call): call.service[0x6600001F] = acme.words.server\n",
    }
    outcome = PythonHost(sources, "entry:run").call(request())
    assert outcome.changed[SERVICE] == {SERVER: "mail.example"}


def test_a_stand_in_may_end_a_call_with_a_result_and_words() -> None:
    outcome = call(
        "def service_entry(call):\n"
        "  call.service[0x66010003] = 25\n"
        "  call.fail(0x80040119, 'the server name is missing', component='ACME', low_level=1234, context=7)\n"
    )
    assert not succeeded(outcome.hresult)
    assert outcome.error is not None
    assert (outcome.error.error, outcome.error.component) == ("the server name is missing", "ACME")
    assert (outcome.error.low_level, outcome.error.context) == (1234, 7)
    assert outcome.changed == {}, "nothing that a failing call set is kept"


def test_an_hresult_may_be_written_with_a_sign_as_python_scripts_do() -> None:
    assert call("def service_entry(call): return -0x7FFBFEE4\n").hresult == Result.MAPI_E_UNCONFIGURED


def test_what_it_prints_is_no_answer_and_much_of_it_holds_nothing_up() -> None:
    outcome = call(
        "import os, sys\n"
        "def service_entry(call):\n"
        '  print(\'{"phase": "done", "hresult": 1}\\0\', flush=True)\n'
        "  os.write(1, b'x' * 3_000_000)\n"
        "  sys.stderr.write('y' * 3_000_000 + '\\nthe end\\n')\n"
    )
    assert outcome.hresult == 0
    assert outcome.log.endswith("the end")
    assert len(outcome.log) < 10_000


def test_the_stand_in_of_the_how_to_does_what_its_page_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "write-a-python-stand-in.md").read_text(encoding="utf-8")
    page = page.replace("ACME_Store", "ACME Store")  # the section of the service that is called here
    blocks = [dedent(block) for block in re.findall(r"(?:^    .*\n|^\n)+", page, re.MULTILINE)]
    source = next(block for block in blocks if "def service_entry" in block)
    trial = next(block for block in blocks if "SimpleNamespace" in block)
    assert call(source).changed[STORE] == {tags.PR_DISPLAY_NAME: "Acme at old.example"}
    assert call(source, request(Context.DELETE)).hresult == 0
    assert call(source, request(Context.PROVIDER_CREATE)).hresult == Result.MAPI_E_NO_SUPPORT
    refused = call(source, request(Context.CONFIGURE, {SERVER: "a b"}))
    assert refused.error is not None
    assert refused.error.error == "'a b' is no server"
    exec(compile(source + trial, "the page", "exec"), {})  # noqa: S102 - the page's own test of its own function


# One per way to misbehave


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def service_entry(call):\n  raise ValueError('no such server')", "raised ValueError (standin.py, line 2)"),
        ("import sys\ndef service_entry(call): sys.exit(0)", "ended itself by sys.exit()"),
        ("def service_entry(call): raise KeyboardInterrupt", "raised KeyboardInterrupt"),
        ("import os\ndef service_entry(call): os._exit(0)", "ended in the call without a result (exit status 0)"),
        ("import os\nos._exit(7)", "ended while it was loaded without a result (exit status 7)"),
        ("def service_entry(call): return 'fine'", "which is no HRESULT"),
        ("def service_entry(call): return True", "which is no HRESULT"),
        ("def service_entry(call): return 1 << 40", "which is no HRESULT"),
        ("def service_entry(call): return service_entry(call)", "raised RecursionError"),
        ("def service_entry(call):\n  return (", "raised SyntaxError while it was loaded (standin.py, line 2)"),
        ("def other(call): pass", "raised AttributeError while it was loaded"),
        ("service_entry = 5", "raised TypeError while it was loaded"),
        ("import acme_is_not_here", "raised ModuleNotFoundError while it was loaded (standin.py, line 1)"),
        ("raise SystemExit(3)", "ended itself by sys.exit() while it was loaded"),
        ("def service_entry(call): call.service[0x66010003] = 'text'", "66010003: its value must be a 32-bit"),
        ("def service_entry(call): call.service[0x66010003] = None", "use del"),
        ("def service_entry(call): call.service['PORT'] = 5", "'PORT': it is no property tag"),
        ("def service_entry(call): call.service[0x8001001F] = 'x'", "no named properties"),
        ("def service_entry(call): call.service[0x3D0C0102] = bytes(16)", "MAPI sets it"),
        ("def service_entry(call): del call.service[0x3D09001F]", "MAPI sets it"),
        ("def service_entry(call): del call.service[0x3D0D0102]", "call.new_section() adds to it"),
        ("def service_entry(call): call.service[0x3D0D0102] = bytes(16)", "call.new_section() adds to it"),
        ("def service_entry(call): call.service[0x66010005] = 1.5", "no property of its type"),
        ("def service_entry(call): call.new_section(bytes.fromhex('a1' * 16))", "of a new MAPIUID"),
        ("def service_entry(call): call.fail(0, 'well done')", "0x00000000 is no failure"),
        ("def service_entry(call): call.fail(0x80004005, 5)", "a text is no text"),
        ("def service_entry(call): call.fail(0x80004005, '', low_level=-1)", "more than 32 bits"),
        ("class E(Exception):\n  def __str__(self): 1 / 0\ndef service_entry(call): raise E", "cannot be had"),
    ],
)
def test_a_fault_is_told_in_one_sentence_and_leaves_nothing(source: str, sentence: str) -> None:
    error = failure_of(source)
    assert sentence in error.what
    assert error.where == "standin:service_entry of ACME, MSG_SERVICE_CREATE"
    assert error.remedy
    assert error.exit_code == 3


@posix
@pytest.mark.parametrize(
    ("source", "signal"),
    [
        ("import os\ndef service_entry(call): os.abort()", "SIGABRT"),
        ("import ctypes\ndef service_entry(call): ctypes.string_at(8)", "SIGSEGV"),
        ("import os, signal\ndef service_entry(call): os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_a_crash_is_told_by_the_name_of_its_signal(source: str, signal: str) -> None:
    error = failure_of(source)
    assert f"crashed in the call: {signal}" in error.what
    assert error.hresult == Result.MAPI_E_CALL_FAILED


def test_the_words_of_a_service_cannot_steer_the_terminal() -> None:
    outcome = call("def service_entry(call): call.fail(0x80004005, 'a\\x1b]0;owned\\x07\\ud800\\r\\u202eb')")
    assert outcome.error is not None
    assert outcome.error.error == "a\ufffd]0;owned\ufffd\ufffd\ufffd\ufffdb"
    assert "\x1b" not in str(failure_of("def service_entry(call): raise ValueError('\\x1b[2J')"))


def test_a_crash_shows_the_last_that_was_printed() -> None:
    error = failure_of(
        "import os, sys\ndef service_entry(call):\n  print('at the end', file=sys.stderr)\n  os._exit(1)"
    )
    assert "at the end" in error.remedy


@posix
@pytest.mark.parametrize("status", [-6, -200, 0xC0000005, 0xC0001234])
def test_every_way_to_crash_has_a_name(status: int) -> None:
    names = {-6: "SIGABRT", -200: "signal 200", 0xC0000005: "access violation", 0xC0001234: "0xC0001234"}
    told = crash_of(status)
    assert told is not None
    assert names[status] in told
    assert crash_of(0) is None
    assert crash_of(1) is None


@posix
@pytest.mark.parametrize(
    "source",
    [
        "def service_entry(call):\n  while True: pass",
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\ndef service_entry(call): time.sleep(600)",
        "import os, time\ndef service_entry(call):\n  os.fork()\n  time.sleep(600)",
        "import time\ntime.sleep(600)\ndef service_entry(call): pass",
    ],
)
def test_a_service_that_hangs_is_ended_at_its_deadline(source: str) -> None:
    began = time.monotonic()
    error = failure_of(source, deadline=1.0)
    assert "did not finish within 1 s and was ended" in error.what
    assert error.hresult == Result.MAPI_E_TIMEOUT
    assert time.monotonic() - began < 30, "it does not wait for the service"


@posix
@pytest.mark.parametrize("escape", ["pass", "os.setsid()"])
def test_a_process_that_it_leaves_behind_with_our_pipes_holds_nothing_up(escape: str) -> None:
    began = time.monotonic()
    outcome = call(
        "import os, time\n"
        "def service_entry(call):\n"
        "  if os.fork() == 0:\n"
        f"    {escape}\n"
        "    time.sleep(8)\n"
        "    os._exit(0)\n"
        "  time.sleep(0.2)\n"
        "  call.service[0x66010003] = 25\n"
    )
    assert outcome.changed[SERVICE] == {PORT: 25}
    assert time.monotonic() - began < 8, "it does not wait for what was left behind"


@posix
def test_what_it_leaves_behind_in_its_process_group_is_ended_too() -> None:
    outcome = call(
        "import os, time\n"
        "def service_entry(call):\n"
        "  child = os.fork()\n"
        "  if child == 0:\n"
        "    time.sleep(600)\n"
        "  call.service[0x66010003] = child\n"
    )
    left = outcome.changed[SERVICE][PORT]
    assert isinstance(left, int)
    for _ in range(100):
        try:
            os.kill(left, 0)
        except ProcessLookupError:
            return
        if _is_zombie(left):
            return  # whoever adopts orphans here does not bury them
        time.sleep(0.05)
    pytest.fail("the process that the service started still runs")


def _is_zombie(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "Z"


@posix
def test_a_process_that_escapes_after_a_crash_does_not_hide_the_crash() -> None:
    error = failure_of(
        "import os, time\n"
        "def service_entry(call):\n"
        "  if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    time.sleep(6)\n"
        "    os._exit(0)\n"
        "  time.sleep(0.2)\n"
        "  os.abort()\n"
    )
    assert "SIGABRT" in error.what


@pytest.mark.skipif(os.uname().sysname != "Linux" if os.name == "posix" else True, reason="RLIMIT_AS holds on Linux")
def test_a_service_that_takes_all_memory_runs_out_of_its_own() -> None:
    assert "raised MemoryError" in failure_of("def service_entry(call): return bytearray(8 << 30)").what


@posix
def test_a_service_cannot_write_to_the_files_of_this_computer(tmp_path: Path) -> None:
    place = tmp_path / "written"
    error = failure_of(f"def service_entry(call):\n  with open({str(place)!r}, 'w') as f: f.write('x')")
    assert re.search("raised (OSError|PermissionError)", error.what)
    assert not place.exists() or place.read_bytes() == b""


@pytest.mark.skipif(not landlock_is_there(), reason="Landlock: this kernel has none")
@pytest.mark.parametrize(
    "action",
    [
        "open(PLACE + '/new', 'w')",
        "open(PLACE + '/old', 'r+')",
        "__import__('os').mkdir(PLACE + '/folder')",
        "__import__('os').remove(PLACE + '/old')",
        "__import__('os').truncate(PLACE + '/old', 0)",
        "__import__('os').rename(PLACE + '/old', PLACE + '/new')",
        "__import__('os').symlink('/', PLACE + '/new')",
        "open('new', 'w')",
    ],
)
def test_a_service_changes_no_file_where_the_kernel_can_forbid_it(tmp_path: Path, action: str) -> None:
    (tmp_path / "old").write_bytes(b"as it was")
    error = failure_of(f"PLACE = {str(tmp_path)!r}\ndef service_entry(call): {action}")
    assert "raised PermissionError" in error.what
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"old": b"as it was"}


@pytest.mark.skipif(sys.platform != "linux", reason="the filter of system calls is Linux' own")
@pytest.mark.parametrize(
    "action",
    [
        "os.chmod(PLACE, 0o777)",
        "os.chown(PLACE, 1, 1)",
        "os.utime(PLACE)",
        "os.setxattr(PLACE, 'user.mapiwright', b'x')",
        "socket.sethostname('guest')",
        "time.clock_settime(time.CLOCK_REALTIME, 0)",
        "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "socket.socket(socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 58)",
        "socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)",
        "subprocess.run(['chmod', '777', PLACE], check=True, stderr=subprocess.DEVNULL)",
    ],
)
def test_a_service_is_denied_what_changes_more_than_files(tmp_path: Path, action: str) -> None:
    place = tmp_path / "place"
    place.write_bytes(b"")
    before = place.stat()
    source = f"import os, socket, subprocess, time\nPLACE = {str(place)!r}\ndef service_entry(call): {action}"
    assert re.search("raised (PermissionError|CalledProcessError)", failure_of(source).what)
    after = place.stat()
    assert (after.st_mode, after.st_uid, after.st_mtime_ns) == (before.st_mode, before.st_uid, before.st_mtime_ns)


@pytest.mark.skipif(not landlock_is_there(), reason="Landlock: this kernel has none")
def test_a_service_does_not_see_its_parents_environment() -> None:
    read = "def service_entry(call): open(f'/proc/{__import__(\"os\").getppid()}/environ', 'rb').read()"
    assert "raised PermissionError" in failure_of(read).what


def test_the_network_stays_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        source = f"import socket\ndef service_entry(call): socket.create_connection(({host!r}, {port}), 5).close()"
        assert call(source).hresult == Result.S_OK


def test_a_service_may_still_print_into_nowhere_and_read() -> None:
    outcome = call(
        "import os, sys\n"
        "def service_entry(call):\n"
        "  open(os.devnull, 'wb').write(b'x')\n"
        "  open(sys.executable, 'rb').read(1)\n"
    )
    assert outcome.hresult == 0


def test_an_answer_that_is_too_large_is_refused() -> None:
    error = failure_of(f"def service_entry(call): call.service[0x66020102] = bytes({ANSWERS})")
    assert f"it answered with more than {ANSWERS} bytes" in error.what
    assert error.hresult == Result.MAPI_E_CORRUPT_DATA


def test_variables_of_the_user_are_not_given_to_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAPIWRIGHT_TEST_SECRET", SECRET)
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    outcome = call(
        "import os\ndef service_entry(call):\n  return 5 if 'MAPIWRIGHT_TEST_SECRET' in os.environ else 0\n"
    )
    assert outcome.hresult == 0


def test_a_child_that_cannot_be_started_is_an_error() -> None:
    with pytest.raises(EntryPointError, match="could not be started"):
        converse(["/nowhere/python"], b"", 1.0)


# A guest that speaks the protocol itself, and lies


def lie(*lines: object, raw: bytes = b"") -> str:
    """A stand-in that writes its own answers to our pipe and ends."""
    said = b"".join(json.dumps(line).encode() + b"\n" for line in lines) + raw
    return (
        "import os, stat\n"
        "def service_entry(call):\n"
        "  for fd in range(3, 20):\n"
        "    try:\n"
        "      if stat.S_ISFIFO(os.fstat(fd).st_mode): os.write(fd, " + repr(said + b"\0") + ")\n"
        "    except OSError: pass\n"
        "  os._exit(0)\n"
    )


@posix
@pytest.mark.parametrize(
    ("service_code", "sentence"),
    [
        (lie(raw=b"{"), "its answer is no JSON"),
        (lie(raw=b"\xff\xfe"), "its answer is no JSON"),
        (lie(raw=b"[" * 100_000), "its answer is no JSON"),
        (lie([1]), "an answer is no object"),
        (lie({"phase": "done", "hresult": True, "error": None, "changed": {}}), "its result is no HRESULT"),
        (lie({"phase": "done", "hresult": 0, "error": 5, "changed": {}}), "its MAPIERROR is no object"),
        (lie({"phase": "done", "hresult": 0, "error": None, "changed": []}), "its list of sections is no object"),
        (lie({"phase": "done", "hresult": 0, "error": None, "changed": {SERVICE: 5}}), "a section is no object"),
        (lie({"phase": "done", "hresult": 0, "error": None, "changed": {SERVICE: {"x": 5}}}), "the protocol has"),
        (lie({"phase": "done", "hresult": 0, "error": None, "changed": {"x": {}}}), "not named by a MAPIUID"),
        (
            lie({"phase": "done", "hresult": 0, "error": None, "changed": {SERVICE: {"66010003": [5]}}}),
            "66010003: its value must be a 32-bit integer",
        ),
        (
            lie({"phase": "done", "hresult": 0, "error": None, "changed": {SERVICE: {"66010003": {"hex": "00"}}}}),
            "66010003: its value must be a 32-bit integer",
        ),
        (
            lie({"phase": "done", "hresult": 0, "error": None, "changed": {SERVICE: {"3D0C0102": {"hex": ""}}}}),
            "MAPI sets it",
        ),
        (
            lie({"phase": "done", "hresult": 0, "error": None, "changed": {SERVICE: {"3D0D0102": {"hex": FOREIGN}}}}),
            "names a section that is not its own",
        ),
        (lie({"phase": "over"}), "ended in the call without a result"),
    ],
)
def test_a_lie_is_not_believed(service_code: str, sentence: str) -> None:
    assert sentence in failure_of(service_code).what


@posix
def test_a_service_that_concerns_no_profile_can_set_no_section() -> None:
    service_code = lie({"phase": "done", "hresult": 0, "error": None, "changed": {SERVICE: {}}})
    assert "where no profile is concerned" in failure_of(service_code, request(Context.INSTALL)).what


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors of POSIX")
def test_a_stand_in_that_loses_the_channel_was_called_all_the_same() -> None:
    error = failure_of(
        "import os\n"
        "nowhere = os.open(os.devnull, os.O_WRONLY)\n"
        "for number in range(3, 64):\n"
        "    if number != nowhere:\n"
        "        try:\n"
        "            os.fstat(number)\n"
        "            os.dup2(nowhere, number)\n"
        "        except OSError:\n"
        "            pass\n"
        "def service_entry(call):\n"
        "    os.write(2, b'the code ran')\n"
    )
    assert "the code ran" in error.remedy
    assert error.was_called
    assert "was not called" not in error.remedy


def test_a_stand_in_that_cannot_be_imported_was_not_called() -> None:
    error = failure_of("import no_such_module_at_all\n")
    assert not error.was_called
    assert error.remedy.startswith("The entry point was not called. Show this")


# Secrets


def configure_with_a_secret() -> EntryRequest:
    return request(Context.CONFIGURE, {PASSWORD: SECRET, EMAIL: "anna@mail.example", 0x67F1000B: True})


@pytest.mark.parametrize(
    "source",
    [
        "def service_entry(call): raise ValueError(call.properties[0x67FC001F])",
        "def service_entry(call): raise KeyError(call.properties)",
        "def service_entry(call): raise type(call.properties[0x67FC001F], (Exception,), {})",
        "import sys, os\ndef service_entry(call):\n  print(call.properties, file=sys.stderr)\n  os.abort()",
        "def service_entry(call): call.service[0x6600001F] = call.properties[0x67FC001F]",
        "def service_entry(call): call.service[0x66020102] = b'x' + call.properties[0x67FC001F].encode('utf-16-le')",
        "def service_entry(call): call.service[0x6603101F] = ('a', 'x' + call.properties[0x67FC001F])",
    ],
)
def test_a_secret_is_in_no_error_whatever_the_service_does_with_it(source: str) -> None:
    error = failure_of(source, configure_with_a_secret())
    assert SECRET not in f"{error} {error!r} {error.__dict__}"
    assert SECRET not in repr(error.__cause__)


def test_a_secret_is_in_no_outcome_and_no_repr() -> None:
    made = configure_with_a_secret()
    outcome = call(
        "import sys\n"
        "def service_entry(call):\n"
        "  print(call.properties, file=sys.stderr)\n"
        "  call.fail(0x80040119, 'wrong: ' + call.properties[0x67FC001F], component='True Mail')\n",
        made,
    )
    assert SECRET not in f"{outcome!r} {outcome.error} {outcome.log} {made!r}"
    assert outcome.error is not None
    assert outcome.error.component == "True Mail", "words that hold no secret are shown"


def test_the_name_and_address_of_the_user_may_be_stored_plainly() -> None:
    outcome = call(
        "def service_entry(call): call.service[0x6641001F] = call.properties[0x67FD001F]", configure_with_a_secret()
    )
    assert outcome.changed[SERVICE] == {0x6641001F: "anna@mail.example"}


# The record of a service on its workstation


@dataclass(frozen=True)
class Given:
    """A stand-in as a package gives it."""

    sources: Mapping[str, bytes]
    entry: str = "standin:service_entry"
    deadline: float = 20.0


def make(workstation: MemoryWorkstation, changes: Sequence[Change]) -> None:
    for change in changes:
        if isinstance(change, SetValue | CreateKey | DeleteKey):
            workstation.registry.apply([change])
        else:
            workstation.files.apply([change])
    workstation.refresh()


def install(workstation: MemoryWorkstation, source: str, service: str = "ACME") -> None:
    given = Given({"standin.py": source.encode()})
    record = ServiceRecord.of(service, package="acme-mail", version="1.0", stand_in=given)
    keep_record(workstation, record, given.sources)


@pytest.fixture
def bare() -> MemoryWorkstation:
    return MemoryWorkstation.of(layout(edition=Edition.OUTLOOK_2016))


def tree(workstation: MemoryWorkstation, folder: str = r"C:\ProgramData") -> Iterator[str]:
    for name in workstation.files.names(folder):
        path = rf"{folder}\{name}"
        yield path
        yield from tree(workstation, path)


@pytest.mark.parametrize("service", ["ACME", "MSPST MS", "CON", "a/b\\c:*?", "..", "Ünïcode ✉", "x" * 300, "aux.txt"])
def test_a_record_is_kept_under_any_name_in_a_folder_of_its_own(bare: MemoryWorkstation, service: str) -> None:
    given = Given({"standin.py": b"x = 1\n", "acme/words.py": b"y = 2\n"})
    record = ServiceRecord.of(service, package="acme-mail", version="1.0", stand_in=given)
    assert read_record(bare, service) is None
    keep_record(bare, record, given.sources)
    assert read_record(bare, service.swapcase()) == record, "Windows takes both for one name"
    assert sources_of(bare, record) == given.sources
    assert record_changes(bare, record, given.sources) == (), "keeping it again changes nothing"
    assert read_record(bare, service + "2") is None
    folders = [path for path in tree(bare) if path.count("\\") == 4]
    assert len(folders) == 1, "one folder below services"


def test_a_newer_record_leaves_nothing_of_the_older_one(bare: MemoryWorkstation) -> None:
    old = Given({"standin.py": b"1", "old/words.py": b"2", "kept/words.py": b"3"})
    new = Given({"standin.py": b"4", "kept/words.py": b"3"}, entry="standin:run")
    for given, version in ((old, "1.0"), (new, "2.0")):
        record = ServiceRecord.of("ACME", package="acme-mail", version=version, stand_in=given)
        keep_record(bare, record, given.sources)
    found = read_record(bare, "ACME")
    assert found is not None
    assert (found.version, found.stand_in and found.stand_in.entry) == ("2.0", "standin:run")
    assert sources_of(bare, found) == new.sources
    assert not [path for path in tree(bare) if "old" in path]


def test_a_service_without_a_stand_in_has_a_record_too(bare: MemoryWorkstation) -> None:
    record = ServiceRecord.of("ACME", package="acme-mail", version="1.0", stand_in=None)
    keep_record(bare, record, {})
    assert read_record(bare, "ACME") == record
    assert sources_of(bare, record) == {}


@pytest.mark.parametrize("name", ["../evil.py", "a//b.py", "nul.py", "a\\b.py", ""])
def test_a_source_whose_path_leads_elsewhere_is_refused(bare: MemoryWorkstation, name: str) -> None:
    given = Given({name: b""})
    record = ServiceRecord.of("ACME", package="acme-mail", version="1.0", stand_in=given)
    with pytest.raises(RefusedError, match="cannot be kept"):
        record_changes(bare, record, given.sources)


HEAD = b'{"schema": 1, "service": "A", "package": "p", "version": "1", '
RECORD = r"C:\ProgramData\Mapiwright\services\ACME\record.json"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"schema": 2, "service": "A", "package": "p", "version": "1", "stand_in": null}',
        b'{"schema": 1, "service": 5, "package": "p", "version": "1", "stand_in": null}',
        b'{"schema": 1, "service": "A", "package": "p", "version": "1", "stand_in": []}',
        HEAD + b'"stand_in": {"entry": "a:b", "deadline": Infinity, "files": []}}',
        HEAD + b'"stand_in": {"entry": "a:b", "deadline": 1, "files": "abc"}}',
        HEAD + b'"stand_in": {"entry": 5, "deadline": 1, "files": []}}',
    ],
)
def test_a_damaged_record_is_told_with_its_place(bare: MemoryWorkstation, damage: bytes) -> None:
    install(bare, "")
    bare.files.apply([WriteFile(RECORD, bare.files.read(RECORD), damage)])
    bare.refresh()
    with pytest.raises(FormatError) as caught:
        read_record(bare, "ACME")
    assert caught.value.where == RECORD
    assert caught.value.remedy


def test_a_stand_in_that_is_not_whole_is_told(bare: MemoryWorkstation) -> None:
    install(bare, "")
    path = r"C:\ProgramData\Mapiwright\services\ACME\standin\standin.py"
    bare.files.apply([WriteFile(path, b"", None)])
    bare.refresh()
    with pytest.raises(NotFoundError, match="not whole"):
        EntryCall("ACME", Context.INSTALL).run(bare)


# Calls as effects of a transaction


INF = b"""[Services]\r
ACME=Acme Mail\r
[ACME]\r
PR_DISPLAY_NAME=Acme\r
Providers=ACME Book, ACME Store\r
Sections=ACME Extra\r
PR_SERVICE_DLL_NAME=acme.dll\r
PR_SERVICE_ENTRY_NAME=ServiceEntry\r
[ACME Store]\r
PR_DISPLAY_NAME=Acme Store\r
PR_PROVIDER_DISPLAY=Acme\r
PR_PROVIDER_DLL_NAME=acme.dll\r
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER\r
[ACME Book]\r
PR_DISPLAY_NAME=Acme Book\r
PR_PROVIDER_DISPLAY=Acme\r
PR_PROVIDER_DLL_NAME=acme.dll\r
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER\r
[ACME Extra]\r
6607001e=extra\r
"""


def section(uid: str, properties: Mapping[int, PropertyValue]) -> Section:
    return Section(uid, MappingProxyType(dict(properties)))


def profile() -> Profile:
    """A profile as [profile-in-the-registry] 7 has it: a service, its providers, an extra section, and others'."""
    back: dict[int, PropertyValue] = {tags.PR_SERVICE_UID: bytes.fromhex(SERVICE), tags.PR_SERVICE_NAME: "ACME"}
    sections = [
        section(
            ADMIN,
            {
                tags.PR_SERVICES: bytes.fromhex(SERVICE),
                tags.PR_STORE_PROVIDERS: bytes.fromhex(STORE),
                tags.PR_AB_PROVIDERS: bytes.fromhex(BOOK),
            },
        ),
        section(INSTANCE, {tags.PR_SEARCH_KEY: bytes(16)}),
        section(
            SERVICE,
            {
                tags.PR_SERVICE_NAME: "ACME",
                tags.PR_DISPLAY_NAME: "Acme",
                tags.PR_SERVICE_DLL_NAME: "acme.dll",
                tags.PR_SERVICE_ENTRY_NAME: "ServiceEntry",
                tags.PR_STORE_PROVIDERS: bytes.fromhex(STORE),
                tags.PR_AB_PROVIDERS: bytes.fromhex(BOOK),
                tags.PR_SERVICE_EXTRA_UIDS: bytes.fromhex(EXTRA),
            },
        ),
        section(STORE, {**back, tags.PR_RESOURCE_TYPE: 33, tags.PR_DISPLAY_NAME: "renamed by its user"}),
        section(BOOK, {**back, tags.PR_RESOURCE_TYPE: 35, tags.PR_DISPLAY_NAME: "Acme Book"}),
        section(EXTRA, {0x6607001E: "extra"}),
        section(FOREIGN, {0x6608001F: "of another service"}),
    ]
    return Profile("Work", MappingProxyType({each.uid: each for each in sections}), 8)


@pytest.fixture
def workstation(bare: MemoryWorkstation) -> MemoryWorkstation:
    """A workstation with ACME in MAPISVC.INF and in anna's profile, and no stand-in yet."""
    path = bare.outlook.inf_path
    bare.files.apply([WriteFile(path, bare.files.read(path), INF)])
    root, edition = bare.users[0].root, bare.outlook.edition
    make(bare, store.profiles_changes(bare.registry, root, edition, [(None, profile())], "cp1252"))
    return bare


def now(workstation: MemoryWorkstation) -> Profile:
    found = store.read_profile_of(
        workstation.registry,
        workstation.users[0].root,
        workstation.outlook.edition,
        "Work",
        default_pointer=8,
        code_page="cp1252",
    )
    assert found is not None
    return found


def of(context: Context, properties: Mapping[int, PropertyValue] | None = None, **more: object) -> EntryCall:
    machine = context in {Context.INSTALL, Context.UNINSTALL}
    place = {} if machine else {"user": "anna", "profile": "Work", "uid": SERVICE}
    return EntryCall("ACME", context, properties=properties or {}, **place, **more)  # type: ignore[arg-type]


def sent(workstation: MemoryWorkstation, made: EntryCall) -> Outcome:
    """Run a call and make the changes that it wants, as a transaction would."""
    outcome = made.run(workstation)
    make(workstation, outcome.changes)
    return outcome


def test_what_the_service_set_is_stored_in_its_own_sections(workstation: MemoryWorkstation) -> None:
    install(
        workstation,
        "def service_entry(call):\n"
        "  assert sorted(call.providers) == ['ACME Book', 'ACME Store'], call.providers\n"
        "  assert call.extras['ACME Extra'][0x6607001F] == 'extra'\n"
        "  call.service[0x6600001F] = call.properties[0x6600001F]\n"
        "  call.providers['ACME Store'][0x66010003] = 25\n"
        "  call.new_section(bytes.fromhex('f6' * 16))[0x6606001F] = 'x'\n",
    )
    before = now(workstation)
    outcome = sent(workstation, of(Context.CONFIGURE, {SERVER: "mail.example"}))
    assert outcome.status is Status.DONE
    assert outcome.details == {"hresult": 0}
    after = now(workstation)
    service = after.services[0]
    assert service.section.text(SERVER) == "mail.example"
    assert [each.uid for each in service.extras] == [EXTRA, "f6" * 16]
    store_section = after.section(STORE)
    assert store_section is not None
    assert store_section.number(PORT) == 25
    changed = {uid for uid in after.sections if after.section(uid) != before.section(uid)}
    assert changed == {SERVICE, STORE, "f6" * 16}, "and nothing else"


def test_a_service_that_is_no_longer_in_the_inf_has_its_sections_by_uid(workstation: MemoryWorkstation) -> None:
    path = workstation.outlook.inf_path
    workstation.files.apply([WriteFile(path, INF, None)])
    workstation.refresh()
    install(workstation, f"def service_entry(call):\n  assert sorted(call.providers) == {sorted([STORE, BOOK])!r}\n")
    assert sent(workstation, of(Context.CONFIGURE)).status is Status.DONE


def test_configuration_properties_are_given_with_configure_only(workstation: MemoryWorkstation) -> None:
    install(workstation, "def service_entry(call): return 5 if call.properties else 0")
    assert sent(workstation, of(Context.CONFIGURE, {SERVER: "x"})).details["hresult"] == 5
    assert sent(workstation, of(Context.CREATE, {SERVER: "x"})).details["hresult"] == 0


def test_create_without_configuration_goes_on_and_says_so(workstation: MemoryWorkstation) -> None:
    install(workstation, "def service_entry(call):\n  call.service[0x66010003] = 25\n  return 0x8004011C")
    outcome = sent(workstation, of(Context.CREATE))
    assert outcome.status is Status.DONE
    assert outcome.details == {"hresult": Result.MAPI_E_UNCONFIGURED, "unconfigured": True}
    assert str(outcome.message) == "it asks to be configured"
    assert now(workstation).services[0].section.number(PORT) == 25
    with pytest.raises(EntryPointError, match="MAPI_E_UNCONFIGURED"):
        of(Context.CONFIGURE).run(workstation)


@pytest.mark.parametrize("context", [Context.INSTALL, Context.CREATE, Context.CONFIGURE, Context.UNINSTALL])
def test_a_service_that_cancels_cancels_everything(workstation: MemoryWorkstation, context: Context) -> None:
    install(workstation, "def service_entry(call): call.fail(0x80040113, 'not today')")
    with pytest.raises(CancelledError, match="not today"):
        of(context).run(workstation)


@pytest.mark.parametrize("context", [Context.INSTALL, Context.UNINSTALL])
def test_a_service_that_has_nothing_to_do_for_the_machine_is_let_be(
    workstation: MemoryWorkstation, context: Context
) -> None:
    install(workstation, "def service_entry(call): return 0x80040102")
    outcome = of(context).run(workstation)
    assert outcome.status is Status.DONE
    assert "nothing to do" in str(outcome.message)
    with pytest.raises(EntryPointError, match="MAPI_E_NO_SUPPORT"):
        of(Context.CREATE).run(workstation)


def test_a_crash_stops_everything_but_a_delete(workstation: MemoryWorkstation) -> None:
    install(workstation, "import os\ndef service_entry(call): os._exit(3)")
    with pytest.raises(EntryPointError, match="exit status 3"):
        of(Context.CONFIGURE).run(workstation)


def test_a_failure_carries_the_result_and_the_words_of_the_service(workstation: MemoryWorkstation) -> None:
    install(workstation, "def service_entry(call): call.fail(0x80040111, 'the server knows no anna')")
    with pytest.raises(EntryPointError) as caught:
        of(Context.CONFIGURE).run(workstation)
    assert "MAPI_E_LOGON_FAILED" in caught.value.what
    assert "the server knows no anna" in caught.value.what
    assert caught.value.hresult == 0x80040111


@pytest.mark.parametrize(
    ("source", "hresult"),
    [
        ("def service_entry(call): return 0x80004005", Result.MAPI_E_CALL_FAILED),
        ("def service_entry(call): return 0x80040113", Result.MAPI_E_USER_CANCEL),
        ("import os\ndef service_entry(call): os._exit(0)", Result.MAPI_E_CALL_FAILED),
    ],
)
def test_a_failing_delete_is_told_and_holds_nothing_up(
    workstation: MemoryWorkstation, source: str, hresult: int
) -> None:
    install(workstation, source)
    outcome = of(Context.DELETE).run(workstation)
    assert outcome.status is Status.DONE
    assert outcome.details == {"hresult": hresult, "failed": True}
    assert "passed over" in str(outcome.message)


def test_what_delete_sets_is_dropped_for_the_sections_go_next(workstation: MemoryWorkstation) -> None:
    install(workstation, "def service_entry(call): call.service[0x66010003] = 25")
    outcome = of(Context.DELETE).run(workstation)
    assert (outcome.status, outcome.changes) == (Status.DONE, ())


# Where no code can run


def test_a_call_that_cannot_be_made_is_pending_and_never_reported_as_sent(workstation: MemoryWorkstation) -> None:
    outcome = of(Context.CREATE).run(workstation)
    assert outcome.status is Status.PENDING
    assert str(outcome.message).startswith("the code of ")
    assert outcome.changes == ()


def test_a_call_that_is_required_fails_where_it_cannot_be_made(workstation: MemoryWorkstation) -> None:
    with pytest.raises(EntryPointError, match="was required") as caught:
        of(Context.CREATE, policy=EntryPolicy.REQUIRE).run(workstation)
    assert "--entry" in caught.value.remedy


def test_a_call_that_shall_be_skipped_is_not_made_even_where_it_could_be(workstation: MemoryWorkstation) -> None:
    install(workstation, "def service_entry(call): return 0x80004005")
    outcome = of(Context.INSTALL, policy=EntryPolicy.SKIP).run(workstation)
    assert outcome.status is Status.SKIPPED


def test_a_pending_call_is_made_again_from_its_description(workstation: MemoryWorkstation) -> None:
    made = of(Context.CONFIGURE, {SERVER: "mail.example", 0x66020102: b"\1", 0x6603101F: ("a",)})
    again = MAKERS[made.kind](json.loads(json.dumps(made.describe())))
    assert again == made
    install(workstation, "def service_entry(call): call.service[0x6600001F] = call.properties[0x6600001F]")
    make(workstation, again.run(workstation).changes)
    assert now(workstation).services[0].section.text(SERVER) == "mail.example"


def test_a_pending_call_with_secrets_wants_them_again(workstation: MemoryWorkstation) -> None:
    made = of(Context.CONFIGURE, {SERVER: "mail.example", PASSWORD: SECRET})
    assert SECRET not in f"{made!r} {made.title} {json.dumps(made.describe())}"
    pending = made.run(workstation)
    assert "must be given again" in str(pending.message)
    again = maker(made.describe())
    assert again.run(workstation).status is Status.PENDING
    install(workstation, "def service_entry(call): pass")
    with pytest.raises(RefusedError, match="kept nowhere") as caught:
        again.run(workstation)
    assert "67FC001F" in caught.value.expected
    assert maker(again.describe()) == again


# What the service may not do to the workstation


@pytest.mark.parametrize("uid", [FOREIGN, ADMIN, "13dbb0c8aa05101a9bb000aa002fc45a"])
def test_a_section_that_is_not_its_own_is_refused(workstation: MemoryWorkstation, uid: str) -> None:
    install(workstation, f"def service_entry(call): call.new_section(bytes.fromhex({uid!r}))[0x6600001F] = 'x'")
    with pytest.raises(EntryPointError, match="not its own"):
        of(Context.CREATE).run(workstation)


def test_a_secure_property_cannot_be_made_here_and_is_never_stored_plain(workstation: MemoryWorkstation) -> None:
    install(workstation, "def service_entry(call): call.service[0x67FC001F] = call.properties[0x67FC001F]")
    with pytest.raises(EntryPointError, match="67FC001F, which cannot be encrypted here") as caught:
        of(Context.CONFIGURE, {PASSWORD: SECRET}).run(workstation)
    assert "on Windows" in caught.value.remedy
    assert SECRET not in str(caught.value)


def test_a_secure_property_that_is_stored_is_not_shown_to_the_service(workstation: MemoryWorkstation) -> None:
    root = workstation.users[0].root / PROFILE_ROOTS[workstation.outlook.edition].profiles / "Work" / SERVICE
    blob = Value.binary(b"an encrypted blob")
    workstation.registry.apply([SetValue(root, "S001f67fc", None, blob)])
    install(
        workstation,
        "def service_entry(call):\n"
        "  call.service[0x66010003] = 25\n"
        "  return 5 if 0x67FC001F in call.service else 0\n",
    )
    assert sent(workstation, of(Context.CONFIGURE)).details["hresult"] == 0
    assert workstation.registry.value(root, "S001f67fc") == blob, "and it survives"


def test_a_text_without_a_form_in_the_code_page_is_refused(workstation: MemoryWorkstation) -> None:
    install(workstation, "def service_entry(call): call.service[0x6609101E] = ('\\u4e2d',)")
    with pytest.raises(EntryPointError, match="cannot be stored"):
        of(Context.CONFIGURE).run(workstation)


@pytest.mark.parametrize("missing", ["user", "profile", "uid"])
def test_a_service_that_is_gone_is_told(workstation: MemoryWorkstation, missing: str) -> None:
    install(workstation, "def service_entry(call): pass")
    made = {
        "user": EntryCall("ACME", Context.CONFIGURE, "bert", "Work", SERVICE),
        "profile": EntryCall("ACME", Context.CONFIGURE, "anna", "Play", SERVICE),
        "uid": EntryCall("ACME", Context.CONFIGURE, "anna", "Work", FOREIGN),
    }
    with pytest.raises(NotFoundError, match="is not in profile"):
        made[missing].run(workstation)


# Calling back


@pytest.mark.parametrize(
    ("context", "back"), [(Context.INSTALL, Context.UNINSTALL), (Context.CREATE, Context.DELETE)]
)
def test_a_call_is_called_back_with_its_counterpart(
    workstation: MemoryWorkstation, context: Context, back: Context
) -> None:
    # The only trace that a stand-in can leave is an error, so it tells with one that it was called.
    install(
        workstation, f"def service_entry(call):\n  if call.context == {int(back)}: raise ValueError('called back')"
    )
    made = of(context)
    made.run(workstation)
    with pytest.raises(EntryPointError, match="called back"):
        made.compensate(workstation)


@pytest.mark.parametrize("context", [Context.CONFIGURE, Context.DELETE, Context.UNINSTALL])
def test_what_has_no_counterpart_is_not_called_back(workstation: MemoryWorkstation, context: Context) -> None:
    install(workstation, "def service_entry(call): raise ValueError('called back')")
    of(context).compensate(workstation)


def test_what_was_never_called_is_not_called_back(workstation: MemoryWorkstation) -> None:
    of(Context.INSTALL).compensate(workstation)  # nothing here can run it
    install(workstation, "def service_entry(call): raise ValueError('called back')")
    of(Context.INSTALL, policy=EntryPolicy.SKIP).compensate(workstation)


def test_a_service_that_crashes_leaves_no_trace(workstation: MemoryWorkstation) -> None:
    if not workstation.files.is_folder(workstation.state_folder):
        workstation.files.apply([MakeFolder(workstation.state_folder)])
    before = (list(tree(workstation)), now(workstation))
    given = Given(
        {
            "standin.py": b"import os\n"
            b"def service_entry(call):\n"
            b"  if call.context == 2: call.service[0x66010003] = 25\n"
            b"  if call.context == 3: os.abort()\n"
        }
    )
    record = ServiceRecord.of("ACME", package="acme-mail", version="1.0", stand_in=given)
    kept = Leg(Message.literal("records"), record_changes(workstation, record, given.sources))
    calls = (of(Context.INSTALL), of(Context.CREATE), of(Context.CONFIGURE))
    with pytest.raises(EntryPointError, match=r"crashed|without a result"):
        execute(Plan("install", Message.literal("install Acme"), (kept, *calls)), workstation, makers=MAKERS)
    assert (list(tree(workstation)), now(workstation)) == before
    receipt = execute(
        Plan("install", Message.literal("install Acme"), (kept, *calls[:2])), workstation, makers=MAKERS
    )
    assert [effect.status for effect in receipt.effects] == ["done", "done"]
    assert now(workstation).services[0].section.number(PORT) == 25, "the same calls without the crash are kept"


def test_sections_are_matched_with_the_inf_by_kind_by_uid_and_by_what_they_hold() -> None:
    def provider(name: str, kind: int, display: str) -> ProviderDefinition:
        return ProviderDefinition(name, {tags.PR_RESOURCE_TYPE: kind, tags.PR_DISPLAY_NAME: display})

    fixed = "f6" * 16
    definition = ServiceDefinition(
        "ACME",
        "Acme",
        {},
        providers=(provider("One", 33, "First"), provider("Two", 33, "Second"), provider("Gone", 36, "Third")),
        extras=(
            SectionDefinition("Missing", {}, bytes(16)),
            SectionDefinition("Plain", {0x6607001E: "extra"}),
            SectionDefinition("Fixed", {}, bytes.fromhex(fixed)),
        ),
    )
    service = Service(
        section(SERVICE, {tags.PR_SERVICE_NAME: "ACME", PASSWORD: b"encrypted"}),
        tuple(
            Provider(section(uid, {tags.PR_RESOURCE_TYPE: kind, tags.PR_DISPLAY_NAME: display}))
            for uid, kind, display in ((BOOK, 33, "Second"), (STORE, 33, "First"), (FOREIGN, 35, "of no definition"))
        ),
        (section(fixed.upper(), {}), section(EXTRA, {0x6607001E: "extra"}), section("no MAPIUID", {})),
    )
    seen = visible_sections(service, definition)
    assert [(each.uid, each.role, each.name) for each in seen] == [
        (SERVICE, "service", "ACME"),
        (BOOK, "provider", "Two"),
        (STORE, "provider", "One"),
        (FOREIGN, "provider", FOREIGN),
        (fixed.upper(), "extra", "Fixed"),
        (EXTRA, "extra", "Plain"),
    ]
    assert not any(tags.is_secure(tag) for each in seen for tag in each.properties)


def test_a_host_says_what_it_runs() -> None:
    assert PythonHost({}, "standin:service_entry").form == "python"


def test_a_title_says_what_is_called_and_where() -> None:
    assert str(of(Context.INSTALL).title) == "call ACME with MSG_SERVICE_INSTALL"
    assert str(of(Context.CREATE).title) == "call ACME with MSG_SERVICE_CREATE in profile 'Work' of anna"


@pytest.mark.parametrize(
    "damage",
    [
        {},
        {"context": "NO_SUCH"},
        {"policy": "maybe"},
        {"flags": "many"},
        {"withheld": None},
        {"properties": [1]},
    ],
)
def test_a_damaged_description_makes_no_call(damage: dict[str, object]) -> None:
    whole = EntryCall(service="ACME", context=Context.INSTALL).describe()
    assert maker(whole) == EntryCall(service="ACME", context=Context.INSTALL)
    with pytest.raises(FormatError, match="does not describe"):
        maker({**whole, **damage} if damage else {})
