"""IProviderAdmin, a test for each row of what its pages promise and refuse (mapi.md 6.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.flags import ProviderFlag, SectionFlag
from mapiwright.admin.session import logon
from mapiwright.entry.call import EntryCall
from mapiwright.entry.conditional_calls import ProviderRemoval
from mapiwright.entry.service.contract import Context
from mapiwright.errors import EntryPointError, NotFoundError, RefusedError
from mapiwright.mapi.profile import store
from mapiwright.mapi.profile.accounts import ACCOUNTS
from mapiwright.mapi.profile.profile import Section
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.profile.providers import remove_provider
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ResourceType, ServiceFlag, StatusFlag
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Outcome, Status
from mapiwright.workstation.registry import Key, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import Office

    from mapiwright.admin.providers import ProviderAdmin
    from mapiwright.mapi.profile.profile import Service
    from mapiwright.mapi.tables.tables import Table
    from mapiwright.workstation.workstation import Workstation

    Rows = Callable[[Table], list[dict[int, Any]]]
    CodeOf = Callable[[Callable[[], object]], int]

NOT_FOUND = 0x8004010F
NO_SUPPORT = 0x80040102
UNKNOWN_FLAGS = 0x80040106
SEEN = 0x66220003


def providers_of(office: Office, name: str = "MAIL") -> ProviderAdmin:
    services = office.services()
    return services.admin_providers(services.create_message_service(name))


def displays(providers: ProviderAdmin) -> list[str]:
    return [each.display for each in providers.service.providers]


def service_of(office: Office, providers: ProviderAdmin) -> Service:
    found = office.stored().service(providers.uid)
    assert found is not None
    return found


def test_the_table_of_a_service_has_its_providers_and_rows_for_extra_sections(office: Office, rows: Rows) -> None:
    """[iprovideradmin-getprovidertable]; rows to keep are those whose PR_RESOURCE_TYPE is not PT_ERROR"""
    providers = providers_of(office)
    office.services().create_message_service("WIRE")
    found = rows(providers.get_provider_table())
    kept = [row for row in found if tags.PR_RESOURCE_TYPE in row]
    extra = [row for row in found if row.get(0x3E03000A) == NOT_FOUND]
    assert [row[tags.PR_DISPLAY_NAME] for row in kept] == ["Mailbox", "Addresses", "Sending"]
    assert [row[tags.PR_PROVIDER_UID] for row in extra] == [
        bytes.fromhex(section.uid) for section in service_of(office, providers).extras
    ]
    assert len(found) == 5
    assert all(row[tags.PR_SERVICE_UID] == bytes.fromhex(providers.uid) for row in found)
    assert 0x3001001E in providers.get_provider_table(0).query_columns()


@pytest.mark.parametrize("name", ["MailBook", "mailbook", "Addresses", "Mail Addresses"])
def test_a_provider_is_named_by_its_section_or_by_what_people_call_it(office: Office, name: str) -> None:
    """[iprovideradmin-createprovider] against [adding-or-deleting-providers-in-a-message-service]"""
    providers = providers_of(office)
    uid = providers.create_provider(name, {tags.PR_DISPLAY_NAME: "Second", 0x6600001F: "mine"})
    service = service_of(office, providers)
    made = next(each for each in service.providers if each.uid == uid)
    assert (made.display, made.kind, made.dll) == ("Second", ResourceType.AB_PROVIDER, "mail.dll")
    assert made.section.text(0x6600001F) == "mine"
    assert made.service_uid == providers.uid
    assert office.calls == ["MAIL CREATE", "MAIL PROVIDER_CREATE"]
    assert faults(office.stored()) == ()


def test_a_name_that_is_nowhere_succeeds_all_the_same(office: Office, rows: Rows) -> None:
    """[iprovideradmin-createprovider]: it is not validated; what comes of it is unpredictable, but goes again"""
    providers = providers_of(office)
    before = office.stored()
    uid = providers.create_provider("Nowhere", {0x6600001F: "mine"})
    assert uid in [row[tags.PR_PROVIDER_UID].hex() for row in rows(providers.get_provider_table())]
    assert faults(office.stored()) == ()
    providers.delete_provider(uid)
    providers.create_provider("Nowhere")
    office.services().delete_message_service("MAIL")
    assert set(office.stored().sections) <= set(before.sections)


def test_a_ui_is_forwarded_with_mapi_dialog_only(office: Office) -> None:
    """[iprovideradmin-createprovider]"""
    providers = providers_of(office)
    for flags, seen in ((0, 0x80000000), (ProviderFlag.DIALOG | ProviderFlag.UNICODE, 0x80000010)):
        providers.create_provider("MailBook", flags=flags)
        assert service_of(office, providers).section.number(SEEN) & 0xFFFFFFFF == seen


def test_the_entry_point_is_told_which_provider_it_is_about(office: Office) -> None:
    """[msgserviceentry]"""
    providers = providers_of(office)
    uid = providers.create_provider("MailBook")
    assert office.receipts[-1].effects[0].description["provider"] == uid
    providers.delete_provider(uid)
    assert office.receipts[-1].effects[0].description["provider"] == uid


def test_a_service_that_takes_no_providers_refuses_and_nothing_is_changed(office: Office, code_of: CodeOf) -> None:
    """[msgserviceentry]: MAPI_E_NO_SUPPORT"""
    providers = providers_of(office, "SHY")
    before = office.stored()
    assert code_of(lambda: providers.create_provider("ShyBook")) == NO_SUPPORT
    assert code_of(lambda: providers.delete_provider(before.services[0].providers[0].uid)) == NO_SUPPORT
    assert office.stored() == before
    assert providers.get_last_error(NO_SUPPORT) is not None


def test_a_service_without_an_entry_point_is_not_asked(office: Office) -> None:
    providers = providers_of(office, "WIRE")
    uid = providers.create_provider("WireWire")
    providers.delete_provider(uid)
    assert office.calls == []
    assert displays(providers) == ["Wire"]


def test_a_new_transport_that_prefers_to_be_last_is(office: Office) -> None:
    """[mapi-profiles]"""
    providers = providers_of(office)
    office.services().create_message_service("WIRE")
    uid = providers.create_provider("MailWire")
    assert office.stored().admin.uids(tags.PR_TRANSPORT_PROVIDERS)[-1] == uid


def test_a_new_store_takes_no_role_that_somebody_plays(office: Office) -> None:
    """[mapi-profiles], [mapi-primary-identity]"""
    providers = providers_of(office)
    providers.create_provider("MailStore")
    flags = [each.flags for each in service_of(office, providers).providers if each.kind == 33]
    assert [StatusFlag.DEFAULT_STORE in each for each in flags] == [True, False]
    assert [StatusFlag.PRIMARY_IDENTITY in each for each in flags] == [True, False]


def test_a_deleted_provider_leaves_nothing_and_hands_its_roles_over(office: Office, code_of: CodeOf) -> None:
    """[iprovideradmin-deleteprovider]: PROVIDER_DELETE first; NOT_FOUND for what is none of the service's"""
    providers = providers_of(office)
    first = service_of(office, providers).providers[0]
    second = providers.create_provider("MailStore", {tags.PR_DISPLAY_NAME: "Second"})
    providers.delete_provider(bytes.fromhex(first.uid))
    assert office.calls[-1] == "MAIL PROVIDER_DELETE"
    profile = office.stored()
    assert profile.section(first.uid) is None
    heir = next(each for each in service_of(office, providers).providers if each.uid == second)
    assert StatusFlag.DEFAULT_STORE | StatusFlag.PRIMARY_IDENTITY in heir.flags
    assert faults(profile) == ()
    other = providers_of(office, "WIRE")
    for wrong in (first.uid, providers.uid, other.service.providers[0].uid, "ee" * 16):
        assert code_of(lambda wrong=wrong: providers.delete_provider(wrong)) == NOT_FOUND  # type: ignore[misc]


