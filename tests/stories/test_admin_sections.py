"""IProfSect and OpenProfileSection, a test for each row of what their pages promise and refuse (mapi.md 6.7, 6.8)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from mapiwright.admin.flags import CopyFlag, ReadFlag, SaveFlag, SectionFlag
from mapiwright.admin.properties import PropertyCopy, PropertyProblem
from mapiwright.admin.session import logon
from mapiwright.errors import CallError, NotFoundError, RefusedError, UsageError
from mapiwright.mapi.profile import store
from mapiwright.mapi.profile.profile import INSTANCE
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.protected import DPAPI_START
from mapiwright.workstation.change import SetValue
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import Office

    from mapiwright.admin.providers import ProviderAdmin
    from mapiwright.admin.sections import ProfileSection
    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.admin.session import Session
    from mapiwright.formats.props import PropertyValue

    Door = MessageServiceAdmin | ProviderAdmin | Session
    CodeOf = Callable[[Callable[[], object]], int]

NOT_FOUND = 0x8004010F
NO_ACCESS = 0x80070005
NO_SUPPORT = 0x80040102
COMPUTED = 0x8004011A
INVALID_TYPE = 0x80040302
INVALID_PARAMETER = 0x80070057
UNKNOWN_FLAGS = 0x80040106
ERRORS_RETURNED = 0x00040380

MODIFY, FORCE, DEFERRED = SectionFlag.MODIFY, SectionFlag.FORCE_ACCESS, SectionFlag.DEFERRED_ERRORS
OURS = "0123456789abcdef0123456789abcdef"
TEXT, TEXT_A, NUMBER, BLOB = 0x6600001F, 0x6600001E, 0x66010003, 0x66020102
PASSWORD = 0x67F0001F
SECRET = "correct horse battery"  # noqa: S105 - what must never be seen again


def ours(office: Office) -> ProfileSection:
    """A section of our own, open for writing."""
    return office.services().open_profile_section(OURS, MODIFY)


def plant(office: Office, name: str, value: Value) -> None:
    """A registry value in our section, as another program left it."""
    root = office.workstation.users[0].root / PROFILE_ROOTS[office.workspace.edition].profiles
    office.workstation.registry.apply([SetValue(root / "Work" / OURS, name, None, value)])


# OpenProfileSection


def test_a_section_that_is_not_there_is_made_by_who_would_write(office: Office, code_of: CodeOf) -> None:
    """[imsgserviceadmin-openprofilesection], [imapisession-openprofilesection], and -iprovideradmin-"""
    services = office.services()
    services.create_message_service("WIRE")
    with logon(office.workspace, "Work") as session:
        doors: tuple[Door, ...] = (services, session, services.admin_providers("WIRE"))
        for number, opener in enumerate(doors):
            uid = f"{number:032x}"
            assert code_of(lambda opener=opener, uid=uid: opener.open_profile_section(uid)) == NOT_FOUND  # type: ignore[misc]
            with opener.open_profile_section(bytes.fromhex(uid), MODIFY) as section:
                assert section.uid == uid
            assert office.stored().section(uid) is not None
            assert not opener.open_profile_section(uid.upper()).writable, "reading is the default"


def test_what_is_no_uid_is_an_invalid_parameter(office: Office, code_of: CodeOf) -> None:
    services = office.services()
    for uid in (None, "", "zz" * 16, bytes(15), "0" * 31):
        assert code_of(lambda uid=uid: services.open_profile_section(uid, MODIFY)) == INVALID_PARAMETER  # type: ignore[misc]


def test_many_may_read(office: Office) -> None:
    """[imsgserviceadmin-openprofilesection]"""
    services = office.services()
    readers = [services.open_profile_section(INSTANCE) for _ in range(3)]
    assert len({reader.get_props([tags.PR_SEARCH_KEY]) for reader in readers}) == 1


def test_while_one_writes_no_other_opens_at_all(office: Office, code_of: CodeOf) -> None:
    """[imsgserviceadmin-openprofilesection], [iprovideradmin-openprofilesection]"""
    services = office.services()
    with ours(office):
        assert code_of(lambda: services.open_profile_section(OURS)) == NO_ACCESS
        assert code_of(lambda: services.open_profile_section(OURS, MODIFY)) == NO_ACCESS
        services.open_profile_section(INSTANCE, MODIFY).close()
        office.services("Home").open_profile_section(OURS, MODIFY).close()
    services.open_profile_section(OURS)


def test_while_others_read_nobody_opens_to_write(office: Office, code_of: CodeOf) -> None:
    """[iprovideradmin-openprofilesection]"""
    services = office.services()
    ours(office).close()
    reader = services.open_profile_section(OURS)
    assert code_of(lambda: services.open_profile_section(OURS, MODIFY)) == NO_ACCESS
    reader.close()
    assert services.open_profile_section(OURS, MODIFY).writable


def test_a_section_that_was_forgotten_holds_nobody_up(office: Office) -> None:
    ours(office).set_props({NUMBER: 1})
    ours(office).set_props({NUMBER: 2})
    assert ours(office).get_props([NUMBER]).values == ((NUMBER, 2),)


def test_a_providers_section_is_opened_by_force_only(office: Office, code_of: CodeOf) -> None:
    """[imsgserviceadmin-openprofilesection]: MAPI_FORCE_ACCESS, at all three doors"""
    services = office.services()
    services.create_message_service("MAIL")
    service = office.stored().services[0]
    uid = service.providers[0].uid
    with logon(office.workspace, "Work") as session:
        doors: tuple[Door, ...] = (services, session, services.admin_providers("MAIL"))
        for opener in doors:
            assert code_of(lambda opener=opener: opener.open_profile_section(uid)) == NO_ACCESS  # type: ignore[misc]
            assert code_of(lambda opener=opener: opener.open_profile_section(uid, MODIFY)) == NO_ACCESS  # type: ignore[misc]
            opener.open_profile_section(uid, FORCE).close()
            with opener.open_profile_section(uid, FORCE | MODIFY) as section:
                assert section.set_props({TEXT: "x"}) == ()
    services.open_profile_section(service.uid).close()
    services.open_profile_section(service.extras[0].uid).close()


def test_deferred_errors_come_at_the_first_use(office: Office, code_of: CodeOf) -> None:
    """[imsgserviceadmin-openprofilesection]"""
    section = office.services().open_profile_section("ee" * 16, DEFERRED)
    assert code_of(section.get_props) == NOT_FOUND
    assert code_of(lambda: section.set_props({NUMBER: 1})) == NOT_FOUND
    told = section.get_last_error(NOT_FOUND)
    assert told is not None
    assert office.services().open_profile_section(INSTANCE, DEFERRED).get_props([tags.PR_SEARCH_KEY]).hresult == 0


def test_unknown_flags_of_opening(office: Office, code_of: CodeOf) -> None:
    """[imapisupport-openprofilesection]"""
    assert code_of(lambda: office.services().open_profile_section(INSTANCE, 0x80000000)) == UNKNOWN_FLAGS


def test_the_old_exchange_section_opens_that_of_the_legacy_account(office: Office) -> None:
    """[using-multiple-exchange-accounts], [pidtagexchangeprofilesectionid-canonical-property]"""
    services = office.services()
    old = "13dbb0c8aa05101a9bb000aa002fc45a"
    services.open_profile_section(old, MODIFY).close()
    assert services.open_profile_section(old).uid == old, "without such an account it is itself"
    mail = services.create_message_service("MAIL")
    account = office.stored().services[0].extras[1].uid
    with services.open_profile_section(mail, MODIFY) as section:
        section.set_props({tags.PR_EMSMDB_SECTION_UID: bytes.fromhex(account), tags.PR_EMSMDB_LEGACY: True})
    assert services.open_profile_section(bytes.fromhex(old)).uid == account


def test_a_closed_section_and_one_that_went_are_of_no_use(office: Office) -> None:
    section = ours(office)
    section.close()
    with pytest.raises(CallError):
        section.get_props()
    services = office.services()
    mail = services.create_message_service("MAIL")
    section = services.open_profile_section(mail)
    services.delete_message_service(mail)
    with pytest.raises(NotFoundError):
        section.get_props()


# Reading


def test_every_section_says_what_it_is_and_of_which_profile(office: Office) -> None:
    """[iprofsectimapiprop]: PR_OBJECT_TYPE, PR_PROFILE_NAME; stored nowhere"""
    services = office.services()
    mail = services.create_message_service("MAIL")
    for uid in office.stored().sections:
        section = services.open_profile_section(uid, FORCE)
        answer = section.get_props([tags.PR_OBJECT_TYPE, 0x3D12001E, tags.PR_PROFILE_NAME])
        assert answer == (0, ((tags.PR_OBJECT_TYPE, 9), (0x3D12001E, "Work"), (tags.PR_PROFILE_NAME, "Work")))
        assert {tags.PR_OBJECT_TYPE, tags.PR_PROFILE_NAME} <= set(section.get_prop_list())
    own = services.open_profile_section(mail).get_props([tags.PR_SERVICE_UID])
    assert own.values == ((tags.PR_SERVICE_UID, bytes.fromhex(mail)),)
    stored = office.stored()
    assert not any(tags.PR_PROFILE_NAME in section.properties for section in stored.sections.values())


def test_a_missing_property_is_an_error_in_its_place(office: Office, code_of: CodeOf) -> None:
    """[imapiprop-getprops]: MAPI_W_ERRORS_RETURNED; none at all is an invalid parameter"""
    section = ours(office)
    section.set_props({TEXT: "x", NUMBER: 1})
    answer = section.get_props([NUMBER, BLOB, 0x66000003])
    assert answer == (ERRORS_RETURNED, ((NUMBER, 1), (0x6602000A, NOT_FOUND), (0x6600000A, NOT_FOUND)))
    assert code_of(lambda: section.get_props([])) == INVALID_PARAMETER
    assert code_of(lambda: section.get_props(None, 1)) == UNKNOWN_FLAGS
    assert code_of(lambda: section.get_prop_list(1)) == UNKNOWN_FLAGS


def test_strings_come_in_the_width_that_is_asked_for(office: Office) -> None:
    """[imapiprop-getprops]"""
    section = ours(office)
    section.set_props({TEXT: "Žaluzie ж", 0x6603101F: ("ß", "ж")})
    assert section.get_props([TEXT_A, TEXT]).values == ((TEXT_A, "Žaluzie ?"), (TEXT, "Žaluzie ж"))
    assert section.get_props([0x6603101E]).values == ((0x6603101E, ("ß", "?")),)
    assert section.get_props([0x66000000]).values == ((TEXT, "Žaluzie ж"),)
    assert section.get_props([0x66000000], 0).values == ((TEXT_A, "Žaluzie ?"),)
    assert TEXT in section.get_prop_list(ReadFlag.UNICODE)
    assert TEXT_A in section.get_prop_list(0)
    assert (TEXT_A, "Žaluzie ?") in section.get_props(None, 0).values


def test_an_empty_list_is_never_returned(office: Office) -> None:
    """[imapiprop-getprops]"""
    section = ours(office)
    plant(office, "10036604", Value.binary(b""))
    assert section.get_props([0x66041003]).hresult == ERRORS_RETURNED
    assert 0x66041003 not in section.get_prop_list()


# The secure range


def test_a_secure_property_is_in_no_list_and_given_to_who_names_it(office: Office) -> None:
    """[iprofsectimapiprop], [imapiprop-getprops]"""
    section = ours(office)
    plant(office, "001e67f1", Value.sz("left plain"))
    plant(office, "S010267f0", Value.binary(DPAPI_START + bytes(16)))
    assert not any(tags.is_secure(tag) for tag in section.get_prop_list())
    assert not any(tags.is_secure(tag) for tag, _ in section.get_props().values)
    assert section.get_props([0x67F1001E, 0x67F1001F, 0x67F10000]).values[:2] == (
        (0x67F1001E, "left plain"),
        (0x67F1001F, "left plain"),
    )
    # One that is encrypted cannot be read here; one that is not there is not found.
    assert section.get_props([0x67F00102, 0x67F00000]).values == ((0x67F0000A, NO_ACCESS), (0x67F0000A, NO_ACCESS))
    assert section.get_props([0x67F2001F, PASSWORD]).values == ((0x67F2000A, NOT_FOUND), (0x67F0000A, NOT_FOUND))


def test_a_secure_property_cannot_be_made_here_and_nothing_else_of_the_call_is_set(office: Office) -> None:
    """[iprofsectimapiprop]: it is kept encrypted, which needs Windows; it is never stored plain"""
    section = ours(office)
    with pytest.raises(RefusedError) as caught:
        section.set_props({NUMBER: 1, PASSWORD: SECRET})
    assert caught.value.hresult == NO_ACCESS
    assert "DPAPI" in caught.value.remedy
    told = section.get_last_error()
    assert told is not None
    assert SECRET not in str(caught.value) + told.error
    assert section.get_props([NUMBER]).hresult == ERRORS_RETURNED


def test_a_secure_property_can_be_deleted(office: Office) -> None:
    section = ours(office)
    plant(office, "S010267f0", Value.binary(DPAPI_START + bytes(16)))
    assert section.delete_props([0x67F00000]) == ()
    found = office.stored().section(OURS)
    assert found is not None
    assert found.protected == ()


# Writing


def test_what_is_set_is_set_at_once_and_saving_saves_nothing(office: Office) -> None:
    """[iprofsectimapiprop]: nontransacted"""
    section = ours(office)
    values: dict[int, PropertyValue] = {
        TEXT: "x",
        NUMBER: -1,
        BLOB: b"\0\1",
        0x6605000B: True,
        0x6606101F: ("a", "b"),
    }
    assert section.set_props(values) == ()
    receipts = len(office.receipts)
    assert office.stored().existing([OURS])[0].properties == values
    section.save_changes(SaveFlag.KEEP_OPEN_READWRITE)
    assert len(office.receipts) == receipts
    assert section.set_props(values) == ()
    assert len(office.receipts) == receipts, "it is so already"


def test_a_section_that_is_open_for_reading_is_not_written(office: Office, code_of: CodeOf) -> None:
    """[iprovideradmin-openprofilesection], [imapiprop-setprops], [imapiprop-deleteprops]"""
    ours(office).set_props({NUMBER: 1})
    section = office.services().open_profile_section(OURS)
    assert code_of(lambda: section.set_props({NUMBER: 2})) == NO_ACCESS
    assert code_of(lambda: section.delete_props([NUMBER])) == NO_ACCESS
    assert code_of(lambda: section.copy_to(PropertyCopy(), flags=CopyFlag.MOVE)) == NO_ACCESS
    assert section.get_props([NUMBER]).values == ((NUMBER, 1),)


def test_each_property_has_its_own_problem_and_the_others_are_set(office: Office) -> None:
    """[imapiprop-setprops], [iprofsectimapiprop]"""
    section = ours(office)
    problems = section.set_props(
        {
            tags.PR_OBJECT_TYPE: 3,
            TEXT: "set",
            0x8001001F: "named",
            tags.PR_PROFILE_NAME: "Other",
            0x66070005: 1,
            0x6608000A: NOT_FOUND,
            0x00000001: 0,
            NUMBER: 5,
            0x66090003: "five",
            0x660A0003: 1 << 40,
            0x660B0040: datetime(2026, 1, 2),  # noqa: DTZ001 - it has no time zone, which is the fault
            0x660C0102: "text",
        }
    )
    assert problems == (
        PropertyProblem(0, tags.PR_OBJECT_TYPE, COMPUTED),
        PropertyProblem(2, 0x8001001F, NO_SUPPORT),
        PropertyProblem(3, tags.PR_PROFILE_NAME, COMPUTED),
        PropertyProblem(4, 0x66070005, INVALID_TYPE),
        PropertyProblem(8, 0x66090003, INVALID_TYPE),
        PropertyProblem(9, 0x660A0003, INVALID_TYPE),
        PropertyProblem(10, 0x660B0040, INVALID_TYPE),
        PropertyProblem(11, 0x660C0102, INVALID_TYPE),
    )
    assert str(problems[0]) == "PR_OBJECT_TYPE: MAPI_E_COMPUTED"
    assert str(problems[4]) == "66090003: MAPI_E_INVALID_TYPE (a str of this value cannot be stored as PT_LONG)"
    assert "datetime.now(UTC)" in str(problems[6])
    assert section.get_props([TEXT, NUMBER]).values == ((TEXT, "set"), (NUMBER, 5))


@pytest.mark.parametrize("values", [{}, {0x6600000D: 1}, {0x6603101F: ()}, {"PR_DISPLAY_NAME": "x"}])
def test_a_call_that_makes_no_sense_sets_nothing(
    office: Office, code_of: CodeOf, values: dict[int, PropertyValue]
) -> None:
    """[imapiprop-setprops]: MAPI_E_INVALID_PARAMETER for PT_OBJECT, lists without elements, and what is no tag"""
    section = ours(office)
    assert code_of(lambda: section.set_props({BLOB: b"", **values} if values else values)) == INVALID_PARAMETER
    assert section.get_props([BLOB]).hresult == ERRORS_RETURNED


def test_a_property_set_in_another_type_replaces_the_old_one(office: Office) -> None:
    """[imapiprop-setprops]; a string keeps the width in which it is stored"""
    section = ours(office)
    section.set_props({TEXT: "x"})
    section.set_props({TEXT_A: "y"})
    assert office.stored().existing([OURS])[0].properties == {TEXT: "y"}
    section.set_props({0x66000003: 7})
    assert office.stored().existing([OURS])[0].properties == {0x66000003: 7}


def test_what_holds_the_profile_together_is_mapis_own(office: Office) -> None:
    """[imapiprop-setprops]: MAPI_E_COMPUTED; [mapi.md] section 8: reserved, or never changed"""
    services = office.services()
    services.create_message_service("MAIL")
    service = office.stored().services[0]
    before = office.stored()
    for uid, tag in (
        (service.uid, tags.PR_SERVICE_NAME),
        (service.uid, tags.PR_STORE_PROVIDERS),
        (service.providers[0].uid, tags.PR_SERVICE_UID),
        (service.providers[0].uid, tags.PR_RESOURCE_TYPE),
        (before.admin.uid, tags.PR_SERVICES),
        (INSTANCE, tags.PR_SEARCH_KEY),
    ):
        with services.open_profile_section(uid, MODIFY | FORCE) as section:
            values: dict[int, PropertyValue] = {0x1F: "x", 0x03: 1, 0x102: b"x" * 16}
            value = values[tags.prop_type(tag)]
            assert section.set_props({tag: value}) == (PropertyProblem(0, tag, COMPUTED),)
            assert section.delete_props([tag]) == (PropertyProblem(0, tag, COMPUTED),)
    assert office.stored() == before
    assert faults(before) == ()


def test_properties_are_deleted_by_id_whatever_the_type(office: Office, code_of: CodeOf) -> None:
    """[imapiprop-deleteprops]"""
    section = ours(office)
    section.set_props({TEXT: "x", NUMBER: 1})
    assert section.delete_props([0x66000000, 0x66990003]) == (), "one that is not there is no problem"
    assert section.get_props([TEXT, NUMBER]).values == ((0x6600000A, NOT_FOUND), (NUMBER, 1))
    assert section.delete_props([tags.PR_OBJECT_TYPE]) == (PropertyProblem(0, tags.PR_OBJECT_TYPE, COMPUTED),)
    assert code_of(lambda: section.delete_props([])) == INVALID_PARAMETER


# Copying


def test_all_properties_are_copied_but_those_that_are_excluded_secure_or_computed(office: Office) -> None:
    """[imapiprop-copyto]; MAPI_E_COMPUTED is no failure"""
    services = office.services()
    section = ours(office)
    section.set_props({TEXT: "x", NUMBER: 1, BLOB: b"b"})
    plant(office, "001e67f1", Value.sz("left plain"))
    with services.open_profile_section("0" * 32, MODIFY) as target:
        target.set_props({NUMBER: 9, 0x6609001F: "stays"})
        problems = section.copy_to(target, [0x66000000])
        assert {(problem.tag, problem.hresult) for problem in problems} == {
            (tags.PR_OBJECT_TYPE, COMPUTED),
            (tags.PR_PROFILE_NAME, COMPUTED),
        }
        copied = office.stored().existing([target.uid])[0]
        assert copied.properties == {NUMBER: 1, BLOB: b"b", 0x6609001F: "stays"}
        assert copied.protected == ()
        target.set_props({NUMBER: 9})
        section.copy_to(target, flags=CopyFlag.NOREPLACE)
        assert target.get_props([NUMBER, TEXT]).values == ((NUMBER, 9), (TEXT, "x"))


def test_a_copy_of_a_service_s_section_is_not_one_of_that_service(office: Office) -> None:
    """[imapiprop-copyto]: PR_SERVICE_UID says whose a section is, and stays behind"""
    services = office.services()
    services.create_message_service("MAIL")
    providers = office.stored().services[0].providers
    with (
        services.open_profile_section(providers[0].uid, FORCE) as source,
        services.open_profile_section("0" * 32, MODIFY) as target,
    ):
        source.copy_to(target)
        copied = office.stored().existing([target.uid])[0].properties
    assert tags.PR_PROVIDER_DISPLAY in copied
    assert tags.PR_SERVICE_UID not in copied
    assert len(office.stored().services[0].providers) == len(providers)


def test_a_move_takes_away_what_was_copied(office: Office) -> None:
    """[imapiprop-copyto], [imapiprop-copyprops]: MAPI_MOVE"""
    section = ours(office)
    section.set_props({TEXT: "x", NUMBER: 1})
    with office.services("Home").open_profile_section(OURS, MODIFY) as target:
        assert section.copy_props([TEXT, BLOB], target, CopyFlag.MOVE) == ()
        assert target.get_props([TEXT]).values == ((TEXT, "x"),)
        assert section.get_props([TEXT, NUMBER]).values == ((0x6600000A, NOT_FOUND), (NUMBER, 1))
        section.copy_to(target, flags=CopyFlag.MOVE)
        assert office.stored("Home").existing([OURS])[0].properties == {TEXT: "x", NUMBER: 1}
        assert office.stored().existing([OURS])[0].properties == {}


def test_copies_that_make_no_sense(office: Office, code_of: CodeOf) -> None:
    """[imapiprop-copyto]: NO_ACCESS to itself; INVALID_PARAMETER for an empty list of what to exclude"""
    section = ours(office)
    section.set_props({NUMBER: 1})
    assert code_of(lambda: section.copy_to(section)) == NO_ACCESS
    assert code_of(lambda: section.copy_props([NUMBER], section)) == NO_ACCESS
    assert code_of(lambda: section.copy_to(PropertyCopy(), [])) == INVALID_PARAMETER
    assert code_of(lambda: section.copy_props([], PropertyCopy())) == INVALID_PARAMETER
    assert code_of(lambda: section.copy_to(PropertyCopy(), flags=0x10)) == UNKNOWN_FLAGS


def test_a_property_sheet_works_on_a_copy_until_the_user_says_ok(office: Office) -> None:
    """[property-sheet-implementation], [iprofsectimapiprop]"""
    section = ours(office)
    section.set_props({TEXT: "old", NUMBER: 1})
    sheet = PropertyCopy()
    section.copy_to(sheet)
    sheet.set_props({TEXT_A: "new"})
    sheet.delete_props([NUMBER])
    sheet.set_props({PASSWORD: SECRET})
    assert section.get_props([TEXT]).values == ((TEXT, "old"),), "cancelled: the section is as it was"
    assert PASSWORD not in sheet.get_prop_list()
    assert sheet.get_props([PASSWORD]).values == ((PASSWORD, SECRET),)
    sheet.copy_to(section)
    assert section.get_props([TEXT]).values == ((TEXT, "new"),)


def test_what_profile_sections_lack(office: Office, code_of: CodeOf) -> None:
    """[iprofsectimapiprop]: no named properties; nothing that OpenProperty would open"""
    section = ours(office)
    assert code_of(section.get_names_from_ids) == NO_SUPPORT
    assert code_of(section.get_ids_from_names) == NO_SUPPORT
    assert code_of(lambda: section.open_property(TEXT)) == NO_SUPPORT
    assert code_of(lambda: section.save_changes(8)) == UNKNOWN_FLAGS


def test_foreign_values_survive_beside_what_is_set(office: Office) -> None:
    section = ours(office)
    plant(office, "not a property", Value.sz("theirs"))
    plant(office, "00036650", Value.binary(b"three bytes and more"))
    section.set_props({NUMBER: 1})
    stored = office.stored().existing([OURS])[0].stored
    assert stored["not a property"] == Value.sz("theirs")
    assert stored["00036650"] == Value.binary(b"three bytes and more")


def test_plain_secure_values_are_read_in_either_case_of_their_name(office: Office) -> None:
    ours(office)
    plant(office, "001F67F1", Value.binary("x\0".encode("utf-16-le")))
    section = office.stored().existing([OURS])[0]
    assert store.plain_secure_properties(section, "cp1252") == {0x67F1001F: "x"}


def test_extra_uids_that_list_what_is_no_section_are_refused(office: Office) -> None:
    """[pidtagserviceextrauids-canonical-property]"""
    services = office.services()
    with services.open_profile_section(services.create_message_service("WIRE"), MODIFY) as section:
        with pytest.raises(UsageError):
            section.set_props({NUMBER: 1, tags.PR_SERVICE_EXTRA_UIDS: b"x" * 16})
        assert section.get_props([NUMBER]).hresult == ERRORS_RETURNED, "nothing was set"
        assert section.set_props({NUMBER: 2}) == ()
