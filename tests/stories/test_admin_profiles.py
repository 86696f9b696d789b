"""IProfAdmin, a test for each row of what its pages promise and refuse (mapi.md 6.2 and 6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.stories.conftest import ORDINARY_NAMES

from mapiwright.admin.flags import ProfileFlag
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.session import logon
from mapiwright.errors import EntryPointError, ExistsError, NotFoundError, UsageError
from mapiwright.mapi.profile import edit
from mapiwright.mapi.profile.app_profile import APP_PROFILE, is_app_profile
from mapiwright.mapi.profile.profile import INSTANCE
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props import tags
from mapiwright.mapi.tables.restriction import Property, Relation
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import Office

    from mapiwright.mapi.tables.tables import Table

    Rows = Callable[[Table], list[dict[int, Any]]]
    CodeOf = Callable[[Callable[[], object]], int]

E_FAIL = 0x80004005
LOGON_FAILED = 0x80040111
NO_ACCESS = 0x80070005
NOT_FOUND = 0x8004010F
INVALID_PARAMETER = 0x80070057
UNKNOWN_FLAGS = 0x80040106
APP = ProfileFlag.APP_PROFILE


def names(office: Office, rows: Rows, flags: int = ProfileFlag.UNICODE) -> list[str]:
    table = office.profiles.get_profile_table(flags | ProfileFlag.UNICODE)
    return [row[tags.PR_DISPLAY_NAME] for row in rows(table)]


# GetProfileTable


def test_the_profile_table_has_two_columns_and_may_be_empty(office: Office, rows: Rows) -> None:
    """[profile-tables]"""
    table = office.profiles.get_profile_table()
    assert table.query_columns() == (tags.PR_DISPLAY_NAME, tags.PR_DEFAULT_PROFILE)
    assert table.row_count() == 0
    office.profiles.create_profile("Work")
    office.profiles.create_profile("Home")
    office.profiles.set_default_profile("home")
    assert table.row_count() == 0, "the table is static"
    table = office.profiles.get_profile_table()
    assert rows(table) == [
        {tags.PR_DISPLAY_NAME: "Work", tags.PR_DEFAULT_PROFILE: False},
        {tags.PR_DISPLAY_NAME: "Home", tags.PR_DEFAULT_PROFILE: True},
    ]


def test_without_mapi_unicode_the_names_come_in_eight_bits(office: Office, rows: Rows) -> None:
    """[iprofadmin-getprofiletable], header"""
    office.profiles.create_profile("Büro")
    assert rows(office.profiles.get_profile_table(0))[0][0x3001001E] == "Büro"


# CreateProfile


@pytest.mark.parametrize("name", ["W", "Büro_2 links", "ß" * 64, *ORDINARY_NAMES])
def test_legal_names(office: Office, rows: Rows, name: str) -> None:
    """[iprofadmin-createprofile]"""
    office.profiles.create_profile(name)
    assert names(office, rows) == [name]


@pytest.mark.parametrize("name", ["", " Work", "Work ", "W" * 65, "a/b", "a\\b", "a:b", "a\u202eb", "a\tb", "a\0b"])
def test_illegal_names_are_invalid_parameters(office: Office, code_of: CodeOf, name: str) -> None:
    """[iprofadmin-createprofile]; the code is not named there"""
    office.profiles.create_profile("Old")
    assert code_of(lambda: office.profiles.create_profile(name)) == INVALID_PARAMETER
    assert code_of(lambda: office.profiles.copy_profile("Old", name)) == INVALID_PARAMETER
    assert code_of(lambda: office.profiles.rename_profile("Old", name)) == INVALID_PARAMETER
    assert office.workspace.names == ("Old",)


def test_a_new_profile_is_empty_and_nobody_is_called(office: Office) -> None:
    """[iprofadmin-createprofile]"""
    office.profiles.create_profile("Work", ProfileFlag.DIALOG | ProfileFlag.UNICODE)
    assert office.stored().services == ()
    assert office.calls == []
    assert faults(office.stored()) == ()


def test_a_name_that_is_taken_is_no_access_in_whatever_case(office: Office, code_of: CodeOf) -> None:
    """[iprofadmin-createprofile], [iprofadmin-copyprofile]"""
    office.profiles.create_profile("Work")
    office.profiles.create_profile("Home")
    with pytest.raises(ExistsError):
        office.profiles.create_profile("WORK")
    assert code_of(lambda: office.profiles.create_profile("work")) == NO_ACCESS
    assert code_of(lambda: office.profiles.copy_profile("Home", "work")) == NO_ACCESS
    assert code_of(lambda: office.profiles.rename_profile("Home", "WORK")) == NO_ACCESS


def test_default_services_are_all_copied_before_the_first_is_called(office: Office) -> None:
    """[iprofadmin-createprofile]: two phases, one call each, in the file's order; BAD is left out ([derived])"""
    with pytest.raises(EntryPointError) as caught:
        office.profiles.create_profile("Work", ProfileFlag.DEFAULT_SERVICES)
    assert caught.value.hresult == 0x80040119
    assert "the licence has run out" in str(caught.value)
    assert "The profile was made without BAD" in str(caught.value)
    assert "rolled back" not in str(caught.value)
    assert office.calls == ["MAIL CREATE", "BAD CREATE"], "BOOK has no entry point"
    profile = office.stored()
    assert [service.name for service in profile.services] == ["MAIL", "BOOK"]
    assert faults(profile) == ()
    legs = [str(title) for title, _ in office.receipts[-1].legs]
    assert legs[0] == "profiles of Zoë", "one leg holds all of them, and it comes before the calls"
    assert len(office.receipts) == 1, "it is one transaction all the same"
    told = office.profiles.get_last_error(0x80040119)
    assert told is not None
    assert "the licence has run out" in told.error


