"""IMsgServiceAdmin, a test for each row of what its pages promise and refuse (mapi.md 6.4, 6.5, 7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.session import logon
from mapiwright.entry.service.contract import EntryFlag
from mapiwright.errors import BusyError, CancelledError, EntryPointError, ExistsError, NotFoundError, UsageError
from mapiwright.formats.uid import MapiUid
from mapiwright.mapi.profile.profile import ADMIN
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ResourceType, ServiceFlag, StatusFlag
from mapiwright.mapi.tables.restriction import Content, Property, Relation
from mapiwright.mapi.tables.sort_order import SortOrder, SortOrderSet
from mapiwright.mapi.tables.tables import FNEV_TABLE_MODIFIED, TableEvent, query_all_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import Office

    from mapiwright.formats.props import GivenProperties
    from mapiwright.mapi.tables.tables import Notification, Table

    Rows = Callable[[Table], list[dict[int, Any]]]
    CodeOf = Callable[[Callable[[], object]], int]

NOT_FOUND = 0x8004010F
NO_ACCESS = 0x80070005
NO_SUPPORT = 0x80040102
NOT_INITIALIZED = 0x80040605
EXTENDED_ERROR = 0x80040119
USER_CANCEL = 0x80040113
BUSY = 0x8004010B
UNKNOWN_FLAGS = 0x80040106
NOBODY = "ee" * 16
SERVER = 0x6600001F
SEEN_AT_CREATE, SEEN_AT_CONFIGURE = 0x66200003, 0x66210003


def seen(office: Office, uid: str, tag: int, profile: str = "Work") -> int:
    """The flags that the entry point was called with."""
    section = office.stored(profile).section(uid)
    assert section is not None
    return section.number(tag) & 0xFFFFFFFF


# CreateMsgService, CreateMsgServiceEx


def test_a_service_is_copied_from_the_inf_with_all_its_sections_and_then_called(office: Office) -> None:
    """[imsgserviceadmin-createmsgservice], [adding-a-message-service], [imsgserviceadmin2-createmsgserviceex]"""
    uid = office.services().create_message_service("mail")
    service = office.stored().service(uid)
    assert service is not None
    assert (service.name, service.dll, service.entry) == ("MAIL", "mail.dll", "ServiceEntry")
    assert [each.text(tags.PR_PROVIDER_DISPLAY) for each in (p.section for p in service.providers)] == [
        "Mail Store",
        "Mail Addresses",
        "Mail Wire",
    ]
    assert [section.text(0x6601001E) for section in service.extras] == ["fixed", "loose"]
    assert service.extras[0].uid == "f1" * 16
    assert all(each.service_uid == uid for each in service.providers)
    assert office.calls == ["MAIL CREATE"]
    assert faults(office.stored()) == ()


def test_the_display_name_is_taken_where_the_inf_has_none(office: Office) -> None:
    """[imsgserviceadmin-createmsgservice]"""
    services = office.services()
    services.create_message_service("MAIL", "Ours")
    services.create_message_service("WIRE", "Ours")
    assert [each.display for each in office.stored().services] == ["Mail of the office", "Ours"]


def test_a_service_that_services_does_not_name_is_not_found(office: Office, code_of: CodeOf) -> None:
    """[imsgserviceadmin-createmsgservice]"""
    assert code_of(lambda: office.services().create_message_service("MailStore")) == NOT_FOUND


def test_a_single_copy_service_is_there_once(office: Office, code_of: CodeOf) -> None:
    """[pidtagresourceflags-canonical-property]: no access, as [imsgserviceadmin-copymsgservice] names it"""
    services = office.services()
    services.create_message_service("BOOK")
    with pytest.raises(ExistsError):
        services.create_message_service("BOOK")
    assert code_of(lambda: services.create_message_service("BOOK")) == NO_ACCESS
    assert code_of(lambda: services.copy_message_service("BOOK")) == NO_ACCESS
    services.create_message_service("MAIL")
    services.create_message_service("MAIL")
    assert [each.name for each in office.stored().services] == ["BOOK", "MAIL", "MAIL"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0, 0x80000000),
        (EntryFlag.UI_ALLOWED | EntryFlag.NO_RESTART_WARNING, 0x80000010),
        (EntryFlag.UI_ALWAYS, 0x80000002),
    ],
)
def test_a_ui_goes_on_to_the_service_where_the_caller_allows_it(office: Office, flags: int, expected: int) -> None:
    """[imsgserviceadmin-createmsgservice]"""
    uid = office.services().create_message_service("MAIL", flags=flags)
    assert seen(office, uid, SEEN_AT_CREATE) == expected


def test_a_service_that_fails_is_not_there_and_its_words_are(office: Office, code_of: CodeOf) -> None:
    """[mapi-extended-errors]; that it is taken out is [derived]"""
    services = office.services()
    before = office.stored()
    assert code_of(lambda: services.create_message_service("BAD")) == EXTENDED_ERROR
    assert office.stored() == before
    told = services.get_last_error(EXTENDED_ERROR)
    assert told is not None
    assert "the licence has run out" in told.error
    assert told.component == "BAD"


def test_a_service_that_asks_to_be_configured_stays(office: Office) -> None:
    """[msgserviceentry] against [creating-a-profile-by-using-custom-code]: the scripted flow goes on to CONFIGURE."""
    uid = office.services().create_message_service("SHY")
    assert office.stored().service(uid) is not None
    assert office.receipts[-1].effects[0].details["unconfigured"]


def test_the_restart_warning_is_for_who_may_be_asked_and_is_not_spared_and_somebody_is_logged_on(
    office: Office,
) -> None:
    """[imsgserviceadmin-createmsgservice]"""
    services = office.services()
    services.create_message_service("WIRE", flags=EntryFlag.UI_ALLOWED)
    assert office.told == [], "nobody is logged on"
    with logon(office.workspace, "Work"):
        services.create_message_service("WIRE")
        services.create_message_service("WIRE", flags=EntryFlag.UI_ALLOWED | EntryFlag.NO_RESTART_WARNING)
        assert office.told == []
        services.create_message_service("WIRE", flags=EntryFlag.UI_ALLOWED)
        assert len(office.told) == 1
        assert "WIRE" in office.told[0]


# ConfigureMsgService


def test_configuration_properties_reach_the_service_without_a_ui(office: Office) -> None:
    """[imsgserviceadmin-configuremsgservice]"""
    services = office.services()
    uid = services.create_message_service("MAIL")
    services.configure_message_service(bytes.fromhex(uid), {SERVER: "mail.example"})
    assert seen(office, uid, SEEN_AT_CONFIGURE) == 0x80000000
    section = office.stored().section(uid)
    assert section is not None
    assert section.text(SERVER) == "mail.example"


def test_the_flags_of_configure_are_the_services_own(office: Office) -> None:
    """[imsgserviceadmin-configuremsgservice]"""
    services = office.services()
    uid = services.create_message_service("MAIL")
    services.configure_message_service(uid, flags=EntryFlag.UI_ALLOWED | EntryFlag.UI_READ_ONLY)
    assert seen(office, uid, SEEN_AT_CONFIGURE) == 0x80000018


def test_the_errors_of_configure(office: Office, code_of: CodeOf) -> None:
    """[imsgserviceadmin-configuremsgservice]: NOT_FOUND, NOT_INITIALIZED, EXTENDED_ERROR, USER_CANCEL"""
    services = office.services()
    for name in ("SHY", "WIRE", "MAIL"):
        services.create_message_service(name)
    before = office.stored()
    assert code_of(lambda: services.configure_message_service(NOBODY)) == NOT_FOUND
    assert code_of(lambda: services.configure_message_service("WIRE", {SERVER: "x"})) == NOT_INITIALIZED
    assert code_of(lambda: services.configure_message_service("SHY", {0x66010003: 1})) == EXTENDED_ERROR
    told = services.get_last_error()
    assert told is not None
    assert "no server was given" in told.error
    assert told.component == "SHY"
    with pytest.raises(CancelledError):
        services.configure_message_service("MAIL", {SERVER: "cancel"})
    assert services.get_last_error(USER_CANCEL) is not None
    assert office.stored() == before


def test_what_is_given_to_a_service_is_of_its_type_or_named(office: Office) -> None:
    """A time with its zone is one for PT_SYSTIME, and a uid for PT_BINARY; CreateProvider is the same."""
    services = office.services()
    uid = services.create_message_service("MAIL")
    given: GivenProperties = {SERVER: "x", 0x66050040: datetime(1601, 1, 2, tzinfo=UTC), 0x66060102: uid}
    services.configure_message_service(uid, given)
    section = services.open_profile_section(uid)
    assert section.get_props(list(given)).values[1:] == ((0x66050040, 864 * 10**9), (0x66060102, uid.bytes))
    providers = services.admin_providers(uid)
    calls: list[Callable[[GivenProperties], object]] = [
        lambda given: services.configure_message_service(uid, given),
        lambda given: providers.create_provider("More", given),
    ]
    for call in calls:
        for tag, value in (
            (tags.PR_RESOURCE_FLAGS, "1"),
            (0x66050040, datetime(2026, 1, 2)),  # noqa: DTZ001 - which is the fault
            (0x66070007, datetime.now(UTC)),
        ):
            with pytest.raises(UsageError, match=f"{tags.name_of(tag)}: "):
                call({tag: value})


def test_a_uid_is_taken_in_any_spelling_and_given_as_one(office: Office) -> None:
    """16 bytes, digits in any case, and a GUID; what is given equals what tables show."""
    services = office.services()
    office.services("Other")
    uid = services.create_message_service("WIRE")
    copy = services.copy_message_service(uid.bytes, office.services("Other"))
    row, *_ = services.get_message_service_table()
    assert row["PR_SERVICE_UID"] == uid == services.profile.services[0].uid
    assert {type(each) for each in (uid, copy, *services.profile.admin.uids(tags.PR_SERVICES))} == {MapiUid}
    provider = services.profile.services[0].providers[0]
    assert (type(provider.uid), provider.service_uid) == (MapiUid, uid)
    for spelled in (uid, uid.bytes, str(uid), uid.upper(), uid.guid, uid.guid[1:-1].lower()):
        assert services.find(spelled).uid == uid
        assert services.admin_providers(spelled).uid == uid
        with services.open_profile_section(spelled) as section:
            assert (type(section.uid), section.uid) == (MapiUid, uid)
    owner = services.admin_providers(uid)
    for spell in (MapiUid, lambda made: made.bytes, str.upper, lambda made: made.guid):
        services.message_service_transport_order([spell(provider.uid)])
        owner.delete_provider(spell(provider.uid))
        assert type(owner.create_provider("Wire")) is MapiUid
        (provider,) = owner.service.providers
    with pytest.raises(NotFoundError, match=f"no service '{'ee' * 16}'"):
        services.find(bytes.fromhex(NOBODY))


# DeleteMsgService


def test_a_deleted_service_leaves_no_section_behind(office: Office) -> None:
    """[imsgserviceadmin-deletemsgservice]: DELETE first, then providers and extra sections too"""
    services = office.services()
    before = office.stored()
    uid = services.create_message_service("MAIL")
    services.delete_message_service(uid)
    assert office.stored() == before
    assert office.calls == ["MAIL CREATE", "MAIL DELETE"]


def test_a_service_that_comes_and_goes_in_one_batch_is_never_called(office: Office) -> None:
    services = office.services()
    before = office.stored()
    with office.workspace.batch():
        uid = services.create_message_service("MAIL")
        services.configure_message_service(uid, {SERVER: "x"})
        services.delete_message_service(uid)
    assert office.calls == []
    assert office.stored() == before


def test_what_is_no_service_is_not_found(office: Office, code_of: CodeOf) -> None:
    """[imsgserviceadmin-deletemsgservice], -copymsgservice, -adminproviders"""
    services = office.services()
    for call in (services.delete_message_service, services.copy_message_service, services.admin_providers):
        assert code_of(lambda call=call: call(NOBODY)) == NOT_FOUND  # type: ignore[misc]
        assert code_of(lambda call=call: call(bytes(16))) == NOT_FOUND  # type: ignore[misc]


def test_nothing_guards_the_services_of_a_profile_in_use(office: Office) -> None:
    """[administering-profiles-and-message-services]"""
    services = office.services()
    services.create_message_service("MAIL")
    with logon(office.workspace, "Work"):
        services.delete_message_service("MAIL")
        assert office.stored().services == ()


def test_a_name_that_occurs_twice_is_asked_for_by_uid(office: Office) -> None:
    services = office.services()
    uids = [services.create_message_service("WIRE") for _ in range(2)]
    with pytest.raises(UsageError) as caught:
        services.delete_message_service("WIRE")
    assert all(uid in str(caught.value) for uid in uids)
    services.delete_message_service(uids[0])
    assert [each.uid for each in office.stored().services] == uids[1:]


# CopyMsgService, RenameMsgService


def test_a_service_is_copied_alike_within_a_profile_and_nobody_is_called(office: Office) -> None:
    """[imsgserviceadmin-copymsgservice], [pidtagserviceextrauids-canonical-property]"""
    services = office.services()
    uid = services.create_message_service("MAIL")
    services.configure_message_service(uid, {SERVER: "mail.example"})
    calls = list(office.calls)
    twin = services.copy_message_service(uid)
    one, two = office.stored().service(uid), office.stored().service(twin)
    assert one is not None
    assert two is not None
    assert two.section.text(SERVER) == "mail.example"
    assert [each.text(0x6601001E) for each in two.extras] == ["fixed", "loose"]
    uids = {one.uid, *(each.uid for each in one.providers), *(each.uid for each in one.extras)}
    assert not uids & {two.uid, *(each.uid for each in two.providers), *(each.uid for each in two.extras)}
    assert office.calls == calls
    assert faults(office.stored()) == ()


def test_a_service_is_copied_into_another_profile_or_session(office: Office) -> None:
    """[imsgserviceadmin-copymsgservice]: the destination is an IMsgServiceAdmin or an IMAPISession"""
    services = office.services()
    services.create_message_service("MAIL")
    home = office.services("Home")
    uid = services.copy_message_service("MAIL", home, EntryFlag.UI_ALWAYS)
    copied = office.stored("Home").service(uid)
    assert copied is not None
    assert copied.extras[0].uid == "f1" * 16, "a section that is opened by its fixed uid keeps it"
    office.profiles.create_profile("Third")
    with logon(office.workspace, "Third") as session:
        services.copy_message_service("MAIL", session)
        assert session.profile.services == (), "this session goes on without it"
    assert [each.name for each in office.stored("Third").services] == ["MAIL"]
    assert office.calls == ["MAIL CREATE"]
    assert faults(office.stored("Home")) == faults(office.stored("Third")) == ()


def test_no_service_is_ever_renamed(office: Office, code_of: CodeOf) -> None:
    """[imsgserviceadmin-renamemsgservice]"""
    services = office.services()
    services.create_message_service("MAIL")
    assert code_of(lambda: services.rename_message_service("MAIL", "Post")) == NO_SUPPORT
    assert code_of(lambda: services.rename_message_service(NOBODY, "Post")) == NO_SUPPORT


# MsgServiceTransportOrder


def transports(office: Office) -> list[str]:
    """The names of the transports as the documents find their order ([provider-tables])."""
    table = office.services().get_provider_table()
    found = query_all_rows(
        table,
        (tags.PR_SERVICE_NAME,),
        Property(Relation.EQ, tags.PR_RESOURCE_TYPE, (tags.PR_RESOURCE_TYPE, int(ResourceType.TRANSPORT_PROVIDER))),
        SortOrderSet((SortOrder(tags.PR_PROVIDER_ORDINAL),)),
    )
    return [str(row[0][1]) for row in found]


def test_transports_come_in_the_order_of_addition_but_who_prefers_to_be_last_is(office: Office) -> None:
    """[mapi-profiles]"""
    services = office.services()
    for name in ("WIRE", "MAIL", "PIPE"):
        services.create_message_service(name)
    assert transports(office) == ["WIRE", "PIPE", "MAIL"]


def test_a_set_order_stands_over_prefer_last(office: Office, code_of: CodeOf) -> None:
    """[imsgserviceadmin-msgservicetransportorder]: BUSY for a wrong count, NOT_FOUND for what is no transport"""
    services = office.services()
    for name in ("WIRE", "MAIL", "PIPE"):
        services.create_message_service(name)
    json_form, pipe, mail = office.stored().admin.uids(tags.PR_TRANSPORT_PROVIDERS)
    services.message_service_transport_order([mail, bytes.fromhex(pipe), json_form.upper()])
    assert transports(office) == ["MAIL", "PIPE", "WIRE"]
    with pytest.raises(BusyError):
        services.message_service_transport_order([mail, pipe])
    assert code_of(lambda: services.message_service_transport_order([])) == BUSY
    assert code_of(lambda: services.message_service_transport_order([mail, pipe, NOBODY])) == NOT_FOUND
    assert code_of(lambda: services.message_service_transport_order([mail, pipe, pipe])) == NOT_FOUND
    store = office.stored().admin.uids(tags.PR_STORE_PROVIDERS)[0]
    assert code_of(lambda: services.message_service_transport_order([mail, pipe, store])) == NOT_FOUND
    assert transports(office) == ["MAIL", "PIPE", "WIRE"]


# SetPrimaryIdentity


def identity(office: Office) -> list[str]:
    """The services whose flag or whose providers' flags say that they provide the identity."""
    return [
        service.name
        for service in office.stored().services
        if ServiceFlag.PRIMARY_IDENTITY in service.flags
        or any(StatusFlag.PRIMARY_IDENTITY in provider.flags for provider in service.providers)
    ]


