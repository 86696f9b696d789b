"""Signatures that foreign programs made: an authority of our own signs Acme's DLL, and then somebody changes it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import Severity
from mapiwright.formats import pe
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.preflight import preflight
from mapiwright.setup.package.media import Memory
from mapiwright.setup.package.package import read_package
from mapiwright.setup.package.signatures import BUNDLE_VARIABLE, SignatureStanding, signature
from mapiwright.setup.records.installed import Scope
from mapiwright.transaction.transaction import execute
from mapiwright.workflows.doctor.doctor import diagnose
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.errors import Finding
    from mapiwright.setup.package.package import Package
    from mapiwright.setup.package.signatures import Signature

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "acme-mail"
PLAIN = (EXAMPLE / "x64" / "acme32.dll").read_bytes()
SETTINGS = """\
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:true
[program]
extendedKeyUsage = codeSigning
[website]
extendedKeyUsage = serverAuth
[revocable]
extendedKeyUsage = codeSigning
crlDistributionPoints = URI:{address}/revoked.crl
authorityInfoAccess = OCSP;URI:{address}/ocsp
"""
off_windows = pytest.mark.skipif(sys.platform == "win32", reason="Windows is asked there, and not osslsigncode")


class Authority:
    """A certificate authority in a folder: openssl makes the certificates, osslsigncode signs with them."""

    def __init__(self, folder: Path, openssl: str, osslsigncode: str, address: str = "http://127.0.0.1:1") -> None:
        folder.mkdir()
        self.root = folder / "root.pem"
        self._folder, self._openssl, self._osslsigncode = folder, openssl, osslsigncode
        (folder / "settings").write_text(SETTINGS.format(address=address))
        self._request("root", "/CN=Root", "-x509", "-extensions", "root", "-days", "30")

    def sign(
        self, data: bytes, name: str = "/O=Acme/CN=Acme Söftware", kind: str = "program", days: int = 30
    ) -> bytes:
        """The DLL with a signature of somebody of that name, whose certificate is of that kind."""
        self._request("signer", name, "-new")
        issue = ["x509", "-req", "-in", "signer.pem", "-out", "issued.pem", "-CA", "root.pem", "-CAkey", "root.key"]
        issue += ["-set_serial", "7", "-days", str(days), "-extfile", "settings", "-extensions", kind]
        self._run(self._openssl, *issue)
        (self._folder / "plain.dll").write_bytes(data)
        (self._folder / "signed.dll").unlink(missing_ok=True)
        by = ["-certs", "issued.pem", "-key", "signer.key", "-h", "sha256"]
        self._run(self._osslsigncode, "sign", *by, "-in", "plain.dll", "-out", "signed.dll")
        return (self._folder / "signed.dll").read_bytes()

    def _request(self, name: str, subject: str, *options: str) -> None:
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]
        self._run(
            self._openssl,
            *("req", "-config", "settings", "-utf8", "-subj", subject, *options, *made, "-out", f"{name}.pem"),
        )

    def _run(self, *command: str) -> None:
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True)


@pytest.fixture
def authority(tmp_path: Path, witness: Callable[[str], str]) -> Authority:
    return Authority(tmp_path / "ours", witness("openssl"), witness("osslsigncode"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority whose root the administrator has named."""
    monkeypatch.setenv(BUNDLE_VARIABLE, str(authority.root))
    return authority


def verified(data: bytes) -> Signature:
    return signature(pe.read(data), data)


def changed(data: bytes, offset: int) -> bytes:
    return data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :]


def forged(data: bytes, folder: Path, osslsigncode: str) -> bytes:
    """A changed DLL whose signature states the digest of the change: what was signed is then another statement."""
    digests = []
    for each in (data, changed(data, 0x500)):
        (folder / "shown.dll").write_bytes(each)
        command = [osslsigncode, "verify", "-ignore-cdp", "-ignore-crl", "-in", str(folder / "shown.dll")]
        shown = subprocess.run(command, capture_output=True, check=False).stdout.decode()
        (line,) = [one for one in shown.split("\n") if one.startswith("Calculated message digest")]
        digests.append(bytes.fromhex(line.split(":")[1].split()[0]))
    was, is_now = digests
    return changed(data, 0x500).replace(was, is_now)


