"""``profile table``: the documented tables of profiles, services and providers, as a user asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

    Mapiwright = Callable[..., Answer]

PROFILE = "Büro"


@pytest.fixture
def office(mapiwright: Mapiwright, acme: Path) -> Mapiwright:
    """Two profiles; one holds ACME and, twice, a PST."""
    mapiwright("install", acme, "--yes")
    mapiwright("profile", "rename", "Acme Mail", PROFILE, "--yes")
    mapiwright("profile", "create", "Archiv", "--yes")
    for _ in range(2):
        mapiwright("profile", "add-service", PROFILE, "MSUPST MS", "--yes")
    return mapiwright


def table(mapiwright: Mapiwright, *words: str) -> Any:
    answer = mapiwright("profile", "table", *words, "--json")
    assert answer.code == 0, answer.err
    return answer.document["table"]


def column(mapiwright: Mapiwright, tag: str, *words: str) -> list[Any]:
    found = table(mapiwright, *words, "--columns", tag)
    return [row[found["columns"][0]] for row in found["rows"]]


def test_the_profile_table_has_the_names_and_the_default(office: Mapiwright) -> None:
    """[profile-tables]"""
    found = table(office)
    assert (found["kind"], found["columns"]) == ("profiles", ["3001001F", "3D04000B"])
    assert sorted((row["3001001F"], row["3D04000B"]) for row in found["rows"]) == [("Archiv", False), (PROFILE, True)]
    assert column(office, "PR_DISPLAY_NAME", "--where", "PR_DEFAULT_PROFILE=true") == [PROFILE]


def test_the_service_table_has_its_required_columns_in_the_order_of_addition(office: Mapiwright) -> None:
    """[message-service-tables]"""
    found = table(office, PROFILE)
    assert found["kind"] == "services"
    assert {"3001001F", "0FF60102", "30090003", "3D0A001F", "3D0B001E", "3D09001F", "3D0C0102"} < {*found["columns"]}
    assert [row["3D09001F"] for row in found["rows"]] == ["ACME", "MSUPST MS", "MSUPST MS"]
    assert found == table(office, PROFILE.upper(), "services")


def test_the_provider_table_gives_the_transport_order_by_the_documented_recipe(office: Mapiwright) -> None:
    """[provider-tables]: restrict to transports, sort by PR_PROVIDER_ORDINAL."""
    words = (PROFILE, "providers", "--sort", "PR_PROVIDER_ORDINAL")
    assert column(office, "PR_RESOURCE_TYPE", *words) == [33, 33, 33, 35, 36]
    for kind in ("36", "0x24", "MAPI_TRANSPORT_PROVIDER"):
        found = column(office, "PR_DISPLAY_NAME", *words, "--where", f"PR_RESOURCE_TYPE={kind}")
        assert found == ["Acme Transport (mail.acme.example)"]


def test_a_service_s_own_table_has_its_extra_sections_without_a_type(office: Mapiwright) -> None:
    """[iprovideradmin-getprovidertable]"""
    found = table(office, PROFILE, "providers", "--service", "acme", "--columns", "PR_PROVIDER_UID,PR_RESOURCE_TYPE")
    assert [row["3E030003"] for row in found["rows"]] == [33, 35, 36, None]
    assert found["rows"][-1]["300C0102"] == "5e2d9a40b1c84f6d8e7730a1d4f2c6b9"
    shown = office("profile", "table", PROFILE, "providers", "--service", "ACME", "--columns", "PR_RESOURCE_TYPE")
    assert shown.out.count("PR_RESOURCE_TYPE = MAPI_") == 3
    assert shown.out.endswith("PR_RESOURCE_TYPE = (not there)\n4 rows.\n")


def test_columns_conditions_order_and_limit_work_together(office: Mapiwright) -> None:
    both = ("--where", "pr_service_name=msupst ms", "--where", "PR_SERVICE_DLL_NAME=mspst.dll")
    uids = column(office, "PR_SERVICE_UID", PROFILE, *both)
    assert len(uids) == 2
    for order in ("PR_SERVICE_UID", "PR_SERVICE_UID:asc"):
        assert column(office, "PR_SERVICE_UID", PROFILE, *both, "--sort", order) == sorted(uids)
    backwards = (PROFILE, *both, "--sort", "PR_SERVICE_NAME", "--sort", "PidTagServiceUid:desc")
    assert column(office, "PR_SERVICE_UID", *backwards) == sorted(uids, reverse=True)
    assert column(office, "PR_SERVICE_UID", *backwards, "--limit", "1") == [max(uids)]
    assert column(office, "PR_SERVICE_UID", PROFILE, *both, "--where", "PR_SERVICE_NAME=ACME") == []


def test_any_property_of_a_row_may_be_a_column_or_a_condition(office: Mapiwright) -> None:
    assert column(office, "66010003", PROFILE) == [993, None, None]
    assert column(office, "66010000", PROFILE, "--where", "66010003=993") == [993]
    assert column(office, "PR_SERVICE_NAME", PROFILE, "--where", "PR_SERVICE_SUPPORT_FILES=ACME.dll") == ["ACME"]
    assert column(office, "PR_SERVICE_NAME", PROFILE, "--where", "66010003=994") == []
    office("profile", "section", "set", PROFILE, "ACME", "--set", "6643101F=Zoë; Łukasz", "--yes")
    for value, found in (("łukasz", ["ACME"]), ("zoë;łukasz", ["ACME"]), ("łukasz;zoë", [])):
        assert column(office, "PR_SERVICE_NAME", PROFILE, "--where", f"6643101F={value}") == found


def test_a_table_for_people_has_names_and_uids_that_other_commands_take(office: Mapiwright) -> None:
    shown = office("profile", "table", PROFILE, "--where", "PR_SERVICE_NAME=ACME").out
    assert shown.startswith('Row 1\n  PR_DISPLAY_NAME = "Acme Mail"\n')
    assert "PR_RESOURCE_FLAGS = DEFAULT_STORE | SINGLE_COPY | PRIMARY_IDENTITY" in shown
    (uid,) = column(office, "PR_SERVICE_UID", PROFILE, "--where", "PR_SERVICE_NAME=ACME")
    assert f"PR_SERVICE_UID = {uid}\n" in shown
    assert shown.endswith("\n1 row.\n")
    assert office("profile", "section", "get", PROFILE, uid).code == 0


def test_a_private_property_goes_by_the_name_that_its_service_gives_it(office: Mapiwright) -> None:
    uid = column(office, "PR_SERVICE_UID", PROFILE, "--where", "PR_SERVICE_NAME=MSUPST MS")[0]
    office("profile", "section", "set", PROFILE, uid, "--set", "PR_PST_PATH=D:\\Zoë.pst", "--yes")
    asked = ("--columns", "PR_SERVICE_NAME, 6700001F", "--where", "PR_PST_PATH=d:\\zoë.PST")
    shown = office("profile", "table", PROFILE, *asked)
    assert shown.out == 'Row 1\n  PR_SERVICE_NAME = "MSUPST MS"\n  PR_PST_PATH = "D:\\Zoë.pst"\n1 row.\n'


def test_a_service_that_occurs_twice_is_asked_for_by_uid(office: Mapiwright) -> None:
    uids = column(office, "PR_SERVICE_UID", PROFILE, "--where", "PR_SERVICE_NAME=MSUPST MS")
    unclear = office("profile", "table", PROFILE, "providers", "--service", "MSUPST MS")
    assert unclear.code == 2
    assert all(uid in unclear.err for uid in uids)
    assert column(office, "PR_SERVICE_UID", PROFILE, "providers", "--service", uids[1]) == [uids[1]]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("Nobody",), 1, PROFILE),
        ((PROFILE, "sections"), 2, "sections"),
        ((PROFILE, "--service", "ACME"), 2, "goes with the table of providers"),
        ((PROFILE, "--columns", "PR_NO_SUCH"), 2, "names no property"),
        ((PROFILE, "--columns", ""), 2, "names no property"),
        ((PROFILE, "--where", "PR_RESOURCE_FLAGS"), 2, "TAG=VALUE"),
        ((PROFILE, "--where", "PR_RESOURCE_FLAGS=many"), 2, "does not fit"),
        ((PROFILE, "--where", "67FC001F=hunter2"), 2, "no table shows it"),
        ((PROFILE, "--sort", "PR_DISPLAY_NAME:up"), 2, "'up' is no direction"),
        ((PROFILE, "--sort", "3001000D"), 1, "cannot be sorted"),
        ((PROFILE, "--limit", "0"), 2, "0"),
    ],
)
def test_what_makes_no_sense_is_told(office: Mapiwright, words: tuple[str, ...], code: int, told: str) -> None:
    answer = office("profile", "table", *words)
    assert answer.code == code
    assert told in answer.err
    assert "hunter2" not in answer.err
