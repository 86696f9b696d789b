"""Stories of profiles as values: services come and go, roles are handed over, real profiles stay as they were."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import BusyError, ExistsError, NotFoundError, RefusedError, UsageError
from mapiwright.formats import inf
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.definition import ProviderDefinition, SectionDefinition, ServiceDefinition
from mapiwright.mapi.profile import accounts, edit, roles, store
from mapiwright.mapi.profile.profile import ADMIN, INSTANCE
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ResourceType, ServiceFlag, StatusFlag
from mapiwright.workstation.registry import Key, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile, Service

PRIVATE = 0x6600001F
EXCHANGE_STUB = "13dbb0c8aa05101a9bb000aa002fc45a"
REAL = ("o2010-x64", "o2016-x64")


@pytest.fixture
def new_uid() -> Callable[[], bytes]:
    numbers = count(1)
    return lambda: b"uid:" + next(numbers).to_bytes(12, "big")


@pytest.fixture
def real(real_profiles: Callable[[str], Key]) -> Callable[[str], Profile]:
    def read(name: str) -> Profile:
        key = real_profiles(name).keys["Outlook"]
        return store.read_profile("Outlook", key, default_pointer=4, code_page="cp1252")

    return read


@pytest.fixture
def definition(shared_data: Callable[[str], Path]) -> Callable[[str, str], ServiceDefinition]:
    def read(name: str, service: str) -> ServiceDefinition:
        return Catalogue.of(inf.parse(shared_data(f"inf/{name}").read_bytes(), "cp1252")).definition(service)

    return read


def provider(kind: ResourceType, flags: int = 0, name: str = "provider") -> ProviderDefinition:
    return ProviderDefinition(
        name, {tags.PR_RESOURCE_TYPE: int(kind), tags.PR_RESOURCE_FLAGS: flags, tags.PR_DISPLAY_NAME: name}
    )


def service(
    name: str, *providers: ProviderDefinition, flags: int = 0, extras: tuple[SectionDefinition, ...] = ()
) -> ServiceDefinition:
    return ServiceDefinition(
        name, name, {tags.PR_RESOURCE_FLAGS: flags}, providers, extras, "acme.dll", "ServiceEntry"
    )


def store_of(flags: int = 0, name: str = "store") -> ProviderDefinition:
    return provider(ResourceType.STORE_PROVIDER, flags, name)


def found(profile: Profile, name: str) -> Service:
    return next(each for each in profile.services if each.name == name)


def profile_with(new_uid: Callable[[], bytes], *definitions: ServiceDefinition) -> Profile:
    profile = edit.new_profile("Work", 8, new_uid)
    for each in definitions:
        profile, _ = edit.add_service(profile, each, new_uid)
    assert faults(profile) == ()
    return profile


# Real profiles.


def test_the_profile_of_outlook_2010_is_seen_as_outlook_shows_it(real: Callable[[str], Profile]) -> None:
    profile = real("o2010-x64")
    assert faults(profile) == ()
    assert [(each.name, each.display, each.dll, each.entry) for each in profile.services] == [
        ("CONTAB", "Outlook Address Book", "contab.dll", "ServiceEntry"),
        ("OMSAB", "Mobile Address Book", "omsxp.dll", "OMSAbpServiceEntry"),
        ("MSUPST MS", "nfury@stark-research-labs.com", "mspst.dll", "PSTServiceEntry"),
    ]
    pst = found(profile, "MSUPST MS")
    [data_file] = pst.providers
    assert data_file.kind == ResourceType.STORE_PROVIDER
    assert data_file.flags == StatusFlag.DEFAULT_STORE
    assert data_file.service_uid == pst.uid
    assert data_file.dll == "mspst.dll"
    assert data_file.section.text(0x6700001F).endswith(".pst")
    assert pst.flags == ServiceFlag.NO_PRIMARY_IDENTITY | ServiceFlag.DEFAULT_STORE
    assert found(profile, "CONTAB").flags == ServiceFlag.NO_PRIMARY_IDENTITY | ServiceFlag.SINGLE_COPY
    default = roles.default_store(profile)
    assert default is not None
    assert default.uid == data_file.uid
    assert roles.primary_identity(profile) is None
    assert profile.service(data_file.uid) is None


def test_microsofts_exchange_service_comes_and_goes_on_a_real_profile(
    real: Callable[[str], Profile],
    definition: Callable[[str, str], ServiceDefinition],
    new_uid: Callable[[], bytes],
) -> None:
    before = real("o2010-x64")
    after, uid = edit.add_service(before, definition("Q294470-msems.inf", "MSEMS"), new_uid)
    assert faults(after) == ()
    exchange = after.service(uid)
    assert exchange is not None
    assert [tags.ResourceType(each.kind).name for each in exchange.providers] == [
        "STORE_PROVIDER",
        "STORE_PROVIDER",
        "AB_PROVIDER",
        "TRANSPORT_PROVIDER",
        "TRANSPORT_PROVIDER",
        "HOOK_PROVIDER",
    ]
    private = next(each for each in exchange.providers if each.display == "Private Folders")
    assert private.flags == StatusFlag.PRIMARY_IDENTITY | StatusFlag.PRIMARY_STORE  # the data file stays the default
    identity = roles.primary_identity(after)
    assert identity is not None
    assert identity.uid == uid
    assert len(after.admin.uids(tags.PR_FILTERING_HOOKS)) == 1
    assert exchange.section.get(tags.PR_SERVICE_SUPPORT_FILES) == ("emsui.dll", "emsabp.dll", "emsmdb.dll")
    assert tags.PR_SERVICE_UID not in exchange.section.properties  # it is the name of its key
    # Outlook's own stub of the old Exchange section is used, and neither filled nor listed.
    assert exchange.extras == ()
    assert after.section(EXCHANGE_STUB) == before.section(EXCHANGE_STUB)
    with pytest.raises(ExistsError):
        edit.add_service(after, definition("Q294470-msems.inf", "MSEMS"), new_uid)
    written = store.write_profile(edit.remove_service(after, uid), "cp1252")
    assert written == store.write_profile(before, "cp1252")


def test_the_sample_address_book_comes_and_goes_on_a_real_profile(
    real: Callable[[str], Profile],
    definition: Callable[[str, str], ServiceDefinition],
    new_uid: Callable[[], bytes],
) -> None:
    for name in REAL:
        before = real(name)
        after, uid = edit.add_service(before, definition("sabp-MAPISVC.INF", "SABP"), new_uid)
        sample = after.service(uid)
        assert sample is not None
        assert sample.display == "Sample Address Book Provider"
        assert sample.flags == ServiceFlag.SINGLE_COPY | ServiceFlag.NO_PRIMARY_IDENTITY
        assert after.admin.uids(tags.PR_AB_PROVIDERS)[-1] == sample.providers[0].uid
        assert "WIZARD_ENTRY_NAME" not in str(sample.section.properties)
        assert store.write_profile(edit.remove_service(after, uid), "cp1252") == store.write_profile(before, "cp1252")


def test_removing_the_contacts_takes_their_search_path_and_account_along(real: Callable[[str], Profile]) -> None:
    for name in REAL:
        before = real(name)
        contacts = found(before, "CONTAB")
        after = edit.remove_service(before, contacts.uid)
        assert faults(after) == ()
        assert after.section(contacts.uid) is None
        assert after.section(contacts.providers[0].uid) is None
        gone = {tags.PR_AB_SEARCH_PATH, tags.PR_AB_SEARCH_PATH_UPDATE}
        assert not gone & after.admin.properties.keys()
        manager = after.section(accounts.ACCOUNTS)
        assert manager is not None
        assert contacts.uid not in {each.uid(accounts.SERVICE) for each in accounts.accounts(manager)}
        books = manager.stored[accounts.LISTS[1]].data
        assert books == (b"\1\0\0\0" if name == "o2010-x64" else b"")
        others = {uid: section for uid, section in before.sections.items() if uid in after.sections}
        untouched = {uid for uid, section in others.items() if after.sections[uid] == section}
        assert others.keys() - untouched == {ADMIN, accounts.ACCOUNTS}


def test_the_default_directory_goes_with_its_provider(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(new_uid, *(service(name, provider(ResourceType.AB_PROVIDER)) for name in ("A", "B")))
    entries = {each.name: bytes(4) + bytes.fromhex(each.providers[0].uid) + b"\1" for each in profile.services}
    settings: dict[int, PropertyValue] = {
        tags.PR_AB_DEFAULT_DIR: entries["A"],
        tags.PR_AB_DEFAULT_PAB: entries["B"],
        tags.PR_AB_SEARCH_PATH: (entries["A"], entries["B"]),
    }
    profile = edit.set_properties(profile, ADMIN, settings)
    left = edit.remove_service(profile, found(profile, "A").uid).admin
    assert left.get(tags.PR_AB_DEFAULT_DIR) is None
    assert left.get(tags.PR_AB_DEFAULT_PAB) == entries["B"]
    assert left.get(tags.PR_AB_SEARCH_PATH) == (entries["B"],)


def test_a_provider_that_a_damaged_profile_gives_two_services_stays_with_the_other(
    new_uid: Callable[[], bytes],
) -> None:
    profile = profile_with(new_uid, service("A", store_of()), service("B", store_of()))
    a, b = profile.services
    both: dict[int, PropertyValue | None] = {
        tags.PR_STORE_PROVIDERS: bytes.fromhex(b.providers[0].uid + a.providers[0].uid)
    }
    damaged = profile.with_sections(b.section.with_properties(both))
    after = edit.remove_service(damaged, a.uid)
    assert a.providers[0].uid in after.sections
    assert a.providers[0].uid in after.admin.uids(tags.PR_STORE_PROVIDERS)


def test_an_account_that_sent_through_a_removed_transport_loses_that_link(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(new_uid, service("WIRE", provider(ResourceType.TRANSPORT_PROVIDER)))
    json_form = found(profile, "WIRE")
    uid = bytes.fromhex(json_form.providers[0].uid)
    values = {accounts.TRANSPORT: Value.binary(uid), "POP3 User": Value.sz("jo"), "Mini UID": Value.dword(1)}
    key = store.write_profile(profile, "cp1252")
    key = Key({}, {**key.keys, accounts.ACCOUNTS: Key({}, {"00000001": Key(values), "other": Key()})})
    profile = store.read_profile("Work", key, default_pointer=8, code_page="cp1252")
    assert faults(profile) == ()
    after = edit.remove_service(profile, json_form.uid)
    assert faults(after) == ()
    manager = after.section(accounts.ACCOUNTS)
    assert manager is not None
    [account] = accounts.accounts(manager)
    assert account.key.values.keys() == {"POP3 User", "Mini UID"}
    assert "other" in manager.keys
    dangling = after.with_sections(profile.sections[accounts.ACCOUNTS])
    assert [finding.id for finding in faults(dangling)] == ["MW2007"]


def test_an_account_whose_service_or_settings_are_missing_is_told(real: Callable[[str], Profile]) -> None:
    profile = real("o2010-x64")
    contacts = found(profile, "CONTAB")
    manager = profile.sections[accounts.ACCOUNTS]
    without = edit.remove_service(profile, contacts.uid).with_sections(manager)
    assert [(f.id, f.where.rpartition("\\")[2]) for f in faults(without)] == [("MW2007", "00000002")]
    settings = next(iter(accounts.accounts(manager))).uid(accounts.PREFERENCES)
    assert [f.id for f in faults(profile.without_sections([settings]))] == ["MW2007"]


# New profiles and their names.


@pytest.mark.parametrize("name", ["Work", "Arbeit ä", "a_1", "x" * 64, "Mein Profil 2"])
def test_a_profile_may_be_called_so(name: str, new_uid: Callable[[], bytes]) -> None:
    profile = edit.new_profile(name, 4, new_uid)
    assert list(profile.sections) == [ADMIN, INSTANCE]
    assert profile.services == ()
    key = profile.sections[INSTANCE].get(tags.PR_SEARCH_KEY)
    assert isinstance(key, bytes)
    assert len(key) == 16


@pytest.mark.parametrize("name", ["", " Work", "Work ", "x" * 65, "a\\b", "a/b", "tab\t", "colon:"])
def test_a_profile_cannot_be_called_so(name: str, new_uid: Callable[[], bytes]) -> None:
    profile = edit.new_profile("Work", 4, new_uid)
    verbs: list[Callable[[], Profile]] = [
        lambda: edit.new_profile(name, 4, new_uid),
        lambda: edit.copy_profile(profile, name, new_uid),
        lambda: edit.rename_profile(profile, name),
    ]
    for verb in verbs:
        with pytest.raises(UsageError) as told:
            verb()
        assert told.value.hresult == 0x80070057


def test_a_renamed_profile_is_the_same_one_and_a_copy_is_another(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(new_uid, service("MAIL", store_of()))
    assert edit.rename_profile(profile, "Home").sections == profile.sections
    assert edit.rename_profile(profile, "Work") == profile
    with pytest.raises(RefusedError, match="same name to Windows"):
        edit.rename_profile(profile, "WORK")
    copy = edit.copy_profile(profile, "Home", new_uid)
    assert copy.sections[INSTANCE] != profile.sections[INSTANCE]
    assert copy.services == profile.services


# Adding a service.


def test_what_the_definition_says_is_copied_and_what_is_mapis_own_is_added(new_uid: Callable[[], bytes]) -> None:
    acme = ServiceDefinition(
        name="ACME",
        display="Acme Mail",
        properties={
            tags.PR_RESOURCE_FLAGS: ServiceFlag.DEFAULT_STORE | ServiceFlag.PRIMARY_IDENTITY | 0x40000000,
            tags.PR_SERVICE_UID: bytes(16),
            tags.PR_STORE_PROVIDERS: bytes(16),
            PRIVATE: "x",
        },
        providers=(
            ProviderDefinition(
                "ACME_Store",
                {
                    tags.PR_RESOURCE_TYPE: 33,
                    tags.PR_RESOURCE_FLAGS: StatusFlag.TEMP_SECTION | StatusFlag.OWN_STORE,
                    tags.PR_PROVIDER_DISPLAY: "Acme Store",
                    tags.PR_PROVIDER_UID: bytes(16),
                },
            ),
        ),
        extras=(SectionDefinition("ACME_Global", {0x66010003: 7}, b"acme global data"),),
        dll="acme.dll",
        entry="ServiceEntry",
        support_files=("acme.dll", "acme.hlp"),
        delete_files=("acme.dll",),
    )
    profile, uid = edit.add_service(edit.new_profile("Work", 8, new_uid), acme, new_uid, display="My Acme")
    added = profile.service(uid)
    assert added is not None
    [mail] = added.providers
    assert dict(added.section.properties) == {
        tags.PR_RESOURCE_FLAGS: ServiceFlag.PRIMARY_IDENTITY | 0x40000000,  # DEFAULT_STORE is dynamic
        PRIVATE: "x",
        tags.PR_SERVICE_NAME: "ACME",
        tags.PR_DISPLAY_NAME: "My Acme",
        tags.PR_SERVICE_DLL_NAME: "acme.dll",
        tags.PR_SERVICE_ENTRY_NAME: "ServiceEntry",
        tags.PR_SERVICE_SUPPORT_FILES: ("acme.dll", "acme.hlp"),
        tags.PR_SERVICE_DELETE_FILES: ("acme.dll",),
        tags.PR_STORE_PROVIDERS: bytes.fromhex(mail.uid),
        tags.PR_SERVICE_EXTRA_UIDS: b"acme global data",
    }
    assert dict(mail.section.properties) == {
        tags.PR_RESOURCE_TYPE: 33,
        tags.PR_RESOURCE_FLAGS: StatusFlag.OWN_STORE | StatusFlag.DEFAULT_STORE,
        tags.PR_PROVIDER_DISPLAY: "Acme Store",
        tags.PR_SERVICE_UID: bytes.fromhex(uid),
        tags.PR_SERVICE_NAME: "ACME",
    }
    assert mail.display == "Acme Store"
    assert added.flags == ServiceFlag.DEFAULT_STORE | ServiceFlag.PRIMARY_IDENTITY | 0x40000000
    assert dict(profile.admin.properties) == {
        tags.PR_SERVICES: bytes.fromhex(uid),
        tags.PR_STORE_PROVIDERS: bytes.fromhex(mail.uid),
    }
    assert added.extras[0].number(0x66010003) == 7


def test_the_callers_display_name_yields_to_that_of_mapisvc_inf(new_uid: Callable[[], bytes]) -> None:
    named = ServiceDefinition("X", "Fallback", {tags.PR_DISPLAY_NAME: "From the INF"}, (store_of(),))
    profile = profile_with(new_uid)
    for definition, display, shown in (
        (named, "Mine", "From the INF"),
        (service("X", store_of()), "Mine", "Mine"),
        (service("X", store_of()), None, "X"),
    ):
        after, uid = edit.add_service(profile, definition, new_uid, display=display)
        added = after.service(uid)
        assert added is not None
        assert added.display == shown


def test_a_provider_of_a_kind_without_a_list_is_found_by_its_link_back(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(new_uid, service("X", provider(ResourceType.PROFILE_PROVIDER)))
    [each] = found(profile, "X").providers
    assert each.kind == ResourceType.PROFILE_PROVIDER
    assert list(edit.remove_service(profile, found(profile, "X").uid).sections) == [ADMIN, INSTANCE]


def test_what_cannot_be_added_is_refused(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(new_uid, service("ONE", store_of(), flags=ServiceFlag.SINGLE_COPY))
    with pytest.raises(ExistsError, match="SERVICE_SINGLE_COPY") as told:
        edit.add_service(profile, service("one", store_of()), new_uid)
    assert told.value.hresult == 0x80070005
    with pytest.raises(ExistsError):
        edit.copy_service(profile, found(profile, "ONE").uid, profile, new_uid)
    with pytest.raises(UsageError, match="PR_RESOURCE_TYPE"):
        edit.add_service(profile, service("TWO", ProviderDefinition("p", {})), new_uid)
    secret = ProviderDefinition("p", {tags.PR_RESOURCE_TYPE: 33, 0x67FC001F: "hunter2"})
    with pytest.raises(RefusedError, match="secure") as refused:
        edit.add_service(profile, service("TWO", secret), new_uid)
    assert "hunter2" not in str(refused.value)
    for verb in (
        lambda: edit.remove_service(profile, ADMIN),
        lambda: edit.copy_service(profile, "ee" * 16, profile, new_uid),
    ):
        with pytest.raises(NotFoundError, match="there is no service"):
            verb()


def test_a_fixed_section_is_shared_until_its_last_service_goes(new_uid: Callable[[], bytes]) -> None:
    fixed = b"one and the same"
    first = service("FIRST", store_of(), extras=(SectionDefinition("s", {PRIVATE: "first"}, fixed),))
    second = service("SECOND", store_of(), extras=(SectionDefinition("s", {PRIVATE: "second"}, fixed),))
    profile = profile_with(new_uid, first, second)
    shared = profile.section(fixed.hex())
    assert shared is not None
    assert shared.text(PRIVATE) == "first"
    assert found(profile, "SECOND").extras == (shared,)
    one_less = edit.remove_service(profile, found(profile, "FIRST").uid)
    assert one_less.section(fixed.hex()) == shared
    assert edit.remove_service(one_less, found(profile, "SECOND").uid).section(fixed.hex()) is None


# Roles.


def test_the_first_store_is_the_default_one_and_hands_over_when_it_goes(new_uid: Callable[[], bytes]) -> None:
    archive = store_of(StatusFlag.NO_DEFAULT_STORE | StatusFlag.DEFAULT_STORE, "archive")
    profile = profile_with(
        new_uid,
        service("ARCHIVE", archive),
        service("A", store_of(name="plain"), store_of(StatusFlag.DEFAULT_STORE, "flagged")),
        service("B", store_of(StatusFlag.DEFAULT_STORE, "late")),
    )

    def default(profile: Profile) -> str:
        holder = roles.default_store(profile)
        return holder.display if holder is not None else ""

    assert default(profile) == "flagged"
    late = found(profile, "B").providers[0]
    assert late.flags == 0
    assert ServiceFlag.DEFAULT_STORE in found(profile, "A").flags
    chosen = roles.set_default_store(profile, late.uid.upper())
    assert default(chosen) == "late"
    assert faults(chosen) == ()
    assert roles.set_default_store(chosen, found(profile, "A").providers[1].uid) == profile
    rest = edit.remove_service(profile, found(profile, "A").uid)
    assert default(rest) == "late"
    assert default(edit.remove_service(rest, found(rest, "B").uid)) == ""
    with pytest.raises(RefusedError, match="can never be the default store"):
        roles.set_default_store(profile, found(profile, "ARCHIVE").providers[0].uid)
    with pytest.raises(NotFoundError):
        roles.set_default_store(profile, found(profile, "B").uid)


def identities(profile: Profile) -> list[str]:
    return [p.display for s in profile.services for p in s.providers if StatusFlag.PRIMARY_IDENTITY in p.flags]


def test_the_first_service_that_declares_it_provides_the_identity(new_uid: Callable[[], bytes]) -> None:
    declared = StatusFlag.PRIMARY_IDENTITY
    book = ResourceType.AB_PROVIDER
    profile = profile_with(
        new_uid,
        service("NONE", provider(book, name="none"), flags=ServiceFlag.NO_PRIMARY_IDENTITY),
        service(
            "A",
            provider(book, declared, "a1"),
            store_of(declared, "a2"),
            store_of(StatusFlag.NO_PRIMARY_IDENTITY, "a3"),
            flags=ServiceFlag.PRIMARY_IDENTITY,
        ),
        service("NEVER", provider(book, name="never"), flags=ServiceFlag.NO_PRIMARY_IDENTITY),
        service("B", store_of(declared, "b"), flags=ServiceFlag.PRIMARY_IDENTITY),
    )
    # [mapi-primary-identity]: the first such provider of the first such service, in the order of MAPISVC.INF
    assert identities(profile) == ["a1"]
    assert ServiceFlag.PRIMARY_IDENTITY not in found(profile, "B").flags
    rest = edit.remove_service(profile, found(profile, "A").uid)
    assert identities(rest) == ["b"]
    assert ServiceFlag.PRIMARY_IDENTITY in found(rest, "B").flags
    assert identities(edit.remove_service(rest, found(rest, "B").uid)) == []


def test_the_primary_identity_is_chosen_by_service_or_provider_and_cleared(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(
        new_uid,
        service("A", store_of(StatusFlag.PRIMARY_IDENTITY, "a")),
        service("B", store_of(name="b1"), store_of(StatusFlag.NO_PRIMARY_IDENTITY, "b2"), store_of(name="b3")),
        service("NONE", store_of(name="none"), flags=ServiceFlag.NO_PRIMARY_IDENTITY),
    )
    by_service = roles.set_primary_identity(profile, found(profile, "B").uid)
    # [imsgserviceadmin-setprimaryidentity]: every provider that can, and the service itself
    assert identities(by_service) == ["b1", "b3"]
    assert ServiceFlag.PRIMARY_IDENTITY in found(by_service, "B").flags
    assert roles.set_primary_identity(profile, found(profile, "B").providers[1].uid) == by_service
    back = roles.set_primary_identity(by_service, found(profile, "A").uid)
    assert identities(back) == ["a"]
    nobody = roles.set_primary_identity(back, None)
    assert identities(nobody) == []
    assert roles.primary_identity(nobody) is None
    with pytest.raises(RefusedError, match="provides no identity") as told:
        roles.set_primary_identity(profile, found(profile, "NONE").uid)
    assert told.value.hresult == 0x80070005
    with pytest.raises(NotFoundError):
        roles.set_primary_identity(profile, "ee" * 16)


def test_transports_stand_as_added_but_for_those_that_prefer_to_be_last(new_uid: Callable[[], bytes]) -> None:
    json_form = ResourceType.TRANSPORT_PROVIDER
    last = StatusFlag.XP_PREFER_LAST
    profile = profile_with(
        new_uid,
        service("A", provider(json_form, last, "a last"), provider(json_form, 0, "a")),
        service("B", provider(json_form, 0, "b"), provider(json_form, last, "b last")),
    )

    def order(profile: Profile) -> list[str]:
        return [each.display for each in profile.providers(tags.PR_TRANSPORT_PROVIDERS)]

    assert order(profile) == ["a", "b", "a last", "b last"]
    uids = profile.admin.uids(tags.PR_TRANSPORT_PROVIDERS)
    turned = roles.set_transport_order(profile, [uid.upper() for uid in reversed(uids)])
    assert order(turned) == ["b last", "a last", "b", "a"]
    with pytest.raises(BusyError) as told:
        roles.set_transport_order(profile, uids[:3])
    assert told.value.hresult == 0x8004010B
    for wrong in ([*uids[:3], "ee" * 16], [*uids[:3], uids[0]]):
        with pytest.raises(NotFoundError):
            roles.set_transport_order(profile, wrong)


# Copying a service.


def test_a_copied_service_names_its_own_sections(new_uid: Callable[[], bytes]) -> None:
    exchange = service(
        "MSEMS",
        store_of(StatusFlag.DEFAULT_STORE),
        provider(ResourceType.TRANSPORT_PROVIDER),
        extras=(SectionDefinition("account", {PRIVATE: "server"}),),
    )
    profile = profile_with(new_uid, exchange)
    source = found(profile, "MSEMS")
    account = source.extras[0].uid
    profile = edit.set_properties(profile, source.uid, {tags.PR_EMSMDB_SECTION_UID: bytes.fromhex(account)})
    links = {
        tags.PR_SERVICE_UID: bytes.fromhex(source.uid),
        tags.PR_STORE_PROVIDERS: bytes.fromhex(source.providers[0].uid),
    }
    profile = edit.set_properties(profile, account, links)
    assert faults(profile) == ()
    profile, uid = edit.copy_service(profile, source.uid, profile, new_uid)
    assert faults(profile) == ()
    copy = profile.service(uid)
    assert copy is not None
    own = {copy.uid, *(each.uid for each in copy.providers), copy.extras[0].uid}
    assert len(own) == 4
    assert not own & {source.uid, *(each.uid for each in source.providers), account}
    assert copy.section.uids(tags.PR_EMSMDB_SECTION_UID) == (copy.extras[0].uid,)
    assert copy.extras[0].uids(tags.PR_SERVICE_UID) == (copy.uid,)
    assert copy.extras[0].uids(tags.PR_STORE_PROVIDERS) == (copy.providers[0].uid,)
    assert copy.extras[0].text(PRIVATE) == "server"
    assert copy.providers[0].flags == 0  # the first one stays the default store


def test_a_secret_is_copied_as_it_is_encrypted(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(new_uid, service("A", store_of()))
    key = store.write_profile(profile, "cp1252")
    uid = found(profile, "A").providers[0].uid
    blob = Value.binary(b"\1\0\0\0 DPAPI")
    values = {**key.keys[uid].values, "S010267f0": blob}
    key = Key({}, {**key.keys, uid: Key(values)})
    profile = store.read_profile("Work", key, default_pointer=8, code_page="cp1252")
    other = edit.new_profile("Home", 4, new_uid)
    copied, copy = edit.copy_service(profile, found(profile, "A").uid, other, new_uid)
    [mail] = found(copied, "A").providers
    assert mail.service_uid == copy
    assert store.write_values(mail.section, 4, "cp1252")["S010267f0"] == blob


# Properties.


def test_properties_of_a_section_are_set_and_removed(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(new_uid, service("A", store_of(StatusFlag.DEFAULT_STORE | StatusFlag.OWN_STORE)))
    mail = found(profile, "A").providers[0]
    changed = edit.set_properties(profile, mail.uid.upper(), {PRIVATE: "x", tags.PR_DISPLAY_NAME: "Mine"})
    assert found(changed, "A").providers[0].display == "Mine"
    assert edit.set_properties(changed, mail.uid, {PRIVATE: None, tags.PR_DISPLAY_NAME: "store"}) == profile
    # A service that works on a copy of its section writes the whole of it back.
    whole = dict(mail.section.properties)
    assert edit.set_properties(profile, mail.uid, whole) == profile
    flags = edit.set_properties(profile, mail.uid, {tags.PR_RESOURCE_FLAGS: StatusFlag.PRIMARY_STORE})
    assert found(flags, "A").providers[0].flags == StatusFlag.PRIMARY_STORE | StatusFlag.DEFAULT_STORE
    gone = edit.set_properties(profile, found(profile, "A").uid, {tags.PR_RESOURCE_FLAGS: None})
    assert tags.PR_RESOURCE_FLAGS not in found(gone, "A").section.properties


def test_a_service_lists_the_sections_that_it_makes(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(new_uid, service("A", store_of()))
    uid = found(profile, "A").uid
    extra = "ab" * 16
    listed = {tags.PR_SERVICE_EXTRA_UIDS: bytes.fromhex(extra)}
    with pytest.raises(UsageError, match="PR_SERVICE_EXTRA_UIDS"):
        edit.set_properties(profile, uid, listed)
    made = edit.set_properties(edit.create_section(profile, extra), uid, listed)
    assert faults(made) == ()
    assert edit.remove_service(made, uid).section(extra) is None
    with pytest.raises(UsageError, match="names no section"):
        edit.create_section(profile, "GroupsStore")


def test_what_holds_the_profile_together_is_not_set_by_hand(new_uid: Callable[[], bytes]) -> None:
    profile = profile_with(new_uid, service("A", store_of()))
    each = found(profile, "A")
    own = (
        (ADMIN, tags.PR_SERVICES, b""),
        (ADMIN, tags.PR_STORE_PROVIDERS, None),
        (INSTANCE, tags.PR_SEARCH_KEY, bytes(16)),
        (each.uid, tags.PR_SERVICE_NAME, "B"),
        (each.uid, tags.PR_STORE_PROVIDERS, None),
        (each.providers[0].uid, tags.PR_SERVICE_UID, bytes(16)),
        (each.providers[0].uid, tags.PR_RESOURCE_TYPE, 35),
        (each.uid, tags.PR_PROFILE_NAME, "B"),
    )
    for uid, tag, value in own:
        with pytest.raises(RefusedError, match="MAPI's own") as told:
            edit.set_properties(profile, uid, {tag: value})
        assert told.value.hresult == 0x8004011A
    with pytest.raises(RefusedError, match="PR_DISPLAY_NAME"):
        edit.set_properties(profile, each.uid, {tags.PR_DISPLAY_NAME: None})
    with pytest.raises(UsageError, match="named property"):
        edit.set_properties(profile, each.uid, {0x8001001F: "x"})
    with pytest.raises(UsageError, match="cannot be stored"):
        edit.set_properties(profile, each.uid, {PRIVATE: 5})
    with pytest.raises(NotFoundError, match="no section"):
        edit.set_properties(profile, "ee" * 16, {PRIVATE: "x"})
