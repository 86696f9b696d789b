"""What people and programs are shown: plans as diffs, profiles as trees, documents, and never a secret."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import Finding, Severity
from mapiwright.mapi.profile.profile import ADMIN, Profile, Section
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.protected import DPAPI_PROVIDER, MASK, secret_values
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Outcome, Status
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import NO_TERMS
from mapiwright.transaction.records.receipt import EffectRecord, Receipt
from mapiwright.ui.documents.documents import (
    SCHEMA,
    dump_document,
    findings_document,
    json_text,
    receipts_document,
    sections_document,
    service_document,
    write_document,
)
from mapiwright.ui.documents.plan_document import change_document, plan_document
from mapiwright.ui.text.diff import LONGEST_TEXT, changes_as_lines
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.render import plan_lines, receipt_lines, receipts_lines
from mapiwright.ui.text.terminal import Line, Style, encodable, escape, escape_lines, write
from mapiwright.ui.text.tree import SERVICE, described, profile_lines
from mapiwright.ui.text.values import LARGE, type_name, value_text
from mapiwright.workstation.change import (
    Change,
    CreateKey,
    DeleteKey,
    MakeFolder,
    RemoveFolder,
    SetValue,
    WriteFile,
)
from mapiwright.workstation.registry import Key, KeyPath, Value, ValueType, View
from mapiwright.workstation.workstation import User

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapiwright.formats.props import PropertyValue
    from mapiwright.workstation.workstation import Workstation

said = Message.literal
CALL = said("call ACME with MSG_SERVICE_INSTALL")

VENDOR = KeyPath.parse(r"HKLM\SOFTWARE\Vendor")
SECTION = KeyPath.parse(rf"HKU\S-1\Software\Profiles\Outlook\{ADMIN}")
INF = r"C:\Windows\System32\MAPISVC.INF"
SECRET = b"hunter2-hunter2"
BLOB = bytes.fromhex("01000000") + DPAPI_PROVIDER + SECRET


OLD = b"[Services]\r\nA=B\r\n"
NEW = b"[Services]\r\nA=B\r\nACME=Acme\r\n"


def short(data: bytes) -> str:
    return sha256(data).hexdigest()[:12]


@dataclass(frozen=True)
class Call:
    """An effect that is only looked at."""

    kind: str = "entry-point"
    title: Message = CALL

    def describe(self) -> Mapping[str, Any]:
        return {}

    def run(self, workstation: Workstation) -> Outcome:
        raise AssertionError(f"a rendering ran it on {workstation.uri}")

    def compensate(self, workstation: Workstation) -> None:
        raise AssertionError(f"a rendering ran it on {workstation.uri}")


def shown(changes: Iterable[Change], code_page: str = "cp1252") -> list[str]:
    return [line.text for line in changes_as_lines(changes, code_page)]


def value(name: str, old: Value | None, new: Value | None, key: KeyPath = VENDOR) -> str:
    return shown([SetValue(key, name, old, new)])[1].strip()


class TestAPlan:
    PLAN = Plan(
        "install",
        said("Install ACME Mail"),
        (
            Leg(
                said("files"),
                (MakeFolder(r"C:\Acme"), WriteFile(r"C:\Acme\acme32.dll", None, bytes(1500))),
            ),
            Leg(said("MAPISVC.INF"), (WriteFile(INF, OLD, NEW),)),
            Leg(said("registry"), (CreateKey(VENDOR), SetValue(VENDOR, "Version", None, Value.sz("1.0")))),
            Call(),
        ),
    )

    def test_is_a_diff_with_its_effects_open(self) -> None:
        assert [line.text for line in plan_lines(self.PLAN, "cp1252")] == [
            "Install ACME Mail",
            " 1. files",
            "    + C:\\Acme\\",
            rf"    + C:\Acme\acme32.dll  1,500 bytes, sha256 {short(bytes(1500))}",
            " 2. MAPISVC.INF",
            rf"    ~ {INF}  17 bytes, sha256 {short(OLD)} -> 28 bytes, sha256 {short(NEW)}",
            "        @@ -1,2 +1,3 @@",
            "         [Services]",
            "         A=B",
            "        +ACME=Acme",
            " 3. registry",
            r"    + HKLM\SOFTWARE\Vendor",
            '        + Version = "1.0"',
            " 4. call ACME with MSG_SERVICE_INSTALL (outcome not known yet)",
            "Together: 2 files, 1 registry value, 1 call.",
        ]

    def test_shows_a_users_key_as_that_user_sees_it(self) -> None:
        zoe = User("Zoë", "S-1-5-21-1", KeyPath.parse(r"HKU\S-1-5-21-1"))
        change = SetValue(zoe.root / r"Software\Acme", "Seen", None, Value.dword(1))
        other = SetValue(KeyPath.parse(r"HKU\S-1-5-21-2\Software"), "Seen", None, Value.dword(1))
        plan = Plan("x", said("X"), (Leg(said("registry"), (change, other)),))
        told = [line.text for line in plan_lines(plan, "cp1252", [zoe])]
        assert r"    ~ HKCU of Zoë\Software\Acme" in told
        assert r"    ~ HKU\S-1-5-21-2\Software" in told

    def test_with_nothing_to_do_says_so(self) -> None:
        told = [line.text for line in plan_lines(Plan("install", said("Install ACME"), ()), "cp1252")]
        assert told == ["Install ACME", "  Nothing to do: the workstation is as it should be."]

    def test_is_a_document_too(self) -> None:
        document = plan_document(self.PLAN, "cp1252")["plan"]
        assert (document["verb"], document["title"], document["empty"]) == ("install", "Install ACME Mail", False)
        assert [step["title"] for step in document["steps"][:3]] == ["files", "MAPISVC.INF", "registry"]
        assert document["steps"][3] == {"title": str(Call().title), "effect": "entry-point", "outcome": None}
        assert document["steps"][1]["changes"][0]["diff"][-1] == "+ACME=Acme"


class TestFiles:
    def test_come_go_and_change(self) -> None:
        told = shown(
            [
                WriteFile(r"C:\a.dll", None, b"1"),
                WriteFile(r"C:\b.dll", b"1", None),
                WriteFile(r"C:\c.dll", b"1", b"2"),
                RemoveFolder(r"C:\d"),
            ]
        )
        assert [line.split("  ")[0] for line in told] == [r"+ C:\a.dll", r"- C:\b.dll", r"~ C:\c.dll", "- C:\\d\\"]

    @pytest.mark.parametrize(
        ("code_page", "data"),
        [
            ("cp1250", "Příklad=1\r\n".encode("cp1250")),
            ("cp1252", "Příklad=1\r\n".encode("utf-16")),
            ("cp1252", "Příklad=1\r\n".encode("utf-8-sig")),
        ],
    )
    def test_an_inf_is_read_in_its_own_encoding(self, code_page: str, data: bytes) -> None:
        assert shown([WriteFile(INF, None, data)], code_page)[-1] == "    +Příklad=1"

    def test_a_line_end_that_changes_is_seen(self) -> None:
        told = shown([WriteFile(INF, b"a=1\r\nb=2\r\n", b"a=1\r\nb=2\n")])
        assert told[-2:] == ["    -b=2", r"    +b=2\n"]

    def test_a_huge_text_is_not_compared(self) -> None:
        assert len(shown([WriteFile(INF, b"", b"x" * (LONGEST_TEXT + 1))])) == 1

    def test_other_files_are_not_read(self) -> None:
        assert len(shown([WriteFile(r"C:\acme.toml", b"a=1", b"a=2")])) == 1


class TestRegistryValues:
    @pytest.mark.parametrize(
        ("name", "stored", "told"),
        [
            ("", Value.sz("x"), '+ (default) = "x"'),
            ("a", Value.expand_sz("%x%"), '+ a = REG_EXPAND_SZ "%x%"'),
            ("a", Value.multi_sz(["x", "y"]), '+ a = REG_MULTI_SZ "x", "y"'),
            ("a", Value.multi_sz([]), "+ a = REG_MULTI_SZ (no strings)"),
            ("a", Value.dword(10), "+ a = REG_DWORD 0x0000000a (10)"),
            ("a", Value(ValueType.QWORD, bytes(8)), "+ a = REG_QWORD 0x00000000 (0)"),
            ("a", Value.binary(b"\1\2"), "+ a = REG_BINARY 01 02"),
            ("a", Value.binary(b""), "+ a = REG_BINARY (empty)"),
            ("a", Value(ValueType.SZ, b"x"), "+ a = 78"),
            ("a", Value(ValueType.DWORD, b"x"), "+ a = REG_DWORD 78"),
            ("a", Value(0x1234, b"x"), "+ a = 0x00001234 78"),
            ("a\x1b[2J", Value.sz("\x9b2J\u202e"), r'+ a\x1b[2J = "\x9b2J\u202e"'),
        ],
    )
    def test_are_shown_as_what_they_say(self, name: str, stored: Value, told: str) -> None:
        assert value(name, None, stored) == told

    def test_long_ones_by_size_and_digest(self) -> None:
        assert value("a", None, Value.binary(bytes(100))).endswith(f"... (100 bytes, sha256 {short(bytes(100))})")

    def test_change_and_go(self) -> None:
        assert (
            value("a", Value.dword(1), Value.dword(2)) == "~ a = REG_DWORD 0x00000001 (1) -> REG_DWORD 0x00000002 (2)"
        )
        assert value("a", Value.sz("x"), None) == '- a = "x"'

    def test_stand_under_their_key_with_its_view(self) -> None:
        x86 = KeyPath.parse(r"HKLM\SOFTWARE\Vendor", View.X86)
        told = shown(
            [DeleteKey(x86), SetValue(VENDOR, "a", None, Value.sz("x")), SetValue(VENDOR, "b", Value.sz("x"), None)]
        )
        assert told == [
            r"- HKLM\SOFTWARE\Vendor (32-bit view)",
            r"~ HKLM\SOFTWARE\Vendor",
            '    + a = "x"',
            '    - b = "x"',
        ]

    def test_in_a_profile_section_have_their_property_names(self) -> None:
        assert value("001f3001", None, Value.binary("Äcme\0".encode("utf-16-le")), SECTION) == (
            '+ 001f3001 PR_DISPLAY_NAME = "Äcme"'
        )
        assert value("00033009", None, Value.binary(b"\2\0\0\0"), SECTION) == "+ 00033009 PR_RESOURCE_FLAGS = 2"
        assert value("00033009", None, Value.binary(b"\2"), SECTION) == "+ 00033009 PR_RESOURCE_FLAGS = REG_BINARY 02"
        assert value("001e3001", None, Value.sz("A"), SECTION) == '+ 001e3001 PR_DISPLAY_NAME_A = "A"'
        assert value("001f3001", None, Value.binary(b"A\0\0\0")) == "+ 001f3001 = REG_BINARY 41 00 00 00"


SECRET_VALUES = [
    ("S010267f0", Value.binary(SECRET)),
    ("001f67ff", Value.binary(SECRET)),
    ("POP3 Password", Value.binary(SECRET)),
    ("ApiToken", Value.binary(SECRET)),
    ("client-secret", Value.binary(SECRET)),
    ("anything", Value.binary(BLOB)),
    ("text", Value.sz(BLOB.hex())),
    ("list", Value.sz(",".join(f"{byte:02X}" for byte in BLOB))),
]


def spellings(secret: bytes) -> list[str]:
    return [secret.decode(), secret.hex(), secret.hex(" "), repr(secret)]


class TestSecrets:
    @pytest.mark.parametrize(("name", "stored"), SECRET_VALUES)
    @pytest.mark.parametrize("key", [VENDOR, SECTION])
    def test_of_a_registry_value_reach_neither_a_plan_nor_a_document(
        self, name: str, stored: Value, key: KeyPath
    ) -> None:
        change = SetValue(key, name, Value.sz("old"), stored)
        told = "\n".join(shown([change, change.inverse])) + json.dumps(change_document(change, "cp1252"))
        assert MASK in told
        assert '"secret": true' in told
        assert not [spelling for spelling in spellings(SECRET) if spelling in told]
        assert "sha256" not in told

    @pytest.mark.parametrize(
        "line",
        [
            "67F0001E=hunter2-hunter2",
            "0x67FF001F = hunter2-hunter2",
            "AccountPassword=hunter2-hunter2",
            f"PR_X={BLOB.hex()}",
        ],
    )
    def test_of_an_inf_line_are_masked(self, line: str) -> None:
        told = shown([WriteFile(INF, b"", f"[A]\r\nPR_COMMENT=shown\r\n{line}\r\n".encode())])
        assert told[-1].endswith(f"={MASK}")
        assert told[-2] == "    +PR_COMMENT=shown"
        assert not [spelling for spelling in spellings(SECRET) if spelling in told[-1]]

    def test_of_a_profile_are_in_neither_tree_nor_document(self) -> None:
        section = Section(
            "ab" * 16,
            MappingProxyType(
                {0x67F0001F: SECRET.decode(), 0x66000102: BLOB, 0x66011102: (b"x", BLOB), 0x6602001F: "shown"}
            ),
            MappingProxyType(dict(SECRET_VALUES)),
            MappingProxyType({"00000001": Key({"POP3 Password": Value.binary(SECRET)})}),
        )
        profile = Profile("Outlook", MappingProxyType({section.uid: section}), 8)
        told = "\n".join(line.text for line in profile_lines(profile)) + json.dumps(sections_document([section]))
        assert not [spelling for spelling in spellings(SECRET) if spelling in told]
        assert "shown" in told
        assert told.count(MASK) == 3 + len(SECRET_VALUES) + 1

    def test_of_a_key_can_be_counted(self) -> None:
        key = Key({"a": Value.sz("x")}, {"s": Key(dict(SECRET_VALUES))})
        assert sorted(secret_values(key)) == sorted(f"s\\{name}" for name, _ in SECRET_VALUES)


class TestDocuments:
    def test_are_one_of_ascii_with_a_schema(self, capsys: pytest.CaptureFixture[str]) -> None:
        write_document({"name": "Zoë \ud800 \x1b"})
        printed = capsys.readouterr().out
        assert printed.isascii()
        assert json.loads(printed) == {"schema": SCHEMA, "name": "Zoë \ud800 \x1b"}

    @pytest.mark.parametrize(
        ("change", "document"),
        [
            (CreateKey(VENDOR), {"change": "create-key", "key": r"HKLM\SOFTWARE\Vendor", "view": "native"}),
            (
                DeleteKey(KeyPath.parse(r"HKLM\SOFTWARE", View.X86)),
                {"change": "delete-key", "key": r"HKLM\SOFTWARE", "view": "x86"},
            ),
            (MakeFolder(r"C:\a"), {"change": "make-folder", "path": r"C:\a"}),
            (RemoveFolder(r"C:\a"), {"change": "remove-folder", "path": r"C:\a"}),
            (
                SetValue(VENDOR, "a", Value.dword(7), None),
                {
                    "change": "set-value",
                    "key": r"HKLM\SOFTWARE\Vendor",
                    "view": "native",
                    "name": "a",
                    "old": {"type": "REG_DWORD", "hex": "07000000", "value": 7},
                    "new": None,
                },
            ),
            (
                WriteFile(r"C:\a.dll", None, b""),
                {
                    "change": "write-file",
                    "path": r"C:\a.dll",
                    "old": None,
                    "new": {
                        "size": 0,
                        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                    },
                },
            ),
        ],
    )
    def test_tell_each_change(self, change: Change, document: object) -> None:
        assert change_document(change, "cp1252") == document

    def test_large_values_are_told_by_size_and_digest(self) -> None:
        new = change_document(SetValue(VENDOR, "a", None, Value.binary(bytes(LARGE + 1))), "cp1252")["new"]
        assert set(new) == {"type", "size", "sha256"}

    def test_a_dump_is_what_is_stored(self) -> None:
        key = Key({"001f3001": Value.binary(b"A\0"), "x": Value(0x99, b"\1")}, {"Sub": Key({"": Value.sz("")})})
        assert dump_document(key) == {
            "values": {"001f3001": ["REG_BINARY", "4100"], "x": ["0x00000099", "01"]},
            "keys": {"Sub": {"values": {"": ["REG_SZ", "0000"]}, "keys": {}}},
        }

    def test_sections_are_decoded(self) -> None:
        properties: dict[int, PropertyValue] = {
            0x6600001E: "text",
            0x66010003: 7,
            0x6602000B: True,
            0x66030102: b"\1\2",
            0x6604101F: ("a", "b"),
            0x66051102: (b"\1", b""),
        }
        assert sections_document([Section("aa", MappingProxyType(properties))]) == {
            "aa": {
                "6600001E": "text",
                "66010003": 7,
                "6602000B": True,
                "66030102": "0102",
                "6604101F": ["a", "b"],
                "66051102": ["01", ""],
            }
        }


def profile_with_a_service() -> Profile:
    service, provider, extra = "11" * 16, "22" * 16, "33" * 16
    sections = [
        Section(ADMIN, MappingProxyType({tags.PR_SERVICES: bytes.fromhex(service)})),
        Section(
            service,
            MappingProxyType(
                {
                    tags.PR_SERVICE_NAME: "ACME",
                    tags.PR_DISPLAY_NAME: "Acme Mail\x1b[31m",
                    tags.PR_RESOURCE_FLAGS: 0x22,
                    tags.PR_STORE_PROVIDERS: bytes.fromhex(provider),
                    tags.PR_SERVICE_EXTRA_UIDS: bytes.fromhex(extra),
                    tags.PR_SERVICE_SUPPORT_FILES: ("a.dll", "b.dll"),
                }
            ),
            MappingProxyType({"odd name": Value.sz("kept")}),
            MappingProxyType({"Below": Key({"a": Value.dword(1)}, {"Deeper": Key()})}),
        ),
        Section(
            provider,
            MappingProxyType(
                {
                    tags.PR_SERVICE_UID: bytes.fromhex(service),
                    tags.PR_RESOURCE_TYPE: 33,
                    tags.PR_RESOURCE_FLAGS: 0x100002,
                    tags.PR_DISPLAY_NAME: "Store",
                    0x66000048: bytes(16),
                    0x66010003: 300,
                    0x6602000B: True,
                    0x6603FFFF: b"?",
                }
            ),
        ),
        Section(extra, MappingProxyType({tags.PR_RESOURCE_TYPE: 99, tags.PR_RESOURCE_FLAGS: 1})),
    ]
    by_uid = {section.uid: section for section in sections}
    return Profile("Öffice", MappingProxyType(by_uid), 8, MappingProxyType({"foreign": Value.sz("here")}))


class TestAProfile:
    def test_does_not_call_its_own_ids_by_the_names_that_they_have_in_messages(self) -> None:
        """Outlook keeps a time as 00320040, which in a message would be PR_REPORT_TIME."""
        section = Section("44" * 16, MappingProxyType({0x00320040: 0, 0x30070040: 0, 0x66201102: ()}))
        profile = Profile("P", MappingProxyType({section.uid: section}), 8, MappingProxyType({}))
        told = "\n".join(line.text for line in profile_lines(profile, default=False))
        assert "00320040 PT_SYSTIME" in told
        assert "PR_CREATION_TIME PT_SYSTIME" in told
        assert "66201102 PT_MV_BINARY" in told
        assert value("00400032", None, Value.binary(bytes(8)), SECTION).startswith("+ 00400032 00320040 = ")
        assert value("00403007", None, Value.binary(bytes(8)), SECTION).startswith("+ 00403007 PR_CREATION_TIME = ")

    def test_is_a_tree_with_the_documents_names(self) -> None:
        assert [line.text for line in profile_lines(profile_with_a_service(), default=True)] == [
            "Profile Öffice (default)",
            f'├── Service ACME "Acme Mail\\x1b[31m" {"11" * 16}',
            '│   ├── PR_SERVICE_NAME PT_UNICODE = "ACME"',
            '│   ├── PR_DISPLAY_NAME PT_UNICODE = "Acme Mail\\x1b[31m"',
            "│   ├── PR_RESOURCE_FLAGS PT_LONG = SINGLE_COPY | NO_PRIMARY_IDENTITY",
            f"│   ├── PR_STORE_PROVIDERS PT_BINARY = {bytes.fromhex('22' * 16).hex(' ')}",
            f"│   ├── PR_SERVICE_EXTRA_UIDS PT_BINARY = {bytes.fromhex('33' * 16).hex(' ')}",
            '│   ├── PR_SERVICE_SUPPORT_FILES PT_MV_STRING8 = ["a.dll", "b.dll"]',
            '│   ├── odd name = "kept"',
            "│   ├── Key Below",
            "│   │   ├── a = REG_DWORD 0x00000001 (1)",
            "│   │   └── Key Deeper",
            f'│   ├── Provider MAPI_STORE_PROVIDER "Store" {"22" * 16}',
            f"│   │   ├── PR_SERVICE_UID PT_BINARY = {bytes.fromhex('11' * 16).hex(' ')}",
            "│   │   ├── PR_RESOURCE_TYPE PT_LONG = MAPI_STORE_PROVIDER",
            "│   │   ├── PR_RESOURCE_FLAGS PT_LONG = DEFAULT_STORE | 0x100000",
            '│   │   ├── PR_DISPLAY_NAME PT_UNICODE = "Store"',
            f"│   │   ├── 66000048 PT_CLSID = {bytes(16).hex(' ')}",
            "│   │   ├── 66010003 PT_LONG = 0x12c (300)",
            "│   │   ├── 6602000B PT_BOOLEAN = true",
            "│   │   └── 6603FFFF 0xffff = 3f",
            f"│   └── Section {'33' * 16}",
            "│       ├── PR_RESOURCE_TYPE PT_LONG = resource type 99",
            "│       └── PR_RESOURCE_FLAGS PT_LONG = 1",
            f"├── Section {ADMIN} (MAPI services and providers)",
            f"│   └── PR_SERVICES PT_BINARY = {bytes.fromhex('11' * 16).hex(' ')}",
            '└── foreign = "here"',
        ]

    @pytest.mark.parametrize(
        ("flags", "told"), [(0, "0"), (-0x80000000, "0x80000000"), (0x3, "DEFAULT_STORE | SINGLE_COPY")]
    )
    def test_flags_are_named_as_far_as_they_have_names(self, flags: int, told: str) -> None:
        assert described(tags.PR_RESOURCE_FLAGS, flags, SERVICE) == told

    def test_its_services_are_documents(self) -> None:
        (service,) = profile_with_a_service().services
        document = service_document(service)
        assert (document["name"], document["display"]) == ("ACME", "Acme Mail\x1b[31m")
        assert document["providers"] == [
            {"uid": "22" * 16, "display": "Store", "dll": "", "kind": "MAPI_STORE_PROVIDER"}
        ]
        assert set(document["sections"]) == {"11" * 16, "22" * 16, "33" * 16}


class TestReceipts:
    EFFECTS = (
        EffectRecord(
            "entry-point",
            said("call ACME with MSG_SERVICE_INSTALL"),
            {},
            Status.PENDING,
            said("no stand-in"),
            {},
        ),
        EffectRecord(
            "entry-point",
            said("call BETA with MSG_SERVICE_INSTALL"),
            {},
            Status.DONE,
            said("it went well"),
            {},
        ),
    )
    RECEIPT = Receipt(
        "r2",
        "install",
        said("Install ACME"),
        "2026-01-02T03:04:05Z",
        "demo:",
        NO_TERMS,
        ((said("files"), "ab"),),
        EFFECTS,
    )

    def test_tell_what_was_done_what_is_pending_and_how_to_take_it_back(self) -> None:
        assert [line.text for line in receipt_lines(self.RECEIPT, "mapiwright undo r2 --workstation memory:")] == [
            "Pending: call ACME with MSG_SERVICE_INSTALL: no stand-in",
            "Done: call BETA with MSG_SERVICE_INSTALL: it went well",
            "Done: Install ACME",
            "Receipt: r2. To undo it: mapiwright undo r2 --workstation memory:",
        ]

    def test_are_a_list(self) -> None:
        title = said("Install BETA")
        undone = Receipt("r1", "install", title, "2026-01-01T00:00:00Z", "demo:", NO_TERMS, (), (), "r2")
        assert [line.text for line in receipts_lines([undone, self.RECEIPT])] == [
            "r1  2026-01-01T00:00:00Z  Install BETA  (undone by r2)",
            "r2  2026-01-02T03:04:05Z  Install ACME",
            "    pending: call ACME with MSG_SERVICE_INSTALL",
        ]

    def test_are_documents(self) -> None:
        (document,) = receipts_document([self.RECEIPT])["receipts"]
        assert document["id"] == "r2"
        assert document["legs"] == ["files"]
        assert document["undone_by"] is None
        assert document["effects"][0]["outcome"] == "pending"


class TestFindings:
    FINDINGS = (
        Finding("MW1204", Severity.ERROR, "MAPISVC.INF", "no such section", "the rule", "the remedy", 12),
        Finding("MW1", Severity.NOTE, "hive\x1b", "fine"),
    )

    def test_are_lines_with_rule_and_remedy(self) -> None:
        assert list(findings_lines(self.FINDINGS)) == [
            Line("MAPISVC.INF:12: error MW1204: no such section", Style.REMOVED),
            Line("    rule: the rule", Style.QUIET),
            Line("    remedy: the remedy", Style.QUIET),
            Line(r"hive\x1b: note MW1: fine", Style.QUIET),
        ]

    def test_without_a_line_have_none(self) -> None:
        assert [finding["line"] for finding in findings_document(self.FINDINGS)["findings"]] == [12, None]


class TestTheTerminal:
    @given(st.text())
    def test_no_text_steers_it(self, text: str) -> None:
        assert not [character for character in escape(text) if ord(character) < 32 or 0x7F <= ord(character) < 0xA0]
        assert escape(text).encode("utf-8", "strict") is not None

    @given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
    def test_printable_text_of_any_script_stays(self, text: str) -> None:
        assert escape(text) == text

    def test_lines_keep_their_ends(self) -> None:
        assert escape_lines("a\x1b\nb") == "a\\x1b\nb"

    def test_an_encoding_that_lacks_a_character_gets_its_escape(self) -> None:
        assert encodable("├── Zoë €", "ascii") == r"|-- Zo\xeb \u20ac"
        assert encodable("├── Zoë", "utf-8") == "├── Zoë"
        stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", newline="\n")
        write([Line("└── Łukasz", Style.ADDED)], stream)
        stream.seek(0)
        assert stream.read() == "`-- \\u0141ukasz\n"


@given(st.integers(0, 0xFFFFFFFF), st.binary(max_size=80), st.text(max_size=12))
def test_any_value_is_one_printable_line(kind: int, data: bytes, name: str) -> None:
    text = value_text(name, Value(kind, data))
    assert escape(text) == text
    assert "\n" not in text
    assert type_name(kind)


def test_a_sealed_value_in_a_profile_section_is_masked_though_its_tag_is_an_ordinary_one() -> None:
    section = KeyPath.parse("HKU\\S-1-5-21-1\\" + "ab" * 16)
    plan = Plan(
        "x",
        said("X"),
        (Leg(said("registry"), (SetValue(section, "01026601", None, Value.binary(BLOB)),)),),
    )
    told = "\n".join(line.text for line in plan_lines(plan, "cp1252"))
    assert "(secret, not shown)" in told
    assert BLOB[:16].hex(" ") not in told


@pytest.mark.parametrize(
    "document",
    [{}, [], 5, "é\udc00", {"a": [1, None, True, {"b": 'q"'}], "c": {}, "d": (1.5, [])}, [[], [[]], {"": {"": ""}}]],
)
def test_a_document_is_written_as_json_does(document: object) -> None:
    assert json_text(document) == json.dumps(document, indent=2)
