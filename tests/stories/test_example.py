"""The example package: its DLLs come out again byte for byte, and its service does what a service shall do, be it the
Python stand-in or the compiled one.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mapiwright.entry.hosts.native_host import NativeHost, OnDisk
from mapiwright.entry.hosts.python_host import PythonHost
from mapiwright.entry.service.contract import Context, EntryRequest, Result, VisibleSection
from mapiwright.formats import inf, pe
from mapiwright.mapi.inf.check import check
from mapiwright.mapi.props import tags
from mapiwright.setup.package.package import open_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.entry.hosts.wine import WinePython
    from mapiwright.entry.service.contract import EntryOutcome, Report
    from mapiwright.formats.props import Properties

    Call = Callable[[EntryRequest], EntryOutcome]

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "acme-mail"
CERTIFICATE = (EXAMPLE / "BIRTH.md").read_text(encoding="utf-8")
SERVER, PORT, USER = 0x6600001E, 0x66010003, 0x6602001E
URL = 0x6612001E
SETTINGS = "5e2d9a40b1c84f6d8e7730a1d4f2c6b9"
"""The uid of the section ACME_Settings."""


def test_the_certificate_is_that_of_the_files() -> None:
    certified = dict(re.findall(r"^\| `([0-9a-f]{64})` \| `(.*?)` \|", CERTIFICATE, re.MULTILINE))
    found = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path.relative_to(EXAMPLE).as_posix()
        for path in EXAMPLE.rglob("*.dll")
    }
    assert certified == found
    assert sorted(found.values()) == ["x64/acme32.dll", "x86/acme32.dll"]


def toolchain() -> dict[str, str]:
    """The versions of the compiler and the linker here, as the certificate names them."""
    versions = {}
    for program, name in (("gcc", "gcc"), ("ld", "binutils")):
        for triplet in ("x86_64-w64-mingw32", "i686-w64-mingw32"):
            path = shutil.which(f"{triplet}-{program}")
            if path is None:
                pytest.skip(f"{triplet}-{program} of mingw-w64 is not installed")
            first = subprocess.run(
                [path, "--version"], capture_output=True, text=True, check=True
            ).stdout.splitlines()[0]
            versions[name] = first.split()[-1]
    return versions


def test_the_dlls_are_built_again_byte_for_byte(tmp_path: Path) -> None:
    certified = dict(re.findall(r"^\| (gcc|binutils) \| .*?(\S+) \|$", CERTIFICATE, re.MULTILINE))
    here = toolchain()
    if here != certified:
        pytest.skip(f"mingw-w64 is {here} here and {certified} in the certificate")
    subprocess.run([sys.executable, "build.py", str(tmp_path)], cwd=EXAMPLE, check=True, capture_output=True)
    for name in ("x64/acme32.dll", "x86/acme32.dll"):
        assert (tmp_path / name).read_bytes() == (EXAMPLE / name).read_bytes()


def test_the_dlls_hold_what_the_certificate_says() -> None:
    for folder, machine in (("x64", pe.Machine.X64), ("x86", pe.Machine.X86)):
        image = pe.read((EXAMPLE / folder / "acme32.dll").read_bytes())
        assert image.machine == machine
        assert {export.name for export in image.exports} == {
            "ABProviderInit",
            "MSProviderInit",
            "ServiceEntry",
            "XPProviderInit",
        }
        assert (image.version, image.imports, image.signed) == ((4, 2, 1, 0), (), False)


def test_the_inf_is_without_a_finding_and_a_setup_would_write_it_so() -> None:
    data = (EXAMPLE / "acme.inf").read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert [finding for finding in check(inf.parse(data)) if finding.severity != "note"] == []


def test_the_package_is_what_the_issue_of_a_believable_vendor_needs() -> None:
    (service,) = open_package(EXAMPLE).services
    kinds = {provider.properties[tags.PR_RESOURCE_TYPE] for provider in service.providers}
    assert kinds == {
        tags.ResourceType.AB_PROVIDER,
        tags.ResourceType.STORE_PROVIDER,
        tags.ResourceType.TRANSPORT_PROVIDER,
    }
    assert [extra.uid is not None for extra in service.extras] == [True]


# The entry point, as Python and as C.


def uid(number: int) -> str:
    return f"{number:032x}"


def request(context: Context, given: Properties | None = None, kept: Properties | None = None) -> EntryRequest:
    """A call for a profile that holds the service as the INF defines it, and what it kept from before."""
    (service,) = open_package(EXAMPLE).services
    sections = [VisibleSection(uid(0), "service", service.name, {**service.properties, **(kept or {})})]
    for provider in service.providers:
        sections.append(VisibleSection(uid(len(sections)), "provider", provider.section, provider.properties))
    for extra in service.extras:
        assert extra.uid is not None, "the INF fixes it, and the compiled service opens the section by it"
        sections.append(VisibleSection(extra.uid.hex(), "extra", extra.section, extra.properties))
    return EntryRequest("ACME", context, profile="Work", sections=tuple(sections), properties=given or {})


@pytest.fixture
def library(tmp_path_factory: pytest.TempPathFactory, witness: Callable[[str], str]) -> Path:
    witness("cc")
    folder = tmp_path_factory.mktemp("acme")
    subprocess.run([sys.executable, "build.py", "--linux", folder], cwd=EXAMPLE, check=True, capture_output=True)
    return folder / "acme.so"


@pytest.fixture(params=["stand-in", "linux"])
def call(request: pytest.FixtureRequest) -> Iterator[Call]:
    """The service in one of its forms. The compiled one leaks nothing, and wants nothing that it does not get."""
    if request.param == "stand-in":
        yield stand_in().call
        return
    reports: list[Report] = []
    yield NativeHost(OnDisk(request.getfixturevalue("library")), "ServiceEntry", observe=reports.append).call
    assert reports
    assert {(report.misuse, tuple(report.wanted), report.doubt) for report in reports} == {((), (), ())}


def stand_in() -> PythonHost:
    found = open_package(EXAMPLE).stand_ins["ACME"]
    return PythonHost(found.sources, found.entry, found.deadline)


@pytest.mark.parametrize("context", [Context.INSTALL, Context.UNINSTALL, Context.DELETE])
def test_coming_and_going_need_nothing(context: Context, call: Call) -> None:
    outcome = call(replace(request(context), sections=()))
    assert (outcome.hresult, outcome.changed) == (Result.S_OK, {})


def test_a_new_service_has_to_be_configured(call: Call) -> None:
    assert call(request(Context.CREATE)).hresult == Result.MAPI_E_UNCONFIGURED
    assert call(request(Context.CONFIGURE, {SERVER: "mail.acme.example"})).hresult == Result.MAPI_E_UNCONFIGURED


def test_adding_providers_is_not_supported(call: Call) -> None:
    assert call(request(Context.PROVIDER_CREATE)).hresult == Result.MAPI_E_NO_SUPPORT


def test_what_the_manifest_gives_configures_the_service(call: Call) -> None:
    outcome = call(request(Context.CONFIGURE, dict(open_package(EXAMPLE).configuration["ACME"])))
    assert outcome.hresult == Result.S_OK
    assert outcome.changed == {
        uid(0): {SERVER: "mail.acme.example", USER: "guest"},
        uid(1): {tags.PR_DISPLAY_NAME: "Acme Address Book (mail.acme.example)"},
        uid(2): {tags.PR_DISPLAY_NAME: "Acme Mailbox - guest"},
        uid(3): {tags.PR_DISPLAY_NAME: "Acme Transport (mail.acme.example)"},
        SETTINGS: {URL: "acme://guest@mail.acme.example:993/"},
    }


def test_the_longest_names_fit(call: Call) -> None:
    host, user = "m" * 253, "u" * 64
    outcome = call(request(Context.CONFIGURE, {SERVER: host, PORT: 65535, USER: user}))
    assert outcome.changed[uid(1)] == {tags.PR_DISPLAY_NAME: f"Acme Address Book ({host})"}
    assert outcome.changed[uid(2)] == {tags.PR_DISPLAY_NAME: f"Acme Mailbox - {user}"}
    assert outcome.changed[SETTINGS] == {URL: f"acme://{user}@{host}:65535/"}


def test_what_was_configured_before_stays(call: Call) -> None:
    outcome = call(request(Context.CONFIGURE, {USER: "zoe"}, {SERVER: "mail.acme.example", USER: "guest"}))
    assert outcome.changed[uid(0)] == {USER: "zoe"}
    assert outcome.changed[SETTINGS] == {URL: "acme://zoe@mail.acme.example:993/"}
    wide = {SERVER ^ 1: "mail.acme.example", USER ^ 1: "zoe"}
    assert call(request(Context.CREATE, {}, wide)).hresult == Result.S_OK


@pytest.mark.parametrize(
    ("given", "words", "code"),
    [
        ({SERVER: "mail acme"}, "The server 'mail acme' is not the name of a host.", 1001),
        ({SERVER: "mail..acme"}, "The server 'mail..acme' is not the name of a host.", 1001),
        ({PORT: 0}, "The port 0 is not between 1 and 65535.", 1002),
        ({PORT: 65536}, "The port 65536 is not between 1 and 65535.", 1002),
        ({PORT: -(1 << 31)}, "The port -2147483648 is not between 1 and 65535.", 1002),
        ({SERVER: "m" * 254}, f"The server '{'m' * 254}' is not the name of a host.", 1001),
        ({SERVER: "Zo\u00eb's"}, "The server 'Zo\u00eb's' is not the name of a host.", 1001),
        ({USER: "u" * 65}, f"The user '{'u' * 65}' is not the name of an account.", 1003),
        ({USER: "a b"}, "The user 'a b' is not the name of an account.", 1003),
    ],
)
def test_what_is_wrong_is_said_in_the_services_own_words(
    given: Properties, words: str, code: int, call: Call
) -> None:
    outcome = call(request(Context.CONFIGURE, {SERVER: "mail.acme.example", USER: "zoe", **given}))
    assert outcome.hresult == Result.MAPI_E_EXTENDED_ERROR
    assert outcome.error is not None
    assert (outcome.error.error, outcome.error.component, outcome.error.low_level) == (words, "ACME", code)
    assert {section for section in outcome.changed if section != uid(0)} == set(), "nothing but what was given"


def test_the_dll_for_x64_does_the_same_on_windows(wine: WinePython) -> None:
    host = NativeHost(OnDisk(EXAMPLE / "x64" / "acme32.dll"), "ServiceEntry", interpreter=wine)
    asked = request(Context.CONFIGURE, dict(open_package(EXAMPLE).configuration["ACME"]))
    assert host.call(asked) == stand_in().call(asked)
