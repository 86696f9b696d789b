"""Sets a child process apart from its guest: what the guest prints, starts and breaks stays inside.

Standard library only. Call `silence` once, when the request is read and no guest is loaded, and answer on the
descriptor that it returns.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, NoReturn

ACCESS_VIOLATION = 0xC0000005
NTSTATUS = {
    "datatype misalignment": 0x80000002,
    "breakpoint encountered": 0x80000003,
    "single step": 0x80000004,
    "nocontinuable": 0xC0000025,
    "array bounds exceeded": 0xC000008C,
    "floating-point operand denormal": 0xC000008D,
    "float divide by zero": 0xC000008E,
    "float inexact": 0xC000008F,
    "float invalid operation": 0xC0000090,
    "float overflow": 0xC0000091,
    "stack over/underflow": 0xC0000092,
    "float underflow": 0xC0000093,
    "integer divide by zero": 0xC0000094,
    "integer overflow": 0xC0000095,
    "privileged instruction": 0xC0000096,
    "stack overflow": 0xC00000FD,
}
"""The structured exceptions for which ctypes has words and gives no number (ntstatus.h)."""


class _Ours(threading.local):
    """``with ours:`` our own code works for the guest in this thread, on addresses that the guest gave.

    A fault in there is a crash. On Windows it would be caught by the foreign call that the guest is in, and what was
    held meanwhile, such as Python's own lock, would stay held: the process would hang.
    """

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


ours = _Ours()


def silence() -> int:
    """Return the descriptor of a private channel to the former standard output; it is not inherited.

    Standard input and output become the null device for Python, for every C runtime and for GetStdHandle; standard
    error stays, for the log. On Windows no fault opens a window, and what the guest starts ends with this process.
    """
    channel = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    if sys.platform == "win32":
        _show_no_window()
        _end_together()
        KERNEL.AddVectoredExceptionHandler(1, ctypes.cast(HANDLER, w.LPVOID))
        _redirect(nowhere)
    else:
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 1)
    os.close(nowhere)
    return channel


def ntstatus(fault: OSError) -> int:
    """The NTSTATUS of a structured exception, of which ctypes makes an OSError."""
    number: int | None = getattr(fault, "winerror", None)
    if number is None:
        number = NTSTATUS.get(str(fault).removeprefix("exception: "), ACCESS_VIOLATION)  # which comes with an address
    return number & 0xFFFFFFFF


def die_of(fault: OSError) -> NoReturn:
    """End with the crash that made a foreign call raise: on Windows, a structured exception passed through it.

    The call was cut off at an unknown point, so nothing in this process can be relied on any more.
    """
    if sys.platform == "win32":
        KERNEL.TerminateProcess(KERNEL.GetCurrentProcess(), ntstatus(fault))
    os.abort()


if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes as w

    # Known before anything can go wrong: after a crash no further DLL may load, as the heap may be damaged or locked.
    KERNEL = ctypes.WinDLL("kernel32")
    KERNEL.GetCurrentProcess.restype = KERNEL.CreateJobObjectW.restype = w.HANDLE
    KERNEL.TerminateProcess.argtypes = (w.HANDLE, w.UINT)
    KERNEL.SetHandleInformation.argtypes = (w.HANDLE, w.DWORD, w.DWORD)
    KERNEL.CloseHandle.argtypes = (w.HANDLE,)
    KERNEL.AddVectoredExceptionHandler.argtypes = (w.ULONG, w.LPVOID)
    KERNEL.SetInformationJobObject.argtypes = (w.HANDLE, ctypes.c_int, w.LPVOID, w.DWORD)
    KERNEL.AssignProcessToJobObject.argtypes = (w.HANDLE, w.HANDLE)

    def _on_exception(exception: Any) -> int:
        """Sees every exception first: ends the process where it is an error (0xC.......) in our own code."""
        status = exception[0][0]  # EXCEPTION_POINTERS.ExceptionRecord->ExceptionCode
        if ours.depth and status >> 28 == 0xC:
            KERNEL.TerminateProcess(KERNEL.GetCurrentProcess(), status)
        return 0  # EXCEPTION_CONTINUE_SEARCH: the guest may handle its own

    HANDLER = ctypes.WINFUNCTYPE(w.LONG, ctypes.POINTER(ctypes.POINTER(w.DWORD)))(_on_exception)

    def _show_no_window() -> None:
        """No dialog for a missing disk, a crash or a missing file: there is nobody to answer it."""
        KERNEL.SetErrorMode(0x0001 | 0x0002 | 0x8000)  # FAILCRITICALERRORS, NOGPFAULTERRORBOX, NOOPENFILEERRORBOX

    def _end_together() -> None:
        """Enter a job that nobody else holds open: Windows ends all in it when this process ends, however it does.

        Where Windows refuses (before 8, in the job of another), what the guest starts is left to the parent.
        """
        limits = (w.DWORD * (36 if sys.maxsize > 1 << 32 else 28))()  # JOBOBJECT_EXTENDED_LIMIT_INFORMATION
        limits[4] = 0x2000  # LimitFlags: JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
        job = KERNEL.CreateJobObjectW(None, None)
        KERNEL.SetInformationJobObject(job, 9, limits, ctypes.sizeof(limits))
        KERNEL.AssignProcessToJobObject(job, KERNEL.GetCurrentProcess())

    def _redirect(nowhere: int) -> None:
        """Point descriptors and handles 0 and 1 elsewhere, in Python's C runtime and in the one of mingw.

        Both hold the first handles as their own, and each closes them as it is redirected. They are protected
        meanwhile: a closed handle's number goes to the next file that is opened, which the second one would close.
        A runtime that a guest brings along is loaded later, and asks GetStdHandle.
        """
        first = [msvcrt.get_osfhandle(descriptor) for descriptor in (0, 1)]
        for handle in first:
            KERNEL.SetHandleInformation(handle, 2, 2)  # HANDLE_FLAG_PROTECT_FROM_CLOSE
        mingw = ctypes.CDLL("msvcrt")  # Windows itself has loaded it, often before Python starts
        nul = mingw._open(b"NUL", os.O_RDWR | os.O_BINARY)
        for descriptor in (0, 1):
            mingw._dup2(nul, descriptor)
            os.dup2(nowhere, descriptor)  # in a console program it sets the standard handle too
        mingw._close(nul)
        for handle in first:
            KERNEL.SetHandleInformation(handle, 2, 0)
            KERNEL.CloseHandle(handle)