def test_a_ui_is_forwarded_to_default_services_with_mapi_dialog_only(office: Office) -> None:
    """[iprofadmin-createprofile]: MAPI_DIALOG is SERVICE_UI_ALLOWED to the service, and never UI_READ_ONLY."""
    for name, flags, seen in (("Quiet", 0, 0x80000000), ("Loud", ProfileFlag.DIALOG, 0x80000010)):
        with pytest.raises(EntryPointError):
            office.profiles.create_profile(name, ProfileFlag.DEFAULT_SERVICES | flags)
        mail = office.stored(name).services[0].section
        assert mail.number(0x66200003) & 0xFFFFFFFF == seen


def test_in_a_batch_the_failure_of_a_default_service_comes_when_the_batch_ends(office: Office) -> None:
    def both() -> None:
        with office.workspace.batch():
            office.profiles.create_profile("Work", ProfileFlag.DEFAULT_SERVICES)
            office.profiles.set_default_profile("Work")
            office.profiles.delete_profile("Used")

    office.profiles.create_profile("Used")
    session = logon(office.workspace, "Used")
    with pytest.raises(EntryPointError):
        both()
    session.logoff()
    assert office.workspace.names == ("Work",), "what was done stays done, and what was marked marked"
    assert office.workspace.default == "Work"
    assert [service.name for service in office.stored().services] == ["MAIL", "BOOK"]


# Application profiles


def test_an_application_profile_is_hidden_and_needs_its_flag(office: Office, rows: Rows, code_of: CodeOf) -> None:
    """[iprofadmin-createprofile], [iprofadmin-getprofiletable]"""
    office.profiles.create_profile("App", APP)
    office.profiles.create_profile("Work")
    assert names(office, rows) == ["Work"]
    assert names(office, rows, APP) == ["App", "Work"]
    for refused in (
        lambda: office.profiles.delete_profile("App"),
        lambda: office.profiles.copy_profile("App", "Other"),
        lambda: office.profiles.rename_profile("App", "Other"),
    ):
        assert code_of(refused) == NO_ACCESS
    office.profiles.rename_profile("App", "Apparat", APP)
    assert names(office, rows, APP) == ["Work", "Apparat"] or names(office, rows, APP) == ["Apparat", "Work"]
    office.profiles.delete_profile("Apparat", APP)
    assert names(office, rows, APP) == ["Work"]


