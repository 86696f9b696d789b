"""What `prf check` tells: every rule has a file that breaks it, and a sound file breaks none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.workspace import Workspace
from mapiwright.formats import prf as text
from mapiwright.mapi.prf.check import check
from mapiwright.mapi.prf.reading import Dialect, read
from mapiwright.mapi.prf.rules import PRF_RULES
from mapiwright.setup.prf.apply import findings_for
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from mapiwright.errors import Finding
    from mapiwright.mapi.prf.reading import ProfileFile

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "findings-prf.md"
SOUND = """\
; a sound file
[General]
Custom=1
ProfileName=Work
OverwriteProfile=Yes
BackupProfile=No
[Service List]
Service1=Acme
Service2=Unicode Personal Folders
[Internet Account List]
[Service1]
UniqueService=Yes
Server=mail
Port=0x19
Tls=TRUE
[Service2]
UniqueService=No
PathToPersonalFolders=C:\\Users\\Zoe\\Documents\\a.pst
EncryptionType=0x50000000
[Acme]
ServiceName=ACME
Server=PT_STRING8,0x6600
Port=PT_LONG,0x6601
Tls=PT_BOOLEAN,0x6602
User=PT_UNICODE,0x6603
Password=PT_STRING8,0x67f0
[Unicode Personal Folders]
ServiceName=MSUPST MS
Name=PT_UNICODE,0x3001
PathToPersonalFolders=PT_STRING8,0x6700
EncryptionType=PT_LONG,0x6702
"""
EXCHANGE = (
    "Service1=Acme\n",
    "Service1=Microsoft Exchange Server\n",
    "[Acme]\nServiceName=ACME\n",
    "[Microsoft Exchange Server]\nServiceName=MSEMS\nMailboxName=PT_STRING8,0x6607\nHomeServer=PT_STRING8,0x6608\n",
    "Port=0x19\nTls=TRUE\n",
    "HomeServer=there\nMailboxName=zoe\n",
)
I_MAIL = "[I_Mail]\nAccountType=POP3\nAccountName=PT_UNICODE,0x0002\n"
ACCOUNT = (
    "[Internet Account List]\n",
    "[Internet Account List]\nAccount1=I_Mail\n",
    "[Service1]\n",
    "[Account1]\nAccountName=zoe\n[Service1]\n",
    "[Acme]\n",
    f"{I_MAIL}[Acme]\n",
)
MAIL_SERVICE = """\
[Internet E-mail]
ServiceName=IMAIL
AccountName=PT_STRING8,0x661f
LongAccountName=PT_STRING8,0x3001
"""
OLD_ACCOUNT = (*ACCOUNT, "PT_UNICODE,0x0002", "PT_STRING8,0x1235", "AccountType=POP3\n", "")

# What is changed in the sound file (old, new, old, new...), the rules that break, and the line of the first one.
CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...], int]] = {
    "a line of a comment that was broken": (("; a sound", "; a\nsound"), ("MW8001",), 2),
    "a hash is no comment": (("; a sound file", "# a sound file"), ("MW8001",), 1),
    "an apostrophe for a semicolon": (("; a", "' a"), ("MW8002",), 1),
    "letters beyond ASCII": (("; a sound", "; ein schönes"), ("MW8004",), 1),
    "a section twice": (("[Acme]", "[SERVICE2]\nUniqueService=Yes\n[Acme]"), ("MW8006",), 20),
    "a key twice": (("Server=mail", "Server=mail\nSERVER=other"), ("MW8007",), 14),
    "a key above all sections": (("; a sound file", "Custom=1"), ("MW8008",), 1),
    "quotation marks": (("Server=mail", 'Server="mail"'), ("MW8009",), 13),
    "no Custom": (("Custom=1\n", ""), ("MW8010",), 2),
    "no General": (("[General]", "[Generals]"), ("MW8011",), 0),
    "no name": (("ProfileName=Work\n", ""), ("MW8012",), 2),
    "a name that no profile has": (("ProfileName=Work", "ProfileName=a/b"), ("MW8012",), 4),
    "UTF-8 without a mark": (("Server=mail", "Server=m\xc3\xa4il"), ("MW8045",), 13),
    "an empty slot": (("Service2=U", "Service7=\nService2=U"), ("MW8044",), 9),
    "a password that is mapped nowhere": (("Tls=TRUE", "Tls=TRUE\nPwd=tr0ub4dor"), ("MW8043", "MW8105"), 16),
    "a key that Outlook does not know": (("Custom=1", "Custom=1\nSilent=Yes"), ("MW8013",), 4),
    "a switch that is none": (("BackupProfile=No", "BackupProfile=Never"), ("MW8014",), 6),
    "a steering key that is none": (("UniqueService=Yes", "UniqueService=Perhaps"), ("MW8014",), 12),
    "a default store that is not listed": (("Custom=1", "Custom=1\nDefaultStore=Service0"), ("MW8015",), 4),
    "a default store that is none": (
        ("Custom=1", "Custom=1\nDefaultStore=Service1", "ServiceName=ACME", "ServiceName=CONTAB"),
        ("MW8016",),
        4,
    ),
    "replaced, and not the default": (("Custom=1", "Custom=1\nDefaultProfile=No"), ("MW8017",), 6),
    "changed, and copied": (("=Yes\nBackupProfile=No", "=Append"), ("MW8018",), 5),
    "replaced or changed": (("Custom=1", "Custom=1\nModifyDefaultProfileIfPresent=TRUE"), ("MW8019",), 6),
    "a label that nobody defines": (("Service1=Acme", "Service1=Akme"), ("MW8020", "MW8105"), 8),
    "a label that Microsoft defines": (
        ("[Unicode Personal Folders]\nServiceName=MSUPST MS\n", "[Other]\nServiceName=OTHER\n"),
        ("MW8021",),
        9,
    ),
    "a label without a service": (("ServiceName=ACME\n", ""), ("MW8022", "MW8105"), 20),
    "a SectionGUID that is none": (("ServiceName=ACME", "SectionGUID=123"), ("MW8022", "MW8105"), 20),
    "no section of values": (("Service2=U", "Service3=Acme\nService2=U"), ("MW8023", "MW8028"), 9),
    "a section of values that is not listed": (("Service1=Acme\n", ""), ("MW8024",), 10),
    "a key that is no ServiceN": (("Service1=Acme", "Service1=Acme\nDienst3=Acme"), ("MW8025",), 9),
    "a number twice": (("Service2=U", "Service1=Outlook Address Book\nService2=U"), ("MW8026",), 9),
    "an account without its type": ((*ACCOUNT, "AccountType=POP3\n", ""), ("MW8027",), 23),
    "a service twice": (
        ("Service2=U", "Service3=Acme\nService2=U", "[Service2]", "[Service3]\nUniqueService=Yes\n[Service2]"),
        ("MW8028",),
        9,
    ),
    "a data file that may be one or another": (("UniqueService=No\n", ""), ("MW8029",), 9),
    "a key without a mapping": (("Server=mail", "Server=mail\nProxy=there"), ("MW8030", "MW8105"), 14),
    "a key of an account without a mapping": (
        (*ACCOUNT, "AccountName=zoe", "AccountName=zoe\nDeliverToStore=Service1"),
        ("MW8031",),
        14,
    ),
    "a key mapped to two ids": (
        ("Port=PT_LONG,0x6601", "Port=PT_LONG,0x6601\nPort=PT_LONG,0x6604"),
        ("MW8007", "MW8032"),
        24,
    ),
    "a number that is none": (("Port=0x19", "Port=many"), ("MW8033",), 14),
    "a boolean that is none": (("Tls=TRUE", "Tls=perhaps"), ("MW8033",), 15),
    "bytes": (("User=PT_UNICODE,0x6603", "User=PT_BINARY,0x6603"), ("MW8034",), 25),
    "no id": (("User=PT_UNICODE,0x6603", "User=PT_UNICODE"), ("MW8034",), 25),
    "an id with another type": (("User=PT_UNICODE,0x6603", "User=PT_UNICODE,0x001e6603"), ("MW8035",), 25),
    "a property of MAPI's own": (("Tls=TRUE", "Tls=TRUE\nUser=x", "0x6603", "0x3d09"), ("MW8036",), 16),
    "a named property": (("Tls=TRUE", "Tls=TRUE\nUser=x", "0x6603", "0x8001"), ("MW8036",), 16),
    "a label for another service": (
        ("ServiceName=MSUPST MS", "ServiceName=MSPST MS", "0x50000000", "0x40000000"),
        ("MW8037",),
        28,
    ),
    "the wizard's encryption": (("0x50000000", "0x40000000"), ("MW8038",), 19),
    "a template": (("Server=mail", "Server=<your server>"), ("MW8039",), 13),
    "a relative path": (("C:\\Users\\Zoe\\Documents\\a.pst", "a.pst"), ("MW8040",), 18),
    "a variable in Unicode": (("Tls=TRUE", "Tls=TRUE\nUser=%UserName%"), ("MW8041",), 16),
    "a secure property": (("Tls=TRUE", "Tls=TRUE\nPassword=tr0ub4dor"), ("MW8043",), 16),
    "a password in another property": (("Tls=TRUE", "Tls=TRUE\nPasswd=x", "User=PT", "Passwd=PT"), ("MW8043",), 16),
    "Exchange": (EXCHANGE, ("MW8101",), 8),
    "an old account": (OLD_ACCOUNT, ("MW8102", "MW8103"), 11),
    "an old service": (
        ("=Acme\n", "=Internet E-mail\n", "[Acme]\nServiceName=ACME", "[Internet E-mail]\nServiceName=IMAIL"),
        ("MW8102", "MW8103"),
        8,
    ),
    "a default store and an account": ((*ACCOUNT, "Custom=1", "Custom=1\nDefaultStore=Service2"), ("MW8104",), 4),
    "Exchange without its server": ((*EXCHANGE, "HomeServer=there\n", ""), ("MW8101", "MW8105", "MW8106"), 8),
}


def parsed(content: str | bytes, code_page: str = "cp1252") -> ProfileFile:
    return read(text.parse(content.encode(code_page) if isinstance(content, str) else content, code_page))


def edited(*edits: str) -> str:
    content = SOUND
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert old in content, old
        content = content.replace(old, new, 1)
    return content


def ids(findings: tuple[Finding, ...]) -> set[str]:
    return {each.id for each in findings}


def test_a_sound_file_breaks_no_rule() -> None:
    assert check(parsed(SOUND)) == ()
    assert check(parsed(SOUND.replace("\n", "\r\n"))) == ()


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_told_with_its_line(case: str) -> None:
    edits, rules, line = CASES[case]
    found = check(parsed(edited(*edits)))
    assert ids(found) == set(rules)
    told = next(each for each in found if each.id == rules[0])
    assert told.line == line
    rule = PRF_RULES[rules[0]]
    assert (told.severity, told.rule, told.remedy) == (rule.severity, rule.text, rule.remedy)


def test_a_byte_order_mark_and_bytes_of_another_code_page_are_told() -> None:
    marked = check(parsed(b"\xef\xbb\xbf" + edited("mail", "ß").encode()))
    assert ids(marked) == {"MW8003"}
    assert ids(check(parsed(b"\xff\xfe" + SOUND.encode("utf-16-le")))) == {"MW8003"}
    foreign = check(parsed(edited("mail", "m").encode().replace(b"=m\n", b"=m\x81\n"), "cp932"))
    assert [each.line for each in foreign if each.id == "MW8005"] == [13]


def test_all_faults_are_told_at_once_and_in_order() -> None:
    edits = ("Custom=1\n", "", "Port=0x19", "Port=many", "Server=mail", "Server=mail\nProxy=there")
    found = check(parsed(edited(*edits)))
    assert [each.id for each in found if each.id != "MW8105"] == ["MW8010", "MW8030", "MW8033"]
    assert [each.line for each in found] == sorted(each.line for each in found)


def test_a_password_is_in_no_finding_and_in_no_repr() -> None:
    for edits in (
        ("Tls=TRUE", "Tls=TRUE\nPassword=tr0ub4dor"),
        ("Tls=TRUE", "Tls=TRUE\nPassword=tr0ub4dor", "Password=PT_STRING8,0x67f0", "Password=PT_LONG,0x6609"),
        ("Tls=TRUE", "Tls=TRUE\nMailPassword=tr0ub4dor"),
        ("Tls=TRUE", "Tls=TRUE\nKey=tr0ub4dor", "Password=PT_STRING8,0x67f0", "Key=PT_STRING8,0x67f0"),
        ("Tls=TRUE", "Tls=TRUE\npassword tr0ub4dor"),
        ("Name=PT_UNICODE,0x3001", "Key=PT_STRING8,0x6703", "UniqueService=No", "UniqueService=No\nKey=tr0ub4dor"),
    ):
        file = parsed(edited(*edits))
        told = [*check(file), *(repr(each) for each in check(file)), repr(file)]
        assert not [each for each in told if "tr0ub4dor" in str(each)], edits
        assert "MW8043" in ids(check(file)) or "MW8001" in ids(check(file))


def test_a_switch_or_number_that_speaks_of_passwords_is_none() -> None:
    edits = (
        "Tls=TRUE",
        "Tls=TRUE\nRememberPassword=TRUE",
        "User=PT_UNICODE,0x6603",
        "RememberPassword=PT_BOOLEAN,0x6701",
    )
    file = parsed(edited(*edits))
    assert check(file) == ()
    assert file.services[0].properties[0x6701000B] is True


@pytest.mark.parametrize(
    ("edition", "passed_over"),
    [
        (Edition.OUTLOOK_2003, {"MW8105", "MW8106"}),
        (Edition.OUTLOOK_2010, {"MW8106"}),
        (Edition.OUTLOOK_2016, {"MW8101", "MW8106"}),
        (None, {"MW8101", "MW8105", "MW8106"}),
    ],
)
def test_each_outlook_passes_over_what_it_does_not_do(edition: Edition | None, passed_over: set[str]) -> None:
    assert ids(check(parsed(edited(*EXCHANGE, "HomeServer=there\n", "")), edition)) == passed_over


def test_what_is_dropped_with_a_service_that_fails_is_named() -> None:
    found = check(parsed(edited("Server=mail", "Proxy=mail")), Edition.OUTLOOK_2003)
    dropped = next(each for each in found if each.id == "MW8105")
    assert "Service2" in dropped.what
    last = check(parsed(edited("UniqueService=No", "UniqueService=No\nProxy=there")), Edition.OUTLOOK_2003)
    assert "MW8105" not in ids(last), "nothing comes after it"


def test_the_old_dialect_has_its_service_with_names_that_fit() -> None:
    service = (
        "[Service List]\nService1=Acme\n",
        "[Service List]\nService1=Acme\nService3=Internet E-mail\n",
        "[Service1]\n",
        "[Service3]\nUniqueService=No\nAccountName=zoe\nLongAccountName=Internet E-mail - zoe\n[Service1]\n",
        "[Acme]\n",
        f"{MAIL_SERVICE}[Acme]\n",
    )
    file = parsed(edited(*OLD_ACCOUNT, *service))
    assert ids(check(file)) == {"MW8102"}
    assert file.dialect is Dialect.OUTLOOK_97
    wrong = edited(*OLD_ACCOUNT, *service, "Internet E-mail - zoe", "Internet E-mail: zoe")
    assert ids(check(parsed(wrong))) == {"MW8102", "MW8103"}


def test_dialects_are_told_apart() -> None:
    assert parsed(SOUND).dialect is Dialect.OUTLOOK_2002
    bare = edited("Custom=1\n", "", "[Internet Account List]\n", "")
    assert parsed(bare).dialect is Dialect.EXCHANGE


# Beside a workstation.


def against(desk: Any, *edits: str) -> tuple[Finding, ...]:
    space = Workspace(desk.workstation, desk.user("Zoë"))
    return findings_for(
        parsed(edited("ServiceName=ACME", "ServiceName=CONTAB", "Users\\Zoe", "Users\\Zoë", *edits)), [space]
    )


def test_what_the_workstation_lacks_is_told(desk: Any) -> None:
    assert against(desk) == ()
    assert ids(against(desk, "ServiceName=CONTAB", "ServiceName=NOWHERE")) == {"MW8110"}
    assert ids(against(desk, "Documents", "Nowhere")) == {"MW8042"}
    exchange = ("ServiceName=CONTAB", "ServiceName=MSEMS\nBook=PT_STRING8,0x660e")
    offline = (*exchange, "Server=mail", "Server=mail\nBook=C:\\Users\\Zoë")
    assert ids(against(desk, *offline)) == {"MW8110"}, "the address book has a folder, and that is there"
    assert ids(against(desk, *offline, "Book=C:\\Users\\Zoë", "Book=C:\\Users\\Zoë\\oab")) == {"MW8042", "MW8110"}
    assert against(desk, "C:\\Users\\Zoë\\Documents", "Z:\\mail") == (), "another drive cannot be seen"
    assert against(desk, "C:\\Users\\Zoë\\Documents", "\\\\server\\mail") == (), "nor a server"
    assert ids(against(desk, "Server=mail", "Server=%Nobody%")) == {"MW8041"}
    assert against(desk, "Server=mail", "Server=%UserName%") == ()
    assert ids(against(desk, "ProfileName=Work", "ProfileName=%UserName%/b")) == {"MW8012"}
    assert against(desk, "ProfileName=Work", "ProfileName=%UserName%") == ()
    assert ids(against(desk, "Custom=1", "Custom=1\nDefaultStore=Service1")) == {"MW8016"}
    assert ids(against(desk, *ACCOUNT)) == {"MW8111"}
    twice = ("Service2=U", "Service3=Acme\nService2=U", "[Service2]", "[Service3]\nUniqueService=No\n[Service2]")
    assert ids(against(desk, *twice)) == {"MW8028"}, "MAPISVC.INF says that it may be there once"


# The page.


def test_the_page_has_the_rules_as_they_are() -> None:
    rows = re.findall(
        r"^\| (MW8\d{3}) \| (\w+) \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {id_: tuple(rest) for id_, *rest in rows} == {
        id_: (rule.severity.value, rule.text, rule.remedy) for id_, rule in PRF_RULES.items()
    }
    assert [row[0] for row in rows] == sorted(PRF_RULES)


def test_every_rule_has_a_story() -> None:
    here = Path(__file__).parent
    told = "".join(each.read_text(encoding="utf-8") for each in here.glob("test_prf_*.py"))
    assert set(PRF_RULES) - set(re.findall(r"MW8\d{3}", told)) == set()
