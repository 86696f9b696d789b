"""MAPISVC.INF as its users meet it: every trap is found, and the four verbs do what they say."""

from __future__ import annotations

import codecs
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import FindingsError, NotFoundError, Severity
from mapiwright.formats import inf
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.check import check
from mapiwright.mapi.inf.merge import merge, remove
from mapiwright.mapi.inf.rules import INF_RULES
from mapiwright.mapi.props import tags
from mapiwright.ui.cli.app import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.errors import Finding

GOOD = """\
[Services]
ACME=Acme Mail
ZETA=Zeta Store
[Default Services]
ACME=Acme Mail
[Help File Mappings]
ACME=acme.hlp
[ACME]
PR_DISPLAY_NAME=Acme Messaging
Providers=ACME AB, ACME MS
Sections=ACME DATA
PR_SERVICE_DLL_NAME=acme.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_SERVICE_SUPPORT_FILES=acme.dll
PR_SERVICE_DELETE_FILES=acme.dll
PR_RESOURCE_FLAGS=SERVICE_SINGLE_COPY | SERVICE_NO_PRIMARY_IDENTITY
WIZARD_ENTRY_NAME=WizardEntry
6600001e=some text
[ACME AB]
PR_DISPLAY_NAME=Acme Address Book
PR_PROVIDER_DISPLAY=Acme Address Book
PR_PROVIDER_DLL_NAME=acme.dll
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
[ACME MS]
PR_DISPLAY_NAME=Acme Store
PR_PROVIDER_DISPLAY=Acme Store
PR_PROVIDER_DLL_NAME=acme.dll
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_RESOURCE_FLAGS=STATUS_NO_DEFAULT_STORE
66090003=06000000
34140102=78b2fa70aff711cd9bc800aa002fc45a
[ACME DATA]
UID=13DBB0C8AA05101A9BB000AA002FC45A
66000003=01050000
[ZETA]
Providers=ZETA MS
PR_SERVICE_DLL_NAME=C:\\Program Files\\Zeta\\zeta.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
[ZETA MS]
PR_DISPLAY_NAME=Zeta Store
PR_PROVIDER_DISPLAY=Zeta Store
PR_PROVIDER_DLL_NAME=C:\\Program Files\\Zeta\\zeta.dll
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
"""

