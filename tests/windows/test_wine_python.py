"""The child under a Windows Python inside Wine: what its guest prints, starts and breaks stays where it belongs.

The archive is a small one of this file's own, which speaks as every child does; the guest is a DLL made by mingw.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import uuid
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.entry.child import silence

if TYPE_CHECKING:
    from mapiwright.entry.hosts.wine import WinePython

COMPILER = "x86_64-w64-mingw32-gcc"
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "acme-mail"
END = b"\0"

GUEST = r"""
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
#define ENTRY __declspec(dllexport) int

ENTRY answer(void) { return 42; }
ENTRY print(void) {
  DWORD n = 0;
  int end = getchar() == EOF, done = printf("by printf\n") == 10 && fflush(stdout) == 0;
  done = done && _write(1, "by _write\n", 10) == 10;
  done = done && WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), "by WriteFile\n", 13, &n, 0) && n == 13;
  WriteConsoleA(GetStdHandle(STD_OUTPUT_HANDLE), "by WriteConsole\n", 16, &n, 0);
  fprintf(stderr, "for the log\n"); fflush(stderr);
  return end && done;
}
ENTRY start_and_print(void) { return system("echo by cmd"); }

ENTRY error_mode(void) { return GetErrorMode(); }
ENTRY violate(void) { *(volatile int *)8 = 1; return 0; }
static DWORD WINAPI body(void *unused) { (void)unused; return violate(); }
ENTRY violate_in_a_thread(void) { WaitForSingleObject(CreateThread(0, 0, body, 0, 0, 0), INFINITE); return 0; }
ENTRY call_back(void (*host)(void)) { host(); return 0; }
static DWORD WINAPI call_it(void *host) { ((void (*)(void))host)(); return 0; }
ENTRY call_back_from_a_thread(void (*host)(void)) {
  WaitForSingleObject(CreateThread(0, 0, call_it, host, 0, 0), INFINITE);
  return 0;
}
static LONG CALLBACK jump(EXCEPTION_POINTERS *e) { e->ContextRecord->Rip += 7; return EXCEPTION_CONTINUE_EXECUTION; }
ENTRY handles_its_own(void) {
  void *mine = AddVectoredExceptionHandler(0, jump);
  __asm__ volatile(".byte 0xC6, 0x80, 8, 0, 0, 0, 1" ::"a"((long long)0)); /* mov byte [rax + 8], 1: 7 bytes */
  RemoveVectoredExceptionHandler(mine);
  return 42;
}
ENTRY illegal(void) { __asm__ volatile("ud2"); return 0; }
ENTRY divide(void) { __asm__ volatile("xorl %%ecx, %%ecx; idivl %%ecx" ::: "eax", "ecx", "edx"); return 0; }
ENTRY fail_fast(void) { __asm__ volatile("int $0x29" ::"c"(5)); return 0; }
ENTRY heap(void) {
  char *p = HeapAlloc(GetProcessHeap(), 0, 16);
  HeapFree(GetProcessHeap(), 0, p); HeapFree(GetProcessHeap(), 0, p);
  memset(p - 16, 0x55, 200); HeapAlloc(GetProcessHeap(), 0, 17);
  return 0;
}
ENTRY corrupt(void) { return TerminateProcess(GetCurrentProcess(), 0xC0000374); }
static int deeper(volatile char *p) { volatile char b[4096]; b[0] = *p; return deeper(b) + b[0]; }
ENTRY overflow(void) { char c = 1; return deeper(&c); }
ENTRY throw(void) { RaiseException(0xE06D7363, 1, 0, 0); return 0; }
ENTRY abort_(void) { abort(); }
ENTRY exit_0(void) { ExitProcess(0); }
ENTRY exit_7(void) { exit(7); }
ENTRY hang(void) { for (;;) Sleep(1000); }
ENTRY spin(void) { for (;;) ; }

static int start(DWORD flags) {
  STARTUPINFOA how = {sizeof how};
  PROCESS_INFORMATION it;
  char python[MAX_PATH + 40];
  GetModuleFileNameA(0, python, MAX_PATH);
  strcat(python, " -I -S -c \"import time; time.sleep(600)\"");
  return CreateProcessA(0, python, 0, 0, TRUE, flags, 0, 0, &how, &it);
}
ENTRY leave_one(void) { return start(0); }
ENTRY leave_a_detached_one(void) { return start(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP); }
ENTRY leave_one_and_hang(void) { start(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP); for (;;) Sleep(1000); }
"""

CHILD = """
import ctypes, json, os, sys
import silence

request = json.loads(sys.stdin.buffer.read())
loud = "loud" in request
channel = 1 if loud else silence.silence()

@ctypes.CFUNCTYPE(None)
def write_where_nothing_is():
    with silence.ours:
        ctypes.c_uint32.from_address(8).value = 1