def test_a_copy_is_an_application_profile_where_its_source_is_one_and_not_by_flag(office: Office, rows: Rows) -> None:
    """[iprofadmin-copyprofile]"""
    office.profiles.create_profile("App", APP)
    office.profiles.create_profile("Work")
    office.profiles.copy_profile("App", "App 2", APP)
    office.profiles.copy_profile("Work", "Work 2", APP)
    assert set(names(office, rows)) == {"Work", "Work 2"}
    assert is_app_profile(office.stored("App 2"))


def test_an_application_profile_is_never_the_default_one(office: Office, code_of: CodeOf) -> None:
    """[iprofadmin-setdefaultprofile]: E_FAIL"""
    office.profiles.create_profile("App", APP)
    assert code_of(lambda: office.profiles.set_default_profile("App")) == E_FAIL
    assert office.workspace.default is None


def test_the_mark_of_an_application_profile_is_an_orphan_section_and_nothing_else(office: Office) -> None:
    office.profiles.create_profile("App", APP)
    assert set(office.stored("App").sections) - set(edit.new_profile("X", 8, bytes).sections) == {APP_PROFILE}
    assert faults(office.stored("App")) == ()


# DeleteProfile


def test_each_service_is_called_with_delete_before_the_profile_goes(office: Office, rows: Rows) -> None:
    """[iprofadmin-deleteprofile], [deleting-a-profile]; what it answers holds nothing up"""
    services = office.services()
    services.create_message_service("MAIL")
    services.create_message_service("SHY")
    office.profiles.set_default_profile("Work")
    office.profiles.delete_profile("work")
    assert office.calls == ["MAIL CREATE", "SHY CREATE", "MAIL DELETE", "SHY DELETE"]
    assert office.workspace.names == ()
    assert office.workspace.default is None
    assert names(office, rows) == []


def test_a_missing_profile_is_not_found_here_and_logon_failed_there(office: Office, code_of: CodeOf) -> None:
    """The asymmetry of [iprofadmin-deleteprofile], -copyprofile, -setdefaultprofile and -adminservices"""
    assert code_of(lambda: office.profiles.delete_profile("Nobody")) == NOT_FOUND
    assert code_of(lambda: office.profiles.copy_profile("Nobody", "New")) == NOT_FOUND
    assert code_of(lambda: office.profiles.rename_profile("Nobody", "New")) == NOT_FOUND
    assert code_of(lambda: office.profiles.set_default_profile("Nobody")) == NOT_FOUND
    assert code_of(lambda: office.profiles.admin_services("Nobody")) == LOGON_FAILED
    with pytest.raises(NotFoundError):
        office.profiles.admin_services("Nobody")
    assert code_of(lambda: office.profiles.admin_services("")) == INVALID_PARAMETER
    assert office.workspace.names == (), "AdminServices never makes a profile"


def test_a_profile_in_use_is_marked_hidden_and_deleted_at_the_last_logoff(
    office: Office, rows: Rows, code_of: CodeOf
) -> None:
    """[iprofadmin-deleteprofile]"""
    office.services().create_message_service("MAIL")
    first, second = logon(office.workspace, "Work"), logon(office.workspace, "WORK")
    office.profiles.delete_profile("Work")
    assert names(office, rows) == []
    assert office.calls == ["MAIL CREATE"], "the services are told when the profile goes"
    for gone in (
        lambda: office.profiles.delete_profile("Work"),
        lambda: office.profiles.copy_profile("Work", "New"),
        lambda: office.profiles.rename_profile("Work", "New"),
        lambda: office.profiles.set_default_profile("Work"),
    ):
        assert code_of(gone) == NOT_FOUND
    assert code_of(lambda: office.profiles.admin_services("Work")) == LOGON_FAILED
    assert code_of(lambda: logon(office.workspace, "Work")) == LOGON_FAILED
    assert code_of(lambda: office.profiles.create_profile("Work")) == NO_ACCESS, "its name is not free yet"
    assert first.admin_services().profile.services[0].name == "MAIL", "who is logged on goes on"
    first.logoff()
    assert office.workspace.find("Work") is not None
    second.logoff()
    assert office.workspace.find("Work") is None
    assert office.calls == ["MAIL CREATE", "MAIL DELETE"]
    office.profiles.create_profile("Work")
    assert names(office, rows) == ["Work"]


