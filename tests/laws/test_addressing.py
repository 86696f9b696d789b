"""Laws of the address lists: what is set is got, what is so already changes nothing, nothing else moves."""

from __future__ import annotations

from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from mapiwright.mapi.inf.definition import ProviderDefinition, ServiceDefinition
from mapiwright.mapi.profile import addressing, edit, store
from mapiwright.mapi.profile.profile import ADMIN, Section
from mapiwright.mapi.props import tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile

CONTAB_UID, FOLDERS, NAMES = 0x66010102, 0x66201102, 0x6629101F
THREE = (tags.PR_AB_DEFAULT_DIR, tags.PR_AB_DEFAULT_PAB, tags.PR_AB_SEARCH_PATH)

FOLDER_IDS = st.lists(st.binary(min_size=1, max_size=46), max_size=4)
FOLDER_NAMES = st.lists(st.sampled_from(("Contacts", "", "Жук")), max_size=5)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Profiles with some address books, and values that somebody left in MAPI's section."""
    numbers = count(1)

    def new_uid() -> bytes:
        return b"uid:" + next(numbers).to_bytes(12, "big")

    profile = edit.new_profile("Work", draw(st.sampled_from((4, 8))), new_uid)
    for dll in draw(st.lists(st.sampled_from(("contab.dll", "EMSABP.dll", "acme.dll")), max_size=4)):
        properties: dict[int, PropertyValue] = {
            tags.PR_RESOURCE_TYPE: 35,
            tags.PR_PROVIDER_DLL_NAME: dll,
            tags.PR_DISPLAY_NAME: draw(st.sampled_from(("", "Book"))),
        }
        if dll == "contab.dll":
            properties |= {
                CONTAB_UID: draw(st.binary(min_size=15, max_size=16)),
                FOLDERS: tuple(draw(FOLDER_IDS)),
                NAMES: tuple(draw(FOLDER_NAMES)),
            }
        definition = ServiceDefinition(dll, dll, {}, (ProviderDefinition(dll, properties),), dll=dll, entry="E")
        profile, _ = edit.add_service(profile, definition, new_uid)
    strange = st.binary(max_size=40)
    if draw(st.booleans()):
        left: dict[int, PropertyValue] = {
            tags.PR_AB_SEARCH_PATH: tuple(draw(st.lists(strange, min_size=1, max_size=3, unique=True))),
            tags.PR_AB_DEFAULT_DIR: draw(strange),
        }
        profile = edit.set_properties(profile, ADMIN, left)
    return profile


def others(profile: Profile) -> tuple[Mapping[str, Section], Mapping[int, PropertyValue]]:
    """All of a profile but its three choices."""
    rest = {uid: section for uid, section in profile.sections.items() if uid != ADMIN}
    kept = {tag: value for tag, value in profile.admin.properties.items() if tag not in THREE}
    return MappingProxyType(rest), MappingProxyType(kept)


def id_of(chosen: addressing.AddressList | None) -> bytes | None:
    return None if chosen is None else chosen.entry_id


@given(profiles())
def test_every_list_can_be_named_once_and_has_a_name(profile: Profile) -> None:
    lists = addressing.address_lists(profile)
    assert len({each.entry_id for each in lists}) == len(lists)
    order = addressing.search_order(profile)
    assert lists[: len(order)] == order
    assert all(each.name for each in lists)
    assert {each.provider for each in lists} <= {"", *(uid for uid in profile.sections)}


@given(profiles(), st.data())
def test_what_is_set_is_got_and_nothing_else_changes(profile: Profile, data: st.DataObject) -> None:
    lists = addressing.address_lists(profile)
    choices = st.sampled_from([None, *lists])
    directory, personal = data.draw(choices), data.draw(choices)
    search = data.draw(st.lists(st.sampled_from(lists), unique=True)) if lists else []
    edits: list[Callable[[Profile], Profile]] = [
        lambda each: addressing.set_default_directory(each, id_of(directory), before=profile),
        lambda each: addressing.set_personal_address_book(each, id_of(personal), before=profile),
        lambda each: addressing.set_search_order(each, [one.entry_id for one in search], before=profile),
    ]
    after = profile
    for change in data.draw(st.permutations(edits)):
        after = change(after)
    assert addressing.default_directory(after) == directory
    assert addressing.personal_address_book(after) == personal
    assert addressing.search_order(after) == tuple(search)
    assert others(after) == others(profile)
    key = store.write_profile(after, "cp1251")
    assert ("11023d05" in key.keys[ADMIN].values) is bool(search)
    again = store.read_profile("Work", key, default_pointer=after.pointer, code_page="cp1251")
    assert addressing.search_order(again) == tuple(search)


@given(profiles())
def test_setting_what_is_gives_the_same_profile(profile: Profile) -> None:
    directory, personal = addressing.default_directory(profile), addressing.personal_address_book(profile)
    search = [each.entry_id for each in addressing.search_order(profile)]
    assert addressing.set_default_directory(profile, id_of(directory)) is profile
    assert addressing.set_personal_address_book(profile, id_of(personal)) is profile
    assert addressing.set_search_order(profile, search) is profile


@given(profiles(), st.data())
def test_a_service_that_goes_takes_its_lists_along_and_no_others(profile: Profile, data: st.DataObject) -> None:
    lists = addressing.address_lists(profile)
    profile = addressing.set_search_order(profile, [each.entry_id for each in lists])
    if not profile.services:
        return
    gone = data.draw(st.sampled_from(profile.services))
    [provider] = gone.providers
    left = edit.remove_service(profile, gone.uid)
    owners = addressing.Owners([provider.section])
    taken = {each.entry_id for each in lists if owners.of(each.entry_id) is not None}
    assert taken >= {each.entry_id for each in lists if each.provider == provider.uid}
    assert [each.entry_id for each in addressing.search_order(left)] == [
        each.entry_id for each in lists if each.entry_id not in taken
    ]
    assert left.admin.get(tags.PR_AB_SEARCH_PATH) != (), "no empty list is stored"


def contab(uid: bytes) -> bytes:
    """The beginning of an entry id of the Outlook Address Book, as far as to the uid that its section keeps."""
    return bytes(4) + bytes.fromhex("fe42aa0a18c71a10e8850b651c240000 03000000 03000000") + uid


@given(st.binary(max_size=17), st.binary(max_size=17), st.binary(max_size=4))
@example(b"", b"", b"")
@example(b"c" * 5, b"c" * 5, b"")
@example(b"c" * 16, b"c" * 16, b"folder")
def test_a_list_is_owned_by_what_keeps_its_whole_uid(kept: bytes, named: bytes, rest: bytes) -> None:
    section = Section("0b" * 16, {CONTAB_UID: kept})
    entry_id = contab(named) + rest
    owns = len(kept) == 16 and entry_id[28:44] == kept
    assert (addressing.Owners([section]).of(entry_id) is section) is owns
    assert addressing.Owners([section]).of(contab(b"")[:20]) is None


class Counted(Section):
    """A section that counts how often it is asked."""

    asked = 0

    def get(self, tag: int) -> PropertyValue | None:
        Counted.asked += 1
        return super().get(tag)


def test_a_provider_is_looked_at_once_however_many_lists_there_are() -> None:
    sections = [Counted(number.to_bytes(16, "big").hex(), {}) for number in range(50)]
    owners = addressing.Owners(sections)
    assert all(owners.of(contab(number.to_bytes(16, "big"))) is None for number in range(500))
    assert owners.of(bytes(4) + (7).to_bytes(16, "big")) is sections[7]
    assert Counted.asked == len(sections)