def test_the_primary_identity_is_set_by_the_uid_of_the_service_or_of_a_provider(
    office: Office, code_of: CodeOf
) -> None:
    """[imsgserviceadmin-setprimaryidentity], [mapi-primary-identity]"""
    services = office.services()
    mail, pipe, json_form = (services.create_message_service(name) for name in ("MAIL", "PIPE", "WIRE"))
    assert identity(office) == ["MAIL"], "the first that can provide one"
    services.set_primary_identity(pipe)
    assert identity(office) == ["PIPE"]
    held = office.stored().service(pipe)
    assert held is not None
    assert all(StatusFlag.PRIMARY_IDENTITY in each.flags for each in held.providers)
    found = office.stored().service(mail)
    assert found is not None
    services.set_primary_identity(bytes.fromhex(found.providers[0].uid))
    assert identity(office) == ["MAIL"]
    assert code_of(lambda: services.set_primary_identity(json_form)) == NO_ACCESS
    assert code_of(lambda: services.set_primary_identity(NOBODY)) == NOT_FOUND
    services.set_primary_identity(None)
    assert identity(office) == []
    services.set_primary_identity(pipe)
    assert identity(office) == ["PIPE"], "who was not chosen before can be chosen again"


def test_a_provider_that_cannot_supply_an_identity_keeps_saying_so(office: Office) -> None:
    """[imsgserviceadmin-setprimaryidentity]"""
    services = office.services()
    services.set_primary_identity(services.create_message_service("MAIL"))
    flags = [each.flags for each in office.stored().services[0].providers]
    assert [StatusFlag.PRIMARY_IDENTITY in each for each in flags] == [True, False, False]
    assert [StatusFlag.NO_PRIMARY_IDENTITY in each for each in flags] == [False, True, True]