def test_an_administration_object_or_an_open_section_holds_no_profile_in_use(office: Office) -> None:
    """[administering-profiles-and-message-services]: only a logon is a session"""
    services = office.services()
    section = services.open_profile_section(INSTANCE)
    office.profiles.delete_profile("Work")
    assert office.workspace.names == ()
    with pytest.raises(NotFoundError):
        section.get_props()


# RenameProfile, CopyProfile


def test_a_renamed_profile_is_the_same_one_and_stays_the_default(office: Office, rows: Rows) -> None:
    """[iprofadmin-renameprofile]"""
    office.services().create_message_service("BOOK")
    office.profiles.set_default_profile("Work")
    before = office.stored()
    office.profiles.rename_profile("work", "Home")
    assert office.workspace.default == "Home"
    assert office.stored("Home").sections == before.sections
    assert names(office, rows) == ["Home"]
    assert office.calls == []


def test_a_profile_in_use_is_renamed_at_the_last_logoff(office: Office, rows: Rows, code_of: CodeOf) -> None:
    """[iprofadmin-renameprofile]; its new name is taken meanwhile ([derived])"""
    office.services()
    office.profiles.set_default_profile("Work")
    with logon(office.workspace, "Work"):
        office.profiles.rename_profile("Work", "Home")
        assert names(office, rows) == ["Work"]
        assert code_of(lambda: office.profiles.create_profile("HOME")) == NO_ACCESS
    assert names(office, rows) == ["Home"]
    assert office.workspace.default == "Home"


def test_a_copy_has_all_sections_its_own_search_key_and_no_call(office: Office) -> None:
    """[iprofadmin-copyprofile], [pidtagsearchkey-canonical-property], [pidtagserviceextrauids-canonical-property]"""
    office.services().create_message_service("MAIL")
    office.profiles.copy_profile("WORK", "Copy")
    one, two = office.stored(), office.stored("Copy")
    assert one.without_sections([INSTANCE]).sections == two.without_sections([INSTANCE]).sections
    assert one.existing([INSTANCE])[0].get(tags.PR_SEARCH_KEY) != two.existing([INSTANCE])[0].get(tags.PR_SEARCH_KEY)
    assert office.calls == ["MAIL CREATE"]


# SetDefaultProfile and the rest


def test_setting_a_default_takes_it_from_the_old_one_and_none_clears_it(office: Office, rows: Rows) -> None:
    """[iprofadmin-setdefaultprofile], [setting-a-default-profile]"""
    for name in ("Work", "Home"):
        office.profiles.create_profile(name)
        office.profiles.set_default_profile(name)
    table = office.profiles.get_profile_table()
    table.restrict(Property(Relation.EQ, tags.PR_DEFAULT_PROFILE, (tags.PR_DEFAULT_PROFILE, True)))
    assert [row[tags.PR_DISPLAY_NAME] for row in rows(table)] == ["Home"]
    office.profiles.set_default_profile(None)
    assert not any(row[tags.PR_DEFAULT_PROFILE] for row in rows(office.profiles.get_profile_table()))


def test_there_are_no_passwords_to_change(office: Office) -> None:
    """[iprofadmin-changeprofilepassword]: S_OK always"""
    office.profiles.change_profile_password("Nobody", "old", "new")
    assert office.receipts == []


def test_unknown_flags_are_refused_everywhere(office: Office, code_of: CodeOf) -> None:
    """[derived] from [imapisupport-openprofilesection]"""
    profiles = office.profiles
    for call in (
        lambda: profiles.get_profile_table(0x2),
        lambda: profiles.create_profile("Work", 0x10),
        lambda: profiles.delete_profile("Work", ProfileFlag.DIALOG),
        lambda: profiles.copy_profile("Work", "Home", 0x1),
        lambda: profiles.rename_profile("Work", "Home", 0x1),
        lambda: profiles.set_default_profile("Work", 0x4),
        lambda: profiles.admin_services("Work", 0x4),
        lambda: logon(office.workspace, "Work", 0x40000000),
    ):
        assert code_of(call) == UNKNOWN_FLAGS