def test_a_service_that_says_the_identity_is_its_own_keeps_it_without_that_provider(office: Office) -> None:
    """[mapi-primary-identity]: SERVICE_PRIMARY_IDENTITY stands in its own section"""
    providers = providers_of(office)
    office.services().create_message_service("PIPE")
    providers.delete_provider(service_of(office, providers).providers[0].uid)
    flags = [each.flags for service in office.stored().services for each in service.providers]
    assert not any(StatusFlag.PRIMARY_IDENTITY in each for each in flags)
    assert ServiceFlag.PRIMARY_IDENTITY in service_of(office, providers).flags


def test_an_account_that_sent_through_a_transport_loses_it_with_the_provider(office: Office) -> None:
    """[profile-in-the-registry] 9: XP Provider UID is a member of PR_TRANSPORT_PROVIDERS; the account stays"""
    providers = providers_of(office)
    json_form = service_of(office, providers).providers[2].uid
    account = Key({"XP Provider UID": Value.binary(bytes.fromhex(json_form)), "Account Name": Value.sz("POP3")})
    with office.workspace.batch():
        before = office.services().profile
        office.workspace.put(before, before.with_sections(Section(ACCOUNTS, keys={"00000001": account})))
    providers.delete_provider(json_form)
    manager = office.stored().section(ACCOUNTS)
    assert manager is not None
    assert set(manager.keys["00000001"].values) == {"Account Name"}
    assert faults(office.stored()) == ()


def test_a_row_of_an_extra_section_never_has_a_resource_type(office: Office, rows: Rows) -> None:
    """[iprovideradmin-getprovidertable]"""
    providers = providers_of(office)
    uid = service_of(office, providers).extras[0].uid
    with providers.open_profile_section(uid, SectionFlag.MODIFY) as section:
        assert section.set_props({tags.PR_RESOURCE_TYPE: 33}) == ()
    row = next(row for row in rows(providers.get_provider_table()) if row[tags.PR_PROVIDER_UID].hex() == uid)
    assert row[0x3E03000A] == NOT_FOUND


