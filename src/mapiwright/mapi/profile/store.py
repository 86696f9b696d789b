"""Profiles in the registry: a snapshot of a key <-> Profile, and where a user's profiles are.

``write_profile(read_profile(name, key)) == key`` for every key whatever it holds: names keep their case, and what is
not understood stays as it is ([profile-in-the-registry] sections 1 to 4 and 6).
"""

# ruff: noqa: PLC0415 - `profile list` does not pay for what describes changes

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats.props import PropertyType, decode, encode
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile.profile import Profile, Section, is_protected, tag_of_value, value_name
from mapiwright.mapi.props.tags import is_secure, prop_type
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS, width_of_profile
from mapiwright.workstation.registry import Key, Value, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.formats.props import PropertyValue
    from mapiwright.workstation.change import RegistryChange
    from mapiwright.workstation.registry import KeyPath, RegistryReader
    from mapiwright.workstation.workstation import Edition

DEFAULT_PROFILE = "DefaultProfile"
"""The REG_SZ with the name of the default profile."""

_TEXTS = frozenset({ValueType.SZ, ValueType.EXPAND_SZ})
_STRINGS = frozenset({PropertyType.STRING8, PropertyType.UNICODE})


# A key <-> a profile.


def read_profile(name: str, key: Key, *, default_pointer: int, code_page: str) -> Profile:
    """The profile that a key holds.

    The multi-valued properties show the width of a pointer; ``default_pointer`` is used where there are none.
    ``code_page`` is the Python codec of the ANSI strings in PT_MV_STRING8.
    """
    sections = {uid: read_section(uid, below, code_page) for uid, below in key.keys.items()}
    pointer = width_of_profile(key)
    return Profile(name, MappingProxyType(sections), pointer or default_pointer, key.values)


def read_section(uid: str, key: Key, code_page: str) -> Section:
    """The profile section that a key holds; secure properties are kept as they are, encrypted."""
    properties = {}
    for name, value in key.values.items():
        tag = tag_of_value(name)
        if tag is not None and not is_protected(name):
            found = _decoded(prop_type(tag), value, code_page)
            if found is not None:
                properties[tag] = found
    return Section(uid, MappingProxyType(properties), key.values, key.keys)


def plain_secure_properties(section: Section, code_page: str) -> dict[int, PropertyValue]:
    """The secure properties that are in plain text in a section; those that MAPI stored are encrypted."""
    found = {}
    for name, value in section.stored.items():
        tag = tag_of_value(name)
        if tag is not None and is_secure(tag) and upcase(name) == upcase(value_name(tag)):
            decoded = _decoded(prop_type(tag), value, code_page)
            if decoded is not None:
                found[tag] = decoded
    return found


def write_profile(profile: Profile, code_page: str) -> Key:
    """The key that holds a profile; raises UsageError where a string has no form in the code page."""
    sections = {
        uid: Key(write_values(section, profile.pointer, code_page), section.keys)
        for uid, section in profile.sections.items()
    }
    return Key(profile.foreign, MappingProxyType(sections))


def write_values(section: Section, pointer: int, code_page: str) -> MappingProxyType[str, Value]:
    """The registry values of a section: those that were read and have not changed since, then the others."""
    values = dict(section.stored)
    there = {upcase(name) for name in values}
    for tag, value in section.properties.items():
        name = value_name(tag)
        if upcase(name) not in there:
            values[name] = _encoded(prop_type(tag), value, pointer, code_page)
    return MappingProxyType(values)


def _decoded(kind: int, value: Value, code_page: str) -> PropertyValue | None:
    """The value of a property; None where type and bytes do not spell one.

    Outlook writes strings in ANSI as REG_SZ and all else as REG_BINARY. Hand-made values are read as [MFC] reads
    them: any string as REG_SZ, and a number as REG_DWORD.
    """
    if kind in _STRINGS and value.type in _TEXTS:
        return value.text
    if kind == PropertyType.STRING8 or value.type not in {ValueType.BINARY, ValueType.DWORD}:
        return None
    if value.type == ValueType.DWORD and kind != PropertyType.LONG:
        return None
    try:
        return decode(kind, value.data, code_page)
    except FormatError:
        return None  # kept as it is, and shown as bytes


