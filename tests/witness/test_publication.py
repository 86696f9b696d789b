"""A publication, its sums and its signature as foreign programs see them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mapiwright.setup.package.signatures import SignatureStanding
from mapiwright.setup.publish.have_disk import look
from mapiwright.setup.publish.publish import make_edition, publish
from mapiwright.setup.publish.signing import trusted_keys

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "acme-mail"


def call(*command: object, folder: Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sha256sum_checks_the_sums(witness: Callable[[str], str], tmp_path: Path) -> None:
    public = tmp_path / "public"
    publish(make_edition(EXAMPLE), public)
    told = call(witness("sha256sum"), "-c", "SHA256SUMS", folder=public)
    files = [path for path in public.rglob("*") if path.is_file()]
    assert len(told.splitlines()) == len(files) - 1, "all files but that of the sums"
    assert all(line.endswith(": OK") for line in told.splitlines())


def test_openssl_makes_the_keys_and_verifies_the_signature(
    witness: Callable[[str], str], witness_module: Callable[[str], Any], tmp_path: Path
) -> None:
    witness_module("cryptography")
    openssl, public = witness("openssl"), tmp_path / "public"
    call(openssl, "genpkey", "-algorithm", "ed25519", "-out", "vendor.key", folder=tmp_path)
    call(openssl, "pkey", "-in", "vendor.key", "-pubout", "-out", "vendor.pem", folder=tmp_path)
    edition = make_edition(EXAMPLE, key_file=tmp_path / "vendor.key")
    publish(edition, public)
    key = tmp_path / "vendor.pem"
    named = ("-pubin", "-inkey", key, "-rawin", "-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig")
    assert "Verified Successfully" in call(openssl, "pkeyutl", "-verify", *named, folder=public)
    assert (public / "SHA256SUMS.pem").read_bytes() == key.read_bytes()
    assert look(public, trust=trusted_keys([key], tmp_path)).signature.standing is SignatureStanding.GOOD
    call(openssl, "pkey", "-pubin", "-in", key, "-outform", "DER", "-out", "vendor.der", folder=tmp_path)
    told = call(witness("sha256sum"), "vendor.der", folder=tmp_path)
    assert edition.signer == f"SHA256:{told.split()[0]}", "the fingerprint can be computed by hand"


def test_what_openssl_signed_is_verified(
    witness: Callable[[str], str], witness_module: Callable[[str], Any], tmp_path: Path
) -> None:
    witness_module("cryptography")
    openssl, public = witness("openssl"), tmp_path / "public"
    publish(make_edition(EXAMPLE), public)
    call(openssl, "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "key", folder=public)
    call(openssl, "pkey", "-in", tmp_path / "key", "-pubout", "-out", "SHA256SUMS.pem", folder=public)
    signing = ("-inkey", tmp_path / "key", "-rawin", "-in", "SHA256SUMS", "-out", "SHA256SUMS.sig")
    call(openssl, "pkeyutl", "-sign", *signing, folder=public)
    trust = trusted_keys([public / "SHA256SUMS.pem"], tmp_path)
    assert look(public, trust=trust).signature.standing is SignatureStanding.GOOD
