"""Laws of edits: the graph holds after any sequence of verbs; what was added and is removed leaves no trace."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapiwright.errors import ExistsError, RefusedError, UsageError
from mapiwright.mapi.inf.definition import ProviderDefinition, SectionDefinition, ServiceDefinition
from mapiwright.mapi.profile import edit, roles, store
from mapiwright.mapi.profile.profile import ADMIN, INSTANCE, Profile
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ResourceType, ServiceFlag, StatusFlag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mapiwright.formats.props import PropertyValue
    from mapiwright.workstation.registry import Key

PRIVATE = 0x6612001F
EXCHANGE_STUB = bytes.fromhex("13dbb0c8aa05101a9bb000aa002fc45a")
FIXED = (EXCHANGE_STUB, b"fixed section 01")


@dataclass
class Uids:
    """Fresh MAPIUIDs that are the same in every run."""

    numbers: count[int] = field(default_factory=lambda: count(1))

    def __call__(self) -> bytes:
        return b"uid:" + next(self.numbers).to_bytes(12, "big")


def flags_of(flags: type[StatusFlag | ServiceFlag]) -> st.SearchStrategy[int]:
    return st.lists(st.sampled_from(list(flags)), max_size=3, unique=True).map(lambda bits: sum(map(int, bits)))


PRIVATE_PROPERTIES: st.SearchStrategy[dict[int, PropertyValue]] = st.fixed_dictionaries(
    {},
    optional={
        PRIVATE: st.sampled_from(("", "text", "Жук")),
        0x66130003: st.integers(-(1 << 31), (1 << 32) - 1),
        0x66141102: st.lists(st.binary(max_size=5), max_size=3).map(tuple),
        0x6615101E: st.lists(st.sampled_from(("a", "b.dll")), max_size=3).map(tuple),
    },
)
PROVIDERS = st.builds(
    lambda kind, flags, display, more: ProviderDefinition(
        display, {tags.PR_RESOURCE_TYPE: kind, tags.PR_DISPLAY_NAME: display, tags.PR_RESOURCE_FLAGS: flags} | more
    ),
    st.sampled_from((33, 33, 35, 36, 36, 40, 38)),
    flags_of(StatusFlag),
    st.sampled_from(("Store", "Book", "Wire")),
    PRIVATE_PROPERTIES,
)
DEFINITIONS = st.builds(
    lambda name, flags, providers, extras, more: ServiceDefinition(
        name=name,
        display=f"The {name} service",
        properties={tags.PR_RESOURCE_FLAGS: flags} | more if flags else more,
        providers=tuple(providers),
        extras=tuple(SectionDefinition("extra", {PRIVATE: "from the INF"}, uid) for uid in extras),
        dll="acme.dll",
        entry="ServiceEntry",
        support_files=("acme.dll",),
    ),
    st.sampled_from(("ACME", "BOLT", "COG")),
    flags_of(ServiceFlag),
    st.lists(PROVIDERS, min_size=1, max_size=4),
    st.lists(st.sampled_from((None, *FIXED)), max_size=2),
    PRIVATE_PROPERTIES,
)


def empty(pointer: int = 8) -> Profile:
    """As Outlook leaves an empty one: with the stub of the old Exchange section."""
    profile = edit.new_profile("Work", pointer, lambda: b"search key of it")
    return edit.create_section(profile, EXCHANGE_STUB.hex())


def one_of(data: st.DataObject, found: Sequence[str]) -> str:
    """One of these uids, or one that is nowhere."""
    return data.draw(st.sampled_from([*found, "ee" * 16]))


def edited(profile: Profile, uids: Uids, data: st.DataObject) -> Profile:
    """The profile after one verb with arguments that may be wrong; a verb that refuses changes nothing."""
    services = [service.uid for service in profile.services]
    providers = [provider.uid for service in profile.services for provider in service.providers]
    transports = list(profile.admin.uids(tags.PR_TRANSPORT_PROVIDERS))
    verbs: dict[str, Callable[[], Profile]] = {
        "add": lambda: edit.add_service(profile, data.draw(DEFINITIONS), uids)[0],
        "remove": lambda: edit.remove_service(profile, one_of(data, services)),
        "copy service": lambda: edit.copy_service(profile, one_of(data, services), profile, uids)[0],
        "copy": lambda: edit.copy_profile(profile, "Other", uids),
        "rename": lambda: edit.rename_profile(profile, "Again"),
        "set": lambda: edit.set_properties(
            profile,
            one_of(data, list(profile.sections)),
            data.draw(
                PRIVATE_PROPERTIES
                | st.dictionaries(
                    st.sampled_from((tags.PR_RESOURCE_FLAGS, tags.PR_DISPLAY_NAME, tags.PR_RESOURCE_TYPE)),
                    st.sampled_from((None, 0, 2, 0x46, "name")),
                )
            ),
        ),
        "default store": lambda: roles.set_default_store(profile, one_of(data, providers)),
        "identity": lambda: roles.set_primary_identity(
            profile, data.draw(st.sampled_from([None, *services, *providers, "ee" * 16]))
        ),
        "order": lambda: roles.set_transport_order(profile, data.draw(st.permutations(transports))),
    }
    try:
        return verbs[data.draw(st.sampled_from(["add", "add", "add", *verbs]))]()
    except (RefusedError, UsageError):
        return profile


def edited_often(data: st.DataObject, uids: Uids, steps: int = 6) -> Profile:
    profile = empty(data.draw(st.sampled_from((4, 8))))
    for _ in range(data.draw(st.integers(0, steps))):
        profile = edited(profile, uids, data)
    return profile


@given(st.data())
def test_the_graph_and_the_store_hold_after_any_sequence_of_edits(data: st.DataObject) -> None:
    uids = Uids()
    profile = empty(data.draw(st.sampled_from((4, 8))))
    for _ in range(data.draw(st.integers(1, 8))):
        profile = edited(profile, uids, data)
        assert faults(profile) == ()
        identified = [s for s in profile.services if any(StatusFlag.PRIMARY_IDENTITY in p.flags for p in s.providers)]
        assert len(identified) <= 1
    key = store.write_profile(profile, "cp1251")
    again = store.read_profile(profile.name, key, default_pointer=profile.pointer, code_page="cp1251")
    assert {uid: dict(section.properties) for uid, section in again.sections.items()} == {
        uid: dict(section.properties) for uid, section in profile.sections.items()
    }
    assert again.pointer == profile.pointer
    assert store.write_profile(again, "cp1251") == key


@given(st.data(), DEFINITIONS)
def test_removing_what_was_added_gives_the_profile_back(data: st.DataObject, definition: ServiceDefinition) -> None:
    uids = Uids()
    before = edited_often(data, uids)
    try:
        after, uid = edit.add_service(before, definition, uids)
    except ExistsError:
        return
    assert after.service(uid) is not None
    back = edit.remove_service(after, uid)
    assert store.write_profile(back, "cp1251") == store.write_profile(before, "cp1251")
    assert back == before


@given(st.data(), st.sampled_from((4, 8)))
def test_a_copied_service_is_set_up_alike_in_a_profile_of_either_width(data: st.DataObject, pointer: int) -> None:
    uids = Uids()
    source = edited_often(data, uids)
    source = store.read_profile("Work", store.write_profile(source, "cp1251"), default_pointer=8, code_page="cp1251")
    for service in source.services:
        target = empty(pointer)
        copied, uid = edit.copy_service(source, service.uid, target, uids)
        assert faults(copied) == ()
        copy = copied.service(uid)
        assert copy is not None
        assert (copy.name, copy.display, copy.entry) == (service.name, service.display, service.entry)
        assert [p.kind for p in copy.providers] == [p.kind for p in service.providers]
        assert [e.text(PRIVATE) for e in copy.extras] == [e.text(PRIVATE) for e in service.extras]
        key = store.write_profile(copied, "cp1251")
        assert store.read_profile("Work", key, default_pointer=pointer, code_page="cp1251").pointer == pointer
        assert edit.remove_service(copied, uid) == target


@given(st.data())
def test_a_copied_profile_is_the_same_but_for_its_search_key(data: st.DataObject) -> None:
    uids = Uids()
    profile = edited_often(data, uids)
    copy = edit.copy_profile(profile, "Copy", lambda: b"another one 1234")
    assert copy.section(INSTANCE) != profile.section(INSTANCE)
    assert copy.name == "Copy"
    assert copy.without_sections([INSTANCE]).sections == profile.without_sections([INSTANCE]).sections


@pytest.mark.parametrize("name", ["o2010-x64", "o2016-x64"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)  # it only reads a file
@given(data=st.data())
def test_real_profiles_hold_through_edits_and_get_back_what_they_were(
    real_profiles: Callable[[str], Key], name: str, data: st.DataObject
) -> None:
    key = real_profiles(name).keys["Outlook"]
    profile = store.read_profile("Outlook", key, default_pointer=4, code_page="cp1252")
    assert faults(profile) == ()
    uids = Uids()
    added, uid = edit.add_service(profile, data.draw(DEFINITIONS), uids)
    assert faults(added) == ()
    assert store.write_profile(edit.remove_service(added, uid), "cp1252") == key
    for _ in range(data.draw(st.integers(0, 3))):
        added = edited(added, uids, data)
        assert faults(added) == ()


# One fault each, so that every rule is seen to bite.


def whole() -> tuple[Profile, str]:
    definition = ServiceDefinition(
        name="ACME",
        display="Acme",
        properties={},
        providers=tuple(
            ProviderDefinition(str(kind), {tags.PR_RESOURCE_TYPE: kind, tags.PR_DISPLAY_NAME: f"kind {kind}"})
            for kind in (33, 33, 35, 36, 40)
        ),
        extras=(SectionDefinition("extra", {PRIVATE: "x"}),),
        dll="acme.dll",
        entry="ServiceEntry",
    )
    return edit.add_service(edit.new_profile("Work", 8, lambda: bytes(16)), definition, Uids())


def with_changes(profile: Profile, uid: str, changes: dict[int, PropertyValue | None]) -> Profile:
    """Changed as no verb would do it."""
    section = profile.section(uid)
    assert section is not None
    return profile.with_sections(section.with_properties(changes))


def broken() -> dict[str, list[Profile]]:
    profile, uid = whole()
    service = profile.service(uid)
    assert service is not None
    store_uid, second_store = (each.uid for each in service.providers[:2])
    hook = service.providers[-1].uid
    extra = service.extras[0].uid
    exchange = with_changes(profile, uid, {tags.PR_EMSMDB_SECTION_UID: bytes.fromhex(extra)})
    return {
        "MW2001": [
            profile.without_sections([uid]),
            with_changes(profile, uid, {tags.PR_SERVICE_NAME: None}),
            with_changes(profile, uid, {tags.PR_DISPLAY_NAME: None}),
            with_changes(profile, uid, {tags.PR_SERVICE_DLL_NAME: None}),
        ],
        "MW2002": [
            profile.without_sections([second_store]),
            with_changes(profile, store_uid, {tags.PR_SERVICE_UID: b"somebody else's."}),
            with_changes(profile, store_uid, {tags.PR_RESOURCE_TYPE: 35}),
        ],
        "MW2003": [
            with_changes(profile, ADMIN, {tags.PR_STORE_PROVIDERS: None}),
            with_changes(profile, uid, {tags.PR_AB_PROVIDERS: None}),
            profile.without_sections([hook]),
        ],
        "MW2004": [profile.without_sections([extra])],
        "MW2005": [
            profile.without_sections([INSTANCE]),
            with_changes(profile, INSTANCE, {tags.PR_SEARCH_KEY: b"short"}),
        ],
        "MW2006": [
            with_changes(profile, store_uid, {tags.PR_RESOURCE_FLAGS: 0}),
            with_changes(profile, second_store, {tags.PR_RESOURCE_FLAGS: 2}),
        ],
        "MW2008": [with_changes(profile, ADMIN, {tags.PR_SERVICES: bytes.fromhex(uid) + b"rest"})],
        "MW2009": [
            with_changes(profile, uid, {tags.PR_EMSMDB_SECTION_UID: b"nowhere to find."}),
            with_changes(exchange, extra, {tags.PR_SERVICE_UID: b"somebody else's."}),
            with_changes(exchange, extra, {tags.PR_STORE_PROVIDERS: b"somebody else's."}),
        ],
    }


@pytest.mark.parametrize("rule", sorted(broken()))
def test_every_rule_of_the_graph_is_seen_to_bite(rule: str) -> None:
    assert faults(whole()[0]) == ()
    for profile in broken()[rule]:
        found = faults(profile)
        assert rule in {finding.id for finding in found}
        assert all(finding.where.startswith("Work") and finding.rule for finding in found)


def test_orphans_and_emptiness_are_legal() -> None:
    profile = edit.create_section(edit.new_profile("Work", 8, lambda: bytes(16)), "0F" * 16)
    assert "0f" * 16 in profile.sections
    assert edit.create_section(profile, "0f" * 16) is profile
    assert faults(profile) == ()
    definition = ServiceDefinition("X", "X", {}, (ProviderDefinition("p", {tags.PR_RESOURCE_TYPE: 35}),))
    assert faults(edit.add_service(profile, definition, Uids())[0]) == ()
    never = ProviderDefinition(
        "s", {tags.PR_RESOURCE_TYPE: ResourceType.STORE_PROVIDER, tags.PR_RESOURCE_FLAGS: 0x42}
    )
    only_archive, uid = edit.add_service(profile, replace(definition, providers=(never,)), Uids())
    assert faults(only_archive) == ()
    service = only_archive.service(uid)
    assert service is not None
    assert service.providers[0].flags == StatusFlag.NO_DEFAULT_STORE
