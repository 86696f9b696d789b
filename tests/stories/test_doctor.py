"""The doctor: a helpdesk looks, learns what is wrong, runs the command that the finding names, and looks again."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from mapiwright.errors import Finding, Severity
from mapiwright.setup.install.policies import UNVERIFIED, Policy, settings
from mapiwright.transaction.records.journal import Journal
from mapiwright.ui.cli.app import VERBS
from mapiwright.ui.cli.edge import CALLS_WAIT
from mapiwright.ui.documents.reports import junit, sarif
from mapiwright.workflows.doctor.doctor import diagnose
from mapiwright.workflows.doctor.findings.rules import DOCTOR_RULES
from mapiwright.workstation.change import SetValue, difference, key_with_parents
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.registry import KeyPath, Value, View
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mapiwright.workstation.workstation import Workstation

    Mapiwright = Callable[..., Any]

ROOT = Path(__file__).parent.parent.parent


def ids(mapiwright: Mapiwright, *arguments: str) -> dict[str, str]:
    """What the doctor finds: the ids with their severities."""
    findings = mapiwright("doctor", "--json", *arguments).document["doctor"]["findings"]
    return {finding["id"]: finding["severity"] for finding in findings}


def one(mapiwright: Mapiwright, id_: str, *arguments: str) -> dict[str, Any]:
    """The one finding of that id."""
    findings = mapiwright("doctor", "--json", *arguments).document["doctor"]["findings"]
    (found,) = [finding for finding in findings if finding["id"] == id_]
    assert isinstance(found, dict)
    return found


def facts(mapiwright: Mapiwright, *arguments: str) -> dict[str, Any]:
    return {fact["name"]: fact for fact in mapiwright("doctor", "--json", *arguments).document["doctor"]["facts"]}


def run_remedy(mapiwright: Mapiwright, finding: dict[str, Any]) -> None:
    """Type the command that a finding names."""
    command = re.search(r"mapiwright (.*)$", finding["remedy"])
    assert command is not None, finding
    answer = mapiwright(*shlex.split(command[1]), "--yes")
    assert answer.code == 0, answer.err


def inf_path(folder: Path) -> Path:
    return next(path for path in folder.rglob("*") if path.name.upper() == "MAPISVC.INF")


def here(folder: Path) -> Workstation:
    return open_workstation(f"image:{folder}")


def suite_of(text: str) -> ET.Element:
    """The one suite of a JUnit report, as a foreign reader sees it."""
    suite = ET.fromstring(text).find("testsuite")  # noqa: S314 - it is our own
    assert suite is not None
    return suite


def set_value(workstation: Workstation, key: KeyPath, name: str, value: Value | None) -> None:
    old = workstation.registry.value(key, name)
    workstation.registry.apply(
        [*(key_with_parents(workstation.registry, key) if value else ()), SetValue(key, name, old, value)]
    )


def set_for_user(folder: Path, key: str, name: str, value: Value | None) -> None:
    workstation = here(folder)
    set_value(workstation, workstation.users[0].root / key, name, value)


def set_for_machine(folder: Path, key: str, name: str, value: Value | None) -> None:
    for view in View:
        set_value(here(folder), KeyPath.parse(key, view), name, value)


def everything(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Every file and folder with its bytes, its mode and its time of change."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mode,
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def forgotten(mapiwright: Mapiwright, acme: Path, workstation_folder: Path) -> Path:
    """A workstation whose service was torn out by hand: a profile holds it, and nothing else knows of it."""
    inf = inf_path(workstation_folder)
    before = inf.read_bytes()
    assert mapiwright("install", acme, "--yes").code == 0
    inf.write_bytes(before)
    shutil.rmtree(next(workstation_folder.rglob("Mapiwright")))
    return workstation_folder


# A sound workstation.


@pytest.mark.parametrize("bitness", [Bitness.X86, Bitness.X64])
@pytest.mark.parametrize("edition", [Edition.OUTLOOK_2010, Edition.OUTLOOK_2013, Edition.OUTLOOK_2016])
def test_a_fresh_workstation_and_one_with_a_package_are_sound(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path, edition: Edition, bitness: Bitness
) -> None:
    folder = tmp_path / "other"
    create_image(folder, edition=edition, bitness=bitness, users=["Łukasz"])
    target = ("--workstation", f"image:{folder}")
    assert "error" not in ids(mapiwright, *target).values()
    assert mapiwright("install", acme, "--yes", *target).code == 0
    answer = mapiwright("doctor", *target)
    assert answer.code == 0, answer.out
    assert answer.out.rstrip().split("\n")[-1].startswith("OK: ")


def test_one_screen_tells_what_the_workstation_is_and_by_which_rule(mapiwright: Mapiwright, acme: Path) -> None:
    mapiwright("install", acme, "--yes")
    answer = mapiwright("doctor")
    assert answer.out.count("\n") <= 30
    for told in ("2016 (x64)", "language 1033", "InstallRoot: Path", "MAPISVC.INF: CONTAB, MSUPST MS, ACME", "Zoë: "):
        assert told in answer.out
    known = facts(mapiwright)
    assert "acme-mail 4." in known["Installed"]["text"]
    assert any("DLLPathEx" in rule for rule in known["MAPISVC.INF"]["rules"])
    assert "default store" in known["Profiles"]["text"]


def test_it_writes_nothing_and_runs_no_vendor_code(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path, tmp_path: Path
) -> None:
    package, ran = tmp_path / "package", tmp_path / "ran"
    shutil.copytree(acme, package)
    mapiwright("install", package, "--yes")
    for source in workstation_folder.rglob("*.py"):
        source.write_text(f"open({str(ran)!r}, 'w').close()\n", encoding="utf-8")
    before = everything(workstation_folder)
    for form in ("text", "json", "sarif", "junit"):
        assert mapiwright("doctor", "--format", form).code == 1
    assert mapiwright("log").code == 0
    assert mapiwright("support-bundle", "-o", str(tmp_path / "bundle.zip")).code == 0
    assert everything(workstation_folder) == before
    assert not ran.exists()


# DLLs and MAPISVC.INF.


@pytest.mark.parametrize(
    ("spoil", "id_"),
    [
        (lambda dll, _: dll.unlink(), "MW6104"),
        (lambda dll, acme: dll.write_bytes((acme / "x86" / "acme32.dll").read_bytes()), "MW6105"),
        (lambda dll, _: dll.write_bytes(b"no program"), "MW6106"),
        (lambda dll, _: dll.write_bytes(dll.read_bytes().replace(b"\0ServiceEntry", b"\0XerviceEntry")), "MW6107"),
    ],
    ids=["gone", "of another bitness", "no program", "without its entry point"],
)
def test_a_dll_that_outlook_would_not_load_is_told_with_the_repair(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path, spoil: Callable[[Path, Path], object], id_: str
) -> None:
    mapiwright("install", acme, "--yes")
    spoil(next(workstation_folder.rglob("acme32.dll")), acme)
    assert mapiwright("doctor").code == 1
    found = ids(mapiwright)
    assert {name for name, severity in found.items() if severity == "error"} == {id_, "MW6403"}
    assert "mapiwright repair acme-mail" in one(mapiwright, id_)["remedy"]
    assert "acme32.dll" in one(mapiwright, "MW6403")["message"]


def test_outlooks_own_dlls_are_missed_only_where_outlook_is(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    assert set(ids(mapiwright)) == {"MW6004"}
    program = workstation_folder / "Program Files" / "Microsoft Office" / "Office16"
    (program / "outlook.exe").write_bytes(b"MZ")
    findings = mapiwright("doctor", "--json").document["doctor"]["findings"]
    assert {finding["id"] for finding in findings} == {"MW6104"}
    assert {finding["message"].partition(":")[0] for finding in findings} == {"CONTAB", "MSUPST MS"}


@pytest.mark.parametrize("variable", ["the machine's", "the user's"])
def test_a_dll_on_the_path_is_found(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path, variable: str
) -> None:
    mapiwright("install", acme, "--yes")
    elsewhere = workstation_folder / "Acme"
    elsewhere.mkdir()
    next(workstation_folder.rglob("acme32.dll")).rename(elsewhere / "ACME32.DLL")
    assert "MW6104" in ids(mapiwright)
    workstation = here(workstation_folder)
    machine = KeyPath.parse(r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment")
    key = machine if variable == "the machine's" else workstation.users[0].root / "Environment"
    set_value(workstation, key, "Path", Value.expand_sz(r'%SystemRoot%;"%SystemDrive%\Acme\"'))
    assert "MW6104" not in ids(mapiwright)


def test_a_32_bit_outlook_does_not_see_system32(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pc86"
    create_image(folder, bitness=Bitness.X86, users=["anna"])
    target = ("--workstation", f"image:{folder}")
    mapiwright("install", acme, "--yes", *target)
    dll = next(folder.rglob("acme32.dll"))
    assert dll.parent.name == "SysWOW64"
    dll.rename(folder / "Windows" / "System32" / "acme32.dll")
    assert "MW6104" in ids(mapiwright, *target)
    inf = inf_path(folder)
    full = inf.read_bytes().replace(b"=acme.dll", rb"=C:\Windows\System32\acme.dll")
    inf.write_bytes(full)
    assert "MW6104" in ids(mapiwright, *target), "a full path is redirected, too"
    (folder / "Windows" / "System32" / "acme32.dll").rename(dll)
    assert "MW6104" not in ids(mapiwright, *target)


def test_the_health_of_the_inf(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    inf = inf_path(workstation_folder)
    good = inf.read_bytes()
    inf.write_bytes(good + b"[Extra]\r\na stray line\r\nPR_DISPLAY_NAME=x\r\n")
    found = one(mapiwright, "MW1001")
    assert found["line"] == good.count(b"\n") + 2
    assert found["where"].endswith("MAPISVC.INF")
    assert "inf check" in one(mapiwright, "MW6103")["message"]
    whole = inf.read_bytes()
    inf.write_bytes(b"[Services]\r\nACME=Acme\r\n[ACME]\r\nPR_DISPLAY_NAME=Acme\r\n")
    assert one(mapiwright, "MW6112")["severity"] == "note", "what Outlook itself had written may be gone"
    inf.write_bytes(whole)
    assert "MW6112" not in ids(mapiwright)
    inf.write_bytes(b"\0" * 8)
    assert ids(mapiwright)["MW6102"] == "error"
    inf.unlink()
    assert mapiwright("doctor").code == 0, "Outlook may ship without one"
    assert ids(mapiwright)["MW6101"] == "note"


@pytest.mark.parametrize(
    ("edition", "bitness"),
    [(Edition.OUTLOOK_2007, Bitness.X86), (Edition.OUTLOOK_2013, Bitness.X64), (Edition.OUTLOOK_2016, Bitness.X86)],
)
def test_a_file_that_an_install_made_lacks_nothing_and_its_guard_changes_nothing_about_that(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path, edition: Edition, bitness: Bitness
) -> None:
    folder = tmp_path / "other"
    create_image(folder, edition=edition, bitness=bitness)
    inf = inf_path(folder)
    inf.unlink()
    target = ("--workstation", f"image:{folder}")
    assert mapiwright("install", acme, "--yes", *target).code == 0
    assert b"CONTAB" not in inf.read_bytes()
    assert not {"MW6101", "MW6110", "MW6112"} & set(ids(mapiwright, *target))
    inf.unlink()
    assert mapiwright("guard", "acme-mail", "--yes", *target).code == 0
    assert not {"MW6101", "MW6110", "MW6112"} & set(ids(mapiwright, *target))
    ours = inf.read_bytes()
    assert mapiwright("uninstall", "acme-mail", "--yes", *target).code == 0
    inf.write_bytes(ours)
    assert ids(mapiwright, *target)["MW6112"] == "note", "nobody knows who made this one"


def test_outlook_2003_comes_with_the_file_and_needs_it(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    create_image(folder, edition=Edition.OUTLOOK_2003, bitness=Bitness.X86)
    inf_path(folder).unlink()
    target = ("--workstation", f"image:{folder}")
    mapiwright("install", acme, "--yes", *target)
    found = one(mapiwright, "MW6110", *target)
    assert found["severity"] == "warning"
    assert "mapiwright guard" in found["remedy"]


def test_a_service_in_a_file_that_outlook_does_not_read_is_told(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    inf = inf_path(workstation_folder)
    before = inf.read_bytes()
    mapiwright("install", acme, "--yes")
    other = inf.parent.parent / "1031"
    other.mkdir()
    (other / "mapisvc.inf").write_bytes(inf.read_bytes())
    assert "MW6108" not in ids(mapiwright)
    unreadable = inf.parent.parent / "1036"
    unreadable.mkdir()
    (unreadable / "mapisvc.inf").write_bytes(b"\0")
    inf.write_bytes(before)
    found = one(mapiwright, "MW6108")
    assert "1031" in found["where"]
    assert "ACME" in found["message"]
    assert "MW6404" in ids(mapiwright), "the installed package's service is not where it was"


def test_a_service_that_the_inf_spells_in_part_is_judged_as_far_as_it_goes(
    mapiwright: Mapiwright, workstation_folder: Path
) -> None:
    inf = inf_path(workstation_folder)
    services = b"[Services]\r\nGHOST=x\r\nHALF=y\r\n"
    scope = b"[HALF]\r\nProviders=Nothing, Some\r\n[Some]\r\nPR_PROVIDER_DLL_NAME=sub\\half.dll\r\n"
    inf.write_bytes(inf.read_bytes().replace(b"[Services]\r\n", services) + scope)
    found = ids(mapiwright)
    assert {"MW1011", "MW1013", "MW6104"} <= set(found)
    assert "sub\\half32.dll" in one(mapiwright, "MW6104")["message"]


@pytest.mark.parametrize("path", [rb"\\server\share\far.dll", rb"D:\Acme\far.dll"])
def test_a_dll_on_a_network_or_another_drive_cannot_be_told(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path, path: bytes
) -> None:
    mapiwright("install", acme, "--yes")
    inf = inf_path(workstation_folder)
    inf.write_bytes(inf.read_bytes().replace(b"=acme.dll", b"=" + path))
    found = ids(mapiwright)
    assert found["MW6109"] == "note"
    assert "MW6104" not in found


# Outlook and MAPI.


def test_no_outlook_and_no_mapi_are_told(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    subsystem = r"HKLM\SOFTWARE\Microsoft\Windows Messaging Subsystem"
    set_value(here(workstation_folder), KeyPath.parse(subsystem), "MAPIX", Value.sz("0"))
    set_for_machine(workstation_folder, r"HKLM\SOFTWARE\Clients\Mail", "", Value.sz("Other Mail"))
    found = ids(mapiwright)
    assert found["MW6002"] == "warning"
    assert "Other Mail" in one(mapiwright, "MW6003")["message"]
    assert mapiwright("doctor").code == 1
    workstation = here(workstation_folder)
    office = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Office")
    key = workstation.registry.read(office)
    assert key is not None
    workstation.registry.apply(list(difference(office, key, None)))
    workstation.refresh()
    assert ids(mapiwright)["MW6001"] == "error"
    assert not facts(mapiwright)["Outlook"]["known"]


# Profiles.


def test_a_leftover_of_an_uninstalled_service_is_taken_out_as_the_remedy_says(
    mapiwright: Mapiwright, forgotten: Path
) -> None:
    next(forgotten.rglob("acme32.dll")).unlink()
    assert mapiwright("doctor").code == 1
    found = one(mapiwright, "MW6202")
    assert "Zoë" in found["where"]
    assert "ACME" in found["where"]
    run_remedy(mapiwright, found)
    assert mapiwright("doctor").code == 0


def test_a_dll_that_is_not_registered_is_what_mapi_refuses(mapiwright: Mapiwright, forgotten: Path) -> None:
    found = one(mapiwright, "MW6201")
    assert "unable to load the information service acme.dll" in found["message"]
    assert "4498413" in found["rule"]
    run_remedy(mapiwright, found)
    assert "error" not in ids(mapiwright).values()
    assert forgotten.exists()


def test_a_service_whose_name_the_inf_lost_is_told(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    mapiwright("install", acme, "--yes")
    inf = inf_path(workstation_folder)
    text = inf.read_bytes().replace(b"\r\nACME=", b"\r\nACME2=").replace(b"[ACME]", b"[ACME2]")
    inf.write_bytes(text)
    assert "'ACME'" in one(mapiwright, "MW6203")["message"]


def test_the_default_profile_is_there_and_named(mapiwright: Mapiwright) -> None:
    mapiwright("profile", "create", "Büro", "--yes")
    missing = one(mapiwright, "MW6205")
    assert missing["message"] == "no profile is the default one; the user's profiles: Büro"
    assert missing["severity"] == "warning"
    assert mapiwright("doctor").code == 1
    run_remedy(mapiwright, missing)
    assert mapiwright("doctor").code == 0


@pytest.mark.parametrize("others", [True, False])
def test_a_default_profile_that_is_not_there_is_put_right(
    mapiwright: Mapiwright, workstation_folder: Path, others: bool
) -> None:
    if others:
        mapiwright("profile", "create", "Büro", "--yes")
    set_for_user(workstation_folder, r"Software\Microsoft\Office\16.0\Outlook", "DefaultProfile", Value.sz("Gone"))
    found = one(mapiwright, "MW6204")
    assert "'Gone'" in found["message"]
    run_remedy(mapiwright, found)
    assert not {"MW6204", "MW6205"} & set(ids(mapiwright))


def test_the_faults_of_a_profile_name_their_user(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    mapiwright("install", acme, "--yes")
    workstation = here(workstation_folder)
    profile = mapiwright("profile", "show", "--json").document
    provider = profile["services"][0]["providers"][0]["uid"]
    name = mapiwright("profile", "list", "--json").document["profiles"][0]["name"]
    root = workstation.users[0].root / rf"Software\Microsoft\Office\16.0\Outlook\Profiles\{name}\{provider}"
    key = workstation.registry.read(root)
    assert key is not None
    workstation.registry.apply(list(difference(root, key, None)))
    found = one(mapiwright, "MW2002")
    assert found["where"].startswith("Zoë: ")
    assert "mapiwright profile remove-service" in found["remedy"]


def test_users_are_examined_apart_and_one_out_of_reach_does_not_hide_the_others(
    mapiwright: Mapiwright, tmp_path: Path
) -> None:
    folder = tmp_path / "several"
    create_image(folder, users=["Ada", "Łukasz", "Zoë"])
    target = ("--workstation", f"image:{folder}")
    mapiwright("profile", "create", "One", "--yes", "--all-users", *target)
    assert len(mapiwright("doctor", *target).out.split("MW6205")) == 4
    only = mapiwright("doctor", "--user", "Zoë", "--json", *target).document["doctor"]["findings"]
    assert [found["where"].partition(":")[0] for found in only if found["id"] == "MW6205"] == ["Zoë"]
    (folder / "Users" / "Ada" / "NTUSER.DAT").unlink()
    (folder / "Users" / "Łukasz" / "NTUSER.DAT").write_bytes(b"no hive")
    answer = mapiwright("doctor", "--json", *target)
    told = {fact["text"] for fact in answer.document["doctor"]["facts"] if fact["name"] == "Profiles"}
    assert any(text.startswith("Ada: the hive of user Ada is not there") for text in told)
    assert any(text.startswith("Łukasz: the hive of user Łukasz is damaged") for text in told)
    assert {"MW3002", "MW3003", "MW6205"} <= set(ids(mapiwright, *target))


def test_a_profile_in_a_damaged_part_of_a_hive_does_not_stop_the_examination(
    mapiwright: Mapiwright, workstation_folder: Path
) -> None:
    mapiwright("profile", "create", "Fragile", "--yes")
    hive = workstation_folder / "Users" / "Zoë" / "NTUSER.DAT"
    data = bytearray(hive.read_bytes())
    signature = data.index(b"Fragile") - 0x4C
    assert data[signature : signature + 2] == b"nk"
    data[signature : signature + 2] = b"xx"
    hive.write_bytes(data)
    told = facts(mapiwright)["Profiles"]
    assert not told["known"]
    assert "Zoë: " in told["text"]


# Policies.


OUTLOOK = r"Software\Microsoft\Office\16.0\Outlook"
POLICIES = r"Software\Policies\Microsoft\Office\16.0\Outlook"


@pytest.mark.parametrize(
    ("key", "name", "value", "id_"),
    [
        (rf"{POLICIES}\AutoDiscover", "ZeroConfigExchange", Value.dword(1), "MW6301"),
        (rf"{OUTLOOK}\AutoDiscover", "zeroconfigexchangeonce", Value.dword(1), "MW6301"),
        (rf"{OUTLOOK}\Setup", "ImportPRF", Value.sz(r"\\server\share\all.prf"), "MW6302"),
        (rf"{POLICIES}\Options", "DisableOtherTypes", Value.dword(1), "MW6303"),
        (rf"{POLICIES}\Options", "DisableExchange", Value.dword(1), "MW6303"),
        (rf"{POLICIES}\Options", "disablecreateservices", Value.sz("MSOMS;ACME"), "MW6303"),
        (rf"{POLICIES}\Setup", "ModifyAccounts", Value.dword(1), "MW6303"),
        (rf"{OUTLOOK}\Security", "AllowUnregisteredMapiServices", Value.dword(1), "MW6304"),
        (r"Software\Microsoft\Exchange\Client\Options", "PickLogonProfile", Value.sz("1"), "MW6305"),
    ],
)
def test_policies_that_matter_are_told(
    mapiwright: Mapiwright, workstation_folder: Path, key: str, name: str, value: Value, id_: str
) -> None:
    set_for_user(workstation_folder, key, name, value)
    found = one(mapiwright, id_)
    assert found["where"].startswith("Zoë: ")
    assert ("policy" in found["where"]) == ("Policies" in key)
    policy = next(each for each in Policy if each.value.casefold() == name.casefold())
    assert ("not verified" in found["message"]) == (policy in UNVERIFIED)
    set_for_user(workstation_folder, key, name, Value.dword(0) if id_ != "MW6302" else Value.sz(""))
    assert id_ not in ids(mapiwright), "off is off"


def test_where_a_user_is_asked_for_a_profile_the_command_that_ends_it_is_told(
    mapiwright: Mapiwright, workstation_folder: Path
) -> None:
    set_for_user(workstation_folder, OUTLOOK, "PickLogonProfile", Value.sz("1"))
    assert "mapiwright" not in one(mapiwright, "MW6305")["remedy"], "another value of that name is not ours"
    set_for_user(workstation_folder, OUTLOOK, "PickLogonProfile", None)
    assert mapiwright("profile", "startup", "--prompt", "--yes").code == 0
    *_, words = one(mapiwright, "MW6305")["remedy"].partition(": mapiwright ")
    assert mapiwright(*shlex.split(words), "--yes").code == 0
    assert "MW6305" not in ids(mapiwright)


def test_the_services_that_a_user_may_not_add_are_named(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    set_for_user(workstation_folder, rf"{POLICIES}\Options", "DisableCreateServices", Value.sz("MSOMS;ACME"))
    assert one(mapiwright, "MW6303")["message"].startswith("it is MSOMS;ACME: the user may not add")


def test_a_policy_goes_before_the_users_own_setting(workstation_folder: Path) -> None:
    set_for_user(workstation_folder, rf"{OUTLOOK}\AutoDiscover", "ZeroConfigExchange", Value.dword(1))
    set_for_user(workstation_folder, rf"{POLICIES}\AutoDiscover", "ZeroConfigExchange", Value.dword(0))
    set_for_user(workstation_folder, rf"{OUTLOOK}\Setup", "First-Run", Value.binary(b""))
    workstation = here(workstation_folder)
    found = {each.policy: each for each in settings(workstation, workstation.users[0], Edition.OUTLOOK_2016)}
    assert found[Policy.ZERO_CONFIG].enforced
    assert not found[Policy.ZERO_CONFIG].on
    assert found[Policy.FIRST_RUN_DONE].on


def test_a_prf_file_does_not_wait_where_outlook_has_run(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    set_for_user(workstation_folder, rf"{OUTLOOK}\Setup", "ImportPRF", Value.sz(r"C:\all.prf"))
    set_for_user(workstation_folder, rf"{OUTLOOK}\Setup", "First-Run", Value.binary(b"\0"))
    assert "not while First-Run is there" in one(mapiwright, "MW6302")["message"]


# What Mapiwright did.


def test_calls_that_are_still_to_be_sent_are_told_and_are_no_fault(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    shutil.copytree(acme, package)
    manifest = package / "mapiwright.toml"
    text = manifest.read_text(encoding="utf-8")
    stand_in = r"^(entry|sources|deadline) = .*\n"
    manifest.write_text(re.sub(stand_in, "", text, flags=re.MULTILINE), encoding="utf-8")
    assert mapiwright("install", package, "--yes").code == 0
    findings = mapiwright("doctor", "--json").document["doctor"]["findings"]
    pending = [found for found in findings if found["id"] == "MW6402"]
    assert any("MSG_SERVICE_INSTALL" in found["message"] for found in pending)
    assert mapiwright("doctor").code == CALLS_WAIT


def test_what_an_update_took_away_is_put_back_as_the_remedy_says(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    inf = inf_path(workstation_folder)
    before = inf.read_bytes()
    mapiwright("install", acme, "--yes")
    inf.write_bytes(before)
    found = one(mapiwright, "MW6404")
    assert "mapiwright guard acme-mail" in found["remedy"]
    run_remedy(mapiwright, found)
    assert mapiwright("doctor").code == 0
    set_value(
        here(workstation_folder), KeyPath.parse(r"HKLM\Software\Acme Software\Acme Mail"), "Version", Value.sz("0")
    )
    next(workstation_folder.rglob("acme32.dll")).unlink()
    lost = one(mapiwright, "MW6403")
    assert "2 of what it brought" in lost["message"]
    assert "'Version'" in lost["message"]
    run_remedy(mapiwright, lost)
    assert mapiwright("doctor").code == 0


def test_a_package_that_cannot_be_put_back_is_told(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    mapiwright("install", acme, "--yes")
    dll = next(workstation_folder.rglob("acme32.dll"))
    dll.unlink()
    dll.mkdir()
    assert "acme32.dll" in one(mapiwright, "MW6406")["message"]


def test_users_whom_an_uninstall_left_out_are_named(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    folder = tmp_path / "two"
    create_image(folder, users=["Ada", "Zoë"])
    target = ("--workstation", f"image:{folder}")
    mapiwright("install", acme, "--yes", "--all-users", *target)
    hive = folder / "Users" / "Ada" / "NTUSER.DAT"
    kept = hive.read_bytes()
    hive.unlink()
    mapiwright("uninstall", "acme-mail", "--yes", *target)
    assert "Ada" in one(mapiwright, "MW6407", *target)["message"]
    hive.write_bytes(kept)
    run_remedy(mapiwright, one(mapiwright, "MW6407", *target))
    assert "MW6407" not in ids(mapiwright, *target)
    assert "error" not in ids(mapiwright, *target).values()


def test_a_package_that_waits_for_outlook_is_told(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    set_for_user(workstation_folder, rf"{POLICIES}\AutoDiscover", "ZeroConfigExchange", Value.dword(1))
    mapiwright("install", acme, "--yes")
    assert one(mapiwright, "MW6408")["where"].startswith("Zoë: ")
    assert mapiwright("doctor").code == 0


def test_a_transaction_that_stands_half_way_is_told(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    Journal(here(workstation_folder).state).add("begin", id="1", version="1", verb="install", title="install X")
    found = one(mapiwright, "MW6401")
    assert "install X" in found["message"]
    assert "mapiwright recover" in found["remedy"]
    assert mapiwright("recover").code == 0
    assert mapiwright("doctor").code == 0


def test_a_damaged_journal_and_a_damaged_receipt_are_told(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    state = here(workstation_folder).state
    journal = Journal(state)
    for title in ("one", "two", "three"):
        journal.add("begin", title=title, id="1")
    first, _, third = (state.read("journal") or b"").splitlines(keepends=True)
    state.write("journal", first + third)
    assert "line 1 is missing" in one(mapiwright, "MW6401")["message"]
    state.delete("journal")
    state.write("receipts/1.json", b"{}")
    assert ids(mapiwright)["MW6405"] == "error"


def test_a_package_whose_backup_is_gone_cannot_be_compared(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    mapiwright("install", acme, "--yes")
    shutil.rmtree(next(workstation_folder.rglob("backups")))
    assert ids(mapiwright)["MW6405"] == "error"


# A bare hive.


def test_a_bare_hive_is_examined_as_far_as_it_can_tell(
    mapiwright: Mapiwright, forgotten: Path, tmp_path: Path
) -> None:
    hive = tmp_path / "NTUSER.DAT"
    hive.write_bytes((forgotten / "Users" / "Zoë" / "NTUSER.DAT").read_bytes())
    target = ("--workstation", f"hive:{hive}")
    answer = mapiwright("doctor", *target)
    assert answer.code == 0, answer.out
    assert answer.out.count("unknown:") == 2
    known = facts(mapiwright, *target)
    assert not known["Windows"]["known"]
    assert not known["MAPISVC.INF"]["known"]
    assert known["Profiles"]["known"]
    with_inf = (*target, "--inf", str(inf_path(forgotten)))
    assert set(ids(mapiwright, *with_inf)) >= {"MW6201"}
    assert "MW6202" not in ids(mapiwright, *with_inf), "whether the DLL is there, no hive can tell"
    assert not facts(mapiwright, *with_inf)["DLLs"]["known"]


def test_a_hive_without_outlook_is_told_and_not_guessed(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    hive = workstation_folder / "Users" / "Default" / "NTUSER.DAT"
    target = ("--workstation", f"hive:{hive}")
    assert ids(mapiwright, *target) == {"MW6001": "error"}
    told = facts(mapiwright, *target)
    assert not told["Profiles"]["known"]


@pytest.mark.parametrize("name", ["o2010-x64", "o2016-x64"])
def test_real_profiles_have_no_fault(
    mapiwright: Mapiwright, real_hive: Callable[[str], bytes], tmp_path: Path, name: str
) -> None:
    hive = tmp_path / "NTUSER.DAT"
    hive.write_bytes(real_hive(name))
    found = ids(mapiwright, "--workstation", f"hive:{hive}")
    assert set(found) <= {"MW3001"}, "a hive may have been copied from a running Windows"
    assert "Outlook" in facts(mapiwright, "--workstation", f"hive:{hive}")["Profiles"]["text"]


# For other programs.


def test_sarif_has_a_rule_for_each_finding(mapiwright: Mapiwright, forgotten: Path) -> None:
    answer = mapiwright("doctor", "--format", "sarif")
    assert answer.code == 1
    document = json.loads(answer.out)
    assert document["version"] == "2.1.0"
    assert "sarif-2.1.0" in document["$schema"]
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["properties"]["subject"] == f"image:{forgotten}"
    assert {result["ruleId"] for result in run["results"]} == {rule["id"] for rule in rules} >= {"MW6201", "MW6004"}
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["defaultConfiguration"]["level"] == result["level"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["logicalLocations"][0]["fullyQualifiedName"]


def test_junit_counts_what_is_worse_than_a_note(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    suite = suite_of(mapiwright("doctor", "--format", "junit").out)
    assert suite.get("failures") == "0"
    assert {case.get("name") for case in suite} >= {"nothing worse than a note"}
    mapiwright("profile", "create", "One", "--yes")
    suite = suite_of(mapiwright("doctor", "--format", "junit").out)
    assert suite.get("failures") == "1"
    assert int(suite.get("tests", "0")) == len(list(suite)) == 2
    (failure,) = suite.iter("failure")
    assert failure.get("type") == "warning"
    assert "MW6205" in failure.get("message", "")
    assert workstation_folder.exists()


def test_reports_hold_whatever_a_stranger_named_his_profile() -> None:
    wild = Finding("MW6205", Severity.WARNING, 'Zo\x1b"<&\ud800\x00', "what\ufffe", line=3)
    suite = suite_of(junit([wild], "hive:\x07"))
    (case,) = suite
    assert "\\x1b" in case.get("name", "")
    (result,) = sarif([wild], "x")["runs"][0]["results"]
    assert result["locations"][0]["logicalLocations"][0]["name"] == "line 3"
    assert sarif([], "x")["runs"][0]["results"] == []


def test_json_and_another_format_exclude_each_other(mapiwright: Mapiwright) -> None:
    assert mapiwright("doctor", "--json", "--format", "junit").code == 2
    assert mapiwright("doctor", "--json", "--format", "json").code == 0


# The page.


def test_the_page_has_every_rule_and_no_other() -> None:
    page = (ROOT / "docs" / "reference" / "findings-doctor.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (MW\d{4}) \| (\w+) \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    assert rows == [(id_, rule.severity.value, rule.text, rule.remedy) for id_, rule in DOCTOR_RULES.items()]


def test_every_command_that_a_finding_names_is_a_verb() -> None:
    sources = (ROOT / "src" / "mapiwright" / "workflows" / "doctor" / "findings").glob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    named = set(re.findall(r"mapiwright ([a-z][a-z-]*) ", text))
    named |= set(re.findall(r"(?:command\(workstation, |words = \()[\"']([a-z-]+)", text))
    assert named >= {"profile", "recover", "inf", "service", "repair"}
    assert named <= set(VERBS)


def test_the_diagnosis_puts_the_worst_first(workstation_folder: Path) -> None:
    set_for_user(workstation_folder, OUTLOOK, "DefaultProfile", Value.sz("Gone"))
    set_for_user(workstation_folder, rf"{OUTLOOK}\Security", "AllowUnregisteredMapiServices", Value.dword(1))
    diagnosis = diagnose(here(workstation_folder))
    assert [found.severity for found in diagnosis.findings] == ["error", "warning", "note"]
    assert not diagnosis.sound


def test_what_a_package_of_ours_brought_is_put_back_by_guard(
    mapiwright: Mapiwright, acme: Path, workstation_folder: Path
) -> None:
    inf = inf_path(workstation_folder)
    before = inf.read_bytes()
    assert mapiwright("install", acme, "--yes").code == 0
    inf.write_bytes(before)
    found = one(mapiwright, "MW6201")
    assert "mapiwright guard acme-mail" in found["remedy"]
    run_remedy(mapiwright, found)
    assert mapiwright("doctor").code == 0


def test_very_many_faults_of_mapisvc_inf_are_counted(mapiwright: Mapiwright, workstation_folder: Path) -> None:
    inf = inf_path(workstation_folder)
    inf.write_bytes(inf.read_bytes() + b"".join(b"nothing %d\r\n" % number for number in range(400)))
    answer = mapiwright("doctor")
    assert answer.out.count("MW1001") == 20
    assert "380 more errors" in answer.out