TRAPS = [
    # the rule, its line, what is replaced in GOOD, and by what
    ("MW1001", 17, "WIZARD_ENTRY_NAME=WizardEntry", "what is this"),
    ("MW1001", 4, "[Default Services]", "[Default Services"),
    ("MW1002", 1, "[Services]\n", "above=all\n[Services]\n"),
    ("MW1004", 18, "6600001e=some text", "6600001e=\x81"),
    ("MW1005", 18, "6600001e=some text", "6600001e=some\x07text"),
    ("MW1006", 35, "[ZETA]\n", "[services]\nBETA=x\n[ZETA]\n"),
    ("MW1007", 17, "WIZARD_ENTRY_NAME=WizardEntry", "providers=ZETA MS"),
    ("MW1007", 17, "WIZARD_ENTRY_NAME=WizardEntry", "3001001F=Acme"),
    ("MW1008", 32, "[ACME DATA]\n", "[ACME DATA] see above\n"),
    ("MW1009", 18, "6600001e=some text", "6600001e=sch\xc3\xb6n"),
    ("MW1010", 0, "[Services]\nACME=Acme Mail\nZETA=Zeta Store\n[Default Services]\nACME=Acme Mail\n", ""),
    ("MW1011", 4, "ZETA=Zeta Store\n", "ZETA=Zeta Store\nGONE=Gone\n"),
    ("MW1012", 35, "Providers=ZETA MS\n", "Providers=\n"),
    ("MW1012", 35, "Providers=ZETA MS\n", ""),
    ("MW1013", 10, "ACME AB, ACME MS", "ACME AB, ACME MS, ACME XP"),
    ("MW1014", 11, "Sections=ACME DATA", "Sections=ACME DATA, ACME MORE"),
    ("MW1015", 40, "PR_PROVIDER_DISPLAY=Zeta Store\n", ""),
    ("MW1015", 19, "PR_RESOURCE_TYPE=MAPI_AB_PROVIDER\n", ""),
    ("MW1016", 40, "PR_DISPLAY_NAME=Zeta Store\n", ""),
    ("MW1017", 6, "[Help File", "GONE=Gone\n[Help File"),
    ("MW1018", 7, "ACME=acme.hlp", "A component name that is too long=acme.hlp"),
    ("MW1019", 30, "66090003=06000000", "Sections=ACME DATA"),
    ("MW1020", 31, "Sections=ACME DATA\n", ""),
    ("MW1021", 36, "Providers=ZETA MS", "Providers=ZETA MS,acme ms"),
    ("MW1022", 18, "6600001e=some text", "Colour=blue"),
    ("MW1030", 12, "PR_SERVICE_DLL_NAME=acme.dll", "PR_SERVICE_DLL_NAME=acme32.dll"),
    ("MW1031", 12, "PR_SERVICE_DLL_NAME=acme.dll", "PR_SERVICE_DLL_NAME=acme.mail.dll"),
    ("MW1031", 12, "PR_SERVICE_DLL_NAME=acme.dll", "PR_SERVICE_DLL_NAME=C:\\my.path\\acme"),
    ("MW1032", 12, "PR_SERVICE_DLL_NAME=acme.dll", "PR_SERVICE_DLL_NAME=acme"),
    ("MW1034", 35, "PR_SERVICE_ENTRY_NAME=ServiceEntry\nPR_RES", "PR_RES"),
    ("MW1034", 8, "PR_SERVICE_DLL_NAME=acme.dll\n", ""),
    ("MW1036", 8, "PR_SERVICE_DLL_NAME=acme.dll\n", ""),
    ("MW1037", 12, "PR_SERVICE_DLL_NAME=acme.dll", "PR_SERVICE_DLL_NAME=bin\\acme.dll"),
    ("MW1038", 8, "PR_SERVICE_SUPPORT_FILES=acme.dll", "PR_SERVICE_SUPPORT_FILES=readme.txt"),
    ("MW1039", 15, "PR_SERVICE_DELETE_FILES=acme.dll", "PR_SERVICE_DELETE_FILES=acme.dll, zeta32.dll"),
    ("MW1040", 33, "13DBB0C8AA05101A9BB000AA002FC45A", "13DB0C8AA05101A9BB000AA002FC45A"),
    ("MW1040", 31, "=78b2", "=8b2"),
    ("MW1041", 31, "=78b2", "=xxb2"),
    ("MW1042", 16, "SERVICE_SINGLE_COPY |", "SERVICE_SINGLE |"),
    ("MW1043", 17, "WIZARD_ENTRY_NAME=", "PR_WIZARD_ENTRY="),
    ("MW1044", 18, "6600001e=some text", "PR_SERVICE_UID=13DBB0C8AA05101A9BB000AA002FC45A"),
    ("MW1045", 18, "6600001e=some text", "67F0001e=hunter2"),
    ("MW1046", 18, "6600001e=some text", "8001001e=some text"),
    ("MW1047", 18, "6600001e=some text", "6600000d=some text"),
    ("MW1048", 30, "66090003=06000000", "66090003=6"),
    ("MW1049", 33, "UID=13DBB0C8AA05101A9BB000AA002FC45A", "UID=13DBB0C8"),
    ("MW1049", 30, "66090003=06000000", "UID=13DBB0C8AA05101A9BB000AA002FC45A"),
    ("MW1050", 16, "SERVICE_SINGLE_COPY |", "SERVICE_PRIMARY_IDENTITY |"),
    ("MW1050", 29, "STATUS_NO_DEFAULT_STORE", "STATUS_NO_DEFAULT_STORE|STATUS_DEFAULT_STORE"),
    ("MW1051", 16, " | SERVICE_NO_PRIMARY_IDENTITY", ""),
    ("MW1052", 29, "STATUS_NO_DEFAULT_STORE", "SERVICE_SINGLE_COPY"),
    ("MW1053", 19, "MAPI_AB_PROVIDER", "MAPI_SPOOLER"),
    ("MW1054", 24, "MAPI_AB_PROVIDER", "MAPI_STORE_PROVIDER"),
]


