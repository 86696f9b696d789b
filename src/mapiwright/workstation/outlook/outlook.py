"""What differs between the editions of Outlook: their version, where each one keeps its profiles, and how."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.formats.props import pointer_of
from mapiwright.frozen import frozen
from mapiwright.workstation.registry import ValueType
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mapiwright.workstation.registry import Key, KeyPath, RegistryReader

INF_NAME = "MAPISVC.INF"

OFFICE_VERSIONS: Mapping[Edition, str] = MappingProxyType(
    {
        Edition.OUTLOOK_2016: "16.0",
        Edition.OUTLOOK_2013: "15.0",
        Edition.OUTLOOK_2010: "14.0",
        Edition.OUTLOOK_2007: "12.0",
        Edition.OUTLOOK_2003: "11.0",
    }
)
"""The version in the names of Office's keys, the newest edition first."""

ONLY_X86 = frozenset({Edition.OUTLOOK_2003, Edition.OUTLOOK_2007})
"""The editions that there is no 64-bit Outlook of."""


FIRST_RUN = ("First-Run", "FirstRun")
"""The values in the key Setup that Outlook leaves at its first start."""


@frozen
class ProfileRoots:
    """Where an edition keeps profiles: two key paths below the user's root.

    ``profiles`` holds one subkey per profile; ``default`` holds the REG_SZ ``DefaultProfile``.
    """

    profiles: str
    default: str


# spec/profile-in-the-registry.md section 1, confirmed on five real hives.
_SUBSYSTEM = r"Software\Microsoft\Windows NT\CurrentVersion\Windows Messaging Subsystem\Profiles"
PROFILE_ROOTS: Mapping[Edition, ProfileRoots] = MappingProxyType(
    {
        Edition.OUTLOOK_2003: ProfileRoots(_SUBSYSTEM, _SUBSYSTEM),
        Edition.OUTLOOK_2007: ProfileRoots(_SUBSYSTEM, _SUBSYSTEM),
        Edition.OUTLOOK_2010: ProfileRoots(_SUBSYSTEM, _SUBSYSTEM),
        Edition.OUTLOOK_2013: ProfileRoots(
            r"Software\Microsoft\Office\15.0\Outlook\Profiles", r"Software\Microsoft\Office\15.0\Outlook"
        ),
        Edition.OUTLOOK_2016: ProfileRoots(
            r"Software\Microsoft\Office\16.0\Outlook\Profiles", r"Software\Microsoft\Office\16.0\Outlook"
        ),
    }
)

_PROPERTY = re.compile(r"S?([0-9a-f]{4})[0-9a-f]{4}", re.IGNORECASE)
"""The name of a value that stores a property: its type, then its id; ``S`` stands before a secure one."""


def edition_of_profiles(registry: RegistryReader, user: KeyPath) -> Edition | None:
    """The edition whose profiles a user has: the newest with a profile, else the newest that left its key.

    The editions up to 2010 share their key; of these it is the newest that has settings of its own.
    """
    by_promise: tuple[Callable[[ProfileRoots], bool], ...] = (
        lambda roots: bool(registry.subkeys(user / roots.profiles)),
        lambda roots: registry.subkeys(user / roots.profiles) is not None,
        lambda roots: registry.subkeys(user / roots.default) is not None,
    )
    for keeps in by_promise:
        for edition in OFFICE_VERSIONS:
            if keeps(PROFILE_ROOTS[edition]):
                return _among_those_alike(edition, registry, user)
    return None


def keys_of_profiles(user: KeyPath, edition: Edition) -> tuple[KeyPath, ...]:
    """The keys that a change of a user's profiles is about."""
    roots = PROFILE_ROOTS[edition]
    return user / roots.default, user / roots.profiles


def older_edition(registry: RegistryReader, user: KeyPath, edition: Edition) -> Edition | None:
    """The older edition whose profiles Outlook takes over at its first start, which is to come; None without any.

    It does so where it has none itself. Up to 2010 the editions share their key, and there is nothing to take over.
    """
    setup = user / rf"Software\Microsoft\Office\{OFFICE_VERSIONS[edition]}\Outlook\Setup"
    was_started = any(registry.value(setup, name) is not None for name in FIRST_RUN)
    if was_started or registry.subkeys(user / PROFILE_ROOTS[edition].profiles):
        return None
    editions = tuple(OFFICE_VERSIONS)
    for older in editions[editions.index(edition) + 1 :]:
        roots = PROFILE_ROOTS[older]
        if roots != PROFILE_ROOTS[edition] and registry.subkeys(user / roots.profiles):
            return _among_those_alike(older, registry, user)
    return None


def _among_those_alike(edition: Edition, registry: RegistryReader, user: KeyPath) -> Edition:
    for other, version in OFFICE_VERSIONS.items():
        settings = user / rf"Software\Microsoft\Office\{version}\Outlook"
        if PROFILE_ROOTS[other] == PROFILE_ROOTS[edition] and registry.subkeys(settings) is not None:
            return other
    return edition


def width_of_profile(profile: Key) -> int | None:
    """The width that most offset tables of a profile have, 4 or 8 bytes; None where it has no such table.

    [profile-in-the-registry] 4.3; in every profile that was seen, all tables of one have the same width.
    """
    votes = {4: 0, 8: 0}
    for section in profile.keys.values():
        for name, value in section.values.items():
            match = _PROPERTY.fullmatch(name)
            if match is not None and value.type == ValueType.BINARY:
                width = pointer_of(int(match[1], 16), value.data)
                if width is not None:
                    votes[width] += 1
    widest = max(votes, key=votes.__getitem__)
    return widest if votes[widest] else None
