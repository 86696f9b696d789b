"""Real files that nobody here wrote: the job done on them, and read back by foreign programs."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import Severity
from mapiwright.formats.regf.check.validate import validate
from mapiwright.ui.cli.app import run
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROFILES_2010 = r"Software\Microsoft\Windows NT\CurrentVersion\Windows Messaging Subsystem\Profiles"
MSEMS_EXPORTS = ("EMSCfg", "EMSWizardEntry", "ABProviderInit", "MSProviderInit", "XPProviderInit", "HPProviderInit")


@pytest.fixture
def mapiwright(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def type_(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return type_


@pytest.fixture
def dll(tmp_path: Path, witness: Callable[[str], str]) -> Callable[[str, tuple[str, ...]], bytes]:
    """A stand-in DLL for x64 with these exports; it does nothing."""

    def build(name: str, exports: tuple[str, ...]) -> bytes:
        gcc = witness("x86_64-w64-mingw32-gcc")
        source = tmp_path / f"{name}.c"
        functions = "".join(f"__declspec(dllexport) int {export}(void) {{ return 0; }}\n" for export in exports)
        source.write_text(
            "int __stdcall DllMain(void *a, int b, void *c) { return 1; }\n" + functions, encoding="ascii"
        )
        made = tmp_path / f"{name}.built"
        command = [gcc, "-Os", "-s", "-shared", "-nostdlib", "-Wl,-e,DllMain", "-o", str(made), str(source)]
        subprocess.run(command, check=True, capture_output=True)
        return made.read_bytes()

    return build


def everything(folder: Path) -> dict[str, bytes]:
    hives = {"SOFTWARE", "SYSTEM", "NTUSER.DAT"}
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in hives and "Mapiwright" not in path.parts
    }


def crlf(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("source", "service", "files"),
    [
        ("inf/Q294470-msems.inf", "MSEMS", ("emsui", "emsabp", "emsmdb")),
        ("inf/sabp-MAPISVC.INF", "SABP", ("sabp",)),
    ],
)
def test_real_services_install_and_uninstall_as_bare_media(
    source: str,
    service: str,
    files: tuple[str, ...],
    tmp_path: Path,
    shared_data: Callable[[str], Path],
    dll: Callable[[str, tuple[str, ...]], bytes],
    mapiwright: Callable[..., tuple[int, str, str]],
) -> None:
    media, pc = tmp_path / "media", tmp_path / "pc"
    media.mkdir()
    (media / "mapisvc.inf").write_bytes(crlf(shared_data(source).read_bytes()))
    exports = (*MSEMS_EXPORTS, "ServiceEntry", "WizardEntry")
    for name in files:
        (media / f"{name}32.dll").write_bytes(dll(name, exports))
    create_image(pc, edition=Edition.OUTLOOK_2016, bitness=Bitness.X64, users=["Ada"])
    before = everything(pc)
    target = ("--workstation", f"image:{pc}", "--json")
    code, out, err = mapiwright("install", media, "--yes", *target)
    assert code == 0, err
    outcomes = {effect["outcome"] for effect in json.loads(out)["receipt"]["effects"]}
    assert outcomes == {"pending"}, "no stand-in can run, so nothing is said to have been sent"
    _, out, _ = mapiwright("profile", "list", *target)
    assert json.loads(out)["profiles"][0]["services"] == [service]
    _, out, _ = mapiwright("inf", "check", next(pc.rglob("MAPISVC.INF")), "--json")
    assert not [finding for finding in json.loads(out)["findings"] if finding["severity"] == "error"]
    code, _, err = mapiwright("uninstall", service, "--yes", *target)
    assert code == 0, err
    assert everything(pc) == before


def test_the_lotus_file_is_refused_by_line_and_installs_when_mended(
    tmp_path: Path,
    shared_data: Callable[[str], Path],
    dll: Callable[[str, tuple[str, ...]], bytes],
    mapiwright: Callable[..., tuple[int, str, str]],
) -> None:
    media, pc = tmp_path / "media", tmp_path / "pc"
    media.mkdir()
    text = shared_data("inf/Q190146-lotus-notes.inf").read_text(encoding="ascii")
    broken = [number for number, line in enumerate(text.splitlines(), 1) if line in {"   _IDENTITY", "_STORE"}]
    assert len(broken) == 2
    inits = ("ABProviderInit", "MSProviderInit", "XPProviderInit")
    (media / "nwnsp32.dll").write_bytes(dll("nwnsp", ("ServiceEntry", "ServiceWizard", *inits)))
    (media / "mapisvc.inf").write_bytes(crlf(text.encode()))
    create_image(pc, edition=Edition.OUTLOOK_2016, bitness=Bitness.X64, users=["Ada"])
    before = everything(pc)
    code, _, err = mapiwright("install", media, "--yes", "--workstation", f"image:{pc}")
    assert code == 1
    for line in broken:
        assert f":{line}:" in err
    assert everything(pc) == before
    mended = text.replace("\n   _IDENTITY", "_IDENTITY").replace("\n_STORE", "_STORE")
    (media / "mapisvc.inf").write_bytes(crlf(mended.encode()))
    code, _, err = mapiwright("install", media, "--yes", "--workstation", f"image:{pc}")
    assert code == 0, err
    code, _, err = mapiwright("uninstall", "NOTES", "--yes", "--workstation", f"image:{pc}")
    assert code == 0, err
    assert everything(pc) == before


def errors_in(hive: Path) -> list[str]:
    """What the validator takes for an error; an aged hive of Windows' own has oddities that it only warns of."""
    return [str(fault) for fault in validate(hive.read_bytes()) if fault.severity is Severity.ERROR]