def _encoded(kind: int, value: PropertyValue, pointer: int, code_page: str) -> Value:
    if kind == PropertyType.STRING8 and isinstance(value, str):
        return Value.sz(value)
    return Value.binary(encode(kind, value, pointer=pointer, code_page=code_page))


# A user's profiles.


def profile_key(user_root: KeyPath, edition: Edition, name: str) -> KeyPath:
    """The registry key of a user's profile."""
    return user_root / PROFILE_ROOTS[edition].profiles / name


def profile_names(registry: RegistryReader, user_root: KeyPath, edition: Edition) -> tuple[str, ...]:
    """The names of a user's profiles, as stored."""
    return registry.subkeys(user_root / PROFILE_ROOTS[edition].profiles) or ()


def default_name(registry: RegistryReader, user_root: KeyPath, edition: Edition) -> str | None:
    """The name of a user's default profile, or None; there need not be a profile of that name."""
    value = registry.value(user_root / PROFILE_ROOTS[edition].default, DEFAULT_PROFILE)
    return (value.text or None) if value is not None else None


def read_profile_of(
    registry: RegistryReader,
    user_root: KeyPath,
    edition: Edition,
    name: str,
    *,
    default_pointer: int,
    code_page: str,
) -> Profile | None:
    """A user's profile of that name without regard to case, under its stored name; None where there is none."""
    wanted = upcase(name)
    stored = next((each for each in profile_names(registry, user_root, edition) if upcase(each) == wanted), None)
    if stored is None:
        return None
    return read_stored_profile(
        registry, user_root, edition, stored, default_pointer=default_pointer, code_page=code_page
    )


def read_stored_profile(
    registry: RegistryReader,
    user_root: KeyPath,
    edition: Edition,
    stored: str,
    *,
    default_pointer: int,
    code_page: str,
) -> Profile | None:
    """A user's profile of a name that ``profile_names`` gave: who reads all of them lists the names once."""
    key = registry.read(profile_key(user_root, edition, stored))
    return (
        read_profile(stored, key, default_pointer=default_pointer, code_page=code_page) if key is not None else None
    )


def profiles_changes(
    registry: RegistryReader,
    user_root: KeyPath,
    edition: Edition,
    profiles: Iterable[tuple[Profile | None, Profile | None]],
    code_page: str,
) -> tuple[RegistryChange, ...]:
    """The changes that take each of a user's profiles from its first state to its second; None is absent.

    Keys above that are missing are created. A renamed profile is written in full under its new name.
    """
    from mapiwright.workstation.change import key_with_parents

    root = user_root / PROFILE_ROOTS[edition].profiles
    pairs = [pair for before, after in profiles for pair in _by_name(before, after)]
    changes = [change for before, after in pairs for change in _changes(root, before, after, code_page)]
    if all(after is None for _, after in pairs):
        return tuple(changes)
    return (*key_with_parents(registry, root), *changes)


def default_changes(
    registry: RegistryReader, user_root: KeyPath, edition: Edition, name: str | None
) -> tuple[RegistryChange, ...]:
    """The changes that make ``name`` a user's default profile; None leaves the user without one."""
    from mapiwright.workstation.change import SetValue, key_with_parents

    path = user_root / PROFILE_ROOTS[edition].default
    old = registry.value(path, DEFAULT_PROFILE)
    new = Value.sz(name) if name is not None else None
    if old == new:
        return ()
    return (*(key_with_parents(registry, path) if new else ()), SetValue(path, DEFAULT_PROFILE, old, new))


def _by_name(before: Profile | None, after: Profile | None) -> Iterator[tuple[Profile | None, Profile | None]]:
    if before is not None and after is not None and upcase(before.name) != upcase(after.name):
        yield before, None
        yield None, after
    else:
        yield before, after


def _changes(
    root: KeyPath, before: Profile | None, after: Profile | None, code_page: str
) -> Iterator[RegistryChange]:
    from mapiwright.workstation.change import difference

    profile = before or after
    if profile is not None:
        old = write_profile(before, code_page) if before is not None else None
        new = write_profile(after, code_page) if after is not None else None
        yield from difference(root / profile.name, old, new)
