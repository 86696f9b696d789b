"""A logon as far as administration needs it: MAPILogonEx and IMAPISession (mapi.md 6.1, 6.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mapiwright.admin.flags import LogonFlag, SectionFlag, StoreChoice
from mapiwright.admin.session import logon
from mapiwright.errors import CallError, NotFoundError, RefusedError, UsageError
from mapiwright.mapi.profile.profile import INSTANCE
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import StatusFlag

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import Office

    from mapiwright.mapi.profile.profile import Provider

    CodeOf = Callable[[Callable[[], object]], int]

LOGON_FAILED = 0x80040111
INVALID_OBJECT = 0x80040108
NOT_FOUND = 0x8004010F


def stores(office: Office) -> tuple[Provider, ...]:
    return office.stored().providers(tags.PR_STORE_PROVIDERS)


def holders(office: Office, flag: StatusFlag) -> list[str]:
    return [store.uid for store in stores(office) if flag in store.flags]


# MAPILogonEx


def test_a_profile_is_chosen_by_name_or_as_the_default_one(office: Office, code_of: CodeOf) -> None:
    """[mapilogonex]"""
    office.profiles.create_profile("Work")
    office.profiles.create_profile("Home")
    for wrong in (
        lambda: logon(office.workspace),
        lambda: logon(office.workspace, ""),
        lambda: logon(office.workspace, None, LogonFlag.LOGON_UI),
        lambda: logon(office.workspace, "Nobody"),
        lambda: logon(office.workspace, "W" * 65),
        lambda: logon(office.workspace, "Work", LogonFlag.USE_DEFAULT),
    ):
        assert code_of(wrong) == LOGON_FAILED
    with logon(office.workspace, "home") as session:
        assert session.profile_name == "Home"
    office.profiles.set_default_profile("Work")
    with logon(office.workspace, "Home", LogonFlag.USE_DEFAULT | LogonFlag.EXTENDED) as session:
        assert session.profile_name == "Work"


def test_a_shared_session_is_everybodys_unless_a_new_one_is_asked_for(office: Office) -> None:
    """[mapilogonex]: MAPI_ALLOW_OTHERS, MAPI_NEW_SESSION"""
    office.profiles.create_profile("Work")
    office.profiles.create_profile("Home")
    with logon(office.workspace, "Work", LogonFlag.ALLOW_OTHERS):
        with logon(office.workspace, "Home") as second:
            assert second.profile_name == "Work"
        with logon(office.workspace) as third:
            assert third.profile_name == "Work"
        with logon(office.workspace, "Home", LogonFlag.NEW_SESSION) as own:
            assert own.profile_name == "Home"
    with logon(office.workspace, "Home") as alone:
        assert alone.profile_name == "Home"


def test_every_service_is_configured_first_where_that_was_asked_for(office: Office) -> None:
    """[mapilogonex]: MAPI_SERVICE_UI_ALWAYS; a service without an entry point is passed over"""
    services = office.services()
    uid = services.create_message_service("MAIL")
    services.create_message_service("WIRE")
    with logon(office.workspace, "Work", LogonFlag.SERVICE_UI_ALWAYS) as session:
        assert office.calls == ["MAIL CREATE", "MAIL CONFIGURE"]
        section = session.profile.section(uid)
        assert section is not None
        assert section.number(0x66210003) & 0xFFFFFFFF == 0x80000002


def test_an_application_profile_is_logged_on_to_by_its_name(office: Office) -> None:
    office.profiles.create_profile("App", 0x4)
    with logon(office.workspace, "App", LogonFlag.NO_MAIL | LogonFlag.NT_SERVICE) as session:
        assert session.profile_name == "App"


# IMAPISession


def test_a_session_goes_on_with_what_it_began_with(office: Office) -> None:
    """[imapisession-adminservices]: changes are for the next session"""
    office.services()
    with logon(office.workspace, "Work") as session:
        session.admin_services().create_message_service("WIRE")
        assert session.profile.services == ()
        assert [each.name for each in office.stored().services] == ["WIRE"]
    with logon(office.workspace, "Work") as session:
        assert [each.name for each in session.profile.services] == ["WIRE"]


def test_a_session_that_has_ended_is_of_no_use(office: Office, code_of: CodeOf) -> None:
    office.services()
    session = logon(office.workspace, "Work")
    session.logoff()
    session.logoff()
    for call in (
        session.admin_services,
        lambda: session.open_profile_section(INSTANCE),
        lambda: session.set_default_store(None),
        lambda: session.modify_profile("ee" * 16),
    ):
        assert code_of(call) == INVALID_OBJECT
    with pytest.raises(CallError):
        session.admin_services()


def test_the_default_store_is_chosen_by_uid_or_entry_id(office: Office, code_of: CodeOf) -> None:
    """[imapisession-setdefaultstore]"""
    services = office.services()
    services.create_message_service("MAIL")
    services.create_message_service("MAIL")
    archive = services.create_message_service("ARCHIVE")
    first, second, third = (store.uid for store in stores(office))
    assert holders(office, StatusFlag.DEFAULT_STORE) == [first], "the first that can be it ([mapi-profiles])"
    with services.open_profile_section(first, SectionFlag.MODIFY | SectionFlag.FORCE_ACCESS) as section:
        section.set_props({tags.PR_ENTRYID: b"an entry id of any length"})
    with logon(office.workspace, "Work") as session:
        session.set_default_store(second)
        assert holders(office, StatusFlag.DEFAULT_STORE) == [second]
        assert session.stores == {StoreChoice.DEFAULT_STORE: second}
        session.set_default_store(b"an entry id of any length")
        assert holders(office, StatusFlag.DEFAULT_STORE) == [first]
        assert faults(office.stored()) == ()
        with pytest.raises(RefusedError):
            session.set_default_store(third)
        for wrong in ("ee" * 16, bytes(5), archive):
            assert code_of(lambda wrong=wrong: session.set_default_store(wrong)) == NOT_FOUND  # type: ignore[misc]
        session.set_default_store(None)
        assert holders(office, StatusFlag.DEFAULT_STORE) == []


def test_a_permanent_choice_goes_into_the_profile_and_the_others_hold_for_the_session(office: Office) -> None:
    """[imapisession-setdefaultstore]: MAPI_SIMPLE_STORE_PERMANENT and MAPI_DEFAULT_STORE update the profile"""
    services = office.services()
    services.create_message_service("MAIL")
    services.create_message_service("ARCHIVE")
    first, second = (store.uid for store in stores(office))
    with logon(office.workspace, "Work") as session:
        before = office.stored()
        for choice in (StoreChoice.SIMPLE_STORE_TEMPORARY, StoreChoice.PRIMARY_STORE, StoreChoice.SECONDARY_STORE):
            session.set_default_store(bytes.fromhex(second), choice)
        assert office.stored() == before
        assert set(session.stores.values()) == {second}
        session.set_default_store(second, StoreChoice.SIMPLE_STORE_PERMANENT)
        assert holders(office, StatusFlag.SIMPLE_STORE) == [second]
        session.set_default_store(first, StoreChoice.SIMPLE_STORE_PERMANENT)
        assert holders(office, StatusFlag.SIMPLE_STORE) == [first]
        for choices in (0, 6, 7):
            with pytest.raises(UsageError):
                session.set_default_store(first, choices)


def test_a_temporary_store_goes_at_the_last_logoff_unless_it_is_kept(office: Office) -> None:
    """[imapisupport-modifyprofile], [pidtagresourceflags-canonical-property]: STATUS_TEMP_SECTION"""
    services = office.services()
    for _ in range(3):
        services.create_message_service("MAIL")
    first, second, third = (store.uid for store in stores(office))
    with logon(office.workspace, "Work") as session:
        for uid in (second, third):
            with session.open_profile_section(uid, SectionFlag.MODIFY | SectionFlag.FORCE_ACCESS) as section:
                section.set_props({tags.PR_RESOURCE_FLAGS: StatusFlag.TEMP_SECTION})
        session.modify_profile(second, temporary=True)
        session.modify_profile(third)
        with logon(office.workspace, "Work"):
            pass
        assert [store.uid for store in stores(office)] == [first, second, third], "somebody is still logged on"
    assert [store.uid for store in stores(office)] == [first, third]
    assert faults(office.stored()) == ()


def test_the_name_of_a_profile_is_found_three_ways(office: Office) -> None:
    """[finding-a-profile-name]: the default one, the one of a session, the one of any section"""
    office.services()
    office.profiles.set_default_profile("Work")
    assert office.workspace.default == "Work"
    with logon(office.workspace, None, LogonFlag.USE_DEFAULT) as session:
        assert session.profile_name == "Work"
        section = session.open_profile_section(INSTANCE)
        assert section.get_props([tags.PR_PROFILE_NAME]).values[0][1] == "Work"


def test_a_profile_that_another_program_removed_meanwhile_ends_no_session_twice(office: Office) -> None:
    office.services()
    session = logon(office.workspace, "Work")
    other = office.another()
    with other.batch():
        other.put(other.profile("Work"), None)
    with pytest.raises(NotFoundError):
        session.logoff()
    assert not session.open