def document(text: str, code_page: str = "cp1252") -> inf.Inf:
    return inf.parse(text.encode("latin-1"), code_page)


def found(text: str) -> tuple[Finding, ...]:
    return check(document(text), "test.inf")


def ids(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.id for finding in findings]


def test_a_good_file_has_no_findings() -> None:
    assert found(GOOD) == ()


@pytest.mark.parametrize(
    ("rule", "line", "old", "new"), TRAPS, ids=[f"{rule}-{new[:20].strip()}" for rule, _, _, new in TRAPS]
)
def test_every_trap_is_told_with_its_line_rule_and_remedy(rule: str, line: int, old: str, new: str) -> None:
    assert old in GOOD
    finding = next(finding for finding in found(GOOD.replace(old, new, 1)) if finding.id == rule)
    assert finding.line == line
    assert finding.severity is INF_RULES[rule].severity
    assert finding.where == "test.inf"
    assert finding.rule
    assert finding.remedy


def test_all_findings_are_told_at_once_and_in_the_order_of_the_lines() -> None:
    text = GOOD.replace("UID=13", "UID=3").replace("acme.dll", "acme32.dll").replace("[ZETA MS]", "[ZETA XX]")
    findings = found(text)
    assert {"MW1013", "MW1020", "MW1030", "MW1040"} <= set(ids(findings))
    assert [finding.line for finding in findings] == sorted(finding.line for finding in findings)


def test_every_rule_about_a_file_has_a_story() -> None:
    reported_elsewhere = {"MW1003", "MW1033", "MW1035"}
    about_files = {rule for rule in INF_RULES if rule < "MW1200"}
    assert about_files - reported_elsewhere == {rule for rule, _, _, _ in TRAPS}


def test_the_page_of_findings_is_the_table_of_rules() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (MW1[0-2]\d\d) \| (\w+) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    escaped = {name: (rule.severity.value, rule.text, rule.remedy) for name, rule in INF_RULES.items()}
    assert {name: (severity, text, remedy) for name, severity, text, remedy in rows} == escaped


def test_a_byte_order_mark_is_told() -> None:
    for mark, codec in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        findings = check(inf.parse(mark + GOOD.encode(codec)))
        assert [(finding.id, finding.line) for finding in findings] == [("MW1003", 1)]


def test_a_path_that_the_code_page_cannot_hold_is_told() -> None:
    text = GOOD.replace("C:\\Program Files", "C:\\Почта").replace("PORT_FILES=acme.dll", "PORT_FILES=acme.dll,é.dll")
    parsed = inf.parse(codecs.BOM_UTF16_LE + text.encode("utf-16-le"))
    assert [(f.id, f.line) for f in check(parsed)][1:] == [("MW1033", 37), ("MW1033", 43)]
    assert [(f.id, f.line) for f in check(parsed, code_page="cp1251")][1:] == [("MW1033", 14)]


def test_a_service_without_an_entry_point_is_legal_and_told() -> None:
    text = re.sub(
        r"(?m)^(PR_SERVICE_DLL|PR_SERVICE_ENTRY|WIZARD)_?NAME.*\n|^PR_SERVICE_(DLL|ENTRY)_NAME.*\n", "", GOOD
    )
    findings = found(text.replace("WIZARD_ENTRY_NAME=WizardEntry\n", ""))
    assert {finding.severity for finding in findings} == {Severity.NOTE}
    assert set(ids(findings)) == {"MW1035"}


def test_a_secret_is_refused_and_never_repeated() -> None:
    text = GOOD.replace("6600001e=some text", "67F0001e=hunter2")
    assert "hunter2" not in repr(found(text))
    with pytest.raises(FindingsError) as told:
        Catalogue.of(document(text)).definition("ACME")
    assert "hunter2" not in str(told.value)