@off_windows
def test_a_signature_that_holds_is_good_and_names_its_signer(trusted: Authority) -> None:
    found = verified(trusted.sign(PLAIN))
    assert (found.standing, found.signer) == (SignatureStanding.GOOD, "Acme Söftware")
    assert str(trusted.root) in found.reason
    assert verified(PLAIN).standing is SignatureStanding.NONE


@off_windows
@pytest.mark.parametrize("offset", [0x10, 0x48, 0x400, 0x500, 0x800, 0x1100])
@pytest.mark.parametrize("known", [True, False])
def test_one_changed_byte_is_found_whoever_is_trusted(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, offset: int, known: bool
) -> None:
    if known:
        monkeypatch.setenv(BUNDLE_VARIABLE, str(authority.root))
    signed = authority.sign(PLAIN)
    assert verified(changed(signed, offset)).standing is SignatureStanding.TAMPERED


@off_windows
def test_a_statement_of_another_digest_is_not_what_was_signed(
    trusted: Authority, tmp_path: Path, witness: Callable[[str], str]
) -> None:
    found = forged(trusted.sign(PLAIN), tmp_path, witness("osslsigncode"))
    assert verified(found).standing is SignatureStanding.TAMPERED


@off_windows
def test_a_signer_whom_nobody_here_vouches_for_is_not_trusted(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, witness: Callable[[str], str]
) -> None:
    signed = authority.sign(PLAIN)
    monkeypatch.delenv(BUNDLE_VARIABLE, raising=False)
    found = verified(signed)
    assert (found.standing, found.signer) == (SignatureStanding.UNTRUSTED, "Acme Söftware")
    assert "issuer certificate" in found.reason
    other = Authority(tmp_path / "another", witness("openssl"), witness("osslsigncode"))
    monkeypatch.setenv(BUNDLE_VARIABLE, str(other.root))
    assert verified(signed).standing is SignatureStanding.UNTRUSTED


@off_windows
@pytest.mark.parametrize(("kind", "days", "reason"), [("program", -1, "expired"), ("website", 30, "purpose")])
def test_a_certificate_that_does_not_serve_is_not_trusted(
    trusted: Authority, kind: str, days: int, reason: str
) -> None:
    found = verified(trusted.sign(PLAIN, kind=kind, days=days))
    assert found.standing is SignatureStanding.UNTRUSTED
    assert reason in found.reason


@off_windows
def test_a_signature_that_cannot_be_read_is_not_verified(trusted: Authority) -> None:
    signed = trusted.sign(PLAIN)
    end = len(PLAIN) + 8
    found = verified(signed[:end] + bytes(len(signed) - end))
    assert found.standing is SignatureStanding.UNVERIFIED
    assert "extract" in found.reason


@off_windows
def test_certificates_that_are_not_there_are_not_replaced_by_others(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BUNDLE_VARIABLE, "/nowhere/roots.pem")
    found = verified(authority.sign(PLAIN))
    assert found.standing is SignatureStanding.UNVERIFIED
    assert "/nowhere/roots.pem" in found.reason