def test_the_identity_passes_on_when_its_holder_is_removed(office: Office) -> None:
    """[mapi-primary-identity]"""
    services = office.services()
    for name in ("MAIL", "WIRE", "PIPE"):
        services.create_message_service(name)
    services.delete_message_service("MAIL")
    assert identity(office) == ["PIPE"]


# Tables


def test_the_service_table_has_its_columns_and_the_order_of_addition(office: Office, rows: Rows) -> None:
    """[message-service-tables]; no default sort order, as the last row is to be the newest ([derived])"""
    services = office.services()
    assert services.get_message_service_table().row_count() == 0
    uid = services.create_message_service("MAIL")
    services.create_message_service("BOOK", "A book")
    table = services.get_message_service_table()
    assert set(table.query_columns()) == {
        tags.PR_DISPLAY_NAME,
        tags.PR_INSTANCE_KEY,
        tags.PR_RESOURCE_FLAGS,
        tags.PR_SERVICE_DLL_NAME,
        0x3D0B001E,
        tags.PR_SERVICE_NAME,
        0x3D0F101F,
        tags.PR_SERVICE_UID,
    }
    mail, book = rows(table)
    assert mail[tags.PR_DISPLAY_NAME] == "Mail of the office"
    assert mail[tags.PR_SERVICE_UID] == bytes.fromhex(uid)
    assert mail[0x3D0B001E] == "ServiceEntry"
    assert mail[0x3D0F101F] == ("mail.dll", "extra.dll")
    assert mail[tags.PR_RESOURCE_FLAGS] == ServiceFlag.PRIMARY_IDENTITY | ServiceFlag.DEFAULT_STORE
    assert book[tags.PR_SERVICE_NAME] == "BOOK"
    assert book[0x3D0B000A] == NOT_FOUND, "it has no entry point"
    assert mail[tags.PR_INSTANCE_KEY] != book[tags.PR_INSTANCE_KEY]
    assert 0x3001001E in services.get_message_service_table(0).query_columns()