def test_a_broken_line_names_the_line_that_it_breaks() -> None:
    text = GOOD.replace("SERVICE_NO_PRIMARY_IDENTITY\nWIZ", "SERVICE_NO_PRIMARY\n   _IDENTITY\nWIZ")
    errors = [finding for finding in found(text) if finding.severity is Severity.ERROR]
    assert [(finding.id, finding.line) for finding in errors] == [("MW1001", 17)]
    assert "the rest of line 16" in errors[0].what
    worse = text.replace("SERVICE_NO_PRIMARY\n", "SERVICE_NO_PRIMERY\n")
    assert [(f.id, f.line) for f in found(worse) if f.severity is Severity.ERROR] == [("MW1042", 16), ("MW1001", 17)]


def test_a_definition_is_what_a_profile_is_given() -> None:
    catalogue = Catalogue.of(document(GOOD))
    assert dict(catalogue.services) == {"ACME": "Acme Mail", "ZETA": "Zeta Store"}
    assert catalogue.default_services == ("ACME",)
    assert dict(catalogue.help_files) == {"ACME": "acme.hlp"}
    service = catalogue.definition("acme")
    assert (service.name, service.display) == ("ACME", "Acme Messaging")
    assert (service.dll, service.entry) == ("acme.dll", "ServiceEntry")
    assert service.support_files == service.delete_files == ("acme.dll",)
    assert dict(service.keywords) == {"WIZARD_ENTRY_NAME": "WizardEntry"}
    assert service.properties[tags.PR_RESOURCE_FLAGS] == 0x22
    assert service.properties[0x6600001E] == "some text"
    assert [provider.section for provider in service.providers] == ["ACME AB", "ACME MS"]
    assert service.providers[1].properties[0x66090003] == 6
    assert service.extras[0].uid == bytes.fromhex("13DBB0C8AA05101A9BB000AA002FC45A")
    assert dict(service.extras[0].properties) == {0x66000003: 0x501}
    assert catalogue.definition("ZETA").display == "Zeta Store", "the right side of [Services]"
    assert catalogue.find("GONE") is None
    with pytest.raises(NotFoundError, match="GONE"):
        catalogue.definition("GONE")


def test_an_extra_section_without_uid_gets_none() -> None:
    text = GOOD.replace("UID=13DBB0C8AA05101A9BB000AA002FC45A\n", "")
    assert Catalogue.of(document(text)).definition("ACME").extras[0].uid is None


@pytest.mark.parametrize("gone", ["[ZETA]", "[ZETA MS]"])
def test_a_service_that_is_half_there_is_refused_with_what_is_missing(gone: str) -> None:
    catalogue = Catalogue.of(document(GOOD.replace(gone, "[X]")))
    with pytest.raises(FindingsError, match=re.escape(f"there is no section {gone}")):
        catalogue.definition("ZETA")
    assert catalogue.definition("ACME").providers


def test_a_hex_tag_is_taken_for_the_name_that_it_has() -> None:
    text = GOOD.replace("PR_SERVICE_DLL_NAME=acme.dll", "3D0A001E=acme.dll")
    assert Catalogue.of(document(text)).definition("ACME").dll == "acme.dll"
    assert found(text) == ()


def test_a_conflict_is_found_before_anything_is_merged() -> None:
    target = document(GOOD)
    fragment = document(
        "[Services]\nACME=Other\nNEW=New\n[ACME AB]\nPR_DISPLAY_NAME=mine\n[NEW]\nProviders=ACME MS\n"
    )
    merged = merge(target, fragment)
    assert inf.render(merged.inf) == inf.render(target)
    assert merged.record.shares == ()
    assert [(finding.id, finding.line) for finding in merged.conflicts] == [("MW1201", 2), ("MW1201", 20)]
    fragment = document("[Services]\nNEW=New\n[NEW]\nProviders=ACME MS\n[ACME MS]\n66000003=01000000\n")
    conflicts = merge(target, fragment).conflicts
    assert [(finding.id, finding.line) for finding in conflicts] == [("MW1202", 24)]
    assert "ACME" in conflicts[0].what


