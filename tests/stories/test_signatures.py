"""A signature that nobody can verify is told as just that: no tool, a tool that hangs, one that talks nonsense."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from mapiwright.formats import pe
from mapiwright.formats.pe import Machine, PeFile
from mapiwright.setup.package import signatures
from mapiwright.setup.package.signatures import PROGRAM, Signature, SignatureStanding, signature

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows is asked there, and no program")

WRITE = runpy.run_path(str(Path(__file__).parent.parent / "laws" / "test_pe.py"))["write"]
SIGNED = PeFile(Machine.X64, 64, (), (), None, signed=True, hybrid=False)
GOOD = """\
Signer's certificate:
\t------------------
\tSigner #0:
\t\tSubject: /CN=Acme
Succeeded
"""


def verified(file: PeFile = SIGNED) -> Signature:
    data = WRITE(file)
    return signature(pe.read(data), data)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place on PATH for a program of that name, which a test writes; the only one with it are the shell's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / PROGRAM


def write_tool(tool: Path, script: str, interpreter: str = "/bin/sh") -> None:
    tool.write_text(f"#!{interpreter}\n{script}\n", encoding="utf-8")
    tool.chmod(0o755)


def test_without_the_tool_a_signature_is_seen_and_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = verified()
    assert found.standing is SignatureStanding.UNVERIFIED
    assert "no osslsigncode" in found.reason


def test_a_dll_without_a_signature_needs_no_tool(tool: Path, tmp_path: Path) -> None:
    write_tool(tool, f"touch {tmp_path}/asked")
    unsigned = PeFile(Machine.X64, 64, (), (), None, signed=False, hybrid=False)
    assert verified(unsigned) == Signature(SignatureStanding.NONE)
    assert not (tmp_path / "asked").exists()


def test_a_tool_that_hangs_is_ended(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "DEADLINE", 0.2)
    write_tool(tool, "sleep 30 & sleep 30")
    found = verified()
    assert found.standing is SignatureStanding.UNVERIFIED
    assert "did not end within 0.2 seconds" in found.reason


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 0", "status 0"),
        ("exit 3", "status 3"),
        ("kill -SEGV $$", "status -11"),
        ("echo Succeeded", "status 0"),
        ("echo 'Unknown option: -ignore-cdp' >&2; exit 255", "Unknown option: -ignore-cdp"),
        ("printf 'a\\033[2J\\nb' >&2; exit 1", "a?[2J"),
        ("printf '\\377\\377'; exit 1", "status 1"),
        ("echo 'Signature verification: failed'; exit 1", "status 1"),
    ],
)
def test_an_answer_that_says_nothing_is_none(tool: Path, script: str, told: str) -> None:
    write_tool(tool, script)
    found = verified()
    assert found.standing is SignatureStanding.UNVERIFIED
    assert found.reason.endswith(told)


def test_a_tool_that_cannot_be_run_is_told(tool: Path) -> None:
    write_tool(tool, "", "/nowhere/sh")
    found = verified()
    assert found.standing is SignatureStanding.UNVERIFIED
    assert "could not be run" in found.reason


def test_a_copy_that_cannot_be_made_is_told(tool: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_tool(tool, "exit 0")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    found = verified()
    assert found.standing is SignatureStanding.UNVERIFIED
    assert "no copy could be made" in found.reason


def test_nobody_else_sees_the_copy_and_nothing_is_left_of_it(tool: Path, tmp_path: Path) -> None:
    write_tool(
        tool,
        f'for last; do :; done; dirname "$last" > {tmp_path}/where; ls -ld "$(dirname "$last")" >> {tmp_path}/where',
    )
    verified()
    where, mode = (tmp_path / "where").read_text().splitlines()
    assert mode.startswith("drwx------")
    assert not Path(where).exists()


def test_the_tool_is_kept_from_the_network_and_given_the_roots_that_were_named(
    tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tool(tool, f'echo "$@" > {tmp_path}/asked; cat <<END\n{GOOD}END')
    roots = tmp_path / "roots.pem"
    roots.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    assert verified() == Signature(SignatureStanding.GOOD, "Acme", f"osslsigncode with {roots}")
    asked = (tmp_path / "asked").read_text()
    assert f"verify -CAfile {roots} -TSA-CAfile {roots} -ignore-cdp -ignore-crl -in " in asked
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setattr(signatures, "BUNDLES", (str(tmp_path / "none"),))
    assert verified().reason == "osslsigncode with its own certificates"
    assert (tmp_path / "asked").read_text().startswith("verify -ignore-cdp -ignore-crl -in ")
