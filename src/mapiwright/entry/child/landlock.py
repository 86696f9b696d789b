"""What Linux does for us: a guest changes no file, nor does what it starts, and it does not outlive its parent.

Nor does it look into a process outside, such as its parent's environment, or send it a signal. Landlock needs no
privilege and Linux 5.13; where the kernel lacks it, nothing is done, and the other limits apply ([landlock],
linux/landlock.h). Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import signal

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The numbers of the system calls, the same on every machine that Linux runs on."""
PATH_BENEATH = 1
VERSION = 1
"""The flag that asks for the kernel's version of Landlock."""
PR_SET_NO_NEW_PRIVS = 38
PR_SET_PDEATHSIG = 1

WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
CHANGES = WRITE_FILE | 0x1FF0
"""To write a file, to remove one or a folder, and to make anything: files, folders, links, sockets and devices."""
SINCE = {2: 1 << 13, 3: TRUNCATE}
"""What later versions support in addition: moves between folders, and truncation."""
SIGNALS, SINCE_SIGNALS = 1 << 1, 6
"""The scope of signals, and the version that has it."""
ALLOWED = ("/dev/null",)


def die_with_parent() -> None:
    """Have the kernel end this process when the one that started it ends, however it does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def forbid_changes() -> bool:
    """Forbid every change of a file but to the null device; says whether the kernel does."""
    system = ctypes.CDLL(None, use_errno=True).syscall
    system.restype = ctypes.c_long
    version = system(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION)
    if version < 1:
        return False
    handled = CHANGES | sum(right for since, right in SINCE.items() if version >= since)
    # landlock_ruleset_attr: rights to files, to the network, which stays free, and scopes
    attributes = (ctypes.c_uint64 * 3)(handled, 0, SIGNALS)
    size = 24 if version >= SINCE_SIGNALS else 8
    rules = system(CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    try:
        for path in ALLOWED:
            _allow(system, rules, path, handled & (WRITE_FILE | TRUNCATE))
        if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            return False
        return bool(system(RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(system: ctypes._NamedFuncPointer, rules: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = rights.to_bytes(8, "little") + place.to_bytes(4, "little")  # packed, and every Linux here is so
        system(ADD_RULE, rules, PATH_BENEATH, rule, 0)
    finally:
        os.close(place)
