"""Laws of names: what a name means is called by that name; flags, types and codes have the numbers of the headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.mapi import tags
from mapiwright.mapi.codes import hresult_name
from mapiwright.mapi.tags_table import NAMES, PRIVATE_NAMES

SERVICES = sorted({service for services in PRIVATE_NAMES for service in services} | {"", "SABP"})


@given(st.integers(0x10000, 0xFFFFFFFF) | st.sampled_from(sorted(NAMES.values())), st.sampled_from(SERVICES))
def test_every_tag_is_read_back_from_its_name(tag: int, service: str) -> None:
    assert tags.tag_of(tags.name_of(tag, service)) == tag
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
        ("6600001e", 0x6600001E),
        ("FF60102", 0x0FF60102),
        ("34140102", 0x34140102),
    ],
)
def test_a_property_is_named_or_given_in_hex_digits(name: str, tag: int) -> None:
    assert tags.tag_of(name) == tag


@pytest.mark.parametrize(
    "name", ["", "001E", "0000001E", "PR_NONSENSE", "PR_RESOURCE_FLAGS_A", "123456789", "6600001g"]
)
def test_anything_else_is_no_property(name: str) -> None:
    assert tags.tag_of(name) is None


def test_a_private_id_has_the_name_that_its_service_gives_it() -> None:
    assert tags.name_of(0x6700001F) == "6700001F"
    assert tags.name_of(0x6700001F, "MSUPST MS") == "PR_PST_PATH"
    assert tags.name_of(0x6700001E, "MSPST MS") == "PR_PST_PATH_A"
    assert tags.name_of(0x6700000B, "MSUPST MS") == "6700000B"


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