def test_a_provider_of_a_profile_in_use_is_marked_and_goes_at_the_last_logoff(
    office: Office, rows: Rows, code_of: CodeOf
) -> None:
    """[iprovideradmin-deleteprovider]"""
    providers = providers_of(office)
    uid = service_of(office, providers).providers[1].uid
    with logon(office.workspace, "Work"):
        providers.delete_provider(uid)
        assert office.calls == ["MAIL CREATE"]
        for table in (providers.get_provider_table(), office.services().get_provider_table()):
            assert "Addresses" not in [row.get(tags.PR_DISPLAY_NAME) for row in rows(table)]
        assert code_of(lambda: providers.delete_provider(uid)) == NOT_FOUND
        assert office.stored().section(uid) is not None
    assert office.calls == ["MAIL CREATE", "MAIL PROVIDER_DELETE"]
    assert office.stored().section(uid) is None
    assert faults(office.stored()) == ()


def test_a_new_provider_is_for_the_next_session(office: Office) -> None:
    """[iprovideradmin-createprovider]"""
    providers = providers_of(office)
    with logon(office.workspace, "Work") as session:
        uid = providers.create_provider("MailBook")
        assert session.profile.section(uid) is None
    with logon(office.workspace, "Work") as session:
        assert session.profile.section(uid) is not None


def test_secure_properties_of_a_new_provider_are_refused(office: Office) -> None:
    """[iprofsectimapiprop]: they are kept encrypted, which cannot be done here"""
    providers = providers_of(office)
    before = office.stored()
    with pytest.raises(RefusedError) as caught:
        providers.create_provider("MailBook", {0x67F0001F: "correct horse"})
    assert "correct horse" not in str(caught.value)
    assert office.stored() == before


def test_sections_are_opened_here_too(office: Office, code_of: CodeOf) -> None:
    """[iprovideradmin-openprofilesection]"""
    providers = providers_of(office)
    uid = service_of(office, providers).extras[0].uid
    with providers.open_profile_section(uid, SectionFlag.MODIFY) as section:
        assert section.writable
    assert code_of(lambda: providers.open_profile_section("ee" * 16)) == NOT_FOUND
    assert code_of(lambda: providers.open_profile_section(None)) == 0x80070057


def test_a_batch_in_which_a_provider_comes_and_goes_calls_nobody(office: Office) -> None:
    providers = providers_of(office)
    with office.workspace.batch():
        providers.delete_provider(providers.create_provider("MailBook"))
    assert office.calls == ["MAIL CREATE"]


def test_a_service_that_deletes_the_provider_itself_does_the_same(office: Office) -> None:
    """[msgserviceentry]: its entry point calls IProviderAdmin::DeleteProvider, as DLLs do"""
    providers = providers_of(office)
    provider = service_of(office, providers).providers[1]
    before = office.stored()
    after = remove_provider(before, provider.uid)
    space, user = office.workspace, office.workstation.users[0]

    class OwnHands(EntryCall):
        """A call that comes to what a DLL's call comes to, which no stand-in can."""

        def run(self, workstation: Workstation) -> Outcome:
            pair = before, after
            code_page = workstation.code_page
            changes = store.profiles_changes(workstation.registry, user.root, space.edition, [pair], code_page)
            return Outcome(Status.DONE, Message.literal("it did it itself"), changes)

    call = OwnHands("MAIL", Context.PROVIDER_DELETE, user.name, "Work", providers.uid, provider=provider.uid)
    with space.batch("by its own hands"):
        space.call_after(call, ProviderRemoval)
    assert office.stored() == after


def test_in_a_batch_a_provider_that_goes_is_gone_for_tables_and_goes_with_the_batch(
    office: Office, rows: Rows
) -> None:
    providers = providers_of(office)
    uid = service_of(office, providers).providers[1].uid
    with office.workspace.batch():
        office.services().create_message_service("BOOK")  # it changes the same lists
        providers.delete_provider(uid)
        table = rows(providers.get_provider_table())
        assert uid not in [row[tags.PR_PROVIDER_UID].hex() for row in table]
        with pytest.raises(NotFoundError):
            providers.delete_provider(uid)
        office.profiles.rename_profile("Work", "Bureau")
    assert len(office.stored("Bureau").services) == 2
    assert office.stored("Bureau").section(uid) is None
    assert faults(office.stored("Bureau")) == ()
    assert office.workspace.usage.gone_providers("Work") == frozenset()


def test_what_went_meanwhile_is_not_found_and_unknown_flags_are_refused(office: Office, code_of: CodeOf) -> None:
    providers = providers_of(office)
    assert code_of(lambda: providers.create_provider("MailBook", flags=1)) == UNKNOWN_FLAGS
    assert code_of(lambda: providers.get_provider_table(1)) == UNKNOWN_FLAGS
    office.services().delete_message_service("MAIL")
    with pytest.raises(NotFoundError):
        providers.get_provider_table()


def test_a_service_that_refuses_at_the_last_logoff_keeps_its_provider(office: Office, rows: Rows) -> None:
    providers = providers_of(office, "SHY")
    uid = service_of(office, providers).providers[0].uid
    session = logon(office.workspace, "Work")
    providers.delete_provider(uid)
    with pytest.raises(EntryPointError):
        session.logoff()
    assert not session.open
    assert uid in [row[tags.PR_PROVIDER_UID].hex() for row in rows(providers.get_provider_table())]
