"""Ed25519 keys and signatures by the library ``cryptography``, which need not be installed: see ``signing``.

Keys are PEM files: ``openssl genpkey -algorithm ed25519`` makes a private one, ``openssl pkey -pubout`` its public
half. A signature is the 64 bytes of RFC 8032, which ``openssl pkeyutl -verify -rawin`` verifies too.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from mapiwright.errors import FormatError, RefusedError


def sign(data: bytes, private_key: bytes, where: str) -> tuple[bytes, bytes, str]:
    """The signature of ``data``, the public key as PEM, and its fingerprint.

    Raises FormatError where ``private_key`` is no such key in PEM, RefusedError where it has a password.
    """
    try:
        key = load_pem_private_key(private_key, password=None)
    except TypeError:
        raise RefusedError(
            "the key is encrypted with a password, which nobody is asked for",
            where=where,
            remedy="For this run, write it to a file without one: openssl pkey -in KEY -out FILE",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise FormatError(
            "this is no private key for Ed25519",
            where=where,
            expected="-----BEGIN PRIVATE KEY-----",
            remedy="Make one: openssl genpkey -algorithm ed25519 -out KEY.pem",
        )
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return bytes(key.sign(data)), bytes(pem), fingerprint(public)


def holds(data: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    """Whether ``signature`` is that of ``data`` by the owner of ``key``."""
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def public_key(data: bytes, where: str) -> Ed25519PublicKey:
    """The key of a PEM file; raises FormatError."""
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise FormatError(
            "this is no public key for Ed25519",
            where=where,
            expected="-----BEGIN PUBLIC KEY-----",
            remedy="Make it of the private one: openssl pkey -in KEY.pem -pubout -out PUBLIC.pem",
        )
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """How people compare keys: ``SHA256:`` and the sum of the key in DER, as ``openssl pkey -outform DER`` has it.

    In hexadecimal digits.
    """
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"SHA256:{hashlib.sha256(der).hexdigest()}"