def test_what_the_target_cannot_hold_is_a_conflict() -> None:
    fragment = inf.parse("[Services]\nЖЮ=x\n[ЖЮ]\na=b\n".encode("cp1251"), "cp1251")
    assert ids(merge(document("[Services]\n"), fragment).conflicts) == ["MW1203", "MW1203"]
    assert not merge(inf.parse(b"[Services]\n", "cp1251"), fragment).conflicts
    undecodable = inf.parse(b"[Services]\nN=\x81\n", "cp1252")
    assert ids(merge(inf.parse(codecs.BOM_UTF8), undecodable).conflicts) == ["MW1203"]


def test_a_shared_provider_section_stays_for_the_service_that_is_left() -> None:
    text = GOOD.replace("Providers=ZETA MS", "Providers=ZETA MS,ACME MS")
    left = remove(document(text), ["ACME"])
    assert [section.name for section in left.sections] == [
        "Services",
        "Default Services",
        "Help File Mappings",
        "ACME MS",
        "ZETA",
        "ZETA MS",
    ]


def test_removing_what_is_not_there_names_all_of_it() -> None:
    with pytest.raises(NotFoundError, match="'X', 'Y'"):
        remove(document(GOOD), ["X", "ACME", "Y"])
    with pytest.raises(NotFoundError):
        remove(document(""), ["X"])


# The real files.


@pytest.fixture(params=["lf", "crlf", "utf-8", "utf-16", "cp932", "no final line end"])
def variant(request: pytest.FixtureRequest) -> Callable[[bytes], inf.Inf]:
    """The file as somebody else may have stored it."""

    def derive(data: bytes) -> inf.Inf:
        plain = data.replace(b"\r\n", b"\n")
        forms = {
            "lf": plain,
            "crlf": plain.replace(b"\n", b"\r\n"),
            "utf-8": codecs.BOM_UTF8 + data,
            "utf-16": codecs.BOM_UTF16_LE + data.decode().encode("utf-16-le"),
            "cp932": plain + "; 日本語\n[表]\n表=ソ\n".encode("cp932"),
            "no final line end": data.rstrip(),
        }
        parsed = inf.parse(forms[request.param], "cp932" if request.param == "cp932" else "cp1252")
        assert inf.render(parsed) == forms[request.param]
        return parsed

    return derive


@pytest.mark.parametrize("name", ["Q294470-msems.inf", "sabp-MAPISVC.INF"])
def test_real_files_have_no_errors(
    name: str, shared_data: Callable[[str], Path], variant: Callable[[bytes], inf.Inf]
) -> None:
    parsed = variant(shared_data(f"inf/{name}").read_bytes())
    assert [finding for finding in check(parsed) if finding.severity is Severity.ERROR] == []
    for service in Catalogue.of(parsed).services:
        assert Catalogue.of(parsed).definition(service).providers


def test_the_lotus_file_has_exactly_its_two_broken_lines(
    shared_data: Callable[[str], Path], variant: Callable[[bytes], inf.Inf]
) -> None:
    data = shared_data("inf/Q190146-lotus-notes.inf").read_bytes()
    errors = [finding for finding in check(variant(data)) if finding.severity is Severity.ERROR]
    assert [(finding.id, finding.line) for finding in errors] == [("MW1001", 12), ("MW1001", 25)]
    mended = variant(re.sub(rb"\s*\n\s*_", b"_", data))
    assert not [finding for finding in check(mended) if finding.severity is Severity.ERROR]
    service = Catalogue.of(mended).definition("NOTES")
    assert service.properties[tags.PR_RESOURCE_FLAGS] == 2 | 8
    assert service.providers[1].properties[tags.PR_MDB_PROVIDER] == bytes.fromhex("395d475fecf1cd1193dc5aab3C478538")


def test_exchange_comes_and_goes_without_a_trace(
    shared_data: Callable[[str], Path], variant: Callable[[bytes], inf.Inf]
) -> None:
    target = variant(shared_data("inf/sabp-MAPISVC.INF").read_bytes())
    fragment = inf.parse(shared_data("inf/Q294470-msems.inf").read_bytes())
    merged = merge(target, fragment)
    assert dict(Catalogue.of(merged.inf).services) == {
        "SABP": "Sample Address Book Provider",
        "MSEMS": "Microsoft Exchange Server",
    }
    assert Catalogue.of(merged.inf).definition("MSEMS") == Catalogue.of(fragment).definition("MSEMS")
    assert inf.render(remove(merged.inf, ["MSEMS"])) == inf.render(target)