def tree_of(key: Any) -> dict[str, Any]:
    """A key of python-registry as plain data."""
    return {
        "values": {value.name(): [value.value_type(), value.raw_data().hex()] for value in key.values()},
        "keys": {below.name(): tree_of(below) for below in key.subkeys()},
    }


def profile_by_witness(module: Any, hive: Path) -> dict[str, Any]:
    return tree_of(module.Registry(str(hive)).open(f"{PROFILES_2010}\\Outlook"))


def test_a_real_profile_takes_a_service_and_gives_it_back_byte_for_byte(
    tmp_path: Path,
    real_hive: Callable[[str], bytes],
    shared_data: Callable[[str], Path],
    mapiwright: Callable[..., tuple[int, str, str]],
    witness: Callable[[str], str],
    witness_module: Callable[[str], Any],
) -> None:
    registry = witness_module("Registry.Registry")
    hive = tmp_path / "NTUSER.DAT"
    hive.write_bytes(real_hive("o2010-x64"))
    before = profile_by_witness(registry, hive)
    target = ("--workstation", f"hive:{hive}", "--inf", shared_data("inf/sabp-MAPISVC.INF"), "--yes")
    code, _, err = mapiwright("profile", "add-service", "Outlook", "SABP", *target)
    assert code == 0, err
    assert not errors_in(hive)
    after = profile_by_witness(registry, hive)
    added = set(after["keys"]) - set(before["keys"])
    assert len(added) == 2, "the service's section and its provider's"
    names = {after["keys"][uid]["values"]["001f3d09"][1] for uid in added}
    assert names == {"SABP\0".encode("utf-16-le").hex()}
    for uid in set(before["keys"]) - {"9207f3e0a3b11019908b08002b2a56c2"}:
        assert after["keys"][uid] == before["keys"][uid]
    uid = min(added)
    path = f"{PROFILES_2010}\\Outlook\\{uid}"
    shown = subprocess.run([witness("hivexget"), hive, path], check=True, capture_output=True, text=True).stdout
    assert "001f3d09" in shown
    shown = subprocess.run([witness("reglookup"), hive], check=True, capture_output=True, text=True).stdout
    assert uid in shown
    subprocess.run([witness("regfexport"), hive], check=True, capture_output=True)
    regipy = witness_module("regipy.registry").RegistryHive(str(hive))
    assert regipy.get_key(f"\\{path}").get_value("001f3d09") is not None
    code, _, err = mapiwright("profile", "remove-service", "Outlook", "SABP", *target)
    assert code == 0, err
    assert not errors_in(hive)
    assert profile_by_witness(registry, hive) == before
