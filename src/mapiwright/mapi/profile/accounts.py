"""The account manager's section: Outlook's own accounts, which name MAPI's services ([profile-in-the-registry] 9).

It is no profile section of MAPI: its values have names of their own, and its subkeys ``00000001``... are accounts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.formats.uid import UID_SIZE
from mapiwright.workstation.registry import Key, Value, lookup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mapiwright.mapi.profile.profile import Section

ACCOUNTS = "9375CFF0413111d3B88A00104B2A6676"
"""The name of the section: a GUID in its text form, mixed case and all."""
SERVICE, TRANSPORT, PREFERENCES = "Service UID", "XP Provider UID", "Preferences UID"
"""The values of an account that hold the uid of a section."""
LISTS = tuple(f"{{ED4754{kind}-B0D6-11D2-8C3B-00104B2A6676}}" for kind in ("18", "19", "20"))
"""The values that list accounts as 32-bit ids, in order: mail, address books, data files."""

_ACCOUNT = re.compile(r"[0-9a-f]{8}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """An account: the name of its key, which is its id as 8 hex digits, and what is there."""

    name: str
    key: Key

    def uid(self, value: str) -> str:
        """The uid in one of its values, as a section's name; "" where there is none."""
        found = self.key.value(value)
        return found.data.hex() if found is not None and len(found.data) == UID_SIZE else ""


def accounts(section: Section) -> Iterator[Account]:
    """The accounts, in stored order."""
    yield from (Account(name, key) for name, key in section.keys.items() if _ACCOUNT.fullmatch(name))


def without_service(section: Section, service: str | None, providers: Collection[str]) -> Section:
    """The section after a service and its providers are removed; None is for providers removed alone.

    Its accounts go too. An account with a service of its own, or with none, that only sent through one of those
    transports loses that link.
    """
    gone = {account.name for account in accounts(section) if account.uid(SERVICE) == service}
    keys = {
        name: _without(key, TRANSPORT) if Account(name, key).uid(TRANSPORT) in providers else key
        for name, key in section.keys.items()
        if name not in gone
    }
    ids = {int(name, 16).to_bytes(4, "little") for name in gone}
    stored = {
        name: _without_ids(value, ids) if lookup(dict.fromkeys(LISTS, 1), name) else value
        for name, value in section.stored.items()
    }
    return replace(section, stored=MappingProxyType(stored), keys=MappingProxyType(keys))


def _without(key: Key, name: str) -> Key:
    return replace(key, values=MappingProxyType({each: value for each, value in key.values.items() if each != name}))


def _without_ids(value: Value, gone: Collection[bytes]) -> Value:
    whole = len(value.data) & ~3
    kept = [value.data[at : at + 4] for at in range(0, whole, 4) if value.data[at : at + 4] not in gone]
    return replace(value, data=b"".join(kept) + value.data[whole:])
