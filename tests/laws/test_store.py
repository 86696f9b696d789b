"""Laws of stored profiles: what is read is written back byte for byte, and an edit changes its own value only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import RefusedError, UsageError
from mapiwright.mapi.profile import edit, store
from mapiwright.mapi.profile.profile import ADMIN, Profile, Section, is_protected, tag_of_value, value_name
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props import tags
from mapiwright.workstation.change import CreateKey, DeleteKey, SetValue
from mapiwright.workstation.kinds.memory import MemoryRegistry
from mapiwright.workstation.outlook.outlook import edition_of_profiles
from mapiwright.workstation.registry import Key, KeyPath, Value, ValueType
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Callable

USER = KeyPath.parse(r"HKU\S-1-5-21-1-2-3-1001")
PRIVATE = 0x6600001F
CONTAB_X86 = Value.binary(bytes.fromhex("01000000 08000000 636f6e7461622e646c6c00"))
CONTAB_X64 = Value.binary(bytes.fromhex("01000000 0c00000000000000 636f6e7461622e646c6c00"))

KINDS = st.sampled_from(sorted(tags.PropertyType)) | st.integers(0, 0xFFFF)
IDS = st.sampled_from((0x3001, 0x3009, 0x3D0E, 0x6600, 0x67F0, 0x67FF)) | st.integers(0, 0xFFFF)
PROPERTY_NAMES = st.builds(lambda kind, number: f"{kind:04x}{number:04x}", KINDS, IDS)
NAMES = st.one_of(
    PROPERTY_NAMES,
    PROPERTY_NAMES.map(str.upper),
    PROPERTY_NAMES.map(lambda name: f"S{name}"),
    st.text(st.characters(exclude_characters="\0\\"), max_size=9),
)
DATA = st.binary(max_size=24) | st.sampled_from((CONTAB_X86.data, CONTAB_X64.data, bytes(4), b"a\0b\0\0\0"))
STORED = st.builds(Value, st.sampled_from(sorted(ValueType)) | st.integers(0, 0xFFFFFFFF), DATA)
VALUES = st.dictionaries(NAMES, STORED, max_size=6)
KEYS = st.recursive(
    st.builds(Key, VALUES),
    lambda below: st.builds(Key, VALUES, st.dictionaries(NAMES.filter(bool), below, max_size=3)),
    max_leaves=6,
)


def read(key: Key, pointer: int = 8) -> Profile:
    return store.read_profile("Outlook", key, default_pointer=pointer, code_page="cp1252")


def section_of(values: dict[str, Value]) -> Section:
    return store.read_section("00" * 16, Key(values), "cp1252")


@given(KEYS, st.sampled_from(("cp1252", "cp932", "utf-8")))
def test_any_key_is_written_back_as_it_was_read(key: Key, code_page: str) -> None:
    profile = store.read_profile("Outlook", key, default_pointer=8, code_page=code_page)
    written = store.write_profile(profile, code_page)
    assert written == key
    assert list(written.keys) == list(key.keys)
    faults(profile)  # whatever is there can be checked


@given(st.builds(Key, VALUES, st.dictionaries(st.just("ab" * 16), st.builds(Key, VALUES), min_size=1)), KINDS)
def test_an_edit_changes_its_own_value_only(key: Key, number: int) -> None:
    profile = read(key)
    tag = 0x6611_0000 | tags.PropertyType.LONG
    after = profile.with_sections(profile.sections["ab" * 16].with_properties({tag: number}))
    written = store.write_profile(after, "cp1252")
    expected = {**key.keys["ab" * 16].values, "00036611": Value.binary(number.to_bytes(4, "little"))}
    assert written == Key(key.values, {"ab" * 16: Key(expected, key.keys["ab" * 16].keys)})


@given(VALUES)
def test_setting_every_property_to_what_it_is_changes_nothing(values: dict[str, Value]) -> None:
    section = section_of(values)
    same = section.with_properties(section.properties)
    assert store.write_values(same, 8, "cp1252") == values


@pytest.mark.parametrize("name", ["o2010-x64", "o2016-x64"])
def test_real_profiles_are_read_whole_and_written_back(real_profiles: Callable[[str], Key], name: str) -> None:
    key = real_profiles(name).keys["Outlook"]
    profile = read(key, pointer=4)
    assert profile.pointer == 8  # their neighbours tell, not the default
    assert store.write_profile(profile, "cp1252") == key
    for section in profile.sections.values():
        decoded = {value_name(tag) for tag in section.properties}
        assert decoded == {stored for stored in section.stored if tag_of_value(stored) is not None}


@pytest.mark.parametrize(("stored", "pointer"), [(CONTAB_X86, 4), (CONTAB_X64, 8), (Value.binary(bytes(4)), 8)])
def test_the_neighbours_tell_the_width_and_the_default_where_there_are_none(stored: Value, pointer: int) -> None:
    key = Key({}, {"ab" * 16: Key({"101e3d0f": stored})})
    profile = read(key, pointer=8)
    assert profile.pointer == pointer
    files = {tags.PR_SERVICE_DELETE_FILES: ("contab.dll",)}
    written = store.write_profile(profile.with_sections(profile.sections["ab" * 16].with_properties(files)), "cp1252")
    assert written.keys["ab" * 16].values["101e3d10"] == (CONTAB_X86 if pointer == 4 else CONTAB_X64)


def test_most_tables_decide_where_a_stranger_mixed_the_widths() -> None:
    values = {"101e3d0f": CONTAB_X86, "101e6622": CONTAB_X86, "101e6623": CONTAB_X64}
    assert read(Key({}, {"ab" * 16: Key(values)})).pointer == 4


# What strangers wrote.


def test_hand_made_values_are_read_as_the_field_reads_them() -> None:
    section = section_of(
        {
            "001f3001": Value.sz("wide as REG_SZ"),
            "001e3006": Value.expand_sz("narrow"),
            "00033009": Value.dword(5),
            "001f300a": Value.binary("x.dll".encode("utf-16-le")),
        }
    )
    assert section.properties == {
        0x3001001F: "wide as REG_SZ",
        0x3006001E: "narrow",
        0x30090003: 5,
        0x300A001F: "x.dll",
    }
    written = store.write_values(section.with_properties({0x30090003: 6, 0x3006001E: "n"}), 8, "cp1252")
    assert written["001f3001"] == Value.sz("wide as REG_SZ")
    assert written["00033009"] == Value.binary(b"\6\0\0\0")
    assert written["001e3006"] == Value.sz("n")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("00033009", Value.sz("5")),
        ("00033009", Value.binary(b"\1")),
        ("000b6600", Value.dword(1)),
        ("001e3001", Value.binary(b"narrow\0")),
        ("11023d05", Value.binary(b"\1\0\0\0garbage")),
        ("00056600", Value.binary(bytes(8))),
        ("no property", Value.sz("x")),
    ],
)
def test_what_does_not_decode_is_no_property_and_stays(name: str, value: Value) -> None:
    section = section_of({name: value})
    assert not section.properties
    assert section.stored == {name: value}
    tag = tag_of_value(name)
    if tag is not None:
        assert not section.with_properties({tag: None}).stored


def test_a_string_is_one_property_in_whichever_width_it_is_stored() -> None:
    section = section_of({"001e3001": Value.sz("old")})
    assert section.text(tags.PR_DISPLAY_NAME) == "old"
    changed = section.with_properties({tags.PR_DISPLAY_NAME: "new"})
    assert store.write_values(changed, 8, "cp1252") == {"001e3001": Value.sz("new")}
    assert not store.write_values(changed.with_properties({tags.PR_DISPLAY_NAME: None}), 8, "cp1252")
    assert section.get(0x6600001E) is None
    assert section.text(PRIVATE) == ""
    assert section.number(PRIVATE) == 0
    assert section.uids(tags.PR_SERVICES) == ()


def test_where_both_widths_are_stored_they_stay_equal() -> None:
    section = section_of({"001e3001": Value.sz("old"), "001F3001": Value.binary(b"o\0l\0d\0\0\0")})
    written = store.write_values(section.with_properties({tags.PR_DISPLAY_NAME: "new"}), 8, "cp1252")
    assert written == {"001e3001": Value.sz("new"), "001f3001": Value.binary(b"n\0e\0w\0\0\0")}


def test_a_string_without_a_form_in_the_code_page_is_refused() -> None:
    section = Section("ab" * 16).with_properties({tags.PR_SERVICE_SUPPORT_FILES: ("ж.dll",)})
    with pytest.raises(UsageError):
        store.write_values(section, 8, "cp1252")


# Secrets.


@pytest.mark.parametrize("name", ["S010267f0", "s001e67f1", "001f67fc", "S001f6600"])
def test_a_secure_property_is_kept_and_never_read(name: str) -> None:
    stored = {name: Value.binary(b"\1\0\0\0\xd0\x8c\x9d\xdf-secret")}
    section = section_of(stored)
    assert is_protected(name)
    assert not section.properties
    assert section.protected == (tag_of_value(name),)
    assert store.write_values(section.with_properties({PRIVATE: "x"}), 8, "cp1252").items() >= stored.items()
    assert not section.with_properties(dict.fromkeys(section.protected)).stored


def test_a_secure_property_cannot_be_made_where_there_is_no_dpapi() -> None:
    with pytest.raises(RefusedError, match="67FC001F is secure") as told:
        Section("ab" * 16).with_properties({0x67FC001F: "hunter2"})
    assert "DPAPI" in told.value.remedy
    assert "hunter2" not in str(told.value)


# Where profiles are.


@pytest.mark.parametrize(
    ("edition", "profiles", "default"),
    [
        (
            Edition.OUTLOOK_2010,
            r"Software\Microsoft\Windows NT\CurrentVersion\Windows Messaging Subsystem\Profiles",
            r"Software\Microsoft\Windows NT\CurrentVersion\Windows Messaging Subsystem\Profiles",
        ),
        (
            Edition.OUTLOOK_2013,
            r"Software\Microsoft\Office\15.0\Outlook\Profiles",
            r"Software\Microsoft\Office\15.0\Outlook",
        ),
        (
            Edition.OUTLOOK_2016,
            r"Software\Microsoft\Office\16.0\Outlook\Profiles",
            r"Software\Microsoft\Office\16.0\Outlook",
        ),
    ],
)
def test_a_profile_comes_changes_and_goes_where_its_edition_keeps_it(
    edition: Edition, profiles: str, default: str
) -> None:
    registry = MemoryRegistry({USER: Key()})
    uids = iter(range(1, 99))
    profile = edit.new_profile("Work", 8, lambda: next(uids).to_bytes(16, "big"))

    def stored() -> Profile | None:
        return store.read_profile_of(registry, USER, edition, "WORK", default_pointer=8, code_page="cp1252")

    assert stored() is None
    assert edition_of_profiles(registry, USER) is None
    made = store.profiles_changes(registry, USER, edition, [(None, profile)], "cp1252")
    named = store.default_changes(registry, USER, edition, "Work")
    registry.apply((*made, *named))
    assert registry.subkeys(USER / profiles) == ("Work",)
    assert registry.value(USER / default, "DefaultProfile") == Value.sz("Work")
    assert edition_of_profiles(registry, USER) is edition
    assert store.default_name(registry, USER, edition) == "Work"
    assert store.default_changes(registry, USER, edition, "Work") == ()
    found = stored()
    assert found is not None
    assert found.name == "Work"
    assert store.write_profile(found, "cp1252") == store.write_profile(profile, "cp1252")

    changed = edit.set_properties(edit.create_section(found, "AB" * 16), "ab" * 16, {PRIVATE: "x"})
    changes = store.profiles_changes(registry, USER, edition, [(found, changed)], "cp1252")
    place = USER / profiles / "Work" / ("ab" * 16)
    assert changes == (CreateKey(place), SetValue(place, "001f6600", None, Value.binary(b"x\0\0\0")))
    registry.apply(changes)

    renamed = edit.rename_profile(changed, "Home")
    registry.apply(store.profiles_changes(registry, USER, edition, [(changed, renamed)], "cp1252"))
    assert store.profile_names(registry, USER, edition) == ("Home",)
    gone = store.profiles_changes(registry, USER, edition, [(renamed, None)], "cp1252")
    assert isinstance(gone[-1], DeleteKey)
    registry.apply((*gone, *store.default_changes(registry, USER, edition, None)))
    assert store.profile_names(registry, USER, edition) == ()
    assert store.default_name(registry, USER, edition) is None


def test_the_newest_edition_with_profiles_is_the_one_of_a_bare_hive() -> None:
    registry = MemoryRegistry({USER: Key()})
    assert store.profile_names(registry, USER, Edition.OUTLOOK_2016) == ()
    for edition in (Edition.OUTLOOK_2016, Edition.OUTLOOK_2010, Edition.OUTLOOK_2013):
        profile = edit.new_profile("Work", 4, lambda: bytes(16))
        registry.apply(store.profiles_changes(registry, USER, edition, [(None, profile)], "cp1252"))
        assert edition_of_profiles(registry, USER) is Edition.OUTLOOK_2016
    registry.apply(store.profiles_changes(registry, USER, Edition.OUTLOOK_2016, [(profile, None)], "cp1252"))
    assert edition_of_profiles(registry, USER) is Edition.OUTLOOK_2013


def test_nothing_is_to_do_for_a_profile_that_stays_or_never_was() -> None:
    registry = MemoryRegistry({USER: Key()})
    profile = edit.new_profile("Work", 4, lambda: bytes(16))
    registry.apply(store.profiles_changes(registry, USER, Edition.OUTLOOK_2010, [(None, profile)], "cp1252"))
    pairs = [(profile, profile), (None, None)]
    assert store.profiles_changes(registry, USER, Edition.OUTLOOK_2010, pairs, "cp1252") == ()
    assert profile.admin == Section(ADMIN)
