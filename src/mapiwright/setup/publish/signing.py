"""Whether what was published is signed, and by a signer that the administrator trusts.

Signatures are Ed25519 (see ``ed25519``), made and verified by the library ``cryptography`` where it is installed.
Where it is not, as with a setup program on a bare Python, a signature is reported as present and not verified.
"""

# ruff: noqa: PLC0415 - the library may be absent, and takes long to load

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, NotFoundError, RefusedError
from mapiwright.setup.package.signatures import Signature, SignatureStanding
from mapiwright.transaction.single_file import LARGEST_LINE, read_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

KEYS = "*.pem"
"""The files of the administrator's folder that are keys."""
_MISSING = "the library cryptography is not installed"
_REMEDY = 'Install it: pip install "mapiwright[sign]"'
_OTHERS_MAY_WRITE = 0o022


@dataclass(frozen=True, slots=True)
class Trust:
    """The signers that the administrator trusts: names of public keys by their fingerprints.

    Where it is ``demanded``, only what one of them has signed is installed.
    """

    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    demanded: bool = False


NOBODY = Trust()


def keys_folder() -> Path:
    """The folder of the keys that this computer's administrator trusts, the same for all users."""
    from platformdirs import site_config_path

    return site_config_path("mapiwright", appauthor=False) / "trusted-keys"


def can_verify() -> bool:
    """Whether the library is there."""
    return find_spec("cryptography") is not None


def sign(data: bytes, key_file: Path) -> tuple[bytes, bytes, str]:
    """The signature of ``data``, the public key as PEM, and its fingerprint.

    Raises RefusedError where the key cannot be used, NotFoundError where it is not there.
    """
    if not can_verify():
        raise RefusedError(f"nothing can be signed here: {_MISSING}", remedy=_REMEDY)
    from mapiwright.setup.publish import ed25519

    return ed25519.sign(data, _read(key_file), str(key_file))


def verify(data: bytes, signature: bytes, public_key: bytes, trust: Trust) -> Signature:
    """What is known of the signature of ``data`` that the owner of ``public_key`` (PEM) is said to have made."""
    if not can_verify():
        return Signature(SignatureStanding.UNVERIFIED, reason=_MISSING)
    from mapiwright.setup.publish import ed25519

    try:
        key = ed25519.public_key(public_key, "the key next to it")
    except FormatError as error:
        return Signature(SignatureStanding.TAMPERED, reason=f"{error.where}: {error.what}")
    if not ed25519.holds(data, signature, key):
        return Signature(
            SignatureStanding.TAMPERED, reason="it is not the signature of these sums by the key next to it"
        )
    mark = ed25519.fingerprint(key)
    if mark in trust.keys:
        return Signature(SignatureStanding.GOOD, f"{trust.keys[mark]}, {mark}")
    return Signature(SignatureStanding.UNTRUSTED, mark)


def trusted_keys(files: Sequence[Path], folder: Path) -> Trust:
    """The trusted keys: those in ``files``, which makes a signature mandatory, or else all of ``folder``.

    Raises NotFoundError for a file that is not there, FormatError for one that holds no key, RefusedError for a
    folder that others can write to, or where a demand cannot be met because the library is missing.
    """
    if not can_verify():
        if files:
            raise RefusedError(f"no signature can be verified here: {_MISSING}", remedy=_REMEDY)
        return NOBODY
    if not files and not folder.is_dir():
        return NOBODY
    from mapiwright.setup.publish import ed25519

    found = files or _keys_in(folder)
    keys = {ed25519.fingerprint(ed25519.public_key(_read(file), str(file))): file.name for file in found}
    return Trust(MappingProxyType(keys), demanded=bool(files))


def _keys_in(folder: Path) -> tuple[Path, ...]:
    """The keys of the administrator's folder; refused where others could have put one there."""
    files = tuple(sorted(folder.glob(KEYS)))
    for path in (folder, *files):
        if sys.platform == "win32":
            break  # modes mean nothing there
        reported = path.stat()
        if reported.st_mode & _OTHERS_MAY_WRITE or reported.st_uid not in {0, os.geteuid()}:
            raise RefusedError(
                "users other than the administrator can write there, so its keys cannot be trusted",
                where=str(path),
                expected="owned by root, and writable by root only",
                remedy="Look at the keys, then close it: chown root, chmod go-w.",
            )
    return files


def _read(file: Path) -> bytes:
    try:
        return read_named(file, LARGEST_LINE, "a key")
    except FileNotFoundError:
        raise NotFoundError("there is no such key", where=str(file)) from None
