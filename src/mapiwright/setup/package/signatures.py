"""Whether the signature of a DLL holds: the platform decides, and what it cannot check is unknown.

On Windows that is WinVerifyTrust, elsewhere the program osslsigncode where it is on PATH. Neither asks the network:
revoked certificates are not detected. Whom to trust is the platform's choice. osslsigncode is given the
certificates of SSL_CERT_FILE, the variable that programs with OpenSSL honour, and else those of this computer, which
are made for web sites: a vendor that they do not know may still be honest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform == "win32":  # pragma: no cover
    from mapiwright.setup.package.wintrust import trust

if TYPE_CHECKING:
    from mapiwright.formats.pe import PeFile

PROGRAM = "osslsigncode"
BUNDLE_VARIABLE = "SSL_CERT_FILE"
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian and its kin
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora and its kin
    "/etc/ssl/cert.pem",  # macOS, Alpine
)
"""Where systems keep the certificates that they trust."""
DEADLINE = 60.0
"""Seconds that the verification of one file may take."""


class SignatureStanding(Enum):
    """What is known of a signature."""

    NONE = "there is none"
    UNVERIFIED = "there is one, and it was not verified"
    GOOD = "it holds, and its signer is trusted"
    TAMPERED = "the bytes are not those that were signed"
    UNTRUSTED = "nobody who is trusted vouches for its signer"
    """Or nobody does any longer: the certificate has expired, or it is not one for programs."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What is known of a file's signature: who signed, where reported, and which program says so or why not."""

    standing: SignatureStanding
    signer: str = ""
    reason: str = ""


def signature(image: PeFile, data: bytes) -> Signature:
    """Verify the signature of a PE file that was read from ``data``; the platform gets a private copy of it."""
    if not image.signed:
        return Signature(SignatureStanding.NONE)
    try:
        with tempfile.TemporaryDirectory(prefix="mapiwright-") as folder:
            copy = Path(folder, "signed.dll")
            copy.write_bytes(data)
            return _verify(copy)
    except OSError as error:
        return Signature(SignatureStanding.UNVERIFIED, reason=f"no copy could be made of it: {error.strerror}")


if sys.platform == "win32":  # pragma: no cover

    def _verify(copy: Path) -> Signature:
        found = trust(str(copy))
        if found.good and found.by_wine:
            return Signature(SignatureStanding.UNVERIFIED, reason="this Windows is Wine, which trusts everybody")
        if found.good:
            return Signature(SignatureStanding.GOOD, _printable(found.signer), "Windows")
        if found.tampered:
            return Signature(SignatureStanding.TAMPERED, reason="Windows")
        standing = SignatureStanding.UNTRUSTED if found.signer else SignatureStanding.UNVERIFIED
        return Signature(standing, _printable(found.signer), f"Windows says: {found.reason}")

else:

    def _verify(copy: Path) -> Signature:
        program = shutil.which(PROGRAM)
        if program is None:
            return Signature(SignatureStanding.UNVERIFIED, reason=f"there is no {PROGRAM} on this computer")
        named = os.environ.get(BUNDLE_VARIABLE, "")
        if named and not Path(named).is_file():
            return Signature(
                SignatureStanding.UNVERIFIED, reason=f"{BUNDLE_VARIABLE} names {named}, and there is no such file"
            )
        bundle = named or next((path for path in BUNDLES if Path(path).is_file()), "")
        options = ["-CAfile", bundle, "-TSA-CAfile", bundle] if bundle else []
        # Without these two it fetches lists of revoked certificates from wherever the certificates say.
        command = [program, "verify", *options, "-ignore-cdp", "-ignore-crl", "-in", str(copy)]
        reported, faults = copy.with_name("reported"), copy.with_name("faults")
        try:
            # Files, and no pipes: a process that the program left behind would hold those open.
            with reported.open("wb") as out, faults.open("wb") as err:
                ended = subprocess.run(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=DEADLINE, check=False
                )
        except OSError as error:
            return Signature(SignatureStanding.UNVERIFIED, reason=f"{program} could not be run: {error.strerror}")
        except subprocess.TimeoutExpired:
            return Signature(
                SignatureStanding.UNVERIFIED, reason=f"{PROGRAM} did not end within {DEADLINE:g} seconds"
            )
        answer, complaint = (each.read_bytes().decode("utf-8", "replace") for each in (reported, faults))
        return _heard(ended.returncode, answer, complaint, bundle or "its own certificates")


_SIGNER = re.compile(r"^\t*Signer #0:\n\t*Subject: (.*)$", re.MULTILINE)
_MISMATCH = re.compile(r"^Calculated .*MISMATCH", re.MULTILINE)
_FORGED = re.compile(r":PKCS7 routines:.*:(?:digest|signature) failure:")
_UNTRUSTED = re.compile(r"^Signature verification: failed$", re.MULTILINE)
_REASON = re.compile(r"^\tError: (?:Certificate not found in local repository: )?(.*)$", re.MULTILINE)


def _heard(status: int, reported: str, faults: str, bundle: str) -> Signature:
    """What osslsigncode's answer means; lines that the signer wrote cannot make a bad one good."""
    if _MISMATCH.search(reported) or _FORGED.search(faults):
        return Signature(SignatureStanding.TAMPERED, reason=PROGRAM)
    found = _SIGNER.search(reported)
    signer = _name(found[1]) if found else ""
    if status == 0 and signer:
        return Signature(SignatureStanding.GOOD, signer, f"{PROGRAM} with {bundle}")
    first = faults.strip().partition("\n")[0]
    if signer and _UNTRUSTED.search(reported):
        reasons = _REASON.findall(reported)
        # The chain of the time stamp is reported first.
        reason = _printable(reasons[-1] if reasons else first)
        return Signature(SignatureStanding.UNTRUSTED, signer, f"{PROGRAM} with {bundle} says: {reason}")
    return Signature(
        SignatureStanding.UNVERIFIED, reason=f"{PROGRAM} says: {_printable(first) or f'status {status}'}"
    )


def _name(subject: str) -> str:
    r"""The name of a signer: the common name of ``/O=Acme/CN=S\xC3\xB6ft``, which OpenSSL writes so."""
    common = re.search(r"(?<!\\)/CN=(.*?)(?=(?<!\\)/[A-Za-z.0-9]+=|$)", subject)
    escaped = common[1] if common else subject
    plain = re.sub(r"\\(?:x([0-9A-F]{2})|([/+]))", lambda found: found[2] or chr(int(found[1], 16)), escaped)
    try:
        return _printable(plain.encode("latin-1").decode())
    except UnicodeError:
        return _printable(plain)


def _printable(text: str) -> str:
    """The text without characters that move a terminal's cursor: signers choose their own names."""
    return "".join(char if char.isprintable() else "?" for char in text)
