"""Windows' own answer about a signature: WinVerifyTrust through ctypes ([winverifytrust]).

There is nothing in this module elsewhere than on Windows.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass

if sys.platform == "win32":  # pragma: no cover
    from ctypes import wintypes

    TAMPERED = frozenset({0x80096010, 0x80091007, 0x80090006, 0x80096004})
    """TRUST_E_BAD_DIGEST, CRYPT_E_HASH_VALUE, NTE_BAD_SIGNATURE and TRUST_E_CERT_SIGNATURE: whichever of the bytes it
    was, those of the program or those of the signature itself."""
    REASONS = {
        0x800B0001: "there is no provider that could verify it",
        0x800B0003: "it is in a form that Windows does not know",
        0x800B0004: "its signer is not trusted",
        0x800B0100: "there is no signature that Windows could read",
        0x800B0101: "the certificate has expired",
        0x800B0109: "the chain ends at a root that is not trusted",
        0x800B010A: "the chain of certificates is not whole",
        0x800B010C: "the certificate was revoked",
        0x800B0110: "the certificate is not one for programs",
        0x800B0111: "its signer is distrusted by name",
        0x80096005: "its time stamp does not hold",
    }
    """winerror.h."""

    GENERIC_VERIFY_V2 = (0x00AAC56B, 0xCD44, 0x11D0, (0x8C, 0xC2, 0x00, 0xC0, 0x4F, 0xC2, 0x95, 0xEE))
    UI_NONE, REVOKE_NONE, CHOICE_FILE, VERIFY, CLOSE = 2, 0, 1, 1, 2
    FROM_CACHE_ONLY, NO_REVOCATION_CHECK = 0x1000, 0x10
    """WTD_CACHE_ONLY_URL_RETRIEVAL and WTD_REVOCATION_CHECK_NONE: nothing is asked of the network."""
    SIMPLE_DISPLAY = 4

    class _Guid(ctypes.Structure):
        _fields_ = (("a", ctypes.c_uint32), ("b", ctypes.c_uint16), ("c", ctypes.c_uint16), ("d", ctypes.c_ubyte * 8))

    class _FileInfo(ctypes.Structure):
        """WINTRUST_FILE_INFO."""

        _fields_ = (
            ("size", wintypes.DWORD),
            ("path", wintypes.LPCWSTR),
            ("handle", wintypes.HANDLE),
            ("subject", ctypes.c_void_p),
        )

    class _Data(ctypes.Structure):
        """WINTRUST_DATA, without the member that came with Windows 8: its size says which it has."""

        _fields_ = (
            ("size", wintypes.DWORD),
            ("policy", ctypes.c_void_p),
            ("sip", ctypes.c_void_p),
            ("ui", wintypes.DWORD),
            ("revocation", wintypes.DWORD),
            ("choice", wintypes.DWORD),
            ("file", ctypes.POINTER(_FileInfo)),
            ("action", wintypes.DWORD),
            ("state", wintypes.HANDLE),
            ("url", wintypes.LPCWSTR),
            ("flags", wintypes.DWORD),
            ("context", wintypes.DWORD),
        )

    class _Certificate(ctypes.Structure):
        """The head of CRYPT_PROVIDER_CERT."""

        _fields_ = (("size", wintypes.DWORD), ("context", ctypes.c_void_p))

    @dataclass(frozen=True, slots=True)
    class WindowsTrust:
        """What Windows says of a file: its status (0 is good), and who signed it, or ""."""

        status: int
        signer: str
        by_wine: bool = False
        """Wine compares the digest, and then trusts whatever root the chain ends at."""

        @property
        def good(self) -> bool:
            """Whether the signature holds, and Windows trusts its signer."""
            return self.status == 0

        @property
        def tampered(self) -> bool:
            """Whether the bytes are others than those that were signed."""
            return self.status in TAMPERED

        @property
        def reason(self) -> str:
            """The status for people."""
            return REASONS.get(self.status, f"status 0x{self.status:08X}")

    def trust(path: str) -> WindowsTrust:
        """Ask Windows about the signature of a file, without a dialog and without the network."""
        wintrust = ctypes.WinDLL("wintrust")
        verify = wintrust.WinVerifyTrust
        verify.argtypes = (wintypes.HANDLE, ctypes.POINTER(_Guid), ctypes.POINTER(_Data))
        verify.restype = wintypes.LONG
        first, second, third, rest = GENERIC_VERIFY_V2
        action = _Guid(first, second, third, (ctypes.c_ubyte * 8)(*rest))
        file = _FileInfo(size=ctypes.sizeof(_FileInfo), path=path)
        data = _Data(
            size=ctypes.sizeof(_Data),
            ui=UI_NONE,
            revocation=REVOKE_NONE,
            choice=CHOICE_FILE,
            file=ctypes.pointer(file),
            action=VERIFY,
            flags=FROM_CACHE_ONLY | NO_REVOCATION_CHECK,
        )
        nobody = wintypes.HANDLE(-1)  # INVALID_HANDLE_VALUE: there is no user to be asked
        status = verify(nobody, action, data) & 0xFFFFFFFF
        try:
            by_wine = hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")
            return WindowsTrust(status, _signer(wintrust, data.state), by_wine)
        finally:
            data.action = CLOSE
            verify(nobody, action, data)

    def _signer(wintrust: ctypes.WinDLL, state: int | None) -> str:
        """The name in the certificate of the first signer, as Windows shows it."""
        for name, arguments in (
            ("WTHelperProvDataFromStateData", (wintypes.HANDLE,)),
            ("WTHelperGetProvSignerFromChain", (ctypes.c_void_p, wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)),
            ("WTHelperGetProvCertFromChain", (ctypes.c_void_p, wintypes.DWORD)),
        ):
            function = getattr(wintrust, name)
            function.argtypes, function.restype = arguments, ctypes.c_void_p
        provider = wintrust.WTHelperProvDataFromStateData(state) if state else None
        signer = wintrust.WTHelperGetProvSignerFromChain(provider, 0, False, 0) if provider else None
        place = wintrust.WTHelperGetProvCertFromChain(signer, 0) if signer else None
        if not place:
            return ""
        name_of = ctypes.WinDLL("crypt32").CertGetNameStringW
        name_of.argtypes = (
            ctypes.c_void_p,
            wintypes.DWORD,
            wintypes.DWORD,
            ctypes.c_void_p,
            wintypes.LPWSTR,
            wintypes.DWORD,
        )
        name_of.restype = wintypes.DWORD
        text = ctypes.create_unicode_buffer(256)
        name_of(_Certificate.from_address(place).context, SIMPLE_DISPLAY, 0, None, text, len(text))
        return text.value