# The verbs.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.inf").write_bytes(GOOD.replace("\n", "\r\n").encode())
    (tmp_path / "target.inf").write_bytes(
        b"; ours\r\n[Services]\r\nMSEMS=x\r\n\r\n[Default Services]\r\n[MSEMS]\r\nx=y"
    )
    return tmp_path


def document_of(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(capsys.readouterr().out)
    assert loaded["schema"] == 1
    return loaded


def test_inf_check_tells_findings_and_ends_with_1_at_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inf", "check", str(folder / "good.inf")]) == 0
    assert "0 errors, 0 warnings, 0 notes" in capsys.readouterr().out
    bad = folder / "bad.inf"
    bad.write_text(GOOD.replace("UID=13", "UID=3"))
    assert run(["inf", "check", str(bad)]) == 1
    told = capsys.readouterr().out
    assert f"{bad}:33: error MW1040:" in told
    assert "rule: " in told
    assert "remedy: " in told
    assert "1 error, 0 warnings, 0 notes" in told
    assert run(["inf", "check", str(bad), "--json"]) == 1
    document = document_of(capsys)
    assert (document["errors"], document["warnings"], document["notes"]) == (1, 0, 0)
    assert isinstance(document["findings"], list)
    assert document["findings"][0]["line"] == 33


def test_inf_check_refuses_what_is_no_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "binary.inf").write_bytes(b"MZ\0\0")
    assert run(["inf", "check", str(folder / "binary.inf")]) == 1
    assert "binary.inf: line 1: a NUL character" in capsys.readouterr().err
    (folder / "large.inf").write_bytes(b" " * (inf.LARGEST + 1))
    assert run(["inf", "check", str(folder / "large.inf")]) == 1
    assert run(["inf", "check", str(folder / "missing.inf")]) == 2
    assert run(["inf", "check", str(folder / "good.inf"), "--code-page", "klingon"]) == 2