@off_windows
@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("/CN=\x1b[2JAcme", "?[2JAcme"),
        ("/O=Acme Only", "/O=Acme Only"),
        ("/CN=Verified: ok MISMATCH!!!", "Verified: ok MISMATCH!!!"),
        ("/CN=Acme \\/O= Söhne/O=x", "Acme /O= Söhne"),
        ("/O=x\\/CN=Microsoft/CN=Acme", "Acme"),
    ],
)
def test_a_signer_may_call_himself_what_he_likes(trusted: Authority, subject: str, told: str) -> None:
    found = verified(trusted.sign(PLAIN, subject))
    assert (found.standing, found.signer) == (SignatureStanding.GOOD, told)


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A web server on this computer: its address, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_POST = do_GET  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@off_windows
def test_the_network_is_asked_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, witness: Callable[[str], str]
) -> None:
    with listening() as (address, asked):
        authority = Authority(tmp_path / "ours", witness("openssl"), witness("osslsigncode"), address)
        monkeypatch.setenv(BUNDLE_VARIABLE, str(authority.root))
        signed = authority.sign(PLAIN, kind="revocable")
        assert verified(signed).standing is SignatureStanding.GOOD
        assert asked == []
        # What it does where nobody tells it not to.
        path = tmp_path / "signed.dll"
        path.write_bytes(signed)
        command = [witness("osslsigncode"), "verify", "-CAfile", str(authority.root), "-in", str(path)]
        subprocess.run(command, capture_output=True, check=False, env={"PATH": os.environ["PATH"]})
        assert asked == ["/revoked.crl"]


# Setup, and the doctor.


def package(data: bytes) -> Package:
    return read_package(Memory({"mapisvc.inf": (EXAMPLE / "acme.inf").read_bytes(), "acme32.dll": data}))


def of_signatures(data: bytes) -> Finding:
    """The one finding that is about the signature of a package's DLL."""
    where = MemoryWorkstation.of(layout())
    about = {"MW4214", "MW4215", "MW4225", "MW4226", "MW4227"}
    (found,) = [each for each in preflight(package(data), where) if each.id in about]
    return found


@off_windows
def test_preflight_tells_who_signed_a_dll_and_refuses_one_that_was_changed(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = authority.sign(PLAIN)
    assert of_signatures(PLAIN).id == "MW4214"
    unknown = of_signatures(signed)
    assert (unknown.id, unknown.severity) == ("MW4227", Severity.WARNING)
    assert "Acme Söftware" in unknown.what
    assert "web sites" in unknown.rule
    tampered = of_signatures(changed(signed, 0x500))
    assert (tampered.id, tampered.severity) == ("MW4226", Severity.ERROR)
    monkeypatch.setenv(BUNDLE_VARIABLE, str(authority.root))
    good = of_signatures(signed)
    assert (good.id, good.severity) == ("MW4225", Severity.NOTE)
    assert "Acme Söftware" in good.what
    monkeypatch.setenv("PATH", "")
    unverified = of_signatures(signed)
    assert (unverified.id, unverified.severity) == ("MW4215", Severity.NOTE)
    assert "no osslsigncode" in unverified.what


@off_windows
def test_the_doctor_tells_of_a_dll_that_was_changed_since(authority: Authority) -> None:
    where = MemoryWorkstation.of(layout())
    signed = authority.sign(PLAIN)
    execute(plan_install(package(signed), where, (), scope=Scope.MACHINE), where)
    told = [each.id for each in diagnose(where).findings]
    assert "MW6111" not in told, "a signer who is not known here is no news for a helpdesk"
    path = r"C:\Windows\System32\acme32.dll"
    where.files.apply([WriteFile(path, signed, changed(signed, 0x500))])
    found = [each for each in diagnose(where).findings if each.id == "MW6111"]
    assert [(each.where, each.severity) for each in found] == [(path, Severity.ERROR)]


# Windows' own word.


@pytest.mark.skipif(sys.platform != "win32", reason="asks Windows")
def test_windows_vouches_for_the_python_that_runs_us_and_not_for_a_changed_one() -> None:
    data = Path(sys.base_prefix, f"python{sys.version_info[0]}{sys.version_info[1]}.dll").read_bytes()
    found = verified(data)
    assert found.signer == "Python Software Foundation"
    assert found.standing is SignatureStanding.GOOD
    assert verified(changed(data, 0x500)).standing is SignatureStanding.TAMPERED
    assert verified(PLAIN).standing is SignatureStanding.NONE
