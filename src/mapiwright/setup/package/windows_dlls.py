"""The DLLs that come with Windows, and the compilers' run-time libraries that do not."""

from __future__ import annotations

import re

from mapiwright.formats.regf.upcase import upcase

API_SETS = ("API-MS-WIN-", "EXT-MS-")
"""How the names of API sets begin: contracts that the loader resolves, and no files ([windows-apisets])."""

WITNESS = "KERNEL32.DLL"
"""No Windows is without it: a system folder that lacks it is that of a trial tree, and its files say nothing."""

_NAMES = """
activeds adsldpc advapi32 apphelp authz avrt bcrypt bcryptprimitives cabinet cfgmgr32 combase comctl32 comdlg32
credui crypt32 cryptbase cryptsp cryptui d2d1 d3d11 dbghelp dnsapi dsound dwmapi dwrite dxgi esent fltlib gdi32
gdiplus hlink imm32 iphlpapi kernel32 kernelbase ktmw32 logoncli mapi32 mapistub mpr msasn1 mscms mscoree msftedit
msi msimg32 msvcrt msxml6 ncrypt netapi32 netutils normaliz ntdll ntdsapi odbc32 ole32 oleacc oleaut32 oledlg
opengl32 pdh powrprof profapi propsys prntvpt psapi rasapi32 riched20 rpcrt4 rstrtmgr samcli secur32 sensapi
setupapi shell32 shlwapi srvcli sspicli taskschd tdh ucrtbase urlmon user32 userenv usp10 uxtheme version virtdisk
wevtapi windowscodecs winhttp wininet winmm winscard wintrust wkscli wldap32 ws2_32 wsock32 wtsapi32 xmllite
"""
KNOWN = frozenset(f"{name.upper()}.DLL" for name in _NAMES.split()) | {"WINSPOOL.DRV"}
"""What every Windows since 7 has and a DLL of a service may well import, for a tree whose system folder is empty.
``ucrtbase`` came to Windows 7 and 8 by an update."""

_RELEASES = {
    "140": "2015-2022",
    "120": "2013",
    "110": "2012",
    "100": "2010",
    "90": "2008",
    "80": "2005",
}
_MICROSOFTS = re.compile(r"(?:VCRUNTIME|MSVC[PR]|MFCM?|CONCRT|VCCORLIB|VCOMP|VCAMP|ATL)(\d+)([A-Z0-9_]*)\.DLL")
_MINGWS = re.compile(r"(?:LIBGCC_S_|LIBSTDC\+\+-|LIBWINPTHREAD-|LIBSSP-).*\.DLL|LIBC\+\+\.DLL")


def comes_with_windows(name: str) -> bool:
    """Whether every Windows has a DLL of that name, or resolves it."""
    return upcase(name) in KNOWN or upcase(name).startswith(API_SETS)


def is_debug_runtime(name: str) -> bool:
    """Whether it is a run-time library that only a developer's computer has, and that may not be shipped."""
    found = _MICROSOFTS.fullmatch(upcase(name))
    return upcase(name) == "UCRTBASED.DLL" or (
        found is not None and re.search(r"^U?D(?:_|$)|_\w*D$", found[2]) is not None
    )


def runtime(name: str, bitness: str) -> str | None:
    """What installs a compiler's run-time library, for people; None where the name is of no such library."""
    found = _MICROSOFTS.fullmatch(upcase(name))
    if found is not None:
        release = _RELEASES.get(found[1])
        return f"the Visual C++ {release} Redistributable ({bitness})" if release else "the package itself"
    return "the package itself" if _MINGWS.fullmatch(upcase(name)) else None