def test_other_properties_of_a_service_are_columns_for_who_asks(office: Office) -> None:
    """[message-service-tables]: PR_EMSMDB_SECTION_UID by SetColumns, for one"""
    services = office.services()
    services.create_message_service("MAIL")
    table = services.get_message_service_table()
    table.set_columns((SEEN_AT_CREATE, tags.PR_SERVICE_EXTRA_UIDS))
    ((_, flags), (tag, extras)) = table.query_rows(1)[0]
    assert isinstance(flags, int)
    assert (tag, len(extras)) == (tags.PR_SERVICE_EXTRA_UIDS, 32) if isinstance(extras, bytes) else False


def test_the_provider_table_of_a_profile_has_all_providers_and_no_other_rows(office: Office, rows: Rows) -> None:
    """[provider-tables]"""
    services = office.services()
    uid = services.create_message_service("MAIL")
    services.create_message_service("WIRE")
    table = services.get_provider_table()
    assert set(table.query_columns()) == {
        tags.PR_INSTANCE_KEY,
        tags.PR_DISPLAY_NAME,
        tags.PR_PROVIDER_DISPLAY,
        tags.PR_PROVIDER_DLL_NAME,
        tags.PR_PROVIDER_ORDINAL,
        tags.PR_PROVIDER_UID,
        tags.PR_RESOURCE_FLAGS,
        tags.PR_RESOURCE_TYPE,
        tags.PR_SERVICE_NAME,
        tags.PR_SERVICE_UID,
    }
    found = rows(table)
    assert [row[tags.PR_PROVIDER_DISPLAY] for row in found] == ["Mail Store", "Mail Addresses", "Wire", "Mail Wire"]
    assert [row[tags.PR_PROVIDER_ORDINAL] for row in found] == [0, 1, 2, 3]
    assert found[0][tags.PR_SERVICE_UID] == bytes.fromhex(uid)
    assert found[0][tags.PR_RESOURCE_TYPE] == ResourceType.STORE_PROVIDER
    sections = office.stored().sections
    assert all(row[tags.PR_PROVIDER_UID].hex() in sections for row in found)


