r"""Where a path of the registry really leads: the two sides of WOW64, and ``CurrentControlSet``.

Source: [shared-registry-keys] and the registry keys affected by WOW64, as Windows 7 and later have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.registry import KeyPath, View

if TYPE_CHECKING:
    from mapiwright.workstation.registry import RegistryReader

X86_KEY = "Wow6432Node"
"""The key below which 64-bit Windows keeps what 32-bit programs see."""

_CURRENT = r"Microsoft\Windows\CurrentVersion"
_NT = r"Microsoft\Windows NT\CurrentVersion"
_SHARED_KEYS = (
    "Classes",  # but see _SPLIT_CLASSES
    "Clients",  # since Windows 7
    r"Microsoft\COM3",
    r"Microsoft\Cryptography\Calais\Current",
    r"Microsoft\Cryptography\Calais\Readers",
    r"Microsoft\Cryptography\Services",
    r"Microsoft\CTF\SystemShared",
    r"Microsoft\CTF\TIP",
    r"Microsoft\DFS",
    r"Microsoft\Driver Signing",
    r"Microsoft\EnterpriseCertificates",
    r"Microsoft\EventSystem",
    r"Microsoft\MSMQ",
    r"Microsoft\Non-Driver Signing",
    r"Microsoft\Notepad\DefaultFonts",
    r"Microsoft\OLE",
    r"Microsoft\RAS",
    r"Microsoft\RPC",
    r"Microsoft\Shared Tools\MSInfo",
    r"Microsoft\SystemCertificates",
    r"Microsoft\TermServLicensing",
    r"Microsoft\Transaction Server",
    rf"{_CURRENT}\App Paths",
    rf"{_CURRENT}\Control Panel\Cursors\Schemes",
    rf"{_CURRENT}\Explorer\AutoplayHandlers",
    rf"{_CURRENT}\Explorer\DriveIcons",
    rf"{_CURRENT}\Explorer\KindMap",
    rf"{_CURRENT}\Group Policy",
    rf"{_CURRENT}\Policies",
    rf"{_CURRENT}\PreviewHandlers",
    rf"{_CURRENT}\Setup",
    rf"{_CURRENT}\Telephony\Locations",
    rf"{_NT}\Console",
    rf"{_NT}\FontDpi",
    rf"{_NT}\FontLink",
    rf"{_NT}\FontMapper",
    rf"{_NT}\Fonts",
    rf"{_NT}\FontSubstitutes",
    rf"{_NT}\Gre_Initialize",
    rf"{_NT}\Image File Execution Options",
    rf"{_NT}\LanguagePack",
    rf"{_NT}\NetworkCards",
    rf"{_NT}\Perflib",
    rf"{_NT}\Ports",
    rf"{_NT}\Print",
    rf"{_NT}\ProfileList",
    rf"{_NT}\Time Zones",
    "Policies",
    "RegisteredApplications",
)
_SHARED = frozenset(tuple(upcase(path).split("\\")) for path in _SHARED_KEYS)
_SPLIT_CLASSES = frozenset({"CLSID", "DIRECTSHOW", "INTERFACE", "MEDIA TYPE", "MEDIAFOUNDATION"})
r"""The keys of Classes that each side has for itself, below ``Classes\Wow6432Node``."""


_SOFTWARE_X86 = KeyPath("HKLM", ("SOFTWARE", X86_KEY))
_SELECT = KeyPath("HKLM", ("SYSTEM", "Select"))


def two_sided(registry: RegistryReader) -> bool:
    """Whether the Windows is a 64-bit one, on which 32-bit programs have a side of their own."""
    return registry.subkeys(_SOFTWARE_X86) is not None


def physical(path: KeyPath, registry: RegistryReader) -> KeyPath:
    """The native path that ``path`` leads to, without view and link; ``registry`` is asked only where it matters."""
    if path.view is View.X86 and not two_sided(registry):
        path = KeyPath(path.root, path.parts)  # a 32-bit Windows has one side
    path = without_view(path)
    if tuple(map(upcase, (path.root, *path.parts[:2]))) == ("HKLM", "SYSTEM", "CURRENTCONTROLSET"):
        current = registry.value(_SELECT, "Current")
        if current is not None:
            return KeyPath(path.root, (path.parts[0], f"ControlSet{current.number:03}", *path.parts[2:]))
    return path


def without_view(path: KeyPath) -> KeyPath:
    r"""The path as the 64-bit side of a 64-bit Windows spells it.

    HKLM\SOFTWARE is redirected except for its shared keys; of a user's keys only some of Classes are.
    """
    if path.view is View.NATIVE:
        return path
    depth = 1 if upcase(path.root) == "HKLM" else 2  # names up to and with SOFTWARE
    software, below = path.parts[:depth], path.parts[depth:]
    upper = tuple(map(upcase, below))
    native = KeyPath(path.root, path.parts)
    if len(software) < depth or upcase(software[-1]) != "SOFTWARE" or upper[:1] == (upcase(X86_KEY),):
        return native
    if upper[:1] == ("CLASSES",) and upper[1:2] and upper[1] in _SPLIT_CLASSES:
        return KeyPath(path.root, (*software, below[0], X86_KEY, *below[1:]))
    if depth == 2 or any(upper[:length] in _SHARED for length in range(1, len(upper) + 1)):
        return native
    return KeyPath(path.root, (*software, X86_KEY, *below))