def test_each_object_has_its_own_last_error(office: Office) -> None:
    """[mapi-extended-errors], [iprofadmin-getlasterror]"""
    assert office.profiles.get_last_error() is None
    with pytest.raises(UsageError):
        office.profiles.create_profile("")
    told = office.profiles.get_last_error(INVALID_PARAMETER)
    assert told is not None
    assert (told.component, "cannot be called" in told.error) == ("Mapiwright", True)
    assert office.profiles.get_last_error(NOT_FOUND) is None
    assert office.services().get_last_error() is None


# Batches


def test_a_batch_is_one_transaction_and_an_error_in_it_takes_all_back(office: Office) -> None:
    with office.workspace.batch("set up two"):
        office.profiles.create_profile("Work")
        office.profiles.create_profile("Home")
        office.profiles.rename_profile("Work", "Office")
        office.profiles.set_default_profile("Office")
        office.profiles.admin_services("Office").create_message_service("MAIL")
        office.profiles.rename_profile("Office", "Bureau")
    assert len(office.receipts) == 1
    assert set(office.workspace.names) == {"Home", "Bureau"}
    assert office.workspace.default == "Bureau"
    assert office.calls == ["MAIL CREATE"], "the call found the profile under its last name"

    def fails_at_last() -> None:
        with office.workspace.batch():
            office.profiles.delete_profile("Home")
            office.profiles.create_profile("bureau")

    with pytest.raises(ExistsError):
        fails_at_last()
    assert set(office.workspace.names) == {"Home", "Bureau"}
    assert len(office.receipts) == 1


def test_an_error_that_is_caught_in_a_batch_takes_back_its_own_call_only(office: Office) -> None:
    with office.workspace.batch():
        office.profiles.create_profile("Work")
        with pytest.raises(NotFoundError):
            office.profiles.admin_services("Work").create_message_service("NOWHERE")
        office.profiles.create_profile("Home")
    assert set(office.workspace.names) == {"Work", "Home"}
    assert "NOWHERE" not in str(office.receipts[0].title)


def test_what_comes_and_goes_in_one_batch_is_never_called(office: Office) -> None:
    services = office.services()
    kept = services.create_message_service("MAIL")
    with office.workspace.batch():
        uid = services.create_message_service("SHY")
        services.configure_message_service(uid, {0x6600001F: "x"})
        services.delete_message_service(uid)
        office.profiles.create_profile("Brief")
        office.profiles.admin_services("Brief").create_message_service("MAIL")
        office.profiles.delete_profile("Brief")
        services.configure_message_service(kept, {0x6600001F: "y"})
        office.profiles.rename_profile("Work", "Bureau")
        office.profiles.delete_profile("Bureau")
    assert office.calls == ["MAIL CREATE", "MAIL DELETE"]
    assert office.workspace.names == ()


def test_a_mark_that_was_set_in_a_batch_that_failed_is_none(office: Office, rows: Rows) -> None:
    office.services()

    def fails_at_last() -> None:
        with office.workspace.batch():
            office.profiles.delete_profile("Work")
            office.profiles.create_profile("")

    with logon(office.workspace, "Work"):
        with pytest.raises(UsageError):
            fails_at_last()
        assert names(office, rows) == ["Work"]
    assert names(office, rows) == ["Work"]


def test_another_workspace_sees_what_was_sent_and_the_default_as_it_is_now(office: Office) -> None:
    other = office.another()
    assert (other.names, other.default) == ((), None)
    office.profiles.create_profile("Work")
    office.profiles.set_default_profile("Work")
    assert other.names == ("Work",)
    assert ProfileAdmin(other).get_profile_table().query_rows(1)[0][1] == (tags.PR_DEFAULT_PROFILE, True)
    root = office.workstation.users[0].root / PROFILE_ROOTS[office.workspace.edition].profiles
    assert office.workstation.registry.subkeys(root) == ("Work",)