def say(phase, **facts):
    os.write(channel, json.dumps({"phase": phase, **facts}).encode() + b"\\n")

if "list" in request:
    say("done", names=os.listdir(request["list"]), words=sys.argv[1:], platform=sys.platform, file=sys.argv[0])
elif "raise" in request:
    found = []
    for status in request["raise"]:
        try:
            ctypes.windll.kernel32.RaiseException(status, 0, 0, None)
        except OSError as error:
            found.append(silence.ntstatus(error))
    say("done", found=found)
else:
    try:
        library = ctypes.CDLL(request["library"], winmode=0)
    except OSError as error:
        say("failed", what=str(error), winerror=error.winerror)
    else:
        say("loaded")
        if not loud:
            print("by print", flush=True)
            os.write(1, b"by os.write")
        try:
            say("done", result=getattr(library, request["entry"])(write_where_nothing_is))
        except OSError as error:
            silence.die_of(error)
os.write(channel, b"\\0")
os._exit(0)
"""


@dataclass(frozen=True)
class Heard:
    status: int
    lines: list[dict[str, Any]]
    complete: bool
    log: str
    seconds: float
    survivors: list[int]

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1]


@dataclass(frozen=True)
class Guests:
    wine: WinePython
    archive: Path
    library: Path

    def call(self, entry: str, *, patience: float = 60.0) -> Heard:
        return self.ask({"library": self.wine.path(self.library), "entry": entry}, patience=patience)

    def ask(self, request: dict[str, Any], *words: str, patience: float = 60.0) -> Heard:
        """As a host asks its child; ``patience`` is from its first line on, and then the process group is killed."""
        mark = str(uuid.uuid4())
        process = subprocess.Popen(
            self.wine.command(lambda: self.archive, *words),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "MAPIWRIGHT_TEST": mark, **self.wine.environment()},
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin:
            process.stdin.write(json.dumps(request).encode())
        process.stdin = None  # told all, and closed
        first = process.stdout.readline()
        began = time.monotonic()
        try:
            process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        seconds = time.monotonic() - began
        left = survivors(mark.encode())
        for each in left:
            os.kill(each, signal.SIGKILL)  # or they would hold the pipes
        out, err = process.communicate()
        answers, end, rest = (first + out).partition(END)
        assert not rest, f"something wrote behind the end mark: {rest[:200]!r}"
        return Heard(
            process.returncode,
            [json.loads(line) for line in answers.splitlines()],
            bool(end),
            err.decode(errors="replace"),
            seconds,
            left,
        )


def survivors(mark: bytes) -> list[int]:
    """The processes that were started with ``mark`` in their environment and still run, after a moment to end in."""
    found: list[int] = []
    for _ in range(20):
        found = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if mark in read(path)]
        if not found:
            break
        time.sleep(0.1)
    return found


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended, or is another user's
        return b""


@pytest.fixture(scope="module")
def guests(wine: WinePython, tmp_path_factory: pytest.TempPathFactory) -> Guests:
    if not Path("/proc/self/environ").exists():
        pytest.skip("/proc: it tells what survives a call")
    compiler = shutil.which(COMPILER)
    if compiler is None:
        pytest.skip(f"the witness {COMPILER} is not installed")
    folder = tmp_path_factory.mktemp("Zoë 日本")
    source = folder / "guest.c"
    source.write_text(GUEST, encoding="utf-8")
    library = folder / "gäst.dll"
    subprocess.run([compiler, "-Os", "-s", "-w", "-shared", "-o", library, source], check=True)
    archive = folder / "kind.pyz"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("__main__.py", CHILD)
        packed.write(silence.__file__, "silence.py")
    return Guests(wine, archive, library)


def test_a_pe_library_is_called_from_here(guests: Guests) -> None:
    heard = guests.call("answer")
    assert heard.lines == [{"phase": "loaded"}, {"phase": "done", "result": 42}]
    assert (heard.status, heard.complete, heard.survivors) == (0, True, [])
    assert guests.wine.kind == "pe"
    assert guests.wine.machine == "x64"


def test_names_and_words_cross_in_both_directions_as_they_are(guests: Guests, tmp_path: Path) -> None:
    names = {"Łódź", "日本.txt", "a b", "it's", "😀"}
    for name in names:
        (tmp_path / name).touch()
    words = ("a b", 'say "no"', "Zoë", "", "back\\slash\\", "--flag=ß")
    heard = guests.ask({"list": guests.wine.path(tmp_path)}, *words)
    assert set(heard.last["names"]) == names
    assert heard.last["words"] == list(words)
    assert heard.last["platform"] == "win32"
    assert heard.last["file"] == guests.wine.path(guests.archive)


def test_what_the_guest_prints_by_whatever_means_is_not_on_the_channel(guests: Guests) -> None:
    heard = guests.call("print")
    assert heard.lines == [{"phase": "loaded"}, {"phase": "done", "result": 1}]  # it read an end, and wrote all
    assert heard.log.replace("\r", "") == "for the log\n"
    heard = guests.call("start_and_print")
    assert heard.lines == [{"phase": "loaded"}, {"phase": "done", "result": 0}]


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ("violate", 0xC0000005),
        ("violate_in_a_thread", 0xC0000005),
        ("call_back", 0xC0000005),
        ("call_back_from_a_thread", 0xC0000005),
        ("illegal", 0xC000001D),
        ("divide", 0xC0000094),
        ("fail_fast", 0xC0000409),
        ("heap", 0xC0000005),
        ("corrupt", 0xC0000374),
        ("throw", 0xE06D7363),
        ("abort_", 3),
        ("exit_7", 7),
    ],
)
def test_a_crash_is_told_with_all_32_bits_of_its_status(guests: Guests, entry: str, status: int) -> None:
    heard = guests.call(entry)
    assert heard.lines == [{"phase": "loaded"}, {"phase": "ended", "status": status}]
    assert (heard.complete, heard.survivors) == (False, [])


def test_every_exception_that_ctypes_catches_keeps_its_status(guests: Guests) -> None:
    own_words = set(silence.NTSTATUS.values()) | {silence.ACCESS_VIOLATION}
    own_words -= {0x80000003, 0x80000004}  # Wine lets neither reach a handler without a debugger
    statuses = [*sorted(own_words), 0xC000001D, 0xC0000374, 0xE06D7363]
    assert guests.ask({"raise": statuses}).last["found"] == statuses


def test_a_guest_may_handle_a_fault_of_its_own(guests: Guests) -> None:
    assert guests.call("handles_its_own").last == {"phase": "done", "result": 42}


def test_no_fault_opens_a_window(guests: Guests) -> None:
    failcriticalerrors, nogpfaulterrorbox, noopenfileerrorbox = 0x1, 0x2, 0x8000
    heard = guests.call("error_mode")
    assert heard.last == {"phase": "done", "result": failcriticalerrors | nogpfaulterrorbox | noopenfileerrorbox}


def test_no_debugger_joins_a_crash(guests: Guests) -> None:
    """It would print pages, or show a window to whoever has a display, and wait for an answer."""
    library = guests.wine.path(guests.library)
    heard = guests.ask({"library": library, "entry": "violate_in_a_thread", "loud": "yes"})
    assert heard.lines == [{"phase": "loaded"}, {"phase": "ended", "status": 0xC0000005}]


def test_an_end_without_a_result_is_no_success(guests: Guests) -> None:
    heard = guests.call("exit_0")
    assert heard.lines == [{"phase": "loaded"}]
    assert not heard.complete
    heard = guests.call("overflow")  # for which Wine has no status, but words
    assert heard.lines == [{"phase": "loaded"}]
    assert "stack overflow" in heard.log


@pytest.mark.parametrize("entry", ["hang", "spin", "leave_one_and_hang"])
def test_a_guest_that_hangs_is_ended_with_all_that_it_started(guests: Guests, entry: str) -> None:
    heard = guests.call(entry, patience=1.0)
    assert heard.lines == [{"phase": "loaded"}]
    assert heard.status == -signal.SIGKILL
    assert heard.survivors == []
    assert heard.seconds < 10


@pytest.mark.parametrize("entry", ["leave_one", "leave_a_detached_one"])
def test_what_the_guest_leaves_behind_ends_with_the_call(guests: Guests, entry: str) -> None:
    heard = guests.call(entry)
    assert heard.last == {"phase": "done", "result": 1}
    assert heard.seconds < 30
    assert heard.survivors == []


def test_a_library_that_is_not_there_or_for_another_machine_is_told(guests: Guests, tmp_path: Path) -> None:
    heard = replace(guests, library=tmp_path / "not there.dll").call("answer")
    assert heard.last["phase"] == "failed"
    assert "not there.dll" in heard.last["what"]
    heard = replace(guests, library=EXAMPLE / "x86" / "acme32.dll").call("answer")
    assert heard.last["phase"] == "failed"
    assert heard.last["winerror"] == 193  # ERROR_BAD_EXE_FORMAT


def test_no_service_holds_a_pipe_of_a_call(guests: Guests) -> None:
    """The first client of Wine's server starts them with its own handles; that client is none of the calls."""
    guests.call("answer")
    prefix = f"WINEPREFIX={guests.wine.prefix}".encode()
    services = [
        path.parent
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"services.exe" in read(path) and prefix in read(path.parent / "environ").split(END)
    ]
    assert len(services) == 1
    assert {str((services[0] / "fd" / descriptor).readlink()) for descriptor in "012"} == {"/dev/null"}
