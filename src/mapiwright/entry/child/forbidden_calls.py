"""What Linux denies a guest beside changes of files: the system calls that Landlock does not see, and root's rights.

A filter answers EPERM to calls that change the mode, owner, times or attributes of a file, the computer's name,
clock, mounts or modules, that look into other processes, and to raw sockets. It needs no privilege (seccomp(2),
linux/seccomp.h, linux/filter.h); where the kernel or the machine is another one, nothing is done.
Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import struct

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
PR_CAPBSET_DROP = 24
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_READ_SEARCH = 2
CAPABILITIES = 64
PR_SET_NO_NEW_PRIVS = 38

ALLOW, DENY = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ERRNO with EPERM
AF_INET, AF_INET6, AF_PACKET = 2, 10, 17
SOCK_RAW, SOCK_PACKET = 3, 10
SETS_ATTRIBUTES = (0x40086602, 0x401C5820)
"""FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR: what chattr calls."""

EVERYWHERE = {
    "pidfd_send_signal pidfd_getfd process_madvise": (424, 438, 440),
    "io_uring_setup": (425,),
    "open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr": (428, 429, 430, 431, 432, 433, 442),
    "fchmodat2 setxattrat removexattrat file_setattr": (452, 463, 466, 469),
}
"""Calls that have one number on every machine."""
_X64 = {
    "chmod fchmod fchmodat": (90, 91, 268),
    "chown fchown lchown fchownat": (92, 93, 94, 260),
    "utime utimes futimesat utimensat": (132, 235, 261, 280),
    "setxattr lsetxattr fsetxattr, removexattr and its like": (188, 189, 190, 197, 198, 199),
    "sethostname setdomainname": (170, 171),
    "settimeofday clock_settime adjtimex clock_adjtime": (164, 227, 159, 305),
    "mount umount2 pivot_root swapon swapoff": (165, 166, 155, 167, 168),
    "unshare setns": (272, 308),
    "init_module finit_module delete_module": (175, 313, 176),
    "reboot kexec_load kexec_file_load": (169, 246, 320),
    "acct quotactl bpf perf_event_open": (163, 179, 321, 298),
    "ptrace process_vm_readv process_vm_writev": (101, 310, 311),
}
_ARM64 = {
    "fchmod fchmodat": (52, 53),
    "fchown fchownat": (55, 54),
    "utimensat": (88,),
    "setxattr lsetxattr fsetxattr, removexattr and its like": (5, 6, 7, 14, 15, 16),
    "sethostname setdomainname": (161, 162),
    "settimeofday clock_settime adjtimex clock_adjtime": (170, 112, 171, 266),
    "mount umount2 pivot_root swapon swapoff": (40, 39, 41, 224, 225),
    "unshare setns": (97, 268),
    "init_module finit_module delete_module": (105, 273, 106),
    "reboot kexec_load kexec_file_load": (142, 104, 294),
    "acct quotactl bpf perf_event_open": (89, 60, 280, 241),
    "ptrace process_vm_readv process_vm_writev": (117, 270, 271),
}
MACHINES = {
    "x86_64": (0xC000003E, _X64, 41, 16),
    "aarch64": (0xC00000B7, _ARM64, 198, 29),
}
"""AUDIT_ARCH of each machine, the numbers of its calls, and those of socket and ioctl."""
OTHER_ABI = 0x40000000
"""From here on the numbers are those of x32, on x86-64."""

_LOAD, _AND, _RETURN, _EQUAL, _AT_LEAST = 0x20, 0x54, 0x06, 0x15, 0x35
_NUMBER, _MACHINE, _FIRST, _SECOND = 0, 4, 16, 24
"""Where struct seccomp_data has the call, the machine, and the low halves of the first two arguments."""


class _Filter:
    """A program for the kernel's filter: one instruction a line, jumps by the name of where they go."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, int, str]] = []
        self.places: dict[str, int] = {}

    def then(self, code: int, number: int, to: str = "") -> None:
        """An instruction; a comparison jumps to a place if it holds, and else goes on."""
        self.lines.append((code, number, to))

    def at(self, place: str) -> None:
        """Name the place of the next instruction."""
        self.places[place] = len(self.lines)

    def assembled(self) -> bytes:
        """The program as an array of sock_filter."""
        return b"".join(
            struct.pack("=HBBI", code, self.places[to] - at - 1 if to else 0, 0, number)
            for at, (code, number, to) in enumerate(self.lines)
        )


def program(machine: str) -> bytes:
    """The filter for a machine of MACHINES."""
    audited, numbers, socket, ioctl = MACHINES[machine]
    made = _Filter()
    made.then(_LOAD, _MACHINE)
    made.then(_EQUAL, audited, "ours")
    made.then(_RETURN, DENY)  # a program of another machine type, whose calls have other numbers
    made.at("ours")
    made.then(_LOAD, _NUMBER)
    made.then(_AT_LEAST, OTHER_ABI, "deny")
    for number in (each for calls in (EVERYWHERE, numbers) for group in calls.values() for each in group):
        made.then(_EQUAL, number, "deny")
    made.then(_EQUAL, socket, "socket")
    made.then(_EQUAL, ioctl, "ioctl")
    made.then(_RETURN, ALLOW)
    made.at("socket")
    made.then(_LOAD, _FIRST)
    made.then(_EQUAL, AF_PACKET, "deny")
    made.then(_EQUAL, AF_INET, "internet")
    made.then(_EQUAL, AF_INET6, "internet")
    made.then(_RETURN, ALLOW)  # netlink is raw by name, and how names are resolved
    made.at("internet")
    made.then(_LOAD, _SECOND)
    made.then(_AND, 0xF)
    made.then(_EQUAL, SOCK_RAW, "deny")
    made.then(_EQUAL, SOCK_PACKET, "deny")
    made.then(_RETURN, ALLOW)
    made.at("ioctl")
    made.then(_LOAD, _SECOND)
    for request in SETS_ATTRIBUTES:
        made.then(_EQUAL, request, "deny")
    made.then(_RETURN, ALLOW)
    made.at("deny")
    made.then(_RETURN, DENY)
    return made.assembled()


def forbid_calls() -> bool:
    """Filter the calls of this process and of what it starts, for good; says whether the kernel does."""
    machine = os.uname().machine
    if machine not in MACHINES:
        return False
    code = program(machine)
    kept = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(code) // 8, ctypes.addressof(kept))  # struct sock_fprog
    prctl = ctypes.CDLL(None).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return bool(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_char_p(head), 0, 0) == 0)


def drop_capabilities() -> None:
    """Give up root's rights, but that to read what others closed, as a package may lie there; nobody else has any."""
    library = ctypes.CDLL(None)
    for capability in range(CAPABILITIES):
        if capability != CAP_DAC_READ_SEARCH:
            library.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails where there is none, or no right to
    head = ctypes.create_string_buffer(struct.pack("=Ii", CAPABILITY_VERSION_3, 0))
    held = ctypes.create_string_buffer(24)
    if library.capget(head, held) != 0:
        return
    kept = 1 << CAP_DAC_READ_SEARCH
    effective, permitted = (number & kept for number in struct.unpack_from("=II", held.raw))
    library.capset(head, struct.pack("=6I", effective, permitted, 0, 0, 0, 0))