def test_who_advises_on_a_service_table_is_told_of_a_row_when_it_is_there(office: Office) -> None:
    """[adding-a-message-service]; the view itself is static ([types-of-tables])"""
    services = office.services()
    table = services.get_message_service_table()
    told: list[Notification] = []
    table.advise(told.append, FNEV_TABLE_MODIFIED)
    with office.workspace.batch():
        uid = services.create_message_service("WIRE")
        assert told == []
    assert [each.event for each in told] == [TableEvent.ROW_ADDED]
    assert told[0].index == bytes.fromhex(uid)
    assert table.row_count() == 0
    with pytest.raises(EntryPointError):
        services.create_message_service("BAD")
    assert len(told) == 1


def test_a_service_is_found_by_its_whole_name(office: Office) -> None:
    """[message-service-tables]: RES_CONTENT, full string, on PR_SERVICE_NAME"""
    services = office.services()
    uid = [services.create_message_service(name) for name in ("WIRE", "MAIL")][1]
    table = services.get_message_service_table()
    table.find_row(Content(0, tags.PR_SERVICE_NAME, (tags.PR_SERVICE_NAME, "MAIL")))
    assert dict(table.query_rows(1)[0])[tags.PR_SERVICE_UID] == bytes.fromhex(uid)


# The rest


def test_flags_that_a_call_does_not_know_are_refused(office: Office, code_of: CodeOf) -> None:
    services = office.services()
    services.create_message_service("WIRE")
    for call in (
        lambda: services.get_message_service_table(1),
        lambda: services.get_provider_table(1),
        lambda: services.create_message_service("WIRE", flags=EntryFlag.UI_READ_ONLY),
        lambda: services.configure_message_service("WIRE", flags=EntryFlag.NO_RESTART_WARNING),
        lambda: services.copy_message_service("WIRE", flags=EntryFlag.UI_READ_ONLY),
        lambda: services.open_profile_section(ADMIN, 0x10),
    ):
        assert code_of(call) == UNKNOWN_FLAGS


def test_a_profile_that_went_meanwhile_is_not_found(office: Office) -> None:
    services = office.services()
    office.profiles.delete_profile("Work")
    with pytest.raises(NotFoundError):
        services.get_message_service_table()
