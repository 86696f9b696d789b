r"""Whether Outlook asks at each start which profile it will use: a user's ``PickLogonProfile``.

"When starting Microsoft Outlook, use this profile" in the mail Control Panel. It is a REG_SZ, "1" for "Prompt for a
profile to be used" and "0" for "Always use this profile", in one place for all editions. Microsoft documents it
nowhere: it is what public scripts for every edition agree on. Some of these write it as REG_DWORD, so both are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.workstation.change import SetValue, key_with_parents
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from mapiwright.workstation.change import RegistryChange
    from mapiwright.workstation.registry import KeyPath, RegistryReader

KEY = r"Software\Microsoft\Exchange\Client\Options"
"""The key below a user's root; it is often absent, and then there is no question."""
PICK_LOGON_PROFILE = "PickLogonProfile"


def asks_for_profile(registry: RegistryReader, user_root: KeyPath) -> bool:
    """Whether Outlook asks the user for a profile, instead of using the default one always."""
    value = registry.value(user_root / KEY, PICK_LOGON_PROFILE)
    return value is not None and value.says_yes


def startup_changes(registry: RegistryReader, user_root: KeyPath, *, ask: bool) -> tuple[RegistryChange, ...]:
    """The changes that have Outlook ask the user for a profile, or not; none where it does so already."""
    if asks_for_profile(registry, user_root) == ask:
        return ()
    path = user_root / KEY
    old = registry.value(path, PICK_LOGON_PROFILE)
    new = Value.sz("1" if ask else "0")
    return (*key_with_parents(registry, path), SetValue(path, PICK_LOGON_PROFILE, old, new))