def test_inf_show_decodes_the_services(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = folder / "broken.inf"
    broken.write_text(
        GOOD.replace("34140102=78", "34140102=8").replace("[ZETA]", "[X]").replace("ZETA MS]", "Y]")
        + "[ZETA]\nProviders=GONE\n"
    )
    assert run(["inf", "show", str(folder / "good.inf")]) == 0
    told = capsys.readouterr().out
    assert 'Service ACME "Acme Mail" (default service)' in told
    assert "    Provider [ACME MS]" in told
    assert "        PR_RESOURCE_TYPE PT_LONG = MAPI_STORE_PROVIDER" in told
    assert "    Section [ACME DATA] 13dbb0c8aa05101a9bb000aa002fc45a" in told
    assert "Help file ACME: acme.hlp" in told
    assert run(["inf", "show", str(broken)]) == 0
    told = capsys.readouterr().out
    assert "line 31: error MW1040" in told
    assert "there is no section [GONE]" in told
    assert "[X] (no service names it)" in told
    broken.write_text("[Services]\nGONE=x\n")
    assert run(["inf", "show", str(broken)]) == 0
    assert "there is no section [GONE]" in capsys.readouterr().out
    broken.write_text("")
    assert run(["inf", "show", str(broken)]) == 0
    assert "No services." in capsys.readouterr().out


def test_inf_show_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inf", "show", "--json", str(folder / "good.inf")]) == 0
    services = document_of(capsys)["services"]
    assert isinstance(services, list)
    acme = services[0]
    assert (acme["name"], acme["display"], acme["default"]) == ("ACME", "Acme Mail", True)
    assert acme["properties"]["6600001E"] == "some text"
    assert [provider["section"] for provider in acme["providers"]] == ["ACME AB", "ACME MS"]
    assert acme["sections"][0]["uid"] == "13dbb0c8aa05101a9bb000aa002fc45a"
    (folder / "bad.inf").write_text("[Services]\nGONE=x\nHERE=y\n[HERE]\nProviders=NONE\n")
    assert run(["inf", "show", "--json", str(folder / "bad.inf")]) == 0
    services = document_of(capsys)["services"]
    assert isinstance(services, list)
    assert services[0]["section"] is None
    assert services[1]["providers"] == [{"section": None, "missing": "NONE"}]


def test_inf_merge_and_inf_remove_give_the_bytes_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, before = folder / "target.inf", (folder / "target.inf").read_bytes()
    assert run(["inf", "merge", str(target), str(folder / "good.inf"), "--dry-run"]) == 0
    assert "+ACME=Acme Mail" in capsys.readouterr().out
    assert target.read_bytes() == before
    assert run(["inf", "merge", str(target), str(folder / "good.inf"), "--yes"]) == 0
    merged = target.read_bytes()
    assert b"MSEMS=x\r\nACME=Acme Mail\r\nZETA=Zeta Store\r\n" in merged
    assert Catalogue.of(inf.parse(merged)).definition("ACME").providers
    assert run(["inf", "merge", str(target), str(folder / "good.inf")]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert run(["inf", "merge", str(target), str(folder / "good.inf"), "--json"]) == 0
    document = document_of(capsys)
    assert (document["changed"], document["written"], document["diff"]) == (False, None, [])
    assert target.read_bytes() == merged
    assert run(["inf", "remove", str(target), "ACME", "zeta", "-y"]) == 0
    assert target.read_bytes() == before


def test_inf_merge_writes_elsewhere_when_told_to(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, out = folder / "target.inf", folder / "out.inf"
    before = target.read_bytes()
    assert run(["inf", "merge", str(target), str(folder / "good.inf"), "-o", str(out), "--json"]) == 0
    document = document_of(capsys)
    assert document["written"] == str(out)
    assert document["changed"] is True
    assert isinstance(document["record"], dict)
    assert document["record"]["absent"] is False
    assert target.read_bytes() == before
    assert run(["inf", "remove", str(out), "ACME", "ZETA", "-o", str(out), "--json"]) == 0
    assert document_of(capsys)["services"] == ["ACME", "ZETA"]
    assert out.read_bytes() == before


def test_inf_merge_makes_a_file_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = folder / "new.inf"
    assert run(["inf", "merge", str(target), str(folder / "good.inf"), "--yes", "--json"]) == 0
    record = document_of(capsys)["record"]
    assert isinstance(record, dict)
    assert record["absent"] is True
    assert Catalogue.of(inf.parse(target.read_bytes())).definition("ZETA").providers


REPEATED = b"""\
[Services]\r
ZED=Zed Mail\r
[ZED]\r
PR_DISPLAY_NAME=Zed Mail\r
Providers=ZED_MS\r
[ZED_MS]\r
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER\r
PR_PROVIDER_DLL_NAME=zed.dll\r
PR_PROVIDER_DISPLAY=Zed Store\r
PR_DISPLAY_NAME=Zed Store\r
[Services]\r
YYY=Why\r
[YYY]\r
PR_DISPLAY_NAME=Y\r
Providers=Y_MS\r
[Y_MS]\r
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER\r
"""
"""Windows reads the first [Services] alone, and so nothing links to the sections at the end."""


@pytest.mark.parametrize("before", [None, b"", b"[Services]\r\n", b"\r\n", b"; note", b"\xff\xfe"])
def test_what_inf_merge_adds_inf_remove_takes_out_to_the_byte(
    folder: Path, capsys: pytest.CaptureFixture[str], before: bytes | None
) -> None:
    target, fragment = folder / "new.inf", folder / "repeated.inf"
    fragment.write_bytes(REPEATED)
    if before is not None:
        target.write_bytes(before)
    assert run(["inf", "merge", str(target), str(fragment), "--yes"]) == 0
    told = capsys.readouterr().err
    assert [line for line in ("[Services]", "[YYY]", "[Y_MS]") if f"MW1204: {line} was not merged" in told] == [
        "[Services]",
        "[YYY]",
        "[Y_MS]",
    ]
    assert list(Catalogue.of(inf.parse(target.read_bytes())).services) == ["ZED"]
    assert run(["inf", "merge", str(target), str(fragment), "--json"]) == 0
    assert document_of(capsys)["changed"] is False
    assert run(["inf", "remove", str(target), "ZED", "--yes"]) == 0
    assert (target.read_bytes() if target.exists() else None) == before


def test_inf_merge_asks_and_a_pipe_cannot_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = folder / "target.inf"
    before = target.read_bytes()
    assert run(["inf", "merge", str(target), str(folder / "good.inf")]) == 1
    assert "--yes" in capsys.readouterr().err
    assert target.read_bytes() == before


def test_inf_merge_refuses_faults_and_conflicts_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, fragment = folder / "target.inf", folder / "fragment.inf"
    before = target.read_bytes()
    fragment.write_text(GOOD.replace("UID=13", "UID=3").replace("Zeta\\zeta.dll", "Zeta\\zeta32.dll"))
    assert run(["inf", "merge", str(target), str(fragment), "--yes"]) == 1
    told = capsys.readouterr().err
    assert "fragment.inf:33: error MW1040" in told
    assert "fragment.inf:37: error MW1030" in told
    fragment.write_text("[Services]\nMSEMS=something else\n")
    assert run(["inf", "merge", str(target), str(fragment), "--yes"]) == 1
    assert "target.inf:3: error MW1201" in capsys.readouterr().err
    assert target.read_bytes() == before


def test_a_fragment_may_link_to_what_is_in_the_target(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, fragment = folder / "good.inf", folder / "fragment.inf"
    fragment.write_text("[Default Services]\nZETA=Zeta Store\n[ZETA]\n66000003=01000000\n")
    assert run(["inf", "merge", str(target), str(fragment), "--yes"]) == 0
    assert capsys.readouterr().err == ""
    catalogue = Catalogue.of(inf.parse(target.read_bytes()))
    assert catalogue.default_services == ("ACME", "ZETA")
    assert catalogue.definition("ZETA").properties[0x66000003] == 1


def test_inf_remove_refuses_an_unknown_service(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inf", "remove", str(folder / "good.inf"), "ACME", "NONE", "--yes"]) == 1
    assert "'NONE'" in capsys.readouterr().err
    assert (folder / "good.inf").read_bytes() == GOOD.replace("\n", "\r\n").encode()
    assert run(["inf", "remove", str(folder / "good.inf")]) == 2


def test_a_target_that_changed_meanwhile_is_not_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = folder / "target.inf"

    def somebody_else_writes(*_: object) -> None:
        target.write_bytes(b"[Services]\r\n")

    monkeypatch.setattr("mapiwright.ui.cli.packages.inf.confirm", somebody_else_writes)
    assert run(["inf", "merge", str(target), str(folder / "good.inf")]) == 1
    assert "somebody else changed the file" in capsys.readouterr().err
    assert target.read_bytes() == b"[Services]\r\n"


def test_a_japanese_file_is_read_in_its_code_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "japanese.inf"
    file.write_bytes(GOOD.replace("Acme Messaging", "郵便、メール").encode("cp932"))
    assert run(["inf", "check", str(file)]) == 1
    assert "error MW1004" in capsys.readouterr().out
    assert run(["inf", "check", str(file), "--code-page", "cp932"]) == 0
    assert run(["inf", "show", str(file), "--code-page", "cp932"]) == 0
    assert "郵便、メール" in capsys.readouterr().out


def test_an_error_names_the_file_that_was_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = folder / "good.inf"
    assert run(["inf", "remove", str(target), "NONE", "--yes"]) == 1
    assert f"{target}: there is no message service" in capsys.readouterr().err


def test_of_very_many_faults_the_first_are_shown_and_how_many_more(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "many.inf"
    file.write_text("[Services]\n" + "".join(f"nothing {number}\n" for number in range(400)), encoding="ascii")
    assert run(["inf", "check", str(file)]) == 1
    told = capsys.readouterr().out
    assert told.count("error MW1001") <= 50
    assert "more; --json has all of them" in told
    assert "400 errors" in told
    assert run(["inf", "check", str(file), "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["findings"]) >= 400
    assert run(["inf", "merge", str(folder / "good.inf"), str(file), "--yes"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") < 60
    assert re.search(r"\.\.\. and \d+ more", told)
