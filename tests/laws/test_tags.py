"""Laws of names: what a name means is called by that name; flags, types and codes have the numbers of the headers."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.mapi.props import tags, tags_data
from mapiwright.mapi.props.codes import hresult_name
from mapiwright.mapi.props.documented import DocumentedProperty, properties
from mapiwright.mapi.props.tags_table import NAMES, PRIVATE_NAMES

SERVICES = sorted({service for services in PRIVATE_NAMES for service in services} | {"", "SABP"})


STORED = dict(NAMES) | {name: tag for names in PRIVATE_NAMES.values() for name, tag in names.items()}
TAGS = st.integers(0x10000, 0xFFFFFFFF) | st.sampled_from([*NAMES.values(), *(each.tag for each in properties())])


@given(TAGS, st.sampled_from(SERVICES))
def test_every_tag_is_read_back_from_its_name(tag: int, service: str) -> None:
    assert tags.tag_of(tags.name_of(tag, service)) == tag
    assert tags.tag_of(tags.name_in_section(tag, service)) == tag
    other = tags.other_width(tag)
    if other is not None:
        assert tags.other_width(other) == tag
        assert tags.tag_of(tags.name_of(other, service)) == other


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("PR_DISPLAY_NAME", 0x3001001F),
        ("PR_DISPLAY_NAME_W", 0x3001001F),
        ("PR_DISPLAY_NAME_A", 0x3001001E),
        ("pr_display_name", 0x3001001F),
        ("PR_SERVICE_ENTRY_NAME", 0x3D0B001F),
        ("PR_SERVICE_SUPPORT_FILES", 0x3D0F101E),
        ("PR_SERVICE_SUPPORT_FILES_A", 0x3D0F101E),
        ("PR_SERVICE_SUPPORT_FILES_W", 0x3D0F101F),
        ("PR_RESOURCE_FLAGS", 0x30090003),
        ("PR_PROFILE_HOME_SERVER", 0x6602001E),
        ("PR_PST_PATH", 0x6700001F),
        ("PR_SUBJECT", 0x0037001F),
        ("PR_SUBJECT_A", 0x0037001E),
        ("PR_CELLULAR_TELEPHONE_NUMBER", 0x3A1C001F),
        ("PR_RULE_ACTIONS", 0x668000FE),
        ("PR_EMS_AB_HOME_MDB", 0x8006001F),
        ("PidTagDisplayName", 0x3001001F),
        ("pidtagdisplayname", 0x3001001F),
        ("PidTagServiceEntryName", 0x3D0B001F),
        ("PidTagServiceSupportFiles", 0x3D0F101E),
        ("PidTagPstPath", 0x6700001F),
        ("PidTagMailboxOwnerName", 0x661C001F),
        ("PidTagExchangeProfileSectionId", 0x3D150102),
        ("PidTagTextAttachmentCharset", 0x371B001F),
        ("6600001e", 0x6600001E),
        ("FF60102", 0x0FF60102),
        ("34140102", 0x34140102),
    ],
)
def test_a_property_is_named_or_given_in_hex_digits(name: str, tag: int) -> None:
    assert tags.tag_of(name) == tag


@pytest.mark.parametrize(
    "name",
    [
        *("", "001E", "0000001E", "123456789", "6600001g", "PR_NONSENSE", "PR_RESOURCE_FLAGS_A"),
        *("PidTagNonsense", "PidTagResourceFlags_A", "PR_", "PR_NULL", "-", "-_A"),
    ],
)
def test_anything_else_is_no_property(name: str) -> None:
    assert tags.tag_of(name) is None


def test_a_private_id_has_the_name_that_its_service_gives_it() -> None:
    assert tags.name_of(0x6700001F) == "6700001F"
    assert tags.name_of(0x6700001F, "MSUPST MS") == "PR_PST_PATH"
    assert tags.name_of(0x6700001E, "MSPST MS") == "PR_PST_PATH_A"
    assert tags.name_of(0x6700000B, "MSUPST MS") == "6700000B"


def usual(tag: int) -> DocumentedProperty:
    return next(each for each in properties() if each.tag == tag)


def test_every_documented_property_is_found_by_each_of_its_names() -> None:
    """In the width of the headers, or in the one that profiles store."""
    for each in properties():
        for name in filter(None, (each.name, each.pid_name)):
            assert tags.tag_of(name) == STORED.get(each.name, each.tag), name


def test_every_documented_tag_is_called_by_its_usual_name_unless_its_id_has_owners() -> None:
    for each in properties():
        tag = STORED.get(each.name, each.tag)
        first = usual(each.tag)
        if tags.prop_id(tag) < 0x6600:
            assert tags.name_of(tag) == (first.name or first.pid_name)
            assert tags.pid_name_of(tag) == (first.pid_name or None)
        else:
            assert tags.name_of(tag) in {each.name, f"{tag:08X}"}


def test_what_profiles_store_is_what_the_documents_define() -> None:
    defined = {each.name: each.tag for each in properties()}
    assert STORED.keys() - defined == {"PR_EMSMDB_LEGACY", "PR_EMSABP_USER_UID"}, "no header or page has these"
    for name, tag in STORED.items():
        assert defined.get(name, tag) in {tag, tags.other_width(tag)}, name


def test_the_table_is_made_from_known_commits_and_in_order() -> None:
    assert tags_data.__doc__ is not None
    assert len(re.findall(r"^at [0-9a-f]{40}$", tags_data.__doc__, re.MULTILINE)) == 2
    lines = tags_data.TABLE.splitlines()
    assert len(lines) == len(set(lines)) == len(properties())
    assert [line[:4] for line in lines] == sorted(line[:4] for line in lines)
    names = [name for each in properties() for name in (each.name, each.pid_name) if name]
    assert len(names) == len(set(names))


def test_the_names_that_profiles_need_do_not_load_the_others() -> None:
    asked = (
        "import sys\n"
        "from mapiwright.mapi.props import tags\n"
        "loaded = lambda: 'mapiwright.mapi.props.tags_data' in sys.modules\n"
        "known = tags.tag_of('PR_DISPLAY_NAME_A'), tags.tag_of('66000003'), tags.name_of(0x3D12001E)\n"
        "before = loaded()\n"
        "tags.tag_of('PR_SUBJECT')\n"
        "sys.exit(not (not before and loaded()))\n"
    )
    subprocess.run([sys.executable, "-c", asked], check=True)


def test_an_id_of_messages_means_something_else_in_a_section() -> None:
    assert tags.name_of(0x00320040) == "PR_REPORT_TIME"
    assert tags.name_in_section(0x00320040) == "00320040"
    assert tags.name_in_section(0x30070040) == "PR_CREATION_TIME"
    assert tags.name_in_section(0x0FFE0003) == "PR_OBJECT_TYPE"
    assert tags.name_in_section(0x67FD001F) == "PR_AUTOCFG_USER_EMAIL"
    assert tags.name_in_section(0x6700001E, "MSPST MS") == "PR_PST_PATH_A"


@pytest.mark.parametrize(
    ("tag", "service", "name"),
    [
        (0x3001001E, "", "PidTagDisplayName"),
        (0x3001001F, "", "PidTagDisplayName"),
        (0x00470102, "", "PidTagMessageSubmissionId"),
        (0x6700001F, "", None),
        (0x6700001E, "MSUPST MS", "PidTagPstPath"),
        (0x66201102, "CONTAB", "PidTagContactAddressBookFolderEntryIds"),
        (0x371B001E, "", "PidTagTextAttachmentCharset"),
        (0x3D18000B, "", None),
        (0x12345678, "", None),
    ],
)
def test_the_newer_name_of_a_tag(tag: int, service: str, name: str | None) -> None:
    assert tags.pid_name_of(tag, service) == name


def test_an_id_with_several_owners_has_no_name_of_its_own() -> None:
    assert tags.name_of(0x68470003) == "68470003", "both PR_FREEBUSY_PUBLISH_START and PR_WB_SF_TAG"
    assert tags.name_of(0x7FFE000B) == "PR_ATTACHMENT_HIDDEN"
    assert tags.name_of(0x8006001F) == "8006001F"


def test_names_that_have_constants_agree_with_them() -> None:
    constants = {name: tag for name, tag in vars(tags).items() if name.startswith("PR_")}
    assert constants.items() <= NAMES.items()


def test_the_secure_range_is_where_the_documents_have_it() -> None:
    assert [tags.is_secure(tag) for tag in (0x67EF001F, 0x67F00102, 0x67FF001F, 0x6800001F)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("symbol", "number"),
    [
        ("SERVICE_SINGLE_COPY", 2),
        ("SERVICE_NO_PRIMARY_IDENTITY", 0x20),
        ("STATUS_DEFAULT_STORE", 2),
        ("STATUS_PRIMARY_IDENTITY", 4),
        ("STATUS_NO_DEFAULT_STORE", 0x40),
        ("STATUS_XP_PREFER_LAST", 0x10),
        ("STATUS_PRIMARY_STORE", 0x1000),
        ("HOOK_INBOUND", 0x200),
        ("MAPI_STORE_PROVIDER", 33),
        ("MAPI_AB_PROVIDER", 35),
        ("MAPI_TRANSPORT_PROVIDER", 36),
        ("MAPI_HOOK_PROVIDER", 40),
    ],
)
def test_symbols_have_the_numbers_of_the_headers(symbol: str, number: int) -> None:
    assert tags.FLAG_SYMBOLS[symbol] == number


def test_well_known_sections_are_named_by_lower_case_uids() -> None:
    assert tags.WELL_KNOWN["8503020000000000c000000000000046"] == "MUID_PROFILE_INSTANCE"
    assert all(uid == uid.lower() and len(bytes.fromhex(uid)) == 16 for uid in tags.WELL_KNOWN)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0, "S_OK"),
        (0x80040113, "MAPI_E_USER_CANCEL"),
        (0x80040113 - (1 << 32), "MAPI_E_USER_CANCEL"),
        (0x00040680, "MAPI_W_PARTIAL_COMPLETION"),
        (0x8004DEAD, "0x8004DEAD"),
    ],
)
def test_results_are_called_as_the_documents_call_them(code: int, name: str) -> None:
    assert hresult_name(code) == name


def test_the_page_counts_what_there_is() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "reference" / "property-tags.md").read_text(
        encoding="utf-8"
    )
    named = [sum(bool(each.name) for each in properties()), sum(bool(each.pid_name) for each in properties())]
    assert f"{len(properties())} rows: {named[0]} PR names, each with its widths, and {named[1]} PidTag names" in page


@pytest.mark.parametrize("page", ["property-tags.md", "pywin32.md"])
def test_the_page_shows_what_python_says(page: str) -> None:
    shown = doctest.testfile(
        str(Path(__file__).parent.parent.parent / "docs" / "reference" / page), module_relative=False
    )
    assert shown.attempted
    assert not shown.failed
